//! Services that wait (SC, ST6, ST9), SDKs (SR, ST7, ST8) and Firehose.

use super::{check, play};
use dwell::model::services::Service;

/// What a caller of this `via`, with these keys, is told about a function, and when; and what the service did.
#[track_caller]
fn told(via: &str, function: &str, timeline: &str) {
    let scenario = format!(
        "functions: {{F: {{{function}}}}}\n\
         callers: {{C: {{via: {via}, target: F, arrivals: {{at: [0s]}}}}}}\n"
    );
    check(&scenario, "C.answered+ C.service_retried+", timeline, "");
}

const SLOW: &str = "Timeout: 900, service_time: 100s";
const BROKEN: &str = "service_time: 1s, error_rate: 100%";
const CUT: &str = "Timeout: 2, service_time: 100s";
const CLOSED: &str = "ReservedConcurrentExecutions: 0";
const SICK: &str = "system_error_rate: 100%";
const GONE: &str = "forbidden: true";

#[test]
fn sc22_a_rest_api_answers_500_to_a_refusal_and_502_to_a_function_error() {
    let rest = "api_gateway_rest";
    told(rest, BROKEN, "1s C.answered C-1 SC22 answer=function_error status=502 took=1s");
    told(rest, CUT, "2s C.answered C-1 SC22 answer=function_timeout status=502 took=2s");
    told(rest, CLOSED, "0s C.answered C-1 SC22 answer=throttled status=500 took=0s");
    told(rest, SICK, "0s C.answered C-1 SC22 answer=system_error status=500 took=0s");
    told(rest, GONE, "0s C.answered C-1 SC22 answer=not_found status=500 took=0s");
}

#[test]
fn sc23_st6_a_rest_api_answers_504_after_29_s_and_the_run_goes_on() {
    check(
        "functions: {F: {Timeout: 60, service_time: 45s}}\n\
         callers: {C: {via: api_gateway_rest, target: F, arrivals: {at: [0s]}, retry: {attempts: 2}}}\n",
        "answered+ run_started run_ended+ unawaited",
        "0s F.run_started C-1 #1 SE1
         29s C.answered C-1 SC23 answer=limit_reached status=504 took=29s
         29s F.run_started C-1 #2 SE1
         45s F.run_ended C-1 SM1 started=0s ran=45s
         45s F.unawaited C-1 SI10
         58s C.answered C-1 SC23 answer=limit_reached status=504 took=29s
         74s F.run_ended C-1 SM1 started=29s ran=45s
         74s F.unawaited C-1 SI10",
        "F: Invocations 2, Errors 0, ConcurrentExecutions.max 2, Duration.max 45000
         C: failed 1, requests 2, service_retries 0",
    );
    told(
        "api_gateway_rest, TimeoutInMillis: 50",
        SLOW,
        "0.05s C.answered C-1 SC23 answer=limit_reached status=504 took=0.05s",
    );
}

#[test]
fn sc23_an_answer_at_just_the_limit_is_in_time() {
    let at = |service: &str| format!("Timeout: 60, service_time: {service}");
    told("api_gateway_rest", &at("29s"), "29s C.answered C-1 SC22 answer=ok status=200 took=29s");
    told(
        "api_gateway_rest",
        &at("29.000000001s"),
        "29s C.answered C-1 SC23 answer=limit_reached status=504 took=29s",
    );
}

#[test]
fn sc26_api_gateway_takes_its_rate_of_the_account_and_lambda_hears_no_more() {
    let results = play(
        "functions: {F: {}}\n\
         callers:\n  \
           A: {via: api_gateway_rest, target: F, arrivals: {at: [0s], count: 4000}}\n  \
           B: {via: api_gateway_http, target: F, arrivals: {at: [0s, 100ms], count: 1500}}\n",
        None,
    );
    // 5,000 tokens for both, in file order; 1,000 come back in 100 ms.
    assert_eq!(results["callers"]["A"]["answered"]["200"], 4000);
    assert_eq!(results["callers"]["B"]["answered"]["200"], 2000);
    assert_eq!(results["callers"]["B"]["answered"]["429"], 1000);
    assert_eq!(results["resources"]["F"]["Throttles"], 0);
}

#[test]
fn sc30_st6_an_http_api_answers_503_after_30_s() {
    let http = "api_gateway_http";
    told(http, SLOW, "30s C.answered C-1 SC30 answer=limit_reached status=503 took=30s");
}

#[test]
fn sc31_st6_an_http_api_answers_500_to_a_function_error() {
    let http = "api_gateway_http";
    told(http, BROKEN, "1s C.answered C-1 SC31 answer=function_error status=500 took=1s");
    let cut = "Timeout: 20, service_time: 45s";
    told(http, cut, "20s C.answered C-1 SC31 answer=function_timeout status=500 took=20s");
    told(http, CLOSED, "0s C.answered C-1 SC31 answer=throttled status=503 took=0s");
    let scenario = "functions: {F: {ReservedConcurrentExecutions: 0}}\n\
                    callers: {C: {via: api_gateway_http, target: F, arrivals: {at: [0s]}}}\n\
                    assumptions: {http_api_throttle_status: internal_server_error}\n";
    check(
        scenario,
        "answered+",
        "0s C.answered C-1 SC31 answer=system_error status=500 took=0s",
        "",
    );
}

#[test]
fn sc32_a_websocket_api_sends_an_error_frame() {
    let socket = "api_gateway_websocket";
    told(socket, BROKEN, "1s C.answered C-1 SC32 answer=function_error status=error took=1s");
    told(socket, SLOW, "29s C.answered C-1 SC32 answer=limit_reached status=error took=29s");
    told(socket, "", "0s C.answered C-1 SC32 answer=ok status=message took=0s");
}

#[test]
fn sc40_a_load_balancer_answers_502_to_what_fails_and_413_to_what_is_too_large() {
    for (function, line) in [
        (BROKEN, "1s C.answered C-1 SC40 answer=function_error status=502 took=1s"),
        (CUT, "2s C.answered C-1 SC40 answer=function_timeout status=502 took=2s"),
        (CLOSED, "0s C.answered C-1 SC40 answer=throttled status=502 took=0s"),
    ] {
        told("alb", function, line);
    }
    let large = "0s C.answered C-1 SC40 answer=too_large status=413 took=0s";
    told("alb, payload_size: 1048577B", "", large);
    told("alb, payload_size: 1MiB", "", "0s C.answered C-1 SC40 answer=ok status=200 took=0s");
}

#[test]
fn sc42_a_load_balancer_s_idle_timeout_is_504() {
    told("alb", SLOW, "60s C.answered C-1 SC42 answer=limit_reached status=504 took=60s");
    let short = "2s C.answered C-1 SC42 answer=limit_reached status=504 took=2s";
    told("alb, idle_timeout: 2s", SLOW, short);
}

#[test]
fn sc50_st9_cognito_waits_5_s_three_times() {
    check(
        "functions: {F: {Timeout: 10, service_time: 6s}}\n\
         callers: {C: {via: cognito, target: F, arrivals: {at: [0s]}}}\n",
        "answered+ service_retried+ run_ended+",
        "5s C.service_retried C-1 #2 SC50 wait=0s
         6s F.run_ended C-1 SM1 started=0s ran=6s
         10s C.service_retried C-1 #3 SC50 wait=0s
         11s F.run_ended C-1 SM1 started=5s ran=6s
         15s C.answered C-1 SC50 answer=limit_reached status=UnexpectedLambdaException took=15s
         16s F.run_ended C-1 SM1 started=10s ran=6s",
        "F: Invocations 3, Errors 0, ConcurrentExecutions.max 2
         C: service_retries 2, requests 1",
    );
}

#[test]
fn sc51_cognito_does_not_ask_again_after_a_5xx() {
    let line =
        "0s C.answered C-1 SC51 answer=system_error status=UnexpectedLambdaException took=0s";
    told("cognito", SICK, line);
}

#[test]
fn sc53_cognito_asks_again_after_a_throttle_and_not_after_a_function_error() {
    told(
        "cognito",
        BROKEN,
        "1s C.answered C-1 SC53 answer=function_error status=UserLambdaValidationException took=1s",
    );
    let again = "0s C.service_retried C-1 #2 SC50 wait=0s
                 0s C.service_retried C-1 #3 SC50 wait=0s
                 0s C.answered C-1 SC53 answer=throttled status=UnexpectedLambdaException took=0s";
    told("cognito", CLOSED, again);
    check(
        "functions: {F: {service_time: 1s, error_rate: 100%}, G: {ReservedConcurrentExecutions: 0}}\n\
         callers:\n  \
           C: {via: cognito, target: F, arrivals: {at: [0s]}}\n  \
           D: {via: cognito, target: G, arrivals: {at: [0s]}}\n\
         assumptions: {cognito_retries_function_errors: true, cognito_retries_throttles: false, \
                       cognito_retry_delay: 2s}\n",
        "service_retried+ D.answered",
        "0s D.answered D-1 SC53
         1s C.service_retried C-1 #2 SC50 wait=2s
         4s C.service_retried C-1 #3 SC50 wait=2s",
        "F: Invocations 3
         G: Throttles 1",
    );
}

#[test]
fn sc54_lex_sends_at_most_12_kb() {
    let line = "0s C.answered C-1 SC54 answer=too_large status=400 took=0s";
    told("lex, payload_size: 13KiB", "", line);
}

#[test]
fn sc55_lex_waits_30_s_and_answers_424_or_429() {
    told("lex", SLOW, "30s C.answered C-1 SC55 answer=limit_reached status=424 took=30s");
    told("lex", BROKEN, "1s C.answered C-1 SC55 answer=function_error status=424 took=1s");
    told("lex", CLOSED, "0s C.answered C-1 SC55 answer=throttled status=429 took=0s");
}

#[test]
fn sc56_alexa_waits_8_s() {
    let late = "8s C.answered C-1 SC56 answer=limit_reached status=SKILL_RESPONSE_TIMEOUT took=8s";
    told("alexa", SLOW, late);
    told(
        "alexa",
        BROKEN,
        "1s C.answered C-1 SC56 answer=function_error status=SKILL_ERROR took=1s",
    );
}

#[test]
fn sc57_connect_has_8_s_for_all_tries() {
    told("connect", SLOW, "8s C.answered C-1 SC57 answer=limit_reached status=Error took=8s");
    told("connect", BROKEN, "1s C.answered C-1 SC57 answer=function_error status=Error took=1s");
    let closed = "0s C.service_retried C-1 #2 SC57 wait=0s
                  0s C.service_retried C-1 #3 SC57 wait=0s
                  0s C.service_retried C-1 #4 SC57 wait=0s
                  0s C.answered C-1 SC57 answer=throttled status=Error took=0s";
    told("connect", CLOSED, closed);
}

#[test]
fn sc60_lambda_at_the_edge_had_5_s_on_viewer_events() {
    told("cloudfront", SLOW, "30s C.answered C-1 SC60 answer=limit_reached status=503 took=30s");
    for (event, seconds) in [("viewer-response", 5), ("origin-response", 30)] {
        let scenario = format!(
            "functions: {{F: {{{SLOW}}}}}\n\
             callers: {{C: {{via: cloudfront, EventType: {event}, target: F, arrivals: {{at: [0s]}}}}}}\n\
             assumptions: {{cloudfront_limits: earlier}}\n"
        );
        let line = format!("{seconds}s C.answered C-1 SC60");
        check(&scenario, "answered", &line, "");
    }
}

#[test]
fn sc63_cloudfront_answers_503() {
    told("cloudfront", BROKEN, "1s C.answered C-1 SC63 answer=function_error status=503 took=1s");
    told("cloudfront", CLOSED, "0s C.answered C-1 SC63 answer=throttled status=503 took=0s");
}

#[test]
fn sc70_firehose_waits_5_min_and_tries_again_beside_the_run() {
    check(
        "functions: {F: {Timeout: 900, service_time: 400s}}\n\
         callers: {C: {via: firehose, target: F, NumberOfRetries: 1, arrivals: {at: [0s]}}}\n",
        "handed_over service_retried+ run_ended+ unawaited processing_failed",
        "60s C.handed_over C-1 SC71
         360s C.service_retried C-1 #2 SC74 wait=0s
         460s F.run_ended C-1 SM1 started=60s ran=400s
         460s F.unawaited C-1 SI10
         660s C.processing_failed C-1 SC76
         760s F.run_ended C-1 SM1 started=360s ran=400s
         760s F.unawaited C-1 SI10",
        "ledger: dead_lettered 1",
    );
}

#[test]
fn sc71_firehose_hands_over_at_1_mb_or_after_60_s_and_has_five_invocations_out() {
    check(
        "functions: {F: {service_time: 1s}}\n\
         callers: {C: {via: firehose, target: F, payload_size: 512KiB, arrivals: {at: [0s, 10s, 20s]}}}\n",
        "buffered answered+ handed_over transformed",
        "0s C.buffered C-1 SC71
         0s C.answered C-1 SC71 answer=ok status=200 took=0s
         10s C.buffered C-2 SC71
         10s C.handed_over C-1 SC71
         10s C.handed_over C-2 SC71
         10s C.answered C-2 SC71 answer=ok status=200 took=0s
         11s C.transformed C-1 SC77
         11s C.transformed C-2 SC77
         20s C.buffered C-3 SC71
         20s C.answered C-3 SC71 answer=ok status=200 took=0s
         80s C.handed_over C-3 SC71
         81s C.transformed C-3 SC77",
        "F: Invocations 2",
    );
    check(
        "functions: {F: {service_time: 1s}}\n\
         callers: {C: {via: firehose, target: F, payload_size: 1MiB, arrivals: {at: [0s], count: 12}}}\n",
        "",
        "",
        "F: Invocations 12, ConcurrentExecutions.max 5
         C: succeeded 12, latency.max 3000",
    );
}

#[test]
fn sc74_st9_firehose_tries_a_batch_four_times() {
    check(
        "functions: {F: {ReservedConcurrentExecutions: 0}}\n\
         callers: {C: {via: firehose, target: F, arrivals: {at: [0s]}}}\n\
         assumptions: {firehose_retry_delay: 1s}\n",
        "service_retried+ throttled processing_failed",
        "60s F.throttled C-1 SI28
         60s C.service_retried C-1 #2 SC74 wait=1s
         61s F.throttled C-1 SI28
         61s C.service_retried C-1 #3 SC74 wait=1s
         62s F.throttled C-1 SI28
         62s C.service_retried C-1 #4 SC74 wait=1s
         63s F.throttled C-1 SI28
         63s C.processing_failed C-1 SC76",
        "F: Throttles 4, Invocations 0
         ledger: dead_lettered 1",
    );
}

#[test]
fn sc76_what_firehose_gives_up_is_kept_and_later_batches_go_through() {
    check(
        "functions: {F: {service_time: 1s, error_rate: 100%}}\n\
         callers: {C: {via: firehose, target: F, BufferIntervalInSeconds: 10, NumberOfRetries: 0, \
                       arrivals: {at: [0s, 60s]}}}\n\
         timeline: [{at: 30s, set: {functions.F.error_rate: 0%}}]\n",
        "processing_failed transformed",
        "11s C.processing_failed C-1 SC76
         71s C.transformed C-2 SC77",
        "ledger: dead_lettered 1, succeeded 1",
    );
}

#[test]
fn sc77_a_record_s_own_result_is_final() {
    check(
        "functions: {F: {service_time: 1s, cases: [{when: {kind: [bad]}, record_error_rate: 100%}]}}\n\
         callers: {C: {via: firehose, target: F, attributes: {kind: {cycle: [good, bad]}}, \
                       arrivals: {at: [0s], count: 3}}}\n",
        "processing_failed transformed",
        "61s C.transformed C-1 SC77
         61s C.processing_failed C-2 SC77
         61s C.transformed C-3 SC77",
        "F: Invocations 1, Errors 0",
    );
}

#[test]
fn sc81_a_task_s_failure_has_a_name() {
    for (function, line) in [
        (BROKEN, "1s C.answered C-1 SC81 answer=function_error status=Error took=1s"),
        (CUT, "2s C.answered C-1 SC81 answer=function_timeout status=Lambda.Unknown took=2s"),
        (
            CLOSED,
            "0s C.answered C-1 SC81 answer=throttled status=Lambda.TooManyRequestsException took=0s",
        ),
    ] {
        told("step_functions", function, line);
    }
}

#[test]
fn sc82_st9_the_recommended_retry_tries_seven_times() {
    check(
        "functions: {F: {system_error_rate: 100%}}\n\
         callers: {C: {via: step_functions, Retry: recommended, target: F, arrivals: {at: [0s]}}}\n",
        "system_erred answered+",
        "0s F.system_erred C-1 SI24
         2s F.system_erred C-1 SI24
         6s F.system_erred C-1 SI24
         14s F.system_erred C-1 SI24
         30s F.system_erred C-1 SI24
         62s F.system_erred C-1 SI24
         126s F.system_erred C-1 SI24
         126s C.answered C-1 SC81 answer=system_error status=Lambda.ServiceException took=126s",
        "C: service_retries 6, requests 1",
    );
}

#[test]
fn sc84_st9_the_console_s_retry_takes_throttles_four_tries_in_all() {
    let results = play(
        "functions: {F: {ReservedConcurrentExecutions: 0}}\n\
         callers: {C: {via: step_functions, Retry: console, target: F, arrivals: {at: [0s], count: 1000}}}\n",
        None,
    );
    assert_eq!(results["resources"]["F"]["Throttles"], 4000);
    // The mean of three waits, uniform up to 1, 2 and 4 s.
    let mean = results["callers"]["C"]["response_time"]["mean"].as_f64().expect("a mean");
    assert!((mean / 3500.0 - 1.0).abs() < 0.05, "{mean}");
}

#[test]
fn sc85_without_retry_a_state_fails_at_once_and_each_retrier_counts_its_own() {
    let sick = "0s C.answered C-1 SC81 answer=system_error status=Lambda.ServiceException took=0s";
    told("step_functions", SICK, sick);
    let own = "step_functions, Retry: [{ErrorEquals: [Error], MaxAttempts: 1}, \
               {ErrorEquals: [States.ALL], IntervalSeconds: 10, MaxDelaySeconds: 12}]";
    told(
        own,
        BROKEN,
        "1s C.service_retried C-1 #2 SC85 wait=1s
         3s C.answered C-1 SC81 answer=function_error status=Error took=3s",
    );
    told(
        own,
        CUT,
        "2s C.service_retried C-1 #2 SC85 wait=10s
         14s C.service_retried C-1 #3 SC85 wait=12s
         28s C.service_retried C-1 #4 SC85 wait=12s
         42s C.answered C-1 SC81 answer=function_timeout status=Lambda.Unknown took=42s",
    );
}

#[test]
fn sc86_a_task_s_timeout_is_states_timeout() {
    let line = "5s C.answered C-1 SC86 answer=limit_reached status=States.Timeout took=5s";
    told("step_functions, TimeoutSeconds: 5", SLOW, line);
    told("step_functions", SLOW, "100s C.answered C-1 SC81 answer=ok status=succeeded took=100s");
}

#[test]
fn sc87_a_task_s_input_is_at_most_256_kb() {
    let line = "0s C.answered C-1 SC87 answer=too_large status=States.DataLimitExceeded took=0s";
    told("step_functions, payload_size: 257KiB", "", line);
}

#[test]
fn sc88_a_job_reports_each_object_and_fails_above_half_of_a_thousand() {
    let sick = "0s C.answered C-1 SC88 answer=system_error status=TemporaryFailure took=0s";
    told("s3_batch", SICK, sick);
    let results = play(
        "functions: {F: {service_time: 1s, error_rate: 100%}}\n\
         callers: {C: {via: s3_batch, target: F, arrivals: {every: 2s, until: 3000s}}}\n",
        None,
    );
    assert_eq!(results["callers"]["C"]["answered"]["PermanentFailure"], 1000);
    assert_eq!(results["callers"]["C"]["answered"]["JobFailed"], 500);
    check(
        "functions: {F: {ReservedConcurrentExecutions: 0}}\n\
         callers: {C: {via: s3_batch, target: F, arrivals: {at: [0s]}}}\n\
         assumptions: {s3_batch_redrives: 2}\n",
        "",
        "",
        "F: Throttles 3
         C: service_retries 2",
    );
}

/// Every service that waits, with what its caller must say to have it.
fn those_that_wait() -> impl Iterator<Item = (Service, &'static str)> {
    let all = Service::ALL.iter().copied().chain([Service::SesWaiting]);
    all.filter(|service| service.front().is_some()).map(|service| match service {
        Service::SesWaiting => (service, ", InvocationType: RequestResponse"),
        _ => (service, ""),
    })
}

#[test]
fn sc88_behind_every_other_service_a_function_that_works_again_is_asked_again() {
    for (service, keys) in those_that_wait() {
        // 1,200 requests fail in ten minutes, and 6,000 come after.
        let results = play(
            &format!(
                "functions: {{F: {{service_time: 200ms}}}}\n\
                 callers: {{C: {{via: {}{keys}, target: F, arrivals: {{every: 500ms, until: 1h}}}}}}\n\
                 timeline: [{{at: 0s, for: 10m, set: {{functions.F.error_rate: 100%}}}}]\n",
                service.word()
            ),
            None,
        );
        let places = &results["ledger"];
        let succeeds = if service == Service::S3Batch { 0 } else { 6000 };
        assert_eq!(places["succeeded"], succeeds, "{}: {places}", service.name());
        assert_eq!(places["failed"], 7200 - succeeds, "{}: {places}", service.name());
    }
}

#[test]
fn sc89_appsync_answers_200_with_errors_and_waits_30_s() {
    told(
        "appsync",
        BROKEN,
        "1s C.answered C-1 SC89 answer=function_error status=Unhandled took=1s",
    );
    let late = "30s C.answered C-1 SC89 answer=limit_reached status=ExecutionTimeout took=30s";
    told("appsync", SLOW, late);
}

#[test]
fn sc90_a_function_url_hands_on_a_throttle() {
    told("function_url", CLOSED, "0s C.answered C-1 SC90 answer=throttled status=429 took=0s");
}

#[test]
fn sc91_a_function_url_answers_502_to_a_function_that_fails() {
    let url = "function_url";
    told(url, BROKEN, "1s C.answered C-1 SC91 answer=function_error status=502 took=1s");
    told(url, CUT, "2s C.answered C-1 SC91 answer=function_timeout status=502 took=2s");
    told(url, SLOW, "100s C.answered C-1 SC91 answer=ok status=200 took=100s");
}

/// Attempts of a client in this mode against a throttle: how many, and the mean of the time they take.
fn throttled(mode: &str) -> (u64, f64) {
    let results = play(
        &format!(
            "functions: {{F: {{ReservedConcurrentExecutions: 0}}}}\n\
             callers: {{C: {{via: sdk, retry_mode: {mode}, target: F, \
                             arrivals: {{every: 60s, until: 3000s}}}}}}\n"
        ),
        None,
    );
    let attempts = results["resources"]["F"]["Throttles"].as_u64().expect("a count");
    (attempts, results["callers"]["C"]["response_time"]["max"].as_f64().expect("a time"))
}

#[test]
fn sr1_st8_legacy_makes_five_attempts_within_15_s() {
    let (attempts, longest) = throttled("legacy");
    assert_eq!(attempts, 50 * 5);
    assert!(7_000.0 < longest && longest < 15_000.0, "{longest}");
}

#[test]
fn sr2_st8_the_old_standard_makes_three_attempts_within_3_s() {
    let (attempts, longest) = throttled("standard");
    assert_eq!(attempts, 50 * 3);
    assert!(1_500.0 < longest && longest < 3_000.0, "{longest}");
}

#[test]
fn sr3_st8_today_s_standard_waits_long_only_after_throttles() {
    let (attempts, longest) = throttled("standard-2026");
    assert_eq!(attempts, 50 * 3);
    assert!(1_500.0 < longest && longest < 3_000.0, "{longest}");
    let results = play(
        "functions: {F: {system_error_rate: 100%}}\n\
         callers: {C: {via: sdk, target: F, arrivals: {every: 60s, until: 1000s}}}\n",
        None,
    );
    let longest = results["callers"]["C"]["response_time"]["max"].as_f64().expect("a time");
    assert!(longest < 150.0, "50 ms and 100 ms at most: {longest}");
}

#[test]
fn sr5_st8_the_old_quota_is_spent_after_fifty_throttled_calls() {
    let results = play(
        "functions: {F: {ReservedConcurrentExecutions: 0}}\n\
         callers: {C: {via: sdk, retry_mode: standard, target: F, arrivals: {every: 60s, count: 1, \
                       until: 60000s}}}\n",
        None,
    );
    // 1,000 calls of one client: 500 tokens buy 100 retries.
    assert_eq!(results["resources"]["F"]["Throttles"], 1100);
    assert_eq!(results["callers"]["C"]["service_retries"], 100);
}

#[test]
fn sr6_st8_the_quota_of_2026_is_spent_by_seventeen_transient_calls() {
    check(
        "functions: {F: {system_error_rate: 100%}}\n\
         callers: {C: {via: sdk, target: F, arrivals: {every: 60s, until: 1140s}}}\n",
        "",
        "",
        // 19 calls; of 500 tokens 35 retries at 14: 17 calls with two, one with one, one with none.
        "C: requests 19, service_retries 35",
    );
}

#[test]
fn sr7_an_adaptive_client_slows_down_after_throttles() {
    let play = |mode: &str| {
        play(
            &format!(
                "duration: 60s\n\
                 functions: {{F: {{ReservedConcurrentExecutions: 1, service_time: 100ms}}}}\n\
                 callers: {{C: {{via: sdk, retry_mode: {mode}, target: F, arrivals: {{every: 50ms}}}}}}\n"
            ),
            None,
        )
    };
    let throttles = |results: &serde_json::Value| {
        results["resources"]["F"]["Throttles"].as_u64().expect("a count")
    };
    let (standard, adaptive) = (play("standard-2026"), play("adaptive"));
    assert!(2 * throttles(&adaptive) < throttles(&standard), "{}", throttles(&adaptive));
    let p50 = |results: &serde_json::Value| {
        results["callers"]["C"]["response_time"]["p50"].as_f64().expect("a time")
    };
    assert!(p50(&standard) < p50(&adaptive), "what is not sent at once waits");
}

#[test]
fn sr11_an_sdk_asks_again_after_a_throttle_and_counts_the_first_attempt() {
    let results = play(
        "functions: {F: {ReservedConcurrentExecutions: 0}}\n\
         callers: {C: {via: sdk, max_attempts: 7, target: F, arrivals: {at: [0s]}}}\n",
        None,
    );
    assert_eq!(results["resources"]["F"]["Throttles"], 7);
    told("sdk", GONE, "0s C.answered C-1 SR12 answer=not_found status=404 took=0s");
}

#[test]
fn sr12_to_an_sdk_a_function_error_is_an_answer() {
    told("sdk", BROKEN, "1s C.answered C-1 SR12 answer=function_error status=200 took=1s");
    told("sdk", CUT, "2s C.answered C-1 SR12 answer=function_timeout status=200 took=2s");
}

#[test]
fn sr16_st7_a_read_timeout_starts_the_function_again() {
    let starts = |mode: &str| {
        let results = play(
            &format!(
                "functions: {{F: {{Timeout: 900, service_time: 150s}}}}\n\
                 callers: {{C: {{via: sdk, retry_mode: {mode}, target: F, arrivals: {{at: [0s]}}}}}}\n"
            ),
            None,
        );
        let of = |measure: &str| results["resources"]["F"][measure].as_u64().expect("a count");
        let told = &results["callers"]["C"];
        assert_eq!(told["answered"]["ReadTimeoutError"], 1);
        assert_eq!(of("Errors"), 0);
        let peak = results["resources"]["F"]["ConcurrentExecutions"]["max"].as_f64();
        (of("Invocations"), peak.expect("a peak"), told["response_time"]["max"].as_f64())
    };
    let (runs, peak, longest) = starts("legacy");
    assert_eq!((runs, peak), (5, 3.0));
    assert!(longest > Some(300_000.0) && longest < Some(315_000.0), "{longest:?}");
    let (runs, peak, longest) = starts("standard-2026");
    assert_eq!((runs, peak), (3, 3.0));
    assert!(longest > Some(180_000.0) && longest < Some(180_150.0), "{longest:?}");
    assert_eq!(starts("standard").0, 3);
}

#[test]
fn adding_a_caller_changes_no_other_caller_s_luck() {
    let luck = |more: &str| {
        let scenario = format!(
            "duration: 10m\nfunctions: {{F: {{service_time: {{exponential: {{mean: 1s}}}}, error_rate: 30%}}}}\n\
             callers:\n{more}  C: {{via: sdk, target: F, arrivals: {{poisson: 1/s}}}}\n"
        );
        play(&scenario, None)["callers"]["C"].clone()
    };
    let alone = luck("");
    let others = "  A: {via: cognito, target: F, arrivals: {poisson: 1/s}}\n  \
                  B: {via: firehose, target: F, arrivals: {poisson: 2/s}}\n";
    assert_eq!(luck(others), alone);
}
