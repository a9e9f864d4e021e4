//! Tests of the whole: each key once right and once wrong, all errors at once, secrets.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::{Environment, Fault, ServeConfig, Wrong};
use crate::entropy::SeededEntropy;
use crate::tokens::MasterKey;
use doorward_domain::account::command::ClockTrust;
use tempfile::TempDir;
use zeroize::Zeroizing;

const LEAST: &str = "[server]\npublic_url = \"https://id.example.org\"\n[data]\ndir = \"data\"\n";

fn key_text() -> Zeroizing<String> {
    MasterKey::generate(&SeededEntropy::new(7)).expose_hex()
}

/// A directory with a master key in it, and the configuration that names it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("master.key", &key_text(), 0o600);
        place
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn dir(&self, name: &str, mode: u32) {
        let path = self.0.path().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn parse(&self, text: &str) -> Result<ServeConfig, Wrong> {
        ServeConfig::parse(text, &self.0.path().join("doorward.toml"), &Environment::default())
    }

    fn faults(&self, text: &str) -> Vec<(Option<usize>, String)> {
        let problems = self.parse(text).unwrap_err().problems;
        let dir = format!("{}/", self.0.path().display());
        problems.iter().map(|problem| (problem.line, problem.to_string().replace(&dir, ""))).collect()
    }
}

fn by_variable() -> Environment {
    Environment { master_key: Some(key_text()) }
}

fn parse(text: &str) -> Result<ServeConfig, Wrong> {
    ServeConfig::parse(text, Path::new("nowhere/doorward.toml"), &by_variable())
}

#[test]
fn the_example_says_the_defaults() {
    let place = Place::new();
    let example = place.parse(include_str!("../../examples/doorward.toml")).unwrap();
    let least = parse(LEAST).unwrap();
    assert_eq!(format!("{:?}", example.server.limits), format!("{:?}", least.server.limits));
    assert_eq!(format!("{:?}", example.server.admission), format!("{:?}", least.server.admission));
    assert_eq!(format!("{:?}", example.hashing), format!("{:?}", least.hashing));
    assert_eq!(format!("{:?}", example.limits), format!("{:?}", least.limits));
    assert_eq!(format!("{:?}", example.log), format!("{:?}", least.log));
    assert_eq!(format!("{:?}", example.data.storage), format!("{:?}", least.data.storage));
    assert_eq!((example.server.listen, example.clock), (least.server.listen, least.clock));
    assert_eq!(example.data.dir, place.0.path().join("data"));
}

#[test]
fn the_defaults_are_those_of_the_rooms() {
    let least = parse(LEAST).unwrap();
    let options = crate::app::Options::new(crate::app::Data::Memory, least.master_key, crate::flows::Issuer::new(""));
    assert_eq!(format!("{:?}", least.server.limits), format!("{:?}", crate::http::serve::Limits::default()));
    assert_eq!(format!("{:?}", least.hashing), format!("{:?}", options.hashing));
    assert_eq!(format!("{:?}", least.limits.bounds), format!("{:?}", options.bounds));
    assert_eq!(format!("{:?}", least.data.storage), format!("{:?}", options.storage));
    assert_eq!((least.limits.registrations, least.limits.logins), (options.registrations, options.logins));
    assert_eq!(least.clock, ClockTrust::Unconfirmed);
}

const EVERY_KEY: &str = "
    [server]
    listen = \"[::1]:1\"
    metrics_listen = \"127.0.0.1:2\"
    public_url = \"http://news.localhost:8080/\"
    trusted_proxies = [\"10.0.0.0/8\"]
    connections_max = 101
    connections_per_address_max = 102
    first_byte_timeout_secs = 103
    head_timeout_secs = 104
    idle_timeout_secs = 105
    headers_max = 106
    head_len_max = 10_700
    body_timeout_secs = 108
    body_grace_secs = 109
    body_rate_min = 110
    write_stall_timeout_secs = 111
    connection_age_max_secs = 112
    drain_timeout_secs = 113
    linger_timeout_secs = 114
    linger_mib_max = 115
    requests_max = 117
    requests_writing_max = 116
    bodies_mib_max = 118
    [data]
    dir = \"/srv/doorward\"
    segment_mib = 17
    snapshot_after_mib = 18
    snapshot_interval_secs = 61
    [hashing]
    threads = 3
    memory_kib = 0x8000
    iterations = 4
    queue_len_max = 11
    queue_age_max_secs = 5
    [limits]
    writes_max = 121
    account_writes_max = 120
    registrations_per_address = { burst = 2, per_hour = 60 }
    logins_per_address = \"off\"
    [log]
    format = \"human\"
    filter = \"warn,doorward=trace\"
    [clock]
    confirm = true
    ";

#[test]
fn every_value_arrives_where_it_belongs() {
    let config = parse(EVERY_KEY).unwrap();
    let server = config.server;
    assert_eq!((server.listen.to_string(), server.metrics_listen.unwrap().port()), ("[::1]:1".to_owned(), 2));
    assert_eq!(server.public_url, "http://news.localhost:8080");
    assert!(server.trusted_proxies.contains("10.1.2.3".parse().unwrap()));
    let limits = &server.limits;
    let counts = [
        limits.connections_max,
        limits.connections_per_address_max,
        limits.headers_max,
        limits.head_len_max,
        limits.linger_len_max,
        server.admission.requests_max,
        server.admission.writes_max,
        server.admission.body_bytes_max,
    ];
    assert_eq!(counts, [101, 102, 106, 10_700, 115 << 20, 117, 116, 118 << 20]);
    let times = [
        limits.first_byte_timeout,
        limits.head_timeout,
        limits.idle_timeout,
        limits.body_timeout,
        limits.body_grace,
        limits.write_stall_timeout,
        limits.connection_age_max,
        limits.drain_timeout,
        limits.linger_timeout,
    ];
    assert_eq!(times, [103, 104, 105, 108, 109, 111, 112, 113, 114].map(Duration::from_secs));
    assert_eq!(limits.body_rate_min, 110);
    assert_eq!(config.data.dir, Path::new("/srv/doorward"));
    let storage = &config.data.storage;
    assert_eq!((storage.layout.segment_len, storage.snapshot_after_len), (17 << 20, 18 << 20));
    assert_eq!((storage.snapshot_interval.as_secs(), storage.queue_len_max), (61, 8_192));
    let hashing = &config.hashing;
    assert_eq!((hashing.threads.get(), hashing.params.memory_kib, hashing.params.iterations), (3, 32_768, 4));
    assert_eq!((hashing.queue_len_max, hashing.queue_len_max_per_account, hashing.queue_age_max.as_secs()), (11, 5, 5));
    assert_eq!((config.limits.bounds.writes_max, config.limits.bounds.account_writes_max), (121, 120));
    let registrations = config.limits.registrations.unwrap();
    assert_eq!(
        (registrations.burst.get(), registrations.every, config.limits.logins),
        (2, Duration::from_secs(60), None)
    );
    assert_eq!(
        (config.log.format, config.log.filter.as_str()),
        (crate::telemetry::Format::Human, "warn,doorward=trace")
    );
    assert_eq!(config.clock, ClockTrust::Confirmed);
}

const WHOLE: &str = "it must be a whole number from";

/// Each key, wrong once: the line of the file that is replaced, and what is said of it.
const WRONG_VALUES: &[(&str, &str)] = &[
    ("listen = \"localhost\"", "an IP address and a port as \"127.0.0.1:8080\""),
    ("listen = 8080", "it must be a text in quotes, not a value of type integer"),
    ("metrics_listen = \"off\"", "an IP address and a port"),
    ("public_url = \"id.example.org\"", "an address without a path"),
    ("public_url = \"https://id.example.org/x\"", "an address without a path"),
    ("public_url = \"https://user@id.example.org\"", "an address without a path"),
    ("public_url = \"ftp://id.example.org\"", "an address without a path"),
    ("public_url = \"http://id.example.org\"", "an https address: tokens must not cross a network in the clear"),
    ("trusted_proxies = \"127.0.0.1\"", "it must be a list in brackets, not a value of type string"),
    ("trusted_proxies = [1]", "it must be a list of texts in quotes, not a value of type integer"),
    ("trusted_proxies = [\"proxy\"]", "an address or a network as \"10.0.0.0/8\": not an IP address"),
    ("trusted_proxies = [\"::/129\"]", "not a prefix length that fits the address"),
    ("connections_max = 0", "it must be a whole number from 1 to 1000000"),
    ("connections_max = 1.5", "it must be a whole number, not a value of type float"),
    ("connections_per_address_max = -1", WHOLE),
    ("first_byte_timeout_secs = 0", "it must be a whole number from 1 to 3600"),
    ("head_timeout_secs = 3_601", WHOLE),
    ("idle_timeout_secs = \"60s\"", "it must be a whole number, not a value of type string"),
    ("headers_max = 1", WHOLE),
    ("head_len_max = 8_191", WHOLE),
    ("body_timeout_secs = 0", WHOLE),
    ("body_grace_secs = 0", WHOLE),
    ("body_rate_min = 0", WHOLE),
    ("write_stall_timeout_secs = 0", WHOLE),
    ("connection_age_max_secs = 86_401", WHOLE),
    ("drain_timeout_secs = 99999999999999999999999", WHOLE),
    ("linger_timeout_secs = 0", WHOLE),
    ("linger_mib_max = 0", WHOLE),
    ("requests_max = 0", WHOLE),
    ("requests_writing_max = 4_097", "it must not be above server.requests_max (4096)"),
    ("bodies_mib_max = 0", WHOLE),
    ("dir = \"\"", "it must be a path"),
    ("segment_mib = 15", WHOLE),
    ("snapshot_after_mib = 15", WHOLE),
    ("snapshot_interval_secs = 59", WHOLE),
    ("dir = \"master.key\"", "master.key is not a directory"),
    ("master_key_file = \"\"", "it must be a path"),
    ("master_key_file = \"gone.key\"", "cannot read gone.key: No such file"),
    ("memory_kib = 7_167", "it must be a whole number from 7168 to 131072"),
    ("iterations = 1", "with 19456 KiB it must be at least 2"),
    ("iterations = 11", WHOLE),
    ("queue_len_max = 1", WHOLE),
    ("queue_age_max_secs = 61", WHOLE),
    ("writes_max = 0", WHOLE),
    ("account_writes_max = 4_097", "it must not be above limits.writes_max (4096)"),
    ("registrations_per_address = \"on\"", "it must be \"off\" or a table as { burst = 10, per_hour = 3 }"),
    ("registrations_per_address = 3", "\"off\" or a table"),
    ("registrations_per_address = { burst = 0, per_hour = 3 }", "it must be a whole number from 1 to 3600000"),
    ("registrations_per_address = { burst = 1 }", "it is missing: write \"off\" or a table"),
    ("logins_per_address = { burst = 1, per_hour = 3, per_day = 1 }", "there is no such key"),
    ("format = \"xml\"", "it must be \"json\" or \"human\""),
    ("filter = \"a=b=c\"", "it is no log filter"),
    ("confirm = \"yes\"", "it must be true or false, not a value of type string"),
];

#[test]
fn each_key_that_is_wrong_is_named_with_its_line() {
    let place = Place::new();
    let example = include_str!("../../examples/doorward.toml");
    for (wrong, wanted) in WRONG_VALUES {
        let key = wrong.split(' ').next().unwrap();
        let at = example.lines().position(|line| line.starts_with(&format!("{key} = "))).unwrap();
        let lines: Vec<&str> =
            example.lines().enumerate().map(|(n, line)| if n == at { *wrong } else { line }).collect();
        let faults = place.faults(&lines.join("\n"));
        assert!(faults.len() == 1, "{wrong}: {faults:?}");
        let (found, said) = faults.first().unwrap();
        assert!(said.contains(wanted) && said.contains(key), "{wrong}: {said}");
        assert_eq!(*found, Some(at + 1), "{wrong}: {said}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() {
    let place = Place::new();
    let text =
        "[server]\nlisten = \"x\"\n\n[hashing]\niterations = 0\n[lgo]\nformat = 1\n[limits]\nwrites_max = \"many\"\n";
    let found: Vec<_> =
        place.faults(text).into_iter().map(|(line, said)| (line, said.split(':').next().unwrap().to_owned())).collect();
    let wanted = [
        (Some(2), "server.listen"),
        (Some(5), "hashing.iterations"),
        (Some(6), "lgo"),
        (Some(9), "limits.writes_max"),
        (None, "server.public_url"),
        (None, "data.dir"),
        (None, "keys.master_key_file"),
    ];
    assert_eq!(found, wanted.map(|(line, key)| (line, key.to_owned())));
    let wrong = place.parse(text).unwrap_err().to_string();
    assert!(wrong.contains("doorward.toml has 7 errors\n"), "{wrong}");
    assert!(wrong.contains("doorward.toml:2: server.listen: it must be an IP address"), "{wrong}");
}

#[test]
fn an_unknown_key_is_refused_and_the_nearest_one_named() {
    let cases = [
        ("[server]\npublic-url = \"\"", "server.public-url: there is no such key, did you mean `server.public_url`?"),
        ("[sever]", "sever: there is no such key, did you mean `server`?"),
        ("listen = \"\"", "listen: there is no such key, did you mean `server.listen`?"),
        ("[data]\nlisten = \"\"", "data.listen: there is no such key, did you mean `server.listen`?"),
        ("[log]\nlevel = \"\"", "log.level: there is no such key"),
        ("[keys]\nmaster_key = \"\"", "keys.master_key: a secret does not belong into this file"),
        ("server = 1", "server: it must be a section, not a value of type integer"),
    ];
    for (text, wanted) in cases {
        let faults = Place::new().faults(text);
        assert!(faults.iter().any(|(line, said)| line.is_some() && said.starts_with(wanted)), "{text}: {faults:?}");
    }
    let said = Place::new().faults("[log]\nlevel = \"\"").remove(0).1;
    assert_eq!(said, "log.level: there is no such key");
}

#[test]
fn what_is_no_toml_is_said_with_its_line_and_nothing_is_called_missing() {
    let faults = Place::new().faults("[server\nlisten = \"x\"\nlisten = \"y\"\n");
    assert!(faults.iter().all(|(_, said)| !said.contains("missing")), "{faults:?}");
    assert_eq!(faults.first().unwrap().0, Some(1), "{faults:?}");
    let twice = parse(&format!("{LEAST}dir = \"other\"")).unwrap_err();
    assert!(
        matches!(twice.problems.as_slice(), [problem] if problem.line == Some(5) && matches!(problem.fault, Fault::Syntax(_)))
    );
}

#[test]
fn a_secret_is_read_only_from_a_file_that_nobody_else_may_read() {
    let place = Place::new();
    let with_key = |name: &str| format!("{LEAST}[keys]\nmaster_key_file = \"{name}\"");
    for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o610, false)] {
        place.write("some.key", &key_text(), mode);
        let parsed = place.parse(&with_key("some.key"));
        assert_eq!(parsed.is_ok(), good, "{mode:o}");
        if let Err(wrong) = parsed {
            assert!(
                wrong.to_string().contains(&format!("is open to other users (mode {mode:03o}): chmod 600 ")),
                "{wrong}"
            );
        }
    }
    place.write("empty.key", "", 0o600);
    place.write("sample.key", &"0123456789abcdef".repeat(4), 0o600);
    place.write("short.key", "abcdef", 0o600);
    place.write("long.key", &" ".repeat(4_097), 0o600);
    place.dir("dir.key", 0o700);
    for (name, wanted) in [
        ("empty.key", "the master key is neither hexadecimal nor base64"),
        ("sample.key", "the master key is not random"),
        ("short.key", "the master key must be 32 bytes long"),
        ("long.key", "is not a file with a secret in it"),
        ("dir.key", "is not a file with a secret in it"),
    ] {
        let faults = place.faults(&with_key(name));
        assert!(matches!(faults.as_slice(), [(Some(6), said)] if said.contains(wanted)), "{name}: {faults:?}");
    }
}

#[test]
fn the_master_key_comes_from_one_place_and_never_from_beside_the_data() {
    let place = Place::new();
    let path = place.0.path().join("doorward.toml");
    let with_key = format!("{LEAST}[keys]\nmaster_key_file = \"master.key\"");
    assert!(ServeConfig::parse(&with_key, &path, &Environment::default()).is_ok());
    assert!(ServeConfig::parse(LEAST, &path, &by_variable()).is_ok());
    let both = ServeConfig::parse(&with_key, &path, &by_variable()).unwrap_err();
    assert!(matches!(both.problems.as_slice(), [problem] if matches!(problem.fault, Fault::TwoMasterKeys)));
    for weak in ["", "secret", &"00".repeat(32)] {
        let environment = Environment { master_key: Some(Zeroizing::new(weak.to_owned())) };
        let wrong = ServeConfig::parse(LEAST, &path, &environment).unwrap_err();
        assert!(
            matches!(wrong.problems.as_slice(), [problem] if matches!(problem.fault, Fault::MasterKey(_))),
            "{wrong}"
        );
        assert!(wrong.to_string().contains("DOORWARD_MASTER_KEY"), "{wrong}");
    }
    place.dir("data", 0o700);
    place.write("data/master.key", &key_text(), 0o600);
    std::os::unix::fs::symlink(place.0.path().join("data/master.key"), place.0.path().join("link.key")).unwrap();
    for name in ["data/master.key", "link.key"] {
        let faults = place.faults(&format!("{LEAST}[keys]\nmaster_key_file = \"{name}\""));
        assert!(
            matches!(faults.as_slice(), [(Some(6), said)] if said.contains("must not lie in")),
            "{name}: {faults:?}"
        );
    }
}

#[test]
fn a_data_directory_that_others_may_enter_is_refused() {
    let place = Place::new();
    let text = format!("{LEAST}[keys]\nmaster_key_file = \"master.key\"");
    place.dir("data", 0o700);
    assert!(place.parse(&text).is_ok());
    fs::set_permissions(place.0.path().join("data"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        place.faults(&text),
        [(Some(4), "data.dir: data is open to other users (mode 755): chmod 700 data".to_owned())]
    );
}

#[test]
fn a_configuration_shows_no_secret() {
    let shown = format!("{:?}", parse(LEAST).unwrap());
    assert!(!shown.contains(key_text().as_str()) && shown.contains("MasterKey(…)"), "{shown}");
}
