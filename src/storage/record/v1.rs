//! The disk types of format 1. None of them ever changes again: enum variants and fields are known by their place alone.
//!
//! Conversions to disk are total. Conversions back go through the domain's constructors and say what is damaged.

use super::codec::fits;

pub(super) mod customer;
pub(super) mod event;
pub(super) mod footer;
pub(super) mod item;
pub(super) mod platform;
pub(super) mod root;
pub(super) mod session;
pub(super) mod site;
pub(super) mod value;

// Whatever fills a payload or an item, decoding stays within the limit: an element's fewest bytes on disk against its size in memory.
const _: () = assert!(fits::<event::Event>(3));
const _: () = assert!(fits::<platform::Event>(4));
const _: () = assert!(fits::<[u8; 16]>(16));
const _: () = assert!(fits::<session::Token>(33));
const _: () = assert!(fits::<customer::Entitlement>(2));
const _: () = assert!(fits::<value::Pair>(2));
const _: () = assert!(fits::<String>(1));
const _: () = assert!(fits::<root::SealedKey>(3));
