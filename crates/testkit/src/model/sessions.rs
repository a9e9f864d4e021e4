//! Logins and their ends, in the model.

use super::{Answer, Effect, Login, Model, Moment};
use doorward_domain::account::command::{
    ClockTrust, OpenSession, RefreshSession, RevokeAllSessions, RevokeOtherSessions, RevokeSession, SweepSessions,
};
use doorward_domain::account::session::{End, EndReason};
use doorward_domain::account::{Authority, Rejection};
use doorward_domain::ids::SessionId;
use doorward_domain::time::HOUR_MS;

impl Model {
    pub(super) fn log_in(&mut self, command: &OpenSession, moment: Moment) -> Answer {
        let person = self.person_exists(command.customer)?;
        let Some(place) = self.places.get(&command.session.site) else { return Err(Rejection::SiteNotFound) };
        if person.rev != command.credential_rev.0 {
            return Err(Rejection::CredentialChanged);
        }
        if person.is_locked {
            return Err(Rejection::CustomerLocked);
        }
        self.clock_is_sane(moment)?;
        self.session_is_fresh(command.session.id, command.session.token)?;
        let settings = place.settings.clone();
        if settings.single_user_authentication.is_on() {
            self.end(command.customer, EndReason::Superseded, moment, |_| true);
        } else {
            let mut oldest: Vec<_> = self.unended_of(command.customer).map(|l| (l.opened_at, l.session)).collect();
            oldest.sort_unstable();
            let too_many = (oldest.len() + 1).saturating_sub(100);
            let going: Vec<SessionId> = oldest.into_iter().take(too_many).map(|(_, session)| session).collect();
            self.end(command.customer, EndReason::TooMany, moment, |login| going.contains(&login.session));
        }
        self.tokens.insert(command.session.token);
        self.logins.push(Login {
            session: command.session.id,
            person: command.customer,
            place: command.session.site,
            tokens: vec![(command.session.token, moment.at)],
            opened_at: moment.at,
            refreshed_at: moment.at,
            lives_days: settings.auth_token_ttl_days,
            end: None,
            is_forgotten: false,
        });
        Ok(Effect::Something)
    }

    pub(super) fn refresh(&mut self, command: RefreshSession, moment: Moment) -> Answer {
        self.account_exists()?;
        let login = self.login_behind(command.token, command.site, moment.now)?.clone();
        self.clock_is_sane(moment)?;
        let presented = login.tokens.iter().find(|(digest, _)| *digest == command.token);
        let is_young = presented.is_some_and(|(_, issued)| moment.now < issued.plus_millis(HOUR_MS));
        if is_young {
            return Ok(Effect::Nothing);
        }
        self.token_is_fresh(command.new_token)?;
        self.issue(login.session, command.new_token, moment);
        Ok(Effect::Something)
    }

    pub(super) fn revoke(&mut self, command: RevokeSession, moment: Moment) -> Answer {
        self.account_exists()?;
        let Some(login) = self.kept().find(|login| login.session == command.session).cloned() else {
            return Err(Rejection::SessionNotFound);
        };
        let reason = match self.asker(command.by, moment)? {
            None => EndReason::RevokedByOperator,
            Some(asker) if asker.person != login.person => return Err(Rejection::SessionNotFound),
            Some(asker) if asker.session == login.session => EndReason::LoggedOut,
            Some(_) => EndReason::RevokedByCustomer,
        };
        if login.end.is_some() {
            return Ok(Effect::Nothing);
        }
        Ok(self.end(login.person, reason, moment, |other| other.session == login.session))
    }

    pub(super) fn revoke_others(&mut self, command: RevokeOtherSessions, moment: Moment) -> Answer {
        self.account_exists()?;
        let asker = self.login_behind(command.token, command.site, moment.now)?.clone();
        Ok(self.end(asker.person, EndReason::RevokedByCustomer, moment, |login| login.session != asker.session))
    }

    pub(super) fn revoke_all(&mut self, command: RevokeAllSessions, moment: Moment) -> Answer {
        self.asker_about(command.by, command.customer, moment)?;
        let reason = match command.by {
            Authority::Operator => EndReason::RevokedByOperator,
            Authority::Session { .. } => EndReason::RevokedByCustomer,
        };
        Ok(self.end(command.customer, reason, moment, |_| true))
    }

    pub(super) fn end_every(&mut self, moment: Moment) -> Effect {
        let mut effect = Effect::Nothing;
        for login in self.logins.iter_mut().filter(|login| !login.is_forgotten && login.end.is_none()) {
            login.end = Some(End { at: moment.at, reason: EndReason::Restored });
            effect = Effect::Something;
        }
        effect
    }

    /// Looks at the thousand sessions after `after`: what is over is forgotten if the clock may delete; what its own site refuses
    /// because its person has logged in again is ended.
    pub(super) fn sweep(&mut self, command: SweepSessions, moment: Moment) -> Answer {
        self.account_exists()?;
        let mut window: Vec<SessionId> = self.kept().map(|login| login.session).collect();
        window.retain(|session| command.after.is_none_or(|after| *session > after));
        window.sort_unstable();
        window.truncate(1_000);
        let refused: Vec<SessionId> =
            self.kept().filter(|login| self.is_refused_at_home(login)).map(|l| l.session).collect();
        let mut effect = Effect::Nothing;
        for login in self.logins.iter_mut().filter(|l| !l.is_forgotten && window.contains(&l.session)) {
            if login.is_over(moment.now) && command.clock == ClockTrust::Confirmed {
                login.is_forgotten = true;
                effect = Effect::Something;
            } else if login.end.is_none() && refused.contains(&login.session) {
                login.end = Some(End { at: moment.at, reason: EndReason::Superseded });
                effect = Effect::Something;
            }
        }
        Ok(effect)
    }

    fn is_refused_at_home(&self, login: &Login) -> bool {
        let home = self.places.get(&login.place);
        let rule = home.is_some_and(|place| place.settings.single_user_authentication.is_on());
        rule && !self.is_last_login(login)
    }
}
