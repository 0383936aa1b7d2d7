//! Private operations by gpg-agent, which holds the keys of GnuPG and those on smartcards.
//!
//! The Assuan protocol (libassuan manual, "Client requests" and "Server responses") with the
//! agent's `PKDECRYPT` and `PKSIGN` (GnuPG manual, "Agent Protocol"). Values travel as canonical
//! S-expressions: `(` and `)` around strings written as their length, a colon, their bytes.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::PathBuf,
};

#[cfg(unix)]
use std::os::unix::net::UnixStream;

use sequoia_openpgp::{
    Error, Result,
    crypto::{self, SessionKey, ecdh, mem::Protected, mpi},
    fmt::hex,
    packet::{
        Key,
        key::{PublicParts, UnspecifiedRole},
    },
    types::HashAlgorithm,
};

use super::{Certificate, Fingerprint, KeyError, Passphrase};

/// A key that gpg-agent holds.
#[derive(Clone)]
pub struct AgentKey {
    pub(super) certificate: Certificate,
    pub(super) public: Key<PublicParts, UnspecifiedRole>,
    pub(super) keygrip: String,
    pub(super) socket: PathBuf,
    /// Answers the agent's question instead of its pinentry.
    pub(super) passphrase: Option<Passphrase>,
    pub(super) refusal: Option<String>,
}

impl AgentKey {
    /// The certificate that the key belongs to.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The fingerprint of the key itself, a subkey as a rule.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        (&self.public.fingerprint()).into()
    }

    /// Whether the agent's answer for such a key is understood here.
    pub(super) fn can_sign_with(key: &mpi::PublicKey) -> bool {
        matches!(
            key,
            mpi::PublicKey::RSA { .. }
                | mpi::PublicKey::EdDSA { .. }
                | mpi::PublicKey::ECDSA { .. }
        )
    }

    /// What the agent said when it refused.
    pub(super) fn refusal(&self) -> Option<KeyError> {
        let why = self.refusal.as_ref()?;
        Some(if why.contains("bad passphrase") {
            KeyError::WrongPassphrase {
                what: "gpg-agent".to_owned(),
            }
        } else {
            KeyError::Agent(why.clone())
        })
    }

    fn ask(&mut self, commands: &[String], inquiry: &[u8]) -> Result<Answer> {
        // Somebody who has said no is not asked again for the next recipient.
        anyhow::ensure!(self.refusal.is_none(), "refused before");
        let answer = self.converse(commands, inquiry);
        if let Err(error) = &answer {
            self.refusal = Some(error.to_string());
        }
        answer
    }

    fn converse(&self, commands: &[String], inquiry: &[u8]) -> Result<Answer> {
        let mut agent = Assuan::connect(&self.socket)?;
        for option in options(self.passphrase.is_some()) {
            // An agent that does not know an option works without it.
            let _ = agent.command(&option, &[], None);
        }
        let mut answer = Err(malformed());
        for command in commands {
            answer = Ok(agent.command(command, inquiry, self.passphrase.as_ref())?);
        }
        answer
    }
}

impl crypto::Decryptor for AgentKey {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    fn decrypt(
        &mut self,
        ciphertext: &mpi::Ciphertext,
        plaintext_len: Option<usize>,
    ) -> Result<SessionKey> {
        let inquiry = encrypted_value(ciphertext)?;
        let commands = [format!("SETKEY {}", self.keygrip), "PKDECRYPT".to_owned()];
        let answer = self.ask(&commands, &inquiry)?;
        let value = member(&answer.data, b"value").ok_or_else(malformed)?;
        match self.public.mpis() {
            mpi::PublicKey::ECDH { curve, .. } => {
                let point = mpi::MPI::new(value);
                let shared = Protected::from(point.decode_point(curve)?.0);
                ecdh::decrypt_unwrap(&self.public, &shared, ciphertext, plaintext_len)
            }
            _ if answer.padded => unpad(value).ok_or_else(malformed),
            _ => Ok(SessionKey::from(value)),
        }
    }
}

impl crypto::Signer for AgentKey {
    fn public(&self) -> &Key<PublicParts, UnspecifiedRole> {
        &self.public
    }

    fn sign(&mut self, hash_algo: HashAlgorithm, digest: &[u8]) -> Result<mpi::Signature> {
        let digest = hex::encode(digest);
        let commands = [
            format!("SIGKEY {}", self.keygrip),
            format!("SETHASH {} {digest}", u8::from(hash_algo)),
            "PKSIGN".to_owned(),
        ];
        let data = self.ask(&commands, &[])?.data;
        let number = |name: &[u8]| member(&data, name).map(mpi::MPI::new).ok_or_else(malformed);
        Ok(match self.public.mpis() {
            mpi::PublicKey::RSA { .. } => mpi::Signature::RSA { s: number(b"s")? },
            mpi::PublicKey::EdDSA { .. } => mpi::Signature::EdDSA {
                r: number(b"r")?,
                s: number(b"s")?,
            },
            mpi::PublicKey::ECDSA { .. } => mpi::Signature::ECDSA {
                r: number(b"r")?,
                s: number(b"s")?,
            },
            _ => return Err(Error::UnsupportedPublicKeyAlgorithm(self.public.pk_algo()).into()),
        })
    }
}

/// What the agent answers to a command.
struct Answer {
    data: Protected,
    padded: bool,
}

/// One connection to the agent.
struct Assuan {
    #[cfg(unix)]
    stream: BufReader<UnixStream>,
    #[cfg(not(unix))]
    stream: BufReader<io::Empty>,
}

impl Assuan {
    #[cfg(unix)]
    fn connect(socket: &std::path::Path) -> Result<Self> {
        let stream = UnixStream::connect(socket)?;
        let mut agent = Self {
            stream: BufReader::new(stream),
        };
        agent.answer(&[], None)?;
        Ok(agent)
    }

    #[cfg(not(unix))]
    fn connect(_: &std::path::Path) -> Result<Self> {
        Err(anyhow::anyhow!(
            "gpg-agent is reached on Unix only: name the key's file with --key"
        ))
    }

    fn command(
        &mut self,
        line: &str,
        inquiry: &[u8],
        passphrase: Option<&Passphrase>,
    ) -> Result<Answer> {
        self.send(line.as_bytes())?;
        self.answer(inquiry, passphrase)
    }

    fn send(&mut self, line: &[u8]) -> io::Result<()> {
        #[cfg(unix)]
        {
            let stream = self.stream.get_mut();
            stream.write_all(line)?;
            stream.write_all(b"\n")?;
        }
        #[cfg(not(unix))]
        let _ = line;
        Ok(())
    }

    /// Reads up to `OK` or `ERR`, answering what the agent inquires meanwhile.
    fn answer(&mut self, inquiry: &[u8], passphrase: Option<&Passphrase>) -> Result<Answer> {
        let mut answer = Answer {
            data: Protected::new(0),
            padded: true,
        };
        let mut data = zeroize::Zeroizing::new(Vec::new());
        for _ in 0..MAX_LINES {
            let mut line = zeroize::Zeroizing::new(Vec::new());
            self.stream.read_until(b'\n', &mut line)?;
            let line = line.strip_suffix(b"\n").ok_or_else(malformed)?;
            let (word, rest) = split_word(line);
            match word {
                b"OK" => {
                    answer.data = Protected::from(data.as_slice());
                    return Ok(answer);
                }
                b"ERR" => return Err(anyhow::anyhow!("{}", refusal(rest))),
                b"D" => unescape(rest, &mut data),
                b"S" if rest.starts_with(b"PADDING 0") => answer.padded = false,
                b"INQUIRE" => match (split_word(rest).0, passphrase) {
                    (b"CIPHERTEXT", _) => self.send_data(inquiry)?,
                    (b"PASSPHRASE", Some(passphrase)) => {
                        passphrase
                            .as_password()
                            .map(|password| self.send_data(password))?;
                    }
                    _ => self.send(b"END")?,
                },
                _ => {}
            }
        }
        Err(malformed())
    }

    /// Sends `data` in lines of less than 1000 bytes, as the protocol demands.
    fn send_data(&mut self, data: &[u8]) -> io::Result<()> {
        for chunk in data.chunks(300) {
            let mut line = zeroize::Zeroizing::new(b"D ".to_vec());
            for &byte in chunk {
                match byte {
                    b'%' | b'\r' | b'\n' => {
                        line.extend_from_slice(format!("%{byte:02X}").as_bytes());
                    }
                    _ => line.push(byte),
                }
            }
            self.send(&line)?;
        }
        self.send(b"END")
    }
}

/// What the agent's pinentry needs to know to appear where the user is.
fn options(loopback: bool) -> Vec<String> {
    let variable = |name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.contains('\n'))
    };
    let tty = variable("GPG_TTY").or_else(|| {
        let path = std::fs::read_link("/proc/self/fd/0").ok()?;
        path.starts_with("/dev/")
            .then(|| path.display().to_string())
    });
    let mut options: Vec<String> = [
        tty.filter(|tty| tty != "/dev/null")
            .map(|tty| format!("ttyname={tty}")),
        variable("TERM").map(|term| format!("ttytype={term}")),
        variable("DISPLAY").map(|display| format!("display={display}")),
        variable("LC_CTYPE").map(|locale| format!("lc-ctype={locale}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if loopback {
        options.push("pinentry-mode=loopback".to_owned());
    }
    options
        .into_iter()
        .map(|option| format!("OPTION {option}"))
        .collect()
}

/// `(enc-val (ALGORITHM (NAME VALUE) …))`.
fn encrypted_value(ciphertext: &mpi::Ciphertext) -> Result<Vec<u8>> {
    type Value<'a> = (&'static [u8], &'a [u8]);
    let (algorithm, values): (&[u8], Vec<Value<'_>>) = match ciphertext {
        mpi::Ciphertext::RSA { c } => (b"rsa", vec![(b"a", c.value())]),
        mpi::Ciphertext::ElGamal { e, c } => (b"elg", vec![(b"a", e.value()), (b"b", c.value())]),
        mpi::Ciphertext::ECDH { e, key } => (b"ecdh", vec![(b"s", key), (b"e", e.value())]),
        _ => return Err(anyhow::anyhow!("GnuPG does not know this algorithm")),
    };
    let mut out = b"(7:enc-val(".to_vec();
    push_string(&mut out, algorithm);
    for (name, value) in values {
        out.push(b'(');
        push_string(&mut out, name);
        push_string(&mut out, value);
        out.push(b')');
    }
    out.extend_from_slice(b"))");
    Ok(out)
}

fn push_string(out: &mut Vec<u8>, string: &[u8]) {
    out.extend_from_slice(format!("{}:", string.len()).as_bytes());
    out.extend_from_slice(string);
}

/// The string after `(NAME` anywhere in an S-expression: the answers have each name once.
fn member<'a>(expression: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = expression;
    let mut wanted = false;
    while let Some((&first, tail)) = rest.split_first() {
        if !first.is_ascii_digit() {
            rest = tail;
            wanted = false;
            continue;
        }
        let colon = rest.iter().position(|&byte| byte == b':')?;
        let length: usize = std::str::from_utf8(&rest[..colon]).ok()?.parse().ok()?;
        let string = rest.get(colon + 1..)?.get(..length)?;
        if wanted {
            return Some(string);
        }
        wanted = string == name;
        rest = &rest[colon + 1 + length..];
    }
    None
}

/// Removes the padding of PKCS #1 v1.5, whose leading zero the agent has dropped already.
fn unpad(padded: &[u8]) -> Option<SessionKey> {
    let padded = padded
        .strip_prefix(&[0])
        .unwrap_or(padded)
        .strip_prefix(&[2])?;
    let zero = padded.iter().position(|&byte| byte == 0)?;
    Some(SessionKey::from(&padded[zero + 1..]))
}

fn unescape(escaped: &[u8], out: &mut Vec<u8>) {
    let mut rest = escaped;
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(code) if byte == b'%' => {
                out.push(code);
                rest = &tail[2..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
}

/// `CODE description <source>` without the code.
fn refusal(rest: &[u8]) -> String {
    let text = String::from_utf8_lossy(split_word(rest).1);
    text.split(" <").next().unwrap_or_default().to_lowercase()
}

fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b' ') {
        Some(space) => (&line[..space], &line[space + 1..]),
        None => (line, &[]),
    }
}

fn malformed() -> anyhow::Error {
    anyhow::anyhow!("its answer makes no sense")
}

/// The agent tells its progress; a real answer is a few lines.
const MAX_LINES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_members() {
        let expression = b"(7:sig-val(5:eddsa(1:r3:abc)(1:s2:1:)))\0";
        assert_eq!(member(expression, b"r"), Some(&b"abc"[..]));
        assert_eq!(member(expression, b"s"), Some(&b"1:"[..]));
        assert_eq!(member(expression, b"x"), None);
        assert_eq!(member(b"(5:value99999999999999999999:x)", b"value"), None);
        assert_eq!(member(b"(5:value9:x)", b"value"), None);
    }

    #[test]
    fn unpads_session_keys() {
        assert_eq!(&unpad(&[0, 2, 7, 7, 0, 9, 1]).unwrap()[..], [9, 1]);
        assert_eq!(&unpad(&[2, 7, 7, 0, 9, 1]).unwrap()[..], [9, 1]);
        assert!(unpad(&[1, 7, 7]).is_none());
        assert!(unpad(&[2, 7, 7]).is_none());
        assert!(unpad(&[]).is_none());
    }

    #[test]
    fn unescapes_data() {
        let mut out = Vec::new();
        unescape(b"a%25%0Ab%", &mut out);
        assert_eq!(out, b"a%\nb%");
    }
}
