//! `doorward serve`, and what an operator does before and after it.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{OTHER_KEY, Place, Running, get, run};

/// Starts the service; the addresses of the door and of the operator's server.
fn start(place: &Place) -> (Running, String, String) {
    let mut running = Running::start(&place.with_config(&["serve"]));
    let listening = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["listening"].as_str().unwrap().to_owned()
    };
    let operations = listening(&running.logs("probes and metrics are answered"));
    let door = listening(&running.logs("\"ready\""));
    (running, door, operations)
}

#[test]
fn an_operator_sets_up_an_account_and_serves_it() {
    let place = Place::new();
    let account = run(&place.with_config(&["account", "create", "--name", "Example Press"])).json();
    assert_eq!(account, [json!({"account_id": 1, "name": "Example Press", "sites": 0, "customers": 0})]);
    let create = ["site", "create", "--account", "1", "--name", "News", "--host", "News.Example.org"];
    let site = run(&place.with_config(&[&create[..], &["--single-user-authentication"]].concat())).json();
    let wanted = json!({
        "id": 1, "account_id": 1, "name": "News", "host": "news.example.org", "origins": [],
        "single_user_authentication": true, "auth_token_ttl_days": 30, "idle_days": 14, "auth_token_in_body": true,
        "own_sessions_only": false, "password_length_min": 8, "password_score_min": 2, "password_composition": "free",
        "lock_out_failures_max": 10, "lock_out_window_secs": 300,
    });
    assert_eq!(site, run(&place.with_config(&["site", "list"])).json());
    assert_eq!(site, [wanted]);

    let (running, door, operations) = start(&place);
    assert_eq!((get(&door, "/healthz").0, get(&door, "/readyz").0), (200, 200));
    assert_eq!((get(&operations, "/healthz").0, get(&operations, "/readyz").0), (200, 200));
    assert!(get(&operations, "/metrics").1.contains("doorward_http_requests_total"));
    assert_eq!(get(&door, "/metrics").0, 404, "metrics are the operator's");
    assert!(get(&door, "/openapi.json").1.contains("\"openapi\""));
    run(&place.with_config(&["account", "list"])).fails_with(1, &["is in use by another process", "hint: stop the"]);
    let ran = running.stop(Signal::TERM);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    for line in ran.stderr.lines() {
        let line: Result<Value, _> = serde_json::from_str(line);
        assert!(line.is_ok_and(|line| line["level"] == "INFO"), "{}", ran.stderr);
    }
}

#[test]
fn a_stop_sends_nobody_here_any_more_and_lets_a_request_in_hand_finish() {
    let place = Place::new();
    let (mut running, door, operations) = start(&place);
    let mut slow = TcpStream::connect(&door).unwrap();
    slow.write_all(b"POST /api/v1/sdk/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{").unwrap();
    // Connections are accepted in their order: after this answer, the slow one is in hand.
    assert_eq!(get(&door, "/readyz").0, 200);
    running.signal(Signal::TERM);
    running.logs("stopping");
    while get(&operations, "/readyz").0 == 200 {}
    assert_eq!(get(&operations, "/readyz"), (503, "{\"status\":\"not_ready\"}".to_owned()));
    assert_eq!(get(&operations, "/healthz").0, 200);
    slow.write_all(b"}").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let ran = running.end();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("\"cut\":0"), "{}", ran.stderr);
}

#[test]
fn a_site_changes_in_what_is_named_and_in_nothing_else() {
    let place = Place::new();
    run(&place.with_config(&["account", "create", "--name", "A"])).json();
    let create = ["site", "create", "--account", "1", "--name", "N", "--host", "n.example"];
    let mut site =
        run(&place.with_config(&[&create[..], &["--origin", "https://n.example"]].concat())).json().remove(0);
    let cases: [(&[&str], &str, Value); 12] = [
        (&["--name", "M"], "name", json!("M")),
        (&["--host", "m.example"], "host", json!("m.example")),
        (
            &["--origin", "https://m.example", "--origin", "https://o.example"],
            "origins",
            json!(["https://m.example", "https://o.example"]),
        ),
        (&["--any-origin"], "origins", json!([])),
        (&["--single-user-authentication", "on"], "single_user_authentication", json!(true)),
        (&["--auth-token-ttl-days", "60"], "auth_token_ttl_days", json!(60)),
        (&["--idle-days", "7"], "idle_days", json!(7)),
        (&["--auth-token-in-body", "off"], "auth_token_in_body", json!(false)),
        (&["--own-sessions-only", "on"], "own_sessions_only", json!(true)),
        (&["--password-length-min", "12"], "password_length_min", json!(12)),
        (&["--password-composition", "strong"], "password_composition", json!("strong")),
        (&["--lock-out-failures-max", "5"], "lock_out_failures_max", json!(5)),
    ];
    for (args, key, value) in cases {
        site[key] = value;
        let set = [&["site", "set", "--site", "1"], args].concat();
        assert_eq!(run(&place.with_config(&set)).json(), [site.clone()], "{args:?}");
    }
    let bad: [(&[&str], &str); 4] = [
        (&["site", "set", "--site", "1"], "nothing to change was named"),
        (&["site", "set", "--site", "9", "--name", "X"], "there is no such site"),
        (&["site", "set", "--site", "1", "--idle-days", "366"], "idle_days must be 1 to 365"),
        (&["site", "create", "--account", "9", "--name", "N", "--host", "n.example"], "there is no such account"),
    ];
    for (args, wanted) in bad {
        run(&place.with_config(args)).fails_with(1, &[wanted]);
    }
    assert_eq!(run(&place.with_config(&["site", "list", "--account", "1"])).json(), [site]);
}

#[test]
fn another_master_key_is_refused_at_the_start() {
    let place = Place::new();
    run(&place.with_config(&["account", "create", "--name", "A"])).json();
    place.write("master.key", OTHER_KEY);
    let wanted =
        ["the signing keys of account 1 cannot be opened with this master key", "hint: use the master key that"];
    run(&place.with_config(&["serve"])).fails_with(1, &wanted);
}

#[test]
fn a_fresh_store_has_nobody_in_it() {
    let place = Place::new();
    assert_eq!(run(&place.with_config(&["account", "list"])).json(), Vec::<Value>::new());
    place.write("master.key", &"00".repeat(32));
    run(&place.with_config(&["serve"])).fails_with(1, &["keys.master_key_file: the master key is not random"]);
}
