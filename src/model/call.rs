//! A requester: a caller of the file, or an entry of a function's `calls`, which is one without arrivals.
//!
//! ```text
//!             ┌────────────┐ ── Invoke, Accept, Send, Publish ──►  target
//!  arrivals ─►│   call     │ ◄──────────── Answered ─────────────
//!  run ──────►│            │
//!     ◄─ Done └────────────┘  timeout, backoff, budget: its own
//! ```
//!
//! It owns arrivals, the client's patience and the client's retries; it does not know what its target
//! is. The requests of one payload are one `Request`; each question that is out is an `Ask`, which
//! is answered exactly once, even when nobody waits for it any more (SI10).

use super::{
    Component, Fact, Port, Rule,
    arrivals::ArrivalClock,
    config::{self, Process, Via},
    fact::Answer,
    policy::backoff,
    value::{Catalog, Quantity},
    vocabulary::{CallId, PayloadId, RunToken, Target},
};
use crate::kernel::{Class, Classed, Span, Stream, Time, name_key};
use std::{collections::BTreeMap, sync::Arc};

/// A caller or a call.
#[derive(Debug)]
pub struct Call {
    id: CallId,
    config: config::Call,
    /// Where the keys of its payloads begin.
    base: u64,
    /// Payloads started.
    number: u64,
    clocks: Vec<ArrivalClock>,
    /// The earliest of the clocks.
    next: Time,
    /// Arrivals still to come at this instant.
    burst: u64,
    /// The last instant before which it starts payloads.
    until: Time,
    requests: Slab<Request>,
    asks: Slab<Ask>,
    /// Which request each run waits for.
    by_run: BTreeMap<RunToken, u32>,
    /// Retries that the budget allows, in thousandths.
    budget: u64,
    catalog: Arc<Catalog>,
    sizes: Stream,
    backoff: Stream,
    think: Stream,
}

/// One payload, until its requester knows what became of it.
#[derive(Clone, Copy, Debug)]
struct Request {
    payload: PayloadId,
    attempt: u32,
    first_at: Time,
    last_wait: Span,
    /// The run that waits, for a function's call.
    run: Option<RunToken>,
    /// The client that waits, in a closed loop.
    client: Option<u32>,
    /// The question that is out.
    ask: Option<u32>,
    /// Counts the uses of the slot.
    number: u32,
}

/// One question that is out.
#[derive(Clone, Copy, Debug)]
struct Ask {
    request: Option<u32>,
    payload: PayloadId,
    asked_at: Time,
    number: u32,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// A run makes this call.
    Request(PayloadId, RunToken),
    /// The target answered the question in this slot.
    Answered(u32, Answer),
    /// The run no longer waits.
    Abandon(RunToken),
    /// The next arrival is here.
    Arrive,
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Ask the target by this API. A hold goes along with what is queued.
    Ask {
        /// Whom.
        target: Target,
        /// How.
        via: Via,
        /// What.
        payload: PayloadId,
        /// The attempt, from 1.
        attempt: u32,
        /// `DelaySeconds`.
        delay: Option<Span>,
        /// For the answer.
        slot: u32,
    },
    /// The run has its answer.
    Done(RunToken, bool),
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// It waits no longer for this answer.
    TimedOut {
        /// The question.
        ask: u32,
        /// Its number.
        number: u32,
    },
    /// The next attempt of this request is due.
    Retry {
        /// The request.
        request: u32,
        /// Its number.
        number: u32,
    },
    /// This client of a closed loop has thought enough.
    Thought(u32),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::TimedOut { .. } | Wake::Retry { .. } => Class::Retry,
            Wake::Thought(_) => Class::Arrival,
        }
    }
}

/// Retries saved up at most, in thousandths: as Brooker's bucket, so that calm does not pay for a storm.
const BUDGET_MAX: u64 = 10_000;

impl Component for Call {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    #[inline]
    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Arrive => self.arrive(now, fx),
            In::Request(payload, run) => {
                self.size(payload, fx);
                self.request(now, payload, Some(run), None, fx);
            }
            In::Answered(slot, answer) => self.answered(now, slot, answer, fx),
            In::Abandon(run) => self.abandon(now, run, fx),
        }
    }

    #[inline]
    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::TimedOut { ask, number } => {
                // Answered in time: the question is gone, or another one is in its slot.
                if self.asks.0[ask as usize].number == number {
                    let Some(request) = self.asks.0[ask as usize].request.take() else { return };
                    let asked_at = self.asks.0[ask as usize].asked_at;
                    self.concluded(now, request, Answer::TimedOut, asked_at, fx);
                }
            }
            Wake::Retry { request, number } => {
                if self.requests.0[request as usize].number == number {
                    self.ask(now, request, fx);
                }
            }
            Wake::Thought(client) => {
                if now < self.until {
                    self.start(now, Some(client), fx);
                }
            }
        }
    }
}

impl Call {
    /// The caller or call `id` of a run that starts payloads before `until`.
    pub fn new(
        id: CallId,
        config: &config::Call,
        catalog: Arc<Catalog>,
        seed: u64,
        until: Time,
    ) -> Call {
        let stream = |what: &str| Stream::new(seed, &format!("call/{}/{what}", config.name));
        let clocks = config
            .arrivals
            .iter()
            .zip(0..)
            .map(|(arrivals, n): (_, u32)| {
                ArrivalClock::new(arrivals, stream(&format!("arrivals/{n}")))
            })
            .collect();
        let mut call = Call {
            id,
            config: config.clone(),
            base: name_key(&config.name),
            number: 0,
            clocks,
            next: Time::NEVER,
            burst: 0,
            until,
            requests: Slab(Vec::new(), Vec::new()),
            asks: Slab(Vec::new(), Vec::new()),
            by_run: BTreeMap::new(),
            budget: 0,
            catalog,
            sizes: stream("size"),
            backoff: stream("backoff"),
            think: stream("think"),
        };
        call.look();
        call
    }

    /// When its next payload comes. The wiring keeps arrivals outside the agenda.
    pub fn next(&self) -> Time {
        self.next
    }

    /// Lets the clients of closed loops begin to ask.
    pub fn begin(&mut self, fx: &mut impl Port<Self>) {
        let mut number = 0;
        for arrivals in &self.config.arrivals {
            let Process::Closed { clients, .. } = arrivals.process else { continue };
            for _ in 0..clients {
                fx.wake(arrivals.from.since(Time::ZERO), Wake::Thought(number));
                number += 1;
            }
        }
    }

    /// Takes changed settings.
    pub fn configure(&mut self, now: Time, config: &config::Call, fx: &mut impl Port<Self>) {
        let before = self.clients();
        self.config = config.clone();
        for (clock, arrivals) in self.clocks.iter_mut().zip(&self.config.arrivals) {
            clock.reconfigure(arrivals, now);
        }
        for client in before..self.clients() {
            fx.wake(Span::ZERO, Wake::Thought(client));
        }
        self.look();
    }

    /// Clients of all closed loops.
    fn clients(&self) -> u32 {
        let clients = |arrivals: &config::Arrivals| match arrivals.process {
            Process::Closed { clients, .. } => clients,
            _ => 0,
        };
        self.config.arrivals.iter().map(clients).sum()
    }

    fn look(&mut self) {
        let next = self.clocks.iter().map(ArrivalClock::next).min().unwrap_or(Time::NEVER);
        self.next = if next < self.until { next } else { Time::NEVER };
    }

    /// One arrival; of a burst, one after the other.
    #[inline]
    fn arrive(&mut self, now: Time, fx: &mut impl Port<Self>) {
        if self.burst == 0 {
            let due = self.clocks.iter().position(|clock| clock.next() == now);
            let clock = &mut self.clocks[due.expect("an arrival has its clock")];
            self.burst = clock.count();
            clock.step();
        }
        if self.burst > 0 {
            self.burst -= 1;
            self.start(now, None, fx);
        }
        if self.burst == 0 {
            self.look();
        }
    }

    #[inline]
    fn start(&mut self, now: Time, client: Option<u32>, fx: &mut impl Port<Self>) {
        if client.is_some_and(|client| self.clients() <= client) {
            return; // There are fewer clients now.
        }
        self.number += 1;
        let payload = fx.register().arrive(self.id, self.base, self.number, now);
        fx.note(Rule::SI9, Fact::Arrived { call: self.id, payload });
        self.size(payload, fx);
        self.request(now, payload, None, client, fx);
    }

    /// Draws the payload's size, where one is given.
    #[inline]
    fn size(&self, payload: PayloadId, fx: &mut impl Port<Self>) {
        if self.config.payload_bytes.is_zero() {
            return;
        }
        let known = fx.register().get(payload);
        let mut draw = self.sizes.draw(known.key, 0);
        let bytes = self.config.payload_bytes.sample(&mut draw, |id| self.catalog.word(known, id));
        fx.register().get_mut(payload).bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    }

    #[inline]
    fn request(
        &mut self,
        now: Time,
        payload: PayloadId,
        run: Option<RunToken>,
        client: Option<u32>,
        fx: &mut impl Port<Self>,
    ) {
        let request = Request {
            payload,
            attempt: 0,
            first_at: now,
            last_wait: Span::ZERO,
            run,
            client,
            ask: None,
            number: 0,
        };
        let slot = self.requests.put(request, |new, old| new.number = old.number);
        if let Some(run) = run {
            self.by_run.insert(run, slot);
        }
        self.ask(now, slot, fx);
    }

    #[inline]
    fn ask(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let request = &mut self.requests.0[slot as usize];
        request.attempt += 1;
        let (payload, attempt) = (request.payload, request.attempt);
        // The question holds the payload too: its run may outlast the requester's patience.
        fx.register().hold(payload);
        let ask = Ask { request: Some(slot), payload, asked_at: now, number: 0 };
        let ask = self.asks.put(ask, |new, old| new.number = old.number);
        self.requests.0[slot as usize].ask = Some(ask);
        if self.config.via != Via::Invoke {
            fx.register().hold(payload); // Goes along, and comes back with a refusal.
        }
        fx.note(Rule::SI9, Fact::Requested { call: self.id, payload, attempt });
        if let Some(timeout) = self.config.timeout {
            let number = self.asks.0[ask as usize].number;
            fx.wake(timeout, Wake::TimedOut { ask, number });
        }
        fx.send(Out::Ask {
            target: self.config.target,
            via: self.config.via,
            payload,
            attempt,
            delay: self.config.delay,
            slot: ask,
        });
    }

    #[inline]
    fn answered(&mut self, now: Time, slot: u32, answer: Answer, fx: &mut impl Port<Self>) {
        let ask = &mut self.asks.0[slot as usize];
        ask.number = ask.number.wrapping_add(1);
        let Ask { request, payload, asked_at, .. } = *ask;
        self.asks.1.push(slot);
        match request {
            Some(request) => self.concluded(now, request, answer, asked_at, fx),
            None => {
                if let (Target::Function(function), Answer::Ok | Answer::FunctionError) =
                    (self.config.target, answer)
                {
                    fx.note(Rule::SI10, Fact::Unawaited { function, payload });
                }
            }
        }
        if self.config.via != Via::Invoke && answer != Answer::Ok {
            fx.register().release(payload);
        }
        fx.register().release(payload);
    }

    /// The requester knows what became of its question: it is content, asks again, or gives up.
    #[inline]
    fn concluded(
        &mut self,
        now: Time,
        slot: u32,
        answer: Answer,
        asked_at: Time,
        fx: &mut impl Port<Self>,
    ) {
        self.requests.0[slot as usize].ask = None;
        let request = self.requests.0[slot as usize];
        let (call, payload) = (self.id, request.payload);
        let took = now.since(asked_at);
        fx.note(Rule::SI2, Fact::Answered { call, payload, answer, took });
        let ok = answer == Answer::Ok;
        if ok && let Some(share) = self.config.retry.budget {
            let earned = Span::from_nanos_f64(share * 1000.0).as_nanos();
            self.budget = (self.budget + earned).min(BUDGET_MAX);
        }
        if !ok && request.attempt < self.config.retry.attempts && self.may_retry() {
            let key = fx.register().get(payload).key;
            let mut draw = self.backoff.draw(key, request.attempt);
            let retry = &self.config.retry;
            let wait = backoff::wait(&retry.backoff, request.attempt, request.last_wait, &mut draw);
            self.requests.0[slot as usize].last_wait = wait;
            fx.note(Rule::SI9, Fact::RequestRetried { call, payload, wait });
            fx.wake(wait, Wake::Retry { request: slot, number: request.number });
            return;
        }
        let since = now.since(request.first_at);
        self.resolve(slot, request, ok, since, fx);
        if let Some(client) = request.client {
            self.think(client, fx);
        }
    }

    /// Whether the budget has a retry left, which is then spent.
    fn may_retry(&mut self) -> bool {
        match self.config.retry.budget {
            None => true,
            Some(_) if self.budget >= 1000 => {
                self.budget -= 1000;
                true
            }
            Some(_) => false,
        }
    }

    #[inline]
    fn resolve(
        &mut self,
        slot: u32,
        request: Request,
        ok: bool,
        since: Span,
        fx: &mut impl Port<Self>,
    ) {
        let number = &mut self.requests.0[slot as usize].number;
        *number = number.wrapping_add(1);
        self.requests.1.push(slot);
        let (call, payload) = (self.id, request.payload);
        // What was queued lives on without its requester; what was waited for ends here.
        if !ok || self.config.via == Via::Invoke {
            fx.note(Rule::SI9, Fact::Resolved { call, payload, ok, since });
        }
        if let Some(run) = request.run {
            self.by_run.remove(&run);
            fx.send(Out::Done(run, ok));
        }
        fx.register().release(payload);
    }

    fn think(&mut self, client: u32, fx: &mut impl Port<Self>) {
        let mut first = 0;
        for arrivals in &self.config.arrivals {
            let Process::Closed { clients, think_time } = &arrivals.process else { continue };
            if client < first + clients {
                let mut draw = self.think.draw(u64::from(client), self.thoughts());
                let wait = match think_time {
                    Quantity::Attribute(..) => Span::ZERO,
                    law => law.sample_span(&mut draw, |_| None),
                };
                fx.wake(wait, Wake::Thought(client));
                return;
            }
            first += clients;
        }
    }

    /// The occasion of a client's next thought: payloads started, which never repeats.
    fn thoughts(&self) -> u32 {
        u32::try_from(self.number & 0xffff_ffff).expect("masked")
    }

    /// The run that waited has ended: its request ends with it, unanswered.
    fn abandon(&mut self, now: Time, run: RunToken, fx: &mut impl Port<Self>) {
        let Some(slot) = self.by_run.remove(&run) else { return };
        let request = self.requests.0[slot as usize];
        if let Some(ask) = request.ask {
            self.asks.0[ask as usize].request = None;
        }
        let since = now.since(request.first_at);
        self.resolve(slot, Request { run: None, ..request }, false, since, fx);
    }
}

/// Values in slots that are used again, and the free slots.
#[derive(Debug)]
struct Slab<T>(Vec<T>, Vec<u32>);

impl<T: Copy> Slab<T> {
    /// Puts a value into a free slot; `inherit` takes from the last value of the slot what must go on.
    #[inline]
    fn put(&mut self, mut value: T, inherit: impl FnOnce(&mut T, &T)) -> u32 {
        match self.1.pop() {
            Some(slot) => {
                inherit(&mut value, &self.0[slot as usize]);
                self.0[slot as usize] = value;
                slot
            }
            None => {
                self.0.push(value);
                u32::try_from(self.0.len() - 1).expect("fewer than 2^32 at once")
            }
        }
    }
}
