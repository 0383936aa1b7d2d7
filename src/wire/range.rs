//! `Range` with one range of bytes: which part of a sealed report is wanted.
//!
//! RFC 9110 section 14.1.2 (byte ranges), section 14.2 (`Range`): what is not understood is
//! ignored, and the whole is sent.

/// What a `Range` asks of a representation of known size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything: there is no range, or none that is understood.
    All,
    /// From this byte, so many. Never empty, never outside.
    Part {
        /// The first byte, counted from 0.
        start: u64,
        /// How many.
        length: u64,
    },
    /// A range that lies outside.
    Outside,
}

impl Wanted {
    /// Reads the value of a `Range` header over `size` bytes.
    #[must_use]
    pub fn from_header(value: Option<&str>, size: u64) -> Self {
        let range = value.and_then(|value| {
            let (unit, range) = value.split_once('=')?;
            unit.trim().eq_ignore_ascii_case("bytes").then_some(range)
        });
        let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else {
            return Self::All;
        };
        match (position(first), position(last)) {
            (Position::None, Position::At(count)) => Self::tail(count, size),
            (Position::At(first), Position::None) => Self::between(first, u64::MAX, size),
            (Position::At(first), Position::At(last)) if first <= last => {
                Self::between(first, last, size)
            }
            _ => Self::All,
        }
    }

    fn tail(count: u64, size: u64) -> Self {
        let length = count.min(size);
        if length == 0 {
            return Self::Outside;
        }
        Self::Part {
            start: size - length,
            length,
        }
    }

    fn between(first: u64, last: u64, size: u64) -> Self {
        if first >= size {
            return Self::Outside;
        }
        Self::Part {
            start: first,
            length: last.min(size - 1) - first + 1,
        }
    }
}

enum Position {
    None,
    At(u64),
    NotANumber,
}

/// A number too large for 64 bits is one that lies behind every end.
fn position(text: &str) -> Position {
    match text.trim() {
        "" => Position::None,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Position::At(digits.parse().unwrap_or(u64::MAX))
        }
        _ => Position::NotANumber,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_range_is_read_and_anything_else_is_all() {
        let part = |start, length| Wanted::Part { start, length };
        for (value, wanted) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-9", part(0, 10)),
            ("bytes=4-", part(4, 6)),
            ("bytes=4-100", part(4, 6)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-100", part(0, 10)),
            ("Bytes = 2 - 3", part(2, 2)),
            ("bytes=10-", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            ("bytes=99999999999999999999-", Wanted::Outside),
            ("bytes=3-2", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(Wanted::from_header(Some(value), 10), wanted, "{value:?}");
        }
        assert_eq!(Wanted::from_header(None, 10), Wanted::All);
        assert_eq!(Wanted::from_header(Some("bytes=0-"), 0), Wanted::Outside);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_or_outside(text in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
            if let Wanted::Part { start, length } = Wanted::from_header(Some(&text), size) {
                prop_assert!(length > 0 && start.checked_add(length).is_some_and(|end| end <= size));
            }
        }
    }
}
