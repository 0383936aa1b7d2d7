//! `sealpost token`: who may look into the intake.

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Context, store};
use crate::{
    cli::{self, TokenAdd, TokenList, TokenRevoke, TokenVerb},
    intake::store::{Absent, StoreError, TokenName, TokenRow},
    terminal::{Exit, Failure, Hint, OrFail},
    wire::Token,
};

/// Makes, lists or revokes.
pub(super) fn run(args: &cli::Token, context: &Context<'_>) -> Result<Exit, Failure> {
    match &args.verb {
        TokenVerb::Add(args) => add(args, context),
        TokenVerb::List(args) => list(args, context),
        TokenVerb::Revoke(args) => revoke(args, context),
    }
}

/// What `token add --json` prints: this once.
#[derive(Serialize)]
struct Added<'a> {
    name: &'a str,
    role: &'a str,
    token: &'a str,
}

/// What `token list --json` prints, and `token revoke --json` of the one.
#[derive(Serialize)]
struct Tokens<'a> {
    tokens: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    role: &'a str,
    created: jiff::Timestamp,
    revoked: Option<jiff::Timestamp>,
}

impl<'a> From<&'a TokenRow> for Listed<'a> {
    fn from(row: &'a TokenRow) -> Self {
        Self {
            name: &row.token.name,
            role: row.token.role.as_str(),
            created: row.created,
            revoked: row.revoked,
        }
    }
}

fn add(args: &TokenAdd, context: &Context<'_>) -> Result<Exit, Failure> {
    let mut entropy = Zeroizing::new([0; 32]);
    getrandom::fill(entropy.as_mut()).context("no randomness for a token")?;
    let token = Token::from_bytes(&entropy);
    let now = context.time()?;
    let opened = store::open(&args.store, Absent::Create, context)?;
    let added = opened.wait(|store| async move {
        let hash = token.hash();
        let added = store.add_token(&args.name, args.role, &hash, now).await;
        added.map(|()| token)
    });
    let token = match added {
        Err(why @ StoreError::NameTaken(_)) => {
            let revoke = ["sealpost", "token", "revoke", args.name.as_str()];
            let hint = Hint::command("take another name, or first revoke that one", revoke);
            return Err(Failure::from(why).with_hint(hint));
        }
        added => added?,
    };
    if context.output.is_json() {
        context.output.json(&Added {
            name: args.name.as_str(),
            role: args.role.as_str(),
            token: token.expose(),
        })?;
    } else {
        context.output.print(token.expose())?;
        let said = format!(
            "{} may {}; this token is not shown again",
            args.name,
            may(args)
        );
        context.output.say(said);
    }
    Ok(Exit::Done)
}

fn may(args: &TokenAdd) -> &'static str {
    use crate::intake::store::Role;
    match args.role {
        Role::Read => "list and fetch",
        Role::Triage => "list, fetch, tell what happened, and write",
        Role::Admin => "list, fetch, tell what happened, write, and delete",
    }
}

fn list(args: &TokenList, context: &Context<'_>) -> Result<Exit, Failure> {
    let opened = store::open(&args.store, Absent::Refuse, context)?;
    let tokens = opened.wait(|store| async move { store.tokens().await })?;
    context.output.json(&Tokens {
        tokens: tokens.iter().map(Listed::from).collect(),
    })?;
    for row in &tokens {
        let since = row.created.strftime("%Y-%m-%d");
        let revoked = row
            .revoked
            .map(|at| at.strftime("  revoked %Y-%m-%d").to_string());
        context.output.print(format!(
            "{:6}  {}  since {since}{}",
            row.token.role.as_str(),
            row.token.name,
            revoked.unwrap_or_default(),
        ))?;
    }
    if tokens.is_empty() {
        context.output.say("there is no token yet");
    }
    Ok(Exit::Done)
}

fn revoke(args: &TokenRevoke, context: &Context<'_>) -> Result<Exit, Failure> {
    let now = context.time()?;
    let opened = store::open(&args.store, Absent::Refuse, context)?;
    let name: &TokenName = &args.name;
    let revoked = opened.wait(|store| async move {
        store.revoke_token(name, now).await?;
        store.tokens().await
    });
    let tokens = match revoked {
        Err(StoreError::NotFound) => {
            let list = ["sealpost", "token", "list"];
            return Err(anyhow!("no token named {name} is in use"))
                .hint(Hint::command("to see which there are", list));
        }
        revoked => revoked?,
    };
    let one = tokens.iter().rfind(|row| row.token.name == name.as_str());
    context.output.json(&Tokens {
        tokens: one.into_iter().map(Listed::from).collect(),
    })?;
    context.output.say(format!(
        "the next request with the token of {name} is refused"
    ));
    Ok(Exit::Done)
}
