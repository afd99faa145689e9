//! A topic, a bus or a bucket: it takes a message, and says who is to have it.
//!
//! ```text
//!  caller, destination ── In ──►  sink  ── Deliver, one for each that wants it ──►  delivery
//!                       ◄─ Told ──
//! ```
//!
//! It owns who wants what: the filter policies of subscriptions, the patterns of rules. It does not own
//! how a message is handed on; whoever published is answered before that. Where nothing in the file
//! listens, a message rests here.

use super::{
    Component, Fact, Place, Port, Resource, Rule,
    config::{self, Outlet},
    facts::Maker,
    outcome::{Origin, Role},
    value::{Catalog, Pattern, Subject},
    vocabulary::{Entry, OutletId, PayloadId, Receipt, Sender, SinkId},
};
use crate::kernel::{Class, Classed, Stream, Time};
use std::sync::Arc;

/// A topic, a bus or a bucket.
#[derive(Debug)]
pub struct Sink {
    id: SinkId,
    config: config::Sink,
    listeners: Vec<Listener>,
    catalog: Arc<Catalog>,
    luck: Stream,
}

/// A subscription, or a target of a rule.
#[derive(Debug)]
struct Listener {
    outlet: OutletId,
    enabled: bool,
    wants: Option<Pattern>,
    /// Makes its copies.
    maker: u64,
}

/// Publish a payload, which is then at this place in the ledger if nobody listens.
#[derive(Clone, Copy, Debug)]
pub struct In {
    /// What. Its hold comes with it, and stays with the sender if it is refused.
    pub payload: PayloadId,
    /// Where it rests.
    pub place: Place,
    /// Whom to answer.
    pub sender: Sender,
}

/// What it asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// What became of a publish.
    Told(Sender, Receipt),
    /// An outlet is to have this. The payload's hold goes along.
    Deliver {
        /// The outlet.
        outlet: OutletId,
        /// What.
        payload: PayloadId,
        /// As what it comes into a queue.
        entry: Entry,
    },
}

/// It makes no appointments.
#[derive(Clone, Copy, Debug)]
pub enum Wake {}

impl Classed for Wake {
    fn class(&self) -> Class {
        match *self {}
    }
}

impl Component for Sink {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        let In { payload, place, sender } = message;
        let (key, tries) = {
            let known = fx.register().get_mut(payload);
            known.tries = known.tries.saturating_add(1);
            (known.key, known.tries)
        };
        let receipt = if self.config.forbidden {
            Receipt::Refused
        } else if self.luck.happens(key, tries, self.config.system_error_rate) {
            Receipt::SystemError
        } else {
            Receipt::Accepted
        };
        let rule = match sender {
            Sender::Delivery(..) => Rule::A3_2,
            Sender::Outlet(_) => Rule::D2,
            Sender::Reader(..) => Rule::K13,
            _ => Rule::Ours,
        };
        fx.send(Out::Told(sender, receipt));
        if receipt != Receipt::Accepted {
            fx.note(Rule::Ours, Fact::PublishRefused { sink: self.resource(), payload });
        } else if self.listeners.is_empty() {
            fx.note(rule, Fact::Published { sink: Some(self.resource()), payload, place });
            fx.register().release(payload);
        } else {
            let waiting = Place::Waiting;
            fx.note(rule, Fact::Published { sink: Some(self.resource()), payload, place: waiting });
            self.fan_out(now, payload, place, fx);
        }
    }

    fn woken(&mut self, _now: Time, token: Wake, _fx: &mut impl Port<Self>) {
        match token {}
    }
}

impl Sink {
    /// The topic, bus or bucket `id`, with those of `outlets` that listen to it.
    pub fn new(
        id: SinkId,
        config: &config::Sink,
        outlets: &[Outlet],
        catalog: Arc<Catalog>,
        seed: u64,
    ) -> Sink {
        let luck = Stream::new(seed, &format!("sink/{}/system-error", config.name));
        let mut sink = Sink { id, config: config.clone(), listeners: Vec::new(), catalog, luck };
        sink.configure(config, outlets);
        sink
    }

    fn resource(&self) -> Resource {
        Resource::sink(self.config.kind, self.id)
    }

    /// Takes changed settings.
    pub fn configure(&mut self, config: &config::Sink, outlets: &[Outlet]) {
        self.config = config.clone();
        let mine = |(_, outlet): &(usize, &Outlet)| outlet.origin.sink() == Some(self.id);
        let listener = |(at, outlet): (usize, &Outlet)| Listener {
            outlet: OutletId::at(at),
            enabled: outlet.enabled,
            wants: outlet.wants.clone(),
            maker: outlet.maker(),
        };
        self.listeners = outlets.iter().enumerate().filter(mine).map(listener).collect();
    }

    /// Each that wants it gets one: the first the payload itself, the others copies. Each has luck of its
    /// own, so that one more or fewer moves nobody else's.
    fn fan_out(&mut self, now: Time, payload: PayloadId, place: Place, fx: &mut impl Port<Self>) {
        let entry = if place == Place::DeadLettered { Entry::DeadLetter } else { Entry::Sent };
        let mut chosen: Vec<(OutletId, u64)> = Vec::new();
        for Listener { outlet, enabled, wants, maker } in &self.listeners {
            let subject = Subject { attempt: 1, poison: false };
            let known = fx.register().get(payload);
            let fits = |wants: &Pattern| wants.fits(&self.catalog, known, &subject);
            if *enabled && wants.as_ref().is_none_or(fits) {
                chosen.push((*outlet, *maker));
            } else if *enabled {
                fx.note(Rule::D3, Fact::NotWanted { outlet: *outlet, payload });
            }
        }
        let Some(&(first, kept)) = chosen.first() else {
            fx.note(Rule::D3, Fact::Unwanted { sink: self.resource(), payload });
            return fx.register().release(payload);
        };
        let mut handed = vec![(first, payload)];
        for &(outlet, maker) in &chosen[1..] {
            let copy = fx.register().copy(payload, maker, 0, Role::Message(Origin::FanOut), now);
            fx.note(Rule::D2, Fact::Copied { maker: Maker::Outlet(outlet), payload: copy });
            handed.push((outlet, copy));
        }
        fx.register().rekey(payload, kept);
        for (outlet, payload) in handed {
            fx.send(Out::Deliver { outlet, payload, entry });
        }
    }
}
