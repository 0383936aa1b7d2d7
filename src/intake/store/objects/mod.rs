//! Objects: immutable pieces of sealed bytes under random names, in a folder or in a bucket.
//!
//! Serves promises 6, 7 and 16: what `finish` returned for is durable, with its folder; an object
//! that was not finished is gone; a name is made here and nowhere else.

#[cfg(test)]
pub(super) mod faulty;
mod folder;
mod s3;

use std::{fmt, ops::Range};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use super::StoreError;
use crate::wire::MessageId;

pub(super) use folder::Folder;
pub(super) use s3::S3;

/// The name of an object: 26 lower-case letters and digits from 128 random bits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ObjectKey(String);

/// An object that lies there.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Its name.
    pub(super) key: ObjectKey,
    /// Its size in bytes.
    pub(super) size: u64,
    /// When its last byte was written.
    pub(super) written: Timestamp,
}

/// A place for objects.
#[async_trait]
pub(super) trait Objects: fmt::Debug + Send + Sync {
    /// The most bytes that one object holds.
    fn limit(&self) -> u64;

    /// Begins an object. Nothing is made until there are bytes, or it is finished.
    fn begin(&self, key: &ObjectKey) -> Box<dyn ObjectWriter>;

    /// The bytes of a range of an object, in pieces.
    async fn read(
        &self,
        key: &ObjectKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError>;

    /// Its size; `None` where it is not there.
    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError>;

    /// Removes an object, durably. One that is not there is removed.
    async fn remove(&self, key: &ObjectKey) -> Result<(), StoreError>;

    /// All objects, in any order.
    fn list(&self) -> BoxStream<'static, Result<Found, StoreError>>;

    /// Whether objects can be written now.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// An object that is being written. Dropped before [`ObjectWriter::finish`] returned, it is removed.
#[async_trait]
pub(super) trait ObjectWriter: Send {
    /// Takes bytes, and waits while too many of them are on their way.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError>;

    /// Makes the object durable, with the folder that holds it.
    async fn finish(&mut self) -> Result<(), StoreError>;
}

impl ObjectKey {
    /// A new name.
    pub(super) fn random() -> Result<Self, StoreError> {
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy).map_err(|why| StoreError::Objects(Box::new(why)))?;
        // The same alphabet as that of ids.
        Ok(Self(MessageId::from_entropy(entropy).as_str().to_owned()))
    }

    /// The name that a text is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let id: Option<MessageId> = text.parse().ok();
        id.map(|id| Self(id.as_str().to_owned()))
    }

    /// The 26 characters.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The two letters that name its folder.
    fn fan(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }
}

impl std::str::FromStr for ObjectKey {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p16_a_name_is_26_letters_and_digits() {
        let key = ObjectKey::random().unwrap();
        assert_eq!(ObjectKey::parse(key.as_str()), Some(key));
        for bad in [
            "",
            "..",
            "../../../../etc/passwd/aaa",
            "AAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(ObjectKey::parse(bad), None);
        }
    }
}
