//! What the tables of a run show of each kind of resource: beside the measures, so that a kind that is
//! added is told of without another word anywhere.

use crate::model::ResourceKind;

/// The kinds that have a table, in reading order; alarms and callers have theirs behind these.
pub const TABLES: [ResourceKind; 10] = [
    ResourceKind::Function,
    ResourceKind::Queue,
    ResourceKind::Stream,
    ResourceKind::Mapping,
    ResourceKind::StreamMapping,
    ResourceKind::Topic,
    ResourceKind::Bus,
    ResourceKind::Rule,
    ResourceKind::Bucket,
    ResourceKind::Dependency,
];

/// What of a measure a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The sum.
    Sum,
    /// The greatest.
    Max,
    /// The level at the end.
    End,
    /// The median.
    P50,
    /// The 99th percentile.
    P99,
}

/// The heading of the table of a kind, and for each column the measure, its heading and what is shown of it.
pub const fn shown(
    kind: ResourceKind,
) -> (&'static str, &'static [(&'static str, &'static str, Shown)]) {
    use Shown::*;
    match kind {
        ResourceKind::Function => (
            "Functions",
            &[
                ("Invocations", "Invocations", Sum),
                ("Errors", "Errors", Sum),
                ("Throttles", "Throttles", Sum),
                ("cold_starts", "cold starts", Sum),
                ("duplicates", "duplicates", Sum),
                ("wasted_invocations", "wasted", Sum),
                ("ConcurrentExecutions", "concurrency max", Max),
                ("Duration", "Duration p50", P50),
                ("Duration", "p99", P99),
                ("dwell_time", "dwell p99", P99),
            ],
        ),
        ResourceKind::Queue => (
            "Queues",
            &[
                ("arrived", "arrived", Sum),
                ("NumberOfMessagesReceived", "received", Sum),
                ("NumberOfMessagesDeleted", "deleted", Sum),
                ("redriven", "redriven", Sum),
                ("ApproximateNumberOfMessagesVisible", "visible max", Max),
                ("ApproximateNumberOfMessagesVisible", "at end", End),
                ("ApproximateAgeOfOldestMessage", "oldest max", Max),
            ],
        ),
        ResourceKind::Mapping => (
            "Event source mappings",
            &[
                ("PolledEventCount", "polled", Sum),
                ("FilteredOutEventCount", "filtered out", Sum),
                ("InvokedEventCount", "invoked", Sum),
                ("FailedInvokeEventCount", "failed", Sum),
                ("DeletedEventCount", "deleted", Sum),
                ("pollers", "pollers max", Max),
            ],
        ),
        ResourceKind::Stream => (
            "Streams",
            &[
                ("IncomingRecords", "records", Sum),
                ("WriteProvisionedThroughputExceeded", "refused", Sum),
                ("shards", "shards max", Max),
                ("shards", "at end", End),
            ],
        ),
        ResourceKind::StreamMapping => (
            "Event source mappings on streams",
            &[
                ("PolledEventCount", "polled", Sum),
                ("InvokedEventCount", "invoked", Sum),
                ("FailedInvokeEventCount", "failed", Sum),
                ("bisects", "bisects", Sum),
                ("DroppedEventCount", "dropped", Sum),
                ("OnFailureDestinationDeliveredEventCount", "to destination", Sum),
                ("depth", "depth max", Max),
                ("depth", "at end", End),
                ("IteratorAge", "IteratorAge p50", P50),
                ("IteratorAge", "p99", P99),
            ],
        ),
        ResourceKind::Topic => (
            "Topics",
            &[
                ("NumberOfMessagesPublished", "published", Sum),
                ("NumberOfNotificationsDelivered", "delivered", Sum),
                ("NumberOfNotificationsFilteredOut", "filtered out", Sum),
                ("NumberOfNotificationsFailed", "failed", Sum),
            ],
        ),
        ResourceKind::Bus => ("Buses", &[("published", "published", Sum)]),
        ResourceKind::Dependency => (
            "Dependencies",
            &[
                ("requests", "requests", Sum),
                ("refused", "refused", Sum),
                ("abandoned", "abandoned", Sum),
                ("busy", "busy max", Max),
                ("queued", "queued max", Max),
                ("queued", "at end", End),
                ("response_time", "response p50", P50),
                ("response_time", "p99", P99),
            ],
        ),
        ResourceKind::Rule => (
            "Rules",
            &[
                ("Invocations", "invocations", Sum),
                ("FailedInvocations", "failed", Sum),
                ("RetryInvocationAttempts", "retries", Sum),
                ("InvocationsSentToDlq", "sent to DLQ", Sum),
            ],
        ),
        ResourceKind::Bucket => ("Buckets", &[("objects", "objects", Sum)]),
        ResourceKind::Caller => (
            "Callers",
            &[
                ("arrivals", "arrivals", Sum),
                ("requests", "requests", Sum),
                ("service_retries", "service retries", Sum),
                ("answered", "answered", Sum),
                ("succeeded", "succeeded", Sum),
                ("latency", "latency p50", P50),
                ("latency", "p99", P99),
                ("end_to_end", "end to end p99", P99),
            ],
        ),
        ResourceKind::Alarm | ResourceKind::Account | ResourceKind::Run | ResourceKind::Outlet => {
            ("", &[])
        }
    }
}
