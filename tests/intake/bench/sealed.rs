//! Messages to post: real ones by `seal`, and any number of others in their image.
//!
//! The intake cannot decrypt, so a message whose ciphertext is noise passes for a report: the packet
//! that names the recipient comes from a real one, the rest (RFC 9580 section 5.13.1) is made here.

use std::{fs, process::Command, sync::LazyLock};

use sha2::{Digest as _, Sha256};

use super::keys;

/// A message to the vendor's key, of this size in bytes, different for each seed.
pub(crate) fn sealed(size: usize, seed: u64) -> Vec<u8> {
    to(keys::VENDOR, size, seed)
}

/// A message to one of the [`keys`].
pub(crate) fn to(whom: &str, size: usize, seed: u64) -> Vec<u8> {
    let first = match whom {
        keys::VENDOR => &*TO_VENDOR,
        _ => &*TO_OTHER,
    };
    image(first, size, seed)
}

/// The vendor's message up to its ciphertext, for a message of this size; [`Noise`] is the rest.
pub(crate) fn head(size: u64) -> Vec<u8> {
    head_of(&TO_VENDOR, size)
}

fn image(first: &[u8], size: usize, seed: u64) -> Vec<u8> {
    let mut message = head_of(first, size as u64);
    let mut noise = Noise::new(seed);
    let begin = message.len();
    message.resize(size, 0);
    noise.fill(&mut message[begin..]);
    message
}

fn head_of(first: &[u8], size: u64) -> Vec<u8> {
    let body = size - first.len() as u64 - 6;
    let body = u32::try_from(body).expect("a packet of up to 4 GiB");
    let mut head = first.to_vec();
    head.extend([0xd2, 0xff]);
    head.extend(body.to_be_bytes());
    head.push(1);
    head
}

/// Bytes that look random and are the same again for the same seed.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.next().to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// xorshift64*: S. Vigna, "An experimental exploration of Marsaglia's xorshift generators".
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// SHA-256 as the intake writes it.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes.as_ref()))
}

/// A real report with `secret` in its text, as `seal` makes it.
pub(crate) fn report(secret: &str) -> Vec<u8> {
    real(keys::VENDOR, secret, &[])
}

/// What `seal` makes of a report to one of the [`keys`].
pub(crate) fn real(whom: &str, secret: &str, more: &[&str]) -> Vec<u8> {
    let desk = tempfile::tempdir().unwrap();
    let text = REPORT.replace("SECRET", secret);
    fs::write(desk.path().join("report.md"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
    command
        .current_dir(desk.path())
        .env("SEALPOST_HOME", desk.path().join("home"))
        .env("SEALPOST_OFFLINE", "1")
        .args(["seal", "report.md", "-q", "-o", "report.pgp", "--key"])
        .arg(keys::file(whom, "certificate.asc"))
        .args(more);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    fs::read(desk.path().join("report.pgp")).unwrap()
}

/// The first packet of a message: a session key, encrypted to its recipient.
fn first_packet(message: &[u8]) -> Vec<u8> {
    assert_eq!(message[0], 0xc1, "a public-key encrypted session key");
    let length = match message[1] {
        short @ ..192 => 2 + usize::from(short),
        long => 3 + ((usize::from(long) - 192) << 8) + usize::from(message[2]) + 192,
    };
    message[..length].to_vec()
}

static TO_VENDOR: LazyLock<Vec<u8>> =
    LazyLock::new(|| first_packet(&real(keys::VENDOR, "nothing", &[])));
static TO_OTHER: LazyLock<Vec<u8>> =
    LazyLock::new(|| first_packet(&real(keys::OTHER, "nothing", &[])));

const REPORT: &str = "---\n\
    title: Script injection in the search page\n\
    assets: [\"https://www.example.org/search\"]\n\
    ---\n\n\
    ## Summary\n\nSECRET\n\n## Steps to reproduce\n\nSearch.\n\n\
    ## Impact\n\nScripts.\n\n## Mitigation\n\nEscape.\n";
