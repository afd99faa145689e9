//! A run folded for charts: some hundred bins of time, however long it was and however much happened.
//!
//! ```text
//!   table ─(each bin)─► a track for every measure of every resource that has something to tell
//!   fact ──► Recorder ──┬► ages when processed, a histogram a bin
//!                       ├► dead letters by how often they were dead-lettered
//!                       └► ways: through how many runs to which place of the ledger
//! ```
//!
//! A chart asks for the track of a resource and a measure; a measure that is added has one without a word here.
//!
//! The bins begin narrow, a round number of seconds that is about the 240th part of the duration, and
//! are joined two by two when the run goes on for longer than twice as many. So memory does not grow with
//! the run: about a megabyte for each function. Everything is an integer. Counts and levels are from time 0, a warm-up or not;
//! distributions begin with what enters after it, as everywhere.

use super::{
    cell::{Cell, Mark, Stats},
    measure::{Form, Measure},
    table::{MetricTable, Slot},
};
pub use crate::model::register::Afterlife;
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Place, Register, Resource, ResourceKind,
        config::{Change, Config, Resources},
        outcome::{Reason, Role},
        register::{Move, Payload},
        vocabulary::Entry,
    },
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bins that a duration is cut into, or a few less.
const BINS: u64 = 240;
/// More are joined two by two.
const BINS_MAX: usize = 480;
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
    fn add(&mut self, bin: usize, n: u64) {
        if self.0.len() <= bin {
            self.0.resize(bin + 1, 0);
        }
        self.0[bin] = self.0[bin].saturating_add(n);
    }

    /// What is left where so many of each bin are taken off.
    fn without(&self, others: &Counts) -> Counts {
        let rest = self.0.iter().enumerate();
        Counts(rest.map(|(bin, n)| n.saturating_sub(others.at(bin))).collect())
    }

    fn halve(&mut self) {
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
    /// In a bin the level was so high at the highest, the one at its beginning included, and is `last` now.
    fn put(&mut self, bin: usize, highest: u64, last: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, (self.now, self.now));
        }
        self.now = last;
        let of_bin = &mut self.bins[bin];
        *of_bin = (of_bin.0.max(highest), last);
    }

    /// A level that changes rarely goes up or down by one.
    fn step(&mut self, bin: usize, up: bool) {
        let level = if up { self.now + 1 } else { self.now.saturating_sub(1) };
        self.put(bin, level, level);
    }

    fn halve(&mut self) {
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
    /// How many classes there are.
    const CLASSES: u16 = (64 - Ages::SMALLEST as u16) * 16;

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

    fn add(&mut self, bin: usize, class: u16, n: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, Vec::new());
        }
        add(&mut self.bins[bin], class, n);
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

/// Samples in each bin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// How many, their sum, and the largest, of each bin; 0 where there was none.
    bins: Vec<(u64, u64, u64)>,
}

impl Sampled {
    fn put(&mut self, bin: usize, n: u64, sum: u64, max: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, (0, 0, 0));
        }
        let of_bin = &mut self.bins[bin];
        *of_bin = (of_bin.0 + n, of_bin.1.saturating_add(sum), of_bin.2.max(max));
    }

    fn halve(&mut self) {
        let join = |pair: &[(u64, u64, u64)]| {
            pair.iter().fold((0, 0, 0), |all: (u64, u64, u64), one| {
                (all.0 + one.0, all.1.saturating_add(one.1), all.2.max(one.2))
            })
        };
        self.bins = self.bins.chunks(2).map(join).collect();
    }

    /// The largest of a bin, as it is kept (nanoseconds, for a time); none if there was no sample.
    pub fn max(&self, bin: usize) -> Option<u64> {
        self.bins.get(bin).filter(|(n, ..)| *n > 0).map(|(.., max)| *max)
    }

    /// The mean of a bin, as it is kept; none if there was no sample.
    pub fn mean(&self, bin: usize) -> Option<f64> {
        self.bins.get(bin).filter(|(n, ..)| *n > 0).map(|(n, sum, _)| *sum as f64 / *n as f64)
    }

    /// How many there were in a bin.
    pub fn count(&self, bin: usize) -> u64 {
        self.bins.get(bin).map_or(0, |(n, ..)| *n)
    }

    /// The largest of all bins.
    pub fn peak(&self) -> Option<u64> {
        self.bins.iter().filter(|(n, ..)| *n > 0).map(|(.., max)| *max).max()
    }
}

/// A measure of a resource, bin by bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bins {
    /// Of a count or an amount: how many in each bin, or how much of what is kept (see [`Unit`]).
    ///
    /// [`Unit`]: super::measure::Unit
    Counts(Counts),
    /// Of a gauge.
    Levels(Levels),
    /// Of a distribution.
    Sampled(Sampled),
}

impl Bins {
    fn new(form: Form) -> Bins {
        match form {
            Form::Counter | Form::Tally => Bins::Counts(Counts::default()),
            Form::Gauge => Bins::Levels(Levels::default()),
            Form::Samples => Bins::Sampled(Sampled::default()),
        }
    }

    fn put(&mut self, bin: usize, stats: Stats) {
        let whole = |n: i128| u64::try_from(n.max(0)).unwrap_or(u64::MAX);
        let (highest, last) = (whole(stats.max.into()), whole(stats.last.into()));
        match self {
            Bins::Counts(counts) => counts.add(bin, whole(stats.sum)),
            Bins::Levels(levels) => levels.put(bin, highest, last),
            Bins::Sampled(sampled) => sampled.put(bin, stats.samples, whole(stats.sum), highest),
        }
    }

    fn halve(&mut self) {
        match self {
            Bins::Counts(counts) => counts.halve(),
            Bins::Levels(levels) => levels.halve(),
            Bins::Sampled(sampled) => sampled.halve(),
        }
    }

    /// How many there were in these bins, the highest level, or the largest sample.
    pub fn over(&self, bins: std::ops::Range<usize>) -> u64 {
        match self {
            Bins::Counts(counts) => bins.map(|bin| counts.at(bin)).sum(),
            Bins::Levels(levels) => bins.map(|bin| levels.highest(bin)).max().unwrap_or(0),
            Bins::Sampled(sampled) => bins.filter_map(|bin| sampled.max(bin)).max().unwrap_or(0),
        }
    }

    /// The highest of all bins.
    pub fn peak(&self) -> u64 {
        match self {
            Bins::Counts(counts) => (0..BINS_MAX).map(|bin| counts.at(bin)).max().unwrap_or(0),
            Bins::Levels(levels) => levels.peak(),
            Bins::Sampled(sampled) => sampled.peak().unwrap_or(0),
        }
    }
}

/// A track as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    kind: String,
    name: String,
    measure: String,
    #[serde(flatten)]
    bins: Bins,
}

impl From<Track> for Written {
    fn from(Track { kind, name, measure, bins }: Track) -> Written {
        Written { kind: format!("{kind:?}"), name, measure: measure.name().to_owned(), bins }
    }
}

impl TryFrom<Written> for Track {
    type Error = String;

    fn try_from(Written { kind, name, measure, bins }: Written) -> Result<Track, String> {
        let found = ResourceKind::ALL.iter().find(|known| format!("{known:?}") == kind);
        let kind = *found.ok_or_else(|| format!("{kind} is no kind of resource"))?;
        let found = Measure::find(kind, &measure);
        let measure = found.ok_or_else(|| format!("{measure} is no measure of {name}"))?;
        Ok(Track { kind, name, measure, bins })
    }
}

/// A measure of a resource over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Track {
    /// The kind of the resource.
    pub kind: ResourceKind,
    /// Its name.
    pub name: String,
    /// The measure.
    pub measure: Measure,
    /// What there was.
    pub bins: Bins,
}

/// What is kept of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionTrack {
    /// Its name.
    pub name: String,
    /// Runs on what had not run before.
    #[serde(skip)]
    pub first: Counts,
    /// Runs on what had.
    #[serde(skip)]
    pub retry: Counts,
    /// Runs that failed, at their end.
    #[serde(skip)]
    pub failed: Counts,
    /// Tries refused with 429.
    #[serde(skip)]
    pub throttled: Counts,
    /// Payloads processed for the first time.
    #[serde(skip)]
    pub processed: Counts,
    /// Payloads processed once more.
    #[serde(skip)]
    pub duplicates: Counts,
    /// Runs at once.
    #[serde(skip)]
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
    #[serde(skip)]
    pub visible: Levels,
    /// Messages received and neither deleted nor visible again.
    #[serde(skip)]
    pub hidden: Levels,
    /// Messages that came in, in whatever way.
    #[serde(skip)]
    pub arrived: Counts,
    /// Messages received.
    #[serde(skip)]
    pub received: Counts,
    /// Messages whose retention was over.
    #[serde(skip)]
    pub expired: Counts,
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
    #[serde(skip)]
    pub pollers: Levels,
    /// Batches sent.
    #[serde(skip)]
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

/// A run, folded. What functions, queues and mappings have of the tracks is written once, with the tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
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
    /// Every measure that has something to tell, in the order of the outputs.
    tracks: Vec<Track>,
    /// Every way that an arrival or message went, those first that had fewer runs.
    pub ways: Vec<Way>,
    /// Payloads that came into a dead-letter queue of the file for the first time after so many runs.
    pub lettered_after: [u64; RUNS_MAX as usize + 1],
    /// Payloads that were never processed, unless nobody wanted them or they are where nothing reads.
    pub unprocessed: u64,
}

impl Serialize for Recording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Recording::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Recording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Recording, D::Error> {
        let mut recording = Recording::deserialize(deserializer)?;
        recording.lay_out();
        Ok(recording)
    }
}

impl Recording {
    /// The track of a measure of a resource; none if it had nothing to tell.
    pub fn track(&self, kind: ResourceKind, name: &str, measure: Measure) -> Option<&Bins> {
        let wanted =
            |track: &&Track| track.measure == measure && track.kind == kind && track.name == name;
        self.tracks.iter().find(wanted).map(|track| &track.bins)
    }

    /// Every track there is, in the order of the outputs.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    fn counts(&self, kind: ResourceKind, name: &str, measure: Measure) -> Counts {
        match self.track(kind, name, measure) {
            Some(Bins::Counts(counts)) => counts.clone(),
            Some(Bins::Levels(_) | Bins::Sampled(_)) | None => Counts::default(),
        }
    }

    fn levels(&self, kind: ResourceKind, name: &str, measure: Measure) -> Levels {
        match self.track(kind, name, measure) {
            Some(Bins::Levels(levels)) => levels.clone(),
            Some(Bins::Counts(_) | Bins::Sampled(_)) | None => Levels::default(),
        }
    }

    /// Lays out what functions, queues and mappings have of the tracks.
    fn lay_out(&mut self) {
        let mut functions = std::mem::take(&mut self.functions);
        for function in &mut functions {
            let counts = |measure| self.counts(ResourceKind::Function, &function.name, measure);
            function.retry = counts(Measure::Retries);
            function.first = counts(Measure::Invocations).without(&function.retry);
            function.failed = counts(Measure::Errors);
            function.throttled = counts(Measure::Throttles);
            function.processed = counts(Measure::ProcessedOnce);
            function.duplicates = counts(Measure::Duplicates);
            let running = Measure::ConcurrentExecutions;
            function.running = self.levels(ResourceKind::Function, &function.name, running);
        }
        self.functions = functions;
        let mut queues = std::mem::take(&mut self.queues);
        for queue in &mut queues {
            let levels = |measure| self.levels(ResourceKind::Queue, &queue.name, measure);
            queue.visible = levels(Measure::ApproximateNumberOfMessagesVisible);
            queue.hidden = levels(Measure::ApproximateNumberOfMessagesNotVisible);
            let counts = |measure| self.counts(ResourceKind::Queue, &queue.name, measure);
            queue.arrived = counts(Measure::QueueArrived);
            queue.received = counts(Measure::NumberOfMessagesReceived);
            queue.expired = counts(Measure::QueueExpired);
        }
        self.queues = queues;
        let mut mappings = std::mem::take(&mut self.mappings);
        for mapping in &mut mappings {
            let (kind, name) = (ResourceKind::Mapping, &mapping.name);
            mapping.pollers = self.levels(kind, name, Measure::Pollers);
            mapping.batches = self.counts(kind, name, Measure::Batches);
        }
        self.mappings = mappings;
    }

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

/// Records a run: looks at the table of numbers when a bin ends, and takes from facts only what the table does not
/// have.
#[derive(Debug)]
pub struct Recorder {
    recording: Recording,
    /// The bin of the present, and when it ends.
    bin: usize,
    edge: u64,
    marks: Vec<Mark>,
    /// The bins of each slot of the table that has something to tell.
    bins: Vec<Option<Bins>>,
    /// The run's arrivals and those that succeeded, up to the last look.
    seen: (u64, u64),
    /// What waits, and the most that did in the present bin.
    waiting: (u64, u64),
    /// The ages of the present bin, a function each.
    ages: Vec<AgesNow>,
    /// Payloads at each way's end, by [`way_of`].
    ways: Vec<u64>,
}

/// The ages of the present bin.
#[derive(Clone, Debug)]
struct AgesNow {
    /// How many there are in each class, and which have some.
    classes: Vec<u32>,
    some: Vec<u16>,
}

impl AgesNow {
    #[inline]
    fn add(&mut self, age: Span) {
        let class = Ages::class(age);
        if self.classes.is_empty() {
            self.classes.resize(usize::from(Ages::CLASSES), 0);
        }
        let n = &mut self.classes[usize::from(class)];
        if *n == 0 {
            self.some.push(class);
        }
        *n += 1;
    }

    fn give(&mut self, bin: usize, ages: &mut Ages) {
        self.some.sort_unstable();
        for class in self.some.drain(..) {
            let n = std::mem::take(&mut self.classes[usize::from(class)]);
            ages.add(bin, class, n.into());
        }
    }
}

impl Recorder {
    /// Nothing has happened yet.
    pub fn new(config: &Config, table: &MetricTable) -> Recorder {
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
        let none = AgesNow { classes: Vec::new(), some: Vec::new() };
        Recorder {
            bin: 0,
            edge: width,
            marks: table.slots().iter().map(|slot| Mark::new(table.at(slot))).collect(),
            bins: vec![None; table.slots().len()],
            seen: (0, 0),
            waiting: (0, 0),
            ages: vec![none; recording.functions.len()],
            ways: vec![0; WAYS],
            recording,
        }
    }

    /// When the present bin ends.
    pub fn next(&self) -> Time {
        Time::from_nanos(self.edge)
    }

    /// A cell has new extremes.
    pub fn look(&mut self, slot: usize, cell: Cell<'_>) {
        self.marks[slot].look(cell);
    }

    /// Adds to the present bin what the table has since the last time; everybody has looked at it.
    pub fn take(&mut self, table: &MetricTable) {
        let bin = self.bin;
        let slots = table.slots().iter().zip(&mut self.marks).zip(&mut self.bins);
        for ((slot, mark), bins) in slots {
            let cell = table.at(slot);
            if let Some(stats) = mark.close(cell, Time::ZERO, Time::ZERO)
                && slot.resource != Resource::RUN
                && (stats.sum != 0 || stats.max != 0 || stats.last != 0)
            {
                let form = slot.measure.kind().form();
                bins.get_or_insert_with(|| Bins::new(form)).put(bin, stats);
            }
        }
        let of_run = |measure| match table.cell(Resource::RUN, measure) {
            Cell::Counter(cell) => cell.sum,
            Cell::Tally(_) | Cell::Gauge(_) | Cell::Samples(_) => 0,
        };
        let seen = (of_run(Measure::Arrivals), of_run(Measure::Succeeded));
        let Recording { arrived, succeeded, waiting, functions, .. } = &mut self.recording;
        for (counts, (now, before)) in
            [(arrived, (seen.0, self.seen.0)), (succeeded, (seen.1, self.seen.1))]
        {
            if before < now {
                counts.add(bin, now - before);
            }
        }
        self.seen = seen;
        let (now, highest) = self.waiting;
        if (now, highest) != (waiting.now, waiting.now) {
            waiting.put(bin, highest, now);
        }
        self.waiting = (now, now);
        for (now, function) in self.ages.iter_mut().zip(functions) {
            now.give(bin, &mut function.ages);
        }
    }

    /// The table begins anew; what it had was taken.
    pub fn begin_counting(&mut self, table: &MetricTable) {
        for (slot, mark) in table.slots().iter().zip(&mut self.marks) {
            *mark = Mark::new(table.at(slot));
        }
    }

    /// The present bin is over, and the table was taken: the next in which something happens is that of `now`.
    pub fn turn(&mut self, now: Time) {
        let now = now.as_nanos();
        while BINS_MAX as u64 <= now / self.recording.width {
            self.recording.halve();
            self.bins.iter_mut().flatten().for_each(Bins::halve);
        }
        self.bin = usize::try_from(now / self.recording.width).expect("some hundred");
        self.edge = (self.bin as u64 + 1) * self.recording.width;
    }

    /// The bins of a slot of the table, up to the last time that they were taken; none if it has nothing to tell.
    pub fn bins(&self, slot: usize) -> Option<&Bins> {
        self.bins[slot].as_ref()
    }

    /// The width of a bin.
    pub fn width(&self) -> Span {
        self.recording.width()
    }

    /// The recording of a run that ended at `end` with `register` as it is, after the table was taken.
    pub fn recording(
        &self,
        end: Time,
        register: &Register,
        table: &MetricTable,
        resources: &Resources,
    ) -> Recording {
        let (mut recording, mut ways) = (self.recording.clone(), self.ways.clone());
        for payload in register.unrested_payloads() {
            if !is_event(payload) {
                continue;
            }
            ways[way_of(payload, payload.place, Reason::None)] += 1;
            recording.unprocessed += u64::from(is_unprocessed(payload, payload.place));
        }
        recording.ended = end.as_nanos();
        let found = ways.iter().enumerate().filter(|(_, payloads)| **payloads > 0);
        recording.ways = found.map(|(at, payloads)| way_at(at, *payloads)).collect();
        for (id, function) in resources.function_ids().zip(&mut recording.functions) {
            if let Cell::Samples(samples) = table.cell(id.into(), Measure::Duration) {
                let sum = u64::try_from(samples.histogram.sum()).unwrap_or(u64::MAX);
                function.busy = (sum, samples.histogram.count());
            }
        }
        let tracks = table.slots().iter().zip(&self.bins).filter_map(|(slot, bins)| {
            let Slot { resource, measure, .. } = *slot;
            let name = resource.name(resources).to_owned();
            Some(Track { kind: resource.kind, name, measure, bins: bins.clone()? })
        });
        recording.tracks = tracks.collect();
        recording.lay_out();
        recording
    }

    /// A payload moved to another place than it was in.
    #[inline]
    pub fn moved(&mut self, register: &Register, moved: Move) {
        let Move { payload, from, to, .. } = moved;
        if from == Place::Waiting {
            self.waiting.0 = self.waiting.0.saturating_sub(1);
        } else if to == Place::Waiting {
            self.waiting.0 += 1;
            self.waiting.1 = self.waiting.1.max(self.waiting.0);
        }
        if from.rests() || to.rests() {
            self.rested(register.get(payload), moved);
        }
    }

    fn rested(&mut self, known: &Payload, moved: Move) {
        let Move { from, to, reason, .. } = moved;
        let Recorder { recording, bin, ways, .. } = self;
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
    }

    /// Takes from a fact what the table does not have.
    #[inline(always)]
    pub fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if let Some(moved) = moment.moved
            && moved.from != moved.to
        {
            self.moved(moment.register, moved);
        }
        match *fact {
            Fact::RunStarted { function, records, .. } => {
                self.recording.functions[function.index()].records += u64::from(records);
            }
            Fact::Processed { function, payload, nth: 1 } => {
                let known = moment.register.get(payload);
                // A payload that is processed was tried: it is an event.
                if known.place.rests() && is_wanted(known.place) {
                    // A run that went on after it was given up.
                    let unprocessed = &mut self.recording.unprocessed;
                    *unprocessed = unprocessed.saturating_sub(1);
                }
                let age = moment.now.since(moment.register.root(payload).born);
                self.ages[function.index()].add(age);
                let last = &mut self.recording.functions[function.index()].age_last;
                *last = age.as_nanos().max(*last);
            }
            Fact::Enqueued { payload, entry: Entry::DeadLetter | Entry::Redriven, .. } => {
                let known = moment.register.get(payload);
                if known.afterlife == Afterlife::Once {
                    let runs = known.runs.min(RUNS_MAX.into()) as usize;
                    self.recording.lettered_after[runs] += 1;
                }
            }
            _ => (),
        }
    }
}

impl Recording {
    /// Joins bins two by two.
    fn halve(&mut self) {
        let Recording { width, arrived, succeeded, waiting, letters, functions, .. } = self;
        *width *= 2;
        [arrived, succeeded].into_iter().for_each(Counts::halve);
        waiting.halve();
        letters.iter_mut().for_each(Levels::halve);
        functions.iter_mut().for_each(|function| function.ages.halve());
    }
}

/// A width of bins that reads well and cuts a duration into at most [`BINS`].
fn width(duration: Span) -> Span {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::vocabulary::CallId;

    #[test]
    fn bins_are_joined_without_losing_anything() {
        let mut counts = Counts::default();
        for bin in [0, 0, 3, 4, 4, 4] {
            counts.add(bin, 1);
        }
        counts.halve();
        assert_eq!((counts.at(0), counts.at(1), counts.at(2), counts.total()), (2, 1, 3, 6));
        let mut levels = Levels::default();
        for (bin, highest, level) in [(0, 5, 5), (0, 5, 2), (3, 9, 9), (3, 9, 1)] {
            levels.put(bin, highest, level);
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
        (1..=100).for_each(|second| ages.add(0, Ages::class(Span::secs(second)), 1));
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
