//! Predicted against measured.

use super::{is_clear, is_golden};
use crate::cli::Sandbox;
use dwell::chart::{
    Look, Theme,
    validation::{Point, Validation, finding, mean_error, svg},
};
use std::fs;

fn point(name: &str, measured: f64, predicted: f64, group: &str) -> Point {
    let (name, group) = (name.to_owned(), group.to_owned());
    Point { name, measured, predicted, standard_error: None, group }
}

fn of(points: Vec<Point>) -> Validation {
    Validation { file: "points.csv".to_owned(), points }
}

/// Off by 10 % up, 20 % down and not at all: 10 % in the mean.
fn three() -> Vec<Point> {
    vec![
        point("A", 10.0, 11.0, "Runs"),
        point("<b> & \"c\"", 200.0, 160.0, "Runs"),
        point("A long name of what was measured on a day in 2020", 0.5, 0.5, "Waits of any length"),
    ]
}

#[test]
fn a_validation_is_the_one_that_was_looked_at() {
    let drawn = svg(&of(three()), Look { width: 800, ..Look::default() });
    is_golden("validation", &drawn);
    assert!(drawn.contains("&lt;b&gt; &amp; &quot;c&quot;") && !drawn.contains("<b>"), "{drawn}");
    assert!((mean_error(&three()) - 10.0).abs() < 1e-9);
    let title = "Predictions are off by 10 % in the mean; 2 of 3 lie within ±12 %";
    assert_eq!(finding(&three()), title);
}

#[test]
fn a_validation_is_clear_at_every_width_with_none_one_and_many_points() {
    let many = |n: u32| {
        let each = |nth: u32| {
            let measured = f64::from(1 + nth * nth);
            let group = ["", "First", "Second of the groups", "Third", "4", "5"][nth as usize % 6];
            let off = 0.7 + f64::from(nth % 7) * 0.1;
            Point {
                standard_error: Some(measured / 20.0),
                ..point(&format!("Point {nth}"), measured, measured * off, group)
            }
        };
        (0..n).map(each).collect::<Vec<Point>>()
    };
    let nothing = vec![point("None", 3.0, 0.0, "")];
    for points in [Vec::new(), vec![three().remove(0)], nothing, three(), many(40), many(1_000)] {
        for width in [600, 700, 840, 960, 1200, 2400] {
            for theme in [Theme::Light, Theme::Dark] {
                let drawn = svg(&of(points.clone()), Look { width, theme });
                is_clear(&drawn);
                assert!(drawn.len() < 300_000, "{} bytes", drawn.len());
            }
        }
    }
    assert_eq!(finding(&[]), "There is nothing to compare");
    assert_eq!(finding(&three()[1..2]), "<b> & \"c\" is predicted 20 % below what was measured");
}

#[test]
fn the_chart_of_the_documents_is_what_its_command_draws() {
    let (here, sandbox) = (env!("CARGO_MANIFEST_DIR"), Sandbox::new("validation-docs"));
    let points = format!("{here}/docs/validation.csv");
    let drawn = sandbox.dwell(&["chart", &points, "validation"]).exits(0).out;
    let known = fs::read_to_string(format!("{here}/docs/validation.svg")).expect("it is there");
    assert!(
        drawn == known,
        "docs/validation.svg is another: dwell chart docs/validation.csv validation -o docs/validation.svg"
    );
    assert!(drawn.contains("<title>Predictions are off by 7.6 % in the mean; "), "{drawn}");
}

#[test]
fn every_mistake_in_a_file_of_points_is_told_with_its_line() {
    let sandbox = Sandbox::new("validation-mistakes");
    let chart = |text: &str| {
        sandbox.write("points.csv", text);
        sandbox.dwell(&["chart", "points.csv", "validation", "--format", "csv"])
    };
    let wrong = chart("name,measured,predicted\nA,0,1\nB,x,-1\nC,1\nD,1,NaN\n").exits(3).err;
    for told in [
        "points.csv:2: measured `0` is no number above 0",
        "points.csv:3: measured `x` is no number",
        "points.csv:3: predicted `-1` is no number of 0 or more",
        "points.csv:4: 2 cells in place of 3",
        "points.csv:5: predicted `NaN`",
    ] {
        assert!(wrong.contains(told), "{told} in {wrong}");
    }
    let wrong = chart("name,mesured,predicted\n").exits(3).err;
    assert!(wrong.contains("no column `mesured`") && wrong.contains("`measured` is missing"));
    let right = chart("name,measured,predicted,group\n=A,2,1,x\n").exits(0).out;
    let expected = "name,group,measured,predicted,standard_error,off_percent\n'=A,x,2,1,,-50\n";
    assert_eq!(right, expected);
    sandbox.dwell(&["chart", "nowhere.csv", "validation"]).exits(2);
}
