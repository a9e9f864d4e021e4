//! The tools a chore needs beyond the Rust toolchain, what each is for, and how a machine that lacks one gets it. A tool
//! that is already there is used as it is; nothing is removed or upgraded.

use anyhow::{Context, Result};

use crate::run::Run;

/// A cargo sub-command, from crates.io.
pub(crate) struct CargoTool {
    package: &'static str,
    /// The word after `cargo` that must answer to `--version`.
    word: &'static str,
}

/// Runs the tests, each in a process of its own, with time limits.
pub(crate) const NEXTEST: CargoTool = CargoTool { package: "cargo-nextest", word: "nextest" };
/// Checks licences, sources, bans and advisories of the dependencies.
pub(crate) const DENY: CargoTool = CargoTool { package: "cargo-deny", word: "deny" };
/// Changes the core in small ways to see whether a test notices.
pub(crate) const MUTANTS: CargoTool = CargoTool { package: "cargo-mutants", word: "mutants" };

/// A program from a Debian package.
struct DebianTool {
    package: &'static str,
    /// A command that succeeds when the tool is there.
    probe: &'static [&'static str],
    /// The checks that need it.
    used_for: &'static str,
}

const DEBIAN: &[DebianTool] = &[
    DebianTool { package: "curl", probe: &["curl", "--version"], used_for: "trying what `doorward dev` prints to try" },
    DebianTool {
        package: "nodejs",
        probe: &["node", "--version"],
        used_for: "verifying our webhooks with a library of JavaScript",
    },
    DebianTool { package: "npm", probe: &["npm", "--version"], used_for: "installing that library" },
    DebianTool { package: "git", probe: &["git", "--version"], used_for: "seeing that a run changes no tracked file" },
    DebianTool { package: "strace", probe: &["strace", "-V"], used_for: "the order of write, fdatasync and reply" },
    DebianTool {
        package: "python3-venv",
        probe: &["python3", "-c", "import ensurepip, venv"],
        used_for: "verifying our tokens and webhooks with other libraries",
    },
];

/// Installs a cargo sub-command if it does not answer.
pub(crate) fn cargo_tool(tool: &CargoTool) -> Result<()> {
    if Run::cargo().args([tool.word, "--version"]).answers() {
        return Ok(());
    }
    println!("`cargo {}` is not there; building it", tool.word);
    Run::cargo()
        .args(["install", tool.package, "--locked"])
        .pass()
        .with_context(|| format!("{} could not be installed", tool.package))
}

/// Installs the Debian packages whose programs do not answer.
pub(crate) fn debian_tools() -> Result<()> {
    let missing: Vec<&DebianTool> = DEBIAN.iter().filter(|tool| !present(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for tool in &missing {
        println!("`{}` is not there; it is for {}", tool.package, tool.used_for);
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let hint = || format!("install these yourself and try again: {}", packages.join(" "));
    as_root(&["apt-get", "update", "-q"]).pass().with_context(hint)?;
    as_root(&["apt-get", "install", "-q", "-y", "--no-install-recommends"]).args(&packages).pass().with_context(hint)
}

fn present(tool: &DebianTool) -> bool {
    tool.probe.split_first().is_some_and(|(program, args)| Run::new(program).args(args).answers())
}

/// The command as it is for root, else through a `sudo` that asks nothing.
fn as_root(words: &[&str]) -> Run {
    let root = Run::new("id").args(["-u"]).read().is_ok_and(|uid| uid.trim() == "0");
    let run = if root { Run::new("env") } else { Run::new("sudo").args(["-n", "env"]) };
    run.args(["DEBIAN_FRONTEND=noninteractive"]).args(words)
}

#[cfg(test)]
mod tests {
    //! A probe tells a tool that is there from one that is not.

    use super::{DebianTool, present};

    #[test]
    fn a_probe_tells_a_tool_that_is_there_from_one_that_is_not() {
        let tool = |probe| DebianTool { package: "x", probe, used_for: "x" };
        assert!(present(&tool(&["true"])));
        assert!(!present(&tool(&["false"])));
        assert!(!present(&tool(&["no-such-program-here", "--version"])));
    }
}
