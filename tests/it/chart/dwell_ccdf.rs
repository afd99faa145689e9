//! How long events stay.

use super::{is_clear, is_clear_at_every_width, is_golden, nothing, recorded};
use dwell::chart::{Look, dwell_ccdf};

/// Of ten events eight take 100 ms; those of the first three seconds are retried 60 s and 120 s later while
/// errors last, or never.
const TRIES: &str = "
title: Two that are late
duration: 10m
functions: {Resize: {service_time: 100ms, DeadLetterConfig: {TargetArn: Failed}}}
queues: {Failed: {}}
callers:
  Uploads: {via: invoke_async, target: Resize, arrivals: {at: [1s, 2s, 30s, 31s, 32s, 33s, 34s, 35s, 36s, 37s]}}
timeline: [{at: 0s, for: 10s, set: {functions.Resize.error_rate: 100%}}]
policies:
  Two retries: {}
  No retry: {functions.Resize.EventInvokeConfig.MaximumRetryAttempts: 0}
  Two retries of <events> that are still younger than a minute and a half: {functions.Resize.EventInvokeConfig.MaximumEventAgeInSeconds: 90}
";

#[test]
fn a_ccdf_is_the_one_that_was_looked_at() {
    let tries = recorded("dwell-ccdf", TRIES);
    is_golden("dwell-ccdf", &dwell_ccdf::svg(&tries, Look { width: 800, ..Look::default() }));
    is_clear_at_every_width(|look| dwell_ccdf::svg(&tries, look));
    let drawn = dwell_ccdf::svg(&tries, Look::default());
    assert!(drawn.contains("&lt;events&gt;") && !drawn.contains("<events>"), "{drawn}");
    let title = "“Two retries” and “Two retries of <events> that are still younger than a minute and a half”: all \
                 processed within 60.2 s; “No retry”: 2 (20 %), the others within a minute";
    assert_eq!(dwell_ccdf::finding(&tries), title);
}

#[test]
fn its_data_are_what_is_left_after_each_age() {
    let mut rows = Vec::new();
    dwell_ccdf::csv(&recorded("dwell-ccdf-rows", TRIES), &mut rows).expect("a buffer takes it");
    let text = String::from_utf8(rows).expect("it is text");
    let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0], dwell_ccdf::COLUMNS);
    let of = |policy: &str| -> Vec<(f64, &str)> {
        let rows = rows.iter().filter(|row| row[0] == policy);
        rows.map(|row| (row[1].parse().expect("a number"), row[2])).collect()
    };
    let two = of("Two retries");
    let left: Vec<&str> = two.iter().map(|(_, left)| *left).collect();
    assert_eq!(left, ["10", "2", "0"]);
    // A class is at most 6 % wide, and the oldest is known.
    assert!(0.1 < two[1].0 && two[1].0 < 0.107, "{two:?}");
    assert_eq!(two[2].0, 60.2);
    let left: Vec<&str> = of("No retry").iter().map(|(_, left)| *left).collect();
    assert_eq!(left, ["10", "2"]);
}

#[test]
fn without_events_it_says_so() {
    let drawn = dwell_ccdf::svg(&nothing(), Look::default());
    assert!(drawn.contains("<title>There is nothing to process</title>"));
    assert!(!dwell_ccdf::fits(&nothing()));
    is_clear(&drawn);
    let one = recorded(
        "dwell-ccdf-one",
        "
functions: {Worker: {service_time: 100ms}}
callers: {Orders: {target: Worker, arrivals: {at: [0s]}}}
",
    );
    let drawn = dwell_ccdf::svg(&one, Look::default());
    assert!(drawn.contains("<title>Everything is processed within 100 ms<"), "{drawn}");
    is_clear_at_every_width(|look| dwell_ccdf::svg(&one, look));
}
