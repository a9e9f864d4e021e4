//! The account itself and its sites, in the model.

use super::{Answer, Effect, Model, Moment, Place};
use doorward_domain::account::Rejection;
use doorward_domain::account::command::{AddSigningKey, CreateSite, OpenAccount, UpdateSite};
use doorward_domain::account::rejection::Limit;
use doorward_domain::account::site::SiteProfile;
use doorward_domain::account::state::SealedKey;

impl Model {
    pub(super) fn open_account(&mut self, command: &OpenAccount) -> Answer {
        is_small(&command.signing_key)?;
        match &self.name {
            Some(name) if *name == command.name => Ok(Effect::Nothing),
            Some(_) => Err(Rejection::AccountExists),
            None => {
                self.name = Some(command.name.clone());
                self.keys = vec![command.signing_key.clone()];
                Ok(Effect::Something)
            }
        }
    }

    pub(super) fn add_signing_key(&mut self, command: &AddSigningKey, moment: Moment) -> Answer {
        self.account_exists()?;
        is_small(&command.key)?;
        if self.keys.iter().any(|key| key.kid == command.key.kid) {
            return Ok(Effect::Nothing);
        }
        if self.keys.len() >= 32 {
            return Err(Rejection::LimitReached(Limit::SigningKeys));
        }
        self.clock_is_sane(moment)?;
        self.keys.push(command.key.clone());
        Ok(Effect::Something)
    }

    pub(super) fn create_site(&mut self, command: &CreateSite, moment: Moment) -> Answer {
        self.account_exists()?;
        has_few_origins(&command.profile)?;
        if let Some(place) = self.places.get(&command.id) {
            let is_same = place.profile == command.profile && place.settings == command.settings;
            return if is_same { Ok(Effect::Nothing) } else { Err(Rejection::SiteExists) };
        }
        if self.places.len() >= 1_000 {
            return Err(Rejection::LimitReached(Limit::Sites));
        }
        self.clock_is_sane(moment)?;
        command.settings.check()?;
        let place = Place { profile: command.profile.clone(), settings: command.settings.clone() };
        self.places.insert(command.id, place);
        Ok(Effect::Something)
    }

    pub(super) fn update_site(&mut self, command: &UpdateSite) -> Answer {
        self.account_exists()?;
        let Some(place) = self.places.get_mut(&command.id) else { return Err(Rejection::SiteNotFound) };
        if let Some(profile) = &command.profile {
            has_few_origins(profile)?;
        }
        if let Some(settings) = &command.settings {
            settings.check()?;
        }
        let mut effect = Effect::Nothing;
        if let Some(profile) = command.profile.as_ref().filter(|new| **new != place.profile) {
            place.profile = profile.clone();
            effect = Effect::Something;
        }
        if let Some(settings) = command.settings.as_ref().filter(|new| **new != place.settings) {
            place.settings = settings.clone();
            effect = Effect::Something;
        }
        Ok(effect)
    }
}

fn is_small(key: &SealedKey) -> Result<(), Rejection> {
    if key.sealed.len() > 1_024 { Err(Rejection::LimitReached(Limit::SealedKeyBytes)) } else { Ok(()) }
}

fn has_few_origins(profile: &SiteProfile) -> Result<(), Rejection> {
    if profile.origins.len() > 50 { Err(Rejection::LimitReached(Limit::Origins)) } else { Ok(()) }
}
