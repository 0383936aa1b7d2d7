//! Opening a sealed report: decrypting as a stream, and saying only at the end, once every byte
//! is authenticated, that it may be believed.
//!
//! RFC 9580 sections 5.13 (containers), 10.3 (message grammar). What is read before the end comes
//! from whoever changed the message last, so a caller keeps it private until [`Message::finish`].

use std::{
    io::{self, Read},
    sync::LazyLock,
    time::SystemTime,
};

use sequoia_openpgp::{packet::Signature, policy::StandardPolicy, serialize::MarshalInto};

use super::{
    AgentKey, Certificate, KeyError, OpenError, Recipients, SecretKey, SignatureVerdict,
    SignerOrigin, blocks,
    contents::{Authentic, Contents, Locked},
    document::Document,
    input::{Counters, Watched},
    layers::{Layers, Signatures},
    outside::{Fault, Outside},
    secret_key::Ask,
    session_key::{OpenedBy, Search},
    signature,
};

/// The secret keys and passphrases at hand.
pub struct DecryptionKeys<'a> {
    /// Keys from files; all of them are tried on a hidden recipient.
    pub secret: Vec<SecretKey>,
    /// Finds the keys that gpg-agent holds, once the files are of no help.
    pub agent: Box<FindAgentKeys<'a>>,
    /// Asks for a passphrase: what for, and which attempt this is, from 0. `None` ends asking.
    pub ask: Box<Ask<'a>>,
}

/// Finds the keys of gpg-agent that may open a message for these recipients.
pub type FindAgentKeys<'a> = dyn FnMut(&Recipients) -> Result<Vec<AgentKey>, KeyError> + 'a;

/// Limits of opening.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// The most bytes of plaintext, where the message is compressed; `None` is a hundred times
    /// what was read and 64 MiB.
    pub max_size: Option<u64>,
}

/// A message that is being decrypted. Reading gives plaintext that is not authenticated yet.
pub struct Message {
    inside: Inside,
    end: Authentic,
    input: Counters,
    recipients: Recipients,
    opened_by: Option<Certificate>,
}

/// What is in the container.
enum Inside {
    Document(Box<Document>),
    Layers(Box<Layers>),
}

/// What is known once every byte of a message was decrypted and authenticated.
#[derive(Debug)]
pub struct Authenticated {
    /// Whom it was encrypted to.
    pub recipients: Recipients,
    /// The certificate whose key opened it; `None` for a passphrase.
    pub opened_by: Option<Certificate>,
    signatures: Vec<Signature>,
    /// The digest of the content with the signature's own part, unless the signatures know it.
    digest: Option<Vec<u8>>,
    malformed: Option<String>,
}

/// Starts to open the message in `reader`, armoured or not.
///
/// # Errors
/// [`OpenError`], most of them before a single byte is decrypted. What is wrong further inside
/// comes from reading or from [`Message::finish`].
pub fn open(
    reader: impl Read + Send + Sync + 'static,
    keys: DecryptionKeys<'_>,
    limits: Opening,
) -> Result<Message, OpenError> {
    let unlocked = unlock(reader, keys)?;
    let input = unlocked.input;
    let end = unlocked.contents.end();
    let begun = Document::begin(unlocked.contents);
    let inside = match begun.map_err(|why| input.explain(why.into(), None))? {
        Ok(document) => Inside::Document(Box::new(document)),
        Err(contents) => Inside::Layers(Box::new(Layers::begin(contents, &input, limits)?)),
    };
    Ok(Message {
        inside,
        end,
        input,
        recipients: unlocked.recipients,
        opened_by: unlocked.opened_by,
    })
}

/// A message whose container is being decrypted.
pub(super) struct Unlocked {
    pub(super) contents: Contents,
    pub(super) input: Counters,
    recipients: Recipients,
    opened_by: Option<Certificate>,
}

/// Finds the key of a message and begins to decrypt its container.
pub(super) fn unlock(
    reader: impl Read + Send + Sync + 'static,
    mut keys: DecryptionKeys<'_>,
) -> Result<Unlocked, OpenError> {
    let watched = Watched::new(reader)?;
    let looks_like = blocks::looks_like(watched.head());
    let input = watched.counters();
    let fault = |why| input.explain(why, None);
    let outside = Outside::read(watched).map_err(|why| no_container(why, &input, looks_like))?;
    let recipients = Recipients::of(&outside.pkesks, outside.skesks.len());
    let locked = Locked::new(outside.kind, outside.body).map_err(|why| fault(why.into()))?;
    let search = Search {
        pkesks: &outside.pkesks,
        skesks: &outside.skesks,
        locked: &locked,
        recipients: &recipients,
    };
    let (content_key, opened_by) = search.run(&mut keys)?;
    if !locked.is_sound(&content_key, &*POLICY) {
        let what = "a cipher that no longer protects";
        return Err(OpenError::Unsupported { what });
    }
    Ok(Unlocked {
        contents: locked.unlock(content_key).map_err(fault)?,
        recipients,
        opened_by: match opened_by {
            OpenedBy::Key(certificate) => Some(*certificate),
            OpenedBy::Passphrase => None,
        },
        input,
    })
}

/// Why there was nothing to open.
fn no_container(why: Fault, input: &Counters, looks_like: &'static str) -> OpenError {
    match (why, input.take_fault()) {
        (Fault::Refused(why), _) => why,
        (Fault::Unreadable { .. }, Some(fault)) => OpenError::Read(fault),
        (
            Fault::Unreadable {
                any_packet: true,
                source,
            },
            None,
        ) => OpenError::Damaged(source),
        (
            Fault::Unreadable {
                any_packet: false, ..
            },
            None,
        ) => OpenError::NotOpenPgp { looks_like },
    }
}

impl Message {
    /// The file name inside the message, hostile text; empty in everything that sealpost made.
    #[must_use]
    pub fn file_name(&self) -> Option<Vec<u8>> {
        match &self.inside {
            Inside::Document(document) => document.file_name(),
            Inside::Layers(layers) => layers.file_name(),
        }
    }

    /// Turns the error that reading gave into what it means.
    #[must_use]
    pub fn explain(&self, error: io::Error) -> OpenError {
        let known = match &self.inside {
            Inside::Document(_) => None,
            Inside::Layers(layers) => layers.take_failure(),
        };
        self.input.explain(error.into(), known)
    }

    /// Reads the rest and says whether all of it is authentic.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] and its like: nothing that was read may be believed then.
    pub fn finish(mut self) -> Result<Authenticated, OpenError> {
        let mut rest = [0; 8192];
        loop {
            match self.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(self.explain(error)),
            }
        }
        let end = match &mut self.inside {
            Inside::Document(document) => document.end(),
            Inside::Layers(layers) => layers.end().map(|signatures| (signatures, None)),
        };
        let no_end = || OpenError::Damaged(anyhow::anyhow!("the message has no end"));
        let (signatures, digest) = end.filter(|_| self.end.is_certain()).ok_or_else(no_end)?;
        let Signatures { all, malformed } = signatures;
        Ok(Authenticated {
            recipients: self.recipients,
            opened_by: self.opened_by,
            signatures: all,
            digest,
            malformed,
        })
    }
}

impl Read for Message {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.inside {
            Inside::Document(document) => document.read(buffer),
            Inside::Layers(layers) => layers.read(buffer),
        }
    }
}

impl Authenticated {
    /// Its signatures as they were written. With the content they tell one message from another,
    /// however often it is armoured or framed anew.
    #[must_use]
    pub fn signature_bytes(&self) -> Vec<u8> {
        let written = self.signatures.iter().map(MarshalInto::to_vec);
        written.filter_map(Result::ok).flatten().collect()
    }

    /// Who signed it, as far as the certificates at hand tell: those that the user `given`, and the
    /// one that was `enclosed` in the message.
    #[must_use]
    pub fn signature(
        &self,
        given: &[Certificate],
        enclosed: &[Certificate],
        now: SystemTime,
    ) -> SignatureVerdict {
        if let Some(why) = &self.malformed {
            return SignatureVerdict::Bad { why: why.clone() };
        }
        let certificates: Vec<_> = given
            .iter()
            .map(|certificate| (certificate, SignerOrigin::Given))
            .chain(
                enclosed
                    .iter()
                    .map(|certificate| (certificate, SignerOrigin::Enclosed)),
            )
            .collect();
        signature::judge(
            &self.signatures,
            &certificates,
            self.opened_by.as_ref(),
            now,
            &|signature, key| match &self.digest {
                Some(digest) => signature.verify_digest(key, digest),
                None => signature.verify_document(key),
            },
        )
    }
}

/// What the library holds sound.
pub(super) static POLICY: LazyLock<StandardPolicy<'static>> = LazyLock::new(StandardPolicy::new);
