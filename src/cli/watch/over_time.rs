//! What was: runs, errors and depths over the whole run, as far as it has been played, and the timeline.
//!
//! A column is one or more bins: what it counts is added up, of a level it shows the highest. `·` is 0; what
//! has not been played is blank. Each line has its own scale.

use super::{
    palette::{Meaning, Palette},
    row::{Row, clock_short},
    tables::{NAME, is_dead_letter_queue},
};
use crate::{
    kernel::Time,
    model::{config::Resources, vocabulary::QueueId},
    observe::{Live, Measure, ResourceKind, live::Shown},
    report::wording::{count, seconds},
    scenario::timeline::Happening,
};
use ratatui::{style::Style, text::Line};
use std::ops::Range;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns of what a line shows.
const LABEL: usize = 8;
/// Columns of the highest value, at the right.
const MAX: usize = 14;
/// A line has at most so many rows.
const ROWS_MAX: usize = 4;
/// Bins beyond the duration are shown so many at a time, so that the columns do not change with each.
const BINS_MORE: usize = 40;

/// The charts.
pub struct OverTime<'a> {
    /// The resources, for their names.
    pub resources: &'a Resources,
    /// What was.
    pub live: Live<'a>,
    /// What the timeline does.
    pub happenings: &'a [Happening],
    /// When arrivals stop: at least so much is on the axis.
    pub duration: Time,
    /// Where the run stands.
    pub clock: Time,
    /// The colours.
    pub palette: Palette,
    /// The columns of the screen.
    pub width: usize,
}

/// The columns of a chart.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    number: usize,
    /// Bins in each.
    each: usize,
}

impl OverTime<'_> {
    /// The rows of all charts, at most so many.
    pub fn lines(&self, most: usize) -> Vec<Line<'static>> {
        let timeline = usize::from(!self.happenings.is_empty());
        let Some(room) = most.checked_sub(1 + timeline).filter(|room| 0 < *room) else {
            return Vec::new();
        };
        let columns = self.columns();
        let all: Vec<Shown<'_>> = self.live.over_time().filter(|of| 0 < of.bins.peak()).collect();
        let shown = self.first(&all, room);
        let rows = (room / shown.len().max(1)).clamp(1, ROWS_MAX);
        let mut lines = vec![self.heading(&columns, all.len() - shown.len())];
        let mut before = None;
        for track in shown {
            let is_first = before.replace(track.resource) != Some(track.resource);
            lines.extend(self.track(&track, is_first, rows, &columns));
        }
        if timeline > 0 {
            lines.push(self.timeline(&columns));
        }
        lines
    }

    /// Of all lines those that say most, at most so many, in their order.
    fn first<'t>(&self, all: &[Shown<'t>], most: usize) -> Vec<Shown<'t>> {
        let runs = |of: &&Shown<'_>| self.live.level(of.resource, Measure::Invocations);
        let functions = all.iter().filter(|of| of.resource.kind == ResourceKind::Function);
        let busiest = functions.max_by_key(runs).map(|of| of.resource);
        let rank = |of: &Shown<'_>| match (of.measure, Some(of.resource) == busiest) {
            (Measure::Invocations, true) => 0,
            (Measure::IteratorAge, _) => 1,
            (Measure::ApproximateNumberOfMessagesVisible, _) => match self.told(of) {
                (_, Meaning::Dead) => 1,
                _ => 2,
            },
            (Measure::Depth, _) => 2,
            (Measure::Errors, true) => 3,
            (Measure::Invocations, false) => 4,
            (Measure::WaitingEvents, _) => 5,
            (Measure::WorkQueued, _) => 6,
            (Measure::Errors, false) => 7,
            _ => 8,
        };
        let mut ranked: Vec<(usize, Shown<'t>)> = all.iter().copied().enumerate().collect();
        ranked.sort_by_key(|(at, of)| (rank(of), *at));
        ranked.truncate(most);
        ranked.sort_by_key(|(at, _)| *at);
        ranked.into_iter().map(|(_, of)| of).collect()
    }

    fn heading(&self, columns: &Columns, left_out: usize) -> Line<'static> {
        let end = match self.clock <= self.duration {
            true => self.duration,
            false => self.begin(columns, columns.number),
        };
        let column = self.begin(columns, 1).as_secs_f64();
        let mut told = format!(" 0 to {} · a column is {}", clock_short(end), seconds(column));
        if 0 < left_out {
            told.push_str(&format!(" · {left_out} more lines have no room"));
        }
        let mut row = Row::new();
        row.put(" over time", self.palette.muted()).to(1 + NAME);
        row.cut(&told, self.width.saturating_sub(row.width()), self.palette.muted()).line()
    }

    fn left() -> usize {
        1 + NAME + 1 + LABEL + 1
    }

    fn columns(&self) -> Columns {
        let room = self.width.saturating_sub(OverTime::left() + MAX + 1).max(1);
        let width = self.live.width().as_nanos();
        let bins = |until: Time| usize::try_from(until.as_nanos().div_ceil(width)).unwrap_or(1);
        let all = match self.clock <= self.duration {
            true => bins(self.duration),
            false => bins(self.clock).next_multiple_of(BINS_MORE),
        };
        let each = all.div_ceil(room).max(1);
        Columns { number: all.div_ceil(each), each }
    }

    /// The bins of a column.
    fn bins(columns: &Columns, at: usize) -> Range<usize> {
        at * columns.each..(at + 1) * columns.each
    }

    /// When a column begins.
    fn begin(&self, columns: &Columns, at: usize) -> Time {
        let bins = (at * columns.each) as u64;
        Time::from_nanos(bins.saturating_mul(self.live.width().as_nanos()))
    }

    /// A line of one or more rows.
    fn track(
        &self,
        track: &Shown<'_>,
        is_first: bool,
        rows: usize,
        columns: &Columns,
    ) -> Vec<Line<'static>> {
        let (label, meaning) = self.told(track);
        let style = self.palette.of(meaning);
        let played = (0..columns.number).take_while(|at| self.begin(columns, *at) <= self.clock);
        let values: Vec<u64> = played.map(|at| track.bins.over(Self::bins(columns, at))).collect();
        let highest = values.iter().copied().max().unwrap_or(0).max(1);
        let eighths: Vec<u64> =
            values.iter().map(|value| eighths(*value, highest, rows as u64)).collect();
        let row = |at: usize| {
            let is_bottom = at + 1 == rows;
            let mut row = Row::new();
            row.put(" ", self.palette.ink());
            if is_bottom {
                let name = if is_first { track.resource.name(self.resources) } else { "" };
                row.cut(name, NAME, self.palette.strong()).to(1 + NAME + 1);
                row.cut(label, LABEL, self.palette.words(meaning));
            }
            row.to(OverTime::left());
            let below = (rows - 1 - at) as u64 * 8;
            for column in 0..columns.number {
                let (shape, style) = match eighths.get(column) {
                    None => (' ', Style::new()),
                    Some(0) if is_bottom => ('·', self.palette.muted()),
                    Some(eighths) => match eighths.saturating_sub(below).min(8) {
                        0 => (' ', Style::new()),
                        n => (BARS[usize::try_from(n).expect("at most 8") - 1], style),
                    },
                };
                let style =
                    if self.is_set(columns, column) { self.palette.fault(style) } else { style };
                row.put(shape.encode_utf8(&mut [0; 4]), style);
            }
            if is_bottom {
                row.cut(
                    &format!("  max {}", Self::most(track, highest)),
                    MAX,
                    self.palette.muted(),
                );
            }
            row.line()
        };
        (0..rows).map(row).collect()
    }

    /// What a line shows.
    fn told(&self, of: &Shown<'_>) -> (&'static str, Meaning) {
        match of.measure {
            Measure::Invocations => ("runs", Meaning::Running),
            Measure::Errors => ("errors", Meaning::Failed),
            Measure::Throttles => ("429s", Meaning::Waiting),
            Measure::WaitingEvents => ("waiting", Meaning::Waiting),
            Measure::WorkQueued => ("queued", Meaning::Waiting),
            Measure::Depth => ("records", Meaning::Waiting),
            Measure::IteratorAge => ("age", Meaning::Waiting),
            _ => match is_dead_letter_queue(self.resources, QueueId(of.resource.index)) {
                true => ("✉ ready", Meaning::Dead),
                false => ("ready", Meaning::Visible),
            },
        }
    }

    /// The highest value of a line, in the unit of its measure.
    fn most(of: &Shown<'_>, highest: u64) -> String {
        match of.measure.unit().is_time() {
            true => seconds(highest as f64 / 1e9),
            false => count(highest),
        }
    }

    /// Whether something is set by the timeline at some time of a column.
    fn is_set(&self, columns: &Columns, at: usize) -> bool {
        let (begin, end) = (self.begin(columns, at), self.begin(columns, at + 1));
        let is_set = |of: &Happening| {
            let until = of.until.unwrap_or(Time::NEVER);
            !of.is_call && of.from < end && begin < until
        };
        self.happenings.iter().any(is_set)
    }

    fn timeline(&self, columns: &Columns) -> Line<'static> {
        let mut row = Row::new();
        row.to(1 + NAME + 1).cut("timeline", LABEL, self.palette.muted()).to(OverTime::left());
        for at in 0..columns.number {
            let (begin, end) = (self.begin(columns, at), self.begin(columns, at + 1));
            let is_called = |of: &Happening| of.is_call && begin <= of.from && of.from < end;
            let failed = self.palette.of(Meaning::Failed);
            match (self.happenings.iter().any(is_called), self.is_set(columns, at)) {
                (true, _) => row.put("▲", self.palette.ink()),
                (false, true) => row.put("━", failed),
                (false, false) => row.put(" ", Style::new()),
            };
        }
        row.cut("  ━ set ▲ call", MAX, self.palette.muted());
        row.line()
    }
}

/// How many eighths of a row are filled: some if it is not 0.
fn eighths(value: u64, highest: u64, rows: u64) -> u64 {
    let all = u128::from(rows * 8);
    let eighths = (u128::from(value) * all).div_ceil(u128::from(highest));
    u64::try_from(eighths.min(all)).expect("at most all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_0_is_seen_and_the_highest_fills_all_rows() {
        assert_eq!([0, 1, 50, 100].map(|value| eighths(value, 100, 1)), [0, 1, 4, 8]);
        assert_eq!([0, 1, 50, 100].map(|value| eighths(value, 100, 3)), [0, 1, 12, 24]);
        assert_eq!(eighths(u64::MAX, u64::MAX, 4), 32);
    }
}
