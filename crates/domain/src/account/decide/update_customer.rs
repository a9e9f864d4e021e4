//! Changes a customer's address, user name, names or metadata. What is not named stays.

use super::register_customer::names_are_free;
use super::{Changes, guards};
use crate::account::customer::{EmailConfirm, Phone, Profile};
use crate::account::event::{Change, Editable};
use crate::account::{Authority, Customer, Rejection, State};
use crate::ctx::Ctx;
use crate::email::Email;
use crate::ids::{CustomerId, TokenDigest};
use crate::metadata::MetadataPatch;
use crate::text::Name;
use crate::username::Username;

/// Change a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateCustomer {
    /// On whose authority.
    pub by: Authority,
    /// Whom.
    pub customer: CustomerId,
    /// The new address. One with another key is unconfirmed until it is proven.
    pub email: Option<Email>,
    /// The new user name; the inner `None` takes it away.
    pub username: Option<Option<Username>>,
    /// The names that change.
    pub profile: ProfilePatch,
    /// The metadata that changes.
    pub metadata: MetadataPatch,
    /// A new token for the session that asks, if it wants one.
    pub token: Option<TokenDigest>,
}

/// Which names change: `None` leaves one as it is, `Some(None)` takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are those of Profile")]
pub struct ProfilePatch {
    pub first_name: Option<Option<Name>>,
    pub last_name: Option<Option<Name>>,
    pub display_name: Option<Option<Name>>,
    pub phone: Option<Option<Phone>>,
    pub salutation: Option<Option<Name>>,
    pub title: Option<Option<Name>>,
    pub organization: Option<Option<Name>>,
}

impl UpdateCustomer {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let (customer, accepted) = guards::authority_over(state, self.by, self.customer, ctx)?;
        guards::clock_is_sane(state, ctx)?;
        if let Some(token) = self.token {
            guards::is_fresh(state, None, token)?;
        }
        names_are_free(state, customer.id, self.email.as_ref(), self.username.as_ref().and_then(Option::as_ref))?;
        let old = editable(&customer);
        let new = self.applied_to(&old)?;
        let mut changes = Vec::new();
        if new != old {
            changes.push(Change::CustomerUpdated { customer: customer.id, editable: Box::new(new) });
        }
        if let (Some(token), Some(accepted)) = (self.token, accepted) {
            changes.push(guards::issue_token(&accepted.session, token, guards::stamp(state, ctx)));
        }
        Ok(changes)
    }

    fn applied_to(&self, old: &Editable) -> Result<Editable, Rejection> {
        let email = self.email.as_ref().unwrap_or(&old.email);
        let same_mailbox = email.key() == old.email.key();
        Ok(Editable {
            email: email.clone(),
            email_confirm: if same_mailbox { old.email_confirm } else { EmailConfirm::Unconfirmed },
            username: self.username.as_ref().unwrap_or(&old.username).clone(),
            profile: self.profile.applied_to(&old.profile),
            metadata: old.metadata.merged(&self.metadata)?,
        })
    }
}

impl ProfilePatch {
    fn applied_to(&self, old: &Profile) -> Profile {
        Profile {
            first_name: self.first_name.as_ref().unwrap_or(&old.first_name).clone(),
            last_name: self.last_name.as_ref().unwrap_or(&old.last_name).clone(),
            display_name: self.display_name.as_ref().unwrap_or(&old.display_name).clone(),
            phone: self.phone.as_ref().unwrap_or(&old.phone).clone(),
            salutation: self.salutation.as_ref().unwrap_or(&old.salutation).clone(),
            title: self.title.as_ref().unwrap_or(&old.title).clone(),
            organization: self.organization.as_ref().unwrap_or(&old.organization).clone(),
        }
    }
}

fn editable(customer: &Customer) -> Editable {
    Editable {
        email: customer.email.clone(),
        email_confirm: customer.email_confirm,
        username: customer.username.clone(),
        profile: customer.profile.clone(),
        metadata: customer.metadata.clone(),
    }
}
