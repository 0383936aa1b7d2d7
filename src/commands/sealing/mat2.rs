//! Documents and recordings: what they tell is taken out by mat2, where that is installed.
//!
//! Serves the stripping of metadata and promise 13: mat2 reads and writes files, so it works in a folder of its own that lies
//! in memory, and what it wrote has no name any more before it is sealed.

use std::{
    fs::File,
    io,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{disk::Scratch, metadata::Cleaned};

/// What came of it.
pub(super) enum Cleaning {
    /// What mat2 wrote; it goes when it is closed.
    Done(File),
    /// There is no mat2.
    Missing,
    /// There is no folder that is surely not on a disk.
    NoMemory,
    /// mat2 does not know such a file, or took too long.
    Failed,
}

/// Has mat2 clean a file, which is not changed.
pub(super) fn clean(path: &Path, ending: Cleaned) -> io::Result<Cleaning> {
    let Some(scratch) = Scratch::in_memory()? else {
        return Ok(Cleaning::NoMemory);
    };
    let name = format!("file.{}", ending.ending());
    scratch.link(&path.canonicalize()?, &name)?;
    let mut child = match start(scratch.path(), &name) {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Cleaning::Missing),
        Err(error) => return Err(error),
    };
    if !ends_well(&mut child)? {
        return Ok(Cleaning::Failed);
    }
    let clean = scratch
        .path()
        .join(format!("file.cleaned.{}", ending.ending()));
    match File::open(clean) {
        Ok(file) => Ok(Cleaning::Done(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Cleaning::Failed),
        Err(error) => Err(error),
    }
}

/// mat2 without a shell; it keeps its own temporary files in the same folder.
fn start(folder: &Path, name: &str) -> io::Result<Child> {
    Command::new("mat2")
        .arg(folder.join(name))
        .current_dir(folder)
        .env("TMPDIR", folder)
        .env("HOME", folder)
        .env("XDG_CACHE_HOME", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Whether it ends in time, and says that it succeeded.
fn ends_well(child: &mut Child) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(PAUSE);
    }
}

const PATIENCE: Duration = Duration::from_mins(2);

const PAUSE: Duration = Duration::from_millis(20);
