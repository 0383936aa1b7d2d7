//! Private RSA operations through aws-lc, whose arithmetic does not depend on the secret.
//!
//! The `rsa` crate, which sequoia's pure Rust backend would use, leaks through timing
//! (RUSTSEC-2023-0071). RFC 9580 sections 5.5.5.1 (key fields) and 12.1 (PKCS #1 v1.5).

use aws_lc_rs::{
    digest,
    encoding::AsDer,
    rsa::{
        KeyPair, KeyPairComponents, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
        PublicKeyComponents,
    },
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaSignatureEncoding},
};
use num_bigint_dig::BigUint;
use sequoia_openpgp::{
    Error, Result,
    crypto::{
        self, SessionKey,
        mem::Protected,
        mpi::{self, PublicKey, SecretKeyMaterial},
    },
    packet::{
        Key,
        key::{PublicParts, Unencrypted, UnspecifiedRole},
    },
    types::HashAlgorithm,
};
use zeroize::Zeroizing;

/// An unlocked RSA key of 2048 to 8192 bits.
pub(super) struct RsaKey {
    public: Key<PublicParts, UnspecifiedRole>,
    pair: KeyPair,
    decrypting: Pkcs1PrivateDecryptingKey,
}

impl RsaKey {
    /// Checks the parts of the key against one another; a key that was tampered with is refused.
    pub(super) fn new(
        public: Key<PublicParts, UnspecifiedRole>,
        secret: &Unencrypted,
    ) -> Result<Self> {
        let pair = secret.map(|secret| match (public.mpis(), secret) {
            (PublicKey::RSA { e, n }, SecretKeyMaterial::RSA { d, p, q, u }) => {
                key_pair((n, e), d.value(), [p.value(), q.value(), u.value()])
            }
            _ => Err(Error::InvalidArgument("not an RSA key".into()).into()),
        })?;
        let der = pair.as_der()?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(der.as_ref())
            .map_err(|why| Error::InvalidKey(why.to_string()))?;
        let decrypting = Pkcs1PrivateDecryptingKey::new(decrypting)?;
        Ok(Self {
            public,
            pair,
            decrypting,
        })
    }
}

/// OpenPGP stores u = p⁻¹ mod q and PKCS #1 wants q⁻¹ mod p, so the primes change places.
#[expect(
    clippy::many_single_char_names,
    reason = "the names that both specifications use"
)]
fn key_pair((n, e): (&mpi::MPI, &mpi::MPI), d: &[u8], [p, q, u]: [&[u8]; 3]) -> Result<KeyPair> {
    KeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents {
            n: n.value(),
            e: e.value(),
        },
        d,
        p: q,
        q: p,
        dP: &exponent(d, q),
        dQ: &exponent(d, p),
        qInv: u,
    })
    .map_err(|why| Error::InvalidKey(format!("RSA key refused: {why}")).into())
}

/// d mod (prime − 1).
fn exponent(d: &[u8], prime: &[u8]) -> Zeroizing<Vec<u8>> {
    // What is no prime at all, as in a file that was tampered with, is refused by the caller.
    let one_less = BigUint::from_bytes_be(prime).max(BigUint::from(2_u8)) - 1_u8;
    Zeroizing::new((BigUint::from_bytes_be(d) % one_less).to_bytes_be())
}

impl crypto::Decryptor for RsaKey {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    fn decrypt(
        &mut self,
        ciphertext: &mpi::Ciphertext,
        _plaintext_len: Option<usize>,
    ) -> Result<SessionKey> {
        let mpi::Ciphertext::RSA { c } = ciphertext else {
            return Err(Error::InvalidArgument("not an RSA ciphertext".into()).into());
        };
        let padded = c.value_padded(self.decrypting.key_size_bytes())?;
        let mut plaintext = Protected::new(self.decrypting.min_output_size());
        let length = self
            .decrypting
            .decrypt(&padded, &mut plaintext)
            .map_err(|_| Error::InvalidSessionKey("RSA decryption failed".into()))?
            .len();
        Ok(SessionKey::from(&plaintext[..length]))
    }
}

impl crypto::Signer for RsaKey {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    fn acceptable_hashes(&self) -> &[HashAlgorithm] {
        &[
            HashAlgorithm::SHA256,
            HashAlgorithm::SHA384,
            HashAlgorithm::SHA512,
        ]
    }

    fn sign(&mut self, hash_algo: HashAlgorithm, digest: &[u8]) -> Result<mpi::Signature> {
        let (padding, algorithm): (&'static RsaSignatureEncoding, _) = match hash_algo {
            HashAlgorithm::SHA256 => (&RSA_PKCS1_SHA256, &digest::SHA256),
            HashAlgorithm::SHA384 => (&RSA_PKCS1_SHA384, &digest::SHA384),
            HashAlgorithm::SHA512 => (&RSA_PKCS1_SHA512, &digest::SHA512),
            other => return Err(Error::UnsupportedHashAlgorithm(other).into()),
        };
        let digest = digest::Digest::import_less_safe(digest, algorithm)?;
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(padding, &digest, &mut signature)?;
        Ok(mpi::Signature::RSA {
            s: mpi::MPI::new(&signature),
        })
    }
}
