//! Every expected no of an account. The order in which guards are asked is fixed: existence, authority, limits, state, content.

use super::check::Refusal;
use super::settings::SettingsError;
use crate::metadata::MetadataError;

/// An expected no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Existence: the account was not opened.
    #[error("the account does not exist")]
    AccountNotFound,
    /// Existence: no such site.
    #[error("the site does not exist")]
    SiteNotFound,
    /// Existence: no such customer.
    #[error("the customer does not exist")]
    CustomerNotFound,
    /// Existence: no such session, or one that is none of the asker's business.
    #[error("the session does not exist")]
    SessionNotFound,
    /// Authority: the token that asks does not open the site any more.
    #[error("the session that asks is refused: {0}")]
    Refused(#[from] Refusal),
    /// Authority: the password was changed since it was verified.
    #[error("the password was changed since it was verified")]
    CredentialChanged,
    /// Authority: only an operator may ask this.
    #[error("only an operator may do this")]
    OperatorOnly,
    /// Limits: a named bound is reached.
    #[error("the limit of {0} is reached")]
    LimitReached(Limit),
    /// State: the clock is too far behind the account's last stamp.
    #[error("the clock is more than five minutes behind the last change of the account")]
    ClockBehind,
    /// State: an id that was drawn is taken; draw again.
    #[error("a drawn id is taken")]
    IdTaken,
    /// State: the site exists already and is another one.
    #[error("the site exists already")]
    SiteExists,
    /// State: the account was opened under another name.
    #[error("the account exists already")]
    AccountExists,
    /// State: another customer has this e-mail.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// State: another customer has this user name.
    #[error("the user name is taken")]
    UsernameTaken,
    /// State: an operator has locked the customer.
    #[error("the customer is locked")]
    CustomerLocked,
    /// Content: a setting is outside of its range.
    #[error("{0}")]
    Settings(#[from] SettingsError),
    /// Content: metadata is malformed or too large.
    #[error("metadata: {0}")]
    Metadata(#[from] MetadataError),
}

/// A named bound of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`crate::limits::SITES_MAX`].
    Sites,
    /// [`crate::limits::CUSTOMERS_MAX`].
    Customers,
    /// [`crate::limits::ENTITLEMENTS_MAX`].
    Entitlements,
    /// [`crate::limits::ORIGINS_MAX`].
    Origins,
    /// [`crate::limits::SIGNING_KEYS_MAX`].
    SigningKeys,
    /// [`crate::limits::SEALED_KEY_BYTES_MAX`].
    SealedKeyBytes,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sites => "sites",
            Self::Customers => "customers",
            Self::Entitlements => "entitlements",
            Self::Origins => "origins",
            Self::SigningKeys => "signing keys",
            Self::SealedKeyBytes => "bytes of a sealed key",
        })
    }
}
