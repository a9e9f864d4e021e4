//! Issues another token of a session, unless the presented one is young enough to be echoed.

use super::{Changes, guards};
use crate::account::{Authority, Rejection, State};
use crate::ctx::Ctx;
use crate::ids::{SiteId, TokenDigest};
use crate::limits::TOKEN_ECHO_MS;
use crate::time::Timestamp;

/// Issue another token. No event means: the presented token is echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshSession {
    /// The token that was presented.
    pub token: TokenDigest,
    /// The site it was presented at.
    pub site: SiteId,
    /// The digest of the new token.
    pub new_token: TokenDigest,
}

impl RefreshSession {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        guards::account_is_open(state)?;
        let by = Authority::Session { token: self.token, site: self.site };
        let Some(accepted) = guards::authority(state, by, ctx)? else { return Ok(Vec::new()) };
        guards::clock_is_sane(state, ctx)?;
        if is_echoed(accepted.issued_at, ctx.now) {
            return Ok(Vec::new());
        }
        guards::is_fresh(state, None, self.new_token)?;
        Ok(vec![guards::issue_token(&accepted.session, self.new_token, guards::stamp(state, ctx))])
    }
}

/// Whether a refresh of a token that was issued at `issued_at` echoes it: clients refresh at every page load, and that must cost no write.
#[must_use]
pub fn is_echoed(issued_at: Timestamp, now: Timestamp) -> bool {
    now.since(issued_at) < TOKEN_ECHO_MS
}
