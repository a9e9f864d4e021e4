//! Commands in one line, with numbers for ids.

use crate::build::{hash, text};
use crate::ids;
use doorward_domain::account::command::{
    AddSigningKey, ClockTrust, Command, DeleteCustomer, EndEverySession, NewSession, OpenAccount, OpenSession,
    ProfilePatch, RefreshSession, RehashPassword, RevokeAllSessions, RevokeOtherSessions, RevokeSession,
    SetEntitlements, SetPassword, SetStatus, SweepSessions, UpdateCustomer, UpdateSite,
};
use doorward_domain::account::customer::{Entitlement, Status};
use doorward_domain::account::session::Method;
use doorward_domain::account::state::SealedKey;
use doorward_domain::account::{Authority, Settings};
use doorward_domain::ids::{CredentialRev, SessionId, SiteId};
use doorward_domain::metadata::MetadataPatch;

/// The authority of a session, by the number of its token and of the site it is presented at.
#[must_use]
pub fn by(token: u64, site: u32) -> Authority {
    Authority::Session { token: ids::token(token), site: SiteId(site) }
}

/// A login under the credential revision 1: session `n` with token `n`.
#[must_use]
pub fn log_in(customer: u64, site: u32, n: u64) -> Command {
    log_in_with(customer, 1, new_session(site, n))
}

/// A login under any credential revision.
#[must_use]
pub fn log_in_with(customer: u64, rev: u64, session: NewSession) -> Command {
    let customer = ids::customer(customer);
    Command::OpenSession(OpenSession { customer, credential_rev: CredentialRev(rev), session })
}

/// The session `n` with the token `n`, to be opened with a password.
#[must_use]
pub fn new_session(site: u32, n: u64) -> NewSession {
    NewSession { id: ids::session(n), site: SiteId(site), method: Method::Password, token: ids::token(n) }
}

/// A refresh of `token` at `site`, for the token `new`.
#[must_use]
pub fn refresh(token: u64, site: u32, new: u64) -> Command {
    Command::RefreshSession(RefreshSession { token: ids::token(token), site: SiteId(site), new_token: ids::token(new) })
}

/// The session `n` logs itself out with its token `n`.
#[must_use]
pub fn log_out(n: u64, site: u32) -> Command {
    revoke(by(n, site), n)
}

/// The end of one session.
#[must_use]
pub fn revoke(by: Authority, session: u64) -> Command {
    Command::RevokeSession(RevokeSession { by, session: ids::session(session) })
}

/// The end of all sessions but the one of this token.
#[must_use]
pub fn revoke_others(token: u64, site: u32) -> Command {
    Command::RevokeOtherSessions(RevokeOtherSessions { token: ids::token(token), site: SiteId(site) })
}

/// The end of all sessions of a customer.
#[must_use]
pub fn revoke_all(by: Authority, customer: u64) -> Command {
    Command::RevokeAllSessions(RevokeAllSessions { by, customer: ids::customer(customer) })
}

/// The end of every session of the account.
#[must_use]
pub fn end_every_session() -> Command {
    Command::EndEverySession(EndEverySession)
}

/// The end of a customer.
#[must_use]
pub fn delete(by: Authority, customer: u64) -> Command {
    Command::DeleteCustomer(DeleteCustomer { by, customer: ids::customer(customer) })
}

/// Locks a customer.
#[must_use]
pub fn lock(customer: u64) -> Command {
    set_status(customer, Status::Locked)
}

/// Unlocks a customer.
#[must_use]
pub fn unlock(customer: u64) -> Command {
    set_status(customer, Status::Active)
}

/// Sets a customer's status.
#[must_use]
pub fn set_status(customer: u64, status: Status) -> Command {
    Command::SetStatus(SetStatus { customer: ids::customer(customer), status })
}

/// A new password for a customer whose credential has this revision; without a new token.
#[must_use]
pub fn set_password(by: Authority, customer: u64, rev: u64) -> SetPassword {
    let hash = hash(&(rev + 1).to_string());
    SetPassword { by, customer: ids::customer(customer), credential_rev: CredentialRev(rev), hash, token: None }
}

/// A stronger hash, by the names of the two.
#[must_use]
pub fn rehash(customer: u64, from: &str, to: &str) -> Command {
    Command::RehashPassword(RehashPassword { customer: ids::customer(customer), from: hash(from), to: hash(to) })
}

/// An update that changes nothing yet.
#[must_use]
pub fn update(by: Authority, customer: u64) -> UpdateCustomer {
    UpdateCustomer {
        by,
        customer: ids::customer(customer),
        email: None,
        username: None,
        profile: ProfilePatch::default(),
        metadata: MetadataPatch::default(),
        token: None,
    }
}

/// A new e-mail.
#[must_use]
pub fn set_email(by: Authority, customer: u64, email: &str) -> Command {
    let email = Some(crate::build::email(email));
    Command::UpdateCustomer(Box::new(UpdateCustomer { email, ..update(by, customer) }))
}

/// So many grants, named by their numbers.
#[must_use]
pub fn entitle(customer: u64, count: usize) -> Command {
    let grant = |n| Entitlement { name: text(&format!("grant-{n}")), expires_at: None };
    let entitlements = (0..count).map(grant).collect();
    Command::SetEntitlements(SetEntitlements { customer: ids::customer(customer), entitlements })
}

/// New settings of a site.
#[must_use]
pub fn set_settings(site: u32, settings: Settings) -> Command {
    Command::UpdateSite(UpdateSite { id: SiteId(site), profile: None, settings: Some(settings) })
}

/// The opening of the account.
#[must_use]
pub fn open_account(name: &str, signing_key: SealedKey) -> Command {
    Command::OpenAccount(OpenAccount { name: text(name), signing_key })
}

/// Another signing key.
#[must_use]
pub fn add_signing_key(key: SealedKey) -> Command {
    Command::AddSigningKey(AddSigningKey { key })
}

/// One window of housekeeping.
#[must_use]
pub fn sweep(after: Option<SessionId>, clock: ClockTrust) -> Command {
    Command::SweepSessions(SweepSessions { after, clock })
}
