//! The same scenario and seed give the same bytes, whoever watches and whatever stores the agenda.
//!
//! Played: every scenario of the repository, and some below in which as much as possible happens at
//! the same instants, where only the order of ties decides.

use crate::{
    cli::Sandbox,
    scenarios::{LIMITS, files, load},
};
use dwell::{
    experiment::{self, Played},
    kernel::{HeapStore, Time},
    model::{
        Fact, Moment, Observer,
        world::{Finish, Wake},
    },
    observe::{Asked, Fingerprint, Results, digest::Digest, trace::Row},
    scenario::{self, Options, Scenario},
};
use std::{cell::RefCell, fmt::Write as _, fs};

/// Scenarios that tie, by name.
const TIES: &[(&str, &str)] = &[
    (
        "callers-at-one-instant",
        "
duration: 2m
functions:
  Shop: {ReservedConcurrentExecutions: 2, service_time: 1s, init_time: 1s}
callers:
  A: {target: Shop, arrivals: {every: 1s}}
  B: {target: Shop, arrivals: {every: 1s}}
  C: {via: invoke_async, target: Shop, arrivals: {every: 2s, count: 3}}
thresholds:
  - Shop.Throttles > 0
",
    ),
    (
        "equal-retries",
        "
duration: 5m
functions:
  Work:
    Timeout: 3
    service_time: 0s
    error_rate: 50%
    DeadLetterConfig: {TargetArn: Failed}
    ReservedConcurrentExecutions: 5
queues: {Failed: {}}
callers:
  Events: {via: invoke_async, target: Work, arrivals: {every: 30s, count: 20}}
",
    ),
    (
        "batches",
        "
duration: 4m
functions:
  Worker: {Timeout: 10, service_time: 2s, record_time: 0s, record_error_rate: 20%}
queues:
  Jobs: {VisibilityTimeout: 10, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 2}}
  Dead: {}
event_source_mappings:
  M:
    EventSourceArn: Jobs
    FunctionName: Worker
    BatchSize: 5
    FunctionResponseTypes: [ReportBatchItemFailures]
callers:
  Orders: {target: Jobs, arrivals: {every: 10s, count: 23}}
  More: {target: Jobs, arrivals: {every: 5s, count: 2}}
timeline:
  - {at: 2m, StartMessageMoveTask: {SourceArn: Dead}}
  - {at: 2m, set: {functions.Worker.record_error_rate: 0%}}
",
    ),
    (
        "chain-without-time",
        "
duration: 1m
functions:
  First: {service_time: 0s, calls: [{target: Jobs, count: 3}]}
  Second: {service_time: 0s, error_rate: 10%}
queues: {Jobs: {VisibilityTimeout: 5}}
event_source_mappings:
  M: {EventSourceArn: Jobs, FunctionName: Second, BatchSize: 2}
callers:
  Start: {target: First, arrivals: {every: 1s, count: 4}}
  Loop: {target: First, arrivals: {closed: {clients: 3, think_time: 1s}}}
",
    ),
];

/// Every scenario that is played, by name: file as written and as a text.
fn all() -> Vec<(String, Scenario)> {
    let of_files = files().into_iter().map(|path| load(&path, &Options::default()));
    let of_ties = TIES.iter().map(|(name, text)| read(name, text, &[]));
    of_files.chain(of_ties).map(|scenario| (scenario.stem.clone(), scenario)).collect()
}

#[track_caller]
fn read(name: &str, text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let options = Options { sets: &sets, ..Options::default() };
    let loaded = scenario::load_text(text, &format!("{name}.yaml"), &options);
    loaded.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Plays with everything on: thresholds and a trace, which is the second of the two.
fn play(scenario: &Scenario) -> (Played, String) {
    let rows = RefCell::new(String::new());
    let sink =
        Box::new(|row: &Row<'_>| writeln!(rows.borrow_mut(), "{}", told(row)).expect("fits"));
    let thresholds = experiment::thresholds(scenario).expect("the thresholds are right");
    let played = experiment::play(&scenario.config, thresholds, Some(sink), &LIMITS);
    (played, rows.into_inner())
}

fn told(row: &Row<'_>) -> String {
    let id = row.written_id.map_or(String::new(), |id| id.to_string());
    let (now, rule) = (row.now, row.rule.id());
    format!("{now} {} {} {id} {:?} {rule} {}", row.resource, row.fact, row.attempt, row.detail)
}

/// The digest and nothing else.
#[derive(Default)]
struct Alone(Digest);

impl Observer for Alone {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.0.fold(moment, fact);
    }
}

fn watched_alone(scenario: &Scenario) -> (Fingerprint, Finish) {
    let (Alone(digest), finish) = experiment::watch(&scenario.config, Alone::default(), &LIMITS);
    (digest.fingerprint(), finish)
}

#[test]
fn two_runs_write_the_same_bytes() {
    let sandbox = Sandbox::new("determinism-bytes");
    let mut names: Vec<String> = files().iter().map(|path| path.display().to_string()).collect();
    for (name, text) in TIES {
        sandbox.write(&format!("{name}.yaml"), text);
        names.push(format!("{name}.yaml"));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let run = |folder: &str| {
        let options = ["run", "--events", "--format", "json", "-o", folder];
        sandbox.dwell(&[options.as_slice(), names.as_slice()].concat()).exits(0).out
    };
    assert!(run("one") == run("two"), "standard output differs");
    let written: Vec<String> =
        sandbox.everything().into_iter().filter(|name| name.starts_with("one/")).collect();
    let charts = written.iter().filter(|name| name.ends_with(".svg")).count();
    assert_eq!(written.len() - charts, names.len() * 5, "a folder and its four files for each");
    assert!(names.len() <= charts, "every run has a chart");
    for name in written.iter().filter(|name| sandbox.folder.join(name).is_file()) {
        let other = name.replacen("one/", "two/", 1);
        let bytes = |name: &str| fs::read(sandbox.folder.join(name)).expect("it was written");
        assert!(bytes(name) == bytes(&other), "{name} and {other} differ");
    }
}

#[test]
fn whoever_watches_the_run_is_the_same() {
    for (name, scenario) in all() {
        let (all_on, _) = play(&scenario);
        let (alone, finish) = watched_alone(&scenario);
        assert_eq!(all_on.outcome.results.digest, alone, "{name}: the digest alone");
        assert_eq!(all_on.finish, finish, "{name}: the digest alone");
        let ((), nobody) = experiment::watch(&scenario.config, (), &LIMITS);
        assert_eq!(nobody, finish, "{name}: nobody watches");
        let asked = || Asked { recording: true, ..Asked::default() };
        let plain = experiment::play(&scenario.config, asked(), None, &LIMITS);
        let (full, Alone(beside), _) =
            experiment::play_beside(&scenario.config, asked(), None, &LIMITS, Alone::default());
        assert_eq!(plain.outcome.results.digest, alone, "{name}: no thresholds and no trace");
        assert_eq!(beside.fingerprint(), alone, "{name}: somebody watches beside");
        assert_eq!(plain.outcome.results, full.outcome.results, "{name}: two worlds, one result");
        assert!(plain.outcome.series.rows().eq(full.outcome.series.rows()), "{name}");
        assert_eq!(plain.outcome.recording, full.outcome.recording, "{name}");
    }
}

#[test]
fn whatever_stores_the_agenda_the_run_is_the_same() {
    for (name, scenario) in all() {
        let thresholds = || experiment::thresholds(&scenario).expect("the thresholds are right");
        let ladder = experiment::play(&scenario.config, thresholds(), None, &LIMITS);
        let heap =
            experiment::play_on::<HeapStore<Wake>>(&scenario.config, thresholds(), None, &LIMITS);
        assert_eq!(ladder.finish, heap.finish, "{name}");
        assert_eq!(ladder.outcome.results, heap.outcome.results, "{name}");
        assert_eq!(ladder.outcome.faults, heap.outcome.faults, "{name}");
    }
}

#[test]
fn what_nobody_uses_changes_nothing_else() {
    for path in files() {
        let text = fs::read_to_string(&path).expect("a scenario can be read");
        unused_changes_nothing(&path.display().to_string(), &text);
    }
    for (name, text) in TIES {
        unused_changes_nothing(name, text);
    }
}

fn unused_changes_nothing(name: &str, text: &str) {
    let name = name.trim_end_matches(".yaml");
    let before = read(name, text, &[]);
    let (alone, rows) = play(&before);
    let last = [
        ("functions", "Unused: {service_time: {exponential: {mean: 1s}}, init_time: 2s}"),
        ("queues", "UnusedJobs: {VisibilityTimeout: 60}"),
        ("topics", "UnusedTopic: {}"),
    ];
    let (with, with_rows) = play(&read(name, &with_last(text, &last), &[]));
    assert_eq!(rows, with_rows, "{name}: what is last");
    assert_eq!(alone.outcome.results.digest, with.outcome.results.digest, "{name}: what is last");
    is_the_same_of_all_there_were(name, &alone.outcome.results, &with.outcome.results);

    // At the beginning of their sections they shift every position; names and luck stay.
    let first = text.replacen("\nfunctions:\n", "\nfunctions:\n  Unused: {service_time: 1s}\n", 1);
    let first = first.replacen("\nqueues:\n", "\nqueues:\n  UnusedJobs: {DelaySeconds: 1}\n", 1);
    let (with, with_rows) = play(&read(name, &first, &[]));
    assert_eq!(rows, with_rows, "{name}: what is first");
    is_the_same_of_all_there_were(name, &alone.outcome.results, &with.outcome.results);

    // A queue and a function that nobody sends to, with a mapping that polls in vain.
    let polled = [
        ("functions", "Unused: {}"),
        ("queues", "UnusedJobs: {}"),
        ("event_source_mappings", "UnusedM: {EventSourceArn: UnusedJobs, FunctionName: Unused}"),
    ];
    let (with, _) = play(&read(name, &with_last(text, &polled), &[]));
    is_the_same_of_all_there_were(name, &alone.outcome.results, &with.outcome.results);
}

/// The text with these as the last entries of their sections.
fn with_last(text: &str, entries: &[(&str, &str)]) -> String {
    let mut text = format!("\n{}\n", text.trim());
    for (section, entry) in entries {
        let heading = format!("\n{section}:");
        let Some(begin) = text.find(&heading) else {
            text.push_str(&format!("{section}:\n  {entry}\n"));
            continue;
        };
        let inside = begin + heading.len();
        let line_end = text[inside..].find('\n').map_or(text.len(), |length| inside + length);
        if text[inside..line_end].contains('{') {
            // In one line: `queues: {Failed: {}}`.
            let close = text[..line_end].rfind('}').expect("a mapping ends");
            text.insert_str(close, &format!(", {entry}"));
            continue;
        }
        let is_next =
            |(_, pair): &(usize, &[u8])| pair[0] == b'\n' && pair[1].is_ascii_alphabetic();
        let next = text.as_bytes()[inside..].windows(2).enumerate().find(is_next);
        let end = next.map_or(text.len() - 1, |(length, _)| inside + length);
        text.insert_str(end, &format!("\n  {entry}"));
    }
    text
}

/// Every resource, caller and threshold there was has the same numbers.
#[track_caller]
fn is_the_same_of_all_there_were(name: &str, before: &Results, after: &Results) {
    for (resource, measures) in &before.resources.0 {
        assert_eq!(Some(measures), after.resources.get(resource), "{name}: {resource}");
    }
    assert_eq!(before.callers, after.callers, "{name}");
    assert_eq!(before.ledger, after.ledger, "{name}");
    assert_eq!(before.thresholds, after.thresholds, "{name}");
}

#[test]
fn another_seed_changes_numbers_and_no_structure() {
    let mut changed = 0;
    for (name, scenario) in all() {
        let mut other = load_again(&name, &scenario);
        other.config.seed = 2;
        let (one, two) = (play(&scenario).0, play(&other).0);
        let names = |played: &Played| -> Vec<String> {
            let results = &played.outcome.results;
            let all = results.resources.0.iter().chain(&results.callers.0);
            let named = |(name, measures): &(String, dwell::observe::summary::Measures)| {
                let measures: Vec<&str> = measures.0.iter().map(|(name, _)| *name).collect();
                format!("{name}: {}", measures.join(" "))
            };
            all.map(named).collect()
        };
        assert_eq!(names(&one), names(&two), "{name}");
        assert!(two.outcome.results.ledger.adds_up(), "{name}");
        assert_eq!(two.outcome.faults, Vec::<String>::new(), "{name}");
        if one.outcome.results.resources != two.outcome.results.resources {
            changed += 1;
        }
    }
    assert!(changed >= 3, "in {changed} scenarios luck has a part");
}

fn load_again(name: &str, scenario: &Scenario) -> Scenario {
    match TIES.iter().find(|(tied, _)| *tied == name) {
        Some((name, text)) => read(name, text, &[]),
        None => {
            let of_name = |path: &std::path::PathBuf| path.file_stem() == Some(name.as_ref());
            let path = files().into_iter().find(of_name).expect("it is a file");
            let again = load(&path, &Options::default());
            assert_eq!(again.hash, scenario.hash);
            again
        }
    }
}

/// What happened before an instant, in words that know no positions.
struct Before {
    end: Time,
    facts: Vec<String>,
}

impl Observer for Before {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if moment.now < self.end {
            let Moment { now, rule, .. } = moment;
            self.facts.push(format!("{now} {fact:?} {}", rule.id()));
        }
    }
}

#[test]
fn a_longer_run_begins_as_the_shorter_one() {
    for (name, text) in TIES {
        let end = Time::from_nanos(45_000_000_000);
        let begun = |duration: &str| {
            let scenario = read(name, text, &[&format!("duration={duration}"), "timeline=null"]);
            let observer = Before { end, facts: Vec::new() };
            experiment::watch(&scenario.config, observer, &LIMITS).0.facts
        };
        let (short, long) = (begun("45s"), begun("10m"));
        assert!(short.len() > 20, "{name}: something happens");
        assert_eq!(short, long, "{name}");
    }
}

#[test]
fn the_order_of_sections_comments_and_layout_change_nothing() {
    let texts = files().into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("a scenario can be read");
        (path.display().to_string(), text)
    });
    let ties = TIES.iter().map(|(name, text)| (format!("{name}.yaml"), (*text).to_owned()));
    for (name, text) in texts.chain(ties) {
        let name = name.trim_end_matches(".yaml");
        let written = play(&read(name, &text, &[]));
        let mut sections: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            match sections.last_mut().filter(|_| line.starts_with(' ')) {
                Some(section) => section.push_str(&format!("{line}   # a comment\n\n")),
                None => sections.push(format!("# {line}\n{line}\n")),
            }
        }
        sections.reverse();
        let turned = play(&read(name, &sections.concat(), &[]));
        assert_eq!(written.0.outcome.results, turned.0.outcome.results, "{name}");
        assert_eq!(written.1, turned.1, "{name}");
    }
}

/// The digest of each scenario, file as written.
///
/// Recorded, not derived. A digest changes when the scenario's text changes what happens; when a
/// fact, its order, its rule or what it says changes; when a sampler or the naming of a stream
/// changes; and never with the machine, the build, the observers or the speed. A change belongs in
/// the commit that means it, with a line that says why. Failing, the test prints the new table.
const GOLDEN: &[(&str, &str)] = &[
    ("a-hot-key", "5eb63f96a6adaff8"),
    ("age-disables-retries", "569f7649e70e3a9f"),
    ("backoff-is-no-cure", "889a978232055a8c"),
    ("burst-ramp", "8e7b9a90e5ff56e1"),
    ("dlq-in-the-wrong-place", "959e6748b083d93d"),
    ("errors-slow-the-poller", "e540443dc61b7191"),
    ("fifo-poison", "698cf19abbd80832"),
    ("iterator-age-through-an-outage", "4e80d6f9c460def0"),
    ("kill-switch-and-loop", "badf16dadbe902bc"),
    ("one-bad-in-ten", "a92bbcad39671e89"),
    ("poison-pill-in-a-shard", "1a3cb6c10c63ec82"),
    ("poison-three-receives", "f56b6f040c416273"),
    ("recorded-morning", "e81b634fae1389a5"),
    ("redrive-ping-pong", "21107b6d84b29877"),
    ("six-hours-of-throttling", "07f319da0878c096"),
    ("the-alarm-that-never-rings", "6305c011841baa69"),
    ("the-dlqs-clock", "a7d0a0909f08c8ce"),
    ("three-tries", "f421f5c4ad4c5fbb"),
    ("throttled-into-the-dlq", "9364500aac96aae3"),
    ("totals-of-tumbling-windows", "7b0c88b8f84dafa2"),
    ("two-dlqs", "487c9308df3b45ca"),
    ("visibility-too-short", "12217df838e18b9c"),
    ("alb", "08dd7f80e923a913"),
    ("alexa", "38b279e6078bfca4"),
    ("api-gateway-http", "eeada9d8476d55bc"),
    ("api-gateway-rest", "63fc9aa04e74dfd3"),
    ("api-gateway-websocket", "b846077580629938"),
    ("appsync", "cd1ba01038901fa3"),
    ("cloudformation", "a7530e837cd424a1"),
    ("cloudfront", "67f47dcd8355d48b"),
    ("cloudwatch-logs", "42fd01b8c969ccf3"),
    ("codecommit", "becd09c65f8abd96"),
    ("cognito", "7d3d4ed807c1d112"),
    ("config", "bea481683b58aed7"),
    ("connect", "cfaf2e4c23ceaf7d"),
    ("eventbridge-scheduler", "bd8adcabec8fac95"),
    ("eventbridge", "263970d69dc2d858"),
    ("firehose", "a460f0bcca6cc954"),
    ("function-url", "096890a5a95ac3f5"),
    ("iot", "8848218d364beeed"),
    ("lex", "47f4b412380d6cf4"),
    ("s3-batch", "c8d6bb0fb289c2b5"),
    ("s3", "825c868f40138e06"),
    ("sdk", "4b1a9ac1b41de4c3"),
    ("ses", "35e3f911b03a1a93"),
    ("sns-to-sqs", "70adffbd5d4b6e5e"),
    ("sns", "092670ac4bf4501f"),
    ("step-functions", "004bcd7c6cc8a659"),
    ("partial-responses-over-batch-size", "d4a93b2682bea7d7"),
    ("receives-through-an-outage", "a081eb1ce1c0721f"),
    ("redrive-into-a-recovering-consumer", "c68423773807c058"),
    ("reserved-or-maximum-concurrency", "95fd0e7e57055f31"),
    ("retries-at-three-error-rates", "c11fcffb777fa170"),
    ("visibility-one-or-six-timeouts", "3f080303c4707223"),
    ("callers-at-one-instant", "aa632126e2bc40bb"),
    ("equal-retries", "322827cb6efdd903"),
    ("batches", "57943223fed945ed"),
    ("chain-without-time", "e964d28d5a9c67e7"),
];

#[test]
fn digests_are_those_recorded() {
    let found: Vec<(String, String)> = all()
        .into_iter()
        .map(|(name, scenario)| (name, watched_alone(&scenario).0.to_string()))
        .collect();
    let recorded: Vec<(String, String)> =
        GOLDEN.iter().map(|(name, digest)| ((*name).into(), (*digest).into())).collect();
    let mut table = String::new();
    for (name, digest) in &found {
        writeln!(table, "    ({name:?}, {digest:?}),").expect("a text takes all");
    }
    assert!(found == recorded, "the digests are\n{table}");
}
