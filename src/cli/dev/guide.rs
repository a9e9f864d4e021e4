//! What a newcomer is told: where it runs, which sites there are, and lines to try that work as they stand.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::demo::Demo;

/// The address under which this machine reaches the server.
pub(super) fn base_url(listening: SocketAddr) -> String {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, listening.port()))
}

/// The whole text.
pub(super) fn text(base: &str, demo: &Demo, data: &Path) -> String {
    let mut lines = vec![
        format!("Doorward runs at {base} with a demo account (id {}) of two sites:", demo.account_id),
        String::new(),
    ];
    for site in &demo.sites {
        let rule = if site.single_user_authentication {
            "a login ends the customer's other sessions"
        } else {
            "any number of sessions"
        };
        lines.push(format!("  site_id={}  {:16}{rule}", site.id, site.host));
    }
    let [news, shop] = [0, 1].map(|at| demo.sites.get(at).map(|site| site.id).unwrap_or_default());
    let credentials = "-d email=ada@example.org --data-urlencode 'password=plenty of tulips in May'";
    let steps = [
        (
            "In another terminal, in this order:",
            vec![
                format!("API={base}/api/v1/sdk"),
                "call() { curl -sS -w '\\n%{http_code}\\n\\n' \"$@\"; }".to_owned(),
                "token() { sed -n 's/.*\"auth_token\":\"\\([^\"]*\\)\".*/\\1/p'; }".to_owned(),
            ],
        ),
        (
            "Register a customer, then log in twice:",
            vec![
                format!("call $API/auth/register -d site_id={news} {credentials}"),
                format!("FIRST=$(call $API/auth/login -d site_id={news} {credentials} | token)"),
                format!("SECOND=$(call $API/auth/login -d site_id={news} {credentials} | token)"),
            ],
        ),
        (
            "The second login has ended the first session (403); the second one is good, at both sites:",
            vec![
                format!("call $API/customer -d site_id={news} -H \"Authorization: Bearer $FIRST\""),
                format!("call $API/customer -d site_id={shop} -H \"Authorization: Bearer $SECOND\""),
            ],
        ),
        (
            "Refresh it, and log out:",
            vec![
                format!(
                    "SECOND=$(call $API/customer/refresh -d site_id={news} -H \"Authorization: Bearer $SECOND\" | token)"
                ),
                format!("call $API/auth/logout -d site_id={news} -H \"Authorization: Bearer $SECOND\""),
            ],
        ),
    ];
    for (about, commands) in steps {
        lines.extend([String::new(), about.to_owned(), String::new()]);
        lines.extend(commands.into_iter().map(|command| format!("  {command}")));
    }
    let end = format!(
        "All of it is in {} and still there after a stop (Ctrl-C), or a kill -9, and a new start.",
        data.display()
    );
    lines.extend([String::new(), end, String::new()]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn the_address_is_one_that_can_be_asked() {
        let cases = [
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("0.0.0.0:81", "http://127.0.0.1:81"),
            ("[::]:82", "http://[::1]:82"),
        ];
        for (listening, wanted) in cases {
            assert_eq!(base_url(listening.parse().expect("an address")), wanted);
        }
    }
}
