//! Who is let in: the concurrency of the account and of each function (SN), the guard against
//! loops, and who is told when there is room again.

use super::{Lambda, Out};
use crate::{
    kernel::Probability,
    model::{
        Fact, Port, Rule,
        vocabulary::{FunctionId, Outcome, PayloadId, ReplyTo},
    },
};

impl Lambda {
    /// Whether the function may have one more environment in use.
    #[inline]
    pub(super) fn has_capacity(&self, function: FunctionId) -> bool {
        let plane = &self.functions[function.index()];
        match plane.config.reserved {
            Some(ceiling) => plane.running < ceiling,
            None => self.unreserved_running < self.limit.saturating_sub(self.reserved),
        }
    }

    /// Whether who waits for capacity need wait no longer: there is some, or there will be none.
    pub(super) fn would_answer(&self, function: FunctionId) -> bool {
        let config = &self.functions[function.index()].config;
        config.forbidden || config.reserved == Some(0) || self.has_capacity(function)
    }

    /// Lets an invocation in, or says how it is refused. The order of the checks is assumed.
    #[inline]
    pub(super) fn admit(
        &mut self,
        function: FunctionId,
        payload: PayloadId,
        asker: ReplyTo,
        fx: &mut impl Port<Self>,
    ) -> Result<(), Outcome> {
        let plane = &self.functions[function.index()];
        if plane.config.forbidden {
            let event = matches!(asker, ReplyTo::EventQueue(..));
            let rule = if event { Rule::A2_22 } else { Rule::SI19 };
            fx.note(rule, Fact::Missing { function, payload });
            return Err(Outcome::NotFound);
        }
        if plane.may_loop && !plane.config.loops_allowed {
            let lineage = fx.register().get(payload).lineage;
            if fx.register().step(lineage, function).is_none() {
                let call = matches!(asker, ReplyTo::Call(..));
                let rule = if call { Rule::SI11 } else { Rule::A6_2 };
                fx.note(rule, Fact::LoopStopped { function, payload });
                return Err(Outcome::RecursiveInvocation);
            }
        }
        if plane.config.reserved == Some(0) {
            // An event is given up at once and counts no throttle (A2.21); who waits gets a 429.
            if !matches!(asker, ReplyTo::EventQueue(..)) {
                fx.note(Rule::SI28, Fact::Throttled { function, payload });
            }
            return Err(Outcome::ZeroReservedConcurrency);
        }
        let tries = {
            let payload = fx.register().get_mut(payload);
            payload.tries += 1;
            payload.tries
        };
        if plane.config.system_error_rate != Probability::NEVER {
            let key = fx.register().get(payload).key;
            if plane.streams.system.happens(key, tries, plane.config.system_error_rate) {
                fx.note(Rule::SI24, Fact::SystemErred { function, payload });
                return Err(Outcome::SystemError);
            }
        }
        if !self.has_capacity(function) {
            let reserved = self.functions[function.index()].config.reserved.is_some();
            let rule = if reserved { Rule::SN3 } else { Rule::SN2 };
            fx.note(rule, Fact::Throttled { function, payload });
            return Err(Outcome::Throttled);
        }
        Ok(())
    }

    /// Tells the one that has waited longest for a function that has capacity now.
    #[inline]
    pub(super) fn tell_one(&mut self, fx: &mut impl Port<Self>) {
        let waiting = self.functions.iter().zip(0..).filter_map(|(plane, at)| {
            plane.waiting.front().map(|(asked, _)| (*asked, FunctionId(at)))
        });
        let Some((_, function)) = waiting.filter(|(_, id)| self.would_answer(*id)).min() else {
            return;
        };
        let (_, who) =
            self.functions[function.index()].waiting.pop_front().expect("it has a front");
        fx.send(Out::Capacity(who));
    }
}
