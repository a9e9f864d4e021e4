//! The settings of a site. Every one of them changes what the engine does.

use crate::limits::{LOCK_OUT_FAILURES_RANGE, LOCK_OUT_WINDOW_SECS_RANGE, PASSWORD_MIN_RANGE, TTL_DAYS_RANGE};
use crate::password::PasswordPolicy;

/// The settings of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether a new login ends the customer's other sessions.
    pub single_user_authentication: Switch,
    /// Days a session and its auth_tokens live, counted from the login; 1 to 365.
    pub auth_token_ttl_days: u16,
    /// Days without a refresh after which a session is over; 1 to 365.
    pub idle_days: u16,
    /// Whether an auth_token is taken from a request's body on the published routes that name it.
    pub auth_token_in_body: Switch,
    /// Whether this site accepts only the sessions that were opened on it.
    pub own_sessions_only: Switch,
    /// What is asked of a new password.
    pub password: PasswordPolicy,
    /// When logins are slowed down.
    pub lock_out: LockOut,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// After how many failed logins the next ones must wait, per account, e-mail and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOut {
    /// Failures that are free; 1 to 100.
    pub failures_max: u16,
    /// The window they are counted in, in seconds; 10 to 86,400.
    pub window_secs: u32,
}

/// A setting outside of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `auth_token_ttl_days` must be 1 to 365.
    #[error("auth_token_ttl_days must be 1 to 365")]
    AuthTokenTtlDays,
    /// `idle_days` must be 1 to 365.
    #[error("idle_days must be 1 to 365")]
    IdleDays,
    /// The password length must be 6 to 64.
    #[error("password.length_min must be 6 to 64")]
    PasswordLengthMin,
    /// The password score must be 0 to 4.
    #[error("password.score_min must be 0 to 4")]
    PasswordScoreMin,
    /// The lock-out failures must be 1 to 100.
    #[error("lock_out.failures_max must be 1 to 100")]
    LockOutFailures,
    /// The lock-out window must be 10 to 86,400 seconds.
    #[error("lock_out.window_secs must be 10 to 86400")]
    LockOutWindow,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            single_user_authentication: Switch::Off,
            auth_token_ttl_days: 30,
            idle_days: 14,
            auth_token_in_body: Switch::On,
            own_sessions_only: Switch::Off,
            password: PasswordPolicy::default(),
            lock_out: LockOut { failures_max: 10, window_secs: 300 },
        }
    }
}

impl Settings {
    /// Checks every range.
    ///
    /// # Errors
    /// The first setting that is outside of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let ranges = [
            (TTL_DAYS_RANGE.contains(&self.auth_token_ttl_days), SettingsError::AuthTokenTtlDays),
            (TTL_DAYS_RANGE.contains(&self.idle_days), SettingsError::IdleDays),
            (PASSWORD_MIN_RANGE.contains(&self.password.length_min), SettingsError::PasswordLengthMin),
            (self.password.score_min <= 4, SettingsError::PasswordScoreMin),
            (LOCK_OUT_FAILURES_RANGE.contains(&self.lock_out.failures_max), SettingsError::LockOutFailures),
            (LOCK_OUT_WINDOW_SECS_RANGE.contains(&self.lock_out.window_secs), SettingsError::LockOutWindow),
        ];
        ranges.into_iter().find(|(ok, _)| !ok).map_or(Ok(()), |(_, error)| Err(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Settings)) -> Result<(), SettingsError> {
        let mut settings = Settings::default();
        change(&mut settings);
        settings.check()
    }

    #[test]
    fn the_defaults_are_in_range() {
        assert_eq!(check(|_| ()), Ok(()));
    }

    #[test]
    fn each_setting_is_checked_at_both_ends() {
        for good in [1, 365] {
            assert_eq!(check(|s| s.auth_token_ttl_days = good), Ok(()));
            assert_eq!(check(|s| s.idle_days = good), Ok(()));
        }
        for bad in [0, 366] {
            assert_eq!(check(|s| s.auth_token_ttl_days = bad), Err(SettingsError::AuthTokenTtlDays));
            assert_eq!(check(|s| s.idle_days = bad), Err(SettingsError::IdleDays));
        }
        for bad in [5, 65] {
            assert_eq!(check(|s| s.password.length_min = bad), Err(SettingsError::PasswordLengthMin));
        }
        for good in [6, 64] {
            assert_eq!(check(|s| s.password.length_min = good), Ok(()));
        }
        assert_eq!(check(|s| s.password.score_min = 4), Ok(()));
        assert_eq!(check(|s| s.password.score_min = 5), Err(SettingsError::PasswordScoreMin));
        for good in [1, 100] {
            assert_eq!(check(|s| s.lock_out.failures_max = good), Ok(()));
        }
        for good in [10, 86_400] {
            assert_eq!(check(|s| s.lock_out.window_secs = good), Ok(()));
        }
        for bad in [0, 101] {
            assert_eq!(check(|s| s.lock_out.failures_max = bad), Err(SettingsError::LockOutFailures));
        }
        for bad in [9, 86_401] {
            assert_eq!(check(|s| s.lock_out.window_secs = bad), Err(SettingsError::LockOutWindow));
        }
    }
}
