//! A site of an account on disk, with its settings.

use super::super::Damage;
use super::value::{text, time};
use bincode::{Decode, Encode};
use doorward_domain::account::settings::{self, LockOut};
use doorward_domain::account::site::{self, Host, Origin, SiteProfile};
use doorward_domain::ids::SiteId;
use doorward_domain::password::{self, PasswordPolicy};

#[derive(Encode, Decode)]
pub(in super::super) struct Site {
    id: u32,
    name: String,
    host: String,
    origins: Vec<String>,
    settings: Settings,
    created_at: i64,
    updated_at: i64,
}

#[derive(Encode, Decode)]
struct Settings {
    single_user_authentication: Switch,
    auth_token_ttl_days: u16,
    idle_days: u16,
    auth_token_in_body: Switch,
    own_sessions_only: Switch,
    password_length_min: u16,
    password_score_min: u8,
    password_composition: Composition,
    lock_out_failures_max: u16,
    lock_out_window_secs: u32,
}

#[derive(Encode, Decode)]
enum Switch {
    On,
    Off,
}

#[derive(Encode, Decode)]
enum Composition {
    Free,
    Strong,
}

impl From<&site::Site> for Site {
    fn from(site: &site::Site) -> Self {
        let SiteProfile { name, host, origins } = &site.profile;
        Self {
            id: site.id.0,
            name: name.as_str().to_owned(),
            host: host.as_str().to_owned(),
            origins: origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
            settings: (&site.settings).into(),
            created_at: site.created_at.millis(),
            updated_at: site.updated_at.millis(),
        }
    }
}

impl TryFrom<Site> for site::Site {
    type Error = Damage;

    fn try_from(stored: Site) -> Result<Self, Damage> {
        let origins = stored.origins.iter().map(|origin| text("an origin", origin).map(Origin::restore));
        let profile = SiteProfile {
            name: text("the name of a site", &stored.name)?,
            host: Host::restore(text("the host of a site", &stored.host)?),
            origins: origins.collect::<Result<_, _>>()?,
        };
        Ok(Self {
            id: SiteId(stored.id),
            profile,
            settings: stored.settings.into(),
            created_at: time(stored.created_at),
            updated_at: time(stored.updated_at),
        })
    }
}

impl From<&settings::Settings> for Settings {
    fn from(settings: &settings::Settings) -> Self {
        Self {
            single_user_authentication: settings.single_user_authentication.into(),
            auth_token_ttl_days: settings.auth_token_ttl_days,
            idle_days: settings.idle_days,
            auth_token_in_body: settings.auth_token_in_body.into(),
            own_sessions_only: settings.own_sessions_only.into(),
            password_length_min: settings.password.length_min,
            password_score_min: settings.password.score_min,
            password_composition: settings.password.composition.into(),
            lock_out_failures_max: settings.lock_out.failures_max,
            lock_out_window_secs: settings.lock_out.window_secs,
        }
    }
}

/// Ranges are the business of `invariants::check`, which names the site.
impl From<Settings> for settings::Settings {
    fn from(stored: Settings) -> Self {
        Self {
            single_user_authentication: stored.single_user_authentication.into(),
            auth_token_ttl_days: stored.auth_token_ttl_days,
            idle_days: stored.idle_days,
            auth_token_in_body: stored.auth_token_in_body.into(),
            own_sessions_only: stored.own_sessions_only.into(),
            password: PasswordPolicy {
                length_min: stored.password_length_min,
                score_min: stored.password_score_min,
                composition: stored.password_composition.into(),
            },
            lock_out: LockOut { failures_max: stored.lock_out_failures_max, window_secs: stored.lock_out_window_secs },
        }
    }
}

impl From<settings::Switch> for Switch {
    fn from(switch: settings::Switch) -> Self {
        match switch {
            settings::Switch::On => Self::On,
            settings::Switch::Off => Self::Off,
        }
    }
}

impl From<Switch> for settings::Switch {
    fn from(stored: Switch) -> Self {
        match stored {
            Switch::On => Self::On,
            Switch::Off => Self::Off,
        }
    }
}

impl From<password::Composition> for Composition {
    fn from(composition: password::Composition) -> Self {
        match composition {
            password::Composition::Free => Self::Free,
            password::Composition::Strong => Self::Strong,
        }
    }
}

impl From<Composition> for password::Composition {
    fn from(stored: Composition) -> Self {
        match stored {
            Composition::Free => Self::Free,
            Composition::Strong => Self::Strong,
        }
    }
}
