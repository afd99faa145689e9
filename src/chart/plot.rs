//! A plot: two scales on a rectangle, and what is drawn between them.

use super::{
    canvas::Anchor,
    headline::never,
    page::{HEADING, Page, SMALL},
    recorded::{Arm, Happening},
    scale::Scale,
    theme::Colors,
};
use crate::report::wording::legal;

/// A line, as (x, y) from left to right.
pub type Line = Vec<(f64, f64)>;

/// A rectangle with two scales. The y scale goes up.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Along it.
    pub x: Scale,
    /// Up it.
    pub y: Scale,
}

impl Plot {
    fn sides(&self) -> (f64, f64, f64, f64) {
        let ((left, right), (bottom, top)) = (self.x.pixels(), self.y.pixels());
        (left, right, top, bottom)
    }

    /// Lines at the ticks of the y scale, with their labels left of it if `labels`.
    pub fn rows(&self, page: &mut Page, labels: bool) {
        let (left, right, ..) = self.sides();
        let (grid, muted) = (page.colors.grid, page.colors.muted);
        for (value, label) in &self.y.ticks {
            let y = self.y.at(*value);
            page.canvas.line((left, y), (right, y), grid, 1.0);
            if labels {
                let at = (left - 8.0, y + 4.0);
                page.canvas.text(label, at, Anchor::End, SMALL, muted);
            }
        }
    }

    /// Short lines below the ticks of the x scale, with their labels if `labels`.
    pub fn columns(&self, page: &mut Page, labels: bool) {
        let (.., bottom) = self.sides();
        let (grid, muted) = (page.colors.grid, page.colors.muted);
        for (value, label) in &self.x.ticks {
            let x = self.x.at(*value);
            page.canvas.line((x, bottom), (x, bottom + 5.0), grid, 1.0);
            if labels {
                let at = (x, bottom + 8.0 + SMALL.size);
                page.canvas.text(label, at, Anchor::Middle, SMALL, muted);
            }
        }
    }

    /// Shades what is set on the timeline, and marks calls with a line; behind everything else.
    pub fn shade(&self, page: &mut Page, arm: &Arm) {
        let (.., top, bottom) = self.sides();
        let (fault, retry) = (page.colors.fault, page.colors.muted);
        let ended = arm.recording.ended().as_secs_f64();
        for Happening { from, until, .. } in &arm.happenings {
            let from = *from as f64 / 1e9;
            if ended <= from {
                continue;
            }
            match until {
                Some(until) => {
                    let (from, to) = (self.x.at(from), self.x.at(*until as f64 / 1e9));
                    page.canvas.rectangle(
                        (from, top),
                        ((to - from).max(1.0), bottom - top),
                        fault,
                        1.0,
                    );
                }
                None => {
                    let x = self.x.at(from);
                    page.canvas.path(&[(x, top), (x, bottom)], retry, 1.0, Some(3.0));
                }
            }
        }
    }

    /// An area from `low` up to `high`, both as (x, y) from left to right.
    pub fn band(
        &self,
        page: &mut Page,
        low: &[(f64, f64)],
        high: &[(f64, f64)],
        color: &str,
        opacity: f64,
    ) {
        let place = |(x, y): &(f64, f64)| (self.x.at(*x), self.y.at(*y));
        let corners: Vec<(f64, f64)> = high.iter().chain(low.iter().rev()).map(place).collect();
        page.canvas.area(&corners, color, opacity);
    }

    /// An area from the bottom up to these values.
    pub fn area(&self, page: &mut Page, high: &[(f64, f64)], color: &str, opacity: f64) {
        let (Some(first), Some(last)) = (high.first(), high.last()) else { return };
        let floor = self.y.values().0;
        self.band(page, &[(first.0, floor), (last.0, floor)], high, color, opacity);
    }

    /// A line through these values.
    pub fn line(
        &self,
        page: &mut Page,
        values: &[(f64, f64)],
        color: &str,
        width: f64,
        dash: Option<f64>,
    ) {
        let place = |(x, y): &(f64, f64)| (self.x.at(*x), self.y.at(*y));
        let points: Vec<(f64, f64)> = values.iter().map(place).collect();
        page.canvas.path(&points, color, width, dash);
    }

    /// Where a label of this width stands clear over the end of a line of steps.
    pub fn over_end(&self, points: &[(f64, f64)], wide: f64) -> f64 {
        let from = self.x.pixels().1 - wide;
        let near = points.iter().filter(|(x, _)| from <= self.x.at(*x));
        let last = points.last().map_or(0.0, |(_, value)| *value);
        self.y.at(near.map(|(_, value)| *value).fold(last, f64::max)) - 6.0
    }

    /// A line over the whole width at a value, such as a capacity.
    pub fn limit(&self, page: &mut Page, value: f64, color: &str) {
        let ((left, right, ..), y) = (self.sides(), self.y.at(value));
        page.canvas.line((left, y), (right, y), color, 1.25);
    }
}

/// Columns of panels beside each other, a policy each, with room for labels at the left.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    left: f64,
    count: usize,
    /// How wide each is.
    pub wide: f64,
}

/// Between columns.
const GUTTER: f64 = 22.0;
/// For the labels of rows.
const LABELS: f64 = 46.0;

impl Columns {
    /// So many of them over the whole width.
    pub fn new(page: &Page, count: usize) -> Columns {
        let (left, right) = page.sides();
        let (left, n) = (left + LABELS, count.max(1) as f64);
        Columns { left, count, wide: (right - left - GUTTER * (n - 1.0)) / n }
    }

    /// Where one begins and ends.
    pub fn span(&self, nth: usize) -> (f64, f64) {
        let from = self.left + nth as f64 * (self.wide + GUTTER);
        (from, from + self.wide)
    }

    /// The names of the policies and what they set; nothing for a file that is played as written.
    pub fn headings(&self, page: &mut Page, arms: &[Arm]) {
        if arms.iter().all(|arm| arm.name.is_empty()) {
            return;
        }
        let (ink, muted, top) = (page.colors.ink, page.colors.muted, page.y);
        let mut bottom = top;
        for (nth, arm) in arms.iter().enumerate() {
            let (from, _) = self.span(nth);
            let y = page.column(&arm.name, (from, top), self.wide, 6, (HEADING, ink));
            let y = page.column(&arm.sets, (from, y + 1.0), self.wide, 6, (SMALL, muted));
            bottom = bottom.max(y);
        }
        page.y = bottom + 8.0;
    }

    /// The scale of time of one, until so many seconds.
    pub fn time(&self, nth: usize, ended: f64) -> Scale {
        Scale::time(ended, self.span(nth)).0
    }

    /// The labels of time below the last row, until so many seconds, and their unit.
    pub fn times(&self, page: &mut Page, ended: f64) {
        let (muted, y) = (page.colors.muted, page.y + 4.0 + SMALL.size);
        let mut caption = "";
        for nth in 0..self.count {
            let (scale, words) = Scale::time(ended, self.span(nth));
            caption = words;
            for (value, label) in &scale.ticks {
                page.canvas.text(label, (scale.at(*value), y), Anchor::Middle, SMALL, muted);
            }
        }
        page.y += 4.0 + SMALL.line_height();
        let middle = (self.left + page.sides().1) / 2.0;
        page.canvas.text(caption, (middle, page.y + SMALL.size), Anchor::Middle, SMALL, muted);
        page.y += SMALL.line_height();
    }
}

/// How the lines of policies in one panel differ: tone, width and dashes. As many as there are told apart.
pub const LINES: [(Tone, f64, Option<f64>); 6] = [
    (Tone::Ink, 2.25, None),
    (Tone::Muted, 2.25, Some(6.0)),
    (Tone::Ink, 1.75, Some(2.5)),
    (Tone::Muted, 1.5, None),
    (Tone::Ink, 1.75, Some(9.0)),
    (Tone::Muted, 1.75, Some(2.5)),
];

/// The tone of a line without a meaning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As text.
    Ink,
    /// As text that is read second.
    Muted,
}

impl Tone {
    /// Its colour.
    pub fn color(self, colors: &Colors) -> &'static str {
        match self {
            Tone::Ink => colors.ink,
            Tone::Muted => colors.muted,
        }
    }
}

/// Heights for labels that would be at these heights: at least so far apart, in the same order, and within
/// `top` and `bottom` if there is room.
pub fn spread(wanted: &[f64], apart: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut at = wanted.to_vec();
    let mut free = top;
    for nth in &order {
        at[*nth] = at[*nth].max(free);
        free = at[*nth] + apart;
    }
    let mut free = bottom;
    for nth in order.iter().rev() {
        at[*nth] = at[*nth].min(free);
        free = at[*nth] - apart;
    }
    at
}

/// What the timeline does and how it is drawn, in words for a subtitle; empty if it does nothing.
pub fn happenings(arms: &[Arm]) -> String {
    let told = |is_shaded: bool| told(arms, |it| it.until.is_some() == is_shaded);
    let parts = [("shaded", told(true)), ("dashed", told(false))].into_iter();
    let parts = parts.filter(|(_, words)| !words.is_empty());
    let parts: Vec<String> = parts.map(|(how, words)| format!("{words} ({how})")).collect();
    if parts.is_empty() { String::new() } else { format!(" Timeline: {}.", parts.join(", ")) }
}

/// What the timeline does, in words for the subtitle of a chart without an axis of time; empty if nothing.
pub fn meanwhile(arms: &[Arm]) -> String {
    let words = told(arms, |_| true);
    if words.is_empty() { words } else { format!(" Timeline: {words}.") }
}

/// What has to be free above a panel of ages for what was never processed.
pub fn never_room(arms: &[Arm]) -> f64 {
    if arms.iter().any(|arm| never(arm).is_some()) { SMALL.line_height() + 4.0 } else { 0.0 }
}

/// Marks what was never processed at the top edge of a panel of ages, from when the first of it was sent to when
/// the last was, and says how much it is.
pub fn never_edge(page: &mut Page, plot: &Plot, arm: &Arm) {
    let Some(words) = never(arm) else { return };
    let (left, right, top, _) = plot.sides();
    let muted = page.colors.muted;
    let lost = || arm.why.causes.iter().filter(|row| row.place.is_loss());
    let most = lost().rev().max_by_key(|row| row.arrivals);
    let color = most.map_or(muted, |row| page.colors.of(row.place));
    let (first, last) = lost().fold((f64::MAX, f64::MIN), |(first, last), row| {
        (first.min(row.sent_s.0), last.max(row.sent_s.1))
    });
    let mut x = right;
    if first <= last {
        let (from, to) = (plot.x.at(first), plot.x.at(last));
        page.canvas.rectangle((from, top - 2.0), ((to - from).max(3.0), 4.0), color, 1.0);
        x = (from + page.measure(&words, SMALL)).max(to).min(right);
    }
    let wide = page.measure(&words, SMALL);
    if wide <= right - left {
        let x = x.max(left + wide);
        page.canvas.text(&words, (x, top - 6.0), Anchor::End, SMALL, page.colors.ink);
    }
}

fn told(arms: &[Arm], is_meant: impl Fn(&Happening) -> bool) -> String {
    let mut words: Vec<String> = Vec::new();
    for happening in arms.iter().flat_map(|arm| &arm.happenings).filter(|it| is_meant(it)) {
        let said = legal(&happening.words);
        if !words.contains(&said) {
            words.push(said);
        }
    }
    if HAPPENINGS_MAX < words.len() {
        let more = words.len() - HAPPENINGS_MAX;
        words.truncate(HAPPENINGS_MAX);
        words.push(format!("{more} more"));
    }
    words.join("; ")
}

/// So many are told.
const HAPPENINGS_MAX: usize = 3;

/// Steps: a value a bin, from its begin to its end, of at most so many bins; several that fall together
/// are joined by `join`.
pub fn steps(
    bins: usize,
    at_most: usize,
    start: impl Fn(usize) -> f64,
    value: impl Fn(std::ops::Range<usize>) -> f64,
) -> Vec<(f64, f64)> {
    let each = bins.div_ceil(at_most.max(1)).max(1);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for from in (0..bins).step_by(each) {
        let to = (from + each).min(bins);
        let value = value(from..to);
        // A level that stays needs no point.
        if let [.., before, last] = points.as_mut_slice()
            && before.1 == value
            && last.1 == value
        {
            last.0 = start(to);
            continue;
        }
        points.extend([(start(from), value), (start(to), value)]);
    }
    points
}

/// The highest value of these points, at least 0.
pub fn highest<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> f64 {
    points.map(|(_, value)| *value).fold(0.0, f64::max)
}

/// Lines through the middles of bins, of at most so many; where there is no value, a line ends.
pub fn parts(
    arm: &Arm,
    at_most: usize,
    value: impl Fn(std::ops::Range<usize>) -> Option<f64>,
) -> Vec<Line> {
    let recording = &arm.recording;
    let each = recording.bins().div_ceil(at_most.max(1)).max(1);
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    for from in (0..recording.bins()).step_by(each) {
        let to = (from + each).min(recording.bins());
        let middle =
            (recording.start_of(from).as_secs_f64() + recording.start_of(to).as_secs_f64()) / 2.0;
        match value(from..to) {
            Some(value) => line.push((middle.min(recording.ended().as_secs_f64()), value)),
            None if line.is_empty() => (),
            None => lines.push(std::mem::take(&mut line)),
        }
    }
    lines.push(line);
    // A single one is a short line of its own.
    for line in &mut lines {
        if let [(at, value)] = line.as_slice() {
            let half = recording.width().as_secs_f64() * each as f64 / 2.0;
            *line = vec![(at - half, *value), (at + half, *value)];
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_spread_in_their_order() {
        let of = |wanted: &[f64]| spread(wanted, 10.0, (0.0, 100.0));
        assert_eq!(of(&[50.0, 20.0]), [50.0, 20.0]);
        assert_eq!(of(&[50.0, 45.0, 52.0]), [55.0, 45.0, 65.0]);
        assert_eq!(of(&[99.0, 98.0]), [100.0, 90.0]);
    }
}
