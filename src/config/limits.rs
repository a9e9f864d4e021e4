//! `[limits]`: how many writes may be under way, and how often one address may register or log in.

use super::problem::Fault;
use super::section::Section;
use crate::actors::directory::Bounds;
use crate::throttle::Quota;

/// The section, checked.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Writes under way.
    pub bounds: Bounds,
    /// Registrations of one address.
    pub registrations: Option<Quota>,
    /// Logins of one address, whatever comes of them.
    pub logins: Option<Quota>,
}

/// The most writes that may be under way: the journal keeps a place for each.
const WRITES_MAX: usize = 65_536;

pub(super) fn read(mut section: Section<'_, '_>) -> Limits {
    let default = Bounds::default();
    let writes_max = section.number("writes_max", 1..=WRITES_MAX, default.writes_max);
    let account_writes_max =
        section.number("account_writes_max", 1..=WRITES_MAX, default.account_writes_max.min(writes_max));
    if account_writes_max > writes_max {
        let max = u64::try_from(writes_max).unwrap_or(u64::MAX);
        section.refuse("account_writes_max", Fault::Above { of: "limits.writes_max", max });
    }
    Limits {
        bounds: Bounds { writes_max, account_writes_max },
        registrations: section.quota("registrations_per_address", Some(Quota::REGISTRATIONS)),
        logins: section.quota("logins_per_address", Some(Quota::LOGINS)),
    }
}
