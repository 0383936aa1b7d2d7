//! Why a message is not let in, in words for whoever sent it.

/// Why a message is not let in. Its words are fit for the answer to a stranger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// There is not one byte.
    #[error("it is empty")]
    Empty,
    /// Text in the ASCII armour.
    #[error(
        "it is armoured, and only binary messages are taken: send what `gpg --dearmor` makes of it, or seal it without --armor"
    )]
    Armored,
    /// Something else.
    #[error("it is not an OpenPGP message: seal it first")]
    NotOpenPgp,
    /// A certificate or a secret key.
    #[error("it is a key, not a message")]
    Key,
    /// A signed or a plain message.
    #[error("it is not encrypted: seal it first")]
    NotEncrypted,
    /// A compressed message.
    #[error("it is compressed and not encrypted: seal it first")]
    Compressed,
    /// Tag 9: its content can be changed unnoticed.
    #[error("its container is that of before 2001, which cannot notice manipulation")]
    OldContainer,
    /// Tag 20.
    #[error(
        "its container is GnuPG's own (OCB), which only GnuPG opens: encrypt with --rfc4880 or --openpgp"
    )]
    GnuPgContainer,
    /// A version, a cipher or a mode of the container that nobody here knows.
    #[error("its container is of a kind that is not known here")]
    UnknownContainer,
    /// Only passphrases open it.
    #[error("a passphrase opens it, and no key: seal it to this intake's key")]
    PassphraseOnly,
    /// Nothing opens it.
    #[error("it is sealed to nobody")]
    Nobody,
    /// It names other keys.
    #[error("it is sealed to {recipients}, and not to this intake's key")]
    OtherKey {
        /// Whom it names.
        recipients: String,
    },
    /// It ends before its end.
    #[error("it was cut short")]
    CutShort,
    /// Something follows.
    #[error("something follows behind its end")]
    Trailing,
    /// More before the container than any message needs.
    #[error("there is too much before its container")]
    TooMuchBefore,
    /// More session keys than any message has recipients.
    #[error("it has more recipients than are taken")]
    TooMany,
    /// It breaks the grammar of messages.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
}
