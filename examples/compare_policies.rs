//! Compares the policies of a scenario file under the same luck, on all processors, and writes a page about
//! them: `cargo run --example compare_policies -- FILE.yaml PAGE.html`

use dwell::{
    experiment::{
        Progress, Request, Workers, artifacts,
        compare::{Comparing, How},
        page::Reporting,
    },
    report::{compare, table},
    scenario::Opened,
};
use std::{
    error::Error,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Counts runs. [`Progress::at`] could also stop them.
#[derive(Default)]
struct Told(AtomicUsize);

impl Progress for Told {
    fn done(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let file = arguments.next().map_or_else(usual_file, PathBuf::from);
    let opened = Opened::read(&file)?;
    let request = Request { replications: Some(5), ..Request::default() };
    let told = Told::default();
    let workers = Workers { progress: &told, ..Workers::default() };

    let comparing = Comparing::of(vec![opened.clone()], &request)?;
    let compared = comparing.play(&How::default(), &workers)?;
    let report = artifacts::of_comparison(&comparing.first, &compared);
    print!("{}", table::lay_out(compare::blocks(&report), false, table::WIDTH));
    println!("{} runs were played", told.0.load(Ordering::Relaxed));

    if let Some(target) = arguments.next() {
        let page = Reporting::of(opened, &request, None)?.play(&workers)?;
        fs::write(target, page.ok_or("it would be too large for a page")?.text)?;
    }
    Ok(())
}

fn usual_file() -> PathBuf {
    let file = "/scenarios/compare/visibility-one-or-six-timeouts.yaml";
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR")).to_owned() + file)
}
