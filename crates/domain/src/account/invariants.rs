//! What must hold in any state. One function, called by property tests, the simulator, recovery and debug assertions.

use super::customer::Status;
use super::indexes::Indexes;
use super::{Session, State};
use crate::aggregate::Violation;
use crate::ids::{CustomerId, TokenDigest};
use crate::limits::{ENDED_SESSIONS_MAX, LIVE_SESSIONS_MAX, TOKENS_PER_SESSION_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// Checks every rule.
///
/// # Errors
/// The first rule that does not hold, with the id of what breaks it.
pub fn check(state: &State) -> Result<(), Violation> {
    let violated = |rule, subject: String| Err(Violation { aggregate: state.reference(), rule, subject });
    if let Some(id) = shared_email(state) {
        return violated("an e-mail names at most one customer", id.to_string());
    }
    if let Some(id) = shared_username(state) {
        return violated("a user name names at most one customer", id.to_string());
    }
    if let Some(subject) = state.sessions().find_map(|session| broken_session(state, session)) {
        return violated("a live session belongs to an active customer and a known site", subject);
    }
    if let Some(subject) = shared_token(state) {
        return violated("a token stands for one session, and a session has one to nine tokens", subject);
    }
    if let Some(id) = too_many_sessions(state) {
        return violated("the sessions of a customer are bounded", id.to_string());
    }
    if let Some(id) = foreign_last_open(state) {
        return violated("the last opened session is the customer's own and the newest", id.to_string());
    }
    if let Some(subject) = stamped_after_last(state) {
        return violated("no stamp is later than the last stamp", subject);
    }
    if let Some(site) = state.sites().find(|site| site.settings.check().is_err()) {
        return violated("settings are in range", site.id.to_string());
    }
    if state.indexes != Indexes::build(&state.entities) {
        return violated("the indexes are those of the entities", String::new());
    }
    Ok(())
}

fn shared_email(state: &State) -> Option<CustomerId> {
    let mut seen = BTreeSet::new();
    state.customers().find(|customer| !seen.insert(customer.email.key())).map(|customer| customer.id)
}

fn shared_username(state: &State) -> Option<CustomerId> {
    let mut seen = BTreeSet::new();
    let named =
        |customer: &&std::sync::Arc<super::Customer>| customer.username.as_ref().is_some_and(|u| !seen.insert(u.key()));
    state.customers().find(named).map(|customer| customer.id)
}

fn broken_session(state: &State, session: &Session) -> Option<String> {
    let is_owned = state.customer(session.customer).is_some_and(|customer| customer.status == Status::Active);
    let is_placed = state.site(session.site).is_some();
    let is_fine = is_placed && (session.end.is_some() || is_owned);
    if is_fine { None } else { Some(session.id.to_string()) }
}

fn shared_token(state: &State) -> Option<String> {
    let mut seen: BTreeSet<TokenDigest> = BTreeSet::new();
    let broken = |session: &&std::sync::Arc<Session>| {
        let count = session.tokens.len();
        count == 0 || count > TOKENS_PER_SESSION_MAX || !session.tokens.iter().all(|token| seen.insert(token.digest))
    };
    state.sessions().find(broken).map(|session| session.id.to_string())
}

/// Each login leaves at most so many live and so many ended ones. What ends sessions of many customers at once (a sweep, a restore) leaves it
/// to the next login to forget; until then the live ones have become ended ones, and the sum has stayed.
fn too_many_sessions(state: &State) -> Option<CustomerId> {
    let mut counts: BTreeMap<CustomerId, (usize, usize)> = BTreeMap::new();
    for session in state.sessions() {
        let (live, ended) = counts.entry(session.customer).or_default();
        *(if session.end.is_some() { ended } else { live }) += 1;
    }
    let over = |(live, ended): &(usize, usize)| {
        *live > LIVE_SESSIONS_MAX || *live + *ended > LIVE_SESSIONS_MAX + ENDED_SESSIONS_MAX
    };
    counts.into_iter().find(|(_, count)| over(count)).map(|(id, _)| id)
}

fn foreign_last_open(state: &State) -> Option<CustomerId> {
    let is_broken = |customer: &&std::sync::Arc<super::Customer>| {
        let Some(last) = customer.last_open.and_then(|id| state.session(id)) else { return false };
        last.customer != customer.id || state.sessions_of(customer.id).any(|other| other.opened_at > last.opened_at)
    };
    state.customers().find(is_broken).map(|customer| customer.id)
}

fn stamped_after_last(state: &State) -> Option<String> {
    let last = state.root().last_stamp;
    let customer = state.customers().find(|customer| customer.updated_at.max(customer.created_at) > last);
    let session = state.sessions().find(|session| session.refreshed_at.max(session.opened_at) > last);
    customer.map(|customer| customer.id.to_string()).or_else(|| session.map(|session| session.id.to_string()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::ids::{AccountId, CustomerId, SessionId};

    /// Nobody outside can break the indexes, so they are broken here. The other rules are broken in `tests/it/broken.rs`.
    #[test]
    fn an_index_that_is_not_that_of_the_entities_is_seen() {
        let customer = CustomerId::new(1).unwrap();
        let breaks: [fn(&mut Indexes, CustomerId); 2] = [
            |indexes, customer| _ = indexes.by_customer.insert((customer, SessionId([1; 16]))),
            |indexes, _| _ = indexes.by_token.insert(TokenDigest([1; 32]), SessionId([1; 16])),
        ];
        for break_it in breaks {
            let mut state = State::blank(AccountId(1));
            assert_eq!(check(&state), Ok(()));
            break_it(&mut state.indexes, customer);
            let rule = check(&state).map_err(|violation| violation.rule);
            assert_eq!(rule, Err("the indexes are those of the entities"));
        }
    }
}
