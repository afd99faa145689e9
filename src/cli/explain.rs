//! `dwell explain` and `dwell schema`: what the tables know.

use super::exit::{Exit, failed};
use crate::{
    model::Rule,
    observe::{
        ResourceKind,
        measure::{LEDGER_WORDS, Measure},
        threshold,
    },
    scenario::{diagnostic::suggest, explain, schema, services, sources::source_and_confidence},
};
use anyhow::Result;
use std::io::Write;

/// Explains a name, or lists all there are.
pub fn explain(name: Option<&str>) -> Result<Exit> {
    let text = match name {
        None => index(),
        Some(name) => {
            let found: Vec<String> = explain::property(name)
                .into_iter()
                .chain(measures(name))
                .chain(rule(name))
                .collect();
            if found.is_empty() {
                return Err(unknown(name));
            }
            found.join("\n")
        }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Fine)
}

/// Prints the reference page: every key, and every measure.
pub fn reference() -> Result<Exit> {
    let mut page = explain::reference();
    page.push_str("\n## Thresholds\n\n");
    page.push_str(threshold::REFERENCE);
    page.push_str("\n## Measures\n\n| of | measure | unit | means |\n|---|---|---|---|\n");
    for measure in Measure::ALL {
        let (of, unit) = (owners(*measure).join(", "), measure.unit().word());
        let (name, sentence) = (measure.name(), measure.sentence());
        page.push_str(&format!("| {of} | `{name}` | {unit} | {sentence} |\n"));
    }
    page.push_str("\n## Words of the ledger\n\n");
    page.push_str("Alone and after a caller they count arrivals. After another resource:\n\n");
    page.push_str("| of | word | means |\n|---|---|---|\n");
    for (kind, word, measure) in LEDGER_WORDS {
        let (of, word, means) = (kind_word(*kind), word.name(), measure.name());
        page.push_str(&format!("| {of} | `{word}` | `{means}` |\n"));
    }
    std::io::stdout().write_all(page.as_bytes())?;
    Ok(Exit::Fine)
}

/// Who has a measure, each word once.
fn owners(measure: Measure) -> Vec<&'static str> {
    let mut words: Vec<&str> = measure.owners().iter().map(|owner| owner.word()).collect();
    words.dedup();
    words
}

/// The word of a kind, which tells mappings on queues and on streams apart.
fn kind_word(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Mapping => "event_source_mappings of queues",
        ResourceKind::StreamMapping => "event_source_mappings of streams",
        other => other.word(),
    }
}

/// Prints the table of all callers.
pub fn callers() -> Result<Exit> {
    std::io::stdout().write_all(services::table().as_bytes())?;
    Ok(Exit::Fine)
}

/// Prints the JSON Schema.
pub fn schema() -> Result<Exit> {
    std::io::stdout().write_all(schema::text().as_bytes())?;
    Ok(Exit::Fine)
}

/// What measures have the name.
fn measures(name: &str) -> impl Iterator<Item = String> {
    let named = Measure::ALL.iter().filter(move |m| m.name().eq_ignore_ascii_case(name));
    named.map(|measure| {
        let (owners, unit) = (owners(*measure).join(" and "), measure.unit().word());
        let (name, sentence) = (measure.name(), measure.sentence());
        let others = LEDGER_WORDS.iter().filter(|(_, word, _)| word == measure);
        let others = others.map(|(kind, _, of)| {
            format!("  after the name of one of {}: {}\n", kind_word(*kind), of.name())
        });
        let others: String = others.collect();
        format!("{name}\n  measure of {owners}, in {unit}\n  {sentence}\n{others}")
    })
}

/// What the rule of that id says.
fn rule(name: &str) -> Option<String> {
    let rule = Rule::ALL.iter().find(|rule| rule.id().eq_ignore_ascii_case(name))?;
    let (id, statement) = (rule.id(), rule.statement());
    let (source, confidence) = source_and_confidence(*rule);
    Some(format!(
        "{id}\n  {statement}\n  source      {source}\n  confidence  {confidence}\n  docs/rules.md has \
         it in full\n"
    ))
}

fn index() -> String {
    let names: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
    let rules: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    let (keys, names, rules) = (explain::index(), names.join(" "), rules.join(" "));
    format!("{}\n\nmeasures\n  {names}\n\nrules\n  {rules}\n", keys.trim_end())
}

fn unknown(name: &str) -> anyhow::Error {
    let known = explain::names();
    let measures = Measure::ALL.iter().map(|measure| measure.name());
    let rules = Rule::ALL.iter().map(|rule| rule.id());
    let names = known.iter().map(String::as_str).chain(measures).chain(rules);
    let hint = match suggest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`dwell explain` lists all names".to_owned(),
    };
    failed(Exit::Usage, format!("error: nothing is called `{name}`\nhint: {hint}"))
}
