//! A typed handle of a site: what its customers do.

use crate::flows::change_password::{ChangePassword, ChangePasswordError};
use crate::flows::login::{Login, LoginError};
use crate::flows::register::{Register, RegisterError};
use crate::flows::sessions::{MySessions, RevokeError};
use crate::flows::site::UpdateSiteError;
use crate::flows::update_customer::{CustomerPatch, UpdateError};
use crate::flows::{
    CheckError, Checked, Client, Engine, Identity, Issued, Presented, ProveError, SessionError, TokenPlace,
};
use crate::hashing::Password;
use crate::tokens::AuthToken;
use doorward_domain::account::customer::Profile;
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::{Customer, Refusal, Settings};
use doorward_domain::email::Email;
use doorward_domain::ids::{SessionId, SiteId};
use doorward_domain::metadata::MetadataPatch;
use std::sync::Arc;

/// A site.
#[derive(Clone, Debug)]
pub struct SiteHandle {
    engine: Arc<Engine>,
    id: SiteId,
}

impl SiteHandle {
    pub(super) fn new(engine: Arc<Engine>, id: SiteId) -> Self {
        Self { engine, id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> SiteId {
        self.id
    }

    /// Registers a customer by e-mail and password, and opens a session. [`SiteHandle::register_with`] takes everything else.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(&self, email: Email, password: Password, client: &Client) -> Result<Issued, RegisterError> {
        let request = Register {
            site: self.id,
            email,
            password: Some(password),
            username: None,
            profile: Profile::default(),
            metadata: MetadataPatch::default(),
        };
        self.engine.register(request, client).await
    }

    /// Registers a customer with everything that may be said of one. The site of the request is this one.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register_with(&self, request: Register, client: &Client) -> Result<Issued, RegisterError> {
        self.engine.register(Register { site: self.id, ..request }, client).await
    }

    /// Logs a customer in.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn login(&self, identity: Identity, password: Password, client: &Client) -> Result<Issued, LoginError> {
        self.engine.login(Login { site: self.id, identity, password }, client).await
    }

    /// Whether a token opens this site now. Synchronous; takes no lock, sends no message, verifies no signature.
    ///
    /// # Errors
    /// [`CheckError`] says why not.
    pub fn check(&self, token: &str) -> Result<Checked, CheckError> {
        self.engine.check(&self.presented(token)?)
    }

    /// Refreshes a session: the same token while it is younger than an hour, otherwise another one.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn refresh(&self, token: &str, client: &Client) -> Result<Issued, SessionError> {
        self.engine.refresh(self.presented(token)?, client).await
    }

    /// Ends the session of a token.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn logout(&self, token: &str, client: &Client) -> Result<Arc<Customer>, SessionError> {
        self.engine.logout(&self.presented(token)?, client).await
    }

    /// Changes the customer whose token it is.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn update_customer(
        &self,
        token: &str,
        patch: CustomerPatch,
        client: &Client,
    ) -> Result<Issued, UpdateError> {
        self.engine.update_customer(&self.presented(token)?, patch, client).await
    }

    /// Changes the password of the customer whose token it is; every other session ends.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        token: &str,
        request: ChangePassword,
        client: &Client,
    ) -> Result<Issued, ChangePasswordError> {
        self.engine.change_password(&self.presented(token).map_err(ProveError::from)?, request, client).await
    }

    /// Deletes the customer whose token it is.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn delete_own_customer(
        &self,
        token: &str,
        password: Option<Password>,
        client: &Client,
    ) -> Result<(), ProveError> {
        self.engine.delete_own_customer(&self.presented(token)?, password, client).await
    }

    /// Lists the sessions of the customer whose token it is.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn my_sessions(&self, token: &str) -> Result<MySessions, CheckError> {
        self.engine.my_sessions(&self.presented(token)?)
    }

    /// Ends one session of the customer whose token it is.
    ///
    /// # Errors
    /// [`RevokeError`].
    pub async fn revoke_session(&self, token: &str, session: SessionId, client: &Client) -> Result<(), RevokeError> {
        self.engine.revoke_session(&self.presented(token)?, session, client).await
    }

    /// Ends every session of the customer whose token it is, but the one that asks.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn revoke_other_sessions(&self, token: &str, client: &Client) -> Result<(), SessionError> {
        self.engine.revoke_other_sessions(&self.presented(token)?, client).await
    }

    /// Replaces the site's profile, its settings, or both. To change one setting, begin with the settings in [`AccountHandle::view`]; of
    /// two who do so at once, the later one wins.
    ///
    /// [`AccountHandle::view`]: crate::AccountHandle::view
    ///
    /// # Errors
    /// [`UpdateSiteError`].
    pub async fn update(
        &self,
        profile: Option<SiteProfile>,
        settings: Option<Settings>,
    ) -> Result<(), UpdateSiteError> {
        self.engine.update_site(self.id, profile, settings).await
    }

    /// What is no token was never issued.
    fn presented(&self, token: &str) -> Result<Presented, CheckError> {
        let token = AuthToken::parse(token).map_err(|_| Refusal::UnknownToken)?;
        Ok(Presented { token, from: TokenPlace::Header, site: Some(self.id) })
    }
}
