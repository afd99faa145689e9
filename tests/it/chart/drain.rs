//! Drain: slopes and the law are those of the numbers in the file.

use super::{is_clear_at_every_width, is_golden, recorded, texts};
use dwell::chart::{Look, drain};

/// Ten runs of 2 s do 5 a second. Five minutes at 10/s leave 1,500 over, which drain at 5 − 2 = 3/s in
/// 8 minutes and 20 seconds.
const DRAIN: &str = "
title: A peak and its backlog
duration: 40m
functions: {Worker: {Timeout: 20, service_time: 2s}}
queues: {Jobs: {VisibilityTimeout: 120}}
event_source_mappings:
  JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1, ScalingConfig: {MaximumConcurrency: 10}}
callers: {Orders: {target: Jobs, arrivals: [{every: 500ms}, {every: 125ms, from: 10m, until: 15m}]}}
policies:
  Ten runs & <slow>: {}
  Thirty runs: {event_source_mappings.JobsToWorker.ScalingConfig.MaximumConcurrency: 30}
";

#[test]
fn a_drain_is_the_one_that_was_looked_at() {
    let all = recorded("drain", DRAIN);
    is_golden("drain", &drain::svg(&all, Look { width: 800, ..Look::default() }));
    is_clear_at_every_width(|look| drain::svg(&all, look));
}

#[test]
fn the_law_is_that_of_the_file() {
    let mut all = recorded("drain-figures", DRAIN);
    assert!(drain::fits(&all));
    assert!(
        drain::finding(&all).ends_with("; “Thirty runs”: no backlog"),
        "{}",
        drain::finding(&all)
    );
    all.arms.truncate(1);
    let drawn = drain::svg(&all, Look { width: 1200, ..Look::default() });
    let (_, placed) = texts(&drawn);
    let written: Vec<&str> = placed.iter().map(|placed| placed.text.as_str()).collect();
    let rise = written.iter().find(|text| text.starts_with('+') && text.ends_with("/min"));
    let rise: f64 = rise.expect("a slope up")[1..].trim_end_matches("/min").parse().expect("it is");
    assert!((290.0..310.0).contains(&rise), "(10 − 5) × 60 a minute: {rise}");
    let fall = written.iter().find(|text| text.starts_with('−') && text.ends_with("/min"));
    let fall: f64 = fall
        .expect("a slope down")
        .trim_start_matches('−')
        .trim_end_matches("/min")
        .parse()
        .expect("it is");
    assert!((170.0..190.0).contains(&fall), "(5 − 2) × 60 a minute: {fall}");
    let law = written.iter().find(|text| text.contains("/s − 2.00/s) = ")).expect("the law");
    assert!(law.contains("(5.00/s") || law.contains("(4.99/s"), "{law}");

    let mut rows = Vec::new();
    drain::csv(&all, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    assert_eq!(rows.lines().next(), Some(drain::COLUMNS.join(",").as_str()));
    let peak = rows.lines().skip(1).map(|line| line.split(',').nth(3).expect("a cell"));
    let peak = peak.map(|cell| cell.parse::<u64>().expect("a count")).max();
    let queue = &all.arms[0].recording.queues[0];
    assert!(peak.is_some_and(|peak| 1_480 < peak && peak <= queue.visible.peak() + 10), "{peak:?}");
}

#[test]
fn what_is_not_drained_is_said() {
    let short = DRAIN.replace("duration: 40m", "duration: 17m\ndrain: 0s");
    let mut all = recorded("drain-short", &short);
    is_clear_at_every_width(|look| drain::svg(&all, look));
    all.arms.truncate(1);
    let finding = drain::finding(&all);
    assert!(finding.ends_with(" and is not drained 2\u{a0}min later"), "{finding}");
}
