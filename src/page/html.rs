//! The page as one HTML file: nothing is loaded, nothing runs but the one script whose hash the policy names.
//!
//! Every text of a file is escaped; the data of the player stands in a script element that is not run and
//! in which no `<` is written.

use super::{
    data::{self, Play},
    ink::Inks,
};
use crate::report::{
    Assumption,
    wording::{Block, Table, count, inert},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The page's largest size, in bytes.
pub const BYTES_MAX: usize = 300_000;

const PAGE_CSS: &str = include_str!("page.css");
const PLAYER_CSS: &str = include_str!("player.css");
const PLAYER_JS: &str = include_str!("player.js");

/// A chart of the page.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Its kind, as `dwell chart` names it.
    pub kind: &'static str,
    /// The picture, for a light ground.
    pub light: String,
    /// The same for a dark one.
    pub dark: String,
}

/// All that the page shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// What the player plays, with what is said of the scenario.
    pub play: Play<'a>,
    /// The charts, those first that say most.
    pub charts: Vec<Chart>,
    /// What the policies came to when compared.
    pub comparison: Vec<Block>,
    /// What one run of each policy came to.
    pub runs: Vec<(String, Vec<Block>)>,
    /// What is assumed where AWS documents nothing.
    pub assumptions: Vec<Assumption>,
    /// What a colleague would say.
    pub warnings: Vec<String>,
}

/// What is left out of a page that would be too large, in this order, as far as it must be.
const LOSSES: [Loss; 13] = [
    Loss::ChartsBut(5),
    Loss::ChartsBut(4),
    Loss::ChartsBut(3),
    Loss::ChartsBut(2),
    Loss::Moments,
    Loss::DotsBut(60),
    Loss::ChartsBut(1),
    Loss::Moments,
    Loss::DotsBut(30),
    Loss::DotsBut(10),
    Loss::Tried,
    Loss::ChartsBut(0),
    Loss::DotsBut(0),
];

#[derive(Clone, Copy, Debug)]
enum Loss {
    /// All charts but so many.
    ChartsBut(usize),
    /// Every other moment at which everybody is counted.
    Moments,
    /// All dots but so many.
    DotsBut(usize),
    /// What was tried.
    Tried,
}

/// The page. Where it would be larger than [`BYTES_MAX`], charts, dots and frames are left out until it is
/// not, and it says so; none if that is not enough.
pub fn render(mut page: Page<'_>) -> Option<String> {
    let dots = page.play.dots();
    let charts = page.charts.clone();
    let (mut every, mut tried_is_out) = (1, false);
    let mut losses = LOSSES.into_iter();
    loop {
        let mut left_out: Vec<String> = Vec::new();
        for Chart { kind, .. } in &charts[page.charts.len()..] {
            left_out.push(format!("the chart {kind}, which `dwell chart` draws"));
        }
        if page.play.dots() < dots {
            left_out.push(format!("{} of {dots} dots", dots - page.play.dots()));
        }
        if 1 < every {
            left_out.push(format!("all but every {every}th moment at which everybody is counted"));
        }
        if tried_is_out {
            left_out.push("what was tried".to_owned());
        }
        let text = whole(&page, &left_out);
        if text.len() <= BYTES_MAX {
            return Some(text);
        }
        match losses.next()? {
            Loss::ChartsBut(left) => page.charts.truncate(left),
            Loss::Moments => {
                every *= 2;
                page.play.halve_frames();
            }
            Loss::DotsBut(left) => page.play.leave_dots(left),
            Loss::Tried => tried_is_out = page.play.tried.take().is_some(),
        }
    }
}

/// A script or style sheet as the page has it: without the indents and lines of comment that are for those
/// who read it in the source. No text of it spans lines.
fn bare(text: &str) -> String {
    let mut in_comment = false;
    let says = |line: &&str| {
        let begins = !in_comment && line.starts_with("/*");
        let is_comment = begins || in_comment || line.starts_with("//");
        in_comment = (begins || in_comment) && !line.ends_with("*/");
        !line.is_empty() && !is_comment
    };
    text.lines().map(str::trim).filter(says).collect::<Vec<_>>().join("\n")
}

fn whole(page: &Page<'_>, left_out: &[String]) -> String {
    let play = &page.play;
    let name = &play.name;
    let mut inks = Inks::default();
    let charts = charts(&page.charts, &mut inks);
    let (style, script) = (style(&inks), bare(PLAYER_JS));
    let title = name.title.unwrap_or(name.file);
    let mut out = String::with_capacity(BYTES_MAX);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'\">",
        hash(&style),
        hash(&script)
    );
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    let _ = writeln!(out, "<title>{}</title>", escaped(title));
    let _ = writeln!(out, "<style>{style}</style>\n</head>\n<body>");
    let _ = writeln!(out, "<header class=\"page\">\n<h1>{}</h1>", escaped(title));
    if let Some(question) = name.question {
        let _ = writeln!(out, "<p class=\"question\">{}</p>", escaped(question));
    }
    out.push_str("</header>\n<main>\n");
    out.push_str("<section id=\"player\">\n<noscript><p>With JavaScript, the run plays here.</p>");
    out.push_str("</noscript>\n</section>\n");
    answer(&mut out, page);
    out.push_str(&charts);
    if !page.comparison.is_empty() {
        section(&mut out, "comparison", "The comparison", &page.comparison, &[]);
    }
    for (at, (policy, blocks)) in page.runs.iter().enumerate() {
        let heading = match policy.as_str() {
            "" => "The run in numbers".to_owned(),
            policy => format!("The run in numbers: {policy}"),
        };
        section(&mut out, &format!("run-{}", at + 1), &heading, blocks, &["Ledger"]);
    }
    assumptions(&mut out, page);
    out.push_str("</main>\n");
    foot(&mut out, page, left_out);
    let _ = writeln!(
        out,
        "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{script}</script>\n\
         </body>\n</html>",
        data::json(play)
    );
    out
}

/// The answer. Whatever tells it has `data-told`, so that the player can keep it back until the reader has
/// guessed.
fn answer(out: &mut String, page: &Page<'_>) {
    let name = &page.play.name;
    if name.answer.is_none() && name.finding.is_none() {
        return;
    }
    out.push_str("<section id=\"answer\" class=\"page\" data-told>\n<h2>The answer</h2>\n");
    if let Some(answer) = name.answer {
        let _ = writeln!(out, "<p class=\"answer\">{}</p>", escaped(answer));
    }
    if let Some(finding) = &name.finding {
        let _ = writeln!(out, "<p>{}</p>", escaped(finding));
    }
    out.push_str("</section>\n");
}

fn charts(charts: &[Chart], inks: &mut Inks) -> String {
    let mut out = String::new();
    if charts.is_empty() {
        return out;
    }
    out.push_str("<section id=\"charts\" class=\"page\" data-told>\n<h2>The charts</h2>\n");
    for Chart { kind, light, dark } in charts {
        let joined = inks.join(light, dark);
        let (svg, class) = match &joined {
            Some(both) => (both, "both"),
            None => (light, "light"),
        };
        // What stands before the element belongs to a file of its own.
        let element = svg.find("<svg").map_or(svg.as_str(), |at| &svg[at..]).trim_end();
        let _ = write!(out, "<figure id=\"chart-{kind}\" class=\"{class}\" tabindex=\"0\">");
        let _ = writeln!(out, "\n{element}\n</figure>");
    }
    out.push_str("</section>\n");
    out
}

/// A section of blocks: first what is said in words and the tables of these headings, then all other
/// tables, folded.
fn section(out: &mut String, id: &str, heading: &str, blocks: &[Block], open: &[&str]) {
    let _ = writeln!(out, "<section id=\"{id}\" class=\"page\" data-told>");
    let _ = writeln!(out, "<h2>{}</h2>", escaped(heading));
    let is_folded = |block: &&Block| match block {
        Block::Table(table) => !open.contains(&table.heading.as_str()),
        Block::Title(_)
        | Block::Labelled(..)
        | Block::Verdicts(_)
        | Block::Sentences(..)
        | Block::Remarks(_) => false,
    };
    let (folded, open): (Vec<&Block>, Vec<&Block>) = blocks.iter().partition(is_folded);
    // Sentences say what all the rest is about.
    let sentences = |block: &&&Block| matches!(block, Block::Sentences(..));
    open.iter().filter(sentences).for_each(|block| lay_out(out, block));
    open.iter().filter(|block| !sentences(block)).for_each(|block| lay_out(out, block));
    if !folded.is_empty() {
        out.push_str("<details>\n<summary>All tables</summary>\n");
        folded.iter().for_each(|block| lay_out(out, block));
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

fn lay_out(out: &mut String, block: &Block) {
    match block {
        // The page has said these.
        Block::Title(_) | Block::Labelled("question" | "answer" | "policy", _) => (),
        Block::Labelled(label, text) => {
            let _ = writeln!(out, "<p><strong>{label}</strong> {}</p>", escaped(text));
        }
        Block::Table(Table { heading, columns, rows, notes }) => {
            let columns: Vec<String> = columns.iter().map(|of| of.heading.clone()).collect();
            table(out, heading, &columns, rows);
            if !notes.is_empty() {
                list(out, notes);
            }
        }
        Block::Verdicts(all) => {
            out.push_str("<h3>Thresholds</h3>\n<ul class=\"verdicts\">\n");
            for (holds, text, came) in all {
                let (mark, class) =
                    if *holds { ("✓ holds", "holds") } else { ("✗ fails", "fails") };
                let _ = write!(out, "<li><span class=\"{class}\">{mark}</span> ");
                let _ = write!(out, "<code>{}</code>", escaped(text));
                if !came.is_empty() {
                    let _ = write!(out, " ({})", escaped(came));
                }
                out.push_str("</li>\n");
            }
            out.push_str("</ul>\n");
        }
        Block::Sentences(heading, all) => {
            let _ = writeln!(out, "<h3>{heading}</h3>");
            list(out, all);
        }
        Block::Remarks(all) => {
            out.push_str("<h3>Warnings</h3>\n");
            list(out, all);
        }
    }
}

fn list(out: &mut String, all: &[String]) {
    out.push_str("<ul>\n");
    for sentence in all {
        let _ = writeln!(out, "<li>{}</li>", escaped(sentence));
    }
    out.push_str("</ul>\n");
}

fn table(out: &mut String, heading: &str, columns: &[String], rows: &[Vec<String>]) {
    // It may be wider than a small screen: then it is scrolled, by keyboard too.
    let label = escaped(heading);
    let _ = writeln!(
        out,
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">"
    );
    let _ = writeln!(out, "<table>\n<caption>{label}</caption>");
    out.push_str("<thead><tr>");
    for column in columns {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(column));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            let _ = match at {
                0 => write!(out, "<th scope=\"row\">{cell}</th>"),
                _ => write!(out, "<td>{cell}</td>"),
            };
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

fn assumptions(out: &mut String, page: &Page<'_>) {
    if !page.assumptions.is_empty() {
        out.push_str("<section id=\"assumptions\" class=\"page\">\n<h2>What is assumed</h2>\n");
        out.push_str("<p>AWS documents none of these. Each can be set in the scenario.</p>\n");
        let (defaults, set): (Vec<&Assumption>, Vec<&Assumption>) =
            page.assumptions.iter().partition(|assumed| assumed.is_default);
        let columns = ["assumption", "value"].map(str::to_owned);
        let rows = |all: &[&Assumption]| -> Vec<Vec<String>> {
            all.iter().map(|assumed| vec![assumed.name.clone(), assumed.value.clone()]).collect()
        };
        if !set.is_empty() {
            table(out, "Set here", &columns, &rows(&set));
        }
        let n = defaults.len();
        let _ = writeln!(out, "<details>\n<summary>{n} are as by default</summary>");
        table(out, "By default", &columns, &rows(&defaults));
        out.push_str("</details>\n</section>\n");
    }
    if !page.warnings.is_empty() {
        out.push_str("<section id=\"warnings\" class=\"page\">\n<h2>Warnings</h2>\n");
        list(out, &page.warnings);
        out.push_str("</section>\n");
    }
}

/// What another needs to get the same page.
fn foot(out: &mut String, page: &Page<'_>, left_out: &[String]) {
    let play = &page.play;
    let name = &play.name;
    out.push_str("<footer class=\"page\">\n");
    if !left_out.is_empty() {
        let told = escaped(&left_out.join("; "));
        let _ = writeln!(out, "<p>Left out to keep this page below 300 KB: {told}.</p>");
    }
    let dots = play.dots();
    if let Some(each) = play.arrivals.checked_div(dots as u64).filter(|each| 1 < *each) {
        let (all, each) = (count(play.arrivals), count(each));
        let _ = writeln!(
            out,
            "<p>Of {all} arrivals, {dots} are dots, chosen by a hash of their number: one stands for \
             about {each}. All counts are of everybody.</p>"
        );
    }
    let digests: Vec<String> = play
        .stages
        .iter()
        .map(|stage| match stage.name.as_str() {
            "" => stage.digest.clone(),
            name => format!("{} ({name})", stage.digest),
        })
        .collect();
    let _ = writeln!(
        out,
        "<p>{} {}, seed {}, digest {}, dwell {}</p>\n</footer>",
        escaped(name.file),
        escaped(name.hash),
        name.seed,
        escaped(&digests.join(", ")),
        name.dwell
    );
}

/// The one style sheet: the page's, the player's, and the charts' colours on a dark ground.
fn style(inks: &Inks) -> String {
    let (page, player) = (bare(PAGE_CSS), bare(PLAYER_CSS));
    let rules = inks.rules(".both");
    format!("{page}\n{player}\n@media (prefers-color-scheme:dark){{\n{rules}}}\n")
}

/// What a content policy calls the text of an element by.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// A text in one line in which nothing is markup and no character controls anything.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in inert(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let text = "a</script><b c='d' e=\"f\">&amp;\u{1b}[0m\u{202e}\ng";
        let expected = "a&lt;/script&gt;&lt;b c=&#39;d&#39; e=&quot;f&quot;&gt;&amp;amp;\
                        \\u{1b}[0m\\u{202e} g";
        assert_eq!(escaped(text), expected);
    }

    #[test]
    fn a_hash_is_that_of_the_content_policy() {
        // The example of the specification, Content Security Policy Level 2, 4.2.5.
        let expected = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";
        assert_eq!(hash("alert('Hello, world.');"), expected);
    }

    #[test]
    fn what_is_hashed_has_no_line_end_that_a_reader_of_html_would_change() {
        for text in [PAGE_CSS, PLAYER_CSS, PLAYER_JS] {
            assert!(!text.contains('\r') && !text.contains('\0'));
            assert!(!text.contains("</style") && !text.contains("</script"));
        }
    }

    #[test]
    fn no_text_of_the_script_spans_lines() {
        for (nth, line) in (1..).zip(PLAYER_JS.lines()) {
            assert!(line.matches('`').count().is_multiple_of(2), "player.js:{nth}: {line}");
        }
        let script =
            "/** One. */\nlet a = 1; // one\n\n  // two\n/* three\n four */\n  let b = `//`;\n";
        assert_eq!(bare(script), "let a = 1; // one\nlet b = `//`;");
    }
}
