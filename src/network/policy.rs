//! The rules for every request: https alone, few redirects, caps on size and time, no private
//! addresses.
//!
//! DESIGN.md, "Discovery and trust". RFC 9116 section 3 wants https; RFC 6890 lists the addresses
//! that mean nothing to the outside.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use url::{Host, Url};

use super::{Refusal, is_public};

/// How long one exchange may take, from the name's resolution to the last byte.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a stream may stand still, and how long a connection may take to be made for one: a
/// report of any size arrives over a slow line, as long as it moves.
pub const STALL: Duration = Duration::from_mins(1);

/// How many redirects are followed.
pub const MAX_REDIRECTS: usize = 3;

/// How much of an answer is read, in bytes.
pub const MAX_ANSWER: usize = 1 << 20;

/// What the client says of itself: the name alone, since a version or a platform would narrow down
/// who asks.
pub const USER_AGENT: &str = "sealpost";

/// What the person allows beyond the rules. The default allows nothing.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Nothing is sent at all.
    pub offline: bool,
    /// Everything goes through this proxy, name resolution included.
    pub proxy: Option<ProxyUrl>,
    /// Addresses that are not public may be dialled.
    pub private_addresses: bool,
    /// Hosts that are reached at a given socket instead of by their name.
    pub connect_to: Vec<ConnectTo>,
    /// The DNS server to ask instead of the system's.
    pub dns_server: Option<SocketAddr>,
    /// The root's DNSSEC keys, instead of the built-in ones.
    pub trust_anchor: Option<PathBuf>,
    /// Hosts to which a redirect may lead although it leaves the site.
    pub redirects_to: Vec<Host<String>>,
    /// Loopback origins that the person named: these may be plain http.
    pub loopback: Vec<Url>,
}

/// How far a redirect may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// To the same origin, and to hosts that the person allowed: for keys.
    SameOrigin,
    /// To the host with or without `www.`, too: for files that name where to report.
    SameName,
}

impl Policy {
    /// Whether `url` may be asked for at all.
    ///
    /// # Errors
    /// The [`Refusal`] that says which rule it breaks.
    pub fn permits(&self, url: &Url) -> Result<(), Refusal> {
        if self.offline {
            return Err(Refusal::Offline);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        if self.proxy.is_none() && self.is_named_loopback(url) {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Refusal::NotHttps {
                scheme: url.scheme().to_owned(),
            });
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Refusal::NoHost),
        };
        if self.private_addresses || is_public(address) {
            Ok(())
        } else {
            Err(Refusal::PrivateAddress {
                host: address.to_string(),
                address,
            })
        }
    }

    /// Whether a redirect from `from` may be followed to `to`, which [`Policy::permits`] judges
    /// besides.
    ///
    /// # Errors
    /// The [`Refusal`] that says why not.
    pub fn permits_redirect(
        &self,
        from: &Url,
        to: &Url,
        redirects: Redirects,
    ) -> Result<(), Refusal> {
        let same = match redirects {
            Redirects::SameOrigin => from.origin() == to.origin(),
            Redirects::SameName => without_www(from) == without_www(to),
        };
        let allowed = |host: &Host<&str>| {
            self.redirects_to
                .iter()
                .any(|allowed| allowed.to_string() == host.to_string())
        };
        if same || to.host().as_ref().is_some_and(allowed) {
            return Ok(());
        }
        Err(Refusal::OtherOrigin {
            to: to.host_str().unwrap_or_default().to_owned(),
        })
    }

    /// Plain http is for the loopback address that the person named, and for no other.
    fn is_named_loopback(&self, url: &Url) -> bool {
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let mut named = self.loopback.iter();
        loopback && named.any(|named| named.origin() == url.origin())
    }
}

fn without_www(url: &Url) -> (String, Option<u16>, String) {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host).to_owned();
    (host, url.port_or_known_default(), url.scheme().to_owned())
}

/// `HOST=ADDRESS:PORT`: where https to a host goes instead of where its name points; `*` is every
/// host. The server still has to prove by its TLS certificate that it is HOST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    host: Option<String>,
    socket: SocketAddr,
}

impl ConnectTo {
    pub(super) fn socket_for(&self, host: &str) -> Option<SocketAddr> {
        let meant = self.host.as_ref().is_none_or(|own| own == host);
        meant.then_some(self.socket)
    }
}

/// Why a text is not a [`ConnectTo`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not HOST=ADDRESS:PORT, such as example.org=192.0.2.7:443")]
pub struct NotConnectTo(String);

impl FromStr for ConnectTo {
    type Err = NotConnectTo;

    fn from_str(text: &str) -> Result<Self, NotConnectTo> {
        let wrong = || NotConnectTo(text.to_owned());
        let (host, socket) = text.split_once('=').ok_or_else(wrong)?;
        let socket = socket.parse().map_err(|_| wrong())?;
        let host = match host {
            "*" => None,
            host => Some(Host::parse(host).map_err(|_| wrong())?.to_string()),
        };
        Ok(Self { host, socket })
    }
}

/// The URL of a proxy: `socks5h://`, `http://` or `https://`. All of them resolve names themselves;
/// `socks5://` would not, and so would tell the local resolver whom the person asks about.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(Url);

impl ProxyUrl {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// The same SOCKS proxy with this login; `None` where it has one, or is another kind of proxy.
    #[must_use]
    pub fn with_login(&self, user: &str, password: &str) -> Option<Self> {
        let mut url = self.0.clone();
        let has_none = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "socks5h" || !has_none {
            return None;
        }
        url.set_username(user).ok()?;
        url.set_password(Some(password)).ok()?;
        Some(Self(url))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        write!(f, "{}", self.0.host_str().unwrap_or_default())
    }
}

/// Why a text is not a [`ProxyUrl`]. The text itself is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum NotAProxy {
    /// Names would be resolved on this machine.
    #[error("socks5:// and socks4:// would resolve names on this machine; use socks5h://")]
    LocalNames,
    /// Anything else.
    #[error("a proxy is socks5h://HOST:PORT, http://HOST:PORT or https://HOST:PORT")]
    Syntax,
}

impl FromStr for ProxyUrl {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let url = Url::parse(text).map_err(|_| NotAProxy::Syntax)?;
        match url.scheme() {
            "socks5h" | "http" | "https" if url.host().is_some() => Ok(Self(url)),
            "socks5" | "socks4" | "socks4a" => Err(NotAProxy::LocalNames),
            _ => Err(NotAProxy::Syntax),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn https_to_public_names_and_addresses_alone() {
        let policy = Policy::default();
        for good in [
            "https://example.org/x",
            "https://9.9.9.9/",
            "https://[2620:fe::fe]/",
        ] {
            assert_eq!(policy.permits(&url(good)), Ok(()), "{good}");
        }
        for bad in [
            "http://example.org/",
            "http://127.0.0.1:8080/",
            "ftp://example.org/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://user:word@example.org/",
        ] {
            assert!(policy.permits(&url(bad)).is_err(), "{bad}");
        }
        let offline = Policy {
            offline: true,
            ..Policy::default()
        };
        assert_eq!(
            offline.permits(&url("https://example.org/")),
            Err(Refusal::Offline)
        );
    }

    #[test]
    fn plain_http_goes_to_the_loopback_that_was_named() {
        let policy = Policy {
            loopback: vec![url("http://127.0.0.1:8080/x")],
            ..Policy::default()
        };
        assert!(
            policy
                .permits(&url("http://127.0.0.1:8080/.well-known/security.txt"))
                .is_ok()
        );
        for other in [
            "http://127.0.0.1:8081/",
            "http://127.0.0.2:8080/",
            "https://127.0.0.1:8080/",
            "http://localhost:8080/",
        ] {
            assert!(policy.permits(&url(other)).is_err(), "{other}");
        }
        let not_loopback = Policy {
            loopback: vec![url("http://example.org/")],
            ..Policy::default()
        };
        assert!(not_loopback.permits(&url("http://example.org/")).is_err());
    }

    #[test]
    fn redirects_stay_where_they_may() {
        let policy = Policy {
            redirects_to: vec![Host::parse("keys.example.net").unwrap()],
            ..Policy::default()
        };
        let from = url("https://example.org/key.asc");
        let may = |to: &str, redirects| policy.permits_redirect(&from, &url(to), redirects).is_ok();
        for redirects in [Redirects::SameOrigin, Redirects::SameName] {
            assert!(may("https://example.org/other", redirects));
            assert!(may("https://keys.example.net/other", redirects));
            assert!(!may("https://evil.example.net/", redirects));
            assert!(!may("https://a.example.org/", redirects));
            assert!(!may("https://example.org:8443/", redirects));
            assert!(!may("http://example.org/", redirects));
        }
        assert!(may("https://www.example.org/", Redirects::SameName));
        assert!(!may("https://www.example.org/", Redirects::SameOrigin));
    }

    #[test]
    fn a_proxy_resolves_names_itself() {
        for good in [
            "socks5h://127.0.0.1:9050",
            "http://proxy.example.org:3128",
            "https://p.example.org",
        ] {
            assert!(good.parse::<ProxyUrl>().is_ok(), "{good}");
        }
        for bad in ["socks5://127.0.0.1:9050", "ftp://x", "proxy:3128", ""] {
            assert!(bad.parse::<ProxyUrl>().is_err(), "{bad}");
        }
        let secret = "http://me:secret@proxy.example.org"
            .parse::<ProxyUrl>()
            .unwrap();
        assert_eq!(format!("{secret:?}"), "proxy.example.org");
    }

    #[test]
    fn connect_to_names_a_host_and_a_socket() {
        let to: ConnectTo = "Example.org=127.0.0.1:8443".parse().unwrap();
        assert_eq!(
            to.socket_for("example.org"),
            Some("127.0.0.1:8443".parse().unwrap())
        );
        assert_eq!(to.socket_for("www.example.org"), None);
        let every: ConnectTo = "*=[::1]:1".parse().unwrap();
        assert!(every.socket_for("anything").is_some());
        for bad in [
            "",
            "example.org",
            "example.org=1",
            "=127.0.0.1:1",
            "a b=127.0.0.1:1",
        ] {
            assert!(bad.parse::<ConnectTo>().is_err(), "{bad}");
        }
    }
}
