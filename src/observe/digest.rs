//! A fingerprint of a run: every fact folded into 64 bits.
//!
//! The first thing to compare between two machines, two builds or two sets of observers. Folded,
//! in order, for each fact:
//!
//! ```text
//! now      nanoseconds
//! head     kind of fact (a number below that never changes), kind of resource, resource, rule's id
//! entity   key of the fact's payload; never its slot, which is an accident
//! a, b     what else the fact says
//!
//! mixed = (now + C0) * K0  ^  rotl((entity ^ head) * K1, 29)  ^  rotl(a * K2 ^ rotl(b * K3, 31),
//! 17)
//! state = (rotl(state, 5) ^ mixed) * K0
//! ```
//!
//! all modulo 2^64. A rule is spelled by the FNV-1a hash of its id, so that a new rule changes no
//! digest of a run that does not meet it.

use crate::model::{
    Fact, Moment, Observer, Place, Rule,
    fact::{Answer, Held, Maker, Resource},
    vocabulary::{Condition, Deletion, Entry, ErrorKind, GivenUp, PayloadId, ShardId, Undelivered},
};
use std::fmt;

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    state: u64,
}

/// A finished digest; written as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = u64::from_str_radix(&text, 16).map(Fingerprint);
        read.map_err(|_| serde::de::Error::custom(format_args!("`{text}` is no fingerprint")))
    }
}

const C0: u64 = 0x2545_f491_4f6c_dd1d;
const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xbf58_476d_1ce4_e5b9;
const K2: u64 = 0x94d0_49bb_1331_11eb;
const K3: u64 = 0x517c_c1b7_2722_0a95;

/// The hash of each rule's id, by its position. A constant, so that a known rule is a known number.
const RULES: [u64; Rule::ALL.len()] = {
    let mut hashes = [0; Rule::ALL.len()];
    let mut at = 0;
    while at < hashes.len() {
        hashes[at] = fnv1a(Rule::ALL[at].id());
        at += 1;
    }
    hashes
};

/// FNV-1a, 64 bits.
const fn fnv1a(text: &str) -> u64 {
    let (bytes, mut hash, mut at) = (text.as_bytes(), 0xcbf2_9ce4_8422_2325u64, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// A fact as numbers.
struct Spelled {
    kind: u8,
    resource: u32,
    payload: Option<PayloadId>,
    a: u64,
    b: u64,
}

impl Digest {
    /// Folds a fact.
    #[inline(always)]
    pub fn fold(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let spelled = spell(fact);
        let entity = spelled.payload.map_or(0, |payload| moment.register.get(payload).key);
        let head = u64::from(spelled.kind) << 56 ^ u64::from(spelled.resource) << 32;
        let head = head ^ RULES[moment.rule as usize];
        let when = moment.now.as_nanos().wrapping_add(C0).wrapping_mul(K0);
        let who = (entity ^ head).wrapping_mul(K1).rotate_left(29);
        let what = spelled.a.wrapping_mul(K2) ^ spelled.b.wrapping_mul(K3).rotate_left(31);
        let mixed = when ^ who ^ what.rotate_left(17);
        self.state = (self.state.rotate_left(5) ^ mixed).wrapping_mul(K0);
    }

    /// The fingerprint of all facts so far.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.state)
    }
}

impl Observer for Digest {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.fold(moment, fact);
    }
}

/// The number of a kind of resource, and the resource's.
const fn resource(resource: Resource) -> u32 {
    match resource {
        Resource::Call(id) => 1 << 16 | id.0 as u32,
        Resource::Function(id) => 2 << 16 | id.0 as u32,
        Resource::Queue(id) => 3 << 16 | id.0 as u32,
        Resource::Sink(id) => 4 << 16 | id.0 as u32,
        Resource::Mapping(id) => 5 << 16 | id.0 as u32,
        Resource::Dependency(id) => 6 << 16 | id.0 as u32,
        Resource::Outlet(id) => 16 << 16 | id.0 as u32,
        Resource::Stream(id) => 17 << 16 | id.0 as u32,
        Resource::Reader(id) => 18 << 16 | id.0 as u32,
    }
}

/// Numbers that never change; what is added gets the next.
const fn answer(answer: Answer) -> u64 {
    match answer {
        Answer::Ok => 0,
        Answer::FunctionError => 1,
        Answer::Throttled => 2,
        Answer::SystemError => 3,
        Answer::NotFound => 4,
        Answer::Recursive => 5,
        Answer::TimedOut => 6,
        Answer::FunctionTimeout => 7,
        Answer::LimitReached => 8,
        Answer::Overloaded => 9,
        Answer::TooLarge => 10,
        Answer::Failed => 11,
    }
}

const fn condition(condition: Condition) -> u64 {
    match condition {
        Condition::Success => 0,
        Condition::RetriesExhausted => 1,
        Condition::EventAgeExceeded => 2,
        Condition::ZeroReservedConcurrency => 3,
        Condition::RecursiveInvocation => 4,
    }
}

const fn error(error: Option<ErrorKind>) -> u64 {
    match error {
        None => 0,
        Some(ErrorKind::Handler) => 1,
        Some(ErrorKind::Record) => 2,
        Some(ErrorKind::Timeout) => 3,
    }
}

const fn held(held: Held) -> u64 {
    match held {
        Held::Delayed => 0,
        Held::Visible => 1,
        Held::InFlight => 2,
    }
}

const fn entry(entry: Entry) -> u64 {
    match entry {
        Entry::Sent => 0,
        Entry::DeadLetter => 1,
        Entry::Redriven => 2,
        Entry::MovedBack => 3,
    }
}

const fn place(place: Place) -> u64 {
    match place {
        Place::Waiting => 0,
        Place::InFlight => 1,
        Place::Succeeded => 2,
        Place::Failed => 3,
        Place::Dropped => 4,
        Place::DeadLettered => 5,
        Place::Expired => 6,
        Place::Filtered => 7,
        Place::Delivered => 8,
    }
}

const fn deletion(why: Deletion) -> u64 {
    match why {
        Deletion::Processed => 0,
        Deletion::Filtered => 1,
    }
}

const fn undelivered(why: Undelivered) -> u64 {
    match why {
        Undelivered::Forbidden => 0,
        Undelivered::Exhausted => 1,
        Undelivered::SwitchedOff => 2,
    }
}

const fn given_up(why: GivenUp) -> u64 {
    match why {
        GivenUp::RetryAttemptsExhausted => 0,
        GivenUp::RecordAgeExceeded => 1,
        GivenUp::Oversized => 2,
    }
}

/// A shard with something that is below 2^32.
const fn with(shard: ShardId, n: u32) -> u64 {
    (shard.0 as u64) << 32 | n as u64
}

/// Every kind's number, resource, payload and what else it says.
#[inline(always)]
fn spell(fact: &Fact) -> Spelled {
    use Resource::{Call, Dependency, Function, Mapping, Outlet, Queue, Reader, Sink, Stream};
    let say = |kind: u8, about: Resource, payload: PayloadId, a: u64, b: u64| Spelled {
        kind,
        resource: resource(about),
        payload: Some(payload),
        a,
        b,
    };
    let tell = |kind: u8, about: Resource, a: u64| Spelled {
        kind,
        resource: resource(about),
        payload: None,
        a,
        b: 0,
    };
    match *fact {
        Fact::Arrived { call, payload } => say(1, Call(call), payload, 0, 0),
        Fact::Copied { maker: Maker::Call(call), payload } => say(2, Call(call), payload, 0, 0),
        Fact::Copied { maker: Maker::Destination(function), payload } => {
            say(2, Function(function), payload, 0, 0)
        }
        Fact::Copied { maker: Maker::Outlet(outlet), payload } => {
            say(2, Outlet(outlet), payload, 0, 0)
        }
        Fact::Copied { maker: Maker::Reader(reader), payload } => {
            say(2, Reader(reader), payload, 0, 0)
        }
        Fact::Requested { call, payload, attempt } => {
            say(3, Call(call), payload, u64::from(attempt), 0)
        }
        Fact::Answered { call, payload, answer: told, took } => {
            say(4, Call(call), payload, answer(told), took.as_nanos())
        }
        Fact::RequestRetried { call, payload, wait } => {
            say(5, Call(call), payload, wait.as_nanos(), 0)
        }
        Fact::ServiceRetried { call, payload, attempt, wait } => {
            say(70, Call(call), payload, u64::from(attempt), wait.as_nanos())
        }
        Fact::Buffered { call, payload } => say(71, Call(call), payload, 0, 0),
        Fact::HandedOver { call, payload } => say(72, Call(call), payload, 0, 0),
        Fact::Transformed { call, payload } => say(73, Call(call), payload, 0, 0),
        Fact::ProcessingFailed { call, payload } => say(74, Call(call), payload, 0, 0),
        Fact::Resolved { call, payload, ok, since } => {
            say(6, Call(call), payload, u64::from(ok), since.as_nanos())
        }
        Fact::Unawaited { function, payload } => say(7, Function(function), payload, 0, 0),

        Fact::Accepted { function, payload } => say(8, Function(function), payload, 0, 0),
        Fact::Tried { function, payload, age, first } => {
            say(9, Function(function), payload, age.as_nanos(), u64::from(first))
        }
        Fact::Requeued { function, payload, wait } => {
            say(10, Function(function), payload, wait.as_nanos(), 0)
        }
        Fact::Queued { function, payload } => say(11, Function(function), payload, 0, 0),
        Fact::Completed { function, payload, age } => {
            say(12, Function(function), payload, age.as_nanos(), 0)
        }
        Fact::Discarded { function, payload, condition: why, runs, age } => {
            let a = condition(why) << 32 | u64::from(runs);
            say(13, Function(function), payload, a, age.as_nanos())
        }
        Fact::Dropped { function, payload, condition: why } => {
            say(14, Function(function), payload, condition(why), 0)
        }
        Fact::DeadLettered { function, payload } => say(15, Function(function), payload, 0, 0),
        Fact::DeadLetterFailed { function, payload } => say(16, Function(function), payload, 0, 0),
        Fact::DestinationFailed { function, payload } => say(17, Function(function), payload, 0, 0),

        Fact::RunStarted { function, payload, work: _, attempt, records, cold, provisioned } => {
            // No function has 2^31 attempts.
            let a = u64::from(attempt) << 32 | u64::from(records) | u64::from(provisioned) << 63;
            // A cold start of no length is still one.
            let b = cold.map_or(0, |init| init.as_nanos().saturating_add(1));
            say(18, Function(function), payload, a, b)
        }
        Fact::RunEnded { function, payload, started, ran, error: kind, provisioned } => {
            // An instant of a run is below 2^61.
            let a = started.as_nanos() ^ error(kind) << 62 ^ u64::from(provisioned) << 61;
            say(19, Function(function), payload, a, ran.as_nanos())
        }
        Fact::Billed { function, payload, billed_ms, wasted, .. } => {
            say(20, Function(function), payload, billed_ms, u64::from(wasted))
        }
        Fact::Processed { function, payload, nth } => {
            say(21, Function(function), payload, u64::from(nth), 0)
        }
        Fact::RecordFailed { function, payload } => say(22, Function(function), payload, 0, 0),
        Fact::Throttled { function, payload, work: _ } => {
            say(23, Function(function), payload, 0, 0)
        }
        Fact::SystemErred { function, payload } => say(24, Function(function), payload, 0, 0),
        Fact::LoopStopped { function, payload } => say(25, Function(function), payload, 0, 0),
        Fact::Missing { function, payload } => say(26, Function(function), payload, 0, 0),

        Fact::Enqueued { queue, payload, entry: how, delayed, place: at } => {
            say(27, Queue(queue), payload, entry(how) << 1 | u64::from(delayed), place(at))
        }
        Fact::SendRefused { queue, payload } => say(28, Queue(queue), payload, 0, 0),
        Fact::Appeared { queue, payload } => say(29, Queue(queue), payload, 0, 0),
        // The batch is a slot, which says nothing.
        Fact::Received { queue, payload, count, batch: _ } => {
            say(30, Queue(queue), payload, u64::from(count), 0)
        }
        Fact::Returned { queue, payload, count } => {
            say(31, Queue(queue), payload, u64::from(count), 0)
        }
        Fact::Deleted { queue, payload, why, was } => {
            say(32, Queue(queue), payload, deletion(why), held(was))
        }
        Fact::DeleteIgnored { queue, payload } => say(33, Queue(queue), payload, 0, 0),
        Fact::Expired { queue, payload, was } => say(34, Queue(queue), payload, held(was), 0),
        Fact::Redriven { queue, payload, count } => {
            say(35, Queue(queue), payload, u64::from(count), 0)
        }
        Fact::MovedBack { queue, payload } => say(36, Queue(queue), payload, 0, 0),
        Fact::EmptyReceive { queue } => tell(37, Queue(queue), 0),
        Fact::MoveTaskStarted { queue, accepted } => tell(38, Queue(queue), u64::from(accepted)),
        Fact::MoveTaskEnded { queue, moved } => tell(39, Queue(queue), moved),
        Fact::Purged { queue, payload, was } => say(40, Queue(queue), payload, held(was), 0),

        Fact::Polled { mapping, events, .. } => tell(41, Mapping(mapping), u64::from(events)),
        Fact::FilteredOut { mapping, payload, .. } => say(42, Mapping(mapping), payload, 0, 0),
        Fact::Invoked { mapping, events } => tell(43, Mapping(mapping), u64::from(events)),
        Fact::InvokeFailed { mapping, events } => tell(44, Mapping(mapping), u64::from(events)),
        Fact::EventsDeleted { mapping, events } => tell(45, Mapping(mapping), u64::from(events)),
        Fact::LetGo { mapping, events } => tell(46, Mapping(mapping), u64::from(events)),
        Fact::PollersScaled { mapping, pollers } => tell(47, Mapping(mapping), u64::from(pollers)),

        Fact::Published { sink: Some(sink), payload, place: at } => {
            say(48, Sink(sink), payload, place(at), 0)
        }
        Fact::Published { sink: None, payload, place: at } => {
            Spelled { kind: 48, resource: 0, payload: Some(payload), a: place(at), b: 0 }
        }
        Fact::PublishRefused { sink, payload } => say(49, Sink(sink), payload, 0, 0),
        Fact::Redelivered { function, payload } => say(50, Function(function), payload, 0, 0),

        Fact::DependencyAsked { dependency, payload, attempt } => {
            say(51, Dependency(dependency), payload, u64::from(attempt), 0)
        }
        Fact::DependencyRefused { dependency, payload, answer: told } => {
            say(52, Dependency(dependency), payload, answer(told), 0)
        }
        Fact::WorkQueued { dependency, payload } => say(53, Dependency(dependency), payload, 0, 0),
        Fact::WorkStarted { dependency, payload, waited, queued } => {
            say(54, Dependency(dependency), payload, waited.as_nanos(), u64::from(queued))
        }
        Fact::WorkEnded { dependency, payload, ran, took, ok } => {
            let a = ran.as_nanos() ^ u64::from(ok) << 63;
            say(55, Dependency(dependency), payload, a, took.as_nanos())
        }
        Fact::WorkAbandoned { dependency, payload } => {
            say(56, Dependency(dependency), payload, 0, 0)
        }
        Fact::WorkCancelled { dependency, payload, spent, started } => {
            say(57, Dependency(dependency), payload, spent.as_nanos(), u64::from(started))
        }
        Fact::Provisioned { function, environments, billed_ms } => {
            Spelled { b: billed_ms, ..tell(60, Function(function), u64::from(environments)) }
        }
        Fact::NotWanted { outlet, payload } => say(80, Outlet(outlet), payload, 0, 0),
        Fact::Unwanted { sink, payload } => say(81, Sink(sink), payload, 0, 0),
        Fact::Handed { outlet, payload, wait } => {
            say(82, Outlet(outlet), payload, wait.as_nanos(), 0)
        }
        Fact::DeliveryRetried { outlet, payload, attempt, wait } => {
            say(83, Outlet(outlet), payload, u64::from(attempt), wait.as_nanos())
        }
        Fact::HandedOn { outlet, payload, took } => {
            say(84, Outlet(outlet), payload, took.as_nanos(), 0)
        }
        Fact::DeliveryFailed { outlet, payload, why, attempts } => {
            say(85, Outlet(outlet), payload, undelivered(why), u64::from(attempts))
        }
        Fact::DeliveryKept { outlet, payload } => say(86, Outlet(outlet), payload, 0, 0),
        Fact::DeliveryNotKept { outlet, payload } => say(87, Outlet(outlet), payload, 0, 0),
        Fact::DeliveryLost { outlet, payload, why } => {
            say(88, Outlet(outlet), payload, undelivered(why), 0)
        }

        Fact::GroupsInFlight { queue, groups } => tell(120, Queue(queue), u64::from(groups)),
        Fact::Deduplicated { queue, payload } => say(90, Queue(queue), payload, 0, 0),
        Fact::Put { stream, payload, shard, place: at } => {
            say(91, Stream(stream), payload, u64::from(shard.0), place(at))
        }
        Fact::PutRefused { stream, payload, throttled } => {
            say(92, Stream(stream), payload, throttled.into(), 0)
        }
        Fact::Resharded { stream, shards } => tell(93, Stream(stream), u64::from(shards)),
        Fact::Awaits { reader, payload, shard } => {
            say(94, Reader(reader), payload, u64::from(shard.0), 0)
        }
        Fact::RecordsRead { reader, shard, events } => {
            tell(95, Reader(reader), with(shard, events))
        }
        Fact::RecordFiltered { reader, payload, shard } => {
            say(96, Reader(reader), payload, u64::from(shard.0), 0)
        }
        Fact::RecordTaken { reader, payload, shard, lane, sequence } => {
            say(97, Reader(reader), payload, with(shard, lane), sequence)
        }
        Fact::BatchInvoked { reader, shard, events, attempt, age } => Spelled {
            b: age.as_nanos() ^ u64::from(attempt) << 40,
            ..tell(98, Reader(reader), with(shard, events))
        },
        Fact::BatchFailed { reader, shard, events } => {
            tell(99, Reader(reader), with(shard, events))
        }
        Fact::BatchRetried { reader, shard, events, attempt, wait } => Spelled {
            b: wait.as_nanos() ^ u64::from(attempt) << 40,
            ..tell(100, Reader(reader), with(shard, events))
        },
        Fact::Bisected { reader, shard, events, first } => {
            Spelled { b: u64::from(first), ..tell(101, Reader(reader), with(shard, events)) }
        }
        Fact::Checkpointed { reader, payload, shard, lane, sequence } => {
            say(102, Reader(reader), payload, with(shard, lane), sequence)
        }
        Fact::BatchGivenUp { reader, shard, events, attempts, why } => Spelled {
            b: given_up(why) << 32 | u64::from(attempts),
            ..tell(103, Reader(reader), with(shard, events))
        },
        Fact::RecordGivenUp { reader, payload, shard, lane, sequence, why } => {
            say(104, Reader(reader), payload, with(shard, lane), sequence << 2 | given_up(why))
        }
        Fact::RecordKept { reader, payload } => say(105, Reader(reader), payload, 0, 0),
        Fact::RecordDropped { reader, payload, why } => {
            say(106, Reader(reader), payload, given_up(why), 0)
        }
        Fact::FailureDelivered { reader, events } => tell(107, Reader(reader), u64::from(events)),
        Fact::FailureUndelivered { reader, events } => tell(108, Reader(reader), u64::from(events)),
        Fact::RecordExpired { reader, payload, shard, lane, sequence, read } => {
            say(109, Reader(reader), payload, with(shard, lane), sequence << 1 | u64::from(read))
        }
        Fact::WindowClosed { reader, shard, records, invocations } => {
            Spelled { b: records, ..tell(110, Reader(reader), with(shard, invocations)) }
        }
        Fact::WindowDone { reader, payload, ok } => {
            say(111, Reader(reader), payload, u64::from(ok), 0)
        }
        Fact::LanesScaled { reader, lanes } => tell(112, Reader(reader), u64::from(lanes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Span, Time},
        model::{
            Register,
            vocabulary::{CallId, FunctionId, QueueId},
        },
    };

    fn digest_of(register: &Register, facts: &[(u64, Rule, Fact)]) -> Fingerprint {
        let mut digest = Digest::default();
        for (now, rule, fact) in facts {
            let now = Time::from_nanos(*now);
            digest.fold(&Moment { now, rule: *rule, register, moved: None }, fact);
        }
        digest.fingerprint()
    }

    #[test]
    fn whatever_differs_in_a_fact_differs_in_the_digest() {
        let mut register = Register::default();
        let one = register.arrive(CallId(0), 1000, 1, Time::ZERO);
        let two = register.arrive(CallId(0), 1000, 2, Time::ZERO);
        let function = FunctionId(0);
        let tried = |payload, age, first| Fact::Tried { function, payload, age, first };
        let zero = Span::ZERO;
        let (a1, a2) = (Rule::ALL[0], Rule::ALL[1]);
        let variants = [
            vec![],
            vec![(0, a1, tried(one, zero, false))],
            vec![(1, a1, tried(one, zero, false))],
            vec![(0, a2, tried(one, zero, false))],
            vec![(0, a1, tried(two, zero, false))],
            vec![(0, a1, tried(one, Span::nanos(1), false))],
            vec![(0, a1, tried(one, zero, true))],
            vec![(0, a1, Fact::Queued { function, payload: one })],
            vec![(0, a1, Fact::Queued { function: FunctionId(1), payload: one })],
            vec![(0, a1, Fact::EmptyReceive { queue: QueueId(0) })],
            vec![(0, a1, tried(one, zero, false)), (0, a1, tried(two, zero, false))],
            vec![(0, a1, tried(two, zero, false)), (0, a1, tried(one, zero, false))],
        ];
        let digests: std::collections::BTreeSet<String> =
            variants.iter().map(|facts| digest_of(&register, facts).to_string()).collect();
        assert_eq!(digests.len(), variants.len());
        assert!(digests.iter().all(|digits| digits.len() == 16));
    }

    #[test]
    fn the_slot_of_a_payload_is_not_in_the_digest() {
        let digest = |before: u64| {
            let mut register = Register::default();
            for number in 0..before {
                register.arrive(CallId(1), 77, number, Time::ZERO);
            }
            let payload = register.arrive(CallId(0), 1000, 1, Time::ZERO);
            let arrived = Fact::Arrived { call: CallId(0), payload };
            digest_of(&register, &[(5, Rule::ALL[0], arrived)])
        };
        assert_eq!(digest(0), digest(9));
    }

    #[test]
    fn the_fold_is_the_documented_one() {
        // By hand from the formula above: kind 37, queue 2, the first rule; no payload.
        let head = 37u64 << 56 ^ (3u64 << 16 | 2) << 32 ^ fnv1a(Rule::ALL[0].id());
        let when = 9u64.wrapping_add(C0).wrapping_mul(K0);
        let expected = (when ^ head.wrapping_mul(K1).rotate_left(29)).wrapping_mul(K0);
        let empty = Fact::EmptyReceive { queue: QueueId(2) };
        let found = digest_of(&Register::default(), &[(9, Rule::ALL[0], empty)]);
        assert_eq!(found, Fingerprint(expected));
    }
}
