//! The services between a caller and a function: which keys each has, and what they come to.

use super::{Body, body::listed};
use crate::{
    kernel::Span,
    model::{
        config::{Again, Buffering, Integration},
        facts::Answer,
        policy::{delivery::Tries, retrier::Retrier, sdk},
        services::{Carrier, Limit, Manner, Persistence, Retries, Service},
        value::Quantity,
    },
    scenario::{
        diagnostic::{Diagnostic, quoted},
        node::Value,
        properties::{SERVICE, all},
        units,
    },
};

/// The longest that an API of each kind waits, whatever its setting.
const HTTP_API_MAX: Span = Span::secs(30);
const WEBSOCKET_MAX: Span = Span::secs(29);
/// What the viewer's events of Lambda@Edge had (SC60).
const EARLIER_VIEWER_MAX: Span = Span::secs(5);

/// Bytes of the unit in which Firehose has its buffer.
const MEGABYTE: f64 = 1_048_576.0;

/// Refuses keys that the call's service does not have.
pub fn check_keys(body: &Body<'_>, service: Option<Service>) {
    for row in all(SERVICE).filter(|row| body.node.get(row.name).is_some()) {
        if service.is_some_and(|service| service.keys().contains(&row.name)) {
            continue;
        }
        let having = Service::ALL.iter().filter(|service| service.keys().contains(&row.name));
        let words: Vec<&str> = having.map(|service| service.word()).collect();
        let message = match service {
            Some(service) => format!("{} has no {}", service.name(), quoted(row.name)),
            None => format!("{} is for a service between", quoted(row.name)),
        };
        let mistake = Diagnostic::error(message).at(body.place_of(row.name));
        body.wrong(row.name, mistake.label(format!("only with `via` {}", listed(&words))));
    }
}

/// What is assumed of services where AWS documents nothing.
#[derive(Debug, Default)]
pub struct Assumed {
    sdk_mode: Option<&'static str>,
    http_throttle_is_500: bool,
    earlier_edge_limits: bool,
    cognito_delay: Span,
    cognito_throttles: bool,
    cognito_function_errors: bool,
    batch_redrives: u32,
    firehose_delay: Span,
    /// How long services take to hand on, by the key of the assumption.
    delays: Vec<(&'static str, Quantity)>,
    sns_jitter: f64,
    retry_base: Span,
    retry_cap: Span,
    full_jitter: bool,
    delivery_retries: u32,
}

impl Assumed {
    /// What the file assumes.
    pub fn of(file: &Body<'_>) -> Assumed {
        let Some(body) = file.map_or_empty("assumptions") else { return Assumed::default() };
        Assumed {
            sdk_mode: body.word("sdk_profile"),
            http_throttle_is_500: body.word("http_api_throttle_status")
                == Some("internal_server_error"),
            earlier_edge_limits: body.word("cloudfront_limits") == Some("earlier"),
            cognito_delay: body.time("cognito_retry_delay"),
            cognito_throttles: body.flag("cognito_retries_throttles"),
            cognito_function_errors: body.flag("cognito_retries_function_errors"),
            batch_redrives: body.count_u32("s3_batch_redrives"),
            firehose_delay: body.time("firehose_retry_delay"),
            delays: Service::ALL
                .iter()
                .filter_map(|service| service.carrier()?.delay)
                .map(|key| (key, body.time_law(key)))
                .collect(),
            sns_jitter: body.share("sns_retry_jitter"),
            retry_base: body.time("service_retry_base"),
            retry_cap: body.time("service_retry_cap"),
            full_jitter: body.word("service_retry_jitter") == Some("full"),
            delivery_retries: body.count_u32("delivery_retries"),
        }
    }
}

impl Assumed {
    /// How long a service takes to hand on; 0 where nothing is known.
    pub fn delay(&self, carrier: &Carrier) -> Quantity {
        let known = self.delays.iter().find(|(key, _)| Some(*key) == carrier.delay);
        known.map_or_else(Quantity::default, |(_, delay)| delay.clone())
    }

    /// How a service that hands on tries again, where nothing else is said.
    pub fn tries(&self, carrier: &Carrier) -> Tries {
        let (retries_max, age_max) = match carrier.persistence {
            Persistence::Phases => return Tries::Phases { jitter: self.sns_jitter },
            Persistence::Policy { retries, age } => (retries, age),
            Persistence::For(age) => (u32::MAX, age),
            Persistence::Assumed => (self.delivery_retries, Span::hours(24)),
        };
        let (base, cap, full_jitter) = (self.retry_base, self.retry_cap, self.full_jitter);
        Tries::Doubling { retries_max, age_max, base, cap, full_jitter }
    }
}

/// What a service that waits does for this call.
pub fn integration(body: &Body<'_>, service: Service, assumed: &Assumed) -> Option<Integration> {
    let front = service.front()?;
    let limit = match front.limit {
        Limit::Function => None,
        Limit::Fixed(limit) if service == Service::CloudFront => {
            let viewer = body.word("EventType").is_some_and(|event| event.starts_with("viewer"));
            Some(if assumed.earlier_edge_limits && viewer { EARLIER_VIEWER_MAX } else { limit })
        }
        Limit::Fixed(limit) => Some(limit),
        Limit::Set(limit, key @ ("read_timeout" | "idle_timeout")) => {
            Some(body.time_maybe(key).unwrap_or(limit))
        }
        Limit::Set(limit, key) => Some(body.aws_time_maybe(key).unwrap_or(limit)),
    };
    check_timeout(body, service, limit);
    if service == Service::ApiGatewayWebsocket {
        body.word("RouteKey");
    }
    let http = service == Service::ApiGatewayHttp;
    Some(Integration {
        service,
        limit,
        within: front.within,
        again: again(body, service, front.retries, assumed),
        bytes_max: front.bytes_max,
        gateway: front.rate.is_some(),
        throttle_means: match http && assumed.http_throttle_is_500 {
            true => Answer::SystemError,
            false => Answer::Throttled,
        },
    })
}

fn again(body: &Body<'_>, service: Service, retries: Retries, assumed: &Assumed) -> Again {
    let same = |retries: u32, wait: Span, after: Vec<Answer>| match retries {
        0 => Again::Never,
        _ => Again::Same { retries, wait, after },
    };
    match retries {
        Retries::None => Again::Never,
        Retries::AtOnce(retries, after) if service == Service::Cognito => {
            let mut after = after.to_vec();
            after.retain(|answer| *answer != Answer::Throttled || assumed.cognito_throttles);
            if assumed.cognito_function_errors {
                after.extend([Answer::FunctionError, Answer::FunctionTimeout]);
            }
            same(retries, assumed.cognito_delay, after)
        }
        Retries::AtOnce(retries, after) => same(retries, Span::ZERO, after.to_vec()),
        Retries::Assumed(after) => same(assumed.batch_redrives, Span::ZERO, after.to_vec()),
        Retries::Sdk => {
            let mode = match body.word("retry_mode").or(assumed.sdk_mode) {
                Some("legacy") => sdk::Mode::Legacy,
                Some("standard") => sdk::Mode::Standard,
                Some("adaptive") => sdk::Mode::Adaptive,
                _ => sdk::Mode::Standard2026,
            };
            let attempts = body.count_u32_maybe("max_attempts");
            Again::Sdk { mode, attempts: attempts.unwrap_or(mode.attempts()) }
        }
        Retries::Blocks => match retriers(body) {
            blocks if blocks.is_empty() => Again::Never,
            blocks => Again::Blocks(blocks),
        },
    }
}

/// How a service that buffers has records transformed for this call.
pub fn buffering(body: &Body<'_>, service: Service, assumed: &Assumed) -> Option<Buffering> {
    let buffers = service.manner() == Manner::Buffers;
    buffers.then(|| Buffering {
        bytes: Span::from_nanos_f64(body.number("BufferSizeInMBs") * MEGABYTE).as_nanos(),
        interval: body.aws_time("BufferIntervalInSeconds"),
        retries: body.count_u32("NumberOfRetries"),
        retry_delay: assumed.firehose_delay,
    })
}

fn check_timeout(body: &Body<'_>, service: Service, limit: Option<Span>) {
    let most = match service {
        Service::ApiGatewayHttp => HTTP_API_MAX,
        Service::ApiGatewayWebsocket => WEBSOCKET_MAX,
        _ => return,
    };
    if limit.is_some_and(|limit| most < limit) {
        let message = format!("{} waits {most} at most", service.name());
        let mistake = Diagnostic::error(message).at(body.place_of("TimeoutInMillis"));
        let label = format!("at most {}", most.as_nanos() / 1_000_000);
        body.wrong("TimeoutInMillis", mistake.label(label));
    }
}

/// The `Retry` of a state: a word for a block, or retriers of its own.
fn retriers(body: &Body<'_>) -> Vec<Retrier> {
    let Some(node) = body.get("Retry") else { return Vec::new() };
    match &node.value {
        Value::Text(word) if word == "recommended" => vec![Retrier::recommended()],
        Value::Text(word) if word == "console" => vec![Retrier::console()],
        Value::List(_) => body.list_of_maps("Retry").iter().map(retrier).collect(),
        _ if node.is_null() => Vec::new(),
        _ => {
            let message = format!("{} is no `Retry`", node.shown());
            let mistake = Diagnostic::error(message).at(node.place);
            body.wrong("Retry", mistake.label("`recommended`, `console`, or a list of retriers"));
            Vec::new()
        }
    }
}

fn retrier(body: &Body<'_>) -> Retrier {
    let error = |(path, node)| match units::text(node) {
        Ok(name) => Some(name.to_string()),
        Err(mistake) => {
            body.cx.say(mistake.path(path));
            None
        }
    };
    Retrier {
        errors: body.list("ErrorEquals").into_iter().filter_map(error).collect(),
        interval: body.aws_time("IntervalSeconds"),
        retries_max: body.count_u32("MaxAttempts"),
        rate: body.number("BackoffRate"),
        cap: body.aws_time_maybe("MaxDelaySeconds"),
        full_jitter: body.word("JitterStrategy") == Some("FULL"),
    }
}
