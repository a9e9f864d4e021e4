//! `--help` is the manual; a command line that is none says so.

use super::run;

const COMMANDS: [&[&str]; 11] = [
    &["dev"],
    &["serve"],
    &["check-config"],
    &["account"],
    &["account", "create"],
    &["account", "list"],
    &["site", "create"],
    &["site", "list"],
    &["site", "set"],
    &["verify"],
    &["repair"],
];

#[test]
fn help_names_every_command_and_every_command_has_its_own() {
    let help = run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for command in COMMANDS {
        assert!(help.stdout.contains(command[0]), "{command:?}: {}", help.stdout);
        let own = run(&[command, &["--help"]].concat());
        assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""), "{command:?}");
        assert!(own.stdout.contains("Usage: doorward") && own.stdout.contains(command[0]), "{}", own.stdout);
    }
}

#[test]
fn a_command_line_that_is_none_ends_with_code_2_and_says_what_is_wrong() {
    let cases: [(&[&str], &str); 8] = [
        (&[], "Usage: doorward"),
        (&["dance"], "dance"),
        (&["dev", "--lisen", "127.0.0.1:0"], "--listen"),
        (&["dev", "--listen", "localhost"], "localhost"),
        (&["serve"], "--config"),
        (&["check-config"], "FILE"),
        (&["site", "create", "--config", "x", "--account", "1", "--name", "N", "--host", "a/b"], "in its ASCII form"),
        (&["account", "create", "--config", "x", "--name", " "], "it is empty"),
    ];
    for (args, wanted) in cases {
        run(args).fails_with(2, &[wanted]);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(run(&["--version"]).stdout, concat!("doorward ", env!("CARGO_PKG_VERSION"), "\n"));
}
