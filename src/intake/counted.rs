//! A body whose bytes are counted as they pass; otherwise the body that it was.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use prometheus_client::metrics::counter::Counter;

/// The body, and who counts.
pub(crate) struct Counted {
    body: Body,
    counters: Vec<Counter>,
}

impl Counted {
    /// `body`, counted by each of `counters`.
    pub(crate) fn body(body: Body, counters: Vec<Counter>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self { body, counters })
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            for counter in &self.counters {
                counter.inc_by(bytes.len() as u64);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
