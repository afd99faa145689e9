//! When a caller's next payload comes: one clock for each arrival process.
//!
//! Each gap is looked up by its number, and rates that change are reached by inversion: the n-th
//! arrival keeps its luck when a rate is scaled.

use super::config::{Arrivals, Process, Segment};
use crate::kernel::{Dist, Span, Stream, Time};

/// Tells the times of one arrival process, in order.
#[derive(Debug)]
pub struct ArrivalClock {
    config: Arrivals,
    stream: Stream,
    unit: Dist,
    /// Arrivals so far, of all repetitions.
    number: u64,
    /// When the present repetition began.
    begun: Time,
    /// Position in a list of times.
    at: usize,
    /// Nanoseconds into the profile, and the segment there.
    elapsed: f64,
    segment: usize,
    next: Time,
}

impl ArrivalClock {
    /// A clock for `config`; `stream` is its own.
    pub fn new(config: &Arrivals, stream: Stream) -> ArrivalClock {
        let mut clock = ArrivalClock {
            config: config.clone(),
            stream,
            unit: Dist::exponential(1.0).expect("a mean of 1 is allowed"),
            number: 0,
            begun: config.from,
            at: 0,
            elapsed: 0.0,
            segment: 0,
            next: Time::NEVER,
        };
        clock.next = clock.first();
        clock
    }

    /// When the next arrival comes; [`Time::NEVER`] if none does.
    pub fn next(&self) -> Time {
        self.next
    }

    /// How many come at once.
    pub fn count(&self) -> u64 {
        self.config.count
    }

    /// Goes on under changed settings from `now`: what was to come is drawn anew.
    pub fn reconfigure(&mut self, config: &Arrivals, now: Time) {
        if *config == self.config {
            return;
        }
        let number = self.number;
        *self = ArrivalClock::new(config, self.stream);
        self.number = number;
        if self.begun < now {
            match self.config.process {
                Process::Poisson(_) | Process::Every(_) => {
                    self.begun = now;
                    self.next = self.first();
                }
                Process::At(_) | Process::Profile(_) | Process::Closed { .. } => {
                    while self.next < now {
                        self.step();
                    }
                }
            }
        }
    }

    /// Goes on to the arrival after the present one.
    #[inline]
    pub fn step(&mut self) {
        self.number += 1;
        let next = match &self.config.process {
            Process::Poisson(rate) => {
                let gap = self.unit.sample(&mut self.stream.draw(self.number, 0)) / rate;
                self.next.saturating_add(Span::from_nanos_f64(gap))
            }
            Process::Every(gap) => self.next.saturating_add(*gap),
            Process::At(times) => {
                self.at += 1;
                listed(times, self.at, self.begun)
            }
            Process::Profile(_) => self.profiled(),
            Process::Closed { .. } => Time::NEVER,
        };
        self.next = self.within(next);
    }

    fn first(&mut self) -> Time {
        let next = self.begin();
        self.within(next)
    }

    /// The first arrival from `begun` on.
    fn begin(&mut self) -> Time {
        match &self.config.process {
            Process::Poisson(rate) => {
                let gap = self.unit.sample(&mut self.stream.draw(self.number, 0)) / rate;
                self.begun.saturating_add(Span::from_nanos_f64(gap))
            }
            Process::Every(_) => self.begun,
            Process::At(times) => listed(times, 0, self.begun),
            Process::Profile(_) => self.profiled(),
            Process::Closed { .. } => Time::NEVER,
        }
    }

    /// `next`, if it is in time; else the first of the next repetition that has one, if there is one.
    fn within(&mut self, mut next: Time) -> Time {
        while let Some(period) = self.config.repeat {
            let end = self.begun.saturating_add(period);
            if next < end || self.config.until <= end || Time::LAST <= end {
                break;
            }
            self.begun = end;
            (self.at, self.elapsed, self.segment) = (0, 0.0, 0);
            self.number += 1; // A repetition without an arrival must not meet the same luck again.
            next = self.begin();
        }
        let last = self.config.repeat.map_or(Time::NEVER, |p| self.begun.saturating_add(p));
        if next < self.config.until && next < last { next } else { Time::NEVER }
    }

    /// The next arrival of a rate that changes: where the area under it has grown by a unit draw.
    fn profiled(&mut self) -> Time {
        let Process::Profile(segments) = &self.config.process else {
            unreachable!("only a profile asks")
        };
        let mut area = self.unit.sample(&mut self.stream.draw(self.number, 0));
        loop {
            let Some(segment) = segments.get(self.segment) else { return Time::NEVER };
            let begin = match self.segment.checked_sub(1) {
                None => 0.0,
                Some(before) => segments[before].until.as_nanos() as f64,
            };
            let end = segment.until.as_nanos() as f64;
            let whole = area_under(segment, begin, self.elapsed, end);
            if area < whole {
                self.elapsed = inverse(segment, begin, self.elapsed, area);
                return self.begun.saturating_add(Span::from_nanos_f64(self.elapsed));
            }
            area -= whole;
            self.elapsed = end;
            self.segment += 1;
        }
    }
}

/// The `at`-th time of a list, counted from `begun`.
fn listed(times: &[Time], at: usize, begun: Time) -> Time {
    match times.get(at) {
        Some(time) => begun.saturating_add(time.since(Time::ZERO)),
        None => Time::NEVER,
    }
}

/// The rate of a segment at `x`, both counted from the profile's beginning.
fn rate_at(segment: &Segment, begin: f64, x: f64) -> f64 {
    let length = segment.until.as_nanos() as f64 - begin;
    if length == 0.0 {
        return segment.last;
    }
    segment.first + (segment.last - segment.first) * ((x - begin) / length)
}

fn area_under(segment: &Segment, begin: f64, from: f64, to: f64) -> f64 {
    (rate_at(segment, begin, from) + rate_at(segment, begin, to)) / 2.0 * (to - from)
}

/// Where the area under the segment, from `from` on, is `area`.
fn inverse(segment: &Segment, begin: f64, from: f64, area: f64) -> f64 {
    let length = segment.until.as_nanos() as f64 - begin;
    let slope = (segment.last - segment.first) / length;
    let here = rate_at(segment, begin, from);
    // Solve here * x + slope * x^2 / 2 = area; this form of the root divides by no small slope.
    let root = libm::sqrt((here * here + 2.0 * slope * area).max(0.0));
    from + 2.0 * area / (here + root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(process: Process) -> ArrivalClock {
        ArrivalClock::new(&plain(process), Stream::new(1, "test"))
    }

    fn plain(process: Process) -> Arrivals {
        Arrivals {
            process,
            from: Time::ZERO,
            until: Time::ZERO + Span::secs(1000),
            count: 1,
            repeat: None,
        }
    }

    fn times(mut clock: ArrivalClock) -> Vec<Time> {
        let mut times = Vec::new();
        while clock.next() < Time::NEVER {
            times.push(clock.next());
            clock.step();
        }
        times
    }

    fn secs(at: &[u64]) -> Vec<Time> {
        at.iter().map(|s| Time::ZERO + Span::secs(*s)).collect()
    }

    #[test]
    fn every_begins_at_from_and_stops_before_until() {
        let config = Arrivals {
            from: Time::ZERO + Span::secs(5),
            until: Time::ZERO + Span::secs(8),
            ..plain(Process::Every(Span::secs(1)))
        };
        assert_eq!(times(ArrivalClock::new(&config, Stream::new(1, "t"))), secs(&[5, 6, 7]));
    }

    #[test]
    fn a_list_that_repeats_begins_again() {
        let config = Arrivals {
            until: Time::ZERO + Span::secs(25),
            repeat: Some(Span::secs(10)),
            ..plain(Process::At(secs(&[1, 3]).into()))
        };
        let clock = ArrivalClock::new(&config, Stream::new(1, "t"));
        assert_eq!(times(clock), secs(&[1, 3, 11, 13, 21, 23]));
    }

    #[test]
    fn a_flat_profile_is_a_poisson_process_of_the_same_luck() {
        let rate = 3.0 / 1e9;
        let until = Span::secs(1000);
        let flat =
            times(clock(Process::Profile([Segment { until, first: rate, last: rate }].into())));
        let poisson = times(clock(Process::Poisson(rate)));
        assert_eq!(flat.len(), poisson.len());
        let apart = flat.iter().zip(&poisson).map(|(a, b)| a.as_nanos().abs_diff(b.as_nanos()));
        assert!(apart.max() < Some(1_000), "the same but for the rounding of sums");
        let expected = 3000.0;
        assert!((flat.len() as f64 - expected).abs() < 4.0 * libm::sqrt(expected));
    }

    #[test]
    fn a_ramp_has_the_area_of_its_triangle() {
        let ramp = Segment { until: Span::secs(1000), first: 0.0, last: 20.0 / 1e9 };
        let number = times(clock(Process::Profile([ramp].into()))).len() as f64;
        assert!((number - 10_000.0).abs() < 400.0, "{number}");
    }
}
