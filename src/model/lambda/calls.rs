//! The calls that a run makes to others and waits for, one after the other.

use super::{
    Lambda, Out, Plane,
    handler::{group, record_at},
};
use crate::{
    kernel::{Time, name_key},
    model::{
        Fact, Port, Rule,
        config::{FunctionCall, OnPartialFailure},
        facts::Maker,
        register::{Payload, Register},
        value::{Catalog, Subject},
        vocabulary::{CallId, ErrorKind, RunToken, Work},
    },
};

/// A run's calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Calling {
    /// Still to be made, in order from the back.
    pub(super) pending: Vec<Pending>,
    /// The call that is waited for, and its record.
    pub(super) asking: Option<(CallId, usize)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    record: usize,
    entry: u32,
    nth: u32,
}

impl Lambda {
    /// Lists the calls of a run: for each record that has not failed, in order.
    pub(super) fn plan_calls(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let run = &self.runs[slot];
        let plane = &self.functions[run.function.index()];
        let mut pending = Vec::new();
        for record in 0..fx.register().size(run.work) {
            let (payload, attempt, failed) = record_at(run.work, record, fx.register());
            if failed {
                continue;
            }
            let payload = fx.register().get(payload);
            for (entry, call) in (0u32..).zip(&plane.config.calls) {
                if call.per_run && record != 0 {
                    continue;
                }
                if plane.makes(call, entry, &self.catalog, payload, attempt) {
                    pending.extend((0..call.count).map(|nth| Pending { record, entry, nth }));
                }
            }
        }
        pending.reverse();
        self.runs[slot].calling = Some(Box::new(Calling { pending, asking: None }));
    }

    /// Makes the next call, or ends the run.
    pub(super) fn next_call(&mut self, now: Time, slot: u32, fx: &mut impl Port<Self>) {
        let run = &mut self.runs[slot];
        let calling = run.calling.as_mut().expect("a run plans its calls before it makes them");
        let Some(next) = calling.pending.pop() else {
            return self.end(now, slot, Ok(()), fx);
        };
        let plane = &self.functions[run.function.index()];
        let call: &FunctionCall = &plane.config.calls[next.entry as usize];
        let (parent, ..) = record_at(run.work, next.record, fx.register());
        let runs = fx.register().get(parent).runs;
        let maker = name_key(&plane.config.name) ^ u64::from(next.entry);
        let nth = u64::from(runs) << 32 | u64::from(next.nth);
        let role = self.made[call.call.index()];
        let payload = fx.register().copy(parent, maker, nth, role, now);
        let lineage = fx.register().get(parent).lineage;
        if !plane.config.loops_allowed
            && let Some(lineage) = fx.register().step(lineage, run.function)
        {
            fx.register().get_mut(payload).lineage = lineage;
        }
        let id = call.call;
        self.catalog.give_words(id, fx.register(), payload);
        fx.note(Rule::Ours, Fact::Copied { maker: Maker::Call(id), payload });
        calling.asking = Some((id, next.record));
        fx.send(Out::Call(id, payload, RunToken { slot, number: run.number }));
    }

    /// A call has its answer. One that fails for good fails its record.
    pub(super) fn called(
        &mut self,
        now: Time,
        token: RunToken,
        ok: bool,
        fx: &mut impl Port<Self>,
    ) {
        let run = &mut self.runs[token.slot];
        if run.number != token.number {
            return; // The run ended at its timeout while it waited.
        }
        let calling = run.calling.as_mut().expect("a run plans its calls before it makes them");
        let (_, record) = calling.asking.take().expect("a run asks before it is answered");
        if !ok {
            calling.pending.retain(|next| next.record != record);
            match run.work {
                Work::Batch(batch) => {
                    let records = fx.register().batch_mut(batch);
                    (records[record].failed, records[record].at_fault) = (true, true);
                    if !run.reports {
                        return self.end(now, token.slot, Err(ErrorKind::Record), fx);
                    }
                    match self.functions[run.function.index()].config.on_partial_failure {
                        OnPartialFailure::Continue | OnPartialFailure::Throw => (),
                        OnPartialFailure::StopAtFirst => {
                            records[record..].iter_mut().for_each(|r| r.failed = true);
                            return self.end(now, token.slot, Ok(()), fx);
                        }
                        OnPartialFailure::SkipGroup => {
                            let register = fx.register();
                            let of = |at: usize, register: &Register| {
                                let payload = register.batch(batch)[at].payload;
                                group(&self.catalog, register.get(payload))
                            };
                            let failed = of(record, register);
                            for at in record + 1..register.batch(batch).len() {
                                if failed.is_some() && of(at, register) == failed {
                                    register.batch_mut(batch)[at].failed = true;
                                    calling.pending.retain(|next| next.record != at);
                                }
                            }
                        }
                    }
                }
                Work::One(_) => return self.end(now, token.slot, Err(ErrorKind::Record), fx),
            }
        }
        self.next_call(now, token.slot, fx);
    }

    pub(super) fn abandon(&mut self, slot: u32, fx: &mut impl Port<Self>) {
        let run = &self.runs[slot];
        if let Some((call, _)) = run.calling.as_ref().and_then(|calling| calling.asking) {
            fx.send(Out::Abandon(call, RunToken { slot, number: run.number }));
        }
    }
}

impl Plane {
    /// Whether a call is made for this payload.
    pub(super) fn makes(
        &self,
        call: &FunctionCall,
        entry: u32,
        catalog: &Catalog,
        payload: &Payload,
        attempt: u32,
    ) -> bool {
        let subject =
            Subject { attempt, poison: self.is_poison(self.config.behaviour.poison_rate, payload) };
        let occasion = payload.runs.wrapping_mul(256).wrapping_add(entry);
        call.when.as_ref().is_none_or(|when| when.fits(catalog, payload, &subject))
            && self.streams.calls.happens(payload.key, occasion, call.share)
    }
}
