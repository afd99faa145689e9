//! Stories of a fair queue. The first letter of a message is its tenant.

use super::*;

/// A group with more than a half of what is in flight, and at least two, is noisy.
fn fair() -> Setup {
    let mut setup = queue();
    setup.assumptions.noisy_group_share_ppm = 500_000;
    setup.assumptions.noisy_group_min = 2;
    setup
}

#[test]
fn s49_a_noisy_group_is_passed_over_while_another_has_something_visible() {
    let script = "
        0s send aq
        0s send ar
        0s send as
        0s send bx
        0s send at
        0s receive max 2
        1s receive max 1
        2s receive max 1
    ";
    check(
        fair(),
        script,
        "
        0s p1 gets aq1 ar1 S2
        1s p2 gets bx1 S49
        2s p3 gets as1 S2
    ",
    );
    check(
        queue(),
        script,
        "
        0s p1 gets aq1 ar1 S2
        1s p2 gets as1 S2
        2s p3 gets bx1 S2
    ",
    );
}

#[test]
fn s49_a_just_share_and_few_messages_are_not_noisy() {
    // One of one is the whole, and fewer than two.
    check(
        fair(),
        "
        0s send ax
        0s send ay
        0s send bx
        0s receive max 1
        1s receive max 1
    ",
        "
        0s p1 gets ax1 S2
        1s p2 gets ay1 S2
    ",
    );
    // Two of four are no more than a half.
    check(
        fair(),
        "
        0s send ax
        0s send bx
        0s send by
        0s send az
        0s send ay
        0s send bz
        0s receive max 4
        1s receive max 1
    ",
        "
        0s p1 gets ax1 bx1 by1 az1 S2
        1s p2 gets ay1 S2
    ",
    );
}

#[test]
fn s49_what_has_no_group_is_passed_over_for_nobody() {
    check(
        fair(),
        "
        0s send ax group -
        0s send ay group -
        0s send az group -
        0s send bx
        0s receive max 2
        1s receive max 1
    ",
        "
        0s p1 gets ax1 ay1 S2
        1s p2 gets az1 S2
    ",
    );
}

#[test]
fn s49_whatever_comes_the_tenants_agree_with_the_messages() {
    let luck = Stream::new(3, "sqs/fair");
    let mut passed_over = 0;
    for run in 0..10 {
        let mut setup = fair();
        setup.config.redrive = redriving(4).config.redrive;
        setup.config.retention = Span::secs(90);
        let mut story = Story::new(setup);
        for i in 0..300_u64 {
            let mut draw = luck.draw(run, u32::try_from(i).expect("few"));
            let few = draw.below(8) + 1;
            let group = ["a", "a", "b", "-"][usize::try_from(draw.below(4)).expect("few")];
            let operation = match draw.below(16) {
                0..6 => format!("send m{i} group {group} delay {}s", few / 3),
                6..11 => format!("receive max {few} hide {}s", few * 3),
                11..14 => format!("delete #{}", draw.below(1 << 20)),
                _ => format!("hide #{} {}s", draw.below(1 << 20), few - 1),
            };
            story.play(&format!("{}s {operation}", i / 3));
        }
        passed_over += story.lines.iter().filter(|line| line.ends_with("S49")).count();
        story.play("1000s count");
        assert_eq!(story.lines.last().expect("a line"), "1000s 0 visible, 0 in flight, 0 delayed");
    }
    assert!(0 < passed_over, "somebody was noisy");
}
