//! The account against the reference model: after every step of a random journey both answer alike, for every token at every site.

use super::share_of_cases;
use doorward_domain::account::Command;
use doorward_domain::account::State;
use doorward_testkit::strategy::{Journey, Played, Step, opened, verdict};
use doorward_testkit::{World, ask};
use proptest_state_machine::{StateMachineTest, prop_state_machine};

/// Commands of one journey at most.
const STEPS: usize = 80;

struct Account;

impl StateMachineTest for Account {
    type SystemUnderTest = World<State>;
    type Reference = Journey;

    fn init_test(_: &Played) -> World<State> {
        opened()
    }

    fn apply(mut world: World<State>, played: &Played, step: Step) -> World<State> {
        let answer = world.step(step.wait).ask(&step.command);
        assert_eq!(verdict::<State>(&answer), played.answer, "{:?}", step.command);
        world
    }

    fn check_invariants(world: &World<State>, played: &Played) {
        assert_eq!(played.model.disagreement(world.state(), world.now()), None);
    }
}

prop_state_machine! {
    #![proptest_config(share_of_cases(2))]

    #[test]
    fn the_account_answers_as_the_reference_model_does(sequential 1..STEPS => Account);
}

/// What random journeys seldom reach: many sessions of few customers, so that the oldest go and the longest ended are forgotten.
#[test]
fn the_account_answers_as_the_reference_model_does_in_a_crowd() {
    let mut world = opened();
    let mut model = Played::default().model;
    let mut both = |wait: i64, command: &Command| {
        let answer = world.step(wait).ask(command);
        assert_eq!(verdict::<State>(&answer), model.ask(command, world.now()), "{command:?}");
        assert_eq!(model.disagreement(world.state(), world.now()), None, "after {command:?}");
    };
    for n in 1..=320 {
        // Order of ids and order of logins differ; most logins share a millisecond with another one.
        let id = (n * 7) % 331;
        both(i64::try_from(n % 2).unwrap(), &ask::log_in(1 + n % 5 / 4, 2, id));
        if n % 3 == 0 {
            both(0, &ask::log_out(id, 2));
        }
    }
    both(1, &ask::log_in(1, 1, 999));
    both(1, &ask::log_in(1, 2, 998));
}
