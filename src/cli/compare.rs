//! `dwell compare`: policies under the same luck.

use super::{
    CompareArgs,
    exit::{Exit, failed},
    printing::{Told, print},
    run, studying,
};
use crate::{
    experiment::{
        Request, RunError, artifacts,
        compare::{Comparing, How},
    },
    report::{compare as report, files::Folder},
};
use anyhow::Result;
use std::io;

/// Plays every policy, or every file, with the same luck; prints and writes what is different.
pub fn compare(args: &CompareArgs) -> Result<Exit> {
    let mut name = run::stems(&args.files)?.swap_remove(0);
    let request = Request::from(&args.compared);
    let comparing = Comparing::of(studying::open(&args.files)?, &request);
    let comparing = comparing.map_err(studying::told)?;
    name.push(".compare");
    let cannot_write = |error: io::Error| {
        let folder = args.output.folder.join(&name);
        failed(Exit::Output, format!("error: cannot write {}: {error}", folder.display()))
    };
    let mut folder = Folder::begin(&args.output.folder, &name).map_err(cannot_write)?;
    let precision = args.precision.map(|precision| (precision, args.max_replications));
    let how = How { precision, list: args.diff_events, recorded: true };
    let (replicated, quiet) = (&args.compared.repeated.replicated, args.output.quiet);
    let compared = studying::on_threads(replicated, quiet, |workers| comparing.play(&how, workers));
    let compared = compared.map_err(untold)?;
    if let (Some(imprecise), true) = (&compared.imprecise, quiet) {
        eprintln!("{imprecise}");
    }
    let report = artifacts::of_comparison(&comparing.first, &compared);
    let recorded = compared.recorded.as_ref();
    artifacts::write_comparison(&mut folder, &report, recorded, args.diff_events)
        .map_err(cannot_write)?;
    let target = folder.publish().map_err(cannot_write)?;
    let told = Told {
        blocks: &|| report::blocks(&report),
        json: &|| report::json(&report),
        csv: &|out| report::csv(&compared.comparison, out),
    };
    print(&args.output, &told, &target)?;
    Ok(if compared.is_stopped { Exit::Interrupted } else { Exit::Fine })
}

/// Why there is no comparison at all.
pub fn untold(error: RunError) -> anyhow::Error {
    match error.is_interruption() {
        true => failed(Exit::Interrupted, "interrupted before a replication was finished"),
        false => studying::told(error),
    }
}
