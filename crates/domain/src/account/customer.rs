//! A customer: a person who logs in at the sites of an account.

pub use crate::phone::Phone;

use crate::credential::Credential;
use crate::email::Email;
use crate::ids::{CustomerId, SessionId, SiteId};
use crate::metadata::Metadata;
use crate::text::Name;
use crate::time::Timestamp;
use crate::username::Username;

/// A customer of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The id.
    pub id: CustomerId,
    /// The address that names the customer in the account.
    pub email: Email,
    /// Whether the address was proven.
    pub email_confirm: EmailConfirm,
    /// An optional second name to log in with.
    pub username: Option<Username>,
    /// Names, phone and the like.
    pub profile: Profile,
    /// What the business keeps.
    pub metadata: Metadata,
    /// What a password is proven against.
    pub credential: Credential,
    /// Whether the customer may log in.
    pub status: Status,
    /// Named grants.
    pub entitlements: Vec<Entitlement>,
    /// The site the customer registered on.
    pub registered_on: Option<SiteId>,
    /// When the customer was created.
    pub created_at: Timestamp,
    /// When the customer was last changed.
    pub updated_at: Timestamp,
    /// When a session was last opened.
    pub last_login_at: Option<Timestamp>,
    /// The session that was opened last, at any site, ended or not. Sites with single-user authentication accept no other.
    pub last_open: Option<SessionId>,
}

/// Names and the like. Each is optional.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Profile {
    /// Given name.
    pub first_name: Option<Name>,
    /// Family name.
    pub last_name: Option<Name>,
    /// The name others see.
    pub display_name: Option<Name>,
    /// Digits only.
    pub phone: Option<Phone>,
    /// A form of address, such as "Dr.".
    pub salutation: Option<Name>,
    /// A job title.
    pub title: Option<Name>,
    /// The organisation the customer belongs to.
    pub organization: Option<Name>,
}

/// Whether an e-mail address was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailConfirm {
    /// Nobody has proven it yet.
    Unconfirmed,
    /// The mailbox was proven.
    Confirmed,
}

/// Whether a customer may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May log in.
    Active,
    /// May not; an operator said so.
    Locked,
}

/// A named grant, for example to a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Its name.
    pub name: Name,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
}

impl Customer {
    /// Whether the customer may open a session now.
    #[must_use]
    pub fn may_log_in(&self) -> bool {
        self.status == Status::Active
    }

    /// Whether the customer has the named grant at `now`.
    #[must_use]
    pub fn is_entitled_to(&self, name: &str, now: Timestamp) -> bool {
        self.entitlements.iter().any(|e| e.name.as_str() == name && e.expires_at.is_none_or(|end| now < end))
    }
}
