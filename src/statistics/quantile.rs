//! Quantiles by nearest rank: always one of the values, never something between two.

/// The rank, from 1, of a quantile among `count` values, which are not none: `thousandths` of a
/// percent, above 0 and at most 100,000, so that p99.9 is 99,900.
///
/// Whole numbers, because 0.999 × 1,000 in floats is a rank too high.
pub fn nearest_rank(thousandths: u32, count: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(thousandths)).div_ceil(100_000).max(1);
    u64::try_from(rank).expect("a rank is at most the count")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_among_twenty_changes_just_above_its_share() {
        let ranks = [(1, 1), (5_000, 1), (5_001, 2), (50_000, 10), (95_000, 19), (95_001, 20)];
        for (thousandths, expected) in ranks {
            assert_eq!(nearest_rank(thousandths, 20), expected, "{thousandths}");
        }
    }

    #[test]
    fn a_thousand_values_have_their_rank_and_not_the_next() {
        assert_eq!(nearest_rank(99_900, 1000), 999);
        assert_eq!(nearest_rank(99_900, 1001), 1000);
        assert_eq!(nearest_rank(100_000, u64::MAX), u64::MAX);
    }
}
