//! The digest of a content that is signed; made by a thread of its own where opening has much else
//! to do.
//!
//! RFC 9580 section 5.2.4: over a document, only the body of the literal packet is hashed; version 6
//! puts its salt first.

use std::io;

use sequoia_openpgp::{Result as LibraryResult, crypto::hash::Context, types::HashAlgorithm};

use super::lane::{Lane, PIECE, Spares};

/// A digest for a signature of this version.
pub(super) fn begin(
    algorithm: HashAlgorithm,
    version: u8,
    salt: Option<&[u8]>,
) -> LibraryResult<Context> {
    let mut hash = algorithm.context()?.for_signature(version);
    hash.update(salt.unwrap_or_default());
    Ok(hash)
}

/// The digest of a content on its way.
pub(super) struct Hashing {
    lane: Lane<Context>,
    piece: Vec<u8>,
    spares: Spares,
}

impl Hashing {
    /// Goes on with a digest that was begun.
    pub(super) fn new(mut hash: Context) -> Self {
        let spares = Spares::default();
        let back = spares.clone();
        let lane = Lane::new(move |pieces| {
            pieces.each(|piece| {
                hash.update(&piece);
                back.give(piece);
                Ok(())
            })?;
            Ok(hash)
        });
        Self {
            lane,
            piece: Vec::new(),
            spares,
        }
    }

    /// Takes the next bytes of the content.
    pub(super) fn update(&mut self, mut content: &[u8]) -> io::Result<()> {
        while !content.is_empty() {
            if self.piece.capacity() == 0 {
                self.piece = self.spares.empty(PIECE);
            }
            let (now, later) = content.split_at(content.len().min(PIECE - self.piece.len()));
            self.piece.extend_from_slice(now);
            content = later;
            if self.piece.len() == PIECE {
                self.lane.send(std::mem::take(&mut self.piece))?;
            }
        }
        Ok(())
    }

    /// The digest of everything, to which a signature adds its own part.
    pub(super) fn finish(mut self) -> io::Result<Context> {
        self.lane.send(self.piece)?;
        self.lane.finish()
    }
}
