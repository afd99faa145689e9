//! How many batches at once a mapping is given (E25, E35 to E38).

use crate::kernel::Span;

/// The time between two steps of growth of one poller each, `per_minute` of them at least one.
pub fn growth_step(per_minute: u32) -> Span {
    Span::nanos(Span::mins(1).as_nanos() / u64::from(per_minute))
}

/// How many pollers a failed batch costs a mapping that has `pollers` (assumed: Z4).
///
/// With growth of 5 a second this settles at the concurrencies that were measured on AWS: of 60 at
/// 50 ms a run, about 25 at 1 % of errors, 16 at 5 %, 13 at 10 % (E28). Their spread is a power of
/// the error rate of -0.28, so a step must cost a power of 1/0.28 - 1 of what there is.
pub fn cost_of_error(pollers: f64) -> f64 {
    const FACTOR: f64 = 2.55e-4;
    const POWER: f64 = 2.57;
    FACTOR * libm::pow(pollers, POWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where growth of 5 a second and the cost of errors balance, for runs of 50 ms.
    fn balance(error_rate: f64) -> f64 {
        let mut pollers = 60.0;
        for _ in 0..100_000 {
            let errors_per_second = error_rate * pollers / 0.05;
            pollers += 0.001 * (5.0 - errors_per_second * cost_of_error(pollers));
        }
        pollers
    }

    #[test]
    fn e25_errors_settle_at_the_concurrency_measured_on_aws() {
        assert!((balance(0.01) - 25.0).abs() < 1.0);
        assert!((balance(0.05) - 16.0).abs() < 1.0);
        assert!((balance(0.10) - 13.0).abs() < 1.0);
    }

    #[test]
    fn e36_three_hundred_a_minute_is_one_in_two_hundred_milliseconds() {
        assert_eq!(growth_step(300), Span::millis(200));
    }
}
