//! Pollers: how many runs a mapping's function has at once against each limit, throttles, and what waits in
//! the queue; a column a policy. Which limit is reached is the finding.
//!
//! A limit is drawn only where it holds, and its label says of what it is: reserved and account concurrency are
//! of runs, `MaximumConcurrency` and pollers of batches of one mapping.

use super::{
    Look, Recorded,
    canvas::Anchor,
    figure::{
        self, Axis, Entry, Figure, Mark, Panel, Row, Series, Spot, Table, Tone, X, highest, last,
        span_of,
    },
    headline::{self, Clause},
    lettering::tied,
    page::{SMALL, Swatch},
    plot::Line,
    recorded::Arm,
};
use crate::{
    observe::{
        autopsy::Limit as Throttler,
        recording::{FunctionTrack, MappingTrack, QueueTrack, Recording},
    },
    report::{
        compare::safe,
        wording::{count, seconds},
    },
};
use std::io::{self, Write};

/// What the panel of runs is high, that of throttles, and that of the queue.
const HIGH: [f64; 3] = [150.0, 34.0, 100.0];
/// More columns are not drawn.
pub const ARMS_MAX: usize = 4;

/// The mapping that is drawn: the one that sent most batches under the first policy.
fn drawn(recorded: &Recorded) -> Option<usize> {
    recorded.arms.first()?.recording.busiest_mapping()
}

/// A mapping with its function and its queue.
struct Tracks<'a> {
    arm: &'a Arm,
    recording: &'a Recording,
    mapping: &'a MappingTrack,
    function: &'a FunctionTrack,
    queue: &'a QueueTrack,
}

fn tracks(arm: &Arm, mapping: usize) -> Tracks<'_> {
    let recording = &arm.recording;
    let mapping = &recording.mappings[mapping];
    Tracks {
        arm,
        recording,
        mapping,
        function: &recording.functions[mapping.function],
        queue: &recording.queues[mapping.queue],
    }
}

/// A limit of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// `ReservedConcurrentExecutions`: runs of the function.
    Reserved,
    /// What the account has left: runs of the function, or of several.
    Account(bool),
    /// `MaximumConcurrency`: batches of the mapping.
    Maximum,
}

impl Limit {
    /// What it is called in a sentence.
    const fn name(self) -> &'static str {
        match self {
            Limit::Reserved => "reserved concurrency",
            Limit::Account(_) => "the account's concurrency",
            Limit::Maximum => "MaximumConcurrency",
        }
    }

    /// As its line is labelled: what is limited stands with it.
    fn label(self, value: u64, mapping: Option<&str>) -> String {
        let value = count(value);
        match (self, mapping) {
            (Limit::Reserved, _) => format!("reserved {value} (runs)"),
            (Limit::Account(false), _) => format!("account {value} (runs)"),
            (Limit::Account(true), _) => format!("account {value} (runs of several functions)"),
            (Limit::Maximum, None) => format!("MaximumConcurrency {value} (batches)"),
            (Limit::Maximum, Some(mapping)) => {
                format!("MaximumConcurrency {value} (batches of {mapping})")
            }
        }
    }
}

/// What bounds the runs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// What the file says, and how many.
    Limit(Limit, u64),
    /// The pollers that there were.
    Pollers,
    /// Nothing.
    Free,
}

impl Tracks<'_> {
    /// The limits in force at a time in nanoseconds.
    fn limits(&self, at: u64) -> Vec<(Limit, u64)> {
        let known = self.mapping.caps.partition_point(|(from, _)| *from <= at);
        let caps = self.mapping.caps.get(known.saturating_sub(1)).map(|(_, caps)| *caps);
        let maximum = caps.and_then(|caps| caps.maximum).map(|n| (Limit::Maximum, u64::from(n)));
        let runs = self.arm.limit(self.mapping.function, at).map(|limit| {
            let kind = match limit.reserved {
                Some(_) => Limit::Reserved,
                None => Limit::Account(limit.sharing > 1),
            };
            (kind, limit.runs())
        });
        maximum.into_iter().chain(runs).collect()
    }

    /// The name of the mapping, where the function has several.
    fn mapping_name(&self) -> Option<&str> {
        let same = |other: &&MappingTrack| other.function == self.mapping.function;
        let several = self.recording.mappings.iter().filter(same).count() > 1;
        several.then_some(self.mapping.name.as_str())
    }

    /// The limits in force at the end of a bin.
    fn limits_of(&self, bin: usize) -> Vec<(Limit, u64)> {
        self.limits(self.recording.start_of(bin + 1).as_nanos().saturating_sub(1))
    }

    /// What bound the runs in a bin.
    fn bound(&self, bin: usize) -> Bound {
        let runs = self.function.running.highest(bin);
        let least = self.limits_of(bin).into_iter().min_by_key(|(_, value)| *value);
        let pollers = self.mapping.pollers.highest(bin);
        let waits = self.queue.visible.highest(bin) > 0 || self.throttles(bin) > 0;
        match least {
            Some((limit, value)) if value <= runs || self.throttles(bin) > 0 => {
                Bound::Limit(limit, value)
            }
            _ if waits && 0 < pollers && pollers <= runs => Bound::Pollers,
            _ => Bound::Free,
        }
    }

    /// What bounded the runs for longest.
    fn binding(&self) -> Bound {
        let mut found: Vec<(Bound, f64)> = Vec::new();
        for bin in 0..self.recording.bins() {
            let bound = self.bound(bin);
            let lasted = self.recording.seconds_of(bin);
            match found.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, all)) => *all += lasted,
                None => found.push((bound, lasted)),
            }
        }
        found.retain(|(bound, _)| *bound != Bound::Free);
        let longest = found.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
        longest.map_or(Bound::Free, |(bound, _)| bound)
    }

    /// How many pollers there were where they bounded the runs: `13 to 114 pollers`.
    fn bound_pollers(&self) -> String {
        let bins = (0..self.recording.bins()).filter(|bin| self.bound(*bin) == Bound::Pollers);
        let pollers: Vec<u64> = bins.map(|bin| self.mapping.pollers.highest(bin)).collect();
        match (pollers.iter().min(), pollers.iter().max()) {
            (Some(least), Some(most)) if least < most => {
                format!("{} to {} pollers", count(*least), count(*most))
            }
            (Some(1), _) => "1 poller".to_owned(),
            (all, _) => format!("{} pollers", count(all.copied().unwrap_or(0))),
        }
    }

    /// What limited the runs for longest, as a part of a sentence; nothing if nothing did.
    fn limited(&self) -> Option<String> {
        let throttler = self.arm.why.limits.iter().find(|row| row.function == self.function.name);
        match (throttler, self.binding()) {
            (Some(row), _) => {
                let units = row.units.map_or(String::new(), |n| format!(" {}", count(n.into())));
                Some(match row.limit {
                    Throttler::Reserved => tied(&format!("at reserved concurrency{units}")),
                    Throttler::Account => tied(&format!("at the account's concurrency{units}")),
                    Throttler::Scaling => "at the rate of new environments".to_owned(),
                    Throttler::RequestRate => "at the rate of requests".to_owned(),
                })
            }
            (None, Bound::Limit(limit, value)) => {
                Some(tied(&format!("at {} {}", limit.name(), count(value))))
            }
            (None, Bound::Pollers) => Some(format!("with {}", self.bound_pollers())),
            (None, Bound::Free) => None,
        }
    }

    /// The end of the last bin in which something waited or was hidden, in nanoseconds.
    fn emptied(&self) -> u64 {
        let holds = |bin: &usize| {
            self.queue.visible.highest(*bin) > 0 || self.queue.hidden.highest(*bin) > 0
        };
        let last = (0..self.recording.bins()).rev().find(holds);
        last.map_or(0, |bin| {
            self.recording.start_of(bin + 1).min(self.recording.ended()).as_nanos()
        })
    }

    fn throttles(&self, bin: usize) -> u64 {
        self.function.throttled.at(bin)
    }
}

/// What policies are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    /// How many tries were refused.
    Throttles,
    /// How many messages waited at most.
    Depth,
    /// When the queue was empty for good.
    Emptied,
}

impl Telling {
    /// What tells most first.
    const ALL: [Telling; 3] = [Telling::Throttles, Telling::Depth, Telling::Emptied];

    fn of(self, tracks: &Tracks<'_>) -> u64 {
        match self {
            Telling::Throttles => tracks.function.throttled.total(),
            Telling::Depth => tracks.queue.visible.peak(),
            Telling::Emptied => tracks.emptied(),
        }
    }

    fn words(self, tracks: &Tracks<'_>) -> String {
        let n = self.of(tracks);
        match self {
            Telling::Throttles => match n {
                0 => "no throttles".to_owned(),
                1 => "1 throttle".to_owned(),
                n => format!("{} throttles", count(n)),
            },
            Telling::Depth => match n {
                0 => "no message waits".to_owned(),
                1 => "at most 1 message waits".to_owned(),
                n => format!("up to {} messages wait", count(n)),
            },
            Telling::Emptied => {
                format!("the queue is empty after {}", tied(&seconds(n as f64 / 1e9)))
            }
        }
    }
}

/// Whether a mapping sent batches.
pub fn fits(recorded: &Recorded) -> bool {
    let sent = |arm: &Arm| arm.recording.mappings.iter().any(|mapping| mapping.batches.total() > 0);
    recorded.arms.iter().any(sent)
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let Some(mapping) = drawn(recorded) else {
        return "No event source mapping takes batches from a queue".to_owned();
    };
    let arms = recorded.shown(ARMS_MAX);
    if !fits(recorded) {
        let name = &arms[0].recording.mappings[mapping].name;
        return format!("{name} never sends a batch");
    }
    let of: Vec<Tracks<'_>> = arms.iter().map(|arm| tracks(arm, mapping)).collect();
    let is_lossy = arms.iter().any(|arm| headline::lost(arm) > 0);
    let is_throttled = of.iter().any(|tracks| Telling::Throttles.of(tracks) > 0);
    let differ =
        |telling: &&Telling| of.iter().any(|tracks| telling.of(tracks) != telling.of(&of[0]));
    // What tells the policies apart, if losses and throttles do not.
    let further = Telling::ALL.iter().skip(1).find(differ).unwrap_or(&Telling::Depth);
    headline::title(arms, |arm| {
        let of = tracks(arm, mapping);
        let outcome = Some(headline::outcome(arm)).filter(|_| is_lossy);
        let throttles = Some(Telling::Throttles).filter(|_| is_throttled);
        let further = Some(*further).filter(|_| !is_lossy && !is_throttled);
        let telling = throttles.or(further);
        let limited = of.limited();
        let rest = match (telling, limited) {
            (Some(telling), Some(limited)) => format!("{} {limited}", telling.words(&of)),
            (Some(telling), None) => telling.words(&of),
            (None, Some(limited)) => format!("runs {limited}"),
            (None, None) => "no limit reached".to_owned(),
        };
        let rank = outcome.as_ref().map_or(0.0, |outcome| outcome.rank) * 1e9
            + telling.map_or(0, |telling| telling.of(&of)) as f64;
        let joined = |outcome: Option<&String>| match outcome {
            Some(outcome) => format!("{outcome}, {rest}"),
            None => rest.clone(),
        };
        Clause {
            full: joined(outcome.as_ref().map(|outcome| &outcome.full)),
            brief: joined(outcome.as_ref().map(|outcome| &outcome.brief)),
            rank,
        }
    })
}

/// The dead letters that are left, if there are any.
fn dead(tracks: &Tracks<'_>) -> Option<String> {
    let letters = tracks.recording.dead_letters();
    (letters > 0).then(|| format!("{} dead-lettered", count(letters)))
}

fn runs(n: u64) -> String {
    match n {
        1 => "1 run".to_owned(),
        n => format!("{} runs", count(n)),
    }
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers, a row a policy and bin: the highest runs at once and pollers of it, the
/// limits in force and the queue at its end; what there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let arms = recorded.shown(ARMS_MAX);
    let (mut rows, mut description) = (Vec::new(), Vec::new());
    if let Some(mapping) = drawn(recorded).filter(|_| fits(recorded)) {
        rows.push(running(arms, mapping));
        rows.extend(throttles(arms, mapping));
        rows.extend(depth(arms, mapping));
        description = arms.iter().map(|arm| described(arm, mapping)).collect();
    }
    let table = table(recorded);
    Figure { arms, finding: finding(recorded), rows, legend: Vec::new(), description, table }
}

/// Runs at once, pollers, and the limits.
fn running(arms: &[Arm], mapping: usize) -> Row<'_> {
    let peak = |arm: &Arm| tracks(arm, mapping).function.running.peak();
    let peak = arms.iter().map(peak).max().unwrap_or(0).max(1) as f64;
    // A limit is drawn where it is near what runs.
    let near = |value: f64| value <= 2.5 * peak;
    let lines: Vec<Vec<(Limit, Line)>> =
        arms.iter().map(|arm| limit_lines(&tracks(arm, mapping))).collect();
    let values = lines.iter().flatten().flat_map(|(_, line)| line).map(|(_, value)| *value);
    let top = values.filter(|value| near(*value)).fold(peak, f64::max);
    // Pollers that are far above it leave the panel.
    let pollers = arms.iter().map(|arm| tracks(arm, mapping).mapping.pollers.peak()).max();
    let pollers = pollers.unwrap_or(0) as f64;
    let highest_shown = if pollers <= 3.0 * top { pollers } else { 2.0 * top };
    let mut legend = vec![
        Entry::of(Swatch::Area, Tone::First, "runs at once"),
        Entry::of(Swatch::Dashed, Tone::Muted, "pollers: batches the mapping may have in flight"),
    ];
    let is_drawn = |kind: fn(&Limit) -> bool| {
        let all = lines.iter().flatten().filter(|(limit, _)| kind(limit));
        all.flat_map(|(_, line)| line).any(|(_, value)| near(*value))
    };
    if is_drawn(|limit| *limit != Limit::Maximum) {
        legend.push(Entry::of(Swatch::Line, Tone::Ink, "limit on runs"));
    }
    if is_drawn(|limit| *limit == Limit::Maximum) {
        legend.push(Entry::of(Swatch::Dotted, Tone::Ink, "limit on batches"));
    }
    let width = seconds(arms[0].recording.width().as_secs_f64());
    Row {
        name: format!("Runs of {} at once", tracks(&arms[0], mapping).function.name),
        unit: format!("the highest of each {width}; a batch is one run"),
        high: HIGH[0],
        axis: Axis::Numbers(top),
        captions: Vec::new(),
        panels: arms
            .iter()
            .zip(&lines)
            .map(|(arm, lines)| running_panel(&tracks(arm, mapping), lines, near, highest_shown))
            .collect(),
        legend,
    }
}

/// What the panel of runs shows of a policy: limits that are `near`, and pollers as far as `highest_shown`.
fn running_panel<'a>(
    of: &Tracks<'a>,
    lines: &[(Limit, Line)],
    near: impl Fn(f64) -> bool,
    highest_shown: f64,
) -> Panel<'a> {
    let Tracks { recording, mapping: reader, function, .. } = *of;
    let pollers = move |bin| reader.pollers.highest(bin);
    let shown: Series<'_> = Box::new(move |bins| {
        let most = bins.map(pollers).max().unwrap_or(0) as f64;
        Some(most.min(highest_shown))
    });
    let mut marks = vec![
        Mark::Area(highest(move |bin| function.running.highest(bin)), Tone::First, 0.85),
        Mark::Steps(shown, Tone::Muted, 1.75, Some(4.0)),
    ];
    for (limit, values) in lines {
        let dash = if *limit == Limit::Maximum { Some(1.75) } else { None };
        for part in values.chunk_by(|a, b| near(a.1) && near(b.1)).filter(|part| part.len() > 1) {
            marks.push(Mark::Straight(part.to_vec(), Tone::Ink, 1.5, dash));
        }
        // Each value that it has is labelled over its part, as far as there is room.
        for pair in values.chunks(2).filter(|pair| near(pair[0].1)) {
            let (from, value) = pair[0];
            let words = limit.label(value as u64, of.mapping_name());
            let spots = Spot::over(value, from, pair[pair.len() - 1].0);
            marks.push(Mark::Label(words, spots, SMALL, Tone::Ink));
        }
    }
    let most = reader.pollers.peak() as f64;
    if highest_shown < most {
        let first =
            (0..recording.bins()).find(|bin| highest_shown < pollers(*bin) as f64).unwrap_or(0);
        let from = recording.start_of(first).as_secs_f64();
        let spot = |x, by, anchor| Spot { x, y: None, by, anchor };
        let spots = vec![
            spot(X::At(from), (6.0, 13.0), Anchor::Start),
            spot(X::Right, (0.0, 13.0), Anchor::End),
        ];
        let words = format!("pollers up to {}", count(most as u64));
        marks.push(Mark::Label(words, spots, SMALL, Tone::Muted));
    }
    Panel::TimeSeries(marks)
}

/// Throttles, if there are any.
fn throttles(arms: &[Arm], mapping: usize) -> Option<Row<'_>> {
    let panel = |arm: &Arm| {
        let (tracks, recording) = (tracks(arm, mapping), &arm.recording);
        let some = (0..recording.bins()).filter(|bin| tracks.throttles(*bin) > 0);
        let tick = |bin| (recording.start_of(bin).as_secs_f64(), tracks.throttles(bin));
        Panel::Ticks(some.map(tick).collect())
    };
    let width = seconds(arms[0].recording.width().as_secs_f64());
    let is_throttled = |arm: &Arm| tracks(arm, mapping).function.throttled.total() > 0;
    arms.iter().any(is_throttled).then(|| Row {
        name: "Throttles".to_owned(),
        unit: format!("a tick each {width} that had some, the higher the more"),
        high: HIGH[1],
        axis: Axis::None,
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: vec![Entry::of(Swatch::Tick, Tone::Failed, "throttles")],
    })
}

/// The queue, if something was in it.
fn depth(arms: &[Arm], mapping: usize) -> Option<Row<'_>> {
    let panel = |arm| {
        let tracks = tracks(arm, mapping);
        let queue = tracks.queue;
        let left = format!("{} left", count(queue.visible.ended() + queue.hidden.ended()));
        let words = [Some(left), dead(&tracks)];
        Panel::TimeSeries(vec![
            Mark::Area(
                last(move |bin| queue.hidden.last(bin) + queue.visible.last(bin)),
                Tone::Visible,
                1.0,
            ),
            Mark::Area(last(move |bin| queue.hidden.last(bin)), Tone::Retry, 1.0),
            Mark::Ending(words.into_iter().flatten().collect(), Tone::Ink),
        ])
    };
    let has_some = |arm: &Arm| {
        let queue = tracks(arm, mapping).queue;
        queue.visible.peak() + queue.hidden.peak() > 0
    };
    arms.iter().any(has_some).then(|| Row {
        name: tracks(&arms[0], mapping).queue.name.clone(),
        unit: "messages waiting or hidden".to_owned(),
        high: HIGH[2],
        axis: Axis::Numbers(0.0),
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: vec![
            Entry::of(Swatch::Area, Tone::Visible, "waiting"),
            Entry::of(Swatch::Area, Tone::Retry, "hidden: received and not deleted"),
        ],
    })
}

/// Each limit over time, in steps: two points for each part in which it does not change.
fn limit_lines(tracks: &Tracks<'_>) -> Vec<(Limit, Line)> {
    let ended = tracks.recording.ended().as_nanos();
    let of_runs = tracks.arm.limits.get(tracks.mapping.function);
    let changes = tracks.mapping.caps.iter().map(|(from, _)| *from);
    let changes = changes.chain(of_runs.into_iter().flatten().map(|(from, _)| *from));
    let mut times: Vec<u64> = changes.filter(|from| *from < ended).collect();
    times.sort_unstable();
    times.dedup();
    let mut found: Vec<(Limit, Line)> = Vec::new();
    for (nth, from) in times.iter().enumerate() {
        let until = times.get(nth + 1).copied().unwrap_or(ended);
        let (from_s, until_s) = (*from as f64 / 1e9, until as f64 / 1e9);
        for (limit, value) in tracks.limits(*from) {
            let (value, at) = (value as f64, found.iter().position(|(known, _)| *known == limit));
            let line = match at {
                Some(at) => &mut found[at].1,
                None => {
                    found.push((limit, Vec::new()));
                    &mut found.last_mut().expect("it was just put there").1
                }
            };
            match line.last_mut() {
                Some(last) if *last == (from_s, value) => last.0 = until_s,
                Some(_) | None => line.extend([(from_s, value), (until_s, value)]),
            }
        }
    }
    found
}

fn described(arm: &Arm, mapping: usize) -> String {
    let of = tracks(arm, mapping);
    let limits = of.limits(0).into_iter();
    let limits: Vec<String> =
        limits.map(|(limit, value)| limit.label(value, Some(&of.mapping.name))).collect();
    format!(
        "{}: {} had at most {} at once and {} pollers; {}; {} throttles; at most {} messages waited in {}.",
        arm.called(),
        of.function.name,
        runs(of.function.running.peak()),
        count(of.mapping.pollers.peak()),
        limits.join(", "),
        count(of.function.throttled.total()),
        count(of.queue.visible.peak()),
        of.queue.name
    )
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 11] = [
    "policy",
    "from_s",
    "to_s",
    "runs_at_once",
    "pollers",
    "maximum_concurrency",
    "reserved",
    "account",
    "throttles",
    "waiting",
    "hidden",
];

fn table(recorded: &Recorded) -> Table {
    let mut rows = Vec::new();
    let mapping = drawn(recorded);
    for (arm, mapping) in recorded.shown(ARMS_MAX).iter().filter_map(|arm| Some((arm, mapping?))) {
        let of = tracks(arm, mapping);
        for bin in 0..of.recording.bins() {
            let limits = of.limits_of(bin);
            let written = |is_it: fn(&Limit) -> bool| {
                let found = limits.iter().find(|(limit, _)| is_it(limit));
                found.map_or(String::new(), |(_, value)| value.to_string())
            };
            let [from, to] = span_of(arm, bin);
            rows.push(vec![
                safe(&arm.name),
                from,
                to,
                of.function.running.highest(bin).to_string(),
                of.mapping.pollers.highest(bin).to_string(),
                written(|limit| *limit == Limit::Maximum),
                written(|limit| *limit == Limit::Reserved),
                written(|limit| matches!(limit, Limit::Account(_))),
                of.throttles(bin).to_string(),
                of.queue.visible.last(bin).to_string(),
                of.queue.hidden.last(bin).to_string(),
            ]);
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
