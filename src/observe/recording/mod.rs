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

mod bins;
mod recorder;

pub use self::{
    bins::{Ages, Bins, Counts, Levels, Sampled},
    recorder::{Recorder, slots},
};
use super::{cell::Stats, measure::Measure};
pub use crate::model::register::Afterlife;
use crate::{
    kernel::{Span, Time},
    model::{Place, ResourceKind, outcome::Reason},
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

#[cfg(test)]
mod tests {
    use super::{
        recorder::{way_at, way_of, width},
        *,
    };
    use crate::model::{Register, vocabulary::CallId};

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
