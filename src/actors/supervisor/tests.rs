//! What the end of an actor means, and that none outlives the supervisor.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::testing::{in_memory, let_all_run, tasks};
use super::*;
use std::time::Duration;

/// Never gets through a message.
struct Stuck;

impl Actor for Stuck {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<()>, (): (), (): &mut ()) -> Result<(), ActorProcessingErr> {
        std::future::pending().await
    }
}

/// Fails at its first message.
struct Failing;

impl Actor for Failing {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<()>, (): (), (): &mut ()) -> Result<(), ActorProcessingErr> {
        Err("planted".into())
    }
}

async fn spawn<A: Actor<Msg = (), Arguments = ()>>(actor: A, supervision: &Supervision) -> ActorRef<()> {
    let (actor, _) = Actor::spawn_linked(None, actor, (), supervision.cell()).await.unwrap();
    actor
}

#[tokio::test(start_paused = true)]
async fn actors_that_do_not_drain_share_one_deadline_and_are_killed() {
    let opened = in_memory();
    let supervision = Supervision::start(opened.store.clone()).await.unwrap();
    let mut cells = Vec::new();
    for _ in 0..3 {
        let stuck = spawn(Stuck, &supervision).await;
        stuck.send_message(()).unwrap();
        cells.push(stuck.get_cell());
    }
    let_all_run().await;
    supervision.expect_ends();
    let (began, within) = (Instant::now(), Duration::from_secs(10));
    drain_all(&cells, began + within).await;
    assert!(began.elapsed() < within + Duration::from_millis(10), "{:?}", began.elapsed());
    supervision.end(began + within).await;
    let_all_run().await;
    assert_eq!(tasks(), 0);
    assert!(opened.store.is_writing(), "who is late is no loss");
}

#[tokio::test]
async fn an_actor_that_ends_unasked_ends_all_writing() {
    type End = fn(&ActorRef<()>);
    let ends: [(&str, End); 3] = [
        ("fails", |actor| actor.send_message(()).unwrap()),
        ("is stopped", |actor| actor.stop(None)),
        ("is killed", |actor| actor.kill()),
    ];
    for (how, end) in ends {
        let opened = in_memory();
        let supervision = Supervision::start(opened.store.clone()).await.unwrap();
        let actor = spawn(Failing, &supervision).await;
        let_all_run().await;
        assert!(opened.store.is_writing(), "{how}");
        end(&actor);
        let_all_run().await;
        assert!(!opened.store.is_writing(), "an actor {how}, and writing goes on");
    }
}

#[tokio::test]
async fn an_actor_that_fails_while_it_drains_is_a_loss() {
    let opened = in_memory();
    let supervision = Supervision::start(opened.store.clone()).await.unwrap();
    let actor = spawn(Failing, &supervision).await;
    actor.send_message(()).unwrap();
    supervision.expect_ends();
    let deadline = Instant::now() + Duration::from_secs(10);
    drain_all(&[actor.get_cell()], deadline).await;
    supervision.end(deadline).await;
    assert!(!opened.store.is_writing());
}

#[tokio::test]
async fn a_supervisor_that_ends_unasked_ends_all_writing() {
    for end in [|cell: ActorCell| cell.stop(None), |cell: ActorCell| cell.kill()] {
        let opened = in_memory();
        let supervision = Supervision::start(opened.store.clone()).await.unwrap();
        assert!(opened.store.is_writing());
        end(supervision.cell());
        let_all_run().await;
        assert!(!opened.store.is_writing());
    }
}

#[tokio::test]
async fn a_dropped_supervision_leaves_no_actor_and_fails_nothing() {
    let opened = in_memory();
    let supervision = Supervision::start(opened.store.clone()).await.unwrap();
    let idle = spawn(Stuck, &supervision).await;
    let stuck = spawn(Stuck, &supervision).await;
    stuck.send_message(()).unwrap();
    let_all_run().await;
    assert_eq!(tasks(), 4, "the supervisor, who watches it, and two actors");
    drop(supervision);
    let_all_run().await;
    assert_eq!(tasks(), 0);
    assert!(opened.store.is_writing());
    assert!(idle.send_message(()).is_err());
}
