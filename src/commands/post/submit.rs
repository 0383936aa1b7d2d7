//! Handing a mail over: to a server that proved who it is, or to a program of this machine.
//!
//! The only place where the dialogue of `mail::smtp` meets a connection; a [`Session`] takes none
//! but those that are encrypted.

use std::{
    io::{ErrorKind, Read},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::Context as _;

use super::{Post, Way};
use crate::{
    commands::{Context, online::Online},
    disk::{Interrupted, Interruption},
    mail::{
        sendmail,
        smtp::{Confidential, Opening, Security, Server, Session, SmtpError, ask_for_tls},
    },
    network::Secured,
    program::MailAddress,
    terminal::{Exit, Failure, Hint, Progress, Secret, escape::brief},
};

impl Confidential for Secured {}

/// The network, and what may cut the work on it off.
pub(in crate::commands) type Line<'a> = (&'a Online, &'a Interruption);

/// A finished mail.
pub(in crate::commands) struct Mail<'a> {
    pub(in crate::commands) from: &'a MailAddress,
    pub(in crate::commands) to: &'a MailAddress,
    /// Bytes.
    pub(in crate::commands) size: u64,
    pub(in crate::commands) content: &'a mut (dyn Read + Send),
}

/// Hands a mail over.
///
/// # Errors
/// Nothing was taken then, except where [`SmtpError::Unknown`] says that nobody knows.
pub(in crate::commands) fn submit(
    post: &Post,
    mail: Mail<'_>,
    (online, interruption): Line<'_>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    match &post.way {
        Way::Smtp(server) => {
            let is_at_end = AtomicBool::new(false);
            let watch = Watch {
                progress: Progress::bytes(context.output, Some(mail.size), "sending"),
                is_at_end: &is_at_end,
            };
            let dialogue = dialogue(server, post.password.as_ref(), mail, (online, watch));
            let sent = online.wait_unless(interruption, dialogue);
            let sent = sent.unwrap_or_else(|interrupted| {
                Err(cut(interrupted, is_at_end.load(Ordering::Relaxed)))
            });
            let (answer, session) = sent.map_err(|failure| explain(server, failure))?;
            // The mail is taken: no interruption can make it a failure any more.
            online.wait(session.quit());
            context
                .output
                .detail(1, format!("{server} says: {}", brief(&answer)));
            Ok(())
        }
        Way::Sendmail(program) => {
            let Mail {
                from, to, content, ..
            } = mail;
            Ok(sendmail::hand_over(program, from, to, content)?)
        }
        Way::File(_) | Way::Stdout => Ok(()),
    }
}

impl Post {
    /// Asks for the password of the server's user, where there is one: before any work, and before an
    /// interruption is anything but the end.
    pub(in crate::commands) fn unlock(&mut self, context: &Context<'_>) -> Result<(), Failure> {
        let Way::Smtp(server) = &self.way else {
            return Ok(());
        };
        let Some(user) = server.user() else {
            return Ok(());
        };
        let prompt = format!("password of {} at {}", brief(user), server.host());
        let asked = context
            .output
            .without_progress(|| self.passwords.ask(&prompt));
        let asked = asked.with_context(|| format!("there is no {prompt}"))?;
        self.password = Some(asked);
        Ok(())
    }
}

async fn dialogue(
    server: &Server,
    password: Option<&Secret>,
    mail: Mail<'_>,
    (online, watch): (&Online, Watch<'_>),
) -> Result<(String, Session<Secured>), anyhow::Error> {
    let (network, host) = (online.network(), server.host());
    let plain = network.connect(host, server.port()).await?;
    let (secured, opening) = match server.security() {
        Security::Implicit => (network.secure(plain, host).await?, Opening::Greeting),
        Security::StartTls => {
            let asked = ask_for_tls(plain).await?;
            (network.secure(asked, host).await?, Opening::Silence)
        }
    };
    let mut session = Session::open(secured, opening).await?;
    if let (Some(user), Some(password)) = (server.user(), password) {
        session.log_in(user, password.expose()).await?;
    }
    let mut content = Watched {
        content: mail.content,
        watch,
    };
    let answer = session
        .send(mail.from, mail.to, mail.size, &mut content)
        .await?;
    Ok((answer.to_string(), session))
}

/// What an interruption means: once all of the mail was read, its end may have been sent.
fn cut(interrupted: Interrupted, is_at_end: bool) -> anyhow::Error {
    let error = anyhow::Error::new(interrupted);
    if is_at_end {
        error.context(SmtpError::Unknown(ErrorKind::Interrupted.into()))
    } else {
        error
    }
}

fn explain(server: &Server, error: anyhow::Error) -> Failure {
    let hint = match error.downcast_ref::<SmtpError>() {
        Some(SmtpError::NoStartTls) => Some(
            "try smtps:// (port 465); if the server did offer STARTTLS before, somebody on the way took the offer away",
        ),
        Some(SmtpError::NoMechanism { .. } | SmtpError::NotLoggedIn(_)) => Some(
            "some providers want a password made for one application; it is made on their website",
        ),
        Some(SmtpError::TooLarge { .. }) => {
            Some("attach less, or hand the sealed report over in another way")
        }
        Some(SmtpError::Unknown(_)) => Some(
            "look whether it arrived before you send it again; the same mail twice has the same Message-ID",
        ),
        _ => None,
    };
    let interrupted = error.downcast_ref::<Interrupted>().copied();
    let failure = Failure::from(error.context(format!("cannot hand the mail to {server}")));
    let failure = match interrupted {
        Some(it) => failure.with_exit(Exit::of_signal(it.signal)),
        None => failure,
    };
    match hint {
        Some(hint) => failure.with_hint(Hint::words(hint)),
        None => failure,
    }
}

/// How far the mail was read.
struct Watch<'a> {
    progress: Progress,
    is_at_end: &'a AtomicBool,
}

/// Shows how much was read.
struct Watched<'a> {
    content: &'a mut (dyn Read + Send),
    watch: Watch<'a>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.content.read(buffer)?;
        self.watch.progress.add(count as u64);
        if count == 0 {
            self.watch.is_at_end.store(true, Ordering::Relaxed);
        }
        Ok(count)
    }
}
