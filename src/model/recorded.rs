//! A port that keeps what a component does: for tests of one component by itself.
//!
//! It is the world with everything else left out: an agenda for the component's appointments, a
//! register, and lists of what was sent and noted. The order is the kernel's, so a component meets
//! ties here as it does in a run.

use super::{Component, Fact, Port, Register, Rule};
use crate::kernel::{Agenda, Class, HeapStore, Span, Time, agenda::key};

/// The port, with the clock of its agenda.
#[derive(Debug)]
pub struct Recorded<C: Component> {
    /// What was sent, oldest first; take it out with `drain`.
    pub messages: Vec<C::Out>,
    /// What was noted, when and by which rule, oldest first.
    pub facts: Vec<(Time, Rule, Fact)>,
    /// The payloads.
    pub register: Register,
    agenda: Agenda<C::Wake, HeapStore<C::Wake>>,
}

impl<C: Component> Default for Recorded<C> {
    fn default() -> Self {
        Recorded {
            messages: Vec::new(),
            facts: Vec::new(),
            register: Register::default(),
            agenda: Agenda::new(),
        }
    }
}

impl<C: Component> Recorded<C> {
    /// The instant that the clock stands at.
    pub fn now(&self) -> Time {
        self.agenda.now()
    }

    /// Appointments that wait, stale ones too.
    pub fn appointments(&self) -> usize {
        self.agenda.len()
    }

    /// Hands `component` a message now.
    pub fn tell(&mut self, component: &mut C, message: C::In) {
        component.on(self.now(), message, self);
    }

    /// Keeps every appointment up to `at`, there up to `class`, and leaves the clock there.
    ///
    /// With [`Class::Arrival`], what is told next is as if a caller sent it at that instant; with
    /// [`Class::Poll`], all of the instant has happened.
    pub fn advance(&mut self, component: &mut C, at: Time, class: Class) {
        while self.step_until(component, at, class) {}
        self.agenda.advance(at, class);
    }

    /// Keeps the next appointment, if it is one of those that [`Recorded::advance`] keeps.
    pub fn step_until(&mut self, component: &mut C, at: Time, class: Class) -> bool {
        let end = key(at, class);
        self.agenda.next_key().is_some_and(|next| next <= end) && self.step(component)
    }

    /// Keeps the next appointment, if there is one.
    pub fn step(&mut self, component: &mut C) -> bool {
        let token = self.agenda.pop();
        if let Some(token) = token {
            component.woken(self.now(), token, self);
        }
        token.is_some()
    }
}

impl<C: Component> Port<C> for Recorded<C> {
    fn wake(&mut self, after: Span, token: C::Wake) {
        self.agenda.after(after, token);
    }
    fn send(&mut self, message: C::Out) {
        self.messages.push(message);
    }
    fn note(&mut self, rule: Rule, fact: Fact) {
        let now = self.now();
        self.register.follow(now, &fact);
        self.facts.push((self.now(), rule, fact));
    }
    fn register(&mut self) -> &mut Register {
        &mut self.register
    }
}
