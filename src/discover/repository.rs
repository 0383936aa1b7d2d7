//! What a repository on GitHub says: SECURITY.md, and whether it takes private reports.
//!
//! GitHub's REST API, asked without a token: who asks stays unknown. The file may lie in four places,
//! of which GitHub itself shows the first.

use futures_util::future::{join, join_all};
use serde::Deserialize;
use url::Url;

use super::{
    Fault, Kind, Outcome, Standing, Statement,
    ask::{Asker, Found},
    lookup::{MAX_KEYS, MAX_LINKS, Wanted, listed, unreadable},
    prose::push_new,
    security_md::SecurityMd,
    web::authority,
};
use crate::{
    network::{Answer, Get, Redirects},
    openpgp::{Certificate, Fingerprint, read_certificates},
    program::{Contact, Repository},
};

/// What the repository gave.
#[derive(Default)]
pub(super) struct RepositoryPage {
    pub(super) found: Vec<Found>,
    pub(super) contacts: Vec<(Contact, String)>,
    pub(super) private_reporting: Option<bool>,
}

#[derive(Deserialize)]
struct PrivateReporting {
    enabled: bool,
}

impl Asker<'_> {
    /// Asks the repository, if there is one.
    pub(super) async fn repository(&self) -> RepositoryPage {
        let Some(repository) = &self.subject.repository else {
            return RepositoryPage::default();
        };
        let (mut page, (asked, enabled)) = join(
            self.security_md(repository),
            self.private_reporting(repository),
        )
        .await;
        page.found.insert(0, asked);
        page.private_reporting = enabled;
        page
    }

    async fn private_reporting(&self, repository: &Repository) -> (Found, Option<bool>) {
        let url = self.api(&[
            "repos",
            repository.owner(),
            repository.name(),
            "private-vulnerability-reporting",
        ]);
        let at = url.to_string();
        let get = Get {
            url,
            redirects: Redirects::SameOrigin,
            accept: "application/vnd.github+json",
        };
        let answer = match self.fetch(Kind::PrivateReporting, get).await {
            Ok(answer) => answer,
            Err(ended) => return (ended, None),
        };
        match serde_json::from_slice::<PrivateReporting>(&answer.body) {
            Ok(PrivateReporting { enabled }) => {
                let said = if enabled {
                    "it takes private reports"
                } else {
                    "it takes none"
                };
                let outcome = Outcome::Found(said.to_owned());
                (
                    Found::ended(Kind::PrivateReporting, &at, outcome),
                    Some(enabled),
                )
            }
            Err(error) => {
                let fault = Fault {
                    code: "not-json",
                    message: format!("the answer is not what GitHub documents: {error}"),
                };
                (Found::fault(Kind::PrivateReporting, &at, fault), None)
            }
        }
    }

    async fn security_md(&self, repository: &Repository) -> RepositoryPage {
        let places = PLACES.map(|(name, path)| {
            let name = name.unwrap_or(repository.name());
            (self.contents(repository.owner(), name, path), path)
        });
        let answers = join_all(places.iter().map(|(url, _)| self.raw(url.clone()))).await;
        let mut page = RepositoryPage::default();
        let mut first = None;
        for ((_, path), answer) in places.iter().zip(answers) {
            match answer {
                Ok(answer) => first = first.or(Some((answer, *path))),
                Err(ended) => page.found.push(ended),
            }
        }
        let Some((answer, path)) = first else {
            return page;
        };
        let read = SecurityMd::read(&String::from_utf8_lossy(&answer.body), repository, path);
        let at = answer.url.to_string();
        page.contacts = read
            .contacts()
            .iter()
            .map(|c| (c.clone(), at.clone()))
            .collect();
        page.found.extend(self.said_by(&read, &answer).await);
        page
    }

    /// The file as a source of keys, and what is asked on its account.
    async fn said_by(&self, read: &SecurityMd, answer: &Answer) -> Vec<Found> {
        let authority = authority(answer);
        let at = answer.url.to_string();
        let mails = read.contacts().iter().filter_map(|contact| match contact {
            Contact::Mail(address) => Some(Wanted {
                address: address.clone(),
                named_by: Some(authority.clone()),
            }),
            _ => None,
        });
        let links = read.keys().iter().take(MAX_LINKS);
        let links = links.filter_map(|link| Url::parse(link.as_str()).ok());
        let (pages, named) = join(
            join_all(links.map(|url| self.key_link(url))),
            self.named(mails.collect(), read.fingerprints().to_vec()),
        )
        .await;
        let mut certificates: Vec<Certificate> = Vec::new();
        if read.holds_key() {
            certificates.extend(read_certificates(&at, &answer.body).unwrap_or_default());
        }
        let (pages, linked): (Vec<Found>, Vec<Vec<Certificate>>) = pages.into_iter().unzip();
        certificates.extend(linked.into_iter().flatten());
        let mut keys: Vec<Fingerprint> = Vec::new();
        let held = certificates.iter().map(Certificate::fingerprint);
        for key in held
            .chain(read.fingerprints().iter().cloned())
            .take(MAX_KEYS)
        {
            push_new(&mut keys, key, MAX_KEYS);
        }
        let mut own = Found::ended(
            Kind::SecurityMd,
            &at,
            Outcome::Found(format!(
                "names {} contacts and {} keys",
                read.contacts().len(),
                keys.len()
            )),
        );
        certificates.truncate(MAX_KEYS);
        own.certificates = certificates;
        own.statement = (!keys.is_empty()).then_some(Statement {
            kind: Kind::SecurityMd,
            at,
            address: None,
            given: false,
            authority,
            standing: Standing::Vouches,
            keys,
        });
        [own].into_iter().chain(pages).chain(named).collect()
    }

    /// What a link of the file leads to.
    async fn key_link(&self, link: Url) -> (Found, Vec<Certificate>) {
        let at = link.to_string();
        let read = match self.raw(link).await {
            Ok(answer) => read_certificates(&at, &answer.body),
            Err(mut ended) => {
                ended.asked.kind = Kind::EncryptionLink;
                return (ended, Vec::new());
            }
        };
        match read {
            Ok(certificates) => {
                let (outcome, certificates) = listed(certificates);
                (
                    Found::ended(Kind::EncryptionLink, &at, outcome),
                    certificates,
                )
            }
            Err(error) => {
                let fault = unreadable(&error);
                (Found::fault(Kind::EncryptionLink, &at, fault), Vec::new())
            }
        }
    }

    async fn raw(&self, url: Url) -> Result<Answer, Found> {
        let get = Get {
            url,
            redirects: Redirects::SameOrigin,
            accept: "application/vnd.github.raw+json",
        };
        self.fetch(Kind::SecurityMd, get).await
    }

    fn contents(&self, owner: &str, name: &str, path: &str) -> Url {
        let mut segments = vec!["repos", owner, name, "contents"];
        segments.extend(path.split('/'));
        self.api(&segments)
    }

    fn api(&self, segments: &[&str]) -> Url {
        let mut url = self.servers.github_api.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

/// The repository (the same one where it is `None`), and the path in it.
const PLACES: [(Option<&str>, &str); 4] = [
    (None, ".github/SECURITY.md"),
    (None, "SECURITY.md"),
    (None, "docs/SECURITY.md"),
    (Some(".github"), "SECURITY.md"),
];
