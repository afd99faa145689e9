//! The player of a report, in a browser: it plays the pages that `dwell report` writes, without an error,
//! tells a story, and shows what the data says and nothing of the future.
//!
//! Needs Chromium: the program that `DWELL_CHROMIUM` names, or one of its usual names on the path. Without one
//! these tests say so and do nothing.

use crate::{
    cli::{Sandbox, Told, json, told},
    report::{ASYNC, QUEUE, SYNC, ledger, lives, numbers, page_of, read, sums},
};
use serde_json::Value;
use std::{collections::BTreeMap, env, path::PathBuf, process::Command};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn chromium() -> Option<PathBuf> {
    let named = env::var_os("DWELL_CHROMIUM").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        env::split_paths(&path)
            .flat_map(|folder| NAMES.map(|name| folder.join(name)))
            .find(|file| file.is_file())
    };
    let found = named.or_else(on_path);
    if found.is_none() {
        eprintln!("skipped: no Chromium; install one, or name it with DWELL_CHROMIUM");
    }
    found
}

/// What a page has become in a browser of this width.
struct Shown {
    text: String,
}

/// Opens the page of a sandbox at a fragment; none if there is no browser. Panics if the console has an error.
#[track_caller]
fn opened(sandbox: &Sandbox, fragment: &str, width: u32) -> Option<Shown> {
    let mut command = Command::new(chromium()?);
    let profile = sandbox.folder.join("profile");
    let page = sandbox.folder.join("output/s.html");
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--dump-dom",
    ]);
    command.arg(format!("--window-size={width},1200"));
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("file://{}#{fragment}", page.display()));
    let Told { out: text, err, .. } = told(command).exits(0);
    let complaints: Vec<&str> = err.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    Some(Shown { text })
}

impl Shown {
    /// What stands between two texts; panics unless the first is there.
    #[track_caller]
    fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self.text.split_once(before).unwrap_or_else(|| panic!("no {before}"));
        let inside = rest.split_once(after).expect("it ends").0;
        let inside = inside.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}");
        inside.replace("&quot;", "\"").replace("&amp;", "&")
    }

    /// All that the player shows, with its elements.
    #[track_caller]
    fn player(&self) -> String {
        self.between("<section id=\"player\">", "<script")
    }

    /// What the player saw when it checked itself.
    #[track_caller]
    fn check(&self) -> Value {
        let check = json(&self.between("<output id=\"check\" hidden=\"\">", "</output>"));
        assert_eq!(check["error"], Value::Null, "{}", check["error"]);
        check
    }
}

/// A count as the player writes it.
fn spaced(n: i64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| str::from_utf8(group).expect("digits"))
        .collect();
    groups.join("\u{202f}")
}

/// What the ledger's bar must say at an instant, by the frames of the data.
fn bar(stage: &Value, at: usize) -> BTreeMap<String, i64> {
    let mut bar: BTreeMap<String, i64> =
        ledger(stage).into_iter().map(|(word, column)| (word, column[at])).collect();
    let levels = ["running", "visible", "hidden"].map(|word| (word, sums(&stage["frames"][word])));
    let open = |frame: usize| {
        ["waiting", "in_flight"]
            .map(|word| ledger(stage).get(word).map_or(0, |column| column[frame]))
            .iter()
            .sum::<i64>()
    };
    let frames = sums(&stage["frames"]["t"]).len();
    if (0..frames)
        .all(|frame| levels.iter().map(|(_, column)| column[frame]).sum::<i64>() == open(frame))
    {
        bar.retain(|word, _| word != "waiting" && word != "in_flight");
        bar.extend(levels.iter().map(|(word, column)| ((*word).to_owned(), column[at])));
    }
    bar.retain(|_, n| *n != 0);
    bar
}

/// Opens a page, lets it check itself, and compares what it saw with the data.
#[track_caller]
fn plays(name: &str, scenario: &str, width: u32) {
    let (sandbox, page) = page_of(&format!("player-{name}"), scenario, &[]);
    let Some(shown) = opened(&sandbox, "check=1", width) else { return };
    let (check, data) = (shown.check(), read(&page));
    let stages = data["stages"].as_array().expect("stages");
    let tick = data["tick_s"].as_f64().expect("a length");
    let end = data["end"].as_f64().expect("a time") * tick;

    let instants = check["instants"].as_array().expect("instants");
    assert_eq!(instants.len(), 10);
    for instant in instants {
        let now = instant["t"].as_f64().expect("a time");
        for (stage, seen) in stages.iter().zip(instant["stages"].as_array().expect("stages")) {
            let times = sums(&stage["frames"]["t"]);
            let frame = times.partition_point(|t| *t as f64 * tick <= now).max(1) - 1;
            let mut drawn: BTreeMap<String, i64> =
                serde_json::from_value(seen["bar"].clone()).expect("counts");
            drawn.retain(|_, n| *n != 0);
            assert_eq!(drawn, bar(stage, frame), "at {now} s");
            let entered = sums(&stage["frames"]["entered"])[frame];
            assert_eq!(drawn.values().sum::<i64>(), entered, "at {now} s");
            assert_eq!(seen["sum"], format!("{} entered", spaced(entered)), "at {now} s");
            let percent = seen["percent"].as_f64().expect("a share");
            assert!(entered == 0 || (percent - 100.0).abs() < 0.01, "{percent} % at {now} s");
        }
    }

    let number = |name: &str| check[name].as_f64().expect("a number");
    assert!(100.0 < number("frames") && number("back") == 0.0, "{check}");
    assert!((number("played_to") - end).abs() < 1e-6, "{check}");
    assert!(number("wider") <= 0.0, "{check}");
    eprintln!("{name}: {} ms a frame, {} dots", check["mean_ms"], check["dots"]);
    assert!(number("mean_ms") < 250.0, "{check}");
    let events =
        stages.iter().map(|stage| lives(stage).iter().filter(|life| !life.is_empty()).count());
    assert_eq!(check["dots"], Value::from(events.collect::<Vec<_>>()));

    let steps = check["steps"].as_array().expect("steps");
    let story = check["story"].as_array().expect("a story");
    if lives(&stages[0]).is_empty() {
        return assert_eq!(story.len(), 0);
    }
    assert!(
        1 < steps.len() && steps.windows(2).all(|pair| pair[0].as_f64() < pair[1].as_f64()),
        "{steps:?}"
    );
    assert_eq!(story.len(), stages.len());
    let phrases = data["phrases"].as_array().expect("phrases");
    for life in story {
        let life = life.as_array().expect("a life");
        assert!(1 < life.len(), "{story:?}");
        for step in life {
            let told = |phrase: &Value| {
                step.as_str().expect("a text").contains(phrase.as_str().expect("a text"))
            };
            assert!(phrases.iter().any(told), "{step}");
        }
    }
}

#[test]
fn it_plays_what_goes_through_a_queue() {
    plays("queue", QUEUE, 1400);
}

#[test]
fn it_plays_what_goes_through_an_event_queue() {
    plays("async", ASYNC, 1000);
}

#[test]
fn it_plays_callers_that_wait_on_a_small_screen() {
    plays("sync", SYNC, 390);
}

#[test]
fn it_plays_a_run_in_which_nothing_happens() {
    let nothing = SYNC.replace("{poisson: 3/s}", "{at: []}");
    plays("nothing", &nothing, 1400);
}

/// The number of an event that is dead-lettered under the first policy, and when it is.
fn dead(data: &Value) -> (i64, f64) {
    let stage = &data["stages"][0];
    let number = numbers(&stage["events"]["number"]);
    let (nth, t) = (lives(stage).iter().enumerate())
        .find_map(|(nth, life)| life.iter().find(|(_, what)| *what == 9).map(|(t, _)| (nth, *t)))
        .expect("one is dead-lettered");
    (number[nth], t as f64 * data["tick_s"].as_f64().expect("a length"))
}

#[test]
fn a_link_opens_the_moment_that_it_names() {
    let (sandbox, page) = page_of("player-link", QUEUE, &[]);
    let (event, t) = dead(&read(&page));
    let Some(shown) =
        opened(&sandbox, &format!("t={t:.3}&event={event}&stretch=1&guess=,40"), 1400)
    else {
        return;
    };
    let player = shown.player();
    assert!(
        player.contains(&format!("Message №\u{a0}{} in both worlds", spaced(event))),
        "{player}"
    );
    let now = format!("{}:{:02}", t as i64 / 60, t as i64 % 60);
    assert!(player.contains(&format!("aria-valuetext=\"{now}\"")), "{now}: {player}");
    assert!(player.contains("dead-lettered to JobsDLQ"), "{player}");
    assert!(
        player.contains(">Stretch time</button>") && player.contains("aria-pressed=\"true\""),
        "{player}"
    );
    assert!(
        player.contains(">40") && player.contains(">?<"),
        "the guess that was made, and the other: {player}"
    );
}

#[test]
fn what_was_not_watched_is_not_told() {
    let (sandbox, page) = page_of("player-future", QUEUE, &[]);
    let (event, t) = dead(&read(&page));
    let Some(shown) = opened(&sandbox, &format!("event={event}"), 1400) else { return };
    let player = shown.player();
    assert!(!player.contains("dead-lettered to JobsDLQ") && player.contains("not yet"), "{player}");
    assert!(player.contains("Guess first") && !player.contains("What you guessed"), "{player}");
    assert!(shown.text.contains("id=\"answer\" class=\"page untold-yet\""), "the answer waits");

    let Some(shown) = opened(&sandbox, &format!("t={}&event={event}", t - 0.5), 1400) else {
        return;
    };
    assert!(!shown.player().contains("dead-lettered to JobsDLQ"), "{}", shown.player());
    let Some(shown) = opened(&sandbox, "t=9d0:00:00", 1400) else { return };
    assert!(shown.player().contains("What you guessed, what happened"), "{}", shown.player());
    assert!(!shown.text.contains("untold-yet\""), "at the end the answer is there");
}

#[test]
fn a_name_is_text() {
    let name = "<img src=x onerror=alert(1)>&amp;";
    let scenario = QUEUE.replace("  Two receives:", &format!("  '{name}':"));
    let (sandbox, _) = page_of("player-names", &scenario, &[]);
    let Some(shown) = opened(&sandbox, "t=1:00", 1400) else { return };
    assert!(!shown.text.contains("<img"), "{}", shown.text);
    assert!(shown.player().contains(name), "{}", shown.player());
}
