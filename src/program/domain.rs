//! Where a domain begins that one owner controls, by the public suffix list.
//!
//! Serves patterns of hosts here, and whatever asks who owns a site; <https://publicsuffix.org>, its private part
//! included: `someone.github.io` is a domain of its own.

use url::Host;

use super::host_of;

/// The registrable domain of a host or URL: `shop.example.co.uk` → `example.co.uk`. `None` for an address, a public
/// suffix and a name of one label.
#[must_use]
pub fn registrable(host: &str) -> Option<String> {
    match host_of(host).ok()? {
        Host::Domain(name) => psl::domain_str(&name).map(str::to_owned),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// Whether two hosts (or URLs) have one owner: the same registrable domain, or the same host where there is none.
#[must_use]
pub fn same_site(one: &str, other: &str) -> bool {
    match (registrable(one), registrable(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => host_of(one).is_ok_and(|host| Ok(host) == host_of(other)),
        _ => false,
    }
}

/// Whether others register their names directly beneath this one, in the form of [`host_of`]. A suffix that the list
/// does not know is none.
#[must_use]
pub fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes())
        .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes() == name.as_bytes())
}

/// Whether this is a suffix of the list's ICANN part (`com`, `co.uk`), where anybody registers a name of their own.
pub(super) fn is_icann_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes()).is_some_and(|suffix| {
        suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes() == name.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_public_suffix_list_says_who_owns_a_host() {
        for (host, domain) in [
            ("shop.example.co.uk", Some("example.co.uk")),
            ("https://A.B.Example.ORG./x", Some("example.org")),
            ("someone.github.io", Some("someone.github.io")),
            ("a.someone.github.io", Some("someone.github.io")),
            ("www.ck", Some("www.ck")),
            ("a.b.kobe.jp", Some("a.b.kobe.jp")),
            ("食狮.公司.cn", Some("xn--85x722f.xn--55qx5d.cn")),
            ("x.vendor.test", Some("vendor.test")),
            ("co.uk", None),
            ("github.io", None),
            ("xn--55qx5d.cn", None),
            ("localhost", None),
            ("192.0.2.1", None),
            ("[2001:db8::1]", None),
            ("", None),
        ] {
            assert_eq!(registrable(host).as_deref(), domain, "{host}");
        }
        assert!(same_site("a.example.org", "https://b.example.org/x"));
        assert!(same_site("127.0.0.1", "127.0.0.1:8080") && same_site("localhost", "localhost"));
        for (one, other) in [
            ("a.github.io", "b.github.io"),
            ("example.org", "evilexample.org"),
            ("192.0.2.1", "192.0.2.2"),
            ("co.uk", "a.co.uk"),
            ("", ""),
        ] {
            assert!(!same_site(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_site_is_its_own(text in "\\PC{0,40}(\\.co\\.uk)?") {
            if let Some(domain) = registrable(&text) {
                prop_assert_eq!(registrable(&domain), Some(domain.clone()));
                prop_assert!(same_site(&text, &domain) && !is_public_suffix(&domain));
            }
        }
    }
}
