//! The settings of a site, as arguments and as output. Ranges are the domain's: it refuses what is outside.

use clap::ValueEnum;
use serde::Serialize;

use doorward_domain::account::Settings;
use doorward_domain::account::settings::Switch;
use doorward_domain::password::Composition;

/// On or off, as people write it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnOff {
    On,
    Off,
}

impl From<OnOff> for Switch {
    fn from(value: OnOff) -> Self {
        match value {
            OnOff::On => Self::On,
            OnOff::Off => Self::Off,
        }
    }
}

/// What a site asks of a password's letters.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CompositionRule {
    Free,
    Strong,
}

impl From<CompositionRule> for Composition {
    fn from(value: CompositionRule) -> Self {
        match value {
            CompositionRule::Free => Self::Free,
            CompositionRule::Strong => Self::Strong,
        }
    }
}

/// Settings that are named; the others stay.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArgs {
    /// A login ends the customer's other sessions (off at first; `on` if no value is given).
    #[arg(long, value_name = "ON|OFF", num_args = 0..=1, default_missing_value = "on", hide_possible_values = true)]
    single_user_authentication: Option<OnOff>,
    /// Days a session and its tokens live, from 1 to 365 (30 at first).
    #[arg(long, value_name = "DAYS")]
    auth_token_ttl_days: Option<u16>,
    /// Days without a refresh after which a session is over, from 1 to 365 (14 at first).
    #[arg(long, value_name = "DAYS")]
    idle_days: Option<u16>,
    /// Take an auth_token from a request's body too, as published clients send it (on at first).
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    auth_token_in_body: Option<OnOff>,
    /// Accept only sessions that were opened at this site (off at first).
    #[arg(long, value_name = "ON|OFF", hide_possible_values = true)]
    own_sessions_only: Option<OnOff>,
    /// The shortest password, from 6 to 64 characters (8 at first).
    #[arg(long, value_name = "CHARACTERS")]
    password_length_min: Option<u16>,
    /// The least strength of a password, zxcvbn's score from 0 to 4 (2 at first).
    #[arg(long, value_name = "SCORE")]
    password_score_min: Option<u8>,
    /// Which characters a password must have: `free`, or `strong` for the published rule (free at first).
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    password_composition: Option<CompositionRule>,
    /// Failed logins that are free before the next ones must wait, from 1 to 100 (10 at first).
    #[arg(long, value_name = "COUNT")]
    lock_out_failures_max: Option<u16>,
    /// The seconds they are counted in, from 10 to 86400 (300 at first).
    #[arg(long, value_name = "SECONDS")]
    lock_out_window_secs: Option<u32>,
}

impl SettingsArgs {
    /// Whether none is named.
    pub(super) fn is_empty(&self) -> bool {
        self.single_user_authentication.is_none()
            && self.auth_token_ttl_days.is_none()
            && self.idle_days.is_none()
            && self.auth_token_in_body.is_none()
            && self.own_sessions_only.is_none()
            && self.password_length_min.is_none()
            && self.password_score_min.is_none()
            && self.password_composition.is_none()
            && self.lock_out_failures_max.is_none()
            && self.lock_out_window_secs.is_none()
    }

    /// The named ones over `old`.
    pub(super) fn over(&self, old: Settings) -> Settings {
        let mut new = old;
        set(&mut new.single_user_authentication, self.single_user_authentication);
        set(&mut new.auth_token_ttl_days, self.auth_token_ttl_days);
        set(&mut new.idle_days, self.idle_days);
        set(&mut new.auth_token_in_body, self.auth_token_in_body);
        set(&mut new.own_sessions_only, self.own_sessions_only);
        set(&mut new.password.length_min, self.password_length_min);
        set(&mut new.password.score_min, self.password_score_min);
        set(&mut new.password.composition, self.password_composition);
        set(&mut new.lock_out.failures_max, self.lock_out_failures_max);
        set(&mut new.lock_out.window_secs, self.lock_out_window_secs);
        new
    }
}

fn set<T, N: Into<T>>(setting: &mut T, named: Option<N>) {
    if let Some(named) = named {
        *setting = named.into();
    }
}

/// The settings, as they are printed.
#[derive(Serialize)]
pub(super) struct Shown {
    single_user_authentication: bool,
    auth_token_ttl_days: u16,
    idle_days: u16,
    auth_token_in_body: bool,
    own_sessions_only: bool,
    password_length_min: u16,
    password_score_min: u8,
    password_composition: &'static str,
    lock_out_failures_max: u16,
    lock_out_window_secs: u32,
}

impl Shown {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            single_user_authentication: settings.single_user_authentication.is_on(),
            auth_token_ttl_days: settings.auth_token_ttl_days,
            idle_days: settings.idle_days,
            auth_token_in_body: settings.auth_token_in_body.is_on(),
            own_sessions_only: settings.own_sessions_only.is_on(),
            password_length_min: settings.password.length_min,
            password_score_min: settings.password.score_min,
            password_composition: match settings.password.composition {
                Composition::Free => "free",
                Composition::Strong => "strong",
            },
            lock_out_failures_max: settings.lock_out.failures_max,
            lock_out_window_secs: settings.lock_out.window_secs,
        }
    }
}
