//! Where a rule comes from: the document of rules, which the binary carries along.

use crate::model::Rule;

/// The document; its entries have the rules' ids as headings.
const DOCUMENT: &str = include_str!("../../docs/rules.md");

/// The source of a rule and how sure it is, as the document has them, each in one line.
pub fn source_and_confidence(rule: Rule) -> (String, String) {
    let heading = format!("\n### {} ", rule.id());
    let entry = DOCUMENT.split_once(&heading).map_or("", |(_, rest)| rest);
    let entry = entry.split("\n##").next().unwrap_or_default();
    let paragraph = |word: &str| {
        let paragraph = entry.split("\n\n").find_map(|text| text.strip_prefix(word));
        paragraph.map_or("–".to_string(), |text| {
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ").trim_end_matches('.').to_string()
        })
    };
    (paragraph("Source: "), paragraph("Confidence: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_aws_s_has_a_source_and_says_how_sure_it_is() {
        for rule in Rule::ALL.iter().filter(|rule| **rule != Rule::Ours) {
            let (source, confidence) = source_and_confidence(*rule);
            assert!(source.len() > 3, "{} {source}", rule.id());
            let sure = ["documented", "measured", "assumed"];
            assert!(sure.iter().any(|word| confidence.starts_with(word)), "{confidence}");
        }
    }
}
