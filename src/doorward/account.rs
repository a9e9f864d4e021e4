//! A typed handle of an account: what the business itself may do.

use super::SiteHandle;
use crate::flows::operate::OperateError;
use crate::flows::provision::ProvisionError;
use crate::flows::{Engine, Unavailable};
use crate::tokens::Jwks;
use doorward_domain::account::customer::{Entitlement, Status};
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::{self, Customer, Settings};
use doorward_domain::email::EmailKey;
use doorward_domain::ids::{AccountId, CustomerId};
use std::sync::Arc;

/// An account.
#[derive(Clone, Debug)]
pub struct AccountHandle {
    engine: Arc<Engine>,
    id: AccountId,
}

impl AccountHandle {
    pub(super) fn new(engine: Arc<Engine>, id: AccountId) -> Self {
        Self { engine, id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Its last durable value: everything may be read from it, nothing waits for it, and it never changes.
    #[must_use]
    pub fn view(&self) -> Arc<account::State> {
        let handle = self.engine.directory.account(self.id);
        handle.map_or_else(|| Arc::new(account::State::blank(self.id)), |handle| handle.view())
    }

    /// Its sites, ordered by id.
    #[must_use]
    pub fn sites(&self) -> Vec<SiteHandle> {
        self.view().sites().map(|site| SiteHandle::new(Arc::clone(&self.engine), site.id)).collect()
    }

    /// Creates a site.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub async fn create_site(&self, profile: SiteProfile, settings: Settings) -> Result<SiteHandle, ProvisionError> {
        let id = self.engine.create_site(self.id, profile, settings).await?;
        Ok(SiteHandle::new(Arc::clone(&self.engine), id))
    }

    /// The customer an e-mail names.
    #[must_use]
    pub fn find_customer(&self, email: &EmailKey) -> Option<Arc<Customer>> {
        self.engine.find_customer(self.id, email)
    }

    /// Locks a customer, which ends all sessions, or unlocks one.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn set_status(&self, customer: CustomerId, status: Status) -> Result<(), OperateError> {
        self.engine.set_status(self.id, customer, status).await
    }

    /// Sets all grants of a customer.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn set_entitlements(
        &self,
        customer: CustomerId,
        entitlements: Vec<Entitlement>,
    ) -> Result<(), OperateError> {
        self.engine.set_entitlements(self.id, customer, entitlements).await
    }

    /// Ends all sessions of a customer.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn revoke_all_sessions(&self, customer: CustomerId) -> Result<(), OperateError> {
        self.engine.revoke_all_sessions(self.id, customer).await
    }

    /// Deletes a customer and ends all sessions.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn delete_customer(&self, customer: CustomerId) -> Result<(), OperateError> {
        self.engine.delete_customer(self.id, customer).await
    }

    /// The public keys that verify its tokens.
    ///
    /// # Errors
    /// [`Unavailable::Fault`] when its keys cannot be opened.
    pub fn jwks(&self) -> Result<Jwks, Unavailable> {
        self.engine.key_ring(&self.view()).map(|ring| ring.jwks().clone())
    }
}
