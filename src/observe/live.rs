//! A run as it stands, for those who watch it go on.
//!
//! Counts, levels, the ledger and what was over time are read from the table of numbers and from the recording, so they
//! are the results' own; only the last facts and those that were dead-lettered are kept for this.

use super::{
    cell::Cell,
    ledger::Ledger,
    measure::{Measure, typed as m},
    recording::{Bins, slots},
    trace::{Id, Noted},
    watch::Watch,
};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Place, Resource, ResourceKind,
        config::{Config, Resources},
        register::Move,
        vocabulary::{CallId, DependencyId, FunctionId},
    },
};
use std::{collections::VecDeque, sync::Arc};

/// So many of the last facts are kept.
const LATEST: usize = 64;
/// So many of those that were dead-lettered are named.
const LETTERS: usize = 1000;

/// What is shown over time, of each kind of resource.
pub const FOLLOWED: [(ResourceKind, Measure); 8] = [
    (ResourceKind::Function, Measure::Invocations),
    (ResourceKind::Function, Measure::Errors),
    (ResourceKind::Function, Measure::Throttles),
    (ResourceKind::Function, Measure::WaitingEvents),
    (ResourceKind::Queue, Measure::ApproximateNumberOfMessagesVisible),
    (ResourceKind::StreamMapping, Measure::Depth),
    (ResourceKind::StreamMapping, Measure::IteratorAge),
    (ResourceKind::Dependency, Measure::WorkQueued),
];

/// One of what is shown over time.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Whose.
    pub resource: Resource,
    /// What.
    pub measure: Measure,
    /// Bin by bin.
    pub bins: &'a Bins,
}

/// A run as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    watch: &'a Watch,
    ticker: &'a Ticker,
}

impl<'a> Live<'a> {
    pub(super) fn new(watch: &'a Watch, ticker: &'a Ticker) -> Live<'a> {
        Live { watch, ticker }
    }

    /// A count or gauge of a resource, as it is now.
    pub fn level(self, resource: Resource, measure: Measure) -> u64 {
        match self.watch.table.cell(resource, measure) {
            Cell::Counter(cell) => cell.sum,
            Cell::Tally(cell) => u64::try_from(cell.sum).unwrap_or(u64::MAX),
            Cell::Gauge(cell) => u64::try_from(cell.level).unwrap_or(0),
            Cell::Samples(cell) => cell.histogram.count(),
        }
    }

    /// The most runs at once of a function: reserved for it, or sent by its mapping. None: the account's.
    pub fn slots(self, function: FunctionId) -> Option<u32> {
        self.ticker.slots[function.index()]
    }

    /// Requests that a dependency serves at once; none: as many as come.
    pub fn places(self, dependency: DependencyId) -> Option<u32> {
        self.ticker.places[dependency.index()]
    }

    /// Everything that is shown over time and has something to tell: each kind of resource in its turn.
    pub fn over_time(self) -> impl Iterator<Item = Shown<'a>> {
        let Watch { table, recorder, .. } = self.watch;
        let all = Resource::all(&self.ticker.resources);
        let shown = all.flat_map(|resource| {
            let of_kind = FOLLOWED.iter().filter(move |(kind, _)| *kind == resource.kind);
            of_kind.map(move |(_, measure)| (resource, *measure))
        });
        shown.filter_map(move |(resource, measure)| {
            let bins = recorder.as_ref()?.bins(table.slot(resource, measure))?;
            Some(Shown { resource, measure, bins })
        })
    }

    /// The width of a bin.
    pub fn width(self) -> Span {
        self.watch.recorder.as_ref().map_or(Span::FOREVER, |recorder| recorder.width())
    }

    /// The ledger as it stands.
    pub fn ledger(self) -> Ledger {
        let resources = &self.ticker.resources;
        let name = |id: CallId| resources.calls[id.index()].name.clone();
        let accounts = resources.caller_ids();
        Ledger::new(accounts.map(|id| (name(id), self.watch.table.account(id))).collect())
    }

    /// How many a caller has started.
    pub fn arrivals(self, caller: CallId) -> u64 {
        self.watch.table.count_of(caller, m::Arrivals)
    }

    /// Facts so far.
    pub fn facts(self) -> u64 {
        self.ticker.facts
    }

    /// The last facts, the newest last.
    pub fn latest(self) -> impl DoubleEndedIterator<Item = &'a Noted> + ExactSizeIterator {
        self.ticker.latest.iter()
    }

    /// Those that were dead-lettered, each once, in the order in which they first were; so many at most.
    pub fn letters(self) -> &'a [Id] {
        &self.ticker.letters
    }
}

/// The last facts of a run, and who was dead-lettered.
#[derive(Debug)]
pub struct Ticker {
    resources: Arc<Resources>,
    /// The most runs at once of each function, if that is not the account's limit.
    slots: Vec<Option<u32>>,
    /// The places of each dependency; none: as many as are asked for.
    places: Vec<Option<u32>>,
    facts: u64,
    latest: VecDeque<Noted>,
    letters: Vec<Id>,
}

impl Ticker {
    /// Nothing has happened yet.
    pub fn new(config: &Config) -> Ticker {
        let resources = Arc::clone(&config.resources);
        Ticker {
            slots: own_slots(&resources),
            places: resources.dependencies.iter().map(|of| of.concurrency).collect(),
            facts: 0,
            latest: VecDeque::with_capacity(LATEST),
            letters: Vec::new(),
            resources,
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

impl Observer for Ticker {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
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
        self.slots = own_slots(resources);
        self.places = resources.dependencies.iter().map(|of| of.concurrency).collect();
    }
}
