//! What the verbs that write mails have in common.

use std::path::PathBuf;

use clap::Args;

use super::quantity::Size;
use crate::program::MailAddress;

/// How a mail leaves. With nothing chosen, it is written into a file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Mail options")]
pub struct MailOptions {
    /// Your address, where answers go [default: the user name of --smtp, if that is an address]
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<MailAddress>,

    /// Write the mail into FILE, to send it with your own mail program; `-` is stdout [default: a
    /// file, if no other way is chosen]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["smtp", "sendmail"])]
    pub eml: Option<PathBuf>,

    // Text here, so that a refusal does not repeat a password in it.
    #[arg(
        long,
        value_name = "URL",
        help = "Hand the mail to your mail server: smtps://USER@HOST (TLS), or smtp://USER@HOST \
                (STARTTLS, which must be offered). The password is asked for"
    )]
    #[expect(missing_docs, reason = "a URL in a comment is taken for a link")]
    pub smtp: Option<String>,

    /// Take the password of --smtp from the first line of FILE instead of asking
    #[arg(long, value_name = "FILE")]
    pub smtp_password_file: Option<PathBuf>,

    /// Hand the mail to this machine's mail system, which writes its name and yours into it
    #[arg(long, conflicts_with = "smtp")]
    pub sendmail: bool,

    /// The largest mail that the vendor's server takes
    #[arg(long, value_name = "SIZE", default_value = "25MB")]
    pub max_mail_size: Size,
}

impl MailOptions {
    /// What was typed that says how a mail leaves, if anything.
    pub(crate) fn way(&self) -> Option<&'static str> {
        let ways = [
            (self.eml.is_some(), "--eml"),
            (self.smtp.is_some(), "--smtp"),
            (self.sendmail, "--sendmail"),
            (self.from.is_some(), "--from"),
            (self.smtp_password_file.is_some(), "--smtp-password-file"),
        ];
        ways.into_iter()
            .find_map(|(typed, name)| typed.then_some(name))
    }
}
