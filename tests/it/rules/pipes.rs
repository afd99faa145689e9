//! EventBridge Pipes: the mappings that they are (O11).

use super::play;
use serde_json::Value;

/// Plays a scenario in which `way` goes from the queue or stream `S` to a function.
fn played(sources: &str, way: &str) -> Value {
    play(
        &format!(
            "
            seed: 7
            functions: {{F: {{service_time: 100ms, record_error_rate: 10%, Timeout: 5}}}}
            queues: {{{sources} DLQ: {{}}}}
            callers: {{C: {{target: S, arrivals: {{poisson: 20/s, until: 1m}}, attributes: {{kind: {{cycle: [a, b]}}}}}}}}
            duration: 1m
            {way}
            "
        ),
        None,
    )
}

#[test]
fn o11_a_pipe_on_a_queue_is_a_mapping_that_reads_reports() {
    let queue = "S: {RedrivePolicy: {deadLetterTargetArn: DLQ, maxReceiveCount: 3}},";
    let mapping = played(
        queue,
        "event_source_mappings: {P: {EventSourceArn: S, FunctionName: F, BatchSize: 20, \
         MaximumBatchingWindowInSeconds: 1, FilterCriteria: {Filters: [{Pattern: {kind: [a]}}]}, \
         FunctionResponseTypes: [ReportBatchItemFailures]}}",
    );
    let pipe = played(
        queue,
        "pipes: {P: {Source: S, Target: F, SourceParameters: {FilterCriteria: {Filters: \
         [{Pattern: {kind: [a]}}]}, SqsQueueParameters: {BatchSize: 20, \
         MaximumBatchingWindowInSeconds: 1}}}}",
    );
    assert!(mapping["resources"]["P"]["FailedInvokeEventCount"].as_u64() > Some(0));
    assert_eq!(pipe, mapping);
}
