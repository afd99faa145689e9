//! Chance by key: a draw is looked up, never taken in turn.
//!
//! A [`Stream`] is named by what it decides (`function/charge/duration`); a [`Draw`] is one line
//! of it, found by an entity and an occasion (an invocation and its attempt). The same seed, name,
//! entity and occasion give the same words whatever else was drawn, in whatever order, so a changed
//! policy shifts nobody's luck, and two designs can be compared invocation by invocation.
//!
//! The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
//! SC'11), checked against the vectors its authors published:
//!
//! ```text
//! key      64 bits   hash of seed and stream name
//! counter 128 bits   entity 64 | occasion 32 | number of the block 32
//! block   128 bits   two words of 64
//! ```

use rand::{TryRng, rand_core::utils};
use std::convert::Infallible;

/// All the luck of one kind of decision: the seed of the run and the name of what is decided.
///
/// Derived from seed and name alone, never from an index or from the order of creation: one stream
/// more moves no other stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream called `name` in the run with this seed.
    ///
    /// The key is the SplitMix64 finaliser of `seed ^ name_key(name)`; every recorded result
    /// depends on that formula.
    pub fn new(seed: u64, name: &str) -> Stream {
        Stream { key: halves(mix(seed ^ name_key(name))) }
    }

    /// The words that belong to `entity` on this `occasion`. Costs nothing until the first is taken.
    #[inline]
    pub fn draw(self, entity: u64, occasion: u32) -> Draw {
        Draw { stream: self, entity, occasion, blocks: 0, spare: None }
    }

    /// The first word of [`Stream::draw`], in some 8 ns; in half of that in a loop over entities.
    #[inline]
    pub fn word(self, entity: u64, occasion: u32) -> u64 {
        self.block(entity, occasion, 0)[0]
    }

    /// Whether something of probability `p` happens to `entity` on this `occasion`.
    ///
    /// Rises with `p`: what happens at one probability also happens at every higher one.
    #[inline]
    pub fn happens(self, entity: u64, occasion: u32, p: Probability) -> bool {
        // What never happens is asked often (no fault configured) and needs no word.
        p != Probability::NEVER && p.admits(self.word(entity, occasion))
    }

    #[inline]
    fn block(self, entity: u64, occasion: u32, number: u32) -> [u64; 2] {
        let [low, high] = halves(entity);
        let [a, b, c, d] = philox([low, high, occasion, number], self.key);
        [u64::from(a) | u64::from(b) << 32, u64::from(c) | u64::from(d) << 32]
    }
}

/// The words of one key, one after the other: a generator that nobody else draws from.
///
/// A sampler may take as many words as it likes (there are 2^33; panics after the last).
/// Usable with `rand` and `rand_distr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draw {
    stream: Stream,
    entity: u64,
    occasion: u32,
    /// How many blocks have been taken.
    blocks: u32,
    /// The second word of the last block, when it is still to be had.
    spare: Option<u64>,
}

impl Draw {
    /// The next 64 bits.
    #[inline]
    pub fn word(&mut self) -> u64 {
        if let Some(word) = self.spare.take() {
            return word;
        }
        let [first, second] = self.stream.block(self.entity, self.occasion, self.blocks);
        self.blocks += 1;
        self.spare = Some(second);
        first
    }

    /// A number from `[0, 1)`, a multiple of 2^-53. Takes one word.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        unit(self.word())
    }

    /// A whole number below `n`, each with exactly the same chance. Panics if `n` is zero.
    ///
    /// Takes one word, seldom more: Lemire's multiplication with rejection.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n != 0, "nothing lies below zero");
        let mut product = u128::from(self.word()) * u128::from(n);
        if low(product) < n {
            // The first 2^64 mod n fractions would give some numbers one chance more than others.
            let unfair = n.wrapping_neg() % n;
            while low(product) < unfair {
                product = u128::from(self.word()) * u128::from(n);
            }
        }
        low(product >> 64)
    }

    /// Whether something of probability `p` happens.
    ///
    /// Takes one word even where the answer is certain, so that what is drawn after it does not
    /// move with `p`.
    #[inline]
    pub fn happens(&mut self, p: Probability) -> bool {
        p.admits(self.word())
    }
}

impl TryRng for Draw {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(halves(self.word())[1])
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(bytes, || self.try_next_u64())
    }
}

/// How likely something is: between 0, which never happens, and 1, which always does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability {
    value: f64,
    /// How many of the 2^53 possible units lie below `value`.
    units_below: u64,
}

impl Probability {
    /// Happens in no draw at all.
    pub const NEVER: Probability = Probability { value: 0.0, units_below: 0 };
    /// Happens in every draw.
    pub const ALWAYS: Probability = Probability { value: 1.0, units_below: 1 << 53 };

    /// `None` outside `[0, 1]` and for a NaN.
    pub fn new(value: f64) -> Option<Probability> {
        if !(0.0..=1.0).contains(&value) {
            return None;
        }
        // Scaling by a power of two is exact, so `unit < value` and the comparison of whole
        // numbers agree in every case; rounding up keeps the smallest probability above never.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between 0 and 2^53"
        )]
        let units_below = libm::ceil(value * UNITS) as u64;
        // Adding zero turns the negative zero into the plain one.
        Some(Probability { value: value + 0.0, units_below })
    }

    /// The number it was made from.
    pub fn as_f64(self) -> f64 {
        self.value
    }

    /// Whether the unit in this word lies below the probability.
    #[inline]
    fn admits(self, word: u64) -> bool {
        word >> 11 < self.units_below
    }
}

/// What is not said to happen does not: [`Probability::NEVER`].
impl Default for Probability {
    fn default() -> Probability {
        Probability::NEVER
    }
}

/// The 64 bits that stand for a name: the root of the keys of the entities that bear it.
///
/// FNV-1a over the bytes of the name, then the SplitMix64 finaliser, because FNV alone leaves the
/// upper bits of short names alike.
pub fn name_key(name: &str) -> u64 {
    mix(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    }))
}

/// The key of the `nth` entity that `maker` made out of `parent`: a copy, a batch, a redelivery.
///
/// Children of one parent and one maker never share a key; any other two do with chance 2^-64.
#[inline]
pub fn child_key(parent: u64, maker: u64, nth: u64) -> u64 {
    // Each step is a bijection of its input, and the golden ratio keeps zeros from staying zero.
    [parent, maker, nth]
        .into_iter()
        .fold(0, |key: u64, part| mix((key ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15)))
}

/// The unit in a word: its upper 53 bits as a fraction, from `[0, 1)`. The lower 11 bits are free
/// for another use.
#[inline]
pub(super) fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / UNITS
}

/// 2^53: so many units there are.
const UNITS: f64 = 9_007_199_254_740_992.0;

/// The finaliser of SplitMix64: a bijection in which every bit of the input moves every other.
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Ten rounds of Philox4x32.
#[inline(always)]
fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let p0 = u64::from(a) * 0xd251_1f53;
        let p1 = u64::from(c) * 0xcd9e_8d57;
        (a, b, c, d) =
            ((p1 >> 32) as u32 ^ b ^ k0, p1 as u32, (p0 >> 32) as u32 ^ d ^ k1, p0 as u32);
        k0 = k0.wrapping_add(0x9e37_79b9);
        k1 = k1.wrapping_add(0xbb67_ae85);
    }
    [a, b, c, d]
}

/// The lower and the upper 32 bits.
#[inline]
fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

/// The lower 64 bits.
#[inline]
fn low(wide: u128) -> u64 {
    wide as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, RngExt};

    /// `kat_vectors` of Random123, the authors' own library, lines "philox4x32 10".
    #[test]
    fn philox_gives_the_published_vectors() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn a_word_depends_on_seed_name_entity_and_occasion_and_on_nothing_else() {
        let stream = Stream::new(7, "function/charge/duration");
        let word = stream.word(17, 1);
        let mut other = stream.draw(18, 1);
        for _ in 0..100 {
            other.word();
        }
        assert_eq!(stream.draw(17, 1).word(), word);
        assert_eq!(Stream::new(7, "function/charge/duration").word(17, 1), word);
        assert_ne!(Stream::new(8, "function/charge/duration").word(17, 1), word);
        assert_ne!(Stream::new(7, "function/charge/outcome").word(17, 1), word);
        assert_ne!(stream.word(17 | 1 << 32, 1), word);
        assert_ne!(stream.word(17, 2), word);
    }

    #[test]
    fn a_block_gives_its_first_word_then_its_second_then_the_next_block() {
        let stream = Stream { key: [0, 0] };
        let mut draw = stream.draw(0, 0);
        let words = [draw.word(), draw.word(), draw.word()];
        assert_eq!(words[0], 0xe169_c58d_6627_e8d5);
        assert_eq!(words[1], 0x9b00_dbd8_bc57_ac4c);
        assert_eq!(words[2], stream.block(0, 0, 1)[0]);
    }

    #[test]
    fn rand_sees_the_same_words() {
        let stream = Stream::new(1, "x");
        let (mut ours, mut theirs) = (stream.draw(1, 1), stream.draw(1, 1));
        assert_eq!(ours.word(), theirs.next_u64());
        assert_eq!((ours.word() >> 32) as u32, theirs.next_u32());
        assert_eq!(ours.unit().to_bits(), theirs.random::<f64>().to_bits());
        let mut bytes = [0; 8];
        theirs.fill_bytes(&mut bytes);
        assert_eq!(bytes, ours.word().to_le_bytes());
    }

    /// The words of neighbouring keys, which is how the model draws.
    fn units(count: u64) -> Vec<f64> {
        let stream = Stream::new(2026, "uniformity");
        (0..count).map(|entity| stream.draw(entity, 1).unit()).collect()
    }

    #[test]
    fn units_of_neighbouring_keys_fill_the_interval_evenly() {
        let mut cells = [0u32; 256];
        for unit in units(1 << 18) {
            assert!((0.0..1.0).contains(&unit));
            cells[(unit * 256.0) as usize] += 1;
        }
        let expected = f64::from(1 << 10);
        let chi_square: f64 =
            cells.iter().map(|&n| f64::from(n) - expected).map(|d| d * d / expected).sum();
        // 255 degrees of freedom: 1e-4 of all honest generators fall outside.
        assert!((176.0..347.0).contains(&chi_square), "chi-square {chi_square}");
    }

    #[test]
    fn units_of_neighbouring_keys_are_not_correlated() {
        let units = units(1 << 17);
        for lag in [1, 2, 3, 16, 256] {
            let pairs = units.len() - lag;
            let sum: f64 = (0..pairs).map(|i| (units[i] - 0.5) * (units[i + lag] - 0.5)).sum();
            let correlation = 12.0 * sum / pairs as f64;
            // One standard deviation is 1/sqrt(pairs) = 0.0028.
            assert!(correlation.abs() < 0.012, "lag {lag}: {correlation}");
        }
    }

    #[test]
    fn below_gives_every_number_and_no_other() {
        let mut draw = Stream::new(1, "below").draw(0, 0);
        let mut seen = [0u32; 7];
        for _ in 0..70_000 {
            seen[usize::try_from(draw.below(7)).expect("below 7")] += 1;
        }
        assert!(seen.iter().all(|&n| (9_600..10_400).contains(&n)), "{seen:?}");
        assert_eq!(draw.below(1), 0);
        // A third of the words are rejected here: without rejection the lower half is likelier.
        let n = (1 << 63) + (1 << 62);
        let lower = (0..30_000).filter(|_| draw.below(n) < n / 2).count();
        assert!((14_500..15_500).contains(&lower), "{lower}");
    }

    #[test]
    fn never_never_happens_and_always_always_does() {
        assert!(!Probability::NEVER.admits(0));
        assert!(Probability::ALWAYS.admits(u64::MAX));
        assert_eq!(Probability::new(0.0), Some(Probability::NEVER));
        assert_eq!(Probability::new(-0.0), Some(Probability::NEVER));
        assert_eq!(Probability::new(1.0), Some(Probability::ALWAYS));
        assert_eq!(Probability::default(), Probability::NEVER);
        let smallest = Probability::new(f64::from_bits(1)).expect("above 0");
        assert!(smallest.admits(0) && !smallest.admits(1 << 11));
        let largest = Probability::new(1.0 - f64::EPSILON / 2.0).expect("below 1");
        assert!(largest.admits(u64::MAX - (1 << 11)) && !largest.admits(u64::MAX));
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for value in [-f64::EPSILON, 1.0 + f64::EPSILON, f64::NAN, f64::INFINITY] {
            assert_eq!(Probability::new(value), None, "{value}");
        }
    }

    #[test]
    fn something_happens_as_often_as_its_probability_says_and_still_does_at_a_higher_one() {
        let stream = Stream::new(3, "happens");
        let [p, higher] = [0.3, 0.4].map(|p| Probability::new(p).expect("within 0 and 1"));
        let happened: Vec<u64> = (0..100_000).filter(|&e| stream.happens(e, 1, p)).collect();
        assert!((29_400..30_600).contains(&happened.len()), "{}", happened.len());
        assert!(happened.iter().all(|&e| stream.happens(e, 1, higher)));
        assert!(happened.iter().all(|&e| stream.draw(e, 1).happens(p)));
    }

    #[test]
    fn what_follows_a_happens_does_not_move_with_its_probability() {
        let [mut never, mut always] =
            [Stream::new(1, "x").draw(1, 1), Stream::new(1, "x").draw(1, 1)];
        assert!(!never.happens(Probability::NEVER) && always.happens(Probability::ALWAYS));
        assert_eq!(never, always);
    }

    #[test]
    fn children_differ_from_each_other_and_from_their_parent() {
        let mut keys = vec![0, name_key(""), name_key("a"), name_key("b")];
        for parent in [0, 1, name_key("a")] {
            for maker in [0, 1, name_key("b")] {
                keys.extend((0..100).map(|nth| child_key(parent, maker, nth)));
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
