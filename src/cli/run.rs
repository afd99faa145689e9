//! `dwell run`: play, print, write.

use super::{
    Format, Played, RunArgs,
    exit::{Exit, failed},
    recording, studying,
    watching::{self, Progress},
};
use crate::{
    experiment,
    model::{
        config::{Change, Config},
        world::{Finish, Limits, Stop},
    },
    observe::{RowSink, Threshold, trace},
    report::{Assumption, Report, csv, files::Folder, json, markdown, plot, table},
    scenario::{self, Scenario, diagnostic::Severity},
};
use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

/// Plays every file, one after the other; the code is the worst of theirs.
pub fn run(args: &RunArgs) -> Result<Exit> {
    if args.plot && args.format != Format::Table {
        let message = "error: --plot draws below the table\nhint: leave out --format";
        return Err(failed(Exit::Usage, message));
    }
    let stems = stems(&args.files)?;
    let mut worst = Exit::Fine;
    let mut loaded = Vec::new();
    // Every file is read before the first is played: a mistake in the last costs no waiting.
    for file in &args.files {
        match load(file, &args.played) {
            Ok(scenario) => loaded.push(scenario),
            Err(error) => {
                let exit = super::exit::report(&error);
                worst = worst.max(exit);
            }
        }
    }
    if worst != Exit::Fine {
        return Ok(worst);
    }
    watching::listen();
    for ((scenario, thresholds), stem) in loaded.into_iter().zip(stems) {
        let exit = play(args, &scenario, thresholds, &stem)?;
        worst = worst.max(exit);
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(worst)
}

/// The names of the files' folders, all different.
pub fn stems(files: &[std::path::PathBuf]) -> Result<Vec<std::ffi::OsString>> {
    let mut seen: BTreeMap<&OsStr, &Path> = BTreeMap::new();
    files
        .iter()
        .map(|file| {
            let stem = file.file_stem().with_context(|| format!("{} is no file", file.display()));
            let stem = stem.map_err(|error| failed(Exit::Usage, format!("error: {error}")))?;
            if stem == "." || stem == ".." {
                let file = file.display();
                let message =
                    format!("error: {file} would name its results `..` or `.`\nhint: rename it");
                return Err(failed(Exit::Usage, message));
            }
            if let Some(other) = seen.insert(stem, file) {
                return Err(failed(
                    Exit::Usage,
                    format!(
                        "error: {} and {} would both write {}\nhint: run them one at a time with \
                         different folders: -o DIR",
                        other.display(),
                        file.display(),
                        Path::new(stem).display(),
                    ),
                ));
            }
            Ok(stem.to_owned())
        })
        .collect()
}

/// Reads a scenario and its thresholds, and shows its warnings' sources as they are.
pub fn load(file: &Path, played: &Played) -> Result<(Scenario, Vec<Threshold>)> {
    let options = scenario::Options {
        sets: &played.sets,
        policy: played.policy.as_deref(),
        seed: played.seed,
        ..scenario::Options::default()
    };
    let color = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let scenario = scenario::load(file, &options).map_err(|failure| match &failure {
        scenario::Failure::Unreadable { .. } => failed(Exit::Usage, failure.render(color)),
        scenario::Failure::Bad { .. } => failed(Exit::Scenario, failure.render(color)),
    })?;
    let thresholds = studying::thresholds(&scenario)?;
    Ok((scenario, thresholds))
}

/// The limits of a run that shows its progress.
pub fn limits<'a>(played: &Played, stop: &'a dyn Fn(crate::kernel::Time) -> bool) -> Limits<'a> {
    Limits { events_max: played.max_events, instant_max: INSTANT_MAX, interrupted: stop }
}

/// Events at one instant, beside what is declared or there already: beyond it, time does not go on.
pub const INSTANT_MAX: u64 = 1_000_000;

fn play(
    args: &RunArgs,
    scenario: &Scenario,
    thresholds: Vec<Threshold>,
    stem: &OsStr,
) -> Result<Exit> {
    let cannot_write = |error: io::Error| {
        let folder = args.output.join(stem);
        failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
    };
    let mut folder = Folder::begin(&args.output, stem).map_err(cannot_write)?;
    let rows = match args.events {
        true => Some(Rows::new(folder.create("events.csv").map_err(cannot_write)?)),
        false => None,
    };
    let rows = std::cell::RefCell::new(rows);
    let whole = scenario.config.duration.since(crate::kernel::Time::ZERO);
    let progress = Progress::new(!args.played.no_progress && !args.quiet, whole);
    let stop = |now| progress.at(now);
    let sink: Option<RowSink<'_>> = args.events.then(|| {
        let sink = |row: &trace::Row<'_>| {
            if let Some(rows) = rows.borrow_mut().as_mut() {
                rows.write(row);
            }
        };
        Box::new(sink) as RowSink<'_>
    });
    let limits = limits(&args.played, &stop);
    let (played, recording) = experiment::record(&scenario.config, thresholds, sink, &limits);
    drop(progress);
    if let Some(rows) = rows.into_inner() {
        rows.finish().map_err(cannot_write)?;
    }

    let finish = played.finish;
    let warnings = warnings(scenario);
    let file = file_name(scenario);
    let assumptions = assumptions(scenario);
    let resources = scenario.config.resources.clone();
    let report = Report {
        file: &file,
        hash: &scenario.hash,
        title: scenario.title.as_deref(),
        question: scenario.question.as_deref(),
        answer: scenario.answer.as_deref(),
        policy: scenario.policy.as_deref(),
        seed: scenario.config.seed,
        stopped_by: stopped_by(&finish),
        results: &played.outcome.results,
        series: &played.outcome.series,
        name: &|subject| subject.name(&resources),
        assumptions: &assumptions,
        warnings: &warnings,
    };
    if finish.stop != Stop::Complete {
        let mut partial = stem.to_owned();
        partial.push(".partial");
        folder.rename(&partial);
    }
    folder.write("summary.json", json::pretty(&report).as_bytes()).map_err(cannot_write)?;
    let metrics = folder.create("metrics.csv").map_err(cannot_write)?;
    csv::metrics(&report, BufWriter::new(metrics)).map_err(cannot_write)?;
    let arm = recording::arm(scenario, &played.outcome, recording);
    let recorded = recording::recorded(scenario, vec![arm], stopped_by(&finish));
    recording::leave(&recorded, &folder).map_err(cannot_write)?;
    let target = folder.publish().map_err(cannot_write)?;

    print(args, &report, &scenario.config, &finish)?;
    if !args.quiet && args.format == Format::Table {
        eprintln!("wrote {}", target.display());
    }
    judge(args, scenario, &report, &played.outcome.faults, &finish)
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

fn print(args: &RunArgs, report: &Report<'_>, config: &Config, finish: &Finish) -> Result<()> {
    let stdout = io::stdout();
    let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = BufWriter::new(stdout.lock());
    let written = match args.format {
        _ if args.quiet => Ok(()),
        Format::Table => {
            let mut text = table::render(report, color);
            if args.plot || stdout.is_terminal() {
                text.push_str(&plot::render(
                    report.series,
                    report.name,
                    finish.at,
                    &marks(config, finish),
                ));
            }
            out.write_all(text.as_bytes())
        }
        Format::Markdown => out.write_all(markdown::render(report).as_bytes()),
        Format::Json if args.files.len() == 1 => out.write_all(json::pretty(report).as_bytes()),
        Format::Json => out.write_all(json::line(report).as_bytes()),
        Format::Csv => csv::metrics(report, &mut out),
    };
    Ok(super::exit::unless_closed(written.and_then(|()| out.flush()))?)
}

/// What the timeline did in a run: when the resources were others than at the beginning, and calls.
fn marks(config: &Config, finish: &Finish) -> Vec<plot::Mark> {
    let (mut marks, mut since) = (Vec::new(), None);
    for (at, change) in &config.timeline {
        match change {
            Change::Configure(resources) if *resources != config.resources => {
                since = since.or(Some(*at));
            }
            Change::Configure(_) => {
                marks.extend(since.take().map(|from| plot::Mark::Set(from, *at)));
            }
            Change::StartMessageMoveTask { .. }
            | Change::CancelMessageMoveTask(_)
            | Change::PurgeQueue(_)
            | Change::UpdateFunctionCode(_) => marks.push(plot::Mark::Call(*at)),
        }
    }
    marks.extend(since.map(|from| plot::Mark::Set(from, finish.at)));
    marks
}

/// The exit code of a run, and on standard error why it is not 0.
fn judge(
    args: &RunArgs,
    scenario: &Scenario,
    report: &Report<'_>,
    faults: &[String],
    finish: &Finish,
) -> Result<Exit> {
    let file = file_name(scenario);
    passed_its_checks(&file, scenario, faults)?;
    if let Some(early) = stopped_early(&file, finish) {
        return Ok(early);
    }
    let thresholds = experiment::all_thresholds(scenario).unwrap_or_default();
    match thresholds.iter().filter(|threshold| threshold.is_of_runs()).count() {
        0 => (),
        1 => eprintln!("note: {file}: 1 threshold is of several runs: `dwell check` judges it"),
        n => {
            eprintln!("note: {file}: {n} thresholds are of several runs: `dwell check` judges them")
        }
    }
    let failed_ones: Vec<_> = report.results.thresholds.iter().filter(|v| !v.holds).collect();
    if failed_ones.is_empty() {
        return Ok(Exit::Fine);
    }
    if args.quiet || args.format != Format::Table {
        for verdict in failed_ones {
            let sides = verdict.sides.iter().map(ToString::to_string);
            let came = sides.collect::<Vec<_>>().join(" against ");
            eprintln!("{file}: threshold failed: {} ({came})", verdict.threshold);
        }
    }
    Ok(Exit::Threshold)
}

/// A failure of the tool if the run's self-checks found something.
pub fn passed_its_checks(file: &str, scenario: &Scenario, faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let (faults, seed) = (faults.join("\n  "), scenario.config.seed);
    Err(failed(
        Exit::Failure,
        format!(
            "error: {file}: the run did not pass its own checks\n  {faults}\nhint: please \
             report it with the scenario and its seed, {seed}"
        ),
    ))
}

/// Tells on standard error why a run stopped before its end, if it did, and which code that is.
pub fn stopped_early(file: &str, finish: &Finish) -> Option<Exit> {
    let Finish { stop, at, events, .. } = finish;
    match stop {
        Stop::Complete => None,
        Stop::Interrupted => {
            eprintln!("{file}: interrupted at {at} of simulated time; the results are partial");
            Some(Exit::Interrupted)
        }
        Stop::Events => {
            eprintln!(
                "error: {file}: stopped after {events} events at {at} of simulated time; the \
                 results are partial\nhint: {}",
                limit_hint(finish)
            );
            Some(Exit::Limit)
        }
        Stop::Instant => {
            eprintln!(
                "error: {file}: over {INSTANT_MAX} events happened at {at} and time does not go \
                 on; the results are partial\nhint: {}",
                limit_hint(finish)
            );
            Some(Exit::Limit)
        }
    }
}

/// What to do about a run that a limit stopped.
pub fn limit_hint(finish: &Finish) -> String {
    let advice = match (finish.stop, &finish.circle) {
        (Stop::Instant, None) => {
            "look for a circle in which nothing takes time: a function that invokes itself with \
             RecursiveLoop: Allow"
        }
        (Stop::Instant, Some(_)) => "let one of its queues have no RedrivePolicy",
        _ => "allow more with --max-events N",
    };
    match &finish.circle {
        Some(names) => {
            format!("messages go round in a circle of dead-letter queues, {names}; {advice}")
        }
        None => advice.to_owned(),
    }
}

/// The scenario's file name, without the folders that differ from machine to machine.
pub fn file_name(scenario: &Scenario) -> String {
    let name = Path::new(&scenario.sources.file().name).file_name();
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn stopped_by(finish: &Finish) -> Option<&'static str> {
    match finish.stop {
        Stop::Complete => None,
        Stop::Interrupted => Some("interrupt"),
        Stop::Events => Some("max-events"),
        Stop::Instant => Some("events at one instant"),
    }
}

/// `events.csv` while it is written: the first failure is kept and told at the end.
struct Rows {
    csv: ::csv::Writer<BufWriter<File>>,
    failed: Option<::csv::Error>,
}

impl Rows {
    fn new(file: File) -> Rows {
        let mut csv = ::csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, file));
        let failed = csv.write_record(trace::COLUMNS).err();
        Rows { csv, failed }
    }

    fn write(&mut self, row: &trace::Row<'_>) {
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

    fn finish(mut self) -> io::Result<()> {
        match self.failed {
            Some(error) => Err(csv::io_error(error)),
            None => self.csv.flush(),
        }
    }
}
