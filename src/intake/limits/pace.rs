//! A request's body as it arrives: counted, and given up when it comes too slowly.
//!
//! Promise 39. Only the time spent waiting for the client counts: a slow disk is not its fault.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::watch;

use crate::intake::lifecycle::{Phase, reached};

/// The least speed of a body.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes a second, on average over the window; 0 is no limit.
    pub bytes_a_second: u64,
    /// Over which it is averaged.
    pub window: Duration,
}

/// A body that is being received.
pub(crate) struct Arriving {
    body: Body,
    pace: Pace,
    phase: watch::Receiver<Phase>,
    waited: Duration,
    arrived: u64,
}

/// Why no more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The client or the network hung up.
    Cut,
    /// It came too slowly.
    TooSlow,
    /// The intake is going down.
    Stopping,
}

impl Arriving {
    pub(crate) fn new(body: Body, pace: Pace, phase: watch::Receiver<Phase>) -> Self {
        Self {
            body,
            pace,
            phase,
            waited: Duration::ZERO,
            arrived: 0,
        }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`Broken`]. What came before is all that will come.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let Some(frame) = self.frame().await? else {
                return Ok(None);
            };
            let Ok(frame) = frame else {
                return Err(Broken::Cut);
            };
            // Trailers are of no use here.
            if let Ok(bytes) = frame.into_data() {
                if bytes.is_empty() {
                    continue;
                }
                self.arrived += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
    }

    async fn frame(&mut self) -> Result<Option<Frame>, Broken> {
        loop {
            let began = Instant::now();
            let left = self.pace.window.saturating_sub(self.waited);
            let next = tokio::select! {
                biased;
                next = tokio::time::timeout(left, self.body.frame()) => next,
                () = reached(&mut self.phase, Phase::Cutting) => return Err(Broken::Stopping),
            };
            self.waited += began.elapsed();
            if self.waited >= self.pace.window {
                let least = self.pace.bytes_a_second * self.pace.window.as_secs();
                if self.arrived < least {
                    return Err(Broken::TooSlow);
                }
                (self.waited, self.arrived) = (Duration::ZERO, 0);
            }
            if let Ok(frame) = next {
                return Ok(frame);
            }
        }
    }
}

type Frame = Result<hyper::body::Frame<Bytes>, axum::Error>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::lifecycle::Lifecycle;
    use futures_util::stream;
    use std::convert::Infallible;

    fn slow(piece: usize, every: Duration) -> Body {
        Body::from_stream(stream::unfold(0, move |count| async move {
            tokio::time::sleep(every).await;
            Some((Ok::<_, Infallible>(vec![0_u8; piece]), count + 1))
        }))
    }

    fn pace(bytes_a_second: u64) -> Pace {
        Pace {
            bytes_a_second,
            window: Duration::from_secs(1),
        }
    }

    #[tokio::test]
    async fn p39_a_body_that_crawls_is_given_up() {
        let life = Lifecycle::new();
        let body = slow(1, Duration::from_millis(50));
        let mut arriving = Arriving::new(body, pace(512), life.watch());
        let began = Instant::now();
        let broken = loop {
            match arriving.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it has no end"),
                Err(broken) => break broken,
            }
        };
        assert_eq!(broken, Broken::TooSlow);
        assert!(began.elapsed() < Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_body_that_walks_is_not() {
        let life = Lifecycle::new();
        let body = slow(100, Duration::from_millis(50));
        let mut arriving = Arriving::new(body, pace(512), life.watch());
        for _ in 0..50 {
            assert!(arriving.next().await.unwrap().is_some());
        }
    }

    #[tokio::test]
    async fn the_end_of_the_intake_cuts_it() {
        let life = Lifecycle::new();
        let body = slow(1, Duration::from_mins(1));
        let mut arriving = Arriving::new(body, pace(0), life.watch());
        life.enter(Phase::Cutting);
        assert_eq!(arriving.next().await, Err(Broken::Stopping));
    }
}
