//! Why arrivals did not succeed: for each outcome its causes, which add up to the ledger, and the limits that
//! throttled.
//!
//! ```text
//!   an arrival is over, or left at the end ──► its outcome and the cause that its payload remembers ──► a row
//!   fact Throttled ──► the limit that the rule names ──► from when to when, how often
//! ```
//!
//! Nothing is estimated: a payload remembers in a few bits what its tries met
//! ([`Met`]).

use super::table::MetricTable;
pub use crate::model::outcome::Trouble;
use crate::{
    kernel::Time,
    model::{
        Fact, Place, Register, Rule,
        config::Resources,
        outcome::{Cause, Met, Reason},
        vocabulary::{FunctionId, PayloadId, QueueId},
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Collects why arrivals did not succeed while a run goes on.
#[derive(Debug, Default)]
pub struct Autopsy {
    causes: BTreeMap<Key, Row>,
    limits: BTreeMap<(FunctionId, Limit), Bound>,
    /// `ReservedConcurrentExecutions` of each function now.
    reserved: Vec<Option<u32>>,
    account: u32,
}

/// What arrivals with one cause have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// The worst first.
    severity: std::cmp::Reverse<u8>,
    place: Place,
    reason: Reason,
    queue: Option<QueueId>,
    ran: bool,
    met: Met,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    arrivals: u64,
    runs: (u32, u32),
    throttles: (u16, u16),
    born: (Time, Time),
}

/// A limit that throttles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The function's `ReservedConcurrentExecutions`.
    Reserved,
    /// What the account has left for functions without a reservation.
    Account,
    /// How fast a function gets new environments.
    Scaling,
    /// Requests a second.
    RequestRate,
}

impl Limit {
    /// The limit that a throttle with this rule met.
    const fn of(rule: Rule) -> Limit {
        match rule {
            Rule::SN2 => Limit::Account,
            Rule::SN9 | Rule::SN10 | Rule::SN12 => Limit::Scaling,
            Rule::SN13 => Limit::RequestRate,
            _ => Limit::Reserved,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    units: Option<u32>,
    throttles: u64,
    first: Time,
    last: Time,
}

/// Why arrivals did not succeed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The worst outcome first, then the cause of most.
    pub causes: Vec<CauseRow>,
    /// The limits that throttled, the one that did so most often first.
    pub limits: Vec<LimitRow>,
}

/// Arrivals with one outcome for one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CauseRow {
    /// The outcome; written as the word of the ledger.
    #[serde(rename = "outcome", with = "words::place")]
    pub place: Place,
    /// How many.
    pub arrivals: u64,
    /// Why they were dropped, if they were.
    #[serde(default, with = "words::reason", skip_serializing_if = "words::no_reason")]
    pub reason: Reason,
    /// The dead-letter queue of the file that has them, or the queue whose retention ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The function on which a try met something last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// What their tries met; written in words.
    #[serde(rename = "met", with = "words::troubles")]
    pub troubles: Vec<Trouble>,
    /// The fewest and the most runs that they had.
    pub runs: (u32, u32),
    /// The fewest and the most of their tries that were throttled.
    pub throttled: (u16, u16),
    /// When the first and the last of them was sent, in seconds.
    pub sent_s: (f64, f64),
}

/// Outcomes, reasons and troubles are written as the words of the outputs, and read back by them.
mod words {
    use super::{Place, Reason, Trouble};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    fn find<T: Copy, E: Error>(all: &[T], word: fn(T) -> &'static str, said: &str) -> Result<T, E> {
        let found = all.iter().copied().find(|known| word(*known) == said);
        found.ok_or_else(|| E::custom(format!("unknown word `{said}`")))
    }

    pub(super) mod place {
        use super::*;
        pub fn serialize<S: Serializer>(place: &Place, to: S) -> Result<S::Ok, S::Error> {
            place.word().serialize(to)
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Place, D::Error> {
            find(&Place::ALL, Place::word, &String::deserialize(from)?)
        }
    }

    pub(super) mod reason {
        use super::*;
        pub fn serialize<S: Serializer>(reason: &Reason, to: S) -> Result<S::Ok, S::Error> {
            reason.word().serialize(to)
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Reason, D::Error> {
            find(&Reason::ALL, Reason::word, &String::deserialize(from)?)
        }
    }

    pub(super) fn no_reason(reason: &Reason) -> bool {
        *reason == Reason::None
    }

    pub(super) mod troubles {
        use super::*;
        pub fn serialize<S: Serializer>(troubles: &[Trouble], to: S) -> Result<S::Ok, S::Error> {
            to.collect_seq(troubles.iter().map(|trouble| trouble.word()))
        }
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Trouble>, D::Error> {
            let said = Vec::<String>::deserialize(from)?;
            said.iter().map(|word| find(&Trouble::ALL, Trouble::word, word)).collect()
        }
    }
}

/// A limit that throttled a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitRow {
    /// The function.
    pub function: String,
    /// The limit.
    pub limit: Limit,
    /// How much it was when it throttled first, of a concurrency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// How often.
    pub throttles: u64,
    /// When it did so first and last, in seconds.
    pub from_to_s: (f64, f64),
}

impl Why {
    /// How many arrivals with this outcome have a cause.
    pub fn arrivals(&self, place: Place) -> u64 {
        self.causes.iter().filter(|row| row.place == place).map(|row| row.arrivals).sum()
    }
}

impl Autopsy {
    /// The limits are those of these resources from now on.
    pub fn configured(&mut self, resources: &Resources) {
        self.reserved = resources.functions.iter().map(|function| function.reserved).collect();
        self.account = resources.account.concurrency;
    }

    /// Follows what throttles.
    #[inline(always)]
    pub fn saw(&mut self, now: Time, rule: Rule, fact: &Fact) {
        if let Fact::Throttled { function, .. } = *fact {
            self.throttled(now, function, Limit::of(rule));
        }
    }

    fn throttled(&mut self, now: Time, function: FunctionId, limit: Limit) {
        let units = match limit {
            Limit::Reserved => self.reserved.get(function.index()).copied().flatten(),
            Limit::Account => Some(self.account),
            Limit::Scaling | Limit::RequestRate => None,
        };
        let first = Bound { units, throttles: 0, first: now, last: now };
        let bound = self.limits.entry((function, limit)).or_insert(first);
        bound.throttles += 1;
        bound.last = now;
    }

    /// An arrival is over, or the run is.
    pub fn add(&mut self, table: &mut MetricTable, register: &Register, root: PayloadId) {
        let known = register.get(root);
        if known.outcome.severity() <= Place::Succeeded.severity() {
            return;
        }
        if register.has_success(root) {
            table.book_mut(known.caller).end_partly();
        }
        let Cause { reason, queue, met, runs } = register.cause_of(root);
        let key = Key {
            severity: std::cmp::Reverse(known.outcome.severity()),
            place: known.outcome,
            reason,
            queue,
            ran: runs > 0,
            met: met.uncounted(),
        };
        let throttles = met.throttles;
        let new = Row {
            arrivals: 0,
            runs: (runs, runs),
            throttles: (throttles, throttles),
            born: (known.born, known.born),
        };
        let row = self.causes.entry(key).or_insert(new);
        row.arrivals += 1;
        row.runs = (row.runs.0.min(runs), row.runs.1.max(runs));
        row.throttles = (row.throttles.0.min(throttles), row.throttles.1.max(throttles));
        row.born = (row.born.0.min(known.born), row.born.1.max(known.born));
    }

    /// Why, in names.
    pub fn finish(self, resources: &Resources) -> Why {
        let seconds = |(from, to): (Time, Time)| (from.as_secs_f64(), to.as_secs_f64());
        let named = |id: FunctionId| resources.functions[id.index()].name.clone();
        let mut causes: Vec<(Key, Row)> = self.causes.into_iter().collect();
        causes.sort_by_key(|(key, row)| (key.severity, std::cmp::Reverse(row.arrivals)));
        let causes = causes.into_iter().map(|(key, row)| CauseRow {
            place: key.place,
            arrivals: row.arrivals,
            reason: key.reason,
            queue: key.queue.map(|id| resources.queues[id.index()].name.clone()),
            function: key.met.function().map(named),
            troubles: key.met.troubles().collect(),
            runs: row.runs,
            throttled: row.throttles,
            sent_s: seconds(row.born),
        });
        let limits = self.limits.into_iter().map(|((function, limit), bound)| LimitRow {
            function: named(function),
            limit,
            units: bound.units,
            throttles: bound.throttles,
            from_to_s: seconds((bound.first, bound.last)),
        });
        let mut limits: Vec<LimitRow> = limits.collect();
        limits.sort_by_key(|row| std::cmp::Reverse(row.throttles));
        Why { causes: causes.collect(), limits }
    }
}
