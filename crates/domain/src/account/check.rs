//! The session check: whether a token opens a site now. It reads a published state and nothing else, and no signature is verified:
//! a token that we issued is known by its digest.

use super::session::{EndReason, Session};
use super::{Customer, State};
use crate::ids::{SiteId, TokenDigest};
use crate::time::{DAY_MS, Timestamp};
use std::sync::Arc;

/// A token that opens the site.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The session it stands for.
    pub session: Arc<Session>,
    /// Whose session that is.
    pub customer: Arc<Customer>,
    /// When the presented token was issued.
    pub issued_at: Timestamp,
}

/// Why a token does not open the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The account has no such site.
    #[error("the site is unknown")]
    UnknownSite,
    /// No session of the account has or had this token.
    #[error("the token is unknown")]
    UnknownToken,
    /// The session is past its time, or was idle for too long.
    #[error("the session has expired")]
    Expired,
    /// The session has ended.
    #[error("the session has ended")]
    Ended(EndReason),
    /// The site has single-user authentication on, and the customer has logged in again since.
    #[error("the customer has logged in again since")]
    Superseded,
    /// The site accepts only the sessions that were opened on it.
    #[error("the session was opened on another site")]
    OtherSite,
}

impl State {
    /// Whether a token opens a site at `now`.
    ///
    /// # Errors
    /// The [`Refusal`] says why not.
    pub fn check(&self, token: TokenDigest, site: SiteId, now: Timestamp) -> Result<Accepted, Refusal> {
        let site = self.site(site).ok_or(Refusal::UnknownSite)?;
        let session = self.session_by_token(token).ok_or(Refusal::UnknownToken)?;
        let issued_at = session.token(token).ok_or(Refusal::UnknownToken)?.issued_at;
        if now >= session.expires_at {
            return Err(Refusal::Expired);
        }
        if let Some(end) = session.end {
            return Err(Refusal::Ended(end.reason));
        }
        if now >= self.idle_end(session) {
            return Err(Refusal::Expired);
        }
        let customer = self.customer(session.customer).ok_or(Refusal::Ended(EndReason::CustomerDeleted))?;
        if site.settings.single_user_authentication.is_on() && customer.last_open != Some(session.id) {
            return Err(Refusal::Superseded);
        }
        if site.settings.own_sessions_only.is_on() && session.site != site.id {
            return Err(Refusal::OtherSite);
        }
        Ok(Accepted { session: Arc::clone(session), customer: Arc::clone(customer), issued_at })
    }

    /// When a session is over unless it is refreshed: by the idle time of the site it was opened on, as that is set now.
    #[must_use]
    pub fn idle_end(&self, session: &Session) -> Timestamp {
        let days = self.site(session.site).map_or(0, |site| site.settings.idle_days);
        session.refreshed_at.plus_millis(i64::from(days) * DAY_MS)
    }

    /// Whether the customer could still use a session somewhere at `now`: what a list of "my sessions" shows.
    #[must_use]
    pub fn is_usable(&self, session: &Session, now: Timestamp) -> bool {
        session.is_live(now) && now < self.idle_end(session)
    }
}
