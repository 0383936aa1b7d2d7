//! The contents of a container, decrypted by threads of their own where they are long.
//!
//! RFC 9580 sections 5.13.1 and 5.13.2. What is read here is authentic only once the end was
//! reached without an error: version 1 is protected by one digest over everything, version 2 by
//! tags of which the last says that nothing was cut off.

use std::{
    io::{self, BufRead, Read},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use sequoia_openpgp::{
    Result as LibraryResult,
    crypto::{
        SessionKey,
        symmetric::{self, BlockCipherMode, UnpaddingMode},
    },
    parse::{Cookie, buffered_reader},
    policy::Policy,
    types::SymmetricAlgorithm,
};

use super::{
    cfb::CfbDecryptor,
    lane::{SHORT, Spares, spawn, stopped},
    outside::{Body, Kind},
    unsealing::{Chunks, Mdc, Unsealing},
};

/// A session key with the algorithm that it is for.
pub(super) struct ContentKey {
    pub(super) cipher: SymmetricAlgorithm,
    pub(super) key: SessionKey,
}

/// A container before its session key is known.
pub(super) struct Locked {
    kind: Kind,
    body: Body,
    /// Version 1: the encrypted prefix, by which a wrong session key is noticed early.
    prefix: Vec<u8>,
}

impl Locked {
    pub(super) fn new(kind: Kind, mut body: Body) -> io::Result<Self> {
        let mut prefix = Vec::new();
        if let Kind::Seipdv1 = kind {
            // Long enough for the block of every cipher, and never longer than the MDC leaves.
            body.by_ref().take(PREFIX).read_to_end(&mut prefix)?;
        }
        Ok(Self { kind, body, prefix })
    }

    /// The algorithm that the container names, as version 2 does.
    pub(super) fn cipher(&self) -> Option<SymmetricAlgorithm> {
        match self.kind {
            Kind::Seipdv1 => None,
            Kind::Seipdv2 { cipher, .. } => Some(cipher),
        }
    }

    /// `key` as this container's, unless it cannot be: certain for what a secret key decrypted, and
    /// wrong once in 65,536 times for a passphrase, which the authentication at the end notices.
    pub(super) fn fit(
        &self,
        cipher: Option<SymmetricAlgorithm>,
        key: SessionKey,
    ) -> Option<ContentKey> {
        let cipher = self.cipher().or(cipher)?;
        let content_key = ContentKey { cipher, key };
        let right_size = cipher.key_size().ok() == Some(content_key.key.len());
        let repeats = match self.kind {
            Kind::Seipdv2 { .. } => true,
            Kind::Seipdv1 => right_size && self.repeats(&content_key).unwrap_or(false),
        };
        (right_size && repeats).then_some(content_key)
    }

    /// Whether the last two octets of the random block stand there twice.
    fn repeats(&self, candidate: &ContentKey) -> LibraryResult<bool> {
        let block = candidate.cipher.block_size()?;
        let mut plain = vec![0; block + 2];
        cfb(candidate, io::Cursor::new(self.prefix.clone()))?.read_exact(&mut plain)?;
        Ok(plain[block - 2..block] == plain[block..])
    }

    /// Whether `policy` takes the algorithms of this container.
    pub(super) fn is_sound(&self, content_key: &ContentKey, policy: &dyn Policy) -> bool {
        let aead = match self.kind {
            Kind::Seipdv1 => Ok(()),
            Kind::Seipdv2 { aead, .. } => policy.aead_algorithm(aead),
        };
        aead.is_ok() && policy.symmetric_algorithm(content_key.cipher).is_ok()
    }

    /// Starts decrypting; what is short is decrypted here, since a thread takes longer to start.
    pub(super) fn unlock(mut self, content_key: ContentKey) -> LibraryResult<Contents> {
        let unsealing = self.unsealing(&content_key)?;
        let mut start = Vec::new();
        let begun = self
            .body
            .by_ref()
            .take(SHORT as u64)
            .read_to_end(&mut start);
        let is_long = begun.as_ref().is_ok_and(|length| *length == SHORT);
        // A piece and the end.
        let room = if is_long { unsealing.ahead() } else { 2 };
        let (sender, pieces) = sync_channel(room);
        let outlet = Outlet {
            sender,
            spares: Spares::default(),
        };
        let spares = outlet.spares.clone();
        let start = io::Cursor::new(self.prefix).chain(io::Cursor::new(start));
        let body = start.chain(self.body);
        let work = move || {
            let done = begun.and_then(|_| {
                if unsealing.wants_plaintext() {
                    let body = cfb(&content_key, body).map_err(io::Error::other)?;
                    unsealing.run(body, &outlet)
                } else {
                    unsealing.run(body, &outlet)
                }
            });
            let last = match done {
                Ok(()) => Arrival::End,
                Err(error) => Arrival::Failed(error),
            };
            // Nobody listens any more where reading was given up.
            let _given_up = outlet.sender.send(last);
        };
        if is_long {
            spawn(work)?;
        } else {
            work();
        }
        Ok(Contents {
            pieces: Mutex::new(pieces),
            piece: Vec::new(),
            read: 0,
            spares,
            state: Progress::Reading,
            end: Authentic::default(),
        })
    }

    fn unsealing(&self, content_key: &ContentKey) -> LibraryResult<Unsealing> {
        let ContentKey { cipher, key } = content_key;
        Ok(match &self.kind {
            Kind::Seipdv1 => {
                let cfb = CfbDecryptor::new(*cipher, key).ok();
                Unsealing::V1(Mdc::new(cfb, cipher.block_size()?))
            }
            Kind::Seipdv2 {
                cipher,
                aead,
                chunk_size,
                salt,
            } => {
                let size = usize::try_from(*chunk_size)?;
                Unsealing::V2(Chunks::new(key, (*cipher, *aead), size, salt)?)
            }
        })
    }
}

/// The decrypted contents: packets again.
pub(super) struct Contents {
    /// Never locked: the library wants readers that may be shared, and has one user.
    pieces: Mutex<Receiver<Arrival>>,
    piece: Vec<u8>,
    read: usize,
    spares: Spares,
    state: Progress,
    end: Authentic,
}

/// Tells, after the fact, whether the end of some contents was read and all of it is authentic.
#[derive(Clone, Default)]
pub(super) struct Authentic(Arc<AtomicBool>);

impl Authentic {
    pub(super) fn is_certain(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Reading,
    Authenticated,
    Failed,
}

enum Arrival {
    /// Plaintext from this offset on.
    Piece(Vec<u8>, usize),
    /// Everything was decrypted and is authentic.
    End,
    Failed(io::Error),
}

impl Read for Contents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buffer)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Contents {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read == self.piece.len() {
            match self.state {
                Progress::Reading => self.receive()?,
                Progress::Authenticated => return Ok(&[]),
                Progress::Failed => return Err(stopped()),
            }
        }
        Ok(&self.piece[self.read..])
    }

    fn consume(&mut self, count: usize) {
        self.read = (self.read + count).min(self.piece.len());
    }
}

impl Contents {
    pub(super) fn end(&self) -> Authentic {
        self.end.clone()
    }

    fn receive(&mut self) -> io::Result<()> {
        let pieces = self
            .pieces
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        match pieces.recv() {
            Ok(Arrival::Piece(piece, offset)) => {
                self.spares.give(std::mem::replace(&mut self.piece, piece));
                self.read = offset;
                Ok(())
            }
            Ok(Arrival::End) => {
                self.state = Progress::Authenticated;
                self.end.0.store(true, Ordering::Release);
                Ok(())
            }
            Ok(Arrival::Failed(error)) => {
                self.state = Progress::Failed;
                Err(error)
            }
            Err(_panicked) => {
                self.state = Progress::Failed;
                Err(stopped())
            }
        }
    }
}

/// Where plaintext goes, piece by piece, and where its buffers come back from.
#[derive(Clone)]
pub(super) struct Outlet {
    sender: SyncSender<Arrival>,
    pub(super) spares: Spares,
}

impl Outlet {
    /// Hands out the plaintext in `piece` from `offset` on.
    pub(super) fn piece(&self, piece: Vec<u8>, offset: usize) -> io::Result<()> {
        self.sender
            .send(Arrival::Piece(piece, offset))
            .map_err(|_given_up| stopped())
    }
}

/// The library's decryption, for the ciphers that nothing else here knows.
fn cfb(
    content_key: &ContentKey,
    body: impl Read + Send + Sync + 'static,
) -> LibraryResult<symmetric::Decryptor<'static>> {
    let (mode, unpadding) = (BlockCipherMode::CFB, UnpaddingMode::None);
    symmetric::Decryptor::new(
        content_key.cipher,
        mode,
        unpadding,
        &content_key.key,
        None,
        buffered_reader::Generic::with_cookie(body, Some(BUFFER), Cookie::default()),
    )
}

/// The longest block that a cipher has, and its last two octets again.
const PREFIX: u64 = 18;

const BUFFER: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use sequoia_openpgp::policy::StandardPolicy;

    use super::*;
    use crate::openpgp::{
        Container,
        container::ContainerWriter,
        lane::PIECE,
        outside::{Fault, Outside},
    };

    const CIPHER: SymmetricAlgorithm = SymmetricAlgorithm::AES256;

    fn key() -> SessionKey {
        SessionKey::from(vec![1; 32])
    }

    fn sealed(content: &[u8], container: Container) -> Vec<u8> {
        let mut writer = ContainerWriter::new(Vec::new(), container, &key()).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    }

    /// What is released of `message`, and whether it was authenticated in the end.
    fn opened(message: &[u8]) -> (Vec<u8>, bool) {
        let outside = match Outside::read(io::Cursor::new(message.to_vec())) {
            Ok(outside) => outside,
            Err(Fault::Refused(_) | Fault::Unreadable { .. }) => return (Vec::new(), false),
        };
        let mut content = Vec::new();
        let read = Locked::new(outside.kind, outside.body).and_then(|locked| {
            let content_key = locked.fit(Some(CIPHER), key()).ok_or_else(stopped)?;
            if !locked.is_sound(&content_key, &StandardPolicy::new()) {
                return Err(stopped());
            }
            let contents = locked.unlock(content_key);
            contents
                .map_err(io::Error::other)?
                .read_to_end(&mut content)
        });
        (content, read.is_ok())
    }

    #[test]
    fn every_length_around_the_boundaries_comes_back() {
        for boundary in [0, 16, 22, SHORT, BUFFER, PIECE] {
            for length in boundary.saturating_sub(45)..boundary + 3 {
                let content: Vec<u8> = (0..length)
                    .map(|n| u8::try_from(n % 251).unwrap())
                    .collect();
                for container in [Container::Seipdv1, Container::Seipdv2] {
                    let (released, authenticated) = opened(&sealed(&content, container));
                    assert!(
                        authenticated && released == content,
                        "{container}, {length} bytes"
                    );
                }
            }
        }
    }

    /// Here, and by threads, where not every byte is changed, but the first and the last are.
    #[test]
    fn no_change_is_authenticated() {
        for (container, length) in [Container::Seipdv1, Container::Seipdv2]
            .into_iter()
            .flat_map(|container| [(container, 300), (container, SHORT + 300)])
        {
            let message = sealed(&vec![0x5a; length], container);
            let tried =
                |at: &usize| *at < 60 || at.is_multiple_of(length / 300) || message.len() - at < 60;
            for at in (0..message.len()).filter(tried) {
                for bit in [0x01, 0x80] {
                    let mut changed = message.clone();
                    changed[at] ^= bit;
                    assert!(
                        !opened(&changed).1,
                        "{container}, bit {bit:#x} of byte {at} of {length}"
                    );
                }
                assert!(!opened(&message[..at]).1, "{container}, cut at {at}");
            }
            let more = [&message[..], &[0xb0]].concat();
            assert!(!opened(&more).1, "{container}, followed by something");
            assert!(!opened(&[&message[..], &message[..]].concat()).1);
        }
    }
}
