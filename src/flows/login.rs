//! Log in with a password: one hash, one actor turn, one append.

use super::mint::DRAWS_MAX;
use super::password_rule::stored_hash;
use super::{Client, Engine, Identity, Issued, Place, Unavailable, rejection, unexpected};
use crate::hashing::{Password, Verdict};
use crate::throttle::attempts::Allowance;
use crate::throttle::{Attempt, Subject, Wait};
use doorward_domain::account::command::{Command, OpenSession, RehashPassword};
use doorward_domain::account::session::Method;
use doorward_domain::account::{Customer, Rejection, Site};
use doorward_domain::ids::SiteId;
use std::sync::Arc;
use std::time::Duration;

/// What somebody logs in with.
#[derive(Debug)]
pub struct Login {
    /// The site.
    pub site: SiteId,
    /// E-mail or user name.
    pub identity: Identity,
    /// The password.
    pub password: Password,
}

/// Why nobody was logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// There is no such site.
    #[error("the site does not exist")]
    SiteNotFound,
    /// Too many attempts have failed; try again later. The same for those who exist and those who do not.
    #[error(transparent)]
    TooMany(#[from] Wait),
    /// Unknown, wrong password, no password, or locked: nobody is told which.
    #[error("the credentials are invalid")]
    InvalidCredentials,
    /// The engine cannot do it now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Engine {
    /// Logs a customer in.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn login(self: &Arc<Self>, request: Login, client: &Client) -> Result<Issued, LoginError> {
        let place = self.place(request.site).ok_or(LoginError::SiteNotFound)?;
        self.logins.take(client.address)?;
        let attempt = self.reserve_attempt(&place, &request.identity, client)?;
        let outcome = self.prove_and_open(&place, request, client).await;
        settle(attempt, &outcome);
        outcome
    }

    /// A place among the attempts of this identity from this address, taken before the hash.
    pub(super) fn reserve_attempt(
        &self,
        place: &Place,
        identity: &Identity,
        client: &Client,
    ) -> Result<Attempt<'_>, Wait> {
        let identity = identity.counted_as();
        let subject = Subject { scope: place.account().0, identity: &identity, address: client.address };
        self.attempts.reserve(&subject, allowance(&place.site), self.monotonic.elapsed())
    }

    async fn prove_and_open(
        self: &Arc<Self>,
        place: &Place,
        request: Login,
        client: &Client,
    ) -> Result<Issued, LoginError> {
        let customer = request.identity.find(&place.view).cloned();
        let against = customer.as_deref().and_then(stored_hash);
        let verdict = self.hashing.verify(place.account(), request.password, against).await;
        let rehash = match verdict.map_err(Unavailable::from)? {
            Verdict::Match { rehash } => rehash,
            Verdict::NoMatch => return Err(LoginError::InvalidCredentials),
        };
        // A locked customer is refused like a wrong password, before anything is signed or sent: it must take no longer.
        let customer = customer.filter(|customer| customer.may_log_in()).ok_or(LoginError::InvalidCredentials)?;
        let issued = self.open_session(place, &customer, client).await?;
        if let Some(password) = rehash {
            self.rehash_later(place.clone(), customer, password);
        }
        Ok(issued)
    }

    /// Opens the session. The actor asks again whether the credential and the status are still what was seen.
    async fn open_session(&self, place: &Place, customer: &Customer, client: &Client) -> Result<Issued, LoginError> {
        for _ in 0..DRAWS_MAX {
            let ctx = self.ctx(client)?;
            let (session, token) = self.draw_session(place, customer.id, Method::Password, ctx.now)?;
            let session_id = session.id;
            let command = Command::OpenSession(OpenSession {
                customer: customer.id,
                credential_rev: customer.credential.rev,
                session,
            });
            match place.handle.call(command, ctx).await {
                Ok(done) => {
                    let customer = done.state.customer(customer.id).cloned();
                    let customer = customer.ok_or_else(|| unexpected("login", &Rejection::CustomerNotFound))?;
                    return Ok(Issued { token, customer, session: session_id });
                }
                Err(error) => match rejection(error)? {
                    Rejection::IdTaken => {}
                    Rejection::CustomerNotFound | Rejection::CustomerLocked | Rejection::CredentialChanged => {
                        return Err(LoginError::InvalidCredentials);
                    }
                    Rejection::SiteNotFound | Rejection::AccountNotFound => return Err(LoginError::SiteNotFound),
                    Rejection::ClockBehind => return Err(Unavailable::ClockBehind.into()),
                    other => return Err(unexpected("login", &other).into()),
                },
            }
        }
        Err(Unavailable::Overloaded.into())
    }

    /// Puts a stronger hash in place, after the reply. Compare and set: a password that changed meanwhile stays.
    fn rehash_later(self: &Arc<Self>, place: Place, customer: Arc<Customer>, password: Password) {
        let engine = Arc::clone(self);
        let Some(from) = customer.credential.hash.clone() else { return };
        tokio::spawn(async move {
            // Whatever fails here, the next login tries again.
            let Ok(phc) = engine.hashing.hash(place.account(), password).await else { return };
            let command = Command::RehashPassword(RehashPassword { customer: customer.id, from, to: phc.to_stored() });
            let Ok(ctx) = engine.own_ctx() else { return };
            if let Err(error) = place.handle.call(command, ctx).await {
                tracing::info!(customer = %customer.id, %error, "a stronger hash was not stored");
            }
        });
    }
}

fn allowance(site: &Site) -> Allowance {
    let lock_out = site.settings.lock_out;
    Allowance { failures_max: lock_out.failures_max, window: Duration::from_secs(u64::from(lock_out.window_secs)) }
}

/// A login that failed for want of resources was no guess.
fn settle(attempt: Attempt<'_>, outcome: &Result<Issued, LoginError>) {
    match outcome {
        Ok(_) => attempt.succeed(),
        Err(LoginError::Unavailable(_) | LoginError::SiteNotFound) => attempt.withdraw(),
        Err(LoginError::InvalidCredentials | LoginError::TooMany(_)) => drop(attempt),
    }
}
