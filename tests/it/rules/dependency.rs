//! Dependencies: places, queue, token bucket, and what becomes of work that nobody waits for. What a
//! dependency does only the scenario says, so nothing here has a rule of AWS's.

use super::{check, play};

/// A dependency `D` and a caller `C` that asks it, with these properties.
fn asks(dependency: &str, caller: &str) -> String {
    format!(
        "
        dependencies: {{D: {{{dependency}}}}}
        callers: {{C: {{target: D, {caller}}}}}
        "
    )
}

#[test]
fn it_serves_as_many_at_once_as_it_has_places_and_the_others_first_in_first_out() {
    check(
        &asks("concurrency: 1, service_time: 1s", "arrivals: {every: 100ms, until: 300ms}"),
        "work_queued work_started+ work_ended+ resolved+",
        "
        0s D.work_started C-1 ours waited=0s
        0.1s D.work_queued C-2 ours
        0.2s D.work_queued C-3 ours
        1s D.work_ended C-1 ours ran=1s took=1s ok=yes
        1s D.work_started C-2 ours waited=0.9s
        1s C.resolved C-1 ours ok=yes since=1s place=succeeded
        2s D.work_ended C-2 ours ran=1s took=1.9s ok=yes
        2s D.work_started C-3 ours waited=1.8s
        2s C.resolved C-2 ours ok=yes since=1.9s place=succeeded
        3s D.work_ended C-3 ours ran=1s took=2.8s ok=yes
        3s C.resolved C-3 ours ok=yes since=2.8s place=succeeded
        ",
        "D: requests 3, refused 0, abandoned 0, busy.max 1, queued.max 2, queued.end 0, response_time.max 2800
         C: answered.200 3, latency.max 2800
         ledger: succeeded 3",
    );
}

#[test]
fn without_limits_everything_is_served_at_once() {
    check(
        &asks("service_time: 1s", "arrivals: {at: [0s], count: 500}"),
        "",
        "",
        "D: requests 500, busy.max 500, queued.max 0, response_time.max 1000
         ledger: succeeded 500",
    );
}

#[test]
fn when_the_queue_is_full_the_next_is_told_so_at_once() {
    let limits = |queue: u32, served: u32, refused: u32| {
        check(
            &asks(
                &format!("concurrency: 2, queue: {queue}, service_time: 1s"),
                "arrivals: {at: [0s], count: 5}",
            ),
            "",
            "",
            &format!(
                "D: requests 5, refused {refused}, busy.max 2, queued.max {queue}
                 C: answered.200 {served}, answered.503 {refused}, failed {refused}"
            ),
        );
    };
    limits(0, 2, 3);
    limits(1, 3, 2);
    limits(2, 4, 1);
    check(
        &asks("concurrency: 1, queue: 0, service_time: 1s", "arrivals: {at: [0s], count: 2}"),
        "dependency_refused+ answered+",
        "
        0s D.dependency_refused C-2 ours answer=overloaded
        0s C.answered C-2 ours answer=overloaded took=0s
        1s C.answered C-1 ours answer=ok took=1s
        ",
        "",
    );
}

#[test]
fn above_its_rate_a_request_is_refused_with_429() {
    // Three at once; then one each 100 ms, and just before that none.
    check(
        &asks("rate: 10/s, burst: 3", "arrivals: [{at: [0s], count: 4}, {at: [99ms, 100ms]}]"),
        "dependency_refused+",
        "
        0s D.dependency_refused C-4 ours answer=throttled
        0.099s D.dependency_refused C-5 ours answer=throttled
        ",
        "D: requests 6, refused 2
         C: answered.200 4, answered.429 2",
    );
    // Without `burst` those of a second.
    check(&asks("rate: 10/s", "arrivals: {at: [0s], count: 12}"), "", "", "D: refused 2");
    check(&asks("rate: 1/min", "arrivals: {at: [0s], count: 12}"), "", "", "D: refused 11");
}

#[test]
fn an_error_is_told_when_its_work_is_done_and_a_5xx_at_once() {
    check(
        &asks(
            "service_time: 1s, error_rate: 100%",
            "arrivals: {at: [0s]}, retry: {attempts: 2, backoff: 1s}",
        ),
        "work_ended+ answered+ request_retried+ resolved+",
        "
        1s D.work_ended C-1 ours ran=1s took=1s ok=no
        1s C.answered C-1 ours answer=failed took=1s
        1s C.request_retried C-1 ours wait=1s
        3s D.work_ended C-1 ours ran=1s took=1s ok=no
        3s C.answered C-1 ours answer=failed took=1s
        3s C.resolved C-1 ours ok=no since=3s place=failed
        ",
        "D: requests 2, refused 0
         C: answered.500 2, failed 1",
    );
    check(
        &asks("service_time: 1s, system_error_rate: 100%", "arrivals: {at: [0s]}"),
        "answered+",
        "0s C.answered C-1 ours answer=system_error took=0s",
        "D: requests 1, refused 1
         C: answered.500 1",
    );
    check(
        &asks("service_time: 1s, forbidden: true", "arrivals: {at: [0s]}"),
        "answered+",
        "0s C.answered C-1 ours answer=not_found took=0s",
        "D: requests 1, refused 1
         C: answered.404 1",
    );
}

/// One place, 2 s of work, and three who wait a second each: the first while it is served, the second
/// in the queue; the third has the place for itself.
const IMPATIENT: &str = "timeout: 1s, arrivals: {at: [0s, 0.5s, 10s]}";

#[test]
fn work_that_nobody_waits_for_is_done_all_the_same() {
    check(
        &asks("concurrency: 1, service_time: 2s", IMPATIENT),
        "answered+ work_started work_ended+ work_abandoned resolved+",
        "
        0s D.work_started C-1 ours
        1s C.answered C-1 ours answer=timeout took=1s
        1s C.resolved C-1 ours ok=no since=1s place=failed
        1s D.work_abandoned C-1 ours
        1.5s C.answered C-2 ours answer=timeout took=1s
        1.5s C.resolved C-2 ours ok=no since=1s place=failed
        1.5s D.work_abandoned C-2 ours
        2s D.work_ended C-1 ours ran=2s took=2s ok=yes
        2s D.work_started C-2 ours
        4s D.work_ended C-2 ours ran=2s took=3.5s ok=yes
        10s D.work_started C-3 ours
        11s C.answered C-3 ours answer=timeout took=1s
        11s C.resolved C-3 ours ok=no since=1s place=failed
        11s D.work_abandoned C-3 ours
        12s D.work_ended C-3 ours ran=2s took=2s ok=yes
        ",
        "D: requests 3, abandoned 3, response_time.count 3, response_time.max 3500
         C: answered.timeout 3, failed 3
         ledger: failed 3",
    );
}

#[test]
fn with_cancel_abandoned_it_leaves_its_place_or_the_queue() {
    check(
        &asks("concurrency: 1, cancel_abandoned: true, service_time: 2s", IMPATIENT),
        "work_started work_ended work_cancelled+",
        "
        0s D.work_started C-1 ours
        1s D.work_cancelled C-1 ours spent=1s was=served
        1s D.work_started C-2 ours
        1.5s D.work_cancelled C-2 ours spent=0.5s was=served
        10s D.work_started C-3 ours
        11s D.work_cancelled C-3 ours spent=1s was=served
        ",
        "D: requests 3, abandoned 3, response_time.count 0, busy.end 0, queued.end 0
         ledger: failed 3",
    );
    let at_once = "timeout: 1s, arrivals: {at: [0s], count: 2}";
    check(
        &asks("concurrency: 1, queue: 1, cancel_abandoned: true, service_time: 900ms", at_once),
        "work_started work_ended work_cancelled+",
        "
        0s D.work_started C-1 ours
        0.9s D.work_ended C-1 ours
        0.9s D.work_started C-2 ours
        1s D.work_cancelled C-2 ours spent=0.1s was=served
        ",
        "",
    );
    check(
        &asks("concurrency: 0, cancel_abandoned: true", "timeout: 1s, arrivals: {at: [0s]}"),
        "work_queued work_cancelled+",
        "
        0s D.work_queued C-1 ours
        1s D.work_cancelled C-1 ours spent=1s was=queued
        ",
        "D: queued.end 0",
    );
}

#[test]
fn an_answer_at_the_very_end_of_the_patience_is_in_time() {
    let waits = |timeout: &str, answered: &str| {
        let caller = format!("timeout: {timeout}, arrivals: {{at: [0s]}}");
        check(&asks("service_time: 1s", &caller), "", "", answered);
    };
    waits("1s", "C: answered.200 1");
    waits("999999999ns", "C: answered.timeout 1");
}

#[test]
fn a_function_waits_for_it_and_fails_with_it() {
    check(
        "
        functions: {F: {service_time: 100ms, calls: [{target: D, timeout: 1s, retry: {attempts: 2}}]}}
        dependencies: {D: {concurrency: 1, service_time: 1.5s}}
        callers: {C: {target: F, arrivals: {at: [0s]}}}
        ",
        "copied requested D.work_started work_ended resolved+ run_ended+",
        "
        0s C.requested C-1 #1 ours
        0.1s F.calls.0.copied C-1.1 ours
        0.1s F.calls.0.requested C-1.1 #1 ours
        0.1s D.work_started C-1.1 ours
        1.1s F.calls.0.requested C-1.1 #2 ours
        1.6s D.work_ended C-1.1 ours
        1.6s D.work_started C-1.1 ours
        2.1s F.calls.0.resolved C-1.1 ours ok=no since=2s place=failed
        2.1s F.run_ended C-1 SM2 started=0s ran=2.1s error=record_error
        2.1s C.resolved C-1 SI9 ok=no since=2.1s place=failed
        3.1s D.work_ended C-1.1 ours
        ",
        "F: Errors 1
         D: requests 2, abandoned 2
         ledger: arrivals 1, messages 0, failed 1",
    );
}

#[test]
fn a_run_that_ends_at_its_timeout_leaves_its_question_behind() {
    let run = |more: &str, totals: &str| {
        check(
            &format!(
                "
                functions: {{F: {{Timeout: 2, calls: [{{target: D}}]}}}}
                dependencies: {{D: {{service_time: 5s{more}}}}}
                callers: {{C: {{target: F, arrivals: {{at: [0s]}}}}}}
                "
            ),
            "run_ended+",
            "2s F.run_ended C-1 SI7 started=0s ran=2s error=timeout",
            totals,
        );
    };
    run("", "D: abandoned 1, response_time.max 5000\n ledger: failed 1");
    run(", cancel_abandoned: true", "D: abandoned 1, response_time.count 0\n ledger: failed 1");
}

#[test]
fn what_the_timeline_changes_holds_for_work_that_begins_after() {
    check(
        &(asks("concurrency: 1, service_time: 1s", "arrivals: {at: [0s], count: 3}")
            + "
        timeline: [{at: 500ms, set: {dependencies.D.service_time: 2s}}]"),
        "work_ended+",
        "
        1s D.work_ended C-1 ours ran=1s took=1s ok=yes
        3s D.work_ended C-2 ours ran=2s took=3s ok=yes
        5s D.work_ended C-3 ours ran=2s took=5s ok=yes
        ",
        "",
    );
    // Two more places at 0.5 s, none from 1 s to 4 s: what is being served ends.
    check(
        &(asks("concurrency: 1, service_time: 2s", "arrivals: {at: [0s], count: 5}")
            + "
        timeline:
          - {at: 500ms, set: {dependencies.D.concurrency: 3}}
          - {at: 1s, for: 3s, set: {dependencies.D.concurrency: 0}}"),
        "work_started",
        "
        0s D.work_started C-1 ours
        0.5s D.work_started C-2 ours
        0.5s D.work_started C-3 ours
        4s D.work_started C-4 ours
        4s D.work_started C-5 ours
        ",
        "D: busy.max 3, queued.max 4, queued.end 0",
    );
    // A rate of its own for a second; the bucket is full when it comes.
    check(
        &(asks("", "arrivals: {every: 100ms, until: 3s}")
            + "
        timeline: [{at: 1s, for: 1s, set: {dependencies.D.rate: 1/s}}]"),
        "",
        "",
        "D: requests 30, refused 9",
    );
}

#[test]
fn the_luck_of_a_request_is_its_own() {
    let other = "  Other: {target: D, arrivals: {poisson: 50/s}}\n";
    let played = |more: &str, errors: &str| {
        let text = format!(
            "
duration: 1m
dependencies:
  D: {{service_time: {{exponential: {{mean: 100ms}}}}, error_rate: {errors}}}
callers:
{more}  C: {{target: D, arrivals: {{poisson: 20/s}}, retry: {{attempts: 2}}}}
"
        );
        play(&text, None)["callers"]["C"].clone()
    };
    let alone = played("", "30%");
    assert_eq!(played(other, "30%"), alone, "another caller changes nobody's luck");
    assert!(alone["answered"]["500"].as_u64() > Some(100), "{alone}");
    let well = played("", "0%");
    let times = |seen: &serde_json::Value| seen["response_time"]["min"].clone();
    assert_eq!(times(&well), times(&alone), "a share of errors changes no service time");
}

#[test]
fn a_service_time_can_come_from_an_attribute() {
    check(
        "
        dependencies: {D: {service_time: {attribute: rows, unit: ms}}}
        functions: {F: {calls: [{target: D, attributes: {rows: '700'}}, {target: D}]}}
        callers: {C: {target: F, arrivals: {at: [0s]}, attributes: {rows: {cycle: ['40']}}}}
        ",
        "work_ended+",
        "
        0.7s D.work_ended C-1.1 ours ran=0.7s took=0.7s ok=yes
        0.74s D.work_ended C-1.2 ours ran=0.04s took=0.04s ok=yes
        ",
        "",
    );
}
