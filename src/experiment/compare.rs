//! Policies, or files, under the same luck.

use super::{
    Arm, Plan, Request, RunError, Workers, Wrong, policies,
    recording::{self, ARMS_MAX},
    replicate::{Keep, Run},
    request,
};
use crate::{
    chart::{Recorded, recorded},
    model::world::Limits,
    observe::Fates,
    scenario::{Opened, Scenario},
    study::{
        Sample,
        compare::{self, Comparison},
        fates::Changes,
    },
};
use std::{collections::BTreeMap, ops::Range, path::Path, sync::Mutex};

/// How a comparison is played.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Until every interval is as narrow as this share of its mean, or there are so many replications.
    pub precision: Option<(f64, u32)>,
    /// Whether arrivals with another fate are listed.
    pub list: bool,
    /// Whether replication 0 of the policies of a file is folded for charts.
    pub recorded: bool,
}

/// A comparison that was played.
#[derive(Debug)]
pub struct Compared {
    /// Of the replications that were finished; at least one.
    pub comparison: Comparison,
    /// Replication 0 of every policy, if that was asked and nothing stopped it.
    pub recorded: Option<Recorded>,
    /// Whether it was stopped before all replications were finished.
    pub is_stopped: bool,
    /// What is not as precise as was asked.
    pub imprecise: Option<String>,
}

/// Plays the policies of a file, or several files as they are written, with the same luck.
pub fn compare(
    files: Vec<Opened>,
    request: &Request,
    how: &How,
    workers: &Workers<'_>,
) -> Result<Compared, RunError> {
    Comparing::of(files, request)?.play(how, workers)
}

/// A comparison that can be played: all that is wrong with it would have been told.
#[derive(Debug)]
pub struct Comparing {
    /// What is played.
    pub plan: Plan,
    /// The scenario of the first arm.
    pub first: Scenario,
    /// Which arm the others are compared to.
    pub baseline: usize,
    replications: u32,
    are_named: bool,
}

/// Replication 0 of an arm, and what somebody kept of it.
pub(super) type First<'a, K> =
    dyn Fn(usize, &Limits<'_>) -> Result<(Run, Option<K>), RunError> + Sync + 'a;

/// What replications came to.
pub(super) struct Replications<K> {
    /// The samples and changes of every arm.
    pub arms: Vec<compare::Arm>,
    /// What was kept of replication 0 of each.
    pub kept: Vec<Option<K>>,
    /// Why no more were played.
    pub stopped: Option<RunError>,
}

impl Comparing {
    /// Plans to compare the policies of one file, or several files as they are written.
    pub fn of(files: Vec<Opened>, request: &Request) -> Result<Comparing, RunError> {
        let arms = match files.as_slice() {
            [file] => {
                let policies = policies(file, request)?;
                if policies.len() < 2 {
                    let message =
                        "there is nothing to compare: the file has fewer than two policies";
                    let hint = "add `policies`, or compare several files";
                    return Err(Wrong::new(message, hint).into());
                }
                let of = |policy: String| Arm {
                    name: policy.clone(),
                    file: 0,
                    policy: Some(policy),
                    point: Vec::new(),
                };
                policies.into_iter().map(of).collect()
            }
            files => {
                if !request.policies.is_empty() {
                    let message = "--policies chooses among the policies of one file";
                    let hint = "several files are compared as they are written";
                    return Err(Wrong::new(message, hint).into());
                }
                let of = |(file, opened): (usize, &Opened)| {
                    let name = opened.file_name();
                    let stem = Path::new(&name).file_stem();
                    let name =
                        stem.map_or_else(String::new, |it| it.to_string_lossy().into_owned());
                    Arm { name, file, policy: None, point: Vec::new() }
                };
                files.iter().enumerate().map(of).collect()
            }
        };
        let (plan, first) = request::plan(files, arms, request, &[], false)?;
        let names = || plan.arms.iter().map(|arm| arm.name.as_str());
        let baseline = match &request.baseline {
            None => 0,
            Some(name) => names().position(|known| known == name).ok_or_else(|| {
                Wrong::unknown(format!("nothing that is compared is called `{name}`"), name, names)
            })?,
        };
        let replications = request.replications(&first);
        let are_named = !request.metrics.is_empty();
        Ok(Comparing { plan, first, baseline, replications, are_named })
    }

    /// Plays all replications of every arm.
    pub fn play(&self, how: &How, workers: &Workers<'_>) -> Result<Compared, RunError> {
        let is_recorded = how.recorded && self.plan.files.len() == 1;
        let first = |at: usize, limits: &Limits<'_>| match is_recorded && at < ARMS_MAX {
            true => self.record(at, limits).map(|(run, arm)| (run, Some(arm))),
            false => Ok((self.plan.play(&self.plan.arms[at], 0, true, limits)?, None)),
        };
        let (mut from, mut until) = (0, self.replications);
        let (mut arms, mut kept) = (self.empty(), None);
        loop {
            let played = self.replications(from..until, how.list, &first, arms, workers)?;
            let Replications { arms: all, kept: firsts, stopped } = played;
            kept.get_or_insert(firsts);
            let is_stopped = stopped.is_some();
            if let Some(error) = stopped
                && all[self.baseline].samples.is_empty()
            {
                return Err(error);
            }
            let mut comparison = self.comparison(all);
            from = until;
            if let (Some((precision, max)), false) = (how.precision, is_stopped) {
                until = next(&comparison, precision, from, max);
            }
            if from == until {
                let imprecise = how.precision.filter(|_| !is_stopped);
                let imprecise = imprecise.and_then(|(to, _)| imprecise_as(&comparison, to));
                comparison.warnings.extend(imprecise.clone());
                let recorded = kept.filter(|_| is_recorded && !is_stopped).map(|arms| {
                    let arms = arms.into_iter().flatten().collect();
                    recording::recorded(&self.first, arms, None)
                });
                return Ok(Compared { comparison, recorded, is_stopped, imprecise });
            }
            arms = comparison.arms;
        }
    }

    /// Compares arms of which samples were played.
    pub(super) fn comparison(&self, arms: Vec<compare::Arm>) -> Comparison {
        let Comparing { plan, baseline, are_named, .. } = self;
        Comparison::of(arms, *baseline, &plan.metrics, *are_named, plan.cut)
    }

    /// The arms before anything was played.
    pub(super) fn empty(&self) -> Vec<compare::Arm> {
        let files = &self.plan.files;
        let arm = |arm: &Arm| compare::Arm {
            name: arm.name.clone(),
            file: files[arm.file].file_name(),
            hash: files[arm.file].hash().to_owned(),
            samples: Vec::new(),
            changes: None,
        };
        self.plan.arms.iter().map(arm).collect()
    }

    /// All replications, from the first on.
    pub(super) fn all(&self) -> Range<u32> {
        0..self.replications
    }

    /// Plays replication 0 of an arm and folds it for charts.
    fn record(&self, at: usize, limits: &Limits<'_>) -> Result<(Run, recorded::Arm), RunError> {
        let arm = &self.plan.arms[at];
        let scenario = self.plan.scenario(arm, 0, true)?;
        let keep = Keep { fates: true, recording: true };
        let mut run = self.plan.play_beside(arm, &scenario, 0, keep, None, limits)?;
        let recording = run.recording.take().expect("it was asked for");
        let arm = recording::arm(&scenario, &run.results, recording);
        Ok((run, arm))
    }

    /// Plays these replications of every arm and adds them to `arms`; `first` plays replication 0. If that
    /// is interrupted, those that were finished are there.
    pub(super) fn replications<K: Send>(
        &self,
        replications: Range<u32>,
        list: bool,
        first: &First<'_, K>,
        mut arms: Vec<compare::Arm>,
        workers: &Workers<'_>,
    ) -> Result<Replications<K>, RunError> {
        let Comparing { plan, baseline, .. } = self;
        let runs = replications.len() * plan.arms.len();
        // A job is a run, the arms of a replication one after the other.
        let named = |job: usize| {
            let nth = u32::try_from(job / plan.arms.len()).expect("as many as replications");
            (job % plan.arms.len(), replications.start + nth)
        };
        let pairing = Mutex::new(Pairing { arms: plan.arms.len(), ..Pairing::default() });
        let done = workers.play(runs, |job, limits| -> Result<(Sample, Option<K>), RunError> {
            let (arm, nth) = named(job);
            let (run, kept) = match nth {
                0 => first(arm, limits)?,
                nth => (plan.play(&plan.arms[arm], nth, true, limits)?, None),
            };
            let fates = run.fates.expect("fates were asked for");
            let held = || pairing.lock().expect("nobody fails while holding it");
            let all = held().add(arm, nth, fates);
            if let Some(all) = all {
                let changes = changes(&all, *baseline, nth, list);
                held().changes.insert(nth, changes);
            }
            Ok((run.sample, kept))
        });
        let mut changes = pairing.into_inner().expect("nobody fails while holding it").changes;
        let mut kept: Vec<Option<K>> = arms.iter().map(|_| None).collect();
        for (job, result) in done.results.into_iter().enumerate() {
            let (arm, nth) = named(job);
            // Only replications of which every arm was played.
            let (Some((sample, first)), Some(of)) = (result, changes.get_mut(&nth)) else {
                continue;
            };
            let arm_changes = of[arm].take();
            kept[arm] = kept[arm].take().or(first);
            let arm = &mut arms[arm];
            arm.samples.push(sample);
            match (&mut arm.changes, arm_changes) {
                (Some(all), Some(more)) => all.merge(more),
                (all @ None, more) => *all = more,
                (Some(_), None) => unreachable!("an arm is followed always or never"),
            }
        }
        match done.failed {
            Some(error) if !error.is_interruption() => Err(error),
            stopped => Ok(Replications { arms, kept, stopped }),
        }
    }
}

/// The fates of replications of which some arms have been played, and the changes of those of which
/// all have.
#[derive(Debug, Default)]
struct Pairing {
    arms: usize,
    waiting: BTreeMap<u32, Vec<Option<Fates>>>,
    /// By replication, for each arm; none for the baseline.
    changes: BTreeMap<u32, Vec<Option<Changes>>>,
}

impl Pairing {
    /// Adds the fates of a run. Gives those of every arm with the last of its replication.
    fn add(&mut self, arm: usize, replication: u32, fates: Fates) -> Option<Vec<Fates>> {
        let of = self.waiting.entry(replication).or_insert_with(|| vec![None; self.arms]);
        of[arm] = Some(fates);
        if of.iter().any(Option::is_none) {
            return None;
        }
        self.waiting.remove(&replication)?.into_iter().collect()
    }
}

/// What became otherwise of each arm's arrivals than of the baseline's.
fn changes(all: &[Fates], baseline: usize, nth: u32, list: bool) -> Vec<Option<Changes>> {
    let before = &all[baseline];
    let of = |(at, after)| (at != baseline).then(|| Changes::between(before, after, nth, list));
    all.iter().enumerate().map(of).collect()
}

/// How many replications there should be after `n`: what the widest interval needs, at most twice as
/// many, so that a chance narrow spread does not end the study.
fn next(comparison: &Comparison, precision: f64, n: u32, max: u32) -> u32 {
    match comparison.too_wide(precision) {
        None => n,
        Some(wide) => {
            let needed = u32::try_from(wide.needed).unwrap_or(u32::MAX);
            needed.clamp(n.saturating_add(1), n.saturating_mul(2)).min(max).max(n)
        }
    }
}

/// What is not as precise as was asked, in a sentence.
fn imprecise_as(comparison: &Comparison, precision: f64) -> Option<String> {
    let n = comparison.replications();
    comparison.too_wide(precision).map(|wide| {
        let (width, wanted) = (wide.relative * 100.0, precision * 100.0);
        format!(
            "after {n} replications {} of {} is known to ± {width:.1} %, not to {wanted} %; its \
             spread would need about {} (--max-replications)",
            wide.metric, wide.arm, wide.needed
        )
    })
}
