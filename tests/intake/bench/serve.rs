//! The running server: started, watched, stopped, killed.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    http::{Answer, Connection, Request},
    place::Place,
};

/// A server that answers; killed when this is dropped.
pub(crate) struct Serve {
    child: Child,
    address: SocketAddr,
    /// From its start until it was ready.
    pub(crate) took: Duration,
}

impl Serve {
    /// Runs a command that starts a server in this place, and waits until that is ready.
    pub(crate) fn start(place: &Place, command: Command) -> Self {
        match Self::try_start(place, command) {
            Ok(serve) => serve,
            Err(status) => panic!("{status}\n{}", place.log()),
        }
    }

    /// The same; how the server ended, if it did before it was ready.
    pub(crate) fn try_start(place: &Place, mut command: Command) -> Result<Self, ExitStatus> {
        let log = place.path("serve.log");
        let file = File::options().create(true).append(true).open(&log);
        let file = file.unwrap();
        let from = file.metadata().unwrap().len();
        command.stderr(file).stdout(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let address = loop {
            if let Some(address) = ready(&log, from) {
                break address;
            }
            if let Some(status) = child.try_wait().unwrap() {
                return Err(status);
            }
            if began.elapsed() > LIMIT {
                let _ = child.kill();
                panic!("not ready after {LIMIT:?}\n{}", place.log());
            }
            thread::sleep(Duration::from_millis(5));
        };
        Ok(Self {
            child,
            address,
            took: began.elapsed(),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn process(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a request on a connection of its own.
    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Answer {
        request
            .try_send(self.address)
            .unwrap_or_else(|why| panic!("{why}: {request:?}"))
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send(&Request::get(target))
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal, and leaves it at that.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// How it ended, which must be soon.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < LIMIT, "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its highest resident memory so far, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Its resident memory, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, what: &str) -> u64 {
        let process = self.process().as_raw_nonzero();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what));
        let kib = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kib.parse().unwrap()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address that a server says it is ready on, past this place of its log.
fn ready(log: &Path, from: u64) -> Option<SocketAddr> {
    let log = fs::read(log).ok()?;
    let new = String::from_utf8_lossy(&log[usize::try_from(from).ok()?..]).into_owned();
    let (_, after) = new.split_once("ready on http")?;
    let (line, _) = after.split_once('\n')?;
    let (_, address) = line.split_once("://")?;
    address.trim().parse().ok()
}

/// Longer than any start or end should take.
const LIMIT: Duration = Duration::from_mins(1);
