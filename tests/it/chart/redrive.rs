//! Redrive: the letters that come back are those that the run dead-lettered again.

use super::{is_clear_at_every_width, is_golden, recorded};
use dwell::chart::{Look, redrive};

/// 30 orders fail for three minutes and are redriven before the repair, or after it.
const REDRIVE: &str = "
title: Redrive too early
duration: 6m
functions: {Worker: {Timeout: 5, service_time: 100ms}}
queues:
  Jobs: {VisibilityTimeout: 10, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 1}}
  Dead: {MessageRetentionPeriod: 14d}
event_source_mappings: {JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers: {Orders: {target: Jobs, arrivals: {every: 2s, until: 59s}}}
timeline:
  - {at: 0s, for: 3m, set: {functions.Worker.error_rate: 100%}}
  - {at: 2m, StartMessageMoveTask: {SourceArn: Dead}}
policies:
  Too <early>: {}
  After the repair: {timeline.1.at: 4m}
";

#[test]
fn a_redrive_is_the_one_that_was_looked_at() {
    let all = recorded("redrive", REDRIVE);
    is_golden("redrive", &redrive::svg(&all, Look { width: 800, ..Look::default() }));
    is_clear_at_every_width(|look| redrive::svg(&all, look));
}

#[test]
fn what_comes_back_is_told_and_written() {
    let all = recorded("redrive-figures", REDRIVE);
    assert!(redrive::fits(&all));
    assert_eq!(
        redrive::finding(&all),
        "“Too <early>”: all 30 dead letters come back after a redrive; “After the repair”: none of 30"
    );
    let mut rows = Vec::new();
    redrive::csv(&all, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    let of = |start: &str| rows.lines().rfind(|line| line.starts_with(start)).map(str::to_owned);
    assert_eq!(rows.lines().next(), Some(redrive::COLUMNS.join(",").as_str()));
    let last = of("Too <early>,").expect("there are rows");
    assert!(last.ends_with(",0,30,0"), "all 30 lie there twice dead-lettered: {last}");
    let last = of("After the repair,").expect("there are rows");
    assert!(last.ends_with(",0,0,0"), "all are done: {last}");

    let mut alone = all.clone();
    alone.arms.truncate(1);
    assert_eq!(redrive::finding(&alone), "All 30 dead letters come back after a redrive");
    alone.arms[0].happenings.clear();
    assert!(redrive::fits(&alone), "they came back, whoever brought them");
    let resources = REDRIVE.split("timeline:").next().expect("there is a beginning");
    let fault = "timeline: [{at: 0s, for: 3m, set: {functions.Worker.error_rate: 100%}}]\n";
    let none = recorded("redrive-none", &format!("{resources}{fault}"));
    assert!(!redrive::fits(&none));
    assert_eq!(redrive::finding(&none), "Nothing is redriven of 30 dead letters");
}
