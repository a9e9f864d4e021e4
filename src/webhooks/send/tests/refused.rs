//! Names that lead where nobody may be led, and answers that try to (A34). Literal addresses are refused with the URL: `target`.

use super::*;
use crate::webhooks::address::{Public, Special, Unfit};

fn public(resolver: Arc<dyn Resolver>) -> Sender {
    Sender::new(Policy::default(), resolver, limits())
}

fn refused(special: Special) -> Outcome {
    Outcome::Refused(Refusal::Address(Unfit::Special(special)))
}

fn url(text: &str) -> Target {
    Target::parse(text, &Policy::default()).unwrap()
}

#[tokio::test]
async fn a_public_name_with_an_inner_address_is_not_called() {
    let cases: &[(&str, &[&str], Special)] = &[
        ("127.0.0.1.nip.example", &["127.0.0.1"], Special::Loopback),
        ("7f000001.nip.example", &["127.0.0.1"], Special::Loopback),
        ("localtest.example", &["::1"], Special::Loopback),
        ("mapped.example", &["::ffff:127.0.0.1"], Special::Loopback),
        ("metadata.example", &["169.254.169.254"], Special::LinkLocal),
        ("metadata6.example", &["fd00:ec2::254"], Special::Private),
        ("mapped-metadata.example", &["::ffff:169.254.169.254"], Special::LinkLocal),
        ("intranet.example", &["10.0.0.5"], Special::Private),
        ("router.example", &["192.168.1.1"], Special::Private),
        ("docker.example", &["172.17.0.1"], Special::Private),
        ("carrier.example", &["100.64.0.1"], Special::Shared),
        ("zero.example", &["0.0.0.0"], Special::ThisHost),
        ("zero6.example", &["::"], Special::ThisHost),
        ("nat64.example", &["64:ff9b::7f00:1"], Special::Tunnel),
        ("sixtofour.example", &["2002:7f00:1::1"], Special::Tunnel),
        ("linklocal.example", &["fe80::1"], Special::LinkLocal),
        ("group.example", &["224.0.0.1"], Special::Multicast),
        // One bad address among good ones is enough, wherever it stands.
        ("mixed.example", &["8.8.8.8", "10.0.0.5"], Special::Private),
        ("mixed6.example", &["2606:4700::1111", "::1", "8.8.8.8"], Special::Loopback),
    ];
    for (name, addresses, special) in cases {
        let stub = Stub::of([addresses]);
        let report = post(&public(handle(&stub)), &url(&format!("https://{name}/"))).await;
        assert_eq!((report.outcome, report.status(), stub.asked()), (refused(*special), None, 1), "{name}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_held_to_the_one_that_was_checked() {
    // Same port at two addresses. The first is the operator's own and allowed; the second is what the name turns into.
    let good = Receiver::start(Behaviour::answer("200 OK", "")).await;
    let at = format!("127.0.0.2:{}", good.address.port());
    let inner = Receiver::start_at(&at, Behaviour::answer("200 OK", "")).await;
    let stub = Stub::of([&["127.0.0.1"], &["127.0.0.2"]]);
    let sender = sender(handle(&stub));
    let target = target("rebinding.example", good.address);
    assert_eq!(post(&sender, &target).await.outcome, Outcome::Accepted { status: 200 });
    assert_eq!(
        (stub.asked(), good.connected(), inner.connected()),
        (1, 1, 0),
        "resolved once, called where it was checked"
    );
}

#[tokio::test]
async fn a_name_that_turns_inward_between_two_attempts_is_refused_at_the_second() {
    let allowed = Receiver::start(Behaviour::ClosesAtOnce).await;
    let port = allowed.address.port();
    let inner = Receiver::start_at(&format!("127.0.0.2:{port}"), Behaviour::answer("200 OK", "")).await;
    let policy = Policy::Public(Public { allowed: vec!["127.0.0.1/32".parse().unwrap()], own_ports: Vec::new() });
    let stub = Stub::of([&["127.0.0.1"], &["127.0.0.2"]]);
    let sender = Sender::new(policy.clone(), handle(&stub), limits());
    let target = Target::parse(&format!("https://rebinding.example:{port}/"), &policy).unwrap();
    assert_eq!(post(&sender, &target).await.outcome, Outcome::Unreachable(Fault::Tls));
    assert_eq!(post(&sender, &target).await.outcome, refused(Special::Loopback));
    assert_eq!((stub.asked(), allowed.connected(), inner.connected()), (2, 1, 0));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let inner = Receiver::start_at("127.0.0.2:0", Behaviour::answer("200 OK", "secret")).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} Over there\r\nlocation: http://{}/\r\ncontent-length: 2\r\n\r\nhi",
            inner.address
        );
        let receiver = Receiver::start(Behaviour::Answers(answer)).await;
        let stub = Stub::of([&["127.0.0.1"]]);
        let report = post(&sender(handle(&stub)), &target("a.example", receiver.address)).await;
        assert_eq!((report.outcome, report.head.as_str()), (Outcome::Status { status }, "hi"));
        assert_eq!((stub.asked(), receiver.connected(), inner.connected()), (1, 1, 0));
    }
}

#[tokio::test]
async fn this_servers_own_listener_is_not_called() {
    let own = Receiver::start(Behaviour::answer("200 OK", "")).await;
    let port = own.address.port();
    let allowed = vec!["127.0.0.0/8".parse().unwrap()];
    let policy = Policy::Public(Public { allowed, own_ports: vec![port] });
    let sender = Sender::new(policy.clone(), Stub::of([&["127.0.0.1"]]), limits());
    let target = Target::parse(&format!("https://me.example:{port}/"), &policy).unwrap();
    assert_eq!(post(&sender, &target).await.outcome, Outcome::Refused(Refusal::Address(Unfit::Own)));
    assert_eq!(own.connected(), 0);
}

#[tokio::test]
async fn a_name_has_a_largest_number_of_addresses() {
    let at = |count: usize| vec!["10.0.0.1"; count];
    let sent = async |count: usize| post(&public(Stub::of([&at(count)])), &url("https://many.example/")).await.outcome;
    assert_eq!(sent(connect::ADDRESSES_MAX).await, refused(Special::Private));
    assert_eq!(sent(connect::ADDRESSES_MAX + 1).await, Outcome::Refused(Refusal::TooManyAddresses));
}
