//! Words that components and observers share: ids, what is invoked, how it ended, who wants to know.

/// Defines newtype ids, so that a queue's number is never taken for a function's.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty),)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);
        impl $name {
            /// The position in the vector of its kind.
            pub fn index(self) -> usize {
                self.0 as usize
            }
            /// The id of position `index`. Panics beyond what the id can hold.
            pub fn at(index: usize) -> $name {
                $name(<$inner>::try_from(index).expect("more of a kind than its id can count"))
            }
        }
    )*};
}

ids! {
    /// A function, in file order.
    FunctionId(u16),
    /// A queue, in file order.
    QueueId(u16),
    /// A topic, a bus or a bucket, in file order.
    SinkId(u16),
    /// An event source mapping, in file order.
    MappingId(u16),
    /// A stream, in file order.
    StreamId(u16),
    /// An event source mapping on a stream, in file order among those.
    ReaderId(u16),
    /// A shard or partition of a stream, numbered as they were opened.
    ShardId(u32),
    /// A dependency, in file order.
    DependencyId(u16),
    /// An alarm, in file order.
    AlarmId(u16),
    /// A rule of a bus, in file order.
    RuleId(u16),
    /// A subscription, a rule's target, or a service that hands a call's events to its function.
    OutletId(u16),
    /// A caller, or an entry of a function's `calls`: callers first, each in file order.
    CallId(u16),
    /// A payload in the [`Register`](super::Register).
    PayloadId(u32),
    /// A batch in the [`Register`](super::Register).
    BatchId(u32),
    /// A chain of invocations, for the recursion guard.
    LineageId(u32),
}

/// Where something can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A function.
    Function(FunctionId),
    /// A queue.
    Queue(QueueId),
    /// A topic, a bus or a bucket.
    Sink(SinkId),
    /// A stream.
    Stream(StreamId),
    /// A dependency: asked and waited for.
    Dependency(DependencyId),
    /// Something outside the file (`arn:…`) that takes everything.
    Outside,
}

/// What one run of a function is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// One event.
    One(PayloadId),
    /// A batch of records.
    Batch(BatchId),
}

/// Who is told how an invocation ended. The `slot` is the asker's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// The event queue of a function.
    EventQueue(FunctionId, u32),
    /// An event source mapping on a queue.
    Mapping(MappingId, u32),
    /// An event source mapping on a stream.
    Reader(ReaderId, u32),
    /// A caller, or a function's call.
    Call(CallId, u32),
    /// The service between a caller or call and the function.
    Service(CallId, u32),
    /// The Firehose stream between a caller or call and the function.
    Firehose(CallId, u32),
}

impl ReplyTo {
    /// Whether the asker waits for the answer as a client does (`RequestResponse` by others than Lambda).
    #[inline]
    pub const fn is_client(self) -> bool {
        matches!(self, ReplyTo::Call(..) | ReplyTo::Service(..) | ReplyTo::Firehose(..))
    }
}

/// How an invocation ended, as its asker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler returned. Of a batch, the records say which of them failed.
    Succeeded,
    /// The code ran and failed: exception, timeout, crash. HTTP 200 with `X-Amz-Function-Error`.
    FunctionError(ErrorKind),
    /// 429: the code did not run.
    Throttled,
    /// 5xx: the code did not run.
    SystemError,
    /// Reserved concurrency is 0: a 429 that the event queue does not retry.
    ZeroReservedConcurrency,
    /// The recursion guard stopped it: the code did not run.
    RecursiveInvocation,
    /// 404 or 403: the function is deleted, or the permission is lost.
    NotFound,
}

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The run failed by itself (`error_rate`).
    Handler,
    /// A record failed and the handler threw (`poison_rate`, `record_error_rate`, a failed call).
    Record,
    /// It reached the function's `Timeout`.
    Timeout,
}

impl ErrorKind {
    /// The word of the outputs.
    pub const fn word(self) -> &'static str {
        match self {
            ErrorKind::Handler => "error",
            ErrorKind::Record => "record_error",
            ErrorKind::Timeout => "timeout",
        }
    }
}

/// Why an asynchronous event was given up: `requestContext.condition` of the invocation record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// It ran and succeeded.
    Success,
    /// Its retries are spent.
    RetriesExhausted,
    /// The next try would come after the maximum event age.
    EventAgeExceeded,
    /// Reserved concurrency is 0.
    ZeroReservedConcurrency,
    /// The recursion guard stopped it.
    RecursiveInvocation,
}

impl Condition {
    /// The word AWS uses.
    pub const fn word(self) -> &'static str {
        match self {
            Condition::Success => "Success",
            Condition::RetriesExhausted => "RetriesExhausted",
            Condition::EventAgeExceeded => "EventAgeExceeded",
            Condition::ZeroReservedConcurrency => "ZeroReservedConcurrency",
            Condition::RecursiveInvocation => "RecursiveInvocation",
        }
    }
}

/// What an API answered to one who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Accepted.
    Accepted,
    /// A 5xx: to be tried again.
    SystemError,
    /// Over a limit of requests or bytes: to be tried again.
    Throttled,
    /// Deleted, or the permission is lost: no use to try again.
    Refused,
}

/// Why a message is deleted by its consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It was processed.
    Processed,
    /// The filter did not want it.
    Filtered,
}

/// How a message came into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `SendMessage` by a caller, a call or a success destination.
    Sent,
    /// `SendMessage` by Lambda: a function's dead-letter queue or failure destination.
    DeadLetter,
    /// Moved by SQS under a redrive policy.
    Redriven,
    /// Moved back by a message move task.
    MovedBack,
}

/// Who is told what became of something sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Nobody; if the send is refused, its hold is still the sender's.
    None,
    /// A caller, or a function's call.
    Call(CallId, u32),
    /// A function's dead-letter queue or destination.
    Delivery(FunctionId, u32),
    /// A subscription, a rule's target, or a service that hands events on.
    Outlet(u32),
    /// The failure destination of a mapping on a stream.
    Reader(ReaderId, u32),
}

/// Why a mapping on a stream gave records up: `condition` of the failure record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GivenUp {
    /// Its `MaximumRetryAttempts` are spent.
    RetryAttemptsExhausted,
    /// It is older than `MaximumRecordAgeInSeconds`.
    RecordAgeExceeded,
    /// It is larger than what can be given to a function.
    Oversized,
}

impl GivenUp {
    /// The word AWS uses.
    pub const fn word(self) -> &'static str {
        match self {
            GivenUp::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            GivenUp::RecordAgeExceeded => "RecordAgeExceeded",
            GivenUp::Oversized => "Oversized",
        }
    }
}

/// Why a service gave up handing something on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undelivered {
    /// Who was to get it is deleted, or the permission is lost.
    Forbidden,
    /// It was tried as often, or for as long, as the service tries.
    Exhausted,
    /// The service had stopped handing on for a while.
    SwitchedOff,
}

impl Undelivered {
    /// The word of `[reason=…]`.
    pub const fn word(self) -> &'static str {
        match self {
            Undelivered::Forbidden => "EndpointForbidden",
            Undelivered::Exhausted => "DeliveryExhausted",
            Undelivered::SwitchedOff => "DeliverySwitchedOff",
        }
    }
}

/// A question of a caller or a function's call: whose, and in which of its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Whose.
    pub call: CallId,
    /// Its own.
    pub slot: u32,
}

/// A run that waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunToken {
    /// The run.
    pub slot: u32,
    /// Which use of the slot: a later run in it is another.
    pub number: u32,
}
