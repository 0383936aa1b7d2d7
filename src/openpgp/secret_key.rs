//! Secret keys from a file: which of them open a message, which of them sign, and how each is
//! unlocked.
//!
//! The one place that turns secret key material into something that computes with it
//! (`tests/architecture.rs` keeps it so): RSA goes through aws-lc, DSA and `ElGamal` are refused, the
//! curves and the post-quantum algorithms of sequoia's backend run in constant time.

use std::time::SystemTime;

use sequoia_openpgp::{
    Cert,
    cert::CertParser,
    crypto::{self, Password, mpi::PublicKey},
    packet::{
        Key,
        key::{PublicParts, SecretKeyMaterial, SecretParts, UnspecifiedRole},
    },
    parse::Parse,
    policy::StandardPolicy,
    types::PublicKeyAlgorithm,
};

use super::{
    Certificate, Fingerprint, KeyError, Passphrase, PassphraseFor, Signer, blocks, key_state,
    rsa::RsaKey,
};

/// A certificate together with secret key material, as a file holds it: locked or not.
#[derive(Clone, Debug)]
pub struct SecretKey {
    cert: Cert,
    file: String,
}

/// Asks for a passphrase. The number counts the attempts from 0; `None` means that there will be
/// no further one.
pub(super) type Ask<'a> = dyn FnMut(&PassphraseFor, u32) -> anyhow::Result<Option<Passphrase>> + 'a;

/// All secret keys in `bytes`, armoured or binary. `file` is how it is named in errors.
///
/// # Errors
/// [`KeyError::None`] when there is none, [`KeyError::Damaged`] when it cannot be parsed.
pub fn read_secret_keys(file: &str, bytes: &[u8]) -> Result<Vec<SecretKey>, KeyError> {
    let damaged = |source| KeyError::Damaged {
        file: file.to_owned(),
        source,
    };
    let none = || KeyError::None {
        file: file.to_owned(),
    };
    let is_binary = bytes.first().is_some_and(|octet| octet & 0x80 != 0);
    if !is_binary
        && !blocks::blocks(bytes)
            .iter()
            .any(|b| b.label == "PRIVATE KEY BLOCK")
    {
        return Err(none());
    }
    let mut keys = Vec::new();
    for cert in CertParser::from_bytes(bytes).map_err(damaged)? {
        let cert = cert.map_err(damaged)?;
        if cert.is_tsk() {
            keys.push(SecretKey::new(cert, file));
        }
    }
    if keys.is_empty() {
        Err(none())
    } else {
        Ok(keys)
    }
}

impl SecretKey {
    pub(super) fn new(cert: Cert, file: &str) -> Self {
        Self {
            cert,
            file: file.to_owned(),
        }
    }

    /// The public part.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        Certificate::new(self.cert.clone())
    }

    /// The keys in it that can decrypt, expired and revoked ones included: a vendor must still be
    /// able to open what was sealed before.
    pub(super) fn decryption_keys(&self) -> Vec<Key<SecretParts, UnspecifiedRole>> {
        self.cert
            .keys()
            .secret()
            .filter(|ka| ka.key().pk_algo().for_encryption() && is_here(ka.key()))
            .map(|ka| ka.key().clone())
            .collect()
    }

    /// The keys in it that open messages, locked or not.
    #[must_use]
    pub fn opening_keys(&self) -> Vec<Fingerprint> {
        let keys = self.decryption_keys();
        keys.iter().map(|key| (&key.fingerprint()).into()).collect()
    }

    /// Whether a secret in it opens messages: then it has no place where only signatures are made.
    #[must_use]
    pub fn can_decrypt(&self) -> bool {
        let ever = key_state::ever_for_encryption(&self.cert);
        let mut keys = self.cert.keys().secret().filter(|ka| is_here(ka.key()));
        keys.any(|ka| ever.contains(&ka.key().fingerprint()))
    }

    /// A signer with the newest key in it that may sign at `now`, unlocked through `ask`.
    ///
    /// # Errors
    /// [`KeyError::NoSigningKey`], or why it could not be unlocked.
    pub fn signer(&self, now: SystemTime, ask: &mut Ask<'_>) -> Result<Signer, KeyError> {
        self.signer_for(&self.certificate(), now, ask)
    }

    /// The same with a key that `certificate` says may sign at `now`: a certificate that was
    /// published since may know better than the copy in the file of the secret.
    ///
    /// # Errors
    /// As [`SecretKey::signer`].
    pub fn signer_for(
        &self,
        certificate: &Certificate,
        now: SystemTime,
        ask: &mut Ask<'_>,
    ) -> Result<Signer, KeyError> {
        let policy = StandardPolicy::at(now);
        let keys = certificate.cert().keys().with_policy(&policy, now);
        let keys = keys.supported().alive().revoked(false).for_signing();
        let may_sign: Vec<_> = keys.map(|ka| ka.key().fingerprint()).collect();
        let key = self
            .cert
            .keys()
            .secret()
            .filter(|ka| is_here(ka.key()) && may_sign.contains(&ka.key().fingerprint()))
            .max_by_key(|ka| (may_compute(ka.key()), ka.key().creation_time()))
            .map(|ka| ka.key().clone())
            .ok_or_else(|| KeyError::NoSigningKey {
                file: self.file.clone(),
            })?;
        let key = unlock(key, &self.what(), ask)?;
        Ok(Signer::new(certificate.clone(), signer(key)?))
    }

    /// What the passphrase prompt says.
    pub(super) fn what(&self) -> PassphraseFor {
        let user_id = self.cert.userids().next();
        PassphraseFor::Key {
            fingerprint: (&self.cert.fingerprint()).into(),
            user_id: user_id.map(|id| String::from_utf8_lossy(id.userid().value()).into_owned()),
            file: self.file.clone(),
        }
    }
}

/// `key` without its passphrase, which is asked for as often as `ask` has answers.
pub(super) fn unlock(
    key: Key<SecretParts, UnspecifiedRole>,
    what: &PassphraseFor,
    ask: &mut Ask<'_>,
) -> Result<Key<SecretParts, UnspecifiedRole>, KeyError> {
    if key.has_unencrypted_secret() {
        return Ok(key);
    }
    let mut attempt = 0;
    loop {
        let passphrase = ask(what, attempt)
            .map_err(|source| KeyError::NoPassphrase {
                what: what.to_string(),
                source,
            })?
            .ok_or_else(|| KeyError::WrongPassphrase {
                what: what.to_string(),
            })?;
        if let Some(key) = try_unlock(&key, passphrase.as_password()) {
            return Ok(key);
        }
        attempt += 1;
    }
}

pub(super) fn try_unlock(
    key: &Key<SecretParts, UnspecifiedRole>,
    password: &Password,
) -> Option<Key<SecretParts, UnspecifiedRole>> {
    key.clone().decrypt_secret(password).ok()
}

/// What decrypts session keys with the unlocked `key`.
pub(super) fn decryptor(
    key: Key<SecretParts, UnspecifiedRole>,
) -> Result<Box<dyn crypto::Decryptor>, KeyError> {
    Ok(match compute_with(key)? {
        Computing::Rsa(key) => Box::new(key),
        Computing::Curve(pair) => Box::new(pair),
    })
}

/// What signs with the unlocked `key`.
pub(super) fn signer(
    key: Key<SecretParts, UnspecifiedRole>,
) -> Result<Box<dyn crypto::Signer + Send + Sync>, KeyError> {
    Ok(match compute_with(key)? {
        Computing::Rsa(key) => Box::new(key),
        Computing::Curve(pair) => Box::new(pair),
    })
}

enum Computing {
    Rsa(RsaKey),
    Curve(crypto::KeyPair),
}

fn compute_with(key: Key<SecretParts, UnspecifiedRole>) -> Result<Computing, KeyError> {
    let algorithm = key.pk_algo();
    if !may_compute(&key) {
        return Err(KeyError::UnsafeAlgorithm {
            algorithm: algorithm.to_string(),
        });
    }
    let pair = key.into_keypair().map_err(KeyError::Library)?;
    if !is_rsa(algorithm) {
        return Ok(Computing::Curve(pair));
    }
    let public: Key<PublicParts, _> = pair.public().clone();
    Ok(Computing::Rsa(
        RsaKey::new(public, pair.secret()).map_err(KeyError::Library)?,
    ))
}

#[expect(
    deprecated,
    reason = "old RSA keys are still in use, and are named to be told apart"
)]
fn is_rsa(algorithm: PublicKeyAlgorithm) -> bool {
    matches!(
        algorithm,
        PublicKeyAlgorithm::RSAEncryptSign
            | PublicKeyAlgorithm::RSAEncrypt
            | PublicKeyAlgorithm::RSASign
    )
}

/// Whether there is an implementation whose time does not depend on the secret.
#[expect(deprecated, reason = "ElGamal that may sign is named to be refused")]
fn may_compute(key: &Key<SecretParts, UnspecifiedRole>) -> bool {
    let curve_is_here = match key.mpis() {
        PublicKey::ECDH { curve, .. }
        | PublicKey::ECDSA { curve, .. }
        | PublicKey::EdDSA { curve, .. } => curve.is_supported(),
        _ => true,
    };
    let is_discrete_logarithm = matches!(
        key.pk_algo(),
        PublicKeyAlgorithm::DSA
            | PublicKeyAlgorithm::ElGamalEncrypt
            | PublicKeyAlgorithm::ElGamalEncryptSign
    );
    curve_is_here && key.pk_algo().is_supported() && !is_discrete_logarithm
}

/// Whether the secret is in the file, rather than a mark of GnuPG's that it is elsewhere (on a
/// card, or offline).
fn is_here(key: &Key<SecretParts, UnspecifiedRole>) -> bool {
    match key.secret() {
        SecretKeyMaterial::Unencrypted(_) => true,
        SecretKeyMaterial::Encrypted(locked) => locked.s2k().is_supported(),
    }
}
