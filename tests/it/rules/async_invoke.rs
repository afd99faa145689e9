//! The event queue of a function: trying, waiting, ageing and giving up (A1, A2).

use super::{check, play};

/// A function that runs for 100 ms, with these properties, and one event at 0.
fn one_event(function: &str, queue: &str) -> String {
    format!(
        "
        functions:
          F: {{service_time: 100ms, {function}, EventInvokeConfig: {{{queue}}}}}
        callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}
        "
    )
}

/// A function that callers keep busy without a gap, and one event at 0.
fn never_free(age_max: u32) -> String {
    format!(
        "
        duration: 7h
        functions:
          F:
            Timeout: 900
            ReservedConcurrentExecutions: 1
            EventInvokeConfig: {{MaximumEventAgeInSeconds: {age_max}}}
            cases: [{{when: {{caller: [Busy]}}, service_time: 900s}}]
        callers:
          Busy: {{target: F, arrivals: {{closed: {{clients: 1}}}}}}
          C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}
        "
    )
}

#[test]
fn a1_1_an_event_is_answered_when_it_is_queued_whatever_becomes_of_it() {
    check(
        &one_event("error_rate: 100%", "MaximumRetryAttempts: 0"),
        "answered+ accepted dropped",
        "
        0s F.accepted C-1 A1.1
        0s C.answered C-1 A1.1 answer=ok took=0s
        0.1s F.dropped C-1 A2.17
        ",
        "C: answered.202 1, succeeded 0, dropped 1",
    );
}

#[test]
fn a1_1_a_function_that_is_gone_queues_nothing() {
    check(
        &one_event("forbidden: true", ""),
        "answered+ accepted resolved+",
        "
        0s C.answered C-1 SI19 answer=not_found took=0s
        0s C.resolved C-1 SI9 ok=no since=0s place=failed
        ",
        "F: AsyncEventsReceived 0, Invocations 0
         C: answered.404 1
         ledger: failed 1",
    );
}

#[test]
fn a1_5_accepting_looks_at_no_limit() {
    check(
        "
        account: {concurrency: 100}
        functions: {F: {Timeout: 60, service_time: 1s}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s], count: 150}}}
        ",
        "",
        "",
        "F: AsyncEventsReceived 150, Throttles 50, Invocations 150
         C: answered.202 150, succeeded 150",
    );
    check(
        &one_event("ReservedConcurrentExecutions: 0", ""),
        "accepted",
        "0s F.accepted C-1 A1.5",
        "C: answered.202 1",
    );
}

#[test]
fn a1_8_each_event_of_a_batch_is_a_run_of_its_own_and_none_holds_up_the_next_x9() {
    check(
        "
        functions:
          F:
            service_time: 100ms
            cases: [{when: {caller: [A], attempt: [1]}, service_time: 100ms, error_rate: 100%}]
        callers:
          A: {via: invoke_async, target: F, arrivals: {at: [0s]}}
          B: {via: invoke_async, target: F, arrivals: {at: [1s], count: 2}}
        ",
        "tried run_ended",
        "
        0s F.tried A-1 A1.8
        0.1s F.run_ended A-1 SM2
        1s F.tried B-1 A1.8
        1s F.tried B-2 A1.8
        1.1s F.run_ended B-1 SM1
        1.1s F.run_ended B-2 SM1
        60.1s F.tried A-1 A2.1
        60.2s F.run_ended A-1 SM1
        ",
        "F: Invocations 4, Errors 1, AsyncEventsDropped 0
         ledger: succeeded 3",
    );
}

#[test]
fn a1_8_a_batch_goes_when_it_is_full_or_its_window_is_over() {
    check(
        "
        functions: {F: {event_queue: {batch_size: 3, batch_window: 10s}}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s, 4s, 9s, 20s, 30s, 30.1s]}}}
        ",
        "tried+",
        "
        9s F.tried C-1 A1.8 age=9s first=yes place=in_flight
        9s F.tried C-2 A1.8 age=5s first=yes place=in_flight
        9s F.tried C-3 A1.8 age=0s first=yes place=in_flight
        30s F.tried C-4 A1.8 age=10s first=yes place=in_flight
        30s F.tried C-5 A1.8 age=0s first=yes place=in_flight
        40.1s F.tried C-6 A1.8 age=10s first=yes place=in_flight
        ",
        "F: Invocations 6",
    );
}

#[test]
fn a1_8_kept_together_a_batch_is_one_run_that_fails_ages_and_is_retried_as_one() {
    check(
        "
        functions:
          F:
            service_time: 100ms
            event_queue: {batch_size: 3, batch_window: 10s, invoke_per: batch}
            cases: [{when: {attempt: [1]}, service_time: 100ms, error_rate: 100%}]
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s, 4s, 9s, 12s]}}}
        ",
        "run_started+ requeued completed+",
        "
        9s F.run_started C-1 #1 SE1 records=3 cold=0s
        9.1s F.requeued C-1 A2.1
        9.1s F.requeued C-2 A2.1
        9.1s F.requeued C-3 A2.1
        22s F.run_started C-4 #1 SE17 records=1
        22.1s F.requeued C-4 A2.1
        79.1s F.run_started C-1 #2 SE17 records=3
        79.2s F.completed C-1 SM1 age=79.2s place=succeeded
        79.2s F.completed C-2 SM1 age=79.2s place=succeeded
        79.2s F.completed C-3 SM1 age=79.2s place=succeeded
        92.1s F.run_started C-4 #2 SE17 records=1
        92.2s F.completed C-4 SM1 age=80.2s place=succeeded
        ",
        "F: Invocations 4, Errors 2",
    );
}

#[test]
fn a1_12_the_first_try_waits_the_dispatch_latency_and_later_ones_do_not() {
    check(
        &one_event(
            "error_rate: 100%, event_queue: {dispatch_latency: 35ms}",
            "MaximumRetryAttempts: 1",
        ),
        "tried+",
        "
        0.035s F.tried C-1 A1.12 age=0.035s first=yes place=in_flight
        60.135s F.tried C-1 A2.1 age=60.135s place=in_flight
        ",
        "F: dwell_time.count 1, dwell_time.max 35, AsyncEventAge.count 2, AsyncEventAge.max 60135",
    );
}

#[test]
fn a2_1_an_event_that_always_fails_runs_three_times_c1() {
    check(
        "
        functions:
          F:
            service_time: 100ms
            error_rate: 100%
            DeadLetterConfig: {TargetArn: D}
            EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: L}}}
        queues: {D: {}, L: {}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "tried+ run_ended requeued+ discarded+ enqueued+",
        "
        0s F.tried C-1 A1.8 age=0s first=yes place=in_flight
        0.1s F.run_ended C-1 SM2
        0.1s F.requeued C-1 A2.1 wait=60s place=waiting
        60.1s F.tried C-1 A2.1 age=60.1s place=in_flight
        60.2s F.run_ended C-1 SM2
        60.2s F.requeued C-1 A2.1 wait=120s place=waiting
        180.2s F.tried C-1 A2.1 age=180.2s place=in_flight
        180.3s F.run_ended C-1 SM2
        180.3s F.discarded C-1 A2.17 condition=RetriesExhausted runs=3 age=180.3s
        180.3s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        180.3s L.enqueued C-1.1 S6 entry=dead_letter place=dead_lettered
        ",
        "F: AsyncEventsReceived 1, Invocations 3, Errors 3, Throttles 0, AsyncEventsDropped 1
         F: AsyncEventAge.count 3, AsyncEventAge.min 0, AsyncEventAge.p50 60100, AsyncEventAge.max 180200
         F: billed_gb_seconds 0.0375, attempts_per_event.max 3, wasted_invocations 3
         D: arrived 1
         L: arrived 1
         ledger: arrivals 1, messages 2, dead_lettered 1",
    );
}

#[test]
fn a2_1_without_retries_an_event_runs_once_c2() {
    check(
        &one_event("error_rate: 100%", "MaximumRetryAttempts: 0"),
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        0.1s F.discarded C-1 A2.17 condition=RetriesExhausted runs=1 age=0.1s
        ",
        "F: Invocations 1, Errors 1, AsyncEventsDropped 1",
    );
}

#[test]
fn a2_1_an_event_that_fails_once_succeeds_after_a_minute_c3() {
    check(
        "
        functions:
          F:
            service_time: 100ms
            cases: [{when: {attempt: [1]}, service_time: 100ms, error_rate: 100%}]
            DeadLetterConfig: {TargetArn: D}
            EventInvokeConfig:
              DestinationConfig: {OnSuccess: {Destination: S}, OnFailure: {Destination: D}}
        queues: {D: {}, S: {}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "tried completed enqueued",
        "
        0s F.tried C-1 A1.8
        60.1s F.tried C-1 A2.1
        60.2s F.completed C-1 A3.2
        60.2s S.enqueued C-1.1 S6
        ",
        "F: Invocations 2, Errors 1, AsyncEventsDropped 0
         D: arrived 0
         ledger: succeeded 1, messages 2, delivered 0",
    );
}

#[test]
fn a2_1_the_wait_runs_from_the_end_of_a_run_that_times_out_c4() {
    check(
        &one_event("Timeout: 3, cases: [{when: {caller: [C]}, service_time: 1h}]", ""),
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        63s F.tried C-1 A2.1
        186s F.tried C-1 A2.1
        189s F.discarded C-1 A2.17 condition=RetriesExhausted runs=3 age=189s
        ",
        "F: Invocations 3, Errors 3, Duration.min 3000, Duration.max 3000, billed_gb_seconds 1.125",
    );
    check(
        &one_event("Timeout: 900, cases: [{when: {caller: [C]}, service_time: 1h}]", ""),
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        960s F.tried C-1 A2.1
        1980s F.tried C-1 A2.1
        2880s F.discarded C-1 A2.17 condition=RetriesExhausted runs=3 age=2880s
        ",
        "F: Errors 3",
    );
}

#[test]
fn a2_1_jitter_spreads_the_waits_around_the_nominal_ones() {
    let results = play(
        "
        functions:
          F:
            error_rate: 100%
            EventInvokeConfig: {MaximumRetryAttempts: 1}
            event_queue: {retry_jitter: 12.5%}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s], count: 1000}}}
        ",
        None,
    );
    // Half of the tries are the first, at 0; the others are evenly spread from 52.5 to 67.5 s.
    let age = |what: &str| results["resources"]["F"]["AsyncEventAge"][what].as_f64().unwrap();
    assert!((age("mean") - 30_000.0).abs() < 300.0, "{}", age("mean"));
    assert!((age("p90") - 64_500.0).abs() < 500.0, "{}", age("p90"));
    assert!(67_300.0 < age("max") && age("max") <= 67_500.0, "{}", age("max"));
}

#[test]
fn a2_7_refusals_double_from_one_second_and_free_capacity_is_noticed_late_c8() {
    check(
        "
        functions:
          F:
            Timeout: 90
            ReservedConcurrentExecutions: 1
            service_time: 100ms
            cases: [{when: {caller: [A]}, service_time: 60s}]
        callers:
          A: {target: F, arrivals: {at: [0s]}}
          B: {via: invoke_async, target: F, arrivals: {at: [0s]}}
        ",
        "tried+ throttled run_ended",
        "
        0s F.tried B-1 A1.8 age=0s first=yes place=in_flight
        0s F.throttled B-1 SN3
        1s F.tried B-1 A2.10 age=1s place=in_flight
        1s F.throttled B-1 SN3
        3s F.tried B-1 A2.10 age=3s place=in_flight
        3s F.throttled B-1 SN3
        7s F.tried B-1 A2.10 age=7s place=in_flight
        7s F.throttled B-1 SN3
        15s F.tried B-1 A2.10 age=15s place=in_flight
        15s F.throttled B-1 SN3
        31s F.tried B-1 A2.10 age=31s place=in_flight
        31s F.throttled B-1 SN3
        60s F.run_ended A-1 SM1
        63s F.tried B-1 A2.10 age=63s place=in_flight
        63.1s F.run_ended B-1 SM1
        ",
        "F: Throttles 6, Invocations 2, AsyncEventAge.count 7, AsyncEventAge.max 63000
         B: succeeded 1, latency.max 63100",
    );
}

#[test]
fn a2_7_a_function_that_is_never_free_is_tried_eighty_times_in_six_hours_c10() {
    // 0, 1, 3 … 511 s, then 811 s to 21,511 s in steps of 300 s: their sum is 782,283 s.
    check(
        &never_free(21_600),
        "discarded+",
        "21511s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=0 age=21511s",
        "F: Throttles 80, AsyncEventAge.count 80, AsyncEventAge.mean 9778537.5, AsyncEventAge.max 21511000
         ledger: dropped 1, dropped_by_reason.EventAgeExceeded 1",
    );
}

#[test]
fn a2_7_a_system_error_waits_like_a_throttle_and_is_none() {
    check(
        "
        duration: 10s
        functions: {F: {system_error_rate: 100%}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        timeline: [{at: 5s, set: {functions.F.system_error_rate: 0%}}]
        ",
        "tried system_erred completed",
        "
        0s F.tried C-1 A1.8
        0s F.system_erred C-1 SI24
        1s F.tried C-1 A2.10
        1s F.system_erred C-1 SI24
        3s F.tried C-1 A2.10
        3s F.system_erred C-1 SI24
        7s F.tried C-1 A2.10
        7s F.completed C-1 SM1
        ",
        "F: Throttles 0, Invocations 1, Errors 0",
    );
}

#[test]
fn a2_7_patient_events_stand_in_line_for_capacity_first_in_first_out() {
    check(
        "
        functions:
          F:
            Timeout: 60
            ReservedConcurrentExecutions: 1
            service_time: 10s
            event_queue: {when_throttled: wait}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s, 1s, 2s]}}}
        ",
        "tried queued completed",
        "
        0s F.queued C-1 ours
        0s F.tried C-1 A1.8
        1s F.queued C-2 ours
        2s F.queued C-3 ours
        10s F.completed C-1 SM1
        10s F.tried C-2 A1.8
        20s F.completed C-2 SM1
        20s F.tried C-3 A1.8
        30s F.completed C-3 SM1
        ",
        "F: Throttles 0, Invocations 3",
    );
}

#[test]
fn a2_21_reserved_concurrency_zero_ends_the_wait_of_patient_events() {
    check(
        "
        duration: 20s
        functions:
          F:
            ReservedConcurrentExecutions: 1
            Timeout: 60
            service_time: 10s
            event_queue: {when_throttled: wait}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s, 1s, 6s]}}}
        timeline: [{at: 5s, set: {functions.F.ReservedConcurrentExecutions: 0}}]
        ",
        "tried completed dropped",
        "
        0s F.tried C-1 A1.8
        5s F.tried C-2 A1.8
        5s F.dropped C-2 A2.21
        6s F.tried C-3 A1.8
        6s F.dropped C-3 A2.21
        10s F.completed C-1 SM1
        ",
        "F: Throttles 0, Invocations 1",
    );
}

#[test]
fn a2_10_a_throttled_try_spends_no_retry_and_the_waits_begin_again_after_a_run() {
    // Throttled at 0 and 1 s, fails at 3 s, throttled again at 63.1 and 64.1 s, fails at 66.1 s.
    check(
        "
        functions:
          F:
            Timeout: 90
            ReservedConcurrentExecutions: 1
            service_time: 100ms
            cases:
              - {when: {caller: [A]}, service_time: 2s}
              - {when: {caller: [B]}, service_time: 100ms, error_rate: 100%}
            EventInvokeConfig: {MaximumRetryAttempts: 1}
        callers:
          A: {target: F, arrivals: {at: [0s, 62.5s]}}
          B: {via: invoke_async, target: F, arrivals: {at: [0s]}}
        ",
        "tried throttled requeued+ discarded+",
        "
        0s F.tried B-1 A1.8
        0s F.throttled B-1 SN3
        0s F.requeued B-1 A2.7 wait=1s place=waiting
        1s F.tried B-1 A2.10
        1s F.throttled B-1 SN3
        1s F.requeued B-1 A2.7 wait=2s place=waiting
        3s F.tried B-1 A2.10
        3.1s F.requeued B-1 A2.1 wait=60s place=waiting
        63.1s F.tried B-1 A2.1
        63.1s F.throttled B-1 SN3
        63.1s F.requeued B-1 A2.7 wait=1s place=waiting
        64.1s F.tried B-1 A2.10
        64.1s F.throttled B-1 SN3
        64.1s F.requeued B-1 A2.7 wait=2s place=waiting
        66.1s F.tried B-1 A2.10
        66.2s F.discarded B-1 A2.17 condition=RetriesExhausted runs=2 age=66.2s
        ",
        "F: Throttles 4, Errors 2",
    );
}

#[test]
fn a2_14_an_event_that_succeeded_is_delivered_once_more() {
    check(
        &format!(
            "{}\n        duration: 1s",
            one_event("event_queue: {duplicate_probability: 100%}", "")
        ),
        "tried redelivered run_ended completed",
        "
        0s F.tried C-1 A1.8
        0.1s F.run_ended C-1 SM1
        0.1s F.completed C-1 SM1
        0.1s F.redelivered C-1 A2.14
        0.2s F.run_ended C-1 SM1
        ",
        "F: Invocations 2, duplicates 1, wasted_invocations 1, AsyncEventsDropped 0
         ledger: arrivals 1, messages 1, succeeded 1",
    );
}

#[test]
fn a2_15_more_events_than_the_threshold_stretch_the_waits() {
    let waits = |threshold: u32, rule: &str, wait: &str| {
        check(
            &format!(
                "
                functions:
                  F:
                    service_time: 100ms
                    cases: [{{when: {{attempt: [1]}}, service_time: 100ms, error_rate: 100%}}]
                    event_queue: {{backlog_threshold: {threshold}, backlog_interval_factor: 3}}
                callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s], count: 2}}}}}}
                "
            ),
            "requeued+",
            &format!(
                "
                0.1s F.requeued C-1 {rule} wait={wait} place=waiting
                0.1s F.requeued C-2 {rule} wait={wait} place=waiting
                "
            ),
            "F: Invocations 4",
        );
    };
    waits(1, "A2.15", "180s");
    waits(2, "A2.1", "60s");
    waits(3, "A2.1", "60s");
}

#[test]
fn a2_16_sixty_seconds_of_age_allow_no_retry_c5() {
    check(
        &one_event("error_rate: 100%", "MaximumEventAgeInSeconds: 60"),
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        0.1s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=1 age=0.1s
        ",
        "F: Errors 1, AsyncEventsDropped 1",
    );
}

#[test]
fn a2_16_ninety_seconds_of_age_allow_one_retry_c6() {
    check(
        &one_event("error_rate: 100%", "MaximumEventAgeInSeconds: 90"),
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        60.1s F.tried C-1 A2.1
        60.2s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=2 age=60.2s
        ",
        "F: Errors 2",
    );
}

#[test]
fn a2_16_a_throttled_event_with_an_age_of_sixty_seconds_ends_at_its_sixth_try_c9() {
    check(
        "
        functions:
          F:
            Timeout: 900
            ReservedConcurrentExecutions: 1
            EventInvokeConfig:
              MaximumEventAgeInSeconds: 60
              DestinationConfig: {OnFailure: {Destination: L}}
            cases: [{when: {caller: [A]}, service_time: 200s}]
        queues: {L: {}}
        callers:
          A: {target: F, arrivals: {at: [0s]}}
          B: {via: invoke_async, target: F, arrivals: {at: [0s]}}
        ",
        "B.answered tried discarded+ enqueued",
        "
        0s B.answered B-1 A1.1
        0s F.tried B-1 A1.8
        1s F.tried B-1 A2.10
        3s F.tried B-1 A2.10
        7s F.tried B-1 A2.10
        15s F.tried B-1 A2.10
        31s F.tried B-1 A2.10
        31s F.discarded B-1 A2.16 condition=EventAgeExceeded runs=0 age=31s
        31s L.enqueued B-1 S6
        ",
        "F: Throttles 6, AsyncEventsDropped 1, Invocations 1, Errors 0
         B: dead_lettered 1",
    );
}

#[test]
fn a2_16_a_throttled_event_ends_at_the_last_try_that_its_age_allows_x1() {
    for (age_max, tries, end) in [(90, 7, 63), (300, 9, 255), (600, 10, 511), (3600, 20, 3511)] {
        check(
            &never_free(age_max),
            "discarded+",
            &format!("{end}s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=0 age={end}s"),
            &format!("F: Throttles {tries}, AsyncEventAge.count {tries}"),
        );
    }
}

#[test]
fn a2_16_long_runs_use_the_age_up_too_x2() {
    check(
        &one_event(
            "Timeout: 900, cases: [{when: {caller: [C]}, service_time: 1h}]",
            "MaximumEventAgeInSeconds: 1800",
        ),
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        960s F.tried C-1 A2.1
        1860s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=2 age=1860s
        ",
        "F: Errors 2",
    );
}

#[test]
fn a2_16_an_age_of_180_seconds_is_too_short_for_the_third_run_and_181_is_not_x3() {
    let ends = |age: &str, function: &str, expected: &str| {
        check(
            &one_event(function, &format!("MaximumEventAgeInSeconds: {age}")),
            "discarded+",
            expected,
            "",
        );
    };
    let (fails, at_once) = ("error_rate: 100%", "error_rate: 100%, error_time: 0s");
    ends("180", fails, "60.2s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=2 age=60.2s");
    ends("181", fails, "180.3s F.discarded C-1 A2.17 condition=RetriesExhausted runs=3 age=180.3s");
    // Runs that take no time: the third try is at just 180 s.
    ends("179", at_once, "60s F.discarded C-1 A2.16 condition=EventAgeExceeded runs=2 age=60s");
    ends("180", at_once, "180s F.discarded C-1 A2.17 condition=RetriesExhausted runs=3 age=180s");
}

#[test]
fn a2_17_a_last_run_that_ends_above_the_maximum_age_has_exhausted_its_retries() {
    check(
        &one_event(
            "Timeout: 900, cases: [{when: {caller: [C]}, service_time: 1h}]",
            "MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0",
        ),
        "discarded+",
        "900s F.discarded C-1 A2.17 condition=RetriesExhausted runs=1 age=900s",
        "ledger: dropped_by_reason.RetriesExhausted 1",
    );
}

#[test]
fn a2_19_an_event_whose_turn_comes_too_late_ends_without_a_run() {
    let dispatched_after = |latency: &str, expected: &str, invocations: u32| {
        check(
            &one_event(
                &format!("event_queue: {{dispatch_latency: {latency}}}"),
                "MaximumEventAgeInSeconds: 60",
            ),
            "tried discarded+ completed",
            expected,
            &format!("F: Invocations {invocations}, AsyncEventAge.count {invocations}"),
        );
    };
    dispatched_after("59.999s", "59.999s F.tried C-1 A1.12\n60.099s F.completed C-1 SM1", 1);
    dispatched_after("60s", "60s F.tried C-1 A1.12\n60.1s F.completed C-1 SM1", 1);
    dispatched_after(
        "60.001s",
        "60.001s F.discarded C-1 A2.19 condition=EventAgeExceeded runs=0 age=60.001s",
        0,
    );
}

#[test]
fn a2_21_with_reserved_concurrency_zero_an_event_ends_at_its_try_c7() {
    check(
        "
        functions: {F: {ReservedConcurrentExecutions: 0, DeadLetterConfig: {TargetArn: D}}}
        queues: {D: {}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "accepted answered+ tried throttled discarded+ enqueued",
        "
        0s F.accepted C-1 A1.5
        0s C.answered C-1 A1.1 answer=ok took=0s
        0s F.tried C-1 A1.8
        0s F.discarded C-1 A2.21 condition=ZeroReservedConcurrency runs=0 age=0s
        0s D.enqueued C-1 S6
        ",
        "F: AsyncEventsReceived 1, AsyncEventsDropped 1, Invocations 0, Throttles 0, Errors 0
         F: AsyncEventAge.count 1
         ledger: dead_lettered 1",
    );
}

#[test]
fn a2_21_an_event_that_waits_meets_it_at_its_next_try() {
    check(
        "
        functions: {F: {service_time: 100ms, error_rate: 100%}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        timeline: [{at: 10s, set: {functions.F.ReservedConcurrentExecutions: 0}}]
        ",
        "tried discarded+",
        "
        0s F.tried C-1 A1.8
        60.1s F.tried C-1 A2.1
        60.1s F.discarded C-1 A2.21 condition=ZeroReservedConcurrency runs=1 age=60.1s
        ",
        "ledger: dropped_by_reason.ZeroReservedConcurrency 1",
    );
}

#[test]
fn a2_22_a_function_that_is_gone_spends_attempts_and_no_code_runs() {
    check(
        "
        functions: {F: {EventInvokeConfig: {MaximumRetryAttempts: 1}, event_queue: {dispatch_latency: 1s}}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        timeline: [{at: 500ms, set: {functions.F.forbidden: true}}]
        ",
        "tried missing requeued+ discarded+",
        "
        1s F.tried C-1 A1.12
        1s F.missing C-1 A2.22
        1s F.requeued C-1 A2.22 wait=60s place=waiting
        61s F.tried C-1 A2.22
        61s F.missing C-1 A2.22
        61s F.discarded C-1 A2.17 condition=RetriesExhausted runs=2 age=61s
        ",
        "F: Invocations 0, Errors 0, Throttles 0, AsyncEventsDropped 1",
    );
}
