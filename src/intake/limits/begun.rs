//! Which client began which unfinished upload, so that one alone cannot take every place.
//!
//! Promises 40 and 41: by pseudonym, in the memory of this process alone. Nothing of it is stored, so
//! each copy counts for itself, and a new start counts from nothing.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::ClientKey;
use crate::wire::UploadId;

/// The uploads of each client that may be unfinished.
pub(crate) struct Begun {
    most: Option<NonZeroUsize>,
    uploads: Mutex<HashMap<ClientKey, HashSet<UploadId>>>,
}

/// A place for an upload that is about to begin; given back when this is dropped before it did.
pub(crate) struct Place {
    of: Arc<Begun>,
    upload: Option<(ClientKey, UploadId)>,
}

impl Begun {
    /// At most so many for each client; `None` is no limit.
    pub(crate) fn new(most: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self {
            most,
            uploads: Mutex::default(),
        })
    }

    /// A place for an upload, unless the client has its share.
    pub(crate) fn enter(
        self: &Arc<Self>,
        client: Option<ClientKey>,
        upload: &UploadId,
    ) -> Option<Place> {
        let (Some(client), Some(most)) = (client, self.most) else {
            return Some(self.nowhere());
        };
        let mut uploads = self.locked();
        let own = uploads.entry(client).or_default();
        if own.len() >= most.get() {
            return None;
        }
        own.insert(upload.clone());
        Some(Place {
            of: Arc::clone(self),
            upload: Some((client, upload.clone())),
        })
    }

    /// For an upload that takes no new place.
    pub(crate) fn nowhere(self: &Arc<Self>) -> Place {
        Place {
            of: Arc::clone(self),
            upload: None,
        }
    }

    /// Forgets all uploads but these.
    pub(crate) fn retain(&self, unfinished: &HashSet<UploadId>) {
        let mut uploads = self.locked();
        for own in uploads.values_mut() {
            own.retain(|upload| unfinished.contains(upload));
        }
        uploads.retain(|_, own| !own.is_empty());
        uploads.shrink_to_fit();
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ClientKey, HashSet<UploadId>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The upload has begun.
    pub(crate) fn keep(mut self) {
        self.upload = None;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((client, upload)) = self.upload.take() else {
            return;
        };
        let mut uploads = self.of.locked();
        if let Some(own) = uploads.get_mut(&client) {
            own.remove(&upload);
            if own.is_empty() {
                uploads.remove(&client);
            }
        }
    }
}
