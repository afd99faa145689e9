//! What CloudWatch alarms see, and what they make of it (CW).

use super::play;
use serde_json::Value;

/// The changes of an alarm's state: `60s OK, 120s ALARM`.
fn states(results: &Value, name: &str) -> String {
    let states = &results["resources"][name]["states"];
    let changes = states["changes"].as_array().expect("an alarm has changes");
    let told: Vec<String> = changes
        .iter()
        .map(|change| format!("{}s {}", change["at_s"], change["state"].as_str().expect("a word")))
        .collect();
    let last = changes.last().map_or("INSUFFICIENT_DATA", |last| last["state"].as_str().unwrap());
    assert_eq!(states["end"], last);
    told.join(", ").replace(".0s", "s")
}

/// A function that fails for the caller, and an alarm on it with these properties.
fn on_errors(alarm: &str, arrivals: &str, rest: &str) -> String {
    format!(
        "
        functions: {{F: {{Timeout: 600, error_rate: 100%}}}}
        callers: {{C: {{target: F, arrivals: {{{arrivals}}}}}}}
        alarms:
          A: {{Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{{Name: FunctionName, Value: F}}],
              Threshold: 1, ComparisonOperator: GreaterThanOrEqualToThreshold, {alarm}}}
        {rest}
        "
    )
}

#[track_caller]
fn rings(alarm: &str, arrivals: &str, rest: &str, expected: &str) {
    let results = play(&on_errors(alarm, arrivals, rest), None);
    assert_eq!(states(&results, "A"), expected);
}

const EACH_MINUTE: &str = "Statistic: Sum, Period: 60, EvaluationPeriods: 1";

#[test]
fn cw1_an_alarm_is_looked_at_at_the_end_of_each_minute() {
    // What happens at just a minute is of the one that begins.
    rings(
        &format!("{EACH_MINUTE}, TreatMissingData: notBreaching"),
        "at: [60s]",
        "duration: 3m",
        "60s OK, 120s ALARM, 300s OK",
    );
    rings(
        &format!("{EACH_MINUTE}, TreatMissingData: notBreaching"),
        "at: [59.999999999s]",
        "duration: 3m",
        "60s ALARM, 240s OK",
    );
}

/// Three errors at 4, 5 and 6 min are in no five minutes by the clock.
///
/// AWS's note: after a metric has stopped its last points are looked at again, and the alarm may
/// change its state with them. Of sliding periods it does so over and over, while they are in range:
/// whether the run goes on or has ended.
#[test]
fn cw1_cw3_a_longer_period_slides_and_its_points_that_are_looked_at_again_may_ring_again() {
    for duration in ["7m", "11m", "25m", "40m"] {
        three_in_five_minutes(
            duration,
            "60s OK, 420s ALARM, 600s OK, 720s ALARM, 900s OK, 1020s ALARM, 1200s OK",
        );
    }
}

#[track_caller]
fn three_in_five_minutes(duration: &str, expected: &str) {
    let alarm = "Statistic: Sum, Period: 300, EvaluationPeriods: 1, TreatMissingData: notBreaching";
    let text = on_errors(alarm, "at: [4m, 5m, 6m]", &format!("duration: {duration}"));
    let text = text.replacen("Threshold: 1,", "Threshold: 3,", 1);
    assert_eq!(states(&play(&text, None), "A"), expected);
}

#[test]
fn cw2_two_of_three_points_need_not_be_neighbours() {
    let alarm = "Statistic: Sum, Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 2,
                 TreatMissingData: notBreaching";
    // With fewer points than periods all of the range count: the first error until its fifth minute.
    rings(alarm, "at: [30s, 150s]", "duration: 8m", "60s OK, 180s ALARM, 360s OK");
}

#[test]
fn cw3_a_metric_that_has_stopped_is_looked_at_again_and_again() {
    // One period and two points beyond: the error of the first minute is seen until the fourth.
    rings(EACH_MINUTE, "at: [30s]", "duration: 8m", "60s ALARM, 240s INSUFFICIENT_DATA");
    rings(
        EACH_MINUTE,
        "at: [30s]",
        "duration: 8m\n        assumptions: {alarm_range_extra: 0}",
        "60s ALARM, 120s INSUFFICIENT_DATA",
    );
}

#[test]
fn cw4_missing_points_count_as_the_alarm_says() {
    let with = |missing: &str| format!("{EACH_MINUTE}, TreatMissingData: {missing}");
    let rest = "duration: 8m";
    rings(&with("notBreaching"), "at: [30s]", rest, "60s ALARM, 240s OK");
    rings(&with("breaching"), "at: [30s]", rest, "60s ALARM");
    rings(&with("ignore"), "at: [30s]", rest, "60s ALARM");
    rings(&with("missing"), "at: [30s]", rest, "60s ALARM, 240s INSUFFICIENT_DATA");
    let never = "from: 1h, every: 1m, count: 1";
    rings(&with("breaching"), never, rest, "60s ALARM");
    rings(&with("notBreaching"), never, rest, "60s OK");
    rings(&with("missing"), never, rest, "");
}

#[test]
fn cw5_three_of_three_ring_at_the_third_minute_though_two_are_missing() {
    let alarm = "Statistic: Sum, Period: 60, EvaluationPeriods: 3";
    rings(alarm, "at: [30s]", "duration: 8m", "180s ALARM, 360s INSUFFICIENT_DATA");
}

#[test]
fn cw6_lambda_publishes_when_there_is_something_and_zeros_with_it() {
    // A run that succeeds writes an error of 0; a minute without runs writes nothing.
    let text = "
        functions: {F: {service_time: 100ms}}
        callers: {C: {target: F, arrivals: {at: [30s, 90s]}}}
        duration: 8m
        alarms:
          A: {Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: F}],
              Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 0,
              ComparisonOperator: GreaterThanThreshold}
        ";
    assert_eq!(states(&play(text, None), "A"), "60s OK, 300s INSUFFICIENT_DATA");
}

#[test]
fn cw6_an_error_is_of_the_minute_in_which_its_run_began() {
    // 150 s of run: the error is of the first minute, and seen there while that is in the range.
    let text = "
        functions: {F: {Timeout: 900, service_time: 150s, error_rate: 100%}}
        callers: {C: {target: F, arrivals: {at: [30s]}}}
        duration: 8m
        alarms:
          A: {Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: F}],
              Statistic: Sum, Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 1, Threshold: 1,
              ComparisonOperator: GreaterThanOrEqualToThreshold, TreatMissingData: notBreaching}
        ";
    assert_eq!(states(&play(text, None), "A"), "60s OK, 240s ALARM, 360s OK");
}

/// A queue with an alarm on one of its metrics.
fn on_queue(metric: &str, statistic: &str, threshold: &str, queue: &str, arrivals: &str) -> Value {
    let text = format!(
        "
        queues: {{Q: {{{queue}}}}}
        callers: {{C: {{target: Q, arrivals: {{{arrivals}}}}}}}
        alarms:
          A: {{Namespace: AWS/SQS, MetricName: {metric}, Dimensions: [{{Name: QueueName, Value: !GetAtt Q.QueueName}}],
              Statistic: {statistic}, Period: 60, EvaluationPeriods: 1, Threshold: {threshold},
              ComparisonOperator: GreaterThanOrEqualToThreshold}}
        duration: 10h
        "
    );
    play(&text, None)
}

#[test]
fn cw6_a_queue_publishes_zeros_for_six_hours_after_its_last_activity() {
    // It is sent to in minute 10 and its message expires in minute 11; two points are beyond.
    let results =
        on_queue("NumberOfMessagesSent", "Sum", "1", "MessageRetentionPeriod: 60", "at: [10m]");
    let expected = format!("660s ALARM, 720s OK, {}s INSUFFICIENT_DATA", (11 + 360 + 1 + 3) * 60);
    assert_eq!(states(&results, "A"), expected);
}

#[test]
fn cw6_a_queue_s_messages_are_counted_at_the_end_of_each_minute() {
    // There at 1:30 and gone at 2:30: only the end of the second minute sees it.
    let of = |metric| {
        let retention = "MessageRetentionPeriod: 60";
        states(&on_queue(metric, "Maximum", "1", retention, "at: [90s]"), "A")
    };
    let visible = of("ApproximateNumberOfMessagesVisible");
    assert!(visible.starts_with("120s ALARM, 180s OK"), "{visible}");
    // The age is told only while there is a message: nothing says that it is gone.
    assert_eq!(of("ApproximateAgeOfOldestMessage"), "120s ALARM, 300s INSUFFICIENT_DATA");
}

#[test]
fn cw6_the_age_of_the_oldest_message_is_in_seconds_whatever_the_period_of_the_series() {
    for period in ["1m", "1h", "20s"] {
        let text = format!(
            "
            queues: {{Q: {{}}}}
            callers: {{C: {{target: Q, arrivals: {{at: [30s]}}}}}}
            duration: 10m
            period: {period}
            drain: 0s
            alarms:
              A: {{Namespace: AWS/SQS, MetricName: ApproximateAgeOfOldestMessage,
                  Dimensions: [{{Name: QueueName, Value: Q}}], Statistic: Maximum, Period: 60,
                  EvaluationPeriods: 1, Threshold: 90, ComparisonOperator: GreaterThanOrEqualToThreshold}}
            "
        );
        assert_eq!(states(&play(&text, None), "A"), "60s OK, 120s ALARM", "{period}");
    }
}

#[test]
fn cw6_without_a_dimension_an_alarm_sees_all_functions_together() {
    let text = "
        functions: {F: {service_time: 70s, Timeout: 100}, G: {service_time: 10s, Timeout: 100}}
        callers:
          C: {target: F, arrivals: {at: [10s]}}
          D: {target: G, arrivals: {at: [15s]}}
        duration: 5m
        alarms:
          Two: {Namespace: AWS/Lambda, MetricName: Invocations, Statistic: Sum, Period: 60,
              EvaluationPeriods: 1, Threshold: 2, ComparisonOperator: GreaterThanOrEqualToThreshold,
              TreatMissingData: notBreaching}
          Both: {Namespace: AWS/Lambda, MetricName: ConcurrentExecutions, Statistic: Maximum, Period: 60,
              EvaluationPeriods: 1, Threshold: 2, ComparisonOperator: GreaterThanOrEqualToThreshold,
              TreatMissingData: notBreaching}
          Long: {Namespace: AWS/Lambda, MetricName: Duration, ExtendedStatistic: p50, Period: 120,
              EvaluationPeriods: 1, Threshold: 10000, ComparisonOperator: LessThanOrEqualToThreshold,
              TreatMissingData: notBreaching}
        ";
    let results = play(text, None);
    let of = |name| states(&results, name);
    // The first point is seen until the fourth minute, unless there are newer ones.
    assert_eq!(of("Two"), "60s ALARM, 240s OK");
    assert_eq!(of("Both"), "60s ALARM, 120s OK", "in the second minute one runs");
    // 10 s ends in the first minute and 70 s in the second, so two minutes have 10 s, both, or 70 s.
    assert_eq!(of("Long"), "60s ALARM, 180s OK, 240s ALARM, 300s OK");
}

#[test]
fn cw7_changing_an_alarm_leaves_its_state() {
    let text = on_errors(
        &format!("{EACH_MINUTE}, TreatMissingData: ignore"),
        "every: 30s, until: 5m",
        "duration: 8m
        timeline: [{at: 3m, set: {alarms.A.Threshold: 5, alarms.A.MetricName: Invocations}}]
        thresholds:
          - A.alarms == 1
          - A.alarms all_at == [60s]
          - A.alarms last_at < 61s",
    );
    // From 3 min on it looks at Invocations of all the minutes before, two in each.
    assert_eq!(states(&play(&text, None), "A"), "60s ALARM, 240s OK");
}

#[test]
fn cw1_alarms_change_nothing_else() {
    let alarms = on_errors(EACH_MINUTE, "poisson: 1/s, until: 10m", "");
    let from = alarms.find("alarms:").expect("it has alarms");
    let with = play(&alarms, None);
    let without = play(&alarms[..from], None);
    assert_eq!(with["digest"], without["digest"]);
    for part in ["ledger", "callers", "cost"] {
        assert_eq!(with[part], without[part]);
    }
    assert_eq!(with["resources"]["F"], without["resources"]["F"]);
    assert!(with["resources"]["A"]["alarms"].as_u64() >= Some(1));
}

// After the end of the run.

/// A function that fails for its only event, whose dead-letter queue nobody reads, and an alarm.
fn last_event(function: &str, alarm: &str, rest: &str) -> String {
    format!(
        "
        functions: {{F: {{{function}, DeadLetterConfig: {{TargetArn: D}}}}}}
        queues: {{D: {{}}}}
        callers: {{E: {{via: invoke_async, target: F, arrivals: {{at: [0s]}}}}}}
        alarms: {{A: {{{alarm}}}}}
        {rest}
        "
    )
}

const OF_F: &str = "Namespace: AWS/Lambda, Dimensions: [{Name: FunctionName, Value: F}]";
const OF_D: &str = "Namespace: AWS/SQS, Dimensions: [{Name: QueueName, Value: D}]";
const ABOVE_0: &str = "Threshold: 0, ComparisonOperator: GreaterThanThreshold";
const FAILS: &str = "service_time: 100ms, error_rate: 100%";

/// The last of three runs ends at 180.3 s, and with it the run.
#[test]
fn cw1_an_alarm_sees_the_last_minute_of_a_run() {
    let minute = "Period: 60, EvaluationPeriods: 1";
    for (watched, expected) in [
        // A message lies there, and stays.
        (
            format!(
                "{OF_D}, MetricName: ApproximateNumberOfMessagesVisible, Statistic: Maximum, {minute}"
            ),
            "240s ALARM",
        ),
        // Its age goes on.
        (
            format!(
                "{OF_D}, MetricName: ApproximateAgeOfOldestMessage, Statistic: Maximum, {minute}"
            ),
            "240s ALARM",
        ),
        // What is counted comes with each run, and no more: at last it is not known any more.
        (
            format!("{OF_F}, MetricName: Errors, Statistic: Sum, {minute}"),
            "60s ALARM, 420s INSUFFICIENT_DATA",
        ),
        (
            format!(
                "{OF_F}, MetricName: Errors, Statistic: Sum, {minute}, TreatMissingData: notBreaching"
            ),
            "60s ALARM, 420s OK",
        ),
        (
            format!(
                "{OF_F}, MetricName: Duration, ExtendedStatistic: p99, {minute}, TreatMissingData: notBreaching"
            ),
            "60s ALARM, 420s OK",
        ),
        (
            format!(
                "{OF_F}, MetricName: ConcurrentExecutions, Statistic: Maximum, {minute}, TreatMissingData: notBreaching"
            ),
            "60s ALARM, 420s OK",
        ),
        // Under `ignore` and `breaching` it does not fall back.
        (
            format!(
                "{OF_F}, MetricName: Errors, Statistic: Sum, {minute}, TreatMissingData: ignore"
            ),
            "60s ALARM",
        ),
        (
            format!(
                "{OF_F}, MetricName: Errors, Statistic: Sum, {minute}, TreatMissingData: breaching"
            ),
            "60s ALARM",
        ),
    ] {
        let results = play(&last_event(FAILS, &format!("{watched}, {ABOVE_0}"), ""), None);
        assert_eq!(states(&results, "A"), expected, "{watched}");
        assert_eq!(results["resources"]["A"]["alarms"], 1, "{watched}");
        assert!(results["ended_at_s"].as_f64() < Some(181.0), "the run ends when it did");
    }
}

#[test]
fn cw2_an_alarm_rings_after_the_run_once_enough_of_its_periods_breach() {
    let visible =
        format!("{OF_D}, MetricName: ApproximateNumberOfMessagesVisible, Statistic: Maximum");
    for (alarm, expected) in [
        (format!("{visible}, Period: 60, EvaluationPeriods: 3"), "60s OK, 360s ALARM"),
        (
            format!("{visible}, Period: 60, EvaluationPeriods: 5, DatapointsToAlarm: 2"),
            "300s ALARM",
        ),
        (format!("{visible}, Period: 300, EvaluationPeriods: 2"), "540s ALARM"),
    ] {
        let results = play(&last_event(FAILS, &format!("{alarm}, {ABOVE_0}"), ""), None);
        let told = states(&results, "A");
        assert!(told.ends_with(expected.rsplit(", ").next().unwrap()), "{alarm}: {told}");
        assert_eq!(results["resources"]["A"]["alarms"], 1, "{alarm}");
    }
}

/// Nobody calls any more: that little or nothing comes is no news.
#[test]
fn cw1_too_little_after_the_run_rings_nothing() {
    let below = "Threshold: 1, ComparisonOperator: LessThanThreshold";
    for alarm in [
        format!(
            "{OF_F}, MetricName: Invocations, Statistic: Sum, {below}, TreatMissingData: breaching"
        ),
        format!(
            "{OF_F}, MetricName: Errors, Statistic: Sum, Threshold: 9, ComparisonOperator: GreaterThanThreshold, TreatMissingData: breaching"
        ),
        format!(
            "{OF_F}, MetricName: Invocations, Statistic: Sum, Threshold: 10, ComparisonOperator: LessThanThreshold"
        ),
    ] {
        for periods in ["Period: 60, EvaluationPeriods: 1", "Period: 300, EvaluationPeriods: 2"] {
            let text = format!(
                "
                duration: 1h
                functions: {{F: {{service_time: 100ms}}}}
                callers: {{C: {{target: F, arrivals: {{every: 5s}}}}}}
                alarms: {{A: {{{alarm}, {periods}}}}}
                thresholds: [A.alarms during 20m.. == 0]
                "
            );
            let results = play(&text, None);
            assert_ne!(results["resources"]["A"]["states"]["end"], "ALARM", "{text}");
        }
    }
}

/// What is cut off has not come to rest: nobody knows how it would go on.
#[test]
fn cw1_a_run_that_is_cut_off_is_not_looked_at_beyond_its_end() {
    let alarm = format!(
        "{OF_D}, MetricName: ApproximateNumberOfMessagesVisible, Statistic: Maximum, Period: 60, \
         EvaluationPeriods: 1, {ABOVE_0}"
    );
    let text = format!(
        "
        duration: 90s
        drain: 0s
        functions: {{F: {{service_time: 10m, Timeout: 900, ReservedConcurrentExecutions: 1}}}}
        queues: {{D: {{VisibilityTimeout: 900}}}}
        event_source_mappings: {{M: {{EventSourceArn: D, FunctionName: F, BatchSize: 1}}}}
        callers: {{C: {{target: D, arrivals: {{at: [70s, 80s], count: 20}}}}}}
        alarms: {{A: {{{alarm}}}}}
        "
    );
    let results = play(&text, None);
    assert_eq!(results["resources"]["A"]["alarms"], 0);
}
