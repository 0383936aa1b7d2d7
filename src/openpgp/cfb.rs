//! AES-256 in cipher feedback mode, as fast as the processor can chain blocks.
//!
//! RFC 9580 section 5.13.1: one CFB stream from an initial vector of zeros. Its keystream is
//! O₁ = E(0), Oᵢ₊₁ = E(Pᵢ ⊕ Oᵢ), and a ciphertext block is Cᵢ = Pᵢ ⊕ Oᵢ: the O are what cipher block
//! chaining makes of a block of zeros and then the plaintext. Libraries carry the chain of CBC in
//! a register, and that of CFB through memory, which costs a fifth to a third of the speed.

use std::io;

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, EncryptionContext, StreamingEncryptingKey, UnboundCipherKey,
    },
    error::Unspecified,
    iv::FixedLength,
};
use sequoia_openpgp::{crypto::SessionKey, types::SymmetricAlgorithm};
use zeroize::Zeroizing;

/// A CFB stream on its way.
pub(super) struct CfbEncryptor {
    chain: StreamingEncryptingKey,
    /// The keystream of the next block, then room for those of the blocks after it.
    keystream: Zeroizing<Vec<u8>>,
}

impl CfbEncryptor {
    /// A stream from its beginning, for a key of 32 bytes.
    pub(super) fn new(key: &SessionKey) -> io::Result<Self> {
        let key = UnboundCipherKey::new(&AES_256, key).map_err(failed)?;
        let zeros = EncryptionContext::Iv128(FixedLength::from([0; BLOCK]));
        let mut chain = StreamingEncryptingKey::less_safe_cbc_pkcs7(key, zeros).map_err(failed)?;
        let mut keystream = Zeroizing::new(vec![0; BLOCK + STEP + BLOCK]);
        chain.update(&[0; BLOCK], &mut keystream).map_err(failed)?;
        Ok(Self { chain, keystream })
    }

    /// Encrypts in place what comes next: whole blocks, except at the end of the stream.
    pub(super) fn encrypt(&mut self, data: &mut [u8]) -> io::Result<()> {
        for step in data.chunks_mut(STEP) {
            let whole = step.len() - step.len() % BLOCK;
            self.chain
                .update(&step[..whole], &mut self.keystream[BLOCK..])
                .map_err(failed)?;
            for (byte, key) in step.iter_mut().zip(self.keystream.iter()) {
                *byte ^= key;
            }
            self.keystream.copy_within(whole..whole + BLOCK, 0);
        }
        Ok(())
    }
}

/// A CFB stream on its way back: its keystream is the cipher over the ciphertext itself, so that
/// no block waits for another.
pub(super) struct CfbDecryptor {
    cipher: StreamingEncryptingKey,
    /// The ciphertext block before the next one, then room for those of a step.
    before: Vec<u8>,
    keystream: Zeroizing<Vec<u8>>,
    /// How much of a block was decrypted, where a piece ended within it.
    begun: usize,
}

impl CfbDecryptor {
    /// A stream from its beginning; an error if `algorithm` is no AES.
    pub(super) fn new(algorithm: SymmetricAlgorithm, key: &SessionKey) -> io::Result<Self> {
        let algorithm = match algorithm {
            SymmetricAlgorithm::AES128 => &AES_128,
            SymmetricAlgorithm::AES192 => &AES_192,
            SymmetricAlgorithm::AES256 => &AES_256,
            _ => return Err(failed(Unspecified)),
        };
        let key = UnboundCipherKey::new(algorithm, key).map_err(failed)?;
        Ok(Self {
            cipher: StreamingEncryptingKey::ecb_pkcs7(key).map_err(failed)?,
            before: vec![0; BLOCK + STEP],
            keystream: Zeroizing::new(vec![0; STEP + BLOCK]),
            begun: 0,
        })
    }

    /// Decrypts in place what comes next.
    pub(super) fn decrypt(&mut self, data: &mut [u8]) -> io::Result<()> {
        let (rest, data) = data.split_at_mut(data.len().min(self.missing()));
        self.complete(rest);
        for step in data.chunks_mut(STEP) {
            self.before[BLOCK..BLOCK + step.len()].copy_from_slice(step);
            let blocks = step.len().next_multiple_of(BLOCK);
            self.cipher
                .update(&self.before[..blocks], &mut self.keystream)
                .map_err(failed)?;
            for (byte, key) in step.iter_mut().zip(self.keystream.iter()) {
                *byte ^= key;
            }
            self.begun = step.len() % BLOCK;
            self.before.copy_within(blocks..blocks + BLOCK, 0);
            self.keystream.copy_within(blocks - BLOCK..blocks, 0);
        }
        Ok(())
    }

    /// How much of a begun block is to come.
    fn missing(&self) -> usize {
        (BLOCK - self.begun) % BLOCK
    }

    /// Goes on with a begun block, whose keystream is known.
    fn complete(&mut self, rest: &mut [u8]) {
        for byte in rest {
            self.before[self.begun] = *byte;
            *byte ^= self.keystream[self.begun];
            self.begun = (self.begun + 1) % BLOCK;
        }
    }
}

fn failed(_: Unspecified) -> io::Error {
    io::Error::other("the cipher failed")
}

const BLOCK: usize = 16;

/// Bytes of keystream that are made at once: they stay in the nearest cache.
const STEP: usize = 4096;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use sequoia_openpgp::crypto::symmetric::{BlockCipherMode, Encryptor, PaddingMode};

    use super::*;

    fn encrypted(plain: &[u8], aes: SymmetricAlgorithm, key: &SessionKey) -> Vec<u8> {
        let mode = (BlockCipherMode::CFB, PaddingMode::None);
        let mut cfb = Encryptor::new(aes, mode.0, mode.1, key, None, Vec::new()).unwrap();
        cfb.write_all(plain).unwrap();
        cfb.finalize().unwrap()
    }

    /// For every length around the boundaries, in pieces of several sizes.
    fn each(check: impl Fn(&[u8], usize)) {
        for boundary in [0, BLOCK, STEP, 2 * STEP] {
            for length in boundary.saturating_sub(BLOCK + 1)..boundary + BLOCK + 2 {
                let plain: Vec<u8> = (0..=250).cycle().take(length).collect();
                for piece in [BLOCK, 3 * BLOCK, STEP + BLOCK, 4 * STEP] {
                    check(&plain, piece);
                }
            }
        }
    }

    #[test]
    fn it_encrypts_as_the_library_does() {
        let key = SessionKey::from((0..32).collect::<Vec<u8>>());
        each(|plain, piece| {
            let mut ours = plain.to_vec();
            let mut cfb = CfbEncryptor::new(&key).unwrap();
            for piece in ours.chunks_mut(piece) {
                cfb.encrypt(piece).unwrap();
            }
            let theirs = encrypted(plain, SymmetricAlgorithm::AES256, &key);
            assert!(ours == theirs, "{} bytes in {piece}", plain.len());
        });
    }

    #[test]
    fn it_decrypts_what_the_library_encrypts() {
        for (aes, size) in [
            (SymmetricAlgorithm::AES128, 16),
            (SymmetricAlgorithm::AES192, 24),
            (SymmetricAlgorithm::AES256, 32),
        ] {
            let key = SessionKey::from((0..size).collect::<Vec<u8>>());
            each(|plain, piece| {
                let mut ours = encrypted(plain, aes, &key);
                let mut cfb = CfbDecryptor::new(aes, &key).unwrap();
                // Pieces may end within a block.
                for piece in ours.chunks_mut(piece + plain.len() % 5) {
                    cfb.decrypt(piece).unwrap();
                }
                assert!(ours == plain, "{aes}, {} bytes in {piece}", plain.len());
            });
        }
        let key = SessionKey::from(vec![0; 32]);
        assert!(CfbDecryptor::new(SymmetricAlgorithm::Twofish, &key).is_err());
    }
}
