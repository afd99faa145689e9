//! Why something was not played, or has no result.

use super::pool::INSTANT_MAX;
use crate::{
    model::world::{Finish, Stop},
    scenario::{
        Failure, Scenario,
        diagnostic::{Diagnostic, suggest},
    },
};
use std::{error, fmt, io};

/// Why something was not played, or has no result.
#[derive(Debug)]
pub enum RunError {
    /// What was asked for is not there, or does not fit.
    Refused(Vec<Wrong>),
    /// A file cannot be read, or is no good scenario.
    Invalid(Failure),
    /// A run stopped before its end.
    Stopped {
        /// Which run.
        run: String,
        /// How far it came.
        finish: Finish,
    },
    /// A run did not pass its own checks.
    Inconsistent {
        /// Which run.
        run: String,
        /// What the checks found.
        faults: Vec<String>,
    },
    /// Something could not be written.
    Io {
        /// What.
        what: String,
        /// Why.
        error: io::Error,
    },
}

/// Something wrong with what was asked for, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What to do, if there is something.
    pub hint: Option<String>,
}

impl Wrong {
    /// This is wrong, and that is what to do.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Wrong {
        Wrong { message: message.into(), hint: Some(hint.into()) }
    }

    /// There is nothing of this name; what there is, is called `known`.
    pub fn unknown<'a, K>(message: impl Into<String>, name: &str, known: impl Fn() -> K) -> Wrong
    where
        K: Iterator<Item = &'a str>,
    {
        let hint = match suggest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
        };
        Wrong::new(message, hint)
    }
}

impl RunError {
    /// Mistakes that were found in what a scenario asks for.
    pub fn mistakes(diagnostics: Vec<Diagnostic>, scenario: &Scenario) -> RunError {
        let sources = Box::new(scenario.sources.clone());
        RunError::Invalid(Failure::Bad { diagnostics, sources })
    }

    /// Whether a run was stopped by whom it asked.
    pub fn is_interruption(&self) -> bool {
        matches!(self, RunError::Stopped { finish: Finish { stop: Stop::Interrupted, .. }, .. })
    }
}

impl From<Wrong> for RunError {
    fn from(wrong: Wrong) -> RunError {
        RunError::Refused(vec![wrong])
    }
}

impl From<Vec<Wrong>> for RunError {
    fn from(wrong: Vec<Wrong>) -> RunError {
        RunError::Refused(wrong)
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> RunError {
        RunError::Invalid(failure)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{}\nhint: {hint}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Refused(all) => {
                let lines: Vec<String> = all.iter().map(Wrong::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            RunError::Invalid(failure) => failure.fmt(f),
            RunError::Stopped { run, finish: Finish { stop, at, events, .. } } => match stop {
                Stop::Interrupted => write!(f, "{run}: interrupted at {at} of simulated time"),
                Stop::Instant => write!(
                    f,
                    "{run}: over {INSTANT_MAX} events happened at {at} and time does not go on"
                ),
                Stop::Events | Stop::Complete => {
                    write!(f, "{run}: stopped after {events} events at {at} of simulated time")
                }
            },
            RunError::Inconsistent { run, faults } => {
                write!(f, "{run}: the run did not pass its own checks\n  {}", faults.join("\n  "))
            }
            RunError::Io { what, error } => write!(f, "cannot write {what}: {error}"),
        }
    }
}

/// What to do about a run that a limit stopped.
pub fn limit_hint(finish: &Finish) -> String {
    let advice = match (finish.stop, &finish.circle) {
        (Stop::Instant, None) => {
            "look for a circle in which nothing takes time: a function that invokes itself with \
             RecursiveLoop: Allow"
        }
        (Stop::Instant, Some(_)) => "let one of its queues have no RedrivePolicy",
        _ => "allow more with --max-events N",
    };
    match &finish.circle {
        Some(names) => {
            format!("messages go round in a circle of dead-letter queues, {names}; {advice}")
        }
        None => advice.to_owned(),
    }
}

impl error::Error for RunError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            RunError::Invalid(failure) => Some(failure),
            RunError::Io { error, .. } => Some(error),
            RunError::Refused(_) | RunError::Stopped { .. } | RunError::Inconsistent { .. } => None,
        }
    }
}
