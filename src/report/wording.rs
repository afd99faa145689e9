//! What is told of a run, as blocks that the table and Markdown lay out each in its own way.

use super::{Report, why};
use crate::observe::{
    Measure, ResourceKind,
    alarm::States,
    autopsy::DeliveryRow,
    cost::{PRICES_OF, REGION},
    fates::Place,
    ledger::{Account, Messages, Origin},
    measure::Unit,
    shown::{self, Shown, TABLES, sheet},
    summary::{DistributionTotal, Measures, Total},
};

/// A piece of the account of a run.
#[derive(Debug)]
pub enum Block {
    /// The title.
    Title(String),
    /// A sentence with its label: a question, an answer.
    Labelled(&'static str, String),
    /// A table.
    Table(Table),
    /// Thresholds: whether each holds, and how it came out.
    Verdicts(Vec<(bool, String, String)>),
    /// Sentences under a heading.
    Sentences(&'static str, Vec<String>),
    /// Remarks.
    Remarks(Vec<String>),
}

/// A table. The first column is text, the others are numbers or words.
#[derive(Debug)]
pub struct Table {
    /// What it is of.
    pub heading: String,
    /// The columns, in reading order.
    pub columns: Vec<Column>,
    /// A cell for each column.
    pub rows: Vec<Vec<String>>,
    /// What is said of some rows only, a line each.
    pub notes: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// 0: it is always there; of the others those with the highest are left out first where there is no room.
    pub rank: u8,
}

impl Column {
    /// A column with a rank.
    pub fn new(heading: impl Into<String>, rank: u8) -> Column {
        Column { heading: heading.into(), rank }
    }
}

impl Table {
    /// Leaves out columns of which every cell is nothing, from the one at `from` on.
    pub fn drop_empty(&mut self, is_nothing: impl Fn(&str) -> bool, from: usize) {
        let keep: Vec<bool> = (0..self.columns.len())
            .map(|at| at < from || !self.rows.iter().all(|row| is_nothing(&row[at])))
            .collect();
        let kept = |at: usize| keep.get(at).copied().unwrap_or(true);
        let mut at = 0..;
        self.columns.retain(|_| at.next().is_none_or(kept));
        for row in &mut self.rows {
            let mut at = 0..;
            row.retain(|_| at.next().is_none_or(kept));
        }
    }

    /// A table without notes; what is left out first where there is no room are the last columns.
    pub fn new(heading: impl Into<String>, columns: &[&str], rows: Vec<Vec<String>>) -> Table {
        let ranked = columns.iter().zip(0..).map(|(column, rank)| Column::new(*column, rank));
        Table { heading: heading.into(), columns: ranked.collect(), rows, notes: Vec::new() }
    }
}

/// The account of a run, in reading order.
pub fn blocks(report: &Report<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    blocks.push(Block::Title(inert(report.title.unwrap_or(report.file))));
    let sentences = [("question", report.question), ("answer", report.answer)];
    for (label, sentence) in sentences {
        blocks.extend(sentence.map(|text| Block::Labelled(label, inert(text))));
    }
    blocks.extend(report.policy.map(|policy| Block::Labelled("policy", inert(policy))));
    if let Some(stopped_by) = report.stopped_by {
        let at = seconds(report.results.ended_at_s);
        blocks.push(Block::Labelled("partial", format!("stopped by {stopped_by} at {at}")));
    }
    blocks.push(ledger(report));
    blocks.extend(messages(report));
    let why = why::sentences(report.results);
    if !why.is_empty() {
        blocks.push(Block::Sentences("Why", why));
    }
    for kind in TABLES {
        blocks.extend(resources(report, kind));
        if kind == ResourceKind::Rule {
            blocks.extend(deliveries(report));
        }
    }
    blocks.extend(alarms(report));
    blocks.extend(callers(report));
    blocks.extend(cost(report));
    if !report.results.thresholds.is_empty() {
        blocks.push(verdicts(report));
    }
    let assumptions: Vec<_> = report.assumptions.iter().filter(|a| !a.is_default).collect();
    if !assumptions.is_empty() {
        let shown = assumptions.iter().map(|a| format!("{} is {}", a.name, a.value));
        blocks.push(Block::Labelled("assumed", shown.collect::<Vec<_>>().join(", ")));
    }
    if !report.warnings.is_empty() {
        let remarks = report.warnings.iter().map(|remark| inert(remark));
        blocks.push(Block::Remarks(remarks.collect()));
    }
    blocks.push(Block::Labelled("run", provenance(report)));
    blocks
}

/// A text of the file in one line, in which no character controls the terminal.
pub fn inert(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut out = String::new();
    for c in lines.join(" ").trim().chars() {
        // Of those that are no controls, these turn the direction of writing.
        match c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

/// A text of the characters that XML has.
pub fn legal(text: &str) -> String {
    inert(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// What another needs to get the same result.
fn provenance(report: &Report<'_>) -> String {
    format!(
        "{} {}, seed {}, digest {}, {} simulated",
        report.file,
        report.hash,
        report.seed,
        report.results.digest,
        seconds(report.results.ended_at_s)
    )
}

/// The outcomes of arrivals, in the order of the ledger: each caller beside all, those first to be left out of
/// which least was lost.
fn ledger(report: &Report<'_>) -> Block {
    let ledger = &report.results.ledger;
    let mut accounts: Vec<&Account> = vec![&ledger.run];
    let mut columns = vec![Column::new("", 0), Column::new("all", 0)];
    if ledger.callers.len() > 1 {
        let lost = |account: &Account| {
            let all = Place::ALL.into_iter().filter(|place| place.is_loss());
            all.map(|place| account.at(place)).sum::<u64>()
        };
        let mut order: Vec<usize> = (0..ledger.callers.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(lost(&ledger.callers[*at].1)));
        for (at, (name, account)) in ledger.callers.iter().enumerate() {
            let rank = order.iter().position(|other| *other == at).map_or(0, |rank| rank + 1);
            columns.push(Column::new(name, u8::try_from(rank).unwrap_or(u8::MAX)));
            accounts.push(account);
        }
    }
    let mut rows = Vec::new();
    let mut row = |label: &str, of: &dyn Fn(&Account) -> u64| {
        let counts = accounts.iter().map(|account| count(of(account)));
        rows.push(std::iter::once(label.to_owned()).chain(counts).collect());
    };
    row("arrivals", &|account| account.arrivals);
    for (place, word) in Account::words() {
        if ledger.run.places[place] == 0 {
            continue;
        }
        row(word, &|account| account.places[place]);
        if word == "dropped" {
            for (at, (reason, of_all)) in ledger.run.dropped_by_reason.iter().enumerate() {
                if *of_all > 0 {
                    row(&format!("  {reason}"), &|account| account.dropped_by_reason[at].1);
                }
            }
        }
    }
    if ledger.run.partly > 0 {
        row("partly successful", &|account| account.partly);
    }
    let heading = if ledger.adds_up() { "Ledger" } else { "Ledger (it does not add up)" };
    Block::Table(Table { heading: heading.to_owned(), columns, rows, notes: Vec::new() })
}

/// Messages by origin, where there are others than the arrivals themselves.
fn messages(report: &Report<'_>) -> Option<Block> {
    let account = &report.results.ledger.run;
    if !account.has_further_messages() {
        return None;
    }
    let all = account.all_messages();
    let places: Vec<usize> = (0..all.places.len()).filter(|at| all.places[*at] > 0).collect();
    let words: Vec<&str> = Account::words().map(|(_, word)| word).collect();
    let columns = ["", "all"].into_iter().map(|heading| Column::new(heading, 0));
    let columns = columns.chain(places.iter().map(|at| Column::new(words[*at], 0)));
    let row = |label: &str, of: &Messages| {
        let counts = places.iter().map(|at| count(of.places[*at]));
        [label.to_owned(), count(of.entered)].into_iter().chain(counts).collect::<Vec<_>>()
    };
    let origins = Origin::ALL.into_iter().zip(&account.messages);
    let some = origins.filter(|(_, of)| of.entered > 0);
    let mut rows: Vec<Vec<String>> = some.map(|(origin, of)| row(origin.word(), of)).collect();
    if rows.len() > 1 {
        rows.push(row("all", &all));
    }
    let heading = "Messages".to_owned();
    Some(Block::Table(Table { heading, columns: columns.collect(), rows, notes: Vec::new() }))
}

fn resources(report: &Report<'_>, kind: ResourceKind) -> Option<Block> {
    let all = report.results.resources.0.iter();
    let mut table = table(kind, all.filter(|(_, measures)| measures.kind == kind))?;
    if let (ResourceKind::Queue, Block::Table(table)) = (kind, &mut table) {
        let unseen = report.results.why.unseen.iter().map(|row| {
            let (noun, their) = if row.messages == 1 { ("message", "its") } else { ("messages", "their") };
            let (queue, messages) = (&row.queue, count(row.messages));
            format!("{queue}: oldest max leaves out {messages} {noun} from {their} third receive on (M1)")
        });
        table.notes.extend(unseen);
    }
    Some(table)
}

fn callers(report: &Report<'_>) -> Option<Block> {
    table(ResourceKind::Caller, report.results.callers.0.iter())
}

/// Subscriptions and targets of rules to which not everything was delivered at once.
fn deliveries(report: &Report<'_>) -> Option<Block> {
    let all = &report.results.why.deliveries;
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|row| {
            let DeliveryRow { of, subscription, to, .. } = row;
            let name = match subscription {
                Some(subscription) => format!("{of} → {to} ({subscription})"),
                None => format!("{of} → {to}"),
            };
            let counts =
                [row.delivered, row.failed, row.retries, row.sent_to_dlq, row.refused_by_dlq];
            std::iter::once(name).chain(counts.map(count)).collect()
        })
        .collect();
    let columns = ["", "delivered", "failed", "retries", "sent to DLQ", "refused by DLQ"];
    let mut table = Table::new("Deliveries that failed or were tried again", &columns, rows);
    table.drop_empty(|cell| cell == "0", 2);
    (!all.is_empty()).then_some(Block::Table(table))
}

/// So many changes of an alarm are listed.
const CHANGES_SHOWN: usize = 6;

fn alarms(report: &Report<'_>) -> Option<Block> {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for (name, measures) in &report.results.resources.0 {
        let Some(States { end, changes }) = measures.states() else { continue };
        let shown = changes.iter().take(CHANGES_SHOWN);
        let mut told: Vec<String> = shown
            .map(|change| format!("{} {}", seconds(change.at_s), change.state.word()))
            .collect();
        if CHANGES_SHOWN < changes.len() {
            told.push("…".to_owned());
        }
        let alarms = cell(measures.of(Measure::Alarms), Shown::Sum, Measure::Alarms);
        rows.push(vec![name.clone(), alarms, end.word().to_owned()]);
        if !told.is_empty() {
            notes.push(format!("{name}: {}", told.join(", ")));
        }
    }
    let table = Table::new("Alarms", &["", "alarms", "at end"], rows);
    (!table.rows.is_empty()).then_some(Block::Table(Table { notes, ..table }))
}

/// What the run costs; nothing if it used nothing that is billed.
fn cost(report: &Report<'_>) -> Option<Block> {
    let bill = &report.results.cost;
    if bill.lines.is_empty() {
        return None;
    }
    let free = if bill.free_tier { "free tier taken off" } else { "no free tier" };
    let heading = format!("Cost ({REGION}, prices of {PRICES_OF}, a month of its own, {free})");
    let columns = [("", 0), ("item", 1), ("quantity", 2), ("USD a million", 3), ("USD", 0)];
    let columns = columns.map(|(heading, rank)| Column::new(heading, rank)).to_vec();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in &bill.lines {
        rows.push(vec![
            line.resource.clone(),
            line.item.clone(),
            grouped(&rounded(line.quantity(), 3)),
            rounded(line.usd_per_million(), 4),
            dollars(line.usd.dollars()),
        ]);
    }
    let total = dollars(bill.total.dollars());
    rows.push(vec!["all".to_owned(), String::new(), String::new(), String::new(), total]);
    Some(Block::Table(Table { heading, columns, rows, notes: Vec::new() }))
}

/// At most so many decimals.
fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Dollars: cents from one dollar on, below that as many decimals as it takes.
fn dollars(usd: f64) -> String {
    if 1.0 <= usd.abs() { grouped(&format!("{usd:.2}")) } else { rounded(usd, 10) }
}

/// The table of a kind of resource: no column that is nothing in every row but the first, rows in which something
/// failed first and rows in which nothing happened last, and a line below for each that has one of the rarer counters.
fn table<'a>(
    kind: ResourceKind,
    of_kind: impl Iterator<Item = &'a (String, Measures)>,
) -> Option<Block> {
    let sheet = sheet(kind);
    let mut all: Vec<&(String, Measures)> = of_kind.collect();
    let failed = |measures: &Measures| {
        sheet.first.iter().any(|of| !is_nothing(measures.of(*of), Shown::Sum))
    };
    let idle = |measures: &Measures| {
        sheet.columns.iter().all(|column| is_nothing(measures.of(column.measure), column.shown))
    };
    all.sort_by_key(|(_, measures)| (!failed(measures), idle(measures)));
    let is_long = |measure: Measure| {
        let cells = all.iter().map(|(_, measures)| cell(measures.of(measure), Shown::Sum, measure));
        cells.map(|cell| cell.chars().count()).max() > Some(ANSWERS_MAX)
    };
    let shown = sheet.columns.iter().filter(|column| {
        let has_some = !all.iter().all(|(_, of)| is_nothing(of.of(column.measure), column.shown));
        column.rank == 0
            || has_some && !(column.measure == Measure::Answered && is_long(column.measure))
    });
    let shown: Vec<&shown::Column> = shown.collect();
    let columns = shown.iter().map(|column| Column::new(column.heading, column.rank));
    let columns = std::iter::once(Column::new("", 0)).chain(columns).collect();
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|(name, measures)| {
            let cells = shown
                .iter()
                .map(|column| cell(measures.of(column.measure), column.shown, column.measure));
            std::iter::once(name.clone()).chain(cells).collect()
        })
        .collect();
    let answered = (kind == ResourceKind::Caller && is_long(Measure::Answered))
        .then_some((Measure::Answered, Shown::Sum));
    let notes = all.iter().filter_map(|(name, measures)| {
        let some = sheet.below.iter().copied().chain(answered);
        let some = some.filter(|(measure, how)| !is_nothing(measures.of(*measure), *how));
        let said: Vec<String> = some
            .map(|(measure, how)| {
                let value = cell(measures.of(measure), how, measure);
                format!("{}{} {value}", measure.name(), how.word())
            })
            .collect();
        (!said.is_empty()).then(|| format!("{name}: {}", said.join(", ")))
    });
    let (heading, notes) = (sheet.heading.to_owned(), notes.collect());
    (!rows.is_empty()).then_some(Block::Table(Table { heading, columns, rows, notes }))
}

/// Answers by status in more characters than this have a line below the table and no column.
const ANSWERS_MAX: usize = 20;

/// Whether there is nothing to say: a count or level of 0, no sample.
fn is_nothing(total: Option<&Total>, how: Shown) -> bool {
    match total {
        Some(Total::Count(n)) => *n == 0,
        Some(Total::Amount(n)) => *n == 0.0,
        Some(Total::ByStatus(answers)) => answers.0.is_empty(),
        Some(Total::Gauge(gauge)) => match how {
            Shown::End => gauge.end == 0.0,
            Shown::Sum | Shown::Max | Shown::P50 | Shown::P99 => gauge.max == 0.0,
        },
        Some(Total::Distribution(all)) => match how {
            Shown::P50 => all.count == 0,
            Shown::P99 | Shown::Sum | Shown::Max | Shown::End => {
                all.count == 0 || !all.never && all.max == Some(0.0)
            }
        },
        Some(Total::States(_)) | None => true,
    }
}

/// One cell; empty where there is nothing to say.
fn cell(total: Option<&Total>, how: Shown, measure: Measure) -> String {
    let time = |value: Option<f64>| match value {
        Some(ms) => seconds(ms / 1000.0),
        None => "–".to_owned(),
    };
    match (total, how) {
        (Some(Total::Count(n)), _) => count(*n),
        (Some(Total::Amount(n)), _) => n.to_string(),
        (Some(Total::Gauge(gauge)), how) => {
            let value = if matches!(how, Shown::End) { gauge.end } else { gauge.max };
            match measure.unit() {
                Unit::Seconds => seconds(value),
                _ => grouped(&value.to_string()),
            }
        }
        (Some(Total::Distribution(all)), how) => {
            let DistributionTotal { p50, p99, max, never, .. } = **all;
            let value = match how {
                Shown::P50 => p50,
                Shown::P99 => p99,
                Shown::Max | Shown::Sum | Shown::End => max,
            };
            if value.is_none() && never { "never".to_owned() } else { time(value) }
        }
        (Some(Total::ByStatus(answers)), _) => {
            let told = answers.0.iter().map(|(status, n)| format!("{status} × {}", count(*n)));
            told.collect::<Vec<_>>().join(", ")
        }
        (Some(Total::States(_)) | None, _) => String::new(),
    }
}

fn verdicts(report: &Report<'_>) -> Block {
    let all = report.results.thresholds.iter().map(|verdict| {
        let literal = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '[');
        let sides = verdict.sides.iter().filter(|side| !literal(&side.text));
        let came = sides.map(ToString::to_string).collect::<Vec<_>>().join(", ");
        (verdict.holds, inert(&verdict.threshold), came)
    });
    Block::Verdicts(all.collect())
}

/// A count with its thousands apart: `12,345`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Digits with their thousands apart, decimals and what is before the digits as they are.
pub fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(w, r)| (w, Some(r)));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let after_digit = out.ends_with(|before: char| before.is_ascii_digit());
        if after_digit && (whole.len() - at).is_multiple_of(3) && digit.is_ascii_digit() {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// A time in the unit that reads best: `35 ms`, `2.5 s`, `1 h 02 min`.
pub fn seconds(s: f64) -> String {
    let short = |value: f64, unit: &str| {
        let decimals = if value < 10.0 { 2 } else { 1 };
        let text = format!("{value:.decimals$}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        format!("{text} {unit}")
    };
    if s == 0.0 {
        "0 s".to_owned()
    } else if s < 1.0 {
        short(s * 1000.0, "ms")
    } else if s < 120.0 {
        short(s, "s")
    } else {
        let whole = libm::round(s);
        let (days, hours) = (libm::floor(whole / 86_400.0), libm::floor(whole / 3_600.0));
        let minutes = libm::floor(whole / 60.0);
        if days >= 2.0 {
            format!("{days} d {:02} h", hours - days * 24.0)
        } else if hours >= 1.0 {
            format!("{hours} h {:02} min", minutes - hours * 60.0)
        } else {
            format!("{minutes} min {:02} s", whole - minutes * 60.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_reads_best() {
        let told = [0.0, 0.035, 0.0001, 2.5, 90.0, 150.0, 3_720.0, 200_000.0].map(seconds);
        let expected =
            ["0 s", "35 ms", "0.1 ms", "2.5 s", "90 s", "2 min 30 s", "1 h 02 min", "2 d 07 h"];
        assert_eq!(told, expected);
    }

    #[test]
    fn thousands_are_set_apart() {
        let told = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(told, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn money_is_told_in_cents_or_exactly() {
        let told = [0.0, 0.20833375, 2e-7, 1234.5678, -400_000.5].map(dollars);
        assert_eq!(told, ["0", "0.20833375", "0.0000002", "1,234.57", "-400,000.50"]);
    }
}
