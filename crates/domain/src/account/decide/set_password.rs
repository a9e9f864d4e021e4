//! Sets a password. Every session but the one that asks ends.

use super::{Changes, guards};
use crate::account::customer::Status;
use crate::account::event::Change;
use crate::account::session::EndReason;
use crate::account::{Authority, Rejection, State};
use crate::credential::{Credential, PasswordHash};
use crate::ctx::Ctx;
use crate::ids::{CredentialRev, CustomerId, TokenDigest};

/// Set a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPassword {
    /// On whose authority: a session whose owner has proven the current password, or an operator.
    pub by: Authority,
    /// Whose.
    pub customer: CustomerId,
    /// The credential revision that was verified, or, for an operator, that was seen.
    pub credential_rev: CredentialRev,
    /// The hash of the new password.
    pub hash: PasswordHash,
    /// A new token for the session that asks, if it wants one.
    pub token: Option<TokenDigest>,
}

impl SetPassword {
    pub(super) fn decide(&self, state: &State, ctx: &Ctx) -> Result<Changes, Rejection> {
        let (customer, accepted) = guards::authority_over(state, self.by, self.customer, ctx)?;
        if customer.credential.rev != self.credential_rev {
            return Err(Rejection::CredentialChanged);
        }
        if customer.status != Status::Active {
            return Err(Rejection::CustomerLocked);
        }
        guards::clock_is_sane(state, ctx)?;
        if let Some(token) = self.token {
            guards::is_fresh(state, None, token)?;
        }
        let at = guards::stamp(state, ctx);
        let asking = accepted.as_ref().map(|accepted| accepted.session.id);
        let others = guards::unended(state, customer.id).into_iter().map(|session| session.id);
        let others = others.filter(|id| Some(*id) != asking).collect();
        let credential = Credential {
            hash: Some(self.hash.clone()),
            rev: CredentialRev(customer.credential.rev.0.saturating_add(1)),
            changed_at: at,
        };
        let mut changes = guards::ending(state, customer.id, others, EndReason::PasswordChanged);
        changes.push(Change::PasswordSet { customer: customer.id, credential });
        if let (Some(token), Some(accepted)) = (self.token, accepted) {
            changes.push(guards::issue_token(&accepted.session, token, at));
        }
        Ok(changes)
    }
}
