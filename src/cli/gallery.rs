//! `dwell scenarios`: the scenarios that ship with dwell, with the data that they read.

use super::{
    ScenariosArgs,
    exit::{Exit, failed},
};
use crate::{report::files::write_whole, scenario::diagnostic::suggest};
use anyhow::Result;
use std::{
    fmt::Write as _,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A scenario, or a file that one reads.
struct Shipped {
    /// Its path below `scenarios`, a scenario's without ending.
    name: &'static str,
    text: &'static str,
}

macro_rules! shipped {
    ($ending:literal: $($name:literal)*) => {
        &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../../scenarios/", $name, $ending)),
        }),*]
    };
}

/// Scenarios under a heading.
struct Part {
    heading: &'static str,
    scenarios: &'static [Shipped],
}

const PARTS: &[Part] = &[
    Part { heading: "The gallery: what people really ask, in teaching order", scenarios: GALLERY },
    Part { heading: "Further", scenarios: FURTHER },
    Part { heading: "Which is better?", scenarios: COMPARE },
    Part { heading: "Who calls", scenarios: CALLERS },
];

/// In the order in which they teach: queues and streams and their readers, asynchronous events, dead-letter
/// queues, load.
const GALLERY: &[Shipped] = shipped!(".yaml":
    "throttled-into-the-dlq"
    "visibility-too-short"
    "one-bad-in-ten"
    "poison-pill-in-a-shard"
    "three-tries"
    "six-hours-of-throttling"
    "two-dlqs"
    "dlq-in-the-wrong-place"
    "the-alarm-that-never-rings"
    "redrive-ping-pong"
    "the-dlqs-clock"
    "burst-ramp"
    "errors-slow-the-poller"
    "kill-switch-and-loop"
    "backoff-is-no-cure"
);

const FURTHER: &[Shipped] = shipped!(".yaml":
    "poison-three-receives"
    "fifo-poison"
    "age-disables-retries"
    "a-hot-key"
    "iterator-age-through-an-outage"
    "totals-of-tumbling-windows"
    "recorded-morning"
);

const COMPARE: &[Shipped] = shipped!(".yaml":
    "compare/retries-at-three-error-rates"
    "compare/receives-through-an-outage"
    "compare/partial-responses-over-batch-size"
    "compare/visibility-one-or-six-timeouts"
    "compare/reserved-or-maximum-concurrency"
    "compare/redrive-into-a-recovering-consumer"
);

const CALLERS: &[Shipped] = shipped!(".yaml":
    "callers/alb"
    "callers/alexa"
    "callers/api-gateway-http"
    "callers/api-gateway-rest"
    "callers/api-gateway-websocket"
    "callers/appsync"
    "callers/cloudformation"
    "callers/cloudfront"
    "callers/cloudwatch-logs"
    "callers/codecommit"
    "callers/cognito"
    "callers/config"
    "callers/connect"
    "callers/eventbridge"
    "callers/eventbridge-scheduler"
    "callers/firehose"
    "callers/function-url"
    "callers/iot"
    "callers/lex"
    "callers/s3"
    "callers/s3-batch"
    "callers/sdk"
    "callers/ses"
    "callers/sns"
    "callers/sns-to-sqs"
    "callers/step-functions"
);

/// What scenarios read, which name it by this path.
const DATA: &[Shipped] = shipped!("": "data/shop-requests.csv");

impl Shipped {
    /// The name without folder, by which it is found too.
    fn stem(&self) -> &'static str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }

    fn question(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("question: ")).unwrap_or("")
    }

    /// The files that it reads.
    fn data(&self) -> impl Iterator<Item = &'static Shipped> {
        DATA.iter().filter(|data| self.text.contains(data.name))
    }
}

fn all() -> impl Iterator<Item = &'static Shipped> {
    PARTS.iter().flat_map(|part| part.scenarios)
}

/// Lists the scenarios, prints one, or writes one out.
pub fn scenarios(args: &ScenariosArgs) -> Result<Exit> {
    let Some(name) = &args.name else {
        print(&list())?;
        return Ok(Exit::Fine);
    };
    let found = all().find(|shipped| shipped.name == name || shipped.stem() == name);
    let shipped = found.ok_or_else(|| unknown(name))?;
    match &args.output {
        Some(to) => write_out(shipped, to, args.force)?,
        None => {
            print(shipped.text)?;
            for data in shipped.data() {
                eprintln!("note: it reads {}, which -o FILE writes out too", data.name);
            }
        }
    }
    Ok(Exit::Fine)
}

fn print(text: &str) -> io::Result<()> {
    super::exit::unless_closed(io::stdout().write_all(text.as_bytes()))
}

fn list() -> String {
    let mut out = String::new();
    for Part { heading, scenarios } in PARTS {
        let _ = writeln!(out, "{heading}\n");
        for shipped in *scenarios {
            let _ = writeln!(out, "  {}\n    {}", shipped.name, shipped.question());
        }
        out.push('\n');
    }
    out.push_str("`dwell scenarios NAME` prints one, and `-o FILE` writes it out\n");
    out
}

/// Writes a scenario to `to`, or into it if that is a folder, and what it reads to where it looks for
/// it. Replaces a file with another content only by `force`, and writes nothing if it must not.
fn write_out(shipped: &Shipped, to: &Path, force: bool) -> Result<()> {
    let to = match to.is_dir() {
        true => to.join(format!("{}.yaml", shipped.stem())),
        false => to.to_owned(),
    };
    let beside = to.parent().unwrap_or(Path::new(""));
    let data = shipped.data().map(|data| (beside.join(data.name), data.text));
    let files: Vec<(PathBuf, &str)> =
        [(to.clone(), shipped.text)].into_iter().chain(data).collect();
    let other = |(path, text): &&(PathBuf, &str)| {
        path.exists() && fs::read(path).map_or(true, |there| there != text.as_bytes())
    };
    if let Some((path, _)) = files.iter().find(other)
        && !force
    {
        let path = path.display();
        let message = format!("error: {path} exists\nhint: another name, or --force to replace it");
        return Err(failed(Exit::Output, message));
    }
    for (path, text) in &files {
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| write_whole(path, text.as_bytes())).map_err(|error| {
            failed(Exit::Output, format!("error: cannot write {}: {error}", path.display()))
        })?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

fn unknown(name: &str) -> anyhow::Error {
    let names = all().flat_map(|shipped| [shipped.name, shipped.stem()]);
    let hint = match suggest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`dwell scenarios` lists all".to_owned(),
    };
    failed(Exit::Usage, format!("error: no scenario is called `{name}`\nhint: {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The files of a folder below `scenarios`, by their paths there, without this ending.
    fn files(folder: &str, ending: &str) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let entries = fs::read_dir(root.join(folder)).expect("it is a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let paths = paths.filter(|path| path.is_file());
        let name = |path: PathBuf| {
            let below = path.strip_prefix(&root).expect("it is below").display().to_string();
            below.strip_suffix(ending).map(str::to_owned)
        };
        paths.filter_map(name).collect()
    }

    #[test]
    fn every_scenario_and_all_data_ship() {
        let ships: BTreeSet<String> = all().map(|one| one.name.to_owned()).collect();
        let there = ["", "compare", "callers"].map(|folder| files(folder, ".yaml")).concat();
        assert_eq!(ships, there.into_iter().collect());
        let data: BTreeSet<String> = DATA.iter().map(|one| one.name.to_owned()).collect();
        assert_eq!(data, files("data", "").into_iter().collect());
        let stems: BTreeSet<&str> = all().map(Shipped::stem).collect();
        assert_eq!(stems.len(), all().count(), "each is found by its own name");
    }

    #[test]
    fn the_gallery_says_what_is_guessed_and_which_chart_shows_it() {
        for shipped in GALLERY {
            for key in ["guess: ", "chart: "] {
                let says = shipped.text.lines().any(|line| line.starts_with(key));
                assert!(says, "{}: no {key}", shipped.name);
            }
        }
    }

    #[test]
    fn every_question_is_one_line() {
        for shipped in all() {
            let question = shipped.question();
            assert!(question.ends_with('?') && !question.starts_with(['"', '\'']), "{question}");
        }
    }

    #[test]
    fn data_is_found_from_where_a_scenario_is_written() {
        for shipped in all() {
            let reads = shipped.text.matches("path: ").count();
            assert_eq!(reads, shipped.data().count(), "{}", shipped.name);
            assert!(reads == 0 || !shipped.name.contains('/'), "{}", shipped.name);
        }
    }
}
