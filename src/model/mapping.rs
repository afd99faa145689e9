//! An event source mapping on a queue: Lambda's pollers.
//!
//! ```text
//!           Receive                          Invoke
//!  queue ◄──────────── ┌────────────────┐ ─────────────► function
//!        ────────────► │ poller, poller │ ◄─────────────
//!           Received   │ poller, …      │    Ended
//!        ◄──────────── └────────────────┘
//!           Delete
//! ```
//!
//! It owns how many pollers there are, their batches and windows, the filter, and what is deleted
//! when (E10 to E54). It does not own visibility: what it does not delete comes back by itself (E9).
//! Each poller is a slot; a batch is one in the register.

use super::{
    Component, Fact, Port, Rule,
    config::{self, Assumptions, ThrottledPoll},
    policy::{
        partial::{self, Report},
        pollers::{self, BATCHES_OF_A_POLLER, PROVISIONED_PER_MINUTE, Pace},
        requests,
    },
    register::Record,
    value::{Catalog, Subject},
    vocabulary::{BatchId, Deletion, MappingId, Outcome},
};
use crate::kernel::{Class, Classed, Span, Time};
use std::{collections::BTreeSet, sync::Arc};

/// An event source mapping.
#[derive(Debug)]
pub struct Mapping {
    id: MappingId,
    config: Settings,
    assumptions: Assumptions,
    catalog: Arc<Catalog>,
    slots: Vec<Slot>,
    /// Those of them that are not at work.
    idle: BTreeSet<u32>,
    /// Pollers at work: waiting for messages, or holding some.
    active: u32,
    /// Pollers that hold messages.
    busy: u32,
    /// Pollers that it may have now.
    pollers: u32,
    /// Part of a poller that errors have cost so far.
    debt: f64,
    growing: bool,
    /// How many held messages when growth was last judged at this instant.
    busy_before: u32,
    shrinking: Option<Span>,
    /// With a window: the one poller that gathers.
    gatherer: Option<u32>,
    /// Of provisioned pollers.
    pace: Pace,
}

/// What a mapping is told of itself and of the two that it connects.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its own properties.
    pub mapping: config::Mapping,
    /// The queue's `VisibilityTimeout`.
    pub visibility: Span,
    /// Whether it is a FIFO queue.
    pub fifo: bool,
    /// The function's `Timeout`.
    pub function_timeout: Span,
}

/// One poller.
#[derive(Clone, Debug)]
struct Slot {
    state: State,
    /// Counts what it did, so that a stale appointment is known.
    number: u32,
    /// It asked to be told of capacity for the batch it holds.
    awaiting: bool,
    /// Messages that it received beyond what a batch can hold, and the end of their visibility.
    rest: (Vec<Record>, Time),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Not at work.
    Idle,
    /// Waits for messages.
    Polling,
    /// Has some, and waits for more until its window ends.
    Gathering { batch: BatchId, lease_end: Time },
    /// Its batch runs, or was refused and is to be tried again. `tries` counts the refusals.
    Holding { batch: BatchId, lease_end: Time, tries: u32 },
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// The queue answered the receive of this poller.
    Received(u32, BatchId),
    /// The function ended or refused the batch of this poller.
    Ended(u32, Outcome),
    /// The function has capacity for this poller.
    Capacity(u32),
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Receive up to `max` messages, waiting so long.
    Receive {
        /// Which poller asks.
        slot: u32,
        /// How many.
        max: u32,
        /// `WaitTimeSeconds`.
        wait: Span,
    },
    /// The receive is taken back.
    CancelReceive {
        /// Which poller asked.
        slot: u32,
    },
    /// Delete a message.
    Delete {
        /// Its receipt handle.
        handle: u64,
        /// Why.
        why: Deletion,
    },
    /// Run the function.
    Invoke {
        /// With this.
        batch: BatchId,
        /// Which poller waits.
        slot: u32,
        /// Whether `batchItemFailures` are read.
        reports: bool,
    },
    /// Tell this poller when there is capacity.
    Await {
        /// Which.
        slot: u32,
    },
    /// The capacity that was offered is not needed.
    Decline,
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The next step of growth is due: it is judged when the receives of this instant are answered.
    Grow,
    /// One more poller, if messages remain.
    GrowNow,
    /// One poller less, if they idle.
    Shrink,
    /// A provisioned poller may ask.
    Ask {
        /// Which poller.
        slot: u32,
        /// What it did then.
        number: u32,
    },
    /// A poller's window ends.
    WindowEnds {
        /// Which poller.
        slot: u32,
        /// What it did then.
        number: u32,
    },
    /// A refused batch is tried again.
    TryAgain {
        /// Which poller.
        slot: u32,
        /// What it did then.
        number: u32,
    },
    /// The visibility of a refused batch is over.
    LeaseEnds {
        /// Which poller.
        slot: u32,
        /// What it did then.
        number: u32,
    },
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Grow
            | Wake::GrowNow
            | Wake::Shrink
            | Wake::Ask { .. }
            | Wake::WindowEnds { .. } => Class::Poll,
            Wake::TryAgain { .. } => Class::Retry,
            Wake::LeaseEnds { .. } => Class::Visibility,
        }
    }
}

/// How long a poller's receive waits for messages (E10).
const LONG_POLL: Span = Span::secs(20);
/// The largest payload of one invocation (E11).
const BATCH_BYTES_MAX: u64 = 6 * 1024 * 1024;

impl Component for Mapping {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    #[inline]
    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Received(slot, batch) => self.received(now, slot, batch, fx),
            In::Ended(slot, outcome) => self.ended(now, slot, outcome, &Report::Marked, fx),
            In::Capacity(slot) => match self.slots[slot as usize].state {
                // A poller that let go of what it asked for may hold, or run, another batch by now.
                _ if !self.slots[slot as usize].awaiting => fx.send(Out::Decline),
                State::Holding { lease_end, .. } if now < lease_end => self.invoke(slot, fx),
                State::Holding { .. } => {
                    fx.send(Out::Decline);
                    self.let_go(now, slot, Rule::E26, fx);
                }
                State::Idle | State::Polling | State::Gathering { .. } => fx.send(Out::Decline),
            },
        }
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            // A poller that is done at this instant may be busy again at its end.
            Wake::Grow => {
                self.busy_before = self.busy;
                fx.wake(Span::ZERO, Wake::GrowNow);
            }
            Wake::GrowNow => self.grow(now, fx),
            Wake::Shrink => self.shrink(now, fx),
            Wake::Ask { slot, number } => {
                if self.slots[slot as usize].number == number {
                    self.ask(now, slot, fx);
                }
            }
            Wake::WindowEnds { slot, number } => {
                if self.slots[slot as usize].number == number {
                    fx.send(Out::CancelReceive { slot });
                    self.close(now, slot, fx);
                }
            }
            Wake::TryAgain { slot, number } => {
                if self.slots[slot as usize].number == number {
                    self.invoke(slot, fx);
                }
            }
            Wake::LeaseEnds { slot, number } => {
                if self.slots[slot as usize].number == number {
                    self.let_go(now, slot, Rule::E26, fx);
                }
            }
        }
    }
}

impl Mapping {
    /// The mapping `id`.
    pub fn new(
        id: MappingId,
        config: Settings,
        assumptions: &Assumptions,
        catalog: Arc<Catalog>,
    ) -> Mapping {
        Mapping {
            id,
            config,
            assumptions: assumptions.clone(),
            catalog,
            slots: Vec::new(),
            idle: BTreeSet::new(),
            active: 0,
            busy: 0,
            pollers: 0,
            debt: 0.0,
            growing: false,
            busy_before: 0,
            shrinking: None,
            gatherer: None,
            pace: Pace::default(),
        }
    }

    /// Begins to poll.
    pub fn begin(&mut self, now: Time, fx: &mut impl Port<Self>) {
        if self.config.mapping.enabled {
            let rule =
                if self.config.mapping.provisioned.is_some() { Rule::E44 } else { Rule::E35 };
            self.scale(now, self.least(self.assumptions.pollers_initial), rule, fx);
        }
    }

    /// Takes changed settings: what runs goes on, and what is polled next is polled by them.
    pub fn configure(&mut self, now: Time, config: Settings, fx: &mut impl Port<Self>) {
        let was = self.config.mapping.enabled;
        self.config = config;
        match (was, self.config.mapping.enabled) {
            (false, true) => self.begin(now, fx),
            (true, false) => self.scale(now, 0, Rule::E10, fx),
            (true, true) if self.config.mapping.provisioned.is_some() => {
                self.scale(now, self.pollers.clamp(self.least(0), self.ceiling()), Rule::E44, fx);
            }
            (true, true) => self.scale(now, self.pollers.min(self.ceiling()), Rule::E31, fx),
            (false, false) => (),
        }
    }

    /// The most pollers it may have (E31, E36), or batches at once of provisioned ones (E44).
    fn ceiling(&self) -> u32 {
        if let Some(provisioned) = self.config.mapping.provisioned {
            return provisioned.max * BATCHES_OF_A_POLLER;
        }
        let cap = self.config.mapping.concurrency_max.unwrap_or(u32::MAX);
        cap.min(self.assumptions.pollers_max)
    }

    /// What it keeps: of pollers on demand so many, of provisioned ones their minimum.
    fn least(&self, on_demand: u32) -> u32 {
        match self.config.mapping.provisioned {
            Some(provisioned) => provisioned.min * BATCHES_OF_A_POLLER,
            None => on_demand.min(self.ceiling()),
        }
    }

    /// Sets how many pollers there may be, and starts or stops idle ones accordingly.
    fn scale(&mut self, now: Time, pollers: u32, rule: Rule, fx: &mut impl Port<Self>) {
        if pollers != self.pollers {
            self.pollers = pollers;
            fx.note(rule, Fact::PollersScaled { mapping: self.id, pollers });
        }
        self.balance(now, fx);
    }

    /// Starts pollers that may be at work, and stops idle ones that may not.
    fn balance(&mut self, now: Time, fx: &mut impl Port<Self>) {
        let one_gathers = self.config.mapping.window > Span::ZERO;
        while self.active < self.pollers && !(one_gathers && self.gatherer.is_some()) {
            let slot = self.idle.pop_first().unwrap_or_else(|| {
                self.slots.push(Slot {
                    state: State::Idle,
                    number: 0,
                    awaiting: false,
                    rest: (Vec::new(), Time::ZERO),
                });
                u32::try_from(self.slots.len() - 1).expect("few pollers")
            });
            self.active += 1;
            self.poll(now, slot, fx);
        }
        let mut at = self.slots.len();
        while self.pollers < self.active && at > 0 {
            at -= 1;
            if self.slots[at].state == State::Polling {
                let slot = u32::try_from(at).expect("few pollers");
                fx.send(Out::CancelReceive { slot });
                self.rest_slot(slot);
            }
        }
        self.watch_growth(fx);
    }

    fn rest_slot(&mut self, slot: u32) {
        self.slots[slot as usize].state = State::Idle;
        self.idle.insert(slot);
        self.slots[slot as usize].number += 1;
        self.active -= 1;
        if self.gatherer == Some(slot) {
            self.gatherer = None;
        }
    }

    /// While every poller holds messages, there may be more of them (E36).
    fn watch_growth(&mut self, fx: &mut impl Port<Self>) {
        let per_minute = match self.config.mapping.provisioned {
            Some(_) => PROVISIONED_PER_MINUTE,
            None => self.assumptions.pollers_per_minute,
        };
        let may_grow = 0 < per_minute && self.pollers < self.ceiling();
        if !self.growing && may_grow && self.is_saturated() {
            self.growing = true;
            fx.wake(pollers::growth_step(per_minute), Wake::Grow);
        }
    }

    fn is_saturated(&self) -> bool {
        self.config.mapping.enabled && self.busy >= self.pollers
    }

    fn grow(&mut self, now: Time, fx: &mut impl Port<Self>) {
        if !self.is_saturated() && self.busy_before < self.busy {
            // One that found messages at this instant lets the next one look, before that is judged.
            self.busy_before = self.busy;
            return fx.wake(Span::ZERO, Wake::GrowNow);
        }
        self.growing = false;
        if self.is_saturated() && self.pollers < self.ceiling() {
            let rule =
                if self.config.mapping.provisioned.is_some() { Rule::E44 } else { Rule::E36 };
            self.scale(now, self.pollers + 1, rule, fx);
        }
    }

    /// Gives idle pollers back, one after the other (E38).
    fn shrink(&mut self, now: Time, fx: &mut impl Port<Self>) {
        let Some(step) = self.shrinking else { return };
        let floor = self.least(self.assumptions.idle_pollers);
        if self.pollers <= floor || self.busy >= self.pollers {
            self.shrinking = None;
            return;
        }
        self.scale(now, self.pollers - 1, Rule::E38, fx);
        fx.wake(step, Wake::Shrink);
    }

    /// A poller looks for messages.
    fn poll(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        self.slots[slot as usize].state = State::Polling;
        self.slots[slot as usize].number += 1;
        if self.config.mapping.window > Span::ZERO {
            self.gatherer = Some(slot);
        }
        self.ask(now, slot, fx);
    }

    /// A poller asks for as much as its batch has room for; a provisioned one when its pace allows it.
    fn ask(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let held = match self.slots[slot as usize].state {
            State::Gathering { batch, .. } => fx.register().batch(batch).len(),
            State::Idle | State::Polling | State::Holding { .. } => 0,
        };
        if self.config.mapping.provisioned.is_some() {
            let wait = self.pace.wait(now);
            if wait > Span::ZERO {
                let number = self.slots[slot as usize].number;
                return fx.wake(wait, Wake::Ask { slot, number });
            }
            self.pace.polled(now, 1, self.pollers);
        }
        let max = self.config.mapping.batch_size - u32::try_from(held).expect("at most 10,000");
        fx.send(Out::Receive { slot, max, wait: LONG_POLL });
    }

    fn received(&mut self, now: Time, slot: u32, batch: BatchId, fx: &mut impl Port<Self>) {
        let mapping = self.id;
        let events = u32::try_from(fx.register().batch(batch).len()).expect("at most 10,000");
        let requests = receive_requests(batch, fx);
        fx.note(Rule::E10, Fact::Polled { mapping, events, requests });
        if self.config.mapping.provisioned.is_some() {
            // A batch above ten takes several polls.
            self.pace.polled(now, u64::from(events.saturating_sub(1) / 10), self.pollers);
            self.pace.read(now, bytes(batch, fx), self.pollers);
        }
        if events == 0 {
            fx.register().close_batch(batch);
            return self.came_back_empty(now, slot, fx);
        }
        self.filter(batch, fx);
        let lease_end = now.saturating_add(self.config.visibility);
        match self.slots[slot as usize].state {
            State::Polling => {
                if fx.register().batch(batch).is_empty() {
                    // Filtered out whole: there is no invocation.
                    fx.register().close_batch(batch);
                    return self.poll(now, slot, fx);
                }
                self.busy += 1;
                self.slots[slot as usize].number += 1;
                self.slots[slot as usize].state = State::Gathering { batch, lease_end };
                self.gather(now, slot, true, fx);
            }
            State::Gathering { batch: gathered, .. } => {
                let more = std::mem::take(fx.register().batch_mut(batch));
                fx.register().close_batch(batch);
                fx.register().batch_mut(gathered).extend(more);
                self.gather(now, slot, false, fx);
            }
            // The answer was under way when the poller closed its batch: they return by themselves.
            State::Idle | State::Holding { .. } => {
                let more = std::mem::take(fx.register().batch_mut(batch));
                fx.register().close_batch(batch);
                for record in more {
                    fx.register().release(record.payload);
                }
            }
        }
    }

    /// A long poll ended without a message: the poller asks again, unless there are too many.
    fn came_back_empty(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        match self.slots[slot as usize].state {
            State::Polling if self.pollers < self.active => self.rest_slot(slot),
            State::Polling => self.poll(now, slot, fx),
            State::Gathering { .. } => self.gather(now, slot, false, fx),
            State::Idle | State::Holding { .. } => (),
        }
        let floor = self.least(self.assumptions.idle_pollers);
        if self.shrinking.is_none() && floor < self.pollers {
            let steps = u64::from(self.pollers - floor);
            let step = Span::nanos(self.assumptions.scale_down_time.as_nanos() / steps);
            self.shrinking = Some(step);
            fx.wake(step, Wake::Shrink);
        }
    }

    /// Deletes what the filter does not want (E19).
    fn filter(&self, batch: BatchId, fx: &mut impl Port<Self>) {
        if self.config.mapping.filters.is_empty() {
            return;
        }
        let mut wanted = std::mem::take(fx.register().batch_mut(batch));
        let mut nth = 0;
        wanted.retain(|record| {
            let payload = fx.register().get(record.payload);
            let subject = Subject { attempt: record.attempt, poison: false };
            let filters = &self.config.mapping.filters;
            let fits = filters.iter().any(|f| f.fits(&self.catalog, payload, &subject));
            if !fits {
                let payload = record.payload;
                nth += 1;
                fx.note(Rule::E19, Fact::FilteredOut { mapping: self.id, payload, nth });
                fx.send(Out::Delete { handle: record.handle, why: Deletion::Filtered });
                fx.register().release(payload);
            }
            fits
        });
        *fx.register().batch_mut(batch) = wanted;
    }

    /// Closes the batch if it is full or need not wait; else asks for more.
    fn gather(&mut self, now: Time, slot: u32, opened: bool, fx: &mut impl Port<Self>) {
        let State::Gathering { batch, .. } = self.slots[slot as usize].state else {
            unreachable!("only a gathering poller gathers")
        };
        let held = u32::try_from(fx.register().batch(batch).len()).expect("at most 10,000");
        let window = self.config.mapping.window;
        let size = self.config.mapping.batch_size;
        if window == Span::ZERO || size <= held || BATCH_BYTES_MAX <= bytes(batch, fx) {
            return self.close(now, slot, fx);
        }
        if opened {
            let number = self.slots[slot as usize].number;
            fx.wake(window, Wake::WindowEnds { slot, number });
        }
        self.ask(now, slot, fx);
    }

    /// A batch closes at its size, its window's end, or 6 MB (E11); what is too much waits for the next.
    fn close(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let State::Gathering { batch, lease_end } = self.slots[slot as usize].state else {
            unreachable!("only a gathering poller closes its batch")
        };
        if BATCH_BYTES_MAX < bytes(batch, fx) {
            let mut sum = 0;
            let register = fx.register();
            let fits = register.batch(batch).iter().take_while(|record| {
                sum += u64::from(register.get(record.payload).bytes);
                sum <= BATCH_BYTES_MAX
            });
            let fits = fits.count().max(1);
            let rest = register.batch_mut(batch).split_off(fits);
            self.slots[slot as usize].rest = (rest, lease_end);
        }
        self.slots[slot as usize].state = State::Holding { batch, lease_end, tries: 0 };
        self.slots[slot as usize].number += 1;
        if self.gatherer == Some(slot) {
            self.gatherer = None;
        }
        self.invoke(slot, fx);
        self.balance(now, fx);
    }

    fn invoke(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let State::Holding { batch, tries, .. } = self.slots[slot as usize].state else {
            unreachable!("only a closed batch is invoked")
        };
        self.slots[slot as usize].number += 1;
        self.slots[slot as usize].awaiting = false;
        let events = u32::try_from(fx.register().batch(batch).len()).expect("at most 10,000");
        let rule = if tries == 0 { Rule::E11 } else { Rule::E26 };
        fx.note(rule, Fact::Invoked { mapping: self.id, events });
        let reports = self.config.mapping.reports_failures;
        fx.send(Out::Invoke { batch, slot, reports });
    }

    /// The function answered. `report` is what its answer says of single records.
    pub fn ended(
        &mut self,
        now: Time,
        slot: u32,
        outcome: Outcome,
        report: &Report,
        fx: &mut impl Port<Self>,
    ) {
        let State::Holding { batch, .. } = self.slots[slot as usize].state else {
            unreachable!("only a batch that was invoked ends")
        };
        match outcome {
            Outcome::Succeeded => {
                let reports = self.config.mapping.reports_failures;
                let rule = partial::judge(reports, report, fx.register().batch_mut(batch));
                self.conclude(now, slot, rule, fx);
            }
            Outcome::FunctionError(_) => self.failed(now, slot, Rule::E18, fx),
            Outcome::RecursiveInvocation => self.failed(now, slot, Rule::E34, fx),
            Outcome::NotFound => self.failed(now, slot, Rule::E18, fx),
            Outcome::Throttled | Outcome::ZeroReservedConcurrency | Outcome::SystemError => {
                self.refused(now, slot, outcome, fx);
            }
        }
    }

    /// Deletes what was processed; the rest returns by itself. A FIFO queue refuses the deletes of a batch
    /// whose visibility is over, so that these are not counted (S43, E22).
    fn conclude(&mut self, now: Time, slot: u32, rule: Rule, fx: &mut impl Port<Self>) {
        let State::Holding { batch, lease_end, .. } = self.slots[slot as usize].state else {
            unreachable!("only a batch that was invoked is concluded")
        };
        let mapping = self.id;
        let records = fx.register().batch(batch);
        let total = u32::try_from(records.len()).expect("at most 10,000");
        let failed = records.iter().filter(|record| record.failed).count();
        let failed = u32::try_from(failed).expect("at most 10,000");
        if failed > 0 {
            fx.note(rule, Fact::InvokeFailed { mapping, events: failed });
        }
        let events = total - failed;
        if events > 0 {
            if self.config.fifo && lease_end < now {
                fx.note(Rule::E22, Fact::LetGo { mapping, events });
            } else {
                // What is behind a failed one of its group is deleted all the same (E57).
                let rule = if self.config.fifo && failed > 0 { Rule::E57 } else { rule };
                fx.note(rule, Fact::EventsDeleted { mapping, events });
            }
        }
        for at in 0..fx.register().batch(batch).len() {
            let record = fx.register().batch(batch)[at];
            if !record.failed {
                fx.send(Out::Delete { handle: record.handle, why: Deletion::Processed });
            }
        }
        self.free(now, slot, batch, fx);
    }

    fn failed(&mut self, now: Time, slot: u32, rule: Rule, fx: &mut impl Port<Self>) {
        if self.assumptions.error_backoff && !self.config.mapping.reports_failures {
            self.debt += pollers::cost_of_error(f64::from(self.pollers));
            while self.debt >= 1.0 && self.pollers > self.least(1) {
                self.debt -= 1.0;
                self.pollers -= 1;
                let pollers = self.pollers;
                fx.note(Rule::E25, Fact::PollersScaled { mapping: self.id, pollers });
            }
        }
        self.let_go(now, slot, rule, fx);
    }

    /// Nothing is deleted: every message returns at the end of its visibility.
    fn let_go(&mut self, now: Time, slot: u32, rule: Rule, fx: &mut impl Port<Self>) {
        let State::Holding { batch, tries, .. } = self.slots[slot as usize].state else {
            unreachable!("only a batch that was invoked is let go")
        };
        let (mapping, events) = (self.id, fx.register().batch(batch).len());
        let events = u32::try_from(events).expect("at most 10,000");
        if tries == 0 {
            fx.note(rule, Fact::InvokeFailed { mapping, events });
        }
        fx.note(rule, Fact::LetGo { mapping, events });
        self.free(now, slot, batch, fx);
    }

    /// The poller has done with its batch: it goes on with what it still has, polls, or rests.
    fn free(&mut self, now: Time, slot: u32, batch: BatchId, fx: &mut impl Port<Self>) {
        for at in 0..fx.register().batch(batch).len() {
            let payload = fx.register().batch(batch)[at].payload;
            fx.register().release(payload);
        }
        fx.register().close_batch(batch);
        self.slots[slot as usize].number += 1;
        self.slots[slot as usize].awaiting = false;
        let (rest, lease_end) = std::mem::take(&mut self.slots[slot as usize].rest);
        if !rest.is_empty() {
            let batch = fx.register().open_batch();
            *fx.register().batch_mut(batch) = rest;
            self.slots[slot as usize].state = State::Gathering { batch, lease_end };
            return self.close(now, slot, fx);
        }
        self.busy -= 1;
        let wait_for_gatherer = self.config.mapping.window > Span::ZERO && self.gatherer.is_some();
        if self.pollers < self.active || wait_for_gatherer {
            self.rest_slot(slot);
            self.balance(now, fx);
        } else {
            self.poll(now, slot, fx);
        }
    }

    /// The code did not run: the same batch is tried again, or let go (E26).
    fn refused(&mut self, now: Time, slot: u32, outcome: Outcome, fx: &mut impl Port<Self>) {
        let State::Holding { batch, lease_end, tries } = self.slots[slot as usize].state else {
            unreachable!("only a batch that was invoked is refused")
        };
        let (mapping, events) = (self.id, fx.register().batch(batch).len());
        let events = u32::try_from(events).expect("at most 10,000");
        fx.note(Rule::E26, Fact::InvokeFailed { mapping, events });
        let tries = tries + 1;
        self.slots[slot as usize].state = State::Holding { batch, lease_end, tries };
        let number = self.slots[slot as usize].number;
        match self.assumptions.throttled_poll {
            ThrottledPoll::OneTry => self.let_go(now, slot, Rule::E26, fx),
            ThrottledPoll::RetryWithinVisibility => {
                let wait = self.assumptions.throttled_poll_spacing.doubled(tries - 1);
                let again = now.saturating_add(wait);
                if again.saturating_add(self.config.function_timeout) <= lease_end {
                    fx.wake(wait, Wake::TryAgain { slot, number });
                } else {
                    self.let_go(now, slot, Rule::E26, fx);
                }
            }
            ThrottledPoll::WhenASlotFrees => {
                if lease_end <= now {
                    return self.let_go(now, slot, Rule::E26, fx);
                }
                fx.wake(lease_end.since(now), Wake::LeaseEnds { slot, number });
                // Behind reserved concurrency 0, or a 5xx, there is no slot to wait for.
                if outcome == Outcome::Throttled {
                    self.slots[slot as usize].awaiting = true;
                    fx.send(Out::Await { slot });
                }
            }
        }
    }
}

/// What AWS bills for receiving a batch.
fn receive_requests<P: Port<Mapping>>(batch: BatchId, fx: &mut P) -> u64 {
    let register = fx.register();
    let sizes = register.batch(batch).iter().map(|r| u64::from(register.get(r.payload).bytes));
    requests::of_receive(sizes)
}

/// The size of a batch.
fn bytes<P: Port<Mapping>>(batch: BatchId, fx: &mut P) -> u64 {
    let register = fx.register();
    let sizes = register.batch(batch).iter().map(|r| u64::from(register.get(r.payload).bytes));
    sizes.sum()
}
