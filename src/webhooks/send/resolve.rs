//! From a name to its addresses, once for each delivery.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use super::report::{Fault, Outcome};
use crate::webhooks::target::Target;

/// Names that are being resolved at a time. A name server that never answers holds a place for as long as the system waits for it.
const LOOKUPS_MAX: usize = 64;

/// A future of addresses.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, ResolveError>> + Send + 'a>>;

/// Knows the addresses of names.
pub trait Resolver: Send + Sync + fmt::Debug {
    /// All addresses of a name, in the order in which they should be tried.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// A name without an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name has no address")]
pub struct ResolveError;

/// Asks the system, as every program does.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    places: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }
}

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_closed| ResolveError)?;
            let (answer, answered) = oneshot::channel();
            let name = name.to_owned();
            // The system's call cannot be called off. Whoever asked may have gone, but the place is taken until it returns.
            tokio::spawn(async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await;
                drop(place);
                // Nobody is there to hear it if the time was up.
                drop(answer.send(found.map(|found| found.map(|address| address.ip()).collect())));
            });
            answered.await.map_err(|_gone| ResolveError)?.map_err(|_unknown| ResolveError)
        })
    }
}

/// The addresses of a target: its own, or those of its name.
pub(super) async fn addresses(resolver: &dyn Resolver, target: &Target) -> Result<Vec<IpAddr>, Outcome> {
    if let Some(address) = target.literal() {
        return Ok(vec![address]);
    }
    let found = resolver.resolve(&target.host()).await.unwrap_or_default();
    if found.is_empty() { Err(Outcome::Unreachable(Fault::Unknown)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_knows_this_machine_and_no_name_that_cannot_be() {
        let resolver = SystemResolver::default();
        let found = resolver.resolve("localhost").await.unwrap_or_default();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
        assert_eq!(resolver.resolve("a..b").await, Err(ResolveError));
        assert_eq!(resolver.places.available_permits(), LOOKUPS_MAX);
    }
}
