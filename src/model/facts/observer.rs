//! Who is told of facts, and what surrounds one.

use super::Fact;
use crate::{
    kernel::{Span, Time},
    model::{
        config::Resources,
        register::{Place, Register},
        rule::Rule,
        vocabulary::{PayloadId, QueueId},
    },
};

/// Watches a run. It cannot touch the model.
pub trait Observer {
    /// A fact, at the moment it becomes true.
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact);
    /// The clock passes a sampling point: the age of the queue's oldest message, which only it knows.
    fn sampled(&mut self, _now: Time, _queue: QueueId, _oldest: Option<Span>) {}
    /// The resources are these from now on.
    fn configured(&mut self, _now: Time, _resources: &Resources) {}
}

/// Nobody watches.
impl Observer for () {
    fn saw(&mut self, _: &Moment<'_>, _: &Fact) {}
}

/// One watches whose kind is not known.
impl Observer for &mut dyn Observer {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        (**self).saw(moment, fact);
    }
    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        (**self).sampled(now, queue, oldest);
    }
    fn configured(&mut self, now: Time, resources: &Resources) {
        (**self).configured(now, resources);
    }
}

/// Two watch.
impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline]
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        self.0.saw(moment, fact);
        self.1.saw(moment, fact);
    }
    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        self.0.sampled(now, queue, oldest);
        self.1.sampled(now, queue, oldest);
    }
    fn configured(&mut self, now: Time, resources: &Resources) {
        self.0.configured(now, resources);
        self.1.configured(now, resources);
    }
}

/// Perhaps one watches.
impl<A: Observer> Observer for Option<A> {
    #[inline]
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        if let Some(observer) = self {
            observer.saw(moment, fact);
        }
    }
    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        if let Some(observer) = self {
            observer.sampled(now, queue, oldest);
        }
    }
    fn configured(&mut self, now: Time, resources: &Resources) {
        if let Some(observer) = self {
            observer.configured(now, resources);
        }
    }
}

/// What surrounds a fact.
#[derive(Debug)]
pub struct Moment<'a> {
    /// When.
    pub now: Time,
    /// Which rule says so.
    pub rule: Rule,
    /// What is known of the payloads; the fact's own is there.
    pub register: &'a Register,
    /// The payload moved from here to there in the ledger, if the fact moved it.
    pub moved: Option<(PayloadId, Place, Place)>,
}
