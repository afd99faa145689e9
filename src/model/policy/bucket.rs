//! A token bucket in whole numbers: what a limiter lets through, to the nanosecond.

use crate::kernel::{Span, Time};

/// Tokens that come back at a steady rate up to a capacity; full at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// So many tokens come back …
    refill: u64,
    /// … in this time.
    period: Span,
    capacity: u64,
    /// Tokens times the period's nanoseconds, so that nothing is rounded.
    level: u128,
    /// The instant of `level`.
    at: Time,
}

impl Bucket {
    /// A full bucket of `capacity` tokens, of which `refill` come back each `period` (above 0).
    pub fn new(capacity: u64, refill: u64, period: Span) -> Bucket {
        assert!(period > Span::ZERO, "tokens come back in a time");
        let level = u128::from(capacity) * u128::from(period.as_nanos());
        Bucket { refill, period, capacity, level, at: Time::ZERO }
    }

    /// Takes a token, if there is one at `now`.
    pub fn take(&mut self, now: Time) -> bool {
        self.take_of(now, 1)
    }

    /// Takes `tokens`, if there are as many at `now`; of more than the bucket holds, a full one is enough.
    pub fn take_of(&mut self, now: Time, tokens: u64) -> bool {
        self.catch_up(now);
        let asked = u128::from(tokens) * u128::from(self.period.as_nanos());
        let asked = asked.min(self.full());
        let there = asked <= self.level && self.capacity > 0;
        if there {
            self.level -= asked;
        }
        there
    }

    /// Whole tokens that are there at `now`.
    pub fn tokens(&mut self, now: Time) -> u64 {
        self.catch_up(now);
        let whole = self.level / u128::from(self.period.as_nanos());
        u64::try_from(whole).expect("at most the capacity")
    }

    /// How long from `now` until a token is there: zero if one is, none if none ever comes.
    pub fn wait(&mut self, now: Time) -> Option<Span> {
        self.catch_up(now);
        let missing = u128::from(self.period.as_nanos()).saturating_sub(self.level);
        if missing == 0 {
            return Some(Span::ZERO);
        }
        if self.refill == 0 || self.capacity == 0 {
            return None;
        }
        let nanos = missing.div_ceil(u128::from(self.refill));
        Some(Span::nanos(u64::try_from(nanos).expect("at most a period")))
    }

    /// From `now` on it has this capacity and refill; what is in it stays, as far as it fits.
    pub fn resize(&mut self, now: Time, capacity: u64, refill: u64) {
        self.catch_up(now);
        (self.capacity, self.refill) = (capacity, refill);
        self.level = self.level.min(self.full());
    }

    /// From `now` on `refill` tokens come back each `period` (above 0); those that are there stay.
    pub fn change_rate(&mut self, now: Time, refill: u64, period: Span) {
        assert!(period > Span::ZERO, "tokens come back in a time");
        self.catch_up(now);
        let (before, after) = (u128::from(self.period.as_nanos()), u128::from(period.as_nanos()));
        // Whole tokens by themselves: the product of all would be too large.
        self.level = self.level / before * after + self.level % before * after / before;
        (self.refill, self.period) = (refill, period);
    }

    fn full(&self) -> u128 {
        u128::from(self.capacity) * u128::from(self.period.as_nanos())
    }

    fn catch_up(&mut self, now: Time) {
        let passed = u128::from(now.since(self.at).as_nanos());
        self.level = (self.level + passed * u128::from(self.refill)).min(self.full());
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::millis(millis)
    }

    #[test]
    fn it_gives_its_capacity_and_then_its_rate() {
        let mut bucket = Bucket::new(3, 2, Span::secs(1));
        let taken: Vec<bool> = [0, 0, 0, 0, 499, 500, 999, 1000].map(|t| bucket.take(at(t))).into();
        assert_eq!(taken, [true, true, true, false, false, true, false, true]);
        assert_eq!(bucket.tokens(at(60_000)), 3, "calm is not saved up beyond the capacity");
    }

    #[test]
    fn it_gives_several_at_once_or_none() {
        let mut bucket = Bucket::new(10, 10, Span::secs(1));
        assert!(bucket.take_of(at(0), 7) && !bucket.take_of(at(0), 4) && bucket.take_of(at(0), 3));
        assert!(!bucket.take_of(at(999), 11), "more than it holds waits for a full one");
        assert!(bucket.take_of(at(1000), 11) && !bucket.take_of(at(1000), 1));
        assert!(!Bucket::new(0, 1, Span::secs(1)).take(at(5)));
    }

    #[test]
    fn it_says_when_the_next_token_comes() {
        let mut bucket = Bucket::new(1, 3, Span::secs(1));
        assert_eq!(bucket.wait(at(0)), Some(Span::ZERO));
        assert!(bucket.take(at(0)));
        assert_eq!(bucket.wait(at(0)), Some(Span::nanos(333_333_334)));
        assert!(!bucket.take(Time::ZERO + Span::nanos(333_333_333)));
        assert!(bucket.take(Time::ZERO + Span::nanos(333_333_334)));
        assert_eq!(Bucket::new(0, 3, Span::secs(1)).wait(at(5)), None);
    }

    #[test]
    fn another_rate_leaves_the_tokens_that_are_there() {
        let mut bucket = Bucket::new(4, 10, Span::secs(1));
        assert!(bucket.take(at(0)) && bucket.take(at(0)));
        bucket.change_rate(at(50), 1, Span::mins(1));
        assert_eq!(bucket.tokens(at(50)), 2, "and a half");
        assert_eq!((bucket.tokens(at(30_049)), bucket.tokens(at(30_050))), (2, 3));
    }

    #[test]
    fn a_smaller_bucket_keeps_what_fits() {
        let mut bucket = Bucket::new(10, 1, Span::secs(1));
        bucket.resize(at(0), 4, 1);
        assert_eq!(bucket.tokens(at(0)), 4);
        bucket.resize(at(0), 10, 2);
        assert_eq!(bucket.tokens(at(1000)), 6);
    }
}
