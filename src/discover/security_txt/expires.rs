//! A date and time as it ought to be, and as it is found.
//!
//! Serves RFC 9116 §2.5.5 and RFC 3339 §5.6.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    fmt::rfc2822,
    tz::Offset,
};

use super::code::Code;

/// The moment that a text means, and what is wrong with its form.
///
/// Where the text leaves something open, the moment is the earliest reading but for the zone: a date without a time is
/// its first second, a time without a zone is UTC.
pub(super) fn read(text: &str) -> (Option<Timestamp>, Option<Code>) {
    if let Some(moment) = rfc3339(text, b"Tt") {
        return (Some(moment), None);
    }
    if let Some(moment) = rfc3339(text, b" ") {
        return (Some(moment), Some(Code::ExpiresSpace));
    }
    let moment = loose(text).or_else(|| mail_date(text));
    (moment, Some(Code::ExpiresInvalid))
}

/// RFC 3339 to the letter, but for what separates date and time.
fn rfc3339(text: &str, separators: &[u8]) -> Option<Timestamp> {
    let shape = b"dddd-dd-ddSdd:dd:dd";
    let (head, tail) = text.as_bytes().split_at_checked(shape.len())?;
    let fits = head.iter().zip(shape).all(|(byte, want)| match want {
        b'd' => byte.is_ascii_digit(),
        b'S' => separators.contains(byte),
        _ => byte == want,
    });
    let tail = match tail.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit());
            let count = digits.count();
            fraction.get(count..).filter(|_| count > 0)?
        }
        None => tail,
    };
    let zone = match tail {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    (fits && zone).then(|| loose(text)).flatten()
}

/// `2025-7-1`, `2025-07-01 12:00`, `2025-07-01T12:00:00.5 UTC` and the like.
fn loose(text: &str) -> Option<Timestamp> {
    let (date, rest) = match text.split_once(['T', 't', ' ']) {
        Some((date, rest)) => (date, rest.trim()),
        None => (text, ""),
    };
    let mut parts = date.split('-');
    let [year, month, day] = [parts.next()?, parts.next()?, parts.next()?];
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, number(month)?, number(day)?).ok()?;
    let (time, offset) = if rest.is_empty() {
        (Time::midnight(), Offset::UTC)
    } else {
        let (clock, offset) = zone(rest)?;
        (time(clock)?, offset)
    };
    // The last day of the year 9999, which stands for never, lies past what a timestamp holds.
    let moment = offset.to_timestamp(date.to_datetime(time));
    Some(moment.unwrap_or(Timestamp::MAX))
}

/// Takes the zone off the end.
fn zone(text: &str) -> Option<(&str, Offset)> {
    let utc = ["Z", "z", "UTC", "GMT"]
        .iter()
        .find_map(|name| text.strip_suffix(name));
    if let Some(clock) = utc {
        return Some((clock.trim_end(), Offset::UTC));
    }
    let Some((clock, digits)) = text.split_once(['+', '-']) else {
        return Some((text, Offset::UTC));
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let hours = number(hours).filter(|hours| *hours < 24)?;
    let minutes = if minutes.is_empty() {
        0
    } else {
        number(minutes)?
    };
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    let east = text.get(clock.len()..)?.starts_with('+');
    let offset = Offset::from_seconds(if east { seconds } else { -seconds }).ok()?;
    Some((clock.trim_end(), offset))
}

/// `HH:MM` with perhaps seconds and a fraction, which is dropped. A leap second is the second before it.
fn time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = match parts.next() {
        Some(seconds) => number(seconds.split('.').next()?)?,
        None => 0,
    };
    let second = if second == 60 { 59 } else { second };
    let time = Time::new(hour, minute, second, 0).ok();
    time.filter(|_| parts.next().is_none())
}

/// One or two digits.
fn number(text: &str) -> Option<i8> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The form of mail headers, which drafts of RFC 9116 asked for.
fn mail_date(text: &str) -> Option<Timestamp> {
    // The longest such date has about forty characters; comments could make it longer, and slow.
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    (text.len() <= 64)
        .then(|| parser.parse_timestamp(text).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_written_and_as_meant() {
        let invalid = Some(Code::ExpiresInvalid);
        for (text, moment, code) in [
            ("2030-12-31T18:37:07z", "2030-12-31T18:37:07Z", None),
            (
                "2030-12-31T18:37:07.123456789012-08:00",
                "2031-01-01T02:37:07Z",
                None,
            ),
            ("2030-12-31T23:59:60Z", "2030-12-31T23:59:59Z", None),
            ("2030-12-31T18:37:07-00:00", "2030-12-31T18:37:07Z", None),
            (
                "2023-06-07 13:08:19+00:00",
                "2023-06-07T13:08:19Z",
                Some(Code::ExpiresSpace),
            ),
            ("2025-7-1T00:00:00.000Z", "2025-07-01T00:00:00Z", invalid),
            ("2023-10-19", "2023-10-19T00:00:00Z", invalid),
            ("2030-12-31T18:37:07.Z", "2030-12-31T18:37:07Z", invalid),
            ("2030-12-31T18:37:07", "2030-12-31T18:37:07Z", invalid),
            ("2030-12-31 18:37 +0100", "2030-12-31T17:37:00Z", invalid),
            ("2030-12-31 18:37 UTC", "2030-12-31T18:37:00Z", invalid),
            (
                "Thu, 31 Dec 2030 18:37:07 -0800",
                "2031-01-01T02:37:07Z",
                invalid,
            ),
            (
                "Thu, 30 Sep 2021 12:00 +0200",
                "2021-09-30T10:00:00Z",
                invalid,
            ),
        ] {
            let expected: Timestamp = moment.parse().unwrap();
            assert_eq!(read(text), (Some(expected), code), "{text}");
        }
        for text in [
            "",
            "DATE_EXP",
            "2024-02-06:00:00Z",
            "31/12/2030",
            "2030-13-01T00:00:00Z",
            "2030-02-30T00:00:00Z",
            "2030-12-31T24:00:00Z",
            "-2030-12-31",
            "99999-01-01T00:00:00Z",
            "2030-12-31T1ü:00",
        ] {
            assert_eq!(read(text), (None, invalid), "{text}");
        }
        assert_eq!(read("9999-12-31T23:59:59Z"), (Some(Timestamp::MAX), None));
    }
}
