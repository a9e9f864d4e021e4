//! A typed handle of an account: what the business itself may do.

use super::SiteHandle;
use crate::flows::operate::OperateError;
use crate::flows::provision::ProvisionError;
use crate::flows::rotate_key::RotateKeyError;
use crate::flows::{AccountActor, Engine, Unavailable};
use crate::tokens::Jwks;
use doorward_domain::account::customer::{Entitlement, Status};
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::{self, Customer, Settings};
use doorward_domain::email::EmailKey;
use doorward_domain::ids::{AccountId, CustomerId};
use doorward_domain::text::Name;
use std::sync::Arc;

/// An account.
#[derive(Clone, Debug)]
pub struct AccountHandle {
    engine: Arc<Engine>,
    actor: AccountActor,
    id: AccountId,
}

impl AccountHandle {
    /// `None` for an account that is not open.
    pub(super) fn new(engine: &Arc<Engine>, id: AccountId) -> Option<Self> {
        let actor = engine.directory.account(id).filter(|actor| actor.peek().state.is_open())?;
        Some(Self { engine: Arc::clone(engine), actor, id })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Its last durable value: everything may be read from it, nothing waits for it, and it never changes.
    #[must_use]
    pub fn view(&self) -> Arc<account::State> {
        self.actor.view()
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

    /// Makes another signing key and says by which id tokens name it. It signs at once; the older ones stay among the public keys, so that
    /// the tokens they signed go on being verified. An account can have 32 in all.
    ///
    /// # Errors
    /// [`RotateKeyError`].
    pub async fn rotate_signing_key(&self) -> Result<Name, RotateKeyError> {
        self.engine.rotate_signing_key(self.id).await
    }

    /// The public keys that verify its tokens, the one that signs first.
    ///
    /// # Errors
    /// [`Unavailable::Fault`] when its keys cannot be opened.
    pub fn jwks(&self) -> Result<Jwks, Unavailable> {
        self.engine.key_ring(&self.view()).map(|ring| ring.jwks().clone())
    }
}
