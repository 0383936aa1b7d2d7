//! What is asked of key servers: the URLs of the two protocols, on a server that the user may choose.
//!
//! Serves the VKS interface of keys.openpgp.org, which checks addresses, and HKP (draft-gallagher-openpgp-hkp), which
//! checks nothing: it is asked by fingerprint only.

use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::origin::is_loopback;
use crate::{openpgp::Fingerprint, program::MailAddress};

/// A key server that answers with keys whose addresses it verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vks(Base);

/// A key server of the older kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hkp(Base);

/// Why a text is no key server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyServerError {
    /// Not a URL.
    #[error(
        "`{text}` is not the URL of a key server, such as https://keys.example.org; `none` asks none"
    )]
    Url {
        /// What was typed.
        text: String,
        /// Why not.
        source: url::ParseError,
    },
    /// A scheme that leaves the connection open to others.
    #[error("`{0}`: a key server is asked over https:// or hkps:// only (http:// on this machine)")]
    Insecure(String),
    /// More than a place.
    #[error("`{0}`: the URL of a key server holds no user name, query or fragment")]
    NotAPlace(String),
}

impl Vks {
    /// The server that is asked unless the user names another.
    pub const DEFAULT: &str = "https://keys.openpgp.org";

    /// Reads what the user chose; `none` switches the source off.
    ///
    /// # Errors
    /// [`KeyServerError`], unless it is an https place, or an http one on this machine.
    pub fn choose(text: &str) -> Result<Option<Self>, KeyServerError> {
        Base::choose(text).map(|base| base.map(Self))
    }

    /// The server's URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.0.0
    }

    /// Where the key with this fingerprint is.
    #[must_use]
    pub fn by_fingerprint(&self, fingerprint: &Fingerprint) -> Url {
        let hex = fingerprint.as_hex();
        self.0.at(&format!("vks/v1/by-fingerprint/{hex}"))
    }

    /// Where the key is whose holder was shown to read this address. The server allows one such request a minute.
    #[must_use]
    pub fn by_address(&self, address: &MailAddress) -> Url {
        let address = address.to_string();
        let address = utf8_percent_encode(&address, RESERVED);
        self.0.at(&format!("vks/v1/by-email/{address}"))
    }
}

impl Hkp {
    /// The server that is asked unless the user names another.
    pub const DEFAULT: &str = "https://keyserver.ubuntu.com";

    /// Reads what the user chose; `none` switches the source off.
    ///
    /// # Errors
    /// [`KeyServerError`], unless it is an https place, or an http one on this machine.
    pub fn choose(text: &str) -> Result<Option<Self>, KeyServerError> {
        Base::choose(text).map(|base| base.map(Self))
    }

    /// The server's URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.0.0
    }

    /// Where the key with this fingerprint is.
    #[must_use]
    pub fn by_fingerprint(&self, fingerprint: &Fingerprint) -> Url {
        let mut url = self.0.at("pks/lookup");
        let search = format!("0x{}", fingerprint.as_hex());
        url.query_pairs_mut()
            .extend_pairs([("op", "get"), ("options", "mr"), ("search", &search)]);
        url
    }
}

/// The place beneath which a server answers, with a path that ends in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Base(Url);

impl Base {
    fn choose(text: &str) -> Result<Option<Self>, KeyServerError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case(NONE) {
            return Ok(None);
        }
        text.parse().map(Some)
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path()));
        url
    }
}

impl FromStr for Base {
    type Err = KeyServerError;

    fn from_str(text: &str) -> Result<Self, KeyServerError> {
        // `hkps` is HKP over TLS, on the port of https.
        let is_hkps = text
            .get(..HKPS.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(HKPS));
        let url = match text.get(HKPS.len()..) {
            Some(rest) if is_hkps => Url::parse(&format!("https://{rest}")),
            _ => Url::parse(text),
        };
        let mut url = url.map_err(|source| KeyServerError::Url {
            text: text.to_owned(),
            source,
        })?;
        let local = url.host().is_some_and(|host| is_loopback(&host));
        if !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
            return Err(KeyServerError::Insecure(text.to_owned()));
        }
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !anonymous || url.query().is_some() || url.fragment().is_some() {
            return Err(KeyServerError::NotAPlace(text.to_owned()));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{path}/"));
        Ok(Self(url))
    }
}

const NONE: &str = "none";

const HKPS: &str = "hkps://";

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fingerprint() -> Fingerprint {
        "eb85bb5fa33a75e15e944e63f231550c4f47e38e".parse().unwrap()
    }

    #[test]
    fn the_default_servers_are_asked_by_their_protocols() {
        let vks = Vks::choose(Vks::DEFAULT).unwrap().unwrap();
        let hex = "EB85BB5FA33A75E15E944E63F231550C4F47E38E";
        assert_eq!(
            vks.by_fingerprint(&fingerprint()).as_str(),
            format!("https://keys.openpgp.org/vks/v1/by-fingerprint/{hex}")
        );
        let hkp = Hkp::choose(Hkp::DEFAULT).unwrap().unwrap();
        assert_eq!(
            hkp.by_fingerprint(&fingerprint()).as_str(),
            format!("https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x{hex}")
        );
    }

    #[test]
    fn an_address_is_one_segment_of_the_path() {
        let vks = Vks::choose("https://keys.example.org/sub/")
            .unwrap()
            .unwrap();
        for (address, encoded) in [
            ("security@example.org", "security%40example.org"),
            ("a/../b+c#d@example.org", "a%2F"),
            (
                "a+b/c#d&e=f@example.org",
                "a%2Bb%2Fc%23d%26e%3Df%40example.org",
            ),
        ] {
            let Ok(address) = address.parse() else {
                continue;
            };
            let url = vks.by_address(&address);
            assert_eq!(url.path(), format!("/sub/vks/v1/by-email/{encoded}"));
        }
    }

    #[test]
    fn a_server_is_chosen_switched_off_or_refused() {
        for off in ["none", " NONE "] {
            assert_eq!(Vks::choose(off), Ok(None));
        }
        for (text, base) in [
            ("hkps://keys.example.org", "https://keys.example.org/"),
            (
                "HKPS://keys.example.org:8443/",
                "https://keys.example.org:8443/",
            ),
            ("http://127.0.0.1:11371", "http://127.0.0.1:11371/"),
            ("http://[::1]:11371", "http://[::1]:11371/"),
            ("http://localhost:80/a", "http://localhost/a/"),
        ] {
            assert_eq!(
                Hkp::choose(text).unwrap().unwrap().base().as_str(),
                base,
                "{text}"
            );
        }
        for insecure in [
            "http://keys.example.org",
            "hkp://keys.example.org",
            "hkp://127.0.0.1",
            "http://localhost.example.org",
            "ftp://keys.example.org",
            "file:///etc",
        ] {
            assert_eq!(
                Hkp::choose(insecure),
                Err(KeyServerError::Insecure(insecure.to_owned()))
            );
        }
        for more in [
            "https://me@keys.example.org",
            "https://keys.example.org/?a=b",
            "https://keys.example.org/#a",
        ] {
            assert_eq!(
                Hkp::choose(more),
                Err(KeyServerError::NotAPlace(more.to_owned()))
            );
        }
        for bad in ["", "keys.example.org", "hkps://"] {
            assert!(
                matches!(Vks::choose(bad), Err(KeyServerError::Url { .. })),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_server_is_safe(text in "(https?://|hkps?://)?\\PC{0,40}") {
            if let Ok(Some(vks)) = Vks::choose(&text) {
                let url = vks.by_fingerprint(&fingerprint());
                prop_assert!(url.scheme() == "https" || is_loopback(&url.host().unwrap()));
                prop_assert!(url.path().contains("/vks/v1/by-fingerprint/"));
            }
        }
    }
}
