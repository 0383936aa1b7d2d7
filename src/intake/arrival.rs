//! What is known of a sealed message while it arrives: its digest, its size, and whether it may
//! come in.
//!
//! The whole of it is never in memory; what is known can be saved beside the bytes, so that another
//! process goes on (tus: resuming).

use sha2::{
    Digest, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use super::refusal::Refusal;
use crate::{
    openpgp::{Admission, Doorkeeper, NotAdmitted, Recipients},
    wire::ProblemType,
};

/// A message on its way in.
pub(crate) struct Arrival {
    digest: Sha256,
    admission: Admission,
    size: u64,
}

/// A message that came in whole.
pub(crate) struct Arrived {
    pub(crate) sha256: [u8; 32],
    pub(crate) size: u64,
    pub(crate) recipients: Recipients,
}

/// What was saved was not saved by this version.
#[derive(Debug, thiserror::Error)]
#[error("the progress of an upload cannot be read")]
pub(crate) struct Unreadable;

impl Arrival {
    pub(crate) fn begin(doorkeeper: &Doorkeeper) -> Self {
        Self {
            digest: Sha256::new(),
            admission: doorkeeper.begin(),
            size: 0,
        }
    }

    /// Goes on after `size` bytes with what [`Arrival::save`] gave.
    pub(crate) fn resume(
        doorkeeper: &Doorkeeper,
        saved: &[u8],
        size: u64,
    ) -> Result<Self, Unreadable> {
        let (version, saved) = saved.split_first().ok_or(Unreadable)?;
        let length = SerializedState::<Sha256>::default().len();
        let (digest, admission) = saved.split_at_checked(length).ok_or(Unreadable)?;
        if *version != VERSION {
            return Err(Unreadable);
        }
        let digest = digest.try_into().map_err(|_| Unreadable)?;
        Ok(Self {
            digest: Sha256::deserialize(digest).map_err(|_| Unreadable)?,
            admission: doorkeeper.resume(admission).map_err(|_| Unreadable)?,
            size,
        })
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), NotAdmitted> {
        self.admission.feed(bytes)?;
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// All that is known so far, but for the size.
    pub(crate) fn save(&self) -> Vec<u8> {
        let mut saved = vec![VERSION];
        saved.extend_from_slice(&self.digest.serialize());
        saved.extend(self.admission.save());
        saved
    }

    pub(crate) fn finish(self) -> Result<Arrived, NotAdmitted> {
        Ok(Arrived {
            recipients: self.admission.finish()?,
            sha256: self.digest.finalize().into(),
            size: self.size,
        })
    }
}

impl From<NotAdmitted> for Refusal {
    /// The rest is not wanted either.
    fn from(why: NotAdmitted) -> Self {
        Self::new(ProblemType::NotSealed)
            .detail(why.to_string())
            .closing()
    }
}

/// Of the form in which progress is saved.
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// A version 1 container to a hidden recipient would need a key: what is cut short is enough.
    #[test]
    fn a_saved_arrival_goes_on_and_nothing_else_does() {
        let door = Doorkeeper::anyone();
        let mut arrival = Arrival::begin(&door);
        // A PKESK packet of version 3, to a hidden recipient, with an unknown algorithm.
        let header = [0xc1, 12, 3, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0];
        arrival.feed(&header[..5]).unwrap();
        let saved = arrival.save();
        let mut again = Arrival::resume(&door, &saved, 5).unwrap();
        again.feed(&header[5..]).unwrap();
        arrival.feed(&header[5..]).unwrap();
        assert_eq!(again.save(), arrival.save());
        assert!(Arrival::resume(&door, &[], 0).is_err());
        assert!(Arrival::resume(&door, &saved[..20], 0).is_err());
        let mut other = saved;
        other[0] = 9;
        assert!(Arrival::resume(&door, &other, 0).is_err());
    }
}
