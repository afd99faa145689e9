//! What is known of a distribution: every sample while they are few, then counts in narrow buckets.
//!
//! Up to [`Histogram::EXACT_MAX`] samples are kept as they are, so their quantiles are exact. From
//! then on each octave has 512 buckets, and a quantile is the middle of one, so it is within 0.1 %
//! (values below 1,024 stay exact). Count, sum, min and max are exact always. Everything is an integer and which of the two
//! forms holds depends on the count alone, so merging is exact in any order.

use crate::statistics::nearest_rank;
use std::{collections::BTreeMap, fmt};

/// Counts of samples, each a whole number (nanoseconds, or a plain count).
#[derive(Clone, Debug)]
pub struct Histogram {
    count: u64,
    /// Samples that are above every number: the time to what did not happen.
    never: u64,
    sum: u128,
    min: u64,
    max: u64,
    /// The samples themselves, until they are too many; empty afterwards.
    exact: Vec<u64>,
    /// Where each octave's counts begin; [`ABSENT`] until the octave has a sample.
    octaves: [u32; OCTAVES],
    counts: Vec<u32>,
    /// What a count of 32 bits could not hold, by its place; empty but in the longest runs.
    carried: BTreeMap<usize, u64>,
}

/// A share of the samples, in thousandths of a percent: `p99.9` is 99,900.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// The median.
    pub const P50: Percent = Percent(50_000);
    /// The ninth decile.
    pub const P90: Percent = Percent(90_000);
    /// All but one in a hundred.
    pub const P99: Percent = Percent(99_000);
    /// All but one in a thousand.
    pub const P99_9: Percent = Percent(99_900);

    /// Reads `99` or `99.9`: above 0, at most 100, at most three decimals.
    pub fn parse(text: &str) -> Option<Percent> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || decimals.len() > 3 {
            return None;
        }
        if !digits(whole) || !digits(decimals) || text.ends_with('.') {
            return None;
        }
        let thousandths: u32 = format!("{whole}{decimals:0<3}").parse().ok()?;
        Percent::of_thousandths(thousandths)
    }

    /// So many thousandths of a percent: above 0, at most 100,000.
    pub fn of_thousandths(thousandths: u32) -> Option<Percent> {
        (1..=100_000).contains(&thousandths).then_some(Percent(thousandths))
    }

    /// The nearest rank among `count` samples, from 1. `count` is not 0.
    pub fn rank(self, count: u64) -> u64 {
        nearest_rank(self.0, count)
    }
}

/// As it is read: `99` or `99.9`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        match rest {
            0 => write!(f, "{whole}"),
            _ => write!(f, "{}", format!("{whole}.{rest:03}").trim_end_matches('0')),
        }
    }
}

/// Sub-buckets of an octave, as a power of two: half of 1/512 is the 0.1 % that is promised. No more
/// than that, since the counts in use should stay in the nearest caches: a quarter of the time of a
/// watched run went into waiting for them.
const BITS: u32 = 9;
const WIDTH: usize = 1 << BITS;
const MASK: u64 = WIDTH as u64 - 1;
/// Octave 0 has 0 to 511; octave k from 2^(k+8) to below 2^(k+9). 64, so that an index needs no
/// check.
const OCTAVES: usize = 64;
const ABSENT: u32 = u32::MAX;

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            count: 0,
            never: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
            exact: Vec::new(),
            octaves: [ABSENT; OCTAVES],
            counts: Vec::new(),
            carried: BTreeMap::new(),
        }
    }
}

/// The octave of a value, and by how much to shift it to find its bucket there.
#[inline(always)]
fn octave(value: u64) -> (usize, u32) {
    let octave = (63 - (value | MASK).leading_zeros()) - (BITS - 1);
    (octave as usize, octave.saturating_sub(1))
}

impl Histogram {
    /// So many samples are kept exactly.
    pub const EXACT_MAX: usize = 4096;
    /// With more a quantile is at most this share of itself beside the sample that it stands for.
    pub const PRECISION: f64 = 0.001;

    /// Adds a sample. About 2 ns once the samples are many; allocates only in an octave not seen
    /// before.
    #[inline(always)]
    pub fn add(&mut self, value: u64) {
        self.widen(value, value);
        self.add_within(value);
    }

    /// Adds a sample that is above every number.
    pub fn add_never(&mut self) {
        self.never += 1;
    }

    /// The extremes are at least as wide as this.
    pub(super) fn widen(&mut self, min: u64, max: u64) {
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    /// Adds a sample whose maker keeps the extremes and tells them by [`Histogram::widen`].
    #[inline(always)]
    pub(super) fn add_within(&mut self, value: u64) {
        // Cannot wrap: a run is shorter than 2^64 samples, and each is below 2^64.
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u128::from(value));
        let (octave, shift) = octave(value);
        let at = self.octaves[octave % OCTAVES] as usize;
        let at = at.wrapping_add(((value >> shift) & MASK) as usize);
        match self.counts.get_mut(at) {
            Some(count) if *count < u32::MAX => *count += 1,
            _ => self.add_rarely(value),
        }
    }

    /// A sample while they are few, the first of its octave, or one that fills its count.
    #[cold]
    #[inline(never)]
    fn add_rarely(&mut self, value: u64) {
        if self.count <= Self::EXACT_MAX as u64 {
            self.exact.push(value);
        } else {
            for kept in std::mem::take(&mut self.exact) {
                self.put(kept, 1);
            }
            self.put(value, 1);
        }
    }

    fn put(&mut self, value: u64, times: u64) {
        let (octave, shift) = octave(value);
        if self.octaves[octave] == ABSENT {
            self.octaves[octave] =
                u32::try_from(self.counts.len()).expect("56 octaves of 512 counts");
            self.counts.resize(self.counts.len() + WIDTH, 0);
        }
        let at = self.octaves[octave] as usize + ((value >> shift) & MASK) as usize;
        let sum = self.times(at) + times;
        let low = sum & u64::from(u32::MAX);
        self.counts[at] = u32::try_from(low).expect("masked");
        if low < sum {
            self.carried.insert(at, sum - low);
        }
    }

    /// How many samples the bucket at a place has.
    fn times(&self, at: usize) -> u64 {
        u64::from(self.counts[at]) + self.carried.get(&at).copied().unwrap_or_default()
    }

    /// Adds all of `other`'s samples: the same as if they had been added one by one, in any order.
    pub fn merge(&mut self, other: &Histogram) {
        self.count += other.count;
        self.never += other.never;
        self.sum += other.sum;
        self.widen(other.min, other.max);
        self.exact.extend_from_slice(&other.exact);
        if self.count > Self::EXACT_MAX as u64 {
            for kept in std::mem::take(&mut self.exact) {
                self.put(kept, 1);
            }
            for (lowest, _, times) in other.buckets() {
                self.put(lowest, times);
            }
        }
    }

    /// Values in order, each with how many samples have it: themselves while they are few, then the
    /// lowest of each bucket.
    pub fn counted(&self) -> Vec<(u64, u64)> {
        if !self.counts.is_empty() {
            return self.buckets().map(|(lowest, _, times)| (lowest, times)).collect();
        }
        let mut sorted = self.exact.clone();
        sorted.sort_unstable();
        let alike = sorted.chunk_by(|a, b| a == b);
        alike.map(|values| (values[0], values.len() as u64)).collect()
    }

    /// The histogram of which [`Histogram::counted`], sum, extremes and [`Histogram::never`] are these.
    pub fn of_counted(
        counted: impl Iterator<Item = (u64, u64)>,
        sum: u128,
        (min, max): (u64, u64),
        never: u64,
    ) -> Histogram {
        let counted: Vec<(u64, u64)> = counted.collect();
        let count = counted.iter().map(|(_, times)| times).sum();
        let mut histogram = Histogram { count, never, sum, min, max, ..Histogram::default() };
        for (value, times) in counted {
            match count <= Self::EXACT_MAX as u64 {
                true => (0..times).for_each(|_| histogram.exact.push(value)),
                false => histogram.put(value, times),
            }
        }
        histogram
    }

    /// How many samples are numbers.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many samples are above every number.
    pub fn never(&self) -> u64 {
        self.never
    }

    /// Their sum.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The smallest, if there is one.
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest, if there is one.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The nearest-rank quantile of all samples, if there is one; within it none, if it is above every number.
    /// Sorts a copy while the samples are few.
    pub fn quantile(&self, percent: Percent) -> Option<Option<u64>> {
        let [value] = self.quantiles([percent])?;
        Some(value)
    }

    /// Several quantiles at once.
    pub fn quantiles<const N: usize>(&self, percents: [Percent; N]) -> Option<[Option<u64>; N]> {
        let all = self.count + self.never;
        if all == 0 {
            return None;
        }
        let ranks = percents.map(|percent| percent.rank(all));
        let is_number = |rank: &u64| *rank <= self.count;
        if self.counts.is_empty() {
            let mut sorted = self.exact.clone();
            sorted.sort_unstable();
            return Some(ranks.map(|rank| {
                let at = usize::try_from(rank - 1).expect("few samples");
                Some(rank).filter(is_number).map(|_| sorted[at])
            }));
        }
        Some(ranks.map(|rank| Some(rank).filter(is_number).map(|rank| self.bucketed(rank))))
    }

    /// The middle of the bucket that has the sample of this rank, within the extremes.
    fn bucketed(&self, rank: u64) -> u64 {
        let mut below = 0;
        for (lowest, highest, times) in self.buckets() {
            below += times;
            if rank <= below {
                // The extremes are known exactly, and a middle is never beyond them.
                return if rank == 1 {
                    self.min
                } else if rank == self.count {
                    self.max
                } else {
                    (lowest + (highest - lowest) / 2).clamp(self.min, self.max)
                };
            }
        }
        unreachable!("the buckets hold every sample")
    }

    /// Lowest and highest value and count of each bucket that has a sample, in order of value.
    fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.octaves.iter().enumerate().filter(|(_, start)| **start != ABSENT).flat_map(
            move |(octave, start)| {
                let start = *start as usize;
                let counts = (0..WIDTH).map(move |sub| (sub, self.times(start + sub)));
                counts.filter(|(_, times)| *times > 0).map(move |(sub, times)| {
                    if octave == 0 {
                        return (sub as u64, sub as u64, times);
                    }
                    let shift = octave - 1;
                    let lowest = (WIDTH as u64 | sub as u64) << shift;
                    (lowest, lowest + ((1 << shift) - 1), times)
                })
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cheap sequence that visits many octaves.
    fn sequence(n: u64) -> impl Iterator<Item = u64> {
        (1..=n).map(|i| {
            let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed >> 24) >> (mixed % 37)
        })
    }

    fn filled(samples: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        samples.into_iter().for_each(|sample| histogram.add(sample));
        histogram
    }

    #[test]
    fn a_percent_is_read_exactly() {
        assert_eq!(Percent::parse("99.9"), Some(Percent::P99_9));
        assert_eq!(Percent::parse("50"), Some(Percent::P50));
        assert_eq!(Percent::parse("0.001"), Some(Percent(1)));
        assert_eq!(Percent::parse("100"), Some(Percent(100_000)));
        for refused in ["", "0", "100.001", "99.9999", "1e1", ".5", "5.", "-1", "1234"] {
            assert_eq!(Percent::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_rank_is_the_nearest_and_not_one_more() {
        assert_eq!(Percent::P99_9.rank(1000), 999);
        assert_eq!(Percent::P99_9.rank(1001), 1000);
        assert_eq!(Percent::P50.rank(1), 1);
        assert_eq!(Percent::P50.rank(2), 1);
        assert_eq!(Percent::P50.rank(3), 2);
        assert_eq!(Percent::P99.rank(u64::MAX), 18_262_276_632_972_456_099);
    }

    #[test]
    fn few_samples_are_exact_up_to_the_last_that_is_kept() {
        for count in [1, 2, 1000, Histogram::EXACT_MAX as u64] {
            let histogram = filled((1..=count).rev().map(|i| i * 1_000_003));
            for percent in [Percent::P50, Percent::P99, Percent::P99_9, Percent(100_000)] {
                let expected = percent.rank(count) * 1_000_003;
                assert_eq!(histogram.quantile(percent), Some(Some(expected)), "of {count}");
            }
        }
    }

    #[test]
    fn many_samples_are_within_a_thousandth() {
        let samples: Vec<u64> = sequence(50_000).collect();
        let histogram = filled(samples.iter().copied());
        let mut sorted = samples.clone();
        sorted.sort_unstable();
        for thousandths in (1..=100_000).step_by(13) {
            let percent = Percent(thousandths);
            let exact = sorted[usize::try_from(percent.rank(50_000) - 1).unwrap()];
            let found = histogram.quantile(percent).flatten().unwrap();
            assert!(found.abs_diff(exact) * 1000 <= exact, "{found} for {exact}");
        }
        assert_eq!(histogram.sum(), samples.iter().map(|s| u128::from(*s)).sum());
        assert_eq!(histogram.min(), sorted.first().copied());
        assert_eq!(histogram.max(), sorted.last().copied());
    }

    #[test]
    fn small_values_stay_exact_however_many() {
        let histogram = filled((0..102_400).map(|i| i % 1024));
        assert_eq!(histogram.quantile(Percent::P50), Some(Some(511)));
        assert_eq!(histogram.quantile(Percent(75_000)), Some(Some(767)));
    }

    #[test]
    fn the_edges_of_an_octave_fall_into_their_own_bucket() {
        for value in [0, 1, 511, 512, 1023, 1024, 1025, 2047, 2048, 1 << 40, u64::MAX] {
            let histogram = filled(std::iter::repeat_n(value, 5000));
            for (lowest, highest, times) in histogram.buckets() {
                assert!(lowest <= value && value <= highest, "{lowest} <= {value} <= {highest}");
                assert_eq!(times, 5000);
                assert!((highest - lowest) / 2 * 1000 <= lowest, "half a bucket is 0.1 %");
            }
            assert_eq!(
                histogram.quantile(Percent::P50),
                Some(Some(value)),
                "clamped to the extremes"
            );
        }
    }

    #[test]
    fn a_count_beyond_32_bits_is_carried() {
        let mut histogram = filled(std::iter::repeat_n(7, 5000));
        histogram.put(7, u64::from(u32::MAX) - 5001);
        histogram.add(7);
        assert_eq!(histogram.buckets().next(), Some((7, 7, u64::from(u32::MAX))));
        histogram.add(7);
        histogram.add(7);
        assert_eq!(histogram.buckets().next(), Some((7, 7, u64::from(u32::MAX) + 2)));
    }

    #[test]
    fn merging_is_exact_in_any_order() {
        let parts: Vec<Vec<u64>> = [10, 4000, 90, 9000, 4096, 1]
            .iter()
            .scan(0, |from, n| {
                *from += n;
                Some(sequence(*from as u64).skip(*from - n).collect())
            })
            .collect();
        let whole = filled(parts.concat());
        let mut forward = Histogram::default();
        parts.iter().for_each(|part| forward.merge(&filled(part.iter().copied())));
        let mut backward = Histogram::default();
        parts.iter().rev().for_each(|part| backward.merge(&filled(part.iter().copied())));
        for merged in [&forward, &backward] {
            assert_eq!(merged.count(), whole.count());
            assert_eq!(merged.sum(), whole.sum());
            assert!(merged.buckets().eq(whole.buckets()));
        }
        let mut few = filled([3, 1]);
        few.merge(&filled([2]));
        assert_eq!(few.quantile(Percent::P50), Some(Some(2)));
    }

    #[test]
    fn without_samples_there_is_nothing_to_say() {
        let none = Histogram::default();
        assert_eq!((none.min(), none.max(), none.quantile(Percent::P50)), (None, None, None));
    }

    #[test]
    fn what_never_came_is_above_every_sample() {
        for finite in [3u64, 10_000] {
            let mut histogram = filled(0..finite);
            (0..finite).for_each(|_| histogram.add_never());
            let [half, most] = histogram.quantiles([Percent::P50, Percent::P90]).unwrap();
            assert_eq!((half, most), (Some(finite - 1), None), "of {finite}");
            let mut twice = histogram.clone();
            twice.merge(&histogram);
            assert_eq!((twice.count(), twice.never()), (2 * finite, 2 * finite));
        }
        let mut none = Histogram::default();
        none.add_never();
        assert_eq!(none.quantile(Percent::P50), Some(None));
    }
}
