//! What the handlers of the API are given.

use std::sync::Arc;

use super::cors::Origins;
use super::ops::Readiness;
use crate::flows::Engine;

/// Says whether requests should be sent here; asked at each probe.
pub type Ready = Arc<dyn Fn() -> Readiness + Send + Sync>;

/// What handlers are given.
pub struct Api {
    pub(super) engine: Arc<Engine>,
    ready: Ready,
}

impl Api {
    /// The context of all handlers.
    #[must_use]
    pub fn new(engine: Arc<Engine>, ready: Ready) -> Self {
        Self { engine, ready }
    }

    /// Whether requests should be sent here.
    pub(super) fn readiness(&self) -> Readiness {
        (self.ready)()
    }

    /// The site says which pages may read its answers. What concerns no site that exists holds nothing to protect: a preflight without a
    /// site, a refusal.
    pub(super) fn origins(&self) -> Origins {
        let engine = Arc::clone(&self.engine);
        Box::new(move |origin, site| {
            let place = site.and_then(|site| engine.place(site));
            place.is_none_or(|place| place.site.lets_read(origin))
        })
    }
}
