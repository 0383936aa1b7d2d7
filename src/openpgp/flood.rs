//! Certificates flooded with other people's signatures, made small before they are judged.
//!
//! Anyone can attach certifications to a certificate on a key server. What decides whether it may
//! be encrypted to are the owner's own signatures and revocations (RFC 9580 section 10.1), so
//! everything else is dropped before anything is verified.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use sequoia_openpgp::{
    Cert, Fingerprint, KeyID, Packet, Result,
    cert::raw::{RawCert, RawCertParser},
    packet::{
        Key, Signature, Tag,
        key::{PrimaryRole, PublicParts},
    },
    parse::Parse,
    serialize::MarshalInto,
    types::SignatureType,
};

/// More own signatures than any owner makes in the life of a certificate: keys are extended,
/// rotated and renamed some hundred times at the most.
pub(super) const MAX_OWN_SIGNATURES: usize = 500;

/// The most bytes of own signatures, as [`weight`] counts them.
pub(super) const MAX_OWN_BYTES: usize = 2 << 20;

/// Of so many keys and User IDs at the beginning, those without an own signature are kept, for it may
/// be out of place. Every signature that does not match where it stands is tried on each.
const MAX_COMPONENTS: usize = 500;

/// What the certificates of one file may cost together: some seconds at the worst.
const MAX_WORK: usize = 6 << 30;
const SETTING_UP: usize = 1 << 10;

/// The longest User ID, in bytes: GnuPG's limit.
const MAX_USER_ID: usize = 2 << 10;

/// A signature names its issuer twice, by key ID and by fingerprint.
const MAX_ISSUERS: usize = 4;

/// The largest key packet, in bytes: RSA of 16,384 bits and every post-quantum key fit. Verifying
/// takes time with the cube of a number's length, for every signature.
const MAX_KEY: usize = 3 << 10;

/// Of so many flooded certificates in one file it is looked whether they were revoked.
const MAX_BARE: usize = 16;

type PrimaryKey = Key<PublicParts, PrimaryRole>;

/// Why a certificate was not taken.
pub(super) enum Rejected {
    /// More signatures claim to be the owner's than an owner makes.
    Flooded,
    /// It cannot be parsed.
    Damaged(anyhow::Error),
}

/// What the certificates of one file have cost so far: copies of one certificate share its limits.
#[derive(Default)]
pub(super) struct Costs {
    certificates: HashMap<Fingerprint, Cost>,
    /// Bytes that the parser may have to digest.
    work: usize,
}

#[derive(Default)]
struct Cost {
    /// Digests of the signatures, each with what it stands behind.
    signatures: HashSet<u64>,
    bytes: usize,
}

impl Cost {
    /// Whether the limits still allow for `signature`, which is free if it was counted before.
    fn allows(&mut self, signature: &Signature, digest: u64) -> bool {
        if self.signatures.insert(digest) {
            self.bytes += weight(signature);
        }
        self.signatures.len() <= MAX_OWN_SIGNATURES && self.bytes <= MAX_OWN_BYTES
    }
}

/// What a signature counts for: the bytes that are digested for it and come with it.
pub(super) fn weight(signature: &Signature) -> usize {
    signature.hashed_area().serialized_len()
}

/// Whether a certificate of these packets would be read.
pub(super) fn fits(packets: &[u8]) -> bool {
    let raws = RawCertParser::from_bytes(packets);
    raws.is_ok_and(|mut raws| {
        let mut costs = Costs::default();
        raws.all(|raw| raw.is_ok_and(|raw| kept(&raw, &mut costs).is_ok()))
    })
}

/// Parses `raw` without the signatures that cannot matter.
pub(super) fn parse(raw: &RawCert<'_>, costs: &mut Costs) -> std::result::Result<Cert, Rejected> {
    Cert::from_bytes(&kept(raw, costs)?).map_err(Rejected::Damaged)
}

/// A key or User ID, and the signatures behind it without duplicates.
#[derive(Default)]
struct Component {
    packets: Vec<u8>,
    signatures: HashSet<u64>,
    /// The digest and the length of its own packet.
    digest: u64,
    length: usize,
}

impl Component {
    fn new(packet: &[u8]) -> Self {
        Self {
            packets: packet.to_vec(),
            signatures: HashSet::new(),
            digest: digest(packet),
            length: packet.len(),
        }
    }
}

/// The packets of `raw` that matter.
fn kept(raw: &RawCert<'_>, costs: &mut Costs) -> std::result::Result<Vec<u8>, Rejected> {
    let owner = raw.primary_key().role_into_unspecified().key_handle();
    let is_copy = costs.certificates.contains_key(&raw.fingerprint());
    let cost = costs.certificates.entry(raw.fingerprint()).or_default();
    let mut components: Vec<Component> = Vec::new();
    for packet in raw.packets() {
        match packet.tag() {
            Tag::Signature => {
                let Some(signature) = own_signature(packet.as_bytes(), &owner) else {
                    continue;
                };
                let Some(component) = components.last_mut() else {
                    continue;
                };
                let digest = digest((component.digest, packet.as_bytes()));
                if !component.signatures.insert(digest) {
                    continue;
                }
                if !cost.allows(&signature, digest) {
                    return Err(Rejected::Flooded);
                }
                component.packets.extend_from_slice(packet.as_bytes());
            }
            Tag::PublicKey | Tag::PublicSubkey if packet.body().len() > MAX_KEY => {
                let error = anyhow::anyhow!("a key of {} bytes in it", packet.body().len());
                return Err(Rejected::Damaged(error));
            }
            Tag::UserID if packet.body().len() > MAX_USER_ID => {}
            Tag::PublicKey
            | Tag::PublicSubkey
            | Tag::SecretKey
            | Tag::SecretSubkey
            | Tag::UserID => components.push(Component::new(packet.as_bytes())),
            // Photographs and whatever else hangs on it say nothing about encryption.
            _ => {}
        }
    }
    let unsigned = if is_copy { 1 } else { MAX_COMPONENTS };
    let mut number = 0;
    components.retain(|component| {
        number += 1;
        number <= unsigned || !component.signatures.is_empty()
    });
    costs.work = costs.work.saturating_add(work(&components));
    if costs.work > MAX_WORK {
        return Err(Rejected::Flooded);
    }
    let packets = components
        .into_iter()
        .flat_map(|component| component.packets);
    Ok(packets.collect())
}

/// The bytes to digest when every signature is tried on every component, together with the primary
/// key; as many bytes as setting up takes time are added for each.
fn work(components: &[Component]) -> usize {
    let owner = components.first().map_or(0, |owner| owner.length);
    let signatures: usize = components.iter().map(|c| c.signatures.len()).sum();
    let each = |component: &Component| {
        let behind = component.packets.len().saturating_sub(component.length);
        signatures * (SETTING_UP + owner + component.length) + components.len() * behind
    };
    components.iter().map(each).sum()
}

fn digest(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The signature in `packet`, if it may be the owner's.
fn own_signature(packet: &[u8], owner: &sequoia_openpgp::KeyHandle) -> Option<Signature> {
    let signature = signature(packet).ok()?;
    let issuers = signature.get_issuers();
    let may_be = issuers.is_empty() || issuers.iter().any(|issuer| issuer.aliases(owner));
    may_be.then_some(signature)
}

/// The primary keys of flooded certificates, each once: all that is taken of these is that their owners
/// revoked them.
#[derive(Default)]
pub(super) struct Bare(HashMap<Fingerprint, PrimaryKey>);

impl Bare {
    pub(super) fn take(&mut self, raw: &RawCert<'_>) {
        if self.0.len() < MAX_BARE {
            self.0.insert(raw.fingerprint(), raw.primary_key());
        }
    }

    /// Those that were revoked, with nothing but their revocations.
    pub(super) fn revoked(self, revocations: &Revocations) -> Vec<Cert> {
        let keys = self.0.into_values();
        let revoked = keys.filter_map(|key| {
            let bare = Cert::from_packets(std::iter::once(Packet::PublicKey(key))).ok()?;
            let (cert, _) = bare.clone().insert_packets(revocations.of(&bare)).ok()?;
            let is_revoked = cert.primary_key().self_revocations().next().is_some();
            is_revoked.then_some(cert)
        });
        revoked.collect()
    }
}

/// Revocations of keys that stand anywhere in a file, found by the key that made them.
#[derive(Default)]
pub(super) struct Revocations {
    all: Vec<Signature>,
    by_issuer: HashMap<KeyID, Places>,
}

/// Where in [`Revocations`] those of one key are. Those of its own certificate were looked at there, so
/// that what somebody puts elsewhere does not take their room.
#[derive(Default)]
struct Places {
    own: Vec<usize>,
    elsewhere: Vec<usize>,
}

impl Revocations {
    /// Takes those of `signatures` that revoke keys, up to a number for each key.
    pub(super) fn take(&mut self, signatures: impl IntoIterator<Item = Signature>) {
        for signature in signatures {
            self.take_one(signature, None);
        }
    }

    /// Takes those of a certificate, which may be about another one. Of those about itself, what cannot
    /// be its owner's does not count: it would take the room of what is.
    pub(super) fn take_from(&mut self, raw: &RawCert<'_>) {
        let owner = raw.primary_key();
        let packets = raw.packets();
        let signatures = packets.filter(|packet| packet.tag() == Tag::Signature);
        for signature in signatures.filter_map(|packet| signature(packet.as_bytes()).ok()) {
            self.take_one(signature, Some(&owner));
        }
    }

    /// `owner` is the key in whose certificate it stands.
    fn take_one(&mut self, signature: Signature, owner: Option<&PrimaryKey>) {
        if signature.typ() != SignatureType::KeyRevocation {
            return;
        }
        let place = self.all.len();
        let mut is_wanted = false;
        for issuer in signature.get_issuers().into_iter().take(MAX_ISSUERS) {
            let owner = owner.filter(|owner| issuer.aliases(owner.key_handle()));
            if owner.is_some_and(|owner| !fits_digest(&signature, owner)) {
                continue;
            }
            let places = self.by_issuer.entry(issuer.into()).or_default();
            let places = match owner {
                Some(_) => &mut places.own,
                None => &mut places.elsewhere,
            };
            if places.len() < MAX_OWN_SIGNATURES && places.last() != Some(&place) {
                places.push(place);
                is_wanted = true;
            }
        }
        if is_wanted {
            self.all.push(signature);
        }
    }

    /// Those that may be the owner's of `cert`.
    pub(super) fn of(&self, cert: &Cert) -> Vec<Signature> {
        let owner = cert.primary_key().key();
        let places = self.by_issuer.get(&cert.keyid()).into_iter();
        let places = places.flat_map(|places| places.own.iter().chain(&places.elsewhere));
        places
            .filter_map(|place| self.all.get(*place))
            .filter(|signature| fits_digest(signature, owner))
            .cloned()
            .collect()
    }
}

/// Whether the revocation is about this primary key, as far as the two bytes of its digest tell that it
/// shows: far cheaper than verifying it.
fn fits_digest(revocation: &Signature, owner: &PrimaryKey) -> bool {
    let digest = || -> Result<Vec<u8>> {
        let context = revocation.hash_algo().context()?;
        let mut context = context.for_signature(revocation.version());
        revocation.hash_direct_key(&mut context, owner)?;
        context.into_digest()
    };
    digest().is_ok_and(|digest| digest.starts_with(revocation.digest_prefix()))
}

fn signature(packet: &[u8]) -> Result<Signature> {
    match Packet::from_bytes(packet)? {
        Packet::Signature(signature) => Ok(signature),
        other => Err(anyhow::anyhow!(
            "{} where a signature was expected",
            other.tag()
        )),
    }
}
