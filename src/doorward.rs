//! The public face: [`Doorward`], its [`Builder`], and typed handles of accounts and sites.

mod account;
mod builder;
mod site;

pub use account::AccountHandle;
pub use builder::{Builder, OpenError};
pub use site::SiteHandle;

use crate::app::{App, StopError};
use crate::flows::Engine;
use crate::flows::provision::ProvisionError;
use crate::storage;
use doorward_domain::ids::{AccountId, SiteId};
use doorward_domain::text::Name;
use std::sync::Arc;

/// A running identity engine.
///
/// It owns a data directory (or memory alone), one actor for each account, and a pool of hashing threads. All of its methods may be
/// called from any number of tasks. Call [`Doorward::stop`] at the end: without it nothing that was acknowledged is lost, but the next
/// start replays the journal.
#[derive(Debug)]
pub struct Doorward {
    app: App,
}

impl Doorward {
    /// Begins to build an engine.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn from_app(app: App) -> Self {
        Self { app }
    }

    /// The journeys, for callers that need more than the typed handles.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        self.app.engine()
    }

    /// The way to the disk: its status and its counters.
    #[must_use]
    pub fn store(&self) -> &storage::Store {
        self.app.store()
    }

    /// Creates an account.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub async fn create_account(&self, name: Name) -> Result<AccountHandle, ProvisionError> {
        let id = self.engine().create_account(name).await?;
        self.account(id).ok_or(ProvisionError::AccountNotFound)
    }

    /// The accounts, ordered by id.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountHandle> {
        let platform = self.engine().directory.platform().view();
        platform.accounts().filter_map(|account| self.account(account.id)).collect()
    }

    /// An account by its id; `None` when there is none.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<AccountHandle> {
        AccountHandle::new(self.engine(), id)
    }

    /// A site by its id; `None` when there is none.
    #[must_use]
    pub fn site(&self, id: SiteId) -> Option<SiteHandle> {
        self.engine().place(id)?;
        Some(SiteHandle::new(Arc::clone(self.engine()), id))
    }

    /// Stops the engine: what is in the mailboxes is decided, the journal is flushed, and a last snapshot is written.
    ///
    /// # Errors
    /// [`StopError`] when the last snapshot could not be written; nothing that was acknowledged is lost.
    pub async fn stop(self) -> Result<(), StopError> {
        self.app.stop().await
    }
}
