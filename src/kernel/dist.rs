//! Laws of durations, waits and sizes.
//!
//! A [`Dist`] is a law with checked parameters; sampled from a [`Draw`] it gives the same bits on
//! every machine. It has no unit: samples are in the unit of its parameters, never negative.

use super::{
    det::{self, Det},
    draw::Draw,
};
use rand_distr::{Distribution, Gamma, Pareto, Triangular, Weibull};
use thiserror::Error;

/// A law, made by one of the constructors. They check; a variant put together by hand is not.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// No memory: what lasts so long already lasts as long again.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// The logarithm is normal: most durations of code that calls others.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma, or Erlang when the shape is whole: a sum of exponential steps.
    Gamma {
        /// How many steps.
        shape: f64,
        /// The mean of one step.
        scale: f64,
        /// The same, prepared.
        law: Gamma<Det>,
    },
    /// Wears out (shape above 1) or settles (below 1).
    Weibull {
        /// The 63.2 % quantile.
        scale: f64,
        /// The exponent.
        shape: f64,
        /// The same, prepared.
        law: Weibull<Det>,
    },
    /// A heavy tail: the share above x falls as a power of x.
    Pareto {
        /// The smallest value.
        scale: f64,
        /// The exponent, above 1.
        shape: f64,
        /// The same, prepared.
        law: Pareto<Det>,
    },
    /// Everything between two values alike.
    Uniform {
        /// The smallest value.
        min: f64,
        /// No value is above.
        max: f64,
    },
    /// Rises from `min` to `mode` and falls to `max`, in straight lines.
    Triangular {
        /// The smallest value.
        min: f64,
        /// The likeliest value.
        mode: f64,
        /// The largest value.
        max: f64,
        /// The same, prepared.
        law: Triangular<Det>,
    },
    /// One of the observed values, each with the same chance.
    Empirical {
        /// The values, smallest first; at least one.
        values: Box<[f64]>,
    },
    /// Through quantiles, between two of which the logarithm rises evenly.
    Quantiles {
        /// Shares, from 0 to 1, and the logarithms of the values that they lie at or below.
        knots: Box<[(f64, f64)]>,
    },
}

/// Why parameters make no law.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum DistError {
    /// A parameter that must be above zero is not, or is not a number.
    #[error("{parameter} must be a finite number above 0, not {value}")]
    NotPositive {
        /// Its name.
        parameter: &'static str,
        /// What it was.
        value: f64,
    },
    /// A parameter that must not be negative is, or is not a number.
    #[error("{parameter} must be a finite number of 0 or more, not {value}")]
    Negative {
        /// Its name.
        parameter: &'static str,
        /// What it was.
        value: f64,
    },
    /// The 99th percentile does not lie above the median.
    #[error("p99 must be above the median, but {p99} is not above {median}")]
    P99NotAboveMedian {
        /// The median.
        median: f64,
        /// The 99th percentile.
        p99: f64,
    },
    /// The bounds are the wrong way round.
    #[error("min must not be above max, but {min} is above {max}")]
    MinAboveMax {
        /// The lower bound.
        min: f64,
        /// The upper bound.
        max: f64,
    },
    /// The likeliest value lies outside the bounds.
    #[error("mode must lie between min and max, but {mode} is not between {min} and {max}")]
    ModeOutside {
        /// The lower bound.
        min: f64,
        /// The likeliest value.
        mode: f64,
        /// The upper bound.
        max: f64,
    },
    /// A Pareto law without a mean.
    #[error("shape must be above 1, not {shape}: the mean of the pareto law is infinite otherwise")]
    InfiniteMean {
        /// The exponent.
        shape: f64,
    },
    /// Quantiles that do not go from the share 0 to the share 1, or do not rise.
    #[error("quantiles must rise, and go from the share 0 to the share 1")]
    NoQuantiles,
    /// An empirical law of nothing.
    #[error("the sample must hold at least one value")]
    Empty,
    /// Each parameter is allowed, but what follows from them, such as the mean, is no float.
    #[error("the parameters are too large, too small or too far apart to compute with")]
    Extreme,
}

impl Dist {
    /// The exponential law.
    pub fn exponential(mean: f64) -> Result<Dist, DistError> {
        positive("mean", mean)?;
        Ok(Dist::Exponential { mean })
    }

    /// The log-normal law with this mean and coefficient of variation (standard deviation over
    /// mean).
    pub fn log_normal(mean: f64, cv: f64) -> Result<Dist, DistError> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        let variance = libm::log1p(cv * cv);
        Dist::LogNormal { mu: libm::log(mean) - variance / 2.0, sigma: libm::sqrt(variance) }
            .with_finite_mean()
    }

    /// The log-normal law with this median and 99th percentile.
    pub fn log_normal_median(median: f64, p99: f64) -> Result<Dist, DistError> {
        positive("median", median)?;
        positive("p99", p99)?;
        if p99 <= median {
            return Err(DistError::P99NotAboveMedian { median, p99 });
        }
        let mu = libm::log(median);
        Dist::LogNormal { mu, sigma: (libm::log(p99) - mu) / NORMAL_P99 }.with_finite_mean()
    }

    /// The gamma law with this mean and coefficient of variation.
    pub fn gamma(mean: f64, cv: f64) -> Result<Dist, DistError> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        gamma_law(1.0 / (cv * cv), mean * (cv * cv))
    }

    /// The sum of `k` exponential steps, with this mean in all.
    pub fn erlang(mean: f64, k: u32) -> Result<Dist, DistError> {
        positive("mean", mean)?;
        positive("k", f64::from(k))?;
        gamma_law(f64::from(k), mean / f64::from(k))
    }

    /// The Weibull law: the share above x is exp(-(x/scale)^shape).
    pub fn weibull(scale: f64, shape: f64) -> Result<Dist, DistError> {
        positive("scale", scale)?;
        positive("shape", shape)?;
        let law = Weibull::new(Det(scale), Det(shape)).expect("both are positive");
        Dist::Weibull { scale, shape, law }.with_finite_mean()
    }

    /// The Pareto law: the share above x is (scale/x)^shape.
    pub fn pareto(scale: f64, shape: f64) -> Result<Dist, DistError> {
        positive("scale", scale)?;
        positive("shape", shape)?;
        if shape <= 1.0 {
            return Err(DistError::InfiniteMean { shape });
        }
        let law = Pareto::new(Det(scale), Det(shape)).expect("both are positive");
        Dist::Pareto { scale, shape, law }.with_finite_mean()
    }

    /// The uniform law on `[min, max)`; always `min` where both are the same.
    pub fn uniform(min: f64, max: f64) -> Result<Dist, DistError> {
        not_negative("min", min)?;
        not_negative("max", max)?;
        if max < min {
            return Err(DistError::MinAboveMax { min, max });
        }
        Ok(Dist::Uniform { min, max })
    }

    /// The triangular law.
    pub fn triangular(min: f64, mode: f64, max: f64) -> Result<Dist, DistError> {
        not_negative("min", min)?;
        not_negative("mode", mode)?;
        not_negative("max", max)?;
        if max < min {
            return Err(DistError::MinAboveMax { min, max });
        }
        if !(min <= mode && mode <= max) {
            return Err(DistError::ModeOutside { min, mode, max });
        }
        // The sampler multiplies two stretches within the bounds and would overflow.
        if !((max - min) * (max - min)).is_finite() {
            return Err(DistError::Extreme);
        }
        let law = Triangular::new(Det(min), Det(max), Det(mode)).expect("min <= mode <= max");
        Ok(Dist::Triangular { min, mode, max, law })
    }

    /// The law of a sample: each of its values with the same chance. Their order does not matter.
    pub fn empirical(mut values: Vec<f64>) -> Result<Dist, DistError> {
        for &value in &values {
            not_negative("each value", value)?;
        }
        if values.is_empty() {
            return Err(DistError::Empty);
        }
        values.sort_by(f64::total_cmp);
        Dist::Empirical { values: values.into() }.with_finite_mean()
    }

    /// The law through these quantiles: shares with the values that they lie at or below.
    pub fn quantiles(quantiles: Vec<(f64, f64)>) -> Result<Dist, DistError> {
        for (_, value) in &quantiles {
            positive("each value", *value)?;
        }
        let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        let ends = quantiles.first().is_some_and(|(share, _)| *share == 0.0)
            && quantiles.last().is_some_and(|(share, _)| *share == 1.0);
        if !ends || !quantiles.windows(2).all(rises) {
            return Err(DistError::NoQuantiles);
        }
        let knots = quantiles.into_iter().map(|(share, value)| (share, libm::log(value)));
        Dist::Quantiles { knots: knots.collect() }.with_finite_mean()
    }

    /// One value. How many words it takes depends on the law and on luck: one draw, one sample.
    #[inline]
    pub fn sample(&self, draw: &mut Draw) -> f64 {
        // The commonest law is sampled where it is asked for, the others by a call.
        match self {
            Dist::Exponential { mean } => mean * det::exponential(draw),
            other => other.sample_out_of_line(draw),
        }
    }

    #[inline(never)]
    fn sample_out_of_line(&self, draw: &mut Draw) -> f64 {
        match self {
            Dist::Exponential { mean } => mean * det::exponential(draw),
            Dist::LogNormal { mu, sigma } => libm::exp(mu + sigma * det::normal(draw)),
            Dist::Gamma { law, .. } => law.sample(draw).0,
            Dist::Weibull { law, .. } => law.sample(draw).0,
            Dist::Pareto { law, .. } => law.sample(draw).0,
            Dist::Uniform { min, max } => min + (max - min) * draw.unit(),
            Dist::Triangular { law, .. } => law.sample(draw).0,
            Dist::Empirical { values } => {
                // The values are sorted and `below` rises with its word, so this is the inverse of
                // the empirical distribution function: more luck, larger value.
                let rank = draw.below(values.len() as u64);
                values[usize::try_from(rank).expect("below the length")]
            }
            Dist::Quantiles { knots } => {
                let unit = draw.unit();
                let next = knots.partition_point(|(share, _)| *share <= unit);
                let ((from, low), (to, high)) = (knots[next - 1], knots[next]);
                libm::exp(low + (high - low) * ((unit - from) / (to - from)))
            }
        }
    }

    /// The mean of the law. Costs a few transcendental functions, or a pass over the sample.
    pub fn mean(&self) -> f64 {
        match self {
            Dist::Exponential { mean } => *mean,
            Dist::LogNormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            Dist::Gamma { shape, scale, .. } => shape * scale,
            Dist::Weibull { scale, shape, .. } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Dist::Pareto { scale, shape, .. } => scale * (shape / (shape - 1.0)),
            Dist::Uniform { min, max } => min + (max - min) / 2.0,
            Dist::Triangular { min, mode, max, .. } => min / 3.0 + mode / 3.0 + max / 3.0,
            Dist::Empirical { values } => values.iter().sum::<f64>() / values.len() as f64,
            Dist::Quantiles { knots } => {
                let piece = |pair: &[(f64, f64)]| {
                    let (low, high) = (pair[0].1, pair[1].1);
                    let mean = match high - low {
                        0.0 => libm::exp(low),
                        rise => (libm::exp(high) - libm::exp(low)) / rise,
                    };
                    (pair[1].0 - pair[0].0) * mean
                };
                knots.windows(2).map(piece).sum()
            }
        }
    }

    fn with_finite_mean(self) -> Result<Dist, DistError> {
        if self.mean().is_finite() { Ok(self) } else { Err(DistError::Extreme) }
    }
}

/// The 99th percentile of the standard normal law.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

fn gamma_law(shape: f64, scale: f64) -> Result<Dist, DistError> {
    // A coefficient of variation near the limits of a float can leave nothing of either.
    let Ok(law) = Gamma::new(Det(shape), Det(scale)) else {
        return Err(DistError::Extreme);
    };
    Dist::Gamma { shape, scale, law }.with_finite_mean()
}

fn positive(parameter: &'static str, value: f64) -> Result<(), DistError> {
    if value.is_finite() && 0.0 < value {
        Ok(())
    } else {
        Err(DistError::NotPositive { parameter, value })
    }
}

fn not_negative(parameter: &'static str, value: f64) -> Result<(), DistError> {
    if value.is_finite() && 0.0 <= value {
        Ok(())
    } else {
        Err(DistError::Negative { parameter, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::draw::Stream;

    /// One of each law, made by its constructor.
    fn laws() -> [(&'static str, Dist); 12] {
        [
            ("exponential", Dist::exponential(2.0)),
            ("log-normal", Dist::log_normal(0.25, 0.8)),
            ("log-normal by median", Dist::log_normal_median(0.08, 0.4)),
            ("gamma", Dist::gamma(0.25, 0.5)),
            ("gamma, shape below 1", Dist::gamma(0.25, std::f64::consts::SQRT_2)),
            ("erlang", Dist::erlang(0.25, 4)),
            ("weibull", Dist::weibull(1.0, 1.5)),
            ("pareto", Dist::pareto(0.05, 2.5)),
            ("uniform", Dist::uniform(1.0, 3.0)),
            ("triangular", Dist::triangular(0.0, 0.3, 1.0)),
            ("empirical", Dist::empirical(vec![5.0, 2.0, 1.0, 2.0])),
            ("quantiles", Dist::quantiles(vec![(0.0, 1.0), (0.5, 2.0), (0.9, 4.0), (1.0, 8.0)])),
        ]
        .map(|(name, law)| (name, law.expect("good parameters")))
    }

    fn samples(law: &Dist, count: u64) -> Vec<f64> {
        let stream = Stream::new(1, "golden");
        (0..count).map(|entity| law.sample(&mut stream.draw(entity, 1))).collect()
    }

    /// FNV-1a over the bits of the samples.
    fn digest(samples: &[f64]) -> u64 {
        samples
            .iter()
            .flat_map(|x| x.to_bits().to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            })
    }

    /// Recorded here, by this code; there is no outer source. What changes them: the key of a
    /// stream, the order in which a sampler takes its words, the tables of the ziggurats, another
    /// version of libm, rand or rand_distr. Every recorded run changes with them.
    const GOLDEN: [(&str, [u64; 2], u64); 12] = [
        ("exponential", [0x3fed_ee15_d97c_be92, 0x3fed_052e_78e2_3bef], 0x2450_f821_e7b1_7fc6),
        ("log-normal", [0x3fbd_45cc_222f_c4ee, 0x3fc4_eaf4_16a1_15fc], 0xe4ac_e733_a20c_6b9c),
        (
            "log-normal by median",
            [0x3fa8_33f1_12d6_407c, 0x3fb1_31b6_cd4c_2ef6],
            0x53b1_765b_7f1a_f809,
        ),
        ("gamma", [0x3fc3_2866_a9e1_9bfb, 0x3fc9_a106_f6de_5870], 0xc895_b221_cdb7_cafe),
        (
            "gamma, shape below 1",
            [0x3f98_dd0c_ba29_3db4, 0x3fe1_8552_3458_e4e7],
            0x55c1_5b2a_4d5e_0581,
        ),
        ("erlang", [0x3fc3_2866_a9e1_9bfb, 0x3fc9_a106_f6de_5870], 0xc895_b221_cdb7_cafe),
        ("weibull", [0x3ff3_721b_fe28_eeea, 0x3fee_5cd9_a242_e7f3], 0xa003_5494_fb65_2945),
        ("pareto", [0x3fb5_e03b_5e71_31ab, 0x3fb2_867f_78de_b91f], 0x1b37_ce14_8f0c_5ccb),
        ("uniform", [0x3ff8_615b_9e8a_d3b1, 0x3ffc_b2d9_8c85_bc74], 0x098e_8c66_3ca2_cecb),
        ("triangular", [0x3fd1_f05a_eda9_7e62, 0x3fd6_69f6_4056_bbcc], 0xbf97_38cd_9a7c_7763),
        ("empirical", [0x4000_0000_0000_0000, 0x4000_0000_0000_0000], 0x674a_53d2_cb06_6385),
        ("quantiles", [0x3ff7_00d8_59f3_7d42, 0x3ffb_bc4d_18a3_2eb4], 0xda07_9e00_7275_a240),
    ];

    #[test]
    fn samples_have_the_recorded_bits() {
        for ((name, law), (golden_name, first, all)) in laws().into_iter().zip(GOLDEN) {
            let samples = samples(&law, 10_000);
            let bits = [samples[0].to_bits(), samples[1].to_bits()];
            assert_eq!(name, golden_name);
            assert_eq!((bits, digest(&samples)), (first, all), "{name}: {bits:#x?}");
        }
    }

    #[test]
    fn means_and_a_quantile_agree_with_closed_forms() {
        // Mean, a value, and the share at or below it. The 90 % quantiles of the gamma laws are
        // those of chi-square with 8 and with 1 degrees of freedom, scaled.
        let expected = [
            (2.0, 2.0 * std::f64::consts::LN_10, 0.9),
            (0.25, 0.25 / libm::sqrt(1.64), 0.5),
            (0.08 * libm::exp(0.691_830_285 * 0.691_830_285 / 2.0), 0.4, 0.99),
            (0.25, 13.361_566 / 32.0, 0.9),
            (0.25, 2.705_543 / 4.0, 0.9),
            (0.25, 13.361_566 / 32.0, 0.9),
            (0.902_745_293, 1.0, 0.632_120_559),
            (0.05 * 2.5 / 1.5, 0.1, 0.823_223_305),
            (2.0, 2.8, 0.9),
            (1.3 / 3.0, 0.3, 0.3),
            (2.5, 2.0, 0.75),
            (1.7 / std::f64::consts::LN_2, 4.0, 0.9),
        ];
        const COUNT: u64 = 200_000;
        for ((name, law), (mean, value, share)) in laws().into_iter().zip(expected) {
            assert!((law.mean() / mean - 1.0).abs() < 1e-8, "{name}: mean {}", law.mean());
            let samples = samples(&law, COUNT);
            let sample_mean = samples.iter().sum::<f64>() / COUNT as f64;
            assert!((sample_mean / mean - 1.0).abs() < 0.01, "{name}: sample mean {sample_mean}");
            let below = samples.iter().filter(|&&x| x <= value).count() as f64 / COUNT as f64;
            assert!((below - share).abs() < 0.005, "{name}: {below} at or below {value}");
            assert!(samples.iter().all(|&x| 0.0 <= x), "{name}: negative");
        }
    }

    #[test]
    fn a_median_and_a_99th_percentile_give_sigma() {
        let Ok(Dist::LogNormal { mu, sigma }) = Dist::log_normal_median(0.08, 0.4) else {
            panic!("good parameters");
        };
        // ln(0.4/0.08) / 2.326347874
        assert!((sigma - 0.691_830_285).abs() < 1e-9, "{sigma}");
        assert!((libm::exp(mu) - 0.08).abs() < 1e-15);
    }

    #[test]
    fn an_empirical_sample_rises_with_its_word_and_forgets_the_order_of_its_values() {
        let law = Dist::empirical(vec![3.0, 1.0, 2.0]).expect("good values");
        assert_eq!(law, Dist::empirical(vec![1.0, 2.0, 3.0]).expect("good values"));
        let stream = Stream::new(1, "empirical");
        for entity in 0..1_000 {
            let third = stream.draw(entity, 0).unit() * 3.0;
            let expected = 1.0 + libm::floor(third);
            assert_eq!(law.sample(&mut stream.draw(entity, 0)).to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn a_law_of_one_value_gives_that_value() {
        let one =
            [Dist::uniform(5.0, 5.0), Dist::triangular(5.0, 5.0, 5.0), Dist::empirical(vec![5.0])];
        for law in one {
            let law = law.expect("good parameters");
            assert_eq!(samples(&law, 10), [5.0; 10]);
            assert!((law.mean() - 5.0).abs() < 1e-14);
        }
    }

    #[test]
    fn bad_parameters_are_refused_with_a_sentence() {
        let refused = |law: Result<Dist, DistError>| law.expect_err("bad parameters").to_string();
        for mean in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let sentence = format!("mean must be a finite number above 0, not {mean}");
            assert_eq!(refused(Dist::exponential(mean)), sentence);
            assert_eq!(refused(Dist::log_normal(mean, 1.0)), sentence);
            assert_eq!(refused(Dist::gamma(mean, 1.0)), sentence);
            assert_eq!(refused(Dist::erlang(mean, 1)), sentence);
        }
        let sentences = [
            (Dist::log_normal(1.0, 0.0), "cv must be a finite number above 0, not 0"),
            (Dist::log_normal_median(0.0, 1.0), "median must be a finite number above 0, not 0"),
            (
                Dist::log_normal_median(0.4, 0.4),
                "p99 must be above the median, but 0.4 is not above 0.4",
            ),
            (Dist::gamma(1.0, -2.0), "cv must be a finite number above 0, not -2"),
            (Dist::erlang(1.0, 0), "k must be a finite number above 0, not 0"),
            (Dist::weibull(0.0, 1.0), "scale must be a finite number above 0, not 0"),
            (Dist::weibull(1.0, 0.0), "shape must be a finite number above 0, not 0"),
            (Dist::pareto(-1.0, 2.0), "scale must be a finite number above 0, not -1"),
            (
                Dist::pareto(1.0, 1.0),
                "shape must be above 1, not 1: the mean of the pareto law is infinite otherwise",
            ),
            (Dist::uniform(2.0, 1.0), "min must not be above max, but 2 is above 1"),
            (Dist::uniform(-2.0, 1.0), "min must be a finite number of 0 or more, not -2"),
            (
                Dist::triangular(1.0, 4.0, 3.0),
                "mode must lie between min and max, but 4 is not between 1 and 3",
            ),
            (Dist::triangular(3.0, 2.0, 1.0), "min must not be above max, but 3 is above 1"),
            (Dist::empirical(vec![]), "the sample must hold at least one value"),
            (
                Dist::empirical(vec![1.0, f64::NAN]),
                "each value must be a finite number of 0 or more, not NaN",
            ),
            (
                Dist::weibull(1.0, 0.001),
                "the parameters are too large, too small or too far apart to compute with",
            ),
        ];
        for (law, sentence) in sentences {
            assert_eq!(refused(law), sentence);
        }
    }

    #[test]
    fn parameters_at_the_limits_of_a_float_give_a_law_or_an_error_but_no_panic() {
        let extremes =
            [f64::from_bits(1), f64::MIN_POSITIVE, 1e-200, 1e-9, 1.0, 1e9, 1e200, f64::MAX];
        for a in extremes {
            for b in extremes {
                let laws = [
                    Dist::log_normal(a, b),
                    Dist::log_normal_median(a, b),
                    Dist::gamma(a, b),
                    Dist::weibull(a, b),
                    Dist::pareto(a, b),
                    Dist::uniform(a.min(b), b.max(a)),
                    Dist::triangular(0.0, a.min(b), a.max(b)),
                    Dist::empirical(vec![a, b]),
                ];
                for law in laws.into_iter().flatten() {
                    for sample in samples(&law, 20) {
                        assert!(0.0 <= sample, "{law:?}: {sample}");
                    }
                }
            }
        }
    }
}
