//! The `Retry` field of a Step Functions state: which errors are tried again, and when (SC80 to SC85).

use crate::kernel::{Draw, Span};

/// One entry of `Retry`, with its defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`.
    pub errors: Vec<String>,
    /// `IntervalSeconds`: the first wait.
    pub interval: Span,
    /// `MaxAttempts`: retries, not attempts.
    pub retries_max: u32,
    /// `BackoffRate`: each wait is so many times the one before.
    pub rate: f64,
    /// `MaxDelaySeconds`: the longest wait.
    pub cap: Option<Span>,
    /// `JitterStrategy: FULL`.
    pub full_jitter: bool,
}

impl Retrier {
    /// `ErrorEquals` of both the recommended block and the console's.
    const SERVICE: [&str; 4] = [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ];

    /// The block that AWS recommends for Lambda tasks (SC82): 2, 4, 8, 16, 32 and 64 s; throttles are not in it.
    pub fn recommended() -> Retrier {
        Retrier {
            errors: Self::SERVICE[..3].iter().map(ToString::to_string).collect(),
            interval: Span::secs(2),
            retries_max: 6,
            rate: 2.0,
            cap: None,
            full_jitter: false,
        }
    }

    /// The block that the console writes (SC84).
    pub fn console() -> Retrier {
        Retrier {
            errors: Self::SERVICE.iter().map(ToString::to_string).collect(),
            interval: Span::secs(1),
            retries_max: 3,
            rate: 2.0,
            cap: None,
            full_jitter: true,
        }
    }

    /// Whether it is for this error.
    pub fn fits(&self, error: &str) -> bool {
        self.errors.iter().any(|name| match name.as_str() {
            "States.ALL" => true,
            "States.TaskFailed" => error != "States.Timeout",
            name => name == error,
        })
    }

    /// The wait before retry `retry` (from 0); none when they are spent.
    pub fn wait(&self, retry: u32, draw: &mut Draw) -> Option<Span> {
        if self.retries_max <= retry {
            return None;
        }
        let mut nominal = self.interval;
        for _ in 0..retry {
            nominal = nominal.scaled(self.rate);
        }
        let nominal = self.cap.map_or(nominal, |cap| nominal.min(cap));
        Some(if self.full_jitter { nominal.scaled(draw.unit()) } else { nominal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    fn waits(retrier: &Retrier) -> Vec<Option<u64>> {
        let stream = Stream::new(1, "test");
        let wait = |n| retrier.wait(n, &mut stream.draw(0, n)).map(Span::as_nanos);
        (0..8).map(|n| wait(n).map(|nanos| nanos / 1_000_000_000)).collect()
    }

    #[test]
    fn sc82_the_recommended_block_doubles_six_times() {
        let block = Retrier::recommended();
        let expected = [Some(2), Some(4), Some(8), Some(16), Some(32), Some(64), None, None];
        assert_eq!(waits(&block), expected);
        assert!(block.fits("Lambda.ServiceException"));
        assert!(!block.fits("Lambda.TooManyRequestsException") && !block.fits("Error"));
    }

    #[test]
    fn sc84_the_console_s_block_takes_throttles_and_spreads_its_waits() {
        let block = Retrier::console();
        assert!(block.fits("Lambda.TooManyRequestsException"));
        let stream = Stream::new(1, "test");
        let whole: f64 = (0..10_000)
            .flat_map(|n| (0..3).map(move |retry| (n, retry)))
            .filter_map(|(n, retry)| block.wait(retry, &mut stream.draw(n, retry)))
            .map(Span::as_secs_f64)
            .sum();
        assert!((whole / 10_000.0 - 3.5).abs() < 0.05, "half of 1 + 2 + 4: {whole}");
    }

    #[test]
    fn a_cap_and_the_words_for_many_errors() {
        let block = Retrier { cap: Some(Span::secs(5)), ..Retrier::recommended() };
        assert_eq!(waits(&block)[..4], [Some(2), Some(4), Some(5), Some(5)]);
        let all = Retrier { errors: vec!["States.ALL".into()], ..Retrier::recommended() };
        let failed = Retrier { errors: vec!["States.TaskFailed".into()], ..all.clone() };
        assert!(all.fits("States.Timeout") && !failed.fits("States.Timeout"));
        assert!(failed.fits("Error"));
    }
}
