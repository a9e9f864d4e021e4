//! What concurrent callers saw, and whether one order of events explains it. Each caller notes when an operation began and, once it was answered,
//! what the answer was; the checker asks only what any order must keep:
//!
//! * a session is accepted by no check that began after its end was answered, nor after a check that found it ended was answered;
//! * a session is accepted by no check that was answered before its login began;
//! * of all registrations of one e-mail, at most one succeeds.

use doorward_domain::email::EmailKey;
use doorward_domain::ids::SessionId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Collects what is seen, from any thread.
#[derive(Debug, Default)]
pub struct Recorder {
    ticks: AtomicU64,
    seen: Mutex<Vec<Seen>>,
}

/// The moment an operation began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Began(u64);

/// An answer, and when it was asked and arrived. Moments are numbered, so no two are the same.
#[derive(Clone, Debug)]
struct Seen {
    began: u64,
    answered: u64,
    what: Saw,
}

/// What an answer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saw {
    /// A customer was registered under this e-mail.
    Registered(EmailKey),
    /// A login opened the session.
    Opened(SessionId),
    /// The session has been ended: by a logout, a newer login, a new password, a lock or a deletion.
    Ended(SessionId),
    /// A check accepted the session.
    Accepted(SessionId),
    /// A check refused the session, because it has ended.
    Refused(SessionId),
}

/// What no order of events explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Accepted by a check that began after the end was answered.
    AcceptedAfterEnd(SessionId),
    /// Accepted by a check that began after another one had found it ended.
    AcceptedAfterRefusal(SessionId),
    /// Accepted by a check that was answered before the login began.
    AcceptedBeforeLogin(SessionId),
    /// Two customers were registered under one e-mail.
    RegisteredTwice(EmailKey),
}

impl Recorder {
    /// An operation begins.
    pub fn begin(&self) -> Began {
        Began(self.ticks.fetch_add(1, Ordering::SeqCst))
    }

    /// The operation is answered.
    pub fn saw(&self, began: Began, what: Saw) {
        let answered = self.ticks.fetch_add(1, Ordering::SeqCst);
        let seen = Seen { began: began.0, answered, what };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    /// Whether one order of events explains what was seen.
    ///
    /// # Errors
    /// The first thing that none explains.
    pub fn check(&self) -> Result<(), Wrong> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        registered_once(&seen)?;
        let first = |pick: fn(&Saw) -> Option<SessionId>, moment: fn(&Seen) -> u64| {
            let mut first = BTreeMap::<SessionId, u64>::new();
            for (id, at) in seen.iter().filter_map(|seen| Some((pick(&seen.what)?, moment(seen)))) {
                first.entry(id).and_modify(|known| *known = at.min(*known)).or_insert(at);
            }
            first
        };
        let ended = first(|what| if let Saw::Ended(id) = what { Some(*id) } else { None }, |seen| seen.answered);
        let refused = first(|what| if let Saw::Refused(id) = what { Some(*id) } else { None }, |seen| seen.answered);
        let opened = first(|what| if let Saw::Opened(id) = what { Some(*id) } else { None }, |seen| seen.began);
        for check in &seen {
            let Saw::Accepted(id) = check.what else { continue };
            if ended.get(&id).is_some_and(|end| check.began > *end) {
                return Err(Wrong::AcceptedAfterEnd(id));
            }
            if refused.get(&id).is_some_and(|refusal| check.began > *refusal) {
                return Err(Wrong::AcceptedAfterRefusal(id));
            }
            if opened.get(&id).is_some_and(|login| check.answered < *login) {
                return Err(Wrong::AcceptedBeforeLogin(id));
            }
        }
        Ok(())
    }
}

fn registered_once(seen: &[Seen]) -> Result<(), Wrong> {
    let mut emails: Vec<_> = seen.iter().filter_map(|seen| as_registered(&seen.what)).collect();
    emails.sort();
    match emails.array_windows().find(|[one, other]| one == other) {
        Some([email, _]) => Err(Wrong::RegisteredTwice((*email).clone())),
        None => Ok(()),
    }
}

fn as_registered(what: &Saw) -> Option<&EmailKey> {
    if let Saw::Registered(email) = what { Some(email) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{build, ids};

    const S: u64 = 1;

    /// Operations one after the other.
    fn in_turn(seen: &[Saw]) -> Result<(), Wrong> {
        let recorder = Recorder::default();
        seen.iter().for_each(|what| recorder.saw(recorder.begin(), what.clone()));
        recorder.check()
    }

    #[test]
    fn what_one_order_explains_is_fine() {
        let id = ids::session(S);
        let life = [Saw::Opened(id), Saw::Accepted(id), Saw::Ended(id), Saw::Refused(id), Saw::Refused(id)];
        assert_eq!(in_turn(&life), Ok(()));
    }

    #[test]
    fn a_session_accepted_after_its_end_is_seen() {
        let id = ids::session(S);
        assert_eq!(in_turn(&[Saw::Opened(id), Saw::Ended(id), Saw::Accepted(id)]), Err(Wrong::AcceptedAfterEnd(id)));
        assert_eq!(in_turn(&[Saw::Refused(id), Saw::Accepted(id)]), Err(Wrong::AcceptedAfterRefusal(id)));
        assert_eq!(in_turn(&[Saw::Accepted(id), Saw::Opened(id)]), Err(Wrong::AcceptedBeforeLogin(id)));
    }

    #[test]
    fn a_check_that_overlaps_the_end_may_be_either() {
        let id = ids::session(S);
        let recorder = Recorder::default();
        let (check, end) = (recorder.begin(), recorder.begin());
        recorder.saw(end, Saw::Ended(id));
        recorder.saw(check, Saw::Accepted(id));
        assert_eq!(recorder.check(), Ok(()));
    }

    #[test]
    fn two_registrations_of_one_email_are_seen() {
        let registered = |email| Saw::Registered(build::email(email).key());
        assert_eq!(in_turn(&[registered("ada@example.org"), registered("bob@example.org")]), Ok(()));
        let twice = in_turn(&[registered("ada@example.org"), registered("ADA@example.org")]);
        assert_eq!(twice, Err(Wrong::RegisteredTwice(build::email("ada@example.org").key())));
    }
}
