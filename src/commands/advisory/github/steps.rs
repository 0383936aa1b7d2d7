//! The steps between draft and publication.

use anyhow::anyhow;

use super::{Desk, outcome::Outcome, record::Record, refuse_unless_open};
use crate::{
    advisory::Role,
    cli::{GitHubCredit, GitHubInvite, GitHubPlain},
    client::github::{Thanked, Update},
    commands::{Context, advisory::case::Case, github::explain, online::Online},
    terminal::{Exit, Failure, Hint},
};

/// Invites people, beside those that are there.
pub(super) fn invite(args: &GitHubInvite, context: &Context<'_>) -> Result<Exit, Failure> {
    let record = Record::existing(&args.case)?;
    let online = Online::new(&args.network, [], context)?;
    let desk = Desk::of(&record, &online, &args.network, context)?;
    let view = desk.now()?;
    refuse_unless_open(&view)?;
    let mut all: Vec<String> = view.collaborators().map(str::to_owned).collect();
    let before = all.len();
    for login in &args.logins {
        let login = account(login)?;
        if !all.iter().any(|known| known.eq_ignore_ascii_case(&login)) {
            all.push(login);
        }
    }
    if all.len() == before {
        return Outcome::of(&view, &record, "unchanged").tell(context);
    }
    let update = Update {
        collaborating_users: Some(all),
        ..Update::default()
    };
    let view = desk.change(&update, "nobody was invited")?;
    Outcome::of(&view, &record, "invited").tell(context)
}

/// Makes the temporary private fork.
pub(super) fn fork(args: &GitHubPlain, context: &Context<'_>) -> Result<Exit, Failure> {
    let record = Record::existing(&args.case)?;
    let online = Online::new(&args.network, [], context)?;
    let desk = Desk::of(&record, &online, &args.network, context)?;
    let view = desk.now()?;
    if view.private_fork().is_some() {
        return Outcome::of(&view, &record, "unchanged").tell(context);
    }
    refuse_unless_open(&view)?;
    let made = online.wait(desk.github.fork(&desk.repository, &desk.id));
    let fork = match made {
        Ok(fork) => fork,
        // A fault of GitHub's may stand for a fork that was made.
        Err(error) if error.leaves_it_open() => match desk.now()?.private_fork() {
            Some(fork) => fork.clone(),
            None => return Err(explain(error, "there is no fork", &desk.github)),
        },
        Err(error) => return Err(explain(error, "there is no fork", &desk.github)),
    };
    context
        .output
        .say("GitHub takes some minutes to fill it, and runs no actions (CI) there");
    Outcome::of(&view, &record, "forked")
        .with_fork(&fork)
        .tell(context)
}

/// Thanks people, beside those that are thanked: the named ones, else those of `advisory.toml`.
pub(super) fn credit(args: &GitHubCredit, context: &Context<'_>) -> Result<Exit, Failure> {
    let record = Record::existing(&args.case)?;
    let wanted = wanted(args)?;
    let online = Online::new(&args.network, [], context)?;
    let desk = Desk::of(&record, &online, &args.network, context)?;
    let view = desk.now()?;
    let mut all: Vec<Thanked> = view
        .credits()
        .map(|(login, role)| Thanked {
            login: login.to_owned(),
            role: role.to_owned(),
        })
        .collect();
    let before = all.clone();
    for one in wanted {
        // GitHub knows one credit for an account.
        match all
            .iter_mut()
            .find(|known| known.login.eq_ignore_ascii_case(&one.login))
        {
            Some(known) => known.role = one.role,
            None => all.push(one),
        }
    }
    if all == before {
        return Outcome::of(&view, &record, "unchanged").tell(context);
    }
    let update = Update {
        credits: Some(all),
        ..Update::default()
    };
    let view = desk.change(&update, "nobody was thanked")?;
    Outcome::of(&view, &record, "credited").tell(context)
}

fn wanted(args: &GitHubCredit) -> Result<Vec<Thanked>, Failure> {
    if args.logins.is_empty() {
        let advisory = Case::open(&args.case)?.advisory_as_written()?;
        let thanked: Vec<Thanked> = advisory.accounts().iter().map(Thanked::from).collect();
        if thanked.is_empty() {
            let error = anyhow!("nobody to thank: advisory.toml has no [[credit]] with a `login`");
            return Err(
                Failure::from(error).with_hint(Hint::words("name accounts: LOGIN or LOGIN:TYPE"))
            );
        }
        return Ok(thanked);
    }
    let read = |typed: &String| {
        let (login, role) = typed.split_once(':').unwrap_or((typed, "reporter"));
        let role: Role = role
            .parse()
            .map_err(|why| Failure::new(Exit::Usage, anyhow!("`{role}` {why}")))?;
        Ok(Thanked {
            login: account(login)?,
            role: role.as_str().to_owned(),
        })
    };
    args.logins.iter().map(read).collect()
}

/// Asks GitHub for a CVE id.
pub(super) fn request_cve(args: &GitHubPlain, context: &Context<'_>) -> Result<Exit, Failure> {
    let record = Record::existing(&args.case)?;
    let online = Online::new(&args.network, [], context)?;
    let desk = Desk::of(&record, &online, &args.network, context)?;
    let view = desk.now()?;
    if view.cve_id.is_some() {
        return Outcome::of(&view, &record, "unchanged").tell(context);
    }
    let asked = online.wait(desk.github.request_cve(&desk.repository, &desk.id));
    asked.map_err(|error| explain(error, "no CVE id was asked for", &desk.github))?;
    context
        .output
        .say("people at GitHub decide on it; the id shows on the advisory's page in some days");
    Outcome::of(&view, &record, "requested").tell(context)
}

/// The name of an account, with or without `@`.
fn account(typed: &str) -> Result<String, Failure> {
    let login = typed.strip_prefix('@').unwrap_or(typed);
    let plain = login
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if plain && (1..=100).contains(&login.len()) && !login.starts_with('-') {
        return Ok(login.to_owned());
    }
    Err(Failure::new(
        Exit::Usage,
        anyhow!("`{typed}` is not the name of an account at GitHub"),
    ))
}
