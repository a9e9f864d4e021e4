//! Places for deliveries: so many at a time, and so many for each host, so that a slow receiver holds up its own messages only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Limits;

/// All places.
pub(super) struct Slots {
    all: Arc<Semaphore>,
    hosts: Hosts,
    per_host_max: usize,
}

/// One line for each host that has a delivery under way or waiting; no others.
type Hosts = Arc<Mutex<HashMap<String, Arc<Semaphore>>>>;

/// A place, given back on drop.
#[must_use = "a place that is dropped is free again"]
pub struct Slot {
    // In the order in which they are given back.
    _all: OwnedSemaphorePermit,
    _host: OwnedSemaphorePermit,
    _line: Line,
}

/// A share in the line of a host. The last one to go takes the line along.
struct Line {
    hosts: Hosts,
    host: String,
    places: Option<Arc<Semaphore>>,
}

impl Slots {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.in_flight_max)),
            hosts: Hosts::default(),
            per_host_max: limits.per_host_max,
        }
    }

    /// Waits for a place of the host first, and holds no other while it waits.
    pub(super) async fn take(&self, host: &str) -> Slot {
        let (line, places) = self.line(host);
        let host = places.acquire_owned().await.expect("the places of a host are never closed");
        let all = Arc::clone(&self.all).acquire_owned().await.expect("the places are never closed");
        Slot { _all: all, _host: host, _line: line }
    }

    pub(super) fn try_take(&self, host: &str) -> Option<Slot> {
        let (line, places) = self.line(host);
        let host = places.try_acquire_owned().ok()?;
        let all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Slot { _all: all, _host: host, _line: line })
    }

    fn line(&self, host: &str) -> (Line, Arc<Semaphore>) {
        let mut hosts = lock(&self.hosts);
        let line = hosts.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.per_host_max)));
        let places = Arc::clone(line);
        let line = Line { hosts: Arc::clone(&self.hosts), host: host.to_owned(), places: Some(Arc::clone(&places)) };
        (line, places)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut hosts = lock(&self.hosts);
        // Shares are given out under the lock, so nobody joins while this one is counted out. A permit holds a share of its own.
        self.places.take();
        if hosts.get(&self.host).is_some_and(|places| Arc::strong_count(places) == 1) {
            hosts.remove(&self.host);
        }
    }
}

/// Nothing panics under the lock; if something did, counts are still counts.
fn lock(hosts: &Hosts) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
    hosts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use futures_core::future::BoxFuture;
    use std::task::{Context, Poll, Waker};

    fn slots(in_flight_max: usize, per_host_max: usize) -> Slots {
        Slots::new(&Limits { in_flight_max, per_host_max, ..Limits::default() })
    }

    fn polled(taking: &mut BoxFuture<'_, Slot>) -> Poll<Slot> {
        taking.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_host_has_its_places_and_leaves_those_of_others_alone() {
        let slots = slots(4, 2);
        let held = [slots.try_take("slow.example").unwrap(), slots.try_take("slow.example").unwrap()];
        let mut waiting: BoxFuture<'_, Slot> = Box::pin(slots.take("slow.example"));
        assert!(polled(&mut waiting).is_pending());
        assert!(slots.try_take("slow.example").is_none());
        // The one that waits for the slow host holds no place of all.
        let others = [slots.try_take("b.example").unwrap(), slots.try_take("c.example").unwrap()];
        assert!(slots.try_take("d.example").is_none());
        drop((held, others));
        assert!(polled(&mut waiting).is_ready());
    }

    #[test]
    fn a_host_without_deliveries_is_forgotten() {
        let slots = slots(1, 1);
        let held = slots.try_take("a.example").unwrap();
        // One that gives up waiting for the host, one for any place, one that does not wait.
        let mut given_up: BoxFuture<'_, Slot> = Box::pin(slots.take("a.example"));
        assert!(polled(&mut given_up).is_pending());
        drop(given_up);
        let mut given_up: BoxFuture<'_, Slot> = Box::pin(slots.take("b.example"));
        assert!(polled(&mut given_up).is_pending());
        assert_eq!(lock(&slots.hosts).len(), 2);
        drop(given_up);
        assert!(slots.try_take("c.example").is_none());
        assert_eq!(lock(&slots.hosts).keys().collect::<Vec<_>>(), ["a.example"]);
        drop(held);
        assert!(lock(&slots.hosts).is_empty());
        assert!(slots.try_take("a.example").is_some());
    }
}
