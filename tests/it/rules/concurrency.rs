//! Concurrency: the account's, and what functions reserve of it (SN).

use super::{check, play};
use dwell::observe::trace::Row;
use std::cell::RefCell;

#[test]
fn sn2_functions_without_a_reservation_share_the_accounts_concurrency() {
    let bursts = |of_f: u32, of_g: u32, throttles: u32| {
        check(
            &format!(
                "
                account: {{concurrency: 110}}
                functions: {{F: {{service_time: 1s}}, G: {{service_time: 1s}}}}
                callers:
                  A: {{target: F, arrivals: {{at: [0s], count: {of_f}}}}}
                  B: {{target: G, arrivals: {{at: [0s], count: {of_g}}}}}
                "
            ),
            "",
            "",
            &format!(
                "F: Throttles 0
                 G: Throttles {throttles}
                 account: ConcurrentExecutions.max {}",
                110.min(of_f + of_g)
            ),
        );
    };
    bursts(60, 49, 0);
    bursts(60, 50, 0);
    bursts(60, 51, 1);
}

#[test]
fn sn2_a_unit_that_frees_can_be_taken_at_the_same_instant() {
    check(
        "
        account: {concurrency: 1}
        functions: {F: {service_time: 1s}}
        callers: {C: {target: F, arrivals: {at: [0s, 999ms, 1s]}}}
        ",
        "run_started run_ended throttled",
        "
        0s F.run_started C-1 #1 SE1
        0.999s F.throttled C-2 SN2
        1s F.run_ended C-1 SM1
        1s F.run_started C-3 #1 SE17
        2s F.run_ended C-3 SM1
        ",
        "C: answered.429 1",
    );
}

#[test]
fn sn2_an_error_and_a_timeout_give_their_unit_back_just_once() {
    for ends in ["service_time: 1s, error_rate: 100%", "Timeout: 1, service_time: 5s"] {
        check(
            &format!(
                "
                functions: {{F: {{ReservedConcurrentExecutions: 1, {ends}}}}}
                callers: {{C: {{target: F, arrivals: {{at: [0s, 1s, 1.5s, 2s, 3s], count: 2}}}}}}
                "
            ),
            "throttled",
            "
            0s F.throttled C-2 SN3
            1s F.throttled C-4 SN3
            1.5s F.throttled C-5 SN3
            1.5s F.throttled C-6 SN3
            2s F.throttled C-8 SN3
            3s F.throttled C-10 SN3
            ",
            "F: Invocations 4, Errors 4, Throttles 6, ConcurrentExecutions.max 1, ConcurrentExecutions.end 0",
        );
    }
}

#[test]
fn st2_without_a_limit_the_runs_of_a_poisson_stream_are_poisson() {
    // M/G/inf with a mean of 50: the median is 50, and the mean of a minute is below its maximum.
    let results = play(
        "
        seed: 7
        duration: 2h
        warmup: 1m
        functions: {F: {service_time: 500ms}}
        callers: {C: {target: F, arrivals: {poisson: 100/s}}}
        ",
        None,
    );
    let running = &results["resources"]["F"]["ConcurrentExecutions"];
    let (mean, max) = (running["mean"].as_f64().unwrap(), running["max"].as_f64().unwrap());
    // Consecutive half seconds are independent: 14,000 of them, so the mean is good to 0.06.
    assert!((mean - 50.0).abs() < 0.3, "{mean}");
    assert!((75.0..90.0).contains(&max), "P(N > 75) is 4e-4, seen {max}");
}

#[test]
fn sn3_reserved_concurrency_is_a_share_and_a_ceiling() {
    check(
        "
        account: {concurrency: 110}
        functions:
          F: {ReservedConcurrentExecutions: 10, service_time: 1s}
          G: {service_time: 1s}
        callers:
          A: {target: F, arrivals: {at: [0s], count: 11}}
          B: {target: G, arrivals: {at: [0s], count: 101}}
        ",
        "throttled",
        "
        0s F.throttled A-11 SN3
        0s G.throttled B-101 SN2
        ",
        "F: ConcurrentExecutions.max 10
         G: ConcurrentExecutions.max 100",
    );
    // It is taken out whether or not it is used.
    check(
        "
        account: {concurrency: 110}
        functions:
          F: {ReservedConcurrentExecutions: 10}
          G: {service_time: 1s}
        callers: {B: {target: G, arrivals: {at: [0s], count: 101}}}
        ",
        "throttled",
        "0s G.throttled B-101 SN2",
        "",
    );
}

#[test]
fn sn3_a_ceiling_that_is_lowered_stops_no_run_and_one_that_is_raised_lets_more_in() {
    check(
        "
        functions: {F: {Timeout: 60, ReservedConcurrentExecutions: 3, service_time: 10s}}
        callers:
          C: {target: F, arrivals: [{at: [0s], count: 3}, {at: [6s, 11s, 12s, 14s, 15s]}]}
        timeline:
          - {at: 5s, set: {functions.F.ReservedConcurrentExecutions: 1}}
          - {at: 14s, set: {functions.F.ReservedConcurrentExecutions: 2}}
        ",
        "run_started run_ended throttled",
        "
        0s F.run_started C-1 #1 SE1
        0s F.run_started C-2 #1 SE1
        0s F.run_started C-3 #1 SE1
        6s F.throttled C-4 SN3
        10s F.run_ended C-1 SM1
        10s F.run_ended C-2 SM1
        10s F.run_ended C-3 SM1
        11s F.run_started C-5 #1 SE17
        12s F.throttled C-6 SN3
        14s F.run_started C-7 #1 SE17
        15s F.throttled C-8 SN3
        21s F.run_ended C-5 SM1
        24s F.run_ended C-7 SM1
        ",
        "F: Throttles 3, Errors 0",
    );
}

#[test]
fn sn3_runs_change_their_pool_with_the_reservation() {
    check(
        "
        account: {concurrency: 110}
        functions: {F: {Timeout: 60, service_time: 10s}, G: {Timeout: 60, service_time: 10s}}
        callers:
          A: {target: F, arrivals: {at: [0s], count: 10}}
          B: {target: G, arrivals: [{at: [1s], count: 101}, {at: [3s], count: 101}, {at: [5s]}]}
        timeline:
          - {at: 2s, set: {functions.F.ReservedConcurrentExecutions: 10}}
          - {at: 4s, set: {functions.F.ReservedConcurrentExecutions: null}}
        ",
        "",
        "",
        "F: Throttles 0
         G: Throttles 103, ConcurrentExecutions.max 100
         account: ConcurrentExecutions.max 110, UnreservedConcurrentExecutions.end 0",
    );
}

#[test]
fn si28_a_reservation_of_zero_is_lifted_on_the_timeline() {
    check(
        "
        functions: {F: {ReservedConcurrentExecutions: 0}}
        callers: {C: {target: F, arrivals: {at: [1s, 2s, 3s, 4s]}}}
        timeline: [{at: 2s, for: 1s, set: {functions.F.ReservedConcurrentExecutions: 1}}]
        ",
        "throttled run_started",
        "
        1s F.throttled C-1 SI28
        2s F.run_started C-2 #1 SE1
        3s F.throttled C-3 SI28
        4s F.throttled C-4 SI28
        ",
        "",
    );
}

/// Bursts of requests at these seconds, each of `count`, with long runs: how many of each are let in.
/// Of all that are refused, the first is refused by `rule`.
#[track_caller]
fn bursts(assumption: &str, count: u32, let_in: &[(u64, u32)], rule: &str) {
    let seconds: Vec<String> = let_in.iter().map(|(second, _)| format!("{second}s")).collect();
    let thresholds: Vec<String> = let_in
        .iter()
        .map(|(at, runs)| format!("F.Invocations during {at}s..{}s == {runs}", at + 1))
        .collect();
    let refused = let_in.len() as u32 * count - let_in.iter().map(|(_, runs)| runs).sum::<u32>();
    let scenario = format!(
        "
        account: {{concurrency: 10000}}
        assumptions: {{{assumption}}}
        functions: {{F: {{Timeout: 900, service_time: 900s}}}}
        callers: {{C: {{target: F, arrivals: {{at: [{}], count: {count}}}}}}}
        thresholds: [{}]
        ",
        seconds.join(", "),
        thresholds.join(", ")
    );
    let first = RefCell::new(None);
    let trace = |row: &Row<'_>| {
        if row.fact == "throttled" {
            first.borrow_mut().get_or_insert(row.rule.id());
        }
    };
    let results = play(&scenario, Some(Box::new(trace)));
    assert_eq!(results["resources"]["F"]["Throttles"], refused);
    assert_eq!(first.take(), Some(rule));
}

#[test]
fn sn10_a_thousand_environments_at_once_and_a_hundred_a_second_more_st3() {
    bursts("", 5000, &[(0, 1000), (5, 500), (10, 500)], "SN10");
    // What is not used is saved up, and no more than a thousand.
    bursts("", 5000, &[(0, 1000), (60, 1000)], "SN10");
}

#[test]
fn sn9_a_thousand_environments_in_each_ten_seconds_st3() {
    bursts("scaling: stepwise", 5000, &[(0, 1000), (5, 0), (10, 1000)], "SN9");
    bursts("scaling: stepwise", 5000, &[(0, 1000), (60, 1000)], "SN9");
}

#[test]
fn sn12_until_2023_a_burst_and_five_hundred_a_minute_st4() {
    bursts("scaling: burst_2023_us", 10_000, &[(0, 3000), (60, 500)], "SN12");
    bursts("scaling: burst_2023_frankfurt", 10_000, &[(0, 1000), (60, 500)], "SN12");
    bursts("scaling: burst_2023_other", 10_000, &[(0, 500), (60, 500)], "SN12");
}

#[test]
fn sn10_each_function_scales_by_itself_and_until_2023_all_together_sn12() {
    let two = |scaling: &str, of_g: u32| {
        check(
            &format!(
                "
                account: {{concurrency: 10000}}
                assumptions: {{scaling: {scaling}}}
                functions: {{F: {{service_time: 1s}}, G: {{service_time: 1s}}}}
                callers:
                  A: {{target: F, arrivals: {{at: [0s], count: 1000}}}}
                  B: {{target: G, arrivals: {{at: [0s], count: 1000}}}}
                "
            ),
            "",
            "",
            &format!("F: Throttles 0\nG: Invocations {of_g}"),
        );
    };
    two("continuous", 1000);
    two("burst_2023_frankfurt", 0);
    two("burst_2023_us", 1000);
    two("off", 1000);
}

#[test]
fn sn10_an_idle_environment_takes_no_token_sn11() {
    // A thousand are made at 0; at 2 s they are idle, and 200 tokens are there beside them.
    check(
        "
        account: {concurrency: 10000}
        functions: {F: {service_time: 1s}}
        callers: {C: {target: F, arrivals: [{at: [0s], count: 1000}, {at: [2s], count: 1300}]}}
        ",
        "",
        "",
        "F: Invocations 2200, Throttles 100, cold_starts 1200",
    );
}

#[test]
fn sn10_who_waits_for_capacity_is_told_when_a_token_is_there() {
    // A patient queue: 1,000 at once, and then one each 10 ms, although none of the runs ends.
    check(
        "
        account: {concurrency: 10000}
        functions:
          F: {Timeout: 900, service_time: 800s, event_queue: {when_throttled: wait}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s], count: 1300}}}
        thresholds:
          - F.Invocations during 0s..1s == 1099
          - F.Invocations during 1s..2s == 100
          - F.Invocations during 2s..3s == 100
          - F.Invocations during 3s..4s == 1
        ",
        "",
        "",
        "F: Invocations 1300, Throttles 0",
    );
    // In steps there is nothing before the next one.
    check(
        "
        account: {concurrency: 10000}
        assumptions: {scaling: stepwise}
        functions:
          F: {Timeout: 900, service_time: 800s, event_queue: {when_throttled: wait}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [3s], count: 2500}}}
        thresholds:
          - F.Invocations during 3s..4s == 1000
          - F.Invocations during 10s..11s == 1000
          - F.Invocations during 20s..21s == 500
        ",
        "",
        "",
        "F: Invocations 2500, Throttles 0",
    );
}

/// Evenly spaced synchronous requests at a warm function of an account of 1,000: how many are served in
/// the tenth second, and the mean concurrency from the fifth second on.
#[track_caller]
fn at_rate(arrivals: &str, service: &str, served: u32, concurrency: f64) {
    let results = play(
        &format!(
            "
            duration: 11s
            warmup: 5s
            assumptions: {{scaling: off}}
            functions: {{F: {{service_time: {service}}}}}
            callers: {{C: {{target: F, arrivals: {{{arrivals}}}}}}}
            thresholds: [F.Invocations during 10s..11s == {served}]
            "
        ),
        None,
    );
    let running = &results["resources"]["F"]["ConcurrentExecutions"]["mean"];
    let running = running.as_f64().expect("a number");
    assert!((running - concurrency).abs() < 0.03 * concurrency, "{running}");
}

#[test]
fn sn13_ten_requests_a_second_for_each_unit_of_concurrency_st5() {
    // 30,000 a second of 20 ms, and 20,000 of 50 ms: the rate binds.
    at_rate("every: 100us, count: 3", "20ms", 10_000, 200.0);
    at_rate("every: 50us", "50ms", 10_000, 500.0);
    // 10,000 of 100 ms: both limits are just met. 10,000 of 200 ms: concurrency binds.
    at_rate("every: 100us", "100ms", 10_000, 1000.0);
    at_rate("every: 100us", "200ms", 5_000, 1000.0);
}

#[test]
fn sn13_a_reservation_has_a_rate_of_its_own_and_a_full_bucket_at_the_start() {
    // Ten units: 100 at once and 100 a second more. The bucket is of this function only.
    check(
        "
        functions:
          F: {ReservedConcurrentExecutions: 10}
          G: {service_time: 1ms}
        callers:
          C: {target: F, arrivals: [{at: [0s, 1ms, 11ms], count: 101}, {at: [5s], count: 200}]}
          D: {target: G, arrivals: {at: [0s], count: 500}}
        thresholds:
          - F.Invocations during 0s..1ms == 100
          - F.Invocations during 1ms..11ms == 0
          - F.Invocations during 11ms..12ms == 1
          - F.Invocations during 5s..6s == 100
        ",
        "",
        "",
        "F: Throttles 302
         G: Throttles 0",
    );
    check(
        "
        functions: {F: {ReservedConcurrentExecutions: 1, service_time: 0s}}
        callers: {C: {target: F, arrivals: {at: [0s], count: 11}}}
        ",
        "throttled",
        "0s F.throttled C-11 SN13",
        "",
    );
    check(
        "
        assumptions: {request_rate_limit: off}
        functions: {F: {ReservedConcurrentExecutions: 1, service_time: 0s}}
        callers: {C: {target: F, arrivals: {at: [0s], count: 1000}}}
        ",
        "",
        "",
        "F: Throttles 0",
    );
}

#[test]
fn sn13_asynchronous_events_and_mappings_are_not_limited_by_the_second_sn16() {
    check(
        "
        functions:
          F: {ReservedConcurrentExecutions: 2, event_queue: {when_throttled: wait}}
          G: {ReservedConcurrentExecutions: 20}
        queues: {Q: {}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: G, BatchSize: 1}}
        callers:
          A: {via: invoke_async, target: F, arrivals: {at: [0s], count: 500}}
          B: {target: Q, arrivals: {at: [0s], count: 500}}
        ",
        "",
        "",
        "F: Invocations 500, Throttles 0
         G: Invocations 500, Throttles 0",
    );
}

#[test]
fn sn13_the_rate_changes_with_the_reservation() {
    check(
        "
        functions: {F: {ReservedConcurrentExecutions: 10}}
        callers: {C: {target: F, arrivals: {at: [0s, 1s, 2s, 3s], count: 500}}}
        timeline: [{at: 1500ms, set: {functions.F.ReservedConcurrentExecutions: 3}}]
        thresholds:
          - F.Invocations during 0s..1s == 100
          - F.Invocations during 1s..2s == 100
          - F.Invocations during 2s..3s == 30
          - F.Invocations during 3s..4s == 30
        ",
        "",
        "",
        "",
    );
}

#[test]
fn sn8_claimed_is_what_is_reserved_provisioned_and_in_use_of_the_rest_st10c() {
    check(
        "
        duration: 5s
        functions:
          R: {ReservedConcurrentExecutions: 600, service_time: 3s}
          P: {ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 200}, service_time: 3s}
          U: {service_time: 3s}
        callers:
          A: {target: R, arrivals: {at: [1s], count: 50}}
          B: {target: P, arrivals: {at: [1s], count: 70}}
          C: {target: U, arrivals: {at: [1s], count: 100}}
        thresholds:
          - account.ClaimedAccountConcurrency at 500ms == 800
          - account.ClaimedAccountConcurrency at 2s == 900
          - account.UnreservedConcurrentExecutions at 2s == 100
          - account.ConcurrentExecutions at 2s == 220
        ",
        "",
        "",
        "account: ClaimedAccountConcurrency.max 900, ClaimedAccountConcurrency.end 800",
    );
    // What is claimed cannot be had by others: 200 of 1,000 are left.
    check(
        "
        functions:
          R: {ReservedConcurrentExecutions: 600}
          P: {ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 200}}
          U: {service_time: 3s}
        callers: {C: {target: U, arrivals: {at: [1s], count: 201}}}
        ",
        "throttled",
        "1s U.throttled C-201 SN2",
        "account: ClaimedAccountConcurrency.max 1000",
    );
}

#[test]
fn sn8_claims_change_with_the_settings() {
    check(
        "
        duration: 10s
        functions: {F: {service_time: 8s, Timeout: 30}, G: {service_time: 8s, Timeout: 30}}
        callers:
          A: {target: F, arrivals: {at: [0s], count: 5}}
          B: {target: G, arrivals: {at: [0s], count: 7}}
        timeline:
          - {at: 1s, set: {functions.F.ReservedConcurrentExecutions: 50}}
          - {at: 3s, set: {functions.F.ReservedConcurrentExecutions: null}}
        thresholds:
          - account.ClaimedAccountConcurrency at 500ms == 12
          - account.ClaimedAccountConcurrency at 2s == 57
          - account.ClaimedAccountConcurrency at 4s == 12
        ",
        "",
        "",
        "account: ClaimedAccountConcurrency.end 0",
    );
}
