//! Thresholds that failed as SARIF 2.1.0, which shows them at their lines: a rule for each way of
//! judging, a result a threshold and policy.

use super::check::{File, finding, name};
use crate::study::check::{Found, Judgement};
use serde_json::{Value, json};

/// The ways of judging: id, and what it asks.
const RULES: [(&str, &str); 3] = [
    ("each-run", "A threshold must hold in every run of every policy that it is of."),
    ("over-runs", "A statistic of one value of each run must hold."),
    ("difference", "The whole interval of the paired difference of two policies must fit."),
];

/// The position of its rule.
fn rule(judgement: &Judgement) -> usize {
    match judgement.found {
        Found::EachRun { .. } => 0,
        Found::OverRuns { .. } => 1,
        Found::Difference { .. } => 2,
    }
}

/// All files as one log.
pub fn json(files: &[File<'_>]) -> String {
    let rules =
        RULES.map(|(id, sentence)| json!({"id": id, "shortDescription": {"text": sentence}}));
    let results = files.iter().flat_map(|file| file.failed().map(|failed| result(file, failed)));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "dwell",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).expect("a value is written");
    text.push('\n');
    text
}

fn result(file: &File<'_>, judgement: &Judgement) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(file.path)}});
    if let Some((line, column)) = file.thresholds[judgement.nth].place {
        physical["region"] = json!({"startLine": line, "startColumn": column});
    }
    let mut sentences = vec![format!("{}: {}", name(file, judgement), finding(judgement))];
    sentences.extend(file.commands(judgement));
    let rule = rule(judgement);
    json!({
        "ruleId": RULES[rule].0,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": sentences.join("\n")},
        "locations": [{"physicalLocation": physical}],
    })
}

/// A path as a reference relative to where the command was given, or, if it is absolute, as a URI.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference_whatever_its_name() {
        let all = ["scenarios/a.yaml", "./a b.yaml", "/tmp/50%.yaml", "é:1.yaml"].map(uri);
        let expected =
            ["scenarios/a.yaml", "a%20b.yaml", "file:///tmp/50%25.yaml", "%C3%A9%3A1.yaml"];
        assert_eq!(all, expected);
    }
}
