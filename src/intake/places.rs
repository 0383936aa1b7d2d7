//! Places for unfinished uploads: so many in all, and so many for each client.
//!
//! Promise 40. The store knows which uploads are unfinished, and the process which client began them.

use axum::http::{HeaderValue, header::RETRY_AFTER};

use super::{
    Intake,
    limits::Place,
    refusal::{Answer, Refusal},
    request::Client,
    store::Origin,
};
use crate::wire::{ProblemType, UploadId};

impl Intake {
    /// A place for an upload that is about to begin. The same creation again needs none.
    ///
    /// # Errors
    /// 429 where the client has its share, 503 where all places are taken.
    pub(crate) async fn place_for(
        &self,
        upload: &UploadId,
        client: Client,
        origin: &Origin,
    ) -> Answer<Option<Place>> {
        match self.free_place(upload, client).await {
            Ok(place) => Ok(Some(place)),
            Err(refusal) => match &origin.key {
                Some(key) if self.store.knows(key).await? => Ok(None),
                _ => Err(refusal.closing()),
            },
        }
    }

    async fn free_place(&self, upload: &UploadId, client: Client) -> Answer<Place> {
        let mut place = self.begun.enter(client.0, upload);
        if place.is_none() {
            self.forget_finished().await?;
            place = self.begun.enter(client.0, upload);
        }
        let place = place.ok_or_else(|| {
            Refusal::new(ProblemType::TooMany)
                .detail("too many uploads of yours are unfinished")
                .header(RETRY_AFTER, HeaderValue::from_static(TRY_AGAIN_AFTER))
        })?;
        // One that begins meanwhile is counted twice, rather than not at all.
        let taken = self.store.open_uploads().await? + place.beginning();
        if taken > self.limits.max_uploads {
            let refusal = Refusal::new(ProblemType::Unavailable);
            return Err(refusal.detail("too many uploads are unfinished"));
        }
        Ok(place)
    }

    /// Uploads that ended, here or at another copy, count against nobody.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn forget_finished(&self) -> Answer<()> {
        // Asked before the store: what begins in between is not known to have ended.
        let mut ended = self.begun.all();
        for unfinished in self.store.unfinished_uploads().await? {
            ended.remove(&unfinished);
        }
        self.begun.forget(&ended);
        Ok(())
    }
}

/// Seconds until a client that has its share may ask again.
const TRY_AGAIN_AFTER: &str = "60";
