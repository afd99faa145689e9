//! Floats with the same bits everywhere.
//!
//! Logarithms and powers of the platform differ between processors in the last bit, even for one
//! binary; one bit becomes one nanosecond, and one nanosecond another order of events. [`Det`] is
//! an `f64` whose transcendental functions are always those of the `libm` crate, so the samplers of
//! `rand_distr` over it give the same bits on every machine, whatever cargo features other crates
//! turn on.
//!
//! The standard exponential and the standard normal are our own ziggurats (Marsaglia and Tsang,
//! 2000): exact arithmetic in 98 of 100 draws, `libm` in the rest.

use super::draw::unit;
use num_traits::{Float, FloatConst, Num, NumCast, One, ToPrimitive, Zero};
use rand::{
    Rng,
    distr::{Distribution, Open01, OpenClosed01, StandardUniform},
};
use rand_distr::{Exp1, StandardNormal};
use std::{
    num::{FpCategory, ParseFloatError},
    ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign},
    sync::LazyLock,
};

/// An `f64` that computes by `libm`: a number type for `rand_distr`, not for models.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Det(pub f64);

impl Distribution<Det> for Exp1 {
    #[inline]
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Det {
        Det(exponential(rng))
    }
}

impl Distribution<Det> for StandardNormal {
    #[inline]
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Det {
        Det(normal(rng))
    }
}

/// A number from the exponential law of mean 1. Takes one word, or in 1 of 50 draws a few more.
#[inline]
pub(super) fn exponential<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let layers: &Ziggurat = &EXPONENTIAL;
    loop {
        let word = rng.next_u64();
        // Layer and place use different bits of the word: the lowest 8 and the highest 53.
        let layer = (word & 0xff) as usize;
        let x = unit(word) * layers.edge[layer];
        if x < layers.edge[layer + 1] {
            return x;
        }
        if let Some(x) = exponential_at_edge(layers, layer, x, rng) {
            return x;
        }
    }
}

#[cold]
#[inline(never)]
fn exponential_at_edge<R: Rng + ?Sized>(
    layers: &Ziggurat,
    layer: usize,
    x: f64,
    rng: &mut R,
) -> Option<f64> {
    if layer == 0 {
        // The law has no memory: its tail is the law itself, moved.
        return Some(layers.edge[1] - libm::log(1.0 - unit(rng.next_u64())));
    }
    (layers.height_within(layer, rng) < libm::exp(-x)).then_some(x)
}

/// A number from the normal law of mean 0 and variance 1. Takes one word, seldom a few more.
#[inline]
pub(super) fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let layers: &Ziggurat = &NORMAL;
    loop {
        let word = rng.next_u64();
        let layer = (word & 0xff) as usize;
        let x = (2.0 * unit(word) - 1.0) * layers.edge[layer];
        if x.abs() < layers.edge[layer + 1] {
            return x;
        }
        if let Some(x) = normal_at_edge(layers, layer, x, rng) {
            return x;
        }
    }
}

#[cold]
#[inline(never)]
fn normal_at_edge<R: Rng + ?Sized>(
    layers: &Ziggurat,
    layer: usize,
    x: f64,
    rng: &mut R,
) -> Option<f64> {
    if layer == 0 {
        return Some(libm::copysign(normal_tail(layers.edge[1], rng), x));
    }
    (layers.height_within(layer, rng) < bell(x)).then_some(x)
}

/// A normal number beyond `start`, by Marsaglia's method: an exponential, accepted or not.
fn normal_tail<R: Rng + ?Sized>(start: f64, rng: &mut R) -> f64 {
    loop {
        let beyond = -libm::log(1.0 - unit(rng.next_u64())) / start;
        let limit = -libm::log(1.0 - unit(rng.next_u64()));
        if beyond * beyond < 2.0 * limit {
            return start + beyond;
        }
    }
}

/// The area under a falling curve cut into 256 layers of equal area, the lowest with the tail.
struct Ziggurat {
    /// Where each layer ends: `edge[1]` is where the tail begins, `edge[256]` is 0; `edge[0]` is as
    /// long as a rectangle with the area of the lowest layer would be.
    edge: [f64; LAYERS + 1],
    /// The curve at each edge.
    height: [f64; LAYERS + 1],
}

const LAYERS: usize = 256;

/// Tail and area for 256 layers, from Marsaglia and Tsang.
static EXPONENTIAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    Ziggurat::new(
        7.697_117_470_131_05,
        0.003_949_659_822_581_557,
        |x| libm::exp(-x),
        |y| -libm::log(y),
    )
});

/// Tail and area for 256 layers, from Marsaglia and Tsang.
static NORMAL: LazyLock<Ziggurat> = LazyLock::new(|| {
    Ziggurat::new(3.654_152_885_361_009, 0.004_928_673_233_974_66, bell, |y| {
        libm::sqrt(-2.0 * libm::log(y))
    })
});

/// The bell curve, 1 at its top.
fn bell(x: f64) -> f64 {
    libm::exp(-x * x / 2.0)
}

impl Ziggurat {
    /// The layers under `curve`, whose inverse is `at_height`, for the tail that begins at `tail`
    /// and layers of this `area`.
    fn new(
        tail: f64,
        area: f64,
        curve: impl Fn(f64) -> f64,
        at_height: impl Fn(f64) -> f64,
    ) -> Ziggurat {
        let mut edge = [0.0; LAYERS + 1];
        edge[0] = area / curve(tail);
        edge[1] = tail;
        for layer in 2..LAYERS {
            let below = edge[layer - 1];
            edge[layer] = at_height(curve(below) + area / below);
        }
        Ziggurat { height: edge.map(curve), edge }
    }

    /// A height between the floor and the ceiling of `layer`, by one word.
    fn height_within<R: Rng + ?Sized>(&self, layer: usize, rng: &mut R) -> f64 {
        let (floor, ceiling) = (self.height[layer], self.height[layer + 1]);
        ceiling + (floor - ceiling) * unit(rng.next_u64())
    }
}

/// The uniform laws of `rand` use exact arithmetic only, and are taken as they are.
macro_rules! uniform {
    ($($law:ident)*) => {
        $(impl Distribution<Det> for $law {
            #[inline]
            fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Det {
                Det(Distribution::<f64>::sample(self, rng))
            }
        })*
    };
}

uniform!(StandardUniform Open01 OpenClosed01);

macro_rules! operators {
    ($($operator:ident $function:ident $assign:ident $assign_function:ident $symbol:tt)*) => {
        $(impl $operator for Det {
            type Output = Det;
            #[inline]
            fn $function(self, other: Det) -> Det {
                Det(self.0 $symbol other.0)
            }
        }
        impl $assign for Det {
            #[inline]
            fn $assign_function(&mut self, other: Det) {
                self.0 = self.0 $symbol other.0;
            }
        })*
    };
}

operators! {
    Add add AddAssign add_assign +
    Sub sub SubAssign sub_assign -
    Mul mul MulAssign mul_assign *
    Div div DivAssign div_assign /
    Rem rem RemAssign rem_assign %
}

impl Neg for Det {
    type Output = Det;
    fn neg(self) -> Det {
        Det(-self.0)
    }
}

impl Zero for Det {
    fn zero() -> Det {
        Det(0.0)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0.0
    }
}

impl One for Det {
    fn one() -> Det {
        Det(1.0)
    }
}

/// Decimal only: nothing here reads numbers in another base.
impl Num for Det {
    type FromStrRadixErr = ParseFloatError;
    fn from_str_radix(text: &str, radix: u32) -> Result<Det, ParseFloatError> {
        assert!(radix == 10, "floats are read in base 10 only");
        text.parse().map(Det)
    }
}

impl ToPrimitive for Det {
    fn to_i64(&self) -> Option<i64> {
        self.0.to_i64()
    }
    fn to_u64(&self) -> Option<u64> {
        self.0.to_u64()
    }
    fn to_f64(&self) -> Option<f64> {
        Some(self.0)
    }
}

impl NumCast for Det {
    fn from<T: ToPrimitive>(n: T) -> Option<Det> {
        n.to_f64().map(Det)
    }
}

macro_rules! constants {
    ($($name:ident $value:expr,)*) => { $(fn $name() -> Det { Det($value) })* };
}

macro_rules! questions {
    ($($name:ident)*) => { $(fn $name(self) -> bool { self.0.$name() })* };
}

macro_rules! of_one {
    ($($name:ident $function:ident)*) => {
        $(fn $name(self) -> Det { Det(libm::$function(self.0)) })*
    };
}

macro_rules! of_two {
    ($($name:ident $function:ident)*) => {
        $(fn $name(self, other: Det) -> Det { Det(libm::$function(self.0, other.0)) })*
    };
}

impl Float for Det {
    constants! {
        nan f64::NAN,
        infinity f64::INFINITY,
        neg_infinity f64::NEG_INFINITY,
        neg_zero -0.0,
        min_value f64::MIN,
        min_positive_value f64::MIN_POSITIVE,
        max_value f64::MAX,
        epsilon f64::EPSILON,
    }
    questions!(is_nan is_infinite is_finite is_normal is_sign_positive is_sign_negative);
    of_one!(floor floor ceil ceil round round trunc trunc abs fabs sqrt sqrt cbrt cbrt);
    of_one!(exp exp exp2 exp2 exp_m1 expm1 ln log log2 log2 log10 log10 ln_1p log1p);
    of_one!(sin sin cos cos tan tan asin asin acos acos atan atan);
    of_one!(sinh sinh cosh cosh tanh tanh asinh asinh acosh acosh atanh atanh);
    of_two!(powf pow max fmax min fmin abs_sub fdim hypot hypot atan2 atan2);

    fn classify(self) -> FpCategory {
        self.0.classify()
    }
    fn fract(self) -> Det {
        Det(self.0 - libm::trunc(self.0))
    }
    fn signum(self) -> Det {
        Det(if self.0.is_nan() { f64::NAN } else { libm::copysign(1.0, self.0) })
    }
    fn mul_add(self, a: Det, b: Det) -> Det {
        Det(libm::fma(self.0, a.0, b.0))
    }
    fn recip(self) -> Det {
        Det(1.0 / self.0)
    }
    fn powi(self, n: i32) -> Det {
        Det(libm::pow(self.0, n as f64))
    }
    fn log(self, base: Det) -> Det {
        Det(libm::log(self.0) / libm::log(base.0))
    }
    fn sin_cos(self) -> (Det, Det) {
        (self.sin(), self.cos())
    }
    fn integer_decode(self) -> (u64, i16, i8) {
        Float::integer_decode(self.0)
    }
}

macro_rules! well_known {
    ($($name:ident)*) => {
        impl FloatConst for Det {
            $(fn $name() -> Det { Det(std::f64::consts::$name) })*
        }
    };
}

well_known! {
    E PI TAU LN_2 LN_10 LOG2_E LOG2_10 LOG10_E LOG10_2 SQRT_2 FRAC_1_SQRT_2
    FRAC_1_PI FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::draw::Stream;

    #[test]
    fn all_layers_have_the_same_area_and_the_highest_ends_at_the_top() {
        let tables =
            [(&EXPONENTIAL, 0.003_949_659_822_581_557), (&NORMAL, 0.004_928_673_233_974_66)];
        for (layers, area) in tables {
            assert_eq!(layers.height[LAYERS].to_bits(), 1.0f64.to_bits());
            for layer in 1..LAYERS {
                let height = layers.height[layer + 1] - layers.height[layer];
                let error = layers.edge[layer] * height - area;
                assert!(error.abs() < 1e-14, "layer {layer}: {error:e}");
                assert!(layers.edge[layer + 1] < layers.edge[layer]);
            }
        }
    }

    #[test]
    fn the_lowest_layer_is_as_large_as_the_others_with_its_tail() {
        // The tail of the exponential is exp(-r); that of the bell is sqrt(pi/2) erfc(r/sqrt 2).
        let r = EXPONENTIAL.edge[1];
        assert!((r * libm::exp(-r) + libm::exp(-r) - 0.003_949_659_822_581_557).abs() < 1e-15);
        let r = NORMAL.edge[1];
        let tail = libm::sqrt(std::f64::consts::FRAC_PI_2)
            * libm::erfc(r * std::f64::consts::FRAC_1_SQRT_2);
        assert!((r * bell(r) + tail - 0.004_928_673_233_974_66).abs() < 1e-15);
    }

    /// Of `count` samples: the share at or below each bound.
    fn shares(sample: fn(&mut crate::kernel::Draw) -> f64, bounds: &[f64], count: u64) -> Vec<f64> {
        let stream = Stream::new(5, "det/shares");
        let samples: Vec<f64> =
            (0..count).map(|entity| sample(&mut stream.draw(entity, 0))).collect();
        let below = |&bound: &f64| samples.iter().filter(|&&x| x <= bound).count() as f64;
        bounds.iter().map(|bound| below(bound) / count as f64).collect()
    }

    /// Five standard deviations of a share.
    fn close(share: f64, expected: f64, count: u64) -> bool {
        let variance = expected * (1.0 - expected) / count as f64;
        (share - expected).abs() < 5.0 * libm::sqrt(variance)
    }

    #[test]
    fn the_exponential_has_its_distribution_up_to_the_tail() {
        const COUNT: u64 = 1_000_000;
        let bounds = [0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 7.0, 7.697, 8.0, 9.0, 10.0];
        for (share, bound) in shares(exponential, &bounds, COUNT).into_iter().zip(bounds) {
            assert!(close(share, 1.0 - libm::exp(-bound), COUNT), "up to {bound}: {share}");
        }
    }

    #[test]
    fn the_normal_has_its_distribution_up_to_both_tails() {
        const COUNT: u64 = 1_000_000;
        let bounds = [-4.0, -3.7, -3.0, -2.0, -1.0, -0.1, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 3.7, 4.0];
        for (share, bound) in shares(normal, &bounds, COUNT).into_iter().zip(bounds) {
            let expected = libm::erfc(-bound * std::f64::consts::FRAC_1_SQRT_2) / 2.0;
            assert!(close(share, expected, COUNT), "up to {bound}: {share}");
        }
    }

    #[test]
    fn arithmetic_is_that_of_floats_and_functions_are_those_of_libm() {
        let x = Det(2.5);
        assert_eq!([x + x, x - Det(1.0), x * x, x / Det(2.0)], [5.0, 1.5, 6.25, 1.25].map(Det));
        assert_eq!(x.ln().0.to_bits(), libm::log(2.5).to_bits());
        assert_eq!(x.powf(Det(0.3)).0.to_bits(), libm::pow(2.5, 0.3).to_bits());
        assert_eq!(x.powi(-2), Det(0.16));
        assert_eq!((-x).signum(), Det(-1.0));
        assert_eq!(
            (Det::zero(), Det::one(), Det::PI().0),
            (Det(0.0), Det(1.0), std::f64::consts::PI)
        );
        assert_eq!(<Det as NumCast>::from(7u32), Some(Det(7.0)));
    }
}
