//! The visibility heatmap: how often messages are processed once more, over the visibility timeout in timeouts
//! of the function, and over the batch size; a number in every cell. A message that is processed three times
//! counts twice, so there can be more repeats than messages.

use super::{
    Look,
    canvas::Anchor,
    headline::quoted,
    page::{HEADING, Page, SMALL, VALUE, length},
    points::{Cell, Visibilities},
    scale::number,
};
use crate::report::{
    compare::safe,
    csv::table,
    wording::{count, legal},
};
use std::io::{self, Write};

/// What a row is high, with the gap between cells.
const ROW: f64 = 42.0;
/// Between cells.
const GAP: f64 = 3.0;
/// What the deepest colour covers of its ground: text is read on it.
const DEEPEST: f64 = 0.58;
/// AWS advises so many timeouts.
const ADVISED: f64 = 6.0;

/// A visibility timeout in timeouts of the function.
fn ratio(of: &Visibilities, nth: usize) -> f64 {
    of.visibilities_ms[nth] as f64 / of.timeout_ms.max(1) as f64
}

fn times(of: &Visibilities, nth: usize) -> String {
    format!("{}×", number(libm::round(ratio(of, nth) * 100.0) / 100.0))
}

/// Every point with a number: its visibility timeout, its batch size and how many.
fn points(of: &Visibilities) -> Vec<(usize, u32, u64)> {
    let mut all = Vec::new();
    for (batch, cells) in &of.batches {
        for (nth, cell) in cells.iter().enumerate() {
            match cell {
                Cell::Duplicates(duplicates, _) => all.push((nth, *batch, *duplicates)),
                Cell::Refused(_) => (),
            }
        }
    }
    all
}

/// What the runs found, in a sentence.
pub fn finding(of: &Visibilities) -> String {
    let all = points(of);
    let Some((nth, batch, most)) = all.iter().rev().max_by_key(|(.., n)| *n).copied() else {
        return "Every point is refused".to_owned();
    };
    let came = |cell: &Cell| matches!(cell, Cell::Duplicates(_, arrived) if *arrived > 0);
    if !of.batches.iter().any(|(_, cells)| cells.iter().any(came)) {
        return "Nothing arrives".to_owned();
    }
    if most == 0 {
        return "Nothing is processed twice at any visibility timeout".to_owned();
    }
    let arrived = of.batches.iter().flat_map(|(_, cells)| cells).find_map(|cell| match cell {
        Cell::Duplicates(n, arrived) if *n == most => Some(*arrived),
        Cell::Duplicates(..) | Cell::Refused(_) => None,
    });
    let noun = if most == 1 { "repeat" } else { "repeats" };
    let arrivals = if arrived == Some(1) { "arrival" } else { "arrivals" };
    let mut text = format!(
        "{} {noun} of the work on {} {arrivals} at {} the timeout in batches of {}",
        count(most),
        count(arrived.unwrap_or(0)),
        times(of, nth),
        count(batch.into())
    );
    // The least that Lambda accepts is not safe: that is said, if it is so.
    let least = |nth: &usize| (ratio(of, *nth) - 1.0).abs() < 1e-9;
    let at_least = all.iter().filter(|(at, ..)| least(at) && *at != nth).map(|(.., n)| *n).max();
    if let Some(n) = at_least.filter(|n| *n > 0) {
        text.push_str(&format!(", up to {} at 1×, the least that Lambda accepts", count(n)));
    }
    let last = all.iter().filter(|(.., n)| *n > 0).map(|(nth, ..)| *nth).max().unwrap_or(0);
    match of.visibilities_ms.len() - 1 {
        end if last < end => format!("{text}, none from {} on", times(of, last + 1)),
        end => {
            let rest = all.iter().filter(|(nth, ..)| *nth == end).map(|(.., n)| *n).max();
            format!("{text}, still up to {} at {}", count(rest.unwrap_or(0)), times(of, end))
        }
    }
}

/// The chart as SVG.
pub fn svg(of: &Visibilities, look: Look) -> String {
    let (queue, function) = (legal(&of.names.0), legal(&of.names.1));
    let policy = match of.policy.as_str() {
        "" => String::new(),
        name => format!(" Policy {}.", quoted(name)),
    };
    let arrived = of.batches.iter().flat_map(|(_, cells)| cells).find_map(|cell| match cell {
        Cell::Duplicates(_, arrived) => Some(*arrived),
        Cell::Refused(_) => None,
    });
    let arrived =
        arrived.map_or(String::new(), |n| format!(" {} arrivals in each cell.", count(n)));
    let setting = format!(
        "{}{policy} {queue} feeds {function}, whose Timeout is {}.{arrived}",
        of.setting.sentence(),
        length(of.timeout_ms as f64 / 1e3)
    );
    let mut page = Page::new(look, &finding(of), &setting);
    let colors = page.colors;
    let all = points(of);
    if all.is_empty() && of.batches.iter().all(|(_, cells)| cells.is_empty()) {
        return page.finish(&of.setting.foot(), "");
    }
    let most = all.iter().map(|(.., n)| *n).max().unwrap_or(0);
    page.y += 16.0;
    page.row_heading(
        "Repeated work",
        "runs with a message that was processed before, by VisibilityTimeout and BatchSize",
    );
    let (left, right) = page.sides();
    let left = left + 64.0;
    let wide = (right - left) / of.visibilities_ms.len().max(1) as f64;

    // The lines stand before what they are the lower end of.
    let edge = |at_least: f64| {
        let first = (0..of.visibilities_ms.len()).find(|nth| at_least <= ratio(of, *nth) + 1e-9);
        first.map(|nth| left + nth as f64 * wide - GAP / 2.0)
    };
    let (named, top) = (page.y + SMALL.size, page.y + SMALL.line_height() + 4.0);
    let bottom = top + ROW * of.batches.len() as f64;
    let marks = [(1.0, "from 1×: the least Lambda accepts"), (ADVISED, "from 6×: as advised")];
    let short = ["from 1×: accepted", "6×: advised"];
    for ((at, long), short) in marks.into_iter().zip(short) {
        let Some(x) = edge(at) else { continue };
        let until = if at < ADVISED { edge(ADVISED).unwrap_or(right) } else { right };
        let words = if page.measure(long, SMALL) + 4.0 <= until - x { long } else { short };
        let words = if page.measure(words, SMALL) + 4.0 <= until - x { words } else { "" };
        page.canvas.text(words, (x, named), Anchor::Start, SMALL, colors.ink);
    }
    for (row, (batch, cells)) in of.batches.iter().enumerate() {
        let y = top + row as f64 * ROW;
        let middle = y + ROW / 2.0 + 3.0;
        let at = (left - 10.0, middle);
        page.canvas.text(&count((*batch).into()), at, Anchor::End, VALUE, colors.ink);
        for (nth, cell) in cells.iter().enumerate() {
            let at = (left + nth as f64 * wide, y);
            let size = (wide - GAP, ROW - GAP);
            let middle = (at.0 + size.0 / 2.0, middle);
            match cell {
                Cell::Duplicates(n, _) => {
                    let depth = libm::log1p(*n as f64) / libm::log1p(most.max(1) as f64);
                    let covered = if *n == 0 { 0.0 } else { 0.1 + (DEEPEST - 0.1) * depth };
                    let fill = if *n == 0 {
                        colors.tint(colors.done, 0.16)
                    } else {
                        colors.tint(colors.failed, covered)
                    };
                    page.canvas.rectangle(at, size, &fill, 1.0);
                    page.canvas.text(&count(*n), middle, Anchor::Middle, VALUE, colors.ink);
                }
                Cell::Refused(_) => {
                    page.canvas.rectangle(at, size, colors.all, 0.5);
                    page.canvas.text("refused", middle, Anchor::Middle, SMALL, colors.muted);
                }
            }
        }
    }
    for (at, _) in marks {
        if let Some(x) = edge(at) {
            page.canvas.line((x, named + 5.0), (x, bottom), colors.ink, 1.75);
        }
    }
    let y = bottom + SMALL.size + 4.0;
    for (nth, visibility) in of.visibilities_ms.iter().enumerate() {
        let x = left + nth as f64 * wide + (wide - GAP) / 2.0;
        page.canvas.text(&times(of, nth), (x, y), Anchor::Middle, HEADING, colors.ink);
        let told = length(*visibility as f64 / 1e3);
        let fits = page.measure(&told, SMALL) + 4.0 <= wide;
        if fits {
            let at = (x, y + SMALL.line_height());
            page.canvas.text(&told, at, Anchor::Middle, SMALL, colors.muted);
        }
    }
    page.y = y + 2.0 * SMALL.line_height();
    let at = ((left + right) / 2.0, page.y + 4.0);
    let words = format!("VisibilityTimeout of {queue}, in timeouts of {function}");
    page.canvas.text(&words, at, Anchor::Middle, SMALL, colors.muted);
    page.canvas.text("BatchSize", (page.sides().0, y), Anchor::Start, SMALL, colors.muted);
    page.y += SMALL.line_height();
    for reason in refusals(of) {
        page.y += 4.0;
        page.paragraph(&format!("Refused: {reason}"), SMALL, colors.muted);
    }
    let described = description(of);
    page.finish(&of.setting.foot(), &described)
}

/// Why points were refused, each reason once; at most three.
fn refusals(of: &Visibilities) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for cell in of.batches.iter().flat_map(|(_, cells)| cells) {
        match cell {
            Cell::Refused(reason) if reasons.len() < 3 => {
                let reason = legal(reason);
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
            Cell::Refused(_) | Cell::Duplicates(..) => (),
        }
    }
    reasons
}

fn description(of: &Visibilities) -> String {
    let sentences = of.batches.iter().map(|(batch, cells)| {
        let told = cells.iter().enumerate().map(|(nth, cell)| {
            let at = times(of, nth);
            match cell {
                Cell::Duplicates(n, _) => format!("{at} {}", count(*n)),
                Cell::Refused(_) => format!("{at} refused"),
            }
        });
        let told = told.collect::<Vec<_>>().join(", ");
        format!("Repeats in batches of {}: {told}.", count((*batch).into()))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

/// The columns of the chart's data.
pub const COLUMNS: [&str; 8] = [
    "policy",
    "batch_size",
    "visibility_timeout_s",
    "timeout_s",
    "ratio",
    "duplicates",
    "arrivals",
    "refused",
];

/// Writes what is drawn, in numbers: a row a point; one that is refused has its reason and no numbers.
pub fn csv(of: &Visibilities, to: impl Write) -> io::Result<()> {
    table(to, COLUMNS, |write| {
        for (batch, cells) in &of.batches {
            for (nth, cell) in cells.iter().enumerate() {
                let (duplicates, arrived, refused) = match cell {
                    Cell::Duplicates(n, arrived) => {
                        (n.to_string(), arrived.to_string(), String::new())
                    }
                    Cell::Refused(reason) => (String::new(), String::new(), safe(reason)),
                };
                write([
                    safe(&of.policy),
                    batch.to_string(),
                    (of.visibilities_ms[nth] as f64 / 1e3).to_string(),
                    (of.timeout_ms as f64 / 1e3).to_string(),
                    ratio(of, nth).to_string(),
                    duplicates,
                    arrived,
                    refused,
                ])?;
            }
        }
        Ok(())
    })
}
