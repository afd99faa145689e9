//! A run over time for a terminal: a line of bars for each queue's depth and each function's runs.
//!
//! ```text
//! Over time (counts per 60 s; · is 0, █ the max)
//!   Worker  Invocations  ▃▃▃▃▃▃▆█▃▃  max 312
//!           Errors       ······▁···  max 1, █ is 312
//!   Jobs    visible      ···▂▅█▃···  max 4,200
//!           timeline        ━━━      ━ set
//!                        0 s  10 min 00 s
//! ```
//!
//! A column is a period, or several of which it shows the highest; a level goes on through periods in which
//! it did not change. What was not counted, before the warm-up's end, is blank.
//!
//! A line is as high as its highest value, unless that is little beside what it is to be seen with: errors and
//! throttles are seen with the runs of their function, depths with the deepest queue and with the runs of a period.
//! So one error in 100,000 runs is a low bar, and no line looks like a disaster that is none.

use super::wording::{count, seconds};
use crate::{
    kernel::Time,
    observe::{
        Resource, Series,
        measure::{Kind, Measure},
        series::Row,
    },
};
use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

/// What the timeline did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// From then until then the resources were not those of the beginning.
    Set(Time, Time),
    /// An API was called.
    Call(Time),
}

/// In characters, the maxima included.
const WIDTH: usize = 72;
/// Longer names are cut.
const NAME_MAX: usize = 16;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What has a line, if there was any of it, and its label.
const DRAWN: [(Measure, &str); 4] = [
    (Measure::Invocations, "Invocations"),
    (Measure::Errors, "Errors"),
    (Measure::Throttles, "Throttles"),
    (Measure::ApproximateNumberOfMessagesVisible, "visible"),
];

/// The picture of a run that ended at `ended`, with an empty line before it; empty if there is nothing
/// to draw. `name`: of what a row is about.
pub fn render<'a>(
    series: &Series,
    name: &dyn Fn(Resource) -> &'a str,
    ended: Time,
    marks: &[Mark],
) -> String {
    let mut highest: BTreeMap<(Resource, Measure), u64> = BTreeMap::new();
    let mut periods = ended.as_nanos().div_ceil(series.period.as_nanos());
    for row in drawn(series) {
        periods = periods.max(row.period + 1);
        let max = highest.entry((row.resource, row.measure)).or_default();
        *max = value(&row).max(*max);
    }
    highest.retain(|_, max| *max > 0);
    if highest.is_empty() {
        return String::new();
    }

    let scales: Vec<u64> = highest.keys().map(|key| scale(&highest, *key)).collect();
    let maxima: Vec<String> = highest
        .values()
        .zip(&scales)
        .map(|(max, scale)| match max == scale {
            true => format!("max {}", count(*max)),
            false => format!("max {}, █ is {}", count(*max), count(*scale)),
        })
        .collect();
    let names: Vec<String> = highest.keys().map(|(resource, _)| short(name(*resource))).collect();
    let legend = legend(marks, ended);
    let name_width = widest(names.iter().map(String::as_str));
    let label_width = widest(highest.keys().map(|(_, measure)| label(*measure)));
    let label_width = label_width.max(if legend.is_empty() { 0 } else { "timeline".len() });
    let right = widest(maxima.iter().map(String::as_str).chain([legend.as_str()]));
    let left = 2 + name_width + 2 + label_width + 2;
    let columns = Columns::new(periods, WIDTH.saturating_sub(left + 2 + right).max(1));

    let mut out = format!("\n{}\n", heading(series, ended, columns.each));
    let mut line = |name: &str, label: &str, bars: &str, told: &str| {
        let text = format!("  {name:name_width$}  {label:label_width$}  {bars}  {told}");
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let mut before = None;
    let all = cells(series, &columns, highest.keys());
    let lines = scales.iter().zip(names.iter().zip(&maxima));
    for ((resource, measure), (scale, (name, told))) in highest.keys().zip(lines) {
        let name = if before.replace(resource) == Some(resource) { "" } else { name };
        let bars: String =
            all[&(*resource, *measure)].iter().map(|cell| bar(*cell, *scale)).collect();
        line(name, label(*measure), &bars, told);
    }
    if !legend.is_empty() {
        line("", "timeline", &timeline(series, &columns, marks), &legend);
    }
    let end = seconds(ended.as_secs_f64());
    let space = columns.number.saturating_sub("0 s".len()).max(2 + end.chars().count());
    line("", "", &format!("0 s{end:>space$}"), "");
    out
}

/// The columns of a picture.
#[derive(Debug, PartialEq, Eq)]
struct Columns {
    number: usize,
    /// Periods in each; the last may have fewer.
    each: u64,
}

impl Columns {
    fn new(periods: u64, most: usize) -> Columns {
        let each = periods.div_ceil(most as u64).max(1);
        let number = usize::try_from(periods.div_ceil(each)).expect("at most `most`");
        Columns { number, each }
    }

    /// The column of a period, which may be beyond the last.
    fn of(&self, period: u64) -> usize {
        usize::try_from(period / self.each).unwrap_or(usize::MAX)
    }

    /// Those with a period of `from` on and before `to`.
    fn between(&self, from: u64, to: u64) -> Range<usize> {
        match from < to {
            true => self.of(from).min(self.number)..(self.of(to - 1) + 1).min(self.number),
            false => 0..0,
        }
    }
}

fn drawn(series: &Series) -> impl Iterator<Item = Row> {
    series.rows().filter(|row| DRAWN.iter().any(|(measure, _)| *measure == row.measure))
}

/// What a full bar of a line is: its highest value, or that of what it is to be seen with.
fn scale(
    highest: &BTreeMap<(Resource, Measure), u64>,
    (resource, measure): (Resource, Measure),
) -> u64 {
    let is_seen_with = |other: Resource, with: Measure| match measure {
        Measure::Errors | Measure::Throttles => other == resource && with == Measure::Invocations,
        Measure::ApproximateNumberOfMessagesVisible => {
            matches!(with, Measure::ApproximateNumberOfMessagesVisible | Measure::Invocations)
        }
        _ => false,
    };
    let seen = highest.iter().filter(|((other, with), _)| is_seen_with(*other, *with));
    let own = highest.get(&(resource, measure)).copied().unwrap_or(1);
    seen.map(|(_, max)| *max).fold(own, u64::max)
}

fn label(measure: Measure) -> &'static str {
    DRAWN.iter().find(|(drawn, _)| *drawn == measure).map_or("", |(_, label)| label)
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// What a row draws: how many there were, or the highest level.
fn value(row: &Row) -> u64 {
    let value = if is_level(row.measure) { i128::from(row.stats.max) } else { row.stats.sum };
    u64::try_from(value.max(0)).unwrap_or(u64::MAX)
}

fn is_level(measure: Measure) -> bool {
    measure.kind() == Kind::Gauge
}

/// A line: the highest of each column, if it is known.
type Cells = Vec<Option<u64>>;

fn raise(cells: &mut Cells, columns: Range<usize>, value: u64) {
    for cell in &mut cells[columns] {
        *cell = (*cell).max(Some(value));
    }
}

/// The lines of these resources and measures.
fn cells<'a>(
    series: &Series,
    columns: &Columns,
    keys: impl Iterator<Item = &'a (Resource, Measure)>,
) -> BTreeMap<(Resource, Measure), Cells> {
    let counted_from = series.counted_from();
    let first = series.period_of(counted_from);
    // With each line the level after its last row, and the period from which on it stands.
    let mut lines = BTreeMap::new();
    for (resource, measure) in keys {
        let mut cells = vec![None; columns.number];
        // A level from before it was counted is not known until it changes.
        let level = (is_level(*measure) && counted_from == Time::ZERO).then_some((0, 0));
        if !is_level(*measure) {
            raise(&mut cells, columns.between(first, u64::MAX), 0);
        }
        lines.insert((*resource, *measure), (cells, level));
    }
    for row in drawn(series) {
        let Some((cells, level)) = lines.get_mut(&(row.resource, row.measure)) else { continue };
        if let Some((since, level)) = *level {
            raise(cells, columns.between(since, row.period), level);
        }
        raise(cells, columns.between(row.period, row.period + 1), value(&row));
        if is_level(row.measure) {
            *level = Some((row.period + 1, u64::try_from(row.stats.last).unwrap_or(0)));
        }
    }
    let ended = lines.into_iter().map(|(key, (mut cells, level))| {
        if let Some((since, level)) = level {
            raise(&mut cells, columns.between(since, u64::MAX), level);
        }
        (key, cells)
    });
    ended.collect()
}

fn bar(value: Option<u64>, highest: u64) -> char {
    match value {
        None => ' ',
        Some(0) => '·',
        Some(value) => {
            let eighths = (u128::from(value) * 8).div_ceil(u128::from(highest));
            BARS[usize::try_from(eighths).expect("at most 8") - 1]
        }
    }
}

/// A name that does not take the room of the picture.
fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX) {
        None => name.to_owned(),
        Some(_) => name.chars().take(NAME_MAX - 1).chain(['…']).collect(),
    }
}

fn heading(series: &Series, ended: Time, each: u64) -> String {
    let period = seconds(series.period.min(ended.since(Time::ZERO)).as_secs_f64());
    match each {
        1 => format!("Over time (counts per {period}; · is 0, █ the max)"),
        _ => {
            format!(
                "Over time (counts per {period}; · is 0, █ the max; a column: highest of {each})"
            )
        }
    }
}

/// What is below the lines: `━` while something was set, `▲` at calls.
fn timeline(series: &Series, columns: &Columns, marks: &[Mark]) -> String {
    let mut cells = vec![' '; columns.number];
    let mut paint = |from: Time, to: Time, with: char| {
        let until = series.period_of(Time::from_nanos(to.as_nanos().saturating_sub(1))) + 1;
        cells[columns.between(series.period_of(from), until)].fill(with);
    };
    for mark in marks {
        if let Mark::Set(from, to) = mark {
            paint(*from, *to, '━');
        }
    }
    for mark in marks {
        if let Mark::Call(at) = mark {
            paint(*at, Time::from_nanos(at.as_nanos() + 1), '▲');
        }
    }
    cells.into_iter().collect()
}

/// What the marks are that come before the end.
fn legend(marks: &[Mark], ended: Time) -> String {
    let sets = marks.iter().any(|mark| matches!(mark, Mark::Set(from, _) if *from < ended));
    let calls = marks.iter().any(|mark| matches!(mark, Mark::Call(at) if *at < ended));
    let words = [(sets, "━ set"), (calls, "▲ call")].into_iter().filter(|(is_there, _)| *is_there);
    words.map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kernel::Span, observe::cell::Stats};

    /// Whose rows they are makes no difference here, so those stand for a function and a queue that need
    /// no number.
    const WORKER: Resource = Resource::ACCOUNT;
    const JOBS: Resource = Resource::RUN;

    fn minute(n: u64) -> Time {
        Time::ZERO + Span::mins(n)
    }

    fn runs(period: u64, measure: Measure, n: u64) -> Row {
        let stats = Stats::of_counts(n, n).expect("there are some");
        Row { period, resource: WORKER, measure, stats }
    }

    /// A depth: the highest and the last.
    fn depth(period: u64, max: i64, last: i64) -> Row {
        let stats =
            Stats { sum: i128::from(max + last), samples: 2, min: 0, max, last, area: (0, 0) };
        let measure = Measure::ApproximateNumberOfMessagesVisible;
        Row { period, resource: JOBS, measure, stats }
    }

    fn picture(counted_from: Time, rows: &[Row], ended: Time, marks: &[Mark]) -> String {
        let mut series = Series::new(Span::mins(1), counted_from);
        rows.iter().for_each(|row| series.push(*row));
        let name = |resource| if resource == WORKER { "Worker" } else { "Jobs" };
        render(&series, &name, ended, marks)
    }

    #[track_caller]
    fn check(picture: &str, expected: &[&str]) {
        assert_eq!(picture.lines().collect::<Vec<_>>(), expected, "\n{picture}");
    }

    #[test]
    fn bars_are_counts_and_levels_that_stay() {
        let mut rows: Vec<Row> =
            [8, 1, 16].iter().zip(0..).map(|(n, at)| runs(at, Measure::Invocations, *n)).collect();
        rows.extend([runs(2, Measure::Errors, 1), depth(2, 2500, 2000), depth(5, 2000, 0)]);
        let marks = [
            Mark::Set(minute(2), minute(4)),
            Mark::Call(minute(5) + Span::secs(1)),
            Mark::Call(minute(9)),
        ];
        let picture = picture(Time::ZERO, &rows, minute(8), &marks);
        check(
            &picture,
            &[
                "",
                "Over time (counts per 60 s; · is 0, █ the max)",
                "  Worker  Invocations  ▄▁█·····  max 16",
                "          Errors       ··▁·····  max 1, █ is 16",
                "  Jobs    visible      ··█▇▇▇··  max 2,500",
                "          timeline       ━━ ▲    ━ set, ▲ call",
                "                       0 s  8 min 00 s",
            ],
        );
    }

    #[test]
    fn one_error_in_many_runs_and_one_message_in_a_queue_are_low_bars() {
        let rows = [
            runs(0, Measure::Invocations, 100_000),
            runs(0, Measure::Errors, 1),
            runs(1, Measure::Throttles, 200_000),
            depth(1, 1, 1),
        ];
        let picture = picture(Time::ZERO, &rows, minute(2), &[]);
        check(
            &picture,
            &[
                "",
                "Over time (counts per 60 s; · is 0, █ the max)",
                "  Worker  Invocations  █·  max 100,000",
                "          Errors       ▁·  max 1, █ is 100,000",
                "          Throttles    ·█  max 200,000",
                "  Jobs    visible      ·▁  max 1, █ is 100,000",
                "                       0 s  2 min 00 s",
            ],
        );
    }

    #[test]
    fn more_periods_than_columns_show_the_highest_of_each() {
        let rows = [
            runs(0, Measure::Invocations, 4),
            runs(1, Measure::Invocations, 8),
            runs(98, Measure::Invocations, 1),
            runs(99, Measure::Invocations, 2),
        ];
        let picture = picture(Time::ZERO, &rows, minute(100), &[]);
        check(
            &picture,
            &[
                "",
                "Over time (counts per 60 s; · is 0, █ the max; a column: highest of 3)",
                "  Worker  Invocations  █·······························▁▂  max 8",
                "                       0 s                     1 h 40 min",
            ],
        );
    }

    #[test]
    fn what_was_not_counted_is_blank() {
        let rows = [runs(3, Measure::Invocations, 3), depth(4, 3, 3)];
        let picture = picture(minute(2), &rows, minute(6), &[]);
        check(
            &picture,
            &[
                "",
                "Over time (counts per 60 s; · is 0, █ the max)",
                "  Worker  Invocations    ·█··  max 3",
                "  Jobs    visible          ██  max 3",
                "                       0 s  6 min 00 s",
            ],
        );
    }

    #[test]
    fn one_period_is_one_column_and_none_is_no_picture() {
        let rows = [runs(0, Measure::Invocations, 3)];
        let one = [
            "",
            "Over time (counts per 10 s; · is 0, █ the max)",
            "  Worker  Invocations  █  max 3",
        ];
        let axis = "                       0 s  10 s";
        let shown = picture(Time::ZERO, &rows, Time::ZERO + Span::secs(10), &[]);
        check(&shown, &[&one[..], &[axis]].concat());
        let marks = [Mark::Set(minute(1), minute(2))];
        check(&picture(Time::ZERO, &[], minute(5), &marks), &[]);
        check(&picture(Time::ZERO, &[depth(0, 0, 0)], minute(5), &marks), &[]);
    }

    #[test]
    fn a_picture_is_never_wide() {
        let rows: Vec<Row> = (0..5000)
            .map(|at| Row { stats: depth(0, i64::MAX, 0).stats, ..depth(at, 0, 0) })
            .collect();
        let mut series = Series::new(Span::mins(1), Time::ZERO);
        rows.iter().for_each(|row| series.push(*row));
        let picture = render(&series, &|_| "AFunctionWithAVeryLongName", minute(5000), &[]);
        assert!(picture.contains("  AFunctionWithAV…  visible  █"), "{picture}");
        assert!(picture.lines().all(|line| line.chars().count() <= WIDTH), "{picture}");
    }
}
