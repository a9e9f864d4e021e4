//! A site: one of the places where an account's customers log in.

use crate::account::settings::Settings;
use crate::ids::SiteId;
use crate::text::{Name, Text};
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

/// The host name of a site or of an origin of it, in its ASCII form, lower case.
pub type Host = Text<253>;
/// The scheme, host and port of a page, as a browser writes it in `Origin`: `https://news.example.org`.
pub type Origin = Text<300>;

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
