//! Random commands over a small universe, so that they meet each other: four customers, three sites and one that does not exist, five
//! mailboxes in two spellings each, three user names. Most commands are good; a part of them names what is unknown, taken or stale.
//!
//! [`Journey`] is the universe as a reference state machine for `proptest-state-machine`; [`histories`] gives plain lists of steps.

mod commands;

use crate::clock::START;
use crate::model::Model;
use crate::world::World;
use crate::{ask, build, ids};
use doorward_domain::Aggregate;
use doorward_domain::account::{Command, Rejection, State};
use doorward_domain::ids::{AccountId, SessionId, TokenDigest};
use doorward_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use proptest::collection::SizeRange;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

/// A command, and how long before it the clock moved, in milliseconds; backward when negative.
#[derive(Clone, Debug)]
pub struct Step {
    /// How far the clock moved.
    pub wait: i64,
    /// What was asked then.
    pub command: Command,
}

/// What opens the universe: the account, its sites 1, 2 and 3, and two customers. Site 1 has single-user authentication on, the sessions
/// of site 3 are short.
#[must_use]
pub fn opening() -> Vec<Command> {
    let short = |site: build::SiteBuilder| site.ttl_days(2).idle_days(1);
    let customer = |id, email| {
        let registration = build::a_customer().id(id).email(email).register();
        Command::RegisterCustomer(Box::new(registration))
    };
    vec![
        ask::open_account("Gazette", build::signing_key("key-1")),
        build::a_site().id(1).single_user().create(),
        build::a_site().id(2).create(),
        short(build::a_site().id(3)).create(),
        customer(1, "ada@example.org"),
        customer(2, "bob@example.org"),
    ]
}

/// A world that was opened so.
///
/// # Panics
/// When the account does not accept the opening.
#[must_use]
pub fn opened() -> World<State> {
    let mut world = World::of(State::blank(AccountId(1)));
    for command in opening() {
        world.must(&command);
    }
    world
}

/// Lists of steps that follow [`opening`].
pub fn histories(len: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Step>> {
    Journey::sequential_strategy(len).prop_map(|(_, steps, _)| steps)
}

/// Plays steps; what is rejected changes nothing.
pub fn play(world: &mut World<State>, steps: &[Step]) {
    for step in steps {
        let _rejected = world.step(step.wait).ask(&step.command);
    }
}

/// The universe as a reference state machine.
#[derive(Debug)]
pub struct Journey;

/// How far a journey got.
#[derive(Clone, Debug)]
pub struct Played {
    /// What the account should be like.
    pub model: Model,
    /// The present.
    pub now: Timestamp,
    /// How the last command should have been answered.
    pub answer: Result<(), Rejection>,
}

impl Played {
    /// One step that may come next, for whoever draws steps one at a time.
    pub fn next_step(&self) -> BoxedStrategy<Step> {
        let played = self.clone();
        let may_come = move |step: &Step| Journey::preconditions(&played, step);
        Journey::transitions(self).prop_filter("what was forgotten is not drawn again", may_come).boxed()
    }
}

impl Default for Played {
    fn default() -> Self {
        let mut model = Model::default();
        let answer = opening().iter().try_for_each(|command| model.ask(command, START));
        Self { model, now: START, answer }
    }
}

impl ReferenceStateMachine for Journey {
    type State = Played;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Played> {
        Just(Played::default()).boxed()
    }

    fn transitions(played: &Played) -> BoxedStrategy<Step> {
        (waits(), commands::commands(&played.model)).prop_map(|(wait, command)| Step { wait, command }).boxed()
    }

    fn apply(mut played: Played, step: &Step) -> Played {
        played.now = played.now.plus_millis(step.wait);
        played.answer = played.model.ask(&step.command, played.now);
        played
    }

    /// Session ids and tokens are 128 random bits and more: none is drawn twice, least of all one that was forgotten.
    fn preconditions(played: &Played, step: &Step) -> bool {
        drawn_session(&step.command).is_none_or(|id| !played.model.has_forgotten(id))
            && drawn_token(&step.command).is_none_or(|token| !played.model.has_dropped(token))
    }
}

fn drawn_session(command: &Command) -> Option<SessionId> {
    match command {
        Command::OpenSession(command) => Some(command.session.id),
        Command::RegisterCustomer(command) => command.session.as_ref().map(|session| session.id),
        _ => None,
    }
}

fn drawn_token(command: &Command) -> Option<TokenDigest> {
    match command {
        Command::OpenSession(command) => Some(command.session.token),
        Command::RegisterCustomer(command) => command.session.as_ref().map(|session| session.token),
        Command::RefreshSession(command) => Some(command.new_token),
        Command::UpdateCustomer(command) => command.token,
        Command::SetPassword(command) => command.token,
        _ => None,
    }
}

/// Mostly short waits, some over the hour after which a token is replaced, some over the days after which sessions are over; now and then
/// the clock goes back a little, seldom far.
fn waits() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => Just(0),
        30 => 1..10 * MINUTE_MS,
        20 => HOUR_MS - SECOND_MS..2 * HOUR_MS,
        10 => Just(HOUR_MS),
        4 => DAY_MS..3 * DAY_MS,
        1 => Just(30 * DAY_MS),
        6 => -5 * MINUTE_MS..0,
        2 => -2 * HOUR_MS..-5 * MINUTE_MS,
    ]
}

/// The `n`th session of a journey: their order is not the order of the logins.
fn scattered(n: usize) -> SessionId {
    ids::session((u64::try_from(n).unwrap_or_default() * 619) % 10_007)
}

/// How an aggregate answers, without what follows from it.
pub fn verdict<A: Aggregate>(answer: &Result<Vec<A::Event>, A::Rejection>) -> Result<(), A::Rejection> {
    answer.as_ref().map(|_| ()).map_err(Clone::clone)
}
