//! Who folds a run into a recording.

use super::{
    Afterlife, Ages, BINS, BINS_MAX, Bins, Caps, Counts, FunctionTrack, LETTERS_MAX, Levels,
    MappingTrack, QueueTrack, RUNS_MAX, Recording, Track, WIDTHS_MS, Way,
};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Place, Register, Resource,
        config::{Change, Config, Resources},
        outcome::{Reason, Role},
        register::{Move, Payload},
        vocabulary::Entry,
    },
    observe::{
        cell::{Cell, Mark},
        measure::Measure,
        table::{MetricTable, Slot},
    },
};

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
        if from != Place::DeadLettered && to != Place::DeadLettered {
            return;
        }
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
pub fn slots(resources: &Resources, function: usize) -> (u32, Option<&'static str>) {
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

/// The position of each place in [`Place::ALL`], by its number.
const POSITIONS: [u8; PLACES] = {
    let (mut positions, mut at) = ([0; PLACES], 0);
    while at < PLACES {
        positions[Place::ALL[at] as usize] = at as u8;
        at += 1;
    }
    positions
};

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

pub(super) fn way_of(payload: &Payload, place: Place, reason: Reason) -> usize {
    let runs = payload.runs.min(RUNS_MAX.into()) as usize;
    let letters = payload.dead_letters.min(LETTERS_MAX.into()) as usize;
    let places = (runs * (usize::from(LETTERS_MAX) + 1) + letters) * PLACES
        + usize::from(POSITIONS[place as usize]);
    let reason = if reason == Reason::None { REASONS - 1 } else { reason.index() };
    (places * REASONS + reason) * AFTERLIVES + payload.afterlife as usize
}

pub(super) fn way_at(at: usize, payloads: u64) -> Way {
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
