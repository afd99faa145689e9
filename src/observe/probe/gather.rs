//! How a probe gathers.

use crate::{
    kernel::{Span, Time},
    observe::{
        formula::{Statistic, Term, Value, Window},
        histogram::Histogram,
        measure::Kind,
        number::Number,
        pool::Gathered,
    },
};

/// So many instants are kept for `all_at`; a list that a person writes is shorter.
const INSTANTS_MAX: usize = 10_000;
/// So many periods are kept for `per`; with more the probe has no data.
const PERIODS_MAX: usize = 1_000_000;

/// How a probe gathers.
#[derive(Debug)]
pub(super) enum Gather {
    Counting(Box<Counting>),
    CountingPer(CountingPer),
    Level(Level),
    LevelPer(LevelPer),
}

/// From here up to, not including, there.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: Time,
    until: Time,
}

impl Stretch {
    pub(super) fn has(&self, at: Time) -> bool {
        self.from <= at && at < self.until
    }
}

/// Samples in a window.
#[derive(Debug)]
pub(super) struct Counting {
    stretch: Stretch,
    pub(super) stats: Gathered,
    /// Only for a quantile.
    pub(super) histogram: Option<Histogram>,
    first: Option<Time>,
    last: Option<Time>,
    /// Only for `all_at`.
    all: Option<Vec<Time>>,
    counted: u64,
}

impl Counting {
    pub(super) fn add(&mut self, at: Time, value: u64, counted: bool) {
        if !self.stretch.has(at) {
            return;
        }
        self.stats.add(value);
        if let Some(histogram) = &mut self.histogram {
            histogram.add(value);
        }
        if counted {
            self.counted += 1;
            // A late point is stamped before what was already seen.
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
            if let Some(all) = &mut self.all
                && all.len() < INSTANTS_MAX
            {
                let place = all.partition_point(|earlier| *earlier <= at);
                all.insert(place, at);
            }
        }
    }

    pub(super) fn add_never(&mut self, at: Time) {
        if self.stretch.has(at) {
            self.stats.add_never();
            if let Some(histogram) = &mut self.histogram {
                histogram.add_never();
            }
        }
    }

    pub(super) fn value(&self, statistic: Statistic) -> Option<Value> {
        let instant = |at: Time| Value::Number(Number::whole(i128::from(at.as_nanos())));
        match statistic {
            Statistic::FirstAt => self.first.map(instant),
            Statistic::LastAt => self.last.map(instant),
            Statistic::AllAt => instants(self.all.as_ref()?, self.counted),
            _ => self.stats.take(statistic, self.histogram.as_ref()).map(Value::Number),
        }
    }
}

fn instants(all: &[Time], counted: u64) -> Option<Value> {
    (!all.is_empty())
        .then(|| Value::Instants { all: all.to_vec(), more: counted - all.len() as u64 })
}

/// Samples in a window, period by period.
#[derive(Debug)]
pub(super) struct CountingPer {
    stretch: Stretch,
    length: Span,
    quantile: bool,
    /// Periods with samples, in order.
    periods: Vec<(u64, Gathered, Option<Histogram>)>,
    last: Time,
    overfull: bool,
}

impl CountingPer {
    pub(super) fn add(&mut self, at: Time, value: u64, counted: bool) {
        let Some((_, stats, histogram)) = self.period(at) else { return };
        stats.add(value);
        if let Some(histogram) = histogram {
            histogram.add(value);
        }
        if counted {
            self.last = self.last.max(at);
        }
    }

    pub(super) fn add_never(&mut self, at: Time) {
        let Some((_, stats, histogram)) = self.period(at) else { return };
        stats.add_never();
        if let Some(histogram) = histogram {
            histogram.add_never();
        }
    }

    /// The period that an instant is in, if it is in the window.
    pub(super) fn period(&mut self, at: Time) -> Option<&mut (u64, Gathered, Option<Histogram>)> {
        if !self.stretch.has(at) || self.overfull {
            return None;
        }
        let period = (at.as_nanos() - self.stretch.from.as_nanos()) / self.length.as_nanos();
        let place = match self.periods.last() {
            Some((newest, ..)) if *newest == period => self.periods.len() - 1,
            _ => {
                let place = self.periods.partition_point(|(known, ..)| *known < period);
                if self.periods.get(place).is_none_or(|(known, ..)| *known != period) {
                    if self.periods.len() == PERIODS_MAX {
                        self.overfull = true;
                        return None;
                    }
                    let histogram = self.quantile.then(Histogram::default);
                    self.periods.insert(place, (period, Gathered::default(), histogram));
                }
                place
            }
        };
        self.periods.get_mut(place)
    }

    pub(super) fn value(
        &self,
        inner: Statistic,
        outer: Statistic,
        duration: Time,
    ) -> Option<Value> {
        if self.overfull {
            return None;
        }
        let mut values: Vec<(Number, u64)> = self
            .periods
            .iter()
            .filter_map(|(_, stats, histogram)| Some((stats.take(inner, histogram.as_ref())?, 1)))
            .collect();
        if matches!(inner, Statistic::Sum | Statistic::Count) {
            let end = end_of(self.stretch, self.last, duration);
            let all = periods_in(self.stretch.from, end, self.length);
            let empty = all.saturating_sub(self.periods.len() as u64);
            values.push((Number::ZERO, empty));
        }
        over_periods(values, outer)
    }
}

/// A window without an end is over at `duration`, or when the last thing in it has happened.
fn end_of(stretch: Stretch, last: Time, duration: Time) -> Time {
    match stretch.until {
        Time::NEVER => duration.max(last.saturating_add(Span::nanos(1))),
        until => until,
    }
}

fn periods_in(from: Time, end: Time, length: Span) -> u64 {
    end.as_nanos().saturating_sub(from.as_nanos()).div_ceil(length.as_nanos())
}

/// A statistic of the periods' values, each with how many periods have it.
fn over_periods(mut values: Vec<(Number, u64)>, statistic: Statistic) -> Option<Value> {
    values.retain(|(_, times)| *times > 0);
    let count: u64 = values.iter().map(|(_, times)| times).sum();
    let whole = |n: u64| Number::whole(i128::from(n));
    let sum = || {
        let weighted = values.iter().map(|(value, times)| value.times(whole(*times)));
        weighted.fold(Number::ZERO, Number::plus)
    };
    match statistic {
        Statistic::Count => Some(whole(count)),
        Statistic::Sum => Some(sum()),
        Statistic::Mean => sum().divided_by(whole(count)),
        Statistic::Min => values.iter().map(|(value, _)| *value).min(),
        Statistic::Max => values.iter().map(|(value, _)| *value).max(),
        Statistic::Quantile(percent) if count > 0 => {
            let rank = percent.rank(count);
            values.sort_unstable();
            let mut below = 0;
            let reached = values.iter().find(|(_, times)| {
                below += times;
                rank <= below
            });
            reached.map(|(value, _)| *value)
        }
        Statistic::Quantile(_) | Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt => None,
    }
    .map(Value::Number)
}

/// A level in a window.
#[derive(Debug)]
pub(super) struct Level {
    stretch: Stretch,
    level: i64,
    since: Time,
    /// When it was set last.
    changed: Time,
    area: i128,
    extremes: Option<(i64, i64)>,
    first: Option<Time>,
    last: Option<Time>,
    all: Option<Vec<Time>>,
    rises: u64,
    /// The level when the window ended.
    ended_at: Option<i64>,
}

impl Level {
    pub(super) fn set(&mut self, now: Time, level: i64) {
        self.pass(now);
        self.changed = now;
        let was = std::mem::replace(&mut self.level, level);
        if !self.stretch.has(now) {
            return;
        }
        self.note(level);
        if level > 0 {
            self.first.get_or_insert(now);
            self.last = Some(now);
            if was <= 0 {
                self.rises += 1;
                if let Some(all) = &mut self.all
                    && all.len() < INSTANTS_MAX
                {
                    all.push(now);
                }
            }
        }
    }

    /// The level stayed as it is until `now`.
    pub(super) fn pass(&mut self, now: Time) {
        if now >= self.stretch.until && self.ended_at.is_none() {
            self.ended_at = Some(self.level);
        }
        let (from, until) = (self.since.max(self.stretch.from), now.min(self.stretch.until));
        self.since = now;
        if from < until {
            self.area += i128::from(self.level) * i128::from(until.as_nanos() - from.as_nanos());
            self.note(self.level);
            if self.level > 0 {
                self.first.get_or_insert(from);
                self.last = Some(until);
            }
        }
    }

    pub(super) fn note(&mut self, level: i64) {
        let (min, max) = self.extremes.unwrap_or((level, level));
        self.extremes = Some((min.min(level), max.max(level)));
    }

    /// Its value in a run that ended at `end`, in which arrivals ended at `duration`. The mean of an open window is
    /// up to there, or to the last change if that is later, as in the table of numbers.
    pub(super) fn value(
        &mut self,
        statistic: Option<Statistic>,
        duration: Time,
        end: Time,
    ) -> Option<Value> {
        let is_open_mean = statistic == Some(Statistic::Mean) && self.stretch.until == Time::NEVER;
        let end = if is_open_mean { duration.min(end).max(self.changed) } else { end };
        self.pass(end.max(self.since));
        let whole = |n: i64| Number::whole(i128::from(n));
        let instant = |at: Time| Number::whole(i128::from(at.as_nanos()));
        let number = match statistic {
            None => Some(whole(self.ended_at.unwrap_or(self.level))),
            Some(Statistic::Mean) => {
                let length = self.since.min(self.stretch.until).as_nanos();
                let length = length.saturating_sub(self.stretch.from.as_nanos());
                Number::ratio(self.area, i128::from(length))
            }
            Some(Statistic::Min) => self.extremes.map(|(min, _)| whole(min)),
            Some(Statistic::Max) => self.extremes.map(|(_, max)| whole(max)),
            Some(Statistic::FirstAt) => self.first.map(instant),
            Some(Statistic::LastAt) => self.last.map(instant),
            Some(Statistic::AllAt) => return instants(self.all.as_ref()?, self.rises),
            Some(Statistic::Sum | Statistic::Count | Statistic::Quantile(_)) => None,
        };
        number.map(Value::Number)
    }
}

/// A level in a window, period by period.
#[derive(Debug)]
pub(super) struct LevelPer {
    stretch: Stretch,
    length: Span,
    level: i64,
    since: Time,
    min: i64,
    max: i64,
    area: i128,
    last: Time,
    /// Closed periods: how many alike, and what they were.
    periods: Vec<(u64, LevelPeriod)>,
    overfull: bool,
}

#[derive(Clone, Copy, Debug)]
struct LevelPeriod {
    min: i64,
    max: i64,
    area: i128,
    length: u64,
    end: i64,
}

impl LevelPer {
    pub(super) fn set(&mut self, now: Time, level: i64) {
        self.pass(now.min(self.stretch.until));
        self.level = level;
        if self.stretch.has(now) {
            (self.min, self.max) = (self.min.min(level), self.max.max(level));
            self.last = now;
        } else if now < self.stretch.from {
            (self.min, self.max) = (level, level);
        }
    }

    /// The level stayed as it is until `now`, at most the window's end.
    pub(super) fn pass(&mut self, now: Time) {
        if now <= self.since {
            return;
        }
        let (from, length) = (self.stretch.from.as_nanos(), self.length.as_nanos());
        let (since, now) = (self.since.as_nanos(), now.as_nanos());
        let (period, period_now) = ((since - from) / length, (now - from) / length);
        if period == period_now {
            self.area += i128::from(self.level) * i128::from(now - since);
        } else {
            let start = from + period * length;
            self.area += i128::from(self.level) * i128::from(start + length - since);
            self.close(1, length);
            let alike = period_now - period - 1;
            if alike > 0 {
                self.area = i128::from(self.level) * i128::from(length);
                self.close(alike, length);
            }
            let rest = now - (from + period_now * length);
            self.area = i128::from(self.level) * i128::from(rest);
        }
        self.since = Time::from_nanos(now);
    }

    pub(super) fn close(&mut self, times: u64, length: u64) {
        if self.periods.len() == PERIODS_MAX {
            self.overfull = true;
        } else {
            let LevelPer { min, max, area, level, .. } = *self;
            self.periods.push((times, LevelPeriod { min, max, area, length, end: level }));
        }
        (self.min, self.max, self.area) = (self.level, self.level, 0);
    }

    pub(super) fn value(
        &mut self,
        inner: Option<Statistic>,
        outer: Statistic,
        duration: Time,
    ) -> Option<Value> {
        let end = end_of(self.stretch, self.last, duration);
        self.pass(end);
        let (from, length) = (self.stretch.from.as_nanos(), self.length.as_nanos());
        let rest = self.since.as_nanos().saturating_sub(from) % length;
        if rest > 0 {
            self.close(1, rest);
        }
        if self.overfull {
            return None;
        }
        let take = |period: &LevelPeriod| match inner {
            None => Some(Number::whole(i128::from(period.end))),
            Some(Statistic::Min) => Some(Number::whole(i128::from(period.min))),
            Some(Statistic::Max) => Some(Number::whole(i128::from(period.max))),
            Some(Statistic::Mean) => Number::ratio(period.area, i128::from(period.length)),
            Some(_) => None,
        };
        let values =
            self.periods.iter().filter_map(|(times, period)| Some((take(period)?, *times)));
        over_periods(values.collect(), outer)
    }
}

impl Gather {
    pub(super) fn new(term: &Term, warmup: Time) -> Gather {
        let begin = if term.measure.is_ledger() { Time::ZERO } else { warmup };
        let stretch = match term.window {
            Window::All => Stretch { from: begin, until: Time::NEVER },
            Window::At(at) => Stretch { from: begin, until: at.saturating_add(Span::nanos(1)) },
            Window::During(from, until) => {
                Stretch { from: from.max(begin), until: until.unwrap_or(Time::NEVER) }
            }
        };
        let all = || (term.statistic == Some(Statistic::AllAt)).then(Vec::new);
        let quantile = matches!(term.statistic, Some(Statistic::Quantile(_)));
        match (is_level(term), term.per) {
            (false, None) => Gather::Counting(Box::new(Counting {
                stretch,
                stats: Gathered::default(),
                histogram: quantile.then(Histogram::default),
                first: None,
                last: None,
                all: all(),
                counted: 0,
            })),
            (false, Some((length, _))) => Gather::CountingPer(CountingPer {
                stretch,
                length,
                quantile,
                periods: Vec::new(),
                last: Time::ZERO,
                overfull: false,
            }),
            (true, None) => Gather::Level(Level {
                stretch,
                level: 0,
                since: Time::ZERO,
                changed: Time::ZERO,
                area: 0,
                extremes: None,
                first: None,
                last: None,
                all: all(),
                rises: 0,
                ended_at: None,
            }),
            (true, Some((length, _))) => Gather::LevelPer(LevelPer {
                stretch,
                length,
                level: 0,
                since: stretch.from,
                min: 0,
                max: 0,
                area: 0,
                last: Time::ZERO,
                periods: Vec::new(),
                overfull: false,
            }),
        }
    }

    pub(super) fn add(&mut self, at: Time, value: u64, counted: bool) {
        match self {
            Gather::Counting(counting) => counting.add(at, value, counted),
            Gather::CountingPer(counting) => counting.add(at, value, counted),
            Gather::Level(_) | Gather::LevelPer(_) => (),
        }
    }

    pub(super) fn add_never(&mut self, at: Time) {
        match self {
            Gather::Counting(counting) => counting.add_never(at),
            Gather::CountingPer(counting) => counting.add_never(at),
            Gather::Level(_) | Gather::LevelPer(_) => (),
        }
    }

    pub(super) fn step(&mut self, now: Time, up: bool) {
        let by = if up { 1 } else { -1 };
        match self {
            Gather::Level(level) => level.set(now, level.level + by),
            Gather::LevelPer(level) => level.set(now, level.level + by),
            Gather::Counting(_) | Gather::CountingPer(_) => (),
        }
    }

    pub(super) fn set(&mut self, now: Time, to: u64) {
        let to = i64::try_from(to).unwrap_or(i64::MAX);
        match self {
            Gather::Level(level) => level.set(now, to),
            Gather::LevelPer(level) => level.set(now, to),
            Gather::Counting(_) | Gather::CountingPer(_) => (),
        }
    }
}

/// Whether a term asks for a level: a gauge, or how many are in a place of rest and not how many
/// came.
fn is_level(term: &Term) -> bool {
    match term.measure.kind() {
        Kind::Gauge => true,
        Kind::Count | Kind::Amount | Kind::Distribution => false,
        Kind::Place => match (term.per, term.window, term.statistic) {
            (Some(_), _, _) => false,
            (None, Window::At(_), _) => true,
            (None, Window::All, None) => true,
            (None, Window::During(..), None) => false,
            (None, _, Some(statistic)) => {
                matches!(statistic, Statistic::Mean | Statistic::Min | Statistic::Max)
            }
        },
    }
}
