//! What a name means, for people: the text of `dwell explain NAME`, and the reference page.
//!
//! Both are written from the property table and the rule table; nothing is said here that the decoder
//! does not do.

use std::collections::BTreeSet;

use super::{
    properties::{
        ARRIVALS, BACKOFF, FILE, LAW, MIXTURE, Property, Rows, State, Takes, WORD_LAW, all, visit,
        visit_below,
    },
    services,
};
use crate::model::services::Service;

/// What the parts of the language are called that are no key.
const PARTS: [(&str, Rows); 5] = [
    ("values", LAW),
    ("words", WORD_LAW),
    ("arrivals", ARRIVALS),
    ("backoff", BACKOFF),
    ("mixture", MIXTURE),
];

/// How a target is asked, where no service stands between.
const VIA: [(&str, &str); 10] = [
    ("invoke", "a function, waited for; the default for one"),
    ("invoke_async", "a function, through its event queue"),
    ("sqs", "a queue: SendMessage; the default for one"),
    ("kinesis", "a stream of Kinesis: PutRecord; the default for one"),
    ("dynamodb", "a table with a stream: PutItem; the default for one"),
    ("kafka", "a topic of Kafka; the default for one"),
    ("mq", "a queue of a broker; the default for one"),
    ("documentdb", "a collection with a change stream; the default for one"),
    ("sns", "a topic: Publish; the default for one. A function: see below"),
    ("eventbridge", "a bus: PutEvents; the default for one. A function: see below"),
];

/// What `name` means: a key, a path, a part of the language or a word of `via`; `None` if nothing has it.
pub fn property(name: &str) -> Option<String> {
    let mut found = String::new();
    let mut see = |path: &str, row: &'static Property| {
        if row.name.eq_ignore_ascii_case(name) || is_at(path, name) {
            found.push_str(&one(path, row));
        }
    };
    visit(&mut see);
    for (part, rows) in PARTS {
        visit_below(rows, &format!("({part})"), &mut see);
    }
    if let Some((part, rows)) = PARTS.iter().find(|(part, _)| *part == name) {
        found.push_str(&format!("{part}, one of:\n{}", keys(rows)));
    }
    if name == "patterns" {
        found.push_str(PATTERNS);
    }
    if name.eq_ignore_ascii_case("via") {
        found.push_str(&via());
    } else if let Some((word, says)) = VIA.iter().find(|(word, _)| *word == name) {
        found.push_str(&format!("via: {word}\n  {says}\n"));
    }
    if let Some(card) = services::explain(name) {
        found.push_str(&card);
    }
    (!found.is_empty()).then_some(found)
}

/// Every name that [`property`] knows.
pub fn names() -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut see = |_: &str, row: &'static Property| {
        names.insert(row.name.to_string());
    };
    visit(&mut see);
    for (_, rows) in PARTS {
        visit_below(rows, "", &mut see);
    }
    let words = PARTS.iter().map(|(part, _)| *part).chain(["patterns"]);
    let words = words.chain(VIA.iter().map(|(word, _)| *word));
    let words = words.chain(Service::ALL.iter().map(|service| service.word()));
    names.extend(words.map(str::to_string));
    names.into_iter().collect()
}

/// The keys of the file and of each section, and the parts of the language.
pub fn index() -> String {
    let mut text = String::new();
    let mut put = |what: &str, rows: Rows, state: State| {
        let names = all(rows).filter(|row| row.state == state).map(|row| row.name);
        let names: Vec<&str> = names.collect();
        if !names.is_empty() {
            text.push_str(&format!("{what}\n  {}\n\n", names.join(" ")));
        }
    };
    put("the file", FILE, State::Played);
    put("not yet in this version", FILE, State::Later);
    for section in all(FILE).filter(|row| !row.rows().is_empty()) {
        put(section.name, section.rows(), State::Played);
    }
    for (part, rows) in PARTS {
        put(part, rows, State::Played);
    }
    text.push_str("more\n  via patterns\n");
    text
}

const PATTERNS: &str = "\
patterns, of attributes and of caller, poison (yes, no), attempt (from 1), dead_letters
  {kind: [a, b]}                        one of these words
  {kind: [{prefix: a}]}                 begins so; also suffix, equals-ignore-case
  {size: [{numeric: [\">\", 5, \"<=\", 10]}]}  in a range; also <, =, >=
  {kind: [{anything-but: [a, b]}]}      none of these
  {kind: [{exists: false}]}             is not given
  every field must fit; nested keys stand for the innermost
";

/// Whether `path`, with `*` and `N`, is the one of a file's path.
fn is_at(path: &str, written: &str) -> bool {
    let (path, written): (Vec<&str>, Vec<&str>) =
        (path.split('.').collect(), written.split('.').collect());
    let same = |(part, written): (&&str, &&str)| match *part {
        "*" => true,
        "N" => written.bytes().all(|b| b.is_ascii_digit()),
        part => part == *written,
    };
    path.len() > 1 && path.len() == written.len() && path.iter().zip(&written).all(same)
}

fn one(path: &str, row: &Property) -> String {
    let mut text = format!("{path}\n  {}\n", row.says);
    match row.state {
        State::Later => {
            text.push_str("  not yet in this version\n");
            return text;
        }
        State::Ignored => return text,
        State::Played => (),
    }
    text.push_str(&format!("  takes     {}\n", row.takes.words()));
    match (row.default, row.required) {
        (Some(default), _) => text.push_str(&format!("  default   {default}\n")),
        (None, true) => text.push_str("  required\n"),
        (None, false) if !has_keys(row) => text.push_str("  default   none\n"),
        (None, false) => (),
    }
    if let Some(measured) = row.measured {
        text.push_str(&format!("  measured  {measured}\n"));
    }
    if row.live {
        text.push_str("  timeline  can change it\n");
    }
    if let Takes::OneOf(_, [first, others @ ..]) = row.takes {
        let more = if others.is_empty() { "" } else { ", …" };
        text.push_str(&format!("  later     {first}{more}\n"));
    }
    if let Some(rule) = row.rule {
        text.push_str(&format!("  rule      {}  {}\n", rule.id(), rule.statement()));
    }
    if has_keys(row) {
        text.push_str("  keys\n");
        text.push_str(&keys(row.rows()));
    }
    text
}

fn has_keys(row: &Property) -> bool {
    use Takes::{JsonMap, List, Map, Named};
    matches!(row.takes, Map(_) | JsonMap(_) | Named(..) | List(Map(_)))
}

/// A line for each key that is played; the others by name.
fn keys(rows: Rows) -> String {
    let of = |state: State| all(rows).filter(move |row| row.state == state);
    let width = of(State::Played).map(|row| row.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for row in of(State::Played) {
        text.push_str(&format!("    {:width$}  {}\n", row.name, row.says));
    }
    for (state, what) in [(State::Later, "not yet"), (State::Ignored, "accepted, not needed")] {
        let names: Vec<&str> = of(state).map(|row| row.name).collect();
        if !names.is_empty() {
            text.push_str(&format!("    {what}: {}\n", names.join(", ")));
        }
    }
    text
}

fn via() -> String {
    let mut text = "via: how a target is asked\n".to_string();
    for (word, says) in VIA {
        text.push_str(&format!("  {word:13} {says}\n"));
    }
    text.push_str("  a function, through a service:\n");
    for service in Service::ALL {
        text.push_str(&format!("  {:21} {}\n", service.word(), service.name()));
    }
    text
}

/// The reference page, as Markdown.
pub fn reference() -> String {
    let mut text = "# Every key of a scenario\n\nWritten from the property table: change that, not \
                    this page. `*` is a name of the file, `N` a place in a list. **Bold** keys must \
                    be there; those with a clock ⏱ can change on the timeline.\n"
        .to_string();
    let top = all(FILE).filter(|row| row.state == State::Played && !has_keys(row));
    text.push_str("\n## The file\n\n");
    table(&mut text, top.map(|row| (row.name.to_string(), row)).collect());
    for section in all(FILE).filter(|row| row.state == State::Played) {
        let below = match section.takes {
            Takes::Map(_) => section.name.to_string(),
            Takes::Named(..) => format!("{}.*", section.name),
            Takes::List(Takes::Map(_)) => format!("{}.N", section.name),
            _ => continue,
        };
        text.push_str(&format!("\n## {}\n\n{}.\n\n", section.name, sentence(section.says)));
        let mut rows = Vec::new();
        visit_below(section.rows(), "", &mut |path, row| rows.push((path.to_string(), row)));
        let of = |state: State| rows.iter().filter(move |(_, row)| row.state == state);
        text.push_str(&format!("Keys of `{below}`:\n\n"));
        table(&mut text, of(State::Played).cloned().collect());
        for (state, what) in
            [(State::Later, "Not yet in this version"), (State::Ignored, "Accepted with a note")]
        {
            let names: Vec<String> = of(state).map(|(path, _)| format!("`{path}`")).collect();
            if !names.is_empty() {
                text.push_str(&format!("\n{what}: {}.\n", names.join(", ")));
            }
        }
    }
    for (part, rows) in PARTS {
        text.push_str(&format!("\n## {}\n\n", sentence(part)));
        let mut below = Vec::new();
        visit_below(rows, "", &mut |path, row| below.push((path.to_string(), row)));
        table(&mut text, below);
    }
    text.push_str("\n## Via\n\n| via | asks |\n|---|---|\n");
    for (word, says) in VIA {
        text.push_str(&format!("| `{word}` | {says} |\n"));
    }
    for service in Service::ALL {
        text.push_str(&format!(
            "| `{}` | a function, through {} |\n",
            service.word(),
            service.name()
        ));
    }
    text
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn table(text: &mut String, rows: Vec<(String, &Property)>) {
    text.push_str("| key | takes | default | means |\n|---|---|---|---|\n");
    for (path, row) in rows {
        let key = if row.required { format!("**`{path}`**") } else { format!("`{path}`") };
        let clock = if row.live { " ⏱" } else { "" };
        let default = row.default.map_or("–".to_string(), |default| format!("`{default}`"));
        let default = match row.measured {
            Some(measured) => format!("{default}; measured: `{measured}`"),
            None => default,
        };
        let rule = row.rule.map_or(String::new(), |rule| format!(" ({})", rule.id()));
        let takes = row.takes.words().replace('|', "\\|");
        text.push_str(&format!("| {key}{clock} | {takes} | {default} | {}{rule} |\n", row.says));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_a_path_and_a_word_are_explained() {
        let of = |name: &str| property(name).unwrap_or_else(|| panic!("{name} is known"));
        assert_eq!(
            of("functions.Worker.Timeout"),
            "functions.*.Timeout
  a run is stopped after so long
  takes     1 to 900 seconds: bare, or a time with its unit
  default   3
  timeline  can change it
  rule      SI7  A run is stopped at the function's timeout.
"
        );
        assert!(of("visibilitytimeout").contains("queues.*.VisibilityTimeout"));
        assert!(of("VIA").contains("invoke_async"));
        assert!(of("assumptions").contains("throttled_poll "));
        assert!(of("lognormal").contains("p99"));
        assert!(of("streams").contains("ShardCount"));
        assert!(of("kinesis").contains("PutRecord"));
        assert_eq!(property("VisibiltyTimeout"), None);
        for name in names() {
            of(&name);
        }
        assert!(index().contains("event_source_mappings"));
    }

    #[test]
    fn the_reference_has_every_key() {
        let page = reference();
        visit(&mut |path, row| {
            let name = row.name;
            assert!(page.contains(&format!("{name}`")) || page.contains(name), "{path}");
        });
    }
}
