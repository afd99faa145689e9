//! Stories of a stream and a mapping that reads it, by rule: what is put, and what the function is given.
//!
//! The two stand together as one component, with a function by a script.

use dwell::{
    kernel::{self, Class, Classed, Probability, Span, Time},
    model::{
        Component, Fact, Port, Register, Rule,
        config::{self, Assumptions, ProvisionedPollers, Resources, Source, Start},
        policy::partial::{Item, Report},
        reader::{self, In, Out, Reader, Settings},
        recorded::Recorded,
        stream::{self, Stream},
        value::{AttributeId, Catalog, Compare, Field, Pattern, Test, Word},
        vocabulary::{
            BatchId, CallId, ErrorKind, FunctionId, Outcome, PayloadId, ReaderId, Receipt, Sender,
            ShardId, StreamId, Target,
        },
    },
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

// Batches.

#[test]
fn k2_a_batch_closes_at_its_size_and_takes_what_is_there() {
    check(
        kinesis().batches_of(2),
        "
        0s put a b c d e
    ",
        "
        0s [a b]
        0s [c d]
        0s [e]
    ",
    );
}

#[test]
fn k2_a_window_begins_with_the_first_record_that_is_read() {
    let mut setup = kinesis().batches_of(3);
    setup.reader.window = Span::secs(5);
    check(
        setup,
        "
        1.5s put a
        3.5s put b
        8s   put c d e f
    ",
        "
        7s  [a b]
        8s  [c d e]
        13s [f]
    ",
    );
}

#[test]
fn k2_a_batch_is_at_most_6_mib() {
    let mut setup = kinesis();
    setup.bytes = 1 << 20;
    setup.stream.source = Source::Kafka;
    check(
        setup,
        "
        0s put a b c d e f g
    ",
        "
        0s [a b c d e f]
        0s [g]
    ",
    );
}

#[test]
fn k19_a_shard_is_polled_once_a_second_and_without_pause_while_it_has_records() {
    check(
        kinesis().batches_of(1).runs(Span::millis(100)),
        "
        0.3s put a b
        1.5s put c
        7s   put d
        7.1s put e
    ",
        "
        1s   [a]
        1.1s [b]
        2s   [c]
        7s   [d]
        8s   [e]
    ",
    );
}

#[test]
fn k19_what_is_read_is_paid_for_at_2_mib_a_second() {
    let mut setup = kinesis();
    setup.bytes = 1 << 20;
    setup.reader.batch_size = 1;
    setup.reader.enabled = false;
    // A call gives ten of them, which is five seconds' worth.
    check(
        setup,
        "
        0s put a
        1s put b
        2s put c
        3s put d
        4s put e
        5s put f
        6s put g
        7s put h
        8s put i
        9s put j
        10s put k
        11s enable
    ",
        "
        11s [a]
        11s [b]
        11s [c]
        11s [d]
        11s [e]
        11s [f]
        11s [g]
        11s [h]
        11s [i]
        11s [j]
        16s [k]
    ",
    );
}

/// When each of seven reads of one record was answered, in milliseconds.
fn answers_to_reads(fan_out: bool) -> Vec<u64> {
    let mut setup = kinesis();
    setup.reader.fan_out = fan_out;
    let catalog = Catalog { laws: vec![vec![]], ..Catalog::default() };
    let mut stream = Stream::new(StreamId(0), &setup.resources(), Arc::new(catalog), 0);
    let mut port = Recorded::default();
    stream.begin(&mut port);
    for number in 1..=7 {
        let payload = port.register.arrive(CallId(0), 0, number, Time::ZERO);
        let (attempt, sender) = (1, Sender::None);
        port.tell(&mut stream, stream::In::Put { payload, attempt, sender });
    }
    for _ in 0..7 {
        let (reader, shard, max) = (ReaderId(0), ShardId(0), 1);
        port.tell(&mut stream, stream::In::Read { reader, shard, max });
    }
    let mut answers = vec![];
    loop {
        for message in std::mem::take(&mut port.messages) {
            if let stream::Out::Records { batch, .. } = message {
                assert_eq!(port.register.batch(batch).len(), 1);
                answers.push(port.now().as_nanos() / 1_000_000);
            }
        }
        if answers.len() == 7 || !port.step(&mut stream) {
            return answers;
        }
    }
}

#[test]
fn k19_five_calls_a_second_are_answered_and_k20_by_fan_out_any_number() {
    assert_eq!(answers_to_reads(false), [0, 0, 0, 0, 0, 200, 400]);
    assert_eq!(answers_to_reads(true), [0; 7]);
}

#[test]
fn k20_with_fan_out_what_is_put_is_there_at_once() {
    let mut setup = kinesis();
    setup.reader.fan_out = true;
    check(
        setup,
        "
        0.3s put a
        0.4s put b
    ",
        "
        0.3s [a]
        0.4s [b]
    ",
    );
}

#[test]
fn ds2_a_stream_of_dynamodb_is_polled_four_times_a_second() {
    let mut setup = kinesis();
    setup.stream.source = Source::DynamoDb;
    check(
        setup,
        "
        0.1s put a
        0.3s put b
        0.5s put c
    ",
        "
        0.25s [a]
        0.5s  [b c]
    ",
    );
}

#[test]
fn ds3_a_larger_batch_takes_several_calls() {
    let mut setup = kinesis().batches_of(2500);
    setup.stream.source = Source::DynamoDb;
    let mut story = Story::new(setup);
    for at in 0..2600 {
        story.put(&format!("r{at}"), None);
    }
    story.advance(Time::ZERO + Span::secs(1));
    let read = story.facts(|fact| match *fact {
        Fact::RecordsRead { events, .. } => Some(events),
        _ => None,
    });
    assert_eq!(read, [1000, 1000, 600]);
    let runs = story.facts(|fact| match *fact {
        Fact::BatchInvoked { events, .. } => Some(events),
        _ => None,
    });
    assert_eq!(runs, [2500, 100]);
}

#[test]
fn k26_what_the_filter_does_not_want_is_passed_over() {
    let mut setup = kinesis();
    let numeric = Test::Numeric(vec![(Compare::Greater, 5.0)]);
    setup.reader.filters =
        vec![Pattern(vec![(Field::Attribute(AttributeId::PARTITION_KEY), vec![numeric])])];
    check(
        setup,
        "
        0s put a:1 b:7 c:2 d:9
        5s put e:1
    ",
        "
        0s a filtered K26
        0s c filtered K26
        0s [b d]
        5s e filtered K26
    ",
    );
}

// Failures.

#[test]
fn k5_n_retries_are_n_and_one_invocations_and_k12_the_next_batch_waits() {
    check(
        kinesis().batches_of(1).retries(2).poison("a"),
        "
        0s put a b
    ",
        "
        0s   [a] failed
        0s   retry in 0.2s K23
        0.2s [a] failed
        0.2s retry in 0.4s K23
        0.6s [a] failed
        0.6s given up a after 3 RetryAttemptsExhausted K5
        0.6s a dropped
        0.6s [b]
    ",
    );
}

#[test]
fn k12_a_failing_batch_holds_up_its_shard() {
    let story = check(
        kinesis().batches_of(1).retries(1).poison("a").runs(Span::secs(3)),
        "
        0s put a b
    ",
        "
        0s   [a] failed
        3s   retry in 0.2s K23
        3.2s [a] failed
        6.2s given up a after 2 RetryAttemptsExhausted K5
        6.2s a dropped
        6.2s [b]
    ",
    );
    assert_eq!(story.passed(), ["a", "b"]);
}

#[test]
fn k23_the_wait_doubles_from_200_ms_to_a_minute() {
    let mut story = Story::new(kinesis().poison("a"));
    story.play("0s put a");
    story.advance(Time::ZERO + Span::mins(10));
    let waits = story.facts(|fact| match *fact {
        Fact::BatchRetried { wait, .. } => Some(wait.as_millis_f64()),
        _ => None,
    });
    let expected =
        [200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 12800.0, 25600.0, 51200.0, 60000.0];
    assert_eq!(waits[..10], expected);
    assert_eq!(waits[10..], [60000.0; 8], "102 s by then, and one a minute since");
}

#[test]
fn k8_what_never_reached_the_function_is_no_retry() {
    check(
        kinesis().retries(1).answers(&["throttle", "5xx", "error", "throttle", "error"]),
        "
        0s put a b
    ",
        "
        0s   [a b] throttle
        0s   retry in 0.2s K8
        0.2s [a b] 5xx
        0.2s retry in 0.4s K8
        0.6s [a b] error
        0.6s retry in 0.8s K23
        1.4s [a b] throttle
        1.4s retry in 1.6s K8
        3s   [a b] error
        3s   given up a b after 2 RetryAttemptsExhausted K5
        3s   a dropped
        3s   b dropped
    ",
    );
}

#[test]
fn k7_the_old_are_given_up_and_the_others_go_on() {
    let mut setup = kinesis();
    setup.reader.age_max = Some(Span::secs(60));
    setup.reader.enabled = false;
    check(
        setup,
        "
        0s   put a
        30s  put b c
        60.5s enable
    ",
        "
        60.5s given up a after 1 RecordAgeExceeded K7
        60.5s a dropped
        60.5s [b c]
    ",
    );
}

#[test]
fn k7_just_at_the_age_it_is_still_tried_and_its_runs_are_counted() {
    let mut setup = kinesis().poison("a");
    setup.reader.age_max = Some(Span::secs(60));
    setup.assumptions.streams.retry_base = Span::secs(20);
    check(
        setup,
        "
        0s   put a
    ",
        "
        0s   [a] failed
        0s   retry in 20s K23
        20s  [a] failed
        20s  retry in 40s K23
        60s  [a] failed
        60s  retry in 60s K23
        120s given up a after 3 RecordAgeExceeded K7
        120s a dropped
    ",
    );
}

#[test]
fn k10_the_first_half_with_all_its_splits_comes_before_the_second() {
    // Measured: retries 1, poison the second of four.
    check(
        kinesis().retries(1).poison("b").bisecting(),
        "
        0s put a b c d
    ",
        "
        0s   [a b c d] failed
        0s   [a b] failed
        0s   [a]
        0s   [b] failed
        0s   retry in 0.2s K23
        0.2s [b] failed
        0.2s given up b after 2 RetryAttemptsExhausted K5
        0.2s b dropped
        0.2s [c d]
    ",
    );
}

#[test]
fn k10_of_eight_with_one_poison_nine_invocations_are_made() {
    check(
        kinesis().retries(2).poison("f").bisecting(),
        "
        0s put a b c d e f g h
    ",
        "
        0s   [a b c d e f g h] failed
        0s   [a b c d]
        0s   [e f g h] failed
        0s   [e f] failed
        0s   [e]
        0s   [f] failed
        0s   retry in 0.2s K23
        0.2s [f] failed
        0.2s retry in 0.4s K23
        0.6s [f] failed
        0.6s given up f after 3 RetryAttemptsExhausted K5
        0.6s f dropped
        0.6s [g h]
    ",
    );
}

#[test]
fn k10_of_2_to_the_k_with_one_poison_2k_and_1_and_the_retries_are_made() {
    for at in [0, 63, 64, 100, 127] {
        let mut story =
            Story::new(kinesis().batches_of(128).retries(2).poison(&format!("r{at}")).bisecting());
        for at in 0..128 {
            story.put(&format!("r{at}"), None);
        }
        story.advance(Time::ZERO + Span::secs(5));
        assert_eq!(story.runs(), 17, "2 * 7 + 1 + 2, poison at {at}");
        assert_eq!(story.passed().len(), 128);
    }
}

#[test]
fn k10_the_second_half_can_come_first() {
    let mut setup = kinesis().retries(0).poison("b").bisecting();
    setup.assumptions.streams.second_half_first = true;
    check(
        setup,
        "
        0s put a b c
    ",
        "
        0s [a b c] failed
        0s [b c] failed
        0s [c]
        0s [b] failed
        0s given up b after 1 RetryAttemptsExhausted K5
        0s b dropped
        0s [a]
    ",
    );
}

#[test]
fn k15_without_progress_the_same_batch_is_tried_again() {
    check(
        kinesis().retries(1).reporting().answers(&["report a"]),
        "
        0s put a b
    ",
        "
        0s   [a b] report a
        0s   retry in 0.2s K23
        0.2s [a b] report a
        0.2s given up a b after 2 RetryAttemptsExhausted K5
        0.2s a dropped
        0.2s b dropped
    ",
    );
}

#[test]
fn k16_a_malformed_report_fails_the_batch() {
    check(
        kinesis().retries(0).reporting().answers(&["report b nobody"]),
        "
        0s put a b
    ",
        "
        0s [a b] report b nobody
        0s given up a b after 1 RetryAttemptsExhausted K5
        0s a dropped
        0s b dropped
    ",
    );
}

#[test]
fn k17_a_checkpoint_that_advances_gives_all_retries_again() {
    // Measured: the record that always fails is seen five times with three retries.
    check(
        kinesis().batches_of(3).retries(3).reporting().poison("f"),
        "
        0s put a b c d e f
    ",
        "
        0s   [a b c]
        0s   [d e f] failed
        0s   [f] failed
        0s   retry in 0.2s K23
        0.2s [f] failed
        0.2s retry in 0.4s K23
        0.6s [f] failed
        0.6s retry in 0.8s K23
        1.4s [f] failed
        1.4s given up f after 4 RetryAttemptsExhausted K5
        1.4s f dropped
    ",
    );
}

#[test]
fn k18_with_bisect_and_a_report_it_is_split_where_the_report_says() {
    check(
        kinesis().retries(0).reporting().bisecting().answers(&["report d", "error", "ok"]),
        "
        0s put a b c d e f
    ",
        "
        0s [a b c d e f] report d
        0s [d e f] error
        0s [d]
        0s [e f]
    ",
    );
}

#[test]
fn k13_the_failure_destination_gets_one_message() {
    let mut setup = kinesis().retries(0).answers(&["error"]);
    setup.reader.on_failure = Some(Target::Outside);
    check(
        setup.clone(),
        "
        0s put a b c
    ",
        "
        0s [a b c] error
        0s given up a b c after 1 RetryAttemptsExhausted K5
        0s a sent
        0s b kept
        0s c kept
    ",
    );
    setup.receipt = Receipt::Refused;
    check(
        setup,
        "
        0s put a b
    ",
        "
        0s [a b] error
        0s given up a b after 1 RetryAttemptsExhausted K5
        0s a sent
        0s a dropped
        0s b dropped
    ",
    );
}

// Retention.

#[test]
fn k25_a_poison_record_blocks_its_shard_until_it_expires() {
    let mut story = Story::new(kinesis().batches_of(1).poison("a").quiet());
    story.play("0s put a");
    story.play("10s put b");
    story.play("70s put c");
    story.advance(Time::ZERO + Span::days(1) + Span::secs(60));
    let last: Vec<&str> = story.lines.iter().rev().take(4).rev().map(String::as_str).collect();
    // What came later has its own time from then on, and no more.
    let unblocked =
        ["86382.2s [a] failed", "86400s a expired read K25", "86400s [b]", "86400s [c]"];
    assert_eq!(last, unblocked);
}

#[test]
fn k25_what_nobody_reads_expires_in_the_stream() {
    let mut setup = kinesis();
    setup.reader.enabled = false;
    check(
        setup,
        "
        0s put a b
        5s put c
    ",
        "
        86400s a expired K25
        86400s b expired K25
        86405s c expired K25
    ",
    );
}

// Lanes.

#[test]
fn k3_a_lane_for_each_of_the_factor_and_a_key_has_always_the_same() {
    let mut setup = kinesis().batches_of(1).runs(Span::secs(1)).retries(2).poison("a");
    setup.reader.parallelization = 2;
    // The hashes of 1 and 3 are odd, those of 4 and 6 even.
    check(
        setup.quiet(),
        "
        0s put a:1 b:4 c:3 d:6
    ",
        "
        0s [b]
        0s [a] failed
        1s [d]
        1.2s [a] failed
        2.6s [a] failed
        3.6s given up a after 3 RetryAttemptsExhausted K5
        3.6s a dropped
        3.6s [c]
    ",
    );
}

#[test]
fn k3_a_changed_factor_lets_the_lanes_drain_first() {
    let mut setup = kinesis().batches_of(1).runs(Span::secs(1));
    setup.reader.parallelization = 2;
    let story = check(
        setup,
        "
        0s   put a:1 b:1 c:1
        0.5s factor 5
        0.6s put d:1 e:2
    ",
        "
        0s [a]
        1s [b]
        2s [c]
        3s [d]
        3s [e]
    ",
    );
    let lanes = story.lanes_of_records();
    assert_eq!(lanes["a"], lanes["c"]);
    assert!(2 <= lanes["d"], "a lane's number is not used again");
}

#[test]
fn k29_a_child_is_read_when_its_parents_are_done() {
    let mut setup = kinesis().batches_of(1).runs(Span::secs(2));
    setup.stream.shards = 2;
    // The hash of 1 begins with 0xc4, that of the text with 0x3c: each has a shard.
    let story = check(
        setup,
        "
        0s put a:1 b:1 c:h
        1s shards 1
        1s put d:1 e:h
        1s shards 2
        1s put f:1
    ",
        "
        0s [a]
        0s [c]
        2s [b]
        4s [d]
        6s [e]
        8s [f]
    ",
    );
    assert_eq!(story.passed(), ["a", "c", "b", "d", "e", "f"]);
}

#[test]
fn order_holds_within_a_key_whatever_happens() {
    for seed in 0..60 {
        random_story(seed);
    }
}

#[test]
fn k27_each_who_reads_gets_one_and_a_record_without_a_key_goes_its_own_way() {
    let mut setup = kinesis();
    setup.stream.shards = 4;
    let mut story = Story::new(setup);
    for at in 0..400 {
        story.put(&format!("r{at}"), None);
    }
    story.put("k1", Some(Word::Text(2)));
    story.put("k2", Some(Word::Text(2)));
    story.advance(Time::ZERO + Span::secs(5));
    let shards = story.facts(|fact| match *fact {
        Fact::Put { shard, .. } => Some(shard.0),
        _ => None,
    });
    assert_eq!(shards[400], shards[401]);
    for shard in 0..4 {
        let share = shards.iter().filter(|at| **at == shard).count();
        assert!((70..130).contains(&share), "{share}");
    }
}

#[test]
fn k28_a_shard_takes_a_thousand_records_a_second() {
    let mut story = Story::new(kinesis());
    for at in 0..1001 {
        story.put(&format!("r{at}"), None);
    }
    let refused = |story: &Story| story.lines.iter().filter(|l| l.contains("refused")).count();
    assert_eq!(refused(&story), 1);
    story.advance(Time::ZERO + Span::millis(1));
    story.put("s", None);
    story.put("t", None);
    assert_eq!(refused(&story), 2, "one a millisecond comes back");
    let mut setup = kinesis();
    setup.stream.source = Source::DynamoDb;
    let mut story = Story::new(setup);
    for at in 0..1001 {
        story.put(&format!("r{at}"), None);
    }
    assert_eq!(refused(&story), 0, "the others document no such limit");
}

#[test]
fn k4_what_came_before_the_start_is_not_read() {
    let mut setup = kinesis();
    setup.reader.start = Start::Latest;
    setup.assumptions.streams.latest_delay = Span::secs(3);
    let script = "
        0s put a
        2.9s put b
        3s put c
    ";
    check(setup.clone(), script, "3s [c]");
    setup.reader.start = Start::At(Time::ZERO + Span::millis(2900));
    check(setup, script, "3s [b c]");
}

// Tumbling windows.

#[test]
fn k24_a_window_ends_with_a_call_of_its_own() {
    let mut setup = kinesis();
    setup.reader.tumbling = Some(Span::secs(10));
    check(
        setup,
        "
        1s  put a
        9s  put b
        9.5s  put c
        12s put d
        40s put e
        45s end
    ",
        "
        1s  [a]
        9s  [b]
        10s [c]
        10s [c']
        10s window of 3 in 4, ok K24
        12s [d]
        20s [d']
        20s window of 1 in 2, ok K24
        40s [e]
        50s [e']
        50s window of 1 in 2, ok K24
    ",
    );
}

#[test]
fn k24_a_batch_has_records_of_one_window_and_the_end_is_retried_like_a_batch() {
    let mut setup = kinesis().retries(1).answers(&["ok", "error", "error", "ok"]);
    setup.reader.tumbling = Some(Span::secs(10));
    setup.reader.enabled = false;
    setup.assumptions.streams.window_idle = Span::secs(2);
    check(
        setup,
        "
        8s  put a b
        11s put c
        12s enable
    ",
        "
        12s [a b]
        12s [b'] error
        12s retry in 0.2s K23
        12.2s [b'] error
        12.2s window of 2 in 3, failed K24
        12.2s [c]
        22s [c']
        22s window of 1 in 2, ok K24
    ",
    );
}

// Other sources.

#[test]
fn o3_a_window_of_kafka_begins_where_the_batch_before_ended() {
    let mut setup = kinesis();
    setup.stream.source = Source::Kafka;
    setup.reader.window = Span::millis(500);
    check(
        setup,
        "
        0.2s put a
        0.6s put b
        0.8s put c
        7.1s put d
    ",
        "
        0.5s [a]
        1s [b c]
        7.5s [d]
    ",
    );
}

#[test]
fn o4_kafka_begins_with_one_poller_and_the_lag_adds_more() {
    let mut setup = kinesis().batches_of(1).runs(Span::secs(100));
    setup.stream.source = Source::Kafka;
    setup.stream.shards = 6;
    let mut story = Story::new(setup.clone());
    for at in 0..100 {
        story.put(&format!("r{at}"), None);
    }
    story.advance(Time::ZERO + Span::mins(5));
    assert_eq!(story.scaled(), [(0, 1), (60, 3), (120, 5), (180, 6)]);
    story.advance(Time::ZERO + Span::hours(3));
    assert_eq!(story.scaled().last().expect("they are told").1, 1, "and back");
    assert_eq!(story.passed().len(), 100);
    assert_eq!(story.port.appointments(), 6, "it looks no longer; what is left is retention");

    setup.reader.provisioned = Some(ProvisionedPollers { min: 1, max: 2 });
    let mut story = Story::new(setup);
    for at in 0..100 {
        story.put(&format!("r{at}"), None);
    }
    story.advance(Time::ZERO + Span::mins(2));
    assert_eq!(story.scaled().last(), Some(&(60, 6)), "five each, and never more than partitions");
}

#[test]
fn o4_of_a_brokers_queue_any_free_lane_takes_the_next() {
    let mut setup = kinesis().batches_of(1).runs(Span::secs(1));
    setup.stream.source = Source::ActiveMq;
    let script = "
        0s put a b c d e f
    ";
    check(setup.clone(), script, "0s [a] 0s [b] 0s [c] 0s [d] 0s [e] 1s [f]");
    setup.stream.source = Source::RabbitMq;
    check(setup, script, "0s [a] 1s [b] 2s [c] 3s [d] 4s [e] 5s [f]");
}

#[test]
fn o6_kafka_with_a_failure_destination_gives_up_after_ten_retries() {
    let mut setup = kinesis().poison("a").quiet();
    setup.stream.source = Source::Msk;
    setup.reader.on_failure = Some(Target::Outside);
    let mut story = Story::new(setup);
    story.play("0s put a");
    story.advance(Time::ZERO + Span::mins(10));
    assert_eq!(story.runs(), 11);
    assert!(story.lines.iter().any(|line| line.contains("given up a after 11")));
}

#[test]
fn o6_documentdb_drops_what_is_over_6_mb() {
    let mut setup = kinesis();
    setup.stream.source = Source::DocumentDb;
    setup.bytes = (6 << 20) + 1;
    check(
        setup,
        "
        0s put a
    ",
        "
        0s given up a after 0 Oversized O6
        0s a dropped
    ",
    );
}

#[test]
fn an_empty_shard_makes_no_events() {
    let mut story = Story::new(kinesis());
    story.advance(Time::ZERO + Span::days(300));
    assert_eq!(story.port.appointments(), 0);
    story.play("25920000s put a");
    story.advance(Time::ZERO + Span::days(300) + Span::secs(9));
    assert_eq!(story.port.appointments(), 1, "retention");
}

#[test]
fn a_disabled_mapping_stops_after_its_running_batch_and_goes_on_where_it_was() {
    check(
        kinesis().batches_of(1).runs(Span::secs(2)).retries(3).poison("a").quiet(),
        "
        0s put a b
        1s disable
        9s enable
    ",
        "
        0s [a] failed
        9s [a] failed
        11.4s [a] failed
        14.2s [a] failed
        16.2s given up a after 4 RetryAttemptsExhausted K5
        16.2s a dropped
        16.2s [b]
    ",
    );
}

// How a story is told.

#[derive(Clone)]
struct Setup {
    stream: config::Stream,
    reader: config::Reader,
    assumptions: Assumptions,
    bytes: u32,
    runs: Span,
    /// Records on which every run fails.
    poison: Vec<String>,
    /// What the function answers, one after the other; the last one again and again.
    answers: Vec<String>,
    /// What the failure destination says.
    receipt: Receipt,
    /// Retries are not told.
    quiet: bool,
}

/// A stream of Kinesis with one shard, as AWS creates it, and a mapping on it.
fn kinesis() -> Setup {
    let stream = config::Stream {
        name: "Clicks".to_owned(),
        source: Source::Kinesis,
        shards: 1,
        retention: Span::days(1),
        system_error_rate: Probability::NEVER,
        forbidden: false,
    };
    let reader = config::Reader {
        name: "Reader".to_owned(),
        stream: StreamId(0),
        function: FunctionId(0),
        batch_size: 100,
        window: Span::ZERO,
        parallelization: 1,
        start: Start::TrimHorizon,
        retries_max: None,
        age_max: None,
        bisects: false,
        reports_failures: false,
        tumbling: None,
        on_failure: None,
        filters: vec![],
        fan_out: false,
        provisioned: None,
        enabled: true,
    };
    Setup {
        stream,
        reader,
        assumptions: Assumptions::default(),
        bytes: 100,
        runs: Span::ZERO,
        poison: vec![],
        answers: vec!["ok".to_owned()],
        receipt: Receipt::Accepted,
        quiet: false,
    }
}

impl Setup {
    fn batches_of(mut self, size: u32) -> Setup {
        self.reader.batch_size = size;
        self
    }
    fn retries(mut self, max: u32) -> Setup {
        self.reader.retries_max = Some(max);
        self
    }
    fn runs(mut self, runs: Span) -> Setup {
        self.runs = runs;
        self
    }
    fn poison(mut self, name: &str) -> Setup {
        self.poison.push(name.to_owned());
        self
    }
    fn bisecting(mut self) -> Setup {
        self.reader.bisects = true;
        self
    }
    fn reporting(mut self) -> Setup {
        self.reader.reports_failures = true;
        self
    }
    fn answers(mut self, answers: &[&str]) -> Setup {
        self.answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        self
    }
    fn quiet(mut self) -> Setup {
        self.quiet = true;
        self
    }
    fn resources(&self) -> Resources {
        Resources {
            streams: vec![self.stream.clone()],
            readers: vec![self.reader.clone()],
            assumptions: self.assumptions.clone(),
            ..Resources::default()
        }
    }
    fn settings(&self) -> Settings {
        let retention = self.stream.retention;
        Settings { reader: self.reader.clone(), source: self.stream.source, retention }
    }
}

/// Plays a script and what is still to come, until well after the last time that is expected, and compares
/// what happened. Words are compared, not lines.
#[track_caller]
fn check(setup: Setup, script: &str, expected: &str) -> Story {
    let mut story = Story::new(setup);
    story.play(script);
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let times = words(expected).iter().filter_map(|word| at(word)).max();
    let end = times.map_or(Span::ZERO, |last| last + Span::secs(20));
    story.advance(story.port.now().max(Time::ZERO + end) + Span::secs(20));
    let came = story.lines.join("\n");
    let expected: Vec<String> = words(expected).iter().map(|word| in_one_form(word)).collect();
    assert_eq!(words(&came), expected, "\n{came}\n");
    story
}

/// Times as the script writes them, as the clock writes them.
fn in_one_form(word: &str) -> String {
    at(word).map_or(word.to_owned(), |span| span.to_string())
}

/// A word that is a time.
fn at(word: &str) -> Option<Span> {
    let number = word.strip_suffix('s')?;
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| span(word))
}

/// Seconds with decimals: "1.5s".
fn span(text: &str) -> Span {
    let text = text.strip_suffix('s').expect("a time in seconds");
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let nanos = format!("{rest:0<9}").parse().expect("decimals");
    Span::secs(whole.parse().expect("seconds")) + Span::nanos(nanos)
}

struct Story {
    pair: Pair,
    port: Recorded<Pair>,
    setup: Setup,
    names: BTreeMap<PayloadId, String>,
    lines: Vec<String>,
    /// All that was noted so far.
    noted: Vec<(Time, Fact)>,
}

/// A stream and its reader, and the function by a script.
struct Pair {
    stream: Stream,
    reader: Reader,
    setup: Setup,
    names: BTreeMap<PayloadId, String>,
    invoked: usize,
    log: Vec<String>,
    /// The batch of each slot that was invoked.
    batches: BTreeMap<u32, BatchId>,
    /// Messages under way, oldest first.
    mail: VecDeque<Mail>,
}

enum Mail {
    Stream(stream::In),
    Reader(In),
}

#[derive(Clone, Copy)]
enum PairWake {
    Stream(stream::Wake),
    Reader(reader::Wake),
    Ends(u32, usize),
}

impl Classed for PairWake {
    fn class(&self) -> Class {
        match self {
            PairWake::Stream(token) => token.class(),
            PairWake::Reader(token) => token.class(),
            PairWake::Ends(..) => Class::Completion,
        }
    }
}

enum PairIn {
    Begin,
    Put(PayloadId),
    Configure(Box<Setup>),
}

/// The port of one of the two.
struct Part<'a, P, C: Component> {
    port: &'a mut P,
    sent: Vec<C::Out>,
    wake: fn(C::Wake) -> PairWake,
}

impl<P: Port<Pair>, C: Component> Port<C> for Part<'_, P, C> {
    fn wake(&mut self, after: Span, token: C::Wake) {
        self.port.wake(after, (self.wake)(token));
    }
    fn send(&mut self, message: C::Out) {
        self.sent.push(message);
    }
    fn note(&mut self, rule: Rule, fact: Fact) {
        self.port.note(rule, fact);
    }
    fn register(&mut self) -> &mut Register {
        self.port.register()
    }
}

impl Component for Pair {
    type Wake = PairWake;
    type In = PairIn;
    type Out = ();

    fn on(&mut self, now: Time, message: PairIn, fx: &mut impl Port<Self>) {
        match message {
            PairIn::Begin => self.stream(fx, |stream, fx| stream.begin(fx)),
            PairIn::Put(payload) => {
                let (attempt, sender) = (1, Sender::None);
                self.mail.push_back(Mail::Stream(stream::In::Put { payload, attempt, sender }));
            }
            PairIn::Configure(setup) => {
                self.setup = *setup;
                let (resources, settings) = (self.setup.resources(), self.setup.settings());
                self.reader(now, fx, |reader, fx| reader.configure(now, settings, fx));
                self.stream(fx, |stream, fx| stream.configure(now, &resources, fx));
            }
        }
        self.deliver(now, fx);
    }

    fn woken(&mut self, now: Time, token: PairWake, fx: &mut impl Port<Self>) {
        match token {
            PairWake::Stream(token) => self.stream(fx, |stream, fx| stream.woken(now, token, fx)),
            PairWake::Reader(token) => {
                self.reader(now, fx, |reader, fx| reader.woken(now, token, fx));
            }
            PairWake::Ends(slot, nth) => self.ends(now, slot, nth, fx),
        }
        self.deliver(now, fx);
    }
}

impl Pair {
    fn deliver(&mut self, now: Time, fx: &mut impl Port<Pair>) {
        while let Some(mail) = self.mail.pop_front() {
            match mail {
                Mail::Stream(message) => {
                    self.stream(fx, |stream, fx| stream.on(now, message, fx));
                }
                Mail::Reader(message) => {
                    self.reader(now, fx, |reader, fx| reader.on(now, message, fx));
                }
            }
        }
    }

    fn stream<P: Port<Pair>>(
        &mut self,
        port: &mut P,
        act: impl FnOnce(&mut Stream, &mut Part<'_, P, Stream>),
    ) {
        let mut part = Part { port, sent: vec![], wake: PairWake::Stream };
        act(&mut self.stream, &mut part);
        for message in part.sent {
            self.mail.push_back(Mail::Reader(match message {
                stream::Out::Told(..) => continue,
                stream::Out::Opened { shard, .. } => In::Opened(shard),
                stream::Out::Closed { shard, .. } => In::Closed(shard),
                stream::Out::Arrived { shard, .. } => In::Arrived(shard),
                stream::Out::Records { shard, batch, behind, .. } => {
                    In::Records { shard, batch, behind }
                }
            }));
        }
    }

    fn reader<P: Port<Pair>>(
        &mut self,
        now: Time,
        port: &mut P,
        act: impl FnOnce(&mut Reader, &mut Part<'_, P, Reader>),
    ) {
        let mut part = Part { port, sent: vec![], wake: PairWake::Reader };
        act(&mut self.reader, &mut part);
        let sent = part.sent;
        let reader = ReaderId(0);
        for message in sent {
            self.mail.push_back(match message {
                Out::Read { shard, max } => Mail::Stream(stream::In::Read { reader, shard, max }),
                Out::Finished(shard) => Mail::Stream(stream::In::Finished { reader, shard }),
                Out::Invoke { slot, batch, .. } => {
                    self.batches.insert(slot, batch);
                    let nth = self.invoked;
                    self.invoked += 1;
                    let line = self.line(slot, nth, port);
                    self.log.push(format!("{now} {line}"));
                    port.wake(self.setup.runs, PairWake::Ends(slot, nth));
                    continue;
                }
                Out::Send { payload, place, slot, .. } => {
                    self.log.push(format!("{now} {} sent", self.names[&payload]));
                    let receipt = self.setup.receipt;
                    if receipt == Receipt::Accepted {
                        port.register().place(
                            payload,
                            place,
                            dwell::model::register::Why::default(),
                            Time::ZERO,
                        );
                        port.register().release(payload);
                    }
                    Mail::Reader(In::Told(slot, receipt))
                }
            });
        }
    }

    fn records<P: Port<Pair>>(&mut self, slot: u32, port: &mut P) -> Vec<String> {
        let batch = self.batches[&slot];
        let names = port.register().batch(batch).iter();
        names.map(|r| self.names.get(&r.payload).cloned().unwrap_or_default()).collect()
    }

    /// What the function answers the `nth` time, and how it is told.
    fn answer(&self, nth: usize, records: &[String]) -> String {
        if records.iter().any(|name| self.setup.poison.contains(name)) {
            return "failed".to_owned();
        }
        self.setup.answers[nth.min(self.setup.answers.len() - 1)].clone()
    }

    fn line<P: Port<Pair>>(&mut self, slot: u32, nth: usize, port: &mut P) -> String {
        let batch = self.batches[&slot];
        for record in port.register().batch(batch).to_vec() {
            // The call that ends a window has a copy.
            if !self.names.contains_key(&record.payload) {
                port.register().hold(record.payload);
                let root = port.register().get(record.payload).root;
                let name = format!("{}'", self.names[&root]);
                self.names.insert(record.payload, name);
            }
        }
        let records = self.records(slot, port);
        let answer = self.answer(nth, &records);
        let answer = if answer == "ok" { String::new() } else { format!(" {answer}") };
        format!("[{}]{answer}", records.join(" "))
    }

    fn ends<P: Port<Pair>>(&mut self, now: Time, slot: u32, nth: usize, port: &mut P) {
        let records = self.records(slot, port);
        let answer = self.answer(nth, &records);
        let words: Vec<&str> = answer.split(' ').collect();
        let (outcome, report) = match words[0] {
            "ok" => (Outcome::Succeeded, Report::Nothing),
            "error" => (Outcome::FunctionError(ErrorKind::Handler), Report::Nothing),
            "throttle" => (Outcome::Throttled, Report::Nothing),
            "5xx" => (Outcome::SystemError, Report::Nothing),
            // A poison record is reported, if that is asked for.
            "failed" if self.setup.reader.reports_failures => {
                let batch = self.batches[&slot];
                for (at, name) in records.iter().enumerate() {
                    let failed = self.setup.poison.contains(name);
                    port.register().batch_mut(batch)[at].failed = failed;
                }
                (Outcome::Succeeded, Report::Marked)
            }
            "failed" => (Outcome::FunctionError(ErrorKind::Record), Report::Nothing),
            "report" => {
                let place = |name: &&str| records.iter().position(|record| record == name);
                let item = |name: &&str| place(name).map_or(Item::Malformed, Item::Record);
                (Outcome::Succeeded, Report::Items(words[1..].iter().map(item).collect()))
            }
            other => panic!("no such answer: {other}"),
        };
        self.reader(now, port, |reader, fx| reader.ended(now, slot, outcome, &report, fx));
    }
}

impl Story {
    fn new(setup: Setup) -> Story {
        let resources = setup.resources();
        let texts = ["yes", "no", "key"].map(str::to_owned).to_vec();
        let catalog = Arc::new(Catalog { texts, laws: vec![vec![]], ..Catalog::default() });
        let assumptions = &setup.assumptions;
        let pair = Pair {
            stream: Stream::new(StreamId(0), &resources, catalog.clone(), 0),
            reader: Reader::new(ReaderId(0), setup.settings(), assumptions, catalog),
            setup: setup.clone(),
            names: BTreeMap::new(),
            invoked: 0,
            log: vec![],
            batches: BTreeMap::new(),
            mail: VecDeque::new(),
        };
        let (port, names) = (Recorded::default(), BTreeMap::new());
        let mut story = Story { pair, port, setup, names, lines: vec![], noted: vec![] };
        story.tell(PairIn::Begin);
        story
    }

    fn tell(&mut self, message: PairIn) {
        self.port.tell(&mut self.pair, message);
        self.listen();
    }

    fn put(&mut self, name: &str, key: Option<Word>) {
        let now = self.port.now();
        let number = self.names.len() as u64 + 1;
        let payload = self.port.register.arrive(CallId(0), 77, number, now);
        // Held once more, so that its number stays its own.
        self.port.register.hold(payload);
        self.port.register.get_mut(payload).bytes = self.setup.bytes;
        let words = key.map(|key| vec![(AttributeId::PARTITION_KEY, key)].into());
        self.port.register.get_mut(payload).words = words;
        self.names.insert(payload, name.to_owned());
        self.pair.names.insert(payload, name.to_owned());
        self.tell(PairIn::Put(payload));
    }

    fn play(&mut self, script: &str) {
        for line in script.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = Time::ZERO + span(words[0]);
            let before = if words[1] == "put" { Class::Retry } else { Class::Change };
            self.advance_to(at, before);
            let number = || words[2].parse().expect("a number");
            match words[1] {
                "put" => {
                    for word in &words[2..] {
                        let (name, key) = match word.split_once(':') {
                            Some((name, key)) => (name, Some(word_of(key))),
                            None => (*word, None),
                        };
                        self.put(name, key);
                    }
                    continue;
                }
                "enable" => self.setup.reader.enabled = true,
                "disable" => self.setup.reader.enabled = false,
                "factor" => self.setup.reader.parallelization = number(),
                "shards" => self.setup.stream.shards = number(),
                "end" => continue,
                other => panic!("no such operation: {other}"),
            }
            self.tell(PairIn::Configure(Box::new(self.setup.clone())));
        }
    }

    fn advance(&mut self, at: Time) {
        self.advance_to(at, Class::Poll);
    }

    fn advance_to(&mut self, at: Time, class: Class) {
        while self.port.step_until(&mut self.pair, at, class) {
            self.listen();
        }
        self.port.advance(&mut self.pair, at, class);
        self.listen();
    }

    /// Writes down what was noted, and then what was asked for.
    fn listen(&mut self) {
        let facts = std::mem::take(&mut self.port.facts);
        let mut given_up: Vec<String> = vec![];
        for (at, (now, rule, fact)) in facts.iter().enumerate() {
            self.noted.push((*now, *fact));
            let name = |payload: &PayloadId| self.names[payload].clone();
            let line = match fact {
                Fact::PutRefused { payload, .. } => {
                    format!("refused {} {}", name(payload), rule.id())
                }
                Fact::RecordFiltered { payload, .. } => {
                    format!("{} filtered {}", name(payload), rule.id())
                }
                Fact::BatchRetried { wait, .. } if !self.setup.quiet => {
                    format!("retry in {wait} {}", rule.id())
                }
                Fact::BatchGivenUp { attempts, why, events, .. } => {
                    given_up.clear();
                    for (_, _, fact) in &facts[at + 1..=at + *events as usize] {
                        let Fact::RecordGivenUp { payload, .. } = fact else {
                            panic!("each record of it is given up")
                        };
                        given_up.push(name(payload));
                    }
                    let (records, why) = (given_up.join(" "), why.word());
                    format!("given up {records} after {attempts} {why} {}", rule.id())
                }
                Fact::RecordDropped { payload, .. } => format!("{} dropped", name(payload)),
                Fact::RecordKept { payload, .. } => format!("{} kept", name(payload)),
                Fact::RecordExpired { payload, read, .. } => {
                    let read = if *read { " read" } else { "" };
                    format!("{} expired{read} {}", name(payload), rule.id())
                }
                Fact::WindowClosed { records, invocations, .. } => {
                    let Fact::WindowDone { ok, .. } = facts[at - 1].2 else {
                        panic!("the call that ends a window is done before it")
                    };
                    let ok = if ok { "ok" } else { "failed" };
                    format!("window of {records} in {invocations}, {ok} {}", rule.id())
                }
                _ => continue,
            };
            self.lines.push(format!("{now} {line}"));
        }
        // Of one transition, what became of the batch before comes before the next one.
        let mut log = std::mem::take(&mut self.pair.log);
        let sent = log.iter().position(|line| line.ends_with(" sent"));
        if let Some(sent) = sent {
            // A destination is asked between two facts.
            let after = |line: &String| line.contains(" kept") || line.contains(" dropped");
            let at = self.lines.iter().rposition(|line| !after(line)).map_or(0, |at| at + 1);
            self.lines.insert(at, log.remove(sent));
        }
        self.lines.extend(log);
    }

    fn facts<T>(&self, pick: impl Fn(&Fact) -> Option<T>) -> Vec<T> {
        self.noted.iter().filter_map(|(_, fact)| pick(fact)).collect()
    }

    fn runs(&self) -> usize {
        self.pair.invoked
    }

    /// The records that the mapping moved past, in this order.
    fn passed(&self) -> Vec<&str> {
        let passed = self.facts(|fact| match fact {
            Fact::Checkpointed { payload, .. }
            | Fact::RecordGivenUp { payload, .. }
            | Fact::RecordExpired { payload, .. } => Some(*payload),
            _ => None,
        });
        passed.iter().map(|payload| self.names[payload].as_str()).collect()
    }

    fn lanes_of_records(&self) -> BTreeMap<&str, u32> {
        let taken = self.facts(|fact| match fact {
            Fact::RecordTaken { payload, lane, .. } => Some((*payload, *lane)),
            _ => None,
        });
        taken.iter().map(|(payload, lane)| (self.names[payload].as_str(), *lane)).collect()
    }

    fn scaled(&self) -> Vec<(u64, u32)> {
        let scaled = self.noted.iter().filter_map(|(now, fact)| match fact {
            Fact::LanesScaled { lanes, .. } => Some((now.as_nanos() / 1_000_000_000, *lanes)),
            _ => None,
        });
        scaled.collect()
    }
}

/// A key: a number, or one text.
fn word_of(key: &str) -> Word {
    key.parse().map_or(Word::Text(2), Word::Number)
}

/// Records of few keys through failures, reports, splits, other factors and shards: each key's come in
/// order, and each record is moved past once.
fn random_story(seed: u64) {
    let luck = kernel::Stream::new(seed, "story");
    let draw = |what: u32, below: u64| luck.draw(u64::from(what), 0).below(below);
    let mut setup = kinesis().batches_of(1 + u32::try_from(draw(1, 7)).expect("small"));
    setup.reader.retries_max = Some(u32::try_from(draw(2, 3)).expect("small"));
    setup.reader.bisects = draw(3, 2) == 0;
    setup.reader.reports_failures = draw(4, 2) == 0;
    setup.reader.parallelization = 1 + u32::try_from(draw(5, 4)).expect("small");
    setup.runs = Span::millis(draw(6, 300));
    setup.stream.source = [Source::Kinesis, Source::DynamoDb, Source::Kafka][draw(7, 3) as usize];
    setup.stream.shards = 1 + u32::try_from(draw(8, 4)).expect("small");
    setup.reader.window = Span::millis(500 * draw(9, 3));
    setup.reader.tumbling = (draw(10, 3) == 0).then_some(Span::secs(3));
    if setup.stream.source == Source::Kafka {
        (setup.reader.parallelization, setup.reader.tumbling) = (1, None);
    }
    let mut story = Story::new(setup);
    let mut keys: BTreeMap<String, u64> = BTreeMap::new();
    for n in 0..200u32 {
        let at = Time::ZERO + Span::millis(100 * u64::from(n));
        story.advance_to(at, Class::Retry);
        let key = draw(1000 + n, 12);
        let name = format!("r{n}");
        if draw(2000 + n, 10) == 0 {
            story.setup.poison.push(name.clone());
            story.pair.setup.poison.push(name.clone());
        }
        keys.insert(name.clone(), key);
        story.put(&name, Some(Word::Number(key as f64)));
        if draw(3000 + n, 20) == 0 {
            let other = 1 + u32::try_from(draw(4000 + n, 4)).expect("small");
            // Partitions of Kafka are only added, and then keys move.
            match (story.setup.stream.source, draw(5000 + n, 2)) {
                (Source::Kafka, _) => continue,
                (_, 0) => story.setup.stream.shards = other,
                _ => story.setup.reader.parallelization = other,
            }
            story.tell(PairIn::Configure(Box::new(story.setup.clone())));
        }
    }
    story.advance(Time::ZERO + Span::hours(2));
    let mut last: BTreeMap<u64, u32> = BTreeMap::new();
    let passed = story.passed();
    assert_eq!(passed.len(), 200, "seed {seed}");
    for name in passed {
        let n: u32 = name[1..].parse().expect("a number");
        let before = last.insert(keys[name], n);
        assert!(before.is_none_or(|before| before < n), "seed {seed}: {name} after r{before:?}");
    }
    let open = story.facts(|fact| matches!(fact, Fact::WindowClosed { .. }).then_some(())).len();
    let done = story.facts(|fact| matches!(fact, Fact::WindowDone { .. }).then_some(())).len();
    assert_eq!(open, done);
    assert_eq!(story.port.register.unrested(), 0, "seed {seed}: all rests");
    let copies = (story.pair.names.len() - story.names.len()) as u64;
    assert_eq!(story.port.register.alive(), 200 + copies, "seed {seed}: only the test holds them");
}
