//! What may be told and shown before the flush: nothing.

use super::super::testing::{Stalled, blank_platform, now, register};
use super::*;
use platform::Rejection::IdTaken;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::TryRecvError;

type Platform = platform::State;

/// Travels with a command as its permit does, and notes what readers see when it is given back.
struct Witness {
    published: Published<Platform>,
    saw: Arc<AtomicU64>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.saw.store(self.published.load().aggregate_seq, Ordering::SeqCst);
    }
}

struct Asked {
    answer: Receiver<Answer<Platform>>,
    /// What readers saw when the permit came back.
    saw: Arc<AtomicU64>,
}

const NOT_YET: u64 = u64::MAX;

impl Asked {
    fn told(&mut self) -> Option<Result<Result<Effect, platform::Rejection>, Unanswered>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer.map(|decided| decided.map(|done| done.effect))),
            Err(TryRecvError::Empty) => {
                assert_eq!(self.saw(), NOT_YET, "the permit is held until the answer");
                None
            }
            Err(TryRecvError::Closed) => unreachable!("a caller was left without an answer"),
        }
    }

    fn saw(&self) -> u64 {
        self.saw.load(Ordering::SeqCst)
    }
}

struct Bench {
    journal: Stalled,
    published: Published<Platform>,
    shell: Shell<Platform>,
}

impl Bench {
    fn new() -> Self {
        let journal = Stalled::open();
        let published: Published<Platform> = Arc::new(ArcSwap::from_pointee(blank_platform()));
        let shell = Shell::new(Arc::clone(&published), journal.storage.store.clone());
        Self { journal, published, shell }
    }

    fn ask(&mut self, id: u64, name: &str) -> Asked {
        let (reply, answer) = oneshot::channel();
        let saw = Arc::new(AtomicU64::new(NOT_YET));
        let permit = Witness { published: Arc::clone(&self.published), saw: Arc::clone(&saw) };
        self.shell.handle(Request { command: register(id, name), ctx: now(), reply, permit });
        Asked { answer, saw }
    }

    fn seen(&self) -> u64 {
        self.published.load().aggregate_seq
    }
}

#[test]
fn a_view_is_never_ahead_of_the_disk() {
    let mut bench = Bench::new();
    let mut first = bench.ask(1, "Gazette");
    let mut second = bench.ask(2, "Courier");
    assert_eq!((first.told(), second.told(), bench.seen()), (None, None, 0));
    assert_eq!(bench.published.load().state.accounts().count(), 0);
    bench.journal.flush();
    assert_eq!(first.told(), Some(Ok(Ok(Effect::Changed))));
    assert_eq!(second.told(), Some(Ok(Ok(Effect::Changed))));
    assert_eq!((bench.seen(), bench.published.load().state.accounts().count()), (2, 2));
}

#[test]
fn a_view_stays_where_the_disk_is_when_a_flush_fails() {
    let mut bench = Bench::new();
    drop(bench.ask(1, "Gazette"));
    bench.journal.flush();
    let mut in_flight = bench.ask(2, "Courier");
    bench.journal.fail_to_flush();
    let mut too_late = bench.ask(3, "Herald");
    assert_eq!(in_flight.told(), Some(Err(Unanswered::OutcomeUnknown)));
    assert_eq!(too_late.told(), Some(Err(Unanswered::NotAttempted)));
    assert_eq!(bench.seen(), 1);
}

#[test]
fn whoever_is_answered_sees_what_the_answer_rests_on() {
    let mut bench = Bench::new();
    let mut asked = [bench.ask(1, "Gazette"), bench.ask(1, "Gazette"), bench.ask(1, "Courier"), bench.ask(2, "Herald")];
    bench.journal.flush();
    for (asked, rests_on) in asked.iter_mut().zip([1, 1, 1, 2]) {
        assert!(asked.told().is_some());
        assert!(asked.saw() >= rests_on && asked.saw() != NOT_YET, "{} < {rests_on}", asked.saw());
    }
}

#[test]
fn what_was_decided_on_a_tip_ahead_of_the_view_waits_for_the_flush() {
    for (name, expected) in [("Gazette", Ok(Effect::Unchanged)), ("Courier", Err(IdTaken))] {
        let mut bench = Bench::new();
        let mut first = bench.ask(1, "Gazette");
        let mut second = bench.ask(1, name);
        assert_eq!((first.told(), second.told()), (None, None), "{name}: told before the flush");
        bench.journal.flush();
        assert_eq!(first.told(), Some(Ok(Ok(Effect::Changed))));
        assert_eq!(second.told(), Some(Ok(expected)), "{name}");
    }
}

#[test]
fn what_was_decided_on_a_tip_that_is_lost_was_not_attempted() {
    for name in ["Gazette", "Courier"] {
        let mut bench = Bench::new();
        let mut lost = bench.ask(1, "Gazette");
        let mut before = bench.ask(1, name);
        bench.journal.fail_to_flush();
        let mut after = bench.ask(1, name);
        assert_eq!(lost.told(), Some(Err(Unanswered::OutcomeUnknown)));
        assert_eq!(before.told(), Some(Err(Unanswered::NotAttempted)), "{name}");
        assert_eq!(after.told(), Some(Err(Unanswered::NotAttempted)), "{name}, asked after the failure");
    }
}

#[test]
fn what_rests_on_durable_state_and_changes_nothing_is_answered_at_once() {
    let mut bench = Bench::new();
    drop(bench.ask(1, "Gazette"));
    bench.journal.flush();
    assert_eq!(bench.ask(1, "Gazette").told(), Some(Ok(Ok(Effect::Unchanged))));
    assert_eq!(bench.ask(1, "Courier").told(), Some(Ok(Err(IdTaken))));
}
