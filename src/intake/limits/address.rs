//! Whose request it is, as a pseudonym: an HMAC of the address under a key that dies with the
//! process. The address itself goes no further than this file.
//!
//! Promise 41; RFC 7239 section 5.2 and the customs of `X-Forwarded-For`.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Network;

/// A client, as the limits know it. Tells nothing of its address without the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey([u8; 16]);

/// Makes pseudonyms.
pub(crate) struct Pseudonyms {
    key: [u8; 32],
    proxies: Vec<Network>,
}

impl Pseudonyms {
    /// `key` is random for each process; the addresses of `proxies` are believed about others.
    pub(crate) fn new(key: [u8; 32], proxies: Vec<Network>) -> Self {
        Self { key, proxies }
    }

    /// Of whoever is behind `peer`.
    pub(crate) fn of(&self, peer: IpAddr, headers: &HeaderMap) -> ClientKey {
        self.name(self.client(peer, headers))
    }

    /// Of whoever opened a connection; a proxy of ours stands for others and has none.
    pub(crate) fn of_peer(&self, peer: IpAddr) -> Option<ClientKey> {
        (!self.is_trusted(peer)).then(|| self.name(peer))
    }

    fn name(&self, client: IpAddr) -> ClientKey {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return ClientKey([0; 16]);
        };
        match plain(client) {
            IpAddr::V4(address) => mac.update(&address.octets()),
            // A customer gets a /64 at least: the rest is theirs to change at will.
            IpAddr::V6(address) => mac.update(&address.octets()[..8]),
        }
        let digest = mac.finalize().into_bytes();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        ClientKey(key)
    }

    /// The last hop that is not one of our own proxies.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let hops = headers.get_all("x-forwarded-for");
        let hops = hops.iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).collect();
        for hop in hops.iter().rev() {
            if !self.is_trusted(client) {
                break;
            }
            match address(hop.trim()) {
                Some(hop) => client = hop,
                None => break,
            }
        }
        client
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        let address = plain(address);
        self.proxies.iter().any(|network| network.contains(address))
    }
}

fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.split_once(']'));
    if let Some((address, _port)) = bare {
        return address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    if let Ok(address) = hop.parse() {
        return Some(address);
    }
    let (address, _port) = hop.split_once(':')?;
    address.parse().ok()
}

/// An IPv4 address that came through an IPv6 socket is an IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn pseudonyms(proxies: &[&str]) -> Pseudonyms {
        let proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
        Pseudonyms::new([7; 32], proxies)
    }

    fn forwarded(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let names = pseudonyms(&["10.0.0.0/8", "fd00::/8"]);
        for (peer, said, client) in [
            ("192.0.2.1", vec!["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["203.0.113.9, 198.51.100.7"],
                "198.51.100.7",
            ),
            (
                "10.0.0.1",
                vec!["203.0.113.9", "198.51.100.7, 10.2.3.4"],
                "198.51.100.7",
            ),
            ("10.0.0.1", vec!["nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec!["203.0.113.9, nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("fd00::1", vec!["[2001:db8::7]:443"], "2001:db8::7"),
            ("::ffff:10.0.0.1", vec!["198.51.100.7:1234"], "198.51.100.7"),
        ] {
            assert_eq!(
                names.client(ip(peer), &forwarded(&said)),
                ip(client),
                "{said:?}"
            );
        }
    }

    #[test]
    fn p41_a_pseudonym_is_not_the_address_and_covers_a_customer() {
        let (names, none) = (pseudonyms(&[]), HeaderMap::new());
        let of = |text: &str| names.of(ip(text), &none);
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        let other = Pseudonyms::new([8; 32], Vec::new());
        assert_ne!(of("192.0.2.1"), other.of(ip("192.0.2.1"), &none));
    }
}
