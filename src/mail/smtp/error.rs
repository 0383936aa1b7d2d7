//! What goes wrong between here and a mail server.

use std::io;

use super::Reply;

/// What goes wrong between here and a mail server.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The connection broke, or nobody answered in time, before the mail was handed over.
    #[error("the connection to the mail server broke")]
    Broken(#[source] io::Error),
    /// The mail could not be read.
    #[error("cannot read the mail")]
    Read(#[source] io::Error),
    /// The mail was handed over, and whether it was taken was not heard.
    #[error("no answer came after the mail was sent: the server may have taken it")]
    Unknown(#[source] io::Error),
    /// It speaks another language.
    #[error("the server does not speak SMTP")]
    NotSmtp,
    /// TLS cannot be had, or somebody took the offer away.
    #[error("the server offers no encryption (STARTTLS), so nothing was sent")]
    NoStartTls,
    /// Something was put into the connection before it was encrypted.
    #[error("something came before the encryption began, so nothing was sent")]
    Injected,
    /// Every way of logging in that is known here is missing.
    #[error("the server wants no password in a way that is known here (it offers: {offered})")]
    NoMechanism {
        /// What it offers instead: a stranger's text.
        offered: String,
    },
    /// User name or password is wrong, or not enough.
    #[error("the server refuses the user name or password: {0}")]
    NotLoggedIn(Reply),
    /// The server's own limit.
    #[error("the server takes mails of {limit} bytes at most, and this one has {size}")]
    TooLarge {
        /// Bytes.
        limit: u64,
        /// Bytes.
        size: u64,
    },
    /// It refuses to take the mail.
    #[error("the server refuses {what}: {reply}")]
    Refused {
        /// Which step.
        what: &'static str,
        /// Its answer.
        reply: Reply,
    },
}

impl SmtpError {
    /// Whether the same mail may be tried again later without being sent twice.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Broken(_) => true,
            Self::Refused { reply, .. } | Self::NotLoggedIn(reply) => reply.is_passing(),
            _ => false,
        }
    }
}
