//! The packets in a container where they are a document: one literal packet, or a signature that
//! is announced, the literal packet, and the signature. That is what nearly every program writes;
//! the library reads everything else, and more slowly.
//!
//! RFC 9580 sections 10.3 (message grammar), 5.9 (literal data), 5.4 (one-pass signature).

use std::io::{self, BufRead, Read};

use sequoia_openpgp::{
    Packet, Result as LibraryResult,
    crypto::hash::Hash as _,
    packet::{OnePassSig, Signature},
    parse::Parse,
    types::SignatureType,
};

use super::{
    contents::Contents,
    hashing::{self, Hashing},
    header::{
        self, LITERAL, Left, Length, MARKER, NOT_CRITICAL, ONE_PASS_SIGNATURE, PADDING, SIGNATURE,
        copy_body, invalid,
    },
    layers::{MAX_PACKETS, Signatures},
};

/// A document on its way out of its container.
pub(super) struct Document {
    contents: Contents,
    /// What is left of the literal packet.
    left: Left,
    file_name: Vec<u8>,
    announced: Option<Announced>,
    end: Option<End>,
}

/// What stands before the content.
struct Head {
    one_pass: Option<OnePassSig>,
    file_name: Vec<u8>,
    left: Length,
    /// Bytes up to the content.
    size: usize,
}

/// A signature that is to come, and the digest that it is to fit.
struct Announced {
    one_pass: OnePassSig,
    hashing: Hashing,
}

/// What stood behind the content: the signatures, and the digest that they are to fit.
type End = (Signatures, Option<Vec<u8>>);

impl Document {
    /// The document that `contents` begin to be; they come back, untouched, if they are none.
    pub(super) fn begin(mut contents: Contents) -> io::Result<Result<Self, Contents>> {
        let Some(head) = Head::read(contents.fill_buf()?) else {
            return Ok(Err(contents));
        };
        let Ok(announced) = head.one_pass.map(Announced::start).transpose() else {
            return Ok(Err(contents));
        };
        contents.consume(head.size);
        Ok(Ok(Self {
            contents,
            left: Left(head.left),
            file_name: head.file_name,
            announced,
            end: None,
        }))
    }

    /// The file name of the content.
    pub(super) fn file_name(&self) -> Option<Vec<u8>> {
        (!self.file_name.is_empty()).then(|| self.file_name.clone())
    }

    /// What stood behind the content, once everything was read.
    pub(super) fn end(&mut self) -> Option<End> {
        self.end.take()
    }

    /// Reads what stands behind the content, up to the end of the container.
    fn complete(&mut self) -> io::Result<End> {
        let mut end = (Signatures::default(), None);
        let mut packets = 0;
        while let Some((header, mut bytes)) = header::next(&mut self.contents)? {
            packets += 1;
            let Length::Full(length) = header.length else {
                return Err(invalid("a packet behind the content comes in parts"));
            };
            match header.tag {
                _ if packets > MAX_PACKETS => {
                    return Err(invalid("more packets than any message has"));
                }
                SIGNATURE if length <= LONGEST_SIGNATURE => {
                    copy_body(&mut self.contents, length, &mut bytes)?;
                    let announced = self.announced.take();
                    let announced = announced.ok_or_else(|| invalid("a signature too many"))?;
                    end = announced.judge(&bytes)?;
                }
                MARKER | PADDING | NOT_CRITICAL.. => {
                    copy_body(&mut self.contents, length, &mut io::sink())?;
                }
                _ => return Err(invalid("something follows the content")),
            }
        }
        match self.announced {
            None => Ok(end),
            Some(_) => Err(invalid("the signature is missing")),
        }
    }
}

impl Read for Document {
    /// Gives nothing only once everything behind the content was read, too.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.left.read(&mut self.contents, buffer)?;
        if n == 0 && !buffer.is_empty() && self.end.is_none() {
            self.end = Some(self.complete()?);
        }
        if let Some(announced) = &mut self.announced {
            announced.hashing.update(&buffer[..n])?;
        }
        Ok(n)
    }
}

impl Head {
    /// The head of a document, if `bytes` are one with all of its head.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let (mut header, _) = header::next(&mut rest).ok()??;
        let mut one_pass = None;
        if header.tag == ONE_PASS_SIGNATURE {
            let Length::Full(length) = header.length else {
                return None;
            };
            let end = header.size.checked_add(usize::try_from(length).ok()?)?;
            let Packet::OnePassSig(packet) = Packet::from_bytes(bytes.get(..end)?).ok()? else {
                return None;
            };
            one_pass = Some(packet);
            rest = bytes.get(end..)?;
            (header, _) = header::next(&mut rest).ok()??;
        }
        let (Length::Full(length) | Length::Partial(length)) = header.length;
        let (format, rest) = rest.split_first()?;
        let (name, rest) = rest.split_first()?;
        let file_name = rest.get(..usize::from(*name))?.to_vec();
        let content = rest.get(file_name.len() + DATE..)?;
        let left = length.checked_sub((2 + file_name.len() + DATE).try_into().ok()?)?;
        (header.tag == LITERAL && FORMATS.contains(format)).then_some(Self {
            one_pass,
            file_name,
            left: match header.length {
                Length::Full(_) => Length::Full(left),
                Length::Partial(_) => Length::Partial(left),
            },
            size: bytes.len() - content.len(),
        })
    }
}

impl Announced {
    /// An error for anything but one signature over a binary document with a digest that is known.
    fn start(one_pass: OnePassSig) -> LibraryResult<Self> {
        anyhow::ensure!(one_pass.last() && one_pass.typ() == SignatureType::Binary);
        let version = match &one_pass {
            OnePassSig::V3(_) => 4,
            OnePassSig::V6(_) => 6,
            _ => anyhow::bail!("a version that is not known here"),
        };
        let hash = hashing::begin(one_pass.hash_algo(), version, salt(&one_pass))?;
        let hashing = Hashing::new(hash);
        Ok(Self { one_pass, hashing })
    }

    /// The signature in `packet` with the digest of everything, or why it must not be believed.
    fn judge(self, packet: &[u8]) -> io::Result<End> {
        let malformed = |why: &str| {
            let malformed = Some(why.to_owned());
            let all = Vec::new();
            Ok((Signatures { all, malformed }, None))
        };
        let Ok(Packet::Signature(signature)) = Packet::from_bytes(packet) else {
            return malformed("it cannot be read");
        };
        let salt = salt(&self.one_pass);
        let as_announced = signature.version() == if salt.is_some() { 6 } else { 4 }
            && signature.typ() == self.one_pass.typ()
            && signature.hash_algo() == self.one_pass.hash_algo()
            && salt_of(&signature) == salt;
        if !as_announced {
            return malformed("it is not the one that was announced");
        }
        if signature.signature_creation_time().is_none() {
            return malformed("it has no time");
        }
        let mut digest = self.hashing.finish()?;
        let digest = signature
            .hash(&mut digest)
            .and_then(|()| digest.into_digest());
        let signatures = Signatures {
            all: vec![signature],
            malformed: None,
        };
        Ok((signatures, Some(digest.map_err(io::Error::other)?)))
    }
}

fn salt(one_pass: &OnePassSig) -> Option<&[u8]> {
    match one_pass {
        OnePassSig::V6(one_pass) => Some(one_pass.salt()),
        _ => None,
    }
}

fn salt_of(signature: &Signature) -> Option<&[u8]> {
    match signature {
        Signature::V6(signature) => Some(signature.salt()),
        _ => None,
    }
}

/// Bytes of a literal packet's date.
const DATE: usize = 4;

/// Binary, text, text in UTF-8 (section 5.9).
const FORMATS: [u8; 3] = *b"btu";

/// The longest signature packet, bytes; a certificate may be embedded in it.
const LONGEST_SIGNATURE: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use sequoia_openpgp::{
        crypto::SessionKey,
        packet::{Marker, Padding},
        serialize::MarshalInto,
        types::SymmetricAlgorithm,
    };

    use super::{
        super::{
            Container, Opening, SecretKey,
            container::ContainerWriter,
            fixtures::{keys, now},
            input::Counters,
            lane::PIECE,
            layers::Layers,
            outside::Outside,
        },
        *,
    };
    use crate::openpgp::{contents::Locked, signing::Signing};

    /// What a container with these packets in it holds.
    fn contents(packets: &[u8]) -> Contents {
        let key = SessionKey::from(vec![1; 32]);
        let mut writer = ContainerWriter::new(Vec::new(), Container::Seipdv2, &key).unwrap();
        writer.write_all(packets).unwrap();
        let Ok(outside) = Outside::read(io::Cursor::new(writer.finish().unwrap())) else {
            panic!("no container");
        };
        let locked = Locked::new(outside.kind, outside.body).unwrap();
        let fitting = locked.fit(Some(SymmetricAlgorithm::AES256), key).unwrap();
        locked.unlock(fitting).unwrap()
    }

    /// The content, its signatures with their digests, and whether they are sound; nothing for
    /// what is refused.
    type Reading = Option<(Vec<u8>, Vec<(Signature, Vec<u8>)>, bool)>;

    /// As it is read here; the outer `None` if it is not.
    fn read(packets: &[u8]) -> Option<Reading> {
        let mut document = Document::begin(contents(packets)).ok()?.ok()?;
        let mut content = Vec::new();
        if document.read_to_end(&mut content).is_err() {
            return Some(None);
        }
        let (signatures, digest) = document.end().unwrap();
        let sound = signatures.malformed.is_none();
        let all = signatures.all.into_iter();
        let all = all.map(|signature| (signature, digest.clone().unwrap()));
        Some(Some((content, all.collect(), sound)))
    }

    /// As the library reads it.
    fn read_by_the_library(packets: &[u8]) -> Reading {
        let limits = Opening { max_size: None };
        let mut layers = Layers::begin(contents(packets), &Counters::default(), limits).ok()?;
        let mut content = Vec::new();
        layers.read_to_end(&mut content).ok()?;
        let signatures = layers.end()?;
        let sound = signatures.malformed.is_none();
        let all = signatures.all.into_iter().map(|signature| {
            let digest = signature.computed_digest().unwrap_or_default().to_vec();
            (signature, digest)
        });
        Some((content, all.collect(), sound))
    }

    /// A literal packet with a length of four octets.
    fn literal(content: &[u8]) -> Vec<u8> {
        let body = [b"b\x03a.b\0\0\0\0", content].concat();
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[0xcb, 0xff], &length[..], &body].concat()
    }

    /// One-pass signature, literal packet, signature.
    fn signed(key: &SecretKey, content: &[u8]) -> [Vec<u8>; 3] {
        let signer = key.signer(now(), &mut |_, _| Ok(None)).unwrap();
        let (mut announcement, mut signature) = (Vec::new(), Vec::new());
        let mut signing = Signing::begin(signer, Vec::new(), now(), &mut announcement).unwrap();
        signing.update(content);
        signing.finish(&mut signature).unwrap();
        [announcement, literal(content), signature]
    }

    fn packet(packet: impl Into<Packet>) -> Vec<u8> {
        packet.into().to_vec().unwrap()
    }

    #[test]
    fn the_library_reads_the_same() {
        let marker = packet(Marker::default());
        let padding = packet(Padding::new(1000).unwrap());
        let unknown = vec![0xc0 | 0x3c, 3, 1, 2, 3];
        for key in keys() {
            for length in [0, 1, 500, PIECE + 1] {
                let content: Vec<u8> = (0..=250).cycle().take(length).collect();
                let [announcement, literal, signature] = signed(&key, &content);
                for behind in [&[][..], &marker, &padding, &unknown] {
                    let plain = [&literal, behind].concat();
                    let expected = Some((content.clone(), Vec::new(), true));
                    assert!(read_by_the_library(&plain) == expected, "{length} bytes");
                    assert!(read(&plain) == Some(expected), "{length} bytes");
                    let signed = [&announcement, &literal, behind, &signature, behind].concat();
                    let (ours, signatures, sound) = read(&signed).unwrap().unwrap();
                    assert!(ours == content && sound, "{length} bytes");
                    let [(only, digest)] = &signatures[..] else {
                        panic!("{signatures:?}");
                    };
                    let certificate = key.certificate();
                    let by = certificate
                        .cert()
                        .keys()
                        .key_handles(only.get_issuers().iter());
                    let by = by.map(|key| key.key().clone()).next().unwrap();
                    only.clone().verify_digest(&by, digest).unwrap();
                    // The library digests what stands between content and signature, too.
                    let signed = [&announcement, &literal, &signature, behind].concat();
                    let expected = Some((ours, signatures, sound));
                    assert!(read(&signed) == Some(expected.clone()), "{length} bytes");
                    assert!(read_by_the_library(&signed) == expected, "{length} bytes");
                }
            }
        }
    }

    #[test]
    fn parts_and_old_headers_are_read() {
        let body = [b"b\0\0\0\0\0", &[7; 600][..]].concat();
        let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
        let old = [&[0x80 | (11 << 2) | 1, high, low], &body[..]].concat();
        let parts = [
            &[0xcb, 0xe9],
            &body[..512],
            &[0xe4],
            &body[512..528],
            &[78],
            &body[528..],
        ];
        for packets in [old, parts.concat()] {
            let expected = Some((vec![7; 600], Vec::new(), true));
            assert!(read_by_the_library(&packets) == expected);
            assert!(read(&packets) == Some(expected));
        }
    }

    /// What is neither a document nor damaged is left to the library.
    #[test]
    fn other_messages_are_none() {
        let [key, other] = keys();
        let [announcement, literal, signature] = signed(&key, b"content");
        let [second, ..] = signed(&other, b"content");
        let marker = packet(Marker::default());
        for packets in [
            vec![],
            b"text".to_vec(),
            marker.clone(),
            [&marker[..], &literal].concat(),
            [&signature[..], &literal].concat(),
            [&second[..], &announcement, &literal, &signature].concat(),
            // It has no end of its own.
            [&[0x80 | (11 << 2) | 3], &literal[6..]].concat(),
        ] {
            assert!(read(&packets).is_none(), "{packets:x?}");
        }
    }

    /// Nothing is taken for sound that the library does not take for it.
    #[test]
    fn nothing_more_is_believed_than_the_library_believes() {
        let [key, other] = keys();
        for key in [&key, &other] {
            let [announcement, literal, signature] = signed(key, b"content");
            let message = [&announcement[..], &literal, &signature].concat();
            let mut cases = vec![
                [&announcement[..], &literal].concat(),
                [&literal[..], &signature].concat(),
                [&literal[..], &literal].concat(),
                [&message[..], &signature].concat(),
                [&message[..], &message].concat(),
                [&message[..], b"text"].concat(),
                [&announcement[..], &signature, &literal].concat(),
            ];
            cases.extend((1..message.len()).map(|end| message[..end].to_vec()));
            for at in 0..message.len() {
                for bit in [0x01, 0x04, 0x80] {
                    let mut changed = message.clone();
                    changed[at] ^= bit;
                    cases.push(changed);
                }
            }
            let mut refused = 0;
            for packets in cases {
                let Some(Some(ours)) = read(&packets) else {
                    refused += 1;
                    continue;
                };
                let (content, signatures, sound) = read_by_the_library(&packets).unwrap();
                assert!(ours.0 == content, "{packets:x?}");
                if ours.2 {
                    assert!(sound && ours.1 == signatures, "{packets:x?}");
                }
            }
            assert!(refused > message.len(), "{refused}");
        }
    }
}
