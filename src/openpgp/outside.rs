//! The outside of a message: session keys for its recipients, then one container, then nothing.
//!
//! RFC 9580 section 10.3. Whatever else is there is refused before anything is decrypted.

use std::io::{self, Read};

use sequoia_openpgp::{
    Packet,
    packet::{PKESK, SEIP, SKESK, Tag},
    parse::{PacketParser, PacketParserResult, Parse},
    types::{AEADAlgorithm, SymmetricAlgorithm},
};

use super::OpenError;

/// Everything before the container, and the container itself.
pub(super) struct Outside {
    pub(super) pkesks: Vec<PKESK>,
    pub(super) skesks: Vec<SKESK>,
    pub(super) kind: Kind,
    pub(super) body: Body,
}

/// What the container's header says.
pub(super) enum Kind {
    /// Version 1; its algorithm stands with the session key.
    Seipdv1,
    /// Version 2.
    Seipdv2 {
        cipher: SymmetricAlgorithm,
        aead: AEADAlgorithm,
        chunk_size: u64,
        salt: [u8; 32],
    },
}

/// What is inside a container, still encrypted. Ends where the message ends, and fails if
/// something follows.
pub(super) struct Body(Option<PacketParser<'static>>);

/// Why there is no container to open.
pub(super) enum Fault {
    /// Something is there, and this is what is wrong with it.
    Refused(OpenError),
    /// The parser understood nothing, from the very start or later.
    Unreadable {
        any_packet: bool,
        source: anyhow::Error,
    },
}

impl Outside {
    /// Reads up to the container.
    pub(super) fn read(reader: impl Read + Send + Sync + 'static) -> Result<Self, Fault> {
        let mut any_packet = false;
        let unreadable = |any_packet| move |source| Fault::Unreadable { any_packet, source };
        let mut next = PacketParser::from_reader(reader).map_err(unreadable(false))?;
        let (mut pkesks, mut skesks) = (Vec::new(), Vec::new());
        while let PacketParserResult::Some(parser) = next {
            refuse_others(parser.packet.tag())?;
            if pkesks.len() > MAX_RECIPIENTS || skesks.len() > MAX_PASSPHRASES {
                let what = "more session keys than any message has recipients";
                return Err(Fault::Refused(OpenError::Unsupported { what }));
            }
            if let Packet::SEIP(container) = &parser.packet {
                let kind = Kind::of(container)?;
                return Ok(Self {
                    pkesks,
                    skesks,
                    kind,
                    body: Body(Some(parser)),
                });
            }
            any_packet = true;
            let (packet, after) = parser.next().map_err(unreadable(any_packet))?;
            match packet {
                Packet::PKESK(pkesk) => pkesks.push(pkesk),
                Packet::SKESK(skesk) => skesks.push(skesk),
                _ => {}
            }
            next = after;
        }
        let source = anyhow::anyhow!("there is no encrypted container in it");
        Err(Fault::Unreadable { any_packet, source })
    }
}

impl Kind {
    fn of(container: &SEIP) -> Result<Self, Fault> {
        match container {
            SEIP::V1(_) => Ok(Self::Seipdv1),
            SEIP::V2(container) => Ok(Self::Seipdv2 {
                cipher: container.symmetric_algo(),
                aead: container.aead(),
                chunk_size: container.chunk_size(),
                salt: *container.salt(),
            }),
            _ => {
                let what = "a container of a version that is not known here";
                Err(Fault::Refused(OpenError::Unsupported { what }))
            }
        }
    }
}

/// Refuses every packet that may not stand before the container.
fn refuse_others(tag: Tag) -> Result<(), Fault> {
    Err(Fault::Refused(match tag {
        Tag::PKESK | Tag::SKESK | Tag::SEIP | Tag::Marker | Tag::Padding => return Ok(()),
        Tag::SED => OpenError::Unsupported {
            what: "the container of before 2001, which cannot notice manipulation",
        },
        Tag::AED => OpenError::Unsupported {
            what: "GnuPG's own OCB container, which only GnuPG opens",
        },
        Tag::PublicKey | Tag::SecretKey | Tag::PublicSubkey | Tag::SecretSubkey => {
            OpenError::NotOpenPgp {
                looks_like: " (it is a key)",
            }
        }
        Tag::Literal | Tag::CompressedData | Tag::Signature | Tag::OnePassSig => {
            OpenError::NotEncrypted
        }
        _ => OpenError::Unsupported {
            what: "packets that have no place before a container",
        },
    }))
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(parser) = &mut self.0 else {
            return Ok(0);
        };
        let n = parser.read(buffer)?;
        if n == 0 && !buffer.is_empty() {
            self.end()?;
        }
        Ok(n)
    }
}

impl Body {
    fn end(&mut self) -> io::Result<()> {
        let Some(parser) = self.0.take() else {
            return Ok(());
        };
        match parser.next().map_err(io::Error::other)? {
            (_, PacketParserResult::EOF(_)) => Ok(()),
            (_, PacketParserResult::Some(_)) => {
                Err(io::Error::other("something follows the container"))
            }
        }
    }
}

/// Each may cost a private key operation.
pub(super) const MAX_RECIPIENTS: usize = 512;

/// Each costs a slow key derivation for every passphrase that is tried.
pub(super) const MAX_PASSPHRASES: usize = 8;
