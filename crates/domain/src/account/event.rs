//! What may happen to an account. An event names every entity it changes and carries absolute values, so that replaying it over a
//! newer base ends in the same state.

use super::customer::{EmailConfirm, Entitlement, Profile, Status};
use super::session::{EndReason, Token};
use super::state::{Key, SealedKey};
use super::{Customer, Session, Site};
use crate::credential::{Credential, PasswordHash};
use crate::email::Email;
use crate::ids::{CustomerId, SessionId};
use crate::metadata::Metadata;
use crate::text::Name;
use crate::time::Timestamp;
use crate::username::Username;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When; never before the account's last stamp.
    pub at: Timestamp,
    /// What.
    pub change: Change,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The account exists from now on.
    AccountOpened {
        /// What it is called.
        name: Name,
    },
    /// A key signs from now on.
    SigningKeyAdded {
        /// The key.
        key: SealedKey,
    },
    /// A site was created or changed.
    SiteSaved {
        /// The site as it is now.
        site: Box<Site>,
    },
    /// A customer was created.
    CustomerRegistered {
        /// The customer as it is now.
        customer: Box<Customer>,
    },
    /// A customer's address, names or metadata changed.
    CustomerUpdated {
        /// Whose.
        customer: CustomerId,
        /// All that may be edited, as it is now.
        editable: Box<Editable>,
    },
    /// A customer is gone.
    CustomerDeleted {
        /// Who.
        customer: CustomerId,
    },
    /// A customer may log in, or may not.
    StatusSet {
        /// Whose.
        customer: CustomerId,
        /// The status as it is now.
        status: Status,
    },
    /// The grants of a customer changed.
    EntitlementsSet {
        /// Whose.
        customer: CustomerId,
        /// All grants as they are now.
        entitlements: Vec<Entitlement>,
    },
    /// The password was set.
    PasswordSet {
        /// Whose.
        customer: CustomerId,
        /// The credential as it is now.
        credential: Credential,
    },
    /// The same password got a stronger hash.
    PasswordRehashed {
        /// Whose.
        customer: CustomerId,
        /// The hash as it is now.
        hash: PasswordHash,
    },
    /// A login: the session exists, and it is the customer's last opened one.
    SessionOpened {
        /// The session as it is now.
        session: Box<Session>,
    },
    /// A session got a new token.
    TokenIssued {
        /// Which session.
        session: SessionId,
        /// All its tokens as they are now, oldest first; those that fell out are unknown from now on.
        tokens: Vec<Token>,
        /// The tokens that fell out.
        dropped: Vec<Token>,
    },
    /// Sessions ended.
    SessionsEnded {
        /// Which.
        sessions: Vec<SessionId>,
        /// Why.
        reason: EndReason,
    },
    /// Sessions whose tokens all expired, or ended ones past the bound, are forgotten.
    SessionsForgotten {
        /// Which.
        sessions: Vec<SessionId>,
    },
}

/// What an update may change of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editable {
    /// The address.
    pub email: Email,
    /// Whether it was proven.
    pub email_confirm: EmailConfirm,
    /// The user name.
    pub username: Option<Username>,
    /// Names and the like.
    pub profile: Profile,
    /// What the business keeps.
    pub metadata: Metadata,
}

impl Event {
    /// The entities it changes. Every event moves the account's last stamp, so the root is always one of them.
    #[must_use]
    pub fn touches(&self) -> Vec<Key> {
        let mut keys = vec![Key::Root];
        match &self.change {
            Change::AccountOpened { .. } | Change::SigningKeyAdded { .. } => {}
            Change::SiteSaved { site } => keys.push(Key::Site(site.id)),
            Change::CustomerRegistered { customer } => keys.push(Key::Customer(customer.id)),
            Change::CustomerUpdated { customer, .. }
            | Change::CustomerDeleted { customer }
            | Change::StatusSet { customer, .. }
            | Change::EntitlementsSet { customer, .. }
            | Change::PasswordSet { customer, .. }
            | Change::PasswordRehashed { customer, .. } => keys.push(Key::Customer(*customer)),
            Change::SessionOpened { session } => {
                keys.extend([Key::Session(session.id), Key::Customer(session.customer)]);
            }
            Change::TokenIssued { session, .. } => keys.push(Key::Session(*session)),
            Change::SessionsEnded { sessions, .. } | Change::SessionsForgotten { sessions } => {
                keys.extend(sessions.iter().map(|id| Key::Session(*id)));
            }
        }
        keys
    }
}
