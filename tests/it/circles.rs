//! What is sent round in a circle, by dead-letter queues and by whatever else can bring it back: such a run
//! rests, or ends by a limit of its own, and its books are in order.

use dwell::{
    experiment,
    kernel::Time,
    model::world::{Limits, Stop},
    observe::Threshold,
    scenario::{self, Options},
};
use serde_json::Value;

/// How a run with a circle ended.
struct Ended {
    stop: Stop,
    circle: Option<String>,
    results: Value,
}

/// Plays it with as many events of one instant as `dwell run` allows.
#[track_caller]
fn ended(text: &str) -> Ended {
    let scenario = match scenario::load_text(text, "test.yaml", &Options::default()) {
        Ok(scenario) => scenario,
        Err(failure) => panic!("{failure}\n{text}"),
    };
    let limits =
        Limits { events_max: 5_000_000, instant_max: 1_000_000, interrupted: &|_: Time| false };
    let none: Vec<Threshold> = Vec::new();
    let played = experiment::play(&scenario.config, none, None, &limits);
    assert_eq!(played.outcome.faults, Vec::<String>::new(), "the self-checks of\n{text}");
    let ledger = &played.outcome.results.ledger.run;
    assert!(ledger.adds_up(), "{ledger:?}\n{text}");
    let results = serde_json::to_value(&played.outcome.results).expect("results are JSON");
    Ended { stop: played.finish.stop, circle: played.finish.circle, results }
}

/// Queues of which each is the dead-letter queue of the one before, and a reader of each that always fails.
fn dead_letter_circle(length: usize, queue: &str, section: &str, function: &str) -> String {
    let (source, target) = match section {
        "pipes" => ("Source", "Target"),
        _ => ("EventSourceArn", "FunctionName"),
    };
    let (mut queues, mut readers) = (String::new(), String::new());
    for at in 0..length {
        let next = (at + 1) % length;
        let policy = format!("{{deadLetterTargetArn: Q{next}, maxReceiveCount: 1}}");
        queues += &format!("  Q{at}: {{RedrivePolicy: {policy}{queue}}}\n");
        readers += &format!("  M{at}: {{{source}: Q{at}, {target}: F}}\n");
    }
    let group = if queue.contains("FifoQueue") { "MessageGroupId: g, " } else { "" };
    format!(
        "duration: 1m\ndrain: 20d\nfunctions: {{F: {{error_rate: 100%{function}}}}}\n\
         queues:\n{queues}{section}:\n{readers}\
         callers: {{C: {{target: Q0, {group}arrivals: {{at: [0s]}}}}}}\n"
    )
}

/// `Q0 → Q1 → Q0`.
fn around(length: usize) -> String {
    let names: Vec<String> = (0..=length).map(|at| format!("Q{}", at % length)).collect();
    names.join(" → ")
}

#[test]
fn a_circle_of_dead_letter_queues_rests_or_is_named() {
    for length in 2..=4 {
        for (queue, section) in [
            ("", "event_source_mappings"),
            (", FifoQueue: true, ContentBasedDeduplication: true", "event_source_mappings"),
            ("", "pipes"),
        ] {
            let text = dead_letter_circle(length, queue, section, "");
            let Ended { stop, circle, .. } = ended(&text);
            // Where time passes between the moves, what goes round may be stopped by the number of events.
            let named = (stop != Stop::Complete).then(|| around(length));
            assert_eq!(circle, named, "{text}");
        }
    }
}

#[test]
fn a_circle_of_dead_letter_queues_in_which_no_time_passes_is_named() {
    for length in 2..=5 {
        let text = dead_letter_circle(
            length,
            ", VisibilityTimeout: 0",
            "event_source_mappings",
            ", service_time: 0s",
        );
        let Ended { stop, circle, .. } = ended(&text);
        assert_eq!((stop, circle), (Stop::Instant, Some(around(length))), "{text}");
    }
}

#[test]
fn a_circle_through_a_function_goes_on_where_time_passes_and_names_no_queues_where_none_does() {
    // Its own dead-letter queue brings each event back to it, by way of a bus that no guard follows.
    let text = |time: &str| {
        format!(
            "duration: 1m\ndrain: 1d\nfunctions:\n  \
               F: {{error_rate: 100%, service_time: {time}, DeadLetterConfig: {{TargetArn: D}}, \
                    EventInvokeConfig: {{MaximumRetryAttempts: 0}}}}\n  \
               G: {{calls: [{{target: F, via: eventbridge}}]}}\n\
             queues: {{D: {{}}}}\n\
             event_source_mappings: {{M: {{EventSourceArn: D, FunctionName: G}}}}\n\
             callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}\n"
        )
    };
    // More rounds than 16 bits count.
    let Ended { stop, circle, results } = ended(&text("1s"));
    assert_eq!((stop, circle), (Stop::Complete, None));
    assert_eq!(results["resources"]["F"]["Invocations"], 86_461);
    let Ended { stop, circle, .. } = ended(&text("0s"));
    assert_eq!((stop, circle), (Stop::Instant, None));
}

#[test]
fn a_circle_through_the_dead_letter_queue_of_a_subscription_goes_on() {
    let Ended { stop, circle, results } = ended(
        "duration: 1m\ndrain: 1d\n\
         functions: {F: {forbidden: true}, G: {service_time: 1s, RecursiveLoop: Allow, calls: [{target: T}]}}\n\
         queues: {D: {}}\n\
         topics: {T: {}}\n\
         subscriptions: {S: {TopicArn: T, Protocol: lambda, Endpoint: F, RedrivePolicy: {deadLetterTargetArn: D}}}\n\
         event_source_mappings: {M: {EventSourceArn: D, FunctionName: G}}\n\
         callers: {C: {target: T, arrivals: {at: [0s]}}}\n",
    );
    assert_eq!((stop, circle), (Stop::Complete, None));
    assert!(results["resources"]["G"]["Invocations"].as_u64() > Some(1 << 16), "{results}");
}

#[test]
fn a_circle_through_the_failure_destination_of_a_stream_goes_on() {
    let Ended { stop, circle, results } = ended(
        "duration: 1m\ndrain: 1d\n\
         functions: {F: {error_rate: 100%, service_time: 100ms}, G: {RecursiveLoop: Allow, calls: [{target: S}]}}\n\
         queues: {D: {}}\n\
         streams: {S: {ShardCount: 1}}\n\
         event_source_mappings:\n  \
           R: {EventSourceArn: S, FunctionName: F, StartingPosition: TRIM_HORIZON, MaximumRetryAttempts: 0, \
               DestinationConfig: {OnFailure: {Destination: D}}}\n  \
           M: {EventSourceArn: D, FunctionName: G}\n\
         callers: {C: {target: S, arrivals: {at: [0s]}}}\n",
    );
    assert_eq!((stop, circle), (Stop::Complete, None));
    assert!(results["resources"]["F"]["Invocations"].as_u64() > Some(10_000), "{results}");
}

#[test]
fn two_move_tasks_against_each_other_end_when_their_time_is_over() {
    let Ended { stop, circle, results } = ended(
        "duration: 10m\ndrain: 3d\n\
         functions: {F: {error_rate: 100%}}\n\
         queues:\n  \
           Q: {RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}}\n  \
           D: {RedrivePolicy: {deadLetterTargetArn: Q, maxReceiveCount: 1}}\n\
         event_source_mappings:\n  \
           M: {EventSourceArn: Q, FunctionName: F, Enabled: false}\n  \
           N: {EventSourceArn: D, FunctionName: F, Enabled: false}\n\
         callers: {C: {target: Q, arrivals: {at: [0s], count: 10}}, E: {target: D, arrivals: {at: [0s], count: 10}}}\n\
         timeline:\n  \
           - {at: 5m, StartMessageMoveTask: {SourceArn: Q, DestinationArn: D, MaxNumberOfMessagesPerSecond: 1}}\n  \
           - {at: 5m, StartMessageMoveTask: {SourceArn: D, DestinationArn: Q, MaxNumberOfMessagesPerSecond: 1}}\n",
    );
    assert_eq!((stop, circle), (Stop::Complete, None));
    assert_eq!(results["ledger"]["arrivals"], 20);
}
