//! The command as a user meets it: exit codes, what is printed where, and what is left on the disk.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Two requests of one function that never fails.
const FINE: &str = "
title: Two requests
duration: 10s
functions:
  Shop: {service_time: 100ms}
callers:
  Visitors: {target: Shop, arrivals: {at: [0s, 5s]}}
policies:
  As written: {}
  Slower: {functions.Shop.service_time: 200ms}
thresholds:
  - Shop.Errors == 0
";

/// A month of requests, more than anybody waits for.
const LONG: &str = "
duration: 30d
functions:
  Shop: {service_time: {exponential: {mean: 50ms}}}
callers:
  Visitors: {target: Shop, arrivals: {poisson: 400/s}}
";

/// A function that takes no time and starts itself again.
const LIVELOCK: &str = "
duration: 1m
functions:
  Echo:
    service_time: 0s
    RecursiveLoop: Allow
    EventInvokeConfig: {DestinationConfig: {OnSuccess: {Destination: Echo}}}
callers:
  First: {via: invoke_async, target: Echo, arrivals: {at: [0s]}}
";

/// Dead-letter queues of each other, and readers that fail at once.
const DEAD_LETTER_CIRCLE: &str = "
duration: 1m
functions: {F: {service_time: 0s, error_rate: 100%}}
queues:
  Q: {VisibilityTimeout: 0, RedrivePolicy: {deadLetterTargetArn: D, maxReceiveCount: 1}}
  D: {VisibilityTimeout: 0, RedrivePolicy: {deadLetterTargetArn: Q, maxReceiveCount: 1}}
event_source_mappings: {M: {EventSourceArn: Q, FunctionName: F}, N: {EventSourceArn: D, FunctionName: F}}
callers: {C: {target: Q, arrivals: {at: [0s]}}}
";

/// A folder of a test's own, in which commands run.
pub struct Sandbox {
    /// Where it is.
    pub folder: PathBuf,
}

/// What a command said.
pub struct Told {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

impl Sandbox {
    /// An empty folder of this name.
    pub fn new(name: &str) -> Sandbox {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("an old folder can be removed");
        }
        fs::create_dir_all(&folder).expect("a folder can be made");
        Sandbox { folder }
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join(name), content).expect("a file can be written");
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        let read = fs::read_to_string(self.folder.join(name));
        read.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A command of `dwell` in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dwell"));
        command.args(arguments).current_dir(&self.folder).env_remove("NO_COLOR");
        command
    }

    /// Runs `dwell` in this folder.
    pub fn dwell(&self, arguments: &[&str]) -> Told {
        told(self.command(arguments))
    }

    /// Runs a line of the shell in this folder, in which `dwell` is the one under test.
    pub fn shell(&self, line: &str) -> Told {
        let bin = Path::new(env!("CARGO_BIN_EXE_dwell")).parent().expect("it is in a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [bin.to_owned()].into_iter().chain(std::env::split_paths(&path));
        let mut command = Command::new("bash");
        command.args(["-c", line]).current_dir(&self.folder).env_remove("NO_COLOR");
        command.env("PATH", std::env::join_paths(folders).expect("folders make a path"));
        told(command)
    }

    /// Every file and folder in it, by path, sorted.
    pub fn listing(&self) -> Vec<String> {
        let mut found = self.everything();
        found.retain(|name| !name.ends_with(".svg"));
        found
    }

    /// [`Sandbox::listing`] with pictures.
    pub fn everything(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder can be listed") {
                let path = entry.expect("an entry can be read").path();
                let name = path.strip_prefix(&self.folder).expect("it is inside");
                found.push(name.display().to_string());
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

impl Told {
    /// Panics, with everything that was said, unless the command ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Told {
        let Told { out, err, .. } = &self;
        assert_eq!(self.code, Some(code), "standard output:\n{out}\nstandard error:\n{err}");
        self
    }

    /// Panics unless standard error says each of these.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Told {
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in standard error:\n{}", self.err);
        }
        self
    }
}

/// Runs a command to its end.
pub fn told(mut command: Command) -> Told {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("the command starts");
    Told {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        took: begun.elapsed(),
    }
}

/// A text as JSON; panics, with all of it, if it is none.
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

// What is printed where.

#[test]
fn a_run_prints_a_table_and_writes_its_folder() {
    let sandbox = Sandbox::new("cli-run");
    sandbox.write("fine.yaml", FINE);
    let told = sandbox.dwell(&["run", "fine.yaml"]).exits(0);
    assert!(told.out.starts_with("Two requests\n"), "{}", told.out);
    assert!(told.out.contains("✓ Shop.Errors == 0"), "{}", told.out);
    assert!(told.out.contains("seed 1, digest "), "{}", told.out);
    assert!(!told.out.contains('\x1b'), "no colour but on a terminal");
    assert_eq!(told.err.trim(), "wrote output/fine");
    let expected = [
        "fine.yaml",
        "output",
        "output/fine",
        "output/fine/metrics.csv",
        "output/fine/recording.json",
        "output/fine/summary.json",
    ];
    assert_eq!(sandbox.listing(), expected);
    assert!(
        sandbox.everything().contains(&"output/fine/storm.svg".to_owned()),
        "what fits is drawn"
    );
}

#[test]
fn data_goes_to_standard_output_and_talk_to_standard_error() {
    let sandbox = Sandbox::new("cli-formats");
    sandbox.write("fine.yaml", FINE);
    let json_told = sandbox.dwell(&["run", "fine.yaml", "--format", "json"]).exits(0);
    assert_eq!(json_told.out, sandbox.read("output/fine/summary.json"), "the same as in the file");
    assert_eq!(json_told.err, "");
    let summary = json(&json_told.out);
    assert_eq!(summary["schema_version"], 2);
    assert_eq!(summary["scenario"]["file"], "fine.yaml");
    assert_eq!(summary["policy"], "As written");
    assert_eq!(summary["complete"], true);
    assert_eq!(summary["resources"]["Shop"]["Invocations"], 2);
    assert_eq!(summary["resources"]["Shop"]["Duration"]["p50"], 100.0);
    assert_eq!(summary["callers"]["Visitors"]["answered"]["200"], 2);
    assert_eq!(summary["ledger"]["succeeded"], 2);
    assert_eq!(summary["thresholds"][0]["holds"], true);

    let csv_told = sandbox.dwell(&["run", "fine.yaml", "--format", "csv"]).exits(0);
    assert_eq!(csv_told.out, sandbox.read("output/fine/metrics.csv"), "the same as in the file");
    assert_eq!(csv_told.err, "");
    let header = "period_start_s,resource,metric,sum,sample_count,min,max,average";
    assert_eq!(csv_told.out.lines().next(), Some(header));

    let markdown = sandbox.dwell(&["run", "fine.yaml", "--format", "markdown"]).exits(0);
    assert!(markdown.out.starts_with("## Two requests\n"), "{}", markdown.out);
    assert_eq!(markdown.err, "");

    let quiet = sandbox.dwell(&["run", "fine.yaml", "--quiet"]).exits(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
}

#[test]
fn in_markdown_a_table_ends_before_what_follows() {
    let sandbox = Sandbox::new("cli-markdown");
    sandbox.write("plain.yaml", FINE.split("policies:").next().expect("it has a beginning"));
    let told = sandbox.dwell(&["run", "plain.yaml", "--format", "markdown"]).exits(0);
    let lines: Vec<&str> = told.out.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[0].starts_with('|')) {
        assert!(pair[1].starts_with('|') || pair[1].is_empty(), "{pair:?}");
    }
}

#[test]
fn several_files_are_one_object_a_line() {
    let sandbox = Sandbox::new("cli-lines");
    sandbox.write("one.yaml", FINE);
    sandbox.write("two.yaml", FINE);
    let told = sandbox.dwell(&["run", "one.yaml", "two.yaml", "--format", "json"]).exits(0);
    let lines: Vec<Value> = told.out.lines().map(json).collect();
    let files: Vec<&Value> = lines.iter().map(|line| &line["scenario"]["file"]).collect();
    assert_eq!(files, ["one.yaml", "two.yaml"]);
    assert!(sandbox.folder.join("output/one/summary.json").exists());
    assert!(sandbox.folder.join("output/two/summary.json").exists());
}

#[test]
fn events_are_one_row_a_fact_and_written_only_when_asked_for() {
    let sandbox = Sandbox::new("cli-events");
    sandbox.write("fine.yaml", FINE);
    sandbox.dwell(&["run", "fine.yaml", "--events"]).exits(0);
    let events = sandbox.read("output/fine/events.csv");
    assert_eq!(events.lines().next(), Some("t_s,resource,fact,id,attempt,rule,detail"));
    assert!(events.contains("\n5,Visitors,arrived,Visitors-2,"), "{events}");
    sandbox.dwell(&["run", "fine.yaml"]).exits(0);
    assert!(!sandbox.folder.join("output/fine/events.csv").exists(), "results are replaced whole");
}

#[test]
fn colour_is_for_a_terminal_that_wants_it() {
    let sandbox = Sandbox::new("cli-colour");
    sandbox.write("fine.yaml", FINE);
    let terminal = "script --quiet --return --command 'dwell run fine.yaml' /dev/null";
    if sandbox.shell("command -v script").code != Some(0) {
        return eprintln!("skipped: there is no `script` to make a terminal with");
    }
    let on_terminal = sandbox.shell(terminal).exits(0);
    assert!(on_terminal.out.contains("\x1b[1mTwo requests"), "{}", on_terminal.out);
    assert!(on_terminal.out.contains("Over time"), "a terminal shows the picture");
    let without = sandbox.shell(&format!("NO_COLOR=1 {terminal}")).exits(0);
    assert!(without.out.contains("Two requests"));
    assert!(!without.out.contains("\x1b[1m"), "{}", without.out);
}

#[test]
fn a_plot_is_shown_below_the_table_when_asked_for() {
    let sandbox = Sandbox::new("cli-plot");
    let changed =
        "timeline:\n  - {at: 4s, for: 2s, set: {functions.Shop.error_rate: 100%}}\npolicies:";
    let scenario = FINE.replace("duration: 10s", "duration: 10s\nperiod: 1s");
    sandbox.write("fine.yaml", scenario.replace("policies:", changed));
    let told = sandbox.dwell(&["run", "fine.yaml", "--plot"]).exits(99);
    let picture = "
Over time (counts per 1 s; · is 0, █ the max)
  Shop  Invocations  █····█····  max 1
        Errors       ·····█····  max 1
        timeline         ━━      ━ set
                     0 s   10 s
";
    assert!(told.out.ends_with(picture), "{}", told.out);
    assert!(!sandbox.dwell(&["run", "fine.yaml"]).exits(99).out.contains("Over time"));
    let json = sandbox.dwell(&["run", "fine.yaml", "--plot", "--format", "json"]);
    json.exits(2).says(&["--plot draws below the table"]);
}

#[test]
fn scenarios_are_listed_printed_and_written_out_with_their_data() {
    let sandbox = Sandbox::new("cli-scenarios");
    let list = sandbox.dwell(&["scenarios"]).exits(0).out;
    let begins = "The gallery: what people really ask, in teaching order\n\n  throttled-into-the-dlq\n    Good";
    assert!(list.starts_with(begins), "{list}");
    assert!(list.contains("\nWhich is better?\n\n  compare/") && list.contains("  callers/sns\n"));
    let shown = sandbox.dwell(&["scenarios", "three-tries"]).exits(0).out;
    assert_eq!(shown, include_str!("../../scenarios/three-tries.yaml"));

    sandbox.dwell(&["scenarios", "receives-through-an-outage", "-o", "new/mine.yaml"]).exits(0);
    let told = sandbox.dwell(&["scenarios", "recorded-morning", "-o", "new"]).exits(0);
    told.says(&["wrote new/recorded-morning.yaml", "wrote new/data/shop-requests.csv"]);
    let there = ["new", "new/data", "new/data/shop-requests.csv", "new/mine.yaml"];
    assert_eq!(sandbox.listing(), [&there[..], &["new/recorded-morning.yaml"]].concat());
    sandbox.dwell(&["run", "new/recorded-morning.yaml", "--quiet"]).exits(0);
}

#[test]
fn a_scenario_written_out_replaces_no_other_file() {
    let sandbox = Sandbox::new("cli-scenarios-there");
    let write = |more: &[&str]| {
        sandbox.dwell(&[&["scenarios", "recorded-morning", "-o", "a.yaml"], more].concat())
    };
    sandbox.write("a.yaml", "mine");
    write(&[]).exits(5).says(&["a.yaml exists", "--force"]);
    assert_eq!((sandbox.read("a.yaml").as_str(), sandbox.listing().len()), ("mine", 1));
    write(&["--force"]).exits(0);
    write(&[]).exits(0);
    sandbox.write("data/shop-requests.csv", "mine");
    write(&[]).exits(5).says(&["data/shop-requests.csv exists"]);
}

#[test]
fn a_misspelt_scenario_is_a_mistake_of_usage() {
    let sandbox = Sandbox::new("cli-scenarios-misspelt");
    let told = sandbox.dwell(&["scenarios", "tree-tries"]).exits(2);
    told.says(&["no scenario is called `tree-tries`", "did you mean `three-tries`?"]);
    sandbox.dwell(&["scenarios", "qqqqqqqqq"]).exits(2).says(&["`dwell scenarios` lists all"]);
    sandbox.dwell(&["scenarios", "-o", "a.yaml"]).exits(2);
}

#[test]
fn a_title_cannot_control_the_terminal() {
    let sandbox = Sandbox::new("cli-control");
    let title = r#"title: "one\e[31m\u202etwo\nthree""#;
    sandbox.write("fine.yaml", FINE.replace("title: Two requests", title));
    for format in ["table", "markdown", "json", "csv"] {
        let told = sandbox.dwell(&["run", "fine.yaml", "--format", format]);
        let harmful = |c: char| c == '\x1b' || c == '\u{202e}';
        assert!(!told.out.contains('\x1b') && !told.err.contains(harmful), "{}", told.out);
        if format == "table" {
            assert!(!told.out.contains(harmful), "{}", told.out);
            assert!(told.code == Some(3) || told.out.contains("two three"), "{}", told.out);
        }
    }
}

// What is asked for.

#[test]
fn a_policy_a_seed_and_changes_of_paths_are_played() {
    let sandbox = Sandbox::new("cli-options");
    sandbox.write("fine.yaml", FINE);
    let run = |options: &[&str]| {
        let arguments = [&["run", "fine.yaml", "--format", "json"], options].concat();
        json(&sandbox.dwell(&arguments).exits(0).out)
    };
    let p50 = |summary: &Value| summary["resources"]["Shop"]["Duration"]["p50"].clone();
    let slower = run(&["--policy", "Slower"]);
    assert_eq!((&slower["policy"], p50(&slower)), (&Value::from("Slower"), Value::from(200.0)));
    assert_eq!(run(&["--seed", "7"])["seed"], 7);
    let set = run(&["--set", "functions.Shop.service_time=300ms", "--set", "seed=9"]);
    assert_eq!((&set["seed"], p50(&set)), (&Value::from(9), Value::from(300.0)));
    let last = run(&["--set", "seed=9", "--seed", "4"]);
    assert_eq!(last["seed"], 4, "--seed is about the seed whatever the scenario says");
}

#[test]
fn a_wrong_policy_or_path_is_a_mistake_with_a_suggestion() {
    let sandbox = Sandbox::new("cli-wrong-options");
    sandbox.write("fine.yaml", FINE);
    let run = |options: &[&str]| sandbox.dwell(&[&["run", "fine.yaml"], options].concat());
    run(&["--policy", "Slowr"]).exits(3).says(&["`Slowr`", "did you mean `Slower`?"]);
    run(&["--set", "functions.Shop.Timeot=3"]).exits(3).says(&["--set:1:", "`Timeout`"]);
    run(&["--set", "functions.Shp.Timeout=3"]).exits(3).says(&["--set:1:", "`Shop`"]);
    run(&["--set", "functions.Shop.Timeout"]).exits(3).says(&["--set:1:1"]);
    run(&["--set", "functions.Shop.Timeout=901"]).exits(3).says(&["--set:1:", "900"]);
    assert_eq!(sandbox.listing(), ["fine.yaml"], "nothing is written");
}

// Exit codes.

#[test]
fn exit_2_is_wrong_usage() {
    let sandbox = Sandbox::new("cli-usage");
    sandbox.write("fine.yaml", FINE);
    fs::create_dir(sandbox.folder.join("other")).expect("a folder can be made");
    sandbox.write("other/fine.yaml", FINE);
    sandbox.write("..yaml", FINE);
    sandbox.write("...yaml", FINE);
    let before = sandbox.listing();
    sandbox.dwell(&[]).exits(2);
    sandbox.dwell(&["run"]).exits(2).says(&["<FILE>"]);
    sandbox.dwell(&["rn", "fine.yaml"]).exits(2).says(&["'rn'"]);
    sandbox.dwell(&["run", "fine.yaml", "--polcy", "x"]).exits(2).says(&["--policy"]);
    sandbox.dwell(&["run", "fine.yaml", "--format", "xml"]).exits(2).says(&["markdown"]);
    sandbox.dwell(&["run", "fine.yaml", "--seed=-1"]).exits(2).says(&["--seed"]);
    sandbox.dwell(&["run", "fin.yaml"]).exits(2).says(&["`fin.yaml` cannot be read"]);
    sandbox.dwell(&["run", "other"]).exits(2).says(&["other"]);
    sandbox.dwell(&["run", "fine.yaml", "missing.yaml"]).exits(2).says(&["missing.yaml"]);
    let stems = ["run", "fine.yaml", "other/fine.yaml"];
    sandbox.dwell(&stems).exits(2).says(&["fine.yaml and other/fine.yaml", "-o"]);
    sandbox.dwell(&["run", "./..yaml"]).exits(2).says(&["rename"]);
    sandbox.dwell(&["run", "./...yaml"]).exits(2).says(&["rename"]);
    sandbox.dwell(&["story", "fine.yaml"]).exits(2).says(&["--id", "--first"]);
    assert_eq!(sandbox.listing(), before, "nothing is written");
}

#[test]
fn help_and_version_are_no_mistakes() {
    let sandbox = Sandbox::new("cli-help");
    let help = sandbox.dwell(&["--help"]).exits(0);
    for word in ["run", "story", "explain", "schema", "Exit codes", "99"] {
        assert!(help.out.contains(word), "no `{word}` in\n{}", help.out);
    }
    let version = sandbox.dwell(&["--version"]).exits(0);
    assert_eq!(version.out.trim(), concat!("dwell ", env!("CARGO_PKG_VERSION")));
    for command in ["run", "story", "explain", "schema"] {
        assert!(!sandbox.dwell(&[command, "--help"]).exits(0).out.is_empty());
    }
}

#[test]
fn exit_3_tells_every_mistake_with_its_place_and_what_is_allowed() {
    let sandbox = Sandbox::new("cli-bad");
    sandbox.write(
        "bad.yaml",
        "functions:\n  Shop: {Timeout: 901, service_time: 10}\ncallers:\n  Visitors: {target: Shp, \
         arrivals: {poisson: 5/s}}\ndration: 1m\nthresholds:\n  - Shop.Eror == 0\n",
    );
    let told = sandbox.dwell(&["run", "bad.yaml"]).exits(3).says(&[
        "bad.yaml:2:19",
        "901",
        "900",
        "^^^",
        "bad.yaml:2:38",
        "10s",
        "bad.yaml:4:22",
        "did you mean `Shop`?",
        "bad.yaml:5:1",
        "did you mean `duration`?",
    ]);
    assert_eq!(told.out, "");
    assert!(!told.err.contains('\x1b'), "no colour but on a terminal");
    assert_eq!(sandbox.listing(), ["bad.yaml"], "nothing is written");
}

#[test]
fn exit_3_for_a_threshold_that_asks_for_nothing() {
    let sandbox = Sandbox::new("cli-bad-threshold");
    sandbox.write("bad.yaml", FINE.replace("Shop.Errors == 0", "Shop.Eror == 0"));
    let told = sandbox.dwell(&["run", "bad.yaml"]).exits(3);
    told.says(&["bad.yaml:12:10", "did you mean `Errors`?"]);
    sandbox.write("bad.yaml", FINE.replace("Shop.Errors == 0", "Slwer: Shop.Errors == 0"));
    sandbox.dwell(&["run", "bad.yaml"]).exits(3).says(&["bad.yaml:12:5", "`Slower`"]);
    assert_eq!(sandbox.listing(), ["bad.yaml"], "nothing is written");
}

#[test]
fn a_bad_file_among_good_ones_stops_all_before_the_first_is_played() {
    let sandbox = Sandbox::new("cli-mixed");
    sandbox.write("fine.yaml", FINE);
    sandbox.write("bad.yaml", "functions: 5\n");
    sandbox.dwell(&["run", "fine.yaml", "bad.yaml"]).exits(3).says(&["bad.yaml:1:12"]);
    assert!(!sandbox.folder.join("output").exists());
}

#[test]
fn exit_4_is_a_limit_and_leaves_partial_results_beside_the_old_ones() {
    let sandbox = Sandbox::new("cli-limit");
    sandbox.write("fine.yaml", FINE);
    sandbox.dwell(&["run", "fine.yaml"]).exits(0);
    let old = sandbox.read("output/fine/summary.json");
    let told = sandbox.dwell(&["run", "fine.yaml", "--max-events", "3"]).exits(4);
    assert!(told.out.contains("stopped by max-events"), "{}", told.out);
    told.says(&["partial", "--max-events"]);
    assert_eq!(sandbox.read("output/fine/summary.json"), old, "the old results are untouched");
    let partial = json(&sandbox.read("output/fine.partial/summary.json"));
    assert_eq!(partial["complete"], false);
    assert_eq!(partial["stopped_by"], "max-events");
    assert!(sandbox.listing().iter().all(|name| !name.contains(".tmp")));
}

#[test]
fn exit_4_is_a_circle_in_which_time_does_not_go_on() {
    let sandbox = Sandbox::new("cli-livelock");
    sandbox.write("livelock.yaml", LIVELOCK);
    let told = sandbox.dwell(&["run", "livelock.yaml"]);
    let told = told.exits(4).says(&["time does not go on", "RecursiveLoop"]);
    assert!(told.took < Duration::from_secs(20), "{:?}", told.took);
    let partial = json(&sandbox.read("output/livelock.partial/summary.json"));
    assert_eq!(partial["stopped_by"], "events at one instant");
}

#[test]
fn exit_4_names_a_circle_of_dead_letter_queues() {
    let sandbox = Sandbox::new("cli-dead-letter-circle");
    sandbox.write("circle.yaml", DEAD_LETTER_CIRCLE);
    let policies = "policies: {As written: {}, Longer: {queues.Q.MessageRetentionPeriod: 5d}}\n";
    sandbox.write("two.yaml", format!("{DEAD_LETTER_CIRCLE}{policies}"));
    for (command, stops) in [
        (&["run", "circle.yaml"][..], "time does not go on"),
        (&["run", "circle.yaml", "--max-events", "10000"], "allow more with --max-events"),
        (&["compare", "two.yaml"], "time does not go on"),
        (&["compare", "two.yaml", "--max-events", "10000"], "allow more with --max-events"),
    ] {
        let told = sandbox.dwell(command).exits(4);
        told.says(&[stops, "a circle of dead-letter queues, Q → D → Q;"]);
    }
}

#[test]
fn exit_5_where_results_cannot_be_written_and_before_anything_is_played() {
    let sandbox = Sandbox::new("cli-output");
    sandbox.write("long.yaml", LONG);
    sandbox.write("file", "not a folder");
    sandbox.dwell(&["run", "long.yaml", "-o", "file"]).exits(5).says(&["file"]);
    sandbox.dwell(&["run", "long.yaml", "-o", "file/below"]).exits(5).says(&["file/below"]);
    sandbox.dwell(&["run", "long.yaml", "-o", "/proc/dwell"]).exits(5).says(&["/proc/dwell"]);
    assert_eq!(sandbox.listing(), ["file", "long.yaml"]);
}

#[test]
fn what_are_no_results_is_never_replaced() {
    let sandbox = Sandbox::new("cli-foreign");
    sandbox.write("work.yaml", FINE);
    fs::create_dir(sandbox.folder.join("work")).expect("a folder can be made");
    sandbox.write("work/thesis.txt", "three years");
    let told = sandbox.dwell(&["run", "work.yaml", "-o", "."]).exits(5);
    told.says(&["no results of dwell", "-o"]);
    assert_eq!(sandbox.read("work/thesis.txt"), "three years");
    sandbox.write("fine.yaml", FINE);
    sandbox.write("fine", "a file of that name");
    sandbox.dwell(&["run", "fine.yaml", "-o", "."]).exits(5);
    assert_eq!(sandbox.read("fine"), "a file of that name");
    fs::create_dir_all(sandbox.folder.join("output/fine")).expect("a folder can be made");
    sandbox.dwell(&["run", "fine.yaml"]).exits(0);
    assert!(sandbox.listing().iter().all(|name| !name.contains(".tmp")));
}

#[test]
#[cfg(target_os = "linux")]
fn exit_5_where_standard_output_cannot_be_written() {
    let sandbox = Sandbox::new("cli-full");
    sandbox.write("fine.yaml", FINE);
    for line in [
        "dwell run fine.yaml > /dev/full",
        "dwell run fine.yaml --format json > /dev/full",
        "dwell run fine.yaml --format csv > /dev/full",
        "dwell story fine.yaml --id 1 > /dev/full",
        "dwell explain > /dev/full",
        "dwell schema > /dev/full",
        "dwell --help > /dev/full",
    ] {
        sandbox.shell(line).exits(5).says(&["No space left"]);
    }
}

#[test]
fn whoever_reads_only_the_beginning_is_no_failure() {
    let sandbox = Sandbox::new("cli-pipe");
    let many = FINE.replace("{at: [0s, 5s]}", "{every: 1s, until: 5h}");
    sandbox.write("many.yaml", many.replace("duration: 10s", "duration: 5h"));
    for line in [
        "dwell run many.yaml | head -1",
        "dwell run many.yaml --format csv | head -1",
        "dwell run many.yaml --format json | head -1",
        "dwell story many.yaml --id 1 | head -1",
        "dwell explain | head -1",
        "dwell schema | head -1",
        "dwell --help | true",
    ] {
        let told = sandbox.shell(&format!("{line}; exit ${{PIPESTATUS[0]}}")).exits(0);
        assert!(!told.err.contains("error"), "{line}: {}", told.err);
    }
}

#[test]
fn exit_99_is_a_threshold_that_does_not_hold() {
    let sandbox = Sandbox::new("cli-threshold");
    sandbox.write("fine.yaml", FINE.replace("Shop.Errors == 0", "Shop.Invocations == 3"));
    let table = sandbox.dwell(&["run", "fine.yaml"]).exits(99);
    assert!(table.out.contains("✗ Shop.Invocations == 3   (2)"), "{}", table.out);
    let quiet = sandbox.dwell(&["run", "fine.yaml", "--quiet"]).exits(99);
    assert_eq!(quiet.out, "");
    quiet.says(&["fine.yaml: threshold failed: Shop.Invocations == 3 (2 against 3)"]);
    let summary = json(&sandbox.read("output/fine/summary.json"));
    assert_eq!(summary["thresholds"][0]["holds"], false);
    assert_eq!(summary["complete"], true, "the results are those of a whole run");
}

#[test]
fn a_measure_without_data_does_not_hold_and_prints_no_number() {
    let sandbox = Sandbox::new("cli-no-data");
    let idle = FINE.replace("{at: [0s, 5s]}", "{poisson: 0/s}");
    sandbox.write("idle.yaml", idle.replace("Shop.Errors == 0", "failed / arrivals < 1%"));
    let told = sandbox.dwell(&["run", "idle.yaml"]).exits(99);
    let written =
        sandbox.read("output/idle/summary.json") + &sandbox.read("output/idle/metrics.csv");
    for text in [told.out, told.err, written] {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}

#[test]
#[cfg(unix)]
fn exit_130_is_an_interrupt_and_leaves_partial_results_beside_the_old_ones() {
    let sandbox = Sandbox::new("cli-interrupt");
    sandbox.write("long.yaml", FINE);
    sandbox.dwell(&["run", "long.yaml"]).exits(0);
    let old = sandbox.read("output/long/summary.json");
    sandbox.write("long.yaml", LONG);
    let run = sandbox.command(&["run", "long.yaml"]);
    let told = interrupt(&sandbox, run, Duration::from_millis(100))
        .exits(130)
        .says(&["interrupted at", "partial"]);
    assert!(told.out.contains("stopped by interrupt"), "{}", told.out);
    assert!(told.took < Duration::from_secs(10), "{:?}", told.took);
    assert_eq!(sandbox.read("output/long/summary.json"), old, "the old results are untouched");
    let partial = json(&sandbox.read("output/long.partial/summary.json"));
    assert_eq!(partial["complete"], false);
    assert_eq!(partial["stopped_by"], "interrupt");
    assert!(partial["simulated_s"].as_f64().expect("a number") > 0.0);
    assert!(sandbox.listing().iter().all(|name| !name.contains(".tmp")), "no temporary is left");
}

/// Starts a run and sends it SIGINT when it has played for so long.
#[cfg(unix)]
pub fn interrupt(sandbox: &Sandbox, mut command: Command, after: Duration) -> Told {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child: Child = child.spawn().expect("the command starts");
    let begun = Instant::now();
    while !sandbox.listing().iter().any(|name| name.contains(".tmp-")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the run does not begin");
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(after);
    let sent = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("there is a kill").success());
    let output = child.wait_with_output().expect("the command ends");
    Told {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        took: sent.elapsed(),
    }
}

// What is left on the disk.

#[test]
fn an_older_result_is_replaced_at_once_and_no_temporary_is_left() {
    let sandbox = Sandbox::new("cli-replace");
    sandbox.write("fine.yaml", FINE);
    sandbox.dwell(&["run", "fine.yaml", "-o", "out", "--events"]).exits(0);
    sandbox.dwell(&["run", "fine.yaml", "-o", "out", "--seed", "2"]).exits(0);
    assert_eq!(json(&sandbox.read("out/fine/summary.json"))["seed"], 2);
    let expected = [
        "fine.yaml",
        "out",
        "out/fine",
        "out/fine/metrics.csv",
        "out/fine/recording.json",
        "out/fine/summary.json",
    ];
    assert_eq!(sandbox.listing(), expected);
}

#[test]
fn results_do_not_depend_on_folder_time_zone_or_language() {
    let sandbox = Sandbox::new("cli-places");
    sandbox.write("fine.yaml", FINE);
    fs::create_dir_all(sandbox.folder.join("deep/down")).expect("a folder can be made");
    let here = sandbox.dwell(&["run", "fine.yaml", "--events"]).exits(0);
    let mut there = sandbox.command(&["run", "../../fine.yaml", "--events"]);
    there.current_dir(sandbox.folder.join("deep/down"));
    there.env("TZ", "Asia/Kathmandu").env("LANG", "tr_TR.UTF-8").env("LC_ALL", "tr_TR.UTF-8");
    let there = told(there).exits(0);
    assert_eq!(here.out, there.out);
    for file in ["summary.json", "metrics.csv", "events.csv"] {
        let here = sandbox.read(&format!("output/fine/{file}"));
        let there = sandbox.read(&format!("deep/down/output/fine/{file}"));
        assert_eq!(here, there, "{file}");
    }
}

// The other commands.

#[test]
fn a_story_tells_the_life_of_one_payload() {
    let sandbox = Sandbox::new("cli-story");
    let text = FINE.replace("{service_time: 100ms}", "{service_time: 100ms, error_rate: 100%}");
    let text = text.replace("{target: Shop,", "{via: invoke_async, target: Shop,");
    sandbox.write("sad.yaml", text);
    let story = |arguments: &[&str]| sandbox.dwell(&[&["story", "sad.yaml"], arguments].concat());
    let first = story(&["--first", "dropped"]).exits(0);
    assert!(first.out.starts_with("Visitors-1, first seen at 0s\n"), "{}", first.out);
    assert!(first.out.contains("[A2.1]"), "each step cites its rule: {}", first.out);
    assert_eq!(story(&["--id", "Visitors-1"]).exits(0).out, first.out);
    assert_eq!(story(&["--id", "1"]).exits(0).out, first.out);
    let wrong = story(&["--id", "Visitors-3"]).exits(2).says(&["no Visitors-3"]);
    assert_eq!(wrong.out, "", "nothing to tell is no data");
    story(&["--id", "Visitor-1"]).exits(2).says(&["`Visitor-1`", "such as Visitors-1"]);
    story(&["--id", "x"]).exits(2).says(&["such as Visitors-1"]);
    story(&["--first", "dead-leterd"]).exits(2).says(&["did you mean `dead-lettered`?"]);
    story(&["--first", "dead-lettered"]).exits(2).says(&["nothing was dead-lettered"]);
    story(&["--first", "dropped", "--id", "1"]).exits(2);
    story(&["--id", "1", "--max-events", "2"]).exits(4).says(&["--max-events"]);
    assert_eq!(sandbox.listing(), ["sad.yaml"], "a story writes no results");
}

#[test]
fn the_schema_is_json_and_the_one_in_the_repository() {
    let sandbox = Sandbox::new("cli-schema");
    let told = sandbox.dwell(&["schema"]).exits(0);
    let schema = json(&told.out);
    assert!(schema["properties"]["functions"].is_object());
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/scenario.schema.json");
    let committed = fs::read_to_string(committed).expect("the schema is in the repository");
    assert!(
        committed == told.out,
        "schema/scenario.schema.json is old; `dwell schema > schema/scenario.schema.json`"
    );
}

#[test]
fn the_reference_page_is_the_one_in_the_repository() {
    let sandbox = Sandbox::new("cli-reference");
    let told = sandbox.dwell(&["explain", "--reference"]).exits(0);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let committed = fs::read_to_string(committed).expect("the page is in the repository");
    assert!(
        committed == told.out,
        "docs/reference.md is old; `dwell explain --reference > docs/reference.md`"
    );
}

#[test]
fn the_table_of_callers_is_the_one_in_the_repository() {
    let sandbox = Sandbox::new("cli-callers");
    let told = sandbox.dwell(&["explain", "--callers"]).exits(0);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/callers.md");
    let committed = fs::read_to_string(committed).expect("the table is in the repository");
    assert!(
        committed == told.out,
        "docs/callers.md is old; `dwell explain --callers > docs/callers.md`"
    );
}

#[test]
fn names_are_explained() {
    let sandbox = Sandbox::new("cli-explain");
    let explain = |name: &str| sandbox.dwell(&["explain", name]);
    for (name, word) in [
        ("VisibilityTimeout", "43,200"),
        ("visibilitytimeout", "queues.*.VisibilityTimeout"),
        ("Throttles", "measure of function"),
        ("assumptions", "throttled_poll"),
        ("sqs", "SendMessage"),
        ("lognormal", "p99"),
    ] {
        let told = explain(name).exits(0);
        let plain = told.out.replace(',', "");
        assert!(plain.contains(&word.replace(',', "")), "no `{word}` in\n{}", told.out);
        assert_eq!(told.err, "");
    }
    explain("VisibilityTimout").exits(2).says(&["did you mean `VisibilityTimeout`?"]);
    explain("Rule").exits(2).says(&["did you mean `rules`?"]);
    let ledger = explain("dead_lettered").exits(0).out;
    assert!(ledger.contains("after the name of one of queues: redriven\n"), "{ledger}");
    explain("xyzzy").exits(2).says(&["`xyzzy`", "dwell explain"]);
    let index = sandbox.dwell(&["explain"]).exits(0);
    for word in ["functions", "VisibilityTimeout", "ApproximateAgeOfOldestMessage"] {
        assert!(index.out.contains(word), "no `{word}` in\n{}", index.out);
    }
}

#[test]
fn a_measure_of_two_kinds_with_one_word_has_one_owner() {
    let sandbox = Sandbox::new("cli-owners");
    let reference = sandbox.dwell(&["explain", "--reference"]).exits(0).out;
    let twice = "event_source_mappings, event_source_mappings";
    assert!(!reference.contains(twice), "the reference has `{twice}`");
    let told = sandbox.dwell(&["explain", "pollers"]).exits(0).out;
    assert!(told.contains("  measure of event_source_mappings, in Count\n"), "{told}");
}

#[test]
fn the_answer_of_a_file_is_told_of_the_file_as_it_is_written_only() {
    let sandbox = Sandbox::new("cli-answer");
    sandbox.write("fine.yaml", format!("question: How many?\nanswer: Two.\nseed: 3\n{FINE}"));
    let has_answer = |options: &[&str]| {
        let all = [&["run", "fine.yaml"], options].concat();
        sandbox.dwell(&all).exits(0).out.contains("  answer   Two.\n")
    };
    assert!(has_answer(&[]) && has_answer(&["--seed", "3"]));
    assert!(!has_answer(&["--seed", "4"]), "with another seed it is not the run of the answer");
    assert!(!has_answer(&["--set", "functions.Shop.MemorySize=512"]));
    let page = |options: &[&str]| {
        sandbox
            .dwell(&[&["report", "fine.yaml", "--replications", "1"], options].concat())
            .exits(0);
        sandbox.read("output/fine.html").contains("Two.</p>")
    };
    assert!(page(&[]) && !page(&["--seed", "4"]));
}

// Hostile files.

/// What every hostile file may take: this much time, and below this much memory.
const BADINPUT_TIME: Duration = Duration::from_secs(2);
#[cfg(target_os = "linux")]
const BADINPUT_KIB: u32 = 256 * 1024;

/// The folder of hostile files: `DWELL_BADINPUTS`, or else `../shared/badinputs`, beside this
/// package.
fn badinputs() -> Option<PathBuf> {
    let folder = match std::env::var_os("DWELL_BADINPUTS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/badinputs"),
    };
    let is_there = folder.join("manifest.csv").is_file();
    if !is_there {
        eprintln!("skipped: no manifest.csv in {}; set DWELL_BADINPUTS", folder.display());
    }
    is_there.then_some(folder)
}

/// Plays a hostile file in a folder of its own and checks what must hold for all of them.
fn play_badinput(id: &str, content: &[u8], exits: &str, limit: Duration) -> Result<Told, String> {
    let sandbox = Sandbox::new(&format!("badinput-{id}"));
    sandbox.write("input.yaml", content);
    let run = || match cfg!(target_os = "linux") {
        #[cfg(target_os = "linux")]
        true => sandbox.shell(&format!("ulimit -v {BADINPUT_KIB}; exec dwell run input.yaml")),
        _ => sandbox.dwell(&["run", "input.yaml"]),
    };
    let mut told = run();
    if told.took > limit {
        // The machine may have been busy with something else.
        let _ = fs::remove_dir_all(sandbox.folder.join("output"));
        told = run();
    }
    let Told { code, out, err, took } = &told;
    let wrong = |what: &str| Err(format!("{id}: {what}\n{code:?} after {took:?}\n{out}\n{err}"));
    let exit = code.map(|code| code.to_string()).unwrap_or_else(|| "a signal".to_owned());
    if !exits.split('|').any(|allowed| allowed == exit) {
        return wrong(&format!("exit code {exit}, expected {exits}"));
    }
    if *took > limit {
        return wrong("it took too long");
    }
    if *code == Some(3) {
        if sandbox.listing() != ["input.yaml"] {
            return wrong("something is written");
        }
        if !out.is_empty() || err.is_empty() {
            return wrong("a mistake is told on standard error, and nothing else");
        }
        if err.matches("\nerror").count() + usize::from(err.starts_with("error")) > 20 {
            return wrong("more than 20 mistakes");
        }
    }
    if err.lines().chain(out.lines()).any(|line| line.chars().any(|c| c.is_control())) {
        return wrong("a control character is printed");
    }
    if err.chars().count() > 20_000 {
        return wrong("that is more than anybody reads");
    }
    Ok(told)
}

/// Whether a message names a line and a column of the file.
fn has_place(err: &str) -> bool {
    err.match_indices("input.yaml:").any(|(at, name)| {
        let mut numbers = err[at + name.len()..].splitn(3, |c: char| !c.is_ascii_digit());
        numbers.by_ref().take(2).filter(|number| number.parse::<u32>().is_ok()).count() == 2
    })
}

#[test]
fn badinput_files_are_refused_as_the_manifest_says() {
    let Some(folder) = badinputs() else { return };
    let mut manifest = csv::Reader::from_path(folder.join("manifest.csv")).expect("it can be read");
    let mut faults = Vec::new();
    let mut literal = 0;
    for row in manifest.records() {
        let row = row.expect("a row of the manifest");
        let (id, file, kind, exits) = (&row[0], &row[1], &row[2], &row[6]);
        if kind != "literal" {
            // `badinputs.rs` loads them, each with its poison in a scenario.
            if !include_str!("badinputs.rs").contains(&format!("\"{id}\"")) {
                faults.push(format!("{id}: no translation"));
            }
            continue;
        }
        literal += 1;
        let content = fs::read(folder.join(file)).expect("a file of the manifest");
        match play_badinput(id, &content, exits, BADINPUT_TIME) {
            Err(fault) => faults.push(fault),
            // A file that is empty, or no text, has no place to point to.
            Ok(told) if !has_place(&told.err) && !told.err.contains("not a text file") => {
                faults.push(format!("{id}: no line and column\n{}", told.err));
            }
            Ok(_) => (),
        }
    }
    assert!(literal > 10, "a manifest has literal files");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// A hostile file whose intention is translated into the scenario language.
struct Translated {
    id: &'static str,
    text: &'static str,
    exits: &'static str,
    says: &'static [&'static str],
}

const fn bad(
    id: &'static str,
    text: &'static str,
    exits: &'static str,
    says: &'static [&'static str],
) -> Translated {
    Translated { id, text, exits, says }
}

/// The body that the others spoil.
const BODY: &str = "duration: 60s
seed: 1
functions:
  fn: {service_time: 100ms, ReservedConcurrentExecutions: 10}
callers:
  src: {target: fn, arrivals: {poisson: 5/s}}
";

/// Those that are played, and some that show what the command makes of a refusal. The others are
/// translated where loading is tested.
const TRANSLATED: &[Translated] = &[
    bad(
        "B13",
        "duration: 60s\nfunctions:\n  fn:\n    service_time: 100ms\n    service_time: 1s\ncallers: {src: {target: fn, arrivals: {poisson: 5/s}}}\n",
        "3",
        &["`service_time`", "input.yaml:5:5", "4 |", "5 |"],
    ),
    bad(
        "B33",
        "duration: 60s\nfunctions:\n  \"<svg onload=alert(1)>\": {service_time: 100ms}\ncallers:\n  \"=HYPERLINK(\\\"http://x\\\")\": {target: \"<svg onload=alert(1)>\", arrivals: {poisson: 5/s}}\n",
        "3",
        &["input.yaml:3:3", "input.yaml:5:3", "letters"],
    ),
    bad(
        "B41",
        "duration: 60s\nfunctions: {fn: {service_time: 100ms}}\ncallers: {src: {target: fn, arrivals: {poisson: 0/s}}}\n",
        "0",
        &[],
    ),
    bad("B42", LIVELOCK, "3|4", &[]),
    bad(
        "B43",
        "duration: 60s\naccount: {concurrency: 1000000000}\nfunctions: {fn: {service_time: 100ms}}\ncallers: {src: {target: fn, arrivals: {at: [0s], count: 1000000000}}}\n",
        "3|4",
        &[],
    ),
    bad(
        "B51",
        "duration: 60s\nfunctions: {fn: {service_time: 100ms}}\ncallers: {src: {target: fnn, arrivals: {poisson: 5/s}}}\n",
        "3",
        &["input.yaml:3:25", "did you mean `fn`?"],
    ),
    bad(
        "B54",
        "duration: 60s\nfunctions:\n  fn: {service_time: 100ms, error_rate: 100%, EventInvokeConfig: {DestinationConfig: {OnFailure: {Destination: fn}}}}\ncallers: {src: {via: invoke_async, target: fn, arrivals: {poisson: 5/s}}}\n",
        "0",
        &[],
    ),
    bad(
        "B55",
        "duration: 60s\nfunctions:\n  fn: {service_time: 0s, RecursiveLoop: Allow, calls: [{via: invoke_async, target: fn, count: 2}]}\ncallers: {src: {via: invoke_async, target: fn, arrivals: {poisson: 5/s}}}\n",
        "3|4",
        &[],
    ),
    bad(
        "B57",
        "duration: 60s\nfunctions: {fn: {service_time: 100ms}, orphan: {service_time: 1s}}\ncallers: {src: {target: fn, arrivals: {poisson: 5/s}}}\n",
        "0",
        &[],
    ),
];

#[test]
fn badinput_intentions_are_met_in_the_scenario_language() {
    let mut faults = Vec::new();
    for Translated { id, text, exits, says } in TRANSLATED {
        // These are stopped by a limit, which they may take time to reach.
        let limit = if exits.contains('4') { BADINPUT_TIME * 5 / 2 } else { BADINPUT_TIME };
        match play_badinput(id, text.as_bytes(), exits, limit) {
            Err(fault) => faults.push(fault),
            Ok(told) => {
                let missing = says.iter().filter(|word| !told.err.contains(**word));
                let missing: Vec<_> = missing.collect();
                if !missing.is_empty() {
                    faults.push(format!("{id}: does not say {missing:?}\n{}", told.err));
                }
                let warned = told.out.contains("Warnings");
                if ["B42", "B54", "B55", "B57"].contains(id) && !warned {
                    faults.push(format!("{id}: no warning\n{}", told.out));
                }
                if *id == "B41" && (told.out.contains("NaN") || told.out.contains("inf")) {
                    faults.push(format!("{id}: a ratio of nothing\n{}", told.out));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn badinput_line_ends_and_a_byte_order_mark_change_nothing() {
    let sandbox = Sandbox::new("badinput-line-ends");
    let mut plain = None;
    for (name, content) in [
        ("plain", BODY.to_owned()),
        ("B05", format!("\u{feff}{BODY}")),
        ("B06", BODY.replace('\n', "\r\n")),
        ("B07", BODY.replace('\n', "\r")),
    ] {
        sandbox.write("input.yaml", content);
        let told = sandbox.dwell(&["run", "input.yaml", "--format", "json"]).exits(0);
        let plain = plain.get_or_insert_with(|| told.out.clone());
        assert_eq!(*plain, told.out, "{name}");
    }
    let wrong = BODY.replace("100ms", "100").replace('\n', "\r\n");
    sandbox.write("input.yaml", wrong);
    sandbox.dwell(&["run", "input.yaml"]).exits(3).says(&["input.yaml:4:22"]);
}
