//! One actor for each account, from the start to the drain, and what is left when one is lost.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::handle::CallError;
use super::super::shell::Effect;
use super::super::testing::{
    blank_account, blank_platform, in_memory, let_all_run, now, open, poll_once, register, tasks, until,
};
use super::*;
use std::pin::pin;
use tokio::task::consume_budget;
use tokio::task::coop::has_budget_remaining;

const TEN_SECS: Duration = Duration::from_secs(10);

/// The tasks of a directory without accounts: the supervisor, who watches it, and the platform.
const TASKS: usize = 3;

async fn start(accounts: Vec<View<account::State>>, store: &Store) -> Directory {
    Directory::start(blank_platform(), accounts, store.clone(), Bounds::default()).await.unwrap()
}

#[tokio::test]
async fn all_that_host_one_account_at_once_get_its_only_actor() {
    let opened = in_memory();
    let directory = start(Vec::new(), &opened.store).await;
    let mut racers: Vec<_> = (0..32).map(|_| Box::pin(directory.host(blank_account(1)))).collect();
    // Without budget each gets as far as it can without waiting for anything.
    while has_budget_remaining() {
        consume_budget().await;
    }
    for racer in &mut racers {
        assert!(poll_once(racer.as_mut()).await.is_pending(), "it did not race");
    }
    let mut ids = Vec::new();
    for racer in racers {
        ids.push(racer.await.unwrap().actor.get_id());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let_all_run().await;
    assert_eq!(tasks(), TASKS + 1, "an actor that nobody knows of");
    assert!(opened.store.is_writing());
}

#[tokio::test]
async fn a_drain_decides_what_is_queued_and_takes_nothing_more() {
    let opened = in_memory();
    let directory = start(vec![blank_account(1), blank_account(2)], &opened.store).await;
    let (first, second) = (directory.account(AccountId(1)).unwrap(), directory.account(AccountId(2)).unwrap());
    let mut one = pin!(first.call(open("Gazette"), now()));
    let mut two = pin!(second.call(open("Courier"), now()));
    let mut three = pin!(directory.platform().call(register(1, "Gazette"), now()));
    assert!(poll_once(one.as_mut()).await.is_pending());
    assert!(poll_once(two.as_mut()).await.is_pending());
    assert!(poll_once(three.as_mut()).await.is_pending());
    let mut drain = pin!(directory.drain(TEN_SECS));
    assert!(poll_once(drain.as_mut()).await.is_pending());
    for handle in [&first, &second] {
        assert_eq!(handle.call(open("Herald"), now()).await.unwrap_err(), CallError::NotAttempted);
    }
    assert_eq!(directory.platform().call(register(2, "Herald"), now()).await.unwrap_err(), CallError::NotAttempted);
    drain.await;
    assert_eq!(one.await.unwrap().effect, Effect::Changed);
    assert_eq!(two.await.unwrap().effect, Effect::Changed);
    assert_eq!(three.await.unwrap().effect, Effect::Changed);
    let_all_run().await;
    assert_eq!(tasks(), 0);
    assert!(opened.store.is_writing(), "a drain is no loss");
    assert!(first.view().is_open(), "readers go on");
}

#[tokio::test]
async fn no_account_is_hosted_once_the_actors_are_drained() {
    let opened = in_memory();
    let directory = start(vec![blank_account(1)], &opened.store).await;
    directory.drain(TEN_SECS).await;
    assert!(matches!(directory.host(blank_account(2)).await, Err(SpawnError::Draining)));
    assert!(directory.account(AccountId(2)).is_none());
    directory.drain(TEN_SECS).await;
    let_all_run().await;
    assert_eq!(tasks(), 0);
}

#[tokio::test]
async fn a_directory_dropped_without_a_drain_leaves_no_actor_and_fails_nothing() {
    let opened = in_memory();
    let directory = start((1..=20).map(blank_account).collect(), &opened.store).await;
    let handle = directory.account(AccountId(1)).unwrap();
    assert_eq!(tasks(), TASKS + 20);
    drop(directory);
    until(|| tasks() == 0).await;
    assert!(opened.store.is_writing());
    assert_eq!(handle.call(open("Gazette"), now()).await.unwrap_err(), CallError::NotAttempted);
}

#[tokio::test]
async fn a_start_that_is_given_up_half_way_leaves_no_actor() {
    let opened = in_memory();
    {
        let accounts = (1..=1_000).map(blank_account).collect();
        let mut start = pin!(start(accounts, &opened.store));
        assert!(poll_once(start.as_mut()).await.is_pending());
        assert!((TASKS + 1..TASKS + 1_000).contains(&tasks()), "{} tasks: not half-way", tasks());
    }
    until(|| tasks() == 0).await;
    assert!(opened.store.is_writing());
}

/// Waits until writing has ended, and sees that it has for everybody.
async fn all_writing_ends(directory: &Directory, store: &Store) {
    until(|| !store.is_writing()).await;
    let other = directory.account(AccountId(2)).unwrap();
    assert_eq!(other.call(open("Courier"), now()).await.unwrap_err(), CallError::NotAttempted);
    assert_eq!(directory.platform().call(register(1, "Gazette"), now()).await.unwrap_err(), CallError::NotAttempted);
}

#[tokio::test]
async fn an_actor_that_panics_ends_the_writing_of_all() {
    let opened = in_memory();
    // There is no number for its next record.
    let last = View { aggregate_seq: u64::MAX, ..blank_account(1) };
    let directory = start(vec![last, blank_account(2)], &opened.store).await;
    let lost = directory.account(AccountId(1)).unwrap();
    assert_eq!(lost.call(open("Gazette"), now()).await.unwrap_err(), CallError::OutcomeUnknown);
    assert!(!lost.view().is_open());
    all_writing_ends(&directory, &opened.store).await;
}

#[tokio::test]
async fn an_actor_that_is_killed_ends_the_writing_of_all() {
    let opened = in_memory();
    let directory = start(vec![blank_account(1), blank_account(2)], &opened.store).await;
    let killed = directory.account(AccountId(1)).unwrap();
    killed.actor.kill();
    all_writing_ends(&directory, &opened.store).await;
    assert_eq!(killed.call(open("Gazette"), now()).await.unwrap_err(), CallError::NotAttempted);
}

#[tokio::test]
async fn a_supervisor_that_is_killed_ends_the_writing_of_all() {
    let opened = in_memory();
    let directory = start(vec![blank_account(1), blank_account(2)], &opened.store).await;
    directory.supervision.cell().kill();
    all_writing_ends(&directory, &opened.store).await;
}
