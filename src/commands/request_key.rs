//! `sealpost request-key`: a mail that asks for a key, and says nothing else.

use std::{
    io::{Cursor, Write},
    path::Path,
};

use anyhow::anyhow;
use serde::Serialize;

use super::{
    Context,
    online::Online,
    post::{self, Mail, Post, Way, submit},
    sealing::new_case,
    target,
    vendor::{self, Vendor},
};
use crate::{
    case::CaseSecret,
    cli::RequestKey,
    disk::{Interruption, Overwrite, PendingFile},
    mail::compose::{Autocrypt, KeyRequest, Parties},
    openpgp::{self, Certificate},
    program::MailAddress,
    terminal::{Exit, Failure, Hint},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Requested {
    /// Whom the mail is for.
    to: String,
    from: Option<String>,
    /// The file of the mail; null where it was handed over.
    mail: Option<String>,
    /// The server or the program that took it; null where it was written into a file.
    handed_to: Option<String>,
    /// The fingerprint of the key in it.
    key: String,
    /// The words that open the answer.
    case_words: String,
}

/// Asks.
pub(super) fn run(args: &RequestKey, context: &Context<'_>) -> Result<Exit, Failure> {
    let vendor = vendor::resolve(&args.target, context)?;
    target::refuse_if_unencrypted(&vendor.target.program)?;
    let mut post = Post::resolve(&args.mail, Path::new("key-request.eml"), context)?;
    let to = address(args, &vendor, context)?;
    let case = new_case()?;
    let certificate = certificate(&case, post.from.as_ref())?;
    let autocrypt = post
        .from
        .clone()
        .map(|from| Autocrypt::new(from, &certificate));
    let parties = Parties {
        from: post.from.clone(),
        to,
        autocrypt: autocrypt.transpose()?,
    };
    let request = KeyRequest::new(&parties, &post::stamp(context)?, certificate.to_armored()?);
    post.unlock(context)?;
    send(&request.to_bytes()?, &post, &parties, (args, context))?;
    let sent = matches!(post.way, Way::Smtp(_) | Way::Sendmail(_));
    let done = Requested {
        to: parties.to.to_string(),
        from: parties.from.as_ref().map(ToString::to_string),
        mail: matches!(post.way, Way::File(_)).then(|| post.place()),
        handed_to: sent.then(|| post.place()),
        key: certificate.fingerprint().to_string(),
        case_words: case.words().to_string(),
    };
    tell(&done, context)?;
    Ok(Exit::Done)
}

/// Where the vendor takes mail: its profile knows, or it is looked for.
fn address(
    args: &RequestKey,
    vendor: &Vendor,
    context: &Context<'_>,
) -> Result<MailAddress, Failure> {
    if let Some(known) = vendor.subject.addresses.first() {
        return Ok(known.clone());
    }
    let found = vendor::investigate(vendor, &args.network, None, context)?;
    if let Ok(decision) = &found.decision {
        let key = decision.recipient().certificate().fingerprint();
        let name = &vendor.typed;
        let error = anyhow!("{name} has published a key: {key}");
        return Err(Failure::from(error).with_hint(Hint::command(
            "to seal a report to it",
            ["sealpost", "seal", "REPORT", "--to", name],
        )));
    }
    let published = vendor::mail_contacts(vendor, Some(&found));
    published.into_iter().next().ok_or_else(|| {
        let error = anyhow!(
            "{}: no source names a mail address for reports",
            vendor.typed
        );
        Failure::from(error).with_hint(Hint::words(
            "name an address that the vendor publishes instead, such as security@DOMAIN",
        ))
    })
}

/// The key to answer to, under the address where the answer goes.
fn certificate(case: &CaseSecret, from: Option<&MailAddress>) -> Result<Certificate, Failure> {
    let (signing, reply) = (case.signing_seed(), case.reply_seed());
    let key = match from {
        Some(from) => openpgp::case_key_named(&signing, &reply, &from.to_string())?,
        None => openpgp::case_key(&signing, &reply)?,
    };
    Ok(key.certificate())
}

fn send(
    mail: &[u8],
    post: &Post,
    parties: &Parties,
    (args, context): (&RequestKey, &Context<'_>),
) -> Result<(), Failure> {
    match (&post.way, &parties.from) {
        (Way::File(path), _) => {
            let mut file = PendingFile::create(path, Overwrite::Refuse)?;
            let written = file.write_all(mail);
            written.map_err(|error| {
                anyhow::Error::new(error).context(format!("cannot write {}", path.display()))
            })?;
            Ok(file.finish()?)
        }
        (Way::Smtp(_) | Way::Sendmail(_), Some(from)) => {
            let online = Online::new(&args.network, None, context)?;
            let mail = Mail {
                from,
                to: &parties.to,
                size: mail.len() as u64,
                content: &mut Cursor::new(mail),
            };
            let interruption = Interruption::expected();
            submit(post, mail, (&online, &interruption), context)
        }
        _ => Ok(context.output.bytes().write_all(mail)?),
    }
}

fn tell(done: &Requested, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    output.json(done)?;
    match (&done.mail, &done.handed_to) {
        (Some(file), _) => {
            output.say(format!("the question to {} is in {file}", done.to));
            output.say("nothing was sent: open it with your mail program, and send it from there");
        }
        (None, Some(server)) => output.say(format!("{server} took the question to {}", done.to)),
        (None, None) => {}
    }
    if !output.is_json() {
        output.notice(format!("case words: {}", done.case_words));
        output.say("keep them: they open the answer (sealpost open ANSWER.eml --words)");
        output.say("then pin the key that is in it (sealpost trust TARGET --key FILE)");
    }
    Ok(())
}
