//! The sealed messages of a case, in both directions.
//!
//! DESIGN.md, "The intake's HTTP contract" (`/reports/ID/messages`).

use super::{Intake, IntakeError, Submission, intake::document};
use crate::{
    network::{Body, Method, Request},
    wire::{MessageId, MessageList, MessageView, ReportId, Token, header, path},
};

impl Intake<'_> {
    /// What messages there are, oldest first.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn messages(
        &self,
        token: &Token,
        report: &ReportId,
    ) -> Result<MessageList, IntakeError> {
        document(self.get(token, &path::messages(report)).await?).await
    }

    /// The bytes of a message, sealed.
    ///
    /// # Errors
    /// [`IntakeError`]; [`IntakeError::Altered`] when they are not those of the list.
    pub async fn message(
        &self,
        token: &Token,
        report: &ReportId,
        message: &MessageView,
    ) -> Result<Vec<u8>, IntakeError> {
        let answer = self.get(token, &path::message(report, &message.id)).await?;
        let bytes = answer.whole(LARGEST_MESSAGE).await?;
        if sha256_hex(&bytes) == message.sha256 {
            Ok(bytes)
        } else {
            Err(IntakeError::Altered)
        }
    }

    /// Sends a sealed message; `key` is its idempotency key.
    ///
    /// # Errors
    /// [`IntakeError`]; after one that is passing, the same may be sent again with the same key.
    pub async fn send_message(
        &self,
        token: &Token,
        report: &ReportId,
        (key, sealed): (&str, &[u8]),
    ) -> Result<MessageView, IntakeError> {
        let submission = Submission {
            case: None,
            idempotency_key: key,
        };
        let request = Request::new(Method::Post, self.url(&path::messages(report)))
            .header("content-type", header::SEALED)
            .bearer(token.expose())
            .body(Body::Whole(sealed.to_vec()));
        document(self.ask(submission.on(request), &[200, 201]).await?).await
    }

    /// Whether a message with this id is there, without its bytes.
    ///
    /// # Errors
    /// [`IntakeError`].
    pub async fn has_message(
        &self,
        token: &Token,
        report: &ReportId,
        message: &MessageId,
    ) -> Result<bool, IntakeError> {
        let list = self.messages(token, report).await?;
        Ok(list.messages.iter().any(|one| one.id == *message))
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The cap of the contract, and what padding and packets add.
const LARGEST_MESSAGE: usize = 17 << 20;
