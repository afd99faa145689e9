//! Why a fact moves its payload.

use super::Fact;
use crate::model::{outcome::Reason, register::Why};

impl Fact {
    /// Why the fact moves its payload, as far as it knows itself.
    #[inline(always)]
    pub fn why(&self) -> Why {
        let given = match *self {
            Fact::Dropped { condition, .. } => Reason::GivenUp(condition),
            Fact::Purged { .. } => Reason::Purged,
            Fact::DeliveryLost { why, .. } => Reason::Undelivered(why),
            Fact::RecordDropped { why, .. } => Reason::Record(why),
            _ => Reason::None,
        };
        let queue = match *self {
            Fact::Enqueued { queue, .. } | Fact::Expired { queue, .. } => Some(queue),
            _ => None,
        };
        Why { given, queue }
    }
}
