//! The register of what is in the system: payloads, batches and lineages.
//!
//! A payload is what a caller started, or a further copy of it. The register owns its identity
//! (keys, family, attributes' origin), how often it ran, and where the ledger has it. It does not
//! own what waits where: that is each component's. A payload lives while somebody holds it or
//! something it caused is under way; its slot is then used again, so memory is what is in flight.

use super::{
    Fact,
    outcome::{Cause, Family, Met, Reason, Role},
    value::{AttributeId, Word},
    vocabulary::{BatchId, CallId, FunctionId, LineageId, PayloadId, QueueId, Work},
};
use crate::kernel::{Slab, Time, child_key};
use std::{collections::BTreeMap, sync::Arc};

/// Where the ledger has a payload: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Place {
    /// In a queue, or between two attempts.
    Waiting,
    /// Being processed, or hidden in a queue.
    InFlight,
    /// Processed.
    Succeeded,
    /// Its caller was told that it failed.
    Failed,
    /// Given up, nothing kept.
    Dropped,
    /// In a dead-letter queue or a failure destination.
    DeadLettered,
    /// Its queue's retention ran out.
    Expired,
    /// Nobody wanted it.
    Filtered,
    /// Where nothing in the file reads.
    Delivered,
}

impl Place {
    /// Every place, in the order of the ledger.
    pub const ALL: [Place; 9] = [
        Place::Succeeded,
        Place::Failed,
        Place::Dropped,
        Place::DeadLettered,
        Place::Expired,
        Place::Filtered,
        Place::Delivered,
        Place::Waiting,
        Place::InFlight,
    ];

    /// The ledger's word.
    pub const fn word(self) -> &'static str {
        match self {
            Place::Waiting => "waiting",
            Place::InFlight => "in_flight",
            Place::Succeeded => "succeeded",
            Place::Failed => "failed",
            Place::Dropped => "dropped",
            Place::DeadLettered => "dead_lettered",
            Place::Expired => "expired",
            Place::Filtered => "filtered",
            Place::Delivered => "delivered",
        }
    }

    /// Whether a payload can stay here for ever.
    pub const fn rests(self) -> bool {
        !matches!(self, Place::Waiting | Place::InFlight)
    }
}

/// What dead-letter queues of the file did with a payload so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Afterlife {
    /// It was in none.
    None,
    /// It came into one.
    Once,
    /// It came into another from there.
    Again,
    /// A move task brought it back, and it may be in one once more.
    Redriven,
}

impl Afterlife {
    /// Every one, in this order.
    pub const ALL: [Afterlife; 4] =
        [Afterlife::None, Afterlife::Once, Afterlife::Again, Afterlife::Redriven];
}

/// One payload.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Keys the luck of its own attempts.
    pub key: u64,
    /// Keys what it contains: attributes, poison. Kept when it is sent on or sent again.
    pub content: u64,
    /// The arrival that it descends from; itself, for an arrival.
    pub root: PayloadId,
    /// The caller that started the root.
    pub caller: CallId,
    /// The root's number at its caller, from 1.
    pub number: u64,
    /// 0 for the root; its copies are counted from 1.
    pub copy: u32,
    /// When it was first requested.
    pub born: Time,
    /// What it is to the ledger.
    pub role: Role,
    /// The chain of invocations that led to it.
    pub lineage: LineageId,
    /// Its size.
    pub bytes: u32,
    /// Words given by calls on the way, which come before the caller's own.
    pub words: Option<Arc<[(AttributeId, Word)]>>,
    /// Invocations asked for with it so far, refused ones too.
    pub tries: u32,
    /// Runs of a function on it so far.
    pub runs: u32,
    /// Of these, those that processed it.
    pub successes: u32,
    /// How often it was dead-lettered.
    pub dead_letters: u32,
    /// Where the ledger has it.
    pub place: Place,
    /// What dead-letter queues did with it; a copy begins anew.
    pub afterlife: Afterlife,
    /// What its tries met; a copy begins anew.
    pub met: Met,
    /// Why it was dropped, if it was.
    reason: Reason,
    /// The queue that it is a dead letter of, or expired in, if it is.
    resting_queue: Option<QueueId>,
    /// Of a root: the worst place of its family.
    pub outcome: Place,
    /// Of a root: when it became a success, if its outcome is one.
    pub succeeded_at: Time,
    /// Of a root that caused messages: where they are.
    family: Option<u32>,
    /// Of a root: copies made so far.
    copies: u32,
    /// How many hold it.
    holders: u32,
}

/// What a fact that moves a payload says of why.
#[derive(Clone, Copy, Debug, Default)]
pub struct Why {
    /// Why it is dropped, as far as the fact itself knows.
    pub given: Reason,
    /// The queue that it is in, or expired in.
    pub queue: Option<QueueId>,
}

/// A payload came to a place of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Which.
    pub payload: PayloadId,
    /// From where.
    pub from: Place,
    /// To where; where it was, if it entered just now.
    pub to: Place,
    /// Why, if it was dropped.
    pub reason: Reason,
    /// How the outcome of its arrival changed with it, if it did.
    pub outcome: Option<(Place, Place)>,
}

impl Payload {
    /// Why it is where it is.
    pub fn cause(&self) -> Cause {
        Cause { reason: self.reason, queue: self.resting_queue, met: self.met, runs: self.runs }
    }

    /// It comes into a dead-letter queue.
    pub fn dead_letter(&mut self) {
        self.dead_letters = self.dead_letters.saturating_add(1);
        self.afterlife = match self.afterlife {
            Afterlife::None => Afterlife::Once,
            Afterlife::Once | Afterlife::Again => Afterlife::Again,
            Afterlife::Redriven => Afterlife::Redriven,
        };
    }
}

/// One record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it carries.
    pub payload: PayloadId,
    /// The attempt, from 1: a queue's receive count, an event's run.
    pub attempt: u32,
    /// The receipt or slot of whoever made the batch.
    pub handle: u64,
    /// Whether the run reported or left it as failed. Written by the invoke plane.
    pub failed: bool,
    /// Whether it failed by itself and not with another of its batch. Written by the invoke plane.
    pub at_fault: bool,
}

impl Record {
    /// A record that has not been in a run.
    pub const fn new(payload: PayloadId, attempt: u32, handle: u64) -> Record {
        Record { payload, attempt, handle, failed: false, at_fault: false }
    }
}

/// The register.
#[derive(Debug, Default)]
pub struct Register {
    payloads: Vec<Payload>,
    vacant: Vec<u32>,
    batches: Vec<Vec<Record>>,
    vacant_batches: Vec<u32>,
    lineages: Lineages,
    families: Slab<Family>,
    /// Arrivals that are over, and whose slots are to be used again.
    over: Vec<PayloadId>,
    unrested: u64,
    alive: u64,
}

impl Register {
    /// Enters an arrival: number `number` of `caller`, whose entity keys begin at `base`. Held once.
    pub fn arrive(&mut self, caller: CallId, base: u64, number: u64, now: Time) -> PayloadId {
        let key = base.wrapping_add(number);
        let id = self.vacant_id();
        self.put(
            id,
            Payload {
                key,
                content: key,
                root: id,
                caller,
                number,
                copy: 0,
                born: now,
                role: Role::Arrival,
                lineage: LineageId(0),
                bytes: 0,
                words: None,
                tries: 0,
                runs: 0,
                successes: 0,
                dead_letters: 0,
                place: Place::InFlight,
                afterlife: Afterlife::None,
                met: Met::default(),
                reason: Reason::None,
                resting_queue: None,
                outcome: Place::InFlight,
                succeeded_at: Time::ZERO,
                family: None,
                copies: 0,
                holders: 1,
            },
        );
        id
    }

    /// Enters a further copy of `parent`, made by `maker` (a name's key), as `role`. Held once; its content is
    /// the parent's. The fact [`Copied`](super::Fact::Copied) that follows makes it a member of its arrival's
    /// family, if it is a message.
    ///
    /// Its key is derived from the parent's key, the maker and how many copies of the parent there are,
    /// so that it meets the same luck whatever else happens.
    pub fn copy(
        &mut self,
        parent: PayloadId,
        maker: u64,
        nth: u64,
        role: Role,
        now: Time,
    ) -> PayloadId {
        let origin = self.get(parent).clone();
        let root = &mut self.payloads[origin.root.index()];
        root.copies = root.copies.saturating_add(1);
        root.holders += 1;
        let copy = root.copies;
        let id = self.vacant_id();
        self.put(
            id,
            Payload {
                key: child_key(origin.key, maker, nth),
                copy,
                born: now,
                role,
                tries: 0,
                runs: 0,
                successes: 0,
                place: Place::InFlight,
                afterlife: Afterlife::None,
                met: Met::default(),
                reason: Reason::None,
                resting_queue: None,
                family: None,
                copies: 0,
                holders: 1,
                ..origin
            },
        );
        id
    }

    /// From here on the payload meets other luck, as if `maker` had made it: what it contains stays.
    ///
    /// Of a message that goes to several, one keeps the payload; so its luck does not tell which.
    pub fn rekey(&mut self, id: PayloadId, maker: u64) {
        let payload = self.get_mut(id);
        payload.key = child_key(payload.key, maker, 0);
    }

    fn vacant_id(&self) -> PayloadId {
        match self.vacant.last() {
            Some(slot) => PayloadId(*slot),
            None => PayloadId::at(self.payloads.len()),
        }
    }

    fn put(&mut self, id: PayloadId, payload: Payload) {
        self.unrested += 1;
        self.alive += 1;
        if self.vacant.pop().is_some() {
            self.payloads[id.index()] = payload;
        } else {
            self.payloads.push(payload);
        }
    }

    /// The payload `id`, which somebody holds.
    pub fn get(&self, id: PayloadId) -> &Payload {
        &self.payloads[id.index()]
    }

    /// The payload `id`, to be changed by who has it.
    pub fn get_mut(&mut self, id: PayloadId) -> &mut Payload {
        &mut self.payloads[id.index()]
    }

    /// The arrival that `id` descends from.
    pub fn root(&self, id: PayloadId) -> &Payload {
        self.get(self.get(id).root)
    }

    /// One more holds `id`.
    pub fn hold(&mut self, id: PayloadId) {
        self.payloads[id.index()].holders += 1;
    }

    /// One holder fewer; the last one frees the slot. That of an arrival is used again once those who watch
    /// know that it is over.
    pub fn release(&mut self, id: PayloadId) {
        let payload = &mut self.payloads[id.index()];
        assert!(payload.holders > 0, "a payload is released once by each holder");
        payload.holders -= 1;
        if payload.holders == 0 {
            assert!(payload.place.rests(), "a payload that nobody holds rests");
            let root = payload.root;
            self.alive -= 1;
            if root == id {
                self.over.push(id);
            } else {
                self.vacant.push(id.0);
                self.release(root);
            }
        }
    }

    /// The next arrival of which nothing is held any more: its outcome is final. It is known until
    /// [`Register::forget`].
    #[inline(always)]
    pub fn next_over(&self) -> Option<PayloadId> {
        self.over.last().copied()
    }

    /// Those who watch know that the arrival is over: its slot can be used again.
    #[inline]
    pub fn forget(&mut self, root: PayloadId) {
        let known = self.over.pop();
        debug_assert_eq!(known, Some(root), "what is over is forgotten one by one");
        if let Some(family) = self.payloads[root.index()].family {
            self.families.free(family);
        }
        self.vacant.push(root.0);
    }

    /// Moves the payload that a fact moves.
    #[inline(always)]
    pub fn follow(&mut self, now: Time, fact: &Fact) -> Option<Move> {
        let (payload, to) = fact.moves()?;
        Some(self.place(payload, to, fact.why(), now))
    }

    /// Moves `id` in the ledger, and with it the outcome of its arrival.
    #[inline]
    pub fn place(&mut self, id: PayloadId, to: Place, why: Why, now: Time) -> Move {
        let payload = &mut self.payloads[id.index()];
        let from = payload.place;
        payload.place = to;
        payload.resting_queue = why.queue;
        let reason = why.given.resolved(payload.met);
        payload.reason = reason;
        match (from.rests(), to.rests()) {
            (false, true) => self.unrested -= 1,
            (true, false) => self.unrested += 1,
            (true, true) | (false, false) => (),
        }
        let mut outcome = None;
        if payload.root == id && payload.family.is_none() {
            if from != to {
                outcome = Some((from, to));
                payload.outcome = to;
                if to == Place::Succeeded {
                    payload.succeeded_at = now;
                }
            }
        } else if payload.role != Role::Request {
            outcome = self.place_among_family(id, from, to, now);
        }
        Move { payload: id, from, to, reason, outcome }
    }

    #[inline(never)]
    fn place_among_family(
        &mut self,
        id: PayloadId,
        from: Place,
        to: Place,
        now: Time,
    ) -> Option<(Place, Place)> {
        let Payload { root, copy, .. } = self.payloads[id.index()];
        let cause = self.payloads[id.index()].cause();
        let known = &mut self.payloads[root.index()];
        let family = match known.family {
            Some(family) => family,
            None => {
                let family = self.families.put(Family::of(known.place, known.cause()));
                known.family = Some(family);
                family
            }
        };
        let is_member = self.payloads[id.index()].family == Some(family);
        let members = &mut self.families[family];
        if is_member {
            members.shift(copy, from, to, cause);
        } else {
            members.enter(copy, to, cause);
        }
        let now_is = members.outcome();
        self.payloads[id.index()].family = Some(family);
        let root = &mut self.payloads[root.index()];
        let was = std::mem::replace(&mut root.outcome, now_is);
        if was == now_is {
            return None;
        }
        if now_is == Place::Succeeded {
            root.succeeded_at = now;
        }
        Some((was, now_is))
    }

    /// Why an arrival's outcome is as it is.
    pub fn cause_of(&self, root: PayloadId) -> Cause {
        let known = self.get(root);
        let of_family = known.family.and_then(|family| self.families[family].cause(known.outcome));
        of_family.unwrap_or_else(|| known.cause())
    }

    /// Whether something of an arrival succeeded.
    pub fn has_success(&self, root: PayloadId) -> bool {
        let known = self.get(root);
        known.place == Place::Succeeded
            || known.family.is_some_and(|family| self.families[family].succeeded())
    }

    /// The arrivals that are not over, in the order of their slots.
    pub fn arrivals(&self) -> impl Iterator<Item = PayloadId> {
        let held = |(at, payload): (usize, &Payload)| {
            let id = PayloadId::at(at);
            (payload.holders > 0 && payload.root == id).then_some(id)
        };
        self.payloads.iter().enumerate().filter_map(held)
    }

    /// Payloads that wait or are in flight.
    pub fn unrested(&self) -> u64 {
        self.unrested
    }

    /// The payloads that wait or are in flight.
    pub fn unrested_payloads(&self) -> impl Iterator<Item = &Payload> {
        self.payloads.iter().filter(|payload| payload.holders > 0 && !payload.place.rests())
    }

    /// Payloads that somebody holds, at rest or not.
    pub fn alive(&self) -> u64 {
        self.alive
    }

    /// An empty batch to be filled.
    pub fn open_batch(&mut self) -> BatchId {
        match self.vacant_batches.pop() {
            Some(slot) => BatchId(slot),
            None => {
                self.batches.push(Vec::new());
                BatchId::at(self.batches.len() - 1)
            }
        }
    }

    /// The records of a batch.
    pub fn batch(&self, id: BatchId) -> &[Record] {
        &self.batches[id.index()]
    }

    /// The records of a batch, to be filled by who makes it or marked by who runs it.
    pub fn batch_mut(&mut self, id: BatchId) -> &mut Vec<Record> {
        &mut self.batches[id.index()]
    }

    /// Gives the batch back; its records are gone.
    pub fn close_batch(&mut self, id: BatchId) {
        self.batches[id.index()].clear();
        self.vacant_batches.push(id.0);
    }

    /// The payload whose luck is the whole run's: the first.
    #[inline]
    pub fn head(&self, work: Work) -> PayloadId {
        self.payload_at(work, 0)
    }

    /// How many payloads a run is given.
    #[inline]
    pub fn size(&self, work: Work) -> usize {
        match work {
            Work::One(_) => 1,
            Work::Batch(batch) => self.batch(batch).len(),
        }
    }

    /// The payload at a position of what a run is given.
    #[inline]
    pub fn payload_at(&self, work: Work, at: usize) -> PayloadId {
        match work {
            Work::One(payload) => payload,
            Work::Batch(batch) => self.batch(batch)[at].payload,
        }
    }

    /// The chain that follows `lineage` when `function` runs, or `None` if the guard stops it.
    pub fn step(&mut self, lineage: LineageId, function: FunctionId) -> Option<LineageId> {
        self.lineages.step(lineage, function)
    }
}

/// Chains of invocations, each interned: how often each function ran in it.
#[derive(Debug)]
struct Lineages {
    chains: Vec<BTreeMap<FunctionId, u8>>,
    next: BTreeMap<(LineageId, FunctionId), LineageId>,
    known: BTreeMap<BTreeMap<FunctionId, u8>, LineageId>,
}

impl Default for Lineages {
    fn default() -> Self {
        let none = BTreeMap::new();
        Lineages {
            chains: vec![none.clone()],
            next: BTreeMap::new(),
            known: BTreeMap::from([(none, LineageId(0))]),
        }
    }
}

impl Lineages {
    /// Runs of one function that one chain may contain (A6.2).
    const RUNS_MAX: u8 = 16;

    fn step(&mut self, lineage: LineageId, function: FunctionId) -> Option<LineageId> {
        if let Some(next) = self.next.get(&(lineage, function)) {
            return Some(*next);
        }
        let mut chain = self.chains[lineage.index()].clone();
        let runs = chain.entry(function).or_default();
        if *runs == Self::RUNS_MAX {
            return None;
        }
        *runs += 1;
        let fresh = LineageId::at(self.chains.len());
        let next = *self.known.entry(chain.clone()).or_insert(fresh);
        if next == fresh {
            self.chains.push(chain);
        }
        self.next.insert((lineage, function), next);
        Some(next)
    }
}
