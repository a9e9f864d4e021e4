//! What a run of many steps prints: a heading and a duration for each, a table at the end, and an honest last line.

use std::time::{Duration, Instant};

/// What a step has to say when it passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All it promises was checked.
    Passed,
    /// A part of it could not be checked here, and this is why.
    Partly(String),
}

/// The steps so far, with their durations.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<(&'static str, Duration, Outcome)>,
}

impl Report {
    pub(crate) fn heading(number: usize, count: usize, name: &str, what: &str) {
        println!("\n==> {number}/{count} {name}: {what}");
    }

    pub(crate) fn passed(&mut self, name: &'static str, took: Duration, outcome: Outcome) {
        println!("--- {name} passed in {}", shown(took));
        self.lines.push((name, took, outcome));
    }

    /// The table and the last line of a run that met no failure.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::from("\n");
        for (name, took, outcome) in &self.lines {
            let remark = match outcome {
                Outcome::Passed => String::new(),
                Outcome::Partly(reason) => format!("   (in part: {reason})"),
            };
            text += &format!("{name:<10} {:>8}{remark}\n", shown(*took));
        }
        let total = self.lines.iter().map(|(_, took, _)| *took).sum();
        text + &format!("{} in {}", self.last_line(), shown(total))
    }

    fn last_line(&self) -> String {
        let partly = self.lines.iter().filter(|(_, _, outcome)| *outcome != Outcome::Passed).count();
        match partly {
            0 => format!("{} steps passed", self.lines.len()),
            _ => format!("{} steps passed, {partly} of them in part", self.lines.len()),
        }
    }
}

/// A stopwatch that starts when it is made.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a chore tells how long its steps took")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::disallowed_methods, reason = "a chore tells how long its steps took")]
    pub(crate) fn took(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A duration as people read it: `4.2 s`, `3 min 07 s`.
pub(crate) fn shown(took: Duration) -> String {
    let secs = took.as_secs();
    match secs {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        _ => format!("{} min {:02} s", secs / 60, secs % 60),
    }
}

#[cfg(test)]
mod tests {
    //! The last line never claims more than was checked.

    use super::{Duration, Outcome, Report, shown};

    #[test]
    fn the_last_line_counts_what_passed_and_what_passed_in_part() {
        let mut report = Report::default();
        report.passed("fmt", Duration::from_secs(1), Outcome::Passed);
        assert!(report.summary().ends_with("1 steps passed in 1.0 s"), "{}", report.summary());

        report.passed("deny", Duration::from_secs(2), Outcome::Partly("no database".to_owned()));
        let summary = report.summary();
        assert!(summary.ends_with("2 steps passed, 1 of them in part in 3.0 s"), "{summary}");
        assert!(summary.contains("(in part: no database)"), "{summary}");
    }

    #[test]
    fn durations_are_shown_as_people_read_them() {
        for (secs, text) in [(0, "0.0 s"), (59, "59.0 s"), (60, "1 min 00 s"), (187, "3 min 07 s")] {
            assert_eq!(shown(Duration::from_secs(secs)), text);
        }
    }
}
