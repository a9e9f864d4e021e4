//! The session check: does this token open this site? No message, no lock, no signature: the digest is looked up in the published view.

use super::{Engine, Place, Unavailable, unexpected};
use crate::tokens::AuthToken;
use doorward_domain::account::{Accepted, Authority, Refusal, Rejection};
use doorward_domain::ids::{CustomerId, SiteId, TokenDigest};

/// A token as it was presented, and the site it was presented at. Without a site, the token's own word for it is taken; the digest
/// look-up then decides.
#[derive(Debug)]
pub struct Presented {
    /// The token.
    pub token: AuthToken,
    /// Where it stood.
    pub from: TokenPlace,
    /// The site, if the request names one.
    pub site: Option<SiteId>,
}

/// Where a request carried its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// Where only a program puts it: in a header, or in a call of this library.
    Header,
    /// In the body alone, which a site may refuse.
    Body,
}

/// A token that opens the site.
#[derive(Debug)]
pub struct Checked {
    /// Where.
    pub place: Place,
    /// The session and its customer.
    pub accepted: Accepted,
    /// The digest of the token.
    pub digest: TokenDigest,
}

/// Why a token does not open the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// There is no such site.
    #[error("the site does not exist")]
    SiteNotFound,
    /// The site takes no token from a body.
    #[error("the site takes no token from a body")]
    NotFromBody,
    /// The token does not open it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a journey that needs nothing but a session did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The presented token is refused.
    #[error(transparent)]
    Refused(#[from] CheckError),
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Checked {
    /// Whose session it is.
    #[must_use]
    pub fn customer(&self) -> CustomerId {
        self.accepted.customer.id
    }

    /// The authority of this session, for a command that is decided again by the actor.
    pub(super) fn authority(&self) -> Authority {
        Authority::Session { token: self.digest, site: self.place.site.id }
    }
}

impl Engine {
    /// Checks a token.
    ///
    /// # Errors
    /// [`CheckError`] says why it is refused.
    pub fn check(&self, presented: &Presented) -> Result<Checked, CheckError> {
        let place = self.presented_at(presented)?;
        if presented.from == TokenPlace::Body && !place.site.settings.auth_token_in_body.is_on() {
            return Err(CheckError::NotFromBody);
        }
        let digest = presented.token.digest();
        let accepted = place.view.check(digest, place.site.id, self.now())?;
        Ok(Checked { place, accepted, digest })
    }

    /// Nobody is told of a site that only a token names.
    fn presented_at(&self, presented: &Presented) -> Result<Place, CheckError> {
        match presented.site {
            Some(named) => self.place(named).ok_or(CheckError::SiteNotFound),
            None => {
                let claimed = presented.token.unverified_site();
                Ok(claimed.and_then(|site| self.place(site)).ok_or(Refusal::UnknownToken)?)
            }
        }
    }
}

/// The noes that any command of a session may get; a journey names its own before it asks here.
pub(super) fn session_rejected<E>(journey: &'static str, rejection: Rejection) -> E
where
    E: From<CheckError> + From<Unavailable>,
{
    match rejection {
        Rejection::Refused(refusal) => CheckError::Refused(refusal).into(),
        // Deleted or locked between the look and the decision: the session is gone with the customer.
        Rejection::CustomerNotFound | Rejection::CustomerLocked => CheckError::Refused(Refusal::UnknownToken).into(),
        Rejection::ClockBehind => Unavailable::ClockBehind.into(),
        other => unexpected(journey, &other).into(),
    }
}
