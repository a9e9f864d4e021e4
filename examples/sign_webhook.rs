//! Signs a webhook the way Doorward does, for trying out a receiver of yours.
//!
//! `cargo run --example sign_webhook` prints a fresh pair of secrets, the headers and the body, as JSON. The older secret is one that is
//! being replaced: for a while both sign. A number as argument signs as if so many seconds had passed. What verifies it is
//! `verify_webhook.py` and `verify_webhook.mjs`, beside this file.

use doorward::clock::SystemClock;
use doorward::domain::time::Clock;
use doorward::entropy::SystemEntropy;
use doorward::webhooks::{Secret, Secrets, Signed};
use std::collections::BTreeMap;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let shift_secs: i64 = std::env::args().nth(1).map_or(Ok(0), |arg| arg.parse())?;
    let now = SystemClock.now().plus_millis(shift_secs.saturating_mul(1_000));
    let (newest, older) = (Secret::generate(&SystemEntropy), Secret::generate(&SystemEntropy));
    let shown = [newest.expose().to_owned(), older.expose().to_owned()];

    let id = "evt_0123456789abcdefABCDEFGH";
    let body = r#"{"type":"webhook.ping","id":"evt_0123456789abcdefABCDEFGH"}"#;
    let signed = Signed::new(&Secrets::new(newest, vec![older]), id, now, body.as_bytes())?;

    let mut headers = BTreeMap::new();
    for (name, value) in signed.headers() {
        headers.insert(name.as_str(), value.to_str()?);
    }
    println!("{}", serde_json::json!({ "secrets": shown, "headers": headers, "body": body }));
    Ok(())
}
