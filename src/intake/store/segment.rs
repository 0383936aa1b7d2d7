//! A segment: a piece of a sealed report or message, durable, but not yet part of anything.
//!
//! Serves promise 6 at speed: what is small and whole needs no object. It waits in memory for its row, which holds
//! it, so that one flush of the database makes many of them durable. Until then nobody was told of it, and a crash
//! leaves nothing of it. Where something is to become part of an upload, its bytes may outlive a row that is
//! rewritten: that is an object always.

use std::{fmt, sync::Arc};

use bytes::{Bytes, BytesMut};
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
    /// Absent while all of it may still go into a row.
    writer: Option<Box<dyn ObjectWriter>>,
    held: BytesMut,
    /// Up to how many bytes it may.
    row_limit: u64,
    written: u64,
    limit: u64,
}

/// A piece that is durable, or that its row will make so. It becomes part of a report with [`Store::accept`], of an upload with
/// [`Store::append`], of a message with [`Store::add_message`]; one that is dropped instead waits for
/// `sweep`, or is given to [`Store::discard`].
#[must_use = "a segment that becomes part of nothing is an orphan"]
pub struct Segment {
    pub(super) key: ObjectKey,
    pub(super) size: u64,
    /// The piece itself, where it is no object.
    pub(super) held: Option<Bytes>,
    objects: Arc<dyn Objects>,
}

/// What a segment is to become part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A report or a message that comes in one go.
    Whole,
    /// An upload.
    Upload,
}

impl Store {
    /// Begins a segment.
    ///
    /// # Errors
    /// There is no randomness for its name.
    pub fn new_segment(&self, of: Part) -> Result<SegmentWriter, StoreError> {
        Ok(SegmentWriter {
            key: ObjectKey::random()?,
            objects: Arc::clone(self.objects()),
            writer: None,
            held: BytesMut::new(),
            row_limit: match of {
                Part::Whole if self.rows_may_grow() => self.0.settings.row_limit,
                _ => 0,
            },
            written: 0,
            limit: self.objects().limit(),
        })
    }

    /// Whether rows may hold more than rows. On a disk that is nearly full what is small becomes an object, too: even
    /// deleting needs some room in the log of the database.
    fn rows_may_grow(&self) -> bool {
        let space = || self.space().ok().flatten();
        self.database().is_file() && space().is_none_or(|space| space.free >= ROOM_FOR_ROWS)
    }

    /// Removes segments that became part of nothing. What cannot be removed now waits for `sweep`.
    pub async fn discard(&self, segments: Vec<Segment>) {
        discard(self.objects(), &segments).await;
    }
}

/// Removes segments that became part of nothing.
pub(super) async fn discard(objects: &Arc<dyn Objects>, segments: &[Segment]) {
    for segment in segments.iter().filter(|segment| segment.held.is_none()) {
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
        if self.writer.is_none() && self.written <= self.row_limit {
            self.held.extend_from_slice(&taken);
            return Ok(());
        }
        let held = self.held.split().freeze();
        let writer = self.writer();
        if !held.is_empty() {
            writer.write(held).await?;
        }
        writer.write(taken).await
    }

    fn writer(&mut self) -> &mut Box<dyn ObjectWriter> {
        let begin = || self.objects.begin(&self.key);
        self.writer.get_or_insert_with(begin)
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

    /// Makes it durable: the bytes, their name, and the folder of that name. What its row will hold waits for that.
    ///
    /// # Errors
    /// It cannot be made durable, and is removed.
    pub async fn finish(mut self) -> Result<Segment, StoreError> {
        let held = if self.writer.is_none() && self.row_limit > 0 {
            Some(self.held.split().freeze())
        } else {
            self.writer().finish().await?;
            None
        };
        Ok(Segment {
            key: self.key,
            size: self.written,
            held,
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
        if self.held.is_some() || self.objects.size(&self.key).await? == Some(self.size) {
            Ok(())
        } else {
            Err(StoreError::Swept)
        }
    }
}

/// Makes sure that `sweep` took none of these for orphans, and will not before the transaction ends:
/// whoever dooms an object waits for it, or was here before and is seen. Their rows must be written.
pub(super) async fn hold(tx: &mut Tx, segments: &[Segment]) -> Result<(), StoreError> {
    if segments.iter().all(|segment| segment.held.is_some()) {
        return Ok(());
    }
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

/// Bytes that are left to the database: its log, and as much again.
const ROOM_FOR_ROWS: u64 = 16 << 20;
/// Objects whose sizes are asked for at the same time.
const ASKED_AT_ONCE: usize = 16;
