//! Synchronous invocation: answers, timeouts, and who retries (SI), and what runs count (SM).

use super::check;

/// A function and a caller that waits for it, with these properties.
fn asks(function: &str, caller: &str) -> String {
    format!(
        "
        functions: {{F: {{{function}}}}}
        callers: {{C: {{target: F, arrivals: {{at: [0s]}}, {caller}}}}}
        "
    )
}

#[test]
fn si1_the_answer_comes_when_the_run_has_ended() {
    check(
        &asks("service_time: 100ms", ""),
        "requested answered+ resolved+",
        "
        0s C.requested C-1 #1 ours
        0.1s C.answered C-1 SI1 answer=ok took=0.1s
        0.1s C.resolved C-1 SI1 ok=yes since=0.1s place=succeeded
        ",
        "C: answered.200 1, response_time.max 100, latency.max 100",
    );
}

#[test]
fn si2_a_function_error_is_an_answer_with_status_200() {
    for fails in ["error_rate: 100%", "record_error_rate: 100%", "poison_rate: 100%"] {
        check(
            &asks(&format!("service_time: 100ms, {fails}"), ""),
            "answered+ record_failed resolved+",
            "
            0.1s F.record_failed C-1 SI2
            0.1s C.answered C-1 SI2 answer=function_error took=0.1s
            0.1s C.resolved C-1 SI9 ok=no since=0.1s place=failed
            ",
            "F: Invocations 1, Errors 1
             C: answered.200 1, failed 1, latency.count 1",
        );
    }
}

#[test]
fn si7_a_run_is_stopped_at_just_its_timeout() {
    let runs = |time: &str, ended: &str, errors: u32| {
        check(
            &asks(&format!("Timeout: 3, service_time: {time}"), ""),
            "run_ended+",
            ended,
            &format!("F: Errors {errors}, Invocations 1"),
        );
    };
    runs("2.999999999s", "2.999999999s F.run_ended C-1 SM1 started=0s ran=2.999999999s", 0);
    runs("3s", "3s F.run_ended C-1 SM1 started=0s ran=3s", 0);
    runs("3.000000001s", "3s F.run_ended C-1 SI7 started=0s ran=3s error=timeout", 1);
}

#[test]
fn si7_waiting_for_a_call_counts() {
    check(
        "
        functions:
          F: {Timeout: 3, service_time: 1s, calls: [{target: G}]}
          G: {Timeout: 60, service_time: 2.5s}
        callers: {C: {target: F, arrivals: {at: [0s]}}}
        ",
        "run_started run_ended+ unawaited",
        "
        0s F.run_started C-1 #1 SE1
        1s G.run_started C-1.1 #1 SE1
        3s F.run_ended C-1 SI7 started=0s ran=3s error=timeout
        3.5s G.run_ended C-1.1 SM1 started=1s ran=2.5s
        3.5s G.unawaited C-1.1 SI10
        ",
        "F: Errors 1
         G: Errors 0, Invocations 1, wasted_invocations 1
         ledger: failed 1",
    );
}

#[test]
fn si9_lambda_does_not_retry_what_somebody_waits_for() {
    check(
        &asks("service_time: 100ms, error_rate: 100%", ""),
        "run_started",
        "0s F.run_started C-1 #1 SE1",
        "F: Invocations 1
         C: requests 1, failed 1",
    );
}

#[test]
fn si9_a_caller_retries_by_itself() {
    check(
        &asks("service_time: 100ms, error_rate: 100%", "retry: {attempts: 3, backoff: {base: 1s}}"),
        "run_started request_retried+ resolved+",
        "
        0s F.run_started C-1 #1 SE1
        0.1s C.request_retried C-1 SI9 wait=1s
        1.1s F.run_started C-1 #2 SE17
        1.2s C.request_retried C-1 SI9 wait=2s
        3.2s F.run_started C-1 #3 SE17
        3.3s C.resolved C-1 SI9 ok=no since=3.3s place=failed
        ",
        "C: requests 3, answered.200 3, failed 1",
    );
}

#[test]
fn si10_a_caller_that_stops_waiting_does_not_stop_the_run() {
    let waits = |timeout: &str, expected: &str, totals: &str| {
        check(
            &asks("service_time: 1s", &format!("timeout: {timeout}")),
            "answered+ run_ended unawaited resolved+",
            expected,
            totals,
        );
    };
    waits(
        "999ms",
        "
        0.999s C.answered C-1 SI10 answer=timeout took=0.999s
        0.999s C.resolved C-1 SI9 ok=no since=0.999s place=failed
        1s F.run_ended C-1 SM1
        1s F.unawaited C-1 SI10
        ",
        "C: answered.timeout 1, failed 1
         F: Invocations 1, Errors 0, wasted_invocations 1, billed_gb_seconds 0.125",
    );
    let in_time = "
        1s F.run_ended C-1 SM1
        1s C.answered C-1 SI1 answer=ok took=1s
        1s C.resolved C-1 SI1 ok=yes since=1s place=succeeded
        ";
    waits("1s", in_time, "C: succeeded 1\nF: wasted_invocations 0");
    waits("1001ms", in_time, "C: succeeded 1\nF: wasted_invocations 0");
}

#[test]
fn si10_a_caller_that_asks_again_doubles_the_work() {
    check(
        &asks("service_time: 10s, Timeout: 20", "timeout: 4s, retry: {attempts: 3}"),
        "requested run_ended",
        "
        0s C.requested C-1 #1 ours
        4s C.requested C-1 #2 SI9
        8s C.requested C-1 #3 SI9
        10s F.run_ended C-1 SM1
        14s F.run_ended C-1 SM1
        18s F.run_ended C-1 SM1
        ",
        "F: Invocations 3, ConcurrentExecutions.max 3, duplicates 2
         C: requests 3, answered.timeout 3, failed 1",
    );
}

#[test]
fn si11_the_recursion_guard_answers_with_400() {
    check(
        "
        functions: {F: {Timeout: 60, service_time: 1s, calls: [{target: F}]}}
        callers: {C: {target: F, arrivals: {at: [0s]}}}
        ",
        "loop_stopped C.answered+",
        "
        16s F.loop_stopped C-1.16 SI11
        16s C.answered C-1 SI2 answer=function_error took=16s
        ",
        "F: Invocations 16, RecursiveInvocationsDropped 1, Errors 16, ConcurrentExecutions.max 16",
    );
}

#[test]
fn si19_a_function_that_is_gone_answers_404() {
    check(
        &asks("forbidden: true", ""),
        "missing answered+ resolved+",
        "
        0s F.missing C-1 SI19
        0s C.answered C-1 SI19 answer=not_found took=0s
        0s C.resolved C-1 SI9 ok=no since=0s place=failed
        ",
        "F: Invocations 0, Throttles 0, Errors 0
         C: answered.404 1",
    );
}

#[test]
fn si24_a_share_of_requests_is_refused_with_a_5xx_and_nothing_runs() {
    check(
        &asks("system_error_rate: 100%", "retry: {attempts: 2, backoff: 1s}"),
        "system_erred answered+ run_started",
        "
        0s F.system_erred C-1 SI24
        0s C.answered C-1 SI24 answer=system_error took=0s
        1s F.system_erred C-1 SI24
        1s C.answered C-1 SI24 answer=system_error took=0s
        ",
        "F: Invocations 0, Throttles 0, Errors 0, billed_gb_seconds 0
         C: answered.500 2, failed 1",
    );
    // It comes before capacity is looked at, and after reserved concurrency 0.
    check(
        &asks("system_error_rate: 100%, ReservedConcurrentExecutions: 0", ""),
        "system_erred throttled",
        "0s F.throttled C-1 SI28",
        "C: answered.429 1",
    );
}

#[test]
fn si28_with_reserved_concurrency_zero_the_answer_is_429() {
    check(
        &asks("ReservedConcurrentExecutions: 0", ""),
        "throttled answered+",
        "
        0s F.throttled C-1 SI28
        0s C.answered C-1 SN2 answer=throttled took=0s
        ",
        "F: Throttles 1, Invocations 0
         C: answered.429 1, failed 1",
    );
}

#[test]
fn sm1_a_run_is_an_invocation_whether_it_succeeds_or_fails() {
    check(
        "
        functions:
          F:
            ReservedConcurrentExecutions: 2
            service_time: 1s
            cases: [{when: {kind: [bad]}, error_time: 500ms, error_rate: 100%}]
        callers:
          C:
            target: F
            arrivals: {at: [0s], count: 3}
            attributes: {kind: {cycle: [good, bad, late]}}
        ",
        "run_ended throttled processed",
        "
        0s F.throttled C-3 SN3
        0.5s F.run_ended C-2 SM2
        1s F.run_ended C-1 SM1
        1s F.processed C-1 SM1
        ",
        "F: Invocations 2, Errors 1, Throttles 1",
    );
}

#[test]
fn sm2_errors_count_when_their_run_began() {
    check(
        "
        functions: {F: {Timeout: 120, service_time: 90s, error_rate: 100%}}
        callers: {C: {target: F, arrivals: {at: [0s]}}}
        thresholds: ['F.Errors all_at == [0s]', F.Errors during ..1m == 1]
        ",
        "run_ended+",
        "90s F.run_ended C-1 SM2 started=0s ran=90s error=error",
        "F: Errors 1",
    );
}

#[test]
fn a_closed_loop_asks_from_its_beginning_to_its_own_end() {
    check(
        "
        duration: 10s
        functions: {F: {service_time: 1s}}
        callers: {C: {target: F, arrivals: {closed: {clients: 1, think_time: 0s}, from: 1s, until: 3s}}}
        ",
        "requested answered+",
        "
        1s C.requested C-1 #1 ours
        2s C.answered C-1 SI1 answer=ok took=1s
        2s C.requested C-2 #1 ours
        3s C.answered C-2 SI1 answer=ok took=1s
        ",
        "C: requests 2",
    );
}
