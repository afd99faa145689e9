//! The queue that Lambda keeps between an asynchronous `Invoke` and the function.
//!
//! ```text
//!           Accept                        Invoke
//!  caller ──────────►   event queue   ─────────────────►  function
//!         ◄──────────    ▲      │ ▲                          │
//!          Accepted  Due └──────┘ └──────────────────────────┘
//!                        (retry)            Ended
//!                               │
//!                               └── Settled ──► destination
//! ```
//!
//! It owns waiting, ageing and giving up (A1, A2). It does not own concurrency: the function refuses,
//! and the queue hears of it. It does not own what becomes of an event that ended: the destination does.

use super::{
    Component, Fact, Port, Rule,
    config::{self, Assumptions},
    policy::retry::{Failure, History, RetryPolicy, Verdict},
    register::Record,
    vocabulary::{CallId, Condition, FunctionId, Outcome, PayloadId, Receipt, Work},
};
use crate::kernel::{Class, Classed, Slab, Span, Stream, Time};
use std::collections::VecDeque;

/// The event queue of one function.
#[derive(Debug)]
pub struct EventQueue {
    id: FunctionId,
    config: config::Function,
    age_equality_retries: bool,
    /// Events and batches that are somewhere between accept and end.
    parcels: Slab<Parcel>,
    /// Accepted or due again, to be taken by a poller.
    ready: VecDeque<u32>,
    /// Refused and patient: first in, first out (`when_throttled: wait`).
    line: VecDeque<u32>,
    /// Whether the function is to tell when it has capacity.
    awaiting: bool,
    /// Whether a poller comes at the end of this instant.
    polled: bool,
    /// Second deliveries that have not ended.
    redeliveries: u32,
    /// The batching window that is open: counts up, so that a stale end is known.
    window: Option<u32>,
    windows: u32,
    latency: Stream,
    jitter: Stream,
    duplicate: Stream,
    refusal: Stream,
}

/// What a run of the function is given: one event, or a batch kept together.
#[derive(Clone, Copy, Debug)]
struct Parcel {
    work: Work,
    /// Of a batch, its oldest event's.
    accepted_at: Time,
    runs: u32,
    refusals: u32,
    /// Tried before, run or not; and why it is to be tried again.
    tried: Option<Rule>,
    /// Came out of the patient line: goes back to its head if refused.
    patient: bool,
    /// A second delivery of what succeeded already; its end changes nothing.
    duplicate: bool,
}

/// What is asked of the queue.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// `Invoke` with `InvocationType: Event`. The payload's hold comes with it.
    Accept(PayloadId, Asker),
    /// The function ended or refused the parcel in this slot.
    Ended(u32, Outcome),
    /// The function has capacity again.
    Capacity,
}

/// Who hears that an event was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A caller or a call.
    Call(CallId, u32),
    /// A destination of this function, which asks for no answer.
    Destination(FunctionId),
    /// A service that hands events on.
    Outlet(u32),
}

/// What the queue asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// 202, or 404.
    Accepted {
        /// Who asked.
        call: CallId,
        /// Its slot.
        slot: u32,
        /// Whether the function is there.
        found: bool,
    },
    /// The same, to a service that hands events on: it can also be a 5xx.
    Told(u32, Receipt),
    /// Run the function.
    Invoke {
        /// With this.
        work: Work,
        /// The attempt, from 1.
        attempt: u32,
        /// The parcel, for the answer.
        slot: u32,
    },
    /// Tell when there is capacity.
    Await,
    /// An event ended. Its hold goes along.
    Settled {
        /// The event.
        payload: PayloadId,
        /// How.
        condition: Condition,
    },
}

/// Appointments of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The parcel in this slot is due.
    Due(u32),
    /// The batching window of this number ends.
    WindowEnds(u32),
    /// A poller takes what waits.
    Poll,
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Due(_) => Class::Retry,
            Wake::WindowEnds(_) | Wake::Poll => Class::Poll,
        }
    }
}

impl Component for EventQueue {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    #[inline]
    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Accept(payload, asker) => self.accept(now, payload, asker, fx),
            In::Ended(slot, outcome) => self.ended(now, slot, outcome, fx),
            In::Capacity => {
                self.awaiting = false;
                self.serve_line(now, fx);
            }
        }
    }

    #[inline]
    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Due(slot) => {
                self.ready.push_back(slot);
                self.ask_poller(fx);
            }
            Wake::WindowEnds(number) if self.window == Some(number) => {
                self.window = None;
                self.take(now, true, fx);
            }
            // The window closed by its size before.
            Wake::WindowEnds(_) => (),
            Wake::Poll => {
                self.polled = false;
                self.take(now, false, fx);
            }
        }
    }
}

impl EventQueue {
    /// The queue of function `id`.
    pub fn new(
        id: FunctionId,
        config: &config::Function,
        assumptions: &Assumptions,
        seed: u64,
    ) -> EventQueue {
        let stream = |what: &str| Stream::new(seed, &format!("event-queue/{}/{what}", config.name));
        EventQueue {
            id,
            config: config.clone(),
            age_equality_retries: assumptions.age_equality_retries,
            parcels: Slab::default(),
            ready: VecDeque::new(),
            line: VecDeque::new(),
            awaiting: false,
            polled: false,
            redeliveries: 0,
            window: None,
            windows: 0,
            latency: stream("latency"),
            jitter: stream("jitter"),
            duplicate: stream("duplicate"),
            refusal: stream("refusal"),
        }
    }

    /// Takes changed settings; events that wait are judged by them at their next try (A1.16).
    pub fn configure(&mut self, config: &config::Function) {
        self.config = config.clone();
    }

    /// Whether an event that succeeded is still to be delivered once more (A2.14).
    pub fn is_redelivering(&self) -> bool {
        self.redeliveries > 0
    }

    /// Events and batches between accept and end.
    fn backlog(&self) -> usize {
        self.parcels.held()
    }

    #[inline]
    fn accept(&mut self, now: Time, payload: PayloadId, asker: Asker, fx: &mut impl Port<Self>) {
        if self.config.forbidden {
            // The API answers 404 and nothing is queued.
            match asker {
                Asker::Call(call, slot) => fx.send(Out::Accepted { call, slot, found: false }),
                Asker::Destination(function) => {
                    let condition = Condition::RetriesExhausted;
                    fx.note(Rule::A3_10, Fact::DestinationFailed { function, payload });
                    fx.note(Rule::A3_10, Fact::Dropped { function, payload, condition });
                    fx.register().release(payload);
                }
                Asker::Outlet(slot) => fx.send(Out::Told(slot, Receipt::Refused)),
            }
            return;
        }
        if let Asker::Outlet(slot) = asker
            && !self.takes_from_a_service(payload, slot, fx)
        {
            return;
        }
        // Not even reserved concurrency 0 is looked at here.
        let rule = if self.config.reserved == Some(0) { Rule::A1_5 } else { Rule::A1_1 };
        fx.note(rule, Fact::Accepted { function: self.id, payload });
        if let Asker::Call(call, slot) = asker {
            fx.send(Out::Accepted { call, slot, found: true });
        }
        let slot = self.parcels.put(Parcel {
            work: Work::One(payload),
            accepted_at: now,
            runs: 0,
            refusals: 0,
            tried: None,
            patient: false,
            duplicate: false,
        });
        if self.config.event_queue.dispatch_latency.is_zero() {
            self.ready.push_back(slot);
            self.ask_poller(fx);
        } else {
            let key = fx.register().get(payload).key;
            let mut draw = self.latency.draw(key, 0);
            let wait = self.config.event_queue.dispatch_latency.sample_span(&mut draw, |_| None);
            fx.wake(wait, Wake::Due(slot));
        }
    }

    /// Answers a service that hands an event on (D15).
    #[cold]
    fn takes_from_a_service(
        &mut self,
        payload: PayloadId,
        slot: u32,
        fx: &mut impl Port<Self>,
    ) -> bool {
        let known = fx.register().get_mut(payload);
        known.tries = known.tries.saturating_add(1);
        let (key, tries) = (known.key, known.tries);
        let refused = self.refusal.happens(key, tries, self.config.system_error_rate);
        if refused {
            fx.note(Rule::D15, Fact::SystemErred { function: self.id, payload });
        }
        let receipt = if refused { Receipt::SystemError } else { Receipt::Accepted };
        fx.send(Out::Told(slot, receipt));
        !refused
    }

    /// A poller comes once this instant has happened, so that what comes at one instant is taken together.
    #[inline]
    fn ask_poller(&mut self, fx: &mut impl Port<Self>) {
        if !self.polled {
            self.polled = true;
            fx.wake(Span::ZERO, Wake::Poll);
        }
    }

    /// Pollers take what is ready in batches (A1.8); `window_over` lets a batch go that is not full.
    #[inline]
    fn take(&mut self, now: Time, window_over: bool, fx: &mut impl Port<Self>) {
        let settings = &self.config.event_queue;
        let (size, window) = (settings.batch_size as usize, settings.batch_window);
        let together = settings.invoke_per_batch;
        while !self.ready.is_empty() {
            if !window_over && window > Span::ZERO && self.ready.len() < size {
                if self.window.is_none() {
                    self.windows = self.windows.wrapping_add(1);
                    self.window = Some(self.windows);
                    fx.wake(window, Wake::WindowEnds(self.windows));
                }
                return;
            }
            self.window = None;
            if together {
                self.take_together(now, size, fx);
            } else {
                for _ in 0..size.min(self.ready.len()) {
                    let slot = self.ready.pop_front().expect("as many are ready");
                    self.dispatch(now, slot, fx);
                }
            }
        }
    }

    /// Makes one parcel of up to `size` fresh events; a batch that comes back stays as it was.
    fn take_together(&mut self, now: Time, size: usize, fx: &mut impl Port<Self>) {
        let first = self.ready.pop_front().expect("the caller looked");
        let parcel = self.parcels[first];
        let Work::One(payload) = parcel.work else { return self.dispatch(now, first, fx) };
        let batch = fx.register().open_batch();
        // A batch ages by its oldest event, but each waited for itself: its handle says since when.
        let record = |payload, accepted_at: Time| {
            let handle = accepted_at.as_nanos();
            Record::new(payload, 1, handle)
        };
        fx.register().batch_mut(batch).push(record(payload, parcel.accepted_at));
        while fx.register().batch(batch).len() < size {
            let Some(&next) = self.ready.front() else { break };
            let Parcel { work, accepted_at, .. } = self.parcels[next];
            let Work::One(payload) = work else { break };
            self.ready.pop_front();
            self.parcels.free(next);
            fx.register().batch_mut(batch).push(record(payload, accepted_at));
        }
        self.parcels[first].work = Work::Batch(batch);
        self.dispatch(now, first, fx);
    }

    /// Tries the parcel, or lets it wait behind those who wait already.
    #[inline]
    fn dispatch(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let parcel = &mut self.parcels[slot];
        if self.config.event_queue.patient && !parcel.patient {
            // A patient queue asks before it tries, so that waiting is no throttle.
            let work = parcel.work;
            self.line.push_back(slot);
            let function = self.id;
            each(work, fx, |payload, fx| {
                fx.note(Rule::Ours, Fact::Queued { function, payload });
            });
            return self.ask_capacity(fx);
        }
        let age = now.since(parcel.accepted_at);
        if self.config.age_max < age && !parcel.duplicate {
            let (work, runs) = (parcel.work, parcel.runs);
            self.settle(slot, work, Condition::EventAgeExceeded, Rule::A2_19, runs, age, fx);
            return;
        }
        let (first, rule) = match parcel.tried {
            None if self.config.event_queue.dispatch_latency.is_zero() => (true, Rule::A1_8),
            None => (true, Rule::A1_12),
            Some(Rule::A2_7) => (false, Rule::A2_10),
            Some(rule) => (false, rule),
        };
        parcel.tried = Some(rule);
        let (work, attempt, function) = (parcel.work, parcel.runs + 1, self.id);
        let duplicate = parcel.duplicate;
        if let Work::Batch(batch) = work {
            let records = fx.register().batch_mut(batch);
            records.iter_mut().for_each(|record| record.attempt = attempt);
        }
        if duplicate {
            each(work, fx, |payload, fx| {
                fx.note(Rule::A2_14, Fact::Redelivered { function, payload });
            });
        } else {
            for at in 0..fx.register().size(work) {
                let payload = fx.register().payload_at(work, at);
                let age = match work {
                    Work::One(_) => age,
                    Work::Batch(batch) => {
                        now.since(Time::from_nanos(fx.register().batch(batch)[at].handle))
                    }
                };
                fx.note(rule, Fact::Tried { function, payload, age, first });
            }
        }
        fx.send(Out::Invoke { work, attempt, slot });
    }

    #[inline]
    fn ended(&mut self, now: Time, slot: u32, outcome: Outcome, fx: &mut impl Port<Self>) {
        let mut parcel = self.parcels[slot];
        if parcel.duplicate {
            self.redeliveries -= 1;
            return self.forget(slot, parcel.work, fx);
        }
        let failure = match outcome {
            Outcome::Succeeded => return self.succeeded(now, slot, parcel, fx),
            Outcome::FunctionError(_) | Outcome::NotFound => Failure::Run,
            Outcome::Throttled | Outcome::SystemError => Failure::Refusal,
            Outcome::ZeroReservedConcurrency => Failure::ZeroReservedConcurrency,
            Outcome::RecursiveInvocation => Failure::Recursion,
        };
        if failure == Failure::Run {
            parcel.runs += 1;
            parcel.refusals = 0;
        } else {
            parcel.refusals += 1;
        }
        self.parcels[slot] = parcel;
        if self.config.event_queue.patient && outcome == Outcome::Throttled {
            return self.wait_in_line(slot, parcel, fx);
        }
        self.parcels[slot].patient = false;
        let history = History {
            accepted_at: parcel.accepted_at,
            runs: parcel.runs,
            refusals: parcel.refusals,
        };
        match self.policy().judge(failure, history, now) {
            Verdict::Retry { wait, rule } => {
                let wait = self.jittered(wait, parcel, fx);
                let function = self.id;
                let rule = if outcome == Outcome::NotFound { Rule::A2_22 } else { rule };
                self.parcels[slot].tried = Some(rule);
                each(parcel.work, fx, |payload, fx| {
                    fx.note(rule, Fact::Requeued { function, payload, wait });
                });
                fx.wake(wait, Wake::Due(slot));
            }
            Verdict::Discard { condition, rule } => {
                let age = now.since(parcel.accepted_at);
                self.settle(slot, parcel.work, condition, rule, parcel.runs, age, fx);
            }
        }
    }

    fn policy(&self) -> RetryPolicy {
        let settings = &self.config.event_queue;
        let long = settings
            .backlog_threshold
            .is_some_and(|threshold| threshold as usize <= self.backlog().saturating_sub(1));
        RetryPolicy {
            retries_max: self.config.retries_max,
            age_max: self.config.age_max,
            age_equality_retries: self.age_equality_retries,
            stretch: if long { settings.backlog_interval_factor } else { 1.0 },
        }
    }

    /// The wait, drawn from ± `retry_jitter` around the nominal one.
    fn jittered(&self, wait: Span, parcel: Parcel, fx: &mut impl Port<Self>) -> Span {
        let share = self.config.event_queue.retry_jitter;
        if share == 0.0 {
            return wait;
        }
        let register = fx.register();
        let key = register.get(register.head(parcel.work)).key;
        let occasion = (parcel.runs << 16) | (parcel.refusals & 0xffff);
        let unit = self.jitter.draw(key, occasion).unit();
        wait.scaled(1.0 + share * (2.0 * unit - 1.0))
    }

    /// Lets a refused parcel wait for capacity: first in, first out.
    fn wait_in_line(&mut self, slot: u32, parcel: Parcel, fx: &mut impl Port<Self>) {
        if parcel.patient {
            self.line.push_front(slot);
        } else {
            self.line.push_back(slot);
        }
        self.parcels[slot].patient = false;
        let function = self.id;
        each(parcel.work, fx, |payload, fx| {
            fx.note(Rule::Ours, Fact::Queued { function, payload });
        });
        self.ask_capacity(fx);
    }

    fn ask_capacity(&mut self, fx: &mut impl Port<Self>) {
        if !self.awaiting && !self.line.is_empty() {
            self.awaiting = true;
            fx.send(Out::Await);
        }
    }

    /// Gives the head of the line its turn.
    fn serve_line(&mut self, now: Time, fx: &mut impl Port<Self>) {
        if let Some(slot) = self.line.pop_front() {
            self.parcels[slot].patient = true;
            self.dispatch(now, slot, fx);
            self.ask_capacity(fx);
        }
    }

    #[inline]
    fn succeeded(&mut self, now: Time, slot: u32, parcel: Parcel, fx: &mut impl Port<Self>) {
        let (function, age) = (self.id, now.since(parcel.accepted_at));
        let rule = if self.config.on_success.is_some() { Rule::A3_2 } else { Rule::SM1 };
        each(parcel.work, fx, |payload, fx| {
            fx.note(rule, Fact::Completed { function, payload, age });
        });
        let again = self.config.event_queue.duplicate_probability;
        let register = fx.register();
        let key = register.get(register.head(parcel.work)).key;
        let duplicate = again.as_f64() > 0.0 && self.duplicate.happens(key, parcel.runs, again);
        if self.config.on_success.is_some() || self.config.answers {
            each(parcel.work, fx, |payload, fx| {
                if duplicate {
                    fx.register().hold(payload);
                }
                fx.send(Out::Settled { payload, condition: Condition::Success });
            });
            if !duplicate {
                return self.vacate(slot, parcel.work, fx);
            }
        }
        if duplicate {
            self.parcels[slot].duplicate = true;
            self.redeliveries += 1;
            self.ready.push_back(slot);
            self.ask_poller(fx);
        } else {
            self.forget(slot, parcel.work, fx);
        }
    }

    /// Gives the parcel's events up; each goes to the destination, or is dropped.
    #[expect(clippy::too_many_arguments, reason = "what a discard says, each once")]
    fn settle(
        &mut self,
        slot: u32,
        work: Work,
        condition: Condition,
        rule: Rule,
        runs: u32,
        age: Span,
        fx: &mut impl Port<Self>,
    ) {
        let function = self.id;
        let kept = self.config.dead_letter.is_some() || self.config.on_failure.is_some();
        each(work, fx, |payload, fx| {
            fx.note(rule, Fact::Discarded { function, payload, condition, runs, age });
            if kept {
                fx.send(Out::Settled { payload, condition });
            } else {
                fx.note(rule, Fact::Dropped { function, payload, condition });
                fx.register().release(payload);
            }
        });
        self.vacate(slot, work, fx);
    }

    /// Lets go of the parcel and its events.
    #[inline]
    fn forget(&mut self, slot: u32, work: Work, fx: &mut impl Port<Self>) {
        each(work, fx, |payload, fx| fx.register().release(payload));
        self.vacate(slot, work, fx);
    }

    fn vacate(&mut self, slot: u32, work: Work, fx: &mut impl Port<Self>) {
        if let Work::Batch(batch) = work {
            fx.register().close_batch(batch);
        }
        self.parcels.free(slot);
    }
}

/// Does something for each event of a parcel.
#[inline]
fn each<P: Port<EventQueue>>(work: Work, fx: &mut P, mut act: impl FnMut(PayloadId, &mut P)) {
    for at in 0..fx.register().size(work) {
        let payload = fx.register().payload_at(work, at);
        act(payload, fx);
    }
}
