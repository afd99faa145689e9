//! Hysteresis: a loop is found where goodput does not come back, and none where it does.

use super::{is_clear_at_every_width, is_golden, recorded};
use dwell::chart::{Look, hysteresis};

/// Load goes up beyond what the shelf can look up and back; whoever waits asks three times.
const LOOP: &str = "
title: Load up, then down
duration: 12m
drain: 0s
functions:
  Shop:
    Timeout: 30
    service_time: 20ms
    calls: [{target: Shelf, timeout: 1s, retry: {attempts: 3}}]
dependencies: {Shelf: {concurrency: 4, service_time: 200ms}}
callers:
  Orders:
    target: Shop
    arrivals: [{poisson: 5/s}, {poisson: 5/s, from: 2m, until: 10m}, {poisson: 15/s, from: 4m, until: 7m}]
policies:
  Three <tries> at once: {}
  A budget: {functions.Shop.calls.0.retry.budget: 10%}
";

#[test]
fn a_loop_is_the_one_that_was_looked_at() {
    let all = recorded("hysteresis", LOOP);
    is_golden("hysteresis", &hysteresis::svg(&all, Look { width: 800, ..Look::default() }));
    is_clear_at_every_width(|look| hysteresis::svg(&all, look));
}

#[test]
fn goodput_that_does_not_come_back_is_a_loop() {
    let all = recorded("hysteresis-figures", LOOP);
    assert!(hysteresis::fits(&all));
    let finding = hysteresis::finding(&all);
    let (worst, best) = finding.split_once("; A budget: ").expect("both are told");
    let less =
        "Three <tries> at once: at the same load 100 % less succeeds on the way down than on the";
    assert!(worst.starts_with(less), "{finding}");
    let share: f64 = best.trim_end_matches(" % less").parse().expect("a share");
    assert!(10.0 < share && share < 90.0, "it comes back late: {finding}");
    let mut rows = Vec::new();
    hysteresis::csv(&all, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    assert_eq!(rows.lines().next(), Some(hysteresis::COLUMNS.join(",").as_str()));
    let of = rows.lines().filter(|line| line.starts_with("A budget,"));
    let succeeded: u64 = of
        .map(|line| line.split(',').nth(5).expect("a cell").parse::<u64>().expect("a count"))
        .sum();
    assert_eq!(succeeded, all.arms[1].recording.succeeded.total());
    let ways = &all.arms[1].recording.ways;
    let arrivals = all.arms[1].recording.arrived.total();
    assert!(succeeded <= arrivals, "what runs called is not counted: {succeeded} of {arrivals}");
    assert_eq!(ways.iter().map(|way| way.payloads).sum::<u64>(), arrivals);
}

#[test]
fn load_that_stays_is_compared_before_and_after_what_is_set() {
    let fault = LOOP
        .replace("[{poisson: 5/s}, {poisson: 5/s, from: 2m, until: 10m}, {poisson: 15/s, from: 4m, until: 7m}]", "{poisson: 10/s}")
        .replace("policies:", "timeline: [{at: 4m, for: 30s, set: {dependencies.Shelf.concurrency: 0}}]\npolicies:");
    let all = recorded("hysteresis-fault", &fault);
    assert!(hysteresis::fits(&all));
    let finding = hysteresis::finding(&all);
    assert!(
        finding.ends_with(
            " a second succeed before the fault, in the end 0 a second; A budget: no loop"
        ),
        "{finding}"
    );
    is_clear_at_every_width(|look| hysteresis::svg(&all, look));
    let flat = fault
        .replace("timeline: [{at: 4m, for: 30s, set: {dependencies.Shelf.concurrency: 0}}]\n", "");
    assert!(!hysteresis::fits(&recorded("hysteresis-flat", &flat)));
}
