//! Metrics at every point of a grid, or of a part of it.

use super::{Arm, Plan, Request, RunError, Workers, Wrong, grid, request, shards::Head};
use crate::{
    scenario::{Opened, Options},
    study::{
        Sample,
        sweep::{PointRuns, Results, Shard, Sweep},
    },
};
use std::{io, path::Path};

/// So many runs a sweep may have.
const RUNS_MAX: usize = 10_000_000;

/// What is swept.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// What is varied, each `PATH=VALUES`.
    pub axes: Vec<String>,
    /// So many points of a Latin hypercube; none: every combination.
    pub lhs: Option<u64>,
    /// The policy that is played; none: the file as it is written.
    pub policy: Option<String>,
    /// Two metrics of which the points that are not dominated are told.
    pub pareto: Option<[String; 2]>,
}

/// Plays every point of a grid.
pub fn sweep(
    file: Opened,
    request: &Request,
    grid: &Grid,
    workers: &Workers<'_>,
) -> Result<Results, RunError> {
    let sweeping = Sweeping::of(file, request, grid, Shard::WHOLE)?;
    let mut points = sweeping.unplayed();
    sweeping.play(&mut points, &|_, _| Ok(()), workers)?;
    Ok(Results::of(sweeping.head.sweep, points))
}

/// A sweep, or a part of one, that can be played: all that is wrong with it would have been told.
#[derive(Debug)]
pub struct Sweeping {
    /// Which part of which sweep.
    pub head: Head,
    plan: Plan,
}

impl Sweeping {
    /// Reads the grid, looks at every point and says what is swept.
    pub fn of(
        file: Opened,
        request: &Request,
        grid: &Grid,
        shard: Shard,
    ) -> Result<Sweeping, RunError> {
        let axes = grid::axes(&grid.axes)?;
        let policy = grid.policy.as_deref();
        let points = match grid.lhs {
            None => grid::combinations(&axes)?,
            Some(count) => {
                let scenario = file.scenario(&request.options(policy))?;
                grid::hypercube(&axes, count, scenario.seed)
            }
        };
        let replications = request.replications.unwrap_or(1) as usize;
        if RUNS_MAX < points.len().saturating_mul(replications) {
            let message = format!("the sweep has over {RUNS_MAX} runs");
            let hint = "take fewer points or replications; --lhs N spreads N points over all";
            return Err(Wrong::new(message, hint).into());
        }
        let paths: Vec<String> = axes.into_iter().map(|axis| axis.path).collect();
        let arm = |values: &Vec<String>| {
            let point: Vec<String> =
                paths.iter().zip(values).map(|(path, value)| format!("{path}={value}")).collect();
            Arm { name: point.join(" "), file: 0, policy: grid.policy.clone(), point }
        };
        let arms = points.iter().map(arm).collect();
        let more = grid.pareto.as_ref().map_or(&[][..], |both| both);
        let (plan, first) = request::plan(vec![file], arms, request, more, false)?;
        let position = |text: &String| {
            let found = plan.metrics.iter().position(|metric| metric.name == text.trim());
            found.expect("the plan has the metrics that were asked for")
        };
        let pareto = grid.pareto.as_ref().map(|[a, b]| (position(a), position(b)));
        let options =
            Options { sets: &plan.sets, point: &plan.arms[0].point, policy, ..Options::default() };
        let data = plan.files[0].data_hash(&options)?;
        let file = plan.files[0].file_name();
        let stem = Path::new(&file).file_stem().unwrap_or_default();
        let sweep = Sweep {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            stem: stem.to_string_lossy().into_owned(),
            file,
            hash: plan.files[0].hash().to_owned(),
            data,
            replications: request.replications(&first),
            title: first.title,
            policy: grid.policy.clone(),
            sets: request.sets.clone(),
            seed: plan.seed,
            cut: plan.cut,
            paths,
            points,
            lhs: grid.lhs,
            metrics: plan.metrics.clone(),
            are_named: !request.metrics.is_empty(),
            pareto,
        };
        Ok(Sweeping { head: Head { shard, sweep }, plan })
    }

    /// The points before anything was played.
    pub fn unplayed(&self) -> Vec<PointRuns> {
        vec![PointRuns::default(); self.head.sweep.points.len()]
    }

    /// How many runs the part has.
    pub fn runs(&self) -> usize {
        self.head.shard.runs(self.head.sweep.runs()).len()
    }

    /// Plays the runs of the part that are not among `points` yet, and adds them; those too that were
    /// played before one had no result. Every run is given to `keep` as soon as it is there.
    pub fn play(
        &self,
        points: &mut [PointRuns],
        keep: &(dyn Fn(usize, &Sample) -> io::Result<()> + Sync),
        workers: &Workers<'_>,
    ) -> Result<(), RunError> {
        let Sweeping { head: Head { shard, sweep }, plan } = self;
        let due: Vec<(usize, u32)> = shard
            .runs(sweep.runs())
            .map(|run| sweep.run(run))
            .filter(|(point, replication)| !points[*point].has(*replication))
            .collect();
        let done = workers.play(due.len(), |at, limits| -> Result<Sample, RunError> {
            let (point, replication) = due[at];
            let sample = plan.play(&plan.arms[point], replication, false, limits)?.sample;
            keep(point, &sample).map_err(|error| RunError::Io {
                what: "the journal of the sweep".to_owned(),
                error,
            })?;
            Ok(sample)
        });
        for ((point, _), sample) in due.iter().zip(done.results) {
            if let Some(sample) = sample {
                points[*point].add(sample);
            }
        }
        done.failed.map_or(Ok(()), Err)
    }
}
