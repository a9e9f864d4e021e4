//! Registers a customer, and logs the new customer in when the journey says so.

use super::open_session::{NewSession, opened};
use super::{Changes, guards};
use crate::account::customer::{EmailConfirm, Profile, Status};
use crate::account::event::Change;
use crate::account::rejection::Limit;
use crate::account::{Customer, Rejection, Site, State};
use crate::credential::{Credential, PasswordHash};
use crate::ctx::Ctx;
use crate::email::Email;
use crate::ids::{CredentialRev, CustomerId, SiteId};
use crate::limits::CUSTOMERS_MAX;
use crate::metadata::{Metadata, MetadataPatch};
use crate::username::Username;

/// Register a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterCustomer {
    /// The id that was drawn.
    pub id: CustomerId,
    /// The site the customer registers on.
    pub site: SiteId,
    /// The address.
    pub email: Email,
    /// The user name, if any.
    pub username: Option<Username>,
    /// Names and the like.
    pub profile: Profile,
    /// What the business keeps.
    pub metadata: MetadataPatch,
    /// The hash of the password, if any.
    pub password: Option<PasswordHash>,
    /// The session to open with it, if any. It must name the same site.
    pub session: Option<NewSession>,
}

impl RegisterCustomer {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let site = guards::site(state, self.site)?;
        if state.customers_len() >= CUSTOMERS_MAX {
            return Err(Rejection::LimitReached(Limit::Customers));
        }
        guards::clock_is_sane(state, ctx)?;
        if state.customer(self.id).is_some() || state.sessions_of(self.id).next().is_some() {
            return Err(Rejection::IdTaken);
        }
        if let Some(session) = &self.session {
            guards::is_fresh(state, Some(session.id), session.token)?;
        }
        names_are_free(state, self.id, Some(&self.email), self.username.as_ref())?;
        let customer = self.customer(state, ctx)?;
        let mut changes = vec![Change::CustomerRegistered { customer: Box::new(customer) }];
        changes.extend(self.session.as_ref().map(|session| self.open(state, session, (site, ctx))));
        Ok(changes)
    }

    fn customer(&self, state: &State, ctx: &Ctx) -> Result<Customer, Rejection> {
        let at = guards::stamp(state, ctx);
        Ok(Customer {
            id: self.id,
            email: self.email.clone(),
            email_confirm: EmailConfirm::Unconfirmed,
            username: self.username.clone(),
            profile: self.profile.clone(),
            metadata: Metadata::default().merged(&self.metadata)?,
            credential: Credential { hash: self.password.clone(), rev: CredentialRev(1), changed_at: at },
            status: Status::Active,
            entitlements: Vec::new(),
            registered_on: Some(self.site),
            created_at: at,
            updated_at: at,
            last_login_at: None,
            last_open: None,
        })
    }

    fn open(&self, state: &State, session: &NewSession, place: (&Site, &Ctx)) -> Change {
        opened(state, &NewSession { site: self.site, ..session.clone() }, self.id, place)
    }
}

/// State: e-mail and user name are nobody else's.
pub(super) fn names_are_free(
    state: &State,
    own: CustomerId,
    email: Option<&Email>,
    username: Option<&Username>,
) -> Result<(), Rejection> {
    let is_other = |found: Option<&std::sync::Arc<Customer>>| found.is_some_and(|customer| customer.id != own);
    if email.is_some_and(|email| is_other(state.customer_by_email(&email.key()))) {
        return Err(Rejection::EmailTaken);
    }
    if username.is_some_and(|username| is_other(state.customer_by_username(&username.key()))) {
        return Err(Rejection::UsernameTaken);
    }
    Ok(())
}
