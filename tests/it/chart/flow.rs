//! The flow.

use super::{is_clear, is_clear_at_every_width, is_golden, nothing, recorded};
use dwell::chart::{Look, Recorded, flow};
use std::collections::BTreeMap;

/// Errors until 50 s: what comes at 1, 2 and 3 s fails twice, what comes at 25 s once, what comes at 55 and
/// 56 s never. Two minutes after the start all dead letters are moved back into ten seconds of errors.
const REDRIVEN: &str = "
title: Redriven into an error
duration: 10m
functions: {Worker: {Timeout: 5, service_time: 100ms}}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Failed, maxReceiveCount: 2}}
  Failed: {}
event_source_mappings: {JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers: {Orders: {target: Jobs, arrivals: {at: [1s, 2s, 3s, 25s, 55s, 56s]}}}
timeline:
  - {at: 0s, for: 50s, set: {functions.Worker.error_rate: 100%}}
  - {at: 118s, for: 12s, set: {functions.Worker.error_rate: 100%}}
  - {at: 120s, StartMessageMoveTask: {SourceArn: Failed}}
policies:
  Two receives: {}
  One receive: {queues.Jobs.RedrivePolicy.maxReceiveCount: 1}
";

/// Events of every fate, with requests to a dependency and messages to a second queue.
const MIXED: &str = "
title: Orders, a database and invoices
duration: 20m
functions:
  Worker:
    Timeout: 10
    service_time: 50ms
    error_rate: 20%
    ReservedConcurrentExecutions: 4
    EventInvokeConfig: {MaximumRetryAttempts: 1}
    DeadLetterConfig: {TargetArn: Failed}
    calls: [{target: Db, timeout: 1s}, {target: Invoices}]
  Printer: {Timeout: 10, service_time: 20ms, error_rate: 30%}
dependencies: {Db: {concurrency: 2, queue: 1, service_time: 300ms}}
queues:
  Failed: {MessageRetentionPeriod: 5m}
  Invoices: {VisibilityTimeout: 60, RedrivePolicy: {deadLetterTargetArn: Unprinted, maxReceiveCount: 2}}
  Unprinted: {}
event_source_mappings: {Print: {EventSourceArn: Invoices, FunctionName: Printer}}
callers: {Orders: {via: invoke_async, target: Worker, arrivals: {poisson: 3/s}}}
timeline: [{at: 10m, StartMessageMoveTask: {SourceArn: Unprinted}}]
";

fn rows(recorded: &Recorded) -> Vec<String> {
    let mut rows = Vec::new();
    flow::csv(recorded, &mut rows).expect("a buffer takes everything");
    let text = String::from_utf8(rows).expect("it is text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_flow_is_the_one_that_was_looked_at() {
    let redriven = recorded("flow", REDRIVEN);
    is_golden("flow", &flow::svg(&redriven, Look { width: 800, ..Look::default() }));
    let title = "“Two receives”: all 6 arrivals succeed; “One receive”: 4 dead-lettered (2 runs each failed on \
                 Worker)";
    assert_eq!(flow::finding(&redriven), title);
    is_clear_at_every_width(|look| flow::svg(&redriven, look));
}

#[test]
fn every_event_is_where_it_was() {
    let rows = rows(&recorded("flow-rows", REDRIVEN));
    let expected = "
Two receives,1,sent,run 1,6
Two receives,2,run 1,succeeded,2
Two receives,2,run 1,run 2,4
Two receives,3,succeeded,succeeded,2
Two receives,3,run 2,succeeded,1
Two receives,3,run 2,dead-letter queue,3
Two receives,4,succeeded,succeeded,3
Two receives,4,dead-letter queue,redriven,3
Two receives,5,succeeded,succeeded,3
Two receives,5,redriven,succeeded,3
One receive,1,sent,run 1,6
One receive,2,run 1,succeeded,2
One receive,2,run 1,dead-letter queue,4
One receive,3,succeeded,succeeded,2
One receive,3,dead-letter queue,dead-letter queue,4
One receive,4,succeeded,succeeded,2
One receive,4,dead-letter queue,redriven,4
One receive,5,succeeded,succeeded,2
One receive,5,redriven,dead_lettered,4";
    assert_eq!(rows[0], flow::COLUMNS.join(","));
    assert_eq!(rows[1..].join("\n"), expected.trim());
}

#[test]
fn every_column_adds_up_to_what_was_sent() {
    for (name, scenario) in [("flow-sums", REDRIVEN), ("flow-mixed", MIXED)] {
        let recorded = recorded(name, scenario);
        let mut sums: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for row in &rows(&recorded)[1..] {
            let cells: Vec<&str> = row.split(',').collect();
            let column = cells[1].parse().expect("a number");
            let events: u64 = cells[4].parse().expect("a number");
            *sums.entry((cells[0].to_owned(), column)).or_default() += events;
        }
        assert!(4 <= sums.len(), "{name}: {sums:?}");
        for ((policy, column), sum) in &sums {
            let arm = recorded.arms.iter().find(|arm| arm.name == *policy).expect("it is there");
            assert_eq!(*sum, arm.recording.entered(), "{name}: {policy}, column {column}");
        }
        is_clear_at_every_width(|look| flow::svg(&recorded, look));
    }
}

#[test]
fn requests_to_a_dependency_are_no_events() {
    let mixed = recorded("flow-requests", MIXED);
    let orders = mixed.arms[0].recording.arrived.total();
    let runs = mixed.arms[0].recording.functions[0].processed.total();
    // Each order that is processed has sent an invoice; one may be under way at the end.
    let events = mixed.arms[0].recording.entered();
    assert!(1_000 < runs && events.abs_diff(orders + runs) <= 1, "{orders} {runs} {events}");
}

#[test]
fn a_flow_of_nothing_and_of_one_event_says_so() {
    let drawn = flow::svg(&nothing(), Look::default());
    assert!(drawn.contains("<title>Nothing is sent</title>") && !flow::fits(&nothing()));
    is_clear(&drawn);
    let one = recorded(
        "flow-one",
        "
functions: {Worker: {service_time: 100ms}}
callers: {Orders: {target: Worker, arrivals: {at: [0s]}}}
policies: {'<b> & \"c\"': {}, 'A policy with a name so long that it is longer than the page is wide at six hundred pixels or so': {}}
",
    );
    let drawn = flow::svg(&one, Look::default());
    assert!(drawn.contains("<title>Under every policy: the only arrival succeeds</title>"));
    assert!(drawn.contains("&lt;b&gt; &amp; &quot;c&quot;") && !drawn.contains("<b>"), "{drawn}");
    is_clear_at_every_width(|look| flow::svg(&one, look));
}
