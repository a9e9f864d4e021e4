//! The door at its bounds, the deadline, and callers who are gone.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::directory::{Bounds, Directory};
use super::super::shell::Effect;
use super::super::testing::{
    Stalled, blank_account, blank_platform, in_memory, let_all_run, now, open, poll_once, register,
};
use super::*;
use doorward_domain::account;
use doorward_domain::ids::AccountId;
use std::pin::pin;
use std::task::Poll;

async fn directory(store: &Store, bounds: Bounds) -> Directory {
    let accounts = vec![blank_account(1), blank_account(2)];
    Directory::start(blank_platform(), accounts, store.clone(), bounds).await.unwrap()
}

fn account(directory: &Directory, id: u64) -> Handle<account::State> {
    directory.account(AccountId(id)).unwrap()
}

#[tokio::test]
async fn past_its_own_bound_an_account_is_refused_before_any_work_and_the_others_are_not() {
    let mut journal = Stalled::open();
    let bounds = Bounds { writes_max: 10, account_writes_max: 2 };
    let directory = directory(&journal.storage.store, bounds).await;
    let (first, second) = (account(&directory, 1), account(&directory, 2));
    let mut one = pin!(first.call(open("Gazette"), now()));
    let mut two = pin!(first.call(open("Gazette"), now()));
    let mut other = pin!(second.call(open("Courier"), now()));
    assert!(poll_once(one.as_mut()).await.is_pending());
    assert!(poll_once(two.as_mut()).await.is_pending());
    let refused = poll_once(pin!(first.call(open("Gazette"), now()))).await;
    assert!(matches!(refused, Poll::Ready(Err(CallError::Overloaded))), "{refused:?}");
    assert_eq!(directory.turns(), 2, "what is refused is handed to nobody");
    assert!(poll_once(other.as_mut()).await.is_pending(), "the bound of one account is not another's");

    // Decided is not answered: the places are held until then.
    let_all_run().await;
    let refused = poll_once(pin!(first.call(open("Gazette"), now()))).await;
    assert!(matches!(refused, Poll::Ready(Err(CallError::Overloaded))), "{refused:?}");
    journal.flush();
    assert_eq!(one.await.unwrap().effect, Effect::Changed);
    let again = first.call(open("Gazette"), now()).await;
    assert_eq!(again.unwrap().effect, Effect::Unchanged, "one place is back with the answer");
    assert_eq!(two.await.unwrap().effect, Effect::Unchanged);
    assert_eq!(other.await.unwrap().effect, Effect::Changed);
}

#[tokio::test]
async fn past_the_bound_of_all_everybody_is_refused_and_keeps_no_place() {
    let mut journal = Stalled::open();
    let bounds = Bounds { writes_max: 2, account_writes_max: 2 };
    let directory = directory(&journal.storage.store, bounds).await;
    let (first, second) = (account(&directory, 1), account(&directory, 2));
    let mut one = pin!(first.call(open("Gazette"), now()));
    let mut two = pin!(second.call(open("Courier"), now()));
    assert!(poll_once(one.as_mut()).await.is_pending());
    assert!(poll_once(two.as_mut()).await.is_pending());
    for _ in 0..3 {
        let refused = poll_once(pin!(directory.platform().call(register(1, "Gazette"), now()))).await;
        assert!(matches!(refused, Poll::Ready(Err(CallError::Overloaded))), "{refused:?}");
    }
    assert_eq!(directory.turns(), 2);
    let_all_run().await;
    journal.flush();
    one.await.unwrap();
    two.await.unwrap();
    let mut both = [
        Box::pin(directory.platform().call(register(1, "Gazette"), now())),
        Box::pin(directory.platform().call(register(2, "Courier"), now())),
    ];
    for call in &mut both {
        assert!(poll_once(call.as_mut()).await.is_pending(), "a refusal took a place with it");
    }
    let_all_run().await;
    journal.flush();
    for call in both {
        assert_eq!(call.await.unwrap().effect, Effect::Changed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_waited_past_its_deadline_is_not_attempted() {
    let opened = in_memory();
    let directory = directory(&opened.store, Bounds { writes_max: 10, account_writes_max: 1 }).await;
    let handle = account(&directory, 1);
    let mut late = pin!(handle.call(open("Gazette"), now()));
    assert!(poll_once(late.as_mut()).await.is_pending());
    // The clock is moved before the actor has its turn.
    tokio::time::advance(DEADLINE).await;
    assert_eq!(late.await.unwrap_err(), CallError::NotAttempted);
    assert!(!handle.view().is_open());

    let mut in_time = pin!(handle.call(open("Gazette"), now()));
    assert!(poll_once(in_time.as_mut()).await.is_pending(), "the late one gave its place back");
    tokio::time::advance(DEADLINE - Duration::from_millis(1)).await;
    assert_eq!(in_time.await.unwrap().effect, Effect::Changed);
    assert!(handle.view().is_open());
}

#[tokio::test]
async fn a_command_whose_caller_is_gone_before_its_turn_is_not_attempted() {
    let opened = in_memory();
    let directory = directory(&opened.store, Bounds { writes_max: 10, account_writes_max: 1 }).await;
    let handle = account(&directory, 1);
    {
        let gone = pin!(handle.call(open("Gazette"), now()));
        assert!(poll_once(gone).await.is_pending());
    }
    let refused = poll_once(pin!(handle.call(open("Courier"), now()))).await;
    assert!(
        matches!(refused, Poll::Ready(Err(CallError::Overloaded))),
        "its place is held until its turn: {refused:?}"
    );
    let_all_run().await;
    assert_eq!(handle.call(open("Courier"), now()).await.unwrap().effect, Effect::Changed);
    assert_eq!(handle.peek().aggregate_seq, 1, "nothing was written for the one who is gone");
}

#[tokio::test]
async fn a_caller_who_is_gone_after_the_decision_takes_nothing_back() {
    let mut journal = Stalled::open();
    let directory = directory(&journal.storage.store, Bounds { writes_max: 10, account_writes_max: 1 }).await;
    let handle = account(&directory, 1);
    {
        let mut gone = pin!(handle.call(open("Gazette"), now()));
        assert!(poll_once(gone.as_mut()).await.is_pending());
        let_all_run().await;
    }
    journal.flush();
    assert_eq!(handle.peek().aggregate_seq, 1);
    assert!(poll_once(pin!(handle.call(open("Gazette"), now()))).await.is_pending(), "its place is back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hears_the_answer_sees_the_change() {
    let opened = in_memory();
    let directory = directory(&opened.store, Bounds { writes_max: 1, account_writes_max: 1 }).await;
    let platform = directory.platform();
    for id in 1..=500 {
        let done = platform.call(register(id, "Gazette"), now()).await.unwrap();
        assert!(platform.view().account(AccountId(id)).is_some(), "{id}");
        assert!(done.state.account(AccountId(id)).is_some(), "{id}");
    }
}
