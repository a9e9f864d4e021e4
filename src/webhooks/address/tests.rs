//! Every range and its neighbours.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn judge(policy: &Policy, ip: &str) -> Result<SocketAddr, Unfit> {
    policy.check(SocketAddr::new(ip.parse().unwrap(), 443))
}

#[test]
fn no_address_of_a_special_range_is_called() {
    let cases: &[(Special, &[&str])] = &[
        (Special::ThisHost, &["0.0.0.0", "0.255.255.255", "::", "::ffff:0.0.0.0"]),
        (Special::Private, &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1"]),
        (Special::Private, &["192.168.255.255", "fc00::", "fd00:ec2::254", "fdff:ffff::1", "::ffff:10.1.2.3"]),
        (Special::Shared, &["100.64.0.0", "100.100.100.200", "100.127.255.255"]),
        (Special::Loopback, &["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]),
        (Special::LinkLocal, &["169.254.0.0", "169.254.169.254", "fe80::", "febf::1", "::ffff:169.254.169.254"]),
        (Special::Metadata, &["168.63.129.16", "::ffff:168.63.129.16"]),
        (Special::Reserved, &["192.0.0.0", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7"]),
        (
            Special::Reserved,
            &["203.0.113.255", "240.0.0.0", "255.255.255.255", "2001:db8::1", "2001:20::1", "2001:1::1"],
        ),
        (
            Special::Reserved,
            &["3fff::1", "3fff:fff::", "::2", "::127.0.0.1", "100::1", "4000::1", "5f00::1", "fec0::1"],
        ),
        (Special::Multicast, &["224.0.0.1", "239.255.255.255", "ff00::", "ff02::1"]),
        (Special::Tunnel, &["2002:7f00:1::", "2001::1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"]),
        (Special::Tunnel, &["192.88.99.1"]),
    ];
    for (special, addresses) in cases {
        for ip in *addresses {
            assert_eq!(judge(&Policy::default(), ip), Err(Unfit::Special(*special)), "{ip}");
        }
    }
}

#[test]
fn the_neighbours_of_every_special_range_are_called() {
    let neighbours = [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::",
        "2001:200::",
        "2001:db7::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700::1111",
        "3ffe::1",
        "3fff:1000::",
    ];
    for ip in neighbours {
        assert_eq!(judge(&Policy::default(), ip), Ok(SocketAddr::new(ip.parse().unwrap(), 443)), "{ip}");
    }
}

#[test]
fn an_ipv4_address_inside_an_ipv6_one_is_called_as_what_it_is() {
    let called = judge(&Policy::default(), "::ffff:8.8.8.8");
    assert_eq!(called, Ok("8.8.8.8:443".parse().unwrap()));
}

#[test]
fn development_calls_anything() {
    for ip in ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"] {
        assert!(judge(&Policy::Anywhere, ip).is_ok(), "{ip}");
    }
}

#[test]
fn a_network_that_the_operator_allows_is_called_and_its_neighbour_is_not() {
    let allowed = vec!["10.20.0.0/16".parse().unwrap(), "fd12:3456::/64".parse().unwrap()];
    let policy = Policy::Public(Public { allowed, own_ports: Vec::new() });
    for ip in ["10.20.0.0", "10.20.255.255", "::ffff:10.20.1.1", "fd12:3456::1", "8.8.8.8"] {
        assert!(judge(&policy, ip).is_ok(), "{ip}");
    }
    for ip in ["10.19.255.255", "10.21.0.0", "fd12:3456:0:1::1", "127.0.0.1"] {
        assert!(judge(&policy, ip).is_err(), "{ip}");
    }
}

#[test]
fn this_server_never_calls_itself() {
    let allowed = vec!["127.0.0.0/8".parse().unwrap(), "198.51.100.0/24".parse().unwrap()];
    let policy = Policy::Public(Public { allowed, own_ports: vec![443] });
    assert_eq!(judge(&policy, "127.0.0.1"), Err(Unfit::Own));
    assert_eq!(judge(&policy, "::ffff:127.0.0.1"), Err(Unfit::Own));
    // Another port of this machine, and the same port of another machine.
    assert!(policy.check("127.0.0.1:8443".parse().unwrap()).is_ok());
    assert!(judge(&policy, "198.51.100.7").is_ok());
}

#[test]
fn a_network_is_read_as_it_is_written_and_nothing_near_it() {
    for text in ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "fd00::/8", "::/0", "2001:db8::1/128"] {
        assert_eq!(text.parse::<Network>().map(|network| network.to_string()).as_deref(), Ok(text));
    }
    let wrong =
        ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/+8", "10/8", "::/129", "fd00::1/8", "a/8"];
    for text in wrong.into_iter().chain(["::ffff:10.0.0.0/104", "10.0.0.0/8 "]) {
        assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
    }
}
