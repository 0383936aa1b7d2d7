//! The server before the routes: connections come in, are bounded in number, time and speed, and
//! end in order.
//!
//! RFC 9112 (HTTP/1.1). Promise 39. `axum::serve` arms no time-outs, so this is a loop of our own on
//! hyper.

mod connection;
mod linger;
mod stall;
mod tls;

use std::{io, net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Duration};

use axum::Router;
use jiff::Timestamp;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};

use self::connection::Connection;
use super::{
    Intake,
    lifecycle::{Phase, reached},
    limits::Shares,
    refusal::{Chain, Refusal},
    routes,
    store::Ages,
};

pub use tls::{Tls, TlsError};

/// How connections are treated.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// How many at most.
    pub most: usize,
    /// How many for one client. A proxy that is trusted stands for many, and is not counted.
    pub per_client: Option<NonZeroUsize>,
    /// How long the head of a request may take; a connection that is idle for so long is closed.
    pub header_timeout: Duration,
    /// How long requests may go on once the end has begun.
    pub grace: Duration,
}

/// Addresses that were taken, and where nobody is served yet.
pub struct Listeners {
    public: TcpListener,
    admin: Option<TcpListener>,
}

/// A server that listens.
pub struct Server {
    intake: Arc<Intake>,
    listeners: Listeners,
    tls: Option<Arc<Tls>>,
    connections: Connections,
}

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {at}")]
pub struct ServerError {
    at: SocketAddr,
    source: io::Error,
}

impl Listeners {
    /// Takes `listen` for the world, and `admin` for whoever runs it.
    ///
    /// # Errors
    /// [`ServerError`] where an address cannot be had.
    pub async fn bind(listen: SocketAddr, admin: Option<SocketAddr>) -> Result<Self, ServerError> {
        let admin = match admin {
            Some(admin) => Some(bind(admin).await?),
            None => None,
        };
        let public = bind(listen).await?;
        Ok(Self { public, admin })
    }

    /// Where the world is served.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.public.local_addr()
    }
}

impl Server {
    /// Puts a server together.
    #[must_use]
    pub fn new(
        intake: Arc<Intake>,
        listeners: Listeners,
        tls: Option<Arc<Tls>>,
        connections: Connections,
    ) -> Self {
        Self {
            intake,
            listeners,
            tls,
            connections,
        }
    }

    /// Serves until `stop` is done; then lets requests end, cuts those that take longer than the
    /// grace, and returns when what came of them is kept.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let life = &self.intake.life;
        // Every connection and the loops hold one: closed when all are gone.
        let open = watch::Sender::new(());
        let permits = Arc::new(Semaphore::new(self.connections.most));
        tracing::info!(
            connections = self.connections.most,
            per_client = self.connections.per_client,
            "serving"
        );
        let public = Gate {
            router: routes::public(self.intake.clone()),
            tls: self.tls,
            permits,
            shares: Shares::new(self.connections.per_client),
            intake: self.intake.clone(),
            connections: self.connections,
        };
        tokio::spawn(accept(
            self.listeners.public,
            Arc::new(public),
            open.subscribe(),
        ));
        if let Some(admin) = self.listeners.admin {
            let gate = Gate {
                router: routes::admin(self.intake.clone()),
                tls: None,
                permits: Arc::new(Semaphore::new(ADMIN_CONNECTIONS)),
                shares: Shares::new(None),
                intake: self.intake.clone(),
                connections: self.connections,
            };
            tokio::spawn(accept(admin, Arc::new(gate), open.subscribe()));
        }
        let tidying = tokio::spawn(tidy(self.intake.clone()));
        stop.await;
        tracing::info!("going down");
        life.enter(Phase::Draining);
        let drained = async {
            open.closed().await;
            life.idle().await;
        };
        if tokio::time::timeout(self.connections.grace, drained)
            .await
            .is_err()
        {
            tracing::info!("requests that take too long are cut");
            life.enter(Phase::Cutting);
            let _cut = tokio::time::timeout(CUT, async {
                life.idle().await;
                open.closed().await;
            })
            .await;
        }
        tidying.abort();
        self.intake.store.close().await;
    }
}

/// What a connection goes through.
pub(super) struct Gate {
    router: Router,
    tls: Option<Arc<Tls>>,
    permits: Arc<Semaphore>,
    shares: Arc<Shares>,
    intake: Arc<Intake>,
    connections: Connections,
}

async fn bind(at: SocketAddr) -> Result<TcpListener, ServerError> {
    let bound = TcpListener::bind(at).await;
    bound.map_err(|source| ServerError { at, source })
}

/// Takes connections until the end begins. While there are too many, the next waits in the queue of
/// the system; of a client that has its share, it ends at once.
async fn accept(listener: TcpListener, gate: Arc<Gate>, open: watch::Receiver<()>) {
    let mut phase = gate.intake.life.watch();
    loop {
        let next = async {
            let permit = gate.permits.clone().acquire_owned().await;
            (permit, incoming(&listener).await)
        };
        let (permit, (stream, peer)) = tokio::select! {
            biased;
            () = reached(&mut phase, Phase::Draining) => return,
            next = next => next,
        };
        let client = gate.intake.pseudonyms.of_peer(peer.ip());
        let Some(share) = gate.shares.take(client) else {
            gate.intake.metrics.turned_away();
            continue;
        };
        let connection = Connection {
            stream,
            peer: peer.ip(),
            gate: gate.clone(),
        };
        let open = open.clone();
        tokio::spawn(async move {
            connection.serve().await;
            drop((permit, share, open));
        });
    }
}

/// The next connection. Running out of file descriptors or memory passes.
async fn incoming(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(incoming) => return incoming,
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(cause = %error, "cannot take connections");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Whether the error is that of a connection that ended before it was taken.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

/// Forgets clients whose limits are full again, and sweeps now and then.
async fn tidy(intake: Arc<Intake>) {
    // Before anything new comes in: if the database was brought back from a backup, it knows nothing of
    // objects that are younger.
    let newest = intake.store.newest().await.unwrap_or(Timestamp::MIN);
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    for minute in 1_u64.. {
        minutes.tick().await;
        intake.rates.forget_idle();
        if minute % EXPIRE_EVERY == 0 {
            if let Err(error) = intake.store.expire_uploads(intake.now()).await {
                tracing::error!(cause = %Chain(&error), "uploads that expired cannot be removed");
            }
            // What went wrong is in the log, and the next turn tries again.
            let _tried: Result<(), Refusal> = intake.forget_finished().await;
        }
        if minute % SWEEP_EVERY == SWEEP_FIRST {
            sweep(&intake, newest).await;
        }
    }
}

/// Removes what has had its time, but no object that is younger than what the database knew.
async fn sweep(intake: &Intake, newest: Timestamp) {
    let ages = Ages::at(intake.now()).knowing(newest);
    match intake.store.sweep(&ages).await {
        Ok(swept) => {
            if swept.younger > 0 {
                tracing::warn!(
                    objects = swept.younger,
                    "left objects without a row that are younger than the database was at the start"
                );
            }
            tracing::info!(
                uploads = swept.uploads,
                orphans = swept.orphans,
                left = swept.left,
                "swept"
            );
        }
        Err(error) => tracing::error!(cause = %Chain(&error), "cannot sweep"),
    }
}

/// In minutes: how often expired uploads go, so that they do not count against the quota.
const EXPIRE_EVERY: u64 = 5;
/// The first sweep, and how often.
const SWEEP_FIRST: u64 = 10;
const SWEEP_EVERY: u64 = 6 * 60;

const ADMIN_CONNECTIONS: usize = 64;

/// How long it may take to keep what came of requests that were cut.
const CUT: Duration = Duration::from_secs(15);
