//! `dwell check`: do the thresholds hold in every run?

use super::{
    CheckArgs, CheckFormat, Repeated,
    exit::{self, Exit},
    studying,
    watching::{self, Steps},
    workers,
};
use crate::{
    experiment::{self, Arm, Plan, Trouble},
    report::{
        check::{self as report, File, Placed},
        junit, sarif,
    },
    scenario::{
        Opened, Scenario,
        diagnostic::{self, Origin},
    },
    study::{
        Sample,
        check::{self, Runs},
    },
};
use anyhow::Result;
use std::{
    io::{self, Write},
    path::Path,
};

/// A file that is checked.
struct Checked {
    /// Its path, as it was given.
    path: String,
    plan: Plan,
    /// The scenario of the first policy.
    scenario: Scenario,
    thresholds: Vec<Placed>,
    replications: u32,
}

/// Plays every policy of every file and judges the thresholds; prints what failed.
pub fn check(args: &CheckArgs) -> Result<Exit> {
    let mut worst = Exit::Fine;
    let mut all = Vec::new();
    // Every file is read before the first is played, and the mistakes of all are told.
    for file in &args.files {
        match open(args, file) {
            Ok(checked) => all.push(checked),
            Err(error) => worst = worst.max(exit::report(&error)),
        }
    }
    if worst != Exit::Fine {
        return Ok(worst);
    }
    watching::listen();
    let samples = play(args, &all)?;
    let files: Vec<File<'_>> =
        all.iter().zip(&samples).map(|(checked, samples)| judged(args, checked, samples)).collect();
    print(args, &files)?;
    let holds = files.iter().all(|file| file.failed().next().is_none());
    Ok(if holds { Exit::Fine } else { Exit::Threshold })
}

/// Reads a file: its policies, or itself as it is written if it has none.
fn open(args: &CheckArgs, file: &Path) -> Result<Checked> {
    let path = file.display().to_string();
    let opened = Opened::read(file).map_err(|failure| studying::unread(&failure))?;
    let policies = studying::policies(&opened, &args.replicated, &args.policies)?;
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
    let repeated =
        Repeated { replicated: args.replicated.clone(), metrics: Vec::new(), warmup: None };
    let (plan, scenario) = studying::plan(vec![opened], arms, &repeated, &[], true)?;
    let thresholds = experiment::all_thresholds(&scenario);
    let thresholds = thresholds.expect("they were read of every policy of the plan");
    let text = &scenario.sources.file().text;
    let placed = thresholds.into_iter().zip(&scenario.thresholds).map(|(threshold, written)| {
        let place = match written.place.origin {
            Origin::File => Some(diagnostic::line_column(text, written.place.range().start)),
            Origin::Argument(_) => None,
        };
        Placed { threshold, place }
    });
    let replications = args.replicated.replications.unwrap_or(scenario.replications).max(1);
    Ok(Checked { thresholds: placed.collect(), path, plan, scenario, replications })
}

/// Plays every file that has thresholds: of each file and policy the samples, in the order of
/// replications.
fn play(args: &CheckArgs, all: &[Checked]) -> Result<Vec<Vec<Vec<Sample>>>> {
    let mut jobs: Vec<(usize, usize, u32)> = Vec::new();
    for (file, checked) in all.iter().enumerate().filter(|(_, c)| !c.thresholds.is_empty()) {
        for arm in 0..checked.plan.arms.len() {
            jobs.extend((0..checked.replications).map(|nth| (file, arm, nth)));
        }
    }
    let steps = Steps::new(!args.replicated.no_progress, jobs.len() as u64, "runs");
    let limits = || studying::limits(&args.replicated);
    let done = workers::each(
        args.replicated.threads.unwrap_or_else(workers::usual_threads),
        jobs.len(),
        |at| {
            let (file, arm, nth) = jobs[at];
            let plan = &all[file].plan;
            let run = plan.play(&plan.arms[arm], nth, false, &limits());
            run.map(|run| run.sample).map_err(|trouble: Trouble| (file, arm, nth, trouble))
        },
        |_, _| steps.step(),
    );
    drop(steps);
    if let Some((file, arm, nth, trouble)) = done.failed {
        let plan = &all[file].plan;
        return Err(studying::told(&trouble, plan, &plan.arms[arm], nth));
    }
    let mut samples: Vec<Vec<Vec<Sample>>> =
        all.iter().map(|checked| vec![Vec::new(); checked.plan.arms.len()]).collect();
    for ((file, arm, _), sample) in jobs.into_iter().zip(done.results) {
        samples[file][arm].push(sample.expect("without a failure every job is done"));
    }
    Ok(samples)
}

/// What is told of a file of which these are the samples.
fn judged<'a>(args: &'a CheckArgs, checked: &'a Checked, samples: &[Vec<Sample>]) -> File<'a> {
    let Checked { path, plan, scenario, thresholds, replications } = checked;
    let runs = plan.arms.iter().zip(samples);
    let runs: Vec<Runs<'_>> =
        runs.map(|(arm, samples)| Runs { policy: arm.policy.as_deref(), samples }).collect();
    let all: Vec<_> = thresholds.iter().map(|placed| placed.threshold.clone()).collect();
    File {
        path,
        hash: &scenario.hash,
        title: scenario.title.as_deref(),
        policies: plan.arms.iter().filter_map(|arm| arm.policy.as_deref()).collect(),
        replications: *replications,
        seed: plan.seed,
        sets: &args.replicated.sets,
        judgements: if all.is_empty() { Vec::new() } else { check::judge(&all, &runs) },
        thresholds,
    }
}

/// Data goes to standard output; how it went with each file, and what failed if that is not the data,
/// to standard error.
fn print(args: &CheckArgs, files: &[File<'_>]) -> Result<()> {
    let data = match args.format {
        CheckFormat::Text => report::text(files),
        CheckFormat::Json => report::json(files),
        CheckFormat::Junit => junit::xml(files),
        CheckFormat::Sarif => sarif::json(files),
    };
    if args.format != CheckFormat::Text {
        eprint!("{}", report::text(files));
    }
    let mut out = io::stdout().lock();
    super::exit::unless_closed(out.write_all(data.as_bytes()).and_then(|()| out.flush()))?;
    for file in files {
        for line in report::lines(file) {
            eprintln!("{line}");
        }
    }
    Ok(())
}
