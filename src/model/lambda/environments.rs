//! Execution environments: which one a run gets, how long it lives idle, how long its Init takes (SE).

use super::{Lambda, Plane};
use crate::{
    kernel::{Span, Time},
    model::{
        Port,
        value::{Catalog, Quantity},
        vocabulary::PayloadId,
    },
};

/// The longest Init phase of an on-demand environment (SE2).
pub(super) const INIT_MAX: Span = Span::secs(10);

#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    pub(super) until: Time,
    /// Its runtime was killed: the next run begins with Init (SE5).
    pub(super) reset: bool,
}

/// The environment that a run gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    /// A new one; `expired`: there was an idle one, whose keep-alive is over.
    Cold {
        expired: bool,
    },
    Warm,
    Reset,
}

impl Plane {
    /// Takes the most recently used environment that still lives, or a new one.
    #[inline]
    pub(super) fn environment(&mut self, now: Time) -> Environment {
        let mut expired = false;
        // The least recently used die first (SE21), unseen until somebody looks.
        while self.idle.front().is_some_and(|idle| idle.until <= now) {
            self.idle.pop_front();
            expired = true;
        }
        while let Some(idle) = self.idle.pop_back() {
            if now < idle.until {
                return if idle.reset { Environment::Reset } else { Environment::Warm };
            }
            expired = true;
        }
        Environment::Cold { expired }
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

    #[inline]
    pub(super) fn keep_alive<P: Port<Lambda>>(
        &self,
        catalog: &Catalog,
        fx: &mut P,
        payload: PayloadId,
    ) -> Span {
        if let Quantity::Plain(nanos) = self.config.keep_alive {
            return Span::nanos(nanos);
        }
        let payload = fx.register().get(payload);
        let mut draw = self.streams.keep_alive.draw(payload.key, payload.runs);
        self.config.keep_alive.sample_span(&mut draw, |id| catalog.word(payload, id))
    }
}
