//! Stories of a FIFO queue. The first letter of a message is its group.

use super::*;
use crate::model::config::{DeduplicationScope, Fifo as Settings, ThroughputLimit};

fn settings() -> Settings {
    Settings {
        content_based: false,
        scope: DeduplicationScope::Queue,
        limit: ThroughputLimit::PerQueue,
    }
}

fn fifo() -> Setup {
    config::Queue { fifo: Some(settings()), ..queue().config }.into()
}

fn fifo_with(settings: Settings) -> Setup {
    config::Queue { fifo: Some(settings), ..queue().config }.into()
}

// The order.

#[test]
fn s38_a_receive_takes_as_many_as_it_can_of_one_group_and_then_of_the_next() {
    check(
        fifo(),
        "
        0s send bx
        0s send ax
        0s send ay
        0s send by
        0s send cx
        1s receive max 4
        1s receive
    ",
        "
        1s p1 gets bx1 by1 ax1 ay1 S38
        1s p2 gets cx1 S38
    ",
    );
}

#[test]
fn s38_a_message_without_a_group_is_refused() {
    check(
        fifo(),
        "
        0s send ax group - tell
        0s send ay tell
        1s count
    ",
        "
        0s ax not sent, Refused S38
        0s Sent { reply_to: Call(CallId(0), 0), receipt: Accepted }
        1s 1 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s39_while_a_message_of_a_group_is_in_flight_nothing_behind_it_is_received() {
    check(
        fifo(),
        "
        0s send ax
        0s send ay
        0s send bx
        1s receive max 1
        1s receive
        2s receive
        3s delete ax
        3s receive
    ",
        "
        1s p1 gets ax1 S38
        1s p2 gets bx1 S38
        2s p3 gets nothing S39
        3s ax deleted InFlight E10
        3s p4 gets ay1 S38
    ",
    );
}

#[test]
fn s39_a_long_poll_waits_for_a_held_group_and_no_new_message_of_it_helps() {
    check(
        fifo(),
        "
        0s send ax
        0s receive max 1
        1s receive wait 20s
        2s send ay
        5s delete ax
    ",
        "
        0s p1 gets ax1 S38
        5s ax deleted InFlight E10
        5s p2 gets ay1 S38
    ",
    );
}

#[test]
fn s39_a_message_within_its_delay_holds_its_group() {
    check(
        config::Queue { delay: Span::secs(10), ..fifo().config },
        "
        0s  send ax
        5s  send ay
        10s receive
        11s delete ax
        12s receive
        15s receive
    ",
        "
        0s  ax comes in, Sent to Waiting, delayed S5
        5s  ay comes in, Sent to Waiting, delayed S5
        10s ax appears S5
        10s p1 gets ax1 S38
        11s ax deleted InFlight E10
        12s p2 gets nothing S10
        15s ay appears S5
        15s p3 gets ay1 S38
    ",
    );
}

/// S17 of what was seen on AWS: the second of three is hidden for longer.
#[test]
fn s40_what_lies_before_a_hidden_message_is_received() {
    check(
        fifo(),
        "
        0s  send ax
        0s  send ay
        0s  send az
        0s  receive
        1s  hide ay 60s
        30s receive
        61s receive
    ",
        "
        0s  p1 gets ax1 ay1 az1 S38
        30s ax1 returns S4
        30s az1 returns S4
        30s p2 gets ax2 S40
        60s ax2 returns S4
        61s ay1 returns S4
        61s p3 gets ax3 ay2 az2 S38
    ",
    );
}

#[test]
fn s41_visibility_zero_gives_back_that_message_alone() {
    check(
        fifo(),
        "
        0s send ax
        0s send ay
        0s send bx
        0s receive max 2
        1s hide ax 0s
        1s receive
        2s hide ay 0s
        2s receive
    ",
        "
        0s p1 gets ax1 ay1 S38
        1s ax1 returns S41
        1s p2 gets ax2 bx1 S38
        2s ay1 returns S41
        2s p3 gets nothing S39
    ",
    );
}

/// S24 of what was seen on AWS, with the groups in the order of their oldest messages.
#[test]
fn s38_received_with_a_timeout_of_zero_a_group_is_given_once_in_a_receive() {
    check(
        fifo(),
        "
        0s send ax
        0s send ay
        0s send bx
        0s receive max 3 hide 0s
        1s receive
    ",
        "
        0s p1 gets ax1 ay1 bx1 S38
        0s ax1 returns S4
        0s ay1 returns S4
        0s bx1 returns S4
        1s p2 gets ax2 ay2 bx2 S38
    ",
    );
}

#[test]
fn s48_a_message_keeps_its_place_however_often_it_was_received() {
    check(
        fifo(),
        "
        0s   send ax
        0s   send ay
        0s   receive max 1
        30s  receive max 1
        60s  receive max 1
        90s  receive max 1
        91s  age
        91s  delete ax
        91s  receive
    ",
        "
        0s   p1 gets ax1 S38
        30s  ax1 returns S4
        30s  p2 gets ax2 S38
        60s  ax2 returns S4
        60s  p3 gets ax3 S38
        90s  ax3 returns S48
        90s  p4 gets ax4 S38
        91s  age 91s
        91s  ax deleted InFlight E10
        91s  p5 gets ay1 S38
    ",
    );
}

// Deduplication.

#[test]
fn s42_a_message_is_known_for_five_minutes_after_it_was_accepted() {
    check(
        fifo(),
        "
        0s            send ax id 1
        1s            receive
        2s            delete ax
        240s          send ay id 1
        299.999999999s send az id 1
        300s          send aw id 1
        301s          receive
    ",
        "
        1s            p1 gets ax1 S38
        2s            ax deleted InFlight E10
        240s          ay is known S42
        299.999999999s az is known S42
        301s          p2 gets aw1 S38
    ",
    );
}

#[test]
fn s42_a_duplicate_is_accepted_and_not_stored() {
    check(
        fifo(),
        "
        0s send ax id 1
        1s send bx id 1 tell
        1s count
    ",
        "
        1s bx is known S42
        1s Sent { reply_to: Call(CallId(0), 0), receipt: Accepted }
        1s 1 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s42_within_groups_an_id_is_known_in_each_by_itself_and_the_scope_stays_as_it_was_made() {
    let of_groups = Settings { scope: DeduplicationScope::Group, ..settings() };
    check(
        fifo_with(of_groups),
        "
        0s send ax id 1
        1s send bx id 1
        1s send ay id 1
        2s set scope queue
        2s send cx id 1
        3s count
    ",
        "
        1s ay is known S42
        3s 3 visible, 0 in flight, 0 delayed
    ",
    );
    check(
        fifo(),
        "
        0s send ax id 1
        2s set scope group
        2s send cx id 1
    ",
        "
        2s cx is known S42
    ",
    );
}

#[test]
fn s42_a_purge_forgets_what_was_known() {
    check(
        fifo(),
        "
        0s send ax id 1
        1s purge
        2s send ay id 1
        2s count
    ",
        "
        1s ax purged Visible S21
        2s 1 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s42_by_content_a_message_is_known_by_its_body_unless_it_has_an_id() {
    check(
        fifo_with(Settings { content_based: true, ..settings() }),
        "
        0s send ax id - body same
        1s send bx id - body same
        2s send by id 7 body same
        3s send bz id 7 body other
        4s count
    ",
        "
        1s bx is known S42
        3s bz is known S42
        4s 2 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s42_a_message_without_an_id_is_refused() {
    check(fifo(), "0s send ax id - tell", "0s ax not sent, Refused S42");
}

#[test]
fn s42_a_refused_send_is_not_known() {
    let failing = Probability::new(0.5).expect("a share");
    let setup =
        Setup { config: config::Queue { system_error_rate: failing, ..fifo().config }, ..fifo() };
    // Each attempt has luck of its own: once it is accepted, and from then on it is known.
    let mut story = Story::new(setup);
    for attempt in 1..=40 {
        story.play(&format!("{attempt}s send a{attempt} id 1 attempt {attempt} tell"));
    }
    let outcomes: Vec<&str> = story
        .lines
        .iter()
        .filter_map(|line| match line.split_whitespace().nth(1) {
            Some("Sent") => None,
            _ if line.contains("SystemError") => Some("error"),
            _ => Some("known"),
        })
        .collect();
    assert!(outcomes.contains(&"error") && outcomes.contains(&"known"), "{outcomes:?}");
    assert_eq!(story.queue.counts().visible, 1);
    assert_eq!(outcomes.len(), 39, "one was neither");
}

// Deletes.

#[test]
fn s43_a_delete_fails_once_the_visibility_of_its_receive_is_over() {
    check(
        fifo(),
        "
        0s  send ax
        0s  receive
        29.999999999s hide ax 30s
        30s delete ax nth 1
        30s send bx
        31s receive
        61s delete bx
        62s receive
        63s delete bx nth 1
        64s delete bx
        64s delete bx nth 1
    ",
        "
        0s  p1 gets ax1 S38
        30s ax deleted InFlight E10
        31s p2 gets bx1 S38
        61s bx1 returns S4
        61s refused ReceiptHandleHasExpired
        61s delete of bx ignored S43
        62s p3 gets bx2 S38
        63s refused ReceiptHandleHasExpired
        63s delete of bx ignored S43
        64s bx deleted InFlight E10
    ",
    );
}

// Limits.

#[test]
fn s44_with_too_many_in_flight_a_receive_gets_nothing_and_no_error() {
    let mut setup = fifo();
    setup.assumptions.in_flight_max = 2;
    check(
        setup,
        "
        0s send ax
        0s send bx
        0s send cx
        0s receive
        1s receive
        1s receive wait 20s
        2s delete ax
    ",
        "
        0s p1 gets ax1 bx1 S38
        1s p2 gets nothing S44
        2s ax deleted InFlight E10
        2s p3 gets cx1 S38
    ",
    );
}

#[test]
fn s45_a_group_behind_the_search_window_is_not_seen() {
    let mut setup = fifo();
    setup.assumptions.fifo_search_window = 3;
    check(
        setup,
        "
        0s send ax
        0s send ay
        0s send az
        0s send bx
        0s receive max 1
        1s receive
        2s delete ax
        2s receive max 1
        2s receive
        3s receive
    ",
        "
        0s p1 gets ax1 S38
        1s p2 gets nothing S45
        2s ax deleted InFlight E10
        2s p3 gets ay1 S38
        2s p4 gets bx1 S38
        3s p5 gets nothing S39
    ",
    );
}

/// A queue of `limit` gets so many sends at once, each of a group of its own or all of one, and so many a
/// second later: how many it took each time.
fn taken(limit: ThroughputLimit, sends: usize, groups: bool) -> (usize, usize) {
    let scope = DeduplicationScope::Group;
    let mut setup = fifo_with(Settings { limit, scope, ..settings() });
    setup.assumptions.fifo_high_throughput = 1000;
    let mut story = Story::new(setup);
    let mut took = |second: usize| {
        for i in 0..sends {
            let group = if groups { i } else { 0 };
            story.play(&format!("{second}s send a{second}x{i} group {group} tell"));
        }
        let there = story.queue.counts().visible;
        let refused = story.lines.iter().filter(|line| line.ends_with("Throttled S46")).count();
        assert_eq!(there + refused, (second + 1) * sends, "all are answered");
        there
    };
    let first = took(0);
    (first, took(1) - first)
}

#[test]
fn s46_a_fifo_queue_takes_300_sends_a_second_and_with_high_throughput_300_of_a_group() {
    let (of_queue, of_groups) = (ThroughputLimit::PerQueue, ThroughputLimit::PerGroup);
    assert_eq!(taken(of_queue, 300, true), (300, 300));
    assert_eq!(taken(of_queue, 310, true), (300, 300));
    assert_eq!(taken(of_groups, 1100, true), (1000, 1000));
    assert_eq!(taken(of_groups, 310, false), (300, 300));
}

#[test]
fn s46_a_receive_waits_for_its_call_to_be_taken() {
    let mut story = Story::new(fifo());
    for i in 0..302 {
        story.play(&format!("{}s send a{i} group {i}", i / 200));
    }
    for _ in 0..302 {
        story.play("2s receive max 1 wait 5s");
    }
    story.play("2.01s receive");
    story.play("3s end");
    let got = |line: &&String| line.contains("gets a");
    let at_once = story.lines.iter().filter(got).filter(|line| line.starts_with("2s "));
    assert_eq!(at_once.count(), 300);
    let late: Vec<&String> = story.lines.iter().filter(|line| !line.starts_with("2s ")).collect();
    // A call each 1/300 s, 3.34 ms rounded up to the nanosecond; a short poll does not wait.
    assert_eq!(
        late,
        [
            "2.003333334s p301 gets a3001 S38",
            "2.006666667s p302 gets a3011 S38",
            "2.01s p303 gets nothing S10"
        ]
    );
}

#[test]
fn s46_a_short_poll_above_the_calls_gets_nothing() {
    let mut story = Story::new(fifo());
    for i in 0..301 {
        story.play(&format!("{}s send a{i} group {i}", i / 200));
    }
    for _ in 0..301 {
        story.play("2s receive max 1");
    }
    story.play("2.5s end");
    assert_eq!(story.lines.last().expect("a line"), "2s p301 gets nothing S46");
}

#[test]
fn s46_a_changed_limit_holds_from_then_on() {
    let of_groups = Settings { scope: DeduplicationScope::Group, ..settings() };
    let mut story = Story::new(fifo_with(of_groups));
    story.play("0s set limit group");
    for i in 0..600 {
        story.play(&format!("1s send a{i} group {i} tell"));
    }
    assert_eq!(story.queue.counts().visible, 600);
}

// Delay.

#[test]
fn s5_a_changed_delay_holds_for_what_is_within_its_delay_and_a_message_has_none_of_its_own() {
    check(
        config::Queue { delay: Span::secs(20), ..fifo().config },
        "
        0s  send ax
        5s  send bx delay 0s
        6s  send cx delay 1s tell
        8s  set delay 10s
        9s  end
        10s end
        11s set delay 30s
        16s end
        35s end
    ",
        "
        0s  ax comes in, Sent to Waiting, delayed S5
        5s  bx comes in, Sent to Waiting, delayed S5
        6s  cx not sent, Refused S5
        10s ax appears S5
        35s bx appears S5
    ",
    );
    check(
        config::Queue { delay: Span::secs(20), ..fifo().config },
        "
        0s  send ax
        9s  set delay 5s
        9s  receive
    ",
        "
        0s  ax comes in, Sent to Waiting, delayed S5
        9s  ax appears S5
        9s  p1 gets ax1 S38
    ",
    );
}

// Redrive.

#[test]
fn s47_the_group_goes_on_without_the_message_that_was_moved() {
    check(
        config::Queue { redrive: redriving(1).config.redrive, ..fifo().config },
        "
        0s  send ax
        0s  send ay
        0s  receive max 1
        30s receive
    ",
        "
        0s  p1 gets ax1 S38
        30s ax1 returns S4
        30s ax1 of 0s redriven to queue 9 S23
        30s p2 gets ay1 S27
    ",
    );
}

#[test]
fn s47_in_a_fifo_dead_letter_queue_retention_begins_again() {
    let config =
        config::Queue { retention: Span::secs(60), dead_letter_queue: true, ..fifo().config };
    check(
        config,
        "
        100s redriven ax sent 5s receives 3
        130s receive
        159.999999999s count
        160s count
    ",
        "
        100s ax comes in, Redriven to Waiting S47
        130s p1 gets ax4 S38
        159.999999999s 0 visible, 1 in flight, 0 delayed
        160s ax expires InFlight S7
        160s 0 visible, 0 in flight, 0 delayed
    ",
    );
}

/// What is moved is not known by the id that its sender gave it.
#[test]
fn s47_a_move_neither_meets_nor_leaves_a_deduplication_id() {
    check(
        config::Queue { dead_letter_queue: true, ..fifo().config },
        "
        0s send ax id 1
        1s redriven ay id 1 sent 0s receives 3
        2s moved-back az id 1
        3s redriven bx id 2 sent 0s receives 3
        4s send by id 2
        5s count
    ",
        "
        1s ay comes in, Redriven to Waiting S47
        2s az comes in, MovedBack to Waiting S35
        3s bx comes in, Redriven to Waiting S47
        5s 5 visible, 0 in flight, 0 delayed
    ",
    );
}

// Everything at once.

#[test]
fn whatever_comes_the_groups_agree_with_the_messages_and_keep_their_order() {
    let luck = Stream::new(7, "sqs/fifo");
    for run in 0..20 {
        let mut setup = fifo();
        setup.config.redrive = redriving(4).config.redrive;
        setup.config.retention = Span::secs(90);
        setup.assumptions.in_flight_max = 12;
        setup.assumptions.fifo_search_window = 15;
        let mut story = Story::new(setup);
        for i in 0..300_u64 {
            let mut draw = luck.draw(run, u32::try_from(i).expect("few"));
            let few = draw.below(8) + 1;
            let group = ["a", "b", "c", "d"][usize::try_from(draw.below(4)).expect("few")];
            let operation = match draw.below(20) {
                0..7 => format!("send {group}{i}"),
                7 => format!("send {group}{i} id {group}{}", i.saturating_sub(3)),
                8..12 => format!("receive max {few} hide {}s", few * 3),
                12..14 => format!("receive max 2 wait {few}s"),
                14..17 => format!("delete #{}", draw.below(1 << 20)),
                17..19 => format!("hide #{} {}s", draw.below(1 << 20), few - 1),
                _ => format!("set delay {}s", few - 1),
            };
            // Every step checks the groups against the messages.
            story.play(&format!("{}s {operation}", i / 3));
        }
        let mut last: BTreeMap<char, (String, u64)> = BTreeMap::new();
        for line in story.lines.iter().filter(|line| line.contains(" gets ")) {
            // In one answer the messages of a group rise.
            last.clear();
            for word in line.split_whitespace().skip(3) {
                let Some(group) = word.chars().next().filter(char::is_ascii_lowercase) else {
                    continue;
                };
                // The name, and behind it the count of one digit.
                let Ok(number) = word[1..word.len() - 1].parse::<u64>() else { continue };
                if let Some((before, order)) = last.get(&group) {
                    assert!(*order < number, "{word} behind {before}: {line}");
                }
                last.insert(group, (word.to_owned(), number));
            }
        }
        story.play("1000s count");
        assert_eq!(story.lines.last().expect("a line"), "1000s 0 visible, 0 in flight, 0 delayed");
    }
}
