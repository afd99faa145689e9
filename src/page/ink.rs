//! One picture for both grounds: which colour of a chart takes the place of which on a dark one.
//!
//! A chart is drawn twice, for a light and for a dark ground; the two differ in their colours only. The page
//! has the light one, and rules of style by which each of its colours gives way to the dark one. Where one
//! light colour has several dark ones, they are told apart by its last bits, which nobody sees.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// What stands before a colour in a chart.
const BEFORE: &str = "=\"#";

/// The colours of a page's charts.
#[derive(Clone, Debug, Default)]
pub struct Inks {
    /// For each light colour its dark one.
    pairs: BTreeMap<u32, u32>,
    /// Each attribute with the light colours that it has.
    used: BTreeSet<(String, u32)>,
}

impl Inks {
    /// The light picture, whose colours can be replaced by those of the dark one; none if the two differ in
    /// more than their colours.
    pub fn join(&mut self, light: &str, dark: &str) -> Option<String> {
        let (mut lights, mut darks) = (light.split(BEFORE), dark.split(BEFORE));
        let first = lights.next()?;
        if Some(first) != darks.next() {
            return None;
        }
        let mut out = String::with_capacity(light.len());
        out.push_str(first);
        loop {
            let (light, dark) = match (lights.next(), darks.next()) {
                (Some(light), Some(dark)) => (light, dark),
                (None, None) => return Some(out),
                (Some(_), None) | (None, Some(_)) => return None,
            };
            let ((light, rest), (dark, rest_of_dark)) = (color(light)?, color(dark)?);
            if rest != rest_of_dark {
                return None;
            }
            let light = self.told_apart(light, dark);
            let name = out.rsplit([' ', '<']).next().unwrap_or_default().to_owned();
            self.used.insert((name, light));
            let _ = write!(out, "{BEFORE}{light:06x}{rest}");
        }
    }

    /// The light colour under which this dark one is found.
    fn told_apart(&mut self, light: u32, dark: u32) -> u32 {
        // Blue first: its last bit is the one that is seen least.
        let near = [0, 0x1, 0x100, 0x1_0000, 0x101, 0x1_0001, 0x1_0100, 0x1_0101];
        let free = near.into_iter().map(|bits| light ^ bits);
        let found = free.into_iter().find(|near| *self.pairs.entry(*near).or_insert(dark) == dark);
        found.unwrap_or(light)
    }

    /// The rules for a dark ground, of what `inside` selects.
    pub fn rules(&self, inside: &str) -> String {
        let mut rules = String::new();
        for (name, light) in &self.used {
            let dark = self.pairs[light];
            if *light != dark {
                let _ = writeln!(rules, "{inside} [{name}=\"#{light:06x}\"]{{{name}:#{dark:06x}}}");
            }
        }
        rules
    }
}

/// The colour that a text begins with, and the rest of it.
fn color(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = (text.get(..6)?, text.get(6..)?);
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_colour_gives_way_to_the_dark_one_at_its_place() {
        let light = "<g fill=\"#ffffff\"><a stroke=\"#d55e00\"/><b fill=\"#ffffff\"/><c fill=\"#1f2937\"/></g>";
        let dark = "<g fill=\"#111827\"><a stroke=\"#ff8b40\"/><b fill=\"#f3f4f6\"/><c fill=\"#1f2937\"/></g>";
        let mut inks = Inks::default();
        let joined = inks.join(light, dark).expect("they differ in colours only");
        // The second white is another one in the dark, so it is no longer quite white.
        let expected = light.replace("<b fill=\"#ffffff\"", "<b fill=\"#fffffe\"");
        assert_eq!(joined, expected);
        let rules = [
            "figure [fill=\"#fffffe\"]{fill:#f3f4f6}",
            "figure [fill=\"#ffffff\"]{fill:#111827}",
            "figure [stroke=\"#d55e00\"]{stroke:#ff8b40}",
        ];
        assert_eq!(inks.rules("figure").lines().collect::<Vec<_>>(), rules);
        assert_eq!(inks.join(light, &dark.replace("<c", "<d")), None);
        assert_eq!(inks.join(light, "<g fill=\"#111827\"></g>"), None);
    }
}
