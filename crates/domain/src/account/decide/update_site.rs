//! Changes a site's profile or settings. A stricter setting acts at once: every check asks the settings as they are.

use super::create_site::profile_is_bounded;
use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::site::SiteProfile;
use crate::account::{Rejection, Settings, Site, State};
use crate::ctx::Ctx;
use crate::ids::SiteId;

/// Change a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateSite {
    /// Which.
    pub id: SiteId,
    /// Its new profile, if that changes.
    pub profile: Option<SiteProfile>,
    /// Its new settings, if they change.
    pub settings: Option<Settings>,
}

impl UpdateSite {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let known = guards::site(state, self.id)?;
        let profile = self.profile.as_ref().unwrap_or(&known.profile);
        let settings = self.settings.as_ref().unwrap_or(&known.settings);
        profile_is_bounded(profile)?;
        settings.check()?;
        if *profile == known.profile && *settings == known.settings {
            return Ok(Vec::new());
        }
        let site = Site {
            profile: profile.clone(),
            settings: settings.clone(),
            updated_at: guards::stamp(state, ctx),
            ..(**known).clone()
        };
        Ok(vec![Change::SiteSaved { site: Box::new(site) }])
    }
}
