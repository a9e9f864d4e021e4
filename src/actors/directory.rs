//! Which account has which handle, and the start and stop of all actors.

use super::actor::{Host, Supervisor, drain};
use super::handle::{Door, Handle};
use super::shell::{Hosted, View};
use crate::storage::Store;
use arc_swap::ArcSwap;
use doorward_domain::ids::{AccountId, SiteId};
use doorward_domain::{account, platform};
use ractor::{Actor, ActorCell, ActorRef};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How many writes may be under way.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// In all.
    pub writes_max: usize,
    /// Of one account.
    pub account_writes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { writes_max: 4_096, account_writes_max: 1_024 }
    }
}

/// An actor could not be started.
#[derive(Debug, thiserror::Error)]
#[error("an actor could not be started")]
pub struct SpawnError(#[from] ractor::SpawnErr);

/// The handles of the platform and of every account.
pub struct Directory {
    platform: Handle<platform::State>,
    accounts: papaya::HashMap<AccountId, Handle<account::State>>,
    supervisor: ActorRef<()>,
    doors: Arc<Semaphore>,
    turns: Arc<AtomicU64>,
    bounds: Bounds,
    store: Store,
}

impl Directory {
    /// Starts the supervisor, the platform's actor and one for each account.
    ///
    /// # Errors
    /// [`SpawnError`] when the runtime is shutting down.
    pub async fn start(
        platform: View<platform::State>,
        accounts: Vec<View<account::State>>,
        store: Store,
        bounds: Bounds,
    ) -> Result<Self, SpawnError> {
        let (supervisor, _) = Actor::spawn(None, Supervisor, store.clone()).await?;
        let doors = Arc::new(Semaphore::new(bounds.writes_max));
        let turns = Arc::default();
        let door = Door::new(&doors, bounds.account_writes_max, &turns);
        let platform = spawn(platform, door, &store, supervisor.get_cell()).await?;
        let directory = Self { platform, accounts: papaya::HashMap::new(), supervisor, doors, turns, bounds, store };
        for view in accounts {
            directory.host(view).await?;
        }
        Ok(directory)
    }

    /// The platform's handle.
    #[must_use]
    pub fn platform(&self) -> &Handle<platform::State> {
        &self.platform
    }

    /// The handle of an account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<Handle<account::State>> {
        self.accounts.pin().get(&id).cloned()
    }

    /// The handle of the account a site belongs to.
    #[must_use]
    pub fn account_of(&self, site: SiteId) -> Option<Handle<account::State>> {
        let account = self.platform.peek().state.account_of(site)?;
        self.account(account)
    }

    /// The ids of all hosted accounts, in no particular order.
    #[must_use]
    pub fn account_ids(&self) -> Vec<AccountId> {
        self.accounts.pin().keys().copied().collect()
    }

    /// Hosts an account that the platform has just registered. Two that race for one account get the same handle: the loser's actor
    /// has decided nothing yet and is drained.
    ///
    /// # Errors
    /// [`SpawnError`] when the runtime is shutting down.
    pub async fn host(&self, view: View<account::State>) -> Result<Handle<account::State>, SpawnError> {
        let id = view.state.root().id;
        if let Some(known) = self.account(id) {
            return Ok(known);
        }
        let door = Door::new(&self.doors, self.bounds.account_writes_max, &self.turns);
        let handle = spawn(view, door, &self.store, self.supervisor.get_cell()).await?;
        let kept = self.accounts.pin().get_or_insert(id, handle.clone()).clone();
        if kept.actor.get_id() != handle.actor.get_id() {
            handle.actor.stop(None);
        }
        Ok(kept)
    }

    /// Commands that were handed to an actor since the start.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Drains every actor: what is in a mailbox is decided, nothing more is taken.
    pub async fn drain(&self, within: Duration) {
        let cells: Vec<ActorCell> = self.accounts.pin().values().map(|handle| handle.actor.get_cell()).collect();
        for cell in cells.into_iter().chain([self.platform.actor.get_cell()]) {
            drain(&cell, within).await;
        }
        self.supervisor.stop(None);
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}

async fn spawn<A: Hosted>(
    view: View<A>,
    door: Door,
    store: &Store,
    supervisor: ActorCell,
) -> Result<Handle<A>, SpawnError> {
    let published = Arc::new(ArcSwap::from_pointee(view));
    let args = (Arc::clone(&published), store.clone());
    let (actor, _) = Actor::spawn_linked(None, Host::new(), args, supervisor).await?;
    Ok(Handle { actor, published, door, store: store.clone() })
}
