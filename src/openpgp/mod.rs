//! Everything OpenPGP: certificates and the verdict on each, sealing, opening, keys.
//!
//! The only folder that names `sequoia_openpgp`. What it hands to higher floors are types of its
//! own, so that a higher floor cannot encrypt to a certificate that was not judged, nor read a
//! signature as good that was not verified. RFC 9580 unless said otherwise.

mod admission;
mod agent;
mod blocks;
mod case_key;
mod certificate;
mod cfb;
mod cleartext;
mod container;
mod contents;
mod detached;
mod document;
mod error;
#[cfg(test)]
mod fixtures;
mod flood;
mod frame;
mod gnupg;
mod hashing;
mod header;
mod input;
mod key_state;
mod keygen;
mod lane;
mod layers;
mod literal;
mod merge;
mod names;
mod open;
mod outside;
mod parts;
mod passphrase;
mod receipt;
mod rsa;
mod seal;
mod sealed;
mod sealing;
mod secret_key;
mod session_key;
mod signature;
mod signing;
mod tag;
mod unsealing;
mod verdict;

pub use admission::{Admission, Doorkeeper, NotAdmitted, NotSaved};
pub use agent::AgentKey;
pub use case_key::{case_key, case_key_named};
pub use certificate::{Certificate, read_certificates};
pub use cleartext::{SignedText, read_cleartext, sign_cleartext, verify_detached};
pub use detached::verify_text;
pub use error::{CertificateError, CleartextError, KeyError, MergeError, OpenError, SealError};
pub use frame::{Surroundings, is_cleartext_signed};
pub use gnupg::{AgentKeys, agent_signer};
pub use key_state::{KeyCondition, KeyState, KeyUse};
pub use keygen::{GeneratedKey, KeyProfile, Lifetime, VendorKey, generate};
pub use open::{Authenticated, DecryptionKeys, FindAgentKeys, Message, Opening, open};
pub use passphrase::Passphrase;
pub use receipt::{ReceiptError, VerifiedReceipt, sign_receipt};
pub use seal::{Container, Envelope, Signer};
pub use sealed::{Fingerprint, KeyName, NotAFingerprint, NotAKeyName, Recipients};
pub use sealing::Sealing;
pub use secret_key::{SecretKey, read_secret_keys};
pub use session_key::PassphraseFor;
pub use signature::{SignatureVerdict, SignerOrigin};
pub use verdict::{EncryptionKey, Reason, Recipient, Verdict};
