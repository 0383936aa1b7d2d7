//! What makes one mail unlike another: its time, its identifier, its boundaries. None of it says
//! anything of the machine (promise 34).
//!
//! RFC 5322 sections 3.3 (date) and 3.6.4 (identifier), RFC 2046 section 5.1.1 (boundaries).

use std::{fmt::Write as _, time::SystemTime};

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use jiff::Timestamp;

use super::field::Field;
use crate::program::MailAddress;

/// Time and randomness of one mail, both handed in.
#[derive(Clone, Debug)]
pub struct Stamp {
    hour: i64,
    random: [u8; Self::RANDOM],
}

impl Stamp {
    /// Bytes of randomness that a mail needs.
    pub const RANDOM: usize = 46;

    /// A mail that is written `now`.
    #[must_use]
    pub fn new(now: SystemTime, random: [u8; Self::RANDOM]) -> Self {
        let seconds = Timestamp::try_from(now).map_or(0, Timestamp::as_second);
        Self {
            hour: seconds.div_euclid(HOUR) * HOUR,
            random,
        }
    }

    /// The hour in UTC. The first server on the way notes the second anyway; what this keeps back
    /// is how far the machine's clock is off, and its time zone. A date of hours ago, such as
    /// midnight, would be taken for a mark of spam.
    pub(super) fn date(&self) -> Field {
        let hour = Timestamp::from_second(self.hour).unwrap_or(Timestamp::UNIX_EPOCH);
        let date = hour.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let words: Vec<String> = date.split(' ').map(str::to_owned).collect();
        Field::ours("Date", &words)
    }

    /// Random, at the sender's own domain; without a sender, at one that cannot exist.
    pub(super) fn message_id(&self, from: Option<&MailAddress>) -> Field {
        let domain = from.map_or("mail.invalid", MailAddress::domain);
        let mut id = String::from("<");
        for (place, byte) in self.random.iter().take(16).enumerate() {
            // The form of a random UUID, in which many mail programs write it.
            let byte = match place {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            if matches!(place, 4 | 6 | 8 | 10) {
                id.push('-');
            }
            let _infallible = write!(id, "{}", HEXLOWER.encode(&[byte]));
        }
        let _infallible = write!(id, "@{domain}>");
        Field::ours("Message-ID", &[id])
    }

    /// The boundary of the parts outside.
    pub(super) fn outer_boundary(&self) -> String {
        self.boundary(16)
    }

    /// The boundary of the parts inside.
    pub(super) fn inner_boundary(&self) -> String {
        self.boundary(31)
    }

    /// Cannot stand in a part: base64, quoted-printable and an armour have no line with `=_`, and
    /// no file is written in another way.
    fn boundary(&self, from: usize) -> String {
        let random = self.random.get(from..from + 15).unwrap_or_default();
        format!("=_{}", BASE32_NOPAD.encode(random))
    }
}

/// Seconds.
const HOUR: i64 = 3600;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn written(field: &Field) -> String {
        let mut out = Vec::new();
        field.write_to(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn stamp() -> Stamp {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_689_296);
        Stamp::new(now, std::array::from_fn(|at| u8::try_from(at).unwrap()))
    }

    #[test]
    fn p34_the_hour_in_utc() {
        let date = written(&stamp().date());
        assert_eq!(date, "Date: Thu, 26 Nov 2026 10:00:00 +0000\r\n");
    }

    #[test]
    fn p34_the_identifier_names_no_machine() {
        let from = "reporter@example.org".parse().unwrap();
        let id = written(&stamp().message_id(Some(&from)));
        assert_eq!(
            id,
            "Message-ID: <00010203-0405-4607-8809-0a0b0c0d0e0f@example.org>\r\n"
        );
        assert!(written(&stamp().message_id(None)).ends_with("@mail.invalid>\r\n"));
    }

    #[test]
    fn boundaries_differ_and_stand_in_no_part() {
        let (outer, inner) = (stamp().outer_boundary(), stamp().inner_boundary());
        assert_ne!(outer, inner);
        assert!(outer.starts_with("=_") && outer.len() == 26, "{outer}");
    }
}
