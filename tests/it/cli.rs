//! The program as people and other programs start it: the built binary, run as a child.

mod alone;
mod canary;
mod check_config;
mod dev;
mod guide;
mod help;
mod serve;
mod verify;

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A key for tests: 32 bytes that look random.
const KEY: &str = "9f1c6a2be07d53848c15f2a9b7e63d10447a0cd8912bfe365d88c3e1f0a7296b";
const OTHER_KEY: &str = "1e6f0b93c7d2485aa94bf7e105c83d620fb96e47d1a52c8870f39ad4b6e5128c";
/// Longer than anything here takes, unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

fn doorward(args: &[&OsStr]) -> Command {
    with_env_cleared(env!("CARGO_BIN_EXE_doorward"), args)
}

/// A program, perhaps one that starts ours.
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
pub(crate) fn with_env_cleared(program: &str, args: &[&OsStr]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<OsStr>>(args: &[A]) -> Ran {
    let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
    Ran::of(&doorward(&args).output().unwrap())
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Every line of standard output as JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[track_caller]
    pub(crate) fn fails_with(&self, code: i32, wanted: &[&str]) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        for wanted in wanted {
            assert!(self.stderr.contains(wanted), "{wanted}: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("Error {"), "{}", self.stderr);
    }
}

/// A program that goes on until it is told to stop; killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: Option<BufReader<ChildStderr>>,
}

impl Running {
    pub(crate) fn start<A: AsRef<OsStr>>(args: &[A]) -> Self {
        let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
        Self::of(&mut doorward(&args))
    }

    /// Starts what may be the program inside of another one.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().map(BufReader::new);
        Self { child, stdout, stderr }
    }

    /// The next line of standard output; empty at its end.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// The first line of standard error from here on that holds `wanted`.
    #[track_caller]
    pub(crate) fn logs(&mut self, wanted: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stderr.as_mut().unwrap().read_line(&mut line).unwrap(),
                0,
                "it ended without {wanted}: {seen}"
            );
            if line.contains(wanted) {
                return line;
            }
            seen.push_str(&line);
        }
    }

    /// Standard error from here on, for whoever reads it on a thread of his own.
    pub(crate) fn take_stderr(&mut self) -> BufReader<ChildStderr> {
        self.stderr.take().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(self, signal: Signal) -> Ran {
        self.signal(signal);
        self.end()
    }

    /// Waits for its end; what it has printed since is in the answer.
    pub(crate) fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.stderr.as_mut().unwrap().read_to_string(&mut stderr).unwrap();
        Ran { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The status and the body of a GET.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    let address: SocketAddr = address.parse().unwrap();
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A directory with a configuration and a master key in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("master.key", KEY);
        place.write("doorward.toml", &place.least());
        place
    }

    /// The shortest configuration, on free ports.
    fn least(&self) -> String {
        "[server]\nlisten = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"\npublic_url = \"https://id.example.org\"\n\
         [data]\ndir = \"data\"\n[keys]\nmaster_key_file = \"master.key\"\n"
            .to_owned()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        write_private(&self.path(name), text);
    }

    /// A command line that names the configuration.
    pub(crate) fn with_config(&self, args: &[&str]) -> Vec<String> {
        let config = self.path("doorward.toml").display().to_string();
        args.iter().map(|arg| (*arg).to_owned()).chain(["--config".to_owned(), config]).collect()
    }
}

fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}
