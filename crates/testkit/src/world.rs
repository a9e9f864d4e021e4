//! A state that is asked things, one after the other, at times the test says.

use crate::clock::START;
use doorward_domain::time::Timestamp;
use doorward_domain::{Aggregate, Ctx};

/// An aggregate, the time, and all that happened. After each event that changes it, its invariants are checked.
#[derive(Clone, Debug)]
pub struct World<A: Aggregate> {
    state: A,
    now: Timestamp,
    history: Vec<A::Event>,
}

impl<A: Aggregate> World<A> {
    /// A world that begins with this state, at [`START`].
    #[must_use]
    pub const fn of(state: A) -> Self {
        Self { state, now: START, history: Vec::new() }
    }

    /// The present.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Says what time it is, be it earlier or later than before.
    pub const fn set(&mut self, now: Timestamp) -> &mut Self {
        self.now = now;
        self
    }

    /// Moves the time by `millis`, backward when negative.
    pub const fn step(&mut self, millis: i64) -> &mut Self {
        self.now = self.now.plus_millis(millis);
        self
    }

    /// The state as it is now.
    pub const fn state(&self) -> &A {
        &self.state
    }

    /// All events so far, oldest first.
    #[must_use]
    pub fn history(&self) -> &[A::Event] {
        &self.history
    }

    /// Asks a command and applies what follows from it.
    ///
    /// # Errors
    /// The rejection.
    ///
    /// # Panics
    /// When an invariant does not hold afterwards.
    pub fn ask(&mut self, command: &A::Command) -> Result<Vec<A::Event>, A::Rejection> {
        let events = self.state.decide(command, &Ctx::at(self.now))?;
        for event in &events {
            self.state = self.state.clone().evolve(event);
        }
        let held = self.state.check_invariants();
        assert!(held.is_ok(), "after {command:?}: {held:?}");
        self.history.extend(events.iter().cloned());
        Ok(events)
    }

    /// Asks a command that must be accepted and must change something.
    ///
    /// # Panics
    /// When it is rejected, or when nothing follows from it.
    pub fn must(&mut self, command: &A::Command) -> Vec<A::Event> {
        let answer = self.ask(command);
        assert!(answer.as_ref().is_ok_and(|events| !events.is_empty()), "{command:?}: {answer:?}");
        answer.unwrap_or_default()
    }
}
