//! A customer with a client of his own, and what he must find after a crash.
//!
//! What he asks is answered, refused, or left without an answer; the last may have happened or not. So he keeps every state that agrees
//! with all he was told, and at least one of them must always be left. The states follow the session rules in the most naive way.

use super::{Answer, Http, NEWS, SHOP, SITES};
use crate::sim::random::Dice;
use reqwest::Method;
use serde_json::json;

const PASSWORDS: [&str; 3] = ["plenty of tulips in May", "seven herons over the weir", "nine lanterns along the quay"];
/// Tokens of a session that are good at a time.
const TOKENS_MAX: usize = 9;
/// Logins after which another customer comes.
const SESSIONS_MAX: usize = 9;

/// What the service may believe of the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    is_registered: bool,
    password: usize,
    first_name: Option<String>,
    /// In the order of the logins.
    sessions: Vec<Session>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Session {
    site: u32,
    /// `None` for a token that was issued in an answer which never came.
    tokens: Vec<Option<String>>,
    has_ended: bool,
}

/// Something the customer asks.
#[derive(Clone, Debug)]
enum Ask {
    Register { site: u32 },
    LogIn { site: u32, password: usize },
    LogOut { token: String, site: u32 },
    Rename { token: String, site: u32, name: String },
    ChangePassword { token: String, old: usize, new: usize },
    RevokeOthers { token: String },
    Refresh { token: String, site: u32 },
}

pub(super) struct Person {
    email: String,
    dice: Dice,
    renamed: u64,
    believed: Vec<State>,
}

impl State {
    /// The session that a token opens a site with.
    fn accepts(&self, token: &str, site: u32) -> Option<usize> {
        let is_it = |session: &Session| session.tokens.iter().flatten().any(|known| known == token);
        let at = self.sessions.iter().position(is_it)?;
        let is_last = at + 1 == self.sessions.len();
        (!self.sessions[at].has_ended && (site == SHOP || is_last)).then_some(at)
    }

    /// The state after something that succeeds, with the token that the answer carries; `None` when it must be refused.
    fn after(&self, ask: &Ask, token: Option<String>) -> Option<Self> {
        let mut next = self.clone();
        match ask {
            Ask::Register { site } => {
                if self.is_registered {
                    return None;
                }
                next.is_registered = true;
                next.open(*site, token);
            }
            Ask::LogIn { site, password } => {
                if !self.is_registered || self.password != *password {
                    return None;
                }
                next.open(*site, token);
            }
            Ask::LogOut { token, site } => {
                let at = self.accepts(token, *site)?;
                next.sessions[at].has_ended = true;
            }
            Ask::Rename { token: by, site, name } => {
                let at = self.accepts(by, *site)?;
                next.first_name = Some(name.clone());
                next.issue(at, token);
            }
            Ask::ChangePassword { token: by, old, new } => {
                let at = self.accepts(by, SHOP)?;
                if self.password != *old {
                    return None;
                }
                next.password = *new;
                next.end_others(at);
                next.issue(at, token);
            }
            Ask::RevokeOthers { token } => {
                let at = self.accepts(token, SHOP)?;
                next.end_others(at);
            }
            Ask::Refresh { token, site } => {
                self.accepts(token, *site)?;
            }
        }
        Some(next)
    }

    fn open(&mut self, site: u32, token: Option<String>) {
        if site == NEWS {
            self.sessions.iter_mut().for_each(|session| session.has_ended = true);
        }
        self.sessions.push(Session { site, tokens: vec![token], has_ended: false });
    }

    fn issue(&mut self, at: usize, token: Option<String>) {
        let tokens = &mut self.sessions[at].tokens;
        tokens.push(token);
        if tokens.len() > TOKENS_MAX {
            tokens.remove(0);
        }
    }

    fn end_others(&mut self, but: usize) {
        for (at, session) in self.sessions.iter_mut().enumerate() {
            session.has_ended |= at != but;
        }
    }

    /// The state after housekeeping, which may come at any time: what its own site refuses for good is ended everywhere.
    fn swept(&self) -> Self {
        let mut next = self.clone();
        if let Some((_last, others)) = next.sessions.split_last_mut() {
            others.iter_mut().for_each(|session| session.has_ended |= session.site == NEWS);
        }
        next
    }

    fn tokens(&self) -> impl Iterator<Item = &String> {
        self.sessions.iter().flat_map(|session| session.tokens.iter().flatten())
    }
}

impl Person {
    pub(super) fn new(name: &str, dice: Dice) -> Self {
        let email = format!("{name}@example.org");
        Self { email, dice, renamed: 0, believed: vec![State::default()] }
    }

    /// Whether he has had his time.
    pub(super) fn is_done(&self) -> bool {
        self.believed[0].sessions.len() >= SESSIONS_MAX
    }

    /// Asks something and takes the answer to heart. `false` when the service is gone.
    pub(super) async fn ask(&mut self, http: &Http) -> bool {
        let ask = self.next();
        let answer = self.send(http, &ask).await;
        self.sweep();
        let Some(answer) = answer.filter(|answer| answer.status != 503) else {
            let happened: Vec<State> = self.believed.iter().filter_map(|state| state.after(&ask, None)).collect();
            self.believed.extend(happened);
            return false;
        };
        let told = answer.token();
        let is_success = answer.is_success();
        let is_expected = is_success || (400..500).contains(&answer.status) && answer.status != 429;
        assert!(is_expected, "{ask:?}: {answer:?}");
        let explained: Vec<State> = self
            .believed
            .iter()
            .filter_map(|state| match (state.after(&ask, told.clone()), is_success) {
                (Some(next), true) => Some(next),
                (None, false) => Some(state.clone()),
                _ => None,
            })
            .collect();
        assert!(!explained.is_empty(), "{}: {ask:?} was answered {answer:?}, but {:?}", self.email, self.believed);
        self.believe(explained);
        true
    }

    /// Presents every token he was ever given at both sites: each answer must be what one of the states he believes in says.
    pub(super) async fn check(&mut self, http: &Http) {
        let mut tokens: Vec<String> = self.believed.iter().flat_map(State::tokens).cloned().collect();
        tokens.sort_unstable();
        tokens.dedup();
        for token in tokens {
            for site in SITES {
                let answer = http.read(&token, site).await;
                self.sweep();
                let is_it = |state: &State| match state.accepts(&token, site) {
                    Some(_) => answer.is_success() && answer.first_name() == state.first_name.as_deref(),
                    None => answer.status == 403 || answer.status == 401,
                };
                let explained: Vec<State> = self.believed.iter().filter(|state| is_it(state)).cloned().collect();
                assert!(
                    !explained.is_empty(),
                    "{} at {site}: {} was answered {answer:?}, but {:#?}",
                    self.email,
                    &token[token.len() - 6..],
                    self.believed
                );
                self.believe(explained);
            }
        }
    }

    fn sweep(&mut self) {
        let swept: Vec<State> = self.believed.iter().map(State::swept).collect();
        self.believe(self.believed.iter().cloned().chain(swept).collect());
    }

    fn believe(&mut self, states: Vec<State>) {
        self.believed.clear();
        for state in states {
            if !self.believed.contains(&state) {
                self.believed.push(state);
            }
        }
    }

    fn next(&mut self) -> Ask {
        let state = self.dice.pick(&self.believed);
        let site = self.dice.pick(&SITES);
        let tokens: Vec<String> = state.tokens().cloned().collect();
        let good: Vec<String> = tokens.iter().filter(|token| state.accepts(token, SHOP).is_some()).cloned().collect();
        if !state.is_registered || self.dice.one_in(20) {
            return Ask::Register { site };
        }
        if good.is_empty() || self.dice.one_in(4) {
            return Ask::LogIn { site, password: state.password };
        }
        // Now and then one that is not good any more.
        let token = if self.dice.one_in(8) { self.dice.pick(&tokens) } else { self.dice.pick(&good) };
        match self.dice.below(10) {
            0..2 => Ask::LogOut { token, site },
            2 => Ask::ChangePassword { token, old: state.password, new: (state.password + 1) % PASSWORDS.len() },
            3 => Ask::RevokeOthers { token },
            4 => Ask::Refresh { token, site },
            _ => {
                self.renamed += 1;
                Ask::Rename { token, site, name: format!("name {}", self.renamed) }
            }
        }
    }

    async fn send(&self, http: &Http, ask: &Ask) -> Option<Answer> {
        let email = &self.email;
        match ask {
            Ask::Register { site } => {
                let password = PASSWORDS[0];
                let fields =
                    json!({"site_id": site, "email": email, "password": password, "confirm_password": password});
                http.send(Method::POST, "sdk/auth/register", None, fields).await
            }
            Ask::LogIn { site, password } => {
                let fields = json!({"site_id": site, "email": email, "password": PASSWORDS[*password]});
                http.send(Method::POST, "sdk/auth/login", None, fields).await
            }
            Ask::LogOut { token, site } => {
                http.send(Method::POST, "sdk/auth/logout", Some(token), json!({"site_id": site})).await
            }
            Ask::Rename { token, site, name } => {
                let fields = json!({"site_id": site, "first_name": name});
                http.send(Method::PUT, "sdk/customer", Some(token), fields).await
            }
            Ask::ChangePassword { token, old, new } => {
                let new = PASSWORDS[*new];
                let fields = json!({"site_id": SHOP, "old_password": PASSWORDS[*old], "new_password": new, "confirm_new_password": new});
                http.send(Method::POST, "sdk/password/update", Some(token), fields).await
            }
            Ask::RevokeOthers { token } => {
                http.send(Method::POST, "sessions/revoke-others", Some(token), json!({"site_id": SHOP})).await
            }
            Ask::Refresh { token, site } => {
                http.send(Method::POST, "sdk/customer/refresh", Some(token), json!({"site_id": site})).await
            }
        }
    }
}
