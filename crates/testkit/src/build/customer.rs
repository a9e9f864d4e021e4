//! Builds a customer.

use super::hash;
use crate::clock::START;
use crate::ids;
use doorward_domain::account::Customer;
use doorward_domain::account::command::RegisterCustomer;
use doorward_domain::account::customer::{EmailConfirm, Profile, Status};
use doorward_domain::credential::Credential;
use doorward_domain::email::Email;
use doorward_domain::ids::{CredentialRev, SiteId};
use doorward_domain::metadata::{Metadata, MetadataPatch};
use doorward_domain::username::Username;

/// A customer to be.
#[derive(Clone, Debug)]
#[must_use]
pub struct CustomerBuilder {
    customer: Customer,
}

impl CustomerBuilder {
    pub(super) fn new() -> Self {
        Self {
            customer: Customer {
                id: ids::customer(1),
                email: email("ada@example.org"),
                email_confirm: EmailConfirm::Unconfirmed,
                username: None,
                profile: Profile::default(),
                metadata: Metadata::default(),
                credential: Credential { hash: Some(hash("1")), rev: CredentialRev(1), changed_at: START },
                status: Status::Active,
                entitlements: Vec::new(),
                registered_on: Some(SiteId(1)),
                created_at: START,
                updated_at: START,
                last_login_at: None,
                last_open: None,
            },
        }
    }

    /// The number.
    pub fn id(self, id: u64) -> Self {
        self.with(|customer| customer.id = ids::customer(id))
    }

    /// The e-mail.
    pub fn email(self, raw: &str) -> Self {
        self.with(|customer| customer.email = email(raw))
    }

    /// The user name.
    pub fn username(self, raw: &str) -> Self {
        self.with(|customer| customer.username = Some(username(raw)))
    }

    /// The revision of the credential.
    pub fn credential_rev(self, rev: u64) -> Self {
        self.with(|customer| customer.credential.rev = CredentialRev(rev))
    }

    /// Locked by an operator.
    pub fn locked(self) -> Self {
        self.with(|customer| customer.status = Status::Locked)
    }

    /// With anything.
    pub fn with(mut self, change: impl FnOnce(&mut Customer)) -> Self {
        change(&mut self.customer);
        self
    }

    /// The customer.
    #[must_use]
    pub fn build(self) -> Customer {
        self.customer
    }

    /// The registration of the customer, without metadata and without a session.
    #[must_use]
    pub fn register(self) -> RegisterCustomer {
        let Customer { id, email, username, profile, credential, registered_on, .. } = self.customer;
        RegisterCustomer {
            id,
            site: registered_on.unwrap_or(SiteId(1)),
            email,
            username,
            profile,
            metadata: MetadataPatch::default(),
            password: credential.hash,
            session: None,
        }
    }
}

/// An address that a test writes down.
#[must_use]
pub fn email(raw: &str) -> Email {
    Email::parse(raw).expect("a test writes a good address")
}

/// A user name that a test writes down.
#[must_use]
pub fn username(raw: &str) -> Username {
    Username::parse(raw).expect("a test writes a good user name")
}
