//! Where a Web Key Directory keeps the key of an address: URLs to ask, and paths to publish under.
//!
//! Serves draft-koch-openpgp-webkey-service, section 3.1 "Key Discovery". No network here: the caller asks, the
//! advanced method first, and the direct one only where the host of the advanced one has no address.

use data_encoding::{Encoding, Specification};
use sha1::{Digest, Sha1};
use url::Url;

use crate::program::MailAddress;

/// One of the two layouts of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// On a host of its own, `openpgpkey.DOMAIN`, with the domain in the path.
    Advanced,
    /// On the domain itself.
    Direct,
}

impl Method {
    /// Both, in the order in which they are asked.
    pub const BOTH: [Self; 2] = [Self::Advanced, Self::Direct];

    /// The host that serves the directory of a domain.
    #[must_use]
    pub fn host(self, domain: &str) -> String {
        match self {
            Self::Advanced => format!("openpgpkey.{domain}"),
            Self::Direct => domain.to_owned(),
        }
    }

    /// Where the key of an address lies below the web root, without a leading slash.
    #[must_use]
    pub fn key_path(self, address: &MailAddress) -> String {
        let directory = self.directory(address.domain());
        format!("{directory}/hu/{}", hash(address.local()))
    }

    /// Where the policy file of a domain lies below the web root, without a leading slash.
    #[must_use]
    pub fn policy_path(self, domain: &str) -> String {
        format!("{}/policy", self.directory(domain))
    }

    /// The URL of an address's key. The query holds the local part as written, for servers that tell case apart.
    ///
    /// # Errors
    /// Where the domain makes no URL.
    pub fn key_url(self, address: &MailAddress) -> Result<Url, url::ParseError> {
        let mut url = self.url(address.domain(), &self.key_path(address))?;
        url.query_pairs_mut().append_pair("l", address.local());
        Ok(url)
    }

    /// The URL of a domain's policy file, whose presence shows that there is a directory.
    ///
    /// # Errors
    /// Where the domain makes no URL.
    pub fn policy_url(self, domain: &str) -> Result<Url, url::ParseError> {
        self.url(domain, &self.policy_path(domain))
    }

    fn directory(self, domain: &str) -> String {
        match self {
            Self::Advanced => format!(".well-known/openpgpkey/{domain}"),
            Self::Direct => ".well-known/openpgpkey".to_owned(),
        }
    }

    fn url(self, domain: &str, path: &str) -> Result<Url, url::ParseError> {
        Url::parse(&format!("https://{}/{path}", self.host(domain)))
    }
}

/// The name of a key's file: the local part with ASCII letters in lower case, SHA-1, z-base-32.
#[must_use]
pub fn hash(local: &str) -> String {
    z_base_32().encode(&Sha1::digest(local.to_ascii_lowercase()))
}

fn z_base_32() -> Encoding {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("ybndrfg8ejkmcpqxot1uwisza345h769");
    // Only a wrong set of symbols can fail, and this one is fixed: 32 different ASCII characters.
    specification
        .encoding()
        .expect("32 different symbols make an encoding")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> MailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn the_example_of_the_draft_in_both_layouts() {
        let joe = address("Joe.Doe@Example.ORG");
        let hash = "iy9q119eutrkn8s1mk4r39qejnbu3n5q";
        let urls = Method::BOTH.map(|method| method.key_url(&joe).unwrap().to_string());
        assert_eq!(
            urls,
            [
                format!(
                    "https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/{hash}?l=Joe.Doe"
                ),
                format!("https://example.org/.well-known/openpgpkey/hu/{hash}?l=Joe.Doe"),
            ]
        );
        let policies = Method::BOTH.map(|method| method.policy_path("example.org"));
        assert_eq!(
            policies,
            [
                ".well-known/openpgpkey/example.org/policy",
                ".well-known/openpgpkey/policy"
            ]
        );
        assert_eq!(
            Method::Direct.policy_url("example.org").unwrap().as_str(),
            "https://example.org/.well-known/openpgpkey/policy"
        );
    }

    #[test]
    fn what_a_query_gives_meaning_to_is_encoded() {
        let url = Method::Direct
            .key_url(&address("a+b&l=x#y@example.org"))
            .unwrap();
        assert_eq!(url.query(), Some("l=a%2Bb%26l%3Dx%23y"));
        assert_eq!(url.fragment(), None);
    }

    #[test]
    fn every_hash_of_the_corpus_is_recomputed() {
        let Some(corpus) = std::env::var_os("SEALPOST_CORPUS").map(PathBuf::from) else {
            println!("SEALPOST_CORPUS is not set: skipped");
            return;
        };
        let manifest =
            std::fs::read_to_string(corpus.join("certificates/wkd/MANIFEST.tsv")).unwrap();
        let mut checked = 0;
        for line in manifest.lines().skip(1) {
            let columns: Vec<_> = line.split('\t').collect();
            let (file, user_ids, matching) = (columns[0], columns[3], columns[4]);
            let name = file.rsplit('/').next().unwrap();
            for user_id in user_ids.split(',') {
                let user_id = address(user_id);
                let named = matching
                    .split(',')
                    .any(|known| known == user_id.to_string());
                assert_eq!(hash(user_id.local()) == name, named, "{file}: {user_id}");
                if named {
                    assert!(file.ends_with(&Method::Direct.key_path(&user_id)), "{file}");
                    checked += 1;
                }
            }
        }
        assert_eq!(checked, 10, "addresses whose hash is a file of the corpus");
    }

    proptest! {
        #[test]
        fn any_address_has_urls_on_its_own_hosts(local in "[a-z!#$&'*+/=^_`{|}~-]{1,20}", domain in "\\PC{1,20}\\.example") {
            if let Ok(address) = format!("{local}@{domain}").parse::<MailAddress>() {
                for method in Method::BOTH {
                    if let Ok(url) = method.key_url(&address) {
                        prop_assert_eq!(url.host_str().map(str::to_owned), Some(method.host(address.domain())));
                        prop_assert!(url.path().ends_with(&hash(&local)));
                    }
                }
            }
        }
    }
}
