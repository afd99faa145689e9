//! The storm: runs a second split into first attempts and retries against the capacity, how old events
//! are when they are processed, and the dead letters; a column a policy.
//!
//! Ages are of what was processed; what never was has its mark at the top edge.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause, quoted, since},
    page::{Labels, Page, SMALL, Swatch, VALUE, foot, subtitle},
    plot::{Columns, Line, Plot, highest, never_edge, never_room, parts, steps},
    recorded::{Alarm, Arm},
    scale::{Scale, number},
};
use crate::{
    observe::recording::{Ages, FunctionTrack},
    report::{
        compare::safe,
        csv::table,
        wording::{count, seconds},
    },
};
use std::{
    io::{self, Write},
    ops::Range,
};

/// What a panel's plot is high.
const HIGH: f64 = 120.0;
/// More alarms are not drawn.
const ALARMS_MAX: usize = 3;
/// More columns are not drawn.
pub const ARMS_MAX: usize = 4;

/// The function that is drawn: the one that ran most often under the first policy.
fn drawn(recorded: &Recorded) -> Option<usize> {
    recorded.arms.first().and_then(|arm| arm.recording.busiest())
}

fn track(arm: &Arm, function: usize) -> &FunctionTrack {
    &arm.recording.functions[function]
}

/// A limit that holds from a time on: on runs of the function, or on batches of its only mapping.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Capacity {
    from_s: f64,
    /// How many at once.
    units: u64,
    name: &'static str,
    /// What is limited.
    what: &'static str,
    /// How many a second, from the mean length of the runs there were.
    per_s: f64,
}

/// What limits the runs of a function over time, the tightest limit at each; nothing if nothing ran.
fn capacities(arm: &Arm, function: usize) -> Vec<Capacity> {
    let recording = &arm.recording;
    let (busy, runs) = track(arm, function).busy;
    if busy == 0 {
        return Vec::new();
    }
    let per_unit = runs as f64 / (busy as f64 / 1e9);
    let mut mappings = recording.mappings.iter().filter(|mapping| mapping.function == function);
    let only = match (mappings.next(), mappings.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let of_runs = arm.limits.get(function).into_iter().flatten().map(|(from, _)| *from);
    let of_batches =
        only.into_iter().flat_map(|mapping| mapping.caps.iter().map(|(from, _)| *from));
    let mut times: Vec<u64> = of_runs.chain(of_batches).collect();
    times.sort_unstable();
    times.dedup();
    let mut found: Vec<Capacity> = Vec::new();
    for at in times.into_iter().filter(|at| *at < recording.ended().as_nanos()) {
        let Some(limit) = arm.limit(function, at) else { continue };
        let maximum = only.and_then(|mapping| {
            let known = mapping.caps.partition_point(|(from, _)| *from <= at);
            mapping.caps.get(known.saturating_sub(1)).and_then(|(_, caps)| caps.maximum)
        });
        let (units, name, what) = match maximum.map(u64::from) {
            Some(maximum) if maximum < limit.runs() => (maximum, "MaximumConcurrency", "batches"),
            Some(_) | None => (limit.runs(), limit.name(), "runs"),
        };
        let per_s = units as f64 * per_unit;
        let next = Capacity { from_s: at as f64 / 1e9, units, name, what, per_s };
        if found.last().is_none_or(|last| (last.units, last.name) != (units, name)) {
            found.push(next);
        }
    }
    found
}

/// Whether something ran.
pub fn fits(recorded: &Recorded) -> bool {
    let ran = |arm: &Arm| arm.recording.functions.iter().any(|track| track.first.total() > 0);
    recorded.arms.iter().any(ran)
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let Some(function) = drawn(recorded) else { return "No function runs".to_owned() };
    let shown = recorded.shown(ARMS_MAX);
    if shown.iter().all(|arm| track(arm, function).first.total() == 0) {
        return format!("{} never runs", recorded.arms[0].recording.functions[function].name);
    }
    let losses: Vec<_> = shown.iter().map(headline::losses).collect();
    if losses.iter().any(|loss| *loss != losses[0]) || shown.len() == 1 && !losses[0].is_empty() {
        return headline::outcomes(shown);
    }
    // The losses are alike: what else tells the policies apart.
    let lost = match losses[0].is_empty() {
        true => String::new(),
        false => format!("; under every policy {}", headline::outcome(&shown[0]).full),
    };
    if let Some(rings) = rings(shown) {
        return format!("{rings}{lost}");
    }
    let runs = |arm: &Arm| track(arm, function).first.total() + track(arm, function).retry.total();
    if shown.iter().any(|arm| runs(arm) != runs(&shown[0])) {
        let text = headline::title(shown, |arm| {
            let noun = if runs(arm) == 1 { "run" } else { "runs" };
            let text = format!("{} {noun}{}", count(runs(arm)), retries(arm, function));
            Clause::plain(text, runs(arm) as f64)
        });
        return format!("{text}{lost}");
    }
    headline::title(shown, |arm| {
        let track = track(arm, function);
        let (throttles, oldest) = (track.throttled.total(), track.age_last);
        let all = headline::outcome(arm).full;
        let throttled = match throttles {
            0 => String::new(),
            1 => ", 1 throttle".to_owned(),
            n => format!(", {} throttles", count(n)),
        };
        let oldest_s = oldest as f64 / 1e9;
        let age = if oldest == 0 {
            String::new()
        } else {
            format!(", the last after {}", since(oldest_s))
        };
        Clause::plain(format!("{all}{throttled}{}{age}", retries(arm, function)), oldest_s)
    })
}

/// `, 17 % of them retries`; nothing if there are none.
fn retries(arm: &Arm, function: usize) -> String {
    let track = track(arm, function);
    let (first, retry) = (track.first.total(), track.retry.total());
    let share = 100.0 * retry as f64 / (first + retry).max(1) as f64;
    match retry {
        0 => String::new(),
        _ => format!(", {} of the runs are retries", percent(share)),
    }
}

/// What is found where an alarm rings under one policy and not under another.
fn rings(arms: &[Arm]) -> Option<String> {
    let first = |arm: &Arm, alarm: usize| Some(arm.alarms.get(alarm)?.rings.first()?.0);
    let differ = |at: &usize| arms.iter().any(|arm| first(arm, *at) != first(&arms[0], *at));
    let at = (0..arms[0].alarms.len()).find(differ)?;
    let name = &arms[0].alarms[at].name;
    let text = headline::title(arms, |arm| match first(arm, at) {
        Some(from) => {
            let secs = from as f64 / 1e9;
            let text = format!("rings at {}", since(secs));
            Clause { full: format!("the alarm {} {text}", quoted(name)), brief: text, rank: -secs }
        }
        None => {
            let text = "never rings".to_owned();
            let rank = f64::MIN;
            Clause { full: format!("the alarm {} {text}", quoted(name)), brief: text, rank }
        }
    });
    Some(text)
}

fn percent(share: f64) -> String {
    match share {
        s if s < 1.0 => format!("{s:.1} %"),
        s => format!("{s:.0} %"),
    }
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let title = finding(recorded);
    let mut page = Page::new(look, &title, &subtitle(recorded, ARMS_MAX));
    let Some(function) = drawn(recorded) else { return page.finish(&foot(recorded), "") };
    let arms = recorded.shown(ARMS_MAX);
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    let ended = arms.iter().map(|arm| arm.recording.ended().as_secs_f64()).fold(0.0, f64::max);
    let rows = Rows { arms, function, columns: &columns, ended };
    let mut entries = rows.runs(&mut page);
    entries.extend(rows.ages(&mut page));
    entries.extend(rows.letters(&mut page));
    rows.alarms(&mut page);
    columns.times(&mut page, ended);
    page.y += 10.0;
    page.legend(&entries);
    page.finish(&foot(recorded), &description(recorded, function))
}

/// The rows of panels.
struct Rows<'a> {
    arms: &'a [Arm],
    function: usize,
    columns: &'a Columns,
    /// When the last run ended, in seconds.
    ended: f64,
}

/// An entry of the legend.
type Entry = (Swatch, &'static str, &'static str);

impl Rows<'_> {
    /// Points for which a column has room.
    fn at_most(&self) -> usize {
        (self.columns.wide / 1.5) as usize
    }

    /// A value for each part of a run.
    fn steps(&self, arm: &Arm, value: impl Fn(Range<usize>) -> f64) -> Line {
        let recording = &arm.recording;
        let ended = recording.ended().as_secs_f64();
        let start = |bin| recording.start_of(bin).as_secs_f64().min(ended);
        steps(recording.bins(), self.at_most(), start, value)
    }

    /// A panel for each policy with what is behind its data; `draw` adds that.
    fn panels(&self, page: &mut Page, y: &Scale, draw: impl Fn(&mut Page, &Plot, usize)) {
        for (nth, arm) in self.arms.iter().enumerate() {
            let plot = Plot { x: self.columns.time(nth, self.ended), y: y.clone() };
            plot.shade(page, arm);
            plot.rows(page, nth == 0);
            draw(page, &plot, nth);
            plot.columns(page, false);
        }
    }

    /// Runs a second, of which the first attempts, and how many the limit allows.
    fn runs(&self, page: &mut Page) -> Vec<Entry> {
        let Rows { arms, function, columns, .. } = *self;
        let colors = page.colors;
        let rate = |arm: &Arm, bins: Range<usize>, all: bool| {
            let track = track(arm, function);
            let secs: f64 = bins.clone().map(|bin| arm.recording.seconds_of(bin)).sum();
            let retries = |bin| if all { track.retry.at(bin) } else { 0 };
            let runs: u64 = bins.map(|bin| track.first.at(bin) + retries(bin)).sum();
            if secs > 0.0 { runs as f64 / secs } else { 0.0 }
        };
        let both = |arm| [false, true].map(|all| self.steps(arm, |bins| rate(arm, bins, all)));
        let runs: Vec<[Line; 2]> = arms.iter().map(both).collect();
        let most = highest(runs.iter().flat_map(|both| &both[1]));
        let near = |capacity: &Capacity| capacity.per_s <= 1.8 * most;
        let capacities: Vec<Vec<Capacity>> =
            arms.iter().map(|arm| capacities(arm, function)).collect();
        let all = capacities.iter().flatten().filter(|capacity| near(capacity));
        let max = all.fold(most, |max, capacity| max.max(capacity.per_s));
        page.row_heading(&format!("Runs of {}", track(&arms[0], function).name), "per second");
        let y = Scale::linear(max * 1.12, (page.y + HIGH, page.y), 4.0);
        self.panels(page, &y, |page, plot, nth| {
            let [first, all] = &runs[nth];
            plot.area(page, all, colors.retry, 1.0);
            plot.area(page, first, colors.first, 1.0);
            let (sides, mut labels) = (columns.span(nth), Labels::default());
            let ended = arms[nth].recording.ended().as_secs_f64();
            for (at, capacity) in capacities[nth].iter().enumerate() {
                if !near(capacity) {
                    continue;
                }
                let Capacity { from_s, units, name, what, per_s } = *capacity;
                let until = capacities[nth].get(at + 1).map_or(ended, |next| next.from_s);
                plot.line(page, &[(from_s, per_s), (until, per_s)], colors.ink, 1.25, None);
                let words = format!("{name} {} = {} {what}/s", count(units), number(per_s));
                let (from, to, y) = (plot.x.at(from_s), plot.x.at(until), plot.y.at(per_s));
                let places = [
                    (to, y - 5.0, Anchor::End),
                    (from + 4.0, y - 5.0, Anchor::Start),
                    (sides.1, y - 5.0, Anchor::End),
                    (sides.1, y - 19.0, Anchor::End),
                ];
                labels.put(page, &words, &places, sides, (SMALL, colors.ink));
            }
        });
        page.y += HIGH + 20.0;
        let mut entries = vec![(Swatch::Area, colors.first, "first attempts")];
        if arms.iter().any(|arm| track(arm, function).retry.total() > 0) {
            entries.push((Swatch::Area, colors.retry, "retries"));
        }
        entries
    }

    /// How old events were when they were processed; nothing if none was.
    fn ages(&self, page: &mut Page) -> Vec<Entry> {
        let colors = page.colors;
        let quantile = |arm: &Arm, bins: Range<usize>, percent: u64| {
            let ages = &track(arm, self.function).ages;
            let mut classes: Vec<(u16, u64)> =
                bins.flat_map(|bin| ages.at(bin).iter().copied()).collect();
            classes.sort_unstable();
            Ages::quantile(&classes, percent).map(|age| age.as_secs_f64())
        };
        let lines = |arm, percent| parts(arm, self.at_most(), |bins| quantile(arm, bins, percent));
        let both = |arm| [50, 99].map(|percent| lines(arm, percent));
        let ages: Vec<[Vec<Line>; 2]> = self.arms.iter().map(both).collect();
        let all = || ages.iter().flatten().flatten().flatten().map(|(_, age)| *age);
        let (Some(low), Some(high)) = (all().reduce(f64::min), all().reduce(f64::max)) else {
            return Vec::new();
        };
        page.row_heading("Age when processed", "only of those that were processed, log scale");
        page.y += never_room(self.arms);
        let y = Scale::ages(low, high, (page.y + HIGH, page.y)).thinned(15.0);
        self.panels(page, &y, |page, plot, nth| {
            let [median, p99] = &ages[nth];
            p99.iter().for_each(|line| plot.line(page, line, colors.ink, 1.75, None));
            median.iter().for_each(|line| plot.line(page, line, colors.muted, 1.75, Some(4.0)));
            never_edge(page, plot, &self.arms[nth]);
        });
        page.y += HIGH + 20.0;
        vec![
            (Swatch::Dashed, colors.muted, "median age of those processed"),
            (Swatch::Line, colors.ink, "99th percentile of these"),
        ]
    }

    /// Dead letters, and how many are left; nothing if there were none.
    fn letters(&self, page: &mut Page) -> Vec<Entry> {
        let Rows { arms, columns, .. } = *self;
        let dead = page.colors.dead;
        let depth = |arm: &Arm| {
            let at = |bin| arm.recording.dead_letters_at(bin);
            self.steps(arm, |bins| bins.map(at).max().unwrap_or(0) as f64)
        };
        let depth: Vec<Line> = arms.iter().map(depth).collect();
        let most = highest(depth.iter().flatten());
        if most == 0.0 {
            return Vec::new();
        }
        page.row_heading("Dead letters", "kept at each time");
        let y = Scale::linear(most * 1.12, (page.y + HIGH, page.y), 4.0);
        self.panels(page, &y, |page, plot, nth| {
            plot.area(page, &depth[nth], dead, 0.25);
            plot.line(page, &depth[nth], dead, 2.0, None);
            let left = arms[nth].recording.dead_letters();
            let at = (columns.span(nth).1, plot.y.at(left as f64) - 6.0);
            page.canvas.text(&format!("{} left", count(left)), at, Anchor::End, VALUE, dead);
        });
        page.y += HIGH + 4.0;
        vec![(Swatch::Area, dead, "dead letters")]
    }

    /// A row for each alarm: when it rings, or that it never does.
    fn alarms(&self, page: &mut Page) {
        let Rows { arms, columns, ended, .. } = *self;
        let (failed, muted, grid) = (page.colors.failed, page.colors.muted, page.colors.grid);
        let named = arms[0].alarms.iter().take(ALARMS_MAX).enumerate();
        for (at, name) in named.map(|(at, alarm)| (at, alarm.name.as_str())) {
            page.y += 14.0;
            page.row_heading(&format!("Alarm {name}"), "when it rings");
            let (y, mut bottom) = (page.y, page.y);
            for (nth, arm) in arms.iter().enumerate() {
                let time = columns.time(nth, ended);
                let (from, to) = columns.span(nth);
                page.canvas.line((from, y + 4.0), (to, y + 4.0), grid, 1.0);
                let rings = arm.alarms.get(at).map_or(&[][..], |alarm| &alarm.rings[..]);
                for (begun, until) in rings {
                    let until = until.map_or(ended, |until| (until as f64 / 1e9).min(ended));
                    let (begun, until) = (time.at(*begun as f64 / 1e9), time.at(until));
                    page.canvas.rectangle((begun, y), ((until - begun).max(2.0), 8.0), failed, 1.0);
                }
                let (words, color) = match rings {
                    [] => ("never".to_owned(), muted),
                    [(first, _)] => (format!("from {}", seconds(*first as f64 / 1e9)), failed),
                    [(first, _), ..] => {
                        let first = seconds(*first as f64 / 1e9);
                        (format!("{} times from {first}", count(rings.len() as u64)), failed)
                    }
                };
                let end = page.column(&words, (from, y + 11.0), columns.wide, 2, (SMALL, color));
                bottom = bottom.max(end);
            }
            page.y = bottom;
        }
    }
}

/// When an alarm rang, in a sentence.
fn rung(alarm: &Alarm) -> String {
    match alarm.rings.as_slice() {
        [] => format!(" {} never rings.", alarm.name),
        [(first, _), ..] => format!(" {} rings at {}.", alarm.name, seconds(*first as f64 / 1e9)),
    }
}

fn description(recorded: &Recorded, function: usize) -> String {
    let sentences = recorded.shown(ARMS_MAX).iter().map(|arm| {
        let track = track(arm, function);
        let name = arm.called();
        let p99 = Ages::quantile(&track.ages.all(), 99).map_or("none".to_owned(), |age| seconds(age.as_secs_f64()));
        format!(
            "{name}: {} first attempts and {} retries of {}; of what was processed, 99th percentile of age {p99}{}; {} dead letters left.{}",
            count(track.first.total()), count(track.retry.total()), track.name,
            headline::never(arm).map_or(String::new(), |never| format!("; {never}")),
            count(arm.recording.dead_letters()),
            arm.alarms.iter().map(rung).collect::<String>(),
        )
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 9] = [
    "policy",
    "from_s",
    "to_s",
    "first_attempts",
    "retries",
    "failed",
    "age_p50_s",
    "age_p99_s",
    "dead_letters",
];

/// Writes what is drawn, in numbers: one row a policy and bin; what there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        let Some(function) = drawn(recorded) else { return Ok(()) };
        for arm in recorded.shown(ARMS_MAX) {
            let (recording, track) = (&arm.recording, track(arm, function));
            for bin in 0..recording.bins() {
                let age = |percent| {
                    Ages::quantile(track.ages.at(bin), percent)
                        .map_or(String::new(), |age| age.as_secs_f64().to_string())
                };
                let end = recording.start_of(bin + 1).min(recording.ended());
                write([
                    safe(&arm.name),
                    recording.start_of(bin).as_secs_f64().to_string(),
                    end.as_secs_f64().to_string(),
                    track.first.at(bin).to_string(),
                    track.retry.at(bin).to_string(),
                    track.failed.at(bin).to_string(),
                    age(50),
                    age(99),
                    recording.dead_letters_at(bin).to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
