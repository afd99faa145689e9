//! `summary.json`: one object, keys in a fixed order.

use super::Report;
use serde_json::{Map, Value, json};

/// The summary as an object; `resources`, `callers`, `ledger` and `thresholds` as they were counted.
pub fn summary(report: &Report<'_>) -> Value {
    let results = serde_json::to_value(report.results).expect("results have text keys only");
    let Value::Object(mut results) = results else { unreachable!("results are an object") };
    let mut take = |key: &str| results.remove(key).unwrap_or(Value::Null);
    let mut all = Map::new();
    let mut put = |key: &str, value: Value| {
        all.insert(key.to_owned(), value);
    };
    put("schema_version", json!(super::SCHEMA_VERSION));
    put("tool", json!({"name": "dwell", "version": env!("CARGO_PKG_VERSION")}));
    put("scenario", json!({"file": report.file, "hash": report.hash, "title": report.title}));
    put("policy", json!(report.policy));
    put("seed", json!(report.seed));
    put("digest", take("digest"));
    put("complete", json!(report.stopped_by.is_none()));
    if let Some(stopped_by) = report.stopped_by {
        put("stopped_by", json!(stopped_by));
    }
    put("simulated_s", take("ended_at_s"));
    put("ledger", take("ledger"));
    put("why", take("why"));
    put("resources", take("resources"));
    put("callers", take("callers"));
    put("cost", take("cost"));
    put("thresholds", take("thresholds"));
    let assumptions = report.assumptions.iter().map(|assumption| {
        let value = json!({"value": assumption.value, "default": assumption.is_default});
        (assumption.name.clone(), value)
    });
    put("assumptions", Value::Object(assumptions.collect()));
    put("warnings", json!(report.warnings));
    Value::Object(all)
}

/// The summary over several lines, as in `summary.json`.
pub fn pretty(report: &Report<'_>) -> String {
    let mut text = serde_json::to_string_pretty(&summary(report)).expect("a value is written");
    text.push('\n');
    text
}

/// The summary in one line, for several files.
pub fn line(report: &Report<'_>) -> String {
    format!("{}\n", summary(report))
}
