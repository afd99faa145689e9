//! A queue with its consumer: receives, returns, retention and dead-letter queues (S).
//!
//! What a queue answers call by call is tested beside its code; here it is seen through a mapping.

use super::check;

/// Messages for a function that runs one at a time, a queue and its dead-letter queue.
fn consumed(function: &str, queue: &str, dead_letters: &str) -> String {
    format!(
        "
        functions: {{F: {{{function}}}}}
        queues: {{Q: {{{queue}}}, D: {{{dead_letters}}}}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F, BatchSize: 1}}}}
        callers: {{C: {{target: Q, arrivals: {{at: [0s]}}}}}}
        "
    )
}

#[test]
fn s23_a_poison_message_is_handed_over_three_times_and_moved_by_the_fourth_receive_t1() {
    let scenario = consumed(
        "Timeout: 3, service_time: 1s, poison_rate: 100%",
        "VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 3}",
        "",
    );
    check(
        &format!(
            "{scenario}
        thresholds:
          - Q.ApproximateNumberOfMessagesNotVisible at 1s == 1
          - Q.ApproximateNumberOfMessagesNotVisible at 89s == 1
          - Q.ApproximateNumberOfMessagesNotVisible at 91s == 0"
        ),
        "received run_ended returned redriven enqueued+ deleted",
        "
        0s Q.enqueued C-1 S6 entry=sent place=waiting
        0s Q.received C-1 #1 S2
        1s F.run_ended C-1 SM2
        30s Q.returned C-1 #1 S4
        30s Q.received C-1 #2 S11
        31s F.run_ended C-1 SM2
        60s Q.returned C-1 #2 S4
        60s Q.received C-1 #3 S11
        61s F.run_ended C-1 SM2
        90s Q.returned C-1 #3 S15
        90s Q.redriven C-1 #3 S23
        90s D.enqueued C-1 S24 entry=redriven place=dead_lettered
        ",
        "F: Invocations 3, Errors 3
         Q: NumberOfMessagesSent 1, NumberOfMessagesReceived 3, NumberOfMessagesDeleted 0, redriven 1
         D: NumberOfMessagesSent 0, arrived 1
         ledger: dead_lettered 1",
    );
    for (receives_max, moved_at) in [(1, 30), (2, 60), (5, 150), (10, 300)] {
        let policy = format!("maxReceiveCount: {receives_max}");
        check(
            &scenario.replace("maxReceiveCount: 3", &policy),
            "D.enqueued",
            &format!("{moved_at}s D.enqueued C-1 S24"),
            &format!("F: Invocations {receives_max}"),
        );
    }
}

#[test]
fn s24_the_count_goes_on_in_the_dead_letter_queue_t1() {
    check(
        "
        functions: {F: {Timeout: 3, service_time: 1s, poison_rate: 100%}, G: {}}
        queues:
          Q: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 3}}
          D: {}
        event_source_mappings:
          M: {EventSourceArn: Q, FunctionName: F, BatchSize: 1}
          N: {EventSourceArn: D, FunctionName: G, BatchSize: 1}
        callers: {C: {target: Q, arrivals: {at: [0s]}}}
        ",
        "D.received D.deleted",
        "
        90s D.received C-1 #4 S11
        90s D.deleted C-1 E10
        ",
        "ledger: succeeded 1",
    );
}

#[test]
fn s6_without_a_redrive_policy_only_retention_stops_a_poison_message_t2() {
    let scenario = consumed(
        "Timeout: 3, service_time: 1s, poison_rate: 100%",
        "VisibilityTimeout: 30, MessageRetentionPeriod: 345600",
        "",
    );
    check(
        &format!(
            "{scenario}
        thresholds:
          - F.Invocations last_at == 345570s
          - Q.ApproximateAgeOfOldestMessage max <= 60"
        ),
        "expired+ D.enqueued",
        "345600s Q.expired C-1 S7 was=in_flight place=expired",
        "F: Invocations 11520, Errors 11520
         Q: NumberOfMessagesReceived 11520, NumberOfMessagesDeleted 0
         ledger: expired 1",
    );
}

#[test]
fn s7_retention_beats_the_dead_letter_queue_t3() {
    let ends = |receives_max: u32, expected: &str, received: u32| {
        check(
            &consumed(
                "poison_rate: 100%",
                &format!(
                    "VisibilityTimeout: 43200, MessageRetentionPeriod: 345600,
                     RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: {receives_max}}}"
                ),
                "MessageRetentionPeriod: 1209600",
            ),
            "expired D.enqueued",
            expected,
            &format!("Q: NumberOfMessagesReceived {received}"),
        );
    };
    ends(10, "345600s Q.expired C-1 S7", 8);
    // The eighth timeout ends when the retention does: the retention wins.
    ends(8, "345600s Q.expired C-1 S7", 8);
    ends(7, "302400s D.enqueued C-1 S24", 7);
}

#[test]
fn s28_a_message_can_be_dead_on_arrival_t4() {
    let ends = |retention: u32, expected: &str| {
        let scenario = consumed(
            "poison_rate: 100%",
            "VisibilityTimeout: 43200, MessageRetentionPeriod: 1209600,
             RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 14}",
            &format!("MessageRetentionPeriod: {retention}"),
        );
        check(&format!("{scenario}\n        duration: 15d"), "D.enqueued expired+", expected, "");
    };
    ends(
        345_600,
        "
        604800s D.enqueued C-1 S24
        604800s D.expired C-1 S28 was=visible place=expired
        ",
    );
    // As old as its retention allows, to the instant: it is gone too.
    ends(
        604_800,
        "
        604800s D.enqueued C-1 S24
        604800s D.expired C-1 S28 was=visible place=expired
        ",
    );
    ends(
        604_801,
        "
        604800s D.enqueued C-1 S24
        604801s D.expired C-1 S28 was=visible place=expired
        ",
    );
    ends(
        1_209_600,
        "
        604800s D.enqueued C-1 S24
        1209600s D.expired C-1 S28 was=visible place=expired
        ",
    );
}

#[test]
fn s16_a_handler_longer_than_the_visibility_deletes_with_a_superseded_handle_t11() {
    let scenario = consumed(
        "Timeout: 60, service_time: 40s",
        "VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 3}",
        "",
    );
    let seen = "received run_ended delete_ignored deleted redriven D.enqueued";
    check(
        &scenario,
        seen,
        "
        0s Q.received C-1 #1 S2
        30s Q.received C-1 #2 S11
        40s F.run_ended C-1 SM1
        40s Q.delete_ignored C-1 S16
        60s Q.received C-1 #3 S11
        70s F.run_ended C-1 SM1
        70s Q.delete_ignored C-1 S16
        90s Q.redriven C-1 #3 S23
        90s D.enqueued C-1 S24
        100s F.run_ended C-1 SM1
        ",
        "F: Invocations 3, Errors 0, duplicates 2
         Q: NumberOfMessagesDeleted 0
         ledger: dead_lettered 1",
    );
    check(
        &format!("{scenario}\n        assumptions: {{superseded_delete_deletes: true}}"),
        seen,
        "
        0s Q.received C-1 #1 S2
        30s Q.received C-1 #2 S11
        40s F.run_ended C-1 SM1
        40s Q.deleted C-1 S16
        70s F.run_ended C-1 SM1
        ",
        "F: Invocations 2, Errors 0, duplicates 1
         ledger: succeeded 1",
    );
}

#[test]
fn s17_a_run_that_outlives_the_visibility_deletes_if_nobody_was_quicker() {
    // One poller, which is busy until 40 s: the message is visible again from 30 s on.
    check(
        "
        functions: {F: {Timeout: 60, service_time: 40s}}
        queues: {Q: {VisibilityTimeout: 30}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F, BatchSize: 1}}
        callers: {C: {target: Q, arrivals: {at: [0s]}}}
        assumptions: {pollers_initial: 1, pollers_max: 1, idle_pollers: 1}
        ",
        "received returned deleted+",
        "
        0s Q.received C-1 #1 S2
        30s Q.returned C-1 #1 S4
        40s Q.deleted C-1 S17 why=processed was=visible place=succeeded
        ",
        "F: Invocations 1",
    );
}

#[test]
fn s4_a_delete_at_the_end_of_the_visibility_comes_first() {
    let runs = |time: &str, expected: &str| {
        check(
            &consumed(
                &format!("Timeout: 60, service_time: {time}"),
                "VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}",
                "",
            ),
            "received returned deleted redriven",
            expected,
            "",
        );
    };
    runs("29.999999999s", "0s Q.received C-1 #1 S2\n29.999999999s Q.deleted C-1 E10");
    runs("30s", "0s Q.received C-1 #1 S2\n30s Q.deleted C-1 E10");
    runs(
        "30.000000001s",
        "
        0s Q.received C-1 #1 S2
        30s Q.returned C-1 #1 S4
        30s Q.redriven C-1 #1 S23
        ",
    );
}

#[test]
fn s5_a_message_is_delayed_by_its_own_delay_or_its_queues() {
    let sent = |queue: &str, caller: &str, at: u32| {
        check(
            &format!(
                "
                functions: {{F: {{}}}}
                queues: {{Q: {{{queue}}}}}
                event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F}}}}
                callers: {{C: {{target: Q, arrivals: {{at: [1s]}}, {caller}}}}}
                "
            ),
            "appeared received",
            &if at == 1 {
                "1s Q.received C-1 #1 S11".to_owned()
            } else {
                format!("{at}s Q.appeared C-1 S5\n{at}s Q.received C-1 #1 S11")
            },
            "",
        );
    };
    sent("DelaySeconds: 10", "", 11);
    sent("DelaySeconds: 10", "DelaySeconds: 5", 6);
    sent("DelaySeconds: 10", "DelaySeconds: 0", 1);
    sent("", "DelaySeconds: 5", 6);
}

#[test]
fn s12_with_enough_in_flight_nothing_more_is_received() {
    check(
        "
        functions: {F: {Timeout: 30, service_time: 10s}}
        queues: {Q: {}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F, BatchSize: 1}}
        callers: {C: {target: Q, arrivals: {at: [0s], count: 3}}}
        assumptions: {in_flight_max: 2}
        ",
        "received",
        "
        0s Q.received C-1 #1 S2
        0s Q.received C-2 #1 S2
        10s Q.received C-3 #1 S11
        ",
        "Q: ApproximateNumberOfMessagesNotVisible.max 2",
    );
}

#[test]
fn s21_a_purge_takes_what_is_visible_in_flight_and_delayed() {
    check(
        "
        functions: {F: {Timeout: 30, service_time: 10s}}
        queues: {Q: {}}
        event_source_mappings:
          M:
            EventSourceArn: Q
            FunctionName: F
            BatchSize: 1
            ScalingConfig: {MaximumConcurrency: 2}
        callers:
          A: {target: Q, arrivals: {at: [0s], count: 3}}
          B: {target: Q, DelaySeconds: 60, arrivals: {at: [0s]}}
        timeline: [{at: 5s, PurgeQueue: {QueueUrl: Q}}]
        ",
        "received purged+ run_ended deleted",
        "
        0s Q.received A-1 #1 S2
        0s Q.received A-2 #1 S2
        5s Q.purged A-1 S21 was=in_flight place=dropped
        5s Q.purged A-2 S21 was=in_flight place=dropped
        5s Q.purged A-3 S21 was=visible place=dropped
        5s Q.purged B-1 S21 was=delayed place=dropped
        10s F.run_ended A-1 SM1
        10s F.run_ended A-2 SM1
        ",
        "ledger: dropped 4",
    );
}

/// Three poison messages that lie in the dead-letter queue from 1 s on, and a repair at 90 s.
fn redriven(timeline: &str) -> String {
    format!(
        "
        duration: 10m
        functions: {{F: {{poison_rate: 100%}}}}
        queues:
          Q: {{VisibilityTimeout: 1, RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: 1}}}}
          D: {{}}
          E: {{}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F}}}}
        callers: {{C: {{target: Q, arrivals: {{at: [0s], count: 3}}}}}}
        timeline:
          - {{at: 90s, set: {{functions.F.poison_rate: 0%}}}}
          {timeline}
        "
    )
}

#[test]
fn s33_a_move_task_brings_messages_back_one_by_one() {
    check(
        &redriven(
            "- {at: 100s, StartMessageMoveTask: {SourceArn: D, MaxNumberOfMessagesPerSecond: 2}}",
        ),
        "D.enqueued D.moved_back move_task_started+ move_task_ended+ Q.deleted",
        "
        1s D.enqueued C-1 S24
        1s D.enqueued C-2 S24
        1s D.enqueued C-3 S24
        100s D.move_task_started S33 accepted=yes
        100s D.moved_back C-1 S36
        100s Q.deleted C-1 E10
        100.5s D.moved_back C-2 S36
        100.5s Q.deleted C-2 E10
        101s D.moved_back C-3 S36
        101s D.move_task_ended S33 moved=3
        101s Q.deleted C-3 E10
        ",
        "Q: NumberOfMessagesSent 3
         ledger: succeeded 3, dead_lettered 0",
    );
    check(
        &redriven("- {at: 100s, StartMessageMoveTask: {SourceArn: D, DestinationArn: E}}"),
        "E.enqueued+",
        "
        100s E.enqueued C-1 S35 entry=moved_back place=delivered
        100.002s E.enqueued C-2 S35 entry=moved_back place=delivered
        100.004s E.enqueued C-3 S35 entry=moved_back place=delivered
        ",
        "ledger: delivered 3",
    );
}

#[test]
fn s34_a_second_task_is_refused_and_a_cancelled_one_stops_at_once() {
    check(
        &redriven(
            "- {at: 100s, StartMessageMoveTask: {SourceArn: D, MaxNumberOfMessagesPerSecond: 1}}
          - {at: 100500ms, StartMessageMoveTask: {SourceArn: D}}
          - {at: 101500ms, CancelMessageMoveTask: {SourceArn: D}}",
        ),
        "D.moved_back move_task_started+ move_task_ended+",
        "
        100s D.move_task_started S33 accepted=yes
        100s D.moved_back C-1 S36
        100.5s D.move_task_started S34 accepted=no
        101s D.moved_back C-2 S36
        101.5s D.move_task_ended S33 moved=2
        ",
        "ledger: succeeded 2, dead_lettered 1",
    );
}

#[test]
fn s35_what_comes_back_is_new_and_still_poison() {
    check(
        &redriven("- {at: 50s, StartMessageMoveTask: {SourceArn: D}}")
            .replace("count: 3", "count: 1"),
        "received redriven D.enqueued D.moved_back Q.enqueued+",
        "
        0s Q.enqueued C-1 S6 entry=sent place=waiting
        0s Q.received C-1 #1 S2
        1s Q.redriven C-1 #1 S23
        1s D.enqueued C-1 S24
        50s D.moved_back C-1 S36
        50s Q.enqueued C-1 S35 entry=moved_back place=waiting
        50s Q.received C-1 #1 S11
        51s Q.redriven C-1 #1 S23
        51s D.enqueued C-1 S24
        ",
        "D: arrived 2
         ledger: dead_lettered 1",
    );
}

#[test]
fn s11_an_idle_mapping_costs_calls_t15() {
    // The calls that end at just 30 days count.
    let empty = |pollers: u32, receives: u32, a_minute: u32| {
        check(
            &format!(
                "
                duration: 30d
                functions: {{F: {{}}}}
                queues: {{Q: {{}}}}
                event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F}}}}
                callers: {{C: {{target: Q, arrivals: {{at: [0s], count: 0}}}}}}
                assumptions: {{idle_pollers: {pollers}, pollers_initial: {pollers}}}
                thresholds: [Q.NumberOfEmptyReceives during 1h..61m == {a_minute}]
                "
            ),
            "",
            "",
            &format!("Q: NumberOfEmptyReceives {receives}\n F: Invocations 0"),
        );
    };
    empty(5, 648_000, 15);
    empty(2, 259_200, 6);
}
