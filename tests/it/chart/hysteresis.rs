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
    let (worst, best) = finding.split_once("; “A budget”: ").expect("both are told");
    assert!(worst.starts_with("“Three <tries> at once”: at equal load "), "{finding}");
    assert!(worst.ends_with("/s succeed while it rises and 0/s while it falls"), "{finding}");
    let rates: Vec<f64> = best
        .split(" and ")
        .map(|rate| rate.trim_end_matches("/s").parse().expect("a rate"))
        .collect();
    let share = rates[1] / rates[0];
    assert!(0.1 < share && share < 0.9, "it comes back late: {finding}");
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
        finding
            .contains("/s succeed before the fault and 0/s in the end; “A budget”: recovers to "),
        "{finding}"
    );
    is_clear_at_every_width(|look| hysteresis::svg(&all, look));
    let flat = fault
        .replace("timeline: [{at: 4m, for: 30s, set: {dependencies.Shelf.concurrency: 0}}]\n", "");
    assert!(!hysteresis::fits(&recorded("hysteresis-flat", &flat)));
}
