//! A chart as data, and the one renderer of such charts.
//!
//! ```text
//!   recordings ──► a kind of chart ──► Figure: finding, rows of panels, legend, description, table
//!                                         │
//!                                         ├──► svg: head, a column a policy, axes, marks, legend, foot
//!                                         └──► csv
//! ```
//!
//! A kind says what is shown and in which meaning; where it comes to lie, in which colour, and how much of it a column
//! has room for is the renderer's. A panel is over time unless it is [`Panel::Custom`].

use super::{
    Look, Recorded,
    canvas::Anchor,
    lettering::Font,
    page::{Labels, Page, SMALL, Swatch, VALUE, foot, subtitle},
    plot::{Columns, Line, Plot, never_edge, never_room, parts, steps},
    recorded::Arm,
    scale::Scale,
    theme::Colors,
};
use crate::report::{csv::io_error, wording::count};
use std::{
    io::{self, Write},
    ops::Range,
};

/// A chart of runs.
pub struct Figure<'a> {
    /// The policies that are drawn, a column each.
    pub arms: &'a [Arm],
    /// The title: what the runs found.
    pub finding: String,
    /// Rows of panels, from top to bottom; none if there is nothing to draw.
    pub rows: Vec<Row<'a>>,
    /// The key of marks that the rows do not name.
    pub legend: Vec<Entry>,
    /// A sentence for each policy, for those who do not see the picture.
    pub description: Vec<String>,
    /// What is drawn, in numbers.
    pub table: Table,
}

/// Panels beside each other, one for each policy, with one y axis.
pub struct Row<'a> {
    /// What is shown.
    pub name: String,
    /// In which unit.
    pub unit: String,
    /// How high a panel is, in pixels.
    pub high: f64,
    /// The y axis.
    pub axis: Axis,
    /// What is written above each panel; empty for nothing.
    pub captions: Vec<String>,
    /// A panel for each policy.
    pub panels: Vec<Panel<'a>>,
    /// The key of its marks.
    pub legend: Vec<Entry>,
}

/// The y axis of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// Numbers from 0 to the highest of the series and this one.
    Numbers(f64),
    /// Ages in seconds as logarithms; what was never processed has a mark at its top edge.
    Ages,
    /// Times in seconds as logarithms.
    Logarithms,
    /// Times in seconds from 0, in the unit of the longest.
    Durations,
    /// None.
    None,
}

/// What is drawn in a cell of the figure.
pub enum Panel<'a> {
    /// Series over time.
    TimeSeries(Vec<Mark<'a>>),
    /// A tick at each time, the higher the more, with the total.
    Ticks(Vec<(f64, u64)>),
    /// Bars along the time, from when to when in seconds, and words below.
    Bands(Vec<(f64, f64)>, String, Tone),
    /// Nothing, and why.
    Empty(String),
    /// Drawn by the kind of chart: between these sides, from the page's `y` down.
    Custom(Drawing<'a>),
}

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tone {
    /// Without a meaning of its own.
    Ink,
    /// Read second.
    Muted,
    /// First attempts.
    First,
    /// Retries, and what is hidden.
    Retry,
    /// What failed.
    Failed,
    /// What is done.
    Done,
    /// Dead letters, this much of the ground covered.
    Dead(f64),
    /// What is gone.
    Lost,
    /// What waits for its turn.
    Visible,
}

impl Tone {
    /// Its colour in a theme.
    pub fn color(self, colors: &Colors) -> String {
        match self {
            Tone::Ink => colors.ink.to_owned(),
            Tone::Muted => colors.muted.to_owned(),
            Tone::First => colors.first.to_owned(),
            Tone::Retry => colors.retry.to_owned(),
            Tone::Failed => colors.failed.to_owned(),
            Tone::Done => colors.done.to_owned(),
            Tone::Dead(covered) if covered < 1.0 => colors.tint(colors.dead, covered),
            Tone::Dead(_) => colors.dead.to_owned(),
            Tone::Lost => colors.lost.to_owned(),
            Tone::Visible => colors.visible.to_owned(),
        }
    }
}

/// A line of the key.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry(pub Swatch, pub Tone, pub String);

impl Entry {
    /// A line of the key.
    pub fn of(swatch: Swatch, tone: Tone, words: &str) -> Entry {
        Entry(swatch, tone, words.to_owned())
    }
}

/// A value for any range of a recording's bins; none where there is nothing.
pub type Series<'a> = Box<dyn Fn(Range<usize>) -> Option<f64> + 'a>;

/// Draws a panel between two sides, from the page's `y` down, and leaves `y` at its end.
pub type Drawing<'a> = Box<dyn Fn(&mut Page, (f64, f64)) + 'a>;

/// Draws over a panel whose labels are known.
pub type Overlay<'a> = Box<dyn Fn(&mut Page, &Plot, &mut Labels) + 'a>;

/// A mark of a panel over time.
pub enum Mark<'a> {
    /// An area from the bottom up to steps, this much of its ground covered.
    Area(Series<'a>, Tone, f64),
    /// A line of steps: width, and the length of its dashes.
    Steps(Series<'a>, Tone, f64, Option<f64>),
    /// A line through the middles of bins, which ends where there is nothing.
    Curve(Series<'a>, Tone, f64, Option<f64>),
    /// A line through these points: seconds and value.
    Straight(Line, Tone, f64, Option<f64>),
    /// A stretch of time, from when to when in seconds, at the top edge, with its words below.
    Span(f64, f64, Tone, String),
    /// Words at the first of these spots at which they are clear of all others; none if there is none.
    Label(String, Vec<Spot>, Font, Tone),
    /// Lines of words over the right end of all steps so far, the last of them lowest.
    Ending(Vec<String>, Tone),
    /// More that the kind of chart draws.
    Custom(Overlay<'a>),
}

/// Where a label may stand: at a place of the panel, moved by some pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Seconds, or a side of the panel.
    pub x: X,
    /// A value; none is the top of the panel.
    pub y: Option<f64>,
    /// Pixels to the right and down.
    pub by: (f64, f64),
    /// Which end of the words is there.
    pub anchor: Anchor,
}

/// A place along the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum X {
    /// Seconds since the start.
    At(f64),
    /// Where the panel ends.
    Right,
}

impl Spot {
    /// Over a level, at its right end, at its left end, and in further lines above.
    pub fn over(level: f64, from: f64, to: f64) -> Vec<Spot> {
        let spot = |x, by, anchor| Spot { x, y: Some(level), by, anchor };
        vec![
            spot(X::At(to), (0.0, -4.0), Anchor::End),
            spot(X::At(to), (0.0, -18.0), Anchor::End),
            spot(X::At(from), (4.0, -4.0), Anchor::Start),
            spot(X::Right, (0.0, -4.0), Anchor::End),
            spot(X::Right, (0.0, -18.0), Anchor::End),
            spot(X::Right, (0.0, -32.0), Anchor::End),
        ]
    }

    fn place(&self, plot: &Plot) -> (f64, f64, Anchor) {
        let x = match self.x {
            X::At(seconds) => plot.x.at(seconds),
            X::Right => plot.x.pixels().1,
        };
        let y = self.y.map_or(plot.y.pixels().1, |value| plot.y.at(value));
        (x + self.by.0, y + self.by.1, self.anchor)
    }
}

/// The numbers that are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<&'static str>,
    /// A row each, as long as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Writes it as CSV.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut writer = ::csv::Writer::from_writer(to);
        writer.write_record(&self.columns).map_err(io_error)?;
        for row in &self.rows {
            writer.write_record(row).map_err(io_error)?;
        }
        writer.flush()
    }
}

/// The highest of a level in bins.
pub fn highest<'a>(of: impl Fn(usize) -> u64 + 'a) -> Series<'a> {
    Box::new(move |bins| Some(bins.map(&of).max().unwrap_or(0) as f64))
}

/// A level at the end of bins.
pub fn last<'a>(of: impl Fn(usize) -> u64 + 'a) -> Series<'a> {
    Box::new(move |bins| Some(of(bins.end - 1) as f64))
}

/// How many a second there were in bins.
pub fn per_second<'a>(arm: &'a Arm, of: impl Fn(usize) -> u64 + 'a) -> Series<'a> {
    Box::new(move |bins| {
        let lasted: f64 = bins.clone().map(|bin| arm.recording.seconds_of(bin)).sum();
        let all: u64 = bins.map(&of).sum();
        Some(if lasted > 0.0 { all as f64 / lasted } else { 0.0 })
    })
}

/// When a bin begins and ends, in seconds, as the first cells of a row of a table.
pub fn span_of(arm: &Arm, bin: usize) -> [String; 2] {
    let recording = &arm.recording;
    let end = recording.start_of(bin + 1).min(recording.ended());
    [recording.start_of(bin), end].map(|at| at.as_secs_f64().to_string())
}

/// The points of a mark, drawn as one line or several.
enum Points {
    Steps(Line),
    Curve(Vec<Line>),
    None,
}

impl Points {
    fn all(&self) -> impl Iterator<Item = &(f64, f64)> {
        let (steps, curve) = match self {
            Points::Steps(line) => (Some(line), None),
            Points::Curve(lines) => (None, Some(lines)),
            Points::None => (None, None),
        };
        steps.into_iter().flatten().chain(curve.into_iter().flatten().flatten())
    }
}

fn points(mark: &Mark<'_>, arm: &Arm, at_most: usize) -> Points {
    let recording = &arm.recording;
    let ended = recording.ended().as_secs_f64();
    let start = |bin| recording.start_of(bin).as_secs_f64().min(ended);
    match mark {
        Mark::Area(series, ..) | Mark::Steps(series, ..) => {
            let value = |bins| series(bins).unwrap_or(0.0);
            Points::Steps(steps(recording.bins(), at_most, start, value))
        }
        Mark::Curve(series, ..) => Points::Curve(parts(arm, at_most, series)),
        Mark::Straight(line, ..) => Points::Steps(line.clone()),
        Mark::Span(..) | Mark::Label(..) | Mark::Ending(..) | Mark::Custom(_) => Points::None,
    }
}

/// The figure as SVG.
pub fn svg(recorded: &Recorded, figure: &Figure<'_>, look: Look) -> String {
    let arms = figure.arms;
    let mut page = Page::new(look, &figure.finding, &subtitle(recorded, arms.len()));
    if figure.rows.is_empty() {
        return page.finish(&foot(recorded), "");
    }
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    let ended = arms.iter().map(|arm| arm.recording.ended().as_secs_f64()).fold(0.0, f64::max);
    let is_timed =
        |row: &Row<'_>| !row.panels.iter().any(|panel| matches!(panel, Panel::Custom(_)));
    let last_timed = figure.rows.iter().rposition(is_timed);
    for (nth, row) in figure.rows.iter().enumerate() {
        draw(&mut page, &columns, arms, row, ended);
        if Some(nth) == last_timed {
            columns.times(&mut page, ended);
            page.y += 10.0;
        } else {
            page.y += 18.0;
        }
    }
    let colors = page.colors;
    let entries: Vec<(Swatch, String, &str)> = figure
        .rows
        .iter()
        .flat_map(|row| &row.legend)
        .chain(&figure.legend)
        .map(|Entry(swatch, tone, words)| (*swatch, tone.color(&colors), words.as_str()))
        .collect();
    let entries: Vec<(Swatch, &str, &str)> =
        entries.iter().map(|(swatch, color, words)| (*swatch, color.as_str(), *words)).collect();
    page.legend(&entries);
    page.finish(&foot(recorded), &figure.description.join(" "))
}

/// A row: its name, what is above its panels, and the panels.
fn draw(page: &mut Page, columns: &Columns, arms: &[Arm], row: &Row<'_>, ended: f64) {
    let at_most = (columns.wide / 1.5) as usize;
    let lines: Vec<Vec<Points>> = row
        .panels
        .iter()
        .zip(arms)
        .map(|(panel, arm)| match panel {
            Panel::TimeSeries(marks) => {
                marks.iter().map(|mark| points(mark, arm, at_most)).collect()
            }
            Panel::Ticks(_) | Panel::Bands(..) | Panel::Empty(_) | Panel::Custom(_) => Vec::new(),
        })
        .collect();
    let values = || lines.iter().flatten().flat_map(Points::all).map(|(_, value)| *value);
    let highest = values().fold(0.0, f64::max);
    let unit = match row.axis {
        Axis::Durations => format!("{}, {}", Scale::unit(1.12 * highest).1, row.unit),
        _ => row.unit.clone(),
    };
    page.row_heading(&row.name, &unit);
    let top = page.y;
    for (nth, words) in row.captions.iter().enumerate().filter(|(_, words)| !words.is_empty()) {
        let (at, ink) = ((columns.span(nth).0, top), page.colors.ink);
        let bottom = page.column(words, at, columns.wide, 5, (SMALL, ink));
        page.y = page.y.max(bottom + 8.0);
    }
    if row.axis == Axis::Ages {
        page.y += never_room(arms);
    }
    let pixels = (page.y + row.high, page.y);
    let y = match row.axis {
        Axis::Numbers(most) => Scale::linear(highest.max(most) * 1.12, pixels, 4.0),
        Axis::Durations => Scale::durations(1.12 * highest, pixels),
        Axis::Ages | Axis::Logarithms => {
            let (low, high) = values()
                .fold((f64::MAX, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
            Scale::ages(low.min(high), high, pixels).thinned(15.0)
        }
        Axis::None => Scale::linear(1.0, pixels, 1.0),
    };
    let most = row.panels.iter().map(|panel| match panel {
        Panel::Ticks(ticks) => ticks.iter().map(|(_, n)| *n).max().unwrap_or(0),
        _ => 0,
    });
    let most = most.max().unwrap_or(0);
    let (top, mut bottom) = (page.y, page.y + row.high);
    for (nth, (panel, arm)) in row.panels.iter().zip(arms).enumerate() {
        let plot = Plot { x: columns.time(nth, ended), y: y.clone() };
        match panel {
            Panel::TimeSeries(marks) => {
                plot.shade(page, arm);
                plot.rows(page, nth == 0);
                series(page, &plot, marks, &lines[nth]);
                if row.axis == Axis::Ages {
                    never_edge(page, &plot, arm);
                }
                plot.columns(page, false);
            }
            Panel::Ticks(ticks) => {
                plot.shade(page, arm);
                self::ticks(page, &plot, ticks, most);
            }
            Panel::Bands(bands, words, tone) => {
                let end = self::bands(page, &plot, bands, (words, *tone));
                bottom = bottom.max(end);
            }
            Panel::Empty(why) => {
                if row.axis != Axis::None {
                    plot.rows(page, nth == 0);
                    plot.columns(page, false);
                }
                let (from, to) = columns.span(nth);
                let at = ((from + to) / 2.0, top + row.high / 2.0 + 4.0);
                page.canvas.text(why, at, Anchor::Middle, SMALL, page.colors.muted);
            }
            Panel::Custom(draw) => {
                page.y = top;
                draw(page, columns.span(nth));
                bottom = bottom.max(page.y);
            }
        }
    }
    page.y = bottom;
}

fn series(page: &mut Page, plot: &Plot, marks: &[Mark<'_>], lines: &[Points]) {
    let colors = page.colors;
    let (sides, mut labels) = (plot.x.pixels(), Labels::default());
    for (nth, (mark, points)) in marks.iter().zip(lines).enumerate() {
        match (mark, points) {
            (Mark::Area(_, tone, opacity), Points::Steps(line)) => {
                plot.area(page, line, &tone.color(&colors), *opacity);
            }
            (
                Mark::Steps(_, tone, width, dash) | Mark::Straight(_, tone, width, dash),
                Points::Steps(line),
            ) => plot.line(page, line, &tone.color(&colors), *width, *dash),
            (Mark::Curve(_, tone, width, dash), Points::Curve(lines)) => {
                let color = tone.color(&colors);
                lines.iter().for_each(|line| plot.line(page, line, &color, *width, *dash));
            }
            (Mark::Span(from, to, tone, words), _) => {
                let (top, (from, to)) = (plot.y.pixels().1, (plot.x.at(*from), plot.x.at(*to)));
                let size = ((to - from).max(2.0), 4.0);
                page.canvas.rectangle((from, top), size, &tone.color(&colors), 1.0);
                let places = [
                    (from + 2.0, top + 16.0, Anchor::Start),
                    (to, top + 16.0, Anchor::End),
                    (from + 2.0, top + 30.0, Anchor::Start),
                    (sides.1, top + 30.0, Anchor::End),
                ];
                labels.put(page, words, &places, sides, (SMALL, colors.ink));
            }
            (Mark::Label(words, spots, font, tone), _) => {
                let places: Vec<_> = spots.iter().map(|spot| spot.place(plot)).collect();
                labels.put(page, words, &places, sides, (*font, &tone.color(&colors)));
            }
            (Mark::Ending(words, tone), _) => {
                // In a narrow panel, what stands on one line is told in several.
                let one = words.join(", ");
                let fits = page.measure(&one, VALUE) <= sides.1 - sides.0;
                let words = if fits { std::slice::from_ref(&one) } else { words.as_slice() };
                let wide = words.iter().map(|words| page.measure(words, VALUE)).fold(0.0, f64::max);
                let over = lines[..nth].iter().filter_map(|points| match points {
                    Points::Steps(line) => Some(plot.over_end(line, wide)),
                    Points::Curve(_) | Points::None => None,
                });
                let mut y = over.fold(plot.y.pixels().0 - 6.0, f64::min);
                for words in words.iter().rev() {
                    let at = (sides.1, y);
                    page.canvas.text(words, at, Anchor::End, VALUE, &tone.color(&colors));
                    labels.keep_clear(
                        (sides.1 - page.measure(words, VALUE), y - VALUE.size),
                        (sides.1, y + 3.0),
                    );
                    y -= VALUE.line_height();
                }
            }
            (Mark::Custom(draw), _) => draw(page, plot, &mut labels),
            (Mark::Area(..) | Mark::Steps(..) | Mark::Straight(..) | Mark::Curve(..), _) => (),
        }
    }
}

fn ticks(page: &mut Page, plot: &Plot, ticks: &[(f64, u64)], most: u64) {
    let colors = page.colors;
    let ((left, right), (bottom, top)) = (plot.x.pixels(), plot.y.pixels());
    page.canvas.line((left, bottom), (right, bottom), colors.grid, 1.0);
    for (at, n) in ticks {
        let x = plot.x.at(*at);
        let high = 4.0 + (bottom - top - 4.0) * *n as f64 / most.max(1) as f64;
        page.canvas.line((x, bottom), (x, bottom - high), colors.failed, 1.5);
    }
    // The number on a ground of its own: ticks may be anywhere.
    let total = count(ticks.iter().map(|(_, n)| n).sum());
    let wide = page.measure(&total, VALUE);
    let at = (right - wide - 3.0, top - 1.0);
    page.canvas.rectangle(at, (wide + 3.0, VALUE.size + 3.0), colors.ground, 0.85);
    let at = (right, top + VALUE.size - 1.0);
    page.canvas.text(&total, at, Anchor::End, VALUE, colors.ink);
}

/// Bars along the time; gives where their words end.
fn bands(page: &mut Page, plot: &Plot, bands: &[(f64, f64)], (words, tone): (&str, Tone)) -> f64 {
    let colors = page.colors;
    let ((left, right), top) = (plot.x.pixels(), plot.y.pixels().1);
    page.canvas.line((left, top + 4.0), (right, top + 4.0), colors.grid, 1.0);
    for (from, to) in bands {
        let (from, to) = (plot.x.at(*from), plot.x.at(*to));
        let size = ((to - from).max(2.0), 8.0);
        page.canvas.rectangle((from, top), size, &tone.color(&colors), 1.0);
    }
    let tone = if bands.is_empty() { Tone::Muted } else { tone };
    page.column(words, (left, top + 11.0), right - left, 2, (SMALL, &tone.color(&colors)))
}
