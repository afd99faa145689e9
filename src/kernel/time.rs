//! Instants and stretches of simulated time: whole nanoseconds, two types.
//!
//! Integers, because two floats that should be equal decide a tie differently.

use std::{
    fmt,
    ops::{Add, AddAssign, Sub},
};

/// An instant of simulated time: nanoseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A non-negative stretch of simulated time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Time {
    /// When the run begins.
    pub const ZERO: Time = Time(0);
    /// After everything; nothing is ever scheduled there.
    pub const NEVER: Time = Time(u64::MAX);
    /// The last instant a run may reach, 70 years: time and class share 64 bits in the agenda.
    pub const LAST: Time = Time(70 * 365 * 86_400 * 1_000_000_000);

    /// The instant `nanos` nanoseconds after the beginning.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }
    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// Seconds since the beginning, for people; never for an order or a key.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
    /// The stretch from `earlier` to `self`. Panics if time ran backwards.
    pub fn since(self, earlier: Time) -> Span {
        assert!(earlier <= self, "time ran backwards: {earlier} > {self}");
        Span(self.0 - earlier.0)
    }
    /// `self + span`, stopping at [`Time::NEVER`].
    pub fn saturating_add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any run: what has no end.
    pub const FOREVER: Span = Span(u64::MAX);

    /// `n` nanoseconds.
    pub const fn nanos(n: u64) -> Span {
        Span(n)
    }
    /// `n` milliseconds.
    pub const fn millis(n: u64) -> Span {
        Span(n * 1_000_000)
    }
    /// `n` seconds.
    pub const fn secs(n: u64) -> Span {
        Span(n * 1_000_000_000)
    }
    /// `n` minutes.
    pub const fn mins(n: u64) -> Span {
        Span::secs(n * 60)
    }
    /// `n` hours.
    pub const fn hours(n: u64) -> Span {
        Span::secs(n * 3_600)
    }
    /// `n` days.
    pub const fn days(n: u64) -> Span {
        Span::secs(n * 86_400)
    }
    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// Seconds, for people.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
    /// Milliseconds, for people and for CloudWatch.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// Milliseconds, any begun one counted whole: how Lambda bills.
    pub const fn ceil_millis(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }
    /// `self` times two to the `n`, saturating.
    pub fn doubled(self, n: u32) -> Span {
        Span(self.0.saturating_mul(1u64.checked_shl(n).unwrap_or(u64::MAX)))
    }
    /// `self` taken `n` times, saturating.
    pub fn times(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }
    /// The nearest whole nanosecond to `nanos`; what is negative is zero, what is too long [`Span::FOREVER`].
    #[inline]
    pub fn from_nanos_f64(nanos: f64) -> Span {
        // The cast cuts decimals off and stops at both ends; a NaN becomes zero.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        Span((nanos + 0.5) as u64)
    }
    /// `self` times `factor`, to the nearest nanosecond.
    pub fn scaled(self, factor: f64) -> Span {
        Span::from_nanos_f64(self.0 as f64 * factor)
    }
    /// `self - other`, or zero.
    pub fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
    /// `self + other`, or [`Span::FOREVER`].
    pub fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0 + span.0)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        self.0 += other.0;
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0 - other.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

/// Seconds with as many decimals as are needed: `60s`, `60.1s`, `0.000000001s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if rest == 0 {
            write!(f, "{whole}s")
        } else {
            let decimals = format!("{rest:09}");
            write!(f, "{whole}.{}s", decimals.trim_end_matches('0'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_with_as_many_decimals_as_they_need() {
        let written = [0, 1, 60_100_000_000, 60_000_000_000].map(|n| Span::nanos(n).to_string());
        assert_eq!(written, ["0s", "0.000000001s", "60.1s", "60s"]);
    }

    #[test]
    fn a_float_that_is_no_stretch_of_time_does_not_wrap() {
        assert_eq!(Span::from_nanos_f64(-3.0), Span::ZERO);
        assert_eq!(Span::from_nanos_f64(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_nanos_f64(1e300), Span::FOREVER);
        assert_eq!(Span::from_nanos_f64(2.5e9), Span::millis(2500));
    }
}
