//! What a vendor can do about a certificate that reporters cannot use.

use crate::openpgp::Reason;

/// What to do, in words for the owner of the key.
pub(super) fn remedy(reason: &Reason) -> &'static str {
    match reason {
        Reason::Expired { .. } => {
            "extend its expiry with the secret key, or make a new key with `sealpost keygen`, and publish that"
        }
        Reason::EncryptionSubkeyExpired { .. } => {
            "extend the subkey's expiry with the secret key, or add a new subkey, and publish the certificate again"
        }
        Reason::Revoked { .. } => "make a new key with `sealpost keygen`, and publish that",
        Reason::EncryptionSubkeyRevoked => {
            "add a new encryption subkey, and publish the certificate again"
        }
        Reason::NotYetValid { .. } => {
            "check the clock of this machine, and of the one that made the key"
        }
        Reason::NoEncryptionSubkey => {
            "it can only sign: publish the certificate with an encryption subkey, or make one with `sealpost keygen`"
        }
        Reason::WeakBinding { .. } | Reason::WeakAlgorithm { .. } => {
            "what protects it can be broken: make a new key with `sealpost keygen`, and publish that"
        }
        Reason::UnknownAlgorithm { .. } => {
            "few programs can encrypt to it: add an encryption subkey with a common algorithm, such as X25519"
        }
    }
}
