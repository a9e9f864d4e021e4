//! Verify: reads everything a data directory holds and says what is wrong with it. It changes nothing in the directory.
//!
//! It finds what an opening would refuse, and what it would get over: a damaged copy of `CURRENT`, snapshots that are only there to fall
//! back to, and whether falling back to them would end in the same state.

use super::Error;
use super::current::{self, Chain, Current};
use super::disk::RealDisk;
use super::journal::{Layout, Torn};
use super::lock::Lock;
use super::recovery::fold::Assembled;
use super::recovery::{Causes, Place, Progress, Refusal, Report, read_chain, replay};
use super::snapshot::{Lineage, SledSnapshots};
use std::fs;
use std::path::Path;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// What a data directory holds, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Verified {
    /// The random name of its history; `None` when `CURRENT` cannot be read.
    pub lineage: Option<Lineage>,
    /// The last record that can be read.
    pub seq: u64,
    /// Accounts.
    pub accounts: usize,
    /// Customers.
    pub customers: usize,
    /// Sessions, ended ones among them.
    pub sessions: usize,
    /// An unfinished write at the end of the journal, which an opening drops.
    pub torn: Option<Torn>,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// An opening refuses this.
    #[error("{0}")]
    Fatal(Error),
    /// The newest snapshots cannot be read. An opening takes those before them and loses nothing.
    #[error("the newest snapshots cannot be read, those before them can: {}", Causes(&**.0))]
    Newest(Box<Refusal>),
    /// The copy of `CURRENT` cannot be read. The next snapshot writes it again.
    #[error("CURRENT.copy is damaged: {0}")]
    Copy(current::Damage),
    /// The snapshots to fall back to, or the journal that follows them, are damaged. An opening does without them.
    #[error("there is nothing to fall back to: {}", Causes(&**.0))]
    Fallback(Box<Refusal>),
    /// Both ways to the present end in different states. This is a bug, or damage that no checksum saw.
    #[error("the newest snapshots and those before them lead to different states")]
    Diverges,
}

/// Reads everything. Snapshots are copied to a directory of its own under `scratch`, which is removed at the end.
///
/// # Errors
/// When the directory is in use or cannot be read at all; what is wrong with it is no error but a finding.
pub fn verify(dir: &Path, scratch: &Path, progress: &mut dyn Progress) -> Result<Verified, Error> {
    let failed = |source| Error::File { operation: "read", path: dir.to_owned(), source };
    let dir = fs::canonicalize(dir).map_err(failed)?;
    let _lock = Lock::for_reading(&dir)?;
    let scratch = scratch.join(format!("doorward-verify-{}", std::process::id()));
    let disk = Arc::new(RealDisk::open(&dir)?);
    let snapshots = Arc::new(SledSnapshots::open(&dir, &scratch)?);
    let place = Place { dir, disk, snapshots, layout: Layout::default() };
    let verified = verify_place(&place, progress);
    fs::remove_dir_all(&scratch).ok();
    verified
}

fn verify_place(place: &Place, progress: &mut dyn Progress) -> Result<Verified, Error> {
    let mut verified = Verified::default();
    if let Err(damage) = Current::load(&*place.disk, current::COPY)? {
        verified.findings.push(Finding::Copy(damage));
    }
    let current = match Current::load(&*place.disk, current::FILE)? {
        Ok(current) => current,
        Err(damage) => {
            let refusal = Error::from(Refusal::Current(damage)).in_dir(&place.dir);
            verified.findings.push(Finding::Fatal(refusal));
            return Ok(verified);
        }
    };
    verified.lineage = Some(current.lineage);
    let newest = read(place, &current.chain, progress);
    let older = current.fallback.as_ref().map(|fallback| read(place, fallback, progress));
    match &newest {
        Ok((assembled, report)) => verified.count(assembled, report),
        // An opening takes the older ones, if it can.
        Err(_) => {
            if let Some(Ok((assembled, report))) = &older {
                verified.count(assembled, report);
            }
        }
    }
    if let (Ok((newest, _)), Some(Ok((older, _)))) = (&newest, &older)
        && !newest.is_same(older)
    {
        verified.findings.push(Finding::Diverges);
    }
    let can_fall_back = matches!(older, Some(Ok(_)));
    match newest {
        Err(Error::Refused { reason, .. }) if can_fall_back && is_of_snapshots(&reason) => {
            verified.findings.push(Finding::Newest(reason));
        }
        Err(error @ Error::Refused { .. }) => verified.findings.push(Finding::Fatal(error.in_dir(&place.dir))),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    match older {
        Some(Err(Error::Refused { reason, .. })) => verified.findings.push(Finding::Fallback(reason)),
        Some(Err(error)) => return Err(error),
        Some(Ok(_)) | None => {}
    }
    Ok(verified)
}

/// Whether an opening that is refused so tries the snapshots before the newest.
fn is_of_snapshots(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Snapshot(_) | Refusal::Chain { .. })
}

fn read(place: &Place, chain: &Chain, progress: &mut dyn Progress) -> Result<(Assembled, Report), Error> {
    let mut report = Report::default();
    let mut fold = read_chain(&*place.snapshots, chain, progress)?;
    replay(place, chain.cut, &mut fold, &mut report, progress)?;
    report.seq = fold.seq.0;
    let assembled = fold.assemble();
    assembled.check()?;
    Ok((assembled, report))
}

impl Verified {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn count(&mut self, assembled: &Assembled, report: &Report) {
        self.seq = report.seq;
        self.torn.clone_from(&report.torn);
        self.accounts = assembled.accounts.len();
        self.customers = assembled.accounts.iter().map(|account| account.state.customers_len()).sum();
        self.sessions = assembled.accounts.iter().map(|account| account.state.sessions_len()).sum();
    }
}
