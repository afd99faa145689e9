//! Where everybody stands at chosen instants: exact counts of all payloads, a frame an instant.
//!
//! ```text
//!   first run    Scout ──► what became of each arrival, the longest wait
//!   second run   Stage ──► frames: ledger, visible, hidden by time left, running, dead letters, done by age
//! ```
//!
//! A frame is taken when all of its instant has happened. A payload stands in one place: visible in a
//! queue or accepted and not tried, hidden in a queue or put off, or a dead letter; while a run has it, it
//! runs and is not hidden. Memory is what is in the system and the frames, however much happens.

use super::fates::Fates;
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Place,
        config::{Config, Resources},
        register::Move,
        vocabulary::{PayloadId, QueueId, Target},
    },
};
use std::collections::BTreeMap;

/// Ages from which the classes of [`Frame::done`] begin, in seconds: a retry's waits are borders.
pub const AGES_S: [u64; 13] = [0, 1, 3, 10, 30, 60, 120, 180, 300, 600, 1_800, 3_600, 21_600];

/// Where everybody is at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The instant.
    pub at: Time,
    /// Arrivals so far.
    pub entered: u64,
    /// How many arrivals have each outcome, in the order of [`Place::ALL`]; together `entered`.
    pub places: [u64; Place::ALL.len()],
    /// Visible in a queue, or accepted and not tried.
    pub visible: u64,
    /// Hidden in a queue or put off, and in no run.
    pub hidden: u64,
    /// Runs in progress.
    pub running: u64,
    /// In dead-letter queues, those outside the file too.
    pub dead_letters: u64,
    /// Runs begun since the frame before on what had not run before.
    pub first: u64,
    /// Runs begun since the frame before on what had.
    pub retry: u64,
    /// Of the hidden, how many come back within each step of [`Stage::new`], beginning with the present
    /// one; steps that have some.
    pub due: Vec<(u64, u64)>,
    /// Of the arrivals that succeeded, how many at which age; see [`AGES_S`].
    pub done: [u64; AGES_S.len()],
}

impl Frame {
    /// How many are in a place of the ledger.
    pub fn at(&self, place: Place) -> u64 {
        let position = Place::ALL.iter().position(|other| *other == place);
        self.places[position.expect("every place is in the list")]
    }
}

/// What a queue of the file is to those who stand in it.
#[derive(Clone, Copy, Debug)]
struct Line {
    visibility: Span,
    delay: Span,
    /// Whether something is dead-lettered to it.
    is_for_letters: bool,
}

/// The queues as they are configured.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Vec<Line>);

impl Lines {
    pub(super) fn new(resources: &Resources) -> Lines {
        let line = |queue: &crate::model::config::Queue| Line {
            visibility: queue.visibility,
            delay: queue.delay,
            is_for_letters: queue.dead_letter_queue,
        };
        let mut lines = Lines(resources.queues.iter().map(line).collect());
        let functions = resources.functions.iter();
        let of_functions = functions.flat_map(|f| [f.dead_letter, f.on_failure]);
        let of_outlets = resources.outlets.iter().map(|outlet| outlet.dead_letter);
        let of_readers = resources.readers.iter().map(|reader| reader.on_failure);
        for target in of_functions.chain(of_outlets).chain(of_readers).flatten() {
            if let Target::Queue(queue) = target {
                lines.0[queue.index()].is_for_letters = true;
            }
        }
        lines
    }

    /// Takes changed settings; what was a dead-letter queue stays one.
    pub(super) fn configured(&mut self, resources: &Resources) {
        let before = std::mem::replace(self, Lines::new(resources));
        for (now, before) in self.0.iter_mut().zip(before.0) {
            now.is_for_letters |= before.is_for_letters;
        }
    }

    pub(super) fn visibility(&self, queue: QueueId) -> Span {
        self.0[queue.index()].visibility
    }

    pub(super) fn delay(&self, queue: QueueId) -> Span {
        self.0[queue.index()].delay
    }

    pub(super) fn is_for_letters(&self, queue: QueueId) -> bool {
        self.0[queue.index()].is_for_letters
    }
}

/// The first look at a run: what became of each arrival, and how long something waited at the longest.
#[derive(Clone, Debug)]
pub struct Scout {
    /// What became of each arrival.
    pub fates: Fates,
    /// The longest that something was hidden or put off at once.
    pub longest: Span,
    lines: Lines,
}

impl Scout {
    /// Nothing has happened yet.
    pub fn new(resources: &Resources) -> Scout {
        let (fates, lines) = (Fates::new(resources), Lines::new(resources));
        Scout { fates, longest: Span::ZERO, lines }
    }
}

impl Observer for Scout {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.fates.saw(moment, fact);
        if let Some(wait) = put_off(&self.lines, fact) {
            self.longest = self.longest.max(wait);
        }
    }

    fn configured(&mut self, _: Time, resources: &Resources) {
        self.lines.configured(resources);
    }
}

/// For how long a fact hides its payload or puts it off, if it does.
fn put_off(lines: &Lines, fact: &Fact) -> Option<Span> {
    match *fact {
        Fact::Received { queue, .. } => Some(lines.visibility(queue)),
        Fact::Enqueued { queue, delayed: true, .. } => Some(lines.delay(queue)),
        Fact::Requeued { wait, .. }
        | Fact::RequestRetried { wait, .. }
        | Fact::ServiceRetried { wait, .. }
        | Fact::Handed { wait, .. }
        | Fact::DeliveryRetried { wait, .. } => Some(wait),
        _ => None,
    }
}

/// Where a payload stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stand {
    /// Asked about, at rest, or nowhere.
    #[default]
    Elsewhere,
    Visible,
    /// Until then.
    Hidden(Time),
    /// In a dead-letter queue of the file.
    Letter,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    stand: Stand,
    /// Runs that have it.
    runs: u32,
    /// The class of the age at which it succeeded.
    done: Option<u8>,
}

/// Takes frames of a run.
#[derive(Debug)]
pub struct Stage {
    lines: Lines,
    /// The instants of the frames, and how many have been taken.
    instants: Vec<Time>,
    frames: Vec<Frame>,
    step: Span,
    /// The counts as they are.
    now: Frame,
    standing: Vec<Standing>,
    /// How many come back when.
    due: BTreeMap<Time, u64>,
    /// Dead letters outside the file.
    outside: u64,
    /// How long handlers ran, of how many runs.
    pace: Pace,
}

/// What a function did with its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Runs that ended.
    pub runs: u64,
    /// How long their handlers ran together.
    pub busy: Span,
}

impl Stage {
    /// Takes a frame at each of these instants, which are in order. Of the hidden it tells in which of the
    /// next stretches of length `step` they come back.
    pub fn new(config: &Config, instants: Vec<Time>, step: Span) -> Stage {
        assert!(step > Span::ZERO, "a stretch has a length");
        Stage {
            lines: Lines::new(&config.resources),
            frames: Vec::with_capacity(instants.len()),
            instants,
            step,
            now: Frame::default(),
            standing: Vec::new(),
            due: BTreeMap::new(),
            outside: 0,
            pace: Pace::default(),
        }
    }

    /// The frames, now that the run has ended; those beyond its end are as it was left.
    pub fn finish(mut self) -> (Vec<Frame>, Pace) {
        self.take_until(Time::NEVER);
        (self.frames, self.pace)
    }

    /// Takes the frames before an instant.
    fn take_until(&mut self, before: Time) {
        while let Some(at) = self.instants.get(self.frames.len()).filter(|at| **at < before) {
            let mut due: BTreeMap<u64, u64> = BTreeMap::new();
            for (back, n) in &self.due {
                let left = back.as_nanos().saturating_sub(at.as_nanos());
                *due.entry(left / self.step.as_nanos()).or_default() += n;
            }
            self.now.at = *at;
            let dead_letters = self.now.dead_letters + self.outside;
            let due = due.into_iter().collect();
            self.frames.push(Frame { dead_letters, due, ..self.now.clone() });
            (self.now.first, self.now.retry) = (0, 0);
        }
    }

    fn place(&mut self, place: Place) -> &mut u64 {
        let position = Place::ALL.iter().position(|other| *other == place);
        &mut self.now.places[position.expect("every place is in the list")]
    }

    /// Changes how a payload stands, and the counts with it.
    fn change(&mut self, payload: PayloadId, change: impl FnOnce(&mut Standing)) {
        let at = payload.index();
        if self.standing.len() <= at {
            self.standing.resize(at + 1, Standing::default());
        }
        let before = self.standing[at];
        self.count(before, false);
        change(&mut self.standing[at]);
        self.count(self.standing[at], true);
    }

    fn count(&mut self, standing: Standing, enters: bool) {
        let step = |count: &mut u64| *count = if enters { *count + 1 } else { *count - 1 };
        match standing.stand {
            Stand::Elsewhere => (),
            Stand::Visible => step(&mut self.now.visible),
            Stand::Letter => step(&mut self.now.dead_letters),
            Stand::Hidden(_) if 0 < standing.runs => (),
            Stand::Hidden(until) => {
                step(&mut self.now.hidden);
                let due = self.due.entry(until).or_default();
                step(due);
                if *due == 0 {
                    self.due.remove(&until);
                }
            }
        }
    }

    fn stand(&mut self, payload: PayloadId, stand: Stand) {
        self.change(payload, |standing| standing.stand = stand);
    }

    /// The outcome of an arrival is another.
    fn turned(&mut self, moment: &Moment<'_>, root: PayloadId, from: Place, to: Place) {
        *self.place(from) -= 1;
        *self.place(to) += 1;
        let at = root.index();
        if let Some(class) = self.standing[at].done.take() {
            self.now.done[usize::from(class)] -= 1;
        }
        if to == Place::Succeeded {
            let born = moment.register.get(root).born;
            let age = moment.now.since(born).as_nanos() / 1_000_000_000;
            let class = AGES_S.iter().rposition(|from| *from <= age).unwrap_or(0);
            self.now.done[class] += 1;
            self.standing[at].done = u8::try_from(class).ok();
        }
    }
}

impl Observer for Stage {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.take_until(moment.now);
        if let Fact::Arrived { .. } = fact {
            self.now.entered += 1;
            *self.place(Place::InFlight) += 1;
        }
        if let Fact::Arrived { payload, .. } | Fact::Copied { payload, .. } = *fact {
            // The slot may have been another's, which is gone from everywhere but its age when done.
            self.change(payload, |standing| *standing = Standing::default());
        }
        if let Some(Move { payload, outcome: Some((from, to)), .. }) = moment.moved {
            self.turned(moment, moment.register.get(payload).root, from, to);
        }
        match *fact {
            Fact::Enqueued { queue, payload, .. } if self.lines.is_for_letters(queue) => {
                self.stand(payload, Stand::Letter);
            }
            // What is received from a dead-letter queue is still in it.
            Fact::Received { queue, .. }
            | Fact::Returned { queue, .. }
            | Fact::Appeared { queue, .. }
                if self.lines.is_for_letters(queue) => {}
            Fact::Enqueued { payload, delayed: false, .. }
            | Fact::Appeared { payload, .. }
            | Fact::Returned { payload, .. }
            | Fact::Accepted { payload, .. }
            | Fact::Queued { payload, .. }
            | Fact::Awaits { payload, .. }
            | Fact::Buffered { payload, .. } => self.stand(payload, Stand::Visible),
            Fact::Enqueued { payload, .. }
            | Fact::Received { payload, .. }
            | Fact::Requeued { payload, .. }
            | Fact::RequestRetried { payload, .. }
            | Fact::ServiceRetried { payload, .. }
            | Fact::Handed { payload, .. }
            | Fact::DeliveryRetried { payload, .. } => {
                let wait = put_off(&self.lines, fact).expect("each of these puts off");
                self.stand(payload, Stand::Hidden(moment.now.saturating_add(wait)));
            }
            Fact::DeadLettered { payload, .. }
            | Fact::RecordKept { payload, .. }
            | Fact::ProcessingFailed { payload, .. } => {
                self.outside += 1;
                self.stand(payload, Stand::Elsewhere);
            }
            Fact::Deleted { payload, .. }
            | Fact::Expired { payload, .. }
            | Fact::Purged { payload, .. }
            | Fact::Redriven { payload, .. }
            | Fact::MovedBack { payload, .. }
            | Fact::Tried { payload, .. }
            | Fact::HandedOver { payload, .. }
            | Fact::Transformed { payload, .. }
            | Fact::Requested { payload, .. }
            | Fact::Resolved { payload, .. }
            | Fact::Completed { payload, .. }
            | Fact::Discarded { payload, .. }
            | Fact::Dropped { payload, .. }
            | Fact::DeliveryFailed { payload, .. }
            | Fact::DeliveryLost { payload, .. }
            | Fact::Published { payload, .. }
            | Fact::RecordTaken { payload, .. }
            | Fact::RecordFiltered { payload, .. }
            | Fact::RecordExpired { payload, .. }
            | Fact::RecordDropped { payload, .. }
            | Fact::Checkpointed { payload, .. }
            | Fact::Unwanted { payload, .. } => self.stand(payload, Stand::Elsewhere),
            Fact::RunStarted { payload, work, .. } => {
                let ran_before = moment.register.get(payload).runs > 0;
                *(if ran_before { &mut self.now.retry } else { &mut self.now.first }) += 1;
                self.now.running += 1;
                for at in 0..moment.register.size(work) {
                    let payload = moment.register.payload_at(work, at);
                    self.change(payload, |standing| standing.runs += 1);
                }
            }
            Fact::Processed { payload, .. } | Fact::RecordFailed { payload, .. } => {
                self.change(payload, |standing| standing.runs -= 1);
            }
            Fact::RunEnded { ran, .. } => {
                self.now.running -= 1;
                self.pace.runs += 1;
                self.pace.busy = self.pace.busy.saturating_add(ran);
            }
            _ => (),
        }
    }

    fn configured(&mut self, now: Time, resources: &Resources) {
        self.take_until(now);
        self.lines.configured(resources);
    }
}
