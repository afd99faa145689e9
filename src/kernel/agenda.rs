//! What will happen, in the one order.
//!
//! An appointment is a token of some component, to be handed back at an instant. Appointments come
//! back earliest first; of those at one instant, by [`Class`]; of those of one class, in the order
//! in which they were made. The order belongs to the appointment, never to the container it waits
//! in: [`HeapStore`] says what is right in twenty lines, [`Ladder`] says the same faster, and every
//! run must be the same under both.
//!
//! Nothing goes back: what is asked for at the present instant takes the later of its own class
//! and the class being handled.
//!
//! ```text
//! after(wait, token) ─► key = nanoseconds << 3 | class ─► Store ─► pop() ─► token, and the clock moves
//!                                                    advance(at, class) ─► the clock moves
//! ```

use super::time::{Span, Time};
use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, VecDeque},
};

/// Who goes first among appointments at one instant. A contract: other orders are other results.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A fault begins or ends, an operator changes something: whatever else happens at that
    /// instant already finds the change.
    Change = 0,
    /// Something's time is up: an expiry, a deletion.
    Expiry = 1,
    /// Work ends and gives back what it held, before others at the same instant ask for it.
    Completion = 2,
    /// A message becomes visible, by the end of a delay or of a visibility timeout.
    Visibility = 3,
    /// A retry is due.
    Retry = 4,
    /// New work arrives from outside.
    Arrival = 5,
    /// Something looks at the state of an instant: a receive, an answer to a waiting poll, the
    /// closing of a batch. Last, so that all of that instant has happened.
    Poll = 6,
}

/// What can wait in an [`Agenda`]: a token whose kind decides its class.
pub trait Classed {
    /// The class of this token, the same whenever it is asked.
    fn class(&self) -> Class;
}

/// The key by which appointments are ordered: nanoseconds times eight, plus the class.
///
/// Panics if `at` lies after [`Time::LAST`].
#[inline]
pub const fn key(at: Time, class: Class) -> u64 {
    assert!(at.as_nanos() <= Time::LAST.as_nanos(), "no run lasts that long");
    at.as_nanos() << CLASS_BITS | class as u64
}

/// Seven classes fit into three bits, and [`Time::LAST`] into the rest.
const CLASS_BITS: u32 = 3;
const _: () = assert!((Class::Poll as u64) < 1 << CLASS_BITS);
const _: () = assert!(Time::LAST.as_nanos() < u64::MAX >> CLASS_BITS);

/// The appointments of a run, its clock, and the class being handled.
///
/// `W` is the token, at most 8 bytes for speed; `S` the container, which changes no result.
#[derive(Clone, Debug)]
pub struct Agenda<W, S> {
    store: S,
    /// What is asked for at the end of this instant. It needs no store: what the store has under
    /// the same key was put there at an earlier instant, and so comes first.
    closing: VecDeque<W>,
    /// The key being handled: the clock and the class in one number, which never falls.
    present: u64,
}

impl<W, S: Store<W>> Default for Agenda<W, S> {
    fn default() -> Agenda<W, S> {
        Agenda::new()
    }
}

impl<W, S: Store<W>> Agenda<W, S> {
    /// Nothing to do, at [`Time::ZERO`], before every class.
    pub fn new() -> Agenda<W, S> {
        Agenda { store: S::default(), closing: VecDeque::new(), present: 0 }
    }

    /// [`key`], for those who have an agenda at hand.
    #[inline]
    pub const fn key(at: Time, class: Class) -> u64 {
        key(at, class)
    }

    /// The instant being handled.
    #[inline]
    pub fn now(&self) -> Time {
        Time::from_nanos(self.present >> CLASS_BITS)
    }

    /// Hands `token` back once `wait` has passed.
    ///
    /// With a wait of zero it comes later in this instant: in its own class, or in the class being
    /// handled if that is later, behind what is already there. What would come after [`Time::LAST`]
    /// never comes, and is not kept.
    #[inline]
    pub fn after(&mut self, wait: Span, token: W)
    where
        W: Classed,
    {
        self.at(self.now().saturating_add(wait), token);
    }

    /// Hands `token` back at `at`, by the rules of [`Agenda::after`]. Panics if that has passed.
    #[inline]
    pub fn at(&mut self, at: Time, token: W)
    where
        W: Classed,
    {
        assert!(self.now() <= at, "an appointment in the past: {at}, it is {}", self.now());
        if at <= Time::LAST {
            // At any later instant the key is greater than the present one whatever its class; at
            // this instant the greater key is the later class. So one maximum keeps the rule.
            let key = key(at, token.class()).max(self.present);
            if key == self.closing_key() {
                self.closing.push_back(token);
            } else {
                self.store.put(key, token);
            }
        }
    }

    /// The key of the next appointment, to be compared with the [`key`] of what is kept elsewhere.
    /// Changes nothing.
    #[inline]
    pub fn next_key(&mut self) -> Option<u64> {
        let next = self.store.peek();
        if self.closing.is_empty() {
            return next;
        }
        Some(next.map_or(self.closing_key(), |next| next.min(self.closing_key())))
    }

    /// The last key of this instant.
    #[inline]
    fn closing_key(&self) -> u64 {
        key(self.now(), Class::Poll)
    }

    /// Takes the next appointment; its instant and class become the present ones.
    #[inline]
    pub fn pop(&mut self) -> Option<W> {
        if !self.closing.is_empty() {
            let closing = self.closing_key();
            if self.store.peek().is_none_or(|next| closing < next) {
                self.present = closing;
                return self.closing.pop_front();
            }
        }
        let (key, token) = self.store.take()?;
        assert!(self.present <= key, "the agenda went back, or was advanced past an appointment");
        self.present = key;
        Some(token)
    }

    /// Moves the clock for something kept outside, such as the next arrival of a caller.
    ///
    /// The caller compares with [`Agenda::next_key`] first: whoever advances past an appointment
    /// finds the next [`Agenda::pop`] panicking. At the present instant the class being handled
    /// does not fall. Panics if `at` has passed or lies after [`Time::LAST`].
    #[inline]
    pub fn advance(&mut self, at: Time, class: Class) {
        assert!(self.now() <= at, "the clock would go back to {at} from {}", self.now());
        self.present = key(at, class).max(self.present);
    }

    /// How many appointments wait.
    pub fn len(&self) -> usize {
        self.store.len() + self.closing.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A container of appointments, ordered by key, equal keys first in, first out.
///
/// No key may be put that is smaller than one already taken; the agenda's rule that nothing goes
/// back sees to it. A key that was only peeked at binds nobody.
pub trait Store<W>: Default {
    /// Keeps `token` under `key`.
    fn put(&mut self, key: u64, token: W);
    /// The smallest key.
    fn peek(&mut self) -> Option<u64>;
    /// Takes the first of the entries with the smallest key.
    fn take(&mut self) -> Option<(u64, W)>;
    /// How many entries there are.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The plain store: a binary heap of (key, serial number). The reference for every other.
#[derive(Clone, Debug)]
pub struct HeapStore<W> {
    heap: BinaryHeap<Numbered<W>>,
    /// The serial number of the next entry; breaks ties by age.
    serial: u64,
}

impl<W> Default for HeapStore<W> {
    fn default() -> HeapStore<W> {
        HeapStore { heap: BinaryHeap::new(), serial: 0 }
    }
}

impl<W> Store<W> for HeapStore<W> {
    fn put(&mut self, key: u64, token: W) {
        self.heap.push(Numbered { order: Reverse((key, self.serial)), token });
        self.serial += 1;
    }

    fn peek(&mut self) -> Option<u64> {
        self.heap.peek().map(Numbered::key)
    }

    fn take(&mut self) -> Option<(u64, W)> {
        self.heap.pop().map(|first| (first.key(), first.token))
    }

    fn len(&self) -> usize {
        self.heap.len()
    }
}

/// An entry of [`HeapStore`], compared by key and serial number alone; the greatest is the first.
#[derive(Clone, Debug)]
struct Numbered<W> {
    order: Reverse<(u64, u64)>,
    token: W,
}

impl<W> Numbered<W> {
    fn key(&self) -> u64 {
        self.order.0.0
    }
}

impl<W> PartialEq for Numbered<W> {
    fn eq(&self, other: &Numbered<W>) -> bool {
        self.order == other.order
    }
}

impl<W> Eq for Numbered<W> {}

impl<W> PartialOrd for Numbered<W> {
    fn partial_cmp(&self, other: &Numbered<W>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<W> Ord for Numbered<W> {
    fn cmp(&self, other: &Numbered<W>) -> Ordering {
        self.order.cmp(&other.order)
    }
}

/// The fast store: a radix ladder, 16 buckets on each of 16 rungs, tokens inline.
///
/// A key is read as 16 digits of 4 bits. It waits on the rung of the highest digit in which it
/// differs from the `floor`, a key that none to come is below, in the bucket of its own digit
/// there. A bucket is not sorted. When the entries in front run out, the first bucket is split
/// over the rungs below it, and as soon as a bucket is small it is sorted into the `run`, from
/// which entries are taken. Each entry falls at most 16 rungs, in practice three or four, always
/// in order: hence no logarithm in the cost, and no comparison with distant appointments.
///
/// ```text
///           floor 0x2c3
///  rung 2   _ _ _ 3 4 … f     keys 0x300 to 0xfff   one bucket for each digit above the floor's 2
///  rung 1   _ _ … _ d e f     keys 0x2d0 to 0x2ff   above its c
///  rung 0   _ _ _ 3 4 … f     keys 0x2c3 to 0x2cf   from its 3: one key to a bucket
///  run      what lies below run_end, sorted, taken first
/// ```
///
/// Why the order is right. Every key of a rung is below every key of a higher rung, and within a
/// rung below every key of a bucket with a higher digit; so the first entry is in the run or, when
/// that is empty, in the lowest bucket of the lowest rung in use. Raising the floor to the smallest
/// key there moves no entry of another bucket: those differ from the old floor and the new one in
/// the same highest digit.
///
/// Why ties are first in, first out. While floor and run_end stand, equal keys go to one place, in
/// order. When they change, a place is moved as a whole, in order, and only to where nothing is.
///
/// Why peeking is harmless. The floor follows what is taken, not what is peeked at: an arrival kept
/// outside the agenda may still make appointments before the next one. So each bucket knows its
/// smallest key and peeking need not sort.
#[derive(Clone, Debug)]
pub struct Ladder<W> {
    /// No key to come is smaller.
    floor: u64,
    /// What is to be taken next, largest key first: taken from the end.
    run: Vec<(u64, W)>,
    /// A key below this goes into the run; the buckets hold none.
    run_end: u64,
    /// Rung by rung.
    buckets: Vec<Bucket<W>>,
    /// For each rung, one bit for each bucket in use.
    buckets_used: [u16; RUNGS],
    /// One bit for each rung in use.
    rungs_used: u16,
    len: usize,
}

#[derive(Clone, Debug)]
struct Bucket<W> {
    /// The smallest key in it.
    smallest: u64,
    /// In the order in which they came.
    entries: Vec<(u64, W)>,
}

const DIGIT_BITS: u32 = 4;
const DIGITS: usize = 1 << DIGIT_BITS;
const RUNGS: usize = (u64::BITS / DIGIT_BITS) as usize;
/// A bucket of so many entries is sorted rather than split: inserting 32 costs less than a rung.
const RUN_START: usize = 32;
/// A run of so many entries is put back: at 128 an insertion begins to cost more than a bucket.
const RUN_MAX: usize = 128;
/// An emptied bucket keeps its memory up to so many entries, 2 MiB in all for 8-byte tokens.
const KEPT_CAPACITY: usize = 512;

impl<W> Default for Ladder<W> {
    fn default() -> Ladder<W> {
        Ladder {
            floor: 0,
            run: Vec::with_capacity(RUN_MAX),
            run_end: 0,
            buckets: (0..RUNGS * DIGITS).map(|_| Bucket::default()).collect(),
            buckets_used: [0; RUNGS],
            rungs_used: 0,
            len: 0,
        }
    }
}

impl<W> Default for Bucket<W> {
    fn default() -> Bucket<W> {
        Bucket { smallest: u64::MAX, entries: Vec::new() }
    }
}

impl<W: Copy> Store<W> for Ladder<W> {
    #[inline]
    fn put(&mut self, key: u64, token: W) {
        debug_assert!(self.floor <= key, "no key below the floor");
        self.len += 1;
        if key < self.run_end {
            if self.run.len() < RUN_MAX {
                self.insert(key, token);
                return;
            }
            self.spill();
        }
        self.place(key, token);
    }

    #[inline]
    fn peek(&mut self) -> Option<u64> {
        match self.run.last() {
            Some(&(key, _)) => Some(key),
            None => self.first_bucket().map(|(rung, digit)| self.bucket(rung, digit).smallest),
        }
    }

    #[inline]
    fn take(&mut self) -> Option<(u64, W)> {
        if self.run.is_empty() {
            self.refill();
        }
        let first = self.run.pop()?;
        self.len -= 1;
        Some(first)
    }

    fn len(&self) -> usize {
        self.len
    }
}

impl<W: Copy> Ladder<W> {
    /// Into the run, before larger keys and behind equal ones.
    #[inline]
    fn insert(&mut self, key: u64, token: W) {
        let mut i = self.run.len();
        self.run.push((key, token));
        while 0 < i && self.run[i - 1].0 <= key {
            self.run[i] = self.run[i - 1];
            i -= 1;
        }
        self.run[i] = (key, token);
    }

    /// Into the bucket where the floor says it belongs.
    #[inline]
    fn place(&mut self, key: u64, token: W) {
        // The lowest bit is set so that the floor itself counts as differing in digit 0.
        let rung = ((key ^ self.floor) | 1).ilog2() / DIGIT_BITS;
        let digit = (key >> (rung * DIGIT_BITS)) as usize % DIGITS;
        let rung = rung as usize;
        self.buckets_used[rung] |= 1 << digit;
        self.rungs_used |= 1 << rung;
        let bucket = self.bucket(rung, digit);
        bucket.smallest = bucket.smallest.min(key);
        bucket.entries.push((key, token));
    }

    #[inline]
    fn bucket(&mut self, rung: usize, digit: usize) -> &mut Bucket<W> {
        &mut self.buckets[rung * DIGITS + digit]
    }

    /// Rung and digit of the bucket with the smallest keys.
    #[inline]
    fn first_bucket(&self) -> Option<(usize, usize)> {
        if self.rungs_used == 0 {
            return None;
        }
        let rung = self.rungs_used.trailing_zeros() as usize;
        Some((rung, self.buckets_used[rung].trailing_zeros() as usize))
    }

    /// Fills the run from the first bucket, splitting it while it is large. The run is empty, and
    /// one entry is taken as soon as it is not: only therefore may the floor rise to it.
    #[inline(never)]
    fn refill(&mut self) {
        while let Some((rung, digit)) = self.first_bucket() {
            self.buckets_used[rung] &= !(1 << digit);
            if self.buckets_used[rung] == 0 {
                self.rungs_used &= !(1 << rung);
            }
            let Bucket { smallest, mut entries } = std::mem::take(self.bucket(rung, digit));
            self.floor = smallest;
            let small = entries.len() <= RUN_START;
            if rung == 0 {
                // One key only. An equal one put from now on goes back to this bucket and waits
                // there for its turn, so that a million ties cost a million steps.
                self.run_end = smallest;
                self.run.extend(entries.iter().rev());
            } else if small {
                // All that can still come into this bucket now belongs into the run.
                let width = 1 << (rung as u32 * DIGIT_BITS);
                self.run_end = (smallest | (width - 1)).saturating_add(1);
                for &(key, token) in &entries {
                    self.insert(key, token);
                }
            } else {
                // Everything here shares the floor's digit on this rung: it goes to lower ones.
                self.run_end = smallest;
                for &(key, token) in &entries {
                    self.place(key, token);
                }
            }
            if entries.capacity() <= KEPT_CAPACITY {
                entries.clear();
                self.bucket(rung, digit).entries = entries;
            }
            if rung == 0 || small {
                return;
            }
        }
    }

    /// Gives a run that has grown too long back to the buckets. They are empty below its end, and
    /// the floor is below all of it, so each entry lands on a rung lower than the run came from.
    #[cold]
    fn spill(&mut self) {
        let mut run = std::mem::take(&mut self.run);
        self.run_end = self.floor;
        for &(key, token) in run.iter().rev() {
            self.place(key, token);
        }
        run.clear();
        self.run = run;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::draw::Stream;

    /// A token that says who it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Token(Class, u32);

    impl Classed for Token {
        fn class(&self) -> Class {
            self.0
        }
    }

    const CLASSES: [Class; 7] = [
        Class::Change,
        Class::Expiry,
        Class::Completion,
        Class::Visibility,
        Class::Retry,
        Class::Arrival,
        Class::Poll,
    ];

    /// Tells the same story to an agenda over each store, and returns what came back, as one line.
    fn told(story: impl Fn(&mut dyn Tell)) -> String {
        let mut heap = (Agenda::<Token, HeapStore<Token>>::new(), Vec::new());
        let mut ladder = (Agenda::<Token, Ladder<Token>>::new(), Vec::new());
        story(&mut heap);
        story(&mut ladder);
        assert_eq!(heap.1, ladder.1, "the order depends on the store");
        heap.1.join(" ")
    }

    /// What a test does with an agenda, whatever its store.
    trait Tell {
        fn after(&mut self, seconds: u64, class: Class, who: u32);
        fn advance(&mut self, seconds: u64, class: Class);
        fn next(&mut self) -> Option<Token>;
        fn rest(&mut self) {
            while self.next().is_some() {}
        }
    }

    impl<S: Store<Token>> Tell for (Agenda<Token, S>, Vec<String>) {
        fn after(&mut self, seconds: u64, class: Class, who: u32) {
            self.0.after(Span::secs(seconds), Token(class, who));
        }
        fn advance(&mut self, seconds: u64, class: Class) {
            let at = Time::ZERO + Span::secs(seconds);
            assert!(self.0.next_key().is_none_or(|next| key(at, class) <= next));
            self.0.advance(at, class);
        }
        fn next(&mut self) -> Option<Token> {
            let token = self.0.pop()?;
            self.1.push(format!("{}:{}", self.0.now(), token.1));
            Some(token)
        }
    }

    #[test]
    fn earliest_first_then_class_then_first_made() {
        let line = told(|agenda| {
            for (who, class) in (0..).zip(CLASSES.into_iter().rev()) {
                agenda.after(2, class, who);
                agenda.after(2, class, who + 10);
            }
            agenda.after(1, Class::Poll, 99);
            agenda.rest();
        });
        assert_eq!(
            line,
            "1s:99 2s:6 2s:16 2s:5 2s:15 2s:4 2s:14 2s:3 2s:13 2s:2 2s:12 2s:1 2s:11 2s:0 2s:10"
        );
    }

    #[test]
    fn what_is_asked_for_now_does_not_go_back_before_the_class_being_handled() {
        let line = told(|agenda| {
            agenda.after(1, Class::Retry, 1);
            agenda.after(1, Class::Retry, 2);
            agenda.after(1, Class::Poll, 3);
            agenda.next();
            // A completion at this very instant comes as a retry, behind the other retry.
            agenda.after(0, Class::Completion, 4);
            // A poll keeps its own, later, class.
            agenda.after(0, Class::Poll, 5);
            // At any later instant the class is its own.
            agenda.after(1, Class::Poll, 7);
            agenda.after(1, Class::Change, 6);
            agenda.rest();
        });
        assert_eq!(line, "1s:1 1s:2 1s:4 1s:3 1s:5 2s:6 2s:7");
    }

    #[test]
    fn a_poll_with_wait_zero_sees_all_of_its_instant() {
        let line = told(|agenda| {
            agenda.after(1, Class::Completion, 1);
            agenda.after(1, Class::Arrival, 2);
            agenda.next();
            agenda.after(0, Class::Poll, 3);
            agenda.next();
            agenda.after(0, Class::Retry, 4);
            agenda.rest();
        });
        assert_eq!(line, "1s:1 1s:2 1s:4 1s:3");
    }

    #[test]
    fn an_arrival_kept_outside_moves_the_clock_and_the_class() {
        let line = told(|agenda| {
            agenda.after(3, Class::Retry, 1);
            agenda.advance(2, Class::Arrival);
            agenda.after(0, Class::Retry, 2);
            agenda.after(0, Class::Poll, 3);
            agenda.after(1, Class::Expiry, 4);
            agenda.next();
            // While polls are handled, an arrival at this instant does not bring arrivals back.
            agenda.next();
            agenda.advance(2, Class::Arrival);
            agenda.after(0, Class::Arrival, 5);
            agenda.after(0, Class::Poll, 6);
            agenda.rest();
        });
        assert_eq!(line, "2s:2 2s:3 2s:5 2s:6 3s:4 3s:1");
    }

    #[test]
    fn an_arrival_before_everything_that_waits_may_still_make_earlier_appointments() {
        let line = told(|agenda| {
            agenda.after(3600, Class::Change, 1);
            agenda.after(4000, Class::Change, 2);
            for second in 0..300 {
                agenda.advance(second, Class::Arrival);
                agenda.after(400 - second / 2, Class::Completion, 3);
            }
            agenda.rest();
        });
        assert!(line.starts_with("400s:3 401s:3 401s:3 402s:3 "), "{line:.60}");
        assert!(line.ends_with(" 550s:3 3600s:1 4000s:2"));
    }

    #[test]
    fn what_would_come_after_the_last_instant_never_comes() {
        let mut agenda = Agenda::<Token, Ladder<Token>>::default();
        agenda.after(Span::FOREVER, Token(Class::Change, 1));
        agenda.at(Time::NEVER, Token(Class::Change, 2));
        agenda.at(Time::from_nanos(Time::LAST.as_nanos() + 1), Token(Class::Change, 3));
        assert!(agenda.is_empty());
        agenda.at(Time::LAST, Token(Class::Poll, 4));
        assert_eq!(agenda.len(), 1);
        assert_eq!(agenda.next_key(), Some(key(Time::LAST, Class::Poll)));
        assert_eq!(agenda.pop(), Some(Token(Class::Poll, 4)));
        agenda.after(Span::nanos(1), Token(Class::Change, 5));
        agenda.after(Span::ZERO, Token(Class::Change, 6));
        assert_eq!(agenda.pop(), Some(Token(Class::Change, 6)));
        assert_eq!((agenda.pop(), agenda.next_key()), (None, None));
        assert_eq!(agenda.now(), Time::LAST);
    }

    #[test]
    fn a_key_orders_by_time_and_then_by_class() {
        let second = Time::from_nanos(1_000_000_000);
        assert_eq!(key(second, Class::Retry), 8_000_000_004);
        assert!(key(second, Class::Poll) < key(Time::from_nanos(1_000_000_001), Class::Change));
        assert!(CLASSES.is_sorted());
    }

    #[test]
    #[should_panic(expected = "an appointment in the past: 1s, it is 2s")]
    fn an_appointment_in_the_past_is_refused() {
        let mut agenda = Agenda::<Token, HeapStore<Token>>::new();
        agenda.advance(Time::ZERO + Span::secs(2), Class::Arrival);
        agenda.at(Time::ZERO + Span::secs(1), Token(Class::Retry, 1));
    }

    #[test]
    #[should_panic(expected = "advanced past an appointment")]
    fn an_appointment_that_was_passed_over_is_noticed() {
        let mut agenda = Agenda::<Token, HeapStore<Token>>::new();
        agenda.after(Span::secs(1), Token(Class::Retry, 1));
        agenda.advance(Time::ZERO + Span::secs(1), Class::Arrival);
        agenda.pop();
    }

    #[test]
    #[should_panic(expected = "the clock would go back")]
    fn the_clock_does_not_go_back() {
        let mut agenda = Agenda::<Token, HeapStore<Token>>::new();
        agenda.advance(Time::ZERO + Span::secs(2), Class::Arrival);
        agenda.advance(Time::ZERO + Span::secs(1), Class::Arrival);
    }

    /// Both stores in step; every answer is compared.
    #[derive(Default)]
    struct Both {
        heap: HeapStore<u32>,
        ladder: Ladder<u32>,
        /// The last key taken: no smaller one may be put.
        taken: u64,
        next_token: u32,
    }

    impl Both {
        fn put(&mut self, ahead: u64) {
            let key = self.taken.saturating_add(ahead);
            self.heap.put(key, self.next_token);
            self.ladder.put(key, self.next_token);
            self.next_token += 1;
        }

        fn peek(&mut self) -> Option<u64> {
            let key = self.heap.peek();
            assert_eq!(self.ladder.peek(), key);
            assert_eq!(self.ladder.len(), self.heap.len());
            assert_eq!(Store::is_empty(&self.ladder), key.is_none());
            key
        }

        fn take(&mut self) -> Option<(u64, u32)> {
            let first = self.heap.take();
            assert_eq!(self.ladder.take(), first);
            self.ladder.check();
            self.taken = first.map_or(self.taken, |(key, _)| key);
            first
        }

        fn take_all(&mut self) {
            while self.take().is_some() {
                self.peek();
            }
        }
    }

    impl<W: Copy> Ladder<W> {
        /// What the order rests on, as the head of the type says it.
        fn check(&self) {
            assert!(self.run.is_sorted_by(|a, b| a.0 >= b.0), "the run is sorted");
            let mut count = self.run.len();
            for (place, bucket) in self.buckets.iter().enumerate() {
                let (rung, digit) = (place / DIGITS, place % DIGITS);
                let used = self.buckets_used[rung] >> digit & 1 == 1;
                assert_eq!(used, !bucket.entries.is_empty(), "the bits say what is in use");
                count += bucket.entries.len();
                for &(key, _) in &bucket.entries {
                    assert!(self.floor <= key && self.run_end <= key, "the run comes first");
                    assert_eq!(((key ^ self.floor) | 1).ilog2() as usize / 4, rung, "its rung");
                    assert_eq!((key >> (4 * rung)) as usize % 16, digit, "its digit");
                }
                let smallest = bucket.entries.iter().map(|entry| entry.0).min();
                assert_eq!(bucket.smallest, smallest.unwrap_or(u64::MAX), "its smallest key");
            }
            for (rung, used) in self.buckets_used.iter().enumerate() {
                assert_eq!(self.rungs_used >> rung & 1 == 1, *used != 0, "the bits of the rungs");
            }
            assert_eq!(count, self.len, "nothing is lost");
        }
    }

    #[test]
    fn both_stores_agree_on_every_short_sequence() {
        // Four distances, a peek and a take, in every sequence of six, then the rest.
        const STEPS: u32 = 6;
        const LENGTH: u32 = 6;
        for sequence in 0..STEPS.pow(LENGTH) {
            let mut both = Both::default();
            for position in 0..LENGTH {
                match sequence / STEPS.pow(position) % STEPS {
                    0 => both.put(0),
                    1 => both.put(1),
                    2 => both.put(15),
                    3 => both.put(300),
                    4 => drop(both.peek()),
                    _ => drop(both.take()),
                }
            }
            both.take_all();
        }
    }

    #[test]
    fn both_stores_agree_on_long_random_sequences_with_ties() {
        // How far ahead a key lies at most, in bits: ties at 0 and 1, a run of years at 60.
        for (entity, bits) in [0, 1, 3, 5, 8, 12, 20, 33, 45, 60].into_iter().enumerate() {
            let mut draw = Stream::new(11, "agenda/sequences").draw(entity as u64, 0);
            let mut both = Both::default();
            for phase in 0..24 {
                // Fills and drains in turn, with more ties in every second phase.
                let puts_of_eight = [6, 6, 5, 3, 2, 4][phase % 6];
                for _ in 0..400 {
                    if draw.below(8) < puts_of_eight {
                        let width = 1 << draw.below(bits + 1);
                        let far = draw.below(width);
                        both.put(if phase % 2 == 0 { far } else { far & !(width / 4) });
                    } else {
                        both.take();
                    }
                    if draw.below(2) == 0 {
                        both.peek();
                    }
                }
            }
            both.take_all();
        }
    }

    #[test]
    fn a_run_that_grows_too_long_goes_back_to_the_buckets_and_stays_in_order() {
        let mut both = Both::default();
        both.put(1 << 20);
        both.put(1 << 40);
        assert_eq!(both.take(), Some((1 << 20, 0)));
        // The key 2^20 was alone in its bucket, so what follows goes into the run.
        for i in 0..RUN_MAX as u64 {
            both.put(1000 + i * 37 % 64);
        }
        assert_eq!(both.ladder.run.len(), RUN_MAX);
        // One more, smaller than all of them, and one equal to the present key.
        both.put(1);
        assert_eq!(both.ladder.run.len(), 0, "the run was put back");
        both.ladder.check();
        both.put(0);
        both.take_all();
    }

    #[test]
    fn a_full_bucket_is_split_and_stays_in_order() {
        let mut both = Both::default();
        for i in 0..5_000u64 {
            both.put((1 << 30) + i * 7_919 % 4_999 * 1_000);
        }
        both.take_all();
    }

    #[test]
    fn a_peek_does_not_bind() {
        let mut both = Both::default();
        for far in [1 << 40, (1 << 40) + 5, 1 << 45] {
            both.put(far);
        }
        for near in (0..1_000).rev() {
            both.peek();
            both.put(near);
        }
        both.take_all();
    }

    #[test]
    fn keys_far_apart_and_at_the_very_end_come_in_order() {
        let mut both = Both::default();
        both.put(1);
        both.take();
        for bit in (0..64).rev() {
            both.put((1 << bit) - 1);
            both.put((1 << bit) - 1);
        }
        both.put(u64::MAX - 1);
        both.put(u64::MAX - 2);
        both.put(u64::MAX - 1);
        both.take_all();
    }

    #[test]
    fn ties_without_end_cost_no_more_than_others() {
        // Each taken entry makes another of the same key: squared, this would not end.
        const WAITING: u32 = 100_000;
        let mut ladder = Ladder::default();
        for token in 0..WAITING {
            ladder.put(77, token);
        }
        for token in 0..2 * WAITING {
            assert_eq!(ladder.take(), Some((77, token)));
            ladder.put(77, token + WAITING);
        }
        ladder.check();
        assert_eq!(ladder.len(), WAITING as usize);
    }
}
