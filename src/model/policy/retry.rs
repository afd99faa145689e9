//! What becomes of an asynchronous event after a failed try (A2.1 to A2.22).

use crate::{
    kernel::{Span, Time},
    model::{Rule, vocabulary::Condition},
};

/// How a try failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The code ran and failed, or the function is gone, which counts alike.
    Run,
    /// 429 or 5xx: no code ran.
    Refusal,
    /// Reserved concurrency is 0.
    ZeroReservedConcurrency,
    /// The recursion guard stopped it.
    Recursion,
}

/// What an event has been through, the failure included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// When it was accepted.
    pub accepted_at: Time,
    /// Runs that failed.
    pub runs: u32,
    /// Refusals since the last run.
    pub refusals: u32,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after `wait`, before jitter.
    Retry {
        /// The nominal wait.
        wait: Span,
        /// Why.
        rule: Rule,
    },
    /// Give it up.
    Discard {
        /// The record's condition.
        condition: Condition,
        /// Why.
        rule: Rule,
    },
}

/// `MaximumRetryAttempts` and `MaximumEventAgeInSeconds` of a function, and what is assumed beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Retries after function errors: 0 to 2.
    pub retries_max: u8,
    /// Oldest event that is still tried.
    pub age_max: Span,
    /// Whether an age of just the maximum is still tried (assumed: A2.18).
    pub age_equality_retries: bool,
    /// By how much a long queue stretches the waits (assumed: A2.15); 1 is not at all.
    pub stretch: f64,
}

impl RetryPolicy {
    /// The wait after the first failed run; the n-th waits n times as long.
    const RUN_WAIT: Span = Span::secs(60);
    const REFUSAL_WAIT_MIN: Span = Span::secs(1);
    const REFUSAL_WAIT_MAX: Span = Span::secs(300);

    /// Judges a failure at `now`. Looks ahead: an event that would be too old when its turn comes
    /// is given up at once. Jitter is not looked at (assumed).
    pub fn judge(&self, failure: Failure, history: History, now: Time) -> Verdict {
        let (wait, rule) = match failure {
            Failure::ZeroReservedConcurrency => {
                let condition = Condition::ZeroReservedConcurrency;
                return Verdict::Discard { condition, rule: Rule::A2_21 };
            }
            Failure::Recursion => {
                let condition = Condition::RecursiveInvocation;
                return Verdict::Discard { condition, rule: Rule::A6_6 };
            }
            Failure::Run if u32::from(self.retries_max) < history.runs => {
                let condition = Condition::RetriesExhausted;
                return Verdict::Discard { condition, rule: Rule::A2_17 };
            }
            Failure::Run => (Self::RUN_WAIT.times(u64::from(history.runs)), Rule::A2_1),
            Failure::Refusal => {
                let wait = Self::REFUSAL_WAIT_MIN.doubled(history.refusals - 1);
                (wait.min(Self::REFUSAL_WAIT_MAX), Rule::A2_7)
            }
        };
        let (wait, rule) = if self.stretch > 1.0 {
            (wait.scaled(self.stretch), Rule::A2_15)
        } else {
            (wait, rule)
        };
        let age_then = now.since(history.accepted_at).saturating_add(wait);
        let too_old = if self.age_equality_retries {
            self.age_max < age_then
        } else {
            self.age_max <= age_then
        };
        if too_old {
            return Verdict::Discard { condition: Condition::EventAgeExceeded, rule: Rule::A2_16 };
        }
        Verdict::Retry { wait, rule }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: RetryPolicy = RetryPolicy {
        retries_max: 2,
        age_max: Span::secs(21_600),
        age_equality_retries: true,
        stretch: 1.0,
    };

    fn judge(policy: RetryPolicy, failure: Failure, runs: u32, refusals: u32, age: u64) -> String {
        let history = History { accepted_at: Time::ZERO, runs, refusals };
        match policy.judge(failure, history, Time::ZERO + Span::millis(age)) {
            Verdict::Retry { wait, rule } => format!("{wait} {}", rule.id()),
            Verdict::Discard { condition, rule } => format!("{} {}", condition.word(), rule.id()),
        }
    }

    #[test]
    fn a2_1_function_errors_wait_one_and_two_minutes() {
        assert_eq!(judge(DEFAULT, Failure::Run, 1, 0, 0), "60s A2.1");
        assert_eq!(judge(DEFAULT, Failure::Run, 2, 0, 60_100), "120s A2.1");
        assert_eq!(judge(DEFAULT, Failure::Run, 3, 0, 180_300), "RetriesExhausted A2.17");
    }

    #[test]
    fn a2_17_spent_retries_come_before_the_age() {
        let none = RetryPolicy { retries_max: 0, age_max: Span::secs(60), ..DEFAULT };
        assert_eq!(judge(none, Failure::Run, 1, 0, 100_000), "RetriesExhausted A2.17");
    }

    #[test]
    fn a2_7_refusals_double_from_one_second_to_five_minutes() {
        let waits: Vec<_> = (1..=11).map(|k| judge(DEFAULT, Failure::Refusal, 0, k, 0)).collect();
        let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(|s| format!("{s}s A2.7"));
        assert_eq!(waits, expected);
    }

    #[test]
    fn a2_16_looks_ahead_just_before_at_and_just_after_the_maximum_age() {
        let hour = RetryPolicy { age_max: Span::secs(3600), ..DEFAULT };
        assert_eq!(judge(hour, Failure::Run, 1, 0, 3_539_999), "60s A2.1");
        assert_eq!(judge(hour, Failure::Run, 1, 0, 3_540_000), "60s A2.1");
        assert_eq!(judge(hour, Failure::Run, 1, 0, 3_540_001), "EventAgeExceeded A2.16");
        let strict = RetryPolicy { age_equality_retries: false, ..hour };
        assert_eq!(judge(strict, Failure::Run, 1, 0, 3_540_000), "EventAgeExceeded A2.16");
    }

    #[test]
    fn a2_15_a_long_queue_stretches_the_wait() {
        let slow = RetryPolicy { stretch: 3.0, ..DEFAULT };
        assert_eq!(judge(slow, Failure::Run, 1, 0, 0), "180s A2.15");
    }

    #[test]
    fn a2_21_reserved_zero_and_a6_6_a_loop_end_at_once() {
        assert_eq!(
            judge(DEFAULT, Failure::ZeroReservedConcurrency, 0, 1, 0),
            "ZeroReservedConcurrency A2.21"
        );
        assert_eq!(judge(DEFAULT, Failure::Recursion, 0, 1, 0), "RecursiveInvocation A6.6");
    }
}
