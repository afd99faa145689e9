//! What the commands that play many runs share: reading their files, their threads and progress, and
//! telling why there is no result.

use super::{
    Compared, Repeated, Replicated,
    exit::{Exit, failed},
    watching::{self, Steps},
};
use crate::{
    experiment::{
        Request, RunError, Workers, limit_hint,
        pool::{INSTANT_MAX, usual_threads},
    },
    model::world::{Finish, Limits, Stop},
    scenario::{Failure, Opened},
};
use anyhow::Result;
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

/// A file or a part of it that could not be read, as an error with its exit code.
pub fn unread(failure: &Failure) -> anyhow::Error {
    let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let exit = match failure {
        Failure::Unreadable { .. } => Exit::Usage,
        Failure::Bad { .. } => Exit::Scenario,
    };
    failed(exit, failure.render(color))
}

/// Reads the files; what is wrong with any of them is told of all.
pub fn open(files: &[PathBuf]) -> Result<Vec<Opened>> {
    let mut opened = Vec::new();
    let mut wrong: Option<Exit> = None;
    for file in files {
        match Opened::read(file) {
            Ok(file) => opened.push(file),
            Err(failure) => {
                let exit = super::exit::report(&unread(&failure));
                wrong = wrong.max(Some(exit));
            }
        }
    }
    match wrong {
        Some(exit) => Err(failed(exit, "")),
        None => Ok(opened),
    }
}

impl From<&Replicated> for Request {
    fn from(replicated: &Replicated) -> Request {
        let Replicated { replications, seed, sets, .. } = replicated.clone();
        Request { replications, seed, sets, ..Request::default() }
    }
}

impl From<&Repeated> for Request {
    fn from(repeated: &Repeated) -> Request {
        let Repeated { replicated, metrics, warmup } = repeated.clone();
        Request { metrics, warmup, ..Request::from(&replicated) }
    }
}

impl From<&Compared> for Request {
    fn from(compared: &Compared) -> Request {
        let Compared { baseline, policies, repeated } = compared.clone();
        Request { baseline, policies, ..Request::from(&repeated) }
    }
}

/// Plays on the threads that are asked for, with a progress bar if that is wanted. From now on the first
/// interrupt asks the runs to stop.
pub fn on_threads<T>(
    replicated: &Replicated,
    quiet: bool,
    play: impl FnOnce(&Workers<'_>) -> Result<T, RunError>,
) -> Result<T, RunError> {
    watching::listen();
    play(&Workers {
        threads: replicated.threads.unwrap_or_else(usual_threads),
        events_max: replicated.max_events,
        progress: &Steps::new(!replicated.no_progress && !quiet),
    })
}

/// The limits of a run that is played beside a study.
pub fn limits(replicated: &Replicated) -> Limits<'static> {
    Limits {
        events_max: replicated.max_events,
        instant_max: INSTANT_MAX,
        interrupted: &|_| watching::is_interrupted(),
    }
}

/// Why there is no result, as an error with its exit code.
pub fn told(error: RunError) -> anyhow::Error {
    let exit = match &error {
        RunError::Refused(all) => {
            let lines: Vec<String> = all.iter().map(|wrong| format!("error: {wrong}")).collect();
            return failed(Exit::Usage, lines.join("\n"));
        }
        RunError::Invalid(failure) => return unread(failure),
        RunError::Stopped { finish: Finish { stop: Stop::Interrupted, .. }, .. } => {
            return failed(Exit::Interrupted, "interrupted");
        }
        RunError::Stopped { finish, .. } => {
            let message = format!("error: {error}\nhint: {}", limit_hint(finish));
            return failed(Exit::Limit, message);
        }
        RunError::Inconsistent { .. } => {
            let hint = "please report it with the scenario and that seed";
            return failed(Exit::Failure, format!("error: {error}\nhint: {hint}"));
        }
        RunError::Io { .. } => Exit::Output,
    };
    failed(exit, format!("error: {error}"))
}

/// [`told`], of what is made of whole runs only.
pub fn unfinished(error: RunError) -> anyhow::Error {
    let is_early = matches!(error, RunError::Stopped { .. }) && !error.is_interruption();
    let told = told(error);
    match is_early {
        true => failed(Exit::Limit, format!("{told}\nhint: charts and reports are of whole runs")),
        false => told,
    }
}
