//! The security.txt: written from the plan, signed, and proved against the certificate that goes
//! with it.
//!
//! RFC 9116 sections 2.3 (signature) and 2.5 (fields).

use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use url::Url;

use crate::{
    cli::Publish,
    commands::{Context, open::SECRET_LIMIT, sealing::own_signer},
    discover::security_txt::{Draft, Encryption},
    disk::SecretFile,
    openpgp::{
        Certificate, Fingerprint, SecretKey, SignatureVerdict, Signer, read_cleartext,
        read_secret_keys, sign_cleartext,
    },
    terminal::{Exit, Failure, Hint},
};

use super::plan::Plan;

/// The file, and who signed it.
pub(super) struct Announcement {
    pub(super) bytes: Vec<u8>,
    pub(super) signed_by: Option<Fingerprint>,
}

impl Announcement {
    pub(super) fn make(
        plan: &Plan,
        args: &Publish,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let text = text(plan, args, context)?;
        let mut signer = match &args.sign_with {
            Some(own) => {
                warn_of_the_intakes_key(own, context)?;
                own_signer(own, context)?
            }
            None if args.unsigned => {
                return Ok(Self {
                    bytes: text.into_bytes(),
                    signed_by: None,
                });
            }
            None => return Err(nobody_signs()),
        };
        let certificate = verifier(plan, args, &signer, context)?;
        let bytes = sign_cleartext(&text, &mut signer, context.now)?;
        prove(&bytes, &certificate, context)?;
        Ok(Self {
            bytes,
            signed_by: Some(certificate.fingerprint()),
        })
    }
}

fn nobody_signs() -> Failure {
    Failure::new(Exit::Usage, anyhow!("nobody signs the security.txt"))
        .with_hint(Hint::words(
            "add --sign-with KEY: a secret key file, such as secret.pgp of `keygen`, or a fingerprint that gpg-agent holds",
        ))
        .with_hint(Hint::words(
            "or --unsigned: then whoever changes the file goes unnoticed",
        ))
}

fn text(plan: &Plan, args: &Publish, context: &Context<'_>) -> Result<String, Failure> {
    let domain = &plan.domain;
    let key = Url::parse(&format!("https://{domain}/key.asc"))?;
    let draft = Draft {
        contacts: plan.contacts.clone(),
        expires: plan.expires,
        encryption: vec![Encryption::Https(key)],
        acknowledgments: args.acknowledgments.iter().cloned().collect(),
        languages: args.language.clone(),
        canonical: vec![format!("https://{domain}/.well-known/security.txt").parse()?],
        policy: plan.program.policy().into_iter().cloned().collect(),
        hiring: args.hiring.iter().cloned().collect(),
        csaf: args.csaf.iter().cloned().collect(),
    };
    let text = draft.text(Timestamp::try_from(context.now)?);
    text.map_err(|why| Failure::new(Exit::Usage, why))
}

/// A file that signs and opens nothing is receipts.pgp, which lies on the intake's machine.
fn warn_of_the_intakes_key(own: &str, context: &Context<'_>) -> Result<(), Failure> {
    if own.parse::<Fingerprint>().is_ok() {
        return Ok(());
    }
    let file = SecretFile::read(Path::new(own), SECRET_LIMIT)?;
    let keys = read_secret_keys(own, file.expose())?;
    if !keys.iter().any(SecretKey::can_decrypt) {
        context.output.warn(format!(
            "{own} opens no reports, as receipts.pgp of `keygen`: if the intake holds it, whoever runs the intake can sign a security.txt, too; secret.pgp is safer"
        ));
    }
    Ok(())
}

/// The certificate against which reporters verify the signature: the published one. Another is taken
/// only where its whole fingerprint was typed.
fn verifier(
    plan: &Plan,
    args: &Publish,
    signer: &Signer,
    context: &Context<'_>,
) -> Result<Certificate, Failure> {
    let (own, other) = (plan.certificate.fingerprint(), signer.certificate());
    if other.fingerprint() == own {
        return Ok(plan.certificate.clone());
    }
    let typed = args.sign_with.as_deref().unwrap_or_default();
    let was_typed = typed.parse::<Fingerprint>().is_ok();
    let other_key = other.fingerprint();
    if !was_typed {
        let error = anyhow!("{typed} holds {other_key}, and {own} is to be published");
        return Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
            "sign with the key that is published, or nobody can verify the signature; another one signs only from gpg-agent, named by its fingerprint",
        )));
    }
    context.output.warn(format!(
        "{other_key} signs, which is not published here: reporters can verify that only if they find it elsewhere"
    ));
    Ok(other.clone())
}

/// A certificate that was exported before its signing subkey was made would leave the signature
/// unverifiable.
fn prove(bytes: &[u8], certificate: &Certificate, context: &Context<'_>) -> Result<(), Failure> {
    let signed = read_cleartext(bytes).context("the signed security.txt cannot be read back")?;
    let verdict = signed.verify(&[certificate], context.now);
    if let SignatureVerdict::Verified { .. } = verdict {
        return Ok(());
    }
    let key = certificate.fingerprint();
    let error = anyhow!("the certificate {key} does not verify what its key signed");
    Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
        "it may lack a newer signing subkey: export the certificate again from the secret key",
    )))
}
