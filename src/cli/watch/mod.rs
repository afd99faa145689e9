//! `dwell watch`: a run while it goes on, on a terminal.
//!
//! ```text
//!   keys, time ──► show ──► the run, piece by piece
//!                   │
//!                   └──► draw ◄── tables, over_time, told, palette
//! ```
//!
//! This file holds the terminal and the clock. However the run is cut into pieces, it is that of `dwell run`.

mod draw;
mod over_time;
mod palette;
mod row;
mod show;
mod tables;
mod terminal;
#[cfg(test)]
mod tests;
mod told;

use super::{
    WatchArgs,
    exit::{Exit, failed},
    run, watching,
};
use anyhow::Result;
use palette::{Colors, Palette};
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use show::{Asked, Show};
use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};
use terminal::Screen;

/// From one picture to the next while something moves.
const FRAME: Duration = Duration::from_millis(40);
/// So long is played at a time: the rest of a frame is for drawing and keys.
const PLAYED: Duration = Duration::from_millis(30);
/// So long nothing is looked at while nothing moves.
const IDLE: Duration = Duration::from_millis(200);

/// Plays a file before an audience.
pub fn watch(args: &WatchArgs) -> Result<Exit> {
    let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    if is_dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let message = "error: `dwell watch` draws on a terminal, and this is none\nhint: `dwell run` \
                       prints what a scenario comes to; with --plot, over time";
        return Err(failed(Exit::Usage, message));
    }
    let (scenario, thresholds) = run::load(&args.file, &args.played)?;
    watching::listen();
    let no_color = std::env::var_os("NO_COLOR").is_some();
    let colorterm = std::env::var("COLORTERM").ok();
    let palette = Palette::new(Colors::of(no_color, colorterm.as_deref()));

    let mut show = Show::new(&scenario, thresholds);
    let mut screen = Screen::open()?;
    let asked = go_on(&mut show, &mut screen, palette, args);
    let closed = screen.close();
    if asked? == Asked::Interrupt {
        // Perhaps because the terminal is gone: nothing is said to it.
        return Ok(Exit::Interrupted);
    }
    closed?;

    let file = scenario.file_name();
    let Some(played) = show.playing.over() else { return Ok(Exit::Fine) };
    run::passed_its_checks(&file, &scenario, &played.outcome.faults)?;
    if let Some(early) = run::stopped_early(&file, &played.finish) {
        return Ok(early);
    }
    eprintln!("{file}: watched to its end; digest {}", played.outcome.results.digest);
    Ok(Exit::Fine)
}

/// Draws, plays and reads keys until somebody has had enough.
fn go_on(
    show: &mut Show<'_>,
    screen: &mut Screen,
    palette: Palette,
    args: &WatchArgs,
) -> Result<Asked> {
    let mut before = Instant::now();
    loop {
        screen.draw(|frame| draw::draw(show, palette, frame.area(), frame.buffer_mut()))?;
        let wait = if show.moves() { FRAME.saturating_sub(before.elapsed()) } else { IDLE };
        if !screen.wait(wait)? || watching::is_interrupted() {
            return Ok(Asked::Interrupt);
        }
        let mut is_there = event::poll(Duration::ZERO)?;
        let begun = Instant::now();
        let enough = |_| PLAYED <= begun.elapsed() || watching::is_interrupted();
        let limits = run::limits(&args.played, &enough);
        while is_there {
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
            {
                match show.key(key, &limits) {
                    Asked::On => (),
                    asked @ (Asked::Quit | Asked::Interrupt) => return Ok(asked),
                }
            }
            is_there = event::poll(Duration::ZERO)?;
        }
        let passed = begun.duration_since(before);
        before = begun;
        show.go_on(passed, &limits);
    }
}
