//! What the names of the file stand for, and references to them.

use std::collections::BTreeMap;

use super::{Body, Cx};
use crate::{
    model::vocabulary::{DependencyId, FunctionId, QueueId, SinkId, StreamId, Target},
    scenario::{
        diagnostic::{Diagnostic, Place, quoted, suggest},
        node::{Node, Reference, Value},
        properties::{KINDS, Kind},
        units,
    },
};

/// The most resources of a kind: far more than anyone can look at.
const NAMED_MAX: usize = 5_000;

/// The names of a file.
#[derive(Debug, Default)]
pub struct Names {
    known: BTreeMap<String, Named>,
}

#[derive(Clone, Copy, Debug)]
struct Named {
    kind: Kind,
    /// The position among those of its kind; of buses, buckets and topics among all of them, in the order of `KINDS`.
    at: usize,
    place: Place,
}

impl Names {
    /// The names of `tree`; mistakes in them are reported.
    pub fn of(report: &super::Report, tree: &Node) -> Names {
        let mut names = Names::default();
        let mut lower: BTreeMap<String, (String, Place)> = BTreeMap::new();
        let mut sinks = 0;
        for kind in KINDS {
            let section = kind.section();
            let Some(body) = tree.get(section) else { continue };
            if !matches!(body.value, Value::Map(_)) {
                continue; // reported where the section is read
            }
            if body.entries().len() > NAMED_MAX {
                let message = format!("more than {NAMED_MAX} {section}");
                report.say(Diagnostic::error(message).at(body.place).path(section));
            }
            let sink = matches!(kind, Kind::Topic | Kind::Bus | Kind::Bucket);
            let first = if sink { sinks } else { 0 };
            for (at, (key, _)) in body.entries().iter().take(NAMED_MAX).enumerate() {
                let path = format!("{section}.{}", key.name);
                let fifo = matches!(kind, Kind::Queue | Kind::Topic);
                if let Err(mistake) = units::name(key, fifo) {
                    report.say(mistake.path(path));
                } else if kind == Kind::Topic && key.name.ends_with(".fifo") {
                    let message = format!("{}: FIFO is not yet in this version", quoted(&key.name));
                    report.say(Diagnostic::error(message).at(key.place).path(path));
                } else if key.name == "account" {
                    let message = "`account` is a word of the language";
                    let mistake = Diagnostic::error(message).at(key.place).path(path);
                    report.say(mistake.label("a name of your own"));
                } else if let Some(twin) = names.known.get(&key.name) {
                    let message = format!("the name {} stands twice", quoted(&key.name));
                    let mistake = Diagnostic::error(message).at(key.place).path(path);
                    let label = "names are unique in the file";
                    report.say(mistake.label(label).also(twin.place, "first here"));
                } else if let Some((twin, place)) =
                    lower.insert(key.name.to_lowercase(), (key.name.clone(), key.place))
                {
                    let message = format!(
                        "{} and {} differ only in the case of letters",
                        quoted(&twin),
                        quoted(&key.name)
                    );
                    let warning = Diagnostic::warning(message).at(key.place).path(path);
                    report.say(warning.also(place, "first here"));
                }
                let named = Named { kind, at: first + at, place: key.place };
                names.known.entry(key.name.clone()).or_insert(named);
            }
            if sink {
                sinks += body.entries().len().min(NAMED_MAX);
            }
        }
        names
    }

    /// The names of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.known
            .iter()
            .filter(move |(_, named)| named.kind == kind)
            .map(|(name, _)| name.as_str())
    }

    /// Where a name stands.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.known.get(name).map(|named| named.place)
    }

    /// The kind of what a reference names, if it is in the file.
    pub fn kind_of(&self, node: &Node) -> Option<Kind> {
        match node.as_reference()? {
            Reference::Name(name) => self.known.get(name).map(|named| named.kind),
            Reference::Arn(_) => None,
        }
    }

    /// What `node`, at `path`, refers to; `None`, and reported, if that is not of one of `kinds`.
    pub fn resolve(
        &self,
        cx: &Cx<'_>,
        node: &Node,
        path: &str,
        kinds: &[Kind],
        outside: bool,
    ) -> Option<Target> {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        let allowed = match words.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("the name of {} or {last}", others.join(", "))
            }
            _ => format!("the name of {}", words.concat()),
        };
        let allowed = if outside { format!("{allowed}, or a whole `arn:…`") } else { allowed };
        let mistake = |message: String| {
            Diagnostic::error(message).at(node.place).path(path).label(allowed.clone())
        };
        match node.as_reference() {
            None => {
                cx.say(mistake(format!("{} is not a reference", node.shown())));
                None
            }
            Some(Reference::Arn(_)) if outside => Some(Target::Outside),
            Some(Reference::Arn(_)) => {
                let message = format!("{} is outside the file", node.shown());
                cx.say(mistake(message));
                None
            }
            Some(Reference::Name(name)) => match self.known.get(name) {
                None => {
                    let of_kinds =
                        self.known.iter().filter(|(_, named)| kinds.contains(&named.kind));
                    let near = suggest(name, of_kinds.map(|(name, _)| name.as_str()));
                    let unknown = mistake(format!("nothing here is called {}", quoted(name)));
                    cx.say(unknown.did_you_mean(near));
                    None
                }
                Some(named) if kinds.contains(&named.kind) => named.target(),
                Some(named) => {
                    let message = format!("{} is {}", quoted(name), named.kind.word());
                    cx.say(mistake(message).also(named.place, "it stands here"));
                    None
                }
            },
        }
    }
}

impl Named {
    fn target(&self) -> Option<Target> {
        match self.kind {
            Kind::Function => Some(Target::Function(FunctionId::at(self.at))),
            Kind::Queue => Some(Target::Queue(QueueId::at(self.at))),
            Kind::Topic | Kind::Bus | Kind::Bucket => Some(Target::Sink(SinkId::at(self.at))),
            Kind::Stream => Some(Target::Stream(StreamId::at(self.at))),
            Kind::Dependency => Some(Target::Dependency(DependencyId::at(self.at))),
            Kind::Mapping
            | Kind::Pipe
            | Kind::Alarm
            | Kind::Caller
            | Kind::Subscription
            | Kind::Rule => None,
        }
    }
}

/// The bodies of a section, in file order. One that is no mapping is reported, and stands as nothing.
pub fn bodies<'a>(file: &Body<'a>, section: &str) -> Vec<(&'a str, Option<Body<'a>>)> {
    let Some(node) = file.get(section) else { return Vec::new() };
    if !matches!(node.value, Value::Map(_)) {
        if !node.is_null() {
            let message = format!("{} is not a mapping", node.shown());
            let mistake = Diagnostic::error(message).at(node.place);
            file.wrong(section, mistake.label("names, each with its properties"));
        }
        return Vec::new();
    }
    let rows = file.row(section).rows();
    let each = node.entries().iter().take(NAMED_MAX).map(|(key, node)| {
        let path = format!("{section}.{}", key.name);
        (key.name.as_str(), Body::open(file.cx, node, path, key.place, rows))
    });
    each.collect()
}
