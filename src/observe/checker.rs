//! Self-checks of every run: what must hold whatever the scenario, each O(1) a fact.
//!
//! ```text
//! time      never goes back
//! flow      what entered is in exactly one place; the register counts the same
//! Little    the area below a count is the sum of the spans that facts carry: event queues, runs,
//!           dependencies
//! limits    no run and no work of a dependency starts above the concurrency in force, nothing waits
//!           beyond its room, no receive above maxReceiveCount
//! counts    nothing is ever below 0
//! order     a lane of a mapping on a stream takes its records in the order in which it was given them,
//!           and moves past them in that order, each once
//! ```
//!
//! One side of Little comes from when facts were seen, the other from the spans they carry;
//! integers,
//! so the difference is 0 or there is a bug. A fault is a sentence; it does not stop the run.

use super::{autopsy::Why, ledger::Ledger};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Place, Register,
        config::Resources,
        vocabulary::{ReaderId, ShardId},
    },
};
use std::collections::BTreeMap;

/// So many faults are told; after the first, most are echoes.
const FAULTS_MAX: usize = 8;

/// The checks.
#[derive(Debug)]
pub struct Checker {
    last: Time,
    functions: Vec<Checked>,
    dependencies: Vec<CheckedDependency>,
    running: u64,
    account_limit: u64,
    /// A limit was lowered below what runs: until that has ended, the account may be above it.
    settling: bool,
    /// `maxReceiveCount` of each queue, or no limit.
    receives_max: Vec<u32>,
    lanes: BTreeMap<(ReaderId, ShardId, u32), CheckedLane>,
    /// Of a batch that is split the second half may come first: then only what is taken is in order.
    lanes_jump: bool,
    faults: Vec<String>,
}

/// The numbers of the records that a lane took and moved past last.
#[derive(Clone, Copy, Debug, Default)]
struct CheckedLane {
    taken: u64,
    passed: u64,
}

/// Who is inside, when they entered, and when those that left say that they did.
#[derive(Clone, Copy, Debug, Default)]
struct Spans {
    inside: u64,
    /// Sum of the instants of entering.
    entered: u128,
    /// Sum of the instants of entering of those that left, by the spans they carried.
    returned: u128,
}

#[derive(Clone, Debug)]
struct Checked {
    name: String,
    reserved: Option<u64>,
    events: Spans,
    runs: Spans,
    /// Events kept together age by their oldest, so their spans are not their own.
    together: bool,
}

#[derive(Clone, Debug)]
struct CheckedDependency {
    name: String,
    /// Its limits, as they are now.
    places: u64,
    room: u64,
    waiting: Spans,
    serving: Spans,
}

impl Spans {
    #[inline(always)]
    fn enter(&mut self, now: Time) {
        // Nothing here can wrap: fewer than 2^64 instants, each below 2^64.
        self.inside = self.inside.wrapping_add(1);
        self.entered = self.entered.wrapping_add(u128::from(now.as_nanos()));
    }

    /// Says whether one was inside.
    #[inline(always)]
    fn leave(&mut self, entered: u64) -> bool {
        self.returned = self.returned.wrapping_add(u128::from(entered));
        let was_inside = self.inside > 0;
        self.inside = self.inside.saturating_sub(1);
        was_inside
    }

    /// Who leaves says that it was inside for `span`. Says whether that can be.
    fn left(&mut self, now: Time, span: Span) -> bool {
        let entered = now.as_nanos().checked_sub(span.as_nanos());
        self.leave(entered.unwrap_or_default()) && entered.is_some()
    }

    /// Little as an identity: with nobody inside both sums are equal; else those inside entered in
    /// [0, end].
    fn holds(&self, end: Time) -> bool {
        let still = self.entered.checked_sub(self.returned);
        still.is_some_and(|sum| sum <= u128::from(self.inside) * u128::from(end.as_nanos()))
    }
}

impl Checker {
    /// Checks against the resources as they are at time 0.
    pub fn new(resources: &Resources) -> Checker {
        let functions = resources.functions.iter().map(|function| Checked {
            name: function.name.clone(),
            reserved: None,
            events: Spans::default(),
            runs: Spans::default(),
            together: false,
        });
        let dependencies = resources.dependencies.iter().map(|dependency| CheckedDependency {
            name: dependency.name.clone(),
            places: 0,
            room: 0,
            waiting: Spans::default(),
            serving: Spans::default(),
        });
        let mut checker = Checker {
            last: Time::ZERO,
            functions: functions.collect(),
            dependencies: dependencies.collect(),
            running: 0,
            account_limit: 0,
            settling: false,
            receives_max: vec![u32::MAX; resources.queues.len()],
            lanes: BTreeMap::new(),
            lanes_jump: false,
            faults: Vec::new(),
        };
        checker.configured(resources);
        checker
    }

    /// The resources are these from now on. What runs may end; nothing new starts above a limit.
    pub fn configured(&mut self, resources: &Resources) {
        self.account_limit = u64::from(resources.account.concurrency);
        for (checked, function) in self.functions.iter_mut().zip(&resources.functions) {
            checked.reserved = function.reserved.map(u64::from);
            checked.together |= function.event_queue.invoke_per_batch;
        }
        for (max, queue) in self.receives_max.iter_mut().zip(&resources.queues) {
            *max = queue.redrive.map_or(u32::MAX, |redrive| redrive.receives_max);
        }
        for (checked, dependency) in self.dependencies.iter_mut().zip(&resources.dependencies) {
            checked.places = dependency.concurrency.map_or(u64::MAX, u64::from);
            checked.room = dependency.queue.map_or(u64::MAX, u64::from);
        }
        self.lanes_jump = resources.assumptions.streams.second_half_first;
        self.settling = true;
        self.settle();
    }

    /// Whether runs above a lowered limit are still to end: with what is reserved, more than the
    /// account has.
    #[cold]
    #[inline(never)]
    fn settle(&mut self) {
        let claimed: u64 = self
            .functions
            .iter()
            .map(|checked| checked.runs.inside.max(checked.reserved.unwrap_or(0)))
            .sum();
        self.settling = claimed > self.account_limit;
    }

    #[cold]
    #[inline(never)]
    fn fault(&mut self, now: Time, what: impl FnOnce(&Checker) -> String) {
        if self.faults.len() < FAULTS_MAX {
            let sentence = format!("at {now} {}", what(self));
            self.faults.push(sentence);
        }
    }

    /// Checks a fact.
    #[inline(always)]
    pub fn saw(&mut self, now: Time, fact: &Fact) {
        if now < self.last {
            self.fault(now, |checker| format!("time went back from {}", checker.last));
        }
        self.last = now;
        match *fact {
            Fact::Accepted { function, .. } => self.functions[function.index()].events.enter(now),
            Fact::Completed { function, age, .. } | Fact::Discarded { function, age, .. } => {
                let at = function.index();
                let accepted = now.as_nanos().wrapping_sub(age.as_nanos());
                if !self.functions[at].events.leave(accepted) || age.as_nanos() > now.as_nanos() {
                    self.fault(now, |checker| {
                        let name = &checker.functions[at].name;
                        format!("an event left {name}'s queue that had not been accepted")
                    });
                }
            }
            Fact::RunStarted { function, .. } => {
                let checked = &mut self.functions[function.index()];
                checked.runs.enter(now);
                self.running += 1;
                let over = checked.reserved.is_some_and(|limit| limit < checked.runs.inside);
                if over || self.running > self.account_limit {
                    self.above_a_limit(now, function.index());
                }
            }
            Fact::RunEnded { function, started, ran, .. } => {
                let at = function.index();
                let was_running = self.functions[at].runs.leave(started.as_nanos());
                self.running = self.running.saturating_sub(1);
                let took = now.as_nanos().checked_sub(started.as_nanos());
                if !was_running || took.is_none_or(|took| took < ran.as_nanos()) {
                    self.fault(now, |checker| {
                        let name = &checker.functions[at].name;
                        format!(
                            "a run of {name} ended that did not run, or ran longer than it took"
                        )
                    });
                }
                if self.settling {
                    self.settle();
                }
            }
            Fact::WorkQueued { dependency, .. } => {
                let checked = &mut self.dependencies[dependency.index()];
                checked.waiting.enter(now);
                if checked.room < checked.waiting.inside {
                    self.above_a_limit_of(now, dependency.index());
                }
            }
            Fact::WorkStarted { dependency, waited, queued, .. } => {
                let at = dependency.index();
                let checked = &mut self.dependencies[at];
                let waiting = &mut checked.waiting;
                let known = if queued { waiting.left(now, waited) } else { waited == Span::ZERO };
                checked.serving.enter(now);
                if checked.places < checked.serving.inside {
                    self.above_a_limit_of(now, at);
                }
                self.known(now, at, known);
            }
            Fact::WorkEnded { dependency, ran, took, .. } => {
                let at = dependency.index();
                let known = self.dependencies[at].serving.left(now, ran) && ran <= took;
                self.known(now, at, known);
            }
            Fact::WorkCancelled { dependency, spent, started, .. } => {
                let at = dependency.index();
                let CheckedDependency { waiting, serving, .. } = &mut self.dependencies[at];
                let spans = if started { serving } else { waiting };
                let known = spans.left(now, spent);
                self.known(now, at, known);
            }
            Fact::Received { queue, count, .. } if self.receives_max[queue.index()] < count => {
                self.fault(now, |checker| {
                    let max = checker.receives_max[queue.index()];
                    format!(
                        "a message was received for the {count}th time, maxReceiveCount is {max}"
                    )
                });
            }
            Fact::Redriven { queue, count, .. }
                if count < self.receives_max[queue.index()]
                    && self.receives_max[queue.index()] != u32::MAX =>
            {
                self.fault(now, |checker| {
                    let max = checker.receives_max[queue.index()];
                    format!(
                        "a message was redriven after {count} receives, maxReceiveCount is {max}"
                    )
                });
            }
            Fact::RecordTaken { reader, shard, lane, sequence, .. } => {
                let known = self.lanes.entry((reader, shard, lane)).or_default();
                let before = std::mem::replace(&mut known.taken, sequence);
                if sequence <= before {
                    self.out_of_order(now, "took", (reader, shard, lane), [before, sequence]);
                }
            }
            Fact::Checkpointed { reader, shard, lane, sequence, .. }
            | Fact::RecordGivenUp { reader, shard, lane, sequence, .. }
            | Fact::RecordExpired { reader, shard, lane, sequence, read: true, .. } => {
                let known = self.lanes.entry((reader, shard, lane)).or_default();
                let before = std::mem::replace(&mut known.passed, sequence);
                if sequence <= before && !self.lanes_jump {
                    self.out_of_order(now, "passed", (reader, shard, lane), [before, sequence]);
                }
            }
            _ => (),
        }
    }

    #[cold]
    #[inline(never)]
    fn out_of_order(
        &mut self,
        now: Time,
        did: &str,
        (reader, shard, lane): (ReaderId, ShardId, u32),
        [before, next]: [u64; 2],
    ) {
        self.fault(now, |_| {
            let (reader, shard) = (reader.0, shard.0);
            format!(
                "lane {lane} of shard {shard} of reader {reader} {did} record {next} after {before}"
            )
        });
    }

    #[cold]
    #[inline(never)]
    fn above_a_limit(&mut self, now: Time, at: usize) {
        let Checked { reserved, runs, .. } = &self.functions[at];
        if let Some(limit) = *reserved
            && limit < runs.inside
        {
            self.fault(now, |checker| {
                let Checked { name, runs, .. } = &checker.functions[at];
                format!("{name} runs {} times at once, reserved are {limit}", runs.inside)
            });
        }
        if self.account_limit < self.running && !self.settling {
            self.fault(now, |checker| {
                let Checker { running, account_limit, .. } = checker;
                format!("{running} runs at once, the account allows {account_limit}")
            });
        }
    }

    #[cold]
    #[inline(never)]
    fn above_a_limit_of(&mut self, now: Time, at: usize) {
        self.fault(now, |checker| {
            let CheckedDependency { name, places, room, waiting, serving } =
                &checker.dependencies[at];
            let (served, waits) = (serving.inside, waiting.inside);
            format!(
                "{name} serves {served} at once and {waits} wait, its limits are {places} and {room}"
            )
        });
    }

    fn known(&mut self, now: Time, at: usize, known: bool) {
        if !known {
            self.fault(now, |checker| {
                let name = &checker.dependencies[at].name;
                format!("{name} was done with what had not come, or not when it says")
            });
        }
    }

    /// A fault found by somebody else.
    pub fn report(&mut self, now: Time, what: String) {
        self.fault(now, |_| what);
    }

    /// Every outcome that is no success has causes that add up to the ledger.
    pub fn compare(&mut self, end: Time, ledger: &Ledger, why: &Why) {
        for place in Place::ALL {
            let (known, explained) = (ledger.run.at(place), why.arrivals(place));
            if place.severity() > Place::Succeeded.severity() && known != explained {
                let word = place.word();
                self.fault(end, |_| {
                    format!("{known} arrivals are {word}, {explained} have a cause")
                });
            }
        }
    }

    /// The checks at the end of a run, in which the books have so many `unrested` payloads. Every fault found,
    /// as sentences; none if all is well.
    pub fn finish(
        mut self,
        end: Time,
        ledger: &Ledger,
        unrested: i64,
        register: &Register,
    ) -> Vec<String> {
        if end < self.last {
            self.fault(end, |checker| {
                format!("the run ended before its last fact, at {}", checker.last)
            });
        }
        let mut all: Vec<(Spans, &str, String)> = Vec::new();
        for Checked { events, runs, together, name, .. } in &self.functions {
            if !together {
                all.push((*events, "events waited in", name.clone()));
            }
            all.push((*runs, "runs took in", name.clone()));
        }
        for CheckedDependency { waiting, serving, name, .. } in &self.dependencies {
            all.push((*waiting, "requests waited at", name.clone()));
            all.push((*serving, "work took at", name.clone()));
        }
        for (spans, what, name) in all {
            if !spans.holds(end) || (spans.inside == 0 && spans.entered != spans.returned) {
                let off = spans.entered.abs_diff(spans.returned);
                let off = Span::nanos(u64::try_from(off).unwrap_or(u64::MAX));
                self.fault(end, |_| {
                    format!("the time that {what} {name} differs from what they say by {off}")
                });
            }
        }
        for (name, account) in [("the run", &ledger.run)]
            .into_iter()
            .chain(ledger.callers.iter().map(|(n, a)| (&**n, a)))
        {
            if !account.adds_up() {
                let messages = account.all_messages();
                let sum = |places: &[u64]| places.iter().sum::<u64>();
                let (arrived, outcomes) = (account.arrivals, sum(&account.places));
                let (sent, there) = (messages.entered, sum(&messages.places));
                self.fault(end, |_| {
                    format!(
                        "the ledger of {name} does not add up: {arrived} arrivals have {outcomes} outcomes, \
                         {sent} messages are in {there} places"
                    )
                });
            }
        }
        if u64::try_from(unrested) != Ok(register.unrested()) {
            let known = register.unrested();
            self.fault(end, |_| {
                format!("the ledger has {unrested} that do not rest, the register {known}")
            });
        }
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            config::{Account, Redrive},
            vocabulary::{BatchId, FunctionId, PayloadId, QueueId, Work},
        },
        observe::tests::{function, queue},
    };

    const FUNCTION: FunctionId = FunctionId(0);
    const QUEUE: QueueId = QueueId(0);
    const PAYLOAD: PayloadId = PayloadId(0);

    fn resources(account: u32, reserved: Option<u32>, receives_max: u32) -> Resources {
        let redrive = Some(Redrive { dead_letter_queue: QUEUE, receives_max });
        Resources {
            account: Account { concurrency: account },
            functions: vec![crate::model::config::Function { reserved, ..function("Worker") }],
            queues: vec![crate::model::config::Queue { redrive, ..queue("Jobs") }],
            ..Resources::default()
        }
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::secs(seconds)
    }

    fn started() -> Fact {
        Fact::RunStarted {
            function: FUNCTION,
            payload: PAYLOAD,
            work: Work::One(PAYLOAD),
            attempt: 1,
            records: 1,
            cold: None,
            provisioned: false,
        }
    }

    fn ended(started: u64, ran: u64) -> Fact {
        let (started, ran) = (at(started), Span::secs(ran));
        Fact::RunEnded {
            function: FUNCTION,
            payload: PAYLOAD,
            started,
            ran,
            error: None,
            provisioned: false,
        }
    }

    fn accepted() -> Fact {
        Fact::Accepted { function: FUNCTION, payload: PAYLOAD }
    }

    fn completed(age: u64) -> Fact {
        Fact::Completed { function: FUNCTION, payload: PAYLOAD, age: Span::secs(age) }
    }

    fn faults(checker: Checker, end: u64) -> Vec<String> {
        checker.finish(at(end), &Ledger::default(), 0, &Register::default())
    }

    fn after(facts: &[(u64, Fact)]) -> Vec<String> {
        let mut checker = Checker::new(&resources(2, None, 3));
        facts.iter().for_each(|(seconds, fact)| checker.saw(at(*seconds), fact));
        faults(checker, 1000)
    }

    #[track_caller]
    fn told(faults: &[String], part: &str) {
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains(part), "{faults:?}");
    }

    #[test]
    fn what_is_well_has_no_faults() {
        let facts = [
            (0, accepted()),
            (0, started()),
            (5, ended(0, 5)),
            (5, completed(5)),
            (7, accepted()),
            (7, started()),
        ];
        assert_eq!(after(&facts), Vec::<String>::new());
    }

    #[test]
    fn an_age_that_is_wrong_by_a_second_is_found() {
        told(&after(&[(1, accepted()), (9, completed(7))]), "differs from what they say by 1s");
        told(&after(&[(1, started()), (9, ended(2, 7))]), "differs from what they say by 1s");
    }

    #[test]
    fn time_that_goes_back_is_found() {
        told(&after(&[(5, accepted()), (4, accepted())]), "time went back from 5s");
    }

    #[test]
    fn what_ends_without_having_begun_is_found() {
        assert!(after(&[(5, ended(1, 4))])[0].contains("did not run"));
        assert!(after(&[(5, completed(1))])[0].contains("had not been accepted"));
        told(&after(&[(1, started()), (5, ended(1, 9))]), "ran longer than it took");
    }

    #[test]
    fn a_run_above_the_account_is_found_and_one_at_it_is_not() {
        assert!(after(&[(0, started()), (0, started())]).is_empty());
        told(&after(&[(0, started()), (0, started()), (0, started())]), "the account allows 2");
    }

    #[test]
    fn a_run_above_what_is_reserved_is_found() {
        let mut checker = Checker::new(&resources(10, Some(1), 3));
        checker.saw(at(0), &started());
        checker.saw(at(0), &started());
        told(&faults(checker, 0), "reserved are 1");
    }

    #[test]
    fn a_lowered_limit_lets_runs_end_and_then_holds() {
        let mut checker = Checker::new(&resources(2, None, 3));
        checker.saw(at(0), &started());
        checker.saw(at(0), &started());
        checker.configured(&resources(1, None, 3));
        checker.saw(at(4), &ended(0, 4));
        assert!(!checker.settling, "one run is what the account allows");
        checker.saw(at(5), &started());
        told(&faults(checker, 5), "the account allows 1");
    }

    #[test]
    fn a_receive_above_max_receive_count_is_found() {
        let batch = BatchId(0);
        let received = |count| Fact::Received { queue: QUEUE, payload: PAYLOAD, count, batch };
        assert!(after(&[(0, received(3))]).is_empty());
        told(&after(&[(0, received(4))]), "for the 4th time, maxReceiveCount is 3");
        let redriven = |count| Fact::Redriven { queue: QUEUE, payload: PAYLOAD, count };
        assert!(after(&[(0, redriven(3))]).is_empty());
        told(&after(&[(0, redriven(2))]), "redriven after 2 receives");
    }

    /// Facts of a dependency with one place and room for one more.
    fn after_work(facts: &[(u64, Fact)]) -> Vec<String> {
        let dependency = crate::model::config::Dependency {
            name: "Db".to_owned(),
            concurrency: Some(1),
            queue: Some(1),
            service_time: crate::model::value::Quantity::Plain(0),
            rate: None,
            error_rate: Default::default(),
            cancel_abandoned: true,
            system_error_rate: Default::default(),
            forbidden: false,
        };
        let known = Resources { dependencies: vec![dependency], ..resources(2, None, 3) };
        let mut checker = Checker::new(&known);
        facts.iter().for_each(|(seconds, fact)| checker.saw(at(*seconds), fact));
        faults(checker, 1000)
    }

    #[test]
    fn the_work_of_a_dependency_is_checked_too() {
        let (dependency, payload) = (crate::model::vocabulary::DependencyId(0), PAYLOAD);
        let queued = Fact::WorkQueued { dependency, payload };
        let started = |waited, queued| {
            let waited = Span::secs(waited);
            Fact::WorkStarted { dependency, payload, waited, queued }
        };
        let ended = |ran| {
            let (ran, took) = (Span::secs(ran), Span::secs(9));
            Fact::WorkEnded { dependency, payload, ran, took, ok: true }
        };
        let cancelled = |spent, started| {
            let spent = Span::secs(spent);
            Fact::WorkCancelled { dependency, payload, spent, started }
        };
        let well = [(1, started(0, false)), (2, queued), (5, ended(4)), (5, started(3, true))];
        assert_eq!(after_work(&well), Vec::<String>::new());
        let cancels = [&well[..], &[(6, queued), (7, cancelled(1, false))]].concat();
        assert_eq!(after_work(&cancels), Vec::<String>::new());
        let cancels = [&well[..], &[(7, cancelled(2, true))]].concat();
        assert_eq!(after_work(&cancels), Vec::<String>::new());

        told(&after_work(&[(1, started(0, false)), (1, started(0, false))]), "its limits are 1");
        told(&after_work(&[(1, queued), (1, queued)]), "2 wait");
        told(&after_work(&[(1, started(0, false)), (5, ended(3))]), "work took at Db differs");
        told(&after_work(&[(1, queued), (5, cancelled(3, false))]), "waited at Db differs");
        assert!(after_work(&[(5, ended(4))])[0].contains("had not come"));
        assert!(after_work(&[(5, started(1, false))])[0].contains("not when it says"));
    }

    /// Facts of a lane: `t` takes a record, `c` is its checkpoint, `g` gives it up, `e` and `x` are its
    /// expiry, read and not read.
    fn after_records(jumps: bool, story: &[(char, u32, u64)]) -> Vec<String> {
        let (reader, shard, payload) = (ReaderId(0), ShardId(2), PAYLOAD);
        let mut known = resources(2, None, 3);
        known.assumptions.streams.second_half_first = jumps;
        let mut checker = Checker::new(&known);
        for &(what, lane, sequence) in story {
            let why = crate::model::vocabulary::GivenUp::RetryAttemptsExhausted;
            let read = what == 'e';
            let fact = match what {
                't' => Fact::RecordTaken { reader, payload, shard, lane, sequence },
                'c' => Fact::Checkpointed { reader, payload, shard, lane, sequence },
                'g' => Fact::RecordGivenUp { reader, payload, shard, lane, sequence, why },
                _ => Fact::RecordExpired { reader, payload, shard, lane, sequence, read },
            };
            checker.saw(at(1), &fact);
        }
        faults(checker, 1)
    }

    #[test]
    fn a_lane_that_leaves_its_order_is_found() {
        let well = [('t', 0, 1), ('t', 0, 2), ('t', 1, 1), ('c', 0, 1), ('x', 0, 0), ('e', 0, 2)];
        assert_eq!(after_records(false, &well), Vec::<String>::new());
        assert_eq!(after_records(false, &[('t', 0, 1), ('t', 0, 5), ('g', 0, 5)]), [""; 0]);
        told(
            &after_records(false, &[('t', 0, 2), ('t', 0, 1)]),
            "shard 2 of reader 0 took record 1",
        );
        for late in ['c', 'g', 'e'] {
            let found = after_records(false, &[('c', 3, 2), (late, 3, 1)]);
            told(&found, "lane 3 of shard 2 of reader 0 passed record 1 after 2");
            told(&after_records(false, &[(late, 0, 1), (late, 0, 1)]), "passed record 1 after 1");
        }
        assert_eq!(after_records(true, &[('c', 0, 2), ('c', 0, 1)]), [""; 0]);
        told(&after_records(true, &[('t', 0, 2), ('t', 0, 1)]), "took record 1 after 2");
    }

    #[test]
    fn faults_are_few_however_many_there_are() {
        let back: Vec<_> = (0..100).rev().map(|second| (second, accepted())).collect();
        assert_eq!(after(&back).len(), FAULTS_MAX);
    }

    #[test]
    fn a_register_that_counts_otherwise_is_found() {
        let checker = Checker::new(&resources(2, None, 3));
        let mut register = Register::default();
        register.arrive(crate::model::vocabulary::CallId(0), 0, 1, Time::ZERO);
        told(&checker.finish(at(1), &Ledger::default(), 0, &register), "the register 1");
    }
}
