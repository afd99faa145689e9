//! Where an asynchronous event goes when it has ended: the dead-letter queue and the destinations of a function.
//!
//! ```text
//!  event queue ── Settled ──► destination ── Send, Publish, Accept ──► queue, topic, bus, function
//!                                         ◄──────── Sent ───────────
//! ```
//!
//! It owns what is kept of an event and who gets it (A3). The dead-letter queue takes the event itself;
//! beside it, and for success, a destination gets a record of it, which is a copy in the ledger. A
//! failure destination alone takes the event's place in the ledger too.

use super::{
    Component, Fact, Place, Port, Rule,
    config::Function,
    facts::Maker,
    outcome::{Origin, Role, Trouble},
    vocabulary::{Condition, Entry, FunctionId, LineageId, PayloadId, Receipt, Target},
};
use crate::kernel::{Class, Classed, Slab, Time, name_key};

/// The dead-letter queue setting and the destinations of one function.
#[derive(Debug)]
pub struct Destination {
    id: FunctionId,
    config: Function,
    maker: u64,
    /// Deliveries that wait for their receipt.
    deliveries: Slab<Delivery>,
}

#[derive(Clone, Copy, Debug)]
struct Delivery {
    payload: PayloadId,
    condition: Condition,
    /// To the dead-letter queue, not to a destination.
    dead_letter: bool,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug)]
pub enum In {
    /// An event ended. Its hold comes with it.
    Settled(PayloadId, Condition),
    /// What became of a delivery.
    Sent(u32, Receipt),
}

/// What it asks of others. A payload's hold goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Send to a queue, topic or bus; `slot` is for the receipt.
    Send {
        /// Whom.
        target: Target,
        /// What.
        payload: PayloadId,
        /// As what.
        entry: Entry,
        /// Where a topic or bus leaves it in the ledger.
        place: Place,
        /// For the receipt.
        slot: u32,
    },
    /// Invoke a function asynchronously.
    Accept(FunctionId, PayloadId),
    /// A custom resource answered.
    Done(PayloadId),
}

/// It makes no appointments.
#[derive(Clone, Copy, Debug)]
pub enum Wake {}

impl Classed for Wake {
    fn class(&self) -> Class {
        match *self {}
    }
}

impl Component for Destination {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Settled(payload, Condition::Success) => {
                if let Some(target) = self.config.on_success {
                    let copy = self.record(now, payload, Rule::A3_2, fx);
                    self.deliver(target, copy, Condition::Success, false, fx);
                }
                if self.config.answers {
                    fx.register().hold(payload);
                    fx.send(Out::Done(payload));
                }
                fx.register().release(payload);
            }
            In::Settled(payload, condition) => self.given_up(now, payload, condition, fx),
            In::Sent(slot, receipt) => {
                let delivery = self.deliveries[slot];
                self.deliveries.free(slot);
                if receipt != Receipt::Accepted {
                    self.lost(delivery, fx);
                }
            }
        }
    }

    fn woken(&mut self, _now: Time, token: Wake, _fx: &mut impl Port<Self>) {
        match token {}
    }
}

impl Destination {
    /// The destinations of function `id`.
    pub fn new(id: FunctionId, config: &Function) -> Destination {
        Destination {
            id,
            config: config.clone(),
            maker: name_key(&format!("destination/{}", config.name)),
            deliveries: Slab::default(),
        }
    }

    /// Takes changed settings.
    pub fn configure(&mut self, config: &Function) {
        self.config = config.clone();
    }

    /// The dead-letter queue and the failure destination each get the event (A3.3).
    fn given_up(
        &mut self,
        now: Time,
        payload: PayloadId,
        condition: Condition,
        fx: &mut impl Port<Self>,
    ) {
        let (function, config) = (self.id, &self.config);
        // What the guard stopped goes to no function that it would stop next: else a circle of
        // destinations would go on for ever, and without any time passing.
        let stopped = condition == Condition::RecursiveInvocation;
        let lineage = fx.register().get(payload).lineage;
        let on_failure = config.on_failure.filter(|target| match *target {
            Target::Function(next) => !stopped || fx.register().step(lineage, next).is_some(),
            _ => true,
        });
        match (config.dead_letter, on_failure) {
            (Some(queue), None) => self.deliver(queue, payload, condition, true, fx),
            (Some(queue), Some(destination)) => {
                let copy = self.record(now, payload, Rule::A3_3, fx);
                self.deliver(queue, payload, condition, true, fx);
                self.deliver(destination, copy, condition, false, fx);
            }
            (None, Some(Target::Function(chained))) => {
                // A new event of the other function; this one stays behind as dead-lettered.
                let copy = self.record(now, payload, Rule::A3_13, fx);
                fx.note(Rule::A3_13, Fact::DeadLettered { function, payload });
                fx.register().release(payload);
                fx.send(Out::Accept(chained, copy));
            }
            (None, Some(destination)) => {
                self.deliver(destination, payload, condition, false, fx);
            }
            (None, None) => {
                fx.note(Rule::A3_2, Fact::Dropped { function, payload, condition });
                fx.register().release(payload);
            }
        }
    }

    /// A copy of the event, as the record that a destination gets.
    fn record(
        &mut self,
        now: Time,
        payload: PayloadId,
        rule: Rule,
        fx: &mut impl Port<Self>,
    ) -> PayloadId {
        let (runs, lineage) = {
            let event = fx.register().get(payload);
            (event.runs, event.lineage)
        };
        let copy = {
            let role = Role::Message(Origin::Destination);
            fx.register().copy(payload, self.maker, u64::from(runs), role, now)
        };
        if !self.config.loops_allowed
            && let Some(lineage) = fx.register().step(lineage, self.id)
        {
            fx.register().get_mut(copy).lineage = lineage;
        }
        fx.note(rule, Fact::Copied { maker: Maker::Destination(self.id), payload: copy });
        copy
    }

    fn deliver(
        &mut self,
        target: Target,
        payload: PayloadId,
        condition: Condition,
        dead_letter: bool,
        fx: &mut impl Port<Self>,
    ) {
        let success = condition == Condition::Success;
        match target {
            Target::Function(function) => fx.send(Out::Accept(function, payload)),
            _ => {
                let slot = self.deliveries.put(Delivery { payload, condition, dead_letter });
                // The header that Lambda sends to a queue carries no lineage (measured: A3.9).
                fx.register().get_mut(payload).lineage = LineageId(0);
                let entry = if success { Entry::Sent } else { Entry::DeadLetter };
                let place = if success { Place::Delivered } else { Place::DeadLettered };
                fx.send(Out::Send { target, payload, entry, place, slot });
            }
        }
    }

    /// What could not be delivered is lost, and counted (A3.10).
    fn lost(&mut self, delivery: Delivery, fx: &mut impl Port<Self>) {
        let (function, Delivery { payload, condition, dead_letter }) = (self.id, delivery);
        let (trouble, fact) = if dead_letter {
            (Trouble::DeadLetterError, Fact::DeadLetterFailed { function, payload })
        } else {
            (Trouble::DestinationFailure, Fact::DestinationFailed { function, payload })
        };
        fx.register().get_mut(payload).met.meet_at(function, trouble);
        fx.note(Rule::A3_10, fact);
        fx.note(Rule::A3_10, Fact::Dropped { function, payload, condition });
        fx.register().release(payload);
    }
}
