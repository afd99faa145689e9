//! Provisioned concurrency: environments that are made ahead of need (SN4 to SN7, SE3, SE13).

use super::check;
use dwell::scenario::{self, Options};

/// A function with these properties and so many provisioned environments.
fn function(provisioned: u32, more: &str) -> String {
    let config = format!("{{ProvisionedConcurrentExecutions: {provisioned}}}");
    format!("F: {{ProvisionedConcurrencyConfig: {config}, {more}}}")
}

#[test]
fn sn6_provisioned_environments_are_used_first_and_the_rest_spills_over() {
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [0s, 5s], count: 3}}}}}}
            ",
            function(2, "service_time: 1s, init_time: 1s")
        ),
        "provisioned+ run_started+ billed+",
        "
        0s F.provisioned SN5 environments=2
        0s F.run_started C-1 #1 SN6 records=1 provisioned=yes
        0s F.run_started C-2 #1 SN6 records=1 provisioned=yes
        0s F.run_started C-3 #1 SE1 records=1 cold=1s
        1s F.billed C-1 SE12 billed=1000ms
        1s F.billed C-2 SE12 billed=1000ms
        2s F.billed C-3 SE12 billed=2000ms
        5s F.run_started C-4 #1 SN6 records=1 provisioned=yes
        5s F.run_started C-5 #1 SN6 records=1 provisioned=yes
        5s F.run_started C-6 #1 SE17 records=1
        6s F.billed C-4 SE12 billed=1000ms
        6s F.billed C-5 SE12 billed=1000ms
        6s F.billed C-6 SE12 billed=1000ms
        ",
        "F: Invocations 6, cold_starts 1, ProvisionedConcurrencyInvocations 4, \
            ProvisionedConcurrencySpilloverInvocations 2, ProvisionedConcurrentExecutions.max 2, \
            ProvisionedConcurrencyUtilization.max 1, ProvisionedConcurrencyUtilization.end 0, \
            ConcurrentExecutions.max 3",
    );
}

#[test]
fn sn6_spill_over_starts_at_ten_requests_a_second_for_each_too() {
    // Ten provisioned, runs of no time: 100 at once, and 100 a second more.
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [0s, 500ms], count: 120}}}}}}
            thresholds:
              - F.ProvisionedConcurrencyInvocations during 0s..1ms == 100
              - F.ProvisionedConcurrencyInvocations during 500ms..1s == 50
            ",
            function(10, "service_time: 0s")
        ),
        "",
        "",
        "F: Throttles 0, ProvisionedConcurrencySpilloverInvocations 90",
    );
    // Asynchronous events are not limited by the second.
    check(
        &format!(
            "
            functions: {{{}}}
            callers:
              C: {{via: invoke_async, target: F, arrivals: {{every: 1ms, until: 300ms}}}}
              D: {{target: G, arrivals: {{every: 1ms, until: 300ms}}}}
            ",
            function(10, "service_time: 0s") + ", " + &function(10, "").replacen('F', "G", 1)
        ),
        "",
        "",
        "F: ProvisionedConcurrencyInvocations 300
         G: ProvisionedConcurrencyInvocations 129, ProvisionedConcurrencySpilloverInvocations 171",
    );
}

#[test]
fn sn6_a_provisioned_environment_takes_no_token_of_growth() {
    check(
        &format!(
            "
            account: {{concurrency: 10000}}
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [0s], count: 2500}}}}}}
            ",
            function(1200, "service_time: 1s")
        ),
        "",
        "",
        "F: ProvisionedConcurrencyInvocations 1200, \
            ProvisionedConcurrencySpilloverInvocations 1000, Throttles 300",
    );
}

#[test]
fn sn4_what_is_provisioned_is_part_of_the_reservation() {
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [0s], count: 6}}}}}}
            ",
            function(2, "service_time: 1s, ReservedConcurrentExecutions: 5")
        ),
        "throttled",
        "0s F.throttled C-6 SN4",
        "F: ProvisionedConcurrencyInvocations 2, ProvisionedConcurrencySpilloverInvocations 3
         account: ClaimedAccountConcurrency.max 5, UnreservedConcurrentExecutions.max 0",
    );
}

#[test]
fn sn4_more_than_may_be_provisioned_is_refused() {
    let said = |account: u32, body: &str| {
        let text = format!(
            "account: {{concurrency: {account}}}\nfunctions: {{{body}}}\n\
             callers: {{C: {{target: F, arrivals: {{at: [0s]}}}}}}\n"
        );
        let loaded = scenario::load_text(&text, "test.yaml", &Options::default());
        loaded.err().map_or(String::new(), |failure| failure.render(false))
    };
    let reserved = |units: u32| function(5, &format!("ReservedConcurrentExecutions: {units}"));
    assert_eq!(said(200, &reserved(5)), "");
    assert!(said(200, &reserved(4)).contains("5 provisioned of 4 reserved"));
    assert_eq!(said(105, &function(5, "")), "");
    assert!(said(104, &function(5, "")).contains("5 reserved and provisioned of 104"));
    let both = format!("G: {{ReservedConcurrentExecutions: 95}}, {}", function(6, ""));
    assert!(said(200, &both).contains("101 reserved and provisioned of 200"));
}

#[test]
fn sn7_where_all_of_the_reservation_is_provisioned_the_rest_is_throttled() {
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [0s], count: 3}}}}}}
            ",
            function(2, "service_time: 1s, ReservedConcurrentExecutions: 2")
        ),
        "throttled",
        "0s F.throttled C-3 SN7",
        "F: ProvisionedConcurrencySpilloverInvocations 0",
    );
}

#[test]
fn sn5_an_allocation_takes_its_delay_and_ten_milliseconds_each_and_is_used_when_all_are_ready() {
    // From 10 s: 90 s until it begins, the third after 30 ms, its Init of 2 s.
    check(
        "
        functions: {F: {service_time: 1s, init_time: 2s}}
        callers: {C: {target: F, arrivals: {at: [0s, 102.029s, 102.03s]}}}
        timeline:
          - at: 10s
            set:
              functions.F.ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 3}
        ",
        "provisioned+ run_started+",
        "
        0s F.run_started C-1 #1 SE1 records=1 cold=2s
        102.029s F.run_started C-2 #1 SE17 records=1
        102.03s F.provisioned SE13 environments=3 billed=6000ms
        102.03s F.run_started C-3 #1 SN6 records=1 provisioned=yes
        ",
        "F: ProvisionedConcurrencySpilloverInvocations 1",
    );
    // 6,000 a minute.
    check(
        "
        account: {concurrency: 10000}
        assumptions: {provisioned_start_delay: 0s}
        functions: {F: {}}
        callers: {C: {target: F, arrivals: {at: [100s]}}}
        timeline:
          - at: 10s
            set:
              functions.F.ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 6000}
        ",
        "provisioned+",
        "70s F.provisioned SN5 environments=6000",
        "",
    );
}

#[test]
fn sn5_more_are_added_to_those_that_are_there_and_a_change_supersedes_the_last() {
    let set = |n: u32| {
        let path = "functions.F.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions";
        format!("set: {{{path}: {n}}}")
    };
    check(
        &format!(
            "
            assumptions: {{provisioned_start_delay: 60s}}
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [70s, 200s], count: 5}}}}}}
            timeline:
              - {{at: 10s, {}}}
              - {{at: 40s, {}}}
            ",
            function(2, "service_time: 1s"),
            set(4),
            set(3)
        ),
        "provisioned+",
        "
        0s F.provisioned SN5 environments=2
        100.01s F.provisioned SN5 environments=3
        ",
        "F: ProvisionedConcurrencyInvocations 5, ProvisionedConcurrencySpilloverInvocations 5",
    );
}

#[test]
fn sn5_fewer_are_fewer_at_once_and_runs_go_on() {
    // Three run for 10 s when two are taken away: those count as on demand until they end.
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: [{{at: [0s], count: 3}}, {{at: [6s, 11s], count: 2}}]}}}}
            timeline:
              - at: 5s
                set: {{functions.F.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions: 1}}
            ",
            function(3, "service_time: 10s, Timeout: 60, ReservedConcurrentExecutions: 4")
        ),
        "provisioned+ run_started+ throttled",
        "
        0s F.provisioned SN5 environments=3
        0s F.run_started C-1 #1 SN6 records=1 provisioned=yes
        0s F.run_started C-2 #1 SN6 records=1 provisioned=yes
        0s F.run_started C-3 #1 SN6 records=1 provisioned=yes
        5s F.provisioned SN5 environments=1
        6s F.run_started C-4 #1 SE1 records=1 cold=0s
        6s F.throttled C-5 SN4
        11s F.run_started C-6 #1 SN6 records=1 provisioned=yes
        11s F.run_started C-7 #1 SE1 records=1 cold=0s
        ",
        "F: ConcurrentExecutions.max 4, ConcurrentExecutions.end 0, \
            ProvisionedConcurrentExecutions.end 0",
    );
    // None at all: what was provisioned is everybody's again.
    check(
        &format!(
            "
            account: {{concurrency: 110}}
            functions: {{{}, G: {{service_time: 1s}}}}
            callers: {{C: {{target: F, arrivals: {{at: [6s]}}}}, D: {{target: G, arrivals: {{at: [4s, 6s], count: 110}}}}}}
            timeline: [{{at: 5s, set: {{functions.F.ProvisionedConcurrencyConfig: null}}}}]
            ",
            function(10, "service_time: 1s")
        ),
        "provisioned+",
        "
        0s F.provisioned SN5 environments=10
        5s F.provisioned SN5 environments=0
        ",
        "F: Invocations 1, ProvisionedConcurrencyInvocations 0, \
            ProvisionedConcurrencySpilloverInvocations 0
         G: Invocations 209, Throttles 11",
    );
}

#[test]
fn sn5_new_code_is_provisioned_anew() {
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [9s, 11s, 13s, 110s], count: 1}}}}}}
            timeline: [{{at: 10s, UpdateFunctionCode: {{FunctionName: F}}}}]
            ",
            function(1, "service_time: 5s, Timeout: 30, init_time: 1s")
        ),
        "provisioned+ run_started+",
        "
        0s F.provisioned SN5 environments=1
        9s F.run_started C-1 #1 SN6 records=1 provisioned=yes
        10s F.provisioned SN5 environments=0
        11s F.run_started C-2 #1 SE1 records=1 cold=1s
        13s F.run_started C-3 #1 SE1 records=1 cold=1s
        101.01s F.provisioned SE13 environments=1 billed=1000ms
        110s F.run_started C-4 #1 SN6 records=1 provisioned=yes
        ",
        "F: ConcurrentExecutions.end 0, ProvisionedConcurrentExecutions.max 1",
    );
}

#[test]
fn sn5_who_waits_for_capacity_is_told_when_they_are_ready() {
    check(
        "
        assumptions: {provisioned_start_delay: 60s}
        functions:
          F:
            ReservedConcurrentExecutions: 2
            Timeout: 300
            service_time: 200s
            event_queue: {when_throttled: wait}
            ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s], count: 4}}}
        timeline:
          - at: 1s
            set: {functions.F.ReservedConcurrentExecutions: 3, functions.F.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions: 2}
        ",
        "provisioned run_started+",
        "
        0s F.provisioned SN5
        0s F.run_started C-1 #1 SN6 records=1 provisioned=yes
        0s F.run_started C-2 #1 SE1 records=1 cold=0s
        61.01s F.provisioned SN5
        61.01s F.run_started C-3 #1 SN6 records=1 provisioned=yes
        200s F.run_started C-4 #1 SN6 records=1 provisioned=yes
        ",
        "F: Throttles 0",
    );
}

#[test]
fn se3_an_allocation_with_an_init_that_is_too_long_fails() {
    let at_start = |init: &str, timeout: u32, runs: &str| {
        let more = format!("init_time: {init}, Timeout: {timeout}");
        check(
            &format!(
                "
                functions: {{{}}}
                callers: {{C: {{target: F, arrivals: {{at: [0s]}}}}}}
                ",
                function(1, &more)
            ),
            "provisioned+ run_started+",
            runs,
            "",
        );
    };
    let ready = "
        0s F.provisioned SN5 environments=1
        0s F.run_started C-1 #1 SN6 records=1 provisioned=yes
        ";
    at_start("130s", 3, ready);
    at_start("131s", 131, ready);
    at_start(
        "131s",
        3,
        "
        0s F.provisioned SE3 environments=0
        0s F.run_started C-1 #1 SE2 records=1 cold=10s
        ",
    );
    // On the way: it is known to have failed when its time is over, and what was there stays.
    check(
        &format!(
            "
            functions: {{{}}}
            callers: {{C: {{target: F, arrivals: {{at: [300s], count: 2}}}}}}
            timeline:
              - at: 10s
                set:
                  functions.F.init_time: 131s
                  functions.F.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions: 2
            ",
            function(1, "init_time: 1s, service_time: 1s")
        ),
        "provisioned+ run_started",
        "
        0s F.provisioned SN5 environments=1
        230.01s F.provisioned SE3 environments=1 billed=130000ms
        300s F.run_started C-1 #1 SN6
        300s F.run_started C-2 #1 SE2
        ",
        "",
    );
}

#[test]
fn se13_the_init_of_provisioned_environments_is_billed_when_they_are_made() {
    check(
        "
        functions: {F: {init_time: 1500.5ms, MemorySize: 1024}}
        callers: {C: {target: F, arrivals: {at: [200s]}}}
        timeline:
          - at: 10s
            set:
              functions.F.ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}
        ",
        "provisioned+ billed+",
        "
        101.5205s F.provisioned SE13 environments=2 billed=3002ms
        200s F.billed C-1 SE12 billed=0ms
        ",
        "F: billed_gb_seconds 3.002",
    );
}

#[test]
fn se5_a_provisioned_environment_is_reset_after_a_timeout_too() {
    check(
        &format!(
            "
            functions: {{{}}}
            callers:
              C:
                target: F
                arrivals: {{at: [0s, 10s, 20s]}}
                attributes: {{kind: {{cycle: [slow, fast, fast]}}}}
            ",
            function(
                1,
                "init_time: 1s, service_time: 1s, Timeout: 3, \
                 cases: [{when: {kind: [slow]}, service_time: 1h}]"
            )
        ),
        "run_started+ run_ended+",
        "
        0s F.run_started C-1 #1 SN6 records=1 provisioned=yes
        3s F.run_ended C-1 SI7 started=0s ran=3s error=timeout
        10s F.run_started C-2 #1 SE5 records=1 provisioned=yes
        12s F.run_ended C-2 SE4 started=10s ran=2s
        20s F.run_started C-3 #1 SN6 records=1 provisioned=yes
        21s F.run_ended C-3 SM1 started=20s ran=1s
        ",
        "F: cold_starts 0",
    );
}
