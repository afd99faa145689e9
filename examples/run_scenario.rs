//! Plays a scenario file and prints what happened: `cargo run --example run_scenario -- FILE.yaml`

use dwell::{
    experiment::{self, Workers, artifacts},
    report::table,
    scenario::{self, Options},
};
use std::{error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).map_or_else(usual_file, PathBuf::from);
    let scenario = scenario::load(&file, &Options::default())?;
    let output = experiment::run(&scenario, None, &Workers::default())?;
    // A run that stops early has results too; here only a whole one is told.
    output.whole(|| scenario.file_name())?;
    let told = (&output.outcome.results, &output.outcome.series);
    let text = artifacts::with_report(&scenario, told, None, |report| {
        table::render(report, false, table::WIDTH)
    });
    print!("{text}");
    Ok(())
}

fn usual_file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/three-tries.yaml"))
}
