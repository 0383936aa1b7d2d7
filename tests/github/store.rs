//! What the stand-in keeps, and its rules: who may see, make and change an advisory, and in which
//! state.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::standin::No;

/// Everything.
pub(crate) struct Hub {
    pub(crate) base: String,
    /// Token → account.
    pub(crate) tokens: BTreeMap<String, String>,
    pub(crate) repositories: Vec<Repository>,
    /// The schemas of the bodies, where the corpus is there.
    pub(crate) schemas: BTreeMap<&'static str, Validator>,
    /// How many more lists do not show the newest advisory yet.
    pub(crate) late_for: usize,
    /// Where GitHub says that its pages are.
    pub(crate) pages: String,
    /// The id that every answer about one advisory gives instead of its own.
    pub(crate) confused: Option<String>,
    /// The most that a page of a list holds.
    pub(crate) longest_page: usize,
    next: u32,
}

pub(crate) struct Repository {
    owner: String,
    name: String,
    pub(crate) private_reporting: bool,
    pub(crate) admins: BTreeSet<String>,
    pub(crate) advisories: Vec<Advisory>,
}

pub(crate) struct Advisory {
    /// In the form of `repository-advisory`.
    pub(crate) view: Value,
    pub(crate) cve_requested: bool,
}

impl Hub {
    /// One repository, with private reporting on, and an administrator.
    pub(crate) fn new(owner: &str, name: &str, admin: (&str, &str)) -> Self {
        let repository = Repository {
            owner: owner.to_owned(),
            name: name.to_owned(),
            private_reporting: true,
            admins: BTreeSet::from([admin.0.to_owned()]),
            advisories: Vec::new(),
        };
        Self {
            base: String::new(),
            tokens: BTreeMap::from([(admin.1.to_owned(), admin.0.to_owned())]),
            repositories: vec![repository],
            schemas: super::schemas(),
            late_for: 0,
            pages: "https://github.com".to_owned(),
            confused: None,
            longest_page: 100,
            next: 0,
        }
    }

    pub(crate) fn with_user(mut self, login: &str, token: &str) -> Self {
        self.tokens.insert(token.to_owned(), login.to_owned());
        self
    }

    pub(crate) fn repository(&mut self, owner: &str, name: &str) -> Result<&mut Repository, No> {
        let same = |one: &&mut Repository| {
            one.owner.eq_ignore_ascii_case(owner) && one.name.eq_ignore_ascii_case(name)
        };
        self.repositories
            .iter_mut()
            .find(same)
            .ok_or_else(No::MISSING)
    }

    /// The body, if its schema takes it and it does not contradict itself.
    pub(crate) fn parse(&self, body: &[u8], schema: &str) -> Result<Value, No> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| No::invalid("body", "Problems parsing JSON"))?;
        if let Some(validator) = self.schemas.get(schema)
            && let Some(error) = validator.iter_errors(&body).next()
        {
            return Err(No::invalid(
                &error.instance_path().to_string(),
                &error.to_string(),
            ));
        }
        if body.get("severity").is_some() && body.get("cvss_vector_string").is_some() {
            return Err(No::invalid(
                "severity",
                "You must choose between severity and cvss_vector_string",
            ));
        }
        for (field, most) in [("summary", 1024), ("description", 65535)] {
            let length = body
                .get(field)
                .and_then(Value::as_str)
                .map_or(0, |text| text.chars().count());
            if length > most {
                return Err(No::invalid(field, "is too long"));
            }
        }
        Ok(body)
    }

    pub(crate) fn add(
        &mut self,
        (owner, name): (&str, &str),
        author: &str,
        body: &Value,
        state: &str,
    ) -> Result<Value, No> {
        self.next += 1;
        let letters: Vec<char> = "23456789cfghjmpqrvwx".chars().collect();
        let digit = |place: u32| letters[(self.next / 20u32.pow(place)) as usize % 20];
        let id = format!("GHSA-2222-2222-22{}{}", digit(1), digit(0));
        let person = self.user(author);
        let mut view = json!({
            "ghsa_id": id, "cve_id": body.get("cve_id"), "url": format!("{}/repos/{owner}/{name}/security-advisories/{id}", self.base),
            "html_url": format!("{}/{owner}/{name}/security/advisories/{id}", self.pages),
            "summary": body["summary"], "description": body["description"], "severity": body.get("severity"),
            "author": person, "publisher": null,
            "identifiers": [{ "type": "GHSA", "value": id }], "state": state,
            "created_at": NOW, "updated_at": NOW,
            "published_at": null, "closed_at": null, "withdrawn_at": null,
            "submission": if state == "triage" { json!({ "accepted": false }) } else { Value::Null },
            "vulnerabilities": vulnerabilities(body),
            "cvss": { "vector_string": body.get("cvss_vector_string"), "score": null },
            "cwes": [], "cwe_ids": body.get("cwe_ids").cloned().unwrap_or_else(|| json!([])),
            "credits": body.get("credits").cloned().unwrap_or_else(|| json!([])), "credits_detailed": [],
            "collaborating_users": [], "collaborating_teams": [], "private_fork": null,
        });
        if state == "triage" {
            view["collaborating_users"] = json!([person]);
        }
        if body.get("start_private_fork") == Some(&Value::Bool(true)) {
            view["private_fork"] = fork_of(&self.user(owner), name, &id);
        }
        let made = Advisory {
            view: view.clone(),
            cve_requested: false,
        };
        self.repository(owner, name)?.advisories.push(made);
        Ok(view)
    }

    pub(crate) fn change(
        &mut self,
        place: (&str, &str, &str),
        login: &str,
        body: &Value,
    ) -> Result<Value, No> {
        let users = body
            .get("collaborating_users")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let accounts: BTreeSet<String> = self.tokens.values().cloned().collect();
        for user in &users {
            if !accounts.contains(user.as_str().unwrap_or_default()) {
                return Err(No::invalid("collaborating_users", "could not be found"));
            }
        }
        let users: Vec<Value> = users
            .iter()
            .map(|user| self.user(user.as_str().unwrap_or_default()))
            .collect();
        let repository = self.repository(place.0, place.1)?;
        let is_admin = repository.admins.contains(login);
        let advisory = repository.visible_mut(place.2, login)?;
        if let Some(state) = body.get("state").and_then(Value::as_str) {
            if !is_admin {
                return Err(No::forbidden(
                    "Only maintainers may change the state of an advisory.",
                ));
            }
            advisory.go_to(state)?;
        }
        for (name, value) in body.as_object().into_iter().flatten() {
            match name.as_str() {
                "state" => {}
                "collaborating_users" if !is_admin => {
                    return Err(No::forbidden("Only maintainers may invite collaborators."));
                }
                "collaborating_users" => advisory.view["collaborating_users"] = json!(users),
                "vulnerabilities" => advisory.view["vulnerabilities"] = vulnerabilities(body),
                name => advisory.view[name] = value.clone(),
            }
        }
        Ok(advisory.view.clone())
    }

    pub(crate) fn request_cve(&mut self, place: (&str, &str, &str), login: &str) -> Result<(), No> {
        let repository = self.repository(place.0, place.1)?;
        let is_admin = repository.admins.contains(login);
        let advisory = repository.visible_mut(place.2, login)?;
        if !is_admin {
            return Err(No::forbidden("Only maintainers may request a CVE."));
        }
        if advisory.cve_requested || !advisory.view["cve_id"].is_null() {
            return Err(No::invalid("cve_id", "A CVE was requested already."));
        }
        advisory.cve_requested = true;
        Ok(())
    }

    pub(crate) fn fork(&mut self, place: (&str, &str, &str), login: &str) -> Result<Value, No> {
        let owner = self.user(place.0);
        let advisory = self
            .repository(place.0, place.1)?
            .visible_mut(place.2, login)?;
        if !advisory.view["private_fork"].is_null() {
            return Err(No::invalid("fork", "A private fork exists already."));
        }
        if advisory.view["state"] == "published" {
            return Err(No::invalid("state", "The advisory is published."));
        }
        let fork = fork_of(&owner, place.1, place.2);
        advisory.view["private_fork"] = fork.clone();
        Ok(fork)
    }

    /// In the form of `simple-user`.
    pub(crate) fn user(&self, login: &str) -> Value {
        let mut user = json!({ "login": login, "id": 1, "node_id": "x", "avatar_url": "https://example.org/a",
            "gravatar_id": null, "url": format!("{}/users/{login}", self.base),
            "html_url": format!("https://github.com/{login}"), "type": "User", "site_admin": false });
        for name in [
            "followers",
            "following",
            "gists",
            "starred",
            "subscriptions",
            "organizations",
            "repos",
            "events",
            "received_events",
        ] {
            user[format!("{name}_url")] = json!(format!("{}/users/{login}/{name}", self.base));
        }
        user
    }

    /// In the form of `public-user`.
    pub(crate) fn account(&self, login: &str) -> Value {
        let mut account = self.user(login);
        for name in [
            "bio", "blog", "company", "email", "hireable", "location", "name",
        ] {
            account[name] = Value::Null;
        }
        for name in ["followers", "following", "public_gists", "public_repos"] {
            account[name] = json!(0);
        }
        account["created_at"] = json!(NOW);
        account["updated_at"] = json!(NOW);
        account["user_view_type"] = json!("public");
        account
    }
}

impl Repository {
    /// Everybody sees what is published; the rest is for maintainers and collaborators.
    pub(crate) fn shows(&self, advisory: &Advisory, caller: Option<&str>) -> bool {
        let Some(caller) = caller else {
            return advisory.view["state"] == "published";
        };
        let mut users = advisory.view["collaborating_users"]
            .as_array()
            .into_iter()
            .flatten();
        advisory.view["state"] == "published"
            || self.admins.contains(caller)
            || users.any(|user| user["login"] == caller)
    }

    pub(crate) fn visible(&self, id: &str, caller: Option<&str>) -> Result<&Advisory, No> {
        let found = self.advisories.iter().find(|one| one.view["ghsa_id"] == id);
        found
            .filter(|one| self.shows(one, caller))
            .ok_or_else(No::MISSING)
    }

    fn visible_mut(&mut self, id: &str, caller: &str) -> Result<&mut Advisory, No> {
        self.visible(id, Some(caller))?;
        self.advisories
            .iter_mut()
            .find(|one| one.view["ghsa_id"] == id)
            .ok_or_else(No::MISSING)
    }
}

impl Advisory {
    fn go_to(&mut self, state: &str) -> Result<(), No> {
        let now = self.view["state"].as_str().unwrap_or_default().to_owned();
        let allowed = matches!(
            (now.as_str(), state),
            ("triage", "draft" | "closed")
                | ("draft", "published" | "closed" | "draft")
                | ("closed", "draft")
        );
        if !allowed {
            return Err(No::invalid("state", "cannot be changed like that"));
        }
        self.view["state"] = json!(state);
        if now == "triage" && state == "draft" {
            self.view["submission"] = json!({ "accepted": true });
        }
        if state == "published" {
            self.view["published_at"] = json!("2026-12-23T10:00:00Z");
        }
        Ok(())
    }
}

/// With every member that answers have.
fn vulnerabilities(body: &Value) -> Value {
    let all = body
        .get("vulnerabilities")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let complete = all.into_iter().map(|mut one| {
        for (name, value) in [
            ("vulnerable_version_range", Value::Null),
            ("patched_versions", Value::Null),
            ("vulnerable_functions", Value::Null),
        ] {
            if one.get(name).is_none() {
                one[name] = value;
            }
        }
        if one["package"].get("name").is_none() {
            one["package"]["name"] = Value::Null;
        }
        one
    });
    complete.collect()
}

/// In the form of `full-repository`, which has the members of `simple-repository`.
fn fork_of(owner: &Value, name: &str, id: &str) -> Value {
    let name = format!("{name}-{}", id.to_lowercase());
    let full = format!("{}/{name}", owner["login"].as_str().unwrap_or_default());
    let url = format!("https://api.github.com/repos/{full}");
    let page = format!("https://github.com/{full}");
    let mut fork = json!({
        "id": 2, "node_id": "y", "name": name, "full_name": full, "owner": owner, "private": true, "fork": true,
        "url": url, "html_url": page, "description": null, "homepage": null, "language": null, "mirror_url": null,
        "license": null, "default_branch": "main", "archived": false, "disabled": false,
        "created_at": NOW, "updated_at": NOW, "pushed_at": NOW,
    });
    for name in LINKS.split_whitespace() {
        fork[format!("{name}_url")] = json!(format!("{url}/{name}"));
    }
    for name in COUNTS.split_whitespace() {
        fork[name] = json!(0);
    }
    for name in ["issues", "projects", "wiki", "pages", "discussions"] {
        fork[format!("has_{name}")] = json!(false);
    }
    fork
}

const NOW: &str = "2026-11-22T10:00:00Z";

const LINKS: &str = "archive assignees blobs branches clone collaborators comments commits compare contents \
    contributors deployments downloads events forks git git_commits git_refs git_tags hooks issue_comment issue_events \
    issues keys labels languages merges milestones notifications pulls releases ssh stargazers statuses subscribers \
    subscription svn tags teams trees";

const COUNTS: &str = "forks forks_count network_count open_issues open_issues_count size stargazers_count \
    subscribers_count watchers watchers_count";
