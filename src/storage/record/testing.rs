//! Arbitrary values of the domain, for round trips: each is well formed, none needs to be likely.

#![expect(clippy::unwrap_used, reason = "tests")]

use doorward_domain::account::customer::{Customer, EmailConfirm, Entitlement, Phone, Profile, Status};
use doorward_domain::account::event::{Change, Editable, Event};
use doorward_domain::account::session::{End, EndReason, Method, Session, Token};
use doorward_domain::account::settings::{LockOut, Settings, Switch};
use doorward_domain::account::site::{Host, Origin, Site, SiteProfile};
use doorward_domain::account::state::{Root, SealedKey};
use doorward_domain::account::{Entity, Key};
use doorward_domain::credential::{Credential, PasswordHash};
use doorward_domain::email::Email;
use doorward_domain::ids::{AccountId, AggregateRef, CredentialRev, CustomerId, SessionId, SiteId, TokenDigest};
use doorward_domain::metadata::Metadata;
use doorward_domain::password::{Composition, PasswordPolicy};
use doorward_domain::platform;
use doorward_domain::text::Text;
use doorward_domain::time::Timestamp;
use doorward_domain::username::Username;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Batch, Item};

pub(crate) fn batch() -> impl Strategy<Value = Batch> {
    prop_oneof![
        vec(platform_event(), 0..4).prop_map(Batch::Platform),
        vec(account_event(), 0..6).prop_map(Batch::Account),
    ]
}

pub(crate) fn item() -> impl Strategy<Value = Item> {
    let aggregate =
        prop_oneof![Just(AggregateRef::Platform), any::<u64>().prop_map(|id| AggregateRef::Account(AccountId(id)))];
    prop_oneof![
        (aggregate, any::<u64>()).prop_map(|(aggregate, aggregate_seq)| Item::Begin { aggregate, aggregate_seq }),
        platform_entity().prop_map(Item::PlatformPut),
        platform_key().prop_map(Item::PlatformRemoved),
        entity().prop_map(Item::AccountPut),
        key().prop_map(Item::AccountRemoved),
    ]
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    "[a-zäß漢😀]{1,9}".prop_map(|raw| Text::parse(&raw).unwrap())
}

fn customer_id() -> impl Strategy<Value = CustomerId> {
    (1..=CustomerId::MAX).prop_map(|raw| CustomerId::new(raw).unwrap())
}

fn session_id() -> impl Strategy<Value = SessionId> {
    any::<[u8; 16]>().prop_map(SessionId)
}

fn site_id() -> impl Strategy<Value = SiteId> {
    any::<u32>().prop_map(SiteId)
}

fn email() -> impl Strategy<Value = Email> {
    "[A-Za-z]{1,8}@[a-zä]{1,8}\\.example".prop_map(|raw| Email::parse(&raw).unwrap())
}

fn username() -> impl Strategy<Value = Username> {
    "[A-Za-z0-9_-]{1,12}".prop_map(|raw| Username::parse(&raw).unwrap())
}

fn hash() -> impl Strategy<Value = PasswordHash> {
    "\\$argon2id\\$[!-~]{0,60}".prop_map(|raw| PasswordHash::parse(&raw).unwrap())
}

fn metadata() -> impl Strategy<Value = Metadata> {
    vec(("[a-z]{1,9}".prop_map(String::from), "[ -~ä]{0,300}".prop_map(String::from)), 0..5).prop_map(Metadata::restore)
}

fn credential() -> impl Strategy<Value = Credential> {
    (of(hash()), any::<u64>(), time()).prop_map(|(hash, rev, changed_at)| Credential {
        hash,
        rev: CredentialRev(rev),
        changed_at,
    })
}

fn profile() -> impl Strategy<Value = Profile> {
    let phone = of("[0-9]{1,20}".prop_map(|raw| Phone::parse(&raw).unwrap()));
    (of(text()), of(text()), of(text()), phone, of(text()), of(text()), of(text())).prop_map(
        |(first_name, last_name, display_name, phone, salutation, title, organization)| Profile {
            first_name,
            last_name,
            display_name,
            phone,
            salutation,
            title,
            organization,
        },
    )
}

fn confirm() -> impl Strategy<Value = EmailConfirm> {
    prop_oneof![Just(EmailConfirm::Unconfirmed), Just(EmailConfirm::Confirmed)]
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Active), Just(Status::Locked)]
}

fn entitlements() -> impl Strategy<Value = Vec<Entitlement>> {
    vec((text(), of(time())).prop_map(|(name, expires_at)| Entitlement { name, expires_at }), 0..4)
}

fn customer() -> impl Strategy<Value = Customer> {
    let who = (customer_id(), email(), confirm(), of(username()), profile(), metadata());
    let what = (credential(), status(), entitlements(), of(site_id()));
    let when = (time(), time(), of(time()), of(session_id()));
    (who, what, when).prop_map(|(who, what, when)| {
        let (id, email, email_confirm, username, profile, metadata) = who;
        let (credential, status, entitlements, registered_on) = what;
        let (created_at, updated_at, last_login_at, last_open) = when;
        Customer {
            id,
            email,
            email_confirm,
            username,
            profile,
            metadata,
            credential,
            status,
            entitlements,
            registered_on,
            created_at,
            updated_at,
            last_login_at,
            last_open,
        }
    })
}

fn tokens() -> impl Strategy<Value = Vec<Token>> {
    vec(
        (any::<[u8; 32]>(), time()).prop_map(|(digest, issued_at)| Token { digest: TokenDigest(digest), issued_at }),
        0..9,
    )
}

fn reason() -> impl Strategy<Value = EndReason> {
    prop_oneof![
        Just(EndReason::LoggedOut),
        Just(EndReason::Superseded),
        Just(EndReason::TooMany),
        Just(EndReason::RevokedByCustomer),
        Just(EndReason::RevokedByOperator),
        Just(EndReason::PasswordChanged),
        Just(EndReason::CustomerLocked),
        Just(EndReason::CustomerDeleted),
        Just(EndReason::Restored),
    ]
}

fn session() -> impl Strategy<Value = Session> {
    let method = prop_oneof![Just(Method::Password), Just(Method::Register)];
    let who = (session_id(), customer_id(), site_id(), method, tokens(), of(text()), of(any::<IpAddr>()));
    let end = of((time(), reason()).prop_map(|(at, reason)| End { at, reason }));
    (who, (time(), time(), time(), end)).prop_map(|(who, (opened_at, refreshed_at, expires_at, end))| {
        let (id, customer, site, method, tokens, device, address) = who;
        Session { id, customer, site, method, tokens, device, address, opened_at, refreshed_at, expires_at, end }
    })
}

fn switch() -> impl Strategy<Value = Switch> {
    any::<bool>().prop_map(Switch::from)
}

fn settings() -> impl Strategy<Value = Settings> {
    let composition = prop_oneof![Just(Composition::Free), Just(Composition::Strong)];
    let password = (any::<u16>(), any::<u8>(), composition)
        .prop_map(|(length_min, score_min, composition)| PasswordPolicy { length_min, score_min, composition });
    let lock_out =
        (any::<u16>(), any::<u32>()).prop_map(|(failures_max, window_secs)| LockOut { failures_max, window_secs });
    (switch(), any::<u16>(), any::<u16>(), switch(), switch(), password, lock_out).prop_map(
        |(single, auth_token_ttl_days, idle_days, in_body, own, password, lock_out)| Settings {
            single_user_authentication: single,
            auth_token_ttl_days,
            idle_days,
            auth_token_in_body: in_body,
            own_sessions_only: own,
            password,
            lock_out,
        },
    )
}

fn site() -> impl Strategy<Value = Site> {
    let profile = (text(), text().prop_map(Host::restore), vec(text().prop_map(Origin::restore), 0..3))
        .prop_map(|(name, host, origins)| SiteProfile { name, host, origins });
    (site_id(), profile, settings(), time(), time()).prop_map(|(id, profile, settings, created_at, updated_at)| Site {
        id,
        profile,
        settings,
        created_at,
        updated_at,
    })
}

fn sealed_key() -> impl Strategy<Value = SealedKey> {
    (text(), vec(any::<u8>(), 0..200), time()).prop_map(|(kid, sealed, added_at)| SealedKey {
        kid,
        sealed: sealed.into(),
        added_at,
    })
}

fn root() -> impl Strategy<Value = Root> {
    (any::<u64>(), of(text()), time(), time(), vec(sealed_key(), 0..3)).prop_map(
        |(id, name, created_at, last_stamp, signing_keys)| Root {
            id: AccountId(id),
            name,
            created_at,
            last_stamp,
            signing_keys,
        },
    )
}

pub(crate) fn entity() -> impl Strategy<Value = Entity> {
    prop_oneof![
        root().prop_map(|root| Entity::Root(Arc::new(root))),
        site().prop_map(|site| Entity::Site(Arc::new(site))),
        customer().prop_map(|customer| Entity::Customer(Arc::new(customer))),
        session().prop_map(|session| Entity::Session(Arc::new(session))),
    ]
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        Just(Key::Root),
        site_id().prop_map(Key::Site),
        customer_id().prop_map(Key::Customer),
        session_id().prop_map(Key::Session),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let editable = (email(), confirm(), of(username()), profile(), metadata()).prop_map(
        |(email, email_confirm, username, profile, metadata)| Editable {
            email,
            email_confirm,
            username,
            profile,
            metadata,
        },
    );
    prop_oneof![
        text().prop_map(|name| Change::AccountOpened { name }),
        sealed_key().prop_map(|key| Change::SigningKeyAdded { key }),
        site().prop_map(|site| Change::SiteSaved { site: Box::new(site) }),
        customer().prop_map(|customer| Change::CustomerRegistered { customer: Box::new(customer) }),
        (customer_id(), editable)
            .prop_map(|(customer, editable)| Change::CustomerUpdated { customer, editable: Box::new(editable) }),
        customer_id().prop_map(|customer| Change::CustomerDeleted { customer }),
        (customer_id(), status()).prop_map(|(customer, status)| Change::StatusSet { customer, status }),
        (customer_id(), entitlements())
            .prop_map(|(customer, entitlements)| Change::EntitlementsSet { customer, entitlements }),
        (customer_id(), credential()).prop_map(|(customer, credential)| Change::PasswordSet { customer, credential }),
        (customer_id(), hash()).prop_map(|(customer, hash)| Change::PasswordRehashed { customer, hash }),
        session().prop_map(|session| Change::SessionOpened { session: Box::new(session) }),
        (session_id(), tokens(), tokens()).prop_map(|(session, tokens, dropped)| Change::TokenIssued {
            session,
            tokens,
            dropped
        }),
        (vec(session_id(), 0..9), reason()).prop_map(|(sessions, reason)| Change::SessionsEnded { sessions, reason }),
        vec(session_id(), 0..9).prop_map(|sessions| Change::SessionsForgotten { sessions }),
    ]
}

fn account_event() -> impl Strategy<Value = Event> {
    (time(), change()).prop_map(|(at, change)| Event { at, change })
}

fn platform_event() -> impl Strategy<Value = platform::Event> {
    let change = prop_oneof![
        (any::<u64>(), text()).prop_map(|(id, name)| platform::Change::AccountRegistered { id: AccountId(id), name }),
        (site_id(), any::<u64>())
            .prop_map(|(id, account)| platform::Change::SiteRegistered { id, account: AccountId(account) }),
    ];
    (time(), change).prop_map(|(at, change)| platform::Event { at, change })
}

fn platform_entity() -> impl Strategy<Value = platform::Entity> {
    prop_oneof![
        time().prop_map(platform::Entity::Root),
        (any::<u64>(), text(), time()).prop_map(|(id, name, registered_at)| {
            platform::Entity::Account(platform::Account { id: AccountId(id), name, registered_at })
        }),
        (site_id(), any::<u64>(), time()).prop_map(|(id, account, registered_at)| {
            platform::Entity::Site(platform::Site { id, account: AccountId(account), registered_at })
        }),
    ]
}

fn platform_key() -> impl Strategy<Value = platform::Key> {
    prop_oneof![
        Just(platform::Key::Root),
        any::<u64>().prop_map(|id| platform::Key::Account(AccountId(id))),
        site_id().prop_map(platform::Key::Site),
    ]
}
