//! A message move task: the redrive out of a dead-letter queue.

use crate::{
    kernel::{Span, Time},
    model::vocabulary::QueueId,
};

/// A running `StartMessageMoveTask`.
#[derive(Clone, Copy, Debug)]
pub(super) struct MoveTask {
    /// Which task of this queue it is: an appointment of an earlier one is stale.
    pub(super) number: u32,
    /// Where to; none: each message to the queue that it came from.
    pub(super) destination: Option<QueueId>,
    /// Messages a second.
    pub(super) rate: u32,
    /// When it began.
    pub(super) started: Time,
    /// Messages moved so far.
    pub(super) moved: u64,
}

impl MoveTask {
    /// A task runs at most so long (S34).
    pub(super) const DURATION_MAX: Span = Span::hours(36);

    /// When the next message is due: evenly spaced, the first at once (S33).
    pub(super) fn due(&self) -> Time {
        self.started + Span::nanos(Span::secs(self.moved).as_nanos() / u64::from(self.rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s33_messages_are_evenly_spaced_and_rounding_does_not_add_up() {
        let task = |moved| MoveTask {
            number: 1,
            destination: None,
            rate: 3,
            started: Time::from_nanos(7),
            moved,
        };
        let due = |moved| task(moved).due().as_nanos();
        assert_eq!([0, 1, 2, 3].map(due), [7, 333_333_340, 666_666_673, 1_000_000_007]);
        assert_eq!(due(300_000), 100_000_000_000_007);
    }
}
