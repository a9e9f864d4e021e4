//! Decides commands: one file each, with the command's shape and its guards in the fixed order existence, authority, limits, state, content.

pub mod add_signing_key;
pub mod create_site;
pub mod delete_customer;
pub mod end_every_session;
mod guards;
pub mod open_account;
pub mod open_session;
pub mod refresh_session;
pub mod register_customer;
pub mod rehash_password;
pub mod revoke_all_sessions;
pub mod revoke_other_sessions;
pub mod revoke_session;
pub mod set_entitlements;
pub mod set_password;
pub mod set_status;
pub mod sweep_sessions;
pub mod update_customer;
pub mod update_site;

use super::event::Change;
use super::{Command, Event, Rejection, State};
use crate::ctx::Ctx;

/// Decides a command: the events that follow, or an expected no. No event means that all is as asked already.
///
/// # Errors
/// The first guard that says no.
pub fn decide(state: &State, command: &Command, ctx: &Ctx) -> Result<Vec<Event>, Rejection> {
    let changes = match command {
        Command::OpenAccount(command) => command.decide(state)?,
        Command::AddSigningKey(command) => command.decide(state, ctx)?,
        Command::CreateSite(command) => command.decide(state, ctx)?,
        Command::UpdateSite(command) => command.decide(state, ctx)?,
        Command::RegisterCustomer(command) => command.decide(state, ctx)?,
        Command::UpdateCustomer(command) => command.decide(state, ctx)?,
        Command::DeleteCustomer(command) => command.decide(state, ctx)?,
        Command::SetEntitlements(command) => command.decide(state)?,
        Command::SetStatus(command) => command.decide(state)?,
        Command::SetPassword(command) => command.decide(state, ctx)?,
        Command::RehashPassword(command) => command.decide(state)?,
        Command::OpenSession(command) => command.decide(state, ctx)?,
        Command::RefreshSession(command) => command.decide(state, ctx)?,
        Command::RevokeSession(command) => command.decide(state, ctx)?,
        Command::RevokeOtherSessions(command) => command.decide(state, ctx)?,
        Command::RevokeAllSessions(command) => command.decide(state, ctx)?,
        Command::EndEverySession(command) => command.decide(state)?,
        Command::SweepSessions(command) => command.decide(state, ctx)?,
    };
    let at = guards::stamp(state, ctx);
    Ok(changes.into_iter().map(|change| Event { at, change }).collect())
}

/// What a command leads to, before it is stamped.
type Changes = Vec<Change>;
