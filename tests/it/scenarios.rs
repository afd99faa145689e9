//! Every scenario of the repository does what it says, under each of its policies.
//!
//! Also the examples of the language, where they are (`DWELL_EXAMPLES`, or else
//! `../shared/examples` beside this package).

use dwell::{
    experiment::{self, artifacts},
    kernel::Time,
    model::world::{Limits, Stop},
    observe::{Measure, ResourceKind, Results, Series, summary::Total},
    report::table,
    scenario::{self, Options, Scenario},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// No scenario that is read aloud needs more.
pub const LIMITS: Limits<'static> =
    Limits { events_max: 20_000_000, instant_max: 1_000_000, interrupted: &|_: Time| false };

/// The scenarios of the repository, by name.
pub fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    [listed(&folder), listed(&folder.join("callers")), listed(&folder.join("compare"))].concat()
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths
}

/// Loads a scenario; panics with its mistakes.
#[track_caller]
pub fn load(path: &Path, options: &Options<'_>) -> Scenario {
    scenario::load(path, options).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The file as written, then each of its policies.
fn policies(scenario: &Scenario) -> Vec<Option<String>> {
    [None].into_iter().chain(scenario.policies.iter().cloned().map(Some)).collect()
}

/// What is wrong with the account of a run for people: a line is wider than the terminal, or numbers of one thing
/// differ.
fn untold(scenario: &Scenario, results: &Results, series: &Series) -> Vec<String> {
    let text = |width: usize| {
        artifacts::with_report(scenario, (results, series), None, |report| {
            table::render(report, false, width)
        })
    };
    let mut faults = Vec::new();
    for width in [80, 120] {
        // A threshold may have a word, such as a list of instants, that is wider than a line.
        let words = |line: &str| line.split_whitespace().any(|word| 70 < word.chars().count());
        let text = text(width);
        let wide = text.lines().filter(|line| width < line.chars().count() && !words(line));
        faults.extend(wide.map(|line| format!("wider than {width}: {line}")));
    }
    if text(1000).contains("  left out ") {
        faults.push("something is left out of a wide terminal".to_owned());
    }
    let counted = |name: &str, measure: Measure| match results
        .resources
        .get(name)
        .and_then(|of| of.of(measure))
    {
        Some(Total::Count(n)) => *n,
        other => panic!("{name}: {other:?}"),
    };
    let why = &results.why;
    for (name, of) in &results.resources.0 {
        let rows = || why.deliveries.iter().filter(|row| row.of == *name);
        let told = (rows().map(|row| row.failed).sum(), rows().map(|row| row.retries).sum());
        let failed: (u64, u64) = match of.kind {
            ResourceKind::Topic => (counted(name, Measure::NumberOfNotificationsFailed), told.1),
            ResourceKind::Rule => (
                counted(name, Measure::FailedInvocations),
                counted(name, Measure::RetryInvocationAttempts),
            ),
            ResourceKind::Function => {
                let rows = why.limits.iter().filter(|row| row.function == *name);
                let told: u64 = rows.clone().map(|row| row.throttles).sum();
                let shares = rows.filter_map(|row| row.share_at_limit);
                faults.extend(
                    shares
                        .filter(|share| !(0.0..=1.0).contains(share))
                        .map(|share| format!("{name}: at its limit for {share} of the time")),
                );
                if scenario.config.warmup == Time::ZERO && told != counted(name, Measure::Throttles)
                {
                    faults.push(format!("{name}: {told} throttles by limit"));
                }
                continue;
            }
            _ => continue,
        };
        if scenario.config.warmup == Time::ZERO && told != failed {
            faults.push(format!("{name}: {told:?} by target and {failed:?} in all"));
        }
    }
    faults
}

/// Plays a file under a policy; says what does not hold, apart from `excused` thresholds.
fn faults_of(path: &Path, policy: Option<&str>, excused: &[&str]) -> Vec<String> {
    let scenario = load(path, &Options { policy, ..Options::default() });
    let thresholds = match experiment::thresholds(&scenario) {
        Ok(thresholds) => thresholds,
        Err(mistakes) => return vec![format!("{}: {mistakes:?}", path.display())],
    };
    let played = experiment::play(&scenario.config, thresholds, None, &LIMITS);
    let (outcome, finish) = (played.outcome, played.finish);
    let mut faults = outcome.faults;
    if finish.stop != Stop::Complete {
        faults.push(format!("it stopped at {}: {:?}", finish.at, finish.stop));
    }
    if !outcome.results.ledger.adds_up() {
        faults.push(format!("the ledger does not add up: {:?}", outcome.results.ledger));
    }
    for verdict in &outcome.results.thresholds {
        if !verdict.holds && !excused.contains(&verdict.threshold.as_str()) {
            let sides: Vec<String> = verdict.sides.iter().map(ToString::to_string).collect();
            faults.push(format!("{} ({})", verdict.threshold, sides.join(" against ")));
        }
    }
    faults.extend(untold(&scenario, &outcome.results, &outcome.series));
    let who = format!("{}, {policy:?}", path.file_name().expect("a file has a name").display());
    faults.into_iter().map(|fault| format!("{who}: {fault}")).collect()
}

#[test]
fn every_scenario_holds_under_each_of_its_policies() {
    let files = files();
    assert!(files.len() >= 14, "there are scenarios");
    let mut faults = Vec::new();
    for path in files {
        for policy in policies(&load(&path, &Options::default())) {
            faults.extend(faults_of(&path, policy.as_deref(), &[]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_scenario_asks_a_question_and_answers_it() {
    for path in files() {
        let scenario = load(&path, &Options::default());
        let name = path.display();
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > 9);
        assert!(said(&scenario.title), "{name} has a title");
        let question = scenario.question.as_deref().unwrap_or_default();
        assert!(question.ends_with('?'), "{name} asks: {question}");
        assert!(said(&scenario.answer), "{name} answers");
        assert!(!scenario.thresholds.is_empty(), "{name} has thresholds, which check the answer");
        let titled = files()
            .iter()
            .filter(|other| load(other, &Options::default()).title == scenario.title)
            .count();
        assert_eq!(titled, 1, "{name} has a title of its own");
    }
}

/// An example of the language, and what of it cannot hold as it is written.
struct Example {
    name: &'static str,
    /// Thresholds that are wrong, each with the reason at the entry.
    excused: &'static [&'static str],
}

const fn example(name: &'static str) -> Example {
    Example { name, excused: &[] }
}

const PING_PONG: &str = "JobsDLQ.arrived > 2 * JobsDLQ.arrived during ..40m";

const RETRIES_EXHAUSTED: &str = "dropped[reason=RetriesExhausted] > 1000";

const EXAMPLES: &[Example] = &[
    example("a01-throttled-into-dlq"),
    // A timeout is an error, and a lognormal time with median 20 s and p99 90 s is above 120 s in
    // 0.28 % of runs: some 20 of 7,200 orders.
    Example { excused: &["Ship.Errors == 0"], ..example("a02-visibility-too-short") },
    example("a03-one-bad-in-ten"),
    example("a04-poison-pill-shard"),
    example("a05-three-tries"),
    example("a06-six-hours"),
    // Of the 1,200 events of its five minutes only those of the first two can fail three times: the
    // third run comes 3 min after the first (A2.1). Those are 480.
    Example { excused: &[RETRIES_EXHAUSTED], ..example("a07-two-dlqs") },
    example("a08-dlq-in-the-wrong-place"),
    example("a09-alarm-that-never-rings"),
    // Its answer takes it that a throttled batch is tried once in each visibility timeout. The
    // default tries again within it, and of a flood of 9,742 all but 1,329 find a place in time.
    Example { excused: &[PING_PONG], ..example("a10-redrive-ping-pong") },
    example("a11-dlq-clock"),
    example("a12-burst-ramp"),
    example("a14-kill-switch-and-loop"),
    example("a15-backoff-is-no-cure"),
    example("b05-chain"),
    example("b07-closed-loop"),
];

#[test]
fn the_examples_of_the_language_hold_under_each_of_their_policies() {
    let folder = match std::env::var_os("DWELL_EXAMPLES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/examples"),
    };
    let mut faults = Vec::new();
    for Example { name, excused } in EXAMPLES {
        let path = folder.join(format!("{name}.yaml"));
        if !path.exists() {
            eprintln!("skipped: no {}; set DWELL_EXAMPLES", path.display());
            continue;
        }
        for policy in policies(&load(&path, &Options::default())) {
            faults.extend(faults_of(&path, policy.as_deref(), excused));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
