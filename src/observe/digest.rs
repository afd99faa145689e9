//! A fingerprint of a run: every fact folded into 64 bits.
//!
//! The first thing to compare between two machines, two builds or two sets of observers. Folded,
//! in order, for each fact:
//!
//! ```text
//! now      nanoseconds
//! head     number of the fact (in its row, which never changes), kind of resource, resource, rule's id
//! entity   key of the fact's payload; never its slot, which is an accident
//! a, b     what else the fact says (the `digest` of its row)
//!
//! mixed = (now + C0) * K0  ^  rotl((entity ^ head) * K1, 29)  ^  rotl(a * K2 ^ rotl(b * K3, 31),
//! 17)
//! state = (rotl(state, 5) ^ mixed) * K0
//! ```
//!
//! all modulo 2^64. A rule is spelled by the FNV-1a hash of its id, so that a new rule changes no
//! digest of a run that does not meet it.

use crate::model::{Fact, Moment, Observer, Rule};
use std::fmt;

/// The fold.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    state: u64,
}

/// A finished digest; written as 16 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl serde::Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = u64::from_str_radix(&text, 16).map(Fingerprint);
        read.map_err(|_| serde::de::Error::custom(format_args!("`{text}` is no fingerprint")))
    }
}

const C0: u64 = 0x2545_f491_4f6c_dd1d;
const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xbf58_476d_1ce4_e5b9;
const K2: u64 = 0x94d0_49bb_1331_11eb;
const K3: u64 = 0x517c_c1b7_2722_0a95;

/// The hash of each rule's id, by its position. A constant, so that a known rule is a known number.
const RULES: [u64; Rule::ALL.len()] = {
    let mut hashes = [0; Rule::ALL.len()];
    let mut at = 0;
    while at < hashes.len() {
        hashes[at] = fnv1a(Rule::ALL[at].id());
        at += 1;
    }
    hashes
};

/// FNV-1a, 64 bits.
const fn fnv1a(text: &str) -> u64 {
    let (bytes, mut hash, mut at) = (text.as_bytes(), 0xcbf2_9ce4_8422_2325u64, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

impl Digest {
    /// Folds a fact.
    #[inline(always)]
    pub fn fold(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let spelled = fact.spelled();
        let entity = spelled.payload.map_or(0, |payload| moment.register.get(payload).key);
        let head = u64::from(spelled.code) << 56 ^ u64::from(spelled.resource) << 32;
        let head = head ^ RULES[moment.rule as usize];
        let when = moment.now.as_nanos().wrapping_add(C0).wrapping_mul(K0);
        let who = (entity ^ head).wrapping_mul(K1).rotate_left(29);
        let what = spelled.a.wrapping_mul(K2) ^ spelled.b.wrapping_mul(K3).rotate_left(31);
        let mixed = when ^ who ^ what.rotate_left(17);
        self.state = (self.state.rotate_left(5) ^ mixed).wrapping_mul(K0);
    }

    /// The fingerprint of all facts so far.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(self.state)
    }
}

impl Observer for Digest {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.fold(moment, fact);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Span, Time},
        model::{
            Register,
            vocabulary::{CallId, FunctionId, QueueId},
        },
    };

    fn digest_of(register: &Register, facts: &[(u64, Rule, Fact)]) -> Fingerprint {
        let mut digest = Digest::default();
        for (now, rule, fact) in facts {
            let now = Time::from_nanos(*now);
            digest.fold(&Moment { now, rule: *rule, register, moved: None }, fact);
        }
        digest.fingerprint()
    }

    #[test]
    fn whatever_differs_in_a_fact_differs_in_the_digest() {
        let mut register = Register::default();
        let one = register.arrive(CallId(0), 1000, 1, Time::ZERO);
        let two = register.arrive(CallId(0), 1000, 2, Time::ZERO);
        let function = FunctionId(0);
        let tried = |payload, age, first| Fact::Tried { function, payload, age, first };
        let zero = Span::ZERO;
        let (a1, a2) = (Rule::ALL[0], Rule::ALL[1]);
        let variants = [
            vec![],
            vec![(0, a1, tried(one, zero, false))],
            vec![(1, a1, tried(one, zero, false))],
            vec![(0, a2, tried(one, zero, false))],
            vec![(0, a1, tried(two, zero, false))],
            vec![(0, a1, tried(one, Span::nanos(1), false))],
            vec![(0, a1, tried(one, zero, true))],
            vec![(0, a1, Fact::Queued { function, payload: one })],
            vec![(0, a1, Fact::Queued { function: FunctionId(1), payload: one })],
            vec![(0, a1, Fact::EmptyReceive { queue: QueueId(0) })],
            vec![(0, a1, tried(one, zero, false)), (0, a1, tried(two, zero, false))],
            vec![(0, a1, tried(two, zero, false)), (0, a1, tried(one, zero, false))],
        ];
        let digests: std::collections::BTreeSet<String> =
            variants.iter().map(|facts| digest_of(&register, facts).to_string()).collect();
        assert_eq!(digests.len(), variants.len());
        assert!(digests.iter().all(|digits| digits.len() == 16));
    }

    #[test]
    fn the_slot_of_a_payload_is_not_in_the_digest() {
        let digest = |before: u64| {
            let mut register = Register::default();
            for number in 0..before {
                register.arrive(CallId(1), 77, number, Time::ZERO);
            }
            let payload = register.arrive(CallId(0), 1000, 1, Time::ZERO);
            let arrived = Fact::Arrived { call: CallId(0), payload };
            digest_of(&register, &[(5, Rule::ALL[0], arrived)])
        };
        assert_eq!(digest(0), digest(9));
    }

    #[test]
    fn the_fold_is_the_documented_one() {
        // By hand from the formula above: kind 37, queue 2, the first rule; no payload.
        let head = 37u64 << 56 ^ (3u64 << 16 | 2) << 32 ^ fnv1a(Rule::ALL[0].id());
        let when = 9u64.wrapping_add(C0).wrapping_mul(K0);
        let expected = (when ^ head.wrapping_mul(K1).rotate_left(29)).wrapping_mul(K0);
        let empty = Fact::EmptyReceive { queue: QueueId(2) };
        let found = digest_of(&Register::default(), &[(9, Rule::ALL[0], empty)]);
        assert_eq!(found, Fingerprint(expected));
    }
}
