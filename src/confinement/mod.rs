//! Makes this process a poor place to look for secrets: no core dump, no other process of the same
//! user may read its memory. Later, it can be closed into a [`Cage`], from which it reaches only what it needs.
//!
//! Serves promise 14. Each step is tried for itself: a system that refuses one still gets the
//! others, and the caller hears which failed.

mod cage;
mod limits;
#[cfg(target_os = "linux")]
mod walls;

use std::io;

pub use cage::{Cage, Walls};

/// What [`harden`] achieved.
#[derive(Debug)]
#[must_use]
pub struct Confinement {
    /// The limit on the size of a core file is zero, for good.
    pub core_limit: Outcome,
    /// Neither a core dump (even one through a pipe) nor a debugger of the same user reads us.
    pub not_dumpable: Outcome,
}

/// How one step ended.
#[derive(Debug)]
pub enum Outcome {
    /// It holds from now on.
    Done,
    /// This system has no such thing.
    Unsupported,
    /// The system refused.
    Failed(io::Error),
}

/// Confines this process; called first in `main`, before any secret is read.
pub fn harden() -> Confinement {
    Confinement {
        core_limit: forbid_core_files(),
        not_dumpable: forbid_reading_memory(),
    }
}

impl Confinement {
    /// The steps that the system refused, each with what it would have been good for.
    pub fn failures(&self) -> impl Iterator<Item = (&'static str, &io::Error)> {
        let steps = [
            ("no core files", &self.core_limit),
            ("memory hidden from other processes", &self.not_dumpable),
        ];
        steps
            .into_iter()
            .filter_map(|(step, outcome)| match outcome {
                Outcome::Failed(error) => Some((step, error)),
                Outcome::Done | Outcome::Unsupported => None,
            })
    }
}

#[cfg(unix)]
fn forbid_core_files() -> Outcome {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none).into()
}

#[cfg(not(unix))]
fn forbid_core_files() -> Outcome {
    Outcome::Unsupported
}

#[cfg(target_os = "linux")]
fn forbid_reading_memory() -> Outcome {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    set_dumpable_behavior(DumpableBehavior::NotDumpable).into()
}

#[cfg(not(target_os = "linux"))]
fn forbid_reading_memory() -> Outcome {
    Outcome::Unsupported
}

#[cfg(unix)]
impl From<Result<(), rustix::io::Errno>> for Outcome {
    fn from(result: Result<(), rustix::io::Errno>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(error) => Self::Failed(error.into()),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::process::{
        DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit, setrlimit,
    };
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitStatus};

    const CHILD: &str = "SEALPOST_TEST_CHILD";

    /// Runs one of the ignored tests below in a process and an empty folder of its own.
    fn run(child: &str) -> (ExitStatus, Vec<std::fs::DirEntry>) {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("{}::{child}", module_path!());
        let name = name.split_once("::").unwrap().1;
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture"])
            .env(CHILD, "1")
            .current_dir(folder.path())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        let left = std::fs::read_dir(folder.path()).unwrap();
        (status, left.map(Result::unwrap).collect())
    }

    fn allow_core_files() {
        let most = getrlimit(Resource::Core).maximum;
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        setrlimit(Resource::Core, limit).unwrap();
    }

    #[test]
    #[ignore = "run by p14_the_process_is_hardened"]
    fn child_hardens() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        allow_core_files();
        assert_eq!(harden().failures().count(), 0);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        let dumpable = dumpable_behavior().unwrap();
        assert_eq!(dumpable, DumpableBehavior::NotDumpable);
        // Paths such as /dev/fd/63, which shells make of <(…), must still open.
        assert!(std::fs::File::open("/dev/fd/0").is_ok());
    }

    #[test]
    #[ignore = "run by p14_an_abort_leaves_no_core"]
    fn child_aborts() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        allow_core_files();
        let _confinement = harden();
        std::process::abort();
    }

    #[test]
    fn p14_the_process_is_hardened() {
        assert!(run("child_hardens").0.success());
    }

    #[test]
    fn p14_an_abort_leaves_no_core() {
        let (status, left) = run("child_aborts");
        assert!(status.signal().is_some());
        assert!(!status.core_dumped());
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn a_refused_step_is_named() {
        let confinement = Confinement {
            core_limit: Outcome::Failed(io::Error::other("no")),
            not_dumpable: Outcome::Unsupported,
        };
        let failed: Vec<_> = confinement.failures().map(|(step, _)| step).collect();
        assert_eq!(failed, ["no core files"]);
    }
}
