//! How the noes of the journeys are told over HTTP: one mapping, with the published words where they exist.

use doorward_domain::account::Refusal;
use doorward_domain::account::session::EndReason;
use doorward_domain::metadata::MetadataError;
use http::StatusCode;

use super::error::ApiError;
use crate::flows::{CheckError, PasswordError, ProveError, SessionError, Unavailable, Wait};

/// Which interface an endpoint belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// The published one: an ended session is 403, and a token may stand in the body.
    Published,
    /// Ours beside it: an ended session is 401, and a token is a bearer.
    Own,
}

/// What the published interface says of a session that is over.
const BLACKLISTED: &str = "Authentication token has been blacklisted, please try again";

impl Surface {
    /// Why a presented token opens nothing.
    pub(super) fn refused(self, error: CheckError) -> ApiError {
        let ended = match self {
            Self::Published => StatusCode::FORBIDDEN,
            Self::Own => StatusCode::UNAUTHORIZED,
        };
        match error {
            CheckError::SiteNotFound | CheckError::Refused(Refusal::UnknownSite) => site_unknown(),
            CheckError::NotFromBody => ApiError::token_missing(),
            CheckError::Refused(Refusal::UnknownToken | Refusal::Expired) => ApiError::token_invalid(),
            CheckError::Refused(Refusal::Superseded | Refusal::Ended(EndReason::Superseded)) => {
                ApiError::refused(ended, "session_superseded", BLACKLISTED)
            }
            CheckError::Refused(Refusal::Ended(_)) => ApiError::refused(ended, "session_revoked", BLACKLISTED),
            CheckError::Refused(Refusal::OtherSite) => {
                let message = "This site accepts only sessions that were opened on it.";
                ApiError::refused(StatusCode::FORBIDDEN, "session_other_site", message)
            }
        }
    }

    /// Why a journey that needs nothing but a session did not happen.
    pub(super) fn not_done(self, error: SessionError) -> ApiError {
        match error {
            SessionError::Refused(error) => self.refused(error),
            SessionError::Unavailable(error) => error.into(),
        }
    }

    /// Why a customer was not believed: `field` is the one with the password.
    pub(super) fn not_proven(self, error: ProveError, field: &str) -> ApiError {
        match error {
            ProveError::Refused(error) => self.refused(error),
            ProveError::TooMany(wait) => wait.into(),
            ProveError::WrongPassword => {
                ApiError::invalid_field(field, "The current password is wrong.").coded("password_wrong")
            }
            ProveError::Unavailable(error) => error.into(),
        }
    }
}

/// 400: no such site.
pub(super) fn site_unknown() -> ApiError {
    ApiError::invalid_field("site_id", "The site id names no site.").coded("site_not_found")
}

impl From<Unavailable> for ApiError {
    fn from(unavailable: Unavailable) -> Self {
        Self::unavailable(unavailable)
    }
}

/// Too many attempts with a password. The same for customers who exist and for those who do not.
impl From<Wait> for ApiError {
    fn from(wait: Wait) -> Self {
        Self::too_many("too_many_attempts", "Too many login attempts", wait.retry_after_secs())
    }
}

/// What is wrong with a text that can be no password, as the end of a sentence about the field.
pub(super) fn password_fault(error: PasswordError) -> String {
    match error {
        PasswordError::Empty => "field is required".to_owned(),
        PasswordError::TooLong => {
            format!("must have at most {} characters", doorward_domain::limits::PASSWORD_CODE_POINTS_MAX)
        }
        PasswordError::ForbiddenCharacter => "has a character that cannot be used".to_owned(),
    }
}

/// Metadata past its bounds.
pub(super) fn metadata_fault(error: MetadataError) -> ApiError {
    ApiError::invalid_field("metadata", format!("The metadata is refused: {error}."))
}

/// Another customer has the e-mail.
pub(super) fn email_taken() -> ApiError {
    ApiError::invalid_field("email", "The email has already been taken.").coded("email_taken")
}

/// Another customer has the user name.
pub(super) fn username_taken() -> ApiError {
    ApiError::invalid_field("username", "The username has already been taken.").coded("username_taken")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(surface: Surface, error: impl Into<CheckError>) -> (u16, &'static str) {
        let error = surface.refused(error.into());
        (error.status().as_u16(), error.code())
    }

    #[test]
    fn a_token_is_refused_with_the_published_status_there_and_with_401_on_our_own_routes() {
        let cases = [
            (Refusal::UnknownToken, (401, "token_invalid"), (401, "token_invalid")),
            (Refusal::Expired, (401, "token_invalid"), (401, "token_invalid")),
            (Refusal::UnknownSite, (400, "site_not_found"), (400, "site_not_found")),
            (Refusal::Superseded, (403, "session_superseded"), (401, "session_superseded")),
            (Refusal::Ended(EndReason::Superseded), (403, "session_superseded"), (401, "session_superseded")),
            (Refusal::Ended(EndReason::LoggedOut), (403, "session_revoked"), (401, "session_revoked")),
            (Refusal::Ended(EndReason::TooMany), (403, "session_revoked"), (401, "session_revoked")),
            (Refusal::Ended(EndReason::PasswordChanged), (403, "session_revoked"), (401, "session_revoked")),
            (Refusal::Ended(EndReason::CustomerLocked), (403, "session_revoked"), (401, "session_revoked")),
            (Refusal::Ended(EndReason::CustomerDeleted), (403, "session_revoked"), (401, "session_revoked")),
            (Refusal::OtherSite, (403, "session_other_site"), (403, "session_other_site")),
        ];
        for (refusal, published, own) in cases {
            assert_eq!(told(Surface::Published, refusal), published, "{refusal:?}");
            assert_eq!(told(Surface::Own, refusal), own, "{refusal:?}");
        }
        assert_eq!(told(Surface::Published, CheckError::SiteNotFound), (400, "site_not_found"));
        assert_eq!(told(Surface::Published, CheckError::NotFromBody), (401, "token_missing"));
    }
}
