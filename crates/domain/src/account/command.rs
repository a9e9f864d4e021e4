//! What may be asked of an account. The shape of each command stands beside the code that decides it.

pub use super::decide::add_signing_key::AddSigningKey;
pub use super::decide::create_site::CreateSite;
pub use super::decide::delete_customer::DeleteCustomer;
pub use super::decide::end_every_session::EndEverySession;
pub use super::decide::open_account::OpenAccount;
pub use super::decide::open_session::{NewSession, OpenSession};
pub use super::decide::refresh_session::RefreshSession;
pub use super::decide::register_customer::RegisterCustomer;
pub use super::decide::rehash_password::RehashPassword;
pub use super::decide::revoke_all_sessions::RevokeAllSessions;
pub use super::decide::revoke_other_sessions::RevokeOtherSessions;
pub use super::decide::revoke_session::RevokeSession;
pub use super::decide::set_entitlements::SetEntitlements;
pub use super::decide::set_password::SetPassword;
pub use super::decide::set_status::SetStatus;
pub use super::decide::sweep_sessions::SweepSessions;
pub use super::decide::update_customer::{ProfilePatch, UpdateCustomer};
pub use super::decide::update_site::UpdateSite;
pub use crate::ctx::ClockTrust;
use crate::ids::{SiteId, TokenDigest};

/// Something that is asked of an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Open the account.
    OpenAccount(OpenAccount),
    /// Add a signing key.
    AddSigningKey(AddSigningKey),
    /// Create a site.
    CreateSite(CreateSite),
    /// Change a site.
    UpdateSite(UpdateSite),
    /// Register a customer.
    RegisterCustomer(Box<RegisterCustomer>),
    /// Change a customer.
    UpdateCustomer(Box<UpdateCustomer>),
    /// Delete a customer.
    DeleteCustomer(DeleteCustomer),
    /// Set the grants of a customer.
    SetEntitlements(SetEntitlements),
    /// Lock or unlock a customer.
    SetStatus(SetStatus),
    /// Set a password.
    SetPassword(SetPassword),
    /// Put a stronger hash of the same password in place.
    RehashPassword(RehashPassword),
    /// Log in.
    OpenSession(OpenSession),
    /// Issue another token of a session.
    RefreshSession(RefreshSession),
    /// End one session; this is also how a customer logs out.
    RevokeSession(RevokeSession),
    /// End the customer's sessions but the one that asks.
    RevokeOtherSessions(RevokeOtherSessions),
    /// End all sessions of a customer.
    RevokeAllSessions(RevokeAllSessions),
    /// End every session of the account, after a restore or a repair.
    EndEverySession(EndEverySession),
    /// End what the rules end and forget what has expired, for a bounded number of sessions.
    SweepSessions(SweepSessions),
}

/// On whose authority a command is given. `decide` asks again whether it is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The business itself, by the library or the command line.
    Operator,
    /// A customer's session, presented at a site.
    Session {
        /// The token that was presented.
        token: TokenDigest,
        /// The site it was presented at.
        site: SiteId,
    },
}
