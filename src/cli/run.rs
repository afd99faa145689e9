//! `dwell run`: play, print, write.

use super::{
    Format, Played, RunArgs,
    exit::{Exit, failed},
    printing, studying,
    watching::{self, Clock},
};
use crate::{
    experiment::{
        self, RunError, Workers,
        artifacts::{self, Rows},
        pool::INSTANT_MAX,
    },
    kernel::Time,
    model::{
        config::{Change, Config},
        world::{Finish, Limits, Stop},
    },
    observe::{RowSink, Threshold, trace},
    report::{Report, csv, files::Folder, json, markdown, plot, table},
    scenario::{self, Scenario},
};
use anyhow::{Context, Result};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    ffi::OsStr,
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
    for ((scenario, _), stem) in loaded.into_iter().zip(stems) {
        let exit = play(args, &scenario, &stem)?;
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

/// Reads a scenario and the thresholds that one run of it is judged by.
pub fn load(file: &Path, played: &Played) -> Result<(Scenario, Vec<Threshold>)> {
    let options = scenario::Options {
        sets: &played.sets,
        policy: played.policy.as_deref(),
        seed: played.seed,
        ..scenario::Options::default()
    };
    let scenario = scenario::load(file, &options).map_err(|failure| studying::unread(&failure))?;
    let thresholds = experiment::thresholds(&scenario)
        .map_err(|found| studying::told(RunError::mistakes(found, &scenario)))?;
    Ok((scenario, thresholds))
}

/// The limits of a run that shows its progress.
pub fn limits<'a>(played: &Played, stop: &'a dyn Fn(Time) -> bool) -> Limits<'a> {
    Limits { events_max: played.max_events, instant_max: INSTANT_MAX, interrupted: stop }
}

fn play(args: &RunArgs, scenario: &Scenario, stem: &OsStr) -> Result<Exit> {
    let cannot_write = |error: io::Error| {
        let folder = args.output.join(stem);
        failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
    };
    let mut folder = Folder::begin(&args.output, stem).map_err(cannot_write)?;
    let rows = args.events.then(|| Rows::of(&folder)).transpose().map_err(cannot_write)?;
    let rows = RefCell::new(rows);
    let sink: Option<RowSink<'_>> = args.events.then(|| {
        let sink = |row: &trace::Row<'_>| {
            if let Some(rows) = rows.borrow_mut().as_mut() {
                rows.write(row);
            }
        };
        Box::new(sink) as RowSink<'_>
    });
    let whole = scenario.config.duration.since(Time::ZERO);
    let clock = Clock::new(!args.played.no_progress && !args.quiet, whole);
    let events_max = args.played.max_events;
    let workers = Workers { threads: 1, events_max, progress: &clock };
    let output = experiment::run(scenario, sink, &workers).map_err(studying::told)?;
    drop(clock);
    if let Some(rows) = rows.into_inner() {
        rows.finish().map_err(cannot_write)?;
    }
    // What did not pass its checks is no result: the old ones stay.
    passed_its_checks(&scenario.file_name(), scenario, &output.outcome.faults)?;
    let output = artifacts::write_run(&mut folder, scenario, output).map_err(cannot_write)?;
    let target = folder.publish().map_err(cannot_write)?;

    let finish = output.finish;
    let told = (&output.outcome.results, &output.outcome.series);
    artifacts::with_report(scenario, told, artifacts::stopped_by(&finish), |report| {
        print(args, report, &scenario.config, &finish)?;
        if !args.quiet && args.format == Format::Table {
            eprintln!("wrote {}", target.display());
        }
        judge(args, scenario, report, &finish)
    })
}

fn print(args: &RunArgs, report: &Report<'_>, config: &Config, finish: &Finish) -> Result<()> {
    let stdout = io::stdout();
    let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut out = BufWriter::new(stdout.lock());
    let written = match args.format {
        _ if args.quiet => Ok(()),
        Format::Table => {
            let mut text = table::render(report, color, printing::width());
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
    finish: &Finish,
) -> Result<Exit> {
    let file = scenario.file_name();
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
                experiment::limit_hint(finish)
            );
            Some(Exit::Limit)
        }
        Stop::Instant => {
            eprintln!(
                "error: {file}: over {INSTANT_MAX} events happened at {at} and time does not go \
                 on; the results are partial\nhint: {}",
                experiment::limit_hint(finish)
            );
            Some(Exit::Limit)
        }
    }
}
