//! Receives: who waits, who is served, and what each gets.

use super::{Groups, Out, Poll, Queue, Wake, fifo::Walk, message::Slot};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Port, Rule,
        facts::Held,
        policy::redrive,
        register::Record,
        vocabulary::{BatchId, QueueId},
    },
};

/// A receive that is not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) poll: Poll,
    max: u32,
    visibility: Option<Span>,
    since: Time,
    pub(super) until: Time,
}

impl Waiting {
    pub(super) fn is_short(&self) -> bool {
        self.since == self.until
    }
}

impl Queue {
    pub(super) fn receive(
        &mut self,
        now: Time,
        poll: Poll,
        max: u32,
        wait: Span,
        visibility: Option<Span>,
        fx: &mut impl Port<Queue>,
    ) {
        assert!(0 < max, "a receive asks for a message at least");
        let until = now + wait;
        let waiting = Waiting { poll, max, visibility, since: now, until };
        self.waiting.push_back(waiting);
        if waiting.is_short() {
            self.short += 1;
            self.answering.set(now, now, Wake::Answer, fx);
        } else {
            self.wait_end.set(now, until, Wake::WaitEnd, fx);
            self.serve(now, fx);
        }
    }

    pub(super) fn cancel_receive(&mut self, poll: Poll) {
        if let Some(i) = self.waiting.iter().position(|waiting| waiting.poll == poll) {
            let waiting = self.waiting.remove(i).expect("a position is within");
            self.short -= usize::from(waiting.is_short());
        }
    }

    /// Lets the receives that wait be answered, if there is something for them: not now, but when
    /// all of this instant has happened. Else ten sends would answer ten receives with one each.
    #[inline]
    pub(super) fn serve(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        if !self.waiting.is_empty() && self.can_hand_over() {
            self.answering.set(now, now, Wake::Answer, fx);
        }
    }

    #[inline]
    fn can_hand_over(&self) -> bool {
        let is_there = match &self.groups {
            Groups::None | Groups::Fair(_) => !self.visible.is_empty(),
            Groups::Fifo(fifo) => fifo.has_ready(),
        };
        is_there && self.in_flight.len() < self.in_flight_max
    }

    /// How long the next receive has to wait for its call to be taken (S46).
    fn call_wait(&mut self, now: Time) -> Span {
        match &mut self.groups {
            Groups::None | Groups::Fair(_) => Span::ZERO,
            Groups::Fifo(fifo) => fifo.receive_wait(now),
        }
    }

    /// Answers the receives that can be answered, first come first served; those whose wait is
    /// over get nothing. `ended` says that there may be such.
    pub(super) fn answer(&mut self, now: Time, ended: bool, fx: &mut impl Port<Queue>) {
        while self.can_hand_over()
            && let Some(&waiting) = self.waiting.front()
        {
            let wait = self.call_wait(now);
            if wait > Span::ZERO {
                self.answering.set(now, now + wait, Wake::Answer, fx);
                break;
            }
            // What is visible may all have to move on to the dead-letter queue.
            let Some(batch) = self.take(now, waiting, fx) else { continue };
            self.waiting.pop_front();
            self.short -= usize::from(waiting.is_short());
            fx.send(Out::Received { poll: waiting.poll, batch });
        }
        if ended {
            self.answer_ended(now, fx);
        }
    }

    fn answer_ended(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        // What is visible was not handed over, for a reason.
        let kept = (!self.visible.is_empty()).then(|| self.why_none());
        let mut next_end = Time::NEVER;
        for _ in 0..self.waiting.len() {
            let waiting = self.waiting.pop_front().expect("as many as there were");
            if waiting.until <= now {
                let short = waiting.is_short();
                let rule = kept.unwrap_or(if short { Rule::S10 } else { Rule::S11 });
                self.short -= usize::from(short);
                let batch = fx.register().open_batch();
                fx.note(rule, Fact::EmptyReceive { queue: self.id });
                fx.send(Out::Received { poll: waiting.poll, batch });
            } else {
                next_end = next_end.min(waiting.until);
                self.waiting.push_back(waiting);
            }
        }
        if next_end != Time::NEVER {
            self.wait_end.set(now, next_end, Wake::WaitEnd, fx);
        }
    }

    /// Why there is nothing for a receive although messages are visible.
    fn why_none(&self) -> Rule {
        match &self.groups {
            Groups::None | Groups::Fair(_) => Rule::S12,
            Groups::Fifo(_) if self.in_flight_max <= self.in_flight.len() => Rule::S44,
            Groups::Fifo(fifo) => fifo.why_none(),
        }
    }

    /// The next message of a receive, and the rule that chose it if it is not the queue's order.
    #[inline]
    fn next(&self, walk: &mut Option<Walk>) -> Option<(Slot, Option<Rule>)> {
        match &self.groups {
            Groups::None => Some((self.visible.first(&self.messages)?, None)),
            Groups::Fifo(fifo) => {
                let slot = fifo.next(&self.messages, walk)?;
                Some((slot, walk.map(|walk| walk.rule)))
            }
            Groups::Fair(fair) => {
                let (slot, passed_over) = fair.next()?;
                Some((slot, passed_over.then_some(Rule::S49)))
            }
        }
    }

    /// Takes what a receive gets, or nothing. Messages that were received too often are moved on
    /// the way, and the receive still fills up with others (S27).
    fn take(&mut self, now: Time, waiting: Waiting, fx: &mut impl Port<Queue>) -> Option<BatchId> {
        let batch = fx.register().open_batch();
        let visibility = waiting.visibility.unwrap_or(self.config.visibility);
        let room = self.in_flight_max - self.in_flight.len();
        let max = room.min(waiting.max as usize);
        let mut rule = if waiting.since < now { Rule::S11 } else { Rule::S2 };
        let mut taken = 0;
        let mut walk = None;
        while taken < max
            && let Some((slot, chosen)) = self.next(&mut walk)
        {
            match redrive::judge(self.messages[slot].receives, self.config.redrive) {
                redrive::Verdict::Move { to } => {
                    self.redrive(now, slot, to, fx);
                    rule = Rule::S27;
                }
                redrive::Verdict::Deliver { count } => {
                    let rule = if rule == Rule::S27 { rule } else { chosen.unwrap_or(rule) };
                    self.hand_over(slot, count, now + visibility, batch, rule, fx);
                    taken += 1;
                }
            }
        }
        if taken == 0 {
            fx.register().close_batch(batch);
            return None;
        }
        if visibility == Span::ZERO {
            self.give_back(now, fx);
        } else {
            self.visibility_end.set(now, now + visibility, Wake::Return, fx);
        }
        Some(batch)
    }

    #[inline]
    fn hand_over(
        &mut self,
        slot: Slot,
        count: u32,
        until: Time,
        batch: BatchId,
        rule: Rule,
        fx: &mut impl Port<Queue>,
    ) {
        self.visible.remove(&mut self.messages, slot);
        let message = &mut self.messages[slot];
        message.held = Held::InFlight;
        message.until = until;
        message.receives = count;
        message.stamp();
        let (payload, here) = (message.payload, message.receives_here());
        self.letters -= usize::from(message.is_letter);
        if here == Self::YOUNG_RECEIVES_MAX + 1 && !self.is_young(slot) {
            self.young.remove(&mut self.messages, slot);
        }
        self.in_flight.push(&mut self.messages, slot);
        let handle = self.messages.handle(slot);
        let register = fx.register();
        register.hold(payload);
        register.batch_mut(batch).push(Record::new(payload, count, handle));
        fx.note(rule, Fact::Received { queue: self.id, payload, count, batch });
        match &mut self.groups {
            Groups::None => (),
            Groups::Fifo(fifo) => {
                if let Some(groups) = fifo.taken(&self.messages, slot) {
                    fx.note(Rule::S39, Fact::GroupsInFlight { queue: self.id, groups });
                }
            }
            Groups::Fair(fair) => fair.taken(&self.messages, slot),
        }
    }

    fn redrive(&mut self, now: Time, slot: Slot, to: QueueId, fx: &mut impl Port<Queue>) {
        self.moved_at = Some(now);
        let message = &self.messages[slot];
        let (payload, sent_at, receives) = (message.payload, message.sent_at, message.receives);
        self.remove(slot, fx);
        fx.note(Rule::S23, Fact::Redriven { queue: self.id, payload, count: receives });
        fx.send(Out::Redrive { to, payload, sent_at, receives, source: self.id });
    }
}
