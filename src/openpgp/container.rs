//! The encrypted containers, written as a stream by threads of their own.
//!
//! RFC 9580 sections 4.2.1.4 (partial body lengths), 5.13.1 (version 1: AES in CFB mode and a
//! SHA-1 over the plaintext) and 5.13.2 (version 2: chunks of AES in OCB mode). The library's
//! own writer does one thing after the other, detects collisions in a SHA-1 that protects nothing
//! from collisions, and seals chunks of 4 KiB; `tests/peers` holds both against other programs.

use std::{
    io::{self, Write},
    sync::Arc,
};

use super::{
    Container,
    lane::{Lane, PIECE, Pieces, digest_lane},
};
use sequoia_openpgp::{
    Result as LibraryResult,
    crypto::{
        self, SessionKey,
        aead::{self, SEIPv2Schedule},
        symmetric::{self, BlockCipherMode, PaddingMode},
    },
    types::{AEADAlgorithm, SymmetricAlgorithm},
};

/// Encrypts what is written to it. Dropped before [`ContainerWriter::finish`], it leaves a message
/// that nobody accepts.
pub(super) struct ContainerWriter<W: Send + 'static> {
    piece: Vec<u8>,
    lanes: Lanes<W>,
}

/// The work of a container, spread over threads.
enum Lanes<W: Send + 'static> {
    /// Version 1: the digest of the plaintext beside its encryption.
    Seipdv1 {
        digest: Lane<[u8; 20]>,
        cipher: Lane<W>,
    },
    /// Version 2: authenticated chunks.
    Seipdv2 { cipher: Lane<W> },
}

impl<W: Write + Send + 'static> ContainerWriter<W> {
    /// Starts a container of this kind, encrypted with `session_key`, on `sink`.
    pub(super) fn new(
        sink: W,
        container: Container,
        cipher: SymmetricAlgorithm,
        session_key: SessionKey,
    ) -> LibraryResult<Self> {
        let lanes = match container {
            Container::Seipdv1 => {
                let mut body = PartialBody::new(sink);
                body.write_all(&[1])?;
                Lanes::Seipdv1 {
                    digest: Lane::start(|pieces| digest_lane(&pieces))?,
                    cipher: Lane::start(move |pieces| {
                        cfb_lane(&pieces, body, cipher, &session_key)
                    })?,
                }
            }
            Container::Seipdv2 => {
                let mut salt = [0; 32];
                crypto::random(&mut salt)?;
                let mut body = PartialBody::new(sink);
                body.write_all(&[2, cipher.into(), AEAD.into(), CHUNK_OCTET])?;
                body.write_all(&salt)?;
                let schedule = SEIPv2Schedule::new(&session_key, cipher, AEAD, CHUNK, &salt)?;
                Lanes::Seipdv2 {
                    cipher: Lane::start(move |pieces| ocb_lane(&pieces, body, cipher, schedule))?,
                }
            }
        };
        let mut writer = Self {
            piece: Vec::with_capacity(PIECE),
            lanes,
        };
        if container == Container::Seipdv1 {
            writer.write_all(&random_prefix(cipher)?)?;
        }
        Ok(writer)
    }

    /// Ends the container and gives the sink back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.send_piece()?;
        match self.lanes {
            Lanes::Seipdv2 { cipher } => cipher.finish(),
            Lanes::Seipdv1 {
                mut digest,
                mut cipher,
            } => {
                // The MDC packet's header is part of what is digested (section 5.13.1).
                digest.send(&Arc::new(MDC_HEADER.to_vec()))?;
                let digest = digest.finish()?;
                cipher.send(&Arc::new([&MDC_HEADER[..], &digest].concat()))?;
                cipher.finish()
            }
        }
    }

    fn send_piece(&mut self) -> io::Result<()> {
        let piece = Arc::new(std::mem::replace(
            &mut self.piece,
            Vec::with_capacity(PIECE),
        ));
        if let Lanes::Seipdv1 { digest, .. } = &mut self.lanes {
            digest.send(&piece)?;
        }
        match &mut self.lanes {
            Lanes::Seipdv1 { cipher, .. } | Lanes::Seipdv2 { cipher } => cipher.send(&piece),
        }
    }
}

impl<W: Write + Send + 'static> Write for ContainerWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = buffer.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&buffer[..n]);
        if self.piece.len() == PIECE {
            self.send_piece()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One block of randomness and its last two octets again, with which version 1 begins.
fn random_prefix(cipher: SymmetricAlgorithm) -> LibraryResult<Vec<u8>> {
    let mut prefix = vec![0; cipher.block_size()?];
    crypto::random(&mut prefix)?;
    let repeated = prefix.len() - 2;
    prefix.extend_from_within(repeated..);
    Ok(prefix)
}

fn cfb_lane<W: Write>(
    pieces: &Pieces,
    body: PartialBody<W>,
    cipher: SymmetricAlgorithm,
    session_key: &SessionKey,
) -> io::Result<W> {
    let mode = (BlockCipherMode::CFB, PaddingMode::None);
    let mut cfb = symmetric::Encryptor::new(cipher, mode.0, mode.1, session_key, None, body)
        .map_err(io::Error::other)?;
    pieces.each(|piece| cfb.write_all(piece))?;
    cfb.finalize().map_err(io::Error::other)?.finish()
}

fn ocb_lane<W: Write>(
    pieces: &Pieces,
    body: PartialBody<W>,
    cipher: SymmetricAlgorithm,
    schedule: SEIPv2Schedule,
) -> io::Result<W> {
    let mut ocb =
        aead::Encryptor::new(cipher, AEAD, CHUNK, schedule, body).map_err(io::Error::other)?;
    pieces.each(|piece| ocb.write_all(piece))?;
    ocb.finalize().map_err(io::Error::other)?.finish()
}

/// The body of the container's packet, in parts of a fixed size and a last one of any size.
struct PartialBody<W> {
    sink: W,
    part: Vec<u8>,
    begun: bool,
}

impl<W: Write> PartialBody<W> {
    fn new(sink: W) -> Self {
        Self {
            sink,
            part: Vec::with_capacity(PART),
            begun: false,
        }
    }

    fn finish(mut self) -> io::Result<W> {
        let length = u32::try_from(self.part.len()).map_err(io::Error::other)?;
        let mut header = vec![0xff];
        header.extend_from_slice(&length.to_be_bytes());
        self.write_part(&header)?;
        Ok(self.sink)
    }

    fn write_part(&mut self, length: &[u8]) -> io::Result<()> {
        if !self.begun {
            self.sink.write_all(&[SEIPD_TAG])?;
            self.begun = true;
        }
        self.sink.write_all(length)?;
        self.sink.write_all(&self.part)?;
        self.part.clear();
        Ok(())
    }
}

impl<W: Write> Write for PartialBody<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        // A full part is written only when more follows, so that the last one is never empty.
        if self.part.len() == PART {
            self.write_part(&[PART_OCTET])?;
        }
        let n = buffer.len().min(PART - self.part.len());
        self.part.extend_from_slice(&buffer[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Packet type 18 in the new format (section 4.2.1).
const SEIPD_TAG: u8 = 0xc0 | 0x12;

/// Packet type 19 with a length of 20.
pub(super) const MDC_HEADER: [u8; 2] = [0xc0 | 0x13, 20];

const AEAD: AEADAlgorithm = AEADAlgorithm::OCB;

/// Bytes of plaintext under one tag: 2 to the power of the octet plus 6. Everyone must read up to
/// 4 MiB; past 64 KiB nothing is gained.
const CHUNK: usize = 1 << (CHUNK_OCTET + 6);
const CHUNK_OCTET: u8 = 10;

/// Bytes of a partial body: 2 to the power of the octet's low five bits.
const PART: usize = 1 << (PART_OCTET & 0x1f);
const PART_OCTET: u8 = 0xe0 | 0x11;

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(length: usize, container: Container) -> Vec<u8> {
        let session_key = SessionKey::from(vec![1; 32]);
        let mut writer = ContainerWriter::new(
            Vec::new(),
            container,
            SymmetricAlgorithm::AES256,
            session_key,
        )
        .unwrap();
        writer.write_all(&vec![0x5a; length]).unwrap();
        writer.finish().unwrap()
    }

    /// What the library makes of a container whose content is one literal packet's worth of bytes.
    fn opened(message: &[u8]) -> Vec<u8> {
        use sequoia_openpgp::{
            Packet,
            parse::{PacketParser, PacketParserResult, Parse},
        };
        let PacketParserResult::Some(mut parser) = PacketParser::from_bytes(message).unwrap()
        else {
            panic!("no packet");
        };
        let algorithm = match &parser.packet {
            Packet::SEIP(_) => Some(SymmetricAlgorithm::AES256),
            other => panic!("{other:?}"),
        };
        parser
            .decrypt(algorithm, &SessionKey::from(vec![1; 32]))
            .unwrap();
        let (_, mut rest) = parser.recurse().unwrap();
        let mut content = Vec::new();
        while let PacketParserResult::Some(mut parser) = rest {
            if let Packet::Literal(_) = &parser.packet {
                io::copy(&mut parser, &mut content).unwrap();
            }
            #[expect(deprecated, reason = "the packet that ends version 1")]
            if let Packet::MDC(mdc) = &parser.packet {
                assert!(mdc.valid());
            }
            rest = parser.recurse().unwrap().1;
        }
        content
    }

    #[test]
    fn every_length_around_the_boundaries_opens() {
        let boundaries = [0, 16, PIECE, CHUNK, PART, 2 * PART];
        for boundary in boundaries {
            for length in boundary.saturating_sub(70)..boundary + 3 {
                for container in [Container::Seipdv1, Container::Seipdv2] {
                    let literal = literal(length);
                    let session_key = SessionKey::from(vec![1; 32]);
                    let cipher = SymmetricAlgorithm::AES256;
                    let mut writer =
                        ContainerWriter::new(Vec::new(), container, cipher, session_key).unwrap();
                    writer.write_all(&literal).unwrap();
                    let content = opened(&writer.finish().unwrap());
                    assert_eq!(content.len(), length, "{container}");
                }
            }
        }
    }

    fn literal(length: usize) -> Vec<u8> {
        let mut packet = vec![0xc0 | 0x0b, 0xff];
        packet.extend_from_slice(&u32::try_from(length + 6).unwrap().to_be_bytes());
        packet.extend_from_slice(b"b\0\0\0\0\0");
        packet.resize(packet.len() + length, 0x5a);
        packet
    }

    #[test]
    fn sizes_depend_on_nothing_but_the_length() {
        for container in [Container::Seipdv1, Container::Seipdv2] {
            let lengths: Vec<_> = (0..3).map(|_| sealed(200_000, container).len()).collect();
            assert_eq!(lengths[0], lengths[1]);
            assert_eq!(lengths[0], lengths[2]);
        }
    }

    /// A sink that is full after some bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(buffer.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_comes_back_as_it_was() {
        for container in [Container::Seipdv1, Container::Seipdv2] {
            for room in [0, 1000, 1 << 20] {
                let key = SessionKey::from(vec![1; 32]);
                let cipher = SymmetricAlgorithm::AES256;
                let mut writer = ContainerWriter::new(Full(room), container, cipher, key).unwrap();
                let piece = vec![0; 1 << 20];
                let written = (0..4).try_for_each(|_| writer.write_all(&piece));
                let error = written
                    .and_then(|()| writer.finish().map(drop))
                    .unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            }
        }
    }

    #[test]
    fn a_dropped_writer_has_dropped_its_sink() {
        struct Told(Arc<std::sync::atomic::AtomicBool>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        }
        impl Write for Told {
            fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
                Ok(buffer.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let dropped = Arc::default();
        let key = SessionKey::from(vec![1; 32]);
        let sink = Told(Arc::clone(&dropped));
        let mut writer =
            ContainerWriter::new(sink, Container::Seipdv1, SymmetricAlgorithm::AES256, key)
                .unwrap();
        writer.write_all(b"half").unwrap();
        drop(writer);
        assert!(dropped.load(std::sync::atomic::Ordering::SeqCst));
    }
}
