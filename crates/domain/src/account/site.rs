//! A site: one of the places where an account's customers log in.

pub use crate::origin::{Host, Origin};

use crate::account::settings::Settings;
use crate::ids::SiteId;
use crate::text::Name;
use crate::time::Timestamp;

/// A site of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id, unique on the platform.
    pub id: SiteId,
    /// What it is called and where it lives.
    pub profile: SiteProfile,
    /// How it behaves.
    pub settings: Settings,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a site is called and where it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteProfile {
    /// What people call it.
    pub name: Name,
    /// Its host name.
    pub host: Host,
    /// The origins whose pages may call the API for this site; empty means any, which is the published behaviour.
    pub origins: Vec<Origin>,
}

impl Site {
    /// Whether a page of this origin may read answers for the site.
    #[must_use]
    pub fn lets_read(&self, origin: &Origin) -> bool {
        let registered = &self.profile.origins;
        registered.is_empty() || registered.contains(origin)
    }
}
