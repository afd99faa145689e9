//! What is left of runs and studies: folders of results, whole or not at all.
//!
//! A folder is begun before anything is played and published when everything in it is written; until then
//! whoever looks sees the old results. What was stopped goes into a folder of its own, `<name>.partial`, and
//! says so.

use super::{RunOutput, compare::Compared, recording};
use crate::{
    chart::{Look, OfRuns, Recorded, forest},
    model::world::{Finish, Stop},
    observe::{Results, Series, trace},
    report::{
        Assumption, Report, compare as comparing, csv,
        files::{Folder, Writing},
        json, sweep as sweeping,
    },
    scenario::{Scenario, diagnostic::Severity},
    study::sweep,
};
use std::io::{self, BufWriter};

/// Gives what is told of a run of a scenario.
pub fn with_report<R>(
    scenario: &Scenario,
    (results, series): (&Results, &Series),
    stopped_by: Option<&'static str>,
    tell: impl FnOnce(&Report<'_>) -> R,
) -> R {
    let resources = scenario.config.resources.clone();
    tell(&Report {
        file: &scenario.file_name(),
        hash: &scenario.hash,
        title: scenario.title.as_deref(),
        question: scenario.question.as_deref(),
        // It is the answer of the file as it is written.
        answer: scenario.answer.as_deref().filter(|_| scenario.is_as_written),
        policy: scenario.policy.as_deref(),
        seed: scenario.config.seed,
        stopped_by,
        results,
        series,
        name: &|subject| subject.name(&resources),
        assumptions: &assumptions(scenario),
        warnings: &warnings(scenario),
    })
}

/// What is assumed where AWS documents nothing, as a report has it.
pub fn assumptions(scenario: &Scenario) -> Vec<Assumption> {
    let of = |(name, value, is_default): &(String, String, bool)| Assumption {
        name: name.clone(),
        value: value.clone(),
        is_default: *is_default,
    };
    scenario.assumptions.iter().map(of).collect()
}

/// The warnings of a scenario, a line each.
pub fn warnings(scenario: &Scenario) -> Vec<String> {
    let shown = scenario.warnings.iter().filter(|d| d.severity == Severity::Warning);
    shown.map(|warning| format!("{}: {}", warning.path, warning.message)).collect()
}

/// Why a run stopped before its end, if it did.
pub fn stopped_by(finish: &Finish) -> Option<&'static str> {
    match finish.stop {
        Stop::Complete => None,
        Stop::Interrupted => Some("interrupt"),
        Stop::Events => Some("max-events"),
        Stop::Instant => Some("events at one instant"),
    }
}

/// Leaves a run: what was counted, period by period too, and its charts with what they are drawn from.
pub fn write_run(
    folder: &mut Folder,
    scenario: &Scenario,
    output: RunOutput,
) -> io::Result<RunOutput> {
    let stopped_by = stopped_by(&output.finish);
    if stopped_by.is_some() {
        folder.mark_partial();
    }
    let told = (&output.outcome.results, &output.outcome.series);
    with_report(scenario, told, stopped_by, |report| {
        folder.write("summary.json", json::pretty(report).as_bytes())?;
        csv::metrics(report, BufWriter::new(folder.create("metrics.csv")?))
    })?;
    let RunOutput { outcome, finish, recording } = output;
    let arm = recording::arm(scenario, &outcome.results, recording);
    let mut recorded = recording::recorded(scenario, vec![arm], stopped_by);
    write_charts(folder, &recorded)?;
    let recording = recorded.arms.swap_remove(0).recording;
    Ok(RunOutput { outcome, finish, recording })
}

/// What is told of a comparison of which this is the first scenario.
pub fn of_comparison<'a>(first: &'a Scenario, compared: &'a Compared) -> comparing::Report<'a> {
    comparing::Report {
        title: first.title.as_deref(),
        question: first.question.as_deref(),
        comparison: &compared.comparison,
        stopped_by: compared.is_stopped.then_some("interrupt"),
    }
}

/// Leaves a comparison: what it came to, its forest, and the charts of replication 0.
pub fn write_comparison(
    folder: &mut Folder,
    report: &comparing::Report<'_>,
    recorded: Option<&Recorded>,
    lists: bool,
) -> io::Result<()> {
    let comparing::Report { comparison, title, stopped_by, .. } = *report;
    if stopped_by.is_some() {
        folder.mark_partial();
    }
    folder.write("compare.json", comparing::json(report).as_bytes())?;
    comparing::csv(comparison, BufWriter::new(folder.create("compare.csv")?))?;
    if lists {
        comparing::diff_csv(comparison, BufWriter::new(folder.create("diff-events.csv")?))?;
    }
    if forest::has_differences(comparison) {
        let setting = forest::Setting { title, stopped_by };
        let chart = forest::svg(comparison, &setting, Look::default());
        folder.write("forest.svg", chart.as_bytes())?;
    }
    recorded.map_or(Ok(()), |recorded| write_charts(folder, recorded))
}

/// Leaves what every point of a sweep came to.
pub fn write_sweep(folder: &Folder, results: &sweep::Results) -> io::Result<()> {
    folder.write("sweep.json", sweeping::json(results).as_bytes())?;
    sweeping::csv(results, BufWriter::new(folder.create("sweep.csv")?))?;
    if let Some(metrics) = results.sweep.pareto {
        let to = BufWriter::new(folder.create("pareto.csv")?);
        sweeping::pareto_csv(results, metrics, to)?;
    }
    Ok(())
}

/// Leaves recordings, and every chart of them that has something to show.
fn write_charts(folder: &Folder, recorded: &Recorded) -> io::Result<()> {
    let mut text = serde_json::to_vec(recorded).map_err(io::Error::other)?;
    text.push(b'\n');
    folder.write(Recorded::FILE, &text)?;
    for kind in OfRuns::ALL.iter().copied().filter(|kind| kind.fits(recorded)) {
        let chart = kind.svg(recorded, Look::default());
        folder.write(&format!("{}.svg", kind.word()), chart.as_bytes())?;
    }
    Ok(())
}

/// `events.csv` while it is written: the first failure is kept and told at the end.
pub struct Rows {
    csv: ::csv::Writer<BufWriter<Writing>>,
    failed: Option<::csv::Error>,
}

impl Rows {
    /// The rows of the run whose folder this is.
    pub fn of(folder: &Folder) -> io::Result<Rows> {
        let file = folder.create("events.csv")?;
        let mut csv = ::csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, file));
        let failed = csv.write_record(trace::COLUMNS).err();
        Ok(Rows { csv, failed })
    }

    /// Writes a row.
    pub fn write(&mut self, row: &trace::Row<'_>) {
        if self.failed.is_none() {
            let attempt = row.attempt.map_or(String::new(), |n| n.to_string());
            let id = row.written_id.map_or(String::new(), |id| id.to_string());
            let record = [
                row.now.as_secs_f64().to_string(),
                row.resource.to_owned(),
                row.fact.to_owned(),
                id,
                attempt,
                row.rule.id().to_owned(),
                row.detail.to_string(),
            ];
            self.failed = self.csv.write_record(record).err();
        }
    }

    /// All rows are there, or why they are not.
    pub fn finish(mut self) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(csv::io_error(error)),
            None => self.csv.flush(),
        }
    }
}
