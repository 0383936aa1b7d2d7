//! Sealed bytes on their way out: any range over the segments of a report or a message, in pieces.

use std::{fmt, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};

use super::{
    Store, StoreError,
    database::{Row, values},
    objects::{ObjectKey, Objects},
};
use crate::wire::{MessageId, ReportId};

/// The bytes of a report or a message.
pub struct Sealed {
    objects: Arc<dyn Objects>,
    segments: Vec<Placed>,
    size: u64,
}

/// A segment in its place.
#[derive(Clone, Debug)]
struct Placed {
    key: ObjectKey,
    start: u64,
    size: u64,
    /// The bytes, where they are no object: few of one report or message, for they came in one go.
    held: Option<Bytes>,
}

impl Store {
    /// The bytes of a report.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Gone`], or the database failed.
    pub async fn sealed(&self, report: &ReportId) -> Result<Sealed, StoreError> {
        let sql = "SELECT object, start, size, bytes FROM segments WHERE report = $1
            ORDER BY start";
        let rows = self.database().rows(sql, values![report.as_str()]).await?;
        match self.assemble(&rows) {
            Err(StoreError::NotFound) => Err(self.absent(report).await),
            sealed => sealed,
        }
    }

    /// The bytes of a message.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the database failed.
    pub async fn sealed_message(
        &self,
        report: &ReportId,
        message: &MessageId,
    ) -> Result<Sealed, StoreError> {
        let sql = "SELECT s.object, s.start, s.size, s.bytes
            FROM segments s JOIN messages m ON m.id = s.message
            WHERE m.report = $1 AND m.id = $2 ORDER BY s.start";
        let values = values![report.as_str(), message.as_str()];
        let rows = self.database().rows(sql, values).await?;
        self.assemble(&rows)
    }

    fn assemble(&self, rows: &[Row]) -> Result<Sealed, StoreError> {
        let mut segments = Vec::with_capacity(rows.len());
        let mut size = 0;
        for row in rows {
            let held: Option<Vec<u8>> = row.at(3)?;
            let placed = Placed {
                key: row.parsed(0)?,
                start: row.count(1)?,
                size: row.count(2)?,
                held: held.map(Bytes::from),
            };
            if placed.start != size {
                return Err(StoreError::Damaged(placed.key.as_str().to_owned()));
            }
            size += placed.size;
            segments.push(placed);
        }
        if segments.is_empty() {
            return Err(StoreError::NotFound);
        }
        Ok(Sealed {
            objects: Arc::clone(self.objects()),
            segments,
            size,
        })
    }
}

impl Sealed {
    /// How many bytes there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes of a range, which is cut at the end. An object that is missing or too short ends the
    /// stream with [`StoreError::Damaged`] or [`StoreError::Objects`].
    #[must_use]
    pub fn stream(self, range: Range<u64>) -> BoxStream<'static, Result<Bytes, StoreError>> {
        let objects = self.objects;
        let wanted: Vec<_> = self
            .segments
            .into_iter()
            .filter_map(|segment| {
                let from = range.start.max(segment.start);
                let to = range.end.min(segment.start + segment.size);
                (from < to).then(|| (from - segment.start..to - segment.start, segment))
            })
            .collect();
        stream::iter(wanted.into_iter().map(Ok::<_, StoreError>))
            .and_then(move |(range, segment)| {
                let objects = Arc::clone(&objects);
                async move {
                    let pieces = match segment.held {
                        Some(held) => of_row(&held, &range),
                        None => objects.read(&segment.key, range.clone()).await?,
                    };
                    Ok(exactly(pieces, range.end - range.start, segment.key))
                }
            })
            .try_flatten()
            .boxed()
    }
}

/// As much of a range as a row holds.
fn of_row(held: &Bytes, range: &Range<u64>) -> BoxStream<'static, Result<Bytes, StoreError>> {
    let at = |offset: u64| usize::try_from(offset).map_or(held.len(), |at| at.min(held.len()));
    let piece = held.slice(at(range.start)..at(range.end));
    let some = (!piece.is_empty()).then_some(Ok(piece));
    stream::iter(some).boxed()
}

/// The same pieces, and an error where there are fewer bytes than there should be.
fn exactly(
    pieces: BoxStream<'static, Result<Bytes, StoreError>>,
    wanted: u64,
    key: ObjectKey,
) -> BoxStream<'static, Result<Bytes, StoreError>> {
    stream::try_unfold((pieces, wanted), move |(mut pieces, left)| {
        let key = key.clone();
        async move {
            if left == 0 {
                return Ok(None);
            }
            let piece = pieces.next().await.transpose()?;
            let damaged = || StoreError::Damaged(key.as_str().to_owned());
            let piece = piece.ok_or_else(damaged)?;
            let left = left.checked_sub(piece.len() as u64).ok_or_else(damaged)?;
            Ok(Some((piece, (pieces, left))))
        }
    })
    .boxed()
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.size)
    }
}
