//! What every kind of chart of runs must do with: nothing, one event, many policies with long names.

use super::{is_clear, is_clear_at_every_width, recorded, texts};
use dwell::{
    chart::{Look, OfRuns, Recorded},
    observe::Recording,
};

/// A queue, a function, a dead-letter queue that is redriven, and a fault; with what is to arrive.
fn queue(arrivals: &str) -> String {
    format!(
        "
title: A queue
duration: 10m
functions: {{Worker: {{Timeout: 5, service_time: 1s, ReservedConcurrentExecutions: 3}}}}
queues:
  Jobs: {{VisibilityTimeout: 10, RedrivePolicy: {{deadLetterTargetArn: Dead, maxReceiveCount: 2}}}}
  Dead: {{MessageRetentionPeriod: 14d}}
event_source_mappings: {{JobsToWorker: {{EventSourceArn: Jobs, FunctionName: Worker}}}}
callers: {{Orders: {{target: Jobs, arrivals: {arrivals}}}}}
timeline:
  - {{at: 1m, for: 2m, set: {{functions.Worker.error_rate: 100%}}}}
  - {{at: 150s, StartMessageMoveTask: {{SourceArn: Dead}}}}
  - {{at: 5m, StartMessageMoveTask: {{SourceArn: Dead}}}}
"
    )
}

#[track_caller]
fn is_said(kind: OfRuns, recorded: &Recorded) {
    is_clear_at_every_width(|look| kind.svg(recorded, look));
    let drawn = kind.svg(recorded, Look::default());
    let (_, placed) = texts(&drawn);
    assert!(placed.first().is_some_and(|title| title.text.len() > 5), "{kind:?} says nothing");
    let mut rows = Vec::new();
    kind.csv(recorded, &mut rows).expect("memory takes it");
    assert!(rows.starts_with(b"policy,"), "{kind:?} has a header");
}

#[test]
fn of_nothing_each_says_so() {
    let mut empty = recorded("kinds-empty", &queue("{at: []}"));
    for kind in OfRuns::ALL {
        is_said(kind, &empty);
        assert!(!kind.fits(&empty), "{kind:?} fits what is empty");
    }
    empty.arms[0].recording = Recording::default();
    for kind in OfRuns::ALL {
        is_said(kind, &empty);
        assert!(!kind.fits(&empty), "{kind:?} fits what has no resource");
    }
}

#[test]
fn of_one_event_each_says_something() {
    for one in [queue("{at: [90s]}"), queue("{at: [4m]}")] {
        let one = recorded("kinds-one", &one);
        OfRuns::ALL.into_iter().for_each(|kind| is_said(kind, &one));
    }
}

#[test]
fn of_many_policies_with_long_names_each_is_clear() {
    let mut many = recorded("kinds-many", &queue("{poisson: 4/s}"));
    let arm = many.arms[0].clone();
    for nth in 1..6 {
        let mut arm = arm.clone();
        arm.name = format!("Policy {nth} with <a name> & that is much too long for one line of it");
        arm.sets =
            "MaximumConcurrency: 10, VisibilityTimeout: 21600, maxReceiveCount: 3".to_owned();
        many.arms.push(arm);
    }
    many.arms[0].name = "=A".to_owned();
    for kind in OfRuns::ALL {
        is_said(kind, &many);
        let drawn = kind.svg(&many, Look { width: 600, ..Look::default() });
        assert!(!drawn.contains("<a name>"), "{kind:?} escapes names");
        is_clear(&drawn);
        let mut rows = Vec::new();
        kind.csv(&many, &mut rows).expect("memory takes it");
        let rows = String::from_utf8(rows).expect("text");
        assert!(!rows.contains("\n=A") && rows.contains("\n'=A"), "{kind:?} writes no formula");
    }
}
