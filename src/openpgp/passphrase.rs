//! A passphrase on its way from the prompt to the key derivation.

use sequoia_openpgp::crypto::Password;
use zeroize::Zeroizing;

/// A passphrase, encrypted in memory while it waits, wiped when dropped, never printed.
#[derive(Clone, Debug)]
pub struct Passphrase(Password);

impl Passphrase {
    pub(super) fn as_password(&self) -> &Password {
        &self.0
    }
}

impl From<Zeroizing<String>> for Passphrase {
    fn from(text: Zeroizing<String>) -> Self {
        Self(Password::from(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_it() {
        let passphrase = Passphrase::from(Zeroizing::new("correct horse".to_owned()));
        assert!(!format!("{passphrase:?}").contains("horse"));
    }
}
