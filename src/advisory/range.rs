//! Which versions have the flaw: read from what people write, said as each format wants it.
//!
//! Read: GitHub's form (`>= 1.0, < 1.4.2`, several ranges with `||` between) and vers
//! (`vers:npm/>=1.0|<1.4.2`), whose constraints are in the order of their versions. Written: vers
//! (ECMA-428), the constraint part of it alone ("vls", CSAF 2.0 section 3.1.2.3.2), GitHub's form.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// One or more intervals, in the order in which they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    intervals: Vec<Interval>,
    scheme: Option<String>,
}

/// A part of a [`Range`] without a gap in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interval {
    /// One version.
    Exactly(String),
    /// Everything between two bounds.
    Between {
        /// Where it begins; `None` with the first version.
        from: Option<Bound>,
        /// Where it ends; `None` where no end is known.
        to: Option<Bound>,
    },
}

/// An end of an [`Interval`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The version.
    pub version: String,
    /// Whether the version itself belongs to the interval.
    pub included: bool,
}

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing, or an empty part.
    #[error("a range such as `>= 1.0, < 1.4.2` is wanted, with `||` between several")]
    Form,
    /// What stands behind the operator is no version.
    #[error("`{0}` is not a version")]
    Version(String),
    /// Two bounds of the same kind, or a version beside a bound.
    #[error(
        "`{0}` does not go together: write one lower and one upper bound, with `||` between several ranges"
    )]
    Together(String),
    /// A version inside a range is left out.
    #[error("`!=` is not understood: write the ranges on both sides of it, with `||` between them")]
    Unequal,
    /// Bounds of a vers URI that do not make pairs.
    #[error(
        "the bounds of `{0}` make no pairs: a vers URI lists them in the order of the versions"
    )]
    Pairs(String),
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let text = text.trim();
        if text.len() > MAX_RANGE || text.is_empty() {
            return Err(RangeError::Form);
        }
        if let Some(rest) = text.strip_prefix("vers:") {
            return Self::from_vers(text, rest);
        }
        let intervals = text.split("||").map(Interval::parse);
        Ok(Self {
            intervals: intervals.collect::<Result<_, _>>()?,
            scheme: None,
        })
    }

    fn from_vers(whole: &str, rest: &str) -> Result<Self, RangeError> {
        let (scheme, constraints) = rest.split_once('/').ok_or(RangeError::Form)?;
        let mut intervals = Vec::new();
        let mut open: Option<Bound> = None;
        let pairs = || RangeError::Pairs(whole.to_owned());
        let constraints: Vec<&str> = constraints.split('|').collect();
        for (place, text) in constraints.iter().enumerate() {
            if text.trim() == "*" {
                if constraints.len() > 1 {
                    return Err(pairs());
                }
                intervals.push(Interval::ALL);
                continue;
            }
            match Constraint::parse(&percent_decode_str(text).decode_utf8_lossy())? {
                Constraint::Equal(version) if open.is_none() => {
                    intervals.push(Interval::Exactly(version));
                }
                Constraint::From(bound) if open.is_none() => open = Some(bound),
                Constraint::To(bound) if open.is_some() || place == 0 => {
                    intervals.push(Interval::Between {
                        from: open.take(),
                        to: Some(bound),
                    });
                }
                _ => return Err(pairs()),
            }
        }
        intervals.extend(open.map(|from| Interval::Between {
            from: Some(from),
            to: None,
        }));
        Ok(Self {
            intervals,
            scheme: Some(scheme.to_owned()),
        })
    }

    /// One version alone.
    #[must_use]
    pub fn exactly(version: String) -> Self {
        Self {
            intervals: vec![Interval::Exactly(version)],
            scheme: None,
        }
    }

    /// The same with everything from `fixed` on left out; `None` where that is not clear: one version of
    /// several parts that end elsewhere, or the only version that has the flaw.
    pub(super) fn ending_at(mut self, fixed: &str) -> Option<Self> {
        let ends_there = |interval: &Interval| matches!(interval, Interval::Between { to: Some(to), .. } if !to.included && to.version == fixed);
        if self.intervals.iter().any(ends_there) {
            return Some(self);
        }
        match self.intervals.as_mut_slice() {
            // `<= 1.4.1` says which version is the last with the flaw, and goes together with any later fix.
            [Interval::Between { to: Some(to), .. }] if to.included => {
                (to.version != fixed).then_some(self)
            }
            [Interval::Between { to, .. }] => {
                *to = Some(Bound {
                    version: fixed.to_owned(),
                    included: false,
                });
                Some(self)
            }
            intervals => {
                let goes_together = |interval: &Interval| match interval {
                    Interval::Exactly(version) => version != fixed,
                    Interval::Between { to: Some(to), .. } => to.included && to.version != fixed,
                    Interval::Between { to: None, .. } => false,
                };
                intervals.iter().all(goes_together).then_some(self)
            }
        }
    }

    /// The intervals; at least one.
    #[must_use]
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// The versioning scheme, where it was written as a vers URI.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// A vers URI.
    #[must_use]
    pub fn to_vers(&self, scheme: &str) -> String {
        let encoded = |version: &str| utf8_percent_encode(version, VERS).to_string();
        format!("vers:{scheme}/{}", self.constraints(&encoded))
    }

    /// A "version-like specifier": the constraints of a vers URI.
    #[must_use]
    pub fn to_vls(&self) -> String {
        self.constraints(&str::to_owned)
    }

    fn constraints(&self, encoded: &dyn Fn(&str) -> String) -> String {
        let bound = |sign: &str, bound: &Bound| {
            let equal = if bound.included { "=" } else { "" };
            format!("{sign}{equal}{}", encoded(&bound.version))
        };
        let mut parts = Vec::new();
        for interval in &self.intervals {
            match interval {
                Interval::Exactly(version) => parts.push(encoded(version)),
                Interval::Between { from, to } => {
                    parts.extend(from.as_ref().map(|from| bound(">", from)));
                    parts.extend(to.as_ref().map(|to| bound("<", to)));
                    if from.is_none() && to.is_none() {
                        parts.push("*".to_owned());
                    }
                }
            }
        }
        parts.join("|")
    }
}

impl Interval {
    /// Every version.
    pub const ALL: Self = Self::Between {
        from: None,
        to: None,
    };

    /// As GitHub writes it: `>= 1.0, < 1.4.2`, `= 1.2.3`, and `>= 0` for every version.
    #[must_use]
    pub fn to_github(&self) -> String {
        let bound = |sign: char, bound: &Bound| {
            let equal = if bound.included { "=" } else { "" };
            format!("{sign}{equal} {}", bound.version)
        };
        match self {
            Self::Exactly(version) => format!("= {version}"),
            Self::Between {
                from: None,
                to: None,
            } => ">= 0".to_owned(),
            Self::Between { from, to } => {
                let from = from.iter().map(|from| bound('>', from));
                let to = to.iter().map(|to| bound('<', to));
                from.chain(to).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Reads bounds with commas between them.
    fn parse(text: &str) -> Result<Self, RangeError> {
        let together = || RangeError::Together(text.trim().to_owned());
        if matches!(text.trim(), "*" | "all") {
            return Ok(Self::ALL);
        }
        let (mut from, mut to, mut equal) = (None, None, None);
        for part in text.split(',') {
            let doubled = match Constraint::parse(part)? {
                Constraint::Equal(version) => equal.replace(version).is_some(),
                Constraint::From(bound) => from.replace(bound).is_some(),
                Constraint::To(bound) => to.replace(bound).is_some(),
            };
            if doubled {
                return Err(together());
            }
        }
        match (equal, from, to) {
            (Some(version), None, None) => Ok(Self::Exactly(version)),
            (None, from, to) => Ok(Self::Between { from, to }),
            _ => Err(together()),
        }
    }
}

enum Constraint {
    Equal(String),
    From(Bound),
    To(Bound),
}

impl Constraint {
    fn parse(text: &str) -> Result<Self, RangeError> {
        let text = text.trim();
        let operators = ["!=", ">=", "<=", "==", ">", "<", "="];
        let operator = operators
            .into_iter()
            .find(|sign| text.starts_with(sign))
            .unwrap_or_default();
        let version = version(text.get(operator.len()..).unwrap_or_default())?;
        let included = operator.ends_with('=');
        Ok(match operator {
            "!=" => return Err(RangeError::Unequal),
            ">=" | ">" => Self::From(Bound { version, included }),
            "<=" | "<" => Self::To(Bound { version, included }),
            _ => Self::Equal(version),
        })
    }
}

/// One version, as it is written: no white space and none of the signs of a range.
///
/// # Errors
/// [`RangeError::Form`] or [`RangeError::Version`].
pub(super) fn version(text: &str) -> Result<String, RangeError> {
    let text = text.trim();
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>=!|,*\"'`%".contains(c);
    match text {
        "" => Err(RangeError::Form),
        _ if text.len() > MAX_VERSION || text.contains(odd) => {
            Err(RangeError::Version(text.chars().take(60).collect()))
        }
        _ => Ok(text.to_owned()),
    }
}

/// What a vers URI leaves as it is: the unreserved characters of RFC 3986, and the epoch's colon.
pub(super) const VERS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':');

/// The longest range and the longest version, in bytes.
const MAX_RANGE: usize = 4096;
const MAX_VERSION: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(text: &str) -> [String; 2] {
        let range = Range::parse(text).unwrap();
        let github: Vec<_> = range.intervals().iter().map(Interval::to_github).collect();
        [range.to_vls(), github.join(" || ")]
    }

    #[test]
    fn both_forms_say_the_same() {
        for (text, vls, github) in [
            (">= 1.0, < 1.4.2", ">=1.0|<1.4.2", ">= 1.0, < 1.4.2"),
            ("<1.4,>=1.0", ">=1.0|<1.4", ">= 1.0, < 1.4"),
            (
                "< 1.2 || >= 2, <= 2.3",
                "<1.2|>=2|<=2.3",
                "< 1.2 || >= 2, <= 2.3",
            ),
            ("1.2.3", "1.2.3", "= 1.2.3"),
            ("== 1.2.3 || > 3", "1.2.3|>3", "= 1.2.3 || > 3"),
            ("*", "*", ">= 0"),
            (
                "vers:npm/1.0|>=2|<3|>=4",
                "1.0|>=2|<3|>=4",
                "= 1.0 || >= 2, < 3 || >= 4",
            ),
            ("vers:pypi/*", "*", ">= 0"),
            ("vers:pypi/<=1%2Blocal", "<=1+local", "<= 1+local"),
        ] {
            assert_eq!(both(text), [vls, github], "{text}");
        }
        let range = Range::parse("<= 1+local").unwrap();
        assert_eq!(range.to_vers("pypi"), "vers:pypi/<=1%2Blocal");
        assert_eq!(Range::parse("vers:npm/<1").unwrap().scheme(), Some("npm"));
    }

    #[test]
    fn what_is_no_range_says_why() {
        for text in ["", " ", ">=", "< 1 ||", "vers:npm", "< 1,"] {
            assert_eq!(Range::parse(text), Err(RangeError::Form), "{text}");
        }
        for text in ["all versions", "< 1.2 (and 1.3)", "1 2", ">= 1 < 2"] {
            assert!(
                matches!(Range::parse(text), Err(RangeError::Version(_))),
                "{text}"
            );
        }
        for text in ["< 1, < 2", "1.0, < 2", "1, 2"] {
            assert!(
                matches!(Range::parse(text), Err(RangeError::Together(_))),
                "{text}"
            );
        }
        for text in [
            "vers:npm/>=1|>=2",
            "vers:npm/>=1|<2|<3",
            "vers:npm/*|<1",
            "vers:npm/>=1|2|<3",
        ] {
            assert!(
                matches!(Range::parse(text), Err(RangeError::Pairs(_))),
                "{text}"
            );
        }
        assert_eq!(Range::parse("vers:npm/>=1|!=2"), Err(RangeError::Unequal));
    }

    proptest! {
        #[test]
        fn p31_any_text_is_a_range_or_an_error(text in "(vers:npm/)?[<>=!|, *%0-9a-z.]{0,40}") {
            if let Ok(range) = Range::parse(&text) {
                let written = range.to_vls();
                let again = Range::parse(&range.to_vers("npm"));
                if range.scheme().is_some() {
                    prop_assert_eq!(again.unwrap().to_vls(), written);
                }
            }
        }
    }
}
