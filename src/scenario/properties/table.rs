//! The rows. Ranges and defaults of AWS's properties are AWS's.

use super::{
    Kind::{
        self, Alarm, Bucket, Bus, Caller, Dependency, Function, Mapping, Pipe, Queue, Stream,
        Subscription, Topic,
    },
    Property, Rows, Takes,
};
use crate::{
    model::{Rule, services::Service},
    scenario::units::AwsUnit::{Hours, Millis, Seconds},
};
use Takes::*;

const fn ours(name: &'static str, takes: Takes, says: &'static str) -> Property {
    Property::ours(name, takes, says)
}
const fn aws(name: &'static str, takes: Takes, says: &'static str) -> Property {
    Property::aws(name, takes, says)
}
const fn ignored(name: &'static str) -> Property {
    Property::ignored(name)
}
const fn later(name: &'static str, says: &'static str) -> Property {
    Property::later(name, says)
}

/// A count that has no limit of AWS's; enough for whatever fits in memory.
const MANY: u64 = 1_000_000_000;

/// The keys of the file.
pub const FILE: Rows = &[ABOUT, RUN, SECTIONS, PLAY];

const ABOUT: &[Property] = &[
    ours("title", Text, "what it is called"),
    ours("question", Text, "the one question that it asks"),
    ours("guess", Map(&[GUESS]), "what the reader is asked before the answer is shown"),
    ours("answer", Text, "the answer to expect"),
    ours("chart", OneOf(crate::catalog::WORDS, &[]), "the kind of chart that shows the answer"),
];

const GUESS: &[Property] = &[
    ours("measure", Text, "the measure that is guessed, like a side of a threshold").required(),
    ours("from", Anything, "the least that can be guessed: a number, a share or a time").required(),
    ours("to", Anything, "the most that can be guessed").required(),
];

const RUN: &[Property] = &[
    ours("seed", Count(0, i64::MAX as u64), "the seed of all that is random").default("1"),
    ours("start", Stamp, "the wall clock of time 0").default("2026-01-05T00:00Z"),
    ours(
        "duration",
        Time(true),
        "arrivals stop before it; without it after the last arrival or timeline entry, and required \
         where arrivals have no end",
    ),
    ours("drain", Time(false), "how long the run may go on after `duration`, until all rests")
        .default("15d"),
    ours("warmup", Time(false), "what enters before it is in the ledger only").default("0s"),
    ours("period", Time(true), "the length of a period of the series").default("1m"),
    ours("replications", Count(1, 10_000), "runs of each policy in `compare` and `check`")
        .default("20"),
    ours("account", Map(&[ACCOUNT]), "the account").live(),
];

const ACCOUNT: &[Property] =
    &[ours("concurrency", Count(1, 1_000_000), "concurrent executions in the Region")
        .default("1000")
        .rule(Rule::SN2)
        .live()];

const SECTIONS: &[Property] = &[
    ours("functions", Named(Function, FUNCTION), "Lambda functions"),
    ours("queues", Named(Queue, QUEUE), "SQS queues"),
    ours(
        "streams",
        Named(Stream, STREAM),
        "streams of Kinesis and DynamoDB, and what is read like one: \
         topics of Kafka, queues of Amazon MQ, change streams of DocumentDB",
    ),
    ours("topics", Named(Topic, TOPIC), "SNS topics"),
    ours("buses", Named(Bus, BUS), "EventBridge buses"),
    ours("buckets", Named(Bucket, BUCKET), "S3 buckets"),
    ours("subscriptions", Named(Subscription, SUBSCRIPTION), "what a topic sends on, and to whom"),
    ours("rules", Named(Kind::Rule, EVENT_RULE), "what a bus sends on, and to whom"),
    ours(
        "event_source_mappings",
        Named(Mapping, MAPPING),
        "Lambda's pollers: which queue or stream goes to which function",
    ),
    ours("pipes", Named(Pipe, PIPE), "EventBridge Pipes: read by the same pollers"),
    ours(
        "dependencies",
        Named(Dependency, DEPENDENCY),
        "services that functions and callers wait for, such as a database",
    ),
    ours("alarms", Named(Alarm, ALARM), "CloudWatch alarms on metrics of what is in the file"),
    ours("callers", Named(Caller, CALLER), "who starts the work"),
];

const PLAY: &[Property] = &[
    ours("timeline", List(&Map(&[TIMELINE])), "what changes, and when"),
    ours("assumptions", Map(&[ASSUMPTION]), "where AWS documents nothing"),
    ours("policies", Policies, "named variants: paths, and what they are set to"),
    ours("thresholds", Thresholds, "what must hold; one that fails makes the exit code 99"),
];

const ANY: &[Property] = &[
    ours("system_error_rate", Share, "this share of requests is refused with a 5xx, no code run")
        .default("0%")
        .live(),
    ours("forbidden", Flag, "deleted, or the permission lost").default("false").live(),
];

const FUNCTION: Rows = &[FUNCTION_AWS, BEHAVIOUR, FUNCTION_OURS, ANY, FUNCTION_OTHER];

const FUNCTION_AWS: &[Property] = &[
    aws("Timeout", Aws(Seconds, 1, 900), "a run is stopped after so long")
        .default("3")
        .rule(Rule::SI7)
        .live(),
    aws("MemorySize", Count(128, 10_240), "memory in MB; what a run is billed by")
        .default("128")
        .live(),
    aws(
        "Runtime",
        Text,
        "under `profile: measured` what `init_time` is if it is not written: as measured in 2026",
    )
    .rule(Rule::SE1)
    .live(),
    aws(
        "Architectures",
        List(&OneOf(&["x86_64", "arm64"], &[])),
        "the one instruction set; what a run's time costs depends on it; x86_64 if not said",
    ),
    aws(
        "ReservedConcurrentExecutions",
        Count(0, MANY),
        "concurrency that is the function's own, and its ceiling; the account keeps 100 unreserved",
    )
    .rule(Rule::SN3)
    .live(),
    aws(
        "ProvisionedConcurrencyConfig",
        Map(&[&[aws(
            "ProvisionedConcurrentExecutions",
            Count(1, MANY),
            "environments that are kept ready, out of the reservation or else the account's",
        )
        .required()
        .rule(Rule::SN4)
        .live()]]),
        "environments that are kept ready; every call is to the alias that has them",
    )
    .rule(Rule::SN6)
    .live(),
    aws("RecursiveLoop", OneOf(&["Terminate", "Allow"], &[]), "whether Lambda stops a 17th run")
        .default("Terminate")
        .rule(Rule::A6_2)
        .live(),
    aws(
        "DeadLetterConfig",
        Map(&[&[aws("TargetArn", Reference(&[Queue, Topic], true), "a queue or a topic")
            .required()
            .live()]]),
        "where an asynchronous event goes that is given up",
    )
    .rule(Rule::A3_3)
    .live(),
    aws(
        "DeadLetterQueue",
        Map(&[&[
            aws("Type", OneOf(&["SQS", "SNS"], &[]), "what the target is").live(),
            aws("TargetArn", Reference(&[Queue, Topic], true), "a queue or a topic")
                .required()
                .live(),
        ]]),
        "SAM's spelling of `DeadLetterConfig`",
    )
    .live(),
    aws("EventInvokeConfig", Map(&[EVENT_INVOKE]), "how asynchronous events are tried again")
        .live(),
];

const EVENT_INVOKE: &[Property] = &[
    aws("MaximumRetryAttempts", Count(0, 2), "retries after a function error")
        .default("2")
        .rule(Rule::A2_1)
        .live(),
    aws(
        "MaximumEventAgeInSeconds",
        Aws(Seconds, 60, 21_600),
        "an event whose next try would come later than this is given up",
    )
    .default("21600")
    .rule(Rule::A2_16)
    .live(),
    aws("DestinationConfig", Map(&[DESTINATIONS]), "who is told how an event ended").live(),
];

const DESTINATIONS: &[Property] = &[
    aws("OnSuccess", Map(&[DESTINATION]), "told when an event succeeded").rule(Rule::A3_2).live(),
    aws("OnFailure", Map(&[ON_FAILURE]), "told when an event is given up").rule(Rule::A3_3).live(),
];

const DESTINATION: &[Property] = &[
    aws(
        "Destination",
        Reference(&[Queue, Topic, Function, Bus], true),
        "a queue, a topic, a function or a bus",
    )
    .required()
    .live(),
    aws("Type", OneOf(&["SQS", "SNS", "Lambda", "EventBridge"], &[]), "what the target is").live(),
];

const ON_FAILURE: &[Property] = &[
    aws(
        "Destination",
        Reference(&[Queue, Topic, Function, Bus, Bucket], true),
        "a queue, a topic, a function, a bus or a bucket",
    )
    .required()
    .live(),
    aws("Type", OneOf(&["SQS", "SNS", "Lambda", "EventBridge", "S3"], &[]), "what the target is")
        .live(),
];

/// What cases may change.
const BEHAVIOUR: &[Property] = &[
    ours("service_time", TimeLaw(true), "handler time of one run").default("0s").live(),
    ours("error_rate", Share, "a run fails by itself, drawn anew at each attempt")
        .default("0%")
        .live(),
    ours("error_time", TimeLaw(true), "length of a run that fails by itself; as `service_time`")
        .live(),
    ours("record_time", TimeLaw(true), "added for each record; an event is a batch of one")
        .default("0s")
        .live(),
    ours("record_error_rate", Share, "a record fails, drawn anew at each attempt")
        .default("0%")
        .live(),
    ours("poison_rate", Share, "this share of payloads fails here at every attempt")
        .default("0%")
        .live(),
];

/// A case of a function.
pub const CASE: Rows =
    &[&[ours("when", Pattern(false), "which payloads").required().live()], BEHAVIOUR];

const FUNCTION_OURS: &[Property] = &[
    ours("init_time", TimeLaw(true), "length of a cold start").default("0s").rule(Rule::SE1).live(),
    ours("keep_alive", TimeLaw(true), "idle life of an environment")
        .default("10m")
        .rule(Rule::SE21)
        .live(),
    ours(
        "environment_max_age",
        TimeLaw(true),
        "age from which an environment is not used again; no limit",
    )
    .rule(Rule::SE8)
    .live(),
    ours(
        "on_partial_failure",
        OneOf(&["continue", "throw", "stop_at_first", "skip_group"], &[]),
        "what the handler does when a record of a batch fails",
    )
    .default("continue")
    .rule(Rule::E49)
    .live(),
    ours("cases", List(&Map(CASE)), "other behaviour for some payloads, the first that fits")
        .live(),
    ours(
        "calls",
        List(&Map(CALL)),
        "calls made for each record, in order, after the run's own time",
    ),
    ours("event_queue", Map(&[EVENT_QUEUE]), "the queue behind asynchronous invoke").live(),
];

const EVENT_QUEUE: &[Property] = &[
    ours("dispatch_latency", TimeLaw(false), "accept to first attempt on an idle queue")
        .default("0ms")
        .measured("{lognormal: {median: 35ms, p99: 150ms}}")
        .rule(Rule::A1_12)
        .live(),
    ours("batch_size", Count(1, 10_000), "events taken at once: what waits now, at most this many")
        .default("10")
        .rule(Rule::A1_8)
        .live(),
    ours("batch_window", Time(false), "from the first event taken").default("0s").live(),
    ours("invoke_per", OneOf(&["event", "batch"], &[]), "a run for each event, or for a batch")
        .default("event")
        .rule(Rule::A1_8)
        .live(),
    ours(
        "when_throttled",
        OneOf(&["backoff", "wait"], &[]),
        "back off from 1 s to 5 min, or wait for capacity, first in first out",
    )
    .default("backoff")
    .rule(Rule::A2_7)
    .live(),
    ours("retry_jitter", Share, "retry waits are drawn from this much around the nominal")
        .default("0%")
        .measured("12.5%")
        .rule(Rule::A2_7)
        .live(),
    ours("duplicate_probability", Share, "completed events that are delivered once more")
        .default("0%")
        .rule(Rule::A2_14)
        .live(),
    ours("backlog_threshold", Count(0, MANY), "a longer queue stretches its retry waits; no limit")
        .rule(Rule::A2_15)
        .live(),
    ours("backlog_interval_factor", Number(1.0, 1000.0), "by how much it stretches them")
        .default("1")
        .rule(Rule::A2_15)
        .live(),
];

const FUNCTION_OTHER: &[Property] = &[
    later("Events", "SAM's inline event sources; write them in `event_source_mappings`, `callers`"),
    later("SnapStart", "environments resumed from a snapshot"),
    later("FunctionUrlConfig", "a URL of the function's own"),
    later("DurableConfig", "durable executions"),
    later("CapacityProviderConfig", "managed instances"),
    ignored("AutoPublishAlias"),
    ignored("Code"),
    ignored("CodeSigningConfigArn"),
    ignored("CodeUri"),
    ignored("DeploymentPreference"),
    ignored("Description"),
    ignored("Environment"),
    ignored("EphemeralStorage"),
    ignored("FileSystemConfigs"),
    ignored("FunctionName"),
    ignored("Handler"),
    ignored("ImageConfig"),
    ignored("ImageUri"),
    ignored("InlineCode"),
    ignored("KmsKeyArn"),
    ignored("Layers"),
    ignored("LoggingConfig"),
    ignored("PackageType"),
    ignored("PermissionsBoundary"),
    ignored("Policies"),
    ignored("Role"),
    ignored("RuntimeManagementConfig"),
    ignored("Tags"),
    ignored("Tracing"),
    ignored("TracingConfig"),
    ignored("VpcConfig"),
];

const QUEUE: Rows = &[QUEUE_AWS, ANY, QUEUE_OTHER];

const QUEUE_AWS: &[Property] = &[
    aws(
        "VisibilityTimeout",
        Aws(Seconds, 0, 43_200),
        "a message received is hidden for so long, and then comes back",
    )
    .default("30")
    .rule(Rule::S2)
    .live(),
    aws(
        "MessageRetentionPeriod",
        Aws(Seconds, 60, 1_209_600),
        "a message is deleted so long after it was sent",
    )
    .default("345600")
    .rule(Rule::S6)
    .live(),
    aws("DelaySeconds", Aws(Seconds, 0, 900), "a message sent cannot be received for so long")
        .default("0")
        .rule(Rule::S5)
        .live(),
    aws(
        "ReceiveMessageWaitTimeSeconds",
        Aws(Seconds, 0, 20),
        "how long a receive waits; Lambda's pollers always wait 20 s, so it changes nothing here",
    )
    .default("0")
    .rule(Rule::S11)
    .live(),
    aws("RedrivePolicy", Map(&[REDRIVE]), "where a message goes that was received too often")
        .rule(Rule::S23)
        .live(),
    aws("FifoQueue", Flag, "whether it keeps the order within each message group")
        .default("false")
        .rule(Rule::S38),
    aws(
        "ContentBasedDeduplication",
        Flag,
        "FIFO: what a message contains is its deduplication id, if it has none",
    )
    .default("false")
    .rule(Rule::S42)
    .live(),
    aws(
        "DeduplicationScope",
        OneOf(&["queue", "messageGroup"], &[]),
        "FIFO: in what an id is unique",
    )
    .default("queue")
    .rule(Rule::S42),
    aws(
        "FifoThroughputLimit",
        OneOf(&["perQueue", "perMessageGroupId"], &[]),
        "FIFO: by what its throughput is limited; by groups it is high",
    )
    .default("perQueue")
    .rule(Rule::S46)
    .live(),
];

const REDRIVE: &[Property] = &[
    aws("deadLetterTargetArn", Reference(&[Queue], false), "the dead-letter queue")
        .required()
        .live(),
    aws("maxReceiveCount", Count(1, 1000), "receives after which the next one moves the message")
        .default("10")
        .rule(Rule::S23)
        .live(),
];

const QUEUE_OTHER: &[Property] = &[
    ignored("KmsDataKeyReusePeriodSeconds"),
    ignored("KmsMasterKeyId"),
    ignored("MaximumMessageSize"),
    ignored("QueueName"),
    ignored("RedriveAllowPolicy"),
    ignored("SqsManagedSseEnabled"),
    ignored("Tags"),
];

const TOPIC: Rows = &[
    ANY,
    &[
        aws(
            "Subscription",
            List(&Map(&[ENDPOINT])),
            "subscriptions written on the topic; with a filter policy in `subscriptions`",
        )
        .rule(Rule::D2),
        later("FifoTopic", "a first-in-first-out topic"),
        later("ContentBasedDeduplication", "FIFO: the body is the deduplication id"),
        later("FifoThroughputScope", "FIFO: what its throughput is counted by"),
        ignored("ArchivePolicy"),
        ignored("DataProtectionPolicy"),
        ignored("DeliveryStatusLogging"),
        ignored("DisplayName"),
        ignored("KmsMasterKeyId"),
        ignored("SignatureVersion"),
        ignored("Tags"),
        ignored("TopicName"),
        ignored("TracingConfig"),
    ],
];

const BUS: Rows = &[
    ANY,
    &[
        later("DeadLetterConfig", "where a bus puts what it could not encrypt"),
        ignored("Description"),
        ignored("EventSourceName"),
        ignored("KmsKeyIdentifier"),
        ignored("LogConfig"),
        ignored("Name"),
        ignored("Policy"),
        ignored("Tags"),
    ],
];

const BUCKET: Rows = &[
    ANY,
    &[
        ignored("AccelerateConfiguration"),
        ignored("AccessControl"),
        ignored("BucketEncryption"),
        ignored("BucketName"),
        ignored("CorsConfiguration"),
        ignored("LifecycleConfiguration"),
        ignored("LoggingConfiguration"),
        ignored("NotificationConfiguration"),
        ignored("OwnershipControls"),
        ignored("PublicAccessBlockConfiguration"),
        ignored("Tags"),
        ignored("VersioningConfiguration"),
    ],
];

const ENDPOINT: &[Property] = &[
    aws(
        "Protocol",
        OneOf(
            &["sqs", "lambda"],
            &["application", "email", "email-json", "firehose", "http", "https", "sms"],
        ),
        "what the endpoint is",
    )
    .required(),
    aws("Endpoint", Reference(&[Queue, Function], true), "a queue or a function").required(),
];

const SUBSCRIPTION: Rows = &[
    &[aws("TopicArn", Reference(&[Topic], false), "the topic").required().rule(Rule::D2)],
    ENDPOINT,
    &[
        aws("FilterPolicy", Pattern(true), "which messages it wants; all, if not said")
            .rule(Rule::D3)
            .live(),
        SUBSCRIPTION_DLQ,
    ],
    ANY,
    &[
        later("DeliveryPolicy", "retries of an HTTP endpoint"),
        later("ReplayPolicy", "FIFO: messages of the archive"),
        ignored("FilterPolicyScope"),
        ignored("RawMessageDelivery"),
        ignored("Region"),
        ignored("SubscriptionRoleArn"),
    ],
];

const SUBSCRIPTION_DLQ: Property = aws(
    "RedrivePolicy",
    JsonMap(&[&[aws("deadLetterTargetArn", Reference(&[Queue], true), "a queue")
        .required()
        .live()]]),
    "where a subscription's messages go that could not be delivered",
)
.rule(Rule::D5)
.live();

const EVENT_RULE: Rows = &[
    &[
        aws("EventBusName", Reference(&[Bus], false), "the bus").required().rule(Rule::D2),
        aws("EventPattern", Pattern(true), "which events it wants")
            .required()
            .rule(Rule::D3)
            .live(),
        aws("State", OneOf(&["ENABLED", "DISABLED"], &[]), "whether it wants any")
            .default("ENABLED")
            .live(),
        aws("Targets", List(&Map(TARGET)), "who gets them, at most 5").required().rule(Rule::D2),
    ],
    ANY,
    &[
        later(
            "ScheduleExpression",
            "a rule that goes by the clock; write a caller with `via: eventbridge` and `schedule`",
        ),
        ignored("Description"),
        ignored("Name"),
        ignored("RoleArn"),
        ignored("Tags"),
    ],
];

const TARGET: Rows = &[
    &[
        aws("Arn", Reference(&[Function, Queue, Topic], true), "a function, a queue or a topic")
            .required(),
        aws("Id", Text, "its name in the rule; its place in the list, if not said"),
    ],
    SERVICE_POLICY,
    &[
        ignored("Input"),
        ignored("InputPath"),
        ignored("InputTransformer"),
        ignored("RoleArn"),
        ignored("SqsParameters"),
    ],
];

/// What EventBridge and its scheduler do with what they could not deliver.
const SERVICE_POLICY: &[Property] = &[
    aws(
        "RetryPolicy",
        Map(&[&[
            aws("MaximumRetryAttempts", Count(0, 185), "tries after the first")
                .default("185")
                .rule(Rule::D6)
                .live(),
            aws(
                "MaximumEventAgeInSeconds",
                Aws(Seconds, 60, 86_400),
                "an event whose next try would come later than this is given up",
            )
            .default("86400")
            .rule(Rule::D6)
            .live(),
        ]]),
        "eventbridge, eventbridge_scheduler: how a delivery is tried again",
    )
    .rule(Rule::D6)
    .live(),
    aws(
        "DeadLetterConfig",
        Map(&[&[aws("Arn", Reference(&[Queue], true), "a queue").required().live()]]),
        "eventbridge, eventbridge_scheduler: where an event goes that could not be delivered",
    )
    .rule(Rule::D5)
    .live(),
];

const MAPPING: Rows = &[
    &[
        aws("EventSourceArn", Reference(&[Queue, Stream], false), "the queue or stream that is read")
            .required(),
        aws("FunctionName", Reference(&[Function], false), "the function that is run").required(),
        aws(
            "BatchSize",
            Count(1, 10_000),
            "messages in a batch; 10 of a queue, which needs a window above that, 100 of a stream",
        )
        .rule(Rule::E11)
        .live(),
        aws(
            "MaximumBatchingWindowInSeconds",
            Aws(Seconds, 0, 300),
            "how long a batch is filled, from its first message; 0, but 500 ms of Kafka, MQ and DocumentDB",
        )
        .rule(Rule::E11)
        .live(),
        aws(
            "FunctionResponseTypes",
            List(&OneOf(&["ReportBatchItemFailures"], &[])),
            "whether the function says which messages failed",
        )
        .rule(Rule::E49)
        .live(),
        aws(
            "ScalingConfig",
            Map(&[&[aws("MaximumConcurrency", Count(2, 1000), "batches at once, at most")
                .rule(Rule::E31)
                .live()]]),
            "how far it scales",
        )
        .live(),
        FILTER_CRITERIA,
        aws(
            "ProvisionedPollerConfig",
            Map(&[&[
                aws("MinimumPollers", Count(1, 200), "pollers that are always there; a queue 2 up")
                    .rule(Rule::E44)
                    .live(),
                aws(
                    "MaximumPollers",
                    Count(1, 10_000),
                    "pollers at most; a queue 2 up, Kafka 2,000",
                )
                .rule(Rule::E44)
                .live(),
            ]]),
            "pollers that are kept ready, each with up to 10 batches of a queue at once",
        )
        .rule(Rule::E44)
        .live(),
        aws("Enabled", Flag, "whether it reads").default("true").live(),
    ],
    STREAM_MAPPING,
    &[
        ignored("AmazonManagedKafkaEventSourceConfig"),
        ignored("DocumentDBEventSourceConfig"),
        ignored("KmsKeyArn"),
        ignored("LoggingConfig"),
        ignored("MetricsConfig"),
        ignored("Queues"),
        ignored("SelfManagedEventSource"),
        ignored("SelfManagedKafkaEventSourceConfig"),
        ignored("SourceAccessConfigurations"),
        ignored("Tags"),
        ignored("Topics"),
    ],
];

const FILTER_CRITERIA: Property = aws(
    "FilterCriteria",
    Map(&[&[aws(
        "Filters",
        List(&Map(&[&[aws("Pattern", Pattern(true), "which messages").required().live()]])),
        "patterns, at most 5; one that fits is enough",
    )
    .live()]]),
    "which messages the function wants; the others are deleted",
)
.rule(Rule::E19)
.live();

const PIPE: Rows = &[&[
    aws("Source", Reference(&[Queue, Stream], false), "the queue or stream that is read")
        .required()
        .rule(Rule::E10),
    aws("Target", Reference(&[Function], false), "the function that is run").required(),
    aws("DesiredState", OneOf(&["RUNNING", "STOPPED"], &[]), "whether it reads")
        .default("RUNNING")
        .live(),
    aws("SourceParameters", Map(&[PIPE_SOURCE]), "how it reads").live(),
    aws(
        "TargetParameters",
        Map(&[&[aws(
            "LambdaFunctionParameters",
            Map(&[&[aws(
                "InvocationType",
                OneOf(&["REQUEST_RESPONSE"], &["FIRE_AND_FORGET"]),
                "whether it waits for the function",
            )
            .default("REQUEST_RESPONSE")]]),
            "how the function is run",
        )]]),
        "how the target is asked",
    ),
    later("Enrichment", "what is asked for more before the target"),
    later("EnrichmentParameters", "how that is asked"),
    ignored("Description"),
    ignored("KmsKeyIdentifier"),
    ignored("LogConfiguration"),
    ignored("Name"),
    ignored("RoleArn"),
    ignored("Tags"),
]];

const PIPE_SOURCE: &[Property] = &[
    FILTER_CRITERIA,
    aws("SqsQueueParameters", Map(&[PIPE_BATCH]), "of a queue").live(),
    aws("KinesisStreamParameters", Map(&[PIPE_BATCH, PIPE_SHARDS]), "of Kinesis").live(),
    aws("DynamoDBStreamParameters", Map(&[PIPE_BATCH, PIPE_SHARDS]), "of DynamoDB").live(),
    aws("ManagedStreamingKafkaParameters", Map(&[PIPE_BATCH, PIPE_START]), "of Amazon MSK").live(),
    aws("SelfManagedKafkaParameters", Map(&[PIPE_BATCH, PIPE_START]), "of Kafka").live(),
    aws("ActiveMQBrokerParameters", Map(&[PIPE_BATCH]), "of ActiveMQ").live(),
    aws("RabbitMQBrokerParameters", Map(&[PIPE_BATCH]), "of RabbitMQ").live(),
];

const PIPE_BATCH: &[Property] = &[
    aws("BatchSize", Count(1, 10_000), "records in a batch; 10 of a queue, 100 of a stream").live(),
    aws(
        "MaximumBatchingWindowInSeconds",
        Aws(Seconds, 0, 300),
        "how long a batch is filled, from its first record",
    )
    .live(),
    ignored("ConsumerGroupID"),
    ignored("Credentials"),
    ignored("QueueName"),
    ignored("TopicName"),
    ignored("VirtualHost"),
];

const PIPE_START: &[Property] = &[
    aws(
        "StartingPosition",
        OneOf(&["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"], &[]),
        "where reading begins",
    ),
    aws("StartingPositionTimestamp", Point, "when `AT_TIMESTAMP` is; a point in time"),
];

const PIPE_SHARDS: &[Property] = &[
    PIPE_START[0],
    PIPE_START[1],
    aws("ParallelizationFactor", Count(1, 10), "batches of one shard at once").default("1").live(),
    aws(
        "MaximumRetryAttempts",
        CountOrNone(0, 10_000),
        "retries of a batch that failed; without a limit until its records expire",
    )
    .default("-1")
    .live(),
    aws(
        "MaximumRecordAgeInSeconds",
        AwsOrNone(Seconds, 60, 604_800),
        "a record older than this is given up",
    )
    .default("-1")
    .live(),
    aws(
        "OnPartialBatchItemFailure",
        OneOf(&["AUTOMATIC_BISECT"], &[]),
        "whether a batch that failed is halved until one record is left",
    )
    .live(),
    aws(
        "DeadLetterConfig",
        Map(&[&[aws("Arn", Reference(&[Queue, Topic], true), "a queue or a topic")
            .required()
            .live()]]),
        "who is told of records that are given up",
    )
    .live(),
];

/// Keys that only mappings on streams have; which of them, `decode::streams` knows.
const STREAM_MAPPING: &[Property] = &[
    aws(
        "StartingPosition",
        OneOf(&["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"], &[]),
        "stream: where reading begins; required, but not of MQ",
    )
    .rule(Rule::K4),
    aws("StartingPositionTimestamp", Point, "stream: when `AT_TIMESTAMP` is; a point in time"),
    aws("ParallelizationFactor", Count(1, 10), "Kinesis, DynamoDB: batches of one shard at once")
        .default("1")
        .rule(Rule::K3)
        .live(),
    aws(
        "MaximumRetryAttempts",
        CountOrNone(0, 10_000),
        "stream: retries of a batch that failed; without a limit until its records expire",
    )
    .default("-1")
    .rule(Rule::K5)
    .live(),
    aws(
        "MaximumRecordAgeInSeconds",
        AwsOrNone(Seconds, 60, 604_800),
        "stream: a record older than this is given up",
    )
    .default("-1")
    .rule(Rule::K7)
    .live(),
    aws(
        "BisectBatchOnFunctionError",
        Flag,
        "stream: whether a batch that failed is split, the first half tried first",
    )
    .default("false")
    .rule(Rule::K10)
    .live(),
    aws(
        "TumblingWindowInSeconds",
        Aws(Seconds, 0, 900),
        "Kinesis, DynamoDB: length of a window over which a function adds up",
    )
    .default("0")
    .rule(Rule::K24),
    aws(
        "DestinationConfig",
        Map(&[&[aws(
            "OnFailure",
            Map(&[&[
                aws(
                    "Destination",
                    Reference(&[Queue, Topic, Bucket], true),
                    "a queue, a topic or a bucket",
                )
                .required()
                .live(),
                aws("Type", OneOf(&["SQS", "SNS", "S3"], &[]), "what the target is").live(),
            ]]),
            "told of records that are given up",
        )
        .live()]]),
        "Kinesis, DynamoDB, Kafka: who is told of records that are given up",
    )
    .rule(Rule::K13)
    .live(),
    ours("enhanced_fan_out", Flag, "Kinesis: whether records are pushed, by a consumer of its own")
        .default("false")
        .rule(Rule::K20),
];

const STREAM: Rows = &[
    &[
        ours("source", OneOf(SOURCES, &[]), "what it is").default("kinesis"),
        aws("ShardCount", Count(1, 20_000), "shards; of Kafka partitions; of a broker's queue 1")
            .default("1")
            .rule(Rule::K27).live(),
        aws(
            "RetentionPeriodHours",
            Aws(Hours, 1, 8760),
            "how long a record is kept; of Kinesis 24 or more, and 24 if not said; of DynamoDB always \
             24; of Kafka 168, of MQ 8,760 and of DocumentDB 3 if not said",
        ).rule(Rule::K25),
    ],
    ANY,
    &[
        ignored("AttributeDefinitions"),
        ignored("BillingMode"),
        ignored("DesiredShardLevelMetrics"),
        ignored("KeySchema"),
        ignored("Name"),
        ignored("StreamEncryption"),
        ignored("StreamModeDetails"),
        ignored("StreamSpecification"),
        ignored("TableName"),
        ignored("Tags"),
    ],
];

/// What a stream can be; `mq` stands for ActiveMQ.
pub const SOURCES: &[&str] =
    &["kinesis", "dynamodb", "msk", "kafka", "activemq", "rabbitmq", "mq", "documentdb"];

const DEPENDENCY: Rows = &[
    &[
        ours("concurrency", Count(0, MANY), "requests that it serves at once; no limit").live(),
        ours(
            "queue",
            Count(0, MANY),
            "requests that may wait for a place, first in first out, before more are refused with \
             a 503; no limit",
        )
        .live(),
        ours("service_time", TimeLaw(true), "how long it serves one").default("0s").live(),
        ours("rate", Rate, "requests that it accepts in the long run, others get a 429; no limit")
            .live(),
        ours(
            "burst",
            Count(1, MANY),
            "requests that `rate` lets in at once; those of a second, and at least 1",
        )
        .live(),
        ours("error_rate", Share, "work that ends in an error, drawn anew at each attempt")
            .default("0%")
            .live(),
        ours(
            "cancel_abandoned",
            Flag,
            "whether work is stopped and forgotten when who asked waits no longer",
        )
        .default("false")
        .live(),
    ],
    ANY,
];

const ALARM: Rows = &[
    &[
        aws("Namespace", OneOf(&["AWS/Lambda", "AWS/SQS", "AWS/SNS"], &["AWS/Events"]), "whose")
            .required()
            .live(),
        aws("MetricName", Text, "which metric of it").required().live(),
        aws(
            "Dimensions",
            List(&Map(&[&[
                aws("Name", Text, "FunctionName, QueueName or TopicName").required().live(),
                aws("Value", Reference(&[Function, Queue, Topic], false), "the resource")
                    .required()
                    .live(),
            ]])),
            "the resource whose metric it is; none for all functions together",
        )
        .live(),
        aws(
            "Statistic",
            OneOf(&["SampleCount", "Average", "Sum", "Minimum", "Maximum"], &[]),
            "what is made of the samples of a period",
        )
        .live(),
        aws("ExtendedStatistic", Text, "a percentile instead, such as p99").live(),
        aws("Period", Aws(Seconds, 10, 604_800), "the time of one point, a multiple of 60")
            .required()
            .live(),
        aws("EvaluationPeriods", Count(1, 10_080), "how many of the latest points are looked at")
            .required()
            .live(),
        aws(
            "DatapointsToAlarm",
            Count(1, 10_080),
            "how many of them must breach the threshold; all, if not said",
        )
        .live(),
        aws(
            "Threshold",
            Number(-1e12, 1e12),
            "what points are compared with, in the metric's unit",
        )
        .required()
        .live(),
        aws(
            "ComparisonOperator",
            OneOf(
                &[
                    "GreaterThanOrEqualToThreshold",
                    "GreaterThanThreshold",
                    "LessThanThreshold",
                    "LessThanOrEqualToThreshold",
                ],
                &[
                    "GreaterThanUpperThreshold",
                    "LessThanLowerThreshold",
                    "LessThanLowerOrGreaterThanUpperThreshold",
                ],
            ),
            "which points breach it",
        )
        .required()
        .live(),
        aws(
            "TreatMissingData",
            OneOf(&["missing", "ignore", "breaching", "notBreaching"], &[]),
            "what a missing point counts as, where too few are there",
        )
        .default("missing")
        .live(),
    ],
    &[
        later("Metrics", "an expression over several metrics"),
        later("ThresholdMetricId", "a threshold by anomaly detection"),
        later("EvaluationWindow", "points by the clock instead of a sliding window"),
        ignored("ActionsEnabled"),
        ignored("AlarmActions"),
        ignored("AlarmDescription"),
        ignored("AlarmName"),
        ignored("EvaluateLowSampleCountPercentile"),
        ignored("InsufficientDataActions"),
        ignored("OKActions"),
        ignored("Tags"),
        ignored("Unit"),
    ],
];

/// The words of `via` that are a target's own API.
const APIS: [&str; 8] =
    ["invoke", "invoke_async", "sqs", "kinesis", "dynamodb", "kafka", "mq", "documentdb"];

/// The words of `via`: the APIs, then the services, of which two are also the API of a topic and of a bus.
pub const VIA: &[&str] = &{
    let mut words = [""; APIS.len() + Service::ALL.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = if at < APIS.len() { APIS[at] } else { Service::ALL[at - APIS.len()].word() };
        at += 1;
    }
    words
};

const CALLER: Rows = &[
    MESSAGE,
    &[ours("arrivals", Arrivals, "when they come").required().live()],
    SERVICE_GROUP,
    SERVICE_POLICY,
    HANDS_ON,
    MESSAGE_KEYS,
];

const CALL: Rows = &[
    MESSAGE,
    &[
        ours("share", Share, "share of the records for which it is made").default("100%").live(),
        ours("count", Count(0, 10_000), "how many times for a record").default("1").live(),
        ours("when", Pattern(false), "only for payloads that fit").live(),
        ours("per", OneOf(&["record", "run"], &[]), "once for each record, or once for the run")
            .default("record")
            .live(),
    ],
    SERVICE_GROUP,
    SERVICE_POLICY,
    HANDS_ON,
    MESSAGE_KEYS,
];

/// Keys of services that hand events on.
const HANDS_ON: &[Property] = &[
    aws(
        "RedrivePolicy",
        SUBSCRIPTION_DLQ.takes,
        "sns: where a message goes that could not be delivered",
    )
    .rule(Rule::D5)
    .live(),
    aws(
        "FlexibleTimeWindow",
        Map(&[&[
            aws("Mode", OneOf(&["OFF", "FLEXIBLE"], &[]), "whether there is one").required().live(),
            aws("MaximumWindowInMinutes", Count(1, 1440), "how late it may be").live(),
        ]]),
        "eventbridge_scheduler: how late it may fire",
    )
    .rule(Rule::D8)
    .live(),
    aws(
        "InvocationType",
        OneOf(&["Event", "RequestResponse"], &[]),
        "ses: whether it waits for the function, up to 30 s",
    )
    .default("Event")
    .rule(Rule::D10),
    aws(
        "ServiceTimeout",
        Aws(Seconds, 1, 3600),
        "cloudformation: how long it waits for the function's own answer",
    )
    .default("3600")
    .rule(Rule::D11)
    .live(),
];

/// Keys of the services between. What a service does without them is its own (`explain VIA`).
pub const SERVICE: Rows = &[SERVICE_GROUP, SERVICE_POLICY, HANDS_ON];
const SERVICE_GROUP: &[Property] = &[
    ours(
        "retry_mode",
        OneOf(&["legacy", "standard", "standard-2026", "adaptive"], &[]),
        "sdk: which retries; as `sdk_profile`",
    )
    .rule(Rule::SR3),
    ours("max_attempts", Count(1, 1000), "sdk: attempts in all; as its mode")
        .rule(Rule::SR11)
        .live(),
    ours("read_timeout", Time(true), "sdk: how long it waits for an answer; 60 s")
        .rule(Rule::SR16)
        .live(),
    aws(
        "TimeoutInMillis",
        Aws(Millis, 50, 300_000),
        "API Gateway: how long it waits; a REST API 29 s, an HTTP API 30 s, a WebSocket API 29 s",
    )
    .rule(Rule::SC23)
    .live(),
    aws(
        "RouteKey",
        OneOf(&["$default", "$connect", "$disconnect"], &[]),
        "api_gateway_websocket: the route",
    )
    .default("$default")
    .rule(Rule::SC32),
    ours("idle_timeout", Time(true), "alb: a silent request is ended after so long; 60 s")
        .rule(Rule::SC42)
        .live(),
    aws(
        "EventType",
        OneOf(&["viewer-request", "viewer-response", "origin-request", "origin-response"], &[]),
        "cloudfront: at which of its events",
    )
    .default("origin-request")
    .rule(Rule::SC60),
    aws("BufferSizeInMBs", Number(0.2, 3.0), "firehose: a buffer is full with so much")
        .default("1")
        .rule(Rule::SC71)
        .live(),
    aws("BufferIntervalInSeconds", Aws(Seconds, 0, 900), "firehose: … or after so long")
        .default("60")
        .rule(Rule::SC71)
        .live(),
    aws("NumberOfRetries", Count(0, 300), "firehose: tries of a batch after the first")
        .default("3")
        .rule(Rule::SC74)
        .live(),
    aws("TimeoutSeconds", Aws(Seconds, 1, 99_999_999), "step_functions: how long it waits")
        .default("99999999")
        .rule(Rule::SC86)
        .live(),
    aws(
        "Retry",
        Retriers,
        "step_functions: `recommended`, `console` or a list of retriers; without it none",
    )
    .rule(Rule::SC85),
];

/// A retrier of a state.
pub const RETRIER: Rows = &[&[
    aws("ErrorEquals", List(&Text), "the errors that it is for").required(),
    aws("IntervalSeconds", Aws(Seconds, 1, 99_999_999), "the first wait").default("1"),
    aws("MaxAttempts", Count(0, 99_999_999), "retries").default("3"),
    aws("BackoffRate", Number(1.0, 1e6), "each wait is so many times the one before").default("2"),
    aws("MaxDelaySeconds", Aws(Seconds, 1, 31_622_400), "the longest wait; no limit"),
    aws("JitterStrategy", OneOf(&["NONE", "FULL"], &[]), "whether waits are spread from 0")
        .default("NONE"),
]];

const MESSAGE: &[Property] = &[
    ours(
        "target",
        Reference(&[Function, Queue, Stream, Topic, Bus, Dependency], true),
        "whom it asks",
    )
    .required(),
    ours("via", OneOf(VIA, &[]), "the service between; without it the target's own API"),
    ours("timeout", Time(true), "how long it waits for an answer; no limit")
        .rule(Rule::SI10)
        .live(),
    ours("retry", Map(&[RETRY]), "what it does with a refusal").live(),
    ours("payload_size", SizeLaw, "size of a payload").default("0").live(),
    ours("attributes", Words, "attributes of the payload, which patterns see"),
    aws("DelaySeconds", Aws(Seconds, 0, 900), "delay of each message, instead of its queue's")
        .rule(Rule::S5)
        .live(),
];

const MESSAGE_KEYS: &[Property] = &[
    aws(
        "MessageGroupId",
        WordLaw,
        "the group of a message: in it a FIFO queue keeps the order; elsewhere a tenant",
    ),
    aws("MessageDeduplicationId", WordLaw, "by what a FIFO queue knows a message again"),
    aws(
        "PartitionKey",
        WordLaw,
        "by what a record's shard is chosen; without it each record has one of its own",
    ),
];

const RETRY: &[Property] = &[
    ours("attempts", Count(1, 1000), "attempts in all, the first one counted").required().live(),
    ours("backoff", Backoff, "the waits between them").default("0s").live(),
    ours("budget", Share, "retries allowed as a share of successes; no limit").live(),
];

/// `backoff` as a mapping: a law, or these three.
pub const BACKOFF: Rows = &[LAW_GROUP, BACKOFF_GROUP];
/// The three.
pub const BACKOFF_KEYS: Rows = &[BACKOFF_GROUP];
const BACKOFF_GROUP: &[Property] = &[
    ours("base", Time(false), "the first wait, which doubles").live(),
    ours("cap", Time(false), "the longest wait; no limit").live(),
    ours(
        "jitter",
        OneOf(&["none", "full", "equal", "decorrelated"], &[]),
        "how a wait is spread: not, from 0, from its half, or from base to three times the last",
    )
    .default("none")
    .live(),
];

/// Laws of times and sizes.
pub const LAW: Rows = &[LAW_GROUP];
const LAW_GROUP: &[Property] = &[
    ours(
        "exponential",
        Map(&[&[ours("mean", Amount, "the mean").required()]]),
        "no memory: what lasts so long already lasts as long again",
    ),
    ours(
        "lognormal",
        Map(&[&[
            ours("mean", Amount, "the mean, with `cv`"),
            ours("cv", Number(0.0, 1e6), "standard deviation over mean"),
            ours("median", Amount, "the median, with `p99`"),
            ours("p99", Amount, "the 99th percentile"),
        ]]),
        "most durations of code that calls others",
    ),
    ours(
        "gamma",
        Map(&[&[
            ours("mean", Amount, "the mean").required(),
            ours("cv", Number(0.0, 1e6), "standard deviation over mean").required(),
        ]]),
        "a sum of exponential steps",
    ),
    ours("weibull", Map(&[SCALE_SHAPE]), "wears out (shape above 1) or settles (below 1)"),
    ours("pareto", Map(&[SCALE_SHAPE]), "a heavy tail; its shape is above 1"),
    ours(
        "uniform",
        Map(&[&[
            ours("min", Amount, "the smallest value").required(),
            ours("max", Amount, "the largest value").required(),
        ]]),
        "everything between two values alike",
    ),
    ours(
        "triangular",
        Map(&[&[
            ours("min", Amount, "the smallest value").required(),
            ours("mode", Amount, "the likeliest value").required(),
            ours("max", Amount, "the largest value").required(),
        ]]),
        "rises from `min` to `mode` and falls to `max`",
    ),
    ours(
        "erlang",
        Map(&[&[
            ours("mean", Amount, "the mean").required(),
            ours("k", Count(1, 1_000_000), "how many exponential steps").required(),
        ]]),
        "a sum of `k` exponential steps",
    ),
    ours(
        "empirical",
        Map(&[&[
            ours("csv", Text, "a CSV file, relative to the scenario").required(),
            ours("column", Text, "the column with the values").required(),
            ours("unit", OneOf(UNITS, &[]), "their unit").required(),
        ]]),
        "one of the observed values, each with the same chance",
    ),
    ours("mixture", Mixture(false), "one of several, by weights that add up to 100%"),
    ours("attribute", Attribute, "what an attribute says, in `unit`"),
    ours("unit", OneOf(UNITS, &[]), "the unit of `attribute`"),
];

/// Units of times, then of sizes.
pub const UNITS: &[&str] = &["ns", "us", "ms", "s", "m", "h", "d", "B", "KiB", "MiB", "GiB"];

const SCALE_SHAPE: &[Property] = &[
    ours("scale", Amount, "stretches it").required(),
    ours("shape", Number(0.0, 1e6), "its exponent").required(),
];

/// A part of a mixture.
pub const MIXTURE: Rows = &[&[
    ours("weight", Share, "its share; all add up to 100%").required(),
    ours("of", Anything, "a value").required(),
]];

/// Laws of words.
pub const WORD_LAW: Rows = &[&[
    ours("choice", Shares, "one by its share; all add up to 100%"),
    ours("cycle", List(&Word), "one after the other"),
    ours("one_of", Count(1, 1 << 53), "\"1\" to this number, all alike"),
    ours(
        "zipf",
        Map(&[&[
            ours("n", Count(1, 100_000), "how many").required(),
            ours("s", Number(0.0, 100.0), "the exponent").required(),
        ]]),
        "\"1\" to \"n\", the k-th with weight 1/k^s",
    ),
    ours("attribute", Attribute, "the word of another attribute"),
    ours("mixture", Mixture(true), "one of several, by weights that add up to 100%"),
]];

/// Arrivals.
pub const ARRIVALS: Rows = &[
    &[
        ours("poisson", Rate, "at random, at this rate"),
        ours("every", Time(true), "one after each such time, the first at `from`"),
        ours("at", List(&Point), "at these points in time"),
        ours("schedule", Text, "as EventBridge: `rate(5 minutes)`, `cron(…)` or `at(…)`, in UTC"),
        ours(
            "profile",
            List(&Map(&[&[
                ours("until", Point, "the end of this stretch").required(),
                ours("rate", Rate, "the rate in it").required(),
                ours("ramp", Flag, "straight from the rate before").default("false"),
            ]])),
            "at random, at a rate that changes",
        ),
        ours(
            "closed",
            Map(&[&[
                ours("clients", Count(0, 1_000_000), "how many").required(),
                ours("think_time", TimeLaw(false), "how long each thinks").default("0s"),
            ]]),
            "clients that ask, wait for the answer, think and ask again",
        ),
        ours(
            "csv",
            Map(&[&[
                ours("path", Text, "a CSV file, relative to the scenario").required(),
                ours("time_column", Text, "the column with the times").required(),
                ours("count_column", Text, "the column with the arrivals of each period"),
                ours("unit", OneOf(TIME_UNITS, &[]), "the unit of the times; ISO times need none"),
            ]]),
            "one row an arrival, or one a period; other columns become attributes",
        ),
    ],
    &[
        ours("from", Point, "it begins here").default("0s"),
        ours("until", Point, "it stops before this"),
        ours("count", Count(0, MANY), "so many at once").default("1"),
        ours("repeat", Time(true), "it begins again each time this has passed"),
        ours("scale", Number(0.0, 1e6), "so many times as many").default("1"),
    ],
];

/// Units of times.
pub const TIME_UNITS: &[&str] = &["ns", "us", "ms", "s", "m", "h", "d"];

/// The keys of a timeline entry that are calls of an API.
pub const API: &[&str] =
    &["StartMessageMoveTask", "CancelMessageMoveTask", "PurgeQueue", "UpdateFunctionCode"];

const TIMELINE: &[Property] = &[
    ours("at", Point, "when").required(),
    ours("for", Time(true), "`set` is undone after so long"),
    ours("every", Time(true), "again each time this has passed"),
    ours("until", Point, "`every` stops before this"),
    ours("set", Paths, "paths of live resources, and what they are set to"),
    aws(
        "StartMessageMoveTask",
        Map(&[&[
            aws("SourceArn", Reference(&[Queue], false), "the dead-letter queue").required(),
            aws("DestinationArn", Reference(&[Queue], false), "where to; back, if not said"),
            aws("MaxNumberOfMessagesPerSecond", Count(1, 500), "its rate; SQS's own, if not said"),
        ]]),
        "moves what lies in a dead-letter queue",
    )
    .rule(Rule::S33),
    aws(
        "CancelMessageMoveTask",
        Map(&[&[aws("SourceArn", Reference(&[Queue], false), "the dead-letter queue").required()]]),
        "stops the task that moves from this queue",
    )
    .rule(Rule::S34),
    aws(
        "PurgeQueue",
        Map(&[&[aws("QueueUrl", Reference(&[Queue], false), "the queue").required()]]),
        "deletes every message, those in flight too",
    )
    .rule(Rule::S21),
    aws(
        "UpdateFunctionCode",
        Map(&[&[aws("FunctionName", Reference(&[Function], false), "the function").required()]]),
        "no warm environment is left",
    )
    .rule(Rule::SE1),
];

/// Where AWS documents nothing.
const ASSUMPTION: &[Property] = &[
    ours("profile", OneOf(&["exact", "measured"], &[]), "delays and jitter at 0, or as measured")
        .default("exact"),
    ours(
        "throttled_poll",
        OneOf(&["retry_within_visibility", "one_try", "when_a_slot_frees"], &[]),
        "what a mapping does with a throttled batch (Z3)",
    )
    .default("retry_within_visibility")
    .rule(Rule::E26),
    ours("throttled_poll_spacing", Time(true), "its first wait, which doubles (Z3)")
        .default("3.6s")
        .rule(Rule::E26),
    ours(
        "back_of_queue_after",
        CountOrNever(1000),
        "receives after which a message goes to the back of its queue (Z14)",
    )
    .default("3")
    .rule(Rule::S15),
    ours("idle_pollers", Count(1, 1250), "pollers that an idle mapping keeps (Z1)")
        .default("5")
        .rule(Rule::E38),
    ours("scale_down_time", Time(false), "how long a mapping takes to give the others back (Z16)")
        .default("1m")
        .rule(Rule::E38),
    ours("pollers_initial", Count(1, 1250), "batches at once with which a mapping begins")
        .default("5")
        .rule(Rule::E35),
    ours(
        "pollers_per_minute",
        Count(0, 100_000),
        "how many it adds a minute while messages remain",
    )
    .default("300")
    .rule(Rule::E36),
    ours("pollers_max", Count(1, 100_000), "how many it has at most")
        .default("1250")
        .rule(Rule::E36),
    ours("error_backoff", Flag, "whether errors lower a mapping's concurrency (Z4)")
        .default("false")
        .measured("true")
        .rule(Rule::E25),
    ours("superseded_delete_deletes", Flag, "whether a delete with an older handle deletes (Z5)")
        .default("false")
        .rule(Rule::S16),
    ours("in_flight_max", Count(1, 120_000), "messages in flight in a queue")
        .default("120000")
        .rule(Rule::S12),
    ours(
        "fifo_search_window",
        Count(1, 120_000),
        "of a FIFO queue, the messages among which a receive looks for groups",
    )
    .default("120000")
    .rule(Rule::S45),
    ours(
        "fifo_high_throughput",
        Count(300, 1_000_000),
        "with high throughput, the sends and the receives a second of a FIFO queue",
    )
    .default("70000")
    .rule(Rule::S46),
    ours(
        "noisy_group_share",
        Share,
        "of a standard queue, a group with a larger share of what is in flight is passed over; at 100 % \
         none is (Z15)",
    )
    .default("100%")
    .rule(Rule::S49),
    ours("noisy_group_min", Count(1, 120_000), "in flight, with fewer a group is not passed over")
        .default("30")
        .rule(Rule::S49),
    ours("move_task_rate", Count(1, 500), "SQS's own rate of a move task, messages a second")
        .default("500")
        .rule(Rule::S33),
    ours(
        "sdk_profile",
        OneOf(&["legacy", "standard", "standard-2026", "adaptive"], &[]),
        "the retries of an SDK that says none (U18)",
    )
    .default("standard-2026")
    .rule(Rule::SR3),
    ours("gateway_rate", Count(1, 1_000_000), "requests a second that API Gateway takes")
        .default("10000")
        .rule(Rule::SC26),
    ours("gateway_burst", Count(1, 1_000_000), "requests that it takes at once")
        .default("5000")
        .rule(Rule::SC26),
    ours(
        "http_api_throttle_status",
        OneOf(&["service_unavailable", "internal_server_error"], &[]),
        "what an HTTP API makes of a throttle (U9)",
    )
    .default("service_unavailable")
    .rule(Rule::SC31),
    ours(
        "cloudfront_limits",
        OneOf(&["today", "earlier"], &[]),
        "30 s for all events of Lambda@Edge, or 5 s for the viewer's",
    )
    .default("today")
    .rule(Rule::SC60),
    ours("cognito_retry_delay", Time(false), "the wait between its tries (U11)")
        .default("0s")
        .rule(Rule::SC50),
    ours("cognito_retries_throttles", Flag, "whether Cognito asks again after a throttle (U11)")
        .default("true")
        .rule(Rule::SC53),
    ours("cognito_retries_function_errors", Flag, "… after a function error (U11)")
        .default("false")
        .rule(Rule::SC53),
    ours("firehose_retry_delay", Time(false), "the wait between tries of a batch (U12)")
        .default("0s")
        .rule(Rule::SC74),
    ours("s3_batch_redrives", Count(0, 1000), "how often a temporary failure is redriven (U14)")
        .default("0")
        .rule(Rule::SC88),
    ours(
        "scaling",
        OneOf(
            &[
                "continuous",
                "stepwise",
                "burst_2023_us",
                "burst_2023_frankfurt",
                "burst_2023_other",
                "off",
            ],
            &[],
        ),
        "how fast functions get new environments: 1,000 and 100 a second, 1,000 in each 10 s, as until \
         November 2023 in three classes of Regions, or at once (U2)",
    )
    .default("continuous")
    .rule(Rule::SN10),
    ours(
        "request_rate_limit",
        OneOf(&["token_bucket", "off"], &[]),
        "synchronous requests a second for each unit of concurrency: 10, a second's worth at once (U1)",
    )
    .default("token_bucket")
    .rule(Rule::SN13),
    ours(
        "provisioned_start_delay",
        Time(false),
        "from a changed provisioned concurrency to the first environment made for it",
    )
    .default("90s")
    .rule(Rule::SN5),
    ours(
        "environment_lifetime",
        OneOf(&["as_written", "aws_2020", "aws_2021"], &[]),
        "how long environments live where a function does not say it: 10 min idle, or as measured in \
         that year (U4, U5)",
    )
    .default("as_written")
    .measured("aws_2021")
    .rule(Rule::SE27),
    ours(
        "alarm_range_extra",
        Count(0, 100),
        "points beyond its periods that an alarm looks at where some are missing (CW3)",
    )
    .default("2"),
    ours("free_tier", Flag, "whether the free use of a month is taken off the cost (SP9)")
        .default("false"),
    ours("sns_delivery_delay", TimeLaw(false), "from a topic's 200 to the endpoint")
        .default("0s")
        .measured("8ms")
        .rule(Rule::D14),
    ours("eventbridge_delivery_delay", TimeLaw(false), "from a bus's 200 to the target")
        .default("0s")
        .measured("{lognormal: {median: 148ms, p99: 387ms}}")
        .rule(Rule::D14),
    ours("scheduler_delivery_delay", TimeLaw(false), "how late a schedule fires within its minute")
        .default("0s")
        .measured("{uniform: {min: 0s, max: 60s}}")
        .rule(Rule::D14),
    ours("s3_delivery_delay", TimeLaw(false), "from the end of a put to the function")
        .default("0s")
        .measured("{lognormal: {median: 1.1s, p99: 10s}}")
        .rule(Rule::D14),
    ours("cloudwatch_logs_delivery_delay", TimeLaw(false), "from a log line to the function")
        .default("0s")
        .measured("{lognormal: {median: 30s, p99: 3m}}")
        .rule(Rule::D14),
    ours("sns_retry_jitter", Share, "its retry waits are drawn from this much around the nominal")
        .default("0%")
        .measured("10%")
        .rule(Rule::D4),
    ours("service_retry_base", Time(true), "the first wait of other services, which doubles")
        .default("1s")
        .rule(Rule::D6),
    ours("service_retry_cap", Time(true), "their longest wait")
        .default("8m")
        .measured("16m")
        .rule(Rule::D6),
    ours("service_retry_jitter", OneOf(&["none", "full"], &[]), "how their waits are spread")
        .default("none")
        .measured("full")
        .rule(Rule::D6),
    ours("delivery_retries", Count(0, 185), "retries of services that say nothing of any")
        .default("0")
        .rule(Rule::D9),
    ours("age_equality_retries", Flag, "whether an event is tried when it is then just at its age")
        .default("true")
        .rule(Rule::A2_16),
    ours("stream_retry_base", Time(true), "the first wait before a batch of a stream is tried again; \
         it doubles")
        .default("200ms")
        .rule(Rule::K23),
    ours("stream_retry_cap", Time(true), "its longest wait").default("60s").rule(Rule::K23),
    ours(
        "bisect_order",
        OneOf(&["first_half_first", "second_half_first"], &[]),
        "which part of a batch that was split is tried first",
    )
    .default("first_half_first")
    .rule(Rule::K10),
    ours("kinesis_poll_interval", Time(true), "how often a shard of Kinesis is asked that had nothing")
        .default("1s")
        .rule(Rule::K19),
    ours("dynamodb_poll_interval", Time(true), "how often one of DynamoDB is")
        .default("250ms")
        .rule(Rule::DS2),
    ours("latest_start_delay", Time(false), "from time 0 until a mapping with `LATEST` begins")
        .default("0s")
        .rule(Rule::K4),
    ours(
        "tumbling_idle_wait",
        Time(false),
        "how long the end of a tumbling window waits where no records come; AWS says up to 2 min",
    )
    .default("0s")
    .rule(Rule::K24),
];

/// The kinds a name of a section is of.
pub const KINDS: [Kind; 13] = [
    Function,
    Queue,
    Bus,
    Bucket,
    Topic,
    Mapping,
    Dependency,
    Alarm,
    Caller,
    Subscription,
    Kind::Rule,
    Stream,
    Pipe,
];
