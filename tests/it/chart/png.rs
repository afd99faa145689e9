//! PNG: the pixels of the SVG, the same every time, without a font of the machine.

use super::{draw, small, texts};
use crate::cli::Sandbox;
use dwell::chart::{Theme, png::png};
use std::fs;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Width and height, from the header.
fn size(picture: &[u8]) -> (u32, u32) {
    assert!(picture.starts_with(SIGNATURE), "it is a PNG");
    let at = |from: usize| picture[from..from + 4].try_into().map(u32::from_be_bytes);
    (at(16).expect("four bytes"), at(20).expect("four bytes"))
}

#[test]
fn a_png_is_the_same_twice_and_of_the_size_of_its_svg() {
    for (width, zoom) in [(600, 1), (2400, 2)] {
        let drawn = draw(&small(), width, Theme::Dark);
        let picture = png(&drawn);
        let ((wide, high), _) = texts(&drawn);
        assert_eq!(size(&picture), (wide as u32 * zoom, high as u32 * zoom));
        assert_eq!(size(&picture).0, width);
        assert!(picture == png(&drawn), "the same bytes");
    }
}

#[test]
fn letters_are_drawn_with_the_embedded_font() {
    let of = |text: &str| {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\" font-family=\"Inter\">\
             <text x=\"2\" y=\"15\" font-size=\"14\">{text}</text></svg>"
        );
        png(&svg)
    };
    assert!(of("some") != of(""), "letters have pixels");
    assert!(of("漢") == of(""), "no other font of the machine is looked for");
}

#[test]
fn the_ending_of_the_file_says_the_format() {
    let sandbox = Sandbox::new("chart-png");
    sandbox.write(
        "one.yaml",
        "functions: {Once: {}}\ncallers: {Somebody: {target: Once, arrivals: {at: [0s]}}}",
    );
    let path = |name: &str| format!("{}/chart-png/{name}", env!("CARGO_TARGET_TMPDIR"));
    let chart = |options: &[&str]| {
        let all = ["chart", "one.yaml", "storm", "--no-progress", "--width", "700"];
        sandbox.dwell(&[&all, options].concat()).exits(0)
    };
    chart(&["-o", "one.png"]);
    chart(&["-o", "again.dat", "--format", "png"]);
    let picture = fs::read(path("one.png")).expect("it was written");
    assert_eq!(size(&picture).0, 700);
    assert!(picture == fs::read(path("again.dat")).expect("it was written"), "--format goes first");
    chart(&["-o", "one.csv"]);
    assert!(sandbox.read("one.csv").starts_with("policy,"));
    chart(&["-o", "one.svg"]);
    assert!(sandbox.read("one.svg").starts_with("<svg "));
}
