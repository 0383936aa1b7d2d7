//! The secret keys that `open` may use: files, the words of a case, gpg-agent.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, OnceLock, PoisonError},
};

use anyhow::anyhow;

use crate::commands::{Context, context::passphrase};
use crate::{
    case::CaseSecret,
    disk::SecretFile,
    openpgp::{self, AgentKeys, DecryptionKeys, KeyError, Passphrase, PassphraseFor, SecretKey},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// What was typed, read once and used for every message.
pub(in crate::commands) struct Keys {
    secret: Vec<SecretKey>,
    /// gpg-agent is asked only where no key was named.
    use_agent: bool,
    /// What it has, once that was looked up; or why it does not tell.
    agent: OnceLock<Result<AgentKeys, String>>,
    /// The passphrase that was asked for last, for each key. Held while somebody is asked: others wait for the answer.
    known: Mutex<HashMap<String, Passphrase>>,
}

impl Keys {
    /// Reads the key files that were named; with `words` the key of a case as well.
    pub(in crate::commands) fn resolve(
        files: &[PathBuf],
        words: bool,
        context: &Context<'_>,
    ) -> Result<Self, Failure> {
        let mut secret = Vec::new();
        for path in files {
            let name = path.display().to_string();
            let file = SecretFile::read(path, SECRET_LIMIT)?;
            let keys = openpgp::read_secret_keys(&name, file.expose()).hint(Hint::words(
                "--key wants the secret key, such as secret.pgp of `sealpost keygen`",
            ))?;
            if let Some(exposure) = file.exposure() {
                context.output.warn(exposure);
            }
            secret.extend(keys);
        }
        if words {
            secret.push(case_key(context)?);
        }
        Ok(Self {
            secret,
            use_agent: files.is_empty() && !words,
            agent: OnceLock::new(),
            known: Mutex::default(),
        })
    }

    /// The keys that were read from files.
    pub(in crate::commands) fn secret(&self) -> &[SecretKey] {
        &self.secret
    }

    /// Whether gpg-agent is asked.
    pub(in crate::commands) fn use_agent(&self) -> bool {
        self.use_agent
    }

    /// What gpg-agent has, looked up once: that runs GnuPG, so it must come before a cage closes.
    pub(in crate::commands) fn agent(&self) -> Result<&AgentKeys, KeyError> {
        let found = self.agent.get_or_init(|| {
            if self.use_agent {
                AgentKeys::list().map_err(|why| match why {
                    KeyError::Agent(why) => why,
                    why => why.to_string(),
                })
            } else {
                Ok(AgentKeys::default())
            }
        });
        found.as_ref().map_err(|why| KeyError::Agent(why.clone()))
    }

    /// The keys for one message. A passphrase that was asked for is tried again on the next one.
    pub(in crate::commands) fn for_message<'a>(
        &'a self,
        context: &'a Context<'_>,
    ) -> DecryptionKeys<'a> {
        DecryptionKeys {
            secret: self.secret.clone(),
            agent: Box::new(|recipients| {
                if !self.use_agent {
                    return Ok(Vec::new());
                }
                let passphrase = agent_passphrase(context)?;
                Ok(self.agent()?.matching(recipients, passphrase.as_ref()))
            }),
            ask: Box::new(|what, attempt| self.ask(what, attempt, context)),
        }
    }

    fn ask(
        &self,
        what: &PassphraseFor,
        attempt: u32,
        context: &Context<'_>,
    ) -> anyhow::Result<Option<Passphrase>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (0, Some(passphrase)) = (attempt, known.get(&what.to_string())) {
            return Ok(Some(passphrase.clone()));
        }
        let asked = context.ask(what, attempt)?;
        if let Some(passphrase) = &asked {
            known.insert(what.to_string(), passphrase.clone());
        }
        Ok(asked)
    }
}

/// With `--passphrase-file` the agent is answered from the file; else its pinentry asks.
pub(in crate::commands) fn agent_passphrase(
    context: &Context<'_>,
) -> Result<Option<Passphrase>, KeyError> {
    if context.passphrases.is_terminal() {
        return Ok(None);
    }
    let what = PassphraseFor::Message;
    let asked = context.passphrases.ask("passphrase for gpg-agent");
    asked
        .map(|secret| Some(passphrase(&secret)))
        .map_err(|why| KeyError::NoPassphrase {
            what: what.to_string(),
            source: why.into(),
        })
}

fn case_key(context: &Context<'_>) -> Result<SecretKey, Failure> {
    for attempt in 0..context.passphrases.attempts() {
        let words = context.passphrases.ask("the twelve words of the case")?;
        match CaseSecret::from_words(words.expose()) {
            Ok(case) => return Ok(openpgp::case_key(&case.signing_seed(), &case.reply_seed())?),
            Err(why) if attempt + 1 < context.passphrases.attempts() => context.output.warn(why),
            Err(why) => return Err(Failure::new(Exit::NotAuthenticated, why)),
        }
    }
    Err(anyhow!("no words were given").into())
}

/// The largest file of secret keys, in bytes.
pub(in crate::commands) const SECRET_LIMIT: usize = 1 << 20;
