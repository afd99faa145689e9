//! A row of the screen, put together from left to right and never wider than it may be.

use crate::{kernel::Time, report::wording::inert};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use std::borrow::Cow;

/// A row while it is put together.
#[derive(Debug, Default)]
pub struct Row {
    spans: Vec<Span<'static>>,
    width: usize,
}

impl Row {
    /// Nothing yet.
    pub fn new() -> Row {
        Row::default()
    }

    /// So many columns are taken.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Puts a text behind what is there.
    pub fn put(&mut self, text: impl AsRef<str>, style: Style) -> &mut Row {
        let text = harmless(text.as_ref());
        self.width += width(&text);
        match self.spans.last_mut().filter(|last| last.style == style) {
            Some(last) => last.content.to_mut().push_str(&text),
            None => self.spans.push(Span::styled(text.into_owned(), style)),
        }
        self
    }

    /// Puts blanks up to this column.
    pub fn to(&mut self, column: usize) -> &mut Row {
        let blanks = column.saturating_sub(self.width);
        self.put(" ".repeat(blanks), Style::new())
    }

    /// Puts a text so that it ends at this column, cut if it would touch what is there.
    pub fn right(&mut self, text: &str, column: usize, style: Style) -> &mut Row {
        let text = cut(text, column.saturating_sub(self.width + 1));
        let begin = column.saturating_sub(width(&text));
        self.to(begin).put(text, style)
    }

    /// Puts a text of at most so many columns, cut if it is longer.
    pub fn cut(&mut self, text: &str, most: usize, style: Style) -> &mut Row {
        self.put(cut(text, most), style)
    }

    /// As it is drawn.
    pub fn line(&mut self) -> Line<'static> {
        Line::from(std::mem::take(&mut self.spans))
    }
}

/// The columns that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in which nothing controls the terminal or turns the direction of writing.
fn harmless(text: &str) -> Cow<'_, str> {
    let plain = |c: char| {
        !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().all(plain) { Cow::Borrowed(text) } else { Cow::Owned(inert(text)) }
}

/// A text in at most so many columns, with `…` for what does not fit.
pub fn cut(text: &str, most: usize) -> String {
    let text = harmless(text);
    if width(&text) <= most {
        return text.into_owned();
    }
    let mut out = String::new();
    let mut taken = 1;
    for c in text.chars() {
        taken += width(c.encode_utf8(&mut [0; 4]));
        if most < taken {
            break;
        }
        out.push(c);
    }
    if 0 < most {
        out.push('…');
    }
    out
}

/// A text in lines of at most so many columns, broken at blanks where that is possible.
pub fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in harmless(text).split(' ') {
        let word = cut(word, most);
        match lines.last_mut().filter(|line| width(line) + 1 + width(&word) <= most) {
            Some(line) => {
                line.push(' ');
                line.push_str(&word);
            }
            None => lines.push(word),
        }
    }
    lines
}

/// An instant as a clock shows it: `1:02:03.450`, `2 d 03:04:05.000`.
pub fn clock(at: Time) -> String {
    let millis = at.as_nanos() / 1_000_000;
    format!("{}.{:03}", whole_seconds(millis / 1000), millis % 1000)
}

/// An instant as a clock shows it, with as many decimals as it needs up to three: `1:02:03`, `0:00:00.1`.
pub fn clock_short(at: Time) -> String {
    let text = clock(at);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn whole_seconds(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    match days {
        0 => format!("{hours}:{minutes:02}:{seconds:02}"),
        days => format!("{days} d {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span as Length;

    #[test]
    fn texts_are_cut_to_columns_not_characters() {
        let cut_at = |text, most| cut(text, most);
        assert_eq!(cut_at("Worker", 6), "Worker");
        assert_eq!(cut_at("Worker", 5), "Work…");
        assert_eq!(cut_at("注文の列", 5), "注文…");
        assert_eq!(cut_at("注文の列", 6), "注文…");
        assert_eq!(cut_at("Worker", 1), "…");
        assert_eq!(cut_at("Worker", 0), "");
    }

    #[test]
    fn what_would_control_the_terminal_is_written_out() {
        let line = Row::new().put("a\u{1b}[2Jb\u{202e}c", Style::new()).line();
        assert_eq!(line.to_string(), "a\\u{1b}[2Jb\\u{202e}c");
        assert_eq!(cut("a\u{7}b", 9), "a\\u{7}b");
        let line = Row::new().cut(" blank and cut", 9, Style::new()).line();
        assert_eq!(line.to_string(), " blank a…");
    }

    #[test]
    fn what_stands_right_ends_there_and_touches_nothing() {
        let row = |text: &str| {
            let mut row = Row::new();
            row.put("left", Style::new()).right(text, 10, Style::new()).line().to_string()
        };
        assert_eq!(row("one"), "left   one");
        assert_eq!(row("a long one"), "left a lo…");
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("overlong x", 5), ["over…", "x"]);
    }

    #[test]
    fn a_clock_shows_milliseconds_and_days() {
        let at = |millis| Time::ZERO + Length::millis(millis);
        assert_eq!(clock(at(3_723_450)), "1:02:03.450");
        assert_eq!(clock(at(183_845_000)), "2 d 03:04:05.000");
        assert_eq!(clock_short(at(3_723_450)), "1:02:03.45");
        assert_eq!(clock_short(at(3_720_000)), "1:02:00");
        assert_eq!(clock_short(at(0)), "0:00:00");
    }
}
