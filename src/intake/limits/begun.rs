//! Which client began which unfinished upload, so that one alone cannot take every place.
//!
//! Promises 40 and 41: by pseudonym, in the memory of this process alone. Nothing of it is stored, so
//! each copy counts for itself, and a new start counts from nothing. What is about to begin counts
//! from before the store knows of it.

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
    uploads: Mutex<Uploads>,
}

#[derive(Default)]
struct Uploads {
    /// About to begin, of all clients.
    beginning: u64,
    of: HashMap<ClientKey, HashMap<UploadId, Stage>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The store does not know it yet.
    Beginning,
    Begun,
}

/// A place for an upload that is about to begin; given back when this is dropped before it did.
pub(crate) struct Place {
    of: Arc<Begun>,
    beginning: u64,
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
        let counted = client.zip(self.most);
        let mut uploads = self.locked();
        if let Some((client, most)) = counted {
            let own = uploads.of.entry(client).or_default();
            if own.len() >= most.get() {
                return None;
            }
            own.insert(upload.clone(), Stage::Beginning);
        }
        uploads.beginning += 1;
        Some(Place {
            of: Arc::clone(self),
            beginning: uploads.beginning,
            upload: counted.map(|(client, _)| (client, upload.clone())),
        })
    }

    /// All that have begun and may be unfinished.
    pub(crate) fn all(&self) -> HashSet<UploadId> {
        let uploads = self.locked();
        let all = uploads.of.values().flatten();
        let begun = all.filter(|(_, stage)| **stage == Stage::Begun);
        begun.map(|(upload, _)| upload.clone()).collect()
    }

    /// Forgets uploads that ended.
    pub(crate) fn forget(&self, ended: &HashSet<UploadId>) {
        let mut uploads = self.locked();
        for own in uploads.of.values_mut() {
            own.retain(|upload, _| !ended.contains(upload));
        }
        uploads.of.retain(|_, own| !own.is_empty());
        uploads.of.shrink_to_fit();
    }

    fn locked(&self) -> MutexGuard<'_, Uploads> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// How many were about to begin when this was taken, itself among them.
    pub(crate) fn beginning(&self) -> u64 {
        self.beginning
    }

    /// The upload has begun.
    pub(crate) fn keep(mut self) {
        if let Some((client, upload)) = self.upload.take() {
            let mut uploads = self.of.locked();
            if let Some(own) = uploads.of.get_mut(&client) {
                own.insert(upload, Stage::Begun);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut uploads = self.of.locked();
        uploads.beginning -= 1;
        let Some((client, upload)) = self.upload.take() else {
            return;
        };
        if let Some(own) = uploads.of.get_mut(&client) {
            own.remove(&upload);
            if own.is_empty() {
                uploads.of.remove(&client);
            }
        }
    }
}
