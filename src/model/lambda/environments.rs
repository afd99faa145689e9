//! Execution environments on demand: which one a run gets, how long it lives, how long its Init takes
//! (SE).

use super::{Lambda, Plane};
use crate::{
    kernel::{Span, Time},
    model::{
        Port, Rule,
        config::{IdleLife, MaxAge},
        policy::lifetime,
        value::{Catalog, Quantity},
        vocabulary::PayloadId,
    },
};

/// The longest Init phase of an on-demand environment (SE2).
pub(super) const INIT_MAX: Span = Span::secs(10);

/// An idle environment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// It is gone at this instant: idle for too long, or too old.
    pub(super) until: Time,
    /// When it is too old.
    pub(super) dies: Time,
    /// Its runtime was killed: the next run begins with Init (SE5).
    pub(super) reset: bool,
}

/// Why an environment that might have been used is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// It was idle for too long.
    Idle,
    /// It was too old.
    Age,
}

/// The environment that a run gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    /// A new one; `after` the death of one that would have been taken.
    Cold { after: Option<Death> },
    /// One that was idle, and may be used until it `dies`; `reset`: its run begins with Init.
    Idle { reset: bool, dies: Time },
    /// One that was made ahead of need; `reset`: its run begins with Init.
    Provisioned { reset: bool },
}

impl Plane {
    /// Takes the most recently used environment that still lives, or a new one.
    #[inline]
    pub(super) fn environment(&mut self, now: Time) -> Environment {
        let mut after = None;
        // The least recently used die first (SE21), unseen until somebody looks.
        while let Some(idle) = self.idle.front()
            && idle.until <= now
        {
            after = Some(idle.death());
            self.idle.pop_front();
        }
        while let Some(idle) = self.idle.pop_back() {
            if now < idle.until {
                return Environment::Idle { reset: idle.reset, dies: idle.dies };
            }
            after = Some(idle.death());
        }
        Environment::Cold { after }
    }

    /// Whether an idle environment still lives.
    pub(super) fn has_idle(&self, now: Time) -> bool {
        self.idle.iter().rev().any(|idle| now < idle.until)
    }

    /// The rule by which a new environment was needed.
    pub(super) fn rule_of_cold(&self, after: Option<Death>) -> Rule {
        match (after, &self.config.keep_alive, &self.config.environment_max_age) {
            (None, ..) => Rule::SE1,
            (Some(Death::Idle), IdleLife::Law(_), _) => Rule::SE21,
            (Some(Death::Idle), IdleLife::Aws2020, _) => Rule::SE27,
            (Some(Death::Idle), IdleLife::Aws2021, _) => Rule::SE24,
            (Some(Death::Age), _, MaxAge::Never | MaxAge::Law(_)) => Rule::SE8,
            (Some(Death::Age), _, MaxAge::Aws2020) => Rule::SE26,
        }
    }

    pub(super) fn init_time<P: Port<Lambda>>(
        &self,
        catalog: &Catalog,
        fx: &mut P,
        payload: PayloadId,
        runs: u32,
    ) -> Span {
        if self.config.init_time.is_zero() {
            return Span::ZERO;
        }
        let payload = fx.register().get(payload);
        let mut draw = self.streams.init.draw(payload.key, runs);
        self.config.init_time.sample_span(&mut draw, |id| catalog.word(payload, id))
    }

    /// When an environment that is made now for this payload is too old.
    #[inline]
    pub(super) fn dies<P: Port<Lambda>>(
        &self,
        now: Time,
        catalog: &Catalog,
        fx: &mut P,
        payload: PayloadId,
    ) -> Time {
        if self.config.environment_max_age == MaxAge::Never {
            return Time::NEVER;
        }
        let payload = fx.register().get(payload);
        let mut draw = self.streams.max_age.draw(payload.key, payload.runs);
        now.saturating_add(match &self.config.environment_max_age {
            MaxAge::Never => Span::FOREVER,
            MaxAge::Law(law) => law.sample_span(&mut draw, |id| catalog.word(payload, id)),
            MaxAge::Aws2020 => lifetime::age_max_2020(&mut draw),
        })
    }

    /// How long the environment of a run that ends now lives idle.
    #[inline]
    pub(super) fn keep_alive<P: Port<Lambda>>(
        &mut self,
        now: Time,
        catalog: &Catalog,
        fx: &mut P,
        payload: PayloadId,
    ) -> Span {
        if let IdleLife::Law(Quantity::Plain(nanos)) = self.config.keep_alive {
            return Span::nanos(nanos);
        }
        let payload = fx.register().get(payload);
        let mut draw = self.streams.keep_alive.draw(payload.key, payload.runs);
        match &self.config.keep_alive {
            IdleLife::Law(law) => law.sample_span(&mut draw, |id| catalog.word(payload, id)),
            IdleLife::Aws2020 => self.recent.get_or_insert_default().idle_life(now),
            IdleLife::Aws2021 => lifetime::idle_life_2021(&mut draw),
        }
    }
}

impl Idle {
    /// Why it is gone when it is.
    fn death(&self) -> Death {
        if self.dies <= self.until { Death::Age } else { Death::Idle }
    }
}
