//! Figures with their uncertainty, for people: as many digits as mean something.

use super::wording::grouped;
use crate::{statistics::Estimate, study::CONFIDENCE};

/// The unit in which a time reads best, and how many seconds it is.
fn time_unit(seconds: f64) -> (f64, &'static str) {
    match seconds.abs() {
        s if s < 1.0 => (0.001, " ms"),
        s if s < 600.0 => (1.0, " s"),
        s if s < 7_200.0 => (60.0, " min"),
        _ => (3_600.0, " h"),
    }
}

/// What values in `unit` are divided by to read best if the largest is this one, and what stands behind
/// them then.
pub fn scaled(unit: &str, largest: f64) -> (f64, &'static str) {
    if unit == "s" { time_unit(largest) } else { (1.0, "") }
}

/// Decimals that show two digits of `uncertainty`, at most 9.
fn decimals(uncertainty: f64) -> usize {
    let mut decimals = 0;
    let mut shown = uncertainty.abs();
    while shown < 10.0 && decimals < 9 && shown > 0.0 {
        shown *= 10.0;
        decimals += 1;
    }
    decimals
}

/// A number with so many decimals and its thousands apart.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // Not -0.
    let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'.' | b'0'));
    grouped(if is_zero { text.trim_start_matches('-') } else { &text })
}

/// A number with at most six digits that say something.
pub fn plain(value: f64, unit: &str) -> String {
    if value.is_infinite() {
        return "never".to_owned();
    }
    let (scale, suffix) = scaled(unit, value);
    let value = value / scale;
    let places = match value.abs() {
        v if v >= 100_000.0 || v == 0.0 => 0,
        v => decimals(v) + 4 - usize::from(v >= 10.0),
    };
    let places = if value.abs() >= 1_000.0 { places.min(2) } else { places.min(9) };
    let text = format!("{value:.places$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{}{suffix}", grouped(text))
}

/// What several runs say; `never` of a time to what never happened: `412 ± 18`, `412 in each run`, `412 (one run)`.
pub fn estimated(estimate: &Estimate, unit: &str) -> String {
    if !estimate.is_finite() {
        let all = estimate.min == estimate.max;
        return if all { "never".to_owned() } else { "never in some runs".to_owned() };
    }
    match estimate.half_width(CONFIDENCE) {
        None => format!("{} (one run)", plain(estimate.mean, unit)),
        Some(_) if estimate.is_exact() => format!("{} in each run", plain(estimate.mean, unit)),
        Some(half) => within(estimate.mean, half, unit),
    }
}

/// A difference, with its sign, `-∞` where only the second is never: `+412 ± 18`, `0 in each pair`.
pub fn difference(estimate: &Estimate, unit: &str) -> String {
    let sign = if estimate.mean > 0.0 { "+" } else { "" };
    if !estimate.is_finite() {
        return if estimate.mean < 0.0 { "-∞".to_owned() } else { format!("{sign}∞") };
    }
    match estimate.half_width(CONFIDENCE) {
        None => format!("{sign}{} (one pair)", plain(estimate.mean, unit)),
        Some(_) if estimate.is_exact() => {
            format!("{sign}{} in each pair", plain(estimate.mean, unit))
        }
        Some(half) => format!("{sign}{}", within(estimate.mean, half, unit)),
    }
}

/// `412 ± 18`, in the unit that reads best.
pub fn within(mean: f64, half: f64, unit: &str) -> String {
    let (scale, suffix) = scaled(unit, mean.abs().max(half));
    let (mean, half) = (mean / scale, half / scale);
    let places = decimals(half);
    format!("{} ± {}{suffix}", fixed(mean, places), fixed(half, places))
}

/// How many times as much: `2.00 ± 0.04 ×`.
pub fn times(ratio: f64, half: Option<f64>) -> String {
    match half {
        Some(half) if half > 0.0 => {
            let places = decimals(half).min(4);
            format!("{} ± {} ×", fixed(ratio, places), fixed(half, places))
        }
        Some(_) | None => format!("{} ×", plain(ratio, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uncertainty_has_two_digits_and_the_mean_as_many_decimals() {
        let told = [
            within(412.345, 18.2, ""),
            within(-0.012_345, 0.000_44, ""),
            within(12_345.6, 1_234.6, ""),
            within(0.001, 0.25, ""),
            within(1.5, 0.031, "s"),
            within(0.25, 0.0031, "s"),
            within(4_000.0, 61.0, "s"),
        ];
        let expected = [
            "412 ± 18",
            "-0.01235 ± 0.00044",
            "12,346 ± 1,235",
            "0.00 ± 0.25",
            "1.500 ± 0.031 s",
            "250.0 ± 3.1 ms",
            "66.7 ± 1.0 min",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_value_that_never_differs_is_a_count_and_no_estimate() {
        let of = |values: &[f64]| Estimate::of(values).expect("there are values");
        assert_eq!(estimated(&of(&[3.0, 3.0]), ""), "3 in each run");
        assert_eq!(estimated(&of(&[3.5]), "s"), "3.5 s (one run)");
        assert_eq!(difference(&of(&[0.0, 0.0, 0.0]), ""), "0 in each pair");
        assert_eq!(difference(&of(&[1.0, 2.0, 3.0]), ""), "+2.0 ± 2.5");
        assert_eq!(difference(&of(&[-1.0]), ""), "-1 (one pair)");
    }

    #[test]
    fn plain_numbers_have_the_digits_that_say_something() {
        let told = [0.0, 1234.5678, 0.000_123_456, 17.0, 123_456_789.0].map(|v| plain(v, ""));
        assert_eq!(told, ["0", "1,234.57", "0.000123456", "17", "123,456,789"]);
        assert_eq!([times(2.0, Some(0.04)), times(0.5, None)], ["2.000 ± 0.040 ×", "0.5 ×"]);
    }
}
