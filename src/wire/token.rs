//! Bearer tokens (RFC 6750): 256 bits, shown to one person, known to the intake as a digest alone.
//!
//! Serves promises 15, 42 and 44. A token has no `Display`, and its digest is compared in constant
//! time.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A token: 43 characters of base64url. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token(String);

/// A text that is not a token. It is not repeated: it may be part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is 43 letters, digits, - and _")]
pub struct NotAToken;

/// SHA-256 over the 43 characters of a token: what the intake keeps, and what `Sealpost-Case`
/// carries.
#[derive(Clone, Copy, Eq)]
pub struct TokenHash([u8; 32]);

impl Token {
    /// The token of 32 random or derived bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(BASE64URL_NOPAD.encode(bytes))
    }

    /// The characters, for the header that carries them or the person that keeps them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the intake may know of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl FromStr for Token {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes());
        let bytes = Zeroizing::new(bytes.map_err(|_| NotAToken)?);
        if bytes.len() == 32 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAToken)
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl TokenHash {
    /// The digest as it is stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The value of `Sealpost-Case`: base64url without padding.
    #[must_use]
    pub fn to_header(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// Reads the value of `Sealpost-Case`.
    ///
    /// # Errors
    /// [`NotAToken`] when it is not a digest of this length.
    pub fn from_header(value: &str) -> Result<Self, NotAToken> {
        let bytes = BASE64URL_NOPAD.decode(value.as_bytes());
        let bytes = bytes.map_err(|_| NotAToken)?;
        Ok(Self(bytes.try_into().map_err(|_| NotAToken)?))
    }
}

/// In constant time.
impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_shows_nothing() {
        let token = Token::from_bytes(&[0xa5; 32]);
        let again: Token = token.expose().parse().unwrap();
        assert_eq!(token.hash(), again.hash());
        assert_eq!(
            TokenHash::from_header(&token.hash().to_header()),
            Ok(token.hash())
        );
        assert_ne!(token.hash(), Token::from_bytes(&[0xa6; 32]).hash());
        assert_eq!(
            format!("{token:?} {:?}", token.hash()),
            "Token(…) TokenHash(…)"
        );
        for bad in ["", "abc", &"a".repeat(42), &"+".repeat(43)] {
            assert!(bad.parse::<Token>().is_err());
            assert!(TokenHash::from_header(bad).is_err());
        }
    }
}
