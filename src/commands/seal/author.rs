//! Who writes: the key of the case, or the reporter's own.

use std::path::Path;

use anyhow::anyhow;

use crate::{
    case::CaseSecret,
    cli::Seal,
    commands::{
        Context,
        open::{SECRET_LIMIT, agent_passphrase},
    },
    disk::SecretFile,
    openpgp::{self, Certificate, Fingerprint, KeyError, PassphraseFor, Signer},
    terminal::{Exit, Failure, Hint},
};

/// Who writes: the key that signs, if any, and the certificate to answer to.
pub(super) struct Author {
    pub(super) signer: Option<Signer>,
    pub(super) certificate: Certificate,
    pub(super) words: Option<String>,
}

impl Author {
    pub(super) fn resolve(args: &Seal, context: &Context<'_>) -> Result<Self, Failure> {
        if let Some(own) = &args.sign_with {
            let signer = own_signer(own, context)?;
            let certificate = signer.certificate().clone();
            return Ok(Self {
                signer: Some(signer),
                certificate,
                words: None,
            });
        }
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy)
            .map_err(|why| anyhow!("no randomness from the system: {why}"))?;
        let case = CaseSecret::from_entropy(entropy);
        let key = openpgp::case_key(&case.signing_seed(), &case.reply_seed())?;
        let signer = if args.unsigned {
            None
        } else {
            Some(
                key.signer(context.now, &mut |_, _| Ok(None))?
                    .rounded_to_day(),
            )
        };
        let words = Some(case.words().to_string());
        Ok(Self {
            signer,
            certificate: key.certificate(),
            words,
        })
    }
}

/// A person's own key: held by gpg-agent if it is named by fingerprint, else a file.
pub(in crate::commands) fn own_signer(own: &str, context: &Context<'_>) -> Result<Signer, Failure> {
    let mut ask = |what: &PassphraseFor, attempt| context.ask(what, attempt);
    if let Ok(fingerprint) = own.parse::<Fingerprint>() {
        let passphrase = agent_passphrase(context)?;
        return Ok(openpgp::agent_signer(
            &fingerprint,
            passphrase.as_ref(),
            context.now,
        )?);
    }
    let file = SecretFile::read(Path::new(own), SECRET_LIMIT)?;
    if let Some(exposure) = file.exposure() {
        context.output.warn(exposure);
    }
    let keys = openpgp::read_secret_keys(own, file.expose())?;
    let key = keys
        .first()
        .ok_or_else(|| anyhow!("{own} holds no secret key"))?;
    key.signer(context.now, &mut ask).map_err(|why| match why {
        KeyError::WrongPassphrase { .. } => Failure::new(Exit::NotAuthenticated, why),
        KeyError::NoSigningKey { .. } => Failure::from(why).with_hint(Hint::words(
            "name a file that holds a signing key, such as secret.pgp of keygen",
        )),
        why => Failure::from(why),
    })
}
