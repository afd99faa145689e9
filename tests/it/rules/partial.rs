//! What a run says of single records, and what comes back (E49, E50, E54).

use super::check;
use dwell::model::{
    policy::partial::{Item, Report, judge},
    register::Record,
    vocabulary::PayloadId,
};

/// How many of ten good messages are deleted after an answer.
fn deleted(reports: bool, report: &Report) -> usize {
    let record = |id| Record::new(PayloadId(id), 1, 0);
    let mut records: Vec<Record> = (0..10).map(record).collect();
    let _rule = judge(reports, report, &mut records);
    records.iter().filter(|record| !record.failed).count()
}

#[test]
fn e50_an_answer_is_read_as_the_table_says_t7() {
    let items = |items: &[Item]| Report::Items(items.to_vec());
    // `[]`, `null`, `{}` and a list that is `null`.
    assert_eq!(deleted(true, &Report::Nothing), 10);
    assert_eq!(deleted(true, &items(&[])), 10);
    // [{"itemIdentifier":"m3"}]
    assert_eq!(deleted(true, &items(&[Item::Record(3)])), 9);
    assert_eq!(deleted(true, &items(&[Item::Record(3), Item::Record(3)])), 9);
    // An unknown, empty, null or numeric identifier, or another key, beside a good one or alone.
    assert_eq!(deleted(true, &items(&[Item::Record(3), Item::Malformed])), 0);
    assert_eq!(deleted(true, &items(&[Item::Malformed])), 0);
    // {"batchItemFailures":"m3"}, or no JSON.
    assert_eq!(deleted(true, &Report::Unreadable), 0);
    // [{}], as measured.
    assert_eq!(deleted(true, &items(&[Item::Empty])), 10);
    assert_eq!(deleted(false, &items(&[Item::Record(3)])), 10);
}

/// Ten messages of which the fifth is poison.
fn one_in_ten(mapping: &str, function: &str) -> String {
    format!(
        "
        functions:
          F:
            {{record_time: 100ms{function},
            cases: [{{when: {{kind: [bad]}}, record_time: 100ms, poison_rate: 100%}}]}}
        queues:
          Q: {{VisibilityTimeout: 30, RedrivePolicy: {{deadLetterTargetArn: D, maxReceiveCount: 3}}}}
          D: {{}}
        event_source_mappings: {{M: {{EventSourceArn: Q, FunctionName: F, {mapping}}}}}
        callers:
          C:
            target: Q
            arrivals: {{at: [0s], count: 10}}
            attributes: {{kind: {{cycle: [ok, ok, ok, ok, bad, ok, ok, ok, ok, ok]}}}}
        "
    )
}

#[test]
fn e18_one_poison_message_takes_nine_innocents_with_it_t5() {
    check(
        &one_in_ten("BatchSize: 10", ""),
        "invoked+ run_ended+ let_go+ D.enqueued",
        "
        0s M.invoked E11 events=10
        0.5s F.run_ended C-1 SM2 started=0s ran=0.5s error=record_error
        0.5s M.let_go E18 events=10
        30s M.invoked E11 events=10
        30.5s F.run_ended C-1 SM2 started=30s ran=0.5s error=record_error
        30.5s M.let_go E18 events=10
        60s M.invoked E11 events=10
        60.5s F.run_ended C-1 SM2 started=60s ran=0.5s error=record_error
        60.5s M.let_go E18 events=10
        90s D.enqueued C-1 S24
        90s D.enqueued C-2 S24
        90s D.enqueued C-3 S24
        90s D.enqueued C-4 S24
        90s D.enqueued C-5 S24
        90s D.enqueued C-6 S24
        90s D.enqueued C-7 S24
        90s D.enqueued C-8 S24
        90s D.enqueued C-9 S24
        90s D.enqueued C-10 S24
        ",
        "F: Invocations 3, Errors 3
         Q: NumberOfMessagesReceived 30, NumberOfMessagesDeleted 0, redriven 10
         M: FailedInvokeEventCount 30, DeletedEventCount 0
         D: arrived 10, NumberOfMessagesSent 0
         ledger: dead_lettered 10",
    );
}

#[test]
fn e49_with_reports_the_poison_message_goes_alone_t6() {
    check(
        &one_in_ten("BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]", ""),
        "invoked+ run_ended+ Q.deleted let_go D.enqueued",
        "
        0s M.invoked E11 events=10
        1s F.run_ended C-1 SM1 started=0s ran=1s
        1s Q.deleted C-1 E10
        1s Q.deleted C-2 E10
        1s Q.deleted C-3 E10
        1s Q.deleted C-4 E10
        1s Q.deleted C-6 E10
        1s Q.deleted C-7 E10
        1s Q.deleted C-8 E10
        1s Q.deleted C-9 E10
        1s Q.deleted C-10 E10
        30s M.invoked E11 events=1
        30.1s F.run_ended C-5 SM1 started=30s ran=0.1s
        60s M.invoked E11 events=1
        60.1s F.run_ended C-5 SM1 started=60s ran=0.1s
        90s D.enqueued C-5 S24
        ",
        "F: Invocations 3, Errors 0
         Q: NumberOfMessagesReceived 12, NumberOfMessagesDeleted 9, redriven 1
         M: FailedInvokeEventCount 3, DeletedEventCount 9
         ledger: succeeded 9, dead_lettered 1",
    );
}

#[test]
fn e49_stopping_at_the_first_failure_reports_all_behind_it() {
    check(
        &one_in_ten(
            "BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]",
            ", on_partial_failure: stop_at_first",
        ),
        "invoked+ invoke_failed+ events_deleted+ redriven",
        "
        0s M.invoked E11 events=10
        0.5s M.invoke_failed E49 events=6
        0.5s M.events_deleted E49 events=4
        30s M.invoked E11 events=6
        30.1s M.invoke_failed E49 events=6
        60s M.invoked E11 events=6
        60.1s M.invoke_failed E49 events=6
        90s Q.redriven C-5 #3 S23
        90s Q.redriven C-6 #3 S23
        90s Q.redriven C-7 #3 S23
        90s Q.redriven C-8 #3 S23
        90s Q.redriven C-9 #3 S23
        90s Q.redriven C-10 #3 S23
        ",
        "F: Errors 0",
    );
}

#[test]
fn e54_a_handler_that_only_reports_where_nobody_reads_loses_nothing_here_because_it_throws() {
    check(
        &one_in_ten("BatchSize: 10", ", on_partial_failure: stop_at_first"),
        "events_deleted",
        "",
        "F: Errors 3
         ledger: dead_lettered 10",
    );
}
