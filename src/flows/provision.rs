//! Accounts and sites come into being. Each spans two aggregates and has a fixed order: the platform registers, then the account opens or
//! creates. An account that was registered and not opened is opened at the next start; until then it is nowhere to be seen.

use super::{Engine, Unavailable, rejection, unexpected};
use crate::actors::{Effect, Handle, View};
use doorward_domain::account::command::{Command, CreateSite, OpenAccount};
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::settings::SettingsError;
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::{self, Rejection, Settings};
use doorward_domain::ids::{AccountId, SiteId};
use doorward_domain::limits::SITES_MAX;
use doorward_domain::platform;
use doorward_domain::text::Name;
use std::sync::Arc;

/// How often an id that somebody else was quicker to take is drawn again.
const RACES_MAX: usize = 1_000;

/// Why nothing was created.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvisionError {
    /// There is no such account.
    #[error("the account does not exist")]
    AccountNotFound,
    /// A named bound is reached.
    #[error("the limit of {0} is reached")]
    LimitReached(Limit),
    /// The platform has as many accounts or sites as it can have.
    #[error("the platform is full")]
    Full,
    /// A setting is outside of its range.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// Creates an account.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub async fn create_account(&self, name: Name) -> Result<AccountId, ProvisionError> {
        let id = self.register_account(&name).await?;
        self.open_account(id, name).await?;
        Ok(id)
    }

    async fn register_account(&self, name: &Name) -> Result<AccountId, ProvisionError> {
        let platform = self.directory.platform();
        for _ in 0..RACES_MAX {
            let id = platform.view().next_account_id();
            let command = platform::Command::RegisterAccount { id, name: name.clone() };
            match platform.call(command, self.own_ctx()?).await {
                // No event means that somebody else registered this id under the same name a moment ago.
                Ok(done) if done.effect == Effect::Unchanged => {}
                Ok(_) => return Ok(id),
                Err(error) => match rejection(error)? {
                    platform::Rejection::IdTaken => {}
                    platform::Rejection::LimitReached => return Err(ProvisionError::Full),
                    platform::Rejection::ClockBehind => return Err(Unavailable::ClockBehind.into()),
                    other @ platform::Rejection::AccountNotFound => {
                        return Err(unexpected("register_account", &other).into());
                    }
                },
            }
        }
        Err(Unavailable::Overloaded.into())
    }

    /// Opens an account that the platform knows. Asking again changes nothing.
    pub(crate) async fn open_account(&self, id: AccountId, name: Name) -> Result<(), ProvisionError> {
        let handle = self.host_account(id).await?;
        let signing_key = self.keys.generate(id, self.now(), &*self.entropy).map_err(|error| {
            tracing::error!(account = %id, %error, "a signing key cannot be made");
            Unavailable::Fault
        })?;
        let command = Command::OpenAccount(OpenAccount { name, signing_key });
        match handle.call(command, self.own_ctx()?).await {
            Ok(_) => Ok(()),
            Err(error) => Err(unexpected("open_account", &rejection(error)?).into()),
        }
    }

    async fn host_account(&self, id: AccountId) -> Result<Handle<account::State>, Unavailable> {
        let view = View { state: Arc::new(account::State::blank(id)), aggregate_seq: 0 };
        self.directory.host(view).await.map_err(|error| {
            tracing::error!(account = %id, %error, "the actor of an account cannot be started");
            Unavailable::Fault
        })
    }

    /// Creates a site of an account.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub async fn create_site(
        &self,
        account: AccountId,
        profile: SiteProfile,
        settings: Settings,
    ) -> Result<SiteId, ProvisionError> {
        let handle = self.directory.account(account).ok_or(ProvisionError::AccountNotFound)?;
        // A first look, so that a no costs no id of the platform. The actor decides again.
        settings.check()?;
        if handle.peek().state.sites().count() >= SITES_MAX {
            return Err(ProvisionError::LimitReached(Limit::Sites));
        }
        let id = self.register_site(account).await?;
        let command = Command::CreateSite(CreateSite { id, profile, settings });
        match handle.call(command, self.own_ctx()?).await {
            Ok(_) => Ok(id),
            Err(error) => Err(match rejection(error)? {
                Rejection::AccountNotFound => ProvisionError::AccountNotFound,
                Rejection::LimitReached(limit) => ProvisionError::LimitReached(limit),
                Rejection::Settings(error) => error.into(),
                Rejection::ClockBehind => Unavailable::ClockBehind.into(),
                other => unexpected("create_site", &other).into(),
            }),
        }
    }

    async fn register_site(&self, account: AccountId) -> Result<SiteId, ProvisionError> {
        let platform = self.directory.platform();
        for _ in 0..RACES_MAX {
            let id = platform.view().next_site_id();
            let command = platform::Command::RegisterSite { id, account };
            match platform.call(command, self.own_ctx()?).await {
                Ok(done) if done.effect == Effect::Unchanged => {}
                Ok(_) => return Ok(id),
                Err(error) => match rejection(error)? {
                    platform::Rejection::IdTaken => {}
                    platform::Rejection::AccountNotFound => return Err(ProvisionError::AccountNotFound),
                    platform::Rejection::ClockBehind => return Err(Unavailable::ClockBehind.into()),
                    platform::Rejection::LimitReached => return Err(ProvisionError::Full),
                },
            }
        }
        Err(Unavailable::Overloaded.into())
    }
}
