//! The ledger: where everything that callers started is, each payload in exactly one place.
//!
//! A [`Book`] follows one caller's payloads while the run goes on; the [`Ledger`] is all of them at
//! the end. It counts from time 0, whatever the warm-up.

use super::{
    cell::{Counter, Gauge},
    point::Reason,
};
use crate::{kernel::Time, model::Place};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The ledger of one caller, kept while the run goes on.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// What the caller started.
    pub arrivals: Counter,
    /// Further copies.
    pub copies: Counter,
    /// How often a payload came to each place; those that do not rest stay at 0.
    pub came: [Counter; 9],
    /// How often a payload left a place of rest again.
    left: [u64; 9],
    /// In a queue or between attempts.
    pub waiting: Gauge,
    /// Being processed or hidden.
    pub in_flight: Gauge,
    reasons: [u64; Reason::ALL.len() + 1],
}

impl Book {
    /// A payload entered, in flight.
    #[inline(always)]
    pub(crate) fn enter(&mut self, copied: bool, now: Time) {
        if copied {
            self.copies.add(true)
        } else {
            self.arrivals.add(true)
        }
        self.in_flight.up(now);
    }

    /// A payload moved.
    #[inline(always)]
    pub(crate) fn shift(&mut self, from: Place, to: Place, reason: Reason, now: Time) {
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

    /// How many are in a place now; below 0 only if facts contradict each other.
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

    /// The account as it stands.
    pub fn account(&self) -> Account {
        let level = |place| u64::try_from(self.level(place)).unwrap_or(0);
        let reason = |reason: Reason| (reason.word(), self.reasons[reason.index()]);
        Account {
            arrivals: self.arrivals.sum,
            copies: self.copies.sum,
            places: Place::ALL.map(level),
            dropped_by_reason: Reason::ALL.map(reason),
        }
    }
}

/// What was started and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What callers started.
    pub arrivals: u64,
    /// Further copies of it.
    pub copies: u64,
    /// How many are in each place, in the order of [`Place::ALL`].
    pub places: [u64; 9],
    /// How many were dropped, by reason.
    pub dropped_by_reason: [(&'static str, u64); Reason::ALL.len()],
}

impl Account {
    /// How many are in a place.
    pub fn at(&self, place: Place) -> u64 {
        let position = Place::ALL.iter().position(|other| *other == place);
        self.places[position.expect("every place is in the list")]
    }

    /// The position and the word of each place, in the order of the ledger.
    pub fn words() -> impl Iterator<Item = (usize, &'static str)> {
        Place::ALL.into_iter().map(Place::word).enumerate()
    }

    /// Whether everything that entered is in exactly one place.
    pub fn adds_up(&self) -> bool {
        u128::from(self.arrivals) + u128::from(self.copies)
            == self.places.iter().map(|n| u128::from(*n)).sum::<u128>()
    }

    fn add(&mut self, other: &Account) {
        self.arrivals += other.arrivals;
        self.copies += other.copies;
        for (sum, more) in self.places.iter_mut().zip(other.places) {
            *sum += more;
        }
        for (sum, more) in self.dropped_by_reason.iter_mut().zip(other.dropped_by_reason) {
            *sum = (more.0, sum.1 + more.1);
        }
    }
}

/// The ledger's words in their order; `dropped_by_reason` has the reasons that occurred.
impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("arrivals", &self.arrivals)?;
        map.serialize_entry("copies", &self.copies)?;
        for (place, count) in Place::ALL.iter().zip(self.places) {
            map.serialize_entry(place.word(), &count)?;
        }
        if self.at(Place::Dropped) > 0 {
            let occurred = self.dropped_by_reason.iter().filter(|(_, count)| *count > 0);
            let table = super::summary::Table(occurred.copied().collect());
            map.serialize_entry("dropped_by_reason", &table)?;
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
    fn what_leaves_a_place_of_rest_is_no_longer_there() {
        let (mut book, now) = (Book::default(), Time::ZERO);
        book.enter(false, now);
        book.enter(true, now);
        book.shift(Place::InFlight, Place::Waiting, Reason::None, now);
        book.shift(Place::Waiting, Place::DeadLettered, Reason::None, now);
        book.shift(Place::DeadLettered, Place::InFlight, Reason::None, now);
        book.shift(Place::InFlight, Place::Succeeded, Reason::None, now);
        let age = Reason::GivenUp(Condition::EventAgeExceeded);
        book.shift(Place::InFlight, Place::Dropped, age, now);
        let account = book.account();
        assert!(account.adds_up());
        assert_eq!((account.arrivals, account.copies), (1, 1));
        assert_eq!(account.at(Place::DeadLettered), 0);
        assert_eq!(account.at(Place::Succeeded), 1);
        assert_eq!(account.dropped_by_reason[1], ("EventAgeExceeded", 1));
        assert_eq!(book.came[Place::DeadLettered as usize].sum, 1, "it came there");
    }

    #[test]
    fn a_payload_in_two_places_does_not_add_up() {
        let mut book = Book::default();
        book.enter(false, Time::ZERO);
        book.shift(Place::Waiting, Place::Succeeded, Reason::None, Time::ZERO);
        assert!(!book.account().adds_up());
        let ledger = Ledger::new(vec![("Orders".into(), book.account())]);
        assert!(!ledger.adds_up());
    }
}
