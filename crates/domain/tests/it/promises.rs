//! The rules of the design, asked of random journeys directly: one need not trust the reference model to trust these.

use super::share_of_cases;
use doorward_domain::account::event::Change;
use doorward_domain::account::{Command, State};
use doorward_domain::ids::{SiteId, TokenDigest};
use doorward_domain::time::{DAY_MS, HOUR_MS};
use doorward_testkit::World;
use doorward_testkit::strategy::{Step, histories, opened};
use proptest::prelude::*;
use std::collections::BTreeSet;

const STEPS: usize = 60;

/// Plays a journey and looks at the world before and after each command that was accepted.
fn each_step(steps: &[Step], mut look: impl FnMut(&World<State>, &Command, &World<State>)) {
    let mut world = opened();
    for step in steps {
        let before = world.step(step.wait).clone();
        if world.ask(&step.command).is_ok() {
            look(&before, &step.command, &world);
        }
    }
}

fn unended(world: &World<State>, customer: doorward_domain::ids::CustomerId) -> Vec<doorward_domain::ids::SessionId> {
    world.state().sessions_of(customer).filter(|session| session.end.is_none()).map(|session| session.id).collect()
}

fn is_under_the_rule(world: &World<State>, site: SiteId) -> bool {
    world.state().site(site).is_some_and(|site| site.settings.single_user_authentication.is_on())
}

/// Whether any site accepts the token, now or had the clock shown another time.
fn is_accepted_anywhere(world: &World<State>, token: TokenDigest) -> bool {
    let times = [-30 * DAY_MS, -HOUR_MS, 0, HOUR_MS].map(|wait| world.now().plus_millis(wait));
    world.state().sites().any(|site| times.iter().any(|now| world.state().check(token, site.id, *now).is_ok()))
}

proptest! {
    #![proptest_config(share_of_cases(4))]

    #[test]
    fn no_token_of_a_session_that_has_ended_is_accepted_again(steps in histories(1..STEPS)) {
        let mut dead = BTreeSet::new();
        each_step(&steps, |before, _, after| {
            // What has ended, and what was known and is forgotten.
            let ended = after.state().sessions().filter(|session| session.end.is_some());
            dead.extend(ended.flat_map(|session| session.tokens.iter().map(|token| token.digest)));
            let known = before.state().sessions().flat_map(|session| session.tokens.iter().map(|token| token.digest));
            dead.extend(known.filter(|token| after.state().session_by_token(*token).is_none()));
            for token in &dead {
                assert!(!is_accepted_anywhere(after, *token), "{token:?}");
            }
        });
    }

    #[test]
    fn a_login_under_the_rule_leaves_one_session_and_a_site_with_the_rule_accepts_the_last_alone(
        steps in histories(1..STEPS),
    ) {
        each_step(&steps, |_, command, after| {
            if let Command::OpenSession(login) = command && is_under_the_rule(after, login.session.site) {
                assert_eq!(unended(after, login.customer), [login.session.id]);
            }
            for site in after.state().sites().filter(|site| is_under_the_rule(after, site.id)) {
                for session in after.state().sessions() {
                    let last = after.state().customer(session.customer).and_then(|customer| customer.last_open);
                    let token = session.newest_token().unwrap().digest;
                    let is_accepted = after.state().check(token, site.id, after.now()).is_ok();
                    assert!(!is_accepted || last == Some(session.id), "{:?} at {:?}", session.id, site.id);
                }
            }
        });
    }

    #[test]
    fn a_new_password_leaves_at_most_the_session_that_asked(steps in histories(1..STEPS)) {
        each_step(&steps, |before, command, after| {
            let Command::SetPassword(set) = command else { return };
            let asking = match set.by {
                doorward_domain::account::Authority::Operator => None,
                doorward_domain::account::Authority::Session { token, .. } => before.state().session_by_token(token),
            };
            assert_eq!(unended(after, set.customer), asking.map(|session| session.id).into_iter().collect::<Vec<_>>());
        });
    }

    #[test]
    fn no_event_is_stamped_before_the_one_before_it(steps in histories(1..STEPS)) {
        each_step(&steps, |before, _, after| {
            let (stamp, new) = (before.state().root().last_stamp, &after.history()[before.history().len()..]);
            assert!(new.iter().all(|event| event.at == stamp.max(after.now())), "{new:?}");
        });
    }

    /// Else a replay over a newer base would end elsewhere, and a page of the journal could not be read on its own.
    #[test]
    fn a_session_is_ended_at_most_once_and_only_while_it_is_kept(steps in histories(1..STEPS)) {
        each_step(&steps, |before, _, after| {
            let mut named = BTreeSet::new();
            for event in &after.history()[before.history().len()..] {
                if let Change::SessionsEnded { sessions, .. } = &event.change {
                    for id in sessions {
                        assert!(named.insert(*id), "{id:?} is named twice");
                        assert!(before.state().session(*id).is_some_and(|session| session.end.is_none()), "{id:?}");
                    }
                }
            }
        });
    }
}
