//! A customer on disk.

use super::super::{Damage, restore_email};
use super::value::{Credential, Email, Pair, customer_id, metadata_pairs, optional_text, owned, text, time, username};
use bincode::{Decode, Encode};
use doorward_domain::account::customer;
use doorward_domain::ids::{SessionId, SiteId};
use doorward_domain::metadata::Metadata;

#[derive(Encode, Decode)]
pub(in super::super) struct Customer {
    id: u64,
    email: Email,
    email_confirm: EmailConfirm,
    username: Option<String>,
    profile: Profile,
    metadata: Vec<Pair>,
    credential: Credential,
    status: Status,
    entitlements: Vec<Entitlement>,
    registered_on: Option<u32>,
    created_at: i64,
    updated_at: i64,
    last_login_at: Option<i64>,
    last_open: Option<[u8; 16]>,
}

#[derive(Encode, Decode)]
pub(in super::super) struct Profile {
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    phone: Option<String>,
    salutation: Option<String>,
    title: Option<String>,
    organization: Option<String>,
}

#[derive(Encode, Decode)]
pub(in super::super) enum EmailConfirm {
    Unconfirmed,
    Confirmed,
}

#[derive(Encode, Decode)]
pub(in super::super) enum Status {
    Active,
    Locked,
}

#[derive(Encode, Decode)]
pub(in super::super) struct Entitlement {
    name: String,
    expires_at: Option<i64>,
}

impl From<&customer::Customer> for Customer {
    fn from(customer: &customer::Customer) -> Self {
        Self {
            id: customer.id.get(),
            email: (&customer.email).into(),
            email_confirm: customer.email_confirm.into(),
            username: customer.username.as_ref().map(|name| name.as_str().to_owned()),
            profile: (&customer.profile).into(),
            metadata: metadata_pairs(&customer.metadata),
            credential: (&customer.credential).into(),
            status: customer.status.into(),
            entitlements: customer.entitlements.iter().map(Into::into).collect(),
            registered_on: customer.registered_on.map(|site| site.0),
            created_at: customer.created_at.millis(),
            updated_at: customer.updated_at.millis(),
            last_login_at: customer.last_login_at.map(doorward_domain::time::Timestamp::millis),
            last_open: customer.last_open.map(|session| session.0),
        }
    }
}

impl TryFrom<Customer> for customer::Customer {
    type Error = Damage;

    fn try_from(stored: Customer) -> Result<Self, Damage> {
        Ok(Self {
            id: customer_id(stored.id)?,
            email: restore_email(&stored.email),
            email_confirm: stored.email_confirm.into(),
            username: username(stored.username.as_deref())?,
            profile: stored.profile.try_into()?,
            metadata: Metadata::restore(stored.metadata),
            credential: stored.credential.try_into()?,
            status: stored.status.into(),
            entitlements: stored.entitlements.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            registered_on: stored.registered_on.map(SiteId),
            created_at: time(stored.created_at),
            updated_at: time(stored.updated_at),
            last_login_at: stored.last_login_at.map(time),
            last_open: stored.last_open.map(SessionId),
        })
    }
}

impl From<&customer::Profile> for Profile {
    fn from(profile: &customer::Profile) -> Self {
        Self {
            first_name: owned(profile.first_name.as_ref()),
            last_name: owned(profile.last_name.as_ref()),
            display_name: owned(profile.display_name.as_ref()),
            phone: profile.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            salutation: owned(profile.salutation.as_ref()),
            title: owned(profile.title.as_ref()),
            organization: owned(profile.organization.as_ref()),
        }
    }
}

impl TryFrom<Profile> for customer::Profile {
    type Error = Damage;

    fn try_from(stored: Profile) -> Result<Self, Damage> {
        Ok(Self {
            first_name: optional_text("a first name", stored.first_name.as_deref())?,
            last_name: optional_text("a last name", stored.last_name.as_deref())?,
            display_name: optional_text("a display name", stored.display_name.as_deref())?,
            phone: optional_text("a phone number", stored.phone.as_deref())?.map(customer::Phone::restore),
            salutation: optional_text("a salutation", stored.salutation.as_deref())?,
            title: optional_text("a title", stored.title.as_deref())?,
            organization: optional_text("an organization", stored.organization.as_deref())?,
        })
    }
}

impl From<customer::EmailConfirm> for EmailConfirm {
    fn from(confirm: customer::EmailConfirm) -> Self {
        match confirm {
            customer::EmailConfirm::Unconfirmed => Self::Unconfirmed,
            customer::EmailConfirm::Confirmed => Self::Confirmed,
        }
    }
}

impl From<EmailConfirm> for customer::EmailConfirm {
    fn from(stored: EmailConfirm) -> Self {
        match stored {
            EmailConfirm::Unconfirmed => Self::Unconfirmed,
            EmailConfirm::Confirmed => Self::Confirmed,
        }
    }
}

impl From<customer::Status> for Status {
    fn from(status: customer::Status) -> Self {
        match status {
            customer::Status::Active => Self::Active,
            customer::Status::Locked => Self::Locked,
        }
    }
}

impl From<Status> for customer::Status {
    fn from(stored: Status) -> Self {
        match stored {
            Status::Active => Self::Active,
            Status::Locked => Self::Locked,
        }
    }
}

impl From<&customer::Entitlement> for Entitlement {
    fn from(entitlement: &customer::Entitlement) -> Self {
        let expires_at = entitlement.expires_at.map(doorward_domain::time::Timestamp::millis);
        Self { name: entitlement.name.as_str().to_owned(), expires_at }
    }
}

impl TryFrom<Entitlement> for customer::Entitlement {
    type Error = Damage;

    fn try_from(stored: Entitlement) -> Result<Self, Damage> {
        let name = text("the name of an entitlement", &stored.name)?;
        Ok(Self { name, expires_at: stored.expires_at.map(time) })
    }
}
