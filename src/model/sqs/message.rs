//! The messages that a queue stores, and their receipt handles.

use super::line::Link;
use crate::{
    kernel::Time,
    model::{
        facts::Held,
        vocabulary::{PayloadId, QueueId},
    },
};
use std::ops::{Index, IndexMut};

/// The place of a message in the [`Slab`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u32);

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Its neighbours in each kind of [`Line`](super::line::Line).
    pub(super) links: [Link; 3],
    /// The first send, from which retention counts: of a message in a dead-letter queue, the send
    /// to the queue that it came from.
    pub(super) sent_at: Time,
    /// When it came into this queue.
    pub(super) entered_at: Time,
    /// Its place among the visible messages.
    pub(super) order: u64,
    /// When its delay or its visibility timeout ends; never, while it is visible.
    pub(super) until: Time,
    /// What it carries.
    pub(super) payload: PayloadId,
    /// `ApproximateReceiveCount`: receives here and in the queue it came from.
    pub(super) receives: u32,
    /// The stamp of its newest receipt handle. It goes on where the slot is used again.
    receipt: u32,
    /// The stamp when it came in: those up to here belong to others.
    receipt_before: u32,
    /// The queue it came from, if a redrive policy moved it.
    pub(super) source: Option<QueueId>,
    /// Its state.
    pub(super) held: Held,
    /// Whether it came in as a dead letter.
    pub(super) is_letter: bool,
    /// Whether the slot is in use.
    stored: bool,
}

// Memory is what is stored: a million parked messages are 80 MB.
const _: () = assert!(size_of::<Message>() <= 80);

impl Message {
    /// Receives in this queue alone, which is what moves it to the back (S15).
    #[inline]
    pub(super) fn receives_here(&self) -> u32 {
        self.receipt.wrapping_sub(self.receipt_before)
    }

    /// Stamps a new receipt handle. Stamps wrap: nobody keeps a handle for 2^32 receives.
    #[inline]
    pub(super) fn stamp(&mut self) {
        self.receipt = self.receipt.wrapping_add(1);
    }
}

/// What comes into a slab.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fresh {
    pub(super) payload: PayloadId,
    pub(super) sent_at: Time,
    pub(super) entered_at: Time,
    pub(super) order: u64,
    pub(super) until: Time,
    pub(super) receives: u32,
    pub(super) source: Option<QueueId>,
    pub(super) held: Held,
    pub(super) is_letter: bool,
}

/// Whose handle it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handle {
    /// The newest of a message that is stored.
    Newest(Slot),
    /// An older one of a message that is stored.
    Older(Slot),
    /// Of a message that is gone.
    Gone,
    /// Of no message that ever was.
    Illegal,
}

/// Messages by slot; a slot is used again when its message is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Slab {
    messages: Vec<Message>,
    vacant: Vec<Slot>,
}

impl Slab {
    /// Stores a message, in no line yet.
    #[inline]
    pub(super) fn insert(&mut self, fresh: Fresh) -> Slot {
        let Fresh { payload, sent_at, entered_at, order, until, receives, source, held, is_letter } =
            fresh;
        let vacant = self.vacant.pop();
        let receipt = vacant.map_or(0, |slot| self[slot].receipt);
        let message = Message {
            links: [Link::NOWHERE; 3],
            sent_at,
            entered_at,
            order,
            until,
            payload,
            receives,
            receipt,
            receipt_before: receipt,
            source,
            held,
            is_letter,
            stored: true,
        };
        match vacant {
            Some(slot) => {
                self[slot] = message;
                slot
            }
            None => {
                let slot = u32::try_from(self.messages.len()).expect("fewer messages than slots");
                assert!(slot < Link::SLOTS_MAX, "fewer messages than slots");
                self.messages.push(message);
                Slot(slot)
            }
        }
    }

    /// Forgets a message that is in no line.
    #[inline]
    pub(super) fn remove(&mut self, slot: Slot) {
        self[slot].stored = false;
        self.vacant.push(slot);
    }

    /// The newest receipt handle of a message: slot and stamp.
    #[inline]
    pub(super) fn handle(&self, slot: Slot) -> u64 {
        u64::from(slot.0) << 32 | u64::from(self[slot].receipt)
    }

    /// Whose `handle` is. A stamp belongs to the message whose receives gave it.
    #[inline]
    pub(super) fn find(&self, handle: u64) -> Handle {
        let [slot, stamp] = [handle >> 32, handle & u64::from(u32::MAX)]
            .map(|half| u32::try_from(half).expect("half of 64 bits"));
        match self.messages.get(slot as usize) {
            None => Handle::Illegal,
            Some(message) => {
                let age = message.receipt.wrapping_sub(stamp);
                if !message.stored || message.receives_here() <= age {
                    Handle::Gone
                } else if age == 0 {
                    Handle::Newest(Slot(slot))
                } else {
                    Handle::Older(Slot(slot))
                }
            }
        }
    }

    /// The messages that are stored, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &Message)> {
        (0..).map(Slot).zip(&self.messages).filter(|(_, message)| message.stored)
    }
}

impl Index<Slot> for Slab {
    type Output = Message;
    #[inline]
    fn index(&self, slot: Slot) -> &Message {
        &self.messages[slot.0 as usize]
    }
}

impl IndexMut<Slot> for Slab {
    #[inline]
    fn index_mut(&mut self, slot: Slot) -> &mut Message {
        &mut self.messages[slot.0 as usize]
    }
}
