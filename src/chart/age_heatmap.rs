//! Ages when processed over time: the darker, the more events. It shows the bands at which retries come,
//! which a median and a percentile step over. What was never processed has its mark at the top edge.

use super::{
    Look, Recorded,
    canvas::Anchor,
    headline::{self, Clause, since},
    page::{MARGIN, Page, SMALL, Swatch, foot, subtitle},
    plot::{Columns, Plot, never_edge, never_room, parts},
    recorded::Arm,
    scale::{Scale, number},
    theme::Theme,
};
use crate::{
    kernel::Span,
    observe::recording::Ages,
    report::{
        compare::safe,
        csv::table,
        wording::{count, legal, seconds},
    },
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::Range,
};

/// More policies are not drawn.
pub const ARMS_MAX: usize = 4;
/// What a panel is high.
const HIGH: f64 = 280.0;
/// A cell is about so many pixels wide.
const CELL: f64 = 3.0;
/// Classes of ages that a cell is high: a quarter of an octave.
const CLASSES: u16 = 4;
/// Cells of all panels together, which bounds the size of the file.
const CELLS_MAX: usize = 7_000;

/// The function that is drawn: the one that ran most often under the first policy.
fn drawn(recorded: &Recorded) -> Option<usize> {
    recorded.arms.first().and_then(|arm| arm.recording.busiest())
}

/// Ages of all events of a policy.
fn ages(arm: &Arm, function: usize) -> Vec<(u16, u64)> {
    arm.recording.functions[function].ages.all()
}

fn oldest(arm: &Arm, function: usize) -> f64 {
    Span::nanos(arm.recording.functions[function].age_last).as_secs_f64()
}

/// Whether something was processed.
pub fn fits(recorded: &Recorded) -> bool {
    let Some(function) = drawn(recorded) else { return false };
    recorded.shown(ARMS_MAX).iter().any(|arm| !ages(arm, function).is_empty())
}

/// How many took at least so long; a class that begins below is not among them.
fn at_least(classes: &[(u16, u64)], age_s: f64) -> u64 {
    let old = classes.iter().filter(|(class, _)| age_s <= Ages::range(*class).1.as_secs_f64());
    old.map(|(_, events)| events).sum()
}

/// What the runs found, in a sentence.
pub fn finding(recorded: &Recorded) -> String {
    let Some(function) = drawn(recorded) else { return "No function runs".to_owned() };
    let arms = recorded.shown(ARMS_MAX);
    if !fits(recorded) {
        return format!("{} processes nothing", arms[0].recording.functions[function].name);
    }
    headline::title(arms, |arm| {
        let all = ages(arm, function);
        let events: u64 = all.iter().map(|(_, events)| events).sum();
        let late = at_least(&all, 60.0);
        let share = 100.0 * late as f64 / events.max(1) as f64;
        let oldest = since(oldest(arm, function));
        // Ages are of survivors, so what did not survive is said with them.
        let never = headline::never(arm).map_or(String::new(), |never| format!(", {never}"));
        let (of, noun) = (count(events), if events == 1 { "event" } else { "events" });
        let (full, brief) = match (events, late) {
            (0, _) => ("nothing is processed".to_owned(), "nothing is processed".to_owned()),
            (1, _) => (
                format!("the only event processed takes {oldest}"),
                format!("the only one {oldest}"),
            ),
            (_, 0) => (
                format!("all {of} {noun} processed take at most {oldest}"),
                format!("at most {oldest}"),
            ),
            (_, late) => (
                format!(
                    "{} of the {of} {noun} processed take more than a minute, up to {oldest}",
                    if late == events { "all".to_owned() } else { percent(share) }
                ),
                format!("{}, up to {oldest}", percent(share)),
            ),
        };
        Clause { full: format!("{full}{never}"), brief: format!("{brief}{never}"), rank: share }
    })
}

fn percent(share: f64) -> String {
    match share {
        s if s < 1.0 => format!("{s:.2} %"),
        s if s < 10.0 => format!("{s:.1} %"),
        s => format!("{s:.0} %"),
    }
}

/// Events of cells: by the first bin of each and its row of ages.
type Cells = BTreeMap<(usize, u16), u64>;

fn cells(arm: &Arm, function: usize, each: usize) -> Cells {
    let mut cells = Cells::new();
    for bin in 0..arm.recording.bins() {
        for (class, events) in arm.recording.functions[function].ages.at(bin) {
            *cells.entry((bin / each * each, class / CLASSES)).or_default() += events;
        }
    }
    cells
}

/// Steps of the colour: from how many events on each begins, 1, 3, 10, 30 …, or 1, 10, 100 … if those are
/// too many.
fn steps(most: u64) -> Vec<u64> {
    let powers = || (0..Theme::STEPS_MAX as u32).map(|power| 10_u64.pow(power));
    let fine: Vec<u64> =
        powers().flat_map(|ten| [ten, 3 * ten]).filter(|from| *from <= most.max(1)).collect();
    if fine.len() <= Theme::STEPS_MAX {
        return fine;
    }
    powers().filter(|from| *from <= most).collect()
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let mut page = Page::new(look, &finding(recorded), &subtitle(recorded, ARMS_MAX));
    let (Some(function), true) = (drawn(recorded), fits(recorded)) else {
        return page.finish(&foot(recorded), "");
    };
    let (arms, colors) = (recorded.shown(ARMS_MAX), page.colors);
    page.y += 16.0;
    let columns = Columns::new(&page, arms.len());
    columns.headings(&mut page, arms);
    let name = &arms[0].recording.functions[function].name;
    let words = "only of those that were processed, log scale";
    page.row_heading(&format!("Age when processed by {name}"), words);
    page.y += never_room(arms);

    let ended = arms.iter().map(|arm| arm.recording.ended().as_secs_f64()).fold(0.0, f64::max);
    let wide = ((columns.wide / CELL) as usize).max(1);
    let each_of = |arm: &Arm, wide: usize| arm.recording.bins().div_ceil(wide).max(1);
    let mut at_most = wide;
    let mut all: Vec<Cells>;
    loop {
        all = arms.iter().map(|arm| cells(arm, function, each_of(arm, at_most))).collect();
        if all.iter().map(BTreeMap::len).sum::<usize>() <= CELLS_MAX || at_most <= 24 {
            break;
        }
        at_most = at_most * 3 / 4;
    }
    let most = all.iter().flat_map(BTreeMap::values).copied().max().unwrap_or(1);
    let steps = steps(most);
    let rows = || all.iter().flat_map(BTreeMap::keys).map(|(_, row)| *row);
    let (low, high) = (rows().min().unwrap_or(0), rows().max().unwrap_or(0));
    let range = |row: u16| {
        let from = Ages::range(row * CLASSES).0.as_secs_f64();
        (from.max(0.000_25), Ages::range(row * CLASSES + CLASSES - 1).1.as_secs_f64())
    };
    let y = Scale::ages(range(low).0, range(high).1, (page.y + HIGH, page.y)).thinned(15.0);
    for (nth, arm) in arms.iter().enumerate() {
        let plot = Plot { x: columns.time(nth, ended), y: y.clone() };
        plot.shade(&mut page, arm);
        plot.rows(&mut page, nth == 0);
        let recording = &arm.recording;
        let each = each_of(arm, at_most);
        let mut shapes: BTreeMap<usize, Vec<[f64; 4]>> = BTreeMap::new();
        for ((bin, row), events) in &all[nth] {
            let at = |bin: usize| {
                plot.x.at(recording.start_of(bin).min(recording.ended()).as_secs_f64())
            };
            let (from, to) = range(*row);
            let (left, right) = (at(*bin), at(bin + each));
            let (top, bottom) = (plot.y.at(to), plot.y.at(from));
            let step = steps.iter().rposition(|from| *from <= *events).unwrap_or(0);
            shapes.entry(step).or_default().push([
                left,
                top,
                (right - left).max(1.0),
                bottom - top,
            ]);
        }
        for (step, cells) in &shapes {
            page.canvas.cells(cells, look.theme.ramp(*step, steps.len()));
        }
        plot.columns(&mut page, false);
        let median = |bins: Range<usize>| {
            let mut classes: Vec<(u16, u64)> = bins
                .flat_map(|bin| recording.functions[function].ages.at(bin).iter().copied())
                .collect();
            classes.sort_unstable();
            Ages::quantile(&classes, 50).map(|age| age.as_secs_f64())
        };
        for line in parts(arm, (columns.wide / 3.0) as usize, median) {
            plot.line(&mut page, &line, colors.ground, 3.0, None);
            plot.line(&mut page, &line, colors.ink, 1.25, None);
        }
        never_edge(&mut page, &plot, arm);
    }
    page.y += HIGH + 4.0;
    columns.times(&mut page, ended);
    page.y += 10.0;
    let cell =
        arms.iter().map(|arm| arm.recording.width().as_secs_f64() * each_of(arm, at_most) as f64);
    let cell = seconds(cell.fold(0.0, f64::max));
    key(&mut page, look, &steps, &format!("events in a cell of {cell}"));
    page.legend(&[(Swatch::Line, colors.ink, "median age of those processed")]);
    let described = description(arms, function);
    page.finish(&foot(recorded), &described)
}

/// The colours with the numbers at which they begin.
fn key(page: &mut Page, look: Look, steps: &[u64], words: &str) {
    let (_, right) = page.sides();
    let (muted, y) = (page.colors.muted, page.y);
    let wide = 34.0_f64.min((right - MARGIN) / steps.len() as f64);
    for (nth, from) in steps.iter().enumerate() {
        let x = MARGIN + nth as f64 * wide;
        page.canvas.rectangle((x, y), (wide, 10.0), look.theme.ramp(nth, steps.len()), 1.0);
        let label = number(*from as f64);
        page.canvas.text(&label, (x, y + 12.0 + SMALL.size), Anchor::Start, SMALL, muted);
    }
    let x = MARGIN + steps.len() as f64 * wide + 8.0;
    if x + page.measure(words, SMALL) <= right {
        page.canvas.text(words, (x, y + 9.0), Anchor::Start, SMALL, muted);
        page.y += 16.0 + SMALL.line_height();
    } else {
        page.y += 16.0 + SMALL.line_height();
        page.paragraph(words, SMALL, muted);
    }
    page.y += 4.0;
}

fn description(arms: &[Arm], function: usize) -> String {
    let told = arms.iter().map(|arm| {
        let name = if arm.name.is_empty() { "As written" } else { &arm.name };
        let all = ages(arm, function);
        let events: u64 = all.iter().map(|(_, events)| events).sum();
        let age = |percent| {
            Ages::quantile(&all, percent).map_or("none".to_owned(), |age| seconds(age.as_secs_f64()))
        };
        format!(
            "{}: {} events processed, {} after more than a minute, {} after more than three; of these, median age {}, oldest {}{}.",
            legal(name),
            count(events),
            count(at_least(&all, 60.0)),
            count(at_least(&all, 180.0)),
            age(50),
            seconds(oldest(arm, function)),
            headline::never(arm).map_or(String::new(), |never| format!("; {never}"))
        )
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 6] =
    ["policy", "from_s", "to_s", "age_from_s", "age_below_s", "processed"];

/// Writes what is drawn, in numbers: one row a policy, bin of time and class of ages that has some.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        let Some(function) = drawn(recorded) else { return Ok(()) };
        for arm in recorded.shown(ARMS_MAX) {
            let recording = &arm.recording;
            for bin in 0..recording.bins() {
                let (from, to) = (recording.start_of(bin), recording.start_of(bin + 1));
                for (class, events) in recording.functions[function].ages.at(bin) {
                    let (youngest, oldest) = Ages::range(*class);
                    write([
                        safe(&arm.name),
                        from.as_secs_f64().to_string(),
                        to.min(recording.ended()).as_secs_f64().to_string(),
                        youngest.as_secs_f64().to_string(),
                        oldest.as_secs_f64().to_string(),
                        events.to_string(),
                    ])?;
                }
            }
        }
        Ok(())
    })
}
