//! The simulator against closed forms: every row of a table of oracles, expected value and
//! tolerance read from it.
//!
//! ```text
//!  oracles.csv ─► row ─► dispatch, by the id ─► lab: experiment, 20 replications ─► judge
//!                           │                      ▲
//!                           └─► NOT_MODELLED       └─ meter: what no measure of the tool says
//! ```
//!
//! The folder is `DWELL_ORACLES`, or else `../shared/analytic` beside this package; without it the
//! test says so and passes. A row's parameters are read, so another table of the same kinds works.
//! A row whose id is neither dispatched nor listed fails.
//!
//! Two tiers. The quick one plays a sixteenth of the events that a row asks for, at most 200,000 in
//! all, with fixed seeds; its share of tolerance is as much wider as a standard error is (four times
//! at a sixteenth), and the distance of at most four standard errors over 20 replications stays.
//! `DWELL_TIER=full cargo test --release analytic` plays all, at most 5e7 in one experiment, for which
//! there is memory; it takes hours. `DWELL_ROWS=mm1-,sqs-` plays only the rows that begin so.

mod direct;
mod downstream;
mod lab;
mod messages;
pub mod meter;
mod occ;
mod queues;
mod row;

use lab::{Found, Lab};
use row::Row;
use std::path::{Path, PathBuf};

/// Rows that this version cannot express, by the beginning of their ids, and why.
const NOT_MODELLED: &[(&str, &str)] = &[
    ("poison-fresh-", "no queue keeps what failed apart from its batch and among fresh messages"),
    ("poison-mix", "a batch becomes visible together and is received together, never at random"),
];

/// What is played for a row, and what was found.
type Experiment = fn(&mut Lab, &Row) -> Vec<Found>;

/// The experiment for a row, by its id. None: nobody knows such a row.
fn dispatch(id: &str) -> Option<Experiment> {
    let kinds: &[(&str, Experiment)] = &[
        ("mm1-", queues::waiting),
        ("mmc-", queues::waiting),
        ("md1-", queues::waiting),
        ("mdc-", queues::waiting),
        ("mg1-", queues::waiting),
        ("dm1-", queues::waiting),
        ("mx1-", queues::waiting),
        ("mmcd-", queues::impatient),
        ("fb-", queues::feedback),
        ("closed-", queues::closed),
        ("mginf-tr-", queues::transient),
        ("mginf-", queues::unlimited),
        ("mtminf-", queues::swinging),
        ("erlb-", queues::lossy),
        ("retrial", queues::retrial),
        ("efp-", queues::few_attempts),
        ("cold-", queues::cold_single),
        ("coldq-", queues::cold_queue),
        ("mru-", queues::warm_pool),
        ("simfaas-", queues::warm_pool),
        ("meta-lossfree", queues::loss_free),
        ("meta-n", downstream::threshold),
        ("meta-budget", downstream::threshold_with_budget),
        ("meta-stuck-", downstream::storm),
        ("meta-trig-", downstream::storm),
        ("meta-edge-", downstream::storm),
        ("mmck-", downstream::bounded),
        ("tb-", downstream::token_bucket),
        ("occ-", occ::contention),
        ("burst-", queues::burst),
        ("scale-rate", queues::growth),
        ("rps-quota", queues::request_rate),
        ("drain-", queues::drain),
        ("async-", messages::asynchronous),
        ("asyncnet-", messages::asynchronous_stream),
        ("sqs-", messages::single_messages),
        ("poison-", messages::poison),
        ("overpull-", messages::overpull),
        ("bisect-", messages::bisected),
        ("batch-tr-", messages::batches),
        ("esm-", messages::mapping),
        ("bwin-", messages::batching_window),
        ("chain-", messages::chain),
        ("tokbucket-", messages::budget),
        ("sdk-quota", messages::sdk_quota),
        ("bill-", messages::bill),
        ("bo-", direct::back_off),
        ("exp-", direct::sampler),
        ("logn-", direct::sampler),
        ("weib-", direct::sampler),
        ("pareto-", direct::sampler),
        ("poisson-iod", direct::dispersion),
        ("little", direct::little),
    ];
    kinds.iter().find(|(head, _)| id.starts_with(head)).map(|(_, experiment)| *experiment)
}

fn folder() -> PathBuf {
    match std::env::var_os("DWELL_ORACLES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/analytic"),
    }
}

/// `DWELL_ROWS=mm1-,sqs-` plays only rows whose ids begin so.
fn is_wanted(id: &str) -> bool {
    match std::env::var("DWELL_ROWS") {
        Ok(heads) => heads.split(',').any(|head| id.starts_with(head)),
        Err(_) => true,
    }
}

#[test]
fn analytic_oracles_are_met() {
    let folder = folder();
    if !folder.join("oracles.csv").exists() {
        return eprintln!(
            "skipped: no oracles in {}; set DWELL_ORACLES to where they are",
            folder.display()
        );
    }
    let mut lab = Lab::new();
    let (mut met, mut left_out, mut failures) = (0, Vec::new(), Vec::new());
    for row in row::read_all(&folder).iter().filter(|row| is_wanted(&row.id)) {
        if let Some((_, why)) = NOT_MODELLED.iter().find(|(head, _)| row.id.starts_with(head)) {
            left_out.push(format!("{}: {why}", row.id));
            continue;
        }
        let Some(experiment) = dispatch(&row.id) else {
            failures.push(format!("{}: neither played nor listed as not modelled", row.id));
            continue;
        };
        let begun = std::time::Instant::now();
        let play = std::panic::AssertUnwindSafe(|| experiment(&mut lab, row));
        let Ok(found) = std::panic::catch_unwind(play) else {
            failures.push(format!("{}: it could not be played, see above", row.id));
            continue;
        };
        let mut holds = true;
        for found in &found {
            let judged = lab.judge(row, found);
            eprintln!("{} [{:.1} s]", judged.line, begun.elapsed().as_secs_f64());
            if !judged.holds {
                holds = false;
                failures.push(judged.line);
            }
        }
        met += usize::from(holds);
    }
    eprintln!("{met} rows met, {} not modelled:\n  {}", left_out.len(), left_out.join("\n  "));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}
