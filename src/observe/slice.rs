//! The lives of a few arrivals, step by step: those that a report shows as dots.
//!
//! They are chosen by a hash of caller and number, so they are the same under every policy. What became
//! of few arrivals would be missing among them: of each fate some are added as guests. Copies made of an
//! arrival are not followed. Everything else that happens costs a look at the payload, and no memory.

use super::{
    fates::{Fate, Fates},
    stage::Lines,
};
use crate::{
    kernel::{Span, Time, child_key, name_key},
    model::{
        Fact, Moment, Observer, Place, Rule,
        config::Resources,
        facts::Answer,
        vocabulary::{CallId, Deletion, Entry, ErrorKind, PayloadId, QueueId, Work},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// Of a fate that fewer of the chosen have, guests are added up to so many.
const GUESTS_MAX: usize = 5;
/// So many steps of one arrival are kept: who is received for ever has no end to tell.
const STEPS_MAX: usize = 2_000;

/// An arrival that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chosen {
    /// The position of its caller.
    pub caller: usize,
    /// Its number there, from 1.
    pub number: u64,
    /// Chosen for its fate, not by the hash.
    pub is_guest: bool,
    /// The hash: those with the smallest are chosen, however many.
    pub hash: u64,
}

/// Some arrivals, each its caller's position and its number, by their hashes.
type ByHash = BTreeMap<u64, (usize, u64)>;

/// Chooses about `dots` arrivals and guests: the same ones for all policies, of which these are the
/// `fates`, one and the same file's. In order of caller and number.
pub fn choose(fates: &[Fates], dots: usize) -> Vec<Chosen> {
    // A place among all by its hash, the smallest first.
    let mut smallest = ByHash::new();
    let mut rare: Vec<BTreeMap<Fate, ByHash>> = fates.iter().map(|_| BTreeMap::new()).collect();
    let callers = fates.first().map_or(0, |fates| fates.callers.len());
    for caller in 0..callers {
        let base = name_key(&fates[0].callers[caller].0);
        let longest = fates.iter().map(|fates| fates.callers[caller].1.len()).max().unwrap_or(0);
        for at in 0..longest {
            let number = at as u64 + 1;
            let hash = child_key(base, number, 0);
            keep(&mut smallest, dots, hash, (caller, number));
            for (fates, rare) in fates.iter().zip(&mut rare) {
                let fate = fates.callers[caller].1.get(at).copied().unwrap_or(Fate::Absent);
                if fate != Fate::Absent {
                    keep(rare.entry(fate).or_default(), GUESTS_MAX, hash, (caller, number));
                }
            }
        }
    }
    let mut chosen: BTreeMap<(usize, u64), (u64, bool)> =
        smallest.into_iter().map(|(hash, which)| (which, (hash, false))).collect();
    // The first of a fate by their hash are among the chosen already, as many as there are.
    for (hash, which) in rare.into_iter().flat_map(BTreeMap::into_values).flatten() {
        chosen.entry(which).or_insert((hash, true));
    }
    let of = |((caller, number), (hash, is_guest))| Chosen { caller, number, is_guest, hash };
    chosen.into_iter().map(of).collect()
}

fn keep(all: &mut ByHash, most: usize, hash: u64, which: (usize, u64)) {
    let is_full = all.len() == most;
    if is_full && all.last_key_value().is_none_or(|(last, _)| *last < hash) {
        return;
    }
    all.insert(hash, which);
    if most < all.len() {
        all.pop_last();
    }
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum What {
    /// The caller sent it.
    Sent,
    /// It waits its turn, visible.
    Waiting,
    /// It was received.
    Received,
    /// A run begins; until: its end.
    RunBegins,
    /// The run failed.
    RunFailed,
    /// It is hidden or put off; until: when it is back.
    PutOff,
    /// It is visible again, or tried again now.
    Back,
    /// It was refused; until: the next try.
    Throttled,
    /// It is done.
    Done,
    /// It is kept as a dead letter.
    DeadLettered,
    /// It is moved back: a new life.
    Redriven,
    /// Its retention is over.
    Expired,
    /// Nobody kept it.
    Dropped,
    /// Its caller was told that it failed.
    Failed,
    /// Nobody wanted it.
    Filtered,
    /// It is where nothing in the file reads.
    Delivered,
    /// Its caller waits no longer.
    GaveUp,
}

/// A step of an arrival's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
    /// Which attempt or receive, if it is of one; otherwise 0.
    pub nth: u32,
    /// Until when, if that is known.
    pub until: Option<Time>,
    /// Why.
    pub rule: Rule,
    /// What is said of it: a position in [`Told::phrases`].
    pub phrase: usize,
}

/// The life of an arrival.
#[derive(Clone, Debug, Default)]
struct Life {
    steps: Vec<Step>,
    /// The steps of the runs that have it: more than one where it was received again too early.
    runs: Vec<usize>,
    /// When it is visible again, if it is hidden in a queue.
    back: Option<Time>,
    /// Why it is about to be given up or moved.
    cause: Option<(Rule, &'static str)>,
}

/// What the slice of a run has to tell.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The steps of each chosen arrival, in their order.
    pub lives: Vec<Vec<Step>>,
    /// What is said of steps.
    pub phrases: Vec<String>,
}

/// Follows chosen arrivals.
#[derive(Debug)]
pub struct Slice {
    resources: Arc<Resources>,
    lines: Lines,
    chosen: BTreeMap<(usize, u64), usize>,
    /// Which of the chosen a payload is, counted from 1; 0: none.
    followed: Vec<u32>,
    lives: Vec<Life>,
    phrases: BTreeMap<String, usize>,
    ended: Ended,
}

/// The run that ended last: what is said of its records comes right after it.
#[derive(Clone, Copy, Debug, Default)]
struct Ended {
    started: Time,
    error: Option<ErrorKind>,
}

impl Slice {
    /// Follows `chosen` with the names of `resources`.
    pub fn new(resources: Arc<Resources>, chosen: &[Chosen]) -> Slice {
        let number = |(at, chosen): (usize, &Chosen)| ((chosen.caller, chosen.number), at);
        Slice {
            lines: Lines::new(&resources),
            resources,
            chosen: chosen.iter().enumerate().map(number).collect(),
            followed: Vec::new(),
            lives: vec![Life::default(); chosen.len()],
            phrases: BTreeMap::new(),
            ended: Ended::default(),
        }
    }

    /// What there is to tell, now that the run has ended.
    pub fn finish(self) -> Told {
        let mut phrases = vec![String::new(); self.phrases.len()];
        for (phrase, at) in self.phrases {
            phrases[at] = phrase;
        }
        Told { lives: self.lives.into_iter().map(|life| life.steps).collect(), phrases }
    }

    /// Which of the chosen it is.
    fn which(&self, payload: PayloadId) -> Option<usize> {
        let which = self.followed.get(payload.index()).copied().unwrap_or(0);
        (which as usize).checked_sub(1)
    }

    fn arrived(&mut self, moment: &Moment<'_>, payload: PayloadId, is_copy: bool) {
        let at = payload.index();
        if self.followed.len() <= at {
            self.followed.resize(at + 1, 0);
        }
        let known = moment.register.get(payload);
        let found = self.chosen.get(&(known.caller.index(), known.number));
        let found = found.filter(|_| !is_copy);
        self.followed[at] =
            found.map_or(0, |which| u32::try_from(which + 1).expect("few are chosen"));
    }

    /// Adds a step, unless there are too many; says which it is.
    fn push(&mut self, which: usize, step: Step) -> Option<usize> {
        let steps = &mut self.lives[which].steps;
        let next = steps.len();
        (next < STEPS_MAX).then(|| {
            steps.push(step);
            next
        })
    }

    fn phrase(&mut self, says: String) -> usize {
        let next = self.phrases.len();
        *self.phrases.entry(says).or_insert(next)
    }

    /// Adds a step, for the rule of its moment or of its cause; says which it is.
    fn step(
        &mut self,
        which: usize,
        moment: &Moment<'_>,
        what: What,
        nth: u32,
        says: String,
    ) -> Option<usize> {
        let (rule, says) = match self.lives[which].cause.take() {
            None => (moment.rule, says),
            Some((rule, "")) => (rule, says),
            Some((rule, why)) => (rule, format!("{says} ({why})")),
        };
        let phrase = self.phrase(says);
        self.push(which, Step { at: moment.now, what, nth, until: None, rule, phrase })
    }

    /// A run of it begins.
    fn begins(&mut self, which: usize, moment: &Moment<'_>, nth: u32, says: String) {
        let begun = self.step(which, moment, What::RunBegins, nth, says);
        self.lives[which].runs.extend(begun);
    }

    /// The run that ended last was one of it. Says which attempt.
    fn ends(&mut self, which: usize, now: Time) -> u32 {
        let started = self.ended.started;
        let Life { steps, runs, .. } = &mut self.lives[which];
        let Some(at) = runs.iter().position(|run| steps[*run].at == started) else { return 0 };
        let run = &mut steps[runs.remove(at)];
        run.until = Some(now);
        run.nth
    }

    fn until(&mut self, which: usize, until: Time) {
        if let Some(last) = self.lives[which].steps.last_mut() {
            last.until = Some(until);
        }
    }

    /// It is put off; if it was just refused, that step says so already.
    fn put_off(&mut self, which: usize, moment: &Moment<'_>, wait: Span, says: &str) {
        let last = self.lives[which].steps.last();
        let refused = last.is_some_and(|s| s.what == What::Throttled && s.at == moment.now);
        if !refused {
            let says = format!("{says} in {}", span(wait));
            self.step(which, moment, What::PutOff, 0, says);
        }
        self.until(which, moment.now.saturating_add(wait));
    }

    fn queue(&self, queue: QueueId) -> &str {
        &self.resources.queues[queue.index()].name
    }

    /// The records of a run that are followed, each with its attempt.
    fn of_work(
        &self,
        moment: &Moment<'_>,
        work: Work,
        attempt: u32,
    ) -> impl Iterator<Item = (usize, u32)> + use<> {
        let records: Vec<(PayloadId, u32)> = match work {
            Work::One(payload) => vec![(payload, attempt)],
            Work::Batch(batch) => {
                let records = moment.register.batch(batch).iter();
                records.map(|record| (record.payload, record.attempt)).collect()
            }
        };
        let followed = |(payload, nth): (PayloadId, u32)| Some((self.which(payload)?, nth));
        let found: Vec<_> = records.into_iter().filter_map(followed).collect();
        found.into_iter()
    }

    fn enqueued(&mut self, which: usize, moment: &Moment<'_>, fact: &Fact) {
        let Fact::Enqueued { queue, entry, delayed, place, .. } = *fact else { return };
        let name = self.queue(queue).to_owned();
        self.lives[which].back = None;
        match entry {
            _ if place == Place::DeadLettered => {
                self.step(which, moment, What::DeadLettered, 0, format!("dead-lettered to {name}"));
            }
            Entry::DeadLetter | Entry::Redriven => {
                self.step(which, moment, What::DeadLettered, 0, format!("moved to {name}"));
            }
            Entry::MovedBack => {
                self.step(which, moment, What::Redriven, 0, format!("moved back to {name}"));
                self.step(which, moment, What::Waiting, 0, format!("waits in {name}"));
            }
            Entry::Sent if delayed => {
                let wait = self.lines.delay(queue);
                self.put_off(which, moment, wait, &format!("delayed; visible in {name}"));
            }
            Entry::Sent => {
                self.step(which, moment, What::Waiting, 0, format!("waits in {name}"));
            }
        }
    }

    /// A run of it failed; in a queue it is still hidden.
    fn failed(&mut self, which: usize, moment: &Moment<'_>) {
        let nth = self.ends(which, moment.now);
        let why = match self.ended.error {
            Some(ErrorKind::Handler) => "error",
            Some(ErrorKind::Record) => "a record of the batch failed",
            Some(ErrorKind::Timeout) => "timeout",
            None => "reported",
        };
        self.step(which, moment, What::RunFailed, nth, format!("attempt {nth} fails: {why}"));
        self.still_hidden(
            which,
            moment,
            if moment.rule == Rule::E49 { Rule::E49 } else { Rule::E18 },
        );
    }

    /// Says until when it is hidden in its queue, if it is.
    fn still_hidden(&mut self, which: usize, moment: &Moment<'_>, rule: Rule) {
        let now = moment.now;
        let Some(back) = self.lives[which].back.filter(|back| now < *back) else { return };
        let phrase = self.phrase(format!("hidden for {} more", span(back.since(now))));
        let until = Some(back);
        self.push(which, Step { at: now, what: What::PutOff, nth: 0, until, rule, phrase });
    }

    fn answered(&mut self, which: usize, moment: &Moment<'_>, answer: Answer, took: Span) {
        let (what, says) = match answer {
            Answer::TimedOut | Answer::LimitReached => {
                (What::GaveUp, format!("not waited for after {}", span(took)))
            }
            Answer::Overloaded => (What::Throttled, "refused: overloaded (503)".to_owned()),
            Answer::TooLarge => (What::Throttled, "refused: too large".to_owned()),
            // What the run, the throttle or the refusal said already.
            Answer::Ok
            | Answer::FunctionError
            | Answer::Throttled
            | Answer::SystemError
            | Answer::NotFound
            | Answer::Recursive
            | Answer::FunctionTimeout
            | Answer::Failed => return,
        };
        self.step(which, moment, what, 0, says);
    }

    /// A step of one arrival, of a fact about it alone.
    fn own(&mut self, which: usize, moment: &Moment<'_>, fact: &Fact) {
        let callers = self.resources.callers;
        let is_caller = |call: CallId| call.index() < callers;
        let mut step = |what, says: &str| {
            self.step(which, moment, what, 0, says.to_owned());
        };
        match *fact {
            Fact::Arrived { call, .. } => {
                let says = format!("sent by {}", self.resources.calls[call.index()].name);
                self.step(which, moment, What::Sent, 0, says);
            }
            Fact::Enqueued { .. } => self.enqueued(which, moment, fact),
            Fact::Appeared { .. } => step(What::Back, "visible"),
            Fact::Received { queue, count, .. } => {
                let hidden = self.lines.visibility(queue);
                let back = moment.now.saturating_add(hidden);
                let says = format!("receive {count}; hidden for {}", span(hidden));
                self.step(which, moment, What::Received, count, says);
                self.until(which, back);
                self.lives[which].back = Some(back);
            }
            Fact::Returned { .. } => {
                step(What::Back, "visible again");
                self.lives[which].back = None;
            }
            Fact::PlaceChanged { place: Place::DeadLettered, .. } => {
                step(What::DeadLettered, "lies there: its reader is disabled");
            }
            Fact::PlaceChanged { place: Place::Waiting, .. } => {
                step(What::Waiting, "waits there for its reader");
            }
            Fact::Processed { .. } => {
                self.ends(which, moment.now);
            }
            Fact::RecordFailed { .. } => self.failed(which, moment),
            Fact::Deleted { why, .. } => {
                match why {
                    Deletion::Processed => step(What::Done, "done, and deleted"),
                    Deletion::Filtered => step(What::Filtered, "filtered out, and deleted"),
                }
                self.lives[which].back = None;
            }
            Fact::Expired { .. } => step(What::Expired, "expired: its retention is over"),
            Fact::Purged { .. } => step(What::Dropped, "purged"),
            Fact::Put { place: Place::Delivered, .. } => {
                step(What::Delivered, "put into the stream")
            }
            Fact::Awaits { shard, .. } => {
                step(What::Waiting, &format!("waits in shard {}", shard.0));
            }
            Fact::Checkpointed { .. } => step(What::Done, "done, and left behind"),
            Fact::RecordFiltered { .. } => step(What::Filtered, "filtered out, and left behind"),
            Fact::RecordExpired { .. } => step(What::Expired, "expired: its retention is over"),
            Fact::RecordGivenUp { why, .. } => {
                self.lives[which].cause = Some((moment.rule, why.word()));
            }
            Fact::RecordKept { .. } => step(What::DeadLettered, "given up with its batch"),
            Fact::RecordDropped { .. } => step(What::Dropped, "dropped: nobody kept it"),
            Fact::Redriven { .. } | Fact::MovedBack { .. } => {
                self.lives[which].cause = Some((moment.rule, ""));
            }
            Fact::Accepted { function, .. } => {
                let name = &self.resources.functions[function.index()].name;
                let says = format!("accepted (202); waits in the event queue of {name}");
                self.step(which, moment, What::Waiting, 0, says);
            }
            Fact::Queued { .. } => step(What::Waiting, "waits for capacity"),
            Fact::Buffered { .. } => step(What::Waiting, "buffered"),
            Fact::Tried { first: false, .. } => step(What::Back, "tried again"),
            Fact::Requeued { wait, .. } => self.put_off(which, moment, wait, "tried again"),
            Fact::Completed { .. } | Fact::Transformed { .. } => step(What::Done, "done"),
            Fact::Discarded { condition, .. } => {
                self.lives[which].cause = Some((moment.rule, condition.word()));
            }
            Fact::DeliveryFailed { why, .. } => {
                self.lives[which].cause = Some((moment.rule, why.word()));
            }
            Fact::Dropped { .. } | Fact::DeliveryLost { .. } => {
                step(What::Dropped, "dropped: nobody kept it");
            }
            Fact::DeadLettered { .. } => step(What::DeadLettered, "dead-lettered outside the file"),
            Fact::ProcessingFailed { .. } => {
                step(What::DeadLettered, "given up, into the error bucket");
            }
            Fact::SystemErred { .. } => step(What::Throttled, "refused with a 5xx"),
            Fact::Missing { .. } => step(What::Throttled, "refused: the function is gone"),
            Fact::LoopStopped { .. } => step(What::Throttled, "stopped by the recursion guard"),
            Fact::Requested { call, attempt, .. } if is_caller(call) && 1 < attempt => {
                self.step(
                    which,
                    moment,
                    What::Back,
                    attempt,
                    format!("asked again, try {attempt}"),
                );
            }
            Fact::RequestRetried { wait, .. } | Fact::ServiceRetried { wait, .. } => {
                self.put_off(which, moment, wait, "asked again");
            }
            Fact::Answered { call, answer, took, .. } if is_caller(call) => {
                self.answered(which, moment, answer, took);
            }
            Fact::Resolved { call, ok, .. } if is_caller(call) => match ok {
                true => step(What::Done, "answered"),
                false => step(What::Failed, "its caller gives up: failed"),
            },
            Fact::Handed { wait, .. } if wait > Span::ZERO => {
                self.put_off(which, moment, wait, "on its way; there");
            }
            Fact::DeliveryRetried { wait, .. } => {
                self.put_off(which, moment, wait, "handed on again");
            }
            Fact::Published { place: Place::Delivered, .. } => step(What::Delivered, "delivered"),
            Fact::Published { place: Place::DeadLettered, .. } => {
                step(What::DeadLettered, "dead-lettered");
            }
            Fact::Unwanted { .. } => step(What::Filtered, "filtered out: nobody wants it"),
            Fact::WorkStarted { .. } => {
                self.begins(which, moment, 1, "its work begins".to_owned());
            }
            Fact::WorkEnded { ok, ran, .. } => {
                let started = Time::from_nanos(moment.now.as_nanos() - ran.as_nanos());
                self.ended = Ended { started, error: Some(ErrorKind::Handler) };
                match ok {
                    true => drop(self.ends(which, moment.now)),
                    false => self.failed(which, moment),
                }
            }
            _ => (),
        }
    }
}

impl Observer for Slice {
    fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) {
        match *fact {
            Fact::Arrived { payload, .. } => self.arrived(moment, payload, false),
            Fact::Copied { payload, .. } => self.arrived(moment, payload, true),
            Fact::RunStarted { work, attempt, cold, .. } => {
                for (which, nth) in self.of_work(moment, work, attempt) {
                    let cold = cold.filter(|init| *init > Span::ZERO);
                    let cold = cold.map(|init| format!(", cold start {}", span(init)));
                    let says = format!("attempt {nth} runs{}", cold.unwrap_or_default());
                    self.begins(which, moment, nth, says);
                }
                return;
            }
            Fact::Throttled { work, .. } => {
                for (which, _) in self.of_work(moment, work, 0) {
                    self.step(which, moment, What::Throttled, 0, "throttled (429)".to_owned());
                    self.still_hidden(which, moment, Rule::E26);
                }
                return;
            }
            Fact::RunEnded { started, error, .. } => {
                self.ended = Ended { started, error };
                return;
            }
            _ => (),
        }
        if let Some(payload) = fact.payload()
            && let Some(which) = self.which(payload)
        {
            self.own(which, moment, fact);
        }
    }

    fn configured(&mut self, _: Time, resources: &Resources) {
        self.lines.configured(resources);
    }
}

/// A time in two or three digits, so that few phrases say what many steps do.
pub(super) fn span(span: Span) -> String {
    let seconds = span.as_secs_f64();
    let whole = |n: f64| libm::round(n);
    match seconds {
        s if s < 0.9995 => format!("{} ms", whole(s * 1e3)),
        s if s < 9.95 => format!("{} s", whole(s * 10.0) / 10.0),
        s if s < 119.5 => format!("{} s", whole(s)),
        s if s < 7_170.0 => format!("{} min", whole(s / 60.0)),
        s if s < 172_800.0 => format!("{} h", whole(s / 360.0) / 10.0),
        s => format!("{} d", whole(s / 8_640.0) / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arrivals of one caller that succeeded, but for those whose numbers are given.
    fn fates(arrivals: usize, dead: &[u64]) -> Fates {
        let mut of = vec![Fate::In(Place::Succeeded); arrivals];
        for number in dead {
            of[*number as usize - 1] = Fate::In(Place::DeadLettered);
        }
        Fates { callers: vec![("Orders".to_owned(), of)] }
    }

    fn numbers(chosen: &[Chosen], guests: bool) -> Vec<u64> {
        let those = chosen.iter().filter(|chosen| chosen.is_guest == guests);
        those.map(|chosen| chosen.number).collect()
    }

    #[test]
    fn all_are_shown_if_there_are_few() {
        let chosen = choose(&[fates(7, &[3])], 120);
        assert_eq!(numbers(&chosen, false), [1, 2, 3, 4, 5, 6, 7]);
        assert!(numbers(&chosen, true).is_empty());
        assert_eq!(choose(&[fates(0, &[])], 120), []);
        assert_eq!(choose(&[], 120), []);
    }

    #[test]
    fn who_is_shown_depends_on_nothing_but_its_name_and_number() {
        let many = choose(&[fates(10_000, &[])], 120);
        assert_eq!(many.len(), 120);
        let fewer = choose(&[fates(10_000, &[]), fates(9_000, &[8_000])], 60);
        let of_fewer = numbers(&fewer, false);
        assert_eq!(of_fewer.len(), 60);
        assert!(of_fewer.iter().all(|number| numbers(&many, false).contains(number)));
        // Evenly over all of them: each tenth has about twelve.
        for tenth in 0..10 {
            let there = |number: &&u64| (**number - 1) / 1_000 == tenth;
            let there = numbers(&many, false).iter().filter(there).count();
            assert!((4..=24).contains(&there), "{there} of tenth {tenth}");
        }
    }

    #[test]
    fn a_fate_that_few_have_brings_guests_up_to_five() {
        let dead: Vec<u64> = (1..=40).map(|nth| nth * 100).collect();
        let chosen = choose(&[fates(10_000, &[]), fates(10_000, &dead)], 120);
        let shown = |guests| {
            let of = numbers(&chosen, guests);
            of.into_iter().filter(|number| dead.contains(number)).count()
        };
        assert!(5 <= shown(false) + shown(true), "five at least are shown");
        assert_eq!(numbers(&chosen, true).len(), shown(true), "guests are those of the fate");
        assert!(shown(true) <= 5);
    }

    #[test]
    fn times_are_told_in_few_digits() {
        let of = |millis| span(Span::millis(millis));
        let told = [0, 20, 1_250, 59_960, 150_000, 21_600_000, 345_600_000].map(of);
        assert_eq!(told, ["0 ms", "20 ms", "1.3 s", "60 s", "3 min", "6 h", "4 d"]);
    }
}
