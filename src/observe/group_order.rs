//! Self-check of every run with a FIFO queue: the order within a message group is kept.
//!
//! A message that is received is the oldest of its group that is in the queue, or all that are older were
//! received just before it by the same receive, and are hidden by it (S38 to S41). The books are this
//! file's own: who is in which group, and in which order they came, it knows from facts and the register
//! alone. A fault is a sentence; it does not stop the run.

use crate::{
    kernel::Time,
    model::{
        Fact, Moment,
        config::Resources,
        value::{AttributeId, Catalog, WordKey},
        vocabulary::{BatchId, PayloadId, QueueId},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// The groups of all FIFO queues.
#[derive(Debug)]
pub struct GroupOrder {
    catalog: Arc<Catalog>,
    /// For each queue its books, if it is a FIFO queue.
    queues: Vec<Option<Books>>,
}

#[derive(Debug, Default)]
struct Books {
    name: String,
    groups: BTreeMap<WordKey, BTreeMap<u64, State>>,
    /// Where a payload is in the groups.
    places: BTreeMap<PayloadId, (WordKey, u64)>,
    /// How many came so far.
    came: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It can be received, or will be by itself.
    There,
    /// It was received then, with these.
    Received(Time, BatchId),
}

impl GroupOrder {
    /// Checks the FIFO queues of `resources`; none if there is none.
    pub fn new(resources: &Resources, catalog: &Arc<Catalog>) -> Option<GroupOrder> {
        let books = |name: &String| Books { name: name.clone(), ..Books::default() };
        let queues: Vec<_> =
            resources.queues.iter().map(|q| q.fifo.map(|_| books(&q.name))).collect();
        let any = queues.iter().any(Option::is_some);
        any.then(|| GroupOrder { catalog: Arc::clone(catalog), queues })
    }

    /// Checks a fact: what is wrong with it, if anything is.
    pub fn saw(&mut self, moment: &Moment<'_>, fact: &Fact) -> Option<String> {
        match *fact {
            Fact::Enqueued { queue, payload, .. } => {
                let catalog = Arc::clone(&self.catalog);
                let books = self.of(queue)?;
                let known = moment.register.get(payload);
                let Some(group) = catalog.word(known, AttributeId::GROUP) else {
                    return Some(format!("{} took a message without a group", books.name));
                };
                let (group, order) = (group.key(), books.came);
                books.came += 1;
                books.groups.entry(group).or_default().insert(order, State::There);
                books.places.insert(payload, (group, order));
                None
            }
            Fact::Received { queue, payload, batch, .. } => {
                let books = self.of(queue)?;
                let name = &books.name;
                let Some((group, order)) = books.places.get(&payload) else {
                    return Some(format!("{name} gave a message that it did not have"));
                };
                let group = books.groups.get_mut(group)?;
                let now = State::Received(moment.now, batch);
                let older_waits = group.range(..order).any(|(_, state)| *state != now);
                group.insert(*order, now);
                older_waits.then(|| {
                    format!(
                        "{name} gave a message while an older one of its group waited or was out"
                    )
                })
            }
            Fact::Returned { queue, payload, .. } => {
                let books = self.of(queue)?;
                let (group, order) = books.places.get(&payload)?;
                books.groups.get_mut(group)?.insert(*order, State::There);
                None
            }
            Fact::Deleted { queue, payload, .. }
            | Fact::Expired { queue, payload, .. }
            | Fact::Redriven { queue, payload, .. }
            | Fact::MovedBack { queue, payload }
            | Fact::Purged { queue, payload, .. } => {
                let books = self.of(queue)?;
                let (group, order) = books.places.remove(&payload)?;
                let left = books.groups.get_mut(&group)?;
                left.remove(&order);
                if left.is_empty() {
                    books.groups.remove(&group);
                }
                None
            }
            _ => None,
        }
    }

    fn of(&mut self, queue: QueueId) -> Option<&mut Books> {
        self.queues[queue.index()].as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::Span,
        model::{
            Place, Register, Rule,
            config::{DeduplicationScope, Fifo, ThroughputLimit},
            facts::Held,
            value::Word,
            vocabulary::{CallId, Deletion, Entry},
        },
        observe::tests::queue,
    };

    const QUEUE: QueueId = QueueId(0);

    /// What the check says to facts in a row, each at a second: `a1` is the first message of group a.
    fn told(script: &str) -> Vec<String> {
        let fifo = Some(Fifo {
            content_based: true,
            scope: DeduplicationScope::Queue,
            limit: ThroughputLimit::PerQueue,
        });
        let queues = vec![crate::model::config::Queue { fifo, ..queue("Orders.fifo") }];
        let resources = Resources { queues, ..Resources::default() };
        let catalog = Arc::new(Catalog { laws: vec![vec![]], ..Catalog::default() });
        let mut check = GroupOrder::new(&resources, &catalog).expect("there is a FIFO queue");
        let mut register = Register::default();
        let mut ids: BTreeMap<&str, PayloadId> = BTreeMap::new();
        let mut faults = vec![];
        for step in script.split(", ") {
            let words: Vec<&str> = step.split(' ').collect();
            let now = Time::ZERO + Span::secs(words[0].parse().expect("a second"));
            if words[1] == "comes" {
                let payload = register.arrive(CallId(0), 0, 1, now);
                let group = words[2].chars().next().expect("a group");
                let word = (AttributeId::GROUP, Word::Number(f64::from(u32::from(group))));
                register.get_mut(payload).words = Some([word].into());
                ids.insert(words[2], payload);
            }
            let (queue, payload) = (QUEUE, ids[words[2]]);
            let fact = match words[1] {
                "comes" => Fact::Enqueued {
                    queue,
                    payload,
                    entry: Entry::Sent,
                    delayed: false,
                    place: Place::Waiting,
                },
                "received" => {
                    let batch = BatchId(words[3].parse().expect("a number"));
                    Fact::Received { queue, payload, count: 1, batch }
                }
                "returns" => Fact::Returned { queue, payload, count: 1, place: Place::Waiting },
                "deleted" => {
                    Fact::Deleted { queue, payload, why: Deletion::Processed, was: Held::InFlight }
                }
                "redriven" => Fact::Redriven { queue, payload, count: 1 },
                other => panic!("no such step: {other}"),
            };
            let moment = Moment { now, rule: Rule::Ours, register: &register, moved: None };
            faults.extend(check.saw(&moment, &fact).map(|fault| format!("{now}: {fault}")));
        }
        faults
    }

    const OUT_OF_ORDER: &str =
        "Orders.fifo gave a message while an older one of its group waited or was out";

    #[test]
    fn s38_a_receive_in_the_order_of_the_group_is_right() {
        let come = "0 comes a1, 0 comes b1, 0 comes a2, 0 comes a3";
        for right in [
            "1 received a1 7, 1 received a2 7, 1 received b1 7",
            "1 received b1 7, 1 received a1 8, 1 deleted a1, 1 received a2 9",
            "1 received a1 7, 2 redriven a1, 2 received a2 8",
            // What is before a hidden message is received again.
            "1 received a1 7, 1 received a2 7, 2 returns a1, 3 received a1 8",
        ] {
            assert_eq!(told(&format!("{come}, {right}")), Vec::<String>::new(), "{right}");
        }
    }

    #[test]
    fn s39_a_receive_past_an_older_message_is_found() {
        let come = "0 comes a1, 0 comes b1, 0 comes a2, 0 comes a3";
        for (wrong, at) in [
            // It waits.
            ("1 received a2 7", "1s"),
            // It is in flight, by an earlier receive or by another of the same instant.
            ("1 received a1 7, 2 received a2 8", "2s"),
            ("1 received a1 7, 1 received a2 8", "1s"),
            // It is back.
            ("1 received a1 7, 1 received a2 7, 2 returns a1, 2 returns a2, 3 received a2 8", "3s"),
            // One between is left out.
            ("1 received a1 7, 1 received a3 7", "1s"),
        ] {
            let expected = vec![format!("{at}: {OUT_OF_ORDER}")];
            assert_eq!(told(&format!("{come}, {wrong}")), expected, "{wrong}");
        }
        let gone = told("0 comes a1, 1 received a1 7, 2 deleted a1, 3 received a1 8");
        assert_eq!(gone, ["3s: Orders.fifo gave a message that it did not have"]);
    }
}
