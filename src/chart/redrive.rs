//! Redrive: dead letters over time, stacked by how often each was dead-lettered; a column a policy. What
//! a redrive cures goes away, what it does not comes back darker.

use super::{
    Look, Recorded,
    canvas::Anchor,
    figure::{self, Axis, Entry, Figure, Mark, Panel, Row, Spot, Table, Tone, X, last, span_of},
    headline::{self, Clause},
    page::{Labels, Page, SMALL, Swatch, VALUE},
    plot::Plot,
    recorded::Arm,
};
use crate::{
    observe::recording::{Afterlife, LETTERS_MAX, Recording},
    report::{compare::safe, wording::count},
};
use std::io::{self, Write};

/// What a panel's plot is high.
const HIGH: f64 = 210.0;
/// More columns are not drawn.
pub const ARMS_MAX: usize = 4;
/// How often dead letters were dead-lettered, in words, and how much of their ground each covers.
const CLASSES: [(&str, f64); LETTERS_MAX as usize] =
    [("once", 0.32), ("twice", 0.62), ("three times or more", 1.0)];

/// Payloads that were dead-lettered, and those of them that were once more after a redrive.
fn came_back(recording: &Recording) -> (u64, u64) {
    let (mut ever, mut again) = (0, 0);
    for way in &recording.ways {
        match way.afterlife() {
            Afterlife::None => (),
            Afterlife::Once | Afterlife::Again => ever += way.payloads,
            Afterlife::Redriven => {
                ever += way.payloads;
                again += if 2 <= way.letters { way.payloads } else { 0 };
            }
        }
    }
    (ever, again)
}

/// When messages are moved out of a dead-letter queue, in seconds.
fn moves(arm: &Arm) -> Vec<f64> {
    let is_move = |words: &str| words == "StartMessageMoveTask";
    let found = arm.happenings.iter().filter(|happening| is_move(&happening.words));
    let ended = arm.recording.ended().as_nanos();
    found
        .map(|move_task| move_task.from)
        .filter(|from| *from < ended)
        .map(|from| from as f64 / 1e9)
        .collect()
}

/// Whether dead letters are redriven, or come back.
pub fn fits(recorded: &Recorded) -> bool {
    recorded.arms.iter().any(|arm| {
        let (ever, again) = came_back(&arm.recording);
        again > 0 || ever > 0 && !moves(arm).is_empty()
    })
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let arms = recorded.shown(ARMS_MAX);
    let of: Vec<(u64, u64)> = arms.iter().map(|arm| came_back(&arm.recording)).collect();
    if of.iter().all(|(ever, _)| *ever == 0) {
        return "Nothing is ever a dead letter".to_owned();
    }
    if !fits(recorded) {
        let most = of.iter().map(|(ever, _)| *ever).max().unwrap_or(0);
        let up_to = if of.len() > 1 { "up to " } else { "" };
        return format!("Nothing is redriven of {up_to}{} dead letters", count(most));
    }
    headline::title(arms, |arm| {
        let (ever, again) = came_back(&arm.recording);
        let noun = if ever == 1 { "dead letter comes" } else { "dead letters come" };
        let (full, brief) = match (ever, again) {
            (0, _) => ("there is no dead letter".to_owned(), "there is none".to_owned()),
            (_, 0) => {
                let full = format!("none of {} {noun} back after a redrive", count(ever));
                (full, format!("none of {}", count(ever)))
            }
            (_, again) if ever == again => {
                let full = format!("all {} {noun} back after a redrive", count(ever));
                (full, format!("all {}", count(ever)))
            }
            (_, again) => (
                format!("{} of {} {noun} back after a redrive", count(again), count(ever)),
                format!("{} of {}", count(again), count(ever)),
            ),
        };
        Clause { full, brief, rank: again as f64 / ever.max(1) as f64 }
    })
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers: the dead letters at the end of each bin, a row a policy and bin.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let arms = recorded.shown(ARMS_MAX);
    let has_some = |arm: &Arm| came_back(&arm.recording).0 > 0;
    let rows = if arms.iter().any(has_some) { vec![letters(arms)] } else { Vec::new() };
    Figure {
        arms,
        finding: finding(recorded),
        rows,
        legend: Vec::new(),
        description: arms.iter().map(described).collect(),
        table: table(arms),
    }
}

/// Dead letters that were dead-lettered more than `class` times, at the end of a bin.
fn depth(recording: &Recording, class: usize, bin: usize) -> u64 {
    recording.letters[class..].iter().map(|levels| levels.last(bin)).sum()
}

/// What a panel shows of a policy.
fn panel(arm: &Arm) -> Panel<'_> {
    let recording = &arm.recording;
    let level = |class| last(move |bin| depth(recording, class, bin));
    let mut marks: Vec<Mark<'_>> = CLASSES
        .iter()
        .enumerate()
        .map(|(class, (_, covered))| Mark::Area(level(class), Tone::Dead(*covered), 1.0))
        .collect();
    marks.push(Mark::Steps(level(0), Tone::Dead(1.0), 1.5, None));
    let left = format!("{} left", count(recording.dead_letters()));
    marks.push(Mark::Ending(vec![left], Tone::Dead(1.0)));
    for at in moves(arm) {
        let spot = |by: f64, anchor| Spot { x: X::At(at), y: None, by: (by, 11.0), anchor };
        let spots = vec![spot(4.0, Anchor::Start), spot(-4.0, Anchor::End)];
        marks.push(Mark::Label("redrive".to_owned(), spots, SMALL, Tone::Muted));
    }
    marks.push(Mark::Custom(Box::new(move |page, plot, labels| {
        inside(page, plot, arm, labels);
    })));
    Panel::TimeSeries(marks)
}

fn letters(arms: &[Arm]) -> Row<'_> {
    let caption = |arm: &Arm| {
        let (ever, again) = came_back(&arm.recording);
        format!("{} in all, {} came back", count(ever), count(again))
    };
    let entry = |(words, covered): &(&str, f64)| {
        Entry(Swatch::Area, Tone::Dead(*covered), format!("dead-lettered {words}"))
    };
    Row {
        name: "Dead letters".to_owned(),
        unit: "messages in dead-letter queues, by number of times dead-lettered".to_owned(),
        high: HIGH,
        axis: Axis::Numbers(0.0),
        captions: arms.iter().map(caption).collect(),
        panels: arms.iter().map(panel).collect(),
        legend: CLASSES.iter().map(entry).collect(),
    }
}

/// Writes into each layer how often its letters were dead-lettered, where it is high and long enough.
fn inside(page: &mut Page, plot: &Plot, arm: &Arm, labels: &mut Labels) {
    let (recording, colors) = (&arm.recording, page.colors);
    let dashes: Vec<f64> = moves(arm).into_iter().map(|at| plot.x.at(at)).collect();
    let (left, right) = plot.x.pixels();
    let width = recording.width().as_secs_f64();
    for (class, words) in ["1×", "2×", "3×+"].into_iter().enumerate() {
        let over = |x: f64, of: usize| match of {
            of if of < CLASSES.len() => depth(recording, of, (x / width) as usize) as f64,
            _ => 0.0,
        };
        let wide = page.measure(words, VALUE) + 8.0;
        let places = libm::floor((right - left) / 6.0) as usize;
        let (from, to) = (plot.x.values().0, plot.x.values().1);
        let value = |pixel: f64| from + (pixel - left) / (right - left) * (to - from);
        // The place with the most room up and down, over all of the label's width.
        let room = |middle: f64| {
            let samples = [-0.5, -0.25, 0.0, 0.25, 0.5].map(|part| {
                let x = value(middle + part * wide);
                (plot.y.at(over(x, class + 1)), plot.y.at(over(x, class)))
            });
            let low = samples.iter().map(|(low, _)| *low).fold(f64::MAX, f64::min);
            let high = samples.iter().map(|(_, high)| *high).fold(f64::MIN, f64::max);
            (low - high, (low + high) / 2.0)
        };
        let middles = (0..places).map(|nth| left + (nth as f64 + 0.5) * 6.0);
        let is_crossed = |x: f64| dashes.iter().any(|dash| (dash - x).abs() < wide / 2.0);
        let inner = middles.filter(|x| left + wide / 2.0 < *x && x + wide / 2.0 < right);
        let inner = inner.filter(|x| !is_crossed(*x));
        let inner: Vec<(f64, f64)> = inner.map(|x| (x, room(x).0)).collect();
        let most = inner.iter().map(|(_, free)| *free).fold(0.0, f64::max);
        // In the middle of where there is as much.
        let best: Vec<f64> =
            inner.iter().filter(|(_, free)| 0.95 * most <= *free).map(|(x, _)| *x).collect();
        if let Some(x) = best.get(best.len() / 2).copied().filter(|_| 18.0 <= most) {
            let (_, middle) = room(x);
            let color = if class == 2 { colors.ground } else { colors.ink };
            let at = [(x, middle + 4.0, Anchor::Middle)];
            labels.put(page, words, &at, (left, right), (VALUE, color));
        }
    }
}

fn described(arm: &Arm) -> String {
    let (ever, again) = came_back(&arm.recording);
    let [once, twice, more] = arm.recording.letters.each_ref().map(|levels| levels.ended());
    format!(
        "{}: {} dead letters in all, {} of them dead-lettered again after {}; {} left, {} dead-lettered once, {} \
         twice, {} three times or more.",
        arm.called(),
        count(ever),
        count(again),
        redrives(moves(arm).len()),
        count(once + twice + more),
        count(once),
        count(twice),
        count(more)
    )
}

fn redrives(n: usize) -> String {
    match n {
        1 => "one redrive".to_owned(),
        n => format!("{} redrives", count(n as u64)),
    }
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] = ["policy", "from_s", "to_s", "once", "twice", "three_times_or_more"];

fn table(arms: &[Arm]) -> Table {
    let mut rows = Vec::new();
    for arm in arms {
        for bin in 0..arm.recording.bins() {
            let mut row = vec![safe(&arm.name)];
            row.extend(span_of(arm, bin));
            row.extend(arm.recording.letters.iter().map(|levels| levels.last(bin).to_string()));
            rows.push(row);
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
