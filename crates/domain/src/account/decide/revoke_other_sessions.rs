//! Ends every session of a customer but the one that asks.

use super::{Changes, guards};
use crate::account::session::EndReason;
use crate::account::{Authority, Rejection, State};
use crate::ctx::Ctx;
use crate::ids::{SiteId, TokenDigest};

/// End the customer's other sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokeOtherSessions {
    /// The token of the session that asks.
    pub token: TokenDigest,
    /// The site it was presented at.
    pub site: SiteId,
}

impl RevokeOtherSessions {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        guards::account_is_open(state)?;
        let by = Authority::Session { token: self.token, site: self.site };
        let Some(asking) = guards::authority(state, by, ctx)? else { return Ok(Vec::new()) };
        let others = guards::unended(state, asking.customer.id).into_iter().map(|session| session.id);
        let others = others.filter(|id| *id != asking.session.id).collect();
        Ok(guards::ending(state, asking.customer.id, others, EndReason::RevokedByCustomer))
    }
}
