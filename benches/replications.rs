//! How much faster the replications of a comparison are on two threads than on one.
//!
//! The command itself is timed from start to end, reading and writing included, on one thread and on
//! two in turn, so that a machine that changes its speed does so for both; the median of the rounds
//! counts. Needs two idle processors; `REPLICATIONS=40 cargo bench --bench replications` is shorter.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

const SCENARIO: &str = "scenarios/compare/retries-at-three-error-rates.yaml";
const ROUNDS: usize = 5;

fn main() {
    let replications = std::env::var("REPLICATIONS").unwrap_or_else(|_| "200".to_owned());
    println!("{SCENARIO}, {replications} replications");
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let [one, two] = [1, 2].map(|threads| compare(&replications, threads));
        println!("  one thread {one:6.2} s   two {two:6.2} s   {:.3} times", one / two);
        times.push(one / two);
    }
    times.sort_unstable_by(f64::total_cmp);
    println!("  median of {ROUNDS} rounds: {:.3} times", times[ROUNDS / 2]);
}

/// Seconds of a comparison on so many threads.
fn compare(replications: &str, threads: usize) -> f64 {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replications");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
    command.args(["compare", SCENARIO, "--quiet", "--replications", replications, "--threads"]);
    command.arg(threads.to_string()).arg("-o").arg(output).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(status.expect("the command starts").success());
    begun.elapsed().as_secs_f64()
}
