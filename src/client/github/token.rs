//! The token that GitHub knows the person by.

use std::fmt;

use zeroize::Zeroizing;

/// A token of GitHub's. Wiped when dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct GitHubToken(Zeroizing<String>);

/// The text is no token. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a token of GitHub's: it has visible ASCII characters alone, and no spaces")]
pub struct NotAToken;

impl GitHubToken {
    /// Reads a token; white space around it does not matter.
    ///
    /// # Errors
    /// [`NotAToken`], which does not repeat it.
    pub fn new(text: &str) -> Result<Self, NotAToken> {
        let text = text.trim();
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && (1..=MAX_TOKEN).contains(&text.len()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NotAToken)
        }
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GitHubToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GitHubToken(…)")
    }
}

const MAX_TOKEN: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_one_word_and_stay_unseen() {
        let token = GitHubToken::new(" ghp_canary\n").unwrap();
        assert_eq!(token.expose(), "ghp_canary");
        assert!(!format!("{token:?}").contains("canary"));
        for text in ["", " ", "a b", "a\r\nb", "é", &"a".repeat(1025)] {
            assert_eq!(GitHubToken::new(text), Err(NotAToken));
        }
    }
}
