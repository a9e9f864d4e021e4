//! Ids that are taken are drawn again, and giving up is no fault.

use crate::server::{PASSWORD, builder, profile};
use doorward::domain::account::Settings;
use doorward::domain::email::Email;
use doorward::domain::text::Name;
use doorward::entropy::{Entropy, SystemEntropy};
use doorward::flows::register::RegisterError;
use doorward::flows::{Client, Password, Unavailable};
use doorward_testkit::ManualClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Draws zeros for the next customer ids, and takes everything else from the system.
#[derive(Debug, Default)]
struct Stubborn {
    zeros: AtomicU64,
}

impl Entropy for Stubborn {
    fn fill(&self, buf: &mut [u8]) {
        let is_zero = |left: u64| left.checked_sub(1);
        // Nothing else is two bytes wide.
        if buf.len() == 2 && self.zeros.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_zero).is_ok() {
            buf.fill(0);
        } else {
            SystemEntropy.fill(buf);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_draws_its_ids_again_while_they_are_taken_and_is_overloaded_when_none_is_free() {
    let entropy = Arc::new(Stubborn::default());
    let doorward =
        builder(&Arc::new(ManualClock::default())).entropy(Arc::<Stubborn>::clone(&entropy)).open().await.unwrap();
    let account = doorward.create_account(Name::parse("Example Press").unwrap()).await.unwrap();
    let site = account.create_site(profile("shop.example.org"), Settings::default()).await.unwrap();
    let register = async |name: &str, zeros: u64| {
        entropy.zeros.store(zeros, Ordering::Relaxed);
        let email = Email::parse(&format!("{name}@example.org")).unwrap();
        site.register(email, Password::parse(PASSWORD).unwrap(), &Client::default()).await
    };
    let first = register("first", 1).await.unwrap();
    let second = register("second", 63).await.unwrap();
    assert_ne!(first.customer.id, second.customer.id);
    let third = register("third", 64).await;
    assert_eq!(third.err(), Some(RegisterError::Unavailable(Unavailable::Overloaded)));
    doorward.stop().await.unwrap();
}
