//! Which passwords a site accepts when one is set. Never asked at login.
//!
//! The hashing room estimates a candidate; the rule stands here. There are no composition rules and no forced rotation
//! (NIST SP 800-63B-4 §3.1.1.2), unless a site asks for the published "strong" rule to stay compatible.

use crate::limits::PASSWORD_CODE_POINTS_MAX;

/// What a site asks of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest code points after normalisation, 6 to 64; 15 is recommended where the password is the only factor.
    pub length_min: u16,
    /// The lowest zxcvbn score, 0 to 4.
    pub score_min: u8,
    /// The published "strong" rule: 8 to 30 characters with a digit, a symbol, a lower and an upper case letter.
    pub composition: Composition,
}

/// Whether the published composition rule is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Composition {
    /// Any characters.
    Free,
    /// 8 to 30 characters, with a digit, a symbol, a lower and an upper case letter.
    Strong,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { length_min: 8, score_min: 2, composition: Composition::Free }
    }
}

/// What is known of a password that somebody wants to set. Never the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Code points after normalisation.
    pub code_points: usize,
    /// zxcvbn's score, 0 to 4.
    pub score: u8,
    /// It stands on the list of common passwords.
    pub is_listed: bool,
    /// It is little more than the e-mail, a name, or the site's name.
    pub is_context: bool,
    /// It has a digit, a symbol, a lower and an upper case letter.
    pub is_composed: bool,
    /// It is the password the customer has now.
    pub is_current: bool,
}

/// Why a password was refused, and so what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Too few code points.
    #[error("The password must have at least {min} characters.")]
    TooShort {
        /// The fewest that are allowed.
        min: u16,
    },
    /// Too many code points.
    #[error("The password must have at most {max} characters.")]
    TooLong {
        /// The most that are allowed.
        max: usize,
    },
    /// The published composition rule is on and not met.
    #[error("The password must have 8 to 30 characters with a digit, a symbol, a lower and an upper case letter.")]
    NotComposed,
    /// On the list of common passwords.
    #[error("The password is one of the most common ones; choose another.")]
    Listed,
    /// Made of the customer's own data.
    #[error("The password is too close to your e-mail, your name or the name of this site; choose another.")]
    Context,
    /// Too easy to guess.
    #[error("The password is too easy to guess; make it longer or less regular.")]
    Guessable,
    /// The same as before.
    #[error("The new password must differ from the current one.")]
    Unchanged,
}

impl PasswordPolicy {
    /// Whether `candidate` may be set.
    ///
    /// # Errors
    /// The first [`PasswordFault`], length first.
    pub fn check(&self, candidate: &Candidate) -> Result<(), PasswordFault> {
        let length_max = match self.composition {
            Composition::Free => PASSWORD_CODE_POINTS_MAX,
            Composition::Strong => 30,
        };
        if candidate.code_points < usize::from(self.length_min) {
            return Err(PasswordFault::TooShort { min: self.length_min });
        }
        if candidate.code_points > length_max {
            return Err(PasswordFault::TooLong { max: length_max });
        }
        if self.composition == Composition::Strong && (candidate.code_points < 8 || !candidate.is_composed) {
            return Err(PasswordFault::NotComposed);
        }
        if candidate.is_current {
            return Err(PasswordFault::Unchanged);
        }
        if candidate.is_listed {
            return Err(PasswordFault::Listed);
        }
        if candidate.is_context {
            return Err(PasswordFault::Context);
        }
        if candidate.score < self.score_min {
            return Err(PasswordFault::Guessable);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Candidate = Candidate {
        code_points: 12,
        score: 4,
        is_listed: false,
        is_context: false,
        is_composed: false,
        is_current: false,
    };

    #[test]
    fn length_is_counted_at_both_bounds() {
        let check = |code_points| PasswordPolicy::default().check(&Candidate { code_points, ..GOOD });
        assert_eq!(check(7), Err(PasswordFault::TooShort { min: 8 }));
        assert_eq!(check(8), Ok(()));
        assert_eq!(check(256), Ok(()));
        assert_eq!(check(257), Err(PasswordFault::TooLong { max: 256 }));
    }

    #[test]
    fn each_fault_is_told_apart() {
        let check = |candidate| PasswordPolicy::default().check(&candidate);
        assert_eq!(check(GOOD), Ok(()));
        assert_eq!(check(Candidate { is_current: true, ..GOOD }), Err(PasswordFault::Unchanged));
        assert_eq!(check(Candidate { is_listed: true, ..GOOD }), Err(PasswordFault::Listed));
        assert_eq!(check(Candidate { is_context: true, ..GOOD }), Err(PasswordFault::Context));
        assert_eq!(check(Candidate { score: 1, ..GOOD }), Err(PasswordFault::Guessable));
        assert_eq!(check(Candidate { score: 2, ..GOOD }), Ok(()));
    }

    #[test]
    fn the_published_strong_rule_is_a_setting() {
        let strong = PasswordPolicy { length_min: 6, composition: Composition::Strong, ..PasswordPolicy::default() };
        let composed = Candidate { is_composed: true, ..GOOD };
        assert_eq!(strong.check(&composed), Ok(()));
        assert_eq!(strong.check(&GOOD), Err(PasswordFault::NotComposed));
        assert_eq!(strong.check(&Candidate { code_points: 7, ..composed }), Err(PasswordFault::NotComposed));
        assert_eq!(strong.check(&Candidate { code_points: 8, ..composed }), Ok(()));
        assert_eq!(strong.check(&Candidate { code_points: 30, ..composed }), Ok(()));
        assert_eq!(strong.check(&Candidate { code_points: 31, ..composed }), Err(PasswordFault::TooLong { max: 30 }));
    }
}
