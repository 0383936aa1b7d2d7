//! What can be wrong with a profile: the file, the line, the field, and what to change.
//!
//! Serves DESIGN.md, "The program profile".

use super::identifiers::Id;

/// Why a profile cannot be used. `file` is the name that the caller gave; lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Larger than [`MAX_BYTES`].
    #[error("{file}: {size} bytes, more than a profile's {MAX_BYTES}")]
    TooLarge {
        /// The profile.
        file: String,
        /// Its size in bytes.
        size: usize,
    },
    /// Not TOML.
    #[error("{file}:{line}: not TOML: {problem}")]
    Syntax {
        /// The profile.
        file: String,
        /// Where.
        line: usize,
        /// What the TOML reader says.
        problem: String,
    },
    /// A field that profiles do not have.
    #[error("{file}:{line}: unknown field `{field}`; the nearest known one is `{nearest}`")]
    UnknownField {
        /// The profile.
        file: String,
        /// Where.
        line: usize,
        /// The field with its table, cut if long.
        field: String,
        /// What was probably meant.
        nearest: String,
    },
    /// A field whose value is missing or not of its kind.
    #[error("{file}:{line}: {field}: {problem}")]
    Value {
        /// The profile.
        file: String,
        /// Where.
        line: usize,
        /// The field with its table.
        field: String,
        /// What the value's own parser says.
        problem: String,
    },
    /// JSON that is no profile.
    #[error("{file}: {problem}")]
    Json {
        /// The profile.
        file: String,
        /// What is wrong, with line and column where they are known.
        problem: String,
    },
    /// Values that do not go together.
    #[error("{file}:{line}: {rule}")]
    Rule {
        /// The profile.
        file: String,
        /// Where.
        line: usize,
        /// What they break.
        rule: Rule,
    },
}

/// What must hold between the values of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// `contact = []`.
    #[error("a program needs a [[contact]]")]
    NoContact,
    /// A blank `name`.
    #[error("a program needs a name")]
    NoName,
    /// `wanted = "refused"` without `why`.
    #[error("where encryption is refused, `why` must tell people what to do instead")]
    RefusedWithoutWhy,
    /// `wanted = "refused"` or `"none-published"`, but `fingerprints` are there.
    #[error("a program that takes no encryption, or published no key, has no fingerprints")]
    KeysContradict,
    /// More days than ten years.
    #[error("an embargo of more than {MAX_EMBARGO_DAYS} days")]
    EmbargoTooLong,
    /// Two exclusions, or two rules of conduct, with one id.
    #[error("the id `{0}` is used twice")]
    DuplicateId(Id),
}

/// The largest profile that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// The longest embargo that a profile may ask for.
pub(super) const MAX_EMBARGO_DAYS: u16 = 3650;
