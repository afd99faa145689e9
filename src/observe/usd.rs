//! Money, exact.

/// Milliseconds times megabytes in a gigabyte-second.
pub const GB_SECOND: u64 = 1000 * 1024;

/// An amount of money, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usd(pub i128);

impl Usd {
    /// How many there are in a dollar: prices have ten decimals, and milliseconds times megabytes
    /// are counted.
    pub const DOLLAR: u64 = 10_000_000_000 * GB_SECOND;

    /// In dollars, to ten decimals.
    pub fn dollars(self) -> f64 {
        let step = i128::from(GB_SECOND);
        let half = step / 2;
        let rounded = if self.0 < 0 { (self.0 - half) / step } else { (self.0 + half) / step };
        rounded as f64 / 1e10
    }
}

impl std::ops::Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd(self.0 + other.0)
    }
}

impl std::iter::Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(all: I) -> Usd {
        all.fold(Usd::default(), |sum, one| sum + one)
    }
}
