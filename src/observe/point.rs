//! What each fact means in numbers: the definitions of the measures, each written once.
//!
//! ```text
//!   fact ──► points ──► Sink: the table of numbers (always)
//!                   └─► Sink: probes of thresholds (when there are some)
//! ```
//!
//! [`points`] is generic over its sink and inlined into each, so that for the table a point costs
//! what its addition costs. A throttled try is no invocation, an automatic move is no send: such
//! sentences live here and nowhere else.

use super::{
    guide::{Descent, FunctionNow, Guide},
    ledger::LedgerKind,
    measure::{Measure, Of, taken, typed as m},
};
use crate::{
    kernel::Time,
    model::{
        Fact, Moment, Place, Register, Resource, ResourceKind,
        config::{OutletOf, Resources, Source, Via},
        facts::{Answer, Held},
        outcome::Reason,
        policy::{pollers::BATCHES_OF_A_POLLER, requests},
        register::Move,
        resource::{BucketId, BusId, IsOf, Kind, TheAccount, TopicId, kind},
        services::told,
        vocabulary::{
            CallId, Condition, Deletion, Entry, FunctionId, PayloadId, QueueId, ReaderId, ShardId,
            SinkId,
        },
    },
};

/// Bytes of a PUT payload unit of Kinesis (C9).
const PUT_UNIT: u64 = 25 * 1024;

/// Where the measures of each resource begin in a table of all resources and measures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bases {
    kinds: [usize; ResourceKind::COUNT],
    end: usize,
}

impl Bases {
    /// The table for these resources.
    pub fn new(resources: &Resources) -> Bases {
        let (mut kinds, mut end) = ([0; ResourceKind::COUNT], 0);
        for kind in ResourceKind::ALL {
            kinds[*kind as usize] = end;
            end += kind.length(resources);
        }
        Bases { kinds, end }
    }

    /// Where the table ends.
    pub const fn end(&self) -> usize {
        self.end * Measure::COUNT
    }

    /// Where a resource's measures begin.
    #[inline(always)]
    pub fn of(&self, resource: Resource) -> usize {
        (self.kinds[resource.kind as usize] + resource.index()) * Measure::COUNT
    }
}

/// What a point can be narrowed by: its payload, the word of `[status=…]` or `[reason=…]`, and the shard.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// The payload, if it is about one.
    pub payload: Option<PayloadId>,
    /// The status or reason; empty if there is none.
    pub label: &'static str,
    /// The shard, if it is in one.
    pub shard: Option<ShardId>,
}

impl About {
    const NOTHING: About = About { payload: None, label: "", shard: None };
    #[inline(always)]
    pub(super) const fn payload(payload: PayloadId) -> About {
        About { payload: Some(payload), ..About::NOTHING }
    }
    #[inline(always)]
    const fn labelled(payload: PayloadId, label: &'static str) -> About {
        About { label, ..About::payload(payload) }
    }
    #[inline(always)]
    const fn record(payload: PayloadId, shard: ShardId) -> About {
        About { shard: Some(shard), ..About::payload(payload) }
    }
}

/// Takes points.
pub trait Sink {
    /// Takes the points about one resource.
    type Row<'a, K: Kind>: SinkOf<K>
    where
        Self: 'a;
    /// The points that follow are about this resource: looked up once, however many there are.
    fn of<I: IsOf>(&mut self, id: I) -> Self::Row<'_, I::Kind>;
    /// An arrival entered; it is in flight.
    fn arrived(&mut self, of: Descent);
    /// A payload entered, an arrival too; it is in flight.
    fn entered(&mut self, of: Descent, kind: LedgerKind, payload: PayloadId);
    /// A payload moved to another place than it was in.
    fn moved(&mut self, of: Descent, kind: LedgerKind, from: Place, to: Place);
    /// The outcome of an arrival became another; `reason` if it is dropped.
    fn turned(&mut self, of: Descent, from: Place, to: Place, reason: Reason);
    /// An answer was had.
    fn answered(&mut self, caller: CallId, answer: Answer, about: About);
    /// One environment of the account more or fewer is in use; `apart`: it was claimed before.
    #[inline(always)]
    fn in_use(&mut self, more: bool, apart: bool) {
        let mut account = self.of(TheAccount);
        account.step(m::ConcurrentExecutions, more, About::NOTHING);
        if !apart {
            account.step(m::UnreservedConcurrentExecutions, more, About::NOTHING);
            account.step(m::ClaimedAccountConcurrency, more, About::NOTHING);
        }
    }
    /// An arrival that nobody waits for came to success after so long, or never will: its time is its latency too.
    fn ended(&mut self, caller: CallId, took: Option<u64>, about: About) {
        let mut caller = self.of(caller);
        took_to(&mut caller, m::EndToEnd, took, about);
        took_to(&mut caller, m::Latency, took, about);
    }
}

/// Takes the points about one resource of a kind. A measure that the kind does not have, or that is taken in another
/// way, does not compile.
pub trait SinkOf<K: Kind> {
    /// A sample of a count: 1, or 0 where CloudWatch writes a sample that counts nothing.
    fn count<M: Of<K> + taken::Count>(&mut self, measure: M, counted: bool, about: About);
    /// The same, stamped with a time that has passed.
    fn count_at<M: Of<K> + taken::Count>(
        &mut self,
        at: Time,
        measure: M,
        counted: bool,
        about: About,
    );
    /// So much of an amount.
    fn add<M: Of<K> + taken::Amount>(&mut self, measure: M, amount: u64, about: About);
    /// A level rose or fell by one.
    fn step<M: Of<K> + taken::Gauge>(&mut self, measure: M, up: bool, about: About);
    /// A level is this from now on.
    fn set<M: Of<K> + taken::Gauge>(&mut self, measure: M, level: u64);
    /// A sample of a distribution.
    fn sample<M: Of<K> + taken::Distribution>(&mut self, measure: M, value: u64, about: About);
    /// A sample of a time to something that never happens.
    fn never<M: Of<K> + taken::Distribution>(&mut self, measure: M, about: About);
}

/// Every answer, in the order of the outputs.
pub const ANSWERS: [Answer; Answer::COUNT] = [
    Answer::Ok,
    Answer::FunctionError,
    Answer::Throttled,
    Answer::SystemError,
    Answer::NotFound,
    Answer::Recursive,
    Answer::TimedOut,
    Answer::FunctionTimeout,
    Answer::LimitReached,
    Answer::Overloaded,
    Answer::TooLarge,
    Answer::Failed,
];

/// The word of `[status=…]`: the HTTP status that one who asks so gets, or `timeout`.
pub const fn status(answer: Answer, via: Via) -> &'static str {
    if let Via::Service(service) = via {
        return told(service, answer).status;
    }
    match answer {
        Answer::Ok => match via {
            Via::InvokeAsync => "202",
            Via::Invoke | Via::Send | Via::Service(_) => "200",
        },
        Answer::FunctionError | Answer::FunctionTimeout => "200",
        Answer::Throttled => "429",
        Answer::SystemError | Answer::Failed => "500",
        Answer::NotFound => "404",
        Answer::Recursive => "400",
        Answer::TimedOut | Answer::LimitReached => "timeout",
        Answer::Overloaded => "503",
        Answer::TooLarge => "413",
    }
}

/// One message more or fewer of a queue is held so.
#[inline(always)]
fn held<S: SinkOf<kind::Queue>>(queue: &mut S, state: Held, more: bool, about: About) {
    match state {
        Held::Delayed => queue.step(m::ApproximateNumberOfMessagesDelayed, more, about),
        Held::Visible => queue.step(m::ApproximateNumberOfMessagesVisible, more, about),
        Held::InFlight => queue.step(m::ApproximateNumberOfMessagesNotVisible, more, about),
    }
}

/// A run of a function that has provisioned concurrency, or whose environment was provisioned, begins
/// or ends.
#[cold]
fn with_provisioned<S: Sink>(
    sink: &mut S,
    now: &FunctionNow,
    id: FunctionId,
    more: bool,
    provisioned: bool,
    payload: PayloadId,
) {
    let mut function = sink.of(id);
    if more {
        let about = About::payload(payload);
        match provisioned {
            true => function.count(m::ProvisionedConcurrencyInvocations, true, about),
            false => function.count(m::ProvisionedConcurrencySpilloverInvocations, true, about),
        }
    }
    if provisioned {
        let mut then = *now;
        then.provisioned_running = match more {
            true => then.provisioned_running + 1,
            false => then.provisioned_running.saturating_sub(1),
        };
        function.step(m::ProvisionedConcurrentExecutions, more, About::NOTHING);
        function.set(m::ProvisionedConcurrencyUtilization, then.utilization());
    }
}

/// A mapping asked so much of its queue.
#[inline(always)]
fn requested<S: Sink>(sink: &mut S, queue: QueueId, requests: u64) {
    sink.of(queue).add(m::BilledRequests, requests, About::NOTHING);
}

/// Gives `sink` every point that a fact makes.
#[inline(always)]
pub fn points<S: Sink>(guide: &Guide, moment: &Moment<'_>, fact: &Fact, sink: &mut S) {
    let Moment { now, register, moved, .. } = *moment;
    let about = About::payload;
    let nothing = About::NOTHING;

    if let Some(Move { payload, from, to, outcome, .. }) = moved {
        let known = register.get(payload);
        let of = guide.descent(register, known);
        if from != to {
            sink.moved(of, guide.kind(known), from, to);
        }
        if let Some((from, to)) = outcome {
            let reason = match to {
                Place::Dropped => register.cause_of(known.root).reason,
                _ => Reason::None,
            };
            sink.turned(of, from, to, reason);
        }
    }

    match *fact {
        Fact::Arrived { payload, .. } => {
            let known = register.get(payload);
            let of = guide.descent(register, known);
            sink.arrived(of);
            sink.entered(of, guide.kind(known), payload);
        }
        Fact::Copied { payload, .. } => {
            let known = register.get(payload);
            sink.entered(guide.descent(register, known), guide.kind(known), payload);
        }
        Fact::Requested { call, payload, .. } => {
            if guide.via(call).is_some() {
                sink.of(call).count(m::Requests, true, about(payload));
            }
        }
        Fact::Answered { call, payload, answer, took } => {
            if let Some(via) = guide.via(call) {
                let label = status(answer, via);
                sink.answered(call, answer, About::labelled(payload, label));
                if guide.takes(register, payload) {
                    let mut caller = sink.of(call);
                    caller.sample(m::ResponseTime, took.as_nanos(), about(payload));
                }
            }
        }
        Fact::Resolved { call, payload, ok, since } => {
            if guide.via(call).is_some_and(Via::waits) && guide.takes(register, payload) {
                let mut caller = sink.of(call);
                if ok {
                    caller.sample(m::Latency, since.as_nanos(), about(payload));
                } else {
                    caller.never(m::Latency, about(payload));
                }
            }
        }
        Fact::Unawaited { function, payload } => {
            // Told right after its bill: a run that failed and was not awaited is one wasted run.
            if guide.wasted != Some((function, payload, now)) {
                let mut function = sink.of(function);
                function.count(m::WastedInvocations, true, about(payload));
            }
        }
        Fact::RequestRetried { .. }
        | Fact::Buffered { .. }
        | Fact::HandedOver { .. }
        | Fact::Transformed { .. }
        | Fact::ProcessingFailed { .. } => (),
        Fact::ServiceRetried { call, payload, .. } => {
            if guide.via(call).is_some() {
                let mut caller = sink.of(call);
                caller.count(m::ServiceRetries, true, about(payload));
            }
        }

        Fact::Accepted { function, payload } => {
            let mut function = sink.of(function);
            function.count(m::AsyncEventsReceived, true, about(payload));
            function.step(m::WaitingEvents, true, about(payload));
        }
        Fact::Tried { function, payload, age, first } => {
            if moved.is_some_and(|moved| moved.from == Place::Waiting) {
                sink.of(function).step(m::WaitingEvents, false, about(payload));
            }
            if guide.takes(register, payload) {
                let mut function = sink.of(function);
                function.sample(m::AsyncEventAge, age.as_nanos(), about(payload));
                if first {
                    function.sample(m::DwellTime, age.as_nanos(), about(payload));
                }
            }
        }
        Fact::Completed { function, payload, .. } => {
            let mut function = sink.of(function);
            function.count(m::AsyncEventsDropped, false, about(payload));
            if guide.takes(register, payload) {
                let runs = u64::from(register.get(payload).runs);
                function.sample(m::AttemptsPerEvent, runs, about(payload));
            }
        }
        Fact::Discarded { function, payload, condition, runs, .. } => {
            let mut function = sink.of(function);
            // Too old before it was tried once more.
            if register.get(payload).place == Place::Waiting {
                function.step(m::WaitingEvents, false, about(payload));
            }
            let given_up = condition != Condition::Success;
            let reason = About::labelled(payload, condition.word());
            function.count(m::AsyncEventsDropped, given_up, reason);
            if guide.takes(register, payload) {
                let runs = u64::from(runs);
                function.sample(m::AttemptsPerEvent, runs, about(payload));
            }
        }
        Fact::DeadLetterFailed { function, payload } => {
            let mut function = sink.of(function);
            function.count(m::DeadLetterErrors, true, about(payload));
        }
        Fact::DestinationFailed { function, payload } => {
            let mut function = sink.of(function);
            function.count(m::DestinationDeliveryFailures, true, about(payload));
        }
        Fact::Requeued { function, payload, .. } | Fact::Queued { function, payload } => {
            if moved.is_some_and(|moved| moved.from != Place::Waiting) {
                sink.of(function).step(m::WaitingEvents, true, about(payload));
            }
        }
        Fact::Redelivered { .. } | Fact::Dropped { .. } | Fact::DeadLettered { .. } => (),

        Fact::RunStarted { function, payload, cold, provisioned, .. } => {
            let known = &guide.functions[function.index()];
            sink.in_use(true, known.reserved || provisioned);
            if known.provides || provisioned {
                with_provisioned(sink, known, function, true, provisioned, payload);
            }
            let mut function = sink.of(function);
            function.count(m::Invocations, true, about(payload));
            function.count(m::Throttles, false, about(payload));
            if register.get(payload).runs > 0 {
                function.count(m::Retries, true, about(payload));
            }
            if cold.is_some() {
                function.count(m::ColdStarts, true, about(payload));
            }
            function.step(m::ConcurrentExecutions, true, nothing);
        }
        Fact::RunEnded { function, payload, started, ran, error, provisioned } => {
            let known = &guide.functions[function.index()];
            sink.in_use(false, known.reserved || provisioned);
            if provisioned {
                with_provisioned(sink, known, function, false, provisioned, payload);
            }
            let mut function = sink.of(function);
            function.count_at(started, m::Errors, error.is_some(), about(payload));
            if guide.takes(register, payload) {
                function.sample(m::Duration, ran.as_nanos(), about(payload));
            }
            function.step(m::ConcurrentExecutions, false, nothing);
        }
        Fact::Provisioned { function: id, environments, billed_ms } => {
            let known = &guide.functions[id.index()];
            let then = FunctionNow { provisioned: u64::from(environments), ..*known };
            let mut function = sink.of(id);
            function.set(m::ProvisionedConcurrencyUtilization, then.utilization());
            if billed_ms > 0 {
                let amount = billed_ms * u64::from(known.memory_mb);
                function.add(m::ProvisionedRunGbSeconds, amount, nothing);
                function.add(m::BilledGbSeconds, amount, nothing);
            }
        }
        Fact::Billed { function, payload, billed_ms, wasted, provisioned } => {
            let memory_mb = u64::from(guide.functions[function.index()].memory_mb);
            let mut function = sink.of(function);
            let amount = billed_ms * memory_mb;
            if provisioned {
                function.add(m::ProvisionedRunGbSeconds, amount, about(payload));
            }
            function.add(m::BilledGbSeconds, amount, about(payload));
            if wasted {
                function.count(m::WastedInvocations, true, about(payload));
            }
        }
        Fact::Processed { function, payload, nth } => {
            let mut function = sink.of(function);
            match nth > 1 {
                true => function.count(m::Duplicates, true, about(payload)),
                false => function.count(m::ProcessedOnce, true, about(payload)),
            }
        }
        Fact::Throttled { function, payload, .. } => {
            let mut function = sink.of(function);
            function.count(m::Throttles, true, about(payload));
            function.count(m::Errors, false, about(payload));
        }
        Fact::LoopStopped { function, payload } => {
            let mut function = sink.of(function);
            function.count(m::RecursiveInvocationsDropped, true, about(payload));
        }
        Fact::RecordFailed { .. } | Fact::SystemErred { .. } | Fact::Missing { .. } => (),

        Fact::Enqueued { queue, payload, entry, delayed, .. } => {
            let mut queue = sink.of(queue);
            match entry {
                Entry::Sent | Entry::DeadLetter => {
                    queue.count(m::NumberOfMessagesSent, true, about(payload));
                    let bytes = u64::from(register.get(payload).bytes);
                    queue.add(m::BilledRequests, requests::of_bytes(bytes), nothing);
                }
                Entry::Redriven | Entry::MovedBack => (),
            }
            queue.count(m::QueueArrived, true, about(payload));
            if delayed {
                held(&mut queue, Held::Delayed, true, about(payload));
            } else {
                held(&mut queue, Held::Visible, true, about(payload));
            }
        }
        Fact::Appeared { queue, payload } => {
            let mut queue = sink.of(queue);
            held(&mut queue, Held::Delayed, false, about(payload));
            held(&mut queue, Held::Visible, true, about(payload));
        }
        Fact::Received { queue, payload, .. } => {
            let mut queue = sink.of(queue);
            queue.count(m::NumberOfMessagesReceived, true, about(payload));
            held(&mut queue, Held::Visible, false, about(payload));
            held(&mut queue, Held::InFlight, true, about(payload));
        }
        Fact::Returned { queue, payload, .. } => {
            let mut queue = sink.of(queue);
            held(&mut queue, Held::InFlight, false, about(payload));
            held(&mut queue, Held::Visible, true, about(payload));
        }
        Fact::Deleted { queue, payload, why: Deletion::Processed | Deletion::Filtered, was } => {
            let mut queue = sink.of(queue);
            queue.count(m::NumberOfMessagesDeleted, true, about(payload));
            held(&mut queue, was, false, about(payload));
        }
        Fact::Expired { queue, payload, was } => {
            let mut queue = sink.of(queue);
            queue.count(m::QueueExpired, true, about(payload));
            held(&mut queue, was, false, about(payload));
        }
        Fact::Purged { queue, payload, was } => {
            held(&mut sink.of(queue), was, false, about(payload));
        }
        Fact::Redriven { queue, payload, .. } => {
            let mut queue = sink.of(queue);
            queue.count(m::Redriven, true, about(payload));
            held(&mut queue, Held::Visible, false, about(payload));
        }
        Fact::MovedBack { queue, payload } => {
            held(&mut sink.of(queue), Held::Visible, false, about(payload));
        }
        Fact::EmptyReceive { queue } => {
            sink.of(queue).count(m::NumberOfEmptyReceives, true, nothing);
        }
        Fact::Deduplicated { queue, payload } => {
            let mut queue = sink.of(queue);
            queue.count(m::NumberOfDeduplicatedSentMessages, true, about(payload));
            let bytes = u64::from(register.get(payload).bytes);
            queue.add(m::BilledRequests, requests::of_bytes(bytes), nothing);
        }
        Fact::GroupsInFlight { queue, groups } => {
            let measure = m::ApproximateNumberOfGroupsWithInflightMessages;
            sink.of(queue).set(measure, u64::from(groups));
        }
        Fact::SendRefused { .. }
        | Fact::DeleteIgnored { .. }
        | Fact::MoveTaskStarted { .. }
        | Fact::MoveTaskEnded { .. } => (),

        Fact::Polled { mapping, events, requests } => {
            requested(sink, guide.sources[mapping.index()], requests);
            let mut mapping = sink.of(mapping);
            mapping.add(m::PolledEventCount, u64::from(events), nothing);
        }
        Fact::FilteredOut { mapping, payload, nth } => {
            if requests::begins_delete(nth) {
                requested(sink, guide.sources[mapping.index()], 1);
            }
            let mut mapping = sink.of(mapping);
            mapping.count(m::FilteredOutEventCount, true, about(payload));
        }
        Fact::Invoked { mapping, events } => {
            let mut mapping = sink.of(mapping);
            mapping.count(m::Batches, true, nothing);
            mapping.add(m::InvokedEventCount, u64::from(events), nothing);
        }
        Fact::InvokeFailed { mapping, events } => {
            let mut mapping = sink.of(mapping);
            mapping.add(m::FailedInvokeEventCount, u64::from(events), nothing);
        }
        Fact::EventsDeleted { mapping, events } => {
            requested(sink, guide.sources[mapping.index()], requests::of_deletes(events));
            let mut mapping = sink.of(mapping);
            mapping.add(m::DeletedEventCount, u64::from(events), nothing);
        }
        Fact::PollersScaled { mapping, pollers } => {
            let provisioned = guide.provisioned[mapping.index()];
            let mut mapping = sink.of(mapping);
            mapping.set(m::Pollers, u64::from(pollers));
            if provisioned {
                let pollers = pollers.div_ceil(BATCHES_OF_A_POLLER);
                mapping.set(m::ProvisionedPollers, u64::from(pollers));
            }
        }
        Fact::LetGo { .. } => (),

        Fact::DependencyAsked { dependency, payload, .. } => {
            let mut dependency = sink.of(dependency);
            dependency.count(m::DependencyRequests, true, about(payload));
        }
        Fact::DependencyRefused { dependency, payload, .. } => {
            let mut dependency = sink.of(dependency);
            dependency.count(m::Refused, true, about(payload));
        }
        Fact::WorkQueued { dependency, payload } => {
            let mut dependency = sink.of(dependency);
            dependency.step(m::WorkQueued, true, about(payload));
        }
        Fact::WorkStarted { dependency, payload, queued, .. } => {
            let mut dependency = sink.of(dependency);
            if queued {
                dependency.step(m::WorkQueued, false, about(payload));
            }
            dependency.step(m::Busy, true, about(payload));
        }
        Fact::WorkEnded { dependency, payload, took, .. } => {
            let mut dependency = sink.of(dependency);
            dependency.step(m::Busy, false, about(payload));
            if guide.takes(register, payload) {
                let took = took.as_nanos();
                dependency.sample(m::DependencyResponseTime, took, about(payload));
            }
        }
        Fact::WorkAbandoned { dependency, payload } => {
            let mut dependency = sink.of(dependency);
            dependency.count(m::Abandoned, true, about(payload));
        }
        Fact::WorkCancelled { dependency, payload, started, .. } => {
            let mut dependency = sink.of(dependency);
            match started {
                true => dependency.step(m::Busy, false, about(payload)),
                false => dependency.step(m::WorkQueued, false, about(payload)),
            }
        }

        Fact::Published { sink: Some(place), payload, .. } => {
            let (id, bytes) = (SinkId(place.index), u64::from(register.get(payload).bytes));
            let requests = requests::of_bytes(bytes);
            match place.kind {
                ResourceKind::Topic => {
                    let mut topic = sink.of(TopicId(id));
                    topic.count(m::NumberOfMessagesPublished, true, about(payload));
                    topic.add(m::BilledRequests, requests, nothing);
                }
                ResourceKind::Bus => {
                    let mut bus = sink.of(BusId(id));
                    bus.count(m::Published, true, about(payload));
                    bus.add(m::BilledRequests, requests, nothing);
                }
                _ => sink.of(BucketId(id)).count(m::Objects, true, about(payload)),
            }
        }
        Fact::Published { sink: None, .. }
        | Fact::PublishRefused { .. }
        | Fact::Unwanted { .. }
        | Fact::Handed { .. }
        | Fact::DeliveryLost { .. } => (),
        Fact::NotWanted { outlet, payload } => {
            if let OutletOf::Topic(topic) = guide.origin(outlet) {
                let mut topic = sink.of(TopicId(topic));
                topic.count(m::NumberOfNotificationsFilteredOut, true, about(payload));
            }
        }
        Fact::HandedOn { outlet, payload, took } => match guide.origin(outlet) {
            OutletOf::Topic(topic) => {
                let mut topic = sink.of(TopicId(topic));
                topic.count(m::NumberOfNotificationsDelivered, true, about(payload));
            }
            OutletOf::Rule(_, rule) => {
                let mut rule = sink.of(rule);
                rule.count(m::RuleInvocations, true, about(payload));
                if guide.takes(register, payload) {
                    let took = took.as_nanos();
                    let latency = m::IngestionToInvocationSuccessLatency;
                    rule.sample(latency, took, about(payload));
                }
            }
            OutletOf::Call(_) => (),
        },
        Fact::DeliveryRetried { outlet, payload, .. } => {
            if let OutletOf::Rule(_, rule) = guide.origin(outlet) {
                let mut rule = sink.of(rule);
                rule.count(m::RetryInvocationAttempts, true, about(payload));
            }
            let mut caller = sink.of(register.get(payload).caller);
            caller.count(m::ServiceRetries, true, about(payload));
        }
        Fact::DeliveryFailed { outlet, payload, why, .. } => {
            let reason = About::labelled(payload, why.word());
            match guide.origin(outlet) {
                OutletOf::Topic(topic) => {
                    let mut topic = sink.of(TopicId(topic));
                    topic.count(m::NumberOfNotificationsFailed, true, reason);
                }
                OutletOf::Rule(_, rule) => {
                    let mut rule = sink.of(rule);
                    rule.count(m::RuleInvocations, true, reason);
                    rule.count(m::FailedInvocations, true, reason);
                }
                OutletOf::Call(_) => (),
            }
        }
        Fact::DeliveryKept { outlet, payload } => {
            let (topics, rules) = (m::NumberOfNotificationsRedrivenToDlq, m::InvocationsSentToDlq);
            of_origin(guide.origin(outlet), sink, topics, rules, about(payload));
        }
        Fact::Put { stream: id, payload, .. } => {
            let bytes = u64::from(register.get(payload).bytes);
            let mut stream = sink.of(id);
            stream.count(m::IncomingRecords, true, about(payload));
            stream.add(m::IncomingBytes, bytes, about(payload));
            if guide.streams[id.index()] == Source::Kinesis {
                let units = bytes.div_ceil(PUT_UNIT).max(1);
                stream.add(m::BilledPutUnits, units, about(payload));
            }
        }
        Fact::PutRefused { throttled: false, .. } => (),
        Fact::PutRefused { stream, payload, throttled: true } => {
            let exceeded = m::WriteProvisionedThroughputExceeded;
            sink.of(stream).count(exceeded, true, about(payload));
        }
        Fact::Resharded { stream, shards } => {
            sink.of(stream).set(m::Shards, u64::from(shards));
        }
        Fact::Awaits { reader, payload, shard } => {
            lags(guide, sink, reader, true, About::record(payload, shard));
        }
        Fact::Checkpointed { reader, payload, shard, .. }
        | Fact::RecordGivenUp { reader, payload, shard, .. }
        | Fact::RecordExpired { reader, payload, shard, .. } => {
            lags(guide, sink, reader, false, About::record(payload, shard));
        }
        Fact::RecordFiltered { reader, payload, shard } => {
            let record = About::record(payload, shard);
            sink.of(reader).count(m::FilteredOutEventCount, true, record);
            lags(guide, sink, reader, false, record);
        }
        Fact::RecordsRead { reader, events, .. } => {
            let mut mapping = sink.of(reader);
            mapping.add(m::PolledEventCount, u64::from(events), nothing);
        }
        Fact::BatchInvoked { reader, events, age, .. } => {
            let came = Time::from_nanos(now.as_nanos().saturating_sub(age.as_nanos()));
            let is_sampled = guide.took(came);
            let mut mapping = sink.of(reader);
            mapping.count(m::Batches, true, nothing);
            mapping.add(m::InvokedEventCount, u64::from(events), nothing);
            if is_sampled {
                mapping.sample(m::IteratorAge, age.as_nanos(), nothing);
                drop(mapping);
                let (function, ..) = guide.readers[reader.index()];
                sink.of(function).sample(m::IteratorAge, age.as_nanos(), nothing);
            }
        }
        Fact::BatchFailed { reader, events, .. } => {
            let mut mapping = sink.of(reader);
            mapping.add(m::FailedInvokeEventCount, u64::from(events), nothing);
        }
        Fact::Bisected { reader, .. } => {
            sink.of(reader).count(m::Bisects, true, nothing);
        }
        Fact::RecordDropped { reader, payload, why } => {
            let mut mapping = sink.of(reader);
            let reason = About::labelled(payload, why.word());
            mapping.count(m::DroppedEventCount, true, reason);
        }
        Fact::FailureDelivered { reader, events } => {
            let mut mapping = sink.of(reader);
            let delivered = m::OnFailureDestinationDeliveredEventCount;
            mapping.add(delivered, u64::from(events), nothing);
        }
        Fact::FailureUndelivered { reader, .. } => {
            let failures = m::DestinationDeliveryFailures;
            sink.of(reader).count(failures, true, nothing);
            let (function, ..) = guide.readers[reader.index()];
            sink.of(function).count(failures, true, nothing);
        }
        Fact::WindowClosed { reader, records, .. } => {
            if guide.took(now) {
                sink.of(reader).sample(m::WindowRecords, records, nothing);
            }
        }
        Fact::LanesScaled { reader, lanes } => {
            let (_, _, provisioned) = guide.readers[reader.index()];
            let mut mapping = sink.of(reader);
            mapping.set(m::Pollers, u64::from(lanes));
            if provisioned {
                mapping.set(m::ProvisionedPollers, u64::from(lanes));
            }
        }
        Fact::RecordTaken { .. }
        | Fact::BatchRetried { .. }
        | Fact::BatchGivenUp { .. }
        | Fact::RecordKept { .. }
        | Fact::PlaceChanged { .. }
        | Fact::WindowDone { .. } => (),
        Fact::DeliveryNotKept { outlet, payload } => {
            let topics = m::NumberOfNotificationsFailedToRedriveToDlq;
            let rules = m::InvocationsFailedToBeSentToDlq;
            of_origin(guide.origin(outlet), sink, topics, rules, about(payload));
        }
    }
}

/// Gives `sink` the times to success of an arrival that is over, or that is left when the run ends. What was
/// handed on to where nothing of the file reads, or was not wanted, has no success to wait for.
pub fn points_of_end<S: Sink>(guide: &Guide, register: &Register, root: PayloadId, sink: &mut S) {
    let arrival = register.get(root);
    if !guide.takes(register, root) {
        return;
    }
    let took = match arrival.outcome {
        Place::Succeeded => Some(arrival.succeeded_at.since(arrival.born).as_nanos()),
        Place::Delivered | Place::Filtered => return,
        _ => None,
    };
    let about = About::payload(root);
    if !guide.via(arrival.caller).is_some_and(Via::waits) {
        return sink.ended(arrival.caller, took, about);
    }
    let mut caller = sink.of(arrival.caller);
    took_to(&mut caller, m::EndToEnd, took, about);
    // Who waits was answered long ago, or still waits.
    if !arrival.place.rests() {
        took_to(&mut caller, m::Latency, None, about);
    }
}

/// A time to something that happened after so long, or never will.
pub(super) fn took_to<K: Kind, S: SinkOf<K>>(
    caller: &mut S,
    measure: impl Of<K> + taken::Distribution,
    took: Option<u64>,
    about: About,
) {
    match took {
        Some(took) => caller.sample(measure, took, about),
        None => caller.never(measure, about),
    }
}

/// A record comes to a mapping on a stream, or the mapping is done with it.
#[inline(always)]
fn lags<S: Sink>(guide: &Guide, sink: &mut S, reader: ReaderId, more: bool, about: About) {
    let (_, kafka, _) = guide.readers[reader.index()];
    let mut mapping = sink.of(reader);
    mapping.step(m::Depth, more, about);
    if kafka {
        mapping.step(m::SumOffsetLag, more, about);
    }
}

/// Counts something of an outlet's topic or rule, each with a measure of its own.
fn of_origin<S: Sink>(
    origin: OutletOf,
    sink: &mut S,
    topics: impl Of<kind::Topic> + taken::Count,
    rules: impl Of<kind::Rule> + taken::Count,
    about: About,
) {
    match origin {
        OutletOf::Topic(topic) => sink.of(TopicId(topic)).count(topics, true, about),
        OutletOf::Rule(_, rule) => sink.of(rule).count(rules, true, about),
        OutletOf::Call(_) => (),
    }
}
