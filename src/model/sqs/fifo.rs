//! What a FIFO queue has beside its messages: groups, deduplication and throughput.
//!
//! ```text
//! group a   a1 in flight ─ a2 ─ a3          held: nothing behind a1 is received
//! group b   b1 ─ b2 in flight ─ b3          ready: b1 is received, b3 is not
//! group c   c1 ─ c2                         ready
//! ready     { b1: b, c1: c }                by the place of the first message
//! ```
//!
//! A receive takes the ready group whose first message is the oldest and walks it in the order of the
//! sends, up to the first message that is hidden or delayed; then the next group (S38 to S41). This file
//! owns which message is next, who is a duplicate (S42) and how many calls a second are taken (S46). It does
//! not own the messages, nor when a receive is answered.

use super::message::{Slab, Slot};
use crate::{
    kernel::{Span, Time},
    model::{
        Rule,
        config::{self, DeduplicationScope, ThroughputLimit},
        facts::Held,
        policy::bucket::Bucket,
        register::Payload,
        value::{AttributeId, Catalog, WordKey},
        vocabulary::Receipt,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

/// A message is known again for so long after it was accepted (S42).
const DEDUPLICATION: Span = Span::mins(5);
/// Sends a second, and receives a second: of a queue, or with high throughput the sends of a group (S46).
const CALLS: u32 = 300;

/// The index of a FIFO queue.
#[derive(Clone, Debug)]
pub(super) struct Fifo {
    catalog: Arc<Catalog>,
    config: config::Fifo,
    groups: BTreeMap<WordKey, Group>,
    /// The group of each message that is stored, by its slot.
    group_of: Vec<WordKey>,
    /// The groups whose first message is visible, by its place.
    ready: BTreeMap<u64, WordKey>,
    /// How many groups have messages in flight.
    in_flight: u32,
    window: Window,
    known: BTreeSet<Known>,
    /// What is known, in the order in which it was accepted.
    accepted: VecDeque<(Time, Known)>,
    high_throughput: u32,
    sends: Bucket,
    receives: Bucket,
    /// With high throughput, the sends of each group.
    sends_of: BTreeMap<WordKey, Bucket>,
    /// Full buckets are forgotten when there are more than this.
    sends_of_max: usize,
}

/// A message group.
#[derive(Clone, Debug, Default)]
struct Group {
    /// Its messages by their places, in any state.
    messages: BTreeMap<u64, Slot>,
    /// How many of them are in flight.
    in_flight: u32,
    /// The place of the first, while it is visible.
    ready: Option<u64>,
}

/// By what a message is known again: in a group or in the whole queue.
type Known = (Option<WordKey>, Id);

/// A deduplication id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    /// `MessageDeduplicationId`.
    Word(WordKey),
    /// What the message contains (`ContentBasedDeduplication`).
    Content(u64),
}

/// Where a receive stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    group: WordKey,
    /// It goes on with the message at this place or behind it.
    from: u64,
    /// What it keeps.
    pub(super) rule: Rule,
}

impl Fifo {
    pub(super) fn new(
        config: config::Fifo,
        assumptions: &config::Assumptions,
        catalog: Arc<Catalog>,
    ) -> Fifo {
        let high_throughput = assumptions.fifo_high_throughput;
        let calls = u64::from(calls(config, high_throughput));
        let bucket = Bucket::new(calls, calls, Span::secs(1));
        Fifo {
            catalog,
            config,
            groups: BTreeMap::new(),
            group_of: Vec::new(),
            ready: BTreeMap::new(),
            in_flight: 0,
            window: Window::new(assumptions.fifo_search_window as usize),
            known: BTreeSet::new(),
            accepted: VecDeque::new(),
            high_throughput,
            sends: bucket,
            receives: bucket,
            sends_of: BTreeMap::new(),
            sends_of_max: 0,
        }
    }

    /// Takes changed settings; the scope of deduplication stays as it was made (S42).
    pub(super) fn configure(&mut self, now: Time, config: config::Fifo) {
        self.config = config::Fifo { scope: self.config.scope, ..config };
        let calls = u64::from(calls(config, self.high_throughput));
        self.sends.resize(now, calls, calls);
        self.receives.resize(now, calls, calls);
    }

    // What comes in.

    /// Whether a send is refused, and why. One that is not is a call that counts.
    pub(super) fn refuses(
        &mut self,
        now: Time,
        payload: &Payload,
        delay: Option<Span>,
    ) -> Option<(Receipt, Rule)> {
        if delay.is_some_and(|delay| delay > Span::ZERO) {
            return Some((Receipt::Refused, Rule::S5));
        }
        let Some(group) = self.group(payload) else {
            return Some((Receipt::Refused, Rule::S38));
        };
        if self.known_by(group, payload).is_none() {
            return Some((Receipt::Refused, Rule::S42));
        }
        let takes = match self.config.limit {
            ThroughputLimit::PerQueue => self.sends.take(now),
            ThroughputLimit::PerGroup => {
                self.sends.tokens(now) > 0
                    && self.takes_of_group(now, group)
                    && self.sends.take(now)
            }
        };
        (!takes).then_some((Receipt::Throttled, Rule::S46))
    }

    fn takes_of_group(&mut self, now: Time, group: WordKey) -> bool {
        if self.sends_of_max < self.sends_of.len() {
            self.sends_of.retain(|_, bucket| bucket.tokens(now) < u64::from(CALLS));
            self.sends_of_max = 2 * self.sends_of.len() + 1000;
        }
        let full = || Bucket::new(u64::from(CALLS), u64::from(CALLS), Span::secs(1));
        self.sends_of.entry(group).or_insert_with(full).take(now)
    }

    /// Whether a message is a duplicate of one that was accepted; if not, it is known from now on.
    pub(super) fn is_duplicate(&mut self, now: Time, payload: &Payload) -> bool {
        while let Some(&(at, known)) = self.accepted.front()
            && at.saturating_add(DEDUPLICATION) <= now
        {
            self.accepted.pop_front();
            self.known.remove(&known);
        }
        let group = self.group(payload).expect(HAS_GROUP);
        let known = self.known_by(group, payload).expect("a message without an id was refused");
        let fresh = self.known.insert(known);
        if fresh {
            self.accepted.push_back((now, known));
        }
        !fresh
    }

    /// Knows no message any more (S42).
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.accepted.clear();
    }

    fn group(&self, payload: &Payload) -> Option<WordKey> {
        Some(self.catalog.word(payload, AttributeId::GROUP)?.key())
    }

    fn known_by(&self, group: WordKey, payload: &Payload) -> Option<Known> {
        let id = match self.catalog.word(payload, AttributeId::DEDUPLICATION) {
            Some(word) => Id::Word(word.key()),
            None if self.config.content_based => Id::Content(payload.content),
            None => return None,
        };
        let group = match self.config.scope {
            DeduplicationScope::Queue => None,
            DeduplicationScope::Group => Some(group),
        };
        Some((group, id))
    }

    /// A message is stored, behind all others.
    pub(super) fn entered(&mut self, slab: &Slab, slot: Slot, payload: &Payload) {
        let group = self.group(payload).expect(HAS_GROUP);
        let at = slot.0 as usize;
        if self.group_of.len() <= at {
            self.group_of.resize(at + 1, group);
        }
        self.group_of[at] = group;
        let order = slab[slot].order;
        self.window.push(order);
        self.groups.entry(group).or_default().messages.insert(order, slot);
        self.refresh(slab, group);
    }

    // What changes. Each says how many groups have messages in flight, if that has changed.

    /// A message is visible now; before, it was `was`.
    pub(super) fn shown(&mut self, slab: &Slab, slot: Slot, was: Held) -> Option<u32> {
        let group = self.group_of[slot.0 as usize];
        let changed = self.returned(group, was);
        self.refresh(slab, group);
        changed
    }

    /// A message is in flight now, and was visible.
    pub(super) fn taken(&mut self, slab: &Slab, slot: Slot) -> Option<u32> {
        let group = self.group_of[slot.0 as usize];
        let known = self.groups.get_mut(&group).expect(IS_STORED);
        known.in_flight += 1;
        let first = known.in_flight == 1;
        self.in_flight += u32::from(first);
        self.refresh(slab, group);
        first.then_some(self.in_flight)
    }

    /// A message goes, and was `was`.
    pub(super) fn left(&mut self, slab: &Slab, slot: Slot, was: Held) -> Option<u32> {
        let group = self.group_of[slot.0 as usize];
        let changed = self.returned(group, was);
        let order = slab[slot].order;
        self.window.remove(order);
        let known = self.groups.get_mut(&group).expect(IS_STORED);
        known.messages.remove(&order);
        self.refresh(slab, group);
        if self.groups[&group].messages.is_empty() {
            self.groups.remove(&group);
        }
        changed
    }

    fn returned(&mut self, group: WordKey, was: Held) -> Option<u32> {
        if was != Held::InFlight {
            return None;
        }
        let known = self.groups.get_mut(&group).expect(IS_STORED);
        known.in_flight -= 1;
        let last = known.in_flight == 0;
        self.in_flight -= u32::from(last);
        last.then_some(self.in_flight)
    }

    /// Keeps the group among those that are ready, or not.
    fn refresh(&mut self, slab: &Slab, key: WordKey) {
        let group = self.groups.get_mut(&key).expect(IS_STORED);
        let first = group.messages.first_key_value();
        let ready =
            first.filter(|(_, slot)| slab[**slot].held == Held::Visible).map(|(order, _)| *order);
        if group.ready == ready {
            return;
        }
        if let Some(order) = group.ready {
            self.ready.remove(&order);
        }
        if let Some(order) = ready {
            self.ready.insert(order, key);
        }
        group.ready = ready;
    }

    // What goes out.

    /// Whether a receive would get a message, or move one on.
    pub(super) fn has_ready(&self) -> bool {
        self.ready.first_key_value().is_some_and(|(order, _)| self.window.reaches(*order))
    }

    /// How long a receive has to wait for its call to be taken: zero if it is taken now.
    pub(super) fn receive_wait(&mut self, now: Time) -> Span {
        if self.receives.take(now) {
            return Span::ZERO;
        }
        self.receives.wait(now).expect("calls are taken at a rate above 0")
    }

    /// Why there is nothing for a receive although messages are visible.
    pub(super) fn why_none(&self) -> Rule {
        if self.has_ready() {
            Rule::S46
        } else if self.ready.is_empty() {
            Rule::S39
        } else {
            Rule::S45
        }
    }

    /// The next message of a receive that stands at `walk`: the next of its group, or else the first of the
    /// next group. What it was given is no longer visible, or gone, when it asks again.
    pub(super) fn next(&self, slab: &Slab, walk: &mut Option<Walk>) -> Option<Slot> {
        if let Some(walk) = walk
            && let Some(group) = self.groups.get(&walk.group)
            && let Some((&order, &slot)) = group.messages.range(walk.from..).next()
            && slab[slot].held == Held::Visible
        {
            walk.from = order + 1;
            return Some(slot);
        }
        let (&order, &group) = self.ready.first_key_value()?;
        if !self.window.reaches(order) {
            return None;
        }
        let known = &self.groups[&group];
        let rule = if known.in_flight == 0 { Rule::S38 } else { Rule::S40 };
        *walk = Some(Walk { group, from: order + 1, rule });
        known.messages.get(&order).copied()
    }

    /// Panics if the index contradicts the messages.
    pub(super) fn check(&self, slab: &Slab) {
        let mut groups: BTreeMap<WordKey, Group> = BTreeMap::new();
        for (slot, message) in slab.iter() {
            let group = groups.entry(self.group_of[slot.0 as usize]).or_default();
            group.messages.insert(message.order, slot);
            group.in_flight += u32::from(message.held == Held::InFlight);
        }
        let mut ready = BTreeMap::new();
        assert_eq!(groups.len(), self.groups.len(), "a group for each that has messages");
        for (key, group) in &groups {
            let known = &self.groups[key];
            assert_eq!(known.messages, group.messages, "the messages of a group");
            assert_eq!(known.in_flight, group.in_flight, "those in flight");
            let (&order, &slot) = group.messages.first_key_value().expect("it has one");
            if slab[slot].held == Held::Visible {
                ready.insert(order, *key);
            }
        }
        assert_eq!(self.ready, ready, "the groups that are ready");
        let busy = groups.values().filter(|group| group.in_flight > 0).count();
        assert_eq!(self.in_flight as usize, busy, "the groups with messages in flight");
        self.window.check(slab);
        assert_eq!(self.known.len(), self.accepted.len(), "what is known was accepted once");
    }
}

const HAS_GROUP: &str = "a FIFO queue takes nothing without a group, and nothing loses it";
const IS_STORED: &str = "a message that is stored has its group";

/// Sends a second, and receives a second.
fn calls(config: config::Fifo, high_throughput: u32) -> u32 {
    match config.limit {
        ThroughputLimit::PerQueue => CALLS,
        ThroughputLimit::PerGroup => high_throughput,
    }
}

/// The oldest messages of a queue, among which a receive looks for groups (S45).
#[derive(Clone, Debug)]
struct Window {
    size: usize,
    /// The places of all messages.
    orders: BTreeSet<u64>,
    /// The greatest place within.
    edge: u64,
    /// How many places are within.
    within: usize,
}

impl Window {
    fn new(size: usize) -> Window {
        Window { size, orders: BTreeSet::new(), edge: 0, within: 0 }
    }

    /// A message comes behind all others.
    fn push(&mut self, order: u64) {
        self.orders.insert(order);
        if self.within < self.size {
            self.within += 1;
            self.edge = order;
        }
    }

    fn remove(&mut self, order: u64) {
        self.orders.remove(&order);
        if order <= self.edge {
            self.within -= 1;
            let behind = (Bound::Excluded(self.edge), Bound::Unbounded);
            if let Some(&next) = self.orders.range(behind).next() {
                self.within += 1;
                self.edge = next;
            }
        }
    }

    fn reaches(&self, order: u64) -> bool {
        order <= self.edge
    }

    fn check(&self, slab: &Slab) {
        let orders: BTreeSet<u64> = slab.iter().map(|(_, message)| message.order).collect();
        assert_eq!(self.orders, orders, "the places of all messages");
        let within = orders.range(..=self.edge).count();
        assert_eq!((within, self.within), (orders.len().min(self.size), within), "the window");
    }
}
