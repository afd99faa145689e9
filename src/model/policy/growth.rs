//! How fast new execution environments may be added (SN9, SN10, SN12).

use super::bucket::Bucket;
use crate::kernel::{Span, Time};

/// New environments that may be had at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    bucket: Bucket,
    /// What comes back comes at the multiples of this; none: evenly.
    step: Option<Span>,
}

impl Growth {
    /// A thousand at once, and a hundred a second more, of one function.
    pub fn continuous() -> Growth {
        Growth { bucket: Bucket::new(1000, 100, Span::secs(1)), step: None }
    }

    /// A thousand in each ten seconds, counted from the beginning, of one function.
    pub fn stepwise() -> Growth {
        let step = Span::secs(10);
        Growth { bucket: Bucket::new(1000, 1000, step), step: Some(step) }
    }

    /// `burst` at once and five hundred a minute more, of all functions together.
    pub fn burst(burst: u32) -> Growth {
        Growth { bucket: Bucket::new(u64::from(burst), 500, Span::mins(1)), step: None }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Time) -> bool {
        self.bucket.take(self.looked_at(now))
    }

    /// How long until there is one.
    pub fn wait(&self, now: Time) -> Span {
        let Growth { mut bucket, step } = *self;
        let wait = bucket.wait(self.looked_at(now)).expect("more always come");
        match step {
            Some(step) if wait > Span::ZERO => {
                let nanos = step.as_nanos();
                Span::nanos(nanos - now.as_nanos() % nanos)
            }
            _ => wait,
        }
    }

    /// In steps, all of a step is as its beginning.
    fn looked_at(&self, now: Time) -> Time {
        match self.step {
            Some(step) => Time::from_nanos(now.as_nanos() - now.as_nanos() % step.as_nanos()),
            None => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::millis(millis)
    }

    /// How many of `asked` are had at each of these milliseconds.
    fn had(mut growth: Growth, asked: u32, instants: &[u64]) -> Vec<usize> {
        let mut had = |millis: &u64| (0..asked).filter(|_| growth.take(at(*millis))).count();
        instants.iter().map(&mut had).collect()
    }

    #[test]
    fn what_may_be_had_at_each_instant() {
        let seconds = [0, 5_000, 10_000, 10_001, 70_001];
        assert_eq!(had(Growth::continuous(), 5000, &seconds), [1000, 500, 500, 0, 1000]);
        assert_eq!(had(Growth::stepwise(), 5000, &seconds), [1000, 0, 1000, 0, 1000]);
        let minutes = [0, 60_000, 60_119, 60_120];
        assert_eq!(had(Growth::burst(3000), 10_000, &minutes), [3000, 500, 0, 1]);
        assert_eq!(had(Growth::burst(500), 10_000, &minutes), [500, 500, 0, 1]);
    }

    #[test]
    fn the_next_one_is_there_when_it_says_and_not_a_nanosecond_before() {
        for mut growth in [Growth::continuous(), Growth::stepwise(), Growth::burst(1000)] {
            let now = at(1);
            while growth.take(now) {}
            let wait = growth.wait(now);
            let mut early = growth;
            assert!(!early.take(now + (wait - Span::nanos(1))) && growth.take(now + wait));
        }
        assert_eq!(Growth::stepwise().wait(at(1)), Span::ZERO);
    }
}
