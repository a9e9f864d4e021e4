//! How much work may be in hand at once. Past it a request is refused before anything has been done for it.
//!
//! A permit is taken only when the body is complete, so that slow clients hold none; what waits in bodies has a bound of its
//! own.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;

/// Which pool a route draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Answered from the published view.
    Read,
    /// Hashes, mails or changes something: held by both pools.
    Write,
    /// Probes and metrics: answered even when all else is refused.
    Probe,
}

/// The bounds; the configuration maps to these fields.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionLimits {
    /// Requests in hand (default 4,096).
    pub requests_max: usize,
    /// Writes among them (default 1,024).
    pub writes_max: usize,
    /// Bytes of bodies that are being read or are in hand (default 256 MiB).
    pub body_bytes_max: usize,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self { requests_max: 4096, writes_max: 1024, body_bytes_max: 256 * 1024 * 1024 }
    }
}

/// The pools.
#[derive(Clone, Debug)]
pub struct Admission {
    requests: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    body_bytes: Arc<Semaphore>,
}

/// A place in the pools, given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _request: Option<OwnedSemaphorePermit>,
    _write: Option<OwnedSemaphorePermit>,
}

/// Bytes of one body in memory, given back when dropped.
#[derive(Debug, Default)]
pub struct Reserved(Option<OwnedSemaphorePermit>);

impl Admission {
    /// Pools of these sizes.
    #[must_use]
    pub fn new(limits: AdmissionLimits) -> Self {
        let pool = |size: usize| Arc::new(Semaphore::new(size.min(Semaphore::MAX_PERMITS)));
        Self {
            requests: pool(limits.requests_max),
            writes: pool(limits.writes_max),
            body_bytes: pool(limits.body_bytes_max),
        }
    }

    /// Whether a permit would be refused now: asked before a body is read.
    ///
    /// # Errors
    /// 503 `overloaded`.
    pub fn look(&self, work: Work) -> Result<(), ApiError> {
        let full = match work {
            Work::Probe => false,
            Work::Read => self.requests.available_permits() == 0,
            Work::Write => self.requests.available_permits() == 0 || self.writes.available_permits() == 0,
        };
        if full { Err(refuse()) } else { Ok(()) }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// 503 `overloaded`.
    pub fn admit(&self, work: Work) -> Result<Permit, ApiError> {
        let take = |pool: &Arc<Semaphore>| Arc::clone(pool).try_acquire_owned().map_err(|_| refuse());
        Ok(match work {
            Work::Probe => Permit { _request: None, _write: None },
            Work::Read => Permit { _request: Some(take(&self.requests)?), _write: None },
            Work::Write => {
                let write = take(&self.writes)?;
                Permit { _request: Some(take(&self.requests)?), _write: Some(write) }
            }
        })
    }

    /// Adds the next bytes of a body to what is reserved for it.
    ///
    /// # Errors
    /// 503 `overloaded`.
    pub fn reserve(&self, reserved: &mut Reserved, len: usize) -> Result<(), ApiError> {
        let len = u32::try_from(len).map_err(|_| refuse())?;
        let more = Arc::clone(&self.body_bytes).try_acquire_many_owned(len).map_err(|_| refuse())?;
        match &mut reserved.0 {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

fn refuse() -> ApiError {
    metrics::counter!("doorward_http_overloaded_total").increment(1);
    ApiError::overloaded()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Admission, AdmissionLimits, Reserved, Work};

    #[test]
    fn writes_run_out_before_reads_and_probes_never_do() {
        let admission = Admission::new(AdmissionLimits { requests_max: 2, writes_max: 1, body_bytes_max: 0 });
        let write = admission.admit(Work::Write).unwrap();
        assert_eq!(admission.look(Work::Write).unwrap_err().code(), "overloaded");
        assert_eq!(admission.admit(Work::Write).unwrap_err().code(), "overloaded");
        let read = admission.admit(Work::Read).unwrap();
        assert!(admission.look(Work::Read).is_err());
        assert!(admission.admit(Work::Read).is_err());
        drop(admission.admit(Work::Probe).unwrap());
        drop(write);
        drop(read);
        assert!(admission.look(Work::Write).is_ok());
        drop(admission.admit(Work::Write).unwrap());
    }

    #[test]
    fn a_write_that_finds_no_place_among_the_requests_leaves_none_taken() {
        let admission = Admission::new(AdmissionLimits { requests_max: 1, writes_max: 1, body_bytes_max: 0 });
        let read = admission.admit(Work::Read).unwrap();
        assert!(admission.admit(Work::Write).is_err());
        drop(read);
        drop(admission.admit(Work::Write).unwrap());
    }

    #[test]
    fn the_bytes_of_all_bodies_have_a_bound_and_come_back() {
        let admission = Admission::new(AdmissionLimits { requests_max: 1, writes_max: 1, body_bytes_max: 10 });
        let mut first = Reserved::default();
        admission.reserve(&mut first, 4).unwrap();
        admission.reserve(&mut first, 5).unwrap();
        let mut second = Reserved::default();
        assert!(admission.reserve(&mut second, 2).is_err());
        drop(first);
        admission.reserve(&mut second, 10).unwrap();
    }
}
