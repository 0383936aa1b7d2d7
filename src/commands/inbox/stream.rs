//! A report on its way from the intake into whatever reads it, without touching the disk.
//!
//! The download runs on a thread of its own. What reads sees the end only once size and SHA-256
//! were those that the intake had promised, so nothing that was exchanged is ever taken for whole.

use std::{
    io::{self, Read},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use anyhow::anyhow;
use bytes::Bytes;

use super::desk::{Desk, Role, patience};
use crate::commands::open::Source;
use crate::{
    client::{Download, IntakeError, Pace},
    terminal::Failure,
    wire::ReportSummary,
};

/// Hands the report to `act` as something to read. Why the download failed wins over what the
/// reading made of it.
pub(super) fn read<T>(
    desk: &Desk,
    report: &ReportSummary,
    act: impl FnOnce(Source) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let pace = patience()?;
    let (sender, receiver) = sync_channel(PIECES);
    thread::scope(|scope| {
        let download = scope.spawn(move || desk.wait(pump(desk, report, pace, &sender)));
        let done = act(Source {
            name: report.id.to_string(),
            reader: Box::new(Incoming {
                receiver: Mutex::new(receiver),
                piece: Bytes::new(),
                ended: false,
            }),
            size: Some(report.size),
            mail: None,
        });
        match download.join() {
            Ok(Ok(())) => done,
            Ok(Err(why)) => Err(desk.failed(why, Role::Read)),
            Err(_) => Err(anyhow!("the download broke off").into()),
        }
    })
}

/// A piece of the report; `None` is its end.
type Piece = Option<Bytes>;

async fn pump(
    desk: &Desk,
    report: &ReportSummary,
    pace: Pace,
    sender: &SyncSender<Piece>,
) -> Result<(), IntakeError> {
    let intake = desk.intake();
    let mut download = Download::new(&intake, desk.token(), report, pace);
    loop {
        let piece = download.chunk().await?;
        let is_end = piece.is_none();
        // Nobody reads any more: it failed there.
        if sender.send(piece).is_err() || is_end {
            return Ok(());
        }
    }
}

struct Incoming {
    /// Locked by nobody: it makes the reader `Sync`.
    receiver: Mutex<Receiver<Piece>>,
    piece: Bytes,
    ended: bool,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            let receiver = self
                .receiver
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            match receiver.recv() {
                Ok(Some(piece)) => self.piece = piece,
                Ok(None) => self.ended = true,
                Err(_) => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let n = buffer.len().min(self.piece.len());
        let taken = self.piece.split_to(n);
        if let Some(room) = buffer.get_mut(..n) {
            room.copy_from_slice(&taken);
        }
        Ok(n)
    }
}

/// Pieces that wait to be read.
const PIECES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(pieces: &[Piece]) -> Incoming {
        let (sender, receiver) = sync_channel(PIECES);
        for piece in pieces {
            sender.send(piece.clone()).unwrap();
        }
        Incoming {
            receiver: Mutex::new(receiver),
            piece: Bytes::new(),
            ended: false,
        }
    }

    #[test]
    fn p12_the_end_is_there_only_when_it_was_said() {
        let piece = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
        let mut text = String::new();
        let mut whole = incoming(&[piece("ab"), piece(""), piece("c"), None]);
        whole.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(whole.read(&mut [0; 4]).unwrap(), 0);
        let cut = incoming(&[piece("ab")]).read_to_string(&mut text);
        assert_eq!(cut.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }
}
