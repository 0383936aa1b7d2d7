//! A CVSS score and the word for it.
//!
//! Serves DESIGN.md, "The report", `severity`; CVSS 3.1 section 5 and CVSS 4.0 section 6.

use std::fmt;

/// A score from 0.0 to 10.0 in tenths, which is how exact CVSS is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(u8);

impl Score {
    /// The score as a number, with one decimal.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// The word for it (CVSS 3.1 section 5, CVSS 4.0 section 6).
    #[must_use]
    pub fn rating(self) -> Rating {
        match self.0 {
            0 => Rating::None,
            1..40 => Rating::Low,
            40..70 => Rating::Medium,
            70..90 => Rating::High,
            90.. => Rating::Critical,
        }
    }

    pub(super) fn tenths(self) -> u8 {
        self.0
    }

    /// At most 10.0.
    pub(super) fn from_tenths(tenths: u32) -> Self {
        Self(u8::try_from(tenths.min(100)).unwrap_or(100))
    }

    /// The tenth nearest to `value`, which is a score already and wrong only by float noise.
    pub(super) fn of(value: f64) -> Self {
        let tenths = (0..=100u8).find(|&tenths| value * 10.0 < f64::from(tenths) + 0.5);
        Self(tenths.unwrap_or(100))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// The qualitative severity rating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rating {
    /// 0.0
    None,
    /// 0.1 to 3.9
    Low,
    /// 4.0 to 6.9
    Medium,
    /// 7.0 to 8.9
    High,
    /// 9.0 to 10.0
    Critical,
}

impl Rating {
    /// The rating in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn tenths_survive_float_noise() {
        for tenths in 0..=100u8 {
            assert_eq!(Score::of(f64::from(tenths) / 10.0), Score(tenths));
            assert_eq!(Score::of(f64::from(tenths) * 0.1), Score(tenths));
        }
    }
}
