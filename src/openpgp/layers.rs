//! The contents of a container that are no plain document: compressed data, signatures over
//! signatures, and whatever else a message may be. The library reads them, within limits.
//!
//! RFC 9580 sections 10.3 (message grammar) and 5.6 (compressed data).

use std::{
    cell::RefCell,
    io::{self, Read},
    rc::Rc,
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
};

use super::{OpenError, Opening, contents::Contents, input::Counters, open::POLICY};

/// The layers of a message on their way out of its container.
pub(super) struct Layers {
    verifier: Verifier<'static, Helper>,
    state: Rc<RefCell<State>>,
    input: Counters,
    limits: Opening,
    handed_out: u64,
}

/// The signatures of a message.
#[derive(Default)]
pub(super) struct Signatures {
    pub(super) all: Vec<Signature>,
    /// Why they must not be believed, whoever made them.
    pub(super) malformed: Option<String>,
}

impl Layers {
    pub(super) fn begin(
        contents: Contents,
        input: &Counters,
        limits: Opening,
    ) -> Result<Self, OpenError> {
        let state = Rc::new(RefCell::new(State::default()));
        let helper = Helper {
            state: state.clone(),
        };
        let verifier = VerifierBuilder::from_reader(Binary::new(contents, input.clone()))
            .and_then(|builder| {
                builder
                    .buffer_size(BUFFER)
                    .with_policy(&*POLICY, None, helper)
            })
            .map_err(|why| input.explain(why, state.borrow_mut().failure.take()))?;
        Ok(Self {
            verifier,
            state,
            input: input.clone(),
            limits,
            handed_out: 0,
        })
    }

    /// The file name of the content.
    pub(super) fn file_name(&self) -> Option<Vec<u8>> {
        self.state.borrow().file_name.clone()
    }

    /// What reading failed for, if it is known here.
    pub(super) fn take_failure(&self) -> Option<OpenError> {
        self.state.borrow_mut().failure.take()
    }

    /// The signatures, once everything was read.
    pub(super) fn end(&mut self) -> Option<Signatures> {
        let signatures = self.state.borrow_mut().signatures.take();
        signatures.filter(|_| self.verifier.message_processed())
    }

    fn limit(&self) -> u64 {
        if !self.state.borrow().compressed {
            return u64::MAX;
        }
        self.limits.max_size.unwrap_or_else(|| {
            let taken = self.input.taken();
            EXPANSION_FLOOR + taken.saturating_mul(EXPANSION)
        })
    }
}

impl Read for Layers {
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

/// What the library's calls tell.
#[derive(Default)]
struct State {
    failure: Option<OpenError>,
    signatures: Option<Signatures>,
    file_name: Option<Vec<u8>>,
    packets: usize,
    compressed: bool,
    has_content: bool,
}

impl State {
    /// Whether the packet is the content, of which every octet is counted as it comes out. One with a
    /// header that makes no sense is no content, whatever its tag says.
    fn is_counted(&self, packet: &Packet) -> bool {
        matches!(packet, Packet::Literal(_)) && !self.has_content
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
        state.signatures = Some(Signatures {
            all: signatures,
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

/// What is held back and read at once; with more, memory grows, with less, speed falls.
const BUFFER: usize = 256 << 10;

/// A content, its layers, and each signature twice; every signature digests the whole content.
pub(super) const MAX_PACKETS: usize = 24;

/// The longest packet beside the content of what is compressed, bytes.
const LONGEST_BESIDE: u32 = 1 << 20;

/// Logs compress twenty to one; a hundred to one is a bomb.
const EXPANSION: u64 = 100;
const EXPANSION_FLOOR: u64 = 64 << 20;
