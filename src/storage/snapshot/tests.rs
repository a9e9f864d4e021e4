//! Pages, both stores, and what damage looks like.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::record::testing::item;
use super::super::record::{Counts, Item};
use super::stream::{Packer, Unpacker};
use super::*;
use doorward_domain::account::Entity;
use doorward_domain::account::state::{Root, SealedKey};
use doorward_domain::ids::{AccountId, AggregateRef};
use doorward_domain::text::Text;
use doorward_domain::time::Timestamp;
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

const HEAD: Head = Head { reach: Reach::Base, lineage: Lineage([7; 16]), seq: 12, generation: 3, segment: 4, crc: 5 };

fn packed(items: &[Item]) -> (Vec<Vec<u8>>, Footer) {
    let mut pages = Vec::new();
    let mut page = |number: u64, page: Vec<u8>| {
        assert_eq!(number, pages.len() as u64);
        pages.push(page);
        Ok(())
    };
    let mut packer = Packer::new();
    for item in items {
        packer.push(item, &mut page).unwrap();
    }
    let footer = packer.finish(HEAD, &mut page).unwrap();
    (pages, footer)
}

fn unpacked(pages: &[Vec<u8>], footer: &[u8]) -> Result<Vec<Item>, Damage> {
    let mut items = Vec::new();
    let mut sink = |item| {
        items.push(item);
        Ok(())
    };
    let mut unpacker = Unpacker::new(&mut sink);
    for (number, page) in (0..).zip(pages) {
        unpacker.page(number, page)?;
    }
    unpacker.finish(footer)?;
    Ok(items)
}

fn loaded(snapshots: &dyn Snapshots, listed: &Listed, trust: Trust) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    let mut sink = |item| {
        items.push(item);
        Ok(())
    };
    snapshots.load(listed, trust, &mut sink)?;
    Ok(items)
}

fn root(key_len: usize) -> Item {
    let key = SealedKey { kid: Text::parse("k").unwrap(), sealed: vec![9; key_len].into(), added_at: Timestamp::EPOCH };
    Item::AccountPut(Entity::Root(Arc::new(Root {
        id: AccountId(1),
        name: None,
        created_at: Timestamp::EPOCH,
        last_stamp: Timestamp::EPOCH,
        signing_keys: vec![key],
    })))
}

fn some_items(count: u64) -> Vec<Item> {
    let begin = |id| Item::Begin { aggregate: AggregateRef::Account(AccountId(id)), aggregate_seq: id };
    (0..count).flat_map(|id| [begin(id), root(100 + usize::try_from(id).unwrap() % 900)]).collect()
}

proptest! {
    #[test]
    fn items_come_out_of_pages_as_they_went_in(items in prop::collection::vec(item(), 0..60)) {
        let (pages, footer) = packed(&items);
        prop_assert!(pages.iter().all(|page| page.len() + 8 <= PAGE_LEN_MAX));
        prop_assert_eq!(unpacked(&pages, &footer.encode().unwrap()).unwrap(), items);
    }

    #[test]
    fn a_page_that_is_changed_lost_doubled_or_moved_is_seen(
        count in 80..120_u64, at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), how in 0..4
    ) {
        let (mut pages, footer) = packed(&some_items(count));
        assert!(pages.len() > 2);
        let at = at.index(pages.len() - 1);
        match how {
            0 => {
                let byte = byte.index(pages[at].len());
                pages[at][byte] ^= 0x10;
            }
            1 => drop(pages.remove(at)),
            2 => pages.insert(at, pages[at].clone()),
            _ => pages.swap(at, at + 1),
        }
        prop_assert!(unpacked(&pages, &footer.encode().unwrap()).is_err());
    }
}

#[test]
fn a_large_entity_spans_pages() {
    let items = [root(20_000), root(1), root(SLICE_LEN)];
    let (pages, footer) = packed(&items);
    assert_eq!(pages.len(), (20_000 + SLICE_LEN + 200).div_ceil(SLICE_LEN));
    assert_eq!(footer.counts.entities, 3);
    assert_eq!(unpacked(&pages, &footer.encode().unwrap()).unwrap(), items);
}

#[test]
fn a_footer_with_other_counts_or_another_digest_is_refused() {
    let (pages, footer) = packed(&some_items(3));
    for bad in
        [Footer { counts: Counts { entities: 4, ..footer.counts }, ..footer }, Footer { digest: [0; 32], ..footer }]
    {
        assert!(matches!(unpacked(&pages, &bad.encode().unwrap()), Err(Damage::Content)));
    }
    let (less, _) = packed(&some_items(2));
    assert!(unpacked(&less, &footer.encode().unwrap()).is_err());
}

fn sled_in(dir: &Path) -> SledSnapshots {
    SledSnapshots::open(dir, &dir.join("scratch")).unwrap()
}

#[test]
fn both_stores_give_back_what_they_were_given() {
    let temp = tempfile::tempdir().unwrap();
    for snapshots in [&MemorySnapshots::default() as &dyn Snapshots, &sled_in(temp.path())] {
        for (name, count) in [("a", 0), ("b", 1), ("c", 3000)] {
            let items = some_items(count);
            let listed = snapshots.write(name, HEAD, &mut items.clone().into_iter()).unwrap();
            assert_eq!(loaded(snapshots, &listed, Trust::Files).unwrap(), items);
            assert_eq!(loaded(snapshots, &listed, Trust::Items).unwrap(), items);
            let another = Listed { seq: 13, ..listed.clone() };
            assert!(matches!(
                loaded(snapshots, &another, Trust::Files),
                Err(Error::Damaged { reason: Damage::Another, .. })
            ));
        }
        assert_eq!(snapshots.names().unwrap(), ["a", "b", "c"]);
        snapshots.remove("b").unwrap();
        assert_eq!(snapshots.names().unwrap(), ["a", "c"]);
    }
}

#[test]
fn a_written_snapshot_has_no_blob_no_stranger_and_nobody_else_s_eyes() {
    let temp = tempfile::tempdir().unwrap();
    let snapshots = sled_in(temp.path());
    let mut items = some_items(2000).into_iter().chain([root(300_000)]);
    let listed = snapshots.write("a", HEAD, &mut items).unwrap();
    let dir = temp.path().join("snapshots/a");
    let mut names: Vec<_> =
        fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, listed.files.iter().map(|file| file.name.clone()).collect::<Vec<_>>());
    for file in &listed.files {
        assert_eq!(fs::metadata(dir.join(&file.name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(temp.path().join("scratch")).unwrap().count(), 0);
}

/// Opening a sled directory writes to it. The listed one must stay as it was, byte for byte.
#[test]
fn reading_does_not_touch_the_listed_directory() {
    let temp = tempfile::tempdir().unwrap();
    let snapshots = sled_in(temp.path());
    let listed = snapshots.write("a", HEAD, &mut some_items(2000).into_iter()).unwrap();
    let dir = temp.path().join("snapshots/a");
    let state = || {
        let mut files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort_unstable();
        files
            .into_iter()
            .map(|p| (fs::read(&p).unwrap(), fs::metadata(&p).unwrap().modified().unwrap(), p))
            .collect::<Vec<_>>()
    };
    let before = state();
    loaded(&snapshots, &listed, Trust::Files).unwrap();
    loaded(&snapshots, &listed, Trust::Items).unwrap();
    assert!(state() == before);
}

#[test]
fn a_damaged_file_is_named_before_sled_sees_it() {
    let temp = tempfile::tempdir().unwrap();
    let snapshots = sled_in(temp.path());
    let listed = snapshots.write("a", HEAD, &mut some_items(50).into_iter()).unwrap();
    for file in &listed.files {
        let path = temp.path().join("snapshots/a").join(&file.name);
        let good = fs::read(&path).unwrap();
        let reason = |bytes: Option<&[u8]>| {
            bytes.map_or_else(|| fs::remove_file(&path), |bytes| fs::write(&path, bytes)).unwrap();
            let error = loaded(&snapshots, &listed, Trust::Files).unwrap_err();
            fs::write(&path, &good).unwrap();
            match error {
                Error::Damaged { file: named, reason } => {
                    assert_eq!(named, format!("snapshots/a/{}", file.name));
                    reason
                }
                other => unreachable!("{other}"),
            }
        };
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        assert!(matches!(reason(Some(&flipped)), Damage::Digest));
        assert!(matches!(reason(Some(&good[..good.len() - 1])), Damage::Length { .. }));
        assert!(matches!(reason(None), Damage::Missing));
    }
    loaded(&snapshots, &listed, Trust::Files).unwrap();
}

/// What a repair does: whatever sled makes of a damaged copy, the items are whole or refused.
#[test]
fn by_items_alone_a_damaged_snapshot_is_whole_or_refused() {
    let temp = tempfile::tempdir().unwrap();
    let snapshots = sled_in(temp.path());
    let items = some_items(200);
    let listed = snapshots.write("a", HEAD, &mut items.clone().into_iter()).unwrap();
    fs::write(temp.path().join("snapshots/a/snap.0000.generating"), b"half").unwrap();
    assert_eq!(loaded(&snapshots, &listed, Trust::Items).unwrap(), items);
    let path = temp.path().join("snapshots/a/db");
    let good = fs::read(&path).unwrap();
    let (mut whole, mut refused) = (0, 0);
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut flipped = good.clone();
        flipped[at] ^= 0x20;
        fs::write(&path, &flipped).unwrap();
        match loaded(&snapshots, &listed, Trust::Items) {
            Ok(read) => {
                assert_eq!(read, items);
                whole += 1;
            }
            Err(Error::Damaged { .. }) => refused += 1,
            Err(other) => unreachable!("{other}"),
        }
    }
    assert!(whole > 0 && refused > 0, "whole {whole}, refused {refused}");
}
