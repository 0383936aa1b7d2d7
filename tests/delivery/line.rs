//! A bad line to an intake: it cuts connections at random bytes, in either direction, or is slow.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// Connections are cut after at most as many bytes to the intake.
    pub(crate) up: Option<u64>,
    /// Connections are cut after at most as many bytes from it.
    pub(crate) down: Option<u64>,
    /// Bytes a second to the intake.
    pub(crate) rate: Option<u64>,
}

pub(crate) const SOUND: Fault = Fault {
    up: None,
    down: None,
    rate: None,
};

pub(crate) struct Line {
    pub(crate) at: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    /// How often it was cut.
    cuts: Arc<AtomicU64>,
    /// How many bytes went to the intake.
    sent: Arc<AtomicU64>,
    /// Whether what comes from it is lost.
    silent: Arc<AtomicBool>,
}

impl Line {
    /// A line to `to`; the seed decides where it is cut.
    pub(crate) fn new(to: SocketAddr, fault: Fault, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            at: listener.local_addr().unwrap(),
            fault: Arc::new(Mutex::new(fault)),
            cuts: Arc::default(),
            sent: Arc::default(),
            silent: Arc::default(),
        };
        let silent = line.silent.clone();
        let (fault, cuts, sent) = (line.fault.clone(), line.cuts.clone(), line.sent.clone());
        thread::spawn(move || {
            let mut random = seed | 1;
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(to) else {
                    continue;
                };
                let fault = *fault.lock().unwrap();
                let mut within = |most: Option<u64>| {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    most.map(|most| random % most)
                };
                let (up, down) = (within(fault.up), within(fault.down));
                let (one, other) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (up_cuts, up_sent) = (cuts.clone(), sent.clone());
                let (down_cuts, silent) = (cuts.clone(), silent.clone());
                thread::spawn(move || {
                    let ends = (client, server);
                    let never = AtomicBool::new(false);
                    pump(ends, (up, fault.rate), (&up_cuts, &up_sent), &never);
                });
                thread::spawn(move || {
                    let counts = (&*down_cuts, &AtomicU64::new(0));
                    pump((other, one), (down, None), counts, &silent);
                });
            }
        });
        line
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// From now on, or no more, all that the intake says is lost.
    pub(crate) fn silence(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

fn pump(
    (mut from, mut to): (TcpStream, TcpStream),
    (most, rate): (Option<u64>, Option<u64>),
    (cuts, sent): (&AtomicU64, &AtomicU64),
    lost: &AtomicBool,
) {
    let mut left = most.unwrap_or(u64::MAX);
    let mut buffer = [0; 16 << 10];
    loop {
        let room = usize::try_from(left.min(buffer.len() as u64)).unwrap();
        if room == 0 {
            cuts.fetch_add(1, Ordering::Relaxed);
            break;
        }
        match from.read(&mut buffer[..room]) {
            Ok(n)
                if n > 0
                    && (lost.load(Ordering::Relaxed) || to.write_all(&buffer[..n]).is_ok()) =>
            {
                left -= n as u64;
                sent.fetch_add(n as u64, Ordering::Relaxed);
                if let Some(rate) = rate {
                    thread::sleep(Duration::from_micros(n as u64 * 1_000_000 / rate));
                }
            }
            _ => break,
        }
    }
    // Both ways at once: what is on the way back is lost, too.
    let _gone = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
