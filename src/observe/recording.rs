//! A run folded for charts: some hundred bins of time, however long it was and however much happened.
//!
//! ```text
//!   fact ──► Recorder ──┬► counts and levels of each function, queue and mapping, a bin each
//!                       ├► ages when processed, a histogram a bin
//!                       ├► dead letters by how often they were dead-lettered
//!                       └► ways: through how many runs to which place of the ledger
//! ```
//!
//! The bins begin narrow, a round number of seconds that is about the 240th part of the duration, and
//! are joined two by two when the run goes on for longer than twice as many. So memory does not grow with
//! the run: about a megabyte for each function. Everything is an integer and is counted from time 0, a warm-up or not.

pub use crate::model::register::Afterlife;
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Place, Register,
        config::{Change, Config, Resources},
        facts::Held,
        outcome::{Reason, Role},
        register::{Move, Payload},
        vocabulary::{Entry, QueueId},
    },
};
use serde::{Deserialize, Serialize};

/// The bins that a duration is cut into, or a few less.
const BINS: u64 = 240;
/// More are joined two by two.
pub(super) const BINS_MAX: usize = 480;
/// Runs beyond these are not told apart.
pub const RUNS_MAX: u8 = 6;
/// How often something was dead-lettered beyond this is not told apart.
pub const LETTERS_MAX: u8 = 3;
/// Widths of bins that read well, in milliseconds.
const WIDTHS_MS: [u64; 27] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000,
    120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000,
    43_200_000, 86_400_000,
];

/// What happened in each bin: how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts(Vec<u64>);

impl Counts {
    pub(super) fn add(&mut self, bin: usize) {
        if self.0.len() <= bin {
            self.0.resize(bin + 1, 0);
        }
        self.0[bin] += 1;
    }

    pub(super) fn halve(&mut self) {
        self.0 = self.0.chunks(2).map(|pair| pair.iter().sum()).collect();
    }

    /// How many there were in a bin.
    pub fn at(&self, bin: usize) -> u64 {
        self.0.get(bin).copied().unwrap_or(0)
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// A level in each bin: the highest, and the one at the bin's end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    now: u64,
    bins: Vec<(u64, u64)>,
}

impl Levels {
    pub(super) fn set(&mut self, bin: usize, level: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, (self.now, self.now));
        }
        self.now = level;
        let (highest, last) = &mut self.bins[bin];
        *highest = level.max(*highest);
        *last = level;
    }

    pub(super) fn step(&mut self, bin: usize, up: bool) {
        let level = if up { self.now + 1 } else { self.now.saturating_sub(1) };
        self.set(bin, level);
    }

    pub(super) fn halve(&mut self) {
        let join = |pair: &[(u64, u64)]| {
            let highest = pair.iter().map(|(highest, _)| *highest).max().unwrap_or(0);
            (highest, pair.last().map_or(0, |(_, last)| *last))
        };
        self.bins = self.bins.chunks(2).map(join).collect();
    }

    /// The highest of a bin; after the last change the level stays.
    pub fn highest(&self, bin: usize) -> u64 {
        self.bins.get(bin).map_or(self.now, |(highest, _)| *highest)
    }

    /// The level at the end of a bin.
    pub fn last(&self, bin: usize) -> u64 {
        self.bins.get(bin).map_or(self.now, |(_, last)| *last)
    }

    /// The level at the end of the run.
    pub fn ended(&self) -> u64 {
        self.now
    }

    /// The highest of all.
    pub fn peak(&self) -> u64 {
        self.bins.iter().map(|(highest, _)| *highest).max().unwrap_or(self.now)
    }
}

/// Ages in narrow classes, 16 to an octave: a class is 4 to 6 % wide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ages {
    /// A bin's classes that have some, each with how many, in order.
    bins: Vec<Vec<(u16, u64)>>,
}

impl Ages {
    /// Ages below this, half a millisecond, are one class.
    const SMALLEST: u32 = 19;

    /// The class of an age.
    fn class(age: Span) -> u16 {
        let age = age.as_nanos().max(1 << Ages::SMALLEST);
        let octave = 63 - age.leading_zeros();
        let within = (age >> (octave - 4)) & 15;
        u16::try_from(u64::from(octave - Ages::SMALLEST) * 16 + within).expect("720 at most")
    }

    /// From which age to below which a class goes; the lowest begins at 0.
    pub fn range(class: u16) -> (Span, Span) {
        let from = |class: u16| {
            let octave = u32::from(class / 16) + Ages::SMALLEST;
            Span::nanos((16 + u64::from(class % 16)) << (octave - 4))
        };
        (if class == 0 { Span::ZERO } else { from(class) }, from(class + 1))
    }

    fn add(&mut self, bin: usize, age: Span) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, Vec::new());
        }
        add(&mut self.bins[bin], Ages::class(age), 1);
    }

    fn halve(&mut self) {
        let join = |pair: &mut [Vec<(u16, u64)>]| {
            let [first, rest @ ..] = pair else { return Vec::new() };
            let mut joined = std::mem::take(first);
            rest.iter().flatten().for_each(|(class, n)| add(&mut joined, *class, *n));
            joined
        };
        self.bins = self.bins.chunks_mut(2).map(join).collect();
    }

    /// The classes of a bin that have some, in order.
    pub fn at(&self, bin: usize) -> &[(u16, u64)] {
        self.bins.get(bin).map_or(&[], Vec::as_slice)
    }

    /// The classes of all bins together.
    pub fn all(&self) -> Vec<(u16, u64)> {
        let mut all = Vec::new();
        self.bins.iter().flatten().for_each(|(class, n)| add(&mut all, *class, *n));
        all
    }

    /// The age that so many of a hundred of these did not exceed: the upper end of its class.
    pub fn quantile(classes: &[(u16, u64)], percent: u64) -> Option<Span> {
        let all: u64 = classes.iter().map(|(_, n)| n).sum();
        let rank = (all * percent).div_ceil(100).max(1);
        let mut below = 0;
        let found = classes.iter().find(|(_, n)| {
            below += n;
            rank <= below
        });
        found.map(|(class, _)| Ages::range(*class).1)
    }
}

fn add(classes: &mut Vec<(u16, u64)>, class: u16, n: u64) {
    match classes.binary_search_by_key(&class, |(class, _)| *class) {
        Ok(at) => classes[at].1 += n,
        Err(at) => classes.insert(at, (class, n)),
    }
}

/// What is kept of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionTrack {
    /// Its name.
    pub name: String,
    /// Runs on what had not run before.
    pub first: Counts,
    /// Runs on what had.
    pub retry: Counts,
    /// Runs that failed, at their end.
    pub failed: Counts,
    /// Tries refused with 429.
    pub throttled: Counts,
    /// Payloads processed for the first time.
    pub processed: Counts,
    /// Payloads processed once more.
    pub duplicates: Counts,
    /// Runs at once.
    pub running: Levels,
    /// Since when they were in the system, of payloads processed for the first time.
    pub ages: Ages,
    /// The highest of these, in nanoseconds.
    pub age_last: u64,
    /// Nanoseconds that handlers ran, and of how many runs.
    pub busy: (u64, u64),
    /// Records of all runs.
    pub records: u64,
    /// The most runs at once that the file allows, and by which of its properties.
    pub slots: (u32, String),
    /// `MaximumEventAgeInSeconds`, if something is sent to its event queue.
    pub age_max_s: Option<u64>,
}

/// What is kept of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueTrack {
    /// Its name.
    pub name: String,
    /// Whether something is dead-lettered to it.
    pub is_dead_letter_queue: bool,
    /// Its visibility timeout, in milliseconds.
    pub visibility_ms: u64,
    /// Messages that can be received.
    pub visible: Levels,
    /// Messages received and neither deleted nor visible again.
    pub hidden: Levels,
    /// Messages that came in, in whatever way.
    pub arrived: Counts,
    /// Messages received.
    pub received: Counts,
    /// Messages whose retention was over.
    pub expired: Counts,
}

impl QueueTrack {
    /// A message left that was held so.
    fn leave(&mut self, bin: usize, was: Held) {
        match was {
            Held::Visible => self.visible.step(bin, false),
            Held::InFlight => self.hidden.step(bin, false),
            Held::Delayed => (),
        }
    }
}

/// What the file allows a mapping and its function to have at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caps {
    /// `ScalingConfig.MaximumConcurrency`: batches.
    pub maximum: Option<u32>,
    /// `ReservedConcurrentExecutions` of the function: runs.
    pub reserved: Option<u32>,
    /// The account's concurrency: runs of all functions.
    pub account: u32,
}

/// What is kept of an event source mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingTrack {
    /// Its name.
    pub name: String,
    /// Its queue's and its function's places among the tracks.
    pub queue: usize,
    /// See there.
    pub function: usize,
    /// `BatchSize`.
    pub batch_size: u32,
    /// What bounds the batches at once, from when on; the first from time 0.
    pub caps: Vec<(u64, Caps)>,
    /// Batches that it may have at once.
    pub pollers: Levels,
    /// Batches sent.
    pub batches: Counts,
}

/// A way through the system: how many payloads went it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Way {
    /// Runs that it had, at most [`RUNS_MAX`].
    pub runs: u8,
    /// How often it was dead-lettered, at most [`LETTERS_MAX`].
    pub letters: u8,
    /// The place of the ledger that it came to, by its number in [`Place::ALL`].
    place: u8,
    /// Why it was dropped, by its number in [`Reason::ALL`].
    reason: u8,
    /// What dead-letter queues did with it, by its number in [`Afterlife::ALL`].
    afterlife: u8,
    /// How many.
    pub payloads: u64,
}

impl Way {
    /// The place of the ledger that it came to.
    pub fn place(&self) -> Place {
        Place::ALL[usize::from(self.place)]
    }

    /// Why it was dropped.
    pub fn reason(&self) -> Reason {
        Reason::ALL.get(usize::from(self.reason)).copied().unwrap_or(Reason::None)
    }

    /// What dead-letter queues of the file did with it.
    pub fn afterlife(&self) -> Afterlife {
        Afterlife::ALL[usize::from(self.afterlife)]
    }
}

/// A run, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// The width of a bin, in nanoseconds.
    width: u64,
    /// When the run ended, in nanoseconds.
    ended: u64,
    /// What callers started.
    pub arrived: Counts,
    /// Arrivals whose outcome became a success.
    pub succeeded: Counts,
    /// Payloads in a queue, or between two attempts.
    pub waiting: Levels,
    /// Payloads that are dead letters, by how often they were dead-lettered: once, twice, more often.
    pub letters: [Levels; LETTERS_MAX as usize],
    /// A track a function, in the order of the file.
    pub functions: Vec<FunctionTrack>,
    /// A track a queue.
    pub queues: Vec<QueueTrack>,
    /// A track a mapping.
    pub mappings: Vec<MappingTrack>,
    /// Every way that an arrival or message went, those first that had fewer runs.
    pub ways: Vec<Way>,
    /// Payloads that came into a dead-letter queue of the file for the first time after so many runs.
    pub lettered_after: [u64; RUNS_MAX as usize + 1],
    /// Payloads that were never processed, unless nobody wanted them or they are where nothing reads.
    pub unprocessed: u64,
}

impl Recording {
    /// How many bins there are: at least one.
    pub fn bins(&self) -> usize {
        let bins = self.ended.div_ceil(self.width.max(1)).max(1);
        usize::try_from(bins).expect("some hundred")
    }

    /// The width of a bin.
    pub fn width(&self) -> Span {
        Span::nanos(self.width.max(1))
    }

    /// When a bin begins.
    pub fn start_of(&self, bin: usize) -> Time {
        Time::from_nanos(bin as u64 * self.width)
    }

    /// When the run ended.
    pub fn ended(&self) -> Time {
        Time::from_nanos(self.ended)
    }

    /// Seconds of a bin that were played: the last may be shorter.
    pub fn seconds_of(&self, bin: usize) -> f64 {
        let start = self.start_of(bin).as_nanos();
        Span::nanos(self.ended.saturating_sub(start).min(self.width)).as_secs_f64()
    }

    /// Arrivals and messages.
    pub fn entered(&self) -> u64 {
        self.ways.iter().map(|way| way.payloads).sum()
    }

    /// Dead letters at the end of a bin.
    pub fn dead_letters_at(&self, bin: usize) -> u64 {
        self.letters.iter().map(|levels| levels.last(bin)).sum()
    }

    /// Dead letters at the end of the run.
    pub fn dead_letters(&self) -> u64 {
        self.letters.iter().map(Levels::ended).sum()
    }

    /// The mapping that sent most batches, the first of them in the file; none if there is no mapping.
    pub fn busiest_mapping(&self) -> Option<usize> {
        let batches = |at: &usize| self.mappings[*at].batches.total();
        (0..self.mappings.len()).rev().max_by_key(batches)
    }

    /// The function that ran most often, the first of them in the file; none if there is no function.
    pub fn busiest(&self) -> Option<usize> {
        let runs = |at: &usize| {
            let function = &self.functions[*at];
            function.first.total() + function.retry.total()
        };
        (0..self.functions.len()).rev().max_by_key(runs)
    }
}

const PLACES: usize = Place::ALL.len();
const REASONS: usize = Reason::ALL.len() + 1;
const AFTERLIVES: usize = Afterlife::ALL.len();
const WAYS: usize =
    (RUNS_MAX as usize + 1) * (LETTERS_MAX as usize + 1) * PLACES * REASONS * AFTERLIVES;

/// Records a run. What it costs is about that of the points of the same facts.
#[derive(Debug)]
pub struct Recorder {
    recording: Recording,
    /// The bin of the present, and when it ends.
    bin: usize,
    edge: u64,
    /// Payloads at each way's end, by [`way_of`].
    ways: Vec<u64>,
}

impl Recorder {
    /// Nothing has happened yet.
    pub fn new(config: &Config) -> Recorder {
        let Resources { functions, queues, mappings, readers, .. } = &*config.resources;
        let width = width(config.duration.since(Time::ZERO)).as_nanos();
        let is_asked = |function: usize| {
            // Somebody sends events to its event queue unless only mappings and callers that wait do.
            !mappings.iter().any(|mapping| mapping.function.index() == function)
                && !readers.iter().any(|reader| reader.function.index() == function)
        };
        let functions = functions.iter().enumerate().map(|(at, function)| {
            let (slots, by) = slots(&config.resources, at);
            FunctionTrack {
                name: function.name.clone(),
                slots: (slots, by.unwrap_or("the account's concurrency").to_owned()),
                age_max_s: is_asked(at).then(|| function.age_max.as_nanos() / 1_000_000_000),
                ..FunctionTrack::default()
            }
        });
        let queues = queues.iter().map(|queue| QueueTrack {
            name: queue.name.clone(),
            is_dead_letter_queue: queue.dead_letter_queue,
            visibility_ms: queue.visibility.as_nanos() / 1_000_000,
            ..QueueTrack::default()
        });
        let mappings = mappings.iter().enumerate().map(|(at, mapping)| MappingTrack {
            name: mapping.name.clone(),
            queue: mapping.queue.index(),
            function: mapping.function.index(),
            batch_size: mapping.batch_size,
            caps: caps(config, at),
            ..MappingTrack::default()
        });
        let recording = Recording {
            width,
            functions: functions.collect(),
            queues: queues.collect(),
            mappings: mappings.collect(),
            ..Recording::default()
        };
        Recorder { recording, bin: 0, edge: width, ways: vec![0; WAYS] }
    }

    /// The run ended at `end` with `register` as it is.
    pub fn finish(mut self, end: Time, register: &Register) -> Recording {
        for payload in register.unrested_payloads() {
            if !is_event(payload) {
                continue;
            }
            self.ways[way_of(payload, payload.place, Reason::None)] += 1;
            self.recording.unprocessed += u64::from(is_unprocessed(payload, payload.place));
        }
        self.recording.ended = end.as_nanos();
        let found = self.ways.iter().enumerate().filter(|(_, payloads)| **payloads > 0);
        self.recording.ways = found.map(|(at, payloads)| way_at(at, *payloads)).collect();
        self.recording
    }

    #[cold]
    fn turn(&mut self, now: u64) {
        while BINS_MAX as u64 <= now / self.recording.width {
            self.recording.halve();
        }
        self.bin = usize::try_from(now / self.recording.width).expect("some hundred");
        self.edge = (self.bin as u64 + 1) * self.recording.width;
    }

    fn moved(&mut self, register: &Register, moved: Move) {
        let Move { payload, from, to, reason, outcome } = moved;
        let Recorder { recording, bin, ways, .. } = self;
        let known = register.get(payload);
        let mut step = |place: Place, up: bool| {
            if !place.rests() || !is_event(known) {
                return;
            }
            // Why something was dropped matters where it comes in; nothing leaves what was dropped.
            let reason = if place == Place::Dropped { reason } else { Reason::None };
            let (way, unprocessed) =
                (&mut ways[way_of(known, place, reason)], &mut recording.unprocessed);
            for n in [Some(way), is_unprocessed(known, place).then_some(unprocessed)] {
                let Some(n) = n else { continue };
                *n = if up { *n + 1 } else { n.saturating_sub(1) };
            }
        };
        step(from, false);
        step(to, true);
        let class = known.dead_letters.clamp(1, LETTERS_MAX.into()) as usize - 1;
        match (from, to) {
            (Place::DeadLettered, _) => recording.letters[class].step(*bin, false),
            (_, Place::DeadLettered) => recording.letters[class].step(*bin, true),
            _ => (),
        }
        if let Some((_, Place::Succeeded)) = outcome {
            recording.succeeded.add(*bin);
        }
        match (from, to) {
            (Place::Waiting, _) => recording.waiting.step(*bin, false),
            (_, Place::Waiting) => recording.waiting.step(*bin, true),
            _ => (),
        }
    }

    fn queue(&mut self, queue: QueueId) -> (&mut QueueTrack, usize) {
        (&mut self.recording.queues[queue.index()], self.bin)
    }
}

impl Recording {
    /// Joins bins two by two.
    fn halve(&mut self) {
        let Recording { width, ended: _, arrived, succeeded, waiting, letters, .. } = self;
        *width *= 2;
        [arrived, succeeded].into_iter().for_each(Counts::halve);
        waiting.halve();
        letters.iter_mut().for_each(Levels::halve);
        for function in &mut self.functions {
            let FunctionTrack { first, retry, failed, throttled, processed, duplicates, .. } =
                function;
            for counts in [first, retry, failed, throttled, processed, duplicates] {
                counts.halve();
            }
            function.running.halve();
            function.ages.halve();
        }
        for queue in &mut self.queues {
            let QueueTrack { visible, hidden, arrived, received, expired, .. } = queue;
            [visible, hidden].into_iter().for_each(Levels::halve);
            [arrived, received, expired].into_iter().for_each(Counts::halve);
        }
        for mapping in &mut self.mappings {
            mapping.pollers.halve();
            mapping.batches.halve();
        }
    }
}

/// A width of bins that reads well and cuts a duration into at most [`BINS`].
pub(super) fn width(duration: Span) -> Span {
    let wanted = duration.as_nanos().div_ceil(BINS);
    let found = WIDTHS_MS.into_iter().map(Span::millis).find(|width| wanted <= width.as_nanos());
    found.unwrap_or(Span::nanos(wanted))
}

/// The caps of a mapping over time: those at the start, and each that differs from the one before.
fn caps(config: &Config, mapping: usize) -> Vec<(u64, Caps)> {
    let of = |resources: &Resources| {
        let mapping = &resources.mappings[mapping];
        Caps {
            maximum: mapping.concurrency_max,
            reserved: resources.functions[mapping.function.index()].reserved,
            account: resources.account.concurrency,
        }
    };
    let mut found = vec![(0, of(&config.resources))];
    for (at, change) in &config.timeline {
        if let Change::Configure(resources) = change
            && found.len() < BINS_MAX
            && found.last().is_none_or(|(_, last)| *last != of(resources))
        {
            found.push((at.as_nanos(), of(resources)));
        }
    }
    found
}

/// The most runs of a function at once that the resources allow, and the property that says so; none: it is
/// the account's limit.
pub(super) fn slots(resources: &Resources, function: usize) -> (u32, Option<&'static str>) {
    let (number, by) = match resources.functions[function].reserved {
        Some(reserved) => (reserved, Some("ReservedConcurrentExecutions")),
        None => (resources.account.concurrency, None),
    };
    let mut of = resources.mappings.iter().filter(|mapping| mapping.function.index() == function);
    match (of.next(), of.next()) {
        (Some(mapping), None) => match mapping.concurrency_max {
            Some(max) if max < number => (max, Some("MaximumConcurrency")),
            Some(_) | None => (number, by),
        },
        (Some(_), Some(_)) | (None, _) => (number, by),
    }
}

fn place_index(place: Place) -> usize {
    Place::ALL.iter().position(|known| *known == place).expect("all are there")
}

/// Whether a payload is an arrival or a message, and no request.
fn is_event(payload: &Payload) -> bool {
    payload.role != Role::Request
}

/// Whether it counts as never processed if it stays at this place.
fn is_unprocessed(payload: &Payload, place: Place) -> bool {
    is_wanted(place) && payload.successes == 0
}

/// Whether what is there ought to be processed.
fn is_wanted(place: Place) -> bool {
    match place {
        Place::Succeeded | Place::Filtered | Place::Delivered => false,
        Place::Waiting
        | Place::InFlight
        | Place::Failed
        | Place::Dropped
        | Place::DeadLettered
        | Place::Expired => true,
    }
}

fn way_of(payload: &Payload, place: Place, reason: Reason) -> usize {
    let runs = payload.runs.min(RUNS_MAX.into()) as usize;
    let letters = payload.dead_letters.min(LETTERS_MAX.into()) as usize;
    let places = (runs * (usize::from(LETTERS_MAX) + 1) + letters) * PLACES + place_index(place);
    (places * REASONS + reason.index()) * AFTERLIVES + payload.afterlife as usize
}

fn way_at(at: usize, payloads: u64) -> Way {
    let byte = |n: usize| u8::try_from(n).expect("all are few");
    let (rest, afterlife) = (at / AFTERLIVES, at % AFTERLIVES);
    let (rest, reason) = (rest / REASONS, rest % REASONS);
    let (rest, place) = (rest / PLACES, rest % PLACES);
    let letters = usize::from(LETTERS_MAX) + 1;
    Way {
        runs: byte(rest / letters),
        letters: byte(rest % letters),
        place: byte(place),
        reason: byte(reason),
        afterlife: byte(afterlife),
        payloads,
    }
}

impl Observer for Recorder {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let now = moment.now.as_nanos();
        if self.edge <= now {
            self.turn(now);
        }
        let bin = self.bin;
        if let Some(moved) = moment.moved
            && moved.from != moved.to
        {
            self.moved(moment.register, moved);
        }
        match *fact {
            Fact::Arrived { .. } => self.recording.arrived.add(bin),
            Fact::RunStarted { function, payload, records, .. } => {
                let ran_before = moment.register.get(payload).runs > 0;
                let function = &mut self.recording.functions[function.index()];
                if ran_before { &mut function.retry } else { &mut function.first }.add(bin);
                function.running.step(bin, true);
                function.records += u64::from(records);
            }
            Fact::RunEnded { function, ran, error, .. } => {
                let function = &mut self.recording.functions[function.index()];
                if error.is_some() {
                    function.failed.add(bin);
                }
                function.running.step(bin, false);
                function.busy.0 = function.busy.0.saturating_add(ran.as_nanos());
                function.busy.1 += 1;
            }
            Fact::Throttled { function, .. } => {
                self.recording.functions[function.index()].throttled.add(bin);
            }
            Fact::Processed { function, payload, nth } => {
                let function = &mut self.recording.functions[function.index()];
                if nth > 1 {
                    function.duplicates.add(bin);
                } else {
                    let place = moment.register.get(payload).place;
                    // A payload that is processed was tried: it is an event.
                    if place.rests() && is_wanted(place) {
                        // A run that went on after it was given up.
                        let unprocessed = &mut self.recording.unprocessed;
                        *unprocessed = unprocessed.saturating_sub(1);
                    }
                    let born = moment.register.root(payload).born;
                    function.processed.add(bin);
                    let age = moment.now.since(born);
                    function.ages.add(bin, age);
                    function.age_last = function.age_last.max(age.as_nanos());
                }
            }
            Fact::Enqueued { queue, payload, entry, delayed, .. } => {
                let known = moment.register.get(payload);
                if matches!(entry, Entry::DeadLetter | Entry::Redriven)
                    && known.afterlife == Afterlife::Once
                {
                    let runs = known.runs.min(RUNS_MAX.into()) as usize;
                    self.recording.lettered_after[runs] += 1;
                }
                let (queue, bin) = self.queue(queue);
                queue.arrived.add(bin);
                if !delayed {
                    queue.visible.step(bin, true);
                }
            }
            Fact::Appeared { queue, .. } => {
                let (queue, bin) = self.queue(queue);
                queue.visible.step(bin, true);
            }
            Fact::Received { queue, .. } => {
                let (queue, bin) = self.queue(queue);
                queue.received.add(bin);
                queue.visible.step(bin, false);
                queue.hidden.step(bin, true);
            }
            Fact::Returned { queue, .. } => {
                let (queue, bin) = self.queue(queue);
                queue.hidden.step(bin, false);
                queue.visible.step(bin, true);
            }
            Fact::Deleted { queue, was, .. } | Fact::Purged { queue, was, .. } => {
                let (queue, bin) = self.queue(queue);
                queue.leave(bin, was);
            }
            Fact::Expired { queue, was, .. } => {
                let (queue, bin) = self.queue(queue);
                queue.expired.add(bin);
                queue.leave(bin, was);
            }
            Fact::Redriven { queue, .. } | Fact::MovedBack { queue, .. } => {
                let (queue, bin) = self.queue(queue);
                queue.visible.step(bin, false);
            }
            Fact::Invoked { mapping, .. } => {
                self.recording.mappings[mapping.index()].batches.add(bin);
            }
            Fact::PollersScaled { mapping, pollers } => {
                let pollers = u64::from(pollers);
                self.recording.mappings[mapping.index()].pollers.set(bin, pollers);
            }
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::CallId;

    #[test]
    fn bins_are_joined_without_losing_anything() {
        let mut counts = Counts::default();
        for bin in [0, 0, 3, 4, 4, 4] {
            counts.add(bin);
        }
        counts.halve();
        assert_eq!((counts.at(0), counts.at(1), counts.at(2), counts.total()), (2, 1, 3, 6));
        let mut levels = Levels::default();
        for (bin, level) in [(0, 5), (0, 2), (3, 9), (3, 1)] {
            levels.set(bin, level);
        }
        assert_eq!([1, 2].map(|bin| (levels.highest(bin), levels.last(bin))), [(2, 2); 2]);
        levels.halve();
        assert_eq!([0, 1].map(|bin| (levels.highest(bin), levels.last(bin))), [(5, 2), (9, 1)]);
        assert_eq!((levels.last(7), levels.peak(), levels.ended()), (1, 9, 1));
    }

    #[test]
    fn an_age_is_in_the_class_that_holds_it() {
        for age in [0, 1, 600_000, 1_000_000, 59_900_000_000, 60_000_000_000, u64::MAX >> 1] {
            let class = Ages::class(Span::nanos(age));
            let (from, to) = Ages::range(class);
            assert!(from.as_nanos() <= age && age < to.as_nanos(), "{age}: {from:?} {to:?}");
            let wide = (to.as_nanos() - from.as_nanos()) as f64 / to.as_nanos() as f64;
            assert!(class == 0 || wide <= 1.0 / 16.0, "{age}");
        }
        let mut ages = Ages::default();
        (1..=100).for_each(|second| ages.add(0, Span::secs(second)));
        let median = Ages::quantile(ages.at(0), 50).expect("there are some").as_secs_f64();
        assert!((50.0..54.0).contains(&median), "{median}");
        assert_eq!(Ages::quantile(&[], 50), None);
    }

    #[test]
    fn a_way_is_what_was_put_in() {
        let mut register = Register::default();
        let id = register.arrive(CallId(0), 0, 1, Time::ZERO);
        let payload = register.get_mut(id);
        for (runs, letters, place) in [(0, 0, Place::Succeeded), (9, 2, Place::DeadLettered)] {
            (payload.runs, payload.dead_letters) = (runs, letters);
            let way = way_at(way_of(payload, place, Reason::None), 7);
            assert_eq!((way.place(), way.reason(), way.payloads), (place, Reason::None, 7));
            assert_eq!((u32::from(way.runs), u32::from(way.letters)), (runs.min(6), letters));
        }
        for afterlife in Afterlife::ALL {
            payload.afterlife = afterlife;
            let dropped = way_at(way_of(payload, Place::Dropped, Reason::Purged), 1);
            assert_eq!((dropped.place(), dropped.reason()), (Place::Dropped, Reason::Purged));
            assert_eq!(dropped.afterlife(), afterlife);
        }
    }

    #[test]
    fn bins_are_of_a_round_width() {
        let of = |secs| width(Span::secs(secs));
        assert_eq!([of(3600), of(900), of(24)], [Span::secs(15), Span::secs(5), Span::millis(100)]);
        assert_eq!(of(86_400 * 400).as_nanos(), 86_400_000_000_000 * 400 / 240);
    }
}
