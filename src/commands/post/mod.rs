//! How a mail leaves this machine: as a file, through the person's mail server, or through the mail
//! system of this machine. Nothing is sent that was not asked for.

mod submit;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use url::Url;

pub(super) use self::submit::{Line, Mail, submit};
use super::{Context, context::is_dash};
use crate::{
    cli::MailOptions,
    mail::{
        compose::Stamp,
        sendmail,
        smtp::{NotAServer, Server},
    },
    program::MailAddress,
    terminal::{Exit, Failure, Hint, Passphrases, Secret},
};

/// How a mail leaves, and who sends it.
pub(super) struct Post {
    pub(super) from: Option<MailAddress>,
    pub(super) way: Way,
    passwords: Passphrases,
    password: Option<Secret>,
}

/// How a mail leaves.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// Into a new file, from where the person sends it.
    File(PathBuf),
    Stdout,
    /// Through this server.
    Smtp(Box<Server>),
    /// Through this program.
    Sendmail(PathBuf),
}

impl Post {
    /// What was typed; `default` is the file where no way was chosen.
    pub(super) fn resolve(
        options: &MailOptions,
        default: &Path,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        if options.smtp_password_file.is_some() && options.smtp.is_none() {
            let error = anyhow!("--smtp-password-file belongs to --smtp");
            return Err(Failure::new(Exit::Usage, error));
        }
        let way = Way::resolve(options, default, context)?;
        let user = match &way {
            Way::Smtp(server) => server.user().and_then(|user| user.parse().ok()),
            _ => None,
        };
        let from = options.from.clone().or(user);
        if from.is_none() && matches!(way, Way::Smtp(_) | Way::Sendmail(_)) {
            let error = anyhow!("a mail that is sent from here needs your address");
            return Err(Failure::new(Exit::Usage, error).with_hint(Hint::words(
                "name it with --from ADDRESS: answers go there, and it is all that the mail says of you",
            )));
        }
        Ok(Self {
            from,
            way,
            passwords: Passphrases::resolve(options.smtp_password_file.clone())?,
            password: None,
        })
    }

    /// The same way again, for a mail that waited.
    pub(super) fn again(
        url: &Url,
        from: MailAddress,
        options: &MailOptions,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let way = match url.scheme() {
            SENDMAIL => Way::through_sendmail(context)?,
            _ => Way::Smtp(Box::new(server(url.as_str())?)),
        };
        Ok(Self {
            from: Some(from),
            way,
            passwords: Passphrases::resolve(options.smtp_password_file.clone())?,
            password: None,
        })
    }

    /// The way as a URL, to go it again.
    pub(super) fn url(&self) -> Result<Url, Failure> {
        match &self.way {
            Way::Smtp(server) => Ok(server.url().clone()),
            _ => Ok(Url::parse(&format!("{SENDMAIL}:"))?),
        }
    }

    /// Where the mail goes first, as text: a URL without a secret.
    pub(super) fn place(&self) -> String {
        match &self.way {
            Way::File(path) => path.display().to_string(),
            Way::Stdout => "standard output".to_owned(),
            Way::Smtp(server) => server.to_string(),
            Way::Sendmail(program) => program.display().to_string(),
        }
    }
}

impl Way {
    /// The mail system of this machine asks nobody how it may reach the world.
    fn through_sendmail(context: &Context<'_>) -> Result<Self, Failure> {
        let typed = [
            (context.offline, "--offline"),
            (context.proxy.is_some(), "--proxy"),
        ];
        if let Some((_, option)) = typed.into_iter().find(|(is_typed, _)| *is_typed) {
            let error = anyhow!("sendmail sends the mail on its own, whatever {option} says");
            return Err(Failure::new(Exit::Usage, error).with_hint(Hint::words(
                "send it through a server with --smtp URL, or write it into a file with --eml FILE",
            )));
        }
        Ok(Self::Sendmail(sendmail::find()?))
    }

    fn resolve(
        options: &MailOptions,
        default: &Path,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        if options.sendmail {
            return Self::through_sendmail(context);
        }
        if let Some(url) = &options.smtp {
            return Ok(Self::Smtp(Box::new(server(url)?)));
        }
        let path = options.eml.as_deref().unwrap_or(default);
        if is_dash(path) {
            if context.output.is_json() {
                let error = anyhow!("--json and the mail both want stdout");
                return Err(Failure::new(Exit::Usage, error)
                    .with_hint(Hint::words("name a file with --eml FILE")));
            }
            return Ok(Self::Stdout);
        }
        if path.exists() {
            let error = anyhow!("{} exists already", path.display());
            return Err(
                Failure::from(error).with_hint(Hint::words("name another file with --eml FILE"))
            );
        }
        Ok(Self::File(path.to_owned()))
    }
}

/// The server of a URL.
pub(super) fn server(url: &str) -> Result<Server, Failure> {
    url.parse().map_err(|why| {
        let password = matches!(why, NotAServer::Password);
        let failure = Failure::new(Exit::Usage, why);
        if password {
            failure.with_hint(Hint::words(
                "leave it out: you will be asked; or name a file with --smtp-password-file FILE",
            ))
        } else {
            failure
        }
    })
}

/// The time and the randomness of a new mail.
pub(super) fn stamp(context: &Context<'_>) -> Result<Stamp, Failure> {
    let mut random = [0; Stamp::RANDOM];
    getrandom::fill(&mut random).map_err(|why| anyhow!("no randomness from the system: {why}"))?;
    Ok(Stamp::new(context.now, random))
}

/// The scheme that stands for this machine's mail system.
const SENDMAIL: &str = "sendmail";
