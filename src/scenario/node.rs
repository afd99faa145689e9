//! The scenario as a tree of nodes, each with its place in the text. The only user of the YAML crate.
//!
//! Owns what a text file is (UTF-8, at most 8 MiB), which part of YAML 1.2 is allowed, and what a
//! plain scalar means: the core schema, so `no` and `off` are words, `1:30` is text and `012` is 12.
//! Left out because each can say something other than what is seen, or cost more than it shows:
//! anchors and aliases, merge keys, tags but CloudFormation's `!Ref` and `!GetAtt`, a second
//! document, directives, nesting beyond 64. What the values mean is for `units` and the decoder.
//! The parser hands out events, so no depth of nesting can exhaust the stack.

use std::{collections::BTreeSet, ops::Range};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError};

use super::diagnostic::{Diagnostic, Origin, Place, line_column, quoted};

/// The largest file that is read.
pub const FILE_BYTES_MAX: usize = 8 << 20;
/// How deep lists and mappings may be nested.
pub const DEPTH_MAX: usize = 64;
/// How many values a file may have: what is more belongs into a CSV file. Keeps 8 MiB of `- a` in memory.
const NODES_MAX: usize = 500_000;
/// After so many mistakes reading stops; 20 are shown.
const MISTAKES_MAX: usize = 1_000;

/// A text and the name it is shown under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As the user gave it: `scenarios/x.yaml`.
    pub name: String,
    /// The text, with `\n` as the only line end and without a byte order mark.
    pub text: String,
}

/// Makes a text of the bytes of a file, or says why it is none. Line ends become `\n`, so that a file means
/// the same on every system. There is no text to underline yet, so a message begins with its place.
pub fn read(bytes: &[u8], name: &str) -> Result<Source, Vec<Diagnostic>> {
    let refuse = |at: usize, message: String, help: &str| {
        let before = &bytes[..at.min(bytes.len())];
        let before = String::from_utf8_lossy(before);
        let (line, column) = line_column(&one_line_end(&before), usize::MAX);
        Err(vec![Diagnostic::error(format!("{name}:{line}:{column}: {message}")).help(help)])
    };
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, allowed are {FILE_BYTES_MAX}", bytes.len());
        return refuse(0, message, "put long lists into a CSV file");
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return refuse(0, "not a UTF-8 text, but UTF-16".into(), "save the file as UTF-8");
    }
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        let message = format!("not a text file: a NUL byte at offset {at}");
        return refuse(at, message, "a scenario is a YAML file in UTF-8");
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            let message = format!("not a UTF-8 text: byte 0x{byte:02X} at offset {at}");
            return refuse(at, message, "save the file as UTF-8");
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let control =
        text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if let Some((at, c)) = control {
        let offset = at + bytes.len() - text.len();
        let message = format!("a control character U+{:04X} at offset {offset}", u32::from(c));
        return refuse(offset, message, "take it away, or write it as an escape in double quotes");
    }
    if text.trim().is_empty() {
        return refuse(0, "the file is empty".into(), "a scenario has callers and what they call");
    }
    Ok(Source { name: name.to_string(), text: one_line_end(text) })
}

fn one_line_end(text: &str) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_string()
    }
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value, by the core schema of YAML 1.2.
    pub value: Value,
    /// `!Ref` or `!GetAtt`, if it stands before the value.
    pub tag: Option<Tag>,
    /// How a scalar was written.
    pub style: Style,
    /// The text it was read from.
    pub place: Place,
    /// What a scalar that is not text was written as.
    raw: Box<str>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits; decimal, `0o17` or `0x1f`. See [`Node::raw`] for how it was written.
    Int(i64),
    /// Any other number, `.inf` and `.nan` among them.
    Float(f64),
    /// All else, and all in quotes.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text. No two names are equal.
    Map(Vec<(Key, Node)>),
}

/// The name of an entry of a mapping. A number or `true` as a name is the text it was written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub name: String,
    /// The text it was read from.
    pub place: Place,
}

/// The tags that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!Ref X`
    Ref,
    /// `!GetAtt X.Arn`
    GetAtt,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is; also what is no scalar.
    Plain,
    /// In quotes, single or double.
    Quoted,
    /// As a block after `|` or `>`.
    Block,
}

/// What a node that names a resource names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A resource of the file, by its name.
    Name(&'a str),
    /// Something outside, by its whole `arn:…`.
    Arn(&'a str),
}

impl Node {
    /// A text that stands at `place`.
    pub fn text(text: impl Into<String>, place: Place) -> Node {
        Node::new(Value::Text(text.into()), place)
    }
    /// A value that stands at `place`, written as YAML would write it.
    pub fn new(value: Value, place: Place) -> Node {
        let raw = match &value {
            Value::Null => "null".into(),
            Value::Bool(flag) => flag.to_string().into(),
            Value::Int(number) => number.to_string().into(),
            Value::Float(number) => number.to_string().into(),
            Value::Text(_) | Value::List(_) | Value::Map(_) => "".into(),
        };
        Node { value, tag: None, style: Style::Plain, place, raw }
    }
    /// A plain scalar as it would be read if it stood at `place`.
    pub fn plain(written: &str, place: Place) -> Node {
        Node { raw: written.into(), ..Node::new(meaning(written), place) }
    }
    /// A mapping without entries.
    pub fn empty_map(place: Place) -> Node {
        Node::new(Value::Map(Vec::new()), place)
    }
    /// The text of a scalar, escapes and quotes resolved; `None` for lists and mappings.
    pub fn raw(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(&self.raw),
            Value::List(_) | Value::Map(_) => None,
        }
    }
    /// The entry of a mapping; `None` also if this is no mapping.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }
    /// The entries of a mapping; none if this is no mapping.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
    /// Whether nothing was written.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }
    /// The kind of value in a word or two, with its article, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "an empty value",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
    /// The node as it may be shown in a message: a scalar as written, cut; else its kind.
    pub fn shown(&self) -> String {
        match self.raw() {
            None | Some("") if !matches!(self.value, Value::Text(_)) => self.kind().to_string(),
            Some(raw) if self.style == Style::Quoted => quoted(&format!("\"{raw}\"")),
            Some(raw) => quoted(raw),
            None => self.kind().to_string(),
        }
    }
    /// The node in a line, as it may be read: a mapping or list as flow.
    pub fn flow(&self) -> String {
        match &self.value {
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Node::flow).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let entry = |(key, value): &(Key, Node)| format!("{}: {}", key.name, value.flow());
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Value::Null => "null".to_owned(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => {
                self.raw().unwrap_or_default().to_owned()
            }
        }
    }
    /// The resource this names: a plain name, `!Ref X`, `!GetAtt X.Arn`, their long forms
    /// `{Ref: X}` and `{Fn::GetAtt: [X, Arn]}`, or a whole `arn:…`. Whether it exists is not asked.
    pub fn as_reference(&self) -> Option<Reference<'_>> {
        match (&self.value, self.tag) {
            (Value::Text(text), None) if text.starts_with("arn:") => Some(Reference::Arn(text)),
            (Value::Text(text), None | Some(Tag::Ref)) => name_of(text),
            (Value::Text(text), Some(Tag::GetAtt)) => name_of(before_attribute(text)),
            (Value::List(parts), Some(Tag::GetAtt)) => first_of(parts),
            (Value::Map(entries), None) => match entries.as_slice() {
                [(key, node)] if node.tag.is_none() => match (key.name.as_str(), &node.value) {
                    ("Ref", Value::Text(text)) => name_of(text),
                    ("Fn::GetAtt", Value::Text(text)) => name_of(before_attribute(text)),
                    ("Fn::GetAtt", Value::List(parts)) => first_of(parts),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
}

fn name_of(text: &str) -> Option<Reference<'_>> {
    if text.is_empty() { None } else { Some(Reference::Name(text)) }
}

/// `Jobs` of `Jobs.Arn`, `Jobs.fifo` of `Jobs.fifo.Arn` and of `Jobs.fifo`.
fn before_attribute(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((name, attribute)) if attribute != "fifo" => name,
        _ => text,
    }
}

/// The name in `[X, Arn]`.
fn first_of(parts: &[Node]) -> Option<Reference<'_>> {
    match parts {
        [Node { value: Value::Text(name), tag: None, .. }, Node { value: Value::Text(_), .. }] => {
            name_of(name)
        }
        _ => None,
    }
}

/// Reads the whole of a scenario file; its top must be a mapping.
pub fn parse(source: &Source) -> Result<Node, Vec<Diagnostic>> {
    let node = parse_part(source, Origin::File, 0..source.text.len())?;
    if matches!(node.value, Value::Map(_)) {
        return Ok(node);
    }
    let message = match &node.value {
        Value::Null => "the file is empty but for comments".to_string(),
        _ => format!("the file is {}, not a scenario", node.kind()),
    };
    Err(vec![
        Diagnostic::error(message)
            .at(node.place)
            .label("a scenario is a mapping: `functions:`, `callers:` and so on"),
    ])
}

/// Reads a part of a text, such as what follows `=` in `--set`, as one value. Nothing at all is `null`.
pub fn parse_part(
    source: &Source,
    origin: Origin,
    part: Range<usize>,
) -> Result<Node, Vec<Diagnostic>> {
    let Some(text) = source.text.get(part.clone()) else {
        return Err(vec![Diagnostic::error("the text ends too early")]);
    };
    let mut reader = Reader::new(text, origin, part.start);
    if let Err(mistake) = reader.refuse_directives().and_then(|()| reader.run()) {
        reader.mistakes.push(mistake);
    }
    if reader.mistakes.is_empty() {
        let end = Place::new(origin, part.start..part.start);
        Ok(reader.root.unwrap_or_else(|| Node::new(Value::Null, end)))
    } else {
        Err(reader.mistakes)
    }
}

/// Builds the tree from the parser's events; what is still open is on a stack of its own.
struct Reader<'a> {
    text: &'a str,
    origin: Origin,
    /// Where `text` begins in its source.
    offset: usize,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
    mistakes: Vec<Diagnostic>,
    /// Anchors and aliases that have been reported.
    anchors: BTreeSet<String>,
    /// Where the lines end; found when first needed.
    lines: Option<Vec<usize>>,
}

/// A list or mapping whose end has not been seen.
enum Open {
    List { items: Vec<Node>, tag: Option<Tag>, start: usize },
    Map { entries: Vec<(Key, Node)>, key: Option<Key>, tag: Option<Tag>, start: usize },
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, origin: Origin, offset: usize) -> Reader<'a> {
        Reader {
            text,
            origin,
            offset,
            open: Vec::new(),
            root: None,
            nodes: 0,
            documents: 0,
            mistakes: Vec::new(),
            anchors: BTreeSet::new(),
            lines: None,
        }
    }

    fn place(&self, range: Range<usize>) -> Place {
        Place::new(self.origin, self.offset + range.start..self.offset + range.end)
    }

    /// A directive can stand only before the document, among blank lines and comments.
    fn refuse_directives(&mut self) -> Result<(), Diagnostic> {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let words = line.trim();
            if line.starts_with('%') {
                let version = words.strip_prefix("%YAML").map(str::trim);
                let version = version.map(|v| v.split(" #").next().unwrap_or(v).trim());
                if version != Some("1.2") {
                    let place = self.place(at..at + words.len());
                    return Err(Diagnostic::error(format!("directive {}", quoted(words)))
                        .at(place)
                        .label("the only one allowed is `%YAML 1.2`")
                        .help("take the line away"));
                }
            } else if !words.is_empty() && !words.starts_with('#') {
                break;
            }
            at += line.len();
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), Diagnostic> {
        let mut options = granit_parser::options! {
            flow_nesting_limit: DEPTH_MAX,
            block_nesting_limit: DEPTH_MAX,
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
        };
        options.set_emit_comments(false);
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, span) = event.map_err(|error| self.not_yaml(&error))?;
            let start = span.start.byte_offset().unwrap_or_default();
            let range = start..span.end.byte_offset().unwrap_or(start).max(start);
            let tag_range = span.tag_span().and_then(|t| t.byte_range()).unwrap_or(range.clone());
            self.on(event, range, tag_range)?;
            if self.mistakes.len() >= MISTAKES_MAX {
                break;
            }
        }
        Ok(())
    }

    /// An `Err` ends the reading; a mistake after which reading makes sense goes to `mistakes`.
    fn on(
        &mut self,
        event: Event<'_>,
        range: Range<usize>,
        tag_range: Range<usize>,
    ) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Diagnostic::error("a second document begins")
                        .at(self.place(range))
                        .label("one scenario per file")
                        .help("take `---` away, or make two files of it"));
                }
            }
            Event::Anchor(_, name) => self.no_anchors(&format!("&{name}"), range),
            Event::Alias(_) => {
                let name = self.text.get(range.clone()).unwrap_or("*").to_string();
                self.no_anchors(&name, range.clone());
                self.put(Node::new(Value::Null, self.place(range)))?;
            }
            Event::UnresolvedAlias(name) => {
                self.no_anchors(&format!("*{name}"), range.clone());
                self.put(Node::new(Value::Null, self.place(range)))?;
            }
            Event::Scalar(text, style, _, tag) => {
                let tag = self.tag(tag.as_deref(), tag_range);
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                // The parser says `~` where nothing is written.
                let text = if range.is_empty() { "".into() } else { text };
                let value = match (style, tag) {
                    (Style::Plain, None) => meaning(&text),
                    _ => Value::Text(text.to_string()),
                };
                let raw = match value {
                    Value::Text(_) => "".into(),
                    _ => text.into(),
                };
                self.put(Node { value, tag, style, place: self.place(range), raw })?;
            }
            Event::SequenceStart(_, _, tag) => {
                let tag = self.tag(tag.as_deref(), tag_range);
                self.begin(Open::List { items: Vec::new(), tag, start: range.start })?;
            }
            Event::MappingStart(_, _, tag) => {
                let tag = self.tag(tag.as_deref(), tag_range);
                let start = range.start;
                self.begin(Open::Map { entries: Vec::new(), key: None, tag, start })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range.end)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, open: Open) -> Result<(), Diagnostic> {
        let (Open::List { start, .. } | Open::Map { start, .. }) = open;
        if self.open.len() >= DEPTH_MAX {
            return Err(too_deep().at(self.place(start..start + 1)));
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Diagnostic> {
        let node = match self.open.pop() {
            None => return Ok(()),
            Some(Open::List { items, tag, start }) => {
                let place = self.place(start..self.last_text(start, end));
                Node { tag, ..Node::new(Value::List(items), place) }
            }
            Some(Open::Map { entries, tag, start, .. }) => {
                self.refuse_twins(&entries);
                let place = self.place(start..self.last_text(start, end));
                Node { tag, ..Node::new(Value::Map(entries), place) }
            }
        };
        self.put(node)
    }

    /// A block ends where the next thing begins; what is shown of it ends with its text.
    fn last_text(&self, start: usize, end: usize) -> usize {
        self.text.get(start..end).map_or(end, |text| start + text.trim_end().len())
    }

    fn put(&mut self, node: Node) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(Diagnostic::error(format!("more than {NODES_MAX} values"))
                .at(node.place)
                .help("put long lists into a CSV file"));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                Some(key) => {
                    let nothing = node.place.start == node.place.end;
                    let place = if nothing { key.place } else { node.place };
                    entries.push((key, Node { place, ..node }));
                }
                None => {
                    let name = match (node.raw(), node.is_null()) {
                        (Some(raw), false) => raw.to_string(),
                        _ => {
                            self.mistakes.push(
                                Diagnostic::error(format!("{} as a key", node.shown()))
                                    .at(node.place)
                                    .label("a key is a name, and needs one"),
                            );
                            String::new()
                        }
                    };
                    if name == "<<" && node.style == Style::Plain {
                        self.mistakes.push(
                            Diagnostic::error("a merge key `<<`")
                                .at(node.place)
                                .label("merge keys are not allowed")
                                .help("write the entries out"),
                        );
                    }
                    *key = Some(Key { name, place: node.place });
                }
            },
        }
        Ok(())
    }

    /// Two entries of one name would mean that one of them is silently lost.
    fn refuse_twins(&mut self, entries: &[(Key, Node)]) {
        let mut order: Vec<&Key> = entries.iter().map(|(key, _)| key).collect();
        order.sort_by(|a, b| a.name.cmp(&b.name).then(a.place.cmp(&b.place)));
        let mut first: Option<&Key> = None;
        for key in order {
            match first {
                Some(twin) if twin.name == key.name => {
                    if self.mistakes.len() >= MISTAKES_MAX {
                        return;
                    }
                    if key.name.is_empty() && key.place.start == key.place.end {
                        continue; // the missing key has been reported
                    }
                    let name = quoted(&key.name);
                    let (one, other) = (self.line(twin.place), self.line(key.place));
                    self.mistakes.push(
                        Diagnostic::error(format!(
                            "the key {name} stands twice, in lines {one} and {other}"
                        ))
                        .at(key.place)
                        .label("a key stands once in a mapping")
                        .also(twin.place, "first here"),
                    );
                }
                _ => first = Some(key),
            }
        }
    }

    /// The line of a place, from 1. One table for all: a file may have a thousand twins far apart.
    fn line(&mut self, place: Place) -> usize {
        let text = self.text;
        let lines = self.lines.get_or_insert_with(|| {
            let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
            ends.map(|(at, _)| at).collect()
        });
        lines.partition_point(|end| *end < place.range().start.saturating_sub(self.offset)) + 1
    }

    fn tag(&mut self, tag: Option<&granit_parser::Tag>, range: Range<usize>) -> Option<Tag> {
        let tag = tag?;
        match (tag.handle(), tag.suffix()) {
            ("!", "Ref") => return Some(Tag::Ref),
            ("!", "GetAtt") => return Some(Tag::GetAtt),
            _ => {}
        }
        let written = self.text.get(range.clone()).unwrap_or("!");
        let written = written.split_whitespace().next().unwrap_or("!");
        self.mistakes.push(
            Diagnostic::error(format!("the tag {}", quoted(written)))
                .at(self.place(range))
                .label("the only tags allowed are `!Ref` and `!GetAtt`")
                .help("write the value itself, without a tag"),
        );
        None
    }

    /// Each is reported where it is first met.
    fn no_anchors(&mut self, name: &str, range: Range<usize>) {
        if !self.anchors.insert(name.to_string()) {
            return;
        }
        self.mistakes.push(
            Diagnostic::error(format!("the anchor or alias {}", quoted(name)))
                .at(self.place(range))
                .label("anchors and aliases are not allowed")
                .help("write the value out; if it is text, put it in quotes"),
        );
    }

    fn not_yaml(&self, error: &ScanError) -> Diagnostic {
        let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len());
        let place = self.place(at..at + self.text[at..].chars().next().map_or(0, char::len_utf8));
        let diagnostic = match error.kind() {
            ErrorKind::RecursionLimitExceeded => return too_deep().at(place),
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation => Diagnostic::error("a tab in the indentation")
                .label("indent with blanks")
                .help("replace the tab by blanks"),
            ErrorKind::UnclosedQuotedScalar => Diagnostic::error("a quote without its end")
                .label("the quote opened here")
                .help("close it, or take it away"),
            ErrorKind::UnclosedFlowCollection { open } => {
                Diagnostic::error(format!("a `{open}` without its end")).label("opened here")
            }
            ErrorKind::UnexpectedCharacter { character } => {
                let character = character.to_string();
                Diagnostic::error(format!("no value begins with {}", quoted(&character)))
                    .help("put the text in quotes")
            }
            _ => {
                let help = if self.text.trim_start().starts_with('[') && self.text.contains(" = ") {
                    "this looks like TOML; a scenario is YAML: `name: value`"
                } else {
                    "look at the indentation, and put text with `: `, ` #` or `{` in quotes"
                };
                Diagnostic::error(format!("not valid YAML: {}", error.info())).help(help)
            }
        };
        diagnostic.at(place)
    }
}

fn too_deep() -> Diagnostic {
    Diagnostic::error(format!("nested deeper than {DEPTH_MAX}"))
        .label(format!("lists and mappings may be nested {DEPTH_MAX} deep"))
}

/// What a plain scalar means by the core schema of YAML 1.2.
fn meaning(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let negative = text.starts_with('-');
        return Value::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            // What does not fit in an Int is a number all the same; nobody reads its value.
            return i64::from_str_radix(digits, radix)
                .map_or(Value::Float(f64::INFINITY), Value::Int);
        }
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Int(number),
            (Err(_), Ok(number)) => Value::Float(number),
            (Err(_), Err(_)) => Value::Text(text.to_string()),
        };
    }
    match text.parse::<f64>() {
        Ok(number) if is_decimal(unsigned) => Value::Float(number),
        _ => Value::Text(text.to_string()),
    }
}

/// `1.`, `.5`, `1.5`, `1e3`, `1.5E-3`, without a sign: what Rust reads beyond that (`inf`, `nan`) is text.
fn is_decimal(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "x.yaml".into(), text: text.into() }
    }

    fn value(text: &str) -> Value {
        let source = source(&format!("v: {text}\n"));
        parse(&source).expect("valid").get("v").expect("there").value.clone()
    }

    /// The messages of all mistakes, with the text each is about.
    fn mistakes(text: &str) -> Vec<String> {
        let source = source(text);
        let found = parse(&source).expect_err("refused");
        found
            .iter()
            .map(|d| {
                let at = d.at.map_or("", |at| &text[at.range()]);
                format!("{} | {at}", d.message)
            })
            .collect()
    }

    #[test]
    fn plain_scalars_mean_what_the_core_schema_says() {
        let text = |t: &str| Value::Text(t.to_string());
        let cases = [
            ("no", text("no")),
            ("off", text("off")),
            ("yes", text("yes")),
            ("1:30", text("1:30")),
            ("10:00", text("10:00")),
            ("2026-11-23T09:00Z", text("2026-11-23T09:00Z")),
            ("1_000", text("1_000")),
            ("1,000", text("1,000")),
            ("１２", text("１２")),
            ("inf", text("inf")),
            ("nan", text("nan")),
            ("0x", text("0x")),
            ("+-5", text("+-5")),
            (".", text(".")),
            ("1e", text("1e")),
            ("012", Value::Int(12)),
            ("-1", Value::Int(-1)),
            ("+7", Value::Int(7)),
            ("0x10", Value::Int(16)),
            ("0o17", Value::Int(15)),
            ("1.10", Value::Float(1.1)),
            ("1e3", Value::Float(1000.0)),
            (".5", Value::Float(0.5)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("1e309", Value::Float(f64::INFINITY)),
            ("99999999999999999999", Value::Float(1e20)),
            ("true", Value::Bool(true)),
            ("~", Value::Null),
            ("", Value::Null),
            ("\"12\"", text("12")),
            ("'null'", text("null")),
        ];
        for (written, expected) in cases {
            assert_eq!(value(written), expected, "{written}");
        }
        assert!(matches!(value(".nan"), Value::Float(n) if n.is_nan()));
    }

    #[test]
    fn the_text_of_a_scalar_is_kept() {
        let tree = parse(&source("a: 012\nb: \"1.10\"\nc: 1.10\nd: |\n  x\n")).expect("valid");
        let raw = |name: &str| tree.get(name).and_then(Node::raw).expect("a scalar").to_string();
        assert_eq!(["a", "b", "c", "d"].map(raw), ["012", "1.10", "1.10", "x\n"]);
        let style = |name: &str| tree.get(name).expect("there").style;
        assert_eq!(["a", "b", "d"].map(style), [Style::Plain, Style::Quoted, Style::Block]);
    }

    #[test]
    fn an_empty_value_stands_where_its_key_does() {
        let text = "a:\nb: {c, d: }\ne: !Ref\n";
        let tree = parse(&source(text)).expect("valid");
        let empty = |name: &str| tree.get(name).expect("there");
        assert_eq!((empty("a").raw(), &text[empty("a").place.range()]), (Some(""), "a"));
        assert_eq!(empty("a").shown(), "an empty value");
        let both = empty("b").entries().iter().map(|(_, node)| &text[node.place.range()]);
        assert_eq!(both.collect::<Vec<_>>(), ["c", "d"]);
        assert_eq!((empty("e").as_reference(), empty("e").tag), (None, Some(Tag::Ref)));
    }

    #[test]
    fn every_node_knows_its_place() {
        let text = "größe: {Timeout: 30, a: [x, 'y']}\nb:\n  c: 1\n\n# end\nd: !Ref X\n";
        let tree = parse(&source(text)).expect("valid");
        let written = |node: &Node| text[node.place.range()].to_string();
        let size = tree.get("größe").expect("there");
        assert_eq!(written(size), "{Timeout: 30, a: [x, 'y']}");
        assert_eq!(written(size.get("Timeout").expect("there")), "30");
        assert_eq!(written(size.get("a").expect("there")), "[x, 'y']");
        assert!(written(tree.get("b").expect("there")).starts_with("c: 1"));
        assert_eq!(written(tree.get("d").expect("there")), "X");
        let keys: Vec<_> = tree.entries().iter().map(|(k, _)| &text[k.place.range()]).collect();
        assert_eq!(keys, ["größe", "b", "d"]);
    }

    #[test]
    fn a_part_of_an_argument_is_read_in_its_place() {
        let text = "functions.F.error_rate={a: [1, 7x]}";
        let node = parse_part(&source(text), Origin::Argument(3), 23..text.len()).expect("valid");
        let Some(Node { value: Value::List(items), .. }) = node.get("a") else { panic!("a list") };
        assert_eq!(&text[items[1].place.range()], "7x");
        assert_eq!(items[1].place.origin, Origin::Argument(3));
        assert!(parse_part(&source(text), Origin::File, 23..23).expect("valid").is_null());
        assert!(parse_part(&source(text), Origin::File, 30..99).is_err());
        let twins = parse_part(&source("ab={c: 1, c: 2}"), Origin::Argument(0), 3..15);
        assert_eq!(twins.expect_err("twins")[0].at.map(|at| at.range()), Some(10..11));
    }

    #[test]
    fn references_have_many_spellings() {
        use Reference::{Arn, Name};
        let cases = [
            ("Failed", Some(Name("Failed"))),
            ("\"Failed\"", Some(Name("Failed"))),
            ("!Ref Failed", Some(Name("Failed"))),
            ("!GetAtt Failed.Arn", Some(Name("Failed"))),
            ("!GetAtt Jobs.fifo.Arn", Some(Name("Jobs.fifo"))),
            ("!GetAtt Jobs.fifo", Some(Name("Jobs.fifo"))),
            ("!GetAtt [Failed, Arn]", Some(Name("Failed"))),
            ("{Ref: Failed}", Some(Name("Failed"))),
            ("{Fn::GetAtt: [Failed, Arn]}", Some(Name("Failed"))),
            ("{\"Fn::GetAtt\": \"Failed.Arn\"}", Some(Name("Failed"))),
            ("arn:aws:sqs:eu-west-1:1:q", Some(Arn("arn:aws:sqs:eu-west-1:1:q"))),
            ("!Ref 12", Some(Name("12"))),
            ("12", None),
            ("", None),
            ("\"\"", None),
            ("[Failed]", None),
            ("{Ref: Failed, x: 1}", None),
            ("{Ref: {Ref: Failed}}", None),
        ];
        for (written, expected) in cases {
            let source = source(&format!("v: {written}\n"));
            let tree = parse(&source).expect("valid");
            let node = tree.get("v").expect("there");
            assert_eq!(node.as_reference(), expected, "{written}");
        }
    }

    #[test]
    fn a_key_stands_once_however_it_is_quoted() {
        let text = "f:\n  concurrency: 10\n  \"concurrency\": 1000\n";
        assert_eq!(
            mistakes(text),
            ["the key `concurrency` stands twice, in lines 2 and 3 | \"concurrency\""]
        );
        assert_eq!(mistakes("{1: a, '1': b}").len(), 1);
        assert_eq!(mistakes("a: 1\na: 2\na: 3\n").len(), 2);
    }

    #[test]
    fn keys_are_names() {
        assert_eq!(mistakes("a: 1\n[b]: 2\n"), ["a list as a key | [b]"]);
        assert_eq!(mistakes("{a: b}: 2\n").len(), 1);
        assert_eq!(mistakes("~: 2\n"), ["`~` as a key | ~"]);
        assert_eq!(mistakes(": 2\n").len(), 1);
        let tree = parse(&source("choice: {1: 50%, true: 50%}\n")).expect("valid");
        let choice = tree.get("choice").expect("there");
        let keys: Vec<_> = choice.entries().iter().map(|(k, _)| k.name.as_str()).collect();
        assert_eq!(keys, ["1", "true"]);
    }

    #[test]
    fn anchors_aliases_merge_keys_and_other_tags_are_refused_all_at_once() {
        assert_eq!(
            mistakes("a: &a [1, *a]\nb: *nope\n<<: x\nc: !!python/object/apply:os.system [id]\n"),
            [
                "the anchor or alias `&a` | &a",
                "the anchor or alias `*a` | *a",
                "the anchor or alias `*nope` | *nope",
                "a merge key `<<` | <<",
                "the tag `!!python/object/apply:os.system` | !!python/object/apply:os.system",
            ]
        );
        assert_eq!(mistakes("a: !include file:///etc/passwd\n"), ["the tag `!include` | !include"]);
        assert_eq!(mistakes("a: !Sub x\nb: ! x\nc: !!str x\nd: !<x> y\n").len(), 4);
        assert_eq!(mistakes("a: !Ref\n  - &x 1\n").len(), 1);
    }

    #[test]
    fn nine_to_the_ninth_is_nine_anchors_and_eight_aliases() {
        let mut text = "a: &a [\"lol\",\"lol\"]\n".to_string();
        for (n, c) in ('b'..='i').enumerate() {
            let alias = format!("*{}", char::from(b'a' + n as u8));
            let nine = vec![alias; 9].join(",");
            text.push_str(&format!("{c}: &{c} [{nine}]\n"));
        }
        assert_eq!(mistakes(&text).len(), 9 + 8);
    }

    #[test]
    fn depth_is_bounded_without_a_stack() {
        let nested = |n: usize| format!("a: {}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&source(&nested(DEPTH_MAX - 1))).is_ok());
        assert_eq!(mistakes(&nested(DEPTH_MAX)), ["nested deeper than 64 | ["]);
        assert_eq!(mistakes(&nested(100_000)), ["nested deeper than 64 | ["]);
        assert_eq!(mistakes(&"[".repeat(1_000_000)), ["nested deeper than 64 | ["]);
        let block: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert!(mistakes(&block)[0].starts_with("nested deeper than 64"));
        assert!(mistakes(&format!("{}x", "- ".repeat(100_000)))[0].starts_with("nested deeper"));
        assert!(mistakes(&format!("{}x", "? ".repeat(100_000)))[0].starts_with("nested deeper"));
    }

    #[test]
    fn one_document_and_no_directive() {
        assert!(parse(&source("---\na: 1\n...\n")).is_ok());
        assert!(parse(&source("# c\n%YAML 1.2 # c\n---\na: 1\n")).is_ok());
        assert_eq!(mistakes("a: 1\n---\na: 2\n"), ["a second document begins | ---"]);
        assert_eq!(mistakes("%YAML 9.9\n---\na: 1\n"), ["directive `%YAML 9.9` | %YAML 9.9"]);
        assert_eq!(mistakes("%TAG ! tag:x,2000:\n---\na: 1\n").len(), 1);
    }

    #[test]
    fn what_is_no_yaml_is_underlined_where_it_began() {
        assert_eq!(mistakes("name: \"abc\nsources: [\n"), ["a quote without its end | \""]);
        assert_eq!(mistakes("a: [1, 2\n"), ["a `[` without its end | ["]);
        let toml = source("[scenario]\nduration = \"60s\"\n[[sources]]\nname = \"src\"\n");
        let found = parse(&toml).expect_err("refused");
        assert!(found[0].help.as_deref().is_some_and(|h| h.contains("TOML")), "{found:?}");
        assert!(mistakes("a:\n\tb: 1\n")[0].contains("tab"), "{:?}", mistakes("a:\n\tb: 1\n"));
        assert_eq!(mistakes("- a\n").len(), 1);
        assert_eq!(mistakes("# nothing\n# here\n"), ["the file is empty but for comments | "]);
    }

    fn refused(bytes: &[u8]) -> String {
        read(bytes, "x.yaml").expect_err("refused").remove(0).message
    }

    #[test]
    fn a_file_is_a_text_in_utf_8() {
        assert_eq!(refused(b""), "x.yaml:1:1: the file is empty");
        assert_eq!(refused(b" \n\t\n   \n"), "x.yaml:1:1: the file is empty");
        let latin_1 = b"a: 1\r\nname: caf\xe9\n";
        assert_eq!(refused(latin_1), "x.yaml:2:10: not a UTF-8 text: byte 0xE9 at offset 15");
        assert!(refused(b"name: \"s\0rc\"\n").contains("1:9: not a text file: a NUL byte"));
        assert!(refused(b"\x7fELF\x01\x01\x01\0").contains("not a text file"));
        assert!(refused(b"a: \x1b[31m").contains("U+001B at offset 3"));
        assert!(refused(b"\xff\xfea\0").contains("UTF-16"));
        assert!(refused(&vec![b'a'; FILE_BYTES_MAX + 1]).contains("8388609 bytes"));
    }

    #[test]
    fn a_byte_order_mark_and_other_line_ends_change_nothing() {
        let plain = read(b"a:\n  b: 1\n", "x").expect("text");
        for bytes in [&b"\xef\xbb\xbfa:\n  b: 1\n"[..], b"a:\r\n  b: 1\r\n", b"a:\r  b: 1\r"] {
            assert_eq!(read(bytes, "x").expect("text"), plain);
        }
    }

    #[test]
    fn a_million_small_values_are_refused_and_not_stored() {
        let text = format!("a:\n{}", "- 1\n".repeat(2_000_000));
        assert_eq!(mistakes(&text), ["more than 500000 values | 1"]);
        let twins = "a: 1\n".repeat(100_000);
        assert_eq!(mistakes(&twins).len(), MISTAKES_MAX);
    }
}
