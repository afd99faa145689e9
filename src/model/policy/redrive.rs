//! Whether a receive hands a message over or moves it to the dead-letter queue.

use crate::model::{config::Redrive, vocabulary::QueueId};

/// What a receive does with a message that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is handed over, for the `count`th time.
    Deliver {
        /// `ApproximateReceiveCount`, from 1.
        count: u32,
    },
    /// It goes to `to`, and this receive is not counted.
    Move {
        /// The dead-letter queue.
        to: QueueId,
    },
}

/// The verdict on a message that has been received `receives` times (S23, S24).
///
/// So a message is handed over exactly `maxReceiveCount` times, and moved by the receive after
/// these. No timer moves it (S26).
#[inline]
pub fn judge(receives: u32, policy: Option<Redrive>) -> Verdict {
    match policy {
        Some(Redrive { dead_letter_queue: to, receives_max }) if receives_max <= receives => {
            Verdict::Move { to }
        }
        Some(_) | None => Verdict::Deliver { count: receives.saturating_add(1) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s23_a_message_is_handed_over_as_often_as_max_receive_count_says_and_then_moved() {
        let to = QueueId(7);
        for (receives_max, receives, verdict) in [
            (1, 0, Verdict::Deliver { count: 1 }),
            (1, 1, Verdict::Move { to }),
            (3, 2, Verdict::Deliver { count: 3 }),
            (3, 3, Verdict::Move { to }),
            (3, 4, Verdict::Move { to }),
            (1000, 999, Verdict::Deliver { count: 1000 }),
            (1000, 1000, Verdict::Move { to }),
        ] {
            let policy = Some(Redrive { dead_letter_queue: to, receives_max });
            assert_eq!(judge(receives, policy), verdict, "{receives} of {receives_max}");
        }
    }

    #[test]
    fn s23_without_a_policy_nothing_is_moved() {
        assert_eq!(judge(11_519, None), Verdict::Deliver { count: 11_520 });
    }
}
