//! Who is told of facts, and what surrounds one.

use super::Fact;
use crate::{
    kernel::{Span, Time},
    model::{
        config::Resources,
        register::{Move, Register},
        rule::Rule,
        vocabulary::{PayloadId, QueueId},
    },
};
use std::{cell::RefCell, rc::Rc};

/// Watches a run. It cannot touch the model.
pub trait Observer {
    /// A fact, at the moment it becomes true.
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact);
    /// The clock passes a sampling point: the age of the queue's oldest message, which only it knows.
    fn sampled(&mut self, _now: Time, _queue: QueueId, _oldest: Option<Span>) {}
    /// The resources are these from now on.
    fn configured(&mut self, _now: Time, _resources: &Resources) {}
    /// The run ended at `at`, since everything rests: nothing more happens. `oldest` says how old the
    /// oldest message of a queue is at a later time, if all stays where it is.
    fn rested(&mut self, _at: Time, _oldest: &OldestAt<'_>) {}
    /// An arrival is over: nothing of it is held any more, and its outcome is final. Of those that are not
    /// over when the run ends, the register knows.
    fn over(&mut self, _now: Time, _register: &Register, _root: PayloadId) {}
}

/// The age of the oldest message of a queue at some time, if there is one.
pub type OldestAt<'a> = dyn Fn(QueueId, Time) -> Option<Span> + 'a;

/// Nobody watches.
impl Observer for () {
    fn saw(&mut self, _: &Moment<'_>, _: &Fact) {}
}

macro_rules! passes_on {
    ($($(#[doc = $doc:literal])+ $type:ty: |$it:ident| $observer:expr;)*) => {$(
        $(#[doc = $doc])+
        impl<O: Observer + ?Sized> Observer for $type {
            fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
                let $it = self;
                $observer.saw(moment, fact);
            }
            fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
                let $it = self;
                $observer.sampled(now, queue, oldest);
            }
            fn configured(&mut self, now: Time, resources: &Resources) {
                let $it = self;
                $observer.configured(now, resources);
            }
            fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
                let $it = self;
                $observer.over(now, register, root);
            }
            fn rested(&mut self, at: Time, oldest: &OldestAt<'_>) {
                let $it = self;
                $observer.rested(at, oldest);
            }
        }
    )*};
}

passes_on! {
    /// One watches who is shared with whoever reads what it saw.
    Rc<RefCell<O>>: |it| it.borrow_mut();
    /// One watches that somebody else has.
    &mut O: |it| (**it);
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
    #[inline]
    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        self.0.over(now, register, root);
        self.1.over(now, register, root);
    }
    fn rested(&mut self, at: Time, oldest: &OldestAt<'_>) {
        self.0.rested(at, oldest);
        self.1.rested(at, oldest);
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
    #[inline]
    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        if let Some(observer) = self {
            observer.over(now, register, root);
        }
    }
    fn rested(&mut self, at: Time, oldest: &OldestAt<'_>) {
        if let Some(observer) = self {
            observer.rested(at, oldest);
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
    /// How the payload moved in the ledger, if the fact moved it.
    pub moved: Option<Move>,
}
