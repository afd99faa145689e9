//! What is kept of an asynchronous event, who gets it, and chains of functions (A3, A6).

use super::check;

/// An event that fails once for good, or succeeds, with these destinations.
fn ends(error_rate: &str, function: &str, rest: &str) -> String {
    format!(
        "
        functions:
          F: {{error_rate: {error_rate}, EventInvokeConfig: {{MaximumRetryAttempts: 0, {function}}}}}
          G: {{service_time: 1s}}
        queues: {{Q: {{}}, D: {{}}}}
        topics: {{T: {{}}}}
        buses: {{B: {{}}}}
        callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}
        {rest}
        "
    )
}

/// An event that fails for good, with a dead-letter queue and a failure destination.
fn kept(dead_letter: &str, on_failure: &str, rest: &str) -> String {
    format!(
        "
        functions:
          F:
            error_rate: 100%
            DeadLetterConfig: {{TargetArn: {dead_letter}}}
            EventInvokeConfig:
              MaximumRetryAttempts: 0
              DestinationConfig: {{OnFailure: {{Destination: {on_failure}}}}}
          G: {{service_time: 1s}}
        callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}
        {rest}
        "
    )
}

const SEEN: &str =
    "completed enqueued+ published+ dead_lettered+ dropped+ accepted run_ended copied";

#[test]
fn a3_2_success_is_told_to_each_kind_of_target() {
    let tells = |target: &str, expected: &str, totals: &str| {
        let destination = format!("DestinationConfig: {{OnSuccess: {{Destination: {target}}}}}");
        check(&ends("0%", &destination, ""), SEEN, expected, totals);
    };
    let begins = "
        0s F.accepted C-1 A1.1
        0s F.run_ended C-1 SM1
        0s F.completed C-1 A3.2
        0s F.copied C-1.1 A3.2
        ";
    tells(
        "Q",
        &format!("{begins} 0s Q.enqueued C-1.1 S6 entry=sent place=delivered"),
        "Q: NumberOfMessagesSent 1
         ledger: succeeded 1, messages 2, delivered 0",
    );
    tells(
        "T",
        &format!("{begins} 0s T.published C-1.1 A3.2 place=delivered"),
        "T: NumberOfMessagesPublished 1
         ledger: succeeded 1, messages 2, delivered 0",
    );
    tells(
        "B",
        &format!("{begins} 0s B.published C-1.1 A3.2 place=delivered"),
        "B: published 1
         ledger: succeeded 1, messages 2, delivered 0",
    );
    tells(
        "arn:aws:sqs:eu-west-1:123456789012:elsewhere",
        &format!("{begins} 0s .published C-1.1 A3.2 place=delivered"),
        "ledger: succeeded 1, messages 2, delivered 0",
    );
    tells(
        "G",
        &format!(
            "{begins} 0s G.accepted C-1.1 A1.1
            1s G.run_ended C-1.1 SM1
            1s G.completed C-1.1 SM1"
        ),
        "G: Invocations 1
         ledger: succeeded 1, messages 2",
    );
}

#[test]
fn a3_2_failure_alone_takes_the_event_itself_to_each_kind_of_target() {
    let tells = |target: &str, expected: &str, totals: &str| {
        let destination = format!("DestinationConfig: {{OnFailure: {{Destination: {target}}}}}");
        check(&ends("100%", &destination, ""), SEEN, expected, totals);
    };
    let begins = "
        0s F.accepted C-1 A1.1
        0s F.run_ended C-1 SM2
        ";
    tells(
        "Q",
        &format!("{begins} 0s Q.enqueued C-1 S6 entry=dead_letter place=dead_lettered"),
        "ledger: dead_lettered 1, messages 1",
    );
    tells(
        "T",
        &format!("{begins} 0s T.published C-1 A3.2 place=dead_lettered"),
        "ledger: dead_lettered 1, messages 1",
    );
    tells(
        "B",
        &format!("{begins} 0s B.published C-1 A3.2 place=dead_lettered"),
        "ledger: dead_lettered 1, messages 1",
    );
}

#[test]
fn a3_2_without_a_target_a_failure_is_dropped_and_a_success_tells_nobody() {
    check(
        &ends("100%", "", ""),
        SEEN,
        "
        0s F.accepted C-1 A1.1
        0s F.run_ended C-1 SM2
        0s F.dropped C-1 A2.17 reason=RetriesExhausted place=dropped
        ",
        "ledger: dropped 1, dropped_by_reason.RetriesExhausted 1",
    );
    check(
        &ends("0%", "DestinationConfig: {OnFailure: {Destination: Q}}", ""),
        "enqueued",
        "",
        "ledger: succeeded 1, messages 1",
    );
    check(
        &ends("100%", "DestinationConfig: {OnSuccess: {Destination: Q}}", ""),
        "enqueued",
        "",
        "ledger: dropped 1, messages 1",
    );
}

#[test]
fn a3_2_a_synchronous_invocation_has_no_record() {
    check(
        &ends("100%", "DestinationConfig: {OnFailure: {Destination: Q}}", "")
            .replace("via: invoke_async, ", ""),
        SEEN,
        "0s F.run_ended C-1 SM2",
        "ledger: failed 1, messages 0",
    );
}

#[test]
fn a3_3_the_dead_letter_queue_and_the_failure_destination_each_get_the_event() {
    check(
        &kept("D", "L", "queues: {D: {}, L: {}}"),
        "enqueued+",
        "
        0s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        0s L.enqueued C-1.1 S6 entry=dead_letter place=dead_lettered
        ",
        "F: AsyncEventsDropped 1, DeadLetterErrors 0, DestinationDeliveryFailures 0
         ledger: dead_lettered 1, messages 2",
    );
    check(
        &kept("D", "G", "queues: {D: {}}"),
        "enqueued+ accepted completed",
        "
        0s F.accepted C-1 A1.1
        0s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        0s G.accepted C-1.1 A1.1
        1s G.completed C-1.1 SM1
        ",
        "ledger: dead_lettered 1, succeeded 0, partly 1",
    );
}

#[test]
fn a3_10_a_dead_letter_queue_that_refuses_does_not_touch_the_destination_x5() {
    check(
        &kept("D", "L", "queues: {D: {forbidden: true}, L: {}}"),
        "send_refused dead_letter_failed dropped+ enqueued+",
        "
        0s D.send_refused C-1 ours
        0s L.enqueued C-1.1 S6 entry=dead_letter place=dead_lettered
        0s F.dead_letter_failed C-1 A3.10
        0s F.dropped C-1 A3.10 reason=RetriesExhausted place=dropped
        ",
        "F: DeadLetterErrors 1, DestinationDeliveryFailures 0, AsyncEventsDropped 1
         ledger: dropped 1, dead_lettered 0",
    );
}

#[test]
fn a3_10_a_destination_that_refuses_does_not_touch_the_dead_letter_queue() {
    for refuses in ["forbidden: true", "system_error_rate: 100%"] {
        check(
            &kept("D", "L", &format!("queues: {{D: {{}}, L: {{{refuses}}}}}")),
            "destination_failed dropped+ enqueued+",
            "
            0s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
            0s F.destination_failed C-1.1 A3.10
            0s F.dropped C-1.1 A3.10 reason=RetriesExhausted place=dropped
            ",
            "F: DeadLetterErrors 0, DestinationDeliveryFailures 1
             ledger: dead_lettered 0, dropped 1",
        );
    }
    check(
        &kept(
            "D",
            "G",
            "queues: {D: {}}\n        timeline: [{at: 0s, set: {functions.G.forbidden: true}}]",
        ),
        "destination_failed enqueued",
        "
        0s D.enqueued C-1 S6
        0s F.destination_failed C-1.1 A3.10
        ",
        "F: DestinationDeliveryFailures 1
         ledger: dead_lettered 0, dropped 1",
    );
}

#[test]
fn a3_13_a_function_as_a_destination_starts_an_event_of_its_own() {
    check(
        "
        functions:
          F:
            service_time: 100ms
            error_rate: 100%
            EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: G}}}
          G: {service_time: 100ms, error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 1}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "dead_lettered+ copied accepted G.tried+ dropped+",
        "
        0s F.accepted C-1 A1.1
        180.3s F.copied C-1.1 A3.13
        180.3s F.dead_lettered C-1 A3.13 place=dead_lettered
        180.3s G.accepted C-1.1 A1.1
        180.3s G.tried C-1.1 A1.8 age=0s first=yes place=in_flight
        240.4s G.tried C-1.1 A2.1 age=60.1s place=in_flight
        240.5s G.dropped C-1.1 A2.17 reason=RetriesExhausted place=dropped
        ",
        "ledger: messages 2, dead_lettered 0, dropped 1",
    );
}

/// A function that is its own destination of success.
fn comes_back(recursive_loop: &str) -> String {
    format!(
        "
        duration: 1m
        drain: 0s
        functions:
          F:
            service_time: 1s
            RecursiveLoop: {recursive_loop}
            DeadLetterConfig: {{TargetArn: D}}
            EventInvokeConfig: {{DestinationConfig: {{OnSuccess: {{Destination: F}}}}}}
        queues: {{D: {{}}}}
        callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}
        "
    )
}

#[test]
fn a6_2_a_chain_runs_a_function_sixteen_times_and_not_a_seventeenth_x4() {
    check(
        &comes_back("Terminate"),
        "loop_stopped discarded+ enqueued+",
        "
        16s F.loop_stopped C-1.16 A6.2
        16s F.discarded C-1.16 A6.6 condition=RecursiveInvocation runs=0 age=0s
        16s D.enqueued C-1.16 S6 entry=dead_letter place=dead_lettered
        ",
        "F: Invocations 16, RecursiveInvocationsDropped 1, AsyncEventsReceived 17, Throttles 0
         ledger: succeeded 0, dead_lettered 1",
    );
    check(&comes_back("Allow"), "loop_stopped", "", "F: Invocations 61");
}

#[test]
fn a6_2_retries_of_one_event_are_no_links_of_the_chain() {
    // Each of the 16 runs fails once: 32 invocations, still 16 links.
    check(
        "
        functions:
          F:
            cases: [{when: {attempt: [1]}, error_rate: 100%}]
            EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: F}}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "loop_stopped",
        "960s F.loop_stopped C-1.16 A6.2",
        "F: Invocations 32, Errors 16, RecursiveInvocationsDropped 1",
    );
}

#[test]
fn a6_2_a_record_in_a_queue_begins_a_new_chain() {
    check(
        "
        duration: 1m
        drain: 0s
        functions:
          F: {service_time: 1s, EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: Q}}}}
          G: {calls: [{target: F, via: invoke_async}]}
        queues: {Q: {}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: G}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "loop_stopped",
        "",
        "F: Invocations 61",
    );
}

#[test]
fn a6_6_a_stopped_event_is_dropped_where_nothing_keeps_it() {
    check(
        "
        functions: {F: {calls: [{target: F, via: invoke_async}]}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "loop_stopped discarded+ dropped+",
        "
        0s F.loop_stopped C-1.16 A6.2
        0s F.discarded C-1.16 A6.6 condition=RecursiveInvocation runs=0 age=0s
        0s F.dropped C-1.16 A6.6 reason=RecursiveInvocation place=dropped
        ",
        "F: Invocations 16, RecursiveInvocationsDropped 1, AsyncEventsDropped 1
         ledger: succeeded 0, dropped 1",
    );
}

#[test]
fn a6_6_two_functions_that_are_each_others_failure_destination_come_to_an_end() {
    check(
        "
        functions:
          A:
            error_rate: 100%
            EventInvokeConfig:
              {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: B}}}
          B:
            error_rate: 100%
            EventInvokeConfig:
              {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: A}}}
        callers: {C: {via: invoke_async, target: A, arrivals: {at: [0s]}}}
        thresholds: [A.Invocations == 16, B.Invocations == 16, dropped == 1]
        ",
        "",
        "",
        "A: RecursiveInvocationsDropped 1",
    );
}

#[test]
fn a6_6_reserved_concurrency_zero_with_itself_as_failure_destination_comes_to_an_end() {
    check(
        "
        functions:
          A:
            ReservedConcurrentExecutions: 0
            EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: A}}}
        callers: {C: {via: invoke_async, target: A, arrivals: {at: [0s]}}}
        thresholds: [dropped == 1]
        ",
        "",
        "",
        "A: Invocations 0, RecursiveInvocationsDropped 1",
    );
}
