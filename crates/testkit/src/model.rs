//! The reference model of the session rules: which token opens which site at a time and, if not, why; whose e-mail is whose.
//!
//! It is written to be read against the design and to be too simple to be wrong: lists that are searched from one end to the other,
//! nothing indexed, nothing forgotten (what the account forgets is marked), the last login found by looking at all logins in the order they
//! happened. It takes the domain's values as they are, but calls none of its code that decides, evolves, checks or indexes.
//!
//! It knows no names, profiles and metadata of customers: commands that change them are outside of it.

mod people;
mod places;
mod sessions;

use crate::ids;
use doorward_domain::account::session::{End, EndReason};
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::state::SealedKey;
use doorward_domain::account::{Authority, Command, Refusal, Rejection, Settings, State};
use doorward_domain::credential::PasswordHash;
use doorward_domain::email::Email;
use doorward_domain::ids::{CustomerId, SessionId, SiteId, TokenDigest};
use doorward_domain::text::Name;
use doorward_domain::time::{DAY_MS, MINUTE_MS, Timestamp};
use doorward_domain::username::Username;
use std::collections::{BTreeMap, BTreeSet};

/// What the account should be like.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub(crate) name: Option<Name>,
    pub(crate) keys: Vec<SealedKey>,
    pub(crate) places: BTreeMap<SiteId, Place>,
    pub(crate) people: Vec<Person>,
    /// Every login there ever was, in the order they happened.
    pub(crate) logins: Vec<Login>,
    /// Every token there ever was.
    pub(crate) tokens: BTreeSet<TokenDigest>,
    last_stamp: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) profile: SiteProfile,
    pub(crate) settings: Settings,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: CustomerId,
    pub(crate) email: Email,
    pub(crate) username: Option<Username>,
    pub(crate) rev: u64,
    pub(crate) hash: Option<PasswordHash>,
    pub(crate) is_locked: bool,
    pub(crate) grants: Vec<doorward_domain::account::customer::Entitlement>,
}

#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) session: SessionId,
    pub(crate) person: CustomerId,
    pub(crate) place: SiteId,
    pub(crate) tokens: Vec<(TokenDigest, Timestamp)>,
    pub(crate) opened_at: Timestamp,
    pub(crate) refreshed_at: Timestamp,
    pub(crate) lives_days: u16,
    pub(crate) end: Option<End>,
    pub(crate) is_forgotten: bool,
}

/// Now, and the time that is written down: never before the last one that was.
#[derive(Clone, Copy)]
struct Moment {
    now: Timestamp,
    at: Timestamp,
}

/// Whether a command changed something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Something,
    Nothing,
}

type Answer = Result<Effect, Rejection>;

impl Model {
    /// Whether the token opens the site, and as which session.
    ///
    /// # Errors
    /// Why not.
    pub fn answer(&self, token: TokenDigest, site: SiteId, now: Timestamp) -> Result<SessionId, Refusal> {
        self.login_behind(token, site, now).map(|login| login.session)
    }

    fn login_behind(&self, token: TokenDigest, site: SiteId, now: Timestamp) -> Result<&Login, Refusal> {
        let Some(place) = self.places.get(&site) else { return Err(Refusal::UnknownSite) };
        let Some(login) = self.kept().find(|login| login.tokens.iter().any(|(digest, _)| *digest == token)) else {
            return Err(Refusal::UnknownToken);
        };
        if login.is_over(now) {
            return Err(Refusal::Expired);
        }
        if let Some(end) = login.end {
            return Err(Refusal::Ended(end.reason));
        }
        let idle_days = self.places.get(&login.place).map_or(0, |place| place.settings.idle_days);
        if now >= login.refreshed_at.plus_millis(i64::from(idle_days) * DAY_MS) {
            return Err(Refusal::Expired);
        }
        if place.settings.single_user_authentication.is_on() && !self.is_last_login(login) {
            return Err(Refusal::Superseded);
        }
        if place.settings.own_sessions_only.is_on() && login.place != site {
            return Err(Refusal::OtherSite);
        }
        Ok(login)
    }

    /// Whether the person has not logged in again since, anywhere.
    fn is_last_login(&self, login: &Login) -> bool {
        let last = self.logins.iter().rfind(|other| other.person == login.person);
        last.is_some_and(|last| last.session == login.session && !last.is_forgotten)
    }

    /// The logins that are not forgotten.
    fn kept(&self) -> impl Iterator<Item = &Login> {
        self.logins.iter().filter(|login| !login.is_forgotten)
    }

    fn person(&self, id: CustomerId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// Whether a session of this id was forgotten. No such id is drawn again.
    #[must_use]
    pub fn has_forgotten(&self, session: SessionId) -> bool {
        self.logins.iter().any(|login| login.session == session && login.is_forgotten)
    }

    /// Whether a token was issued once and is kept no more. No such token is drawn again: its digest would open a session anew.
    #[must_use]
    pub fn has_dropped(&self, token: TokenDigest) -> bool {
        let mut kept = self.logins.iter().filter(|login| !login.is_forgotten).flat_map(|login| &login.tokens);
        self.tokens.contains(&token) && !kept.any(|(known, _)| *known == token)
    }

    /// Asks a command.
    ///
    /// # Errors
    /// The rejection the account should give.
    ///
    /// # Panics
    /// When the command is outside of what the model knows.
    pub fn ask(&mut self, command: &Command, now: Timestamp) -> Result<(), Rejection> {
        let moment = Moment { now, at: now.max(self.last_stamp) };
        let effect = match command {
            Command::OpenAccount(command) => self.open_account(command),
            Command::AddSigningKey(command) => self.add_signing_key(command, moment),
            Command::CreateSite(command) => self.create_site(command, moment),
            Command::UpdateSite(command) => self.update_site(command),
            Command::RegisterCustomer(command) => self.register(command, moment),
            Command::UpdateCustomer(command) => self.update(command, moment),
            Command::DeleteCustomer(command) => self.delete(*command, moment),
            Command::SetEntitlements(command) => self.entitle(command),
            Command::SetStatus(command) => self.set_status(*command, moment),
            Command::SetPassword(command) => self.set_password(command, moment),
            Command::RehashPassword(command) => self.rehash(command),
            Command::OpenSession(command) => self.log_in(command, moment),
            Command::RefreshSession(command) => self.refresh(*command, moment),
            Command::RevokeSession(command) => self.revoke(*command, moment),
            Command::RevokeOtherSessions(command) => self.revoke_others(*command, moment),
            Command::RevokeAllSessions(command) => self.revoke_all(*command, moment),
            Command::EndEverySession(_) => Ok(self.end_every(moment)),
            Command::SweepSessions(command) => self.sweep(*command, moment),
        }?;
        if effect == Effect::Something {
            self.last_stamp = moment.at;
        }
        Ok(())
    }

    /// Where the account is not what it should be, if anywhere: every token at every site (and at one that does not exist), every session
    /// that is kept, every e-mail and user name, the last stamp.
    #[must_use]
    pub fn disagreement(&self, state: &State, now: Timestamp) -> Option<String> {
        let sites: Vec<SiteId> = self.places.keys().copied().chain([SiteId(u32::MAX)]).collect();
        for token in self.tokens.iter().copied().chain([ids::token(u64::MAX)]) {
            for site in &sites {
                let should = self.answer(token, *site, now);
                let does = state.check(token, *site, now).map(|accepted| accepted.session.id);
                if should != does {
                    return Some(format!("{token:?} at {site:?}: should be {should:?}, is {does:?}"));
                }
            }
        }
        let should: BTreeMap<SessionId, Option<End>> = self.kept().map(|login| (login.session, login.end)).collect();
        let does: BTreeMap<SessionId, Option<End>> = state.sessions().map(|kept| (kept.id, kept.end)).collect();
        if should != does {
            return Some(format!("the sessions should be {should:?}, are {does:?}"));
        }
        let should = self.people.len();
        if should != state.customers_len() {
            return Some(format!("there should be {should} customers, are {}", state.customers_len()));
        }
        let is_lost = |person: &&Person| {
            let by_email = state.customer_by_email(&person.email.key()).map(|customer| customer.id);
            let by_name = |name: &Username| state.customer_by_username(&name.key()).map(|customer| customer.id);
            by_email != Some(person.id) || person.username.as_ref().is_some_and(|name| by_name(name) != Some(person.id))
        };
        if let Some(person) = self.people.iter().find(is_lost) {
            return Some(format!("the names of {:?} should lead there, and do not", person.id));
        }
        let (should, does) = (self.last_stamp, state.root().last_stamp);
        (should != does).then(|| format!("the last stamp should be {should:?}, is {does:?}"))
    }

    fn account_exists(&self) -> Result<(), Rejection> {
        self.name.as_ref().map(|_| ()).ok_or(Rejection::AccountNotFound)
    }

    fn person_exists(&self, id: CustomerId) -> Result<&Person, Rejection> {
        self.account_exists()?;
        self.person(id).ok_or(Rejection::CustomerNotFound)
    }

    /// The login that asks; none for an operator.
    fn asker(&self, by: Authority, moment: Moment) -> Result<Option<Login>, Rejection> {
        let Authority::Session { token, site } = by else { return Ok(None) };
        Ok(Some(self.login_behind(token, site, moment.now)?.clone()))
    }

    /// As [`Self::asker`], who may only ask about themselves: of others they learn nothing.
    fn asker_about(&self, by: Authority, person: CustomerId, moment: Moment) -> Result<Option<Login>, Rejection> {
        self.person_exists(person)?;
        let asker = self.asker(by, moment)?;
        if asker.as_ref().is_some_and(|login| login.person != person) {
            return Err(Rejection::CustomerNotFound);
        }
        Ok(asker)
    }

    fn clock_is_sane(&self, moment: Moment) -> Result<(), Rejection> {
        let is_far_behind = self.last_stamp.millis() - moment.now.millis() > 5 * MINUTE_MS;
        if is_far_behind { Err(Rejection::ClockBehind) } else { Ok(()) }
    }

    fn token_is_fresh(&self, token: TokenDigest) -> Result<(), Rejection> {
        let is_known = self.kept().any(|login| login.tokens.iter().any(|(digest, _)| *digest == token));
        if is_known { Err(Rejection::IdTaken) } else { Ok(()) }
    }

    fn session_is_fresh(&self, session: SessionId, token: TokenDigest) -> Result<(), Rejection> {
        if self.kept().any(|login| login.session == session) {
            return Err(Rejection::IdTaken);
        }
        self.token_is_fresh(token)
    }

    /// Ends those of a person's logins that `goes` names. A hundred that had ended before are kept, less those that end now; the
    /// longest ended go first.
    fn end(&mut self, person: CustomerId, reason: EndReason, moment: Moment, goes: impl Fn(&Login) -> bool) -> Effect {
        let going: Vec<SessionId> = self.unended_of(person).filter(|login| goes(login)).map(|l| l.session).collect();
        let mut ended: Vec<(Timestamp, SessionId)> = self
            .kept()
            .filter(|login| login.person == person)
            .filter_map(|login| login.end.map(|end| (end.at, login.session)))
            .collect();
        ended.sort_unstable();
        let room = 100_usize.saturating_sub(going.len());
        let too_many = ended.len().saturating_sub(room);
        for login in self.logins.iter_mut().filter(|login| !login.is_forgotten) {
            if going.contains(&login.session) {
                login.end = Some(End { at: moment.at, reason });
            }
            if ended.iter().take(too_many).any(|(_, session)| *session == login.session) {
                login.is_forgotten = true;
            }
        }
        if going.is_empty() && too_many == 0 { Effect::Nothing } else { Effect::Something }
    }

    fn unended_of(&self, person: CustomerId) -> impl Iterator<Item = &Login> {
        self.kept().filter(move |login| login.person == person && login.end.is_none())
    }

    fn issue(&mut self, to: SessionId, token: TokenDigest, moment: Moment) {
        self.tokens.insert(token);
        for login in self.logins.iter_mut().filter(|login| !login.is_forgotten && login.session == to) {
            login.tokens.push((token, moment.at));
            if login.tokens.len() > 9 {
                login.tokens.remove(0);
            }
            login.refreshed_at = moment.at;
        }
    }
}

impl Login {
    fn is_over(&self, now: Timestamp) -> bool {
        now >= self.opened_at.plus_millis(i64::from(self.lives_days) * DAY_MS)
    }
}
