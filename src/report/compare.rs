//! A comparison for people and for programs.

use super::{
    SCHEMA_VERSION,
    csv::io_error,
    figures::{difference, estimated, plain, times, within},
    why,
    wording::{Block, Column, Table, count, inert},
};
use crate::{
    observe::autopsy::CauseRow,
    statistics::Estimate,
    study::{
        CONFIDENCE, Cut, CutFrom, Kind, Metric,
        compare::{
            Arm, Bound, BoundCell, Cause, Cell, Comparison, Difference, Finding, Row, Unfair,
        },
        fates::Changes,
    },
};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// Everything that is told of a comparison.
#[derive(Debug)]
pub struct Report<'a> {
    /// The title of the first file, if it has one.
    pub title: Option<&'a str>,
    /// The question it asks.
    pub question: Option<&'a str>,
    /// The comparison.
    pub comparison: &'a Comparison,
    /// Why it stopped before all replications were played, if it did.
    pub stopped_by: Option<&'static str>,
}

impl Report<'_> {
    fn baseline(&self) -> &Arm {
        &self.comparison.arms[self.comparison.baseline]
    }
}

/// What kind of study it is and what of it was cut, in a sentence.
pub fn told_cut(cut: &Cut) -> String {
    let kind = match cut.kind {
        Kind::Terminating => "terminating: something begins, changes or ends, the whole run counts",
        Kind::SteadyState => "steady-state: the load never changes",
    };
    let warmup = cut.warmup;
    let at = match (cut.from, warmup.as_nanos()) {
        (CutFrom::Scenario, 0) => "nothing is cut".to_owned(),
        (CutFrom::Scenario, _) => format!("the scenario cuts the first {warmup}"),
        (CutFrom::Asked, _) => format!("the first {warmup} are cut, as asked"),
        (CutFrom::Usual, _) => {
            format!("the first tenth is cut, {warmup}; `--warmup` sets another")
        }
    };
    format!("{kind}; {at}")
}

/// The account, in reading order.
pub fn blocks(report: &Report<'_>) -> Vec<Block> {
    let comparison = report.comparison;
    let baseline = report.baseline();
    let mut blocks = vec![Block::Title(inert(report.title.unwrap_or(&baseline.file)))];
    blocks.extend(report.question.map(|text| Block::Labelled("question", inert(text))));
    if let Some(stopped_by) = report.stopped_by {
        let text = format!("stopped by {stopped_by}: only the replications that were finished");
        blocks.push(Block::Labelled("partial", text));
    }
    let n = comparison.replications();
    let runs = format!(
        "{n} replications of each, with the same luck; {:.0} % intervals",
        CONFIDENCE * 100.0
    );
    blocks.push(Block::Labelled("runs", runs));
    blocks.push(Block::Labelled("study", told_cut(&comparison.cut)));
    blocks.push(Block::Labelled("baseline", inert(&baseline.name)));
    blocks.extend(comparison.rows.iter().map(|row| table(comparison, row)));
    blocks.extend(fates(comparison));
    blocks.extend(comparison.causes.iter().take(CAUSES_SHOWN).map(|of| cause(comparison, of)));
    if CAUSES_SHOWN < comparison.causes.len() {
        let more = comparison.causes.len() - CAUSES_SHOWN;
        blocks.push(Block::Labelled("causes", format!("{more} rarer ones are in compare.json")));
    }
    blocks.extend(comparison.limits.iter().take(LIMITS_SHOWN).map(|of| limit(comparison, of)));
    if LIMITS_SHOWN < comparison.limits.len() {
        let more = comparison.limits.len() - LIMITS_SHOWN;
        blocks.push(Block::Labelled("limits", format!("{more} more are in compare.json")));
    }
    let sentences = sentences(comparison);
    if !sentences.is_empty() {
        blocks.push(Block::Sentences("In words", sentences));
    }
    let unfair: Vec<String> = comparison.unfair.iter().map(|of| unfair(comparison, of)).collect();
    if !unfair.is_empty() {
        blocks.push(Block::Sentences("Not compared", unfair));
    }
    if !comparison.zero.is_empty() {
        let zero = comparison.zero.join(", ");
        blocks.push(Block::Labelled("always 0", zero));
    }
    if !comparison.warnings.is_empty() {
        let remarks = comparison.warnings.iter().map(|remark| inert(remark));
        blocks.push(Block::Remarks(remarks.collect()));
    }
    let provenance =
        format!("{} {}, seed {}", inert(&baseline.file), baseline.hash, comparison.seed);
    blocks.push(Block::Labelled("from", provenance));
    blocks
}

/// So many causes have a table.
const CAUSES_SHOWN: usize = 6;
/// So many limits have a table.
const LIMITS_SHOWN: usize = 6;

/// Arrivals that did not succeed for one cause, under each policy.
fn cause(comparison: &Comparison, cause: &Cause) -> Block {
    let columns = ["", "a run", "runs each", "throttles each", "sent"];
    let rows = comparison.arms.iter().zip(&cause.cells).map(|(arm, cell)| {
        let mut cells = vec![inert(&arm.name), estimated(&cell.arrivals, "")];
        cells.extend(match &cell.all {
            Some(all) => {
                let (few, most) = all.throttled;
                let runs = why::range(u64::from(all.runs.0), u64::from(all.runs.1));
                let throttled = why::range(u64::from(few), u64::from(most));
                [runs, throttled, why::span(all.sent_s)]
            }
            None => [const { String::new() }; 3],
        });
        cells
    });
    let heading = match comparison.cut.warmup.as_nanos() {
        0 => format!("Why: {}", why::kind(&cause.all)),
        _ => format!("Why, also before the cut: {}", why::kind(&cause.all)),
    };
    let mut table = Table::new(heading, &columns, rows.collect());
    table.drop_empty(|cell| cell.is_empty() || cell == "0", 2);
    Block::Table(table)
}

/// A limit that throttled, under each policy.
fn limit(comparison: &Comparison, limit: &Bound) -> Block {
    let columns = ["", "throttles in a run", "time at it", "limit", "first and last"];
    let rows = comparison.arms.iter().zip(&limit.cells).map(|(arm, cell)| {
        let BoundCell { throttles, units, share_at_limit, from_to_s } = cell;
        vec![
            inert(&arm.name),
            estimated(throttles, ""),
            share_at_limit.map_or_else(String::new, why::percent),
            units.map_or_else(String::new, |units| count(u64::from(units))),
            from_to_s.map_or_else(String::new, why::span),
        ]
    });
    let heading = format!("Limit: {}", why::limit_of(&limit.function, limit.limit, None));
    let mut table = Table::new(heading, &columns, rows.collect());
    table.drop_empty(str::is_empty, 2);
    Block::Table(table)
}

/// Why neither value of a metric is called better.
fn unfair(comparison: &Comparison, (row, why): &(usize, Unfair)) -> String {
    let metric = &comparison.rows[*row].metric.name;
    let each = |of: &dyn Fn(usize) -> String| {
        let all = comparison.arms.iter().enumerate();
        let said = all.map(|(at, arm)| format!("{} under {}", of(at), inert(&arm.name)));
        said.collect::<Vec<_>>().join(", ")
    };
    match why {
        Unfair::Survivors(shares) => {
            let share =
                |at: usize| format!("{} %", plain(libm::round(shares[at] * 1e4) / 100.0, ""));
            format!(
                "{metric} is of arrivals that succeeded, and not as many did: {}.",
                each(&share)
            )
        }
        Unfair::Unseen(messages) => {
            let number = |at: usize| plain(libm::round(messages[at] * 10.0) / 10.0, "");
            format!(
                "{metric} leaves out messages received three times, and there are not as many: {}, \
                 in a run.",
                each(&number)
            )
        }
    }
}

/// One metric under each policy.
fn table(comparison: &Comparison, row: &Row) -> Block {
    let unit = row.metric.unit();
    let pools = row.cells.iter().any(|cell| cell.pooled.is_some());
    let mut columns = vec![Column::new("", 0), Column::new("value", 0)];
    if pools {
        columns.push(Column::new("all runs together", 4));
    }
    let others = [("difference", 1), ("ratio", 3), ("better", 2), ("shared luck", 5)];
    columns.extend(others.map(|(heading, rank)| Column::new(heading, rank)));
    let rows = comparison.arms.iter().zip(&row.cells).enumerate().map(|(at, (arm, cell))| {
        let mut cells = vec![inert(&arm.name)];
        let value = cell.estimate.as_ref();
        cells.push(value.map_or("no data".to_owned(), |estimate| estimated(estimate, unit)));
        if pools {
            cells.push(cell.pooled.map_or(String::new(), |pooled| plain(pooled, unit)));
        }
        cells.extend(match &cell.difference {
            Some(_) if is_never(cell) && is_never(&row.cells[comparison.baseline]) => {
                ["both never", "", "the same", ""].map(str::to_owned)
            }
            Some(difference) => compared(comparison, row, difference),
            None if at == comparison.baseline => ["baseline", "", "", ""].map(str::to_owned),
            None => ["no data", "", "", ""].map(str::to_owned),
        });
        cells
    });
    let (heading, rows) = (row.metric.name.clone(), rows.collect());
    let mut table = Table { heading, columns, rows, notes: Vec::new() };
    table.drop_empty(str::is_empty, 3);
    Block::Table(table)
}

/// Whether it is the time to what never happened, in every run.
fn is_never(cell: &Cell) -> bool {
    cell.estimate.as_ref().is_some_and(|all| all.min.is_infinite())
}

/// Difference, ratio, whether it is better and what shared luck was worth.
fn compared(
    comparison: &Comparison,
    Row { metric, nth, .. }: &Row,
    found: &Difference,
) -> [String; 4] {
    let ratio = found.ratio.as_ref().filter(|_| found.finding != Finding::Same);
    let ratio = ratio.map_or(String::new(), |ratio| times(ratio.ratio, ratio.half_width));
    let is_unfair = comparison.unfair.iter().any(|(row, _)| comparison.rows[*row].nth == *nth);
    let better = match (found.finding, found.finding.is_better(metric.better)) {
        (Finding::Same, _) => "the same".to_owned(),
        (Finding::Unclear, _) => "not shown".to_owned(),
        (_, Some(true)) => "yes".to_owned(),
        (_, Some(false)) => "no".to_owned(),
        (_, None) if is_unfair => "see below".to_owned(),
        (_, None) => String::new(),
    };
    let luck = found.variance_reduction.map_or(String::new(), |by| format!("{} ×", shared(by)));
    [difference(&found.estimate, metric.unit()), ratio, better, luck]
}

/// How many times smaller a variance is, in two digits.
fn shared(by: f64) -> String {
    match by {
        by if by < 10.0 => format!("{by:.1}"),
        by if by < 1e6 => count(libm::round(by) as u64),
        _ => "over a million".to_owned(),
    }
}

/// How many arrivals had another fate.
fn fates(comparison: &Comparison) -> Option<Block> {
    let mut rows = Vec::new();
    for arm in &comparison.arms {
        let Some(changes) = &arm.changes else { continue };
        let share = match changes.arrivals {
            0 => String::new(),
            all => format!("{:.2} %", changes.changed as f64 / all as f64 * 100.0),
        };
        rows.push(vec![inert(&arm.name), count(changes.changed), count(changes.arrivals), share]);
        for ((before, after), times) in &changes.kinds {
            rows.push(vec![format!("  {before} → {after}"), count(*times)]);
            rows.last_mut().expect("pushed").extend([String::new(), String::new()]);
        }
    }
    let columns = ["", "another fate", "arrivals", "share"];
    let baseline = inert(&comparison.arms[comparison.baseline].name);
    let heading = match comparison.cut.warmup.as_nanos() {
        0 => format!("Arrivals whose fate is not that under {baseline}"),
        _ => format!("Arrivals, also before the cut, whose fate is not that under {baseline}"),
    };
    (!rows.is_empty()).then(|| Block::Table(Table::new(heading, &columns, rows)))
}

/// What is real and what is not, a sentence a policy.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let baseline = inert(&comparison.arms[comparison.baseline].name);
    let mut all = Vec::new();
    for (at, arm) in comparison.arms.iter().enumerate() {
        if at == comparison.baseline {
            continue;
        }
        let (mut real, mut unclear, mut same) = (Vec::new(), Vec::new(), Vec::new());
        for Row { metric, cells, .. } in &comparison.rows {
            let Some(found) = &cells[at].difference else { continue };
            match found.finding {
                Finding::Same => same.push(metric.name.as_str()),
                Finding::Unclear => unclear.push(metric.name.as_str()),
                Finding::Lower | Finding::Higher => real.push(finding(metric, found)),
            }
        }
        let mut parts = real;
        if !unclear.is_empty() {
            parts.push(format!("no difference is shown in {}", unclear.join(", ")));
        }
        if !same.is_empty() {
            let pairs = comparison.replications();
            parts.push(format!("exactly the same in all {pairs} pairs: {}", same.join(", ")));
        }
        if !parts.is_empty() {
            all.push(format!("{} against {baseline}: {}.", inert(&arm.name), parts.join("; ")));
        }
    }
    all
}

/// `dead_lettered 412 ± 18 more (worse)`.
pub fn finding(metric: &Metric, found: &Difference) -> String {
    let Estimate { mean, .. } = found.estimate;
    let better = match found.finding.is_better(metric.better) {
        Some(true) => " (better)",
        Some(false) => " (worse)",
        None => "",
    };
    if mean.is_infinite() {
        let how = if mean < 0.0 { "no longer never" } else { "never" };
        return format!("{} {how}{better}", metric.name);
    }
    let size = match found.estimate.half_width(CONFIDENCE) {
        Some(half) if half > 0.0 => within(mean.abs(), half, metric.unit()),
        Some(_) | None => plain(mean.abs(), metric.unit()),
    };
    let more = if mean > 0.0 { "more" } else { "less" };
    format!("{} {size} {more}{better}", metric.name)
}

/// `compare.json`: one object, keys in a fixed order.
pub fn json(report: &Report<'_>) -> String {
    let comparison = report.comparison;
    let cut = &comparison.cut;
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| {
        all.insert(key.to_owned(), value);
    };
    put("schema_version", json!(SCHEMA_VERSION));
    put("tool", json!({"name": "dwell", "version": env!("CARGO_PKG_VERSION")}));
    put("title", json!(report.title));
    put("complete", json!(report.stopped_by.is_none()));
    if let Some(stopped_by) = report.stopped_by {
        put("stopped_by", json!(stopped_by));
    }
    put("baseline", json!(report.baseline().name));
    put("replications", json!(comparison.replications()));
    put("confidence", json!(CONFIDENCE));
    put("study", json!({"kind": cut.kind.word(), "warmup_s": cut.warmup.as_secs_f64()}));
    let policies = comparison.arms.iter().map(|arm| {
        let digests: Vec<_> = arm.samples.iter().map(|sample| sample.digest).collect();
        json!({"name": arm.name, "file": arm.file, "hash": arm.hash, "digests": digests})
    });
    put("policies", Value::Array(policies.collect()));
    let seeds: Vec<u64> = report.baseline().samples.iter().map(|sample| sample.seed).collect();
    put("seeds", json!(seeds));
    put(
        "metrics",
        Value::Array(comparison.rows.iter().map(|row| of_row(comparison, row)).collect()),
    );
    put("always_zero", json!(comparison.zero));
    put("fates", Value::Array(comparison.arms.iter().filter_map(of_changes).collect()));
    put(
        "causes",
        Value::Array(comparison.causes.iter().map(|of| of_cause(comparison, of)).collect()),
    );
    put(
        "limits",
        Value::Array(comparison.limits.iter().map(|of| of_limit(comparison, of)).collect()),
    );
    put("findings", json!(sentences(comparison)));
    let not_compared = comparison.unfair.iter().map(
        |of| json!({"metric": comparison.rows[of.0].metric.name, "why": unfair(comparison, of)}),
    );
    put("not_compared", Value::Array(not_compared.collect()));
    put("warnings", json!(comparison.warnings));
    let mut text = serde_json::to_string_pretty(&Value::Object(all)).expect("a value is written");
    text.push('\n');
    text
}

fn of_row(comparison: &Comparison, row: &Row) -> Value {
    let cells = comparison.arms.iter().zip(&row.cells);
    let of = cells.map(|(arm, Cell { estimate, pooled, difference })| {
        json!({
            "policy": arm.name,
            "value": estimate.as_ref().map(of_estimate),
            "all_runs_together": pooled,
            "difference": difference.as_ref().map(|found| {
                let better = found.finding.is_better(row.metric.better);
                json!({
                    "of": of_estimate(&found.estimate),
                    "finding": found.finding.word(),
                    "is_better": better,
                    "ratio": found.ratio.as_ref().map(|r| json!({"ratio": r.ratio, "half_width": r.half_width})),
                    "variance_reduction": found.variance_reduction,
                })
            }),
        })
    });
    json!({
        "metric": row.metric.name,
        "unit": row.metric.unit(),
        "better": row.metric.better,
        "policies": of.collect::<Vec<_>>(),
    })
}

fn of_cause(comparison: &Comparison, cause: &Cause) -> Value {
    let cells = comparison.arms.iter().zip(&cause.cells).map(|(arm, cell)| {
        let all = cell.all.as_ref();
        json!({
            "policy": arm.name,
            "arrivals": of_estimate(&cell.arrivals),
            "runs": all.map(|all| all.runs),
            "throttled": all.map(|all| all.throttled),
            "sent_s": all.map(|all| all.sent_s),
        })
    });
    let CauseRow { place, reason, queue, function, troubles, .. } = &cause.all;
    let met: Vec<&str> = troubles.iter().map(|trouble| trouble.word()).collect();
    json!({
        "outcome": place.word(),
        "reason": Some(reason.word()).filter(|word| !word.is_empty()),
        "queue": queue,
        "function": function,
        "met": met,
        "ran": cause.all.runs.1 > 0,
        "policies": cells.collect::<Vec<_>>(),
    })
}

fn of_limit(comparison: &Comparison, bound: &Bound) -> Value {
    let cells = comparison.arms.iter().zip(&bound.cells).map(|(arm, cell)| {
        json!({
            "policy": arm.name,
            "throttles": of_estimate(&cell.throttles),
            "units": cell.units,
            "share_at_limit": cell.share_at_limit,
            "from_to_s": cell.from_to_s,
        })
    });
    json!({
        "function": bound.function,
        "limit": bound.limit,
        "policies": cells.collect::<Vec<_>>(),
    })
}

/// An estimate with its interval.
pub fn of_estimate(estimate: &Estimate) -> Value {
    let Estimate { n, mean, sd, min, max, rounding } = *estimate;
    let interval = estimate.interval(CONFIDENCE);
    json!({
        "n": n,
        "mean": mean,
        "sd": sd,
        "low": interval.map(|(low, _)| low),
        "high": interval.map(|(_, high)| high),
        "min": min,
        "max": max,
        "rounding": rounding,
        "is_exact": estimate.is_exact(),
    })
}

fn of_changes(arm: &Arm) -> Option<Value> {
    let changes = arm.changes.as_ref()?;
    let kinds = changes.kinds.iter().map(|((before, after), count)| {
        json!({"baseline": before.to_string(), "policy": after.to_string(), "count": count})
    });
    Some(json!({
        "policy": arm.name,
        "arrivals": changes.arrivals,
        "changed": changes.changed,
        "kinds": kinds.collect::<Vec<_>>(),
    }))
}

/// The columns of `compare.csv`.
pub const COLUMNS: [&str; 6] = ["policy", "metric", "unit", "replication", "seed", "value"];

/// Writes `compare.csv`: one row a policy, metric and replication; without data the value is empty.
pub fn csv(comparison: &Comparison, to: impl Write) -> io::Result<()> {
    write_csv(comparison, to).map_err(io_error)
}

fn write_csv(comparison: &Comparison, to: impl Write) -> ::csv::Result<()> {
    let mut csv = ::csv::Writer::from_writer(to);
    csv.write_record(COLUMNS)?;
    for arm in &comparison.arms {
        for Row { metric, nth, .. } in &comparison.rows {
            for sample in &arm.samples {
                let value = sample.values[*nth].map(|value| metric.shown(value));
                csv.write_record([
                    safe(&arm.name).as_str(),
                    &safe(&metric.name),
                    metric.unit(),
                    &sample.replication.to_string(),
                    &sample.seed.to_string(),
                    &value.map_or(String::new(), |value| value.to_string()),
                ])?;
            }
        }
    }
    Ok(csv.flush()?)
}

/// The columns of `diff-events.csv`.
pub const DIFF_COLUMNS: [&str; 5] = ["policy", "replication", "id", "baseline_fate", "policy_fate"];

/// Writes `diff-events.csv`: one row an arrival with another fate.
pub fn diff_csv(comparison: &Comparison, to: impl Write) -> io::Result<()> {
    write_diff_csv(comparison, to).map_err(io_error)
}

fn write_diff_csv(comparison: &Comparison, to: impl Write) -> ::csv::Result<()> {
    let mut csv = ::csv::Writer::from_writer(to);
    csv.write_record(DIFF_COLUMNS)?;
    for arm in &comparison.arms {
        let Changes { which, .. } = match &arm.changes {
            Some(changes) => changes,
            None => continue,
        };
        for changed in which {
            csv.write_record([
                safe(&arm.name).as_str(),
                &changed.replication.to_string(),
                &changed.id,
                &changed.before.to_string(),
                &changed.after.to_string(),
            ])?;
        }
    }
    Ok(csv.flush()?)
}

/// A text that no spreadsheet takes for a formula. Numbers stay numbers.
pub fn safe(text: &str) -> String {
    let text = inert(text);
    let begins = text.trim_start().starts_with(['=', '+', '-', '@']);
    match begins && text.parse::<f64>().is_err() {
        true => format!("'{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_spreadsheet_gets_text_and_numbers_and_no_formulas() {
        let told = ["=1+1", " @x", "-1", "+2.5", "Three tries", "-x\ty"].map(safe);
        assert_eq!(told, ["'=1+1", "'@x", "-1", "+2.5", "Three tries", "'-x\\u{9}y"]);
    }
}
