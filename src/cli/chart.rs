//! `dwell chart`: plays what a chart needs and draws it.

use super::{
    ChartArgs, ChartFormat, ChartKind,
    compare::{self, How, Played},
    exit::{Exit, failed},
    recording, studying,
};
use crate::{
    chart::{Look, OfRuns, forest, journey, validation},
    report::files::write_whole,
    scenario::Options,
};
use anyhow::Result;
use clap::ValueEnum;
use std::io::{self, Write};

/// Draws a chart, on standard output or into a file.
pub fn chart(args: &ChartArgs) -> Result<Exit> {
    let drawn = match kind(args)? {
        ChartKind::Forest => forest(args)?,
        ChartKind::Journey => journey(args)?,
        ChartKind::Validation => validation(args)?,
        ChartKind::Storm => of_runs(args, OfRuns::Storm)?,
        ChartKind::Flow => of_runs(args, OfRuns::Flow)?,
        ChartKind::DwellCcdf => of_runs(args, OfRuns::DwellCcdf)?,
        ChartKind::AgeHeatmap => of_runs(args, OfRuns::AgeHeatmap)?,
        ChartKind::Redrive => of_runs(args, OfRuns::Redrive)?,
        ChartKind::Pollers => of_runs(args, OfRuns::Pollers)?,
        ChartKind::Drain => of_runs(args, OfRuns::Drain)?,
        ChartKind::Hysteresis => of_runs(args, OfRuns::Hysteresis)?,
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
fn kind(args: &ChartArgs) -> Result<ChartKind> {
    if let Some(kind) = args.kind {
        return Ok(kind);
    }
    let unsaid = |why: &str| {
        let kinds = ChartKind::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let kinds: Vec<String> = kinds.map(|kind| kind.get_name().to_owned()).collect();
        let (file, kinds) = (args.file.display(), kinds.join(", "));
        failed(Exit::Usage, format!("error: {file} {why}\nhint: add which to draw: {kinds}"))
    };
    if args.file.is_dir() {
        return Err(unsaid("has the results of a run, of which there are many charts"));
    }
    let opened = studying::open(std::slice::from_ref(&args.file))?.swap_remove(0);
    let sets = &args.compared.repeated.replicated.sets;
    let scenario = opened.scenario(&Options { sets, ..Options::default() });
    let said = scenario.map_err(|failure| studying::unread(&failure))?.chart;
    let Some(word) = said else { return Err(unsaid("says no `chart`")) };
    ChartKind::from_str(&word, false)
        .map_err(|_| unsaid(&format!("says `{word}`, which this version does not draw")))
}

fn of_runs(args: &ChartArgs, kind: OfRuns) -> Result<Vec<u8>> {
    let recorded = match args.file.is_dir() {
        true => recording::read(&args.file)?,
        false => recording::play(&args.file, &args.compared)?,
    };
    Ok(match args.format {
        ChartFormat::Svg => kind.svg(&recorded, look(args)).into_bytes(),
        ChartFormat::Csv => {
            let mut rows = Vec::new();
            kind.csv(&recorded, &mut rows)?;
            rows
        }
    })
}

fn look(args: &ChartArgs) -> Look {
    Look { width: args.width, theme: args.theme.into() }
}

fn validation(args: &ChartArgs) -> Result<Vec<u8>> {
    let points = super::validation::read(&args.file)?;
    Ok(match args.format {
        ChartFormat::Svg => validation::svg(&points, look(args)).into_bytes(),
        ChartFormat::Csv => {
            let mut rows = Vec::new();
            validation::csv(&points, &mut rows)?;
            rows
        }
    })
}

fn journey(args: &ChartArgs) -> Result<Vec<u8>> {
    let drawn = super::journey::journey(args)?;
    Ok(match args.format {
        ChartFormat::Svg => journey::svg(&drawn, look(args)).into_bytes(),
        ChartFormat::Csv => {
            let mut rows = Vec::new();
            journey::csv(&drawn, &mut rows)?;
            rows
        }
    })
}

fn forest(args: &ChartArgs) -> Result<Vec<u8>> {
    let (plan, first) = compare::plan(std::slice::from_ref(&args.file), &args.compared)?;
    let baseline = compare::baseline(&args.compared, &plan)?;
    let how = How::default();
    let Played { comparison, stopped } =
        compare::play_all(&args.compared.repeated, &plan, baseline, &first, &how)?;
    if let Some(exit) = stopped {
        return Err(failed(exit, "interrupted: a chart is drawn of all replications"));
    }
    Ok(match args.format {
        ChartFormat::Svg => {
            let setting = forest::Setting { title: first.title.as_deref(), stopped_by: None };
            forest::svg(&comparison, &setting, look(args)).into_bytes()
        }
        ChartFormat::Csv => {
            let mut rows = Vec::new();
            forest::csv(&comparison, &mut rows)?;
            rows
        }
    })
}
