//! What is shown and how it goes on: the run, its pace, the payload that is followed, what keys do.
//!
//! Nothing here knows a terminal or a clock: keys come in, and how much time has passed.

use super::row::clock_short;
use crate::{
    experiment::{Playing, Reach},
    kernel::{Span, Time},
    model::{vocabulary::CallId, world::Limits},
    observe::{Id, Threshold},
    report::wording::seconds,
    scenario::Scenario,
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::Duration;

/// How the run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Not at all, until a key is pressed.
    Paused,
    /// So that a second here is the stretch of the speed.
    Timed,
    /// As fast as it goes.
    Flat,
    /// As fast as it goes, and pauses when all of this instant has happened.
    To(Time),
}

/// What a key asks of who holds the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To go on.
    On,
    /// To end, as is usual.
    Quit,
    /// To end at once.
    Interrupt,
}

/// A run before an audience.
pub struct Show<'a> {
    /// What is played.
    pub scenario: &'a Scenario,
    /// The run.
    pub playing: Playing<'a>,
    /// How it goes on.
    pub pace: Pace,
    /// The payload that is followed.
    pub followed: Option<Id>,
    /// So many lines of its story, counted from the last, are below what is shown.
    pub below: usize,
    /// Whether its story has the place of the charts too.
    pub wide: bool,
    /// Whether the keys are explained.
    pub helps: bool,
    /// What is being typed to choose a payload.
    pub typed: Option<String>,
    /// What there is to say about the last key.
    pub note: Option<String>,
    /// Facts before the last step: those behind are new. None if the run was not stepped.
    pub stepped: Option<u64>,
    /// The speed's position in [`SPEEDS`].
    speed: usize,
    /// Whether so much happens that the speed is not kept.
    behind: bool,
    /// Of the dead letters, the one that was chosen last.
    letter: Option<usize>,
}

/// Milliseconds that a second here can be.
const SPEEDS: [u64; 28] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_200_000,
    1_800_000,
    3_600_000,
    7_200_000,
    14_400_000,
    28_800_000,
    43_200_000,
    86_400_000,
    172_800_000,
];
/// In so many seconds a run is shown unless somebody wants it otherwise.
const SHOWN_IN: u64 = 60;
/// More time than this is not caught up with: the terminal was away.
const PASSED_MAX: Duration = Duration::from_millis(250);

impl<'a> Show<'a> {
    /// Before the beginning.
    pub fn new(scenario: &'a Scenario, thresholds: Vec<Threshold>) -> Show<'a> {
        let config = &scenario.config;
        // What only says when it begins often goes on for minutes.
        let whole = config.duration.since(Time::ZERO).max(Span::mins(5));
        let wanted = whole.as_nanos() / 1_000_000 / SHOWN_IN;
        Show {
            scenario,
            playing: Playing::new(config, thresholds),
            pace: Pace::Timed,
            followed: None,
            below: 0,
            wide: false,
            helps: false,
            typed: None,
            note: None,
            stepped: None,
            speed: SPEEDS.iter().position(|speed| wanted <= *speed).unwrap_or(SPEEDS.len() - 1),
            behind: false,
            letter: None,
        }
    }

    /// Whether anything changes without a key.
    pub fn moves(&self) -> bool {
        self.playing.reading().is_some() || self.pace != Pace::Paused
    }

    /// So much time has passed since the last time.
    pub fn go_on(&mut self, passed: Duration, limits: &Limits<'_>) {
        if !self.playing.read_back(limits) {
            return;
        }
        let reach = match self.pace {
            Pace::Paused => return,
            Pace::Timed => {
                let passed = u64::try_from(passed.min(PASSED_MAX).as_nanos()).unwrap_or(u64::MAX);
                let stretch = u128::from(passed) * u128::from(SPEEDS[self.speed]) / 1000;
                let stretch = Span::nanos(u64::try_from(stretch).unwrap_or(u64::MAX));
                self.playing.until(self.playing.clock().saturating_add(stretch), limits)
            }
            Pace::Flat => self.playing.until(Time::NEVER, limits),
            Pace::To(at) => self.playing.until(at, limits),
        };
        self.behind = reach == Reach::Interrupted;
        match (reach, self.pace) {
            (Reach::End, _) | (Reach::There, Pace::To(_)) => self.pace = Pace::Paused,
            (Reach::There | Reach::Interrupted, _) => (),
        }
    }

    /// How the run goes on, in words.
    pub fn pace_in_words(&self) -> String {
        if let Some(share) = self.playing.reading() {
            return format!("reading back {:.0} %", share * 100.0);
        }
        match self.pace {
            Pace::Paused if self.playing.over().is_some() => "over".to_owned(),
            Pace::Paused => format!("paused · {}", self.speed_in_words()),
            Pace::Timed if self.behind => format!("slower than {}", self.speed_in_words()),
            Pace::Timed => self.speed_in_words(),
            Pace::Flat => "as fast as it goes".to_owned(),
            Pace::To(Time::NEVER) => "to the end".to_owned(),
            Pace::To(at) => format!("to {}", clock_short(at)),
        }
    }

    fn speed_in_words(&self) -> String {
        format!("1 s here is {}", seconds(SPEEDS[self.speed] as f64 / 1000.0))
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent, limits: &Limits<'_>) -> Asked {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control && matches!(key.code, KeyCode::Char('c' | 'd')) {
            return Asked::Interrupt;
        }
        self.note = None;
        if let Some(typed) = self.typed.take() {
            self.type_on(typed, key.code);
            return Asked::On;
        }
        if self.helps {
            self.helps = false;
            return if key.code == KeyCode::Char('q') { Asked::Quit } else { Asked::On };
        }
        match key.code {
            KeyCode::Char('q') => return Asked::Quit,
            KeyCode::Char('?' | 'h') => self.helps = true,
            KeyCode::Char(' ') => match self.pace {
                Pace::Paused => self.set_pace(Pace::Timed),
                Pace::Timed | Pace::Flat | Pace::To(_) => self.pace = Pace::Paused,
            },
            KeyCode::Right | KeyCode::Char('.') => self.step(limits),
            KeyCode::Char('s') => self.until_next(Span::secs(1)),
            KeyCode::Char('m') => self.until_next(Span::mins(1)),
            KeyCode::Char('+' | '=') => self.set_speed(self.speed + 1),
            KeyCode::Char('-') => self.set_speed(self.speed.saturating_sub(1)),
            KeyCode::Char('f') if self.pace == Pace::Flat => self.set_pace(Pace::Timed),
            KeyCode::Char('f') => self.set_pace(Pace::Flat),
            KeyCode::Char('e') | KeyCode::End => self.set_pace(Pace::To(Time::NEVER)),
            KeyCode::Char('n') => self.follow_next(true),
            KeyCode::Char('p') => self.follow_next(false),
            KeyCode::Char('d') => self.follow_letter(),
            KeyCode::Char('#' | '/') => self.typed = Some(String::new()),
            KeyCode::Char(digit @ '0'..='9') => self.typed = Some(digit.to_string()),
            KeyCode::Enter => self.wide = !self.wide,
            KeyCode::Up => self.below += 1,
            KeyCode::Down => self.below = self.below.saturating_sub(1),
            KeyCode::PageUp => self.below += 5,
            KeyCode::PageDown => self.below = self.below.saturating_sub(5),
            KeyCode::Esc => self.follow(None),
            _ => (),
        }
        Asked::On
    }

    fn set_pace(&mut self, pace: Pace) {
        match self.playing.over() {
            None => (self.pace, self.stepped) = (pace, None),
            Some(_) => self.note = Some("the run is over".to_owned()),
        }
    }

    fn set_speed(&mut self, speed: usize) {
        self.speed = speed.min(SPEEDS.len() - 1);
        if self.pace == Pace::Flat {
            self.pace = Pace::Timed;
        }
    }

    /// Plays on until one thing more has happened.
    fn step(&mut self, limits: &Limits<'_>) {
        self.set_pace(Pace::Paused);
        let facts = self.playing.live().facts();
        self.playing.step(limits);
        self.stepped = Some(facts);
    }

    /// Plays on to the next whole second, or minute.
    fn until_next(&mut self, unit: Span) {
        let nanos = self.playing.clock().as_nanos() / unit.as_nanos() + 1;
        self.set_pace(Pace::To(Time::from_nanos(nanos.saturating_mul(unit.as_nanos()))));
    }

    /// Follows a payload and reads its story back, or nobody.
    fn follow(&mut self, id: Option<Id>) {
        (self.followed, self.below) = (id, 0);
        self.playing.follow(id);
    }

    /// Follows the payload behind or before the one that is followed, in the order of callers and numbers;
    /// at first the last that came, or if none did the first that will.
    fn follow_next(&mut self, forward: bool) {
        let resources = &self.scenario.config.resources;
        let callers: Vec<(CallId, u64)> = resources
            .caller_ids()
            .map(|caller| (caller, self.playing.live().arrivals(caller)))
            .filter(|(_, arrivals)| 0 < *arrivals)
            .collect();
        if callers.is_empty() {
            self.note = Some("nothing has come yet".to_owned());
            return;
        }
        let at = |caller: usize, number| Id { caller: callers[caller].0, number, copy: 0 };
        let next = match self.followed {
            None => {
                let newest = self.playing.live().latest().rev().find_map(|noted| noted.id);
                newest.unwrap_or_else(|| at(0, 1))
            }
            Some(id) => {
                let of = |(caller, _): &(CallId, u64)| *caller == id.caller;
                let caller = callers.iter().position(of).unwrap_or(0);
                let beyond = if forward { caller + 1 } else { caller + callers.len() - 1 };
                let beyond = beyond % callers.len();
                match forward {
                    true if id.number < callers[caller].1 => at(caller, id.number + 1),
                    true => at(beyond, 1),
                    false if 1 < id.number => at(caller, id.number - 1),
                    false => at(beyond, callers[beyond].1),
                }
            }
        };
        self.follow(Some(Id { copy: 0, ..next }));
    }

    /// Follows the first that was dead-lettered; pressed again, the next.
    fn follow_letter(&mut self) {
        let letters = self.playing.live().letters();
        let shows = |at: usize| {
            self.followed.is_some_and(|id| letters.get(at).is_some_and(|of| of.is_family(&id)))
        };
        let next = match self.letter {
            Some(at) if shows(at) && at + 1 < letters.len() => at + 1,
            Some(_) | None => 0,
        };
        match letters.get(next) {
            Some(id) => {
                let id = Id { copy: 0, ..*id };
                self.letter = Some(next);
                self.follow(Some(id));
            }
            None => self.note = Some("nothing has been dead-lettered so far".to_owned()),
        }
    }

    /// One more key while a payload is typed.
    fn type_on(&mut self, mut typed: String, key: KeyCode) {
        match key {
            KeyCode::Esc => return,
            KeyCode::Enter => return self.follow_typed(&typed),
            KeyCode::Backspace => drop(typed.pop()),
            KeyCode::Char(c) => typed.push(c),
            _ => (),
        }
        self.typed = Some(typed);
    }

    /// `17` of the caller that is followed, or else of the first, or `Orders-17`.
    fn follow_typed(&mut self, typed: &str) {
        let resources = &self.scenario.config.resources;
        let caller = self.followed.map(|id| id.caller).or(resources.caller_ids().next());
        let id = match (typed.trim().parse::<u64>(), caller) {
            (Ok(number), Some(caller)) => Some(Id { caller, number, copy: 0 }),
            (Ok(_) | Err(_), _) => Id::parse(typed.trim(), resources),
        };
        match id.filter(|id| 0 < id.number) {
            Some(id) => self.follow(Some(Id { copy: 0, ..id })),
            None => self.note = Some(format!("`{typed}` names no payload: such as 17 or Name-17")),
        }
    }
}
