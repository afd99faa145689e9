//! The points of `dwell chart FILE.csv validation`, or every mistake in them.

use super::exit::{Exit, failed};
use crate::chart::validation::{POINTS_MAX, Point, Validation};
use anyhow::Result;
use std::path::Path;

const HINT: &str = "hint: a CSV file with the columns name, measured, predicted and, if wanted, group and \
                    standard_error";

/// Reads a file of points.
pub fn read(path: &Path) -> Result<Validation> {
    let name = path.display();
    let unreadable = |error: ::csv::Error| {
        failed(Exit::Usage, format!("error: {name} cannot be read: {error}\n{HINT}"))
    };
    let mut reader = ::csv::ReaderBuilder::new()
        .flexible(true)
        .trim(::csv::Trim::All)
        .from_path(path)
        .map_err(unreadable)?;
    let headers = reader.headers().map_err(unreadable)?.clone();
    let (mut mistakes, mut points) = (Vec::new(), Vec::new());
    let known = ["name", "measured", "predicted", "group", "standard_error"];
    for header in headers.iter().filter(|header| !known.contains(header)) {
        mistakes.push(format!("error: {name}:1: there is no column `{header}`"));
    }
    let at = |column: &str| headers.iter().position(|header| header == column);
    for column in ["name", "measured", "predicted"] {
        if at(column).is_none() {
            mistakes.push(format!("error: {name}:1: the column `{column}` is missing"));
        }
    }
    if mistakes.is_empty() {
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            let line = record.position().map_or(0, ::csv::Position::line);
            let told = |what: String| format!("error: {name}:{line}: {what}");
            if record.len() != headers.len() {
                mistakes.push(told(format!(
                    "{} cells in place of {}",
                    record.len(),
                    headers.len()
                )));
                continue;
            }
            let cell = |column: &str| at(column).and_then(|at| record.get(at)).unwrap_or("");
            let mut number = |column: &str, is_allowed: fn(f64) -> bool, what: &str| {
                let text = cell(column);
                let read = text.parse().ok().filter(|value: &f64| value.is_finite());
                let allowed = read.filter(|value| is_allowed(*value));
                if allowed.is_none() {
                    mistakes.push(told(format!("{column} `{text}` is no number {what}")));
                }
                allowed
            };
            let measured = number("measured", |value| 0.0 < value, "above 0");
            let predicted = number("predicted", |value| 0.0 <= value, "of 0 or more");
            let standard_error = match cell("standard_error") {
                "" => Some(None),
                _ => number("standard_error", |value| 0.0 <= value, "of 0 or more").map(Some),
            };
            if let (Some(measured), Some(predicted), Some(standard_error)) =
                (measured, predicted, standard_error)
            {
                let (name, group) = (cell("name").to_owned(), cell("group").to_owned());
                points.push(Point { name, measured, predicted, standard_error, group });
            }
        }
        if POINTS_MAX < points.len() {
            mistakes.push(format!(
                "error: {name}: {} points; at most {POINTS_MAX} are drawn",
                points.len()
            ));
        }
    }
    if !mistakes.is_empty() {
        return Err(failed(Exit::Scenario, format!("{}\n{HINT}", mistakes.join("\n"))));
    }
    let file =
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Validation { file, points })
}
