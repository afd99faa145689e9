//! AWS's patterns: which payloads are meant, by their attributes.
//!
//! `{kind: [a, {prefix: b}], size: [{numeric: [">", 5]}]}`: every field must fit, and of its list one
//! test is enough. Nested keys stand for the innermost of them, so that a pattern on a message's
//! `body` or an event's `detail` can be pasted in. A field that nothing in the file has is a mistake:
//! the pattern could never fit, and a typing error would look like a result.

use super::{
    decode::Cx,
    diagnostic::{Diagnostic, Place, quoted, suggest},
    node::{Node, Source, Value, parse_part},
    properties::Kind,
    units,
};
use crate::model::value::{Compare, Field, Pattern, Test, Word};

/// Fields that every payload has.
pub const FIELDS: [&str; 4] = ["caller", "poison", "attempt", "dead_letters"];

const TESTS: [&str; 6] =
    ["prefix", "suffix", "numeric", "anything-but", "exists", "equals-ignore-case"];
const ONE_TEST: &str = "a word, or one of `{prefix: …}`, `{suffix: …}`, `{numeric: [\">\", 5]}`, \
     `{anything-but: […]}`, `{exists: true}`, `{equals-ignore-case: …}`";

/// The pattern at `path`; `None`, and reported, if it is none. `json`: it may also be a text of JSON.
pub fn pattern(cx: &Cx<'_>, node: &Node, path: &str, json: bool) -> Option<Pattern> {
    let parsed;
    let node = match &node.value {
        Value::Text(text) if json => {
            let example = "a pattern as JSON: `{\"body\": {\"kind\": [\"a\"]}}`";
            parsed = from_json(cx, node, text, path, example)?;
            &parsed
        }
        _ => node,
    };
    if !matches!(node.value, Value::Map(_)) {
        let also = if json { ", also as a text of JSON" } else { "" };
        let mistake = Diagnostic::error(format!("{} is not a pattern", node.shown()));
        let label = format!("attributes with lists of words: `{{kind: [a, b]}}`{also}");
        cx.say(mistake.at(node.place).path(path).label(label));
        return None;
    }
    let mut reader = Reader { cx, found: Vec::new(), good: true };
    reader.fields(node, path);
    reader.good.then_some(Pattern(reader.found))
}

/// JSON is YAML, so the same reader builds the tree; every part of it stands where the text does. `example`
/// is what a mistake shows.
pub fn from_json(cx: &Cx<'_>, node: &Node, text: &str, path: &str, example: &str) -> Option<Node> {
    let refuse = |message: String| {
        let mistake = Diagnostic::error(message).at(node.place).path(path);
        cx.say(mistake.label(example));
    };
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        refuse(format!("not JSON, at character {} of the text", error.column()));
        return None;
    }
    let source = Source { name: String::new(), text: text.to_string() };
    match parse_part(&source, node.place.origin, 0..text.len()) {
        Ok(mut parsed) => {
            move_to(&mut parsed, node);
            Some(parsed)
        }
        Err(mistakes) => {
            refuse(mistakes.into_iter().next().map_or(String::new(), |first| first.message));
            None
        }
    }
}

/// Puts a tree to the place of `node`; as deep as trees may be, so at most 64.
fn move_to(tree: &mut Node, node: &Node) {
    tree.place = node.place;
    match &mut tree.value {
        Value::List(items) => items.iter_mut().for_each(|item| move_to(item, node)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.place = node.place;
                move_to(value, node);
            }
        }
        _ => (),
    }
}

struct Reader<'a> {
    cx: &'a Cx<'a>,
    found: Vec<(Field, Vec<Test>)>,
    good: bool,
}

impl Reader<'_> {
    fn wrong(&mut self, path: &str, mistake: Diagnostic) {
        self.good = false;
        self.cx.say(mistake.path(path));
    }

    fn fields(&mut self, node: &Node, path: &str) {
        for (key, value) in node.entries() {
            let path = format!("{path}.{}", key.name);
            match &value.value {
                Value::Map(entries) if !entries.is_empty() => self.fields(value, &path),
                Value::List(tests) if !tests.is_empty() => {
                    let Some(field) = self.field(&key.name, key.place, &path) else {
                        continue;
                    };
                    let mut read = Vec::new();
                    for (n, test) in tests.iter().enumerate() {
                        read.extend(self.test(field, test, &format!("{path}.{n}")));
                    }
                    self.found.push((field, read));
                }
                _ => {
                    let message = format!("{} is not a list of tests", value.shown());
                    let mistake = Diagnostic::error(message).at(value.place).label(ONE_TEST);
                    let mistake = match value.raw() {
                        Some(raw) if !raw.is_empty() => mistake.help(format!("write `[{raw}]`")),
                        _ => mistake,
                    };
                    self.wrong(&path, mistake);
                }
            }
        }
    }

    fn field(&mut self, name: &str, place: Place, path: &str) -> Option<Field> {
        match name {
            "caller" => return Some(Field::Caller),
            "poison" => return Some(Field::Poison),
            "attempt" => return Some(Field::Attempt),
            "dead_letters" => return Some(Field::DeadLetters),
            _ => (),
        }
        if let Some(id) = self.cx.given_attribute(name) {
            return Some(Field::Attribute(id));
        }
        let known = self.cx.written_attributes().chain(FIELDS);
        let message = format!("nothing here has an attribute {}", quoted(name));
        let shown: Vec<&str> = self.cx.written_attributes().take(8).chain(FIELDS).collect();
        let label = format!("there are {}", shown.join(", "));
        let near = suggest(name, known);
        self.wrong(path, Diagnostic::error(message).at(place).label(label).did_you_mean(near));
        None
    }

    fn test(&mut self, field: Field, node: &Node, path: &str) -> Option<Test> {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            _ => {
                let word = self.word(node, path)?;
                return self.fits_field(field, word, node, path).then_some(Test::Equals(word));
            }
        };
        let [(key, value)] = entries else {
            let message = format!("{} keys in a test", entries.len());
            let mistake = Diagnostic::error(message).at(node.place).label(ONE_TEST);
            self.wrong(path, mistake);
            return None;
        };
        let path = format!("{path}.{}", key.name);
        match key.name.as_str() {
            "prefix" => self.text(value, &path).map(Test::Prefix),
            "suffix" => self.text(value, &path).map(Test::Suffix),
            "equals-ignore-case" => self.text(value, &path).map(Test::EqualsIgnoreCase),
            "numeric" => self.numeric(value, &path).map(Test::Numeric),
            "exists" => match units::flag(value) {
                Ok(wanted) => Some(Test::Exists(wanted)),
                Err(mistake) => {
                    self.wrong(&path, mistake);
                    None
                }
            },
            "anything-but" => {
                let tests = match &value.value {
                    Value::List(items) => items.as_slice(),
                    _ => std::slice::from_ref(value),
                };
                let read: Vec<Test> =
                    tests.iter().filter_map(|test| self.test(field, test, &path)).collect();
                Some(Test::AnythingBut(read))
            }
            other => {
                let message = format!("there is no test {}", quoted(other));
                let near = suggest(other, TESTS.into_iter());
                let mistake = Diagnostic::error(message).at(key.place).label(ONE_TEST);
                self.wrong(&path, mistake.did_you_mean(near));
                None
            }
        }
    }

    fn word(&mut self, node: &Node, path: &str) -> Option<Word> {
        match units::word(node) {
            Ok(word) => Some(self.cx.texts.word(word)),
            Err(mistake) => {
                self.wrong(path, mistake.label(ONE_TEST));
                None
            }
        }
    }

    fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        match units::word(node) {
            Ok(word) => Some(word.to_string()),
            Err(mistake) => {
                self.wrong(path, mistake.label("text"));
                None
            }
        }
    }

    /// Whether a field can be this word; a caller that is not there is a typing error.
    fn fits_field(&mut self, field: Field, word: Word, node: &Node, path: &str) -> bool {
        let raw = node.raw().unwrap_or_default();
        let (label, near) = match field {
            Field::Attribute(_) => return true,
            Field::Caller => {
                let callers: Vec<&str> = self.cx.names.of_kind(Kind::Caller).collect();
                if callers.contains(&raw) {
                    return true;
                }
                let near = suggest(raw, callers.iter().copied()).map(str::to_string);
                ("the name of a caller", near)
            }
            Field::Poison if matches!(raw, "yes" | "no") => return true,
            Field::Poison => {
                let near = match raw {
                    "true" => Some("yes".to_string()),
                    "false" => Some("no".to_string()),
                    _ => None,
                };
                ("`yes` or `no`", near)
            }
            Field::Attempt | Field::DeadLetters => match word {
                Word::Number(_) => return true,
                Word::Text(_) => ("a number", None),
            },
        };
        let message = format!("{} is never there", node.shown());
        let mistake = Diagnostic::error(message).at(node.place).label(label);
        self.wrong(path, mistake.did_you_mean(near.as_deref()));
        false
    }

    fn numeric(&mut self, node: &Node, path: &str) -> Option<Vec<(Compare, f64)>> {
        let items = match &node.value {
            Value::List(items) if !items.is_empty() && items.len() % 2 == 0 => items.as_slice(),
            _ => {
                let mistake = Diagnostic::error(format!("{} is no comparison", node.shown()));
                let label = "comparisons and numbers in turn: `[\">\", 5, \"<=\", 10]`";
                self.wrong(path, mistake.at(node.place).label(label));
                return None;
            }
        };
        let mut all = Vec::new();
        for pair in items.chunks_exact(2) {
            let compare = match pair[0].raw() {
                Some("<") => Some(Compare::Less),
                Some("<=") => Some(Compare::LessOrEqual),
                Some("=") => Some(Compare::Equal),
                Some(">=") => Some(Compare::GreaterOrEqual),
                Some(">") => Some(Compare::Greater),
                _ => {
                    let message = format!("{} is no comparison", pair[0].shown());
                    let mistake = Diagnostic::error(message).at(pair[0].place);
                    self.wrong(path, mistake.label("`<`, `<=`, `=`, `>=` or `>`, in quotes"));
                    None
                }
            };
            match units::number(&pair[1]) {
                Ok(bound) => all.extend(compare.map(|compare| (compare, bound))),
                Err(mistake) => self.wrong(path, mistake),
            }
        }
        Some(all)
    }
}
