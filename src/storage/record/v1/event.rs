//! The events of an account on disk. Fat ones are boxed, so that a batch of thin ones stays small in memory.

use super::super::{Damage, restore_email};
use super::customer::{Customer, EmailConfirm, Entitlement, Profile, Status};
use super::root::SealedKey;
use super::session::{EndReason, Session, Token};
use super::site::Site;
use super::value::{Credential, Email, Pair, customer_id, metadata_pairs, password_hash, text, time, username};
use bincode::{Decode, Encode};
use doorward_domain::account::event;
use doorward_domain::ids::SessionId;
use doorward_domain::metadata::Metadata;

#[derive(Encode, Decode)]
pub(in super::super) struct Event {
    at: i64,
    change: Change,
}

#[derive(Encode, Decode)]
enum Change {
    AccountOpened { name: String },
    SigningKeyAdded { key: Box<SealedKey> },
    SiteSaved { site: Box<Site> },
    CustomerRegistered { customer: Box<Customer> },
    CustomerUpdated { customer: u64, editable: Box<Editable> },
    CustomerDeleted { customer: u64 },
    StatusSet { customer: u64, status: Status },
    EntitlementsSet { customer: u64, entitlements: Vec<Entitlement> },
    PasswordSet { customer: u64, credential: Box<Credential> },
    PasswordRehashed { customer: u64, hash: String },
    SessionOpened { session: Box<Session> },
    TokenIssued { session: [u8; 16], tokens: Vec<Token>, dropped: Vec<Token> },
    SessionsEnded { sessions: Vec<[u8; 16]>, reason: EndReason },
    SessionsForgotten { sessions: Vec<[u8; 16]> },
}

#[derive(Encode, Decode)]
struct Editable {
    email: Email,
    email_confirm: EmailConfirm,
    username: Option<String>,
    profile: Profile,
    metadata: Vec<Pair>,
}

impl From<&event::Event> for Event {
    fn from(event: &event::Event) -> Self {
        Self { at: event.at.millis(), change: (&event.change).into() }
    }
}

impl TryFrom<Event> for event::Event {
    type Error = Damage;

    fn try_from(stored: Event) -> Result<Self, Damage> {
        Ok(Self { at: time(stored.at), change: stored.change.try_into()? })
    }
}

impl From<&event::Change> for Change {
    fn from(change: &event::Change) -> Self {
        use event::Change as Happened;
        let ids = |sessions: &[SessionId]| sessions.iter().map(|session| session.0).collect();
        match change {
            Happened::AccountOpened { name } => Self::AccountOpened { name: name.as_str().to_owned() },
            Happened::SigningKeyAdded { key } => Self::SigningKeyAdded { key: Box::new(key.into()) },
            Happened::SiteSaved { site } => Self::SiteSaved { site: Box::new((&**site).into()) },
            Happened::CustomerRegistered { customer } => {
                Self::CustomerRegistered { customer: Box::new((&**customer).into()) }
            }
            Happened::CustomerUpdated { customer, editable } => {
                Self::CustomerUpdated { customer: customer.get(), editable: Box::new((&**editable).into()) }
            }
            Happened::CustomerDeleted { customer } => Self::CustomerDeleted { customer: customer.get() },
            Happened::StatusSet { customer, status } => {
                Self::StatusSet { customer: customer.get(), status: (*status).into() }
            }
            Happened::EntitlementsSet { customer, entitlements } => Self::EntitlementsSet {
                customer: customer.get(),
                entitlements: entitlements.iter().map(Into::into).collect(),
            },
            Happened::PasswordSet { customer, credential } => {
                Self::PasswordSet { customer: customer.get(), credential: Box::new(credential.into()) }
            }
            Happened::PasswordRehashed { customer, hash } => {
                Self::PasswordRehashed { customer: customer.get(), hash: hash.as_str().to_owned() }
            }
            Happened::SessionOpened { session } => Self::SessionOpened { session: Box::new((&**session).into()) },
            Happened::TokenIssued { session, tokens, dropped } => Self::TokenIssued {
                session: session.0,
                tokens: tokens.iter().map(Into::into).collect(),
                dropped: dropped.iter().map(Into::into).collect(),
            },
            Happened::SessionsEnded { sessions, reason } => {
                Self::SessionsEnded { sessions: ids(sessions), reason: (*reason).into() }
            }
            Happened::SessionsForgotten { sessions } => Self::SessionsForgotten { sessions: ids(sessions) },
        }
    }
}

impl TryFrom<Change> for event::Change {
    type Error = Damage;

    fn try_from(stored: Change) -> Result<Self, Damage> {
        let ids = |sessions: Vec<[u8; 16]>| sessions.into_iter().map(SessionId).collect();
        let tokens = |tokens: Vec<Token>| tokens.into_iter().map(Into::into).collect();
        Ok(match stored {
            Change::AccountOpened { name } => Self::AccountOpened { name: text("the name of an account", &name)? },
            Change::SigningKeyAdded { key } => Self::SigningKeyAdded { key: (*key).try_into()? },
            Change::SiteSaved { site } => Self::SiteSaved { site: Box::new((*site).try_into()?) },
            Change::CustomerRegistered { customer } => {
                Self::CustomerRegistered { customer: Box::new((*customer).try_into()?) }
            }
            Change::CustomerUpdated { customer, editable } => {
                Self::CustomerUpdated { customer: customer_id(customer)?, editable: Box::new((*editable).try_into()?) }
            }
            Change::CustomerDeleted { customer } => Self::CustomerDeleted { customer: customer_id(customer)? },
            Change::StatusSet { customer, status } => {
                Self::StatusSet { customer: customer_id(customer)?, status: status.into() }
            }
            Change::EntitlementsSet { customer, entitlements } => Self::EntitlementsSet {
                customer: customer_id(customer)?,
                entitlements: entitlements.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            },
            Change::PasswordSet { customer, credential } => {
                Self::PasswordSet { customer: customer_id(customer)?, credential: (*credential).try_into()? }
            }
            Change::PasswordRehashed { customer, hash } => {
                Self::PasswordRehashed { customer: customer_id(customer)?, hash: password_hash(&hash)? }
            }
            Change::SessionOpened { session } => Self::SessionOpened { session: Box::new((*session).try_into()?) },
            Change::TokenIssued { session, tokens: kept, dropped } => {
                Self::TokenIssued { session: SessionId(session), tokens: tokens(kept), dropped: tokens(dropped) }
            }
            Change::SessionsEnded { sessions, reason } => {
                Self::SessionsEnded { sessions: ids(sessions), reason: reason.into() }
            }
            Change::SessionsForgotten { sessions } => Self::SessionsForgotten { sessions: ids(sessions) },
        })
    }
}

impl From<&event::Editable> for Editable {
    fn from(editable: &event::Editable) -> Self {
        Self {
            email: (&editable.email).into(),
            email_confirm: editable.email_confirm.into(),
            username: editable.username.as_ref().map(|name| name.as_str().to_owned()),
            profile: (&editable.profile).into(),
            metadata: metadata_pairs(&editable.metadata),
        }
    }
}

impl TryFrom<Editable> for event::Editable {
    type Error = Damage;

    fn try_from(stored: Editable) -> Result<Self, Damage> {
        Ok(Self {
            email: restore_email(&stored.email),
            email_confirm: stored.email_confirm.into(),
            username: username(stored.username.as_deref())?,
            profile: stored.profile.try_into()?,
            metadata: Metadata::restore(stored.metadata),
        })
    }
}
