//! Accounts for a terminal.

use super::{
    Report,
    wording::{Block, blocks},
};
use std::fmt::Write as _;

/// The account as text; with `color`, marks and headings are coloured, and nothing depends on it.
pub fn render(report: &Report<'_>, color: bool) -> String {
    lay_out(blocks(report), color)
}

/// Blocks as text.
pub fn lay_out(blocks: Vec<Block>, color: bool) -> String {
    let paint = |code: &str, text: &str| match color {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    let mut out = String::new();
    let mut after_table = false;
    for block in blocks {
        if after_table && matches!(block, Block::Labelled(..) | Block::Remarks(_)) {
            out.push('\n');
        }
        after_table = matches!(block, Block::Table(..) | Block::Sentences(..));
        let _ = match block {
            Block::Title(title) => writeln!(out, "{}", paint("1", &title)),
            Block::Labelled(label, text) => writeln!(out, "  {label:8} {text}"),
            Block::Table(heading, columns, rows) => {
                let _ = writeln!(out, "\n{}", paint("1", &heading));
                write!(out, "{}", aligned(&columns, &rows))
            }
            Block::Verdicts(all) => {
                let _ = writeln!(out, "\n{}", paint("1", "Thresholds"));
                for (holds, text, came) in all {
                    let mark = if holds { paint("32", "✓") } else { paint("31", "✗") };
                    let came = if came.is_empty() { came } else { format!("   ({came})") };
                    let _ = writeln!(out, "  {mark} {text}{came}");
                }
                writeln!(out)
            }
            Block::Sentences(heading, all) => {
                let _ = writeln!(out, "\n{}", paint("1", heading));
                for sentence in all {
                    let _ = writeln!(out, "  {sentence}");
                }
                Ok(())
            }
            Block::Remarks(all) => {
                let _ = writeln!(out, "{}", paint("1", "Warnings"));
                for remark in all {
                    let _ = writeln!(out, "  ! {remark}");
                }
                writeln!(out)
            }
        };
    }
    out
}

/// Columns as wide as their widest cell, the first to the left and the others to the right.
fn aligned(columns: &[String], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([columns[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    let has_headings = columns.iter().skip(1).any(|column| column != "all") || columns.len() > 2;
    let headings = has_headings.then_some(columns);
    for row in headings.into_iter().chain(rows.iter().map(Vec::as_slice)) {
        let mut line = format!("  {:<w$}", row[0], w = widths[0]);
        for (cell, w) in row.iter().zip(&widths).skip(1) {
            let _ = write!(line, "  {cell:>w$}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
