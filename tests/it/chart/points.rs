//! Charts of points: many runs of one scenario, each with something set to another value.

use super::{is_clear, is_clear_at_every_width, is_golden, texts};
use crate::cli::Sandbox;
use dwell::chart::{
    Look, amplification,
    points::{Cell, FailureRates, Line, Rate, Setting, Visibilities},
    visibility_heatmap,
};

fn setting() -> Setting {
    Setting {
        file: "orders.yaml".to_owned(),
        hash: "0123456789abcdef".to_owned(),
        title: Some("Orders that <fail>".to_owned()),
        seed: 7,
    }
}

/// 1,000 events; of independent failures at rate p, n retries lose p^(n + 1) and take 1 + p + … + p^n runs.
fn rates(retries: &[(&str, u32)]) -> FailureRates {
    let line = |(name, retries): &(&str, u32)| Line {
        name: (*name).to_owned(),
        points: (0..=10_u64)
            .map(|tenth| {
                // In thousandths of events that are tried once more each time.
                let tried: Vec<u64> = (0..=*retries)
                    .scan(1_000, |left, _| Some(std::mem::replace(left, *left * tenth / 10)))
                    .collect();
                let failed = tried.last().map_or(0, |last| last * tenth / 10);
                Rate {
                    percent: u32::try_from(tenth * 10).expect("a hundred at most"),
                    events: 1_000,
                    succeeded: 1_000 - failed,
                    attempts: tried.iter().sum(),
                }
            })
            .collect(),
    };
    FailureRates {
        setting: setting(),
        function: "Worker".to_owned(),
        lines: retries.iter().map(line).collect(),
    }
}

#[test]
fn an_amplification_is_the_one_that_was_looked_at() {
    let three = rates(&[("Two retries", 2), ("One retry", 1), ("No <retry>", 0)]);
    is_golden("amplification", &amplification::svg(&three, Look { width: 800, ..Look::default() }));
    is_clear_at_every_width(|look| amplification::svg(&three, look));
    let told = "When 50 % of runs fail, 88 % of events succeed under “Two retries” (1.75 attempts \
                each), 50 % under “No <retry>” (one attempt)";
    assert_eq!(amplification::finding(&three).replace('\u{a0}', " "), told);
}

#[test]
fn an_amplification_does_with_one_line_or_many_or_nothing() {
    let long = "A policy with a name that is much too long for the place beside its line";
    let many = rates(&[(long, 2), ("B", 2), (long, 1), ("=D", 1), ("E", 0), (long, 0), ("G", 0)]);
    is_clear_at_every_width(|look| amplification::svg(&many, look));
    assert!(amplification::svg(&many, Look::default()).contains("6 of 7 policies."));
    let mut rows = Vec::new();
    amplification::csv(&many, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    assert!(rows.contains("\n'=D,50,1000,750,1500,0.75,1.5\n"), "{rows}");

    let one = rates(&[("", 1)]);
    is_clear_at_every_width(|look| amplification::svg(&one, look));
    let told = "When 50 % of runs fail, 75 % of events succeed, with 1.5 attempts each";
    assert_eq!(amplification::finding(&one).replace('\u{a0}', " "), told);
    let mut nothing = one;
    for point in &mut nothing.lines[0].points {
        *point = Rate { events: 0, succeeded: 0, attempts: 0, ..*point };
    }
    assert_eq!(amplification::finding(&nothing), "Nothing arrives");
    is_clear(&amplification::svg(&nothing, Look::default()));
    nothing.lines.clear();
    is_clear(&amplification::svg(&nothing, Look::default()));
}

/// Duplicates fall with the ratio and rise with the batch; of a batch of 50 the shortest is refused.
fn visibilities() -> Visibilities {
    let visibilities_ms: Vec<u64> = [15, 30, 45, 60, 90, 120, 180, 240].map(|s| s * 1_000).into();
    let cell = |batch: u32, visibility: &u64| match (batch, *visibility) {
        (50, 15_000) => Cell::Refused("a batch of 50 without a <window>".to_owned()),
        (batch, ms) => {
            Cell::Duplicates(u64::from(batch) * (120_000_u64.saturating_sub(ms)) / 4_000, 5_000)
        }
    };
    let batches = [1, 2, 5, 10, 50];
    let batches = batches
        .map(|batch| (batch, visibilities_ms.iter().map(|ms| cell(batch, ms)).collect()))
        .to_vec();
    Visibilities {
        setting: setting(),
        policy: "As <written>".to_owned(),
        names: ("Jobs".to_owned(), "Worker & Co".to_owned()),
        timeout_ms: 30_000,
        visibilities_ms,
        batches,
    }
}

#[test]
fn a_visibility_heatmap_is_the_one_that_was_looked_at() {
    let all = visibilities();
    let drawn = visibility_heatmap::svg(&all, Look { width: 800, ..Look::default() });
    is_golden("visibility-heatmap", &drawn);
    is_clear_at_every_width(|look| visibility_heatmap::svg(&all, look));
    let (_, placed) = texts(&drawn);
    let says = |text: &str| placed.iter().any(|placed| placed.text == text);
    assert!(drawn.contains(">Refused: a batch of 50 without a &lt;window&gt;<"), "{drawn}");
    // What is done again is counted, which can be more than there are messages.
    assert!(!drawn.contains("messages are"), "{drawn}");
    assert!(says("refused") && says("1,125"));
    assert_eq!(
        visibility_heatmap::finding(&all),
        "1,125 repeats of the work on 5,000 arrivals at 1× the timeout in batches of 50, none from 4× on"
    );
    let mut rows = Vec::new();
    visibility_heatmap::csv(&all, &mut rows).expect("memory takes it");
    let rows = String::from_utf8(rows).expect("text");
    assert!(
        rows.contains("\nAs <written>,50,15,30,0.5,,,a batch of 50 without a <window>\n"),
        "{rows}"
    );
    assert!(rows.contains("\nAs <written>,10,60,30,2,150,5000,\n"), "{rows}");
}

#[test]
fn a_visibility_heatmap_says_what_there_is_nothing_of() {
    let mut all = visibilities();
    let mut set = |to: Cell| {
        all.batches.iter_mut().flat_map(|(_, cells)| cells).for_each(|cell| *cell = to.clone());
        is_clear(&visibility_heatmap::svg(&all, Look::default()));
        visibility_heatmap::finding(&all)
    };
    assert_eq!(set(Cell::Refused("no".to_owned())), "Every point is refused");
    assert_eq!(set(Cell::Duplicates(0, 0)), "Nothing arrives");
    assert_eq!(set(Cell::Duplicates(0, 1)), "Nothing is processed twice at any visibility timeout");
    let still = "1 repeat of the work on 1 arrival at 0.5× the timeout in batches of 1, up to 1 at 1×, the least \
                 that Lambda accepts, still up to 1 at 8×";
    assert_eq!(set(Cell::Duplicates(1, 1)), still);
}

#[test]
fn the_command_plays_the_points_of_a_file() {
    let sandbox = Sandbox::new("chart-points");
    sandbox.write(
        "orders.yaml",
        "
duration: 1m
drain: 0s
functions: {Worker: {Timeout: 4, service_time: 3s}}
queues: {Jobs: {VisibilityTimeout: 30}}
event_source_mappings: {JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers:
  Orders: {target: Jobs, arrivals: {every: 5s}}
",
    );
    sandbox.write(
        "events.yaml",
        "
duration: 1m
functions: {Worker: {service_time: 100ms}, Idle: {}}
callers: {Orders: {via: invoke_async, target: Worker, arrivals: {every: 5s}}}
policies: {Two: {}, None: {functions.Worker.EventInvokeConfig.MaximumRetryAttempts: 0}}
",
    );
    let chart = |options: &[&str]| {
        sandbox.dwell(&[["chart", "--no-progress", "--format", "csv"].as_slice(), options].concat())
    };
    let rows = chart(&["orders.yaml", "visibility-heatmap"]).exits(0).out;
    assert_eq!(rows, chart(&["orders.yaml", "visibility-heatmap", "--threads", "1"]).exits(0).out);
    let rows: Vec<Vec<&str>> = rows.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], visibility_heatmap::COLUMNS);
    assert_eq!(rows.len(), 1 + 4 * 8, "no batch above 10 without a window");
    // Half of 4 s is over before a run of 3 s, which then deletes nothing: messages go round and round.
    assert_eq!(&rows[1][1..5], ["1", "2", "4", "0.5"]);
    let number = |text: &str| text.parse::<u64>().expect("a count");
    assert!(number(rows[1][6]) < number(rows[1][5]), "more often than twice: {:?}", rows[1]);
    assert!(rows[2..9].iter().all(|row| row[5] == "0"), "none from one timeout on");

    let rows = chart(&["events.yaml", "amplification"]).exits(0).out;
    let rows: Vec<Vec<&str>> = rows.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], amplification::COLUMNS);
    assert_eq!(rows.len(), 1 + 2 * 11);
    let (events, found) = (rows[1][2], &rows[11]);
    assert_eq!(rows[1], ["Two", "0", events, events, events, "1", "1"]);
    assert_eq!((found[1], found[3], found[6]), ("100", "0", "3"), "three tries, all in vain");
    assert_eq!((rows[22][0], rows[22][6]), ("None", "1"));
    let told = chart(&["events.yaml", "amplification", "--function", "Idl"]).exits(2).err;
    assert!(told.contains("did you mean `Idle`?"), "{told}");

    sandbox.dwell(&["run", "orders.yaml", "--quiet"]).exits(0);
    for kind in ["amplification", "visibility-heatmap"] {
        let told = chart(&["output/orders", kind]).exits(2).err;
        assert!(
            told.contains("folder of results") && told.contains("give the scenario file"),
            "{told}"
        );
    }
    let told = chart(&["events.yaml", "visibility-heatmap"]).exits(2).err;
    assert!(told.contains("no event source mapping"), "{told}");
}
