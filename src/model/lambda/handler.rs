//! What a handler does with its payloads: how long it takes, and what fails.

use super::{Fate, Lambda, Plane};
use crate::{
    kernel::{Probability, Span},
    model::{
        Fact, Port, Rule,
        config::{Behaviour, OnPartialFailure},
        outcome::Trouble,
        register::{Payload, Register},
        value::{AttributeId, ByContent, Catalog, Subject, WordKey},
        vocabulary::{ErrorKind, FunctionId, PayloadId, Work},
    },
};

impl Plane {
    pub(super) fn is_poison(&self, rate: Probability, payload: &Payload) -> bool {
        rate != Probability::NEVER
            && ByContent { share: rate, stream: self.streams.poison }.holds(payload)
    }

    /// What the function does with this payload: the first case that fits, or the rest.
    #[inline]
    pub(super) fn behaviour(
        &self,
        catalog: &Catalog,
        payload: &Payload,
        attempt: u32,
    ) -> &Behaviour {
        if self.config.cases.is_empty() {
            return &self.config.behaviour;
        }
        let poison = self.is_poison(self.config.behaviour.poison_rate, payload);
        let subject = Subject { attempt, poison };
        self.config
            .cases
            .iter()
            .find(|(pattern, _)| pattern.fits(catalog, payload, &subject))
            .map_or(&self.config.behaviour, |(_, behaviour)| behaviour)
    }

    /// How long the handler's own time is and how it ends; marks the records that fail.
    ///
    /// Run-wide luck is the first record's; a record's is its own.
    #[inline]
    #[expect(clippy::too_many_arguments, reason = "all that a handler sees")]
    pub(super) fn handler<P: Port<Lambda>>(
        &self,
        catalog: &Catalog,
        work: Work,
        key: u64,
        runs: u32,
        attempt: u32,
        reports: bool,
        fx: &mut P,
    ) -> (Span, Fate) {
        let register = fx.register();
        let head = register.get(register.head(work));
        let behaviour = self.behaviour(catalog, head, attempt);
        let mut draw = self.streams.run.draw(key, runs);
        let fails = draw.happens(behaviour.error_rate);
        let own = behaviour.service_time.sample_span(&mut draw, |id| catalog.word(head, id));
        let thrown = match &behaviour.error_time {
            None => own,
            Some(law) => law
                .sample_span(&mut self.streams.error.draw(key, runs), |id| catalog.word(head, id)),
        };
        if fails {
            return (thrown, Fate::Throws(ErrorKind::Handler));
        }
        let batch = match work {
            Work::One(_) => {
                let (time, failed) = self.record(catalog, behaviour, head);
                return if failed {
                    (thrown.saturating_add(time), Fate::Throws(ErrorKind::Record))
                } else {
                    (own.saturating_add(time), Fate::Returns)
                };
            }
            Work::Batch(batch) => batch,
        };
        let throws = !reports || self.config.on_partial_failure == OnPartialFailure::Throw;
        let stops = self.config.on_partial_failure == OnPartialFailure::StopAtFirst;
        let skips = self.config.on_partial_failure == OnPartialFailure::SkipGroup;
        let mut total = Span::ZERO;
        let mut skipped: Vec<WordKey> = Vec::new();
        for at in 0..register.batch(batch).len() {
            let record = register.batch(batch)[at];
            let payload = register.get(record.payload);
            let group = if skips { group(catalog, payload) } else { None };
            if group.is_some_and(|group| skipped.contains(&group)) {
                let record = &mut register.batch_mut(batch)[at];
                (record.failed, record.at_fault) = (true, false);
                continue;
            }
            let behaviour = self.behaviour(catalog, payload, record.attempt);
            let (time, failed) = self.record(catalog, behaviour, payload);
            total = total.saturating_add(time);
            register.batch_mut(batch)[at].at_fault = failed;
            if failed && throws {
                return (thrown.saturating_add(total), Fate::Throws(ErrorKind::Record));
            }
            let records = register.batch_mut(batch);
            records[at].failed = failed;
            if failed {
                skipped.extend(group);
            }
            if failed && stops {
                for record in &mut records[at + 1..] {
                    (record.failed, record.at_fault) = (true, false);
                }
                break;
            }
        }
        (own.saturating_add(total), Fate::Returns)
    }

    /// The time that one record adds, and whether it fails.
    #[inline]
    pub(super) fn record(
        &self,
        catalog: &Catalog,
        behaviour: &Behaviour,
        payload: &Payload,
    ) -> (Span, bool) {
        if behaviour.record_error_rate == Probability::NEVER
            && behaviour.poison_rate == Probability::NEVER
            && behaviour.record_time.is_zero()
        {
            return (Span::ZERO, false);
        }
        let mut draw = self.streams.record.draw(payload.key, payload.runs);
        let fails = draw.happens(behaviour.record_error_rate);
        let time = behaviour.record_time.sample_span(&mut draw, |id| catalog.word(payload, id));
        (time, fails || self.is_poison(behaviour.poison_rate, payload))
    }
}

/// The message group of a payload, if it has one.
pub(super) fn group(catalog: &Catalog, payload: &Payload) -> Option<WordKey> {
    Some(catalog.word(payload, AttributeId::GROUP)?.key())
}

/// The record's payload, its attempt, and whether it failed.
pub(super) fn record_at(work: Work, at: usize, register: &Register) -> (PayloadId, u32, bool) {
    match work {
        Work::One(payload) => (payload, register.get(payload).runs, false),
        Work::Batch(batch) => {
            let record = register.batch(batch)[at];
            (record.payload, record.attempt, record.failed)
        }
    }
}

/// What a record met in a run that failed, or that left it as failed.
fn trouble_of(work: Work, at: usize, error: Option<ErrorKind>, register: &Register) -> Trouble {
    let alone = |batch| register.batch(batch).len() == 1;
    match (error, work) {
        (Some(ErrorKind::Timeout), _) => Trouble::Timeout,
        (Some(ErrorKind::Handler), _) | (_, Work::One(_)) => Trouble::Error,
        (Some(ErrorKind::Record) | None, Work::Batch(batch)) => {
            let at_fault = register.batch(batch)[at].at_fault || alone(batch);
            if at_fault { Trouble::Error } else { Trouble::Innocent }
        }
    }
}

/// Notes what became of each record; says whether the run did anything for the first time.
#[inline]
pub(super) fn record_results<P: Port<Lambda>>(
    function: FunctionId,
    work: Work,
    error: Option<ErrorKind>,
    fx: &mut P,
) -> bool {
    let mut useful = false;
    for at in 0..fx.register().size(work) {
        let (payload, _, failed) = record_at(work, at, fx.register());
        if failed || error.is_some() {
            let trouble = trouble_of(work, at, error, fx.register());
            fx.register().get_mut(payload).met.meet_at(function, trouble);
            let rule = if error.is_some() { Rule::SI2 } else { Rule::E49 };
            fx.note(rule, Fact::RecordFailed { function, payload });
        } else {
            let known = fx.register().get_mut(payload);
            known.successes = known.successes.saturating_add(1);
            let nth = known.successes;
            useful |= nth == 1;
            fx.note(Rule::SM1, Fact::Processed { function, payload, nth });
        }
    }
    useful
}
