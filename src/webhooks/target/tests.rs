//! URLs in every way of writing them.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::address::Special;
use super::*;

fn refusal(text: &str) -> TargetError {
    Target::parse(text, &Policy::default()).expect_err(text)
}

#[test]
fn a_url_is_kept_in_one_form() {
    let cases = [
        ("https://hooks.example.org", "https://hooks.example.org/", "hooks.example.org", 443),
        ("HTTPS://Hooks.Example.ORG:443/A?b=c", "https://hooks.example.org/A?b=c", "hooks.example.org", 443),
        ("https://hooks.example.org.:8443/a/../b", "https://hooks.example.org:8443/b", "hooks.example.org", 8_443),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4", "xn--bcher-kva.example", 443),
        ("https://8.8.8.8/", "https://8.8.8.8/", "8.8.8.8", 443),
        ("https://0x08080808:4443/", "https://8.8.8.8:4443/", "8.8.8.8", 4_443),
        ("https://[2606:4700:0::1111]/", "https://[2606:4700::1111]/", "2606:4700::1111", 443),
        ("https://@hooks.example.org/", "https://hooks.example.org/", "hooks.example.org", 443),
    ];
    for (text, normal, host, port) in cases {
        let target = Target::parse(text, &Policy::default()).unwrap();
        assert_eq!((target.as_str(), target.host().as_str(), target.port()), (normal, host, port), "{text}");
        assert_eq!(Target::parse(normal, &Policy::default()).as_ref(), Ok(&target), "{text}");
    }
}

#[test]
fn an_address_is_refused_in_every_way_of_writing_it() {
    let cases: &[(Special, &[&str])] = &[
        (
            Special::Loopback,
            &[
                "127.0.0.1",
                "127.1",
                "127.0.1",
                "2130706433",
                "0x7f000001",
                "0x7f.0.0.1",
                "0x7F.1",
                "0177.0.0.1",
                "017700000001",
                "127.0.0.1.",
                "127.000.000.001",
                "%31%32%37.0.0.1",
                "１２７.０.０.１",
                "127。0。0。1",
                "①②⑦.0.0.1",
                "[::1]",
                "[0:0:0:0:0:0:0:1]",
                "[::ffff:127.0.0.1]",
                "[::ffff:7f00:1]",
                "[0:0:0:0:0:ffff:7f00:1]",
            ],
        ),
        (Special::LinkLocal, &["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[fe80::1]"]),
        (Special::LinkLocal, &["[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]"]),
        (
            Special::Private,
            &[
                "10.0.0.1",
                "167772161",
                "012.0.0.1",
                "0xa.1",
                "192.168.1.1",
                "3232235777",
                "172.16.0.1",
                "[fd00:ec2::254]",
            ],
        ),
        (Special::ThisHost, &["0.0.0.0", "0", "0x0", "[::]"]),
        (Special::Tunnel, &["[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"]),
        (Special::Reserved, &["[::127.0.0.1]", "255.255.255.255", "4294967295", "203.0.113.7", "[2001:db8::1]"]),
    ];
    for (special, hosts) in cases {
        for host in *hosts {
            for url in [format!("https://{host}/"), format!("https://{host}:8443/a?b"), format!("https://@{host}")] {
                assert_eq!(refusal(&url), TargetError::Address(Unfit::Special(*special)), "{url}");
            }
        }
    }
}

const HIDING: &[(TargetError, &[&str])] = &[
    (
        TargetError::Scheme,
        &["http://hooks.example.org/", "ftp://hooks.example.org/", "file:///etc/passwd", "gopher://8.8.8.8:70/"],
    ),
    (
        TargetError::Scheme,
        &["javascript:alert(1)", "data:text/plain,a", "wss://hooks.example.org/", "unix:/run/docker.sock"],
    ),
    (
        TargetError::User,
        &["https://a@hooks.example.org/", "https://a:b@hooks.example.org/", "https://:b@hooks.example.org/"],
    ),
    (TargetError::User, &["https://hooks.example.org:443@127.0.0.1/", "https://hooks.example.org%2f@127.0.0.1/"]),
    (
        TargetError::Fragment,
        &["https://hooks.example.org/#a", "https://hooks.example.org/#", "https://hooks.example.org#@127.0.0.1"],
    ),
    (
        TargetError::Syntax,
        &["", "hooks.example.org", "//hooks.example.org/", "/a", "https://", "https:// hooks.example.org/"],
    ),
    (
        TargetError::Syntax,
        &[
            " https://hooks.example.org/",
            "https://hooks.example.org/\n",
            "ht\ttps://hooks.example.org/",
            "https://a\u{0}b.example/",
        ],
    ),
    (
        TargetError::Syntax,
        &["https:\\\\hooks.example.org\\", "https://hooks.example.org\\@127.0.0.1/", "https://hooks.example.org../"],
    ),
    (
        TargetError::Syntax,
        &[
            "https://[fe80::1%25eth0]/",
            "https://[::1/",
            "https://127.0.0.1.5/",
            "https://256.0.0.1/",
            "https://a b.example/",
        ],
    ),
    (
        TargetError::Syntax,
        &["https://hooks.example.org:65536/", "https://hooks.example.org:a/", "https://hooks<.example/", "https://./"],
    ),
    (
        TargetError::LocalName,
        &["https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://intranet/"],
    ),
    (
        TargetError::LocalName,
        &["https://printer.local/", "https://metadata.google.internal/", "https://a.home.arpa/", "https://a.onion/"],
    ),
    (
        TargetError::Port,
        &[
            "https://hooks.example.org:0/",
            "https://hooks.example.org:22/",
            "https://hooks.example.org:25/",
            "https://8.8.8.8:80/",
        ],
    ),
    (
        TargetError::Port,
        &["https://hooks.example.org:1023/", "https://hooks.example.org:6667/", "https://hooks.example.org:10080/"],
    ),
];

#[test]
fn what_hides_something_is_refused() {
    for (error, urls) in HIDING {
        for url in *urls {
            assert_eq!(refusal(url), *error, "{url}");
        }
    }
}

#[test]
fn names_that_only_look_local_are_taken() {
    let names = [
        "localhost.example.org",
        "local.example",
        "mylocal.example.org",
        "internal.example.org",
        "notlocalhost.example",
    ];
    for name in names {
        assert!(Target::parse(&format!("https://{name}/"), &Policy::default()).is_ok(), "{name}");
    }
}

#[test]
fn a_url_has_a_longest_length_before_and_after_it_is_normalised() {
    let of_len = |len: usize| format!("https://hooks.example.org/{:a<1$}", "", len - 26);
    assert!(Target::parse(&of_len(URL_LEN_MAX), &Policy::default()).is_ok());
    assert_eq!(refusal(&of_len(URL_LEN_MAX + 1)), TargetError::TooLong);
    // Each of these letters is two bytes as written, and six when it is encoded.
    let grows = format!("https://hooks.example.org/{}", "ä".repeat(700));
    assert_eq!((grows.len() < URL_LEN_MAX, refusal(&grows)), (true, TargetError::TooLong));
}

#[test]
fn development_takes_http_and_any_host_and_port() {
    let urls = ["http://localhost:4000/hook", "http://127.0.0.1/", "https://intranet:444/", "http://[::1]:6667/"];
    for url in urls {
        assert!(Target::parse(url, &Policy::Anywhere).is_ok(), "{url}");
        assert!(Target::parse(url, &Policy::default()).is_err(), "{url}");
    }
    for url in ["ftp://localhost/", "http://a@localhost/", "http://localhost/#", "http://localhost:0/"] {
        assert!(Target::parse(url, &Policy::Anywhere).is_err(), "{url}");
    }
}

#[test]
fn a_debugged_target_shows_no_path_and_no_query() {
    let target = Target::parse("https://hooks.example.org/services/T0/secret?key=secret", &Policy::default()).unwrap();
    assert_eq!(format!("{target:?}"), "Target(https://hooks.example.org:443/…)");
}
