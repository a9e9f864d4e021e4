//! Which account has which handle, and the start and stop of all actors.

use super::actor::Host;
use super::handle::{Door, Handle};
use super::shell::{Hosted, View};
use super::supervisor::{Supervision, drain_all};
use crate::storage::Store;
use arc_swap::ArcSwap;
use doorward_domain::ids::{AccountId, SiteId};
use doorward_domain::{account, platform};
use ractor::{Actor, ActorCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

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
pub enum SpawnError {
    /// The runtime is shutting down.
    #[error("an actor could not be started")]
    Runtime(#[from] ractor::SpawnErr),
    /// The actors are being drained.
    #[error("an actor could not be started: all of them are being drained")]
    Draining,
}

/// The handles of the platform and of every account. Dropped without a drain, it stops all actors; what is in a mailbox is not decided.
pub struct Directory {
    platform: Handle<platform::State>,
    accounts: papaya::HashMap<AccountId, Handle<account::State>>,
    supervision: Supervision,
    /// One permit: accounts are hosted one at a time. Closed once they are drained.
    hosting: Semaphore,
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
        // From here on it ends all that was started, should the rest not start.
        let supervision = Supervision::start(store.clone()).await?;
        let doors = Arc::new(Semaphore::new(bounds.writes_max));
        let turns = Arc::default();
        let door = Door::new(&doors, bounds.account_writes_max, &turns);
        let platform = spawn(platform, door, &store, supervision.cell()).await?;
        let (accounts_by_id, hosting) = (papaya::HashMap::new(), Semaphore::new(1));
        let directory = Self { platform, accounts: accounts_by_id, supervision, hosting, doors, turns, bounds, store };
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

    /// Hosts an account that the platform has just registered. Those that race for one account get the same handle, of its only actor.
    ///
    /// # Errors
    /// [`SpawnError`] when the runtime is shutting down or the actors are being drained.
    pub async fn host(&self, view: View<account::State>) -> Result<Handle<account::State>, SpawnError> {
        let id = view.state.root().id;
        if let Some(known) = self.account(id) {
            return Ok(known);
        }
        let _turn = self.hosting.acquire().await.map_err(|_closed| SpawnError::Draining)?;
        if let Some(known) = self.account(id) {
            return Ok(known);
        }
        let door = Door::new(&self.doors, self.bounds.account_writes_max, &self.turns);
        let handle = spawn(view, door, &self.store, self.supervision.cell()).await?;
        self.accounts.pin().insert(id, handle.clone());
        Ok(handle)
    }

    /// Commands that were handed to an actor since the start.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Drains every actor: what is in a mailbox is decided, nothing more is taken. What is not decided `within` this time, which is
    /// one for all, is dropped undecided. The supervisor ends last.
    pub async fn drain(&self, within: Duration) {
        let deadline = Instant::now() + within;
        self.supervision.expect_ends();
        // Whoever is hosting an account is waited for, and nobody hosts one after that.
        let turn = timeout_at(deadline, self.hosting.acquire()).await;
        self.hosting.close();
        drop(turn);
        drain_all(&self.cells(), deadline).await;
        self.supervision.end(deadline).await;
    }

    fn cells(&self) -> Vec<ActorCell> {
        let accounts = self.accounts.pin();
        let accounts = accounts.values().map(|handle| handle.actor.get_cell());
        accounts.chain([self.platform.actor.get_cell()]).collect()
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

#[cfg(test)]
mod tests;
