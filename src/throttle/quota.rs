//! How many requests of a kind one address may make, by governor's cell-rate algorithm.

use super::{Wait, prefix};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Cells, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

/// Addresses a quota remembers; past it, those that have nothing to remember are dropped, and the rest share one cell.
pub const ADDRESSES_MAX: usize = 100_000;

/// A number of requests in a time, of which so many may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests that may come at once.
    pub burst: NonZeroU32,
    /// After this long, one more is allowed. More than zero.
    pub every: Duration,
}

impl Quota {
    /// Registrations of one address unless the operator says otherwise: ten at once, three an hour.
    pub const REGISTRATIONS: Self =
        Self { burst: NonZeroU32::MIN.saturating_add(9), every: Duration::from_secs(1_200) };
    /// Logins of one address unless the operator says otherwise: a thousand at once, twenty a second.
    pub const LOGINS: Self = Self { burst: NonZeroU32::MIN.saturating_add(999), every: Duration::from_millis(50) };
}

/// A quota for each address, or none at all.
pub struct PerAddress(Option<Limiter>);

type Limiter = RateLimiter<u128, DashMapStateStore<u128>, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// The key of all addresses that do not fit any more: an IPv6 prefix has its highest bit set, an IPv4 address is far smaller.
const SHARED: u128 = 1 << 126;

impl PerAddress {
    /// A quota for each address; `None` limits nothing.
    #[must_use]
    pub fn new(quota: Option<Quota>) -> Self {
        let cells = quota.and_then(|quota| Cells::with_period(quota.every).map(|cells| cells.allow_burst(quota.burst)));
        Self(cells.map(|cells| RateLimiter::new(cells, DashMapStateStore::default(), MonotonicClock)))
    }

    /// Counts a request. One that came over no network is not limited.
    ///
    /// # Errors
    /// [`Wait`] when the address has used its quota.
    pub fn take(&self, address: Option<IpAddr>) -> Result<(), Wait> {
        let (Some(limiter), Some(address)) = (&self.0, address) else { return Ok(()) };
        let key = if limiter.len() < ADDRESSES_MAX { prefix(address) } else { SHARED };
        limiter.check_key(&key).map_err(|until| Wait(until.wait_time_from(MonotonicClock.now())))
    }

    /// Forgets the addresses that have nothing to remember.
    pub fn forget_old(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl std::fmt::Debug for PerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerAddress").field("addresses", &self.0.as_ref().map(RateLimiter::len)).finish()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn address(n: u32) -> Option<IpAddr> {
        Some(IpAddr::from(n.to_be_bytes()))
    }

    fn quota(burst: u32) -> PerAddress {
        let burst = NonZeroU32::new(burst).unwrap();
        PerAddress::new(Some(Quota { burst, every: Duration::from_secs(1_200) }))
    }

    #[test]
    fn an_address_that_has_used_its_quota_waits_and_others_do_not() {
        let quota = quota(2);
        assert_eq!([quota.take(address(1)), quota.take(address(1))], [Ok(()), Ok(())]);
        let wait = quota.take(address(1)).unwrap_err();
        assert!((1_190..=1_200).contains(&wait.retry_after_secs()), "{wait}");
        assert_eq!(quota.take(address(2)), Ok(()));
        assert_eq!(quota.take(None), Ok(()));
    }

    #[test]
    fn past_the_bound_new_addresses_share_one_cell() {
        let quota = quota(1);
        for n in 0..u32::try_from(ADDRESSES_MAX).unwrap() {
            assert_eq!(quota.take(address(n)), Ok(()));
        }
        assert_eq!(quota.take(address(u32::MAX)), Ok(()));
        assert!(quota.take(address(u32::MAX - 1)).is_err());
    }

    #[test]
    fn no_quota_limits_nothing() {
        let none = PerAddress::new(None);
        assert!((0..1_000).all(|_| none.take(address(1)).is_ok()));
    }
}
