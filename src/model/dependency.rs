//! A dependency: a database, or another's API, that callers and functions ask and wait for.
//!
//! ```text
//!          ┌──────── refused: 404, 500, 429, 503 ─────────┐
//!          │                                              ▼
//!  Request ┴► rate ─► queue (first in first out) ─► serving ─► Answered
//!  Abandon ────────────┴── only with cancel_abandoned ──┘
//! ```
//!
//! It owns its places, its queue and its token bucket; it does not own retries or patience: who asked
//! decides. Work whose asker has gone away is done all the same, which is what makes a storm of
//! retries stay. Each request is answered exactly once. No rule of AWS's is here: what a dependency
//! does, only the scenario says.

use super::{
    Component, Fact, Port, Rule,
    config::{self, TokenRate},
    facts::Answer,
    policy::bucket::Bucket,
    value::Catalog,
    vocabulary::{DependencyId, PayloadId, Question},
};
use crate::kernel::{Class, Classed, Stream, Time};
use std::{collections::BTreeMap, sync::Arc};

/// A dependency.
#[derive(Debug)]
pub struct Dependency {
    id: DependencyId,
    config: config::Dependency,
    bucket: Option<Bucket>,
    /// Requests accepted so far: each has its number, by which it is known.
    tickets: u64,
    /// What waits for a place, first in first out.
    waiting: BTreeMap<u64, Request>,
    /// What is being done.
    serving: BTreeMap<u64, Work>,
    /// The number of each question that is out.
    asked: BTreeMap<Question, u64>,
    catalog: Arc<Catalog>,
    service: Stream,
    errors: Stream,
    system: Stream,
}

/// A request that was accepted.
#[derive(Clone, Copy, Debug)]
struct Request {
    question: Question,
    payload: PayloadId,
    attempt: u32,
    since: Time,
}

/// A request that is being served, and how that will end.
#[derive(Clone, Copy, Debug)]
struct Work {
    request: Request,
    started: Time,
    fails: bool,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// Do this for a payload: always answered by one `Answered`.
    Request {
        /// What is to be answered.
        question: Question,
        /// For what. Who asks holds it until it has its answer.
        payload: PayloadId,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// Nobody waits for the answer to this any more.
    Abandon(Question),
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Which one.
    pub question: Question,
    /// The answer. Of cancelled work, which nobody waits for, it is that time was up.
    pub answer: Answer,
}

/// The work of this number is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake(u64);

impl Classed for Wake {
    fn class(&self) -> Class {
        Class::Completion
    }
}

impl Component for Dependency {
    type Wake = Wake;
    type In = In;
    type Out = Answered;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Request { question, payload, attempt } => {
                self.request(now, Request { question, payload, attempt, since: now }, fx);
            }
            In::Abandon(question) => self.abandon(now, question, fx),
        }
    }

    fn woken(&mut self, now: Time, Wake(ticket): Wake, fx: &mut impl Port<Self>) {
        // Otherwise it was cancelled.
        if let Some(work) = self.serving.remove(&ticket) {
            self.done(now, work, fx);
        }
    }
}

impl Dependency {
    /// The dependency `id` of a run, with nothing to do.
    pub fn new(
        id: DependencyId,
        config: &config::Dependency,
        catalog: Arc<Catalog>,
        seed: u64,
    ) -> Dependency {
        let stream = |what: &str| Stream::new(seed, &format!("dependency/{}/{what}", config.name));
        Dependency {
            id,
            config: config.clone(),
            bucket: config.rate.map(full),
            tickets: 0,
            waiting: BTreeMap::new(),
            serving: BTreeMap::new(),
            asked: BTreeMap::new(),
            catalog,
            service: stream("service"),
            errors: stream("error"),
            system: stream("system-error"),
        }
    }

    /// Whether it has nothing to do.
    pub fn is_idle(&self) -> bool {
        self.asked.is_empty()
    }

    /// Takes changed settings. Work in progress ends as it began; what waits has the new ones.
    pub fn configure(&mut self, now: Time, config: &config::Dependency, fx: &mut impl Port<Self>) {
        match (&mut self.bucket, config.rate) {
            (Some(bucket), Some(TokenRate { tokens, per, burst })) => {
                bucket.change_rate(now, tokens, per);
                bucket.resize(now, burst, tokens);
            }
            (bucket, rate) => *bucket = rate.map(full),
        }
        self.config = config.clone();
        self.take_next(now, fx);
    }

    fn has_place(&self) -> bool {
        self.config.concurrency.is_none_or(|places| self.serving.len() < places as usize)
    }

    /// Whether a request is refused at once, and how.
    fn refusal(&mut self, now: Time, key: u64, attempt: u32) -> Option<Answer> {
        if self.config.forbidden {
            return Some(Answer::NotFound);
        }
        if self.system.happens(key, attempt, self.config.system_error_rate) {
            return Some(Answer::SystemError);
        }
        if self.bucket.as_mut().is_some_and(|bucket| !bucket.take(now)) {
            return Some(Answer::Throttled);
        }
        let is_full = self.config.queue.is_some_and(|most| most as usize <= self.waiting.len());
        (!self.has_place() && is_full).then_some(Answer::Overloaded)
    }

    fn request(&mut self, now: Time, request: Request, fx: &mut impl Port<Self>) {
        let (dependency, Request { question, payload, attempt, .. }) = (self.id, request);
        fx.note(Rule::Ours, Fact::DependencyAsked { dependency, payload, attempt });
        let key = fx.register().get(payload).key;
        if let Some(answer) = self.refusal(now, key, attempt) {
            fx.note(Rule::Ours, Fact::DependencyRefused { dependency, payload, answer });
            fx.send(Answered { question, answer });
            return;
        }
        self.tickets += 1;
        self.asked.insert(question, self.tickets);
        if self.has_place() {
            self.serve(now, self.tickets, request, false, fx);
        } else {
            self.waiting.insert(self.tickets, request);
            fx.note(Rule::Ours, Fact::WorkQueued { dependency, payload });
        }
    }

    fn serve(
        &mut self,
        now: Time,
        ticket: u64,
        request: Request,
        queued: bool,
        fx: &mut impl Port<Self>,
    ) {
        let (dependency, payload) = (self.id, request.payload);
        let waited = now.since(request.since);
        fx.note(Rule::Ours, Fact::WorkStarted { dependency, payload, waited, queued });
        let known = fx.register().get(payload);
        let mut draw = self.service.draw(known.key, request.attempt);
        let law = &self.config.service_time;
        let time = law.sample_span(&mut draw, |id| self.catalog.word(known, id));
        let fails = self.errors.happens(known.key, request.attempt, self.config.error_rate);
        self.serving.insert(ticket, Work { request, started: now, fails });
        fx.wake(time, Wake(ticket));
    }

    fn done(&mut self, now: Time, work: Work, fx: &mut impl Port<Self>) {
        let (dependency, Request { question, payload, since, .. }) = (self.id, work.request);
        self.asked.remove(&question);
        let (ran, took, ok) = (now.since(work.started), now.since(since), !work.fails);
        fx.note(Rule::Ours, Fact::WorkEnded { dependency, payload, ran, took, ok });
        let answer = if ok { Answer::Ok } else { Answer::Failed };
        fx.send(Answered { question, answer });
        self.take_next(now, fx);
    }

    /// Begins what waits, as far as there are places.
    fn take_next(&mut self, now: Time, fx: &mut impl Port<Self>) {
        while self.has_place()
            && let Some((ticket, request)) = self.waiting.pop_first()
        {
            self.serve(now, ticket, request, true, fx);
        }
    }

    /// Nobody waits for this any more. What was answered before is gone already.
    fn abandon(&mut self, now: Time, question: Question, fx: &mut impl Port<Self>) {
        let Some(ticket) = self.asked.get(&question).copied() else { return };
        let dependency = self.id;
        let (request, started) = match (self.waiting.get(&ticket), self.serving.get(&ticket)) {
            (Some(request), _) => (*request, None),
            (None, Some(work)) => (work.request, Some(work.started)),
            (None, None) => unreachable!("a question that is out waits or is being served"),
        };
        let payload = request.payload;
        fx.note(Rule::Ours, Fact::WorkAbandoned { dependency, payload });
        if !self.config.cancel_abandoned {
            return;
        }
        self.asked.remove(&question);
        self.waiting.remove(&ticket);
        self.serving.remove(&ticket);
        let (spent, started) = (now.since(started.unwrap_or(request.since)), started.is_some());
        fx.note(Rule::Ours, Fact::WorkCancelled { dependency, payload, spent, started });
        fx.send(Answered { question, answer: Answer::TimedOut });
        self.take_next(now, fx);
    }
}

/// The bucket of a rate, with all its tokens.
fn full(rate: TokenRate) -> Bucket {
    Bucket::new(rate.burst, rate.tokens, rate.per)
}
