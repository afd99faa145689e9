//! The terminal while it is drawn on, and given back as it was however that ends.

use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor, execute,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    io::{self, Stdout},
    mem::ManuallyDrop,
    panic,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Whether the terminal is ours now.
static OPEN: AtomicBool = AtomicBool::new(false);

/// The whole terminal, to be drawn on. Dropped, it is closed.
pub struct Screen {
    /// Never dropped: it would show the cursor, as [`give_back`] does, and where the terminal is gone it would
    /// write of its failure to standard error, which is gone too, and panic.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl Screen {
    /// Takes the terminal. If the program breaks while it has it, the terminal is given back before anything
    /// is said about that.
    pub fn open() -> io::Result<Screen> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Whatever this fails with, the other is worse.
            let _ = give_back();
            before(info);
        }));
        OPEN.store(true, Ordering::SeqCst);
        let opened = enable_raw_mode()
            .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, cursor::Hide))
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match opened {
            Ok(terminal) => Ok(Screen { terminal: ManuallyDrop::new(terminal) }),
            Err(error) => {
                give_back()?;
                Err(error)
            }
        }
    }

    /// Draws a picture.
    pub fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(picture).map(drop)
    }

    /// Waits for a key or a signal, and no longer than so long. Says whether the terminal is still there: of
    /// one that is gone crossterm would wait for ever, and busily.
    pub fn wait(&self, most: Duration) -> io::Result<bool> {
        let keyboard = io::stdin();
        let mut ready = [PollFd::new(&keyboard, PollFlags::IN)];
        let most = Timespec { tv_sec: 0, tv_nsec: most.subsec_nanos().into() };
        match poll(&mut ready, Some(&most)) {
            Ok(_) | Err(Errno::INTR) => (),
            Err(error) => return Err(error.into()),
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        Ok(!ready[0].revents().intersects(gone))
    }

    /// Gives the terminal back.
    pub fn close(self) -> io::Result<()> {
        give_back()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to hear of it: a terminal that is gone needs nothing back.
        let _ = give_back();
    }
}

/// The terminal as it was, once.
fn give_back() -> io::Result<()> {
    if !OPEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let left = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
    disable_raw_mode().and(left)
}
