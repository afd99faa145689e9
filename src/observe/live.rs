//! A run as it stands, for those who watch it go on.
//!
//! ```text
//!   fact ──► Live ──┬► levels    every count and gauge of every resource, as it is now
//!                   ├► books     the ledger of each caller
//!                   ├► tracks    runs, errors, depths: some hundred bins each, however long the run
//!                   └► latest    the last facts; the first that were dead-lettered
//! ```
//!
//! Counts are those of [`points`], so they are the results' own; all run from time 0, a warm-up or not.

use super::{
    ledger::{Book, Ledger, LedgerKind},
    measure::Measure,
    point::{About, Bases, Guide, Sink, SinkOf, points},
    recording::{BINS_MAX, Counts, Levels, slots, width},
    trace::{Id, Noted},
};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Place, Resource,
        config::{Config, Resources},
        facts::Answer,
        outcome::Reason,
        register::Move,
        vocabulary::{CallId, DependencyId, FunctionId, PayloadId, QueueId},
    },
};
use std::{collections::VecDeque, sync::Arc};

/// So many of the last facts are kept.
const LATEST: usize = 64;
/// So many of those that were dead-lettered are named.
const LETTERS: usize = 1000;

/// What is followed over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// Runs of a function, at their beginning.
    Runs,
    /// Runs that failed, at their end.
    Errors,
    /// Tries refused with 429.
    Throttles,
    /// Events in a function's event queue that are not being tried.
    Waiting,
    /// Messages of a queue that can be received.
    Visible,
    /// Requests that wait for a place of a dependency.
    Queued,
}

/// One of what is followed, bin by bin.
#[derive(Clone, Debug)]
pub struct Track {
    /// Whose.
    pub resource: Resource,
    /// What.
    pub followed: Followed,
    bins: Bins,
}

#[derive(Clone, Debug)]
enum Bins {
    Counts(Counts),
    Levels(Levels),
}

impl Track {
    /// How many there were in these bins, or the highest level.
    pub fn over(&self, bins: std::ops::Range<usize>) -> u64 {
        match &self.bins {
            Bins::Counts(counts) => bins.map(|bin| counts.at(bin)).sum(),
            Bins::Levels(levels) => bins.map(|bin| levels.highest(bin)).max().unwrap_or(0),
        }
    }

    /// The highest of all bins.
    pub fn peak(&self) -> u64 {
        match &self.bins {
            Bins::Counts(counts) => (0..BINS_MAX).map(|bin| counts.at(bin)).max().unwrap_or(0),
            Bins::Levels(levels) => levels.peak(),
        }
    }

    fn halve(&mut self) {
        match &mut self.bins {
            Bins::Counts(counts) => counts.halve(),
            Bins::Levels(levels) => levels.halve(),
        }
    }
}

/// A run as it stands.
#[derive(Debug)]
pub struct Live {
    resources: Arc<Resources>,
    guide: Guide,
    bases: Bases,
    /// What each count and gauge is now, by `bases`.
    levels: Vec<i64>,
    /// Where among the tracks each of them is followed, if it is.
    followed: Vec<Option<u16>>,
    tracks: Vec<Track>,
    /// The track of each function's event queue.
    waiting: Vec<usize>,
    books: Vec<Book>,
    /// The ledger of the run, once it is over.
    ended: Option<Ledger>,
    /// The most runs at once of each function, if that is not the account's limit.
    slots: Vec<Option<u32>>,
    /// The places of each dependency; none: as many as are asked for.
    places: Vec<Option<u32>>,
    /// The width of a bin, the bin of the present, and when it ends; in nanoseconds.
    width: u64,
    bin: usize,
    edge: u64,
    facts: u64,
    latest: VecDeque<Noted>,
    letters: Vec<Id>,
}

impl Live {
    /// Nothing has happened yet.
    pub fn new(config: &Config) -> Live {
        let resources = Arc::clone(&config.resources);
        let bases = Bases::new(&resources);
        let width = width(config.duration.since(Time::ZERO)).as_nanos();
        let mut live = Live {
            guide: Guide::new(config),
            levels: vec![0; bases.end()],
            followed: vec![None; bases.end()],
            bases,
            tracks: Vec::new(),
            waiting: Vec::new(),
            books: vec![Book::default(); resources.callers],
            ended: None,
            slots: own_slots(&resources),
            places: resources.dependencies.iter().map(|of| of.concurrency).collect(),
            width,
            bin: 0,
            edge: width,
            facts: 0,
            latest: VecDeque::with_capacity(LATEST),
            letters: Vec::new(),
            resources,
        };
        live.follow_all();
        live
    }

    fn follow_all(&mut self) {
        let resources = Arc::clone(&self.resources);
        let counts = || Bins::Counts(Counts::default());
        let levels = || Bins::Levels(Levels::default());
        for id in resources.function_ids() {
            let function = Resource::from(id);
            for (measure, followed) in [
                (Measure::Invocations, Followed::Runs),
                (Measure::Errors, Followed::Errors),
                (Measure::Throttles, Followed::Throttles),
            ] {
                self.follow(function, Some(measure), followed, counts());
            }
            self.waiting.push(self.tracks.len());
            self.follow(function, None, Followed::Waiting, levels());
        }
        for id in (0..resources.queues.len()).map(QueueId::at) {
            let visible = Measure::ApproximateNumberOfMessagesVisible;
            self.follow(Resource::from(id), Some(visible), Followed::Visible, levels());
        }
        for id in (0..resources.dependencies.len()).map(DependencyId::at) {
            let (dependency, queued) = (Resource::from(id), Measure::WorkQueued);
            self.follow(dependency, Some(queued), Followed::Queued, levels());
        }
    }

    fn follow(
        &mut self,
        resource: Resource,
        measure: Option<Measure>,
        followed: Followed,
        bins: Bins,
    ) {
        if let Some(measure) = measure {
            let track =
                u16::try_from(self.tracks.len()).expect("fewer tracks than ids, each small");
            self.followed[self.bases.of(resource) + measure as usize] = Some(track);
        }
        self.tracks.push(Track { resource, followed, bins });
    }

    /// A count or gauge of a resource, as it is now.
    pub fn level(&self, resource: Resource, measure: Measure) -> u64 {
        let level = self.levels[self.bases.of(resource) + measure as usize];
        u64::try_from(level).unwrap_or(0)
    }

    /// Events in a function's event queue that are not being tried.
    pub fn waiting(&self, function: FunctionId) -> u64 {
        match &self.tracks[self.waiting[function.index()]].bins {
            Bins::Levels(levels) => levels.ended(),
            Bins::Counts(_) => unreachable!("what waits is a level"),
        }
    }

    /// The most runs at once of a function: reserved for it, or sent by its mapping. None: the account's.
    pub fn slots(&self, function: FunctionId) -> Option<u32> {
        self.slots[function.index()]
    }

    /// Requests that a dependency serves at once; none: as many as come.
    pub fn places(&self, dependency: DependencyId) -> Option<u32> {
        self.places[dependency.index()]
    }

    /// Everything that is followed: functions, queues, dependencies, each in the order of the file.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The width of a bin.
    pub fn width(&self) -> Span {
        Span::nanos(self.width)
    }

    /// The run is over, and this is its ledger.
    pub fn end(&mut self, ledger: Ledger) {
        self.ended = Some(ledger);
    }

    /// The ledger as it stands.
    pub fn ledger(&self) -> Ledger {
        if let Some(ledger) = &self.ended {
            return ledger.clone();
        }
        let name = |id: CallId| self.resources.calls[id.index()].name.clone();
        let accounts = self.resources.caller_ids().zip(&self.books);
        Ledger::new(accounts.map(|(id, book)| (name(id), book.account())).collect())
    }

    /// How many a caller has started.
    pub fn arrivals(&self, caller: CallId) -> u64 {
        self.books[caller.index()].arrivals.sum
    }

    /// Facts so far.
    pub fn facts(&self) -> u64 {
        self.facts
    }

    /// The last facts, the newest last.
    pub fn latest(&self) -> impl DoubleEndedIterator<Item = &Noted> + ExactSizeIterator {
        self.latest.iter()
    }

    /// Those that were dead-lettered, each once, in the order in which they first were; so many at most.
    pub fn letters(&self) -> &[Id] {
        &self.letters
    }

    /// The bin of the present is over.
    #[cold]
    fn turn(&mut self, now: u64) {
        while BINS_MAX as u64 <= now / self.width {
            self.width *= 2;
            self.tracks.iter_mut().for_each(Track::halve);
        }
        self.bin = usize::try_from(now / self.width).expect("some hundred");
        self.edge = (self.bin as u64 + 1) * self.width;
    }

    /// An event came into the event queue of a function, or left it to be tried.
    fn waits(&mut self, function: FunctionId, more: bool) {
        match &mut self.tracks[self.waiting[function.index()]].bins {
            Bins::Levels(levels) => levels.step(self.bin, more),
            Bins::Counts(_) => unreachable!("what waits is a level"),
        }
    }
}

fn own_slots(resources: &Resources) -> Vec<Option<u32>> {
    let of = |id: FunctionId| match slots(resources, id.index()) {
        (number, Some(_)) => Some(number),
        (_, None) => None,
    };
    resources.function_ids().map(of).collect()
}

impl Observer for Live {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if self.edge <= moment.now.as_nanos() {
            self.turn(moment.now.as_nanos());
        }
        let Live { guide, bases, levels, followed, tracks, books, bin, .. } = self;
        let mut sink = Now { bases, levels, followed, tracks, books, bin: *bin, now: moment.now };
        points(guide, moment, fact, &mut sink);
        guide.follow(moment.now, fact);
        let waited = moment.moved.is_some_and(|moved| moved.from == Place::Waiting);
        if let Fact::Accepted { function, .. } = fact {
            // Whether it waited elsewhere before or not: at a service that hands events on.
            self.waits(*function, true);
        } else if let Fact::Requeued { function, .. } | Fact::Queued { function, .. } = fact
            && !waited
        {
            self.waits(*function, true);
        } else if let Fact::Tried { function, .. } = fact
            && waited
        {
            self.waits(*function, false);
        }
        if let Some(Move { payload, to: Place::DeadLettered, .. }) = moment.moved
            && self.letters.len() < LETTERS
        {
            let id = Id::of(moment, payload);
            if !self.letters.iter().any(|known| known.is_family(&id)) {
                self.letters.push(id);
            }
        }
        self.facts += 1;
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back(Noted::new(moment, fact));
    }

    fn configured(&mut self, _: Time, resources: &Resources) {
        self.guide.configured(resources);
        self.slots = own_slots(resources);
        self.places = resources.dependencies.iter().map(|of| of.concurrency).collect();
    }
}

/// What is now, at an instant: what points are given to.
struct Now<'a> {
    bases: &'a Bases,
    levels: &'a mut [i64],
    followed: &'a [Option<u16>],
    tracks: &'a mut [Track],
    books: &'a mut [Book],
    bin: usize,
    now: Time,
}

/// [`Now`] of one resource.
struct NowOf<'a> {
    levels: &'a mut [i64],
    followed: &'a [Option<u16>],
    tracks: &'a mut [Track],
    bin: usize,
}

impl Sink for Now<'_> {
    type Of<'a>
        = NowOf<'a>
    where
        Self: 'a;

    fn of(&mut self, resource: impl Into<Resource>) -> NowOf<'_> {
        let base = self.bases.of(resource.into());
        let own = base..base + Measure::COUNT;
        let (levels, followed) = (&mut self.levels[own.clone()], &self.followed[own]);
        NowOf { levels, followed, tracks: self.tracks, bin: self.bin }
    }

    fn arrived(&mut self, caller: CallId, _: PayloadId) {
        self.books[caller.index()].arrive(self.now);
    }

    fn entered(&mut self, caller: CallId, kind: LedgerKind, _: PayloadId) {
        self.books[caller.index()].enter(kind);
    }

    fn moved(&mut self, caller: CallId, kind: LedgerKind, from: Place, to: Place) {
        self.books[caller.index()].shift(kind, from, to);
    }

    fn turned(&mut self, caller: CallId, from: Place, to: Place, _: PayloadId, reason: Reason) {
        self.books[caller.index()].turn(from, to, reason, self.now);
    }

    fn answered(&mut self, _: CallId, _: Answer, _: About) {}
}

impl NowOf<'_> {
    fn change(&mut self, measure: Measure, level: i64) {
        self.levels[measure as usize] = level;
        let Some(track) = self.followed[measure as usize] else { return };
        match &mut self.tracks[usize::from(track)].bins {
            Bins::Counts(counts) => counts.add(self.bin),
            Bins::Levels(levels) => levels.set(self.bin, u64::try_from(level).unwrap_or(0)),
        }
    }
}

impl SinkOf for NowOf<'_> {
    fn count(&mut self, measure: Measure, counted: bool, _: About) {
        if counted {
            self.change(measure, self.levels[measure as usize] + 1);
        }
    }

    // What is stamped with a time that has passed is shown when it is known.
    fn count_at(&mut self, _: Time, measure: Measure, counted: bool, about: About) {
        self.count(measure, counted, about);
    }

    // Of amounts and samples nothing is shown while the run goes on.
    fn add(&mut self, _: Measure, _: u64, _: About) {}

    fn step(&mut self, measure: Measure, up: bool, _: About) {
        self.change(measure, self.levels[measure as usize] + if up { 1 } else { -1 });
    }

    fn set(&mut self, measure: Measure, level: u64) {
        self.change(measure, i64::try_from(level).unwrap_or(i64::MAX));
    }

    fn sample(&mut self, _: Measure, _: u64, _: About) {}
}
