//! `dwell report`: one page with everything in it, and a player.

use super::{
    ReportArgs,
    exit::{Exit, failed},
    run, studying,
};
use crate::{
    experiment::{Request, page::Reporting},
    page::html::BYTES_MAX,
    report::files::write_whole,
};
use anyhow::Result;
use std::{fs, io};

/// Plays a file and writes its page.
pub fn report(args: &ReportArgs) -> Result<Exit> {
    let files = std::slice::from_ref(&args.file);
    let mut name = run::stems(files)?.swap_remove(0);
    name.push(".html");
    let target = args.output.join(name);
    let cannot_write = |error: io::Error| {
        failed(Exit::Output, format!("error: cannot write {}: {error}", target.display()))
    };
    let opened = studying::open(files)?.swap_remove(0);
    let policies = args.policies.clone();
    let request = Request { policies, ..Request::from(&args.replicated) };
    let reporting = Reporting::of(opened, &request, args.tried.as_deref());
    let mut reporting = reporting.map_err(studying::told)?;
    let shown = |reporting: &Reporting| reporting.policies().collect::<Vec<_>>().join(", ");
    if reporting.leaves_out {
        let (n, shown) = (reporting.policies().count(), shown(&reporting));
        eprintln!("note: a report shows {n} policies: {shown}; --policies names others");
    }
    fs::create_dir_all(&args.output).map_err(cannot_write)?;
    let page = studying::on_threads(&args.replicated, false, |workers| reporting.play(workers));
    let page = page.map_err(studying::unfinished)?;
    let Some(page) = page else {
        let message = format!("error: the page would be larger than {BYTES_MAX} bytes");
        let hint = "hint: take fewer policies: --policies A,B";
        return Err(failed(Exit::Failure, format!("{message}\n{hint}")));
    };
    if page.is_cut {
        let shown = shown(&reporting);
        eprintln!("note: more would be too large for a page: it shows {shown}");
    }
    write_whole(&target, page.text.as_bytes()).map_err(cannot_write)?;
    eprintln!("wrote {}", target.display());
    Ok(Exit::Fine)
}
