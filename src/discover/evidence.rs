//! What discovery brings home: which sources were asked, and what each of them says.
//!
//! DESIGN.md, "Discovery and trust". A statement is one source's word about which keys reports go
//! to; two statements count as two only if nobody could forge both by taking over one server.

use std::{fmt, net::SocketAddr};

use crate::{
    network::FetchError,
    openpgp::{Certificate, Fingerprint},
    program::{MailAddress, same_site},
};

/// A kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The vendor's security.txt, RFC 9116.
    SecurityTxt,
    /// What its `Encryption:` field links to.
    EncryptionLink,
    /// The key that an intake on this machine serves.
    IntakeKey,
    /// Web Key Directory.
    Wkd,
    /// A key server that verifies addresses.
    Vks,
    /// A key server that takes anything.
    Hkp,
    /// OPENPGPKEY records, RFC 7929.
    Dane,
    /// CSAF provider metadata.
    Csaf,
    /// `/program.json`, the vendor's own profile.
    ProgramJson,
    /// SECURITY.md of the repository.
    SecurityMd,
    /// GitHub's setting of private vulnerability reports.
    PrivateReporting,
}

impl Kind {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SecurityTxt => "security-txt",
            Self::EncryptionLink => "encryption-link",
            Self::IntakeKey => "intake-key",
            Self::Wkd => "wkd",
            Self::Vks => "vks",
            Self::Hkp => "hkp",
            Self::Dane => "dane",
            Self::Csaf => "csaf",
            Self::ProgramJson => "program-json",
            Self::SecurityMd => "security-md",
            Self::PrivateReporting => "private-reporting",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecurityTxt => "security.txt",
            Self::EncryptionLink => "encryption link",
            Self::IntakeKey => "intake",
            Self::Wkd => "WKD",
            Self::Vks => "key server (verifies addresses)",
            Self::Hkp => "key server",
            Self::Dane => "DANE",
            Self::Csaf => "CSAF metadata",
            Self::ProgramJson => "program.json",
            Self::SecurityMd => "SECURITY.md",
            Self::PrivateReporting => "private reporting",
        })
    }
}

/// One question that was put to the network, and how it ended.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The kind of source.
    pub kind: Kind,
    /// The URL or DNS name. Hostile text.
    pub at: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a question ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With what was wanted; a few words on it.
    Found(String),
    /// The source answered that it has nothing.
    Nothing,
    /// The source failed, or what it gave cannot be used.
    Fault(Fault),
}

/// Why a source gave nothing usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable word for scripts.
    pub code: &'static str,
    /// In plain words; may quote hostile text.
    pub message: String,
}

/// A stranger's words as one short line: they cannot be laid out to look like lines of our own, nor
/// fill a pin. They are not escaped yet.
pub(super) fn short(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}\u{2026}", &words[..end]),
        None => words,
    }
}

const SHORT: usize = 240;

impl From<FetchError> for Fault {
    fn from(error: FetchError) -> Self {
        Self {
            code: error.code(),
            message: short(&error.to_string()),
        }
    }
}

/// One source's word about which keys reports go to.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The kind of source.
    pub kind: Kind,
    /// The URL or DNS name that said it.
    pub at: String,
    /// The address that the keys are for; `None` where they are for reports as such.
    pub address: Option<MailAddress>,
    /// Who would have to be taken over to forge it: the source itself, or the document that told us
    /// to ask there.
    pub authority: Authority,
    /// What it is worth.
    pub standing: Standing,
    /// Whether the person, the profile or convention named the address, and no document did.
    pub given: bool,
    /// The keys, in the source's order, each once.
    pub keys: Vec<Fingerprint>,
}

impl Statement {
    /// Whether the source may be believed.
    #[must_use]
    pub fn vouches(&self) -> bool {
        self.standing == Standing::Vouches
    }
}

/// What a statement is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The source speaks for the vendor, or for the address.
    Vouches,
    /// It only carries keys that others named: anybody can upload there.
    Carries,
    /// It would speak for the vendor, and may not be believed now.
    Void(String),
}

/// Who would have to be taken over to forge a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A web server.
    Web {
        /// Its name.
        host: String,
        /// The sockets at which it is reached; none are known behind a proxy.
        peers: Vec<SocketAddr>,
    },
    /// The signed zone of a domain.
    Zone {
        /// The domain.
        domain: String,
    },
}

impl Authority {
    /// Whether taking over the one does not give the other. All web hosts of one site are one voice:
    /// a wildcard name or a second address of one server would make it look like two. So are names
    /// with a socket in common.
    #[must_use]
    pub fn is_independent_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Web { host: a, peers: x }, Self::Web { host: b, peers: y }) => {
                !same_site(a, b) && !x.iter().any(|peer| y.contains(peer))
            }
            (Self::Zone { domain: a }, Self::Zone { domain: b }) => !same_site(a, b),
            _ => true,
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web { host, .. } => f.write_str(host),
            Self::Zone { domain } => write!(f, "the signed zone of {domain}"),
        }
    }
}

/// Everything that the sources say of keys.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// In the order of asking, whichever answered first.
    pub statements: Vec<Statement>,
    /// The certificates that came with them, each fingerprint once.
    pub certificates: Vec<Certificate>,
}

impl Evidence {
    /// The certificate of that fingerprint.
    #[must_use]
    pub fn certificate(&self, fingerprint: &Fingerprint) -> Option<&Certificate> {
        let mut all = self.certificates.iter();
        all.find(|certificate| certificate.fingerprint() == *fingerprint)
    }

    /// Takes a certificate in; what is known of the same key is merged with it.
    pub fn add(&mut self, certificate: Certificate) {
        let fingerprint = certificate.fingerprint();
        if self.certificates.len() >= MAX_CERTIFICATES && self.certificate(&fingerprint).is_none() {
            return;
        }
        let mut known = self.certificates.iter_mut();
        match known.find(|known| known.fingerprint() == fingerprint) {
            // A copy that cannot be merged says nothing that is worth keeping.
            Some(known) => {
                if let Ok(merged) = known.clone().merge(certificate) {
                    *known = merged;
                }
            }
            None => self.certificates.push(certificate),
        }
    }

    /// The statements that name the key.
    pub fn naming(&self, fingerprint: &Fingerprint) -> impl Iterator<Item = &Statement> {
        let named = |statement: &&Statement| statement.keys.contains(fingerprint);
        self.statements.iter().filter(named)
    }
}

/// More certificates than a vendor has.
const MAX_CERTIFICATES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn web(host: &str, peers: &[&str]) -> Authority {
        Authority::Web {
            host: host.to_owned(),
            peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn one_server_is_one_voice() {
        let file = web("example.org", &["192.0.2.1:443"]);
        for (other, apart) in [
            (web("example.org", &["192.0.2.2:443"]), false),
            (web("www.example.org", &["192.0.2.2:443"]), false),
            (web("openpgpkey.example.org", &["192.0.2.1:443"]), false),
            (web("openpgpkey.example.org", &["192.0.2.2:443"]), false),
            (web("keys.example.net", &["192.0.2.2:443"]), true),
            (web("openpgpkey.example.org", &[]), false),
            (
                web(
                    "openpgpkey.example.org",
                    &["192.0.2.2:443", "192.0.2.1:443"],
                ),
                false,
            ),
            (web("keys.example.net", &[]), true),
            (
                Authority::Zone {
                    domain: "example.org".to_owned(),
                },
                true,
            ),
        ] {
            assert_eq!(file.is_independent_of(&other), apart, "{other:?}");
            assert_eq!(other.is_independent_of(&file), apart, "{other:?}");
        }
    }
}
