//! `doorward check-config`.

use super::{Place, doorward, run};

#[test]
fn the_example_is_accepted_beside_a_master_key() {
    let place = Place::new();
    place.write("doorward.toml", include_str!("../../../examples/doorward.toml"));
    let path = place.path("doorward.toml").display().to_string();
    for args in [vec!["check-config", &path], vec!["check-config", "--config", &path]] {
        let ran = run(&args);
        let wanted = format!("{path}: no errors\n");
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), wanted.as_str(), ""));
    }
    assert!(!place.path("data").exists(), "checking makes nothing");
}

#[test]
fn all_errors_are_told_at_once_with_line_and_key() {
    let place = Place::new();
    place.write("doorward.toml", "[server]\nlisten = \"nowhere\"\nworkers = 3\n[data]\ndir = 7\n");
    let path = place.path("doorward.toml").display().to_string();
    let wanted = [
        format!("error: {path} has 5 errors\n"),
        format!("{path}:2: server.listen: it must be an IP address and a port as \"127.0.0.1:8080\"\n"),
        format!("{path}:3: server.workers: there is no such key\n"),
        format!("{path}:5: data.dir: it must be a text in quotes, not a value of type integer\n"),
        format!("{path}: server.public_url: it is missing: write public_url = \"https://id.example.org\"\n"),
        format!("{path}: keys.master_key_file: it is missing: write master_key_file = "),
    ];
    run(&["check-config", &path]).fails_with(1, &wanted.each_ref().map(String::as_str));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    run(&["check-config", "/nowhere/doorward.toml"])
        .fails_with(1, &["error: cannot read the configuration /nowhere/doorward.toml", "because: No such file"]);
}

#[test]
fn the_master_key_may_come_from_the_environment_and_is_never_shown() {
    let place = Place::new();
    let text = place.least().replace("[keys]\nmaster_key_file = \"master.key\"\n", "");
    place.write("doorward.toml", &text);
    let path = place.path("doorward.toml");
    let check = |key: &str| {
        let mut command = doorward(&["check-config".as_ref(), path.as_ref()]);
        super::Ran::of(&command.env("DOORWARD_MASTER_KEY", key).output().unwrap())
    };
    assert_eq!(check(super::KEY).code, Some(0));
    let weak = "0123456789abcdef".repeat(4);
    let ran = check(&weak);
    ran.fails_with(1, &["keys.DOORWARD_MASTER_KEY: the master key is not random"]);
    assert!(!ran.stderr.contains(&weak));
}
