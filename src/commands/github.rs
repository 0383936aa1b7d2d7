//! GitHub as a command uses it: whose token, what went wrong in plain words, which repository.

use std::process::{Command, Stdio};

use anyhow::anyhow;
use jiff::Timestamp;
use url::Url;
use zeroize::Zeroizing;

use super::{Context, online::Online};
use crate::{
    advisory::GhsaId,
    cli::NetworkOptions,
    client::github::{AdvisoryView, GitHub, GitHubError, GitHubToken, Limit},
    program::Repository,
    terminal::{Exit, Failure, Hint, Passphrases},
};

/// The API with the person's token.
pub(super) fn connect<'a>(
    online: &'a Online,
    options: &NetworkOptions,
    context: &Context<'_>,
) -> Result<GitHub<'a>, Failure> {
    let token = token(&options.github_api, context)?;
    Ok(GitHub::new(
        online.network(),
        options.github_api.clone(),
        Some(token),
    ))
}

/// A token from the environment, from `gh auth token`, or from the person at the terminal. A
/// passphrase file is never taken for one.
fn token(api: &Url, context: &Context<'_>) -> Result<GitHubToken, Failure> {
    let variable = variable(api);
    if let Ok(text) = std::env::var(variable).map(Zeroizing::new)
        && !text.trim().is_empty()
    {
        return GitHubToken::new(&text).map_err(|why| {
            Failure::new(
                Exit::Usage,
                anyhow::Error::new(why).context(format!("{variable} cannot be used")),
            )
        });
    }
    if let Some(token) = of_gh(api) {
        context.output.detail(1, "the token is that of gh");
        return Ok(token);
    }
    let asked = context.output.without_progress(|| {
        Passphrases::resolve(None)
            .and_then(|terminal| terminal.ask("token for GitHub (it stays unseen)"))
    });
    let none = |error: anyhow::Error| {
        Failure::new(Exit::Failed, error.context("GitHub wants to know who you are, and there is no token")).with_hint(Hint::words(
            format!("sign in with `gh auth login`, or put a token into {variable}: one that may write repository security advisories"),
        ))
    };
    let secret = asked.map_err(|why| none(why.of_another_secret()))?;
    GitHubToken::new(secret.expose()).map_err(|why| none(why.into()))
}

/// Where the token for this API stands, as in GitHub's own program: that for GitHub goes nowhere else.
fn variable(api: &Url) -> &'static str {
    let host = api.host_str().unwrap_or_default();
    if host == "api.github.com" || host.ends_with(".ghe.com") {
        "GITHUB_TOKEN"
    } else {
        "GH_ENTERPRISE_TOKEN"
    }
}

/// What GitHub's own program holds for this host, if it is here and signed in.
fn of_gh(api: &Url) -> Option<GitHubToken> {
    let host = api.host_str()?;
    let host = match host.strip_prefix("api.") {
        Some(rest) if rest == "github.com" || rest.ends_with(".ghe.com") => rest,
        _ => host,
    };
    let ran = Command::new("gh")
        .args(["auth", "token", "--hostname", host])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let said = Zeroizing::new(ran.stdout);
    let said = std::str::from_utf8(&said).ok()?;
    ran.status.success().then(|| GitHubToken::new(said).ok())?
}

/// A failure of GitHub's in plain words, with what to do.
pub(super) fn explain(error: GitHubError, what: &str, github: &GitHub<'_>) -> Failure {
    let hints = hints(&error, github.is_enterprise_server());
    let failure = Failure::from(anyhow::Error::new(error).context(what.to_owned()));
    hints.into_iter().fold(failure, |failure, hint| {
        failure.with_hint(Hint::words(hint))
    })
}

fn hints(error: &GitHubError, is_enterprise_server: bool) -> Vec<String> {
    let GitHubError::Refused(refusal) = error else {
        return Vec::new();
    };
    if let Some(limit) = refusal.limit {
        return vec![match limit {
            Limit::Seconds(seconds) => format!("ask again in {seconds} seconds"),
            Limit::Until(second) => match Timestamp::from_second(second) {
                Ok(time) => format!("ask again after {time}"),
                Err(_) => "ask again in an hour".to_owned(),
            },
            Limit::Unknown => "ask again in some minutes".to_owned(),
        }];
    }
    let words: &[&str] = match refusal.status {
        401 => &["make a new token, or sign in again with `gh auth login`"],
        403 => &[
            "a fine-grained token needs the permission \"Repository security advisories: read and write\"; a classic one \
             the scope `repo` or `repository_advisories:write`",
            "an organisation may have to approve the token (SSO), and only maintainers may change what others filed",
        ],
        404 if is_enterprise_server => &[
            SPELLING,
            "this is a GitHub Enterprise Server, which has neither private vulnerability reports nor repository \
             advisories: they are at github.com alone. Ask the maintainers for another way",
        ],
        404 => &[SPELLING],
        422 => &["what is named there has to change: in the report, or in advisory.toml"],
        500..=599 => &[
            "nothing is known of what became of it; see https://www.githubstatus.com/ and try again later",
        ],
        _ => &[],
    };
    words.iter().map(|words| (*words).to_owned()).collect()
}

/// `OWNER/REPO`, or what a person copies from the browser.
pub(super) fn repository(text: &str) -> Result<Repository, Failure> {
    let plain = text.trim().strip_prefix("github:").unwrap_or(text.trim());
    let path = plain.strip_prefix("https://github.com/").unwrap_or(plain);
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    path.parse().map_err(|_| {
        Failure::new(
            Exit::Usage,
            anyhow!("`{text}` is not a repository such as OWNER/REPO"),
        )
    })
}

/// The page that lists the repository's advisories: of the GitHub whose API it is, whatever that says.
pub(super) fn advisories(api: &Url, repository: &Repository) -> Result<Url, Failure> {
    let tenant = api.host_str().and_then(|host| host.strip_prefix("api."));
    let host = tenant.filter(|host| host.ends_with(".ghe.com"));
    let host = host.unwrap_or("github.com");
    let (owner, name) = (repository.owner(), repository.name());
    let page = format!("https://{host}/{owner}/{name}/security/advisories");
    Ok(Url::parse(&page)?)
}

/// The page of an advisory, below the one that lists them. The link in GitHub's answer is not believed.
pub(super) fn page(view: &AdvisoryView, advisories: &Url) -> Result<Url, Failure> {
    let id: GhsaId = view
        .ghsa_id
        .parse()
        .map_err(|_| anyhow!("GitHub gives an id that is none: `{}`", view.ghsa_id))?;
    Ok(Url::parse(&format!("{advisories}/{}", id.as_str()))?)
}

const SPELLING: &str = "check the spelling; what the token may not see looks the same";
