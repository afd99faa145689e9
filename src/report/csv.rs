//! `metrics.csv`: one row a metric, resource and period in which it was counted or changed.

use super::Report;
use std::io::{self, Write};

/// The columns of `metrics.csv`.
pub const METRICS: [&str; 8] =
    ["period_start_s", "resource", "metric", "sum", "sample_count", "min", "max", "average"];

/// Writes the series. Names are safe in a spreadsheet: the scenario language sees to it.
pub fn metrics(report: &Report<'_>, to: impl Write) -> io::Result<()> {
    write_metrics(report, to).map_err(io_error)
}

/// The failure below that of the `csv` crate, whose own conversion forgets what kind it was: who
/// reads from a pipe may have had enough, and that is no failure.
pub fn io_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Writes a table: its columns, then the rows that `fill` gives to what it is handed. Texts are made safe by
/// who gives them.
pub fn table<const N: usize>(
    to: impl Write,
    columns: [&str; N],
    fill: impl FnOnce(&mut Rows<'_, N>) -> ::csv::Result<()>,
) -> io::Result<()> {
    let mut csv = ::csv::Writer::from_writer(to);
    let write = || -> ::csv::Result<()> {
        csv.write_record(columns)?;
        fill(&mut |row| csv.write_record(row))?;
        Ok(csv.flush()?)
    };
    write().map_err(io_error)
}

/// Takes the rows of a table.
pub type Rows<'a, const N: usize> = dyn FnMut([String; N]) -> ::csv::Result<()> + 'a;

fn write_metrics(report: &Report<'_>, to: impl Write) -> ::csv::Result<()> {
    let mut csv = ::csv::Writer::from_writer(to);
    csv.write_record(METRICS)?;
    for row in report.series.rows() {
        let start = report.series.start_of(row.period);
        csv.write_record([
            start.as_secs_f64().to_string().as_str(),
            (report.name)(row.resource),
            row.measure.name(),
            &row.sum().to_string(),
            &row.stats.samples.to_string(),
            &row.min().to_string(),
            &row.max().to_string(),
            &row.average().to_string(),
        ])?;
    }
    Ok(csv.flush()?)
}
