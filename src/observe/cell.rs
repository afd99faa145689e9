//! What is kept of a measure of a resource: four forms of cell, and what a reader remembers of one.
//!
//! A point adds to a cell and to nothing else. Whoever wants to know what happened in a stretch of time (a period of
//! the series, a bin of the recording, a minute of an alarm) has a [`Mark`] of each cell, looks at the cells when the
//! stretch ends, and has the difference. Extremes cannot be had by a difference: a cell keeps those since the last
//! look of anybody, and every reader merges them into its mark at each look.

use super::histogram::Histogram;
use crate::kernel::Time;

/// A count of samples that are each 0 or 1, so that minimum and maximum follow from how many of
/// each.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// Those that were 1.
    pub sum: u64,
    zeros: u64,
}

/// Amounts.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Their sum.
    pub sum: u128,
    samples: u64,
    least: u64,
    most: u64,
    min: u64,
    max: u64,
}

/// A level.
#[derive(Clone, Debug, Default)]
pub struct Gauge {
    /// As it is now. Below 0 only if facts contradict each other, which the self-check reports.
    pub level: i64,
    /// Minus the sum of each change times its instant: level × now + this is the area below the
    /// level.
    area: i128,
    /// When it changed last.
    changed: Time,
    /// Of the levels at the changes since the last look.
    sum: i64,
    changes: u64,
    min: i64,
    max: i64,
    lowest: i64,
    highest: i64,
}

/// Samples, with the extremes since the last look, which the histogram hears of then.
#[derive(Clone, Debug)]
pub struct Samples {
    /// All of them.
    pub histogram: Histogram,
    min: u64,
    max: u64,
    /// Those of the present minute, where an alarm asks for a percentile.
    pub minute: Option<Box<Histogram>>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally { sum: 0, samples: 0, least: u64::MAX, most: 0, min: u64::MAX, max: 0 }
    }
}

impl Default for Samples {
    fn default() -> Self {
        Samples { histogram: Histogram::default(), min: u64::MAX, max: 0, minute: None }
    }
}

/// What a stretch of time says of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Sum of the samples.
    pub sum: i128,
    /// How many.
    pub samples: u64,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
    /// The last, of a level: it stands until the next row. Of other kinds it is 0.
    pub last: i64,
    /// Of a level: the area below it in the period, in units times nanoseconds, and how many nanoseconds the
    /// period has. Of other kinds 0.
    pub area: (i128, u64),
}

impl Stats {
    /// The mean: of a level over time, of samples by their number.
    pub fn mean(&self) -> f64 {
        match self.area {
            (_, 0) => self.sum as f64 / self.samples as f64,
            (area, length) => area as f64 / length as f64,
        }
    }

    /// Of `samples` samples that are 0 or 1, `sum` of them 1.
    pub fn of_counts(sum: u64, samples: u64) -> Option<Stats> {
        (samples > 0).then(|| Stats {
            sum: i128::from(sum),
            samples,
            min: i64::from(sum == samples),
            max: i64::from(sum > 0),
            last: 0,
            area: (0, 0),
        })
    }
}

impl Counter {
    /// A sample.
    #[inline(always)]
    pub fn add(&mut self, counted: bool) {
        // Cannot wrap: a run is shorter than 2^64 facts.
        let cell = if counted { &mut self.sum } else { &mut self.zeros };
        *cell = cell.wrapping_add(1);
    }

    /// How many samples, those that counted nothing among them.
    pub fn samples(&self) -> u64 {
        self.sum + self.zeros
    }
}

impl Tally {
    /// A sample.
    #[inline(always)]
    pub fn add(&mut self, amount: u64) {
        self.sum = self.sum.wrapping_add(u128::from(amount));
        self.samples = self.samples.wrapping_add(1);
        self.min = self.min.min(amount);
        self.max = self.max.max(amount);
    }

    /// How many samples.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The smallest sample and the largest; none without samples.
    pub fn extremes(&self) -> Option<(u64, u64)> {
        (self.samples > 0).then(|| (self.least.min(self.min), self.most.max(self.max)))
    }

    fn look(&mut self) {
        (self.least, self.most) = (self.least.min(self.min), self.most.max(self.max));
        (self.min, self.max) = (u64::MAX, 0);
    }
}

impl Samples {
    /// A sample.
    #[inline(always)]
    pub fn add(&mut self, value: u64) {
        self.histogram.add_within(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if let Some(minute) = &mut self.minute {
            minute.add(value);
        }
    }

    fn look(&mut self) {
        self.histogram.widen(self.min, self.max);
        (self.min, self.max) = (u64::MAX, 0);
    }
}

fn signed(sum: u128) -> i128 {
    i128::try_from(sum).unwrap_or(i128::MAX)
}

fn short(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Gauge {
    /// One more.
    #[inline(always)]
    pub fn up(&mut self, now: Time) {
        self.level = self.level.wrapping_add(1);
        self.changed = now;
        // 127 bits hold every instant of 2^63 changes; the sum of a period's levels is far from
        // 2^63.
        self.area = self.area.wrapping_sub(i128::from(now.as_nanos()));
        self.sum = self.sum.wrapping_add(self.level);
        self.changes = self.changes.wrapping_add(1);
        self.max = self.max.max(self.level);
    }

    /// One less.
    #[inline(always)]
    pub fn down(&mut self, now: Time) {
        self.level = self.level.wrapping_sub(1);
        self.changed = now;
        self.area = self.area.wrapping_add(i128::from(now.as_nanos()));
        self.sum = self.sum.wrapping_add(self.level);
        self.changes = self.changes.wrapping_add(1);
        self.min = self.min.min(self.level);
    }

    /// The level is `level` from now on; a sample even if it was that before.
    pub fn set(&mut self, now: Time, level: u64) {
        let level = short(level);
        if level == 0 && self.level == 0 {
            return;
        }
        self.area -= i128::from(level - self.level) * i128::from(now.as_nanos());
        self.level = level;
        self.changed = now;
        self.sum = self.sum.saturating_add(level);
        self.changes += 1;
        self.min = self.min.min(level);
        self.max = self.max.max(level);
    }

    fn look(&mut self) {
        (self.lowest, self.highest) = (self.lowest(), self.highest());
        (self.sum, self.changes) = (0, 0);
        (self.min, self.max) = (self.level, self.level);
    }

    /// Begins again at `now` with the level as it is; the warm-up is over.
    pub fn reset(&mut self, now: Time) {
        let level = self.level;
        *self = Gauge {
            level,
            area: -i128::from(level) * i128::from(now.as_nanos()),
            changed: self.changed,
            min: level,
            max: level,
            highest: level,
            // What contradicted itself before is not forgotten.
            lowest: self.lowest(),
            ..Gauge::default()
        };
    }

    /// Area below the level from the beginning to `now`, in units times nanoseconds.
    pub fn area(&self, now: Time) -> i128 {
        i128::from(self.level) * i128::from(now.as_nanos()) + self.area
    }

    /// When it changed last; [`Time::ZERO`] if it did not.
    pub fn changed(&self) -> Time {
        self.changed
    }

    /// The mean over time since `from`, up to `until` or its own last change, if that is later, as an area and a
    /// length in nanoseconds. So it does not depend on how long something else goes on. None over no time.
    pub fn mean(&self, from: Time, until: Time) -> Option<(i128, u64)> {
        let until = until.max(self.changed);
        let length = until.as_nanos().saturating_sub(from.as_nanos());
        (length > 0).then(|| (self.area(until), length))
    }

    /// The highest level so far.
    pub fn highest(&self) -> i64 {
        self.highest.max(self.max)
    }

    /// The lowest level so far.
    pub fn lowest(&self) -> i64 {
        self.lowest.min(self.min)
    }
}

/// A cell, to be read.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Of a count.
    Counter(&'a Counter),
    /// Of an amount.
    Tally(&'a Tally),
    /// Of a gauge.
    Gauge(&'a Gauge),
    /// Of a distribution.
    Samples(&'a Samples),
}

/// A cell, to be changed.
#[derive(Debug)]
pub enum CellMut<'a> {
    /// Of a count.
    Counter(&'a mut Counter),
    /// Of an amount.
    Tally(&'a mut Tally),
    /// Of a gauge.
    Gauge(&'a mut Gauge),
    /// Of a distribution.
    Samples(&'a mut Samples),
}

impl Cell<'_> {
    /// Whether it has extremes since the last look that a mark has to be told of.
    #[inline]
    pub fn is_to_be_looked_at(self) -> bool {
        match self {
            Cell::Counter(_) => false,
            Cell::Tally(cell) => cell.min <= cell.max,
            Cell::Gauge(cell) => cell.changes > 0,
            Cell::Samples(cell) => cell.min <= cell.max,
        }
    }
}

impl CellMut<'_> {
    /// Every reader has looked: extremes begin anew.
    pub fn look(self) {
        match self {
            CellMut::Counter(_) => (),
            CellMut::Tally(cell) => cell.look(),
            CellMut::Gauge(cell) => cell.look(),
            CellMut::Samples(cell) => cell.look(),
        }
    }

    /// Forgets what was counted, at `now`; the warm-up is over.
    pub fn reset(self, now: Time) {
        match self {
            CellMut::Counter(cell) => *cell = Counter::default(),
            CellMut::Tally(cell) => *cell = Tally::default(),
            CellMut::Gauge(cell) => cell.reset(now),
            // Samples are taken by when what they are about entered, so none was taken yet.
            CellMut::Samples(_) => (),
        }
    }
}

/// What a reader remembers of a cell: how it was at the beginning of a stretch, and its extremes in it.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Of a level: the sum of those at the changes in the stretch. Of others: the sum at its beginning.
    sum: i128,
    /// Of a level: the changes in the stretch. Of others: how many samples there were at its beginning.
    samples: u64,
    min: i64,
    max: i64,
    /// The level at the beginning, and the area below it up to there without the part of the level itself.
    level: i64,
    area: i128,
}

impl Mark {
    /// A stretch begins with the cell as it is.
    pub fn new(cell: Cell<'_>) -> Mark {
        let of =
            |sum, samples| Mark { sum, samples, min: i64::MAX, max: i64::MIN, level: 0, area: 0 };
        match cell {
            Cell::Counter(cell) => of(i128::from(cell.sum), cell.samples()),
            Cell::Tally(cell) => of(signed(cell.sum), cell.samples),
            Cell::Samples(cell) => of(signed(cell.histogram.sum()), cell.histogram.count()),
            Cell::Gauge(Gauge { level, area, .. }) => {
                let (level, area) = (*level, *area);
                Mark { sum: 0, samples: 0, min: level, max: level, level, area }
            }
        }
    }

    /// Takes the extremes since the last look.
    pub fn look(&mut self, cell: Cell<'_>) {
        let (min, max) = match cell {
            Cell::Counter(_) => return,
            Cell::Tally(cell) => (short(cell.min), short(cell.max)),
            Cell::Samples(cell) => (short(cell.min), short(cell.max)),
            Cell::Gauge(cell) => {
                self.sum += i128::from(cell.sum);
                self.samples += cell.changes;
                (cell.min, cell.max)
            }
        };
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
    }

    /// The highest level of a stretch that ends now, everything looked at; a new one begins.
    pub fn take_highest(&mut self, cell: Cell<'_>) -> u64 {
        let highest = self.max;
        *self = Mark::new(cell);
        u64::try_from(highest).unwrap_or(0)
    }

    /// A sample of a count that was added in this stretch belongs to one before it.
    pub fn leave_out(&mut self, counted: bool) {
        self.sum += i128::from(counted);
        self.samples += 1;
    }

    /// The stretch ends, everything has been looked at, and a new one begins. What it says of the cell; none if
    /// there was no sample, or no change. A level has a sample at each change, and one where the stretch begins.
    pub fn close(&mut self, cell: Cell<'_>, from: Time, until: Time) -> Option<Stats> {
        let now = Mark::new(cell);
        let Mark { min, max, .. } = *self;
        let stats = match cell {
            Cell::Counter(_) => {
                let ones = u64::try_from(now.sum - self.sum).unwrap_or(0);
                Stats::of_counts(ones, now.samples - self.samples)
            }
            Cell::Gauge(gauge) if self.samples > 0 => {
                let start = self.level;
                let before = i128::from(start) * i128::from(from.as_nanos()) + self.area;
                let length = until.as_nanos().saturating_sub(from.as_nanos());
                Some(Stats {
                    area: (gauge.area(until) - before, length),
                    sum: self.sum + i128::from(start),
                    samples: self.samples + 1,
                    min,
                    max,
                    last: gauge.level,
                })
            }
            Cell::Gauge(_) => return None,
            Cell::Tally(_) | Cell::Samples(_) => {
                let (sum, samples) = (now.sum - self.sum, now.samples - self.samples);
                (samples > 0).then_some(Stats { sum, samples, min, max, last: 0, area: (0, 0) })
            }
        };
        if stats.is_some() {
            *self = now;
        }
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::secs(seconds)
    }

    fn close(mark: &mut Mark, gauge: &mut Gauge, from: Time, until: Time) -> Option<Stats> {
        mark.look(Cell::Gauge(gauge));
        CellMut::Gauge(gauge).look();
        mark.close(Cell::Gauge(gauge), from, until)
    }

    #[test]
    fn a_gauge_has_a_mean_over_time_and_samples_at_its_changes() {
        let mut gauge = Gauge::default();
        let mut mark = Mark::new(Cell::Gauge(&gauge));
        gauge.up(at(10));
        gauge.up(at(20));
        gauge.down(at(40));
        assert_eq!(gauge.area(at(50)), 10_000_000_000 * (1 + 2 + 2 + 1));
        let area = (10_000_000_000 * (1 + 2 + 2 + 1), 50_000_000_000);
        let first = Stats { sum: 1 + 2 + 1, samples: 4, min: 0, max: 2, last: 1, area };
        assert_eq!(close(&mut mark, &mut gauge, at(0), at(50)), Some(first));
        assert!((first.mean() - 1.2).abs() < 1e-12, "over time");
        let unchanged = close(&mut mark, &mut gauge, at(50), at(55));
        assert_eq!(unchanged, None, "unchanged in the period: no row");
        gauge.down(at(60));
        let area = (5_000_000_000, 10_000_000_000);
        let second = Stats { sum: 1, samples: 2, min: 0, max: 1, last: 0, area };
        let found = close(&mut mark, &mut gauge, at(55), at(65));
        assert_eq!(found, Some(second), "the value at the start of the period is a sample");
        let mean = gauge.mean(at(0), at(30));
        assert_eq!(mean, Some((70_000_000_000, 60_000_000_000)), "up to its last change");
        assert_eq!((gauge.lowest(), gauge.highest()), (0, 2));
    }

    #[test]
    fn after_the_warm_up_a_gauge_keeps_its_level_and_forgets_its_past() {
        let mut gauge = Gauge::default();
        (0..3).for_each(|_| gauge.up(at(1)));
        gauge.down(at(2));
        gauge.reset(at(10));
        assert_eq!((gauge.level, gauge.highest(), gauge.area(at(15))), (2, 2, 10_000_000_000));
    }

    /// Two readers whose stretches end at different times: each has the whole of its own.
    #[test]
    fn readers_with_other_edges_do_not_take_extremes_from_each_other() {
        let (mut gauge, mut samples) = (Gauge::default(), Samples::default());
        let mut levels = [Mark::new(Cell::Gauge(&gauge)); 2];
        let mut sampled = [Mark::new(Cell::Samples(&samples)); 2];
        let mut found = Vec::new();
        for second in 1..=6_u64 {
            gauge.set(at(second), 10 - second);
            samples.add(10 * second);
            levels.iter_mut().for_each(|mark| mark.look(Cell::Gauge(&gauge)));
            sampled.iter_mut().for_each(|mark| mark.look(Cell::Samples(&samples)));
            CellMut::Gauge(&mut gauge).look();
            CellMut::Samples(&mut samples).look();
            for (reader, every) in [2, 3].into_iter().enumerate() {
                if second.is_multiple_of(every) {
                    let (from, until) = (at(second - every), at(second));
                    let level = levels[reader].close(Cell::Gauge(&gauge), from, until).unwrap();
                    let sample =
                        sampled[reader].close(Cell::Samples(&samples), from, until).unwrap();
                    found.push((every, second, level.max, sample.min, sample.sum));
                }
            }
        }
        let expected = [
            (2, 2, 9, 10, 30),
            (3, 3, 9, 10, 60),
            (2, 4, 8, 30, 70),
            (2, 6, 6, 50, 110),
            (3, 6, 7, 40, 150),
        ];
        assert_eq!(found, expected);
    }
}
