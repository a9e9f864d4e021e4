//! Builds a site.

use super::{host, origin, text};
use crate::clock::START;
use doorward_domain::account::command::CreateSite;
use doorward_domain::account::settings::Switch;
use doorward_domain::account::site::{Origin, SiteProfile};
use doorward_domain::account::{Command, Settings, Site};
use doorward_domain::ids::SiteId;

/// A site to be.
#[derive(Clone, Debug)]
#[must_use]
pub struct SiteBuilder {
    site: Site,
}

impl SiteBuilder {
    pub(super) fn new() -> Self {
        let profile = SiteProfile { name: text("News"), host: host("news.example.org"), origins: Vec::new() };
        Self {
            site: Site { id: SiteId(1), profile, settings: Settings::default(), created_at: START, updated_at: START },
        }
    }

    /// Its number.
    pub fn id(self, id: u32) -> Self {
        self.with(|site| site.id = SiteId(id))
    }

    /// Its name.
    pub fn named(self, name: &str) -> Self {
        self.with(|site| site.profile.name = text(name))
    }

    /// With single-user authentication on.
    pub fn single_user(self) -> Self {
        self.settings(|settings| settings.single_user_authentication = Switch::On)
    }

    /// Accepting only the sessions that were opened on it.
    pub fn own_sessions_only(self) -> Self {
        self.settings(|settings| settings.own_sessions_only = Switch::On)
    }

    /// Days its sessions live.
    pub fn ttl_days(self, days: u16) -> Self {
        self.settings(|settings| settings.auth_token_ttl_days = days)
    }

    /// Days its sessions live without a refresh.
    pub fn idle_days(self, days: u16) -> Self {
        self.settings(|settings| settings.idle_days = days)
    }

    /// With so many origins.
    pub fn origins(self, count: usize) -> Self {
        let origins: Vec<Origin> = (0..count).map(|n| origin(&format!("https://o{n}.example.org"))).collect();
        self.with(|site| site.profile.origins = origins)
    }

    /// With any settings.
    pub fn settings(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.with(|site| change(&mut site.settings))
    }

    /// With anything.
    pub fn with(mut self, change: impl FnOnce(&mut Site)) -> Self {
        change(&mut self.site);
        self
    }

    /// The site.
    #[must_use]
    pub fn build(self) -> Site {
        self.site
    }

    /// The command that creates it.
    #[must_use]
    pub fn create(self) -> Command {
        let Site { id, profile, settings, .. } = self.site;
        Command::CreateSite(CreateSite { id, profile, settings })
    }
}
