//! The dialogue with a mail server.

use std::{
    io::{self, Read},
    time::Duration,
};

use data_encoding::BASE64;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use zeroize::Zeroizing;

use super::{NAME, Reply, SmtpError, data::Stuffing, wire::Wire};
use crate::program::MailAddress;

/// A connection that only the server at its other end can read. Implement it for nothing but TLS
/// that checked whom it talks to: it is what keeps passwords and mails off other connections.
pub trait Confidential: AsyncRead + AsyncWrite + Unpin + Send {}

/// A server that listens over TLS.
pub struct Session<S> {
    wire: Wire<S>,
    offers: Offers,
}

/// What the server says at the beginning of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It greets: TLS from the first byte on.
    Greeting,
    /// Nothing: it greeted before STARTTLS.
    Silence,
}

/// What a server can do, by its answer to `EHLO`.
#[derive(Default)]
struct Offers(Vec<String>);

/// Greets the server in the clear, and asks for TLS; the connection comes back for the handshake.
///
/// # Errors
/// [`SmtpError::NoStartTls`] if it is not offered, [`SmtpError::Injected`] if more came than was
/// asked for.
pub async fn ask_for_tls<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<S, SmtpError> {
    let mut wire = Wire::new(stream);
    greeted(&mut wire).await?;
    let offers = Offers::ask(&mut wire).await?;
    if !offers.has("STARTTLS") {
        return Err(SmtpError::NoStartTls);
    }
    if wire.command("STARTTLS").await?.code() != 220 {
        return Err(SmtpError::NoStartTls);
    }
    wire.into_quiet()
}

impl<S: Confidential> Session<S> {
    /// Starts a session over TLS. What was offered before is forgotten.
    ///
    /// # Errors
    /// [`SmtpError`] when the server does not greet.
    pub async fn open(stream: S, opening: Opening) -> Result<Self, SmtpError> {
        let mut wire = Wire::new(stream);
        if opening == Opening::Greeting {
            greeted(&mut wire).await?;
        }
        let offers = Offers::ask(&mut wire).await?;
        Ok(Self { wire, offers })
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`SmtpError::NoMechanism`] or [`SmtpError::NotLoggedIn`].
    pub async fn log_in(&mut self, user: &str, password: &str) -> Result<(), SmtpError> {
        let mechanisms = self.offers.words("AUTH");
        let offers = |name: &str| mechanisms.iter().any(|own| own.eq_ignore_ascii_case(name));
        let reply = if offers("PLAIN") {
            let pair = Zeroizing::new(format!("\0{user}\0{password}"));
            let pair = Zeroizing::new(BASE64.encode(pair.as_bytes()));
            let line = Zeroizing::new(format!("AUTH PLAIN {}", *pair));
            self.wire.command(&line).await?
        } else if offers("LOGIN") {
            let mut reply = self.wire.command("AUTH LOGIN").await?;
            for answer in [user, password] {
                if reply.is_intermediate() {
                    let line = Zeroizing::new(BASE64.encode(answer.as_bytes()));
                    reply = self.wire.command(&line).await?;
                }
            }
            reply
        } else {
            let offered = mechanisms.join(" ");
            return Err(SmtpError::NoMechanism { offered });
        };
        if reply.is_success() {
            Ok(())
        } else {
            Err(SmtpError::NotLoggedIn(reply))
        }
    }

    /// Hands over a mail of `size` bytes. Its answer is the server's word that it took it.
    ///
    /// # Errors
    /// [`SmtpError::Refused`] with the step that was refused; [`SmtpError::Unknown`] where nobody
    /// can say whether the mail was taken.
    pub async fn send(
        &mut self,
        from: &MailAddress,
        to: &MailAddress,
        size: u64,
        mail: &mut (dyn Read + Send),
    ) -> Result<Reply, SmtpError> {
        let sized = self.offers.has("SIZE");
        let limit = self.offers.words("SIZE");
        let limit = limit.first().and_then(|limit| limit.parse().ok());
        if let Some(limit) = limit.filter(|limit| *limit != 0 && *limit < size) {
            return Err(SmtpError::TooLarge { limit, size });
        }
        let announced = if sized {
            format!(" SIZE={size}")
        } else {
            String::new()
        };
        self.step("the sender", &format!("MAIL FROM:<{from}>{announced}"))
            .await?;
        self.step("the recipient", &format!("RCPT TO:<{to}>"))
            .await?;
        let ready = self.wire.command("DATA").await?;
        if !ready.is_intermediate() {
            return Err(refused("the mail", ready));
        }
        self.data(mail).await
    }

    /// Takes leave; that nobody hears it, or answers soon, changes nothing.
    pub async fn quit(mut self) {
        let _unheard = timeout(FAREWELL, self.wire.command("QUIT")).await;
    }

    async fn step(&mut self, what: &'static str, line: &str) -> Result<(), SmtpError> {
        let reply = self.wire.command(line).await?;
        if reply.is_success() {
            Ok(())
        } else {
            Err(refused(what, reply))
        }
    }

    /// Nothing ends the mail but its end: if it cannot be read, the connection is given up. Once the
    /// end was written, whatever is no answer leaves open whether the mail was taken.
    async fn data(&mut self, mail: &mut (dyn Read + Send)) -> Result<Reply, SmtpError> {
        let mut stuffing = Stuffing::default();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = match mail.read(&mut buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                count => count.map_err(SmtpError::Read)?,
            };
            if count == 0 {
                break;
            }
            let piece = stuffing.piece(buffer.get(..count).unwrap_or_default());
            self.wire.write(&piece).await.map_err(SmtpError::Broken)?;
        }
        self.wire
            .write(stuffing.end())
            .await
            .map_err(SmtpError::Unknown)?;
        let taken = self
            .wire
            .reply(VERDICT)
            .await
            .map_err(|error| match error {
                SmtpError::Broken(error) => SmtpError::Unknown(error),
                other => SmtpError::Unknown(io::Error::other(other)),
            })?;
        if taken.is_success() {
            Ok(taken)
        } else {
            Err(refused("the mail", taken))
        }
    }
}

impl Offers {
    async fn ask<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>) -> Result<Self, SmtpError> {
        let reply = wire.command(&format!("EHLO {NAME}")).await?;
        if !reply.is_success() {
            return Err(refused("to talk", reply));
        }
        // The first line is the server's name.
        Ok(Self(reply.lines().iter().skip(1).cloned().collect()))
    }

    fn has(&self, keyword: &str) -> bool {
        self.line(keyword).is_some()
    }

    /// The words behind a keyword. Old servers write `AUTH=`.
    fn words(&self, keyword: &str) -> Vec<String> {
        let line = self.line(keyword).unwrap_or_default();
        let words = line.split([' ', '=']).skip(1);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn line(&self, keyword: &str) -> Option<&str> {
        let named = |line: &&String| {
            let word = line.split([' ', '=']).next().unwrap_or_default();
            word.eq_ignore_ascii_case(keyword)
        };
        self.0.iter().find(named).map(String::as_str)
    }
}

async fn greeted<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>) -> Result<(), SmtpError> {
    let greeting = wire.reply(GREETING).await?;
    if greeting.is_success() {
        Ok(())
    } else {
        Err(refused("to talk", greeting))
    }
}

fn refused(what: &'static str, reply: Reply) -> SmtpError {
    SmtpError::Refused { what, reply }
}

/// Some servers let strangers wait.
const GREETING: Duration = Duration::from_mins(1);

/// While it judges the mail (RFC 5321 section 4.5.3.2.6 allows ten minutes).
const VERDICT: Duration = Duration::from_mins(10);

/// The mail is taken by then; nobody waits for a courtesy.
const FAREWELL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
