//! Facts: what happened, for those who watch. The model's only way out.
//!
//! If a metric needs something, it is put on a fact. Past tense, plain and `Copy`. A fact that moves
//! a payload in the ledger says so in [`Fact::moves`], and nothing else moves one.

use super::{
    config::Resources,
    outcome::Reason,
    register::{Move, Place, Register, Why},
    rule::Rule,
    vocabulary::{
        BatchId, CallId, Condition, Deletion, DependencyId, Entry, ErrorKind, FunctionId, GivenUp,
        MappingId, OutletId, PayloadId, QueueId, ReaderId, ShardId, SinkId, StreamId, Undelivered,
        Work,
    },
};
use crate::kernel::{Span, Time};
use std::{cell::RefCell, rc::Rc};

/// Watches a run. It cannot touch the model.
pub trait Observer {
    /// A fact, at the moment it becomes true.
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact);
    /// The clock passes a sampling point: the age of the queue's oldest message, which only it knows.
    fn sampled(&mut self, _now: Time, _queue: QueueId, _oldest: Option<Span>) {}
    /// The resources are these from now on.
    fn configured(&mut self, _now: Time, _resources: &Resources) {}
    /// An arrival is over: nothing of it is held any more, and its outcome is final. Of those that are not
    /// over when the run ends, the register knows.
    fn over(&mut self, _now: Time, _register: &Register, _root: PayloadId) {}
}

/// Nobody watches.
impl Observer for () {
    fn saw(&mut self, _: &Moment<'_>, _: &Fact) {}
}

/// One watches whose kind is not known, and who is shared with whoever reads what it saw. The world is compiled
/// once for all of these; a fact costs some nanoseconds more than where the observer is known.
impl Observer for Rc<RefCell<dyn Observer + '_>> {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.borrow_mut().saw(moment, fact);
    }
    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        self.borrow_mut().sampled(now, queue, oldest);
    }
    fn configured(&mut self, now: Time, resources: &Resources) {
        self.borrow_mut().configured(now, resources);
    }
    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        self.borrow_mut().over(now, register, root);
    }
}

/// Two watch.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.0.saw(moment, fact);
        self.1.saw(moment, fact);
    }
    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        self.0.sampled(now, queue, oldest);
        self.1.sampled(now, queue, oldest);
    }
    fn configured(&mut self, now: Time, resources: &Resources) {
        self.0.configured(now, resources);
        self.1.configured(now, resources);
    }
    #[inline]
    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        self.0.over(now, register, root);
        self.1.over(now, register, root);
    }
}

/// Perhaps one watches.
impl<A: Observer> Observer for Option<A> {
    #[inline]
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if let Some(observer) = self {
            observer.saw(moment, fact);
        }
    }
    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        if let Some(observer) = self {
            observer.sampled(now, queue, oldest);
        }
    }
    fn configured(&mut self, now: Time, resources: &Resources) {
        if let Some(observer) = self {
            observer.configured(now, resources);
        }
    }
    #[inline]
    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        if let Some(observer) = self {
            observer.over(now, register, root);
        }
    }
}

/// What surrounds a fact.
#[derive(Debug)]
pub struct Moment<'a> {
    /// When.
    pub now: Time,
    /// Which rule says so.
    pub rule: Rule,
    /// What is known of the payloads; the fact's own is there.
    pub register: &'a Register,
    /// How the payload moved in the ledger, if the fact moved it.
    pub moved: Option<Move>,
}

/// The resource that a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A caller or a function's call.
    Call(CallId),
    /// A function.
    Function(FunctionId),
    /// A queue.
    Queue(QueueId),
    /// A topic, a bus or a bucket.
    Sink(SinkId),
    /// An event source mapping.
    Mapping(MappingId),
    /// A dependency.
    Dependency(DependencyId),
    /// A subscription, a rule's target, or a service that hands events on.
    Outlet(OutletId),
    /// A stream.
    Stream(StreamId),
    /// An event source mapping on a stream.
    Reader(ReaderId),
}

/// The state that a message in a queue was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// Within its delay.
    Delayed,
    /// Receivable.
    Visible,
    /// Received and hidden.
    InFlight,
}

/// What made a further copy of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// An entry of a function's `calls`.
    Call(CallId),
    /// A destination of a function.
    Destination(FunctionId),
    /// A subscription, a rule's target, or a service that hands events on.
    Outlet(OutletId),
    /// An event source mapping on a stream: a record for itself where another reads too, or the call that
    /// ends a window.
    Reader(ReaderId),
}

/// What a requester was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It worked: 200 for a run, 202 for an accepted event.
    Ok,
    /// 200 with a function error.
    FunctionError,
    /// 429.
    Throttled,
    /// 500.
    SystemError,
    /// 404: deleted, or the permission is lost.
    NotFound,
    /// 400: the recursion guard.
    Recursive,
    /// Nothing within the requester's `timeout`.
    TimedOut,
    /// The run reached the function's own `Timeout`, as a service between tells it apart.
    FunctionTimeout,
    /// The service between waited as long as it does.
    LimitReached,
    /// 503: the service between, or a dependency, takes no more: nothing was done.
    Overloaded,
    /// The request is larger than the service between or Lambda takes.
    TooLarge,
    /// 500: the work of a dependency ended in an error.
    Failed,
}

impl Answer {
    /// How many there are.
    pub const COUNT: usize = Answer::Failed as usize + 1;

    /// Whether the code ran.
    pub const fn ran(self) -> bool {
        matches!(self, Answer::Ok | Answer::FunctionError | Answer::FunctionTimeout)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "a field's name and type say what it is")]
pub enum Fact {
    // Callers and calls.
    /// A caller started a payload.
    Arrived { call: CallId, payload: PayloadId },
    /// A further copy of a payload was made.
    Copied { maker: Maker, payload: PayloadId },
    /// A request was made; `attempt` counts from 1.
    Requested { call: CallId, payload: PayloadId, attempt: u32 },
    /// A request was answered, or given up, `took` after it was made.
    Answered { call: CallId, payload: PayloadId, answer: Answer, took: Span },
    /// The next request for the same payload comes in `wait`.
    RequestRetried { call: CallId, payload: PayloadId, wait: Span },
    /// The service between asks the function again in `wait`, for the `attempt`th time.
    ServiceRetried { call: CallId, payload: PayloadId, attempt: u32, wait: Span },
    /// One who waits has what it waited for, `since` after its first request.
    Resolved { call: CallId, payload: PayloadId, ok: bool, since: Span },
    /// A run ended whose requester had given up waiting.
    Unawaited { function: FunctionId, payload: PayloadId },

    // Firehose.
    /// A record was taken into the buffer.
    Buffered { call: CallId, payload: PayloadId },
    /// The buffer was full: the record goes to the function with the others.
    HandedOver { call: CallId, payload: PayloadId },
    /// The function transformed the record, which is delivered.
    Transformed { call: CallId, payload: PayloadId },
    /// The record was given up and lies in the error bucket.
    ProcessingFailed { call: CallId, payload: PayloadId },

    // The event queue of a function.
    /// An asynchronous invocation was accepted (202).
    Accepted { function: FunctionId, payload: PayloadId },
    /// An event was tried, `age` after it was accepted. `first`: never tried before.
    Tried { function: FunctionId, payload: PayloadId, age: Span, first: bool },
    /// An event that succeeded was delivered once more.
    Redelivered { function: FunctionId, payload: PayloadId },
    /// It goes back to the queue for `wait`.
    Requeued { function: FunctionId, payload: PayloadId, wait: Span },
    /// It waits for capacity, first in first out (`when_throttled: wait`).
    Queued { function: FunctionId, payload: PayloadId },
    /// It is done, `age` after it was accepted.
    Completed { function: FunctionId, payload: PayloadId, age: Span },
    /// It was given up after `runs` runs, `age` after it was accepted.
    Discarded {
        function: FunctionId,
        payload: PayloadId,
        condition: Condition,
        runs: u32,
        age: Span,
    },
    /// Nobody kept what was given up.
    Dropped { function: FunctionId, payload: PayloadId, condition: Condition },
    /// It went to a failure destination that is no queue of the file.
    DeadLettered { function: FunctionId, payload: PayloadId },
    /// The dead-letter queue could not be written.
    DeadLetterFailed { function: FunctionId, payload: PayloadId },
    /// A destination could not be written.
    DestinationFailed { function: FunctionId, payload: PayloadId },

    // The invoke plane.
    /// A run of `work`, which is `records` records, began in an environment, cold if `cold` is some
    /// (its Init's length); `provisioned` if the environment is.
    RunStarted {
        function: FunctionId,
        payload: PayloadId,
        work: Work,
        attempt: u32,
        records: u32,
        cold: Option<Span>,
        provisioned: bool,
    },
    /// A run ended that began at `started` and whose handler took `ran`; `error` if it failed.
    RunEnded {
        function: FunctionId,
        payload: PayloadId,
        started: Time,
        ran: Span,
        error: Option<ErrorKind>,
        provisioned: bool,
    },
    /// From now on so many provisioned environments can be used; making them is billed so much.
    Provisioned { function: FunctionId, environments: u32, billed_ms: u64 },
    /// What the run that ends costs: `billed` milliseconds, at another price if its environment is
    /// `provisioned`; `wasted` if it failed or only repeated.
    Billed {
        function: FunctionId,
        payload: PayloadId,
        billed_ms: u64,
        wasted: bool,
        provisioned: bool,
    },
    /// A run processed this payload, for the `nth` time.
    Processed { function: FunctionId, payload: PayloadId, nth: u32 },
    /// A run failed on this payload.
    RecordFailed { function: FunctionId, payload: PayloadId },
    /// 429 for `work`.
    Throttled { function: FunctionId, payload: PayloadId, work: Work },
    /// 5xx.
    SystemErred { function: FunctionId, payload: PayloadId },
    /// The recursion guard stopped an invocation.
    LoopStopped { function: FunctionId, payload: PayloadId },
    /// 404: deleted, or the permission is lost.
    Missing { function: FunctionId, payload: PayloadId },

    // Queues.
    /// A message came into a queue; `place` is where the ledger has it now.
    Enqueued { queue: QueueId, payload: PayloadId, entry: Entry, delayed: bool, place: Place },
    /// A queue refused a message (5xx, deleted, or the permission is lost).
    SendRefused { queue: QueueId, payload: PayloadId },
    /// A FIFO queue took a message for one that it had: it answered and stored nothing.
    Deduplicated { queue: QueueId, payload: PayloadId },
    /// Of a FIFO queue, so many groups have messages in flight from now on.
    GroupsInFlight { queue: QueueId, groups: u32 },
    /// Its delay is over.
    Appeared { queue: QueueId, payload: PayloadId },
    /// It was received for the `count`th time, among those of `batch`.
    Received { queue: QueueId, payload: PayloadId, count: u32, batch: BatchId },
    /// Its visibility timeout is over, or was set to 0.
    Returned { queue: QueueId, payload: PayloadId, count: u32 },
    /// It was deleted.
    Deleted { queue: QueueId, payload: PayloadId, why: Deletion, was: Held },
    /// A delete with a handle that is no longer the newest deleted nothing.
    DeleteIgnored { queue: QueueId, payload: PayloadId },
    /// Its retention is over.
    Expired { queue: QueueId, payload: PayloadId, was: Held },
    /// It left for the dead-letter queue; it comes in there as [`Entry::Redriven`].
    Redriven { queue: QueueId, payload: PayloadId, count: u32 },
    /// It left its dead-letter queue for where a move task brings it.
    MovedBack { queue: QueueId, payload: PayloadId },
    /// A receive returned nothing.
    EmptyReceive { queue: QueueId },
    /// A message move task began, or was refused because one is running.
    MoveTaskStarted { queue: QueueId, accepted: bool },
    /// A message move task ended after `moved` messages.
    MoveTaskEnded { queue: QueueId, moved: u64 },
    /// A message was purged.
    Purged { queue: QueueId, payload: PayloadId, was: Held },

    // Event source mappings.
    /// Messages were read from the queue, which AWS bills as so many requests.
    Polled { mapping: MappingId, events: u32, requests: u64 },
    /// A message was dropped by the filter, the `nth` of those received with it.
    FilteredOut { mapping: MappingId, payload: PayloadId, nth: u32 },
    /// A batch was sent to the function.
    Invoked { mapping: MappingId, events: u32 },
    /// Of a batch, so many events failed.
    InvokeFailed { mapping: MappingId, events: u32 },
    /// So many events were deleted after success.
    EventsDeleted { mapping: MappingId, events: u32 },
    /// A batch was let go: its messages return by themselves.
    LetGo { mapping: MappingId, events: u32 },
    /// The number of batches at once that the mapping may have now.
    PollersScaled { mapping: MappingId, pollers: u32 },

    // Streams, and event source mappings on them.
    /// A record came into a shard. `place`: where the ledger has it; it rests where nobody reads.
    Put { stream: StreamId, payload: PayloadId, shard: ShardId, place: Place },
    /// A put was refused: a 5xx, deleted, or `throttled`, over the limits of the shard.
    PutRefused { stream: StreamId, payload: PayloadId, throttled: bool },
    /// A stream has so many open shards from now on.
    Resharded { stream: StreamId, shards: u32 },
    /// A record waits for this mapping: its own copy, or the record itself.
    Awaits { reader: ReaderId, payload: PayloadId, shard: ShardId },
    /// The mapping got so many records of a shard.
    RecordsRead { reader: ReaderId, shard: ShardId, events: u32 },
    /// The filter did not want a record: the mapping moves on.
    RecordFiltered { reader: ReaderId, payload: PayloadId, shard: ShardId },
    /// A record is in a batch for the first time: the `sequence`th of its lane, from 1.
    RecordTaken { reader: ReaderId, payload: PayloadId, shard: ShardId, lane: u32, sequence: u64 },
    /// A batch was sent to the function, for the `attempt`th time; `age` of its last record.
    BatchInvoked { reader: ReaderId, shard: ShardId, events: u32, attempt: u32, age: Span },
    /// Of a batch, so many events failed.
    BatchFailed { reader: ReaderId, shard: ShardId, events: u32 },
    /// A batch is tried again in `wait`, for the `attempt`th time.
    BatchRetried { reader: ReaderId, shard: ShardId, events: u32, attempt: u32, wait: Span },
    /// A batch of so many was split; the first part has `first`.
    Bisected { reader: ReaderId, shard: ShardId, events: u32, first: u32 },
    /// The mapping moved past a record that was processed: the `sequence`th of its lane.
    Checkpointed { reader: ReaderId, payload: PayloadId, shard: ShardId, lane: u32, sequence: u64 },
    /// The mapping gave a batch up, after `attempts` invocations as AWS counts them.
    BatchGivenUp { reader: ReaderId, shard: ShardId, events: u32, attempts: u32, why: GivenUp },
    /// A record of a batch that was given up.
    RecordGivenUp {
        reader: ReaderId,
        payload: PayloadId,
        shard: ShardId,
        lane: u32,
        sequence: u64,
        why: GivenUp,
    },
    /// The failure destination has what was given up: a queue of the file by a message of its own, this
    /// record beside it or in its place.
    RecordKept { reader: ReaderId, payload: PayloadId },
    /// Nobody kept a record that was given up.
    RecordDropped { reader: ReaderId, payload: PayloadId, why: GivenUp },
    /// The failure destination took the record of a batch of so many.
    FailureDelivered { reader: ReaderId, events: u32 },
    /// The failure destination could not be written; so many events are lost.
    FailureUndelivered { reader: ReaderId, events: u32 },
    /// The stream no longer has a record that this mapping had not done with; `read`: it had read it.
    RecordExpired {
        reader: ReaderId,
        payload: PayloadId,
        shard: ShardId,
        lane: u32,
        sequence: u64,
        read: bool,
    },
    /// A tumbling window ended for a shard after so many records in so many invocations.
    WindowClosed { reader: ReaderId, shard: ShardId, records: u64, invocations: u32 },
    /// The call that ended a window is done.
    WindowDone { reader: ReaderId, payload: PayloadId, ok: bool },
    /// So many pollers or lanes at once that a mapping may have now.
    LanesScaled { reader: ReaderId, lanes: u32 },

    // Dependencies.
    /// A request came to a dependency; `attempt` counts from 1.
    DependencyAsked { dependency: DependencyId, payload: PayloadId, attempt: u32 },
    /// It was refused at once.
    DependencyRefused { dependency: DependencyId, payload: PayloadId, answer: Answer },
    /// It waits for a place.
    WorkQueued { dependency: DependencyId, payload: PayloadId },
    /// Its work began, `waited` after it came; `queued`: from the queue.
    WorkStarted { dependency: DependencyId, payload: PayloadId, waited: Span, queued: bool },
    /// Its work is done, `ran` after it began and `took` after it came; awaited or not.
    WorkEnded { dependency: DependencyId, payload: PayloadId, ran: Span, took: Span, ok: bool },
    /// Who asked waits no longer.
    WorkAbandoned { dependency: DependencyId, payload: PayloadId },
    /// It was forgotten for that, `spent` after its work began (`started`) or after it came.
    WorkCancelled { dependency: DependencyId, payload: PayloadId, spent: Span, started: bool },

    // Topics, buses and what is outside.
    /// A topic or bus took a message; `sink` is none outside the file.
    Published { sink: Option<SinkId>, payload: PayloadId, place: Place },
    /// A topic or bus refused a message.
    PublishRefused { sink: SinkId, payload: PayloadId },
    /// A filter policy or pattern did not want a message that the topic or bus took.
    NotWanted { outlet: OutletId, payload: PayloadId },
    /// No subscription or rule wanted it.
    Unwanted { sink: SinkId, payload: PayloadId },

    // Services that hand events on.
    /// The service is to hand it on in `wait`.
    Handed { outlet: OutletId, payload: PayloadId, wait: Span },
    /// It was refused, and is handed on again in `wait`, for the `attempt`th time.
    DeliveryRetried { outlet: OutletId, payload: PayloadId, attempt: u32, wait: Span },
    /// Who was to get it took it, `took` after the service did: from here on it is theirs.
    HandedOn { outlet: OutletId, payload: PayloadId, took: Span },
    /// The service gave it up after `attempts` attempts.
    DeliveryFailed { outlet: OutletId, payload: PayloadId, why: Undelivered, attempts: u32 },
    /// Its dead-letter queue took what the service gave up.
    DeliveryKept { outlet: OutletId, payload: PayloadId },
    /// Its dead-letter queue refused what the service gave up.
    DeliveryNotKept { outlet: OutletId, payload: PayloadId },
    /// Nobody kept what the service gave up.
    DeliveryLost { outlet: OutletId, payload: PayloadId, why: Undelivered },
}

impl Fact {
    /// Why the fact moves its payload, for [`Register::place`].
    #[inline(always)]
    pub fn why(&self) -> Why {
        let given = match *self {
            Fact::Dropped { condition, .. } => Reason::GivenUp(condition),
            Fact::Purged { .. } => Reason::Purged,
            Fact::DeliveryLost { why, .. } => Reason::Undelivered(why),
            Fact::RecordDropped { why, .. } => Reason::Record(why),
            _ => Reason::None,
        };
        let queue = match *self {
            Fact::Enqueued { queue, .. } | Fact::Expired { queue, .. } => Some(queue),
            _ => None,
        };
        Why { given, queue }
    }

    /// The payload that the fact moves in the ledger, and to where.
    #[inline(always)]
    pub fn moves(&self) -> Option<(PayloadId, Place)> {
        use Fact::*;
        Some(match *self {
            Arrived { payload, .. } | Copied { payload, .. } => (payload, Place::InFlight),
            Resolved { payload, ok: true, .. } => (payload, Place::Succeeded),
            Buffered { payload, .. } => (payload, Place::Waiting),
            HandedOver { payload, .. } => (payload, Place::InFlight),
            Transformed { payload, .. } => (payload, Place::Succeeded),
            ProcessingFailed { payload, .. } => (payload, Place::DeadLettered),
            Resolved { payload, ok: false, .. } => (payload, Place::Failed),
            Accepted { payload, .. } | Requeued { payload, .. } | Queued { payload, .. } => {
                (payload, Place::Waiting)
            }
            Tried { payload, .. } => (payload, Place::InFlight),
            Completed { payload, .. } => (payload, Place::Succeeded),
            Dropped { payload, .. } | DeliveryLost { payload, .. } => (payload, Place::Dropped),
            Handed { payload, .. } | DeliveryRetried { payload, .. } => (payload, Place::Waiting),
            Unwanted { payload, .. } => (payload, Place::Filtered),
            DeadLettered { payload, .. } => (payload, Place::DeadLettered),
            Enqueued { payload, place, .. } | Published { payload, place, .. } => (payload, place),
            Received { payload, .. } => (payload, Place::InFlight),
            Returned { payload, .. } => (payload, Place::Waiting),
            Deleted { payload, why: Deletion::Processed, .. } => (payload, Place::Succeeded),
            Deleted { payload, why: Deletion::Filtered, .. } => (payload, Place::Filtered),
            Expired { payload, .. } => (payload, Place::Expired),
            Redriven { payload, .. } | MovedBack { payload, .. } => (payload, Place::InFlight),
            Purged { payload, .. } => (payload, Place::Dropped),
            Deduplicated { payload, .. } | RecordFiltered { payload, .. } => {
                (payload, Place::Filtered)
            }
            Put { payload, place, .. } => (payload, place),
            Awaits { payload, .. } => (payload, Place::Waiting),
            RecordTaken { payload, .. } => (payload, Place::InFlight),
            Checkpointed { payload, .. } | WindowDone { payload, ok: true, .. } => {
                (payload, Place::Succeeded)
            }
            WindowDone { payload, ok: false, .. } => (payload, Place::Failed),
            RecordKept { payload, .. } => (payload, Place::DeadLettered),
            RecordDropped { payload, .. } => (payload, Place::Dropped),
            RecordExpired { payload, .. } => (payload, Place::Expired),
            Requested { .. }
            | Answered { .. }
            | RequestRetried { .. }
            | ServiceRetried { .. }
            | Unawaited { .. }
            | Redelivered { .. }
            | Discarded { .. }
            | DeadLetterFailed { .. }
            | DestinationFailed { .. }
            | RunStarted { .. }
            | RunEnded { .. }
            | Provisioned { .. }
            | Billed { .. }
            | Processed { .. }
            | RecordFailed { .. }
            | Throttled { .. }
            | SystemErred { .. }
            | LoopStopped { .. }
            | Missing { .. }
            | SendRefused { .. }
            | GroupsInFlight { .. }
            | Appeared { .. }
            | DeleteIgnored { .. }
            | EmptyReceive { .. }
            | MoveTaskStarted { .. }
            | MoveTaskEnded { .. }
            | Polled { .. }
            | FilteredOut { .. }
            | Invoked { .. }
            | InvokeFailed { .. }
            | EventsDeleted { .. }
            | LetGo { .. }
            | PutRefused { .. }
            | Resharded { .. }
            | RecordsRead { .. }
            | BatchInvoked { .. }
            | BatchFailed { .. }
            | BatchRetried { .. }
            | Bisected { .. }
            | BatchGivenUp { .. }
            | RecordGivenUp { .. }
            | FailureDelivered { .. }
            | FailureUndelivered { .. }
            | WindowClosed { .. }
            | LanesScaled { .. }
            | PollersScaled { .. }
            | DependencyAsked { .. }
            | DependencyRefused { .. }
            | WorkQueued { .. }
            | WorkStarted { .. }
            | WorkEnded { .. }
            | WorkAbandoned { .. }
            | WorkCancelled { .. }
            | PublishRefused { .. }
            | NotWanted { .. }
            | HandedOn { .. }
            | DeliveryFailed { .. }
            | DeliveryKept { .. }
            | DeliveryNotKept { .. } => return None,
        })
    }
}
