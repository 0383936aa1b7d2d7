//! Commands and answers over one connection.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use zeroize::Zeroizing;

use super::{Reply, SmtpError};

/// One connection, with what was read ahead.
pub(super) struct Wire<S> {
    stream: S,
    ahead: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
        }
    }

    /// The connection, unless something was read ahead that nobody asked for.
    pub(super) fn into_quiet(self) -> Result<S, SmtpError> {
        if self.ahead.is_empty() {
            Ok(self.stream)
        } else {
            Err(SmtpError::Injected)
        }
    }

    /// Sends a line, and gives the answer. Nothing in `line` ends it.
    pub(super) async fn command(&mut self, line: &str) -> Result<Reply, SmtpError> {
        let bytes = Zeroizing::new(format!("{line}\r\n").into_bytes());
        debug_assert!(!line.contains(['\r', '\n', '\0']), "a line is one line");
        self.write(&bytes).await.map_err(SmtpError::Broken)?;
        self.reply(PATIENCE).await
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        in_time(PATIENCE, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        })
        .await
    }

    /// The next answer.
    pub(super) async fn reply(&mut self, patience: Duration) -> Result<Reply, SmtpError> {
        let mut reply = Reply::empty();
        for _ in 0..MOST_LINES {
            let line = in_time(patience, self.line());
            let line = line.await.map_err(SmtpError::Broken)?;
            match reply.line(&line) {
                Some(true) => return Ok(reply),
                Some(false) => {}
                None => return Err(SmtpError::NotSmtp),
            }
        }
        Err(SmtpError::NotSmtp)
    }

    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.ahead.drain(..=end).collect();
                line.truncate(line.trim_ascii_end().len());
                return Ok(line);
            }
            if self.ahead.len() > LONGEST_LINE {
                return Err(io::Error::other("its answer has no end"));
            }
            let mut piece = [0; 1024];
            let count = self.stream.read(&mut piece).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.ahead
                .extend_from_slice(piece.get(..count).unwrap_or_default());
        }
    }
}

async fn in_time<T>(
    patience: Duration,
    exchange: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let ended = timeout(patience, exchange).await;
    ended.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// RFC 5321 section 4.5.3.2 wants five minutes, at which no person waits any more.
const PATIENCE: Duration = Duration::from_mins(1);

/// Servers have lines of 512 bytes.
const LONGEST_LINE: usize = 4096;

const MOST_LINES: usize = 128;
