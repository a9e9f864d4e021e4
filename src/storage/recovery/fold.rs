//! Entities as they come from snapshots and records, without indexes, until all are there.

use super::super::journal::{Record, Seq};
use super::super::record::{Item, Stored};
use super::super::snapshot::{Damage, Sink};
use super::super::value::{Keys, Touched, Value, aggregate_of, touch};
use super::{Recovered, Refusal};
use doorward_domain::aggregate::Aggregate;
use doorward_domain::ids::{AccountId, AggregateRef};
use doorward_domain::{account, platform};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The entities of the platform and of every account.
pub(in super::super) struct Fold {
    platform: Part<platform::State>,
    accounts: BTreeMap<AccountId, Part<account::State>>,
    /// The aggregate whose items are being read.
    at: Option<AggregateRef>,
    /// What the records touched.
    pub(in super::super) touched: Touched,
    /// The last record that is in it.
    pub(in super::super) seq: Seq,
}

struct Part<A: Aggregate> {
    entities: A::Entities,
    aggregate_seq: u64,
}

impl<A: Stored> Part<A> {
    fn blank(id: AggregateRef) -> Self {
        Self { entities: A::blank(id), aggregate_seq: 0 }
    }

    /// Applies the events of a record.
    fn record(&mut self, aggregate: AggregateRef, record: &Record) -> Result<Vec<A::Key>, Refusal> {
        let (seq, expected) = (record.seq, self.aggregate_seq.saturating_add(1));
        if record.header.aggregate_seq != expected {
            let found = record.header.aggregate_seq;
            return Err(Refusal::AggregateGap { seq, aggregate, expected, found });
        }
        let payload = |reason| Refusal::Payload { seq, reason };
        let events = A::decode_events(&record.payload).map_err(payload)?;
        let mut touched = Vec::new();
        for event in &events {
            A::apply(&mut self.entities, event);
            touched.extend(A::touches(event));
        }
        self.aggregate_seq = expected;
        Ok(touched)
    }

    fn finish(self) -> Recovered<A> {
        Recovered { state: A::assemble(self.entities), aggregate_seq: self.aggregate_seq }
    }
}

/// Everything, with indexes, every rule checked.
pub(in super::super) struct Assembled {
    pub(in super::super) platform: Recovered<platform::State>,
    pub(in super::super) accounts: Vec<Recovered<account::State>>,
}

impl Fold {
    pub(in super::super) fn new() -> Self {
        let platform = Part::blank(AggregateRef::Platform);
        Self { platform, accounts: BTreeMap::new(), at: None, touched: Touched::new(), seq: Seq(0) }
    }

    /// Where the items of a snapshot go.
    pub(in super::super) fn sink(&mut self) -> Box<Sink<'_>> {
        self.at = None;
        Box::new(|item| self.item(item))
    }

    fn item(&mut self, item: Item) -> Result<(), Damage> {
        match item {
            Item::Begin { aggregate, aggregate_seq } => {
                self.at = Some(aggregate);
                match aggregate {
                    AggregateRef::Platform => self.platform.aggregate_seq = aggregate_seq,
                    AggregateRef::Account(id) => self.account(id).aggregate_seq = aggregate_seq,
                }
            }
            Item::PlatformPut(entity) => {
                self.at_platform()?;
                platform::State::put(&mut self.platform.entities, entity);
            }
            Item::PlatformRemoved(key) => {
                self.at_platform()?;
                platform::State::remove(&mut self.platform.entities, key);
            }
            Item::AccountPut(entity) => {
                let id = self.at_account()?;
                if matches!(&entity, account::Entity::Root(root) if root.id != id) {
                    return Err(Damage::Misplaced);
                }
                self.account(id).entities.put(entity);
            }
            Item::AccountRemoved(key) => {
                let id = self.at_account()?;
                self.account(id).entities.remove(key);
            }
        }
        Ok(())
    }

    /// Applies a record.
    ///
    /// # Errors
    /// When it is not the next of its aggregate, or cannot be read.
    pub(in super::super) fn record(&mut self, record: &Record) -> Result<(), Refusal> {
        let unknown = Refusal::Kind { seq: record.seq, kind: record.header.kind };
        let aggregate = aggregate_of(&record.header).ok_or(unknown)?;
        let keys = match aggregate {
            AggregateRef::Platform => Keys::Platform(self.platform.record(aggregate, record)?.into_iter().collect()),
            AggregateRef::Account(id) => {
                Keys::Account(self.account(id).record(aggregate, record)?.into_iter().collect())
            }
        };
        touch(&mut self.touched, aggregate, keys);
        self.seq = record.seq;
        Ok(())
    }

    /// Builds the indexes, once, in parallel.
    pub(in super::super) fn assemble(self) -> Assembled {
        let accounts: Vec<_> = self.accounts.into_values().collect();
        Assembled { platform: self.platform.finish(), accounts: accounts.into_par_iter().map(Part::finish).collect() }
    }

    fn account(&mut self, id: AccountId) -> &mut Part<account::State> {
        self.accounts.entry(id).or_insert_with(|| Part::blank(AggregateRef::Account(id)))
    }

    fn at_platform(&self) -> Result<(), Damage> {
        if self.at == Some(AggregateRef::Platform) { Ok(()) } else { Err(Damage::Misplaced) }
    }

    fn at_account(&self) -> Result<AccountId, Damage> {
        match self.at {
            Some(AggregateRef::Account(id)) => Ok(id),
            Some(AggregateRef::Platform) | None => Err(Damage::Misplaced),
        }
    }
}

impl Assembled {
    /// Every aggregate, frozen, with the number of its last record.
    pub(in super::super) fn values(&self) -> BTreeMap<AggregateRef, (Value, u64)> {
        let platform = Value::Platform(Arc::new(self.platform.state.clone()));
        let platform = (AggregateRef::Platform, (platform, self.platform.aggregate_seq));
        let accounts = self.accounts.iter().map(|account| {
            let value = Value::Account(Arc::new(account.state.clone()));
            (value.reference(), (value, account.aggregate_seq))
        });
        std::iter::once(platform).chain(accounts).collect()
    }

    /// Whether both are the same, bit for bit.
    pub(in super::super) fn is_same(&self, other: &Self) -> bool {
        self.platform == other.platform && self.accounts == other.accounts
    }

    /// Checks every rule of every aggregate, in parallel.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub(in super::super) fn check(&self) -> Result<(), Refusal> {
        self.platform.state.check_invariants().map_err(Refusal::Invariant)?;
        let accounts = (&self.accounts).into_par_iter();
        accounts.try_for_each(|account| account.state.check_invariants()).map_err(Refusal::Invariant)
    }
}
