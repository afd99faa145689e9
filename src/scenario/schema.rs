//! The JSON Schema of scenarios, from the property table: for editors, which then complete and underline.
//!
//! It says what JSON can say: names, types and ranges. What is between properties, and whether a
//! reference leads anywhere, is the decoder's. A key of a later version is there and takes nothing,
//! so that an editor underlines it as the decoder does.

use serde_json::{Map, Value, json};

use super::properties::{
    ARRIVALS, BACKOFF, FILE, LAW, MIXTURE, Property, RETRIER, Rows, State, Takes, WORD_LAW, all,
};

/// The schema, as text with a line end.
pub fn text() -> String {
    let mut root = object(FILE);
    let entries = [
        ("$schema", json!("http://json-schema.org/draft-07/schema#")),
        ("title", json!("A scenario of dwell")),
        ("description", json!("Made from the property table; `dwell explain NAME` says more.")),
        ("definitions", definitions()),
    ];
    for (key, value) in entries {
        root[key] = value;
    }
    let mut text = serde_json::to_string_pretty(&root).expect("a tree of texts and numbers");
    text.push('\n');
    text
}

/// What many properties take, once.
fn definitions() -> Value {
    let zero_or = |pattern: &str, example: &str| json!({"anyOf": [{"const": 0}, {"type": "string", "pattern": pattern, "examples": [example]}]});
    let time = r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))+$";
    let point =
        r"^(([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))+|[0-9]{2}:[0-9]{2}(:[0-9]{2})?|[0-9]{4}-.+)$";
    let reference = json!({"anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "object", "required": ["Ref"], "additionalProperties": false,
            "properties": {"Ref": {"type": "string"}}},
        {"type": "object", "required": ["Fn::GetAtt"], "additionalProperties": false,
            "properties": {"Fn::GetAtt": {"type": ["string", "array"]}}},
    ]});
    let list_or_nested = json!({"anyOf": [
        {"type": "array", "minItems": 1},
        {"$ref": "#/definitions/pattern"},
    ]});
    json!({
        "time": zero_or(time, "250ms"),
        "rate": zero_or(r"^[0-9]+(\.[0-9]+)?/(s|min|h|d)$", "50/s"),
        "share": zero_or(r"^[0-9]+(\.[0-9]+)?%$", "20%"),
        "size": zero_or(r"^[0-9]+(\.[0-9]+)?(B|KiB|MiB|GiB)$", "256KiB"),
        "point": zero_or(point, "10:00"),
        "stamp": {"type": "string", "pattern": "^[0-9]{4}-"},
        "word": {"type": ["string", "number", "boolean"]},
        "reference": reference,
        "pattern": {"type": "object", "additionalProperties": list_or_nested},
        "law": object(LAW),
        "time_law": {"anyOf": [{"$ref": "#/definitions/time"}, {"$ref": "#/definitions/law"}]},
        "size_law": {"anyOf": [{"$ref": "#/definitions/size"}, {"$ref": "#/definitions/law"}]},
        "word_law": {"anyOf": [{"$ref": "#/definitions/word"}, object(WORD_LAW)]},
        "arrival": object(ARRIVALS),
        "part": object(MIXTURE),
    })
}

fn object(rows: Rows) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for row in all(rows) {
        properties.insert(row.name.to_string(), property(row));
        if row.required {
            required.push(row.name);
        }
    }
    let mut object = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn property(row: &Property) -> Value {
    match row.state {
        State::Later => {
            return json!({"description": format!("{} (not yet in this version)", row.says), "not": {}});
        }
        State::Ignored => return json!({"description": row.says}),
        State::Played => (),
    }
    let mut description = format!("{}: {}", row.says, row.takes.words());
    if let Some(default) = row.default {
        description.push_str(&format!("; default {default}"));
    }
    if let Some(rule) = row.rule {
        description.push_str(&format!("; rule {}", rule.id()));
    }
    let taken = takes(&row.takes);
    // Beside a `$ref` other keys are not read.
    let mut property = match taken.get("$ref") {
        Some(_) => json!({"allOf": [taken]}),
        None => taken,
    };
    property["description"] = json!(description);
    property
}

fn takes(takes_what: &Takes) -> Value {
    let definition = |name: &str| json!({"$ref": format!("#/definitions/{name}")});
    let or_nothing = |object: Value| json!({"anyOf": [object, {"type": "null"}]});
    match *takes_what {
        Takes::Aws(_, min, max) => json!({"anyOf": [
            {"type": "integer", "minimum": min, "maximum": max},
            definition("time"),
        ]}),
        Takes::Count(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Takes::CountOrNever(max) => json!({"anyOf": [
            {"type": "integer", "minimum": 1, "maximum": max},
            {"const": "never"},
        ]}),
        Takes::CountOrNone(..) | Takes::AwsOrNone(..) => {
            json!({"anyOf": [takes(&takes_what.limited()), {"const": -1}]})
        }
        Takes::Number(min, max) => json!({"type": "number", "minimum": min, "maximum": max}),
        Takes::Share => definition("share"),
        Takes::Rate => definition("rate"),
        Takes::Time(_) => definition("time"),
        Takes::TimeLaw(_) => definition("time_law"),
        Takes::SizeLaw => definition("size_law"),
        Takes::Amount => json!({"anyOf": [definition("time"), definition("size")]}),
        Takes::Point => definition("point"),
        Takes::Stamp => definition("stamp"),
        Takes::Flag => json!({"type": "boolean"}),
        Takes::OneOf(words, _) => json!({"enum": words}),
        Takes::Text | Takes::Attribute => json!({"type": "string"}),
        Takes::Reference(..) => definition("reference"),
        Takes::WordLaw => definition("word_law"),
        Takes::Word => definition("word"),
        Takes::Shares => json!({"type": "object", "additionalProperties": definition("share")}),
        Takes::Words => {
            or_nothing(json!({"type": "object", "additionalProperties": definition("word_law")}))
        }
        Takes::Pattern(false) => definition("pattern"),
        Takes::Pattern(true) => json!({"anyOf": [definition("pattern"), {"type": "string"}]}),
        Takes::Arrivals => json!({"anyOf": [
            definition("arrival"),
            {"type": "array", "items": definition("arrival"), "minItems": 1},
        ]}),
        Takes::Retriers => {
            let retriers = json!({"type": "array", "items": object(RETRIER)});
            json!({"anyOf": [{"enum": ["recommended", "console"]}, retriers]})
        }
        Takes::Backoff => json!({"anyOf": [definition("time"), object(BACKOFF)]}),
        Takes::Mixture(_) => {
            json!({"type": "array", "items": definition("part"), "minItems": 1})
        }
        Takes::Map(rows) => or_nothing(object(rows)),
        Takes::JsonMap(rows) => {
            json!({"anyOf": [object(rows), {"type": "string"}, {"type": "null"}]})
        }
        Takes::Named(_, rows) => or_nothing(json!({
            "type": "object",
            "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_-]*$", "maxLength": 128},
            "additionalProperties": or_nothing(object(rows)),
        })),
        Takes::List(entry) => {
            let items = match entry {
                Takes::Map(rows) => object(rows),
                entry => takes(entry),
            };
            or_nothing(json!({"type": "array", "items": items}))
        }
        Takes::Paths => json!({"type": "object"}),
        Takes::Policies => or_nothing(json!({
            "type": "object",
            "propertyNames": {"pattern": "^[^,:]+$"},
            "additionalProperties": {"type": ["object", "null"]},
        })),
        Takes::Thresholds => or_nothing(json!({
            "type": "array",
            "items": {"anyOf": [
                {"type": "string"},
                {"type": "object", "minProperties": 1, "maxProperties": 1,
                    "additionalProperties": {"type": "string"}},
            ]},
        })),
        Takes::Anything => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::properties::visit, *};

    #[test]
    fn the_schema_is_json_and_has_every_key() {
        let text = text();
        let parsed: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(parsed["properties"]["seed"]["type"], "integer");
        visit(&mut |path, row| assert!(text.contains(&format!("\"{}\":", row.name)), "{path}"));
        for rows in [LAW, WORD_LAW, ARRIVALS, BACKOFF, MIXTURE] {
            for row in all(rows) {
                assert!(text.contains(&format!("\"{}\":", row.name)), "{}", row.name);
            }
        }
    }

    #[test]
    fn every_definition_that_is_referred_to_is_there() {
        let text = text();
        let parsed: Value = serde_json::from_str(&text).expect("JSON");
        for after in text.split("\"#/definitions/").skip(1) {
            let name = after.split('"').next().expect("a closing quote");
            assert!(parsed["definitions"].get(name).is_some(), "{name}");
        }
    }
}
