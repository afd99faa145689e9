//! The wiring: the only file that knows the topology. Read the `route`s to see the system.
//!
//! ```text
//!   ┌──► integration ─────────┐
//!   │                         ▼
//!  call ──► event queue ──► lambda ◄── mapping ◄──► sqs
//!    ▲          │              │                     ▲
//!    │          │              │                     │
//!    ├──────────┼── calls ─────┘                     │
//!    ▼          └──► destination ──► sink, sqs, event queue
//!  dependency
//!
//!  call, destination ──► sink ──► delivery ──► event queue, sqs, sink
//!  call ──► stream ◄──► reader ──► lambda, and what a reader gives up ──► sqs, sink
//! ```
//!
//! It owns the order (`docs/architecture.md`): consequences first, first in first out; then the next
//! appointment by time, class and age. Arrivals, changes of the timeline and sampling are kept outside
//! the agenda, and have their place in the same order.

use super::{
    Component, Fact, Moment, Observer, Port, Register, Rule,
    call::{self, Call},
    config::{Change, Config, Resources, Via},
    delivery::{self, Deliveries},
    dependency::{self, Dependency},
    destination::{self, Destination},
    event_queue::{self, Asker, EventQueue},
    facts::Answer,
    firehose::{self, Firehose},
    integration::{self, Integrations},
    lambda::{self, Lambda},
    mapping::{self, Mapping},
    reader::{self, Reader},
    register::Place,
    services::Service,
    sink::{self, Sink},
    sqs::{self, Poll, Queue},
    stream::{self, Stream},
    vocabulary::{
        CallId, DependencyId, Entry, FunctionId, MappingId, Outcome, PayloadId, Question, QueueId,
        ReaderId, Receipt, ReplyTo, Sender, SinkId, StreamId, Target, Work,
    },
};
use crate::kernel::{Agenda, Class, Classed, Span, Store, Time};
use std::{collections::VecDeque, sync::Arc};

/// A message on its way to a component. Closed: the compiler lists what is missing.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::enum_variant_names, reason = "an event queue is called so")]
enum Event {
    Call(CallId, call::In),
    EventQueue(FunctionId, event_queue::In),
    Lambda(lambda::In),
    Integration(integration::In),
    Firehose(CallId, firehose::In),
    Destination(FunctionId, destination::In),
    Delivery(delivery::In),
    Sqs(QueueId, sqs::In),
    Mapping(MappingId, mapping::In),
    Stream(StreamId, stream::In),
    Reader(ReaderId, reader::In),
    Sink(SinkId, sink::In),
    Dependency(DependencyId, dependency::In),
    /// Something outside the file takes everything.
    Outside(PayloadId, Place, Sender),
}

/// An appointment of a component.
#[derive(Clone, Copy, Debug)]
pub enum Wake {
    /// Of a caller or call.
    Call(CallId, call::Wake),
    /// Of an event queue.
    EventQueue(FunctionId, event_queue::Wake),
    /// Of the invoke plane.
    Lambda(lambda::Wake),
    /// Of a service between.
    Integration(integration::Wake),
    /// Of a service that hands events on.
    Delivery(delivery::Wake),
    /// Of a Firehose stream.
    Firehose(CallId, firehose::Wake),
    /// Of a queue.
    Sqs(QueueId, sqs::Wake),
    /// Of a mapping on a queue.
    Mapping(MappingId, mapping::Wake),
    /// Of a stream.
    Stream(StreamId, stream::Wake),
    /// Of a mapping on a stream.
    Reader(ReaderId, reader::Wake),
    /// Of a dependency.
    Dependency(DependencyId, dependency::Wake),
}

impl Classed for Wake {
    #[inline]
    fn class(&self) -> Class {
        match self {
            Wake::Call(_, token) => token.class(),
            Wake::EventQueue(_, token) => token.class(),
            Wake::Lambda(token) => token.class(),
            Wake::Integration(token) => token.class(),
            Wake::Delivery(token) => token.class(),
            Wake::Firehose(_, token) => token.class(),
            Wake::Sqs(_, token) => token.class(),
            Wake::Mapping(_, token) => token.class(),
            Wake::Stream(_, token) => token.class(),
            Wake::Reader(_, token) => token.class(),
            Wake::Dependency(_, token) => token.class(),
        }
    }
}

/// A component as it is wired: where its messages go.
trait Wired: Component {
    /// Which of its kind.
    type Id: Copy;
    /// The message becomes somebody's.
    fn route(id: Self::Id, message: Self::Out, parts: &Routes) -> Event;
    /// The appointment is its own.
    fn own(id: Self::Id, token: Self::Wake) -> Wake;
}

/// Who is connected to whom, where a message does not say it.
#[derive(Debug)]
struct Routes {
    /// The queue and the function of each mapping.
    mappings: Vec<(QueueId, FunctionId)>,
    /// The stream and the function of each mapping on a stream.
    readers: Vec<(StreamId, FunctionId)>,
}

/// What became of a send, as its sender is told.
fn receipt(sender: Sender, receipt: Receipt) -> Option<Event> {
    match sender {
        Sender::None => None,
        Sender::Call(call, slot) => {
            let answer = match receipt {
                Receipt::Accepted => Answer::Ok,
                Receipt::SystemError => Answer::SystemError,
                Receipt::Throttled => Answer::Throttled,
                Receipt::Refused => Answer::NotFound,
            };
            Some(Event::Call(call, call::In::Answered(slot, answer)))
        }
        Sender::Delivery(function, slot) => {
            Some(Event::Destination(function, destination::In::Sent(slot, receipt)))
        }
        Sender::Outlet(slot) => Some(Event::Delivery(delivery::In::Told(slot, receipt))),
        Sender::Reader(id, slot) => Some(Event::Reader(id, reader::In::Told(slot, receipt))),
    }
}

/// A send to a queue, stream, topic, bus or to the outside.
fn send(
    target: Target,
    payload: PayloadId,
    entry: Entry,
    place: Place,
    delay: Option<Span>,
    attempt: u32,
    sender: Sender,
) -> Event {
    match target {
        Target::Queue(queue) => {
            Event::Sqs(queue, sqs::In::Send { payload, entry, delay, attempt, reply_to: sender })
        }
        Target::Stream(stream) => {
            Event::Stream(stream, stream::In::Put { payload, attempt, sender })
        }
        Target::Sink(id) => Event::Sink(id, sink::In { payload, place, sender }),
        Target::Outside => Event::Outside(payload, place, sender),
        Target::Dependency(_) => unreachable!("a dependency is asked, and nothing is sent to it"),
        Target::Function(function) => {
            let asker = match sender {
                Sender::Call(call, slot) => Asker::Call(call, slot),
                Sender::None => Asker::Destination(function),
                Sender::Delivery(source, _) => Asker::Destination(source),
                Sender::Outlet(slot) => Asker::Outlet(slot),
                Sender::Reader(..) => unreachable!("no function is told of a failure on a stream"),
            };
            Event::EventQueue(function, event_queue::In::Accept(payload, asker))
        }
    }
}

impl Wired for Call {
    type Id = CallId;
    #[inline]
    fn route(id: CallId, message: call::Out, _: &Routes) -> Event {
        match message {
            call::Out::Ask { target, via, payload, attempt, delay, slot } => match (via, target) {
                (Via::Invoke, Target::Function(function)) => Event::Lambda(lambda::In::Invoke {
                    function,
                    work: Work::One(payload),
                    attempt,
                    reports: false,
                    reply_to: ReplyTo::Call(id, slot),
                }),
                (_, Target::Dependency(dependency)) => {
                    let question = Question { call: id, slot };
                    Event::Dependency(
                        dependency,
                        dependency::In::Request { question, payload, attempt },
                    )
                }
                (Via::Service(Service::Firehose), _) => {
                    Event::Firehose(id, firehose::In::Put(payload, slot))
                }
                (Via::Service(service), Target::Function(_)) if service.carrier().is_some() => {
                    Event::Delivery(delivery::In::Ask { call: id, slot, payload })
                }
                (Via::Service(_), Target::Function(function)) => {
                    Event::Integration(integration::In::Ask { call: id, slot, function, payload })
                }
                (Via::Invoke | Via::InvokeAsync | Via::Send | Via::Service(_), _) => {
                    let sender = Sender::Call(id, slot);
                    send(target, payload, Entry::Sent, Place::Delivered, delay, attempt, sender)
                }
            },
            call::Out::Done(run, ok) => Event::Lambda(lambda::In::Done { run, ok }),
            call::Out::Leave(dependency, slot) => {
                let question = Question { call: id, slot };
                Event::Dependency(dependency, dependency::In::Abandon(question))
            }
        }
    }
    #[inline]
    fn own(id: CallId, token: call::Wake) -> Wake {
        Wake::Call(id, token)
    }
}

impl Wired for EventQueue {
    type Id = FunctionId;
    #[inline]
    fn route(id: FunctionId, message: event_queue::Out, _: &Routes) -> Event {
        match message {
            event_queue::Out::Accepted { call, slot, found } => {
                let answer = if found { Answer::Ok } else { Answer::NotFound };
                Event::Call(call, call::In::Answered(slot, answer))
            }
            event_queue::Out::Told(slot, receipt) => {
                Event::Delivery(delivery::In::Told(slot, receipt))
            }
            event_queue::Out::Invoke { work, attempt, slot } => Event::Lambda(lambda::In::Invoke {
                function: id,
                work,
                attempt,
                reports: false,
                reply_to: ReplyTo::EventQueue(id, slot),
            }),
            event_queue::Out::Await => {
                Event::Lambda(lambda::In::Await(id, ReplyTo::EventQueue(id, 0)))
            }
            event_queue::Out::Settled { payload, condition } => {
                Event::Destination(id, destination::In::Settled(payload, condition))
            }
        }
    }
    #[inline]
    fn own(id: FunctionId, token: event_queue::Wake) -> Wake {
        Wake::EventQueue(id, token)
    }
}

impl Wired for Lambda {
    type Id = ();
    #[inline]
    fn route((): (), message: lambda::Out, _: &Routes) -> Event {
        match message {
            lambda::Out::Ended(ReplyTo::EventQueue(function, slot), outcome) => {
                Event::EventQueue(function, event_queue::In::Ended(slot, outcome))
            }
            lambda::Out::Ended(ReplyTo::Mapping(id, slot), outcome) => {
                Event::Mapping(id, mapping::In::Ended(slot, outcome))
            }
            lambda::Out::Ended(ReplyTo::Reader(id, slot), outcome) => {
                Event::Reader(id, reader::In::Ended(slot, outcome))
            }
            lambda::Out::Ended(ReplyTo::Call(call, slot), outcome) => {
                Event::Call(call, call::In::Answered(slot, answer(outcome)))
            }
            lambda::Out::Ended(ReplyTo::Service(_, slot), outcome) => {
                Event::Integration(integration::In::Ended(slot, outcome))
            }
            lambda::Out::Ended(ReplyTo::Firehose(call, slot), outcome) => {
                Event::Firehose(call, firehose::In::Ended(slot, outcome))
            }
            lambda::Out::Capacity(ReplyTo::EventQueue(function, _)) => {
                Event::EventQueue(function, event_queue::In::Capacity)
            }
            lambda::Out::Capacity(ReplyTo::Mapping(id, slot)) => {
                Event::Mapping(id, mapping::In::Capacity(slot))
            }
            lambda::Out::Capacity(
                ReplyTo::Call(..)
                | ReplyTo::Service(..)
                | ReplyTo::Firehose(..)
                | ReplyTo::Reader(..),
            ) => {
                unreachable!("who waits asks again by itself and never for capacity")
            }
            lambda::Out::Call(call, payload, run) => {
                Event::Call(call, call::In::Request(payload, run))
            }
            lambda::Out::Abandon(call, run) => Event::Call(call, call::In::Abandon(run)),
        }
    }
    #[inline]
    fn own((): (), token: lambda::Wake) -> Wake {
        Wake::Lambda(token)
    }
}

impl Wired for Integrations {
    type Id = ();
    fn route((): (), message: integration::Out, _: &Routes) -> Event {
        match message {
            integration::Out::Invoke { call, function, payload, attempt, slot } => {
                Event::Lambda(lambda::In::Invoke {
                    function,
                    work: Work::One(payload),
                    attempt,
                    reports: false,
                    reply_to: ReplyTo::Service(call, slot),
                })
            }
            integration::Out::Answered(call, slot, answer) => {
                Event::Call(call, call::In::Answered(slot, answer))
            }
        }
    }
    fn own((): (), token: integration::Wake) -> Wake {
        Wake::Integration(token)
    }
}

impl Wired for Firehose {
    type Id = CallId;
    fn route(id: CallId, message: firehose::Out, _: &Routes) -> Event {
        match message {
            firehose::Out::Taken(slot) => Event::Call(id, call::In::Answered(slot, Answer::Ok)),
            firehose::Out::Invoke { function, records, slot } => {
                Event::Lambda(lambda::In::Invoke {
                    function,
                    work: Work::Batch(records),
                    attempt: 1,
                    reports: true,
                    reply_to: ReplyTo::Firehose(id, slot),
                })
            }
        }
    }
    fn own(id: CallId, token: firehose::Wake) -> Wake {
        Wake::Firehose(id, token)
    }
}

/// What one who waits is told of a run.
fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Succeeded => Answer::Ok,
        Outcome::FunctionError(_) => Answer::FunctionError,
        Outcome::Throttled | Outcome::ZeroReservedConcurrency => Answer::Throttled,
        Outcome::SystemError => Answer::SystemError,
        Outcome::RecursiveInvocation => Answer::Recursive,
        Outcome::NotFound => Answer::NotFound,
    }
}

impl Wired for Destination {
    type Id = FunctionId;
    fn route(id: FunctionId, message: destination::Out, _: &Routes) -> Event {
        match message {
            destination::Out::Send { target, payload, entry, place, slot } => {
                send(target, payload, entry, place, None, 1, Sender::Delivery(id, slot))
            }
            destination::Out::Accept(function, payload) => Event::EventQueue(
                function,
                event_queue::In::Accept(payload, Asker::Destination(id)),
            ),
            destination::Out::Done(payload) => Event::Delivery(delivery::In::Done(payload)),
        }
    }
    fn own(_: FunctionId, token: destination::Wake) -> Wake {
        match token {}
    }
}

impl Wired for Deliveries {
    type Id = ();
    fn route((): (), message: delivery::Out, _: &Routes) -> Event {
        match message {
            delivery::Out::Send { target, payload, entry, attempt, slot } => {
                let place = match entry {
                    Entry::DeadLetter => Place::DeadLettered,
                    Entry::Sent | Entry::Redriven | Entry::MovedBack => Place::Delivered,
                };
                send(target, payload, entry, place, None, attempt, Sender::Outlet(slot))
            }
            delivery::Out::Answered(call, slot, answer) => {
                Event::Call(call, call::In::Answered(slot, answer))
            }
        }
    }
    fn own((): (), token: delivery::Wake) -> Wake {
        Wake::Delivery(token)
    }
}

impl Wired for Queue {
    type Id = QueueId;
    #[inline]
    fn route(_: QueueId, message: sqs::Out, _: &Routes) -> Event {
        match message {
            sqs::Out::Sent { reply_to, receipt: told } => {
                receipt(reply_to, told).expect("a queue answers who asked to be told")
            }
            sqs::Out::Received { poll, batch } => {
                Event::Mapping(poll.mapping, mapping::In::Received(poll.slot, batch))
            }
            sqs::Out::Redrive { to, payload, sent_at, receives, source } => {
                Event::Sqs(to, sqs::In::Redriven { payload, sent_at, receives, source })
            }
            sqs::Out::MoveBack { to, payload } => Event::Sqs(to, sqs::In::MovedBack { payload }),
        }
    }
    #[inline]
    fn own(id: QueueId, token: sqs::Wake) -> Wake {
        Wake::Sqs(id, token)
    }
}

impl Wired for Mapping {
    type Id = MappingId;
    #[inline]
    fn route(id: MappingId, message: mapping::Out, routes: &Routes) -> Event {
        let (queue, function) = routes.mappings[id.index()];
        let poll = |slot| Poll { mapping: id, slot };
        match message {
            mapping::Out::Receive { slot, max, wait } => Event::Sqs(
                queue,
                sqs::In::Receive { poll: poll(slot), max, wait, visibility: None },
            ),
            mapping::Out::CancelReceive { slot } => {
                Event::Sqs(queue, sqs::In::CancelReceive { poll: poll(slot) })
            }
            mapping::Out::Delete { handle, why } => {
                Event::Sqs(queue, sqs::In::Delete { handle, why })
            }
            mapping::Out::Invoke { batch, slot, reports } => Event::Lambda(lambda::In::Invoke {
                function,
                work: Work::Batch(batch),
                attempt: 1,
                reports,
                reply_to: ReplyTo::Mapping(id, slot),
            }),
            mapping::Out::Await { slot } => {
                Event::Lambda(lambda::In::Await(function, ReplyTo::Mapping(id, slot)))
            }
            mapping::Out::Decline => Event::Lambda(lambda::In::Declined),
        }
    }
    #[inline]
    fn own(id: MappingId, token: mapping::Wake) -> Wake {
        Wake::Mapping(id, token)
    }
}

impl Wired for Stream {
    type Id = StreamId;
    fn route(_: StreamId, message: stream::Out, _: &Routes) -> Event {
        match message {
            stream::Out::Told(sender, told) => {
                receipt(sender, told).expect("whoever puts asks to be told")
            }
            stream::Out::Opened { reader, shard } => {
                Event::Reader(reader, reader::In::Opened(shard))
            }
            stream::Out::Closed { reader, shard } => {
                Event::Reader(reader, reader::In::Closed(shard))
            }
            stream::Out::Arrived { reader, shard } => {
                Event::Reader(reader, reader::In::Arrived(shard))
            }
            stream::Out::Records { reader, shard, batch, behind } => {
                Event::Reader(reader, reader::In::Records { shard, batch, behind })
            }
        }
    }
    fn own(id: StreamId, token: stream::Wake) -> Wake {
        Wake::Stream(id, token)
    }
}

impl Wired for Reader {
    type Id = ReaderId;
    fn route(id: ReaderId, message: reader::Out, routes: &Routes) -> Event {
        let (stream, function) = routes.readers[id.index()];
        match message {
            reader::Out::Read { shard, max } => {
                Event::Stream(stream, stream::In::Read { reader: id, shard, max })
            }
            reader::Out::Finished(shard) => {
                Event::Stream(stream, stream::In::Finished { reader: id, shard })
            }
            reader::Out::Invoke { batch, slot, reports } => Event::Lambda(lambda::In::Invoke {
                function,
                work: Work::Batch(batch),
                attempt: 1,
                reports,
                reply_to: ReplyTo::Reader(id, slot),
            }),
            reader::Out::Send { target, payload, entry, place, slot } => {
                send(target, payload, entry, place, None, 1, Sender::Reader(id, slot))
            }
        }
    }
    fn own(id: ReaderId, token: reader::Wake) -> Wake {
        Wake::Reader(id, token)
    }
}

impl Wired for Sink {
    type Id = SinkId;
    fn route(_: SinkId, message: sink::Out, _: &Routes) -> Event {
        match message {
            sink::Out::Told(sender, told) => {
                receipt(sender, told).expect("whoever publishes asks to be told")
            }
            sink::Out::Deliver { outlet, payload, entry } => {
                Event::Delivery(delivery::In::Deliver { outlet, payload, entry })
            }
        }
    }
    fn own(_: SinkId, token: sink::Wake) -> Wake {
        match token {}
    }
}

impl Wired for Dependency {
    type Id = DependencyId;
    fn route(_: DependencyId, message: dependency::Answered, _: &Routes) -> Event {
        let dependency::Answered { question, answer } = message;
        Event::Call(question.call, call::In::Answered(question.slot, answer))
    }
    fn own(id: DependencyId, token: dependency::Wake) -> Wake {
        Wake::Dependency(id, token)
    }
}

/// What all components share: the order, the register, and those who watch.
struct Core<O, S> {
    agenda: Agenda<Wake, S>,
    /// A held message at the end of a chain: it goes before the lane.
    held: Option<Event>,
    /// All other messages, first in first out.
    lane: VecDeque<Event>,
    register: Register,
    observer: O,
    routes: Routes,
}

/// A port that holds nothing: everything goes through the lane.
struct Lane<'a, C: Wired, O, S>(&'a mut Core<O, S>, C::Id);

impl<C: Wired, O: Observer, S: Store<Wake>> Port<C> for Lane<'_, C, O, S> {
    fn wake(&mut self, after: Span, token: C::Wake) {
        self.0.agenda.after(after, C::own(self.1, token));
    }
    fn send(&mut self, message: C::Out) {
        self.0.lane.push_back(C::route(self.1, message, &self.0.routes));
    }
    fn note(&mut self, rule: Rule, fact: Fact) {
        self.0.note(rule, fact);
    }
    fn register(&mut self) -> &mut Register {
        &mut self.0.register
    }
}

/// The port of one component: applies what it does at once.
///
/// The first message of a transition is held as it is, and dispatched next if nothing waits before
/// it: the same order as through the lane, without becoming an [`Event`] (half the time of a run).
struct Door<'a, C: Wired, O, S> {
    core: &'a mut Core<O, S>,
    id: C::Id,
    held: Option<C::Out>,
}

impl<'a, C: Wired, O, S> Door<'a, C, O, S> {
    fn new(core: &'a mut Core<O, S>, id: C::Id) -> Self {
        Door { core, id, held: None }
    }
}

impl<C: Wired, O: Observer, S: Store<Wake>> Port<C> for Door<'_, C, O, S> {
    #[inline]
    fn wake(&mut self, after: Span, token: C::Wake) {
        self.core.agenda.after(after, C::own(self.id, token));
    }
    #[inline(always)]
    fn send(&mut self, message: C::Out) {
        if self.held.is_none() && self.core.is_clear() {
            self.held = Some(message);
        } else {
            self.core.lane.push_back(C::route(self.id, message, &self.core.routes));
        }
    }
    #[inline(always)]
    fn note(&mut self, rule: Rule, fact: Fact) {
        self.core.note(rule, fact);
    }
    #[inline(always)]
    fn register(&mut self) -> &mut Register {
        &mut self.core.register
    }
}

impl<O: Observer, S: Store<Wake>> Core<O, S> {
    /// Whether no message waits to be dispatched.
    #[inline(always)]
    fn is_clear(&self) -> bool {
        self.held.is_none() && self.lane.is_empty()
    }

    /// Tells who watches which arrivals are over since the last time.
    #[inline(always)]
    fn tell_what_is_over(&mut self) {
        while let Some(root) = self.register.next_over() {
            self.observer.over(self.agenda.now(), &self.register, root);
            self.register.forget(root);
        }
    }

    #[inline(always)]
    fn note(&mut self, rule: Rule, fact: Fact) {
        let now = self.agenda.now();
        let moved = self.register.follow(now, &fact);
        self.observer.saw(&Moment { now, rule, register: &self.register, moved }, &fact);
    }
}

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Everything rests, or the horizon is reached.
    Complete,
    /// It handled as many events as it may.
    Events,
    /// So much happened at one instant that time does not seem to go on.
    Instant,
    /// It was asked to stop.
    Interrupted,
}

/// What bounds a run.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// Messages, appointments and arrivals in all.
    pub events_max: u64,
    /// Of these, at one instant, beside what is declared to come at once or is there already.
    pub instant_max: u64,
    /// Asked now and then: whether to stop.
    pub interrupted: &'a dyn Fn(Time) -> bool,
}

/// Where a piece of a run ends: at the earlier of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When all of this instant has happened.
    pub at: Time,
    /// When so many events have been handled since the beginning, with all that follows at once.
    pub events: u64,
}

impl Pause {
    /// Only the run's end ends it.
    pub const NEVER: Pause = Pause { at: Time::NEVER, events: u64::MAX };
}

/// Why the world stands still.
enum Halt {
    /// The piece is played.
    Pause,
    /// The run has ended.
    End(Stop),
}

/// How much has been handled.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    events: u64,
    /// Of these, at the present instant.
    at_instant: u64,
    /// From so many on it is asked whether to stop: at first at once, since a study may have many runs that
    /// are shorter than [`LOOK_EVERY`].
    look_next: u64,
}

/// Why a stream is there.
const STREAM: &str = "only who has a stream puts records into it";

/// Events between two looks at whether the run is to stop.
const LOOK_EVERY: u64 = 1024;

/// How far a run came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Why it stopped.
    pub stop: Stop,
    /// When, in simulated time.
    pub at: Time,
    /// Messages, appointments and arrivals handled.
    pub events: u64,
    /// The names of a circle of dead-letter queues, if each of them moved messages to the next: at that
    /// instant for [`Stop::Instant`], at any time for [`Stop::Events`].
    pub circle: Option<String>,
}

/// SQS publishes once a minute; a shorter period of the series is sampled as often as it has rows.
const SAMPLING_MAX: Span = Span::mins(1);

/// A system in motion.
pub struct World<O, S> {
    core: Core<O, S>,
    lambda: Lambda,
    integrations: Integrations,
    /// For each caller and call its stream, if it has one.
    firehoses: Vec<Option<Firehose>>,
    calls: Vec<Call>,
    event_queues: Vec<EventQueue>,
    destinations: Vec<Destination>,
    deliveries: Deliveries,
    queues: Vec<Queue>,
    mappings: Vec<Mapping>,
    streams: Vec<Stream>,
    readers: Vec<Reader>,
    sinks: Vec<Sink>,
    dependencies: Vec<Dependency>,
    /// The caller whose arrival is next.
    arrival: (Time, usize),
    callers: usize,
    /// The key of what is next outside the agenda: an arrival or a change.
    outside: u64,
    /// From this key on, something rare may be due.
    rare: u64,
    timeline: VecDeque<(Time, Change)>,
    resources: Arc<Resources>,
    /// When the queues are looked at next, and how often.
    sample: (Time, Span),
    duration: Time,
    horizon: Time,
    /// Whether a mapping is disabled now.
    parks: bool,
    /// What the scenario itself declares to come at one instant.
    declared: u64,
    /// What may happen at the present instant: this, and what is there already may cause something too.
    legal: u64,
    begun: bool,
    counts: Counts,
    /// Nothing after this happens now.
    pause: Time,
}

/// Runs one transition of a component through its port and passes on the message that it held.
macro_rules! step {
    ($world:ident, $component:expr, $id:expr, $verb:ident, $what:expr, $pass:ident) => {{
        let now = $world.core.agenda.now();
        let id = $id;
        let mut door = Door::new(&mut $world.core, id);
        $component.$verb(now, $what, &mut door);
        if let Some(message) = door.held {
            let event = route_of(&$component, id, message, &$world.core.routes);
            $world.$pass(event);
        }
    }};
}

/// [`Wired::route`] of a component at hand.
#[inline(always)]
fn route_of<C: Wired>(_: &C, id: C::Id, message: C::Out, routes: &Routes) -> Event {
    C::route(id, message, routes)
}

impl<O: Observer, S: Store<Wake>> World<O, S> {
    /// Everything at time 0, watched by `observer`.
    pub fn new(config: &Config, observer: O) -> World<O, S> {
        let resources = &config.resources;
        let (seed, catalog) = (config.seed, &config.catalog);
        let assumptions = &resources.assumptions;
        let until = config.duration;
        let sampling = config.period.min(SAMPLING_MAX);
        let functions = || resources.function_ids().zip(&resources.functions);
        let declared = declared(resources);
        World {
            core: Core {
                agenda: Agenda::new(),
                held: None,
                lane: VecDeque::new(),
                register: Register::default(),
                observer,
                routes: Routes {
                    mappings: resources.mappings.iter().map(|m| (m.queue, m.function)).collect(),
                    readers: resources.readers.iter().map(|r| (r.stream, r.function)).collect(),
                },
            },
            lambda: Lambda::new(resources, catalog.clone(), seed),
            integrations: Integrations::new(resources, seed),
            firehoses: (0..)
                .zip(&resources.calls)
                .map(|(id, call)| Firehose::new(CallId(id), call))
                .collect(),
            calls: (0..)
                .zip(&resources.calls)
                .map(|(id, call)| Call::new(CallId(id), call, catalog.clone(), seed, until))
                .collect(),
            event_queues: functions()
                .map(|(id, function)| EventQueue::new(id, function, assumptions, seed))
                .collect(),
            destinations: functions()
                .map(|(id, function)| Destination::new(id, function))
                .collect(),
            deliveries: Deliveries::new(resources, seed),
            queues: (0..)
                .zip(&resources.queues)
                .map(|(id, queue)| {
                    Queue::new(QueueId(id), queue, assumptions, catalog.clone(), seed)
                })
                .collect(),
            mappings: (0..)
                .zip(&resources.mappings)
                .map(|(id, mapping)| {
                    let settings = settings(resources, mapping);
                    Mapping::new(MappingId(id), settings, assumptions, catalog.clone())
                })
                .collect(),
            streams: (0..resources.streams.len())
                .map(|at| Stream::new(StreamId::at(at), resources, catalog.clone(), seed))
                .collect(),
            readers: (0..)
                .zip(&resources.readers)
                .map(|(id, reader)| {
                    let settings = reader_settings(resources, reader);
                    Reader::new(ReaderId(id), settings, assumptions, catalog.clone())
                })
                .collect(),
            sinks: (0..)
                .zip(&resources.sinks)
                .map(|(id, sink)| {
                    Sink::new(SinkId(id), sink, &resources.outlets, catalog.clone(), seed)
                })
                .collect(),
            dependencies: (0..)
                .zip(&resources.dependencies)
                .map(|(id, dependency)| {
                    Dependency::new(DependencyId(id), dependency, catalog.clone(), seed)
                })
                .collect(),
            arrival: (Time::NEVER, 0),
            callers: resources.callers,
            outside: u64::MAX,
            rare: 0,
            timeline: config.timeline.iter().cloned().collect(),
            resources: resources.clone(),
            sample: (Time::ZERO + sampling, sampling),
            duration: config.duration,
            horizon: config.duration.saturating_add(config.drain).min(Time::LAST),
            parks: parks(resources),
            declared,
            legal: declared,
            begun: false,
            counts: Counts::default(),
            pause: Time::NEVER,
        }
    }

    /// Plays until everything rests, the horizon is reached, or a limit stops it.
    pub fn run(&mut self, limits: &Limits<'_>) -> Finish {
        self.run_until(Pause::NEVER, limits).expect("nothing but its end stops it")
    }

    /// Plays on to `pause`: none if the run goes on behind it. However a run is cut into pieces, the same
    /// happens in the same order; one that was interrupted can be played on too.
    pub fn run_until(&mut self, pause: Pause, limits: &Limits<'_>) -> Option<Finish> {
        if !self.begun {
            self.begun = true;
            self.begin();
        }
        self.pause = pause.at;
        // What is rare is looked at again: the pause is another.
        self.rare = 0;
        let events_max = limits.events_max.min(pause.events);
        let Counts { mut events, mut at_instant, mut look_next } = self.counts;
        let halt = 'run: loop {
            while let Some(event) = self.core.held.take().or_else(|| self.core.lane.pop_front()) {
                events += 1;
                at_instant += 1;
                self.handle(event);
                if limits.instant_max.saturating_add(self.legal) <= at_instant {
                    break 'run Halt::End(Stop::Instant);
                }
            }
            self.core.tell_what_is_over();
            if events_max <= events {
                break if limits.events_max <= events {
                    Halt::End(Stop::Events)
                } else {
                    Halt::Pause
                };
            }
            let agenda = self.core.agenda.next_key().unwrap_or(u64::MAX);
            let next = agenda.min(self.outside);
            if self.rare <= next
                && let Some(halt) = self.look_around(next)
            {
                break halt;
            }
            let at = Time::from_nanos(next >> 3);
            if look_next <= events {
                look_next = events + LOOK_EVERY;
                if (limits.interrupted)(at) {
                    break Halt::End(Stop::Interrupted);
                }
            }
            if self.core.agenda.now() < at {
                at_instant = 0;
                let alive = self.core.register.alive().saturating_mul(CAUSED);
                self.legal = self.declared.saturating_add(alive);
            } else if limits.instant_max.saturating_add(self.legal) <= at_instant {
                // A circle may go by appointments alone.
                break Halt::End(Stop::Instant);
            }
            events += 1;
            at_instant += 1;
            if agenda <= self.outside {
                let token = self.core.agenda.pop().expect("it has a next");
                self.keep(token);
            } else if self.outside & 7 == Class::Arrival as u64 {
                self.core.agenda.advance(at, Class::Arrival);
                let caller = self.arrival.1;
                let id = CallId::at(caller);
                step!(self, self.calls[caller], id, on, call::In::Arrive, pass_to_event_queue);
                self.look_at_callers();
            } else {
                self.core.agenda.advance(at, Class::Change);
                let (_, change) = self.timeline.pop_front().expect("it has a front");
                self.change(at, change);
                self.look_at_callers();
            }
        };
        self.counts = Counts { events, at_instant, look_next };
        match halt {
            Halt::Pause => None,
            Halt::End(stop) => Some(self.finish(stop, events)),
        }
    }

    /// The instant of what happened last.
    pub fn now(&self) -> Time {
        self.core.agenda.now()
    }

    /// Messages, appointments and arrivals handled so far.
    pub fn events(&self) -> u64 {
        self.counts.events
    }

    /// The register as it is.
    pub fn register(&self) -> &Register {
        &self.core.register
    }

    /// Who watches.
    pub fn observer(&self) -> &O {
        &self.core.observer
    }

    /// Who watches; may be another between two pieces of a run, since observers change nothing in it.
    pub fn observer_mut(&mut self) -> &mut O {
        &mut self.core.observer
    }

    /// Who watches, and the register as it is.
    pub fn observer_and_register(&mut self) -> (&mut O, &Register) {
        (&mut self.core.observer, &self.core.register)
    }

    /// What watched, and the register as it is left.
    pub fn into_parts(self) -> (O, Register) {
        (self.core.observer, self.core.register)
    }

    fn begin(&mut self) {
        for at in 0..self.calls.len() {
            self.calls[at].begin(&mut Lane(&mut self.core, CallId::at(at)));
        }
        for at in 0..self.mappings.len() {
            self.mappings[at].begin(Time::ZERO, &mut Lane(&mut self.core, MappingId::at(at)));
        }
        for at in 0..self.streams.len() {
            self.streams[at].begin(&mut Lane(&mut self.core, StreamId::at(at)));
        }
        self.core.observer.configured(Time::ZERO, &self.resources);
        self.lambda.begin(&mut Lane(&mut self.core, ()));
        self.look_at_callers();
    }

    fn finish(&mut self, stop: Stop, events: u64) -> Finish {
        self.core.tell_what_is_over();
        let at = if stop == Stop::Complete { self.completed_at() } else { self.now() };
        while self.sample.0 <= at {
            self.look_at_queues();
        }
        let nothing_comes = self.outside == u64::MAX && self.core.agenda.next_key().is_none();
        if stop == Stop::Complete && (nothing_comes || self.rests()) {
            let World { core, queues, .. } = self;
            core.observer.rested(at, &|queue, now| queues[queue.index()].oldest_age(now));
        }
        let circle = match stop {
            Stop::Instant => self.circle(self.now()),
            Stop::Events => self.circle(Time::ZERO),
            Stop::Complete | Stop::Interrupted => None,
        };
        Finish { stop, at, events, circle }
    }

    /// A circle of dead-letter queues, each of which has moved messages since then.
    fn circle(&self, since: Time) -> Option<String> {
        let moves =
            |id: &QueueId| self.queues[id.index()].moved_at().is_some_and(|moved| since <= moved);
        let mut circles =
            (0..self.queues.len()).filter_map(|at| self.resources.circle_of(QueueId::at(at)));
        let circle = circles.find(|all| all.iter().all(moves))?;
        Some(self.resources.names_around(&circle))
    }

    /// When a run ends in which nothing more happens.
    fn completed_at(&self) -> Time {
        self.now().max(self.duration.min(self.horizon))
    }

    /// Something rare may be due: sampling, a pause, or the end. Says if the run halts before `next`.
    #[cold]
    fn look_around(&mut self, next: u64) -> Option<Halt> {
        let at = Time::from_nanos(next >> 3);
        if next == u64::MAX || self.horizon < at || (self.duration < at && self.rests()) {
            let is_later = self.pause < self.completed_at();
            return Some(if is_later { Halt::Pause } else { Halt::End(Stop::Complete) });
        }
        if self.pause < at {
            return Some(Halt::Pause);
        }
        while self.sample.0 <= at {
            self.look_at_queues();
        }
        let pause = self.pause.saturating_add(Span::nanos(1));
        self.rare = key(self.sample.0.min(self.duration).min(pause), Class::Change);
        None
    }

    /// Whether nothing waits or is in flight but what waits for a mapping that is disabled, and nothing
    /// runs or is to be changed.
    fn rests(&self) -> bool {
        self.core.register.unrested() == self.parked()
            && self.lambda.running() == 0
            && self.timeline.is_empty()
            && self.event_queues.iter().all(|queue| !queue.is_redelivering())
            && self.queues.iter().all(|queue| !queue.is_moving())
            && self.dependencies.iter().all(Dependency::is_idle)
            && self.readers.iter().all(Reader::is_idle)
    }

    /// What waits for a mapping that is disabled: nothing moves it before its retention is over.
    fn parked(&self) -> u64 {
        if !self.parks {
            return 0;
        }
        let parked = self.queues.iter().map(Queue::parked).sum::<usize>()
            + self.streams.iter().map(Stream::parked).sum::<usize>()
            + self.readers.iter().map(Reader::parked).sum::<usize>();
        parked as u64
    }

    #[inline]
    fn look_at_callers(&mut self) {
        self.arrival = (Time::NEVER, 0);
        for (at, call) in self.calls[..self.callers].iter().enumerate() {
            if call.next() < self.arrival.0 {
                self.arrival = (call.next(), at);
            }
        }
        let change = match self.timeline.front() {
            Some((at, _)) => key(*at, Class::Change),
            None => u64::MAX,
        };
        self.outside = key(self.arrival.0, Class::Arrival).min(change);
    }

    #[cold]
    fn look_at_queues(&mut self) {
        let at = self.sample.0;
        for (id, queue) in (0..).zip(&mut self.queues) {
            self.core.observer.sampled(at, QueueId(id), queue.oldest_age(at));
        }
        self.sample.0 = at + self.sample.1;
    }

    /// Dispatches a message; what it makes its receiver say first is dispatched in the same breath.
    #[inline(always)]
    fn handle(&mut self, event: Event) {
        match event {
            Event::Call(id, message) => {
                step!(self, self.calls[id.index()], id, on, message, hold);
            }
            Event::EventQueue(id, message) => {
                step!(self, self.event_queues[id.index()], id, on, message, hold);
            }
            Event::Lambda(message) => step!(self, self.lambda, (), on, message, hold),
            Event::Integration(message) => step!(self, self.integrations, (), on, message, hold),
            Event::Firehose(id, message) => {
                let stream = self.firehoses[id.index()].as_mut().expect(STREAM);
                step!(self, *stream, id, on, message, hold);
            }
            Event::Destination(id, message) => {
                step!(self, self.destinations[id.index()], id, on, message, hold);
            }
            Event::Delivery(message) => step!(self, self.deliveries, (), on, message, hold),
            Event::Sqs(id, message) => {
                step!(self, self.queues[id.index()], id, on, message, hold);
            }
            Event::Mapping(id, message) => {
                step!(self, self.mappings[id.index()], id, on, message, hold);
            }
            Event::Stream(id, message) => self.put(id, message),
            Event::Reader(id, message) => self.read(id, message),
            Event::Sink(id, message) => {
                step!(self, self.sinks[id.index()], id, on, message, hold);
            }
            Event::Dependency(id, message) => self.ask(id, message),
            Event::Outside(payload, place, sender) => {
                let rule = match sender {
                    Sender::Delivery(..) => Rule::A3_2,
                    Sender::Outlet(_) => Rule::D2,
                    Sender::Reader(..) => Rule::K13,
                    Sender::Call(..) | Sender::None => Rule::Ours,
                };
                self.core.note(rule, Fact::Published { sink: None, payload, place });
                self.core.register.release(payload);
                if let Some(event) = receipt(sender, Receipt::Accepted) {
                    self.hold(event);
                }
            }
        }
    }

    /// Apart, so that runs without dependencies do not carry them along.
    #[inline(never)]
    fn ask(&mut self, id: DependencyId, message: dependency::In) {
        step!(self, self.dependencies[id.index()], id, on, message, hold);
    }

    /// Apart, as above.
    #[inline(never)]
    fn put(&mut self, id: StreamId, message: stream::In) {
        step!(self, self.streams[id.index()], id, on, message, hold);
    }

    /// Apart, as above.
    #[inline(never)]
    fn read(&mut self, id: ReaderId, message: reader::In) {
        step!(self, self.readers[id.index()], id, on, message, hold);
    }

    /// Ends a chain: the message is the next to be dispatched, unless its transition sent more first.
    #[inline(always)]
    fn hold(&mut self, event: Event) {
        debug_assert!(self.core.held.is_none(), "one message is held at a time");
        self.core.held = Some(event);
    }

    #[inline(always)]
    fn keep(&mut self, token: Wake) {
        match token {
            Wake::Call(id, token) => {
                step!(self, self.calls[id.index()], id, woken, token, handle_apart);
            }
            Wake::EventQueue(id, token) => {
                step!(self, self.event_queues[id.index()], id, woken, token, pass_to_lambda);
            }
            Wake::Lambda(token) => step!(self, self.lambda, (), woken, token, pass_to_asker),
            Wake::Firehose(id, token) => {
                let stream = self.firehoses[id.index()].as_mut().expect(STREAM);
                step!(self, *stream, id, woken, token, handle_apart);
            }
            Wake::Integration(token) => {
                step!(self, self.integrations, (), woken, token, handle_apart);
            }
            Wake::Delivery(token) => {
                step!(self, self.deliveries, (), woken, token, handle_apart);
            }
            Wake::Sqs(id, token) => {
                step!(self, self.queues[id.index()], id, woken, token, handle_apart);
            }
            Wake::Mapping(id, token) => {
                step!(self, self.mappings[id.index()], id, woken, token, handle_apart);
            }
            Wake::Stream(id, token) => {
                step!(self, self.streams[id.index()], id, woken, token, handle_apart);
            }
            Wake::Reader(id, token) => {
                step!(self, self.readers[id.index()], id, woken, token, handle_apart);
            }
            Wake::Dependency(id, token) => {
                step!(self, self.dependencies[id.index()], id, woken, token, handle_apart);
            }
        }
    }

    #[inline(never)]
    fn handle_apart(&mut self, event: Event) {
        self.handle(event);
    }

    /// What an event queue says first is most often an invocation.
    #[inline(always)]
    fn pass_to_lambda(&mut self, event: Event) {
        match event {
            Event::Lambda(message) => step!(self, self.lambda, (), on, message, hold),
            other => self.handle_apart(other),
        }
    }

    /// What the plane says first is most often the end of a run.
    #[inline(always)]
    fn pass_to_asker(&mut self, event: Event) {
        match event {
            Event::EventQueue(id, message) => {
                step!(self, self.event_queues[id.index()], id, on, message, hold);
            }
            other => self.handle_apart(other),
        }
    }

    /// What a caller says first is most often an event for a function.
    #[inline(always)]
    fn pass_to_event_queue(&mut self, event: Event) {
        match event {
            Event::EventQueue(id, message) => {
                step!(self, self.event_queues[id.index()], id, on, message, hold);
            }
            other => self.handle_apart(other),
        }
    }

    /// An operator changes something.
    #[cold]
    fn change(&mut self, now: Time, change: Change) {
        match change {
            Change::Configure(resources) => self.configure(now, &resources),
            Change::StartMessageMoveTask { source, destination, rate } => {
                let message = sqs::In::StartMoveTask { destination, rate };
                step!(self, self.queues[source.index()], source, on, message, hold);
            }
            Change::CancelMessageMoveTask(id) => {
                let message = sqs::In::CancelMoveTask;
                step!(self, self.queues[id.index()], id, on, message, hold);
            }
            Change::PurgeQueue(id) => {
                step!(self, self.queues[id.index()], id, on, sqs::In::Purge, hold);
            }
            Change::UpdateFunctionCode(id) => {
                step!(self, self.lambda, (), on, lambda::In::UpdateCode(id), hold);
            }
        }
    }

    fn configure(&mut self, now: Time, resources: &Arc<Resources>) {
        self.resources = resources.clone();
        self.parks = parks(resources);
        self.core.observer.configured(now, resources);
        let core = &mut self.core;
        for (id, function) in resources.function_ids().zip(&resources.functions) {
            self.event_queues[id.index()].configure(function);
            self.destinations[id.index()].configure(function);
        }
        for (id, queue) in (0..).zip(&resources.queues) {
            let id = QueueId(id);
            self.queues[id.index()].configure(now, queue, &mut Lane(core, id));
        }
        for (id, sink) in (0..).zip(&resources.sinks) {
            self.sinks[SinkId(id).index()].configure(sink, &resources.outlets);
        }
        for (id, mapping) in (0..).zip(&resources.mappings) {
            let id = MappingId(id);
            let settings = settings(resources, mapping);
            self.mappings[id.index()].configure(now, settings, &mut Lane(core, id));
        }
        for (id, reader) in (0..).zip(&resources.readers) {
            let id = ReaderId(id);
            let settings = reader_settings(resources, reader);
            self.readers[id.index()].configure(now, settings, &mut Lane(core, id));
        }
        for at in 0..resources.streams.len() {
            let id = StreamId::at(at);
            self.streams[at].configure(now, resources, &mut Lane(core, id));
        }
        for (id, dependency) in (0..).zip(&resources.dependencies) {
            let id = DependencyId(id);
            self.dependencies[id.index()].configure(now, dependency, &mut Lane(core, id));
        }
        for (id, call) in (0..).zip(&resources.calls) {
            let id = CallId(id);
            self.calls[id.index()].configure(now, call, &mut Lane(core, id));
        }
        self.integrations.configure(now, resources);
        self.deliveries.configure(resources);
        for (stream, call) in self.firehoses.iter_mut().zip(&resources.calls) {
            if let Some(stream) = stream {
                stream.configure(call);
            }
        }
        self.lambda.configure(now, resources, &mut Lane(core, ()));
        self.look_at_callers();
    }
}

/// What a mapping is told of itself and of what it connects.
fn settings(resources: &Resources, mapping: &super::config::Mapping) -> mapping::Settings {
    mapping::Settings {
        mapping: mapping.clone(),
        visibility: resources.queues[mapping.queue.index()].visibility,
        fifo: resources.queues[mapping.queue.index()].fifo.is_some(),
        function_timeout: resources.functions[mapping.function.index()].timeout,
    }
}

/// What a mapping on a stream is told of itself and of what it connects.
fn reader_settings(resources: &Resources, reader: &super::config::Reader) -> reader::Settings {
    let stream = &resources.streams[reader.stream.index()];
    reader::Settings { reader: reader.clone(), source: stream.source, retention: stream.retention }
}

/// What one payload may cause at one instant, in events.
const CAUSED: u64 = 100;

/// Whether a mapping is disabled.
fn parks(resources: &Resources) -> bool {
    resources.mappings.iter().any(|mapping| !mapping.enabled)
        || resources.readers.iter().any(|reader| !reader.enabled)
}

/// Payloads that the scenario declares to come at one instant, with what each may cause there.
fn declared(resources: &Resources) -> u64 {
    let arrivals = resources.calls.iter().flat_map(|call| &call.arrivals);
    arrivals.map(|a| a.count).fold(0, u64::saturating_add).saturating_mul(CAUSED)
}

#[inline]
fn key(at: Time, class: Class) -> u64 {
    if Time::LAST < at { u64::MAX } else { at.as_nanos() << 3 | class as u64 }
}
