//! A queue of SQS: a standard one, or with groups a FIFO queue.
//!
//! ```text
//!            Send                              Received (a batch)
//!  sender ──────────►  ┌─────────────────────┐ ──────────────────►  mapping
//!                      │ delayed ─► visible ─┼─► in flight            │
//!  a source queue ───► │               ▲     │      │                 │
//!            Redriven  │               └─────┼──────┘ visibility ends │
//!                      └─────────────────────┘ ◄──────────────────────┘
//!                         │ Redrive, MoveBack     Receive, Delete, ChangeVisibility
//!                         ▼
//!                      another queue
//! ```
//!
//! It owns the messages it stores: their delay, visibility, retention, order, receive counts and
//! receipt handles, the receives that wait for a message, the redrive policy and its move task
//! (S1 to S37); and of a FIFO queue the groups, deduplication and throughput (S38 to S48), of a fair
//! queue its tenants (S49). It does not own when to receive and what to delete: that is the mapping's; and
//! no other queue: what it moves, it sends.
//!
//! A message that is stored holds its payload once. The hold comes in with [`In::Send`] and goes on
//! with [`Out::Redrive`] and [`Out::MoveBack`]; each record of [`Out::Received`] is one hold more,
//! which the receiver gives back.
//!
//! Of one instant, what expires goes first, then what becomes visible, and receives are answered
//! when all else has happened (Z8).

mod alarm;
mod fair;
mod fifo;
mod line;
mod message;
mod move_task;
mod receiving;
#[cfg(test)]
mod tests;
mod visibility;

use self::{
    alarm::Alarm,
    fair::Fair,
    fifo::Fifo,
    line::{ByEnd, ByEntry, ByPlace, BySend, Line},
    message::{Fresh, Handle, Slab, Slot},
    move_task::MoveTask,
    receiving::Waiting,
};
use crate::{
    kernel::{Class, Classed, Span, Stream, Time},
    model::{
        Component, Fact, Place, Port, Resource, Rule,
        config::{self, Reading},
        facts::Held,
        register::Afterlife,
        value::Catalog,
        vocabulary::{BatchId, Deletion, Entry, MappingId, PayloadId, QueueId, Receipt, Sender},
    },
};
use std::{collections::VecDeque, sync::Arc};

/// A queue.
#[derive(Clone, Debug)]
pub struct Queue {
    id: QueueId,
    config: config::Queue,
    /// A message received so often here returns behind all others (Z14).
    back_of_queue_after: Option<u32>,
    /// Whether a delete with an older handle deletes (Z5).
    superseded_delete_deletes: bool,
    in_flight_max: usize,
    /// Of a move task that names no rate.
    move_task_rate: u32,
    /// Which sends are answered with a 5xx.
    system_errors: Stream,

    messages: Slab,
    visible: Line<ByPlace>,
    delayed: Line<ByEnd>,
    in_flight: Line<ByEnd>,
    /// All of them, for retention.
    stored: Line<BySend>,
    /// Those that count for the age of the oldest (M1).
    young: Line<ByEntry>,
    /// Dead letters that are delayed or visible.
    letters: usize,
    /// The next place behind all others.
    order_next: u64,
    groups: Groups,
    /// When its redrive policy moved a message last.
    moved_at: Option<Time>,

    /// Receives that are not answered yet, first come first served.
    waiting: VecDeque<Waiting>,
    /// How many of them do not wait.
    short: usize,
    task: Option<MoveTask>,
    tasks: u32,

    expiry: Alarm,
    delay_end: Alarm,
    visibility_end: Alarm,
    wait_end: Alarm,
    answering: Alarm,
}

/// What else than its place decides which message is next. It is told of every change of a message.
#[derive(Clone, Debug)]
enum Groups {
    /// Nothing.
    None,
    /// It is a FIFO queue.
    Fifo(Box<Fifo>),
    /// It is a fair queue.
    Fair(Box<Fair>),
}

/// A receive of a mapping. The `slot` is the mapping's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The mapping.
    pub mapping: MappingId,
    /// Which of its receives.
    pub slot: u32,
}

/// What can be asked of a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum In {
    /// `SendMessage`.
    Send {
        /// What; held once, and the hold goes to the queue if it accepts.
        payload: PayloadId,
        /// [`Entry::Sent`] or [`Entry::DeadLetter`].
        entry: Entry,
        /// `DelaySeconds` of the message.
        delay: Option<Span>,
        /// Which attempt to send this payload it is, from 1: keys the luck of a 5xx.
        attempt: u32,
        /// Who is told.
        reply_to: Sender,
    },
    /// Another queue's redrive policy moves a message here: [`Out::Redrive`].
    Redriven {
        /// What; its hold comes with it.
        payload: PayloadId,
        /// The send from which retention counts on.
        sent_at: Time,
        /// Receives so far.
        receives: u32,
        /// The queue it comes from.
        source: QueueId,
    },
    /// A move task moves a message here: [`Out::MoveBack`].
    MovedBack {
        /// What; its hold comes with it.
        payload: PayloadId,
    },
    /// `ReceiveMessage`, or several at one instant for a batch of more than 10. Answered by
    /// [`Out::Received`].
    Receive {
        /// Who asks.
        poll: Poll,
        /// The most that it takes.
        max: u32,
        /// `WaitTimeSeconds`; 0: a short poll.
        wait: Span,
        /// `VisibilityTimeout` of this receive.
        visibility: Option<Span>,
    },
    /// The receive is taken back: no answer comes, unless it is under way.
    CancelReceive {
        /// Who asked.
        poll: Poll,
    },
    /// `DeleteMessage`.
    Delete {
        /// The receipt handle.
        handle: u64,
        /// Why.
        why: Deletion,
    },
    /// `ChangeMessageVisibility`.
    ChangeVisibility {
        /// The receipt handle.
        handle: u64,
        /// From now on; 0: visible at once.
        visibility: Span,
    },
    /// `PurgeQueue`.
    Purge,
    /// `StartMessageMoveTask`, this queue being the source.
    StartMoveTask {
        /// Where to; none: each message to the queue that it came from.
        destination: Option<QueueId>,
        /// `MaxNumberOfMessagesPerSecond`.
        rate: Option<u32>,
    },
    /// `CancelMessageMoveTask`.
    CancelMoveTask,
}

/// What a queue tells and asks of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// What became of a send.
    Sent {
        /// Who asked.
        reply_to: Sender,
        /// The answer. If it is not [`Receipt::Accepted`], the hold is still the sender's.
        receipt: Receipt,
    },
    /// The answer to a receive.
    Received {
        /// Who asked.
        poll: Poll,
        /// The messages, or none. The receiver closes the batch and releases its payloads.
        batch: BatchId,
    },
    /// A message goes to the dead-letter queue: [`In::Redriven`] there.
    Redrive {
        /// The dead-letter queue.
        to: QueueId,
        /// What.
        payload: PayloadId,
        /// The send from which retention counts on.
        sent_at: Time,
        /// Receives so far.
        receives: u32,
        /// This queue.
        source: QueueId,
    },
    /// A message leaves the dead-letter queue: [`In::MovedBack`] there.
    MoveBack {
        /// Where to.
        to: QueueId,
        /// What.
        payload: PayloadId,
    },
}

/// An appointment of a queue with itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A retention may be over.
    Expire,
    /// A delay may be over.
    Appear,
    /// A visibility timeout may be over.
    Return,
    /// The receives of this instant are to be answered.
    Answer,
    /// A long poll may have waited long enough.
    WaitEnd,
    /// The next message of the move task of this number is due.
    Move(u32),
}

impl Classed for Wake {
    fn class(&self) -> Class {
        match self {
            Wake::Expire => Class::Expiry,
            Wake::Appear | Wake::Return => Class::Visibility,
            Wake::Answer | Wake::WaitEnd | Wake::Move(_) => Class::Poll,
        }
    }
}

/// Why an operation on a receipt handle fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueError {
    /// `ReceiptHandleIsInvalid`: no message ever had it.
    ReceiptHandleIsInvalid,
    /// `InvalidParameterValue`: the message is gone, and its visibility cannot be changed.
    MessageDoesNotExist,
    /// `InvalidParameterValue`: of a FIFO queue, the visibility timeout of this receive is over.
    ReceiptHandleHasExpired,
}

/// A message as [`Queue::dump`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What it carries.
    pub payload: PayloadId,
    /// Its state.
    pub held: Held,
    /// `ApproximateReceiveCount`.
    pub receives: u32,
    /// The send from which its retention counts.
    pub sent_at: Time,
}

/// `ApproximateNumberOfMessages…`, which are exact here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Receivable now.
    pub visible: usize,
    /// In flight.
    pub not_visible: usize,
    /// Within their delay.
    pub delayed: usize,
}

impl Component for Queue {
    type Wake = Wake;
    type In = In;
    type Out = Out;

    #[inline]
    fn on(&mut self, now: Time, message: In, fx: &mut impl Port<Self>) {
        match message {
            In::Send { payload, entry, delay, attempt, reply_to } => {
                let receipt = self.send(now, payload, entry, delay, attempt, fx);
                if reply_to != Sender::None {
                    fx.send(Out::Sent { reply_to, receipt });
                }
            }
            In::Redriven { payload, sent_at, receives, source } => {
                self.redriven(now, payload, sent_at, receives, source, fx);
            }
            In::MovedBack { payload } => {
                let delay = self.config.delay;
                self.store(now, payload, Entry::MovedBack, delay, Origin::sent(now), fx);
            }
            In::Receive { poll, max, wait, visibility } => {
                self.receive(now, poll, max, wait, visibility, fx);
            }
            In::CancelReceive { poll } => self.cancel_receive(poll),
            // Nobody waits for the answers of these two: who deletes does not look back.
            In::Delete { handle, why } => match self.delete(now, handle, why, fx) {
                Ok(())
                | Err(QueueError::ReceiptHandleIsInvalid | QueueError::ReceiptHandleHasExpired) => {
                }
                Err(QueueError::MessageDoesNotExist) => {
                    unreachable!("to delete what is gone succeeds")
                }
            },
            In::ChangeVisibility { handle, visibility } => {
                match self.change_visibility(now, handle, visibility, fx) {
                    Ok(())
                    | Err(QueueError::ReceiptHandleIsInvalid | QueueError::MessageDoesNotExist) => {
                    }
                    Err(QueueError::ReceiptHandleHasExpired) => {
                        unreachable!("an expired handle can still change the visibility")
                    }
                }
            }
            In::Purge => self.purge(fx),
            In::StartMoveTask { destination, rate } => {
                self.start_move_task(now, destination, rate, fx);
            }
            In::CancelMoveTask => self.end_move_task(fx),
        }
    }

    #[inline]
    fn woken(&mut self, now: Time, token: Wake, fx: &mut impl Port<Self>) {
        match token {
            Wake::Expire => {
                if self.expiry.rings(now) {
                    self.expire(now, fx);
                }
            }
            Wake::Appear => {
                if self.delay_end.rings(now) {
                    self.appear(now, fx);
                }
            }
            Wake::Return => {
                if self.visibility_end.rings(now) {
                    self.give_back(now, fx);
                }
            }
            Wake::Answer => {
                if self.answering.rings(now) {
                    self.answer(now, 0 < self.short, fx);
                }
            }
            Wake::WaitEnd => {
                if self.wait_end.rings(now) {
                    self.answer(now, true, fx);
                }
            }
            Wake::Move(number) => {
                if self.task.is_some_and(|task| task.number == number) {
                    self.move_next(now, fx);
                }
            }
        }
    }
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    sent_at: Time,
    receives: u32,
    source: Option<QueueId>,
}

impl Origin {
    /// It is new.
    fn sent(now: Time) -> Origin {
        Origin { sent_at: now, receives: 0, source: None }
    }
}

impl Queue {
    /// Receives of a message that still count for the age of the oldest (M1).
    const YOUNG_RECEIVES_MAX: u32 = 2;

    /// An empty queue.
    pub fn new(
        id: QueueId,
        config: &config::Queue,
        assumptions: &config::Assumptions,
        catalog: Arc<Catalog>,
        seed: u64,
    ) -> Queue {
        let groups = match config.fifo {
            Some(fifo) => Groups::Fifo(Box::new(Fifo::new(fifo, assumptions, catalog))),
            None => Fair::new(assumptions, catalog)
                .map_or(Groups::None, |fair| Groups::Fair(Box::new(fair))),
        };
        Queue {
            id,
            config: config.clone(),
            back_of_queue_after: assumptions.back_of_queue_after,
            superseded_delete_deletes: assumptions.superseded_delete_deletes,
            in_flight_max: assumptions.in_flight_max as usize,
            move_task_rate: assumptions.move_task_rate,
            system_errors: Stream::new(seed, &format!("queue/{}/system-error", config.name)),
            messages: Slab::default(),
            visible: Line::default(),
            delayed: Line::default(),
            in_flight: Line::default(),
            stored: Line::default(),
            young: Line::default(),
            letters: 0,
            order_next: 0,
            groups,
            moved_at: None,
            waiting: VecDeque::new(),
            short: 0,
            task: None,
            tasks: 0,
            expiry: Alarm::default(),
            delay_end: Alarm::default(),
            visibility_end: Alarm::default(),
            wait_end: Alarm::default(),
            answering: Alarm::default(),
        }
    }

    /// `SetQueueAttributes`. The visibility timeout holds for later receives and the delay for
    /// later sends; retention and redrive policy hold at once for what is stored (S6). In a FIFO
    /// queue the delay holds for what is within its delay, too (S5).
    pub fn configure(&mut self, now: Time, config: &config::Queue, fx: &mut impl Port<Queue>) {
        let read = std::mem::replace(&mut self.config.read, config.read);
        self.config.clone_from(config);
        if let (Groups::Fifo(fifo), Some(config)) = (&mut self.groups, config.fifo) {
            fifo.configure(now, config);
            self.delay_again(now, fx);
        }
        self.expire(now, fx);
        if read != self.config.read {
            self.change_places(fx);
        }
    }

    /// Who reads it was enabled or disabled: dead letters wait for it, or rest. What is in flight is
    /// looked at when it returns.
    fn change_places(&mut self, fx: &mut impl Port<Queue>) {
        let lies = |message: &message::Message| message.is_letter && message.held != Held::InFlight;
        let letters = self.messages.iter().filter(|(_, message)| lies(message));
        let mut letters: Vec<(u64, Slot)> =
            letters.map(|(slot, message)| (message.order, slot)).collect();
        letters.sort_unstable();
        for (_, slot) in letters {
            let (at, payload) = (Resource::from(self.id), self.messages[slot].payload);
            let place = self.place(slot);
            fx.note(Rule::Ours, Fact::PlaceChanged { at, payload, place });
        }
    }

    #[inline]
    fn is_fifo(&self) -> bool {
        matches!(self.groups, Groups::Fifo(_))
    }

    // Coming in.

    fn send(
        &mut self,
        now: Time,
        payload: PayloadId,
        entry: Entry,
        delay: Option<Span>,
        attempt: u32,
        fx: &mut impl Port<Queue>,
    ) -> Receipt {
        if let Some((receipt, rule)) = self.refusal(now, payload, delay, attempt, fx) {
            fx.note(rule, Fact::SendRefused { queue: self.id, payload });
            return receipt;
        }
        if let Groups::Fifo(fifo) = &mut self.groups
            && fifo.is_duplicate(now, fx.register().get(payload))
        {
            fx.note(Rule::S42, Fact::Deduplicated { queue: self.id, payload });
            fx.register().release(payload);
            return Receipt::Accepted;
        }
        match entry {
            Entry::Sent => (),
            Entry::DeadLetter => fx.register().get_mut(payload).dead_letter(),
            Entry::Redriven | Entry::MovedBack => {
                unreachable!("what SQS moves comes by messages of its own")
            }
        }
        // A FIFO queue takes a message's delay of 0 for none (S5).
        let delay = delay.filter(|_| !self.is_fifo()).unwrap_or(self.config.delay);
        self.store(now, payload, entry, delay, Origin::sent(now), fx);
        Receipt::Accepted
    }

    /// Whether a send is refused, and why.
    fn refusal(
        &mut self,
        now: Time,
        payload: PayloadId,
        delay: Option<Span>,
        attempt: u32,
        fx: &mut impl Port<Queue>,
    ) -> Option<(Receipt, Rule)> {
        if self.config.forbidden {
            return Some((Receipt::Refused, Rule::Ours));
        }
        let payload = fx.register().get(payload);
        if let Groups::Fifo(fifo) = &mut self.groups
            && let Some(refusal) = fifo.refuses(now, payload, delay)
        {
            return Some(refusal);
        }
        let err = self.system_errors.happens(payload.key, attempt, self.config.system_error_rate);
        err.then_some((Receipt::SystemError, Rule::Ours))
    }

    fn redriven(
        &mut self,
        now: Time,
        payload: PayloadId,
        sent_at: Time,
        receives: u32,
        source: QueueId,
        fx: &mut impl Port<Queue>,
    ) {
        fx.register().get_mut(payload).dead_letter();
        // In a FIFO queue its retention begins again (S47).
        let sent_at = if self.is_fifo() { now } else { sent_at };
        let origin = Origin { sent_at, receives, source: Some(source) };
        self.store(now, payload, Entry::Redriven, Span::ZERO, origin, fx);
        // Its retention may be over already: dead on arrival (S29).
        self.expire(now, fx);
    }

    fn store(
        &mut self,
        now: Time,
        payload: PayloadId,
        entry: Entry,
        delay: Span,
        Origin { sent_at, receives, source }: Origin,
        fx: &mut impl Port<Queue>,
    ) {
        let delayed = delay != Span::ZERO;
        let (held, until) =
            if delayed { (Held::Delayed, now + delay) } else { (Held::Visible, Time::NEVER) };
        let slot = self.messages.insert(Fresh {
            payload,
            sent_at,
            entered_at: now,
            order: self.order_next,
            until,
            receives,
            source,
            held,
            is_letter: matches!(entry, Entry::DeadLetter | Entry::Redriven),
        });
        self.letters += usize::from(self.messages[slot].is_letter);
        self.order_next += 1;
        self.stored.push(&mut self.messages, slot);
        self.young.push(&mut self.messages, slot);
        let expires = self.expires(slot);
        if now < expires {
            self.expiry.set(now, expires, Wake::Expire, fx);
        }

        let rule = match entry {
            Entry::Redriven if self.is_fifo() => Rule::S47,
            Entry::Redriven => Rule::S24,
            Entry::MovedBack => Rule::S35,
            Entry::Sent | Entry::DeadLetter => {
                if delayed {
                    Rule::S5
                } else {
                    Rule::S6
                }
            }
        };
        let place = self.place(slot);
        fx.note(rule, Fact::Enqueued { queue: self.id, payload, entry, delayed, place });
        match &mut self.groups {
            Groups::None => (),
            Groups::Fifo(fifo) => fifo.entered(&self.messages, slot, fx.register().get(payload)),
            Groups::Fair(fair) => fair.entered(&self.messages, slot, fx.register().get(payload)),
        }

        if delayed {
            self.delayed.push(&mut self.messages, slot);
            self.delay_end.set(now, until, Wake::Appear, fx);
        } else {
            self.visible.push(&mut self.messages, slot);
            self.serve(now, fx);
        }
    }

    /// Where the ledger has a message that is delayed or visible: a dead letter rests while nobody reads
    /// the queue, and other messages rest where nobody ever reads.
    fn place(&self, slot: Slot) -> Place {
        match (self.config.read, self.messages[slot].is_letter) {
            (Reading::Enabled, _) | (Reading::Disabled, false) => Place::Waiting,
            (Reading::Disabled | Reading::Never, true) => Place::DeadLettered,
            (Reading::Never, false) => Place::Delivered,
        }
    }

    // Leaving.

    /// After its visibility timeout a message can still be deleted (S17); before, its consumer's reason counts.
    fn rule_of_delete(&self, slot: Slot, why: Deletion) -> Rule {
        match (self.messages[slot].held, why) {
            (Held::Visible | Held::Delayed, _) => Rule::S17,
            (Held::InFlight, Deletion::Processed) => Rule::E10,
            (Held::InFlight, Deletion::Filtered) => Rule::E19,
        }
    }

    /// `DeleteMessage`. It succeeds whether or not it deletes: what is gone stays gone, and an older
    /// handle of a message that is there deletes nothing (S16, Z5). In a FIFO queue it fails unless the
    /// message is still in flight from this receive (S43).
    #[inline]
    pub fn delete(
        &mut self,
        now: Time,
        handle: u64,
        why: Deletion,
        fx: &mut impl Port<Queue>,
    ) -> Result<(), QueueError> {
        let found = self.messages.find(handle);
        if let Handle::Newest(slot) | Handle::Older(slot) = found
            && self.is_fifo()
            && (found != Handle::Newest(slot) || self.messages[slot].held != Held::InFlight)
        {
            let payload = self.messages[slot].payload;
            fx.note(Rule::S43, Fact::DeleteIgnored { queue: self.id, payload });
            return Err(QueueError::ReceiptHandleHasExpired);
        }
        let (slot, rule) = match found {
            Handle::Newest(slot) => (slot, self.rule_of_delete(slot, why)),
            Handle::Older(slot) => {
                if !self.superseded_delete_deletes {
                    let payload = self.messages[slot].payload;
                    fx.note(Rule::S16, Fact::DeleteIgnored { queue: self.id, payload });
                    return Ok(());
                }
                (slot, Rule::S16)
            }
            Handle::Gone => return Ok(()),
            Handle::Illegal => return Err(QueueError::ReceiptHandleIsInvalid),
        };
        let (payload, was) = self.remove(slot, fx);
        fx.note(rule, Fact::Deleted { queue: self.id, payload, why, was });
        fx.register().release(payload);
        self.serve(now, fx);
        Ok(())
    }

    /// Lets go of what is too old. Its age counts from the send, in flight too, and in a
    /// dead-letter queue from the send to the queue that it came from.
    fn expire(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        while let Some(slot) = self.stored.first(&self.messages) {
            let expires = self.expires(slot);
            if now < expires {
                self.expiry.set(now, expires, Wake::Expire, fx);
                break;
            }
            let redriven = self.messages[slot].source.is_some() && !self.is_fifo();
            let (payload, was) = self.remove(slot, fx);
            let rule = match (redriven, was) {
                (true, _) => Rule::S28,
                (false, Held::InFlight) => Rule::S7,
                (false, Held::Delayed | Held::Visible) => Rule::S6,
            };
            fx.note(rule, Fact::Expired { queue: self.id, payload, was });
            fx.register().release(payload);
        }
        self.serve(now, fx);
    }

    #[inline]
    fn expires(&self, slot: Slot) -> Time {
        self.messages[slot].sent_at.saturating_add(self.config.retention)
    }

    fn purge(&mut self, fx: &mut impl Port<Queue>) {
        if let Groups::Fifo(fifo) = &mut self.groups {
            fifo.forget();
        }
        while let Some(slot) = self.stored.first(&self.messages) {
            let (payload, was) = self.remove(slot, fx);
            fx.note(Rule::S21, Fact::Purged { queue: self.id, payload, was });
            fx.register().release(payload);
        }
    }

    /// Forgets a message. Its payload's hold is the caller's now.
    #[inline]
    fn remove(&mut self, slot: Slot, fx: &mut impl Port<Queue>) -> (PayloadId, Held) {
        let young = self.is_young(slot);
        let messages = &mut self.messages;
        let message = &messages[slot];
        let (payload, was) = (message.payload, message.held);
        let groups = match &mut self.groups {
            Groups::None => None,
            Groups::Fifo(fifo) => fifo.left(messages, slot, was),
            Groups::Fair(fair) => {
                fair.left(messages, slot, was);
                None
            }
        };
        if let Some(groups) = groups {
            fx.note(Rule::S39, Fact::GroupsInFlight { queue: self.id, groups });
        }
        match was {
            Held::Delayed => self.delayed.remove(messages, slot),
            Held::Visible => self.visible.remove(messages, slot),
            Held::InFlight => self.in_flight.remove(messages, slot),
        }
        if was != Held::InFlight {
            self.letters -= usize::from(messages[slot].is_letter);
        }
        if young {
            self.young.remove(messages, slot);
        }
        self.stored.remove(messages, slot);
        messages.remove(slot);
        (payload, was)
    }

    /// Whether a message counts for the age of the oldest: in a FIFO queue all do (M1).
    #[inline]
    fn is_young(&self, slot: Slot) -> bool {
        self.messages[slot].receives_here() <= Self::YOUNG_RECEIVES_MAX || self.is_fifo()
    }

    // Moving back.

    fn start_move_task(
        &mut self,
        now: Time,
        destination: Option<QueueId>,
        rate: Option<u32>,
        fx: &mut impl Port<Queue>,
    ) {
        let refusal = if self.task.is_some() {
            Some(Rule::S34)
        } else if !self.config.dead_letter_queue || destination == Some(self.id) {
            Some(Rule::S33)
        } else {
            None
        };
        if let Some(rule) = refusal {
            fx.note(rule, Fact::MoveTaskStarted { queue: self.id, accepted: false });
            return;
        }
        self.tasks += 1;
        let rate = rate.unwrap_or(self.move_task_rate);
        assert!(0 < rate, "a move task has a rate");
        let number = self.tasks;
        self.task = Some(MoveTask { number, destination, rate, started: now, moved: 0 });
        fx.note(Rule::S33, Fact::MoveTaskStarted { queue: self.id, accepted: true });
        fx.wake(Span::ZERO, Wake::Move(number));
    }

    /// Moves the oldest visible message. The task ends when there is none, when it has run for too
    /// long, and at a message that has nowhere to go because nothing moved it here: AWS calls that
    /// `CouldNotDetermineMessageSource`.
    fn move_next(&mut self, now: Time, fx: &mut impl Port<Queue>) {
        let task = self.task.as_mut().expect("the number was that of the task");
        let next = match self.visible.first(&self.messages) {
            Some(slot) if now.since(task.started) < MoveTask::DURATION_MAX => {
                let message = &self.messages[slot];
                task.destination.or(message.source).map(|to| (slot, to, message.payload))
            }
            Some(_) | None => None,
        };
        let Some((slot, to, payload)) = next else {
            self.end_move_task(fx);
            return;
        };
        task.moved += 1;
        let (number, due) = (task.number, task.due());
        self.remove(slot, fx);
        fx.note(Rule::S36, Fact::MovedBack { queue: self.id, payload });
        fx.register().get_mut(payload).afterlife = Afterlife::Redriven;
        fx.send(Out::MoveBack { to, payload });
        if self.visible.is_empty() {
            self.end_move_task(fx);
        } else {
            fx.wake(due.since(now), Wake::Move(number));
        }
    }

    fn end_move_task(&mut self, fx: &mut impl Port<Queue>) {
        if let Some(MoveTask { moved, .. }) = self.task.take() {
            fx.note(Rule::S33, Fact::MoveTaskEnded { queue: self.id, moved });
        }
    }

    // Looking.

    /// `ApproximateAgeOfOldestMessage`: since when the oldest message is in this queue, leaving out
    /// those received three times here or more (M1). None if there is none.
    pub fn oldest_age(&self, now: Time) -> Option<Span> {
        let oldest = self.young.first(&self.messages)?;
        Some(now.since(self.messages[oldest].entered_at))
    }

    /// How many messages there are in each state.
    pub fn counts(&self) -> Counts {
        Counts {
            visible: self.visible.len(),
            not_visible: self.in_flight.len(),
            delayed: self.delayed.len(),
        }
    }

    /// Whether it stores no message.
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// When its redrive policy moved a message last.
    pub fn moved_at(&self) -> Option<Time> {
        self.moved_at
    }

    /// How many receives wait for a message.
    pub fn receives_waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a move task runs.
    pub fn is_moving(&self) -> bool {
        self.task.is_some()
    }

    /// Messages that wait for a reader that is disabled.
    pub fn parked(&self) -> usize {
        match self.config.read {
            Reading::Disabled => self.delayed.len() + self.visible.len() - self.letters,
            Reading::Never | Reading::Enabled => 0,
        }
    }

    /// Every message, in the order of their places. For tests and for looking inside.
    pub fn dump(&self) -> Vec<Stored> {
        let mut messages: Vec<_> = self.messages.iter().map(|(_, message)| message).collect();
        messages.sort_by_key(|message| message.order);
        let stored = messages.into_iter().map(|message| Stored {
            payload: message.payload,
            held: message.held,
            receives: message.receives,
            sent_at: message.sent_at,
        });
        stored.collect()
    }

    /// Panics if the queue contradicts itself. Looks at every message: for tests and debugging.
    pub fn check(&self, now: Time) {
        let sorted = |mut slots: Vec<Slot>| {
            slots.sort_unstable();
            slots
        };
        let those = |is: &dyn Fn(&message::Message) -> bool| -> Vec<Slot> {
            self.messages.iter().filter(|(_, message)| is(message)).map(|(slot, _)| slot).collect()
        };
        let messages = &self.messages;
        assert_eq!(sorted(self.stored.check(messages)), those(&|_| true), "all is stored");
        for (line, held) in [
            (self.visible.check(messages), Held::Visible),
            (self.delayed.check(messages), Held::Delayed),
            (self.in_flight.check(messages), Held::InFlight),
        ] {
            assert_eq!(sorted(line), those(&|message| message.held == held), "{held:?}");
        }
        let young =
            those(&|message| message.receives_here() <= Self::YOUNG_RECEIVES_MAX || self.is_fifo());
        assert_eq!(sorted(self.young.check(messages)), young, "the young");
        assert!(self.in_flight.len() <= self.in_flight_max, "so many may be in flight");
        let letters = those(&|message| message.is_letter && message.held != Held::InFlight);
        assert_eq!(self.letters, letters.len(), "the dead letters");
        match &self.groups {
            Groups::None => (),
            Groups::Fifo(fifo) => fifo.check(messages),
            Groups::Fair(fair) => fair.check(messages),
        }
        for (slot, message) in messages.iter() {
            assert!(now < self.expires(slot), "what is too old is gone");
            assert!(self.expiry.at() <= self.expires(slot), "an alarm for each retention");
            let alarm = match message.held {
                Held::Visible => continue,
                Held::Delayed => self.delay_end,
                Held::InFlight => self.visibility_end,
            };
            assert!(alarm.at() <= message.until, "an alarm for each end");
            assert!(now < message.until, "what is over is visible");
        }
        let short = self.waiting.iter().filter(|waiting| waiting.is_short()).count();
        assert_eq!(short, self.short, "short polls");
        for waiting in &self.waiting {
            assert!(self.wait_end.at() <= waiting.until || waiting.is_short(), "an end to waiting");
        }
    }
}
