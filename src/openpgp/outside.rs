//! The outside of a message: session keys for its recipients, then one container, then nothing.
//!
//! RFC 9580 section 10.3. Whatever else is there is refused before anything is decrypted.

use std::io::{self, Read};

use sequoia_openpgp::{
    Packet,
    packet::{PKESK, SEIP, SKESK},
    parse::{PacketParser, PacketParserResult, Parse},
    types::{AEADAlgorithm, SymmetricAlgorithm},
};

use super::{
    OpenError,
    header::{self, CONTAINER, Left, Length, Outermost},
};

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
pub(super) enum Body {
    /// As it lies in the message.
    Binary(Input, Left),
    /// Out of the armour, by the library.
    Armored(Option<Box<PacketParser<'static>>>),
}

/// What a message is read from.
type Input = Box<dyn Read + Send + Sync>;

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
    pub(super) fn read(mut reader: impl Read + Send + Sync + 'static) -> Result<Self, Fault> {
        let mut first = Vec::new();
        let read = reader.by_ref().take(1).read_to_end(&mut first);
        read.map_err(|error| Fault::Unreadable {
            any_packet: false,
            source: error.into(),
        })?;
        let tag = first.first().and_then(|octet| header::tag(*octet));
        let reader = io::Cursor::new(first).chain(reader);
        let Some(tag) = tag else {
            return Self::read_armored(reader);
        };
        // What is no sealed report need not say how long it is.
        refuse_others(tag)?;
        Self::read_binary(Box::new(reader))
    }

    fn read_binary(mut reader: Input) -> Result<Self, Fault> {
        let mut any_packet = false;
        let unreadable =
            |any_packet| move |source: anyhow::Error| Fault::Unreadable { any_packet, source };
        let (mut pkesks, mut skesks) = (Vec::new(), Vec::new());
        loop {
            let next = header::next(&mut reader);
            let next = next.map_err(|why| unreadable(any_packet)(why.into()))?;
            let Some((header, mut bytes)) = next else {
                return Err(unreadable(any_packet)(no_container()));
            };
            refuse_others(header.tag)?;
            refuse_many(&pkesks, &skesks)?;
            if header.tag == CONTAINER {
                let mut body = Body::Binary(reader, Left(header.length));
                let kind = Kind::read(&mut body)?;
                return Ok(Self {
                    pkesks,
                    skesks,
                    kind,
                    body,
                });
            }
            let packet = match header.length {
                Length::Full(length) if length <= LONGEST => {
                    header::copy_body(&mut reader, length, &mut bytes)
                        .map_err(anyhow::Error::new)
                        .and_then(|()| header::parse(&bytes))
                }
                _ => Err(anyhow::anyhow!("a packet before the container is too long")),
            };
            match packet.map_err(unreadable(any_packet))? {
                Packet::PKESK(pkesk) => pkesks.push(pkesk),
                Packet::SKESK(skesk) => skesks.push(skesk),
                _ => {}
            }
            any_packet = true;
        }
    }

    fn read_armored(reader: impl Read + Send + Sync + 'static) -> Result<Self, Fault> {
        let mut any_packet = false;
        let unreadable = |any_packet| move |source| Fault::Unreadable { any_packet, source };
        let mut next = PacketParser::from_reader(reader).map_err(unreadable(false))?;
        let (mut pkesks, mut skesks) = (Vec::new(), Vec::new());
        while let PacketParserResult::Some(parser) = next {
            refuse_others(parser.packet.tag().into())?;
            refuse_many(&pkesks, &skesks)?;
            if let Packet::SEIP(container) = &parser.packet {
                let kind = Kind::of(container)?;
                return Ok(Self {
                    pkesks,
                    skesks,
                    kind,
                    body: Body::Armored(Some(Box::new(parser))),
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
        Err(unreadable(any_packet)(no_container()))
    }
}

impl Kind {
    /// The beginning of a container's body (sections 5.13.1 and 5.13.2).
    fn read(body: &mut Body) -> Result<Self, Fault> {
        let unreadable = |why: io::Error| Fault::Unreadable {
            any_packet: true,
            source: why.into(),
        };
        let mut version = [0];
        body.read_exact(&mut version).map_err(unreadable)?;
        if version == [1] {
            return Ok(Self::Seipdv1);
        }
        if version != [2] {
            return Err(unknown_version());
        }
        let (mut algorithms, mut salt) = ([0; 3], [0; 32]);
        body.read_exact(&mut algorithms).map_err(unreadable)?;
        body.read_exact(&mut salt).map_err(unreadable)?;
        let [cipher, aead, chunk_octet] = algorithms;
        if chunk_octet > LARGEST_CHUNK {
            return Err(unreadable(header::invalid("its chunks are too large")));
        }
        Ok(Self::Seipdv2 {
            cipher: cipher.into(),
            aead: aead.into(),
            chunk_size: 1 << (chunk_octet + 6),
            salt,
        })
    }

    fn of(container: &SEIP) -> Result<Self, Fault> {
        match container {
            SEIP::V1(_) => Ok(Self::Seipdv1),
            SEIP::V2(container) => Ok(Self::Seipdv2 {
                cipher: container.symmetric_algo(),
                aead: container.aead(),
                chunk_size: container.chunk_size(),
                salt: *container.salt(),
            }),
            _ => Err(unknown_version()),
        }
    }
}

fn unknown_version() -> Fault {
    let what = "a container of a version that is not known here";
    Fault::Refused(OpenError::Unsupported { what })
}

fn no_container() -> anyhow::Error {
    anyhow::anyhow!("there is no encrypted container in it")
}

/// Refuses more session keys than anybody would try.
fn refuse_many(pkesks: &[PKESK], skesks: &[SKESK]) -> Result<(), Fault> {
    if pkesks.len() > MAX_RECIPIENTS || skesks.len() > MAX_PASSPHRASES {
        let what = "more session keys than any message has recipients";
        return Err(Fault::Refused(OpenError::Unsupported { what }));
    }
    Ok(())
}

/// Refuses every packet that may not stand before the container.
fn refuse_others(tag: u8) -> Result<(), Fault> {
    Err(Fault::Refused(match Outermost::of(tag) {
        Outermost::Belongs => return Ok(()),
        Outermost::Key => OpenError::NotOpenPgp {
            looks_like: " (it is a key)",
        },
        Outermost::NotEncrypted | Outermost::Compressed => OpenError::NotEncrypted,
        Outermost::OldContainer => OpenError::Unsupported {
            what: "the container of before 2001, which cannot notice manipulation",
        },
        Outermost::GnuPgContainer => OpenError::Unsupported {
            what: "GnuPG's own OCB container, which only GnuPG opens",
        },
        Outermost::Other => OpenError::Unsupported {
            what: "packets that have no place before a container",
        },
    }))
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match self {
            Self::Binary(reader, left) => left.read(reader, buffer)?,
            Self::Armored(Some(parser)) => parser.read(buffer)?,
            Self::Armored(None) => 0,
        };
        if n == 0 && !buffer.is_empty() {
            self.end()?;
        }
        Ok(n)
    }
}

impl Body {
    /// Nothing may follow the container.
    fn end(&mut self) -> io::Result<()> {
        let ends = match self {
            Self::Binary(reader, _) => io::copy(&mut reader.take(1), &mut io::sink())? == 0,
            Self::Armored(parser) => match parser.take() {
                None => true,
                Some(parser) => {
                    let (_, next) = parser.next().map_err(io::Error::other)?;
                    matches!(next, PacketParserResult::EOF(_))
                }
            },
        };
        if ends {
            Ok(())
        } else {
            Err(header::invalid("something follows the container"))
        }
    }
}

/// The longest packet before the container, bytes.
const LONGEST: u32 = 1 << 20;

/// The octet of the largest chunks, 4 MiB: 2 to the power of it and six (section 5.13.2).
pub(super) const LARGEST_CHUNK: u8 = 16;

/// Each may cost a private key operation.
pub(super) const MAX_RECIPIENTS: usize = 512;

/// Each costs a slow key derivation for every passphrase that is tried.
pub(super) const MAX_PASSPHRASES: usize = 8;
