//! FIFO queues with their consumer: groups, deletes that fail, and handlers that stop, skip or go on.
//!
//! What a queue answers call by call is tested beside its code; here it is seen through a mapping.

use super::{check, play};

/// Messages of groups for a function, a FIFO queue and its dead-letter queue.
fn consumed(function: &str, mapping: &str, messages: &str) -> String {
    format!(
        "
        functions: {{F: {{Timeout: 30, {function}}}}}
        queues:
          Q:
            {{FifoQueue: true, VisibilityTimeout: 30,
            RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: 3}}}}
          D: {{FifoQueue: true}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F, {mapping}}}}}
        callers: {{C: {{target: Q, MessageDeduplicationId: {{attribute: id}}, {messages}}}}}
        "
    )
}

/// Groups A = [p, a1, a2] and B = [b1], of which p always fails.
fn poisoned(function: &str, mapping: &str) -> String {
    consumed(
        &format!(
            "record_time: 1s, {function}
             cases: [{{when: {{id: [p]}}, record_time: 1s, poison_rate: 100%}}]"
        ),
        mapping,
        "MessageGroupId: {cycle: [A, A, A, B]}, attributes: {id: {cycle: [p, a1, a2, b1]}},
         arrivals: {at: [0s], count: 4}",
    )
}

const REPORTS: &str = "FunctionResponseTypes: [ReportBatchItemFailures]";

#[test]
fn e57_a_handler_that_stops_at_the_first_failure_dead_letters_three_innocents_t12() {
    check(
        &poisoned("on_partial_failure: stop_at_first,", REPORTS),
        "Q.received invoked+ D.enqueued Q.deleted processed events_deleted+",
        "
        0s Q.received C-1 #1 S38
        0s Q.received C-2 #1 S38
        0s Q.received C-3 #1 S38
        0s Q.received C-4 #1 S38
        0s M.invoked E11 events=4
        30s Q.received C-1 #2 S38
        30s Q.received C-2 #2 S38
        30s Q.received C-3 #2 S38
        30s Q.received C-4 #2 S38
        30s M.invoked E11 events=4
        60s Q.received C-1 #3 S38
        60s Q.received C-2 #3 S38
        60s Q.received C-3 #3 S38
        60s Q.received C-4 #3 S38
        60s M.invoked E11 events=4
        90s D.enqueued C-1 S47
        90s D.enqueued C-2 S47
        90s D.enqueued C-3 S47
        90s D.enqueued C-4 S47
        ",
        "F: Invocations 3, Errors 0
         Q: NumberOfMessagesReceived 12, NumberOfMessagesDeleted 0, redriven 4
         M: FailedInvokeEventCount 12, DeletedEventCount 0
         ledger: dead_lettered 4",
    );
}

#[test]
fn e57_a_handler_that_skips_the_group_saves_the_other_t12() {
    check(
        &poisoned("on_partial_failure: skip_group,", REPORTS),
        "run_ended+ D.enqueued Q.deleted events_deleted+",
        "
        2s F.run_ended C-1 SM1 started=0s ran=2s
        2s M.events_deleted E57 events=1
        2s Q.deleted C-4 E10
        31s F.run_ended C-1 SM1 started=30s ran=1s
        61s F.run_ended C-1 SM1 started=60s ran=1s
        90s D.enqueued C-1 S47
        90s D.enqueued C-2 S47
        90s D.enqueued C-3 S47
        ",
        "F: Invocations 3
         ledger: dead_lettered 3, succeeded 1",
    );
}

#[test]
fn s47_in_batches_of_one_the_group_waits_and_then_goes_on_without_the_poison_t12() {
    check(
        &poisoned("", "BatchSize: 1"),
        "Q.received D.enqueued Q.deleted",
        "
        0s Q.received C-1 #1 S38
        0s Q.received C-4 #1 S38
        1s Q.deleted C-4 E10
        30s Q.received C-1 #2 S38
        60s Q.received C-1 #3 S38
        90s Q.received C-2 #1 S27
        90s D.enqueued C-1 S47
        91s Q.deleted C-2 E10
        91s Q.received C-3 #1 S38
        92s Q.deleted C-3 E10
        ",
        "F: Invocations 6, Errors 3
         ledger: dead_lettered 1, succeeded 3",
    );
}

#[test]
fn e57_a_handler_that_goes_on_loses_the_order() {
    check(
        &poisoned("on_partial_failure: continue,", REPORTS),
        "events_deleted+ Q.deleted D.enqueued",
        "
        4s M.events_deleted E57 events=3
        4s Q.deleted C-2 E10
        4s Q.deleted C-3 E10
        4s Q.deleted C-4 E10
        90s D.enqueued C-1 S47
        ",
        "ledger: dead_lettered 1, succeeded 3",
    );
}

#[test]
fn e57_a_failed_call_fails_the_rest_of_its_group_and_no_other() {
    check(
        "
        functions:
          F:
            Timeout: 30
            on_partial_failure: skip_group
            calls: [{target: Db, when: {id: [p]}}, {target: Ok, timeout: 10s}]
        dependencies: {Db: {error_rate: 100%, service_time: 1s}, Ok: {service_time: 1s}}
        queues:
          Q:
            {FifoQueue: true, VisibilityTimeout: 30,
            RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}}
          D: {FifoQueue: true}
        event_source_mappings:
          M: {EventSourceArn: Q, FunctionName: F, FunctionResponseTypes: [ReportBatchItemFailures]}
        callers:
          C:
            target: Q
            MessageGroupId: {cycle: [A, A, B, B]}
            MessageDeduplicationId: {attribute: id}
            attributes: {id: {cycle: [p, a1, b1, b2]}}
            arrivals: {at: [0s], count: 4}
        ",
        "run_ended+ Q.deleted D.enqueued",
        "
        3s F.run_ended C-1 SM1 started=0s ran=3s
        3s Q.deleted C-3 E10
        3s Q.deleted C-4 E10
        30s D.enqueued C-1 S47
        30s D.enqueued C-2 S47
        ",
        // Beside two of four messages two calls for them succeeded; for a1 there was none.
        "ledger: dead_lettered 2, succeeded 2, failed 0",
    );
}

/// As run on AWS: four of a group, the last three listed, then the last again.
#[test]
fn e57_what_failed_comes_back_as_one_batch_and_in_order() {
    let cases = "[{when: {id: [m2], attempt: [1]}, poison_rate: 100%},
                  {when: {id: [m4]}, poison_rate: 100%}]";
    let scenario = consumed(
        &format!("on_partial_failure: stop_at_first, cases: {cases}"),
        REPORTS,
        "MessageGroupId: g, attributes: {id: {cycle: [m1, m2, m3, m4]}},
         arrivals: {at: [0s], count: 4}",
    );
    check(
        &scenario.replace("maxReceiveCount: 3", "maxReceiveCount: 2"),
        "invoked+ Q.received Q.deleted D.enqueued",
        "
        0s Q.received C-1 #1 S38
        0s Q.received C-2 #1 S38
        0s Q.received C-3 #1 S38
        0s Q.received C-4 #1 S38
        0s M.invoked E11 events=4
        0s Q.deleted C-1 E10
        30s Q.received C-2 #2 S38
        30s Q.received C-3 #2 S38
        30s Q.received C-4 #2 S38
        30s M.invoked E11 events=3
        30s Q.deleted C-2 E10
        30s Q.deleted C-3 E10
        60s D.enqueued C-4 S47
        ",
        "F: Invocations 2",
    );
}

#[test]
fn s39_a_group_never_runs_twice_at_a_time() {
    let scenario = |groups: &str, most: u32| {
        let scenario = consumed(
            "service_time: 5s",
            "BatchSize: 1",
            &format!(
                "MessageGroupId: {groups}, attributes: {{id: {{cycle: [1, 2, 3, 4, 5]}}}},
                 arrivals: {{at: [0s], count: 5}}"
            ),
        );
        format!(
            "{scenario}
        thresholds:
          - F.ConcurrentExecutions max == {most}
          - Q.ApproximateNumberOfGroupsWithInflightMessages max == {most}
          - succeeded last_at == {}s",
            25 / most
        )
    };
    // One log stream, as on AWS; and as many at once as there are groups.
    play(&scenario("g", 1), None);
    play(&scenario("{cycle: [a, b, c, d, e]}", 5), None);
}

#[test]
fn e22_a_handler_longer_than_the_visibility_succeeds_and_is_dead_lettered_t11() {
    let scenario = consumed(
        "service_time: 40s",
        "BatchSize: 1",
        "MessageGroupId: g, attributes: {id: one}, arrivals: {at: [0s]}",
    );
    check(
        &scenario.replace("Timeout: 30, service", "Timeout: 60, service"),
        "Q.received F.processed Q.delete_ignored let_go Q.deleted events_deleted D.enqueued",
        "
        0s Q.received C-1 #1 S38
        30s Q.received C-1 #2 S38
        40s F.processed C-1 SM1
        40s M.let_go E22
        40s Q.delete_ignored C-1 S43
        60s Q.received C-1 #3 S38
        70s F.processed C-1 SM1
        70s M.let_go E22
        70s Q.delete_ignored C-1 S43
        90s D.enqueued C-1 S47
        100s F.processed C-1 SM1
        100s M.let_go E22
        ",
        "F: Invocations 3, Errors 0, duplicates 2
         Q: NumberOfMessagesDeleted 0
         M: DeletedEventCount 0, FailedInvokeEventCount 0
         ledger: dead_lettered 1",
    );
}

#[test]
fn e22_a_delete_at_just_the_end_of_the_visibility_still_works() {
    let scenario = consumed(
        "service_time: 30s",
        "BatchSize: 1",
        "MessageGroupId: g, attributes: {id: one}, arrivals: {at: [0s]}",
    );
    check(
        &scenario.replace("Timeout: 30, service", "Timeout: 60, service"),
        "Q.deleted Q.delete_ignored",
        "30s Q.deleted C-1 E10",
        "M: DeletedEventCount 1
         ledger: succeeded 1",
    );
}

#[test]
fn s42_a_duplicate_is_answered_as_accepted_and_filtered_in_the_ledger() {
    check(
        &consumed(
            "service_time: 1s",
            "",
            "MessageGroupId: g, attributes: {id: {cycle: [a, a, b]}}, arrivals: {every: 100s,
             until: 700s}",
        ),
        "Q.deduplicated Q.deleted",
        "
        1s Q.deleted C-1 E10
        100s Q.deduplicated C-2 S42
        201s Q.deleted C-3 E10
        301s Q.deleted C-4 E10
        400s Q.deduplicated C-5 S42
        501s Q.deleted C-6 E10
        601s Q.deleted C-7 E10
        ",
        "Q: NumberOfDeduplicatedSentMessages 2, NumberOfMessagesSent 5
         ledger: filtered 2, succeeded 5",
    );
}

#[test]
fn s46_above_300_sends_a_second_a_caller_is_throttled_and_tries_again() {
    check(
        "
        functions: {F: {}}
        queues: {Q: {FifoQueue: true, ContentBasedDeduplication: true}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}
        callers:
          Once: {target: Q, MessageGroupId: {one_of: 50}, arrivals: {at: [0s], count: 310}}
          Again:
            target: Q
            MessageGroupId: {one_of: 50}
            retry: {attempts: 3, backoff: 1s}
            arrivals: {at: [10s], count: 310}
        ",
        "",
        "",
        "Q: NumberOfMessagesSent 610
         ledger: failed 10, succeeded 610",
    );
}

#[test]
fn s49_a_quiet_tenant_does_not_wait_behind_a_noisy_one() {
    let scenario = |share: &str| {
        format!(
            "
        functions: {{F: {{service_time: 10s, Timeout: 20}}}}
        queues: {{Q: {{VisibilityTimeout: 120}}}}
        event_source_mappings:
          M:
            {{EventSourceArn: Q, FunctionName: F, BatchSize: 1,
            ScalingConfig: {{MaximumConcurrency: 10}}}}
        callers:
          Loud: {{target: Q, MessageGroupId: loud, arrivals: {{at: [0s], count: 100}}}}
          Quiet: {{target: Q, MessageGroupId: quiet, arrivals: {{at: [11s]}}}}
        assumptions:
          {{pollers_initial: 10, noisy_group_min: 5, noisy_group_share: {share}}}
        "
        )
    };
    // Ten at once, ten seconds each: it is the 101st, or the first that is received once it is there.
    let quiet = |share: &str| {
        let seen = std::cell::RefCell::new(Vec::new());
        let trace = |row: &dwell::observe::trace::Row<'_>| {
            if row.fact == "received"
                && row.written_id.as_ref().is_some_and(|id| id.to_string().starts_with("Quiet"))
            {
                seen.borrow_mut().push(format!("{} {}", row.now, row.rule.id()));
            }
        };
        play(&scenario(share), Some(Box::new(trace)));
        seen.take()
    };
    assert_eq!(quiet("10%"), ["20s S49"]);
    assert_eq!(quiet("100%"), ["100s S2"]);
}
