//! The schedule expressions of EventBridge: `rate(5 minutes)`, `cron(0 10 * * ? *)`, `at(2026-11-23T10:00:00)`.
//!
//! Owns their syntax, as AWS documents it, and which instants they name, in UTC. When the first
//! firing of a rate is, and what fires, is for who uses it. Cron's six fields are minutes, hours,
//! day of month, month, day of week (1 is Sunday) and year; one of the two day fields is `?`.

use jiff::civil::{Date, DateTime, Weekday, date};

use super::{
    diagnostic::{Diagnostic, quoted, suggest},
    node::Node,
    units::text,
};
use crate::kernel::time::Span;

/// When something fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Again and again after so long.
    Rate(Span),
    /// At the minutes of the calendar that fit.
    Cron(Cron),
    /// Once, in seconds since 1970.
    At(i64),
}

/// The six fields of a cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Set,
    hours: Set,
    days: Days,
    months: Set,
    years: Set,
}

/// Small numbers above a field's least one: years from 1970 need the most, 230.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Set([u64; 4]);

impl Set {
    fn insert(&mut self, offset: u32) {
        self.0[(offset / 64 % 4) as usize] |= 1 << (offset % 64);
    }
    fn contains(&self, offset: u32) -> bool {
        offset < 256 && self.0[(offset / 64) as usize] & (1 << (offset % 64)) != 0
    }
}

/// Which days of a month, by the field that is not `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<DayOfMonth>),
    OfWeek(Vec<DayOfWeek>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DayOfMonth {
    Some(Set),
    /// `L`
    Last,
    /// `15W`: the weekday nearest to the 15th, in the same month.
    NearestWeekday(i8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DayOfWeek {
    Some(Set),
    /// `6L`: the last Friday of the month.
    Last(u32),
    /// `3#2`: the second Tuesday of the month.
    Nth(u32, i8),
}

/// The bounds of a field, and the words that stand for its numbers.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    words: &'static [&'static str],
    steps: bool,
}

const MINUTES: Field = Field { name: "minutes", min: 0, max: 59, words: &[], steps: true };
const HOURS: Field = Field { name: "hours", min: 0, max: 23, words: &[], steps: true };
const DAY_OF_MONTH: Field =
    Field { name: "day of month", min: 1, max: 31, words: &[], steps: true };
const MONTH: Field = Field {
    name: "month",
    min: 1,
    max: 12,
    words: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    steps: true,
};
const DAY_OF_WEEK: Field = Field {
    name: "day of week",
    min: 1,
    max: 7,
    words: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    steps: false,
};
const YEAR: Field = Field { name: "year", min: 1970, max: 2199, words: &[], steps: true };

const ALLOWED: &str =
    "`rate(5 minutes)`, `cron(0 10 * * ? *)` with six fields, or `at(2026-11-23T10:00:00)`";
/// No expression that anyone writes is longer: every minute by name has 200 characters.
const EXPRESSION_BYTES_MAX: usize = 256;
/// A rate beyond this never fires in any run.
const RATE_MINUTES_MAX: u64 = 70 * 365 * 1_440;

/// What is wrong with an expression, and a hint.
type Wrong = (String, Option<String>);

/// The schedule a node holds.
pub fn schedule(node: &Node) -> Result<Schedule, Diagnostic> {
    let written = text(node)?;
    Schedule::of(written).map_err(|(message, help)| {
        let mistake = Diagnostic::error(message).at(node.place).label(ALLOWED);
        match help {
            Some(help) => mistake.help(help),
            None => mistake,
        }
    })
}

impl Schedule {
    fn of(written: &str) -> Result<Schedule, Wrong> {
        let not_one = || format!("{} is not a schedule", quoted(written));
        if written.len() > EXPRESSION_BYTES_MAX {
            let help =
                format!("it has {} bytes, allowed are {EXPRESSION_BYTES_MAX}", written.len());
            return Err((not_one(), Some(help)));
        }
        let inside = written.strip_suffix(')').and_then(|head| head.split_once('('));
        let Some((kind, inside)) = inside else {
            let help = match written.split_whitespace().count() {
                5 => Some("AWS's cron has a sixth field, the year, and stands in `cron(…)`".into()),
                6 => Some(format!("write {}", quoted(&format!("cron({written})")))),
                _ => None,
            };
            return Err((not_one(), help));
        };
        match kind {
            "rate" => rate_of(written, inside),
            "cron" => cron_of(inside).map(Schedule::Cron),
            "at" => at_of(inside).map(Schedule::At),
            _ => {
                let near = suggest(kind, ["rate", "cron", "at"].into_iter());
                let help = near.map(|near| format!("did you mean {}?", quoted(near)));
                Err((not_one(), help))
            }
        }
    }

    /// The first firing after `now`, both in seconds since 1970. For a rate `now` is the firing before.
    /// `None` if there is no other; cron ends with the year 2199.
    pub fn next_after(&self, now: i64) -> Option<i64> {
        match self {
            Schedule::Rate(span) => {
                now.checked_add(i64::try_from(span.as_nanos() / 1_000_000_000).ok()?)
            }
            Schedule::Cron(cron) => cron.next_after(now),
            Schedule::At(once) => Some(*once).filter(|once| *once > now),
        }
    }
}

fn rate_of(written: &str, inside: &str) -> Result<Schedule, Wrong> {
    let wrong = || format!("{} is not a rate as EventBridge has it", quoted(written));
    let mut words = inside.split_whitespace();
    let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return Err((wrong(), Some("write a number and a unit, as in `rate(5 minutes)`".into())));
    };
    let digits = number.len() <= 9 && number.bytes().all(|b| b.is_ascii_digit());
    let value = match number.parse::<u64>() {
        Ok(value) if digits && value > 0 => value,
        _ => return Err((wrong(), Some("its number is a whole one from 1".into()))),
    };
    let (singular, minutes) = match unit {
        "minute" | "minutes" => ("minute", 1),
        "hour" | "hours" => ("hour", 60),
        "day" | "days" => ("day", 1_440),
        _ => return Err((wrong(), Some("its unit is minutes, hours or days".into()))),
    };
    if (value == 1) != (unit == singular) {
        let ending = if value == 1 { "" } else { "s" };
        let meant = format!("rate({value} {singular}{ending})");
        return Err((wrong(), Some(format!("did you mean {}?", quoted(&meant)))));
    }
    let minutes = value * minutes;
    if minutes > RATE_MINUTES_MAX {
        return Err((wrong(), Some("a run ends after 70 years".into())));
    }
    Ok(Schedule::Rate(Span::mins(minutes)))
}

fn at_of(inside: &str) -> Result<i64, Wrong> {
    let shape = inside.len() == 19 && inside.is_ascii() && inside.as_bytes()[10] == b'T';
    let parsed = inside.parse::<DateTime>().ok().filter(|_| shape && !inside.ends_with(":60"));
    match parsed {
        Some(at) if (1970..=2199).contains(&at.year()) => Ok(epoch_seconds(at)),
        _ => {
            let message = format!("{} is no time for `at(…)`", quoted(inside));
            Err((message, Some("write it as in `at(2026-11-23T10:00:00)`, in UTC".into())))
        }
    }
}

fn cron_of(inside: &str) -> Result<Cron, Wrong> {
    let fields: Vec<&str> = inside.split_whitespace().collect();
    let &[minutes, hours, day_of_month, month, day_of_week, year] = fields.as_slice() else {
        let message = format!("`cron(…)` has {} fields, not 6", fields.len());
        let help = "minutes, hours, day of month, month, day of week, year: `cron(0 10 * * ? *)`";
        return Err((message, Some(help.into())));
    };
    let days = match (day_of_month, day_of_week) {
        ("?", "?") => {
            let message = "both day fields of `cron(…)` are `?`".to_string();
            return Err((message, Some("write `*` for one of them".into())));
        }
        (_, "?") => Days::OfMonth(days_of_month(day_of_month)?),
        ("?", _) => Days::OfWeek(days_of_week(day_of_week)?),
        (_, _) => {
            let message = "neither day field of `cron(…)` is `?`".to_string();
            let help = "AWS reads one of day of month and day of week; the other must be `?`";
            return Err((message, Some(help.into())));
        }
    };
    let cron = Cron {
        minutes: MINUTES.set(minutes)?,
        hours: HOURS.set(hours)?,
        days,
        months: MONTH.set(month)?,
        years: YEAR.set(year)?,
    };
    if cron.next_after(-1).is_none() {
        let message = format!("{} never fires", quoted(&format!("cron({inside})")));
        return Err((message, Some("no day of the calendar fits".into())));
    }
    Ok(cron)
}

fn days_of_month(written: &str) -> Result<Vec<DayOfMonth>, Wrong> {
    let one = |part: &str| {
        if part == "L" {
            return Ok(DayOfMonth::Last);
        }
        match part.strip_suffix('W') {
            Some(day) => match i8::try_from(DAY_OF_MONTH.number(day)?) {
                Ok(day) => Ok(DayOfMonth::NearestWeekday(day)),
                Err(_) => Err(DAY_OF_MONTH.wrong(part)),
            },
            None => DAY_OF_MONTH.set(part).map(DayOfMonth::Some),
        }
    };
    written.split(',').map(one).collect()
}

fn days_of_week(written: &str) -> Result<Vec<DayOfWeek>, Wrong> {
    let one = |part: &str| {
        if let Some((day, nth)) = part.split_once('#') {
            // AWS: with `#` there is one expression only.
            return match nth.parse::<i8>() {
                Ok(nth @ 1..=5) if written == part && !part.contains('+') => {
                    Ok(DayOfWeek::Nth(DAY_OF_WEEK.number(day)?, nth))
                }
                _ => Err(DAY_OF_WEEK.wrong(written)),
            };
        }
        match part.strip_suffix('L') {
            Some("") => Ok(DayOfWeek::Some(DAY_OF_WEEK.set("7")?)),
            Some(day) => Ok(DayOfWeek::Last(DAY_OF_WEEK.number(day)?)),
            None => DAY_OF_WEEK.set(part).map(DayOfWeek::Some),
        }
    };
    written.split(',').map(one).collect()
}

impl Field {
    /// Numbers, ranges and steps with commas between them; what is in the set is counted from `min`.
    fn set(&self, written: &str) -> Result<Set, Wrong> {
        let mut set = Set::default();
        for part in written.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) if self.steps => {
                    let digits = step.len() <= 3 && step.bytes().all(|b| b.is_ascii_digit());
                    match step.parse::<usize>() {
                        Ok(step) if digits && step > 0 => (range, Some(step)),
                        _ => return Err(self.wrong(written)),
                    }
                }
                Some(_) => return Err(self.wrong(written)),
                None => (part, None),
            };
            let (first, last) = match (range, range.split_once('-'), step) {
                ("*", _, _) => (self.min, self.max),
                (_, Some((first, last)), _) => (self.number(first)?, self.number(last)?),
                // `5/15` begins at 5 and goes on to the end.
                (first, None, Some(_)) => (self.number(first)?, self.max),
                (only, None, None) => (self.number(only)?, self.number(only)?),
            };
            if first > last {
                return Err(self.wrong(written));
            }
            for number in (first..=last).step_by(step.unwrap_or(1)) {
                set.insert(number - self.min);
            }
        }
        Ok(set)
    }

    fn number(&self, written: &str) -> Result<u32, Wrong> {
        let word = self.words.iter().position(|word| word.eq_ignore_ascii_case(written));
        let digits =
            (1..=4).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_digit());
        let number = match word.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Some(at + self.min),
            None => written.parse().ok().filter(|_| digits),
        };
        match number {
            Some(number) if (self.min..=self.max).contains(&number) => Ok(number),
            _ => Err(self.wrong(written)),
        }
    }

    fn wrong(&self, written: &str) -> Wrong {
        let Field { name, min, max, .. } = self;
        let message = format!("{} is not allowed for the {name} of `cron(…)`", quoted(written));
        let words = match self.words {
            [first, .., last] => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        let more = match *name {
            "day of month" => {
                ", steps `/`, `L` for the last day, `15W` for the weekday nearest to it"
            }
            "day of week" => ", `L`, `6L` for the last Friday, `3#2` alone for the second Tuesday",
            _ => ", steps `/`",
        };
        (message, Some(format!("{min} to {max}{words}, `*`, lists `,`, ranges `-` upwards{more}")))
    }
}

impl Cron {
    fn next_after(&self, now: i64) -> Option<i64> {
        let minute = now.max(-1).div_euclid(60).checked_add(1)?;
        let (day, minute_of_day) = (minute.div_euclid(1_440), minute.rem_euclid(1_440));
        let first = jiff::Timestamp::from_second(day.checked_mul(86_400)?).ok()?;
        let first = first.to_zoned(jiff::tz::TimeZone::UTC).date();
        let from = u32::try_from(minute_of_day).ok()?;
        for year in first.year()..=2199 {
            if !u32::try_from(year)
                .is_ok_and(|year| self.years.contains(year.wrapping_sub(YEAR.min)))
            {
                continue;
            }
            for month in 1..=12 {
                let past = (year, month) < (first.year(), first.month());
                if past || !self.months.contains(u32::from(month.unsigned_abs()) - MONTH.min) {
                    continue;
                }
                for day in month_of(year, month) {
                    if day < first || !self.days.contain(day) {
                        continue;
                    }
                    let from = if day == first { from } else { 0 };
                    if let Some(minute) = self.first_minute(from) {
                        let midnight = epoch_seconds(day.at(0, 0, 0, 0));
                        return Some(midnight + i64::from(minute) * 60);
                    }
                }
            }
        }
        None
    }

    /// The first minute of a day that fits, from `from` on.
    fn first_minute(&self, from: u32) -> Option<u32> {
        (from..1_440).find(|m| self.hours.contains(m / 60) && self.minutes.contains(m % 60))
    }
}

impl Days {
    fn contain(&self, day: Date) -> bool {
        let of_month = u32::from(day.day().unsigned_abs());
        let of_week = u32::from(day.weekday().to_sunday_one_offset().unsigned_abs());
        match self {
            Days::OfMonth(parts) => parts.iter().any(|part| match *part {
                DayOfMonth::Some(set) => set.contains(of_month - DAY_OF_MONTH.min),
                DayOfMonth::Last => day == day.last_of_month(),
                DayOfMonth::NearestWeekday(wanted) => {
                    nearest_weekday(day.year(), day.month(), wanted) == Some(day)
                }
            }),
            Days::OfWeek(parts) => parts.iter().any(|part| match *part {
                DayOfWeek::Some(set) => set.contains(of_week - DAY_OF_WEEK.min),
                DayOfWeek::Last(wanted) => of_week == wanted && day.day() + 7 > day.days_in_month(),
                DayOfWeek::Nth(wanted, nth) => of_week == wanted && (day.day() - 1) / 7 + 1 == nth,
            }),
        }
    }
}

/// Monday to Friday nearest to a day, without leaving its month; `None` if the month has no such day.
fn nearest_weekday(year: i16, month: i8, day: i8) -> Option<Date> {
    let wanted = Date::new(year, month, day).ok()?;
    let days = match (wanted.weekday(), day) {
        (Weekday::Saturday, 1) => 2,
        (Weekday::Saturday, _) => -1,
        (Weekday::Sunday, day) if day == wanted.days_in_month() => -2,
        (Weekday::Sunday, _) => 1,
        (_, _) => 0,
    };
    Date::new(year, month, day + days).ok()
}

fn month_of(year: i16, month: i8) -> impl Iterator<Item = Date> {
    (1..=31).filter_map(move |day| Date::new(year, month, day).ok())
}

/// Seconds since 1970 of a time in UTC.
fn epoch_seconds(at: DateTime) -> i64 {
    let days = date(1970, 1, 1).duration_until(at.date()).as_hours() / 24;
    let of_day =
        i64::from(at.hour()) * 3_600 + i64::from(at.minute()) * 60 + i64::from(at.second());
    days * 86_400 + of_day
}

#[cfg(test)]
mod tests {
    use super::{
        super::diagnostic::{Origin, Place},
        *,
    };

    fn read(written: &str) -> Result<Schedule, Diagnostic> {
        schedule(&Node::text(written, Place::new(Origin::File, 0..0)))
    }

    /// The first firings after a time stamp.
    fn fires(written: &str, after: &str, times: usize) -> String {
        let schedule = read(written).expect("valid");
        let mut now = after.parse::<jiff::Timestamp>().expect("valid").as_second();
        let mut all = Vec::new();
        for _ in 0..times {
            let Some(next) = schedule.next_after(now) else { break };
            assert!(next > now);
            now = next;
            all.push(jiff::Timestamp::from_second(now).expect("in range").to_string());
        }
        all.join(" ").replace(":00Z", "")
    }

    #[test]
    fn a_rate_fires_again_and_again() {
        assert_eq!(read("rate(5 minutes)").ok(), Some(Schedule::Rate(Span::mins(5))));
        assert_eq!(read("rate(1 hour)").ok(), Some(Schedule::Rate(Span::hours(1))));
        assert_eq!(read("rate(7 days)").ok(), Some(Schedule::Rate(Span::days(7))));
        assert_eq!(
            fires("rate(12 hours)", "2026-01-05T00:00Z", 2),
            "2026-01-05T12:00 2026-01-06T00:00"
        );
    }

    #[test]
    fn cron_fires_where_the_calendar_fits() {
        let monday = "2026-01-05T00:00Z";
        let cases = [
            ("cron(0 10 * * ? *)", "2026-01-05T10:00 2026-01-06T10:00"),
            ("cron(15 12 * * ? *)", "2026-01-05T12:15 2026-01-06T12:15"),
            ("cron(0 18 ? * MON-FRI *)", "2026-01-05T18:00 2026-01-06T18:00"),
            ("cron(0 8 1 * ? *)", "2026-02-01T08:00 2026-03-01T08:00"),
            ("cron(0/15 * * * ? *)", "2026-01-05T00:15 2026-01-05T00:30"),
            ("cron(0/10 * ? * mon-fri *)", "2026-01-05T00:10 2026-01-05T00:20"),
            ("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-05T08:00 2026-01-05T08:05"),
            ("cron(0 9 ? * 2#1 *)", "2026-01-05T09:00 2026-02-02T09:00"),
            ("cron(0 9 ? * 3#5 *)", "2026-03-31T09:00 2026-06-30T09:00"),
            ("cron(0 0 L * ? *)", "2026-01-31T00:00 2026-02-28T00:00"),
            ("cron(30 23 ? * 6L *)", "2026-01-30T23:30 2026-02-27T23:30"),
            ("cron(0 0 ? * L *)", "2026-01-10T00:00 2026-01-17T00:00"),
            // The 1st of August 2026 is a Saturday, the 31st of May a Sunday.
            ("cron(0 0 1W 8 ? *)", "2026-08-03T00:00 2027-08-02T00:00"),
            ("cron(0 0 31W 5 ? *)", "2026-05-29T00:00 2027-05-31T00:00"),
            ("cron(0 0 3W * ? *)", "2026-02-03T00:00 2026-03-03T00:00"),
            ("cron(0 0 29 2 ? *)", "2028-02-29T00:00 2032-02-29T00:00"),
            ("cron(59 23 31 DEC ? 2030)", "2030-12-31T23:59"),
            ("cron(0 0 1,15 JAN,JUL ? 2026/2)", "2026-01-15T00:00 2026-07-01T00:00"),
            ("cron(0 0 ? * SUN *)", "2026-01-11T00:00 2026-01-18T00:00"),
        ];
        for (written, expected) in cases {
            assert_eq!(fires(written, monday, 2), expected, "{written}");
        }
        assert_eq!(fires("cron(0 0 1 1 ? 2199)", "2198-01-01T00:00Z", 2), "2199-01-01T00:00");
        assert_eq!(fires("cron(* * * * ? *)", "2026-01-05T00:00:30Z", 1), "2026-01-05T00:01");
    }

    #[test]
    fn at_fires_once() {
        let at = "at(2026-11-23T10:00:00)";
        assert_eq!(fires(at, "2026-01-05T00:00Z", 5), "2026-11-23T10:00");
        assert_eq!(fires(at, "2026-11-23T10:00Z", 5), "");
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_a_hint() {
        let bad = [
            "",
            "rate",
            "rate()",
            "rate(5)",
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 seconds)",
            "rate(1.5 hours)",
            "rate(-5 minutes)",
            "rate(+5 minutes)",
            "rate(５ minutes)",
            "rate(999999999 days)",
            "rate(5m)",
            "Rate(5 minutes)",
            "0 10 * * *",
            "0 10 * * ? *",
            "cron(0 10 * * *)",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(60 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 0 0 * ? *)",
            "cron(0 0 32 * ? *)",
            "cron(0 0 * 13 ? *)",
            "cron(0 0 * FOO ? *)",
            "cron(0 0 ? * 8 *)",
            "cron(0 0 ? * 0 *)",
            "cron(0 0 ? * 3#6 *)",
            "cron(0 0 ? * 3#1,6#3 *)",
            "cron(0 0 ? * FRI-MON *)",
            "cron(0 0 ? * 2/2 *)",
            "cron(0 0 * * ? 1969)",
            "cron(0 0 * * ? 2200)",
            "cron(0 0 31 2 ? *)",
            "cron(0/0 * * * ? *)",
            "cron(*/ * * * ? *)",
            "cron(5-1 * * * ? *)",
            "cron(1,,2 * * * ? *)",
            "cron(0 0 W * ? *)",
            "cron(0 0 é * ? *)",
            "at(2026-11-23)",
            "at(2026-11-23T10:00)",
            "at(2026-02-30T10:00:00)",
            "at(2026-11-23T10:00:60)",
            "at(2026-11-23T10:00:00Z)",
            "at(é026-11-23T10:00:0)",
        ];
        for written in bad {
            let mistake = read(written).expect_err(written);
            assert!(!mistake.label.is_empty() && !mistake.message.ends_with('.'), "{written}");
        }
        let help = |written: &str| read(written).expect_err("refused").help.unwrap_or_default();
        assert_eq!(help("rate(1 minutes)"), "did you mean `rate(1 minute)`?");
        assert_eq!(help("Rate(5 minutes)"), "did you mean `rate`?");
        assert_eq!(help("0 10 * * ? *"), "write `cron(0 10 * * ? *)`");
        assert!(help("cron(0 10 * * * *)").contains("the other must be `?`"));
        let long = read(&format!("cron({})", "1,".repeat(1_000_000))).expect_err("refused");
        assert!(long.message.len() < 200, "{}", long.message);
    }
}
