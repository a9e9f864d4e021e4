//! Asks the site's rule about a password that somebody wants to set.

use super::{Engine, Place, Unavailable};
use crate::hashing::{Context, Password};
use doorward_domain::account::customer::Profile;
use doorward_domain::email::Email;
use doorward_domain::password::{Candidate, PasswordFault};
use doorward_domain::username::Username;

/// Why a password cannot be set.
pub(super) enum NewPasswordError {
    Refused(PasswordFault),
    Unavailable(Unavailable),
}

/// What a password is judged with.
pub(super) struct Judged<'a> {
    pub(super) email: &'a Email,
    pub(super) username: Option<&'a Username>,
    pub(super) profile: &'a Profile,
    pub(super) is_current: bool,
}

impl Engine {
    /// The password again, when the site's policy accepts it. The estimate runs on the hashing threads: it takes milliseconds.
    pub(super) async fn judge_password(
        &self,
        place: &Place,
        password: Password,
        with: Judged<'_>,
    ) -> Result<Password, NewPasswordError> {
        let policy = &place.site.settings.password;
        let is_composed = password.is_composed();
        let account = place.account().0;
        let (password, estimate) = self
            .hashing
            .estimate(account, password, context(place, &with))
            .await
            .map_err(|error| NewPasswordError::Unavailable(error.into()))?;
        let candidate = Candidate {
            code_points: estimate.code_points,
            score: estimate.score,
            is_listed: estimate.listed,
            is_context: estimate.contains_context,
            is_composed,
            is_current: with.is_current,
        };
        policy.check(&candidate).map_err(NewPasswordError::Refused)?;
        Ok(password)
    }
}

fn context(place: &Place, with: &Judged<'_>) -> Context {
    let profile = with.profile;
    let names = [&profile.first_name, &profile.last_name, &profile.display_name, &profile.organization];
    let names = names.into_iter().flatten().map(|name| name.as_str());
    let site = [place.site.profile.name.as_str(), place.site.profile.host.as_str()];
    let account = place.view.root().name.as_ref().map(|name| name.as_str());
    let identity = [Some(with.email.as_str()), with.username.map(Username::as_str), account, Some("doorward")];
    identity.into_iter().flatten().chain(names).chain(site).fold(Context::new(), Context::with)
}
