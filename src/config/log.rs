//! `[log]`: the form of the log and what it holds. It always goes to standard error.

use super::problem::Fault;
use super::section::Section;
use crate::telemetry::{self, Format};

/// What is logged unless the file says otherwise.
const FILTER_DEFAULT: &str = "info";

/// The section, checked.
#[derive(Clone, Debug)]
pub struct Log {
    /// The form of a line.
    pub format: Format,
    /// What is logged.
    pub filter: String,
}

pub(super) fn read(mut section: Section<'_, '_>) -> Log {
    let format = section.text("format", |text| match text {
        "json" => Ok(Format::Json),
        "human" => Ok(Format::Human),
        _ => Err(Fault::Not("\"json\" or \"human\"")),
    });
    let filter = section.text("filter", |text| match telemetry::check(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => Err(Fault::Filter(error)),
    });
    Log { format: format.unwrap_or_default(), filter: filter.unwrap_or_else(|| FILTER_DEFAULT.to_owned()) }
}
