//! What studies print to standard output.

use super::{Format, Output, exit::unless_closed};
use crate::report::{markdown, table, wording::Block};
use anyhow::Result;
use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

/// What is told, in every format.
pub struct Told<'a> {
    /// The account for people.
    pub blocks: &'a dyn Fn() -> Vec<Block>,
    /// One object.
    pub json: &'a dyn Fn() -> String,
    /// Rows.
    pub csv: &'a dyn Fn(&mut dyn Write) -> io::Result<()>,
}

/// The columns of standard output if it is a terminal, and of a usual one if not.
pub fn width() -> usize {
    match ratatui::crossterm::terminal::size() {
        Ok((columns, _)) if io::stdout().is_terminal() && columns > 0 => usize::from(columns),
        _ => table::WIDTH,
    }
}

/// Prints what was asked for, and to standard error where the results, written before, are.
pub fn print(output: &Output, told: &Told<'_>, target: &Path) -> Result<()> {
    if output.quiet {
        return Ok(());
    }
    let stdout = io::stdout();
    let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = BufWriter::new(stdout.lock());
    let written = match output.format {
        Format::Table => out.write_all(table::lay_out((told.blocks)(), color, width()).as_bytes()),
        Format::Markdown => out.write_all(markdown::lay_out((told.blocks)()).as_bytes()),
        Format::Json => out.write_all((told.json)().as_bytes()),
        Format::Csv => (told.csv)(&mut out),
    };
    unless_closed(written.and_then(|()| out.flush()))?;
    if output.format == Format::Table {
        eprintln!("wrote {}", target.display());
    }
    Ok(())
}
