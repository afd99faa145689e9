//! Paths of the language, such as `queues.Jobs.VisibilityTimeout` or `timeline.0.at`.
//!
//! Owns how a path is read against a tree and what setting a value does: it replaces what was there,
//! a mapping as a whole; what was missing is made; `null` takes away. A path never invents a
//! resource. Whether a property exists and takes the value is for the decoder, which reads the
//! changed tree and underlines the path, since what is made here stands where the path was written.

use super::{
    diagnostic::{Diagnostic, quoted, suggest},
    node::{DEPTH_MAX, Key, Node, Value},
};

/// The sections whose entries have names that the file gives; a path may use them, not add to them.
pub const NAMED_SECTIONS: [&str; 14] = [
    "functions",
    "queues",
    "topics",
    "subscriptions",
    "event_source_mappings",
    "pipes",
    "dependencies",
    "callers",
    "buses",
    "rules",
    "buckets",
    "streams",
    "alarms",
    "policies",
];

/// What stands at `path`, if anything does.
pub fn get<'n>(tree: &'n Node, path: &str) -> Option<&'n Node> {
    let mut node = tree;
    let mut rest = path;
    loop {
        let (next, after) = match &node.value {
            Value::Map(entries) => {
                let (at, after) = longest(entries, rest)?;
                (&entries[at].1, after)
            }
            Value::List(items) => {
                let (part, after) = first_part(rest);
                (items.get(index(part)?)?, after)
            }
            _ => return None,
        };
        node = next;
        match after {
            None => return Some(node),
            Some(after) => rest = after,
        }
    }
}

/// Sets what stands at `path` to `value`, or takes it away for `None` and for `null`. What is made on the way
/// stands at the place of `path`. On an error the tree is as it was.
pub fn set(tree: &mut Node, path: &Key, value: Option<Node>) -> Result<(), Diagnostic> {
    check_shape(path)?;
    check_name(tree, path)?;
    let value = value.filter(|node| !node.is_null());
    put(tree, path, &path.name, &mut Vec::new(), value)
}

/// Sets `rest` below `node`, which stands below `above`. As deep as the path has parts, so at most 64.
fn put<'p>(
    node: &mut Node,
    path: &'p Key,
    rest: &'p str,
    above: &mut Vec<&'p str>,
    value: Option<Node>,
) -> Result<(), Diagnostic> {
    if let Value::List(items) = &mut node.value {
        let (part, after) = first_part(rest);
        let Some(at) = index(part).filter(|at| *at < items.len()) else {
            return Err(no_such_index(path, part, items.len()));
        };
        above.push(part);
        match (after, value) {
            (Some(after), value) => return put(&mut items[at], path, after, above, value),
            (None, Some(value)) => items[at] = value,
            (None, None) => drop(items.remove(at)),
        }
        return Ok(());
    }
    let mut entries = match std::mem::replace(&mut node.value, Value::Null) {
        Value::Map(entries) => entries,
        old if value.is_none() => {
            node.value = old; // nothing is below it to take away
            return Ok(());
        }
        _ => {
            *node = Node::empty_map(path.place);
            Vec::new()
        }
    };
    let done = put_entry(&mut entries, path, rest, above, value);
    node.value = Value::Map(entries);
    done
}

fn put_entry<'p>(
    entries: &mut Vec<(Key, Node)>,
    path: &'p Key,
    rest: &'p str,
    above: &mut Vec<&'p str>,
    value: Option<Node>,
) -> Result<(), Diagnostic> {
    let found = longest(entries, rest);
    let (name, after) = match found {
        Some((_, after)) => (&rest[..rest.len() - after.map_or(0, |a| a.len() + 1)], after),
        None if holds_paths(above) => (rest, None),
        None => first_part(rest),
    };
    above.push(name);
    match (found.map(|(at, _)| at), after, value) {
        (Some(at), Some(after), value) => {
            return put(&mut entries[at].1, path, after, above, value);
        }
        (Some(at), None, Some(value)) => entries[at].1 = value,
        (Some(at), None, None) => drop(entries.remove(at)),
        (None, _, None) => {}
        (None, None, Some(value)) => entries.push((key(name, path), value)),
        (None, Some(after), value) => {
            let mut made = Node::empty_map(path.place);
            put(&mut made, path, after, above, value)?;
            entries.push((key(name, path), made));
        }
    }
    Ok(())
}

fn key(name: &str, path: &Key) -> Key {
    Key { name: name.to_string(), place: path.place }
}

/// The entry whose name is all of `rest` or what stands before a dot in it, of several the longest; and what
/// stands after that dot.
fn longest<'r>(entries: &[(Key, Node)], rest: &'r str) -> Option<(usize, Option<&'r str>)> {
    let fits = entries.iter().enumerate().filter_map(|(at, (key, _))| {
        let after = rest.strip_prefix(key.name.as_str())?;
        match after.strip_prefix('.') {
            Some(after) => Some((key.name.len(), at, Some(after))),
            None if after.is_empty() => Some((key.name.len(), at, None)),
            None => None,
        }
    });
    fits.max_by_key(|(length, _, _)| *length).map(|(_, at, after)| (at, after))
}

fn first_part(rest: &str) -> (&str, Option<&str>) {
    match rest.split_once('.') {
        Some((part, after)) => (part, Some(after)),
        None => (rest, None),
    }
}

/// Whether the entries below are paths themselves: those of a policy, and of `set` in the timeline.
fn holds_paths(above: &[&str]) -> bool {
    matches!(above, ["policies", _] | ["timeline", _, "set"])
}

/// A place in a list: digits and nothing else.
fn index(part: &str) -> Option<usize> {
    if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
}

fn check_shape(path: &Key) -> Result<(), Diagnostic> {
    let wrong = if path.name.is_empty() {
        "the path is empty"
    } else if path.name.split('.').any(str::is_empty) {
        "a part of the path is empty"
    } else if path.name.split('.').count() > DEPTH_MAX {
        "the path is too long"
    } else {
        return Ok(());
    };
    Err(Diagnostic::error(format!("{wrong}: {}", quoted(&path.name)))
        .at(path.place)
        .label("a path is made of names and dots: `queues.Jobs.VisibilityTimeout`"))
}

/// A path into a section with names needs a name that is there.
fn check_name(tree: &Node, path: &Key) -> Result<(), Diagnostic> {
    let (section, rest) = first_part(&path.name);
    if !NAMED_SECTIONS.contains(&section) {
        // A known word in the wrong case, or nearly one, would else be made and found wrong far from here.
        let near = suggest(section, NAMED_SECTIONS.into_iter());
        if tree.get(section).is_none() && near.is_some() && rest.is_some() {
            return Err(Diagnostic::error(format!("there is no section {}", quoted(section)))
                .at(path.place)
                .label("a path begins with a section of the scenario")
                .did_you_mean(near));
        }
        return Ok(());
    }
    let Some(rest) = rest else {
        return Err(Diagnostic::error(format!("a path cannot be all of {}", quoted(section)))
            .at(path.place)
            .label("name what is to change, as in `queues.Jobs.VisibilityTimeout`"));
    };
    let entries = tree.get(section).map_or(&[][..], Node::entries);
    if longest(entries, rest).is_some() {
        return Ok(());
    }
    let name = first_part(rest).0;
    let names = entries.iter().map(|(key, _)| key.name.as_str());
    let elsewhere = NAMED_SECTIONS
        .into_iter()
        .find(|other| tree.get(other).is_some_and(|found| found.get(name).is_some()));
    let mistake =
        Diagnostic::error(format!("nothing in {} is called {}", quoted(section), quoted(name)))
            .at(path.place)
            .label("a path changes what is in the file, it makes nothing new there");
    Err(match (suggest(name, names), elsewhere) {
        (Some(near), _) => mistake.did_you_mean(Some(near)),
        (None, Some(other)) => mistake.did_you_mean(Some(&format!("{other}.{rest}"))),
        (None, None) => mistake,
    })
}

fn no_such_index(path: &Key, part: &str, length: usize) -> Diagnostic {
    let label = match length {
        0 => "the list is empty".to_string(),
        1 => "the list has one entry, 0".to_string(),
        _ => format!("the list has entries 0 to {}", length - 1),
    };
    Diagnostic::error(format!("the list has no entry {} for {}", quoted(part), quoted(&path.name)))
        .at(path.place)
        .label(label)
        .help("to add to a list, set the whole list")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            diagnostic::{Origin, Place},
            node::{Source, parse},
        },
        *,
    };

    const FILE: &str = "\
functions:
  Worker: {Timeout: 30, DeadLetterConfig: {TargetArn: Dead}}
queues:
  Jobs: {RedrivePolicy: {maxReceiveCount: 3}}
  Jobs.fifo: {DelaySeconds: 1}
callers:
  Orders: {target: Jobs, calls: [{share: 1%}, {share: 2%}]}
timeline:
  - {at: 10:00, set: {functions.Worker.error_rate: 100%}}
policies:
  As deployed: {}
";

    fn tree(text: &str) -> Node {
        parse(&Source { name: "x.yaml".into(), text: text.into() }).expect("valid")
    }

    fn path(name: &str) -> Key {
        Key { name: name.into(), place: Place::new(Origin::Argument(0), 0..name.len()) }
    }

    fn changed(name: &str, value: &str) -> Result<Node, Diagnostic> {
        let mut tree_changed = tree(FILE);
        let value = tree(&format!("v: {value}")).get("v").cloned();
        set(&mut tree_changed, &path(name), value)?;
        Ok(tree_changed)
    }

    /// A tree as JSON would write it, without quotes: enough to compare.
    fn written(node: &Node) -> String {
        match &node.value {
            Value::List(items) => {
                format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", "))
            }
            Value::Map(entries) => {
                let each = entries.iter().map(|(k, v)| format!("{}: {}", k.name, written(v)));
                format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
            }
            _ => node.raw().unwrap_or_default().to_string(),
        }
    }

    fn after(name: &str, value: &str, look_at: &str) -> String {
        let tree = changed(name, value).expect("set");
        get(&tree, look_at).map_or("nothing".to_string(), written)
    }

    #[test]
    fn a_value_replaces_what_was_there_a_mapping_as_a_whole() {
        assert_eq!(after("functions.Worker.Timeout", "9", "functions.Worker.Timeout"), "9");
        let policy = "queues.Jobs.RedrivePolicy";
        assert_eq!(after(policy, "{deadLetterTargetArn: D}", policy), "{deadLetterTargetArn: D}");
        assert_eq!(after(policy, "{a: 1}", &format!("{policy}.maxReceiveCount")), "nothing");
        let below_a_plain_one = "functions.Worker.Timeout.lognormal.mean";
        assert_eq!(
            after(below_a_plain_one, "1s", "functions.Worker"),
            "{Timeout: {lognormal: {mean: 1s}}, DeadLetterConfig: {TargetArn: Dead}}"
        );
    }

    #[test]
    fn what_was_missing_is_made_at_the_place_of_the_path() {
        let name = "functions.Worker.EventInvokeConfig.MaximumRetryAttempts";
        let tree = changed(name, "0").expect("set");
        let made = get(&tree, "functions.Worker.EventInvokeConfig").expect("made");
        assert_eq!(written(made), "{MaximumRetryAttempts: 0}");
        assert_eq!(made.place, path(name).place);
        assert_eq!(made.entries()[0].0.place, path(name).place);
        assert_eq!(after("account.concurrency", "5", "account"), "{concurrency: 5}");
        assert_eq!(after("seed", "5", "seed"), "5");
    }

    #[test]
    fn null_takes_away() {
        assert_eq!(
            after("functions.Worker.DeadLetterConfig", "null", "functions.Worker"),
            "{Timeout: 30}"
        );
        assert_eq!(after("callers.Orders", "null", "callers"), "{}");
        assert_eq!(
            after("callers.Orders.calls.0", "null", "callers.Orders.calls"),
            "[{share: 2%}]"
        );
        let before = written(&tree(FILE));
        for nothing in
            ["functions.Worker.a.b.c", "functions.Worker.Timeout.x", "account.concurrency"]
        {
            assert_eq!(written(&changed(nothing, "null").expect("set")), before);
        }
    }

    #[test]
    fn lists_are_counted_from_0_and_do_not_grow() {
        let share = "callers.Orders.calls.1.share";
        assert_eq!(after(share, "7%", "callers.Orders.calls"), "[{share: 1%}, {share: 7%}]");
        for beyond in ["callers.Orders.calls.2", "callers.Orders.calls.-1.share", "timeline.x.at"] {
            let mistake = changed(beyond, "1").expect_err("refused");
            assert!(mistake.message.starts_with("the list has no entry"), "{}", mistake.message);
        }
    }

    #[test]
    fn the_longest_name_of_the_file_that_fits_is_meant() {
        assert_eq!(
            after("queues.Jobs.fifo.DelaySeconds", "9", "queues.Jobs.fifo"),
            "{DelaySeconds: 9}"
        );
        let inside_a_policy =
            after("policies.As deployed.queues.Jobs.DelaySeconds", "1", "policies");
        assert_eq!(inside_a_policy, "{As deployed: {queues.Jobs.DelaySeconds: 1}}");
        let there = "timeline.0.set.functions.Worker.error_rate";
        assert_eq!(after(there, "5%", there), "5%");
        assert_eq!(
            after("timeline.0.set.functions.Worker.Timeout", "5", "timeline.0.set"),
            "{functions.Worker.error_rate: 100%, functions.Worker.Timeout: 5}"
        );
    }

    #[test]
    fn a_path_invents_no_resource() {
        let cases = [
            ("functions.Wroker.Timeout", Some("did you mean `Worker`?")),
            ("functions.Jobs.DelaySeconds", Some("did you mean `queues.Jobs.DelaySeconds`?")),
            ("queues.Nothing", None),
            ("topics.Shipped.x", None),
            ("policies.As deploied.x", Some("did you mean `As deployed`?")),
            ("function.Worker.Timeout", Some("did you mean `functions`?")),
            ("queues", None),
            ("queues..x", None),
            ("", None),
        ];
        for (name, help) in cases {
            let mistake = changed(name, "1").expect_err("refused");
            assert_eq!(mistake.help.as_deref(), help, "{name}: {}", mistake.message);
            assert_eq!(mistake.at, Some(path(name).place));
        }
        let deep = vec!["a"; 100_000].join(".");
        assert!(
            changed(&deep, "1").expect_err("refused").message.starts_with("the path is too long")
        );
    }

    #[test]
    fn nothing_stands_where_nothing_is() {
        let tree = tree(FILE);
        for nothing in
            ["", ".", "x", "functions.", "functions.Worker.Timeout.x", "timeline.9", "timeline.at"]
        {
            assert!(get(&tree, nothing).is_none(), "{nothing}");
        }
        assert_eq!(get(&tree, "timeline.0.at").map(written), Some("10:00".to_string()));
    }
}
