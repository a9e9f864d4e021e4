//! Items as pages, and back. The items of a snapshot, each with its length before it, are one stream of bytes; a page is a slice of it.
//!
//! So small entities share a page and a large one spans several. Nothing here knows where pages are kept.

use super::super::record::{self, Counts, Footer, ITEM_LEN_MAX, Item, PAGE_HEADER_LEN};
use super::{Damage, Error, Head, Listed, Sink};
use aws_lc_rs::digest::{Context, SHA256};

/// The longest page, in bytes, with the 8 bytes of its key: 16 of them and more fit the 131 KB above which sled makes a blob file.
pub const PAGE_LEN_MAX: usize = 4096;
/// The bytes of the stream in one page.
pub const SLICE_LEN: usize = PAGE_LEN_MAX - KEY_LEN - PAGE_HEADER_LEN;
/// The length of a page's key.
const KEY_LEN: usize = 8;
/// The length before each item.
const LEN_LEN: usize = 4;

/// Cuts items into pages.
pub(super) struct Packer {
    pending: Vec<u8>,
    counts: Counts,
    digest: Context,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self { pending: Vec::new(), counts: Counts::default(), digest: Context::new(&SHA256) }
    }

    /// Adds an item, and hands out every page that is full.
    pub(super) fn push(&mut self, item: &Item, page: &mut Pages<'_>) -> Result<(), Error> {
        let start = self.pending.len();
        self.pending.extend_from_slice(&[0; LEN_LEN]);
        item.encode(&mut self.pending)?;
        let len = self.pending.len() - start - LEN_LEN;
        let len = u32::try_from(len).map_err(|_| record::Unfit::TooLong { len, max: ITEM_LEN_MAX })?;
        if let Some(place) = self.pending.get_mut(start..start + LEN_LEN) {
            place.copy_from_slice(&len.to_le_bytes());
        }
        self.digest.update(self.pending.get(start..).unwrap_or_default());
        self.counts.bytes += (self.pending.len() - start) as u64;
        count(&mut self.counts, item);
        let whole = self.pending.len() / SLICE_LEN * SLICE_LEN;
        self.flush(whole, page)
    }

    /// Hands out the last page and makes the footer.
    pub(super) fn finish(mut self, head: Head, page: &mut Pages<'_>) -> Result<Footer, Error> {
        self.flush(self.pending.len(), page)?;
        Ok(Footer {
            reach: head.reach,
            seq: head.seq,
            lineage: head.lineage.0,
            generation: head.generation,
            segment: head.segment,
            crc: head.crc,
            counts: self.counts,
            digest: finish(self.digest),
        })
    }

    fn flush(&mut self, len: usize, page: &mut Pages<'_>) -> Result<(), Error> {
        for slice in self.pending.get(..len).unwrap_or_default().chunks(SLICE_LEN) {
            let number = self.counts.pages;
            page(number, record::seal_page(number, slice)?)?;
            self.counts.pages += 1;
        }
        self.pending.drain(..len);
        Ok(())
    }
}

/// Takes pages, in order, with their numbers.
pub(super) type Pages<'a> = dyn FnMut(u64, Vec<u8>) -> Result<(), Error> + 'a;

/// Puts pages together to items again.
pub(super) struct Unpacker<'a, 'b> {
    sink: &'a mut Sink<'b>,
    pending: Vec<u8>,
    items: u64,
    counts: Counts,
    digest: Context,
}

impl<'a, 'b> Unpacker<'a, 'b> {
    pub(super) fn new(sink: &'a mut Sink<'b>) -> Self {
        Self { sink, pending: Vec::new(), items: 0, counts: Counts::default(), digest: Context::new(&SHA256) }
    }

    /// Takes the next page.
    pub(super) fn page(&mut self, number: u64, page: &[u8]) -> Result<(), Damage> {
        if number != self.counts.pages {
            return Err(Damage::PageMissing(self.counts.pages));
        }
        let opened = record::open_page(page, PAGE_LEN_MAX).map_err(|source| Damage::Page { page: number, source });
        let (own_number, slice) = opened?;
        if own_number != number {
            return Err(Damage::PageMissing(number));
        }
        self.counts.pages += 1;
        self.digest.update(slice);
        self.pending.extend_from_slice(slice);
        let mut used = 0;
        while let Some((len, rest)) = self.pending.get(used..).and_then(<[u8]>::split_first_chunk::<LEN_LEN>) {
            let len = usize::try_from(u32::from_le_bytes(*len)).unwrap_or(usize::MAX);
            let damaged = |source| Damage::Item { item: self.items, source };
            if len > ITEM_LEN_MAX {
                return Err(damaged(record::Damage::TooLong { len, max: ITEM_LEN_MAX }));
            }
            let Some(bytes) = rest.get(..len) else { break };
            let item = Item::decode(bytes).map_err(damaged)?;
            count(&mut self.counts, &item);
            self.counts.bytes += (LEN_LEN + len) as u64;
            (self.sink)(item)?;
            self.items += 1;
            used += LEN_LEN + len;
        }
        self.pending.drain(..used);
        Ok(())
    }

    /// Compares what was read with the footer.
    pub(super) fn finish(self, footer: &[u8]) -> Result<Footer, Damage> {
        let footer = Footer::decode(footer).map_err(Damage::Footer)?;
        if footer.counts.pages > self.counts.pages {
            return Err(Damage::PageMissing(self.counts.pages));
        }
        if self.ended()? != (footer.counts, footer.digest) {
            return Err(Damage::Content);
        }
        Ok(footer)
    }

    /// Compares what was read with what is listed, when there is no footer to ask.
    pub(super) fn finish_as(self, listed: &Listed) -> Result<(), Damage> {
        let (counts, digest) = self.ended()?;
        if counts.bytes < listed.bytes {
            return Err(Damage::PageMissing(counts.pages));
        }
        if (counts.bytes, digest) == (listed.bytes, listed.digest) { Ok(()) } else { Err(Damage::Content) }
    }

    fn ended(self) -> Result<(Counts, [u8; 32]), Damage> {
        if !self.pending.is_empty() {
            return Err(Damage::CutShort(self.items));
        }
        Ok((self.counts, finish(self.digest)))
    }
}

fn count(counts: &mut Counts, item: &Item) {
    match item {
        Item::Begin { .. } => counts.aggregates += 1,
        Item::PlatformPut(_) | Item::AccountPut(_) => counts.entities += 1,
        Item::PlatformRemoved(_) | Item::AccountRemoved(_) => counts.tombstones += 1,
    }
}

/// The 32 bytes of a SHA-256.
pub(super) fn finish(digest: Context) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}
