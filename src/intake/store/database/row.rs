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

/// A statement, and its values.
pub(in crate::intake::store) type Change<'a> = (&'static str, Vec<Value<'a>>);

/// Statements as one text, with all their values: `$1` of the second follows the last of the first. A `$` stands
/// before numbers alone in them.
pub(super) fn together<'a>(changes: &[Change<'a>]) -> (String, Vec<Value<'a>>) {
    let (mut text, mut values) = (String::new(), Vec::new());
    for (sql, own) in changes {
        let mut parts = sql.split('$');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = part.split_at(digits);
            let number: usize = number.parse().unwrap_or_default();
            text.push('$');
            text.push_str(&(values.len() + number).to_string());
            text.push_str(rest);
        }
        text.push(';');
        values.extend_from_slice(own);
    }
    (text, values)
}

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
        let one: Change<'_> = (
            "INSERT INTO a VALUES ($1, $2, $1)",
            vec![1_i64.into(), 2_i64.into()],
        );
        let other: Change<'_> = ("DELETE FROM b WHERE c = $1 AND d > $12", vec![3_i64.into()]);
        let (text, values) = together(&[one, other]);
        let wanted = "INSERT INTO a VALUES ($1, $2, $1);DELETE FROM b WHERE c = $3 AND d > $14;";
        assert_eq!(text, wanted);
        assert!(matches!(values[..], [_, _, Value::Int(Some(3))]));
    }
}
