//! What the dependency graph promises: one TLS and crypto backend (aws-lc-rs), and an engine that, without the `server`
//! feature, brings neither an HTTP server nor a mail client nor a command line.

use anyhow::{Result, bail};

use crate::report::Outcome;
use crate::run::Run;

/// Second backends. jsonwebtoken and rustls cannot choose when there are two, and two are twice the advisories.
const SECOND_BACKENDS: &[&str] =
    &["ring", "openssl", "openssl-sys", "native-tls", "boring", "boring-sys", "rsa", "mbedtls"];

/// What only the front door, the command line and outgoing mail need.
const SERVER_ONLY: &[&str] = &[
    "warp",
    "hyper",
    "hyper-util",
    "rustls",
    "lettre",
    "clap",
    "openidconnect",
    "oauth2",
    "reqwest",
    "indicatif",
    "utoipa",
];

pub(super) fn check() -> Result<Outcome> {
    for features in ["--all-features", "--no-default-features"] {
        let found = among(&packages(&["--workspace", "--edges", "normal,build,dev", features])?, SECOND_BACKENDS);
        if !found.is_empty() {
            bail!("a second TLS or crypto backend is in the tree ({features}): {}", found.join(", "));
        }
    }
    let engine = packages(&["--package", "doorward", "--edges", "normal", "--no-default-features"])?;
    let found = among(&engine, SERVER_ONLY);
    if !found.is_empty() {
        bail!("the engine without its server feature brings {}", found.join(", "));
    }
    if among(&engine, &["aws-lc-rs"]).is_empty() {
        bail!("aws-lc-rs is not in the tree: either the backend changed or this check reads nothing");
    }
    Ok(Outcome::Passed)
}

fn packages(args: &[&str]) -> Result<String> {
    Run::cargo().args(["tree", "--locked", "--prefix", "none", "--format", "{p}"]).args(args).read()
}

/// Those of `names` that `cargo tree`'s lines (`name v1.2.3 …`) hold.
fn among(tree: &str, names: &[&'static str]) -> Vec<&'static str> {
    let has = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    names.iter().copied().filter(|name| has(name)).collect()
}

#[cfg(test)]
mod tests {
    //! A planted package is seen, and a name that only begins like it is not.

    use super::{SECOND_BACKENDS, among};

    #[test]
    fn a_second_backend_is_seen_by_its_whole_name() {
        let tree = "doorward v0.1.0 (/somewhere)\nring v0.17.14\nstring-cache v0.8.7\nrsa-like v1.0.0\n";
        assert_eq!(among(tree, SECOND_BACKENDS), ["ring"]);
    }
}
