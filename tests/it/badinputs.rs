//! Hostile scenario files: each is refused, or accepted as said, quickly and without a panic.
//!
//! Files that speak no language in particular are read as they are, from the folder `DWELL_BADINPUTS`
//! or a neighbour of the project, and skipped where that is absent. Those with a poisoned value are
//! written out here in the language of scenarios, with the value as it was.

use dwell::{
    model::config::Process,
    scenario::{
        Failure, Options, Scenario,
        diagnostic::{Diagnostic, Severity},
        load, load_text,
    },
};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Every file is done with in this time.
const PATIENCE: Duration = Duration::from_secs(2);

fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/badinputs");
    let folder = std::env::var_os("DWELL_BADINPUTS").map_or_else(beside, PathBuf::from);
    folder.join("manifest.csv").is_file().then_some(folder)
}

/// The scenario that a poisoned one was before.
const GOOD: &str = "\
duration: 60s
seed: 1
functions:
  fn: {service_time: 100ms, ReservedConcurrentExecutions: 10}
callers:
  src: {target: fn, arrivals: {poisson: 5/s}}
";

fn poisoned(good: &str, poison: &str) -> String {
    assert!(GOOD.contains(good), "{good}");
    GOOD.replace(good, poison)
}

fn accepted(id: &str, text: &str) -> Scenario {
    load_text(text, "x.yaml", &Options::default())
        .unwrap_or_else(|failure| panic!("{id} is accepted: {failure}"))
}

/// The errors of a text: their messages, each with its hint, and the whole as it is shown.
fn refused(id: &str, text: &str) -> (Vec<String>, String) {
    let begun = Instant::now();
    let loaded = load_text(text, "x.yaml", &Options::default());
    let Err(failure) = loaded else { panic!("{id} is refused") };
    let shown = failure.render(false);
    assert!(begun.elapsed() < PATIENCE, "{id} took {:?}", begun.elapsed());
    check_shown(id, &shown);
    let Failure::Bad { diagnostics, .. } = failure else { panic!("{id}: {failure}") };
    (errors(&diagnostics), shown)
}

fn errors(diagnostics: &[Diagnostic]) -> Vec<String> {
    let errors = diagnostics.iter().filter(|said| said.severity == Severity::Error);
    errors
        .map(|said| {
            let help = said.help.as_deref().unwrap_or_default();
            format!("{}: {} [{}] {help}", said.path, said.message, said.label)
        })
        .collect()
}

/// What is shown is short, has a place, and moves no cursor.
fn check_shown(id: &str, shown: &str) {
    assert!(shown.len() < 60_000, "{id} shows {} bytes", shown.len());
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{id}: {shown:?}");
    let places = shown.split(':').collect::<Vec<_>>();
    let digits = |part: &str| {
        let part = part.split_whitespace().next().unwrap_or_default();
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
    };
    let placed = places.windows(2).any(|pair| digits(pair[0]) && digits(pair[1]));
    assert!(placed, "{id} says line and column: {shown}");
}

#[track_caller]
fn check(id: &str, text: &str, expected: &[&str]) {
    let (errors, shown) = refused(id, text);
    for part in expected {
        assert!(
            errors.iter().any(|error| error.contains(part)),
            "{id}: {part}\n{errors:#?}\n{shown}"
        );
    }
}

#[test]
fn badinput_files_that_are_no_scenario_are_refused_at_a_place() {
    let Some(folder) = folder() else {
        return eprintln!("skipped: no folder of bad inputs");
    };
    let mut manifest = csv::Reader::from_path(folder.join("manifest.csv")).expect("a manifest");
    let mut tried = 0;
    for row in manifest.records() {
        let row = row.expect("a row");
        let (id, file, kind) = (&row[0], &row[1], &row[2]);
        if kind != "literal" {
            continue;
        }
        tried += 1;
        let begun = Instant::now();
        let loaded = load(&folder.join(file), &Options::default());
        let Err(failure) = loaded else { panic!("{id} is refused") };
        let shown = failure.render(false);
        assert!(begun.elapsed() < PATIENCE, "{id} took {:?}", begun.elapsed());
        check_shown(id, &shown);
    }
    assert!(tried >= 14, "{tried} literal files");
}

#[test]
fn badinput_poisoned_files_as_they_are_are_refused_too() {
    let Some(folder) = folder() else {
        return eprintln!("skipped: no folder of bad inputs");
    };
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            let begun = Instant::now();
            let loaded = load(&path, &Options::default());
            assert!(loaded.is_err(), "{} speaks another language", path.display());
            assert!(begun.elapsed() < PATIENCE, "{}", path.display());
        }
    }
}

#[test]
fn badinput_a_mark_and_other_line_ends_change_nothing() {
    let plain = accepted("B06", GOOD).hash;
    let same = [
        ("B05", format!("\u{feff}{GOOD}")),
        ("B06", GOOD.replace('\n', "\r\n")),
        ("B07", GOOD.replace('\n', "\r")),
    ];
    for (id, text) in same {
        assert_eq!(accepted(id, &text).hash, plain, "{id}");
    }
    let wrong = GOOD.replace("100ms", "100").replace('\n', "\r\n");
    assert!(refused("B06", &wrong).1.contains("x.yaml:4:"), "lines are counted as before");
}

#[test]
fn badinput_bytes_that_are_no_text_are_refused_with_their_offset() {
    let file = std::env::temp_dir().join(format!("dwell-badinput-{}.yaml", std::process::id()));
    let cases: [(&str, &[u8], &str); 3] = [
        ("B09", b"callers:\n  s\xff\xfe\x80c: {}\n", "byte 0xFF at offset 12"),
        ("B10", b"callers:\n  caf\xe9: {}\n", "byte 0xE9 at offset 14"),
        ("B11", b"callers:\n  \"s\0c\": {}\n", "a NUL byte at offset 13"),
    ];
    for (id, bytes, expected) in cases {
        std::fs::write(&file, bytes).expect("a temporary file");
        let Err(failure) = load(&file, &Options::default()) else { panic!("{id} is refused") };
        let shown = failure.render(false);
        assert!(shown.contains(expected) && shown.contains(":2:"), "{id}: {shown}");
    }
    std::fs::remove_file(&file).expect("it was written");
}

#[test]
fn badinput_nothing_is_said_twice() {
    let twice = "ReservedConcurrentExecutions: 10, ReservedConcurrentExecutions: 1000";
    let text = poisoned("ReservedConcurrentExecutions: 10", twice);
    check("B13", &text, &["stands twice, in lines 4 and 4"]);
    let quoted = "ReservedConcurrentExecutions: 10, \"ReservedConcurrentExecutions\": 1000";
    let text = poisoned("ReservedConcurrentExecutions: 10", quoted);
    check("B14", &text, &["stands twice"]);
    check(
        "B21",
        &format!("{GOOD}---\n{GOOD}"),
        &["a second document begins [one scenario per file]"],
    );
}

#[test]
fn badinput_yaml_1_1_traps_are_what_yaml_1_2_says() {
    let named = accepted("B31", &GOOD.replace("src:", "no:").replace("fn", "off"));
    let resources = &named.config.resources;
    assert_eq!(
        (resources.calls[0].name.as_str(), resources.functions[0].name.as_str()),
        ("no", "off")
    );
    let rate = &accepted("B31", &poisoned("5/s", "012/s")).config.resources.calls[0].arrivals[0];
    assert_eq!(rate.process, Process::Poisson(12e-9), "012 is 12");
    check("B31", &poisoned("100ms", "1:30"), &["service_time: `1:30` is not a time"]);
    let hex = poisoned("Executions: 10", "Executions: 0x10");
    check("B31", &hex, &["`0x10` is not a whole number"]);
    check("B31", &poisoned("100ms", "1.10"), &["`1.10` has no unit"]);
    check("B31", &poisoned("100ms,", "100ms, forbidden: no,"), &["write `false`"]);
}

#[test]
fn badinput_names_are_names() {
    let injected = GOOD
        .replace("fn:", "\"<svg onload=alert(1)>\":")
        .replace("src:", "\"=HYPERLINK(\\\"http://x\\\",\\\"<script>alert(1)</script>]]>\\\")\":")
        .replace("target: fn", "target: \"<svg onload=alert(1)>\"");
    check("B33", &injected, &["`<svg onload=alert(1)>` is no name", "`=HYPERLINK("]);
    for path in ["../../etc/passwd", "/etc/passwd", "a/b", "CON\\u0000", "..", "a\\\\b", "a\\nb"] {
        check("B34", &GOOD.replace("fn:", &format!("\"{path}\":")), &["is no name"]);
    }
    check("B34", &GOOD.replace("fn:", &format!("{}:", "x".repeat(300))), &["is too long"]);
    let confusable =
        "functions: {\"\": {}, \"  \": {}, café: {}, cafe\u{301}: {}, Fn: {}, fn: {}, fn : {}}\n";
    check("B35", confusable, &["stands twice"]);
    let confusable =
        "functions: {\"\": {}, \"  \": {}, café: {}, cafe\u{301}: {}, Fn: {}}\nqueues: {Fn: {}}\n";
    let (errors, shown) = refused("B35", confusable);
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(shown.contains("first here"), "both definitions are named: {shown}");
}

#[test]
fn badinput_numbers_are_finite_positive_and_have_units() {
    let three = |rate: &str, time: &str, count: &str| {
        GOOD.replace("5/s", rate)
            .replace("100ms", time)
            .replace("Executions: 10", &format!("Executions: {count}"))
    };
    let all = |id: &str, text: &str, expected: [&str; 3]| {
        check(id, text, &expected);
        assert_eq!(refused(id, text).0.len(), 3, "{id}");
    };
    all(
        "B37",
        &three(".inf", "-.inf", ".inf"),
        ["`.inf` is not a rate", "`-.inf`", "`.inf` is not a whole"],
    );
    all(
        "B38",
        &three("-5/s", "-100ms", "-1"),
        ["`-5/s` is negative", "`-100ms` is negative", "`-1` is negative"],
    );
    check("B39", &three("1e308/s", "1e309s", "10"), &["`1e308/s`", "`1e309s`"]);
    all(
        "B49",
        &three("\"1,000/s\"", "1_000ms", "\u{ff11}\u{ff12}"),
        ["did you mean `1000/s`?", "did you mean `1000ms`?", "write `12`"],
    );
    check(
        "B47",
        &three("10 parsecs", "10", "10"),
        &["a rate: a number per s, min, h or d", "write `10s` or `10ms`"],
    );
    check(
        "B47",
        &poisoned("100ms,", "1h30, keep_alive: 10 MS, Timeout: 5 M,"),
        &["did you mean `1h30m`?", "did you mean `10ms`?", "did you mean `5m`?"],
    );
}

#[test]
fn badinput_a_source_that_never_fires_is_a_scenario() {
    for rate in ["0/s", "0"] {
        let scenario = accepted("B41", &poisoned("5/s", rate));
        let arrivals = &scenario.config.resources.calls[0].arrivals[0];
        assert_eq!(arrivals.process, Process::At([].into()));
    }
}

#[test]
fn badinput_circles_without_time_are_accepted_with_a_warning() {
    let warned = |id: &str, text: &str, part: &str| {
        let scenario = accepted(id, text);
        assert!(scenario.warnings.iter().any(|said| said.message.contains(part)), "{id}: {part}");
    };
    let itself = "0s, EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: fn}}}";
    let asynchronous = poisoned("100ms", itself).replace("target:", "via: invoke_async, target:");
    warned("B42", &asynchronous, "a circle in which no time passes: fn → fn");
    warned("B42", &asynchronous, "its own success destination");
    let fan_out = "0s, calls: [{target: fn, via: invoke_async, count: 2}]";
    warned("B55", &poisoned("100ms", fan_out), "a circle in which no time passes: fn → fn");
    let failing = "100ms, error_rate: 100%, EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: fn}}}";
    warned("B54", &poisoned("100ms", failing), "`fn` is its own failure destination");
    let orphan = GOOD.replace("functions:\n", "functions:\n  orphan: {service_time: 1s}\n");
    warned("B57", &orphan, "nobody invokes `orphan`");
}

#[test]
fn badinput_a_billion_is_refused_or_costs_nothing_to_load() {
    let text = GOOD.replace("{poisson: 5/s}", "{at: [0s], count: 1000000000}");
    assert_eq!(accepted("B43", &text).config.resources.calls[0].arrivals[0].count, 1_000_000_000);
    let reserved = poisoned("Executions: 10", "Executions: 1000000000");
    check("B43", &reserved, &["1000000000 reserved of 1000"]);
    let account = format!("account: {{concurrency: 1000000000}}\n{GOOD}");
    check("B43", &account, &["account.concurrency"]);
    let clients = GOOD.replace("{poisson: 5/s}", "{closed: {clients: 1000000000}}");
    check("B43", &clients, &["closed.clients"]);
}

#[test]
fn badinput_shares_and_laws_are_such() {
    for share in ["1.0000001", "-0.1", "110%", "-5%", "nan", ".nan", "100.0000001%"] {
        let text = poisoned("100ms", &format!("100ms, error_rate: {share}"));
        check("B45", &text, &["functions.fn.error_rate: "]);
    }
    let mixture = "{mixture: [{weight: 50%, of: 1s}, {weight: 60%, of: 2s}]}";
    check("B45", &poisoned("100ms", mixture), &["the shares add up to 110%"]);
    for (law, expected) in [
        ("{lognormal: {median: 400ms, p99: 80ms}}", "`80ms` is not above the median `400ms`"),
        ("{lognormal: {p50: 400ms, p99: 80ms}}", "unknown key `p50`"),
        ("{lognormal: {median: 1s, sigma: -1}}", "unknown key `sigma`"),
        ("{pareto: {alpha: 0.5}}", "unknown key `alpha`"),
        ("{pareto: {scale: 1s, shape: 0.5}}", "infinite mean"),
        ("{empirical: []}", "a list is not a mapping"),
    ] {
        check("B46", &poisoned("100ms", law), &[expected]);
    }
}

#[test]
fn badinput_limits_of_aws_are_quoted() {
    let text = "\
functions:
  fn: {Timeout: 901s, MemorySize: 1, ReservedConcurrentExecutions: 0}
queues:
  q: {VisibilityTimeout: 43201s, MessageRetentionPeriod: 15d, RedrivePolicy: {deadLetterTargetArn: d, maxReceiveCount: 0}}
  d: {}
event_source_mappings:
  m: {EventSourceArn: q, FunctionName: fn, BatchSize: 1000000}
";
    let (errors, shown) = refused("B50", text);
    assert_eq!(errors.len(), 6, "concurrency 0 is legal: {shown}");
    for part in ["of 900 s", "of 128", "of 12 h", "of 14 d", "of 1 ", "of 10000"] {
        assert!(
            errors.iter().any(|error| error.contains(&format!("AWS's limit {part}"))),
            "{part}: {shown}"
        );
    }
}

#[test]
fn badinput_what_is_misspelled_is_guessed() {
    check(
        "B51",
        &poisoned("target: fn", "target: fnn"),
        &["nothing here is called `fnn`", "did you mean `fn`?"],
    );
    let dead = "queues: {q: {RedrivePolicy: {deadLetterTargetArn: q, maxReceiveCount: 3}}}\n";
    check("B53", dead, &["`q` is its own dead-letter queue"]);
    let text = poisoned("ReservedConcurrentExecutions", "ReservedConcurentExecutions");
    check("B58", &text, &["did you mean `ReservedConcurrentExecutions`?"]);
}

#[test]
fn badinput_wrong_types_are_told_all_at_once() {
    let text = "\
title: 5
duration: [1s]
callers: [src]
functions:
  fn: fn
  f2: {service_time: {oops: true}, Timeout: {a: b}, cases: 7}
queues: 5
thresholds: {a: b, c: d}
timeline: 7
policies: [x]
";
    let (errors, shown) = refused("B59", text);
    for part in [
        "title: `5` is not text",
        "duration: ",
        "callers: a list is not a mapping",
        "functions.fn: `fn` is not a mapping",
        "service_time.oops: unknown key",
        "functions.f2.Timeout: ",
        "functions.f2.cases: `7` is not a list",
        "queues: `5` is not a mapping",
        "thresholds: a mapping is not a list",
        "timeline: `7` is not a list",
        "policies: a list is not a mapping",
    ] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part}: {shown}");
    }
}
