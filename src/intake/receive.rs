//! A whole sealed message comes in: judged, digested and written while it arrives.
//!
//! What is not admitted is not kept, and the rest of it is not waited for.

use std::sync::Arc;

use axum::{
    body::{Body, HttpBody},
    http::HeaderMap,
};

use super::{
    Intake,
    arrival::{Arrival, Arrived},
    limits::{Arriving, Broken, Promise},
    pieces::Pieces,
    refusal::{Answer, Refusal},
    request::declared_length,
    store::{Part, Segment},
};
use crate::{openpgp::Doorkeeper, wire::ProblemType};

/// How large a message may become, and the space that is promised to what comes next of it.
pub(crate) struct Room {
    cap: u64,
    /// Where it ends, by its own word.
    end: u64,
    /// Up to where there is a promise.
    until: u64,
    /// How much was promised last: the end of it may still be in a buffer.
    step: u64,
    promise: Promise,
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
        let mut pieces = Pieces::new(&self.store, Part::Whole);
        let room = Room::new(self, cap, 0, &body);
        let mut arriving = self.arriving(body);
        let taken = self.take_into(&mut arriving, &mut pieces, door, room).await;
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
        mut room: Room,
    ) -> Answer<(Arrived, Vec<Segment>)> {
        let mut arrival = Arrival::begin(door);
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
    /// For a body that goes on after `start` bytes, up to `cap` of them in all.
    pub(crate) fn new(intake: &Intake, cap: u64, start: u64, body: &Body) -> Self {
        let says = body.size_hint().upper();
        Self {
            cap,
            end: says.map_or(cap, |says| start.saturating_add(says).min(cap)),
            until: start,
            step: 0,
            promise: intake.promised.begin(),
        }
    }

    /// Whether there may be `total` bytes. Space is promised step by step, before it is used: somebody
    /// who announces much and sends little keeps little from the others.
    ///
    /// # Errors
    /// 413 or 507.
    pub(crate) fn check(&mut self, intake: &Intake, total: u64) -> Answer<()> {
        if total > self.cap {
            return Err(too_large(self.cap));
        }
        if total > self.until {
            let until = self.until.saturating_add(STEP).min(self.end).max(total);
            let step = until - self.until;
            self.promise
                .change(self.step + step, |all| intake.has_room(all))?;
            (self.until, self.step) = (until, step);
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

/// Bytes for which space is promised at once: as many as the store ever keeps in a buffer.
const STEP: u64 = 128 << 10;
