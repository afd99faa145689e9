//! The screen: what stands where, in any size from 60 columns and 16 rows on.
//!
//! ```text
//!   title, pace            1
//!   clock, how far         1
//!   what is set, verdicts  1
//!   tables                 what they need
//!   over time              what is left: more rows a line
//!   ledger                 2
//!   story or latest facts  a third
//!   keys                   1
//! ```

use super::{
    over_time::OverTime,
    palette::{Meaning, Palette, place},
    row::{Row, clock, clock_short, width},
    show::{Pace, Show},
    tables::Tables,
    told::{Teller, place_word},
};
use crate::{
    kernel::Time,
    model::{Place, world::Stop},
    observe::ledger::Account,
    report::wording::count,
    scenario::timeline::Happening,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Line};

/// Less than this cannot be read.
const SMALLEST: (u16, u16) = (60, 16);

/// Draws all of it.
pub fn draw(show: &Show<'_>, palette: Palette, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, palette.ink());
    let screen = Screen { show, palette, width: area.width.into() };
    let height = usize::from(area.height);
    let lines = match (area.width, area.height) {
        (width, height) if width < SMALLEST.0 || height < SMALLEST.1 => screen.too_small(area),
        _ if show.helps => screen.help(),
        _ => screen.lines(height),
    };
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        buffer.set_line(area.left(), y, line, area.width);
    }
}

struct Screen<'a> {
    show: &'a Show<'a>,
    palette: Palette,
    width: usize,
}

impl Screen<'_> {
    fn too_small(&self, area: Rect) -> Vec<Line<'static>> {
        let line = |text: &str| {
            let mut row = Row::new();
            row.cut(text, self.width, self.palette.ink()).line()
        };
        let (columns, rows) = SMALLEST;
        vec![
            line(&format!("{} × {} is too small", area.width, area.height)),
            line(&format!("it takes {columns} × {rows}")),
            line("q quits"),
        ]
    }

    fn lines(&self, height: usize) -> Vec<Line<'static>> {
        let Screen { show, palette, width } = *self;
        let (scenario, live) = (show.scenario, show.playing.live());
        let resources = &*scenario.config.resources;
        let ledger = self.ledger(&live.ledger().run);
        // The head, the ledger and the keys are always there.
        let room = height.saturating_sub(3 + ledger.len() + 1);
        let mut tables = Tables { resources, live, palette, width }.lines();
        let told_least = if show.followed.is_some() { room / 3 } else { room / 4 };
        // Charts of less than four rows show too little.
        let most = room.saturating_sub(told_least + 4).max(1);
        if most < tables.len() {
            let more = tables.len() - most + 1;
            tables.truncate(most - 1);
            let mut row = Row::new();
            row.cut(&format!(" … and {more} more rows"), width, palette.muted());
            tables.push(row.line());
        }
        let over_time = OverTime {
            resources,
            live,
            happenings: &scenario.happenings,
            duration: scenario.config.duration,
            clock: show.playing.clock(),
            palette,
            width,
        };
        let charts = match show.followed {
            Some(_) if show.wide => Vec::new(),
            Some(_) | None => over_time.lines(room - tables.len() - told_least),
        };
        let told_most = room - tables.len() - charts.len();
        let teller = Teller { resources, palette, width };
        let mut told = match show.followed {
            Some(id) => teller.story(id, show.playing.story(), show.below, told_most),
            None => teller.latest(live, show.stepped, told_most),
        };
        told.resize(told_most, Line::default());
        let head = [self.title(), self.clock(), self.now()];
        head.into_iter()
            .chain(tables)
            .chain(charts)
            .chain(ledger)
            .chain(told)
            .chain([self.foot()])
            .collect()
    }

    /// What is played, and at the right how it goes on.
    fn title(&self) -> Line<'static> {
        let scenario = self.show.scenario;
        let pace = self.show.pace_in_words();
        let mut row = Row::new();
        let title = scenario.title.as_deref().unwrap_or(&scenario.stem);
        let room = self.width.saturating_sub(width(&pace) + 4);
        row.put(" ", Style::new()).cut(title, room, self.palette.strong());
        let mut rest = format!(" · seed {}", scenario.config.seed);
        if let Some(policy) = &scenario.policy {
            rest = format!(" · {policy}{rest}");
        }
        row.cut(&rest, (room + 1).saturating_sub(row.width()), self.palette.muted());
        let style = match self.show.pace {
            Pace::Paused => self.palette.strong(),
            Pace::Timed | Pace::Flat | Pace::To(_) => self.palette.words(Meaning::Done),
        };
        row.right(&pace, self.width.saturating_sub(1), style).line()
    }

    /// Where the run stands, and how much of it that is.
    fn clock(&self) -> Line<'static> {
        let now = self.show.playing.clock();
        let duration = self.show.scenario.config.duration;
        let whole = duration.max(now);
        let mut row = Row::new();
        row.put(" ", Style::new()).put(clock(now), self.palette.strong());
        let of = match now <= duration {
            true => format!(" of {} ", clock_short(duration)),
            false => format!(" · arrivals ended at {} ", clock_short(duration)),
        };
        row.put(of, self.palette.muted());
        let room = self.width.saturating_sub(row.width() + 1) as u64;
        let played = u128::from(now.as_nanos()) * u128::from(room);
        let played = played / u128::from(whole.as_nanos().max(1));
        let played = usize::try_from(played).expect("at most the room");
        row.put("━".repeat(played), self.palette.of(Meaning::Running));
        let rest = self.width.saturating_sub(row.width() + 1);
        row.put("─".repeat(rest), self.palette.muted()).line()
    }

    /// What is set now and what comes next; at the end what the run came to.
    fn now(&self) -> Line<'static> {
        if self.show.playing.over().is_some() {
            return self.verdict();
        }
        let (now, happenings) = (self.show.playing.clock(), &self.show.scenario.happenings);
        let mut row = Row::new();
        row.put(" ", Style::new());
        let room = self.width.saturating_sub(1);
        if happenings.is_empty() {
            let question = self.show.scenario.question.as_deref().unwrap_or("");
            return row.cut(question, room, self.palette.muted()).line();
        }
        let until = |of: &Happening| of.until.unwrap_or(Time::NEVER);
        let set: Vec<String> = happenings
            .iter()
            .filter(|of| !of.is_call && of.from <= now && now < until(of))
            .map(|of| match of.until {
                Some(until) => format!("{} until {}", of.words, clock_short(until)),
                None => of.words.clone(),
            })
            .collect();
        let calls = happenings.iter().filter(|of| of.is_call && of.from <= now);
        let called = calls.max_by_key(|of| of.from);
        let next = happenings.iter().filter(|of| now < of.from).min_by_key(|of| of.from);
        if set.is_empty() {
            row.put("nothing is set", self.palette.muted());
        } else {
            row.put("set ━ ", self.palette.words(Meaning::Failed));
            row.cut(&set.join(", "), room.saturating_sub(row.width()), self.palette.ink());
        }
        for (word, happening) in [("called ▲", called), ("next", next)] {
            let Some(Happening { from, words, .. }) = happening else { continue };
            let told = format!(" · {word} {} {words}", clock_short(*from));
            row.cut(&told, room.saturating_sub(row.width()), self.palette.muted());
        }
        row.line()
    }

    fn verdict(&self) -> Line<'static> {
        let Some(played) = self.show.playing.over() else { return Line::default() };
        let (results, stop) = (&played.outcome.results, played.finish.stop);
        let mut row = Row::new();
        row.put(" ", Style::new());
        let failed = self.palette.words(Meaning::Failed);
        let all = results.thresholds.len();
        let held = results.thresholds.iter().filter(|verdict| verdict.holds).count();
        if !played.outcome.faults.is_empty() {
            row.put("✗ the run did not pass its own checks", failed);
        } else if stop != Stop::Complete {
            row.put("✗ stopped by a limit", failed);
        } else if held < all {
            let mut broken = results.thresholds.iter().filter(|verdict| !verdict.holds);
            let first = broken.next().map_or("", |verdict| &verdict.threshold);
            row.put(format!("✗ {held} of {all} thresholds hold, not {first}"), failed);
        } else if 0 < all {
            row.put(format!("✓ {all} of {all} thresholds hold"), self.palette.words(Meaning::Done));
        } else {
            row.put("it has no thresholds", self.palette.muted());
        }
        let digest = format!(" · digest {}", results.digest);
        let room = self.width.saturating_sub(row.width());
        row.cut(&digest, room, self.palette.muted()).line()
    }

    /// The ledger in words and as a bar: the same everybody, each in one place.
    fn ledger(&self, account: &Account) -> Vec<Line<'static>> {
        const LEFT: usize = " ledger ".len();
        let entered = account.arrivals;
        let mut lines = Vec::new();
        let mut words = Row::new();
        words.put(" ledger ", self.palette.muted());
        words.put(count(account.arrivals), self.palette.strong());
        if account.has_further_messages() {
            let messages = account.all_messages().entered;
            words.put(format!(" ({} messages)", count(messages)), self.palette.ink());
        }
        let places: Vec<(Place, u64)> = Place::ALL
            .into_iter()
            .map(|place| (place, account.at(place)))
            .filter(|(_, n)| 0 < *n)
            .collect();
        for (at, (of, n)) in places.iter().enumerate() {
            let (meaning, shape) = place(*of);
            let told = format!("{} {}", count(*n), place_word(*of));
            if self.width <= words.width() + width(&told) + 5 {
                lines.push(words.line());
                words = Row::new();
                words.to(LEFT - 1);
            }
            words.put(if at == 0 { " = " } else { " + " }, self.palette.muted());
            words.put(format!("{shape} "), self.palette.of(meaning));
            words.put(told, self.palette.ink());
        }
        if !account.adds_up() {
            words.put(" (it does not add up)", self.palette.words(Meaning::Failed));
        }
        lines.push(words.line());
        let room = self.width.saturating_sub(2);
        let mut bar = Row::new();
        bar.put(" ", Style::new());
        let counts: Vec<u64> = places.iter().map(|(_, n)| *n).collect();
        for ((of, _), cells) in places.iter().zip(shared(&counts, entered, room)) {
            let (meaning, shape) = place(*of);
            let cells: String = std::iter::repeat_n(shape, cells).collect();
            bar.put(cells, self.palette.of(meaning));
        }
        lines.push(bar.line());
        lines
    }

    /// What is typed, what there is to say, or the keys.
    fn foot(&self) -> Line<'static> {
        let mut row = Row::new();
        row.put(" ", Style::new());
        let room = self.width.saturating_sub(1);
        if let Some(typed) = &self.show.typed {
            row.put("follow number ", self.palette.muted());
            row.cut(typed, room / 2, self.palette.strong()).put("▏", self.palette.strong());
            row.put("  Enter follows · Esc leaves", self.palette.muted());
        } else if let Some(note) = &self.show.note {
            row.cut(note, room, self.palette.strong());
        } else {
            let taken = |(key, what): &(&str, &str)| width(key) + width(what) + 3;
            let last: usize = LAST_KEYS.iter().map(taken).sum();
            let mut left = room.saturating_sub(last);
            let fits = |of: &&(&str, &str)| {
                left = left.saturating_sub(taken(of));
                0 < left
            };
            for (key, what) in KEYS.iter().take_while(fits).chain(&LAST_KEYS) {
                row.put(key, self.palette.strong()).put(format!(" {what}  "), self.palette.muted());
            }
        }
        row.line()
    }

    fn help(&self) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for (keys, what) in HELP {
            let mut row = Row::new();
            row.put("  ", Style::new());
            match what {
                "" => row.cut(keys, self.width.saturating_sub(2), self.palette.strong()),
                what => {
                    row.put(keys, self.palette.strong()).to(18);
                    row.cut(what, self.width.saturating_sub(18), self.palette.ink())
                }
            };
            lines.push(row.line());
        }
        lines
    }
}

/// The keys in the last row, as many as have room.
const KEYS: [(&str, &str); 5] =
    [("space", "pause"), ("→ s m", "step"), ("- + f", "speed"), ("e", "end"), ("n p d #", "story")];
/// Those that are always there.
const LAST_KEYS: [(&str, &str); 2] = [("?", "help"), ("q", "quit")];

/// Every key, and the marks.
const HELP: [(&str, &str); 22] = [
    ("How it goes on", ""),
    ("space", "pause, or go on"),
    ("→ or .", "the next thing that happens; its facts are marked ▸"),
    ("s   m", "to the next second, to the next minute"),
    ("-   +", "slower, faster"),
    ("f", "as fast as it goes, or at the speed again"),
    ("e or End", "to the end"),
    ("Follow a message", ""),
    ("n   p", "the next, the one before; at first the last that moved"),
    ("d", "the first that was dead-lettered, then the next"),
    ("# or a digit", "by its number, such as 17 or Orders-17; Enter"),
    ("↑ ↓ PgUp PgDn", "move in its story"),
    ("Enter", "its story in the place of the charts too, or back"),
    ("Esc", "let it go"),
    ("Marks", ""),
    ("█ ▒ ░", "in a queue: ready, hidden, delayed; ✉ it takes dead letters"),
    ("■ □", "runs of a function, work of a dependency; free places"),
    ("· and blank", "nothing; not played yet"),
    ("━ ▲", "on the timeline: something is set; an operation is called"),
    ("ledger", "every message is in one place of it: █ succeeded ░ waiting"),
    ("", "▸ in flight ✉ dead-lettered × expired or dropped ! failed"),
    ("any key", "goes back; q quits"),
];

/// Cells of a bar for each of several parts of a whole, at least one for each: together all of them.
fn shared(parts: &[u64], whole: u64, cells: usize) -> Vec<usize> {
    let free = cells.saturating_sub(parts.len()) as u128;
    let (mut taken, mut before) = (0u128, 0);
    parts
        .iter()
        .map(|part| {
            taken += u128::from(*part);
            // What is rounded off here is given to a later part.
            let end = taken * free / u128::from(whole.max(1));
            let end = usize::try_from(end.min(free)).expect("cells of a screen");
            end - std::mem::replace(&mut before, end) + 1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_bar_fill_it_and_each_is_seen() {
        assert_eq!(shared(&[50, 50], 100, 10), [5, 5]);
        assert_eq!(shared(&[999_999, 1], 1_000_000, 10), [8, 2]);
        assert_eq!(shared(&[1, 1, 1], 3, 10).iter().sum::<usize>(), 10);
        assert_eq!(shared(&[], 0, 10), Vec::<usize>::new());
    }
}
