//! What AWS's SDKs do with an answer that they may try again: waits, quota, and the adaptive rate (SR1 to SR9).
//!
//! Where it says so the formulas and constants are those of botocore, the SDK for Python.

use crate::kernel::{Draw, Span, Time};

/// `retry_mode`, by generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// boto3's default until November 2026: waits up to 2^i s, no quota (SR1).
    Legacy,
    /// `standard` as it was until 2026 (SR2, SR5).
    Standard,
    /// `standard` since: short waits where nothing throttled (SR3, SR6). Today's default (SR9).
    Standard2026,
    /// The same with a rate of its own, which throttling lowers (SR4, SR7).
    Adaptive,
}

impl Mode {
    /// Attempts in all where nothing else is said.
    pub const fn attempts(self) -> u32 {
        match self {
            Mode::Legacy => 5,
            Mode::Standard | Mode::Standard2026 | Mode::Adaptive => 3,
        }
    }

    /// The wait before retry `retry` (from 0).
    pub fn wait(self, failure: Failure, retry: u32, draw: &mut Draw) -> Span {
        const CAP: Span = Span::secs(20);
        let nominal = match self {
            Mode::Legacy => Span::secs(1).doubled(retry),
            Mode::Standard => Span::secs(1).doubled(retry).min(CAP),
            Mode::Standard2026 | Mode::Adaptive => {
                let base = match failure {
                    Failure::Throttled => Span::secs(1),
                    Failure::Transient | Failure::TimedOut => Span::millis(50),
                };
                base.doubled(retry).min(CAP)
            }
        };
        nominal.scaled(draw.unit())
    }

    /// What a retry costs of the quota; none: there is no quota.
    const fn cost(self, failure: Failure) -> Option<u32> {
        match (self, failure) {
            (Mode::Legacy, _) => None,
            (Mode::Standard, Failure::TimedOut) => Some(10),
            (Mode::Standard, Failure::Throttled | Failure::Transient) => Some(5),
            (Mode::Standard2026 | Mode::Adaptive, Failure::Throttled) => Some(5),
            (Mode::Standard2026 | Mode::Adaptive, Failure::Transient | Failure::TimedOut) => {
                Some(14)
            }
        }
    }
}

/// Why an attempt may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 429.
    Throttled,
    /// 5xx.
    Transient,
    /// Nothing came within the read timeout.
    TimedOut,
}

/// One SDK client: what it keeps between its requests.
#[derive(Clone, Debug)]
pub struct Client {
    mode: Mode,
    /// Tokens of the retry quota.
    quota: u32,
    limiter: Limiter,
}

/// The retry quota of a client.
const QUOTA: u32 = 500;

impl Client {
    /// A client that has not asked yet.
    pub fn new(mode: Mode) -> Client {
        Client { mode, quota: QUOTA, limiter: Limiter::default() }
    }

    /// How long a request that is to be sent at `now` is held back: only an adaptive client does (SR7).
    pub fn hold(&mut self, now: Time) -> Span {
        match self.mode {
            Mode::Adaptive => self.limiter.acquire(now),
            Mode::Legacy | Mode::Standard | Mode::Standard2026 => Span::ZERO,
        }
    }

    /// An answer came; `throttled` if it was a 429.
    pub fn heard(&mut self, now: Time, throttled: bool) {
        if self.mode == Mode::Adaptive {
            self.limiter.heard(now, throttled);
        }
    }

    /// Whether the quota lets a retry go; says what it took.
    pub fn take(&mut self, failure: Failure) -> Option<u32> {
        let Some(cost) = self.mode.cost(failure) else { return Some(0) };
        if self.quota < cost {
            return None;
        }
        self.quota -= cost;
        Some(cost)
    }

    /// A request was answered with 200, after its last retry had taken `taken` (0 without one).
    pub fn give_back(&mut self, taken: u32) {
        self.quota = (self.quota + taken.max(1)).min(QUOTA);
    }
}

/// The send rate of an adaptive client: CUBIC, as botocore has it.
#[derive(Clone, Debug, Default)]
struct Limiter {
    /// Throttling has been seen: from then on requests take tokens.
    on: bool,
    /// Tokens a second, and how many there are; below 0 they are promised.
    rate: f64,
    tokens: f64,
    filled_at: f64,
    /// Requests a second, smoothed over half seconds.
    measured: f64,
    window: f64,
    count: f64,
    /// CUBIC: the rate at the last throttle, when that was, and when it is reached again.
    top: f64,
    failed_at: f64,
    recovery: f64,
}

impl Limiter {
    const RATE_MIN: f64 = 0.5;
    const SCALE: f64 = 0.4;
    const BETA: f64 = 0.7;
    const SMOOTHING: f64 = 0.8;
    const WINDOW: f64 = 0.5;

    fn acquire(&mut self, now: Time) -> Span {
        if !self.on {
            return Span::ZERO;
        }
        self.fill(now.as_secs_f64());
        self.tokens -= 1.0;
        Span::from_nanos_f64((-self.tokens / self.rate * 1e9).max(0.0))
    }

    fn heard(&mut self, now: Time, throttled: bool) {
        let now = now.as_secs_f64();
        self.measure(now);
        let rate = if throttled {
            let sent = if self.on { self.measured.min(self.rate) } else { self.measured };
            self.top = sent;
            self.failed_at = now;
            self.recovery = libm::cbrt(sent * (1.0 - Self::BETA) / Self::SCALE);
            self.on = true;
            sent * Self::BETA
        } else {
            let since = now - self.failed_at - self.recovery;
            Self::SCALE * since * since * since + self.top
        };
        let rate = rate.min(2.0 * self.measured);
        self.fill(now);
        self.rate = rate.max(Self::RATE_MIN);
        self.tokens = self.tokens.min(rate.max(1.0));
    }

    fn measure(&mut self, now: f64) {
        let window = libm::floor(now / Self::WINDOW) * Self::WINDOW;
        self.count += 1.0;
        if self.window < window {
            let rate = self.count / (window - self.window);
            self.measured = rate * Self::SMOOTHING + self.measured * (1.0 - Self::SMOOTHING);
            (self.count, self.window) = (0.0, window);
        }
    }

    fn fill(&mut self, now: f64) {
        let filled = self.tokens + (now - self.filled_at) * self.rate;
        self.tokens = filled.min(self.rate.max(1.0));
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    fn means(mode: Mode, failure: Failure, retries: u32) -> Vec<String> {
        let stream = Stream::new(1, "test");
        let mean = |retry| {
            let waits = (0..20_000).map(|n| mode.wait(failure, retry, &mut stream.draw(n, retry)));
            waits.map(Span::as_secs_f64).sum::<f64>() / 20_000.0
        };
        (0..retries).map(|retry| format!("{:.2}", mean(retry))).collect()
    }

    #[test]
    fn sr1_sr2_sr3_waits_are_uniform_up_to_their_nominal() {
        let throttled = Failure::Throttled;
        let legacy = means(Mode::Legacy, throttled, 4);
        let near = |found: &[String], expected: &[f64]| {
            for (found, expected) in found.iter().zip(expected) {
                let found: f64 = found.parse().expect("a number");
                assert!((found / expected - 1.0).abs() < 0.05, "{found} {expected}");
            }
        };
        near(&legacy, &[0.5, 1.0, 2.0, 4.0]);
        near(&means(Mode::Standard, throttled, 7), &[0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]);
        near(&means(Mode::Standard2026, throttled, 3), &[0.5, 1.0, 2.0]);
        let long = means(Mode::Standard2026, Failure::TimedOut, 6);
        near(&long[3..], &[0.2, 0.4, 0.8]);
    }

    /// How many of `calls` failing requests, each of up to three attempts, are sent at each number of attempts.
    fn drained(mode: Mode, failure: Failure, calls: u32) -> Vec<u32> {
        let mut client = Client::new(mode);
        let attempts = (0..calls).map(|_| 1 + (0..2).map_while(|_| client.take(failure)).count());
        attempts.map(|n| u32::try_from(n).expect("at most 3")).collect()
    }

    #[test]
    fn sr5_the_old_quota_lets_fifty_throttled_calls_retry_twice() {
        let throttled = drained(Mode::Standard, Failure::Throttled, 60);
        assert_eq!(throttled.iter().filter(|n| **n == 3).count(), 50);
        assert!(throttled[50..].iter().all(|n| *n == 1));
        let timed_out = drained(Mode::Standard, Failure::TimedOut, 27);
        assert_eq!(timed_out[24..], [3, 1, 1]);
    }

    #[test]
    fn sr6_the_quota_of_2026_lets_seventeen_transient_calls_retry_twice() {
        assert_eq!(drained(Mode::Standard2026, Failure::Transient, 19)[16..], [3, 2, 1]);
        assert_eq!(drained(Mode::Standard2026, Failure::Throttled, 51)[49..], [3, 1]);
        assert_eq!(drained(Mode::Legacy, Failure::Throttled, 1000)[999], 3);
    }

    #[test]
    fn sr5_success_gives_back_what_the_last_retry_took() {
        let mut client = Client::new(Mode::Standard);
        client.give_back(0);
        assert_eq!(client.quota, QUOTA, "never above the capacity");
        for _ in 0..4 {
            client.take(Failure::Throttled);
        }
        client.give_back(5);
        client.give_back(0);
        assert_eq!(client.quota, 486);
    }

    #[test]
    fn sr7_throttling_lowers_the_rate_and_success_raises_it_again() {
        let mut client = Client::new(Mode::Adaptive);
        let at = |tick: u64| Time::ZERO + Span::millis(100 * tick);
        for tick in 0..100 {
            assert_eq!(client.hold(at(tick)), Span::ZERO, "off until the first throttle");
            client.heard(at(tick), false);
        }
        client.heard(at(100), true);
        let rate = client.limiter.rate;
        assert!((6.0..8.5).contains(&rate), "0.7 of about 10/s: {rate}");
        for _ in 0..20 {
            client.hold(at(100));
        }
        assert!(client.hold(at(100)) > Span::secs(1), "the last waits its turn");
        for tick in 101..200 {
            client.heard(at(tick), false);
        }
        assert!(client.limiter.rate > rate, "{}", client.limiter.rate);
        assert!(client.limiter.rate <= 2.0 * client.limiter.measured);
    }
}
