//! The commands in README.md and docs/comparisons.md do what they show.
//!
//! A block marked `console` is a terminal: lines that begin with `$ ` are commands, what follows is
//! what they print; a line `…` stands for lines left out, and a line that ends with `…` for its
//! rest. `dwell …` and `cargo run --release -- …` are run with the command under test, in a folder
//! that has the repository's scenarios; other commands are shown only.

use crate::cli::Sandbox;
use std::{fs, path::Path};

/// A command and the lines shown below it.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    line: usize,
    command: String,
    output: Vec<String>,
}

#[test]
fn the_commands_of_the_readme_print_what_it_shows() {
    prints_what_is_shown("README.md");
}

/// A minute of every processor in release, so only where the slow tier was asked for.
#[test]
fn the_commands_of_the_comparisons_print_what_they_show() {
    if std::env::var("DWELL_TIER").as_deref() == Ok("full") {
        prints_what_is_shown("docs/comparisons.md");
    }
}

fn prints_what_is_shown(page: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join(page)).expect("the page can be read");
    let sandbox = Sandbox::new(&page.replace('/', "-"));
    copy(&root.join("scenarios"), &sandbox.folder.join("scenarios"));
    let (mut run, mut faults) = (0, Vec::new());
    for Shown { line, command, output } in shown(&readme) {
        let Some(command) = runnable(&command) else { continue };
        run += 1;
        let told = sandbox.shell(&format!("{{ {command}\n}} 2>&1"));
        let printed: Vec<&str> = told.out.lines().map(str::trim_end).collect();
        let at = format!("{page}:{line}: `{command}`");
        // A mistake may be shown, with what is said about it; a failure of the tool may not.
        let is_shown = matches!(told.code, Some(2..=4)) && !output.is_empty();
        if !is_shown && !matches!(told.code, Some(0 | 99)) {
            faults.push(format!("{at} ended with {:?}:\n{}", told.code, told.out));
        } else if !output.is_empty() && !fits(&output, &printed) {
            let (output, out) = (output.join("\n"), told.out);
            faults.push(format!("{at} is shown with\n{output}\nbut prints\n{out}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    eprintln!("{run} commands of {page} were run");
}

/// The commands in the blocks marked `console`.
fn shown(text: &str) -> Vec<Shown> {
    let (mut all, mut inside) = (Vec::<Shown>::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside && line.trim() == "```console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            let command = command.to_owned();
            all.push(Shown { line: at + 1, command, output: Vec::new() });
        } else if inside && let Some(last) = all.last_mut() {
            match last.command.ends_with('\\') && last.output.is_empty() {
                true => last.command = format!("{}\n{line}", last.command),
                false => last.output.push(line.trim_end().to_owned()),
            }
        }
    }
    for shown in &mut all {
        while shown.output.last().is_some_and(String::is_empty) {
            shown.output.pop();
        }
    }
    all
}

/// A command as it is run here, if it is one of `dwell`.
fn runnable(command: &str) -> Option<String> {
    let built = "cargo run --release -- ";
    match command.strip_prefix(built) {
        Some(arguments) => Some(format!("dwell {arguments}")),
        None => command.starts_with("dwell ").then(|| command.to_owned()),
    }
}

/// Whether what was printed is what is shown, with `…` for what is left out.
fn fits(shown: &[String], printed: &[&str]) -> bool {
    let Some((first, rest)) = shown.split_first() else {
        return printed.iter().all(|line| line.is_empty());
    };
    if first.trim() == "…" {
        return (0..=printed.len()).any(|left_out| fits(rest, &printed[left_out..]));
    }
    let Some((line, others)) = printed.split_first() else { return false };
    let is_same = line == first;
    let begins = first.strip_suffix('…').is_some_and(|begin| line.starts_with(begin));
    (is_same || begins) && fits(rest, others)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).expect("a file can be copied")),
        }
    }
}

#[test]
fn blocks_are_read_as_they_are_written() {
    let text =
        "```sh\n$ dwell no\n```\n\n```console\n$ dwell run a \\\n    -o b\none\n…\n\n$ ls\n```\n";
    let all = shown(text);
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].line, all[0].command.as_str()), (6, "dwell run a \\\n    -o b"));
    assert_eq!(all[0].output, ["one", "…"]);
    assert_eq!(runnable(&all[1].command), None);
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    assert!(fits(&lines("a\n…\nd"), &["a", "b", "c", "d"]));
    assert!(fits(&lines("a\nbe…"), &["a", "begin"]));
    assert!(!fits(&lines("a\n…\nd"), &["a", "b"]));
    assert!(!fits(&lines("a"), &["a", "b"]));
}
