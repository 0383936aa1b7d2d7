//! Who writes: the key of the case, or the reporter's own.

use std::path::Path;

use anyhow::anyhow;
use zeroize::Zeroizing;

use crate::{
    case::CaseSecret,
    commands::{
        Context,
        open::{SECRET_LIMIT, agent_passphrase},
    },
    disk::SecretFile,
    openpgp::{self, Certificate, Fingerprint, KeyError, PassphraseFor, SecretKey, Signer},
    terminal::{Exit, Failure, Hint},
};

/// Who writes: the key that signs, if any, and the certificate to answer to.
pub(in crate::commands) struct Author {
    pub(in crate::commands) signer: Option<Signer>,
    pub(in crate::commands) certificate: Certificate,
}

impl Author {
    /// A person with a key of their own.
    pub(in crate::commands) fn own(key: &str, context: &Context<'_>) -> Result<Self, Failure> {
        let signer = own_signer(key, context)?;
        Ok(Self {
            certificate: signer.certificate().clone(),
            signer: Some(signer),
        })
    }

    /// The pseudonymous author of a case.
    pub(in crate::commands) fn of_case(
        case: &CaseSecret,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let key = openpgp::case_key(&case.signing_seed(), &case.reply_seed())?;
        Self::pseudonymous(&key, context)
    }

    /// The author of a case, who can be reached at a mail address.
    pub(in crate::commands) fn of_case_at(
        case: &CaseSecret,
        address: &str,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let (signing, reply) = (case.signing_seed(), case.reply_seed());
        let key = openpgp::case_key_named(&signing, &reply, address)?;
        Self::pseudonymous(&key, context)
    }

    fn pseudonymous(key: &SecretKey, context: &Context<'_>) -> Result<Self, Failure> {
        let signer = key.signer(context.now, &mut |_, _| Ok(None))?;
        Ok(Self {
            certificate: key.certificate(),
            signer: Some(signer.rounded_to_day()),
        })
    }

    /// The same, who does not sign.
    pub(in crate::commands) fn unsigned(mut self, unsigned: bool) -> Self {
        self.signer = self.signer.filter(|_| !unsigned);
        self
    }
}

/// The secret of a new case.
pub(in crate::commands) fn new_case() -> Result<CaseSecret, Failure> {
    let mut entropy = Zeroizing::new([0; 16]);
    getrandom::fill(entropy.as_mut())
        .map_err(|why| anyhow!("no randomness from the system: {why}"))?;
    Ok(CaseSecret::from_entropy(*entropy))
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
