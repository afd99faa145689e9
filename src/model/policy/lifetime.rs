//! How long execution environments lived where it was measured (SE24, SE26, SE27).
//!
//! AWS publishes no number. These are what others found and what was fitted to it; a function that says
//! how long its environments live is not asked of here.

use crate::kernel::{Dist, Draw, Span, Time};

/// Idle life of an environment of a function that is called seldom, 2020.
const SELDOM: Span = Span::secs(640);
/// The same of a function that is called often.
const OFTEN: Span = Span::secs(1500);
/// A function is called often from one invocation in so long on.
const GAP: Span = Span::secs(100);
/// The rate is looked at over so many hours …
const HOURS: usize = 24;
/// … and, where a function is new, as if it had been there for one.
const HOUR: Span = Span::hours(1);

/// The invocations of a function in the last hours.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    counts: [u64; HOURS],
    /// The hour that the last one was in, counted from the beginning.
    hour: u64,
}

impl Recent {
    /// An invocation began.
    pub fn add(&mut self, now: Time) {
        self.pass(now);
        self.counts[slot(self.hour)] += 1;
    }

    /// How long an environment lives idle whose run ends now.
    pub fn idle_life(&mut self, now: Time) -> Span {
        self.pass(now);
        let looked_at = self.hour.min(HOURS as u64 - 1);
        let begun = Time::ZERO + HOUR.times(self.hour - looked_at);
        let window = now.since(begun).max(HOUR);
        let invocations: u64 = self.counts.iter().sum();
        if GAP.times(invocations) < window { SELDOM } else { OFTEN }
    }

    /// Forgets the hours that are too long ago.
    fn pass(&mut self, now: Time) {
        let hour = now.as_nanos() / HOUR.as_nanos();
        for passed in (self.hour + 1..=hour).rev().take(HOURS) {
            self.counts[slot(passed)] = 0;
        }
        self.hour = hour;
    }
}

fn slot(hour: u64) -> usize {
    usize::try_from(hour % HOURS as u64).expect("smaller than a length")
}

/// Idle life, January 2021: all were warm after 348 s and none after 414 s.
pub fn idle_life_2021(draw: &mut Draw) -> Span {
    let law = Dist::uniform(348e9, 414e9).expect("the bounds are in order");
    Span::from_nanos_f64(law.sample(draw))
}

/// The age from which an environment is retired, 2020: most of them shortly before two hours, some
/// at any age before.
pub fn age_max_2020(draw: &mut Draw) -> Span {
    let (min, max) = if draw.unit() < 0.15 { (0.0, 5400e9) } else { (5800e9, 7400e9) };
    let law = Dist::uniform(min, max).expect("the bounds are in order");
    Span::from_nanos_f64(law.sample(draw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    /// The idle life at the end, of a function that is called once in each `gap` for so long.
    fn after(gap: Span, length: Span) -> Span {
        let mut recent = Recent::default();
        let mut now = Time::ZERO;
        while now.since(Time::ZERO) < length {
            recent.add(now);
            now = now + gap;
        }
        recent.idle_life(now)
    }

    #[test]
    fn one_call_in_a_hundred_seconds_is_often() {
        assert_eq!(after(Span::secs(100), Span::days(3)), OFTEN);
        assert_eq!(after(Span::secs(101), Span::days(3)), SELDOM);
    }

    #[test]
    fn a_new_function_is_called_seldom_until_it_has_had_an_hours_worth() {
        assert_eq!(after(Span::secs(1), Span::secs(35)), SELDOM);
        assert_eq!(after(Span::secs(1), Span::secs(36)), OFTEN);
        assert_eq!(Recent::default().idle_life(Time::ZERO), SELDOM);
    }

    #[test]
    fn what_was_a_day_ago_is_forgotten() {
        let mut recent = Recent::default();
        (0..10_000).for_each(|_| recent.add(Time::ZERO));
        let at = |hours: u64| Time::ZERO + Span::hours(hours);
        assert_eq!(recent.idle_life(at(23)), OFTEN);
        assert_eq!(recent.idle_life(at(24)), SELDOM);
        assert_eq!(recent.idle_life(at(900)), SELDOM);
    }

    #[test]
    fn se26_ages_are_those_that_were_measured() {
        // Of 107 measured retirements: median 1.82 h, a tenth below 0.24 h, none above 2.05 h.
        let stream = Stream::new(1, "ages");
        let mut ages: Vec<Span> =
            (0..20_000).map(|n| age_max_2020(&mut stream.draw(n, 0))).collect();
        ages.sort();
        let hours = |share: usize| ages[ages.len() * share / 100].as_secs_f64() / 3600.0;
        assert!((1.7..1.9).contains(&hours(50)), "{}", hours(50));
        assert!(hours(10) < 1.1 && 1.55 < hours(20), "{} {}", hours(10), hours(20));
        assert!(*ages.last().expect("there are some") < Span::secs(7400));
    }
}
