//! Objects that fail, or stand still as if the machine had, at one step: for tests.

use std::{
    ops::Range,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::{Found, ObjectKey, ObjectWriter, Objects};
use crate::intake::store::StoreError;

/// Where something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::intake::store) enum Step {
    /// Bytes are written.
    Write,
    /// An object is about to be made durable.
    BeforeFinish,
    /// An object is durable, and nobody was told.
    AfterFinish,
    /// An object is about to be removed.
    BeforeRemove,
    /// An object is removed, and nobody was told.
    AfterRemove,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::intake::store) enum Fault {
    /// An error.
    Fail,
    /// An error that says that the disk is full.
    Full,
    /// Nothing, for ever.
    Stop,
}

/// Objects of another kind, with faults.
#[derive(Clone, Debug)]
pub(in crate::intake::store) struct Faulty {
    inner: Arc<dyn Objects>,
    plan: Arc<Mutex<Option<(Step, Fault)>>>,
}

impl Faulty {
    /// No faults yet.
    pub(in crate::intake::store) fn new(inner: Arc<dyn Objects>) -> Self {
        Self {
            inner,
            plan: Arc::default(),
        }
    }

    /// What happens from now on.
    pub(in crate::intake::store) fn plan(&self, plan: Option<(Step, Fault)>) {
        *self.plan.lock().unwrap() = plan;
    }

    async fn at(&self, step: Step) -> Result<(), StoreError> {
        let plan = *self.plan.lock().unwrap();
        match plan {
            Some((at, fault)) if at == step => match fault {
                Fault::Fail => Err(StoreError::object_io(std::io::Error::other("injected"))),
                Fault::Full => Err(StoreError::object_io(
                    std::io::ErrorKind::StorageFull.into(),
                )),
                Fault::Stop => std::future::pending().await,
            },
            _ => Ok(()),
        }
    }
}

struct FaultyWriter {
    faulty: Faulty,
    inner: Box<dyn ObjectWriter>,
}

#[async_trait]
impl ObjectWriter for FaultyWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.faulty.at(Step::Write).await?;
        self.inner.write(bytes).await
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        self.faulty.at(Step::BeforeFinish).await?;
        self.inner.finish().await?;
        self.faulty.at(Step::AfterFinish).await
    }
}

#[async_trait]
impl Objects for Faulty {
    fn limit(&self) -> u64 {
        self.inner.limit()
    }

    fn begin(&self, key: &ObjectKey) -> Box<dyn ObjectWriter> {
        Box::new(FaultyWriter {
            faulty: self.clone(),
            inner: self.inner.begin(key),
        })
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        self.inner.read(key, range).await
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        self.inner.size(key).await
    }

    async fn remove(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.at(Step::BeforeRemove).await?;
        self.inner.remove(key).await?;
        self.at(Step::AfterRemove).await
    }

    fn list(&self) -> BoxStream<'static, Result<Found, StoreError>> {
        self.inner.list()
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.inner.ready().await
    }
}
