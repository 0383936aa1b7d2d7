//! Where the report of a case goes. What can be done with the case afterwards follows from it.
//!
//! Serves `case`. An intake can be asked, and answers with a receipt; a mail cannot, and an advisory
//! is what its page says.

use std::fmt;

use url::Url;

use crate::program::MailAddress;

/// Where the report of a case goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To an intake: its `/reports`.
    Intake(Url),
    /// To the vendor's address, as a mail.
    Mail(MailAddress),
    /// Into an advisory on GitHub: its page.
    Advisory(Url),
}

impl Destination {
    /// As `send --via` names it: `intake`, `mail` or `github`.
    #[must_use]
    pub fn channel(&self) -> &'static str {
        match self {
            Self::Intake(_) => "intake",
            Self::Mail(_) => "mail",
            Self::Advisory(_) => "github",
        }
    }

    /// The URL or the address alone.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Intake(url) | Self::Advisory(url) => url.to_string(),
            Self::Mail(address) => address.to_string(),
        }
    }
}

/// After "it went": `to the intake …`, `by mail to …`.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intake(url) => write!(f, "to the intake {url}"),
            Self::Mail(address) => write!(f, "by mail to {address}"),
            Self::Advisory(page) => write!(f, "to GitHub as {page}"),
        }
    }
}
