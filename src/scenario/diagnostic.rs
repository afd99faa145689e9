//! What is wrong with a scenario, where, what would be right; and how that is shown to people.
//!
//! Owns places in the texts a scenario is made of, the list of those texts, the message with its
//! underlined excerpt, and the "did you mean". It decides nothing: who finds a mistake says so.
//! A message may carry anything from a hostile file, so whatever is shown is escaped and cut.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::node::Source;

/// Which of the texts of a scenario a piece of it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The scenario file.
    File,
    /// The n-th argument of the command line that changes the scenario, from 0.
    Argument(u16),
}

/// A range of bytes of one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The text.
    pub origin: Origin,
    /// The first byte.
    pub start: u32,
    /// One past the last byte; never below `start`.
    pub end: u32,
}

impl Place {
    /// The bytes `range` of the text `origin`. Texts are far below 4 GiB; what is beyond stops there.
    pub fn new(origin: Origin, range: Range<usize>) -> Place {
        let start = u32::try_from(range.start).unwrap_or(u32::MAX);
        let end = u32::try_from(range.end).unwrap_or(u32::MAX);
        Place { origin, start, end: end.max(start) }
    }
    /// The bytes.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The texts a scenario is made of: the file, and the arguments that change it.
#[derive(Clone, Debug)]
pub struct Sources {
    file: Source,
    arguments: Vec<Source>,
}

impl Sources {
    /// The file alone.
    pub fn new(file: Source) -> Sources {
        Sources { file, arguments: Vec::new() }
    }
    /// Adds an argument; its [`Source::name`] is how it is shown, such as `--set`.
    pub fn add(&mut self, argument: Source) -> Origin {
        let nth = u16::try_from(self.arguments.len()).unwrap_or(u16::MAX);
        self.arguments.push(argument);
        Origin::Argument(nth)
    }
    /// The text of an origin; `None` if it is of other sources.
    pub fn get(&self, origin: Origin) -> Option<&Source> {
        match origin {
            Origin::File => Some(&self.file),
            Origin::Argument(nth) => self.arguments.get(usize::from(nth)),
        }
    }
    /// The scenario file.
    pub fn file(&self) -> &Source {
        &self.file
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be simulated.
    Error,
    /// It can, but it is hardly what was meant, or AWS would not have made it so.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One thing to say about a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a mistake that nobody reports is a silent wrong answer"]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The text it is about.
    pub at: Option<Place>,
    /// The path in the language, such as `functions.Worker.Timeout`; empty if there is none.
    pub path: String,
    /// What is wrong, with the value seen: lower case, no full stop.
    pub message: String,
    /// What is allowed, short: stands beside the underlined text.
    pub label: String,
    /// The next step: a sentence such as "did you mean `30s`?".
    pub help: Option<String>,
    /// A second place, such as that of the first of two equal keys, and what is there.
    pub also: Option<Box<(Place, String)>>,
}

impl Diagnostic {
    fn new(severity: Severity, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity,
            at: None,
            path: String::new(),
            message: message.into(),
            label: String::new(),
            help: None,
            also: None,
        }
    }
    /// An error that says `message`.
    pub fn error(message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, message)
    }
    /// A warning that says `message`.
    pub fn warning(message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, message)
    }
    /// A note that says `message`.
    pub fn note(message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Note, message)
    }
    /// Sets the text it is about.
    pub fn at(mut self, place: Place) -> Diagnostic {
        self.at = Some(place);
        self
    }
    /// Sets the path in the language.
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = path.into();
        self
    }
    /// Sets what is allowed.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }
    /// Sets the next step.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
    /// Sets the help to "did you mean …?" if there is anything to suggest.
    pub fn did_you_mean(mut self, suggestion: Option<&str>) -> Diagnostic {
        if let Some(word) = suggestion {
            self.help = Some(format!("did you mean {}?", quoted(word)));
        }
        self
    }
    /// Sets a second place and what is there.
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Diagnostic {
        self.also = Some(Box::new((place, label.into())));
        self
    }
    /// Line and column of the place, both from 1, the column in characters.
    pub fn line_column(&self, sources: &Sources) -> Option<(usize, usize)> {
        let at = self.at?;
        Some(line_column(&sources.get(at.origin)?.text, at.start as usize))
    }
}

/// Line and column of a byte, both from 1, the column in characters. Beyond the end is the end.
pub fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text[..char_boundary(text, byte)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let lines_before = before.bytes().filter(|b| *b == b'\n').count();
    (lines_before + 1, before[line_start..].chars().count() + 1)
}

/// The beginning of the character that `byte` is in; beyond the end the end.
fn char_boundary(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// How many errors are shown in full, and so with warnings and notes.
const SHOWN_MAX: usize = 20;
/// How much is shown of one offending text.
const VALUE_CHARS_MAX: usize = 60;
/// How much of its line is shown before and after it.
const BEFORE_CHARS_MAX: usize = 60;
const AFTER_CHARS_MAX: usize = 40;
/// How much is shown of one sentence: no message of ours is longer.
const SENTENCE_CHARS_MAX: usize = 600;

/// All diagnostics as text: errors, then warnings, then notes, each by place, equal ones once, 20 of a kind.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let mut seen = BTreeSet::new();
        let mut kind: Vec<&Diagnostic> = diagnostics
            .iter()
            .filter(|d| d.severity == severity && seen.insert((d.at, &d.path, &d.message)))
            .collect();
        kind.sort_by_key(|d| d.at);
        for diagnostic in kind.iter().take(SHOWN_MAX) {
            out.push_str(&render_one(diagnostic, sources, &renderer));
            out.push_str("\n\n");
        }
        let more = kind.len().saturating_sub(SHOWN_MAX);
        if more > 0 {
            let plural = if more == 1 { "" } else { "s" };
            out.push_str(&format!("and {more} more {}{plural}\n\n", severity.word()));
        }
    }
    out.truncate(out.trim_end().len());
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn render_one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(escaped(&diagnostic.message, SENTENCE_CHARS_MAX));
    if !diagnostic.path.is_empty() {
        title = title.id(escaped(&diagnostic.path, 2 * VALUE_CHARS_MAX));
    }
    let mut group = Group::with_title(title);
    let label = escaped(&diagnostic.label, SENTENCE_CHARS_MAX);
    if let Some(excerpt) = diagnostic.at.and_then(|at| Excerpt::of(at, sources)) {
        group = excerpt.show(group, AnnotationKind::Primary, label);
    } else if !label.is_empty() {
        group = group.element(Level::NOTE.message(label));
    }
    if let Some((place, label)) = diagnostic.also.as_deref()
        && let Some(excerpt) = Excerpt::of(*place, sources)
    {
        let label = escaped(label, SENTENCE_CHARS_MAX);
        group = excerpt.show(group, AnnotationKind::Context, label);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(escaped(help, SENTENCE_CHARS_MAX)));
    }
    renderer.render(&[group])
}

/// The line a place begins in, escaped and cut around it.
struct Excerpt {
    name: String,
    line: usize,
    column: usize,
    text: String,
    underlined: Range<usize>,
}

impl Excerpt {
    fn of(place: Place, sources: &Sources) -> Option<Excerpt> {
        let source = sources.get(place.origin)?;
        let text = source.text.as_str();
        let start = char_boundary(text, place.range().start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = char_boundary(text, place.range().end.clamp(start, line_end));
        let end = start + text[start..end].trim_end().len();

        let (line, column) = line_column(text, start);
        let mut shown = String::new();
        let before = text[line_start..start].char_indices().rev().take(BEFORE_CHARS_MAX).last();
        let from = before.map_or(start, |(at, _)| line_start + at);
        if from > line_start {
            shown.push('…');
        }
        escape_into(&mut shown, &text[from..start]);
        let first = shown.len();
        shown.push_str(&escaped(&text[start..end], VALUE_CHARS_MAX));
        let last = shown.len();
        let rest = &text[end..line_end];
        if rest.chars().nth(AFTER_CHARS_MAX).is_none() {
            escape_into(&mut shown, rest);
        } else {
            shown.push_str(&escaped(rest, AFTER_CHARS_MAX));
        }
        let name = escaped(&source.name, 4 * VALUE_CHARS_MAX).into_owned();
        Some(Excerpt { name, line, column, text: shown, underlined: first..last })
    }

    fn show<'a>(
        self,
        group: Group<'a>,
        kind: AnnotationKind,
        label: impl Into<Cow<'a, str>>,
    ) -> Group<'a> {
        let label: Cow<'a, str> = label.into();
        let column_shown = self.text[..self.underlined.start].chars().count() + 1;
        let mut annotation = kind.span(self.underlined);
        if !label.is_empty() {
            annotation = annotation.label(label);
        }
        let snippet = Snippet::source(self.text).line_start(self.line).annotation(annotation);
        if self.column == column_shown {
            return group.element(snippet.path(self.name));
        }
        // The line was cut or escaped: the renderer would count the column in what is shown.
        let place = annotate_snippets::Origin::path(self.name).line(self.line);
        group.element(place.char_column(self.column)).element(snippet)
    }
}

/// A piece of a scenario as it may stand in a message: between backticks, escaped, cut to 60 characters.
pub fn quoted(text: &str) -> String {
    format!("`{}`", escaped(text, VALUE_CHARS_MAX))
}

/// Control characters and those that turn the direction of writing shown as `\u{…}`, the rest cut with `…`.
pub fn escaped(text: &str, chars_max: usize) -> Cow<'_, str> {
    let cut = text.char_indices().nth(chars_max).map(|(at, _)| at);
    if cut.is_none() && !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    escape_into(&mut out, &text[..cut.unwrap_or(text.len())]);
    if cut.is_some() {
        out.push('…');
    }
    Cow::Owned(out)
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            '\n' => out.push_str("\\n"),
            c if is_unprintable(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
}

/// What would move the cursor, turn the text round or not be seen at all.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// The candidate most like `word`, if one is like it: letters swapped, left out, added, in the wrong case,
/// or joined in another way (`visibility_timeout` for `VisibilityTimeout`). Of equals the first.
pub fn suggest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let bare = |text: &str| -> String {
        let letters = text.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
        letters.flat_map(char::to_lowercase).collect()
    };
    if word.len() > 128 {
        return None; // no name is so long, and the comparison costs its square
    }
    let word_bare = bare(word);
    let length = word_bare.chars().count();
    let mut best: Option<((usize, bool), &str)> = None;
    for candidate in candidates {
        let candidate_bare = bare(candidate);
        let candidate_length = candidate_bare.chars().count();
        let allowed = (length.max(candidate_length) / 3).clamp(1, 3);
        let apart = length.abs_diff(candidate_length);
        if candidate == word || length == 0 || apart > allowed {
            continue;
        }
        let distance = strsim::osa_distance(&word_bare, &candidate_bare);
        // Of two as near, what only goes on is meant: a plural, and not another word.
        let goes_on =
            candidate_bare.starts_with(&word_bare) || word_bare.starts_with(&candidate_bare);
        let far = (distance, !goes_on);
        if distance <= allowed && distance < length && best.is_none_or(|(nearest, _)| far < nearest)
        {
            best = Some((far, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        Sources::new(Source { name: "scenarios/x.yaml".into(), text: text.into() })
    }

    fn place(text: &str, part: &str) -> Place {
        let start = text.find(part).expect("the part is in the text");
        Place::new(Origin::File, start..start + part.len())
    }

    #[test]
    fn an_error_shows_file_line_column_path_value_what_is_allowed_and_a_hint() {
        let text = "functions:\n  Worker: {Timeout: 9000}\n";
        let diagnostic = Diagnostic::error("Timeout is 9000, outside 1 to 900 s")
            .at(place(text, "9000"))
            .path("functions.Worker.Timeout")
            .label("AWS accepts 1 to 900 s")
            .did_you_mean(Some("900"));
        assert_eq!(diagnostic.line_column(&sources(text)), Some((2, 21)));
        assert_eq!(
            render(&[diagnostic], &sources(text), false),
            "\
error[functions.Worker.Timeout]: Timeout is 9000, outside 1 to 900 s
 --> scenarios/x.yaml:2:21
  |
2 |   Worker: {Timeout: 9000}
  |                     ^^^^ AWS accepts 1 to 900 s
  |
  = help: did you mean `900`?
"
        );
    }

    #[test]
    fn two_places_show_both_lines() {
        let text = "a: 1\nb: 2\na: 3\n";
        let diagnostic = Diagnostic::error("the key `a` stands twice, in lines 1 and 3")
            .at(Place::new(Origin::File, 10..11))
            .label("again here")
            .also(Place::new(Origin::File, 0..1), "first here");
        let shown = render(&[diagnostic], &sources(text), false);
        assert!(shown.contains("x.yaml:3:1") && shown.contains("3 | a: 3"), "{shown}");
        assert!(shown.contains("x.yaml:1:1") && shown.contains("1 | a: 1"), "{shown}");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides_and_the_column_stays_right() {
        let text = format!("{}{}{}", "x".repeat(5000), "B".repeat(1_000_000), "y".repeat(5000));
        let at = Place::new(Origin::File, 5000..1_005_000);
        let shown = render(&[Diagnostic::error("too long").at(at)], &sources(&text), false);
        assert!(shown.contains("x.yaml:1:5001"), "{shown}");
        assert!(shown.len() < 600, "{shown}");
        assert!(shown.contains(&"B".repeat(60)) && !shown.contains(&"B".repeat(61)), "{shown}");
    }

    #[test]
    fn what_would_move_the_cursor_or_turn_the_text_is_escaped() {
        let text = "name: \"a\u{1b}[31m\u{202e}b\u{7}\"\n";
        let at = Place::new(Origin::File, 6..text.len() - 1);
        let message = "the name \u{1b}]0;x\u{7} is not allowed\nreally";
        let diagnostic = Diagnostic::error(message).at(at).label("\u{2066}").path("a\u{1b}b");
        let shown = render(&[diagnostic], &sources(text), false);
        assert!(!shown.chars().any(|c| c != '\n' && is_unprintable(c)), "{shown}");
        assert!(shown.contains("\\u{202e}") && shown.contains("\\nreally"), "{shown}");
    }

    #[test]
    fn twenty_errors_by_place_then_and_n_more_and_equal_ones_once() {
        let text = "x\n".repeat(60);
        let all = (0..25).rev().flat_map(|n| {
            let at = Place::new(Origin::File, 2 * n..2 * n + 1);
            let one = Diagnostic::error("not an `x`").at(at);
            [one.clone(), one]
        });
        let all: Vec<Diagnostic> =
            all.chain([Diagnostic::warning("a warning stands last")]).collect();
        let shown = render(&all, &sources(&text), false);
        assert_eq!(shown.matches("error: not an `x`").count(), 20);
        assert!(shown.contains("x.yaml:1:1") && shown.contains("x.yaml:20:1"), "{shown}");
        assert!(shown.contains("and 5 more errors\n\nwarning: a warning stands last\n"), "{shown}");
        assert!(!shown.contains("x.yaml:21:1"));
    }

    #[test]
    fn places_that_fit_no_text_are_harmless() {
        let text = "größe: 1\n";
        for range in [0..0, 2..3, 3..4, 9..10, 10..10, 500..700, 0..usize::MAX] {
            let diagnostic = Diagnostic::error("odd").at(Place::new(Origin::File, range));
            assert!(render(&[diagnostic], &sources(text), true).contains("odd"));
        }
        let elsewhere = Diagnostic::error("odd").at(Place::new(Origin::Argument(7), 0..1));
        let shown = render(&[elsewhere.label("what is allowed")], &sources(text), false);
        assert!(shown.contains("what is allowed"), "{shown}");
        assert_eq!(render(&[], &sources(""), false), "");
        let end = Diagnostic::error("ends too early").at(Place::new(Origin::File, 0..0));
        assert!(render(&[end], &sources(""), false).contains("x.yaml:1:1"));
    }

    #[test]
    fn an_argument_is_underlined_in_its_own_text() {
        let mut both = sources("title: x\n");
        let argument = Source { name: "--set".into(), text: "queues.Jobs.Delay=9x".into() };
        let at = Place::new(both.add(argument), 18..20);
        let shown = render(&[Diagnostic::error("no time").at(at)], &both, false);
        assert!(shown.contains("--> --set:1:19") && shown.contains("^^"), "{shown}");
    }

    #[test]
    fn a_suggestion_is_near_and_knows_other_spellings() {
        let names = ["VisibilityTimeout", "DelaySeconds", "concurrency", "fn", "service_time"];
        let cases = [
            ("visibility_timeout", Some("VisibilityTimeout")),
            ("VisibiltyTimeout", Some("VisibilityTimeout")),
            ("concurency", Some("concurrency")),
            ("fnn", Some("fn")),
            ("serviceTime", Some("service_time")),
            ("zz", None),
            ("", None),
            ("Handler", None),
        ];
        for (word, expected) in cases {
            assert_eq!(suggest(word, names.into_iter()), expected, "{word}");
        }
        assert_eq!(suggest(&"x".repeat(1_000_000), names.into_iter()), None);
    }
}
