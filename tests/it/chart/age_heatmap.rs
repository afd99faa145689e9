//! Ages when processed over time.

use super::{is_clear, is_clear_at_every_width, is_golden, nothing, recorded};
use dwell::chart::{Look, age_heatmap};

/// One event each ten seconds; errors in the third minute, so that retries come a minute later.
const BANDS: &str = "
title: Retries a minute later
duration: 10m
functions: {Resize: {service_time: 100ms}}
callers: {Uploads: {via: invoke_async, target: Resize, arrivals: {every: 10s}}}
timeline: [{at: 2m, for: 1m, set: {functions.Resize.error_rate: 100%}}]
policies:
  As it is: {}
  <No retry> & no wait: {functions.Resize.EventInvokeConfig.MaximumRetryAttempts: 0}
";

#[test]
fn an_age_heatmap_is_the_one_that_was_looked_at() {
    let bands = recorded("age-heatmap", BANDS);
    let drawn = age_heatmap::svg(&bands, Look { width: 800, ..Look::default() });
    is_golden("age-heatmap", &drawn);
    assert!(drawn.contains("&lt;No retry&gt; &amp; no wait"), "{drawn}");
    is_clear_at_every_width(|look| age_heatmap::svg(&bands, look));
}

#[test]
fn every_event_that_was_processed_is_in_a_cell() {
    let bands = recorded("age-heatmap-rows", BANDS);
    let mut rows = Vec::new();
    age_heatmap::csv(&bands, &mut rows).expect("a buffer takes everything");
    let text = String::from_utf8(rows).expect("it is text");
    let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0], age_heatmap::COLUMNS);
    let number = |cell: &str| cell.parse::<f64>().expect("a number");
    let of = |policy: &str, age: f64| -> u64 {
        let rows = rows
            .iter()
            .filter(|row| row[0] == policy && number(row[3]) <= age && age < number(row[4]));
        rows.map(|row| row[5].parse::<u64>().expect("a count")).sum()
    };
    // Six of 60 fail; all come back after 60.1 s and succeed.
    let processed = bands.arms[0].recording.functions[0].processed.total();
    assert_eq!((of("As it is", 0.1), of("As it is", 60.2)), (processed - 6, 6));
    assert_eq!(of("<No retry> & no wait", 0.1), processed - 6);
}

#[test]
fn without_ages_it_says_so() {
    let drawn = age_heatmap::svg(&nothing(), Look::default());
    assert!(drawn.contains("<title>No function runs</title>") && !age_heatmap::fits(&nothing()));
    is_clear(&drawn);
    let one = recorded(
        "age-heatmap-one",
        "
functions: {Worker: {service_time: 100ms}}
callers: {Orders: {target: Worker, arrivals: {at: [0s]}}}
",
    );
    is_clear_at_every_width(|look| age_heatmap::svg(&one, look));
    let failing = recorded(
        "age-heatmap-none",
        "
functions: {Worker: {service_time: 100ms, error_rate: 100%}}
callers: {Orders: {target: Worker, arrivals: {at: [0s]}}}
",
    );
    assert_eq!(age_heatmap::finding(&failing), "Worker processes nothing");
    is_clear(&age_heatmap::svg(&failing, Look::default()));
}
