//! Where a request takes place: a site, its account, and the account's last durable value, loaded once.

use super::Engine;
use crate::actors::Handle;
use doorward_domain::account::{self, Site};
use doorward_domain::ids::{AccountId, SiteId};
use std::sync::Arc;

/// The way to an account's actor, for the typed handles.
pub(crate) type AccountActor = Handle<account::State>;

/// A site, its account's value as it was when the journey began, and the way to the account's actor.
#[derive(Clone, Debug)]
pub struct Place {
    /// The account's actor.
    pub(crate) handle: AccountActor,
    /// The account's value.
    pub view: Arc<account::State>,
    /// The site.
    pub site: Arc<Site>,
}

impl Place {
    /// The account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.view.root().id
    }
}

impl Engine {
    /// The place of a site; `None` when there is no such site, or when its account or the site itself was never finished.
    #[must_use]
    pub fn place(&self, site: SiteId) -> Option<Place> {
        let handle = self.directory.account_of(site)?;
        let view = handle.view();
        let site = Arc::clone(view.site(site)?);
        Some(Place { handle, view, site })
    }
}
