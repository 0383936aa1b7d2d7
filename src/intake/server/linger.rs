//! The polite end of a connection: what the client still sends is read and thrown away for a
//! while, so that it gets to see the answer.
//!
//! RFC 9112 section 9.6: closing with unread bytes makes the system send a reset, and a reset may
//! overtake the answer.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// Ends our side, and waits for the client to end its own.
pub(super) async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let drained = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut scrap = vec![0; 16 << 10];
        while let Ok(Ok(count)) = timeout(SILENCE, stream.read(&mut scrap)).await {
            if count == 0 {
                return;
            }
        }
    };
    let _gone = timeout(PATIENCE, drained).await;
}

const SILENCE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(10);
