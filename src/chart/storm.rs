//! The storm: runs a second split into first attempts and retries against the capacity, how old events
//! are when they are processed, and the dead letters; a column a policy.
//!
//! Ages are of what was processed; what never was has its mark at the top edge.

use super::{
    Look, Recorded,
    figure::{
        self, Axis, Entry, Figure, Mark, Panel, Row, Series, Spot, Table, Tone, highest,
        per_second, span_of,
    },
    headline::{self, Clause, quoted, since},
    page::{SMALL, Swatch},
    recorded::{Alarm, Arm},
    scale::number,
};
use crate::{
    observe::recording::{Ages, FunctionTrack},
    report::{
        compare::safe,
        wording::{count, seconds},
    },
};
use std::io::{self, Write};

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
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers: one row a policy and bin; what there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let arms = recorded.shown(ARMS_MAX);
    let (mut rows, mut description) = (Vec::new(), Vec::new());
    if let Some(function) = drawn(recorded) {
        rows.push(runs(arms, function));
        rows.extend(ages(arms, function));
        rows.extend(letters(arms));
        rows.extend(alarms(arms));
        description = arms.iter().map(|arm| described(arm, function)).collect();
    }
    let table = table(recorded);
    Figure { arms, finding: finding(recorded), rows, legend: Vec::new(), description, table }
}

/// Runs a second, of which the first attempts, and how many the limit allows.
fn runs(arms: &[Arm], function: usize) -> Row<'_> {
    let all = move |arm: &Arm, bin: usize| {
        let track = track(arm, function);
        track.first.at(bin) + track.retry.at(bin)
    };
    // A limit is drawn where it is near what runs.
    let most = arms.iter().map(|arm| {
        let recording = &arm.recording;
        let rate = |bin| all(arm, bin) as f64 / recording.seconds_of(bin).max(1e-9);
        (0..recording.bins()).map(rate).fold(0.0, f64::max)
    });
    let most = most.fold(0.0, f64::max);
    let near = |capacity: &Capacity| capacity.per_s <= 1.8 * most;
    let panel = |arm| {
        let first = move |bin| track(arm, function).first.at(bin);
        let mut marks = vec![
            Mark::Area(per_second(arm, move |bin| all(arm, bin)), Tone::Retry, 1.0),
            Mark::Area(per_second(arm, first), Tone::First, 1.0),
        ];
        let (ended, all) = (arm.recording.ended().as_secs_f64(), capacities(arm, function));
        for (at, capacity) in all.iter().enumerate().filter(|(_, capacity)| near(capacity)) {
            let Capacity { from_s, units, name, what, per_s } = *capacity;
            let until = all.get(at + 1).map_or(ended, |next| next.from_s);
            let line = vec![(from_s, per_s), (until, per_s)];
            marks.push(Mark::Straight(line, Tone::Ink, 1.25, None));
            let words = format!("{name} {} = {} {what}/s", count(units), number(per_s));
            marks.push(Mark::Label(words, Spot::over(per_s, from_s, until), SMALL, Tone::Ink));
        }
        Panel::TimeSeries(marks)
    };
    let mut legend = vec![Entry::of(Swatch::Area, Tone::First, "first attempts")];
    if arms.iter().any(|arm| track(arm, function).retry.total() > 0) {
        legend.push(Entry::of(Swatch::Area, Tone::Retry, "retries"));
    }
    Row {
        name: format!("Runs of {}", track(&arms[0], function).name),
        unit: "per second".to_owned(),
        high: HIGH,
        axis: Axis::Numbers(0.0),
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend,
    }
}

/// How old events were when they were processed; nothing if none was.
fn ages(arms: &[Arm], function: usize) -> Option<Row<'_>> {
    let quantile = |arm, percent| -> Series<'_> {
        let ages: &Ages = &track(arm, function).ages;
        Box::new(move |bins| {
            let mut classes: Vec<(u16, u64)> =
                bins.flat_map(|bin| ages.at(bin).iter().copied()).collect();
            classes.sort_unstable();
            Ages::quantile(&classes, percent).map(|age| age.as_secs_f64())
        })
    };
    let has_some = |arm: &Arm| !track(arm, function).ages.all().is_empty();
    let panel = |arm| match has_some(arm) {
        true => Panel::TimeSeries(vec![
            Mark::Curve(quantile(arm, 99), Tone::Ink, 1.75, None),
            Mark::Curve(quantile(arm, 50), Tone::Muted, 1.75, Some(4.0)),
        ]),
        false => Panel::Empty("nothing is processed".to_owned()),
    };
    arms.iter().any(has_some).then(|| Row {
        name: "Age when processed".to_owned(),
        unit: "only of those that were processed, log scale".to_owned(),
        high: HIGH,
        axis: Axis::Ages,
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: vec![
            Entry::of(Swatch::Dashed, Tone::Muted, "median age of those processed"),
            Entry::of(Swatch::Line, Tone::Ink, "99th percentile of these"),
        ],
    })
}

/// Dead letters, and how many are left; nothing if there were none.
fn letters(arms: &[Arm]) -> Option<Row<'_>> {
    let at = |arm: &Arm, bin| arm.recording.dead_letters_at(bin);
    let peak = |arm: &Arm| (0..arm.recording.bins()).map(|bin| at(arm, bin)).max().unwrap_or(0);
    let panel = |arm| {
        let level = || highest(move |bin| at(arm, bin));
        let left = format!("{} left", count(arm.recording.dead_letters()));
        Panel::TimeSeries(vec![
            Mark::Area(level(), Tone::Dead(1.0), 0.25),
            Mark::Steps(level(), Tone::Dead(1.0), 2.0, None),
            Mark::Ending(vec![left], Tone::Dead(1.0)),
        ])
    };
    arms.iter().any(|arm| peak(arm) > 0).then(|| Row {
        name: "Dead letters".to_owned(),
        unit: "kept at each time".to_owned(),
        high: HIGH,
        axis: Axis::Numbers(0.0),
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: vec![Entry::of(Swatch::Area, Tone::Dead(1.0), "dead letters")],
    })
}

/// A row for each alarm: when it rings, or that it never does.
fn alarms(arms: &[Arm]) -> Vec<Row<'_>> {
    let panel = |arm: &Arm, at: usize| {
        let rings = arm.alarms.get(at).map_or(&[][..], |alarm| &alarm.rings[..]);
        let ended = arm.recording.ended().as_secs_f64();
        let band = |(from, until): &(u64, Option<u64>)| {
            let until = until.map_or(ended, |until| (until as f64 / 1e9).min(ended));
            (*from as f64 / 1e9, until)
        };
        let words = match rings {
            [] => "never".to_owned(),
            [(first, _)] => format!("from {}", since(*first as f64 / 1e9)),
            [(first, _), ..] => {
                let first = since(*first as f64 / 1e9);
                format!("{} times from {first}", count(rings.len() as u64))
            }
        };
        Panel::Bands(rings.iter().map(band).collect(), words, Tone::Failed)
    };
    let named = arms[0].alarms.iter().take(ALARMS_MAX).enumerate();
    let row = |(at, alarm): (usize, &Alarm)| Row {
        name: format!("Alarm {}", alarm.name),
        unit: "when it rings".to_owned(),
        high: 8.0,
        axis: Axis::None,
        captions: Vec::new(),
        panels: arms.iter().map(|arm| panel(arm, at)).collect(),
        legend: Vec::new(),
    };
    named.map(row).collect()
}

/// When an alarm rang, in a sentence.
fn rung(alarm: &Alarm) -> String {
    match alarm.rings.as_slice() {
        [] => format!(" {} never rings.", alarm.name),
        [(first, _), ..] => format!(" {} rings at {}.", alarm.name, seconds(*first as f64 / 1e9)),
    }
}

fn described(arm: &Arm, function: usize) -> String {
    let track = track(arm, function);
    let p99 = Ages::quantile(&track.ages.all(), 99);
    let p99 = p99.map_or("none".to_owned(), |age| seconds(age.as_secs_f64()));
    format!(
        "{}: {} first attempts and {} retries of {}; of what was processed, 99th percentile of age {p99}{}; {} \
         dead letters left.{}",
        arm.called(),
        count(track.first.total()),
        count(track.retry.total()),
        track.name,
        headline::never(arm).map_or(String::new(), |never| format!("; {never}")),
        count(arm.recording.dead_letters()),
        arm.alarms.iter().map(rung).collect::<String>(),
    )
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

fn table(recorded: &Recorded) -> Table {
    let mut rows = Vec::new();
    let function = drawn(recorded);
    for (arm, function) in recorded.shown(ARMS_MAX).iter().filter_map(|arm| Some((arm, function?)))
    {
        let (recording, track) = (&arm.recording, track(arm, function));
        for bin in 0..recording.bins() {
            let age = |percent| {
                Ages::quantile(track.ages.at(bin), percent)
                    .map_or(String::new(), |age| age.as_secs_f64().to_string())
            };
            let [from, to] = span_of(arm, bin);
            rows.push(vec![
                safe(&arm.name),
                from,
                to,
                track.first.at(bin).to_string(),
                track.retry.at(bin).to_string(),
                track.failed.at(bin).to_string(),
                age(50),
                age(99),
                recording.dead_letters_at(bin).to_string(),
            ]);
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
