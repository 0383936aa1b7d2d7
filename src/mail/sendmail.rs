//! Handing a mail to the mail system of this machine.
//!
//! The command `sendmail` as all mail systems have it: `-i` (a dot ends nothing), `-f` (the
//! sender), the recipient behind `--`. Addresses cannot be taken for options, by their type. That
//! system writes its own name and the user's into the mail: whoever wants neither uses SMTP.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{ChildStderr, ChildStdin, Command, Stdio},
    thread,
};

use crate::program::MailAddress;

/// What keeps `sendmail` from taking a mail.
#[derive(Debug, thiserror::Error)]
pub enum SendmailError {
    /// There is none.
    #[error("there is no sendmail on this machine (looked in {})", PLACES.join(", "))]
    Absent,
    /// It cannot be run.
    #[error("cannot run {0}")]
    Start(PathBuf, #[source] io::Error),
    /// The mail could not be read, or the program went away.
    #[error("cannot hand the mail to {0}")]
    Broken(PathBuf, #[source] io::Error),
    /// It says no.
    #[error("{program} refuses the mail ({status}){said}")]
    Refused {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// What it said, as `": …"`, or empty; the text of another program.
        said: String,
    },
}

/// The program that takes mails on this machine.
///
/// # Errors
/// [`SendmailError::Absent`].
pub fn find() -> Result<PathBuf, SendmailError> {
    let places = PLACES.iter().map(Path::new);
    let mut found = places.filter(|place| place.is_file());
    found
        .next()
        .map(Path::to_owned)
        .ok_or(SendmailError::Absent)
}

/// Hands over a mail, with the line ends that such programs expect.
///
/// # Errors
/// [`SendmailError`]; after it, nothing was taken, except where the program went away in the end.
pub fn hand_over(
    program: &Path,
    from: &MailAddress,
    to: &MailAddress,
    mail: &mut dyn Read,
) -> Result<(), SendmailError> {
    let mut child = Command::new(program)
        .args(["-i", "-f"])
        .arg(from.to_string())
        .arg("--")
        .arg(to.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| SendmailError::Start(program.to_owned(), error))?;
    let broken = |error| SendmailError::Broken(program.to_owned(), error);
    let said = child
        .stderr
        .take()
        .map(|pipe| thread::spawn(|| drain(pipe)));
    let mut pipe = child.stdin.take();
    let fed = match &mut pipe {
        Some(pipe) => feed(pipe, mail),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    };
    let cut = fed.is_err();
    // A program that refuses may do so without reading.
    if let Err(error) = fed.or_else(unless_it_left) {
        // Half a mail must not be sent: the program is gone before the pipe's end could tell it that this was all.
        let _gone = child.kill();
        let _status = child.wait();
        return Err(broken(error));
    }
    drop(pipe);
    let status = child.wait().map_err(broken)?;
    if status.success() && !cut {
        return Ok(());
    }
    let said = said.and_then(|said| said.join().ok()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    Err(SendmailError::Refused {
        program: program.to_owned(),
        status: status.to_string(),
        said: if said.is_empty() {
            said
        } else {
            format!(": {said}")
        },
    })
}

fn unless_it_left(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error)
    }
}

/// The beginning of what a program says; it is read to its end, so that nothing holds the program up.
fn drain(mut pipe: ChildStderr) -> Vec<u8> {
    let mut said = Vec::new();
    let _cut = pipe.by_ref().take(MOST_SAID).read_to_end(&mut said);
    let _cut = io::copy(&mut pipe, &mut io::sink());
    said
}

/// Writes the mail with LF for CRLF.
fn feed(pipe: &mut ChildStdin, mail: &mut dyn Read) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match mail.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            return pipe.flush();
        }
        let mut lines = buffer.get(..count).unwrap_or_default().to_vec();
        lines.retain(|byte| *byte != b'\r');
        pipe.write_all(&lines)?;
    }
}

/// Bytes.
const MOST_SAID: u64 = 4096;

const PLACES: [&str; 3] = [
    "/usr/sbin/sendmail",
    "/usr/lib/sendmail",
    "/usr/bin/sendmail",
];

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn run(script: &str) -> (Result<(), SendmailError>, String) {
        run_with(script, &mut &b"Subject: x\r\n\r\n.\r\n"[..])
    }

    fn run_with(script: &str, mail: &mut dyn Read) -> (Result<(), SendmailError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let (program, heard) = (folder.path().join("sendmail"), folder.path().join("heard"));
        let script = script.replace("HEARD", heard.to_str().unwrap());
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let (from, to) = (
            "a@b.example".parse().unwrap(),
            "c@d.example".parse().unwrap(),
        );
        let done = hand_over(&program, &from, &to, mail);
        (done, fs::read_to_string(heard).unwrap_or_default())
    }

    #[test]
    fn the_mail_arrives_with_the_addresses_as_arguments() {
        let (done, heard) = run("echo \"$@\" > HEARD; cat >> HEARD");
        done.unwrap();
        assert_eq!(heard, "-i -f a@b.example -- c@d.example\nSubject: x\n\n.\n");
    }

    #[test]
    fn a_refusal_is_repeated() {
        let (done, _) = run("cat > /dev/null; echo 'no such host' >&2; exit 68");
        let said = done.unwrap_err().to_string();
        assert!(said.ends_with("(exit status: 68): no such host"), "{said}");
    }

    #[test]
    fn a_mail_that_cannot_be_read_to_its_end_is_not_queued() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let mut half = Read::chain(&b"half"[..], Broken);
        let (done, heard) = run_with("cat > /dev/null; echo queued > HEARD", &mut half);
        assert!(matches!(done, Err(SendmailError::Broken(..))), "{done:?}");
        assert_eq!(heard, "");
    }

    #[test]
    fn a_program_that_talks_first_holds_nothing_up() {
        let talk = "head -c 300000 /dev/zero | tr '\\0' x >&2; cat > /dev/null; exit 1";
        let (done, _) = run_with(talk, &mut io::repeat(b'x').take(300_000));
        let said = done.unwrap_err().to_string();
        assert!(said.len() < 5000 && said.ends_with("xxx"), "{said:.100}");
    }
}
