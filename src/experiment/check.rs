//! Do the thresholds of a file hold in every run of every policy?

use super::{Arm, Plan, Request, RunError, Workers, all_thresholds, policies, request};
use crate::{
    report::check::{File, Placed},
    scenario::{
        Opened, Scenario,
        diagnostic::{self, Origin},
    },
    study::{
        Sample,
        check::{Judgement, Runs, judge},
    },
};

/// A file that can be checked: all that is wrong with it would have been told.
#[derive(Debug)]
pub struct Checking {
    /// Its path, as it was given.
    pub path: String,
    /// What is played.
    pub plan: Plan,
    /// The scenario of the first policy.
    pub scenario: Scenario,
    /// What must hold.
    pub thresholds: Vec<Placed>,
    /// How often each policy is played.
    pub replications: u32,
}

impl Checking {
    /// Plans to check a file: its policies, or itself as it is written if it has none.
    pub fn of(file: Opened, request: &Request) -> Result<Checking, RunError> {
        let path = file.path().to_owned();
        let policies = policies(&file, request)?;
        let arm = |policy: Option<&String>| Arm {
            name: match policy {
                Some(policy) => format!("{path}: {policy}"),
                None => path.clone(),
            },
            file: 0,
            policy: policy.cloned(),
            point: Vec::new(),
        };
        let arms = match policies.as_slice() {
            [] => vec![arm(None)],
            policies => policies.iter().map(|policy| arm(Some(policy))).collect(),
        };
        let (plan, scenario) = request::plan(vec![file], arms, request, &[], true)?;
        let thresholds = all_thresholds(&scenario);
        let thresholds = thresholds.map_err(|found| RunError::mistakes(found, &scenario))?;
        let text = &scenario.sources.file().text;
        let placed = thresholds.into_iter().zip(&scenario.thresholds);
        let placed = placed.map(|(threshold, written)| {
            let place = match written.place.origin {
                Origin::File => Some(diagnostic::line_column(text, written.place.range().start)),
                Origin::Argument(_) => None,
            };
            Placed { threshold, place }
        });
        let thresholds = placed.collect();
        let replications = request.replications(&scenario);
        Ok(Checking { path, plan, scenario, thresholds, replications })
    }

    /// What is told of the file.
    pub fn file(&self, judgements: Vec<Judgement>) -> File<'_> {
        let Checking { path, plan, scenario, thresholds, replications } = self;
        File {
            path,
            hash: &scenario.hash,
            title: scenario.title.as_deref(),
            policies: plan.arms.iter().filter_map(|arm| arm.policy.as_deref()).collect(),
            replications: *replications,
            seed: plan.seed,
            sets: &plan.sets,
            judgements,
            thresholds,
        }
    }

    fn judged(&self, samples: &[Vec<Sample>]) -> Vec<Judgement> {
        if self.thresholds.is_empty() {
            return Vec::new();
        }
        let runs = self.plan.arms.iter().zip(samples);
        let runs: Vec<Runs<'_>> =
            runs.map(|(arm, samples)| Runs { policy: arm.policy.as_deref(), samples }).collect();
        let all: Vec<_> = self.thresholds.iter().map(|it| it.threshold.clone()).collect();
        judge(&all, &runs)
    }
}

/// Plays every file that has thresholds, and judges them; of each file what was found, in the order of its
/// thresholds.
pub fn check(files: &[Checking], workers: &Workers<'_>) -> Result<Vec<Vec<Judgement>>, RunError> {
    let mut jobs: Vec<(usize, usize, u32)> = Vec::new();
    for (file, check) in files.iter().enumerate().filter(|(_, it)| !it.thresholds.is_empty()) {
        for arm in 0..check.plan.arms.len() {
            jobs.extend((0..check.replications).map(|nth| (file, arm, nth)));
        }
    }
    let done = workers.play(jobs.len(), |at, limits| -> Result<Sample, RunError> {
        let (file, arm, nth) = jobs[at];
        let plan = &files[file].plan;
        Ok(plan.play(&plan.arms[arm], nth, false, limits)?.sample)
    });
    let mut samples: Vec<Vec<Vec<Sample>>> =
        files.iter().map(|check| vec![Vec::new(); check.plan.arms.len()]).collect();
    for ((file, arm, _), sample) in jobs.into_iter().zip(done.all()?) {
        samples[file][arm].push(sample);
    }
    Ok(files.iter().zip(&samples).map(|(check, samples)| check.judged(samples)).collect())
}
