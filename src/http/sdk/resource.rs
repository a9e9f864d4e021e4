//! The published resources, as answers show them.

pub(super) mod customer;
mod nothing;
pub(super) mod site;
