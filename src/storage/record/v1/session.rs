//! A session on disk.

use super::super::Damage;
use super::value::{Address, customer_id, optional_text, owned, time};
use bincode::{Decode, Encode};
use doorward_domain::account::session;
use doorward_domain::ids::{SessionId, SiteId, TokenDigest};

#[derive(Encode, Decode)]
pub(in super::super) struct Session {
    id: [u8; 16],
    customer: u64,
    site: u32,
    method: Method,
    tokens: Vec<Token>,
    device: Option<String>,
    address: Option<Address>,
    opened_at: i64,
    refreshed_at: i64,
    expires_at: i64,
    end: Option<End>,
}

#[derive(Encode, Decode)]
pub(in super::super) struct Token {
    digest: [u8; 32],
    issued_at: i64,
}

#[derive(Encode, Decode)]
enum Method {
    Password,
    Register,
}

#[derive(Encode, Decode)]
struct End {
    at: i64,
    reason: EndReason,
}

#[derive(Encode, Decode)]
pub(in super::super) enum EndReason {
    LoggedOut,
    Superseded,
    TooMany,
    RevokedByCustomer,
    RevokedByOperator,
    PasswordChanged,
    CustomerLocked,
    CustomerDeleted,
    Restored,
}

impl From<&session::Session> for Session {
    fn from(session: &session::Session) -> Self {
        Self {
            id: session.id.0,
            customer: session.customer.get(),
            site: session.site.0,
            method: session.method.into(),
            tokens: session.tokens.iter().map(Into::into).collect(),
            device: owned(session.device.as_ref()),
            address: session.address.map(Into::into),
            opened_at: session.opened_at.millis(),
            refreshed_at: session.refreshed_at.millis(),
            expires_at: session.expires_at.millis(),
            end: session.end.map(|end| End { at: end.at.millis(), reason: end.reason.into() }),
        }
    }
}

impl TryFrom<Session> for session::Session {
    type Error = Damage;

    fn try_from(stored: Session) -> Result<Self, Damage> {
        Ok(Self {
            id: SessionId(stored.id),
            customer: customer_id(stored.customer)?,
            site: SiteId(stored.site),
            method: stored.method.into(),
            tokens: stored.tokens.into_iter().map(Into::into).collect(),
            device: optional_text("a device", stored.device.as_deref())?,
            address: stored.address.map(Into::into),
            opened_at: time(stored.opened_at),
            refreshed_at: time(stored.refreshed_at),
            expires_at: time(stored.expires_at),
            end: stored.end.map(|end| session::End { at: time(end.at), reason: end.reason.into() }),
        })
    }
}

impl From<&session::Token> for Token {
    fn from(token: &session::Token) -> Self {
        Self { digest: token.digest.0, issued_at: token.issued_at.millis() }
    }
}

impl From<Token> for session::Token {
    fn from(stored: Token) -> Self {
        Self { digest: TokenDigest(stored.digest), issued_at: time(stored.issued_at) }
    }
}

impl From<session::Method> for Method {
    fn from(method: session::Method) -> Self {
        match method {
            session::Method::Password => Self::Password,
            session::Method::Register => Self::Register,
        }
    }
}

impl From<Method> for session::Method {
    fn from(stored: Method) -> Self {
        match stored {
            Method::Password => Self::Password,
            Method::Register => Self::Register,
        }
    }
}

impl From<session::EndReason> for EndReason {
    fn from(reason: session::EndReason) -> Self {
        use session::EndReason as Reason;
        match reason {
            Reason::LoggedOut => Self::LoggedOut,
            Reason::Superseded => Self::Superseded,
            Reason::TooMany => Self::TooMany,
            Reason::RevokedByCustomer => Self::RevokedByCustomer,
            Reason::RevokedByOperator => Self::RevokedByOperator,
            Reason::PasswordChanged => Self::PasswordChanged,
            Reason::CustomerLocked => Self::CustomerLocked,
            Reason::CustomerDeleted => Self::CustomerDeleted,
            Reason::Restored => Self::Restored,
        }
    }
}

impl From<EndReason> for session::EndReason {
    fn from(stored: EndReason) -> Self {
        match stored {
            EndReason::LoggedOut => Self::LoggedOut,
            EndReason::Superseded => Self::Superseded,
            EndReason::TooMany => Self::TooMany,
            EndReason::RevokedByCustomer => Self::RevokedByCustomer,
            EndReason::RevokedByOperator => Self::RevokedByOperator,
            EndReason::PasswordChanged => Self::PasswordChanged,
            EndReason::CustomerLocked => Self::CustomerLocked,
            EndReason::CustomerDeleted => Self::CustomerDeleted,
            EndReason::Restored => Self::Restored,
        }
    }
}
