//! The guards that several commands share, and the endings of sessions.

use crate::account::event::Change;
use crate::account::session::{EndReason, Token};
use crate::account::{Accepted, Authority, Customer, Rejection, Session, Site, State};
use crate::ctx::{ClockTrust, Ctx};
use crate::ids::{CustomerId, SessionId, SiteId, TokenDigest};
use crate::limits::{CLOCK_BEHIND_MAX_MS, ENDED_SESSIONS_MAX, TOKENS_PER_SESSION_MAX};
use crate::time::Timestamp;
use std::sync::Arc;

/// The time events of this command get: never before the account's last stamp.
pub(super) fn stamp(state: &State, ctx: &Ctx) -> Timestamp {
    ctx.now.max(state.root().last_stamp)
}

/// State: the clock may be a little behind, not far, unless an operator vouches for it.
pub(super) fn clock_is_sane(state: &State, ctx: &Ctx) -> Result<(), Rejection> {
    if ctx.clock == ClockTrust::Unconfirmed && state.root().last_stamp.since(ctx.now) > CLOCK_BEHIND_MAX_MS {
        return Err(Rejection::ClockBehind);
    }
    Ok(())
}

/// Existence: the account was opened.
pub(super) fn account_is_open(state: &State) -> Result<(), Rejection> {
    if state.is_open() { Ok(()) } else { Err(Rejection::AccountNotFound) }
}

/// Existence: the site.
pub(super) fn site(state: &State, id: SiteId) -> Result<&Arc<Site>, Rejection> {
    account_is_open(state)?;
    state.site(id).ok_or(Rejection::SiteNotFound)
}

/// Existence: the customer.
pub(super) fn customer(state: &State, id: CustomerId) -> Result<&Arc<Customer>, Rejection> {
    account_is_open(state)?;
    state.customer(id).ok_or(Rejection::CustomerNotFound)
}

/// Authority: an operator, or a session that is still good. Operators have none.
pub(super) fn authority(state: &State, by: Authority, ctx: &Ctx) -> Result<Option<Accepted>, Rejection> {
    match by {
        Authority::Operator => Ok(None),
        Authority::Session { token, site } => Ok(Some(state.check(token, site, ctx.now)?)),
    }
}

/// Existence, then authority over one customer: another's session learns no more than that there is none.
pub(super) fn authority_over(
    state: &State,
    by: Authority,
    id: CustomerId,
    ctx: &Ctx,
) -> Result<(Arc<Customer>, Option<Accepted>), Rejection> {
    let customer = Arc::clone(customer(state, id)?);
    let accepted = authority(state, by, ctx)?;
    match &accepted {
        Some(accepted) if accepted.customer.id != id => Err(Rejection::CustomerNotFound),
        _ => Ok((customer, accepted)),
    }
}

/// State: neither the session id nor the digest is in use.
pub(super) fn is_fresh(state: &State, session: Option<SessionId>, token: TokenDigest) -> Result<(), Rejection> {
    let id_taken = session.is_some_and(|id| state.session(id).is_some());
    if id_taken || state.session_by_token(token).is_some() { Err(Rejection::IdTaken) } else { Ok(()) }
}

/// The sessions of a customer that have not ended, oldest first. Among those of one stamp (the clock may stand still), the one that was opened
/// last is the newest.
pub(super) fn unended(state: &State, customer: CustomerId) -> Vec<&Arc<Session>> {
    let last_open = state.customer(customer).and_then(|customer| customer.last_open);
    let mut sessions: Vec<_> = state.sessions_of(customer).filter(|session| session.end.is_none()).collect();
    sessions.sort_by_key(|session| (session.opened_at, last_open == Some(session.id), session.id));
    sessions
}

/// Ends sessions of one customer. Ended sessions past the bound are forgotten, oldest first, also when none ends now: a sweep ends and
/// leaves it to the next command to forget.
pub(super) fn ending(state: &State, customer: CustomerId, sessions: Vec<SessionId>, reason: EndReason) -> Vec<Change> {
    let mut ended: Vec<_> =
        state.sessions_of(customer).filter_map(|session| session.end.map(|end| (end.at, session.id))).collect();
    ended.sort_unstable();
    let excess = (ended.len() + sessions.len()).saturating_sub(ENDED_SESSIONS_MAX);
    let forgotten: Vec<_> = ended.into_iter().take(excess).map(|(_, id)| id).collect();
    let mut changes = Vec::new();
    if !sessions.is_empty() {
        changes.push(Change::SessionsEnded { sessions, reason });
    }
    if !forgotten.is_empty() {
        changes.push(Change::SessionsForgotten { sessions: forgotten });
    }
    changes
}

/// Adds a token to a session; the oldest falls out past the bound.
pub(super) fn issue_token(session: &Session, digest: TokenDigest, issued_at: Timestamp) -> Change {
    let mut tokens = session.tokens.clone();
    tokens.push(Token { digest, issued_at });
    let dropped = tokens.drain(..tokens.len().saturating_sub(TOKENS_PER_SESSION_MAX)).collect();
    Change::TokenIssued { session: session.id, tokens, dropped }
}
