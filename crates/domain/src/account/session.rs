//! A session: one login of one customer, and the auth_tokens that stand for it.

use crate::ids::{CustomerId, SessionId, SiteId, TokenDigest};
use crate::text::Device;
use crate::time::Timestamp;
use std::net::IpAddr;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id, which is also the `sid` claim of its tokens.
    pub id: SessionId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The site it was opened on.
    pub site: SiteId,
    /// How it was opened.
    pub method: Method,
    /// Its tokens, oldest first; at most [`crate::limits::TOKENS_PER_SESSION_MAX`].
    pub tokens: Vec<Token>,
    /// What opened it.
    pub device: Option<Device>,
    /// Where it was opened from.
    pub address: Option<IpAddr>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its newest token was issued; idle time counts from here.
    pub refreshed_at: Timestamp,
    /// When it is over at the latest.
    pub expires_at: Timestamp,
    /// Set once it has ended. It is kept, with its tokens, so that they are refused with the reason.
    pub end: Option<End>,
}

/// A token of a session, known by its digest alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of the token.
    pub digest: TokenDigest,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// How a session was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With a password.
    Password,
    /// By registering.
    Register,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The customer logged out of it.
    LoggedOut,
    /// Another login ended it, by single-user authentication.
    Superseded,
    /// The customer had too many sessions, and this was the oldest.
    TooMany,
    /// The customer ended it from another session.
    RevokedByCustomer,
    /// An operator ended it.
    RevokedByOperator,
    /// The password was changed.
    PasswordChanged,
    /// The customer was locked.
    CustomerLocked,
    /// The customer was deleted.
    CustomerDeleted,
    /// The account was restored or repaired from storage that may not know of every revocation.
    Restored,
}

impl Session {
    /// Whether it has neither ended nor passed its time. Idle time is asked by [`super::State::check`], which knows the site's setting.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.end.is_none() && now < self.expires_at
    }

    /// Its newest token.
    #[must_use]
    pub fn newest_token(&self) -> Option<&Token> {
        self.tokens.last()
    }

    /// The token with this digest.
    #[must_use]
    pub fn token(&self, digest: TokenDigest) -> Option<&Token> {
        self.tokens.iter().find(|token| token.digest == digest)
    }
}
