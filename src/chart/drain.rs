//! Drain: the backlog over time with the slopes of its rise and fall, and how long a backlog takes to
//! drain at each utilisation, with what was measured; a column a policy.
//!
//! The law is that of a fluid: what leaves beyond what arrives drains the backlog, so it takes
//! backlog / (capacity − arrivals). Capacity is what was processed a second while it drained.

use super::{
    Look, Recorded,
    canvas::Anchor,
    figure::{self, Axis, Entry, Figure, Mark, Panel, Row, Table, Tone, highest, span_of},
    headline::{self, Clause},
    page::{Labels, Page, SMALL, Swatch, VALUE, length},
    plot::Plot,
    recorded::Arm,
    scale::{Scale, number},
};
use crate::{
    observe::recording::Recording,
    report::{compare::safe, wording::count},
};
use std::{
    io::{self, Write},
    ops::Range,
    rc::Rc,
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

impl Tooth {
    /// From its peak to its end, in seconds.
    fn took(&self) -> f64 {
        self.end.0 - self.peak.0
    }
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
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers: the backlog at the end of each bin and the rates in it, a row a policy
/// and bin.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let (arms, of) = (recorded.shown(ARMS_MAX), Backlog::all(recorded));
    let table = table(arms, &of);
    let laws: Vec<Option<(Tooth, Law)>> = of.iter().map(Backlog::highest).collect();
    let description = arms.iter().zip(&laws).map(|(arm, law)| described(arm, law)).collect();
    let mut rows = Vec::new();
    if laws.iter().any(Option::is_some) {
        rows.push(backlogs(of));
        rows.extend(times(&laws));
    }
    let finding = finding(recorded);
    Figure { arms, finding, rows, legend: Vec::new(), description, table }
}

/// The backlog over time with its slopes.
fn backlogs<'a>(of: Vec<Backlog<'a>>) -> Row<'a> {
    let most = of.iter().map(Backlog::peak).max().unwrap_or(0) as f64;
    let name = of[0].name();
    let panel = |of: Backlog<'a>| -> Panel<'a> {
        let of = Rc::new(of);
        let level = || {
            let of = Rc::clone(&of);
            highest(move |bin| of.at(bin))
        };
        Panel::TimeSeries(vec![
            Mark::Area(level(), Tone::Visible, 0.45),
            Mark::Steps(level(), Tone::Visible, 1.25, None),
            Mark::Custom(Box::new(move |page, plot, labels| slopes(page, plot, &of, labels))),
        ])
    };
    Row {
        name,
        unit: "waiting or hidden; its change a minute".to_owned(),
        high: HIGH[0],
        axis: Axis::Numbers(1.06 * most),
        captions: Vec::new(),
        panels: of.into_iter().map(panel).collect(),
        legend: vec![
            Entry::of(Swatch::Area, Tone::Visible, "backlog"),
            Entry::of(Swatch::Line, Tone::Ink, "slope, from where it begins to its peak and back"),
        ],
    }
}

/// The chords of the highest teeth with how steep they are, and how high.
fn slopes(page: &mut Page, plot: &Plot, of: &Backlog<'_>, labels: &mut Labels) {
    let (colors, sides) = (page.colors, plot.x.pixels());
    let mut teeth: Vec<Tooth> = of.teeth().into_iter().map(|(tooth, _)| tooth).collect();
    teeth.sort_by_key(|tooth| std::cmp::Reverse(tooth.peak.1));
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

/// How long it takes at each utilisation; nothing if nothing is processed.
fn times<'a>(laws: &[Option<(Tooth, Law)>]) -> Option<Row<'a>> {
    let drawn = |law: &&(Tooth, Law)| law.1.capacity > 0.0;
    let bare = |law: &(Tooth, Law)| law.1.backlog / law.1.capacity;
    let all: Vec<(Tooth, Law)> = laws.iter().flatten().filter(drawn).copied().collect();
    let shortest = all.iter().map(bare).reduce(f64::min).filter(|shortest| *shortest > 0.0)?;
    let longest = all.iter().map(|law| (30.0 * bare(law)).max(law.0.took())).fold(0.0, f64::max);
    let range = (shortest * 0.8, longest * 1.1);
    let panel = |law: &Option<(Tooth, Law)>| -> Panel<'a> {
        let law = law.filter(|law| drawn(&law));
        Panel::Custom(Box::new(move |page, sides| law_panel(page, sides, law, range)))
    };
    Some(Row {
        name: "Time to drain".to_owned(),
        unit:
            "from the peak to a twentieth of it, over utilisation: arrivals / capacity; log scale"
                .to_owned(),
        high: HIGH[1],
        axis: Axis::None,
        captions: laws.iter().map(in_words).collect(),
        panels: laws.iter().map(panel).collect(),
        legend: vec![
            Entry::of(Swatch::Dashed, Tone::Muted, "backlog / (capacity − arrivals)"),
            Entry::of(Swatch::Dot, Tone::Ink, "as measured in this run"),
        ],
    })
}

/// The sum that the law does.
fn in_words(law: &Option<(Tooth, Law)>) -> String {
    let Some((tooth, law)) = law else { return "no backlog".to_owned() };
    let [capacity, arrivals] = [law.capacity, law.arrivals].map(|rate| format!("{rate:.2}/s"));
    let says = law.takes().map_or("never".to_owned(), length);
    let measured = match tooth.is_drained {
        true => format!("measured {}", length(tooth.took())),
        false => format!("not drained after {}", length(tooth.took())),
    };
    let backlog = count(law.backlog as u64);
    let lost = match law.lost {
        lost if lost < 0.05 * law.backlog => String::new(),
        lost => format!(", {} left unprocessed", count(lost as u64)),
    };
    format!("{backlog} / ({capacity} − {arrivals}) = {says}; {measured}{lost}")
}

/// The law as a curve, and what was measured.
fn law_panel(page: &mut Page, sides: (f64, f64), law: Option<(Tooth, Law)>, range: (f64, f64)) {
    let (colors, wide) = (page.colors, sides.1 - sides.0);
    let pixels = (page.y + HIGH[1], page.y);
    let y = Scale::ages(range.0, range.1, pixels).thinned(15.0);
    let highest = y.values().1;
    let plot = Plot { x: Scale::share(sides), y };
    // The first column has the labels of the rows.
    let is_first = sides.0 < page.sides().0 + 60.0;
    plot.rows(page, is_first);
    plot.columns(page, false);
    let quarter = (wide >= 220.0).then_some([(0.25, "25 %"), (0.75, "75 %")]);
    let labels = [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")].into_iter();
    for (share, label) in labels.chain(quarter.into_iter().flatten()) {
        // Those at the ends stay within their column.
        let anchor = match share {
            0.0 => Anchor::Start,
            1.0 => Anchor::End,
            _ => Anchor::Middle,
        };
        let at = (plot.x.at(share), pixels.0 + 8.0 + SMALL.size);
        page.canvas.text(label, at, anchor, SMALL, colors.muted);
    }
    page.y = pixels.0 + 8.0 + SMALL.line_height();
    let Some((tooth, law)) = law else { return };
    let at = |used: f64| (used, law.backlog / law.capacity / (1.0 - used));
    let curve: Vec<(f64, f64)> = (0..1000)
        .map(|nth| at(f64::from(nth) / 1000.0))
        .take_while(|(_, takes)| *takes <= highest)
        .collect();
    plot.line(page, &curve, colors.muted, 2.0, Some(5.0));
    let used = law.arrivals / law.capacity;
    let (x, level) = (plot.x.at(used), plot.y.at(tooth.took()));
    page.canvas.disc((x, level), 5.0, colors.ink, colors.ground);
    if !tooth.is_drained {
        let tip = level - 22.0;
        page.canvas.line((x, level), (x, tip + 6.0), colors.ink, 1.5);
        page.canvas.polygon(&[(x - 4.0, tip + 7.0), (x + 4.0, tip + 7.0), (x, tip)], colors.ink);
    }
    let words = format!("{:.0} %, {}", used * 100.0, length(tooth.took()));
    // Away from the line: over it, or under it.
    let mut places = vec![
        (x - 9.0, level - 8.0, Anchor::End),
        (x, level - 30.0, Anchor::Middle),
        (x + 9.0, level + 16.0, Anchor::Start),
        (x - 4.0, level + 18.0, Anchor::Start),
        (sides.1, level + 18.0, Anchor::End),
    ];
    if law.takes().is_none_or(|says| tooth.took() < 0.9 * says) {
        places.rotate_left(2);
    }
    places.retain(|(_, y, _)| pixels.1 + VALUE.size <= *y && *y <= pixels.0 - 3.0);
    Labels::default().put(page, &words, &places, sides, (VALUE, colors.ink));
}

fn described(arm: &Arm, law: &Option<(Tooth, Law)>) -> String {
    let name = arm.called();
    let Some((Tooth { start, peak, end, is_drained }, law)) = law else {
        return format!("{name}: no backlog.");
    };
    let [began, highest, ended] = [start.0, peak.0, end.0].map(length);
    let drained = if *is_drained { "is drained" } else { "ends undrained" };
    format!(
        "{name}: the highest backlog begins at {began}, is {} at {highest} and {drained} at {ended}; meanwhile {:.2} a \
         second arrived and {:.2} were processed, so the fluid model predicts {}.",
        count(peak.1),
        law.arrivals,
        law.capacity,
        law.takes().map_or("never".to_owned(), length)
    )
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] =
    ["policy", "from_s", "to_s", "backlog", "arrivals_per_s", "processed_per_s"];

fn table(arms: &[Arm], of: &[Backlog<'_>]) -> Table {
    let mut rows = Vec::new();
    for (arm, of) in arms.iter().zip(of) {
        for bin in 0..of.recording.bins() {
            let (arrivals, processed) = of.rates(bin..bin + 1);
            let [from, to] = span_of(arm, bin);
            rows.push(vec![
                safe(&arm.name),
                from,
                to,
                of.at(bin).to_string(),
                arrivals.to_string(),
                processed.to_string(),
            ]);
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
