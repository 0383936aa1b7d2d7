//! A whole sealed message comes in: judged, digested and written while it arrives.
//!
//! What is not admitted is not kept, and the rest of it is not waited for.

use std::sync::Arc;

use axum::{body::Body, http::HeaderMap};

use super::{
    Intake,
    arrival::{Arrival, Arrived},
    limits::{Arriving, Broken},
    pieces::Pieces,
    refusal::{Answer, Refusal},
    request::declared_length,
    store::Segment,
};
use crate::{openpgp::Doorkeeper, wire::ProblemType};

/// The largest message, and the least space that must stay.
pub(crate) struct Room {
    cap: u64,
    checked: u64,
}

impl Intake {
    /// Refuses what says of itself that it is too large, or for which there is no space.
    ///
    /// # Errors
    /// 413 or 507.
    pub(crate) fn fits(&self, headers: &HeaderMap, cap: u64) -> Answer<()> {
        let declared = declared_length(headers).unwrap_or(0);
        if declared > cap {
            return Err(too_large(cap));
        }
        self.room_for(declared)
    }

    pub(crate) fn arriving(&self, body: Body) -> Arriving {
        Arriving::new(body, self.limits.pace, self.life.watch())
    }

    /// Takes a whole body, of at most `cap` bytes.
    ///
    /// # Errors
    /// 408, 413, 422, 507, or the store failed: nothing is kept.
    pub(crate) async fn take_whole(
        self: &Arc<Self>,
        body: Body,
        door: &Doorkeeper,
        cap: u64,
    ) -> Answer<(Arrived, Vec<Segment>)> {
        let mut pieces = Pieces::new(&self.store);
        let mut arriving = self.arriving(body);
        let taken = self.take_into(&mut arriving, &mut pieces, door, cap).await;
        match taken {
            Ok(taken) => Ok(taken),
            Err(refusal) => {
                pieces.abandon().await;
                Err(refusal)
            }
        }
    }

    async fn take_into(
        &self,
        arriving: &mut Arriving,
        pieces: &mut Pieces,
        door: &Doorkeeper,
        cap: u64,
    ) -> Answer<(Arrived, Vec<Segment>)> {
        let mut arrival = Arrival::begin(door);
        let mut room = Room::new(cap);
        while let Some(bytes) = arriving.next().await? {
            room.check(self, pieces.written() + bytes.len() as u64)?;
            arrival.feed(&bytes)?;
            pieces.write(bytes).await?;
        }
        let arrived = arrival.finish()?;
        Ok((arrived, pieces.take().await?))
    }
}

impl Room {
    pub(crate) fn new(cap: u64) -> Self {
        Self { cap, checked: 0 }
    }

    /// Whether there may be `total` bytes.
    ///
    /// # Errors
    /// 413 or 507.
    pub(crate) fn check(&mut self, intake: &Intake, total: u64) -> Answer<()> {
        if total > self.cap {
            return Err(too_large(self.cap));
        }
        if total - self.checked.min(total) >= CHECK_EVERY {
            intake.room_for(0)?;
            self.checked = total;
        }
        Ok(())
    }
}

pub(crate) fn too_large(cap: u64) -> Refusal {
    Refusal::new(ProblemType::TooLarge)
        .detail(format!("at most {cap} bytes are taken"))
        .closing()
}

impl From<Broken> for Refusal {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Cut => Self::bad("the request ended early").closing(),
            Broken::TooSlow => Self::new(ProblemType::TooSlow),
            Broken::Stopping => Self::new(ProblemType::Unavailable).closing(),
        }
    }
}

/// Bytes after which the disk is looked at again.
const CHECK_EVERY: u64 = 4 << 20;
