//! Sizes and times as they are typed: `2GiB`, `500MB`, `30s`, `7d`.

use std::{fmt, str::FromStr, time::Duration};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// A text that is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAQuantity {
    /// Not a [`Size`].
    #[error("a size is such as 4096, 500MB or 2GiB")]
    Size,
    /// Not a [`Span`].
    #[error("a time is such as 500ms, 30s, 15m, 12h or 7d")]
    Span,
}

impl FromStr for Size {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (count, unit) = split(text).ok_or(NotAQuantity::Size)?;
        let factor = match unit {
            "" | "B" => 1,
            "kB" | "KB" => 1000,
            "MB" => 1000 * 1000,
            "GB" => 1000 * 1000 * 1000,
            "TB" => 1000 * 1000 * 1000 * 1000,
            "KiB" | "K" => 1 << 10,
            "MiB" | "M" => 1 << 20,
            "GiB" | "G" => 1 << 30,
            "TiB" | "T" => 1 << 40,
            _ => return Err(NotAQuantity::Size),
        };
        let size = count.checked_mul(factor);
        size.map(Self).ok_or(NotAQuantity::Size)
    }
}

impl FromStr for Span {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let (count, unit) = split(text).ok_or(NotAQuantity::Span)?;
        let factor = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            "w" => 7 * 24 * 60 * 60 * 1000,
            _ => return Err(NotAQuantity::Span),
        };
        let span = count.checked_mul(factor).filter(|span| *span <= LONGEST);
        span.map(|span| Self(Duration::from_millis(span)))
            .ok_or(NotAQuantity::Span)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at_checked(end)?;
    Some((count.parse().ok()?, unit.trim_start()))
}

/// Ten years of 365 days, in milliseconds.
const LONGEST: u64 = 3650 * 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        for (text, size) in [
            ("0", 0),
            ("4096", 4096),
            ("2GiB", 2 << 30),
            ("5 MB", 5_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Size(size)), "{text}");
        }
        for (text, millis) in [("500ms", 500), ("30s", 30_000), ("7d", 604_800_000)] {
            assert_eq!(
                text.parse(),
                Ok(Span(Duration::from_millis(millis))),
                "{text}"
            );
        }
        for bad in [
            "",
            "x",
            "-1",
            "1.5GiB",
            "18446744073709551615KiB",
            "5 parsecs",
        ] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
        for bad in ["", "10", "s", "-1s", "4000d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
