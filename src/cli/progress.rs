//! How far recovery has come: a bar on a terminal, lines in the log elsewhere.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

use crate::storage::{Phase, Progress};

const BAR: &str = "{msg:28} {bar:40} {percent:>3}% {eta}";
const SPINNER: &str = "{msg:28} {pos}";
/// A line in the log for each of so many parts of a phase.
const LINES: u64 = 10;

/// The one that suits where standard error goes.
pub(super) fn shown() -> Box<dyn Progress> {
    if io::stderr().is_terminal() { Box::new(Bar::default()) } else { Box::new(Lines::default()) }
}

fn says(phase: Phase) -> &'static str {
    match phase {
        Phase::Snapshots => "reading snapshots",
        Phase::Journal => "reading the journal",
        Phase::Indexes => "building indexes",
        Phase::Rules => "checking every rule",
        Phase::Rewriting => "writing the journal anew",
    }
}

/// A bar a phase, gone when recovery ends.
#[derive(Debug, Default)]
struct Bar {
    at: Option<(Phase, ProgressBar)>,
}

impl Progress for Bar {
    fn report(&mut self, phase: Phase, done: u64, total: u64) {
        if self.at.as_ref().is_none_or(|(at, _)| *at != phase) {
            self.clear();
            let bar = if total == 0 { ProgressBar::no_length() } else { ProgressBar::new(total) };
            let template = if total == 0 { SPINNER } else { BAR };
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            self.at = Some((phase, bar.with_style(style).with_message(says(phase))));
        }
        if let Some((_, bar)) = &self.at {
            bar.set_position(done);
        }
    }
}

impl Bar {
    fn clear(&mut self) {
        if let Some((_, bar)) = self.at.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A line when a phase begins, and one for each tenth of it.
#[derive(Debug, Default)]
struct Lines {
    at: Option<(Phase, u64)>,
}

impl Lines {
    /// Whether this report is worth a line.
    fn is_new(&mut self, phase: Phase, done: u64, total: u64) -> bool {
        let part = done.saturating_mul(LINES).checked_div(total).unwrap_or(0);
        let is_new = self.at.is_none_or(|(at, shown)| at != phase || shown < part);
        if is_new {
            self.at = Some((phase, part));
        }
        is_new
    }
}

impl Progress for Lines {
    fn report(&mut self, phase: Phase, done: u64, total: u64) {
        if self.is_new(phase, done, total) {
            tracing::info!(done, total, "recovery: {}", says(phase));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Phase};

    #[test]
    fn a_phase_has_a_line_at_its_start_and_one_for_each_tenth() {
        let mut lines = Lines::default();
        let shown = (0..=1_000).filter(|done| lines.is_new(Phase::Journal, *done, 1_000)).collect::<Vec<_>>();
        assert_eq!(shown, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
        let unknown = (0..1_000).filter(|done| lines.is_new(Phase::Indexes, *done, 0)).count();
        assert_eq!(unknown, 1);
    }
}
