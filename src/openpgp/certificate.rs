//! Certificates: reading whatever file a vendor publishes, and what may be said about one.
//!
//! RFC 9580 section 10.1 (transferable public keys) and section 6.2 (armour).

use std::{collections::HashMap, io::Read, time::SystemTime};

use sequoia_openpgp::{
    Cert, armor,
    cert::raw::RawCertParser,
    parse::Parse,
    serialize::{Marshal, SerializeInto},
};

use super::{
    CertificateError, Fingerprint, KeyState, MergeError, Verdict, blocks,
    flood::{self, Bare, Costs, Revocations},
    key_state, merge, names,
    sealed::KeyName,
    signature,
    tag::{self, First},
    verdict,
};

/// An OpenPGP certificate (a public key with its User IDs), parsed and not yet judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate(Cert);

impl Certificate {
    pub(super) fn new(cert: Cert) -> Self {
        Self(cert.strip_secret_key_material())
    }

    pub(super) fn cert(&self) -> &Cert {
        &self.0
    }

    /// The fingerprint of its primary key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        (&self.0.fingerprint()).into()
    }

    /// Its User IDs as they stand there, valid or not, in no particular order. Hostile
    /// text: escape it before it reaches a terminal.
    pub fn user_ids(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .userids()
            .map(|id| String::from_utf8_lossy(id.userid().value()).into_owned())
    }

    /// Whether this certificate has a key or subkey of that name.
    #[must_use]
    pub fn has_key(&self, name: &KeyName) -> bool {
        self.0
            .keys()
            .any(|ka| name.handle().aliases(ka.key().key_handle()))
    }

    /// Whether its owner says that it is for exactly this mail address, which may have expired since,
    /// and did not take that back. Upper and lower case are the same.
    #[must_use]
    pub fn names_address(&self, address: &str) -> bool {
        names::names(&self.0, address)
    }

    /// The mail addresses that its owner says it is for. Hostile text.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        names::addresses(&self.0)
    }

    /// Its keys as they are at `now`, the primary key first.
    #[must_use]
    pub fn keys(&self, now: SystemTime) -> Vec<KeyState> {
        key_state::keys(self, now)
    }

    /// Everything that this and another version of the same certificate hold and that verifies:
    /// the same in whatever order versions come. No revocation is lost, and what comes out can be
    /// read again.
    ///
    /// # Errors
    /// [`MergeError::Different`] for another certificate.
    pub fn merge(self, other: Self) -> Result<Self, MergeError> {
        merge::merge(self.0, other.0).map(Self)
    }

    /// Whether and how it may be encrypted to at `now`.
    #[must_use]
    pub fn verdict(&self, now: SystemTime) -> Verdict {
        verdict::judge(self, now)
    }

    /// The armoured certificate, without signatures that are not for export.
    ///
    /// # Errors
    /// When nothing of it may be exported, or it has parts that cannot be written.
    pub fn to_armored(&self) -> anyhow::Result<Vec<u8>> {
        self.to_binary()?;
        self.0.armored().export_to_vec()
    }

    /// The binary certificate with all of its signatures: for this machine alone, since some of them
    /// may not be for export.
    ///
    /// # Errors
    /// When it has parts that cannot be written.
    pub fn to_whole_binary(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.serialize(&mut bytes)?;
        Ok(bytes)
    }

    /// The binary certificate, without signatures that are not for export.
    ///
    /// # Errors
    /// As [`Certificate::to_armored`].
    pub fn to_binary(&self) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.0.export(&mut bytes)?;
        anyhow::ensure!(
            !bytes.is_empty(),
            "nothing of {} may be exported",
            self.fingerprint()
        );
        Ok(bytes)
    }
}

/// All certificates in `bytes`: armoured or binary, several in one file, inside a web page.
///
/// `file` is how the source is named in errors. Signatures that other people made are dropped,
/// so a certificate that was flooded with them costs no more than reading it.
///
/// # Errors
/// [`CertificateError`] when there is none, or when one of them is damaged, flooded or secret.
pub fn read_certificates(file: &str, bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    if bytes.len() > MAX_FILE {
        return Err(CertificateError::TooLarge {
            file: file.to_owned(),
            size: bytes.len(),
            limit: MAX_FILE,
        });
    }
    let none = || CertificateError::None {
        file: file.to_owned(),
        looks_like: blocks::looks_like(bytes),
    };
    match tag::first(bytes) {
        Some(First::SecretKey) => {
            return Err(CertificateError::Secret {
                file: file.to_owned(),
            });
        }
        Some(First::PublicKey) => return read_binary(file, bytes, Revocations::default()),
        Some(First::Other) => return Err(none()),
        None => {}
    }
    let (binary, revocations) = dearmor(file, bytes)?;
    if binary.is_empty() {
        Err(none())
    } else {
        read_binary(file, &binary, revocations)
    }
}

/// The content of all blocks one after the other, and the revocations that stand in blocks of
/// their own, as some vendors publish them.
fn dearmor(file: &str, page: &[u8]) -> Result<(Vec<u8>, Revocations), CertificateError> {
    let mut binary = Vec::new();
    let mut revocations = Revocations::default();
    let mut damage = None;
    for block in blocks::blocks(page) {
        match block.label.as_str() {
            "PRIVATE KEY BLOCK" => {
                return Err(CertificateError::Secret {
                    file: file.to_owned(),
                });
            }
            "PUBLIC KEY BLOCK" => {
                let mut content = Vec::new();
                let mut reader = armor::Reader::from_bytes(block.text.as_bytes(), None);
                match reader.read_to_end(&mut content) {
                    Ok(_) if tag::first(&content) == Some(First::Other) => {
                        revocations.take(signature::read(&content).unwrap_or_default());
                    }
                    Ok(_) => binary.append(&mut content),
                    Err(error) => damage = Some(error),
                }
            }
            _ => {}
        }
    }
    match damage {
        Some(error) if binary.is_empty() => Err(CertificateError::Damaged {
            file: file.to_owned(),
            source: error.into(),
        }),
        _ => Ok((binary, revocations)),
    }
}

/// The certificates of one file. One that cannot be used does not hide the others; it is the
/// error only where no other is there. Of one that is flooded, its revocation alone is taken: nobody can
/// hide that behind other signatures. Copies of one certificate become one, and every revocation
/// counts for the certificate that it was made for, wherever in the file it stands.
fn read_binary(
    file: &str,
    bytes: &[u8],
    mut revocations: Revocations,
) -> Result<Vec<Certificate>, CertificateError> {
    let damaged = |source| CertificateError::Damaged {
        file: file.to_owned(),
        source,
    };
    let mut certs: Vec<Cert> = Vec::new();
    let (mut rejected, mut costs, mut bare) = (None, Costs::default(), Bare::default());
    for raw in RawCertParser::from_bytes(bytes).map_err(damaged)? {
        let parsed = raw.map_err(damaged).and_then(|raw| {
            revocations.take_from(&raw);
            flood::parse(&raw, &mut costs).map_err(|why| match why {
                flood::Rejected::Flooded => {
                    bare.take(&raw);
                    CertificateError::Flooded {
                        file: file.to_owned(),
                        fingerprint: raw.fingerprint().to_hex(),
                    }
                }
                flood::Rejected::Damaged(source) => damaged(source),
            })
        });
        match parsed {
            Ok(cert) if cert.is_tsk() => {
                return Err(CertificateError::Secret {
                    file: file.to_owned(),
                });
            }
            Ok(cert) => certs.push(cert),
            Err(why) => rejected = rejected.or(Some(why)),
        }
    }
    certs.extend(bare.revoked(&revocations));
    match rejected {
        Some(why) if certs.is_empty() => Err(why),
        _ => merged(certs, &revocations).map_err(damaged),
    }
}

fn merged(certs: Vec<Cert>, revocations: &Revocations) -> anyhow::Result<Vec<Certificate>> {
    let mut copies: Vec<Vec<Cert>> = Vec::new();
    let mut places = HashMap::new();
    for cert in certs {
        let place = *places.entry(cert.fingerprint()).or_insert(copies.len());
        match copies.get_mut(place) {
            Some(known) => known.push(cert),
            None => copies.push(vec![cert]),
        }
    }
    let merged = copies.into_iter().map(|copies| {
        let mut copies = copies.into_iter();
        let first = copies.next().ok_or_else(|| anyhow::anyhow!("no copy"))?;
        let mut cert = copies.try_fold(first, Cert::merge_public)?;
        let own = revocations.of(&cert);
        if !own.is_empty() {
            cert = cert.insert_packets(own)?.0;
        }
        Ok(Certificate(merge::fitting(cert)?))
    });
    merged.collect()
}

/// A keyring of every developer of a large project stays below this many bytes.
const MAX_FILE: usize = 32 << 20;
