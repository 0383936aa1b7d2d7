//! Finding the session key: which secret key or passphrase opens a message.
//!
//! RFC 9580 sections 5.1 and 5.3. Cheap ways first: named keys without a passphrase, named keys
//! with one, gpg-agent, then every key on hidden recipients, then passphrases of the message.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use sequoia_openpgp::{
    crypto::{Decryptor, S2K},
    packet::{
        Key, PKESK, SKESK,
        key::{SecretParts, UnspecifiedRole},
    },
};

use super::{
    AgentKey, Certificate, DecryptionKeys, Fingerprint, KeyError, OpenError, Recipients, SecretKey,
    contents::{ContentKey, Locked},
    secret_key::{self, Ask},
};

/// What a passphrase is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseFor {
    /// A secret key.
    Key {
        /// Its certificate's fingerprint.
        fingerprint: Fingerprint,
        /// Its first User ID, hostile text.
        user_id: Option<String>,
        /// The file it came from.
        file: String,
    },
    /// A message that is sealed with a passphrase.
    Message,
}

impl fmt::Display for PassphraseFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key {
                fingerprint,
                user_id: Some(id),
                file,
            } => {
                write!(f, "{id} ({file}, {fingerprint})")
            }
            Self::Key {
                fingerprint,
                user_id: None,
                file,
            } => write!(f, "{file} ({fingerprint})"),
            Self::Message => f.write_str("this message"),
        }
    }
}

/// What opened a message.
pub(super) enum OpenedBy {
    /// The secret key of this certificate.
    Key(Box<Certificate>),
    /// A passphrase.
    Passphrase,
}

impl OpenedBy {
    fn key(certificate: Certificate) -> Self {
        Self::Key(Box::new(certificate))
    }
}

/// One search for the session key of one container.
pub(super) struct Search<'s> {
    pub(super) pkesks: &'s [PKESK],
    pub(super) skesks: &'s [SKESK],
    pub(super) locked: &'s Locked,
    pub(super) recipients: &'s Recipients,
}

type SecretSubkey = Key<SecretParts, UnspecifiedRole>;

impl Search<'_> {
    /// Tries everything that `keys` offers.
    pub(super) fn run(
        &self,
        keys: &mut DecryptionKeys<'_>,
    ) -> Result<(ContentKey, OpenedBy), OpenError> {
        let mut named = false;
        let mut unusable = None;
        for hidden in [false, true] {
            if hidden && self.recipients.hidden == 0 {
                break;
            }
            let candidates = self.candidates(&keys.secret, hidden);
            named |= !hidden && !candidates.is_empty();
            for (owner, subkey) in candidates {
                match self.try_secret(owner, subkey, hidden, &mut keys.ask) {
                    Ok(Some(key)) => return Ok((key, OpenedBy::key(owner.certificate()))),
                    Ok(None) => {}
                    Err(error @ KeyError::UnsafeAlgorithm { .. }) => unusable = Some(error),
                    Err(error) => return Err(error.into()),
                }
            }
            for mut agent_key in self.agent_keys(keys)? {
                if let Some(key) = self.try_decryptor(&mut agent_key, hidden) {
                    return Ok((key, OpenedBy::key(agent_key.certificate().clone())));
                }
                unusable = unusable.or(agent_key.refusal());
            }
        }
        if let Some(key) = self.try_passphrases(&mut keys.ask)? {
            return Ok((key, OpenedBy::Passphrase));
        }
        Err(match unusable {
            Some(error) => error.into(),
            None if named => {
                OpenError::Damaged(anyhow::anyhow!("its session key cannot be decrypted"))
            }
            None => OpenError::NotForUs {
                recipients: self.recipients.clone(),
            },
        })
    }

    /// The keys of `secret` that the message names, or all of them for hidden recipients; those
    /// that need no passphrase first.
    fn candidates<'k>(
        &self,
        secret: &'k [SecretKey],
        hidden: bool,
    ) -> Vec<(&'k SecretKey, SecretSubkey)> {
        let mut candidates: Vec<_> = secret
            .iter()
            .flat_map(|owner| {
                owner
                    .decryption_keys()
                    .into_iter()
                    .map(move |key| (owner, key))
            })
            .filter(|(_, key)| {
                hidden
                    || self.pkesks.iter().any(|pkesk| {
                        pkesk
                            .recipient()
                            .is_some_and(|name| name.aliases(key.key_handle()))
                    })
            })
            .collect();
        candidates.sort_by_key(|(_, key)| !key.has_unencrypted_secret());
        candidates
    }

    fn try_secret(
        &self,
        owner: &SecretKey,
        subkey: SecretSubkey,
        hidden: bool,
        ask: &mut Ask<'_>,
    ) -> Result<Option<ContentKey>, KeyError> {
        let of_algorithm = |pkesk: &&PKESK| pkesk.pk_algo() == subkey.pk_algo();
        if hidden
            && !self
                .pkesks
                .iter()
                .filter(|p| p.recipient().is_none())
                .any(|p| of_algorithm(&p))
        {
            return Ok(None);
        }
        let subkey = secret_key::unlock(subkey, &owner.what(), ask)?;
        let mut decryptor = secret_key::decryptor(subkey)?;
        Ok(self.try_decryptor(decryptor.as_mut(), hidden))
    }

    fn try_decryptor(&self, decryptor: &mut dyn Decryptor, hidden: bool) -> Option<ContentKey> {
        let name = decryptor.public().key_handle();
        let algorithm = decryptor.public().pk_algo();
        self.pkesks
            .iter()
            .filter(|pkesk| match pkesk.recipient() {
                Some(recipient) => !hidden && recipient.aliases(&name),
                None => hidden && pkesk.pk_algo() == algorithm,
            })
            .filter(|pkesk| self.is_for_container(pkesk.version() == 6))
            .filter_map(|pkesk| pkesk.decrypt(decryptor, self.locked.cipher()))
            .find_map(|(cipher, key)| self.locked.fit(cipher, key))
    }

    /// Whether a session key of that version belongs to this container (RFC 9580 section 10.3.2.1).
    fn is_for_container(&self, is_version_6: bool) -> bool {
        self.locked.cipher().is_some() == is_version_6
    }

    fn agent_keys(&self, keys: &mut DecryptionKeys<'_>) -> Result<Vec<AgentKey>, KeyError> {
        if self.pkesks.is_empty() {
            return Ok(Vec::new());
        }
        (keys.agent)(self.recipients)
    }

    fn try_passphrases(&self, ask: &mut Ask<'_>) -> Result<Option<ContentKey>, OpenError> {
        let mut attempt = 0;
        while !self.skesks.is_empty() {
            let what = PassphraseFor::Message;
            let passphrase = ask(&what, attempt)
                .map_err(|source| KeyError::NoPassphrase {
                    what: what.to_string(),
                    source,
                })?
                .ok_or(OpenError::WrongPassphrase)?;
            // One after the other, whatever else is opened at the same time: each may take gigabytes.
            let _turn = DERIVING.lock().unwrap_or_else(PoisonError::into_inner);
            let mut budget = Budget::new();
            let opened = self
                .skesks
                .iter()
                .filter(|skesk| self.is_for_container(skesk.version() == 6))
                .filter(|skesk| budget.pays(skesk))
                .filter_map(|skesk| skesk.decrypt(passphrase.as_password()).ok())
                .find_map(|(cipher, key)| self.locked.fit(cipher, key));
            if opened.is_some() {
                return Ok(opened);
            }
            attempt += 1;
        }
        Ok(None)
    }
}

/// Held while keys are derived from passphrases.
static DERIVING: Mutex<()> = Mutex::new(());

/// What deriving the keys of one message may cost: the memory in KiB times the passes, which its
/// sender chooses; twice what RFC 9106 recommends at the most.
struct Budget(u32);

impl Budget {
    fn new() -> Self {
        Self(1 << 22)
    }

    /// Whether `skesk` can still be afforded.
    fn pays(&mut self, skesk: &SKESK) -> bool {
        let s2k = match skesk {
            SKESK::V4(skesk) => skesk.s2k(),
            SKESK::V6(skesk) => skesk.s2k(),
            _ => return false,
        };
        let cost = match s2k {
            S2K::Argon2 { t, m, .. } if *m <= 21 => u32::from(*t) << *m,
            S2K::Argon2 { .. } => return false,
            // An iterated one hashes 62 MiB at the most, and there are only a few.
            other => return other.is_supported(),
        };
        let left = self.0.checked_sub(cost);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}
