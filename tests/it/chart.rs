//! Charts as they are written: the same bytes, every name escaped, nothing overlapping or cut at any
//! width, and something said where there is nothing to draw.

mod age_heatmap;
mod drain;
mod dwell_ccdf;
mod flow;
mod hysteresis;
mod journey;
mod kinds;
mod png;
mod points;
mod pollers;
mod redrive;
mod storm;
mod validation;

use crate::cli::Sandbox;
use dwell::{
    chart::{Look, Recorded, Theme, forest, recorded},
    kernel::{Span, Time},
    observe::{Fingerprint, Recording, autopsy::Why, measure::Better, number::Number},
    study::{Cut, Ends, Kind, Metric, Sample, compare::Arm, compare::Comparison, warmup::Periods},
};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use std::fs;

const REPLICATIONS: u32 = 12;

fn metric(name: &str, is_time: bool, better: Better) -> Metric {
    let (better_if_fair, biases, statistic) = (better, Vec::new(), None);
    Metric { name: name.to_owned(), is_time, better, better_if_fair, biases, statistic }
}

/// A comparison in which a metric of an arm has this value in a replication.
fn comparison(
    arms: &[&str],
    metrics: &[Metric],
    value: impl Fn(usize, usize, u32) -> Option<i128>,
) -> Comparison {
    let arms = arms.iter().enumerate().map(|(arm, name)| Arm {
        name: (*name).to_owned(),
        file: "tries.yaml".to_owned(),
        hash: "0123456789abcdef".to_owned(),
        samples: (0..REPLICATIONS)
            .map(|replication| Sample {
                replication,
                seed: u64::from(replication) + 7,
                digest: Fingerprint(1),
                values: (0..metrics.len())
                    .map(|metric| value(metric, arm, replication).map(Number::whole))
                    .collect(),
                pools: vec![None; metrics.len()],
                periods: vec![Periods::default(); metrics.len()],
                verdicts: Vec::new(),
                ends: Ends::default(),
            })
            .collect(),
        changes: None,
    });
    let (end, period) = (Time::ZERO + Span::secs(600), Span::secs(60));
    let cut = Cut::new(Kind::Terminating, end, period, None, None);
    Comparison::of(arms.collect(), 0, metrics, true, cut)
}

/// One pair: fewer dead letters, a higher latency, a cost that is not known, nothing else.
fn small() -> Comparison {
    let metrics = [
        metric("dead_lettered", false, Better::Lower),
        metric("succeeded / arrivals", false, Better::Higher),
        metric("Orders.latency p99", true, Better::Lower),
        metric("Orders.arrivals", false, Better::Neither),
        metric("cost_usd", false, Better::Lower),
    ];
    comparison(&["No retry", "One retry"], &metrics, |metric, arm, replication| {
        let (arm, noise) = (i128::try_from(arm).ok()?, i128::from(replication * 7 % 5));
        Some(match metric {
            0 => 200 - arm * (150 + noise),
            1 => 400,
            2 => 900_000_000 + arm * (60_000_000_000 + noise * 300_000_000),
            3 => 1000 + arm * (noise + 3),
            _ => 50 + arm * (noise - 2),
        })
    })
}

/// Twelve metrics and five policies with long names, of every size, sign and finding.
fn large() -> Comparison {
    let names = ["p", "Orders.latency p99 during 5m..10m", "dead_lettered / (arrivals + messages)"];
    let sides = [Better::Lower, Better::Higher, Better::Neither];
    let metrics: Vec<Metric> = (0..12)
        .map(|nth| {
            let name = format!("{} {nth}", names[nth % 3].repeat(1 + nth / 9));
            metric(&name, nth % 4 == 1, sides[nth / 3 % 3])
        })
        .collect();
    let arms = ["As it is", "B", "With <one> & another \"try\" after a minute", "Ümlaut", "漢字"];
    comparison(&arms, &metrics, |metric, arm, replication| {
        let size = 7_i128.pow(u32::try_from(metric).ok()?);
        let noise = i128::from(replication * 5 % 7) - 3;
        let arm = i128::try_from(arm).ok()?;
        // One policy has no data of one metric.
        (metric != 5 || arm != 3)
            .then_some(size * 9 + arm * (arm - 2) * size + arm * noise * size / 3)
    })
}

fn draw(comparison: &Comparison, width: u32, theme: Theme) -> String {
    let setting = forest::Setting { title: Some("One more try"), stopped_by: None };
    forest::svg(comparison, &setting, Look { width, theme })
}

/// A text and the box that it fills.
#[derive(Debug)]
struct Placed {
    text: String,
    from: (f64, f64),
    to: (f64, f64),
}

/// The width and height that are drawn on, and every text. Fails if it is no XML.
fn texts(svg: &str) -> ((f64, f64), Vec<Placed>) {
    let mut reader = Reader::from_str(svg);
    let (mut size, mut placed, mut open) = ((0.0, 0.0), Vec::new(), None);
    let of = |element: &BytesStart<'_>, name: &str| -> Option<String> {
        let found = element.try_get_attribute(name).expect("attributes are well formed")?;
        Some(found.value.into_owned())
    };
    let number = |element: &BytesStart<'_>, name: &str| -> Option<f64> {
        Some(of(element, name)?.parse().expect("a number"))
    };
    loop {
        match reader.read_event().expect("it is XML") {
            Event::Start(element) if element.name().as_ref() == "svg" => {
                let whole = of(&element, "viewBox").expect("the root has one");
                let sides: Vec<f64> =
                    whole.split(' ').map(|side| side.parse().expect("a number")).collect();
                size = (sides[2], sides[3]);
            }
            Event::Start(element) if element.name().as_ref() == "text" => {
                let at = |name| number(&element, name).expect("a text has a place");
                let (x, y, high) = (at("x"), at("y"), at("font-size"));
                // Letters that the font does not have are not fitted.
                let width = number(&element, "textLength").unwrap_or(0.0);
                let before = match of(&element, "text-anchor").as_deref() {
                    None => 0.0,
                    Some("middle") => width / 2.0,
                    Some(_) => width,
                };
                let from = (x - before, y - 0.75 * high);
                let to = (x - before + width, y + 0.2 * high);
                open = Some(Placed { text: String::new(), from, to });
            }
            Event::Text(text) => {
                if let Some(open) = &mut open {
                    open.text.push_str(&text);
                }
            }
            Event::End(element) if element.name().as_ref() == "text" => {
                placed.push(open.take().expect("it was begun"));
            }
            Event::Eof => return (size, placed),
            _ => (),
        }
    }
}

#[track_caller]
fn is_clear(svg: &str) {
    let ((width, height), placed) = texts(svg);
    for (nth, one) in placed.iter().enumerate() {
        let is_inside =
            0.0 <= one.from.0 && one.to.0 <= width && 0.0 <= one.from.1 && one.to.1 <= height;
        assert!(is_inside, "{one:?} is outside {width} × {height}");
        assert!(!one.text.ends_with('…'), "{one:?} is cut");
        for other in &placed[..nth] {
            let apart = one.to.0 <= other.from.0
                || other.to.0 <= one.from.0
                || one.to.1 <= other.from.1
                || other.to.1 <= one.from.1;
            assert!(apart, "{one:?} overlaps {other:?}");
        }
    }
}

/// That a chart has the bytes of the file `tests/it/chart/NAME.svg`, which somebody looked at.
/// `DWELL_WRITE=1` writes it anew.
#[track_caller]
fn is_golden(name: &str, drawn: &str) {
    let golden = format!("tests/it/chart/{name}.svg");
    if std::env::var_os("DWELL_WRITE").is_some() {
        fs::write(&golden, drawn).expect("a file can be written");
        return;
    }
    let kept = fs::read_to_string(&golden).unwrap_or_default();
    assert!(drawn == kept, "{golden} is another; DWELL_WRITE=1 writes it anew: look at it then");
}

/// The recordings of a scenario, of every policy, as `dwell run` or `dwell compare` leaves them.
fn recorded(name: &str, scenario: &str) -> Recorded {
    let sandbox = Sandbox::new(&format!("chart-{name}"));
    let file = format!("{name}.yaml");
    sandbox.write(&file, scenario);
    let left = match scenario.contains("\npolicies:") {
        true => {
            let options = ["--replications", "2", "--no-progress", "--quiet"];
            sandbox.dwell(&[["compare", &file].as_slice(), &options].concat()).exits(0);
            format!("output/{name}.compare/{}", Recorded::FILE)
        }
        false => {
            sandbox.dwell(&["run", &file, "--quiet"]).exits(0);
            format!("output/{name}/{}", Recorded::FILE)
        }
    };
    serde_json::from_str(&sandbox.read(&left)).expect("it reads what it wrote")
}

/// A recording in which nothing is and nothing happens.
fn nothing() -> Recorded {
    let arm = recorded::Arm {
        name: String::new(),
        sets: String::new(),
        digest: "0123456789abcdef".to_owned(),
        happenings: Vec::new(),
        alarms: Vec::new(),
        outcomes: recorded::Outcomes::default(),
        why: Why::default(),
        limits: Vec::new(),
        recording: Recording::default(),
    };
    Recorded {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        file: "nothing.yaml".to_owned(),
        hash: "0123456789abcdef".to_owned(),
        title: None,
        question: None,
        seed: 1,
        stopped_by: None,
        arms: vec![arm],
    }
}

/// That a chart of runs is clear at every width, in both themes, and is small.
#[track_caller]
fn is_clear_at_every_width(svg: impl Fn(Look) -> String) {
    for width in [600, 700, 840, 960, 1200, 2400] {
        for theme in [Theme::Light, Theme::Dark] {
            let drawn = svg(Look { width, theme });
            is_clear(&drawn);
            assert!(drawn.len() < 300_000, "{} bytes at {width}", drawn.len());
        }
    }
}

#[test]
fn a_forest_is_the_one_that_was_looked_at() {
    is_golden("forest", &draw(&small(), 800, Theme::Light));
}

#[test]
fn a_forest_says_what_it_found_and_how_to_get_it_again() {
    let drawn = draw(&small(), 800, Theme::Light);
    let (_, placed) = texts(&drawn);
    let says = |text: &str| placed.iter().any(|placed| placed.text.contains(text));
    assert!(
        drawn.contains("<title>One retry is better than No retry in 1 of 5 metrics, worse in 1<")
    );
    assert!(drawn.contains("<desc>One retry against No retry: dead_lettered 15"), "{drawn}");
    for text in [
        "← better",
        "better →",
        "12 pairs",
        "0 in each pair",
        "+60.55 ± 0.28 s",
        "baseline 200 in each",
    ] {
        assert!(says(text), "{text}");
    }
    assert!(says("tries.yaml 0123456789abcdef · seed 7 · dwell "));
    let words = ["better than the baseline", "worse", "different", "no difference", "exactly"];
    assert!(words.iter().all(|words| says(words)), "every mark is explained");
}

#[test]
fn nothing_overlaps_or_is_cut_at_any_width() {
    for comparison in [small(), large()] {
        for width in [600, 700, 840, 960, 1200, 2400] {
            is_clear(&draw(&comparison, width, Theme::Light));
        }
    }
    let wide = draw(&small(), 2400, Theme::Dark);
    assert!(wide.contains(" width=\"2400\"") && wide.contains("viewBox=\"0 0 1200 "));
}

#[test]
fn twelve_metrics_of_four_policies_have_a_row_each() {
    let drawn = draw(&large(), 600, Theme::Light);
    let (_, placed) = texts(&drawn);
    assert_eq!(placed.iter().filter(|placed| placed.text == "Ümlaut").count(), 12);
    assert_eq!(placed.iter().filter(|placed| placed.text == "no data").count(), 1);
    assert!(drawn.len() < 300_000, "{} bytes", drawn.len());
}

#[test]
fn names_are_text_and_no_elements() {
    let metrics = [metric("<script>alert(1)</script>", false, Better::Lower)];
    let arms = ["a & b", "<b onload=\"x\">\u{1b}[31m\u{202e}"];
    let drawn =
        draw(&comparison(&arms, &metrics, |_, arm, _| i128::try_from(arm).ok()), 600, Theme::Light);
    texts(&drawn);
    let escaped = [
        "&lt;script&gt;alert(1)",
        "a &amp; b",
        "&lt;b onload=&quot;x&quot;&gt;\\u{1b}[31m\\u{202e}",
    ];
    for text in escaped {
        assert!(drawn.contains(text), "{text} in\n{drawn}");
    }
    assert!(!drawn.contains("<script") && !drawn.contains("<b ") && !drawn.contains('\u{1b}'));
}

#[test]
fn without_differences_it_says_so() {
    let nothing = comparison(&["A", "B"], &[metric("x", false, Better::Lower)], |_, _, _| None);
    assert!(!forest::has_differences(&nothing));
    let drawn = draw(&nothing, 600, Theme::Dark);
    is_clear(&drawn);
    assert!(drawn.contains("<title>Nothing to compare with A: no metric has a difference</title>"));
    let same = comparison(&["A", "B"], &[metric("x", false, Better::Lower)], |_, _, _| Some(3));
    assert_eq!(forest::finding(&same), "Exactly the same as A in every pair");
    is_clear(&draw(&same, 600, Theme::Dark));
    let one = comparison(&["A", "B"], &[metric("x", true, Better::Lower)], |_, arm, _| {
        Some(3_000_000_000 - i128::try_from(arm).ok()? * 1_000_000_000)
    });
    assert_eq!(forest::finding(&one), "B against A: x 1 s less (better)");
}

#[test]
fn of_several_policies_the_title_tells_of_the_best() {
    let metrics = ["x", "y", "z"].map(|name| metric(name, false, Better::Higher));
    let title = |better: [[i128; 3]; 3]| {
        let of = comparison(&["A", "B", "C", "D"], &metrics, |metric, arm, _| {
            Some(if arm == 0 { 0 } else { better[arm - 1][metric] })
        });
        forest::finding(&of)
    };
    let best = title([[1, -1, 0], [1, 1, 0], [0, 0, 0]]);
    assert_eq!(best, "C is better than A in 2 of 3 metrics");
    let both = title([[1, -1, 0], [-1, 0, 1], [0, 0, 0]]);
    assert_eq!(both, "B and C are each better than A in 1 of 3 metrics, worse in 1");
    let none = title([[-1, 0, 0], [0, 0, -1], [0, 0, 0]]);
    assert_eq!(none, "None is better than A in any metric");
}

#[test]
fn the_command_draws_a_file_and_gives_its_numbers() {
    let sandbox = Sandbox::new("chart");
    sandbox.write(
        "slower.yaml",
        "
duration: 1m
functions: {Shop: {service_time: {exponential: {mean: 100ms}}}}
callers: {Visitors: {target: Shop, arrivals: {poisson: 2/s}}}
policies: {As written: {}, =Slower: {functions.Shop.service_time: 1s}}
",
    );
    let chart = |options: &[&str]| {
        let all = ["chart", "slower.yaml", "forest", "--replications", "4", "--no-progress"];
        sandbox.dwell(&[&all, options].concat())
    };
    let drawn = chart(&["--threads", "1"]).exits(0);
    assert_eq!(drawn.err, "");
    is_clear(&drawn.out);
    assert_eq!(drawn.out, chart(&["--threads", "3"]).exits(0).out);
    let told = chart(&["-o", "dark.svg", "--theme", "dark", "--width", "600"]).exits(0);
    assert_eq!((told.out.as_str(), told.err.trim()), ("", "wrote dark.svg"));
    assert!(sandbox.read("dark.svg").contains("width=\"600\""));
    let csv = chart(&["--format", "csv", "--metric", "Visitors.latency p50"]).exits(0).out;
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], forest::COLUMNS.join(","));
    assert!(rows[1].starts_with("Visitors.latency p50,s,'=Slower,As written,4,0.9"), "{csv}");
    assert!(rows[1].ends_with(",higher,false") && rows.len() == 2, "{csv}");

    let compare = ["compare", "slower.yaml", "--replications", "4", "--quiet"];
    sandbox.dwell(&compare).exits(0);
    assert_eq!(sandbox.read("output/slower.compare/forest.svg"), drawn.out);

    let wide = chart(&["--width", "2401"]).exits(2);
    assert!(wide.err.contains("600 to 2400"), "{}", wide.err);
    chart(&["-o", "nowhere/dark.svg"]).exits(5);
}

#[test]
fn without_a_kind_a_file_says_which_chart_is_drawn() {
    let sandbox = Sandbox::new("chart-said");
    let scenario = "\
functions: {Worker: {service_time: 100ms}}
callers: {Orders: {via: invoke_async, target: Worker, arrivals: {at: [0s]}}}
";
    sandbox.write("said.yaml", format!("chart: storm\n{scenario}"));
    sandbox.write("unsaid.yaml", scenario);
    let said = sandbox.dwell(&["chart", "said.yaml", "--no-progress"]).exits(0).out;
    let asked = sandbox.dwell(&["chart", "said.yaml", "storm", "--no-progress"]).exits(0).out;
    assert!(said.starts_with("<svg") && said == asked);
    let told = sandbox.dwell(&["chart", "unsaid.yaml"]).exits(2);
    told.says(&["unsaid.yaml says no `chart`", "add which to draw: storm, flow, "]);
    sandbox.dwell(&["run", "said.yaml", "--quiet"]).exits(0);
    sandbox.dwell(&["chart", "output/said"]).exits(2).says(&["output/said has the results"]);
}
