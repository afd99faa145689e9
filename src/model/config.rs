//! What a run is made of: validated configuration, plain data.
//!
//! Whatever could make the model fail does not get here; `scenario::decode` refuses it. Ranges and
//! defaults are the property table's.

use super::{
    alarm::Alarm,
    facts::Answer,
    outcome::{Origin, Role},
    policy::{delivery::Tries, retrier::Retrier, sdk},
    services::{Manner, Service},
    value::{Catalog, Pattern, Quantity},
    vocabulary::{CallId, FunctionId, MappingId, QueueId, RuleId, SinkId, StreamId, Target},
};
use crate::kernel::{Probability, Span, Time, name_key};
use std::sync::Arc;

/// A whole scenario under one policy.
#[derive(Clone, Debug)]
pub struct Config {
    /// Seed of every stream.
    pub seed: u64,
    /// Arrivals stop before it.
    pub duration: Time,
    /// How long the run may go on after `duration`, until all rests.
    pub drain: Span,
    /// Counts run from here.
    pub warmup: Time,
    /// Length of a period of the series.
    pub period: Span,
    /// The resources as they are at time 0.
    pub resources: Arc<Resources>,
    /// What changes, in the order of time; at one instant in file order.
    pub timeline: Vec<(Time, Change)>,
    /// Names, words and attribute laws.
    pub catalog: Arc<Catalog>,
}

impl Config {
    /// Whether the load never changes, so that the system can settle: nothing is on the timeline,
    /// and every caller comes at one rate from beginning to end.
    pub fn is_stationary(&self) -> bool {
        let Resources { calls, callers, .. } = &*self.resources;
        let mut arrivals = calls[..*callers].iter().flat_map(|call| &call.arrivals);
        self.timeline.is_empty() && *callers > 0 && arrivals.all(|a| a.is_stationary(self.duration))
    }
}

/// Every resource, each in file order; an id is a position here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// The account.
    pub account: Account,
    /// Functions.
    pub functions: Vec<Function>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Buses, then buckets, then topics: one topic more moves no id.
    pub sinks: Vec<Sink>,
    /// Rules of buses.
    pub rules: Vec<EventRule>,
    /// Subscriptions, then the targets of rules, then the services that hand on what callers and calls start.
    pub outlets: Vec<Outlet>,
    /// Event source mappings on queues.
    pub mappings: Vec<Mapping>,
    /// Streams.
    pub streams: Vec<Stream>,
    /// Event source mappings on streams.
    pub readers: Vec<Reader>,
    /// Dependencies.
    pub dependencies: Vec<Dependency>,
    /// CloudWatch alarms, which only observers read.
    pub alarms: Vec<Alarm>,
    /// Callers, then the entries of functions' `calls`.
    pub calls: Vec<Call>,
    /// How many of `calls` are callers.
    pub callers: usize,
    /// Where AWS documents nothing.
    pub assumptions: Assumptions,
}

impl Resources {
    /// The ids of the functions.
    pub fn function_ids(&self) -> impl Iterator<Item = FunctionId> + use<> {
        (0..self.functions.len()).map(FunctionId::at)
    }
    /// The queues through which dead-letter queues lead from `first` back to it, in their order.
    pub fn circle_of(&self, first: QueueId) -> Option<Vec<QueueId>> {
        let mut circle = vec![first];
        let mut next = self.queues[first.index()].redrive?.dead_letter_queue;
        while next != first {
            // What comes to a queue for the second time is in a circle without `first`.
            if circle.contains(&next) {
                return None;
            }
            circle.push(next);
            next = self.queues[next.index()].redrive?.dead_letter_queue;
        }
        Some(circle)
    }
    /// Names of queues, one after another to the first again.
    pub fn names_around(&self, circle: &[QueueId]) -> String {
        let around = circle.iter().chain(circle.first());
        let names: Vec<&str> = around.map(|id| self.queues[id.index()].name.as_str()).collect();
        names.join(" → ")
    }
    /// The ids of the callers.
    pub fn caller_ids(&self) -> impl Iterator<Item = CallId> + use<> {
        (0..self.callers).map(CallId::at)
    }
}

/// One entry of the timeline.
#[derive(Clone, Debug)]
pub enum Change {
    /// From now on the resources are these.
    Configure(Arc<Resources>),
    /// `StartMessageMoveTask`: to `destination`, or each message to where it came from.
    StartMessageMoveTask {
        /// The dead-letter queue.
        source: QueueId,
        /// Where to; none: back.
        destination: Option<QueueId>,
        /// `MaxNumberOfMessagesPerSecond`; none: SQS's own.
        rate: Option<u32>,
    },
    /// `CancelMessageMoveTask`.
    CancelMessageMoveTask(QueueId),
    /// `PurgeQueue`.
    PurgeQueue(QueueId),
    /// `UpdateFunctionCode`: no warm environment is left.
    UpdateFunctionCode(FunctionId),
}

impl Change {
    /// The operation's name; `Configure` for what is set.
    pub const fn name(&self) -> &'static str {
        match self {
            Change::Configure(_) => "Configure",
            Change::StartMessageMoveTask { .. } => "StartMessageMoveTask",
            Change::CancelMessageMoveTask(_) => "CancelMessageMoveTask",
            Change::PurgeQueue(_) => "PurgeQueue",
            Change::UpdateFunctionCode(_) => "UpdateFunctionCode",
        }
    }
}

/// The account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Concurrent executions in the Region (SN2).
    pub concurrency: u32,
}

impl Default for Account {
    fn default() -> Self {
        Account { concurrency: 1000 }
    }
}

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name in the file.
    pub name: String,
    /// `Timeout`.
    pub timeout: Span,
    /// `MemorySize`, in MB.
    pub memory_mb: u32,
    /// `Architectures`.
    pub architecture: Architecture,
    /// `ReservedConcurrentExecutions`.
    pub reserved: Option<u32>,
    /// `ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions`; 0: none.
    pub provisioned: u32,
    /// `RecursiveLoop: Allow`.
    pub loops_allowed: bool,
    /// `DeadLetterConfig.TargetArn`.
    pub dead_letter: Option<Target>,
    /// `EventInvokeConfig.MaximumRetryAttempts`.
    pub retries_max: u8,
    /// `EventInvokeConfig.MaximumEventAgeInSeconds`.
    pub age_max: Span,
    /// `EventInvokeConfig.DestinationConfig.OnSuccess.Destination`.
    pub on_success: Option<Target>,
    /// `EventInvokeConfig.DestinationConfig.OnFailure.Destination`.
    pub on_failure: Option<Target>,
    /// Whether it is a custom resource: its success is an answer that somebody waits for.
    pub answers: bool,
    /// Deleted, or the permission lost.
    pub forbidden: bool,
    /// Share of invocations refused with a 5xx.
    pub system_error_rate: Probability,
    /// Length of a cold start's Init phase.
    pub init_time: Quantity,
    /// Idle life of an environment.
    pub keep_alive: IdleLife,
    /// Age from which an environment is retired once it is idle.
    pub environment_max_age: MaxAge,
    /// What a run does with a payload that fits no case.
    pub behaviour: Behaviour,
    /// What it does with some payloads, the first that fits.
    pub cases: Vec<(Pattern, Behaviour)>,
    /// What it does when a record of a batch fails.
    pub on_partial_failure: OnPartialFailure,
    /// Calls made for each record, in order.
    pub calls: Vec<FunctionCall>,
    /// The queue behind asynchronous invoke.
    pub event_queue: EventQueue,
}

/// How long an idle environment lives.
#[derive(Clone, Debug, PartialEq)]
pub enum IdleLife {
    /// As the scenario says.
    Law(Quantity),
    /// As measured in 2020: longer where the function is called often (SE27).
    Aws2020,
    /// As measured in 2021 (SE24).
    Aws2021,
}

impl Default for IdleLife {
    fn default() -> Self {
        IdleLife::Law(Quantity::default())
    }
}

/// How old an environment may become.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum MaxAge {
    /// Any age.
    #[default]
    Never,
    /// As the scenario says.
    Law(Quantity),
    /// As measured in 2020 (SE26).
    Aws2020,
}

/// The instruction set of a function: what its time costs depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Architecture {
    /// `x86_64`.
    #[default]
    X86,
    /// `arm64`.
    Arm,
}

/// How a run behaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behaviour {
    /// Handler time of one run.
    pub service_time: Quantity,
    /// Length of a run that fails by itself, if not as `service_time`.
    pub error_time: Option<Quantity>,
    /// A run fails by itself, drawn anew at each attempt.
    pub error_rate: Probability,
    /// Time added for each record.
    pub record_time: Quantity,
    /// A record fails, drawn anew at each attempt.
    pub record_error_rate: Probability,
    /// This share of payloads fails at every attempt.
    pub poison_rate: Probability,
}

/// What a handler does when a record of a batch fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnPartialFailure {
    /// Goes on, and reports or throws as the mapping asks.
    #[default]
    Continue,
    /// Throws at the first.
    Throw,
    /// Stops at the first and reports it and all behind it.
    StopAtFirst,
    /// Reports it and, without running them, all of its message group behind it; the rest goes on.
    SkipGroup,
}

/// An entry of a function's `calls`.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// The call.
    pub call: CallId,
    /// Share of the records for which it is made.
    pub share: Probability,
    /// How many times for a record.
    pub count: u32,
    /// Only for payloads that fit.
    pub when: Option<Pattern>,
    /// Once for a run instead of once for a record.
    pub per_run: bool,
}

/// The queue behind asynchronous invoke.
#[derive(Clone, Debug, PartialEq)]
pub struct EventQueue {
    /// Accept to first attempt on an idle queue.
    pub dispatch_latency: Quantity,
    /// Events taken at once.
    pub batch_size: u32,
    /// From the first event taken.
    pub batch_window: Span,
    /// One run for a batch, kept together.
    pub invoke_per_batch: bool,
    /// Wait for capacity instead of backing off.
    pub patient: bool,
    /// Retry waits are drawn from ± this share of the nominal.
    pub retry_jitter: f64,
    /// Share of completed events that are delivered once more.
    pub duplicate_probability: Probability,
    /// A queue longer than this stretches its retry waits; none: never.
    pub backlog_threshold: Option<u32>,
    /// By how much it stretches them.
    pub backlog_interval_factor: f64,
}

impl Default for EventQueue {
    fn default() -> Self {
        EventQueue {
            dispatch_latency: Quantity::Plain(0),
            batch_size: 10,
            batch_window: Span::ZERO,
            invoke_per_batch: false,
            patient: false,
            retry_jitter: 0.0,
            duplicate_probability: Probability::NEVER,
            backlog_threshold: None,
            backlog_interval_factor: 1.0,
        }
    }
}

/// A queue of SQS.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name in the file.
    pub name: String,
    /// `VisibilityTimeout`.
    pub visibility: Span,
    /// `MessageRetentionPeriod`.
    pub retention: Span,
    /// `DelaySeconds`.
    pub delay: Span,
    /// `RedrivePolicy`.
    pub redrive: Option<Redrive>,
    /// `FifoQueue`; none: a standard queue.
    pub fifo: Option<Fifo>,
    /// Share of sends refused with a 5xx.
    pub system_error_rate: Probability,
    /// Deleted, or the permission lost.
    pub forbidden: bool,
    /// Who reads it.
    pub read: Reading,
    /// Whether it is the dead-letter queue of a queue.
    pub dead_letter_queue: bool,
}

/// Who reads a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// No mapping or pipe of the file.
    #[default]
    Never,
    /// Mappings or pipes, each of which is disabled.
    Disabled,
    /// One at least that is enabled.
    Enabled,
}

/// What a FIFO queue has that a standard queue has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fifo {
    /// `ContentBasedDeduplication`.
    pub content_based: bool,
    /// `DeduplicationScope`.
    pub scope: DeduplicationScope,
    /// `FifoThroughputLimit`.
    pub limit: ThroughputLimit,
}

/// In what a FIFO queue takes a message once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeduplicationScope {
    /// `queue`
    Queue,
    /// `messageGroup`
    Group,
}

/// By what the throughput of a FIFO queue is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThroughputLimit {
    /// `perQueue`
    PerQueue,
    /// `perMessageGroupId`: high throughput.
    PerGroup,
}

/// `RedrivePolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// `deadLetterTargetArn`.
    pub dead_letter_queue: QueueId,
    /// `maxReceiveCount`.
    pub receives_max: u32,
}

/// What takes messages and stores none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// A topic.
    Topic,
    /// A bus.
    Bus,
    /// A bucket.
    Bucket,
}

/// A topic, a bus or a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Sink {
    /// Its name in the file.
    pub name: String,
    /// What it is.
    pub kind: SinkKind,
    /// Share of publishes refused with a 5xx.
    pub system_error_rate: Probability,
    /// Deleted, or the permission lost.
    pub forbidden: bool,
}

/// A rule of a bus; what it does is in its outlets.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRule {
    /// Its name in the file.
    pub name: String,
}

/// Where an outlet's messages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutletOf {
    /// A subscription of this topic.
    Topic(SinkId),
    /// A target of this rule of this bus.
    Rule(SinkId, RuleId),
    /// A service that hands on what this caller or call starts.
    Call(CallId),
}

impl OutletOf {
    /// The topic or bus, if there is one.
    pub const fn sink(self) -> Option<SinkId> {
        match self {
            OutletOf::Topic(sink) | OutletOf::Rule(sink, _) => Some(sink),
            OutletOf::Call(_) => None,
        }
    }
}

/// A subscription, a rule's target, or a service that hands a call's events to its function.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlet {
    /// The name of the subscription, of the rule or of the call.
    pub name: String,
    /// Names its luck, which is nobody else's.
    pub luck: String,
    /// Where its messages come from.
    pub origin: OutletOf,
    /// The service that hands them on.
    pub service: Service,
    /// Who gets them.
    pub target: Target,
    /// Which it wants; none: all.
    pub wants: Option<Pattern>,
    /// `State`: whether it wants any.
    pub enabled: bool,
    /// Deleted, or the permission lost.
    pub forbidden: bool,
    /// Share of attempts refused with a 5xx, whoever is to get it.
    pub system_error_rate: Probability,
    /// How it tries again.
    pub tries: Tries,
    /// How long a message is on its way.
    pub delay: Quantity,
    /// `FlexibleTimeWindow`: as much longer, at most.
    pub window: Span,
    /// The dead-letter queue.
    pub dead_letter: Option<Target>,
    /// `ServiceTimeout`: how long the operation waits for the function's answer.
    pub patience: Span,
}

impl Outlet {
    /// What makes its copies: its own name, so that no other outlet moves their luck.
    pub fn maker(&self) -> u64 {
        name_key(&format!("outlet/{}", self.luck))
    }
}

/// An event source mapping on a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// Its name in the file.
    pub name: String,
    /// `EventSourceArn`.
    pub queue: QueueId,
    /// `FunctionName`.
    pub function: FunctionId,
    /// `BatchSize`.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`.
    pub window: Span,
    /// `FunctionResponseTypes: [ReportBatchItemFailures]`.
    pub reports_failures: bool,
    /// `ScalingConfig.MaximumConcurrency`.
    pub concurrency_max: Option<u32>,
    /// `ProvisionedPollerConfig`.
    pub provisioned: Option<ProvisionedPollers>,
    /// `FilterCriteria`: a message that fits one of them is wanted; none wants all.
    pub filters: Vec<Pattern>,
    /// `Enabled`.
    pub enabled: bool,
}

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A Kinesis data stream.
    Kinesis,
    /// A DynamoDB stream.
    DynamoDb,
    /// A topic of Amazon MSK.
    Msk,
    /// A topic of a Kafka cluster of one's own.
    Kafka,
    /// A queue of an ActiveMQ broker of Amazon MQ.
    ActiveMq,
    /// A queue of a RabbitMQ broker of Amazon MQ.
    RabbitMq,
    /// A change stream of DocumentDB.
    DocumentDb,
}

/// A stream, or what is read like one: a topic of Kafka, a queue of a broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its name in the file.
    pub name: String,
    /// What it is.
    pub source: Source,
    /// `ShardCount`: shards or partitions; of a broker's queue 1.
    pub shards: u32,
    /// How long a record is kept.
    pub retention: Span,
    /// Share of puts refused with a 5xx.
    pub system_error_rate: Probability,
    /// Deleted, or the permission lost.
    pub forbidden: bool,
}

/// Where a mapping on a stream begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// `TRIM_HORIZON`: with the oldest record.
    TrimHorizon,
    /// `LATEST`: with what comes once it reads.
    Latest,
    /// `AT_TIMESTAMP`: with what came then or later.
    At(Time),
}

/// `ProvisionedPollerConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvisionedPollers {
    /// `MinimumPollers`.
    pub min: u32,
    /// `MaximumPollers`; not below `min`.
    pub max: u32,
}

/// An event source mapping on a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its name in the file.
    pub name: String,
    /// `EventSourceArn`.
    pub stream: StreamId,
    /// `FunctionName`.
    pub function: FunctionId,
    /// `BatchSize`.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`.
    pub window: Span,
    /// `ParallelizationFactor`: batches of one shard at once.
    pub parallelization: u32,
    /// `StartingPosition`.
    pub start: Start,
    /// `MaximumRetryAttempts`; none: until the records expire.
    pub retries_max: Option<u32>,
    /// `MaximumRecordAgeInSeconds`; none: any age.
    pub age_max: Option<Span>,
    /// `BisectBatchOnFunctionError`.
    pub bisects: bool,
    /// `FunctionResponseTypes: [ReportBatchItemFailures]`.
    pub reports_failures: bool,
    /// `TumblingWindowInSeconds`; none: no windows with state.
    pub tumbling: Option<Span>,
    /// `DestinationConfig.OnFailure.Destination`.
    pub on_failure: Option<Target>,
    /// `FilterCriteria`: a record that fits one of them is wanted; none wants all.
    pub filters: Vec<Pattern>,
    /// Reads by enhanced fan-out: what is put is pushed.
    pub fan_out: bool,
    /// `ProvisionedPollerConfig`, of Kafka.
    pub provisioned: Option<ProvisionedPollers>,
    /// `Enabled`.
    pub enabled: bool,
}

/// A service that callers and functions ask and wait for: a database, another's API.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// Its name in the file.
    pub name: String,
    /// Requests that it serves at once; none: as many as come.
    pub concurrency: Option<u32>,
    /// Requests that may wait for a place; none: as many as come.
    pub queue: Option<u32>,
    /// How long it serves one.
    pub service_time: Quantity,
    /// How many it accepts in the long run; none: all.
    pub rate: Option<TokenRate>,
    /// Share of the requests whose work ends in an error.
    pub error_rate: Probability,
    /// Whether it stops and forgets what nobody waits for any more.
    pub cancel_abandoned: bool,
    /// Share of requests refused with a 5xx.
    pub system_error_rate: Probability,
    /// Deleted, or the permission lost.
    pub forbidden: bool,
}

/// A limit on requests by a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRate {
    /// So many tokens come back …
    pub tokens: u64,
    /// … in this time, which is above 0.
    pub per: Span,
    /// Tokens in a full bucket.
    pub burst: u64,
}

/// A caller, or an entry of a function's `calls`.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// A caller's name; a call's is `FUNCTION.calls.N`.
    pub name: String,
    /// How the target is asked.
    pub via: Via,
    /// The service between, if it waits.
    pub integration: Option<Box<Integration>>,
    /// The service between, if it buffers.
    pub buffering: Option<Buffering>,
    /// Whom it asks.
    pub target: Target,
    /// How long it waits for an answer.
    pub timeout: Option<Span>,
    /// What it does with a refusal.
    pub retry: Retry,
    /// Size of a payload, in bytes.
    pub payload_bytes: Quantity,
    /// `DelaySeconds` of each message.
    pub delay: Option<Span>,
    /// Whether it gives words of its own.
    pub words: bool,
    /// When it asks; a function's call has none.
    pub arrivals: Vec<Arrivals>,
}

/// How a target is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// `Invoke`, or a request to a dependency, and wait for the answer.
    Invoke,
    /// `Invoke` with `InvocationType: Event`.
    InvokeAsync,
    /// `SendMessage`, `Publish`, `PutEvents`: the target's own API.
    Send,
    /// Through a service that stands between.
    Service(Service),
}

impl Call {
    /// What a run makes with it: a request that it waits for, or a message.
    pub fn makes(&self) -> Role {
        match self.target {
            Target::Dependency(_) => Role::Request,
            _ if self.via.waits() => Role::Request,
            _ => Role::Message(Origin::Call),
        }
    }
}

impl Via {
    /// Whether the requester waits until the function has run.
    pub const fn waits(self) -> bool {
        match self {
            Via::Invoke => true,
            Via::InvokeAsync | Via::Send => false,
            Via::Service(service) => matches!(service.manner(), Manner::Waits | Manner::Operates),
        }
    }
}

impl Via {
    /// Whether a function asked so has the request in its event queue.
    pub const fn queues(self) -> bool {
        match self {
            Via::InvokeAsync => true,
            Via::Invoke | Via::Send => false,
            Via::Service(service) => service.carrier().is_some(),
        }
    }
}

/// A service that waits, as a call has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// Which.
    pub service: Service,
    /// How long it waits for one answer; none: as long as the function may run.
    pub limit: Option<Span>,
    /// How long it waits for all tries together.
    pub within: Option<Span>,
    /// How it asks again.
    pub again: Again,
    /// The largest request that it takes, in bytes.
    pub bytes_max: Option<u32>,
    /// Whether the account's request rate at API Gateway bounds it.
    pub gateway: bool,
    /// What it makes of a throttle, where that is assumed.
    pub throttle_means: Answer,
}

/// How a Firehose stream has its records transformed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buffering {
    /// The buffer is full with so many bytes …
    pub bytes: u64,
    /// … or so long after its first record.
    pub interval: Span,
    /// Tries of a batch after the first.
    pub retries: u32,
    /// The wait before each.
    pub retry_delay: Span,
}

/// How a service that waits asks again.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// Not at all.
    Never,
    /// So many times more, after these answers.
    Same {
        /// Tries after the first.
        retries: u32,
        /// The wait before each.
        wait: Span,
        /// After which answers.
        after: Vec<Answer>,
    },
    /// As an SDK does.
    Sdk {
        /// Its mode.
        mode: sdk::Mode,
        /// Attempts in all.
        attempts: u32,
    },
    /// The `Retry` field of a state.
    Blocks(Vec<Retrier>),
}

/// A requester's own retries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retry {
    /// Attempts in all, at least 1. 0 stands for 1.
    pub attempts: u32,
    /// The waits between them.
    pub backoff: Backoff,
    /// Retries allowed as a share of successes; none: no budget.
    pub budget: Option<f64>,
}

/// Waits between a requester's attempts.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// The same law for each.
    Constant(Quantity),
    /// `base` doubling up to `cap`, with jitter.
    Exponential {
        /// The first wait.
        base: Span,
        /// The longest wait.
        cap: Span,
        /// How it is spread.
        jitter: Jitter,
    },
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff::Constant(Quantity::Plain(0))
    }
}

/// How a wait is spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Uniform between 0 and the wait.
    Full,
    /// Uniform between half the wait and the wait.
    Equal,
    /// Uniform between the base and three times the last wait.
    Decorrelated,
}

/// One arrival process.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// The process.
    pub process: Process,
    /// It begins here.
    pub from: Time,
    /// It stops before this.
    pub until: Time,
    /// So many at once.
    pub count: u64,
    /// It begins again each time this has passed.
    pub repeat: Option<Span>,
}

impl Arrivals {
    fn is_stationary(&self, duration: Time) -> bool {
        let always = self.from == Time::ZERO && self.until >= duration && self.repeat.is_none();
        let even = match &self.process {
            Process::Poisson(_) | Process::Every(_) | Process::Closed { .. } => true,
            Process::At(_) | Process::Profile(_) => false,
        };
        always && even
    }
}

/// When arrivals come. Rates are per nanosecond, `scale` is in them already.
#[derive(Clone, Debug, PartialEq)]
pub enum Process {
    /// At random, at this rate.
    Poisson(f64),
    /// One after each such time, the first at `from`.
    Every(Span),
    /// At these times after time 0, in order.
    At(Arc<[Time]>),
    /// At random, at a rate that changes.
    Profile(Arc<[Segment]>),
    /// Clients that ask, wait for the answer, think and ask again.
    Closed {
        /// How many.
        clients: u32,
        /// How long each thinks.
        think_time: Quantity,
    },
}

/// A stretch of a rate profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// It ends so long after `from`.
    pub until: Span,
    /// The rate at its beginning.
    pub first: f64,
    /// The rate at its end.
    pub last: f64,
}

/// Where AWS documents nothing: each with its default, and each can be set in a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumptions {
    /// A message received so often goes to the back of its queue (Z14); none: never.
    pub back_of_queue_after: Option<u32>,
    /// What a mapping does with a throttled batch (Z3).
    pub throttled_poll: ThrottledPoll,
    /// The first wait of `retry_within_visibility`; it doubles (Z3).
    pub throttled_poll_spacing: Span,
    /// How many pollers an idle mapping keeps (Z1).
    pub idle_pollers: u32,
    /// How long a mapping takes to give its other pollers back (Z16).
    pub scale_down_time: Span,
    /// Batches at once with which a mapping begins (E35).
    pub pollers_initial: u32,
    /// How many it adds a minute while messages remain (E36).
    pub pollers_per_minute: u32,
    /// How many it has at most (E36).
    pub pollers_max: u32,
    /// Whether errors lower a mapping's concurrency (Z4).
    pub error_backoff: bool,
    /// Whether a delete with a superseded handle deletes (Z5).
    pub superseded_delete_deletes: bool,
    /// Messages in flight in a queue (S12, S44).
    pub in_flight_max: u32,
    /// Of a FIFO queue, how many of its oldest messages a receive looks at (S45).
    pub fifo_search_window: u32,
    /// Of a FIFO queue of high throughput, the sends and the receives a second (S46).
    pub fifo_high_throughput: u32,
    /// A group of a standard queue is noisy above this share of what is in flight, in millionths (Z15).
    pub noisy_group_share_ppm: u32,
    /// A group with fewer messages in flight is not noisy (Z15).
    pub noisy_group_min: u32,
    /// SQS's own rate for a move task without one, messages a second (S33).
    pub move_task_rate: u32,
    /// Whether an event is still tried when age and wait together are just the maximum age (A2.18).
    pub age_equality_retries: bool,
    /// Requests a second that API Gateway takes for the account, and at once at most (SC26).
    pub gateway_rate: u32,
    /// See `gateway_rate`.
    pub gateway_burst: u32,
    /// How fast functions may get new environments (U2).
    pub scaling: Scaling,
    /// Whether requests a second are limited (U1).
    pub request_rate_limit: bool,
    /// From a changed provisioned concurrency to the first environment made for it (SN5).
    pub provisioned_start_delay: Span,
    /// How many points beyond its `EvaluationPeriods` an alarm looks at where some are missing (CW3).
    pub alarm_range_extra: u32,
    /// Whether the month's free use is taken off the bill (SP9).
    pub free_tier: bool,
    /// How mappings on streams read and try again.
    pub streams: StreamAssumptions,
}

/// Of mappings on streams: where AWS documents nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamAssumptions {
    /// The first wait before a batch is tried again; it doubles (Z11).
    pub retry_base: Span,
    /// The longest (Z11).
    pub retry_cap: Span,
    /// Of a batch that is split, whether the second half comes first (Z12: it does not).
    pub second_half_first: bool,
    /// How often a shard of Kinesis is polled that had nothing (K19).
    pub kinesis_poll: Span,
    /// How often one of DynamoDB is (DS2).
    pub dynamodb_poll: Span,
    /// From the mapping's creation until `LATEST` begins (K4).
    pub latest_delay: Span,
    /// How long the end of a tumbling window waits where no records arrive (K24).
    pub window_idle: Span,
}

impl Default for StreamAssumptions {
    fn default() -> Self {
        StreamAssumptions {
            retry_base: Span::millis(200),
            retry_cap: Span::secs(60),
            second_half_first: false,
            kinesis_poll: Span::secs(1),
            dynamodb_poll: Span::millis(250),
            latest_delay: Span::ZERO,
            window_idle: Span::ZERO,
        }
    }
}

impl Default for Assumptions {
    fn default() -> Self {
        Assumptions {
            back_of_queue_after: Some(3),
            throttled_poll: ThrottledPoll::RetryWithinVisibility,
            throttled_poll_spacing: Span::millis(3600),
            idle_pollers: 5,
            scale_down_time: Span::mins(1),
            pollers_initial: 5,
            pollers_per_minute: 300,
            pollers_max: 1250,
            error_backoff: false,
            superseded_delete_deletes: false,
            in_flight_max: 120_000,
            fifo_search_window: 120_000,
            fifo_high_throughput: 70_000,
            noisy_group_share_ppm: 1_000_000,
            noisy_group_min: 30,
            move_task_rate: 500,
            age_equality_retries: true,
            gateway_rate: 10_000,
            gateway_burst: 5_000,
            scaling: Scaling::Continuous,
            request_rate_limit: true,
            provisioned_start_delay: Span::secs(90),
            alarm_range_extra: 2,
            free_tier: false,
            streams: StreamAssumptions::default(),
        }
    }
}

/// How fast functions may get new environments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Each function 1,000 at once and 100 a second more (SN10).
    Continuous,
    /// Each function 1,000 in each ten seconds (SN9).
    Stepwise,
    /// The account so many at once and 500 a minute more, as until November 2023 (SN12).
    Burst(u32),
    /// As fast as they are asked for.
    Off,
}

/// What a mapping does with a throttled batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottledPoll {
    /// Tries again, ever more slowly, while a run would still end within the visibility timeout.
    RetryWithinVisibility,
    /// Lets it go after one try.
    OneTry,
    /// Tries again as soon as a slot frees, until the visibility timeout is over.
    WhenASlotFrees,
}

/// The names of a run, for outputs.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(pub &'a Resources);

impl Names<'_> {
    /// A mapping's name.
    pub fn mapping(&self, id: MappingId) -> &str {
        &self.0.mappings[id.index()].name
    }
    /// A topic's or bus's name.
    pub fn sink(&self, id: SinkId) -> &str {
        &self.0.sinks[id.index()].name
    }
}
