//! What machines read on the vendor's site: CSAF metadata, and the vendor's own profile.
//!
//! CSAF 2.0 section 7.1.8; DESIGN.md, "The program profile".

use futures_util::future::join_all;
use url::Url;

use super::{
    Authority, Fault, Kind, Outcome, Standing, Statement,
    ask::{Asker, Found},
    csaf::ProviderMetadata,
    evidence::short,
    lookup::MAX_LINKS,
    origin::Origin,
    web::authority,
};
use crate::{
    network::{Get, Redirects},
    openpgp::Certificate,
    program::Program,
};

impl Asker<'_> {
    /// The metadata, as the word of `named_by` where a document names the place.
    pub(super) async fn csaf(&self, url: Url, named_by: Option<&Authority>) -> Vec<Found> {
        let at = url.to_string();
        let get = Get {
            url,
            redirects: Redirects::SameName,
            accept: "application/json",
        };
        let answer = match self.fetch(Kind::Csaf, get).await {
            Ok(answer) => answer,
            Err(ended) => return vec![ended],
        };
        let metadata = match ProviderMetadata::parse(&answer.body) {
            Ok(metadata) => metadata,
            Err(error) => {
                let fault = Fault {
                    code: "not-provider-metadata",
                    message: short(&error.to_string()),
                };
                return vec![Found::fault(Kind::Csaf, &at, fault)];
            }
        };
        let pages = metadata
            .keys()
            .iter()
            .filter_map(|key| Url::parse(key.url().as_str()).ok());
        let pages: Vec<Url> = pages.collect();
        let read = join_all(
            pages
                .iter()
                .take(MAX_LINKS)
                .map(|url| self.key_page(url.clone())),
        )
        .await;
        let mut certificates = Vec::new();
        for (named, read) in metadata.keys().iter().zip(read) {
            let meant = |certificate: &Certificate| {
                named
                    .fingerprint()
                    .is_none_or(|own| *own == certificate.fingerprint())
            };
            certificates.extend(read.into_iter().flatten().filter(meant));
        }
        if certificates.is_empty() {
            let none = Outcome::Found("metadata that leads to no key".to_owned());
            return vec![Found::ended(Kind::Csaf, &at, none)];
        }
        let statement = Statement {
            kind: Kind::Csaf,
            at,
            address: None,
            given: false,
            authority: named_by.cloned().unwrap_or_else(|| authority(&answer)),
            standing: Standing::Vouches,
            keys: Vec::new(),
        };
        vec![Found::keys(statement, certificates)]
    }

    pub(super) async fn program_json(&self, origin: &Origin) -> (Vec<Found>, Option<Program>) {
        let url = origin.join("/program.json");
        let at = url.to_string();
        let get = Get {
            url,
            redirects: Redirects::SameName,
            accept: "application/json",
        };
        let answer = match self.fetch(Kind::ProgramJson, get).await {
            Ok(answer) => answer,
            Err(ended) => return (vec![ended], None),
        };
        match Program::parse_json(&at, &answer.body) {
            Ok(program) => {
                let said = Outcome::Found(format!("the profile of {}", short(program.name())));
                (
                    vec![Found::ended(Kind::ProgramJson, &at, said)],
                    Some(program),
                )
            }
            Err(error) => {
                let fault = Fault {
                    code: "not-a-profile",
                    message: short(&error.to_string()),
                };
                (vec![Found::fault(Kind::ProgramJson, &at, fault)], None)
            }
        }
    }
}
