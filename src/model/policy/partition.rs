//! Which shard has a partition key: the one whose range holds the key's hash (K27).
//!
//! The space is all numbers of 128 bits. A stream of `n` shards shares it out evenly, as Kinesis does when
//! a stream is made and when it is scaled uniformly. Other sources hash in other ways that say nothing of
//! one key's neighbours either; they are treated alike.

use crate::model::{
    register::Payload,
    value::{AttributeId, Catalog},
};
use md5::{Digest, Md5};

/// The hash of a record's partition key. A record without one has its content hashed, so that each goes
/// its own way.
pub fn hash(catalog: &Catalog, payload: &Payload) -> u128 {
    match catalog.word(payload, AttributeId::PARTITION_KEY) {
        Some(word) => hash_of(catalog.text(word).as_bytes()),
        None => hash_of(&payload.content.to_le_bytes()),
    }
}

/// MD5 as a number, its first byte the highest.
fn hash_of(key: &[u8]) -> u128 {
    u128::from_be_bytes(Md5::digest(key).into())
}

/// The width of each of `n` ranges; the last has what is left over besides.
fn width(n: u32) -> u128 {
    let n = u128::from(n);
    // 2^128 itself is no number of 128 bits.
    u128::MAX / n + u128::from(u128::MAX % n == n - 1)
}

/// Which of `n` shards has this hash.
pub fn place(hash: u128, n: u32) -> usize {
    if n <= 1 {
        return 0;
    }
    let at = (hash / width(n)).min(u128::from(n) - 1);
    usize::try_from(at).expect("below the number of shards")
}

/// The first and last hash of shard `at` of `n`.
pub fn range(at: u32, n: u32) -> (u128, u128) {
    if n <= 1 {
        return (0, u128::MAX);
    }
    let first = width(n) * u128::from(at);
    let last = if at + 1 == n { u128::MAX } else { first + width(n) - 1 };
    (first, last)
}

/// Which of `n` lanes of a shard has this hash. The lower bits, since the shard is chosen by the upper.
pub fn lane(hash: u128, n: usize) -> usize {
    let lanes = u128::try_from(n.max(1)).expect("a length");
    usize::try_from(hash % lanes).expect("below the number of lanes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k27_a_key_is_hashed_by_md5() {
        // RFC 1321: MD5 ("a") = 0cc175b9c0f1b6a831c399e269772661.
        assert_eq!(hash_of(b"a"), 0x0cc1_75b9_c0f1_b6a8_31c3_99e2_6977_2661);
        assert_eq!(
            [1, 2, 32].map(|n| place(hash_of(b"a"), n)),
            [0, 0, 1],
            "0x0c is the second 32nd"
        );
    }

    #[test]
    fn k27_the_ranges_are_those_that_kinesis_shows() {
        // From the guide: two shards, and three as `CreateStream` makes them.
        assert_eq!(range(0, 2), (0, 170141183460469231731687303715884105727));
        assert_eq!(range(1, 2), (170141183460469231731687303715884105728, u128::MAX));
        assert_eq!(range(0, 3).1, 113427455640312821154458202477256070484);
        assert_eq!(range(2, 3).0, 226854911280625642308916404954512140970);
    }

    #[test]
    fn ranges_leave_no_hash_out_and_each_end_is_in_its_own() {
        for n in [1, 2, 3, 5, 64, 1000] {
            let mut next = 0u128;
            for at in 0..n {
                let (first, last) = range(at, n);
                assert_eq!(first, next);
                assert_eq!([first, last].map(|hash| place(hash, n)), [at as usize; 2]);
                next = last.wrapping_add(1);
            }
            assert_eq!(next, 0, "the last ends with the space");
        }
    }

    #[test]
    fn lanes_share_a_shard_out() {
        let mut counts = [0; 3];
        for key in 0..3000u32 {
            counts[lane(hash_of(&key.to_le_bytes()), 3)] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }
}
