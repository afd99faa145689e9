//! What values, one of each replication, say of the mean of all; of pairs: difference and ratio.
//!
//! Replications are independent of each other, so Student's t gives the interval; the values of one
//! replication under two policies are not, so they are compared pair by pair.

use super::student_t;

/// What values, one of each replication, say of their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How many values; at least one.
    pub n: u64,
    /// Their mean, never outside `min` and `max`.
    pub mean: f64,
    /// Their standard deviation, over `n - 1`; 0 of a single value.
    pub sd: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// How far each value may be from the one that it stands for, because it was rounded.
    pub rounding: f64,
}

impl Estimate {
    /// None without values. Equal values have exactly their value for a mean and a deviation of
    /// exactly 0. Where a value is infinite (a time to what never happened) so is the mean, and there is no
    /// interval; where some are infinite below and some above, the mean is 0.
    pub fn of(values: &[f64]) -> Option<Estimate> {
        let min = values.iter().copied().min_by(f64::total_cmp)?;
        let max = values.iter().copied().max_by(f64::total_cmp)?;
        let n = values.len() as f64;
        if !min.is_finite() || !max.is_finite() {
            let mean = match (min.is_finite(), max.is_finite()) {
                (true, false) => max,
                (false, true) => min,
                _ if min == max => max,
                _ => 0.0,
            };
            return Some(Estimate {
                n: values.len() as u64,
                mean,
                sd: 0.0,
                min,
                max,
                rounding: 0.0,
            });
        }
        // Rounding may push the mean of equal values off them: ten times 0.1 is less than 1.
        let mean = (values.iter().sum::<f64>() / n).clamp(min, max);
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if values.len() < 2 { 0.0 } else { libm::sqrt(squares / (n - 1.0)) };
        Some(Estimate { n: values.len() as u64, mean, sd, min, max, rounding: 0.0 })
    }

    /// The same of values that were rounded by at most so much: all the same way, at worst.
    pub fn rounded(self, rounding: f64) -> Estimate {
        Estimate { rounding, ..self }
    }

    /// Half of the interval that covers the true mean with this `confidence` (0.95 is 95 %), by
    /// Student's t: t · sd / √n, and the rounding. None of a single value, which says nothing of its
    /// spread.
    pub fn half_width(&self, confidence: f64) -> Option<f64> {
        (2 <= self.n && self.is_finite())
            .then(|| half_width(self.sd, self.n, confidence) + self.rounding)
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.min.is_finite() && self.max.is_finite()
    }

    /// The interval that covers the true mean with this `confidence`: its two ends.
    /// Where a value is infinite, the values' own extremes.
    pub fn interval(&self, confidence: f64) -> Option<(f64, f64)> {
        if !self.is_finite() {
            return (2 <= self.n).then_some((self.min, self.max));
        }
        let half = self.half_width(confidence)?;
        Some((self.mean - half, self.mean + half))
    }

    /// Whether all values, two or more, are the same number and not rounded: nothing to estimate.
    pub fn is_exact(&self) -> bool {
        2 <= self.n && self.min == self.max && self.rounding == 0.0
    }

    /// How many replications of this spread would bring the half width to `wanted` or below; at
    /// least 2. None where the spread is not known, and where 2^30 of them would not do.
    ///
    /// The spread is itself an estimate, so the number is a plan and no promise.
    pub fn needed(&self, wanted: f64, confidence: f64) -> Option<u64> {
        const NEEDED_MAX: u64 = 1 << 30;
        if self.n < 2 || !self.is_finite() {
            return None;
        }
        let enough = |n: u64| half_width(self.sd, n, confidence) + self.rounding <= wanted;
        let mut high = 2;
        while !enough(high) {
            if high == NEEDED_MAX {
                return None;
            }
            high *= 2;
        }
        // What is enough stays enough with more: the width falls as n rises.
        let mut low = (high / 2).max(2);
        while low < high {
            let middle = low + (high - low) / 2;
            if enough(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(high)
    }
}

fn half_width(sd: f64, n: u64, confidence: f64) -> f64 {
    student_t(confidence, n - 1) * sd / libm::sqrt(n as f64)
}

/// `a - b`, pair by pair; two that are equally infinite do not differ. Panics if there are not as many of each.
pub fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), b.len(), "values of pairs come in pairs");
    let difference = |(a, b): (&f64, &f64)| if a == b { 0.0 } else { a - b };
    a.iter().zip(b).map(difference).collect()
}

/// How many times as large one mean is as another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The first mean over the second.
    pub ratio: f64,
    /// Half of its interval; none of a single pair.
    pub half_width: Option<f64>,
}

/// The mean of `a` over the mean of `b`. None without pairs, with an infinite value, or if the mean of `b` is 0.
/// Panics if there are not as many of each.
///
/// The interval is that of the mean of `a - ratio · b`, whose true mean is 0, over the mean of `b`:
/// the classical ratio estimate (Cochran, *Sampling Techniques*, 3rd edition, section 6.4). It is
/// linear in the deviations, so it is good as long as the mean of `b` is some deviations off 0.
pub fn paired_ratio(a: &[f64], b: &[f64], confidence: f64) -> Option<Ratio> {
    assert_eq!(a.len(), b.len(), "values of pairs come in pairs");
    let (over, under) = (Estimate::of(a)?, Estimate::of(b)?);
    if !over.is_finite() || !under.is_finite() {
        return None;
    }
    let under = under.mean;
    if under == 0.0 {
        return None;
    }
    let ratio = over.mean / under;
    let rest: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - ratio * b).collect();
    let half_width = Estimate::of(&rest)?.half_width(confidence).map(|half| half / under.abs());
    Some(Ratio { ratio, half_width })
}

/// How many times larger the variance of the mean difference would be had `a` and `b` not shared
/// their luck: (var a + var b) / var(a − b). None with fewer than two pairs, and where the
/// difference does not vary at all. Panics if there are not as many of each.
pub fn variance_reduction(a: &[f64], b: &[f64]) -> Option<f64> {
    let finite = |of: &Estimate| of.is_finite();
    let variance = |values: &[f64]| Estimate::of(values).filter(finite).map(|of| of.sd * of.sd);
    let shared = variance(&differences(a, b))?;
    let apart = variance(a)? + variance(b)?;
    (0.0 < shared).then(|| apart / shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of sleep won by two drugs, the same ten people (Student, "The probable error of a
    /// mean", Biometrika 6, 1908; data set `sleep` of R).
    const SLEEP: [[f64; 10]; 2] = [
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ];

    #[track_caller]
    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value}, not {expected}");
    }

    fn of(values: &[f64]) -> Estimate {
        Estimate::of(values).expect("there are values")
    }

    #[test]
    fn rounded_values_are_never_exact_and_their_interval_is_wider_by_as_much() {
        let of = |values: &[f64]| Estimate::of(values).expect("there are values");
        let alike = of(&[5.0, 5.0, 5.0]);
        assert!(alike.is_exact() && !alike.rounded(0.01).is_exact());
        assert_eq!(alike.rounded(0.01).half_width(0.95), Some(0.01));
        let some = of(&[4.0, 5.0, 6.0]);
        let wider = some.rounded(0.5).half_width(0.95).zip(some.half_width(0.95));
        assert!(wider.is_some_and(|(wider, half)| (wider - half - 0.5).abs() < 1e-12));
        assert_eq!(some.rounded(0.5).needed(0.5, 0.95), None, "more runs do not help");
    }

    #[test]
    fn pairs_of_students_paper_have_the_interval_that_r_gives() {
        let difference = of(&differences(&SLEEP[0], &SLEEP[1]));
        close(difference.mean, -1.58);
        // R: t.test(extra ~ group, data = sleep, paired = TRUE): t = -4.0621, df = 9.
        let (low, high) = difference.interval(0.95).expect("ten pairs");
        assert!((low - -2.459_885_8).abs() < 5e-8 && (high - -0.700_114_2).abs() < 5e-8);
        close(difference.mean / (difference.sd / libm::sqrt(10.0)), -4.062_127_683_382_037);
    }

    #[test]
    fn equal_values_are_exact_whatever_rounding_does() {
        for (value, n) in [(0.1, 10), (1.0 / 3.0, 7), (412.0, 20), (1e300, 3), (-0.7, 19)] {
            let same = of(&vec![value; n]);
            assert_eq!([same.mean, same.sd, same.min, same.max], [value, 0.0, value, value]);
            assert_eq!(same.half_width(0.95), Some(0.0));
            assert_eq!(same.needed(0.0, 0.95), Some(2));
            assert!(same.is_exact());
        }
        assert!(!of(&[1.0, 1.0 + f64::EPSILON]).is_exact());
    }

    #[test]
    fn one_value_says_nothing_of_its_spread_and_none_says_nothing() {
        let one = of(&[3.0]);
        assert_eq!(one, Estimate { n: 1, mean: 3.0, sd: 0.0, min: 3.0, max: 3.0, rounding: 0.0 });
        assert_eq!((one.half_width(0.95), one.interval(0.95)), (None, None));
        assert_eq!(one.needed(1.0, 0.95), None);
        assert!(!one.is_exact());
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(paired_ratio(&[], &[], 0.95), None);
        assert_eq!(variance_reduction(&[1.0], &[2.0]), None);
    }

    #[test]
    fn the_smallest_and_the_largest_do_not_depend_on_the_order() {
        let (one, other) = (of(&[0.0, -0.0]), of(&[-0.0, 0.0]));
        assert_eq!(one.min.to_bits(), other.min.to_bits());
        assert_eq!(one.max.to_bits(), other.max.to_bits());
    }

    #[test]
    fn as_many_as_needed_are_enough_and_one_fewer_is_not() {
        let estimate = of(&SLEEP[0]);
        let width = |n| half_width(estimate.sd, n, 0.95);
        for wanted in [100.0, 20.0, 16.0, 5.0, 1.0, 0.1, 0.001] {
            let n = estimate.needed(wanted, 0.95).expect("not too many");
            assert!(width(n) <= wanted && (n == 2 || wanted < width(n - 1)), "{wanted}: {n}");
        }
        assert_eq!(estimate.needed(width(20), 0.95), Some(20));
        assert_eq!(estimate.needed(0.0, 0.95), None);
    }

    #[test]
    fn a_ratio_has_the_interval_of_its_linear_part() {
        // r = 21/10; rests -0.1 -0.2 -0.3 0.6, their squares add up to 0.5; the mean of b is 2.5,
        // and t of 3 degrees is 3.18244630528371.
        let of = paired_ratio(&[2.0, 4.0, 6.0, 9.0], &[1.0, 2.0, 3.0, 4.0], 0.95);
        let of = of.expect("the mean of b is not 0");
        close(of.ratio, 2.1);
        let half = 3.182_446_305_283_71 * libm::sqrt(0.5 / 3.0 / 4.0) / 2.5;
        close(of.half_width.expect("four pairs"), half);
    }

    #[test]
    fn a_ratio_of_equal_values_is_exactly_one_and_one_over_nothing_is_none() {
        let same = Some(Ratio { ratio: 1.0, half_width: Some(0.0) });
        assert_eq!(paired_ratio(&SLEEP[0], &SLEEP[0], 0.95), same);
        assert_eq!(paired_ratio(&SLEEP[0], &[0.0; 10], 0.95), None);
        assert_eq!(paired_ratio(&[1.0, 2.0], &[-1.0, 1.0], 0.95), None);
        let nothing = Some(Ratio { ratio: 0.0, half_width: Some(0.0) });
        assert_eq!(paired_ratio(&[0.0; 10], &SLEEP[1], 0.95), nothing);
        let single = Some(Ratio { ratio: 2.0, half_width: None });
        assert_eq!(paired_ratio(&[4.0], &[2.0], 0.95), single);
        let below = paired_ratio(&[1.0, 2.0], &[-1.0, -3.0], 0.95).expect("the mean of b is -2");
        assert!(below.half_width.expect("two pairs") > 0.0);
    }

    #[test]
    fn shared_luck_lessens_the_variance_of_a_difference() {
        // Variances 1 and 7/3; the differences 0, 0, -1 have 1/3.
        let reduction = variance_reduction(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0]);
        close(reduction.expect("the difference varies"), 10.0);
        let opposite = variance_reduction(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]);
        close(opposite.expect("the difference varies"), 0.5);
        assert_eq!(variance_reduction(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]), None);
    }

    #[test]
    #[should_panic(expected = "pairs")]
    fn what_has_no_partner_is_refused() {
        differences(&[1.0, 2.0], &[1.0]);
    }

    #[test]
    fn what_never_happened_has_an_infinite_mean_and_no_half_width() {
        let never = f64::INFINITY;
        let of = |values: &[f64]| Estimate::of(values).expect("there are values");
        let some = of(&[1.0, never, 2.0]);
        assert_eq!((some.mean, some.half_width(0.95)), (never, None));
        assert_eq!(some.interval(0.95), Some((1.0, never)));
        assert_eq!(differences(&[never, 1.0], &[never, never]), [0.0, -never]);
        assert_eq!(of(&[-never, -never]).interval(0.95), Some((-never, -never)));
        assert_eq!(of(&[-never, never]).mean, 0.0);
        assert_eq!(paired_ratio(&[never, 1.0], &[1.0, 1.0], 0.95), None);
        assert_eq!(variance_reduction(&[never, 1.0], &[1.0, 2.0]), None);
    }
}
