//! CloudWatch alarms as they are configured, and the names of the metrics that they can watch.
//!
//! Plain data and no component: an alarm sees what observers see and changes nothing. What its
//! points are, and what they make of its state, is `observe::alarm`.

use super::vocabulary::{FunctionId, QueueId, SinkId};

/// An alarm on one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its name in the file.
    pub name: String,
    /// Whose metric.
    pub watched: Watched,
    /// `MetricName`: one of its family's.
    pub metric: &'static str,
    /// `Statistic` or `ExtendedStatistic`.
    pub statistic: Statistic,
    /// `Period`, in minutes.
    pub period_minutes: u32,
    /// `EvaluationPeriods`.
    pub periods: u32,
    /// `DatapointsToAlarm`, at most as many as there are periods.
    pub breaches: u32,
    /// `Threshold`, in millionths of the metric's unit.
    pub threshold_millionths: i64,
    /// `ComparisonOperator`.
    pub comparison: Comparison,
    /// `TreatMissingData`.
    pub missing: MissingData,
}

/// Whose metric an alarm watches: what its dimensions say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// `FunctionName`.
    Function(FunctionId),
    /// `AWS/Lambda` without a dimension: all functions together.
    AllFunctions,
    /// The same, of a metric that the account has itself.
    Account,
    /// `QueueName`.
    Queue(QueueId),
    /// `TopicName`.
    Topic(SinkId),
}

/// What an alarm makes of the samples of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// `SampleCount`
    SampleCount,
    /// `Sum`
    Sum,
    /// `Average`
    Average,
    /// `Minimum`
    Minimum,
    /// `Maximum`
    Maximum,
    /// `p99.9`, in thousandths of a percent, from 1 to 100,000.
    Percentile(u32),
}

/// How a point is compared with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanOrEqualToThreshold`
    GreaterOrEqual,
    /// `GreaterThanThreshold`
    Greater,
    /// `LessThanThreshold`
    Less,
    /// `LessThanOrEqualToThreshold`
    LessOrEqual,
}

/// What a missing point counts as, where too few are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingData {
    /// As nothing: with no point at all there is insufficient data.
    Missing,
    /// The state stays as it is.
    Ignore,
    /// As one that breaches the threshold.
    Breaching,
    /// As one within the threshold.
    NotBreaching,
}

/// Metrics of a namespace that have the same dimension.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// `Namespace`.
    pub namespace: &'static str,
    /// The one dimension; none: without dimensions.
    pub dimension: Option<&'static str>,
    /// The names.
    pub metrics: &'static [&'static str],
}

/// Metrics of a function. Those that are counted are also there without a dimension, for all together.
const OF_FUNCTIONS: &[&str] = &[
    "ConcurrentExecutions",
    "ProvisionedConcurrentExecutions",
    "ProvisionedConcurrencyUtilization",
    "Invocations",
    "Errors",
    "Throttles",
    "Duration",
    "AsyncEventsReceived",
    "AsyncEventAge",
    "AsyncEventsDropped",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
    "RecursiveInvocationsDropped",
    "IteratorAge",
    "ProvisionedConcurrencyInvocations",
    "ProvisionedConcurrencySpilloverInvocations",
];

/// Metrics of the account itself.
pub const OF_THE_ACCOUNT: &[&str] =
    &["ConcurrentExecutions", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency"];

/// Every metric that an alarm can watch. A test in `observe` keeps it and the measures together.
pub const FAMILIES: &[Family] = &[
    Family { namespace: "AWS/Lambda", dimension: Some("FunctionName"), metrics: OF_FUNCTIONS },
    Family {
        namespace: "AWS/Lambda",
        dimension: None,
        metrics: &[
            "ConcurrentExecutions",
            "UnreservedConcurrentExecutions",
            "ClaimedAccountConcurrency",
            "Invocations",
            "Errors",
            "Throttles",
            "Duration",
            "AsyncEventsReceived",
            "AsyncEventAge",
            "AsyncEventsDropped",
            "DeadLetterErrors",
            "DestinationDeliveryFailures",
            "RecursiveInvocationsDropped",
            "IteratorAge",
            "ProvisionedConcurrencyInvocations",
            "ProvisionedConcurrencySpilloverInvocations",
        ],
    },
    Family {
        namespace: "AWS/SQS",
        dimension: Some("QueueName"),
        metrics: &[
            "NumberOfMessagesSent",
            "NumberOfMessagesReceived",
            "NumberOfDeduplicatedSentMessages",
            "ApproximateNumberOfGroupsWithInflightMessages",
            "NumberOfMessagesDeleted",
            "NumberOfEmptyReceives",
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
            "ApproximateAgeOfOldestMessage",
        ],
    },
    Family {
        namespace: "AWS/SNS",
        dimension: Some("TopicName"),
        metrics: &[
            "NumberOfMessagesPublished",
            "NumberOfNotificationsDelivered",
            "NumberOfNotificationsFailed",
            "NumberOfNotificationsFilteredOut",
            "NumberOfNotificationsRedrivenToDlq",
            "NumberOfNotificationsFailedToRedriveToDlq",
        ],
    },
];
