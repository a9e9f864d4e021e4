//! The customer resource.

use std::collections::BTreeMap;

use doorward_domain::account::Customer;
use doorward_domain::account::customer::{EmailConfirm, Phone};
use doorward_domain::text::Name;
use doorward_domain::time::Timestamp;
use doorward_domain::username::Username;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::nothing::{EmptyList, Null};
use crate::flows::AuthToken;

/// A customer. Relations that are no matter of identity are empty. Times are Unix seconds.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer)]
pub(in crate::http::sdk) struct CustomerResource<'a> {
    /// An integer of at most 53 bits.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    id: u64,
    /// First and last name.
    name: Option<String>,
    /// The same.
    full_name: Option<String>,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    email: &'a str,
    /// Whether the address was proven.
    email_confirm: bool,
    /// The same.
    email_verified: bool,
    username: Option<&'a str>,
    display_name: Option<&'a str>,
    /// Digits only.
    phone: Option<&'a str>,
    title: Option<&'a str>,
    salutation: Option<&'a str>,
    organization: Option<&'a str>,
    #[schema(inline)]
    tin: Null,
    #[schema(inline)]
    currency: Null,
    /// What the business keeps, by key.
    #[schema(value_type = Object)]
    metadata: BTreeMap<&'a str, &'a RawValue>,
    #[schema(inline)]
    profile_photo: Null,
    /// The names of the grants that are good now.
    entitlements: Vec<&'a str>,
    /// The auth_token, where the answer carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_token: Option<&'a str>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    created_at: i64,
    updated_at: i64,
    #[schema(inline)]
    subscriptions: EmptyList,
    #[schema(inline)]
    expired_subscriptions: EmptyList,
    #[schema(inline)]
    memberships: EmptyList,
    #[schema(inline)]
    gift_recipients: EmptyList,
    #[schema(inline)]
    addresses: EmptyList,
    #[schema(inline)]
    invoices: EmptyList,
    #[schema(inline)]
    charges: EmptyList,
    #[schema(inline)]
    orders: EmptyList,
    #[schema(inline)]
    source: Null,
    #[schema(inline)]
    sources: EmptyList,
}

impl<'a> CustomerResource<'a> {
    /// A customer as of `now`, with a token if the answer hands one out.
    pub(in crate::http::sdk) fn of(customer: &'a Customer, token: Option<&'a AuthToken>, now: Timestamp) -> Self {
        let profile = &customer.profile;
        let is_confirmed = customer.email_confirm == EmailConfirm::Confirmed;
        let token = token.map(AuthToken::expose);
        let full_name = full_name(profile.first_name.as_ref(), profile.last_name.as_ref());
        let entitlements = customer.entitlements.iter().map(|entitlement| entitlement.name.as_str());
        Self {
            id: customer.id.get(),
            name: full_name.clone(),
            full_name,
            first_name: profile.first_name.as_ref().map(Name::as_str),
            last_name: profile.last_name.as_ref().map(Name::as_str),
            email: customer.email.as_str(),
            email_confirm: is_confirmed,
            email_verified: is_confirmed,
            username: customer.username.as_ref().map(Username::as_str),
            display_name: profile.display_name.as_ref().map(Name::as_str),
            phone: profile.phone.as_ref().map(Phone::as_str),
            title: profile.title.as_ref().map(Name::as_str),
            salutation: profile.salutation.as_ref().map(Name::as_str),
            organization: profile.organization.as_ref().map(Name::as_str),
            tin: Null,
            currency: Null,
            metadata: metadata(customer),
            profile_photo: Null,
            entitlements: entitlements.filter(|name| customer.is_entitled_to(name, now)).collect(),
            auth_token: token,
            token,
            created_at: customer.created_at.secs(),
            updated_at: customer.updated_at.secs(),
            subscriptions: EmptyList,
            expired_subscriptions: EmptyList,
            memberships: EmptyList,
            gift_recipients: EmptyList,
            addresses: EmptyList,
            invoices: EmptyList,
            charges: EmptyList,
            orders: EmptyList,
            source: Null,
            sources: EmptyList,
        }
    }
}

fn full_name(first: Option<&Name>, last: Option<&Name>) -> Option<String> {
    let parts: Vec<&str> = [first, last].into_iter().flatten().map(Name::as_str).collect();
    if parts.is_empty() { None } else { Some(parts.join(" ")) }
}

/// The stored texts are JSON already; one that an embedding program stored and that is none is left out.
fn metadata(customer: &Customer) -> BTreeMap<&str, &RawValue> {
    customer.metadata.iter().filter_map(|(key, text)| Some((key, serde_json::from_str(text).ok()?))).collect()
}
