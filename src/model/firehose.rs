//! A Firehose stream that has its records transformed by a function.
//!
//! ```text
//!           Put               Invoke (a batch)
//!  call ─────────► firehose ──────────────────► function
//!       ◄─────────    │    ◄──────────────────
//!         Taken       │          Ended
//!                     └── what it gives up: the error bucket
//! ```
//!
//! It owns the buffer, the tries of a batch and what becomes of each record. A record is taken at once;
//! its producer hears no more of it. A run that it stopped waiting for goes on with a batch of its own.

use super::{
    Component, Fact, Port, Rule,
    config::{self, Buffering},
    register::Record,
    vocabulary::{BatchId, CallId, FunctionId, Outcome, PayloadId, Target},
};
use crate::kernel::{Class, Classed, Slab, Span, Time};
use std::collections::VecDeque;

/// The stream between one caller or call and its function.
#[derive(Debug)]
pub struct Firehose {
    id: CallId,
    function: FunctionId,
    config: Buffering,
    /// The buffer: what has been taken since the last was handed over.
    open: Vec<PayloadId>,
    bytes: u64,
    /// Counts buffers, so that a stale end of an interval is known.
    number: u32,
    /// Full buffers that wait for one of the invocations.
    ready: VecDeque<BatchId>,
    /// Batches between their first try and their end.
    out: usize,
    batches: Slab<Batch>,
}

/// A batch; or a run of one that nobody waits for.
#[derive(Clone, Copy, Debug)]
struct Batch {
    records: BatchId,
    attempt: u32,
    awaited: bool,
    /// Counts what happened in this slot, so that a stale appointment is known.
    number: u32,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// `PutRecord`. The payload's hold comes with it; the slot is for the answer.
    Put(PayloadId, u32),
    /// How the invocation of the batch in this slot ended.
    Ended(u32, Outcome),
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// The record in the producer's slot is taken.
    Taken(u32),
    /// Run the function with these records; it says what became of each.
    Invoke {
        /// The function.
        function: FunctionId,
        /// The records.
        records: BatchId,
        /// For the answer.
        slot: u32,
    },
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The interval of the buffer of this number is over.
    Interval(u32),
    /// It waits no longer for this batch.
    Limit {
        /// The batch.
        batch: u32,
        /// Its number.
        number: u32,
    },
    /// This batch is to be tried again.
    Try(u32),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Limit { .. } | Wake::Try(_) => Class::Retry,
            Wake::Interval(_) => Class::Poll,
        }
    }
}

/// How long it waits for a batch (SC70).
const LIMIT: Span = Span::mins(5);
/// Invocations that are out at once (SC71).
const OUT_MAX: usize = 5;

impl Component for Firehose {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, _now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Put(payload, slot) => {
                fx.note(Rule::SC71, Fact::Buffered { call: self.id, payload });
                fx.send(Out::Taken(slot));
                self.take(payload, fx);
            }
            In::Ended(slot, outcome) => self.ended(slot, outcome, fx),
        }
    }

    fn woken(&mut self, _now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Interval(number) => {
                if number == self.number {
                    self.close(fx);
                }
            }
            Wake::Limit { batch, number } => {
                // Otherwise it ended in time: the slot has gone on to something else.
                if self.batches[batch].number == number {
                    let moved = self.leave(batch, fx);
                    self.failed(moved, fx);
                }
            }
            Wake::Try(slot) => self.ask(slot, fx),
        }
    }
}

impl Firehose {
    /// The stream of `call`, if it has one.
    pub fn new(id: CallId, call: &config::Call) -> Option<Firehose> {
        let Target::Function(function) = call.target else { return None };
        Some(Firehose {
            id,
            function,
            config: call.buffering?,
            open: Vec::new(),
            bytes: 0,
            number: 0,
            ready: VecDeque::new(),
            out: 0,
            batches: Slab::default(),
        })
    }

    /// Takes changed settings: the buffer that is open keeps its interval.
    pub fn configure(&mut self, call: &config::Call) {
        self.config = call.buffering.unwrap_or(self.config);
    }

    fn take(&mut self, payload: PayloadId, fx: &mut impl Port<Self>) {
        if self.open.is_empty() {
            fx.wake(self.config.interval, Wake::Interval(self.number));
        }
        self.open.push(payload);
        self.bytes += u64::from(fx.register().get(payload).bytes);
        if self.config.bytes <= self.bytes {
            self.close(fx);
        }
    }

    /// The buffer becomes a batch.
    fn close(&mut self, fx: &mut impl Port<Self>) {
        self.number = self.number.wrapping_add(1);
        self.bytes = 0;
        let records = fx.register().open_batch();
        let record = |payload| Record::new(payload, 1, 0);
        fx.register().batch_mut(records).extend(self.open.drain(..).map(record));
        self.ready.push_back(records);
        self.hand_over(fx);
    }

    fn hand_over(&mut self, fx: &mut impl Port<Self>) {
        while self.out < OUT_MAX
            && let Some(records) = self.ready.pop_front()
        {
            self.out += 1;
            for at in 0..fx.register().batch(records).len() {
                let payload = fx.register().batch(records)[at].payload;
                fx.note(Rule::SC71, Fact::HandedOver { call: self.id, payload });
            }
            let slot = self.put(Batch { records, attempt: 0, awaited: true, number: 0 });
            self.ask(slot, fx);
        }
    }

    fn put(&mut self, batch: Batch) -> u32 {
        self.batches.put_after(|last| Batch { number: last.map_or(0, |l| l.number), ..batch })
    }

    fn vacate(&mut self, slot: u32) {
        let number = &mut self.batches[slot].number;
        *number = number.wrapping_add(1);
        self.batches.free(slot);
    }

    fn ask(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let batch = &mut self.batches[slot];
        batch.attempt += 1;
        batch.number = batch.number.wrapping_add(1);
        let Batch { records, attempt, number, .. } = *batch;
        for record in fx.register().batch_mut(records).iter_mut() {
            (record.attempt, record.failed) = (attempt, false);
        }
        fx.wake(LIMIT, Wake::Limit { batch: slot, number });
        fx.send(Out::Invoke { function: self.function, records, slot });
    }

    fn ended(&mut self, slot: u32, outcome: Outcome, fx: &mut impl Port<Self>) {
        let Batch { records, awaited, .. } = self.batches[slot];
        if !awaited {
            let payload = fx.register().batch(records)[0].payload;
            if matches!(outcome, Outcome::Succeeded | Outcome::FunctionError(_)) {
                fx.note(Rule::SI10, Fact::Unawaited { function: self.function, payload });
            }
            self.vacate(slot);
            return release(records, fx);
        }
        if outcome != Outcome::Succeeded {
            return self.failed(slot, fx);
        }
        for at in 0..fx.register().batch(records).len() {
            let Record { payload, failed, .. } = fx.register().batch(records)[at];
            let call = self.id;
            let fact = match failed {
                true => Fact::ProcessingFailed { call, payload },
                false => Fact::Transformed { call, payload },
            };
            fx.note(Rule::SC77, fact);
        }
        self.done(slot, fx);
    }

    /// Leaves the run to itself and goes on with a batch of the same records.
    fn leave(&mut self, slot: u32, fx: &mut impl Port<Self>) -> u32 {
        let question = &mut self.batches[slot];
        let batch = *question;
        question.awaited = false;
        question.number = question.number.wrapping_add(1);
        let register = fx.register();
        let again = register.open_batch();
        let records = register.batch(batch.records).to_vec();
        for record in &records {
            register.hold(record.payload);
        }
        register.batch_mut(again).extend(records);
        self.put(Batch { records: again, ..batch })
    }

    /// A try failed as a whole: it is made again, or the records are given up.
    fn failed(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let Batch { records, attempt, .. } = self.batches[slot];
        let call = self.id;
        if attempt <= self.config.retries {
            let number = &mut self.batches[slot].number;
            *number = number.wrapping_add(1);
            let wait = self.config.retry_delay;
            let payload = fx.register().batch(records)[0].payload;
            fx.note(Rule::SC74, Fact::ServiceRetried { call, payload, attempt: attempt + 1, wait });
            return if wait == Span::ZERO {
                self.ask(slot, fx);
            } else {
                fx.wake(wait, Wake::Try(slot));
            };
        }
        for at in 0..fx.register().batch(records).len() {
            let payload = fx.register().batch(records)[at].payload;
            fx.note(Rule::SC76, Fact::ProcessingFailed { call, payload });
        }
        self.done(slot, fx);
    }

    fn done(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let records = self.batches[slot].records;
        self.vacate(slot);
        release(records, fx);
        self.out -= 1;
        self.hand_over(fx);
    }
}

/// The records' holds and their batch are given back.
fn release(records: BatchId, fx: &mut impl Port<Firehose>) {
    for at in 0..fx.register().batch(records).len() {
        let payload = fx.register().batch(records)[at].payload;
        fx.register().release(payload);
    }
    fx.register().close_batch(records);
}
