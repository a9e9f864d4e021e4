//! Starting other programs: the one place of the workspace's chores that does. Every command runs at the root of the
//! workspace, is shown before it starts, and its failure is an error that names it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The root of the workspace, whatever directory the chore was started in.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// A program with its arguments and environment, yet to be started.
pub(crate) struct Run {
    program: String,
    args: Vec<String>,
    envs: Vec<(String, String)>,
}

impl Run {
    /// A program found on the `PATH`.
    pub(crate) fn new(program: &str) -> Self {
        Self { program: program.to_owned(), args: Vec::new(), envs: Vec::new() }
    }

    /// The cargo that started this chore, else the one on the `PATH`.
    pub(crate) fn cargo() -> Self {
        Self::new(option_env!("CARGO").filter(|path| Path::new(path).exists()).unwrap_or("cargo"))
    }

    pub(crate) fn args<S: AsRef<str>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.envs.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Runs it with our own output; a status other than success is an error.
    pub(crate) fn pass(&self) -> Result<()> {
        println!("$ {}", self.shown());
        let status = self.command().status().with_context(|| format!("cannot start `{}`", self.program))?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.shown());
        }
        Ok(())
    }

    /// Runs it and returns what it wrote to standard output; a status other than success is an error with its standard error.
    pub(crate) fn read(&self) -> Result<String> {
        let output = self.command().output().with_context(|| format!("cannot start `{}`", self.program))?;
        if !output.status.success() {
            bail!(
                "`{}` ended with {}: {}",
                self.shown(),
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote no UTF-8", self.shown()))
    }

    /// Whether the program is there and answers with success.
    pub(crate) fn answers(&self) -> bool {
        self.command().stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn shown(&self) -> String {
        let program =
            Path::new(&self.program).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        std::iter::once(program).chain(self.args.iter().cloned()).collect::<Vec<_>>().join(" ")
    }

    #[expect(clippy::disallowed_methods, reason = "a chore is a list of programs to run")]
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.envs.iter().map(|(key, value)| (key, value))).current_dir(root());
        command.stdin(Stdio::null());
        command
    }
}

#[cfg(test)]
mod tests {
    //! What a chore relies on: a failing program is an error that names it, and a missing one does not answer.

    use super::Run;

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = Run::new("false").args(["--hard"]).pass().expect_err("false fails");
        assert!(error.to_string().contains("`false --hard` ended with"), "{error}");
    }

    #[test]
    fn a_missing_program_does_not_answer() {
        assert!(!Run::new("no-such-program-here").answers());
        assert!(Run::new("true").answers());
    }

    #[test]
    fn output_and_environment_are_passed_on() {
        let run = Run::new("sh").args(["-c", "printf %s \"$COLOUR\""]).env("COLOUR", "green");
        assert_eq!(run.read().expect("sh runs"), "green");
    }
}
