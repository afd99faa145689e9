//! The ledger: what became of everything that callers started, in three accounts that are never added up with
//! each other.
//!
//! **Arrivals** have each exactly one outcome. **Messages**, which are arrivals that nobody waits for and every
//! further copy, are each in exactly one place. **Requests**, which a run waits for, are in neither: they have
//! answers. A [`Book`] follows what one caller caused while the run goes on; the [`Ledger`] is all of them at
//! the end. It counts from time 0, whatever the warm-up.

use super::cell::{Counter, Gauge};
pub use crate::model::outcome::Origin;
use crate::{
    kernel::Time,
    model::{Place, outcome::Reason},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// What a payload is counted as, beside the outcome of its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerKind {
    /// An arrival whose caller waits for its answer.
    Awaited,
    /// A message.
    Message(Origin),
    /// What a run waits for.
    Request,
}

impl LedgerKind {
    const COUNT: usize = Origin::COUNT + 2;

    const fn index(self) -> usize {
        match self {
            LedgerKind::Message(origin) => origin as usize,
            LedgerKind::Awaited => Origin::COUNT,
            LedgerKind::Request => Origin::COUNT + 1,
        }
    }
}

/// How many payloads of one kind there were, and where they are.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    entered: u64,
    /// By the number of the place; below 0 only if facts contradict each other.
    at: [i64; 9],
}

/// The ledger of one caller, kept while the run goes on.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// What the caller started.
    pub arrivals: Counter,
    /// Messages: those that nobody waits for, and every further copy.
    pub messages: Counter,
    /// How often an arrival came to each outcome; those that do not rest stay at 0.
    pub came: [Counter; 9],
    /// How often an arrival left an outcome again.
    left: [u64; 9],
    /// Arrivals of which something waits, and nothing is worse.
    pub waiting: Gauge,
    /// Arrivals of which something is in flight, and nothing is worse.
    pub in_flight: Gauge,
    reasons: [u64; Reason::ALL.len() + 1],
    /// Arrivals that are over, of which something succeeded and something did not.
    partly: u64,
    kinds: [Tally; LedgerKind::COUNT],
}

impl Book {
    /// An arrival entered, in flight.
    #[inline(always)]
    pub(crate) fn arrive(&mut self, now: Time) {
        self.arrivals.add(true);
        self.in_flight.up(now);
    }

    /// A payload entered, in flight.
    #[inline(always)]
    pub(crate) fn enter(&mut self, kind: LedgerKind) {
        if let LedgerKind::Message(_) = kind {
            self.messages.add(true);
        }
        let tally = &mut self.kinds[kind.index()];
        tally.entered += 1;
        tally.at[Place::InFlight as usize] += 1;
    }

    /// A payload moved.
    #[inline(always)]
    pub(crate) fn shift(&mut self, kind: LedgerKind, from: Place, to: Place) {
        let tally = &mut self.kinds[kind.index()];
        tally.at[from as usize] -= 1;
        tally.at[to as usize] += 1;
    }

    /// The outcome of an arrival changed.
    #[inline(always)]
    pub(crate) fn turn(&mut self, from: Place, to: Place, reason: Reason, now: Time) {
        match from {
            Place::Waiting => self.waiting.down(now),
            Place::InFlight => self.in_flight.down(now),
            rest => self.left[rest as usize] += 1,
        }
        match to {
            Place::Waiting => self.waiting.up(now),
            Place::InFlight => self.in_flight.up(now),
            Place::Dropped => {
                self.came[Place::Dropped as usize].add(true);
                self.reasons[reason.index()] += 1;
            }
            rest => self.came[rest as usize].add(true),
        }
    }

    /// An arrival is over, or the run is: something of it succeeded and something did not.
    pub(crate) fn end_partly(&mut self) {
        self.partly += 1;
    }

    /// How many arrivals have an outcome now; below 0 only if facts contradict each other.
    pub fn level(&self, place: Place) -> i128 {
        match place {
            Place::Waiting => i128::from(self.waiting.level),
            Place::InFlight => i128::from(self.in_flight.level),
            rest => {
                let rest = rest as usize;
                i128::from(self.came[rest].sum) - i128::from(self.left[rest])
            }
        }
    }

    /// Payloads of every kind that wait or are in flight.
    pub fn unrested(&self) -> i64 {
        let places = [Place::Waiting as usize, Place::InFlight as usize];
        self.kinds.iter().flat_map(|tally| places.map(|place| tally.at[place])).sum()
    }

    /// The account as it stands.
    pub fn account(&self) -> Account {
        let level = |place| u64::try_from(self.level(place)).unwrap_or(0);
        let reason = |reason: Reason| (reason.word(), self.reasons[reason.index()]);
        let messages = Origin::ALL.map(|origin| {
            let tally = self.kinds[LedgerKind::Message(origin).index()];
            let at = |place: Place| u64::try_from(tally.at[place as usize]).unwrap_or(0);
            Messages { entered: tally.entered, places: Place::ALL.map(at) }
        });
        Account {
            arrivals: self.arrivals.sum,
            places: Place::ALL.map(level),
            dropped_by_reason: Reason::ALL.map(reason),
            partly: self.partly,
            messages,
        }
    }
}

/// Messages of one origin, and where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// How many there were.
    pub entered: u64,
    /// How many are in each place, in the order of [`Place::ALL`].
    pub places: [u64; 9],
}

impl Messages {
    /// How many are in a place.
    pub fn at(&self, place: Place) -> u64 {
        self.places[position(place)]
    }

    fn add(&mut self, other: &Messages) {
        self.entered += other.entered;
        add_each(&mut self.places, &other.places);
    }
}

/// What was started and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What callers started.
    pub arrivals: u64,
    /// How many arrivals have each outcome, in the order of [`Place::ALL`].
    pub places: [u64; 9],
    /// How many arrivals were dropped, by reason.
    pub dropped_by_reason: [(&'static str, u64); Reason::ALL.len()],
    /// Arrivals of which something succeeded and something did not; a remark beside their outcome.
    pub partly: u64,
    /// Messages by origin, in the order of [`Origin::ALL`].
    pub messages: [Messages; Origin::COUNT],
}

fn position(place: Place) -> usize {
    let position = Place::ALL.iter().position(|other| *other == place);
    position.expect("every place is in the list")
}

fn add_each<const N: usize>(sums: &mut [u64; N], more: &[u64; N]) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

impl Account {
    /// How many arrivals have an outcome.
    pub fn at(&self, place: Place) -> u64 {
        self.places[position(place)]
    }

    /// The position and the word of each outcome, in the order of the ledger.
    pub fn words() -> impl Iterator<Item = (usize, &'static str)> {
        Place::ALL.into_iter().map(Place::word).enumerate()
    }

    /// Messages of every origin together.
    pub fn all_messages(&self) -> Messages {
        let mut all = Messages::default();
        self.messages.iter().for_each(|messages| all.add(messages));
        all
    }

    /// Whether there are messages other than the arrivals themselves.
    pub fn has_further_messages(&self) -> bool {
        Origin::ALL
            .iter()
            .zip(&self.messages)
            .any(|(origin, messages)| *origin != Origin::Caller && messages.entered > 0)
    }

    /// Whether every arrival has exactly one outcome and every message is in exactly one place.
    pub fn adds_up(&self) -> bool {
        let sum = |places: &[u64; 9]| places.iter().map(|n| u128::from(*n)).sum::<u128>();
        let messages = |of: &Messages| u128::from(of.entered) == sum(&of.places);
        u128::from(self.arrivals) == sum(&self.places) && self.messages.iter().all(messages)
    }

    fn add(&mut self, other: &Account) {
        self.arrivals += other.arrivals;
        self.partly += other.partly;
        add_each(&mut self.places, &other.places);
        for (sum, more) in self.dropped_by_reason.iter_mut().zip(other.dropped_by_reason) {
            *sum = (more.0, sum.1 + more.1);
        }
        for (sum, more) in self.messages.iter_mut().zip(&other.messages) {
            sum.add(more);
        }
    }
}

/// The ledger's words in their order; `dropped_by_reason` has the reasons that occurred,
/// `messages_by_origin` the origins that have some.
impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("arrivals", &self.arrivals)?;
        for (place, count) in Place::ALL.iter().zip(self.places) {
            map.serialize_entry(place.word(), &count)?;
        }
        if self.at(Place::Dropped) > 0 {
            let occurred = self.dropped_by_reason.iter().filter(|(_, count)| *count > 0);
            let table = super::summary::Table(occurred.copied().collect());
            map.serialize_entry("dropped_by_reason", &table)?;
        }
        if self.partly > 0 {
            map.serialize_entry("partly", &self.partly)?;
        }
        map.serialize_entry("messages", &self.all_messages().entered)?;
        let origins = Origin::ALL.iter().zip(&self.messages);
        let some: Vec<(&'static str, &Messages)> = origins
            .filter(|(_, messages)| messages.entered > 0)
            .map(|(origin, messages)| (origin.word(), messages))
            .collect();
        if !some.is_empty() {
            map.serialize_entry("messages_by_origin", &super::summary::Table(some))?;
        }
        map.end()
    }
}

impl Serialize for Messages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("entered", &self.entered)?;
        for (place, count) in Place::ALL.iter().zip(self.places) {
            map.serialize_entry(place.word(), &count)?;
        }
        map.end()
    }
}

/// The ledger of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// All callers together.
    pub run: Account,
    /// Each caller with all it caused, in file order.
    pub callers: Vec<(String, Account)>,
}

impl Ledger {
    /// The callers' accounts, and their sum.
    pub fn new(callers: Vec<(String, Account)>) -> Ledger {
        let mut run = Account::default();
        for (_, account) in &callers {
            run.add(account);
        }
        Ledger { run, callers }
    }

    /// Whether every account adds up.
    pub fn adds_up(&self) -> bool {
        self.run.adds_up() && self.callers.iter().all(|(_, account)| account.adds_up())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::Condition;

    #[test]
    fn what_leaves_an_outcome_no_longer_has_it() {
        let (mut book, now) = (Book::default(), Time::ZERO);
        book.arrive(now);
        book.arrive(now);
        book.turn(Place::InFlight, Place::Waiting, Reason::None, now);
        book.turn(Place::Waiting, Place::DeadLettered, Reason::None, now);
        book.turn(Place::DeadLettered, Place::InFlight, Reason::None, now);
        book.turn(Place::InFlight, Place::Succeeded, Reason::None, now);
        let age = Reason::GivenUp(Condition::EventAgeExceeded);
        book.turn(Place::InFlight, Place::Dropped, age, now);
        let account = book.account();
        assert!(account.adds_up());
        assert_eq!(account.arrivals, 2);
        assert_eq!(account.at(Place::DeadLettered), 0);
        assert_eq!(account.at(Place::Succeeded), 1);
        assert_eq!(account.dropped_by_reason[1], ("EventAgeExceeded", 1));
        assert_eq!(book.came[Place::DeadLettered as usize].sum, 1, "it came there");
    }

    #[test]
    fn messages_are_counted_apart_from_arrivals_and_requests_are_in_no_account() {
        let mut book = Book::default();
        book.arrive(Time::ZERO);
        book.enter(LedgerKind::Awaited);
        book.enter(LedgerKind::Request);
        book.enter(LedgerKind::Message(Origin::Call));
        book.shift(LedgerKind::Message(Origin::Call), Place::InFlight, Place::Waiting);
        assert_eq!(book.unrested(), 3);
        let account = book.account();
        assert!(account.adds_up());
        let all = account.all_messages();
        assert_eq!((all.entered, all.at(Place::Waiting)), (1, 1));
        assert!(account.has_further_messages());
        assert_eq!(book.messages.sum, 1);
    }

    #[test]
    fn an_arrival_with_two_outcomes_does_not_add_up() {
        let mut book = Book::default();
        book.arrive(Time::ZERO);
        book.turn(Place::Waiting, Place::Succeeded, Reason::None, Time::ZERO);
        assert!(!book.account().adds_up());
        let ledger = Ledger::new(vec![("Orders".into(), book.account())]);
        assert!(!ledger.adds_up());
    }
}
