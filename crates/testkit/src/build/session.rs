//! Builds a session.

use crate::clock::START;
use crate::ids;
use doorward_domain::account::Session;
use doorward_domain::account::session::{End, EndReason, Method, Token};
use doorward_domain::ids::SiteId;
use doorward_domain::time::Timestamp;

/// How long the sessions of a builder live, in days: the default of a site.
const TTL_DAYS: u16 = 30;

/// A session to be.
#[derive(Clone, Debug)]
#[must_use]
pub struct SessionBuilder {
    session: Session,
}

impl SessionBuilder {
    pub(super) fn new() -> Self {
        Self {
            session: Session {
                id: ids::session(1),
                customer: ids::customer(1),
                site: SiteId(1),
                method: Method::Password,
                tokens: vec![Token { digest: ids::token(1), issued_at: START }],
                device: None,
                address: None,
                opened_at: START,
                refreshed_at: START,
                expires_at: START.plus_days(TTL_DAYS),
                end: None,
            },
        }
    }

    /// The number of the session and of its one token.
    pub fn id(self, id: u64) -> Self {
        self.with(|session| session.id = ids::session(id)).tokens([id])
    }

    /// The number of the customer whose it is.
    pub fn of(self, customer: u64) -> Self {
        self.with(|session| session.customer = ids::customer(customer))
    }

    /// The number of the site it was opened on.
    pub fn on(self, site: u32) -> Self {
        self.with(|session| session.site = SiteId(site))
    }

    /// The numbers of its tokens, oldest first, all issued when the session was opened.
    pub fn tokens(self, tokens: impl IntoIterator<Item = u64>) -> Self {
        let token = |issued_at| move |n| Token { digest: ids::token(n), issued_at };
        self.with(|session| session.tokens = tokens.into_iter().map(token(session.opened_at)).collect())
    }

    /// When it was opened; its tokens are as old, and it lives thirty days from there.
    pub fn opened_at(self, at: Timestamp) -> Self {
        self.with(|session| {
            session.opened_at = at;
            session.refreshed_at = at;
            session.expires_at = at.plus_days(TTL_DAYS);
            session.tokens.iter_mut().for_each(|token| token.issued_at = at);
        })
    }

    /// When its newest token was issued.
    pub fn refreshed_at(self, at: Timestamp) -> Self {
        self.with(|session| session.refreshed_at = at)
    }

    /// When it is over at the latest.
    pub fn expires_at(self, at: Timestamp) -> Self {
        self.with(|session| session.expires_at = at)
    }

    /// Ended, when it was refreshed last.
    pub fn ended(self, reason: EndReason) -> Self {
        self.with(|session| session.end = Some(End { at: session.refreshed_at, reason }))
    }

    /// With anything.
    pub fn with(mut self, change: impl FnOnce(&mut Session)) -> Self {
        change(&mut self.session);
        self
    }

    /// The session.
    #[must_use]
    pub fn build(self) -> Session {
        self.session
    }
}
