//! Probes: what formulas ask of a run, taken while it goes on, and their values at its end.
//!
//! A measure that is asked for over the whole run and of all payloads is read from the table of numbers when the run is
//! over: what a threshold says and what a table shows is the same cell. Every other measure of a formula is one probe.
//! Probes hang on the (resource, measure) whose points they want. They take the same points as the table
//! ([`points`](super::point::points)), so a definition is the same in both; unlike the table they know windows, filters,
//! periods and instants.

use super::{
    cell::Cell,
    cost::{self, Bill, Meter},
    formula::{Filter, Formula, Statistic, Term, Value, Window},
    histogram::Histogram,
    ledger::LedgerKind,
    measure::{Kind, Measure, Of, taken, typed as m},
    number::Number,
    point::{About, Bases, Guide, Sink, SinkOf, points_of_end},
    pool::{Gathered, Pool},
    table::{MetricTable, place_measure},
    watch::Counted,
};
use crate::{
    kernel::{Span, Time},
    model::{
        Place, Register, Resource,
        config::{Config, Resources},
        facts::Answer,
        outcome::Reason,
        resource::{self, IsOf},
        value::{AttributeId, Catalog, Word},
        vocabulary::{CallId, PayloadId, ShardId},
    },
};
use std::{marker::PhantomData, sync::Arc};

/// So many instants are kept for `all_at`; a list that a person writes is shorter.
const INSTANTS_MAX: usize = 10_000;
/// So many periods are kept for `per`; with more the probe has no data.
const PERIODS_MAX: usize = 1_000_000;

/// All probes of a run.
#[derive(Debug, Default)]
pub struct Probes {
    probes: Vec<Probe>,
    /// For each resource and measure the group of probes on it; 0 is none.
    table: Vec<u16>,
    groups: Vec<Vec<usize>>,
    base: Bases,
    catalog: Arc<Catalog>,
    warmup: Time,
    duration: Time,
    /// Only if a formula asks what the run costs.
    biller: Option<Biller>,
}

/// What the run has cost so far.
#[derive(Debug)]
struct Biller {
    meter: Meter,
    resources: Arc<Resources>,
}

#[derive(Debug)]
struct Probe {
    wants: Wants,
    gather: Gather,
}

/// Which points a probe wants.
#[derive(Debug)]
enum Wants {
    All,
    Label(String),
    Shard(ShardId),
    /// An attribute's word, as a text and as a number if it spells one.
    Attribute(AttributeId, String, Option<f64>),
    /// An attribute that no payload has.
    Nothing,
}

impl Wants {
    fn new(filter: Option<&Filter>, catalog: &Catalog) -> Wants {
        match filter {
            None => Wants::All,
            Some(Filter::Label(label)) => Wants::Label(label.clone()),
            Some(Filter::Shard(number)) => Wants::Shard(ShardId(*number)),
            Some(Filter::Attribute(key, value)) => {
                match catalog.attributes.iter().position(|known| known == key) {
                    None => Wants::Nothing,
                    Some(at) => {
                        let id = AttributeId(u16::try_from(at).expect("an attribute's id"));
                        Wants::Attribute(id, value.clone(), value.parse().ok())
                    }
                }
            }
        }
    }

    fn take(&self, about: About, register: &Register, catalog: &Catalog) -> bool {
        match self {
            Wants::All => true,
            Wants::Nothing => false,
            Wants::Label(label) => about.label == label,
            Wants::Shard(shard) => about.shard == Some(*shard),
            Wants::Attribute(id, text, number) => {
                about.payload.is_some_and(|payload| {
                    match catalog.word(register.get(payload), *id) {
                        None => false,
                        Some(Word::Text(at)) => catalog.texts[at as usize] == *text,
                        Some(Word::Number(n)) => number.is_some_and(|wanted| wanted == n),
                    }
                })
            }
        }
    }
}

/// How a probe gathers.
#[derive(Debug)]
enum Gather {
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
    fn has(&self, at: Time) -> bool {
        self.from <= at && at < self.until
    }
}

/// Samples in a window.
#[derive(Debug)]
struct Counting {
    stretch: Stretch,
    stats: Gathered,
    /// Only for a quantile.
    histogram: Option<Histogram>,
    first: Option<Time>,
    last: Option<Time>,
    /// Only for `all_at`.
    all: Option<Vec<Time>>,
    counted: u64,
}

impl Counting {
    fn add(&mut self, at: Time, value: u64, counted: bool) {
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

    fn add_never(&mut self, at: Time) {
        if self.stretch.has(at) {
            self.stats.add_never();
            if let Some(histogram) = &mut self.histogram {
                histogram.add_never();
            }
        }
    }

    fn value(&self, statistic: Statistic) -> Option<Value> {
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
struct CountingPer {
    stretch: Stretch,
    length: Span,
    quantile: bool,
    /// Periods with samples, in order.
    periods: Vec<(u64, Gathered, Option<Histogram>)>,
    last: Time,
    overfull: bool,
}

impl CountingPer {
    fn add(&mut self, at: Time, value: u64, counted: bool) {
        let Some((_, stats, histogram)) = self.period(at) else { return };
        stats.add(value);
        if let Some(histogram) = histogram {
            histogram.add(value);
        }
        if counted {
            self.last = self.last.max(at);
        }
    }

    fn add_never(&mut self, at: Time) {
        let Some((_, stats, histogram)) = self.period(at) else { return };
        stats.add_never();
        if let Some(histogram) = histogram {
            histogram.add_never();
        }
    }

    /// The period that an instant is in, if it is in the window.
    fn period(&mut self, at: Time) -> Option<&mut (u64, Gathered, Option<Histogram>)> {
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

    fn value(&self, inner: Statistic, outer: Statistic, duration: Time) -> Option<Value> {
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
struct Level {
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
    fn set(&mut self, now: Time, level: i64) {
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
    fn pass(&mut self, now: Time) {
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

    fn note(&mut self, level: i64) {
        let (min, max) = self.extremes.unwrap_or((level, level));
        self.extremes = Some((min.min(level), max.max(level)));
    }

    /// Its value in a run that ended at `end`, in which arrivals ended at `duration`. The mean of an open window is
    /// up to there, or to the last change if that is later, as in the totals.
    fn value(&mut self, statistic: Option<Statistic>, duration: Time, end: Time) -> Option<Value> {
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
struct LevelPer {
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
    fn set(&mut self, now: Time, level: i64) {
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
    fn pass(&mut self, now: Time) {
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

    fn close(&mut self, times: u64, length: u64) {
        if self.periods.len() == PERIODS_MAX {
            self.overfull = true;
        } else {
            let LevelPer { min, max, area, level, .. } = *self;
            self.periods.push((times, LevelPeriod { min, max, area, length, end: level }));
        }
        (self.min, self.max, self.area) = (self.level, self.level, 0);
    }

    fn value(
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
    fn new(term: &Term, warmup: Time) -> Gather {
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

    fn add(&mut self, at: Time, value: u64, counted: bool) {
        match self {
            Gather::Counting(counting) => counting.add(at, value, counted),
            Gather::CountingPer(counting) => counting.add(at, value, counted),
            Gather::Level(_) | Gather::LevelPer(_) => (),
        }
    }

    fn add_never(&mut self, at: Time) {
        match self {
            Gather::Counting(counting) => counting.add_never(at),
            Gather::CountingPer(counting) => counting.add_never(at),
            Gather::Level(_) | Gather::LevelPer(_) => (),
        }
    }

    fn step(&mut self, now: Time, up: bool) {
        let by = if up { 1 } else { -1 };
        match self {
            Gather::Level(level) => level.set(now, level.level + by),
            Gather::LevelPer(level) => level.set(now, level.level + by),
            Gather::Counting(_) | Gather::CountingPer(_) => (),
        }
    }

    fn set(&mut self, now: Time, to: u64) {
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

/// What formulas ask of a run, and who answers each of their terms.
#[derive(Debug, Default)]
pub struct Questions {
    formulas: Vec<Formula>,
    /// Who answers each term of each formula, in their order.
    answers: Vec<Answerer>,
}

/// Who answers a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answerer {
    /// The table of numbers, at the end of the run.
    Table,
    /// The probe with this number.
    Probe(usize),
}

/// Whether a term can be read from the table of numbers when the run is over: it is of all payloads and of the whole
/// time in which its measure counts.
fn is_of_the_whole_run(term: &Term, warmup: Time) -> bool {
    // The ledger of the table is from time 0; a term that asks for it leaves out what entered during the warm-up.
    let is_whole = term.filter.is_none()
        && term.per.is_none()
        && term.window == Window::All
        && (warmup == Time::ZERO || !term.measure.is_ledger());
    let (kind, statistic) = (term.measure.kind(), term.statistic.unwrap_or(Statistic::Sum));
    is_whole
        && match (kind, statistic) {
            (_, Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt) => false,
            _ if term.measure == Measure::CostUsd => statistic == Statistic::Sum,
            (Kind::Count | Kind::Amount | Kind::Distribution, Statistic::Quantile(_)) => {
                kind == Kind::Distribution
            }
            (Kind::Count | Kind::Amount | Kind::Distribution, _) => true,
            (Kind::Place, Statistic::Sum | Statistic::Count) => true,
            // A level that lasted no time is in the table's extremes and not in those of a window.
            (Kind::Gauge, Statistic::Min) => false,
            (Kind::Gauge, Statistic::Mean | Statistic::Max) => true,
            (Kind::Gauge, Statistic::Sum) => term.statistic.is_none(),
            (Kind::Gauge | Kind::Place, _) => false,
        }
}

/// When the warm-up of a run ended, when its arrivals did, and when it did.
pub type Times = (Time, Time, Time);

impl Questions {
    /// What `formulas` ask of a run of `config`, and probes for what the table of numbers does not answer.
    pub fn new(config: &Config, formulas: Vec<Formula>) -> (Questions, Probes) {
        let mut probes = Probes {
            catalog: Arc::clone(&config.catalog),
            warmup: config.warmup,
            duration: config.duration,
            ..Probes::default()
        };
        let mut answers = Vec::new();
        for term in formulas.iter().flat_map(|formula| &formula.terms) {
            answers.push(match is_of_the_whole_run(term, config.warmup) {
                true => Answerer::Table,
                false => Answerer::Probe(probes.hang(term, &config.resources)),
            });
        }
        (Questions { formulas, answers }, probes)
    }

    /// What the formulas came to in a run of which `table`, `bill` and `probes` are left.
    pub fn readings(
        self,
        mut probes: Probes,
        table: &MetricTable,
        bill: &Bill,
        times: Times,
    ) -> Vec<Reading> {
        let mut answers = self.answers.into_iter();
        let read = self.formulas.iter().map(|formula| {
            let of: Vec<Answerer> = answers.by_ref().take(formula.terms.len()).collect();
            let mut gathered = None;
            let values: Vec<Option<Value>> = formula
                .terms
                .iter()
                .zip(&of)
                .map(|(term, answerer)| match answerer {
                    Answerer::Probe(at) => probes.value(*at, term, times.2),
                    Answerer::Table => {
                        let found = of_table(table, bill, term, times);
                        gathered = found.pool;
                        scaled(term, found.value)
                    }
                })
                .collect();
            let pool = formula.pooled().and_then(|_| match of[0] {
                Answerer::Table => gathered,
                Answerer::Probe(at) => probes.pool(at),
            });
            Reading { value: formula.value(&values), pool }
        });
        read.collect()
    }
}

/// What the table of numbers says of a term, as it is kept.
fn of_table(table: &MetricTable, bill: &Bill, term: &Term, times: Times) -> Reading {
    let (warmup, duration, end) = times;
    let statistic = term.statistic.unwrap_or(Statistic::Sum);
    let number = |number| Reading { value: Some(Value::Number(number)), pool: None };
    if term.measure == Measure::CostUsd {
        return number(Number::whole(bill.total.0));
    }
    if term.measure.kind() == Kind::Place && term.statistic.is_none() {
        return number(Number::whole(table.place_level(term.resource, term.measure)));
    }
    let (gathered, histogram) = match table.cell(term.resource, term.measure) {
        Cell::Counter(cell) => {
            let (samples, sum) = (cell.samples(), u128::from(cell.sum));
            let min = if samples == 0 { u64::MAX } else { u64::from(cell.sum == samples) };
            let max = u64::from(cell.sum > 0);
            (Gathered { sum, samples, never: 0, min, max }, None)
        }
        Cell::Tally(cell) => {
            let (min, max) = cell.extremes().unwrap_or((u64::MAX, 0));
            (Gathered { sum: cell.sum, samples: cell.samples(), never: 0, min, max }, None)
        }
        Cell::Samples(cell) => {
            let all = &cell.histogram;
            let gathered = Gathered {
                sum: all.sum(),
                samples: all.count(),
                never: all.never(),
                min: all.min().unwrap_or(u64::MAX),
                max: all.max().unwrap_or(0),
            };
            (gathered, Some(all))
        }
        Cell::Gauge(cell) => {
            let value = match term.statistic {
                Some(Statistic::Mean) => cell
                    .mean(warmup, duration.min(end))
                    .and_then(|(area, length)| Number::ratio(area, i128::from(length))),
                Some(Statistic::Max) => Some(Number::whole(cell.highest().into())),
                _ => Some(Number::whole(cell.level.into())),
            };
            return Reading { value: value.map(Value::Number), pool: None };
        }
    };
    let histogram = histogram.filter(|_| matches!(statistic, Statistic::Quantile(_)));
    let value = gathered.take(statistic, histogram).map(Value::Number);
    Reading { value, pool: Some(Pool::new(gathered, histogram.cloned())) }
}

/// A value in the unit of its measure. Times stay in nanoseconds, whatever the unit they are shown in.
fn scaled(term: &Term, value: Option<Value>) -> Option<Value> {
    let counts = term.statistic.is_some_and(|s| s.is_instant() || s == Statistic::Count)
        || term.per.is_some_and(|(_, outer)| outer == Statistic::Count);
    match value {
        Some(Value::Number(kept)) if !term.measure.unit().is_time() && !counts => {
            let scale = i128::from(term.measure.unit().scale());
            kept.divided_by(Number::whole(scale)).map(Value::Number)
        }
        other => other,
    }
}

impl Probes {
    /// Hangs a probe for a term; gives its number.
    fn hang(&mut self, term: &Term, resources: &Arc<Resources>) -> usize {
        if self.table.is_empty() {
            self.base = Bases::new(resources);
            self.table = vec![0; self.base.end()];
            self.groups = vec![Vec::new()];
        }
        if term.measure == Measure::CostUsd {
            let meter = Meter::new(resources.assumptions.free_tier);
            self.biller = Some(Biller { meter, resources: Arc::clone(resources) });
        }
        let wants = Wants::new(term.filter.as_ref(), &self.catalog);
        let probe = Probe { wants, gather: Gather::new(term, self.warmup) };
        let group = &mut self.table[self.base.of(term.resource) + term.measure as usize];
        if *group == 0 {
            *group = u16::try_from(self.groups.len()).expect("fewer measures than 65,536");
            self.groups.push(Vec::new());
        }
        self.groups[usize::from(*group)].push(self.probes.len());
        self.probes.push(probe);
        self.probes.len() - 1
    }

    /// Whether there are none: points need not be given.
    pub fn is_empty(&self) -> bool {
        self.probes.is_empty()
    }

    /// Something was counted at an edge of time that is no fact.
    pub(super) fn count(&mut self, counted: &Counted) {
        if !self.is_empty() {
            let (now, register) = (counted.at(), &Register::default());
            counted.count(&mut ProbesNow { probes: self, register, now });
        }
    }

    /// An arrival is over, or is left when the run ends.
    pub(super) fn end(&mut self, guide: &Guide, register: &Register, root: PayloadId, now: Time) {
        if !self.is_empty() {
            points_of_end(guide, register, root, &mut ProbesNow { probes: self, register, now });
        }
    }

    /// The samples behind a probe.
    fn pool(&self, at: usize) -> Option<Pool> {
        match &self.probes[at].gather {
            Gather::Counting(counting) => {
                Some(Pool::new(counting.stats, counting.histogram.clone()))
            }
            Gather::CountingPer(_) | Gather::Level(_) | Gather::LevelPer(_) => None,
        }
    }

    fn value(&mut self, at: usize, term: &Term, end: Time) -> Option<Value> {
        let plain = term.statistic.unwrap_or(Statistic::Sum);
        let value = match (&mut self.probes[at].gather, term.per) {
            (Gather::Counting(counting), _) => counting.value(plain),
            (Gather::Level(level), _) => level.value(term.statistic, self.duration, end),
            (Gather::CountingPer(counting), Some((_, outer))) => {
                counting.value(plain, outer, self.duration)
            }
            (Gather::LevelPer(level), Some((_, outer))) => {
                level.value(term.statistic, outer, self.duration)
            }
            (Gather::CountingPer(_) | Gather::LevelPer(_), None) => {
                unreachable!("made because there is `per`")
            }
        };
        scaled(term, value)
    }
}

/// What a formula came to in a run.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Its value, if its measures have data.
    pub value: Option<Value>,
    /// The samples behind it, if it is a statistic of samples.
    pub pool: Option<Pool>,
}

/// [`Probes`] at an instant: what points are given to.
#[derive(Debug)]
pub struct ProbesNow<'a> {
    /// The probes.
    pub probes: &'a mut Probes,
    /// What is known of payloads.
    pub register: &'a Register,
    /// The instant.
    pub now: Time,
}

/// The probes on one resource.
#[derive(Debug)]
pub struct ProbesOf<'a, K> {
    probes: &'a mut Probes,
    register: &'a Register,
    resource: Resource,
    /// Where the resource begins in the table.
    base: usize,
    now: Time,
    kind: PhantomData<K>,
}

impl<K> ProbesOf<'_, K> {
    /// Every probe on a measure that wants the point.
    #[inline(always)]
    fn each(&mut self, measure: Measure, about: About, take: impl FnMut(&mut Gather)) {
        let group = self.probes.table[self.base + measure as usize];
        if group != 0 {
            self.each_of(group, about, take);
        }
    }

    #[inline(never)]
    fn each_of(&mut self, group: u16, about: About, mut take: impl FnMut(&mut Gather)) {
        let Probes { probes, groups, catalog, .. } = &mut *self.probes;
        for at in &groups[usize::from(group)] {
            let Probe { wants, gather } = &mut probes[*at];
            if wants.take(about, self.register, catalog) {
                take(gather);
            }
        }
    }
}

impl<K> ProbesOf<'_, K> {
    /// What was counted may be billed: `cost_usd` counts what it costs at this point of the month.
    #[inline(always)]
    fn bill(&mut self, measure: Measure, quantity: u64) {
        if self.probes.biller.is_some() {
            self.bill_counted(measure, quantity);
        }
    }

    #[inline(never)]
    fn bill_counted(&mut self, measure: Measure, quantity: u64) {
        let Probes { biller: Some(biller), base, warmup, .. } = &mut *self.probes else { return };
        if self.now < *warmup {
            return;
        }
        let Some(item) = cost::item(self.resource, measure, &biller.resources) else { return };
        let more = biller.meter.add(item, quantity).0;
        let more = u64::try_from(more).expect("one thing costs less than 1,800 dollars");
        self.base = base.of(Resource::RUN);
        let now = self.now;
        self.each(Measure::CostUsd, About::default(), |gather| gather.add(now, more, more > 0));
        self.base = self.probes.base.of(self.resource);
    }
}

impl ProbesNow<'_> {
    /// The probes on a resource of whatever kind.
    fn on(&mut self, resource: Resource) -> ProbesOf<'_, ()> {
        let base = self.probes.base.of(resource);
        let (register, now, kind) = (self.register, self.now, PhantomData);
        ProbesOf { probes: self.probes, register, resource, base, now, kind }
    }

    /// Whether what the payload descends from entered before the warm-up was over: then it is in the
    /// ledger only, and no threshold sees it.
    fn is_warming_up(&self, payload: PayloadId) -> bool {
        self.probes.warmup > Time::ZERO && self.register.root(payload).born < self.probes.warmup
    }
}

impl Sink for ProbesNow<'_> {
    type Row<'a, K: resource::Kind>
        = ProbesOf<'a, K>
    where
        Self: 'a;

    #[inline(always)]
    fn of<I: IsOf>(&mut self, id: I) -> ProbesOf<'_, I::Kind> {
        let kind = <I::Kind as resource::Kind>::KIND;
        let index = u16::try_from(id.position()).expect("ids have 16 bits");
        let ProbesOf { probes, register, resource, base, now, .. } =
            self.on(Resource { kind, index });
        ProbesOf { probes, register, resource, base, now, kind: PhantomData }
    }

    fn arrived(&mut self, caller: CallId, root: PayloadId) {
        if self.is_warming_up(root) {
            return;
        }
        let (now, about) = (self.now, About::payload(root));
        for resource in [Resource::from(caller), Resource::RUN] {
            let mut probes = self.on(resource);
            probes.each(Measure::Arrivals, about, |gather| gather.add(now, 1, true));
            probes.each(Measure::InFlight, about, |gather| gather.step(now, true));
        }
    }

    fn entered(&mut self, caller: CallId, kind: LedgerKind, payload: PayloadId) {
        if self.is_warming_up(payload) || !matches!(kind, LedgerKind::Message(_)) {
            return;
        }
        let (now, about) = (self.now, About::payload(payload));
        for resource in [Resource::from(caller), Resource::RUN] {
            self.on(resource).each(Measure::Messages, about, |gather| gather.add(now, 1, true));
        }
    }

    fn moved(&mut self, _: CallId, _: LedgerKind, _: Place, _: Place) {}

    fn turned(&mut self, caller: CallId, from: Place, to: Place, root: PayloadId, reason: Reason) {
        if self.is_warming_up(root) {
            return;
        }
        let (now, about) = (self.now, About::payload(root));
        let why = About { label: reason.word(), ..about };
        for resource in [Resource::from(caller), Resource::RUN] {
            let mut probes = self.on(resource);
            probes.each(place_measure(from), about, |gather| gather.step(now, false));
            probes.each(place_measure(to), why, |gather| {
                gather.step(now, true);
                gather.add(now, 1, true);
            });
        }
    }

    fn answered(&mut self, caller: CallId, _: Answer, about: About) {
        self.of(caller).count(m::Answered, true, about);
    }
}

impl<K: resource::Kind> SinkOf<K> for ProbesOf<'_, K> {
    #[inline(always)]
    fn count<M: Of<K> + taken::Count>(&mut self, measure: M, counted: bool, about: About) {
        self.count_at(self.now, measure, counted, about);
        self.bill(M::MEASURE, u64::from(counted));
    }

    #[inline(always)]
    fn count_at<M: Of<K> + taken::Count>(&mut self, at: Time, _: M, counted: bool, about: About) {
        self.each(M::MEASURE, about, |gather| gather.add(at, u64::from(counted), counted));
    }

    #[inline(always)]
    fn add<M: Of<K> + taken::Amount>(&mut self, _: M, amount: u64, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.add(now, amount, amount > 0));
        self.bill(M::MEASURE, amount);
    }

    #[inline(always)]
    fn step<M: Of<K> + taken::Gauge>(&mut self, _: M, up: bool, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.step(now, up));
    }

    #[inline(always)]
    fn set<M: Of<K> + taken::Gauge>(&mut self, _: M, level: u64) {
        let now = self.now;
        self.each(M::MEASURE, About::default(), |gather| gather.set(now, level));
    }

    #[inline(always)]
    fn sample<M: Of<K> + taken::Distribution>(&mut self, _: M, value: u64, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.add(now, value, true));
    }

    fn never<M: Of<K> + taken::Distribution>(&mut self, _: M, about: About) {
        let now = self.now;
        self.each(M::MEASURE, about, |gather| gather.add_never(now));
    }
}
