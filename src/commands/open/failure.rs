//! Why a message was not opened, with what to do next.

use crate::{
    bundle::ExtractError,
    openpgp::{KeyError, Message, OpenError},
    terminal::{Exit, Failure, Hint},
};

pub(in crate::commands) fn not_opened(name: &str, why: OpenError) -> Failure {
    let exit = if why.is_unauthenticated() {
        Exit::NotAuthenticated
    } else {
        Exit::Failed
    };
    let hint = match &why {
        OpenError::NotForUs { .. } => {
            Some("name the secret key with --key FILE, or import it into GnuPG")
        }
        OpenError::Key(KeyError::UnsafeAlgorithm { .. }) => {
            Some("import the key into GnuPG and leave --key out: gpg-agent computes with it then")
        }
        OpenError::Damaged(_) => Some("ask the sender to send it again; nothing of it was kept"),
        OpenError::TooLarge { .. } => Some("if you expect so much, raise --max-size MIB"),
        OpenError::Bomb { .. } => {
            Some("do not open it with another program: it may never end, or fill the memory")
        }
        OpenError::NotEncrypted => Some("if it was to be secret, tell the sender that it was not"),
        OpenError::Unsupported { .. } => {
            Some("try gpg -d, or ask the sender to seal it with sealpost")
        }
        _ => None,
    };
    let failure = Failure::from(anyhow::Error::new(why).context(format!("cannot open {name}")))
        .with_exit(exit);
    match hint {
        Some(hint) => failure.with_hint(Hint::words(hint)),
        None => failure,
    }
}

pub(super) fn not_extracted(name: &str, why: ExtractError, message: &Message) -> Failure {
    match why {
        ExtractError::Read(error) => not_opened(name, message.explain(error)),
        ExtractError::Write { .. } => Failure::from(why),
        refused => Failure::new(
            Exit::NotAuthenticated,
            anyhow::Error::new(refused).context(format!(
                "{name} is not a report that can be extracted safely"
            )),
        )
        .with_hint(Hint::words(
            "look at the raw content with -o - | less, or ask the sender what it is",
        )),
    }
}
