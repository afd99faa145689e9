//! Redrive: dead letters over time, stacked by how often each was dead-lettered; a column a policy. What
//! a redrive cures goes away, what it does not comes back darker.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause},
    page::{Labels, Page, SMALL, Swatch, VALUE, foot, subtitle},
    plot::{Columns, Plot, highest, steps},
    recorded::Arm,
    scale::Scale,
};
use crate::{
    observe::recording::{Afterlife, LETTERS_MAX, Recording},
    report::{compare::safe, csv::table, wording::count},
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

/// The depths of those dead-lettered at least so often, less one.
fn depth(recording: &Recording, at_least: usize, at_most: usize) -> Vec<(f64, f64)> {
    let ended = recording.ended().as_secs_f64();
    steps(
        recording.bins(),
        at_most,
        |bin| recording.start_of(bin).as_secs_f64().min(ended),
        |bins| {
            let last = bins.end - 1;
            recording.letters[at_least..].iter().map(|levels| levels.last(last)).sum::<u64>() as f64
        },
    )
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let title = finding(recorded);
    let mut page = Page::new(look, &title, &subtitle(recorded, ARMS_MAX));
    let arms = recorded.shown(ARMS_MAX);
    if arms.iter().all(|arm| came_back(&arm.recording).0 == 0) {
        return page.finish(&foot(recorded), "");
    }
    let colors = page.colors;
    let tints = CLASSES.map(|(_, covered)| colors.tint(colors.dead, covered));
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    let at_most = (columns.wide / 1.5) as usize;
    let ended = arms.iter().map(|arm| arm.recording.ended().as_secs_f64()).fold(0.0, f64::max);
    page.row_heading(
        "Dead letters",
        "messages in dead-letter queues, by number of times dead-lettered",
    );

    // What came back, in words, over each panel.
    let top = page.y;
    for (nth, arm) in arms.iter().enumerate() {
        let (ever, again) = came_back(&arm.recording);
        let words = format!("{} in all, {} came back", count(ever), count(again));
        let (from, _) = columns.span(nth);
        let bottom = page.column(&words, (from, top), columns.wide, 3, (SMALL, colors.ink));
        page.y = page.y.max(bottom + 8.0);
    }

    let depths: Vec<[Vec<(f64, f64)>; CLASSES.len()]> = arms
        .iter()
        .map(|arm| [0, 1, 2].map(|class| depth(&arm.recording, class, at_most)))
        .collect();
    let most = highest(depths.iter().flat_map(|classes| &classes[0]));
    let y = Scale::linear(most * 1.12, (page.y + HIGH, page.y), 5.0);
    for (nth, arm) in arms.iter().enumerate() {
        let plot = Plot { x: columns.time(nth, ended), y: y.clone() };
        plot.rows(&mut page, nth == 0);
        plot.shade(&mut page, arm);
        for (class, tint) in depths[nth].iter().zip(&tints) {
            plot.area(&mut page, class, tint, 1.0);
        }
        plot.line(&mut page, &depths[nth][0], colors.dead, 1.5, None);
        plot.columns(&mut page, false);
        let mut labels = Labels::default();
        let sides = columns.span(nth);
        let over = arm.recording.dead_letters();
        let words = format!("{} left", count(over));
        let level = plot.over_end(&depths[nth][0], page.measure(&words, VALUE));
        let at = [(sides.1, level, Anchor::End)];
        labels.put(&mut page, &words, &at, sides, (VALUE, colors.dead));
        for at in moves(arm) {
            let x = plot.x.at(at);
            let at =
                [(x + 4.0, page.y + 11.0, Anchor::Start), (x - 4.0, page.y + 11.0, Anchor::End)];
            labels.put(&mut page, "redrive", &at, sides, (SMALL, colors.muted));
        }
        inside(&mut page, &plot, &depths[nth], &mut labels);
    }
    page.y += HIGH + 4.0;
    columns.times(&mut page, ended);
    page.y += 10.0;
    let entries: Vec<(Swatch, &str, String)> = CLASSES
        .iter()
        .zip(&tints)
        .map(|((words, _), tint)| (Swatch::Area, tint.as_str(), format!("dead-lettered {words}")))
        .collect();
    let entries: Vec<(Swatch, &str, &str)> =
        entries.iter().map(|(swatch, color, words)| (*swatch, *color, words.as_str())).collect();
    page.legend(&entries);
    let described = description(recorded);
    page.finish(&foot(recorded), &described)
}

/// Writes into each layer how often its letters were dead-lettered, where it is high and long enough.
fn inside(page: &mut Page, plot: &Plot, classes: &[Vec<(f64, f64)>], labels: &mut Labels) {
    let colors = page.colors;
    let (left, right) = plot.x.pixels();
    for (class, words) in ["1×", "2×", "3×+"].into_iter().enumerate() {
        let over = |x: f64, of: usize| {
            classes.get(of).map_or(0.0, |points: &Vec<(f64, f64)>| level_at(points, x))
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
        let inner = middles.filter(|x| left + wide / 2.0 < *x && x + wide / 2.0 < right);
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

/// The value of steps at a place.
fn level_at(points: &[(f64, f64)], x: f64) -> f64 {
    let next = points.partition_point(|(at, _)| *at <= x);
    points[..next].last().map_or(0.0, |(_, value)| *value)
}

fn description(recorded: &Recorded) -> String {
    let sentences = recorded.shown(ARMS_MAX).iter().map(|arm| {
        let (ever, again) = came_back(&arm.recording);
        let [once, twice, more] = arm.recording.letters.each_ref().map(|levels| levels.ended());
        format!(
            "{}: {} dead letters in all, {} of them dead-lettered again after {}; {} left, {} \
             dead-lettered once, {} twice, {} three times or more.",
            arm.called(),
            count(ever),
            count(again),
            redrives(moves(arm).len()),
            count(once + twice + more),
            count(once),
            count(twice),
            count(more)
        )
    });
    sentences.collect::<Vec<_>>().join(" ")
}

fn redrives(n: usize) -> String {
    match n {
        1 => "one redrive".to_owned(),
        n => format!("{} redrives", count(n as u64)),
    }
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] = ["policy", "from_s", "to_s", "once", "twice", "three_times_or_more"];

/// Writes what is drawn, in numbers: the dead letters at the end of each bin, a row a policy and bin.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for arm in recorded.shown(ARMS_MAX) {
            let recording = &arm.recording;
            for bin in 0..recording.bins() {
                let end = recording.start_of(bin + 1).min(recording.ended());
                let [once, twice, more] =
                    recording.letters.each_ref().map(|levels| levels.last(bin).to_string());
                write([
                    safe(&arm.name),
                    recording.start_of(bin).as_secs_f64().to_string(),
                    end.as_secs_f64().to_string(),
                    once,
                    twice,
                    more,
                ])?;
            }
        }
        Ok(())
    })
}
