//! A run that is played in pieces, so that it can be looked at while it goes on.
//!
//! However it is cut, its results are those of [`play`](super::play). The story of a payload that is chosen
//! late is read back: a second run from the beginning with nobody but the story watching, up to the very
//! event at which the first one stands; from there on the story goes on with it.

use super::Played;
use crate::{
    kernel::{Ladder, Time},
    model::{
        config::Config,
        world::{Finish, Limits, Pause, Stop, Wake, World},
    },
    observe::{Asked, Full, Id, Live, Story},
};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// A second run, and the story that it reads.
type Reading = (World<Full<'static>, Ladder<Wake>>, Rc<RefCell<Story>>);

/// How far a piece came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To where it was to go.
    There,
    /// Not so far: it was interrupted.
    Interrupted,
    /// To the end of the run.
    End,
}

/// A run that is played in pieces.
pub struct Playing<'a> {
    config: &'a Config,
    world: World<Full<'static>, Ladder<Wake>>,
    clock: Time,
    over: Option<Played>,
    reading: Option<Reading>,
}

impl<'a> Playing<'a> {
    /// At time 0, before anything happened.
    pub fn new(config: &'a Config, asked: impl Into<Asked>) -> Playing<'a> {
        let asked = Asked { recording: true, ..asked.into() };
        let world = World::new(config, Full::new(config, asked).with_live(config));
        Playing { config, world, clock: Time::ZERO, over: None, reading: None }
    }

    /// Plays until all of `at` has happened.
    pub fn until(&mut self, at: Time, limits: &Limits<'_>) -> Reach {
        let reach = self.to(Pause { at, events: u64::MAX }, limits);
        if reach == Reach::There {
            self.clock = self.clock.max(at);
        }
        reach
    }

    /// Plays on until one thing more has happened, with all that follows at once.
    pub fn step(&mut self, limits: &Limits<'_>) -> Reach {
        let facts = self.live().facts();
        loop {
            let pause = Pause { at: Time::NEVER, events: self.world.events() + 1 };
            let reach = self.to(pause, limits);
            self.clock = self.clock.max(self.world.now());
            if reach != Reach::There || facts < self.live().facts() {
                return reach;
            }
        }
    }

    fn to(&mut self, pause: Pause, limits: &Limits<'_>) -> Reach {
        if !self.read_back(limits) {
            return Reach::Interrupted;
        }
        if self.over.is_some() {
            return Reach::End;
        }
        let finish = self.world.run_until(pause, limits);
        let now = self.world.now();
        self.world.observer_mut().refresh(now);
        match finish {
            None => Reach::There,
            Some(Finish { stop: Stop::Interrupted, at, .. }) => {
                self.clock = self.clock.max(at);
                Reach::Interrupted
            }
            Some(finish) => {
                self.clock = self.clock.max(finish.at);
                let (full, register) = self.world.observer_and_register();
                let outcome = full.finish(finish.at, register).expect("it has a watch");
                self.over = Some(Played { outcome, finish });
                Reach::End
            }
        }
    }

    /// Where the run stands.
    pub fn clock(&self) -> Time {
        self.clock
    }

    /// What is now.
    pub fn live(&self) -> Live<'_> {
        self.world.observer().live().expect("it is given when the run begins")
    }

    /// What the run came to, if it is over.
    pub fn over(&self) -> Option<&Played> {
        self.over.as_ref()
    }

    /// Follows the family of a payload, or nobody. Its story is there once it has been read back.
    pub fn follow(&mut self, id: Option<Id>) {
        self.world.observer_mut().follow(None);
        self.reading = id.map(|id| {
            let story = Story::new(Arc::clone(&self.config.resources), id);
            let shared = Rc::new(RefCell::new(story));
            (World::new(self.config, Full::only(Rc::clone(&shared))), shared)
        });
    }

    /// The story of what is followed so far, if it has been read back.
    pub fn story(&self) -> Option<&Story> {
        self.world.observer().story()
    }

    /// The share that has been read back of what is being read back.
    pub fn reading(&self) -> Option<f64> {
        let (reading, _) = self.reading.as_ref()?;
        Some(reading.events() as f64 / self.world.events().max(1) as f64)
    }

    /// Reads back the story of what is followed; the run does not go on before. Says if that is done.
    pub fn read_back(&mut self, limits: &Limits<'_>) -> bool {
        let Some((reading, _)) = &mut self.reading else { return true };
        let pause = Pause { at: Time::NEVER, events: self.world.events() };
        if let Some(Finish { stop: Stop::Interrupted, .. }) = reading.run_until(pause, limits) {
            return false;
        }
        let (world, story) = self.reading.take().expect("it was there");
        drop(world);
        let story = Rc::into_inner(story).map(RefCell::into_inner);
        self.world.observer_mut().follow(story);
        true
    }
}
