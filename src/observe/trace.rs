//! The trace: one row a fact, for `events.csv` and for stories.
//!
//! `t_s, resource, fact, id, attempt, rule, detail`. An id is the caller's name and the payload's
//! number there (`Orders-17`); a copy is counted within the family (`Orders-17.2`), so `Orders-17`
//! finds everything that one arrival caused. Nothing of this runs unless it is asked for.

use crate::{
    kernel::Time,
    model::{
        Fact, Moment, Observer, Place, Rule,
        config::Resources,
        config::Via,
        fact::{Answer, Held, Maker, Resource},
        register::Move,
        services::told,
        vocabulary::{CallId, Deletion, Entry, PayloadId},
    },
};
use std::{fmt, sync::Arc};

/// A payload's name for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    /// The caller that started its family.
    pub caller: CallId,
    /// The arrival's number there, from 1.
    pub number: u64,
    /// 0 for the arrival itself.
    pub copy: u32,
}

impl Id {
    /// The id of a payload.
    pub fn of(moment: &Moment<'_>, payload: PayloadId) -> Id {
        let known = moment.register.get(payload);
        Id { caller: known.caller, number: known.number, copy: known.copy }
    }

    /// As it is written: `Orders-17` or `Orders-17.2`.
    pub fn written<'a>(&self, resources: &'a Resources) -> WrittenId<'a> {
        let caller = &resources.calls[self.caller.index()].name;
        WrittenId { caller, number: self.number, copy: self.copy }
    }

    /// Reads `Orders-17` or `Orders-17.2`, if there is such a caller.
    pub fn parse(text: &str, resources: &Resources) -> Option<Id> {
        let (name, number) = text.rsplit_once('-')?;
        let mut callers = resources.caller_ids();
        let caller = callers.find(|id| resources.calls[id.index()].name == name)?;
        let (number, copy) = number.split_once('.').unwrap_or((number, "0"));
        Some(Id { caller, number: number.parse().ok()?, copy: copy.parse().ok()? })
    }

    /// Whether both descend from one arrival.
    pub fn is_family(&self, other: &Id) -> bool {
        (self.caller, self.number) == (other.caller, other.number)
    }
}

/// An [`Id`] with its caller's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenId<'a> {
    caller: &'a str,
    number: u64,
    copy: u32,
}

impl fmt::Display for WrittenId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.copy {
            0 => write!(f, "{}-{}", self.caller, self.number),
            copy => write!(f, "{}-{}.{copy}", self.caller, self.number),
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// When.
    pub now: Time,
    /// The resource's name; empty for what is outside the file.
    pub resource: &'a str,
    /// What happened, in snake case.
    pub fact: &'static str,
    /// Which payload, if it is about one.
    pub id: Option<Id>,
    /// The same as it is written.
    pub written_id: Option<WrittenId<'a>>,
    /// Which attempt, if the fact says: a request's, a run's, a receive's.
    pub attempt: Option<u32>,
    /// The rule that says so.
    pub rule: Rule,
    /// What else the fact says.
    pub detail: Detail<'a>,
}

/// What else a fact says, written as `key=value` between blanks.
#[derive(Clone, Copy, Debug)]
pub struct Detail<'a> {
    fact: Fact,
    moved: Option<Place>,
    resources: &'a Resources,
}

/// The columns of a row.
pub const COLUMNS: [&str; 7] = ["t_s", "resource", "fact", "id", "attempt", "rule", "detail"];

/// Gives each fact as a row to `sink`.
pub struct Trace<S> {
    resources: Arc<Resources>,
    sink: S,
}

impl<S> fmt::Debug for Trace<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl<S: FnMut(&Row<'_>)> Trace<S> {
    /// A trace with the names of `resources`.
    pub fn new(resources: Arc<Resources>, sink: S) -> Trace<S> {
        Trace { resources, sink }
    }
}

impl<S: FnMut(&Row<'_>)> Observer for Trace<S> {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        (self.sink)(&row(&self.resources, moment, fact));
    }
}

/// The row of a fact.
pub fn row<'a>(resources: &'a Resources, moment: &Moment<'_>, fact: &Fact) -> Row<'a> {
    Noted::new(moment, fact).row(resources)
}

/// A fact that is kept, to be told when its moment is over.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// When.
    pub now: Time,
    /// Which payload, if it is about one.
    pub id: Option<Id>,
    /// Where its payload moved, if it did.
    pub moved: Option<Place>,
    rule: Rule,
    fact: Fact,
}

impl Noted {
    /// Keeps what only the moment knows.
    pub fn new(moment: &Moment<'_>, fact: &Fact) -> Noted {
        Noted {
            now: moment.now,
            id: parts(fact).payload.map(|payload| Id::of(moment, payload)),
            moved: moment.moved.map(|moved| moved.to),
            rule: moment.rule,
            fact: *fact,
        }
    }

    /// The row of the fact.
    pub fn row<'a>(&self, resources: &'a Resources) -> Row<'a> {
        let Noted { now, id, moved, rule, fact } = *self;
        let Parts { word, resource, attempt, .. } = parts(&fact);
        Row {
            now,
            resource: resource.map_or("", |resource| name(resources, resource)),
            fact: word,
            id,
            written_id: id.map(|id| id.written(resources)),
            attempt,
            rule,
            detail: Detail { fact, moved, resources },
        }
    }
}

fn name(resources: &Resources, resource: Resource) -> &str {
    match resource {
        Resource::Call(id) => &resources.calls[id.index()].name,
        Resource::Function(id) => &resources.functions[id.index()].name,
        Resource::Queue(id) => &resources.queues[id.index()].name,
        Resource::Sink(id) => &resources.sinks[id.index()].name,
        Resource::Mapping(id) => &resources.mappings[id.index()].name,
        Resource::Dependency(id) => &resources.dependencies[id.index()].name,
        Resource::Outlet(id) => &resources.outlets[id.index()].name,
        Resource::Stream(id) => &resources.streams[id.index()].name,
        Resource::Reader(id) => &resources.readers[id.index()].name,
    }
}

struct Parts {
    word: &'static str,
    resource: Option<Resource>,
    payload: Option<PayloadId>,
    attempt: Option<u32>,
}

/// The payload that a fact is about, if it is about one.
pub(super) fn payload(fact: &Fact) -> Option<PayloadId> {
    parts(fact).payload
}

fn parts(fact: &Fact) -> Parts {
    use Resource::{Call, Dependency, Function, Mapping, Outlet, Queue, Reader, Sink, Stream};
    let of = |word, resource, payload| Parts {
        word,
        resource: Some(resource),
        payload: Some(payload),
        attempt: None,
    };
    let nth = |word, resource, payload, attempt| Parts {
        attempt: Some(attempt),
        ..of(word, resource, payload)
    };
    let plain =
        |word, resource| Parts { word, resource: Some(resource), payload: None, attempt: None };
    match *fact {
        Fact::Arrived { call, payload } => of("arrived", Call(call), payload),
        Fact::Copied { maker: Maker::Call(call), payload } => of("copied", Call(call), payload),
        Fact::Copied { maker: Maker::Destination(function), payload } => {
            of("copied", Function(function), payload)
        }
        Fact::Copied { maker: Maker::Outlet(outlet), payload } => {
            of("copied", Outlet(outlet), payload)
        }
        Fact::Copied { maker: Maker::Reader(reader), payload } => {
            of("copied", Reader(reader), payload)
        }
        Fact::Requested { call, payload, attempt } => {
            nth("requested", Call(call), payload, attempt)
        }
        Fact::Answered { call, payload, .. } => of("answered", Call(call), payload),
        Fact::RequestRetried { call, payload, .. } => of("request_retried", Call(call), payload),
        Fact::Buffered { call, payload } => of("buffered", Call(call), payload),
        Fact::HandedOver { call, payload } => of("handed_over", Call(call), payload),
        Fact::Transformed { call, payload } => of("transformed", Call(call), payload),
        Fact::ProcessingFailed { call, payload } => of("processing_failed", Call(call), payload),
        Fact::ServiceRetried { call, payload, attempt, .. } => {
            nth("service_retried", Call(call), payload, attempt)
        }
        Fact::Resolved { call, payload, .. } => of("resolved", Call(call), payload),
        Fact::Unawaited { function, payload } => of("unawaited", Function(function), payload),
        Fact::Accepted { function, payload } => of("accepted", Function(function), payload),
        Fact::Tried { function, payload, .. } => of("tried", Function(function), payload),
        Fact::Redelivered { function, payload } => of("redelivered", Function(function), payload),
        Fact::Requeued { function, payload, .. } => of("requeued", Function(function), payload),
        Fact::Queued { function, payload } => of("queued", Function(function), payload),
        Fact::Completed { function, payload, .. } => of("completed", Function(function), payload),
        Fact::Discarded { function, payload, .. } => of("discarded", Function(function), payload),
        Fact::Dropped { function, payload, .. } => of("dropped", Function(function), payload),
        Fact::DeadLettered { function, payload } => {
            of("dead_lettered", Function(function), payload)
        }
        Fact::DeadLetterFailed { function, payload } => {
            of("dead_letter_failed", Function(function), payload)
        }
        Fact::DestinationFailed { function, payload } => {
            of("destination_failed", Function(function), payload)
        }
        Fact::RunStarted { function, payload, attempt, .. } => {
            nth("run_started", Function(function), payload, attempt)
        }
        Fact::RunEnded { function, payload, .. } => of("run_ended", Function(function), payload),
        Fact::Provisioned { function, .. } => plain("provisioned", Function(function)),
        Fact::Billed { function, payload, .. } => of("billed", Function(function), payload),
        Fact::Processed { function, payload, .. } => of("processed", Function(function), payload),
        Fact::RecordFailed { function, payload } => {
            of("record_failed", Function(function), payload)
        }
        Fact::Throttled { function, payload, .. } => of("throttled", Function(function), payload),
        Fact::SystemErred { function, payload } => of("system_erred", Function(function), payload),
        Fact::LoopStopped { function, payload } => of("loop_stopped", Function(function), payload),
        Fact::Missing { function, payload } => of("missing", Function(function), payload),
        Fact::Enqueued { queue, payload, .. } => of("enqueued", Queue(queue), payload),
        Fact::SendRefused { queue, payload } => of("send_refused", Queue(queue), payload),
        Fact::Appeared { queue, payload } => of("appeared", Queue(queue), payload),
        Fact::Received { queue, payload, count, .. } => {
            nth("received", Queue(queue), payload, count)
        }
        Fact::Returned { queue, payload, count } => nth("returned", Queue(queue), payload, count),
        Fact::Deleted { queue, payload, .. } => of("deleted", Queue(queue), payload),
        Fact::DeleteIgnored { queue, payload } => of("delete_ignored", Queue(queue), payload),
        Fact::Expired { queue, payload, .. } => of("expired", Queue(queue), payload),
        Fact::Redriven { queue, payload, count } => nth("redriven", Queue(queue), payload, count),
        Fact::MovedBack { queue, payload } => of("moved_back", Queue(queue), payload),
        Fact::EmptyReceive { queue } => plain("empty_receive", Queue(queue)),
        Fact::MoveTaskStarted { queue, .. } => plain("move_task_started", Queue(queue)),
        Fact::MoveTaskEnded { queue, .. } => plain("move_task_ended", Queue(queue)),
        Fact::Purged { queue, payload, .. } => of("purged", Queue(queue), payload),
        Fact::Polled { mapping, .. } => plain("polled", Mapping(mapping)),
        Fact::FilteredOut { mapping, payload, .. } => of("filtered_out", Mapping(mapping), payload),
        Fact::Invoked { mapping, .. } => plain("invoked", Mapping(mapping)),
        Fact::InvokeFailed { mapping, .. } => plain("invoke_failed", Mapping(mapping)),
        Fact::EventsDeleted { mapping, .. } => plain("events_deleted", Mapping(mapping)),
        Fact::LetGo { mapping, .. } => plain("let_go", Mapping(mapping)),
        Fact::PollersScaled { mapping, .. } => plain("pollers_scaled", Mapping(mapping)),
        Fact::Published { sink: Some(sink), payload, .. } => of("published", Sink(sink), payload),
        Fact::Published { sink: None, payload, .. } => {
            Parts { word: "published", resource: None, payload: Some(payload), attempt: None }
        }
        Fact::PublishRefused { sink, payload } => of("publish_refused", Sink(sink), payload),
        Fact::DependencyAsked { dependency, payload, attempt } => {
            nth("dependency_asked", Dependency(dependency), payload, attempt)
        }
        Fact::DependencyRefused { dependency, payload, .. } => {
            of("dependency_refused", Dependency(dependency), payload)
        }
        Fact::WorkQueued { dependency, payload } => {
            of("work_queued", Dependency(dependency), payload)
        }
        Fact::WorkStarted { dependency, payload, .. } => {
            of("work_started", Dependency(dependency), payload)
        }
        Fact::WorkEnded { dependency, payload, .. } => {
            of("work_ended", Dependency(dependency), payload)
        }
        Fact::WorkAbandoned { dependency, payload } => {
            of("work_abandoned", Dependency(dependency), payload)
        }
        Fact::WorkCancelled { dependency, payload, .. } => {
            of("work_cancelled", Dependency(dependency), payload)
        }
        Fact::GroupsInFlight { queue, .. } => plain("groups_in_flight", Queue(queue)),
        Fact::Deduplicated { queue, payload } => of("deduplicated", Queue(queue), payload),
        Fact::Put { stream, payload, .. } => of("put", Stream(stream), payload),
        Fact::PutRefused { stream, payload, .. } => of("put_refused", Stream(stream), payload),
        Fact::Resharded { stream, .. } => plain("resharded", Stream(stream)),
        Fact::Awaits { reader, payload, .. } => of("awaits", Reader(reader), payload),
        Fact::RecordsRead { reader, .. } => plain("records_read", Reader(reader)),
        Fact::RecordFiltered { reader, payload, .. } => {
            of("record_filtered", Reader(reader), payload)
        }
        Fact::RecordTaken { reader, payload, .. } => of("record_taken", Reader(reader), payload),
        Fact::BatchInvoked { reader, attempt, .. } => {
            Parts { attempt: Some(attempt), ..plain("batch_invoked", Reader(reader)) }
        }
        Fact::BatchFailed { reader, .. } => plain("batch_failed", Reader(reader)),
        Fact::BatchRetried { reader, attempt, .. } => {
            Parts { attempt: Some(attempt), ..plain("batch_retried", Reader(reader)) }
        }
        Fact::Bisected { reader, .. } => plain("bisected", Reader(reader)),
        Fact::Checkpointed { reader, payload, .. } => of("checkpointed", Reader(reader), payload),
        Fact::BatchGivenUp { reader, .. } => plain("batch_given_up", Reader(reader)),
        Fact::RecordGivenUp { reader, payload, .. } => {
            of("record_given_up", Reader(reader), payload)
        }
        Fact::RecordKept { reader, payload } => of("record_kept", Reader(reader), payload),
        Fact::RecordDropped { reader, payload, .. } => {
            of("record_dropped", Reader(reader), payload)
        }
        Fact::FailureDelivered { reader, .. } => plain("failure_delivered", Reader(reader)),
        Fact::FailureUndelivered { reader, .. } => plain("failure_undelivered", Reader(reader)),
        Fact::RecordExpired { reader, payload, .. } => {
            of("record_expired", Reader(reader), payload)
        }
        Fact::WindowClosed { reader, .. } => plain("window_closed", Reader(reader)),
        Fact::WindowDone { reader, payload, .. } => of("window_done", Reader(reader), payload),
        Fact::LanesScaled { reader, .. } => plain("lanes_scaled", Reader(reader)),
        Fact::NotWanted { outlet, payload } => of("not_wanted", Outlet(outlet), payload),
        Fact::Unwanted { sink, payload } => of("unwanted", Sink(sink), payload),
        Fact::Handed { outlet, payload, .. } => of("handed", Outlet(outlet), payload),
        Fact::DeliveryRetried { outlet, payload, attempt, .. } => {
            nth("delivery_retried", Outlet(outlet), payload, attempt)
        }
        Fact::HandedOn { outlet, payload, .. } => of("handed_on", Outlet(outlet), payload),
        Fact::DeliveryFailed { outlet, payload, .. } => {
            of("delivery_failed", Outlet(outlet), payload)
        }
        Fact::DeliveryKept { outlet, payload } => of("delivery_kept", Outlet(outlet), payload),
        Fact::DeliveryNotKept { outlet, payload } => {
            of("delivery_not_kept", Outlet(outlet), payload)
        }
        Fact::DeliveryLost { outlet, payload, .. } => of("delivery_lost", Outlet(outlet), payload),
    }
}

const fn answer_word(answer: Answer) -> &'static str {
    match answer {
        Answer::Ok => "ok",
        Answer::FunctionError => "function_error",
        Answer::Throttled => "throttled",
        Answer::SystemError => "system_error",
        Answer::NotFound => "not_found",
        Answer::Recursive => "recursive",
        Answer::TimedOut => "timeout",
        Answer::FunctionTimeout => "function_timeout",
        Answer::LimitReached => "limit_reached",
        Answer::Overloaded => "overloaded",
        Answer::TooLarge => "too_large",
        Answer::Failed => "failed",
    }
}

const fn held_word(held: Held) -> &'static str {
    match held {
        Held::Delayed => "delayed",
        Held::Visible => "visible",
        Held::InFlight => "in_flight",
    }
}

const fn entry_word(entry: Entry) -> &'static str {
    match entry {
        Entry::Sent => "sent",
        Entry::DeadLetter => "dead_letter",
        Entry::Redriven => "redriven",
        Entry::MovedBack => "moved_back",
    }
}

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fact {
            Fact::Answered { call, answer, took, .. } => {
                write!(f, "answer={}", answer_word(answer))?;
                if let Via::Service(service) = self.resources.calls[call.index()].via {
                    write!(f, " status={}", told(service, answer).status)?;
                }
                write!(f, " took={took}")?;
            }
            Fact::RequestRetried { wait, .. }
            | Fact::ServiceRetried { wait, .. }
            | Fact::Handed { wait, .. }
            | Fact::DeliveryRetried { wait, .. }
            | Fact::Requeued { wait, .. } => {
                write!(f, "wait={wait}")?;
            }
            Fact::HandedOn { took, .. } => write!(f, "took={took}")?,
            Fact::DeliveryFailed { why, attempts, .. } => {
                write!(f, "reason={} attempts={attempts}", why.word())?;
            }
            Fact::DeliveryLost { why, .. } => write!(f, "reason={}", why.word())?,
            Fact::Resolved { ok, since, .. } => {
                write!(f, "ok={} since={since}", if ok { "yes" } else { "no" })?;
            }
            Fact::Tried { age, first, .. } => {
                write!(f, "age={age}{}", if first { " first=yes" } else { "" })?;
            }
            Fact::Completed { age, .. } => write!(f, "age={age}")?,
            Fact::Discarded { condition, runs, age, .. } => {
                write!(f, "condition={} runs={runs} age={age}", condition.word())?;
            }
            Fact::Dropped { condition, .. } => write!(f, "reason={}", condition.word())?,
            Fact::RunStarted { records, cold, provisioned, .. } => {
                write!(f, "records={records}")?;
                if let Some(init) = cold {
                    write!(f, " cold={init}")?;
                }
                if provisioned {
                    write!(f, " provisioned=yes")?;
                }
            }
            Fact::RunEnded { started, ran, error, .. } => {
                write!(f, "started={started} ran={ran}")?;
                if let Some(error) = error {
                    write!(f, " error={}", error.word())?;
                }
            }
            Fact::Provisioned { environments, billed_ms, .. } => {
                write!(f, "environments={environments}")?;
                if billed_ms > 0 {
                    write!(f, " billed={billed_ms}ms")?;
                }
            }
            Fact::Billed { billed_ms, wasted, .. } => {
                write!(f, "billed={billed_ms}ms{}", if wasted { " wasted=yes" } else { "" })?;
            }
            Fact::Processed { nth, .. } => write!(f, "nth={nth}")?,
            Fact::Enqueued { entry, delayed, .. } => {
                write!(
                    f,
                    "entry={}{}",
                    entry_word(entry),
                    if delayed { " delayed=yes" } else { "" }
                )?;
            }
            Fact::Deleted { why, was, .. } => {
                let why = match why {
                    Deletion::Processed => "processed",
                    Deletion::Filtered => "filtered",
                };
                write!(f, "why={why} was={}", held_word(was))?;
            }
            Fact::Expired { was, .. } | Fact::Purged { was, .. } => {
                write!(f, "was={}", held_word(was))?;
            }
            Fact::MoveTaskStarted { accepted, .. } => {
                write!(f, "accepted={}", if accepted { "yes" } else { "no" })?;
            }
            Fact::MoveTaskEnded { moved, .. } => write!(f, "moved={moved}")?,
            Fact::Polled { events, .. }
            | Fact::Invoked { events, .. }
            | Fact::InvokeFailed { events, .. }
            | Fact::EventsDeleted { events, .. }
            | Fact::LetGo { events, .. } => write!(f, "events={events}")?,
            Fact::PollersScaled { pollers, .. } => write!(f, "pollers={pollers}")?,
            Fact::GroupsInFlight { groups, .. } => write!(f, "groups={groups}")?,
            Fact::Put { shard, .. } | Fact::Awaits { shard, .. } => write!(f, "shard={}", shard.0)?,
            Fact::RecordFiltered { shard, .. } => write!(f, "shard={}", shard.0)?,
            Fact::PutRefused { throttled, .. } => write!(f, "throttled={throttled}")?,
            Fact::Resharded { shards, .. } => write!(f, "shards={shards}")?,
            Fact::RecordsRead { shard, events, .. } | Fact::BatchFailed { shard, events, .. } => {
                write!(f, "shard={} events={events}", shard.0)?;
            }
            Fact::RecordTaken { shard, lane, sequence, .. }
            | Fact::Checkpointed { shard, lane, sequence, .. } => {
                write!(f, "shard={} lane={lane} sequence={sequence}", shard.0)?;
            }
            Fact::BatchInvoked { shard, events, age, .. } => {
                write!(f, "shard={} events={events} age={age}", shard.0)?;
            }
            Fact::BatchRetried { shard, events, wait, .. } => {
                write!(f, "shard={} events={events} wait={wait}", shard.0)?;
            }
            Fact::Bisected { shard, events, first, .. } => {
                write!(f, "shard={} events={events} first={first}", shard.0)?;
            }
            Fact::BatchGivenUp { shard, events, attempts, why, .. } => {
                let why = why.word();
                write!(f, "shard={} events={events} attempts={attempts} reason={why}", shard.0)?;
            }
            Fact::RecordGivenUp { shard, sequence, why, .. } => {
                write!(f, "shard={} sequence={sequence} reason={}", shard.0, why.word())?;
            }
            Fact::RecordDropped { why, .. } => write!(f, "reason={}", why.word())?,
            Fact::FailureDelivered { events, .. } | Fact::FailureUndelivered { events, .. } => {
                write!(f, "events={events}")?;
            }
            Fact::RecordExpired { shard, sequence, read, .. } => {
                let read = if read { "yes" } else { "no" };
                write!(f, "shard={} sequence={sequence} read={read}", shard.0)?;
            }
            Fact::WindowClosed { shard, records, invocations, .. } => {
                write!(f, "shard={} records={records} invocations={invocations}", shard.0)?;
            }
            Fact::WindowDone { ok, .. } => write!(f, "ok={}", if ok { "yes" } else { "no" })?,
            Fact::LanesScaled { lanes, .. } => write!(f, "lanes={lanes}")?,
            Fact::DependencyRefused { answer, .. } => write!(f, "answer={}", answer_word(answer))?,
            Fact::WorkStarted { waited, .. } => write!(f, "waited={waited}")?,
            Fact::WorkEnded { ran, took, ok, .. } => {
                write!(f, "ran={ran} took={took} ok={}", if ok { "yes" } else { "no" })?;
            }
            Fact::WorkCancelled { spent, started, .. } => {
                write!(f, "spent={spent} was={}", if started { "served" } else { "queued" })?;
            }
            Fact::Copied { maker, .. } => {
                let by = match maker {
                    Maker::Call(id) => &self.resources.calls[id.index()].name,
                    Maker::Destination(id) => &self.resources.functions[id.index()].name,
                    Maker::Outlet(id) => &self.resources.outlets[id.index()].name,
                    Maker::Reader(id) => &self.resources.readers[id.index()].name,
                };
                write!(f, "by={by}")?;
            }
            Fact::Arrived { .. }
            | Fact::Requested { .. }
            | Fact::Unawaited { .. }
            | Fact::Accepted { .. }
            | Fact::Redelivered { .. }
            | Fact::Queued { .. }
            | Fact::DeadLettered { .. }
            | Fact::DeadLetterFailed { .. }
            | Fact::DestinationFailed { .. }
            | Fact::RecordFailed { .. }
            | Fact::Throttled { .. }
            | Fact::SystemErred { .. }
            | Fact::LoopStopped { .. }
            | Fact::Missing { .. }
            | Fact::Buffered { .. }
            | Fact::HandedOver { .. }
            | Fact::Transformed { .. }
            | Fact::ProcessingFailed { .. }
            | Fact::SendRefused { .. }
            | Fact::Appeared { .. }
            | Fact::Received { .. }
            | Fact::Returned { .. }
            | Fact::DeleteIgnored { .. }
            | Fact::Redriven { .. }
            | Fact::MovedBack { .. }
            | Fact::EmptyReceive { .. }
            | Fact::FilteredOut { .. }
            | Fact::Published { .. }
            | Fact::PublishRefused { .. }
            | Fact::DependencyAsked { .. }
            | Fact::WorkQueued { .. }
            | Fact::WorkAbandoned { .. }
            | Fact::NotWanted { .. }
            | Fact::Unwanted { .. }
            | Fact::Deduplicated { .. }
            | Fact::RecordKept { .. }
            | Fact::DeliveryKept { .. }
            | Fact::DeliveryNotKept { .. } => {
                return match self.moved {
                    Some(place) => write!(f, "place={}", place.word()),
                    None => Ok(()),
                };
            }
        }
        match self.moved {
            Some(place) => write!(f, " place={}", place.word()),
            None => Ok(()),
        }
    }
}

/// Remembers the first payload that reached each place.
#[derive(Clone, Debug, Default)]
pub struct Firsts([Option<Id>; 9]);

impl Firsts {
    /// The first payload that reached `place`, if one did.
    pub fn at(&self, place: Place) -> Option<Id> {
        self.0[place as usize]
    }

    /// The place that a word of `--first` means: `dead-lettered` or `dead_lettered`.
    pub fn place(word: &str) -> Option<Place> {
        let word = word.replace('-', "_");
        Place::ALL.into_iter().find(|place| place.word() == word)
    }
}

/// Remembers the payload that ran most often, the first of several.
#[derive(Clone, Debug, Default)]
pub struct MostRuns(Option<(Id, u32)>);

impl MostRuns {
    /// The payload and its runs, if anything ran.
    pub fn found(&self) -> Option<(Id, u32)> {
        self.0
    }
}

impl Observer for MostRuns {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let (Fact::Processed { payload, .. } | Fact::RecordFailed { payload, .. }) = *fact else {
            return;
        };
        let runs = moment.register.get(payload).runs;
        if self.0.is_none_or(|(_, most)| most < runs) {
            self.0 = Some((Id::of(moment, payload), runs));
        }
    }
}

impl Observer for Firsts {
    fn saw(&mut self, moment: &Moment<'_>, _: &Fact) {
        if let Some(Move { payload, to, .. }) = moment.moved {
            self.0[to as usize].get_or_insert_with(|| Id::of(moment, payload));
        }
    }
}
