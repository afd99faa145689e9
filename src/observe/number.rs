//! Exact fractions, for what thresholds compare: counts, nanoseconds, and ratios of them.
//!
//! `3 / 1000` is 0.3 % and not a bit beside it. Where 127 bits are not enough the lowest bits of
//! numerator and denominator are given up together, which is still closer than a float.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{cmp::Ordering, fmt};

/// A fraction; the denominator is above 0, or 0 of what is beyond every number: [`Number::NEVER`].
#[derive(Clone, Copy, Debug)]
pub struct Number {
    over: i128,
    under: i128,
}

impl Number {
    /// Nothing.
    pub const ZERO: Number = Number { over: 0, under: 1 };
    /// The time to what does not happen: above every number.
    pub const NEVER: Number = Number { over: 1, under: 0 };

    /// Whether it is [`Number::NEVER`], or as far below 0.
    pub const fn is_infinite(self) -> bool {
        self.under == 0
    }

    /// A whole number.
    pub const fn whole(n: i128) -> Number {
        Number { over: n, under: 1 }
    }

    /// `over / under`, or none if `under` is 0.
    pub fn ratio(over: i128, under: i128) -> Option<Number> {
        Number::whole(over).divided_by(Number::whole(under))
    }

    /// Reads digits, with decimals if there are: `12`, `0.3`, `-2`. None if it is something else
    /// or too long.
    pub fn parse(text: &str) -> Option<Number> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let dangling = whole.is_empty() || digits.ends_with('.');
        if dangling || !whole.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit()) {
            return None;
        }
        // 18 digits on each side are more than a run can count; more would only overflow.
        if whole.len() > 18 || decimals.len() > 18 {
            return None;
        }
        let magnitude: i128 = format!("{whole}{decimals}").parse().ok()?;
        let under = 10i128.pow(u32::try_from(decimals.len()).ok()?);
        Number::ratio(if negative { -magnitude } else { magnitude }, under)
    }

    /// As a float, to be shown.
    pub fn approximate(self) -> f64 {
        self.over as f64 / self.under as f64
    }

    /// The whole number that it is, if it is one.
    pub fn to_whole(self) -> Option<i128> {
        (self.under == 1).then_some(self.over)
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.over == 0
    }

    /// The sum. What is as far above 0 as below it comes to 0: two that never happen do not differ.
    pub fn plus(self, other: Number) -> Number {
        match (self.is_infinite(), other.is_infinite()) {
            (true, true) if self.over != other.over => return Number::ZERO,
            (true, _) => return self,
            (_, true) => return other,
            (false, false) => (),
        }
        self.combine(other, |a, b| {
            let left = a.over.checked_mul(b.under)?;
            let right = b.over.checked_mul(a.under)?;
            Some((left.checked_add(right)?, a.under.checked_mul(b.under)?))
        })
    }

    /// The difference.
    pub fn minus(self, other: Number) -> Number {
        self.plus(Number { over: -other.over, under: other.under })
    }

    /// The product.
    pub fn times(self, other: Number) -> Number {
        if self.is_infinite() || other.is_infinite() {
            let sign = self.over.signum() * other.over.signum();
            return if sign == 0 { Number::ZERO } else { Number { over: sign, under: 0 } };
        }
        self.combine(other, |a, b| {
            Some((a.over.checked_mul(b.over)?, a.under.checked_mul(b.under)?))
        })
    }

    /// The quotient, or none if `other` is 0 or both are beyond every number.
    pub fn divided_by(self, other: Number) -> Option<Number> {
        if other.is_infinite() {
            return (!self.is_infinite()).then_some(Number::ZERO);
        }
        let turned = match other.over.signum() {
            0 => return None,
            1 => Number { over: other.under, under: other.over },
            _ => Number { over: -other.under, under: -other.over },
        };
        Some(self.times(turned))
    }

    fn combine(self, other: Number, op: impl Fn(Number, Number) -> Option<(i128, i128)>) -> Number {
        let exact = op(self, other);
        let (over, under) = exact.unwrap_or_else(|| {
            op(self.shortened(), other.shortened()).expect("62 bits a side fit")
        });
        let common = gcd(over.unsigned_abs(), under.unsigned_abs());
        let common = i128::try_from(common).expect("a divisor of an i128 above 0");
        Number { over: over / common, under: under / common }
    }

    /// The same within 62 bits a side, as near as that allows; what is larger stops there.
    fn shortened(self) -> Number {
        const LARGEST: i128 = (1 << 62) - 1;
        let bits = 128 - self.over.unsigned_abs().max(self.under.unsigned_abs()).leading_zeros();
        let shift = bits.saturating_sub(62);
        match self.under >> shift {
            0 => Number { over: self.over.signum() * LARGEST, under: 1 },
            under => Number { over: self.over >> shift, under },
        }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is_infinite() || other.is_infinite() {
            return self.approximate().total_cmp(&other.approximate());
        }
        let (left, right) =
            (self.over.checked_mul(other.under), other.over.checked_mul(self.under));
        match (left, right) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.approximate().total_cmp(&other.approximate()),
        }
    }
}

/// Exactly: `12` or `1/3`.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.under {
            1 => serializer.collect_str(&self.over),
            under => serializer.collect_str(&format_args!("{}/{under}", self.over)),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "1/0" => return Ok(Number::NEVER),
            "-1/0" => return Ok(Number::ZERO.minus(Number::NEVER)),
            _ => (),
        }
        let (over, under) = text.split_once('/').unwrap_or((&text, "1"));
        let read = over.parse().ok().zip(under.parse().ok());
        let number = read.and_then(|(over, under)| Number::ratio(over, under));
        number.ok_or_else(|| de::Error::custom(format_args!("`{text}` is no fraction")))
    }
}

/// Whole, or with up to six digits that say something.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_infinite() {
            return f.write_str("never");
        }
        if self.under == 1 {
            return write!(f, "{}", self.over);
        }
        let value = self.approximate();
        let decimals = [1e5, 1e4, 1e3, 1e2, 1e1, 1.0, 1e-1, 1e-2, 1e-3];
        let places = decimals.iter().position(|bound| value.abs() >= *bound).unwrap_or(9);
        let text = format!("{value:.places$}");
        match text.contains('.') {
            true => write!(f, "{}", text.trim_end_matches('0').trim_end_matches('.')),
            false => write!(f, "{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(read("0.3"), Number::ratio(3, 10).unwrap());
        assert_eq!(read("0.1").plus(read("0.2")), read("0.3"));
        assert_eq!(read("-1.50"), Number::ratio(-3, 2).unwrap());
        for refused in ["", "-", ".5", "5.", "1e3", "+1", "1_0", "NaN", "1234567890123456789"] {
            assert!(Number::parse(refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn a_quotient_compares_as_it_is() {
        let third = Number::ratio(1, 3).unwrap();
        assert_eq!(third.times(Number::whole(3)), Number::whole(1));
        assert!(third < Number::ratio(333_334, 1_000_000).unwrap());
        assert!(Number::ratio(1, -3).unwrap() < Number::ZERO);
        assert_eq!(Number::ratio(1, 0), None);
    }

    #[test]
    fn what_is_too_long_stays_near() {
        let long = Number::ratio(1 << 120, (1 << 100) + 1).unwrap();
        let one = long.times(Number::ratio((1 << 100) + 1, 1 << 120).unwrap());
        assert!((one.approximate() - 1.0).abs() < 1e-12);
        let nanos = Number::whole(1 << 90).times(read("0.000000001"));
        assert!((nanos.approximate() / 1.237_940_039_285_38e18 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn it_is_written_exactly() {
        for number in [Number::whole(-12), Number::ratio(1, 3).unwrap(), Number::ZERO] {
            let text = serde_json::to_string(&number).unwrap();
            assert_eq!(serde_json::from_str::<Number>(&text).unwrap(), number, "{text}");
        }
        for wrong in ["\"\"", "\"0/0\"", "\"1.5\"", "1"] {
            assert!(serde_json::from_str::<Number>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_is_shown_with_six_digits_at_most() {
        let shown = |over, under| Number::ratio(over, under).unwrap().to_string();
        assert_eq!(shown(1_234_567_890, 1), "1234567890");
        assert_eq!(shown(3, 10), "0.3");
        assert_eq!(shown(1, 3), "0.333333");
        assert_eq!(shown(200, 3), "66.6667");
        assert_eq!(shown(10_000_001, 10), "1000000");
    }

    #[test]
    fn never_is_above_every_number_and_two_of_it_do_not_differ() {
        let (never, one) = (Number::NEVER, Number::whole(1));
        assert!(one < never && Number::ZERO.minus(never) < one && never <= never);
        assert_eq!((never.plus(one), one.minus(never)), (never, Number::ZERO.minus(never)));
        assert_eq!(never.minus(never), Number::ZERO);
        assert_eq!(
            (never.divided_by(one), one.divided_by(never)),
            (Some(never), Some(Number::ZERO))
        );
        assert_eq!((never.divided_by(never), never.times(Number::ZERO)), (None, Number::ZERO));
        assert_eq!((never.to_string(), never.approximate()), ("never".to_owned(), f64::INFINITY));
        let json = serde_json::to_string(&never).unwrap();
        assert_eq!(serde_json::from_str::<Number>(&json).unwrap(), never);
    }
}
