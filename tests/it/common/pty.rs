//! A terminal for a test: what a program draws on it, what is typed, and how the program leaves it.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

/// A program on a terminal of its own.
pub struct OnTerminal {
    master: File,
    /// Kept open, so that how the program leaves the terminal can be seen.
    slave: File,
    child: Child,
    before: LocalModes,
    /// Everything that was drawn.
    pub all: String,
}

/// Longer than this nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

impl OnTerminal {
    /// Starts a program.
    pub fn start(mut command: Command) -> OnTerminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal is there");
        grantpt(&master).expect("it can be granted");
        unlockpt(&master).expect("it can be unlocked");
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("it has a size");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = name.into_string().expect("its name is a text");
        let open = || OpenOptions::new().read(true).write(true).open(&name);
        let slave = open().expect("it can be opened");
        let before = tcgetattr(&slave).expect("it has modes").local_modes;
        let end = || slave.try_clone().expect("it can be shared");
        command.env("TERM", "xterm-256color").stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().expect("the program starts");
        drop(command);
        OnTerminal { master: File::from(master), slave, child, before, all: String::new() }
    }

    /// The program's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Types.
    pub fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("somebody reads keys");
    }

    /// Waits until this was drawn.
    #[track_caller]
    pub fn waits_for(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.all.contains(text) {
            assert!(begun.elapsed() < PATIENCE, "no `{text}` in\n{}", self.all);
            self.take();
        }
    }

    /// Takes what was drawn, or waits a little for it.
    fn take(&mut self) {
        let mut ready = [PollFd::new(&self.master, PollFlags::IN)];
        let most = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        if poll(&mut ready, Some(&most)).expect("one can wait") == 0 {
            return;
        }
        let mut bytes = [0; 1 << 16];
        let n = self.master.read(&mut bytes).unwrap_or(0);
        self.all.push_str(&String::from_utf8_lossy(&bytes[..n]));
    }

    /// Takes the terminal away, and waits for the end of the program.
    #[track_caller]
    pub fn goes_away(self) -> ExitStatus {
        let OnTerminal { master, slave, mut child, .. } = self;
        drop((master, slave));
        let begun = Instant::now();
        loop {
            match child.try_wait().expect("it can be waited for") {
                Some(status) => return status,
                None => assert!(begun.elapsed() < PATIENCE, "it goes on without a terminal"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end of the program; panics unless it left the terminal as it was. Gives everything
    /// behind the picture.
    #[track_caller]
    pub fn ends(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("it can be waited for") {
                Some(status) => break status,
                None => assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.all),
            }
            self.take();
        };
        for _ in 0..5 {
            self.take();
        }
        let modes = tcgetattr(&self.slave).expect("it has modes").local_modes;
        assert_eq!(modes, self.before, "the modes of the terminal are others now");
        let all = std::mem::take(&mut self.all);
        let (open, close) = ("\x1b[?1049h", "\x1b[?1049l");
        assert_eq!(all.matches(open).count(), 1, "it opens a screen of its own once");
        assert_eq!(all.matches(close).count(), 1, "and leaves it once");
        let (picture, behind) = all.split_once(close).expect("it is there");
        assert!(picture.contains(open), "it leaves what it has opened");
        assert!(behind.contains("\x1b[?25h"), "the cursor is seen again");
        (status, behind.to_owned())
    }
}
