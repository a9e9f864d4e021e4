//! Creates a site under an id that the platform has given to this account.

use super::{Changes, guards};
use crate::account::event::Change;
use crate::account::rejection::Limit;
use crate::account::site::SiteProfile;
use crate::account::{Rejection, Settings, Site, State};
use crate::ctx::Ctx;
use crate::ids::SiteId;
use crate::limits::{ORIGINS_MAX, SITES_MAX};

/// Create a site. Asking again for the same one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSite {
    /// The id the platform gave.
    pub id: SiteId,
    /// What it is called and where it lives.
    pub profile: SiteProfile,
    /// How it behaves.
    pub settings: Settings,
}

impl CreateSite {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        guards::account_is_open(state)?;
        profile_is_bounded(&self.profile)?;
        if let Some(known) = state.site(self.id) {
            let same = known.profile == self.profile && known.settings == self.settings;
            return if same { Ok(Vec::new()) } else { Err(Rejection::SiteExists) };
        }
        if state.sites().count() >= SITES_MAX {
            return Err(Rejection::LimitReached(Limit::Sites));
        }
        guards::clock_is_sane(state, ctx)?;
        self.settings.check()?;
        let at = guards::stamp(state, ctx);
        let site = Site {
            id: self.id,
            profile: self.profile.clone(),
            settings: self.settings.clone(),
            created_at: at,
            updated_at: at,
        };
        Ok(vec![Change::SiteSaved { site: Box::new(site) }])
    }
}

/// Limits: the origins of a site.
pub(super) fn profile_is_bounded(profile: &SiteProfile) -> Result<(), Rejection> {
    if profile.origins.len() > ORIGINS_MAX {
        return Err(Rejection::LimitReached(Limit::Origins));
    }
    Ok(())
}
