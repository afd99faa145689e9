//! A sweep for people and for programs.

use super::{
    SCHEMA_VERSION,
    compare::{of_estimate, safe, told_cut},
    csv::io_error,
    figures::{estimated, plain},
    wording::{Block, Column, Table, inert},
};
use crate::study::{
    CONFIDENCE,
    sweep::{Results, Standing},
};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// So many points a table for people has.
const POINTS_SHOWN: usize = 60;
/// So many metrics stand beside each other in it.
const METRICS_SHOWN: usize = 6;

/// The account, in reading order.
pub fn blocks(results: &Results) -> Vec<Block> {
    let sweep = &results.sweep;
    let title = sweep.title.as_deref().unwrap_or(&sweep.file);
    let mut blocks = vec![Block::Title(inert(title))];
    blocks.extend(sweep.policy.as_ref().map(|policy| Block::Labelled("policy", inert(policy))));
    let how = match sweep.lhs {
        None => "every combination",
        Some(_) => "a Latin hypercube",
    };
    let runs = format!(
        "{} points, {how}; {} replications of each, with the same luck; {:.0} % intervals",
        sweep.points.len(),
        sweep.replications,
        CONFIDENCE * 100.0
    );
    blocks.push(Block::Labelled("runs", runs));
    blocks.push(Block::Labelled("study", told_cut(&sweep.cut)));
    blocks.push(points(results));
    let more_points = sweep.points.len().saturating_sub(POINTS_SHOWN);
    let more_metrics = results.told.len().saturating_sub(METRICS_SHOWN);
    let more = match (more_points, more_metrics) {
        (0, 0) => None,
        (0, metrics) => Some(format!("{metrics} more metrics")),
        (points, 0) => Some(format!("{points} more points")),
        (points, metrics) => Some(format!("{points} more points and {metrics} more metrics")),
    };
    blocks.extend(
        more.map(|more| {
            Block::Labelled("more", format!("{more} are in sweep.csv; --metric chooses"))
        }),
    );
    if let Some((first, second)) = sweep.pareto {
        blocks.push(pareto(results, first, second));
    }
    let always: Vec<&str> = (0..sweep.metrics.len())
        .filter(|nth| !results.told.contains(nth))
        .map(|nth| sweep.metrics[nth].name.as_str())
        .collect();
    if !always.is_empty() {
        blocks.push(Block::Labelled("always 0", always.join(", ")));
    }
    if sweep.replications < 2 {
        blocks.push(Block::Remarks(vec![
            "one replication has no interval; `--replications 20` is usual".to_owned(),
        ]));
    }
    let from = format!("{} {}, seed {}", inert(&sweep.file), sweep.hash, sweep.seed);
    blocks.push(Block::Labelled("from", from));
    blocks
}

/// The last part of a path, or more of it where that is not enough to tell the paths apart.
fn short(paths: &[String]) -> Vec<String> {
    let last = |path: &String, parts: usize| {
        let all: Vec<&str> = path.split('.').collect();
        all[all.len().saturating_sub(parts)..].join(".")
    };
    let longest = paths.iter().map(|path| path.split('.').count()).max().unwrap_or(1);
    let tells_apart = |parts: &usize| {
        let mut names: Vec<String> = paths.iter().map(|path| last(path, *parts)).collect();
        names.sort_unstable();
        names.dedup();
        names.len() == paths.len()
    };
    let parts = (1..=longest).find(tells_apart).unwrap_or(longest);
    paths.iter().map(|path| last(path, parts)).collect()
}

/// The values of a point, as they are shown.
fn values(results: &Results, point: usize) -> impl Iterator<Item = String> + '_ {
    results.sweep.points[point].iter().map(|value| inert(value))
}

fn points(results: &Results) -> Block {
    let sweep = &results.sweep;
    let told = &results.told[..results.told.len().min(METRICS_SHOWN)];
    let mut columns = paths(results);
    let ranks = 0..=u8::MAX;
    let metrics = told.iter().zip(ranks);
    columns.extend(metrics.map(|(nth, rank)| Column::new(&sweep.metrics[*nth].name, rank)));
    let rows = (0..sweep.points.len().min(POINTS_SHOWN)).map(|point| {
        let cells = told.iter().map(|nth| {
            let unit = sweep.metrics[*nth].unit();
            let estimate = results.cell(point, *nth).estimate;
            estimate.map_or("no data".to_owned(), |estimate| estimated(&estimate, unit))
        });
        values(results, point).chain(cells).collect()
    });
    let (heading, rows) = ("Points".to_owned(), rows.collect());
    Block::Table(Table { heading, columns, rows, notes: Vec::new() })
}

/// A column for each path, which are always there.
fn paths(results: &Results) -> Vec<Column> {
    short(&results.sweep.paths).into_iter().map(|path| Column::new(path, 0)).collect()
}

/// The points that are not dominated.
fn pareto(results: &Results, first: usize, second: usize) -> Block {
    let metrics = &results.sweep.metrics;
    let mut front: Vec<Standing> = results.pareto(first, second);
    front.retain(|standing| standing.dominated_by.is_none());
    front.sort_by(|a, b| a.means[0].total_cmp(&b.means[0]).then(a.point.cmp(&b.point)));
    let mut columns = paths(results);
    columns.extend([first, second].map(|nth| Column::new(&metrics[nth].name, 0)));
    let rows = front.iter().map(|standing| {
        let cells = [(first, standing.means[0]), (second, standing.means[1])];
        let shown = cells.map(|(nth, mean)| match results.cell(standing.point, nth).estimate {
            Some(estimate) => estimated(&estimate, metrics[nth].unit()),
            None => plain(mean, metrics[nth].unit()),
        });
        values(results, standing.point).chain(shown).collect()
    });
    let (a, b) = (&metrics[first].name, &metrics[second].name);
    let heading = format!("No other point is better in both, {a} and {b}");
    Block::Table(Table { heading, columns, rows: rows.collect(), notes: Vec::new() })
}

/// `sweep.json`: one object, keys in a fixed order.
pub fn json(results: &Results) -> String {
    let sweep = &results.sweep;
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| {
        all.insert(key.to_owned(), value);
    };
    put("schema_version", json!(SCHEMA_VERSION));
    put("tool", json!({"name": "dwell", "version": sweep.version}));
    put("scenario", json!({"file": sweep.file, "hash": sweep.hash, "title": sweep.title}));
    put("policy", json!(sweep.policy));
    put("set", json!(sweep.sets));
    put("seed", json!(sweep.seed));
    put("replications", json!(sweep.replications));
    put("confidence", json!(CONFIDENCE));
    let cut = &sweep.cut;
    put("study", json!({"kind": cut.kind.word(), "warmup_s": cut.warmup.as_secs_f64()}));
    put("paths", json!(sweep.paths));
    put("lhs", json!(sweep.lhs));
    let seeds: Vec<u64> = results
        .points
        .first()
        .map_or(Vec::new(), |point| point.runs.iter().map(|run| run.seed).collect());
    put("seeds", json!(seeds));
    let metrics = results.told.iter().map(|nth| {
        let metric = &sweep.metrics[*nth];
        json!({"metric": metric.name, "unit": metric.unit(), "better": metric.better})
    });
    put("metrics", Value::Array(metrics.collect()));
    put("points", Value::Array((0..sweep.points.len()).map(|at| of_point(results, at)).collect()));
    if let Some((first, second)) = sweep.pareto {
        let names = [first, second].map(|nth| sweep.metrics[nth].name.clone());
        let standing = results.pareto(first, second);
        let front = standing.iter().filter(|standing| standing.dominated_by.is_none());
        let front: Vec<usize> = front.map(|standing| standing.point).collect();
        put("pareto", json!({"metrics": names, "points": front}));
    }
    let mut text = serde_json::to_string_pretty(&Value::Object(all)).expect("a value is written");
    text.push('\n');
    text
}

fn of_point(results: &Results, point: usize) -> Value {
    let sweep = &results.sweep;
    let runs = &results.points[point];
    let metrics = results.told.iter().map(|nth| {
        let (metric, cell) = (&sweep.metrics[*nth], results.cell(point, *nth));
        let values = runs.values(*nth).into_iter().map(|value| value.map(|v| metric.shown(v)));
        json!({
            "metric": metric.name,
            "value": cell.estimate.as_ref().map(of_estimate),
            "all_runs_together": cell.pooled,
            "replications": values.collect::<Vec<_>>(),
        })
    });
    let values = sweep.paths.iter().cloned().zip(sweep.points[point].iter().map(|v| json!(v)));
    let digests: Vec<_> = runs.runs.iter().map(|run| run.digest).collect();
    json!({
        "point": point,
        "values": Value::Object(values.collect()),
        "metrics": metrics.collect::<Vec<_>>(),
        "digests": digests,
    })
}

/// The columns of `sweep.csv` beside those of the paths, which stand after the first.
pub const COLUMNS: [&str; 11] = [
    "point",
    "metric",
    "unit",
    "n",
    "mean",
    "sd",
    "low",
    "high",
    "min",
    "max",
    "all_runs_together",
];

/// Writes `sweep.csv`: one row a point and metric; what has no data is empty.
pub fn csv(results: &Results, to: impl Write) -> io::Result<()> {
    write_csv(results, to).map_err(io_error)
}

fn write_csv(results: &Results, to: impl Write) -> ::csv::Result<()> {
    let sweep = &results.sweep;
    let mut csv = ::csv::Writer::from_writer(to);
    let row = |first: String, values: Vec<String>, rest: Vec<String>| {
        std::iter::once(first).chain(values).chain(rest).collect::<Vec<String>>()
    };
    let paths = sweep.paths.iter().map(|path| safe(path)).collect();
    let rest = COLUMNS[1..].iter().map(|column| (*column).to_owned()).collect();
    csv.write_record(row(COLUMNS[0].to_owned(), paths, rest))?;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for point in 0..sweep.points.len() {
        for nth in &results.told {
            let (metric, cell) = (&sweep.metrics[*nth], results.cell(point, *nth));
            let estimate = cell.estimate.as_ref();
            let interval = estimate.and_then(|estimate| estimate.interval(CONFIDENCE));
            let rest = vec![
                safe(&metric.name),
                metric.unit().to_owned(),
                estimate.map_or(0, |estimate| estimate.n).to_string(),
                number(estimate.map(|estimate| estimate.mean)),
                number(estimate.filter(|estimate| 2 <= estimate.n).map(|estimate| estimate.sd)),
                number(interval.map(|(low, _)| low)),
                number(interval.map(|(_, high)| high)),
                number(estimate.map(|estimate| estimate.min)),
                number(estimate.map(|estimate| estimate.max)),
                number(cell.pooled),
            ];
            let values = sweep.points[point].iter().map(|value| safe(value)).collect();
            csv.write_record(row(point.to_string(), values, rest))?;
        }
    }
    Ok(csv.flush()?)
}

/// Writes `pareto.csv`: one row a point that has data, with the first point that dominates it.
pub fn pareto_csv(
    results: &Results,
    (first, second): (usize, usize),
    to: impl Write,
) -> io::Result<()> {
    write_pareto_csv(results, first, second, to).map_err(io_error)
}

fn write_pareto_csv(
    results: &Results,
    first: usize,
    second: usize,
    to: impl Write,
) -> ::csv::Result<()> {
    let sweep = &results.sweep;
    let mut csv = ::csv::Writer::from_writer(to);
    let names = [first, second].map(|nth| safe(&sweep.metrics[nth].name));
    let mut columns = vec!["point".to_owned()];
    columns.extend(sweep.paths.iter().map(|path| safe(path)));
    columns.extend(names);
    columns.push("dominated_by".to_owned());
    csv.write_record(columns)?;
    for standing in results.pareto(first, second) {
        let mut row = vec![standing.point.to_string()];
        row.extend(sweep.points[standing.point].iter().map(|value| safe(value)));
        row.extend(standing.means.map(|mean| mean.to_string()));
        row.push(standing.dominated_by.map_or(String::new(), |point| point.to_string()));
        csv.write_record(row)?;
    }
    Ok(csv.flush()?)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn paths_are_shown_as_short_as_tells_them_apart() {
        let told =
            |paths: &[&str]| short(&paths.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
        let two = ["queues.Jobs.VisibilityTimeout", "functions.Worker.Timeout"];
        assert_eq!(told(&two), ["VisibilityTimeout", "Timeout"]);
        let alike = ["functions.A.Timeout", "functions.B.Timeout"];
        assert_eq!(told(&alike), ["A.Timeout", "B.Timeout"]);
    }
}
