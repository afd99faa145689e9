//! Services that hand events on: topics, buses, and what implies one (D, A6.4; X4, X6 to X8).

use super::{check, play};

/// A topic with one subscription to `F` and a dead-letter queue `D`.
fn topic(function: &str, subscription: &str, rest: &str) -> String {
    format!(
        "
        functions: {{F: {{{function}}}}}
        queues: {{D: {{}}, L: {{}}}}
        topics: {{T: {{}}}}
        subscriptions:
          S:
            TopicArn: T
            Protocol: lambda
            Endpoint: F
            RedrivePolicy: {{deadLetterTargetArn: D}}
            {subscription}
        callers: {{C: {{target: T, arrivals: {{at: [0s]}}}}}}
        {rest}
        "
    )
}

const SEEN: &str = "answered+ published+ copied+ handed+ handed_on+ delivery_retried+ \
                    delivery_failed+ delivery_lost+ delivery_kept delivery_not_kept not_wanted \
                    unwanted+ accepted enqueued+ system_erred";

#[test]
fn d1_what_fails_after_the_202_is_lambda_s_and_the_service_s_queue_stays_empty_x6() {
    let on_failure = "EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: L}}}";
    for function in [
        format!("ReservedConcurrentExecutions: 0, {on_failure}"),
        format!("error_rate: 100%, {on_failure}"),
    ] {
        check(
            &topic(&function, "", ""),
            "delivery_failed",
            "",
            "T: NumberOfMessagesPublished 1, NumberOfNotificationsDelivered 1, NumberOfNotificationsFailed 0
             F: AsyncEventsReceived 1, AsyncEventsDropped 1
             D: arrived 0
             L: arrived 1
             ledger: dead_lettered 1, messages 1",
        );
    }
}

#[test]
fn d1_whoever_publishes_is_answered_first() {
    check(
        &topic("service_time: 1s", "", ""),
        SEEN,
        "
        0s T.published C-1 ours place=waiting
        0s C.answered C-1 ours answer=ok took=0s
        0s S.handed C-1 D1 wait=0s place=waiting
        0s F.accepted C-1 A1.1
        0s S.handed_on C-1 D1 took=0s
        ",
        "C: latency.max 1000, response_time.max 0, succeeded 1",
    );
}

/// A topic with two queues and a function behind it, of which one wants only parcels.
const FAN_OUT: &str = "
    functions: {F: {service_time: 1s}, G: {}}
    queues: {Q: {}, P: {}}
    topics: {T: {}}
    subscriptions:
      ToP: {TopicArn: T, Protocol: sqs, Endpoint: P, FilterPolicy: {kind: [parcel]}}
      ToQ: {TopicArn: T, Protocol: sqs, Endpoint: Q}
      ToF: {TopicArn: T, Protocol: lambda, Endpoint: F}
    event_source_mappings: {M: {EventSourceArn: Q, FunctionName: G}}
    callers:
      C: {target: T, arrivals: {at: [0s]}, attributes: {kind: letter}}
      E: {target: T, arrivals: {at: [1m]}, attributes: {kind: parcel}}
    ";

#[test]
fn d2_each_subscription_gets_one_the_first_the_payload_itself() {
    check(
        FAN_OUT,
        "copied+ handed_on not_wanted enqueued+ accepted",
        "
        0s ToP.not_wanted C-1 D3
        0s ToF.copied C-1.1 D2 by=ToF place=in_flight
        0s Q.enqueued C-1 S6 entry=sent place=waiting
        0s F.accepted C-1.1 A1.1
        0s ToQ.handed_on C-1 D1
        0s ToF.handed_on C-1.1 D1
        60s ToQ.copied E-1.1 D2 by=ToQ place=in_flight
        60s ToF.copied E-1.2 D2 by=ToF place=in_flight
        60s P.enqueued E-1 S6 entry=sent place=delivered
        60s Q.enqueued E-1.1 S6 entry=sent place=waiting
        60s F.accepted E-1.2 A1.1
        60s ToP.handed_on E-1 D1
        60s ToQ.handed_on E-1.1 D1
        60s ToF.handed_on E-1.2 D1
        ",
        "T: NumberOfMessagesPublished 2, NumberOfNotificationsDelivered 5, NumberOfNotificationsFilteredOut 1
         Q: NumberOfMessagesSent 2
         ledger: arrivals 2, messages 5, succeeded 2, delivered 0",
    );
}

#[test]
fn d2_a_subscription_more_moves_nobody_s_luck() {
    let with = |more: &str| {
        let scenario = format!(
            "
            duration: 10m
            functions: {{F: {{error_rate: 30%, service_time: {{exponential: {{mean: 1s}}}}}}}}
            queues: {{Q: {{}}}}
            topics: {{T: {{}}}}
            subscriptions:
              {more}
              ToF: {{TopicArn: T, Protocol: lambda, Endpoint: F}}
            callers: {{C: {{target: T, arrivals: {{poisson: 2/s}}}}}}
            "
        );
        play(&scenario, None)["resources"]["F"].clone()
    };
    let alone = with("");
    assert!(alone["Errors"].as_f64() > Some(100.0), "{alone}");
    assert_eq!(alone, with("ToQ: {TopicArn: T, Protocol: sqs, Endpoint: Q}"));
}

#[test]
fn d2_a_rule_hands_to_each_of_its_targets_and_a_topic_on_to_its_own() {
    check(
        "
        functions: {F: {}}
        queues: {Q: {}, P: {}}
        topics: {T: {Subscription: [{Protocol: sqs, Endpoint: P}]}}
        buses: {B: {}}
        rules:
          R: {EventBusName: B, EventPattern: {detail: {n: [1]}}, Targets: [{Arn: Q}, {Arn: T, Id: t}, {Arn: !GetAtt F.Arn}]}
          Off: {EventBusName: B, State: DISABLED, EventPattern: {n: [1]}, Targets: [{Arn: Q}]}
        callers: {C: {target: B, arrivals: {at: [0s]}, attributes: {n: 1}}}
        ",
        "published+ copied+ enqueued+ accepted",
        "
        0s B.published C-1 ours place=waiting
        0s R.copied C-1.1 D2 by=R place=in_flight
        0s R.copied C-1.2 D2 by=R place=in_flight
        0s Q.enqueued C-1 S6 entry=sent place=delivered
        0s T.published C-1.1 D2 place=waiting
        0s F.accepted C-1.2 A1.1
        0s P.enqueued C-1.1 S6 entry=sent place=delivered
        ",
        "R: Invocations 3, FailedInvocations 0, IngestionToInvocationSuccessLatency.max 0
         Off: Invocations 0
         B: published 1
         T: NumberOfMessagesPublished 1, NumberOfNotificationsDelivered 1
         ledger: messages 3, delivered 0, succeeded 1",
    );
}

#[test]
fn d2_what_a_function_gave_up_reaches_the_queue_behind_a_topic_as_dead_lettered() {
    check(
        "
        functions: {F: {error_rate: 100%, EventInvokeConfig: {MaximumRetryAttempts: 0, DestinationConfig: {OnFailure: {Destination: T}}}}}
        queues: {Q: {}}
        topics: {T: {Subscription: [{Protocol: sqs, Endpoint: Q}]}}
        callers: {C: {via: invoke_async, target: F, arrivals: {at: [0s]}}}
        ",
        "published+ enqueued+",
        "
        0s T.published C-1 A3.2 place=waiting
        0s Q.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        ",
        "F: DestinationDeliveryFailures 0
         ledger: dead_lettered 1",
    );
}

#[test]
fn d3_what_nobody_wants_is_filtered() {
    check(
        "
        functions: {F: {}}
        buses: {B: {}}
        rules: {R: {EventBusName: B, EventPattern: {kind: [{prefix: par}]}, Targets: [{Arn: F}]}}
        callers:
          C: {target: B, arrivals: {at: [0s]}, attributes: {kind: letter}}
          E: {target: B, arrivals: {at: [0s]}, attributes: {kind: parcel}}
        ",
        "not_wanted unwanted+ accepted",
        "
        0s R.not_wanted C-1 D3
        0s B.unwanted C-1 D3 place=filtered
        0s F.accepted E-1 A1.1
        ",
        "R: Invocations 1
         ledger: filtered 1, succeeded 1",
    );
}

#[test]
fn d3_a_filter_policy_can_change_on_the_timeline() {
    check(
        &format!(
            "{FAN_OUT}
    timeline: [{{at: 30s, set: {{subscriptions.ToP.FilterPolicy: {{kind: [letter]}}}}}}]
    "
        ),
        "not_wanted",
        "
        0s ToP.not_wanted C-1 D3
        60s ToP.not_wanted E-1 D3
        ",
        "",
    );
}

#[test]
fn d4_sns_waits_in_four_phases_while_the_endpoint_answers_5xx() {
    let at = |millis: &[u64]| millis.iter().sum::<u64>();
    let back_off = [1_000, 1_395, 1_946, 2_714, 3_786, 5_282, 7_368, 10_278, 14_337, 20_000];
    let end = 2_000 + at(&back_off) + 3 * 20_000;
    check(
        &topic(
            "",
            "",
            &format!(
                "timeline: [{{at: 0s, for: {}ms, set: {{functions.F.system_error_rate: 100%}}}}]",
                end - 1
            ),
        ),
        "handed_on+ delivery_failed",
        &format!("{}s S.handed_on C-1 D1 took={}s", end as f64 / 1e3, end as f64 / 1e3),
        "C: service_retries 18
         T: NumberOfNotificationsDelivered 1, NumberOfNotificationsFailed 0
         F: AsyncEventsReceived 1",
    );
}

#[test]
fn d4_after_23_days_what_was_not_taken_lies_in_the_subscription_s_queue() {
    check(
        &topic("system_error_rate: 100%", "", "drain: 30d"),
        "delivery_failed+ delivery_kept enqueued+",
        "
        2000070.106s S.delivery_failed C-1 D4 reason=DeliveryExhausted attempts=100016
        2000070.106s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        2000070.106s S.delivery_kept C-1 D5
        ",
        "C: service_retries 100015
         T: NumberOfNotificationsFailed 1, NumberOfNotificationsRedrivenToDlq 1
         F: AsyncEventsReceived 0, Invocations 0",
    );
}

#[test]
fn d5_a_deleted_endpoint_is_not_tried_again_x7() {
    for (function, subscription) in [("forbidden: true", ""), ("", "forbidden: true")] {
        check(
            &topic(function, subscription, ""),
            "handed_on delivery_retried delivery_failed+ delivery_kept enqueued+",
            "
            0s S.delivery_failed C-1 D5 reason=EndpointForbidden attempts=1
            0s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
            0s S.delivery_kept C-1 D5
            ",
            "C: service_retries 0
             D: arrived 1
             ledger: dead_lettered 1",
        );
    }
}

#[test]
fn d5_without_a_dead_letter_queue_or_with_one_that_refuses_it_is_lost() {
    let lost = |queue: &str, policy: &str, seen: &str, totals: &str| {
        check(
            &format!(
                "
                functions: {{F: {{forbidden: true}}}}
                queues: {{D: {{{queue}}}}}
                buses: {{B: {{}}}}
                rules:
                  R: {{EventBusName: B, EventPattern: {{n: [1]}}, Targets: [{{Arn: F{policy}}}]}}
                callers: {{C: {{target: B, arrivals: {{at: [0s]}}, attributes: {{n: 1}}}}}}
                "
            ),
            "delivery_not_kept delivery_lost+",
            seen,
            totals,
        );
    };
    lost(
        "",
        "",
        "0s R.delivery_lost C-1 D5 reason=EndpointForbidden place=dropped",
        "R: Invocations 1, FailedInvocations 1, InvocationsSentToDlq 0
         ledger: dropped 1, dropped_by_reason.EndpointForbidden 1",
    );
    lost(
        "forbidden: true",
        ", DeadLetterConfig: {Arn: D}",
        "0s R.delivery_not_kept C-1 D5
         0s R.delivery_lost C-1 D5 reason=EndpointForbidden place=dropped",
        "R: FailedInvocations 1, InvocationsSentToDlq 0, InvocationsFailedToBeSentToDlq 1",
    );
}

/// What happens to an event of this service, whose function answers 5xx for ever.
fn refused(via: &str, rest: &str, seen: &str, totals: &str) {
    check(
        &format!(
            "
            functions: {{F: {{system_error_rate: 100%}}}}
            queues: {{D: {{}}}}
            callers: {{C: {{via: {via}, target: F, arrivals: {{at: [0s]}}}}}}
            {rest}
            "
        ),
        "answered+ delivery_retried+ delivery_failed+ delivery_lost+ enqueued+",
        seen,
        totals,
    );
}

#[test]
fn d6_the_first_limit_of_a_retry_policy_ends_it() {
    refused(
        "eventbridge, RetryPolicy: {MaximumRetryAttempts: 2}, DeadLetterConfig: {Arn: D}",
        "",
        "
        0s C.answered C-1 D1 answer=ok status=200 took=0s
        0s C.delivery_retried C-1 #2 D6 wait=1s place=waiting
        1s C.delivery_retried C-1 #3 D6 wait=2s place=waiting
        3s C.delivery_failed C-1 D6 reason=DeliveryExhausted attempts=3
        3s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        ",
        "C: service_retries 2, dead_lettered 1",
    );
    // 1 + 2 + … + 32 = 63 s would be too late for an age of 60 s.
    refused(
        "eventbridge, RetryPolicy: {MaximumEventAgeInSeconds: 60}",
        "",
        "
        0s C.answered C-1 D1 answer=ok status=200 took=0s
        0s C.delivery_retried C-1 #2 D6 wait=1s place=waiting
        1s C.delivery_retried C-1 #3 D6 wait=2s place=waiting
        3s C.delivery_retried C-1 #4 D6 wait=4s place=waiting
        7s C.delivery_retried C-1 #5 D6 wait=8s place=waiting
        15s C.delivery_retried C-1 #6 D6 wait=16s place=waiting
        31s C.delivery_failed C-1 D6 reason=DeliveryExhausted attempts=6
        31s C.delivery_lost C-1 D6 reason=DeliveryExhausted place=dropped
        ",
        "ledger: dropped 1, dropped_by_reason.DeliveryExhausted 1",
    );
}

#[test]
fn d6_without_a_policy_it_is_185_retries_within_24_hours() {
    let results = play(
        "
        functions: {F: {system_error_rate: 100%}}
        queues: {D: {}}
        buses: {B: {}}
        rules:
          R:
            EventBusName: B
            EventPattern: {n: [1]}
            Targets: [{Arn: F, DeadLetterConfig: {Arn: D}}]
        callers: {C: {target: B, arrivals: {at: [0s]}, attributes: {n: 1}}}
        thresholds: ['23h < D.arrived last_at < 24h']
        ",
        None,
    );
    let rule = &results["resources"]["R"];
    assert_eq!(rule["RetryInvocationAttempts"], 185);
    assert_eq!((&rule["Invocations"], &rule["InvocationsSentToDlq"]), (&1.into(), &1.into()));
}

#[test]
fn d7_a_schedule_has_the_same_policy() {
    refused(
        "eventbridge_scheduler, RetryPolicy: {MaximumRetryAttempts: 1}, DeadLetterConfig: {Arn: D}",
        "",
        "
        0s C.answered C-1 D1 answer=ok status=fired took=0s
        0s C.delivery_retried C-1 #2 D7 wait=1s place=waiting
        1s C.delivery_failed C-1 D7 reason=DeliveryExhausted attempts=2
        1s D.enqueued C-1 S6 entry=dead_letter place=dead_lettered
        ",
        "",
    );
}

#[test]
fn d8_a_flexible_window_spreads_a_schedule_over_all_of_it() {
    let results = play(
        "
        functions: {F: {}}
        callers:
          C:
            via: eventbridge_scheduler
            target: F
            FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 15}
            arrivals: {at: [0s], count: 2000}
          Sharp: {via: eventbridge_scheduler, target: F, FlexibleTimeWindow: {Mode: OFF}, arrivals: {at: [1h]}}
        thresholds:
          - C.latency max < 15m
          - C.latency min < 5s
          - Sharp.latency max == 0s
        ",
        None,
    );
    let mean = results["callers"]["C"]["latency"]["mean"].as_f64().expect("a mean");
    // 2,000 uniform draws of 0 to 900 s: mean 450 s, standard error 5.8 s.
    assert!((mean / 1000.0 - 450.0).abs() < 18.0, "{mean}");
}

#[test]
fn d9_services_that_say_nothing_of_retries_make_none_unless_it_is_assumed() {
    for via in ["s3", "ses", "codecommit", "config", "iot"] {
        let scenario = |more: &str| {
            format!(
                "
                functions: {{F: {{system_error_rate: 100%}}}}
                callers: {{C: {{via: {via}, target: F, arrivals: {{at: [0s]}}}}}}
                {more}
                "
            )
        };
        check(
            &scenario(""),
            "delivery_retried delivery_lost+",
            "0s C.delivery_lost C-1 D9 reason=DeliveryExhausted place=dropped",
            "C: dropped 1, service_retries 0",
        );
        check(
            &scenario("assumptions: {delivery_retries: 2}"),
            "delivery_retried delivery_lost",
            "
            0s C.delivery_retried C-1 #2 D9
            1s C.delivery_retried C-1 #3 D9
            3s C.delivery_lost C-1 D9
            ",
            "",
        );
    }
}

#[test]
fn d10_ses_waits_30_s_where_it_is_told_to() {
    let mail = |invocation_type: &str| {
        format!(
            "
            functions: {{F: {{Timeout: 60, service_time: 40s}}}}
            callers:
              C: {{via: ses, InvocationType: {invocation_type}, target: F, arrivals: {{at: [0s]}}}}
            "
        )
    };
    check(
        &mail("RequestResponse"),
        "answered+ run_ended",
        "
        30s C.answered C-1 D10 answer=limit_reached status=timeout took=30s
        40s F.run_ended C-1 SM1
        ",
        "C: failed 1",
    );
    check(
        &mail("Event"),
        "answered+ run_ended",
        "
        0s C.answered C-1 D1 answer=ok status=250 took=0s
        40s F.run_ended C-1 SM1
        ",
        "C: succeeded 1, latency.max 40000",
    );
}

/// A custom resource whose function takes 10 s and fails on some attempts.
fn custom_resource(fails: &str, call: &str) -> String {
    format!(
        "
        functions: {{F: {{Timeout: 10, service_time: 20s, cases: [{{when: {{attempt: [{{numeric: [\">\", {fails}]}}]}}, service_time: 5s}}]}}}}
        callers: {{C: {{via: cloudformation, target: F{call}, arrivals: {{at: [0s]}}}}}}
        "
    )
}

#[test]
fn d11_a_handler_that_never_answers_fails_the_operation_at_its_timeout_x8() {
    check(
        &custom_resource("9", ""),
        "answered+ run_started+ copied+ discarded+",
        "
        0s C.copied C-1.1 D11 by=C place=in_flight
        0s F.run_started C-1.1 #1 SE1 records=1 cold=0s
        70s F.run_started C-1.1 #2 SE5 records=1
        200s F.run_started C-1.1 #3 SE5 records=1
        210s F.discarded C-1.1 A2.17 condition=RetriesExhausted runs=3 age=210s
        3600s C.answered C-1 D11 answer=limit_reached status=CREATE_FAILED took=3600s
        ",
        "ledger: failed 0, dropped 1, messages 1",
    );
    check(
        &custom_resource("9", ", ServiceTimeout: 60"),
        "answered+ run_started",
        "
        0s F.run_started C-1.1 #1 SE1
        60s C.answered C-1 D11 answer=limit_reached status=CREATE_FAILED took=60s
        70s F.run_started C-1.1 #2 SE5
        200s F.run_started C-1.1 #3 SE5
        ",
        "F: Invocations 3",
    );
}

#[test]
fn d11_an_answer_of_a_later_run_is_an_answer() {
    check(
        &custom_resource("1", ""),
        "answered+ completed",
        "
        75s F.completed C-1.1 SM1
        75s C.answered C-1 D11 answer=ok status=CREATE_COMPLETE took=75s
        ",
        "C: succeeded 1, latency.max 75000",
    );
    // An answer that comes after the timeout changes nothing.
    check(
        &custom_resource("1", ", ServiceTimeout: 74"),
        "answered+ completed",
        "
        74s C.answered C-1 D11 answer=limit_reached status=CREATE_FAILED took=74s
        75s F.completed C-1.1 SM1
        ",
        "C: failed 1, succeeded 0",
    );
}

#[test]
fn d11_a_function_that_may_not_be_invoked_fails_the_operation_at_once() {
    check(
        "
        functions: {F: {forbidden: true}}
        callers: {C: {via: cloudformation, target: F, arrivals: {at: [0s]}}}
        ",
        "answered+",
        "0s C.answered C-1 D11 answer=not_found status=CREATE_FAILED took=0s",
        "ledger: failed 0, dropped 1",
    );
}

#[test]
fn d12_cloudwatch_logs_tries_for_a_day() {
    let results = play(
        "
        functions: {F: {system_error_rate: 100%}}
        callers: {C: {via: cloudwatch_logs, target: F, arrivals: {at: [0s]}}}
        thresholds: ['23h40m < dropped last_at <= 24h']
        ",
        None,
    );
    // 1 + 2 + … + 256 = 511 s, then every 480 s while it fits into 86,400 s.
    assert_eq!(results["callers"]["C"]["service_retries"], 9 + (86_400 - 511) / 480);
}

#[test]
fn d13_after_a_refusal_for_good_the_filter_is_off_for_ten_minutes() {
    check(
        "
        functions: {F: {}}
        callers: {C: {via: cloudwatch_logs, target: F, arrivals: {at: [0s, 5m, 599s, 10m]}}}
        timeline: [{at: 0s, for: 1s, set: {functions.F.forbidden: true}}]
        ",
        "delivery_failed+ delivery_lost+ accepted",
        "
        0s C.delivery_failed C-1 D13 reason=EndpointForbidden attempts=1
        0s C.delivery_lost C-1 D13 reason=EndpointForbidden place=dropped
        300s C.delivery_failed C-2 D13 reason=DeliverySwitchedOff attempts=0
        300s C.delivery_lost C-2 D13 reason=DeliverySwitchedOff place=dropped
        599s C.delivery_failed C-3 D13 reason=DeliverySwitchedOff attempts=0
        599s C.delivery_lost C-3 D13 reason=DeliverySwitchedOff place=dropped
        600s F.accepted C-4 A1.1
        ",
        "ledger: dropped 3, succeeded 1, dropped_by_reason.DeliverySwitchedOff 2",
    );
}

#[test]
fn d14_an_event_is_on_its_way_as_long_as_is_assumed() {
    check(
        "
        functions: {F: {}}
        callers: {C: {via: s3, target: F, arrivals: {at: [0s]}}}
        assumptions: {s3_delivery_delay: 1.1s}
        ",
        "answered+ handed+ handed_on+",
        "
        0s C.handed C-1 D14 wait=1.1s place=waiting
        0s C.answered C-1 D1 answer=ok status=200 took=0s
        1.1s C.handed_on C-1 D1 took=1.1s
        ",
        "C: latency.max 1100",
    );
    let p50 = |via: &str, from: u64, to: u64| {
        let results = play(
            &format!(
                "
                duration: 1h
                functions: {{F: {{event_queue: {{dispatch_latency: 0s}}, init_time: 0s}}}}
                callers: {{C: {{via: {via}, target: F, arrivals: {{poisson: 1/s}}}}}}
                assumptions: {{profile: measured}}
                "
            ),
            None,
        );
        let p50 = results["callers"]["C"]["latency"]["p50"].as_f64().expect("a median");
        assert!(from as f64 <= p50 && p50 <= to as f64, "{via}: {p50} ms");
    };
    p50("sns", 8, 8);
    p50("eventbridge", 140, 156);
    p50("s3", 1_050, 1_150);
    p50("cloudwatch_logs", 28_000, 32_000);
    p50("eventbridge_scheduler", 28_500, 31_500);
    p50("iot", 0, 0);
}

#[test]
fn d15_a_share_of_a_service_s_invocations_meets_a_5xx_and_a_caller_s_own_does_not() {
    check(
        "
        functions: {F: {}}
        callers:
          C: {via: sns, target: F, arrivals: {at: [0s]}}
          E: {via: invoke_async, target: F, arrivals: {at: [0s]}}
        timeline: [{at: 0s, for: 500ms, set: {functions.F.system_error_rate: 100%}}]
        ",
        "F.system_erred accepted",
        "
        0s F.system_erred C-1 D15
        0s F.system_erred C-1 D15
        0s F.system_erred C-1 D15
        0s F.system_erred C-1 D15
        0s F.accepted E-1 A1.1
        0s F.system_erred E-1 SI24
        1s F.accepted C-1 A1.1
        ",
        "F: AsyncEventsReceived 2, Invocations 2
         C: service_retries 4",
    );
}

/// A function that sends to itself by way of something.
fn circle(call: &str, rest: &str) -> String {
    format!(
        "
        duration: 1m
        drain: 0s
        functions: {{F: {{service_time: 1s, DeadLetterConfig: {{TargetArn: D}}, calls: [{call}]}}}}
        queues: {{D: {{}}}}
        {rest}
        callers: {{C: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}
        "
    )
}

#[test]
fn a6_4_a_circle_through_sns_or_s3_stops_after_sixteen_runs_x4() {
    let topic = "topics: {T: {Subscription: [{Protocol: lambda, Endpoint: F}]}}";
    for scenario in [
        circle("{target: T}", topic),
        circle("{target: F, via: sns}", ""),
        circle("{target: F, via: s3}", ""),
    ] {
        check(
            &scenario,
            "loop_stopped discarded+",
            "
            16s F.loop_stopped C-1.16 A6.2
            16s F.discarded C-1.16 A6.6 condition=RecursiveInvocation runs=0 age=0s
            ",
            "F: Invocations 16, RecursiveInvocationsDropped 1
             D: arrived 1",
        );
    }
}

#[test]
fn a6_4_a_circle_through_eventbridge_goes_on() {
    let bus = "
        buses: {B: {}}
        rules: {R: {EventBusName: B, EventPattern: {caller: [C]}, Targets: [{Arn: F}]}}";
    for scenario in [circle("{target: B}", bus), circle("{target: F, via: eventbridge}", "")] {
        check(&scenario, "loop_stopped", "", "F: Invocations 61");
    }
}
