//! The services that stand between one who waits and the function, and wait themselves.
//!
//! ```text
//!           Ask                      Invoke
//!  call ──────────►  integration  ────────────►  function
//!       ◄──────────               ◄────────────
//!        Answered    limit, retries,     Ended
//!                    statuses: the service's
//! ```
//!
//! One state machine for all of them; what is particular is data (`services.rs`), and judgements are
//! policies. It owns the service's limit, its tries and what it makes of the outcome. It does not own the
//! end user's patience and retries: those are the caller's. A run that it stopped waiting for goes on
//! (SI10): the question keeps its slot until it is answered.

use super::{
    Component, Fact, Port, Rule,
    config::{self, Again, Integration},
    facts::Answer,
    policy::{
        bucket::Bucket,
        sdk::{self, Failure},
    },
    services::{Service, told},
    vocabulary::{CallId, ErrorKind, FunctionId, LineageId, Outcome, PayloadId},
};
use crate::kernel::{Class, Classed, Slab, Span, Stream, Time};

/// Every service that waits, of every caller and call.
#[derive(Debug)]
pub struct Integrations {
    /// For each caller and call its service, if it has one that waits.
    clients: Vec<Option<Client>>,
    requests: Slab<Request>,
    /// What API Gateway takes for the account (SC26).
    gateway: Bucket,
}

/// A service as one caller or call uses it.
#[derive(Debug)]
struct Client {
    config: Box<Integration>,
    /// What an SDK's client remembers.
    sdk: Option<sdk::Client>,
    /// The job whose tasks its requests are.
    job: Option<Job>,
    waits: Stream,
}

/// The tasks of a job so far.
#[derive(Clone, Copy, Debug)]
struct Job {
    /// So many must be done before failures are looked at.
    tasks_min: u64,
    done: u64,
    failed: u64,
}

impl Job {
    fn new(tasks_min: u32) -> Job {
        Job { tasks_min: tasks_min.into(), done: 0, failed: 0 }
    }

    /// Over half of its tasks failed (SC88).
    fn has_failed(self) -> bool {
        self.tasks_min <= self.done && self.done < 2 * self.failed
    }
}

/// One request of an end user; or a question whose answer nobody waits for.
#[derive(Clone, Debug)]
struct Request {
    call: CallId,
    function: FunctionId,
    /// The requester's slot, for the answer.
    asker: u32,
    payload: PayloadId,
    first_at: Time,
    attempt: u32,
    state: State,
    /// What the last retry took of the SDK's quota.
    taken: u32,
    /// Of a state's retriers, how often each was used.
    used: Vec<u32>,
    /// Counts what happened in this slot, so that a stale appointment is known.
    number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The function was asked.
    Asking,
    /// It is asked again later.
    Waiting,
    /// The function was asked, and nobody waits for the answer.
    Unawaited,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// An end user asks.
    Ask {
        /// Which caller or call.
        call: CallId,
        /// Its slot.
        slot: u32,
        /// The function behind.
        function: FunctionId,
        /// With what.
        payload: PayloadId,
    },
    /// How the invocation in this slot ended.
    Ended(u32, Outcome),
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Run the function and answer.
    Invoke {
        /// For whom.
        call: CallId,
        /// The function.
        function: FunctionId,
        /// With this.
        payload: PayloadId,
        /// The invocations asked for with this payload, this one counted.
        attempt: u32,
        /// For the answer.
        slot: u32,
    },
    /// What the end user gets, in its slot.
    Answered(CallId, u32, Answer),
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The service waits no longer for this answer.
    Limit {
        /// The request.
        request: u32,
        /// Its number.
        number: u32,
    },
    /// The function is to be asked.
    Try {
        /// The request.
        request: u32,
    },
}

impl Classed for Wake {
    fn class(&self) -> Class {
        Class::Retry
    }
}

/// The largest request that Lambda takes, in bytes (SI6).
const REQUEST_BYTES_MAX: u32 = 6_291_556;

impl Component for Integrations {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Ask { call, slot, function, payload } => {
                self.asked(now, call, slot, function, payload, fx);
            }
            In::Ended(slot, outcome) => self.ended(now, slot, outcome, fx),
        }
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Limit { request, number } => {
                // Otherwise it was answered in time: the slot has gone on to something else.
                if self.requests[request].number == number {
                    let moved = self.leave(request, fx);
                    self.concluded(now, moved, Answer::LimitReached, fx);
                }
            }
            Wake::Try { request } => self.ask(now, request, fx),
        }
    }
}

impl Integrations {
    /// The services of these callers and calls.
    pub fn new(resources: &config::Resources, seed: u64) -> Integrations {
        let client = |call: &config::Call| {
            let config = call.integration.clone()?;
            let sdk = match config.again {
                Again::Sdk { mode, .. } => Some(sdk::Client::new(mode)),
                Again::Never | Again::Same { .. } | Again::Blocks(_) => None,
            };
            let waits = Stream::new(seed, &format!("integration/{}/wait", call.name));
            let job = config.service.front().and_then(|front| front.job_tasks_min).map(Job::new);
            Some(Client { config, sdk, job, waits })
        };
        let assumed = &resources.assumptions;
        let (burst, rate) = (u64::from(assumed.gateway_burst), u64::from(assumed.gateway_rate));
        Integrations {
            clients: resources.calls.iter().map(client).collect(),
            requests: Slab::default(),
            gateway: Bucket::new(burst, rate, Span::secs(1)),
        }
    }

    /// Takes changed settings. A question that is out keeps the limit that it began with.
    pub fn configure(&mut self, now: Time, resources: &config::Resources) {
        for (client, call) in self.clients.iter_mut().zip(&resources.calls) {
            if let (Some(client), Some(config)) = (client, &call.integration) {
                client.config = config.clone();
            }
        }
        let assumed = &resources.assumptions;
        let (burst, rate) = (u64::from(assumed.gateway_burst), u64::from(assumed.gateway_rate));
        self.gateway.resize(now, burst, rate);
    }

    fn client(&mut self, call: CallId) -> &mut Client {
        self.clients[call.index()].as_mut().expect("only who has a service asks it")
    }

    fn asked(
        &mut self,
        now: Time,
        call: CallId,
        asker: u32,
        function: FunctionId,
        payload: PayloadId,
        fx: &mut impl Port<Self>,
    ) {
        let bytes = fx.register().get(payload).bytes;
        let client = self.clients[call.index()].as_mut().expect("only who has a service asks it");
        let config = &client.config;
        let refusal =
            if config.bytes_max.is_some_and(|max| max < bytes) || REQUEST_BYTES_MAX < bytes {
                Some(Answer::TooLarge)
            } else if config.gateway && !self.gateway.take(now)
                || client.job.is_some_and(Job::has_failed)
            {
                Some(Answer::Overloaded)
            } else {
                None
            };
        if let Some(answer) = refusal {
            return fx.send(Out::Answered(call, asker, answer));
        }
        if !config.service.front().is_some_and(|front| front.carries_lineage) {
            fx.register().get_mut(payload).lineage = LineageId(0);
        }
        fx.register().hold(payload);
        let held = client.sdk.as_mut().map_or(Span::ZERO, |sdk| sdk.hold(now));
        let slot = self.put(Request {
            call,
            function,
            asker,
            payload,
            first_at: now,
            attempt: 0,
            state: State::Waiting,
            taken: 0,
            used: Vec::new(),
            number: 0,
        });
        if held == Span::ZERO {
            self.ask(now, slot, fx);
        } else {
            fx.wake(held, Wake::Try { request: slot });
        }
    }

    fn put(&mut self, request: Request) -> u32 {
        self.requests.put_after(|last| Request { number: last.map_or(0, |l| l.number), ..request })
    }

    fn vacate(&mut self, slot: u32) {
        let number = &mut self.requests[slot].number;
        *number = number.wrapping_add(1);
        self.requests.free(slot);
    }

    fn ask(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let request = &mut self.requests[slot];
        request.attempt += 1;
        request.state = State::Asking;
        request.number = request.number.wrapping_add(1);
        let Request { call, function, payload, first_at, number, .. } = *request;
        let Integration { limit, within, .. } = *self.client(call).config;
        let left = within.map(|within| within.saturating_sub(now.since(first_at)));
        if let Some(limit) = limit.into_iter().chain(left).min() {
            fx.wake(limit, Wake::Limit { request: slot, number });
        }
        let attempt = fx.register().get(payload).tries.saturating_add(1);
        fx.send(Out::Invoke { call, function, payload, attempt, slot });
    }

    fn ended(&mut self, now: Time, slot: u32, outcome: Outcome, fx: &mut impl Port<Self>) {
        let answer = match outcome {
            Outcome::Succeeded => Answer::Ok,
            Outcome::FunctionError(ErrorKind::Timeout) => Answer::FunctionTimeout,
            Outcome::FunctionError(ErrorKind::Handler | ErrorKind::Record) => Answer::FunctionError,
            Outcome::Throttled | Outcome::ZeroReservedConcurrency => Answer::Throttled,
            Outcome::SystemError => Answer::SystemError,
            Outcome::RecursiveInvocation => Answer::Recursive,
            Outcome::NotFound => Answer::NotFound,
        };
        let Request { call, function, payload, state, .. } = self.requests[slot];
        if state == State::Unawaited {
            if answer.ran() {
                fx.note(Rule::SI10, Fact::Unawaited { function, payload });
            }
            self.vacate(slot);
            return fx.register().release(payload);
        }
        let answer = match answer {
            Answer::Throttled => self.client(call).config.throttle_means,
            other => other,
        };
        self.concluded(now, slot, answer, fx);
    }

    /// Leaves the question to itself and takes the request to another slot.
    fn leave(&mut self, slot: u32, fx: &mut impl Port<Self>) -> u32 {
        let question = &mut self.requests[slot];
        let request = question.clone();
        question.state = State::Unawaited;
        question.number = question.number.wrapping_add(1);
        fx.register().hold(request.payload);
        self.put(request)
    }

    /// The function answered, or did not in time: the service asks again, or tells its end user.
    fn concluded(&mut self, now: Time, slot: u32, answer: Answer, fx: &mut impl Port<Self>) {
        let request = &mut self.requests[slot];
        let Request { call, asker, payload, attempt, .. } = *request;
        let client = self.clients[call.index()].as_mut().expect("its requests are its own");
        let key = fx.register().get(payload).key;
        let again = client.again(now, request, answer, key);
        let spent = now.since(request.first_at);
        let in_time = |wait: Span| client.config.within.is_none_or(|within| spent + wait < within);
        if let Some(wait) = again.filter(|wait| in_time(*wait)) {
            request.state = State::Waiting;
            request.number = request.number.wrapping_add(1);
            let rule = client.config.service.retry_rule();
            fx.note(rule, Fact::ServiceRetried { call, payload, attempt: attempt + 1, wait });
            if wait == Span::ZERO {
                return self.ask(now, slot, fx);
            }
            return fx.wake(wait, Wake::Try { request: slot });
        }
        if let Some(job) = &mut client.job {
            job.done += 1;
            job.failed += u64::from(answer != Answer::Ok);
        }
        self.vacate(slot);
        fx.send(Out::Answered(call, asker, answer));
        fx.register().release(payload);
    }
}

impl Client {
    /// How long until the function is asked again; none: the end user is told.
    fn again(
        &mut self,
        now: Time,
        request: &mut Request,
        answer: Answer,
        key: u64,
    ) -> Option<Span> {
        let attempt = request.attempt;
        let mut draw = self.waits.draw(key, attempt);
        match &self.config.again {
            Again::Never => None,
            Again::Same { retries, wait, after } => {
                (attempt <= *retries && after.contains(&answer)).then_some(*wait)
            }
            Again::Sdk { mode, attempts } => {
                let sdk = self.sdk.as_mut().expect("made where there is an SDK");
                sdk.heard(now, answer == Answer::Throttled);
                let failure = match answer {
                    Answer::Throttled => Failure::Throttled,
                    Answer::SystemError => Failure::Transient,
                    Answer::LimitReached => Failure::TimedOut,
                    answer => {
                        if answer.ran() {
                            sdk.give_back(request.taken);
                        }
                        return None;
                    }
                };
                if *attempts <= attempt {
                    return None;
                }
                request.taken = sdk.take(failure)?;
                let wait = mode.wait(failure, attempt - 1, &mut draw);
                Some(wait.saturating_add(sdk.hold(now.saturating_add(wait))))
            }
            Again::Blocks(blocks) => {
                if answer == Answer::Ok {
                    return None;
                }
                let error = told(Service::StepFunctions, answer).status;
                let at = blocks.iter().position(|block| block.fits(error))?;
                request.used.resize(blocks.len(), 0);
                let wait = blocks[at].wait(request.used[at], &mut draw)?;
                request.used[at] += 1;
                Some(wait)
            }
        }
    }
}
