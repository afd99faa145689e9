//! A sweep: metrics at every point of a grid, in parts that are put together exactly.
//!
//! The unit of work is a run: a point and a replication. Whoever plays which, in whatever order, a
//! [`PointRuns`] keeps its runs by replication and its samples as integers, so parts played on
//! several machines make the same whole as one process.

use super::{Cut, Metric, Sample, of_pool, rounding};
use crate::{
    observe::{Fingerprint, Pool, measure::Better, number::Number},
    statistics::Estimate,
};
use serde::{Deserialize, Serialize};

/// What is swept: all that decides the results. Two parts with the same plan belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// The version of the tool, since another may play otherwise.
    pub version: String,
    /// The file's name.
    pub file: String,
    /// The file's name without its ending: what the results are called.
    pub stem: String,
    /// The hash of the file's text.
    pub hash: String,
    /// The hash of the data files that are read at the first point; none if there are none.
    pub data: Option<String>,
    /// The file's title.
    pub title: Option<String>,
    /// The policy that is played; none: the file as written.
    pub policy: Option<String>,
    /// Changes at every point, each `path=value`.
    pub sets: Vec<String>,
    /// The seed of replication 0.
    pub seed: u64,
    /// Runs of each point.
    pub replications: u32,
    /// How the beginning is treated.
    pub cut: Cut,
    /// The paths that are varied, in order.
    pub paths: Vec<String>,
    /// The values of the paths at each point.
    pub points: Vec<Vec<String>>,
    /// Points of a Latin hypercube; none: every combination.
    pub lhs: Option<u64>,
    /// What is read of each run.
    pub metrics: Vec<Metric>,
    /// Whether somebody named the metrics.
    pub are_named: bool,
    /// The metrics of which the points that are not dominated are told, by their positions.
    pub pareto: Option<(usize, usize)>,
}

impl Sweep {
    /// How many runs there are in all.
    pub fn runs(&self) -> usize {
        self.points.len() * self.replications as usize
    }

    /// The point and the replication of a run.
    pub fn run(&self, nth: usize) -> (usize, u32) {
        let replications = self.replications as usize;
        let replication = u32::try_from(nth % replications).expect("below a u32");
        (nth / replications, replication)
    }

    /// Whether its parts fit each other, as those of a file that was damaged may not.
    pub fn is_sound(&self) -> bool {
        let is_metric = |nth: usize| nth < self.metrics.len();
        0 < self.replications
            && self.points.len().checked_mul(self.replications as usize).is_some()
            && self.points.iter().all(|point| point.len() == self.paths.len())
            && self.pareto.is_none_or(|(first, second)| is_metric(first) && is_metric(second))
    }

    /// Adds runs of a point that were read from a file. Says whether they fit: they are of this part,
    /// none is there yet, and all have what is read of a run. If not, nothing is added.
    pub fn add(
        &self,
        shard: Shard,
        points: &mut [PointRuns],
        point: usize,
        more: PointRuns,
    ) -> bool {
        let Some(all) = points.get_mut(point) else { return false };
        let fits = |run: &PointRun| {
            run.replication < self.replications
                && shard.has(point * self.replications as usize + run.replication as usize)
                && !all.has(run.replication)
                && run.values.len() == self.metrics.len()
        };
        let is_ordered = more.runs.is_sorted_by(|a, b| a.replication < b.replication);
        let fits =
            is_ordered && more.pools.len() == self.metrics.len() && more.runs.iter().all(fits);
        if fits {
            all.merge(more);
        }
        fits
    }
}

/// One of several parts of a sweep; part 2 of 3 plays every third run from the second on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub nth: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { nth: 1, of: 1 };

    /// Whether it plays a run.
    pub fn has(self, run: usize) -> bool {
        run % self.of as usize == self.nth as usize - 1
    }

    /// The runs that it plays, if there are `all`.
    pub fn runs(self, all: usize) -> impl ExactSizeIterator<Item = usize> {
        (self.nth as usize - 1..all).step_by(self.of as usize)
    }
}

/// A run of a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointRun {
    /// Which replication, from 0.
    pub replication: u32,
    /// The seed that it was played with.
    pub seed: u64,
    /// Of the fact stream.
    pub digest: Fingerprint,
    /// What the metrics came to.
    pub values: Vec<Option<Number>>,
}

/// The runs of a point that have been played.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PointRuns {
    /// In the order of replications.
    pub runs: Vec<PointRun>,
    /// The samples of all of them together, by metric.
    pub pools: Vec<Option<Pool>>,
}

impl PointRuns {
    /// A single run.
    pub fn of(sample: Sample) -> PointRuns {
        let Sample { replication, seed, digest, values, pools, .. } = sample;
        let run = PointRun { replication, seed, digest, values };
        PointRuns { runs: vec![run], pools }
    }

    /// Adds a run.
    pub fn add(&mut self, sample: Sample) {
        self.merge(PointRuns::of(sample));
    }

    /// Adds the runs of another part.
    pub fn merge(&mut self, other: PointRuns) {
        self.runs.extend(other.runs);
        self.runs.sort_by_key(|run| run.replication);
        if self.pools.is_empty() {
            self.pools = other.pools;
            return;
        }
        for (all, more) in self.pools.iter_mut().zip(other.pools) {
            match (all, more) {
                (Some(all), Some(more)) => all.merge(&more),
                (all @ None, more) => *all = more,
                (Some(_), None) => (),
            }
        }
    }

    /// Whether a replication has been played.
    pub fn has(&self, replication: u32) -> bool {
        self.runs.binary_search_by_key(&replication, |run| run.replication).is_ok()
    }

    /// What a metric came to in each run.
    pub fn values(&self, metric: usize) -> Vec<Option<Number>> {
        self.runs.iter().map(|run| run.values[metric]).collect()
    }
}

/// A metric at a point.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// What the runs say; none if none has data.
    pub estimate: Option<Estimate>,
    /// The statistic of all runs' samples together, of a metric that is one.
    pub pooled: Option<f64>,
}

/// The results of a sweep.
#[derive(Debug)]
pub struct Results {
    /// What was swept.
    pub sweep: Sweep,
    /// The runs of every point.
    pub points: Vec<PointRuns>,
    /// The metrics that are told, by their positions: those that somebody named, or that are not
    /// always 0.
    pub told: Vec<usize>,
}

impl Results {
    /// The results of runs that are all there.
    pub fn of(sweep: Sweep, points: Vec<PointRuns>) -> Results {
        let nothing = |value: &Option<Number>| value.is_none_or(Number::is_zero);
        let is_told = |nth: &usize| {
            sweep.are_named || !points.iter().all(|point| point.values(*nth).iter().all(nothing))
        };
        let told = (0..sweep.metrics.len()).filter(is_told).collect();
        Results { sweep, points, told }
    }

    /// A metric at a point.
    pub fn cell(&self, point: usize, metric: usize) -> Cell {
        let (of, runs) = (&self.sweep.metrics[metric], &self.points[point]);
        let pool = runs.pools[metric].as_ref();
        let off = rounding(of, pool, runs.runs.len() as u64);
        let estimate = Estimate::of(&of.all_shown(&runs.values(metric)));
        Cell {
            estimate: estimate.map(|all| all.rounded(off * all.mean.abs())),
            pooled: of_pool(of, pool),
        }
    }

    /// Of two metrics, each point's means, and the first point that dominates it: is not worse in
    /// either and better in one. Points without data are left out.
    pub fn pareto(&self, first: usize, second: usize) -> Vec<Standing> {
        let means = (0..self.points.len()).filter_map(|point| {
            let mean = |metric| Some(self.cell(point, metric).estimate?.mean);
            Some((point, [mean(first)?, mean(second)?]))
        });
        let means: Vec<(usize, [f64; 2])> = means.collect();
        // What is neither good nor bad by itself is taken for a cost.
        let cost = |metric: usize, mean: f64| match self.sweep.metrics[metric].better {
            Better::Higher => -mean,
            Better::Lower | Better::Neither => mean,
        };
        let costs = |means: &[f64; 2]| [cost(first, means[0]), cost(second, means[1])];
        let dominates =
            |of: [f64; 2], other: [f64; 2]| of[0] <= other[0] && of[1] <= other[1] && of != other;
        let standing = means.iter().map(|(point, own)| {
            let better = means.iter().find(|(_, other)| dominates(costs(other), costs(own)));
            Standing { point: *point, means: *own, dominated_by: better.map(|(point, _)| *point) }
        });
        standing.collect()
    }
}

/// How a point stands among the others in two metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// The point.
    pub point: usize,
    /// The means of the two metrics.
    pub means: [f64; 2],
    /// The first point that is better; none: it is not dominated.
    pub dominated_by: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Span, Time},
        study::{CutFrom, Kind},
    };

    fn metric(name: &str, better: Better) -> Metric {
        let (better_if_fair, biases) = (better, Vec::new());
        let name = name.to_owned();
        Metric { name, is_time: false, better, better_if_fair, biases, statistic: None }
    }

    fn sweep(points: usize, replications: u32, metrics: Vec<Metric>) -> Sweep {
        Sweep {
            version: "0".to_owned(),
            file: "a.yaml".to_owned(),
            stem: "a".to_owned(),
            hash: "0".to_owned(),
            data: None,
            title: None,
            policy: None,
            sets: Vec::new(),
            seed: 1,
            replications,
            cut: Cut {
                kind: Kind::Terminating,
                warmup: Time::ZERO,
                from: CutFrom::Scenario,
                period: Span::secs(60),
                duration: Time::ZERO + Span::secs(3600),
            },
            paths: vec!["x".to_owned()],
            points: (0..points).map(|n| vec![n.to_string()]).collect(),
            lhs: None,
            metrics,
            are_named: false,
            pareto: None,
        }
    }

    fn sample(replication: u32, values: &[i128]) -> Sample {
        Sample {
            replication,
            seed: 0,
            digest: Fingerprint(0),
            values: values.iter().map(|n| Some(Number::whole(*n))).collect(),
            pools: values.iter().map(|_| None).collect(),
            periods: Vec::new(),
            verdicts: Vec::new(),
            ends: crate::study::Ends::default(),
        }
    }

    #[test]
    fn every_run_is_played_by_exactly_one_part() {
        let sweep = sweep(7, 3, Vec::new());
        for of in [1, 2, 3, 8, 30] {
            for run in 0..sweep.runs() {
                let has = (1..=of).filter(|nth| Shard { nth: *nth, of }.has(run));
                assert_eq!(has.count(), 1, "run {run} of {of}");
            }
        }
        assert_eq!((sweep.run(0), sweep.run(4), sweep.run(20)), ((0, 0), (1, 1), (6, 2)));
    }

    #[test]
    fn runs_are_in_the_order_of_replications_however_they_came() {
        let mut runs = PointRuns::default();
        for replication in [2, 0, 1] {
            runs.add(sample(replication, &[i128::from(replication)]));
        }
        let order: Vec<u32> = runs.runs.iter().map(|run| run.replication).collect();
        assert_eq!(order, [0, 1, 2]);
        assert!(runs.has(1) && !runs.has(3));
    }

    #[test]
    fn a_point_that_is_worse_in_nothing_is_not_dominated() {
        let metrics = vec![metric("cost", Better::Lower), metric("done", Better::Higher)];
        let of = [[1, 1], [2, 5], [2, 4], [3, 5], [1, 1], [0, 0]];
        let points = of.iter().map(|values| {
            let mut runs = PointRuns::default();
            runs.add(sample(0, values));
            runs
        });
        let results = Results::of(sweep(of.len(), 1, metrics), points.collect());
        let by: Vec<_> = results.pareto(0, 1).iter().map(|s| s.dominated_by).collect();
        assert_eq!(by, [None, None, Some(1), Some(1), None, None]);
        assert_eq!(results.told, [0, 1]);
    }
}
