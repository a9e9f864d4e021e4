//! A password that somebody wants to set: asks the site's rule about it, and hashes it.

use super::{Engine, Place, Unavailable};
use crate::hashing::{Context, Password, PhcString};
use doorward_domain::account::Customer;
use doorward_domain::account::customer::Profile;
use doorward_domain::credential::PasswordHash;
use doorward_domain::email::Email;
use doorward_domain::password::{Candidate, PasswordFault};
use doorward_domain::text::Name;
use doorward_domain::username::Username;

/// What a password is judged with.
pub(super) struct Judged<'a> {
    pub(super) email: &'a Email,
    pub(super) username: Option<&'a Username>,
    pub(super) profile: &'a Profile,
    pub(super) is_current: bool,
}

impl Engine {
    /// The hash of a password that the site's policy accepts. The estimate runs on the hashing threads too: it takes milliseconds.
    pub(super) async fn hash_new_password<E>(
        &self,
        place: &Place,
        password: Password,
        with: Judged<'_>,
    ) -> Result<PasswordHash, E>
    where
        E: From<PasswordFault> + From<Unavailable>,
    {
        let estimated = self.hashing.estimate(place.account(), password, context(place, &with)).await;
        let (password, estimate) = estimated.map_err(Unavailable::from)?;
        let candidate = Candidate {
            code_points: estimate.code_points,
            score: estimate.score,
            is_listed: estimate.is_listed,
            is_context: estimate.is_context,
            is_composed: estimate.is_composed,
            is_current: with.is_current,
        };
        place.site.settings.password.check(&candidate)?;
        let phc = self.hashing.hash(place.account(), password).await.map_err(Unavailable::from)?;
        Ok(phc.to_stored())
    }
}

fn context(place: &Place, with: &Judged<'_>) -> Context {
    let profile = with.profile;
    let names = [&profile.first_name, &profile.last_name, &profile.display_name, &profile.organization];
    let names = names.into_iter().flatten().map(Name::as_str);
    let site = [place.site.profile.name.as_str(), place.site.profile.host.as_str()];
    let account = place.view.root().name.as_ref().map(Name::as_str);
    let identity = [Some(with.email.as_str()), with.username.map(Username::as_str), account, Some("doorward")];
    identity.into_iter().flatten().chain(names).chain(site).fold(Context::new(), Context::with)
}

/// What a password is verified against. A stored hash that cannot be read is treated like none, so that the answer takes as long.
pub(super) fn stored_hash(customer: &Customer) -> Option<PhcString> {
    let stored = customer.credential.hash.as_ref()?;
    PhcString::of(stored)
        .inspect_err(|error| tracing::error!(customer = %customer.id, %error, "a stored password hash cannot be read"))
        .ok()
}
