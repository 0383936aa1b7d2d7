//! `sealpost token`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::StoreOptions;
use crate::intake::store::{Role, TokenName};

/// Make, list and revoke the tokens with which the vendor's people reach the intake
///
/// A token is shown once, when it is made; the intake keeps a digest of it. Works on the store
/// itself, beside a running intake or without one.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        (umask 077; sealpost token add alice --role triage > alice.token)\n  \
        sealpost token list\n  \
        sealpost token revoke alice"
)]
pub struct Token {
    /// What to do.
    #[command(subcommand)]
    pub verb: TokenVerb,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would replace the long help of the arguments"
)]
pub enum TokenVerb {
    Add(TokenAdd),
    List(TokenList),
    Revoke(TokenRevoke),
}

/// Make a token, and print it alone on stdout, this once
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  (umask 077; sealpost token add alice --role triage > alice.token)"
)]
pub struct TokenAdd {
    /// The name under which it is listed and revoked
    #[arg(value_name = "NAME")]
    pub name: TokenName,

    /// read: list and fetch. triage: also tell what happened, and write. admin: also delete
    #[arg(long, value_name = "ROLE", value_parser = role())]
    pub role: Role,

    /// Where the intake is.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Show all tokens by their names
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sealpost token list --json")]
pub struct TokenList {
    /// Where the intake is.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Revoke a token: the next request with it is refused
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sealpost token revoke alice")]
pub struct TokenRevoke {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: TokenName,

    /// Where the intake is.
    #[command(flatten)]
    pub store: StoreOptions,
}

fn role() -> impl TypedValueParser<Value = Role> {
    let words = PossibleValuesParser::new(Role::ALL.map(Role::as_str));
    words.try_map(|word| Role::from_word(&word).ok_or("no such role"))
}
