//! Accepts connections on a loopback port until it is dropped, each served in a thread of its own.

use std::{
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A listening socket. Its threads end soon after it is dropped; a test never waits for them.
pub(crate) struct Listener {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    end: End,
    thread: Option<JoinHandle<()>>,
}

/// Tells a thread that hangs or streams on purpose when to stop.
#[derive(Clone, Default)]
pub(crate) struct End(Arc<AtomicBool>);

impl End {
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn come(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Sleeps, but not past the end.
    pub(crate) fn sleep(&self, long: Duration) {
        let mut left = long;
        while !left.is_zero() && !self.came() {
            let step = left.min(Duration::from_millis(20));
            thread::sleep(step);
            left -= step;
        }
    }
}

impl Listener {
    /// Listens on a free port.
    pub(crate) fn start(
        ip: IpAddr,
        serve: impl Fn(TcpStream, &End) + Send + Sync + 'static,
    ) -> Self {
        Self::on(TcpListener::bind((ip, 0)).unwrap(), serve)
    }

    pub(crate) fn on(
        listener: TcpListener,
        serve: impl Fn(TcpStream, &End) + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (end, accepted) = (End::default(), Arc::new(AtomicUsize::new(0)));
        let (ended, counter, serve) = (end.clone(), Arc::clone(&accepted), Arc::new(serve));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.came() {
                    break;
                }
                let Ok(stream) = stream else { continue };
                counter.fetch_add(1, Ordering::SeqCst);
                let (ended, serve) = (ended.clone(), Arc::clone(&serve));
                thread::spawn(move || serve(stream, &ended));
            }
        });
        Self {
            address,
            accepted,
            end,
            thread: Some(thread),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections came so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end.come();
        // One last connection wakes the thread, which then frees the port.
        if TcpStream::connect(self.address).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
