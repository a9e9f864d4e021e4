//! What an aggregate should be: every record it decided, in order, what each led to, and how much of it somebody was told.
//!
//! It outlives the engine. After a crash it says what must be there, what may be there, and what must not.

use doorward::actors::View;
use doorward::actors::shell::Hosted;
use doorward::domain::account::event::Change;
use doorward::domain::ids::{SiteId, TokenDigest};
use doorward::domain::time::Timestamp;
use doorward::domain::{Ctx, account, platform};
use doorward_testkit::Model;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An aggregate with a reference model, and with tokens that end.
pub(crate) trait Simulated: Hosted {
    /// The reference model, written without the domain's code.
    type Model: Clone + Default;

    /// Asks the model; its verdict, if it has one.
    fn ask(model: &mut Self::Model, command: &Self::Command, now: Timestamp) -> Option<Result<(), Self::Rejection>>;
    /// Where the state is not what the model says, if anywhere.
    fn disagreement(model: &Self::Model, state: &Self, now: Timestamp) -> Option<String>;
    /// What events do to tokens, in the state before them.
    fn tokens(before: &Self, events: &[Self::Event]) -> Tokens;
    /// Whether a token opens any site.
    fn accepts(&self, token: TokenDigest, now: Timestamp) -> bool;
}

/// What a record does to tokens.
#[derive(Clone, Default)]
pub(crate) struct Tokens {
    issued: Vec<TokenDigest>,
    /// Those of sessions that ended, were forgotten or lost their customer.
    ended: Vec<TokenDigest>,
}

impl Simulated for account::State {
    type Model = Model;

    fn ask(model: &mut Model, command: &Self::Command, now: Timestamp) -> Option<Result<(), Self::Rejection>> {
        Some(model.ask(command, now))
    }

    fn disagreement(model: &Model, state: &Self, now: Timestamp) -> Option<String> {
        model.disagreement(state, now)
    }

    fn tokens(before: &Self, events: &[Self::Event]) -> Tokens {
        let mut tokens = Tokens::default();
        for event in events {
            match &event.change {
                Change::SessionOpened { session } => tokens.issued.extend(session.tokens.iter().map(|t| t.digest)),
                Change::TokenIssued { tokens: all, .. } => tokens.issued.extend(all.iter().map(|t| t.digest)),
                Change::SessionsEnded { sessions, .. } | Change::SessionsForgotten { sessions } => {
                    let ended = sessions.iter().filter_map(|id| before.session(*id));
                    tokens.ended.extend(ended.flat_map(|session| session.tokens.iter().map(|t| t.digest)));
                }
                _ => {}
            }
        }
        tokens
    }

    fn accepts(&self, token: TokenDigest, now: Timestamp) -> bool {
        (1..=3).any(|site| self.check(token, SiteId(site), now).is_ok())
    }
}

impl Simulated for platform::State {
    type Model = ();

    fn ask((): &mut (), _: &Self::Command, _: Timestamp) -> Option<Result<(), Self::Rejection>> {
        None
    }

    fn disagreement((): &(), _: &Self, _: Timestamp) -> Option<String> {
        None
    }

    fn tokens(_: &Self, _: &[Self::Event]) -> Tokens {
        Tokens::default()
    }

    fn accepts(&self, _: TokenDigest, _: Timestamp) -> bool {
        false
    }
}

/// How a command must be answered, once it is answered.
pub(crate) struct Expected<A: Simulated> {
    pub(crate) answer: Result<Vec<A::Event>, A::Rejection>,
    /// The record the answer rests on: its own, or the tip it was decided on.
    pub(crate) rests_on: u64,
}

impl<A: Simulated> Expected<A> {
    pub(crate) fn is_write(&self) -> bool {
        self.answer.as_ref().is_ok_and(|events| !events.is_empty())
    }
}

struct Entry<A: Simulated> {
    state: Arc<A>,
    model: A::Model,
    tokens: Tokens,
}

/// All records of one aggregate.
pub(crate) struct Ledger<A: Simulated> {
    /// After each record; the first is before all.
    entries: Vec<Entry<A>>,
    /// The last record that an answer or a view rested on.
    told: u64,
    /// The first record of which somebody was told that it was not attempted.
    disclaimed: Option<u64>,
}

impl<A: Simulated> Ledger<A> {
    pub(crate) fn of(blank: A) -> Self {
        let first = Entry { state: Arc::new(blank), model: A::Model::default(), tokens: Tokens::default() };
        Self { entries: vec![first], told: 0, disclaimed: None }
    }

    pub(crate) fn blank(&self) -> Arc<A> {
        Arc::clone(&self.entries[0].state)
    }

    pub(crate) fn tip_seq(&self) -> u64 {
        self.entries.len() as u64 - 1
    }

    /// The model at the tip.
    pub(crate) fn model(&self) -> &A::Model {
        &self.entries.last().unwrap().model
    }

    pub(crate) fn at(&self, seq: u64) -> &Arc<A> {
        &self.entry(seq).state
    }

    fn entry(&self, seq: u64) -> &Entry<A> {
        let at = usize::try_from(seq).unwrap();
        self.entries.get(at).unwrap_or_else(|| panic!("record {seq} was never decided"))
    }

    /// Decides a command as the actor must.
    pub(crate) fn decide(&mut self, command: &A::Command, ctx: &Ctx) -> Expected<A> {
        let tip = self.entries.last().unwrap();
        let answer = tip.state.decide(command, ctx);
        let mut model = tip.model.clone();
        if let Some(verdict) = A::ask(&mut model, command, ctx.now) {
            assert_eq!(answer.as_ref().map(|_| ()).map_err(Clone::clone), verdict, "{command:?}");
        }
        match &answer {
            Ok(events) if !events.is_empty() => {
                let state = events.iter().fold((*tip.state).clone(), A::evolve);
                let tokens = A::tokens(&tip.state, events);
                self.entries.push(Entry { state: Arc::new(state), model, tokens });
            }
            _ => {}
        }
        Expected { answer, rests_on: self.tip_seq() }
    }

    /// Somebody was told something that rests on this record.
    pub(crate) fn tell(&mut self, seq: u64) {
        assert!(seq <= self.tip_seq());
        self.told = self.told.max(seq);
    }

    /// Somebody was told that this record was not attempted.
    pub(crate) fn disclaim(&mut self, seq: u64) {
        self.disclaimed = Some(self.disclaimed.map_or(seq, |first| first.min(seq)));
    }

    /// What readers see must be what this record led to, and it must keep every promise that was made.
    pub(crate) fn check_view(&mut self, view: &View<A>, now: Timestamp) {
        self.tell(view.aggregate_seq);
        self.check(&view.state, view.aggregate_seq, now);
    }

    /// What was recovered must hold all that was told, nothing that was disclaimed, and each batch whole or not at all. It is a promise
    /// from now on, and what else had been decided is gone.
    pub(crate) fn recovered(&mut self, state: &A, seq: u64, now: Timestamp) {
        let told = self.told;
        assert!(seq >= told, "{:?}: callers were told of record {told}, and {seq} are there", state.id());
        if let Some(first) = self.disclaimed.take() {
            assert!(seq < first, "{:?}: record {first} was `not attempted`, and {seq} are there", state.id());
        }
        self.check(state, seq, now);
        self.entries.truncate(usize::try_from(seq).unwrap() + 1);
        self.told = seq;
    }

    fn check(&self, state: &A, seq: u64, now: Timestamp) {
        let entry = self.entry(seq);
        let who = state.id();
        assert!(*state == *entry.state, "{who:?} is not what its record {seq} led to");
        assert_eq!(state.check_invariants(), Ok(()));
        assert_eq!(A::disagreement(&entry.model, state, now), None, "{who:?} at record {seq}");
        for token in self.dead_tokens(seq) {
            assert!(!state.accepts(token, now), "{who:?}: {token:?} opens a site after its session has ended");
        }
    }

    /// The tokens whose sessions have ended in the records up to this one.
    fn dead_tokens(&self, seq: u64) -> BTreeSet<TokenDigest> {
        let mut dead = BTreeSet::new();
        for entry in self.entries.iter().take(usize::try_from(seq).unwrap() + 1) {
            dead.extend(entry.tokens.ended.iter().copied());
            for token in &entry.tokens.issued {
                dead.remove(token);
            }
        }
        dead
    }
}
