//! The page of `dwell report`: true counts, the same dots under every policy, nothing that a browser would
//! load or run but what the page names, and everything of a file as text.

use crate::cli::{Sandbox, json};
use base64::{Engine, prelude::BASE64_STANDARD};
use dwell::{
    experiment,
    model::world::Limits,
    observe::{
        Scout, Slice, Stage, Threshold,
        fates::Place,
        slice::{self, What},
    },
    page::{data, html::BYTES_MAX},
    scenario::{self, Options},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Through a queue: four minutes of errors, two policies.
pub const QUEUE: &str = "
title: Four minutes of errors
question: What is dead-lettered?
answer: Whatever fails twice.
guess: {measure: dead_lettered / arrivals, from: 0%, to: 50%}
duration: 10m
functions:
  Worker: {Timeout: 5, service_time: {lognormal: {mean: 400ms, cv: 0.8}}, ReservedConcurrentExecutions: 9}
queues:
  Jobs: {VisibilityTimeout: 45, RedrivePolicy: {deadLetterTargetArn: JobsDLQ, maxReceiveCount: 2}}
  JobsDLQ: {MessageRetentionPeriod: 14d}
event_source_mappings:
  JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}
callers:
  Orders: {target: Jobs, arrivals: {poisson: 3/s}}
timeline:
  - {at: 3m, for: 4m, set: {functions.Worker.error_rate: 90%}}
policies:
  Two receives: {}
  Five receives: {queues.Jobs.RedrivePolicy.maxReceiveCount: 5}
";

/// Through the event queue: every event fails at first.
pub const ASYNC: &str = "
duration: 5m
functions:
  Resize: {Timeout: 3, service_time: 100ms, error_rate: 60%, DeadLetterConfig: {TargetArn: Failed}}
queues:
  Failed: {}
callers:
  Uploads: {via: invoke_async, target: Resize, arrivals: {every: 2s}}
";

/// The caller waits, asks again, and gives up.
pub const SYNC: &str = "
duration: 2m
functions:
  Shop: {Timeout: 3, service_time: {exponential: {mean: 700ms}}, ReservedConcurrentExecutions: 2}
callers:
  Visitors:
    target: Shop
    timeout: 2s
    arrivals: {poisson: 3/s}
    retry: {attempts: 3, backoff: {base: 1s, jitter: full}}
";

/// The page of a scenario that the sandbox has as `s.yaml`.
fn page(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let all = [&["report", "s.yaml", "--replications", "2"], arguments].concat();
    let told = sandbox.dwell(&all).exits(0);
    assert_eq!(told.out, "");
    told.says(&["wrote output/s.html"]);
    let page = sandbox.read("output/s.html");
    assert!(page.len() <= BYTES_MAX, "{} bytes", page.len());
    page
}

pub fn page_of(name: &str, scenario: &str, arguments: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::new(name);
    sandbox.write("s.yaml", scenario);
    let page = page(&sandbox, arguments);
    (sandbox, page)
}

/// What stands between two texts; panics unless there is one such place.
#[track_caller]
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    assert_eq!(page.matches(before).count(), 1, "{before}");
    let (_, rest) = page.split_once(before).expect("there is one");
    rest.split_once(after).expect("it ends").0
}

const DATA: &str = "<script type=\"application/json\" id=\"data\">";

pub fn read(page: &str) -> Value {
    json(between(page, DATA, "</script>"))
}

pub fn numbers(column: &Value) -> Vec<i64> {
    let all = column.as_array().expect("a column");
    all.iter().map(|value| value.as_i64().expect("a whole number")).collect()
}

/// A column that is written as its differences.
pub fn sums(column: &Value) -> Vec<i64> {
    let mut sum = 0;
    let add = |difference: i64| {
        sum += difference;
        sum
    };
    numbers(column).into_iter().map(add).collect()
}

/// The ledger's columns of a stage.
pub fn ledger(stage: &Value) -> BTreeMap<String, Vec<i64>> {
    let columns = stage["frames"]["ledger"].as_object().expect("columns by word");
    columns.iter().map(|(word, column)| (word.clone(), sums(column))).collect()
}

/// Panics unless what a page says of everybody agrees with itself at every instant.
fn agrees(data: &Value) {
    for stage in data["stages"].as_array().expect("stages") {
        let frames = &stage["frames"];
        let (at, entered) = (sums(&frames["t"]), sums(&frames["entered"]));
        assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "{at:?}");
        assert!(at.len() <= 240 && at.first() == Some(&0), "{} frames", at.len());
        assert_eq!(at.last().copied(), data["end"].as_i64());
        let (ledger, hidden) = (ledger(stage), sums(&frames["hidden"]));
        let of_row = |row: &Value| numbers(row).chunks(2).map(|pair| pair[1]).sum::<i64>();
        for (nth, entered) in entered.iter().enumerate() {
            let sum: i64 = ledger.values().map(|column| column[nth]).sum();
            assert_eq!(sum, *entered, "frame {nth}");
            let done = of_row(&frames["done"]["rows"][nth]);
            let succeeded = ledger.get("succeeded").map_or(0, |column| column[nth]);
            assert_eq!(done, succeeded, "frame {nth}: done by age");
            let due = of_row(&frames["due"]["rows"][nth]);
            assert_eq!(due, hidden[nth], "frame {nth}: hidden by time left");
        }
        for column in ["visible", "hidden", "running", "dlq"] {
            assert!(sums(&frames[column]).iter().all(|n| 0 <= *n), "{column}");
        }
        let steps = &stage["steps"];
        let all = numbers(&steps["t"]).len();
        for column in ["what", "nth", "until", "rule", "say"] {
            assert_eq!(numbers(&steps[column]).len(), all, "{column}");
        }
        let say = numbers(&steps["say"]).into_iter().max().unwrap_or(-1);
        assert!(say < data["phrases"].as_array().expect("phrases").len() as i64);
        let rule = numbers(&steps["rule"]).into_iter().max().unwrap_or(-1);
        assert!(rule < data["rules"].as_array().expect("rules").len() as i64);
    }
}

/// The steps of each event of a stage: when and what.
pub fn lives(stage: &Value) -> Vec<Vec<(i64, i64)>> {
    let (t, what) = (numbers(&stage["steps"]["t"]), numbers(&stage["steps"]["what"]));
    let from = numbers(&stage["events"]["from"]);
    let ends = from.iter().skip(1).copied().chain([t.len() as i64]);
    let life = |(from, to): (&i64, i64)| {
        let mut now = 0;
        (*from..to)
            .map(|at| {
                let at = usize::try_from(at).expect("a position");
                now += t[at];
                (now, what[at])
            })
            .collect()
    };
    from.iter().zip(ends).map(life).collect()
}

#[test]
fn a_page_is_one_file_that_loads_nothing_and_runs_only_its_own_script() {
    let (sandbox, page) = page_of("report-page", QUEUE, &[]);
    assert_eq!(sandbox.listing(), ["output", "output/s.html", "s.yaml"]);
    let style = between(&page, "<style>", "</style>");
    let script = between(&page, "<script>", "</script>");
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let expected = format!(
        "default-src 'none'; style-src {}; script-src {}; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(style),
        hash(script)
    );
    assert_eq!(policy, expected);
    assert_eq!(page.matches("<script").count(), 2, "the data and the player");
    let markup = page.replace(style, "").replace(script, "");
    let markup = markup.replace(between(&page, DATA, "</script>"), "");
    for loaded in [" src=", " href=", " style=", "<link", "<iframe", "url(", " onload", " onclick"]
    {
        assert!(!markup.contains(loaded), "{loaded}");
    }
    for part in ["chart-storm", "chart-forest", "comparison", "run-1", "run-2", "assumptions"] {
        assert!(markup.contains(&format!("id=\"{part}\"")), "no {part}");
    }
    assert!(!markup.contains("<figure id=\"chart-storm\" class=\"light\""), "on dark ground too");
    let data = read(&page);
    let foot = between(&page, "<footer class=\"page\">", "</footer>");
    for stage in data["stages"].as_array().expect("stages") {
        assert!(foot.contains(stage["digest"].as_str().expect("a digest")), "{foot}");
    }
    assert!(foot.contains("seed 1") && foot.contains(env!("CARGO_PKG_VERSION")), "{foot}");
    assert!(foot.contains(data["name"]["hash"].as_str().expect("a hash")), "{foot}");
    // What tells the end can be kept back until the reader has guessed.
    for told in ["<section id=\"answer\"", "<section id=\"charts\"", "<section id=\"comparison\""] {
        assert!(between(&page, told, ">").contains("data-told"), "{told}");
    }
}

#[test]
fn everybody_is_counted_as_the_run_counts_them() {
    let (sandbox, page) = page_of("report-counts", QUEUE, &["--policies", "Five receives"]);
    let data = read(&page);
    agrees(&data);
    let stage = &data["stages"][0];
    let ledger = ledger(stage);
    let tick = data["tick_s"].as_f64().expect("a tick");
    let at: Vec<f64> = sums(&stage["frames"]["t"]).iter().map(|t| *t as f64 * tick).collect();
    // The trace says where every payload is, by itself.
    let policy = ["--policy", "Five receives"];
    let run = [&["run", "s.yaml", "--events"], policy.as_slice()].concat();
    sandbox.dwell(&run).exits(0);
    let mut events = csv::Reader::from_path(sandbox.folder.join("output/s/events.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = events.records().map(|row| row.expect("a row")).collect();
    for nth in (0..10).map(|part| part * (at.len() - 1) / 9) {
        let mut places: BTreeMap<&str, &str> = BTreeMap::new();
        for row in rows.iter().take_while(|row| row[0].parse::<f64>().unwrap() <= at[nth] + 1e-9) {
            if let Some((_, place)) = row[6].rsplit_once("place=") {
                places.insert(&row[3], place);
            }
        }
        for (word, column) in &ledger {
            let there = places.values().filter(|place| *place == word).count();
            assert_eq!(column[nth], there as i64, "{word} at {} s", at[nth]);
        }
    }
    // And the probes of thresholds say how many wait where.
    let mut text = QUEUE.to_owned();
    text.push_str("thresholds:\n");
    let column = |name: &str| sums(&stage["frames"][name]);
    let [visible, hidden, running, dlq] = ["visible", "hidden", "running", "dlq"].map(column);
    for nth in (0..10).map(|part| part * (at.len() - 1) / 9) {
        let [v, h, r, d] = [&visible, &hidden, &running, &dlq].map(|column| column[nth]);
        for (measure, n) in [
            ("Jobs.ApproximateNumberOfMessagesVisible", v),
            ("Jobs.ApproximateNumberOfMessagesNotVisible", h + r),
            ("Worker.ConcurrentExecutions", r),
            ("JobsDLQ.ApproximateNumberOfMessagesVisible", d),
        ] {
            text.push_str(&format!("  - Five receives: {measure} at {}s == {n}\n", at[nth]));
        }
    }
    assert!(hidden.iter().any(|n| *n > 20) && dlq.iter().any(|n| *n > 0), "there is something");
    sandbox.write("s.yaml", text);
    sandbox.dwell(&[&["run", "s.yaml", "--quiet"], policy.as_slice()].concat()).exits(0);
}

#[test]
fn every_mode_agrees_with_itself() {
    for (name, scenario, mode) in [("async", ASYNC, "async"), ("sync", SYNC, "sync")] {
        let (sandbox, page) = page_of(&format!("report-{name}"), scenario, &[]);
        let data = read(&page);
        agrees(&data);
        assert_eq!(data["stages"][0]["mode"], mode);
        assert_eq!(data["stages"][0]["name"], "", "as it is written");
        sandbox.dwell(&["run", "s.yaml"]).exits(0);
        let summary = json(&sandbox.read("output/s/summary.json"));
        for (word, column) in ledger(&data["stages"][0]) {
            assert_eq!(column.last().copied(), summary["ledger"][&word].as_i64(), "{word}");
        }
        assert_eq!(data["stages"][0]["digest"], summary["digest"]);
    }
}

#[test]
fn nothing_arrives_and_one_arrives() {
    let none = "duration: 1h\nfunctions: {F: {}}\n";
    let (_, page) = page_of("report-none", none, &[]);
    let data_of_none = read(&page);
    agrees(&data_of_none);
    assert_eq!(data_of_none["sample"]["dots"], 0);
    let one =
        "functions: {F: {service_time: 1s}}\ncallers: {C: {target: F, arrivals: {at: [0s]}}}\n";
    let (_, page) = page_of("report-one", one, &[]);
    let data = read(&page);
    agrees(&data);
    assert_eq!(data["sample"], json("{\"of\": 1, \"dots\": 1, \"each\": 1, \"guests\": 0}"));
    let what: Vec<i64> = lives(&data["stages"][0])[0].iter().map(|(_, what)| *what).collect();
    assert_eq!(what, [0, 3, 8], "sent, runs, done");
}

#[test]
fn the_same_page_is_the_same_bytes_on_any_number_of_threads() {
    let (sandbox, first) = page_of("report-bytes", QUEUE, &["--threads", "1"]);
    assert!(first == page(&sandbox, &["--threads", "3"]), "the pages differ");
}

#[test]
fn the_dots_are_the_same_under_every_policy_and_their_lives_begin_alike() {
    let (sandbox, both) = page_of("report-dots", QUEUE, &[]);
    let both = read(&both);
    agrees(&both);
    let (first, second) = (&both["stages"][0], &both["stages"][1]);
    for column in ["caller", "number", "guest"] {
        assert_eq!(first["events"][column], second["events"][column]);
    }
    let (one, other) = (lives(first), lives(second));
    assert!(120 <= one.len() && one.len() <= 140, "{} dots and guests", one.len());
    assert!(one.iter().zip(&other).all(|(one, other)| one[0] == other[0]), "sent at one time");
    assert!(one != other, "and then the policies part them");
    let sorted = |life: &Vec<(i64, i64)>| life.windows(2).all(|pair| pair[0].0 <= pair[1].0);
    assert!(one.iter().chain(&other).all(sorted), "no life runs backwards");
    let dots = |data: &Value| {
        let (number, guest) =
            (&data["stages"][0]["events"]["number"], &data["stages"][0]["events"]["guest"]);
        let pairs = numbers(number).into_iter().zip(numbers(guest));
        pairs.filter(|(_, guest)| *guest == 0).map(|(number, _)| number).collect::<Vec<_>>()
    };
    let alone = read(&page(&sandbox, &["--policies", "Five receives"]));
    assert_eq!(dots(&both), dots(&alone), "whatever else is shown");
    assert_eq!(dots(&both).len(), 120);
}

#[test]
fn rare_fates_have_guests() {
    // A few of two thousand messages are poison and end in the dead-letter queue.
    let scenario = "
duration: 20m
functions: {Worker: {service_time: 10ms, poison_rate: 0.1%}}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: Dead, maxReceiveCount: 1}}
  Dead: {MessageRetentionPeriod: 14d}
event_source_mappings: {M: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers: {Orders: {target: Jobs, arrivals: {every: 600ms}}}
";
    let (_, page) = page_of("report-guests", scenario, &[]);
    let data = read(&page);
    agrees(&data);
    let stage = &data["stages"][0];
    let dead = ledger(stage)["dead_lettered"].last().copied().expect("a frame");
    assert!((1..=5).contains(&dead), "{dead} are dead-lettered");
    let dead_lettered = |life: &Vec<(i64, i64)>| life.iter().any(|(_, what)| *what == 9);
    let lives = lives(stage);
    let shown = lives.iter().filter(|life| dead_lettered(life)).count();
    assert_eq!(shown as i64, dead, "each of so few is shown");
    let guests = numbers(&stage["events"]["guest"]);
    for (life, guest) in lives.iter().zip(&guests) {
        assert!(*guest == 0 || dead_lettered(life), "a guest is one for its fate");
    }
    assert_eq!(guests.iter().sum::<i64>(), data["sample"]["guests"].as_i64().expect("a count"));
}

#[test]
fn whatever_a_file_says_is_text() {
    let scenario = r#"
title: "</script><script>alert('title')</script> <b>&amp; \u001b[31m"
question: "\"><img src=x onerror=alert(1)> & \u202e =cmd|' /C calc'!A0"
answer: "<!-- ]]> --> `${1}`"
duration: 1m
functions: {F: {service_time: 1s, error_rate: 50%}}
callers: {Orders: {target: F, arrivals: {every: 10s}}}
timeline:
  - {at: 30s, for: 5s, set: {functions.F.error_rate: 0%}}
policies:
  "<i>A</i> & 'b' </style>": {}
  "=1+1": {functions.F.error_rate: 0%}
thresholds:
  - F.Errors < 99
"#;
    let (_, page) = page_of("report-escape", scenario, &[]);
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("</style").count(), 1);
    for raw in ["<b>", "<i>", "<img", "<!--", "\u{1b}", "\u{202e}", "alert('title')</"] {
        let markup = page.replace(between(&page, "<script>", "</script>"), "");
        assert!(!markup.contains(raw), "{raw}");
    }
    assert!(page.contains("<title>&lt;/script&gt;&lt;script&gt;alert(&#39;title&#39;)"));
    let data = read(&page);
    agrees(&data);
    assert_eq!(
        data["stages"][0]["name"], "<i>A</i> & 'b' </style>",
        "the player writes it as text"
    );
    assert!(data["name"]["title"].as_str().expect("a title").ends_with("<b>&amp; \u{1b}[31m"));
}

#[test]
fn a_guess_is_asked_in_its_unit_and_knows_the_truth() {
    let (sandbox, page) = page_of("report-guess", QUEUE, &[]);
    let guess = &read(&page)["guess"];
    assert_eq!(guess["words"], "dead_lettered / arrivals");
    assert_eq!(
        [&guess["unit"], &guess["from"], &guess["to"]],
        [&json("\"%\""), &json("0.0"), &json("50.0")]
    );
    for (nth, policy) in ["Two receives", "Five receives"].iter().enumerate() {
        sandbox.dwell(&["run", "s.yaml", "--policy", policy]).exits(0);
        let ledger = &json(&sandbox.read("output/s/summary.json"))["ledger"];
        let of = |word: &str| ledger[word].as_f64().expect("a count");
        let truth = guess["truth"][nth].as_f64().expect("it has data");
        assert!((truth - of("dead_lettered") / of("arrivals") * 100.0).abs() < 1e-9, "{policy}");
    }
}

#[test]
fn what_the_timeline_does_is_told() {
    let (_, page) = page_of("report-marks", QUEUE, &["--policies", "Two receives"]);
    let data = read(&page);
    let tick = data["tick_s"].as_f64().expect("a tick");
    let [fault] = data["faults"].as_array().expect("faults").as_slice() else {
        panic!("{}", data["faults"])
    };
    let at = |key: &str| (fault[key].as_f64().expect("ticks") * tick * 1e6).round() / 1e6;
    assert_eq!((at("from"), at("to")), (180.0, 420.0));
    assert!(fault["words"].as_str().expect("words").contains("error_rate: 90%"), "{fault}");
}

#[test]
fn what_is_tried_is_played() {
    let path = "queues.Jobs.RedrivePolicy.maxReceiveCount";
    let tried = format!("{path}=1..3");
    let arguments = ["--policies", "Two receives", "--seed", "7", "--try", &tried];
    let (sandbox, page) = page_of("report-try", QUEUE, &arguments);
    let data = read(&page);
    agrees(&data);
    let tried = &data["try"];
    assert_eq!(tried["path"], path);
    let points = tried["points"].as_array().expect("points");
    let values: Vec<&Value> = points.iter().map(|point| &point["value"]).collect();
    assert_eq!(values, ["1", "2", "3"]);
    let instants = sums(&tried["t"]);
    for point in points {
        for column in ["first", "retry", "dlq"] {
            assert_eq!(numbers(&point[column]).len(), instants.len());
        }
        let command = point["command"].as_str().expect("a command");
        let told = sandbox.shell(command).exits(0);
        assert!(told.err.contains("wrote"), "{}", told.err);
        let summary = json(&sandbox.read("output/s/summary.json"));
        let all = point["summary"].as_array().expect("names and numbers");
        let dead = all.iter().find(|pair| pair[0] == "dead_lettered").expect("it is there");
        assert_eq!(dead[1].as_f64(), summary["ledger"]["dead_lettered"].as_f64());
    }
    // The value that the policy has gives what its stage shows.
    let stage = ledger(&data["stages"][0])["dead_lettered"].last().copied();
    assert_eq!(numbers(&points[1]["dlq"]).last().copied(), stage);
}

#[test]
fn what_cannot_be_shown_is_refused_before_anything_is_played() {
    let sandbox = Sandbox::new("report-refused");
    sandbox.write("s.yaml", QUEUE);
    let report = |more: &[&str]| sandbox.dwell(&[&["report", "s.yaml"], more].concat());
    let path = "queues.Jobs.VisibilityTimeout";
    report(&["--try", &format!("{path}=1..41")])
        .exits(2)
        .says(&["--try has 41 values", "at most 40; `dwell sweep` plays more"]);
    report(&["--try", path]).exits(2).says(&["has no values", "write --try"]);
    report(&["--try", "queues.Jbos.VisibilityTimeout=1,2"]).exits(3).says(&["Jbos"]);
    report(&["--try", &format!("{path}=1,many")]).exits(3).says(&["many"]);
    report(&["--policies", "Two recieves"]).exits(2).says(&["did you mean `Two receives`?"]);
    sandbox.dwell(&["report", "no.yaml"]).exits(2).says(&["cannot be read"]);
    assert_eq!(sandbox.listing(), ["s.yaml"], "nothing is left");
    let policies: String = (0..5).map(|n| format!("  P{n}: {{}}\n")).collect();
    sandbox.write("s.yaml", format!("{SYNC}policies:\n{policies}"));
    report(&["--policies", "P0,P1,P2,P3,P4"]).exits(2).says(&["at most 4 policies"]);
    let page = page(&sandbox, &[]);
    assert_eq!(read(&page)["stages"].as_array().expect("stages").len(), 4);
    report(&["--replications", "1"]).exits(0).says(&["note: a report shows 4 policies"]);
}

#[test]
fn a_page_that_would_be_too_large_leaves_out_dots_and_says_so() {
    // A hundred messages that nobody can process, received every ten seconds for half an hour.
    let scenario = "
duration: 30m
functions: {Worker: {service_time: 100ms, error_rate: 100%}}
queues: {Jobs: {VisibilityTimeout: 10, MessageRetentionPeriod: 4d}}
event_source_mappings: {M: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}}
callers: {Orders: {target: Jobs, arrivals: {every: 1s, until: 100s}}}
drain: 0s
";
    let (_, page) = page_of("report-large", scenario, &[]);
    let data = read(&page);
    agrees(&data);
    let dots = data["sample"]["dots"].as_u64().expect("a count");
    assert!(dots < 100, "{dots} dots");
    let foot = between(&page, "<footer class=\"page\">", "</footer>");
    assert!(foot.contains(&format!("{} of 100 dots", 100 - dots)), "{foot}");
}

#[test]
fn a_page_that_nothing_left_out_makes_small_enough_shows_fewer_policies() {
    // A record that is tried for a day has a thousand steps under each policy that does not free it.
    let sandbox = Sandbox::new("report-fewer");
    sandbox.write("s.yaml", scenarios_text("poison-pill-in-a-shard"));
    let report = |more: &[&str]| {
        let all = [&["report", "s.yaml", "--replications", "1"], more].concat();
        sandbox.dwell(&all)
    };
    report(&[]).exits(0).says(&["note: more would be too large for a page: it shows As deployed"]);
    let data = read(&sandbox.read("output/s.html"));
    agrees(&data);
    let shown = data["stages"].as_array().expect("stages").len();
    assert!((1..4).contains(&shown), "{shown}");
    let named = "As deployed,Two retries,Ten minutes of age,Two retries of halves";
    report(&["--policies", named]).exits(1).says(&["larger than", "take fewer policies"]);
}

fn scenarios_text(name: &str) -> String {
    std::fs::read_to_string(format!("scenarios/{name}.yaml")).expect("it is kept")
}

/// Every scenario that is kept, the callers' too.
fn scenarios() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["scenarios", "scenarios/callers", "scenarios/compare"] {
        let entries = fs::read_dir(folder).expect("the folder is there");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "yaml")));
    }
    found.sort();
    found
}

#[test]
fn everybody_stands_somewhere_in_every_scenario() {
    // The beginning of each is enough: whatever it does, it does by then.
    let limits = Limits { events_max: 60_000, instant_max: 1_000_000, interrupted: &|_| false };
    for path in scenarios() {
        let scenario = scenario::load(&path, &Options::default()).expect("it is a scenario");
        let config = &scenario.config;
        let scout = Scout::new(&config.resources);
        let asked = Vec::<Threshold>::new();
        let (played, scout, _) = experiment::play_beside(config, asked, None, &limits, scout);
        let end = played.finish.at;
        let step = data::due_step(scout.longest);
        let chosen = slice::choose(&[scout.fates], data::DOTS);
        let stage = Stage::new(config, data::instants(end), step);
        let slice = Slice::new(config.resources.clone(), &chosen);
        let ((stage, slice), _) = experiment::watch(config, (stage, slice), &limits);
        let (frames, _) = stage.finish();
        let last = frames.last().expect("there is one at the end");
        let name = path.display();
        assert_eq!(last.places, played.outcome.results.ledger.run.places, "{name}");
        for frame in &frames {
            let at = frame.at;
            assert_eq!(frame.places.iter().sum::<u64>(), frame.entered, "{name} at {at}");
            let due: u64 = frame.due.iter().map(|(_, n)| n).sum();
            assert_eq!(due, frame.hidden, "{name} at {at}");
            let succeeded = frame.at(Place::Succeeded);
            assert_eq!(frame.done.iter().sum::<u64>(), succeeded, "{name} at {at}");
        }
        let told = slice.finish();
        assert_eq!(told.lives.len(), chosen.len(), "{name}");
        for (life, chosen) in told.lives.iter().zip(&chosen) {
            assert_eq!(life.first().map(|step| step.what), Some(What::Sent), "{name} {chosen:?}");
            for pair in life.windows(2) {
                assert!(pair[0].at <= pair[1].at, "{name} {chosen:?}");
            }
            for step in life {
                assert!(
                    step.until.is_none_or(|until| step.at <= until),
                    "{name} {chosen:?} {step:?}"
                );
            }
        }
    }
}
