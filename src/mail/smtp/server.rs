//! The URL of a mail server.
//!
//! RFC 8314 section 3 (ports 465 and 587); there is no registered form: this one is that of most
//! mail programs.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// A mail server, as `smtps://USER@HOST:PORT` or `smtp://USER@HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    url: Url,
    host: Host<String>,
    port: u16,
    security: Security,
    user: Option<String>,
}

/// How the connection is encrypted. There is no third way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// From the first byte on.
    Implicit,
    /// After STARTTLS, which must be offered.
    StartTls,
}

impl Server {
    /// The URL, which holds no password.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the connection is encrypted.
    #[must_use]
    pub fn security(&self) -> Security {
        self.security
    }

    /// Who logs in, if anybody.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }
}

impl fmt::Display for Server {
    /// The URL again, without the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Implicit => "smtps",
            Security::StartTls => "smtp",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// Why a text is not a [`Server`]. The text itself is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum NotAServer {
    /// Every user of the machine sees what is typed.
    #[error("a password must not stand in the URL of a mail server")]
    Password,
    /// Anything else.
    #[error(
        "a mail server is smtps://USER@HOST[:PORT] (TLS) or smtp://USER@HOST[:PORT] (STARTTLS)"
    )]
    Syntax,
}

impl FromStr for Server {
    type Err = NotAServer;

    fn from_str(text: &str) -> Result<Self, NotAServer> {
        let url = Url::parse(text).map_err(|_| NotAServer::Syntax)?;
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Implicit, 465),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(NotAServer::Syntax),
        };
        if url.password().is_some() {
            return Err(NotAServer::Password);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(NotAServer::Syntax);
        }
        // Of a scheme that it does not know, the parser leaves the host as it is.
        let host = url.host_str().ok_or(NotAServer::Syntax)?;
        let user = percent_decode_str(url.username()).decode_utf8();
        let user = user.map_err(|_| NotAServer::Syntax)?.into_owned();
        if user.contains(char::is_control) {
            return Err(NotAServer::Syntax);
        }
        Ok(Self {
            host: Host::parse(host).map_err(|_| NotAServer::Syntax)?,
            port: url.port().unwrap_or(port),
            security,
            user: (!user.is_empty()).then_some(user),
            url,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse().unwrap()
    }

    #[test]
    fn urls_of_servers() {
        let one = server("smtps://me%40example.org@Mail.Example.org");
        assert_eq!(one.user(), Some("me@example.org"));
        assert_eq!(
            (one.host().to_string().as_str(), one.port()),
            ("mail.example.org", 465)
        );
        assert_eq!(one.security(), Security::Implicit);
        let other = server("smtp://127.0.0.1:2525");
        assert_eq!((other.user(), other.port()), (None, 2525));
        assert_eq!(other.security(), Security::StartTls);
        assert!(matches!(other.host(), Host::Ipv4(_)));
        assert!(matches!(server("smtps://[::1]").host(), Host::Ipv6(_)));
    }

    #[test]
    fn p15_p45_others_are_refused_without_being_repeated() {
        for text in [
            "mail.example.org",
            "https://mail.example.org",
            "smtp://",
            "smtp:mail.example.org",
            "smtp://a%0d%0aRSET@mail.example.org",
            "smtps://me:canary@mail.example.org",
            "smtps://mail.example.org/?canary",
            "smtps://mail example.org",
        ] {
            let why = text.parse::<Server>().unwrap_err().to_string();
            assert!(!why.contains("canary"), "{why}");
        }
    }
}
