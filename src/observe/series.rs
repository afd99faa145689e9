//! What happened in each period: one row a period, resource and measure that was counted or changed.
//!
//! Rows are written when a period closes and kept as variable-length numbers, some ten bytes each,
//! so that a long run's series stays small; [`Series::rows`] reads them back in order of period,
//! resource and measure. Errors are stamped at the start of their run, so a row can still grow
//! after its period: such late additions are kept apart and joined in when reading.

use super::{
    cell::{Cell, Mark, Stats},
    measure::{Kind, Measure},
    table::{Late, MetricTable, Slot},
};
use crate::{
    kernel::{Span, Time},
    model::{Resource, ResourceKind},
};
use std::collections::BTreeMap;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The period's number, from 0 at time 0.
    pub period: u64,
    /// Whose.
    pub resource: Resource,
    /// What.
    pub measure: Measure,
    /// Its samples, as they are kept (nanoseconds; milliseconds times megabytes).
    pub stats: Stats,
}

impl Row {
    fn scale(&self) -> f64 {
        self.measure.unit().scale() as f64
    }
    /// The sum, in the measure's unit.
    pub fn sum(&self) -> f64 {
        self.stats.sum as f64 / self.scale()
    }
    /// The smallest sample, in the measure's unit.
    pub fn min(&self) -> f64 {
        self.stats.min as f64 / self.scale()
    }
    /// The largest sample, in the measure's unit.
    pub fn max(&self) -> f64 {
        self.stats.max as f64 / self.scale()
    }
    /// The mean in the measure's unit: of a gauge over the time of the period, of others by their number.
    pub fn average(&self) -> f64 {
        self.stats.mean() / self.scale()
    }
}

/// The rows of a run.
#[derive(Debug)]
pub struct Series {
    /// Length of a period.
    pub period: Span,
    /// Nothing but the ledger is counted before.
    counted_from: Time,
    chunks: Vec<Vec<u8>>,
    rows: u64,
    late: BTreeMap<(u64, Resource, Measure), (u64, u64)>,
}

/// Writes a series from the table of numbers: looks at every cell when a period ends.
#[derive(Debug)]
pub struct Periods {
    /// What has been written.
    pub series: Series,
    marks: Vec<Mark>,
    /// The present period, and when it began for what is counted.
    period: u64,
    from: Time,
    /// Nothing but the ledger is written before the end of the warm-up.
    counting: bool,
}

impl Periods {
    /// The first period begins.
    pub fn new(series: Series, table: &MetricTable) -> Periods {
        let counting = series.counted_from == Time::ZERO;
        let marks = table.slots().iter().map(|slot| Mark::new(table.at(slot))).collect();
        Periods { series, marks, period: 0, from: Time::ZERO, counting }
    }

    /// The present period.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// When the present period ends.
    pub fn next(&self) -> Time {
        self.series.start_of(self.period + 1)
    }

    /// A cell has new extremes.
    pub fn look(&mut self, slot: usize, cell: Cell<'_>) {
        self.marks[slot].look(cell);
    }

    /// Something was counted that is stamped with a time that has passed.
    pub fn late(&mut self, table: &MetricTable, late: &Late) {
        if !late.kept || self.from <= late.at {
            return;
        }
        let (slot, at) = (late.slot as usize, late.at);
        self.marks[slot].leave_out(late.counted);
        let Slot { resource, measure, .. } = table.slots()[slot];
        self.series.add_late(at, resource, measure, late.counted);
    }

    /// The present period, at which everybody has looked, ends at `until`; the next one in which something happens
    /// is `next`.
    pub fn close(&mut self, table: &MetricTable, until: Time, next: u64) {
        let Periods { series, marks, period, from, counting } = self;
        for (slot, mark) in table.slots().iter().zip(marks) {
            if let Some(stats) = mark.close(table.at(slot), *from, until)
                && slot.resource != Resource::RUN
                && (*counting || slot.measure.is_ledger())
            {
                let (resource, measure) = (slot.resource, slot.measure);
                series.push(Row { period: *period, resource, measure, stats });
            }
        }
        self.period = next;
        self.from = self.series.start_of(next);
    }

    /// The warm-up is over, and the cells of the table begin anew at `now`.
    pub fn begin_counting(&mut self, table: &MetricTable, now: Time) {
        for (slot, mark) in table.slots().iter().zip(&mut self.marks) {
            if !slot.measure.is_ledger() {
                *mark = Mark::new(table.at(slot));
            }
        }
        (self.counting, self.from) = (true, now);
    }
}

/// So much is written before a new chunk is begun; growing one vector for all would copy them.
const CHUNK: usize = 1 << 16;
/// More than a row can take.
const ROW_MAX: usize = 128;

impl Series {
    /// No rows yet. A period of no length stands for one of the longest.
    pub fn new(period: Span, counted_from: Time) -> Series {
        let period = if period == Span::ZERO { Span::FOREVER } else { period };
        Series { period, counted_from, chunks: Vec::new(), rows: 0, late: BTreeMap::new() }
    }

    /// From when on there are rows: the end of the warm-up.
    pub fn counted_from(&self) -> Time {
        self.counted_from
    }

    /// The period that an instant is in.
    pub fn period_of(&self, at: Time) -> u64 {
        at.as_nanos() / self.period.as_nanos()
    }

    /// When a period begins.
    pub fn start_of(&self, period: u64) -> Time {
        Time::from_nanos(period.saturating_mul(self.period.as_nanos()))
    }

    /// Adds a row. Rows come in order.
    pub fn push(&mut self, row: Row) {
        if self.chunks.last().is_none_or(|chunk| chunk.len() + ROW_MAX > CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK.min(1024 << self.chunks.len().min(6))));
        }
        let chunk = self.chunks.last_mut().expect("pushed above");
        write(chunk, u128::from(row.period));
        chunk.extend([row.resource.kind as u8, row.measure as u8]);
        write(chunk, u128::from(row.resource.index));
        write(chunk, u128::from(row.stats.samples));
        write(chunk, zigzag(row.stats.sum));
        if !plain(row.measure) {
            write(chunk, zigzag(i128::from(row.stats.min)));
            write(chunk, zigzag(i128::from(row.stats.max)));
        }
        if row.measure.kind() == Kind::Gauge {
            write(chunk, zigzag(i128::from(row.stats.last)));
            write(chunk, zigzag(row.stats.area.0));
            write(chunk, u128::from(row.stats.area.1));
        }
        self.rows += 1;
    }

    /// Adds a count to a period that is closed, if it is not from before the end of the warm-up.
    #[cold]
    pub fn add_late(&mut self, at: Time, resource: Resource, measure: Measure, counted: bool) {
        if at < self.counted_from {
            return;
        }
        let late = self.late.entry((self.period_of(at), resource, measure)).or_default();
        late.0 += u64::from(counted);
        late.1 += 1;
    }

    /// Every row, in order of period, resource and measure.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let mut written = self.chunks.iter().flat_map(|chunk| Reader { left: chunk }).peekable();
        let mut late = self.late.iter().peekable();
        std::iter::from_fn(move || {
            let key = |row: &Row| (row.period, row.resource, row.measure);
            let (Some(next), Some((at, (sum, samples)))) = (written.peek(), late.peek()) else {
                return written.next().or_else(|| {
                    let (at, (sum, samples)) = late.next()?;
                    late_row(*at, *sum, *samples)
                });
            };
            if key(next) < **at {
                return written.next();
            }
            let mut row = late_row(**at, *sum, *samples)?;
            if key(next) == **at {
                let sum = u64::try_from(next.stats.sum).expect("a count") + sum;
                row.stats = Stats::of_counts(sum, next.stats.samples + samples)?;
                written.next();
            }
            late.next();
            Some(row)
        })
    }

    /// Bytes that the rows take.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }
}

fn late_row(at: (u64, Resource, Measure), sum: u64, samples: u64) -> Option<Row> {
    let stats = Stats::of_counts(sum, samples)?;
    Some(Row { period: at.0, resource: at.1, measure: at.2, stats })
}

/// Whether the extremes follow from sum and number.
fn plain(measure: Measure) -> bool {
    matches!(measure.kind(), Kind::Count | Kind::Place)
}

fn zigzag(value: i128) -> u128 {
    #[expect(clippy::cast_sign_loss, reason = "the sign goes into the lowest bit")]
    let folded = (value << 1) as u128 ^ (value >> 127) as u128;
    folded
}

fn unzigzag(value: u128) -> i128 {
    let half = i128::try_from(value >> 1).expect("127 bits");
    if value & 1 == 0 { half } else { -half - 1 }
}

/// Seven bits a byte, lowest first, the high bit on all but the last.
fn write(into: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        into.push(0x80 | u8::try_from(value & 0x7f).expect("seven bits"));
        value >>= 7;
    }
    into.push(u8::try_from(value).expect("seven bits"));
}

struct Reader<'a> {
    left: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.left.split_first()?;
        self.left = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u128> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Some(value);
            }
        }
    }

    fn short(&mut self) -> Option<i64> {
        i64::try_from(unzigzag(self.number()?)).ok()
    }
}

impl Iterator for Reader<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let period = u64::try_from(self.number()?).ok()?;
        let (kind, measure) = (self.byte()?, self.byte()?);
        let kind = ResourceKind::ALL[usize::from(kind)];
        let resource = Resource { kind, index: u16::try_from(self.number()?).ok()? };
        let measure = Measure::ALL[usize::from(measure)];
        let samples = u64::try_from(self.number()?).ok()?;
        let sum = unzigzag(self.number()?);
        let stats = if plain(measure) {
            Stats::of_counts(u64::try_from(sum).ok()?, samples)?
        } else {
            let (min, max) = (self.short()?, self.short()?);
            let (mut last, mut area) = (0, (0, 0));
            if measure.kind() == Kind::Gauge {
                last = self.short()?;
                area = (unzigzag(self.number()?), u64::try_from(self.number()?).ok()?);
            }
            Stats { sum, samples, min, max, last, area }
        };
        Some(Row { period, resource, measure, stats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKER: Resource = Resource { kind: ResourceKind::Function, index: 300 };

    fn errors(period: u64, sum: u64, samples: u64) -> Row {
        late_row((period, WORKER, Measure::Errors), sum, samples).unwrap()
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let mut series = Series::new(Span::mins(1), Time::ZERO);
        let gauge = |period, sum| Row {
            period,
            resource: Resource::ACCOUNT,
            measure: Measure::ConcurrentExecutions,
            stats: Stats { sum, samples: 3, min: -1, max: i64::MAX, last: -7, area: (sum, 60) },
        };
        let rows: Vec<Row> = (0..20_000)
            .flat_map(|period| [errors(period * 1000, 1, 7), gauge(period * 1000, -1 << 100)])
            .chain([gauge(u64::MAX, i128::MAX)])
            .collect();
        rows.iter().for_each(|row| series.push(*row));
        assert!(series.rows().eq(rows.iter().copied()));
        assert!(series.chunks.len() > 1 && series.bytes() < rows.len() * 40);
    }

    #[test]
    fn what_comes_late_joins_its_row_or_makes_one() {
        let mut series = Series::new(Span::mins(1), Time::ZERO);
        series.push(errors(1, 1, 2));
        series.push(errors(5, 0, 1));
        let minute = |n: u64| Time::ZERO + Span::mins(n);
        for (at, counted) in [(1, true), (0, false), (3, true), (9, true), (9, false)] {
            series.add_late(minute(at), WORKER, Measure::Errors, counted);
        }
        let expected =
            [errors(0, 0, 1), errors(1, 2, 3), errors(3, 1, 1), errors(5, 0, 1), errors(9, 1, 2)];
        assert!(series.rows().eq(expected));
    }

    #[test]
    fn nothing_late_is_counted_from_before_the_warm_up_ended() {
        let mut series = Series::new(Span::mins(1), Time::ZERO + Span::secs(90));
        series.add_late(Time::ZERO + Span::secs(89), WORKER, Measure::Errors, true);
        series.add_late(Time::ZERO + Span::secs(90), WORKER, Measure::Errors, true);
        assert!(series.rows().eq([errors(1, 1, 1)]));
    }
}
