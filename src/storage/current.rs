//! `CURRENT`: which snapshots and which place in which journal make up the state. What it does not name is litter.
//!
//! It is text, so that an operator can read it, and it is parsed strictly: its last line is its own checksum, and only the text this
//! program would write for it is taken. It is replaced whole: written beside, synced, renamed, directory synced. A copy is replaced
//! first, in the same way: should `CURRENT` be damaged, the copy says the same or what was about to be said, and everything it names
//! is durable. Recovery never takes it in place of `CURRENT`; a repair does.

use super::disk::{Disk, Fault};
use super::journal::{Cut, Generation, SegmentNo, Seq};
use super::record::Reach;
use super::snapshot::{Lineage, Listed, ListedFile};
use std::fmt::{self, Write};
use std::num::ParseIntError;

/// The file's name.
pub const FILE: &str = "CURRENT";
/// The copy's name.
pub const COPY: &str = "CURRENT.copy";

/// The first line.
const TITLE: &str = "doorward data 1";
/// The longest it can be, in bytes.
const LEN_MAX: usize = 1024 * 1024;
/// The suffix of what is being written.
const NEW: &str = ".new";

/// What makes up the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The history it belongs to.
    pub lineage: Lineage,
    /// The generation of the journal.
    pub generation: Generation,
    /// The number that the next snapshot is named with.
    pub serial: u64,
    /// The newest snapshots and where the journal goes on from them.
    pub chain: Chain,
    /// What was listed before, for the case that the newest is damaged.
    pub fallback: Option<Chain>,
}

/// A base and the deltas that follow it, and the place in the journal where they end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Where the journal goes on.
    pub cut: Cut,
    /// Base first. Empty before the first snapshot.
    pub snapshots: Vec<Listed>,
}

/// What is wrong with a `CURRENT`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// It is longer than any.
    #[error("it has {0} bytes, more than any")]
    Length(u64),
    /// It is no text, or its first line is another.
    #[error("it is not a file of this format, or of a newer one")]
    Title,
    /// Its checksum does not fit.
    #[error("its checksum does not match")]
    Checksum,
    /// A line is not what belongs there.
    #[error("line {0} is malformed")]
    Line(usize),
    /// It is not written as this program writes it.
    #[error("it is not written as this program writes it")]
    Form,
}

impl Current {
    /// Everything it lists, the newest first.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.chain.snapshots.iter().chain(self.fallback.iter().flat_map(|chain| &chain.snapshots))
    }

    /// Replaces the copy, then the file, durably.
    ///
    /// # Errors
    /// When the disk fails. Which of the two states a later reading finds is then open; both are whole.
    pub fn store(&self, disk: &dyn Disk) -> Result<(), Fault> {
        let text = self.to_string();
        for name in [COPY, FILE] {
            let new = format!("{name}{NEW}");
            if disk.len(&new)?.is_some() {
                disk.remove(&new)?;
            }
            let mut file = disk.create(&new, text.len() as u64)?;
            file.write_at(0, text.as_bytes())?;
            file.sync()?;
            disk.rename(&new, name)?;
            disk.sync_dir("")?;
        }
        Ok(())
    }

    /// Reads the file, or the copy.
    ///
    /// # Errors
    /// When the disk fails; `Ok(Err(_))` says what is wrong with the file.
    pub fn load(disk: &dyn Disk, name: &str) -> Result<Result<Self, Damage>, Fault> {
        let Some(len) = disk.len(name)? else { return Ok(Err(Damage::Missing)) };
        if len > LEN_MAX as u64 {
            return Ok(Err(Damage::Length(len)));
        }
        Ok(Self::parse(&disk.read(name, 0, LEN_MAX)?))
    }

    fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        let text = std::str::from_utf8(bytes).map_err(|_| Damage::Title)?;
        let body = text.strip_prefix(TITLE).and_then(|rest| rest.strip_prefix('\n')).ok_or(Damage::Title)?;
        let checksum = text.len().checked_sub(CHECKSUM_LEN).and_then(|at| text.split_at_checked(at));
        let (before, checksum) = checksum.ok_or(Damage::Checksum)?;
        if checksum != checksum_line(before) {
            return Err(Damage::Checksum);
        }
        let current = Lines::new(body).current()?;
        if current.to_string() == text { Ok(current) } else { Err(Damage::Form) }
    }
}

impl fmt::Display for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{TITLE}\n");
        writeln!(text, "lineage {}", Hex(&self.lineage.0))?;
        writeln!(text, "generation {}", self.generation)?;
        writeln!(text, "serial {}", self.serial)?;
        self.chain.render("chain", &mut text)?;
        if let Some(fallback) = &self.fallback {
            fallback.render("fallback", &mut text)?;
        }
        let checksum = checksum_line(&text);
        f.write_str(&text)?;
        f.write_str(&checksum)
    }
}

impl Chain {
    fn render(&self, title: &str, text: &mut String) -> fmt::Result {
        let Cut { segment, seq, crc, .. } = self.cut;
        writeln!(text, "{title} seq {seq} segment {segment} crc {crc:08x}")?;
        for Listed { name, reach, seq, bytes, digest, files, .. } in &self.snapshots {
            match reach {
                Reach::Base => write!(text, "base {name}")?,
                Reach::Delta { after } => write!(text, "delta {name} after {after}")?,
            }
            writeln!(text, " seq {seq} bytes {bytes} sha256 {}", Hex(digest))?;
            for ListedFile { name, len, digest } in files {
                writeln!(text, "file {name} bytes {len} sha256 {}", Hex(digest))?;
            }
        }
        Ok(())
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

const CHECKSUM_LEN: usize = "crc32 00000000\n".len();

fn checksum_line(before: &str) -> String {
    format!("crc32 {:08x}\n", crc32fast::hash(before.as_bytes()))
}

/// Reads line by line; what is not the one expected line is an error with its number.
struct Lines<'a> {
    lines: std::iter::Peekable<std::str::Lines<'a>>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(body: &'a str) -> Self {
        Self { lines: body.lines().peekable(), number: 1 }
    }

    fn current(mut self) -> Result<Current, Damage> {
        let [lineage] = self.line(["lineage"])?;
        let lineage = Lineage(self.hex(lineage)?);
        let [generation] = self.line(["generation"])?;
        let generation = Generation(self.number(generation)?);
        let [serial] = self.line(["serial"])?;
        let serial = self.number(serial)?;
        let chain = self.chain("chain", generation, lineage)?;
        let fallback = if self.is_next("fallback") { Some(self.chain("fallback", generation, lineage)?) } else { None };
        // The checksum was compared before; a line behind it would not have been written again.
        Ok(Current { lineage, generation, serial, chain, fallback })
    }

    fn chain(&mut self, title: &'static str, generation: Generation, lineage: Lineage) -> Result<Chain, Damage> {
        let [none, seq, segment, crc] = self.line([title, "seq", "segment", "crc"])?;
        if !none.is_empty() {
            return Err(Damage::Line(self.number));
        }
        let seq = Seq(self.number(seq)?);
        let segment = SegmentNo(self.number(segment)?);
        let crc = u32::from_be_bytes(self.hex(crc)?);
        let mut snapshots = Vec::new();
        while let Some(listed) = self.listed(lineage)? {
            snapshots.push(listed);
        }
        Ok(Chain { cut: Cut { generation, segment, seq, crc }, snapshots })
    }

    fn listed(&mut self, lineage: Lineage) -> Result<Option<Listed>, Damage> {
        let (name, reach, rest) = if self.is_next("base") {
            let [name, seq, bytes, digest] = self.line(["base", "seq", "bytes", "sha256"])?;
            (name, Reach::Base, [seq, bytes, digest])
        } else if self.is_next("delta") {
            let [name, after, seq, bytes, digest] = self.line(["delta", "after", "seq", "bytes", "sha256"])?;
            (name, Reach::Delta { after: self.number(after)? }, [seq, bytes, digest])
        } else {
            return Ok(None);
        };
        let [seq, bytes, digest] = rest;
        let (name, seq) = (self.name(name)?, self.number(seq)?);
        let (bytes, digest) = (self.number(bytes)?, self.hex(digest)?);
        let mut files = Vec::new();
        while self.is_next("file") {
            let [name, len, digest] = self.line(["file", "bytes", "sha256"])?;
            files.push(ListedFile { name: self.name(name)?, len: self.number(len)?, digest: self.hex(digest)? });
        }
        Ok(Some(Listed { name, lineage, reach, seq, bytes, digest, files }))
    }

    fn is_next(&mut self, key: &str) -> bool {
        self.lines.peek().and_then(|line| line.split(' ').next()) == Some(key)
    }

    /// The values of a line of keys and values. A first key may stand without a value when another key follows it.
    fn line<const N: usize>(&mut self, keys: [&str; N]) -> Result<[&'a str; N], Damage> {
        self.number += 1;
        let malformed = Damage::Line(self.number);
        let mut words = self.lines.next().ok_or(malformed.clone())?.split(' ').peekable();
        let mut values = [""; N];
        for (at, (key, value)) in keys.iter().zip(&mut values).enumerate() {
            if words.next() != Some(key) {
                return Err(malformed);
            }
            let is_title = at == 0 && keys.get(1).is_some_and(|next| words.peek() == Some(next));
            if !is_title {
                *value = words.next().ok_or(malformed.clone())?;
            }
        }
        if words.next().is_some() { Err(malformed) } else { Ok(values) }
    }

    fn number(&self, word: &str) -> Result<u64, Damage> {
        word.parse().map_err(|_: ParseIntError| Damage::Line(self.number))
    }

    fn name(&self, word: &str) -> Result<String, Damage> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let ok = !word.is_empty() && !word.starts_with('.') && word.chars().all(is_plain);
        if ok { Ok(word.to_owned()) } else { Err(Damage::Line(self.number)) }
    }

    fn hex<const N: usize>(&self, word: &str) -> Result<[u8; N], Damage> {
        let malformed = Damage::Line(self.number);
        if word.len() != 2 * N || !word.is_ascii() {
            return Err(malformed);
        }
        let mut bytes = [0; N];
        for (byte, digits) in bytes.iter_mut().zip(word.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| malformed.clone())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed.clone())?;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::super::disk::SimDisk;
    use super::*;

    fn listed(name: &str, reach: Reach, seq: u64) -> Listed {
        let file = |name: &str| ListedFile { name: name.to_owned(), len: 64, digest: [9; 32] };
        let files = vec![file("conf"), file("db"), file("snap.0000000000000029")];
        Listed { name: name.to_owned(), lineage: Lineage([3; 16]), reach, seq, bytes: 77, digest: [8; 32], files }
    }

    pub(crate) fn sample() -> Current {
        let generation = Generation(4);
        let cut = |segment, seq| Cut { generation, segment: SegmentNo(segment), seq: Seq(seq), crc: 0xabc };
        let base = listed("0000000001-base", Reach::Base, 10);
        let delta = listed("0000000002-delta", Reach::Delta { after: 10 }, 20);
        Current {
            lineage: Lineage([3; 16]),
            generation,
            serial: 3,
            chain: Chain { cut: cut(5, 20), snapshots: vec![base.clone(), delta] },
            fallback: Some(Chain { cut: cut(3, 10), snapshots: vec![base] }),
        }
    }

    fn empty() -> Current {
        let cut = Cut { generation: Generation(1), segment: SegmentNo(1), seq: Seq(0), crc: 0 };
        let chain = Chain { cut, snapshots: Vec::new() };
        Current { lineage: Lineage([0; 16]), generation: Generation(1), serial: 1, chain, fallback: None }
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        for current in [sample(), empty()] {
            assert_eq!(Current::parse(current.to_string().as_bytes()), Ok(current));
        }
    }

    #[test]
    fn an_operator_can_read_it() {
        insta::assert_snapshot!(sample());
    }

    #[test]
    fn every_flipped_bit_and_every_lost_end_is_seen() {
        let text = sample().to_string().into_bytes();
        for at in 0..text.len() {
            assert!(Current::parse(&text[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = text.clone();
                flipped[at] ^= 1 << bit;
                assert!(Current::parse(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn only_its_own_form_is_taken_whatever_the_checksum() {
        let text = sample().to_string();
        let body = &text[..text.len() - CHECKSUM_LEN];
        for (from, to) in [
            ("generation 4", "generation 04"),
            ("generation 4", "generation +4"),
            ("generation 4", "generation  4"),
            ("generation 4\n", "generation 4\nmore 1\n"),
            ("serial 3\n", ""),
            ("file db", "file ../db"),
            ("file db", "file .."),
            ("crc 00000abc", "crc abc"),
            ("crc 00000abc", "crc 00000ABC"),
            ("lineage 03", "lineage é"),
            ("fallback", "fallback x"),
            ("base ", "base"),
        ] {
            assert!(body.contains(from), "{from}");
            let changed = body.replacen(from, to, 1);
            let whole = format!("{changed}{}", checksum_line(&changed));
            assert!(Current::parse(whole.as_bytes()).is_err(), "{from} → {to}");
        }
        let newer = body.replacen("data 1", "data 2", 1);
        let newer = format!("{newer}{}", checksum_line(&newer));
        assert_eq!(Current::parse(newer.as_bytes()), Err(Damage::Title));
    }

    #[test]
    fn a_power_cut_at_any_step_of_replacing_leaves_the_old_or_the_new_in_both_files() {
        let (old, new) = (empty(), sample());
        let mut kept = [0, 0];
        for seed in 0..40 {
            for step in 0..12 {
                let disk = SimDisk::new(seed);
                old.store(&disk).unwrap();
                disk.power_off_at(step);
                let stored = new.store(&disk);
                disk.power_cut();
                let read = |name| Current::load(&disk, name).unwrap().unwrap();
                let (file, copy) = (read(FILE), read(COPY));
                assert!([&old, &new].contains(&&file) && [&old, &new].contains(&&copy));
                // The copy is never older than the file.
                assert!(!(file == new && copy == old));
                assert!(stored.is_err() || file == new);
                kept[usize::from(file == new)] += 1;
                // And it goes on from there.
                new.store(&disk).unwrap();
                assert_eq!(read(FILE), new);
            }
        }
        assert!(kept[0] > 100 && kept[1] > 50, "{kept:?}");
    }

    #[test]
    fn what_is_missing_or_too_long_is_told() {
        let disk = SimDisk::new(1);
        assert_eq!(Current::load(&disk, FILE).unwrap(), Err(Damage::Missing));
        disk.create(FILE, LEN_MAX as u64 + 1).unwrap();
        assert_eq!(Current::load(&disk, FILE).unwrap(), Err(Damage::Length(LEN_MAX as u64 + 1)));
    }
}
