//! One appointment for many deadlines.

use super::{Queue, Wake};
use crate::{kernel::Time, model::Port};

/// Rings at the earliest of many deadlines, or before it: a deadline that is taken back leaves the
/// alarm as it is, which then rings for nothing and is set again. That costs one appointment in
/// each stretch of waiting instead of one for each message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm {
    /// When it rings next.
    at: Time,
}

impl Default for Alarm {
    fn default() -> Alarm {
        Alarm { at: Time::NEVER }
    }
}

impl Alarm {
    /// Sees to it that it rings at `due` or before.
    #[inline]
    pub(super) fn set(&mut self, now: Time, due: Time, token: Wake, fx: &mut impl Port<Queue>) {
        if due < self.at {
            self.at = due;
            fx.wake(due.since(now), token);
        }
    }

    /// Whether the appointment of `now` is the one that counts. Another is stale: it was made for a
    /// later deadline, before an earlier one came.
    #[inline]
    pub(super) fn rings(&mut self, now: Time) -> bool {
        let rings = self.at <= now;
        if rings {
            self.at = Time::NEVER;
        }
        rings
    }

    /// When it rings next, for checks.
    pub(super) fn at(&self) -> Time {
        self.at
    }
}
