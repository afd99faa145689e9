//! How many requests AWS makes of what is sent, received or deleted at once (C4).

/// A payload is billed in pieces of this size.
const PIECE_BYTES: u64 = 64 * 1024;
/// Messages that one call of SQS's API carries at most.
const CALL_MESSAGES_MAX: u32 = 10;

/// The requests that a call with so much payload is billed as: every begun 64 KiB, and one at least.
#[inline]
pub fn of_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(PIECE_BYTES).max(1)
}

/// The requests of receiving messages of these sizes: calls of ten, each by all that it carries. One
/// that comes back empty is a request too.
pub fn of_receive(sizes: impl Iterator<Item = u64>) -> u64 {
    let (mut requests, mut messages, mut bytes) = (0, 0, 0);
    for size in sizes {
        if messages == CALL_MESSAGES_MAX {
            requests += of_bytes(bytes);
            (messages, bytes) = (0, 0);
        }
        messages += 1;
        bytes += size;
    }
    requests + of_bytes(bytes)
}

/// The requests of deleting so many messages at once: a call for each begun ten.
#[inline]
pub fn of_deletes(messages: u32) -> u64 {
    u64::from(messages.div_ceil(CALL_MESSAGES_MAX))
}

/// Whether deleting the `nth` message of several at once takes a call more.
#[inline]
pub fn begins_delete(nth: u32) -> bool {
    nth % CALL_MESSAGES_MAX == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    #[test]
    fn c4_every_begun_64_kib_is_a_request() {
        let sizes = [0, 1, 64 * KIB, 64 * KIB + 1, 256 * KIB, 1024 * KIB];
        assert_eq!(sizes.map(of_bytes), [1, 1, 1, 2, 4, 16]);
    }

    #[test]
    fn c4_a_call_carries_ten_messages_and_is_billed_by_all_of_them() {
        let receive = |size: u64, messages| of_receive(std::iter::repeat_n(size, messages));
        assert_eq!(receive(KIB, 0), 1, "nothing came, and the call was made");
        assert_eq!([1, 10, 11, 20, 21].map(|n| receive(KIB, n)), [1, 1, 2, 2, 3]);
        assert_eq!(receive(10 * KIB, 10), 2, "100 KiB in one call");
        assert_eq!([0, 1, 10, 11, 100].map(of_deletes), [0, 1, 1, 2, 10]);
        let one_by_one = |n: u32| (1..=n).filter(|nth| begins_delete(*nth)).count() as u64;
        assert!((0..40).all(|n| one_by_one(n) == of_deletes(n)));
    }
}
