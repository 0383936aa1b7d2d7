//! The packets of a message, inside and out, in their order.

use std::io::Read;

use sequoia_openpgp::crypto::{Password, SessionKey};
use sequoia_openpgp::packet::SEIP;
use sequoia_openpgp::parse::{PacketParser, PacketParserResult, Parse};
use sequoia_openpgp::types::SymmetricAlgorithm;
use sequoia_openpgp::{Cert, Packet};

use crate::vendor;

/// What a message holds.
pub(crate) struct Dump {
    pub(crate) packets: Vec<Packet>,
    /// The content of all literals.
    pub(crate) plaintext: Vec<u8>,
}

/// What opens a message.
pub(crate) enum Opener<'a> {
    Key(&'a Cert),
    Passphrase(&'a str),
}

impl Dump {
    /// All packets of `message`, armoured or not.
    pub(crate) fn of(message: &[u8], opener: &Opener<'_>) -> Self {
        let mut dump = Self {
            packets: Vec::new(),
            plaintext: Vec::new(),
        };
        let mut parsed = PacketParser::from_bytes(message).unwrap();
        while let PacketParserResult::Some(mut parser) = parsed {
            match &parser.packet {
                Packet::Literal(_) => {
                    parser.read_to_end(&mut dump.plaintext).unwrap();
                }
                Packet::SEIP(seip) => {
                    let symmetric = match seip {
                        SEIP::V2(seip) => Some(seip.symmetric_algo()),
                        _ => None,
                    };
                    let (cipher, key) = dump.session_key(opener, symmetric);
                    parser.decrypt(cipher, &key).unwrap();
                }
                _ => {}
            }
            let (packet, next) = parser.recurse().unwrap();
            dump.packets.push(packet);
            parsed = next;
        }
        dump
    }

    fn session_key(
        &self,
        opener: &Opener<'_>,
        symmetric: Option<SymmetricAlgorithm>,
    ) -> (Option<SymmetricAlgorithm>, SessionKey) {
        let mut packets = self.packets.iter();
        let found = match opener {
            Opener::Key(cert) => {
                let mut pair = vendor::decryption(cert);
                packets.find_map(|packet| match packet {
                    Packet::PKESK(pkesk) => pkesk.decrypt(&mut pair, symmetric),
                    _ => None,
                })
            }
            Opener::Passphrase(passphrase) => packets.find_map(|packet| match packet {
                Packet::SKESK(skesk) => skesk.decrypt(&Password::from(*passphrase)).ok(),
                _ => None,
            }),
        };
        found.unwrap()
    }

    /// The kinds of packets, in order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let kinds = self.packets.iter().map(|packet| packet.tag().to_string());
        kinds.collect()
    }
}
