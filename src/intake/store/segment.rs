//! A segment: a piece of a sealed report or message, durable, but not yet part of anything.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Store, StoreError,
    database::{Turn, Tx, values},
    objects::{ObjectKey, ObjectWriter, Objects},
};

/// A piece that is being written. Dropped before [`SegmentWriter::finish`], it is removed.
pub struct SegmentWriter {
    key: ObjectKey,
    objects: Arc<dyn Objects>,
    writer: Box<dyn ObjectWriter>,
    written: u64,
    limit: u64,
}

/// A piece that is durable. It becomes part of a report with [`Store::accept`], of an upload with
/// [`Store::append`], of a message with [`Store::add_message`]; one that is dropped instead waits for
/// `sweep`, or is given to [`Store::discard`].
#[must_use = "a segment that becomes part of nothing is an orphan"]
pub struct Segment {
    pub(super) key: ObjectKey,
    pub(super) size: u64,
    objects: Arc<dyn Objects>,
}

impl Store {
    /// Begins a segment.
    ///
    /// # Errors
    /// There is no randomness for its name.
    pub fn new_segment(&self) -> Result<SegmentWriter, StoreError> {
        let key = ObjectKey::random()?;
        Ok(SegmentWriter {
            writer: self.objects().begin(&key),
            objects: Arc::clone(self.objects()),
            key,
            written: 0,
            limit: self.objects().limit(),
        })
    }

    /// Removes segments that became part of nothing. What cannot be removed now waits for `sweep`.
    pub async fn discard(&self, segments: Vec<Segment>) {
        discard(self.objects(), &segments).await;
    }
}

/// Removes segments that became part of nothing.
pub(super) async fn discard(objects: &Arc<dyn Objects>, segments: &[Segment]) {
    for segment in segments {
        let _swept_later = objects.remove(&segment.key).await;
    }
}

impl SegmentWriter {
    /// Takes bytes from the front of `bytes`, as many as there is room for: what is left over
    /// belongs into the next segment.
    ///
    /// # Errors
    /// They cannot be written; the segment is lost.
    pub async fn write(&mut self, bytes: &mut Bytes) -> Result<(), StoreError> {
        let fits = usize::try_from(self.room()).unwrap_or(usize::MAX);
        let taken = bytes.split_to(fits.min(bytes.len()));
        self.written += taken.len() as u64;
        self.writer.write(taken).await
    }

    /// How many bytes still fit.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.limit - self.written
    }

    /// How many bytes were taken.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Makes it durable: the bytes, their name, and the folder of that name.
    ///
    /// # Errors
    /// It cannot be made durable, and is removed.
    pub async fn finish(mut self) -> Result<Segment, StoreError> {
        self.writer.finish().await?;
        Ok(Segment {
            key: self.key,
            size: self.written,
            objects: self.objects,
        })
    }
}

impl Segment {
    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    async fn is_there(&self) -> Result<(), StoreError> {
        if self.objects.size(&self.key).await? == Some(self.size) {
            Ok(())
        } else {
            Err(StoreError::Swept)
        }
    }
}

/// Makes sure that `sweep` took none of these for orphans, and will not before the transaction ends:
/// whoever dooms an object waits for it, or was here before and is seen. Their rows must be written.
pub(super) async fn hold(tx: &mut Tx, segments: &[Segment]) -> Result<(), StoreError> {
    tx.take(Turn::Attach).await?;
    for segment in segments {
        let sql = "SELECT object FROM doomed WHERE object = $1";
        if tx.row(sql, values![segment.key.as_str()]).await?.is_some() {
            return Err(StoreError::Swept);
        }
    }
    stream::iter(segments)
        .map(Segment::is_there)
        .buffer_unordered(ASKED_AT_ONCE)
        .try_collect()
        .await
}

impl fmt::Debug for SegmentWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SegmentWriter({} bytes)", self.written)
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({} bytes)", self.size)
    }
}

/// Objects whose sizes are asked for at the same time.
const ASKED_AT_ONCE: usize = 16;
