//! Folds over facts: what a run came to, and whether it was right.
//!
//! ```text
//!                    ┌► digest      64 bits of everything
//!                    ├► checker     what must hold in every run
//!                    ├► group_order what must hold where there is a FIFO queue
//!   fact ──► Watch ──┼► points ──┬► totals ──► series, ledger, results
//!                    │           ├► probes ──► verdicts of thresholds, readings of metrics
//!                    │           └► alarms ──► their states
//!                    └► trace       one row a fact, when asked for
//!   fact ──► Scout, Stage, Slice     what a report shows of everybody and of a few
//! ```
//!
//! In reading order: [`measure`] says what there is, [`point`] how each fact counts, [`cell`] adds
//! up, [`series`] and [`summary`] tell, [`shown`] says what of it stands in tables, [`formula`] asks, [`probe`] answers, [`threshold`] judges. Observers see facts and
//! cannot touch the model; with any set of them the digest is the same.

pub mod measure;

pub mod point;

pub mod histogram;

pub mod cell;

pub mod ledger;

pub mod cost;

pub mod kept;

pub mod series;

pub mod summary;

pub mod shown;

pub mod number;

pub mod formula;
pub mod group_order;

pub mod threshold;

pub mod alarm;

pub mod autopsy;

pub mod pool;

pub mod probe;

pub mod digest;

pub mod checker;

pub mod trace;

pub mod fates;

pub mod story;

pub mod recording;

pub mod live;

pub mod cast;

pub mod stage;

pub mod slice;

pub use autopsy::Why;
pub use cast::Cast;
pub use cost::Bill;
pub use digest::Fingerprint;
pub use fates::{Fate, Fates};
pub use formula::{Formula, Mistake, Names};
pub use ledger::Ledger;
pub use live::Live;
pub use measure::Measure;
pub use pool::Pool;
pub use probe::Reading;
pub use recording::{Recorder, Recording};
pub use series::Series;
pub use slice::Slice;
pub use stage::{Frame, Scout, Stage};
pub use story::Story;
pub use summary::Results;
pub use threshold::{Scope, Threshold, Verdict};
pub use trace::{Firsts, Id, MostRuns, Trace};

pub use crate::model::{Resource, ResourceKind};

use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Register,
        config::{Config, Resources},
        facts::OldestAt,
        vocabulary::{PayloadId, QueueId},
    },
};
use alarm::Alarms;
use autopsy::Autopsy;
use cell::{Totals, TotalsNow};
use checker::Checker;
use digest::Digest;
use group_order::GroupOrder;
use kept::Kept;
use point::{About, Guide, Sink, SinkOf, points, points_of_end};
use probe::{Probes, ProbesNow};
use std::{fmt, sync::Arc};

/// Takes the rows of a trace.
pub type RowSink<'a> = Box<dyn FnMut(&trace::Row<'_>) + 'a>;

/// Everything that watches a run: the one observer that a run has.
pub struct Watch<'a> {
    thresholds: Vec<Threshold>,
    /// At this instant something rare happens: a period ends, or the warm-up does.
    edge: Time,
    digest: Digest,
    checker: Checker,
    group_order: Option<Box<GroupOrder>>,
    guide: Guide,
    totals: Totals,
    series: Series,
    probes: Probes,
    alarms: Option<Box<Alarms>>,
    autopsy: Autopsy,
    trace: Option<Trace<RowSink<'a>>>,
    /// An observer of its own, which sees every fact after the others.
    beside: Option<&'a mut dyn Observer>,
    /// What is now, for who looks at the run while it goes on, and the story of what is followed.
    live: Option<Box<(Live, Option<Story>)>>,
    /// Whether there are probes, alarms, a trace, or others who watch.
    asked: bool,
    rare: Rare,
}

/// What is looked at when something rare happens.
struct Rare {
    period: u64,
    warmup: Time,
    duration: Time,
    counting: bool,
    resources: Arc<Resources>,
    kept: Kept,
}

/// What is asked of a run.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What must hold.
    pub thresholds: Vec<Threshold>,
    /// What is to be read.
    pub metrics: Vec<Formula>,
}

impl From<Vec<Threshold>> for Asked {
    fn from(thresholds: Vec<Threshold>) -> Asked {
        Asked { thresholds, metrics: Vec::new() }
    }
}

/// What a run leaves.
#[derive(Debug)]
pub struct Outcome {
    /// Totals, ledger, verdicts, digest.
    pub results: Results,
    /// What the metrics came to, in their order.
    pub metrics: Vec<Reading>,
    /// Period by period.
    pub series: Series,
    /// What the self-checks found; empty if all is well.
    pub faults: Vec<String>,
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("edge", &self.edge).finish_non_exhaustive()
    }
}

impl<'a> Watch<'a> {
    /// Watches a run of `config`, takes what is `asked`, and gives each fact to `trace`.
    pub fn new(config: &Config, asked: impl Into<Asked>, trace: Option<RowSink<'a>>) -> Watch<'a> {
        let resources = Arc::clone(&config.resources);
        let Asked { thresholds, metrics } = asked.into();
        let sides = thresholds.iter().flat_map(|threshold| threshold.sides.iter().cloned());
        let probes = Probes::new(config, sides.chain(metrics).collect());
        let mut watch = Watch {
            thresholds,
            edge: Time::ZERO,
            digest: Digest::default(),
            checker: Checker::new(&resources),
            group_order: GroupOrder::new(&resources, &config.catalog).map(Box::new),
            guide: Guide::new(config),
            totals: Totals::new(&resources),
            series: Series::new(config.period, config.warmup),
            asked: !probes.is_empty() || trace.is_some() || !resources.alarms.is_empty(),
            probes,
            alarms: Alarms::new(config).map(Box::new),
            autopsy: Autopsy::default(),
            beside: None,
            live: None,
            trace: trace.map(|sink| Trace::new(Arc::clone(&resources), sink)),
            rare: Rare {
                period: 0,
                warmup: config.warmup,
                duration: config.duration,
                counting: config.warmup == Time::ZERO,
                kept: Kept::new(&resources),
                resources,
            },
        };
        watch.edge = watch.next_edge();
        watch
    }

    /// Gives every fact to `observer` too, after all others.
    pub fn beside(mut self, observer: &'a mut dyn Observer) -> Watch<'a> {
        self.asked = true;
        self.beside = Some(observer);
        self
    }

    /// Keeps what is now, too.
    pub fn with_live(mut self, live: Live) -> Watch<'a> {
        self.asked = true;
        self.live = Some(Box::new((live, None)));
        self
    }

    /// What is now, and the story of what is followed; it is there where [`Watch::with_live`] gave it.
    pub fn live(&self) -> Option<&(Live, Option<Story>)> {
        self.live.as_deref()
    }

    /// The same, to be changed or taken by who looks at the run.
    pub fn live_mut(&mut self) -> &mut Option<Box<(Live, Option<Story>)>> {
        &mut self.live
    }

    /// The fingerprint of all facts so far.
    pub fn fingerprint(&self) -> Fingerprint {
        self.digest.fingerprint()
    }

    /// The next instant at which something rare happens.
    fn next_edge(&self) -> Time {
        let period = self.series.start_of(self.rare.period + 1);
        period.min(self.warmup_end()).min(self.rare.kept.next()).min(self.next_look())
    }

    /// When alarms are looked at next.
    fn next_look(&self) -> Time {
        self.alarms.as_ref().map_or(Time::NEVER, |alarms| alarms.next())
    }

    /// Catches up with what happened rarely up to `now`: in order of time, the period's end first.
    /// At a sampling point the alarms of just that time still wait for the samples.
    #[cold]
    #[inline(never)]
    fn turn(&mut self, now: Time, sampling: bool) {
        while self.edge <= now {
            let edge = self.edge;
            if self.series.start_of(self.rare.period + 1) <= edge {
                // Periods in which nothing is seen have no rows.
                let until = now.min(self.warmup_end()).min(self.rare.kept.next());
                let until = until.min(self.next_look());
                let next = self.series.period_of(until).max(self.rare.period + 1);
                let start = self.series.start_of(next);
                let Watch { totals, series, rare, .. } = self;
                let until = series.start_of(rare.period + 1);
                totals.close_period(rare.period, until, start, series, rare.counting);
                rare.period = next;
            }
            if !self.rare.counting && self.rare.warmup <= edge {
                self.totals.begin_counting(self.rare.warmup);
                self.rare.counting = true;
            }
            if self.rare.kept.next() <= edge {
                self.take_kept(edge);
            }
            if self.next_look() <= edge {
                if sampling && edge == now {
                    return;
                }
                self.look_at_alarms(edge);
            }
            self.edge = self.next_edge();
        }
    }

    /// What has been kept ready is counted when a block of it begins.
    fn take_kept(&mut self, edge: Time) {
        let Watch { rare, totals, series, probes, .. } = self;
        let (about, register) = (About::default(), &Register::default());
        for (resource, measure, now, amount) in rare.kept.begun(edge) {
            TotalsNow { totals, series, now }.of(resource).add(measure, amount, about);
            if !probes.is_empty() {
                ProbesNow { probes, register, now }.of(resource).add(measure, amount, about);
            }
        }
    }

    /// What rings from `now` on is counted.
    fn look_at_alarms(&mut self, now: Time) {
        let Watch { alarms: Some(alarms), totals, series, probes, .. } = self else { return };
        let (about, register) = (About::default(), &Register::default());
        for alarm in alarms.tick() {
            TotalsNow { totals, series, now }.of(alarm).count(Measure::Alarms, true, about);
            if !probes.is_empty() {
                let mut probes = ProbesNow { probes, register, now };
                probes.of(alarm).count(Measure::Alarms, true, about);
            }
        }
    }

    #[inline(never)]
    fn fold_apart(&mut self, moment: &Moment<'_>, fact: Fact) {
        self.fold(moment, &fact);
    }

    /// Folds a fact into everything that is kept of it.
    #[inline(always)]
    fn fold(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let now = moment.now;
        if self.edge <= now {
            self.turn(now, false);
        }
        self.digest.fold(moment, fact);
        self.checker.saw(now, fact);
        if let Some(order) = &mut self.group_order
            && let Some(fault) = order.saw(moment, fact)
        {
            self.checker.report(now, fault);
        }
        let Watch { guide, totals, series, .. } = self;
        points(guide, moment, fact, &mut TotalsNow { totals, series, now });
        guide.follow(now, fact);
        self.autopsy.saw(now, moment.rule, fact);
        if self.asked {
            // Copies, so that the originals need not be in memory when nobody asks.
            self.ask(Moment { ..*moment }, *fact);
        }
    }

    /// What only some runs want, kept apart so that the others do not carry it along.
    #[inline(never)]
    fn ask(&mut self, moment: Moment<'_>, fact: Fact) {
        let Watch { guide, probes, alarms, trace, live, beside, .. } = self;
        let Moment { now, register, .. } = moment;
        if !probes.is_empty() {
            points(guide, &moment, &fact, &mut ProbesNow { probes, register, now });
        }
        if let Some(alarms) = alarms {
            points(guide, &moment, &fact, &mut **alarms);
        }
        if let Some(trace) = trace {
            trace.saw(&moment, &fact);
        }
        if let Some(live) = live {
            live.saw(&moment, &fact);
        }
        if let Some(beside) = beside {
            beside.saw(&moment, &fact);
        }
    }

    /// Those who watch beside the others.
    fn others(&mut self) -> impl Iterator<Item = &mut dyn Observer> {
        let Watch { live, beside, .. } = self;
        let live = live.as_mut().map(|live| &mut **live as &mut dyn Observer);
        live.into_iter().chain(beside.as_mut().map(|beside| &mut **beside as &mut dyn Observer))
    }

    /// When the warm-up ends, if it has not.
    fn warmup_end(&self) -> Time {
        if self.rare.counting { Time::NEVER } else { self.rare.warmup }
    }

    /// What the run came to. It ended at `end` with `register` as it is.
    pub fn finish(mut self, end: Time, register: &Register) -> Outcome {
        self.turn(end, false);
        let Watch { thresholds, mut totals, mut series, rare, guide, mut autopsy, .. } = self;
        let Watch { mut checker, digest, mut probes, alarms, .. } = self;
        for root in register.arrivals() {
            let now = end;
            let mut sink = TotalsNow { totals: &mut totals, series: &mut series, now };
            points_of_end(&guide, register, root, &mut sink);
            if !probes.is_empty() {
                let mut probes = ProbesNow { probes: &mut probes, register, now };
                points_of_end(&guide, register, root, &mut probes);
            }
            autopsy.add(&mut totals.callers, register, root);
        }
        let until = end.min(series.start_of(rare.period + 1));
        totals.close_period(rare.period, until, Time::NEVER, &mut series, rare.counting);
        for (subject, measure) in totals.below_zero() {
            let (name, measure) = (subject.name(&rare.resources), measure.name());
            checker.report(end, format!("{name}.{measure} was below 0"));
        }
        let accounts = rare.resources.caller_ids().map(|id| {
            let name = rare.resources.calls[id.index()].name.clone();
            (name, totals.callers[id.index()].book.account())
        });
        let ledger = Ledger::new(accounts.collect());
        let unrested = totals.callers.iter().map(|caller| caller.book.unrested()).sum();
        let why = autopsy.finish(&rare.resources);
        checker.compare(end, &ledger, &why);
        let faults = checker.finish(end, &ledger, unrested, register);
        let (resources, callers) = summary::total(
            &mut totals,
            alarms.as_deref(),
            &rare.resources,
            rare.warmup,
            rare.duration.min(end),
        );
        let mut readings = probes.readings(end).into_iter();
        let judged = thresholds.iter().map(|threshold| {
            let sides = readings.by_ref().take(threshold.sides.len());
            threshold.judge(sides.map(|reading| reading.value).collect())
        });
        let results = Results {
            digest: digest.fingerprint(),
            ended_at_s: end.as_secs_f64(),
            resources,
            callers,
            ledger,
            why,
            cost: Bill::of(&mut totals, &rare.resources),
            thresholds: judged.collect(),
        };
        Outcome { results, metrics: readings.collect(), series, faults }
    }
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

impl Observer for Watch<'_> {
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
        if self.edge <= now {
            self.turn(now, false);
        }
        let Watch { guide, totals, series, probes, autopsy, .. } = self;
        points_of_end(guide, register, root, &mut TotalsNow { totals, series, now });
        if !probes.is_empty() {
            points_of_end(guide, register, root, &mut ProbesNow { probes, register, now });
        }
        autopsy.add(&mut totals.callers, register, root);
        if self.asked {
            self.others().for_each(|other| other.over(now, register, root));
        }
    }

    fn configured(&mut self, now: Time, resources: &Resources) {
        if self.edge <= now {
            self.turn(now, false);
        }
        self.rare.kept.configured(now, resources);
        self.checker.configured(resources);
        self.autopsy.configured(now, resources);
        let Watch { guide, totals, series, probes, alarms, .. } = self;
        if let Some(alarms) = alarms {
            alarms.configured(resources);
        }
        let register = &Register::default();
        for (running, unreserved) in guide.configured(resources) {
            let measure = Measure::UnreservedConcurrentExecutions;
            let about = About::default();
            for _ in 0..running {
                let mut totals = TotalsNow { totals, series, now };
                totals.of(Resource::ACCOUNT).step(measure, unreserved, about);
                if !probes.is_empty() {
                    let mut probes = ProbesNow { probes, register, now };
                    probes.of(Resource::ACCOUNT).step(measure, unreserved, about);
                }
                if let Some(alarms) = alarms {
                    alarms.of(Resource::ACCOUNT).step(measure, unreserved, about);
                }
            }
        }
        let (measure, claimed) = (Measure::ClaimedAccountConcurrency, guide.claimed(resources));
        TotalsNow { totals, series, now }.of(Resource::ACCOUNT).set(measure, claimed);
        if !probes.is_empty() {
            ProbesNow { probes, register, now }.of(Resource::ACCOUNT).set(measure, claimed);
        }
        if let Some(alarms) = alarms {
            alarms.of(Resource::ACCOUNT).set(measure, claimed);
        }
        self.others().for_each(|other| other.configured(now, resources));
    }

    /// Alarms are looked at until each has seen the last of what happened, and once without it (CW1).
    fn rested(&mut self, at: Time, oldest: &OldestAt<'_>) {
        if self.edge <= at {
            self.turn(at, false);
        }
        let last = self.alarms.as_mut().map_or(Time::ZERO, |alarms| alarms.rested(at));
        while self.next_look() <= last {
            let now = self.next_look();
            if let Some(alarms) = &mut self.alarms {
                for queue in (0..self.rare.resources.queues.len()).map(QueueId::at) {
                    alarms.sampled(queue, oldest(queue, now).map_or(0, Span::as_nanos));
                }
            }
            self.look_at_alarms(now);
        }
        self.edge = self.next_edge();
        self.others().for_each(|other| other.rested(at, oldest));
    }

    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        if self.edge <= now {
            self.turn(now, true);
        }
        let measure = Measure::ApproximateAgeOfOldestMessage;
        let age = oldest.map_or(0, Span::as_nanos);
        let Watch { totals, series, probes, alarms, .. } = self;
        TotalsNow { totals, series, now }.of(queue).set(measure, age);
        if let Some(alarms) = alarms {
            alarms.sampled(queue, age);
        }
        if !probes.is_empty() {
            let register = &Register::default();
            ProbesNow { probes, register, now }.of(queue).set(measure, age);
        }
        self.others().for_each(|other| other.sampled(now, queue, oldest));
    }
}

#[cfg(test)]
mod tests;
