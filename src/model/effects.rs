//! How a component meets the rest: one door in, one port out.

use super::{Fact, Register, Rule};
use crate::kernel::{Classed, Span, Time};

/// A state machine cut at an AWS API. It names no other component.
pub trait Component: Sized {
    /// An appointment with itself: a small token into its own state. Its type has the class.
    type Wake: Copy + Classed;
    /// What others ask of it.
    type In;
    /// What it asks of others; it does not know who they are.
    type Out;
    /// One transition. Total: every message is answered in every state.
    fn on(&mut self, now: Time, message: Self::In, fx: &mut impl Port<Self>);
    /// An appointment is due. A stale token does nothing.
    fn woken(&mut self, now: Time, token: Self::Wake, fx: &mut impl Port<Self>);
}

/// What a transition can do: to myself later, to others now, to those who watch.
pub trait Port<C: Component> {
    /// Asks for `token` to come back `after` a while.
    fn wake(&mut self, after: Span, token: C::Wake);
    /// Sends `message` to whomever the wiring has connected.
    fn send(&mut self, message: C::Out);
    /// Tells the observers what happened, and which rule says so.
    fn note(&mut self, rule: Rule, fact: Fact);
    /// The register of payloads.
    fn register(&mut self) -> &mut Register;
}
