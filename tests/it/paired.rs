//! What the same luck under every policy is worth.
//!
//! A paired difference varies less than one between runs of their own luck; and what a change does
//! not touch is the same in every pair: not nearly, but event for event.

use crate::{
    coverage::{self, MM1},
    scenarios::LIMITS,
};
use dwell::{
    experiment::{Plan, Run},
    statistics::{Estimate, differences},
    study::{
        Sample,
        compare::{Arm, Comparison, Finding},
        fates::Changes,
    },
};

/// Plays two policies of a text, so many replications; compares the second to the first.
fn compare(
    text: &str,
    policies: [&str; 2],
    sets: &[String],
    metrics: &[&str],
    replications: u32,
) -> Comparison {
    let metrics: Vec<String> = metrics.iter().map(|metric| (*metric).to_owned()).collect();
    let plan = coverage::plan(text, &policies, sets, &metrics, 1);
    let mut arms = policies.map(|name| Arm {
        name: name.to_owned(),
        file: String::new(),
        hash: String::new(),
        samples: Vec::new(),
        changes: None,
    });
    for nth in 0..replications {
        let [before, after] = [0, 1].map(|arm| followed(&plan, arm, nth));
        let fates = |run: &Run| run.fates.clone().expect("fates were asked for");
        let changes = Changes::between(&fates(&before), &fates(&after), nth, true);
        arms[1].changes.get_or_insert_default().merge(changes);
        arms[0].samples.push(before.sample);
        arms[1].samples.push(after.sample);
    }
    Comparison::of(arms.into(), 0, &plan.metrics, true, plan.cut)
}

fn followed(plan: &Plan, arm: usize, nth: u32) -> Run {
    let run = plan.play(&plan.arms[arm], nth, true, &LIMITS);
    run.unwrap_or_else(|trouble| panic!("{trouble:?}"))
}

/// The values of the first metric of an arm.
fn values(comparison: &Comparison, arm: usize) -> Vec<f64> {
    let numbers: Vec<_> = comparison.arms[arm].samples.iter().map(|s| s.values[0]).collect();
    comparison.rows[0].metric.all_shown(&numbers)
}

fn variance(values: &[f64]) -> f64 {
    let sd = Estimate::of(values).expect("there are values").sd;
    sd * sd
}

/// M/M/1 at ρ = 0.8, service 100 ms against 95 ms.
#[test]
fn the_same_luck_makes_the_variance_of_a_difference_at_least_five_times_smaller() {
    let policies = ["As deployed", "A little faster"];
    let (sets, wait) = (["duration=1000s".to_owned()], ["F.dwell_time mean"]);
    let comparison = compare(MM1, policies, &sets, &wait, 60);
    let difference = comparison.rows[0].cells[1].difference.as_ref().expect("there are pairs");
    assert_eq!(difference.finding, Finding::Lower);
    let reported = difference.variance_reduction.expect("the difference varies");

    // What is reported follows from the two variances; here is the experiment that it stands for.
    let metrics = [wait[0].to_owned()];
    let apart = coverage::plan(MM1, &policies, &sets, &metrics, 2);
    let alone: Vec<Sample> = (0..60).map(|nth| coverage::play(&apart, 1, nth)).collect();
    let alone: Vec<_> = alone.iter().map(|sample| sample.values[0]).collect();
    let alone = apart.metrics[0].all_shown(&alone);
    let of_their_own = variance(&differences(&alone, &values(&comparison, 0)));
    let shared = variance(&differences(&values(&comparison, 1), &values(&comparison, 0)));
    let played = of_their_own / shared;
    eprintln!("variance reduced {reported:.1} times as reported, {played:.1} times as played");
    assert!(reported >= 5.0 && played >= 5.0, "{reported} reported, {played} played");
}

/// Scenarios with a policy `Longer` that does nothing but wait longer before it tries again.
const LONGER_WAITS: &[(&str, &str)] = &[
    (
        "the event queue's own retries",
        "
duration: 10m
functions:
  F: {service_time: 100ms, error_rate: 30%, DeadLetterConfig: {TargetArn: Failed}}
queues: {Failed: {}}
callers:
  C: {via: invoke_async, target: F, arrivals: {poisson: 5/s}}
policies:
  As deployed: {}
  Longer:
    functions.F.event_queue.backlog_threshold: 0
    functions.F.event_queue.backlog_interval_factor: 10
",
    ),
    (
        "retries of a call",
        "
duration: 10m
functions:
  F:
    Timeout: 900
    service_time: 100ms
    DeadLetterConfig: {TargetArn: Failed}
    calls: [{target: Db, retry: {attempts: 3, backoff: 100ms}}]
queues: {Failed: {}}
dependencies:
  Db: {concurrency: 1000, service_time: {exponential: {mean: 20ms}}, error_rate: 60%}
callers:
  C: {via: invoke_async, target: F, arrivals: {poisson: 5/s}}
policies:
  As deployed: {}
  Longer: {functions.F.calls.0.retry.backoff: {base: 10s, jitter: full}}
",
    ),
    (
        "receives of a queue",
        "
duration: 10m
functions:
  F: {service_time: {exponential: {mean: 500ms}}, error_rate: 30%}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Failed, maxReceiveCount: 3}}
  Failed: {}
event_source_mappings:
  M: {EventSourceArn: Jobs, FunctionName: F, BatchSize: 1}
callers:
  C: {target: Jobs, arrivals: {poisson: 5/s}}
policies:
  As deployed: {}
  Longer: {queues.Jobs.VisibilityTimeout: 300}
",
    ),
];

#[test]
fn a_longer_wait_before_retries_leaves_every_fate_as_it_was() {
    for (what, text) in LONGER_WAITS {
        let metrics = ["dead_lettered", "C.latency mean"];
        let comparison = compare(text, ["As deployed", "Longer"], &[], &metrics, 5);
        let of = |row: usize| {
            let found = comparison.rows[row].cells[1].difference.as_ref();
            found.unwrap_or_else(|| panic!("{what}: no pairs"))
        };
        let (lost, latency) = (of(0), of(1));
        assert!(values(&comparison, 0).iter().all(|lost| *lost > 5.0), "{what}: some are lost");
        assert_eq!(latency.finding, Finding::Higher, "{what}: the wait is felt");
        assert_eq!(lost.finding, Finding::Same, "{what}");
        assert_eq!(
            (lost.estimate.mean, lost.estimate.half_width(0.95)),
            (0.0, Some(0.0)),
            "{what}"
        );
        let changes = comparison.arms[1].changes.as_ref().expect("every arrival was followed");
        assert!(changes.arrivals > 10_000, "{what}: {}", changes.arrivals);
        assert_eq!((changes.changed, &changes.which), (0, &vec![]), "{what}");
    }
}
