//! What the services between are, for people: `dwell explain VIA` and the table of all callers.
//!
//! Every line is made from the model's own data, so that it cannot say something else than what is played.

use super::{
    properties::{SERVICE, all},
    sources::source_and_confidence,
};
use crate::{
    kernel::Span,
    model::{
        Rule,
        facts::Answer,
        services::{Limit, Manner, Persistence, Retries, Service, told},
    },
};

/// What the function or the service can come to, in words.
const ANSWERS: [(Answer, &str); 10] = [
    (Answer::Ok, "success"),
    (Answer::FunctionError, "function error"),
    (Answer::FunctionTimeout, "function's own timeout"),
    (Answer::Throttled, "throttle"),
    (Answer::SystemError, "5xx of Lambda"),
    (Answer::NotFound, "no permission"),
    (Answer::Recursive, "recursion guard"),
    (Answer::LimitReached, "too late"),
    (Answer::Overloaded, "too many requests"),
    (Answer::TooLarge, "too large"),
];

/// What the table says of a caller.
struct Card {
    limit: String,
    retries: String,
    delay: String,
    on_throttle: String,
    on_error: String,
    on_limit: String,
}

/// `dwell explain VIA` for a service; none if there is no service of this word.
pub fn explain(word: &str) -> Option<String> {
    let service = Service::of_word(word)?;
    let mut text = one(word, service);
    if service == Service::Ses {
        text.push_str(&one(word, Service::SesWaiting));
    }
    Some(text)
}

fn one(word: &str, service: Service) -> String {
    let card = card(service);
    let mut text = format!("via: {word}\n  {}, asks a function\n", service.name());
    for (what, says) in [
        ("limit", &card.limit),
        ("retries", &card.retries),
        ("delay", &card.delay),
        ("throttle", &card.on_throttle),
        ("error", &card.on_error),
        ("too late", &card.on_limit),
    ] {
        text.push_str(&format!("  {what:9} {}\n", says.replace('`', "")));
    }
    if let Some(front) = service.front() {
        if let Some(bytes) = front.bytes_max {
            let told = told(service, Answer::TooLarge);
            text.push_str(&format!(
                "  size      at most {} KB, else {}\n",
                bytes >> 10,
                told.status
            ));
        }
        if let Some((rate, burst)) = front.rate {
            let status = told(service, Answer::Overloaded).status;
            text.push_str(&format!(
                "  rate      {rate}/s and bursts of {burst} for the account, else {status}\n"
            ));
        }
    }
    let keys = all(SERVICE).filter(|row| service.keys().contains(&row.name));
    for (n, row) in keys.enumerate() {
        let what = if n == 0 { "keys" } else { "" };
        text.push_str(&format!("  {what:9} {}: {}\n", row.name, row.says));
    }
    text.push_str("  answers\n");
    let heard = |answer: Answer| match service.manner() {
        Manner::Waits | Manner::Buffers => true,
        Manner::HandsOn => answer == Answer::Ok,
        Manner::Operates => matches!(answer, Answer::Ok | Answer::LimitReached | Answer::NotFound),
    };
    for (answer, what) in ANSWERS.into_iter().filter(|(answer, _)| heard(*answer)) {
        let told = told(service, answer);
        text.push_str(&format!("    {what:21} {}: {}\n", told.status, told.seen));
    }
    text.push_str("  rules\n");
    for rule in rules(service) {
        let (source, confidence) = source_and_confidence(rule);
        text.push_str(&format!("    {:5} {}\n", rule.id(), rule.statement()));
        text.push_str(&format!("          {confidence}; {source}\n"));
    }
    text
}

/// The table of all callers, as Markdown.
pub fn table() -> String {
    let mut text = "# Who calls, and what a failure means then\n\nWritten from the table of services by \
                    `dwell explain --callers`: change that, not this page. Retries are the service's own, beside Lambda's; the user's come on top \
                    (`retry`). `answered[status=…]` has the statuses shown. Rules and sources are in \
                    [rules.md](rules.md).\n\n\
                    | `via` | limit | retries | delay | on throttle | on error | too late | rules |\n\
                    |---|---|---|---|---|---|---|---|\n"
        .to_string();
    for service in Service::ALL.iter().chain([&Service::SesWaiting]) {
        let Card { limit, retries, delay, on_throttle, on_error, on_limit } = card(*service);
        let rules: Vec<&str> = rules(*service).iter().map(|rule| rule.id()).collect();
        let (word, name) = (service.word(), service.name());
        text.push_str(&format!(
            "| `{word}`<br>{name} | {limit} | {retries} | {delay} | {on_throttle} | {on_error} | \
             {on_limit} | {} |\n",
            rules.join(" ")
        ));
    }
    text
}

fn card(service: Service) -> Card {
    match service.manner() {
        Manner::Waits => waiting(service),
        Manner::HandsOn | Manner::Operates => handing_on(service),
        Manner::Buffers => Card {
            limit: "5 min for a batch".into(),
            retries: "3 (`NumberOfRetries`), at once".into(),
            delay: "until 1 MB or 60 s are full".into(),
            on_throttle: "tried again, then in the error bucket".into(),
            on_error: "tried again, then in the error bucket".into(),
            on_limit: "tried again, then in the error bucket".into(),
        },
    }
}

fn handing_on(service: Service) -> Card {
    let carrier = service.carrier().expect("a service that hands on has a carrier");
    let retries = match carrier.persistence {
        Persistence::Phases => {
            "100,015 in 23 days: 3 at once, 2 after 1 s, 10 after 1 s to 20 s, then each 20 s"
                .into()
        }
        Persistence::Policy { retries, age } => {
            format!("{retries} within {}, set by `RetryPolicy`", shown(age))
        }
        Persistence::For(age) => format!("for {}", shown(age)),
        Persistence::Assumed => "`delivery_retries`: none".into(),
    };
    let kept = match carrier.dead_letter {
        Some(key) => format!("in the queue of `{key}`"),
        None => "lost".into(),
    };
    let refused = match carrier.switched_off {
        Some(off) => format!("{kept}, like all of the next {}", shown(off)),
        None => kept,
    };
    let delay = carrier.delay.map_or("nothing known".to_string(), |key| format!("`{key}`"));
    let mut card = Card {
        limit: "it does not wait".into(),
        retries: format!("{retries}; what is refused for good is at once {refused}"),
        delay,
        on_throttle: "not seen: Lambda's event queue took it (202) and tries for 6 h".into(),
        on_error: "not seen: Lambda tries twice more, after 1 and 2 min".into(),
        on_limit: "never".into(),
    };
    if service.manner() == Manner::Operates {
        let told = told(service, Answer::LimitReached);
        card.limit = "1 h, set by `ServiceTimeout`".into();
        card.on_limit = format!("{}: {}", told.status, told.seen);
    }
    card
}

fn waiting(service: Service) -> Card {
    let front = service.front().expect("a service that waits has a front");
    let within =
        front.within.map_or(String::new(), |within| format!(", {} for all tries", shown(within)));
    let limit = match front.limit {
        Limit::Fixed(limit) => format!("{}{within}", shown(limit)),
        Limit::Set(limit, key) => format!("{}, set by `{key}`", shown(limit)),
        Limit::Function => "the function's `Timeout`".into(),
    };
    let retries = match front.retries {
        Retries::None => "none".to_string(),
        Retries::AtOnce(retries, _) => format!("{retries}, at once"),
        Retries::Assumed(_) => "`s3_batch_redrives`".into(),
        Retries::Sdk => {
            "2, in legacy mode 4; up to 50 ms, 100 ms, after a throttle 1 s, 2 s".into()
        }
        Retries::Blocks => "as `Retry` says; without it none".into(),
    };
    let again = |answer: Answer| match front.retries {
        Retries::None => false,
        Retries::AtOnce(_, after) | Retries::Assumed(after) => after.contains(&answer),
        Retries::Sdk => matches!(answer, Answer::Throttled | Answer::LimitReached),
        Retries::Blocks => true,
    };
    let outcome = |answer: Answer| {
        let told = told(service, answer);
        let first = match (again(answer), front.retries) {
            (true, Retries::Blocks) => "tried again if `Retry` fits, then ",
            (true, _) => "tried again, then ",
            (false, _) => "",
        };
        format!("{first}{}: {}", told.status, told.seen)
    };
    Card {
        limit,
        retries,
        delay: "none".into(),
        on_throttle: outcome(Answer::Throttled),
        on_error: outcome(Answer::FunctionError),
        on_limit: match front.limit {
            Limit::Function => outcome(Answer::FunctionTimeout),
            Limit::Fixed(_) | Limit::Set(..) => outcome(Answer::LimitReached),
        },
    }
}

/// A time as people say it.
fn shown(span: Span) -> String {
    match span.as_nanos() / 1_000_000_000 {
        seconds if seconds % 3600 == 0 && seconds < 360_000 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 && (600..3600).contains(&seconds) => {
            format!("{} min", seconds / 60)
        }
        seconds if seconds >= 10_000 => format!("{seconds} s"),
        _ => span.to_string().replace('s', " s"),
    }
}

/// The rules that a service keeps, in the order of the documents.
fn rules(service: Service) -> Vec<Rule> {
    let mut rules: Vec<Rule> = ANSWERS.iter().map(|(answer, _)| service.rule(*answer)).collect();
    rules.push(service.retry_rule());
    rules.extend(service.more_rules());
    rules.sort_unstable();
    rules.dedup();
    rules
}
