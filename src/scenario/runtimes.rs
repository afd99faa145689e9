//! How long the Init phase of each runtime took where it was measured: what `Runtime` stands for under
//! `assumptions: {profile: measured}`.
//!
//! Derived from maxday/lambda-perf (Apache-2.0), data of August 2026: `Init Duration` of forced cold starts
//! of a function that does nothing, as a zip package on x86_64. Each number is the mean over 128, 256,
//! 512 and 1,024 MB, some 200 cold starts each, between which there is hardly a difference. Placement and
//! the download of the code are not in it, nor is what a function's own code does when it is loaded.
//!
//! The law goes straight through the quantiles, on a logarithmic axis of time: a log-normal law
//! through the median and the 99th percentile misses the 90th by up to a quarter (`dotnet10` has two
//! humps).

use crate::{kernel::Dist, model::value::Quantity};

/// A runtime's identifier of AWS's, what the source calls it, and the milliseconds of its Init: the
/// 10th, 50th, 90th and 99th percentile and the longest. On a runtime of one's own, Go is assumed.
pub const RUNTIMES: &[(&str, &str, [f64; 5])] = &[
    ("python3.9", "python3.9", [70.6, 76.1, 90.0, 106.3, 131.2]),
    ("python3.10", "python3.10", [70.1, 77.1, 89.9, 115.2, 132.5]),
    ("python3.11", "python3.11", [70.9, 77.9, 90.3, 110.8, 122.2]),
    ("python3.12", "python3.12", [74.0, 84.2, 98.3, 125.8, 141.5]),
    ("python3.13", "python3.13", [77.5, 84.0, 98.1, 118.7, 133.7]),
    ("python3.14", "python3.14", [98.2, 106.8, 135.0, 232.7, 252.0]),
    ("nodejs20.x", "nodejs20.x", [127.2, 141.7, 159.7, 191.2, 250.6]),
    ("nodejs22.x", "nodejs22.x", [125.8, 140.7, 159.3, 188.6, 208.4]),
    ("nodejs24.x", "nodejs24.x", [119.2, 134.8, 153.9, 184.5, 299.4]),
    ("ruby3.2", "ruby3.2", [201.5, 231.7, 364.5, 412.7, 441.3]),
    ("ruby3.3", "ruby3.3", [205.5, 235.1, 376.6, 437.0, 497.4]),
    ("ruby3.4", "ruby3.4", [193.8, 223.4, 375.6, 430.7, 498.7]),
    ("java8.al2", "java8.al2", [226.7, 246.3, 299.6, 519.7, 577.6]),
    ("java11", "java11", [262.7, 277.6, 335.2, 574.7, 656.8]),
    ("java17", "java17", [191.3, 205.4, 229.2, 483.1, 636.4]),
    ("java21", "java21", [223.6, 238.7, 271.2, 607.9, 677.4]),
    ("java25", "java25", [172.8, 190.2, 267.7, 463.6, 518.2]),
    ("dotnet8", "dotnet8", [229.8, 255.1, 349.0, 639.1, 716.5]),
    ("dotnet10", "dotnet10", [231.1, 254.8, 566.2, 698.4, 767.4]),
    ("provided.al2", "go (prov.al2)", [47.8, 49.8, 53.4, 63.7, 75.0]),
    ("provided.al2023", "go (prov.al2023)", [46.8, 49.7, 52.6, 60.7, 71.3]),
];

/// The shares at or below the numbers of a row.
pub const SHARES: [f64; 5] = [0.1, 0.5, 0.9, 0.99, 1.0];

/// The Init of a runtime, if it was measured.
pub fn init_time(runtime: &str) -> Option<Quantity> {
    let (.., milliseconds) = RUNTIMES.iter().find(|(name, ..)| *name == runtime)?;
    Some(Quantity::Law(law(milliseconds)))
}

/// The law through these percentiles, in nanoseconds.
fn law(milliseconds: &[f64; 5]) -> Dist {
    let [tenth, median, ..] = milliseconds;
    // Below the 10th percentile as steep as up to the median.
    let least = tenth * libm::pow(tenth / median, 0.25);
    let measured = SHARES.into_iter().zip(milliseconds.iter().copied());
    let quantiles = [(0.0, least)].into_iter().chain(measured);
    let nanoseconds = quantiles.map(|(share, value)| (share, 1e6 * value));
    Dist::quantiles(nanoseconds.collect()).expect("percentiles rise")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    #[test]
    fn each_law_goes_through_its_quantiles_and_a_log_normal_one_does_not() {
        const COUNT: u64 = 50_000;
        let stream = Stream::new(1, "runtimes");
        let share = |law: &Dist, value: f64| {
            let below = |n: &u64| law.sample(&mut stream.draw(*n, 0)) <= value * 1e6;
            (0..COUNT).filter(below).count() as f64 / COUNT as f64
        };
        let (mut through, mut by_median) = (0.0, 0.0);
        for (name, _, milliseconds) in RUNTIMES {
            let law = law(milliseconds);
            let [_, median, p90, p99, _] = *milliseconds;
            let log_normal = Dist::log_normal_median(1e6 * median, 1e6 * p99).expect("a law");
            for (share_there, value) in SHARES.iter().zip(milliseconds) {
                let found = share(&law, *value);
                assert!((found - share_there).abs() < 0.006, "{name}: {found} below {value} ms");
            }
            through += (share(&law, p90) - 0.9).abs();
            by_median += (share(&log_normal, p90) - 0.9).abs();
        }
        assert!(5.0 * through < by_median, "{through} {by_median}");
    }

    #[test]
    fn a_runtime_that_was_not_measured_has_none() {
        assert!(init_time("python3.13").is_some());
        assert_eq!(init_time("python2.7"), None);
    }
}
