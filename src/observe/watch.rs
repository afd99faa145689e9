//! What every run is watched by.

use super::{
    autopsy::Autopsy,
    checker::Checker,
    cost::Bill,
    counted::Counted,
    digest::{Digest, Fingerprint},
    fates::Fates,
    formula::Formula,
    guide::Guide,
    kept::Kept,
    ledger::Ledger,
    measure::typed as m,
    point::{About, Sink, SinkOf, points, points_of_end},
    probe::{Probes, Questions, Reading},
    recording::{Recorder, Recording},
    series::{Periods, Series},
    summary::{self, Results},
    table::{MetricTable, TableNow},
    threshold::Threshold,
};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Register,
        config::{Config, Resources},
        facts::OldestAt,
        resource::TheAccount,
        vocabulary::{PayloadId, QueueId},
    },
    observe::alarm::Alarms,
};
use std::{fmt, sync::Arc};

/// What is asked of a run.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What must hold.
    pub thresholds: Vec<Threshold>,
    /// What is to be read.
    pub metrics: Vec<Formula>,
    /// Whether the run is folded for charts.
    pub recording: bool,
    /// Whether the outcome of each arrival is kept.
    pub fates: bool,
}

impl From<Vec<Threshold>> for Asked {
    fn from(thresholds: Vec<Threshold>) -> Asked {
        Asked { thresholds, ..Asked::default() }
    }
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome {
    /// Every measure, ledger, verdicts, digest.
    pub results: Results,
    /// What the metrics came to, in their order.
    pub metrics: Vec<Reading>,
    /// Period by period.
    pub series: Series,
    /// The run in some hundred bins, if it was asked for.
    pub recording: Option<Recording>,
    /// The outcome of each arrival, if it was asked for.
    pub fates: Option<Fates>,
    /// What the self-checks found; empty if all is well.
    pub faults: Vec<String>,
}

/// What every run is watched by: its digest, its self-checks and the table of numbers, and who reads the table at edges
/// of time.
pub struct Watch {
    /// At this instant something rare happens: a period, a bin or a minute ends, or the warm-up does.
    edge: Time,
    digest: Digest,
    pub(super) checker: Checker,
    pub(super) guide: Guide,
    pub(super) table: MetricTable,
    autopsy: Autopsy,
    pub(super) recorder: Option<Box<Recorder>>,
    fates: Option<Box<Fates>>,
    questions: Questions,
    rare: Rare,
}

/// What is looked at when something rare happens.
struct Rare {
    thresholds: Vec<Threshold>,
    periods: Periods,
    alarms: Option<Box<Alarms>>,
    kept: Kept,
    warmup: Time,
    duration: Time,
    counting: bool,
    resources: Arc<Resources>,
    /// What was counted at edges, for who counts beside the table.
    counted: Vec<Counted>,
    /// Whether somebody does.
    is_told: bool,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("edge", &self.edge).finish_non_exhaustive()
    }
}

impl Watch {
    /// Watches a run of `config` and takes what is `asked`. What it cannot answer itself it gives to probes, which see
    /// facts beside it: [`Full`](super::Full) has them.
    pub(super) fn new(config: &Config, asked: Asked) -> (Watch, Probes) {
        let resources = Arc::clone(&config.resources);
        let Asked { thresholds, metrics, recording, fates } = asked;
        let sides = thresholds.iter().flat_map(|threshold| threshold.sides.iter().cloned());
        let (questions, probes) = Questions::new(config, sides.chain(metrics).collect());
        let is_all_alike = config.timeline.is_empty()
            && resources.functions.iter().all(|of| of.reserved.is_none() && of.provisioned == 0);
        let mut table = MetricTable::new(&resources, is_all_alike, config.warmup > Time::ZERO);
        let alarms = Alarms::new(config, &mut table).map(Box::new);
        let mut watch = Watch {
            edge: Time::ZERO,
            digest: Digest::default(),
            checker: Checker::new(&resources),
            guide: Guide::new(config),
            recorder: recording.then(|| Box::new(Recorder::new(config, &table))),
            fates: fates.then(|| Box::new(Fates::new(&resources))),
            autopsy: Autopsy::default(),
            questions,
            rare: Rare {
                thresholds,
                periods: Periods::new(Series::new(config.period, config.warmup), &table),
                alarms,
                kept: Kept::new(&resources),
                warmup: config.warmup,
                duration: config.duration,
                counting: config.warmup == Time::ZERO,
                counted: Vec::new(),
                is_told: !probes.is_empty(),
                resources,
            },
            table,
        };
        watch.edge = watch.next_edge();
        (watch, probes)
    }

    /// Watches a run of `config`, if that is enough for what is `asked`: no threshold has a window or a filter.
    pub fn plain(config: &Config, asked: impl Into<Asked>) -> Option<Watch> {
        let is_ordered = config.resources.queues.iter().any(|queue| queue.fifo.is_some());
        let (watch, probes) = Watch::new(config, asked.into());
        (!is_ordered && probes.is_empty()).then_some(watch)
    }

    /// What the run came to. It ended at `end` with `register` as it is.
    pub fn outcome(mut self, end: Time, register: &Register) -> Outcome {
        self.finish(end, register, Probes::default())
    }

    /// The fingerprint of all facts so far.
    pub fn fingerprint(&self) -> Fingerprint {
        self.digest.fingerprint()
    }

    /// The next instant at which something rare happens.
    fn next_edge(&self) -> Time {
        let bin = self.recorder.as_ref().map_or(Time::NEVER, |recorder| recorder.next());
        let periods = self.rare.periods.next();
        periods.min(self.warmup_end()).min(self.rare.kept.next()).min(self.next_minute()).min(bin)
    }

    /// When alarms are looked at next.
    fn next_minute(&self) -> Time {
        self.rare.alarms.as_ref().map_or(Time::NEVER, |alarms| alarms.next())
    }

    /// When the warm-up ends, if it has not.
    fn warmup_end(&self) -> Time {
        if self.rare.counting { Time::NEVER } else { self.rare.warmup }
    }

    /// Everybody looks at the cells that have new extremes, and hears of what was stamped late.
    fn look(&mut self, now: Time) {
        let Watch { table, recorder, rare: Rare { periods, alarms, .. }, .. } = self;
        let late = table.look(now, |slot, cell| {
            periods.look(slot, cell);
            if let Some(recorder) = recorder {
                recorder.look(slot, cell);
            }
            if let Some(alarms) = alarms {
                alarms.look(slot, cell);
            }
        });
        for late in &late {
            periods.late(table, late);
            if let Some(alarms) = alarms {
                alarms.late(late);
            }
        }
    }

    /// Catches up with what happened rarely up to `now`: in order of time, the period's end first.
    /// At a sampling point the alarms of just that time still wait for the samples.
    #[cold]
    #[inline(never)]
    pub(super) fn turn(&mut self, now: Time, sampling: bool) {
        while self.edge <= now {
            let edge = self.edge;
            self.look(edge);
            if self.rare.periods.next() <= edge {
                // Periods in which nothing is seen have no rows.
                let until = now.min(self.warmup_end()).min(self.rare.kept.next());
                let until = until.min(self.next_minute());
                let Rare { periods, .. } = &mut self.rare;
                let next = periods.series.period_of(until).max(periods.period() + 1);
                periods.close(&self.table, periods.next(), next);
            }
            if let Some(recorder) = &mut self.recorder
                && recorder.next() <= edge
            {
                recorder.take(&self.table);
                recorder.turn(edge);
            }
            if !self.rare.counting && self.rare.warmup <= edge {
                self.begin_counting();
            }
            if self.rare.kept.next() <= edge {
                for begun in self.rare.kept.begun(edge) {
                    self.count(Counted::Kept(begun));
                }
            }
            if self.next_minute() <= edge {
                if sampling && edge == now {
                    return;
                }
                self.look_at_alarms(edge);
            }
            self.edge = self.next_edge();
        }
    }

    fn begin_counting(&mut self) {
        let Watch { table, recorder, rare, .. } = self;
        let Rare { periods, alarms, warmup, .. } = rare;
        if let Some(recorder) = recorder {
            recorder.take(table);
        }
        if let Some(alarms) = alarms {
            alarms.gather(table);
        }
        table.begin_counting(*warmup);
        periods.begin_counting(table, *warmup);
        if let Some(recorder) = recorder {
            recorder.begin_counting(table);
        }
        if let Some(alarms) = alarms {
            alarms.begin_counting(table);
        }
        rare.counting = true;
    }

    /// Counts what is no fact.
    fn count(&mut self, counted: Counted) {
        let (table, now) = (&mut self.table, counted.at());
        counted.count(&mut TableNow { table, now });
        if self.rare.is_told {
            self.rare.counted.push(counted);
        }
    }

    /// What was counted at edges since the last time.
    pub(super) fn take_counted(&mut self) -> Vec<Counted> {
        std::mem::take(&mut self.rare.counted)
    }

    /// What rings from `now` on is counted.
    fn look_at_alarms(&mut self, now: Time) {
        let Some(alarms) = &mut self.rare.alarms else { return };
        for alarm in alarms.tick(&mut self.table) {
            self.count(Counted::Rings(alarm, now));
        }
    }

    /// Catches up with time, if something rare happened by `now`.
    #[inline(always)]
    pub(super) fn catch_up(&mut self, now: Time) {
        if self.edge <= now {
            self.turn(now, false);
        }
    }

    /// Brings the recording up to `now`, so that it can be looked at while the run goes on.
    pub(super) fn refresh(&mut self, now: Time) {
        self.catch_up(now);
        self.look(now);
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&self.table);
        }
    }

    #[inline(never)]
    pub(super) fn fold_apart(&mut self, moment: &Moment<'_>, fact: Fact) {
        self.fold(moment, &fact);
    }

    /// Folds a fact into everything that is kept of it.
    #[inline(always)]
    fn fold(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let now = moment.now;
        self.catch_up(now);
        self.digest.fold(moment, fact);
        self.checker.saw(now, fact);
        let Watch { guide, table, .. } = self;
        points(guide, moment, fact, &mut TableNow { table, now });
        guide.follow(now, fact);
        self.autopsy.saw(now, moment.rule, fact);
        if let Some(recorder) = &mut self.recorder {
            recorder.saw(moment, fact);
        }
    }

    /// What the run came to. It ended at `end` with `register` as it is; `probes` saw what is not answered here. What
    /// is now can still be read afterwards.
    pub(super) fn finish(&mut self, end: Time, register: &Register, probes: Probes) -> Outcome {
        let mut probes = probes;
        self.catch_up(end);
        for counted in self.take_counted() {
            probes.count(&counted);
        }
        let Watch { table, guide, autopsy, .. } = self;
        for root in register.arrivals() {
            points_of_end(guide, register, root, &mut TableNow { table, now: end });
            probes.end(guide, register, root, end);
            autopsy.add(table, register, root);
            if let Some(fates) = &mut self.fates {
                fates.put(register, root);
            }
        }
        self.look(end);
        let Watch { table, autopsy, rare, .. } = self;
        let until = end.min(rare.periods.next());
        let next = rare.periods.period() + 1;
        rare.periods.close(table, until, next);
        if let Some(recorder) = &mut self.recorder {
            recorder.take(table);
        }
        let resources = &*rare.resources;
        let checker = &mut self.checker;
        for slot in table.below_zero() {
            let (name, measure) = (slot.resource.name(resources), slot.measure.name());
            checker.report(end, format!("{name}.{measure} was below 0"));
        }
        let accounts = resources.caller_ids().map(|id| {
            let name = resources.calls[id.index()].name.clone();
            (name, table.account(id))
        });
        let ledger = Ledger::new(accounts.collect());
        let unrested = table.books().iter().map(|book| book.unrested()).sum();
        let why = std::mem::take(autopsy).finish(resources);
        checker.compare(end, &ledger, &why);
        let faults = std::mem::replace(checker, Checker::new(resources));
        let faults = faults.finish(end, &ledger, unrested, register);
        let (of_resources, callers) = summary::total(
            table,
            rare.alarms.as_deref(),
            resources,
            rare.warmup,
            rare.duration.min(end),
        );
        let cost = Bill::of(table, resources);
        let questions = std::mem::take(&mut self.questions);
        let mut readings =
            questions.readings(probes, table, &cost, (rare.warmup, rare.duration, end)).into_iter();
        let judged = rare.thresholds.iter().map(|threshold| {
            let sides = readings.by_ref().take(threshold.sides.len());
            threshold.judge(sides.map(|reading| reading.value).collect())
        });
        let results = Results {
            digest: self.digest.fingerprint(),
            ended_at_s: end.as_secs_f64(),
            resources: of_resources,
            callers,
            ledger,
            why,
            thresholds: judged.collect(),
            cost,
        };
        let recorder = self.recorder.as_ref();
        let recording = recorder.map(|it| it.recording(end, register, table, resources));
        let series = Series::new(rare.periods.series.period, rare.periods.series.counted_from());
        Outcome {
            results,
            metrics: readings.collect(),
            series: std::mem::replace(&mut rare.periods.series, series),
            recording,
            fates: self.fates.take().map(|fates| *fates),
            faults,
        }
    }

    /// An arrival is over.
    #[inline]
    pub(super) fn over_here(&mut self, now: Time, register: &Register, root: PayloadId) {
        self.catch_up(now);
        let Watch { guide, table, autopsy, fates, .. } = self;
        points_of_end(guide, register, root, &mut TableNow { table, now });
        autopsy.add(table, register, root);
        if let Some(fates) = fates {
            fates.put(register, root);
        }
    }

    /// The resources are these from now on. Says for which functions so many running environments became reserved
    /// (`false`) or unreserved (`true`), and how much of the account is claimed then.
    pub(super) fn configure(
        &mut self,
        now: Time,
        resources: &Resources,
    ) -> (Vec<(u64, bool)>, u64) {
        self.catch_up(now);
        self.rare.kept.configured(now, resources);
        self.checker.configured(resources);
        self.autopsy.configured(now, resources);
        let moved = self.guide.configured(resources);
        let claimed = self.guide.claimed(resources);
        let Watch { table, rare, .. } = self;
        if let Some(alarms) = &mut rare.alarms {
            alarms.configured(resources, table);
        }
        count_configured(&mut TableNow { table, now }, &moved, claimed);
        self.edge = self.next_edge();
        (moved, claimed)
    }
}

/// Counts what became of running environments when resources changed.
pub(super) fn count_configured<S: Sink>(sink: &mut S, moved: &[(u64, bool)], claimed: u64) {
    let mut account = sink.of(TheAccount);
    for (running, unreserved) in moved {
        for _ in 0..*running {
            let about = About::default();
            account.step(m::UnreservedConcurrentExecutions, *unreserved, about);
        }
    }
    account.set(m::ClaimedAccountConcurrency, claimed);
}

/// Whether a fact is one of those that each asynchronous invocation makes.
#[inline(always)]
const fn is_frequent(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Arrived { .. }
            | Fact::Requested { .. }
            | Fact::Accepted { .. }
            | Fact::Answered { .. }
            | Fact::Tried { .. }
            | Fact::RunStarted { .. }
            | Fact::RunEnded { .. }
            | Fact::Processed { .. }
            | Fact::Billed { .. }
            | Fact::Completed { .. }
    )
}

impl Observer for Watch {
    // Where a fact is noted its kind is known. Those of the asynchronous way, which come most often, are folded
    // there, and every match on them goes away; all others share one place, which keeps the code small.
    #[inline(always)]
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if is_frequent(fact) {
            self.fold(moment, fact);
        } else {
            self.fold_apart(&Moment { ..*moment }, *fact);
        }
    }

    #[inline]
    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        self.over_here(now, register, root);
    }

    fn configured(&mut self, now: Time, resources: &Resources) {
        self.configure(now, resources);
    }

    /// Alarms are looked at until each has seen the last of what happened, and once without it (CW1).
    fn rested(&mut self, at: Time, oldest: &OldestAt<'_>) {
        self.catch_up(at);
        self.look(at);
        let last = self.rare.alarms.as_mut().map_or(Time::ZERO, |alarms| alarms.rested(at));
        while self.next_minute() <= last {
            let now = self.next_minute();
            if let Some(alarms) = &mut self.rare.alarms {
                for queue in (0..self.rare.resources.queues.len()).map(QueueId::at) {
                    alarms.sampled(queue, oldest(queue, now).map_or(0, Span::as_nanos));
                }
            }
            self.look_at_alarms(now);
        }
        self.edge = self.next_edge();
    }

    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        if self.edge <= now {
            self.turn(now, true);
        }
        let age = oldest.map_or(0, Span::as_nanos);
        let table = &mut self.table;
        TableNow { table, now }.of(queue).set(m::ApproximateAgeOfOldestMessage, age);
    }
}
