//! How long a requester waits before it asks again. What clients do, not what AWS does: it cites no rule.

use crate::{
    kernel::{Draw, Span},
    model::config::{Backoff, Jitter},
};

/// The wait before retry number `retry` (from 1), after a wait of `last` (zero before the first).
pub fn wait(backoff: &Backoff, retry: u32, last: Span, draw: &mut Draw) -> Span {
    match backoff {
        Backoff::Constant(quantity) => quantity.sample_span(draw, |_| None),
        Backoff::Exponential { base, cap, jitter } => {
            let nominal = base.doubled(retry - 1).min(*cap);
            match jitter {
                Jitter::None => nominal,
                Jitter::Full => nominal.scaled(draw.unit()),
                Jitter::Equal => {
                    let half = nominal.scaled(0.5);
                    half + (nominal - half).scaled(draw.unit())
                }
                Jitter::Decorrelated => {
                    let last = if retry == 1 { *base } else { last };
                    let spread = last.times(3).saturating_sub(*base).scaled(draw.unit());
                    base.saturating_add(spread).min(*cap)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    fn mean_of_total(jitter: Jitter, cap: Span, retries: u32) -> f64 {
        let backoff = Backoff::Exponential { base: Span::secs(1), cap, jitter };
        let stream = Stream::new(1, "test");
        let total: f64 = (0..20_000)
            .map(|n| {
                let mut last = Span::ZERO;
                (1..=retries)
                    .map(|retry| {
                        last = wait(&backoff, retry, last, &mut stream.draw(n, retry));
                        last.as_secs_f64()
                    })
                    .sum::<f64>()
            })
            .sum();
        total / 20_000.0
    }

    #[test]
    fn ten_waits_from_one_second_capped_at_a_minute_add_up_as_the_formula_says() {
        // 1 + 2 + 4 + 8 + 16 + 32 + 4 * 60 = 303; full jitter halves it, equal jitter takes a quarter.
        let cap = Span::secs(60);
        assert_eq!(mean_of_total(Jitter::None, cap, 10), 303.0);
        assert!((mean_of_total(Jitter::Full, cap, 10) - 151.5).abs() < 1.0);
        assert!((mean_of_total(Jitter::Equal, cap, 10) - 227.25).abs() < 1.0);
    }

    #[test]
    fn decorrelated_jitter_has_the_mean_of_its_recursion() {
        // E_k = (1 + 3 E_{k-1}) / 2 with E_0 = 1: 2, 3.5, 5.75, 9.125, 14.1875.
        let total = mean_of_total(Jitter::Decorrelated, Span::hours(100), 5);
        assert!((total - 34.5625).abs() < 0.6, "{total}");
    }
}
