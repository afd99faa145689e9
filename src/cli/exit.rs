//! Exit codes, and how a failure becomes one.

use std::{fmt, io, process::ExitCode};

/// The exit codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// The tool's own failure, a broken self-check included.
    Failure = 1,
    /// Wrong usage.
    Usage = 2,
    /// A bad scenario.
    Scenario = 3,
    /// Stopped by a limit; the results are partial.
    Limit = 4,
    /// Output could not be written.
    Output = 5,
    /// A threshold failed.
    Threshold = 99,
    /// Interrupted; the results are partial.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// A failure that has its exit code.
#[derive(Debug)]
pub struct Failed {
    /// The code.
    pub exit: Exit,
    /// What went wrong; may have several lines.
    pub message: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failed {}

/// A failure with its code, as an error.
pub fn failed(exit: Exit, message: impl Into<String>) -> anyhow::Error {
    Failed { exit, message: message.into() }.into()
}

/// What came of writing to standard output, where a reader that has had enough is no failure: what
/// was found stands.
pub fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Tells what went wrong on standard error, and which code that is.
pub fn report(error: &anyhow::Error) -> Exit {
    let broken_pipe = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if broken_pipe {
        // Whoever read our output has had enough, as `head` does: that is no failure.
        return Exit::Fine;
    }
    match error.downcast_ref::<Failed>() {
        Some(Failed { exit, message }) => {
            eprintln!("{}", message.trim_end());
            *exit
        }
        None => {
            eprintln!("error: {error:#}");
            match error.downcast_ref::<io::Error>() {
                Some(_) => Exit::Output,
                None => Exit::Failure,
            }
        }
    }
}
