//! What is known of a message on its way in, packet by packet and byte by byte.
//!
//! RFC 9580 sections 4.2.1.4 (partial body lengths), 5.1, 5.3, 5.13 and 10.3.

use sequoia_openpgp::{
    KeyHandle, Packet,
    packet::{PKESK, Tag},
};
use serde::{Deserialize, Serialize};

use super::{NotAdmitted, saved::base64};
use crate::openpgp::{
    KeyName, Recipients,
    header::{self, CONTAINER, Header, Length, NoHeader, Outermost},
    outside::{LARGEST_CHUNK, MAX_PASSPHRASES, MAX_RECIPIENTS},
};

/// Everything that is known of a message so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) place: Place,
    /// Bytes that are not understood yet: a part of a header, or of a small packet.
    #[serde(with = "base64")]
    pub(super) pending: Vec<u8>,
    /// How many bytes came, or were announced, before the container.
    before: usize,
    pub(super) session_keys: Vec<SessionKeyFor>,
    passphrases: usize,
    /// The container's version, once it is known.
    version: u8,
    /// Bytes of the container's body so far.
    pub(super) body: u64,
}

/// Where in the message the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum Place {
    /// In the header of a packet before the container, or of the container.
    #[default]
    Packet,
    /// In a packet before the container, of this size with its header.
    Small { size: usize },
    /// In a part of the container's body.
    Body { left: u32, is_last: bool },
    /// In the length of the container's next part.
    Part,
    /// Behind the container.
    End,
}

impl From<NoHeader> for NotAdmitted {
    fn from(why: NoHeader) -> Self {
        match why {
            NoHeader::NoPacket => Self::NotOpenPgp,
            NoHeader::NoEnd => Self::Malformed("a packet in it has no end"),
        }
    }
}

/// Refuses, by its first octet, a packet that may not stand before the container: `is_first` where
/// nothing stood before it.
fn refuse_others(octet: u8, is_first: bool) -> Result<(), NotAdmitted> {
    let other = if is_first {
        NotAdmitted::NotOpenPgp
    } else {
        NotAdmitted::Malformed("something has no place before its container")
    };
    Err(match header::tag(octet).map(Outermost::of) {
        Some(Outermost::Belongs) => return Ok(()),
        Some(Outermost::Key) => NotAdmitted::Key,
        Some(Outermost::NotEncrypted) => NotAdmitted::NotEncrypted,
        Some(Outermost::Compressed) => NotAdmitted::Compressed,
        Some(Outermost::OldContainer) => NotAdmitted::OldContainer,
        Some(Outermost::GnuPgContainer) => NotAdmitted::GnuPgContainer,
        None if is_first && octet == b'-' => NotAdmitted::Armored,
        Some(Outermost::Other) | None => other,
    })
}

/// One PKESK packet: whom it names, as hexadecimal digits, and in which version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SessionKeyFor {
    version: u8,
    pub(super) name: Option<String>,
}

impl State {
    pub(super) fn is_untouched(&self) -> bool {
        self.before == 0 && self.pending.is_empty()
    }

    /// Whom the message is for. Session keys of a version that does not belong to the container
    /// open nothing (section 10.3.2.1), and are left out once its version is known.
    pub(super) fn recipients(&self) -> Recipients {
        let fitting = match self.version {
            1 => Some(3),
            2 => Some(6),
            _ => None,
        };
        let keys = self.session_keys.iter();
        let keys = keys.filter(|key| fitting.is_none_or(|version| key.version == version));
        let (named, hidden): (Vec<_>, Vec<_>) = keys.partition(|key| key.name.is_some());
        Recipients {
            keys: named.into_iter().filter_map(SessionKeyFor::name).collect(),
            hidden: hidden.len(),
            passphrases: self.passphrases,
        }
    }

    /// One more byte of a packet's header is in `pending`.
    pub(super) fn header(&mut self, octet: u8) -> Result<(), NotAdmitted> {
        if self.pending.len() == 1 {
            refuse_others(octet, self.before == 0)?;
        }
        let Some(Header { tag, length, size }) = header::read(&self.pending)? else {
            return Ok(());
        };
        if tag == CONTAINER {
            self.pending.clear();
            self.before += size;
            if matches!(length, Length::Partial(first) if first < SMALLEST_FIRST_PART) {
                return Err(NotAdmitted::Malformed("its first part is too short"));
            }
            return self.part(length);
        }
        let Length::Full(length) = length else {
            return Err(NotAdmitted::Malformed(
                "a packet other than the container comes in parts",
            ));
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let size = size.saturating_add(length);
        self.before = self.before.saturating_add(size);
        if self.before > MAX_BEFORE {
            return Err(NotAdmitted::TooMuchBefore);
        }
        self.place = Place::Small { size };
        if length == 0 {
            self.small_packet()?;
        }
        Ok(())
    }

    /// A whole packet before the container is in `pending`.
    pub(super) fn small_packet(&mut self) -> Result<(), NotAdmitted> {
        let packet = header::parse(&self.pending);
        let damaged = NotAdmitted::Malformed("a session key in it is damaged");
        match packet.map_err(|_| damaged)? {
            Packet::PKESK(pkesk) => self.session_keys.push(SessionKeyFor::of(&pkesk)),
            Packet::SKESK(_) => self.passphrases += 1,
            Packet::Unknown(unknown) if unknown.tag() == Tag::Marker => {
                return Err(NotAdmitted::Malformed("a marker in it is damaged"));
            }
            // Padding or a marker, or a version that is not known here.
            _ => {}
        }
        if self.session_keys.len() > MAX_RECIPIENTS || self.passphrases > MAX_PASSPHRASES {
            return Err(NotAdmitted::TooMany);
        }
        self.pending.clear();
        self.place = Place::Packet;
        Ok(())
    }

    /// The container's next part has this length.
    pub(super) fn part(&mut self, length: Length) -> Result<(), NotAdmitted> {
        match length {
            Length::Full(left) => self.body_left(left, true),
            Length::Partial(left) => self.body_left(left, false),
        }
    }

    pub(super) fn body_left(&mut self, left: u32, is_last: bool) -> Result<(), NotAdmitted> {
        self.place = match (left, is_last) {
            (0, true) => {
                let least = if self.version == 2 { LEAST_2 } else { LEAST_1 };
                if self.body < least {
                    return Err(NotAdmitted::Malformed("there is nothing in its container"));
                }
                Place::End
            }
            (0, false) => Place::Part,
            _ => Place::Body { left, is_last },
        };
        Ok(())
    }

    /// The next of the bytes with which the container's body begins (section 5.13).
    pub(super) fn container_octet(&mut self, octet: u8) -> Result<(), NotAdmitted> {
        let known = match (self.body, self.version) {
            (0, _) => {
                self.version = octet;
                matches!(octet, 1 | 2)
            }
            // AES, Twofish and Camellia: the ciphers with blocks of 128 bits (section 9.3).
            (1, 2) => (7..=13).contains(&octet),
            // EAX, OCB, GCM (section 9.6).
            (2, 2) => (1..=3).contains(&octet),
            (3, 2) => octet <= LARGEST_CHUNK,
            _ => true,
        };
        if known {
            Ok(())
        } else {
            Err(NotAdmitted::UnknownContainer)
        }
    }
}

impl SessionKeyFor {
    fn of(pkesk: &PKESK) -> Self {
        Self {
            version: pkesk.version(),
            name: pkesk.recipient().map(|name| name.to_hex()),
        }
    }

    pub(super) fn name(&self) -> Option<KeyName> {
        let handle: KeyHandle = self.name.as_deref()?.parse().ok()?;
        Some(handle.into())
    }
}

/// The most bytes before the container: a hundred recipients with keys of 4096 bits.
pub(super) const MAX_BEFORE: usize = 64 << 10;

/// RFC 9580 section 4.2.1.4.
const SMALLEST_FIRST_PART: u32 = 512;

/// Of version 2: the version, the cipher, the mode, the size of the chunks (section 5.13.2).
pub(super) const CONTAINER_HEADER: u64 = 4;

/// The smallest body of version 1: the version, a random block with its last two octets again, the
/// smallest literal, the MDC packet; with blocks of 64 bits.
const LEAST_1: u64 = 1 + 8 + 2 + 8 + 22;

/// Of version 2: its header, the salt, the smallest literal, the tags of one chunk and of the end.
const LEAST_2: u64 = CONTAINER_HEADER + 32 + 8 + 16 + 16;
