//! Vendor tokens: who may look, and who may change what. Only digests are kept.
//!
//! Serves promise 44: hashed, scoped, revoked at once, as every request looks here.

use std::{fmt, str::FromStr};

use jiff::Timestamp;

use super::{
    Store, StoreError,
    database::{Row, Tx, transaction, values},
};
use crate::wire::TokenHash;

/// What a vendor token allows; each role allows what those before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// To list and fetch reports and messages.
    Read,
    /// Also to add events and send messages.
    Triage,
    /// Also to delete.
    Admin,
}

/// The name under which a token is listed and revoked: 1 to 64 letters, digits, `.`, `_`, `-`, `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

/// A text that is not a name of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token's name is 1 to 64 letters, digits, ., _, - and @")]
pub struct NotATokenName;

/// A token that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorToken {
    /// Its name.
    pub name: String,
    /// What it allows.
    pub role: Role,
}

/// A token in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its name and role.
    pub token: VendorToken,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

impl Store {
    /// Adds a token, known by its digest.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`], or the database failed.
    pub async fn add_token(
        &self,
        name: &TokenName,
        role: Role,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        transaction!(self.database(), tx, add_in(&mut tx, name, role, hash, now))
    }

    /// All tokens, oldest first, with those that were revoked and not yet swept.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let sql = "SELECT name, role, created, revoked FROM tokens ORDER BY created, name";
        let rows = self.database().rows(sql, values![]).await?;
        let read_row = |row: &Row| {
            Ok(TokenRow {
                token: read(row)?,
                created: row.time(2)?,
                revoked: row.time_or_none(3)?,
            })
        };
        rows.iter().map(read_row).collect()
    }

    /// Revokes a token: the next request with it is refused.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the database failed.
    pub async fn revoke_token(&self, name: &TokenName, now: Timestamp) -> Result<(), StoreError> {
        transaction!(self.database(), tx, revoke_in(&mut tx, name, now))
    }

    /// The token with this digest, if it is in use.
    ///
    /// # Errors
    /// The database failed.
    pub async fn vendor(&self, hash: &TokenHash) -> Result<Option<VendorToken>, StoreError> {
        let sql = "SELECT name, role, hash FROM tokens WHERE hash = $1 AND revoked IS NULL";
        let row = self.database().row(sql, values![hash.as_bytes()]).await?;
        let Some(row) = row else { return Ok(None) };
        let same = TokenHash::from_bytes(row.digest(2)?) == *hash;
        same.then(|| read(&row)).transpose()
    }
}

async fn add_in(
    tx: &mut Tx,
    name: &TokenName,
    role: Role,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    let name = name.as_str();
    let sql = "SELECT name FROM tokens WHERE name = $1 AND revoked IS NULL";
    if tx.row(sql, values![name]).await?.is_some() {
        return Err(StoreError::NameTaken(name.to_owned()));
    }
    let sql = "INSERT INTO tokens (hash, name, role, created) VALUES ($1, $2, $3, $4)";
    let values = values![hash.as_bytes(), name, role.as_str(), now];
    tx.change(sql, values).await?;
    Ok(())
}

async fn revoke_in(tx: &mut Tx, name: &TokenName, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE tokens SET revoked = $2 WHERE name = $1 AND revoked IS NULL";
    match tx.change(sql, values![name.as_str(), now]).await? {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

fn read(row: &Row) -> Result<VendorToken, StoreError> {
    let role: String = row.at(1)?;
    let role = Role::from_word(&role);
    Ok(VendorToken {
        name: row.at(0)?,
        role: role.ok_or(StoreError::Inconsistent("a role that is none in a row"))?,
    })
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Triage, Self::Admin];

    /// The word on the command line and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Admin => "admin",
        }
    }

    /// The role that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl TokenName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenName {
    type Err = NotATokenName;

    fn from_str(text: &str) -> Result<Self, NotATokenName> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte));
        fits.then(|| Self(text.to_owned())).ok_or(NotATokenName)
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_names() {
        assert!(Role::Read < Role::Triage && Role::Triage < Role::Admin);
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
        }
        assert!("inbox-1@ci".parse::<TokenName>().is_ok());
        for bad in ["", "a b", "a\n", &"a".repeat(65), "\u{e9}"] {
            assert_eq!(bad.parse::<TokenName>(), Err(NotATokenName));
        }
    }
}
