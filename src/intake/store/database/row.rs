//! What goes into a statement and comes out of it, the same for both databases.

use std::str::FromStr;

use jiff::Timestamp;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::intake::store::StoreError;

/// A row of an answer.
pub(in crate::intake::store) enum Row {
    /// From a file.
    Sqlite(SqliteRow),
    /// From a server.
    Postgres(PgRow),
}

/// A value for a `$n`.
#[derive(Clone, Copy)]
pub(in crate::intake::store) enum Value<'a> {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<&'a str>),
    /// BLOB or BYTEA.
    Bytes(Option<&'a [u8]>),
}

/// A statement, and its values: one set of them, or of an INSERT that of each row.
pub(in crate::intake::store) struct Change<'a> {
    pub(super) sql: &'static str,
    pub(super) rows: Vec<Vec<Value<'a>>>,
}

impl<'a> Change<'a> {
    /// An INSERT of no rows yet.
    pub(in crate::intake::store) fn insert(sql: &'static str) -> Self {
        let rows = Vec::new();
        Self { sql, rows }
    }

    /// One row more.
    pub(in crate::intake::store) fn row(&mut self, values: &[Value<'a>]) {
        self.rows.push(values.to_vec());
    }
}

/// Statements as one text, with all their values: `$1` of the second follows the last of the first. A `$` stands
/// before numbers alone in them.
pub(super) fn together<'a>(changes: &[Change<'a>]) -> (String, Vec<Value<'a>>) {
    let (mut text, mut values) = (String::new(), Vec::new());
    for change in changes.iter().filter(|change| !change.rows.is_empty()) {
        let row = change.sql.find(ROW).map_or(0, |at| at + ROW.len() - 1);
        let (head, row) = change.sql.split_at(row);
        text.push_str(head);
        for (number, own) in change.rows.iter().enumerate() {
            text.push_str(if number == 0 { "" } else { ", " });
            renumber(&mut text, row, values.len());
            values.extend_from_slice(own);
        }
        text.push(';');
    }
    (text, values)
}

/// Adds `sql` to `text`, where `before` values come before its own.
fn renumber(text: &mut String, sql: &str, before: usize) {
    let mut parts = sql.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        text.push('$');
        text.push_str(&(before + number).to_string());
        text.push_str(rest);
    }
}

/// What stands before the row of an INSERT, with the first letter of that.
const ROW: &str = "VALUES (";

impl Row {
    /// The value of a column: `i64`, `String`, `Vec<u8>`, or an `Option` of one.
    pub(in crate::intake::store) fn at<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite>,
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A number that is not negative.
    pub(in crate::intake::store) fn count(&self, column: usize) -> Result<u64, StoreError> {
        let number: i64 = self.at(column)?;
        u64::try_from(number).map_err(|_| StoreError::Inconsistent("a size below zero in a row"))
    }

    /// 32 bytes.
    pub(in crate::intake::store) fn digest(&self, column: usize) -> Result<[u8; 32], StoreError> {
        let bytes: Vec<u8> = self.at(column)?;
        let digest = bytes.try_into();
        digest.map_err(|_| StoreError::Inconsistent("a digest of another length in a row"))
    }

    /// A number that is not negative, where there is one.
    pub(in crate::intake::store) fn count_or_none(
        &self,
        column: usize,
    ) -> Result<Option<u64>, StoreError> {
        let number: Option<i64> = self.at(column)?;
        number.map(|_| self.count(column)).transpose()
    }

    /// 32 bytes, where there are any.
    pub(in crate::intake::store) fn digest_or_none(
        &self,
        column: usize,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        let bytes: Option<Vec<u8>> = self.at(column)?;
        bytes.map(|_| self.digest(column)).transpose()
    }

    /// A time.
    pub(in crate::intake::store) fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        let nanoseconds: i64 = self.at(column)?;
        let time = Timestamp::from_nanosecond(nanoseconds.into());
        time.map_err(|_| StoreError::Inconsistent("a time that is none in a row"))
    }

    /// A time, where there is one.
    pub(in crate::intake::store) fn time_or_none(
        &self,
        column: usize,
    ) -> Result<Option<Timestamp>, StoreError> {
        let nanoseconds: Option<i64> = self.at(column)?;
        nanoseconds.map(|_| self.time(column)).transpose()
    }

    /// A text that is parsed.
    pub(in crate::intake::store) fn parsed<T: FromStr>(
        &self,
        column: usize,
    ) -> Result<T, StoreError> {
        let text: String = self.at(column)?;
        let parsed = text.parse();
        parsed.map_err(|_| StoreError::Inconsistent("an id that is none in a row"))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

/// Numbers that do not fit are those of no file: they become the largest there is.
impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

/// Nanoseconds since 1970, which fit until 2262.
impl From<Timestamp> for Value<'_> {
    fn from(time: Timestamp) -> Self {
        let nanoseconds = time.as_nanosecond();
        Self::Int(Some(i64::try_from(nanoseconds).unwrap_or(i64::MAX)))
    }
}

impl From<Option<u64>> for Value<'_> {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Int(None), Self::from)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl<'a> From<Option<&'a [u8]>> for Value<'a> {
    fn from(bytes: Option<&'a [u8]>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a [u8; 32]> for Value<'a> {
    fn from(bytes: &'a [u8; 32]) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl<'a> From<Option<&'a [u8; 32]>> for Value<'a> {
    fn from(bytes: Option<&'a [u8; 32]>) -> Self {
        Self::Bytes(bytes.map(<[u8; 32]>::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_together_keep_their_values_apart() {
        let mut rows = Change::insert("INSERT INTO a (x, y, z) VALUES ($1, $2, $1)");
        rows.row(&[1_i64.into(), 2_i64.into()]);
        rows.row(&[3_i64.into(), 4_i64.into()]);
        let other = Change {
            sql: "DELETE FROM b WHERE c = $1 AND d > $12",
            rows: vec![vec![5_i64.into()]],
        };
        let none = Change::insert("INSERT INTO c VALUES ($1)");
        let (text, values) = together(&[rows, none, other]);
        let wanted = "INSERT INTO a (x, y, z) VALUES ($1, $2, $1), ($3, $4, $3);\
            DELETE FROM b WHERE c = $5 AND d > $16;";
        assert_eq!(text, wanted);
        assert!(matches!(values[..], [_, _, _, _, Value::Int(Some(5))]));
    }
}
