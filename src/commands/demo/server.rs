//! The intake of the demonstration: the same program, as a process of its own.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context as _, anyhow};

use crate::terminal::Failure;

/// A running intake; it ends with this.
pub(super) struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts `sealpost serve` with these arguments, and waits until it is ready.
    pub(super) fn start(arguments: &[&str]) -> Result<Self, Failure> {
        let program = env::current_exe().context("this program cannot be found again")?;
        let mut command = Command::new(program);
        // What is set for a real intake must not reach this one.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("SEALPOST_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the intake")?;
        let log = child.stderr.take();
        let mut server = Self {
            child,
            url: String::new(),
        };
        let mut log = BufReader::new(log.ok_or_else(|| anyhow!("the intake has no log"))?);
        server.url = address(&mut log)?;
        // A full pipe would hold the intake up.
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(server)
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it in good order.
    pub(super) fn stop(mut self) -> Result<(), Failure> {
        self.end();
        self.child.wait().context("the intake does not end")?;
        Ok(())
    }

    #[cfg(unix)]
    fn end(&mut self) {
        use rustix::process::{Pid, Signal, kill_process};
        let _gone = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    #[cfg(not(unix))]
    fn end(&mut self) {
        let _gone = self.child.kill();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

/// Reads the log up to the line that says where the intake is.
fn address(log: &mut impl BufRead) -> Result<String, Failure> {
    let mut said = String::new();
    for _ in 0..MOST_LINES {
        let mut line = String::new();
        let read = log.by_ref().take(LONGEST_LINE).read_line(&mut line);
        if read.context("cannot read the log of the intake")? == 0 {
            break;
        }
        if let Some((_, address)) = line.split_once("ready on ") {
            return Ok(address.trim().to_owned());
        }
        said.push_str(&line);
    }
    Err(anyhow!("the intake did not start: {}", said.trim()).into())
}

const MOST_LINES: usize = 100;
const LONGEST_LINE: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_log() {
        let log = "{\"level\":\"INFO\"}\nsealpost serve: ready on http://127.0.0.1:4711\nmore\n";
        let found = address(&mut log.as_bytes()).unwrap();
        assert_eq!(found, "http://127.0.0.1:4711");
        let failed = address(&mut &b"error: no key\n"[..]).unwrap_err();
        assert!(failed.error().to_string().contains("no key"));
    }
}
