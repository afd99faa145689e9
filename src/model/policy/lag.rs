//! How many pollers a mapping on Kafka has: it looks at the lag each minute, and goes from the fewest to
//! the most, or back, within three looks (O4).

/// Looks that it takes from the fewest pollers to the most (O4: three minutes, a look each).
const LOOKS: u32 = 3;

/// The pollers after a look, between `min` and `max`, which is not below it. `lags`: records wait.
pub fn pollers(now: u32, lags: bool, min: u32, max: u32) -> u32 {
    let step = (max - min).div_ceil(LOOKS);
    let next = if lags { now.saturating_add(step) } else { now.saturating_sub(step) };
    next.clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o4_from_one_to_all_in_three_looks_and_back() {
        let looks = [true, true, true, true, false, false, false, false];
        let mut now = 1;
        let all = looks.map(|lags| {
            now = pollers(now, lags, 1, 12);
            now
        });
        assert_eq!(all, [5, 9, 12, 12, 8, 4, 1, 1]);
        assert_eq!(pollers(1, true, 1, 1), 1);
        assert_eq!(pollers(9, true, 2, 4), 4, "fewer partitions than it had");
    }
}
