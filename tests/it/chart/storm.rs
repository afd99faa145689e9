//! The storm: what it shows is what happened, and it stays whole however much or little that is.

use super::{is_clear, is_clear_at_every_width, is_golden, recorded, texts};
use dwell::{
    chart::{Look, Recorded, storm},
    observe::Fingerprint,
};

/// Two tries or one of a function that fails for a while, and a name that is no markup.
const STORM: &str = "
title: Orders
duration: 20m
functions:
  Worker: {Timeout: 3, service_time: 200ms, ReservedConcurrentExecutions: 3, DeadLetterConfig: {TargetArn: Dead}}
queues: {Dead: {}}
callers: {Orders: {via: invoke_async, target: Worker, arrivals: {poisson: 5/s, until: 15m}}}
timeline:
  - {at: 5m, for: 4m, set: {functions.Worker.error_rate: 90%}}
policies:
  No retry: {functions.Worker.EventInvokeConfig.MaximumRetryAttempts: 0}
  One <retry> & more: {functions.Worker.EventInvokeConfig.MaximumRetryAttempts: 1}
";

#[test]
fn a_storm_is_the_one_that_was_looked_at() {
    is_golden(
        "storm",
        &storm::svg(&recorded("storm", STORM), Look { width: 800, ..Look::default() }),
    );
}

#[test]
fn nothing_overlaps_or_is_cut_at_any_width() {
    let all = recorded("storm-widths", STORM);
    let mut wide = all.clone();
    for nth in 0..2 {
        let mut arm = all.arms[nth].clone();
        arm.name = format!("A policy with a name that is much too long for its column {nth}");
        arm.sets =
            "MaximumEventAgeInSeconds: 21600, DestinationConfig.OnFailure.Destination: x".into();
        wide.arms.push(arm);
    }
    is_clear_at_every_width(|look| storm::svg(&all, look));
    is_clear_at_every_width(|look| storm::svg(&wide, look));
}

#[test]
fn its_figures_are_those_of_the_run() {
    let all = recorded("storm-figures", STORM);
    let drawn = storm::svg(&all, Look::default());
    let (_, placed) = texts(&drawn);
    let says = |text: &str| placed.iter().any(|placed| placed.text == text);
    for arm in &all.arms {
        let letters = arm.recording.letters.iter().map(|levels| levels.ended()).sum::<u64>();
        let queue = &arm.recording.queues[0];
        assert_eq!(letters, queue.visible.ended(), "what is dead lies in the queue");
        let written = dwell::report::wording::count(letters);
        assert!(letters > 0 && says(&format!("{written} left")), "{letters}");
    }
    assert!(says("MaximumRetryAttempts: 1") && drawn.contains("One &lt;retry&gt; &amp; more"));
    assert!(drawn.contains("Worker.error_rate: 90%"), "the fault is named");
    assert!(
        placed.iter().any(|placed| placed.text.starts_with("reserved concurrency 3 = 15 runs/s"))
    );

    let mut rows = Vec::new();
    storm::csv(&all, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    let mut lines = rows.lines();
    assert_eq!(lines.next(), Some(storm::COLUMNS.join(",").as_str()));
    let (mut first, mut letters) = (0, String::new());
    for line in lines.filter(|line| line.starts_with("No retry,")) {
        let cells: Vec<&str> = line.split(',').collect();
        first += cells[3].parse::<u64>().expect("a count");
        letters = cells[8].to_owned();
    }
    assert_eq!(first, all.arms[0].recording.arrived.total(), "each event is tried once");
    assert_eq!(letters, all.arms[0].recording.letters[0].ended().to_string());
}

#[test]
fn of_nothing_it_says_so_and_of_one_event_it_has_one() {
    let empty = recorded(
        "empty",
        "functions: {Idle: {}}\ncallers: {Nobody: {target: Idle, arrivals: {at: []}}}",
    );
    assert!(!storm::fits(&empty) && storm::finding(&empty) == "Idle never runs");
    is_clear(&storm::svg(&empty, Look::default()));
    let one = recorded(
        "one",
        "functions: {Once: {}}\ncallers: {Somebody: {target: Once, arrivals: {at: [0s]}}}",
    );
    assert!(storm::fits(&one));
    is_clear_at_every_width(|look| storm::svg(&one, look));
    assert_eq!(storm::finding(&one), "The only arrival succeeds");
}

#[test]
fn what_is_recorded_changes_nothing_and_is_kept_whole() {
    let all = recorded("storm-kept", STORM);
    let written = serde_json::to_string(&all).expect("it can be written");
    let read: Recorded = serde_json::from_str(&written).expect("it can be read");
    assert_eq!(read, all);
    assert!(written.len() < 200_000, "{} bytes", written.len());
    let digest = |nth: usize| all.arms[nth].digest.clone();
    assert!(digest(0) != digest(1) && digest(0) != Fingerprint(0).to_string());
}

#[test]
fn an_alarm_rings_in_it_or_never_does() {
    let all =
        recorded("storm-alarm", include_str!("../../../scenarios/the-alarm-that-never-rings.yaml"));
    let rings: Vec<_> = all.arms.iter().map(|arm| arm.alarms[0].rings.clone()).collect();
    // By the end of the minute in which the first message is dead, and on while it lies there.
    assert_eq!(rings, [vec![], vec![(480_000_000_000, None)]]);
    assert_eq!(
        storm::finding(&all).replace('\u{a0}', " "),
        "“NumberOfMessagesSent”: the alarm “SomethingIsDead” never rings; “ApproximateNumberOfMessagesVisible”: \
         rings at 8 min; under every policy 126 of 2,597 arrivals dead-lettered"
    );
    let drawn = storm::svg(&all, Look::default());
    let (_, placed) = texts(&drawn);
    for says in ["Alarm SomethingIsDead", "never", "from 8 min"] {
        assert!(placed.iter().any(|placed| placed.text == says), "{says}");
    }
    is_clear_at_every_width(|look| storm::svg(&all, look));
}

#[test]
fn where_fates_are_alike_it_counts_runs() {
    let all = recorded("storm-runs", include_str!("../../../scenarios/kill-switch-and-loop.yaml"));
    let finding = storm::finding(&all);
    let says = "“Stopped by Lambda”: 10,768 runs; “Allowed and switched off”: 49,536 runs; under every policy 673 of \
                673 arrivals dead-lettered";
    assert_eq!(finding, says);
}
