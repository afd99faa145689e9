//! What the commands that play many runs share: reading their files and metrics, and telling why a
//! run has no result.

use super::{
    Repeated, Replicated,
    exit::{Exit, failed},
    run::{self, INSTANT_MAX},
    watching,
};
use crate::{
    experiment::{self, Arm, Plan, Trouble},
    model::world::{Limits, Stop},
    observe::Threshold,
    scenario::{self, Failure, Opened, Scenario, diagnostic},
    study::{Cut, CutFrom, Kind},
};
use anyhow::Result;
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

/// Whether messages have colours.
fn color() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A file or a part of it that could not be read, as an error with its exit code.
pub fn unread(failure: &Failure) -> anyhow::Error {
    let exit = match failure {
        Failure::Unreadable { .. } => Exit::Usage,
        Failure::Bad { .. } => Exit::Scenario,
    };
    failed(exit, failure.render(color()))
}

/// Reads the files; what is wrong with any of them is told of all.
pub fn open(files: &[PathBuf]) -> Result<Vec<Opened>> {
    let mut opened = Vec::new();
    let mut wrong: Option<Exit> = None;
    for file in files {
        match Opened::read(file) {
            Ok(file) => opened.push(file),
            Err(failure) => {
                let exit = super::exit::report(&unread(&failure));
                wrong = wrong.max(Some(exit));
            }
        }
    }
    match wrong {
        Some(exit) => Err(failed(exit, "")),
        None => Ok(opened),
    }
}

/// The policies of a file that are played: those that are named, or all; in the order of the file.
pub fn policies(file: &Opened, replicated: &Replicated, named: &[String]) -> Result<Vec<String>> {
    let options = scenario::Options {
        sets: &replicated.sets,
        seed: replicated.seed,
        ..scenario::Options::default()
    };
    let scenario = file.scenario(&options).map_err(|failure| unread(&failure))?;
    let known = || scenario.policies.iter().map(String::as_str);
    for name in named {
        if !known().any(|policy| policy == name) {
            let hint = match diagnostic::suggest(name, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("error: there is no policy `{name}`\nhint: {hint}");
            return Err(failed(Exit::Usage, message));
        }
    }
    let wanted = |policy: &&String| named.is_empty() || named.contains(policy);
    Ok(scenario.policies.iter().filter(wanted).cloned().collect())
}

/// [`policies`], or for a file that has none the file as it is written.
pub fn policies_or_none(
    file: &Opened,
    replicated: &Replicated,
    named: &[String],
) -> Result<Vec<Option<String>>> {
    let policies = policies(file, replicated, named)?;
    Ok(match policies.is_empty() {
        true => vec![None],
        false => policies.into_iter().map(Some).collect(),
    })
}

/// Makes a plan of what is to be played: every arm is looked at whole, with the metrics, before
/// anything is played. `more` metrics are read beside those that are named, or usual. Also gives the
/// scenario of the first arm.
pub fn plan(
    files: Vec<Opened>,
    arms: Vec<Arm>,
    repeated: &Repeated,
    more: &[String],
    judges: bool,
) -> Result<(Plan, Scenario)> {
    let options = scenario::Options {
        sets: &repeated.replicated.sets,
        point: &arms[0].point,
        policy: arms[0].policy.as_deref(),
        seed: repeated.replicated.seed,
        alone: false,
    };
    let first = files[arms[0].file].scenario(&options).map_err(|failure| unread(&failure))?;
    let warmup = match &repeated.warmup {
        None => None,
        Some(text) => Some(experiment::read_warmup(text, &first).ok_or_else(|| {
            let message = format!(
                "error: `{text}` is no warm-up\nhint: a time or a share of the duration: \
                 --warmup 10m, --warmup 20%, --warmup 0s"
            );
            failed(Exit::Usage, message)
        })?),
    };
    let cut = match judges {
        // Thresholds are of the file as it is written.
        true => Cut {
            kind: Kind::Terminating,
            from: CutFrom::Scenario,
            warmup: first.config.warmup,
            period: first.config.period,
            duration: first.config.duration,
        },
        false => experiment::cut_of(&first, first.config.is_stationary(), warmup),
    };
    let mut texts = match repeated.metrics.as_slice() {
        [] if judges => Vec::new(),
        [] => experiment::usual_metrics(&first.config),
        named => named.to_vec(),
    };
    for text in more.iter().map(|text| text.trim()) {
        if !texts.iter().any(|known| known.trim() == text) {
            texts.push(text.to_owned());
        }
    }
    let metrics = experiment::metrics(&first, &texts).map_err(|failure| unread(&failure))?;
    let seed = first.seed;
    let sets = repeated.replicated.sets.clone();
    let mut plan = Plan { files, sets, arms, metrics, judges, seed, cut };
    let mut is_stationary = true;
    for arm in &plan.arms {
        let scenario = plan.scenario(arm, 0, true).map_err(|failure| unread(&failure))?;
        is_stationary &= scenario.config.is_stationary();
        if let Err(failure) = experiment::metrics(&scenario, &texts) {
            return Err(unread(&failure));
        }
        experiment::all_thresholds(&scenario).map_err(|mistakes| {
            let told = diagnostic::render(&mistakes, &scenario.sources, color());
            failed(Exit::Scenario, told)
        })?;
    }
    if !judges {
        plan.cut = experiment::cut_of(&first, is_stationary, warmup);
    }
    Ok((plan, first))
}

/// The thresholds that one run of a scenario is judged by.
pub fn thresholds(scenario: &Scenario) -> Result<Vec<Threshold>> {
    experiment::thresholds(scenario).map_err(|mistakes| {
        failed(Exit::Scenario, diagnostic::render(&mistakes, &scenario.sources, color()))
    })
}

/// The limits of a run of a study.
pub fn limits(replicated: &Replicated) -> Limits<'static> {
    Limits {
        events_max: replicated.max_events,
        instant_max: INSTANT_MAX,
        interrupted: &|_| watching::is_interrupted(),
    }
}

/// Why a run has no result, as an error with its exit code.
pub fn told(trouble: &Trouble, plan: &Plan, arm: &Arm, replication: u32) -> anyhow::Error {
    let seed = experiment::seed_of(plan.seed, replication);
    let which = format!("{}, replication {replication} (seed {seed})", arm.name);
    match trouble {
        Trouble::Changed(failure) => unread(failure),
        Trouble::Stopped(finish) => {
            let at = finish.at;
            match finish.stop {
                Stop::Interrupted => failed(Exit::Interrupted, "interrupted"),
                Stop::Events => failed(
                    Exit::Limit,
                    format!(
                        "error: {which}: stopped after {} events at {at} of simulated time\n\
                         hint: {}",
                        finish.events,
                        run::limit_hint(finish)
                    ),
                ),
                Stop::Instant => failed(
                    Exit::Limit,
                    format!(
                        "error: {which}: over {INSTANT_MAX} events happened at {at} and time \
                         does not go on\nhint: {}",
                        run::limit_hint(finish)
                    ),
                ),
                Stop::Complete => unreachable!("a complete run has a result"),
            }
        }
        Trouble::Broken(faults) => failed(
            Exit::Failure,
            format!(
                "error: {which}: the run did not pass its own checks\n  {}\nhint: please report \
                 it with the scenario and that seed",
                faults.join("\n  ")
            ),
        ),
    }
}
