//! Objects in a bucket of an S3-compatible server: one PUT each, so that one is there whole or not
//! at all.
//!
//! DESIGN.md, "To scale out". A PUT that was answered is durable by S3's own word. No conditional
//! requests: servers differ there, and random names do not collide.

use std::{ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use jiff::Timestamp;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};

use super::{Found, ObjectKey, ObjectWriter, Objects};
use crate::intake::store::{StoreError, settings::Bucket};

/// A bucket.
#[derive(Clone, Debug)]
pub(in crate::intake::store) struct S3 {
    bucket: Arc<AmazonS3>,
    prefix: String,
}

impl S3 {
    /// The bucket of these settings. Nothing is asked of it yet.
    pub(in crate::intake::store) fn open(settings: &Bucket) -> Result<Self, StoreError> {
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&settings.name)
            .with_retry(retries())
            .with_client_options(
                ClientOptions::new()
                    .with_allow_http(settings.allow_http)
                    .with_connect_timeout(Duration::from_secs(10))
                    .with_timeout(Duration::from_mins(1)),
            );
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        if let Some(keys) = &settings.keys {
            builder = builder
                .with_access_key_id(&keys.id)
                .with_secret_access_key(&keys.secret);
            if let Some(session) = &keys.session {
                builder = builder.with_token(session);
            }
        }
        Ok(Self {
            bucket: Arc::new(builder.build().map_err(StoreError::object_store)?),
            prefix: settings.prefix.clone(),
        })
    }

    fn root(&self) -> Path {
        Path::from(format!("{}/objects", self.prefix))
    }

    fn path(&self, key: &ObjectKey) -> Path {
        let name = format!("{}/objects/{}/{}", self.prefix, key.fan(), key.as_str());
        Path::from(name)
    }
}

#[async_trait]
impl Objects for S3 {
    fn limit(&self) -> u64 {
        LIMIT
    }

    fn begin(&self, key: &ObjectKey) -> Box<dyn ObjectWriter> {
        Box::new(Writer {
            bucket: Arc::clone(&self.bucket),
            path: self.path(key),
            pieces: Vec::new(),
            sent: false,
        })
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions::new().with_range(Some(range));
        let answer = self.bucket.get_opts(&self.path(key), options).await;
        let answer = answer.map_err(StoreError::object_store)?;
        let bytes = answer.into_stream();
        Ok(bytes.map_err(StoreError::object_store).boxed())
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        match self.bucket.head(&self.path(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StoreError::object_store(error)),
        }
    }

    async fn remove(&self, key: &ObjectKey) -> Result<(), StoreError> {
        match self.bucket.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::object_store(error)),
        }
    }

    fn list(&self) -> BoxStream<'static, Result<Found, StoreError>> {
        let listed = self.bucket.list(Some(&self.root()));
        listed
            .map_err(StoreError::object_store)
            .try_filter_map(|meta| async move {
                let key = meta.location.filename().and_then(ObjectKey::parse);
                let written = Timestamp::from_millisecond(meta.last_modified.timestamp_millis());
                let written = written.map_err(|error| StoreError::Objects(Box::new(error)))?;
                Ok(key.map(|key| Found {
                    key,
                    size: meta.size,
                    written,
                }))
            })
            .boxed()
    }

    async fn ready(&self) -> Result<(), StoreError> {
        // A question that needs the bucket and the keys, and whose answer is short.
        let probe = self.root().join("aa").join("probe");
        match self.bucket.head(&probe).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::object_store(error)),
        }
    }
}

/// An object that is held in memory until it is sent: at most [`LIMIT`] bytes.
struct Writer {
    bucket: Arc<AmazonS3>,
    path: Path,
    pieces: Vec<Bytes>,
    sent: bool,
}

#[async_trait]
impl ObjectWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.pieces.push(bytes);
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        let payload: PutPayload = std::mem::take(&mut self.pieces).into_iter().collect();
        self.sent = true;
        let put = self.bucket.put(&self.path, payload).await;
        put.map_err(StoreError::object_store)?;
        self.sent = false;
        Ok(())
    }
}

/// A PUT that nobody waits for any more, or that failed, may still have arrived.
impl Drop for Writer {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.sent, tokio::runtime::Handle::try_current()) {
            let bucket = Arc::clone(&self.bucket);
            let path = self.path.clone();
            runtime.spawn(async move {
                let _gone = bucket.delete(&path).await;
            });
        }
    }
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 5,
        retry_timeout: Duration::from_secs(30),
    }
}

/// The most bytes of one object, which a writer holds in memory.
const LIMIT: u64 = 8 << 20;
