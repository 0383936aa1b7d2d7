//! What `open` says of a message: the JSON document, and the lines for a person.

use std::path::Path;

use anyhow::anyhow;
use serde::Serialize;

use super::payload::{MailHeader, Payload};
use crate::{
    bundle::Shape,
    commands::{Context, sealing::read_report},
    openpgp::{self, SignatureVerdict},
    report::Override,
    terminal::{
        Exit, Failure, Hint,
        escape::{brief, closed_up},
    },
};

/// What `--json` prints: one member for each file, in the order given.
#[derive(Serialize)]
pub(super) struct Documents {
    /// How well the cage stood around it: `full`, `partial` or `none`.
    pub(super) confinement: &'static str,
    pub(super) reports: Vec<Document>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Document {
    Opened(Box<Opened>),
    Failed {
        sealed: String,
        error: String,
        exit: u8,
    },
}

impl Document {
    pub(super) fn failed(sealed: &Path, failure: &Failure) -> Self {
        Self::Failed {
            sealed: sealed.display().to_string(),
            error: format!("{:#}", failure.error()),
            exit: failure.exit().code(),
        }
    }
}

/// One opened report.
#[derive(Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "member names that scripts rely on"
)]
pub(in crate::commands) struct Opened {
    sealed: String,
    folder: String,
    /// Key IDs and fingerprints that the message names.
    recipients: Vec<String>,
    hidden_recipients: usize,
    /// The fingerprint of the certificate that opened it; null for a passphrase.
    opened_by: Option<String>,
    pub(in crate::commands) signature: Signature,
    /// `bundle`, `archive`, `text`, `file` or `mail`.
    content: &'static str,
    /// The encrypted header of a mail.
    mail: Option<MailHeader>,
    program: Option<String>,
    created: Option<String>,
    size: u64,
    files: Vec<OpenedFile>,
    /// What the reporter's `check` found, and why it was sent all the same.
    overrides: Vec<Override>,
    /// The certificate to answer to, as it was enclosed: a stranger's bytes.
    #[serde(skip)]
    pub(in crate::commands) reporter: Option<Vec<u8>>,
}

#[derive(Serialize)]
pub(in crate::commands) struct Signature {
    /// `verified`, `unsigned` or `unknown-signer`; a bad one is never opened.
    verdict: &'static str,
    /// The fingerprint of the certificate, where it is verified.
    pub(in crate::commands) signer: Option<String>,
    /// `given` or `enclosed`.
    origin: Option<&'static str>,
    at: Option<jiff::Timestamp>,
    #[serde(skip)]
    pub(in crate::commands) words: String,
}

#[derive(Serialize)]
pub(in crate::commands) struct OpenedFile {
    path: String,
    size: u64,
    sha256: Option<String>,
}

/// A verdict in words; a bad signature is a failure.
pub(in crate::commands) fn judge(
    name: &str,
    verdict: &SignatureVerdict,
) -> Result<Signature, Failure> {
    let (code, words) = match verdict {
        SignatureVerdict::Verified { signer, origin, .. } => (
            "verified",
            format!("signed by {signer}, verified ({origin})"),
        ),
        SignatureVerdict::Unsigned => ("unsigned", "not signed".to_owned()),
        SignatureVerdict::UnknownSigner { issuers } => {
            let issuers: Vec<_> = issuers.iter().map(ToString::to_string).collect();
            let issuers = if issuers.is_empty() {
                "a key it does not name".to_owned()
            } else {
                issuers.join(", ")
            };
            (
                "unknown-signer",
                format!(
                    "NOT verified: signed by {issuers}, whose certificate is not at hand (--signer CERT)"
                ),
            )
        }
        SignatureVerdict::Bad { why } => {
            return Err(Failure::new(
                Exit::NotAuthenticated,
                anyhow!("{name}: bad signature: {why}"),
            )
            .with_hint(Hint::words(
                "nothing of it was kept; ask the sender to send it again",
            )));
        }
    };
    let verified = match verdict {
        SignatureVerdict::Verified {
            signer, origin, at, ..
        } => Some((signer.to_string(), *origin, *at)),
        _ => None,
    };
    Ok(Signature {
        verdict: code,
        signer: verified.as_ref().map(|(signer, ..)| signer.clone()),
        origin: verified.as_ref().map(|(_, origin, _)| match origin {
            openpgp::SignerOrigin::Given => "given",
            openpgp::SignerOrigin::Enclosed => "enclosed",
        }),
        at: verified.map(|(.., at)| at),
        words,
    })
}

impl Opened {
    /// Names the program that it says it is for.
    pub(super) fn with_program(mut self, program: Option<String>) -> Self {
        self.program = program;
        self
    }
}

pub(super) fn opened(
    sealed: String,
    folder: &Path,
    payload: Payload,
    signature: Signature,
) -> Opened {
    let Payload {
        authenticated,
        contents,
        mail,
        ..
    } = payload;
    let files: Vec<_> = contents
        .files
        .iter()
        .map(|file| OpenedFile {
            path: file.path.display().to_string(),
            size: file.size,
            sha256: file.sha256.map(|hash| {
                hash.iter()
                    .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
            }),
        })
        .collect();
    let manifest = contents.manifest.as_ref();
    let recipients = authenticated.recipients.keys.iter();
    Opened {
        sealed,
        folder: folder.display().to_string(),
        recipients: recipients.map(ToString::to_string).collect(),
        hidden_recipients: authenticated.recipients.hidden,
        opened_by: authenticated
            .opened_by
            .as_ref()
            .map(|c| c.fingerprint().to_string()),
        signature,
        content: match contents.shape {
            Shape::Bundle => "bundle",
            Shape::Archive => "archive",
            Shape::Text => "text",
            Shape::File => "file",
            Shape::Mail => "mail",
        },
        mail,
        program: None,
        created: manifest.map(|manifest| manifest.created().to_string()),
        size: files.iter().map(|file| file.size).sum(),
        files,
        overrides: Vec::new(),
        reporter: contents.reporter,
    }
}

impl Opened {
    /// The same, with the reporter's answers to `check`.
    pub(super) fn answering(self, overrides: Vec<Override>) -> Self {
        Self { overrides, ..self }
    }
}

/// The reporter's answers to `check`, as the report in `folder` has them; none where it cannot be read.
pub(super) fn answers(payload: &Payload, folder: &Path) -> Vec<Override> {
    if !matches!(payload.contents.shape, Shape::Bundle | Shape::Mail) {
        return Vec::new();
    }
    let report = read_report(&folder.join("report.md"));
    report.map_or_else(|_| Vec::new(), |report| report.overrides().to_vec())
}

pub(in crate::commands) fn tell(opened: &Opened, context: &Context<'_>) -> Result<(), Failure> {
    let output = context.output;
    let to = match (&opened.recipients[..], opened.hidden_recipients) {
        ([], 0) => "whoever knows the passphrase".to_owned(),
        ([], n) => format!("{n} hidden recipient{}", if n == 1 { "" } else { "s" }),
        (keys, _) => keys.join(", "),
    };
    let mut fields = vec![
        (
            "opened",
            format!("{} into {}", opened.sealed, opened.folder),
        ),
        ("sealed for", to),
        ("signature", opened.signature.words.clone()),
        (
            "size",
            match opened.files.len() {
                1 => format!("{} bytes in one file", opened.size),
                files => format!("{} bytes in {files} files", opened.size),
            },
        ),
    ];
    if let Some(key) = &opened.opened_by {
        fields.insert(2, ("opened by", key.clone()));
    }
    if let Some(mail) = &opened.mail {
        fields.extend(mail.fields());
    }
    if let Some(program) = &opened.program {
        fields.push(("meant for", brief(program)));
    }
    if let Some(created) = &opened.created {
        fields.push(("created", created.clone()));
    }
    output.print_fields(&fields)?;
    for file in &opened.files {
        let path = closed_up(&file.path);
        match &file.sha256 {
            Some(hash) => output.print(format!("  {hash}  {:>12}  {path}", file.size))?,
            None => output.print(format!("  {:>12}  {path}", file.size))?,
        }
    }
    for answer in &opened.overrides {
        let about = answer.about().map(|about| format!(" ({})", brief(about)));
        let about = about.unwrap_or_default();
        output.print(format!(
            "  sent despite {}{about}: {}",
            brief(answer.code()),
            brief(answer.why())
        ))?;
    }
    Ok(())
}
