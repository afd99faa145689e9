//! The services that hand events on: from their 200 to the endpoint's 202.
//!
//! ```text
//!  topic, bus ── Deliver ──►            ── Send ──►  event queue, queue, topic
//!  call ──────── Ask ──────►  delivery  ◄── Told ──
//!       ◄─────── Answered ──    ▲    │
//!                               └────┘ delay, retries
//! ```
//!
//! One state machine for subscriptions, targets of rules and services that imply one; what is particular
//! is data (`services.rs`), and when to try again is a policy. It owns what is on its way, and ends where
//! the endpoint accepts it: what fails after that is Lambda's (D1). An operation that waits for a
//! function's own answer (D11) waits here too; its event is a copy, which goes its own way.

use super::{
    Component, Fact, Port, Rule,
    config::{self, Outlet, OutletOf},
    facts::{Answer, Maker},
    outcome::{Origin, Role, Trouble},
    services::{Manner, Service},
    vocabulary::{CallId, Entry, LineageId, OutletId, PayloadId, Receipt, Target, Undelivered},
};
use crate::kernel::{Class, Classed, Slab, Span, Stream, Time};
use std::collections::BTreeMap;

/// Every outlet of a run.
#[derive(Debug)]
pub struct Deliveries {
    outlets: Vec<Channel>,
    /// For each caller and call its outlet, if it has one of its own.
    of_call: Vec<Option<OutletId>>,
    parcels: Slab<Parcel>,
    operations: Slab<Operation>,
    /// Which operation waits for the success of an event.
    awaited: BTreeMap<PayloadId, u32>,
}

/// An outlet, with its luck.
#[derive(Debug)]
struct Channel {
    config: Outlet,
    /// Makes its copies.
    maker: u64,
    /// It hands nothing on before this (D13).
    off_until: Time,
    delay: Stream,
    window: Stream,
    waits: Stream,
    errors: Stream,
}

/// A message on its way to one endpoint.
#[derive(Clone, Copy, Debug)]
struct Parcel {
    outlet: OutletId,
    payload: PayloadId,
    entry: Entry,
    taken_at: Time,
    attempts: u32,
    /// The dead-letter queue was asked, because of this.
    given_up: Option<Undelivered>,
}

/// An operation that waits for a function's own answer.
#[derive(Clone, Copy, Debug)]
struct Operation {
    call: CallId,
    /// The requester's slot, for the answer.
    asker: u32,
    event: PayloadId,
    /// Counts what happened in this slot, so that a stale appointment is known.
    number: u32,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// A topic or bus has this for an outlet. The payload's hold comes with it.
    Deliver {
        /// The outlet.
        outlet: OutletId,
        /// What.
        payload: PayloadId,
        /// As what it comes into a queue.
        entry: Entry,
    },
    /// A caller or call starts something at its service.
    Ask {
        /// Which.
        call: CallId,
        /// Its slot.
        slot: u32,
        /// With what; of a service that hands on, the hold comes with it.
        payload: PayloadId,
    },
    /// What the endpoint or dead-letter queue answered about this parcel.
    Told(u32, Receipt),
    /// A custom resource succeeded. The event's hold comes with it.
    Done(PayloadId),
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Invoke asynchronously, send or publish. The hold goes along, and stays if it is refused.
    Send {
        /// Whom.
        target: Target,
        /// What.
        payload: PayloadId,
        /// As what it comes into a queue.
        entry: Entry,
        /// The attempt, from 1.
        attempt: u32,
        /// For the receipt.
        slot: u32,
    },
    /// What the requester gets, in its slot.
    Answered(CallId, u32, Answer),
}

/// Appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// This parcel is to be handed on.
    Try {
        /// The parcel.
        parcel: u32,
    },
    /// This operation waits no longer.
    Expires {
        /// The operation.
        operation: u32,
        /// Its number.
        number: u32,
    },
}

impl Classed for Wake {
    fn class(&self) -> Class {
        Class::Retry
    }
}

impl Component for Deliveries {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Deliver { outlet, payload, entry } => self.deliver(now, outlet, payload, entry, fx),
            In::Ask { call, slot, payload } => self.asked(now, call, slot, payload, fx),
            In::Told(slot, receipt) => {
                let Parcel { payload, given_up, .. } = self.parcels[slot];
                match given_up {
                    None => self.told(now, slot, receipt, fx),
                    Some(why) => self.kept(slot, why, receipt, fx),
                }
                fx.register().release(payload); // The question's own hold.
            }
            In::Done(event) => {
                if let Some(operation) = self.awaited.get(&event) {
                    self.conclude(*operation, Answer::Ok, fx);
                }
                fx.register().release(event);
            }
        }
    }

    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Try { parcel } => self.attempt(now, parcel, fx),
            // Otherwise it was answered in time: the slot has gone on to something else.
            Wake::Expires { operation, number } => {
                if self.operations[operation].number == number {
                    self.conclude(operation, Answer::LimitReached, fx);
                }
            }
        }
    }
}

impl Deliveries {
    /// The outlets of these resources.
    pub fn new(resources: &config::Resources, seed: u64) -> Deliveries {
        let channel = |outlet: &Outlet| {
            let stream =
                |what: &str| Stream::new(seed, &format!("delivery/{}/{what}", outlet.luck));
            Channel {
                config: outlet.clone(),
                maker: outlet.maker(),
                off_until: Time::ZERO,
                delay: stream("delay"),
                window: stream("window"),
                waits: stream("wait"),
                errors: stream("system-error"),
            }
        };
        let mut of_call = vec![None; resources.calls.len()];
        for (id, outlet) in resources.outlets.iter().enumerate() {
            if let OutletOf::Call(call) = outlet.origin {
                of_call[call.index()] = Some(OutletId::at(id));
            }
        }
        Deliveries {
            outlets: resources.outlets.iter().map(channel).collect(),
            of_call,
            parcels: Slab::default(),
            operations: Slab::default(),
            awaited: BTreeMap::new(),
        }
    }

    /// Takes changed settings. What waits keeps its appointment, and is then judged by the new ones.
    pub fn configure(&mut self, resources: &config::Resources) {
        for (channel, outlet) in self.outlets.iter_mut().zip(&resources.outlets) {
            channel.config = outlet.clone();
        }
    }

    /// A requester starts something: it is taken at once, or an operation begins.
    fn asked(
        &mut self,
        now: Time,
        call: CallId,
        slot: u32,
        payload: PayloadId,
        fx: &mut impl Port<Self>,
    ) {
        let outlet = self.of_call[call.index()].expect("only who has a service asks it");
        let channel = &self.outlets[outlet.index()];
        if channel.config.service.manner() == Manner::HandsOn {
            fx.send(Out::Answered(call, slot, Answer::Ok));
            return self.deliver(now, outlet, payload, Entry::Sent, fx);
        }
        let (patience, maker) = (channel.config.patience, channel.maker);
        let nth = {
            let operation = fx.register().get_mut(payload);
            operation.tries = operation.tries.saturating_add(1);
            operation.tries
        };
        let event = {
            let role = Role::Message(Origin::Operation);
            fx.register().copy(payload, maker, u64::from(nth), role, now)
        };
        fx.note(Rule::D11, Fact::Copied { maker: Maker::Outlet(outlet), payload: event });
        fx.register().hold(event);
        let operation = self.operations.put_after(|last| Operation {
            call,
            asker: slot,
            event,
            number: last.map_or(0, |last| last.number),
        });
        self.awaited.insert(event, operation);
        let number = self.operations[operation].number;
        fx.wake(patience, Wake::Expires { operation, number });
        self.deliver(now, outlet, event, Entry::Sent, fx);
    }

    /// The operation has its answer, or waits no longer.
    fn conclude(&mut self, at: u32, answer: Answer, fx: &mut impl Port<Self>) {
        let operation = &mut self.operations[at];
        operation.number = operation.number.wrapping_add(1);
        let Operation { call, asker, event, .. } = *operation;
        self.operations.free(at);
        self.awaited.remove(&event);
        fx.send(Out::Answered(call, asker, answer));
        fx.register().release(event);
    }

    /// The service has taken it, and is to hand it on.
    fn deliver(
        &mut self,
        now: Time,
        outlet: OutletId,
        payload: PayloadId,
        entry: Entry,
        fx: &mut impl Port<Self>,
    ) {
        let channel = &self.outlets[outlet.index()];
        let config = &channel.config;
        if !carries_lineage(config.service) {
            fx.register().get_mut(payload).lineage = LineageId(0);
        }
        let parcel = Parcel { outlet, payload, entry, taken_at: now, attempts: 0, given_up: None };
        if now < channel.off_until {
            let slot = self.parcels.put(parcel);
            return self.give_up(now, slot, Undelivered::SwitchedOff, fx);
        }
        let key = fx.register().get(payload).key;
        let on_its_way = config.delay.sample_span(&mut channel.delay.draw(key, 0), |_| None);
        let late = match config.window {
            Span::ZERO => Span::ZERO,
            window => window.scaled(channel.window.draw(key, 0).unit()),
        };
        let wait = on_its_way.saturating_add(late);
        let rule = match (config.window, on_its_way) {
            (Span::ZERO, Span::ZERO) => Rule::D1,
            (Span::ZERO, _) => Rule::D14,
            _ => Rule::D8,
        };
        fx.note(rule, Fact::Handed { outlet, payload, wait });
        let slot = self.parcels.put(parcel);
        if wait == Span::ZERO {
            self.attempt(now, slot, fx);
        } else {
            fx.wake(wait, Wake::Try { parcel: slot });
        }
    }

    /// Hands it on, unless the way itself is barred.
    fn attempt(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let parcel = &mut self.parcels[slot];
        parcel.attempts += 1;
        let Parcel { outlet, payload, entry, attempts, .. } = *parcel;
        let Channel { config, errors, .. } = &self.outlets[outlet.index()];
        if config.forbidden {
            return self.told(now, slot, Receipt::Refused, fx);
        }
        let key = fx.register().get(payload).key;
        if errors.happens(key, attempts, config.system_error_rate) {
            return self.told(now, slot, Receipt::SystemError, fx);
        }
        fx.register().hold(payload);
        fx.send(Out::Send { target: config.target, payload, entry, attempt: attempts, slot });
    }

    /// The endpoint took it, may take it later, or never will.
    fn told(&mut self, now: Time, slot: u32, receipt: Receipt, fx: &mut impl Port<Self>) {
        let Parcel { outlet, payload, taken_at, attempts, .. } = self.parcels[slot];
        let took = now.since(taken_at);
        match receipt {
            Receipt::Accepted => {
                fx.note(Rule::D1, Fact::HandedOn { outlet, payload, took });
                self.parcels.free(slot);
            }
            Receipt::SystemError | Receipt::Throttled => {
                let Channel { config, waits, .. } = &self.outlets[outlet.index()];
                let key = fx.register().get(payload).key;
                let wait = config.tries.wait(attempts, took, &mut waits.draw(key, attempts));
                let Some(wait) = wait else {
                    return self.give_up(now, slot, Undelivered::Exhausted, fx);
                };
                let (rule, attempt) = (config.service.retry_rule(), attempts + 1);
                fx.register().get_mut(payload).met.meet(Trouble::Refused);
                fx.note(rule, Fact::DeliveryRetried { outlet, payload, attempt, wait });
                fx.wake(wait, Wake::Try { parcel: slot });
            }
            Receipt::Refused => self.give_up(now, slot, Undelivered::Forbidden, fx),
        }
    }

    /// The service gives it up: its dead-letter queue gets it, or it is lost.
    fn give_up(&mut self, now: Time, slot: u32, why: Undelivered, fx: &mut impl Port<Self>) {
        let Parcel { outlet, payload, attempts, .. } = self.parcels[slot];
        let channel = &mut self.outlets[outlet.index()];
        let service = channel.config.service;
        let rule = match why {
            Undelivered::Forbidden => {
                let off = service.carrier().and_then(|carrier| carrier.switched_off);
                match off {
                    Some(off) => {
                        channel.off_until = now.saturating_add(off);
                        Rule::D13
                    }
                    None => Rule::D5,
                }
            }
            Undelivered::Exhausted => service.retry_rule(),
            Undelivered::SwitchedOff => Rule::D13,
        };
        fx.register().get_mut(payload).met.meet(Trouble::Refused);
        fx.note(rule, Fact::DeliveryFailed { outlet, payload, why, attempts });
        if let Some(operation) = self.awaited.get(&payload) {
            let answer = match why {
                Undelivered::Forbidden => Answer::NotFound,
                Undelivered::Exhausted | Undelivered::SwitchedOff => Answer::SystemError,
            };
            self.conclude(*operation, answer, fx);
        }
        let config = &self.outlets[outlet.index()].config;
        if let Some(target) = config.dead_letter {
            self.parcels[slot].given_up = Some(why);
            fx.register().hold(payload);
            fx.register().get_mut(payload).lineage = LineageId(0);
            let entry = Entry::DeadLetter;
            fx.send(Out::Send { target, payload, entry, attempt: 1, slot });
        } else {
            self.parcels.free(slot);
            fx.note(rule, Fact::DeliveryLost { outlet, payload, why });
            fx.register().release(payload);
        }
    }

    /// The dead-letter queue took it, or it is lost.
    fn kept(&mut self, slot: u32, why: Undelivered, receipt: Receipt, fx: &mut impl Port<Self>) {
        let Parcel { outlet, payload, .. } = self.parcels[slot];
        self.parcels.free(slot);
        if receipt == Receipt::Accepted {
            fx.note(Rule::D5, Fact::DeliveryKept { outlet, payload });
        } else {
            fx.note(Rule::D5, Fact::DeliveryNotKept { outlet, payload });
            fx.note(Rule::D5, Fact::DeliveryLost { outlet, payload, why });
            fx.register().release(payload);
        }
    }
}

fn carries_lineage(service: Service) -> bool {
    service.carrier().is_some_and(|carrier| carrier.carries_lineage)
}
