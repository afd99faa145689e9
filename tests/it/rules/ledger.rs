//! The ledger: what callers start is at the end in exactly one place. One story for each word.

use super::{check, play};

#[test]
fn ours_succeeded_and_failed_are_what_somebody_waited_for() {
    check(
        "
        functions: {F: {cases: [{when: {kind: [bad]}, error_rate: 100%}]}}
        callers:
          C: {target: F, arrivals: {at: [0s], count: 3}, attributes: {kind: {cycle: [good, good, bad]}}}
        ",
        "resolved+",
        "
        0s C.resolved C-1 SI1 ok=yes since=0s place=succeeded
        0s C.resolved C-2 SI1 ok=yes since=0s place=succeeded
        0s C.resolved C-3 SI9 ok=no since=0s place=failed
        ",
        "ledger: arrivals 3, succeeded 2, failed 1, dropped 0, waiting 0, in_flight 0",
    );
}

#[test]
fn ours_what_is_sent_where_nothing_reads_is_delivered() {
    check(
        "
        queues: {Q: {}}
        topics: {T: {}}
        callers:
          A: {target: Q, arrivals: {at: [0s]}}
          B: {target: T, arrivals: {at: [0s]}}
          C: {target: 'arn:aws:sqs:eu-west-1:123456789012:elsewhere', via: sqs, arrivals: {at: [0s]}}
        ",
        "enqueued+ published+",
        "
        0s Q.enqueued A-1 S6 entry=sent place=delivered
        0s T.published B-1 ours place=delivered
        0s .published C-1 ours place=delivered
        ",
        "ledger: delivered 3",
    );
}

#[test]
fn ours_what_a_queue_lost_is_expired_filtered_or_dropped() {
    check(
        "
        duration: 3m
        functions: {F: {}}
        queues: {Q: {MessageRetentionPeriod: 60}, P: {}, R: {}}
        event_source_mappings:
          M: {EventSourceArn: Q, FunctionName: F, Enabled: false}
          N: {EventSourceArn: P, FunctionName: F, FilterCriteria: {Filters: [{Pattern: {kind: [wanted]}}]}}
          O: {EventSourceArn: R, FunctionName: F, Enabled: false}
        callers:
          A: {target: Q, arrivals: {at: [0s]}}
          B: {target: P, arrivals: {at: [0s]}, attributes: {kind: other}}
          C: {target: R, arrivals: {at: [0s]}}
        timeline: [{at: 90s, PurgeQueue: {QueueUrl: R}}]
        ",
        "expired+ deleted+ purged+",
        "
        0s P.deleted B-1 E19 why=filtered was=in_flight place=filtered
        60s Q.expired A-1 S6 was=visible place=expired
        90s R.purged C-1 S21 was=visible place=dropped
        ",
        "A: expired 1
         B: filtered 1
         C: dropped 1
         ledger: expired 1, filtered 1, dropped 1",
    );
}

#[test]
fn ours_what_has_not_come_to_rest_is_waiting_or_in_flight() {
    check(
        "
        duration: 10s
        drain: 0s
        functions: {F: {Timeout: 60, service_time: 30s, ReservedConcurrentExecutions: 1}}
        callers:
          A: {target: F, arrivals: {at: [0s]}}
          B: {via: invoke_async, target: F, arrivals: {at: [1s]}}
        ",
        "",
        "",
        "A: in_flight 1
         B: waiting 1
         ledger: arrivals 2, in_flight 1, waiting 1",
    );
}

#[test]
fn ours_a_copy_has_a_place_of_its_own() {
    check(
        "
        functions:
          F: {calls: [{target: Q}, {target: G}]}
          G: {error_rate: 100%}
        queues: {Q: {}}
        callers: {C: {target: F, arrivals: {at: [0s]}}}
        ",
        "copied+ enqueued+ resolved+",
        "
        0s F.calls.0.copied C-1.1 ours by=F.calls.0 place=in_flight
        0s Q.enqueued C-1.1 S6 entry=sent place=delivered
        0s F.calls.1.copied C-1.2 ours by=F.calls.1 place=in_flight
        0s F.calls.1.resolved C-1.2 SI9 ok=no since=0s place=failed
        0s C.resolved C-1 SI9 ok=no since=0s place=failed
        ",
        "ledger: arrivals 1, messages 1, delivered 0, failed 1",
    );
}

#[test]
fn ours_a_queue_that_refuses_leaves_the_message_to_its_sender() {
    check(
        "
        queues: {Q: {}}
        callers: {C: {target: Q, arrivals: {at: [0s]}, retry: {attempts: 3, backoff: 1s}}}
        timeline: [{at: 0s, for: 1500ms, set: {queues.Q.system_error_rate: 100%}}]
        ",
        "requested send_refused answered+ enqueued",
        "
        0s C.requested C-1 #1 ours
        0s Q.send_refused C-1 ours
        0s C.answered C-1 ours answer=system_error took=0s
        1s C.requested C-1 #2 SI9
        1s Q.send_refused C-1 ours
        1s C.answered C-1 ours answer=system_error took=0s
        2s C.requested C-1 #3 SI9
        2s Q.enqueued C-1 S6
        2s C.answered C-1 ours answer=ok took=0s
        ",
        "Q: NumberOfMessagesSent 1
         ledger: delivered 1",
    );
}

#[test]
fn what_enters_before_the_warm_up_is_over_is_in_the_ledger_only() {
    check(
        "duration: 2m\n\
         warmup: 1m\n\
         functions: {F: {service_time: 1s}}\n\
         callers: {C: {target: F, arrivals: {every: 10s}}}\n\
         thresholds:\n  \
           - C.requests / C.arrivals == 1\n  \
           - C.arrivals == 6\n  \
           - succeeded == 6\n",
        "",
        "",
        "ledger: arrivals 12, succeeded 12
         C: requests 6",
    );
}

// What lies where the reader is disabled.

/// A queue whose function fails, its dead-letter queue, and who reads that.
fn letters(attributes: &str, reader: &str, rest: &str) -> String {
    format!(
        "
        duration: 1h
        functions: {{F: {{error_rate: 100%}}, L: {{}}}}
        queues:
          Q: {{VisibilityTimeout: 30, RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: 3}}, {attributes}}}
          D: {{MessageRetentionPeriod: 14d, {attributes}}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F}}{reader}}}
        callers: {{C: {{target: Q, MessageGroupId: g, arrivals: {{at: [0s, 1s]}}}}}}
        {rest}
        "
    )
}

const STANDARD: &str = "DelaySeconds: 0";
const FIFO: &str = "FifoQueue: true, ContentBasedDeduplication: true";
const PARKED: &str = ", R: {EventSourceArn: D, FunctionName: L, Enabled: false}";
const PARKED_PIPE: &str = "}\n        pipes: {R: {Source: D, Target: L, DesiredState: STOPPED}";

/// A caller of a standard queue gives no group.
fn of_kind(attributes: &str, text: &str) -> String {
    match attributes {
        FIFO => text.to_owned(),
        _ => text.replace("MessageGroupId: g, ", ""),
    }
}

#[test]
fn ours_dead_letters_of_a_disabled_reader_rest_and_the_run_ends() {
    for attributes in [STANDARD, FIFO, "DelaySeconds: 20"] {
        for reader in [PARKED, PARKED_PIPE, ""] {
            let text = of_kind(attributes, &letters(attributes, reader, ""));
            let results = play(&text, None);
            assert_eq!(results["ledger"]["dead_lettered"], 2, "{text}");
            assert_eq!(results["ended_at_s"], 3600.0, "{text}");
        }
    }
}

#[test]
fn ours_dead_letters_wait_from_when_their_reader_is_enabled() {
    for (reader, path) in [
        (PARKED, "event_source_mappings.R.Enabled: true"),
        (PARKED_PIPE, "pipes.R.DesiredState: RUNNING"),
    ] {
        check(
            &letters(STANDARD, reader, &format!("timeline: [{{at: 3h, set: {{{path}}}}}]"))
                .replace("MessageGroupId: g, ", ""),
            "D.enqueued+ place_changed+ D.received D.deleted+",
            "
            90s D.enqueued C-1 S24 entry=redriven place=dead_lettered
            91s D.enqueued C-2 S24 entry=redriven place=dead_lettered
            10800s D.place_changed C-1 ours place=waiting
            10800s D.place_changed C-2 ours place=waiting
            10800s D.received C-1 #4 S2
            10800s D.received C-2 #4 S2
            10800s D.deleted C-1 E10 why=processed was=in_flight place=succeeded
            10800s D.deleted C-2 E10 why=processed was=in_flight place=succeeded
            ",
            "ledger: succeeded 2",
        );
    }
}

#[test]
fn ours_dead_letters_rest_again_when_their_reader_is_disabled() {
    // What is in flight at that time rests when it returns.
    check(
        "
        duration: 1h
        functions: {F: {error_rate: 100%}, S: {error_rate: 100%}}
        queues:
          Q: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}}
          D: {MessageRetentionPeriod: 14d, VisibilityTimeout: 600}
        event_source_mappings:
          M: {EventSourceArn: Q, FunctionName: F}
          R: {EventSourceArn: D, FunctionName: S, BatchSize: 1}
        callers: {C: {target: Q, arrivals: {at: [0s, 10m]}}}
        timeline:
          - {at: 5m, for: 6m, set: {event_source_mappings.R.Enabled: false}}
          - {at: 12m, set: {event_source_mappings.R.Enabled: false}}
        ",
        "D.enqueued+ D.received D.returned+ place_changed+",
        "
        30s D.enqueued C-1 S24 entry=redriven place=waiting
        30s D.received C-1 #2 S11
        630s D.returned C-1 #2 S4 place=dead_lettered
        630s D.enqueued C-2 S24 entry=redriven place=dead_lettered
        660s D.place_changed C-1 ours place=waiting
        660s D.place_changed C-2 ours place=waiting
        660s D.received C-1 #3 S2
        660s D.received C-2 #2 S2
        1260s D.returned C-1 #3 S4 place=dead_lettered
        1260s D.returned C-2 #2 S4 place=dead_lettered
        ",
        "ledger: dead_lettered 2",
    );
}

#[test]
fn ours_what_lies_in_a_source_whose_reader_is_disabled_waits_and_the_run_ends() {
    let queue = "queues: {S: {MessageRetentionPeriod: 14d}}";
    let fifo = "queues: {S: {FifoQueue: true, ContentBasedDeduplication: true, MessageRetentionPeriod: 14d}}";
    let kinesis = "streams: {S: {ShardCount: 2}}";
    let stream = "StartingPosition: TRIM_HORIZON";
    for (source, reader) in [
        (queue, ""),
        (fifo, ""),
        (kinesis, stream),
        (kinesis, "StartingPosition: TRIM_HORIZON, TumblingWindowInSeconds: 60"),
        ("streams: {S: {source: msk, ShardCount: 2}}", stream),
    ] {
        let text = format!(
            "
            duration: 10m
            functions: {{F: {{}}}}
            {source}
            event_source_mappings: {{M: {{EventSourceArn: S, FunctionName: F, Enabled: false, {reader}}}}}
            callers: {{C: {{target: S, arrivals: {{every: 20s}}, {}}}}}
            ",
            if source == fifo { "MessageGroupId: g" } else { "" },
        );
        let results = play(&text, None);
        assert_eq!(results["ledger"]["waiting"], 30, "{text}");
        assert_eq!(results["ended_at_s"], 600.0, "{text}");
        let later = "timeline: [{at: 2h, set: {event_source_mappings.M.Enabled: true}}]";
        let results = play(&format!("{text}{later}"), None);
        let ledger = &results["ledger"];
        assert_eq!(ledger["succeeded"], 30, "{text}");
    }
}

#[test]
fn ours_a_batch_that_is_tried_again_waits_while_its_mapping_is_disabled() {
    let text = |later: &str| {
        format!(
            "
            duration: 10m
            functions: {{F: {{error_rate: 100%}}}}
            streams: {{S: {{ShardCount: 1}}}}
            event_source_mappings:
              M: {{EventSourceArn: S, FunctionName: F, StartingPosition: TRIM_HORIZON, BatchSize: 2}}
            callers: {{C: {{target: S, arrivals: {{at: [1s], count: 3}}}}}}
            timeline:
              - {{at: 2s, set: {{event_source_mappings.M.Enabled: false}}}}
              {later}
            "
        )
    };
    check(
        &text(""),
        "record_taken place_changed+",
        "
        1s M.record_taken C-1 K2
        1s M.record_taken C-2 K2
        2s M.place_changed C-1 ours place=waiting
        2s M.place_changed C-2 ours place=waiting
        ",
        "ledger: waiting 3",
    );
    check(
        &text(
            "- {at: 20m, set: {event_source_mappings.M.Enabled: true, functions.F.error_rate: 0%}}",
        ),
        "place_changed+ checkpointed+",
        "
        2s M.place_changed C-1 ours place=waiting
        2s M.place_changed C-2 ours place=waiting
        1200s M.place_changed C-1 ours place=in_flight
        1200s M.place_changed C-2 ours place=in_flight
        1200s M.checkpointed C-1 K12 shard=0 lane=0 sequence=1 place=succeeded
        1200s M.checkpointed C-2 K12 shard=0 lane=0 sequence=2 place=succeeded
        1200s M.checkpointed C-3 K12 shard=0 lane=0 sequence=3 place=succeeded
        ",
        "ledger: succeeded 3",
    );
}

/// Who is enabled reads, whatever comes of it (E18).
#[test]
fn ours_what_a_mapping_reads_for_a_function_that_is_gone_is_in_play_until_it_expires() {
    let text = letters(STANDARD, &PARKED.replace("Enabled: false", "Enabled: true"), "");
    let text = of_kind(STANDARD, &text).replace("L: {}", "L: {forbidden: true}");
    let text = text.replace("14d", "1h").replace("at: [0s, 1s]", "at: [0s]");
    check(
        &text,
        "expired+",
        "3600s D.expired C-1 S28 was=in_flight place=expired",
        "ledger: expired 1",
    );
}
