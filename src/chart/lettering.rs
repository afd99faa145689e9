//! How wide a text is, and where it breaks: by the widths of the embedded font.
//!
//! The font is Inter (`fonts/`, its licence beside it), cut down to Latin letters and the signs that
//! charts use. A reader may see another font; the canvas then fits it into the width measured here.

use ttf_parser::Face;

/// The files of the embedded font.
pub const REGULAR: &[u8] = include_bytes!("fonts/Inter-Regular.otf");
/// See [`REGULAR`].
pub const BOLD: &[u8] = include_bytes!("fonts/Inter-Bold.otf");

/// A space at which no line breaks, as between a number and its unit. It is drawn as any other.
pub const TIE: char = '\u{a0}';

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// For reading.
    Regular,
    /// For titles.
    Bold,
}

/// A font: its size in pixels, and how heavy it is.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    /// Pixels from line to line if set solid.
    pub size: f64,
    /// How heavy it is.
    pub weight: Weight,
}

impl Font {
    /// For reading, of this size.
    pub const fn regular(size: f64) -> Font {
        Font { size, weight: Weight::Regular }
    }

    /// For titles, of this size.
    pub const fn bold(size: f64) -> Font {
        Font { size, weight: Weight::Bold }
    }

    /// From line to line of a paragraph.
    pub fn line_height(self) -> f64 {
        self.size * 1.35
    }
}

/// The embedded font.
#[derive(Clone, Debug)]
pub struct Lettering {
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Lettering {
    /// Reads it.
    pub fn embedded() -> Lettering {
        let face = |bytes| Face::parse(bytes, 0).expect("the embedded font can be read");
        Lettering { regular: face(REGULAR), bold: face(BOLD) }
    }

    fn face(&self, weight: Weight) -> &Face<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// The width of a text in pixels. A character that the font does not have counts as wide as its
    /// lines are high, which few are.
    pub fn width(&self, text: &str, font: Font) -> f64 {
        let face = self.face(font.weight);
        let em = face.units_per_em();
        let advance = |c| face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph));
        let units: u64 = untied(text).map(|c| u64::from(advance(c).unwrap_or(em))).sum();
        units as f64 / f64::from(em) * font.size
    }

    /// Whether the font has every character of it.
    pub fn has(&self, text: &str, font: Font) -> bool {
        let face = self.face(font.weight);
        untied(text).all(|c| face.glyph_index(c).is_some())
    }

    /// Breaks a text into at most `lines_max` lines of at most `width` pixels: at spaces, and within a
    /// word only if a line is too short for it. What is still too long ends in `…`.
    pub fn wrap(&self, text: &str, font: Font, width: f64, lines_max: usize) -> Vec<String> {
        let fits = |text: &str| self.width(text, font) <= width;
        let mut lines = vec![String::new()];
        let breaks = |c: char| c.is_whitespace() && c != TIE;
        for word in text.split(breaks).filter(|word| !word.is_empty()) {
            let line = lines.last_mut().expect("there is always one");
            let space = if line.is_empty() { "" } else { " " };
            if fits(&format!("{line}{space}{word}")) {
                line.push_str(space);
                line.push_str(word);
                continue;
            }
            if !line.is_empty() {
                lines.push(String::new());
            }
            for c in word.chars() {
                let line = lines.last_mut().expect("there is always one");
                if !line.is_empty() && !fits(&format!("{line}{c}")) {
                    lines.push(String::new());
                }
                lines.last_mut().expect("there is always one").push(c);
            }
        }
        if lines_max < lines.len() {
            lines.truncate(lines_max);
            let last = lines.last_mut().expect("at least one line is wanted");
            while !last.is_empty() && !fits(&format!("{last}…")) {
                last.pop();
            }
            last.push('…');
        }
        lines
    }

    /// As [`Lettering::wrap`], in as many lines, but about as long as each other.
    pub fn even(&self, text: &str, font: Font, width: f64, lines_max: usize) -> Vec<String> {
        let mut lines = self.wrap(text, font, width, lines_max);
        let is_cut = |lines: &[String]| lines.last().is_some_and(|line| line.ends_with('…'));
        // Half of the width is where one line less would have done.
        for tenths in (5..10).rev() {
            let tried = self.wrap(text, font, width * f64::from(tenths) / 10.0, lines_max);
            if tried.len() != lines.len() || is_cut(&tried) {
                break;
            }
            lines = tried;
        }
        lines
    }
}

/// The characters that are drawn.
fn untied(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| if c == TIE { ' ' } else { c })
}

/// With no break at any of its spaces.
pub fn tied(text: &str) -> String {
    text.replace(' ', &TIE.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FONT: Font = Font::regular(10.0);

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        let letters = Lettering::embedded();
        let width = |text| letters.width(text, FONT);
        let both = width("il") + width("W");
        assert!((both - width("ilW")).abs() < 1e-9, "{both}");
        assert!(width("il") < width("W"));
        assert!(width("W") < letters.width("W", Font::bold(10.0)));
        assert_eq!(width("漢"), 10.0, "a letter that the font does not have");
        assert!(letters.has("← 0.5 ± 0.1 × …−·", FONT) && !letters.has("漢", FONT));
    }

    #[test]
    fn lines_break_at_spaces_then_in_words_then_end_in_dots() {
        let letters = Lettering::embedded();
        let width = letters.width("one more", FONT);
        let wrap = |text, lines| letters.wrap(text, FONT, width, lines);
        assert_eq!(wrap("one  more try", 3), ["one more", "try"]);
        assert_eq!(wrap("", 3), [""]);
        let tied = format!("one {}", tied("more try"));
        let wide = letters.width("more try", FONT) + 0.1;
        assert_eq!(letters.wrap(&tied, FONT, wide, 3), ["one", "more\u{a0}try"]);
        let long = wrap("function.of.the.longest.name", 9);
        assert_eq!(long.concat(), "function.of.the.longest.name");
        let cut = wrap("one more try and another and a last one", 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…'), "{cut:?}");
        assert_eq!(letters.even("one more try of", FONT, 2.0 * width, 3), ["one more try of"]);
        let even = letters.even("one more try of it", FONT, 1.5 * width, 3);
        assert_eq!(even, ["one more", "try of it"]);
        for line in long.iter().chain(&cut) {
            assert!(letters.width(line, FONT) <= width, "{line}");
        }
    }
}
