//! The screen as it is drawn, as plain text, and what keys do.
//!
//! The pictures in `tests/it/watch/` are drawn, not written: look at each that changes. They are written with
//! `DWELL_WRITE=1 cargo test --lib watch`.

use super::{
    draw::draw,
    palette::{Colors, Palette},
    show::{Asked, Pace, Show},
    terminal::Screen,
};
use crate::{
    experiment,
    kernel::{Span, Time},
    model::world::Limits,
    scenario::{self, Options, Scenario},
};
use pty::OnTerminal;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
    style::{Color, Style},
};
use std::{cell::Cell, fs, path::Path, process::Command, time::Duration};

#[path = "../../../tests/it/common/pty.rs"]
#[expect(dead_code, reason = "the tests of the command use all of it")]
mod pty;

/// Something of everything: places that are free and not, a queue with dead letters, an event queue, a
/// dependency, a timeline.
const SHOP: &str = "
title: A shop whose worker breaks for ten minutes
question: What becomes of orders in the meantime?
duration: 1h
seed: 5
functions:
  Worker:
    Timeout: 5
    service_time: 1s
    ReservedConcurrentExecutions: 4
    calls: [{target: Warehouse, timeout: 2s}]
  Mailer: {service_time: 300ms, error_rate: 20%}
queues:
  Jobs: {VisibilityTimeout: 30, RedrivePolicy: {deadLetterTargetArn: JobsDLQ, maxReceiveCount: 3}}
  JobsDLQ: {MessageRetentionPeriod: 14d}
event_source_mappings:
  JobsToWorker: {EventSourceArn: Jobs, FunctionName: Worker, BatchSize: 1}
dependencies:
  Warehouse: {concurrency: 3, service_time: 500ms}
callers:
  Orders: {target: Jobs, arrivals: {poisson: 1/s}}
  Mails: {via: invoke_async, target: Mailer, arrivals: {poisson: 0.2/s}}
timeline:
  - {at: 10m, for: 10m, set: {functions.Worker.error_rate: 100%}}
  - {at: 40m, StartMessageMoveTask: {SourceArn: JobsDLQ}}
thresholds:
  - succeeded > 3000
  - dead_lettered == 0
";

const LIMITS: Limits<'static> =
    Limits { events_max: 20_000_000, instant_max: 1_000_000, interrupted: &|_: Time| false };

fn read(text: &str) -> Scenario {
    let loaded = scenario::load_text(text, "shop.yaml", &Options::default());
    loaded.unwrap_or_else(|failure| panic!("{failure}"))
}

fn show(scenario: &Scenario) -> Show<'_> {
    Show::new(scenario, experiment::thresholds(scenario).expect("the thresholds are right"))
}

fn minutes(n: u64) -> Time {
    Time::ZERO + Span::mins(n)
}

fn press(show: &mut Show<'_>, code: KeyCode) -> Asked {
    show.key(KeyEvent::new(code, KeyModifiers::NONE), &LIMITS)
}

/// Presses each of these characters.
fn type_all(show: &mut Show<'_>, keys: &str) {
    for key in keys.chars() {
        assert_eq!(press(show, KeyCode::Char(key)), Asked::On, "{key}");
    }
}

/// Plays on to an instant and pauses there.
fn pause_at(show: &mut Show<'_>, at: Time) {
    show.pace = Pace::To(at);
    while show.moves() {
        show.go_on(Duration::from_millis(40), &LIMITS);
    }
}

fn drawn_with(
    show: &Show<'_>,
    (columns, rows): (u16, u16),
    colors: Colors,
) -> Terminal<TestBackend> {
    let backend = TestBackend::new(columns, rows);
    let mut terminal = Terminal::new(backend).expect("a test has a terminal");
    let picture = |frame: &mut ratatui::Frame<'_>| {
        draw(show, Palette::new(colors), frame.area(), frame.buffer_mut());
    };
    terminal.draw(picture).expect("a test can draw");
    terminal
}

/// The screen as text, without blanks at the ends of its rows.
fn drawn(show: &Show<'_>, size: (u16, u16)) -> Vec<String> {
    let terminal = drawn_with(show, size, Colors::None);
    let buffer = terminal.backend().buffer();
    let row = |y| -> String { (0..size.0).map(|x| buffer[(x, y)].symbol()).collect() };
    (0..size.1).map(|y| row(y).trim_end().to_owned()).collect()
}

#[track_caller]
fn is_the_picture(name: &str, show: &Show<'_>, size: (u16, u16)) {
    let text = drawn(show, size).join("\n") + "\n";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/watch");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("DWELL_WRITE").is_some() {
        fs::write(&path, &text).expect("a picture can be written");
    }
    let picture = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == picture, "{} is now\n{text}", path.display());
}

// Pictures.

#[test]
fn a_dead_letter_and_its_story_at_80_by_24() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    pause_at(&mut show, minutes(14));
    type_all(&mut show, "d");
    pause_at(&mut show, minutes(15));
    is_the_picture("80x24-story", &show, (80, 24));
    press(&mut show, KeyCode::Enter);
    is_the_picture("80x24-story-wide", &show, (80, 24));
}

#[test]
fn the_facts_of_a_step_at_120_by_40() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    pause_at(&mut show, minutes(41));
    press(&mut show, KeyCode::Right);
    is_the_picture("120x40-step", &show, (120, 40));
}

#[test]
fn the_beginning_and_the_end_at_80_by_24() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    is_the_picture("80x24-beginning", &show, (80, 24));
    type_all(&mut show, "e");
    while show.moves() {
        show.go_on(Duration::from_millis(40), &LIMITS);
    }
    is_the_picture("80x24-end", &show, (80, 24));
    type_all(&mut show, "?");
    is_the_picture("80x24-help", &show, (80, 24));
}

#[test]
fn a_terminal_that_is_too_small_is_told_and_none_breaks_it() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    let says = drawn(&show, (59, 15));
    assert_eq!(says[..3], ["59 × 15 is too small", "it takes 60 × 16", "q quits"]);
    let sizes = [(1, 1), (10, 3), (59, 60), (60, 16), (61, 17), (79, 23), (100, 16), (300, 100)];
    for at in [0, 14, 41, 70] {
        pause_at(&mut show, minutes(at));
        for keys in ["", "d", "#17", "?"] {
            show.typed = None;
            show.helps = false;
            type_all(&mut show, keys);
            sizes.iter().for_each(|size| drop(drawn(&show, *size)));
        }
    }
}

#[test]
fn many_resources_leave_room_for_the_rest() {
    let functions: String = (0..40).map(|at| format!("  F{at:02}: {{}}\n")).collect();
    let text = format!(
        "duration: 1m\nfunctions:\n{functions}callers: {{C: {{target: F00, arrivals: {{every: 1s}}}}}}\n"
    );
    let scenario = read(&text);
    let mut show = show(&scenario);
    pause_at(&mut show, Time::ZERO + Span::secs(30));
    let rows = drawn(&show, (80, 24));
    assert!(rows.iter().any(|row| row.contains("more rows")), "{}", rows.join("\n"));
    for word in ["over time", "ledger", "latest", "q quit"] {
        assert!(rows.iter().any(|row| row.contains(word)), "{word}: {}", rows.join("\n"));
    }
}

#[test]
fn nothing_that_happens_is_a_picture_too() {
    let scenario = read("duration: 1m\nfunctions: {Idle: {}}\n");
    let mut show = show(&scenario);
    type_all(&mut show, "ndp");
    assert_eq!(show.note.as_deref(), Some("nothing has come yet"));
    type_all(&mut show, "e");
    while show.moves() {
        show.go_on(Duration::from_millis(40), &LIMITS);
    }
    assert_eq!(show.playing.clock(), minutes(1));
    let rows = drawn(&show, (80, 24));
    assert!(rows[0].ends_with("over"), "{}", rows.join("\n"));
}

#[test]
fn nothing_of_the_file_controls_the_terminal() {
    let text = SHOP.replace("title: A shop", "title: \"\\e[31mA\\u202e\\ashop\"\nanswer: A shop");
    let scenario = read(&text);
    let rows = drawn(&show(&scenario), (80, 24));
    assert!(rows[0].starts_with(" \\u{1b}[31mA\\u{202e}\\u{7}shop"), "{}", rows[0]);
    assert!(rows.iter().flat_map(|row| row.chars()).all(|c| !c.is_control() && c != '\u{202e}'));
}

#[test]
fn colours_are_as_many_as_there_are() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    pause_at(&mut show, minutes(15));
    let all = |colors| {
        let terminal = drawn_with(&show, (80, 24), colors);
        let cells = terminal.backend().buffer().content().to_vec();
        let styles: Vec<Style> = cells.iter().map(|cell| cell.style()).collect();
        styles
    };
    let is_plain = |color: Option<Color>| matches!(color, None | Some(Color::Reset));
    assert!(all(Colors::None).iter().all(|of| is_plain(of.fg) && is_plain(of.bg)));
    let is_rgb = |color: Option<Color>| matches!(color, Some(Color::Rgb(..)));
    let sixteen = all(Colors::Sixteen);
    assert!(sixteen.iter().all(|of| !is_rgb(of.fg) && is_plain(of.bg)));
    assert!(sixteen.iter().any(|of| of.fg == Some(Color::Magenta)), "dead letters");
    assert!(all(Colors::All).iter().all(|of| is_rgb(of.fg) && is_rgb(of.bg)));
}

// Keys.

#[test]
fn the_run_goes_on_at_its_speed() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    assert_eq!(show.pace_in_words(), "1 s here is 60 s", "an hour takes a minute");
    show.go_on(Duration::from_millis(100), &LIMITS);
    assert_eq!(show.playing.clock(), Time::ZERO + Span::secs(6));
    type_all(&mut show, "+");
    show.go_on(Duration::from_millis(100), &LIMITS);
    assert_eq!(show.playing.clock(), Time::ZERO + Span::secs(18), "twice as fast");
    show.go_on(Duration::from_secs(3600), &LIMITS);
    assert_eq!(show.playing.clock(), Time::ZERO + Span::secs(48), "the terminal was away");
    type_all(&mut show, "+++++");
    show.go_on(Duration::from_millis(200), &Limits { interrupted: &|_| true, ..LIMITS });
    assert_eq!(show.pace_in_words(), "slower than 1 s here is 1 h 00 min", "it cannot");
    let clock = show.playing.clock();
    type_all(&mut show, " ");
    assert_eq!(show.pace_in_words(), "paused · 1 s here is 1 h 00 min");
    show.go_on(Duration::from_secs(1), &LIMITS);
    assert_eq!(show.playing.clock(), clock, "it is paused");
    type_all(&mut show, &"-".repeat(100));
    assert!(show.pace_in_words().ends_with("1 s here is 1 ms"));
    type_all(&mut show, &"+".repeat(100));
    assert!(show.pace_in_words().ends_with("1 s here is 2 d 00 h"));
}

#[test]
fn it_goes_to_the_next_second_minute_and_end() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    let play = |show: &mut Show<'_>, key: &str| {
        type_all(show, key);
        while show.moves() {
            show.go_on(Duration::from_millis(40), &LIMITS);
        }
        show.playing.clock()
    };
    assert_eq!(play(&mut show, "s"), Time::ZERO + Span::secs(1));
    assert_eq!(play(&mut show, "s"), Time::ZERO + Span::secs(2));
    assert_eq!(play(&mut show, "m"), minutes(1));
    assert_eq!(play(&mut show, "m"), minutes(2));
    let end = play(&mut show, "f");
    assert!(minutes(60) <= end && show.playing.over().is_some());
    assert_eq!(play(&mut show, "m"), end);
    assert_eq!(show.note.as_deref(), Some("the run is over"));
}

#[test]
fn a_step_is_the_next_thing_that_happens() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    let mut before = (0, Time::ZERO);
    for _ in 0..500 {
        press(&mut show, KeyCode::Right);
        let live = show.playing.live();
        let last = live.latest().next_back().expect("something happened");
        assert!(before.0 < live.facts(), "there is something new");
        assert_eq!(last.now, show.playing.clock());
        let new = usize::try_from(live.facts() - before.0).expect("few");
        assert!(live.latest().rev().take(new).all(|fact| fact.now == last.now), "of one instant");
        assert!(before.1 <= last.now);
        before = (live.facts(), last.now);
    }
}

#[test]
fn messages_are_chosen_by_neighbour_letter_and_number() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    let resources = &scenario.config.resources;
    let followed = |show: &Show<'_>| show.followed.map(|id| id.written(resources).to_string());
    type_all(&mut show, "d");
    assert_eq!(show.note.as_deref(), Some("nothing has been dead-lettered so far"));
    pause_at(&mut show, minutes(15));

    type_all(&mut show, "17");
    press(&mut show, KeyCode::Enter);
    assert_eq!(followed(&show).as_deref(), Some("Orders-17"));
    type_all(&mut show, "n");
    assert_eq!(followed(&show).as_deref(), Some("Orders-18"));
    type_all(&mut show, "pp");
    assert_eq!(followed(&show).as_deref(), Some("Orders-16"));
    type_all(&mut show, "#Mails-1");
    press(&mut show, KeyCode::Enter);
    type_all(&mut show, "p");
    let orders = show.playing.live().arrivals(crate::model::vocabulary::CallId(0));
    assert_eq!(followed(&show), Some(format!("Orders-{orders}")), "the last of the other caller");
    type_all(&mut show, "n");
    assert_eq!(followed(&show).as_deref(), Some("Mails-1"));

    type_all(&mut show, "#Nobody-1");
    press(&mut show, KeyCode::Enter);
    assert!(show.note.as_deref().is_some_and(|note| note.contains("`Nobody-1` names no payload")));
    assert_eq!(followed(&show).as_deref(), Some("Mails-1"), "it stays");
    type_all(&mut show, "5");
    press(&mut show, KeyCode::Backspace);
    press(&mut show, KeyCode::Esc);
    assert_eq!((show.typed.clone(), followed(&show).as_deref()), (None, Some("Mails-1")));

    let letters = show.playing.live().letters().to_vec();
    for letter in [0, 1, 2] {
        type_all(&mut show, "d");
        assert_eq!(show.followed, Some(letters[letter]));
    }
    press(&mut show, KeyCode::Esc);
    assert_eq!(show.followed, None);
    type_all(&mut show, "n");
    assert!(show.followed.is_some(), "the last that moved");
}

#[test]
fn whoever_has_not_come_yet_is_waited_for() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    type_all(&mut show, "30");
    press(&mut show, KeyCode::Enter);
    pause_at(&mut show, Time::ZERO + Span::secs(1));
    let says = |show: &Show<'_>, text: &str| {
        let rows = drawn(show, (80, 24));
        assert!(rows.iter().any(|row| row.contains(text)), "{text}: {}", rows.join("\n"));
    };
    says(&show, "Orders-30 has not come yet");
    pause_at(&mut show, minutes(5));
    says(&show, "Orders-30 since 0:00:");
}

#[test]
fn while_a_story_is_read_back_the_run_stands() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    pause_at(&mut show, minutes(20));
    type_all(&mut show, "d ");
    let asked = Cell::new(0);
    let interrupted = |_| {
        asked.set(asked.get() + 1);
        asked.get() % 2 == 0
    };
    let limits = Limits { interrupted: &interrupted, ..LIMITS };
    let mut pieces = 0;
    while show.playing.story().is_none() {
        assert_eq!(show.playing.clock(), minutes(20));
        assert!(show.pace_in_words().starts_with("reading back "), "{}", show.pace_in_words());
        show.go_on(Duration::from_millis(40), &limits);
        pieces += 1;
    }
    assert!(1 < pieces, "it took several pieces");
    show.go_on(Duration::from_millis(40), &LIMITS);
    assert!(minutes(20) < show.playing.clock(), "and goes on");
}

#[test]
fn keys_that_end_it() {
    let scenario = read(SHOP);
    let mut show = show(&scenario);
    assert_eq!(press(&mut show, KeyCode::Char('q')), Asked::Quit);
    type_all(&mut show, "?");
    assert_eq!(press(&mut show, KeyCode::Char('q')), Asked::Quit);
    for key in ['c', 'd'] {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL);
        show.typed = Some("1".to_owned());
        assert_eq!(show.key(key, &LIMITS), Asked::Interrupt);
    }
}

// The terminal.

/// Breaks with the terminal open, in the process that the test below starts.
#[test]
fn what_breaks_with_the_terminal_open() {
    if std::env::var_os("DWELL_BREAKS").is_some() {
        let _screen = Screen::open().expect("there is a terminal");
        panic!("broken on purpose");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(this);
    command.args([
        "--exact",
        "cli::watch::tests::what_breaks_with_the_terminal_open",
        "--nocapture",
    ]);
    command.env("DWELL_BREAKS", "1");
    let mut broken = OnTerminal::start(command);
    broken.waits_for("\x1b[?1049l");
    let (status, behind) = broken.ends();
    assert_eq!(status.code(), Some(101), "{behind}");
    assert!(behind.contains("broken on purpose"), "{behind}");
}
