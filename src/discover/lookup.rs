//! Keys by address and by fingerprint: WKD, key servers, DANE.
//!
//! draft-koch-openpgp-webkey-service, the VKS interface of keys.openpgp.org, HKP, RFC 7929. Whatever
//! comes back for an address is kept only if its owner put that address into it.

use futures_util::future::{join, join_all, join3};
use url::Url;

use super::{
    Asked, Authority, Fault, Kind, Outcome, Standing, Statement,
    ask::{Asker, Found},
    dane::OwnerName,
    evidence::short,
    prose::push_new,
    wkd::Method,
};
use crate::{
    network::{Get, Redirects},
    openpgp::{Certificate, Fingerprint, read_certificates},
    program::MailAddress,
};

/// A mail address, with the document that named it, where somebody who forged that document could
/// have chosen the address, too.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) address: MailAddress,
    pub(super) named_by: Option<Authority>,
}

impl Asker<'_> {
    /// Everything that is published for one address.
    pub(super) async fn address(&self, wanted: &Wanted) -> Vec<Found> {
        let (wkd, vks, dane) = join3(self.wkd(wanted), self.vks(wanted), self.dane(wanted)).await;
        wkd.into_iter().chain(vks).chain(dane).collect()
    }

    /// The direct method is for domains whose `openpgpkey` host does not exist (section 3.1). Both
    /// are asked where the advanced host merely fails, so that a fault of its web server does not
    /// hide the key.
    async fn wkd(&self, wanted: &Wanted) -> Vec<Found> {
        let address = &wanted.address;
        let host = Method::Advanced.host(address.domain());
        // Side by side: a resolver that stays silent costs its time once.
        let (absent, advanced) = join(
            self.network.is_absent(&host),
            self.wkd_by(Method::Advanced, wanted),
        )
        .await;
        let mut found: Vec<Found> = advanced.filter(|_| !absent).into_iter().collect();
        let answered = |one: &Found| !matches!(one.asked.outcome, Outcome::Fault(_));
        if !found.iter().any(answered) {
            found.extend(self.wkd_by(Method::Direct, wanted).await);
        }
        found
    }

    async fn wkd_by(&self, method: Method, wanted: &Wanted) -> Option<Found> {
        let url = method.key_url(&wanted.address).ok()?;
        Some(self.for_address(Kind::Wkd, url, wanted).await)
    }

    async fn vks(&self, wanted: &Wanted) -> Option<Found> {
        let server = self.servers.vks.as_ref()?;
        let url = server.by_address(&wanted.address);
        Some(self.for_address(Kind::Vks, url, wanted).await)
    }

    async fn for_address(&self, kind: Kind, url: Url, wanted: &Wanted) -> Found {
        let at = url.to_string();
        let get = Get {
            url,
            redirects: Redirects::SameOrigin,
            accept: "application/octet-stream, application/pgp-keys",
        };
        let answer = match self.fetch(kind, get).await {
            Ok(answer) => answer,
            Err(ended) => return ended,
        };
        let host = answer.url.host_str().unwrap_or_default().to_owned();
        let authority = Authority::Web {
            host,
            peers: answer.peers.clone(),
        };
        let read = read_certificates(&at, &answer.body);
        statement_for(
            kind,
            at,
            read.map_err(|error| unreadable(&error)),
            (wanted, authority),
        )
    }

    /// The record under the local part as written, else in lower case.
    async fn dane(&self, wanted: &Wanted) -> Vec<Found> {
        let mut found = Vec::new();
        for owner in OwnerName::of(&wanted.address) {
            let one = self.dane_at(owner.as_str(), wanted).await;
            let nothing = matches!(one.asked.outcome, Outcome::Nothing);
            found.push(one);
            if !nothing {
                break;
            }
        }
        found
    }

    async fn dane_at(&self, owner: &str, wanted: &Wanted) -> Found {
        let at = owner.to_owned();
        let records = match self.network.openpgpkeys(owner).await {
            Ok(records) if records.is_empty() => return Found::nothing(Kind::Dane, &at),
            Ok(records) => records,
            Err(error) => return Found::fault(Kind::Dane, &at, error.into()),
        };
        let authority = Authority::Zone {
            domain: wanted.address.domain().to_owned(),
        };
        let read = read_certificates(owner, &records.concat());
        let read = read.map_err(|error| unreadable(&error));
        statement_for(Kind::Dane, at, read, (wanted, authority))
    }

    /// The certificates of fingerprints that somebody named: from both key servers, so that a
    /// revocation at either of them is seen.
    pub(super) async fn fingerprints(&self, fingerprints: &[Fingerprint]) -> Vec<Found> {
        let lookups = fingerprints.iter().take(MAX_KEYS).flat_map(|fingerprint| {
            let questions = self.servers.by_fingerprint(fingerprint).into_iter();
            questions.map(move |(kind, url)| self.carried(kind, url, fingerprint))
        });
        join_all(lookups).await
    }

    async fn carried(&self, kind: Kind, url: Url, fingerprint: &Fingerprint) -> Found {
        let at = url.to_string();
        let host = url.host_str().unwrap_or_default().to_owned();
        let get = Get {
            url,
            redirects: Redirects::SameOrigin,
            accept: "application/pgp-keys",
        };
        let answer = match self.fetch(kind, get).await {
            Ok(answer) => answer,
            Err(ended) => return ended,
        };
        let read = read_certificates(&at, &answer.body)
            .map_err(|error| unreadable(&error))
            .map(|mut all| {
                all.retain(|certificate| certificate.fingerprint() == *fingerprint);
                all
            });
        let certificates = match read {
            Ok(certificates) if certificates.is_empty() => return Found::nothing(kind, &at),
            Ok(certificates) => certificates,
            Err(fault) => return Found::fault(kind, &at, fault),
        };
        let peers = answer.peers;
        Found::keys(
            Statement {
                kind,
                at,
                address: None,
                given: false,
                authority: Authority::Web { host, peers },
                standing: Standing::Carries,
                keys: Vec::new(),
            },
            certificates,
        )
    }
}

/// What a source says of an address: nothing, where no certificate has that address in it.
fn statement_for(
    kind: Kind,
    at: String,
    read: Result<Vec<Certificate>, Fault>,
    (wanted, own): (&Wanted, Authority),
) -> Found {
    let mut certificates = match read {
        Ok(certificates) => certificates,
        Err(fault) => return Found::fault(kind, &at, fault),
    };
    certificates.truncate(MAX_KEYS);
    let address = wanted.address.to_string();
    let (naming, others): (Vec<_>, Vec<_>) = certificates
        .into_iter()
        .partition(|certificate| certificate.names_address(&address));
    let mut found = if naming.is_empty() {
        let fault = Fault {
            code: "other-address",
            message: format!("what it has there does not name {address}"),
        };
        Found::fault(kind, &at, fault)
    } else {
        let statement = Statement {
            kind,
            at,
            address: Some(wanted.address.clone()),
            given: wanted.named_by.is_none(),
            authority: wanted.named_by.clone().unwrap_or(own),
            standing: Standing::Vouches,
            keys: Vec::new(),
        };
        Found::keys(statement, naming)
    };
    // Nobody names them, but a revocation among them counts.
    found.certificates.extend(others);
    found
}

pub(super) fn unreadable(error: &crate::openpgp::CertificateError) -> Fault {
    use crate::openpgp::CertificateError as E;
    Fault {
        code: match error {
            E::None { .. } => "no-certificate",
            E::Secret { .. } => "secret-key",
            E::TooLarge { .. } => "too-large",
            E::Flooded { .. } => "flooded",
            E::Damaged { .. } => "damaged",
        },
        message: short(&error.to_string()),
    }
}

/// What a page of keys gave, in as many as make sense, and those keys.
pub(super) fn listed(mut certificates: Vec<Certificate>) -> (Outcome, Vec<Certificate>) {
    certificates.truncate(MAX_KEYS);
    let keys: Vec<_> = certificates
        .iter()
        .map(|one| one.fingerprint().to_string())
        .collect();
    (Outcome::Found(keys.join(", ")), certificates)
}

impl Found {
    pub(super) fn nothing(kind: Kind, at: &str) -> Self {
        Self::ended(kind, at, Outcome::Nothing)
    }

    pub(super) fn fault(kind: Kind, at: &str, fault: Fault) -> Self {
        Self::ended(kind, at, Outcome::Fault(fault))
    }

    pub(super) fn ended(kind: Kind, at: &str, outcome: Outcome) -> Self {
        Self {
            asked: Asked {
                kind,
                at: short(at),
                outcome,
            },
            statement: None,
            certificates: Vec::new(),
        }
    }

    /// A statement that names the keys of these certificates, as many as make sense.
    pub(super) fn keys(mut statement: Statement, mut certificates: Vec<Certificate>) -> Self {
        certificates.truncate(MAX_KEYS);
        statement.at = short(&statement.at);
        for key in certificates.iter().map(Certificate::fingerprint) {
            push_new(&mut statement.keys, key, MAX_KEYS);
        }
        let keys: Vec<_> = statement.keys.iter().map(ToString::to_string).collect();
        Self {
            asked: Asked {
                kind: statement.kind,
                at: statement.at.clone(),
                outcome: Outcome::Found(keys.join(", ")),
            },
            statement: Some(statement),
            certificates,
        }
    }
}

/// More keys than any vendor names in one place.
pub(super) const MAX_KEYS: usize = 8;

/// More links than any vendor gives to its keys.
pub(super) const MAX_LINKS: usize = 4;
