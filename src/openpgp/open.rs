//! Opening a sealed report: decrypting as a stream, and saying only at the end, once every byte
//! is authenticated, that it may be believed.
//!
//! RFC 9580 sections 5.13 (containers), 10.3 (message grammar). What is read before the end comes
//! from whoever changed the message last, so a caller keeps it private until [`Message::finish`].

use std::{
    cell::RefCell,
    io::{self, Read},
    rc::Rc,
    sync::LazyLock,
    time::SystemTime,
};

use sequoia_openpgp::{
    Cert, KeyHandle, Packet, Result as LibraryResult,
    packet::{Signature, header::BodyLength},
    parse::{
        PacketParser, Parse,
        stream::{
            MessageLayer, MessageStructure, VerificationError, VerificationHelper, Verifier,
            VerifierBuilder,
        },
    },
    policy::StandardPolicy,
    serialize::MarshalInto,
};

use super::{
    AgentKey, Certificate, KeyError, OpenError, Recipients, SecretKey, SignatureVerdict,
    SignerOrigin, blocks,
    contents::{Authentic, Locked},
    input::{Counters, Watched},
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
    verifier: Verifier<'static, Helper>,
    end: Authentic,
    state: Rc<RefCell<State>>,
    limits: Opening,
    handed_out: u64,
}

/// What is known once every byte of a message was decrypted and authenticated.
#[derive(Debug)]
pub struct Authenticated {
    /// Whom it was encrypted to.
    pub recipients: Recipients,
    /// The certificate whose key opened it; `None` for a passphrase.
    pub opened_by: Option<Certificate>,
    signatures: Vec<Signature>,
    malformed: Option<String>,
}

/// Starts to open the message in `reader`, armoured or not.
///
/// # Errors
/// [`OpenError`], most of them before a single byte is decrypted. What is wrong further inside
/// comes from reading or from [`Message::finish`].
pub fn open(
    reader: impl Read + Send + Sync + 'static,
    mut keys: DecryptionKeys<'_>,
    limits: Opening,
) -> Result<Message, OpenError> {
    let watched = Watched::new(reader)?;
    let looks_like = blocks::looks_like(watched.head());
    let input = watched.counters();
    let state = Rc::new(RefCell::new(State {
        input: input.clone(),
        ..State::default()
    }));
    let fault = |why| state.borrow_mut().classify(why);
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
    {
        let mut state = state.borrow_mut();
        state.recipients = recipients;
        state.opened_by = match opened_by {
            OpenedBy::Key(certificate) => Some(*certificate),
            OpenedBy::Passphrase => None,
        };
    }
    if !locked.is_sound(&content_key, &*POLICY) {
        let what = "a cipher that no longer protects";
        return Err(OpenError::Unsupported { what });
    }
    let contents = locked.unlock(content_key).map_err(fault)?;
    let end = contents.end();
    let verifier = VerifierBuilder::from_reader(Binary::new(contents, input))
        .and_then(|builder| {
            let helper = Helper {
                state: state.clone(),
            };
            builder
                .buffer_size(BUFFER)
                .with_policy(&*POLICY, None, helper)
        })
        .map_err(fault)?;
    Ok(Message {
        verifier,
        end,
        state,
        limits,
        handed_out: 0,
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
        self.state.borrow().file_name.clone()
    }

    /// Turns the error that reading gave into what it means.
    #[must_use]
    pub fn explain(&self, error: io::Error) -> OpenError {
        self.state.borrow_mut().classify(error.into())
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
        let mut state = self.state.borrow_mut();
        let authenticated = state
            .authenticated
            .take()
            .filter(|_| self.verifier.message_processed() && self.end.is_certain());
        authenticated.ok_or_else(|| OpenError::Damaged(anyhow::anyhow!("the message has no end")))
    }

    fn limit(&self) -> u64 {
        let state = self.state.borrow();
        if !state.compressed {
            return u64::MAX;
        }
        self.limits.max_size.unwrap_or_else(|| {
            let taken = state.input.taken();
            EXPANSION_FLOOR + taken.saturating_mul(EXPANSION)
        })
    }
}

impl Read for Message {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.verifier.read(buffer)?;
        self.handed_out += n as u64;
        let limit = self.limit();
        if self.handed_out > limit {
            self.state.borrow_mut().failure = Some(OpenError::TooLarge { limit });
            return Err(io::Error::other("expands beyond its limit"));
        }
        Ok(n)
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
            &|signature, key| signature.verify_document(key),
        )
    }
}

/// What the parts of one opening tell one another.
#[derive(Default)]
struct State {
    failure: Option<OpenError>,
    recipients: Recipients,
    opened_by: Option<Certificate>,
    authenticated: Option<Authenticated>,
    file_name: Option<Vec<u8>>,
    packets: usize,
    compressed: bool,
    has_content: bool,
    input: Counters,
}

impl State {
    /// Whether the packet is the content, of which every octet is counted as it comes out. One with a
    /// header that makes no sense is no content, whatever its tag says.
    fn is_counted(&self, packet: &Packet) -> bool {
        matches!(packet, Packet::Literal(_)) && !self.has_content
    }

    fn classify(&mut self, error: anyhow::Error) -> OpenError {
        if let Some(failure) = self.failure.take() {
            return failure;
        }
        match self.input.take_fault() {
            Some(fault) => OpenError::Read(fault),
            None => OpenError::Damaged(error),
        }
    }
}

/// Whether a packet says that it is short. What is skipped inside compressed data (padding, markers,
/// signatures, what is unknown, what follows the end of an inner layer) was expanded all the same, and
/// nothing else bounds it.
fn is_short(parser: &PacketParser<'_>) -> bool {
    matches!(parser.header().length(), BodyLength::Full(length) if *length <= LONGEST_BESIDE)
}

struct Helper {
    state: Rc<RefCell<State>>,
}

impl VerificationHelper for Helper {
    fn inspect(&mut self, parser: &PacketParser<'_>) -> LibraryResult<()> {
        let mut state = self.state.borrow_mut();
        state.packets += 1;
        if state.packets > MAX_PACKETS {
            let what = "more packets than any message has";
            state.failure = Some(OpenError::Unsupported { what });
            anyhow::bail!(what);
        }
        if state.compressed && !state.is_counted(&parser.packet) && !is_short(parser) {
            let limit = LONGEST_BESIDE;
            state.failure = Some(OpenError::Bomb { limit });
            anyhow::bail!("a bomb");
        }
        match &parser.packet {
            Packet::CompressedData(_) => state.compressed = true,
            Packet::Literal(literal) => {
                state.has_content = true;
                state.file_name = literal.filename().map(<[u8]>::to_vec);
            }
            _ => {}
        }
        Ok(())
    }

    /// None: a certificate may be enclosed, so signatures are judged after everything was read.
    fn get_certs(&mut self, _: &[KeyHandle]) -> LibraryResult<Vec<Cert>> {
        Ok(Vec::new())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> LibraryResult<()> {
        let mut state = self.state.borrow_mut();
        let mut signatures = Vec::new();
        let mut malformed = None;
        let mut groups = 0;
        for layer in structure.iter() {
            match layer {
                MessageLayer::Encryption { .. } | MessageLayer::Compression { .. } => {}
                MessageLayer::SignatureGroup { results } => {
                    groups += usize::from(!results.is_empty());
                    for result in results {
                        match result {
                            Err(VerificationError::MissingKey { sig }) => {
                                signatures.push((*sig).clone());
                            }
                            Err(other) => malformed = Some(format!("{other}")),
                            Ok(_) => malformed = Some("verified by no key".to_owned()),
                        }
                    }
                }
            }
        }
        if groups > 1 {
            malformed = Some("signatures over signatures".to_owned());
        }
        state.authenticated = Some(Authenticated {
            recipients: state.recipients.clone(),
            opened_by: state.opened_by.clone(),
            signatures,
            malformed,
        });
        Ok(())
    }
}

/// The packets inside a container are binary: text is refused, since other programs would not read
/// an armour there.
struct Binary<R> {
    contents: R,
    begun: bool,
    input: Counters,
}

impl<R: Read> Binary<R> {
    fn new(contents: R, input: Counters) -> Self {
        Self {
            contents,
            begun: false,
            input,
        }
    }
}

impl<R: Read> Read for Binary<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.contents.read(buffer)?;
        self.input.take(n);
        if n > 0 && !std::mem::replace(&mut self.begun, true) && buffer[0] & 0x80 == 0 {
            return Err(io::Error::other("there is no packet inside"));
        }
        Ok(n)
    }
}

static POLICY: LazyLock<StandardPolicy<'static>> = LazyLock::new(StandardPolicy::new);

/// What is held back and read at once; with more, memory grows, with less, speed falls.
const BUFFER: usize = 256 << 10;

/// A content, its layers, and each signature twice; every signature digests the whole content.
const MAX_PACKETS: usize = 24;

/// The longest packet beside the content of what is compressed, bytes.
const LONGEST_BESIDE: u32 = 1 << 20;

/// Logs compress twenty to one; a hundred to one is a bomb.
const EXPANSION: u64 = 100;
const EXPANSION_FLOOR: u64 = 64 << 20;
