//! How much mail a stranger may have sent: to one address, from one address of the network, and from one site.
//!
//! All of it is counted before anything is looked up, so that an e-mail nobody has is counted like any other.

use super::table::{Count, Table};
use super::{PerAddress, PerSite, Quota, Wait};
use doorward_domain::email::EmailKey;
use doorward_domain::ids::{AccountId, SiteId};
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::time::Duration;

/// E-mails that are remembered, each for as long as its last mail counts; past it the ones that were quiet for longest go first.
pub const EMAILS_MAX: usize = 250_000;

/// A journey that sends mail to an address somebody has typed. Each is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Journey {
    /// A new password.
    Reset,
    /// The proof of an address.
    VerifyEmail,
    /// Another address.
    ChangeEmail,
    /// A login by link, and the registration that comes with one.
    LogIn,
    /// A registration that tells nobody whether the address is taken.
    Register,
}

/// A number of mails in a time, whatever time that is taken: not one more, as soon as the first of them is so old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerEmail {
    /// The most mails in it.
    pub mails_max: NonZeroU8,
    /// How long the time is.
    pub window: Duration,
}

/// The limits; `None` limits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailLimits {
    /// Mails of one journey to one e-mail of one account.
    pub per_email: Option<PerEmail>,
    /// Mails that one address of the network asks for.
    pub per_address: Option<Quota>,
    /// Mails that are asked for on one site.
    pub per_site: Option<Quota>,
}

/// Somebody asks for a mail.
#[derive(Clone, Copy, Debug)]
pub struct MailRequest<'a> {
    /// Whose customer is meant.
    pub account: AccountId,
    /// Where it is asked for.
    pub site: SiteId,
    /// What the e-mail is compared by, whether or not anybody has it.
    pub email: &'a EmailKey,
    /// What the mail is for.
    pub journey: Journey,
    /// Where the request comes from, if it came over a network.
    pub address: Option<IpAddr>,
}

/// Counts mail.
#[derive(Debug)]
pub struct MailQuotas {
    per_email: Option<PerEmail>,
    emails: Table<Recent>,
    addresses: PerAddress,
    sites: PerSite,
}

/// When the mails of a subject were asked for: at most as many as there may be, oldest first.
#[derive(Debug)]
struct Recent {
    mails: Vec<Duration>,
    window: Duration,
}

impl PerEmail {
    /// Unless the operator says otherwise: five an hour.
    pub const DEFAULT: Self = Self { mails_max: NonZeroU8::MIN.saturating_add(4), window: Duration::from_secs(3_600) };
}

impl Default for MailLimits {
    fn default() -> Self {
        let (per_address, per_site) = (Some(Quota::MAILS_PER_ADDRESS), Some(Quota::MAILS_PER_SITE));
        Self { per_email: Some(PerEmail::DEFAULT), per_address, per_site }
    }
}

impl MailLimits {
    /// No limit at all.
    pub const NONE: Self = Self { per_email: None, per_address: None, per_site: None };
}

impl MailQuotas {
    /// Counts under these limits.
    #[must_use]
    pub fn new(limits: MailLimits) -> Self {
        Self::bounded(limits, EMAILS_MAX)
    }

    fn bounded(limits: MailLimits, emails_max: usize) -> Self {
        Self {
            per_email: limits.per_email,
            emails: Table::bounded(emails_max),
            addresses: PerAddress::new(limits.per_address),
            sites: PerSite::new(limits.per_site),
        }
    }

    /// Counts a mail, before anything is looked up for it. `now` is a monotonic time. What one limit refuses uses up nothing of the next:
    /// an address that asks too often slows down no e-mail, and an e-mail that is asked for too often no site.
    ///
    /// # Errors
    /// [`Wait`] when one of the limits is reached.
    pub fn take(&self, request: &MailRequest<'_>, now: Duration) -> Result<(), Wait> {
        self.addresses.take(request.address)?;
        let Some(limit) = self.per_email else { return self.sites.take(request.site) };
        let key = self.emails.key(&(request.account, request.email.as_str(), request.journey));
        let mut shard = self.emails.hold(key);
        let mut mails = shard.get(now).map(|recent| std::mem::take(&mut recent.mails)).unwrap_or_default();
        mails.retain(|at| now < *at + limit.window);
        let oldest = mails.first().copied().filter(|_| mails.len() >= usize::from(limit.mails_max.get()));
        let verdict = match oldest {
            Some(oldest) => Err(Wait((oldest + limit.window).saturating_sub(now))),
            None => self.sites.take(request.site),
        };
        if verdict.is_ok() {
            mails.push(now);
        }
        if !mails.is_empty() {
            shard.put(Recent { mails, window: limit.window }, now);
        }
        verdict
    }

    /// Forgets what does not count any more.
    pub fn forget_old(&self, now: Duration) {
        self.emails.forget_old(now);
        self.addresses.forget_old();
        self.sites.forget_old();
    }
}

impl Count for Recent {
    fn last(&self) -> Duration {
        self.mails.last().copied().unwrap_or_default()
    }

    fn is_remembered(&self, now: Duration) -> bool {
        now < self.last() + self.window
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::table::SHARDS;
    use super::*;
    use doorward_domain::email::Email;
    use std::num::NonZeroU32;

    const T0: Duration = Duration::from_secs(10_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn key(email: &str) -> EmailKey {
        Email::parse(email).unwrap().key()
    }

    fn to(email: &EmailKey) -> MailRequest<'_> {
        MailRequest { account: AccountId(1), site: SiteId(1), email, journey: Journey::Reset, address: None }
    }

    fn from(request: MailRequest<'_>, last_octet: u8) -> MailRequest<'_> {
        MailRequest { address: Some(IpAddr::from([192, 0, 2, last_octet])), ..request }
    }

    fn few(burst: u32, every: Duration) -> Option<Quota> {
        Some(Quota { burst: NonZeroU32::new(burst).unwrap(), every })
    }

    #[test]
    fn an_email_gets_five_mails_of_a_journey_in_any_hour() {
        let quotas = MailQuotas::new(MailLimits::default());
        let ada = key("ada@example.org");
        let minutes = |minutes: u64| T0 + Duration::from_secs(60 * minutes);
        for at in [0, 10, 20, 30, 40] {
            assert_eq!(quotas.take(&to(&ada), minutes(at)), Ok(()), "at {at}");
        }
        assert_eq!(quotas.take(&to(&ada), minutes(50)), Err(Wait(Duration::from_secs(600))));
        assert_eq!(quotas.take(&to(&ada), minutes(60) - Duration::from_millis(1)), Err(Wait(Duration::from_millis(1))));
        assert_eq!(quotas.take(&to(&ada), minutes(60)), Ok(()), "the first is an hour old");
        assert_eq!(quotas.take(&to(&ada), minutes(60)), Err(Wait(Duration::from_secs(600))), "and only the first");
        let wait = quotas.take(&to(&ada), minutes(69)).unwrap_err();
        assert_eq!(wait.retry_after_secs(), 60);
    }

    #[test]
    fn another_spelling_is_the_same_email_and_another_account_or_journey_is_not() {
        let quotas = MailQuotas::new(MailLimits::default());
        let (ada, shouted) = (key("ada@example.org"), key("ADA@Example.ORG"));
        for email in [&ada, &shouted, &ada, &shouted, &ada] {
            assert_eq!(quotas.take(&to(email), T0), Ok(()));
        }
        assert!(quotas.take(&to(&shouted), T0).is_err());
        assert!(quotas.take(&MailRequest { site: SiteId(2), ..to(&ada) }, T0).is_err(), "another site of the account");
        assert_eq!(quotas.take(&MailRequest { account: AccountId(2), ..to(&ada) }, T0), Ok(()));
        for journey in [Journey::VerifyEmail, Journey::ChangeEmail, Journey::LogIn, Journey::Register] {
            assert_eq!(quotas.take(&MailRequest { journey, ..to(&ada) }, T0), Ok(()), "{journey:?}");
        }
        assert_eq!(quotas.take(&to(&key("bob@example.org")), T0), Ok(()));
    }

    #[test]
    fn one_address_asks_for_thirty_mails_at_once_whomever_they_are_for() {
        let quotas = MailQuotas::new(MailLimits::default());
        for i in 0..30 {
            let email = key(&format!("ada{i}@example.org"));
            assert_eq!(quotas.take(&from(to(&email), 1), T0), Ok(()), "mail {i}");
        }
        let bob = key("bob@example.org");
        let wait = quotas.take(&from(to(&bob), 1), T0).unwrap_err();
        assert!((115..=120).contains(&wait.retry_after_secs()), "{wait}");
        assert_eq!(quotas.take(&from(to(&bob), 2), T0), Ok(()), "another address");
        for _ in 0..4 {
            assert_eq!(quotas.take(&from(to(&bob), 3), T0), Ok(()), "the refused request did not count for the e-mail");
        }
        assert!(quotas.take(&from(to(&bob), 3), T0).is_err());
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let limits = MailLimits { per_address: few(2, HOUR), ..MailLimits::default() };
        let quotas = MailQuotas::new(limits);
        let ada = key("ada@example.org");
        let at = |address: &str| MailRequest { address: Some(address.parse().unwrap()), ..to(&ada) };
        assert_eq!(quotas.take(&at("2001:db8::1"), T0), Ok(()));
        assert_eq!(quotas.take(&at("2001:db8::2"), T0), Ok(()));
        assert!(quotas.take(&at("2001:db8::3"), T0).is_err());
        assert_eq!(quotas.take(&at("2001:db8:0:1::3"), T0), Ok(()));
    }

    #[test]
    fn a_site_has_a_quota_and_what_it_refuses_does_not_count_for_the_email() {
        let limits = MailLimits { per_site: few(2, HOUR), ..MailLimits::default() };
        let quotas = MailQuotas::new(limits);
        let (ada, bob) = (key("ada@example.org"), key("bob@example.org"));
        assert_eq!(quotas.take(&to(&ada), T0), Ok(()));
        assert_eq!(quotas.take(&to(&bob), T0), Ok(()));
        for _ in 0..10 {
            assert!(quotas.take(&to(&ada), T0).is_err());
        }
        let elsewhere = MailRequest { site: SiteId(2), ..to(&ada) };
        assert_eq!(quotas.take(&elsewhere, T0), Ok(()), "another site");
        assert_eq!(quotas.take(&elsewhere, T0), Ok(()), "the ten did not count");
    }

    #[test]
    fn an_email_that_is_asked_for_too_often_uses_up_nothing_of_the_site() {
        let limits = MailLimits { per_site: few(6, HOUR), ..MailLimits::default() };
        let quotas = MailQuotas::new(limits);
        let (ada, bob) = (key("ada@example.org"), key("bob@example.org"));
        let taken = (0..100).filter(|_| quotas.take(&to(&ada), T0).is_ok()).count();
        assert_eq!(taken, 5);
        assert_eq!(quotas.take(&to(&bob), T0), Ok(()), "the sixth of the site");
        assert!(quotas.take(&to(&bob), T0).is_err(), "the seventh");
    }

    #[test]
    fn the_default_of_a_site_is_ten_thousand_at_once() {
        let limits = MailLimits { per_email: None, per_address: None, ..MailLimits::default() };
        let quotas = MailQuotas::new(limits);
        let ada = key("ada@example.org");
        assert!((0..10_000).all(|_| quotas.take(&to(&ada), T0).is_ok()));
        // A cell comes back every 360 ms, while the ten thousand were counted.
        assert!((0..10_000).any(|_| quotas.take(&to(&ada), T0).is_err()));
    }

    #[test]
    fn what_does_not_count_any_more_is_forgotten_and_the_table_is_bounded() {
        let limits = MailLimits { per_site: None, ..MailLimits::default() };
        let quotas = MailQuotas::bounded(limits, SHARDS * 2);
        for i in 0..2_000_u64 {
            let now = T0 + Duration::from_millis(i);
            quotas.take(&to(&key(&format!("ada{i}@example.org"))), now).unwrap();
        }
        assert!(quotas.emails.len() <= SHARDS * 2);
        let (last, now) = (key("ada1999@example.org"), T0 + Duration::from_secs(2));
        let more = (0..100).filter(|_| quotas.take(&to(&last), now).is_ok()).count();
        assert_eq!(more, 4, "the newest is still remembered");
        quotas.forget_old(now + HOUR - Duration::from_millis(1));
        assert!(quotas.emails.len() > 0);
        quotas.forget_old(now + HOUR);
        assert_eq!(quotas.emails.len(), 0);
    }

    #[test]
    fn no_limit_limits_nothing() {
        let quotas = MailQuotas::new(MailLimits::NONE);
        let ada = key("ada@example.org");
        assert!((0..20_000).all(|_| quotas.take(&from(to(&ada), 1), T0).is_ok()));
    }
}
