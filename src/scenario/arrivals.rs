//! When callers start their work: from the file's `arrivals` to arrival processes.
//!
//! Times of a list are counted from `from`, as the model wants them. What has no end says so, because
//! then the scenario needs a `duration`. A schedule is written out as far as the run goes.

use std::sync::Arc;

use super::{
    decode::{Body, Cx, body},
    diagnostic::{Diagnostic, Place, quoted},
    files::Asked,
    node::{Node, Value},
    properties::{ARRIVALS, TIME_UNITS},
    schedule::{self, Schedule},
    units,
};
use crate::{
    kernel::{Span, Stream, Time},
    model::{
        config::{Arrivals, Process, Segment},
        value::Word,
    },
};

/// The most times that a schedule, a list or a CSV file stands for.
const TIMES_MAX: usize = 1_000_000;
/// The same for a CSV file, which has them already.
const CSV_TIMES_MAX: u64 = 2_000_000;

/// Kinds of arrivals of a caller.
const ENTRIES_MAX: usize = 100;
/// Stretches of a profile.
const SEGMENTS_MAX: usize = 100_000;
/// So many times in a list count as one value of a file.
const TIMES_A_VALUE: usize = 10;

/// What arrivals were read as.
#[derive(Debug, Default)]
pub struct Read {
    /// The processes, one for each entry of the list.
    pub arrivals: Vec<Arrivals>,
    /// Attributes from the columns of a CSV file: the word of each arrival, in their order.
    pub columns: Vec<(String, Arc<[Word]>)>,
    /// The last instant at which something can arrive.
    pub last: Time,
    /// The first entry without an end, and its path.
    pub endless: Option<(Place, String)>,
}

/// What arrivals that are one CSV file ask of it, without a word on what is wrong with them.
pub fn csv_asked(node: &Node) -> Option<Asked> {
    let entry = match &node.value {
        Value::List(items) => match items.as_slice() {
            [only] => only,
            _ => return None,
        },
        _ => node,
    };
    let csv = entry.get("csv")?;
    let text = |name: &str| csv.get(name).and_then(|node| units::text(node).ok());
    let unit = match csv.get("unit") {
        Some(node) => Some(units::one_of(node, TIME_UNITS).ok()?),
        None => None,
    };
    Some(Asked {
        path: text("path")?.to_string(),
        time_column: text("time_column")?.to_string(),
        count_column: text("count_column").map(str::to_string),
        unit,
    })
}

/// Reads the arrivals of `caller`. `duration`: the run's, if it is known.
pub fn arrivals(
    cx: &Cx<'_>,
    node: &Node,
    path: &str,
    caller: &str,
    duration: Option<Time>,
) -> Read {
    let entries: Vec<(String, &Node)> = match &node.value {
        Value::List(items) => {
            items.iter().enumerate().map(|(n, item)| (format!("{path}.{n}"), item)).collect()
        }
        _ => vec![(path.to_string(), node)],
    };
    if entries.len() > ENTRIES_MAX {
        let message = format!("more than {ENTRIES_MAX} kinds of arrivals");
        cx.say(Diagnostic::error(message).at(node.place).path(path).label("fewer"));
        return Read::default();
    }
    if entries.is_empty() {
        let mistake = Diagnostic::error("the list is empty").at(node.place).path(path);
        cx.say(mistake.label("at least one kind of arrivals"));
    }
    let mut read = Read::default();
    let alone = entries.len() == 1;
    for (nth, (path, node)) in entries.into_iter().enumerate() {
        let Some(body) = Body::open(cx, node, path, node.place, ARRIVALS) else { continue };
        let entry = Entry { body, caller, nth, duration, alone };
        entry.read(&mut read);
    }
    read
}

struct Entry<'a> {
    body: Body<'a>,
    caller: &'a str,
    nth: usize,
    duration: Option<Time>,
    /// Whether it is the caller's only one.
    alone: bool,
}

/// A process with the times it can still say of itself.
struct Made {
    process: Process,
    /// When the last arrival of one repetition comes; none: it goes on.
    last: Option<Time>,
    count: u64,
    repeat: Option<Span>,
}

const PROCESSES: [&str; 7] = ["poisson", "every", "at", "schedule", "profile", "closed", "csv"];

impl Entry<'_> {
    fn read(&self, read: &mut Read) {
        let body = &self.body;
        let kinds: Vec<&str> =
            PROCESSES.into_iter().filter(|name| body.node.get(name).is_some()).collect();
        let kind = match kinds.as_slice() {
            [kind] => *kind,
            kinds => {
                let message = match kinds {
                    [] => "what arrives is not said".to_string(),
                    kinds => format!("{} kinds of arrivals at once", kinds.len()),
                };
                let mistake = Diagnostic::error(message).at(body.node.place);
                let label = format!("one of {}", body::listed(&PROCESSES));
                return body.cx.say(
                    mistake.path(body.path.clone()).label(label).help("a list of arrivals adds up"),
                );
            }
        };
        let from = body.point_maybe("from").unwrap_or_default();
        let until = body.point_maybe("until");
        if let Some(until) = until
            && until <= from
        {
            let mistake = Diagnostic::error("`until` is not after `from`");
            body.wrong("until", mistake.at(body.place_of("until")).label("a later point"));
        }
        let scale = body.number("scale");
        let count = body.count("count");
        let repeat = body.time_maybe("repeat");
        for (key, kinds) in [("repeat", &["schedule", "closed"][..]), ("count", &["closed"])] {
            if kinds.contains(&kind) && body.node.get(key).is_some() {
                let message = format!("{} has no {}", quoted(kind), quoted(key));
                let mistake = Diagnostic::error(message).at(body.place_of(key));
                body.wrong(key, mistake.label("take it away"));
            }
        }
        let end = match (until, self.duration) {
            (Some(until), Some(duration)) => Some(until.min(duration)),
            (until, duration) => until.or(duration),
        };
        let made = self.process(kind, from, end, scale, count, repeat, read);
        let Some(made) = made else { return };
        if let Process::At(times) = &made.process
            && !body.cx.report.may_work(times.len() / TIMES_A_VALUE)
        {
            return;
        }
        let until = until.unwrap_or(Time::NEVER);
        let last = match (made.last, made.repeat) {
            (Some(last), None) => Some(last),
            _ => None,
        };
        match (last, until) {
            (Some(last), _) => read.last = read.last.max(last.min(until)),
            (None, Time::NEVER) => {
                read.endless.get_or_insert((body.place_of(kind), body.path_of(kind)));
            }
            // The last instant before `until`.
            (None, until) => {
                read.last = read.last.max(Time::from_nanos(until.as_nanos().saturating_sub(1)));
            }
        }
        let (count, repeat) = (made.count, made.repeat);
        read.arrivals.push(Arrivals { process: made.process, from, until, count, repeat });
    }

    #[expect(clippy::too_many_arguments, reason = "the keys that every kind has")]
    fn process(
        &self,
        kind: &str,
        from: Time,
        end: Option<Time>,
        scale: f64,
        count: u64,
        repeat: Option<Span>,
        read: &mut Read,
    ) -> Option<Made> {
        let body = &self.body;
        let endless = |process| Made { process, last: None, count, repeat };
        // Without a memory it makes no difference when it begins again.
        let at_random = |process| Made { process, last: None, count, repeat: None };
        let nothing = Process::At([].into());
        Some(match kind {
            "poisson" => {
                let rate = body.rate_maybe("poisson")? * scale;
                // At rate 0 the next arrival is never, not after 0/0.
                at_random(if rate > 0.0 { Process::Poisson(rate) } else { nothing })
            }
            "every" => {
                let gap = body.time_maybe("every")?;
                let gap = if scale > 0.0 { gap.scaled(1.0 / scale) } else { Span::FOREVER };
                if gap == Span::ZERO {
                    let mistake = Diagnostic::error("`scale` leaves no time between arrivals");
                    body.wrong("scale", mistake.at(body.place_of("scale")).label("a smaller one"));
                    return None;
                }
                if scale > 0.0 { endless(Process::Every(gap)) } else { at_random(nothing) }
            }
            "at" => {
                let times = self.points(from)?;
                self.listed(from, times, scale, count, repeat)?
            }
            "schedule" => self.scheduled(from, end, scale, count)?,
            "profile" => self.profile(from, end, scale, count, repeat)?,
            "closed" => {
                let closed = body.map("closed")?;
                let clients = closed.count_u32("clients");
                let clients = libm::round(f64::from(clients) * scale);
                if clients > 1e6 {
                    let mistake = Diagnostic::error("`scale` makes more than 1000000 clients");
                    body.wrong("scale", mistake.at(body.place_of("scale")).label("a smaller one"));
                    return None;
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a whole number between 0 and a million"
                )]
                let clients = clients as u32;
                let think_time = closed.time_law("think_time");
                endless(Process::Closed { clients, think_time })
            }
            "csv" => self.csv(from, end, scale, count, repeat, read)?,
            other => unreachable!("{other} is no kind of arrivals"),
        })
    }

    /// The points of `at`, as times after `from`, in order.
    fn points(&self, from: Time) -> Option<Vec<Span>> {
        let entries = self.body.list("at");
        let mut times = Vec::new();
        let mut good = self.body.get("at").is_some_and(|at| matches!(at.value, Value::List(_)));
        for (path, node) in entries {
            match units::point(node, self.body.cx.start) {
                Ok(time) if time < from => {
                    good = false;
                    let mistake = Diagnostic::error(format!("{} is before `from`", node.shown()));
                    let label = "points are counted from the start of the run, not from `from`";
                    self.body.cx.say(mistake.at(node.place).path(path).label(label));
                }
                Ok(time) => {
                    if self.duration.is_some_and(|duration| duration <= time) {
                        let message = format!("{} is not before `duration`", node.shown());
                        let warning = Diagnostic::warning(message).at(node.place).path(path);
                        self.body.cx.say(warning.label("it never comes"));
                    }
                    times.push(time.since(from));
                }
                Err(mistake) => {
                    good = false;
                    self.body.cx.say(mistake.path(path));
                }
            }
        }
        times.sort();
        good.then_some(times)
    }

    /// A process of these times after `from`: `count` at each, `scale` times as many.
    fn listed(
        &self,
        from: Time,
        times: Vec<Span>,
        scale: f64,
        count: u64,
        repeat: Option<Span>,
    ) -> Option<Made> {
        if let (Some(period), Some(first)) = (repeat, times.first())
            && period <= *first
        {
            let mistake = Diagnostic::error("`repeat` begins again before the first arrival");
            let at = self.body.place_of("repeat");
            self.body.wrong("repeat", mistake.at(at).label("a longer time"));
            return None;
        }
        let last = Some(from.saturating_add(times.last().copied().unwrap_or_default()));
        let scaled = count as f64 * scale;
        let whole = libm::round(scaled);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a product of numbers from 0, both far below 2^32"
        )]
        let (times, count) = if (scaled - whole).abs() < 1e-9 {
            (times, whole as u64)
        } else {
            if times.len() as f64 * scaled > TIMES_MAX as f64 {
                self.too_many("scale");
                return None;
            }
            // So many up to each time as a fair share gives: none is lost over the whole list.
            let mut spread = Vec::new();
            for (n, time) in times.into_iter().enumerate() {
                let wanted = libm::round((n + 1) as f64 * scaled) as usize;
                spread.resize(wanted.max(spread.len()), time);
            }
            (spread, 1)
        };
        let times: Arc<[Time]> = times.into_iter().map(|span| Time::ZERO + span).collect();
        // Nothing, again and again, is nothing.
        let repeat = repeat.filter(|_| !times.is_empty());
        Some(Made { process: Process::At(times), last, count, repeat })
    }

    fn too_many(&self, key: &str) {
        let message = format!("more than {TIMES_MAX} arrivals in a list");
        let mistake = Diagnostic::error(message).at(self.body.place_of(key));
        self.body.wrong(key, mistake.label("fewer, or a rate: `{poisson: …}`, `{every: …}`"));
    }

    /// The firings of a schedule, as far as the run goes.
    fn scheduled(&self, from: Time, end: Option<Time>, scale: f64, count: u64) -> Option<Made> {
        let body = &self.body;
        let schedule = match schedule::schedule(body.get("schedule")?) {
            Ok(schedule) => schedule,
            Err(mistake) => {
                body.wrong("schedule", mistake);
                return None;
            }
        };
        let once = matches!(schedule, Schedule::At(_));
        if end.is_none() && !once {
            let process = Process::At([].into());
            return Some(Made { process, last: None, count, repeat: None });
        }
        let end = end.unwrap_or(Time::LAST);
        let start = body.cx.start;
        // The first whole second at or after `from`.
        let first = i64::try_from(from.as_nanos().div_ceil(1_000_000_000)).unwrap_or(i64::MAX);
        let mut now = match schedule {
            // A rate first fires when it has passed once, like the rule of EventBridge that is made then.
            Schedule::Rate(_) => start + first,
            Schedule::Cron(_) | Schedule::At(_) => start + first - 1,
        };
        let mut times = Vec::new();
        while let Some(next) = schedule.next_after(now) {
            let second = u64::try_from(next - start).unwrap_or_default();
            let time = Time::ZERO.saturating_add(Span::secs(1).times(second));
            if end <= time {
                break;
            }
            if times.len() == TIMES_MAX {
                self.too_many("schedule");
                return None;
            }
            times.push(time.since(from));
            now = next;
        }
        self.listed(from, times, scale, count, None)
    }

    fn profile(
        &self,
        from: Time,
        end: Option<Time>,
        scale: f64,
        count: u64,
        repeat: Option<Span>,
    ) -> Option<Made> {
        let body = &self.body;
        let mut segments: Vec<Segment> = Vec::new();
        let (mut before, mut rate_before) = (from, 0.0);
        let mut good = !body.list("profile").is_empty();
        if !good {
            let mistake = Diagnostic::error("a profile without stretches");
            let label = "stretches: `[{until: 1h, rate: 5/s}, …]`";
            body.wrong("profile", mistake.at(body.place_of("profile")).label(label));
        }
        for part in body.list_of_maps("profile") {
            let (until, rate) = (part.point_maybe("until"), part.rate_maybe("rate"));
            let ramp = part.flag("ramp");
            let (Some(until), Some(rate)) = (until, rate) else {
                good = false;
                continue;
            };
            if until <= before {
                good = false;
                let mistake = Diagnostic::error("`until` is not after what comes before");
                part.wrong("until", mistake.at(part.place_of("until")).label("a later point"));
                continue;
            }
            let last = rate * scale;
            let first = if ramp { rate_before } else { last };
            segments.push(Segment { until: until.since(from), first, last });
            (before, rate_before) = (until, last);
        }
        if !good {
            return None;
        }
        let mut last = Some(Time::from_nanos(before.as_nanos().saturating_sub(1)));
        if let Some(period) = repeat {
            last = None;
            let run = end
                .map_or(period, |end| Span::nanos(end.as_nanos().saturating_sub(from.as_nanos())));
            segments = repeated(&segments, period, run);
            if segments.len() > SEGMENTS_MAX {
                let message = format!("more than {SEGMENTS_MAX} stretches, repetitions counted");
                let mistake = Diagnostic::error(message).at(body.place_of("repeat"));
                body.wrong("repeat", mistake.label("a longer time"));
                return None;
            }
        }
        Some(Made { process: Process::Profile(segments.into()), last, count, repeat: None })
    }

    /// A CSV file: its times after `from`, and its other columns as attributes.
    fn csv(
        &self,
        from: Time,
        end: Option<Time>,
        scale: f64,
        count: u64,
        repeat: Option<Span>,
        read: &mut Read,
    ) -> Option<Made> {
        let csv = self.body.map("csv")?;
        let asked = Asked {
            path: csv.text("path")?.to_string(),
            time_column: csv.text("time_column")?.to_string(),
            count_column: csv.text("count_column").map(str::to_string),
            unit: csv.word("unit"),
        };
        let trace = match csv.cx.files.trace(&asked) {
            Ok(trace) => trace,
            Err(wrong) => {
                wrong.say(&csv, "path", "time_column");
                return None;
            }
        };
        // Each arrival with its row, before `count`, `scale` and `repeat`.
        let mut rows: Vec<(u64, usize)> = Vec::new();
        if asked.count_column.is_some() {
            let total: u64 = trace.rows.iter().fold(0, |sum, row| sum.saturating_add(row.1));
            if total > CSV_TIMES_MAX {
                let message = format!("more than {CSV_TIMES_MAX} arrivals in a file");
                let mistake = Diagnostic::error(message).at(csv.place_of("count_column"));
                csv.wrong("count_column", mistake.label("fewer, or a rate: `{profile: …}`"));
                return None;
            }
            let gaps = trace.rows.windows(2).map(|pair| pair[1].0 - pair[0].0);
            let Some(period) = gaps.filter(|gap| *gap > 0).min() else {
                let mistake = Diagnostic::error("one period only: its length is not known");
                let label = "at least two rows with different times";
                csv.wrong("count_column", mistake.at(csv.place_of("count_column")).label(label));
                return None;
            };
            let name = format!("call/{}/csv/{}", self.caller, self.nth);
            let stream = Stream::new(self.body.cx.seed, &name);
            for (row, (begin, count)) in trace.rows.iter().enumerate() {
                let mut draw = stream.draw(row as u64, 0);
                rows.extend((0..*count).map(|_| (begin + draw.below(period), row)));
            }
            rows.sort_unstable();
        } else {
            rows.extend(trace.rows.iter().enumerate().map(|(row, (time, _))| (*time, row)));
        }
        let has_words = !trace.columns.is_empty() && self.alone;
        if !trace.columns.is_empty() && !self.alone {
            let note =
                "other columns become attributes only where a CSV is all of a caller's arrivals";
            self.body.cx.say(Diagnostic::note(note).at(csv.place).path(csv.path.clone()));
        }
        let times: Vec<Span> = rows.iter().map(|(nanos, _)| Span::nanos(*nanos)).collect();
        if !has_words {
            return self.listed(from, times, scale, count, repeat);
        }
        // With words, the n-th arrival has the n-th word: everything is written out.
        let (mut times, mut order): (Vec<Span>, Vec<usize>) =
            (times, rows.iter().map(|(_, row)| *row).collect());
        let factor = scale * count as f64;
        if times.len() as f64 * factor > CSV_TIMES_MAX as f64 {
            self.too_many("csv");
            return None;
        }
        if factor != 1.0 {
            let (mut spread, mut spread_order) = (Vec::new(), Vec::new());
            for (n, (time, row)) in times.into_iter().zip(order).enumerate() {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "at most the number of arrivals"
                )]
                let wanted = libm::round((n + 1) as f64 * factor) as usize;
                spread.resize(wanted.max(spread.len()), time);
                spread_order.resize(spread.len(), row);
            }
            (times, order) = (spread, spread_order);
        }
        let mut endless = false;
        if let Some(period) = repeat {
            let once: Vec<(Span, usize)> =
                times.iter().copied().zip(order.iter().copied()).collect();
            let once: Vec<(Span, usize)> =
                once.into_iter().filter(|(time, _)| *time < period).collect();
            (times, order) = (Vec::new(), Vec::new());
            endless = end.is_none();
            let end = end.unwrap_or(from);
            let mut begun = Span::ZERO;
            while !once.is_empty() && from.saturating_add(begun) < end {
                if times.len() + once.len() > TIMES_MAX {
                    self.too_many("repeat");
                    return None;
                }
                times.extend(once.iter().map(|(time, _)| begun.saturating_add(*time)));
                order.extend(once.iter().map(|(_, row)| *row));
                begun = begun.saturating_add(period);
            }
        }
        for column in &trace.columns {
            let words: Vec<Word> =
                column.words.iter().map(|word| self.body.cx.texts.word(word)).collect();
            let of_rows = order.iter().map(|row| words[column.rows[*row] as usize]);
            read.columns.push((column.name.clone(), of_rows.collect()));
        }
        let last = from.saturating_add(times.last().copied().unwrap_or_default());
        let times = times.into_iter().map(|span| Time::ZERO.saturating_add(span)).collect();
        Some(Made {
            process: Process::At(times),
            last: (!endless).then_some(last),
            count: 1,
            repeat: None,
        })
    }
}

/// A profile written out: again after each `period`, as long as the run goes. What is beyond the period is
/// cut, what is missing is at rate 0. One more than allowed, if there are too many.
fn repeated(once: &[Segment], period: Span, run: Span) -> Vec<Segment> {
    let mut round: Vec<Segment> = Vec::new();
    let mut begin = Span::ZERO;
    for segment in once {
        if period <= begin {
            break;
        }
        let mut segment = *segment;
        if period < segment.until {
            let length = (segment.until - begin).as_nanos() as f64;
            let share = (period - begin).as_nanos() as f64 / length;
            segment.last = segment.first + (segment.last - segment.first) * share;
            segment.until = period;
        }
        round.push(segment);
        begin = segment.until;
    }
    if begin < period {
        round.push(Segment { until: period, first: 0.0, last: 0.0 });
    }
    let mut all = Vec::new();
    let mut begun = Span::ZERO;
    while begun < run && all.len() <= SEGMENTS_MAX {
        all.extend(
            round
                .iter()
                .map(|segment| Segment { until: begun.saturating_add(segment.until), ..*segment }),
        );
        begun = begun.saturating_add(period);
    }
    all
}
