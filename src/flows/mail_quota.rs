//! How often a journey may send mail, and how often the six digits of a mail may be guessed. Asked before anything is looked up.

use super::{Client, Engine, Place};
use crate::throttle::attempts::Allowance;
use crate::throttle::{Attempt, Journey, MailRequest, Subject, Wait};
use doorward_domain::email::EmailKey;

impl Engine {
    /// Counts a mail that somebody asks for, whether or not anybody has the e-mail.
    ///
    /// # Errors
    /// [`Wait`] when too many were asked for: to this e-mail, from this address, or on this site.
    pub fn take_mail(&self, place: &Place, email: &EmailKey, journey: Journey, client: &Client) -> Result<(), Wait> {
        let (account, site) = (place.account(), place.site.id);
        let request = MailRequest { account, site, email, journey, address: client.address };
        self.mails.take(&request, self.monotonic.elapsed())
    }

    /// A place among the tries at the six digits of the mails to this e-mail, taken before they are compared. Another mail changes
    /// nothing: it is the e-mail that is counted, from wherever it is tried, whether or not anybody has it.
    ///
    /// # Errors
    /// [`Wait`] after five wrong ones.
    pub fn reserve_code(&self, place: &Place, email: &EmailKey) -> Result<Attempt<'_>, Wait> {
        let subject = Subject { scope: place.account().0, identity: email.as_str(), address: None };
        self.codes.reserve(&subject, Allowance::CODES, self.monotonic.elapsed())
    }
}
