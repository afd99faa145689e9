//! Runs that are folded for charts: played, or read from a folder of results.

use super::{
    Compared, Replicated,
    exit::{Exit, failed},
    run, studying,
    watching::{self, Steps},
    workers,
};
use crate::{
    chart::{
        Look, OfRuns, Recorded,
        recorded::{Alarm, Arm, Happening},
    },
    experiment,
    kernel::Time,
    model::world::{Finish, Stop},
    observe::{
        Outcome, Recording, Threshold,
        alarm::{State, States},
        summary::{Measures, Results, Total},
    },
    report::files::Folder,
    scenario::{Options, Scenario, timeline},
};
use anyhow::Result;
use std::{fs, io, path::Path};

/// A chart has room for so many policies.
const ARMS_MAX: usize = 12;

/// Plays every policy of a file once, or those that are named, or a file without policies as it is written.
pub fn play(file: &Path, compared: &Compared) -> Result<Recorded> {
    let replicated = &compared.repeated.replicated;
    let opened = studying::open(&[file.to_owned()])?.swap_remove(0);
    let mut policies = studying::policies_or_none(&opened, replicated, &compared.policies)?;
    policies.truncate(ARMS_MAX);
    let load = |policy: &Option<String>| {
        let options = Options {
            sets: &replicated.sets,
            policy: policy.as_deref(),
            seed: replicated.seed,
            ..Options::default()
        };
        opened.scenario(&options).map_err(|failure| studying::unread(&failure))
    };
    let scenarios = policies.iter().map(load).collect::<Result<Vec<Scenario>>>()?;
    watching::listen();
    let played = play_each(&scenarios, replicated, |outcome, recording| (outcome, recording))?;
    let arms = scenarios.iter().zip(played);
    let arms = arms.map(|(scenario, (outcome, recording))| arm(scenario, &outcome, recording));
    Ok(recorded(&scenarios[0], arms.collect(), None))
}

/// Plays scenarios of one file, each once, and gives what `keep` keeps of each.
pub fn play_each<T: Send>(
    scenarios: &[Scenario],
    replicated: &Replicated,
    keep: impl Fn(Outcome, Recording) -> T + Sync,
) -> Result<Vec<T>> {
    let steps = Steps::new(!replicated.no_progress, scenarios.len() as u64, "runs");
    let done = workers::each(
        replicated.threads.unwrap_or_else(workers::usual_threads),
        scenarios.len(),
        |at| -> Result<T, (Finish, Vec<String>)> {
            let asked: Vec<Threshold> = Vec::new();
            let limits = studying::limits(replicated);
            let (played, recording) =
                experiment::record(&scenarios[at].config, asked, None, &limits);
            if played.finish.stop != Stop::Complete || !played.outcome.faults.is_empty() {
                return Err((played.finish, played.outcome.faults));
            }
            Ok(keep(played.outcome, recording))
        },
        |_, _| steps.step(),
    );
    drop(steps);
    match done.failed {
        Some((finish, faults)) => Err(unfinished(&run::file_name(&scenarios[0]), finish, &faults)),
        None => Ok(done.results.into_iter().flatten().collect()),
    }
}

/// Why a run of a file has no recording, as an error with its exit code.
pub fn unfinished(file: &str, finish: Finish, faults: &[String]) -> anyhow::Error {
    if !faults.is_empty() {
        let faults = faults.join("\n  ");
        let message = format!("error: {file}: the run did not pass its own checks\n  {faults}");
        return failed(Exit::Failure, message);
    }
    let exit = run::stopped_early(file, &finish).unwrap_or(Exit::Failure);
    failed(exit, "hint: charts and reports are of whole runs")
}

/// A run as a chart has it.
pub fn arm(scenario: &Scenario, outcome: &Outcome, recording: Recording) -> Arm {
    let happening = |happening: &timeline::Happening| Happening {
        from: happening.from.as_nanos(),
        until: happening.until.map(Time::as_nanos),
        words: happening.words.clone(),
    };
    Arm {
        name: scenario.policy.clone().unwrap_or_default(),
        sets: scenario.policy_sets.clone(),
        digest: outcome.results.digest.to_string(),
        happenings: scenario.happenings.iter().map(happening).collect(),
        alarms: alarms(&outcome.results),
        recording,
    }
}

/// When each alarm rings.
fn alarms(results: &Results) -> Vec<Alarm> {
    let nanos = |at_s: f64| (at_s * 1e9) as u64;
    let alarm = |(name, measures): &(String, Measures)| {
        let Some(Total::States(States { changes, .. })) = measures.get("states") else {
            return None;
        };
        let ends = changes.iter().skip(1).map(|next| Some(nanos(next.at_s))).chain([None]);
        let rings = changes.iter().zip(ends).filter(|(change, _)| change.state == State::Alarm);
        let rings = rings.map(|(change, until)| (nanos(change.at_s), until)).collect();
        Some(Alarm { name: name.clone(), rings })
    };
    results.resources.0.iter().filter_map(alarm).collect()
}

/// Runs of a scenario with what is said beside them.
pub fn recorded(first: &Scenario, arms: Vec<Arm>, stopped_by: Option<&str>) -> Recorded {
    Recorded {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: run::file_name(first),
        hash: first.hash.clone(),
        title: first.title.clone(),
        question: first.question.clone(),
        seed: first.seed,
        stopped_by: stopped_by.map(str::to_owned),
        arms,
    }
}

/// Leaves recordings in a folder of results, and every chart of them that has something to show.
pub fn leave(recorded: &Recorded, folder: &Folder) -> io::Result<()> {
    let mut text = serde_json::to_vec(recorded).map_err(io::Error::other)?;
    text.push(b'\n');
    folder.write(Recorded::FILE, &text)?;
    for kind in OfRuns::ALL.into_iter().filter(|kind| kind.fits(recorded)) {
        let chart = kind.svg(recorded, Look::default());
        folder.write(&format!("{}.svg", kind.word()), chart.as_bytes())?;
    }
    Ok(())
}

/// Reads what a run or a comparison left in its folder of results.
pub fn read(folder: &Path) -> Result<Recorded> {
    let path = folder.join(Recorded::FILE);
    let text = fs::read(&path).map_err(|error| {
        let message = format!(
            "error: {} cannot be read: {error}\nhint: a folder that `dwell run` or `dwell compare` \
             wrote, or a scenario file",
            path.display()
        );
        failed(Exit::Usage, message)
    })?;
    let wrong = |why: String| {
        let path = path.display();
        failed(Exit::Usage, format!("error: {path} {why}\nhint: play the scenario again"))
    };
    let known: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|error| wrong(format!("is no recording: {error}")))?;
    let version = known.get("version").and_then(serde_json::Value::as_str).unwrap_or("another");
    if version != env!("CARGO_PKG_VERSION") {
        return Err(wrong(format!("is of version {version}")));
    }
    let recorded: Recorded = serde_json::from_value(known)
        .map_err(|error| wrong(format!("is no recording: {error}")))?;
    match recorded.arms.is_empty() {
        true => Err(wrong("has no runs".to_owned())),
        false => Ok(recorded),
    }
}
