//! Amplification: what succeeds, and how often a function is tried for each event, at failure rates from 0
//! to 100 %; a line a policy, two panels over one axis.

use super::{
    Look,
    canvas::Anchor,
    headline::quoted,
    lettering::tied,
    page::{Labels, NAME, Page, SMALL, VALUE, capital},
    plot::{LINES, Plot, highest, spread},
    points::{FailureRates, Line, Rate},
    scale::{Scale, number},
};
use crate::report::{compare::safe, csv::table, wording::legal};
use std::io::{self, Write};

/// What each panel's plot is high, if names do not need more.
const HIGH: f64 = 190.0;
/// More lines are not drawn.
pub const LINES_MAX: usize = LINES.len();
/// Between the plot and the names at its right.
const GAP: f64 = 38.0;

/// What is read of a point.
type Figure = fn(&Rate) -> f64;

/// Lines of a name.
const NAME_LINES: usize = 6;

/// From a name to the next: what the longest needs in this width.
fn apart(page: &Page, lines: &[Line], width: f64) -> f64 {
    let wrap = |line: &Line| {
        page.canvas.lettering().wrap(&legal(called(line)), NAME, width, NAME_LINES).len()
    };
    NAME.line_height() * lines.iter().map(wrap).max().unwrap_or(1) as f64 + 2.0
}

fn shown(rates: &FailureRates) -> &[Line] {
    &rates.lines[..rates.lines.len().min(LINES_MAX)]
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn success(point: &Rate) -> f64 {
    share(point.succeeded, point.events)
}

fn load(point: &Rate) -> f64 {
    share(point.attempts, point.events)
}

fn called(line: &Line) -> &str {
    if line.name.is_empty() { "As written" } else { &line.name }
}

/// The rate that the title tells of: the middle.
fn told(line: &Line) -> Option<&Rate> {
    line.points.iter().find(|point| 50 <= point.percent)
}

/// What the runs found, in a sentence.
pub fn finding(rates: &FailureRates) -> String {
    let lines: Vec<(&Line, &Rate)> =
        shown(rates).iter().filter_map(|line| Some((line, told(line)?))).collect();
    let order = |a: &&(&Line, &Rate), b: &&(&Line, &Rate)| load(a.1).total_cmp(&load(b.1));
    let (Some(most), Some(least)) = (lines.iter().rev().max_by(order), lines.iter().min_by(order))
    else {
        return "Nothing was played".to_owned();
    };
    if lines.iter().all(|(_, point)| point.events == 0) {
        return "Nothing arrives".to_owned();
    }
    let percent = most.1.percent;
    let when = capital(&format!("when {percent} % of runs fail"));
    let each = |point: &Rate| match times(load(point)).as_str() {
        "1" => "one attempt".to_owned(),
        times => format!("{times} attempts"),
    };
    let first = format!("{when}, {} of events succeed", of_hundred(success(most.1)));
    match lines.as_slice() {
        [_] => format!("{first}, with {} each", each(most.1)),
        _ if load(most.1) == load(least.1) && success(most.1) == success(least.1) => {
            format!("{first} under every policy, with {} each", each(most.1))
        }
        _ => format!(
            "{first} under {} ({} each), {} under {} ({})",
            quoted(called(most.0)),
            each(most.1),
            of_hundred(success(least.1)),
            quoted(called(least.0)),
            each(least.1)
        ),
    }
}

fn times(load: f64) -> String {
    number(libm::round(load * 100.0) / 100.0)
}

fn of_hundred(share: f64) -> String {
    let percent = 100.0 * share;
    tied(&match percent {
        p if 0.0 < p && p < 1.0 || 99.0 < p && p < 100.0 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    })
}

/// The chart as SVG.
pub fn svg(rates: &FailureRates, look: Look) -> String {
    let lines = shown(rates);
    let mut setting = format!(
        "{} Run at each marked failure rate of {}.",
        rates.setting.sentence(),
        legal(&rates.function)
    );
    if lines.len() > 1 {
        setting.push_str(" Common random numbers.");
    }
    if lines.len() < rates.lines.len() {
        setting.push_str(&format!(" {} of {} policies.", lines.len(), rates.lines.len()));
    }
    let mut page = Page::new(look, &finding(rates), &setting);
    if lines.iter().flat_map(|line| &line.points).all(|point| point.events == 0) {
        return page.finish(&rates.setting.foot(), "");
    }
    let colors = page.colors;
    page.y += 16.0;
    let (left, right) = page.sides();
    let names = lines.iter().map(|line| page.measure(called(line), NAME));
    let names = names.fold(0.0, f64::max).min(0.24 * (right - left)) + GAP;
    let sides = (left + 46.0, right - names);
    let x = Scale::share(sides);
    // As high as all names need.
    let apart = apart(&page, lines, right - sides.1 - GAP);
    let high = HIGH.max(apart * lines.len() as f64);
    let figures: [(&str, &str, Figure); 2] =
        [("Succeeded", "of all events", success), ("Attempts", "for each event", load)];
    for (nth, (name, unit, of)) in figures.into_iter().enumerate() {
        page.row_heading(name, unit);
        let values: Vec<Vec<(f64, f64)>> = lines
            .iter()
            .map(|line| {
                let at = |point: &Rate| (f64::from(point.percent) / 100.0, of(point));
                line.points.iter().map(at).collect()
            })
            .collect();
        let pixels = (page.y + high, page.y);
        let y = match nth {
            0 => Scale::share(pixels),
            _ => Scale::linear(highest(values.iter().flatten()) * 1.06, pixels, 4.0),
        };
        let plot = Plot { x: x.clone(), y };
        plot.rows(&mut page, true);
        plot.columns(&mut page, nth == 1);
        draw(&mut page, &plot, lines, &values);
        page.y += if nth == 0 { high + 22.0 } else { high + 8.0 + SMALL.line_height() };
    }
    let at = ((sides.0 + sides.1) / 2.0, page.y + SMALL.size);
    let words = format!("runs of {} that fail", legal(&rates.function));
    page.canvas.text(&words, at, Anchor::Middle, SMALL, colors.muted);
    page.y += SMALL.line_height();
    let described = description(lines);
    page.finish(&rates.setting.foot(), &described)
}

/// The lines of a panel with their names at the right, each by its own line, and what they come to.
fn draw(page: &mut Page, plot: &Plot, lines: &[Line], values: &[Vec<(f64, f64)>]) {
    let colors = page.colors;
    let (right, limit) = (plot.x.pixels().1, page.sides().1);
    let (bottom, top) = plot.y.pixels();
    let mut labels = Labels::default();
    for (points, (tone, width, dash)) in values.iter().zip(LINES) {
        let color = tone.color(&colors);
        plot.line(page, points, color, width, dash);
        for (at, value) in points {
            page.canvas.disc((plot.x.at(*at), plot.y.at(*value)), 2.5, color, color);
        }
    }
    for points in values {
        for pair in points.windows(2) {
            for nth in 0..=12 {
                let part = f64::from(nth) / 12.0;
                let at = (
                    plot.x.at(pair[0].0 + part * (pair[1].0 - pair[0].0)),
                    plot.y.at(pair[0].1 + part * (pair[1].1 - pair[0].1)),
                );
                labels.keep_clear((at.0 - 2.0, at.1 - 2.0), (at.0 + 2.0, at.1 + 2.0));
            }
        }
    }
    // What is written at each end of a line would be lost where several end together, so it is told in
    // the middle, where the title has it.
    for points in values {
        let Some((at, value)) = points.iter().find(|(at, _)| 0.5 <= *at) else { continue };
        let (x, y) = (plot.x.at(*at), plot.y.at(*value));
        let words = match plot.y.values().1 {
            whole if whole == 1.0 && plot.y.ticks.iter().any(|(_, label)| label == "100 %") => {
                of_hundred(*value)
            }
            _ => times(*value),
        };
        let mut places = [
            (x + 6.0, y - 6.0, Anchor::Start),
            (x - 6.0, y - 6.0, Anchor::End),
            (x + 6.0, y + 15.0, Anchor::Start),
            (x - 6.0, y + 15.0, Anchor::End),
            (x + 6.0, y - 18.0, Anchor::Start),
            (x - 6.0, y + 27.0, Anchor::End),
        ];
        // The lowest has its room below.
        let is_lowest = values.iter().flatten().all(|(other, low)| other != at || value <= low);
        if is_lowest && values.len() > 1 {
            places.rotate_left(2);
        }
        labels.put(page, &words, &places, (plot.x.pixels().0, right), (VALUE, colors.ink));
    }
    let order: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(nth, points)| {
            // Where all end together, those that were higher before stand higher.
            let last = points.last().map_or(0.0, |(_, value)| *value);
            let before = points.iter().map(|(_, value)| *value).sum::<f64>();
            plot.y.at(last) - before * 1e-6 + nth as f64 * 1e-9
        })
        .collect();
    let width = limit - right - GAP;
    let apart = apart(page, lines, width);
    let first = top + NAME.size;
    let places = spread(&order, apart, (first, (bottom - apart + NAME.line_height()).max(first)));
    for ((line, (tone, wide, dash)), y) in lines.iter().zip(LINES).zip(places) {
        let color = tone.color(&colors);
        page.canvas.path(&[(right + 10.0, y), (right + GAP - 6.0, y)], color, wide, dash);
        let top = y - NAME.size + 4.0;
        page.column(called(line), (right + GAP, top), width, NAME_LINES, (NAME, colors.ink));
    }
}

fn description(lines: &[Line]) -> String {
    let sentences = lines.iter().map(|line| {
        let points = line.points.iter().map(|point| {
            let (attempts, succeed) = (times(load(point)), of_hundred(success(point)));
            format!("at {} % {attempts} attempts an event and {succeed} succeed", point.percent)
        });
        format!("{}: {}.", called(line), points.collect::<Vec<_>>().join("; "))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 7] = [
    "policy",
    "failure_rate_percent",
    "events",
    "succeeded",
    "attempts",
    "succeeded_share",
    "attempts_per_event",
];

/// Writes what is drawn, in numbers: a row a policy and failure rate.
pub fn csv(rates: &FailureRates, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for line in shown(rates) {
            for point in &line.points {
                write([
                    safe(&line.name),
                    point.percent.to_string(),
                    point.events.to_string(),
                    point.succeeded.to_string(),
                    point.attempts.to_string(),
                    success(point).to_string(),
                    load(point).to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
