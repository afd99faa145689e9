//! How many batches at once a mapping is given (E25, E35 to E38).

use crate::kernel::{Span, Time};

/// Batches that a provisioned poller has at once (E44).
pub const BATCHES_OF_A_POLLER: u32 = 10;
/// Batches at once that provisioned pollers may add in a minute (E44).
pub const PROVISIONED_PER_MINUTE: u32 = 1000;
/// Bytes that a provisioned poller reads in a second (E44).
const BYTES_OF_A_POLLER: u64 = 1 << 20;

/// How fast provisioned pollers may read: each ten times and 1 MB a second, together (E44).
///
/// A second's worth may come at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// When what was asked so far would have been asked at an even pace.
    polls: Time,
    /// The same of what was read.
    bytes: Time,
}

impl Pace {
    /// How long the next poll has to wait.
    pub fn wait(&self, now: Time) -> Span {
        let latest = self.polls.max(self.bytes);
        let may = now.saturating_add(Span::secs(1));
        if latest <= may { Span::ZERO } else { latest.since(may) }
    }

    /// So many polls were made by pollers that may have so many `batches` at once: each of these polls once a
    /// second.
    pub fn polled(&mut self, now: Time, polls: u64, batches: u32) {
        let each = Span::secs(1).as_nanos() / u64::from(batches.max(1));
        self.polls = self.polls.max(now).saturating_add(Span::nanos(each.saturating_mul(polls)));
    }

    /// So many bytes were read by them.
    pub fn read(&mut self, now: Time, bytes: u64, batches: u32) {
        let rate = u128::from(BYTES_OF_A_POLLER * u64::from(batches.max(1)));
        let second = u128::from(Span::secs(1).as_nanos() * u64::from(BATCHES_OF_A_POLLER));
        let took = u64::try_from(u128::from(bytes) * second / rate).unwrap_or(u64::MAX);
        self.bytes = self.bytes.max(now).saturating_add(Span::nanos(took));
    }
}

/// The time between two steps of growth of one poller each, `per_minute` of them at least one.
pub fn growth_step(per_minute: u32) -> Span {
    Span::nanos(Span::mins(1).as_nanos() / u64::from(per_minute))
}

/// How many pollers a failed batch costs a mapping that has `pollers` (assumed: Z4).
///
/// With growth of 5 a second this settles at the concurrencies that were measured on AWS: of 60 at
/// 50 ms a run, about 25 at 1 % of errors, 16 at 5 %, 13 at 10 % (E28). Their spread is a power of
/// the error rate of -0.28, so a step must cost a power of 1/0.28 - 1 of what there is.
pub fn cost_of_error(pollers: f64) -> f64 {
    const FACTOR: f64 = 2.55e-4;
    const POWER: f64 = 2.57;
    FACTOR * libm::pow(pollers, POWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e44_a_provisioned_poller_polls_ten_times_and_reads_a_megabyte_a_second() {
        let at = |millis| Time::ZERO + Span::millis(millis);
        let mut pace = Pace::default();
        // Two pollers: twenty polls a second, and a second's worth at once.
        let mut polls = 0;
        while pace.wait(at(0)) == Span::ZERO {
            pace.polled(at(0), 1, 2 * BATCHES_OF_A_POLLER);
            polls += 1;
        }
        assert_eq!((polls, pace.wait(at(0))), (21, Span::millis(50)));
        assert_eq!(pace.wait(at(50)), Span::ZERO);
        let mut pace = Pace::default();
        pace.read(at(0), 6 << 20, 2 * BATCHES_OF_A_POLLER);
        assert_eq!(
            pace.wait(at(0)),
            Span::secs(2),
            "six megabytes at two a second, less one second"
        );
    }

    /// Where growth of 5 a second and the cost of errors balance, for runs of 50 ms.
    fn balance(error_rate: f64) -> f64 {
        let mut pollers = 60.0;
        for _ in 0..100_000 {
            let errors_per_second = error_rate * pollers / 0.05;
            pollers += 0.001 * (5.0 - errors_per_second * cost_of_error(pollers));
        }
        pollers
    }

    #[test]
    fn e25_errors_settle_at_the_concurrency_measured_on_aws() {
        assert!((balance(0.01) - 25.0).abs() < 1.0);
        assert!((balance(0.05) - 16.0).abs() < 1.0);
        assert!((balance(0.10) - 13.0).abs() < 1.0);
    }

    #[test]
    fn e36_three_hundred_a_minute_is_one_in_two_hundred_milliseconds() {
        assert_eq!(growth_step(300), Span::millis(200));
    }
}
