//! What a recording has of each bin.

use super::{BINS_MAX, Stats};
use crate::{kernel::Span, observe::measure::Form};
use serde::{Deserialize, Serialize};

/// What happened in each bin: how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts(pub(super) Vec<u64>);

impl Counts {
    pub(super) fn add(&mut self, bin: usize, n: u64) {
        if self.0.len() <= bin {
            self.0.resize(bin + 1, 0);
        }
        self.0[bin] = self.0[bin].saturating_add(n);
    }

    /// What is left where so many of each bin are taken off.
    pub(super) fn without(&self, others: &Counts) -> Counts {
        let rest = self.0.iter().enumerate();
        Counts(rest.map(|(bin, n)| n.saturating_sub(others.at(bin))).collect())
    }

    pub(super) fn halve(&mut self) {
        self.0 = self.0.chunks(2).map(|pair| pair.iter().sum()).collect();
    }

    /// How many there were in a bin.
    pub fn at(&self, bin: usize) -> u64 {
        self.0.get(bin).copied().unwrap_or(0)
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// A level in each bin: the highest, and the one at the bin's end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    pub(super) now: u64,
    bins: Vec<(u64, u64)>,
}

impl Levels {
    /// In a bin the level was so high at the highest, the one at its beginning included, and is `last` now.
    pub(super) fn put(&mut self, bin: usize, highest: u64, last: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, (self.now, self.now));
        }
        self.now = last;
        let of_bin = &mut self.bins[bin];
        *of_bin = (of_bin.0.max(highest), last);
    }

    /// A level that changes rarely goes up or down by one.
    pub(super) fn step(&mut self, bin: usize, up: bool) {
        let level = if up { self.now + 1 } else { self.now.saturating_sub(1) };
        self.put(bin, level, level);
    }

    pub(super) fn halve(&mut self) {
        let join = |pair: &[(u64, u64)]| {
            let highest = pair.iter().map(|(highest, _)| *highest).max().unwrap_or(0);
            (highest, pair.last().map_or(0, |(_, last)| *last))
        };
        self.bins = self.bins.chunks(2).map(join).collect();
    }

    /// The highest of a bin; after the last change the level stays.
    pub fn highest(&self, bin: usize) -> u64 {
        self.bins.get(bin).map_or(self.now, |(highest, _)| *highest)
    }

    /// The level at the end of a bin.
    pub fn last(&self, bin: usize) -> u64 {
        self.bins.get(bin).map_or(self.now, |(_, last)| *last)
    }

    /// The level at the end of the run.
    pub fn ended(&self) -> u64 {
        self.now
    }

    /// The highest of all.
    pub fn peak(&self) -> u64 {
        self.bins.iter().map(|(highest, _)| *highest).max().unwrap_or(self.now)
    }
}

/// Ages in narrow classes, 16 to an octave: a class is 4 to 6 % wide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ages {
    /// A bin's classes that have some, each with how many, in order.
    bins: Vec<Vec<(u16, u64)>>,
}

impl Ages {
    /// Ages below this, half a millisecond, are one class.
    const SMALLEST: u32 = 19;
    /// How many classes there are.
    pub(super) const CLASSES: u16 = (64 - Ages::SMALLEST as u16) * 16;

    /// The class of an age.
    pub(super) fn class(age: Span) -> u16 {
        let age = age.as_nanos().max(1 << Ages::SMALLEST);
        let octave = 63 - age.leading_zeros();
        let within = (age >> (octave - 4)) & 15;
        u16::try_from(u64::from(octave - Ages::SMALLEST) * 16 + within).expect("720 at most")
    }

    /// From which age to below which a class goes; the lowest begins at 0.
    pub fn range(class: u16) -> (Span, Span) {
        let from = |class: u16| {
            let octave = u32::from(class / 16) + Ages::SMALLEST;
            Span::nanos((16 + u64::from(class % 16)) << (octave - 4))
        };
        (if class == 0 { Span::ZERO } else { from(class) }, from(class + 1))
    }

    pub(super) fn add(&mut self, bin: usize, class: u16, n: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, Vec::new());
        }
        add(&mut self.bins[bin], class, n);
    }

    pub(super) fn halve(&mut self) {
        let join = |pair: &mut [Vec<(u16, u64)>]| {
            let [first, rest @ ..] = pair else { return Vec::new() };
            let mut joined = std::mem::take(first);
            rest.iter().flatten().for_each(|(class, n)| add(&mut joined, *class, *n));
            joined
        };
        self.bins = self.bins.chunks_mut(2).map(join).collect();
    }

    /// The classes of a bin that have some, in order.
    pub fn at(&self, bin: usize) -> &[(u16, u64)] {
        self.bins.get(bin).map_or(&[], Vec::as_slice)
    }

    /// The classes of all bins together.
    pub fn all(&self) -> Vec<(u16, u64)> {
        let mut all = Vec::new();
        self.bins.iter().flatten().for_each(|(class, n)| add(&mut all, *class, *n));
        all
    }

    /// The age that so many of a hundred of these did not exceed: the upper end of its class.
    pub fn quantile(classes: &[(u16, u64)], percent: u64) -> Option<Span> {
        let all: u64 = classes.iter().map(|(_, n)| n).sum();
        let rank = (all * percent).div_ceil(100).max(1);
        let mut below = 0;
        let found = classes.iter().find(|(_, n)| {
            below += n;
            rank <= below
        });
        found.map(|(class, _)| Ages::range(*class).1)
    }
}

fn add(classes: &mut Vec<(u16, u64)>, class: u16, n: u64) {
    match classes.binary_search_by_key(&class, |(class, _)| *class) {
        Ok(at) => classes[at].1 += n,
        Err(at) => classes.insert(at, (class, n)),
    }
}

/// Samples in each bin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// How many, their sum, and the largest, of each bin; 0 where there was none.
    bins: Vec<(u64, u64, u64)>,
}

impl Sampled {
    pub(super) fn put(&mut self, bin: usize, n: u64, sum: u64, max: u64) {
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, (0, 0, 0));
        }
        let of_bin = &mut self.bins[bin];
        *of_bin = (of_bin.0 + n, of_bin.1.saturating_add(sum), of_bin.2.max(max));
    }

    pub(super) fn halve(&mut self) {
        let join = |pair: &[(u64, u64, u64)]| {
            pair.iter().fold((0, 0, 0), |all: (u64, u64, u64), one| {
                (all.0 + one.0, all.1.saturating_add(one.1), all.2.max(one.2))
            })
        };
        self.bins = self.bins.chunks(2).map(join).collect();
    }

    /// The largest of a bin, as it is kept (nanoseconds, for a time); none if there was no sample.
    pub fn max(&self, bin: usize) -> Option<u64> {
        self.bins.get(bin).filter(|(n, ..)| *n > 0).map(|(.., max)| *max)
    }

    /// The mean of a bin, as it is kept; none if there was no sample.
    pub fn mean(&self, bin: usize) -> Option<f64> {
        self.bins.get(bin).filter(|(n, ..)| *n > 0).map(|(n, sum, _)| *sum as f64 / *n as f64)
    }

    /// How many there were in a bin.
    pub fn count(&self, bin: usize) -> u64 {
        self.bins.get(bin).map_or(0, |(n, ..)| *n)
    }

    /// The largest of all bins.
    pub fn peak(&self) -> Option<u64> {
        self.bins.iter().filter(|(n, ..)| *n > 0).map(|(.., max)| *max).max()
    }
}

/// A measure of a resource, bin by bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bins {
    /// Of a count or an amount: how many in each bin, or how much of what is kept (see
    /// [`Unit`](crate::observe::measure::Unit)).
    Counts(Counts),
    /// Of a gauge.
    Levels(Levels),
    /// Of a distribution.
    Sampled(Sampled),
}

impl Bins {
    pub(super) fn new(form: Form) -> Bins {
        match form {
            Form::Counter | Form::Tally => Bins::Counts(Counts::default()),
            Form::Gauge => Bins::Levels(Levels::default()),
            Form::Samples => Bins::Sampled(Sampled::default()),
        }
    }

    pub(super) fn put(&mut self, bin: usize, stats: Stats) {
        let whole = |n: i128| u64::try_from(n.max(0)).unwrap_or(u64::MAX);
        let (highest, last) = (whole(stats.max.into()), whole(stats.last.into()));
        match self {
            Bins::Counts(counts) => counts.add(bin, whole(stats.sum)),
            Bins::Levels(levels) => levels.put(bin, highest, last),
            Bins::Sampled(sampled) => sampled.put(bin, stats.samples, whole(stats.sum), highest),
        }
    }

    pub(super) fn halve(&mut self) {
        match self {
            Bins::Counts(counts) => counts.halve(),
            Bins::Levels(levels) => levels.halve(),
            Bins::Sampled(sampled) => sampled.halve(),
        }
    }

    /// How many there were in these bins, the highest level, or the largest sample.
    pub fn over(&self, bins: std::ops::Range<usize>) -> u64 {
        match self {
            Bins::Counts(counts) => bins.map(|bin| counts.at(bin)).sum(),
            Bins::Levels(levels) => bins.map(|bin| levels.highest(bin)).max().unwrap_or(0),
            Bins::Sampled(sampled) => bins.filter_map(|bin| sampled.max(bin)).max().unwrap_or(0),
        }
    }

    /// The highest of all bins.
    pub fn peak(&self) -> u64 {
        match self {
            Bins::Counts(counts) => (0..BINS_MAX).map(|bin| counts.at(bin)).max().unwrap_or(0),
            Bins::Levels(levels) => levels.peak(),
            Bins::Sampled(sampled) => sampled.peak().unwrap_or(0),
        }
    }
}
