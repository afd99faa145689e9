//! MSER-5: where a series stops remembering how it began.
//!
//! White, "An effective truncation heuristic for bias reduction in simulation output", Simulation
//! 69 (6), 1997; in batches of five: White, Cobb and Spratt, "A comparison of five steady-state
//! truncation heuristics for simulation", Winter Simulation Conference 2000. Each value deleted
//! from the beginning takes bias away and leaves fewer values to average; the rule cuts where the
//! standard error of the mean of the rest is least.

/// So many values are averaged to one before the rule is applied.
const BATCH: usize = 5;

/// Of fewer batches the rule says little more than noise.
const BATCHES_MIN: usize = 10;

/// How many leading values to delete: a multiple of 5, at most half of the series. None if there
/// are fewer than 50 values.
///
/// The series is cut into batches of five values; up to four at the end that fill none are left
/// out. Of k batch means, d may go, from none to half of them. Taken is the d with the least sum of
/// squared deviations of the other k − d from their own mean, over (k − d)², the smallest such d. A
/// minimum in the second half has too little behind it to be believed and is not looked for, so an
/// answer of about half of the series means that it has not settled: it is too short.
///
/// Give it the average over replications: on a single run it is fooled by noise and cuts a mean to
/// where it happens to be low.
pub fn mser5(series: &[f64]) -> Option<usize> {
    let means: Vec<f64> =
        series.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    if means.len() < BATCHES_MIN {
        return None;
    }
    let (mut mean, mut squares) = (0.0, 0.0);
    let (mut least, mut deleted) = (f64::INFINITY, 0);
    // From the end, where each cut has one mean more than the one before (Welford's update).
    for (cut, value) in means.iter().enumerate().rev() {
        let kept = (means.len() - cut) as f64;
        let off = value - mean;
        mean += off / kept;
        squares += off * (value - mean);
        let error = squares / (kept * kept);
        if cut <= means.len() / 2 && error <= least {
            (least, deleted) = (error, cut);
        }
    }
    Some(deleted * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    fn noise(seed: u64, len: u64) -> impl Iterator<Item = f64> {
        let stream = Stream::new(seed, "mser/noise");
        (0..len).map(move |at| stream.draw(at, 0).unit() - 0.5)
    }

    #[test]
    fn a_ramp_before_a_level_is_cut_where_it_ends() {
        let ramp = (0..60).map(|at| f64::from(60 - at));
        let level: Vec<f64> = ramp.clone().chain([0.0; 140]).collect();
        assert_eq!(mser5(&level), Some(60));
        let noisy: Vec<f64> =
            ramp.chain([0.0; 340]).zip(noise(1, 400)).map(|(value, off)| value + off).collect();
        assert_eq!(mser5(&noisy), Some(60));
    }

    #[test]
    fn the_error_is_least_at_the_cut_by_its_definition() {
        for seed in 0..20 {
            let series: Vec<f64> = (0..200)
                .zip(noise(seed, 200))
                .map(|(at, off)| off + 3.0 / f64::from(1 + at))
                .collect();
            let means: Vec<f64> =
                series.chunks(5).map(|batch| batch.iter().sum::<f64>() / 5.0).collect();
            let error = |cut: &usize| {
                let rest = &means[*cut..];
                let kept = rest.len() as f64;
                let mean = rest.iter().sum::<f64>() / kept;
                rest.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / kept / kept
            };
            let least = (0..=20).min_by(|a, b| error(a).total_cmp(&error(b)));
            assert_eq!(mser5(&series), least.map(|cut| cut * 5), "seed {seed}");
        }
    }

    #[test]
    fn of_white_noise_little_is_cut() {
        let mut cuts: Vec<usize> = (0..200)
            .map(|seed| mser5(&noise(seed, 500).collect::<Vec<_>>()).expect("100 batches"))
            .collect();
        cuts.sort_unstable();
        // Recorded: of 500 values, in half of the series, in nine of ten, and in the worst. A cut
        // alone is no proof of a beginning that differs.
        assert_eq!([cuts[99], cuts[179], cuts[199]], [0, 15, 150]);
    }

    #[test]
    fn a_level_loses_nothing_and_what_never_settles_loses_half() {
        assert_eq!(mser5(&[0.1; 200]), Some(0));
        let rising: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(mser5(&rising), Some(100));
        // 21 batches: half of them, rounded down.
        assert_eq!(mser5(&(0..105).map(f64::from).collect::<Vec<_>>()), Some(50));
    }

    #[test]
    fn fewer_than_ten_batches_say_nothing_and_a_batch_not_full_is_left_out() {
        assert_eq!(mser5(&[1.0; 49]), None);
        assert_eq!(mser5(&[1.0; 50]), Some(0));
        let mut series = vec![9.0; 20];
        series.extend([1.0; 80]);
        assert_eq!(mser5(&series), Some(20));
        series.extend([1e9; 4]);
        assert_eq!(mser5(&series), Some(20));
    }
}
