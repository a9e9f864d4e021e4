//! What `dev` prints to try, and the examples of the API's document, tried: by a shell and curl, as a newcomer does it.

use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::dev::{args, start};
use super::{Ran, Running};

/// Runs lines in a shell.
#[expect(clippy::disallowed_methods, reason = "what is printed is meant for a shell, with curl")]
fn sh(script: &str) -> String {
    let ran = Ran::of(&Command::new("sh").args(["-euc", script]).stdin(Stdio::null()).output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{script}\n{}", ran.stdout);
    ran.stdout
}

/// Starts it for a person, and takes the commands from what it prints.
fn printed(data: &Path) -> (Running, Vec<String>) {
    let mut running = Running::start(&args(data, &[]));
    let mut commands = Vec::new();
    loop {
        let line = running.line();
        assert_ne!(line, "", "it ended before its guide did");
        if line.starts_with("All of it is in ") {
            return (running, commands);
        }
        let command = line.strip_prefix("  ").filter(|line| !line.starts_with("site_id="));
        commands.extend(command.map(str::to_owned));
    }
}

#[test]
fn the_printed_lines_do_what_they_say_and_a_kill_takes_nothing_of_it_back() {
    const BLACKLISTED: &str = "Authentication token has been blacklisted, please try again";
    let dir = tempfile::tempdir().unwrap();
    let (running, commands) = printed(dir.path());
    let last = commands.len() - 2;
    let said = sh(&format!("{}\necho tokens $FIRST $SECOND", commands[..last].concat()));
    let statuses: Vec<&str> = said.lines().filter(|line| line.len() == 3).collect();
    assert_eq!(statuses, ["200", "403", "200"], "{said}");
    assert!(said.contains(BLACKLISTED) && said.contains("\"email\":\"ada@example.org\""), "{said}");
    let tokens: Vec<&str> = said.lines().last().unwrap().split(' ').skip(1).collect();
    let [first, second] = tokens[..] else { panic!("two tokens: {said}") };

    assert_eq!(running.stop(Signal::KILL).code, None);
    let (running, _, listening) = start(dir.path());
    let functions = commands[1..3].concat();
    let again = |token: &str, path: &str| {
        let api = format!("API=http://{listening}/api/v1/sdk\n{functions}");
        sh(&format!("{api}call $API/{path} -d site_id=1 -H 'Authorization: Bearer {token}'"))
    };
    let ended = again(first, "customer");
    assert!(ended.contains(BLACKLISTED) && ended.contains("\n403\n"), "{ended}");
    assert!(again(second, "customer").contains("\n200\n"));
    assert!(again(second, "customer/refresh").contains("\n200\n"));
    assert!(again(second, "auth/logout").contains("\n200\n"));
    assert!(again(second, "customer").contains("\n403\n"));
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
}

/// The blocks of a document that are meant for a shell.
fn shell_blocks(document: &str) -> String {
    document.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn the_examples_of_the_document_work_in_its_order() {
    let dir = tempfile::tempdir().unwrap();
    let (running, _, listening) = start(dir.path());
    let examples = shell_blocks(include_str!("../../../docs/api.md"));
    assert!(examples.contains("BASE=http://127.0.0.1:8080\n"));
    let examples = examples.replace("http://127.0.0.1:8080", &format!("http://{listening}"));
    let said = sh(&format!("curl() {{ command curl -S -w '\\n%{{http_code}}\\n' \"$@\"; }}\n{examples}"));
    let statuses: Vec<&str> =
        said.lines().filter(|line| line.len() == 3 && line.bytes().all(|byte| byte.is_ascii_digit())).collect();
    let expected = [
        "200", "403", "200", "200", "200", "200", // register, read twice, update, site, logout
        "200", "204", "204", "204", // list, revoke the others, revoke one, delete
        "200", "200", "200", // keys, readiness, metrics
    ];
    assert_eq!(statuses, expected, "{said}");
    assert_eq!(running.stop(Signal::TERM).code, Some(0));
}
