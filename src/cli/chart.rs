//! `dwell chart`: plays what a chart needs and draws it.

use super::{
    ChartArgs, ChartFormat,
    compare::untold,
    exit::{Exit, failed},
    studying,
};
use crate::{
    catalog::{Kind, Other, WORDS},
    chart::{
        Look, OfRuns, amplification, forest, journey, png::png, validation, visibility_heatmap,
    },
    experiment::{
        Request,
        compare::{Comparing, How},
        points, recording,
    },
    report::files::write_whole,
    scenario::{Opened, Options},
};
use anyhow::Result;
use clap::ValueEnum;
use std::{
    ffi::OsStr,
    io::{self, Write},
    path::Path,
};

/// Draws a chart, on standard output or into a file.
pub fn chart(args: &ChartArgs) -> Result<Exit> {
    let drawn = match kind(args)? {
        Kind::Runs(kind) => of_runs(args, kind)?,
        Kind::Other(Other::Forest) => forest(args)?,
        Kind::Other(Other::Journey) => journey(args)?,
        Kind::Other(Other::Validation) => validation(args)?,
        Kind::Other(Other::Amplification) => amplification(args)?,
        Kind::Other(Other::VisibilityHeatmap) => visibility_heatmap(args)?,
    };
    match &args.output {
        None => {
            let mut out = io::stdout().lock();
            out.write_all(&drawn)?;
            out.flush()?;
        }
        Some(path) => {
            write_whole(path, &drawn).map_err(|error| {
                failed(Exit::Output, format!("error: cannot write {}: {error}", path.display()))
            })?;
            eprintln!("wrote {}", path.display());
        }
    }
    Ok(Exit::Fine)
}

/// The kind that was asked for, or else the one that the file says.
fn kind(args: &ChartArgs) -> Result<Kind> {
    if let Some(kind) = args.kind {
        return Ok(kind);
    }
    let unsaid = |why: &str, kinds: &[&str]| {
        let (file, kinds) = (args.file.display(), kinds.join(", "));
        failed(Exit::Usage, format!("error: {file} {why}\nhint: add which to draw: {kinds}"))
    };
    if args.file.is_dir() {
        let why = "has the results of a run, of which there are many charts";
        return Err(unsaid(why, &OfRuns::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>()));
    }
    let opened = open(args)?;
    let sets = &args.compared.repeated.replicated.sets;
    let scenario = opened.scenario(&Options { sets, ..Options::default() });
    let said = scenario.map_err(|failure| studying::unread(&failure))?.chart;
    let Some(word) = said else { return Err(unsaid("says no `chart`", WORDS)) };
    <Kind as ValueEnum>::from_str(&word, false)
        .map_err(|_| unsaid(&format!("says `{word}`, which this version does not draw"), WORDS))
}

fn open(args: &ChartArgs) -> Result<Opened> {
    Ok(studying::open(std::slice::from_ref(&args.file))?.swap_remove(0))
}

/// Opens a scenario file of which points are played.
fn of_points(args: &ChartArgs) -> Result<Opened> {
    if args.file.is_dir() {
        let message = format!(
            "error: {} is a folder of results: this chart plays its points itself\nhint: give the \
             scenario file",
            args.file.display()
        );
        return Err(failed(Exit::Usage, message));
    }
    open(args)
}

fn of_runs(args: &ChartArgs, kind: OfRuns) -> Result<Vec<u8>> {
    let recorded = match args.file.is_dir() {
        true => recording::read(&args.file).map_err(studying::told)?,
        false => {
            let (opened, request) = (open(args)?, Request::from(&args.compared));
            let replicated = &args.compared.repeated.replicated;
            studying::on_threads(replicated, false, |workers| {
                recording::play(&opened, &request, workers)
            })
            .map_err(studying::unfinished)?
        }
    };
    drawn(args, || kind.svg(&recorded, look(args)), |rows| kind.csv(&recorded, rows))
}

fn amplification(args: &ChartArgs) -> Result<Vec<u8>> {
    let (opened, request) = (of_points(args)?, Request::from(&args.compared));
    let function = args.function.as_deref();
    let rates = studying::on_threads(&args.compared.repeated.replicated, false, |workers| {
        points::failure_rates(&opened, &request, function, workers)
    });
    let rates = rates.map_err(studying::unfinished)?;
    drawn(args, || amplification::svg(&rates, look(args)), |rows| amplification::csv(&rates, rows))
}

fn visibility_heatmap(args: &ChartArgs) -> Result<Vec<u8>> {
    let (opened, request) = (of_points(args)?, Request::from(&args.compared));
    let played = studying::on_threads(&args.compared.repeated.replicated, false, |workers| {
        points::visibilities(&opened, &request, workers)
    });
    let played = played.map_err(studying::unfinished)?;
    drawn(
        args,
        || visibility_heatmap::svg(&played, look(args)),
        |rows| visibility_heatmap::csv(&played, rows),
    )
}

/// A chart in the format that is asked for, or that the name of the file says.
fn drawn(
    args: &ChartArgs,
    svg: impl FnOnce() -> String,
    csv: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> Result<Vec<u8>> {
    let ending = args.output.as_deref().and_then(Path::extension).and_then(OsStr::to_str);
    let said = match ending {
        Some("png") => ChartFormat::Png,
        Some("csv") => ChartFormat::Csv,
        Some(_) | None => ChartFormat::Svg,
    };
    Ok(match args.format.unwrap_or(said) {
        ChartFormat::Svg => svg().into_bytes(),
        ChartFormat::Png => png(&svg()),
        ChartFormat::Csv => {
            let mut rows = Vec::new();
            csv(&mut rows)?;
            rows
        }
    })
}

fn look(args: &ChartArgs) -> Look {
    Look { width: args.width, theme: args.theme.into() }
}

fn validation(args: &ChartArgs) -> Result<Vec<u8>> {
    let points = super::validation::read(&args.file)?;
    drawn(args, || validation::svg(&points, look(args)), |rows| validation::csv(&points, rows))
}

fn journey(args: &ChartArgs) -> Result<Vec<u8>> {
    let told = super::journey::journey(args)?;
    drawn(args, || journey::svg(&told, look(args)), |rows| journey::csv(&told, rows))
}

fn forest(args: &ChartArgs) -> Result<Vec<u8>> {
    let comparing = Comparing::of(vec![open(args)?], &Request::from(&args.compared));
    let comparing = comparing.map_err(studying::told)?;
    let compared = studying::on_threads(&args.compared.repeated.replicated, false, |workers| {
        comparing.play(&How::default(), workers)
    });
    let compared = compared.map_err(untold)?;
    if compared.is_stopped {
        let message = "interrupted: a chart is drawn of all replications";
        return Err(failed(Exit::Interrupted, message));
    }
    let (first, comparison) = (&comparing.first, &compared.comparison);
    let setting = forest::Setting { title: first.title.as_deref(), stopped_by: None };
    drawn(
        args,
        || forest::svg(comparison, &setting, look(args)),
        |rows| forest::csv(comparison, rows),
    )
}
