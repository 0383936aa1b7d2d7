//! Answers out of a mailbox, put into their cases as far as there is room.
//!
//! Serves `case sync --mbox`. The same answer in another wrapping is the same message, and strangers take
//! no room of the vendor's.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{answer, mailbox::Keys, sync::MAX_MESSAGES};
use crate::{
    case::CaseName,
    commands::Context,
    disk::Cases,
    openpgp::SignatureVerdict,
    terminal::Failure,
    wire::{Author, MessageId, MessageView},
};

/// What a mail holds.
pub(super) struct Answer {
    pub(super) case: CaseName,
    /// Digest of what is inside the encryption: whoever sends it again cannot change that, but can
    /// change everything around it.
    pub(super) content: [u8; 32],
    pub(super) sealed: Arc<[u8]>,
}

/// What became of the answers.
pub(super) struct Sorted<'a> {
    cases: &'a Cases,
    context: &'a Context<'a>,
    at: Timestamp,
    /// What was kept.
    pub(super) new: BTreeMap<CaseName, Vec<MessageView>>,
    /// How many there was no room for.
    pub(super) left_out: BTreeMap<CaseName, usize>,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(cases: &'a Cases, context: &'a Context<'a>) -> anyhow::Result<Self> {
        Ok(Self {
            cases,
            context,
            at: Timestamp::try_from(context.now)?,
            new: BTreeMap::new(),
            left_out: BTreeMap::new(),
        })
    }

    /// Keeps an answer that is not there yet.
    pub(super) fn keep(&mut self, answer: &Answer, keys: &Keys) -> Result<(), Failure> {
        let (name, sealed) = (&answer.case, &answer.sealed);
        let _held = self.cases.hold(name)?;
        let mut record = self.cases.read(name)?;
        let view = MessageView {
            id: MessageId::from_entropy(record.secret.answer_mark(&answer.content)),
            from: Author::Vendor,
            at: self.at,
            size: sealed.len() as u64,
            sha256: data_encoding::HEXLOWER.encode(&Sha256::digest(sealed)),
        };
        if record.messages.iter().any(|one| one.id == view.id) {
            return Ok(());
        }
        let message = keys.open(sealed)?;
        let read = answer::read(message, record.certificate.as_slice(), self.context);
        // What cannot be read as a mail shows nothing that the vendor signed.
        let is_vendors = matches!(read, Ok((SignatureVerdict::Verified { .. }, _)));
        let by_strangers: HashSet<&MessageId> = record.by_strangers.iter().collect();
        let beside = record.messages.iter();
        let beside = beside.filter(|one| by_strangers.contains(&one.id) != is_vendors);
        let room = if is_vendors { OF_VENDOR } else { OF_STRANGERS };
        if !room.is_there(beside.map(|one| one.size), view.size) {
            *self.left_out.entry(name.clone()).or_default() += 1;
            return Ok(());
        }
        self.cases.keep_message(name, &view.id, sealed)?;
        if !is_vendors {
            record.by_strangers.push(view.id.clone());
        }
        record.messages.push(view.clone());
        self.cases.write(&record)?;
        self.new.entry(name.clone()).or_default().push(view);
        Ok(())
    }
}

/// How much of one kind a case keeps.
struct Room {
    messages: usize,
    bytes: u64,
}

impl Room {
    fn is_there(&self, kept: impl Iterator<Item = u64>, size: u64) -> bool {
        let (messages, bytes) = kept.fold((1, size), |(n, sum), size| (n + 1, sum + size));
        let fits = size <= Cases::LARGEST_MESSAGE as u64;
        fits && messages <= self.messages && bytes <= self.bytes
    }
}

const OF_VENDOR: Room = Room {
    messages: MAX_MESSAGES,
    bytes: 1 << 30,
};

/// Anybody can write to the key of a case: it stands in the header of the report.
const OF_STRANGERS: Room = Room {
    messages: 100,
    bytes: 64 << 20,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p32_room_ends_with_messages_and_with_bytes() {
        let room = Room {
            messages: 3,
            bytes: 100,
        };
        assert!(room.is_there([50, 40].into_iter(), 10));
        assert!(!room.is_there([50, 40].into_iter(), 11));
        assert!(!room.is_there([1, 1, 1].into_iter(), 1));
        let too_large = Cases::LARGEST_MESSAGE as u64 + 1;
        assert!(!OF_VENDOR.is_there([].into_iter(), too_large));
    }
}
