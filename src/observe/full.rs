//! What a run is watched by when more is asked than what every run has: windows and filters of thresholds, the order of
//! FIFO groups, a trace, a live view, or an observer of one's own.

use super::{
    RowSink,
    group_order::GroupOrder,
    live::{Live, Ticker},
    measure::typed as m,
    point::{Sink, SinkOf, points},
    probe::{Probes, ProbesNow},
    story::Story,
    trace::Trace,
    watch::{Asked, Outcome, Watch, count_configured},
};
use crate::{
    kernel::{Span, Time},
    model::{
        Fact, Moment, Observer, Register,
        config::{Config, Resources},
        facts::OldestAt,
        vocabulary::{PayloadId, QueueId},
    },
};
use std::{fmt, sync::Arc};

/// Everything that can watch a run; each part only where it is asked for.
#[derive(Default)]
pub struct Full<'a> {
    watch: Option<Watch>,
    probes: Probes,
    group_order: Option<Box<GroupOrder>>,
    trace: Option<Trace<RowSink<'a>>>,
    /// The last facts, for who looks at the run while it goes on, and the story of what is followed.
    live: Option<Box<(Ticker, Option<Story>)>>,
    /// An observer of its own, which sees every fact after the others.
    beside: Option<Box<dyn Observer + 'a>>,
}

impl fmt::Debug for Full<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Full").field("watch", &self.watch).finish_non_exhaustive()
    }
}

impl<'a> Full<'a> {
    /// Watches a run of `config` and takes what is `asked`.
    pub fn new(config: &Config, asked: impl Into<Asked>) -> Full<'a> {
        let (watch, probes) = Watch::new(config, asked.into());
        let group_order = GroupOrder::new(&config.resources, &config.catalog).map(Box::new);
        Full { watch: Some(watch), probes, group_order, ..Full::default() }
    }

    /// Only `observer` watches.
    pub fn only(observer: impl Observer + 'a) -> Full<'a> {
        Full { beside: Some(Box::new(observer)), ..Full::default() }
    }

    /// Gives each fact to `trace`, too.
    pub fn with_trace(mut self, config: &Config, trace: Option<RowSink<'a>>) -> Full<'a> {
        self.trace = trace.map(|sink| Trace::new(Arc::clone(&config.resources), sink));
        self
    }

    /// Gives every fact to `observer` too, after all others.
    pub fn beside(mut self, observer: impl Observer + 'a) -> Full<'a> {
        self.beside = Some(Box::new(observer));
        self
    }

    /// Keeps what is now for who looks at the run while it goes on.
    pub fn with_live(mut self, config: &Config) -> Full<'a> {
        self.live = Some(Box::new((Ticker::new(config), None)));
        self
    }

    /// What is now; it is there where [`Full::with_live`] was asked for.
    pub fn live(&self) -> Option<Live<'_>> {
        Some(Live::new(self.watch.as_ref()?, &self.live.as_ref()?.0))
    }

    /// Brings what is now up to `now`.
    pub fn refresh(&mut self, now: Time) {
        if let Some(watch) = &mut self.watch {
            watch.refresh(now);
        }
        self.pass_on();
    }

    /// The story of what is followed, if it has been read back.
    pub fn story(&self) -> Option<&Story> {
        self.live.as_ref()?.1.as_ref()
    }

    /// From now on this story goes on, or none.
    pub fn follow(&mut self, story: Option<Story>) {
        if let Some(live) = &mut self.live {
            live.1 = story;
        }
    }

    /// What the run came to. It ended at `end` with `register` as it is. What is now can still be looked at.
    pub fn finish(&mut self, end: Time, register: &Register) -> Option<Outcome> {
        let probes = std::mem::take(&mut self.probes);
        Some(self.watch.as_mut()?.finish(end, register, probes))
    }

    /// Gives to the probes what was counted at edges of time.
    fn pass_on(&mut self) {
        if let Some(watch) = &mut self.watch {
            for counted in watch.take_counted() {
                self.probes.count(&counted);
            }
        }
    }

    /// Those who watch beside the others.
    fn others(&mut self) -> impl Iterator<Item = &mut dyn Observer> {
        let Full { live, beside, .. } = self;
        let live = live.as_mut().map(|live| &mut **live as &mut dyn Observer);
        live.into_iter().chain(beside.as_mut().map(|beside| &mut **beside as &mut dyn Observer))
    }
}

impl Observer for Full<'_> {
    #[inline(never)]
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        let Moment { now, register, .. } = *moment;
        if let Some(watch) = &mut self.watch {
            watch.catch_up(now);
            if !self.probes.is_empty() {
                for counted in watch.take_counted() {
                    self.probes.count(&counted);
                }
                let mut probes = ProbesNow { probes: &mut self.probes, register, now };
                points(&watch.guide, moment, fact, &mut probes);
            }
            watch.fold_apart(moment, *fact);
            if let Some(order) = &mut self.group_order
                && let Some(fault) = order.saw(moment, fact)
            {
                watch.checker.report(now, fault);
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.saw(moment, fact);
        }
        self.others().for_each(|other| other.saw(moment, fact));
    }

    fn over(&mut self, now: Time, register: &Register, root: PayloadId) {
        if let Some(watch) = &mut self.watch {
            self.probes.end(&watch.guide, register, root, now);
            watch.over_here(now, register, root);
        }
        self.others().for_each(|other| other.over(now, register, root));
    }

    fn configured(&mut self, now: Time, resources: &Resources) {
        if let Some(watch) = &mut self.watch {
            let (moved, claimed) = watch.configure(now, resources);
            if !self.probes.is_empty() {
                let (probes, register) = (&mut self.probes, &Register::default());
                count_configured(&mut ProbesNow { probes, register, now }, &moved, claimed);
            }
        }
        self.pass_on();
        self.others().for_each(|other| other.configured(now, resources));
    }

    fn rested(&mut self, at: Time, oldest: &OldestAt<'_>) {
        if let Some(watch) = &mut self.watch {
            watch.rested(at, oldest);
        }
        self.pass_on();
        self.others().for_each(|other| other.rested(at, oldest));
    }

    fn sampled(&mut self, now: Time, queue: QueueId, oldest: Option<Span>) {
        if let Some(watch) = &mut self.watch {
            watch.sampled(now, queue, oldest);
            if !self.probes.is_empty() {
                let (probes, register) = (&mut self.probes, &Register::default());
                let age = oldest.map_or(0, Span::as_nanos);
                let mut probes = ProbesNow { probes, register, now };
                probes.of(queue).set(m::ApproximateAgeOfOldestMessage, age);
            }
        }
        self.pass_on();
        self.others().for_each(|other| other.sampled(now, queue, oldest));
    }
}
