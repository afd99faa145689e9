//! A Latin hypercube: few points, spread evenly over every dimension at once.
//!
//! McKay, Beckman and Conover, "A comparison of three methods for selecting values of input
//! variables in the analysis of output from a computer code", Technometrics 21 (2), 1979. Luck is
//! looked up by the name of a dimension, so one dimension more moves no point along the others.

use crate::kernel::Stream;

/// A million points: so many strata are wider than the rounding of a coordinate.
const POINTS_MAX: u64 = 1 << 20;

/// So many points, each with a coordinate above 0 and below 1 for every dimension in order.
///
/// Cut a dimension into as many equal strata as there are points: each stratum has exactly one.
/// Which point has which, and where in it, are draws of the stream `sweep/lhs/<dimension>`. Names of
/// dimensions differ, or their coordinates do not. Panics beyond 2^20 points.
pub fn latin_hypercube(points: u64, dimensions: &[&str], seed: u64) -> Vec<Vec<f64>> {
    assert!(points <= POINTS_MAX, "a sweep has at most a million points");
    let mut all = vec![Vec::with_capacity(dimensions.len()); points as usize];
    for dimension in dimensions {
        let stream = Stream::new(seed, &format!("sweep/lhs/{dimension}"));
        let mut strata: Vec<u64> = (0..points).collect();
        // Fisher and Yates: each order with the same chance.
        for last in (1..points).rev() {
            let other = stream.draw(last, 0).below(last + 1);
            strata.swap(last as usize, other as usize);
        }
        for (point, (coordinates, stratum)) in (0..).zip(all.iter_mut().zip(strata)) {
            // The middle of one of 2^32 cells, so that no rounding leaves the stratum.
            let cell = (stream.word(point, 1) >> 32) as f64 + 0.5;
            let place = cell / (1u64 << 32) as f64;
            coordinates.push((stratum as f64 + place) / points as f64);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stratum of every point along a dimension.
    fn strata(points: &[Vec<f64>], dimension: usize) -> Vec<usize> {
        let count = points.len() as f64;
        points.iter().map(|point| libm::floor(point[dimension] * count) as usize).collect()
    }

    #[test]
    fn every_stratum_of_every_dimension_has_exactly_one_point() {
        let few: &[&str] = &["a", "b", "c"];
        for (count, dimensions) in
            [(1, few), (2, few), (7, few), (49, few), (100, few), (POINTS_MAX, &["a"])]
        {
            let points = latin_hypercube(count, dimensions, 7);
            assert!(points.iter().flatten().all(|&place| 0.0 < place && place < 1.0));
            for dimension in 0..dimensions.len() {
                let mut found = strata(&points, dimension);
                found.sort_unstable();
                assert!(found.into_iter().eq(0..points.len()), "{count} points");
            }
        }
    }

    #[test]
    fn dimensions_go_their_own_ways() {
        let points = latin_hypercube(1000, &["a", "b"], 1);
        let covariance: f64 =
            points.iter().map(|point| (point[0] - 0.5) * (point[1] - 0.5)).sum::<f64>() / 1000.0;
        // One standard deviation of the correlation is 1/sqrt(1000) = 0.032.
        let correlation = 12.0 * covariance;
        assert!(correlation.abs() < 0.13, "{correlation}");
    }

    #[test]
    fn places_in_a_stratum_fill_it_evenly() {
        let points = latin_hypercube(10_000, &["a"], 5);
        let mut tenths = [0; 10];
        for point in &points {
            let scaled = point[0] * 10_000.0;
            tenths[((scaled - libm::floor(scaled)) * 10.0) as usize] += 1;
        }
        // 1,000 each; one standard deviation is 30.
        assert!(tenths.iter().all(|n| (850..1_150).contains(n)), "{tenths:?}");
    }

    #[test]
    fn one_dimension_more_moves_no_point_along_the_others_and_another_seed_does() {
        let points = latin_hypercube(20, &["a", "b"], 1);
        let wider = latin_hypercube(20, &["c", "a", "b"], 1);
        for (point, wider) in points.iter().zip(&wider) {
            assert_eq!(point[..], wider[1..]);
        }
        assert_ne!(points, latin_hypercube(20, &["a", "b"], 2));
    }

    #[test]
    fn the_points_are_the_recorded_ones() {
        // Recorded: a sweep that is continued on another machine has to find the same points.
        let points = [
            [0.943_169_864_476_658_4, 0.533_333_780_205_187_7],
            [0.653_520_354_729_456_2, 0.819_801_068_670_737_2],
            [0.294_060_178_683_139_4, 0.309_382_051_578_722_9],
        ];
        assert_eq!(latin_hypercube(3, &["a", "b"], 1), points);
    }

    #[test]
    fn without_points_or_dimensions_there_is_nothing_to_draw() {
        assert!(latin_hypercube(0, &["a"], 1).is_empty());
        assert_eq!(latin_hypercube(2, &[], 1), [[], []] as [[f64; 0]; 2]);
    }
}
