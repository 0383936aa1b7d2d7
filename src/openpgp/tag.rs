//! The first packet of a binary file, told from its first octet (RFC 9580 section 4.2).

use super::header;

/// What a file starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A public key packet: certificates.
    PublicKey,
    /// A secret key packet.
    SecretKey,
    /// A packet of another type: a message, a signature.
    Other,
}

/// The type of the first packet, or `None` where `bytes` is not binary OpenPGP.
pub(super) fn first(bytes: &[u8]) -> Option<First> {
    let tag = header::tag(*bytes.first()?)?;
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) || is_utf16(bytes) {
        return None;
    }
    Some(match tag {
        5 | 7 => First::SecretKey,
        6 | 14 => First::PublicKey,
        _ => First::Other,
    })
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_header_formats() {
        assert_eq!(first(&[0x98, 0x33]), Some(First::PublicKey));
        assert_eq!(first(&[0xc6, 0x33]), Some(First::PublicKey));
        assert_eq!(first(&[0xc5, 0x58]), Some(First::SecretKey));
        assert_eq!(first(&[0x84, 0x5e]), Some(First::Other));
        assert_eq!(first(b"-----BEGIN"), None);
        assert_eq!(first("\u{feff}-----BEGIN".as_bytes()), None);
        assert_eq!(first(&[]), None);
    }
}
