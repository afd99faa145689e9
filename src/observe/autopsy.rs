//! Why arrivals did not succeed: for each outcome its causes, which add up to the ledger, and the limits that
//! throttled, the deliveries that failed and what the age of the oldest message does not see.
//!
//! ```text
//!   an arrival is over, or left at the end ──► its outcome and the cause that its payload remembers ──► a row
//!   fact Throttled ──► the limit that the rule names ──► from when to when, how often, how long at the limit
//!   facts of deliveries ──► the subscription or target ──► how many it took, how many were given up
//! ```
//!
//! How long a function was at a concurrency limit is read off the runs that begin and end after a throttle: it was at
//! its limit when it was throttled, and is again whenever as many run as then.
//!
//! Nothing is estimated: a payload remembers in a few bits what its tries met
//! ([`Met`]).

use super::table::MetricTable;
pub use crate::model::outcome::Trouble;
use crate::{
    kernel::Time,
    model::{
        Fact, Place, Register, Resource, Rule,
        config::{OutletOf, Queue, Resources},
        outcome::{Cause, Met, Reason},
        vocabulary::{FunctionId, OutletId, PayloadId, QueueId, Target},
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
    /// Where each function stands below its own limit.
    own: Vec<Level>,
    /// Where all functions without a reservation together stand below the account's.
    shared: Level,
    deliveries: Vec<Delivery>,
    /// Of each queue whose age of the oldest message leaves some out, how many; none of the others.
    unseen: Vec<Option<u64>>,
}

/// Runs below a limit on concurrency, known from the first throttle on.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    is_known: bool,
    /// How many more can run.
    room: i64,
    /// Since when there is no room.
    since: Option<Time>,
    /// Nanoseconds without room before that.
    full: u64,
}

impl Level {
    /// There was no room. Returns for how long, in nanoseconds, that has been so.
    fn throttled(&mut self, now: Time) -> u64 {
        (self.is_known, self.room) = (true, 0);
        let since = *self.since.get_or_insert(now);
        self.full + now.since(since).as_nanos()
    }

    /// One run more or fewer.
    fn step(&mut self, now: Time, more: bool) {
        if !self.is_known {
            return;
        }
        self.room += if more { -1 } else { 1 };
        if self.room <= 0 {
            self.since.get_or_insert(now);
        } else {
            self.leave(now);
        }
    }

    /// There is room, or nobody knows: the limit is another.
    fn leave(&mut self, now: Time) {
        if let Some(since) = self.since.take() {
            self.full += now.since(since).as_nanos();
        }
    }

    /// The limit is another from now on.
    fn forget(&mut self, now: Time) {
        self.leave(now);
        self.is_known = false;
    }
}

/// What a subscription, target or service handed on.
#[derive(Clone, Copy, Debug, Default)]
struct Delivery {
    taken: u64,
    retried: u64,
    failed: u64,
    kept: u64,
    not_kept: u64,
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
    /// Nanoseconds at the limit by the first throttle and by the last, of a concurrency.
    full: Option<(u64, u64)>,
}

/// Why arrivals did not succeed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// The worst outcome first, then the cause of most.
    pub causes: Vec<CauseRow>,
    /// The limits that throttled, the one that did so most often first.
    pub limits: Vec<LimitRow>,
    /// Subscriptions and targets of rules to which a delivery failed or was tried again, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliveryRow>,
    /// Queues whose `ApproximateAgeOfOldestMessage` left messages out (M1), in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<UnseenRow>,
}

/// A subscription of a topic or a target of a rule to which something was not delivered at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// The topic or the rule.
    pub of: String,
    /// The name of the subscription; none of a rule's target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// The resource of the file that gets it; `outside` if it is not in the file.
    pub to: String,
    /// How many it took.
    pub delivered: u64,
    /// How often a delivery was tried again.
    pub retries: u64,
    /// How many were given up.
    pub failed: u64,
    /// How many of those the dead-letter queue took.
    pub sent_to_dlq: u64,
    /// How many of those the dead-letter queue refused.
    pub refused_by_dlq: u64,
}

/// A queue whose age of the oldest message does not see all of its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnseenRow {
    /// The queue: one that is standard and no dead-letter queue.
    pub queue: String,
    /// Messages that were received three times, which the age leaves out from then on.
    pub messages: u64,
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
    /// Of the time between the two, the share in which the function could not begin another run; of a concurrency,
    /// and none if there is no such time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_at_limit: Option<f64>,
}

impl CauseRow {
    /// Whether both are arrivals with the same outcome for the same cause, however often they were tried.
    pub fn is_alike(&self, other: &CauseRow) -> bool {
        let of = |row: &CauseRow| (row.place, row.reason, row.runs.1 == 0);
        let names = |row: &CauseRow| (row.queue.clone(), row.function.clone());
        of(self) == of(other) && names(self) == names(other) && self.troubles == other.troubles
    }

    /// Adds the arrivals of another run.
    pub fn merge(&mut self, other: &CauseRow) {
        self.arrivals += other.arrivals;
        self.runs = (self.runs.0.min(other.runs.0), self.runs.1.max(other.runs.1));
        let (fewest, most) = other.throttled;
        self.throttled = (self.throttled.0.min(fewest), self.throttled.1.max(most));
        self.sent_s = (self.sent_s.0.min(other.sent_s.0), self.sent_s.1.max(other.sent_s.1));
    }
}

impl Why {
    /// How many messages of a queue the age of its oldest message left out.
    pub fn unseen(&self, queue: &str) -> u64 {
        self.unseen.iter().filter(|row| row.queue == queue).map(|row| row.messages).sum()
    }

    /// How many arrivals with this outcome have a cause.
    pub fn arrivals(&self, place: Place) -> u64 {
        self.causes.iter().filter(|row| row.place == place).map(|row| row.arrivals).sum()
    }
}

impl Autopsy {
    /// The limits are those of these resources from now on.
    pub fn configured(&mut self, now: Time, resources: &Resources) {
        let reserved: Vec<_> =
            resources.functions.iter().map(|function| function.reserved).collect();
        self.own.resize(reserved.len(), Level::default());
        self.reserved.resize(reserved.len(), None);
        for (level, (before, after)) in self.own.iter_mut().zip(self.reserved.iter().zip(&reserved))
        {
            if before != after {
                level.forget(now);
            }
        }
        let account = resources.account.concurrency;
        if (&self.reserved, self.account) != (&reserved, account) {
            self.shared.forget(now);
        }
        (self.reserved, self.account) = (reserved, account);
        self.deliveries.resize(resources.outlets.len(), Delivery::default());
        let sees_all = |queue: &Queue| queue.fifo.is_some() || queue.dead_letter_queue;
        let before = std::mem::take(&mut self.unseen);
        let known = |at: usize| before.get(at).copied().flatten().unwrap_or(0);
        let queues = resources.queues.iter().enumerate();
        self.unseen = queues.map(|(at, queue)| (!sees_all(queue)).then(|| known(at))).collect();
    }

    /// Follows what throttles, what is delivered, and which messages the age of the oldest leaves out.
    #[inline(always)]
    pub fn saw(&mut self, now: Time, rule: Rule, fact: &Fact) {
        match *fact {
            Fact::Throttled { function, .. } => self.throttled(now, function, Limit::of(rule)),
            Fact::RunStarted { function, provisioned, .. } if !self.limits.is_empty() => {
                self.ran(now, function, provisioned, true);
            }
            Fact::RunEnded { function, provisioned, .. } if !self.limits.is_empty() => {
                self.ran(now, function, provisioned, false);
            }
            Fact::Received { queue, count: UNSEEN_FROM, .. } => {
                if let Some(Some(messages)) = self.unseen.get_mut(queue.index()) {
                    *messages += 1;
                }
            }
            Fact::HandedOn { outlet, .. } => self.delivery(outlet, |of| &mut of.taken),
            Fact::DeliveryRetried { outlet, .. } => self.delivery(outlet, |of| &mut of.retried),
            Fact::DeliveryFailed { outlet, .. } => self.delivery(outlet, |of| &mut of.failed),
            Fact::DeliveryKept { outlet, .. } => self.delivery(outlet, |of| &mut of.kept),
            Fact::DeliveryNotKept { outlet, .. } => self.delivery(outlet, |of| &mut of.not_kept),
            _ => (),
        }
    }

    fn delivery(&mut self, outlet: OutletId, counter: impl FnOnce(&mut Delivery) -> &mut u64) {
        if let Some(delivery) = self.deliveries.get_mut(outlet.index()) {
            *counter(delivery) += 1;
        }
    }

    fn throttled(&mut self, now: Time, function: FunctionId, limit: Limit) {
        let (units, level) = match limit {
            Limit::Reserved => {
                let units = self.reserved.get(function.index()).copied().flatten();
                (units, self.own.get_mut(function.index()))
            }
            Limit::Account => (Some(self.account), Some(&mut self.shared)),
            Limit::Scaling | Limit::RequestRate => (None, None),
        };
        let full = level.map(|level| level.throttled(now));
        let full = full.map(|full| (full, full));
        let first = Bound { units, throttles: 0, first: now, last: now, full };
        let bound = self.limits.entry((function, limit)).or_insert(first);
        bound.throttles += 1;
        bound.last = now;
        if let (Some((_, last)), Some((now, _))) = (&mut bound.full, full) {
            *last = now;
        }
    }

    /// A run began or ended.
    #[inline(never)]
    fn ran(&mut self, now: Time, function: FunctionId, provisioned: bool, more: bool) {
        if let Some(level) = self.own.get_mut(function.index()) {
            level.step(now, more);
        }
        let is_apart = self.reserved.get(function.index()).is_some_and(Option::is_some);
        if !is_apart && !provisioned {
            self.shared.step(now, more);
        }
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
            share_at_limit: bound.full.filter(|_| bound.first < bound.last).map(|(from, to)| {
                (to - from) as f64 / bound.last.since(bound.first).as_nanos() as f64
            }),
        });
        let mut limits: Vec<LimitRow> = limits.collect();
        limits.sort_by_key(|row| std::cmp::Reverse(row.throttles));
        let all = self.deliveries.iter().zip(&resources.outlets);
        let deliveries = all.filter_map(|(counts, outlet)| {
            let (of, subscription) = match outlet.origin {
                OutletOf::Topic(topic) => {
                    (&resources.sinks[topic.index()].name, Some(outlet.name.clone()))
                }
                OutletOf::Rule(_, rule) => (&resources.rules[rule.index()].name, None),
                OutletOf::Call(_) => return None,
            };
            let Delivery { taken, retried, failed, kept, not_kept } = *counts;
            (retried + failed > 0).then(|| DeliveryRow {
                of: of.clone(),
                subscription,
                to: name_of(resources, outlet.target).to_owned(),
                delivered: taken,
                retries: retried,
                failed,
                sent_to_dlq: kept,
                refused_by_dlq: not_kept,
            })
        });
        let queues = resources.queues.iter().zip(&self.unseen);
        let unseen = queues.filter_map(|(queue, messages)| {
            let messages = messages.filter(|messages| *messages > 0)?;
            Some(UnseenRow { queue: queue.name.clone(), messages })
        });
        let (deliveries, unseen) = (deliveries.collect(), unseen.collect());
        Why { causes: causes.collect(), limits, deliveries, unseen }
    }
}

/// The receive from which on a message does not count for the age of the oldest (M1).
const UNSEEN_FROM: u32 = 3;

/// The name of what gets something.
fn name_of(resources: &Resources, target: Target) -> &str {
    let resource: Resource = match target {
        Target::Function(id) => id.into(),
        Target::Queue(id) => id.into(),
        Target::Sink(id) => return &resources.sinks[id.index()].name,
        Target::Stream(id) => id.into(),
        Target::Dependency(id) => id.into(),
        Target::Outside => return "outside",
    };
    resource.name(resources)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;

    fn second(n: u64) -> Time {
        Time::ZERO + Span::secs(n)
    }

    #[test]
    fn a_level_is_full_from_a_throttle_until_a_run_ends_and_again_when_as_many_run() {
        let mut level = Level::default();
        level.step(second(1), true);
        assert_eq!(level.throttled(second(2)), 0, "before the first throttle nothing is known");
        level.step(second(5), false);
        level.step(second(7), true);
        let full = level.throttled(second(10));
        assert_eq!(full, Span::secs(6).as_nanos(), "2 s to 5 s and 7 s to 10 s");
        level.forget(second(12));
        level.step(second(13), false);
        level.step(second(14), true);
        assert_eq!(level.throttled(second(20)), Span::secs(8).as_nanos(), "another limit");
    }
}
