//! When a service that hands events on tries again (D4, D6, D9, D12).

use crate::kernel::{Draw, Span};

/// How a service tries again after a refusal that may pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tries {
    /// The four phases of SNS, each wait drawn from ± this share of its nominal.
    Phases {
        /// The share.
        jitter: f64,
    },
    /// Waits that double, until one of two limits is met.
    Doubling {
        /// Tries after the first.
        retries_max: u32,
        /// Nothing older is tried.
        age_max: Span,
        /// The first wait.
        base: Span,
        /// The longest wait.
        cap: Span,
        /// Whether a wait is drawn from 0 to its nominal.
        full_jitter: bool,
    },
}

/// Tries of the first phase, without a wait.
const IMMEDIATE: u32 = 3;
/// The last try of the second phase.
const PRE_BACKOFF_END: u32 = IMMEDIATE + 2;
/// Waits of the third phase: from 1 s to 20 s, each 20^(1/9) times the one before, in milliseconds.
const BACKOFF_MILLIS: [u64; 10] =
    [1_000, 1_395, 1_946, 2_714, 3_786, 5_282, 7_368, 10_278, 14_337, 20_000];
/// The last try of the third phase.
const BACKOFF_END: u32 = PRE_BACKOFF_END + 10;
/// Tries of all four phases.
const PHASES_END: u32 = BACKOFF_END + 100_000;

impl Tries {
    /// Never again.
    pub const NONE: Tries = Tries::Doubling {
        retries_max: 0,
        age_max: Span::ZERO,
        base: Span::ZERO,
        cap: Span::ZERO,
        full_jitter: false,
    };

    /// The wait before retry number `retry` (from 1) of what is `age` old; none: it is given up.
    ///
    /// Looks ahead: what would be too old when its turn comes is given up at once (assumed).
    pub fn wait(&self, retry: u32, age: Span, draw: &mut Draw) -> Option<Span> {
        match *self {
            Tries::Phases { jitter } => {
                let nominal = if retry <= IMMEDIATE {
                    Span::ZERO
                } else if retry <= PRE_BACKOFF_END {
                    Span::secs(1)
                } else if retry <= BACKOFF_END {
                    Span::millis(BACKOFF_MILLIS[(retry - PRE_BACKOFF_END - 1) as usize])
                } else if retry <= PHASES_END {
                    Span::secs(20)
                } else {
                    return None;
                };
                Some(match jitter == 0.0 || nominal == Span::ZERO {
                    true => nominal,
                    false => nominal.scaled(1.0 + jitter * (2.0 * draw.unit() - 1.0)),
                })
            }
            Tries::Doubling { retries_max, age_max, base, cap, full_jitter } => {
                if retries_max < retry {
                    return None;
                }
                let nominal = base.doubled(retry - 1).min(cap);
                let wait = if full_jitter { nominal.scaled(draw.unit()) } else { nominal };
                (age.saturating_add(wait) <= age_max).then_some(wait)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    fn waits(tries: Tries, most: u32) -> Vec<Span> {
        let stream = Stream::new(1, "test");
        let mut age = Span::ZERO;
        (1..=most)
            .map_while(|retry| {
                let wait = tries.wait(retry, age, &mut stream.draw(0, retry))?;
                age += wait;
                Some(wait)
            })
            .collect()
    }

    fn sum(waits: &[Span]) -> f64 {
        waits.iter().map(|wait| wait.as_secs_f64()).sum()
    }

    #[test]
    fn d4_the_four_phases_of_sns_are_100015_retries_over_23_days() {
        let all = waits(Tries::Phases { jitter: 0.0 }, 200_000);
        assert_eq!(all.len(), 100_015);
        assert_eq!(all[..5], [0, 0, 0, 1, 1].map(Span::secs));
        assert_eq!((all[5], all[14], all[15]), (Span::secs(1), Span::secs(20), Span::secs(20)));
        // A geometric series from 1 to 20 in ten steps: (20 q - 1) / (q - 1) with q = 20^(1/9).
        assert!((sum(&all[5..15]) - 68.106).abs() < 0.001, "{}", sum(&all[5..15]));
        assert!((sum(&all) / 86_400.0 - 23.15).abs() < 0.01, "{}", sum(&all));
        let spread = waits(Tries::Phases { jitter: 0.1 }, 1_015);
        assert!(spread[15..].iter().all(|w| (18.0..=22.0).contains(&w.as_secs_f64())));
        assert!((sum(&spread[15..]) / 20_000.0 - 1.0).abs() < 0.01);
    }

    fn doubling(retries_max: u32, age_max: u64, full_jitter: bool) -> Tries {
        let (base, cap) = (Span::secs(1), Span::secs(480));
        Tries::Doubling { retries_max, age_max: Span::secs(age_max), base, cap, full_jitter }
    }

    #[test]
    fn d6_the_first_limit_that_is_met_ends_it() {
        let seconds = |waits: Vec<Span>| waits.iter().map(|w| w.as_secs_f64()).collect::<Vec<_>>();
        assert_eq!(seconds(waits(doubling(3, 86_400, false), 999)), [1.0, 2.0, 4.0]);
        assert_eq!(seconds(waits(doubling(185, 7, false), 999)), [1.0, 2.0, 4.0], "7 s is in time");
        assert_eq!(seconds(waits(doubling(185, 6, false), 999)), [1.0, 2.0]);
        assert_eq!(seconds(waits(doubling(0, 86_400, false), 999)), [0.0; 0]);
        let whole = waits(doubling(185, 86_400, false), 999);
        assert_eq!(whole.len(), 185, "both limits of EventBridge are met within the last hour");
        assert!(sum(&whole) > 82_800.0, "{}", sum(&whole));
        let spread = sum(&waits(doubling(185, 86_400, true), 999));
        assert!((spread / sum(&whole) - 0.5).abs() < 0.1, "full jitter halves it: {spread}");
    }

    #[test]
    fn none_is_never() {
        assert_eq!(waits(Tries::NONE, 9), []);
    }
}
