//! The program on a terminal of its own.

use std::process::Command;
use std::time::Duration;

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect as _, Session};

/// A command that runs on a terminal, and what it showed there.
pub(crate) struct Terminal {
    session: OsSession,
    shown: Vec<u8>,
}

impl Terminal {
    pub(crate) fn start(command: Command) -> Self {
        let mut session = Session::spawn(command).unwrap();
        session.set_expect_timeout(Some(Duration::from_mins(1)));
        Self {
            session,
            shown: Vec::new(),
        }
    }

    pub(crate) fn process(&self) -> i32 {
        self.session.get_process().pid().as_raw()
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        match self.session.expect(text) {
            Ok(found) => self.shown.extend_from_slice(found.as_bytes()),
            Err(why) => panic!("no {text:?} came: {why}"),
        }
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.session.send_line(line).unwrap();
    }

    /// Waits for the end: everything that was shown, and how it ended.
    pub(crate) fn end(mut self) -> (Vec<u8>, WaitStatus) {
        let rest = self.session.expect(Eof).unwrap();
        self.shown.extend_from_slice(rest.as_bytes());
        (self.shown, self.session.get_process().wait().unwrap())
    }
}
