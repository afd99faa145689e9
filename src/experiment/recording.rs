//! Runs that are folded for charts: played, or read from a folder of results.

use super::{Request, RunError, Workers, Wrong, policies_or_none, pool::Done, record};
use crate::{
    chart::{
        Recorded,
        recorded::{Alarm, Arm, Happening, Outcomes, RunLimit},
    },
    kernel::Time,
    model::config::{Change, Config, Resources},
    observe::{
        Outcome, Recording, Threshold,
        alarm::State,
        summary::{Measures, Results},
    },
    scenario::{Opened, Scenario, timeline},
};
use std::{fs, path::Path};

/// A chart has room for so many policies.
pub const ARMS_MAX: usize = 12;

/// Plays every policy of a file once, or those that are named, or a file without policies as it is written.
pub fn play(
    opened: &Opened,
    request: &Request,
    workers: &Workers<'_>,
) -> Result<Recorded, RunError> {
    let mut policies = policies_or_none(opened, request)?;
    policies.truncate(ARMS_MAX);
    let load = |policy: &Option<String>| opened.scenario(&request.options(policy.as_deref()));
    let scenarios = policies.iter().map(load).collect::<Result<Vec<Scenario>, _>>()?;
    let played = play_each(&scenarios, workers, |outcome, recording| (outcome, recording))?;
    let arms = scenarios.iter().zip(played);
    let arms =
        arms.map(|(scenario, (outcome, recording))| arm(scenario, &outcome.results, recording));
    Ok(recorded(&scenarios[0], arms.collect(), None))
}

/// Plays scenarios, each once, and gives what `keep` keeps of each. All must come to their end.
pub fn play_each<T: Send>(
    scenarios: &[Scenario],
    workers: &Workers<'_>,
    keep: impl Fn(Outcome, Recording) -> T + Sync,
) -> Result<Vec<T>, RunError> {
    let done: Done<T, RunError> = workers.play(scenarios.len(), |at, limits| {
        let asked: Vec<Threshold> = Vec::new();
        let output = record(&scenarios[at].config, asked, None, limits);
        output.whole(|| scenarios[at].file_name())?;
        Ok(keep(output.outcome, output.recording))
    });
    done.all()
}

/// A run as a chart has it.
pub fn arm(scenario: &Scenario, results: &Results, recording: Recording) -> Arm {
    let happening = |happening: &timeline::Happening| Happening {
        from: happening.from.as_nanos(),
        until: happening.until.map(Time::as_nanos),
        words: happening.words.clone(),
    };
    Arm {
        name: scenario.policy.clone().unwrap_or_default(),
        sets: match scenario.policy_sets.as_str() {
            "" => scenario.policy_leaves.clone(),
            sets => sets.to_owned(),
        },
        digest: results.digest.to_string(),
        happenings: scenario.happenings.iter().map(happening).collect(),
        alarms: alarms(results),
        outcomes: Outcomes {
            arrivals: results.ledger.run.arrivals,
            places: results.ledger.run.places,
        },
        why: results.why.clone(),
        limits: limits(&scenario.config),
        recording,
    }
}

/// More changes of a limit are not drawn.
const LIMITS_MAX: usize = 480;

/// The limits on runs of each function over time.
fn limits(config: &Config) -> Vec<Vec<(u64, RunLimit)>> {
    let of = |resources: &Resources, function: usize| {
        let reserved = resources.functions[function].reserved;
        let all = || resources.functions.iter().map(|function| function.reserved);
        let taken: u64 = all().flatten().map(u64::from).sum();
        let left = u64::from(resources.account.concurrency).saturating_sub(taken);
        RunLimit {
            reserved,
            unreserved: u32::try_from(left).expect("no more than there was"),
            sharing: u32::try_from(all().filter(Option::is_none).count()).unwrap_or(u32::MAX),
        }
    };
    let over_time = |function: usize| {
        let mut found = vec![(0, of(&config.resources, function))];
        for (at, change) in &config.timeline {
            if let Change::Configure(resources) = change
                && found.len() < LIMITS_MAX
                && found.last().is_none_or(|(_, last)| *last != of(resources, function))
            {
                found.push((at.as_nanos(), of(resources, function)));
            }
        }
        found
    };
    (0..config.resources.functions.len()).map(over_time).collect()
}

/// When each alarm rings.
fn alarms(results: &Results) -> Vec<Alarm> {
    let nanos = |at_s: f64| (at_s * 1e9) as u64;
    let alarm = |(name, measures): &(String, Measures)| {
        let changes = &measures.states()?.changes;
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
        file: first.file_name(),
        hash: first.hash.clone(),
        title: first.title.clone(),
        question: first.question.clone(),
        seed: first.seed,
        stopped_by: stopped_by.map(str::to_owned),
        arms,
    }
}

/// Reads what a run or a comparison left in its folder of results.
pub fn read(folder: &Path) -> Result<Recorded, RunError> {
    let path = folder.join(Recorded::FILE);
    let name = path.display();
    let text = fs::read(&path).map_err(|error| {
        let hint = "a folder that `dwell run` or `dwell compare` wrote, or a scenario file";
        Wrong::new(format!("{name} cannot be read: {error}"), hint)
    })?;
    let wrong = |why: String| Wrong::new(format!("{name} {why}"), "play the scenario again").into();
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
