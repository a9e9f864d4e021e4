//! A site changes. Switching single-user authentication on acts at once, because every check asks it; the sessions it ends are then
//! ended in bounded batches.

use super::{Engine, Place, Unavailable, rejection, unexpected};
use doorward_domain::account::command::{Command, UpdateSite};
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::settings::SettingsError;
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::{Rejection, Settings};
use doorward_domain::ids::SiteId;

/// Why a site stays as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateSiteError {
    /// There is no such site.
    #[error("the site does not exist")]
    SiteNotFound,
    /// A named bound is reached.
    #[error("the limit of {0} is reached")]
    LimitReached(Limit),
    /// A setting is outside of its range.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// Changes a site's profile, its settings, or both.
    ///
    /// # Errors
    /// [`UpdateSiteError`].
    pub async fn update_site(
        &self,
        site: SiteId,
        profile: Option<SiteProfile>,
        settings: Option<Settings>,
    ) -> Result<(), UpdateSiteError> {
        let place = self.place(site).ok_or(UpdateSiteError::SiteNotFound)?;
        let rule = |settings: &Settings| settings.single_user_authentication.is_on();
        let turns_rule_on = settings.as_ref().is_some_and(rule) && !rule(&place.site.settings);
        let command = Command::UpdateSite(UpdateSite { id: site, profile, settings });
        match place.handle.call(command, self.own_ctx()?).await {
            Ok(_) => {
                if turns_rule_on {
                    self.end_superseded(&place).await;
                }
                Ok(())
            }
            Err(error) => Err(match rejection(error)? {
                Rejection::SiteNotFound | Rejection::AccountNotFound => UpdateSiteError::SiteNotFound,
                Rejection::LimitReached(limit) => UpdateSiteError::LimitReached(limit),
                Rejection::Settings(error) => error.into(),
                other => unexpected("update_site", &other).into(),
            }),
        }
    }

    /// What is not ended now is refused by every check all the same, and ended by the next pass of housekeeping.
    async fn end_superseded(&self, place: &Place) {
        if let Err(error) = self.sweep_account(&place.handle).await {
            tracing::warn!(site = %place.site.id, %error, "superseded sessions are left to housekeeping");
        }
    }
}
