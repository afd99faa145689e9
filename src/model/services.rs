//! The services that stand between a caller and a function: what each does, as data.
//!
//! A row here, its words in [`told`] and its keys in the property table are all that a new service
//! that waits needs (`docs/cookbook.md`). Limits and retries are AWS's; where it documents nothing the
//! number is an assumption of `docs/rules.md`.

use super::{Rule, facts::Answer};
use crate::kernel::Span;

macro_rules! services {
    ($($(#[doc = $says:literal])* $variant:ident $word:literal $name:literal $manner:ident,)*) => {
        /// A service through which a function can be asked: a word of `via`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Service {
            $($(#[doc = $says])* $variant,)*
            /// SES, as `InvocationType: RequestResponse` has it.
            SesWaiting,
        }

        impl Service {
            /// Every service, in the order of the documents; [`Service::SesWaiting`] is `ses` too.
            pub const ALL: &[Service] = &[$(Service::$variant),*];
            /// The word of `via`.
            pub const fn word(self) -> &'static str {
                match self { $(Service::$variant => $word,)* Service::SesWaiting => "ses" }
            }
            /// What AWS calls it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Service::$variant => $name,)*
                    Service::SesWaiting => "SES, RequestResponse",
                }
            }
            /// How it deals with the function's answer.
            pub const fn manner(self) -> Manner {
                match self {
                    $(Service::$variant => Manner::$manner,)*
                    Service::SesWaiting => Manner::Waits,
                }
            }
        }
    };
}

services! {
    /// An SDK's client.
    Sdk "sdk" "AWS SDK" Waits,
    /// A REST API.
    ApiGatewayRest "api_gateway_rest" "API Gateway REST API" Waits,
    /// An HTTP API.
    ApiGatewayHttp "api_gateway_http" "API Gateway HTTP API" Waits,
    /// A WebSocket API.
    ApiGatewayWebsocket "api_gateway_websocket" "API Gateway WebSocket API" Waits,
    /// A load balancer with the function as its target.
    Alb "alb" "Application Load Balancer" Waits,
    /// The function's own URL.
    FunctionUrl "function_url" "Lambda function URL" Waits,
    /// A trigger of a user pool.
    Cognito "cognito" "Cognito user pool" Waits,
    /// A bot.
    Lex "lex" "Lex" Waits,
    /// A skill.
    Alexa "alexa" "Alexa skill" Waits,
    /// Lambda@Edge.
    CloudFront "cloudfront" "CloudFront Lambda@Edge" Waits,
    /// A task of a state machine.
    StepFunctions "step_functions" "Step Functions task" Waits,
    /// A resolver.
    AppSync "appsync" "AppSync resolver" Waits,
    /// A block of a contact flow.
    Connect "connect" "Connect contact flow" Waits,
    /// A job that asks once for each object.
    S3Batch "s3_batch" "S3 Batch Operations" Waits,
    /// A stream that has its records transformed.
    Firehose "firehose" "Data Firehose" Buffers,
    /// A topic with the function as a subscriber.
    Sns "sns" "SNS" HandsOn,
    /// A rule with the function as its target.
    EventBridge "eventbridge" "EventBridge rule" HandsOn,
    /// A schedule with the function as its target.
    Scheduler "eventbridge_scheduler" "EventBridge Scheduler" HandsOn,
    /// A bucket that notifies the function.
    S3 "s3" "S3 event notification" HandsOn,
    /// A receipt rule.
    Ses "ses" "SES receipt rule" HandsOn,
    /// A custom resource of a stack.
    CloudFormation "cloudformation" "CloudFormation custom resource" Operates,
    /// A subscription filter of a log group.
    CloudWatchLogs "cloudwatch_logs" "CloudWatch Logs subscription" HandsOn,
    /// A trigger of a repository.
    CodeCommit "codecommit" "CodeCommit trigger" HandsOn,
    /// A custom rule.
    Config "config" "AWS Config rule" HandsOn,
    /// A rule of IoT Core.
    Iot "iot" "IoT rule" HandsOn,
}

/// How a service deals with a function's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It waits for the answer and hands it on.
    Waits,
    /// It takes records at once, and has them transformed in batches.
    Buffers,
    /// It takes the event at once and hands it to the function's event queue, which ends its part.
    HandsOn,
    /// It hands an event on, and its own operation waits until the function has done it.
    Operates,
}

/// How a service that hands events on tries again after a refusal that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// The four phases of SNS.
    Phases,
    /// As often and as long as its `RetryPolicy` says; so without one.
    Policy {
        /// Tries after the first.
        retries: u32,
        /// Nothing older is tried.
        age: Span,
    },
    /// As long as this.
    For(Span),
    /// It does not say: `delivery_retries`.
    Assumed,
}

/// What a service that hands events on does.
#[derive(Clone, Copy, Debug)]
pub struct Carrier {
    /// How it tries again.
    pub persistence: Persistence,
    /// The key of its dead-letter queue, if it can have one.
    pub dead_letter: Option<&'static str>,
    /// Whether it carries on the chain of invocations for the recursion guard.
    pub carries_lineage: bool,
    /// The assumption that says how long it takes to hand an event on; none: nothing is known.
    pub delay: Option<&'static str>,
    /// After a refusal for good it hands nothing on for so long.
    pub switched_off: Option<Span>,
}

/// How long a service waits for one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So long, and no setting changes it.
    Fixed(Span),
    /// So long, unless the key says something else.
    Set(Span, &'static str),
    /// As long as the function may run.
    Function,
}

/// How a service that waits asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// Not at all.
    None,
    /// So many times more, at once, after these answers.
    AtOnce(u32, &'static [Answer]),
    /// As the SDK's mode says.
    Sdk,
    /// As the state's `Retry` says.
    Blocks,
    /// As often as is assumed (`s3_batch_redrives`), after these answers.
    Assumed(&'static [Answer]),
}

/// What a service that waits does.
#[derive(Clone, Copy, Debug)]
pub struct Front {
    /// How long it waits for one answer.
    pub limit: Limit,
    /// How long it waits for all tries together.
    pub within: Option<Span>,
    /// How it asks again.
    pub retries: Retries,
    /// The largest request that it takes, in bytes; Lambda's own limit comes after it (SI6).
    pub bytes_max: Option<u32>,
    /// Requests a second that it takes for the account, and at once at most.
    pub rate: Option<(u32, u32)>,
    /// Whether it carries on the chain of invocations for the recursion guard.
    pub carries_lineage: bool,
    /// Its requests are the tasks of one job, which fails when over half of at least so many tasks failed.
    pub job_tasks_min: Option<u32>,
}

impl Carrier {
    const PLAIN: Carrier = Carrier {
        persistence: Persistence::Assumed,
        dead_letter: None,
        carries_lineage: false,
        delay: None,
        switched_off: None,
    };
}

const MIB: u32 = 1 << 20;

impl Front {
    const PLAIN: Front = Front {
        limit: Limit::Function,
        within: None,
        retries: Retries::None,
        bytes_max: None,
        rate: None,
        carries_lineage: false,
        job_tasks_min: None,
    };
}

/// API Gateway's requests a second in most Regions, and its burst (SC26).
const GATEWAY_RATE: Option<(u32, u32)> = Some((10_000, 5_000));

impl Service {
    /// The service of this word of `via`.
    pub fn of_word(word: &str) -> Option<Service> {
        Service::ALL.iter().copied().find(|service| service.word() == word)
    }

    /// What it does, if it waits.
    pub const fn front(self) -> Option<Front> {
        const ANSWERLESS: &[Answer] = &[Answer::LimitReached, Answer::Throttled];
        const BUSY: &[Answer] = &[Answer::Throttled, Answer::SystemError];
        let plain = Front::PLAIN;
        Some(match self {
            Service::Sdk => Front {
                limit: Limit::Set(Span::secs(60), "read_timeout"),
                retries: Retries::Sdk,
                carries_lineage: true,
                ..plain
            },
            Service::ApiGatewayRest => Front {
                limit: Limit::Set(Span::secs(29), "TimeoutInMillis"),
                bytes_max: Some(10 * MIB),
                rate: GATEWAY_RATE,
                ..plain
            },
            Service::ApiGatewayHttp => Front {
                limit: Limit::Set(Span::secs(30), "TimeoutInMillis"),
                bytes_max: Some(10 * MIB),
                rate: GATEWAY_RATE,
                ..plain
            },
            Service::ApiGatewayWebsocket => Front {
                limit: Limit::Set(Span::secs(29), "TimeoutInMillis"),
                bytes_max: Some(128 << 10),
                rate: GATEWAY_RATE,
                ..plain
            },
            Service::Alb => Front {
                limit: Limit::Set(Span::secs(60), "idle_timeout"),
                bytes_max: Some(MIB),
                ..plain
            },
            Service::FunctionUrl => plain,
            Service::Cognito => Front {
                limit: Limit::Fixed(Span::secs(5)),
                retries: Retries::AtOnce(2, ANSWERLESS),
                ..plain
            },
            Service::Lex => {
                Front { limit: Limit::Fixed(Span::secs(30)), bytes_max: Some(12 << 10), ..plain }
            }
            Service::Alexa => Front { limit: Limit::Fixed(Span::secs(8)), ..plain },
            Service::CloudFront => Front { limit: Limit::Fixed(Span::secs(30)), ..plain },
            Service::StepFunctions => Front {
                limit: Limit::Set(Span::secs(99_999_999), "TimeoutSeconds"),
                retries: Retries::Blocks,
                bytes_max: Some(256 << 10),
                ..plain
            },
            Service::AppSync => Front { limit: Limit::Fixed(Span::secs(30)), ..plain },
            Service::Connect => Front {
                limit: Limit::Fixed(Span::secs(8)),
                within: Some(Span::secs(8)),
                retries: Retries::AtOnce(3, BUSY),
                ..plain
            },
            Service::S3Batch => {
                Front { retries: Retries::Assumed(BUSY), job_tasks_min: Some(1000), ..plain }
            }
            Service::SesWaiting => Front { limit: Limit::Fixed(Span::secs(30)), ..plain },
            Service::Firehose
            | Service::Sns
            | Service::EventBridge
            | Service::Scheduler
            | Service::S3
            | Service::Ses
            | Service::CloudFormation
            | Service::CloudWatchLogs
            | Service::CodeCommit
            | Service::Config
            | Service::Iot => return None,
        })
    }

    /// What it does, if it hands events on.
    pub const fn carrier(self) -> Option<Carrier> {
        const DAY: Span = Span::hours(24);
        const WITH_POLICY: Carrier = Carrier {
            persistence: Persistence::Policy { retries: 185, age: DAY },
            dead_letter: Some("DeadLetterConfig"),
            ..Carrier::PLAIN
        };
        Some(match self {
            Service::Sns => Carrier {
                persistence: Persistence::Phases,
                dead_letter: Some("RedrivePolicy"),
                carries_lineage: true,
                delay: Some("sns_delivery_delay"),
                ..Carrier::PLAIN
            },
            Service::EventBridge => {
                Carrier { delay: Some("eventbridge_delivery_delay"), ..WITH_POLICY }
            }
            Service::Scheduler => {
                Carrier { delay: Some("scheduler_delivery_delay"), ..WITH_POLICY }
            }
            Service::S3 => Carrier {
                carries_lineage: true,
                delay: Some("s3_delivery_delay"),
                ..Carrier::PLAIN
            },
            Service::CloudWatchLogs => Carrier {
                persistence: Persistence::For(DAY),
                delay: Some("cloudwatch_logs_delivery_delay"),
                switched_off: Some(Span::mins(10)),
                ..Carrier::PLAIN
            },
            Service::Ses
            | Service::CloudFormation
            | Service::CodeCommit
            | Service::Config
            | Service::Iot => Carrier::PLAIN,
            Service::Sdk
            | Service::ApiGatewayRest
            | Service::ApiGatewayHttp
            | Service::ApiGatewayWebsocket
            | Service::Alb
            | Service::FunctionUrl
            | Service::Cognito
            | Service::Lex
            | Service::Alexa
            | Service::CloudFront
            | Service::StepFunctions
            | Service::AppSync
            | Service::Connect
            | Service::S3Batch
            | Service::Firehose
            | Service::SesWaiting => return None,
        })
    }

    /// The keys of a call that only some services have.
    pub const fn keys(self) -> &'static [&'static str] {
        match self {
            Service::Sdk => &["retry_mode", "max_attempts", "read_timeout"],
            Service::ApiGatewayRest | Service::ApiGatewayHttp => &["TimeoutInMillis"],
            Service::ApiGatewayWebsocket => &["TimeoutInMillis", "RouteKey"],
            Service::Alb => &["idle_timeout"],
            Service::CloudFront => &["EventType"],
            Service::StepFunctions => &["Retry", "TimeoutSeconds"],
            Service::Firehose => &["BufferSizeInMBs", "BufferIntervalInSeconds", "NumberOfRetries"],
            Service::Sns => &["RedrivePolicy"],
            Service::EventBridge => &["RetryPolicy", "DeadLetterConfig"],
            Service::Scheduler => &["RetryPolicy", "DeadLetterConfig", "FlexibleTimeWindow"],
            Service::Ses | Service::SesWaiting => &["InvocationType"],
            Service::CloudFormation => &["ServiceTimeout"],
            Service::FunctionUrl
            | Service::Cognito
            | Service::Lex
            | Service::Alexa
            | Service::AppSync
            | Service::Connect
            | Service::S3Batch
            | Service::S3
            | Service::CloudWatchLogs
            | Service::CodeCommit
            | Service::Config
            | Service::Iot => &[],
        }
    }

    /// The rule that says why its end user gets this answer.
    pub const fn rule(self, answer: Answer) -> Rule {
        use Service::*;
        match (self, answer) {
            (_, Answer::TimedOut) => Rule::SI10,
            (Sdk, Answer::LimitReached) => Rule::SR16,
            (Sdk, _) => Rule::SR12,
            (ApiGatewayRest | ApiGatewayHttp | ApiGatewayWebsocket, Answer::Overloaded) => {
                Rule::SC26
            }
            (ApiGatewayRest, Answer::LimitReached) => Rule::SC23,
            (ApiGatewayRest, _) => Rule::SC22,
            (ApiGatewayHttp, Answer::LimitReached) => Rule::SC30,
            (ApiGatewayHttp, _) => Rule::SC31,
            (ApiGatewayWebsocket, _) => Rule::SC32,
            (Alb, Answer::LimitReached) => Rule::SC42,
            (Alb, _) => Rule::SC40,
            (FunctionUrl, Answer::Throttled) => Rule::SC90,
            (FunctionUrl, _) => Rule::SC91,
            (Cognito, Answer::LimitReached) => Rule::SC50,
            (Cognito, Answer::SystemError) => Rule::SC51,
            (Cognito, _) => Rule::SC53,
            (Lex, Answer::TooLarge) => Rule::SC54,
            (Lex, _) => Rule::SC55,
            (Alexa, _) => Rule::SC56,
            (CloudFront, Answer::LimitReached) => Rule::SC60,
            (CloudFront, _) => Rule::SC63,
            (StepFunctions, Answer::LimitReached) => Rule::SC86,
            (StepFunctions, Answer::TooLarge) => Rule::SC87,
            (StepFunctions, _) => Rule::SC81,
            (AppSync, _) => Rule::SC89,
            (Connect, _) => Rule::SC57,
            (S3Batch, _) => Rule::SC88,
            (Firehose, _) => Rule::SC71,
            (SesWaiting, _) => Rule::D10,
            (CloudFormation, _) => Rule::D11,
            (Sns | EventBridge | Scheduler | S3 | Ses | CloudWatchLogs, _) => Rule::D1,
            (CodeCommit | Config | Iot, _) => Rule::D1,
        }
    }

    /// Rules of its retries and settings that no single answer cites.
    pub const fn more_rules(self) -> &'static [Rule] {
        match self {
            Service::Sdk => &[Rule::SR1, Rule::SR2, Rule::SR3, Rule::SR5, Rule::SR6, Rule::SR7],
            Service::StepFunctions => &[Rule::SC82, Rule::SC84],
            Service::Firehose => &[Rule::SC70, Rule::SC76, Rule::SC77],
            Service::Sns => &[Rule::A6_4, Rule::D2, Rule::D3, Rule::D5, Rule::D14, Rule::D15],
            Service::EventBridge => &[Rule::D2, Rule::D3, Rule::D5, Rule::D14, Rule::D15],
            Service::Scheduler => &[Rule::D5, Rule::D8, Rule::D14, Rule::D15],
            Service::S3 => &[Rule::A6_4, Rule::D14, Rule::D15],
            Service::CloudWatchLogs => &[Rule::D13, Rule::D14, Rule::D15],
            Service::Ses
            | Service::CloudFormation
            | Service::CodeCommit
            | Service::Config
            | Service::Iot => &[Rule::D15],
            _ => &[],
        }
    }

    /// The rule that says why it asks again.
    pub const fn retry_rule(self) -> Rule {
        match self {
            Service::Sdk => Rule::SR11,
            Service::Cognito => Rule::SC50,
            Service::StepFunctions => Rule::SC85,
            Service::Connect => Rule::SC57,
            Service::S3Batch => Rule::SC88,
            Service::Firehose => Rule::SC74,
            Service::Sns => Rule::D4,
            Service::EventBridge => Rule::D6,
            Service::Scheduler => Rule::D7,
            Service::CloudWatchLogs => Rule::D12,
            Service::S3
            | Service::Ses
            | Service::CloudFormation
            | Service::CodeCommit
            | Service::Config
            | Service::Iot => Rule::D9,
            _ => Rule::SI9,
        }
    }
}

/// What the end user of a service gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The word of `answered[status=…]`: an HTTP status, an exception or a result.
    pub status: &'static str,
    /// What is seen of it.
    pub seen: &'static str,
}

const fn says(status: &'static str, seen: &'static str) -> Told {
    Told { status, seen }
}

/// What the end user of `service` gets for an answer.
pub const fn told(service: Service, answer: Answer) -> Told {
    use Answer::*;
    if let TimedOut = answer {
        return says("timeout", "nothing: it stopped waiting");
    }
    match service {
        Service::Sdk => match answer {
            Ok => says("200", "the result"),
            FunctionError | FunctionTimeout => says("200", "a result with FunctionError set"),
            Throttled => says("429", "TooManyRequestsException"),
            NotFound => says("404", "ResourceNotFoundException"),
            Recursive => says("400", "RecursiveInvocationException"),
            TooLarge => says("413", "RequestTooLargeException"),
            LimitReached => says("ReadTimeoutError", "ReadTimeoutError"),
            _ => says("500", "ServiceException"),
        },
        Service::ApiGatewayRest => match answer {
            Ok => says("200", "the response"),
            FunctionError | FunctionTimeout => says("502", "\"Internal server error\""),
            LimitReached => says("504", "\"Endpoint request timed out\""),
            Overloaded => says("429", "\"Too Many Requests\""),
            TooLarge => says("413", "\"Request Too Long\""),
            _ => says("500", "\"Internal server error\""),
        },
        Service::ApiGatewayHttp => match answer {
            Ok => says("200", "the response"),
            Throttled | LimitReached => says("503", "\"Service Unavailable\""),
            Overloaded => says("429", "\"Too Many Requests\""),
            TooLarge => says("413", "\"Request Entity Too Large\""),
            _ => says("500", "\"Internal Server Error\""),
        },
        Service::ApiGatewayWebsocket => match answer {
            Ok => says("message", "the reply"),
            Overloaded => says("429", "an error frame, \"Limit Exceeded\""),
            TooLarge => says("1009", "the connection is closed"),
            _ => says("error", "an error frame, \"Internal server error\""),
        },
        Service::Alb => match answer {
            Ok => says("200", "the response"),
            LimitReached => says("504", "Gateway Time-out"),
            TooLarge => says("413", "Request Entity Too Large"),
            _ => says("502", "Bad Gateway"),
        },
        Service::FunctionUrl => match answer {
            Ok => says("200", "the response"),
            Throttled => says("429", "Too Many Requests"),
            NotFound => says("403", "Forbidden"),
            TooLarge => says("413", "Request Entity Too Large"),
            SystemError => says("500", "Internal Server Error"),
            _ => says("502", "Internal Server Error"),
        },
        Service::Cognito => match answer {
            Ok => says("ok", "the user goes on"),
            FunctionError | FunctionTimeout => {
                says("UserLambdaValidationException", "\"… failed with error …\"")
            }
            _ => says("UnexpectedLambdaException", "the sign-in or sign-up fails"),
        },
        Service::Lex => match answer {
            Ok => says("ok", "the bot answers"),
            Throttled => says("429", "the bot says that it failed"),
            SystemError => says("502", "the bot says that it failed"),
            TooLarge => says("400", "the bot says that it failed"),
            _ => says("424", "the bot says that it failed"),
        },
        Service::Alexa => match answer {
            Ok => says("ok", "the skill speaks"),
            LimitReached => says("SKILL_RESPONSE_TIMEOUT", "Alexa apologises, the session ends"),
            _ => says("SKILL_ERROR", "Alexa apologises, the session ends"),
        },
        Service::CloudFront => match answer {
            Ok => says("200", "the page"),
            TooLarge => says("413", "an error page"),
            _ => says("503", "an error page"),
        },
        Service::StepFunctions => match answer {
            Ok => says("succeeded", "the state succeeds"),
            FunctionError => says("Error", "the state fails with the function's errorType"),
            FunctionTimeout => says("Lambda.Unknown", "the state fails"),
            Throttled => says("Lambda.TooManyRequestsException", "the state fails"),
            SystemError => says("Lambda.ServiceException", "the state fails"),
            LimitReached => says("States.Timeout", "the state fails"),
            TooLarge => says("States.DataLimitExceeded", "the execution fails"),
            _ => says("Lambda.AWSLambdaException", "the state fails"),
        },
        Service::AppSync => match answer {
            Ok => says("200", "the data"),
            FunctionError | FunctionTimeout => {
                says("Unhandled", "status 200, data null, errors of type Lambda:Unhandled")
            }
            LimitReached => says("ExecutionTimeout", "status 200, data null, errors"),
            _ => says("InvokeFailed", "status 200, data null, errors"),
        },
        Service::Connect => match answer {
            Ok => says("Success", "the contact goes on"),
            _ => says("Error", "the flow takes its Error branch"),
        },
        Service::S3Batch => match answer {
            Ok => says("Succeeded", "a line of the job's report"),
            Throttled | SystemError => says("TemporaryFailure", "a line of the job's report"),
            Overloaded => says("JobFailed", "the job failed before it came to the object"),
            _ => says("PermanentFailure", "a line of the job's report"),
        },
        Service::Firehose => match answer {
            Ok => says("200", "the record is taken"),
            _ => says("503", "the record is refused"),
        },
        Service::SesWaiting => match answer {
            Ok => says("CONTINUE", "the rule set goes on"),
            LimitReached => says("timeout", "the mail's sender sees nothing: the action failed"),
            _ => says("error", "the mail's sender sees nothing: the action failed"),
        },
        Service::CloudFormation => match answer {
            Ok => says("CREATE_COMPLETE", "the operation succeeds"),
            _ => says("CREATE_FAILED", "the operation fails, and the stack rolls back"),
        },
        Service::Sns => says("200", "the message is published; nothing of what comes after"),
        Service::EventBridge => says("200", "the event is put; nothing of what comes after"),
        Service::Scheduler => says("fired", "nothing"),
        Service::S3 => says("200", "the object is there; nothing of what comes after"),
        Service::Ses => says("250", "the mail is accepted; nothing of what comes after"),
        Service::CloudWatchLogs => says("200", "the line is logged; nothing of what comes after"),
        Service::CodeCommit => says("pushed", "the push succeeds; nothing of what comes after"),
        Service::Config => says("recorded", "nothing, but that the rule is not evaluated"),
        Service::Iot => says("published", "the message is published; nothing of what comes after"),
    }
}
