//! Quantiles by nearest rank: always one of the values, never something between two.

/// The rank, from 1, of a quantile among `count` values, which are not none: `thousandths` of a
/// percent, above 0 and at most 100,000, so that p99.9 is 99,900.
///
/// Whole numbers, because 0.999 × 1,000 in floats is a rank too high.
pub fn nearest_rank(thousandths: u32, count: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(thousandths)).div_ceil(100_000).max(1);
    u64::try_from(rank).expect("a rank is at most the count")
}

/// The quantile of values in any order, by [`nearest_rank`]. None without values. Sorts a copy.
pub fn quantile(values: &[f64], thousandths: u32) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = nearest_rank(thousandths, sorted.len() as u64);
    Some(sorted[usize::try_from(rank - 1).expect("a rank is at most the count")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_value_of_its_rank() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let ranks = [
            (1, 1.0),
            (5_000, 1.0),
            (5_001, 2.0),
            (50_000, 10.0),
            (95_000, 19.0),
            (95_001, 20.0),
            (100_000, 20.0),
        ];
        for (thousandths, expected) in ranks {
            assert_eq!(quantile(&values, thousandths), Some(expected), "{thousandths}");
        }
        assert_eq!(quantile(&[-3.5], 95_000), Some(-3.5));
        assert_eq!(quantile(&[], 50_000), None);
    }

    #[test]
    fn a_thousand_values_have_their_rank_and_not_the_next() {
        assert_eq!(nearest_rank(99_900, 1000), 999);
        assert_eq!(nearest_rank(99_900, 1001), 1000);
        assert_eq!(nearest_rank(100_000, u64::MAX), u64::MAX);
    }
}
