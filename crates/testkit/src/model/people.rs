//! Customers, in the model.

use super::{Answer, Effect, Login, Model, Moment, Person};
use doorward_domain::account::Rejection;
use doorward_domain::account::command::{
    DeleteCustomer, ProfilePatch, RegisterCustomer, RehashPassword, SetEntitlements, SetPassword, SetStatus,
    UpdateCustomer,
};
use doorward_domain::account::customer::{Profile, Status};
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::session::EndReason;
use doorward_domain::email::Email;
use doorward_domain::ids::CustomerId;
use doorward_domain::username::Username;

impl Model {
    pub(super) fn register(&mut self, command: &RegisterCustomer, moment: Moment) -> Answer {
        assert!(command.profile == Profile::default() && command.metadata.0.is_empty(), "outside of the model");
        self.account_exists()?;
        let Some(place) = self.places.get(&command.site) else { return Err(Rejection::SiteNotFound) };
        let lives_days = place.settings.auth_token_ttl_days;
        self.clock_is_sane(moment)?;
        let id_is_known = self.person(command.id).is_some() || self.kept().any(|login| login.person == command.id);
        if id_is_known {
            return Err(Rejection::IdTaken);
        }
        if let Some(session) = &command.session {
            self.session_is_fresh(session.id, session.token)?;
        }
        self.names_are_free(command.id, Some(&command.email), command.username.as_ref())?;
        self.people.push(Person {
            id: command.id,
            email: command.email.clone(),
            username: command.username.clone(),
            rev: 1,
            hash: command.password.clone(),
            is_locked: false,
            grants: Vec::new(),
        });
        if let Some(session) = &command.session {
            self.tokens.insert(session.token);
            self.logins.push(Login {
                session: session.id,
                person: command.id,
                place: command.site,
                tokens: vec![(session.token, moment.at)],
                opened_at: moment.at,
                refreshed_at: moment.at,
                lives_days,
                end: None,
                is_forgotten: false,
            });
        }
        Ok(Effect::Something)
    }

    pub(super) fn update(&mut self, command: &UpdateCustomer, moment: Moment) -> Answer {
        let is_known = command.profile == ProfilePatch::default() && command.metadata.0.is_empty();
        assert!(is_known, "outside of the model");
        let asker = self.asker_about(command.by, command.customer, moment)?;
        self.clock_is_sane(moment)?;
        if let Some(token) = command.token {
            self.token_is_fresh(token)?;
        }
        let new_username = command.username.as_ref().and_then(Option::as_ref);
        self.names_are_free(command.customer, command.email.as_ref(), new_username)?;
        let mut effect = Effect::Nothing;
        for person in self.people.iter_mut().filter(|person| person.id == command.customer) {
            if let Some(email) = command.email.as_ref().filter(|new| **new != person.email) {
                person.email = email.clone();
                effect = Effect::Something;
            }
            if let Some(username) = command.username.as_ref().filter(|new| **new != person.username) {
                person.username = username.clone();
                effect = Effect::Something;
            }
        }
        if let (Some(token), Some(asker)) = (command.token, asker) {
            self.issue(asker.session, token, moment);
            effect = Effect::Something;
        }
        Ok(effect)
    }

    /// No two people have one e-mail or one user name, whatever the case of the letters.
    fn names_are_free(
        &self,
        own: CustomerId,
        email: Option<&Email>,
        username: Option<&Username>,
    ) -> Result<(), Rejection> {
        let same = |one: &str, other: &str| one.trim().eq_ignore_ascii_case(other.trim());
        let mut others = self.people.iter().filter(|person| person.id != own);
        if email.is_some_and(|email| others.clone().any(|other| same(email.as_str(), other.email.as_str()))) {
            return Err(Rejection::EmailTaken);
        }
        let has_name = |other: &Person, name: &Username| {
            other.username.as_ref().is_some_and(|username| same(username.as_str(), name.as_str()))
        };
        if username.is_some_and(|name| others.any(|other| has_name(other, name))) {
            return Err(Rejection::UsernameTaken);
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, command: DeleteCustomer, moment: Moment) -> Answer {
        self.asker_about(command.by, command.customer, moment)?;
        self.end(command.customer, EndReason::CustomerDeleted, moment, |_| true);
        self.people.retain(|person| person.id != command.customer);
        Ok(Effect::Something)
    }

    pub(super) fn entitle(&mut self, command: &SetEntitlements) -> Answer {
        self.person_exists(command.customer)?;
        if command.entitlements.len() > 200 {
            return Err(Rejection::LimitReached(Limit::Entitlements));
        }
        let mut effect = Effect::Nothing;
        for person in self.people.iter_mut().filter(|person| person.id == command.customer) {
            if person.grants != command.entitlements {
                person.grants.clone_from(&command.entitlements);
                effect = Effect::Something;
            }
        }
        Ok(effect)
    }

    pub(super) fn set_status(&mut self, command: SetStatus, moment: Moment) -> Answer {
        let is_locked = command.status == Status::Locked;
        if self.person_exists(command.customer)?.is_locked == is_locked {
            return Ok(Effect::Nothing);
        }
        if is_locked {
            self.end(command.customer, EndReason::CustomerLocked, moment, |_| true);
        }
        for person in self.people.iter_mut().filter(|person| person.id == command.customer) {
            person.is_locked = is_locked;
        }
        Ok(Effect::Something)
    }

    pub(super) fn set_password(&mut self, command: &SetPassword, moment: Moment) -> Answer {
        let asker = self.asker_about(command.by, command.customer, moment)?;
        let person = self.person_exists(command.customer)?;
        if person.rev != command.credential_rev.0 {
            return Err(Rejection::CredentialChanged);
        }
        if person.is_locked {
            return Err(Rejection::CustomerLocked);
        }
        self.clock_is_sane(moment)?;
        if let Some(token) = command.token {
            self.token_is_fresh(token)?;
        }
        let asking = asker.map(|login| login.session);
        self.end(command.customer, EndReason::PasswordChanged, moment, |login| Some(login.session) != asking);
        for person in self.people.iter_mut().filter(|person| person.id == command.customer) {
            person.rev += 1;
            person.hash = Some(command.hash.clone());
        }
        if let (Some(token), Some(asking)) = (command.token, asking) {
            self.issue(asking, token, moment);
        }
        Ok(Effect::Something)
    }

    pub(super) fn rehash(&mut self, command: &RehashPassword) -> Answer {
        self.person_exists(command.customer)?;
        let mut effect = Effect::Nothing;
        for person in self.people.iter_mut().filter(|person| person.id == command.customer) {
            if person.hash.as_ref() == Some(&command.from) && command.from != command.to {
                person.hash = Some(command.to.clone());
                effect = Effect::Something;
            }
        }
        Ok(effect)
    }
}
