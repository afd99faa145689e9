//! An event source mapping on a stream, end to end: a shard, its lanes, retries, checkpoints (K, DS, O).
//!
//! What lanes do in each case is told in `tests/it/streams.rs`; here it is seen through a whole run.

use super::check;

/// A mapping with these properties between a stream and a function.
fn mapped(function: &str, mapping: &str, caller: &str, rest: &str) -> String {
    format!(
        "
        functions: {{F: {{{function}}}}}
        queues: {{D: {{}}}}
        streams: {{S: {{ShardCount: 1}}}}
        event_source_mappings:
          M: {{EventSourceArn: S, FunctionName: F, StartingPosition: TRIM_HORIZON, {mapping}}}
        callers: {{C: {{target: S, {caller}}}}}
        {rest}
        "
    )
}

const TO_QUEUE: &str = "DestinationConfig: {OnFailure: {Destination: D}}";

#[test]
fn k5_t14_a_two_retries_are_three_invocations_and_one_failure_record() {
    check(
        &mapped(
            "error_rate: 100%",
            &format!("BatchSize: 1, MaximumRetryAttempts: 2, {TO_QUEUE}"),
            "arrivals: {at: [1s]}",
            "",
        ),
        "put batch_invoked+ run_ended batch_given_up+ failure_delivered+ enqueued",
        "
        1s S.put C-1 K27
        1s M.batch_invoked #1 K12 shard=0 events=1 age=0s
        1s F.run_ended C-1 SM2
        1.2s M.batch_invoked #2 K12 shard=0 events=1 age=0.2s
        1.2s F.run_ended C-1 SM2
        1.6s M.batch_invoked #3 K12 shard=0 events=1 age=0.6s
        1.6s F.run_ended C-1 SM2
        1.6s M.batch_given_up K5 shard=0 events=1 attempts=3 reason=RetryAttemptsExhausted
        1.6s D.enqueued C-1 S6
        1.6s M.failure_delivered K13 events=1
        ",
        "C: dead_lettered 1",
    );
}

#[test]
fn k17_t14_b_a_reported_record_is_seen_once_in_its_batch_and_four_times_alone() {
    // The one that fails is the last of six, as measured.
    check(
        &mapped(
            "cases: [{when: {n: [6]}, poison_rate: 100%}]",
            "BatchSize: 3, MaximumRetryAttempts: 3, FunctionResponseTypes: [ReportBatchItemFailures]",
            "arrivals: {at: [1s], count: 6}, attributes: {n: {cycle: [1, 2, 3, 4, 5, 6]}}",
            "",
        ),
        "batch_invoked+ batch_given_up+",
        "
        1s M.batch_invoked #1 K12 shard=0 events=3 age=0s
        1s M.batch_invoked #1 K12 shard=0 events=3 age=0s
        1s M.batch_invoked #1 K12 shard=0 events=1 age=0s
        1.2s M.batch_invoked #2 K12 shard=0 events=1 age=0.2s
        1.6s M.batch_invoked #3 K12 shard=0 events=1 age=0.6s
        2.4s M.batch_invoked #4 K12 shard=0 events=1 age=1.4s
        2.4s M.batch_given_up K5 shard=0 events=1 attempts=4 reason=RetryAttemptsExhausted
        ",
        "C: succeeded 5, dropped 1",
    );
}

#[test]
fn k10_t14_c_bisecting_isolates_one_poison_record() {
    check(
        &mapped(
            "cases: [{when: {n: [6]}, poison_rate: 100%}]",
            "BatchSize: 8, MaximumRetryAttempts: 2, BisectBatchOnFunctionError: true",
            "arrivals: {at: [1s], count: 8}, attributes: {n: {cycle: [1, 2, 3, 4, 5, 6, 7, 8]}}",
            "",
        ),
        "batch_invoked+ bisected+",
        "
        1s M.batch_invoked #1 K12 shard=0 events=8 age=0s
        1s M.bisected K10 shard=0 events=8 first=4
        1s M.batch_invoked #1 K12 shard=0 events=4 age=0s
        1s M.batch_invoked #1 K12 shard=0 events=4 age=0s
        1s M.bisected K10 shard=0 events=4 first=2
        1s M.batch_invoked #1 K12 shard=0 events=2 age=0s
        1s M.bisected K10 shard=0 events=2 first=1
        1s M.batch_invoked #1 K12 shard=0 events=1 age=0s
        1s M.batch_invoked #1 K12 shard=0 events=1 age=0s
        1.2s M.batch_invoked #2 K12 shard=0 events=1 age=0.2s
        1.6s M.batch_invoked #3 K12 shard=0 events=1 age=0.6s
        1.6s M.batch_invoked #1 K12 shard=0 events=2 age=0.6s
        ",
        "
        C: succeeded 7, dropped 1
        F: Invocations 9, Errors 6
        ",
    );
}

#[test]
fn k25_t14_d_with_the_defaults_a_poison_record_blocks_its_shard_for_a_day() {
    check(
        &mapped(
            "cases: [{when: {n: [1]}, poison_rate: 100%}]",
            "BatchSize: 1",
            "arrivals: {at: [0s, 10s, 20s]}, attributes: {n: {cycle: [1, 2, 3]}}",
            "duration: 30h",
        ),
        "record_expired checkpointed",
        "
        86400s M.record_expired C-1 K25
        86400s M.checkpointed C-2 K12
        86400s M.checkpointed C-3 K12
        ",
        "C: succeeded 2, expired 1",
    );
}

#[test]
fn k3_lanes_by_partition_key_work_side_by_side() {
    // By MD5 the key 1 is in the second of two lanes, and 4 in the first.
    check(
        &mapped(
            "service_time: 1s",
            "BatchSize: 1, ParallelizationFactor: 2",
            "PartitionKey: {cycle: [1, 4]}, arrivals: {at: [0s], count: 5}",
            "",
        ),
        "lanes_scaled+ run_ended",
        "
        0s M.lanes_scaled K3 lanes=2
        1s F.run_ended C-2 SM1
        1s F.run_ended C-1 SM1
        2s F.run_ended C-4 SM1
        2s F.run_ended C-3 SM1
        3s F.run_ended C-5 SM1
        ",
        "C: succeeded 5",
    );
}

#[test]
fn k29_resharding_keeps_the_order_of_every_key_and_nothing_is_lost() {
    // The self-checks of the run follow every lane.
    check(
        &mapped(
            "service_time: 300ms, error_rate: 20%",
            "BatchSize: 5, MaximumRetryAttempts: 5, BisectBatchOnFunctionError: true",
            "PartitionKey: {one_of: 40}, arrivals: {every: 50ms, until: 60s}",
            "timeline: [{at: 10s, set: {streams.S.ShardCount: 4}}, {at: 30s, set: {streams.S.ShardCount: 3}}]",
        ),
        "resharded+",
        "
        0s S.resharded K29 shards=1
        10s S.resharded K29 shards=4
        30s S.resharded K29 shards=3
        ",
        "C: arrivals 1200, waiting 0, in_flight 0",
    );
}

#[test]
fn k28_what_a_shard_does_not_take_is_put_again_by_the_caller() {
    check(
        &mapped("", "", "arrivals: {at: [0s], count: 1003}, retry: {attempts: 2, backoff: 1s}", ""),
        "put_refused",
        "
        0s S.put_refused C-1001 K28
        0s S.put_refused C-1002 K28
        0s S.put_refused C-1003 K28
        ",
        "C: succeeded 1003",
    );
}

#[test]
fn k24_windows_are_closed_by_a_call_each() {
    check(
        &mapped(
            "",
            "TumblingWindowInSeconds: 30",
            "arrivals: {every: 10s, until: 65s}",
            "duration: 70s",
        ),
        "window_closed+",
        "
        30s M.window_closed K24 shard=0 records=3 invocations=4
        60s M.window_closed K24 shard=0 records=3 invocations=4
        90s M.window_closed K24 shard=0 records=1 invocations=2
        ",
        "C: arrivals 7, messages 7, succeeded 7",
    );
}

#[test]
fn k27_two_mappings_read_every_record_each_for_itself() {
    check(
        &mapped(
            "",
            "",
            "arrivals: {at: [1s], count: 5}",
            "",
        )
        .replace(
            "        callers:",
            "          N: {EventSourceArn: S, FunctionName: F, StartingPosition: LATEST}\n        callers:",
        ),
        "batch_invoked+",
        "
        1s M.batch_invoked #1 K12 shard=0 events=5 age=0s
        1s N.batch_invoked #1 K12 shard=0 events=5 age=0s
        ",
        "C: arrivals 5, messages 10, succeeded 5",
    );
}

#[test]
fn k8_throttles_are_tried_again_and_cost_no_retry() {
    check(
        &mapped(
            "ReservedConcurrentExecutions: 0",
            "MaximumRetryAttempts: 0",
            "arrivals: {at: [1s]}",
            "timeline: [{at: 3s, set: {functions.F.ReservedConcurrentExecutions: 1}}]",
        ),
        "batch_retried run_ended",
        "
        1s M.batch_retried #1 K8
        1.2s M.batch_retried #1 K8
        1.6s M.batch_retried #1 K8
        2.4s M.batch_retried #1 K8
        4s F.run_ended C-1 SM1
        ",
        "C: succeeded 1",
    );
}
