//! One connection, from the handshake to its end.

use std::{
    convert::Infallible,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tower::ServiceExt;

use super::{Gate, linger::linger, stall::Stall};
use crate::intake::lifecycle::{Phase, reached};

/// A connection that was taken.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: IpAddr,
    pub(super) gate: Arc<Gate>,
}

impl Connection {
    /// Serves it to its end. What goes wrong is the client's affair, and nobody is told.
    pub(super) async fn serve(self) {
        let _counted = self.gate.intake.metrics.connection();
        let _slower = self.stream.set_nodelay(true);
        let Some(tls) = &self.gate.tls else {
            return self.gate.clone().speak(self.stream, self.peer).await;
        };
        let shaking = tls.acceptor().accept(self.stream);
        if let Ok(Ok(stream)) = timeout(self.gate.connections.header_timeout, shaking).await {
            self.gate.clone().speak(stream, self.peer).await;
        }
    }
}

impl Gate {
    async fn speak(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: IpAddr,
    ) {
        let mut phase = self.intake.life.watch();
        let gate = self.clone();
        let service = service_fn(move |request| Box::pin(gate.clone().answer(request, peer)));
        let io = TokioIo::new(Stall::new(stream, WRITE_STALL));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.connections.header_timeout)
            .max_buf_size(BUFFER)
            .serve_connection(io, service);
        let ended = {
            let mut ending = pin!(reached(&mut phase, Phase::Draining));
            let mut told = false;
            std::future::poll_fn(|context| {
                if !told && ending.as_mut().poll(context).is_ready() {
                    told = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
                connection.poll_without_shutdown(context)
            })
            .await
        };
        if ended.is_ok() {
            let mut stream = connection.into_parts().io.into_inner().into_inner();
            linger(&mut stream).await;
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        peer: IpAddr,
    ) -> Result<Response, Infallible> {
        let mut request: Request = request.map(Body::new);
        let client = self.intake.pseudonyms.of(peer, request.headers());
        request.extensions_mut().insert(client);
        self.router.clone().oneshot(request).await
    }
}

/// The head of a request and a piece of its body fit in.
const BUFFER: usize = 64 << 10;

/// How long an answer may lie unread.
const WRITE_STALL: Duration = Duration::from_mins(1);
