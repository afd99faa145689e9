//! The ledger: what callers start is at the end in exactly one place. One story for each word.

use super::check;

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
        "ledger: arrivals 1, messages 2, delivered 1, failed 2",
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
