//! The calls themselves.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use super::{
    error::{GitHubError, Refusal},
    mark::Mark,
    token::GitHubToken,
    view::{AdvisoryView, Fork, Update},
};
use crate::{
    advisory::{GhsaId, NewAdvisory, PrivateReport},
    network::{Body, Method, Network, Request, Streamed},
    program::Repository,
};

/// GitHub, or an Enterprise Server, as one token sees it.
pub struct GitHub<'a> {
    network: &'a Network,
    api: Url,
    token: Option<GitHubToken>,
}

#[derive(Deserialize)]
struct PrivateReporting {
    enabled: bool,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl<'a> GitHub<'a> {
    /// The API at `api`, such as `https://api.github.com`. Nothing is sent yet.
    #[must_use]
    pub fn new(network: &'a Network, api: Url, token: Option<GitHubToken>) -> Self {
        Self {
            network,
            api,
            token,
        }
    }

    /// Whether this is not GitHub's own API: an Enterprise Server may lack advisories.
    #[must_use]
    pub fn is_enterprise_server(&self) -> bool {
        let host = self.api.host_str().unwrap_or_default();
        host != "api.github.com" && !host.ends_with(".ghe.com")
    }

    /// Whether the repository takes private vulnerability reports.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn takes_private_reports(
        &self,
        repository: &Repository,
    ) -> Result<bool, GitHubError> {
        let url = self.repository(repository, &["private-vulnerability-reporting"]);
        let answer = self.exchange(Method::Get, url, None).await?;
        Ok(read::<PrivateReporting>(answer).await?.enabled)
    }

    /// Who the token belongs to.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn login(&self) -> Result<String, GitHubError> {
        let answer = self.exchange(Method::Get, self.at(&["user"]), None).await?;
        Ok(read::<User>(answer).await?.login)
    }

    /// Files a private vulnerability report, without a look at what is there already: [`GitHub::file`]
    /// looks.
    pub(super) async fn post_report(
        &self,
        repository: &Repository,
        report: &PrivateReport,
    ) -> Result<AdvisoryView, GitHubError> {
        let url = self.repository(repository, &[ADVISORIES, "reports"]);
        read(self.exchange(Method::Post, url, Some(json(report))).await?).await
    }

    /// Opens a draft advisory, without a look at what is there already: [`GitHub::open`] looks.
    pub(super) async fn post_advisory(
        &self,
        repository: &Repository,
        advisory: &NewAdvisory,
    ) -> Result<AdvisoryView, GitHubError> {
        let url = self.repository(repository, &[ADVISORIES]);
        read(
            self.exchange(Method::Post, url, Some(json(advisory)))
                .await?,
        )
        .await
    }

    /// One advisory.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn advisory(
        &self,
        repository: &Repository,
        id: &GhsaId,
    ) -> Result<AdvisoryView, GitHubError> {
        let url = self.repository(repository, &[ADVISORIES, id.as_str()]);
        read(self.exchange(Method::Get, url, None).await?).await
    }

    /// The newest advisory that the token may see whose description has the mark. The newest few
    /// hundred are looked at.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn marked(
        &self,
        repository: &Repository,
        mark: &Mark,
    ) -> Result<Option<AdvisoryView>, GitHubError> {
        let mut next = Some(self.repository(repository, &[ADVISORIES]));
        if let Some(url) = &mut next {
            url.query_pairs_mut().extend_pairs([
                ("per_page", "100"),
                ("sort", "created"),
                ("direction", "desc"),
            ]);
        }
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { break };
            let answer = self.exchange(Method::Get, url.clone(), None).await?;
            next = answer
                .header("link")
                .and_then(|links| following(links, &url));
            let found: Vec<AdvisoryView> = read(answer).await?;
            let is_marked = |one: &AdvisoryView| {
                one.description
                    .as_ref()
                    .is_some_and(|text| mark.is_in(text))
            };
            if let Some(marked) = found.into_iter().find(is_marked) {
                return Ok(Some(marked));
            }
        }
        Ok(None)
    }

    /// Changes an advisory.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn update(
        &self,
        repository: &Repository,
        id: &GhsaId,
        update: &Update,
    ) -> Result<AdvisoryView, GitHubError> {
        let url = self.repository(repository, &[ADVISORIES, id.as_str()]);
        read(
            self.exchange(Method::Patch, url, Some(json(update)))
                .await?,
        )
        .await
    }

    /// Asks GitHub for a CVE id, which its people decide on later.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn request_cve(
        &self,
        repository: &Repository,
        id: &GhsaId,
    ) -> Result<(), GitHubError> {
        let url = self.repository(repository, &[ADVISORIES, id.as_str(), "cve"]);
        self.exchange(Method::Post, url, None).await.map(drop)
    }

    /// Makes the temporary private fork, which takes GitHub some minutes.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub async fn fork(&self, repository: &Repository, id: &GhsaId) -> Result<Fork, GitHubError> {
        let url = self.repository(repository, &[ADVISORIES, id.as_str(), "forks"]);
        read(self.exchange(Method::Post, url, None).await?).await
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<Streamed, GitHubError> {
        let mut request = Request::new(method, url)
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION);
        if let Some(token) = &self.token {
            request = request.bearer(token.expose());
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(Body::Whole(body));
        }
        let answer = self.network.send(request).await?;
        if (200..300).contains(&answer.status()) {
            return Ok(answer);
        }
        Err(Refusal::read(answer).await.into())
    }

    fn repository(&self, repository: &Repository, segments: &[&str]) -> Url {
        let repository = ["repos", repository.owner(), repository.name()];
        self.at(&[&repository, segments].concat())
    }

    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.api.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

async fn read<T: DeserializeOwned>(answer: Streamed) -> Result<T, GitHubError> {
    let body = answer.whole(LARGEST_ANSWER).await?;
    serde_json::from_slice(&body).map_err(GitHubError::Document)
}

/// Strings, numbers and lists alone: this cannot fail.
fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// The next page of a list (RFC 8288), if it is of the same list: the token goes nowhere else.
fn following(links: &str, current: &Url) -> Option<Url> {
    let mut links = links.split(',').filter_map(|link| link.split_once('>'));
    let (target, _) = links.find(|(_, parameters)| parameters.contains("rel=\"next\""))?;
    let next = current.join(target.trim().strip_prefix('<')?).ok()?;
    (next.origin() == current.origin() && next.path() == current.path()).then_some(next)
}

const ADVISORIES: &str = "security-advisories";
const API_VERSION: &str = "2022-11-28";

/// A page of a hundred advisories, each with texts of up to 64 Ki characters.
const LARGEST_ANSWER: usize = 64 << 20;

const MOST_PAGES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_of_the_same_list() {
        let current =
            Url::parse("https://api.example.org/repos/a/b/security-advisories?per_page=100")
                .unwrap();
        let next = |links: &str| following(links, &current).map(|url| url.to_string());
        let good = "<https://api.example.org/repos/a/b/security-advisories?after=x>; rel=\"next\"";
        assert_eq!(
            next(&format!(
                "<https://api.example.org/?x>; rel=\"prev\", {good}"
            ))
            .as_deref(),
            Some("https://api.example.org/repos/a/b/security-advisories?after=x")
        );
        for links in [
            "",
            "<https://evil.example/repos/a/b/security-advisories>; rel=\"next\"",
            "<https://api.example.org/user>; rel=\"next\"",
            "<https://api.example.org/repos/a/b/security-advisories>; rel=\"last\"",
            "nonsense; rel=\"next\"",
        ] {
            assert_eq!(next(links), None, "{links}");
        }
    }
}
