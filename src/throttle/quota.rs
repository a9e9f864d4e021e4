//! How many requests of a kind one address may make, by governor's cell-rate algorithm.

use super::{Wait, prefix};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Cells, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// Addresses a quota remembers. Past it, until the next sweep, an address shares the cell of its network, so that somebody who has
/// many addresses slows down the neighbours and nobody else.
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
pub struct PerAddress {
    limiter: Option<Limiter>,
    is_full: AtomicBool,
    requests: AtomicU32,
}

type Limiter = RateLimiter<u128, DashMapStateStore<u128>, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// How often it is looked whether the bound is reached: counting visits every shard.
const LOOK_EVERY: u32 = 64;
/// Marks the cell of a network: an IPv6 prefix has its highest bit set, an IPv4 address is far smaller.
const NETWORK: u128 = 1 << 126;

impl PerAddress {
    /// A quota for each address; `None` limits nothing.
    #[must_use]
    pub fn new(quota: Option<Quota>) -> Self {
        let cells = quota.and_then(|quota| Cells::with_period(quota.every).map(|cells| cells.allow_burst(quota.burst)));
        let limiter = cells.map(|cells| RateLimiter::new(cells, DashMapStateStore::default(), MonotonicClock));
        Self { limiter, is_full: AtomicBool::new(false), requests: AtomicU32::new(0) }
    }

    /// Counts a request. One that came over no network is not limited.
    ///
    /// # Errors
    /// [`Wait`] when the address has used its quota.
    pub fn take(&self, address: Option<IpAddr>) -> Result<(), Wait> {
        let (Some(limiter), Some(address)) = (&self.limiter, address) else { return Ok(()) };
        if self.requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY) {
            self.is_full.store(limiter.len() >= ADDRESSES_MAX, Ordering::Relaxed);
        }
        let key = if self.is_full.load(Ordering::Relaxed) { network(address) } else { prefix(address) };
        limiter.check_key(&key).map_err(|until| Wait(until.wait_time_from(MonotonicClock.now())))
    }

    /// Forgets the addresses that have nothing to remember.
    pub fn forget_old(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
            self.is_full.store(limiter.len() >= ADDRESSES_MAX, Ordering::Relaxed);
        }
    }
}

/// The network an address belongs to: the /16 of IPv4, the /32 of IPv6, which is what one provider gets.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_bits() >> 16) | NETWORK,
        IpAddr::V6(v6) => (v6.to_bits() >> 96) | NETWORK | 1 << 127,
    }
}

impl std::fmt::Debug for PerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerAddress").field("addresses", &self.limiter.as_ref().map(RateLimiter::len)).finish()
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
    fn past_the_bound_an_address_shares_the_cell_of_its_network_and_of_no_other() {
        let quota = quota(1);
        for n in 0..u32::try_from(ADDRESSES_MAX).unwrap() {
            assert_eq!(quota.take(address(n)), Ok(()));
        }
        // By then it has been looked whether the bound is reached.
        for _ in 0..LOOK_EVERY {
            quota.take(address(1)).ok();
        }
        let (one, other) = (0xc633_6401, 0xc633_6402);
        assert_eq!(quota.take(address(one)), Ok(()));
        assert!(quota.take(address(other)).is_err(), "a neighbour in the same /16");
        assert_eq!(quota.take(address(0xcb00_7101)), Ok(()), "another network is not slowed down");
        let v6 = |text: &str| quota.take(Some(text.parse().unwrap()));
        assert_eq!(v6("2001:db8::1"), Ok(()));
        assert!(v6("2001:db8:ffff::1").is_err());
        assert_eq!(v6("2001:db9::1"), Ok(()));
    }

    #[test]
    fn no_quota_limits_nothing() {
        let none = PerAddress::new(None);
        assert!((0..1_000).all(|_| none.take(address(1)).is_ok()));
    }
}
