//! What the player plays: columns of small integers, as one JSON object.
//!
//! Times are whole ticks, and columns that only grow are their differences, so that most numbers have one
//! or two digits. `docs/player-data.md` has every key.

use crate::{
    kernel::{Span, Time},
    observe::{
        Cast, Frame,
        fates::Place,
        slice::{Chosen, Step, Told},
        stage::{AGES_S, Pace},
    },
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format.
const VERSION: u32 = 1;

/// What the page says of a scenario.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Name<'a> {
    /// Its title.
    pub title: Option<&'a str>,
    /// What it asks.
    pub question: Option<&'a str>,
    /// The answer to expect.
    pub answer: Option<&'a str>,
    /// What was found.
    pub finding: Option<String>,
    /// The file's name.
    pub file: &'a str,
    /// The hash of its text.
    pub hash: &'a str,
    /// The seed.
    pub seed: u64,
    /// The version of dwell.
    pub dwell: &'static str,
}

/// What the reader is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Guess {
    /// The measure.
    pub words: String,
    /// Its unit: nothing, `s` or `%`.
    pub unit: &'static str,
    /// The least that can be guessed.
    pub from: f64,
    /// The most.
    pub to: f64,
    /// What it came to under each policy; nothing without data.
    pub truth: Vec<Option<f64>>,
}

/// What the timeline does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub from: Time,
    /// Until when, if it lasts.
    pub until: Option<Time>,
    /// What.
    pub words: String,
}

/// A policy on its stage.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it sets.
    pub setting: String,
    /// The fingerprint of its run.
    pub digest: String,
    /// Who plays.
    pub cast: Cast,
    /// Everybody, at the same instants as on the other stages.
    pub frames: Vec<Frame>,
    /// How fast its function was.
    pub pace: Pace,
    /// The chosen arrivals.
    pub told: Told,
}

/// All stages of a page.
#[derive(Debug)]
pub struct Play<'a> {
    /// What is said of the scenario.
    pub name: Name<'a>,
    /// When the last run ended.
    pub end: Time,
    /// Arrivals of the first run.
    pub arrivals: u64,
    /// The chosen arrivals, in their order on every stage.
    pub chosen: Vec<Chosen>,
    /// What the reader is asked.
    pub guess: Option<Guess>,
    /// What the timeline does.
    pub marks: Vec<Mark>,
    /// The length of a stretch in which the hidden come back.
    pub due_step: Span,
    /// A policy each.
    pub stages: Vec<Stage>,
    /// What was tried beside them.
    pub tried: Option<Tried>,
}

impl Play<'_> {
    /// How many are chosen beside the guests.
    pub fn dots(&self) -> usize {
        self.chosen.iter().filter(|chosen| !chosen.is_guest).count()
    }

    /// Leaves only so many dots beside the guests: those with the smallest hashes.
    pub fn leave_dots(&mut self, dots: usize) {
        let mut hashes: Vec<u64> =
            self.chosen.iter().filter(|chosen| !chosen.is_guest).map(|c| c.hash).collect();
        hashes.sort_unstable();
        hashes.truncate(dots);
        let last = hashes.last().copied();
        let stays =
            |chosen: &Chosen| chosen.is_guest || last.is_some_and(|last| chosen.hash <= last);
        for stage in &mut self.stages {
            let mut chosen = self.chosen.iter();
            stage.told.lives.retain(|_| chosen.next().is_some_and(stays));
        }
        self.chosen.retain(stays);
    }

    /// Leaves every other frame, and the last.
    pub fn halve_frames(&mut self) {
        for stage in &mut self.stages {
            let last = stage.frames.len().saturating_sub(1);
            let (mut first, mut retry, mut nth) = (0, 0, 0);
            stage.frames.retain_mut(|frame| {
                (first, retry) = (first + frame.first, retry + frame.retry);
                let stays = nth % 2 == 0 || nth == last;
                nth += 1;
                if stays {
                    frame.first = std::mem::take(&mut first);
                    frame.retry = std::mem::take(&mut retry);
                }
                stays
            });
        }
    }
}

/// How many dots there may be beside the guests.
pub const DOTS: usize = 120;
/// So many frames there are at most.
pub const FRAMES_MAX: u64 = 240;

/// Lengths that read well, in nanoseconds; then whole days.
fn round_up(span: Span) -> Span {
    const MS: u64 = 1_000_000;
    let decimal = [1, 10, 100].into_iter().flat_map(|scale| [1, 2, 5].map(|n| n * scale * MS));
    let of = |unit: u64, counts: &'static [u64]| counts.iter().map(move |n| n * unit * 1_000 * MS);
    let clock = of(1, &[1, 2, 5, 10, 15, 30])
        .chain(of(60, &[1, 2, 5, 10, 15, 30]))
        .chain(of(3_600, &[1, 2, 3, 6, 12]));
    let found = decimal.chain(clock).find(|length| span.as_nanos() <= *length);
    let days = || span.as_nanos().div_ceil(86_400_000 * MS).max(1) * 86_400_000 * MS;
    Span::nanos(found.unwrap_or_else(days))
}

/// The instants of the frames of runs that end at `end`: even ones, and the end.
pub fn instants(end: Time) -> Vec<Time> {
    let step = round_up(Span::nanos(end.as_nanos().div_ceil(FRAMES_MAX - 2)));
    let mut instants: Vec<Time> = (0..)
        .map(|nth| Time::from_nanos(step.as_nanos() * nth))
        .take_while(|at| *at < end)
        .collect();
    instants.push(end);
    instants
}

/// The length of a stretch of the ruler on which something hidden for `longest` stands.
pub fn due_step(longest: Span) -> Span {
    round_up(Span::nanos(longest.as_nanos().div_ceil(30)))
}

/// A tick: as short as a day of them is still small numbers.
fn tick(end: Time) -> Span {
    match end.as_nanos() / 1_000_000_000 {
        ..100 => Span::millis(1),
        100..86_400 => Span::millis(10),
        86_400..864_000 => Span::millis(100),
        864_000.. => Span::secs(1),
    }
}

/// A column as its differences.
fn differences(column: impl Iterator<Item = u64>) -> Vec<i64> {
    let mut before = 0;
    let mut difference = |value: u64| {
        let value = i64::try_from(value).expect("counts and ticks are far below 2^63");
        value - std::mem::replace(&mut before, value)
    };
    column.map(&mut difference).collect()
}

/// A setting that was tried at several values.
#[derive(Debug, Serialize)]
pub struct Tried {
    /// The path.
    pub path: String,
    /// A value each.
    pub points: Vec<Point>,
    /// The instants of the points' columns, in ticks.
    #[serde(rename = "t")]
    ticks: Vec<i64>,
    #[serde(skip)]
    instants: Vec<Time>,
}

/// A value that was tried, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// The value as it is written.
    pub value: String,
    /// What plays it again.
    pub command: String,
    /// Names and what they came to.
    pub summary: Vec<(String, f64)>,
    /// Runs begun since the instant before on what had not run before.
    pub first: Vec<u64>,
    /// Runs begun since the instant before on what had.
    pub retry: Vec<u64>,
    /// Messages in dead-letter queues.
    pub dlq: Vec<u64>,
}

impl Tried {
    /// What came of each value, at these instants.
    pub fn new(path: String, instants: Vec<Time>, points: Vec<Point>) -> Tried {
        Tried { path, points, ticks: Vec::new(), instants }
    }
}

impl Point {
    /// A point with the frames of its run.
    pub fn new(
        value: String,
        command: String,
        summary: Vec<(String, f64)>,
        frames: &[Frame],
    ) -> Point {
        let column = |of: fn(&Frame) -> u64| frames.iter().map(of).collect();
        let first = column(|frame| frame.first);
        let retry = column(|frame| frame.retry);
        Point { value, command, summary, first, retry, dlq: column(|frame| frame.dead_letters) }
    }
}

#[derive(Serialize)]
struct Data<'a> {
    version: u32,
    name: &'a Name<'a>,
    tick_s: f64,
    end: u64,
    sample: Sample,
    guess: &'a Option<Guess>,
    faults: Vec<FaultData<'a>>,
    marks: Vec<MarkData<'a>>,
    rules: Vec<(&'static str, &'static str)>,
    phrases: Vec<String>,
    callers: &'a [String],
    stages: Vec<StageData<'a>>,
    #[serde(rename = "try")]
    tried: Option<Tried>,
}

#[derive(Serialize)]
struct Sample {
    of: u64,
    dots: usize,
    each: u64,
    guests: usize,
}

#[derive(Serialize)]
struct FaultData<'a> {
    from: u64,
    to: u64,
    words: &'a str,
}

#[derive(Serialize)]
struct MarkData<'a> {
    at: u64,
    words: &'a str,
}

#[derive(Serialize)]
struct StageData<'a> {
    name: &'a str,
    setting: &'a str,
    digest: &'a str,
    mode: &'static str,
    names: Names<'a>,
    slots: Option<u32>,
    capacity: Option<Capacity>,
    dlq_rule: Option<(usize, &'a str)>,
    frames: FrameColumns,
    events: EventColumns,
    steps: StepColumns,
}

#[derive(Serialize)]
struct Names<'a> {
    caller: &'a str,
    queue: Option<&'a str>,
    function: &'a str,
    dlq: Option<&'a str>,
}

#[derive(Serialize)]
struct Capacity {
    per_s: f64,
    words: String,
}

#[derive(Serialize)]
struct FrameColumns {
    t: Vec<i64>,
    entered: Vec<i64>,
    ledger: Words,
    visible: Vec<i64>,
    hidden: Vec<i64>,
    running: Vec<i64>,
    dlq: Vec<i64>,
    first: Vec<u64>,
    retry: Vec<u64>,
    due: Rows,
    done: Rows,
}

/// Columns by the words of the ledger, in its order.
struct Words(Vec<(&'static str, Vec<i64>)>);

impl Serialize for Words {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(word, column)| (word, column)))
    }
}

#[derive(Serialize)]
struct Rows {
    edges_s: Vec<f64>,
    rows: Vec<Vec<u64>>,
}

#[derive(Serialize)]
struct EventColumns {
    caller: Vec<usize>,
    number: Vec<u64>,
    guest: Vec<u8>,
    from: Vec<usize>,
}

#[derive(Default, Serialize)]
struct StepColumns {
    t: Vec<i64>,
    what: Vec<u8>,
    nth: Vec<u32>,
    until: Vec<u64>,
    rule: Vec<usize>,
    say: Vec<usize>,
}

/// Texts that are referred to by their position.
#[derive(Default)]
struct Texts<K>(BTreeMap<K, usize>);

impl<K: Ord> Texts<K> {
    fn at(&mut self, key: K) -> usize {
        let next = self.0.len();
        *self.0.entry(key).or_insert(next)
    }

    fn all(self) -> Vec<K> {
        let mut all: Vec<(usize, K)> = self.0.into_iter().map(|(key, at)| (at, key)).collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, key)| key).collect()
    }
}

#[derive(Default)]
struct Shared {
    rules: Texts<(&'static str, &'static str)>,
    phrases: Texts<String>,
}

/// The object, in which no `<` is written as itself, so that it can stand in a script element, and nothing
/// turns the direction of writing.
pub fn json(play: &Play<'_>) -> String {
    let tick = tick(play.end);
    let ticks = |at: Time| at.as_nanos() / tick.as_nanos();
    let mut shared = Shared::default();
    let stages: Vec<StageData<'_>> =
        play.stages.iter().map(|stage| of_stage(play, stage, &ticks, &mut shared)).collect();
    let lasting = play.marks.iter().filter_map(|mark| Some((mark, mark.until?)));
    let faults = lasting.map(|(mark, until)| FaultData {
        from: ticks(mark.from),
        to: ticks(until),
        words: &mark.words,
    });
    let calls = play.marks.iter().filter(|mark| mark.until.is_none());
    let marks = calls.map(|mark| MarkData { at: ticks(mark.from), words: &mark.words });
    let dots = play.dots();
    let guests = play.chosen.len() - dots;
    let each = play.arrivals.checked_div(dots as u64).unwrap_or(0);
    let data = Data {
        version: VERSION,
        name: &play.name,
        tick_s: tick.as_secs_f64(),
        end: ticks(play.end),
        sample: Sample { of: play.arrivals, dots, each, guests },
        guess: &play.guess,
        faults: faults.collect(),
        marks: marks.collect(),
        callers: play.stages.first().map_or(&[], |stage| &stage.cast.callers),
        stages,
        rules: shared.rules.all(),
        phrases: shared.phrases.all(),
        tried: play.tried.as_ref().map(|tried| Tried {
            path: tried.path.clone(),
            points: tried.points.clone(),
            ticks: differences(tried.instants.iter().map(|at| ticks(*at))),
            instants: Vec::new(),
        }),
    };
    let text = serde_json::to_string(&data).expect("numbers and texts are written");
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            // The player shows what `inert` leaves of it elsewhere.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push('\\');
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

fn of_stage<'a>(
    play: &Play<'_>,
    stage: &'a Stage,
    ticks: &impl Fn(Time) -> u64,
    shared: &mut Shared,
) -> StageData<'a> {
    let Stage { cast, frames, told, .. } = stage;
    let column = |of: &dyn Fn(&Frame) -> u64| differences(frames.iter().map(of));
    let ledger = Place::ALL.into_iter().filter_map(|place| {
        let occurs = frames.iter().any(|frame| 0 < frame.at(place));
        occurs.then(|| (place.word(), column(&|frame| frame.at(place))))
    });
    let due_rows = frames.iter().map(|f| f.due.iter().flat_map(|(at, n)| [*at, *n]).collect());
    let steps = frames.iter().flat_map(|frame| frame.due.last()).map(|(at, _)| at + 1).max();
    let step = play.due_step.as_secs_f64();
    let due = Rows {
        edges_s: (0..=steps.unwrap_or(0)).map(|nth| nth as f64 * step).collect(),
        rows: due_rows.collect(),
    };
    let done_row = |frame: &Frame| {
        let found = frame.done.iter().zip(0u64..).filter(|(n, _)| 0 < **n);
        found.flat_map(|(n, at)| [at, *n]).collect()
    };
    let done = Rows {
        edges_s: AGES_S.map(|age| age as f64).to_vec(),
        rows: frames.iter().map(done_row).collect(),
    };
    let dlq_rule = cast
        .dead_letter_rule
        .as_ref()
        .map(|(rule, says)| (shared.rules.at((rule.id(), rule.statement())), says.as_str()));
    let (steps, from) = of_lives(told, ticks, shared);
    StageData {
        name: &stage.name,
        setting: &stage.setting,
        digest: &stage.digest,
        mode: cast.mode.word(),
        names: Names {
            caller: &cast.caller,
            queue: cast.queue.as_deref(),
            function: &cast.function,
            dlq: cast.dead_letter_queue.as_deref(),
        },
        slots: cast.slots.map(|(slots, _)| slots),
        capacity: capacity(cast, &stage.pace),
        dlq_rule,
        frames: FrameColumns {
            t: column(&|frame| ticks(frame.at)),
            entered: column(&|frame| frame.entered),
            ledger: Words(ledger.collect()),
            visible: column(&|frame| frame.visible),
            hidden: column(&|frame| frame.hidden),
            running: column(&|frame| frame.running),
            dlq: column(&|frame| frame.dead_letters),
            first: frames.iter().map(|frame| frame.first).collect(),
            retry: frames.iter().map(|frame| frame.retry).collect(),
            due,
            done,
        },
        events: EventColumns {
            caller: play.chosen.iter().map(|chosen| chosen.caller).collect(),
            number: play.chosen.iter().map(|chosen| chosen.number).collect(),
            guest: play.chosen.iter().map(|chosen| u8::from(chosen.is_guest)).collect(),
            from,
        },
        steps,
    }
}

/// What the slots can do, by the mean time of the runs that there were.
fn capacity(cast: &Cast, pace: &Pace) -> Option<Capacity> {
    let (slots, _) = cast.slots?;
    if pace.runs == 0 || pace.busy == Span::ZERO {
        return None;
    }
    let per_s = f64::from(slots) * pace.runs as f64 / pace.busy.as_secs_f64();
    let (scale, unit) = match per_s {
        n if 1.0 <= n => (1.0, "s"),
        n if 1.0 <= n * 60.0 => (60.0, "min"),
        _ => (3_600.0, "h"),
    };
    let n = per_s * scale;
    let n = if n < 10.0 { libm::round(n * 10.0) / 10.0 } else { libm::round(n) };
    let noun = if slots == 1 { "slot" } else { "slots" };
    Some(Capacity { per_s, words: format!("{slots} {noun} = {n}/{unit}") })
}

/// The steps of all lives, and where each begins.
fn of_lives(
    told: &Told,
    ticks: &impl Fn(Time) -> u64,
    shared: &mut Shared,
) -> (StepColumns, Vec<usize>) {
    let (mut columns, mut from) = (StepColumns::default(), Vec::new());
    for life in &told.lives {
        from.push(columns.t.len());
        columns.t.extend(differences(life.iter().map(|step| ticks(step.at))));
        for Step { at, what, nth, until, rule, phrase } in life {
            columns.what.push(*what as u8);
            columns.nth.push(*nth);
            // An end within the tick is still an end.
            columns.until.push(until.map_or(0, |until| (ticks(until) - ticks(*at)).max(1)));
            columns.rule.push(shared.rules.at((rule.id(), rule.statement())));
            columns.say.push(shared.phrases.at(told.phrases[*phrase].clone()));
        }
    }
    (columns, from)
}
