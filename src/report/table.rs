//! Accounts for a terminal: no line of it is wider than the terminal is.
//!
//! ```text
//!   a table     ──► columns of the highest ranks are left out until it fits; a line at the end says which
//!   a sentence  ──► goes on in the next line, further in
//! ```
//!
//! Numbers are never cut. If a table is too wide with nothing but the columns that are always there, the names of its
//! rows are.

use super::{
    Report,
    wording::{Block, Table, blocks},
};
use std::fmt::Write as _;

/// The columns of a terminal that nobody knows, and of what is no terminal.
pub const WIDTH: usize = 80;
/// A terminal is taken to have as many at least.
const WIDTH_MIN: usize = 40;
/// A name is not cut to fewer characters.
const NAME_MIN: usize = 12;

/// The account as text that is `width` wide; with `color`, marks and headings are coloured, and nothing depends
/// on it.
pub fn render(report: &Report<'_>, color: bool, width: usize) -> String {
    lay_out(blocks(report), color, width)
}

/// Blocks as text.
pub fn lay_out(blocks: Vec<Block>, color: bool, width: usize) -> String {
    let width = width.max(WIDTH_MIN);
    let paint = |code: &str, text: &str| match color {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    let mut out = String::new();
    let mut after_table = false;
    let mut left_out: Vec<String> = Vec::new();
    for block in blocks {
        if after_table && matches!(block, Block::Labelled(..) | Block::Remarks(_)) {
            out.push('\n');
        }
        after_table = matches!(block, Block::Table(..) | Block::Sentences(..));
        let _ = match block {
            Block::Title(title) => {
                writeln!(out, "{}", paint("1", &folded(&title, width, "", "  ")))
            }
            Block::Labelled(label, text) => writeln!(out, "{}", labelled(label, &text, width)),
            Block::Table(table) => {
                let heading = folded(&table.heading, width, "", "  ");
                let _ = writeln!(out, "\n{}", paint("1", &heading));
                write!(out, "{}", aligned(&table, width, &mut left_out))
            }
            Block::Verdicts(all) => {
                let _ = writeln!(out, "\n{}", paint("1", "Thresholds"));
                for (holds, text, came) in all {
                    let mark = if holds { paint("32", "✓") } else { paint("31", "✗") };
                    let came = if came.is_empty() { came } else { format!("   ({came})") };
                    let text = folded(&format!("{text}{came}"), width, "    ", "      ");
                    let _ = writeln!(out, "  {mark} {}", text.trim_start());
                }
                writeln!(out)
            }
            Block::Sentences(heading, all) => {
                let _ = writeln!(out, "\n{}", paint("1", heading));
                for sentence in all {
                    let _ = writeln!(out, "{}", folded(&sentence, width, "  ", "    "));
                }
                Ok(())
            }
            Block::Remarks(all) => {
                let _ = writeln!(out, "{}", paint("1", "Warnings"));
                for remark in all {
                    let _ = writeln!(out, "{}", folded(&remark, width, "  ! ", "    "));
                }
                writeln!(out)
            }
        };
    }
    if let Some(text) = left_out_of(width, &left_out) {
        let _ = writeln!(out, "{}", labelled("left out", &text, width));
    }
    out
}

/// `  label    text`, which goes on below where it began.
fn labelled(label: &str, text: &str, width: usize) -> String {
    folded(text, width, &format!("  {label:8} "), "           ")
}

/// A text in lines of at most `width` characters, begun with `first` and gone on with `next`. It is only broken at
/// single blanks, and neither a word nor a number with its unit is, even if it is wider than a line.
fn folded(text: &str, width: usize, first: &str, next: &str) -> String {
    let mut out = first.to_owned();
    let mut column = first.chars().count();
    let indent = next.chars().count();
    let mut is_begun = false;
    for word in words(text) {
        let length = word.chars().count();
        if is_begun && column + 1 + length > width && indent < column {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(next);
            column = indent;
        } else if is_begun {
            out.push(' ');
            column += 1;
        }
        out.push_str(&word);
        column += length;
        is_begun = true;
    }
    out
}

/// Behind a number, these belong to it.
const UNITS: [&str; 7] = ["ms", "s", "min", "h", "d", "%", "×"];

/// The words of a text, a number and its units as one.
fn words(text: &str) -> Vec<String> {
    let is_unit = |word: &str| UNITS.contains(&word.trim_end_matches([',', ';', ':', '.', ')']));
    let is_number = |word: &str| {
        let digits = word.trim_start_matches(['(', '+', '-']);
        digits.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut all: Vec<String> = Vec::new();
    let mut before = "";
    for word in text.split(' ') {
        let goes_on =
            is_number(before) && is_unit(word) || UNITS.contains(&before) && is_number(word);
        match all.last_mut() {
            Some(last) if goes_on => {
                last.push(' ');
                last.push_str(word);
            }
            _ => all.push(word.to_owned()),
        }
        before = word;
    }
    all
}

/// What is said of columns that there was no room for; nothing if there are none.
fn left_out_of(width: usize, headings: &[String]) -> Option<String> {
    let all = headings.join(", ");
    let why = format!("no room in {width} columns; `--format markdown` has all");
    (!all.is_empty()).then(|| format!("{all}: {why}"))
}

/// Columns as wide as their widest cell, the first to the left and the others to the right, and the notes below.
/// Headings that there was no room for are added to `left_out`, each once.
fn aligned(table: &Table, width: usize, left_out: &mut Vec<String>) -> String {
    let Table { columns, rows, notes, .. } = table;
    let has_headings = columns.len() > 2 || columns.iter().skip(1).any(|of| of.heading != "all");
    let widest = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        let of = if has_headings { columns[at].heading.chars().count() } else { 0 };
        cells.chain([of]).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..columns.len()).map(widest).collect();
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let total =
        |shown: &[usize], widths: &[usize]| shown.iter().map(|at| 2 + widths[*at]).sum::<usize>();
    while total(&shown, &widths) > width {
        let ranked = shown.iter().copied().filter(|at| columns[*at].rank > 0);
        let Some(least) = ranked.max_by_key(|at| (columns[*at].rank, *at)) else { break };
        shown.retain(|at| *at != least);
    }
    let over = total(&shown, &widths).saturating_sub(width);
    widths[0] = widths[0].min(widths[0].saturating_sub(over).max(NAME_MIN));
    for (at, column) in columns.iter().enumerate() {
        if !shown.contains(&at) && !left_out.contains(&column.heading) {
            left_out.push(column.heading.clone());
        }
    }
    let mut out = String::new();
    let headings: Vec<String> = columns.iter().map(|column| column.heading.clone()).collect();
    let headings = has_headings.then_some(&headings);
    for row in headings.into_iter().chain(rows) {
        let mut line = format!("  {:<w$}", cut(&row[0], widths[0]), w = widths[0]);
        for at in &shown[1..] {
            let _ = write!(line, "  {:>w$}", row[*at], w = widths[*at]);
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for note in notes {
        let _ = writeln!(out, "{}", folded(note, width, "  ", "    "));
    }
    out
}

/// A name in at most so many characters.
fn cut(name: &str, most: usize) -> String {
    match name.chars().count() <= most {
        true => name.to_owned(),
        false => name.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::wording::Column;

    fn table(name: &str) -> Table {
        let columns = [("", 0), ("arrived", 0), ("received", 2), ("deleted", 3), ("lost", 1)];
        Table {
            heading: "Queues".to_owned(),
            columns: columns.map(|(heading, rank)| Column::new(heading, rank)).to_vec(),
            rows: vec![[name, "12,345", "1", "2", "3"].map(str::to_owned).to_vec()],
            notes: vec!["Jobs: NumberOfDeduplicatedSentMessages 5 and a few words more".to_owned()],
        }
    }

    fn text(name: &str, width: usize) -> String {
        lay_out(vec![Block::Table(table(name))], false, width)
    }

    #[test]
    fn columns_of_the_highest_rank_are_left_out_until_the_table_fits_and_that_is_said() {
        let wide = text("Jobs", 80);
        assert!(wide.contains("        arrived  received  deleted  lost\n"), "{wide}");
        assert!(!wide.contains("left out"), "{wide}");
        let narrow = text("AQueueWithALongName", 48);
        assert!(narrow.contains("                       arrived  received  lost\n"), "{narrow}");
        assert!(narrow.contains("  left out deleted: no room in 48"), "{narrow}");
        let narrower = text("AQueueWithALongName", 42);
        assert!(narrower.contains("                       arrived  lost\n"), "{narrower}");
        for text in [wide, narrow, narrower] {
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }

    #[test]
    fn a_name_is_cut_only_if_nothing_else_helps_and_a_number_never_is() {
        let text = text("AQueueWithANameThatIsLongerThanTheTerminalIs", 40);
        assert!(text.contains("  AQueueWithANameThatIsLongerT…   12,345\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn a_sentence_goes_on_in_the_next_line_and_no_word_is_broken() {
        let text = folded("one two three", 9, "- ", "  ");
        assert_eq!(text, "- one two\n  three");
        assert_eq!(folded("a_very_long_word b", 5, "", " "), "a_very_long_word\n b");
        assert_eq!(folded("x   (y)", 20, "", ""), "x   (y)", "blanks are kept within a line");
        assert_eq!(folded("", 5, "> ", "  "), "> ");
        let text = folded("from 97.2 s to 40 min 35 s, at the end", 24, "", "");
        assert_eq!(text, "from 97.2 s to\n40 min 35 s, at the end", "a number keeps its unit");
    }
}
