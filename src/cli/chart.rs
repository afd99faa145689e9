//! `dwell chart`: plays what a chart needs and draws it.

use super::{
    ChartArgs, ChartFormat, ChartKind,
    compare::{self, How, Played},
    exit::{Exit, failed},
    recording,
};
use crate::{
    chart::{Look, OfRuns, forest},
    report::files::write_whole,
};
use anyhow::Result;
use std::io::{self, Write};

/// Draws a chart, on standard output or into a file.
pub fn chart(args: &ChartArgs) -> Result<Exit> {
    let drawn = match args.kind {
        ChartKind::Forest => forest(args)?,
        ChartKind::Storm => of_runs(args, OfRuns::Storm)?,
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
