//! Becoming visible: the ends of delays and of visibility timeouts, and the changes of these.

use super::{
    Groups, Queue, QueueError, Wake,
    message::{Handle, Slot},
};
use crate::{
    kernel::{Span, Time},
    model::{Fact, Port, Rule, facts::Held, vocabulary::PayloadId},
};

impl Queue {
    /// Ends the delays that are over.
    pub(super) fn appear(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        while let Some(slot) = self.delayed.first(&self.messages) {
            let until = self.messages[slot].until;
            if now < until {
                self.delay_end.set(now, until, Wake::Appear, fx);
                break;
            }
            self.delayed.remove(&mut self.messages, slot);
            let payload = self.show(slot, fx);
            fx.note(Rule::S5, Fact::Appeared { queue: self.id, payload });
        }
        self.serve(now, fx);
    }

    /// Of a FIFO queue whose delay may have changed: what is within its delay is delayed by the new one,
    /// from when it came in.
    pub(super) fn delay_again(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        let mut slots = Vec::with_capacity(self.delayed.len());
        while let Some(slot) = self.delayed.first(&self.messages) {
            self.delayed.remove(&mut self.messages, slot);
            slots.push(slot);
        }
        for slot in slots {
            let message = &mut self.messages[slot];
            message.until = message.entered_at + self.config.delay;
            self.delayed.push(&mut self.messages, slot);
        }
        self.appear(now, fx);
    }

    /// Ends the visibility timeouts that are over.
    pub(super) fn give_back(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        while let Some(slot) = self.in_flight.first(&self.messages) {
            let until = self.messages[slot].until;
            if now < until {
                self.visibility_end.set(now, until, Wake::Return, fx);
                break;
            }
            self.in_flight.remove(&mut self.messages, slot);
            self.return_to_line(slot, Rule::S4, fx);
        }
        self.serve(now, fx);
    }

    /// Puts a message that was in flight into its old place or, if it came back too often, behind
    /// all that are stored now.
    fn return_to_line(&mut self, slot: Slot, mut rule: Rule, fx: &mut impl Port<Queue>) {
        let message = &mut self.messages[slot];
        let count = message.receives;
        if self.back_of_queue_after.is_some_and(|after| after <= message.receives_here()) {
            if matches!(self.groups, Groups::Fifo(_)) {
                // A FIFO queue has no back: the message keeps its place.
                rule = Rule::S48;
            } else {
                message.order = self.order_next;
                self.order_next += 1;
                rule = Rule::S15;
            }
        }
        let payload = self.show(slot, fx);
        self.letters += usize::from(self.messages[slot].is_letter);
        let place = self.place(slot);
        fx.note(rule, Fact::Returned { queue: self.id, payload, count, place });
    }

    fn show(&mut self, slot: Slot, fx: &mut impl Port<Queue>) -> PayloadId {
        let message = &mut self.messages[slot];
        let was = message.held;
        message.held = Held::Visible;
        message.until = Time::NEVER;
        let payload = message.payload;
        self.visible.push(&mut self.messages, slot);
        match &mut self.groups {
            Groups::None => (),
            Groups::Fifo(fifo) => {
                if let Some(groups) = fifo.shown(&self.messages, slot, was) {
                    fx.note(Rule::S39, Fact::GroupsInFlight { queue: self.id, groups });
                }
            }
            Groups::Fair(fair) => fair.shown(&self.messages, slot, was),
        }
        payload
    }

    /// `ChangeMessageVisibility`: the new timeout counts from now, and an older handle of a message
    /// in flight will do.
    ///
    /// After the visibility timeout it is accepted (S18), and taken to change nothing. The limit of
    /// 12 hours in all is not kept: nobody in a scenario prolongs a timeout so often.
    pub fn change_visibility(
        &mut self,
        now: Time,
        handle: u64,
        visibility: Span,
        fx: &mut impl Port<Queue>,
    ) -> Result<(), QueueError> {
        let slot = match self.messages.find(handle) {
            Handle::Newest(slot) | Handle::Older(slot) => slot,
            Handle::Gone => return Err(QueueError::MessageDoesNotExist),
            Handle::Illegal => return Err(QueueError::ReceiptHandleIsInvalid),
        };
        match self.messages[slot].held {
            Held::InFlight => {
                self.in_flight.remove(&mut self.messages, slot);
                if visibility == Span::ZERO {
                    let rule = if self.is_fifo() { Rule::S41 } else { Rule::S3 };
                    self.return_to_line(slot, rule, fx);
                    self.serve(now, fx);
                } else {
                    let until = now + visibility;
                    self.messages[slot].until = until;
                    self.in_flight.push(&mut self.messages, slot);
                    self.visibility_end.set(now, until, Wake::Return, fx);
                }
            }
            Held::Visible => (),
            Held::Delayed => unreachable!("a message within its delay was never received"),
        }
        Ok(())
    }
}
