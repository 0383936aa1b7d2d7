//! Bytes on their way into the store, cut into segments.
//!
//! Promise 6: nothing here belongs to anything until the store says so; what is given up is removed.

use std::mem;

use bytes::Bytes;

use super::store::{Part, Segment, SegmentWriter, Store, StoreError};

/// Segments that are finished, and the one that is being written.
pub(crate) struct Pieces {
    store: Store,
    of: Part,
    done: Vec<Segment>,
    current: Option<SegmentWriter>,
    written: u64,
}

impl Pieces {
    pub(crate) fn new(store: &Store, of: Part) -> Self {
        Self {
            store: store.clone(),
            of,
            done: Vec::new(),
            current: None,
            written: 0,
        }
    }

    /// How many bytes were written since the beginning, or since [`Pieces::take`].
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// How many bytes fit until the next segment would begin.
    pub(crate) fn room(&mut self) -> Result<u64, StoreError> {
        Ok(self.current()?.room())
    }

    /// Writes all of `bytes`.
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            let current = self.current()?;
            if let Err(error) = current.write(&mut bytes).await {
                self.current = None;
                return Err(error);
            }
            if current.room() == 0 {
                self.close().await?;
            }
        }
        Ok(())
    }

    /// Everything so far, durable.
    pub(crate) async fn take(&mut self) -> Result<Vec<Segment>, StoreError> {
        self.close().await?;
        self.written = 0;
        Ok(mem::take(&mut self.done))
    }

    /// Removes everything.
    pub(crate) async fn abandon(mut self) {
        self.current = None;
        self.store.discard(self.done).await;
    }

    async fn close(&mut self) -> Result<(), StoreError> {
        if let Some(current) = self.current.take()
            && current.written() > 0
        {
            self.done.push(current.finish().await?);
        }
        Ok(())
    }

    fn current(&mut self) -> Result<&mut SegmentWriter, StoreError> {
        if self.current.is_none() {
            self.current = Some(self.store.new_segment(self.of)?);
        }
        self.current
            .as_mut()
            .ok_or(StoreError::Inconsistent("a segment that was just begun"))
    }
}
