//! The ledger: what became of everything that callers started, in three accounts that are never added up with
//! each other.
//!
//! **Arrivals** have each exactly one outcome. **Messages**, which are arrivals that nobody waits for and every
//! further copy, are each in exactly one place. **Requests**, which a run waits for, are in neither: they have
//! answers. A [`Book`] follows what one caller caused while the run goes on; the [`Ledger`] is all of them at
//! the end. It counts from time 0, whatever the warm-up.

pub use crate::model::outcome::Origin;
use crate::model::{Place, facts::Answer, outcome::Reason};
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

/// What is kept of one caller's ledger beside its cells in the table: where messages are, and why arrivals were
/// dropped.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// How often an arrival left an outcome again.
    left: [u64; 9],
    reasons: [u64; Reason::ALL.len() + 1],
    /// Arrivals that are over, of which something succeeded and something did not.
    partly: u64,
    kinds: [Tally; LedgerKind::COUNT],
    /// Its answers, in the order of the type.
    answers: [u64; Answer::COUNT],
}

impl Book {
    /// A payload entered, in flight.
    #[inline(always)]
    pub fn enter(&mut self, kind: LedgerKind) {
        let tally = &mut self.kinds[kind.index()];
        tally.entered += 1;
        tally.at[Place::InFlight as usize] += 1;
    }

    /// A payload moved.
    #[inline(always)]
    pub fn shift(&mut self, kind: LedgerKind, from: Place, to: Place) {
        let tally = &mut self.kinds[kind.index()];
        tally.at[from as usize] -= 1;
        tally.at[to as usize] += 1;
    }

    /// The outcome of an arrival changed.
    #[inline(always)]
    pub fn turn(&mut self, from: Place, to: Place, reason: Reason) {
        if from.rests() {
            self.left[from as usize] += 1;
        }
        if to == Place::Dropped {
            self.reasons[reason.index()] += 1;
        }
    }

    /// An answer was had.
    #[inline(always)]
    pub fn answer(&mut self, answer: Answer) {
        self.answers[answer as usize] += 1;
    }

    /// The answers had, in the order of the type.
    pub fn answers(&self) -> &[u64; Answer::COUNT] {
        &self.answers
    }

    /// The warm-up is over: answers begin anew, the ledger stays.
    pub fn begin_counting(&mut self) {
        self.answers = [0; Answer::COUNT];
    }

    /// An arrival is over, or the run is: something of it succeeded and something did not.
    pub fn end_partly(&mut self) {
        self.partly += 1;
    }

    /// How often an arrival left an outcome again.
    pub fn left(&self, place: Place) -> u64 {
        self.left[place as usize]
    }

    /// Payloads of every kind that wait or are in flight.
    pub fn unrested(&self) -> i64 {
        let places = [Place::Waiting as usize, Place::InFlight as usize];
        self.kinds.iter().flat_map(|tally| places.map(|place| tally.at[place])).sum()
    }

    /// The account, with so many arrivals, of which `level` have each outcome; below 0 only if facts contradict
    /// each other.
    pub fn account(&self, arrivals: u64, level: impl Fn(Place) -> i128) -> Account {
        let level = |place| u64::try_from(level(place)).unwrap_or(0);
        let reason = |reason: Reason| (reason.word(), self.reasons[reason.index()]);
        let messages = Origin::ALL.map(|origin| {
            let tally = self.kinds[LedgerKind::Message(origin).index()];
            let at = |place: Place| u64::try_from(tally.at[place as usize]).unwrap_or(0);
            Messages { entered: tally.entered, places: Place::ALL.map(at) }
        });
        Account {
            arrivals,
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
            let table = super::ordered::Table(occurred.copied().collect());
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
            map.serialize_entry("messages_by_origin", &super::ordered::Table(some))?;
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
    use crate::{
        kernel::Time,
        model::{
            config::{Resources, Via},
            vocabulary::{CallId, Condition, PayloadId, Target},
        },
        observe::{
            guide::Descent,
            measure,
            point::Sink,
            table::{MetricTable, TableNow},
            tests::call,
        },
    };

    const ORDERS: CallId = CallId(0);
    const FIRST: Descent = Descent { caller: ORDERS, root: PayloadId(0), settled: true };

    fn table() -> MetricTable {
        let target = Target::Function(crate::model::vocabulary::FunctionId(0));
        let calls = vec![call("Orders", Via::InvokeAsync, target)];
        MetricTable::new(&Resources { calls, callers: 1, ..Resources::default() }, false, false)
    }

    #[test]
    fn what_leaves_an_outcome_no_longer_has_it() {
        let mut table = table();
        let mut now = TableNow { table: &mut table, now: Time::ZERO };
        now.arrived(FIRST);
        now.arrived(FIRST);
        let mut turn = |from, to, reason| now.turned(FIRST, from, to, reason);
        turn(Place::InFlight, Place::Waiting, Reason::None);
        turn(Place::Waiting, Place::DeadLettered, Reason::None);
        turn(Place::DeadLettered, Place::InFlight, Reason::None);
        turn(Place::InFlight, Place::Succeeded, Reason::None);
        let age = Reason::GivenUp(Condition::EventAgeExceeded);
        turn(Place::InFlight, Place::Dropped, age);
        let account = table.account(ORDERS);
        assert!(account.adds_up());
        assert_eq!(account.arrivals, 2);
        assert_eq!(account.at(Place::DeadLettered), 0);
        assert_eq!(account.at(Place::Succeeded), 1);
        assert_eq!(account.dropped_by_reason[1], ("EventAgeExceeded", 1));
        let came = table.count_of(ORDERS, measure::typed::DeadLettered);
        assert_eq!(came, 1, "it came there");
    }

    #[test]
    fn messages_are_counted_apart_from_arrivals_and_requests_are_in_no_account() {
        let mut table = table();
        let mut now = TableNow { table: &mut table, now: Time::ZERO };
        now.arrived(FIRST);
        now.entered(FIRST, LedgerKind::Awaited, FIRST.root);
        now.entered(FIRST, LedgerKind::Request, FIRST.root);
        now.entered(FIRST, LedgerKind::Message(Origin::Call), FIRST.root);
        now.moved(FIRST, LedgerKind::Message(Origin::Call), Place::InFlight, Place::Waiting);
        assert_eq!(table.books()[0].unrested(), 3);
        let account = table.account(ORDERS);
        assert!(account.adds_up());
        let all = account.all_messages();
        assert_eq!((all.entered, all.at(Place::Waiting)), (1, 1));
        assert!(account.has_further_messages());
    }

    #[test]
    fn an_arrival_with_two_outcomes_does_not_add_up() {
        let mut table = table();
        let mut now = TableNow { table: &mut table, now: Time::ZERO };
        now.arrived(FIRST);
        now.turned(FIRST, Place::Waiting, Place::Succeeded, Reason::None);
        assert!(!table.account(ORDERS).adds_up());
        let ledger = Ledger::new(vec![("Orders".into(), table.account(ORDERS))]);
        assert!(!ledger.adds_up());
    }
}
