//! The vendor's messages, opened: what they say, and who signed them.
//!
//! Serves "tells a reply signed by the vendor from one that whoever runs the intake could have
//! written". RFC 9580 section 5.2; the keys of the case open, nothing else is trusted.

use std::{io::Cursor, path::PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::answer;
use crate::{
    bundle,
    client::{Attested, Expected},
    commands::{
        Context,
        open::{SECRET_LIMIT, agent_passphrase},
        send::key_of,
    },
    disk::{CaseRecord, Cases, Delivered, Destination, SecretFile},
    openpgp::{
        self, Certificate, DecryptionKeys, Fingerprint, Message, Opening, SecretKey,
        SignatureVerdict,
    },
    terminal::{Exit, Failure},
    wire::{Author, MessageView},
};

/// One message of a case.
#[derive(Serialize)]
pub(super) struct Letter {
    id: String,
    /// `reporter` or `vendor`, as the intake says.
    from: &'static str,
    at: Timestamp,
    size: u64,
    /// `vendor` (a key of the vendor's that the intake does not hold), `vendor-unaddressed` (the same, for
    /// nobody in particular), `intake` (the key that it holds), `unsigned`, `unknown-signer` or `bad`;
    /// null for one's own.
    signed_by: Option<&'static str>,
    /// The key that signed.
    key: Option<String>,
    /// When, by the signer's word; `at` is when it came in.
    signed_at: Option<Timestamp>,
    /// The vendor's certificate, to tell a person whose key that is.
    #[serde(skip)]
    certificate: Option<String>,
    /// Null for one's own, which is sealed to the vendor alone, and for what cannot be opened.
    text: Option<String>,
    error: Option<String>,
}

/// What opens the messages of one case, and judges them.
pub(super) struct Reader<'a> {
    record: &'a CaseRecord,
    cases: &'a Cases,
    keys: Vec<SecretKey>,
    /// The key that the intake holds, as its receipt shows. With a receipt that nobody signed it is not
    /// known, so that any key of the vendor's may be the intake's.
    held_by_intake: Option<Fingerprint>,
}

/// The verdict on the receipt of a record; `None` while there is no receipt.
pub(super) fn attested(
    record: &CaseRecord,
    context: &Context<'_>,
) -> Result<Option<Attested>, Failure> {
    let delivered = record.delivered.as_ref();
    let whose = format!("case {}", record.name());
    delivered
        .map(|delivered| judge(record, delivered, &whose, context))
        .transpose()
}

/// The verdict on a receipt, which is that of `whose` in words.
pub(super) fn judge(
    record: &CaseRecord,
    delivered: &Delivered,
    whose: &str,
    context: &Context<'_>,
) -> Result<Attested, Failure> {
    let (_, certificate) = record.intake()?;
    let expected = Expected {
        certificate,
        report: &delivered.report,
        sha256: record.sha256,
        size: record.size,
    };
    let judged = Attested::judge(delivered.receipt.as_bytes(), &expected, context.now);
    judged.map_err(|why| {
        let error = anyhow::Error::new(why);
        let error = error.context(format!("the receipt of {whose} is not to be believed"));
        Failure::new(Exit::NotAuthenticated, error)
    })
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        record: &'a CaseRecord,
        cases: &'a Cases,
        own: &[PathBuf],
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let secret = &record.secret;
        let mut keys = vec![openpgp::case_key(
            &secret.signing_seed(),
            &secret.reply_seed(),
        )?];
        for path in own {
            let file = SecretFile::read(path, SECRET_LIMIT)?;
            keys.extend(openpgp::read_secret_keys(
                &path.display().to_string(),
                file.expose(),
            )?);
        }
        let attested = attested(record, context)?;
        Ok(Self {
            record,
            cases,
            keys,
            held_by_intake: attested.and_then(|attested| attested.key().cloned()),
        })
    }

    /// Opens one message. What cannot be opened is said, and no failure: the others count, too.
    pub(super) fn open(&self, view: &MessageView, context: &Context<'_>) -> Letter {
        let mut letter = Letter {
            id: view.id.to_string(),
            from: view.from.as_str(),
            at: view.at,
            size: view.size,
            signed_by: None,
            key: None,
            signed_at: None,
            certificate: self
                .record
                .certificate
                .as_ref()
                .map(|certificate| certificate.fingerprint().to_string()),
            text: None,
            error: None,
        };
        if view.from == Author::Vendor
            && let Err(why) = self.read(view, &mut letter, context)
        {
            letter.text = None;
            letter.error = Some(format!("{why:#}"));
        }
        letter
    }

    fn read(
        &self,
        view: &MessageView,
        letter: &mut Letter,
        context: &Context<'_>,
    ) -> anyhow::Result<()> {
        let sealed = self.cases.message(&self.record.name(), &view.id)?;
        let sealed = sealed.ok_or_else(|| anyhow::anyhow!("it was not fetched"))?;
        let use_agent = self.record.signed_by.is_some();
        let keys = DecryptionKeys {
            secret: self.keys.clone(),
            agent: Box::new(move |recipients| {
                if use_agent {
                    let passphrase = agent_passphrase(context)?;
                    Ok(openpgp::AgentKeys::list()?.matching(recipients, passphrase.as_ref()))
                } else {
                    Ok(Vec::new())
                }
            }),
            ask: Box::new(|what, attempt| context.ask(what, attempt)),
        };
        let by_mail = matches!(self.record.destination, Destination::Mail(_));
        let longest = bundle::Letter::LIMIT as u64 * 2;
        let limits = Opening {
            max_size: Some(if by_mail { LARGEST_MAIL } else { longest }),
        };
        let message = openpgp::open(Cursor::new(sealed), keys, limits)?;
        let given = self.record.certificate.as_slice();
        let (verdict, text) = if by_mail {
            answer::read(message, given, context)?
        } else {
            of_an_intake(message, given, context)?
        };
        let (signed_by, key) = self.judge(&verdict);
        letter.signed_by = Some(signed_by);
        letter.key = key;
        if let SignatureVerdict::Verified { at, .. } = &verdict {
            letter.signed_at = Some(*at);
        }
        if let SignatureVerdict::Bad { why } = verdict {
            anyhow::bail!("its signature is bad: {why}");
        }
        letter.text = Some(text?);
        Ok(())
    }

    fn judge(&self, verdict: &SignatureVerdict) -> (&'static str, Option<String>) {
        match verdict {
            SignatureVerdict::Verified { key, addressed, .. } => {
                let by_mail = matches!(self.record.destination, Destination::Mail(_));
                let vendor = if *addressed {
                    "vendor"
                } else {
                    "vendor-unaddressed"
                };
                let by = match &self.held_by_intake {
                    None if by_mail => vendor,
                    Some(held) if held != key => vendor,
                    Some(_) => "intake",
                    None => "vendor-or-intake",
                };
                (by, Some(key.to_string()))
            }
            SignatureVerdict::Unsigned => ("unsigned", None),
            SignatureVerdict::UnknownSigner { .. } => ("unknown-signer", None),
            SignatureVerdict::Bad { .. } => ("bad", None),
        }
    }
}

/// What a message of an intake says.
fn of_an_intake(
    mut message: Message,
    given: &[Certificate],
    context: &Context<'_>,
) -> anyhow::Result<(SignatureVerdict, anyhow::Result<String>)> {
    let text = match bundle::Letter::read(&mut message) {
        Err(bundle::NotALetter::Read(error)) => return Err(message.explain(error).into()),
        text => text,
    };
    let verdict = message.finish()?.signature(given, &[], context.now);
    Ok((
        verdict,
        text.map(|it| it.text().to_owned()).map_err(Into::into),
    ))
}

impl Letter {
    /// Shows it, escaped.
    pub(super) fn tell(&self, context: &Context<'_>) -> Result<(), Failure> {
        let output = context.output;
        let at = super::document::time(self.at);
        output.print("")?;
        if self.from == "reporter" {
            output.print(format!("{at}  you wrote {} bytes, sealed", self.size))?;
            return Ok(());
        }
        let key = self.key.as_deref().unwrap_or_default();
        let key = key_of(self.certificate.as_deref().unwrap_or(key), key);
        let when = self
            .signed_at
            .map(super::document::time)
            .unwrap_or_default();
        let by = match self.signed_by {
            Some("vendor") => format!("from the vendor (signed by {key} at {when})"),
            Some("vendor-unaddressed") => format!(
                "signed by the vendor ({key} at {when}), but not for this case: somebody may have passed on what was for others"
            ),
            Some("intake") => format!(
                "signed by {key}, the key that the intake holds: whoever runs it could have written this"
            ),
            Some("vendor-or-intake") => format!(
                "signed by {key} of the vendor's; the receipt is not signed, so the intake may hold that key, and whoever runs it could have written this"
            ),
            Some("unsigned") => "NOT signed: anybody could have written this".to_owned(),
            Some("unknown-signer") => {
                "signed by a key that is not the vendor's: anybody could have written this"
                    .to_owned()
            }
            _ => "a message that cannot be read".to_owned(),
        };
        output.print(format!("{at}  {by}"))?;
        if let Some(error) = &self.error {
            output.print(format!("  {error}"))?;
        }
        if let Some(text) = &self.text {
            for line in text.lines() {
                output.print(format!("  | {line}").trim_end())?;
            }
        }
        Ok(())
    }
}

/// Bytes of a mail with its attachments: more than servers take.
pub(super) const LARGEST_MAIL: u64 = 64 << 20;
