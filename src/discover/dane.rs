//! Where the DNS keeps the key of an address, and what a `dns:` link names.
//!
//! Serves RFC 7929 (OPENPGPKEY, section 3 for the owner name) and RFC 4501 (`dns:` URIs), which RFC 9116 section
//! 2.5.4 allows in `Encryption`. An answer counts only with DNSSEC; whoever asks sees to that.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::program::MailAddress;

/// The owner name of an OPENPGPKEY record, lower case and without its last dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnerName(String);

/// Why a `dns:` link leads to no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsLinkError {
    /// Another scheme, or none.
    #[error("a link into the DNS begins with dns:")]
    Scheme,
    /// `dns://SERVER/NAME`.
    #[error("the link names a DNS server to ask; only the resolver of this machine is asked")]
    Server,
    /// Not a name of plain labels.
    #[error("the link holds no domain name")]
    Name,
    /// A class other than the Internet's.
    #[error("the link asks for another class than IN")]
    Class,
    /// A record that holds no key.
    #[error("the link does not ask for an OPENPGPKEY record: it should end with ?type=OPENPGPKEY")]
    Type,
}

impl OwnerName {
    /// The names under which an address's record may be: the local part as written, and in lower case where that
    /// differs, since RFC 7929 hashes what is written and most mail systems ignore case.
    #[must_use]
    pub fn of(address: &MailAddress) -> Vec<Self> {
        let lower = address.local().to_ascii_lowercase();
        let mut names = vec![Self::hashed(address.local(), address.domain())];
        if lower != address.local() {
            names.push(Self::hashed(&lower, address.domain()));
        }
        names
    }

    /// Reads a `dns:` link to an OPENPGPKEY record.
    ///
    /// # Errors
    /// [`DnsLinkError`] where it names a server, another record, or nothing.
    pub fn from_link(link: &str) -> Result<Self, DnsLinkError> {
        let (scheme, rest) = link.split_once(':').ok_or(DnsLinkError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("dns") {
            return Err(DnsLinkError::Scheme);
        }
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        if name.starts_with('/') {
            return Err(DnsLinkError::Server);
        }
        let mut record = None;
        for part in query.split([';', '&']).filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.to_ascii_lowercase().as_str() {
                "class" if !value.eq_ignore_ascii_case("in") => return Err(DnsLinkError::Class),
                "type" => record = Some(value.to_ascii_uppercase()),
                _ => {}
            }
        }
        match record.as_deref() {
            Some("OPENPGPKEY" | "TYPE61") => Self::plain(name),
            _ => Err(DnsLinkError::Type),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain whose record it is: what follows the label `_openpgpkey`, if that is there.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.0.split_once("._openpgpkey.").map(|(_, domain)| domain)
    }

    fn hashed(local: &str, domain: &str) -> Self {
        let digest = Sha256::digest(local);
        let cut = digest.get(..HASH_OCTETS).unwrap_or(&digest);
        Self(format!("{}._openpgpkey.{domain}", HEXLOWER.encode(cut)))
    }

    fn plain(name: &str) -> Result<Self, DnsLinkError> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let valid = name.len() <= 253 && name.contains('.') && name.split('.').all(label);
        valid.then_some(Self(name)).ok_or(DnsLinkError::Name)
    }
}

impl fmt::Display for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of the SHA-256 is kept, so that its hexadecimal form fits a label.
const HASH_OCTETS: usize = 28;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let names = OwnerName::of(&"hugh@example.com".parse().unwrap());
        let hash = "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6";
        assert_eq!(
            names,
            [OwnerName(format!("{hash}._openpgpkey.example.com"))]
        );
        assert_eq!(names[0].domain(), Some("example.com"));
        let names = OwnerName::of(&"Hugh@example.com".parse().unwrap());
        assert!(names.len() == 2 && names[1].as_str().starts_with(hash));
    }

    #[test]
    fn a_link_names_a_record_or_says_why_not() {
        for link in [
            "dns:5d2d37ab76d47d36._openpgpkey.example.com?type=OPENPGPKEY",
            "DNS:5D2D37AB76D47D36._OpenPGPkey.Example.com.?CLASS=IN;TYPE=openpgpkey",
            "dns:5d2d37ab76d47d36._openpgpkey.example.com?type=TYPE61",
        ] {
            let name = OwnerName::from_link(link).unwrap();
            assert_eq!(
                name.as_str(),
                "5d2d37ab76d47d36._openpgpkey.example.com",
                "{link}"
            );
            assert_eq!(name.domain(), Some("example.com"));
        }
        for (link, error) in [
            ("https://example.com", DnsLinkError::Scheme),
            ("example.com", DnsLinkError::Scheme),
            (
                "dns://192.0.2.1/a.example.com?type=OPENPGPKEY",
                DnsLinkError::Server,
            ),
            ("dns:a.example.com", DnsLinkError::Type),
            ("dns:a.example.com?type=TXT", DnsLinkError::Type),
            (
                "dns:a.example.com?class=CH;type=OPENPGPKEY",
                DnsLinkError::Class,
            ),
            ("dns:a b.example.com?type=OPENPGPKEY", DnsLinkError::Name),
            ("dns:a..example.com?type=OPENPGPKEY", DnsLinkError::Name),
            ("dns:?type=OPENPGPKEY", DnsLinkError::Name),
        ] {
            assert_eq!(OwnerName::from_link(link), Err(error), "{link}");
        }
    }

    proptest! {
        #[test]
        fn no_link_panics_and_what_is_read_is_a_name(link in "(dns:)?\\PC{0,40}(\\?type=OPENPGPKEY)?") {
            if let Ok(name) = OwnerName::from_link(&link) {
                prop_assert_eq!(OwnerName::plain(name.as_str()), Ok(name));
            }
        }
    }
}
