//! From a node to a value with a unit: times, points in time, rates, shares, sizes, counts, names.
//!
//! Owns how quantities are written and the errors that say what would be right. It reads what was
//! written, digit by digit, into integers; only a share, a number and a rate for show are floats.
//! Ranges of single properties are not its business, but whatever comes out of here is finite:
//! no time is beyond 70 years. Full-width digits, thousands separators, hexadecimal, `.inf` and
//! blanks inside a quantity are refused, since each has been read as something else somewhere.

use jiff::Timestamp;

use super::{
    GuessUnit,
    diagnostic::{Diagnostic, quoted, suggest},
    node::{Key, Node, Style, Value},
};
use crate::kernel::time::{Span, Time};

/// The units of time, the longest first, in nanoseconds.
const TIME_UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
const TIME_ALLOWED: &str =
    "a time: numbers with ns, us, ms, s, m, h or d, as in `250ms` or `1h30m`";

/// What a rate is per.
const RATE_UNITS: [(&str, u64); 4] = [
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const RATE_ALLOWED: &str = "a rate: a number per s, min, h or d, as in `50/s` or `3000/min`";
/// A rate beyond a billion a second leaves no nanosecond between two arrivals.
const RATE_PER_SEC_MAX: u128 = 1_000_000_000;

const SIZE_UNITS: [(&str, u64); 4] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
const SIZE_ALLOWED: &str = "a size: a number with B, KiB, MiB or GiB, as in `256KiB`";
/// Far beyond any payload; sums of sizes stay far below 2^64.
const SIZE_BYTES_MAX: u64 = 1 << 40;

const SHARE_ALLOWED: &str = "a share from `0%` to `100%`, as in `0.3%`";
const POINT_ALLOWED: &str =
    "a point in time: an offset such as `4h`, a clock time `HH:MM`, or `2026-11-23T09:00Z`";
const STAMP_ALLOWED: &str = "a time stamp from 1970 to 2199, as in `2026-11-23T09:00Z`";
/// 2200-01-01T00:00Z, as far as AWS's schedules go.
const STAMP_SECONDS_END: i128 = 7_258_118_400;

/// The longest time: no run may go on for longer.
const LONGEST: Span = Span::nanos(Time::LAST.as_nanos());

/// The longest name.
pub const NAME_BYTES_MAX: usize = 128;

/// So many events in so long, exactly as written: `2.5/min` is 5 in 2 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    events: u64,
    per: Span,
}

impl Rate {
    /// Never.
    pub const ZERO: Rate = Rate { events: 0, per: Span::secs(1) };

    /// The events in [`Rate::per`]; the fraction of both is in lowest terms.
    pub const fn events(self) -> u64 {
        self.events
    }
    /// How long it takes for [`Rate::events`]; never zero.
    pub const fn per(self) -> Span {
        self.per
    }
    /// Events a second.
    pub fn as_per_sec_f64(self) -> f64 {
        self.events as f64 / self.per.as_secs_f64()
    }
}

/// The unit in which AWS has a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsUnit {
    /// `TimeoutInMillis`
    Millis,
    /// `VisibilityTimeout`
    Seconds,
    /// Some schedules.
    Minutes,
    /// `RetentionPeriodHours`
    Hours,
    /// `ArchiveRetentionDays`
    Days,
}

impl AwsUnit {
    /// One of the unit.
    pub const fn span(self) -> Span {
        match self {
            AwsUnit::Millis => Span::millis(1),
            AwsUnit::Seconds => Span::secs(1),
            AwsUnit::Minutes => Span::mins(1),
            AwsUnit::Hours => Span::hours(1),
            AwsUnit::Days => Span::days(1),
        }
    }
    /// The unit in the plural.
    pub const fn word(self) -> &'static str {
        match self {
            AwsUnit::Millis => "milliseconds",
            AwsUnit::Seconds => "seconds",
            AwsUnit::Minutes => "minutes",
            AwsUnit::Hours => "hours",
            AwsUnit::Days => "days",
        }
    }
}

/// A stretch of time: `250ms`, `1.5s`, `2d10h`. A bare number has no unit, so only 0 is one.
pub fn time(node: &Node) -> Result<Span, Diagnostic> {
    if is_zero(node) {
        return Ok(Span::ZERO);
    }
    let written = quantity(node, "a time", TIME_ALLOWED)?;
    span_of(written).map_err(|wrong| {
        let mistake = refuse(node, wrong.message(written, "a time"), TIME_ALLOWED);
        match (wrong, time_meant(written)) {
            (Wrong::NoUnit, None) if is_number(written) => {
                mistake.help(format!("write `{written}s` or `{written}ms`"))
            }
            (Wrong::Form | Wrong::NoUnit, Some(meant)) => mistake.did_you_mean(Some(&meant)),
            _ => mistake,
        }
    })
}

/// A property that AWS has in whole seconds: `30` or `30s` or `5m`.
pub fn aws_seconds(node: &Node) -> Result<Span, Diagnostic> {
    aws_time(node, AwsUnit::Seconds)
}

/// A property that AWS has in whole units: bare, or with any unit if it comes out whole.
pub fn aws_time(node: &Node, unit: AwsUnit) -> Result<Span, Diagnostic> {
    let word = unit.word();
    let allowed = format!("AWS has it in whole {word}: `30`, or with a unit, as in `5m`");
    let whole = match (&node.value, node.raw()) {
        (Value::Int(_), Some(_)) => {
            let number = integer(node).map_err(|mistake| mistake.label(allowed.clone()))?;
            let Ok(number) = u64::try_from(number) else {
                let message = format!("{} is a negative time", node.shown());
                return Err(refuse(node, message, &allowed));
            };
            unit.span().times(number) // saturates, and is too long then
        }
        (Value::Float(_), _) => {
            let message = format!("{} is not a whole number of {word}", node.shown());
            return Err(refuse(node, message, &allowed));
        }
        _ => time(node).map_err(|mistake| mistake.label(allowed.clone()))?,
    };
    if whole > LONGEST {
        return Err(refuse(node, Wrong::TooLong.message(&node.shown(), "a time"), &allowed));
    }
    if whole.as_nanos() % unit.span().as_nanos() != 0 {
        let message = format!("{} is not a whole number of {word}", node.shown());
        return Err(refuse(node, message, &allowed));
    }
    Ok(whole)
}

/// A rate: `50/s`, `3000/min`, `0.5/h`, `1/d`; 0 may stand alone.
pub fn rate(node: &Node) -> Result<Rate, Diagnostic> {
    if is_zero(node) {
        return Ok(Rate::ZERO);
    }
    let written = quantity(node, "a rate", RATE_ALLOWED)?;
    rate_of(written).map_err(|wrong| {
        let mistake = refuse(node, wrong.message(written, "a rate"), RATE_ALLOWED);
        match wrong {
            Wrong::NoUnit => mistake.help(format!("write `{written}/s` or `{written}/min`")),
            Wrong::Form => mistake.did_you_mean(rate_meant(written).as_deref()),
            Wrong::Negative | Wrong::TooFine | Wrong::TooLong => mistake,
        }
    })
}

/// A share as a fraction of 1: `20%`, `0.3%`; 0 may stand alone.
pub fn share(node: &Node) -> Result<f64, Diagnostic> {
    if is_zero(node) {
        return Ok(0.0);
    }
    let written = quantity(node, "a share", SHARE_ALLOWED)?;
    if let Some(number) = written.strip_suffix('%')
        && Decimal::of(number).is_some()
        && let Ok(fraction) = format!("{number}e-2").parse::<f64>()
    {
        if fraction <= 1.0 {
            return Ok(fraction);
        }
        return Err(refuse(node, format!("{} is above 100%", quoted(written)), SHARE_ALLOWED));
    }
    let wrong = if written.starts_with('-') { Wrong::Negative } else { Wrong::Form };
    let mistake = match (&node.value, wrong) {
        (Value::Int(_) | Value::Float(_), Wrong::Form) => {
            refuse(node, Wrong::NoUnit.message(written, "a share"), SHARE_ALLOWED)
        }
        _ => refuse(node, wrong.message(written, "a share"), SHARE_ALLOWED),
    };
    Err(match Decimal::of(written) {
        Some(number) => match number.times_100() {
            Some(percent) if number.is_at_most_1() && written != "1" => {
                mistake.help(format!("write `{percent}%`"))
            }
            _ => mistake.help(format!("write `{written}%`")),
        },
        None => match without_blanks(written) {
            Some(meant) if meant.strip_suffix('%').and_then(Decimal::of).is_some() => {
                mistake.did_you_mean(Some(&meant))
            }
            _ => mistake,
        },
    })
}

/// A size in bytes: `10B`, `256KiB`, `1.5MiB`; 0 may stand alone.
pub fn size(node: &Node) -> Result<u64, Diagnostic> {
    if is_zero(node) {
        return Ok(0);
    }
    let written = quantity(node, "a size", SIZE_ALLOWED)?;
    size_of(written).map_err(|wrong| {
        let message = match wrong {
            Wrong::TooLong => format!("{} is too large, at most 1024GiB", quoted(written)),
            Wrong::TooFine => format!("{} is no whole number of bytes", quoted(written)),
            Wrong::Form | Wrong::NoUnit | Wrong::Negative => wrong.message(written, "a size"),
        };
        let mistake = refuse(node, message, SIZE_ALLOWED);
        match (wrong, size_meant(written)) {
            (Wrong::NoUnit, _) => mistake.help(format!("write `{written}B` or `{written}KiB`")),
            (Wrong::Form, Some(meant)) => mistake.did_you_mean(Some(&meant)),
            _ => mistake,
        }
    })
}

/// A whole number, not negative, in decimal digits.
pub fn count(node: &Node) -> Result<u64, Diagnostic> {
    const ALLOWED: &str = "a whole number from 0, in digits only, as in `1000`";
    let number = whole(node, ALLOWED)?;
    u64::try_from(number)
        .map_err(|_| refuse(node, format!("{} is negative", node.shown()), ALLOWED))
}

/// A whole number in decimal digits, such as the -1 that AWS has for "no limit".
pub fn integer(node: &Node) -> Result<i64, Diagnostic> {
    whole(node, "a whole number, in digits only, as in `1000`")
}

fn whole(node: &Node, allowed: &str) -> Result<i64, Diagnostic> {
    let raw = node.raw().unwrap_or_default();
    let digits = raw.strip_prefix(['-', '+']).unwrap_or(raw);
    let decimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match node.value {
        Value::Int(number) if decimal => Ok(number),
        Value::Float(_) if decimal => {
            Err(refuse(node, format!("{} is too large", node.shown()), allowed))
        }
        _ => {
            let message = format!("{} is not a whole number", node.shown());
            let mistake = refuse(node, message, allowed);
            Err(match number_meant(node) {
                Some(meant) if meant.bytes().all(|b| b.is_ascii_digit()) => {
                    mistake.help(format!("write `{meant}`"))
                }
                _ => mistake,
            })
        }
    }
}

/// A finite number in decimal digits: `0.8`, `-3`, `1e3`.
pub fn number(node: &Node) -> Result<f64, Diagnostic> {
    const ALLOWED: &str = "a number in digits, as in `0.8`";
    let raw = node.raw().unwrap_or_default();
    let decimal = !raw.starts_with("0x") && !raw.starts_with("0o");
    match node.value {
        // What has no exact float is far beyond any number a scenario has.
        Value::Int(number) if decimal => Ok(number as f64),
        Value::Float(number) if number.is_finite() => Ok(number),
        Value::Float(_) => {
            Err(refuse(node, format!("{} is not a finite number", node.shown()), ALLOWED))
        }
        _ => {
            let mistake = refuse(node, format!("{} is not a number", node.shown()), ALLOWED);
            Err(match number_meant(node) {
                Some(meant) => mistake.help(format!("write `{meant}`")),
                None => mistake,
            })
        }
    }
}

/// A bound of a range of numbers, shares or times: as a plain number, with its kind; 0 is of any. Times are
/// in seconds, shares fractions of 1.
pub fn bound(node: &Node) -> Result<(f64, Option<GuessUnit>), Diagnostic> {
    const ALLOWED: &str = "a number, a share or a time: `3000`, `5%` or `90s`";
    if is_zero(node) {
        return Ok((0.0, None));
    }
    if let Ok(number) = number(node) {
        return Ok((number, Some(GuessUnit::Number)));
    }
    let is_share = node.raw().is_some_and(|raw| raw.ends_with('%'));
    let read = match is_share {
        true => share(node).map(|share| (share, Some(GuessUnit::Share))),
        false => time(node).map(|time| (time.as_secs_f64(), Some(GuessUnit::Time))),
    };
    read.map_err(|mistake| mistake.label(ALLOWED))
}

/// `true` or `false`, and nothing else.
pub fn flag(node: &Node) -> Result<bool, Diagnostic> {
    const ALLOWED: &str = "`true` or `false`";
    if let Value::Bool(flag) = node.value {
        return Ok(flag);
    }
    let mistake = refuse(node, format!("{} is neither true nor false", node.shown()), ALLOWED);
    let raw = node.raw().unwrap_or_default();
    Err(match raw.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" | "true" | "1" => mistake.help("write `true`"),
        "no" | "off" | "n" | "false" | "0" => mistake.help("write `false`"),
        _ => mistake,
    })
}

/// Free text.
pub fn text(node: &Node) -> Result<&str, Diagnostic> {
    if let (Value::Text(text), None) = (&node.value, node.tag) {
        return Ok(text);
    }
    let mistake = refuse(node, format!("{} is not text", node.shown()), "text");
    Err(match node.raw() {
        Some(raw) if !raw.is_empty() && node.tag.is_none() => {
            mistake.help(format!("write it in quotes: {}", quoted(&format!("\"{raw}\""))))
        }
        _ => mistake,
    })
}

/// A word of a payload, such as an attribute or a key: text, or a number or flag as it was written.
pub fn word(node: &Node) -> Result<&str, Diagnostic> {
    match (&node.value, node.tag, node.raw()) {
        (Value::Null, _, _) | (_, Some(_), _) | (_, _, None) => {
            Err(refuse(node, format!("{} is not a word", node.shown()), "a word or a number"))
        }
        (_, None, Some(raw)) => Ok(raw),
    }
}

/// The name of a resource, checked. `fifo`: whether it may end in `.fifo`.
pub fn name(key: &Key, fifo: bool) -> Result<&str, Diagnostic> {
    let written = key.name.as_str();
    let mistake = |message: String| {
        let end = if fifo { ", and may end in `.fifo`" } else { "" };
        Diagnostic::error(message)
            .at(key.place)
            .label(format!("a name begins with a letter and has letters, digits, `_` and `-`{end}"))
    };
    let plain = match written.strip_suffix(".fifo") {
        Some(plain) if fifo => plain,
        Some(_) => {
            return Err(mistake(format!("{} is no name here", quoted(written)))
                .help("only a FIFO queue or topic has a name that ends in `.fifo`"));
        }
        None => written,
    };
    if written.len() > NAME_BYTES_MAX {
        return Err(mistake(format!("the name {} is too long", quoted(written)))
            .help(format!("it has {} bytes, allowed are {NAME_BYTES_MAX}", written.len())));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if plain.starts_with(|c: char| c.is_ascii_alphabetic()) && plain.chars().all(allowed) {
        return Ok(written);
    }
    Err(mistake(match written.trim() {
        "" => "a name is empty".to_string(),
        _ => format!("{} is no name", quoted(written)),
    }))
}

/// One of a fixed list of words.
pub fn one_of<'w>(node: &Node, words: &[&'w str]) -> Result<&'w str, Diagnostic> {
    let written = match (&node.value, node.tag) {
        (Value::Text(text), None) => text.as_str(),
        _ => "",
    };
    if let Some(word) = words.iter().find(|word| **word == written) {
        return Ok(word);
    }
    let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let allowed = match list.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => list.concat(),
    };
    let message = format!("{} is not allowed here", node.shown());
    Err(refuse(node, message, &allowed).did_you_mean(suggest(written, words.iter().copied())))
}

/// A point in time of a run that begins at `start`, in seconds since 1970: an offset (`4h`), a clock time
/// (`10:00`, the first at or after `start`) or a time stamp (`2026-11-23T09:00Z`).
pub fn point(node: &Node, start: i64) -> Result<Time, Diagnostic> {
    if is_zero(node) {
        return Ok(Time::ZERO);
    }
    let written = quantity(node, "a point in time", POINT_ALLOWED)?;
    if written.as_bytes().get(4) == Some(&b'-') {
        let nanos = stamp(node, written)?;
        let after = nanos - i128::from(start) * 1_000_000_000;
        let Ok(after) = u64::try_from(after.max(-1)) else {
            return Err(refuse(
                node,
                format!("{} is before `start`", quoted(written)),
                POINT_ALLOWED,
            )
            .help("the run begins at `start`; without it on Monday 2026-01-05T00:00Z"));
        };
        if after > LONGEST.as_nanos() {
            let message = format!("{} is more than 70 years after `start`", quoted(written));
            return Err(refuse(node, message, POINT_ALLOWED));
        }
        return Ok(Time::from_nanos(after));
    }
    if written.contains(':') && !written.contains('T') {
        let Some(of_day) = clock_of(written) else {
            let message = format!("{} is no time of a day", quoted(written));
            let mistake = refuse(node, message, "a clock time from `00:00` to `23:59:59`");
            let padded = format!("0{written}");
            let meant = clock_of(&padded).map(|_| padded);
            return Err(mistake.did_you_mean(meant.as_deref()));
        };
        let seconds = (of_day - start.rem_euclid(86_400)).rem_euclid(86_400);
        return Ok(Time::ZERO + Span::secs(seconds.unsigned_abs()));
    }
    time(node).map(|span| Time::ZERO + span).map_err(|mistake| mistake.label(POINT_ALLOWED))
}

/// A whole second of the calendar, in seconds since 1970, from 1970 to 2199: `2026-11-23T09:00Z`.
pub fn timestamp(node: &Node) -> Result<i64, Diagnostic> {
    let written = quantity(node, "a time stamp", STAMP_ALLOWED)?;
    let nanos = stamp(node, written)?;
    match i64::try_from(nanos / 1_000_000_000) {
        Ok(seconds) if nanos % 1_000_000_000 == 0 => Ok(seconds),
        _ => Err(refuse(node, format!("{} is no whole second", quoted(written)), STAMP_ALLOWED)),
    }
}

/// Nanoseconds since 1970 of a time stamp with a time and a zone.
fn stamp(node: &Node, written: &str) -> Result<i128, Diagnostic> {
    let refuse = |message: String| refuse(node, message, STAMP_ALLOWED);
    let in_utc = |written: &str| -> Option<i128> {
        let plain = written.is_ascii() && !written.contains([' ', '[', 't', 'z', ',']);
        let minute_60 = written.contains(":60");
        let parsed: Timestamp = written.parse().ok().filter(|_| plain && !minute_60)?;
        Some(parsed.as_nanosecond())
    };
    match in_utc(written) {
        Some(nanos) if (0..STAMP_SECONDS_END * 1_000_000_000).contains(&nanos) => Ok(nanos),
        Some(_) => Err(refuse(format!("{} is out of reach", quoted(written)))),
        None => {
            let mistake = refuse(format!("{} is no time stamp", quoted(written)));
            let meant = [format!("{written}Z"), format!("{written}T00:00Z")];
            let meant = meant.iter().find(|meant| in_utc(meant).is_some());
            Err(mistake.did_you_mean(meant.map(String::as_str)))
        }
    }
}

/// Seconds since midnight of `HH:MM` or `HH:MM:SS`.
fn clock_of(written: &str) -> Option<i64> {
    let parts: Vec<&str> = written.split(':').collect();
    let two_digits = |part: &str, below: i64| -> Option<i64> {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|value| digits && *value < below)
    };
    let (hours, minutes, seconds) = match parts.as_slice() {
        [h, m] => (h, m, &"00"),
        [h, m, s] => (h, m, s),
        _ => return None,
    };
    let of_day = two_digits(hours, 24)? * 3_600 + two_digits(minutes, 60)? * 60;
    Some(of_day + two_digits(seconds, 60)?)
}

/// What is wrong with a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// It is not written as one.
    Form,
    /// Its last number stands alone.
    NoUnit,
    Negative,
    /// It needs more decimals than there are.
    TooFine,
    TooLong,
}

impl Wrong {
    fn message(self, written: &str, what: &str) -> String {
        let shown = if written.starts_with('`') { written.to_string() } else { quoted(written) };
        match self {
            Wrong::Form => format!("{shown} is not {what}"),
            Wrong::NoUnit => format!("{shown} has no unit"),
            Wrong::Negative => format!("{shown} is negative"),
            Wrong::TooFine => format!("{shown} is finer than a nanosecond"),
            Wrong::TooLong if what == "a rate" => format!("{shown} is above 1000000000/s"),
            Wrong::TooLong => format!("{shown} is longer than 70 years"),
        }
    }
}

fn refuse(node: &Node, message: String, allowed: &str) -> Diagnostic {
    Diagnostic::error(message).at(node.place).label(allowed)
}

/// A plain 0, the only quantity that needs no unit.
fn is_zero(node: &Node) -> bool {
    let zero = matches!(node.value, Value::Int(0))
        || matches!(node.value, Value::Float(number) if number == 0.0);
    let decimal = |raw: &str| raw.bytes().all(|b| b == b'0' || b == b'.');
    zero && node.tag.is_none() && node.raw().is_some_and(decimal)
}

/// The text of a scalar that should be a quantity.
fn quantity<'n>(node: &'n Node, what: &str, allowed: &str) -> Result<&'n str, Diagnostic> {
    match (&node.value, node.tag, node.raw()) {
        (Value::Null | Value::Bool(_), _, _) | (_, Some(_), _) | (_, _, None | Some("")) => {
            Err(refuse(node, format!("{} is not {what}", node.shown()), allowed))
        }
        (_, None, Some(raw)) => Ok(raw),
    }
}

/// Digits, perhaps with a point and more digits: `digits / 10^decimals`.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: u128,
    decimals: u32,
}

impl Decimal {
    /// At most 18 digits before and after the point: all that is needed, and nothing overflows.
    fn of(text: &str) -> Option<Decimal> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || fraction.is_some_and(|part| !all_digits(part)) {
            return None;
        }
        let fraction = fraction.unwrap_or_default().trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        if whole.len() > 18 || fraction.len() > 18 {
            return None;
        }
        let decimals = u32::try_from(fraction.len()).ok()?;
        let digits = format!("0{whole}{fraction}").parse().ok()?;
        Some(Decimal { digits, decimals })
    }
    fn is_at_most_1(self) -> bool {
        self.digits <= 10u128.pow(self.decimals)
    }
    /// In units of `unit`: exact or [`Wrong::TooFine`].
    fn times(self, unit: u64) -> Result<u128, Wrong> {
        let product = self.digits.checked_mul(u128::from(unit)).ok_or(Wrong::TooLong)?;
        let divisor = 10u128.pow(self.decimals);
        if product % divisor == 0 { Ok(product / divisor) } else { Err(Wrong::TooFine) }
    }
    fn times_100(self) -> Option<String> {
        let (digits, decimals) = match self.decimals {
            0 => (self.digits.checked_mul(100)?, 0),
            1 => (self.digits.checked_mul(10)?, 0),
            more => (self.digits, more - 2),
        };
        if decimals == 0 {
            return Some(digits.to_string());
        }
        let width = decimals as usize + 1;
        let text = format!("{digits:0>width$}");
        let (whole, fraction) = text.split_at(text.len() - decimals as usize);
        Some(format!("{whole}.{fraction}"))
    }
}

/// A number at the beginning of `text`, and what follows it.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(end)
}

/// Units from long to short, each at most once, decimals only in the last.
fn span_of(written: &str) -> Result<Span, Wrong> {
    if written.starts_with('-') {
        return Err(Wrong::Negative);
    }
    let mut rest = written;
    let mut longest = u64::MAX;
    let mut nanos: u128 = 0;
    let mut whole = true;
    loop {
        let (number, after) = split_number(rest);
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        if after.is_empty() && is_number(number) {
            return Err(Wrong::NoUnit);
        }
        let Some((_, unit)) = TIME_UNITS.into_iter().find(|(word, _)| *word == unit) else {
            return Err(Wrong::Form);
        };
        if unit >= longest || !whole || !is_number(number) {
            return Err(Wrong::Form);
        }
        // A number of more digits than fit is either too long or too fine.
        let Some(decimal) = Decimal::of(number) else {
            let (before, _) = number.split_once('.').unwrap_or((number, ""));
            let long = before.trim_start_matches('0').len() > 18;
            return Err(if long { Wrong::TooLong } else { Wrong::TooFine });
        };
        if decimal.digits / 10u128.pow(decimal.decimals) > u128::from(LONGEST.as_nanos() / unit) {
            return Err(Wrong::TooLong);
        }
        nanos += decimal.times(unit)?;
        longest = unit;
        whole = decimal.decimals == 0;
        if next.is_empty() {
            break;
        }
        rest = next;
    }
    match u64::try_from(nanos) {
        Ok(nanos) if nanos <= LONGEST.as_nanos() => Ok(Span::nanos(nanos)),
        _ => Err(Wrong::TooLong),
    }
}

/// Digits, perhaps with a point and more digits, of any length.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

fn rate_of(written: &str) -> Result<Rate, Wrong> {
    if written.starts_with('-') {
        return Err(Wrong::Negative);
    }
    let Some((number, unit)) = written.split_once('/') else {
        return Err(if is_number(written) { Wrong::NoUnit } else { Wrong::Form });
    };
    let Some((_, unit)) = RATE_UNITS.into_iter().find(|(word, _)| *word == unit) else {
        return Err(Wrong::Form);
    };
    if !is_number(number) {
        return Err(Wrong::Form);
    }
    let decimal = Decimal::of(number).ok_or(Wrong::TooLong)?;
    if decimal.digits == 0 {
        return Ok(Rate::ZERO);
    }
    let per = u128::from(unit).checked_mul(10u128.pow(decimal.decimals)).ok_or(Wrong::TooFine)?;
    let shared = greatest_common_divisor(decimal.digits, per);
    let (events, per) = (decimal.digits / shared, per / shared);
    if events.saturating_mul(1_000_000_000) > per.saturating_mul(RATE_PER_SEC_MAX) {
        return Err(Wrong::TooLong);
    }
    match (u64::try_from(events), u64::try_from(per)) {
        (Ok(events), Ok(per)) => Ok(Rate { events, per: Span::nanos(per) }),
        _ => Err(Wrong::TooFine),
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn size_of(written: &str) -> Result<u64, Wrong> {
    if written.starts_with('-') {
        return Err(Wrong::Negative);
    }
    let (number, unit) = split_number(written);
    if !is_number(number) {
        return Err(Wrong::Form);
    }
    if unit.is_empty() {
        return Err(Wrong::NoUnit);
    }
    let Some((_, unit)) = SIZE_UNITS.into_iter().find(|(word, _)| *word == unit) else {
        return Err(Wrong::Form);
    };
    let decimal = Decimal::of(number).ok_or(Wrong::TooLong)?;
    if decimal.digits / 10u128.pow(decimal.decimals) > u128::from(SIZE_BYTES_MAX / unit) {
        return Err(Wrong::TooLong);
    }
    match u64::try_from(decimal.times(unit)?) {
        Ok(bytes) if bytes <= SIZE_BYTES_MAX => Ok(bytes),
        _ => Err(Wrong::TooLong),
    }
}

/// What a mistake may have meant is only guessed for what could be read at a glance.
const GUESSED_BYTES_MAX: usize = 40;

/// Without blanks, underscores and thousands separators; `None` if there are none, it is long, or a comma may
/// be a decimal one.
fn without_blanks(written: &str) -> Option<String> {
    let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    if written.split(',').skip(1).any(|after| digits(after) != 3) {
        return None;
    }
    let bare: String = written.chars().filter(|c| !matches!(c, ' ' | '_' | '\'' | ',')).collect();
    if bare == written || written.len() > GUESSED_BYTES_MAX { None } else { Some(bare) }
}

/// `5m` for `5 M`, `10min` and `5 minutes`, `1h30m` for `1h30`.
fn time_meant(written: &str) -> Option<String> {
    if written.len() > GUESSED_BYTES_MAX {
        return None;
    }
    let lower = without_blanks(written).unwrap_or(written.to_string()).to_lowercase();
    let mut meant = String::new();
    let mut rest = lower.as_str();
    let mut last = "";
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..end] {
            "" if last == "h" => "m",
            "" if last == "m" => "s",
            "ns" | "nanos" => "ns",
            "us" | "µs" | "μs" | "micros" => "us",
            "ms" | "msec" | "millis" | "milliseconds" => "ms",
            "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            _ => return None,
        };
        meant.push_str(number);
        meant.push_str(unit);
        last = unit;
        rest = &after[end..];
    }
    (meant != written && span_of(&meant).is_ok()).then_some(meant)
}

/// `50/s` for `50 / S`, `50/sec` and `50 per second`.
fn rate_meant(written: &str) -> Option<String> {
    if written.len() > GUESSED_BYTES_MAX {
        return None;
    }
    let lower = written.to_lowercase().replace(" per ", "/");
    let bare = without_blanks(&lower).unwrap_or(lower);
    let (number, unit) = bare.split_once('/')?;
    let unit = match unit {
        "s" | "sec" | "second" | "1s" => "s",
        "m" | "min" | "minute" | "1m" => "min",
        "h" | "hr" | "hour" | "1h" => "h",
        "d" | "day" | "1d" => "d",
        _ => return None,
    };
    let meant = format!("{number}/{unit}");
    (meant != written && rate_of(&meant).is_ok()).then_some(meant)
}

/// `256KiB` for `256KB`, `256 kib` and `256k`.
fn size_meant(written: &str) -> Option<String> {
    let bare = without_blanks(written).unwrap_or(written.to_string());
    let (number, unit) = split_number(&bare);
    let unit = match unit.to_lowercase().as_str() {
        "b" | "bytes" | "byte" => "B",
        "k" | "kb" | "kib" => "KiB",
        "m" | "mb" | "mib" => "MiB",
        "g" | "gb" | "gib" => "GiB",
        _ => return None,
    };
    let meant = format!("{number}{unit}");
    size_of(&meant).is_ok().then_some(meant)
}

/// The digits of a number in quotes, with separators or in full-width digits.
fn number_meant(node: &Node) -> Option<String> {
    let (Value::Text(written), None) = (&node.value, node.tag) else { return None };
    if written.len() > GUESSED_BYTES_MAX {
        return None;
    }
    let narrow = |c: char| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        c => c,
    };
    let narrowed: String = written.chars().map(narrow).collect();
    let bare = without_blanks(&narrowed).unwrap_or(narrowed);
    let changed = bare != *written || node.style == Style::Quoted;
    (changed && is_number(&bare)).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            diagnostic::{Origin, Place},
            node::{Source, parse},
        },
        *,
    };

    fn node(written: &str) -> Node {
        let source = Source { name: "x.yaml".into(), text: format!("v: {written}\n") };
        let tree = parse(&source).expect("valid YAML");
        tree.get("v").expect("there").clone()
    }

    /// What a reader makes of a value: the value, or the message with the hint.
    fn read<T: std::fmt::Debug>(
        reader: impl Fn(&Node) -> Result<T, Diagnostic>,
        written: &str,
    ) -> String {
        match reader(&node(written)) {
            Ok(value) => format!("{value:?}"),
            Err(Diagnostic { message, label, help, at, path, .. }) => {
                assert!(!label.is_empty() && at.is_some() && path.is_empty(), "{message}");
                assert!(!message.ends_with('.') && message.len() < 200, "{message}");
                match help {
                    Some(help) => format!("{message}; {help}"),
                    None => message,
                }
            }
        }
    }

    fn check<T: std::fmt::Debug>(
        reader: impl Fn(&Node) -> Result<T, Diagnostic>,
        cases: &[(&str, &str)],
    ) {
        for (written, expected) in cases {
            assert_eq!(read(&reader, written), *expected, "{written}");
        }
    }

    #[test]
    fn a_time_is_exact_to_the_nanosecond() {
        let seconds = |node: &Node| time(node).map(|span| format!("{span}"));
        check(
            seconds,
            &[
                ("0", "\"0s\""),
                ("0s", "\"0s\""),
                ("250ms", "\"0.25s\""),
                ("1.5s", "\"1.5s\""),
                ("6h", "\"21600s\""),
                ("2d10h", "\"208800s\""),
                ("1h30m", "\"5400s\""),
                ("5h58m31s", "\"21511s\""),
                ("1m0.000000001s", "\"60.000000001s\""),
                ("1ns", "\"0.000000001s\""),
                ("0.3us", "\"0.0000003s\""),
                ("0.1d", "\"8640s\""),
                ("1.50000000000000000000000s", "\"1.5s\""),
                ("000000000000000000000001s", "\"1s\""),
                ("\"30s\"", "\"30s\""),
                ("25550d", "\"2207520000s\""),
            ],
        );
    }

    #[test]
    fn what_is_no_time_says_what_would_be() {
        check(
            time,
            &[
                ("10", "`10` has no unit; write `10s` or `10ms`"),
                ("1.5", "`1.5` has no unit; write `1.5s` or `1.5ms`"),
                ("\"10\"", "`10` has no unit; write `10s` or `10ms`"),
                ("5 M", "`5 M` is not a time; did you mean `5m`?"),
                ("10 MS", "`10 MS` is not a time; did you mean `10ms`?"),
                ("10min", "`10min` is not a time; did you mean `10m`?"),
                ("2 days", "`2 days` is not a time; did you mean `2d`?"),
                ("1h30", "`1h30` has no unit; did you mean `1h30m`?"),
                ("1_000ms", "`1_000ms` is not a time; did you mean `1000ms`?"),
                ("１２s", "`１２s` is not a time"),
                ("10 parsecs", "`10 parsecs` is not a time"),
                ("1:30", "`1:30` is not a time"),
                ("30m1h", "`30m1h` is not a time"),
                ("1h1h", "`1h1h` is not a time"),
                ("1.5h30m", "`1.5h30m` is not a time"),
                ("1e3s", "`1e3s` is not a time"),
                ("1e309s", "`1e309s` is not a time"),
                ("1e308", "`1e308` is not a time"),
                (".inf", "`.inf` is not a time"),
                ("-.inf", "`-.inf` is negative"),
                (".nan", "`.nan` is not a time"),
                ("0x10", "`0x10` is not a time"),
                ("0x0", "`0x0` is not a time"),
                ("+5s", "`+5s` is not a time"),
                (".5s", "`.5s` is not a time"),
                ("1.s", "`1.s` is not a time"),
                ("-100ms", "`-100ms` is negative"),
                ("-0", "`-0` is negative"),
                ("1.5ns", "`1.5ns` is finer than a nanosecond"),
                ("0.0000000001s", "`0.0000000001s` is finer than a nanosecond"),
                ("25551d", "`25551d` is longer than 70 years"),
                ("25550d1ns", "`25550d1ns` is longer than 70 years"),
                (
                    "99999999999999999999999999d",
                    "`99999999999999999999999999d` is longer than 70 years",
                ),
                ("s", "`s` is not a time"),
                ("", "an empty value is not a time"),
                ("\"\"", "`\"\"` is not a time"),
                ("true", "`true` is not a time"),
                ("[30s]", "a list is not a time"),
                ("{a: 30s}", "a mapping is not a time"),
                ("!Ref 30s", "`30s` is not a time"),
            ],
        );
        let long = read(time, &"A".repeat(1_000_000));
        assert!(long.contains('…'), "{long}");
    }

    #[test]
    fn an_aws_time_is_bare_or_has_a_unit_and_is_whole() {
        let seconds = |node: &Node| aws_seconds(node).map(|span| format!("{span}"));
        check(
            seconds,
            &[
                ("30", "\"30s\""),
                ("012", "\"12s\""),
                ("0", "\"0s\""),
                ("5m", "\"300s\""),
                ("14d", "\"1209600s\""),
                ("1500ms", "`1500ms` is not a whole number of seconds"),
                ("2.5", "`2.5` is not a whole number of seconds"),
                ("-1", "`-1` is a negative time"),
                ("0x10", "`0x10` is not a whole number"),
                ("9223372036854775807", "`9223372036854775807` is longer than 70 years"),
                ("\"30\"", "`30` has no unit; write `30s` or `30ms`"),
                ("1:30", "`1:30` is not a time"),
                ("no", "`no` is not a time"),
            ],
        );
        let hours = |node: &Node| aws_time(node, AwsUnit::Hours).map(|span| format!("{span}"));
        check(
            hours,
            &[
                ("24", "\"86400s\""),
                ("1d", "\"86400s\""),
                ("90m", "`90m` is not a whole number of hours"),
            ],
        );
    }

    #[test]
    fn a_rate_is_an_exact_fraction() {
        let exact = |node: &Node| rate(node).map(|r| (r.events(), r.per()));
        let cases = [
            ("50/s", (1, Span::millis(20))),
            ("3000/min", (1, Span::millis(20))),
            ("10/h", (1, Span::mins(6))),
            ("1/d", (1, Span::days(1))),
            ("2.5/min", (1, Span::secs(24))),
            ("7/s", (7, Span::secs(1))),
            ("012/s", (3, Span::millis(250))),
            ("0/s", (0, Span::secs(1))),
            ("0", (0, Span::secs(1))),
            ("1000000000/s", (1, Span::nanos(1))),
        ];
        for (written, expected) in cases {
            assert_eq!(exact(&node(written)), Ok(expected), "{written}");
        }
        assert_eq!(rate(&node("3000/min")).map(Rate::as_per_sec_f64), Ok(50.0));
        check(
            rate,
            &[
                ("50", "`50` has no unit; write `50/s` or `50/min`"),
                ("10 parsecs", "`10 parsecs` is not a rate"),
                ("5/m", "`5/m` is not a rate; did you mean `5/min`?"),
                ("5 / S", "`5 / S` is not a rate; did you mean `5/s`?"),
                ("5 per second", "`5 per second` is not a rate; did you mean `5/s`?"),
                ("1,000/s", "`1,000/s` is not a rate; did you mean `1000/s`?"),
                ("-5/s", "`-5/s` is negative"),
                (".inf", "`.inf` is not a rate"),
                ("1e308/s", "`1e308/s` is not a rate"),
                ("1e308", "`1e308` is not a rate"),
                ("0x10/s", "`0x10/s` is not a rate"),
                ("1000000001/s", "`1000000001/s` is above 1000000000/s"),
                ("999999999999999999999/d", "`999999999999999999999/d` is above 1000000000/s"),
                ("0.000000000000000001/d", "`0.000000000000000001/d` is finer than a nanosecond"),
                ("/s", "`/s` is not a rate"),
                ("5/", "`5/` is not a rate"),
            ],
        );
    }

    #[test]
    fn a_share_is_in_percent_and_at_most_100() {
        check(
            share,
            &[
                ("20%", "0.2"),
                ("0.3%", "0.003"),
                ("12.5%", "0.125"),
                ("100%", "1.0"),
                ("0%", "0.0"),
                ("0", "0.0"),
                ("0.2", "`0.2` has no unit; write `20%`"),
                ("0.125", "`0.125` has no unit; write `12.5%`"),
                ("1", "`1` has no unit; write `1%`"),
                ("20", "`20` has no unit; write `20%`"),
                ("1.0000001", "`1.0000001` has no unit; write `1.0000001%`"),
                ("110%", "`110%` is above 100%"),
                ("100.0000000001%", "`100.0000000001%` is above 100%"),
                ("-0.1", "`-0.1` is negative"),
                ("-5%", "`-5%` is negative"),
                ("20 %", "`20 %` is not a share; did you mean `20%`?"),
                (".inf", "`.inf` has no unit"),
                ("5％", "`5％` is not a share"),
                ("lots", "`lots` is not a share"),
            ],
        );
    }

    #[test]
    fn a_size_is_in_powers_of_1024() {
        check(
            size,
            &[
                ("256KiB", "262144"),
                ("1MiB", "1048576"),
                ("10B", "10"),
                ("1.5KiB", "1536"),
                ("0", "0"),
                ("1024GiB", "1099511627776"),
                ("256KB", "`256KB` is not a size; did you mean `256KiB`?"),
                ("1 MB", "`1 MB` is not a size; did you mean `1MiB`?"),
                ("256kib", "`256kib` is not a size; did you mean `256KiB`?"),
                ("256", "`256` has no unit; write `256B` or `256KiB`"),
                ("0.3B", "`0.3B` is no whole number of bytes"),
                ("1025GiB", "`1025GiB` is too large, at most 1024GiB"),
                (
                    "99999999999999999999999GiB",
                    "`99999999999999999999999GiB` is too large, at most 1024GiB",
                ),
                ("-1B", "`-1B` is negative"),
                ("1TiB", "`1TiB` is not a size"),
            ],
        );
    }

    #[test]
    fn a_count_is_digits_only() {
        check(
            count,
            &[
                ("0", "0"),
                ("1000", "1000"),
                ("012", "12"),
                ("9223372036854775807", "9223372036854775807"),
                ("9223372036854775808", "`9223372036854775808` is too large"),
                ("-1", "`-1` is negative"),
                ("1.0", "`1.0` is not a whole number"),
                ("1e3", "`1e3` is not a whole number"),
                ("1e308", "`1e308` is not a whole number"),
                ("0x10", "`0x10` is not a whole number"),
                ("0o17", "`0o17` is not a whole number"),
                ("1,000", "`1,000` is not a whole number; write `1000`"),
                ("1_000", "`1_000` is not a whole number; write `1000`"),
                ("1'000", "`1'000` is not a whole number; write `1000`"),
                ("１２", "`１２` is not a whole number; write `12`"),
                ("\"10\"", "`\"10\"` is not a whole number; write `10`"),
                (".inf", "`.inf` is not a whole number"),
                ("no", "`no` is not a whole number"),
                ("true", "`true` is not a whole number"),
                ("~", "`~` is not a whole number"),
                ("[a, b]", "a list is not a whole number"),
                ("{oops: true}", "a mapping is not a whole number"),
            ],
        );
        check(integer, &[("-1", "-1"), ("5", "5"), ("1:30", "`1:30` is not a whole number")]);
    }

    #[test]
    fn a_number_is_finite() {
        check(
            number,
            &[
                ("0.8", "0.8"),
                ("-3", "-3.0"),
                ("1e3", "1000.0"),
                ("1e308", "1e308"),
                ("1e309", "`1e309` is not a finite number"),
                (".inf", "`.inf` is not a finite number"),
                (".nan", "`.nan` is not a finite number"),
                ("0x10", "`0x10` is not a number"),
                ("1,5", "`1,5` is not a number"),
                ("\"0.8\"", "`\"0.8\"` is not a number; write `0.8`"),
                ("inf", "`inf` is not a number"),
            ],
        );
    }

    #[test]
    fn a_flag_is_true_or_false() {
        check(
            flag,
            &[
                ("true", "true"),
                ("false", "false"),
                ("no", "`no` is neither true nor false; write `false`"),
                ("on", "`on` is neither true nor false; write `true`"),
                ("\"true\"", "`\"true\"` is neither true nor false; write `true`"),
                ("maybe", "`maybe` is neither true nor false"),
            ],
        );
    }

    #[test]
    fn text_is_text_and_a_word_may_be_a_number() {
        let owned = |node: &Node| text(node).map(str::to_string);
        check(
            owned,
            &[
                ("A title", "\"A title\""),
                ("no", "\"no\""),
                ("404", "`404` is not text; write it in quotes: `\"404\"`"),
                ("", "an empty value is not text"),
                ("[a]", "a list is not text"),
                ("!Ref X", "`X` is not text"),
            ],
        );
        let owned = |node: &Node| word(node).map(str::to_string);
        check(owned, &[("012", "\"012\""), ("true", "\"true\""), ("~", "`~` is not a word")]);
    }

    #[test]
    fn names_are_plain() {
        let key = |name: &str| Key { name: name.into(), place: Place::new(Origin::File, 0..1) };
        for good in ["Jobs", "a", "Jobs-2_x", &"n".repeat(128)] {
            assert!(name(&key(good), false).is_ok(), "{good}");
        }
        assert_eq!(name(&key("Jobs.fifo"), true), Ok("Jobs.fifo"));
        let bad = [
            "",
            "  ",
            "1a",
            "_a",
            "café",
            "cafe\u{301}",
            "../../etc/cron.d/x",
            "=HYPERLINK(\"http://x\",\"<script>alert(1)</script>]]>\")",
            "<svg onload=alert(1)>",
            "a.b",
            "Jobs.fifo",
            "a b",
            &"n".repeat(129),
            &"n".repeat(10_000),
        ];
        for bad in bad {
            let mistake = name(&key(bad), false).expect_err("refused");
            assert!(mistake.message.chars().count() < 120, "{}", mistake.message);
        }
        assert!(name(&key(".fifo"), true).is_err());
        assert!(name(&key("a.fifo.fifo"), true).is_err());
    }

    #[test]
    fn one_of_a_list_of_words() {
        let jitter = |node: &Node| one_of(node, &["none", "full", "equal", "decorrelated"]);
        check(
            jitter,
            &[
                ("full", "\"full\""),
                ("none", "\"none\""),
                ("Full", "`Full` is not allowed here; did you mean `full`?"),
                ("decorelated", "`decorelated` is not allowed here; did you mean `decorrelated`?"),
                ("no", "`no` is not allowed here"),
                ("5", "`5` is not allowed here"),
                ("", "an empty value is not allowed here"),
            ],
        );
        let mistake = jitter(&node("x")).expect_err("refused");
        assert_eq!(mistake.label, "`none`, `full`, `equal` or `decorrelated`");
    }

    #[test]
    fn a_point_is_an_offset_a_clock_time_or_a_time_stamp() {
        let start = timestamp(&node("2026-11-23T09:00Z")).expect("valid");
        assert_eq!(start, 1_795_424_400);
        let at = |node: &Node| point(node, start).map(|time| format!("{time}"));
        check(
            at,
            &[
                ("0", "\"0s\""),
                ("4h", "\"14400s\""),
                ("1.5s", "\"1.5s\""),
                ("10:00", "\"3600s\""),
                ("09:00", "\"0s\""),
                ("08:59:59", "\"86399s\""),
                ("2026-11-23T09:00Z", "\"0s\""),
                ("2026-11-23T09:01:30Z", "\"90s\""),
                ("2026-11-23T09:00:00.25Z", "\"0.25s\""),
                ("2026-11-23T11:00+01:00", "\"3600s\""),
                ("9:30", "`9:30` is no time of a day; did you mean `09:30`?"),
                ("24:00", "`24:00` is no time of a day"),
                ("10:61", "`10:61` is no time of a day"),
                ("10:00:60", "`10:00:60` is no time of a day"),
                ("10:00:00:00", "`10:00:00:00` is no time of a day"),
                ("１０:00", "`１０:00` is no time of a day"),
                (
                    "2026-11-23T08:59:59Z",
                    "`2026-11-23T08:59:59Z` is before `start`; the run begins at `start`; without it \
                     on Monday 2026-01-05T00:00Z",
                ),
                ("2026-02-30T00:00Z", "`2026-02-30T00:00Z` is no time stamp"),
                ("2026-11-23T24:00Z", "`2026-11-23T24:00Z` is no time stamp"),
                ("2026-12-31T23:59:60Z", "`2026-12-31T23:59:60Z` is no time stamp"),
                (
                    "2026-11-23T09:00",
                    "`2026-11-23T09:00` is no time stamp; did you mean `2026-11-23T09:00Z`?",
                ),
                ("2026-11-24", "`2026-11-24` is no time stamp; did you mean `2026-11-24T00:00Z`?"),
                ("2099-01-01T00:00Z", "`2099-01-01T00:00Z` is more than 70 years after `start`"),
                ("9999-01-01T00:00Z", "`9999-01-01T00:00Z` is out of reach"),
                ("1969-01-01T00:00Z", "`1969-01-01T00:00Z` is out of reach"),
                ("-1h", "`-1h` is negative"),
                ("100", "`100` has no unit; write `100s` or `100ms`"),
                ("noon", "`noon` is not a time"),
            ],
        );
        check(
            timestamp,
            &[
                ("2026-01-05T00:00Z", "1767571200"),
                ("2026-01-05T00:00:00.5Z", "`2026-01-05T00:00:00.5Z` is no whole second"),
                ("2026-01-05 00:00Z", "`2026-01-05 00:00Z` is no time stamp"),
                ("10:00", "`10:00` is no time stamp"),
                ("1767571200", "`1767571200` is no time stamp"),
            ],
        );
    }

    #[test]
    fn no_scalar_makes_a_reader_panic() {
        let parts = [
            "",
            "-",
            "0",
            "9",
            "9999999999",
            ".",
            "e",
            "1",
            "h",
            "d",
            "ns",
            "%",
            "/",
            "s",
            ":",
            "T",
            "Z",
            "é",
            "KiB",
        ];
        for a in parts {
            for b in parts {
                for c in parts {
                    for d in parts {
                        let place = Place::new(Origin::File, 0..0);
                        let node = Node::text(format!("{a}{b}{c}{d}"), place);
                        let _ = (time(&node), rate(&node), share(&node), size(&node));
                        let _ = (point(&node, 1_767_571_200), aws_seconds(&node), count(&node));
                        let _ = (timestamp(&node), number(&node), flag(&node));
                    }
                }
            }
        }
    }
}
