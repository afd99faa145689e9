//! What a run costs: AWS's prices in one table, and the bill that the table of numbers comes to.
//!
//! ```text
//!  Invocations, billed_gb_seconds, ──► item and quantity ──► Bill (at the end)
//!  billed_requests, …                                    └─► Meter (`cost_usd`)
//! ```
//!
//! A run is billed as a month of its own in `us-east-1`: tiers and free use begin with it, as with
//! the first of a month, and nothing is scaled up to a month. All is whole numbers until it is
//! shown: an amount is counted in [`Usd`], of which there are so many in a dollar that every price
//! times every quantity is one.

pub use super::usd::Usd;
use super::{cell::Cell, measure::Measure, table::MetricTable, usd::GB_SECOND};
use crate::model::{
    Resource, ResourceKind,
    config::{Architecture, Resources},
};
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// Where the prices hold.
pub const REGION: &str = "us-east-1";
/// When the newest and the oldest of them were read.
pub const PRICES_OF: &str = "2026-03 to 2026-09";

/// What is billed by quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Item {
    /// Runs of functions.
    LambdaRequests,
    /// Billed duration times memory of functions on x86.
    GbSecondsX86,
    /// The same on arm64.
    GbSecondsArm,
    /// Memory by time of provisioned concurrency on x86.
    KeptX86,
    /// The same on arm64.
    KeptArm,
    /// Billed duration times memory in provisioned environments on x86.
    ProvisionedX86,
    /// The same on arm64.
    ProvisionedArm,
    /// Requests to standard queues.
    SqsRequests,
    /// Requests to FIFO queues.
    SqsFifoRequests,
    /// Publishes to topics.
    SnsRequests,
    /// Custom events put on buses.
    EventBridgeEvents,
    /// Hours of Kinesis shards.
    ShardHours,
    /// Records put into Kinesis, by 25 KiB.
    PutUnits,
    /// Hours of Kinesis shards for each consumer with enhanced fan-out.
    FanOutHours,
}

/// A line of AWS's price list.
#[derive(Clone, Copy, Debug)]
struct Price {
    item: Item,
    /// What the bill calls it, in the plural.
    word: &'static str,
    /// How many of what is counted make one of it.
    scale: u64,
    /// From so many in a month on, so much each, in 10⁻¹⁰ dollars.
    tiers: &'static [(u64, i64)],
}

const BILLION: u64 = 1_000_000_000;

/// The price list, in the order of [`Item`]; `docs/rules.md` has the source of each.
const PRICES: [Price; 14] = [
    // SP1: 0.20 a million.
    Price { item: Item::LambdaRequests, word: "requests", scale: 1, tiers: &[(0, 2_000)] },
    // SP2
    Price {
        item: Item::GbSecondsX86,
        word: "GB-seconds",
        scale: GB_SECOND,
        tiers: &[(0, 166_667), (6 * BILLION, 150_000), (15 * BILLION, 133_334)],
    },
    // SP3
    Price {
        item: Item::GbSecondsArm,
        word: "GB-seconds on arm64",
        scale: GB_SECOND,
        tiers: &[
            (0, 133_334),
            (7 * BILLION + BILLION / 2, 120_001),
            (18 * BILLION + 3 * BILLION / 4, 106_667),
        ],
    },
    // SP4
    Price {
        item: Item::KeptX86,
        word: "GB-seconds kept ready",
        scale: GB_SECOND,
        tiers: &[(0, 41_667)],
    },
    // SP5
    Price {
        item: Item::KeptArm,
        word: "GB-seconds kept ready on arm64",
        scale: GB_SECOND,
        tiers: &[(0, 33_334)],
    },
    // SP4
    Price {
        item: Item::ProvisionedX86,
        word: "GB-seconds provisioned",
        scale: GB_SECOND,
        tiers: &[(0, 97_222)],
    },
    // SP5
    Price {
        item: Item::ProvisionedArm,
        word: "GB-seconds provisioned on arm64",
        scale: GB_SECOND,
        tiers: &[(0, 77_778)],
    },
    // C1: 0.40 a million, then 0.30 and 0.24.
    Price {
        item: Item::SqsRequests,
        word: "SQS requests",
        scale: 1,
        tiers: &[(0, 4_000), (100 * BILLION, 3_000), (200 * BILLION, 2_400)],
    },
    // C2: 0.50 a million.
    Price {
        item: Item::SqsFifoRequests,
        word: "SQS FIFO requests",
        scale: 1,
        tiers: &[(0, 5_000)],
    },
    // A9: 0.50 a million.
    Price { item: Item::SnsRequests, word: "SNS publishes", scale: 1, tiers: &[(0, 5_000)] },
    // A9: 1.00 a million.
    Price {
        item: Item::EventBridgeEvents,
        word: "EventBridge events",
        scale: 1,
        tiers: &[(0, 10_000)],
    },
    // C9: 0.015 an hour.
    Price { item: Item::ShardHours, word: "shard-hours", scale: 1, tiers: &[(0, 150_000_000)] },
    // C9: 0.014 a million.
    Price { item: Item::PutUnits, word: "PUT payload units", scale: 1, tiers: &[(0, 140)] },
    // C9: 0.015 an hour.
    Price {
        item: Item::FanOutHours,
        word: "consumer-shard-hours",
        scale: 1,
        tiers: &[(0, 150_000_000)],
    },
];

/// The free use of a month (SP9, C1), with the items that it is taken off: the first first.
const FREE: [(&[Item], u64); 4] = [
    (&[Item::LambdaRequests], 1_000_000),
    (&[Item::GbSecondsX86, Item::GbSecondsArm], 400_000),
    (&[Item::SqsRequests, Item::SqsFifoRequests], 1_000_000),
    (&[Item::SnsRequests], 1_000_000),
];

/// Which free use an item is taken off.
const SHARING: [Option<usize>; PRICES.len()] = {
    let mut sharing = [None; PRICES.len()];
    let mut nth = 0;
    while nth < FREE.len() {
        let mut item = 0;
        while item < FREE[nth].0.len() {
            sharing[FREE[nth].0[item] as usize] = Some(nth);
            item += 1;
        }
        nth += 1;
    }
    sharing
};

impl Item {
    /// Everything that is billed.
    pub fn all() -> impl Iterator<Item = Item> {
        PRICES.iter().map(|price| price.item)
    }

    fn price(self) -> &'static Price {
        &PRICES[self as usize]
    }
}

/// What a count of `measure` of `resource` is billed as, if it is.
pub fn item(resource: Resource, measure: Measure, resources: &Resources) -> Option<Item> {
    use ResourceKind::*;
    match (measure, resource.kind) {
        (Measure::Invocations, Function) => Some(Item::LambdaRequests),
        (
            Measure::BilledGbSeconds
            | Measure::ProvisionedRunGbSeconds
            | Measure::ProvisionedGbSeconds,
            Function,
        ) => Some(match (measure, resources.functions[resource.index()].architecture) {
            (Measure::ProvisionedRunGbSeconds, Architecture::X86) => Item::ProvisionedX86,
            (Measure::ProvisionedRunGbSeconds, Architecture::Arm) => Item::ProvisionedArm,
            (Measure::ProvisionedGbSeconds, Architecture::X86) => Item::KeptX86,
            (Measure::ProvisionedGbSeconds, Architecture::Arm) => Item::KeptArm,
            (_, Architecture::X86) => Item::GbSecondsX86,
            (_, Architecture::Arm) => Item::GbSecondsArm,
        }),
        (Measure::BilledShardHours, _) => Some(Item::ShardHours),
        (Measure::BilledPutUnits, _) => Some(Item::PutUnits),
        (Measure::BilledFanOutHours, _) => Some(Item::FanOutHours),
        (Measure::BilledRequests, Queue) => Some(match resources.queues[resource.index()].fifo {
            None => Item::SqsRequests,
            Some(_) => Item::SqsFifoRequests,
        }),
        (Measure::BilledRequests, Bus) => Some(Item::EventBridgeEvents),
        (Measure::BilledRequests, Topic) => Some(Item::SnsRequests),
        _ => None,
    }
}

impl Usd {
    fn of(price: &Price, quantity: i128, tenth_nanos: i64) -> Usd {
        // Of something that is counted by ones, a one costs as much as `GB_SECOND` of the finest.
        let finest = i128::from(GB_SECOND / price.scale);
        Usd(quantity * finest * i128::from(tenth_nanos))
    }
}

/// How much was used of each item, in what is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Used {
    quantities: [i128; PRICES.len()],
    free_tier: bool,
}

impl Used {
    /// What all of it costs.
    fn total(&self) -> Usd {
        let full = Item::all().map(|item| {
            let price = item.price();
            Usd::of(price, self.quantities[item as usize], price.tiers[0].1)
        });
        let rebates = self.rebates();
        full.sum::<Usd>() + rebates.map(|rebate| rebate.usd()).sum::<Usd>()
    }

    /// What is taken off the full price: by tiers, then by the free use.
    fn rebates(&self) -> impl Iterator<Item = Rebate> + '_ {
        let tiers = PRICES.iter().flat_map(|price| {
            let used = self.quantities[price.item as usize];
            price.tiers.windows(2).filter_map(move |pair| {
                let [(_, before), (from, now)] = [pair[0], pair[1]];
                let over = used - i128::from(from) * i128::from(price.scale);
                let why = Why::Tier(from);
                (over > 0).then_some(Rebate { price, why, quantity: over, each: now - before })
            })
        });
        let allowances = FREE.iter().filter(|_| self.free_tier);
        let free = allowances.flat_map(move |(items, free)| {
            let mut left = i128::from(*free) * i128::from(items[0].price().scale);
            items.iter().filter_map(move |item| {
                let price = item.price();
                let taken = left.min(self.quantities[*item as usize]);
                left -= taken;
                let each = -price.tiers[0].1;
                (taken > 0).then_some(Rebate { price, why: Why::Free, quantity: taken, each })
            })
        });
        tiers.chain(free)
    }
}

/// What is used while a run goes on, and what each addition costs.
///
/// Between two boundaries of tiers and free use, one more of an item always costs the same. So an addition
/// is one multiplication, and prices are read again only at a boundary.
#[derive(Clone, Debug)]
pub struct Meter {
    used: Used,
    /// What one more of each item costs.
    each: [Usd; PRICES.len()],
    /// How much of each item can be added before its next tier.
    room: [i128; PRICES.len()],
    /// Whether one more of the item is free.
    is_free: [bool; PRICES.len()],
    /// Of each free use, how much of those that are free can be added before not all of them are.
    free: [i128; FREE.len()],
    /// Of the GB-seconds to come, so many have been billed as provisioned.
    provisioned: u64,
}

impl Meter {
    /// Nothing used yet. `free_tier`: the free use of a month is taken off.
    pub fn new(free_tier: bool) -> Meter {
        let mut meter = Meter {
            used: Used { free_tier, ..Used::default() },
            each: [Usd::default(); PRICES.len()],
            room: [0; PRICES.len()],
            is_free: [false; PRICES.len()],
            free: [0; FREE.len()],
            provisioned: 0,
        };
        Item::all().for_each(|item| meter.read_prices(item));
        meter
    }

    /// So much more is used. What more it costs; never less than nothing. What a run in a provisioned
    /// environment used comes as that first, and then among all that is billed.
    pub fn add(&mut self, item: Item, quantity: u64) -> Usd {
        let quantity = match item {
            Item::GbSecondsX86 | Item::GbSecondsArm => {
                quantity - std::mem::take(&mut self.provisioned).min(quantity)
            }
            Item::ProvisionedX86 | Item::ProvisionedArm => {
                self.provisioned = quantity;
                quantity
            }
            _ => quantity,
        };
        let at = item as usize;
        let (mut left, mut more) = (i128::from(quantity), Usd::default());
        while left > 0 {
            let free = SHARING[at].filter(|_| self.is_free[at]);
            let piece = left.min(self.room[at]);
            let piece = free.map_or(piece, |nth| piece.min(self.free[nth]));
            left -= piece;
            more = more + Usd(piece * self.each[at].0);
            self.used.quantities[at] += piece;
            self.room[at] -= piece;
            let is_used_up = free.is_some_and(|nth| {
                self.free[nth] -= piece;
                self.free[nth] == 0
            });
            if self.room[at] == 0 || is_used_up {
                self.read_prices(item);
            }
        }
        more
    }

    /// Reads what one more of `item`, and of those that share its free use, costs, and how far that holds.
    fn read_prices(&mut self, item: Item) {
        let shared = SHARING[item as usize].filter(|_| self.used.free_tier);
        let (items, mut left) = match shared {
            Some(nth) => (FREE[nth].0, i128::from(FREE[nth].1) * i128::from(item.price().scale)),
            None => (std::slice::from_ref(&item.price().item), 0),
        };
        // The free use ends within the quantity of an item: what comes before it is free, and one more of
        // that is taken off what is free of the item.
        let mut ends_within = None;
        for item in items {
            let used = self.used.quantities[*item as usize];
            if left <= used {
                ends_within = Some(item.price());
                break;
            }
            left -= used;
        }
        if let Some(nth) = shared {
            self.free[nth] = left;
        }
        let mut is_free = true;
        for item in items {
            let (at, price) = (*item as usize, item.price());
            let used = self.used.quantities[at];
            let from = |nth: usize| i128::from(price.tiers[nth].0) * i128::from(price.scale);
            let above = (1..price.tiers.len()).find(|nth| used < from(*nth));
            let tier = above.unwrap_or(price.tiers.len()) - 1;
            let mut each = Usd::of(price, 1, price.tiers[tier].1);
            is_free &= ends_within.is_none_or(|last| last.item != *item);
            if is_free {
                let instead = ends_within.map(|last| Usd::of(last, 1, last.tiers[0].1));
                each = each + Usd::of(price, -1, price.tiers[0].1) + instead.unwrap_or_default();
            }
            self.each[at] = each;
            self.is_free[at] = is_free;
            self.room[at] = above.map_or(i128::MAX, |nth| from(nth) - used);
        }
    }
}

/// Something taken off the full price.
#[derive(Clone, Copy, Debug)]
struct Rebate {
    price: &'static Price,
    why: Why,
    quantity: i128,
    each: i64,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    /// From so many on.
    Tier(u64),
    Free,
}

impl Rebate {
    fn usd(&self) -> Usd {
        Usd::of(self.price, self.quantity, self.each)
    }
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The resource; `account` for what is taken off the whole.
    pub resource: String,
    /// What it is for.
    pub item: String,
    /// How much of it, in what is counted.
    quantity: i128,
    /// How many of what is counted make one of it.
    scale: u64,
    /// What one costs, in 10⁻¹⁰ dollars; below 0 for what is taken off.
    each: i64,
    /// What it comes to.
    pub usd: Usd,
}

impl Line {
    fn new(resource: &str, item: String, price: &Price, quantity: i128, each: i64) -> Line {
        let usd = Usd::of(price, quantity, each);
        Line { resource: resource.to_owned(), item, quantity, scale: price.scale, each, usd }
    }

    /// How much of it.
    pub fn quantity(&self) -> f64 {
        self.quantity as f64 / self.scale as f64
    }

    /// What a million of it costs, in dollars.
    pub fn usd_per_million(&self) -> f64 {
        self.each as f64 / 1e4
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_struct("Line", 5)?;
        line.serialize_field("resource", &self.resource)?;
        line.serialize_field("item", &self.item)?;
        if self.quantity % i128::from(self.scale) == 0 {
            let whole = i64::try_from(self.quantity / i128::from(self.scale));
            line.serialize_field("quantity", &whole.unwrap_or(i64::MAX))?;
        } else {
            line.serialize_field("quantity", &self.quantity())?;
        }
        line.serialize_field("usd_per_million", &self.usd_per_million())?;
        line.serialize_field("usd", &self.usd.dollars())?;
        line.end()
    }
}

/// What a run costs, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Resources in file order, then what is taken off the whole.
    pub lines: Vec<Line>,
    /// What they add up to.
    pub total: Usd,
    /// Whether the free use of a month is taken off.
    pub free_tier: bool,
}

impl Bill {
    /// The bill of what was counted.
    pub fn of(table: &MetricTable, resources: &Resources) -> Bill {
        let free_tier = resources.assumptions.free_tier;
        let mut used = Used { free_tier, ..Used::default() };
        let mut lines = Vec::new();
        for resource in Resource::all(resources) {
            for measure in Measure::of(resource.kind) {
                let Some(item) = item(resource, measure, resources) else { continue };
                let counted = |measure| match table.cell(resource, measure) {
                    Cell::Counter(cell) => i128::from(cell.sum),
                    Cell::Tally(cell) => i128::try_from(cell.sum).unwrap_or(i128::MAX),
                    Cell::Gauge(_) | Cell::Samples(_) => unreachable!("what is billed is counted"),
                };
                let quantity = match measure {
                    Measure::BilledGbSeconds => {
                        counted(measure) - counted(Measure::ProvisionedRunGbSeconds)
                    }
                    _ => counted(measure),
                };
                if quantity == 0 {
                    continue;
                }
                used.quantities[item as usize] += quantity;
                let price = item.price();
                let name = resource.name(resources);
                lines.push(Line::new(
                    name,
                    price.word.to_owned(),
                    price,
                    quantity,
                    price.tiers[0].1,
                ));
            }
        }
        for Rebate { price, why, quantity, each } in used.rebates() {
            let item = match why {
                Why::Tier(from) => format!("{} above {from}", price.word),
                Why::Free => format!("free {}", price.word),
            };
            lines.push(Line::new("account", item, price, quantity, each));
        }
        Bill { lines, total: used.total(), free_tier }
    }
}

impl Serialize for Bill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bill = serializer.serialize_struct("Bill", 6)?;
        bill.serialize_field("currency", "USD")?;
        bill.serialize_field("region", REGION)?;
        bill.serialize_field("prices_of", PRICES_OF)?;
        bill.serialize_field("free_tier", &self.free_tier)?;
        bill.serialize_field("total_usd", &self.total.dollars())?;
        bill.serialize_field("lines", &self.lines)?;
        bill.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    const MILLION: u64 = 1_000_000;

    fn gb_seconds(n: u64) -> u64 {
        n * GB_SECOND
    }

    /// What so much costs, in dollars.
    fn cost(free_tier: bool, used: &[(Item, u64)]) -> f64 {
        let mut meter = Meter::new(free_tier);
        let added: Usd = used.iter().map(|(item, quantity)| meter.add(*item, *quantity)).sum();
        assert_eq!(added, meter.used.total(), "what each part costs adds up to the whole");
        added.dollars()
    }

    #[test]
    fn prices_stand_in_the_order_of_their_items_and_fall() {
        for (at, price) in PRICES.iter().enumerate() {
            assert_eq!(price.item as usize, at);
            assert_eq!(GB_SECOND % price.scale, 0, "an amount of it is whole");
            let rises = |pair: &[(u64, i64)]| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1;
            assert!(price.tiers.windows(2).all(rises) && price.tiers[0].0 == 0);
        }
        for (items, _) in FREE {
            let scale = items[0].price().scale;
            assert!(items.iter().all(|item| item.price().scale == scale), "they are counted alike");
        }
    }

    /// The example of AWS's price page: 3 million × 120 ms × 1.5 GB.
    #[test]
    fn sp9_of_540_000_gb_seconds_140_000_are_paid() {
        let used =
            [(Item::LambdaRequests, 3 * MILLION), (Item::GbSecondsX86, 3 * MILLION * 120 * 1536)];
        assert_eq!(used[1].1, gb_seconds(540_000));
        assert_eq!(cost(true, &used[..1]), 0.4);
        assert_eq!(cost(true, &used[1..]), 2.333338, "$2.33");
        assert_eq!(cost(false, &used), 0.6 + 9.000018);
    }

    /// 1 million × 100 ms × 128 MB = 12,500 GB-s.
    #[test]
    fn sp1_sp2_sp3_a_million_short_runs() {
        let time = MILLION * 100 * 128;
        assert_eq!(time, gb_seconds(12_500));
        assert_eq!(cost(false, &[(Item::LambdaRequests, MILLION)]), 0.2);
        assert_eq!(cost(false, &[(Item::GbSecondsX86, time)]), 0.20833375);
        assert_eq!(cost(false, &[(Item::GbSecondsArm, time)]), 0.1666675);
    }

    /// Just at a boundary, a GB-second before and one after.
    #[test]
    fn sp2_sp3_tiers_begin_after_their_boundaries() {
        let x86 = |n: u64| cost(false, &[(Item::GbSecondsX86, gb_seconds(n))]);
        let step = |of: &dyn Fn(u64) -> f64, n: u64| {
            let rise = |from: u64| libm::round((of(from + 1) - of(from)) * 1e8) / 1e8;
            [rise(n - 1), rise(n)]
        };
        assert_eq!(x86(6 * BILLION), 100_000.2);
        assert_eq!(x86(15 * BILLION), 100_000.2 + 135_000.0);
        assert_eq!(x86(16 * BILLION), 100_000.2 + 135_000.0 + 13_333.4);
        // Dollars of six digits before the point leave eight decimals in a float.
        assert_eq!(step(&x86, 6 * BILLION), [0.00001667, 0.000015]);
        let arm = |n: u64| cost(false, &[(Item::GbSecondsArm, gb_seconds(n))]);
        assert_eq!(arm(7_500_000_000), 100_000.5);
        assert_eq!(arm(18_750_000_000), 100_000.5 + 135_001.125);
        assert_eq!(arm(19_750_000_000), 100_000.5 + 135_001.125 + 10_666.7);
    }

    /// SP12: provisioned concurrency is cheaper from a use of 60 % on.
    #[test]
    fn sp4_sp5_what_is_kept_ready_is_paid_for_and_its_runs_are_cheaper() {
        let of = |kept, provisioned, on_demand, used: u64| {
            let hour = gb_seconds(3_600);
            let all = [(kept, hour), (provisioned, hour / 100 * used)];
            let on_demand = [(on_demand, hour / 100 * used)];
            (cost(false, &all), cost(false, &on_demand))
        };
        let x86 = |used| of(Item::KeptX86, Item::ProvisionedX86, Item::GbSecondsX86, used);
        let arm = |used| of(Item::KeptArm, Item::ProvisionedArm, Item::GbSecondsArm, used);
        assert_eq!(x86(0), (0.01500012, 0.0));
        assert_eq!(arm(100), (0.01200024 + 0.02800008, 0.04800024));
        for (kept, on_demand) in [x86(59), arm(59)] {
            assert!(on_demand < kept);
        }
        for (kept, on_demand) in [x86(61), arm(61)] {
            assert!(kept < on_demand);
        }
    }

    #[test]
    fn sp4_what_a_provisioned_run_used_is_not_billed_twice() {
        let mut meter = Meter::new(false);
        let second = gb_seconds(1);
        let first = meter.add(Item::ProvisionedX86, second);
        assert_eq!(meter.add(Item::GbSecondsX86, second), Usd::default());
        assert_eq!(meter.add(Item::GbSecondsX86, second).dollars(), 0.0000166667);
        assert_eq!(first.dollars(), 0.0000097222);
    }

    #[test]
    fn sp9_the_free_gb_seconds_are_shared_and_taken_off_the_dearer_first() {
        let hundred = gb_seconds(300_000);
        let both = [(Item::GbSecondsArm, hundred), (Item::GbSecondsX86, hundred)];
        assert_eq!(cost(true, &both), 2.66668, "200,000 GB-s on arm64");
    }

    #[test]
    fn c1_a9_requests_to_queues_topics_and_buses() {
        assert_eq!(cost(false, &[(Item::SqsRequests, 648_000)]), 0.2592, "C5: an idle mapping");
        assert_eq!(cost(true, &[(Item::SqsRequests, 648_000)]), 0.0);
        assert_eq!(cost(false, &[(Item::SqsFifoRequests, 2 * MILLION)]), 1.0, "C2");
        let both = [(Item::SqsRequests, 600_000), (Item::SqsFifoRequests, MILLION)];
        assert_eq!(cost(true, &both), 0.3, "the free million is one");
        assert_eq!(cost(true, &[(Item::SqsRequests, 2 * 648_000)]), 0.1184, "C6: two of them");
        assert_eq!(cost(false, &[(Item::SqsRequests, 201 * BILLION)]), 70_240.0);
        assert_eq!(cost(false, &[(Item::SnsRequests, MILLION)]), 0.5);
        assert_eq!(cost(true, &[(Item::EventBridgeEvents, MILLION)]), 1.0, "never free");
    }

    /// Where what one more costs can change, in what is counted.
    fn boundaries(item: Item) -> Vec<u64> {
        let price = item.price();
        let tiers = price.tiers[1..].iter().map(|(from, _)| *from);
        let free = FREE.iter().filter(|(items, _)| items.contains(&item)).map(|(_, free)| *free);
        tiers.chain(free).map(|from| from * price.scale).collect()
    }

    #[test]
    fn what_each_addition_costs_is_what_the_whole_bill_rises_by() {
        let luck = Stream::new(1, "bills");
        let mut occasion = 0;
        let mut one_of = |n: u64| {
            occasion += 1;
            luck.word(occasion, 0) % n
        };
        let items: Vec<Item> = Item::all().collect();
        for nth in 0..400 {
            let mut meter = Meter::new(nth % 2 == 0);
            for _ in 0..60 {
                let item = items[one_of(items.len() as u64) as usize];
                let used = u64::try_from(meter.used.quantities[item as usize]).unwrap();
                let next: Vec<u64> = boundaries(item).into_iter().filter(|at| used < *at).collect();
                let quantity = match (next.as_slice(), one_of(6)) {
                    (_, 0) => one_of(3),
                    // Just before a boundary, at it, just beyond it.
                    ([first, ..], 1 | 2) => first - used - 1 + one_of(3),
                    ([.., last], 3) => last - used + one_of(MILLION),
                    (_, more) => one_of(1_000_u64.pow(more as u32)),
                };
                let billed = match item {
                    Item::GbSecondsX86 | Item::GbSecondsArm => {
                        quantity.saturating_sub(meter.provisioned)
                    }
                    _ => quantity,
                };
                let before = meter.used.clone();
                let more = meter.add(item, quantity);
                let counted =
                    meter.used.quantities[item as usize] - before.quantities[item as usize];
                assert_eq!(counted, i128::from(billed));
                assert_eq!(more.0, meter.used.total().0 - before.total().0, "{item:?} {quantity}");
                assert!(more >= Usd::default());
            }
        }
    }

    #[test]
    fn an_amount_is_shown_to_ten_decimals() {
        let of = |n: i128| Usd(n).dollars();
        let step = i128::from(GB_SECOND);
        assert_eq!([of(step / 2 - 1), of(step / 2), of(-step)], [0.0, 1e-10, -1e-10]);
    }
}
