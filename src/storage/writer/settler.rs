//! A completion that cannot be forgotten: dropped without an outcome, it is told the one that is true then.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Completion, Outcome, Seq};

pub(super) struct Settler {
    /// `None` once it is settled.
    completion: Option<Box<dyn Completion>>,
    /// What is true if nothing more happens.
    otherwise: Outcome,
}

impl Settler {
    pub(super) fn new(completion: Box<dyn Completion>) -> Self {
        Self { completion: Some(completion), otherwise: Outcome::NotAttempted }
    }

    /// From here on nobody knows, until it is settled.
    pub(super) fn attempt(&mut self) {
        self.otherwise = Outcome::Unknown;
    }

    pub(super) fn publish(&mut self, seq: Seq) {
        if let Some(completion) = &mut self.completion {
            completion.publish(seq);
        }
    }

    pub(super) fn settle(mut self, outcome: Outcome) {
        if let Some(completion) = self.completion.take() {
            completion.settle(outcome);
        }
    }

    /// The completion, untold.
    pub(super) fn into_completion(mut self) -> Box<dyn Completion> {
        self.completion.take().unwrap_or_else(|| Box::new(Nobody))
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        if let Some(completion) = self.completion.take() {
            let outcome = self.otherwise;
            // It may run while a panic unwinds; a second one must not abort the process before the others are told.
            catch_unwind(AssertUnwindSafe(move || completion.settle(outcome))).ok();
        }
    }
}

/// Stands in for a completion that is gone; only a settled one is, and that is consumed.
struct Nobody;

impl Completion for Nobody {
    fn publish(&mut self, _seq: Seq) {}

    fn settle(self: Box<Self>, _outcome: Outcome) {}
}
