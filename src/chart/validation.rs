//! Predicted against measured: each point beside the line on which a prediction is exact, and a band of
//! ±12 % around it.

use super::{
    Look,
    canvas::Anchor,
    lettering::Font,
    page::{HEADING, Page, SMALL},
    plot::Plot,
    scale::{Scale, number},
};
use crate::report::{
    compare::safe,
    csv::table,
    wording::{count, legal},
};
use std::io::{self, Write};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Validation {
    /// The name of the file that the points come from.
    pub file: String,
    /// The points.
    pub points: Vec<Point>,
}

/// A quantity that was measured and predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// What was measured: above 0.
    pub measured: f64,
    /// What was predicted: not below 0.
    pub predicted: f64,
    /// The standard error of the measurement, if it is known.
    pub standard_error: Option<f64>,
    /// What it belongs to; may be empty.
    pub group: String,
}

impl Point {
    /// By which part of the measured the prediction is off.
    pub fn off(&self) -> f64 {
        self.predicted / self.measured - 1.0
    }
}

/// More points are not drawn.
pub const POINTS_MAX: usize = 1_000;
/// Half of the band's width, a share: what authors of such simulators print as their mean error.
const BAND: f64 = 0.12;
/// More standard errors than this are no chance.
const ERRORS: f64 = 3.0;

/// The mean of what the predictions are off by, in percent, whatever the direction.
pub fn mean_error(points: &[Point]) -> f64 {
    let sum: f64 = points.iter().map(|point| point.off().abs()).sum();
    100.0 * sum / points.len().max(1) as f64
}

fn percent(value: f64) -> String {
    if value < 10.0 { format!("{value:.1} %") } else { format!("{value:.0} %") }
}

/// What the points show, in a sentence.
pub fn finding(points: &[Point]) -> String {
    let within = points.iter().filter(|point| point.off().abs() <= BAND).count();
    match points {
        [] => "There is nothing to compare".to_owned(),
        [one] => format!(
            "{} is predicted {} {} what was measured",
            one.name,
            percent(100.0 * one.off().abs()),
            if one.off() < 0.0 { "below" } else { "above" }
        ),
        several => format!(
            "Predictions are off by {} in the mean; {} of {} lie within ±{:.0} %",
            percent(mean_error(several)),
            count(within as u64),
            count(several.len() as u64),
            100.0 * BAND
        ),
    }
}

fn groups(points: &[Point]) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for point in points {
        if !groups.contains(&point.group.as_str()) {
            groups.push(&point.group);
        }
    }
    groups
}

/// Of so many points and more, none is named.
const NAMED_MAX: usize = 60;
/// Groups that look different; later ones look like the last.
const LOOKS: usize = 4;

/// The fill and the rim of a group's points.
fn mark(page: &Page, group: usize) -> (&'static str, &'static str) {
    let colors = page.colors;
    match group.min(LOOKS - 1) {
        0 => (colors.first, colors.first),
        1 => (colors.ground, colors.ink),
        2 => (colors.muted, colors.muted),
        _ => (colors.ground, colors.muted),
    }
}

/// The scale of both: logarithms if the values span much and none is 0.
fn scale(points: &[Point], pixels: (f64, f64), apart: f64) -> Scale {
    let values = || points.iter().flat_map(|point| [point.measured, point.predicted]);
    let high = values().fold(0.0, f64::max);
    let low = values().fold(high, f64::min);
    if low <= 0.0 || high < 20.0 * low {
        return Scale::linear(high * 1.05, pixels, 5.0);
    }
    Scale::fine(low / 1.15, high * 1.15, pixels, apart)
}

/// The chart as SVG.
pub fn svg(validation: &Validation, look: Look) -> String {
    let Validation { file, points } = validation;
    let has_errors = points.iter().any(|point| point.standard_error.is_some());
    let mut subtitle = format!(
        "On the line a prediction is exact; in the band it is off by at most {:.0} %.",
        100.0 * BAND
    );
    if has_errors {
        subtitle.push_str(" A bar is three standard errors of the measurement.");
    }
    let foot =
        format!("{file} · {} · dwell {}", points_told(points.len()), env!("CARGO_PKG_VERSION"));
    let mut page = Page::new(look, &finding(points), &subtitle);
    if points.is_empty() {
        return page.finish(&foot, "");
    }
    let colors = page.colors;
    let (left, right) = page.sides();
    let left = left + 52.0;
    let high = (0.6 * (right - left)).clamp(360.0, 560.0);
    let groups = groups(points);
    page.y += 14.0;
    let heading = match groups.as_slice() {
        [one] if !one.is_empty() => format!("{one}: predicted"),
        _ => "Predicted".to_owned(),
    };
    let wide = right - left;
    page.y = page.column(&heading, (left - 52.0, page.y), wide, 2, (HEADING, colors.ink));
    page.y += 8.0;
    let top = page.y;
    let bottom = top + high;
    let plot =
        Plot { x: scale(points, (left, right), 40.0), y: scale(points, (bottom, top), 16.0) };
    plot.rows(&mut page, true);
    plot.columns(&mut page, true);

    // The band, and the line in it.
    let (low, most) = plot.x.values();
    let steps: Vec<f64> = (0..=96).map(|nth| f64::from(nth) / 96.0).collect();
    let along = |part: f64| plot.x.value(part);
    let edge = |by: f64| -> Vec<(f64, f64)> {
        steps.iter().map(|part| (along(*part), (along(*part) * by).clamp(low, most))).collect()
    };
    plot.band(&mut page, &edge(1.0 - BAND), &edge(1.0 + BAND), colors.all, 0.55);
    plot.line(&mut page, &[(low, low), (most, most)], colors.muted, 1.25, None);

    // No name is written on the line.
    let corner = |part: f64| (plot.x.at(along(part)), plot.y.at(along(part)));
    let mut taken: Vec<[f64; 4]> = steps
        .windows(2)
        .map(|ends| (corner(ends[0]), corner(ends[1])))
        .map(|(from, to)| [from.0, to.1, to.0, from.1])
        .collect();
    for point in points {
        let at = (plot.x.at(point.measured), plot.y.at(point.predicted));
        let (from, to) = bar(&plot, point);
        if point.standard_error.is_some() {
            page.canvas.line((from, at.1), (to, at.1), colors.muted, 1.0);
        }
        taken.push([from, at.1 - 1.5, to, at.1 + 1.5]);
        taken.push([at.0 - 4.5, at.1 - 4.5, at.0 + 4.5, at.1 + 4.5]);
    }
    for point in points {
        let group = groups.iter().position(|group| *group == point.group).unwrap_or(0);
        let (fill, rim) = mark(&page, group);
        let at = (plot.x.at(point.measured), plot.y.at(point.predicted));
        page.canvas.disc(at, 4.0, fill, rim);
    }
    if points.len() <= NAMED_MAX {
        name_points(&mut page, &plot, points, &mut taken);
    }
    page.y = bottom + 8.0 + SMALL.size + 6.0;
    let at = ((left + right) / 2.0, page.y + SMALL.size);
    page.canvas.text("measured", at, Anchor::Middle, SMALL, colors.muted);
    page.y += SMALL.line_height() + 8.0;
    if groups.len() > 1 {
        legend(&mut page, &groups);
    }
    let described = description(points);
    page.finish(&foot, &described)
}

/// From where to where a point's standard errors go.
fn bar(plot: &Plot, point: &Point) -> (f64, f64) {
    let (low, most) = plot.x.values();
    let by = ERRORS * point.standard_error.unwrap_or(0.0);
    let side = |value: f64| plot.x.at(value.clamp(low, most));
    (side(point.measured - by), side(point.measured + by))
}

fn points_told(points: usize) -> String {
    match points {
        1 => "1 point".to_owned(),
        points => format!("{} points", count(points as u64)),
    }
}

/// Each name beside its point where it is clear of all else.
fn name_points(page: &mut Page, plot: &Plot, points: &[Point], taken: &mut Vec<[f64; 4]>) {
    let font: Font = SMALL;
    let (left, right) = plot.x.pixels();
    let (bottom, top) = plot.y.pixels();
    for point in points {
        let name = legal(&point.name);
        let (wide, x, y) =
            (page.measure(&name, font), plot.x.at(point.measured), plot.y.at(point.predicted));
        let (from, to) = bar(plot, point);
        let places = [
            (to.max(x + 2.0) + 6.0, y + 4.0),
            (from.min(x - 2.0) - 6.0 - wide, y + 4.0),
            (x + 6.0, y + 15.0),
            (x - 6.0 - wide, y - 7.0),
            (x - wide / 2.0, y - 9.0),
            (x - wide / 2.0, y + 18.0),
        ];
        let clear = places.into_iter().find(|(from, base)| {
            let place = [*from, base - 9.5, from + wide, base + 3.0];
            let is_inside = left + 2.0 <= place[0]
                && place[2] <= right
                && top <= place[1]
                && place[3] <= bottom - 2.0;
            is_inside
                && taken.iter().all(|other| {
                    place[2] <= other[0]
                        || other[2] <= place[0]
                        || place[3] <= other[1]
                        || other[3] <= place[1]
                })
        });
        if let Some((from, base)) = clear {
            page.canvas.text(&name, (from, base), Anchor::Start, font, page.colors.ink);
            taken.push([from - 2.0, base - 10.0, from + wide + 2.0, base + 3.5]);
        }
    }
}

/// The groups with their marks; those that look alike in one entry.
fn legend(page: &mut Page, groups: &[&str]) {
    let (left, right) = page.sides();
    let muted = page.colors.muted;
    let mut x = left;
    for (nth, group) in groups.iter().enumerate().take(LOOKS) {
        let words = match (*group, nth + 1 == LOOKS && LOOKS < groups.len()) {
            (_, true) => format!("{} other groups", groups.len() - LOOKS + 1),
            ("", false) => "without a group".to_owned(),
            (group, false) => legal(group),
        };
        let room = right - left - 20.0;
        let wide = 20.0 + page.measure(&words, SMALL).min(room) + 18.0;
        if right < x + wide - 18.0 && left < x {
            (x, page.y) = (left, page.y + SMALL.line_height() + 3.0);
        }
        let (fill, rim) = mark(page, nth);
        page.canvas.disc((x + 6.0, page.y + SMALL.size - 4.0), 4.0, fill, rim);
        let after = page.column(&words, (x + 20.0, page.y), room, 9, (SMALL, muted));
        if page.y + SMALL.line_height() * 1.5 < after {
            (x, page.y) = (left, after);
        } else {
            x += wide;
        }
    }
    page.y += SMALL.line_height() + 2.0;
}

fn description(points: &[Point]) -> String {
    let told = points.iter().take(100).map(|point| {
        let (measured, predicted) = (number(point.measured), number(point.predicted));
        format!(
            "{}: measured {measured}, predicted {predicted}, {:+.1} %.",
            legal(&point.name),
            100.0 * point.off()
        )
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] =
    ["name", "group", "measured", "predicted", "standard_error", "off_percent"];

/// Writes what is drawn, in numbers.
pub fn csv(validation: &Validation, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for point in &validation.points {
            write([
                safe(&point.name),
                safe(&point.group),
                point.measured.to_string(),
                point.predicted.to_string(),
                point.standard_error.map_or(String::new(), |error| error.to_string()),
                (100.0 * point.off()).to_string(),
            ])?;
        }
        Ok(())
    })
}
