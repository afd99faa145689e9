//! Whether the cut of a steady-state study came too early: MSER-5 on the average of all runs.
//!
//! Only a warning: applied to single runs the rule gives intervals that miss, and on the average it
//! is no better than a fixed share of the run.

use crate::statistics::mser5;
use std::collections::BTreeMap;

/// A measure period by period: its sum and the number of its samples.
#[derive(Clone, Debug, Default)]
pub struct Periods(pub BTreeMap<u64, (i128, u64)>);

impl Periods {
    /// Adds those of another run.
    pub fn merge(&mut self, other: &Periods) {
        for (period, (sum, samples)) in &other.0 {
            let all = self.0.entry(*period).or_default();
            *all = (all.0 + sum, all.1 + samples);
        }
    }

    /// The period from which the series is settled, if its beginning is not: more than one in `share`
    /// of its periods should go. None as well if it is too short to say.
    pub fn settled_from(&self, share: usize) -> Option<u64> {
        let counted = self.0.iter().filter(|(_, (_, samples))| *samples > 0);
        let (periods, series): (Vec<u64>, Vec<f64>) = counted
            .map(|(period, (sum, samples))| (*period, *sum as f64 / *samples as f64))
            .unzip();
        let leading = mser5(&series)?;
        (series.len() < leading * share).then(|| periods[leading])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(of: impl IntoIterator<Item = i128>) -> Periods {
        Periods((5..).zip(of.into_iter().map(|sum| (sum, 1))).collect())
    }

    /// A cheap sequence without a trend.
    fn noise(n: i128) -> i128 {
        n * 7919 % 101
    }

    #[test]
    fn a_ramp_is_left_out_and_noise_is_not() {
        let ramp = (0..200).map(|n| 1000 * (n - 60).min(0) + noise(n));
        let from = series(ramp).settled_from(10).expect("it has a ramp");
        assert!((55..=75).contains(&from), "{from}");
        assert_eq!(series((0..200).map(noise)).settled_from(10), None);
        assert_eq!(series([1, 2, 3]).settled_from(10), None, "too short");
    }

    #[test]
    fn periods_of_several_runs_are_averaged_by_their_samples() {
        let mut all = Periods([(1, (10, 1))].into());
        all.merge(&Periods([(1, (2, 3)), (2, (7, 1))].into()));
        assert_eq!(all.0, [(1, (12, 4)), (2, (7, 1))].into());
    }
}
