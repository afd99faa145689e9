//! Checks of the source text that no compiler makes: layers, rules, headers.

use dwell::{model::Rule, scenario::properties};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Each layer, and the layers it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("catalog", &[]),
    ("statistics", &["kernel"]),
    ("model", &["kernel"]),
    ("observe", &["kernel", "statistics", "model"]),
    ("scenario", &["kernel", "catalog", "model"]),
    ("study", &["kernel", "statistics", "observe"]),
    ("report", &["kernel", "statistics", "observe", "study"]),
    ("chart", &["kernel", "catalog", "statistics", "observe", "study", "report"]),
    ("page", &["kernel", "statistics", "observe", "study", "report", "chart"]),
    (
        "experiment",
        &[
            "kernel",
            "statistics",
            "model",
            "observe",
            "scenario",
            "study",
            "report",
            "chart",
            "page",
        ],
    ),
    (
        "cli",
        &[
            "kernel",
            "catalog",
            "model",
            "observe",
            "scenario",
            "study",
            "report",
            "chart",
            "page",
            "experiment",
        ],
    ),
];

/// The components of the model. Only the wiring names more than one.
const COMPONENTS: &[&str] = &[
    "call",
    "delivery",
    "dependency",
    "destination",
    "event_queue",
    "firehose",
    "integration",
    "lambda",
    "mapping",
    "reader",
    "sink",
    "sqs",
    "stream",
];

/// Every `.rs` file below a folder, or the file itself, with its text; in order.
fn sources(path: impl AsRef<Path>) -> Vec<(PathBuf, String)> {
    let path = path.as_ref();
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder can be read");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        return paths.iter().flat_map(sources).collect();
    }
    match path.extension() {
        Some(ending) if ending == "rs" && path.exists() => {
            vec![(path.to_owned(), fs::read_to_string(path).expect("a file can be read"))]
        }
        _ => Vec::new(),
    }
}

/// The files of a layer: a folder, a file, or both.
fn layer(name: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new("src").join(name);
    let mut files = sources(folder.with_extension("rs"));
    files.extend(sources(folder));
    files
}

#[track_caller]
fn none(faults: &str) {
    assert!(faults.is_empty(), "\n{faults}");
}

/// A text without comments, where names are only mentioned.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The first parts of the paths that are named after `prefix`, those in braces too, with their lines.
fn named<'a>(text: &'a str, prefix: &str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let number = text[..at].lines().count().max(1);
        let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        if text[line_start..at].trim_start().starts_with("//") {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.push((number, word(rest)));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && !c.is_whitespace() => {
                    found.push((number, word(&list[at..])));
                    start = false;
                }
                _ => (),
            }
        }
    }
    found
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[test]
fn names_in_paths_are_found_in_braces_too() {
    let text = "use crate::{\n    kernel::{Span, Time},\n    model,\n};\n// crate::cli\nx(crate::report::y)";
    assert_eq!(named(text, "crate::"), [(1, "kernel"), (1, "model"), (6, "report")]);
}

#[test]
fn each_layer_names_only_the_layers_below_it() {
    let mut faults = String::new();
    for (name, allowed) in LAYERS {
        for (path, text) in layer(name) {
            for (line, other) in named(&text, "crate::") {
                let is_layer = LAYERS.iter().any(|(layer, _)| *layer == other);
                if is_layer && other != *name && !allowed.contains(&other) {
                    let _ = writeln!(faults, "{}:{line}: {name} names {other}", path.display());
                }
            }
        }
    }
    none(&faults);
}

#[test]
fn every_file_of_the_library_is_in_a_layer() {
    let mut faults = String::new();
    for (path, _) in sources("src") {
        let inside = path.strip_prefix("src").expect("it is below src");
        let top = inside.iter().next().expect("it has a name").to_string_lossy();
        let name = top.trim_end_matches(".rs");
        if !LAYERS.iter().any(|(layer, _)| *layer == name) && !["lib", "main"].contains(&name) {
            let _ = writeln!(faults, "{} is in no layer", path.display());
        }
    }
    none(&faults);
}

#[test]
fn a_component_names_no_other_component() {
    let mut faults = String::new();
    for (path, text) in layer("model") {
        let inside = path.strip_prefix("src/model").expect("it is in the model");
        let top = inside.iter().next().expect("it has a name").to_string_lossy();
        let own = top.trim_end_matches(".rs");
        if own == "world" || own == "mod" {
            continue;
        }
        // A component is named from `model`; inside one, `super` means the component itself.
        let deep = inside.iter().count() > 1;
        let prefixes: &[&str] =
            if deep { &["model::", "super::super::"] } else { &["model::", "super::"] };
        for prefix in prefixes {
            for (line, other) in named(&text, prefix) {
                if other != own && COMPONENTS.contains(&other) {
                    let _ = writeln!(faults, "{}:{line}: {own} names {other}", path.display());
                }
            }
        }
    }
    none(&faults);
}

/// Of the files of `observe` none imports one that imports it, by whatever way.
#[test]
fn what_observes_has_no_circle_of_imports() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in layer("observe") {
        let inside = path.strip_prefix("src/observe").expect("it is in the layer");
        let top = inside.iter().next().expect("it has a name").to_string_lossy();
        let own = top.trim_end_matches(".rs").to_owned();
        if own == "mod" || own == "tests" {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let deep = inside.iter().count() > 1;
        let above = if deep { "super::super::" } else { "super::" };
        let all = imports.entry(own.clone()).or_default();
        for prefix in [above, "observe::"] {
            let others = named(code, prefix).into_iter().map(|(_, other)| other.to_owned());
            all.extend(others.filter(|other| *other != own));
        }
    }
    // What imports nothing of those that are left cannot be in a circle.
    loop {
        let known: BTreeSet<String> = imports.keys().cloned().collect();
        let before = known.len();
        imports.retain(|_, of| of.iter().any(|other| known.contains(other)));
        if imports.len() == before {
            break;
        }
    }
    let circle: Vec<&String> = imports.keys().collect();
    assert!(circle.is_empty(), "in a circle, or on the way to one: {circle:?}");
}

#[test]
fn the_command_line_names_no_component() {
    let mut faults = String::new();
    for name in ["cli", "report", "observe", "scenario", "experiment"] {
        for (path, text) in layer(name) {
            for (line, other) in named(&text, "model::") {
                if COMPONENTS.contains(&other) {
                    let _ = writeln!(faults, "{}:{line}: {name} names {other}", path.display());
                }
            }
        }
    }
    none(&faults);
}

#[test]
fn every_rule_is_documented_kept_and_tested() {
    let document = fs::read_to_string("docs/rules.md").expect("the rules are documented");
    let kept: String = sources("src/model")
        .iter()
        .filter(|(path, _)| !path.ends_with("rule.rs"))
        .map(|(_, text)| text.as_str())
        .collect();
    let tests: String = [sources("tests"), sources("src")]
        .iter()
        .flatten()
        .map(|(_, text)| text.as_str())
        .collect();
    let mut faults = String::new();
    for rule in Rule::ALL {
        let id = rule.id();
        if !document.lines().any(|line| line.starts_with(&format!("### {id} "))) {
            let _ = writeln!(faults, "{id} has no heading in docs/rules.md");
        }
        if !kept.match_indices(&format!("Rule::{rule:?}")).any(|(at, it)| {
            !kept[at + it.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
        }) {
            let _ = writeln!(faults, "{id} is cited nowhere in the model");
        }
        if *rule != Rule::Ours
            && !tests.contains(&format!("fn {}_", id.to_lowercase().replace('.', "_")))
        {
            let _ = writeln!(faults, "{id} has no test named after it");
        }
    }
    let headings = document.lines().filter_map(|line| line.strip_prefix("### "));
    let documented: Vec<&str> = headings.filter_map(|line| line.split(' ').next()).collect();
    for id in &documented {
        if !Rule::ALL.iter().any(|rule| rule.id() == *id) {
            let _ = writeln!(faults, "{id} is documented and no rule");
        }
    }
    let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    if faults.is_empty() && ids != documented {
        let _ = writeln!(faults, "docs/rules.md and rule.rs have the rules in another order");
    }
    none(&faults);
}

#[test]
fn every_rule_document_says_its_source_and_how_sure_it_is() {
    let document = fs::read_to_string("docs/rules.md").expect("the rules are documented");
    let mut faults = String::new();
    for entry in document.split("\n### ").skip(1) {
        let entry = entry.split("\n## ").next().expect("it has a beginning");
        let title = entry.lines().next().expect("an entry has a title");
        if title.starts_with("ours ") {
            continue;
        }
        for word in ["\nSource: ", "\nConfidence: "] {
            if !entry.contains(word) {
                let _ = writeln!(faults, "{title}: no {}", word.trim());
            }
        }
    }
    none(&faults);
}

#[test]
fn every_assumption_is_listed() {
    let document = fs::read_to_string("docs/rules.md").expect("the rules are documented");
    let listed = document.split("\n## Assumptions").nth(1).expect("it lists what is assumed");
    let mut faults = String::new();
    let assumptions = properties::find(properties::FILE, "assumptions").expect("a key of the file");
    for row in properties::all(assumptions.rows()).filter(|row| row.name != "profile") {
        if !listed.contains(&format!("`{}`", row.name)) {
            let _ = writeln!(faults, "{} is not among the assumptions of docs/rules.md", row.name);
        }
    }
    none(&faults);
}

#[test]
fn every_scenario_asks_a_question_and_checks_its_answer() {
    let mut faults = String::new();
    let folders = ["scenarios", "scenarios/callers", "scenarios/compare"].into_iter();
    let mut scenarios: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder).expect("there are scenarios"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .collect();
    scenarios.sort();
    assert!(!scenarios.is_empty());
    let rules = fs::read_to_string("docs/rules.md").expect("the rules are documented");
    for path in scenarios {
        let text = fs::read_to_string(&path).expect("a scenario can be read");
        for rule in cited(&text) {
            if !rules.contains(&format!("\n### {rule} ")) {
                let _ = writeln!(faults, "{}: no rule {rule}", path.display());
            }
        }
        for key in ["title", "question", "answer"] {
            if !text.lines().any(|line| line.starts_with(&format!("{key}: "))) {
                let _ = writeln!(faults, "{}: no {key}", path.display());
            }
        }
        let thresholds = text.split("\nthresholds:").nth(1);
        if !thresholds.is_some_and(|rest| rest.lines().any(|line| line.trim().starts_with("- "))) {
            let _ = writeln!(faults, "{}: no threshold", path.display());
        }
    }
    none(&faults);
}

/// The rules that a scenario's comments cite, as in `(A6.2, A6.4)`.
fn cited(text: &str) -> Vec<&str> {
    let comments = text.lines().filter(|line| line.starts_with("# "));
    let brackets = comments.flat_map(|line| line.split('(').skip(1));
    let within = brackets.filter_map(|rest| rest.split_once(')'));
    let words = within.flat_map(|(inside, _)| inside.split(", "));
    let is_rule = |word: &&str| {
        let number = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        number.len() < word.len()
            && number.starts_with(|c: char| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    words.filter(is_rule).collect()
}

#[test]
fn citations_in_comments_are_found() {
    let text = "# It is (A6.2, E26), at 2 (or 3). S3 is (not one); 5t (S4)\nkey: (S5)\n";
    assert_eq!(cited(text), ["A6.2", "E26", "S4"]);
}

#[test]
fn nothing_is_left_to_be_done() {
    // Written apart, so that this line is not found.
    let marks =
        ["TO~DO", "FIX~ME", "X~XX", "todo~!", "unimplemented~!"].map(|mark| mark.replace('~', ""));
    let mut faults = String::new();
    for (path, text) in ["src", "tests", "benches", "examples"].iter().flat_map(sources) {
        for (number, line) in (1..).zip(text.lines()) {
            if marks.iter().any(|mark| line.contains(mark.as_str())) {
                let _ = writeln!(faults, "{}:{number}: {}", path.display(), line.trim());
            }
        }
    }
    none(&faults);
}

#[test]
fn every_file_says_what_it_is() {
    let mut faults = String::new();
    for (path, text) in ["src", "tests", "benches", "examples"].iter().flat_map(sources) {
        if !text.starts_with("//! ") {
            let _ = writeln!(faults, "{} has no header", path.display());
        }
    }
    none(&faults);
}

#[test]
fn nothing_below_the_command_line_looks_at_a_clock_or_the_environment() {
    let mut faults = String::new();
    let forbidden = ["Instant::", "SystemTime", "env::var", "thread::", "static mut", "HashMap"];
    // The threads of all studies are begun in one place.
    let is_allowed =
        |path: &Path, word: &str| word == "thread::" && path.ends_with("experiment/pool.rs");
    for (name, _) in LAYERS.iter().filter(|(name, _)| *name != "cli") {
        let files = layer(name).into_iter().filter(|(path, _)| !path.ends_with("tests.rs"));
        for (path, text) in files {
            for (number, line) in code(&text) {
                let mut words = forbidden.iter().filter(|word| !is_allowed(&path, word));
                if words.any(|word| line.contains(word)) {
                    let _ = writeln!(faults, "{}:{number}: {}", path.display(), line.trim());
                }
            }
        }
    }
    none(&faults);
}
