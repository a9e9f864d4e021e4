//! What probes are told: not yet, ready, or read only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::http::ops::Readiness;
use crate::http::server::Ready;
use crate::storage::Store;

/// The state of the process, as probes see it.
#[derive(Debug, Default)]
pub(super) struct Health {
    is_serving: AtomicBool,
    store: OnceLock<Store>,
}

impl Health {
    /// Requests are welcome from now on, and changes for as long as `store` takes them.
    pub(super) fn serve(&self, store: &Store) {
        self.store.get_or_init(|| store.clone());
        self.is_serving.store(true, Ordering::Release);
    }

    /// No more requests are welcome.
    pub(super) fn stop(&self) {
        self.is_serving.store(false, Ordering::Release);
    }

    fn readiness(&self) -> Readiness {
        match self.store.get() {
            Some(store) if self.is_serving.load(Ordering::Acquire) => {
                if store.is_writing() {
                    Readiness::Ready
                } else {
                    Readiness::ReadOnly
                }
            }
            _ => Readiness::NotYet,
        }
    }

    /// The question that probes ask.
    pub(super) fn ready(self: &Arc<Self>) -> Ready {
        let health = Arc::clone(self);
        Arc::new(move || health.readiness())
    }
}
