//! Pollers: how many runs a mapping's function has at once against each cap, throttles, and what waits in
//! the queue; a column a policy. Which cap binds is the finding.

use super::{
    Look, Recorded,
    canvas::Anchor,
    lettering::tied,
    page::{Labels, Page, SMALL, Swatch, VALUE, foot, length, subtitle},
    plot::{Columns, Plot, highest, steps},
    recorded::Arm,
    scale::Scale,
};
use crate::{
    observe::recording::{Caps, FunctionTrack, MappingTrack, QueueTrack, Recording},
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
    recording: &'a Recording,
    mapping: &'a MappingTrack,
    function: &'a FunctionTrack,
    queue: &'a QueueTrack,
}

fn tracks(arm: &Arm, mapping: usize) -> Tracks<'_> {
    let recording = &arm.recording;
    let mapping = &recording.mappings[mapping];
    Tracks {
        recording,
        mapping,
        function: &recording.functions[mapping.function],
        queue: &recording.queues[mapping.queue],
    }
}

/// What bounds the runs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// What the file says, and how many.
    Cap(&'static str, u64),
    /// The pollers that there were.
    Pollers,
    /// Nothing.
    Free,
}

impl Tracks<'_> {
    /// The caps in force at the end of a bin.
    fn caps(&self, bin: usize) -> Caps {
        let end = self.recording.start_of(bin + 1).as_nanos();
        let known = self.mapping.caps.partition_point(|(from, _)| *from < end);
        self.mapping.caps[known.saturating_sub(1)].1
    }

    /// What bound the runs in a bin.
    fn bound(&self, bin: usize) -> Bound {
        let runs = self.function.running.highest(bin);
        let least = lines(&self.caps(bin)).into_iter().min_by_key(|(_, value)| *value);
        let pollers = self.mapping.pollers.highest(bin);
        let waits = self.queue.visible.highest(bin) > 0 || self.throttles(bin) > 0;
        match least {
            Some((name, value)) if value <= runs || self.throttles(bin) > 0 => {
                Bound::Cap(name, value)
            }
            _ if waits && 0 < pollers && pollers <= runs => Bound::Pollers,
            _ => Bound::Free,
        }
    }

    /// What bound the runs for longest, and for how many seconds.
    fn binding(&self) -> (Bound, f64) {
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
        longest.unwrap_or((Bound::Free, 0.0))
    }

    /// How many pollers there were where they bound the runs, in words.
    fn bound_pollers(&self) -> String {
        let bins = (0..self.recording.bins()).filter(|bin| self.bound(*bin) == Bound::Pollers);
        let pollers: Vec<u64> = bins.map(|bin| self.mapping.pollers.highest(bin)).collect();
        match (pollers.iter().min(), pollers.iter().max()) {
            (Some(least), Some(most)) if least < most => {
                format!("{} to {} pollers bind", count(*least), count(*most))
            }
            (Some(1), _) => "1 poller binds".to_owned(),
            (Some(all), _) => format!("{} pollers bind", count(*all)),
            (None, _) => "no poller binds".to_owned(),
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

/// The caps that there are, each with its name.
fn lines(caps: &Caps) -> Vec<(&'static str, u64)> {
    let all = [
        ("MaximumConcurrency", caps.maximum),
        ("ReservedConcurrentExecutions", caps.reserved),
        ("the account's concurrency", Some(caps.account)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, u64::from(value?)))).collect()
}

/// A cap as its line is labelled.
fn short(name: &str) -> &str {
    match name {
        "ReservedConcurrentExecutions" => "reserved",
        "the account's concurrency" => "account",
        name => name,
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
        let more = dead(tracks).map_or(String::new(), |dead| format!(", {dead}"));
        match self {
            Telling::Throttles => match n {
                0 => format!("none is throttled{more}"),
                1 => format!("1 try is throttled{more}"),
                n => format!("{} tries are throttled{more}", count(n)),
            },
            Telling::Depth => match n {
                0 => "none waits".to_owned(),
                1 => "1 message waits".to_owned(),
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
    match of.as_slice() {
        [only] => {
            let name = &only.function.name;
            let (bound, lasted) = only.binding();
            let whole = only.recording.ended().as_secs_f64();
            let long = format!("for {} of {}", length(lasted), length(whole));
            let bound = match bound {
                Bound::Cap(cap, value) => {
                    format!("{cap} holds {name} at {} {long}", runs(value))
                }
                Bound::Pollers => format!("The number of pollers holds {name} back {long}"),
                Bound::Free => {
                    let peak = only.function.running.peak();
                    format!("Nothing holds {name} back: at most {} at once", runs(peak))
                }
            };
            format!("{bound}; {}", Telling::Throttles.words(only))
        }
        several => {
            let differ = |telling: &Telling| {
                several.iter().any(|tracks| telling.of(tracks) != telling.of(&several[0]))
            };
            let telling = Telling::ALL.into_iter().find(differ).unwrap_or(Telling::Throttles);
            let value = |nth: &usize| telling.of(&several[*nth]);
            let most = (0..several.len()).rev().max_by_key(value);
            let least = (0..several.len()).min_by_key(value);
            let (mut most, mut least) =
                (most.expect("there are several"), least.expect("there are several"));
            if value(&most) == value(&least) {
                (most, least) = (0, several.len() - 1);
            }
            let told = |nth: usize| {
                let bound = match several[nth].binding().0 {
                    Bound::Cap(cap, value) => format!("{cap} {} binds", count(value)),
                    Bound::Pollers => several[nth].bound_pollers(),
                    Bound::Free => "nothing binds".to_owned(),
                };
                format!("{}: {bound}, {}", arms[nth].name, telling.words(&several[nth]))
            };
            format!("{}; {}", told(most), told(least))
        }
    }
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
        &format!("the highest of each {}", seconds(width)),
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
    let all_caps = of.iter().flat_map(|tracks| tracks.mapping.caps.iter());
    let near = |value: f64| value <= 2.5 * peak;
    let drawn_caps = all_caps.flat_map(|(_, caps)| lines(caps)).map(|(_, value)| value as f64);
    let max = drawn_caps.filter(|value| near(*value)).fold(peak, f64::max);
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
        for (cap, values) in cap_lines(tracks) {
            if !values.iter().any(|(_, value)| near(*value)) {
                continue;
            }
            for part in values.chunk_by(|a, b| near(a.1) && near(b.1)).filter(|part| part.len() > 1)
            {
                plot.line(&mut page, part, colors.ink, 1.25, None);
            }
            let (_, value) = values[0];
            let words = format!("{} {}", short(cap), count(value as u64));
            let at = plot.y.at(value);
            let at = [
                (sides.1, at - 4.0, Anchor::End),
                (sides.0 + 4.0, at - 4.0, Anchor::Start),
                (sides.1, at + 12.0, Anchor::End),
            ];
            labels.put(&mut page, &words, &at, sides, (SMALL, colors.ink));
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
        (Swatch::Dashed, colors.muted, "pollers: batches that the mapping may have"),
        (Swatch::Line, colors.ink, "caps"),
    ];
    if throttles.iter().any(|ticks| !ticks.is_empty()) {
        entries.push((Swatch::Tick, colors.failed, "throttles"));
    }
    if most > 0.0 {
        entries.push((Swatch::Area, colors.visible, "waiting"));
        entries.push((Swatch::Area, colors.retry, "hidden"));
    }
    page.legend(&entries);
    let described = description(recorded, mapping);
    page.finish(&foot(recorded), &described)
}

/// Each cap over time, in steps.
fn cap_lines(tracks: &Tracks<'_>) -> Vec<(&'static str, Vec<(f64, f64)>)> {
    let caps = &tracks.mapping.caps;
    let ended = tracks.recording.ended().as_secs_f64();
    let names = ["MaximumConcurrency", "ReservedConcurrentExecutions", "the account's concurrency"];
    let line = |name: &'static str| {
        let mut points = Vec::new();
        for (nth, (from, of)) in caps.iter().enumerate() {
            let until = caps.get(nth + 1).map_or(ended, |(at, _)| *at as f64 / 1e9);
            if let Some((_, value)) = lines(of).into_iter().find(|(known, _)| *known == name) {
                points.push((*from as f64 / 1e9, value as f64));
                points.push((until.min(ended), value as f64));
            }
        }
        (name, points)
    };
    names.into_iter().map(line).filter(|(_, points)| !points.is_empty()).collect()
}

fn description(recorded: &Recorded, mapping: usize) -> String {
    let sentences = recorded.shown(ARMS_MAX).iter().map(|arm| {
        let of = tracks(arm, mapping);
        let caps: Vec<String> = lines(&of.mapping.caps[0].1)
            .into_iter()
            .map(|(name, value)| format!("{name} {}", count(value)))
            .collect();
        format!(
            "{}: {} had at most {} at once and {} pollers; {}; {} throttles; at most {} messages \
             waited in {}.",
            arm.called(),
            of.function.name,
            runs(of.function.running.peak()),
            count(of.mapping.pollers.peak()),
            caps.join(", "),
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
/// caps and the queue at its end; what there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        let Some(mapping) = drawn(recorded) else { return Ok(()) };
        for arm in recorded.shown(ARMS_MAX) {
            let of = tracks(arm, mapping);
            let recording = of.recording;
            for bin in 0..recording.bins() {
                let Caps { maximum, reserved, account } = of.caps(bin);
                let written = |cap: Option<u32>| cap.map_or(String::new(), |cap| cap.to_string());
                write([
                    safe(&arm.name),
                    recording.start_of(bin).as_secs_f64().to_string(),
                    recording.start_of(bin + 1).min(recording.ended()).as_secs_f64().to_string(),
                    of.function.running.highest(bin).to_string(),
                    of.mapping.pollers.highest(bin).to_string(),
                    written(maximum),
                    written(reserved),
                    account.to_string(),
                    of.throttles(bin).to_string(),
                    of.queue.visible.last(bin).to_string(),
                    of.queue.hidden.last(bin).to_string(),
                ])?;
            }
        }
        Ok(())
    })
}
