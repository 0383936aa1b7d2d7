//! Decrypting the body of a container: where it is long, one thread reads ahead, and one decrypts.
//!
//! RFC 9580 sections 5.13.1 and 5.13.2. What ends a container, and proves it whole, is held back
//! until everything before it was decrypted: the MDC packet of version 1, the last tag of version 2.

use std::io::{self, Read};

use sequoia_openpgp::{
    Result as LibraryResult,
    crypto::{
        SessionKey,
        aead::{DecryptionContext, SEIPv2Schedule, Schedule},
    },
    types::{AEADAlgorithm, SymmetricAlgorithm},
};
use sha1::{Digest, Sha1};

use super::{
    cfb::CfbDecryptor,
    container::{MDC, MDC_HEADER},
    contents::Outlet,
    lane::{AHEAD, Lane, PIECE, Spares},
};

/// A container's way from ciphertext to plaintext.
pub(super) enum Unsealing {
    V1(Mdc),
    V2(Chunks),
}

/// Version 1.
pub(super) struct Mdc {
    /// None where the library decrypts on the way here.
    cfb: Option<CfbDecryptor>,
    digest: Sha1,
    /// Bytes of the random block and its repetition, which are no content.
    prefix: usize,
}

/// Version 2.
pub(super) struct Chunks {
    schedule: SEIPv2Schedule,
    cipher: SymmetricAlgorithm,
    aead: AEADAlgorithm,
    size: usize,
    tag: usize,
    count: u64,
    bytes: u64,
}

impl Unsealing {
    /// Decrypts all of `body` into the outlet; an error unless it is authentic to its end.
    pub(super) fn run(self, mut body: impl Read, outlet: &Outlet) -> io::Result<()> {
        let (size, end) = (self.piece(), self.end_size());
        let mut lane = self.lane(outlet.clone());
        let mut held = Vec::new();
        loop {
            let mut piece = outlet.spares.take();
            read_behind(&held, &mut body, &mut piece, size + end)?;
            if piece.len() < end {
                return Err(cut());
            }
            held = piece.split_off(piece.len() - end);
            let last = piece.len() < size;
            if !piece.is_empty() {
                lane.send(piece)?;
            }
            if last {
                return lane.finish()?.end(&held);
            }
        }
    }

    /// What decrypts into the outlet, and gives back what is needed to judge the end.
    fn lane(mut self, outlet: Outlet) -> Lane<Self> {
        Lane::with_room(self.ahead(), move |pieces| {
            pieces.each(|piece| {
                let (plain, offset) = self.open(piece, &outlet.spares)?;
                outlet.piece(plain, offset)
            })?;
            Ok(self)
        })
    }

    /// How many pieces may wait for each thread; few, if somebody's chunks are long.
    pub(super) fn ahead(&self) -> usize {
        (AHEAD * PIECE / self.piece()).max(1)
    }

    /// Whether the body must be decrypted by the library before it comes here.
    pub(super) fn wants_plaintext(&self) -> bool {
        matches!(self, Self::V1(Mdc { cfb: None, .. }))
    }

    /// Bytes of ciphertext that are decrypted at once: whole blocks or chunks.
    fn piece(&self) -> usize {
        match self {
            Self::V1(_) => PIECE,
            Self::V2(chunks) => {
                let sealed = chunks.size + chunks.tag;
                sealed * (PIECE / sealed).max(1)
            }
        }
    }

    fn end_size(&self) -> usize {
        match self {
            Self::V1(_) => MDC,
            Self::V2(chunks) => chunks.tag,
        }
    }

    /// The plaintext of a piece, and where the content begins in it.
    fn open(&mut self, piece: Vec<u8>, spares: &Spares) -> io::Result<(Vec<u8>, usize)> {
        match self {
            Self::V1(mdc) => mdc.open(piece),
            Self::V2(chunks) => {
                let mut to = spares.take();
                chunks.open(&piece, &mut to).map_err(io::Error::other)?;
                spares.give(piece);
                Ok((to, 0))
            }
        }
    }

    fn end(self, end: &[u8]) -> io::Result<()> {
        match self {
            Self::V1(mdc) => mdc.end(end),
            Self::V2(chunks) => chunks.end(end).map_err(io::Error::other),
        }
    }
}

impl Mdc {
    /// `cfb` is none if what comes is decrypted already.
    pub(super) fn new(cfb: Option<CfbDecryptor>, block: usize) -> Self {
        Self {
            cfb,
            digest: Sha1::new(),
            prefix: block + 2,
        }
    }

    fn open(&mut self, mut piece: Vec<u8>) -> io::Result<(Vec<u8>, usize)> {
        if let Some(cfb) = &mut self.cfb {
            cfb.decrypt(&mut piece)?;
        }
        self.digest.update(&piece);
        let offset = std::mem::take(&mut self.prefix);
        if piece.len() < offset {
            return Err(manipulated());
        }
        Ok((piece, offset))
    }

    fn end(mut self, end: &[u8]) -> io::Result<()> {
        let mut end = end.to_vec();
        if let Some(cfb) = &mut self.cfb {
            cfb.decrypt(&mut end)?;
        }
        // The MDC packet's header is part of what is digested (section 5.13.1).
        self.digest.update(MDC_HEADER);
        let (header, digest) = end.split_at(MDC_HEADER.len());
        let genuine =
            self.prefix == 0 && header == MDC_HEADER && digest == &self.digest.finalize()[..];
        if genuine { Ok(()) } else { Err(manipulated()) }
    }
}

impl Chunks {
    pub(super) fn new(
        key: &SessionKey,
        (cipher, aead): (SymmetricAlgorithm, AEADAlgorithm),
        size: usize,
        salt: &[u8],
    ) -> LibraryResult<Self> {
        Ok(Self {
            schedule: SEIPv2Schedule::new(key, cipher, aead, size, salt)?,
            cipher,
            aead,
            size,
            tag: aead.digest_size()?,
            count: 0,
            bytes: 0,
        })
    }

    /// Into `plain`, whatever that held before.
    fn open(&mut self, sealed: &[u8], plain: &mut Vec<u8>) -> LibraryResult<()> {
        let tags = sealed.len().div_ceil(self.size + self.tag) * self.tag;
        let length = sealed.len().checked_sub(tags).ok_or_else(cut)?;
        plain.resize(length, 0);
        let chunks = sealed.chunks(self.size + self.tag);
        for (index, chunk) in chunks.enumerate() {
            let from = index * self.size;
            let to = &mut plain[from..from + chunk.len().checked_sub(self.tag).ok_or_else(cut)?];
            let mut start = self.start();
            let mut context = self.schedule.chunk(self.count, &mut start)?;
            context.decrypt_verify(to, chunk)?;
            self.count += 1;
        }
        self.bytes += length as u64;
        Ok(())
    }

    /// The tag over nothing, which says how much there was.
    fn end(self, tag: &[u8]) -> LibraryResult<()> {
        let mut start = self.start();
        let mut context = self
            .schedule
            .finalizer(self.count, self.bytes, &mut start)?;
        context.decrypt_verify(&mut [], tag)
    }

    fn start(
        &self,
    ) -> impl FnMut(&SessionKey, &[u8], &[u8]) -> LibraryResult<DecryptionContext> + use<> {
        let (cipher, aead) = (self.cipher, self.aead);
        move |key, nonce, data| aead.context(cipher, key, data, nonce)?.for_decryption()
    }
}

/// Puts `held` into `piece`, and reads behind it until there are `size` bytes or the input ends. What
/// a used buffer holds is written over and not cleared first, and a new one grows as far as needed.
fn read_behind(
    held: &[u8],
    reader: &mut impl Read,
    piece: &mut Vec<u8>,
    size: usize,
) -> io::Result<()> {
    piece.truncate(size);
    piece.reserve_exact(size - piece.len());
    piece.splice(..held.len().min(piece.len()), held.iter().copied());
    let mut filled = held.len();
    while filled < size {
        if filled == piece.len() {
            piece.resize(size.min(filled + STEP), 0);
        }
        match reader.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    piece.truncate(filled);
    Ok(())
}

/// Bytes by which a new buffer grows.
const STEP: usize = 128 << 10;

fn cut() -> io::Error {
    io::Error::other("the container was cut off")
}

fn manipulated() -> io::Error {
    io::Error::other("the modification detection code does not match")
}
