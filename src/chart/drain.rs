//! Drain: the backlog over time with the slopes of its rise and fall, and how long a backlog takes to
//! drain at each utilisation, with what was measured; a column a policy.
//!
//! The law is that of a fluid: what leaves beyond what arrives drains the backlog, so it takes
//! backlog / (capacity − arrivals). Capacity is what was processed a second while it drained.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause},
    page::{Labels, Page, SMALL, Swatch, VALUE, foot, length, subtitle},
    plot::{Columns, Plot, steps},
    recorded::Arm,
    scale::{Scale, number},
};
use crate::{
    observe::recording::Recording,
    report::{compare::safe, csv::table, wording::count},
};
use std::{
    io::{self, Write},
    ops::Range,
};

/// What the panel of the backlog is high, and that of the law.
const HIGH: [f64; 2] = [170.0, 150.0];
/// More columns are not drawn.
pub const ARMS_MAX: usize = 3;
/// Fewer that wait are no backlog.
const LEAST: u64 = 20;
/// It is drained at this part of the highest.
const DRAINED: u64 = 20;
/// So many teeth have their slopes written.
const TEETH_MAX: usize = 3;

/// What a backlog is made of.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// Messages of a mapping's queue, waiting or hidden.
    Mapping(usize),
    /// What waits anywhere, for a function.
    Waiting(Option<usize>),
}

/// The queue of the mapping that sent most batches under the first policy, or all that waits.
fn source(recorded: &Recorded) -> Source {
    let Some(arm) = recorded.arms.first() else { return Source::Waiting(None) };
    let recording = &arm.recording;
    let mapping = recording.busiest_mapping();
    mapping.map_or(Source::Waiting(recording.busiest()), Source::Mapping)
}

/// A backlog over time.
struct Backlog<'a> {
    recording: &'a Recording,
    source: Source,
    /// Less is none.
    least: u64,
}

/// A time in seconds and how many waited.
type Point = (f64, u64);

/// The backlog rises and falls once.
#[derive(Clone, Copy, Debug)]
struct Tooth {
    start: Point,
    peak: Point,
    /// Where it is drained, or the end of the run.
    end: Point,
    is_drained: bool,
}

/// What the law says of a tooth.
#[derive(Clone, Copy, Debug)]
struct Law {
    backlog: f64,
    /// Arrivals a second while it drained.
    arrivals: f64,
    /// What was processed a second meanwhile.
    capacity: f64,
    /// What left it and was not processed.
    lost: f64,
}

impl Law {
    /// How long it takes, in seconds; never if as much arrives as is processed.
    fn takes(&self) -> Option<f64> {
        (self.arrivals < self.capacity).then(|| self.backlog / (self.capacity - self.arrivals))
    }
}

impl<'a> Backlog<'a> {
    /// Those of the policies that are drawn. What is much less than under another policy is none, nor is
    /// what runs work on.
    fn all(recorded: &'a Recorded) -> Vec<Backlog<'a>> {
        let source = source(recorded);
        let of = |arm: &'a Arm| Backlog { recording: &arm.recording, source, least: LEAST };
        let mut all: Vec<Backlog<'a>> = recorded.shown(ARMS_MAX).iter().map(of).collect();
        let highest = all.iter().map(Backlog::peak).max().unwrap_or(0);
        for backlog in &mut all {
            let worked_on = match source {
                Source::Mapping(mapping) => {
                    let mapping = &backlog.recording.mappings[mapping];
                    let runs = backlog.recording.functions[mapping.function].running.peak();
                    2 * runs * u64::from(mapping.batch_size)
                }
                Source::Waiting(_) => 0,
            };
            backlog.least = LEAST.max(highest / DRAINED).max(worked_on);
        }
        all
    }

    /// What it is called.
    fn name(&self) -> String {
        match self.source {
            Source::Mapping(mapping) => {
                let queue = self.recording.mappings[mapping].queue;
                format!("Backlog of {}", self.recording.queues[queue].name)
            }
            Source::Waiting(_) => "Backlog".to_owned(),
        }
    }

    /// How many wait at the end of a bin.
    fn at(&self, bin: usize) -> u64 {
        match self.source {
            Source::Mapping(mapping) => {
                let queue = &self.recording.queues[self.recording.mappings[mapping].queue];
                queue.visible.last(bin) + queue.hidden.last(bin)
            }
            Source::Waiting(_) => self.recording.waiting.last(bin),
        }
    }

    /// When a bin ends, in seconds.
    fn end_of(&self, bin: usize) -> f64 {
        self.recording.start_of(bin + 1).min(self.recording.ended()).as_secs_f64()
    }

    fn function(&self) -> Option<usize> {
        match self.source {
            Source::Mapping(mapping) => Some(self.recording.mappings[mapping].function),
            Source::Waiting(function) => function,
        }
    }

    /// Arrivals and what was processed, a second each, in these bins.
    fn rates(&self, bins: Range<usize>) -> (f64, f64) {
        let lasted: f64 = bins.clone().map(|bin| self.recording.seconds_of(bin)).sum();
        let arrived = |bin: usize| match self.source {
            Source::Mapping(mapping) => {
                let queue = self.recording.mappings[mapping].queue;
                self.recording.queues[queue].arrived.at(bin)
            }
            Source::Waiting(_) => self.recording.arrived.at(bin),
        };
        let processed = |bin: usize| {
            self.function().map_or(0, |at| self.recording.functions[at].processed.at(bin))
        };
        let rate = |of: &dyn Fn(usize) -> u64| -> f64 {
            let all: u64 = bins.clone().map(of).sum();
            if lasted > 0.0 { all as f64 / lasted } else { 0.0 }
        };
        (rate(&arrived), rate(&processed))
    }

    /// The most that ever waited.
    fn peak(&self) -> u64 {
        (0..self.recording.bins()).map(|bin| self.at(bin)).max().unwrap_or(0)
    }

    /// Every tooth that reaches half of the highest; it begins and ends near 0.
    fn teeth(&self) -> Vec<(Tooth, Range<usize>)> {
        let bins = self.recording.bins();
        let highest = self.peak();
        if highest < self.least {
            return Vec::new();
        }
        let (low, high) = (highest / DRAINED, highest / 2);
        let (mut teeth, mut base, mut open): (Vec<_>, Point, Option<(Point, usize, Point)>) =
            (Vec::new(), (0.0, 0), None);
        let close = |(start, at, peak): (Point, usize, Point), bin: usize, is_drained: bool| {
            let end = (self.end_of(bin), self.at(bin));
            (Tooth { start, peak, end, is_drained }, at + 1..bin + 1)
        };
        for bin in 0..bins {
            let now = (self.end_of(bin), self.at(bin));
            match &mut open {
                None if high <= now.1 => open = Some((base, bin, now)),
                None if now.1 <= low => base = now,
                None => (),
                Some(tooth) if now.1 <= low => {
                    teeth.push(close(*tooth, bin, true));
                    (open, base) = (None, now);
                }
                Some((_, at, peak)) if peak.1 < now.1 => (*at, *peak) = (bin, now),
                Some(_) => (),
            }
        }
        teeth.extend(open.map(|tooth| close(tooth, bins - 1, false)));
        teeth
    }

    /// The highest tooth and its law; none if there is no backlog.
    fn highest(&self) -> Option<(Tooth, Law)> {
        let teeth = self.teeth();
        let (tooth, bins) = teeth.into_iter().rev().max_by_key(|(tooth, _)| tooth.peak.1)?;
        let (arrivals, capacity) = self.rates(bins);
        let to = if tooth.is_drained { tooth.end.1 } else { tooth.peak.1 / DRAINED };
        let came =
            arrivals * (tooth.end.0 - tooth.peak.0) + tooth.peak.1 as f64 - tooth.end.1 as f64;
        let lost = (came - capacity * (tooth.end.0 - tooth.peak.0)).max(0.0);
        let backlog = tooth.peak.1.saturating_sub(to) as f64;
        Some((tooth, Law { backlog, arrivals, capacity, lost }))
    }
}

/// Whether something builds up.
pub fn fits(recorded: &Recorded) -> bool {
    Backlog::all(recorded).iter().any(|backlog| backlog.highest().is_some())
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let arms = recorded.shown(ARMS_MAX);
    let of: Vec<Option<(Tooth, Law)>> =
        Backlog::all(recorded).iter().map(Backlog::highest).collect();
    if of.iter().all(Option::is_none) {
        let any = if of.len() > 1 { " under any policy" } else { "" };
        return format!("No backlog builds up{any}");
    }
    headline::title(arms, |arm| {
        let nth = arms.iter().position(|other| other.name == arm.name).unwrap_or(0);
        let Some((Tooth { start, peak, end, is_drained }, law)) = of[nth] else {
            return Clause::plain("no backlog", 0.0);
        };
        let (backlog, rise, fall) =
            (count(peak.1), length(peak.0 - start.0), length(end.0 - peak.0));
        let fluid = match law.takes().filter(|_| is_drained && arms.len() == 1) {
            Some(takes) => format!("; the fluid model predicts {}", length(takes)),
            None => String::new(),
        };
        let rest = match is_drained {
            true => format!("{backlog} builds up in {rise} and drains in {fall}{fluid}"),
            false if end.0 <= peak.0 => format!("{backlog} still grows at the end"),
            false => format!("{backlog} builds up in {rise} and is not drained {fall} later"),
        };
        let undrained = if is_drained { 0.0 } else { 1e12 };
        Clause {
            full: format!("a backlog of {rest}"),
            brief: rest,
            rank: undrained + end.0 - start.0,
        }
    })
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let title = finding(recorded);
    let mut page = Page::new(look, &title, &subtitle(recorded, ARMS_MAX));
    if !fits(recorded) {
        return page.finish(&foot(recorded), "");
    }
    let (arms, colors) = (recorded.shown(ARMS_MAX), page.colors);
    let of = Backlog::all(recorded);
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    let at_most = (columns.wide / 1.5) as usize;
    let ended = arms.iter().map(|arm| arm.recording.ended().as_secs_f64()).fold(0.0, f64::max);

    page.row_heading(&of[0].name(), "waiting or hidden; its change a minute");
    let most = of.iter().flat_map(|of| (0..of.recording.bins()).map(|bin| of.at(bin))).max();
    let most = most.unwrap_or(0) as f64;
    let y = Scale::linear(most * 1.18, (page.y + HIGH[0], page.y), 4.0);
    for (nth, of) in of.iter().enumerate() {
        let plot = Plot { x: columns.time(nth, ended), y: y.clone() };
        plot.shade(&mut page, &arms[nth]);
        plot.rows(&mut page, nth == 0);
        let recording = of.recording;
        let level = steps(
            recording.bins(),
            at_most,
            |bin| recording.start_of(bin).as_secs_f64().min(recording.ended().as_secs_f64()),
            |bins| bins.map(|bin| of.at(bin)).max().unwrap_or(0) as f64,
        );
        plot.area(&mut page, &level, colors.visible, 0.45);
        plot.line(&mut page, &level, colors.visible, 1.25, None);
        plot.columns(&mut page, false);
        slopes(&mut page, &plot, of, columns.span(nth));
    }
    page.y += HIGH[0] + 4.0;
    columns.times(&mut page, ended);
    page.y += 18.0;

    let laws: Vec<Option<(Tooth, Law)>> = of.iter().map(Backlog::highest).collect();
    law_panels(&mut page, &columns, &laws);
    page.y += 10.0;
    page.legend(&[
        (Swatch::Area, colors.visible, "backlog"),
        (Swatch::Line, colors.ink, "slope, from where it begins to its peak and back"),
        (Swatch::Dashed, colors.muted, "backlog / (capacity − arrivals)"),
        (Swatch::Dot, colors.ink, "as measured in this run"),
    ]);
    let described = description(recorded, &laws);
    page.finish(&foot(recorded), &described)
}

/// The chords of the highest teeth with how steep they are, and how high.
fn slopes(page: &mut Page, plot: &Plot, of: &Backlog<'_>, sides: (f64, f64)) {
    let colors = page.colors;
    let mut teeth: Vec<Tooth> = of.teeth().into_iter().map(|(tooth, _)| tooth).collect();
    teeth.sort_by_key(|tooth| std::cmp::Reverse(tooth.peak.1));
    let mut labels = Labels::default();
    let at = |(x, y): Point| (plot.x.at(x), plot.y.at(y as f64));
    for Tooth { start, peak, end, .. } in teeth.into_iter().take(TEETH_MAX) {
        let [from, top, to] = [start, peak, end].map(at);
        page.canvas.path(&[from, top, to], colors.ink, 1.5, None);
        let high = [
            (top.0, top.1 - 6.0, Anchor::Middle),
            (top.0 + 4.0, top.1 - 6.0, Anchor::Start),
            (top.0 - 4.0, top.1 - 6.0, Anchor::End),
        ];
        labels.put(page, &count(peak.1), &high, sides, (VALUE, colors.ink));
        for (a, b, side) in [(start, peak, -1.0), (peak, end, 1.0)] {
            if b.0 <= a.0 {
                continue;
            }
            let slope = (b.1 as f64 - a.1 as f64) / (b.0 - a.0) * 60.0;
            let sign = if slope < 0.0 { "−" } else { "+" };
            let words = format!("{sign}{}/min", number(slope.abs()));
            let (a, b) = (at(a), at(b));
            let along = |share: f64| (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
            let beside = |share: f64| {
                let (x, y) = along(share);
                let anchor = if side < 0.0 { Anchor::End } else { Anchor::Start };
                (x + side * 7.0, y + if side < 0.0 { 0.0 } else { -2.0 }, anchor)
            };
            let (inside, below) = (along(0.5), along(0.5));
            let places = [
                beside(0.5),
                beside(0.3),
                beside(0.7),
                (
                    inside.0 - side * 7.0,
                    inside.1 + 14.0,
                    if side < 0.0 { Anchor::Start } else { Anchor::End },
                ),
                (below.0, below.1 + 18.0, Anchor::Middle),
                (sides.1, along(0.9).1 - 10.0, Anchor::End),
            ];
            labels.put(page, &words, &places, sides, (SMALL, colors.ink));
        }
    }
}

/// The second row: how long it takes at each utilisation.
fn law_panels(page: &mut Page, columns: &Columns, laws: &[Option<(Tooth, Law)>]) {
    let colors = page.colors;
    let drawn = |law: &&(Tooth, Law)| law.1.capacity > 0.0;
    let bare = |law: &(Tooth, Law)| law.1.backlog / law.1.capacity;
    let all: Vec<(Tooth, Law)> = laws.iter().flatten().filter(drawn).copied().collect();
    let took = |tooth: &Tooth| tooth.end.0 - tooth.peak.0;
    let shortest = all.iter().map(bare).reduce(f64::min);
    let Some(shortest) = shortest.filter(|shortest| *shortest > 0.0) else { return };
    let longest = all.iter().map(|law| (30.0 * bare(law)).max(took(&law.0))).fold(0.0, f64::max);
    page.row_heading(
        "Time to drain",
        "from the peak to a twentieth of it, at each utilisation; log scale",
    );
    let top = page.y;
    for (nth, law) in laws.iter().enumerate() {
        let words = match law {
            Some((tooth, law)) => {
                let [capacity, arrivals] =
                    [law.capacity, law.arrivals].map(|rate| format!("{rate:.2}/s"));
                let says = law.takes().map_or("never".to_owned(), length);
                let measured = match tooth.is_drained {
                    true => format!("measured {}", length(took(tooth))),
                    false => format!("not drained after {}", length(took(tooth))),
                };
                let backlog = count(law.backlog as u64);
                let lost = match law.lost {
                    lost if lost < 0.05 * law.backlog => String::new(),
                    lost => format!(", {} left unprocessed", count(lost as u64)),
                };
                format!("{backlog} / ({capacity} − {arrivals}) = {says}; {measured}{lost}")
            }
            None => "no backlog".to_owned(),
        };
        let (from, _) = columns.span(nth);
        let bottom = page.column(&words, (from, top), columns.wide, 5, (SMALL, colors.ink));
        page.y = page.y.max(bottom + 8.0);
    }
    let y = Scale::ages(shortest * 0.8, longest * 1.1, (page.y + HIGH[1], page.y)).thinned(15.0);
    for (nth, law) in laws.iter().enumerate() {
        let sides = columns.span(nth);
        let plot = Plot { x: Scale::share(sides), y: y.clone() };
        plot.rows(page, nth == 0);
        plot.columns(page, false);
        let quarter = (columns.wide >= 220.0).then_some([(0.25, "25 %"), (0.75, "75 %")]);
        let labels = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")].into_iter();
        for (share, label) in labels.chain(quarter.into_iter().flatten()) {
            // Those at the ends stay within their column.
            let anchor = match share {
                0.0 => Anchor::Start,
                1.0 => Anchor::End,
                _ => Anchor::Middle,
            };
            let at = (plot.x.at(share), page.y + HIGH[1] + 8.0 + SMALL.size);
            page.canvas.text(label, at, anchor, SMALL, colors.muted);
        }
        let Some((tooth, law)) = law.as_ref().filter(drawn) else { continue };
        let at = |used: f64| (used, law.backlog / law.capacity / (1.0 - used));
        let highest = y.values().1;
        let curve: Vec<(f64, f64)> = (0..1000)
            .map(|nth| at(f64::from(nth) / 1000.0))
            .take_while(|(_, takes)| *takes <= highest)
            .collect();
        plot.line(page, &curve, colors.muted, 2.0, Some(5.0));
        let used = law.arrivals / law.capacity;
        let (x, level) = (plot.x.at(used), plot.y.at(took(tooth)));
        page.canvas.disc((x, level), 5.0, colors.ink, colors.ground);
        if !tooth.is_drained {
            let tip = level - 22.0;
            page.canvas.line((x, level), (x, tip + 6.0), colors.ink, 1.5);
            page.canvas
                .polygon(&[(x - 4.0, tip + 7.0), (x + 4.0, tip + 7.0), (x, tip)], colors.ink);
        }
        let words = format!("{:.0} %, {}", used * 100.0, length(took(tooth)));
        // Away from the line: over it, or under it.
        let mut places = vec![
            (x - 9.0, level - 8.0, Anchor::End),
            (x, level - 30.0, Anchor::Middle),
            (x + 9.0, level + 16.0, Anchor::Start),
            (x - 4.0, level + 18.0, Anchor::Start),
            (sides.1, level + 18.0, Anchor::End),
        ];
        if law.takes().is_none_or(|says| took(tooth) < 0.9 * says) {
            places.rotate_left(2);
        }
        places.retain(|(_, y, _)| page.y + VALUE.size <= *y && *y <= page.y + HIGH[1] - 3.0);
        Labels::default().put(page, &words, &places, sides, (VALUE, colors.ink));
    }
    page.y += HIGH[1] + 8.0 + SMALL.line_height();
    let (left, right) = (columns.span(0).0, columns.span(laws.len() - 1).1);
    let at = ((left + right) / 2.0, page.y + SMALL.size);
    let words = "utilisation: arrivals / capacity while it drains";
    page.canvas.text(words, at, Anchor::Middle, SMALL, colors.muted);
    page.y += SMALL.line_height();
}

fn description(recorded: &Recorded, laws: &[Option<(Tooth, Law)>]) -> String {
    let sentences = recorded.shown(ARMS_MAX).iter().zip(laws).map(|(arm, law)| {
        let name = arm.called();
        let Some((Tooth { start, peak, end, is_drained }, law)) = law else {
            return format!("{name}: no backlog.");
        };
        let [began, highest, ended] = [start.0, peak.0, end.0].map(length);
        let drained = if *is_drained { "is drained" } else { "ends undrained" };
        format!(
            "{name}: the highest backlog begins at {began}, is {} at {highest} and {drained} at \
             {ended}; meanwhile {:.2} a second arrived and {:.2} were processed, so the fluid model predicts {}.",
            count(peak.1),
            law.arrivals,
            law.capacity,
            law.takes().map_or("never".to_owned(), length)
        )
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] =
    ["policy", "from_s", "to_s", "backlog", "arrivals_per_s", "processed_per_s"];

/// Writes what is drawn, in numbers: the backlog at the end of each bin and the rates in it, a row a policy
/// and bin.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for (arm, of) in recorded.shown(ARMS_MAX).iter().zip(Backlog::all(recorded)) {
            for bin in 0..of.recording.bins() {
                let (arrivals, processed) = of.rates(bin..bin + 1);
                write([
                    safe(&arm.name),
                    of.recording.start_of(bin).as_secs_f64().to_string(),
                    of.end_of(bin).to_string(),
                    of.at(bin).to_string(),
                    arrivals.to_string(),
                    processed.to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
