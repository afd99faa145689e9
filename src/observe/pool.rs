//! The samples behind a statistic, so that those of several runs can be put together exactly.
//!
//! Everything is an integer, so pools of the same runs are the same in whatever order, on however
//! many threads and machines they were put together.

use super::{formula::Statistic, histogram::Histogram, number::Number};
use serde::{Deserialize, Serialize};

/// Sum, number and extremes of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// Their sum.
    pub sum: u128,
    /// How many are numbers.
    pub samples: u64,
    /// How many are above every number: the time to what did not happen.
    pub never: u64,
    /// The smallest; the largest number there is without samples.
    pub min: u64,
    /// The largest; 0 without samples.
    pub max: u64,
}

impl Default for Gathered {
    fn default() -> Self {
        Gathered { sum: 0, samples: 0, never: 0, min: u64::MAX, max: 0 }
    }
}

impl Gathered {
    /// Adds a sample.
    pub fn add(&mut self, value: u64) {
        self.sum += u128::from(value);
        self.samples += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds a sample that is above every number.
    pub fn add_never(&mut self) {
        self.never += 1;
    }

    fn merge(&mut self, other: &Gathered) {
        self.sum += other.sum;
        self.never += other.never;
        self.samples += other.samples;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// A statistic of the samples; a quantile needs their `histogram`. None without data. The mean is of
    /// those that are numbers.
    pub fn take(&self, statistic: Statistic, histogram: Option<&Histogram>) -> Option<Number> {
        let whole = |n: u64| Number::whole(i128::from(n));
        let sum = i128::try_from(self.sum).unwrap_or(i128::MAX);
        match statistic {
            Statistic::Sum => Some(Number::whole(sum)),
            Statistic::Count => Some(whole(self.samples + self.never)),
            Statistic::Mean => Number::ratio(sum, i128::from(self.samples)),
            Statistic::Min if self.samples == 0 && self.never > 0 => Some(Number::NEVER),
            Statistic::Min => (self.samples > 0).then(|| whole(self.min)),
            Statistic::Max if self.never > 0 => Some(Number::NEVER),
            Statistic::Max => (self.samples > 0).then(|| whole(self.max)),
            Statistic::Quantile(percent) => {
                Some(histogram?.quantile(percent)?.map_or(Number::NEVER, whole))
            }
            Statistic::FirstAt | Statistic::LastAt | Statistic::AllAt => None,
        }
    }
}

/// The samples of which a formula is a statistic.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Pool {
    stats: Gathered,
    /// Only for a quantile.
    histogram: Option<Histogram>,
}

impl Pool {
    /// The samples that `stats` and `histogram` tell of.
    pub fn new(stats: Gathered, histogram: Option<Histogram>) -> Pool {
        Pool { stats, histogram }
    }

    /// Adds the samples of another run of the same formula.
    pub fn merge(&mut self, other: &Pool) {
        self.stats.merge(&other.stats);
        if let (Some(all), Some(more)) = (&mut self.histogram, &other.histogram) {
            all.merge(more);
        }
    }

    /// How many samples.
    pub fn samples(&self) -> u64 {
        self.stats.samples + self.stats.never
    }

    /// How many of them are above every number.
    pub fn never(&self) -> u64 {
        self.stats.never
    }

    /// The statistic of all samples together.
    pub fn take(&self, statistic: Statistic) -> Option<Number> {
        self.stats.take(statistic, self.histogram.as_ref())
    }
}

/// A pool as it is written: buckets as how far each is above the one before, and how many it has.
#[derive(Serialize, Deserialize)]
struct Written {
    /// A text, since few readers of JSON take 128 bits.
    sum: String,
    samples: u64,
    #[serde(default)]
    never: u64,
    min: u64,
    max: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    buckets: Option<Vec<(u64, u64)>>,
}

impl From<Pool> for Written {
    fn from(pool: Pool) -> Written {
        let Gathered { sum, samples, never, min, max } = pool.stats;
        let buckets = pool.histogram.map(|histogram| {
            let mut below = 0;
            let counted = histogram.counted().into_iter();
            counted
                .map(|(value, times)| (value - std::mem::replace(&mut below, value), times))
                .collect()
        });
        Written { sum: sum.to_string(), samples, never, min, max, buckets }
    }
}

impl From<Written> for Pool {
    fn from(written: Written) -> Pool {
        let Written { sum, samples, never, min, max, buckets } = written;
        let stats = Gathered { sum: sum.parse().unwrap_or(0), samples, never, min, max };
        let histogram = buckets.map(|buckets| {
            let mut value = 0u64;
            let counted = buckets.into_iter().map(|(above, times)| {
                value = value.saturating_add(above);
                (value, times)
            });
            Histogram::of_counted(counted, stats.sum, (min, max), never)
        });
        Pool { stats, histogram }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::histogram::Percent;

    fn pool(samples: impl IntoIterator<Item = u64>) -> Pool {
        let (mut stats, mut histogram) = (Gathered::default(), Histogram::default());
        for sample in samples {
            stats.add(sample);
            histogram.add(sample);
        }
        Pool::new(stats, Some(histogram))
    }

    fn read(pool: &Pool) -> [Option<Number>; 4] {
        let quantile = |percent| Statistic::Quantile(percent);
        [Statistic::Mean, Statistic::Max, quantile(Percent::P50), quantile(Percent::P99)]
            .map(|statistic| pool.take(statistic))
    }

    #[test]
    fn written_and_read_again_it_is_the_same() {
        for count in [0, 1, 17, 4096, 4097, 20_000] {
            let whole = pool((0..count).map(|n| n * n % 1_000_003));
            let text = serde_json::to_string(&whole).unwrap();
            let back: Pool = serde_json::from_str(&text).unwrap();
            assert_eq!(read(&back), read(&whole), "{count}");
            assert_eq!(serde_json::to_string(&back).unwrap(), text);
        }
    }

    #[test]
    fn pools_put_together_are_that_of_all_samples_whether_written_between_or_not() {
        let sample = |n: u64| n * 7919 % 1_000_003;
        let whole = pool((0..9000).map(sample));
        let mut together = pool((0..3000).map(sample));
        let rest = serde_json::to_string(&pool((3000..9000).map(sample))).unwrap();
        together.merge(&serde_json::from_str(&rest).unwrap());
        assert_eq!(read(&together), read(&whole));
        assert_eq!(together.samples(), 9000);
    }
}
