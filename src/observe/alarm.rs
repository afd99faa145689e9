//! CloudWatch alarms: points a minute from what is observed, and what they make of an alarm's state.
//!
//! ```text
//!  fact ─► points ─► Feed ─(each minute)─► a point, or none ─► periods ─► judge ─► state
//! ```
//!
//! An alarm is looked at at the end of each minute, at its last periods up to then (CW1, CW2); what
//! happens at just that time is of the next minute. It never acts: that it rings is a count of its
//! own, and nothing else hears of it. When the run has ended at rest, alarms are looked at until none
//! has a minute of the run in its range any more. A `Feed` is kept for every metric that an alarm
//! watches at some time of the timeline, from time 0 on, as CloudWatch keeps metrics whether or not
//! somebody looks.

use super::{
    histogram::{Histogram, Percent},
    ledger::LedgerKind,
    measure::{Kind, Measure},
    number::Number,
    point::{About, Bases, Sink, SinkOf},
};
use crate::{
    kernel::{Span, Time},
    model::{
        Place, Resource, ResourceKind,
        alarm::{Alarm, Comparison, MissingData, Statistic, Watched},
        config::{Change, Config, Resources},
        facts::Answer,
        outcome::Reason,
        vocabulary::{AlarmId, CallId, PayloadId, QueueId},
    },
};
use serde::Serialize;
use std::collections::VecDeque;

/// The time of one point of AWS's own metrics.
const MINUTE: Span = Span::mins(1);
/// SQS publishes a queue's metrics for so many minutes after its last activity (CW6).
const ACTIVE_MINUTES: u64 = 6 * 60;
/// So many changes of an alarm are kept; nobody reads more.
const CHANGES_MAX: usize = 10_000;

/// The state of an alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum State {
    /// Nothing is known yet, or any more.
    #[default]
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
    /// Within the threshold.
    #[serde(rename = "OK")]
    Ok,
    /// It rings.
    #[serde(rename = "ALARM")]
    Alarm,
}

impl State {
    /// CloudWatch's word.
    pub const fn word(self) -> &'static str {
        match self {
            State::InsufficientData => "INSUFFICIENT_DATA",
            State::Ok => "OK",
            State::Alarm => "ALARM",
        }
    }
}

/// A change of an alarm's state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StateChange {
    /// When, in seconds.
    pub at_s: f64,
    /// To what.
    pub state: State,
}

/// What became of an alarm.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct States {
    /// Its state at the end.
    pub end: State,
    /// How it came there, from [`State::InsufficientData`] on; the first 10,000 changes.
    pub changes: Vec<StateChange>,
}

/// What a point is to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datum {
    /// There is none.
    Missing,
    /// Within the threshold.
    Within,
    /// It breaches it.
    Breaching,
}

/// The state that an alarm takes (CW3, CW4, CW5).
///
/// `data` is its evaluation range, the newest first: `periods` points and some beyond. Of these
/// `breaches` must breach. With as many points as periods, the latest of them decide and what is
/// missing between them does not matter. With fewer, all decide, and each that is missing counts as
/// `missing` says.
pub fn judge(
    data: &[Datum],
    periods: usize,
    breaches: usize,
    missing: MissingData,
    state: State,
) -> State {
    let there = || data.iter().filter(|datum| **datum != Datum::Missing);
    let (there_count, breaching) = (there().count(), |datum: &&Datum| **datum == Datum::Breaching);
    let decided = |rings: bool| if rings { State::Alarm } else { State::Ok };
    if periods <= there_count {
        return decided(breaches <= there().take(periods).filter(breaching).count());
    }
    let breaching = there().filter(breaching).count();
    let filled = periods - there_count;
    let rings = breaches <= breaching;
    // With nothing but breaching points it is not yet known how it goes on.
    let open = !rings && breaching == there_count;
    match missing {
        MissingData::Breaching => decided(breaches <= breaching + filled),
        MissingData::NotBreaching => decided(rings),
        MissingData::Ignore if open => state,
        MissingData::Missing if there_count == 0 => State::InsufficientData,
        MissingData::Missing if open => {
            // CW5: it is known once the oldest of them is as old as it takes.
            let oldest = data.iter().rposition(|datum| *datum == Datum::Breaching);
            match oldest.is_some_and(|age| breaches <= age + 1) {
                true => State::Alarm,
                false => state,
            }
        }
        MissingData::Ignore | MissingData::Missing => decided(rings),
    }
}

/// The samples of a minute, or of several.
#[derive(Clone, Debug)]
struct Point {
    sum: i128,
    samples: u64,
    min: u64,
    max: u64,
    /// Only for a percentile.
    all: Option<Box<Histogram>>,
}

impl Point {
    fn new(percentile: bool) -> Point {
        let all = percentile.then(Box::default);
        Point { sum: 0, samples: 0, min: u64::MAX, max: 0, all }
    }

    fn add(&mut self, value: u64) {
        self.sum += i128::from(value);
        self.samples += 1;
        (self.min, self.max) = (self.min.min(value), self.max.max(value));
        if let Some(all) = &mut self.all {
            all.add(value);
        }
    }

    fn merge(&mut self, other: &Point) {
        self.sum += other.sum;
        self.samples += other.samples;
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
        if let (Some(all), Some(others)) = (&mut self.all, &other.all)
            && others.count() > 0
        {
            all.merge(others);
        }
    }

    /// A statistic of the samples, in units of which `scale` are kept as one; none without samples.
    fn value(&self, statistic: Statistic, scale: u64) -> Option<Number> {
        let (samples, scale) = (i128::from(self.samples), i128::from(scale));
        if samples == 0 {
            return None;
        }
        match statistic {
            Statistic::SampleCount => Some(Number::whole(samples)),
            Statistic::Sum => Number::ratio(self.sum, scale),
            Statistic::Average => Number::ratio(self.sum, samples * scale),
            Statistic::Minimum => Number::ratio(i128::from(self.min), scale),
            Statistic::Maximum => Number::ratio(i128::from(self.max), scale),
            Statistic::Percentile(thousandths) => {
                let percent = Percent::of_thousandths(thousandths)?;
                let value = self.all.as_ref()?.quantile(percent)??;
                Number::ratio(i128::from(value), scale)
            }
        }
    }
}

/// One metric of one resource, minute by minute.
#[derive(Debug)]
struct Feed {
    resource: Resource,
    measure: Measure,
    percentile: bool,
    /// So many closed minutes are needed.
    keeps: usize,
    /// The newest last.
    minutes: VecDeque<Option<Point>>,
    /// The present minute.
    now: Point,
    /// Of a gauge.
    level: u64,
    /// The highest level in the present minute.
    highest: u64,
}

impl Feed {
    fn new(resource: Resource, measure: Measure) -> Feed {
        Feed {
            resource,
            measure,
            percentile: false,
            keeps: 0,
            minutes: VecDeque::new(),
            now: Point::new(false),
            level: 0,
            highest: 0,
        }
    }

    fn set(&mut self, level: u64) {
        self.level = level;
        self.highest = self.highest.max(level);
    }

    /// The minute is over (CW6). `active`: its queue publishes.
    fn close(&mut self, active: bool) {
        let is_gauge = self.measure.kind() == Kind::Gauge;
        match self.resource.kind {
            // SQS says how many there are each minute; of what is delayed, in flight or oldest
            // only if there is something.
            ResourceKind::Queue if is_gauge => {
                let always = self.measure == Measure::ApproximateNumberOfMessagesVisible;
                if active && (always || 0 < self.level) {
                    self.now.add(self.level);
                }
            }
            // A queue that is active publishes that nothing happened.
            ResourceKind::Queue if active && self.now.samples == 0 => self.now.add(0),
            // Lambda's are taken at their highest, and only if there was something.
            _ if is_gauge && 0 < self.highest => self.now.add(self.highest),
            _ => (),
        }
        self.highest = self.level;
        let closed = std::mem::replace(&mut self.now, Point::new(self.percentile));
        self.minutes.push_back((0 < closed.samples).then_some(closed));
        if self.keeps < self.minutes.len() {
            self.minutes.pop_front();
        }
    }

    /// A sample so many minutes ago; beyond what is kept nobody would see it.
    fn add_late(&mut self, minutes_ago: u64, value: u64) {
        let back = usize::try_from(minutes_ago).unwrap_or(usize::MAX);
        if let Some(at) = self.minutes.len().checked_sub(back) {
            let percentile = self.percentile;
            self.minutes[at].get_or_insert_with(|| Point::new(percentile)).add(value);
        }
    }
}

/// An alarm at work.
#[derive(Debug)]
struct Watching {
    settings: Alarm,
    feeds: Vec<usize>,
    states: States,
}

/// Whether a queue publishes.
#[derive(Clone, Copy, Debug, Default)]
struct Activity {
    /// The minute after the last in which something was asked of it or lay in it; 0: never.
    since: u64,
    /// Messages in it, in whatever state.
    holds: i64,
}

/// Every alarm of a run.
#[derive(Debug)]
pub struct Alarms {
    /// The present minute's number, from 0 at time 0.
    minute: u64,
    feeds: Vec<Feed>,
    /// For each resource and measure its feed; 0 is none, 1 the first.
    table: Vec<u16>,
    bases: Bases,
    queues: Vec<Activity>,
    all: Vec<Watching>,
    /// Points beyond its periods that an alarm looks at.
    extra: u32,
    /// The run is over: nothing happens any more.
    resting: bool,
}

/// What an alarm watches.
fn watched(alarm: &Alarm, resources: &Resources) -> Vec<Resource> {
    match alarm.watched {
        Watched::Function(id) => vec![id.into()],
        Watched::AllFunctions => resources.function_ids().map(Resource::from).collect(),
        Watched::Account => vec![Resource::ACCOUNT],
        Watched::Queue(id) => vec![id.into()],
        Watched::Topic(id) => vec![Resource::topic(id)],
    }
}

impl Alarms {
    /// The alarms of a run; none if it has none.
    pub fn new(config: &Config) -> Option<Alarms> {
        let first = &*config.resources;
        if first.alarms.is_empty() {
            return None;
        }
        let bases = Bases::new(first);
        let mut alarms = Alarms {
            minute: 0,
            feeds: Vec::new(),
            table: vec![0; bases.end()],
            bases,
            queues: vec![Activity::default(); first.queues.len()],
            all: Vec::new(),
            extra: first.assumptions.alarm_range_extra,
            resting: false,
        };
        let later = config.timeline.iter().filter_map(|(_, change)| match change {
            Change::Configure(resources) => Some(&**resources),
            _ => None,
        });
        for resources in [first].into_iter().chain(later) {
            let extra = resources.assumptions.alarm_range_extra;
            for alarm in &resources.alarms {
                alarms.lay(alarm, extra, resources);
            }
        }
        for alarm in &first.alarms {
            let feeds = alarms.feeds_of(alarm, first);
            let states = States::default();
            alarms.all.push(Watching { settings: alarm.clone(), feeds, states });
        }
        Some(alarms)
    }

    /// Makes the feeds that an alarm needs, or makes them keep as much as it needs.
    fn lay(&mut self, alarm: &Alarm, extra: u32, resources: &Resources) {
        let range = u64::from(alarm.periods) + u64::from(extra);
        let keeps = usize::try_from(range * u64::from(alarm.period_minutes)).unwrap_or(usize::MAX);
        for resource in watched(alarm, resources) {
            let measure =
                Measure::find(resource.kind, alarm.metric).expect("a metric is a measure");
            let at = self.bases.of(resource) + measure as usize;
            if self.table[at] == 0 {
                self.feeds.push(Feed::new(resource, measure));
                let feeds = u16::try_from(self.feeds.len());
                self.table[at] = feeds.expect("fewer metrics than 65,536 are watched");
            }
            let feed = &mut self.feeds[usize::from(self.table[at]) - 1];
            feed.keeps = feed.keeps.max(keeps);
            if matches!(alarm.statistic, Statistic::Percentile(_)) {
                feed.percentile = true;
                feed.now = Point::new(true);
            }
        }
    }

    fn feeds_of(&self, alarm: &Alarm, resources: &Resources) -> Vec<usize> {
        let found = watched(alarm, resources).into_iter().map(|resource| {
            let measure =
                Measure::find(resource.kind, alarm.metric).expect("a metric is a measure");
            usize::from(self.table[self.bases.of(resource) + measure as usize]) - 1
        });
        found.collect()
    }

    /// From now on the alarms are these. As on AWS, their states stay.
    pub fn configured(&mut self, resources: &Resources) {
        self.extra = resources.assumptions.alarm_range_extra;
        for at in 0..self.all.len() {
            let feeds = self.feeds_of(&resources.alarms[at], resources);
            let watching = &mut self.all[at];
            watching.settings = resources.alarms[at].clone();
            watching.feeds = feeds;
        }
    }

    /// When the present minute ends.
    pub fn next(&self) -> Time {
        Time::ZERO.saturating_add(MINUTE.times(self.minute + 1))
    }

    /// Nothing happens any more after `at`, and every minute before its own is closed: levels stay as
    /// they are. Says until when alarms are to be looked at: each sees the last minute in all of its range,
    /// and is looked at once without it.
    pub fn rested(&mut self, at: Time) -> Time {
        debug_assert!(at < self.next(), "what was before is closed");
        self.resting = true;
        let range = |watching: &Watching| {
            let Alarm { periods, period_minutes, .. } = watching.settings;
            (u64::from(periods) + u64::from(self.extra)) * u64::from(period_minutes)
        };
        let range = self.all.iter().map(range).max().unwrap_or(0);
        self.next().saturating_add(MINUTE.times(range))
    }

    /// The present minute is over: every alarm is looked at. Says which ring from now on.
    pub fn tick(&mut self) -> Vec<AlarmId> {
        let now = self.next();
        for queue in &mut self.queues {
            if 0 < queue.holds {
                queue.since = self.minute + 1;
            }
        }
        for feed in &mut self.feeds {
            let active = match feed.resource.kind {
                ResourceKind::Queue => {
                    let since = self.queues[feed.resource.index()].since;
                    0 < since && self.minute < since + ACTIVE_MINUTES
                }
                _ => true,
            };
            feed.close(active);
        }
        self.minute += 1;
        let mut rang = Vec::new();
        for at in 0..self.all.len() {
            let watching = &self.all[at];
            let state = self.look(watching, watching.settings.missing);
            let begins = state == State::Alarm && state != watching.states.end;
            if state == watching.states.end || (begins && self.resting && !self.may_ring(watching))
            {
                continue;
            }
            let states = &mut self.all[at].states;
            states.end = state;
            if states.changes.len() < CHANGES_MAX {
                states.changes.push(StateChange { at_s: now.as_secs_f64(), state });
            }
            if state == State::Alarm {
                rang.push(AlarmId::at(at));
            }
        }
        rang
    }

    /// Whether an alarm that begins to ring after the run does so for what happened in it. No caller sends
    /// any more, so a value that is too low, or missing, is no reason then.
    fn may_ring(&self, watching: &Watching) -> bool {
        let Alarm { comparison, missing, .. } = watching.settings;
        let is_above = matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
        let by_points = || self.look(watching, MissingData::Missing) == State::Alarm;
        is_above && (missing != MissingData::Breaching || by_points())
    }

    /// The state that an alarm takes at the end of the minute before the present one, if what is missing
    /// is treated so.
    fn look(&self, watching: &Watching, missing: MissingData) -> State {
        let settings = &watching.settings;
        let range = settings.periods + self.extra;
        let data: Vec<Datum> = (0..range).map(|back| self.datum(watching, back)).collect();
        let (periods, breaches) = (settings.periods as usize, settings.breaches as usize);
        judge(&data, periods, breaches, missing, watching.states.end)
    }

    /// The point of the period that ended so many periods before now.
    fn datum(&self, watching: &Watching, back: u32) -> Datum {
        let Watching { settings, feeds, .. } = watching;
        let length = settings.period_minutes as usize;
        let percentile = matches!(settings.statistic, Statistic::Percentile(_));
        let mut point = Point::new(percentile);
        let mut scale = 1;
        for feed in feeds {
            let feed = &self.feeds[*feed];
            scale = feed.measure.unit().scale();
            let newest = feed.minutes.iter().rev().skip(length * back as usize).take(length);
            newest.flatten().for_each(|minute| point.merge(minute));
        }
        match point.value(settings.statistic, scale) {
            None => Datum::Missing,
            Some(value) if breaches(settings, value) => Datum::Breaching,
            Some(_) => Datum::Within,
        }
    }

    /// What became of an alarm.
    pub fn states(&self, id: AlarmId) -> &States {
        &self.all[id.index()].states
    }

    /// The age of the oldest message in a queue at the end of a minute.
    pub fn sampled(&mut self, queue: QueueId, age: u64) {
        let measure = Measure::ApproximateAgeOfOldestMessage;
        let at = self.bases.of(queue.into()) + measure as usize;
        if let Some(feed) = usize::from(self.table[at]).checked_sub(1) {
            self.feeds[feed].set(age);
        }
    }
}

/// Whether a value breaches the threshold.
fn breaches(settings: &Alarm, value: Number) -> bool {
    let millionths = i128::from(settings.threshold_millionths);
    let threshold = Number::ratio(millionths, 1_000_000).expect("a million is not 0");
    match settings.comparison {
        Comparison::GreaterOrEqual => threshold <= value,
        Comparison::Greater => threshold < value,
        Comparison::Less => value < threshold,
        Comparison::LessOrEqual => value <= threshold,
    }
}

/// The feeds of one resource.
#[derive(Debug)]
pub struct AlarmsOf<'a> {
    alarms: &'a mut Alarms,
    resource: Resource,
    /// Where the resource begins in the table.
    base: usize,
}

impl AlarmsOf<'_> {
    fn feed(&mut self, measure: Measure) -> Option<&mut Feed> {
        let at = usize::from(self.alarms.table[self.base + measure as usize]).checked_sub(1)?;
        Some(&mut self.alarms.feeds[at])
    }
}

/// Points are of the present minute: those before it are closed when the first fact behind it comes.
impl Sink for Alarms {
    type Of<'a>
        = AlarmsOf<'a>
    where
        Self: 'a;

    fn of(&mut self, resource: impl Into<Resource>) -> AlarmsOf<'_> {
        let resource = resource.into();
        if resource.kind == ResourceKind::Queue {
            self.queues[resource.index()].since = self.minute + 1;
        }
        let base = self.bases.of(resource);
        AlarmsOf { alarms: self, resource, base }
    }

    fn arrived(&mut self, _: CallId, _: PayloadId) {}
    fn entered(&mut self, _: CallId, _: LedgerKind, _: PayloadId) {}
    fn moved(&mut self, _: CallId, _: LedgerKind, _: Place, _: Place) {}
    fn turned(&mut self, _: CallId, _: Place, _: Place, _: PayloadId, _: Reason) {}
    fn answered(&mut self, _: CallId, _: Answer, _: About) {}
}

impl SinkOf for AlarmsOf<'_> {
    fn count(&mut self, measure: Measure, counted: bool, _: About) {
        if let Some(feed) = self.feed(measure) {
            feed.now.add(u64::from(counted));
        }
    }

    fn count_at(&mut self, at: Time, measure: Measure, counted: bool, _: About) {
        let ago = self.alarms.minute.saturating_sub(at.as_nanos() / MINUTE.as_nanos());
        if let Some(feed) = self.feed(measure) {
            match ago {
                0 => feed.now.add(u64::from(counted)),
                ago => feed.add_late(ago, u64::from(counted)),
            }
        }
    }

    fn add(&mut self, measure: Measure, amount: u64, _: About) {
        if let Some(feed) = self.feed(measure) {
            feed.now.add(amount);
        }
    }

    fn step(&mut self, measure: Measure, up: bool, _: About) {
        if self.resource.kind == ResourceKind::Queue {
            self.alarms.queues[self.resource.index()].holds += if up { 1 } else { -1 };
        }
        if let Some(feed) = self.feed(measure) {
            feed.set(if up { feed.level + 1 } else { feed.level.saturating_sub(1) });
        }
    }

    fn set(&mut self, measure: Measure, level: u64) {
        if let Some(feed) = self.feed(measure) {
            feed.set(level);
        }
    }

    fn sample(&mut self, measure: Measure, value: u64, _: About) {
        if let Some(feed) = self.feed(measure) {
            feed.now.add(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alarm::{FAMILIES, OF_THE_ACCOUNT};

    /// `0` within, `X` breaching, `-` missing, the newest at the right, as AWS's tables have it.
    fn data(shown: &str) -> Vec<Datum> {
        let datum = |letter: char| match letter {
            '0' => Datum::Within,
            'X' => Datum::Breaching,
            _ => Datum::Missing,
        };
        shown.chars().rev().map(datum).collect()
    }

    /// The states under `missing`, `ignore`, `breaching` and `notBreaching`: insufficient data, OK,
    /// ALARM or, where the state stays, a dot.
    fn states(shown: &str, periods: usize, breaches: usize) -> String {
        let treatments = [
            MissingData::Missing,
            MissingData::Ignore,
            MissingData::Breaching,
            MissingData::NotBreaching,
        ];
        let told = treatments.map(|missing| {
            let before = [State::InsufficientData, State::Ok, State::Alarm];
            let after = before.map(|state| judge(&data(shown), periods, breaches, missing, state));
            match after {
                stays if stays == before => ".",
                [State::InsufficientData, ..] => "insufficient",
                [State::Ok, ..] => "OK",
                [State::Alarm, ..] => "ALARM",
            }
        });
        told.join(" ")
    }

    /// The two tables of the CloudWatch User Guide, alarms-and-missing-data: three periods, a range
    /// of five.
    #[test]
    fn cw3_cw4_aws_s_tables_of_missing_data() {
        for (shown, expected) in [
            ("0-X-X", "OK OK OK OK"),
            ("0----", "OK OK OK OK"),
            ("-----", "insufficient . ALARM OK"),
            ("0XX-X", "ALARM ALARM ALARM ALARM"),
            ("--X--", "ALARM . ALARM OK"),
        ] {
            assert_eq!(states(shown, 3, 3), expected, "3 of 3: {shown}");
        }
        for (shown, expected) in [
            ("0-X-X", "ALARM ALARM ALARM ALARM"),
            ("00X0X", "ALARM ALARM ALARM ALARM"),
            ("0-X--", "OK OK ALARM OK"),
            ("----0", "OK OK ALARM OK"),
            ("---X-", "ALARM . ALARM OK"),
        ] {
            assert_eq!(states(shown, 3, 2), expected, "2 of 3: {shown}");
        }
    }

    /// AWS's text below them: the next point may be within the threshold.
    #[test]
    fn cw5_an_alarm_does_not_ring_before_it_could_be_known() {
        assert_eq!(states("----X", 3, 3), ". . ALARM OK");
        assert_eq!(states("---X-", 3, 3), ". . ALARM OK");
        assert_eq!(states("--X--", 3, 3), "ALARM . ALARM OK");
        assert_eq!(states("----X", 3, 2), ". . ALARM OK");
        assert_eq!(states("----X", 3, 1), "ALARM ALARM ALARM ALARM", "one is enough");
    }

    #[test]
    fn cw2_m_of_the_last_n_points() {
        let ring = |shown: &str, periods, breaches| {
            judge(&data(shown), periods, breaches, MissingData::Missing, State::Ok) == State::Alarm
        };
        assert!(ring("XX000", 5, 2) && !ring("X0000", 5, 2));
        assert!(!ring("XX000", 3, 2), "older points do not count where none is missing");
        assert!(ring("000XX", 2, 2) && !ring("00X0X", 2, 2) && ring("00X0X", 2, 1));
    }

    #[test]
    fn cw4_without_a_range_beyond_its_periods_an_alarm_fills_at_once() {
        assert_eq!(states("0-X", 3, 2), "OK OK ALARM OK");
        assert_eq!(states("-", 1, 1), "insufficient . ALARM OK");
    }

    fn alarm(comparison: Comparison, threshold_millionths: i64) -> Alarm {
        Alarm {
            name: "A".into(),
            watched: Watched::Account,
            metric: OF_THE_ACCOUNT[0],
            statistic: Statistic::Average,
            period_minutes: 1,
            periods: 1,
            breaches: 1,
            threshold_millionths,
            comparison,
            missing: MissingData::Missing,
        }
    }

    /// Just below, at and just above a threshold of 0.3, which no float is.
    #[test]
    fn cw2_operators_are_exact_at_the_threshold() {
        let values = [299_999, 300_000, 300_001].map(|n| Number::ratio(n, 1_000_000).unwrap());
        let breaching =
            |comparison| values.map(|value| breaches(&alarm(comparison, 300_000), value));
        assert_eq!(breaching(Comparison::GreaterOrEqual), [false, true, true]);
        assert_eq!(breaching(Comparison::Greater), [false, false, true]);
        assert_eq!(breaching(Comparison::Less), [true, false, false]);
        assert_eq!(breaching(Comparison::LessOrEqual), [true, true, false]);
        let tenths = Number::ratio(3, 10).unwrap();
        assert!(breaches(&alarm(Comparison::LessOrEqual, 300_000), tenths));
    }

    #[test]
    fn a_statistic_is_of_all_samples_of_its_period() {
        let mut first = Point::new(true);
        let mut second = Point::new(true);
        [1_000_000, 2_000_000, 9_000_000].into_iter().for_each(|nanos| first.add(nanos));
        second.add(4_000_000);
        first.merge(&second);
        first.merge(&Point::new(true));
        let value = |statistic| first.value(statistic, 1_000_000).map(Number::approximate);
        assert_eq!(value(Statistic::SampleCount), Some(4.0));
        assert_eq!(value(Statistic::Sum), Some(16.0));
        assert_eq!(value(Statistic::Average), Some(4.0));
        assert_eq!(value(Statistic::Minimum), Some(1.0));
        assert_eq!(value(Statistic::Maximum), Some(9.0));
        assert_eq!(value(Statistic::Percentile(50_000)), Some(2.0));
        assert_eq!(Point::new(false).value(Statistic::Sum, 1), None, "missing, not 0");
    }

    /// Every name that an alarm can have is a measure, and every measure of CloudWatch's is one.
    #[test]
    fn metrics_of_alarms_are_the_measures_of_cloudwatch() {
        let owners = [
            (Some("FunctionName"), ResourceKind::Function),
            (Some("QueueName"), ResourceKind::Queue),
            (Some("TopicName"), ResourceKind::Topic),
        ];
        for family in FAMILIES {
            let found = owners.iter().find(|(dimension, _)| *dimension == family.dimension);
            for metric in family.metrics {
                let owner = match found {
                    Some((_, owner)) => *owner,
                    None if OF_THE_ACCOUNT.contains(metric) => ResourceKind::Account,
                    None => ResourceKind::Function,
                };
                assert!(Measure::find(owner, metric).is_some(), "{metric} of {owner:?}");
            }
            let Some((_, owner)) = found else { continue };
            let of_cloudwatch = Measure::of(*owner).map(Measure::name);
            let missing: Vec<&str> = of_cloudwatch
                .filter(|name| name.starts_with(char::is_uppercase))
                .filter(|name| !family.metrics.contains(name))
                .collect();
            assert_eq!(missing, Vec::<&str>::new(), "measures that no alarm can watch");
        }
        let of_all = FAMILIES.iter().find(|family| family.dimension.is_none()).expect("one");
        let of_one = FAMILIES.iter().find(|family| family.dimension == owners[0].0).expect("one");
        let counted = of_one.metrics.iter().filter(|name| {
            let measure = Measure::find(ResourceKind::Function, name).expect("looked for above");
            measure.kind() != Kind::Gauge
        });
        let both = OF_THE_ACCOUNT.iter().chain(counted);
        assert!(both.eq(of_all.metrics), "the account's own, then what is counted of functions");
        let of_account = Measure::of(ResourceKind::Account).map(Measure::name);
        assert!(of_account.eq(OF_THE_ACCOUNT.iter().copied()));
    }
}
