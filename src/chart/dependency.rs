//! A dependency: requests a second, answered and refused, how many it serves and how many wait, and how long they take;
//! a column a policy. It is what often limits, and no function shows it.

use super::{
    Look, Recorded,
    figure::{
        self, Axis, Entry, Figure, Mark, Panel, Row, Series, Table, Tone, highest, per_second,
        span_of,
    },
    headline::{self, Clause, since},
    page::Swatch,
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
/// What a panel is high.
const HIGH: f64 = 110.0;

const KIND: ResourceKind = ResourceKind::Dependency;

/// The dependency that is drawn: the one that got most requests.
fn drawn(recorded: &Recorded) -> Option<&str> {
    busiest(recorded, KIND, Measure::DependencyRequests)
}

/// Requests, and those of them that were refused and abandoned.
fn requests(arm: &Arm, name: &str) -> [u64; 3] {
    [Measure::DependencyRequests, Measure::Refused, Measure::Abandoned]
        .map(|measure| total(arm, KIND, name, measure))
}

/// A level of a bin, the highest.
fn level(arm: &Arm, name: &str, measure: Measure, bin: usize) -> u64 {
    match track(arm, KIND, name, measure) {
        Some(Bins::Levels(levels)) => levels.highest(bin),
        Some(Bins::Counts(_) | Bins::Sampled(_)) | None => 0,
    }
}

fn peak(arm: &Arm, name: &str, measure: Measure) -> u64 {
    (0..arm.recording.bins()).map(|bin| level(arm, name, measure, bin)).max().unwrap_or(0)
}

/// The mean and the largest response time of a bin, in seconds; none if no work ended in it.
fn response(arm: &Arm, name: &str, bin: usize) -> Option<(f64, f64)> {
    match track(arm, KIND, name, Measure::DependencyResponseTime)? {
        Bins::Sampled(sampled) => Some((sampled.mean(bin)? / 1e9, sampled.max(bin)? as f64 / 1e9)),
        Bins::Counts(_) | Bins::Levels(_) => None,
    }
}

fn slowest(arm: &Arm, name: &str) -> f64 {
    let bins = 0..arm.recording.bins();
    bins.filter_map(|bin| response(arm, name, bin)).map(|(_, max)| max).fold(0.0, f64::max)
}

/// Whether a dependency got requests.
pub fn fits(recorded: &Recorded) -> bool {
    drawn(recorded).is_some()
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let Some(name) = drawn(recorded) else { return "No dependency is asked".to_owned() };
    headline::title(recorded.shown(ARMS_MAX), |arm| {
        let [asked, refused, abandoned] = requests(arm, name);
        let waiting = peak(arm, name, Measure::WorkQueued);
        let mut parts = Vec::new();
        if refused > 0 {
            parts.push(format!("{} refused", count(refused)));
        }
        if abandoned > 0 {
            parts.push(format!("{} abandoned", count(abandoned)));
        }
        if waiting > 0 {
            parts.push(format!("up to {} wait", count(waiting)));
        }
        if parts.is_empty() {
            parts.push("none refused, none waits".to_owned());
        }
        let rest = parts.join(", ");
        Clause {
            full: format!("{} requests to {name}, {rest}", count(asked)),
            brief: format!("{} requests, {rest}", count(asked)),
            rank: (refused + abandoned) as f64 * 1e6 + waiting as f64,
        }
    })
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    figure::svg(recorded, &figure(recorded), look)
}

/// Writes what is drawn, in numbers: a row a policy and bin; a time that there is none of is empty.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    figure(recorded).table.write(to)
}

/// The chart as data.
pub fn figure(recorded: &Recorded) -> Figure<'_> {
    let arms = recorded.shown(ARMS_MAX);
    let (mut rows, mut description) = (Vec::new(), Vec::new());
    if let Some(name) = drawn(recorded) {
        rows.push(asked(arms, name));
        rows.push(served(arms, name));
        rows.extend(times(arms, name));
        description = arms.iter().map(|arm| described(arm, name)).collect();
    }
    let table = table(arms, drawn(recorded));
    Figure { arms, finding: finding(recorded), rows, legend: Vec::new(), description, table }
}

fn asked<'a>(arms: &'a [Arm], name: &'a str) -> Row<'a> {
    let panel = |arm: &'a Arm| {
        let of = move |measure, bin| count_in(arm, KIND, name, measure, bin);
        let all = per_second(arm, move |bin| of(Measure::DependencyRequests, bin));
        let taken = per_second(arm, move |bin| {
            of(Measure::DependencyRequests, bin).saturating_sub(of(Measure::Refused, bin))
        });
        Panel::TimeSeries(vec![
            Mark::Area(all, Tone::Failed, 1.0),
            Mark::Area(taken, Tone::First, 1.0),
        ])
    };
    let mut legend = vec![Entry::of(Swatch::Area, Tone::First, "requests taken and served")];
    if arms.iter().any(|arm| requests(arm, name)[1] > 0) {
        legend.push(Entry::of(Swatch::Area, Tone::Failed, "refused"));
    }
    Row {
        name: format!("Requests to {name}"),
        unit: "per second".to_owned(),
        high: HIGH,
        axis: Axis::Numbers(0.0),
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend,
    }
}

fn served<'a>(arms: &'a [Arm], name: &'a str) -> Row<'a> {
    let panel = |arm: &'a Arm| {
        let of = move |measure, bin| level(arm, name, measure, bin);
        let both = highest(move |bin| of(Measure::Busy, bin) + of(Measure::WorkQueued, bin));
        Panel::TimeSeries(vec![
            Mark::Area(both, Tone::Visible, 1.0),
            Mark::Area(highest(move |bin| of(Measure::Busy, bin)), Tone::First, 0.85),
        ])
    };
    let mut legend = vec![];
    if arms.iter().any(|arm| peak(arm, name, Measure::WorkQueued) > 0) {
        legend.push(Entry::of(Swatch::Area, Tone::Visible, "waiting for a place"));
    }
    Row {
        name: "At once".to_owned(),
        unit: "requests that are served, and that wait above these".to_owned(),
        high: HIGH,
        axis: Axis::Numbers(1.0),
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend,
    }
}

/// How long requests take; nothing if no work ended.
fn times<'a>(arms: &'a [Arm], name: &'a str) -> Option<Row<'a>> {
    let panel = |arm: &'a Arm| {
        if track(arm, KIND, name, Measure::DependencyResponseTime).is_none() {
            return Panel::Empty("no request is served".to_owned());
        }
        let max: Series<'a> = Box::new(move |bins| {
            let all = bins.filter_map(|bin| response(arm, name, bin)).map(|(_, max)| max);
            all.reduce(f64::max)
        });
        let mean: Series<'a> = Box::new(move |bins| {
            let all: Vec<f64> =
                bins.filter_map(|bin| response(arm, name, bin)).map(|(mean, _)| mean).collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        });
        Panel::TimeSeries(vec![
            Mark::Curve(max, Tone::Ink, 1.75, None),
            Mark::Curve(mean, Tone::Muted, 1.75, Some(4.0)),
        ])
    };
    let known = |arm: &Arm| track(arm, KIND, name, Measure::DependencyResponseTime).is_some();
    arms.iter().any(known).then(|| Row {
        name: "Response time".to_owned(),
        unit: "of requests that are served, abandoned ones too, log scale".to_owned(),
        high: HIGH,
        axis: Axis::Logarithms,
        captions: Vec::new(),
        panels: arms.iter().map(panel).collect(),
        legend: vec![
            Entry::of(Swatch::Line, Tone::Ink, "longest response"),
            Entry::of(Swatch::Dashed, Tone::Muted, "mean response"),
        ],
    })
}

fn described(arm: &Arm, name: &str) -> String {
    let [asked, refused, abandoned] = requests(arm, name);
    format!(
        "{}: {} requests to {name}, {} refused, {} abandoned; at most {} served at once and {} waiting; the slowest \
         took {}.",
        arm.called(),
        count(asked),
        count(refused),
        count(abandoned),
        count(peak(arm, name, Measure::Busy)),
        count(peak(arm, name, Measure::WorkQueued)),
        since(slowest(arm, name))
    )
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 9] = [
    "policy",
    "from_s",
    "to_s",
    "requests",
    "refused",
    "abandoned",
    "busy",
    "waiting",
    "response_max_s",
];

fn table(arms: &[Arm], name: Option<&str>) -> Table {
    let mut rows = Vec::new();
    for (arm, name) in arms.iter().filter_map(|arm| Some((arm, name?))) {
        for bin in 0..arm.recording.bins() {
            let mut row = vec![safe(&arm.name)];
            row.extend(span_of(arm, bin));
            let counts = [Measure::DependencyRequests, Measure::Refused, Measure::Abandoned];
            row.extend(counts.map(|of| count_in(arm, KIND, name, of, bin).to_string()));
            let levels = [Measure::Busy, Measure::WorkQueued];
            row.extend(levels.map(|of| level(arm, name, of, bin).to_string()));
            let max = response(arm, name, bin).map(|(_, max)| max.to_string());
            row.push(max.unwrap_or_default());
            rows.push(row);
        }
    }
    Table { columns: COLUMNS.to_vec(), rows }
}
