//! The door of the intake: judges a message while it arrives, in pieces of any size, and decrypts
//! nothing. What it has seen so far can be saved, so that another process goes on.
//!
//! RFC 9580 sections 4.2 (lengths), 4.2.1.4 (partial body lengths), 5.1, 5.3, 5.13 and 10.3. As
//! strict as [`super::open()`] about the outside of a message, and stricter about its size: nobody
//! here can see what is inside, so nothing is kept that is no sealed report as far as can be seen.

mod refusal;
mod saved;
mod state;

use std::sync::Arc;

use sequoia_openpgp::{Fingerprint as LibraryFingerprint, KeyHandle};

use self::state::{CONTAINER_HEADER, Place, State};
use super::{Certificate, Fingerprint, Recipients, header, key_state};

pub use self::{refusal::NotAdmitted, saved::NotSaved};

/// Knows for whom messages are let in.
#[derive(Clone, Debug)]
pub struct Doorkeeper(Option<Arc<[LibraryFingerprint]>>);

/// One message on its way in.
#[derive(Clone, Debug)]
pub struct Admission {
    doorkeeper: Doorkeeper,
    state: State,
    refused: Option<NotAdmitted>,
}

impl Doorkeeper {
    /// Lets in what is sealed to a key of this certificate, or to somebody who is not named. An
    /// expired or revoked key counts: its owner still opens what was sealed to it.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self(Some(
            key_state::ever_for_encryption(certificate.cert()).into(),
        ))
    }

    /// Lets in every encrypted message, one for a passphrase included.
    #[must_use]
    pub fn anyone() -> Self {
        Self(None)
    }

    /// The judgement on a message that begins.
    #[must_use]
    pub fn begin(&self) -> Admission {
        Admission {
            doorkeeper: self.clone(),
            state: State::default(),
            refused: None,
        }
    }

    /// The judgement on a message whose beginning was judged before: what [`Admission::save`] gave.
    ///
    /// # Errors
    /// [`NotSaved`] for anything else.
    pub fn resume(&self, saved: &[u8]) -> Result<Admission, NotSaved> {
        Ok(Admission {
            doorkeeper: self.clone(),
            state: saved::read(saved)?,
            refused: None,
        })
    }

    /// Which of the keys that it lets in are named: their own fingerprints, in the order of the
    /// message.
    #[must_use]
    pub fn named(&self, recipients: &Recipients) -> Vec<Fingerprint> {
        let keys = self.0.iter().flat_map(|keys| keys.iter());
        let mut named: Vec<_> = recipients
            .keys
            .iter()
            .flat_map(|name| {
                keys.clone()
                    .filter(|key| name.handle().aliases(KeyHandle::from(*key)))
            })
            .map(Fingerprint::from)
            .collect();
        named.dedup();
        named
    }

    /// Whether one of `recipients` is let in.
    fn admits(&self, recipients: &Recipients) -> Result<(), NotAdmitted> {
        let by_key = !recipients.keys.is_empty() || recipients.hidden > 0;
        match &self.0 {
            None if by_key || recipients.passphrases > 0 => Ok(()),
            Some(_) if recipients.hidden > 0 || !self.named(recipients).is_empty() => Ok(()),
            Some(_) if by_key => Err(NotAdmitted::OtherKey {
                recipients: recipients.to_string(),
            }),
            Some(_) if recipients.passphrases > 0 => Err(NotAdmitted::PassphraseOnly),
            _ => Err(NotAdmitted::Nobody),
        }
    }
}

impl Admission {
    /// Judges what came next.
    ///
    /// # Errors
    /// [`NotAdmitted`] as early as it is certain, and from then on always.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), NotAdmitted> {
        if let Some(why) = &self.refused {
            return Err(why.clone());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.step(rest) {
                Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                Err(why) => {
                    self.refused = Some(why.clone());
                    return Err(why);
                }
            }
        }
        Ok(())
    }

    /// What [`Doorkeeper::resume`] goes on with: some hundred bytes as a rule, and never more than
    /// some 200 KiB. A message that was refused needs none.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        saved::write(&self.state)
    }

    /// Ends the message: whom it is for.
    ///
    /// # Errors
    /// [`NotAdmitted::CutShort`] when it has no end, and why it was refused before.
    pub fn finish(self) -> Result<Recipients, NotAdmitted> {
        match (self.refused, &self.state.place) {
            (Some(why), _) => Err(why),
            (None, Place::End) => Ok(self.state.recipients()),
            (None, _) if self.state.is_untouched() => Err(NotAdmitted::Empty),
            (None, _) => Err(NotAdmitted::CutShort),
        }
    }

    /// Takes at least one byte of `bytes`, which are not empty; says how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, NotAdmitted> {
        let state = &mut self.state;
        let first = bytes.first().copied().unwrap_or_default();
        match state.place {
            Place::Packet => {
                state.pending.push(first);
                state.header(first)?;
            }
            Place::Small { size } => {
                let n = bytes.len().min(size.saturating_sub(state.pending.len()));
                state
                    .pending
                    .extend_from_slice(bytes.get(..n).unwrap_or_default());
                if state.pending.len() >= size {
                    state.small_packet()?;
                }
                return Ok(n.max(1));
            }
            Place::Part => {
                state.pending.push(first);
                if let Some(length) = header::length(&state.pending) {
                    state.pending.clear();
                    state.part(length)?;
                }
            }
            Place::Body { left, is_last } => {
                // Each of the first bytes says something.
                let limit = if state.body < CONTAINER_HEADER {
                    state.container_octet(first)?;
                    if state.body == 0 {
                        self.doorkeeper.admits(&state.recipients())?;
                    }
                    1
                } else {
                    bytes.len()
                };
                let n = limit.min(usize::try_from(left).unwrap_or(usize::MAX));
                let n32 = u32::try_from(n).unwrap_or(left);
                state.body = state.body.saturating_add(n as u64);
                state.body_left(left.saturating_sub(n32), is_last)?;
                return Ok(n.max(1));
            }
            Place::End => return Err(NotAdmitted::Trailing),
        }
        Ok(1)
    }
}

#[cfg(test)]
mod tests;
