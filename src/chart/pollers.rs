//! Pollers: how many runs a mapping's function has at once against each limit, throttles, and what waits in
//! the queue; a column a policy. Which limit is reached is the finding.
//!
//! A limit is drawn only where it holds, and its label says of what it is: reserved and account concurrency are
//! of runs, `MaximumConcurrency` and pollers of batches of one mapping.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause},
    lettering::tied,
    page::{Labels, Page, SMALL, Swatch, VALUE, foot, subtitle},
    plot::{Columns, Line, Plot, highest, steps},
    recorded::Arm,
    scale::Scale,
};
use crate::{
    observe::{
        autopsy::Limit as Throttler,
        recording::{FunctionTrack, MappingTrack, QueueTrack, Recording},
    },
    report::{
        compare::safe,
        csv::table,
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
    let title = finding(recorded);
    let mut page = Page::new(look, &title, &subtitle(recorded, ARMS_MAX));
    let Some(mapping) = drawn(recorded).filter(|_| fits(recorded)) else {
        return page.finish(&foot(recorded), "");
    };
    let arms = recorded.shown(ARMS_MAX);
    let of: Vec<Tracks<'_>> = arms.iter().map(|arm| tracks(arm, mapping)).collect();
    let colors = page.colors;
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    let at_most = (columns.wide / 1.5) as usize;
    let ended = arms.iter().map(|arm| arm.recording.ended().as_secs_f64()).fold(0.0, f64::max);
    let over = |tracks: &Tracks<'_>, value: &dyn Fn(std::ops::Range<usize>) -> u64| {
        let (recording, end) = (tracks.recording, tracks.recording.ended().as_secs_f64());
        let start = |bin| recording.start_of(bin).as_secs_f64().min(end);
        steps(recording.bins(), at_most, start, |bins| value(bins) as f64)
    };
    let top =
        |bins: std::ops::Range<usize>, of: &dyn Fn(usize) -> u64| bins.map(of).max().unwrap_or(0);

    // Runs at once and their caps.
    let width = of[0].recording.width().as_secs_f64();
    let name = &of[0].function.name;
    page.row_heading(
        &format!("Runs of {name} at once"),
        &format!("the highest of each {}; a batch is one run", seconds(width)),
    );
    let running: Vec<Vec<(f64, f64)>> = of
        .iter()
        .map(|tracks| over(tracks, &|bins| top(bins, &|bin| tracks.function.running.highest(bin))))
        .collect();
    let peak = highest(running.iter().flatten()).max(1.0);
    let pollers: Vec<Vec<(f64, f64)>> = of
        .iter()
        .map(|tracks| over(tracks, &|bins| top(bins, &|bin| tracks.mapping.pollers.highest(bin))))
        .collect();
    let near = |value: f64| value <= 2.5 * peak;
    let lines: Vec<Vec<(Limit, Line)>> = of.iter().map(limit_lines).collect();
    let values = lines.iter().flatten().flat_map(|(_, line)| line).map(|(_, value)| *value);
    let max = values.filter(|value| near(*value)).fold(peak, f64::max);
    let most_pollers = highest(pollers.iter().flatten());
    let max = max.max(most_pollers.min(2.0 * max));
    let y = Scale::linear(max * 1.12, (page.y + HIGH[0], page.y), 4.0);
    for (nth, tracks) in of.iter().enumerate() {
        let plot = Plot { x: columns.time(nth, ended), y: y.clone() };
        plot.shade(&mut page, &arms[nth]);
        plot.rows(&mut page, nth == 0);
        plot.area(&mut page, &running[nth], colors.first, 0.85);
        plot.columns(&mut page, false);
        plot.line(&mut page, &pollers[nth], colors.muted, 1.75, Some(4.0));
        let sides = columns.span(nth);
        let mut labels = Labels::default();
        for (limit, values) in &lines[nth] {
            let dash = if *limit == Limit::Maximum { Some(1.75) } else { None };
            for part in values.chunk_by(|a, b| near(a.1) && near(b.1)).filter(|part| part.len() > 1)
            {
                plot.line(&mut page, part, colors.ink, 1.5, dash);
            }
            // Each value that it has is labelled over its part, as far as there is room.
            for pair in values.chunks(2).filter(|pair| near(pair[0].1)) {
                let value = pair[0].1;
                let words = limit.label(value as u64, tracks.mapping_name());
                let (from, to) = (plot.x.at(pair[0].0), plot.x.at(pair[pair.len() - 1].0));
                let y = plot.y.at(value);
                let at = [
                    (to, y - 4.0, Anchor::End),
                    (to, y - 18.0, Anchor::End),
                    (from + 4.0, y - 4.0, Anchor::Start),
                    (sides.1, y - 4.0, Anchor::End),
                    (sides.1, y - 18.0, Anchor::End),
                    (sides.1, y - 32.0, Anchor::End),
                ];
                labels.put(&mut page, &words, &at, sides, (SMALL, colors.ink));
            }
        }
        let peak = highest(pollers[nth].iter());
        if y.values().1 < peak {
            let words = format!("pollers up to {}", count(peak as u64));
            let from = pollers[nth].iter().find(|(_, value)| y.values().1 < *value);
            let x = from.map_or(sides.0, |(at, _)| plot.x.at(*at));
            let at =
                [(x + 6.0, page.y + 13.0, Anchor::Start), (sides.1, page.y + 13.0, Anchor::End)];
            labels.put(&mut page, &words, &at, sides, (SMALL, colors.muted));
        }
    }
    page.y += HIGH[0] + 16.0;

    // Throttles.
    let per_bin = |tracks: &Tracks<'_>| -> Vec<(f64, u64)> {
        let bins = (0..tracks.recording.bins()).map(|bin| (bin, tracks.throttles(bin)));
        let some = bins.filter(|(_, n)| *n > 0);
        some.map(|(bin, n)| (tracks.recording.start_of(bin).as_secs_f64(), n)).collect()
    };
    let throttles: Vec<Vec<(f64, u64)>> = of.iter().map(per_bin).collect();
    let most = throttles.iter().flatten().map(|(_, n)| *n).max().unwrap_or(0);
    if most > 0 {
        page.row_heading(
            "Throttles",
            &format!("a tick each {} that had some, the higher the more", seconds(width)),
        );
        for (nth, tracks) in of.iter().enumerate() {
            let y = Scale::linear(1.0, (page.y + HIGH[1], page.y), 1.0);
            let plot = Plot { x: columns.time(nth, ended), y };
            let (left, right) = columns.span(nth);
            let bottom = page.y + HIGH[1];
            let total = count(tracks.function.throttled.total());
            let wide = page.measure(&total, VALUE);
            plot.shade(&mut page, &arms[nth]);
            page.canvas.line((left, bottom), (right, bottom), colors.grid, 1.0);
            for (at, n) in &throttles[nth] {
                let x = plot.x.at(*at);
                let high = 4.0 + (HIGH[1] - 4.0) * *n as f64 / most as f64;
                page.canvas.line((x, bottom), (x, bottom - high), colors.failed, 1.5);
            }
            // The number on a ground of its own: ticks may be anywhere.
            let at = (right - wide - 3.0, page.y - 1.0);
            page.canvas.rectangle(at, (wide + 3.0, VALUE.size + 3.0), colors.ground, 0.85);
            page.canvas.text(
                &total,
                (right, page.y + VALUE.size - 1.0),
                Anchor::End,
                VALUE,
                colors.ink,
            );
        }
        page.y += HIGH[1] + 18.0;
    }

    // The queue.
    let levels: Vec<[Vec<(f64, f64)>; 2]> = of
        .iter()
        .map(|tracks| {
            let queue = tracks.queue;
            [
                over(tracks, &|bins| queue.hidden.last(bins.end - 1)),
                over(tracks, &|bins| {
                    queue.hidden.last(bins.end - 1) + queue.visible.last(bins.end - 1)
                }),
            ]
        })
        .collect();
    let most = highest(levels.iter().flat_map(|both| &both[1]));
    if most > 0.0 {
        page.row_heading(&of[0].queue.name.clone(), "messages waiting or hidden");
        let y = Scale::linear(most * 1.15, (page.y + HIGH[2], page.y), 4.0);
        for (nth, tracks) in of.iter().enumerate() {
            let plot = Plot { x: columns.time(nth, ended), y: y.clone() };
            plot.shade(&mut page, &arms[nth]);
            plot.rows(&mut page, nth == 0);
            let [hidden, both] = &levels[nth];
            plot.area(&mut page, both, colors.visible, 1.0);
            plot.area(&mut page, hidden, colors.retry, 1.0);
            plot.columns(&mut page, false);
            let sides = columns.span(nth);
            let left = tracks.queue.visible.ended() + tracks.queue.hidden.ended();
            // In a narrow column each has a line of its own.
            let (left, dead) = (format!("{} left", count(left)), dead(tracks));
            let lines = match dead {
                None => vec![left],
                Some(dead) => {
                    let both = format!("{left}, {dead}");
                    let fits = page.measure(&both, VALUE) <= sides.1 - sides.0;
                    if fits { vec![both] } else { vec![dead, left] }
                }
            };
            let widest = lines.iter().map(|line| page.measure(line, VALUE)).fold(0.0, f64::max);
            let mut y = plot.over_end(both, widest);
            for line in lines {
                page.canvas.text(&line, (sides.1, y), Anchor::End, VALUE, colors.ink);
                y -= VALUE.line_height();
            }
        }
        page.y += HIGH[2] + 4.0;
    }
    columns.times(&mut page, ended);
    page.y += 10.0;
    let mut entries = vec![
        (Swatch::Area, colors.first, "runs at once"),
        (Swatch::Dashed, colors.muted, "pollers: batches the mapping may have in flight"),
    ];
    let is_drawn = |kind: fn(&Limit) -> bool| {
        let all = lines.iter().flatten().filter(|(limit, _)| kind(limit));
        all.flat_map(|(_, line)| line).any(|(_, value)| near(*value))
    };
    if is_drawn(|limit| *limit != Limit::Maximum) {
        entries.push((Swatch::Line, colors.ink, "limit on runs"));
    }
    if is_drawn(|limit| *limit == Limit::Maximum) {
        entries.push((Swatch::Dotted, colors.ink, "limit on batches"));
    }
    if throttles.iter().any(|ticks| !ticks.is_empty()) {
        entries.push((Swatch::Tick, colors.failed, "throttles"));
    }
    if most > 0.0 {
        entries.push((Swatch::Area, colors.visible, "waiting"));
        entries.push((Swatch::Area, colors.retry, "hidden: received and not deleted"));
    }
    page.legend(&entries);
    let described = description(recorded, mapping);
    page.finish(&foot(recorded), &described)
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

fn description(recorded: &Recorded, mapping: usize) -> String {
    let sentences = recorded.shown(ARMS_MAX).iter().map(|arm| {
        let of = tracks(arm, mapping);
        let limits: Vec<String> = of
            .limits(0)
            .into_iter()
            .map(|(limit, value)| limit.label(value, Some(&of.mapping.name)))
            .collect();
        format!(
            "{}: {} had at most {} at once and {} pollers; {}; {} throttles; at most {} messages \
             waited in {}.",
            arm.called(),
            of.function.name,
            runs(of.function.running.peak()),
            count(of.mapping.pollers.peak()),
            limits.join(", "),
            count(of.function.throttled.total()),
            count(of.queue.visible.peak()),
            of.queue.name
        )
    });
    sentences.collect::<Vec<_>>().join(" ")
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

/// Writes what is drawn, in numbers, a row a policy and bin: the highest runs at once and pollers of it, the
/// limits in force and the queue at its end; what there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        let Some(mapping) = drawn(recorded) else { return Ok(()) };
        for arm in recorded.shown(ARMS_MAX) {
            let of = tracks(arm, mapping);
            let recording = of.recording;
            for bin in 0..recording.bins() {
                let limits = of.limits_of(bin);
                let written = |is_it: fn(&Limit) -> bool| {
                    let found = limits.iter().find(|(limit, _)| is_it(limit));
                    found.map_or(String::new(), |(_, value)| value.to_string())
                };
                write([
                    safe(&arm.name),
                    recording.start_of(bin).as_secs_f64().to_string(),
                    recording.start_of(bin + 1).min(recording.ended()).as_secs_f64().to_string(),
                    of.function.running.highest(bin).to_string(),
                    of.mapping.pollers.highest(bin).to_string(),
                    written(|limit| *limit == Limit::Maximum),
                    written(|limit| *limit == Limit::Reserved),
                    written(|limit| matches!(limit, Limit::Account(_))),
                    of.throttles(bin).to_string(),
                    of.queue.visible.last(bin).to_string(),
                    of.queue.hidden.last(bin).to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
