//! Thresholds as JUnit's XML: a suite a file, a case a threshold and policy.
//!
//! By the schema that Jenkins keeps of it (`junit-10.xsd` of its xUnit plugin). No element has a time:
//! the same runs give the same bytes.

use super::{
    check::{File, finding, name},
    wording::legal,
};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use std::io;

/// All files as one document.
pub fn xml(files: &[File<'_>]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, files).expect("a buffer takes everything");
    let mut text = String::from_utf8(writer.into_inner()).expect("all of it is text");
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, files: &[File<'_>]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let cases = |file: &File<'_>| file.judgements.len();
    let failures = |file: &File<'_>| file.failed().count();
    let tests: usize = files.iter().map(cases).sum();
    let failed: usize = files.iter().map(failures).sum();
    let element = writer.create_element("testsuites").with_attributes([
        ("name", "dwell check"),
        ("tests", &tests.to_string()),
        ("failures", &failed.to_string()),
        ("errors", "0"),
    ]);
    element.write_inner_content(|writer| {
        for file in files {
            let path = legal(file.path);
            let suite = writer.create_element("testsuite").with_attributes([
                ("name", path.as_str()),
                ("tests", &cases(file).to_string()),
                ("failures", &failures(file).to_string()),
                ("errors", "0"),
                ("file", &path),
            ]);
            suite.write_inner_content(|writer| suite_of(writer, file, &path))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn suite_of(writer: &mut Writer<Vec<u8>>, file: &File<'_>, path: &str) -> io::Result<()> {
    for judgement in &file.judgements {
        let name = legal(&name(file, judgement));
        let case = writer
            .create_element("testcase")
            .with_attributes([("classname", path), ("name", name.as_str())]);
        if judgement.holds {
            case.write_empty()?;
            continue;
        }
        let found = legal(&finding(judgement));
        let mut lines = vec![found.clone()];
        lines.extend(
            file.thresholds[judgement.nth]
                .place
                .map(|(line, column)| format!("at {path}:{line}:{column}")),
        );
        lines.extend(file.commands(judgement).iter().map(|command| legal(command)));
        case.write_inner_content(|writer| {
            writer
                .create_element("failure")
                .with_attributes([("type", "threshold"), ("message", found.as_str())])
                .write_text_content(BytesText::new(&lines.join("\n")))?;
            Ok(())
        })?;
    }
    Ok(())
}
