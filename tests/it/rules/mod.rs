//! What AWS does, rule by rule: a short scenario, and what can be seen of it, line by line.
//!
//! A test is named after the rule that it shows and, where it is one of the conformance cases of the
//! rule books, after that too (`c1`, `x1`, `t1`). Names are short: a function is `F`, a queue `Q`, its
//! dead-letter queue `D`, a mapping `M`, a caller `C`.

mod alarms;
mod async_invoke;
mod callers;
mod concurrency;
mod cost;
mod deliveries;
mod dependency;
mod destinations;
mod environments;
mod fifo;
mod ledger;
mod mapping;
mod partial;
mod pipes;
mod provisioned;
mod sqs;
mod stream;
mod sync_invoke;

use dwell::{
    experiment,
    kernel::Time,
    model::world::{Limits, Stop},
    observe::{RowSink, trace::Row},
    scenario::{self, Options},
};
use serde_json::Value;
use std::cell::RefCell;

/// Plays `scenario` and compares what is seen of it.
///
/// `facts` says which facts are wanted, between blanks: `run_ended` or `F.run_ended`, with a `+` behind
/// if the details are wanted too. `timeline` has a line for each: time, resource and fact, payload,
/// attempt, rule, details. `totals` has a line for each resource or caller, or `ledger`: its name, and
/// what its measures came to at the end (`F: Errors 3, AsyncEventAge.max 180200`).
#[track_caller]
fn check(scenario: &str, facts: &str, timeline: &str, totals: &str) {
    let seen = RefCell::new(Vec::new());
    let wanted: Vec<&str> = facts.split_whitespace().collect();
    let trace = |row: &Row<'_>| seen.borrow_mut().extend(line(row, &wanted));
    let results = play(scenario, Some(Box::new(trace)));

    let expected: Vec<&str> = lines(timeline).collect();
    let seen = seen.take();
    assert!(seen == expected, "expected\n{}\n\nseen\n{}", expected.join("\n"), seen.join("\n"));
    let wrong: Vec<String> = lines(totals).flat_map(|line| wrong_totals(&results, line)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the scenario came to, after it has passed its self-checks: the one place that touches the API.
#[track_caller]
fn play(scenario: &str, trace: Option<RowSink<'_>>) -> Value {
    let scenario = match scenario::load_text(scenario, "test.yaml", &Options::default()) {
        Ok(scenario) => scenario,
        Err(failure) => panic!("{failure}"),
    };
    let thresholds = experiment::thresholds(&scenario).expect("the thresholds can be read");
    let limits =
        Limits { events_max: 50_000_000, instant_max: 100_000, interrupted: &|_: Time| false };
    let played = experiment::play(&scenario.config, thresholds, trace, &limits);
    assert_eq!(played.finish.stop, Stop::Complete);
    assert_eq!(played.outcome.faults, Vec::<String>::new(), "the self-checks of the run");
    let results = played.outcome.results;
    for verdict in &results.thresholds {
        assert!(verdict.holds, "{verdict:?}");
    }
    serde_json::to_value(&results).expect("results are JSON")
}

/// The line of a fact, if it is wanted.
fn line(row: &Row<'_>, wanted: &[&str]) -> Option<String> {
    let fact = format!("{}.{}", row.resource, row.fact);
    let wish = wanted.iter().find(|wish| {
        let wish = wish.trim_end_matches('+');
        wish == fact || wish == row.fact
    })?;
    let mut line = format!("{} {fact}", row.now);
    if let Some(id) = row.written_id {
        line += &format!(" {id}");
    }
    if let Some(attempt) = row.attempt {
        line += &format!(" #{attempt}");
    }
    line += &format!(" {}", row.rule.id());
    if wish.ends_with('+') {
        line += &format!(" {}", row.detail);
    }
    Some(line.trim_end().to_owned())
}

/// What a line of `NAME: MEASURE VALUE, …` says and the results do not.
fn wrong_totals(results: &Value, line: &str) -> Vec<String> {
    let (name, measures) = line.split_once(": ").expect("a line begins with a name and a colon");
    let owner = match name {
        "ledger" => &results["ledger"],
        _ => [&results["resources"][name], &results["callers"][name]]
            .into_iter()
            .find(|owner| !owner.is_null())
            .unwrap_or_else(|| panic!("{name} is nothing in the results")),
    };
    let wrong = measures.split(", ").filter_map(|said| {
        let (measure, value) = said.rsplit_once(' ').expect("a measure has a value");
        let came = measure.split('.').fold(owner, |at, key| &at[key]);
        let value: f64 = value.parse().expect("a value is a number");
        let right = came.as_f64() == Some(value);
        (!right).then(|| format!("{name}.{measure} came to {came}, not {value}"))
    });
    wrong.collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
