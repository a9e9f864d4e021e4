//! One hashing thread: take a request, run it, answer; wipe before waiting, let memory go when idle.
//!
//! A panic here is never swallowed: the whole pool is lost, waiting callers are told, and the process is.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::queue::{Against, Gate, Job, Work};
use super::{NICE, RETRY_AFTER, Shared, Verdict};
use crate::entropy::draw;
use crate::hashing::argon::Scratch;
use crate::hashing::phc::{Decoded, OUTPUT_LEN_NEW, SALT_LEN_NEW};
use crate::hashing::{Error, Password, PhcString, estimate};

/// The body of a hashing thread; returns when the pool stops.
pub(super) fn run(shared: &Shared) {
    let _mourner = Mourner { shared };
    // On Linux this is the calling thread's own value. A system that refuses lets us run at the usual priority.
    let _refused = rustix::process::nice(NICE);
    let mut scratch = Scratch::new(shared.config.params, &shared.held_bytes);
    while let Some(job) = next(shared, &mut scratch) {
        perform(shared, &mut scratch, job);
    }
}

/// Waits for the next request; `None` once the pool is closed and empty.
fn next(shared: &Shared, scratch: &mut Scratch<'_>) -> Option<Job> {
    loop {
        let mut queue = shared.queue();
        let expired = shared.expired(&mut queue);
        if !expired.is_empty() {
            drop(queue);
            for job in expired {
                job.refuse(Error::Overloaded { retry_after: RETRY_AFTER });
            }
            continue;
        }
        if let Some(job) = queue.pop() {
            return Some(job);
        }
        if queue.gate() != Gate::Open {
            return None;
        }
        if scratch.is_used() {
            drop(queue);
            scratch.wipe();
        } else if scratch.is_held() {
            let waited = shared.wake.wait_timeout(queue, shared.config.idle_release);
            let (queue, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            drop(queue);
            if waited.timed_out() {
                scratch.release();
            }
        } else {
            drop(shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

fn perform(shared: &Shared, scratch: &mut Scratch<'_>, job: Job) {
    // A caller who is gone by now costs nothing; one who leaves later needs no answer.
    match job.work {
        Work::Hash { reply, .. } if reply.is_closed() => {}
        Work::Verify { reply, .. } if reply.is_closed() => {}
        Work::Estimate { reply, .. } if reply.is_closed() => {}
        Work::Hash { password, reply } => drop(reply.send(hash(shared, scratch, &password))),
        Work::Verify { password, against, reply } => {
            drop(reply.send(verify(shared, scratch, password, &against)));
        }
        Work::Estimate { password, context, reply } => {
            let facts = estimate(&password, &context);
            drop(reply.send(Ok((password, facts))));
        }
        #[cfg(test)]
        Work::Hold { entered, open, reply } => super::tests::hold(&entered, &open, reply),
    }
}

fn hash(shared: &Shared, scratch: &mut Scratch<'_>, password: &Password) -> Result<PhcString, Error> {
    let params = shared.config.params;
    let salt = draw::<SALT_LEN_NEW>(&*shared.entropy).to_vec();
    let mut output = Zeroizing::new(vec![0; OUTPUT_LEN_NEW]);
    shared.runs.fetch_add(1, Ordering::Relaxed);
    scratch.argon2id(params, password.as_bytes(), &salt, &mut output)?;
    Ok(PhcString::from_parts(Decoded { params, salt, output }))
}

pub(super) fn verify(
    shared: &Shared,
    scratch: &mut Scratch<'_>,
    password: Password,
    against: &Against,
) -> Result<Verdict, Error> {
    let (Against::Stored(stored) | Against::Decoy(stored)) = against;
    let Decoded { params, salt, output: expected } = stored.decoded();
    let mut output = Zeroizing::new(vec![0; expected.len()]);
    shared.runs.fetch_add(1, Ordering::Relaxed);
    scratch.argon2id(*params, password.as_bytes(), salt, &mut output)?;
    let is_equal = bool::from(output.as_slice().ct_eq(expected.as_slice()));
    if is_equal && matches!(against, Against::Stored(_)) {
        let rehash = stored.is_weaker_than(shared.config.params).then_some(password);
        return Ok(Verdict::Match { rehash });
    }
    Ok(Verdict::NoMatch)
}

/// Notices that its thread dies of a panic.
struct Mourner<'pool> {
    shared: &'pool Shared,
}

impl Drop for Mourner<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let waiting = self.shared.queue().lose();
            self.shared.wake.notify_all();
            // Dropping the replies tells the callers.
            drop(waiting);
            (self.shared.on_lost)();
        }
    }
}
