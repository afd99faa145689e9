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
//! is. Each question that is out is answered exactly once, even when nobody waits for it any more
//! (SI10): it keeps its slot until then, and the request goes on in another.

use super::{
    Component, Fact, Port, Rule,
    arrivals::ArrivalClock,
    config::{self, Process, Via},
    facts::Answer,
    policy::backoff,
    value::{Catalog, Quantity},
    vocabulary::{CallId, DependencyId, PayloadId, RunToken, Target},
};
use crate::kernel::{Class, Classed, Slab, Span, Stream, Time, name_key};
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
    /// Which request each run waits for.
    by_run: BTreeMap<RunToken, u32>,
    /// Retries that the budget allows, in thousandths.
    budget: u64,
    /// It asks each thing once, has its answer at the same instant, and nobody waits: then there is
    /// no request to keep, and the payload's own number stands for it.
    plain: bool,
    catalog: Arc<Catalog>,
    sizes: Stream,
    backoff: Stream,
    think: Stream,
}

/// One payload, until its requester knows what became of it; or a question that nobody waits for.
#[derive(Clone, Copy, Debug)]
struct Request {
    payload: PayloadId,
    attempt: u32,
    first_at: Time,
    asked_at: Time,
    last_wait: Span,
    /// The run that waits, for a function's call.
    run: Option<RunToken>,
    /// The client that waits, in a closed loop.
    client: Option<u32>,
    state: State,
    /// Counts what happened in this slot, so that a stale appointment is known.
    number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The question is out.
    Asking,
    /// The next attempt is to come.
    BackingOff,
    /// The question is out, and nobody waits for its answer.
    Unawaited,
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
    /// Nobody waits for the answer to the question in this slot any more.
    Leave(DependencyId, u32),
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// It waits no longer for this answer.
    TimedOut {
        /// The request.
        request: u32,
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
            In::Answered(number, answer) if self.plain => {
                self.answered_plainly(PayloadId(number), answer, fx);
            }
            In::Answered(slot, answer) => self.answered(now, slot, answer, fx),
            In::Abandon(run) => self.abandon(now, run, fx),
        }
    }

    #[inline]
    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            // Otherwise it was answered in time: the slot has gone on to something else.
            Wake::TimedOut { request, number } => {
                if self.requests[request].number == number {
                    self.timed_out(now, request, fx);
                }
            }
            Wake::Retry { request, number } => {
                if self.requests[request].number == number {
                    self.ask(now, request, fx);
                }
            }
            Wake::Thought(client) => {
                let until = self.closed_loop(client).map(|(arrivals, _)| arrivals.until);
                if until.is_some_and(|until| now < until.min(self.until)) {
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
            requests: Slab::default(),
            by_run: BTreeMap::new(),
            budget: 0,
            plain: is_plain(config),
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
        self.plain = is_plain(config);
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
        fx.note(Rule::Ours, Fact::Arrived { call: self.id, payload });
        self.size(payload, fx);
        if self.plain {
            self.ask_plainly(payload, fx);
        } else {
            self.request(now, payload, None, client, fx);
        }
    }

    #[inline]
    fn ask_plainly(&mut self, payload: PayloadId, fx: &mut impl Port<Self>) {
        let config::Call { target, via, delay, .. } = self.config;
        fx.note(Rule::Ours, Fact::Requested { call: self.id, payload, attempt: 1 });
        fx.send(Out::Ask { target, via, payload, attempt: 1, delay, slot: payload.0 });
    }

    /// The answer of [`Call::ask_plainly`]. What was refused is the requester's again.
    #[inline]
    fn answered_plainly(&mut self, payload: PayloadId, answer: Answer, fx: &mut impl Port<Self>) {
        let (call, took) = (self.id, Span::ZERO);
        fx.note(self.rule_of(answer), Fact::Answered { call, payload, answer, took });
        if answer != Answer::Ok {
            fx.note(Rule::SI9, Fact::Resolved { call, payload, ok: false, since: Span::ZERO });
            fx.register().release(payload);
        }
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
            asked_at: now,
            last_wait: Span::ZERO,
            run,
            client,
            state: State::BackingOff,
            number: 0,
        };
        let slot = self.put(request);
        if let Some(run) = run {
            self.by_run.insert(run, slot);
        }
        self.ask(now, slot, fx);
    }

    #[inline]
    fn put(&mut self, request: Request) -> u32 {
        self.requests.put_after(|last| Request { number: last.map_or(0, |l| l.number), ..request })
    }

    #[inline]
    fn vacate(&mut self, slot: u32) {
        let number = &mut self.requests[slot].number;
        *number = number.wrapping_add(1);
        self.requests.free(slot);
    }

    #[inline]
    fn ask(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let request = &mut self.requests[slot];
        request.attempt += 1;
        request.asked_at = now;
        request.state = State::Asking;
        request.number = request.number.wrapping_add(1);
        let (payload, attempt, number) = (request.payload, request.attempt, request.number);
        if !self.config.via.waits() {
            fx.register().hold(payload); // Goes along, and comes back with a refusal.
        }
        let rule = if attempt == 1 { Rule::Ours } else { self.of_lambda(Rule::SI9) };
        fx.note(rule, Fact::Requested { call: self.id, payload, attempt });
        if let Some(timeout) = self.config.timeout {
            fx.wake(timeout, Wake::TimedOut { request: slot, number });
        }
        fx.send(Out::Ask {
            target: self.config.target,
            via: self.config.via,
            payload,
            attempt,
            delay: self.config.delay,
            slot,
        });
    }

    #[inline]
    fn answered(&mut self, now: Time, slot: u32, answer: Answer, fx: &mut impl Port<Self>) {
        let request = self.requests[slot];
        let payload = request.payload;
        if !self.config.via.waits() && answer != Answer::Ok {
            fx.register().release(payload);
        }
        if request.state == State::Unawaited {
            if let (Target::Function(function), true) = (self.config.target, answer.ran()) {
                fx.note(Rule::SI10, Fact::Unawaited { function, payload });
            }
            self.vacate(slot);
            fx.register().release(payload);
        } else {
            self.concluded(now, slot, request, answer, fx);
        }
    }

    /// It waits no longer: the question keeps its slot until it is answered, the request goes on elsewhere.
    fn timed_out(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let request = self.requests[slot];
        let moved = self.leave(slot, request, fx);
        self.concluded(now, moved, request, Answer::TimedOut, fx);
    }

    /// Leaves the question to itself and takes the request to another slot.
    fn leave(&mut self, slot: u32, request: Request, fx: &mut impl Port<Self>) -> u32 {
        fx.register().hold(request.payload);
        let question = &mut self.requests[slot];
        question.state = State::Unawaited;
        question.number = question.number.wrapping_add(1);
        let moved = self.put(request);
        if let Some(run) = request.run {
            self.by_run.insert(run, moved);
        }
        if let Target::Dependency(dependency) = self.config.target {
            fx.send(Out::Leave(dependency, slot));
        }
        moved
    }

    /// The requester knows what became of its question: it is content, asks again, or gives up.
    #[inline]
    fn concluded(
        &mut self,
        now: Time,
        slot: u32,
        request: Request,
        answer: Answer,
        fx: &mut impl Port<Self>,
    ) {
        let (call, payload) = (self.id, request.payload);
        let took = now.since(request.asked_at);
        fx.note(self.rule_of(answer), Fact::Answered { call, payload, answer, took });
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
            let request = &mut self.requests[slot];
            request.last_wait = wait;
            request.state = State::BackingOff;
            request.number = request.number.wrapping_add(1);
            let number = request.number;
            fx.note(self.of_lambda(Rule::SI9), Fact::RequestRetried { call, payload, wait });
            fx.wake(wait, Wake::Retry { request: slot, number });
            return;
        }
        let since = now.since(request.first_at);
        self.resolve(slot, request, ok, since, fx);
        if let Some(client) = request.client {
            self.think(client, fx);
        }
    }

    /// Why an answer is as it is.
    fn rule_of(&self, answer: Answer) -> Rule {
        let function = matches!(self.config.target, Target::Function(_));
        if matches!(self.config.target, Target::Dependency(_)) {
            return Rule::Ours;
        }
        match (answer, self.config.via) {
            (answer, Via::Service(service)) => service.rule(answer),
            (Answer::Ok, Via::Invoke) => Rule::SI1,
            (Answer::Ok, Via::InvokeAsync) => Rule::A1_1,
            (Answer::Ok, Via::Send) => Rule::Ours,
            (Answer::FunctionError | Answer::FunctionTimeout, _) => Rule::SI2,
            (Answer::Throttled, _) => Rule::SN2,
            (Answer::SystemError, _) if function => Rule::SI24,
            (Answer::SystemError, _) => Rule::Ours,
            (Answer::NotFound, _) => Rule::SI19,
            (Answer::Recursive, _) => Rule::SI11,
            (Answer::TimedOut | Answer::LimitReached, _) => Rule::SI10,
            (Answer::Overloaded | Answer::TooLarge | Answer::Failed, _) => Rule::Ours,
        }
    }

    /// A rule about Lambda says nothing of a dependency.
    #[inline]
    fn of_lambda(&self, rule: Rule) -> Rule {
        if matches!(self.config.target, Target::Dependency(_)) { Rule::Ours } else { rule }
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
        self.vacate(slot);
        let (call, payload) = (self.id, request.payload);
        // What was queued lives on without its requester; what was waited for ends here.
        if !ok || self.config.via.waits() {
            let rule = self.of_lambda(if ok { Rule::SI1 } else { Rule::SI9 });
            fx.note(rule, Fact::Resolved { call, payload, ok, since });
        }
        if let Some(run) = request.run {
            self.by_run.remove(&run);
            fx.send(Out::Done(run, ok));
        }
        fx.register().release(payload);
    }

    /// The closed loop of a client, and how long its clients think; none: it has fewer clients now.
    fn closed_loop(&self, client: u32) -> Option<(&config::Arrivals, &Quantity)> {
        let mut first = 0;
        self.config.arrivals.iter().find_map(|arrivals| {
            let Process::Closed { clients, think_time } = &arrivals.process else { return None };
            let before = first;
            first += clients;
            (before <= client && client < first).then_some((arrivals, think_time))
        })
    }

    fn think(&mut self, client: u32, fx: &mut impl Port<Self>) {
        let Some((_, think_time)) = self.closed_loop(client) else { return };
        let mut draw = self.think.draw(u64::from(client), self.thoughts());
        let wait = match think_time {
            Quantity::Attribute(..) => Span::ZERO,
            law => law.sample_span(&mut draw, |_| None),
        };
        fx.wake(wait, Wake::Thought(client));
    }

    /// The occasion of a client's next thought: payloads started, which never repeats.
    fn thoughts(&self) -> u32 {
        u32::try_from(self.number & 0xffff_ffff).expect("masked")
    }

    /// The run that waited has ended: its request ends with it, unanswered.
    fn abandon(&mut self, now: Time, run: RunToken, fx: &mut impl Port<Self>) {
        let Some(slot) = self.by_run.remove(&run) else { return };
        let request = Request { run: None, ..self.requests[slot] };
        let slot = match request.state {
            State::Asking => self.leave(slot, request, fx),
            State::BackingOff | State::Unawaited => slot,
        };
        let since = now.since(request.first_at);
        self.resolve(slot, request, false, since, fx);
    }
}

/// See [`Call::plain`]: no run and no client waits, and nothing is asked twice.
fn is_plain(config: &config::Call) -> bool {
    let at_once = match (config.via, config.target) {
        (Via::InvokeAsync, Target::Function(_)) | (Via::Send, Target::Queue(_)) => true,
        (Via::Invoke | Via::InvokeAsync | Via::Send | Via::Service(_), _) => false,
    };
    let open = |arrivals: &config::Arrivals| !matches!(arrivals.process, Process::Closed { .. });
    at_once
        && config.retry.attempts <= 1
        && !config.arrivals.is_empty()
        && config.arrivals.iter().all(open)
}
