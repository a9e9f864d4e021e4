//! `cargo xtask test`: the steps, in the order they run. Cheap ones first, so that a slip is told within seconds; the first
//! failure ends the run.

mod examples;
mod pyjwt;
mod python;
mod steps;
mod tree;
mod webhooks;
mod worktree;

use anyhow::{Context, Result, bail};

use crate::chores;
use crate::report::{Outcome, Report, Stopwatch};

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step { name: "tools", what: "install what this machine lacks", run: steps::tools },
    Step { name: "fmt", what: "the code is formatted", run: steps::fmt },
    Step { name: "tree", what: "one crypto backend; the engine alone is free of the front door", run: tree::check },
    Step { name: "clippy", what: "no warning in any package or target", run: steps::clippy },
    Step { name: "engine", what: "the engine alone compiles without a warning", run: steps::engine },
    Step { name: "binary", what: "build the program that crash tests start", run: steps::binary },
    Step { name: "tests", what: "unit, integration, property, crash and simulation tests", run: steps::tests },
    Step { name: "doctests", what: "the code in the documentation runs", run: steps::doctests },
    Step { name: "rustdoc", what: "the documentation builds without a warning", run: steps::rustdoc },
    Step { name: "examples", what: "each example runs to its end", run: examples::check },
    Step { name: "pyjwt", what: "another library verifies our tokens by the published keys", run: pyjwt::check },
    Step {
        name: "webhooks",
        what: "other libraries verify our webhooks, and no neighbour of them",
        run: webhooks::check,
    },
    Step {
        name: "deny",
        what: "licences, sources, bans and advisories of dependencies",
        run: chores::dependency_policy,
    },
];

/// Prints the steps and what each checks.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:<10} {}", step.name, step.what);
    }
}

/// Runs all steps, or those named in `only`.
///
/// # Errors
/// The first step that fails, a name that is no step, or a run that changed a tracked file.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let chosen = choose(only)?;
    let before = worktree::Fingerprint::take();
    let mut report = Report::default();
    for (index, step) in chosen.iter().enumerate() {
        Report::heading(index + 1, chosen.len(), step.name, step.what);
        let watch = Stopwatch::start();
        let outcome = (step.run)().with_context(|| format!("step {} failed after {} passed", step.name, index))?;
        report.passed(step.name, watch.took(), outcome);
    }
    worktree::unchanged(&before)?;
    println!("{}", report.summary());
    Ok(())
}

fn choose(only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str())) {
        bail!("no step is called {unknown}; `cargo xtask test --list` names them");
    }
    Ok(STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)).collect())
}

#[cfg(test)]
mod tests {
    //! Which steps run, and in what order.

    use super::{STEPS, choose};

    #[test]
    fn all_steps_run_when_none_is_named() {
        assert_eq!(choose(&[]).expect("no name is unknown").len(), STEPS.len());
    }

    #[test]
    fn named_steps_run_in_the_usual_order_and_an_unknown_name_is_refused() {
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
            choose(&only).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["deny", "fmt"]).expect("both are steps"), ["fmt", "deny"]);
        assert!(names(&["fmt", "frmt"]).expect_err("frmt is none").to_string().contains("frmt"));
    }

    #[test]
    fn no_two_steps_share_a_name() {
        for step in STEPS {
            assert_eq!(STEPS.iter().filter(|other| other.name == step.name).count(), 1, "{}", step.name);
        }
    }
}
