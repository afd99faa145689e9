//! The journey: one event's life as a timetable, the same event under one or two policies.
//!
//! ```text
//!   story::Step ──► stay: in a queue, in a run, hidden, among dead letters ──► a row each
//! ```
//!
//! Seconds are linear and the same for both; runs that are too short to be seen are drawn once more below,
//! magnified. At the begin of each stay stands the rule by which it begins.

use super::{
    Look,
    canvas::Anchor,
    headline::quoted,
    page::{self, HEADING, NAME, Page, SMALL, Swatch},
    plot::Plot,
    scale::Scale,
    theme::Colors,
};
use crate::{
    observe::{fates::Place, story::Step},
    report::{
        compare::safe,
        csv::table,
        wording::{legal, seconds},
    },
};
use std::io::{self, Write};

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Journey {
    /// The event, such as `Orders-17`.
    pub name: String,
    /// Why it is this one.
    pub chosen: String,
    /// The scenario's file name.
    pub file: String,
    /// The hash of its text.
    pub hash: String,
    /// Its title.
    pub title: Option<String>,
    /// The seed.
    pub seed: u64,
    /// Its lives, one a policy: one or two.
    pub lives: Vec<Life>,
}

/// The event's life under a policy.
#[derive(Clone, Debug)]
pub struct Life {
    /// The policy's name; empty for a file that is played as written.
    pub name: String,
    /// What the policy sets.
    pub sets: String,
    /// The fingerprint of all that happened.
    pub digest: String,
    /// What happened to it.
    pub steps: Vec<Step>,
}

/// Rows of a life that are drawn, those of the middle left out.
const ROWS_MAX: usize = 14;
/// Of a row.
const ROW: f64 = 21.0;
/// Of a bar.
const BAR: f64 = 9.0;
/// A run that is drawn narrower than this is magnified.
const SHORT: f64 = 8.0;
/// Runs that are magnified.
const MAGNIFIED_MAX: usize = 6;

/// How an event spends a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Waiting,
    Run { nth: u32, failed: bool },
    Hidden,
    Dead,
    End(Place),
}

/// A stay: from when to when, in seconds since the event was sent.
#[derive(Clone, Debug)]
struct Stay {
    kind: Kind,
    name: String,
    from: f64,
    /// None: until the end.
    to: Option<f64>,
    /// By which rule it begins.
    rule: &'static str,
    /// By which rule it is over, of a message that can be received again.
    returned: Option<&'static str>,
    /// The count of the receive that begins it.
    receive: Option<u32>,
    /// When it was tried in vain meanwhile.
    throttles: Vec<f64>,
}

impl Kind {
    fn color(self, colors: &Colors) -> &'static str {
        match self {
            Kind::Waiting => colors.visible,
            Kind::Run { nth: 1, .. } => colors.first,
            Kind::Run { .. } | Kind::Hidden => colors.retry,
            Kind::Dead => colors.dead,
            // Of one event, an end that is no loss is a good one.
            Kind::End(Place::Delivered | Place::Filtered) => colors.done,
            Kind::End(place) => colors.of(place),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Waiting => "waiting",
            Kind::Run { failed: false, .. } => "run",
            Kind::Run { failed: true, .. } => "failed run",
            Kind::Hidden => "hidden",
            Kind::Dead => "dead letter",
            Kind::End(place) => place.word(),
        }
    }
}

fn ordinal(nth: u32) -> String {
    let ending = match (nth % 10, nth % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{nth}{ending}")
}

/// The value of `key=value` in a step's detail.
fn value<'a>(step: &'a Step, key: &str) -> Option<&'a str> {
    step.detail.split(' ').find_map(|part| part.strip_prefix(key)?.strip_prefix('='))
}

/// A place of the ledger by its word.
fn place(step: &Step) -> Option<Place> {
    let word = value(step, "place")?;
    Place::ALL.into_iter().find(|place| place.word() == word)
}

/// The stays of a life.
struct Timetable {
    stays: Vec<Stay>,
    runs: u32,
    /// The count of a receive, and the rule of whatever else comes before a run.
    receive: Option<u32>,
    edge: Option<&'static str>,
}

impl Timetable {
    fn runs(&self) -> impl Iterator<Item = &Stay> {
        self.stays.iter().filter(|stay| matches!(stay.kind, Kind::Run { .. }))
    }

    /// Ends the present stay, if it is one that goes on.
    fn close(&mut self, now: f64) {
        if let Some(last) = self.stays.last_mut()
            && last.to.is_none()
        {
            last.to = Some(now);
            // A stay of no time is only an edge.
            let is_passed = matches!(last.kind, Kind::Waiting | Kind::Hidden) && last.from == now;
            if is_passed && last.throttles.is_empty() {
                self.stays.pop();
            }
        }
    }

    fn open(&mut self, now: f64, kind: Kind, name: String, step: &Step) {
        self.close(now);
        let (receive, rule) = match kind {
            Kind::Run { .. } => (self.receive.take(), self.edge.take().unwrap_or(step.rule.id())),
            Kind::Waiting | Kind::Hidden | Kind::Dead | Kind::End(_) => (None, step.rule.id()),
        };
        let (to, returned, throttles) = (None, None, Vec::new());
        let stay = Stay { kind, name, from: now, to, rule, returned, receive, throttles };
        // Between two tries in vain it only waits on.
        if let Some(last) = self.stays.last_mut()
            && kind == Kind::Hidden
            && last.kind == Kind::Hidden
            && !last.throttles.is_empty()
        {
            last.to = None;
            return;
        }
        self.stays.push(stay);
    }

    fn is_running(&self) -> bool {
        let last = self.stays.last();
        last.is_some_and(|stay| matches!(stay.kind, Kind::Run { .. }) && stay.to.is_none())
    }

    fn run(&mut self, now: f64, step: &Step) {
        if !self.is_running() {
            self.runs += 1;
            let nth = self.runs;
            let name = format!("{} run", ordinal(nth));
            self.open(now, Kind::Run { nth, failed: false }, name, step);
        }
    }

    /// The run that is under way ended.
    fn ran(&mut self, now: f64, has_failed: bool) {
        if let Some(Stay { kind: Kind::Run { failed, .. }, to, .. }) = self.stays.last_mut() {
            *failed |= has_failed;
            if to.is_none() {
                *to = Some(now);
            }
        }
    }

    fn on(&mut self, now: f64, step: &Step) {
        match step.fact {
            "accepted" => self.open(now, Kind::Waiting, "event queue".to_owned(), step),
            "buffered" => self.open(now, Kind::Waiting, "buffer".to_owned(), step),
            "queued" => self.open(now, Kind::Waiting, "waits for a slot".to_owned(), step),
            "enqueued" if place(step) == Some(Place::DeadLettered) => {
                self.open(now, Kind::Dead, dead_letter_queue(&step.resource), step);
            }
            "enqueued" => {
                let name = match value(step, "entry") {
                    Some("moved_back") => format!("redriven to {}", step.resource),
                    Some(_) | None => step.resource.clone(),
                };
                self.open(now, Kind::Waiting, name, step);
            }
            "dead_lettered" | "processing_failed" => {
                self.open(now, Kind::Dead, "failure destination".to_owned(), step);
            }
            "received" => {
                self.close(now);
                (self.receive, self.edge) = (step.attempt, Some(step.rule.id()));
            }
            "run_started" => self.run(now, step),
            "run_ended" => {
                self.ran(now, value(step, "error").is_some());
            }
            "record_failed" | "processed" => {
                let has_failed = step.fact == "record_failed";
                self.ran(now, has_failed);
                if has_failed && self.stays.last().is_some_and(|stay| stay.to == Some(now)) {
                    self.open(now, Kind::Hidden, "hidden".to_owned(), step);
                }
            }
            "throttled" | "system_erred" => {
                if !self.stays.last().is_some_and(|stay| stay.kind == Kind::Hidden) {
                    self.open(now, Kind::Hidden, String::new(), step);
                }
                let receive = self.receive.take();
                if let Some(last) = self.stays.last_mut() {
                    (last.to, last.name) = (None, "throttled".to_owned());
                    last.receive = last.receive.or(receive);
                    last.throttles.push(now);
                }
            }
            "requeued" | "request_retried" | "service_retried" | "delivery_retried" => {
                let name = match value(step, "wait") {
                    Some(wait) => format!("waits {wait}"),
                    None => "waits".to_owned(),
                };
                self.open(now, Kind::Hidden, name, step);
            }
            "returned" => {
                if let Some(last) = self.stays.last_mut()
                    && last.kind == Kind::Hidden
                {
                    last.returned = Some(step.rule.id());
                }
                self.open(now, Kind::Waiting, format!("{} again", step.resource), step);
            }
            "tried" | "requested" => {
                self.close(now);
                self.edge = Some(step.rule.id());
            }
            "redriven" | "moved_back" | "handed_over" => self.close(now),
            _ => {
                if let Some(place) = place(step)
                    && place.rests()
                    && place != Place::DeadLettered
                {
                    self.open(now, Kind::End(place), ended(place).to_owned(), step);
                    self.close(now);
                }
            }
        }
    }
}

/// Seconds of a stay; 0 of one that goes on.
fn length(stay: &Stay) -> f64 {
    stay.to.map_or(0.0, |to| to - stay.from)
}

/// A dead-letter queue by its name, which may say that it is one.
fn dead_letter_queue(name: &str) -> String {
    let lower = name.to_lowercase();
    let is_said = lower.contains("dlq") || lower.contains("dead");
    if is_said { name.to_owned() } else { format!("{name} (DLQ)") }
}

/// What an event has come to.
fn ended(place: Place) -> &'static str {
    match place {
        Place::Succeeded => "succeeded",
        Place::Failed => "failed",
        Place::Dropped => "dropped",
        Place::DeadLettered => "dead letter",
        Place::Expired => "expired",
        Place::Filtered => "filtered out",
        Place::Delivered => "delivered",
        Place::Waiting => "still waits",
        Place::InFlight => "in flight",
    }
}

/// The copy that is told of: the event itself, or the copy of it that ran most often if itself never ran.
fn told_copy(steps: &[Step]) -> u32 {
    let runs = |copy: u32| {
        let its = steps.iter().filter(|step| step.copy == copy);
        its.filter(|step| matches!(step.fact, "run_started" | "record_failed" | "processed"))
            .count()
    };
    let last = steps.iter().map(|step| step.copy).max().unwrap_or(0);
    match runs(0) {
        0 => (0..=last)
            .rev()
            .max_by_key(|copy| runs(*copy))
            .filter(|copy| runs(*copy) > 0)
            .unwrap_or(0),
        _ => 0,
    }
}

fn timetable(life: &Life) -> Timetable {
    let mut table = Timetable { stays: Vec::new(), runs: 0, receive: None, edge: None };
    let Some(first) = life.steps.first() else { return table };
    let copy = told_copy(&life.steps);
    let its: Vec<&Step> = life.steps.iter().filter(|step| step.copy == copy).collect();
    for (nth, step) in its.iter().enumerate() {
        let now = step.now.since(first.now).as_secs_f64();
        table.on(now, step);
        // A record of a batch whose run another record began: it runs from its receive until it is told.
        let is_last = its.get(nth + 1).is_none_or(|next| next.now != step.now);
        if is_last && table.receive.is_some() && !table.is_running() {
            table.run(now, step);
        }
    }
    table
}

/// When the last thing happens, in seconds since the event was sent.
fn until(table: &Timetable) -> f64 {
    table.stays.iter().map(|stay| stay.to.unwrap_or(stay.from)).fold(0.0, f64::max)
}

/// What becomes of it, in words: `is a dead letter after 3 runs in 90 s`.
fn fate(table: &Timetable) -> String {
    let Some(last) = table.stays.last() else { return "never comes".to_owned() };
    let when = seconds(last.from);
    let after = match table.runs {
        0 => format!("after {when} without a run"),
        1 => format!("after 1 run in {when}"),
        runs => format!("after {runs} runs in {when}"),
    };
    // How long it lay in a dead-letter queue before it was gone is the news, and not the whole time.
    let kept = table.stays.iter().rev().find(|stay| stay.kind == Kind::Dead);
    let kept = kept.and_then(|stay| Some((&stay.name, stay.to? - stay.from)));
    if let (Kind::End(Place::Expired), Some((queue, kept))) = (last.kind, kept) {
        return format!("stays in {queue} for {} and expires {after}", page::length(kept));
    }
    match last.kind {
        Kind::Dead => format!("is a dead letter {after}"),
        Kind::End(Place::Succeeded) => format!("succeeds {after}"),
        Kind::End(Place::Failed) => format!("fails {after}"),
        Kind::End(Place::Expired) => format!("expires {after}"),
        Kind::End(place) => format!("is {} {after}", ended(place)),
        Kind::Waiting | Kind::Hidden => format!("still waits {after}"),
        Kind::Run { .. } => format!("still runs {after}"),
    }
}

/// What the journey shows, in a sentence.
pub fn finding(journey: &Journey) -> String {
    let tables: Vec<Timetable> = journey.lives.iter().map(timetable).collect();
    let name = &journey.name;
    match (journey.lives.as_slice(), tables.as_slice()) {
        ([one, other], [a, b]) if fate(a) != fate(b) => {
            let [one, other] = [one, other].map(|life| quoted(&life.name));
            format!("{one}: {name} {}; {other}: it {}", fate(a), fate(b))
        }
        ([_, _], [a, _]) => format!("{name} {} under both policies", fate(a)),
        (_, [a, ..]) => format!("{name} {}", fate(a)),
        (_, []) => format!("{name} never comes"),
    }
}

fn subtitle(journey: &Journey) -> String {
    let title = journey.title.as_deref().unwrap_or(&journey.file).trim_end_matches('.');
    format!("{title}. Shown is {}. Times are from when it was sent.", journey.chosen)
}

fn foot(journey: &Journey) -> String {
    let digests: Vec<&str> = journey.lives.iter().map(|life| life.digest.as_str()).collect();
    format!(
        "{} {} · seed {} · {} {} · dwell {}",
        journey.file,
        journey.hash,
        journey.seed,
        if digests.len() == 1 { "digest" } else { "digests" },
        digests.join(", "),
        env!("CARGO_PKG_VERSION")
    )
}

/// What is written beside a stay.
fn note(stay: &Stay) -> String {
    let mut parts = Vec::new();
    parts.extend(stay.receive.map(|count| format!("receive {count}")));
    match (stay.kind, stay.to) {
        (Kind::End(_), _) => parts.push(format!("after {}", seconds(stay.from))),
        (Kind::Dead, None) => parts.push("stays".to_owned()),
        (_, None) => parts.push("until the end".to_owned()),
        (_, Some(to)) => parts.push(seconds(to - stay.from)),
    }
    if let Kind::Run { failed: true, .. } = stay.kind {
        parts.push("fails".to_owned());
    }
    parts.extend(stay.returned.map(|rule| format!("back by {rule}")));
    match stay.throttles.len() {
        0 | 1 => (),
        several => parts.push(format!("{several} tries")),
    }
    parts.join(", ")
}

/// Which rows are drawn; none for those that are left out.
fn rows(stays: &[Stay]) -> Vec<Option<&Stay>> {
    if stays.len() <= ROWS_MAX {
        return stays.iter().map(Some).collect();
    }
    let (first, last) = (ROWS_MAX / 2, ROWS_MAX - ROWS_MAX / 2 - 1);
    let mut rows: Vec<Option<&Stay>> = stays[..first].iter().map(Some).collect();
    rows.push(None);
    rows.extend(stays[stays.len() - last..].iter().map(Some));
    rows
}

/// The chart as SVG.
pub fn svg(journey: &Journey, look: Look) -> String {
    let mut page = Page::new(look, &finding(journey), &subtitle(journey));
    let colors = page.colors;
    let (left, right) = page.sides();
    let tables: Vec<Timetable> = journey.lives.iter().map(timetable).collect();
    if tables.iter().all(|table| table.stays.is_empty()) {
        return page.finish(&foot(journey), "");
    }
    let names = tables.iter().flat_map(|table| &table.stays);
    let names = names.map(|stay| page.measure(&stay.name, NAME)).fold(0.0, f64::max);
    let names = names.min(0.28 * (right - left)) + 14.0;
    let ended = tables.iter().map(until).fold(0.0, f64::max);
    let is_open = tables.iter().flat_map(|table| &table.stays).any(|stay| stay.to.is_none());
    // What goes on is drawn beyond the last thing that happens.
    let ended = if ended == 0.0 { 1.0 } else { ended * if is_open { 1.12 } else { 1.02 } };
    let (x, caption) = Scale::time(ended, (left + names, right - 6.0));

    let runs = tables.iter().flat_map(Timetable::runs);
    let longest = runs.map(length).fold(0.0, f64::max);
    page.y += 16.0;
    for (life, table) in journey.lives.iter().zip(&tables) {
        if !life.name.is_empty() {
            page.y =
                page.column(&life.name, (left, page.y), right - left, 2, (HEADING, colors.ink));
            if !life.sets.is_empty() {
                let (at, wide) = ((left, page.y + 1.0), right - left);
                page.y = page.column(&life.sets, at, wide, 3, (SMALL, colors.muted));
            }
            page.y += 6.0;
        }
        let rows = rows(&table.stays);
        let heights: Vec<f64> = rows.iter().map(|stay| row_high(&page, *stay, names)).collect();
        let (top, high) = (page.y, heights.iter().sum::<f64>());
        let plot = Plot { x: x.clone(), y: Scale::share((top + high, top)) };
        for (value, _) in &x.ticks {
            let at = x.at(*value);
            page.canvas.line((at, top), (at, top + high + 5.0), colors.grid, 1.0);
        }
        let (mut y, mut above) = (top, top);
        for (stay, high) in rows.iter().zip(&heights) {
            let middle = y + high / 2.0;
            y += high;
            let Some(stay) = stay else {
                above = middle - BAR;
                let hidden = table.stays.len() - rows.len() + 1;
                let words = format!("{hidden} more stays");
                page.canvas.text(&words, (left, middle + 4.0), Anchor::Start, SMALL, colors.muted);
                continue;
            };
            if top < above {
                let at = x.at(stay.from);
                let above = above + BAR / 2.0;
                page.canvas.line((at, above), (at, middle - BAR / 2.0), colors.muted, 1.0);
            }
            above = middle;
            row(&mut page, &plot, stay, (left, names, middle));
        }
        page.y = top + high;
        let unit = caption.split(' ').next().unwrap_or_default();
        let at = (left, page.y + 8.0 + SMALL.size);
        page.canvas.text(unit, at, Anchor::Start, SMALL, colors.muted);
        for (value, label) in &x.ticks {
            let at = (x.at(*value), page.y + 8.0 + SMALL.size);
            page.canvas.text(label, at, Anchor::Middle, SMALL, colors.muted);
        }
        page.y += 10.0 + SMALL.line_height();
        magnify(&mut page, table, longest, &x, (left + names, right));
        page.y += 14.0;
    }
    legend(&mut page, &tables);
    let described = description(journey, &tables);
    page.finish(&foot(journey), &described)
}

fn name_lines(page: &Page, stay: &Stay, names: f64) -> Vec<String> {
    page.canvas.lettering().wrap(&legal(&stay.name), NAME, names - 8.0, 9)
}

fn row_high(page: &Page, stay: Option<&Stay>, names: f64) -> f64 {
    let lines = stay.map_or(1, |stay| name_lines(page, stay, names).len());
    ROW + (lines - 1) as f64 * NAME.line_height()
}

/// One stay: its name at the left, its bar, and beside it the rule and what is to be said.
fn row(page: &mut Page, plot: &Plot, stay: &Stay, (left, names, middle): (f64, f64, f64)) {
    let colors = page.colors;
    let color = stay.kind.color(&colors);
    let (begin, end) = (plot.x.pixels().0, plot.x.pixels().1);
    let lines = name_lines(page, stay, names);
    let first = middle + 4.0 - (lines.len() - 1) as f64 * NAME.line_height() / 2.0;
    for (nth, line) in lines.iter().enumerate() {
        let at = (left, first + nth as f64 * NAME.line_height());
        page.canvas.text(line, at, Anchor::Start, NAME, colors.ink);
    }
    let from = plot.x.at(stay.from);
    let to = stay.to.map_or(end, |to| plot.x.at(to)).max(from + 2.5);
    let (top, bottom) = (middle - BAR / 2.0, middle + BAR / 2.0);
    let mut free = to;
    match stay.kind {
        Kind::Hidden => {
            page.canvas.rectangle((from, top), (to - from, BAR), color, 0.22);
            for y in [top, bottom] {
                page.canvas.path(&[(from, y), (to, y)], color, 1.25, Some(4.0));
            }
            for at in &stay.throttles {
                let at = plot.x.at(*at);
                page.canvas.line((at, top), (at, bottom), colors.failed, 1.25);
            }
        }
        Kind::End(_) => {
            page.canvas.disc((from, middle), 4.5, color, color);
            let is_done = color == colors.done;
            let ink = colors.ground;
            if is_done {
                let tick =
                    [(from - 2.2, middle), (from - 0.5, middle + 2.0), (from + 2.4, middle - 2.0)];
                page.canvas.path(&tick, ink, 1.4, None);
            } else {
                page.canvas.line((from - 2.0, middle - 2.0), (from + 2.0, middle + 2.0), ink, 1.4);
                page.canvas.line((from - 2.0, middle + 2.0), (from + 2.0, middle - 2.0), ink, 1.4);
            }
            free = from + 5.0;
        }
        Kind::Waiting | Kind::Run { .. } | Kind::Dead => {
            page.canvas.rectangle((from, top), (to - from, BAR), color, 1.0);
        }
    }
    if let Kind::Run { failed: true, .. } = stay.kind {
        let spikes = [(to, top - 2.0), (to + 7.0, middle), (to, bottom + 2.0)];
        page.canvas.polygon(&spikes, colors.failed);
        free = to + 7.0;
    }
    let (rule, note) = (stay.rule, note(stay));
    let rule_wide = page.measure(rule, SMALL) + 7.0;
    let whole = rule_wide + page.measure(&note, SMALL);
    let (ink, muted) = (colors.ink, colors.muted);
    let y = middle + 4.0;
    let room_right = end + 6.0 - free - 7.0;
    // The mark of an end is as wide to the left.
    let from = if matches!(stay.kind, Kind::End(_)) { from - 5.0 } else { from };
    let room_left = from - 7.0 - begin;
    let start = if whole <= room_right {
        free + 7.0
    } else if whole <= room_left {
        from - 7.0 - whole
    } else if whole + 8.0 <= to - from {
        // Upon the bar, which only a long one has room for; a field keeps it legible.
        let at = from + (to - from - whole) / 2.0;
        page.canvas.rectangle((at - 5.0, top - 3.0), (whole + 10.0, BAR + 6.0), colors.ground, 1.0);
        at
    } else {
        return;
    };
    page.canvas.text(rule, (start, y), Anchor::Start, SMALL, muted);
    page.canvas.text(&note, (start + rule_wide, y), Anchor::Start, SMALL, ink);
}

/// The runs once more, each from its begin, if one of them is too short to be seen.
fn magnify(page: &mut Page, table: &Timetable, longest: f64, x: &Scale, (left, right): (f64, f64)) {
    let colors = page.colors;
    let runs: Vec<&Stay> = table.runs().collect();
    let is_short = |stay: &&&Stay| x.at(stay.from + length(stay)) - x.at(stay.from) < SHORT;
    if longest == 0.0 || runs.iter().filter(is_short).count() == 0 {
        return;
    }
    let places = MAGNIFIED_MAX.min(((right - left) / 100.0) as usize).max(1);
    let shown = &runs[..runs.len().min(places)];
    let wide = ((right - left) / places as f64).min(180.0);
    page.y += 6.0;
    let scale = (wide - 22.0) / longest;
    let ((from, to), (begin, end)) = (x.pixels(), x.values());
    let times = scale * (end - begin) / (to - from);
    let words = format!("magnified {} times", super::scale::number(libm::round(times)));
    let words = page.canvas.lettering().wrap(&words, SMALL, left - page.sides().0 - 8.0, 2);
    for (nth, line) in words.iter().enumerate() {
        let at = (page.sides().0, page.y + SMALL.size + nth as f64 * SMALL.line_height());
        page.canvas.text(line, at, Anchor::Start, SMALL, colors.muted);
    }
    for (nth, stay) in shown.iter().enumerate() {
        let (from, middle) = (left + nth as f64 * wide, page.y + 24.0);
        let to = from + length(stay) * scale;
        let Kind::Run { nth: run, failed } = stay.kind else { continue };
        let label = format!("{} run, {}", ordinal(run), seconds(length(stay)));
        let label = match page.measure(&label, SMALL) <= wide - 8.0 {
            true => label,
            false => format!("{}, {}", ordinal(run), seconds(length(stay))),
        };
        let at = (from, page.y + SMALL.size);
        page.canvas.text(&label, at, Anchor::Start, SMALL, colors.ink);
        let (top, bottom) = (middle - BAR / 2.0, middle + BAR / 2.0);
        page.canvas.rectangle(
            (from, top),
            ((to - from).max(2.0), BAR),
            stay.kind.color(&colors),
            1.0,
        );
        if failed {
            let spikes = [(to, top - 2.0), (to + 7.0, middle), (to, bottom + 2.0)];
            page.canvas.polygon(&spikes, colors.failed);
        }
    }
    page.y += 34.0;
    if shown.len() < runs.len() {
        let words = format!("{} more runs", runs.len() - shown.len());
        page.canvas.text(&words, (left, page.y + SMALL.size), Anchor::Start, SMALL, colors.muted);
        page.y += SMALL.line_height() + 4.0;
    }
}

fn legend(page: &mut Page, tables: &[Timetable]) {
    let colors = page.colors;
    let kinds = || tables.iter().flat_map(|table| &table.stays).map(|stay| stay.kind);
    let mut entries = Vec::new();
    if kinds().any(|kind| kind == Kind::Waiting) {
        entries.push((Swatch::Area, colors.visible, "waits its turn"));
    }
    if kinds().any(|kind| matches!(kind, Kind::Run { nth: 1, .. })) {
        entries.push((Swatch::Area, colors.first, "first run"));
    }
    if kinds().any(|kind| matches!(kind, Kind::Run { nth: 2.., .. })) {
        entries.push((Swatch::Area, colors.retry, "later run"));
    }
    if kinds().any(|kind| matches!(kind, Kind::Run { failed: true, .. })) {
        entries.push((Swatch::Dot, colors.failed, "it fails (the point at its end)"));
    }
    if kinds().any(|kind| kind == Kind::Hidden) {
        entries.push((Swatch::Dashed, colors.retry, "hidden, or waits for its retry"));
    }
    if tables.iter().flat_map(|table| &table.stays).any(|stay| !stay.throttles.is_empty()) {
        entries.push((Swatch::Tick, colors.failed, "tried in vain"));
    }
    if kinds().any(|kind| matches!(kind, Kind::Dead | Kind::End(Place::DeadLettered))) {
        entries.push((Swatch::Area, colors.dead, "dead letter: kept"));
    }
    if kinds().any(|kind| matches!(kind, Kind::End(Place::Dropped | Place::Expired))) {
        entries.push((Swatch::Dot, colors.lost, "dropped or expired: gone"));
    }
    page.legend(&entries);
}

fn description(journey: &Journey, tables: &[Timetable]) -> String {
    let told = journey.lives.iter().zip(tables).map(|(life, table)| {
        let name = if life.name.is_empty() { "As written" } else { &life.name };
        let stays = table.stays.iter().take(40).map(|stay| {
            format!("{} at {} ({}): {}", stay.name, seconds(stay.from), stay.rule, note(stay))
        });
        format!("{}: {}.", legal(name), stays.collect::<Vec<_>>().join("; "))
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 8] =
    ["policy", "event", "stay", "where", "from_s", "to_s", "receive_count", "rule"];

/// Writes what is drawn, in numbers: a row a stay, in seconds since the event was sent; what goes on has no
/// end.
pub fn csv(journey: &Journey, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for life in &journey.lives {
            for stay in timetable(life).stays {
                write([
                    safe(&life.name),
                    safe(&journey.name),
                    stay.kind.word().to_owned(),
                    safe(&stay.name),
                    stay.from.to_string(),
                    stay.to.map_or(String::new(), |to| to.to_string()),
                    stay.receive.map_or(String::new(), |count| count.to_string()),
                    stay.rule.to_owned(),
                ])?;
            }
        }
        Ok(())
    })
}
