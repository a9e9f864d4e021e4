//! Who says they are here: by e-mail or by user name.

use doorward_domain::account::{Customer, State};
use doorward_domain::email::Email;
use doorward_domain::username::Username;
use std::sync::Arc;

/// What a customer logs in with beside the password. Text that is no address and no user name names nobody, like any unknown one:
/// the answer must not differ.
#[derive(Clone, Debug)]
pub enum Identity {
    /// An e-mail address, as typed.
    Email(String),
    /// A user name, as typed.
    Username(String),
}

/// Characters of an unreadable identity that are compared when attempts are counted.
const COUNTED_CHARS_MAX: usize = 254;

impl Identity {
    /// The customer it names, if any.
    pub(super) fn find<'s>(&self, state: &'s State) -> Option<&'s Arc<Customer>> {
        match self {
            Self::Email(typed) => state.customer_by_email(&Email::parse(typed).ok()?.key()),
            Self::Username(typed) => state.customer_by_username(&Username::parse(typed).ok()?.key()),
        }
    }

    /// What attempts are counted by: the same for every spelling of one address, whether or not anybody has it.
    pub(super) fn counted_as(&self) -> String {
        let lower = |typed: &str| typed.trim().chars().take(COUNTED_CHARS_MAX).collect::<String>().to_lowercase();
        match self {
            Self::Email(typed) => match Email::parse(typed) {
                Ok(email) => email.key().as_str().to_owned(),
                Err(_) => lower(typed),
            },
            Self::Username(typed) => lower(typed),
        }
    }
}
