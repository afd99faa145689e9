//! An event source mapping on a queue: batches, pollers, throttles (E).

use super::{check, play};

/// A mapping with these properties between a queue of 30 s and a function.
fn mapped(function: &str, mapping: &str, arrivals: &str, rest: &str) -> String {
    format!(
        "
        functions: {{F: {{{function}}}}}
        queues: {{Q: {{VisibilityTimeout: 30}}}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F, {mapping}}}}}
        callers: {{C: {{target: Q, arrivals: {{{arrivals}}}}}}}
        {rest}
        "
    )
}

#[test]
fn e10_a_poller_receives_invokes_deletes_and_receives_again() {
    check(
        &mapped(
            "service_time: 1s",
            "BatchSize: 1",
            "at: [5s, 5.5s]",
            "assumptions: {pollers_initial: 1, pollers_max: 1, idle_pollers: 1}",
        ),
        "received polled+ invoked+ run_ended events_deleted+ deleted",
        "
        5s Q.received C-1 #1 S11
        5s M.polled E10 events=1
        5s M.invoked E11 events=1
        6s F.run_ended C-1 SM1
        6s M.events_deleted E10 events=1
        6s Q.deleted C-1 E10
        6s Q.received C-2 #1 S2
        6s M.polled E10 events=1
        6s M.invoked E11 events=1
        7s F.run_ended C-2 SM1
        7s M.events_deleted E10 events=1
        7s Q.deleted C-2 E10
        ",
        "C: succeeded 2",
    );
}

#[test]
fn e10_a_mapping_that_is_disabled_finishes_what_it_holds_and_receives_no_more() {
    check(
        &mapped(
            "service_time: 2s",
            "BatchSize: 1",
            "at: [1s, 3s, 5s]",
            "timeline: [{at: 2s, for: 8s, set: {event_source_mappings.M.Enabled: false}}]",
        ),
        "received run_ended pollers_scaled+",
        "
        0s M.pollers_scaled E35 pollers=5
        1s Q.received C-1 #1 S11
        2s M.pollers_scaled E10 pollers=0
        3s F.run_ended C-1 SM1
        10s M.pollers_scaled E35 pollers=5
        10s Q.received C-2 #1 S2
        10s Q.received C-3 #1 S2
        12s F.run_ended C-2 SM1
        12s F.run_ended C-3 SM1
        ",
        "C: succeeded 3",
    );
}

#[test]
fn e11_a_batch_closes_at_its_size_or_at_the_end_of_its_window() {
    check(
        &mapped(
            "",
            "BatchSize: 3, MaximumBatchingWindowInSeconds: 10",
            "at: [1s, 4s, 9s, 20s, 24s, 29s, 31s, 41s]",
            "",
        ),
        "received invoked+",
        "
        1s Q.received C-1 #1 S11
        4s Q.received C-2 #1 S11
        9s Q.received C-3 #1 S11
        9s M.invoked E11 events=3
        20s Q.received C-4 #1 S11
        24s Q.received C-5 #1 S11
        29s Q.received C-6 #1 S11
        29s M.invoked E11 events=3
        31s Q.received C-7 #1 S11
        41s M.invoked E11 events=1
        41s Q.received C-8 #1 S2
        51s M.invoked E11 events=1
        ",
        "M: PolledEventCount 8, InvokedEventCount 8",
    );
}

#[test]
fn e11_a_window_is_not_begun_anew_by_a_message() {
    check(
        &mapped(
            "",
            "BatchSize: 100, MaximumBatchingWindowInSeconds: 10",
            "every: 3s, until: 12s",
            "",
        ),
        "invoked+",
        "
        10s M.invoked E11 events=4
        ",
        "",
    );
}

#[test]
fn e11_a_batch_closes_at_six_mebibytes() {
    let sized = |size: &str, count: u32, expected: &str| {
        check(
            &format!(
                "
                functions: {{F: {{service_time: 1s}}}}
                queues: {{Q: {{}}}}
                event_source_mappings:
                  M:
                    {{EventSourceArn: Q, FunctionName: F,
                    BatchSize: 100, MaximumBatchingWindowInSeconds: 10}}
                callers: {{C: {{target: Q, payload_size: {size}, arrivals: {{at: [0s], count: {count}}}}}}}
                assumptions: {{pollers_initial: 1, pollers_max: 1, idle_pollers: 1}}
                "
            ),
            "invoked+",
            expected,
            "",
        );
    };
    sized("1MiB", 5, "10s M.invoked E11 events=5");
    sized("1MiB", 6, "0s M.invoked E11 events=6");
    sized("1MiB", 7, "0s M.invoked E11 events=6\n1s M.invoked E11 events=1");
    sized("1048575B", 6, "10s M.invoked E11 events=6");
}

#[test]
fn e18_after_a_failure_nothing_is_deleted_and_each_message_returns_by_itself() {
    for (function, ran) in [
        (
            "service_time: 1s, cases: [{when: {attempt: [1]}, service_time: 1s, error_rate: 100%}]",
            1,
        ),
        ("Timeout: 2, service_time: 1s, cases: [{when: {attempt: [1]}, service_time: 1h}]", 2),
    ] {
        check(
            &mapped(function, "BatchSize: 2", "at: [0s], count: 2", ""),
            "received let_go+ returned deleted",
            &format!(
                "
                0s Q.received C-1 #1 S2
                0s Q.received C-2 #1 S2
                {ran}s M.let_go E18 events=2
                30s Q.returned C-1 #1 S4
                30s Q.returned C-2 #1 S4
                30s Q.received C-1 #2 S11
                30s Q.received C-2 #2 S11
                31s Q.deleted C-1 E10
                31s Q.deleted C-2 E10
                "
            ),
            "F: Invocations 2, Errors 1
             M: FailedInvokeEventCount 2, DeletedEventCount 2",
        );
    }
}

#[test]
fn e18_a_function_that_is_gone_fails_the_batch() {
    check(
        &mapped(
            "",
            "BatchSize: 1",
            "at: [0s]",
            "timeline: [{at: 0s, for: 5s, set: {functions.F.forbidden: true}}]",
        ),
        "missing let_go+ received deleted",
        "
        0s Q.received C-1 #1 S2
        0s F.missing C-1 SI19
        0s M.let_go E18 events=1
        30s Q.received C-1 #2 S11
        30s Q.deleted C-1 E10
        ",
        "F: Invocations 1, Errors 0",
    );
}

#[test]
fn e18_a_blast_takes_the_batch_of_the_poison_and_no_other_t8() {
    check(
        "
        functions:
          F: {record_time: 100ms, cases: [{when: {kind: [bad]}, record_time: 100ms, poison_rate: 100%}]}
        queues:
          Q: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 3}}
          D: {}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F, BatchSize: 10}}
        callers:
          C:
            target: Q
            arrivals: {at: [0s], count: 20}
            attributes:
              kind:
                {cycle: [ok, ok, ok, ok, bad, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok, ok]}
        thresholds:
          - Q.NumberOfMessagesDeleted first_at == 1s
          - Q.NumberOfMessagesDeleted last_at == 1s
          - D.arrived first_at == 90s
          - D.arrived last_at == 90s
        ",
        "invoked+ events_deleted+",
        "
        0s M.invoked E11 events=10
        0s M.invoked E11 events=10
        1s M.events_deleted E10 events=10
        30s M.invoked E11 events=10
        60s M.invoked E11 events=10
        ",
        "F: Invocations 4, Errors 3
         Q: NumberOfMessagesReceived 40, NumberOfMessagesDeleted 10
         D: arrived 10
         ledger: succeeded 10, dead_lettered 10",
    );
}

#[test]
fn e19_what_the_filter_does_not_want_is_deleted_before_the_invocation() {
    check(
        "
        functions: {F: {service_time: 1s, error_rate: 100%}}
        queues: {Q: {}}
        event_source_mappings:
          M:
            EventSourceArn: Q
            FunctionName: F
            FilterCriteria: {Filters: [{Pattern: {kind: [a]}}, {Pattern: {kind: [b]}}]}
        callers:
          C: {target: Q, arrivals: {at: [0s], count: 4}, attributes: {kind: {cycle: [a, x, b, x]}}}
        duration: 10s
        drain: 0s
        ",
        "filtered_out invoked+ deleted+ let_go+",
        "
        0s M.filtered_out C-2 E19
        0s M.filtered_out C-4 E19
        0s M.invoked E11 events=2
        0s Q.deleted C-2 E19 why=filtered was=in_flight place=filtered
        0s Q.deleted C-4 E19 why=filtered was=in_flight place=filtered
        1s M.let_go E18 events=2
        ",
        "M: PolledEventCount 4, FilteredOutEventCount 2, InvokedEventCount 2
         ledger: filtered 2, in_flight 2",
    );
}

#[test]
fn e19_a_batch_that_is_filtered_out_whole_makes_no_invocation() {
    check(
        "
        functions: {F: {}}
        queues: {Q: {}}
        event_source_mappings:
          M:
            EventSourceArn: Q
            FunctionName: F
            FilterCriteria: {Filters: [{Pattern: {kind: [a]}}]}
        callers: {C: {target: Q, arrivals: {at: [0s], count: 2}, attributes: {kind: x}}}
        ",
        "invoked",
        "",
        "F: Invocations 0
         Q: NumberOfMessagesDeleted 2
         ledger: filtered 2",
    );
}

#[test]
fn e25_errors_cost_a_mapping_pollers_and_reports_cost_none() {
    // 0.000255 × 60 ^ 2.57 = 9.47 of 60 pollers for one failed batch.
    let backs_off = |properties: &str, assumed: bool, pollers: u32| {
        check(
            &mapped(
                "service_time: 1s, poison_rate: 100%",
                &format!("BatchSize: 1{properties}"),
                "at: [0s]",
                &format!(
                    "duration: 5s
        drain: 0s
        assumptions: {{error_backoff: {assumed}, pollers_initial: 60}}"
                ),
            ),
            "",
            "",
            &format!("M: pollers.end {pollers}, pollers.max 60"),
        );
    };
    backs_off("", true, 51);
    backs_off("", false, 60);
    backs_off(", FunctionResponseTypes: [ReportBatchItemFailures]", true, 60);
}

/// Five messages for a function that runs one at a time for 10 s.
fn over_pulled(function: &str, mapping: &str, rest: &str) -> String {
    format!(
        "
        functions: {{F: {{service_time: 10s, {function}}}}}
        queues:
          Q: {{VisibilityTimeout: 30, RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: 1}}}}
          D: {{}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F, BatchSize: 1, {mapping}}}}}
        callers: {{C: {{target: Q, arrivals: {{at: [0s], count: 5}}}}}}
        {rest}
        "
    )
}

#[test]
fn e26_a_throttled_batch_is_tried_again_while_a_run_still_fits_its_visibility_t9() {
    check(
        &over_pulled("Timeout: 10, ReservedConcurrentExecutions: 1", "", ""),
        "received throttled run_started run_ended let_go+ D.enqueued",
        "
        0s Q.received C-1 #1 S2
        0s Q.received C-2 #1 S2
        0s Q.received C-3 #1 S2
        0s Q.received C-4 #1 S2
        0s Q.received C-5 #1 S2
        0s F.run_started C-1 #1 SE1
        0s F.throttled C-2 SN3
        0s F.throttled C-3 SN3
        0s F.throttled C-4 SN3
        0s F.throttled C-5 SN3
        3.6s F.throttled C-2 SN3
        3.6s F.throttled C-3 SN3
        3.6s F.throttled C-4 SN3
        3.6s F.throttled C-5 SN3
        10s F.run_ended C-1 SM1
        10.8s F.run_started C-2 #1 SE17
        10.8s F.throttled C-3 SN3
        10.8s M.let_go E26 events=1
        10.8s F.throttled C-4 SN3
        10.8s M.let_go E26 events=1
        10.8s F.throttled C-5 SN3
        10.8s M.let_go E26 events=1
        20.8s F.run_ended C-2 SM1
        30s D.enqueued C-3 S24
        30s D.enqueued C-4 S24
        30s D.enqueued C-5 S24
        ",
        "F: Throttles 11, Errors 0, Invocations 2
         ledger: succeeded 2, dead_lettered 3",
    );
    // A run of 30 s never fits again.
    check(
        &over_pulled("Timeout: 30, ReservedConcurrentExecutions: 1", "", ""),
        "",
        "",
        "F: Throttles 4, Errors 0, Invocations 1
         ledger: succeeded 1, dead_lettered 4",
    );
}

#[test]
fn e26_a_try_that_just_fits_is_made() {
    let tries = |timeout: u32, reserved: u32, throttles: u32| {
        check(
            &mapped(
                &format!("Timeout: {timeout}, ReservedConcurrentExecutions: {reserved}"),
                "BatchSize: 1",
                "at: [0s]",
                "duration: 29s
        drain: 0s
        assumptions: {throttled_poll_spacing: 10s}",
            ),
            "",
            "",
            &format!("F: Throttles {throttles}, Invocations 0"),
        );
    };
    // The first wait is 10 s, so the second try has 20 s left. Reserved 0 is refused like a throttle.
    tries(19, 0, 2);
    tries(20, 0, 2);
    tries(21, 0, 1);
}

#[test]
fn e26_one_try_lets_go_at_once() {
    check(
        &over_pulled(
            "Timeout: 10, ReservedConcurrentExecutions: 1",
            "",
            "assumptions: {throttled_poll: one_try}",
        ),
        "let_go+ run_started",
        "
        0s F.run_started C-1 #1 SE1
        0s M.let_go E26 events=1
        0s M.let_go E26 events=1
        0s M.let_go E26 events=1
        0s M.let_go E26 events=1
        ",
        "F: Throttles 4
         ledger: succeeded 1, dead_lettered 4",
    );
}

#[test]
fn e26_when_a_slot_frees_it_is_taken_until_the_visibility_is_over() {
    check(
        &over_pulled(
            "Timeout: 10, ReservedConcurrentExecutions: 1",
            "",
            "assumptions: {throttled_poll: when_a_slot_frees}",
        ),
        "let_go+ run_started run_ended D.enqueued",
        "
        0s F.run_started C-1 #1 SE1
        10s F.run_ended C-1 SM1
        10s F.run_started C-2 #1 SE17
        20s F.run_ended C-2 SM1
        20s F.run_started C-3 #1 SE17
        30s F.run_ended C-3 SM1
        30s M.let_go E26 events=1
        30s M.let_go E26 events=1
        30s D.enqueued C-4 S24
        30s D.enqueued C-5 S24
        ",
        "F: Throttles 4
         ledger: succeeded 3, dead_lettered 2",
    );
}

#[test]
fn e31_at_its_maximum_concurrency_a_mapping_stops_receiving_t10() {
    check(
        &over_pulled(
            "Timeout: 10, ReservedConcurrentExecutions: 2",
            "ScalingConfig: {MaximumConcurrency: 2}",
            "",
        ),
        "received run_ended throttled redriven",
        "
        0s Q.received C-1 #1 S2
        0s Q.received C-2 #1 S2
        10s F.run_ended C-1 SM1
        10s F.run_ended C-2 SM1
        10s Q.received C-3 #1 S2
        10s Q.received C-4 #1 S2
        20s F.run_ended C-3 SM1
        20s F.run_ended C-4 SM1
        20s Q.received C-5 #1 S2
        30s F.run_ended C-5 SM1
        ",
        "F: Throttles 0, Errors 0, ConcurrentExecutions.max 2
         Q: NumberOfMessagesReceived 5
         ledger: succeeded 5, dead_lettered 0",
    );
}

#[test]
fn e31_a_cap_that_is_lowered_lets_pollers_finish_what_they_hold() {
    check(
        &mapped(
            "Timeout: 10, service_time: 10s",
            "BatchSize: 1, ScalingConfig: {MaximumConcurrency: 3}",
            "at: [0s], count: 8",
            "timeline: [{at: 5s, set: {event_source_mappings.M.ScalingConfig.MaximumConcurrency: 2}}]",
        ),
        "received pollers_scaled+",
        "
        0s M.pollers_scaled E35 pollers=3
        0s Q.received C-1 #1 S2
        0s Q.received C-2 #1 S2
        0s Q.received C-3 #1 S2
        5s M.pollers_scaled E31 pollers=2
        10s Q.received C-4 #1 S2
        10s Q.received C-5 #1 S2
        20s Q.received C-6 #1 S2
        20s Q.received C-7 #1 S2
        30s Q.received C-8 #1 S2
        ",
        "C: succeeded 8",
    );
}

#[test]
fn e34_a_batch_that_the_recursion_guard_refuses_fails_and_its_receives_count() {
    check(
        "
        functions: {F: {service_time: 1s, calls: [{target: Q}]}}
        queues:
          Q: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 2}}
          D: {}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F, BatchSize: 1}}
        callers: {C: {target: Q, arrivals: {at: [0s]}}}
        ",
        "loop_stopped let_go+ redriven",
        "
        16s F.loop_stopped C-1.16 A6.2
        16s M.let_go E34 events=1
        46s F.loop_stopped C-1.16 A6.2
        46s M.let_go E34 events=1
        76s Q.redriven C-1.16 #2 S23
        ",
        "F: Invocations 16, RecursiveInvocationsDropped 2, Errors 0
         ledger: arrivals 1, messages 17, dead_lettered 1, partly 1",
    );
}

#[test]
fn e35_a_mapping_begins_with_five_batches_at_once() {
    let begins = |properties: &str, pollers: u32| {
        check(
            &mapped(
                "Timeout: 10, service_time: 100ms",
                &format!("BatchSize: 1{properties}"),
                "at: [0s], count: 10",
                "duration: 50ms\n        drain: 0s",
            ),
            "pollers_scaled+",
            &format!("0s M.pollers_scaled E35 pollers={pollers}"),
            &format!("Q: NumberOfMessagesReceived {pollers}"),
        );
    };
    begins("", 5);
    begins(", ScalingConfig: {MaximumConcurrency: 2}", 2);
    begins(", ScalingConfig: {MaximumConcurrency: 6}", 5);
}

#[test]
fn e36_while_every_poller_is_busy_one_is_added_each_200_milliseconds() {
    check(
        &mapped("Timeout: 10, service_time: 450ms", "BatchSize: 1", "at: [0s], count: 6", ""),
        "pollers_scaled+",
        "
        0s M.pollers_scaled E35 pollers=5
        0.2s M.pollers_scaled E36 pollers=6
        0.4s M.pollers_scaled E36 pollers=7
        ",
        "",
    );
}

#[test]
fn e36_without_growth_the_pollers_stay_as_many_as_they_were() {
    check(
        &mapped(
            "service_time: 2s",
            "BatchSize: 1",
            "at: [0s], count: 1000",
            "duration: 300s\n        assumptions: {pollers_per_minute: 0}",
        ),
        "pollers_scaled+",
        "0s M.pollers_scaled E35 pollers=5",
        "F: ConcurrentExecutions.max 5, Invocations 1000",
    );
}

#[test]
fn e36_an_endless_backlog_ramps_up_within_the_envelope_t13() {
    // c(t) = min(5 + 5 t, 1250): 305 at 60 s, 1,250 at 249 s; in a minute at most 9,300 batches.
    let results = play(
        "
        duration: 250s
        drain: 0s
        functions: {F: {service_time: 1s}}
        account: {concurrency: 2000}
        queues: {Q: {VisibilityTimeout: 300}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}
        callers: {C: {target: Q, arrivals: {at: [0s], count: 2000000}}}
        thresholds:
          - M.pollers at 1s <= 10
          - M.pollers at 60s == 305
          - M.pollers at 248s < 1250
          - M.pollers at 249s == 1250
          - 90000 < Q.NumberOfMessagesDeleted during ..60001ms <= 93000
        ",
        None,
    );
    assert_eq!(results["resources"]["M"]["pollers"]["max"], 1250.0);
}

#[test]
fn e38_an_idle_mapping_gives_pollers_back_in_even_steps() {
    let gives_back = |idle: u32, steps: &str| {
        check(
            &mapped(
                "",
                "BatchSize: 1",
                "at: [200s]",
                &format!("assumptions: {{pollers_initial: 8, idle_pollers: {idle}}}"),
            ),
            "pollers_scaled+",
            steps,
            "",
        );
    };
    gives_back(
        5,
        "
        0s M.pollers_scaled E35 pollers=8
        40s M.pollers_scaled E38 pollers=7
        60s M.pollers_scaled E38 pollers=6
        80s M.pollers_scaled E38 pollers=5
        ",
    );
    gives_back(8, "0s M.pollers_scaled E35 pollers=8");
}

#[test]
fn e36_a_mapping_with_a_window_grows_though_its_runs_end_on_the_steps_of_growth() {
    // Runs of 1 s end at each fifth step of 200 ms, and with a window its pollers look one after the other.
    let grown = |window: &str| {
        let scenario = mapped(
            "service_time: 1s, Timeout: 5",
            &format!("BatchSize: 10{window}"),
            "at: [0s], count: 5000",
            "",
        );
        play(&scenario, None)["resources"]["M"]["pollers"]["max"].as_f64().expect("a gauge")
    };
    let (plain, windowed) = (grown(""), grown(", MaximumBatchingWindowInSeconds: 1"));
    assert_eq!(windowed, plain);
}

#[test]
fn e44_provisioned_pollers_are_there_at_once_and_grow_by_a_thousand_a_minute() {
    check(
        &mapped(
            "service_time: 10s, Timeout: 20",
            "BatchSize: 1, ProvisionedPollerConfig: {MinimumPollers: 2, MaximumPollers: 3}",
            "at: [0s], count: 100",
            "duration: 130ms",
        ),
        "pollers_scaled+",
        "
        0s M.pollers_scaled E44 pollers=20
        0.06s M.pollers_scaled E44 pollers=21
        0.12s M.pollers_scaled E44 pollers=22
        0.18s M.pollers_scaled E44 pollers=23
        0.24s M.pollers_scaled E44 pollers=24
        0.3s M.pollers_scaled E44 pollers=25
        0.36s M.pollers_scaled E44 pollers=26
        0.42s M.pollers_scaled E44 pollers=27
        0.48s M.pollers_scaled E44 pollers=28
        0.54s M.pollers_scaled E44 pollers=29
        0.6s M.pollers_scaled E44 pollers=30
        ",
        "C: succeeded 100",
    );
}

#[test]
fn e44_a_provisioned_poller_polls_ten_times_a_second() {
    // Two pollers: a second's worth of 20 polls at once and the next at 50 ms. Runs take no time.
    let scenario = mapped(
        "service_time: 1ms",
        "BatchSize: 1, ProvisionedPollerConfig: {MinimumPollers: 2, MaximumPollers: 2}",
        "at: [0s], count: 120",
        "thresholds: [4.9s < Q.NumberOfMessagesDeleted last_at < 5.1s, F.Invocations during ..1s <= 41]",
    );
    play(&scenario, None);
}
