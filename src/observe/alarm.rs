//! CloudWatch alarms: points a minute from the table of numbers, and what they make of an alarm's state.
//!
//! ```text
//!  table ─(each minute)─► Feed: a point, or none ─► periods ─► judge ─► state
//! ```
//!
//! An alarm is looked at at the end of each minute, at its last periods up to then (CW1, CW2); what
//! happens at just that time is of the next minute. It never acts: that it rings is a count of its
//! own, and nothing else hears of it. When the run has ended at rest, alarms are looked at until none
//! has a minute of the run in its range any more. A `Feed` is kept for every metric that an alarm
//! watches at some time of the timeline, from time 0 on, as CloudWatch keeps metrics whether or not
//! somebody looks.

use super::{
    cell::{Cell, Mark, Stats},
    histogram::{Histogram, Percent},
    measure::{Kind, Measure},
    number::Number,
    table::{Late, MetricTable},
};
use crate::{
    kernel::{Span, Time},
    model::{
        Resource, ResourceKind,
        alarm::{Alarm, Comparison, MissingData, Statistic, Watched},
        config::{Change, Config, Resources},
        vocabulary::{AlarmId, QueueId},
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

    /// Takes samples that were added up elsewhere.
    fn add_stats(&mut self, stats: Stats) {
        let whole = |n: i64| u64::try_from(n).unwrap_or(0);
        self.sum += stats.sum;
        self.samples += stats.samples;
        (self.min, self.max) = (self.min.min(whole(stats.min)), self.max.max(whole(stats.max)));
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
    /// Where it is in the table.
    slot: usize,
    mark: Mark,
    percentile: bool,
    /// So many closed minutes are needed.
    keeps: usize,
    /// The newest last.
    minutes: VecDeque<Option<Point>>,
    /// The present minute, as far as it has been taken from the table.
    now: Point,
    /// Of a gauge: the highest level in the present minute, as far as it has been taken.
    highest: u64,
    /// Of a gauge after the run: as it is then.
    rested: Option<u64>,
}

impl Feed {
    fn new(resource: Resource, measure: Measure, table: &MetricTable) -> Feed {
        let slot = table.slot(resource, measure);
        let mark = Mark::new(table.at(&table.slots()[slot]));
        Feed {
            resource,
            measure,
            slot,
            mark,
            percentile: false,
            keeps: 0,
            minutes: VecDeque::new(),
            now: Point::new(false),
            highest: 0,
            rested: None,
        }
    }

    /// Takes what the table has since the last time; everybody has looked at it.
    fn gather(&mut self, table: &mut MetricTable) {
        let slot = table.slots()[self.slot];
        let cell = table.at(&slot);
        match cell {
            Cell::Gauge(_) => {
                self.highest = self.highest.max(self.mark.take_highest(cell));
            }
            Cell::Counter(_) | Cell::Tally(_) | Cell::Samples(_) => {
                if let Some(stats) = self.mark.close(cell, Time::ZERO, Time::ZERO) {
                    self.now.add_stats(stats);
                }
                if self.percentile
                    && let Some(samples) = table.take_minute(self.slot)
                    && samples.count() > 0
                {
                    let all = self.now.all.get_or_insert_default();
                    all.merge(&samples);
                }
            }
        }
    }

    /// The level of a gauge now.
    fn level(&self, table: &MetricTable) -> u64 {
        match (self.rested, table.at(&table.slots()[self.slot])) {
            (Some(level), _) => level,
            (None, Cell::Gauge(gauge)) => u64::try_from(gauge.level).unwrap_or(0),
            (None, Cell::Counter(_) | Cell::Tally(_) | Cell::Samples(_)) => 0,
        }
    }

    /// The minute is over (CW6). `active`: its queue publishes.
    fn close(&mut self, active: bool, table: &mut MetricTable) {
        self.gather(table);
        let is_gauge = self.measure.kind() == Kind::Gauge;
        let level = self.level(table);
        let highest = self.highest.max(level);
        match self.resource.kind {
            // SQS says how many there are each minute; of what is delayed, in flight or oldest
            // only if there is something.
            ResourceKind::Queue if is_gauge => {
                let always = self.measure == Measure::ApproximateNumberOfMessagesVisible;
                if active && (always || 0 < level) {
                    self.now.add(level);
                }
            }
            // A queue that is active publishes that nothing happened.
            ResourceKind::Queue if active && self.now.samples == 0 => self.now.add(0),
            // Lambda's are taken at their highest, and only if there was something.
            _ if is_gauge && 0 < highest => self.now.add(highest),
            _ => (),
        }
        self.highest = level;
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
    /// Samples of its counts and amounts at the end of the minute before.
    counted: u64,
}

/// What makes a queue publish: how much was counted of it so far, when its messages last went from one state to
/// another, and how many there are.
fn activity(table: &MetricTable, queue: QueueId) -> (u64, Time, i64) {
    let resource = Resource::from(queue);
    let (mut counted, mut changed, mut holds) = (0, Time::ZERO, 0);
    for measure in Measure::of(ResourceKind::Queue) {
        match table.cell(resource, measure) {
            Cell::Counter(cell) => counted += cell.samples(),
            Cell::Tally(cell) => counted += cell.samples(),
            // Its age goes up by itself.
            Cell::Gauge(_) if measure == Measure::ApproximateAgeOfOldestMessage => (),
            Cell::Gauge(gauge) => {
                changed = changed.max(gauge.changed());
                if measure != Measure::ApproximateNumberOfGroupsWithInflightMessages {
                    holds += gauge.level;
                }
            }
            Cell::Samples(_) => (),
        }
    }
    (counted, changed, holds)
}

/// Every alarm of a run.
#[derive(Debug)]
pub struct Alarms {
    /// The present minute's number, from 0 at time 0.
    minute: u64,
    feeds: Vec<Feed>,
    /// For each slot of the table its feed; 0 is none, 1 the first.
    feed_of: Vec<u16>,
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
    pub fn new(config: &Config, table: &mut MetricTable) -> Option<Alarms> {
        let first = &*config.resources;
        if first.alarms.is_empty() {
            return None;
        }
        let mut alarms = Alarms {
            minute: 0,
            feeds: Vec::new(),
            feed_of: vec![0; table.slots().len()],
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
                alarms.lay(alarm, extra, resources, table);
            }
        }
        for alarm in &first.alarms {
            let feeds = alarms.feeds_of(alarm, first, table);
            let states = States::default();
            alarms.all.push(Watching { settings: alarm.clone(), feeds, states });
        }
        Some(alarms)
    }

    /// Makes the feeds that an alarm needs, or makes them keep as much as it needs.
    fn lay(&mut self, alarm: &Alarm, extra: u32, resources: &Resources, table: &mut MetricTable) {
        let range = u64::from(alarm.periods) + u64::from(extra);
        let keeps = usize::try_from(range * u64::from(alarm.period_minutes)).unwrap_or(usize::MAX);
        for resource in watched(alarm, resources) {
            let measure =
                Measure::find(resource.kind, alarm.metric).expect("a metric is a measure");
            let at = table.slot(resource, measure);
            if self.feed_of[at] == 0 {
                self.feeds.push(Feed::new(resource, measure, table));
                let feeds = u16::try_from(self.feeds.len());
                self.feed_of[at] = feeds.expect("fewer metrics than 65,536 are watched");
            }
            let feed = &mut self.feeds[usize::from(self.feed_of[at]) - 1];
            feed.keeps = feed.keeps.max(keeps);
            if matches!(alarm.statistic, Statistic::Percentile(_)) {
                feed.percentile = true;
                feed.now = Point::new(true);
                table.keep_minutes(at);
            }
        }
    }

    fn feeds_of(&self, alarm: &Alarm, resources: &Resources, table: &MetricTable) -> Vec<usize> {
        let found = watched(alarm, resources).into_iter().map(|resource| {
            let measure =
                Measure::find(resource.kind, alarm.metric).expect("a metric is a measure");
            usize::from(self.feed_of[table.slot(resource, measure)]) - 1
        });
        found.collect()
    }

    /// From now on the alarms are these. As on AWS, their states stay.
    pub fn configured(&mut self, resources: &Resources, table: &MetricTable) {
        self.extra = resources.assumptions.alarm_range_extra;
        for at in 0..self.all.len() {
            let feeds = self.feeds_of(&resources.alarms[at], resources, table);
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

    /// A cell has new extremes.
    pub fn look(&mut self, slot: usize, cell: Cell<'_>) {
        if let Some(feed) = usize::from(self.feed_of[slot]).checked_sub(1) {
            self.feeds[feed].mark.look(cell);
        }
    }

    /// Something was counted that is stamped with a time that has passed.
    pub fn late(&mut self, late: &Late) {
        let ago = self.minute.saturating_sub(late.at.as_nanos() / MINUTE.as_nanos());
        let Some(feed) = usize::from(self.feed_of[late.slot as usize]).checked_sub(1) else {
            return;
        };
        let feed = &mut self.feeds[feed];
        if 0 < ago {
            feed.add_late(ago, u64::from(late.counted));
            if late.kept {
                feed.mark.leave_out(late.counted);
            }
        } else if !late.kept {
            feed.now.add(u64::from(late.counted));
        }
    }

    /// Takes what has been counted so far: the table begins anew after this.
    pub fn gather(&mut self, table: &mut MetricTable) {
        self.feeds.iter_mut().for_each(|feed| feed.gather(table));
        for (at, queue) in self.queues.iter_mut().enumerate() {
            let (counted, ..) = activity(table, QueueId::at(at));
            if queue.counted < counted {
                queue.since = self.minute + 1;
            }
        }
    }

    /// The table has begun anew.
    pub fn begin_counting(&mut self, table: &MetricTable) {
        for feed in &mut self.feeds {
            feed.mark = Mark::new(table.at(&table.slots()[feed.slot]));
        }
        self.queues.iter_mut().for_each(|queue| queue.counted = 0);
    }

    /// The present minute is over, and everybody has looked: every alarm is looked at. Says which ring from now on.
    pub fn tick(&mut self, table: &mut MetricTable) -> Vec<AlarmId> {
        let now = self.next();
        let began = Time::ZERO.saturating_add(MINUTE.times(self.minute));
        for (at, queue) in self.queues.iter_mut().enumerate() {
            let (counted, changed, holds) = activity(table, QueueId::at(at));
            let is_new = queue.counted < counted || began <= changed && changed != Time::ZERO;
            queue.counted = counted;
            if is_new || 0 < holds {
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
            feed.close(active, table);
        }
        self.minute += 1;
        let mut rang = Vec::new();
        for at in 0..self.all.len() {
            let watching = &self.all[at];
            let state = self.judged(watching, watching.settings.missing);
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
        let by_points = || self.judged(watching, MissingData::Missing) == State::Alarm;
        is_above && (missing != MissingData::Breaching || by_points())
    }

    /// The state that an alarm takes at the end of the minute before the present one, if what is missing
    /// is treated so.
    fn judged(&self, watching: &Watching, missing: MissingData) -> State {
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

    /// The age of the oldest message in a queue at the end of a minute, after the run.
    pub fn sampled(&mut self, queue: QueueId, age: u64) {
        let (resource, measure) = (queue.into(), Measure::ApproximateAgeOfOldestMessage);
        let feeds = self.feeds.iter_mut();
        let mut of_queue =
            feeds.filter(|feed| (feed.resource, feed.measure) == (resource, measure));
        if let Some(feed) = of_queue.next() {
            feed.rested = Some(age);
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
