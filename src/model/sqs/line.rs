//! Messages in an order: those that are visible, hidden, stored.
//!
//! Nearly always a message comes behind all others of its line and leaves at the front; sometimes
//! it leaves from the middle (deleted, expired), sometimes it comes back to its old place. So a
//! line is a few runs, linked through the messages themselves, and a tree for what fits none:
//!
//! ```text
//! run 0   41 ─ 42 ─ 45 ─ 46      new messages
//! run 1    3 ─ 4 ─ 17            messages that return, oldest first
//! late     { 9 }                 what came after a greater one in each run
//! ```

use super::message::{Message, Slab, Slot};
use std::{collections::BTreeSet, marker::PhantomData};

/// What a line is ordered by.
pub(super) trait Order {
    /// Which links of a message it uses; lines of different links may share a message.
    const LINK: usize;
    /// The key of a message: smaller ones come first. It stands still while the message is in line.
    fn key(message: &Message) -> u64;
}

/// By the time of the first send: retention.
#[derive(Clone, Debug)]
pub(super) enum BySend {}
impl Order for BySend {
    const LINK: usize = 0;
    #[inline]
    fn key(message: &Message) -> u64 {
        message.sent_at.as_nanos()
    }
}

/// By the end of a delay or visibility timeout.
#[derive(Clone, Debug)]
pub(super) enum ByEnd {}
impl Order for ByEnd {
    const LINK: usize = 1;
    #[inline]
    fn key(message: &Message) -> u64 {
        message.until.as_nanos()
    }
}

/// By the place among visible messages.
#[derive(Clone, Debug)]
pub(super) enum ByPlace {}
impl Order for ByPlace {
    const LINK: usize = 1;
    #[inline]
    fn key(message: &Message) -> u64 {
        message.order
    }
}

/// By the time of entry into this queue: age.
#[derive(Clone, Debug)]
pub(super) enum ByEntry {}
impl Order for ByEntry {
    const LINK: usize = 2;
    #[inline]
    fn key(message: &Message) -> u64 {
        message.entered_at.as_nanos()
    }
}

/// The neighbours of a message in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    before: Slot,
    after: Slot,
}

const NONE: Slot = Slot(u32::MAX);
const LATE: Slot = Slot(u32::MAX - 1);

impl Link {
    /// Of a message that is in no line.
    pub(super) const NOWHERE: Link = Link { before: NONE, after: NONE };
    /// The slots from here on have another meaning.
    pub(super) const SLOTS_MAX: u32 = LATE.0;
}

/// A sequence of messages by the key of `O`: push and pop in a few nanoseconds while keys mostly
/// rise, else some 100. Of equal keys the earlier comes first, if both are in one run.
#[derive(Clone, Debug)]
pub(super) struct Line<O> {
    runs: [Run; 2],
    late: BTreeSet<(u64, Slot)>,
    len: usize,
    order: PhantomData<O>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: Slot,
    last: Slot,
}

impl<O> Default for Line<O> {
    fn default() -> Line<O> {
        Line {
            runs: [Run { first: NONE, last: NONE }; 2],
            late: BTreeSet::new(),
            len: 0,
            order: PhantomData,
        }
    }
}

impl<O: Order> Line<O> {
    /// How many messages are in line.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a message into its place.
    #[inline]
    pub(super) fn push(&mut self, slab: &mut Slab, slot: Slot) {
        self.len += 1;
        let key = O::key(&slab[slot]);
        // Behind the greatest that it may stand behind, so that smaller ones find place elsewhere.
        let mut fit = None;
        let mut fit_key = None;
        for (i, run) in self.runs.iter().enumerate() {
            let last_key = if run.last == NONE { None } else { Some(O::key(&slab[run.last])) };
            if last_key.is_none_or(|last| last <= key) && (fit.is_none() || fit_key < last_key) {
                (fit, fit_key) = (Some(i), last_key);
            }
        }
        match fit {
            Some(i) => {
                let run = &mut self.runs[i];
                slab[slot].links[O::LINK] = Link { before: run.last, after: NONE };
                if run.last == NONE {
                    run.first = slot;
                } else {
                    slab[run.last].links[O::LINK].after = slot;
                }
                run.last = slot;
            }
            None => {
                slab[slot].links[O::LINK].before = LATE;
                self.late.insert((key, slot));
            }
        }
    }

    /// The first in line.
    #[inline]
    pub(super) fn first(&self, slab: &Slab) -> Option<Slot> {
        let mut first: Option<(u64, Slot)> = None;
        for run in &self.runs {
            if run.first != NONE {
                let key = O::key(&slab[run.first]);
                if first.is_none_or(|(least, _)| key < least) {
                    first = Some((key, run.first));
                }
            }
        }
        if let Some(&(key, slot)) = self.late.first()
            && first.is_none_or(|(least, _)| key < least)
        {
            first = Some((key, slot));
        }
        first.map(|(_, slot)| slot)
    }

    /// Takes a message out, wherever it stands.
    #[inline]
    pub(super) fn remove(&mut self, slab: &mut Slab, slot: Slot) {
        self.len -= 1;
        let Link { before, after } = slab[slot].links[O::LINK];
        if before == LATE {
            let found = self.late.remove(&(O::key(&slab[slot]), slot));
            assert!(found, "a key stands still while its message is in line");
            return;
        }
        if before == NONE {
            self.run(|run| run.first == slot).first = after;
        } else {
            slab[before].links[O::LINK].after = after;
        }
        if after == NONE {
            self.run(|run| run.last == slot).last = before;
        } else {
            slab[after].links[O::LINK].before = before;
        }
    }

    #[inline]
    fn run(&mut self, is: impl Fn(&Run) -> bool) -> &mut Run {
        let [first, second] = &mut self.runs;
        if is(first) {
            first
        } else {
            debug_assert!(is(second), "an end of a run is known to it");
            second
        }
    }

    /// Everything in line, by run; for tests.
    pub(super) fn check(&self, slab: &Slab) -> Vec<Slot> {
        let mut all: Vec<Slot> = self.late.iter().map(|&(_, slot)| slot).collect();
        for run in &self.runs {
            let (mut before, mut slot) = (NONE, run.first);
            while slot != NONE {
                assert_eq!(slab[slot].links[O::LINK].before, before, "links agree");
                let sorted = before == NONE || O::key(&slab[before]) <= O::key(&slab[slot]);
                assert!(sorted, "a run is in order");
                all.push(slot);
                (before, slot) = (slot, slab[slot].links[O::LINK].after);
            }
            assert_eq!(run.last, before, "a run knows its end");
        }
        assert_eq!(all.len(), self.len, "a line knows how long it is");
        all
    }
}
