//! How long events stay: the share that is not yet processed after each time, both as logarithms. A line
//! that ends level has events that never were.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause},
    page::{Page, SMALL, VALUE, foot, untimed_subtitle},
    plot::Plot,
    recorded::Arm,
    scale::Scale,
};
use crate::{
    kernel::Span,
    observe::recording::{Ages, Recording},
    report::{
        compare::safe,
        csv::table,
        wording::{count, legal, seconds},
    },
};
use std::io::{self, Write};

/// More policies are not drawn.
pub const ARMS_MAX: usize = 6;
/// What the plot is high.
const HIGH: f64 = 330.0;
/// Ages that are marked: when the event queue's first and second retry are due.
const MARKS_S: [(f64, &str); 2] = [(60.0, "60 s"), (180.0, "180 s")];
/// What is not told apart from nothing.
const SHARE_MIN: f64 = 1e-6;

/// What is not yet processed after each time.
struct Curve {
    /// Events that were to be processed.
    all: u64,
    /// Of these, never processed.
    never: u64,
    /// So many are not yet processed after these seconds; the ages in order, each of them of some events.
    points: Vec<(f64, u64)>,
}

impl Curve {
    fn of(recording: &Recording) -> Curve {
        let mut classes: Vec<(u16, u64)> = Vec::new();
        for function in &recording.functions {
            classes.extend(function.ages.all());
        }
        classes.sort_unstable();
        let oldest = recording.functions.iter().map(|function| function.age_last).max();
        let oldest = Span::nanos(oldest.unwrap_or(0)).as_secs_f64();
        let processed: u64 = classes.iter().map(|(_, n)| n).sum();
        let never = recording.unprocessed;
        let mut left = processed + never;
        let mut points: Vec<(f64, u64)> = Vec::new();
        for (class, n) in classes {
            left -= n;
            let age = Ages::range(class).1.as_secs_f64().min(oldest);
            match points.last_mut() {
                Some(last) if last.0 == age => last.1 = left,
                Some(_) | None => points.push((age, left)),
            }
        }
        Curve { all: processed + never, never, points }
    }

    /// Not yet processed after so many seconds.
    fn after(&self, seconds: f64) -> u64 {
        let before = self.points.iter().rev().find(|(age, _)| *age <= seconds);
        before.map_or(self.all, |(_, left)| *left)
    }

    fn share(&self, events: u64) -> f64 {
        events as f64 / self.all.max(1) as f64
    }

    /// When the last that is processed is.
    fn last(&self) -> Option<f64> {
        self.points.last().map(|(age, _)| *age)
    }

    /// After how long so many of a hundred are processed, if they are.
    fn until(&self, percent: u64) -> Option<f64> {
        let enough = self.all * (100 - percent) / 100;
        self.points.iter().find(|(_, left)| *left <= enough).map(|(age, _)| *age)
    }
}

fn curves(recorded: &Recorded) -> Vec<Curve> {
    recorded.shown(ARMS_MAX).iter().map(|arm| Curve::of(&arm.recording)).collect()
}

/// Whether something was processed.
pub fn fits(recorded: &Recorded) -> bool {
    curves(recorded).iter().any(|curve| !curve.points.is_empty())
}

/// A share as it is read.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    // How far it is from nothing or from all: neither is said of what is only near it.
    let apart = percent.min(100.0 - percent);
    match apart {
        a if a <= 0.0 => format!("{percent:.0} %"),
        a if a < 0.01 && percent < 50.0 => "< 0.01 %".to_owned(),
        a if a < 1.0 => format!("{:.2} %", percent.min(99.99)),
        a if a < 10.0 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let (arms, curves) = (recorded.shown(ARMS_MAX), curves(recorded));
    let all: u64 = curves.iter().map(|curve| curve.all).sum();
    if all == 0 {
        return "There is nothing to process".to_owned();
    }
    let is_lost = curves.iter().any(|curve| curve.never > 0);
    headline::title(arms, |arm| {
        let curve = Curve::of(&arm.recording);
        let late = curve.after(60.0);
        let last = curve.last().map_or(String::new(), seconds);
        let (full, brief) = match (late, curve.never) {
            (_, never) if never == curve.all => {
                let text = "nothing is ever processed".to_owned();
                (text.clone(), text)
            }
            (0, _) if !is_lost => {
                (format!("everything is processed within {last}"), format!("within {last}"))
            }
            (late, _) if !is_lost => {
                let share = percent(curve.share(late));
                (
                    format!("{share} of the events take longer than a minute, the longest {last}"),
                    format!("{share}, the longest {last}"),
                )
            }
            (_, 0) => {
                let text = format!("all processed within {last}");
                (text.clone(), text)
            }
            (late, never) => {
                let share = percent(curve.share(never));
                let others = match late - never {
                    0 => "the others within a minute".to_owned(),
                    _ => format!("the others within {last}"),
                };
                (
                    format!(
                        "{} of {} events ({share}) are never processed, {others}",
                        count(never),
                        count(curve.all)
                    ),
                    format!("{} ({share}), {others}", count(never)),
                )
            }
        };
        let rank = curve.share(if is_lost { curve.never } else { late });
        Clause { full, brief, rank }
    })
}

/// Whole hours or minutes where they are.
fn whole(s: u64) -> String {
    match s {
        s if s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// How each line looks: its tone, its width and its dashes.
fn style(page: &Page, nth: usize) -> (&'static str, f64, Option<f64>) {
    let (ink, muted) = (page.colors.ink, page.colors.muted);
    match nth {
        0 => (ink, 2.25, None),
        1 => (muted, 2.25, Some(6.0)),
        2 => (ink, 1.5, Some(2.5)),
        3 => (muted, 1.25, None),
        4 => (ink, 1.25, Some(8.0)),
        _ => (muted, 1.75, Some(2.0)),
    }
}

/// What is written of a line beside its name.
fn ending(curve: &Curve) -> String {
    match (curve.never, curve.last()) {
        (0, Some(last)) => format!("all within {}", seconds(last)),
        (0, None) => "nothing to process".to_owned(),
        (never, _) => format!("{} never ({})", percent(curve.share(never)), count(never)),
    }
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let mut page = Page::new(look, &finding(recorded), &untimed_subtitle(recorded, ARMS_MAX));
    if !fits(recorded) {
        return page.finish(&foot(recorded), "");
    }
    let (arms, curves, colors) = (recorded.shown(ARMS_MAX), curves(recorded), page.colors);
    let (left, right) = page.sides();
    let left = left + 52.0;
    let name = |arm: &Arm| match arm.name.as_str() {
        "" => "all events".to_owned(),
        name => legal(name),
    };
    let room = arms.iter().zip(&curves).map(|(arm, curve)| {
        page.measure(&name(arm), VALUE).max(page.measure(&ending(curve), SMALL))
    });
    let room = room.fold(0.0, f64::max).min(0.3 * (right - left)) + 38.0;
    let plot_right = right - room;

    page.y += 16.0;
    page.row_heading("Not yet processed", "share of all events that should be, log scale");
    // The marks' names have a line of their own.
    page.y += SMALL.line_height();
    let age_max = arms.iter().flat_map(|arm| &arm.recording.functions);
    let age_max: Option<u64> = age_max.filter_map(|function| function.age_max_s).max();
    let latest = curves.iter().filter_map(Curve::last).fold(180.0, f64::max);
    let latest = latest.max(age_max.unwrap_or(0) as f64).max(600.0);
    // A line begins level.
    let soonest = curves.iter().filter_map(|curve| curve.until(5)).fold(1.4, f64::min) / 1.4;
    let x = Scale::ages(soonest, latest, (left, plot_right));
    let below = |curve: &Curve| {
        let shares = curve.points.iter().map(|(_, n)| curve.share(*n)).filter(|share| *share > 0.0);
        shares.fold(0.1, f64::min)
    };
    let low = curves.iter().map(below).fold(0.1, f64::min).max(SHARE_MIN);
    let mut y = Scale::decades(low, 1.0, (page.y + HIGH, page.y));
    if y.ticks.len() == 2 {
        let between = [0.5, 0.2].map(|part| (part, String::new()));
        y.ticks.extend(between);
    }
    for (value, label) in &mut y.ticks {
        *label = format!("{} %", super::scale::number(libm::round(*value * 1e10) / 1e8));
    }
    let plot = Plot { x, y };
    let (top, bottom, floor) = (page.y, page.y + HIGH, plot.y.values().0);
    plot.rows(&mut page, true);
    plot.columns(&mut page, false);
    let mut last_label = f64::NEG_INFINITY;
    for (value, label) in plot.x.ticks.clone() {
        let (at, half) = (plot.x.at(value), page.measure(&label, SMALL) / 2.0);
        if last_label + 6.0 <= at - half {
            let at = (at, bottom + 8.0 + SMALL.size);
            page.canvas.text(&label, at, Anchor::Middle, SMALL, colors.muted);
            last_label = at.0 + half;
        }
    }

    let marks = MARKS_S.iter().map(|(at, words)| (*at, (*words).to_owned()));
    let marks = marks.chain(age_max.map(|s| (s as f64, format!("MaximumEventAge {}", whole(s)))));
    let mut marks: Vec<(f64, String)> = marks.collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    marks.dedup_by(|later, earlier| {
        later.0 == earlier.0 && {
            earlier.1.clone_from(&later.1);
            true
        }
    });
    let mut free = f64::NEG_INFINITY;
    for (value, words) in &marks {
        let (at, wide) = (plot.x.at(*value), page.measure(words, SMALL));
        page.canvas.path(&[(at, top - 4.0), (at, bottom)], colors.muted, 1.0, Some(3.0));
        let from = (at - wide / 2.0).max(free + 8.0).min(right - wide).max(left);
        if free + 8.0 <= from {
            page.canvas.text(words, (from, top - 8.0), Anchor::Start, SMALL, colors.muted);
            free = from + wide;
        }
    }

    for (nth, curve) in curves.iter().enumerate().rev() {
        let (color, width, dash) = style(&page, nth);
        let mut line = vec![(plot.x.values().0, curve.share(curve.after(plot.x.values().0)))];
        for (age, left) in &curve.points {
            if *age <= line[0].0 {
                continue;
            }
            let before = line[line.len() - 1].1;
            line.push((*age, before));
            line.push((*age, curve.share(*left).max(floor)));
        }
        if curve.never > 0 {
            line.push((plot.x.values().1, curve.share(curve.never)));
        }
        plot.line(&mut page, &line, color, width, dash);
        if let (0, Some(last)) = (curve.never, curve.last()) {
            page.canvas.disc((plot.x.at(last), bottom), 3.0, color, color);
        }
    }

    // The names, at the heights of the lines' ends as far as there is room.
    let high = |page: &Page, arm: &Arm| {
        let lines = page.canvas.lettering().wrap(&name(arm), VALUE, room - 36.0, 4).len();
        lines as f64 * VALUE.line_height() + SMALL.line_height() + 8.0
    };
    let mut order: Vec<usize> = (0..arms.len()).collect();
    let end = |nth: usize| plot.y.at(curves[nth].share(curves[nth].never).max(floor));
    order.sort_by(|a, b| end(*a).total_cmp(&end(*b)).then(a.cmp(b)));
    let mut tops: Vec<f64> = Vec::new();
    for nth in &order {
        let wanted = end(*nth) - 8.0;
        let free = tops.last().map_or(top, |last| *last);
        tops.push(wanted.max(free) + high(&page, &arms[*nth]));
    }
    // From the bottom up again, so that the last is inside too.
    let mut limit = bottom.max(top + order.iter().map(|nth| high(&page, &arms[*nth])).sum::<f64>());
    for (at, nth) in order.iter().enumerate().rev() {
        let until = tops[at].min(limit);
        limit = until - high(&page, &arms[*nth]);
        let (color, width, dash) = style(&page, *nth);
        let x = plot_right + 10.0;
        page.canvas.path(&[(x, limit + 8.0), (x + 20.0, limit + 8.0)], color, width, dash);
        let words = (VALUE, colors.ink);
        let y = page.column(&name(&arms[*nth]), (x + 26.0, limit), room - 36.0, 4, words);
        let words = (SMALL, colors.muted);
        page.column(&ending(&curves[*nth]), (x + 26.0, y), room - 36.0, 2, words);
    }
    let below = order.iter().map(|nth| high(&page, &arms[*nth])).sum::<f64>() + top;
    page.y = bottom + 10.0 + SMALL.line_height();
    let at = ((left + plot_right) / 2.0, page.y + SMALL.size + 2.0);
    page.canvas.text(
        "time since the event was sent, log scale",
        at,
        Anchor::Middle,
        SMALL,
        colors.muted,
    );
    page.y = (page.y + SMALL.line_height() + 4.0).max(below);
    let described = description(arms, &curves);
    page.finish(&foot(recorded), &described)
}

fn description(arms: &[Arm], curves: &[Curve]) -> String {
    let told = arms.iter().zip(curves).map(|(arm, curve)| {
        let name = if arm.name.is_empty() { "As written" } else { &arm.name };
        let parts = [1.0, 60.0, 180.0, 3_600.0, 21_600.0].map(|age| {
            format!("{} after {}", percent(curve.share(curve.after(age))), seconds(age))
        });
        format!(
            "{name}: of {} events, not yet processed are {}; never processed {}.",
            count(curve.all),
            parts.join(", "),
            count(curve.never)
        )
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 4] = ["policy", "age_s", "not_yet_processed", "share"];

/// Writes what is drawn, in numbers: so many events are not processed by this age. An age is the upper end
/// of a class that is at most 6 % wide.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for (arm, curve) in recorded.shown(ARMS_MAX).iter().zip(curves(recorded)) {
            for (age, left) in [(0.0, curve.all)].iter().chain(&curve.points) {
                write([
                    safe(&arm.name),
                    age.to_string(),
                    left.to_string(),
                    curve.share(*left).to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
