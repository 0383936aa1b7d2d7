//! The encrypted containers, written as a stream, by several threads where it is long.
//!
//! RFC 9580 sections 5.13.1 (version 1: AES in CFB mode and a SHA-1 over the plaintext) and 5.13.2
//! (version 2: chunks of AES in OCB mode). The library's own writer does one thing after the
//! other, detects collisions in a SHA-1 that protects nothing from collisions, and seals chunks of
//! 4 KiB; `tests/peers` holds both against other programs.

use std::io::{self, Write};

use sequoia_openpgp::{
    Result as LibraryResult,
    crypto::{
        self, SessionKey,
        aead::{EncryptionContext, SEIPv2Schedule, Schedule},
    },
    types::{AEADAlgorithm, SymmetricAlgorithm},
};
use sha1::{Digest, Sha1};

use super::{
    Container,
    cfb::CfbEncryptor,
    header::CONTAINER,
    lane::{Lane, PIECE, Pieces, Spares},
    parts::Parts,
};

/// Encrypts what is written to it. Dropped before [`ContainerWriter::finish`], it leaves a message
/// that nobody accepts.
///
/// Threads share the work where there is much of it: this one gathers pieces; for version 1 one
/// digests them; one encrypts them; and one writes them.
pub(super) struct ContainerWriter<W: Send + 'static> {
    /// What is gathered: bytes that count, then whatever the buffer held before.
    piece: Vec<u8>,
    filled: usize,
    /// The full piece before it, which may be taken back, too.
    before: Vec<u8>,
    spares: Spares,
    work: Lane<W>,
}

impl<W: Write + Send + 'static> ContainerWriter<W> {
    /// Starts a container of this kind, encrypted with [`CIPHER`] and `session_key`, on `sink`.
    pub(super) fn new(
        sink: W,
        container: Container,
        session_key: &SessionKey,
    ) -> LibraryResult<Self> {
        let spares = Spares::default();
        let body = Parts::new(sink, CONTAINER);
        let (work, prefix) = match container {
            Container::Seipdv1 => version_1(body, session_key, &spares)?,
            Container::Seipdv2 => version_2(body, session_key, &spares)?,
        };
        let mut writer = Self {
            piece: Vec::new(),
            filled: 0,
            before: Vec::new(),
            spares,
            work,
        };
        writer.write_all(&prefix)?;
        Ok(writer)
    }

    /// Lets `read` put the next bytes, `most` of them, where they are encrypted; says how many it
    /// read.
    pub(super) fn fill(
        &mut self,
        most: usize,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let room = self.room(most);
        let n = read(room)?.min(room.len());
        self.filled += n;
        if self.filled == PIECE {
            self.pass_on()?;
        }
        Ok(n)
    }

    /// Takes back the last `count` bytes that were written, up to [`PIECE`] of them.
    pub(super) fn take_back(&mut self, count: usize) -> Vec<u8> {
        self.piece.truncate(self.filled);
        let mut last = Vec::new();
        if count > self.filled {
            let before = std::mem::take(&mut self.before);
            last = std::mem::replace(&mut self.piece, before);
        }
        let kept = (self.piece.len() + last.len()).saturating_sub(count);
        let mut taken = self.piece.split_off(kept.min(self.piece.len()));
        taken.append(&mut last);
        self.filled = self.piece.len();
        taken
    }

    /// Some of the piece's room, up to `most` bytes.
    fn room(&mut self, most: usize) -> &mut [u8] {
        if self.piece.capacity() == 0 {
            self.piece = self.spares.take();
        }
        let end = PIECE.min(self.filled.saturating_add(most));
        if self.piece.len() < end {
            self.piece.reserve_exact(PIECE + MDC - self.piece.len());
            self.piece.resize(end, 0);
        }
        &mut self.piece[self.filled..end]
    }

    /// Ends the container and gives the sink back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.pass_on()?;
        self.pass_on()?;
        self.work.finish()
    }

    /// Sends the piece before, and keeps this one.
    fn pass_on(&mut self) -> io::Result<()> {
        let mut piece = std::mem::take(&mut self.piece);
        piece.truncate(std::mem::take(&mut self.filled));
        send_before(&mut self.before, piece, &mut self.work)
    }
}

impl<W: Write + Send + 'static> Write for ContainerWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.fill(buffer.len(), |room| {
            room.copy_from_slice(&buffer[..room.len()]);
            Ok(room.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What encrypts, and what is encrypted before the content.
type Start<W> = (Lane<W>, Vec<u8>);

fn version_1<W: Write + Send + 'static>(
    mut body: Parts<W>,
    key: &SessionKey,
    spares: &Spares,
) -> LibraryResult<Start<W>> {
    body.take(&[1])?;
    let cfb = CfbEncryptor::new(key)?;
    let back = spares.clone();
    let out = Lane::new(move |pieces| write_lane(pieces, body, &back));
    let cipher = Lane::new(move |pieces| cfb_lane(pieces, cfb, out));
    let digest = Lane::new(move |pieces| mdc_lane(pieces, cipher));
    Ok((digest, random_prefix()?))
}

fn version_2<W: Write + Send + 'static>(
    mut body: Parts<W>,
    key: &SessionKey,
    spares: &Spares,
) -> LibraryResult<Start<W>> {
    let mut salt = [0; 32];
    crypto::random(&mut salt)?;
    body.take(&[2, CIPHER.into(), AEAD.into(), CHUNK_OCTET])?;
    body.take(&salt)?;
    let ocb = Ocb {
        schedule: SEIPv2Schedule::new(key, CIPHER, AEAD, CHUNK, &salt)?,
        chunks: 0,
        bytes: 0,
    };
    let (plain, sealed) = (spares.clone(), Spares::default());
    let back = sealed.clone();
    let out = Lane::new(move |pieces| write_lane(pieces, body, &back));
    let cipher = Lane::new(move |pieces| ocb_lane(pieces, ocb, out, (&plain, &sealed)));
    Ok((cipher, Vec::new()))
}

/// One block of randomness and its last two octets again, with which version 1 begins.
fn random_prefix() -> LibraryResult<Vec<u8>> {
    let mut prefix = vec![0; CIPHER.block_size()?];
    crypto::random(&mut prefix)?;
    let repeated = prefix.len() - 2;
    prefix.extend_from_within(repeated..);
    Ok(prefix)
}

/// Digests everything, and puts the digest at the end of the last piece.
fn mdc_lane<W: Send + 'static>(pieces: Pieces, mut out: Lane<W>) -> io::Result<W> {
    let mut digest = Sha1::new();
    let mut last = Vec::new();
    pieces.each(|piece| {
        digest.update(&piece);
        send_before(&mut last, piece, &mut out)
    })?;
    // The MDC packet's header is part of what is digested (section 5.13.1).
    digest.update(MDC_HEADER);
    last.extend_from_slice(&MDC_HEADER);
    last.extend_from_slice(&digest.finalize());
    out.send(last)?;
    out.finish()
}

/// Keeps `piece`, to which an end may be added, and sends the one before it.
fn send_before<W: Send + 'static>(
    last: &mut Vec<u8>,
    piece: Vec<u8>,
    out: &mut Lane<W>,
) -> io::Result<()> {
    let before = std::mem::replace(last, piece);
    if before.is_empty() {
        return Ok(());
    }
    out.send(before)
}

/// Encrypts in place. A full piece is whole blocks, and only the last one is none.
fn cfb_lane<W: Send + 'static>(
    pieces: Pieces,
    mut cfb: CfbEncryptor,
    mut out: Lane<W>,
) -> io::Result<W> {
    pieces.each(|mut piece| {
        cfb.encrypt(&mut piece)?;
        out.send(piece)
    })?;
    out.finish()
}

/// Seals chunk by chunk. A full piece is whole chunks, and only the last one is none.
fn ocb_lane<W: Send + 'static>(
    pieces: Pieces,
    mut ocb: Ocb,
    mut out: Lane<W>,
    (spares, sealed): (&Spares, &Spares),
) -> io::Result<W> {
    let mut last = Vec::new();
    pieces.each(|piece| {
        let mut to = sealed.take();
        ocb.seal(&piece, &mut to).map_err(io::Error::other)?;
        spares.give(piece);
        send_before(&mut last, to, &mut out)
    })?;
    last.extend_from_slice(&ocb.end().map_err(io::Error::other)?);
    out.send(last)?;
    out.finish()
}

fn write_lane<W: Write>(pieces: Pieces, mut body: Parts<W>, spares: &Spares) -> io::Result<W> {
    pieces.each(|piece| {
        body.take(&piece)?;
        spares.give(piece);
        Ok(())
    })?;
    body.finish()
}

/// The chunks of version 2, with their numbers.
struct Ocb {
    schedule: SEIPv2Schedule,
    chunks: u64,
    bytes: u64,
}

impl Ocb {
    /// Seals `plain` into `to`, whatever that held before.
    fn seal(&mut self, plain: &[u8], to: &mut Vec<u8>) -> LibraryResult<()> {
        to.resize(plain.len() + plain.len().div_ceil(CHUNK) * TAG, 0);
        for (chunk, to) in plain.chunks(CHUNK).zip(to.chunks_mut(CHUNK + TAG)) {
            let start = &mut encryption;
            self.schedule
                .chunk(self.chunks, start)?
                .encrypt_seal(to, chunk)?;
            self.chunks += 1;
        }
        self.bytes += plain.len() as u64;
        Ok(())
    }

    /// The tag over nothing, which says that this is the end.
    fn end(self) -> LibraryResult<Vec<u8>> {
        let mut tag = vec![0; TAG];
        self.schedule
            .finalizer(self.chunks, self.bytes, &mut encryption)?
            .encrypt_seal(&mut tag, &[])?;
        Ok(tag)
    }
}

fn encryption(key: &SessionKey, nonce: &[u8], data: &[u8]) -> LibraryResult<EncryptionContext> {
    AEAD.context(CIPHER, key, data, nonce)?.for_encryption()
}

/// What everything is encrypted with.
pub(super) const CIPHER: SymmetricAlgorithm = SymmetricAlgorithm::AES256;

/// Packet type 19 with a length of 20.
pub(super) const MDC_HEADER: [u8; 2] = [0xc0 | 0x13, 20];

/// The MDC packet: header and SHA-1.
pub(super) const MDC: usize = 22;

const AEAD: AEADAlgorithm = AEADAlgorithm::OCB;
const TAG: usize = 16;

/// Bytes of plaintext under one tag: 2 to the power of the octet plus 6. Everyone must read up to
/// 4 MiB; past 64 KiB nothing is gained.
const CHUNK: usize = 1 << (CHUNK_OCTET + 6);
const CHUNK_OCTET: u8 = 10;

const _: () = assert!(PIECE.is_multiple_of(CHUNK));

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn key() -> SessionKey {
        SessionKey::from(vec![1; 32])
    }

    fn sealed(length: usize, container: Container) -> Vec<u8> {
        let mut writer = ContainerWriter::new(Vec::new(), container, &key()).unwrap();
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
        parser.decrypt(algorithm, &key()).unwrap();
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
        let boundaries = [0, 16, CHUNK, PIECE, 2 * PIECE];
        for boundary in boundaries {
            for length in boundary.saturating_sub(70)..boundary + 3 {
                for container in [Container::Seipdv1, Container::Seipdv2] {
                    let literal = literal(length);
                    let mut writer = ContainerWriter::new(Vec::new(), container, &key()).unwrap();
                    writer.write_all(&literal).unwrap();
                    let content = opened(&writer.finish().unwrap());
                    assert_eq!(content.len(), length, "{container}");
                }
            }
        }
    }

    #[test]
    fn what_is_taken_back_is_not_there() {
        for written in [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE - 1] {
            for count in [1, 1000, PIECE - 1, PIECE] {
                let count = count.min(written);
                for container in [Container::Seipdv1, Container::Seipdv2] {
                    let literal = literal(written);
                    let (first, last) = literal.split_at(literal.len() - count);
                    let mut writer = ContainerWriter::new(Vec::new(), container, &key()).unwrap();
                    writer.write_all(first).unwrap();
                    writer.write_all(&vec![1; count]).unwrap();
                    assert!(writer.take_back(count) == vec![1; count]);
                    writer.write_all(last).unwrap();
                    let content = opened(&writer.finish().unwrap());
                    assert_eq!(content.len(), written, "{container}, {count} taken back");
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

    /// What is written where the thread that gathers is alone, and where others work, too.
    const LENGTHS: [usize; 2] = [4, 4 * PIECE];

    #[test]
    fn a_full_disk_comes_back_as_it_was() {
        for container in [Container::Seipdv1, Container::Seipdv2] {
            for length in LENGTHS {
                for room in [0, length / 2] {
                    let mut writer = ContainerWriter::new(Full(room), container, &key()).unwrap();
                    let written = writer.write_all(&vec![0; length]);
                    let error = written
                        .and_then(|()| writer.finish().map(drop))
                        .unwrap_err();
                    assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{length} bytes");
                }
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
        for container in [Container::Seipdv1, Container::Seipdv2] {
            for length in LENGTHS {
                let dropped = Arc::default();
                let sink = Told(Arc::clone(&dropped));
                let mut writer = ContainerWriter::new(sink, container, &key()).unwrap();
                writer.write_all(&vec![0; length]).unwrap();
                drop(writer);
                assert!(
                    dropped.load(std::sync::atomic::Ordering::SeqCst),
                    "{length} bytes"
                );
            }
        }
    }
}
