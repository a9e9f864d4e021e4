//! The platform: which accounts exist, and which account each site belongs to. What spans both is a saga with a fixed order: the platform
//! registers first, then the account opens or creates. A half-finished one looks like nothing (404), and asking again finishes it.

use crate::aggregate::{Aggregate, Violation};
use crate::ctx::{ClockTrust, Ctx};
use crate::ids::{AccountId, AggregateRef, SiteId};
use crate::limits::{ACCOUNTS_MAX, CLOCK_BEHIND_MAX_MS, PLATFORM_SITES_MAX};
use crate::text::Name;
use crate::time::Timestamp;
use imbl::OrdMap;

/// The platform at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    entities: Entities,
}

/// Everything of the platform that is kept on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entities {
    /// The latest time any event was stamped with.
    pub last_stamp: Timestamp,
    /// The accounts.
    pub accounts: OrdMap<AccountId, Account>,
    /// The sites.
    pub sites: OrdMap<SiteId, Site>,
}

/// An account, as the platform knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// What it is called.
    pub name: Name,
    /// When it was registered.
    pub registered_at: Timestamp,
}

/// A site, as the platform knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The id.
    pub id: SiteId,
    /// Whose it is.
    pub account: AccountId,
    /// When it was registered.
    pub registered_at: Timestamp,
}

/// Something that is asked of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Register an account. Asking again under the same name changes nothing.
    RegisterAccount {
        /// The id that was drawn.
        id: AccountId,
        /// What it is called.
        name: Name,
    },
    /// Register a site. Asking again for the same account changes nothing.
    RegisterSite {
        /// The id that was drawn.
        id: SiteId,
        /// Whose it is.
        account: AccountId,
    },
}

/// Something that happened to the platform, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When; never before the platform's last stamp.
    pub at: Timestamp,
    /// What.
    pub change: Change,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An account is known from now on.
    AccountRegistered {
        /// The id.
        id: AccountId,
        /// What it is called.
        name: Name,
    },
    /// A site is known from now on.
    SiteRegistered {
        /// The id.
        id: SiteId,
        /// Whose it is.
        account: AccountId,
    },
}

/// An expected no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Existence: no such account.
    #[error("the account does not exist")]
    AccountNotFound,
    /// Limits: [`ACCOUNTS_MAX`] or [`PLATFORM_SITES_MAX`] is reached.
    #[error("the limit of accounts or sites is reached")]
    LimitReached,
    /// State: the clock is too far behind the platform's last stamp.
    #[error("the clock is more than five minutes behind the last change of the platform")]
    ClockBehind,
    /// State: the id is another's; draw again.
    #[error("a drawn id is taken")]
    IdTaken,
}

/// One entity of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    /// The platform itself.
    Root(Timestamp),
    /// An account.
    Account(Account),
    /// A site.
    Site(Site),
}

/// The name of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The platform itself.
    Root,
    /// An account.
    Account(AccountId),
    /// A site.
    Site(SiteId),
}

impl State {
    /// An account by its id.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.entities.accounts.get(&id)
    }

    /// The accounts, ordered by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.entities.accounts.values()
    }

    /// The account a site belongs to.
    #[must_use]
    pub fn account_of(&self, site: SiteId) -> Option<AccountId> {
        self.entities.sites.get(&site).map(|site| site.account)
    }

    /// The smallest site id that was never given out. Positive, and at most 2^31 - 1 as published clients know it.
    #[must_use]
    pub fn next_site_id(&self) -> SiteId {
        let last = self.entities.sites.get_max().map_or(0, |(id, _)| id.0);
        SiteId(last.saturating_add(1).min(SITE_ID_MAX))
    }

    /// The smallest account id that was never given out.
    #[must_use]
    pub fn next_account_id(&self) -> AccountId {
        AccountId(self.entities.accounts.get_max().map_or(0, |(id, _)| id.0).saturating_add(1))
    }
}

/// The largest site id: published clients take it for a signed integer of 32 bits.
pub const SITE_ID_MAX: u32 = i32::MAX.unsigned_abs();

fn decide(state: &State, command: &Command) -> Result<Option<Change>, Rejection> {
    match command {
        Command::RegisterAccount { id, name } => {
            if let Some(known) = state.account(*id) {
                return if known.name == *name { Ok(None) } else { Err(Rejection::IdTaken) };
            }
            if state.entities.accounts.len() >= ACCOUNTS_MAX {
                return Err(Rejection::LimitReached);
            }
            Ok(Some(Change::AccountRegistered { id: *id, name: name.clone() }))
        }
        Command::RegisterSite { id, account } => {
            state.account(*account).ok_or(Rejection::AccountNotFound)?;
            match state.account_of(*id) {
                Some(owner) if owner == *account => Ok(None),
                Some(_) => Err(Rejection::IdTaken),
                None if state.entities.sites.len() >= PLATFORM_SITES_MAX => Err(Rejection::LimitReached),
                None if id.0 == 0 || id.0 > SITE_ID_MAX => Err(Rejection::IdTaken),
                None => Ok(Some(Change::SiteRegistered { id: *id, account: *account })),
            }
        }
    }
}

impl Aggregate for State {
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Entity = Entity;
    type Key = Key;
    type Entities = Entities;

    fn blank(_: AggregateRef) -> Entities {
        Entities { last_stamp: Timestamp::EPOCH, accounts: OrdMap::new(), sites: OrdMap::new() }
    }

    fn assemble(entities: Entities) -> Self {
        Self { entities }
    }

    fn entities(&self) -> &Entities {
        &self.entities
    }

    fn apply(entities: &mut Entities, event: &Event) {
        entities.last_stamp = entities.last_stamp.max(event.at);
        match &event.change {
            Change::AccountRegistered { id, name } => {
                let account = Account { id: *id, name: name.clone(), registered_at: event.at };
                entities.accounts.insert(*id, account);
            }
            Change::SiteRegistered { id, account } => {
                entities.sites.insert(*id, Site { id: *id, account: *account, registered_at: event.at });
            }
        }
    }

    fn put(entities: &mut Entities, entity: Entity) {
        match entity {
            Entity::Root(last_stamp) => entities.last_stamp = last_stamp,
            Entity::Account(account) => {
                entities.accounts.insert(account.id, account);
            }
            Entity::Site(site) => {
                entities.sites.insert(site.id, site);
            }
        }
    }

    fn remove(entities: &mut Entities, key: Key) {
        match key {
            Key::Root => {}
            Key::Account(id) => {
                entities.accounts.remove(&id);
            }
            Key::Site(id) => {
                entities.sites.remove(&id);
            }
        }
    }

    fn each(entities: &Entities) -> Box<dyn Iterator<Item = (Key, Entity)> + '_> {
        let root = std::iter::once((Key::Root, Entity::Root(entities.last_stamp)));
        let accounts =
            entities.accounts.iter().map(|(id, account)| (Key::Account(*id), Entity::Account(account.clone())));
        let sites = entities.sites.iter().map(|(id, site)| (Key::Site(*id), Entity::Site(*site)));
        Box::new(root.chain(accounts).chain(sites))
    }

    fn get(entities: &Entities, key: Key) -> Option<Entity> {
        match key {
            Key::Root => Some(Entity::Root(entities.last_stamp)),
            Key::Account(id) => entities.accounts.get(&id).cloned().map(Entity::Account),
            Key::Site(id) => entities.sites.get(&id).copied().map(Entity::Site),
        }
    }

    fn id(&self) -> AggregateRef {
        AggregateRef::Platform
    }

    fn decide(&self, command: &Command, ctx: &Ctx) -> Result<Vec<Event>, Rejection> {
        let Some(change) = decide(self, command)? else { return Ok(Vec::new()) };
        let behind = self.entities.last_stamp.since(ctx.now);
        if ctx.clock == ClockTrust::Unconfirmed && behind > CLOCK_BEHIND_MAX_MS {
            return Err(Rejection::ClockBehind);
        }
        let at = ctx.now.max(self.entities.last_stamp);
        Ok(vec![Event { at, change }])
    }

    fn evolve(mut self, event: &Event) -> Self {
        Self::apply(&mut self.entities, event);
        self
    }

    fn touches(event: &Event) -> Vec<Key> {
        match &event.change {
            Change::AccountRegistered { id, .. } => vec![Key::Root, Key::Account(*id)],
            Change::SiteRegistered { id, .. } => vec![Key::Root, Key::Site(*id)],
        }
    }

    fn check_invariants(&self) -> Result<(), Violation> {
        let orphan = self.entities.sites.values().find(|site| self.account(site.account).is_none());
        orphan.map_or(Ok(()), |site| {
            let rule = "a site belongs to a known account";
            Err(Violation { aggregate: AggregateRef::Platform, rule, subject: site.id.to_string() })
        })
    }
}
