//! The door of the intake: judges a message while it arrives, in pieces of any size, and decrypts
//! nothing. What it has seen so far can be saved, so that another process goes on.
//!
//! RFC 9580 sections 4.2 (lengths), 4.2.1.4 (partial body lengths), 5.1, 5.3, 5.13 and 10.3. As
//! strict as [`super::open()`] about the outside of a message, and stricter about its size: nobody
//! here can see what is inside, so nothing is kept that is no sealed report as far as can be seen.

mod header;
mod refusal;
mod saved;

use std::sync::Arc;

use sequoia_openpgp::{
    Fingerprint as LibraryFingerprint, KeyHandle, Packet,
    packet::{PKESK, Tag},
    parse::{Dearmor, PacketParserBuilder, PacketParserResult, Parse},
};
use serde::{Deserialize, Serialize};

use self::header::{Header, Length};
use super::{
    Certificate, Fingerprint, KeyName, Recipients, key_state,
    outside::{MAX_PASSPHRASES, MAX_RECIPIENTS},
};

pub use self::{refusal::NotAdmitted, saved::NotSaved};

/// Knows for whom messages are let in.
#[derive(Clone, Debug)]
pub struct Doorkeeper(Option<Arc<[LibraryFingerprint]>>);

/// One message on its way in.
#[derive(Clone, Debug)]
pub struct Admission {
    doorkeeper: Doorkeeper,
    state: State,
    refused: Option<NotAdmitted>,
}

impl Doorkeeper {
    /// Lets in what is sealed to a key of this certificate, or to somebody who is not named. An
    /// expired or revoked key counts: its owner still opens what was sealed to it.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self(Some(
            key_state::ever_for_encryption(certificate.cert()).into(),
        ))
    }

    /// Lets in every encrypted message, one for a passphrase included.
    #[must_use]
    pub fn anyone() -> Self {
        Self(None)
    }

    /// The judgement on a message that begins.
    #[must_use]
    pub fn begin(&self) -> Admission {
        Admission {
            doorkeeper: self.clone(),
            state: State::default(),
            refused: None,
        }
    }

    /// The judgement on a message whose beginning was judged before: what [`Admission::save`] gave.
    ///
    /// # Errors
    /// [`NotSaved`] for anything else.
    pub fn resume(&self, saved: &[u8]) -> Result<Admission, NotSaved> {
        Ok(Admission {
            doorkeeper: self.clone(),
            state: saved::read(saved)?,
            refused: None,
        })
    }

    /// Which of the keys that it lets in are named: their own fingerprints, in the order of the
    /// message.
    #[must_use]
    pub fn named(&self, recipients: &Recipients) -> Vec<Fingerprint> {
        let keys = self.0.iter().flat_map(|keys| keys.iter());
        let mut named: Vec<_> = recipients
            .keys
            .iter()
            .flat_map(|name| {
                keys.clone()
                    .filter(|key| name.handle().aliases(KeyHandle::from(*key)))
            })
            .map(Fingerprint::from)
            .collect();
        named.dedup();
        named
    }

    /// Whether one of `recipients` is let in.
    fn admits(&self, recipients: &Recipients) -> Result<(), NotAdmitted> {
        let by_key = !recipients.keys.is_empty() || recipients.hidden > 0;
        match &self.0 {
            None if by_key || recipients.passphrases > 0 => Ok(()),
            Some(_) if recipients.hidden > 0 || !self.named(recipients).is_empty() => Ok(()),
            Some(_) if by_key => Err(NotAdmitted::OtherKey {
                recipients: recipients.to_string(),
            }),
            Some(_) if recipients.passphrases > 0 => Err(NotAdmitted::PassphraseOnly),
            _ => Err(NotAdmitted::Nobody),
        }
    }
}

impl Admission {
    /// Judges what came next.
    ///
    /// # Errors
    /// [`NotAdmitted`] as early as it is certain, and from then on always.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), NotAdmitted> {
        if let Some(why) = &self.refused {
            return Err(why.clone());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.step(rest) {
                Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                Err(why) => {
                    self.refused = Some(why.clone());
                    return Err(why);
                }
            }
        }
        Ok(())
    }

    /// What [`Doorkeeper::resume`] goes on with: some hundred bytes as a rule, and never more than
    /// some 200 KiB. A message that was refused needs none.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        saved::write(&self.state)
    }

    /// Ends the message: whom it is for.
    ///
    /// # Errors
    /// [`NotAdmitted::CutShort`] when it has no end, and why it was refused before.
    pub fn finish(self) -> Result<Recipients, NotAdmitted> {
        match (self.refused, &self.state.place) {
            (Some(why), _) => Err(why),
            (None, Place::End) => Ok(self.state.recipients()),
            (None, _) if self.state.is_untouched() => Err(NotAdmitted::Empty),
            (None, _) => Err(NotAdmitted::CutShort),
        }
    }

    /// Takes at least one byte of `bytes`, which are not empty; says how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, NotAdmitted> {
        let state = &mut self.state;
        let first = bytes.first().copied().unwrap_or_default();
        match state.place {
            Place::Packet => {
                state.pending.push(first);
                state.header(first)?;
            }
            Place::Small { size } => {
                let n = bytes.len().min(size.saturating_sub(state.pending.len()));
                state
                    .pending
                    .extend_from_slice(bytes.get(..n).unwrap_or_default());
                if state.pending.len() >= size {
                    state.small_packet()?;
                }
                return Ok(n.max(1));
            }
            Place::Part => {
                state.pending.push(first);
                if let Some(length) = header::length(&state.pending) {
                    state.pending.clear();
                    state.part(length)?;
                }
            }
            Place::Body { left, is_last } => {
                // Each of the first bytes says something.
                let limit = if state.body < CONTAINER_HEADER {
                    state.container_octet(first)?;
                    if state.body == 0 {
                        self.doorkeeper.admits(&state.recipients())?;
                    }
                    1
                } else {
                    bytes.len()
                };
                let n = limit.min(usize::try_from(left).unwrap_or(usize::MAX));
                let n32 = u32::try_from(n).unwrap_or(left);
                state.body = state.body.saturating_add(n as u64);
                state.body_left(left.saturating_sub(n32), is_last)?;
                return Ok(n.max(1));
            }
            Place::End => return Err(NotAdmitted::Trailing),
        }
        Ok(1)
    }
}

/// Everything that is known of a message so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct State {
    place: Place,
    /// Bytes that are not understood yet: a part of a header, or of a small packet.
    #[serde(with = "saved::base64")]
    pending: Vec<u8>,
    /// How many bytes came, or were announced, before the container.
    before: usize,
    session_keys: Vec<SessionKeyFor>,
    passphrases: usize,
    /// The container's version, once it is known.
    version: u8,
    /// Bytes of the container's body so far.
    body: u64,
}

/// Where in the message the next byte stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Place {
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

/// One PKESK packet: whom it names, as hexadecimal digits, and in which version.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionKeyFor {
    version: u8,
    name: Option<String>,
}

impl State {
    fn is_untouched(&self) -> bool {
        self.before == 0 && self.pending.is_empty()
    }

    /// Whom the message is for. Session keys of a version that does not belong to the container
    /// open nothing (section 10.3.2.1), and are left out once its version is known.
    fn recipients(&self) -> Recipients {
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
    fn header(&mut self, octet: u8) -> Result<(), NotAdmitted> {
        if self.pending.len() == 1 {
            header::refuse_others(octet, self.before == 0)?;
        }
        let Some(Header { tag, length, size }) = header::read(&self.pending)? else {
            return Ok(());
        };
        if tag == header::CONTAINER {
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
    fn small_packet(&mut self) -> Result<(), NotAdmitted> {
        match parse(&self.pending)? {
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
    fn part(&mut self, length: Length) -> Result<(), NotAdmitted> {
        match length {
            Length::Full(left) => self.body_left(left, true),
            Length::Partial(left) => self.body_left(left, false),
        }
    }

    fn body_left(&mut self, left: u32, is_last: bool) -> Result<(), NotAdmitted> {
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
    fn container_octet(&mut self, octet: u8) -> Result<(), NotAdmitted> {
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

    fn name(&self) -> Option<KeyName> {
        let handle: KeyHandle = self.name.as_deref()?.parse().ok()?;
        Some(handle.into())
    }
}

/// The packet that `bytes` are.
fn parse(bytes: &[u8]) -> Result<Packet, NotAdmitted> {
    let parser = PacketParserBuilder::from_bytes(bytes)
        .and_then(|builder| builder.dearmor(Dearmor::Disabled).build());
    match parser {
        Ok(PacketParserResult::Some(parser)) => parser.next().map(|(packet, _)| packet).ok(),
        _ => None,
    }
    .ok_or(NotAdmitted::Malformed("a session key in it is damaged"))
}

/// The most bytes before the container: a hundred recipients with keys of 4096 bits.
const MAX_BEFORE: usize = 64 << 10;

/// RFC 9580 section 4.2.1.4.
const SMALLEST_FIRST_PART: u32 = 512;

/// Of version 2: the version, the cipher, the mode, the size of the chunks (section 5.13.2).
const CONTAINER_HEADER: u64 = 4;

/// Chunks of 4 MiB, 2 to the power of it and six (section 5.13.2).
const LARGEST_CHUNK: u8 = 16;

/// The smallest body of version 1: the version, a random block with its last two octets again, the
/// smallest literal, the MDC packet; with blocks of 64 bits.
const LEAST_1: u64 = 1 + 8 + 2 + 8 + 22;

/// Of version 2: its header, the salt, the smallest literal, the tags of one chunk and of the end.
const LEAST_2: u64 = CONTAINER_HEADER + 32 + 8 + 16 + 16;

#[cfg(test)]
mod tests;
