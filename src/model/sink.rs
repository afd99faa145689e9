//! A topic or a bus. In this version it takes everything and hands nothing on.

use super::{
    Component, Fact, Place, Port, Rule, config,
    vocabulary::{PayloadId, Receipt, Sender, SinkId},
};
use crate::kernel::{Class, Classed, Stream, Time};

/// A topic or a bus.
#[derive(Debug)]
pub struct Sink {
    id: SinkId,
    config: config::Sink,
    luck: Stream,
}

/// Publish a payload, which is then at this place in the ledger.
#[derive(Clone, Copy, Debug)]
pub struct In {
    /// What. Its hold comes with it, and stays with the sender if it is refused.
    pub payload: PayloadId,
    /// Where it rests.
    pub place: Place,
    /// Whom to answer.
    pub sender: Sender,
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
    type Out = (Sender, Receipt);

    fn on(&mut self, _now: Time, message: In, fx: &mut impl Port<Self>) {
        let In { payload, place, sender } = message;
        let (key, tries) = {
            let known = fx.register().get_mut(payload);
            known.tries += 1;
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
            Sender::Call(..) | Sender::None => Rule::Ours,
        };
        if receipt == Receipt::Accepted {
            fx.note(rule, Fact::Published { sink: Some(self.id), payload, place });
            fx.register().release(payload);
        } else {
            fx.note(Rule::Ours, Fact::PublishRefused { sink: self.id, payload });
        }
        fx.send((sender, receipt));
    }

    fn woken(&mut self, _now: Time, token: Wake, _fx: &mut impl Port<Self>) {
        match token {}
    }
}

impl Sink {
    /// The topic or bus `id`.
    pub fn new(id: SinkId, config: &config::Sink, seed: u64) -> Sink {
        let luck = Stream::new(seed, &format!("sink/{}/system-error", config.name));
        Sink { id, config: config.clone(), luck }
    }

    /// Takes changed settings.
    pub fn configure(&mut self, config: &config::Sink) {
        self.config = config.clone();
    }
}
