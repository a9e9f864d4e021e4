//! Round trips, golden bytes of format 1, and hostile bytes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::codec::{self, Kind};
use super::testing::{batch, item};
use super::*;
use doorward_domain::account::customer::{Customer, EmailConfirm, Entitlement, Phone, Profile, Status};
use doorward_domain::account::event::{Change, Editable};
use doorward_domain::account::session::{EndReason, Method, Session, Token};
use doorward_domain::account::settings::Settings;
use doorward_domain::account::site::{Host, Origin, Site, SiteProfile};
use doorward_domain::account::state::SealedKey;
use doorward_domain::credential::{Credential, PasswordHash};
use doorward_domain::ids::{AccountId, CredentialRev, CustomerId, SessionId, SiteId, TokenDigest};
use doorward_domain::metadata::Metadata;
use doorward_domain::text::Text;
use doorward_domain::time::Timestamp;
use doorward_domain::username::Username;
use proptest::prelude::*;

fn decode(batch: &Batch, bytes: &[u8]) -> Result<Batch, Damage> {
    Ok(match batch {
        Batch::Platform(_) => Batch::Platform(Batch::decode_platform(bytes)?),
        Batch::Account(_) => Batch::Account(Batch::decode_account(bytes)?),
    })
}

proptest! {
    #[test]
    fn a_batch_reads_back_as_it_was(batch in batch()) {
        let bytes = batch.encode().unwrap();
        prop_assert_eq!(decode(&batch, &bytes).unwrap(), batch);
    }

    #[test]
    fn an_item_reads_back_as_it_was(item in item()) {
        let mut bytes = Vec::new();
        item.encode(&mut bytes).unwrap();
        prop_assert_eq!(Item::decode(&bytes).unwrap(), item);
    }

    #[test]
    fn a_flipped_bit_or_a_lost_end_is_seen(batch in batch(), place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let bytes = batch.encode().unwrap();
        let place = place.index(bytes.len());
        let mut flipped = bytes.clone();
        *flipped.get_mut(place).unwrap() ^= 1_u8 << bit;
        prop_assert!(decode(&batch, &flipped).is_err());
        prop_assert!(decode(&batch, bytes.get(..place).unwrap()).is_err());
    }

    /// Even under a good checksum: bytes of anybody's making are refused or read, never a panic, never memory past the limit.
    #[test]
    fn hostile_bytes_are_refused_or_read(body in prop::collection::vec(any::<u8>(), 0..400), length_first in any::<u64>()) {
        for body in [body.clone(), [&[253], &length_first.to_le_bytes()[..], &body].concat()] {
            for kind in [Kind::PlatformEvents, Kind::AccountEvents, Kind::Page, Kind::Footer] {
                let mut bytes = Vec::new();
                codec::seal_raw(kind, &body, &mut bytes);
                Batch::decode_platform(&bytes).ok();
                Batch::decode_account(&bytes).ok();
                Footer::decode(&bytes).ok();
            }
            Item::decode(&body).ok();
            Batch::decode_account(&body).ok();
        }
    }

    /// One changed byte inside a well-formed body reaches every branch of the decoder.
    #[test]
    fn a_changed_byte_under_a_good_checksum_never_panics(item in item(), place in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = Vec::new();
        item.encode(&mut bytes).unwrap();
        let place = place.index(bytes.len());
        *bytes.get_mut(place).unwrap() = byte;
        Item::decode(&bytes).ok();
    }
}

#[test]
fn a_length_that_would_need_too_much_memory_is_refused_before_it_is_taken() {
    for len in [u64::MAX, u64::from(u32::MAX), (MEMORY_MAX / size_of::<v1::event::Event>() + 1) as u64] {
        let mut bytes = Vec::new();
        codec::seal_raw(Kind::AccountEvents, &[&[253], &len.to_le_bytes()[..]].concat(), &mut bytes);
        assert!(matches!(Batch::decode_account(&bytes), Err(Damage::Codec(_))), "{len}");
    }
}

#[test]
fn the_longest_payload_of_the_fattest_elements_is_read() {
    let at = Timestamp::EPOCH;
    let event = account::Event { at, change: Change::SessionsForgotten { sessions: Vec::new() } };
    let fits = (PAYLOAD_LEN_MAX - HEADER_LEN - 5) / 3;
    let batch = Batch::Account(vec![event.clone(); fits]);
    let bytes = batch.encode().unwrap();
    assert!(bytes.len() > PAYLOAD_LEN_MAX - 4, "{}", bytes.len());
    assert_eq!(decode(&batch, &bytes).unwrap(), batch);
    let too_long = Batch::Account(vec![event; fits + 2]);
    assert!(matches!(too_long.encode(), Err(Unfit::TooLong { max: PAYLOAD_LEN_MAX, .. })));
}

#[test]
fn unknown_versions_and_kinds_bad_checksums_and_left_over_bytes_are_errors() {
    let batch = Batch::Platform(Vec::new());
    let good = batch.encode().unwrap();
    let with = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        *bytes.get_mut(place).unwrap() = byte;
        bytes
    };
    assert!(matches!(decode(&batch, &with(0, 2)), Err(Damage::Version(2))));
    assert!(matches!(decode(&batch, &with(1, 9)), Err(Damage::Kind { expected: 1, found: 9 })));
    assert!(matches!(decode(&batch, &with(6, 1)), Err(Damage::Checksum)));
    assert!(matches!(Batch::decode_account(&good), Err(Damage::Kind { expected: 2, found: 1 })));
    assert!(matches!(decode(&batch, &good[..5]), Err(Damage::TooShort(5))));
    let mut bytes = Vec::new();
    codec::seal_raw(Kind::PlatformEvents, &[0, 0], &mut bytes);
    assert!(matches!(decode(&batch, &bytes), Err(Damage::LeftOver(1))));
    let long = vec![0; PAYLOAD_LEN_MAX + 1];
    assert!(matches!(decode(&batch, &long), Err(Damage::TooLong { .. })));
    assert!(matches!(Item::decode(&long), Err(Damage::TooLong { .. })));
}

#[test]
fn text_that_cannot_be_is_damage_and_says_which() {
    let sealed = |name: &str| {
        let name = [&[u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
        let mut bytes = Vec::new();
        codec::seal_raw(Kind::AccountEvents, &[&[1, 0, 0], &name[..]].concat(), &mut bytes);
        Batch::decode_account(&bytes)
    };
    assert_eq!(sealed("Acme").unwrap().len(), 1);
    for bad in ["", "a\nb", "a\u{202e}"] {
        assert!(matches!(sealed(bad), Err(Damage::Text { field: "the name of an account", .. })), "{bad:?}");
    }
    assert!(matches!(sealed(" Acme"), Err(Damage::TextEdges { .. })));
    for id in [0, CustomerId::MAX + 1] {
        let mut bytes = Vec::new();
        let id_bytes = id.to_le_bytes();
        let body = if id == 0 { vec![1, 0, 5, 0] } else { [&[1, 0, 5, 253], &id_bytes[..]].concat() };
        codec::seal_raw(Kind::AccountEvents, &body, &mut bytes);
        assert!(matches!(Batch::decode_account(&bytes), Err(Damage::CustomerId(found)) if found == id));
    }
}

fn text<const MAX: usize>(raw: &str) -> Text<MAX> {
    Text::parse(raw).unwrap()
}

fn golden_customer(id: CustomerId) -> Customer {
    Customer {
        id,
        email: Email::parse("Ada@Example.org").unwrap(),
        email_confirm: EmailConfirm::Confirmed,
        username: Some(Username::parse("Ada").unwrap()),
        profile: Profile {
            first_name: Some(text("Ada")),
            phone: Some(Phone::parse("123").unwrap()),
            ..Profile::default()
        },
        metadata: Metadata::restore([("k".to_owned(), "[1]".to_owned())]),
        credential: Credential {
            hash: Some(PasswordHash::parse("$a").unwrap()),
            rev: CredentialRev(2),
            changed_at: Timestamp::from_millis(-1),
        },
        status: Status::Locked,
        entitlements: vec![Entitlement { name: text("pro"), expires_at: Some(Timestamp::from_millis(300)) }],
        registered_on: Some(SiteId(9)),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(2),
        last_login_at: None,
        last_open: Some(SessionId([7; 16])),
    }
}

fn golden_changes() -> Vec<Change> {
    let customer = CustomerId::new(300).unwrap();
    let token = Token { digest: TokenDigest([5; 32]), issued_at: Timestamp::from_millis(3) };
    let full = golden_customer(customer);
    let editable = Editable {
        email: full.email.clone(),
        email_confirm: full.email_confirm,
        username: None,
        profile: full.profile.clone(),
        metadata: full.metadata.clone(),
    };
    let site = Site {
        id: SiteId(9),
        profile: SiteProfile {
            name: text("News"),
            host: Host::parse("n.example").unwrap(),
            origins: vec![Origin::parse("https://n.example").unwrap()],
        },
        settings: Settings::default(),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(2),
    };
    let session = Session {
        id: SessionId([7; 16]),
        customer,
        site: site.id,
        method: Method::Register,
        tokens: vec![token],
        device: Some(text("Firefox")),
        address: Some([192, 0, 2, 1].into()),
        opened_at: Timestamp::from_millis(3),
        refreshed_at: Timestamp::from_millis(4),
        expires_at: Timestamp::from_millis(5),
        end: None,
    };
    let key = SealedKey { kid: text("k1"), sealed: Box::new([1, 2, 3]), added_at: Timestamp::from_millis(6) };
    vec![
        Change::AccountOpened { name: text("Acme") },
        Change::SigningKeyAdded { key },
        Change::SiteSaved { site: Box::new(site) },
        Change::CustomerRegistered { customer: Box::new(full.clone()) },
        Change::CustomerUpdated { customer, editable: Box::new(editable) },
        Change::CustomerDeleted { customer },
        Change::StatusSet { customer, status: Status::Locked },
        Change::EntitlementsSet { customer, entitlements: full.entitlements.clone() },
        Change::PasswordSet { customer, credential: full.credential.clone() },
        Change::PasswordRehashed { customer, hash: PasswordHash::parse("$b").unwrap() },
        Change::SessionOpened { session: Box::new(session) },
        Change::TokenIssued { session: SessionId([7; 16]), tokens: vec![token], dropped: Vec::new() },
        Change::SessionsEnded { sessions: vec![SessionId([7; 16])], reason: EndReason::Restored },
        Change::SessionsForgotten { sessions: vec![SessionId([7; 16])] },
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Format 1 is released: these bytes never change. A change of a disk type that alters them needs a format of its own.
#[test]
fn the_bytes_of_format_1_stay_as_they_are() {
    let mut lines = Vec::new();
    for change in golden_changes() {
        let name = format!("{change:?}").split([' ', '{']).next().unwrap().to_owned();
        let batch = Batch::Account(vec![account::Event { at: Timestamp::from_secs(1_700_000_000), change }]);
        lines.push(format!("{name} {}", hex(&batch.encode().unwrap())));
    }
    let platform = [
        platform::Change::AccountRegistered { id: AccountId(1), name: text("Acme") },
        platform::Change::SiteRegistered { id: SiteId(9), account: AccountId(1) },
    ];
    let platform = platform.map(|change| platform::Event { at: Timestamp::from_secs(1_700_000_000), change });
    lines.push(format!("platform {}", hex(&Batch::Platform(platform.into()).encode().unwrap())));
    for item in golden_items() {
        let mut bytes = Vec::new();
        item.encode(&mut bytes).unwrap();
        lines.push(format!("item {}", hex(&bytes)));
    }
    let counts = Counts { pages: 1, aggregates: 2, entities: 3, tombstones: 4, bytes: 5 };
    let reach = Reach::Delta { after: 10 };
    let (lineage, digest) = ([1; 16], [2; 32]);
    let footer = Footer { reach, seq: 11, lineage, generation: 2, segment: 3, crc: 4, counts, digest };
    lines.push(format!("footer {}", hex(&footer.encode().unwrap())));
    assert_eq!(Footer::decode(&footer.encode().unwrap()).unwrap(), footer);
    insta::assert_snapshot!(lines.join("\n"));
}

fn golden_items() -> Vec<Item> {
    let customer = CustomerId::new(300).unwrap();
    let account = AggregateRef::Account(AccountId(1));
    let mut state = account::State::blank(AccountId(1));
    for change in golden_changes() {
        let is_end = matches!(change, Change::CustomerDeleted { .. } | Change::SessionsForgotten { .. });
        if !is_end {
            state = state.evolve(&account::Event { at: Timestamp::from_millis(7), change });
        }
    }
    let mut items = vec![
        Item::Begin { aggregate: AggregateRef::Platform, aggregate_seq: 1 },
        Item::PlatformPut(platform::Entity::Root(Timestamp::from_millis(1))),
        Item::PlatformPut(platform::Entity::Account(platform::Account {
            id: AccountId(1),
            name: text("Acme"),
            registered_at: Timestamp::from_millis(1),
        })),
        Item::PlatformPut(platform::Entity::Site(platform::Site {
            id: SiteId(9),
            account: AccountId(1),
            registered_at: Timestamp::from_millis(1),
        })),
        Item::PlatformRemoved(platform::Key::Root),
        Item::PlatformRemoved(platform::Key::Account(AccountId(1))),
        Item::PlatformRemoved(platform::Key::Site(SiteId(9))),
        Item::Begin { aggregate: account, aggregate_seq: 300 },
    ];
    items.extend(state.entities().each().map(|(_key, entity)| Item::AccountPut(entity)));
    let keys = [
        account::Key::Root,
        account::Key::Site(SiteId(9)),
        account::Key::Customer(customer),
        account::Key::Session(SessionId([7; 16])),
    ];
    items.extend(keys.map(Item::AccountRemoved));
    items
}
