//! `dwell check`: do the thresholds hold in every run?

use super::{
    CheckArgs, CheckFormat,
    exit::{self, Exit},
    studying,
};
use crate::{
    experiment::{Request, check as checking, check::Checking},
    report::{
        check::{self as report, File},
        junit, sarif,
    },
    scenario::Opened,
};
use anyhow::Result;
use std::io::{self, Write};

/// Plays every policy of every file and judges the thresholds; prints what failed.
pub fn check(args: &CheckArgs) -> Result<Exit> {
    let mut worst = Exit::Fine;
    let mut all = Vec::new();
    let policies = args.policies.clone();
    let request = Request { policies, ..Request::from(&args.replicated) };
    // Every file is read before the first is played, and the mistakes of all are told.
    for file in &args.files {
        let opened = Opened::read(file).map_err(Into::into);
        match opened.and_then(|opened| Checking::of(opened, &request)) {
            Ok(checking) => all.push(checking),
            Err(error) => worst = worst.max(exit::report(&studying::told(error))),
        }
    }
    if worst != Exit::Fine {
        return Ok(worst);
    }
    let found =
        studying::on_threads(&args.replicated, false, |workers| checking::check(&all, workers));
    let found = found.map_err(studying::told)?;
    let files: Vec<File<'_>> = all.iter().zip(found).map(|(it, found)| it.file(found)).collect();
    print(args, &files)?;
    let holds = files.iter().all(|file| file.failed().next().is_none());
    Ok(if holds { Exit::Fine } else { Exit::Threshold })
}

/// Data goes to standard output; how it went with each file, and what failed if that is not the data,
/// to standard error.
fn print(args: &CheckArgs, files: &[File<'_>]) -> Result<()> {
    let data = match args.format {
        CheckFormat::Text => report::text(files),
        CheckFormat::Json => report::json(files),
        CheckFormat::Junit => junit::xml(files),
        CheckFormat::Sarif => sarif::json(files),
    };
    if args.format != CheckFormat::Text {
        eprint!("{}", report::text(files));
    }
    let mut out = io::stdout().lock();
    super::exit::unless_closed(out.write_all(data.as_bytes()).and_then(|()| out.flush()))?;
    for file in files {
        for line in report::lines(file) {
            eprintln!("{line}");
        }
    }
    Ok(())
}
