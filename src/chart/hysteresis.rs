//! Hysteresis: what succeeds a second over what arrives a second, as a path in time: load goes up, then
//! down, and where goodput does not come back the same way the path is a loop. A column a policy.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause},
    page::{Labels, Page, SMALL, Swatch, foot, length, subtitle},
    plot::Columns,
    recorded::Arm,
    scale::{Scale, number},
};
use crate::{
    observe::recording::Recording,
    report::{compare::safe, csv::table, wording::seconds},
};
use std::io::{self, Write};

/// More columns are not drawn.
pub const ARMS_MAX: usize = 3;
/// A panel is not higher.
const HIGH_MAX: f64 = 330.0;
/// A smaller share of goodput that does not come back is no loop.
const LOOP: f64 = 0.08;
/// The path is smoothed over about this part of the run.
const SMOOTHED: usize = 40;

/// A point of the path.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Seconds since the start.
    at: f64,
    /// Arrivals a second.
    load: f64,
    /// Successes a second.
    goodput: f64,
}

/// How many bins the path is smoothed over: an odd number.
fn smoothed_over(recording: &Recording) -> usize {
    let wanted = (recording.bins() / SMOOTHED).max(1);
    wanted | 1
}

/// The path: means over the bins around each.
fn path(recording: &Recording) -> Vec<Point> {
    let (bins, half) = (recording.bins(), smoothed_over(recording) / 2);
    let around = |bin: usize| {
        let (from, to) = (bin.saturating_sub(half), (bin + half + 1).min(bins));
        let lasted: f64 = (from..to).map(|bin| recording.seconds_of(bin)).sum();
        let rate = |n: u64| if lasted > 0.0 { n as f64 / lasted } else { 0.0 };
        let middle = recording.start_of(bin).as_secs_f64() + recording.seconds_of(bin) / 2.0;
        Point {
            at: middle,
            load: rate((from..to).map(|bin| recording.arrived.at(bin)).sum()),
            goodput: rate((from..to).map(|bin| recording.succeeded.at(bin)).sum()),
        }
    };
    (0..bins).map(around).collect()
}

/// What is compared with what.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The load goes up until this time, in seconds, then down.
    Peak(f64),
    /// The load stays; something is set from the first time until the second.
    Fault(f64, f64),
    /// The load stays and nothing happens.
    None,
}

/// Where the path turns, by the first policy: loads are the same under all of them, as long as clients
/// do not ask more often.
fn turn(arm: &Arm) -> Turn {
    let path = path(&arm.recording);
    // While something arrives.
    let last = path.iter().rposition(|point| point.load > 0.0).unwrap_or(0);
    let edge = smoothed_over(&arm.recording);
    let inner = path.get(edge..last.saturating_sub(edge).max(edge)).unwrap_or(&[]);
    let highest = inner.iter().map(|point| point.load).fold(0.0, f64::max);
    let lowest = inner.iter().map(|point| point.load).fold(f64::MAX, f64::min);
    if lowest < 0.6 * highest {
        let top = inner.iter().max_by(|a, b| a.load.total_cmp(&b.load));
        return top.map_or(Turn::None, |point| Turn::Peak(point.at));
    }
    let ended = arm.recording.ended().as_nanos();
    let mut set = arm.happenings.iter().filter_map(|happening| {
        Some((happening.from, happening.until.filter(|until| *until < ended)?))
    });
    set.next()
        .map_or(Turn::None, |(from, until)| Turn::Fault(from as f64 / 1e9, until as f64 / 1e9))
}

/// Goodput at the same loads before the path turns and after it.
#[derive(Clone, Copy, Debug)]
struct Gap {
    before: f64,
    after: f64,
}

impl Gap {
    fn share(&self) -> f64 {
        if self.before > 0.0 { (self.before - self.after) / self.before } else { 0.0 }
    }
}

fn mean(points: &[Point], of: impl Fn(&Point) -> f64) -> f64 {
    points.iter().map(of).sum::<f64>() / points.len().max(1) as f64
}

/// The gap between the ways down and up at the same loads, or between the time before a fault and the end.
fn gap(recording: &Recording, turn: Turn) -> Option<Gap> {
    let path = path(recording);
    let edge = smoothed_over(recording);
    match turn {
        Turn::Peak(top) => {
            let highest = path.iter().map(|point| point.load).fold(0.0, f64::max);
            let up: Vec<Point> =
                path.iter().skip(edge / 2).filter(|point| point.at <= top).copied().collect();
            let down = path.iter().filter(|point| top < point.at && 0.1 * highest <= point.load);
            let with = |point: &Point| {
                let apart = |other: &&Point| (other.load - point.load).abs();
                let near: Vec<Point> =
                    up.iter().filter(|other| apart(other) <= 0.04 * highest).copied().collect();
                (!near.is_empty()).then(|| (mean(&near, |point| point.goodput), point.goodput))
            };
            let both: Vec<(f64, f64)> = down.filter_map(with).collect();
            let sum = both.iter().fold((0.0, 0.0), |all, pair| (all.0 + pair.0, all.1 + pair.1));
            let n = both.len() as f64;
            (!both.is_empty()).then(|| Gap { before: sum.0 / n, after: sum.1 / n })
        }
        Turn::Fault(from, until) => {
            let before: Vec<Point> =
                path.iter().skip(edge).filter(|point| point.at < from).copied().collect();
            let after: Vec<Point> =
                path.iter().filter(|point| until < point.at && point.load > 0.0).copied().collect();
            // The last quarter: what it came to.
            let end = &after[after.len() - after.len().div_ceil(4)..];
            (!before.is_empty() && !end.is_empty()).then(|| Gap {
                before: mean(&before, |point| point.goodput),
                after: mean(end, |point| point.goodput),
            })
        }
        Turn::None => None,
    }
}

fn has_path(recorded: &Recorded) -> bool {
    recorded.arms.iter().any(|arm| arm.recording.arrived.total() > 1 && 8 <= arm.recording.bins())
}

/// Whether load goes up and down, or something is set for a while.
pub fn fits(recorded: &Recorded) -> bool {
    has_path(recorded) && recorded.arms.first().is_some_and(|arm| !matches!(turn(arm), Turn::None))
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let arms = recorded.shown(ARMS_MAX);
    if arms.iter().all(|arm| arm.recording.arrived.total() == 0) {
        return "Nothing arrives".to_owned();
    }
    let way = turn(&arms[0]);
    let gaps: Vec<Option<Gap>> = arms.iter().map(|arm| gap(&arm.recording, way)).collect();
    if gaps.iter().all(Option::is_none) {
        return "Load neither rises nor falls, and nothing is set".to_owned();
    }
    headline::title(arms, |arm| {
        let Some(gap) = gap(&arm.recording, way) else {
            return Clause::plain("nothing to compare", f64::MIN);
        };
        let (before, after) = (rate(gap.before), rate(gap.after));
        let (full, brief) = match (way, gap.share() < LOOP) {
            (Turn::Peak(_), true) => {
                let text = "no loop, goodput comes back as it went".to_owned();
                (text.clone(), text)
            }
            (Turn::Fault(..) | Turn::None, true) => {
                (format!("goodput recovers to {after}/s"), format!("recovers to {after}/s"))
            }
            (Turn::Peak(_), false) => (
                format!(
                    "at equal load {before}/s succeed while it rises and {after}/s while it falls"
                ),
                format!("{before}/s and {after}/s"),
            ),
            (Turn::Fault(..) | Turn::None, false) => (
                format!("{before}/s succeed before the fault and {after}/s in the end"),
                format!("{before}/s and {after}/s"),
            ),
        };
        Clause { full, brief, rank: gap.share() }
    })
}

/// A rate as people say it.
fn rate(value: f64) -> String {
    if 10.0 <= value {
        number(libm::round(value))
    } else {
        number(libm::round(value * 10.0) / 10.0)
    }
}

/// A time as people say it.
fn moment(at: f64) -> String {
    length(libm::round(at))
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let title = finding(recorded);
    let mut setting = subtitle(recorded, ARMS_MAX);
    let arms = recorded.shown(ARMS_MAX);
    if let Some(arm) = arms.first() {
        let (bins, width) = (smoothed_over(&arm.recording), arm.recording.width().as_secs_f64());
        setting.push_str(&match bins {
            1 => format!(" Means of {}.", seconds(width)),
            _ => format!(" Smoothed over {bins} bins of {}.", seconds(width)),
        });
    }
    let mut page = Page::new(look, &title, &setting);
    if !has_path(recorded) {
        return page.finish(&foot(recorded), "");
    }
    let colors = page.colors;
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    page.row_heading("Succeeded", "per second, over arrivals per second");
    let paths: Vec<Vec<Point>> = arms.iter().map(|arm| path(&arm.recording)).collect();
    let all = || paths.iter().flatten();
    let load = all().map(|point| point.load).fold(0.0, f64::max);
    let goodput = all().map(|point| point.goodput).fold(0.0, f64::max);
    let high = columns.wide.clamp(190.0, HIGH_MAX);
    let y = Scale::linear(goodput * 1.1, (page.y + high, page.y), 5.0);
    for (nth, arm) in arms.iter().enumerate() {
        let sides = columns.span(nth);
        let x = Scale::linear(load * 1.05, sides, (columns.wide / 60.0).max(2.0));
        for (value, label) in &y.ticks {
            let at = y.at(*value);
            page.canvas.line((sides.0, at), (sides.1, at), colors.grid, 1.0);
            if nth == 0 {
                page.canvas.text(
                    label,
                    (sides.0 - 8.0, at + 4.0),
                    Anchor::End,
                    SMALL,
                    colors.muted,
                );
            }
        }
        let last = x.ticks.len() - 1;
        for (tick, (value, label)) in x.ticks.iter().enumerate() {
            let at = x.at(*value);
            page.canvas.line((at, page.y + high), (at, page.y + high + 5.0), colors.grid, 1.0);
            let anchor = match tick {
                0 => Anchor::Start,
                tick if tick == last => Anchor::End,
                _ => Anchor::Middle,
            };
            let at = (at, page.y + high + 8.0 + SMALL.size);
            page.canvas.text(label, at, anchor, SMALL, colors.muted);
        }
        let whole = x.values().1.min(y.values().1);
        let (zero, top) = ((x.at(0.0), y.at(0.0)), (x.at(whole), y.at(whole)));
        page.canvas.path(&[zero, top], colors.all, 1.5, Some(3.0));
        draw(&mut page, arm, &paths[nth], (&x, &y));
    }
    page.y += high + 8.0 + SMALL.line_height();
    let (left, right) = (columns.span(0).0, columns.span(arms.len() - 1).1);
    let at = ((left + right) / 2.0, page.y + SMALL.size);
    page.canvas.text("arrivals per second", at, Anchor::Middle, SMALL, colors.muted);
    page.y += SMALL.line_height() + 10.0;
    let (before, after) = match turn(&arms[0]) {
        Turn::Peak(_) => ("while load goes up", "then, as it goes down"),
        Turn::Fault(..) => ("until the fault", "from then on"),
        Turn::None => ("first half", "second half"),
    };
    let mut entries = vec![
        (Swatch::Line, colors.first, before),
        (Swatch::Dashed, colors.ink, after),
        (Swatch::Dashed, colors.all, "all that arrive succeed"),
    ];
    if arms.iter().any(|arm| arm.happenings.iter().any(|happening| happening.until.is_some())) {
        entries.push((Swatch::Area, colors.fault, "while something is set"));
    }
    page.legend(&entries);
    let described = description(recorded);
    page.finish(&foot(recorded), &described)
}

/// The path with its arrows and times.
fn draw(page: &mut Page, arm: &Arm, path: &[Point], (x, y): (&Scale, &Scale)) {
    let colors = page.colors;
    let place = |point: &Point| (x.at(point.load), y.at(point.goodput));
    let ended = arm.recording.ended().as_secs_f64();
    let turns = match turn(arm) {
        Turn::Peak(at) | Turn::Fault(at, _) => at,
        Turn::None => ended / 2.0,
    };
    let spans: Vec<(f64, f64)> = arm
        .happenings
        .iter()
        .filter_map(|happening| Some((happening.from as f64 / 1e9, happening.until? as f64 / 1e9)))
        .collect();
    for (from, until) in &spans {
        let part: Vec<(f64, f64)> =
            path.iter().filter(|point| (*from..=*until).contains(&point.at)).map(place).collect();
        page.canvas.path(&part, colors.fault, 11.0, None);
    }
    let split = path.partition_point(|point| point.at <= turns);
    let up: Vec<(f64, f64)> = path[..split].iter().map(place).collect();
    let down: Vec<(f64, f64)> = path[split.saturating_sub(1)..].iter().map(place).collect();
    page.canvas.path(&up, colors.first, 2.25, None);
    page.canvas.path(&down, colors.ink, 2.0, Some(4.0));
    arrows(page, &up, colors.first);
    arrows(page, &down, colors.ink);

    // Where it is when: at the start, where something is set and ends, where it turns, now and then.
    let mut times = vec![path[0].at, turns, path[path.len() - 1].at];
    times.extend(spans.iter().flat_map(|(from, until)| [*from, *until]));
    times.extend((1..8).map(|nth| ended * f64::from(nth) / 8.0));
    let (left, right) = x.pixels();
    let (bottom, top) = y.pixels();
    let mut labels = Labels::default();
    for pair in [up.as_slice(), &down].into_iter().flat_map(|part| part.windows(2)) {
        let (from, to) = (pair[0], pair[1]);
        let long = libm::hypot(to.0 - from.0, to.1 - from.1);
        for nth in 0..=(long / 4.0) as usize {
            let share = nth as f64 * 4.0 / long.max(4.0);
            let at = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
            labels.keep_clear((at.0 - 1.0, at.1 - 1.0), (at.0 + 1.0, at.1 + 1.0));
        }
    }
    let mut marked: Vec<(f64, f64)> = Vec::new();
    for (nth, at) in times.into_iter().filter(|at| *at <= ended).enumerate() {
        let Some(point) =
            path.iter().min_by(|a, b| (a.at - at).abs().total_cmp(&(b.at - at).abs()))
        else {
            continue;
        };
        let (px, py) = place(point);
        let is_near = |(ox, oy): &(f64, f64)| (ox - px).abs() + (oy - py).abs() < 26.0;
        if 2 < nth && marked.iter().any(is_near) {
            continue;
        }
        let words = match nth {
            0 => "start".to_owned(),
            2 => "end".to_owned(),
            _ => moment(at),
        };
        let mut around = Vec::new();
        for far in [8.0, 16.0, 26.0] {
            around.extend([
                (px - far, py - 0.75 * far, Anchor::End),
                (px + far, py + 1.0 * far + 5.0, Anchor::Start),
                (px + far, py - 0.75 * far, Anchor::Start),
                (px - far, py + 1.0 * far + 5.0, Anchor::End),
                (px - far - 2.0, py + 4.0, Anchor::End),
                (px + far + 2.0, py + 4.0, Anchor::Start),
                (px, py - far, Anchor::Middle),
                (px, py + far + 9.0, Anchor::Middle),
            ]);
        }
        let inside = |(_, y, _): &&(f64, f64, Anchor)| top + 8.0 <= *y && *y <= bottom - 2.0;
        let around: Vec<(f64, f64, Anchor)> = around.iter().filter(inside).copied().collect();
        if labels.put(page, &words, &around, (left, right), (SMALL, colors.ink)) {
            let color = if at <= turns { colors.first } else { colors.ink };
            page.canvas.disc((px, py), 3.5, color, colors.ground);
            labels.keep_clear((px - 4.0, py - 4.0), (px + 4.0, py + 4.0));
            marked.push((px, py));
        }
    }
}

/// Arrowheads along a path, each in its direction.
fn arrows(page: &mut Page, path: &[(f64, f64)], color: &str) {
    let apart = |a: &(f64, f64), b: &(f64, f64)| libm::hypot(b.0 - a.0, b.1 - a.1);
    let length: f64 = path.windows(2).map(|pair| apart(&pair[0], &pair[1])).sum();
    let heads = (length / 110.0).clamp(1.0, 6.0);
    let step = length / heads;
    let (mut gone, mut next) = (0.0, step / 2.0);
    for pair in path.windows(2) {
        let long = apart(&pair[0], &pair[1]);
        if long > 0.0 && next <= gone + long {
            let share = (next - gone) / long;
            let along = ((pair[1].0 - pair[0].0) / long, (pair[1].1 - pair[0].1) / long);
            let tip = (pair[0].0 + share * long * along.0, pair[0].1 + share * long * along.1);
            let at = |ahead: f64, aside: f64| {
                (
                    tip.0 + ahead * along.0 - aside * along.1,
                    tip.1 + ahead * along.1 + aside * along.0,
                )
            };
            page.canvas.polygon(&[at(6.0, 0.0), at(-4.0, 4.5), at(-4.0, -4.5)], color);
            next += step.max(long);
        }
        gone += long;
    }
}

fn description(recorded: &Recorded) -> String {
    let arms = recorded.shown(ARMS_MAX);
    let way = turn(&arms[0]);
    let sentences = arms.iter().map(|arm| {
        let name = arm.called();
        match (gap(&arm.recording, way), way) {
            (Some(gap), Turn::Peak(at)) => format!(
                "{name}: load is highest at {}; at the loads of the way down {} a second succeed on \
                 the way up and {} on the way down.",
                moment(at),
                rate(gap.before),
                rate(gap.after)
            ),
            (Some(gap), _) => format!(
                "{name}: {} a second succeed before the fault and {} in the end.",
                rate(gap.before),
                rate(gap.after)
            ),
            (None, _) => format!("{name}: nothing to compare."),
        }
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] =
    ["policy", "at_s", "arrivals_per_s", "succeeded_per_s", "arrivals", "succeeded"];

/// Writes what is drawn, in numbers, a row a policy and bin: the smoothed path at its middle, and what was
/// counted in it.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for arm in recorded.shown(ARMS_MAX) {
            for (bin, point) in path(&arm.recording).into_iter().enumerate() {
                write([
                    safe(&arm.name),
                    point.at.to_string(),
                    point.load.to_string(),
                    point.goodput.to_string(),
                    arm.recording.arrived.at(bin).to_string(),
                    arm.recording.succeeded.at(bin).to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
