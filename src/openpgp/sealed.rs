//! What anyone may see of a sealed report: whom it is for. Nothing here decrypts.
//!
//! RFC 9580 sections 5.1 (PKESK), 5.3 (SKESK) and 5.13 (the container).

use std::{fmt, str::FromStr};

use sequoia_openpgp::{KeyHandle, packet::PKESK};

/// The fingerprint of a certificate or key: 40 hex digits (version 4) or 64 (version 6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The digits in upper case, without spaces.
    #[must_use]
    pub fn as_hex(&self) -> &str {
        &self.0
    }
}

impl From<&sequoia_openpgp::Fingerprint> for Fingerprint {
    fn from(fingerprint: &sequoia_openpgp::Fingerprint) -> Self {
        Self(fingerprint.to_hex())
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().trim_start_matches("0x");
        let hex: String = text.chars().filter(|c| *c != ' ').collect();
        if !matches!(hex.len(), 40 | 64) || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAFingerprint(text.to_owned()));
        }
        Ok(Self(hex.to_ascii_uppercase()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not a whole fingerprint. Key IDs are refused: anyone can make a key that shares
/// one.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a fingerprint of 40 or 64 hexadecimal digits")]
pub struct NotAFingerprint(String);

/// How a message names a key: by key ID (16 hex digits) or by fingerprint.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyName(KeyHandle);

impl KeyName {
    /// Whether it is the name of the key with this fingerprint.
    #[must_use]
    pub fn names(&self, fingerprint: &Fingerprint) -> bool {
        let key = sequoia_openpgp::Fingerprint::from_hex(&fingerprint.0);
        key.is_ok_and(|key| self.0.aliases(KeyHandle::from(key)))
    }

    pub(super) fn handle(&self) -> &KeyHandle {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = NotAKeyName;

    fn from_str(text: &str) -> Result<Self, NotAKeyName> {
        if !matches!(text.len(), 16 | 40 | 64) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAKeyName);
        }
        text.parse().map(Self).map_err(|_| NotAKeyName)
    }
}

/// A text that names no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is named by 16, 40 or 64 hexadecimal digits")]
pub struct NotAKeyName;

impl From<KeyHandle> for KeyName {
    fn from(handle: KeyHandle) -> Self {
        Self(handle)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}", self.0)
    }
}

/// Whom a message is encrypted to, as its outside tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipients {
    /// The keys that are named.
    pub keys: Vec<KeyName>,
    /// How many recipients are not named.
    pub hidden: usize,
    /// How many passphrases open it.
    pub passphrases: usize,
}

impl Recipients {
    pub(super) fn of(pkesks: &[PKESK], passphrases: usize) -> Self {
        let keys: Vec<_> = pkesks
            .iter()
            .filter_map(|pkesk| Some(KeyName(pkesk.recipient()?)))
            .collect();
        let hidden = pkesks.len() - keys.len();
        Self {
            keys,
            hidden,
            passphrases,
        }
    }
}

impl fmt::Display for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self
            .keys
            .iter()
            .take(SHOWN)
            .map(ToString::to_string)
            .collect();
        if self.keys.len() > SHOWN {
            parts.push(format!("{} more keys", self.keys.len() - SHOWN));
        }
        match self.hidden {
            0 => {}
            1 => parts.push("a hidden recipient".to_owned()),
            n => parts.push(format!("{n} hidden recipients")),
        }
        if self.passphrases > 0 {
            parts.push("a passphrase".to_owned());
        }
        match parts.len() {
            0 => f.write_str("nobody"),
            _ => f.write_str(&parts.join(", ")),
        }
    }
}

/// A hostile message can name thousands of keys; a person reads some.
const SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_whole_or_refused() {
        let spaced = "3A0F C50B 4FDD 4A9E 1C5B  0000 0000 0000 0000 0000";
        assert_eq!(spaced.parse::<Fingerprint>().unwrap().as_hex().len(), 40);
        assert!("0x0123456789abcdef".parse::<Fingerprint>().is_err());
        assert!("g".repeat(40).parse::<Fingerprint>().is_err());
    }

    #[test]
    fn names_of_keys_are_read() {
        let key: Fingerprint = "0123456789ABCDEF".repeat(4)[..40].parse().unwrap();
        for name in [key.as_hex(), "89ABCDEF01234567"] {
            assert!(name.parse::<KeyName>().unwrap().names(&key), "{name}");
        }
        assert!(!"0000000000000000".parse::<KeyName>().unwrap().names(&key));
        for bad in ["", "89ABCDEF", "89ABCDEF0123456g"] {
            assert_eq!(bad.parse::<KeyName>(), Err(NotAKeyName));
        }
    }

    #[test]
    fn says_whom_it_is_for() {
        let recipients = Recipients {
            keys: vec![],
            hidden: 2,
            passphrases: 1,
        };
        assert_eq!(recipients.to_string(), "2 hidden recipients, a passphrase");
        assert_eq!(Recipients::default().to_string(), "nobody");
    }
}
