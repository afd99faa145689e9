//! What is billed, and at which price (SP, C, A9).

use super::play;
use serde_json::{Value, json};

/// The lines of the bill as `resource: quantity item, dollars`, then the total.
fn bill(results: &Value) -> Vec<String> {
    let cost = &results["cost"];
    let line = |line: &Value| {
        let text = |key: &str| line[key].as_str().expect("a text").to_owned();
        let [resource, item] = ["resource", "item"].map(text);
        format!("{resource}: {} {item}, {}", line["quantity"], dollars(&line["usd"]))
    };
    let mut lines: Vec<String> =
        cost["lines"].as_array().expect("lines").iter().map(line).collect();
    lines.push(format!("all: {}", dollars(&cost["total_usd"])));
    lines
}

/// To the ten decimals that the bill has.
fn dollars(value: &Value) -> String {
    let text = format!("{:.10}", value.as_f64().expect("a number"));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[test]
fn sp8_a_begun_millisecond_is_billed_whole() {
    // SE12's list: Duration and Init Duration of five reports, and what each was billed.
    for (ran, init, billed) in [
        ("133.61ms", "80ms", 214),
        ("3016.78ms", "84ms", 3101),
        ("3004.92ms", "111.23ms", 3117),
        ("62.32ms", "32.78ms", 96),
        ("318.59ms", "1389.94ms", 1709),
    ] {
        let results = play(
            &format!(
                "
                functions: {{F: {{Timeout: 10, service_time: {ran}, init_time: {init}, MemorySize: 1024}}}}
                callers: {{C: {{target: F, arrivals: {{at: [0s]}}}}}}
                "
            ),
            None,
        );
        let gb_seconds = f64::from(billed) / 1000.0;
        assert_eq!(results["resources"]["F"]["billed_gb_seconds"], json!(gb_seconds), "{ran}");
        let dollars = f64::from(billed) * 166_667.0;
        // A thousandth of ten decimals is rounded.
        let expected = libm::round(dollars / 1000.0) / 1e10;
        assert_eq!(results["cost"]["lines"][1]["usd"], json!(expected), "{ran}");
    }
}

#[test]
fn sp1_sp2_sp3_runs_and_their_time_are_billed_by_architecture() {
    let results = play(
        "
        functions:
          F: {service_time: 100ms}
          G: {service_time: 100ms, MemorySize: 256, Architectures: [arm64], error_rate: 100%}
          H: {ReservedConcurrentExecutions: 0}
        callers:
          C: {target: F, arrivals: {at: [0s], count: 80}}
          D: {target: G, arrivals: {at: [0s], count: 80}}
          E: {target: H, arrivals: {at: [0s], count: 80}}
        thresholds: [cost_usd == 0.0000753335]
        ",
        None,
    );
    // 80 × 100 ms × 128 MB is a GB-second; errors are billed, refusals are not.
    let expected = [
        "F: 80 requests, 0.000016",
        "F: 1 GB-seconds, 0.0000166667",
        "G: 80 requests, 0.000016",
        "G: 2 GB-seconds on arm64, 0.0000266668",
        "all: 0.0000753335",
    ];
    assert_eq!(bill(&results), expected);
}

/// Two environments of 1 GB for 12 min, the second only until `until`, and ten runs of a second.
fn provisioned(until: &str) -> Value {
    play(
        &format!(
            "
            functions:
              F: {{service_time: 1s, MemorySize: 1024, Timeout: 5,
                  ProvisionedConcurrencyConfig: {{ProvisionedConcurrentExecutions: 2}}}}
            callers: {{C: {{target: F, arrivals: {{every: 1m, until: 10m}}}}}}
            duration: 12m
            timeline: [{{at: {until}, set: {{functions.F.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions: 1}}}}]
            thresholds:
              - F.ProvisionedConcurrencyInvocations == 10
              - F.billed_gb_seconds == 10
              - F.provisioned_run_gb_seconds == 10
              - cost_usd last_at > 9m
            "
        ),
        None,
    )
}

#[test]
fn sp4_sp6_provisioned_concurrency_is_paid_for_by_begun_five_minutes() {
    // At 0, 5 and 10 min: to the end, and as at its last instant.
    let whole = bill(&provisioned("11m59s"));
    let expected = [
        "F: 10 requests, 0.000002",
        "F: 10 GB-seconds provisioned, 0.000097222",
        "F: 2100 GB-seconds kept ready, 0.00875007",
        "all: 0.008849292",
    ];
    assert_eq!(whole, expected, "three blocks of two, and one of one from 11:59");
    // Two blocks of two; one of one from 7 min, which ends with the run.
    assert_eq!(bill(&provisioned("7m"))[2], "F: 1500 GB-seconds kept ready, 0.00625005");
    // A change at just the end of a block begins none of the old amount.
    assert_eq!(bill(&provisioned("10m"))[2], "F: 1500 GB-seconds kept ready, 0.00625005");
    assert_eq!(
        bill(&provisioned("600.000000001s"))[2],
        "F: 2100 GB-seconds kept ready, 0.00875007"
    );
}

#[test]
fn sp6_what_is_beyond_the_provisioned_pays_as_on_demand() {
    let results = play(
        "
        functions:
          F: {service_time: 1s, MemorySize: 1024, Timeout: 5,
              ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}}
        callers: {C: {target: F, arrivals: {at: [1s], count: 3}}}
        duration: 1m
        thresholds: [cost_usd == 3 * 0.0000002 + 300 * 0.0000041667 + 0.0000097222 + 2 * 0.0000166667]
        ",
        None,
    );
    let expected = [
        "F: 3 requests, 0.0000006",
        "F: 2 GB-seconds, 0.0000333334",
        "F: 1 GB-seconds provisioned, 0.0000097222",
        "F: 300 GB-seconds kept ready, 0.00125001",
        "all: 0.0012936656",
    ];
    assert_eq!(bill(&results), expected);
}

#[test]
fn sp9_the_free_tier_is_taken_off_where_it_is_assumed() {
    let results = play(
        "
        functions: {F: {service_time: 100ms}}
        callers: {C: {target: F, arrivals: {at: [0s], count: 80}}}
        assumptions: {free_tier: true}
        thresholds: [cost_usd == 0]
        ",
        None,
    );
    let expected = [
        "F: 80 requests, 0.000016",
        "F: 1 GB-seconds, 0.0000166667",
        "account: 80 free requests, -0.000016",
        "account: 1 free GB-seconds, -0.0000166667",
        "all: 0",
    ];
    assert_eq!(bill(&results), expected);
}

#[test]
fn c4_sqs_bills_calls_and_not_messages() {
    // 25 sends; two pollers get ten messages each and a third five, and each deletes at once.
    let results = play(
        "
        functions: {F: {service_time: 1s}}
        queues: {Q: {}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}
        callers: {C: {target: Q, arrivals: {at: [1s], count: 25}}}
        duration: 10s
        ",
        None,
    );
    assert_eq!(results["resources"]["Q"]["billed_requests"], json!(25 + 3 + 3));
    assert_eq!(bill(&results)[2], "Q: 31 SQS requests, 0.0000124");
}

#[test]
fn c4_every_64_kib_of_a_call_is_a_request() {
    let results = play(
        "
        functions: {F: {service_time: 1s}}
        queues: {Q: {}}
        topics: {T: {}}
        buses: {B: {}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}
        callers:
          C: {target: Q, arrivals: {at: [1s], count: 3}, payload_size: 65KiB}
          D: {target: T, arrivals: {at: [1s]}, payload_size: 256KiB}
          E: {target: B, arrivals: {at: [1s]}, payload_size: 64KiB}
        duration: 10s
        ",
        None,
    );
    // Three sends of two pieces each, one receive of 195 KiB, one delete.
    let expected = [
        "Q: 11 SQS requests, 0.0000044",
        "B: 1 EventBridge events, 0.000001",
        "T: 4 SNS publishes, 0.000002",
    ];
    assert_eq!(bill(&results)[2..5], expected);
}

#[test]
fn c4_messages_that_the_filter_does_not_want_are_deleted_ten_in_a_call() {
    let results = play(
        "
        functions: {F: {service_time: 1s}}
        queues: {Q: {}}
        event_source_mappings:
          M: {EventSourceArn: Q, FunctionName: F, FilterCriteria: {Filters: [{Pattern: {kind: [a]}}]},
              BatchSize: 20, MaximumBatchingWindowInSeconds: 1}
        callers: {C: {target: Q, arrivals: {at: [1s], count: 15}, attributes: {kind: b}}}
        duration: 10s
        ",
        None,
    );
    let expected = ["Q: 19 SQS requests, 0.0000076", "all: 0.0000076"];
    assert_eq!(bill(&results), expected, "15 sends, two receives, two deletes");
}

#[test]
fn c5_an_idle_mapping_asks_15_times_a_minute() {
    let results = play(
        "
        functions: {F: {}}
        queues: {Q: {}}
        event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}}
        callers: {C: {target: F, arrivals: {at: [0s]}}}
        duration: 30d
        period: 1d
        thresholds:
          - Q.billed_requests per 1m max == 15
          - cost_usd == 0.2592002
        ",
        None,
    );
    // 5 pollers × 3 a minute × 43,200 minutes.
    assert_eq!(results["resources"]["Q"]["billed_requests"], json!(648_000));
}

#[test]
fn sp1_cost_has_windows_periods_and_instants_like_any_amount() {
    play(
        "
        functions: {F: {service_time: 1s, MemorySize: 1024}}
        callers: {C: {target: F, arrivals: {at: [10s, 70s, 75s]}}}
        warmup: 30s
        duration: 2m
        thresholds:
          - cost_usd == 2 * 0.0000168667
          - cost_usd during ..71s == 0.0000002
          - cost_usd per 1m max == 2 * 0.0000168667
          - cost_usd first_at == 70s
          - cost_usd / F.Invocations < 0.00002
        ",
        None,
    );
}
