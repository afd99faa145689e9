//! Student's t: how far a mean of few values may lie from the truth.
//!
//! Formulas are those of Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7. For whole
//! degrees of freedom the distribution is a finite sum of positive terms, so it needs no gamma
//! function and no iteration that might not end.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

/// Up to here the distribution is summed up, in df / 2 steps; beyond, its expansion about the normal
/// one is as good: what is left out of it is of the order of df^-5.
const SUMMED_MAX: u64 = 1000;

/// Nearer to certainty rounding would be seen in the digits that count.
const CONFIDENCE_MAX: f64 = 0.999_999;

/// The critical value of two sides: `P(|T| <= t) = confidence` for `df` degrees of freedom.
///
/// Within 1e-12 of itself up to a confidence of 99.9 %. Panics unless `df` is at least 1 and the
/// confidence above 0 and at most 0.999999.
pub fn student_t(confidence: f64, df: u64) -> f64 {
    assert!(1 <= df, "a single value has no degree of freedom");
    assert!(0.0 < confidence && confidence <= CONFIDENCE_MAX, "nothing is that sure");
    if df <= SUMMED_MAX {
        return smallest(confidence, |t| within(t, df));
    }
    let x = smallest(confidence, |x| libm::erf(x * FRAC_1_SQRT_2));
    let (square, of) = (x * x, 1.0 / df as f64);
    // 26.7.5, each power of x by Horner's rule.
    let one = (square + 1.0) / 4.0;
    let two = ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let three = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    let four = ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0)
        / 92_160.0;
    x + x * of * (one + of * (two + of * (three + of * four)))
}

/// `P(|T| <= t)` for `t` of at least 0: 26.7.3 for odd degrees of freedom, 26.7.4 for even ones.
fn within(t: f64, df: u64) -> f64 {
    let degrees = df as f64;
    // Of the angle whose tangent is t / sqrt(df); written so that no t is too large.
    let sine = 1.0 / libm::sqrt(1.0 + degrees / (t * t));
    let cosine_squared = degrees / (degrees + t * t);
    let odd = df % 2;
    let mut term = if odd == 1 { libm::sqrt(cosine_squared) } else { 1.0 };
    let mut sum = 0.0;
    for over in (1 + odd..df).step_by(2) {
        sum += term;
        term *= over as f64 / (over + 1) as f64 * cosine_squared;
    }
    if odd == 1 {
        FRAC_2_PI * (libm::atan(t / libm::sqrt(degrees)) + sine * sum)
    } else {
        sine * sum
    }
}

/// The smallest number of at least 0 at which `share`, which rises from 0 to 1, is `confidence`: by
/// halving until two floats are neighbours.
fn smallest(confidence: f64, share: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while share(high) < confidence {
        (low, high) = (high, high * 2.0);
    }
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || high <= middle {
            return high;
        }
        if share(middle) < confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For 50 %, 95 %, 99 % and 99.9 %: `scipy.stats.t.ppf((1 + confidence) / 2, df)` of SciPy
    /// 1.17.1, and the same solved with mpmath's `betainc` at 50 digits, of which these are 16.
    #[rustfmt::skip]
    const TABLE: [(u64, [f64; 4]); 16] = [
        (1, [1.0, 12.706_204_736_174_7, 63.656_741_162_871_58, 636.619_248_768_719_6]),
        (2, [0.816_496_580_927_726, 4.302_652_729_749_464, 9.924_843_200_918_293, 31.599_054_576_443_62]),
        (3, [0.764_892_328_404_345_3, 3.182_446_305_283_71, 5.840_909_309_733_357, 12.923_978_636_687_48]),
        (4, [0.740_697_084_112_682_6, 2.776_445_105_197_794, 4.604_094_871_349_993, 8.610_301_581_379_275]),
        (5, [0.726_686_843_800_422_6, 2.570_581_835_636_315, 4.032_142_983_555_228, 6.868_826_625_881_11]),
        (9, [0.702_722_146_751_326_4, 2.262_157_162_798_205, 3.249_835_541_592_126, 4.780_912_585_931_139]),
        (10, [0.699_812_061_312_431_6, 2.228_138_851_986_275, 3.169_272_672_616_951, 4.586_893_858_702_636]),
        (19, [0.687_621_460_203_960_3, 2.093_024_054_408_31, 2.860_934_606_464_979, 3.883_405_852_592_083]),
        (20, [0.686_954_496_448_803_4, 2.085_963_447_265_865, 2.845_339_709_786_108, 3.849_516_274_930_827]),
        (30, [0.682_755_693_321_292_5, 2.042_272_456_301_238, 2.749_995_653_567_225, 3.645_958_635_042_022]),
        (120, [0.676_539_724_912_520_2, 1.979_930_405_082_441, 2.617_421_145_106_866, 3.373_453_768_562_5]),
        (999, [0.674_735_410_346_719, 1.962_341_461_133_45, 2.580_759_637_267_637, 3.300_292_440_398_735]),
        (1_000, [0.674_735_164_607_009_4, 1.962_339_080_826_408, 2.580_754_698_065_951, 3.300_282_648_423_913]),
        (1_001, [0.674_734_919_358_447_1, 1.962_336_705_280_88, 2.580_749_768_750_525, 3.300_272_876_066_009]),
        (2_001, [0.674_612_376_208_085_2, 1.961_150_232_622_441, 2.578_288_556_825_569, 3.295_395_698_974_355]),
        (1_000_000, [0.674_489_995_531_087_4, 1.959_966_356_814_107, 2.575_834_220_105_334, 3.290_536_461_248_691]),
    ];

    #[track_caller]
    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-12 * expected, "{value}, not {expected}");
    }

    /// `P(T <= t)`, as tables have it.
    fn student_t_cdf(t: f64, df: u64) -> f64 {
        let side = within(t.abs(), df) / 2.0;
        if t < 0.0 { 0.5 - side } else { 0.5 + side }
    }

    #[test]
    fn critical_values_are_those_of_scipy_summed_and_expanded() {
        for (df, row) in TABLE {
            for (confidence, expected) in [0.5, 0.95, 0.99, 0.999].into_iter().zip(row) {
                close(student_t(confidence, df), expected);
            }
        }
    }

    #[test]
    fn critical_values_are_those_of_printed_tables() {
        let printed = [
            (0.95, 1, 12.706),
            (0.95, 2, 4.303),
            (0.95, 5, 2.571),
            (0.95, 10, 2.228),
            (0.95, 19, 2.093),
            (0.95, 30, 2.042),
            (0.95, 120, 1.980),
            (0.99, 1, 63.657),
            (0.99, 5, 4.032),
            (0.99, 19, 2.861),
            (0.99, 120, 2.617),
            // The normal distribution, in which the last row of every table ends.
            (0.95, u64::MAX, 1.960),
            (0.99, u64::MAX, 2.576),
        ];
        for (confidence, df, expected) in printed {
            let t = student_t(confidence, df);
            assert!((t - expected).abs() < 5.1e-4, "{confidence} of {df}: {t}");
        }
    }

    #[test]
    fn more_degrees_are_never_wider() {
        for confidence in [0.5, 0.95, 0.999] {
            let all: Vec<f64> = (1..1_100).map(|df| student_t(confidence, df)).collect();
            assert!(all.windows(2).all(|pair| pair[1] < pair[0]));
        }
    }

    #[test]
    fn the_distribution_is_that_of_scipy_on_both_sides() {
        // `scipy.stats.t.cdf(t, df)` of SciPy 1.17.1.
        let table = [
            (0.0, 7, 0.5),
            (1.0, 1, 0.75),
            (-1.0, 1, 0.25),
            (2.5, 4, 0.966_616_727_594_006),
            (-2.5, 4, 0.033_383_272_405_994_07),
            (1.96, 1000, 0.974_863_407_522_125_6),
            (3.0, 11, 0.993_960_080_264_039_4),
            (-0.3, 25, 0.383_328_746_826_528_7),
        ];
        for (t, df, expected) in table {
            close(student_t_cdf(t, df), expected);
        }
        for df in [1, 2, 3, 8] {
            let ends = [f64::NEG_INFINITY, f64::INFINITY].map(|t| student_t_cdf(t, df));
            assert!(ends[0].abs() < 1e-15 && (ends[1] - 1.0).abs() < 1e-15, "{df}: {ends:?}");
        }
    }

    #[test]
    fn bits_are_the_recorded_ones() {
        // Recorded; they must not depend on the machine.
        let bits = [(0.95, 19), (0.95, 20), (0.99, 5000)].map(|(c, df)| student_t(c, df).to_bits());
        assert_eq!(bits, [0x4000_be83_653b_6671, 0x4000_b00d_9a95_443a, 0x4004_9d50_1dda_24c8]);
    }

    #[test]
    #[should_panic(expected = "degree")]
    fn a_single_value_has_no_critical_value() {
        student_t(0.95, 0);
    }

    #[test]
    #[should_panic(expected = "sure")]
    fn certainty_has_no_critical_value() {
        student_t(1.0, 19);
    }
}
