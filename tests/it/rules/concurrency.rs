//! Concurrency: the account's, and what functions reserve of it (SN).

use super::check;

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
