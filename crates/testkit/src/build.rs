//! Builders. Each begins with defaults that make a good account, so that every option a test sets means something: site 1 with the
//! default settings, customer 1 with `ada@example.org` and a password, session 1 of that customer, opened at [`START`] on that site.
//!
//! An account is built of entities, not of commands, and nothing is checked: so one can also build what must never be.

mod account;
mod customer;
mod session;
mod site;

pub use account::AccountBuilder;
pub use customer::{CustomerBuilder, email, username};
pub use session::SessionBuilder;
pub use site::SiteBuilder;

use crate::clock::START;
use doorward_domain::account::customer::Phone;
use doorward_domain::account::site::{Host, Origin};
use doorward_domain::account::state::SealedKey;
use doorward_domain::credential::PasswordHash;
use doorward_domain::text::Text;

/// An open account with one signing key, and nothing else.
pub fn an_account() -> AccountBuilder {
    AccountBuilder::new()
}

/// A site with the default settings.
pub fn a_site() -> SiteBuilder {
    SiteBuilder::new()
}

/// An active customer with a password.
pub fn a_customer() -> CustomerBuilder {
    CustomerBuilder::new()
}

/// A session that was opened with a password and has one token.
pub fn a_session() -> SessionBuilder {
    SessionBuilder::new()
}

/// Text that a test writes down.
#[must_use]
pub fn text<const MAX: usize>(raw: &str) -> Text<MAX> {
    Text::parse(raw).expect("a test writes good text")
}

/// A host that a test writes down.
#[must_use]
pub fn host(raw: &str) -> Host {
    Host::parse(raw).expect("a test writes good hosts")
}

/// An origin that a test writes down.
#[must_use]
pub fn origin(raw: &str) -> Origin {
    Origin::parse(raw).expect("a test writes good origins")
}

/// A phone number that a test writes down.
#[must_use]
pub fn phone(raw: &str) -> Phone {
    Phone::parse(raw).expect("a test writes good numbers")
}

/// A stored hash that is told from others by its name.
#[must_use]
pub fn hash(name: &str) -> PasswordHash {
    PasswordHash::parse(&format!("$test${name}")).expect("a test writes a good name")
}

/// A sealed signing key.
#[must_use]
pub fn signing_key(kid: &str) -> SealedKey {
    SealedKey { kid: text(kid), sealed: kid.as_bytes().into(), added_at: START }
}
