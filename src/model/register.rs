//! The register of what is in the system: payloads, batches and lineages.
//!
//! A payload is what a caller started, or a further copy of it. The register owns its identity
//! (keys, family, attributes' origin), how often it ran, and where the ledger has it. It does not
//! own what waits where: that is each component's. A payload lives while somebody holds it or
//! something it caused is under way; its slot is then used again, so memory is what is in flight.

use super::{
    value::{AttributeId, Word},
    vocabulary::{BatchId, CallId, FunctionId, LineageId, PayloadId, Work},
};
use crate::kernel::{Time, child_key};
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
    /// Of a root: payloads of its family that do not rest.
    pub open: u32,
    /// Of a root: copies made so far.
    copies: u32,
    /// How many hold it.
    holders: u32,
}

impl Payload {
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
}

/// The register.
#[derive(Debug, Default)]
pub struct Register {
    payloads: Vec<Payload>,
    vacant: Vec<u32>,
    batches: Vec<Vec<Record>>,
    vacant_batches: Vec<u32>,
    lineages: Lineages,
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
                lineage: LineageId(0),
                bytes: 0,
                words: None,
                tries: 0,
                runs: 0,
                successes: 0,
                dead_letters: 0,
                place: Place::InFlight,
                afterlife: Afterlife::None,
                open: 1,
                copies: 0,
                holders: 1,
            },
        );
        id
    }

    /// Enters a further copy of `parent`, made by `maker` (a name's key). Held once; its content is the parent's.
    ///
    /// Its key is derived from the parent's key, the maker and how many copies of the parent there are,
    /// so that it meets the same luck whatever else happens.
    pub fn copy(&mut self, parent: PayloadId, maker: u64, nth: u64, now: Time) -> PayloadId {
        let origin = self.get(parent).clone();
        let root = &mut self.payloads[origin.root.index()];
        root.copies = root.copies.saturating_add(1);
        root.open += 1;
        root.holders += 1;
        let copy = root.copies;
        let id = self.vacant_id();
        self.put(
            id,
            Payload {
                key: child_key(origin.key, maker, nth),
                copy,
                born: now,
                tries: 0,
                runs: 0,
                successes: 0,
                place: Place::InFlight,
                afterlife: Afterlife::None,
                open: 0,
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

    /// One holder fewer; the last one frees the slot.
    pub fn release(&mut self, id: PayloadId) {
        let payload = &mut self.payloads[id.index()];
        assert!(payload.holders > 0, "a payload is released once by each holder");
        payload.holders -= 1;
        if payload.holders == 0 {
            assert!(payload.place.rests(), "a payload that nobody holds rests");
            let root = payload.root;
            self.alive -= 1;
            self.vacant.push(id.0);
            if root != id {
                self.release(root);
            }
        }
    }

    /// Moves `id` in the ledger and says where it was.
    pub fn place(&mut self, id: PayloadId, to: Place) -> Place {
        let payload = &mut self.payloads[id.index()];
        let (from, root) = (payload.place, payload.root);
        payload.place = to;
        match (from.rests(), to.rests()) {
            (false, true) => {
                self.unrested -= 1;
                self.payloads[root.index()].open -= 1;
            }
            (true, false) => {
                self.unrested += 1;
                self.payloads[root.index()].open += 1;
            }
            (true, true) | (false, false) => (),
        }
        from
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
