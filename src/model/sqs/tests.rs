//! Stories of one queue, by rule: what is asked of it, and what it does.

mod fair;
mod fifo;

use super::*;
use crate::{
    kernel::{Probability, name_key},
    model::{
        facts::Fact as F,
        recorded::Recorded,
        value::{AttributeId, Word},
        vocabulary::CallId,
    },
};
use std::collections::BTreeMap;

// Receiving and coming back.

#[test]
fn s2_a_message_is_hidden_from_its_receive_on() {
    check(
        queue(),
        "
        0s send a
        1s receive
        1s receive
        2s receive
        2s count
    ",
        "
        1s p1 gets a1 S2
        1s p2 gets nothing S10
        2s p3 gets nothing S10
        2s 0 visible, 1 in flight, 0 delayed
    ",
    );
}

#[test]
fn s2_a_receive_may_hide_for_another_time_and_the_next_hides_for_the_queues() {
    check(
        queue(),
        "
        0s  send a
        0s  receive hide 5s
        5s  receive
        34s receive
        35s receive
    ",
        "
        0s  p1 gets a1 S2
        5s  a1 returns S4
        5s  p2 gets a2 S2
        34s p3 gets nothing S10
        35s a2 returns S4
        35s p4 gets a3 S2
    ",
    );
}

#[test]
fn s2_a_changed_visibility_timeout_holds_for_later_receives() {
    check(
        queue(),
        "
        0s  send a
        0s  send b
        0s  receive max 1
        1s  set visibility 5s
        1s  receive max 1
        6s  end
        30s end
    ",
        "
        0s  p1 gets a1 S2
        1s  p2 gets b1 S2
        6s  b1 returns S4
        30s a1 returns S4
    ",
    );
}

#[test]
fn s4_a_message_is_back_at_the_end_of_its_timeout_and_not_before() {
    check(
        queue(),
        "
        0s send a
        1s receive
        30.999999999s receive
        31s receive
    ",
        "
        1s p1 gets a1 S2
        30.999999999s p2 gets nothing S10
        31s a1 returns S4
        31s p3 gets a2 S2
    ",
    );
}

#[test]
fn s4_received_with_a_timeout_of_zero_it_is_back_at_once() {
    check(
        queue(),
        "
        0s send a
        1s receive hide 0s
        1s receive hide 0s
        1s receive
    ",
        "
        1s p1 gets a1 S2
        1s a1 returns S4
        1s p2 gets a2 S2
        1s a2 returns S4
        1s p3 gets a3 S2
    ",
    );
}

#[test]
fn s4_what_comes_back_takes_its_old_place() {
    check(
        queue_without_back(),
        "
        0s  send a
        0s  receive
        1s  send b
        29s send c
        30s receive max 1
        31s receive
    ",
        "
        0s  p1 gets a1 S2
        30s a1 returns S4
        30s p2 gets a2 S2
        31s p3 gets b1 c1 S2
    ",
    );
}

#[test]
fn s4_timeouts_of_many_lengths_end_each_at_its_time() {
    check(
        queue(),
        "
        0s send a
        0s send b
        0s send c
        0s send d
        0s receive max 1 hide 30s
        0s receive max 1 hide 10s
        0s receive max 1 hide 20s
        0s receive max 1 hide 5s
        1s delete d
        40s end
    ",
        "
        0s  p1 gets a1 S2
        0s  p2 gets b1 S2
        0s  p3 gets c1 S2
        0s  p4 gets d1 S2
        1s  d deleted InFlight E10
        10s b1 returns S4
        20s c1 returns S4
        30s a1 returns S4
    ",
    );
}

#[test]
fn s3_a_changed_timeout_counts_from_the_call() {
    check(
        queue(),
        "
        0s  send a
        0s  send b
        0s  receive
        20s hide a 120s
        20s hide b 2s
        22s count
        30s count
        139.999999999s count
        140s end
    ",
        "
        0s   p1 gets a1 b1 S2
        22s  b1 returns S4
        22s  1 visible, 1 in flight, 0 delayed
        30s  1 visible, 1 in flight, 0 delayed
        139.999999999s 1 visible, 1 in flight, 0 delayed
        140s a1 returns S4
    ",
    );
}

#[test]
fn s3_changed_to_zero_it_is_visible_at_once_for_a_receive_that_waits() {
    check(
        queue(),
        "
        0s send a
        0s receive
        1s receive wait 20s
        2s hide a 0s
    ",
        "
        0s p1 gets a1 S2
        2s a1 returns S3
        2s p2 gets a2 S11
    ",
    );
}

/// Recorded on AWS.
#[test]
fn s3_an_older_handle_changes_the_timeout_of_a_message_in_flight() {
    check(
        queue(),
        "
        0s send a
        0s receive hide 0s
        1s receive
        2s hide a 0s nth 1
    ",
        "
        0s p1 gets a1 S2
        0s a1 returns S4
        1s p2 gets a2 S2
        2s a2 returns S3
    ",
    );
}

/// Recorded on AWS: 200, with no effect that anybody has seen.
#[test]
fn s3_after_the_timeout_a_change_is_accepted_and_changes_nothing() {
    check(
        queue(),
        "
        0s  send a
        0s  receive
        30s hide a 60s
        31s receive
    ",
        "
        0s  p1 gets a1 S2
        30s a1 returns S4
        31s p2 gets a2 S2
    ",
    );
}

/// Recorded on AWS.
#[test]
fn s3_the_timeout_of_a_deleted_message_cannot_be_changed() {
    check(
        queue(),
        "
        0s send a
        0s receive
        1s delete a
        2s hide a 60s
        3s send b
        3s receive
        4s hide a 0s
        4s count
    ",
        "
        0s p1 gets a1 S2
        1s a deleted InFlight E10
        2s refused MessageDoesNotExist
        3s p2 gets b1 S2
        4s refused MessageDoesNotExist
        4s 0 visible, 1 in flight, 0 delayed
    ",
    );
}

#[test]
fn s5_a_message_appears_at_the_end_of_its_delay_and_not_before() {
    let delayed = config::Queue { delay: Span::secs(10), ..queue().config };
    check(
        delayed,
        "
        0s  send a
        0s  send b delay 0s
        0s  send c delay 4s
        0s  receive
        3.999999999s count
        4s  count
        9.999999999s count
        10s count
    ",
        "
        0s  a comes in, Sent to Waiting, delayed S5
        0s  c comes in, Sent to Waiting, delayed S5
        0s  p1 gets b1 S2
        3.999999999s 0 visible, 1 in flight, 2 delayed
        4s  c appears S5
        4s  1 visible, 1 in flight, 1 delayed
        9.999999999s 1 visible, 1 in flight, 1 delayed
        10s a appears S5
        10s 2 visible, 1 in flight, 0 delayed
    ",
    );
}

#[test]
fn s5_a_changed_delay_is_for_later_sends() {
    let delayed = config::Queue { delay: Span::secs(10), ..queue().config };
    check(
        delayed,
        "
        0s  send a
        1s  set delay 2s
        1s  send b
        10s end
    ",
        "
        0s  a comes in, Sent to Waiting, delayed S5
        1s  b comes in, Sent to Waiting, delayed S5
        3s  b appears S5
        10s a appears S5
    ",
    );
}

#[test]
fn s10_a_receive_takes_the_oldest_and_no_more_than_it_asks_for() {
    check(
        queue(),
        "
        0s send a
        1s send b
        2s send c
        3s receive max 2
        3s receive max 2
        3s receive max 2
    ",
        "
        3s p1 gets a1 b1 S2
        3s p2 gets c1 S2
        3s p3 gets nothing S10
    ",
    );
}

// Long polls.

#[test]
fn s11_a_long_poll_is_answered_as_soon_as_a_message_is_there() {
    check(
        queue(),
        "
        0s receive wait 20s
        5s send a
        6s send b
        7s receive wait 20s
    ",
        "
        5s p1 gets a1 S11
        7s p2 gets b1 S2
    ",
    );
}

#[test]
fn s11_it_gets_all_that_is_sent_at_that_instant() {
    check(
        queue(),
        "
        0s receive wait 20s
        0s receive wait 20s
        5s send a
        5s send b
        5s send c
    ",
        "
        5s  p1 gets a1 b1 c1 S11
        20s p2 gets nothing S11
    ",
    );
}

#[test]
fn s11_it_ends_empty_when_its_wait_is_over_and_a_message_of_that_instant_is_in_time() {
    check(
        queue(),
        "
        0s  receive wait 20s
        20s send a
        21s receive wait 20s
        41s end
        41.000000001s send b
        42s count
    ",
        "
        20s p1 gets a1 S11
        41s p2 gets nothing S11
        42s 1 visible, 1 in flight, 0 delayed
        50s a1 returns S4
    ",
    );
}

#[test]
fn s11_first_come_first_served_and_a_short_poll_does_not_wait_behind_a_long_one() {
    check(
        queue(),
        "
        0s receive max 1 wait 20s
        1s receive max 1 wait 5s
        2s receive
        3s send a
        7s send b
    ",
        "
        2s p3 gets nothing S10
        3s p1 gets a1 S11
        6s p2 gets nothing S11
    ",
    );
}

#[test]
fn s11_a_receive_that_is_cancelled_takes_nothing() {
    check(
        queue(),
        "
        0s receive max 1 wait 20s
        0s receive max 1 wait 20s
        1s cancel 1
        2s send a
        3s receive wait 20s
        3s cancel 3
        4s cancel 7
    ",
        "
        2s p2 gets a1 S11
    ",
    );
}

#[test]
fn s11_a_message_that_returns_or_appears_is_there() {
    check(
        queue(),
        "
        0s  send a
        0s  send b delay 31s
        0s  receive
        15s receive wait 20s
        16s receive wait 20s
    ",
        "
        0s  b comes in, Sent to Waiting, delayed S5
        0s  p1 gets a1 S2
        30s a1 returns S4
        30s p2 gets a2 S11
        31s b appears S5
        31s p3 gets b1 S11
    ",
    );
}

#[test]
fn s12_when_enough_is_in_flight_a_receive_gets_nothing_until_less_is() {
    let mut full = queue();
    full.assumptions.in_flight_max = 2;
    check(
        full,
        "
        0s send a
        0s send b
        0s send c
        0s receive
        1s receive
        2s receive wait 20s
        3s delete a
        4s receive wait 1s
        6s send d
        7s receive wait 1s
    ",
        "
        0s p1 gets a1 b1 S2
        1s p2 gets nothing S12
        3s a deleted InFlight E10
        3s p3 gets c1 S11
        5s p4 gets nothing S11
        8s p5 gets nothing S12
    ",
    );
}

// Order.

#[test]
fn s15_from_its_third_receive_on_a_message_returns_behind_all_that_are_stored() {
    check(
        queue(),
        "
        0s  send a
        0s  send b delay 100s
        0s  receive
        30s receive
        60s receive
        61s send c
        90s receive max 1
        91s receive max 1
        92s send d
        121s receive max 3
    ",
        "
        0s  b comes in, Sent to Waiting, delayed S5
        0s  p1 gets a1 S2
        30s a1 returns S4
        30s p2 gets a2 S2
        60s a2 returns S4
        60s p3 gets a3 S2
        90s a3 returns S15
        90s p4 gets c1 S2
        91s p5 gets a4 S2
        100s b appears S5
        120s c1 returns S4
        121s a4 returns S15
        121s p6 gets b1 c2 d1 S2
    ",
    );
}

#[test]
fn s15_without_the_rule_it_keeps_its_place() {
    check(
        queue_without_back(),
        "
        0s send a
        0s receive hide 0s
        0s receive hide 0s
        0s receive hide 0s
        1s send b
        2s receive max 1
    ",
        "
        0s p1 gets a1 S2
        0s a1 returns S4
        0s p2 gets a2 S2
        0s a2 returns S4
        0s p3 gets a3 S2
        0s a3 returns S4
        2s p4 gets a4 S2
    ",
    );
}

/// The count goes on from queue to queue, the place does not: in a dead-letter queue nearly every
/// message was received three times before it came.
#[test]
fn s15_receives_in_another_queue_do_not_count_for_it() {
    check(
        queue(),
        "
        0s redriven a sent 0s receives 7
        0s receive hide 0s
        0s receive hide 0s
        0s receive hide 0s
    ",
        "
        0s a comes in, Redriven to Waiting S24
        0s p1 gets a8 S2
        0s a8 returns S4
        0s p2 gets a9 S2
        0s a9 returns S4
        0s p3 gets a10 S2
        0s a10 returns S15
    ",
    );
}

// Deleting.

#[test]
fn s16_a_delete_with_an_older_handle_succeeds_and_deletes_nothing() {
    check(
        queue(),
        "
        0s  send a
        0s  receive
        30s receive
        31s delete a nth 1
        60s receive
        61s delete a nth 2
        61s delete a
    ",
        "
        0s  p1 gets a1 S2
        30s a1 returns S4
        30s p2 gets a2 S2
        31s delete of a ignored S16
        60s a2 returns S4
        60s p3 gets a3 S2
        61s delete of a ignored S16
        61s a deleted InFlight E10
    ",
    );
}

/// The other reading of Z5: any handle will do.
#[test]
fn s16_or_deletes_if_that_is_assumed() {
    let mut works = queue();
    works.assumptions.superseded_delete_deletes = true;
    check(
        works,
        "
        0s  send a
        0s  receive
        30s receive
        40s delete a nth 1
        70s delete a nth 2
        70s receive
    ",
        "
        0s  p1 gets a1 S2
        30s a1 returns S4
        30s p2 gets a2 S2
        40s a deleted InFlight S16
        70s p3 gets nothing S10
    ",
    );
}

#[test]
fn s17_a_delete_after_the_timeout_works_and_a_second_one_succeeds() {
    check(
        queue(),
        "
        0s  send a
        0s  receive
        31s delete a
        32s delete a
        33s receive
    ",
        "
        0s  p1 gets a1 S2
        30s a1 returns S4
        31s a deleted Visible S17
        33s p2 gets nothing S10
    ",
    );
}

#[test]
fn s17_the_handle_of_a_message_that_is_gone_does_not_touch_the_next_in_its_slot() {
    check(
        queue(),
        "
        0s send a
        0s receive
        1s delete a
        2s send b
        3s delete a
        4s receive
        5s delete a
        5s delete illegal
        5s count
    ",
        "
        0s p1 gets a1 S2
        1s a deleted InFlight E10
        4s p2 gets b1 S2
        5s refused ReceiptHandleIsInvalid
        5s 0 visible, 1 in flight, 0 delayed
    ",
    );
}

#[test]
fn s21_a_purge_takes_what_is_visible_in_flight_and_delayed() {
    check(
        queue(),
        "
        0s send a
        0s receive
        1s send b
        1s send c delay 100s
        2s purge
        2s count
        3s delete a
        3s send d
        3s receive
    ",
        "
        0s p1 gets a1 S2
        1s c comes in, Sent to Waiting, delayed S5
        2s a purged InFlight S21
        2s b purged Visible S21
        2s c purged Delayed S21
        2s 0 visible, 0 in flight, 0 delayed
        3s p2 gets d1 S2
    ",
    );
}

// Retention.

#[test]
fn s6_a_message_expires_at_the_end_of_its_retention_and_not_before() {
    check(
        short_lived(),
        "
        1s send a
        60.999999999s count
        61s receive
        61s count
    ",
        "
        60.999999999s 1 visible, 0 in flight, 0 delayed
        61s a expires Visible S6
        61s p1 gets nothing S10
        61s 0 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s6_a_changed_retention_holds_for_what_is_stored() {
    check(
        short_lived(),
        "
        0s  send a
        10s send b
        20s set retention 100s
        99s count
        100s set retention 85s
        101s set retention 60s
    ",
        "
        99s 2 visible, 0 in flight, 0 delayed
        100s a expires Visible S6
        100s b expires Visible S6
    ",
    );
    check(
        short_lived(),
        "
        0s  send a
        10s send b
        30s set retention 40s
        50s end
    ",
        "
        40s a expires Visible S6
        50s b expires Visible S6
    ",
    );
}

/// Recorded on AWS.
#[test]
fn s7_a_message_in_flight_expires_and_does_not_come_back() {
    check(
        short_lived(),
        "
        0s  send a
        5s  receive hide 60s
        60s end
        65s receive
        66s delete a
    ",
        "
        5s  p1 gets a1 S2
        60s a expires InFlight S7
        65s p2 gets nothing S10
    ",
    );
}

#[test]
fn s7_at_one_instant_expiry_comes_before_the_end_of_the_timeout_and_that_before_a_receive() {
    check(
        short_lived(),
        "
        0s  send a
        0s  send b delay 60s
        20s send c
        30s receive
        40s receive wait 20s
        60s end
    ",
        "
        0s  b comes in, Sent to Waiting, delayed S5
        30s p1 gets a1 c1 S2
        60s a expires InFlight S7
        60s b expires Delayed S6
        60s c1 returns S4
        60s p2 gets c2 S11
    ",
    );
}

// Dead-letter queues.

/// One poison message, as every poller meets it.
#[test]
fn s23_a_message_is_moved_by_the_receive_after_the_last_that_is_allowed() {
    check(
        redriving(3),
        "
        0s   send a
        0s   receive
        30s  receive
        60s  receive
        90s  count
        100s receive
        100s count
    ",
        "
        0s   p1 gets a1 S2
        30s  a1 returns S4
        30s  p2 gets a2 S2
        60s  a2 returns S4
        60s  p3 gets a3 S2
        90s  a3 returns S15
        90s  1 visible, 0 in flight, 0 delayed
        100s a3 of 0s redriven to queue 9 S23
        100s p4 gets nothing S10
        100s 0 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s23_a_long_poll_that_only_moves_messages_waits_on() {
    check(
        redriving(1),
        "
        0s  send a
        0s  receive hide 5s
        1s  receive wait 20s
        7s  send b
    ",
        "
        0s  p1 gets a1 S2
        5s  a1 returns S4
        5s  a1 of 0s redriven to queue 9 S23
        7s  p2 gets b1 S11
    ",
    );
}

#[test]
fn s23_a_changed_policy_holds_at_once() {
    check(
        redriving(5),
        "
        0s  send a
        0s  receive hide 1s
        1s  receive
        2s  set receives_max 2
        31s receive
    ",
        "
        0s  p1 gets a1 S2
        1s  a1 returns S4
        1s  p2 gets a2 S2
        31s a2 returns S4
        31s a2 of 0s redriven to queue 9 S23
        31s p3 gets nothing S10
    ",
    );
}

/// Recorded on AWS: with maxReceiveCount 1 the first receive from the dead-letter queue shows 2.
#[test]
fn s24_the_count_goes_on_in_the_dead_letter_queue() {
    check(
        queue(),
        "
        5s redriven a sent 0s receives 1
        6s receive
    ",
        "
        5s a comes in, Redriven to Waiting S24
        6s p1 gets a2 S2
    ",
    );
}

#[test]
fn s27_a_receive_that_moves_messages_still_fills_up() {
    check(
        redriving(1),
        "
        0s send a
        0s send b
        0s receive max 2 hide 5s
        5s send c
        5s send d
        6s receive max 2
    ",
        "
        0s p1 gets a1 b1 S2
        5s a1 returns S4
        5s b1 returns S4
        6s a1 of 0s redriven to queue 9 S23
        6s b1 of 0s redriven to queue 9 S23
        6s p2 gets c1 d1 S27
    ",
    );
}

#[test]
fn s28_in_a_dead_letter_queue_retention_counts_from_the_first_send() {
    check(
        short_lived(),
        "
        50s redriven a sent 10s receives 3
        51s redriven b sent 5s receives 3
        52s send c
        65s count
        70s count
    ",
        "
        50s a comes in, Redriven to Waiting S24
        51s b comes in, Redriven to Waiting S24
        65s b expires Visible S28
        65s 2 visible, 0 in flight, 0 delayed
        70s a expires Visible S28
        70s 1 visible, 0 in flight, 0 delayed
    ",
    );
}

/// What comes too late is lost at once (S29).
#[test]
fn s28_a_message_can_be_dead_on_arrival() {
    check(
        short_lived(),
        "
        60s redriven a sent 0s receives 3
        60s redriven b sent 0.000000001s receives 3
        61s count
    ",
        "
        60s a comes in, Redriven to Waiting S24
        60s a expires Visible S28
        60s b comes in, Redriven to Waiting S24
        60.000000001s b expires Visible S28
        61s 0 visible, 0 in flight, 0 delayed
    ",
    );
}

// Move tasks.

/// Recorded on AWS: four messages at one a second take three seconds.
#[test]
fn s33_a_move_task_moves_one_at_once_and_the_others_evenly_spaced() {
    check(
        dead_letter_queue(),
        "
        0s send a
        0s send b
        0s send c
        0s send d
        5s move to 4 rate 1
    ",
        "
        5s move task accepted S33
        5s a moved to queue 4 S36
        6s b moved to queue 4 S36
        7s c moved to queue 4 S36
        8s d moved to queue 4 S36
        8s move task ended after 4 S33
    ",
    );
}

#[test]
fn s33_without_a_destination_each_goes_back_to_where_it_came_from() {
    check(
        dead_letter_queue(),
        "
        0s redriven a sent 0s receives 3
        0s receive max 1
        1s redriven b sent 1s receives 3
        5s move rate 1000
        30s move
    ",
        "
        0s  a comes in, Redriven to Waiting S24
        0s  p1 gets a4 S2
        1s  b comes in, Redriven to Waiting S24
        5s  move task accepted S33
        5s  b moved to queue 1 S36
        5s  move task ended after 1 S33
        30s a4 returns S4
        30s move task accepted S33
        30s a moved to queue 1 S36
        30s move task ended after 1 S33
    ",
    );
}

#[test]
fn s33_it_ends_at_a_message_that_nothing_moved_here() {
    check(
        dead_letter_queue(),
        "
        0s redriven a sent 0s receives 3
        0s send b
        0s redriven c sent 0s receives 3
        5s move
        6s count
    ",
        "
        0s a comes in, Redriven to Waiting S24
        0s c comes in, Redriven to Waiting S24
        5s move task accepted S33
        5s a moved to queue 1 S36
        5.002s move task ended after 1 S33
        6s 2 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s33_only_a_dead_letter_queue_can_be_moved_from_and_not_to_itself() {
    check(
        queue(),
        "
        0s send a
        1s move to 4
    ",
        "
        1s move task refused S33
    ",
    );
    check(
        dead_letter_queue(),
        "
        0s send a
        1s move to 0
    ",
        "
        1s move task refused S33
    ",
    );
}

#[test]
fn s33_an_empty_queue_has_nothing_to_move() {
    check(
        dead_letter_queue(),
        "
        1s move
    ",
        "
        1s move task accepted S33
        1s move task ended after 0 S33
    ",
    );
}

/// A cancelled task on AWS was seen to overshoot (S37); here it stops at once.
#[test]
fn s34_a_second_task_is_refused_until_the_first_has_ended_or_is_cancelled() {
    check(
        dead_letter_queue(),
        "
        0s send a
        0s send b
        0s send c
        5s move to 4 rate 1
        5.5s move to 4
        5.6s stop
        5.7s stop
        5.8s move to 3 rate 1
    ",
        "
        5s   move task accepted S33
        5s   a moved to queue 4 S36
        5.5s move task refused S34
        5.6s move task ended after 1 S33
        5.8s move task accepted S33
        5.8s b moved to queue 3 S36
        6.8s c moved to queue 3 S36
        6.8s move task ended after 2 S33
    ",
    );
}

#[test]
fn s34_a_task_ends_after_36_hours() {
    let mut timeline = Story::new(dead_letter_queue());
    timeline.play("0s send a\n0s send b\n0s send c\n0s move to 4 rate 1");
    // Each message that leaves is replaced, so that there is always one to move.
    for second in 1..=36 * 3600 + 1 {
        timeline.play(&format!("{second}s send a"));
        timeline.lines.truncate(1);
        assert_eq!(timeline.queue.is_moving(), second <= 36 * 3600, "{second}");
        if !timeline.queue.is_moving() {
            break;
        }
    }
}

#[test]
fn s35_a_message_that_is_moved_back_is_new() {
    let mut again = short_lived();
    again.config.redrive = redriving(1).config.redrive;
    check(
        again,
        "
        50s  moved-back a
        51s  receive hide 1s
        109.999999999s count
        110s count
    ",
        "
        50s  a comes in, MovedBack to Waiting S35
        51s  p1 gets a1 S2
        52s  a1 returns S4
        109.999999999s 1 visible, 0 in flight, 0 delayed
        110s a expires Visible S6
        110s 0 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn s36_the_oldest_goes_first_and_what_is_in_flight_stays() {
    check(
        dead_letter_queue(),
        "
        0s send a
        0s receive
        1s send b
        2s send c
        3s move to 4 rate 1
        30s count
    ",
        "
        0s  p1 gets a1 S2
        3s  move task accepted S33
        3s  b moved to queue 4 S36
        4s  c moved to queue 4 S36
        4s  move task ended after 2 S33
        30s a1 returns S4
        30s 1 visible, 0 in flight, 0 delayed
    ",
    );
}

// Sending.

#[test]
fn a_forbidden_queue_takes_nothing() {
    let forbidden = config::Queue { forbidden: true, ..queue().config };
    check(
        forbidden,
        "
        0s send a tell
        0s count
    ",
        "
        0s a not sent, Refused ours
        0s 0 visible, 0 in flight, 0 delayed
    ",
    );
    check(
        queue(),
        "
        0s send a tell
        0s count
    ",
        "
        0s Sent { reply_to: Call(CallId(0), 0), receipt: Accepted }
        0s 1 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn a_system_error_is_looked_up_by_payload_and_attempt() {
    let mut setup = queue();
    setup.config.system_error_rate = Probability::new(0.5).expect("a share");
    let outcomes = |seed| {
        let mut story = Story::new(Setup { seed, ..setup.clone() });
        let attempts = (1..=200).map(|attempt| {
            story.play(&format!("0s send a tell attempt {attempt}"));
            story.lines.drain(..).any(|line| line.contains("SystemError"))
        });
        attempts.collect::<Vec<bool>>()
    };
    let [first, again, other] = [1, 1, 2].map(outcomes);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let errors = first.iter().filter(|&&error| error).count();
    assert!((70..130).contains(&errors), "{errors}");
}

#[test]
fn a_message_that_nobody_reads_rests_where_it_is() {
    let unread = config::Queue { read: config::Reading::Never, ..queue().config };
    check(
        unread,
        "
        0s send a
        0s send b dead-letter
        0s redriven c sent 0s receives 3
        0s moved-back d
        0s count
    ",
        "
        0s a comes in, Sent to Delivered S6
        0s b comes in, DeadLetter to DeadLettered S6
        0s c comes in, Redriven to DeadLettered S24
        0s d comes in, MovedBack to Delivered S35
        0s 4 visible, 0 in flight, 0 delayed
    ",
    );
}

#[test]
fn a_payload_knows_how_often_it_was_dead_lettered() {
    let mut story = Story::new(queue());
    story.play(
        "
        0s send a
        0s send b dead-letter
        0s redriven c sent 0s receives 3
        0s moved-back d
    ",
    );
    let times =
        ["a", "b", "c", "d"].map(|name| story.port.register.get(story.payloads[name]).dead_letters);
    assert_eq!(times, [0, 1, 1, 0]);
}

// Age.

/// M1: a message counts until its third receive, and in a dead-letter queue from the move.
#[test]
fn m1_the_age_of_the_oldest_leaves_out_what_was_received_three_times() {
    check(
        queue(),
        "
        0s  age
        1s  send a
        2s  send b delay 100s
        3s  redriven c sent 0s receives 5
        5s  age
        6s  receive max 1 hide 0s
        7s  receive max 1 hide 0s
        8s  age
        9s  receive max 1
        10s age
        11s purge
        12s age
    ",
        "
        0s  no age
        2s  b comes in, Sent to Waiting, delayed S5
        3s  c comes in, Redriven to Waiting S24
        5s  age 4s
        6s  p1 gets a1 S2
        6s  a1 returns S4
        7s  p2 gets a2 S2
        7s  a2 returns S4
        8s  age 7s
        9s  p3 gets a3 S2
        10s age 8s
        11s c purged Visible S21
        11s a purged InFlight S21
        11s b purged Delayed S21
        12s no age
    ",
    );
}

#[test]
fn m1_in_a_dead_letter_queue_the_age_counts_from_the_move() {
    check(
        queue(),
        "
        50s redriven a sent 0s receives 5
        51s age
    ",
        "
        50s a comes in, Redriven to Waiting S24
        51s age 1s
    ",
    );
}

// Appointments.

#[test]
fn many_deadlines_need_one_appointment() {
    let mut story = Story::new(queue());
    for i in 0..1000 {
        story.play(&format!("{i}s send a\n{i}s receive wait 20s\n{i}s delete a"));
        let now = Time::ZERO + Span::secs(i);
        story.port.advance(&mut story.queue, now, Class::Poll);
        // Retention, visibility, and the end of waiting.
        assert!(story.port.appointments() <= 3, "{}", story.port.appointments());
    }
}

#[test]
fn an_appointment_that_an_earlier_one_has_replaced_does_nothing() {
    check(
        queue(),
        "
        0s  send a
        0s  send b
        0s  receive max 1
        1s  receive max 1 hide 10s
        12s receive hide 100s
        29s hide a 20s
        49s end
    ",
        "
        0s  p1 gets a1 S2
        1s  p2 gets b1 S2
        11s b1 returns S4
        12s p3 gets b2 S2
        49s a1 returns S4
    ",
    );
    let mut story = Story::new(queue());
    story.play("0s send a\n0s receive\n0s receive wait 20s");
    for token in [Wake::Expire, Wake::Appear, Wake::Return, Wake::WaitEnd, Wake::Move(1)] {
        story.queue.woken(Time::ZERO, token, &mut story.port);
    }
    story.play("1s count");
    assert_eq!(story.lines.last().expect("a line"), "1s 0 visible, 1 in flight, 0 delayed");
}

#[test]
fn of_all_kinds_of_luck_the_queue_stays_in_order() {
    for seed in 0..20 {
        let luck = Stream::new(seed, "sqs/tests");
        let mut setup = redriving(4);
        setup.config.retention = Span::secs(300);
        setup.assumptions.in_flight_max = 40;
        let mut story = Story::new(setup);
        for i in 0..1500 {
            let mut draw = luck.draw(i, 0);
            let name = char::from(b'a' + u8::try_from(draw.below(26)).expect("a letter"));
            let few = [0, 1, 5, 30][usize::try_from(draw.below(4)).expect("below 4")];
            let operation = match draw.below(20) {
                0..6 => format!("send {name}{i} delay {}s", few * draw.below(2)),
                6..10 => format!("receive max {} hide {few}s", 1 + draw.below(12)),
                10..12 => format!("receive max 3 wait {few}s"),
                12 => format!("redriven {name}{i} sent {}s receives 2", i / 20),
                13..17 => format!("delete #{}", draw.below(1 << 20)),
                17..19 => format!("hide #{} {few}s", draw.below(1 << 20)),
                _ => format!("set visibility {}s", 1 + few),
            };
            story.play(&format!("{}s {operation}", i / 10));
        }
        story.play("100000s count");
        assert_eq!(
            story.lines.last().expect("a line"),
            "100000s 0 visible, 0 in flight, 0 delayed"
        );
    }
}

#[test]
fn a_line_is_in_order_whatever_comes_and_goes() {
    let luck = Stream::new(1, "sqs/line");
    let (mut slab, mut line) = (Slab::default(), Line::<ByPlace>::default());
    let mut sorted: BTreeMap<u64, Slot> = BTreeMap::new();
    for i in 0..20_000 {
        let mut draw = luck.draw(i, 0);
        if sorted.len() < 200 && draw.below(3) != 0 {
            // Mostly behind all others, else anywhere.
            let order = if draw.below(4) == 0 { draw.below(i * 8 + 8) } else { i * 8 + 8 };
            if sorted.contains_key(&order) {
                continue;
            }
            let slot = slab.insert(Fresh {
                payload: PayloadId(0),
                sent_at: Time::ZERO,
                entered_at: Time::ZERO,
                order,
                until: Time::NEVER,
                receives: 0,
                source: None,
                held: Held::Visible,
                is_letter: false,
            });
            line.push(&mut slab, slot);
            sorted.insert(order, slot);
        } else if !sorted.is_empty() {
            let nth = if draw.below(2) == 0 { 0 } else { draw.below(sorted.len() as u64) };
            let nth = usize::try_from(nth).expect("a position");
            let (&order, &slot) = sorted.iter().nth(nth).expect("within");
            sorted.remove(&order);
            line.remove(&mut slab, slot);
            slab.remove(slot);
        }
        assert_eq!(line.first(&slab), sorted.values().next().copied());
        assert_eq!(line.len(), sorted.len());
        if i % 100 == 0 {
            let mut all = line.check(&slab);
            all.sort_by_key(|&slot| slab[slot].order);
            assert_eq!(all, sorted.values().copied().collect::<Vec<_>>());
        }
    }
}

// How a story is told.

/// What a story begins with.
#[derive(Clone)]
struct Setup {
    config: config::Queue,
    assumptions: config::Assumptions,
    seed: u64,
}

impl From<config::Queue> for Setup {
    fn from(config: config::Queue) -> Setup {
        Setup { config, ..queue() }
    }
}

/// A queue as AWS creates it, read by a mapping.
fn queue() -> Setup {
    let config = config::Queue {
        name: "Jobs".to_owned(),
        visibility: Span::secs(30),
        retention: Span::days(4),
        delay: Span::ZERO,
        redrive: None,
        fifo: None,
        system_error_rate: Probability::NEVER,
        forbidden: false,
        read: config::Reading::Enabled,
        dead_letter_queue: false,
    };
    Setup { config, assumptions: config::Assumptions::default(), seed: 0 }
}

fn queue_without_back() -> Setup {
    let mut setup = queue();
    setup.assumptions.back_of_queue_after = None;
    setup
}

/// Retention of a minute.
fn short_lived() -> Setup {
    config::Queue { retention: Span::secs(60), ..queue().config }.into()
}

fn dead_letter_queue() -> Setup {
    config::Queue { dead_letter_queue: true, ..queue().config }.into()
}

fn redriving(receives_max: u32) -> Setup {
    let redrive = Some(config::Redrive { dead_letter_queue: QueueId(9), receives_max });
    config::Queue { redrive, ..queue().config }.into()
}

/// Plays a script and compares what the queue did. A line of the script is a time and what is
/// asked then; plain sends into a queue that is read are left out of the answer.
#[track_caller]
fn check(setup: impl Into<Setup>, script: &str, expected: &str) {
    let mut story = Story::new(setup.into());
    story.play(script);
    // Whatever is still on its way, without the retention of days.
    let end = story.port.now() + Span::secs(19);
    story.advance(end, Class::Poll);
    story.check_holds();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let came = story.lines.join("\n");
    assert_eq!(words(&came), words(expected), "\n{came}\n");
}

struct Story {
    queue: Queue,
    port: Recorded<Queue>,
    config: config::Queue,
    payloads: BTreeMap<String, PayloadId>,
    names: BTreeMap<PayloadId, String>,
    /// Receipt handles of each message, oldest first.
    handles: BTreeMap<String, Vec<u64>>,
    given: Vec<u64>,
    polls: u32,
    /// Holds that the queue has given away or not taken.
    elsewhere: u64,
    lines: Vec<String>,
}

impl Story {
    fn new(Setup { config, assumptions, seed }: Setup) -> Story {
        let catalog = Arc::new(Catalog { laws: vec![vec![]], ..Catalog::default() });
        Story {
            queue: Queue::new(QueueId(0), &config, &assumptions, catalog, seed),
            port: Recorded::default(),
            config,
            payloads: BTreeMap::new(),
            names: BTreeMap::new(),
            handles: BTreeMap::new(),
            given: Vec::new(),
            polls: 0,
            elsewhere: 0,
            lines: Vec::new(),
        }
    }

    fn play(&mut self, script: &str) {
        for line in script.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = Time::ZERO + span(words[0]);
            if self.port.now() < at {
                self.advance(at, Class::Arrival);
            }
            self.ask(at, &words[1..]);
            self.listen();
            self.queue.check(at);
        }
    }

    fn advance(&mut self, at: Time, class: Class) {
        // Step by step, so that what was sent is told before what comes later.
        while self.port.step_until(&mut self.queue, at, class) {
            self.listen();
        }
        self.port.advance(&mut self.queue, at, class);
        self.listen();
    }

    /// A message; its group is its first letter and its id is its name, if it says no other or `-`.
    fn payload(&mut self, words: &[&str]) -> PayloadId {
        let (now, name) = (self.port.now(), words[1]);
        let payload = self.port.register.arrive(CallId(0), 0, 1, now);
        let known = self.port.register.get_mut(payload);
        known.content = name_key(option(words, "body").unwrap_or(name));
        let keys = [
            (AttributeId::GROUP, option(words, "group").unwrap_or(&name[..1])),
            (AttributeId::DEDUPLICATION, option(words, "id").unwrap_or(name)),
        ];
        let keys = keys.into_iter().filter(|(_, text)| *text != "-");
        let number = |text: &str| Word::Number((name_key(text) >> 11) as f64);
        known.words = Some(keys.map(|(key, text)| (key, number(text))).collect());
        // Held once more, so that its number stays its own.
        self.port.register.hold(payload);
        self.payloads.insert(name.to_owned(), payload);
        self.names.insert(payload, name.to_owned());
        payload
    }

    fn handle(&self, words: &[&str]) -> Option<u64> {
        if let Some(number) = words[1].strip_prefix('#') {
            let number: usize = number.parse().expect("a number");
            return (!self.given.is_empty()).then(|| self.given[number % self.given.len()]);
        }
        let Some(handles) = self.handles.get(words[1]) else { return Some(u64::MAX) };
        match option(words, "nth") {
            Some(nth) => Some(handles[nth.parse::<usize>().expect("a number") - 1]),
            None => handles.last().copied(),
        }
    }

    fn ask(&mut self, now: Time, words: &[&str]) {
        let number = |name| option(words, name).map(|word| word.parse().expect("a number"));
        let time = |name| option(words, name).map(span);
        let tell = match words[0] {
            "send" => {
                let payload = self.payload(words);
                In::Send {
                    payload,
                    entry: if words.contains(&"dead-letter") {
                        Entry::DeadLetter
                    } else {
                        Entry::Sent
                    },
                    delay: time("delay"),
                    attempt: number("attempt").unwrap_or(1),
                    reply_to: if words.contains(&"tell") {
                        Sender::Call(CallId(0), 0)
                    } else {
                        Sender::None
                    },
                }
            }
            "redriven" => In::Redriven {
                payload: self.payload(words),
                sent_at: Time::ZERO + time("sent").expect("a time"),
                receives: number("receives").expect("a count"),
                source: QueueId(1),
            },
            "moved-back" => In::MovedBack { payload: self.payload(words) },
            "receive" => {
                self.polls += 1;
                In::Receive {
                    poll: Poll { mapping: MappingId(0), slot: self.polls },
                    max: number("max").unwrap_or(10),
                    wait: time("wait").unwrap_or(Span::ZERO),
                    visibility: time("hide"),
                }
            }
            "cancel" => {
                let slot = words[1].parse().expect("a number");
                In::CancelReceive { poll: Poll { mapping: MappingId(0), slot } }
            }
            "delete" => {
                let Some(handle) = self.handle(words) else { return };
                let result = self.queue.delete(now, handle, Deletion::Processed, &mut self.port);
                return self.refused(result);
            }
            "hide" => {
                let Some(handle) = self.handle(words) else { return };
                let result =
                    self.queue.change_visibility(now, handle, span(words[2]), &mut self.port);
                if !words[1].starts_with('#') {
                    self.refused(result);
                }
                return;
            }
            "purge" => In::Purge,
            "move" => In::StartMoveTask {
                destination: option(words, "to")
                    .map(|word| QueueId(word.parse().expect("a number"))),
                rate: number("rate"),
            },
            "stop" => In::CancelMoveTask,
            "set" => {
                match words[1] {
                    "visibility" => self.config.visibility = span(words[2]),
                    "retention" => self.config.retention = span(words[2]),
                    "delay" => self.config.delay = span(words[2]),
                    "limit" => {
                        let limit = match words[2] {
                            "queue" => config::ThroughputLimit::PerQueue,
                            _ => config::ThroughputLimit::PerGroup,
                        };
                        self.config.fifo = self.config.fifo.map(|f| config::Fifo { limit, ..f });
                    }
                    "scope" => {
                        let scope = match words[2] {
                            "queue" => config::DeduplicationScope::Queue,
                            _ => config::DeduplicationScope::Group,
                        };
                        self.config.fifo = self.config.fifo.map(|f| config::Fifo { scope, ..f });
                    }
                    "receives_max" => {
                        let receives_max = words[2].parse().expect("a number");
                        self.config.redrive = redriving(receives_max).config.redrive;
                    }
                    other => panic!("no such attribute: {other}"),
                }
                return self.queue.configure(now, &self.config, &mut self.port);
            }
            "count" | "age" => {
                // When all of the instant has happened.
                self.advance(now, Class::Poll);
                return self.look(now, words[0]);
            }
            "end" => return,
            other => panic!("no such operation: {other}"),
        };
        self.port.tell(&mut self.queue, tell);
    }

    fn look(&mut self, now: Time, what: &str) {
        self.lines.push(match what {
            "count" => {
                let Counts { visible, not_visible, delayed } = self.queue.counts();
                format!("{now} {visible} visible, {not_visible} in flight, {delayed} delayed")
            }
            _ => match self.queue.oldest_age(now) {
                Some(age) => format!("{now} age {age}"),
                None => format!("{now} no age"),
            },
        });
    }

    fn refused(&mut self, result: Result<(), QueueError>) {
        if let Err(error) = result {
            self.lines.push(format!("{} refused {error:?}", self.port.now()));
        }
    }

    /// Writes down what the queue has noted and sent.
    fn listen(&mut self) {
        let now = self.port.now();
        let mut moves = vec![];
        let mut batches = vec![];
        for message in std::mem::take(&mut self.port.messages) {
            match message {
                Out::Sent { .. } | Out::Redrive { .. } | Out::MoveBack { .. } => {
                    moves.push(message)
                }
                Out::Received { poll, batch } => batches.push((poll, batch)),
            }
        }
        let (mut moves, mut batches) = (moves.into_iter(), batches.into_iter());
        let mut batch_is_at = 0;
        for (now, rule, fact) in std::mem::take(&mut self.port.facts) {
            let name = |payload: PayloadId| self.names[&payload].clone();
            let line = match fact {
                // A batch is told when its last message is.
                F::Received { .. } => {
                    batch_is_at += 1;
                    let (_, batch) = batches.as_slice()[0];
                    if self.port.register.batch(batch).len() != batch_is_at {
                        continue;
                    }
                    batch_is_at = 0;
                    let (poll, batch) = batches.next().expect("as many as receives");
                    self.gets(poll, batch)
                }
                F::EmptyReceive { .. } => {
                    let (poll, batch) = batches.next().expect("as many as receives");
                    self.gets(poll, batch)
                }
                F::Enqueued { payload, entry, delayed, place, .. } => {
                    if (entry, delayed, place) == (Entry::Sent, false, Place::Waiting) {
                        continue;
                    }
                    let delayed = if delayed { ", delayed" } else { "" };
                    format!("{} comes in, {entry:?} to {place:?}{delayed}", name(payload))
                }
                F::SendRefused { payload, .. } => {
                    self.elsewhere += 1;
                    let Some(Out::Sent { receipt, .. }) = moves.next() else {
                        panic!("who is told of a refusal")
                    };
                    format!("{} not sent, {receipt:?}", name(payload))
                }
                F::Deduplicated { payload, .. } => format!("{} is known", name(payload)),
                F::GroupsInFlight { .. } => continue,
                F::Appeared { payload, .. } => format!("{} appears", name(payload)),
                F::Returned { payload, count, .. } => format!("{}{count} returns", name(payload)),
                F::Deleted { payload, was, .. } => format!("{} deleted {was:?}", name(payload)),
                F::DeleteIgnored { payload, .. } => format!("delete of {} ignored", name(payload)),
                F::Expired { payload, was, .. } => format!("{} expires {was:?}", name(payload)),
                F::Purged { payload, was, .. } => format!("{} purged {was:?}", name(payload)),
                F::Redriven { payload, count, .. } => {
                    self.elsewhere += 1;
                    let Some(Out::Redrive { to, sent_at, receives, source, .. }) = moves.next()
                    else {
                        panic!("what is redriven goes somewhere")
                    };
                    assert_eq!((source, receives), (QueueId(0), count));
                    format!("{}{count} of {sent_at} redriven to queue {}", name(payload), to.0)
                }
                F::MovedBack { payload, .. } => {
                    self.elsewhere += 1;
                    let Some(Out::MoveBack { to, .. }) = moves.next() else {
                        panic!("what is moved goes somewhere")
                    };
                    format!("{} moved to queue {}", name(payload), to.0)
                }
                F::MoveTaskStarted { accepted: true, .. } => "move task accepted".to_owned(),
                F::MoveTaskStarted { accepted: false, .. } => "move task refused".to_owned(),
                F::MoveTaskEnded { moved, .. } => format!("move task ended after {moved}"),
                other => panic!("not a fact of a queue: {other:?}"),
            };
            self.lines.push(format!("{now} {line} {}", rule.id()));
        }
        for message in moves {
            self.lines.push(format!("{now} {message:?}"));
        }
        assert_eq!(batches.len(), 0, "every answer is noted");
    }

    fn gets(&mut self, poll: Poll, batch: BatchId) -> String {
        let records = self.port.register.batch(batch).to_vec();
        self.port.register.close_batch(batch);
        let mut line = format!("p{} gets", poll.slot);
        if records.is_empty() {
            line += " nothing";
        }
        for record in records {
            let name = &self.names[&record.payload];
            line += &format!(" {name}{}", record.attempt);
            self.handles.entry(name.clone()).or_default().push(record.handle);
            self.given.push(record.handle);
            self.port.register.release(record.payload);
        }
        line
    }

    /// Without this test's own holds, just what is stored or went elsewhere is held.
    fn check_holds(&mut self) {
        let stored = self.queue.dump();
        let register = &mut self.port.register;
        for &payload in self.names.keys() {
            register.place(
                payload,
                Place::Dropped,
                crate::model::register::Why::default(),
                Time::ZERO,
            );
            register.release(payload);
        }
        assert_eq!(register.alive(), stored.len() as u64 + self.elsewhere, "one hold a message");
    }
}

/// The word behind `name`.
fn option<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| *word == name)?;
    Some(words[at + 1])
}

/// Seconds with decimals: "1.5s".
fn span(text: &str) -> Span {
    let text = text.strip_suffix('s').expect("a time in seconds");
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let nanos = format!("{rest:0<9}").parse().expect("decimals");
    Span::secs(whole.parse().expect("seconds")) + Span::nanos(nanos)
}
