//! The flow: through which runs events went, through a dead-letter queue or not, and where they ended.
//!
//! ```text
//!   Sent ──► 1st run ──► 2nd run ──► … ──► Dead letters ──► Redriven ──► At the end
//! ```
//!
//! Only what runs stands in the column of a run. What has come to its end before passes behind it without a
//! mark, and what never ran has a lane of its own at the bottom. So each column adds up to what was sent.
//! Runs after a redrive are not told apart.

use super::{
    Look, Recorded,
    canvas::{Anchor, Path},
    headline::{self, Clause, participle},
    lettering::Font,
    page::{HEADING, NAME, Page, SMALL, Swatch, VALUE, foot, untimed_subtitle},
    recorded::Arm,
    scale::number,
    theme::Colors,
};
use crate::{
    observe::{
        Recording,
        fates::{Place, Reason},
        recording::Afterlife,
    },
    report::{
        compare::safe,
        csv::table,
        wording::{count, legal},
    },
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// More policies are not drawn.
pub const ARMS_MAX: usize = 3;
/// Later runs share a column.
const RUNS_SHOWN: u8 = 4;
/// Between what stands in a column, in pixels.
const GAP: f64 = 5.0;
/// Above the lane of what never ran, in pixels.
const LANE: f64 = 12.0;
/// Half of the height below which there is no room for a count.
const THIN_MAX: f64 = 6.0;
/// Nothing is drawn thinner.
const THIN: f64 = 1.5;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Sent,
    Run(u8),
    Letters,
    Redriven,
    End,
}

/// Where some are in a column. The order is that from top to bottom: what is done rises, what is lost sinks,
/// what never ran passes below everything, and few ways cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Done,
    Sent,
    Run(u8),
    Redriven,
    Letters,
    Kept,
    Open(Place),
    Lost(Place, Reason),
    Aside(Place),
    NeverRan,
}

impl Node {
    fn end(place: Place, reason: Reason) -> Node {
        match place {
            Place::Delivered | Place::Filtered => Node::Aside(place),
            Place::Succeeded => Node::Done,
            Place::Waiting | Place::InFlight => Node::Open(place),
            Place::DeadLettered => Node::Kept,
            Place::Failed | Place::Expired | Place::Dropped => Node::Lost(place, reason),
        }
    }

    /// The place of an end, and why something came there if it was dropped.
    fn place(self) -> Option<(Place, Reason)> {
        match self {
            Node::Sent | Node::Run(_) | Node::Letters | Node::Redriven | Node::NeverRan => None,
            Node::Done => Some((Place::Succeeded, Reason::None)),
            Node::Kept => Some((Place::DeadLettered, Reason::None)),
            Node::Aside(place) | Node::Open(place) => Some((place, Reason::None)),
            Node::Lost(place, reason) => Some((place, reason)),
        }
    }

    fn color(self, colors: &Colors) -> &'static str {
        match self {
            Node::Sent => colors.visible,
            Node::Run(1) => colors.first,
            Node::Run(_) | Node::Redriven => colors.retry,
            Node::Letters => colors.dead,
            Node::NeverRan => colors.muted,
            Node::Done | Node::Kept | Node::Aside(_) | Node::Open(_) | Node::Lost(..) => {
                self.place().map_or(colors.visible, |(place, _)| colors.of(place))
            }
        }
    }

    /// As the chart's data has it.
    fn word(self) -> String {
        match self {
            Node::Sent => "sent".to_owned(),
            Node::Run(RUNS_SHOWN) => format!("run {RUNS_SHOWN} and later"),
            Node::Run(nth) => format!("run {nth}"),
            Node::Letters => "dead-letter queue".to_owned(),
            Node::Redriven => "redriven".to_owned(),
            Node::NeverRan => "never ran".to_owned(),
            Node::Done => Place::Succeeded.word().to_owned(),
            Node::Kept => Place::DeadLettered.word().to_owned(),
            Node::Aside(place) | Node::Open(place) | Node::Lost(place, Reason::None) => {
                place.word().to_owned()
            }
            Node::Lost(place, reason) => format!("{}[reason={}]", place.word(), reason.word()),
        }
    }

    /// Whether it belongs into this column; what does not has come to its end, or to a dead-letter queue,
    /// before and only passes. What never ran stands in the column after the first, once.
    fn is_at(self, stage: Stage, is_second: bool) -> bool {
        match self {
            Node::Sent => stage == Stage::Sent,
            Node::Run(nth) => stage == Stage::Run(nth),
            Node::Letters => stage == Stage::Letters,
            Node::Redriven => stage == Stage::Redriven,
            Node::NeverRan => is_second,
            Node::Done | Node::Kept | Node::Open(_) | Node::Lost(..) | Node::Aside(_) => {
                stage == Stage::End
            }
        }
    }

    /// What the key of the colours says of it.
    fn key(self) -> &'static str {
        match self {
            Node::Sent => "sent",
            Node::Run(1) => "first run",
            Node::Run(_) => "later runs",
            Node::Redriven => "redriven",
            Node::Letters | Node::Kept => "dead letters: kept",
            Node::Done => "succeeded",
            Node::NeverRan => "never ran",
            Node::Lost(Place::Failed, _) => "failed: the caller was told",
            Node::Lost(..) => "dropped or expired: gone",
            Node::Aside(_) => "filtered out or delivered",
            Node::Open(_) => "not over yet",
        }
    }
}

impl Stage {
    fn heading(self) -> String {
        match self {
            Stage::Sent => "Sent".to_owned(),
            Stage::Run(RUNS_SHOWN) => "4th run and later".to_owned(),
            Stage::Run(1) => "1st run".to_owned(),
            Stage::Run(2) => "2nd run".to_owned(),
            Stage::Run(nth) => format!("{nth}rd run"),
            Stage::Letters => "Dead letters".to_owned(),
            Stage::Redriven => "Redriven".to_owned(),
            Stage::End => "At the end".to_owned(),
        }
    }
}

/// A place as it is read at the end of a flow.
fn told(place: Place, payloads: u64) -> &'static str {
    match place {
        Place::DeadLettered if payloads == 1 => "dead letter",
        Place::DeadLettered => "dead letters",
        place => participle(place),
    }
}

/// The columns that these recordings need.
fn stages(arms: &[Arm]) -> Vec<Stage> {
    let (mut runs, mut is_lettered, mut is_redriven) = (0, false, false);
    for Recording { ways, lettered_after, .. } in arms.iter().map(|arm| &arm.recording) {
        for way in ways {
            match way.afterlife() {
                Afterlife::None => runs = runs.max(way.runs),
                Afterlife::Once | Afterlife::Again => is_lettered = true,
                Afterlife::Redriven => (is_lettered, is_redriven) = (true, true),
            }
        }
        let last = lettered_after.iter().rposition(|payloads| *payloads > 0);
        runs = runs.max(u8::try_from(last.unwrap_or(0)).expect("a few"));
    }
    let mut stages = vec![Stage::Sent];
    stages.extend((1..=runs.min(RUNS_SHOWN)).map(Stage::Run));
    stages.extend(is_lettered.then_some(Stage::Letters));
    stages.extend(is_redriven.then_some(Stage::Redriven));
    stages.push(Stage::End);
    stages
}

/// Between each column and the next: how many go from where to where.
type Links = Vec<BTreeMap<(Node, Node), u64>>;

fn links(recording: &Recording, stages: &[Stage]) -> Links {
    let mut links: Links = vec![BTreeMap::new(); stages.len() - 1];
    let letters = stages.iter().position(|stage| *stage == Stage::Letters);
    let mut add = |from: usize, to: usize, at: &dyn Fn(Stage) -> Node, payloads: u64| {
        for nth in from..to {
            let link = (at(stages[nth]), at(stages[nth + 1]));
            *links[nth].entry(link).or_default() += payloads;
        }
    };
    let never = |stage: Stage| if stage == Stage::Sent { Node::Sent } else { Node::NeverRan };
    for way in &recording.ways {
        let end = Node::end(way.place(), way.reason());
        match (way.afterlife(), letters) {
            (Afterlife::None, _) | (_, None) => {
                let at = |stage| match stage {
                    Stage::Sent => Node::Sent,
                    Stage::Run(nth) if nth <= way.runs => Node::Run(nth),
                    Stage::End => end,
                    Stage::Run(_) | Stage::Letters | Stage::Redriven if way.runs == 0 => {
                        Node::NeverRan
                    }
                    Stage::Run(_) | Stage::Letters | Stage::Redriven => end,
                };
                add(0, stages.len() - 1, &at, way.payloads);
            }
            (afterlife, Some(letters)) => {
                let at = |stage| match stage {
                    Stage::Sent | Stage::Run(_) | Stage::Letters => Node::Letters,
                    Stage::Redriven if afterlife == Afterlife::Redriven => Node::Redriven,
                    Stage::Redriven | Stage::End => end,
                };
                add(letters, stages.len() - 1, &at, way.payloads);
            }
        }
    }
    for (runs, payloads) in recording.lettered_after.iter().enumerate() {
        let at = |stage| match stage {
            Stage::Letters => Node::Letters,
            _ if runs == 0 => never(stage),
            Stage::Sent => Node::Sent,
            Stage::Run(nth) if usize::from(nth) <= runs => Node::Run(nth),
            Stage::Run(_) | Stage::Redriven | Stage::End => Node::Letters,
        };
        if let (Some(letters), 1..) = (letters, *payloads) {
            add(0, letters, &at, *payloads);
        }
    }
    links
}

/// What stands in a column, from top to bottom.
fn nodes(links: &Links, nth: usize) -> BTreeMap<Node, u64> {
    let mut nodes = BTreeMap::new();
    let (of, is_last) = if nth < links.len() { (nth, false) } else { (nth - 1, true) };
    for ((from, to), payloads) in &links[of] {
        *nodes.entry(if is_last { *to } else { *from }).or_default() += payloads;
    }
    nodes
}

/// Whether something was sent.
pub fn fits(recorded: &Recorded) -> bool {
    recorded.shown(ARMS_MAX).iter().any(|arm| arm.recording.entered() > 0)
}

/// What the runs found, in a sentence: what became of the arrivals, and of which cause.
pub fn finding(recorded: &Recorded) -> String {
    let arms = recorded.shown(ARMS_MAX);
    if !fits(recorded) {
        return "Nothing is sent".to_owned();
    }
    if arms.iter().any(|arm| headline::lost(arm) > 0) {
        return headline::outcomes(arms);
    }
    headline::title(arms, |arm| {
        let clause = headline::outcome(arm);
        let Recording { ways, .. } = &arm.recording;
        let done = |runs: u8| {
            let done =
                ways.iter().filter(|way| way.place() == Place::Succeeded && runs <= way.runs);
            done.map(|way| way.payloads).sum::<u64>()
        };
        let retried = match done(2) {
            0 => String::new(),
            n if n == done(0) => ", after a retry".to_owned(),
            n => format!(", {} after a retry", count(n)),
        };
        Clause::plain(format!("{}{retried}", clause.full), done(2) as f64)
    })
}

/// A count, or a short one where there is no room.
fn short(page: &Page, payloads: u64, font: Font, room: f64) -> String {
    let whole = count(payloads);
    if page.measure(&whole, font) <= room { whole } else { number(payloads as f64) }
}

fn percent(part: u64, of: u64) -> String {
    let share = 100.0 * part as f64 / of.max(1) as f64;
    match share {
        s if s > 0.0 && s < 0.01 => "< 0.01 %".to_owned(),
        s if s > 0.0 && s < 1.0 => format!("{s:.2} %"),
        s if s < 100.0 && s > 99.0 && part < of => format!("{:.2} %", s.min(99.99)),
        s if part == of || part == 0 => format!("{s:.0} %"),
        s => format!("{s:.1} %"),
    }
}

/// What is written at an end: how many, where, and what more there is to say.
fn end_label(node: Node, payloads: u64, all: u64) -> Option<(String, String)> {
    let (place, reason) = node.place()?;
    let mut more = percent(payloads, all);
    if reason != Reason::None {
        more.push_str(", ");
        more.push_str(reason.word());
    }
    Some((format!("{} {}", count(payloads), told(place, payloads)), more))
}

/// Something that stands in a column: how many, from where to where it is drawn, and the middle of its room.
struct Box {
    payloads: u64,
    top: f64,
    bottom: f64,
    middle: f64,
}

/// The chart as SVG.
pub fn svg(recorded: &Recorded, look: Look) -> String {
    let mut page = Page::new(look, &finding(recorded), &untimed_subtitle(recorded, ARMS_MAX));
    if !fits(recorded) {
        return page.finish(&foot(recorded), "");
    }
    let (arms, colors) = (recorded.shown(ARMS_MAX), page.colors);
    let stages = stages(arms);
    let all: Vec<Links> = arms.iter().map(|arm| links(&arm.recording, &stages)).collect();
    let (left, right) = page.sides();
    let last = stages.len() - 1;

    // Room for what is written at the ends.
    let mut room: f64 = page.measure(&Stage::End.heading(), HEADING);
    for (arm, links) in arms.iter().zip(&all) {
        for (node, payloads) in nodes(links, last) {
            if let Some((first, more)) = end_label(node, payloads, arm.recording.entered()) {
                let wide = page.measure(&first, VALUE).max(page.measure(&more, SMALL));
                room = room.max(wide);
            }
        }
    }
    let room = room.min(190.0) + 12.0;
    let is_at = |node: Node, nth: usize| node.is_at(stages[nth], nth == 1);
    let step = (right - left - room - 10.0) / last as f64;

    page.y += 16.0;
    let mut bottom = page.y;
    // As large as leaves every word of a heading whole.
    let headings: Vec<String> = stages.iter().map(|stage| stage.heading()).collect();
    let words = || headings[..last].iter().flat_map(|heading| heading.split(' '));
    let fits = |font: &Font| words().all(|word| page.measure(word, *font) <= step - 4.0);
    let sizes = [HEADING.size, 11.0, 10.0, 9.0].map(Font::bold);
    let font = sizes.into_iter().find(fits).unwrap_or(Font::bold(9.0));
    for (nth, heading) in headings.iter().enumerate() {
        let at = (left + nth as f64 * step, page.y);
        let wide = if nth == last { room + 10.0 } else { step - 4.0 };
        bottom = bottom.max(page.column(heading, at, wide, 4, (font, colors.ink)));
    }
    page.y = bottom + 8.0;

    let most = arms.iter().map(|arm| arm.recording.entered()).max().unwrap_or(1).max(1);
    let high = if arms.len() == 1 { 230.0 } else { 130.0 };
    let thick = |payloads: u64| (payloads as f64 * high / most as f64).max(THIN);
    for (arm, links) in arms.iter().zip(&all) {
        if !arm.name.is_empty() {
            page.y = page.column(&arm.name, (left, page.y), right - left, 2, (HEADING, colors.ink));
            if !arm.sets.is_empty() {
                let (at, wide) = ((left, page.y + 1.0), right - left);
                page.y = page.column(&arm.sets, at, wide, 3, (SMALL, colors.muted));
            }
            page.y += 8.0;
        }
        if arm.recording.entered() == 0 {
            page.paragraph("Nothing is sent.", NAME, colors.muted);
            page.y += 14.0;
            continue;
        }
        let columns: Vec<BTreeMap<Node, Box>> = (0..=last)
            .map(|nth| {
                let mut y = page.y;
                nodes(links, nth)
                    .into_iter()
                    .map(|(node, payloads)| {
                        let lines = if nth == last { 2.4 } else { 1.0 };
                        // The lane of what never ran is set apart.
                        if node == Node::NeverRan && y > page.y {
                            y += LANE;
                        }
                        let half = thick(payloads) / 2.0;
                        // What is thin has its count above it.
                        let (slot, middle) = if nth < last && half < THIN_MAX {
                            (2.0 * half + SMALL.size, y + SMALL.size + half)
                        } else {
                            let slot = (2.0 * half).max(lines * SMALL.line_height());
                            (slot, y + slot / 2.0)
                        };
                        y += slot + GAP;
                        (node, Box { payloads, top: middle - half, bottom: middle + half, middle })
                    })
                    .collect()
            })
            .collect();
        for (nth, links) in links.iter().enumerate() {
            let to_x = left + (nth + 1) as f64 * step;
            let (mut taken, mut given) = (BTreeMap::new(), BTreeMap::new());
            for ((from, to), payloads) in links {
                let part = |side: &Box, used: &mut f64| {
                    let high = side.bottom - side.top;
                    let top = side.top + high * *used;
                    *used += *payloads as f64 / side.payloads as f64;
                    (top, side.top + high * *used)
                };
                let start = part(&columns[nth][from], taken.entry(*from).or_insert(0.0));
                let end = part(&columns[nth + 1][to], given.entry(*to).or_insert(0.0));
                let from_x = left + nth as f64 * step + if is_at(*from, nth) { 10.0 } else { 0.0 };
                let ribbon = Path::from((from_x, start.0))
                    .level_to((from_x, start.0), (to_x, end.0))
                    .to((to_x, end.1))
                    .level_to((to_x, end.1), (from_x, start.1));
                // What never ran is grey until it comes to its end.
                let opacity = if *to == Node::NeverRan { 0.16 } else { 0.28 };
                page.canvas.shape(&ribbon, to.color(&colors), opacity);
            }
        }
        for (nth, boxes) in columns.iter().enumerate() {
            let x = left + nth as f64 * step;
            for (node, Box { payloads, top, bottom, middle }) in boxes {
                let color = node.color(&colors);
                // What has come to its end only passes.
                if !is_at(*node, nth) {
                    continue;
                }
                let high = bottom - top;
                match node {
                    // Hollow: nothing ran here.
                    Node::NeverRan => {
                        let corners = [(x + 0.5, *top), (x + 9.5, *bottom)];
                        let [(from, top), (to, bottom)] = corners;
                        let rim =
                            [(from, top), (to, top), (to, bottom), (from, bottom), (from, top)];
                        page.canvas.area(&rim, colors.ground, 1.0);
                        page.canvas.path(&rim, color, 1.25, None);
                    }
                    _ => page.canvas.rectangle((x, *top), (10.0, high), color, 1.0),
                }
                if nth < last {
                    let words = match node {
                        Node::NeverRan => never_ran(&page, *payloads, step - 20.0),
                        _ => short(&page, *payloads, VALUE, step - 20.0),
                    };
                    // On a ribbon that is wide enough, else above it.
                    let is_thin = bottom - top < 2.0 * THIN_MAX;
                    let y = if is_thin { top - 2.0 } else { middle + 4.0 };
                    page.canvas.text(&words, (x + 14.0, y), Anchor::Start, VALUE, colors.ink);
                    continue;
                }
                let all = arm.recording.entered();
                if let Some((words, more)) = end_label(*node, *payloads, all) {
                    let at = (x + 16.0, middle - 1.5);
                    page.canvas.text(&words, at, Anchor::Start, VALUE, colors.ink);
                    let at = (x + 16.0, middle + 12.5);
                    page.canvas.text(&more, at, Anchor::Start, SMALL, colors.muted);
                }
            }
        }
        let ends = columns.iter().filter_map(|boxes| boxes.values().next_back());
        let lowest = ends.map(|last| last.bottom.max(last.middle + 16.0)).fold(page.y, f64::max);
        page.y = lowest + 16.0;
    }
    page.y -= 8.0;
    key(&mut page, &all);
    remarks(&mut page, arms);
    let described = description(arms, &all, &stages);
    page.finish(&foot(recorded), &described)
}

/// `93 never ran`, as far as there is room.
fn never_ran(page: &Page, payloads: u64, room: f64) -> String {
    let whole = format!("{} never ran", count(payloads));
    if page.measure(&whole, VALUE) <= room { whole } else { short(page, payloads, VALUE, room) }
}

/// The key of the colours: those that are there.
fn key(page: &mut Page, all: &[Links]) {
    let mut found: Vec<Node> = Vec::new();
    for links in all {
        for nth in 0..=links.len() {
            for node in nodes(links, nth).into_keys().filter(|node| *node != Node::Sent) {
                if !found.iter().any(|known| known.key() == node.key()) {
                    found.push(node);
                }
            }
        }
    }
    found.sort();
    let colors = page.colors;
    let entry = |node: &Node| match node {
        Node::NeverRan => (Swatch::Hollow, node.color(&colors), node.key()),
        _ => (Swatch::Area, node.color(&colors), node.key()),
    };
    let entries: Vec<(Swatch, &str, &str)> = found.iter().map(entry).collect();
    page.legend(&entries);
}

/// What is counted, where that is not plain: copies of an arrival, and messages of a batch.
fn remarks(page: &mut Page, arms: &[Arm]) {
    let mut text = String::new();
    let has_copies = |arm: &Arm| arm.outcomes.arrivals < arm.recording.entered();
    // The numbers are those of the panel that has most; the others have about as many.
    if let Some(arm) =
        arms.iter().filter(|arm| has_copies(arm)).max_by_key(|arm| arm.recording.entered())
    {
        let copies = arm.recording.entered() - arm.outcomes.arrivals;
        text.push_str(&format!(
            "Counted: {} arrivals and up to {} messages that they cause. ",
            count(arm.outcomes.arrivals),
            count(copies)
        ));
    }
    let is_batched = |arm: &Arm| {
        let mut mappings = arm.recording.mappings.iter();
        mappings.any(|mapping| mapping.batch_size > 1 && mapping.batches.total() > 0)
    };
    if arms.iter().any(is_batched) {
        text.push_str("A run takes a batch: each message counts the runs of its batches.");
    }
    if !text.is_empty() {
        page.y += 8.0;
        let muted = page.colors.muted;
        page.paragraph(text.trim_end(), SMALL, muted);
    }
}

fn description(arms: &[Arm], all: &[Links], stages: &[Stage]) -> String {
    let mut sentences = Vec::new();
    for (arm, links) in arms.iter().zip(all) {
        let name = if arm.name.is_empty() { "As written" } else { &arm.name };
        let entered = arm.recording.entered();
        let mut parts = vec![format!("{} sent", count(entered))];
        for (nth, stage) in stages.iter().enumerate().take(links.len()).skip(1) {
            let here = nodes(links, nth).into_iter();
            let here = here.filter(|(node, _)| node.is_at(*stage, nth == 1));
            parts.extend(
                here.map(|(node, payloads)| format!("{} {}", node.word(), count(payloads))),
            );
        }
        for (node, payloads) in nodes(links, links.len()) {
            let Some((words, more)) = end_label(node, payloads, entered) else { continue };
            parts.push(format!("{words} ({more})"));
        }
        sentences.push(format!("{}: {}.", legal(name), parts.join(", ")));
    }
    sentences.join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 5] = ["policy", "column", "from", "to", "events"];

/// Writes what is drawn, in numbers: how many go from where to where between a column, counted from 1,
/// and the next.
pub fn csv(recorded: &Recorded, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        let arms = recorded.shown(ARMS_MAX);
        let stages = stages(arms);
        for arm in arms {
            for (nth, links) in links(&arm.recording, &stages).iter().enumerate() {
                for ((from, to), payloads) in links {
                    write([
                        safe(&arm.name),
                        (nth + 1).to_string(),
                        from.word(),
                        to.word(),
                        payloads.to_string(),
                    ])?;
                }
            }
        }
        Ok(())
    })
}
