//! The statements of AWS behaviour that the model keeps: one line each, cited at the branch that keeps it.
//!
//! `docs/rules.md` has each in full, with its source and how sure it is. A tidy test keeps the two
//! lists, the citations and the tests together.

macro_rules! rules {
    ($(#[doc = $text:literal] $name:ident = $id:literal,)*) => {
        /// A statement of AWS behaviour that the model keeps. `docs/rules.md` has the sources.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule { $(#[doc = $text] $name,)* }
        impl Rule {
            /// Every rule, in the order of the document.
            pub const ALL: &[Rule] = &[$(Rule::$name),*];
            /// The id as the documents, the traces and the tests write it.
            pub const fn id(self) -> &'static str { match self { $(Rule::$name => $id),* } }
            /// The rule in a sentence.
            pub const fn statement(self) -> &'static str {
                match self { $(Rule::$name => $text.trim_ascii()),* }
            }
        }
    };
}
rules! {
    /// The scenario says so; AWS has no part in it.
    Ours = "ours",
    /// An asynchronous invocation is answered with 202 as soon as it is queued.
    A1_1 = "A1.1",
    /// Concurrency is not checked when an event is accepted, not even reserved concurrency 0.
    A1_5 = "A1.5",
    /// Pollers read the internal queue in batches, and each event is a run of its own.
    A1_8 = "A1.8",
    /// An event waits the dispatch latency before its first attempt, which X-Ray shows as dwell time.
    A1_12 = "A1.12",
    /// A function error is tried again after 60 s and after 120 s, up to MaximumRetryAttempts.
    A2_1 = "A2.1",
    /// A throttle or system error puts the event back for 1 s, doubling up to 5 min.
    A2_7 = "A2.7",
    /// A throttled try spends no retry attempt.
    A2_10 = "A2.10",
    /// An event that succeeded can still be delivered again.
    A2_14 = "A2.14",
    /// With a long queue Lambda stretches the retry interval.
    A2_15 = "A2.15",
    /// An event whose next try would come after the maximum event age ends at once.
    A2_16 = "A2.16",
    /// After a failure, spent retries are looked at before the age.
    A2_17 = "A2.17",
    /// An event that is too old when its turn comes ends without a run.
    A2_19 = "A2.19",
    /// With reserved concurrency 0 an event is given up at once, without a throttle.
    A2_21 = "A2.21",
    /// A function that is gone fails each try like a function error.
    A2_22 = "A2.22",
    /// A destination gets a record once the event has succeeded or been given up.
    A3_2 = "A3.2",
    /// The dead-letter queue and the failure destination each get the event.
    A3_3 = "A3.3",
    /// What a dead-letter queue or destination refuses is lost and counted.
    A3_10 = "A3.10",
    /// A function as a destination starts a new asynchronous event.
    A3_13 = "A3.13",
    /// Of one function, 16 runs are allowed in a chain; the 17th is stopped.
    A6_2 = "A6.2",
    /// A chain of invocations is followed through SQS, SNS and S3, and lost through EventBridge and others.
    A6_4 = "A6.4",
    /// A stopped event goes to the dead-letter queue and failure destination, or is dropped.
    A6_6 = "A6.6",
    /// A synchronous invocation is answered when its run has ended.
    SI1 = "SI1",
    /// A function error is an answer with status 200.
    SI2 = "SI2",
    /// Lambda never retries a synchronous invocation.
    SI9 = "SI9",
    /// A caller that stops waiting does not stop the run.
    SI10 = "SI10",
    /// The recursion guard answers a synchronous call with 400.
    SI11 = "SI11",
    /// A function that is gone, or may not be invoked, answers 404 or 403.
    SI19 = "SI19",
    /// Of a function's requests, the share given is refused with a 5xx, and no code runs.
    SI24 = "SI24",
    /// With reserved concurrency 0 a synchronous call gets 429.
    SI28 = "SI28",
    /// An SDK in legacy mode makes five attempts, its waits uniform up to 1, 2, 4 and 8 s.
    SR1 = "SR1",
    /// The standard mode until 2026 makes three attempts, its waits uniform up to 2^i s, at most 20 s.
    SR2 = "SR2",
    /// The standard mode of 2026 waits up to 50 ms × 2^i after transient failures and 1 s × 2^i after throttles.
    SR3 = "SR3",
    /// The old standard mode has a retry quota of 500: a retry costs 5, after a timeout 10.
    SR5 = "SR5",
    /// In the standard mode of 2026 a retry costs 14 of the quota, after a throttle 5.
    SR6 = "SR6",
    /// An adaptive client sends at a rate of its own, which throttles lower and successes raise.
    SR7 = "SR7",
    /// An SDK asks again after 429, 5xx and a read timeout.
    SR11 = "SR11",
    /// To an SDK a function error is a success: it is not asked again.
    SR12 = "SR12",
    /// After its read timeout an SDK starts the function again while the first run goes on.
    SR16 = "SR16",
    /// Behind a REST API an invocation error is status 500 and a function error 502; nothing is retried.
    SC22 = "SC22",
    /// A REST API waits for its integration timeout, 29 s unless set, and then answers 504.
    SC23 = "SC23",
    /// API Gateway takes 10,000 requests a second of an account, in bursts of 5,000; the others get 429.
    SC26 = "SC26",
    /// An HTTP API waits 30 s at most and then answers 503.
    SC30 = "SC30",
    /// Behind an HTTP API a function error or refusal is status 500, a throttle 503.
    SC31 = "SC31",
    /// A WebSocket API sends an error frame for any failure, and refuses the connection on $connect.
    SC32 = "SC32",
    /// A load balancer answers 502 to a function error, timeout or throttle, and 413 above 1 MB.
    SC40 = "SC40",
    /// A load balancer ends a request that is silent for its idle timeout, 60 s unless set.
    SC42 = "SC42",
    /// Cognito waits 5 s for a trigger and asks three times in all.
    SC50 = "SC50",
    /// Cognito does not ask again after a 5xx of Lambda's.
    SC51 = "SC51",
    /// Cognito asks again after a throttle and not after a function error.
    SC53 = "SC53",
    /// Lex sends at most 12 KB to a function.
    SC54 = "SC54",
    /// Lex waits 30 s at most; a failure is a failed dependency (424), a throttle 429.
    SC55 = "SC55",
    /// Alexa waits 8 s for a skill, and apologises.
    SC56 = "SC56",
    /// Connect waits 8 s in all, and asks again after throttles and 5xx up to three times within them.
    SC57 = "SC57",
    /// Lambda@Edge may run 30 s on all events; earlier 5 s on viewer events.
    SC60 = "SC60",
    /// CloudFront answers 503 to a throttle, a timeout or an error at the edge.
    SC63 = "SC63",
    /// Firehose waits 5 min for a transformation.
    SC70 = "SC70",
    /// Firehose hands records to the function when a buffer of 1 MB or 60 s is full, whichever comes first.
    SC71 = "SC71",
    /// Firehose asks again three times, then gives the batch up.
    SC74 = "SC74",
    /// What Firehose gives up lies in the error bucket under processing-failed.
    SC76 = "SC76",
    /// A record that the function returns as ProcessingFailed goes to the error bucket after one attempt.
    SC77 = "SC77",
    /// A task fails with an error name: the function's own, Lambda.Unknown, or Lambda's exception.
    SC81 = "SC81",
    /// The recommended Retry waits 2, 4, 8, 16, 32 and 64 s after exceptions of the service, throttles not among them.
    SC82 = "SC82",
    /// The console's Retry takes throttles too, waits up to 1, 2 and 4 s, with full jitter.
    SC84 = "SC84",
    /// A Retry that leaves fields out has IntervalSeconds 1, MaxAttempts 3 and BackoffRate 2; without Retry nothing is tried again.
    SC85 = "SC85",
    /// A task waits TimeoutSeconds, 99,999,999 unless set, then fails with States.Timeout.
    SC86 = "SC86",
    /// A task's input is at most 256 KB.
    SC87 = "SC87",
    /// S3 Batch asks once for each object; a job fails when over half of at least 1,000 tasks failed.
    SC88 = "SC88",
    /// AppSync waits 30 s; a failure is status 200 with errors and no data.
    SC89 = "SC89",
    /// A function URL answers a throttle with 429, and tries once.
    SC90 = "SC90",
    /// A function URL answers 502 to a function error or timeout.
    SC91 = "SC91",
    /// A service that hands an event to a function is done with it at Lambda's 202: what fails after is Lambda's.
    D1 = "D1",
    /// A topic or bus hands what it took to each subscription or target that wants it, a copy each.
    D2 = "D2",
    /// What no filter policy or pattern wants is handed to nobody.
    D3 = "D3",
    /// SNS tries again 3 times at once, 2 times after 1 s, 10 times after 1 s to 20 s and 100,000 times after 20 s.
    D4 = "D4",
    /// What is refused for good is not tried again: it goes to the service's dead-letter queue at once, or is lost.
    D5 = "D5",
    /// EventBridge tries again for 24 h and up to 185 times unless RetryPolicy says less.
    D6 = "D6",
    /// EventBridge Scheduler has the same limits as EventBridge.
    D7 = "D7",
    /// A schedule with a flexible window fires at some time in it.
    D8 = "D8",
    /// S3, SES, CloudFormation, CodeCommit, Config and IoT say nothing of trying again: they do not.
    D9 = "D9",
    /// SES waits 30 s for a function whose InvocationType is RequestResponse.
    D10 = "D10",
    /// A custom resource waits for the function's own answer, up to ServiceTimeout, while Lambda tries again.
    D11 = "D11",
    /// CloudWatch Logs tries again for 24 h and then drops.
    D12 = "D12",
    /// After a refusal for good CloudWatch Logs switches the filter off for 10 min and skips what is logged.
    D13 = "D13",
    /// An event is some time on its way from the service to who gets it.
    D14 = "D14",
    /// A service's asynchronous Invoke meets the function's share of 5xx, and nothing is queued then.
    D15 = "D15",
    /// The account's concurrency is shared by all functions without reserved concurrency.
    SN2 = "SN2",
    /// Reserved concurrency is taken out of the account's and is the function's ceiling.
    SN3 = "SN3",
    /// Provisioned concurrency is taken out of the reservation, or else out of the account's.
    SN4 = "SN4",
    /// Provisioned environments are made 6,000 a minute, and used when all of them are ready.
    SN5 = "SN5",
    /// Provisioned environments are used first; beyond them, or their 10 requests a second, runs are on demand.
    SN6 = "SN6",
    /// Where all of the reservation is provisioned, nothing runs on demand.
    SN7 = "SN7",
    /// A function gets 1,000 new environments in each 10 s (assumed: in steps).
    SN9 = "SN9",
    /// A function gets 1,000 new environments at once and 100 a second more.
    SN10 = "SN10",
    /// Until November 2023 the account got a burst of new environments and 500 a minute more.
    SN12 = "SN12",
    /// Synchronous requests a second are limited to 10 for each unit of concurrency.
    SN13 = "SN13",
    /// A run without an idle environment begins with a cold start.
    SE1 = "SE1",
    /// An Init longer than 10 s is done again within the run, under the function's timeout.
    SE2 = "SE2",
    /// The Init of a provisioned environment may take 130 s, or the function's timeout if that is longer.
    SE3 = "SE3",
    /// Suppressed Init time is inside the duration.
    SE4 = "SE4",
    /// After a timeout the environment is reset: its next run begins with Init, inside its duration.
    SE5 = "SE5",
    /// An environment of its maximum age is not used again, however busy it was.
    SE8 = "SE8",
    /// Billed is the duration and the Init before it, any begun millisecond whole.
    SE12 = "SE12",
    /// The Init of a provisioned environment is billed when it is made.
    SE13 = "SE13",
    /// Of the idle environments the most recently used is taken.
    SE17 = "SE17",
    /// An environment that was idle for its keep-alive is gone.
    SE21 = "SE21",
    /// In January 2021 idle environments lived for six minutes, more or less.
    SE24 = "SE24",
    /// In 2020 most environments were retired at an age of nearly two hours.
    SE26 = "SE26",
    /// In 2020 environments lived idle for 640 s, or 1,500 s where the function was called often.
    SE27 = "SE27",
    /// A run is stopped at the function's timeout.
    SI7 = "SI7",
    /// A run counts as an invocation whether it succeeds or fails.
    SM1 = "SM1",
    /// The errors of a run count at its beginning.
    SM2 = "SM2",
    /// A message is hidden from its receive on, for the queue's visibility timeout.
    S2 = "S2",
    /// ChangeMessageVisibility counts from the call; 0 makes the message visible at once.
    S3 = "S3",
    /// A message is receivable again at the end of its visibility timeout.
    S4 = "S4",
    /// A message is delayed by its own delay or its queue's.
    S5 = "S5",
    /// Retention counts from the send.
    S6 = "S6",
    /// A message in flight expires too.
    S7 = "S7",
    /// A short poll is answered at once, empty if it sees nothing.
    S10 = "S10",
    /// A long poll is answered as soon as a message is there, and empty when its wait ends.
    S11 = "S11",
    /// With about 120,000 messages in flight a receive gets nothing.
    S12 = "S12",
    /// A message received three times and not deleted goes to the back of the queue.
    S15 = "S15",
    /// A delete with an older receipt handle succeeds and deletes nothing.
    S16 = "S16",
    /// A delete after the visibility timeout, with the newest handle, works.
    S17 = "S17",
    /// A purge takes every message, those in flight too.
    S21 = "S21",
    /// A receive that meets a message already received maxReceiveCount times moves it to the dead-letter queue.
    S23 = "S23",
    /// The receive that moves a message is not counted, and the count goes on in the dead-letter queue.
    S24 = "S24",
    /// A receive that moves messages still fills up with others.
    S27 = "S27",
    /// In a standard dead-letter queue the retention still counts from the first send.
    S28 = "S28",
    /// A message move task moves what is in a dead-letter queue at its rate.
    S33 = "S33",
    /// A queue has one active move task.
    S34 = "S34",
    /// A message that a task moved is new: its retention and its receive count begin again.
    S35 = "S35",
    /// A move task takes the oldest first.
    S36 = "S36",
    /// A receive walks one message group after the other, each in the order of its sends.
    S38 = "S38",
    /// While a message of a group is in flight, nothing behind it is received.
    S39 = "S39",
    /// What lies before a hidden message of a group is received all the same.
    S40 = "S40",
    /// Visibility 0 makes that one message receivable, and no other of its batch.
    S41 = "S41",
    /// A FIFO queue takes a message with the same deduplication id once in 5 minutes.
    S42 = "S42",
    /// In a FIFO queue a delete fails once the visibility of its receive is over.
    S43 = "S43",
    /// With about 120,000 messages in flight a receive from a FIFO queue gets nothing.
    S44 = "S44",
    /// A receive looks for groups among the first 120,000 messages of a FIFO queue.
    S45 = "S45",
    /// A FIFO queue takes 300 calls a second, and more with high throughput.
    S46 = "S46",
    /// In a FIFO dead-letter queue retention begins again, and the group goes on without the message.
    S47 = "S47",
    /// A FIFO queue has no back: a failing message keeps its place.
    S48 = "S48",
    /// A fair queue passes over a group that has too much in flight (assumed: what is too much).
    S49 = "S49",
    /// A poller receives with a long poll, invokes, and deletes on success.
    E10 = "E10",
    /// A batch closes at its size, at the end of its window, or at 6 MB.
    E11 = "E11",
    /// After a failure nothing is deleted, and every message returns by itself.
    E18 = "E18",
    /// A message that the filter does not want is deleted at once.
    E19 = "E19",
    /// What could not be deleted after a success comes back.
    E22 = "E22",
    /// Errors lower the concurrency that a mapping is given.
    E25 = "E25",
    /// A throttled or refused batch is tried again until its visibility is over, then let go.
    E26 = "E26",
    /// At MaximumConcurrency a mapping stops receiving.
    E31 = "E31",
    /// A batch that the recursion guard refuses fails, and its receive counts grow.
    E34 = "E34",
    /// A mapping starts with 5 batches at once.
    E35 = "E35",
    /// It adds up to 300 a minute while messages remain, up to 1,250.
    E36 = "E36",
    /// Idle, it goes back to its idle pollers.
    E38 = "E38",
    /// A provisioned poller has up to 10 batches at once, polls 10 times and reads 1 MB a second.
    E44 = "E44",
    /// With ReportBatchItemFailures the reported messages stay and the others are deleted.
    E49 = "E49",
    /// A malformed report fails the whole batch.
    E50 = "E50",
    /// Without ReportBatchItemFailures a report is ignored: everything is deleted.
    E54 = "E54",
    /// In a batch of a FIFO queue, what is behind a failed record and not reported is deleted.
    E57 = "E57",
    /// A batch of a stream closes at its size, at the end of its window, or at 6 MB.
    K2 = "K2",
    /// A shard has as many lanes as the parallelization factor, and a partition key always has the same.
    K3 = "K3",
    /// A mapping begins where StartingPosition says, and misses what came before.
    K4 = "K4",
    /// A batch that fails is tried again MaximumRetryAttempts times, then given up.
    K5 = "K5",
    /// Records older than MaximumRecordAgeInSeconds are given up, and the rest of the batch goes on.
    K7 = "K7",
    /// A throttle or a service error that never reached the function is no retry.
    K8 = "K8",
    /// A failed batch is split at the half, the first half comes first, and the split is no retry.
    K10 = "K10",
    /// A lane has one batch at a time: one that fails holds up all behind it.
    K12 = "K12",
    /// The failure destination gets one message for what was given up together.
    K13 = "K13",
    /// With ReportBatchItemFailures the lowest reported record is the checkpoint.
    K15 = "K15",
    /// A malformed report fails the whole batch; an empty one is success.
    K16 = "K16",
    /// What remains behind a checkpoint that advanced is a new batch with all its retries.
    K17 = "K17",
    /// With BisectBatchOnFunctionError a reported batch is split at the reported record.
    K18 = "K18",
    /// A shard is polled once a second, without pause while it has records, within its read limits.
    K19 = "K19",
    /// With enhanced fan-out what is put is pushed, at 2 MiB a second of its own.
    K20 = "K20",
    /// Retries of a batch come after 0.2 s, doubling.
    K23 = "K23",
    /// A tumbling window ends with a call of its own.
    K24 = "K24",
    /// A record that nobody was done with when its retention ends is lost.
    K25 = "K25",
    /// What the filter does not want is passed over.
    K26 = "K26",
    /// A record goes to the shard whose range holds the hash of its partition key.
    K27 = "K27",
    /// A shard takes 1,000 records and 1 MiB a second.
    K28 = "K28",
    /// New shards are read by those who have done with the closed ones before them.
    K29 = "K29",
    /// A shard of a DynamoDB stream is polled four times a second.
    DS2 = "DS2",
    /// A call gives at most 1,000 records or 1 MB of a DynamoDB stream.
    DS3 = "DS3",
    /// A window of Kafka begins where the batch before ended.
    O3 = "O3",
    /// Kafka is read by pollers that the lag adds, never more than partitions; ActiveMQ has 5 batches at once.
    O4 = "O4",
    /// Kafka with a failure destination gives up after 10 retries, and DocumentDB drops what is over 6 MB.
    O6 = "O6",
}
