//! `docs/gallery.md` with its pictures, and the results in `output/`: what is committed is byte for
//! byte what the program makes. `DWELL_WRITE=1 cargo test --test it gallery` makes them anew.

use crate::{cli::Sandbox, scenarios::load};
use dwell::scenario::{Options, Scenario};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

/// The commands whose results are committed.
const RESULTS: &[&str] = &[
    "dwell run scenarios/three-tries.yaml",
    "dwell run scenarios/kill-switch-and-loop.yaml",
    "dwell compare scenarios/throttled-into-the-dlq.yaml",
];

/// What is written above the questions.
const ABOVE: &str = "\
# The gallery

Fifteen questions that people really ask, in teaching order. Guess before you look: each scenario says what to
guess (`guess:`), `dwell report` asks it, and the picture answers it. Every number of an answer is a threshold of
its file, shown below it with what one run gave. `dwell scenarios NAME -o FILE` writes a scenario out for you to
change.

This page and its pictures are made by `DWELL_WRITE=1 cargo test --test it gallery`, and without the variable the
same test says if one of them is old.
";

/// Files by their paths in the repository.
type Files = BTreeMap<String, Vec<u8>>;

/// Compares the files of some folders with what was made, or replaces them if that was asked for.
#[track_caller]
fn are_kept(folders: &[&str], made: &Files) {
    let mut kept = Files::new();
    for folder in folders {
        read(Path::new(folder), &mut kept);
    }
    if std::env::var_os("DWELL_WRITE").is_some() {
        for path in kept.keys().filter(|path| !made.contains_key(*path)) {
            fs::remove_file(path).expect("an old file can be removed");
        }
        for (path, bytes) in made.iter().filter(|(path, bytes)| kept.get(*path) != Some(*bytes)) {
            let folder = Path::new(path).parent().expect("it is in a folder");
            fs::create_dir_all(folder).expect("a folder can be made");
            fs::write(path, bytes).expect("a file can be written");
        }
        return;
    }
    let paths = kept.keys().chain(made.keys()).filter(|path| kept.get(*path) != made.get(*path));
    let mut old: Vec<&str> = paths.map(String::as_str).collect();
    old.dedup();
    old.sort_unstable();
    old.dedup();
    assert!(
        old.is_empty(),
        "another is made now; if it should be, DWELL_WRITE=1 cargo test --test it gallery\n{}",
        old.join("\n")
    );
}

/// The files of a folder, or the one file.
fn read(path: &Path, into: &mut Files) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder can be listed") {
            read(&entry.expect("an entry").path(), into);
        }
    } else if path.exists() {
        into.insert(path.display().to_string(), fs::read(path).expect("a file can be read"));
    }
}

/// The names of the gallery, in the order in which `dwell scenarios` has them.
fn names(list: &str) -> Vec<&str> {
    let gallery = list.split("\n\n").nth(1).expect("a heading, then the gallery");
    gallery.lines().filter(|line| !line.starts_with("    ")).map(str::trim).collect()
}

/// The lines of a table that say which thresholds held, with their values.
fn thresholds(table: &str) -> Vec<&str> {
    let lines = table.lines().skip_while(|line| *line != "Thresholds").skip(1);
    lines.take_while(|line| line.starts_with("  ")).map(str::trim).collect()
}

/// A text of a scenario in one line of Markdown.
fn markdown(text: &Option<String>) -> String {
    let text = text.as_deref().expect("every scenario has it").trim();
    text.replace('*', "\\*").replace('_', "\\_")
}

/// What the page says of one scenario.
fn section(nth: usize, name: &str, scenario: &Scenario, sandbox: &Sandbox, svg: &str) -> String {
    let file = format!("scenarios/{name}.yaml");
    let finding = svg.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
    let finding = finding.expect("a chart has a title").replace(['[', ']'], "");
    let mut out = String::new();
    let _ = write!(
        out,
        "\n## {nth}. {}\n\n**{}**\n\n![{finding}](gallery/{name}.svg)\n\n{}\n\n```text\n",
        markdown(&scenario.title),
        markdown(&scenario.question),
        markdown(&scenario.answer),
    );
    let mut shown = Vec::new();
    for policy in &scenario.policies {
        let told = sandbox.dwell(&["run", &file, "--policy", policy]).exits(0).out;
        let lines: Vec<String> = thresholds(&told).into_iter().map(str::to_owned).collect();
        let _ = writeln!(out, "{policy}");
        // What holds for all of them with the same value is said once.
        let of_all = |line: &String| {
            let all = scenario.thresholds.iter().filter(|threshold| threshold.policy.is_none());
            let mut texts = all.map(|threshold| format!(" {}   (", threshold.text));
            texts.any(|text| line.contains(&text))
        };
        for line in lines.iter().filter(|line| !shown.contains(*line) || !of_all(line)) {
            let _ = writeln!(out, "  {line}");
        }
        shown.extend(lines);
    }
    let _ = write!(out, "```\n\n```console\n$ dwell chart {file} -o {name}.svg\n```\n");
    out
}

#[test]
fn the_gallery_shows_what_the_program_draws() {
    let sandbox = with_scenarios("gallery");
    let list = sandbox.dwell(&["scenarios"]).exits(0).out;
    let (mut made, mut page) = (Files::new(), ABOVE.to_owned());
    for (nth, name) in (1..).zip(names(&list)) {
        let file = format!("scenarios/{name}.yaml");
        let scenario = load(&sandbox.folder.join(&file), &Options::default());
        let svg = sandbox.dwell(&["chart", &file, "--no-progress"]).exits(0).out;
        page.push_str(&section(nth, name, &scenario, &sandbox, &svg));
        made.insert(format!("docs/gallery/{name}.svg"), svg.into_bytes());
    }
    made.insert("docs/gallery.md".to_owned(), page.into_bytes());
    are_kept(&["docs/gallery.md", "docs/gallery"], &made);
}

#[test]
fn the_results_of_a_few_are_those_committed() {
    let sandbox = with_scenarios("gallery-results");
    let note = fs::read_to_string("output/README.md").expect("it says how they were made");
    for command in RESULTS {
        assert!(note.contains(&format!("`{command}`")), "output/README.md: no `{command}`");
        let told = sandbox.shell(&format!("{command} --quiet"));
        assert_eq!(told.code, Some(0), "{command}: {}", told.err);
    }
    let mut made = Files::new();
    let folder = sandbox.folder.join("output");
    read(&folder, &mut made);
    let strip = |path: String| {
        let path = Path::new(&path).strip_prefix(&sandbox.folder).expect("it is inside");
        path.display().to_string()
    };
    let made: Files = made.into_iter().map(|(path, bytes)| (strip(path), bytes)).collect();
    let folders = fs::read_dir(&folder).expect("results were left");
    let name = |entry: fs::DirEntry| format!("output/{}", entry.file_name().display());
    let folders: Vec<String> = folders.map(|entry| name(entry.expect("an entry"))).collect();
    assert_eq!(folders.len(), RESULTS.len());
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    are_kept(&folders, &made);
}

/// A sandbox that has the scenarios of the repository.
fn with_scenarios(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(name);
    let mut files = Files::new();
    read(Path::new("scenarios"), &mut files);
    for (path, bytes) in files {
        let folder = Path::new(&path).parent().expect("it is in a folder");
        fs::create_dir_all(sandbox.folder.join(folder)).expect("a folder can be made");
        sandbox.write(&path, bytes);
    }
    sandbox
}

#[test]
fn what_the_page_takes_from_the_program_is_found() {
    let list =
        "The gallery\n\n  one\n    Is it?\n  two\n    Was it?\n\nFurther\n\n  three\n    No?\n";
    assert_eq!(names(list), ["one", "two"]);
    let table =
        "Ledger\n  arrivals 1\n\nThresholds\n  ✓ a == 1   (1)\n  ✗ b > 2   (1)\n\nOver time\n  x\n";
    assert_eq!(thresholds(table), ["✓ a == 1   (1)", "✗ b > 2   (1)"]);
    assert_eq!(markdown(&Some("a_b *c*\n".to_owned())), "a\\_b \\*c\\*");
}
