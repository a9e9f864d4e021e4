//! One delivery: the name is resolved once, every address is checked, a checked one is connected to, and the answer's status is all that
//! counts. No redirect is followed, no proxy is asked, little is read, and everything ends in time (A34, D14).
//!
//! A receiver that hangs, drips or floods costs a slot of its own host for at most the total time. Slots are counted for all and for each
//! host; who must wait for a host's slot holds none of the others. This room never tries again: that is decided where the schedule is.

mod capped;
mod connect;
mod exchange;
mod report;
mod resolve;
mod slots;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

pub use report::{CertificateFault, Fault, HEAD_LEN_MAX, Head, Outcome, Refusal, Report, Stage};
pub use resolve::{ResolveError, Resolver, Resolving, SystemResolver};
pub use slots::Slot;
pub use tls::Roots;

use self::connect::Connected;
use self::slots::Slots;
use super::address::Policy;
use super::sign::Signed;
use super::target::Target;

/// How long a delivery may take, and how much of it there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For resolving the name.
    pub resolve: Duration,
    /// For reaching an address and agreeing on TLS, over all addresses tried.
    pub connect: Duration,
    /// For all of it, from the resolving to the last byte that is read.
    pub total: Duration,
    /// How much of a reply's body is read.
    pub reply_len_max: usize,
    /// Deliveries at a time.
    pub in_flight_max: usize,
    /// Deliveries at a time to one host.
    pub per_host_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            total: Duration::from_secs(15),
            reply_len_max: 64 * 1_024,
            in_flight_max: 64,
            per_host_max: 4,
        }
    }
}

/// Sends webhooks.
pub struct Sender {
    policy: Policy,
    resolver: Arc<dyn Resolver>,
    limits: Limits,
    roots: Roots,
    slots: Slots,
}

impl Sender {
    /// A sender that trusts the certificate authorities this machine trusts.
    #[must_use]
    pub fn new(policy: Policy, resolver: Arc<dyn Resolver>, limits: Limits) -> Self {
        Self { roots: Roots::of_the_system(), policy, resolver, limits, slots: Slots::new(&limits) }
    }

    /// The same, trusting these certificate authorities instead.
    #[must_use]
    pub fn trusting(self, roots: Roots) -> Self {
        Self { roots, ..self }
    }

    /// Where this sender may go: for checking a URL before it is saved.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// A place for a delivery to this target, if one is free now. For a caller that has others to go on with.
    #[must_use]
    pub fn try_slot(&self, target: &Target) -> Option<Slot> {
        self.slots.try_take(&target.host())
    }

    /// Sends a body once, as soon as there is a place for it, and says what came of it. The wait for a place is not counted.
    pub async fn post(&self, target: &Target, body: Bytes, signed: &Signed) -> Report {
        let slot = self.slots.take(&target.host()).await;
        self.post_in(slot, target, body, signed).await
    }

    /// Sends a body once, in a place that was taken before.
    pub async fn post_in(&self, slot: Slot, target: &Target, body: Bytes, signed: &Signed) -> Report {
        let start = Instant::now();
        let (outcome, head) = match self.connect(target, start).await {
            Ok(connected) => exchange::run(connected, target, (body, signed), self.bounds(start)).await,
            Err(outcome) => (outcome, Head::default()),
        };
        drop(slot);
        Report { outcome, latency: start.elapsed(), head }
    }

    fn bounds(&self, start: Instant) -> exchange::Bounds {
        exchange::Bounds { deadline: start + self.limits.total, reply_len_max: self.limits.reply_len_max }
    }

    async fn connect(&self, target: &Target, start: Instant) -> Result<Connected, Outcome> {
        let end = start + self.limits.total;
        let resolved = timeout_at(end.min(start + self.limits.resolve), resolve::addresses(&*self.resolver, target));
        let addresses = resolved.await.map_err(|_elapsed| Outcome::TimedOut(Stage::Resolving))??;
        let vetted = connect::vetted(&self.policy, &addresses, target.port())?;
        let end = end.min(Instant::now() + self.limits.connect);
        let connecting = async {
            let stream = connect::first(&vetted, end).await?;
            self.roots.wrap(stream, target).await
        };
        timeout_at(end, connecting)
            .await
            .map_err(|_elapsed| Outcome::TimedOut(Stage::Connecting))?
            .map_err(Outcome::Unreachable)
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("policy", &self.policy).field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
