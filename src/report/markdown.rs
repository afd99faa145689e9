//! Accounts as Markdown, to be pasted into a pull request.

use super::{
    Report,
    wording::{Block, Table, blocks},
};
use std::fmt::Write as _;

/// The account as Markdown.
pub fn render(report: &Report<'_>) -> String {
    lay_out(blocks(report))
}

/// Blocks as Markdown.
pub fn lay_out(blocks: Vec<Block>) -> String {
    let mut out = String::new();
    let mut after_table = false;
    for block in blocks {
        if after_table && matches!(block, Block::Labelled(..)) {
            // Without it, the line would be one more row.
            out.push('\n');
        }
        after_table = matches!(block, Block::Table(..) | Block::Sentences(..));
        let _ = match block {
            Block::Title(title) => writeln!(out, "## {}\n", escaped(&title)),
            Block::Labelled(label, text) => writeln!(out, "**{label}** {}  ", escaped(&text)),
            Block::Table(Table { heading, columns, rows, notes }) => {
                let _ = writeln!(out, "\n### {heading}\n");
                let line = |cells: &[String]| {
                    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
                    format!("| {} |", cells.join(" | "))
                };
                let headings: Vec<String> = columns.into_iter().map(|of| of.heading).collect();
                let _ = writeln!(out, "{}", line(&headings));
                let _ = writeln!(out, "|:--|{}", "--:|".repeat(headings.len() - 1));
                for row in rows {
                    let _ = writeln!(out, "{}", line(&row));
                }
                // Without it, the first would be one more row.
                if !notes.is_empty() {
                    out.push('\n');
                }
                for note in notes {
                    let _ = writeln!(out, "- {}", escaped(&note));
                }
                Ok(())
            }
            Block::Verdicts(all) => {
                let _ = writeln!(out, "\n### Thresholds\n");
                for (holds, text, came) in all {
                    let mark = if holds { "✓" } else { "✗" };
                    let came = if came.is_empty() { came } else { format!(" ({came})") };
                    let _ = writeln!(out, "- {mark} `{text}`{}", escaped(&came));
                }
                writeln!(out)
            }
            Block::Sentences(heading, all) => {
                let _ = writeln!(out, "\n### {heading}\n");
                for sentence in all {
                    let _ = writeln!(out, "- {}", escaped(&sentence));
                }
                Ok(())
            }
            Block::Remarks(all) => {
                let _ = writeln!(out, "\n### Warnings\n");
                for remark in all {
                    let _ = writeln!(out, "- {}", escaped(&remark));
                }
                writeln!(out)
            }
        };
    }
    out
}

/// Text in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '|' | '<' | '>' | '[' | ']' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
