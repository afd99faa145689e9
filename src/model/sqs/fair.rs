//! A fair queue: a standard queue whose messages name their tenants (`MessageGroupId`).
//!
//! A tenant with more than its share of what is in flight is noisy, and passed over while another has
//! something visible (S49). What is too large a share, SQS does not say: so none is, unless the scenario
//! assumes one. A message without a group has no tenant and is passed over for nobody.

use super::message::{Slab, Slot};
use crate::model::{
    config,
    facts::Held,
    register::Payload,
    value::{AttributeId, Catalog, WordKey},
};
use std::{collections::BTreeMap, sync::Arc};

/// The tenants of a queue.
#[derive(Clone, Debug)]
pub(super) struct Fair {
    catalog: Arc<Catalog>,
    /// The share of what is in flight above which a tenant is noisy.
    share_ppm: u32,
    /// With fewer messages in flight it is not.
    min: u32,
    tenants: BTreeMap<Option<WordKey>, Tenant>,
    /// The tenant of each message that is stored, by its slot.
    tenant_of: Vec<Option<WordKey>>,
    /// The tenants that have something visible, by the place of the first of it.
    heads: BTreeMap<u64, Option<WordKey>>,
    in_flight: u32,
}

#[derive(Clone, Debug, Default)]
struct Tenant {
    /// Its visible messages, by their places.
    visible: BTreeMap<u64, Slot>,
    in_flight: u32,
    /// The place of the first that is visible.
    head: Option<u64>,
}

impl Fair {
    /// Fairness as it is assumed; none if no share is too large.
    pub(super) fn new(assumptions: &config::Assumptions, catalog: Arc<Catalog>) -> Option<Fair> {
        let share_ppm = assumptions.noisy_group_share_ppm;
        (share_ppm < 1_000_000).then(|| Fair {
            catalog,
            share_ppm,
            min: assumptions.noisy_group_min,
            tenants: BTreeMap::new(),
            tenant_of: Vec::new(),
            heads: BTreeMap::new(),
            in_flight: 0,
        })
    }

    /// A message is stored.
    pub(super) fn entered(&mut self, slab: &Slab, slot: Slot, payload: &Payload) {
        let tenant = self.catalog.word(payload, AttributeId::GROUP).map(|word| word.key());
        let at = slot.0 as usize;
        if self.tenant_of.len() <= at {
            self.tenant_of.resize(at + 1, None);
        }
        self.tenant_of[at] = tenant;
        if slab[slot].held == Held::Visible {
            let known = self.tenants.entry(tenant).or_default();
            known.visible.insert(slab[slot].order, slot);
            self.refresh(tenant);
        }
    }

    /// A message is visible now; before, it was `was`.
    pub(super) fn shown(&mut self, slab: &Slab, slot: Slot, was: Held) {
        let tenant = self.tenant_of[slot.0 as usize];
        let known = self.tenants.entry(tenant).or_default();
        known.visible.insert(slab[slot].order, slot);
        if was == Held::InFlight {
            known.in_flight -= 1;
            self.in_flight -= 1;
        }
        self.refresh(tenant);
    }

    /// A message is in flight now, and was visible.
    pub(super) fn taken(&mut self, slab: &Slab, slot: Slot) {
        let tenant = self.tenant_of[slot.0 as usize];
        let known = self.tenants.entry(tenant).or_default();
        known.visible.remove(&slab[slot].order);
        known.in_flight += 1;
        self.in_flight += 1;
        self.refresh(tenant);
    }

    /// A message goes, and was `was`.
    pub(super) fn left(&mut self, slab: &Slab, slot: Slot, was: Held) {
        let tenant = self.tenant_of[slot.0 as usize];
        let known = self.tenants.entry(tenant).or_default();
        match was {
            Held::Visible => _ = known.visible.remove(&slab[slot].order),
            Held::InFlight => {
                known.in_flight -= 1;
                self.in_flight -= 1;
            }
            Held::Delayed => (),
        }
        self.refresh(tenant);
    }

    fn refresh(&mut self, key: Option<WordKey>) {
        let tenant = self.tenants.entry(key).or_default();
        let head = tenant.visible.first_key_value().map(|(order, _)| *order);
        if tenant.head != head {
            if let Some(order) = tenant.head {
                self.heads.remove(&order);
            }
            if let Some(order) = head {
                self.heads.insert(order, key);
            }
            tenant.head = head;
        }
        if head.is_none() && tenant.in_flight == 0 {
            self.tenants.remove(&key);
        }
    }

    fn is_noisy(&self, key: Option<WordKey>) -> bool {
        let in_flight = self.tenants[&key].in_flight;
        let share = u64::from(in_flight) * 1_000_000;
        key.is_some()
            && self.min <= in_flight
            && u64::from(self.share_ppm) * u64::from(self.in_flight) < share
    }

    /// The next message of a receive, and whether a noisy tenant was passed over for it. Fewer tenants are
    /// noisy than their share goes into the whole, so few are looked at.
    pub(super) fn next(&self) -> Option<(Slot, bool)> {
        let quiet = self.heads.iter().find(|(_, tenant)| !self.is_noisy(**tenant));
        let first = self.heads.first_key_value();
        let (order, tenant) = quiet.or(first)?;
        let passed_over = first.is_some_and(|(first, _)| first != order);
        Some((self.tenants[tenant].visible[order], passed_over))
    }

    /// Panics if the tenants contradict the messages.
    pub(super) fn check(&self, slab: &Slab) {
        let mut tenants: BTreeMap<Option<WordKey>, Tenant> = BTreeMap::new();
        for (slot, message) in slab.iter() {
            let tenant = tenants.entry(self.tenant_of[slot.0 as usize]).or_default();
            match message.held {
                Held::Visible => _ = tenant.visible.insert(message.order, slot),
                Held::InFlight => tenant.in_flight += 1,
                Held::Delayed => (),
            }
        }
        for (key, tenant) in &tenants {
            let Some(known) = self.tenants.get(key) else {
                assert!(tenant.visible.is_empty() && tenant.in_flight == 0, "a tenant is known");
                continue;
            };
            assert_eq!(known.visible, tenant.visible, "what a tenant has visible");
            assert_eq!(known.in_flight, tenant.in_flight, "what it has in flight");
        }
        let in_flight: u32 = tenants.values().map(|tenant| tenant.in_flight).sum();
        assert_eq!(self.in_flight, in_flight, "all that is in flight");
        let heads = self.tenants.iter().filter_map(|(key, tenant)| Some((tenant.head?, *key)));
        assert_eq!(self.heads, heads.collect(), "who has something visible");
    }
}
