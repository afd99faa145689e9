//! The age of what a stream's mapping reads, what it is behind, and where a shard makes no progress; a column a
//! policy.
//!
//! A shard whose first batch fails is tried again and again, and its age grows as fast as time goes. That is what is
//! marked: it looks the same for a record that cannot be processed and for an outage.

use super::{
    Look, Recorded,
    figure::{self, Axis, Entry, Figure, Mark, Panel, Row, Table, Tone, highest, span_of},
    headline::{self, Clause, since},
    page::{Swatch, length},
    recorded::Arm,
    tracks::{busiest, count_in, total, track},
};
use crate::{
    observe::{Measure, ResourceKind, recording::Bins},
    report::{compare::safe, wording::count},
};
use std::io::{self, Write};

/// More columns are not drawn.
pub const ARMS_MAX: usize = 4;
/// What the panel of ages is high, that of records, that of the batches that failed.
const HIGH: [f64; 3] = [150.0, 100.0, 30.0];
/// An age that grows by this part of the time that goes makes no progress.
const STUCK: f64 = 0.8;
/// Shorter than this part of the run is not marked.
const STUCK_MIN: f64 = 0.02;

const KIND: ResourceKind = ResourceKind::StreamMapping;

/// The mapping that is drawn: the one that sent most batches.
fn drawn(recorded: &Recorded) -> Option<&str> {
    busiest(recorded, KIND, Measure::Batches)
}

/// The largest IteratorAge of a bin, in seconds; none if no batch was sent in it.
fn age(arm: &Arm, mapping: &str, bin: usize) -> Option<f64> {
    match track(arm, KIND, mapping, Measure::IteratorAge) {
        Some(Bins::Sampled(sampled)) if sampled.count(bin) > 0 => {
            sampled.max(bin).map(|nanos| nanos as f64 / 1e9)
        }
        // A record that is sent as soon as it arrives has no age.
        _ if count_in(arm, KIND, mapping, Measure::Batches, bin) > 0 => Some(0.0),
        _ => None,
    }
}

/// The oldest, in seconds.
fn oldest(arm: &Arm, mapping: &str) -> f64 {
    let bins = 0..arm.recording.bins();
    bins.filter_map(|bin| age(arm, mapping, bin)).fold(0.0, f64::max)
}

/// Records that the mapping is not done with, at most in a bin.
fn behind(arm: &Arm, mapping: &str, bin: usize) -> u64 {
    match track(arm, KIND, mapping, Measure::Depth) {
        Some(Bins::Levels(levels)) => levels.highest(bin),
        Some(Bins::Counts(_) | Bins::Sampled(_)) | None => 0,
    }
}

fn most_behind(arm: &Arm, mapping: &str) -> u64 {
    (0..arm.recording.bins()).map(|bin| behind(arm, mapping, bin)).max().unwrap_or(0)
}

/// From when to when, in seconds, a shard makes no progress.
fn stuck(arm: &Arm, mapping: &str) -> Vec<(f64, f64)> {
    let recording = &arm.recording;
    let middle = |bin| recording.start_of(bin).as_secs_f64() + recording.seconds_of(bin) / 2.0;
    let samples: Vec<(f64, f64)> = (0..recording.bins())
        .filter_map(|bin| Some((middle(bin), age(arm, mapping, bin)?)))
        .collect();
    let mut found: Vec<(f64, f64)> = Vec::new();
    for pair in samples.windows(2) {
        let ((from, before), (to, after)) = (pair[0], pair[1]);
        if after - before < STUCK * (to - from) {
            continue;
        }
        match found.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            Some(_) | None => found.push((from, to)),
        }
    }
    let least = STUCK_MIN * recording.ended().as_secs_f64();
    // The noise of a stream that is read up to now is no jam.
    let width = recording.width().as_secs_f64();
    found.retain(|(from, to)| least.max(2.5 * width) <= to - from);
    found
}

/// Whether batches of a stream were sent.
pub fn fits(recorded: &Recorded) -> bool {
    drawn(recorded).is_some()
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let Some(mapping) = drawn(recorded) else {
        return "No mapping reads a stream".to_owned();
    };
    let arms = recorded.shown(ARMS_MAX);
    headline::title(arms, |arm| {
        let oldest = oldest(arm, mapping);
        let longest = stuck(arm, mapping).iter().map(|(from, to)| to - from).fold(0.0, f64::max);
        let jam = match longest {
            l if l > 0.0 => format!(", no progress for {}", since(l)),
            _ => String::new(),
        };
        let lost = match headline::lost(arm) {
            0 => String::new(),
            _ => format!(", {}", headline::outcome(arm).brief),
        };
        let age = since(oldest);
        Clause {
            full: format!("IteratorAge up to {age}{jam}{lost}"),
            brief: format!("up to {age}{jam}{lost}"),
            rank: oldest,
        }
    })
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers, a row a policy and bin: the largest age, records not done with, and records in
/// batches that failed; an age that there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let arms = recorded.shown(ARMS_MAX);
    let (mut rows, mut description) = (Vec::new(), Vec::new());
    if let Some(mapping) = drawn(recorded) {
        rows.push(ages(arms, mapping));
        rows.push(depth(arms, mapping));
        rows.extend(failures(arms, mapping));
        description = arms.iter().map(|arm| described(arm, mapping)).collect();
    }
    let table = table(arms, drawn(recorded));
    Figure { arms, finding: finding(recorded), rows, legend: Vec::new(), description, table }
}

/// The panel of ages, with what makes no progress.
fn ages<'a>(arms: &'a [Arm], mapping: &'a str) -> Row<'a> {
    let panel = |arm: &'a Arm| {
        let all = Box::new(move |bins: std::ops::Range<usize>| {
            bins.filter_map(|bin| age(arm, mapping, bin)).reduce(f64::max)
        });
        if age_is_unknown(arm, mapping) {
            return Panel::Empty("no batch is sent".to_owned());
        }
        let mut marks = vec![Mark::Curve(all, Tone::Ink, 1.75, None)];
        for (from, to) in stuck(arm, mapping) {
            marks.push(Mark::Span(
                from,
                to,
                Tone::Failed,
                format!("no progress for {}", since(to - from)),
            ));
        }
        Panel::TimeSeries(marks)
    };
    let is_stuck = arms.iter().any(|arm| !stuck(arm, mapping).is_empty());
    let mut legend = vec![Entry::of(Swatch::Line, Tone::Ink, "oldest record of the batches sent")];
    if is_stuck {
        legend.push(Entry::of(Swatch::Area, Tone::Failed, "the age grows as fast as time"));
    }
    let width = length(arms[0].recording.width().as_secs_f64());
    Row {
        name: format!("IteratorAge of {mapping}"),
        unit: format!("the largest of each {width}"),
        high: HIGH[0],
        axis: Axis::Durations,
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend,
    }
}

fn age_is_unknown(arm: &Arm, mapping: &str) -> bool {
    total(arm, KIND, mapping, Measure::Batches) == 0
}

/// Records that the mapping is not done with.
fn depth<'a>(arms: &'a [Arm], mapping: &'a str) -> Row<'a> {
    let panel = |arm: &'a Arm| {
        let level = || highest(move |bin| behind(arm, mapping, bin));
        let left = match track(arm, KIND, mapping, Measure::Depth) {
            Some(Bins::Levels(levels)) => levels.ended(),
            Some(Bins::Counts(_) | Bins::Sampled(_)) | None => 0,
        };
        Panel::TimeSeries(vec![
            Mark::Area(level(), Tone::Visible, 0.45),
            Mark::Steps(level(), Tone::Visible, 1.25, None),
            Mark::Ending(vec![format!("{} left", count(left))], Tone::Ink),
        ])
    };
    Row {
        name: "Records behind".to_owned(),
        unit: "unread, read, or being tried".to_owned(),
        high: HIGH[1],
        axis: Axis::Numbers(1.0),
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: Vec::new(),
    }
}

/// Records of batches that failed, if there are any.
fn failures<'a>(arms: &'a [Arm], mapping: &'a str) -> Option<Row<'a>> {
    let failed =
        |arm: &'a Arm, bin| count_in(arm, KIND, mapping, Measure::FailedInvokeEventCount, bin);
    let panel = |arm: &'a Arm| {
        let recording = &arm.recording;
        let some = (0..recording.bins()).filter(|bin| failed(arm, *bin) > 0);
        let tick = |bin| (recording.start_of(bin).as_secs_f64(), failed(arm, bin));
        Panel::Ticks(some.map(tick).collect())
    };
    let has_some = |arm: &'a Arm| (0..arm.recording.bins()).any(|bin| failed(arm, bin) > 0);
    arms.iter().any(has_some).then(|| Row {
        name: "Failed tries".to_owned(),
        unit: "records in batches that failed, again at each try".to_owned(),
        high: HIGH[2],
        axis: Axis::None,
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: vec![Entry::of(Swatch::Tick, Tone::Failed, "records in failed batches")],
    })
}

fn described(arm: &Arm, mapping: &str) -> String {
    let jams: Vec<String> = stuck(arm, mapping)
        .iter()
        .map(|(from, to)| format!(" No progress from {} to {}.", since(*from), since(*to)))
        .collect();
    format!(
        "{}: IteratorAge of {mapping} up to {}, at most {} records behind.{}",
        arm.called(),
        since(oldest(arm, mapping)),
        count(most_behind(arm, mapping)),
        jams.concat()
    )
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] =
    ["policy", "from_s", "to_s", "iterator_age_s", "records_behind", "failed_records"];

fn table(arms: &[Arm], mapping: Option<&str>) -> Table {
    let mut rows = Vec::new();
    for (arm, mapping) in arms.iter().filter_map(|arm| Some((arm, mapping?))) {
        for bin in 0..arm.recording.bins() {
            let [from, to] = span_of(arm, bin);
            rows.push(vec![
                safe(&arm.name),
                from,
                to,
                age(arm, mapping, bin).map_or(String::new(), |age| age.to_string()),
                behind(arm, mapping, bin).to_string(),
                count_in(arm, KIND, mapping, Measure::FailedInvokeEventCount, bin).to_string(),
            ]);
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
