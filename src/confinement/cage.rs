//! What a process may still do once it begins to read hostile bytes: named files and folders, named
//! ports, and nothing else. There is no way back.
//!
//! Serves "`open` writes only inside its fresh folder" (promise 9) against faults that nobody knows
//! yet. Linux has Landlock for it (landlock(7)); elsewhere only the limits hold.

use std::path::{Path, PathBuf};

use super::limits::{self, Limits};

/// What stays allowed. Begins with nothing but randomness and `/dev/null`.
#[derive(Debug, Default)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only Linux has what closes it")
)]
#[must_use]
pub struct Cage {
    /// Files to read, and folders with all that is in them.
    pub(super) readable: Vec<PathBuf>,
    /// Folders in which everything is allowed but running programs.
    pub(super) writable: Vec<PathBuf>,
    /// Folders in which folders may be listed, made, moved, and removed if empty.
    pub(super) shelves: Vec<PathBuf>,
    /// Folders whose names may be listed.
    pub(super) listed: Vec<PathBuf>,
    /// Folders in which empty folders may be removed.
    pub(super) emptied: Vec<PathBuf>,
    /// TCP ports to listen on.
    pub(super) ports: Vec<u16>,
    /// Whether TCP connections to others may be made.
    pub(super) calls: bool,
    /// Whether the terminal may be opened, to ask for a passphrase.
    pub(super) terminal: bool,
    limits: Limits,
}

/// How much of a cage stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Walls {
    /// All of it.
    Full,
    /// As much as this kernel knows: files at least.
    Partial,
    /// None of it.
    #[default]
    None,
}

impl Walls {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::None => "none",
        }
    }
}

impl Cage {
    /// Files may be read, and what is in folders. What is not there is left out, and so are pipes,
    /// which need no permission.
    pub fn reading<P: AsRef<Path>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        add(&mut self.readable, paths);
        self
    }

    /// Everything but running programs is allowed in these folders.
    pub fn writing<P: AsRef<Path>>(mut self, folders: impl IntoIterator<Item = P>) -> Self {
        add(&mut self.writable, folders);
        self
    }

    /// Folders may be moved into these, and their names be listed. With that comes, however deep,
    /// making folders, moving them within, and removing empty ones; files stay as they are.
    pub fn shelving<P: AsRef<Path>>(mut self, folders: impl IntoIterator<Item = P>) -> Self {
        add(&mut self.shelves, folders);
        self
    }

    /// The names in these folders may be listed.
    pub fn listing<P: AsRef<Path>>(mut self, folders: impl IntoIterator<Item = P>) -> Self {
        add(&mut self.listed, folders);
        self
    }

    /// Empty folders in these may be removed.
    pub fn emptying<P: AsRef<Path>>(mut self, folders: impl IntoIterator<Item = P>) -> Self {
        add(&mut self.emptied, folders);
        self
    }

    /// TCP connections may be taken on these ports.
    pub fn listening(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// TCP connections to others may be made.
    pub fn calling(mut self) -> Self {
        self.calls = true;
        self
    }

    /// The terminal may be opened.
    pub fn asking(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// No more memory than this may be had, in bytes, and no more open files than now.
    pub fn limited(mut self, memory: u64) -> Self {
        self.limits = Limits::memory(memory);
        self
    }

    /// Closes it around this thread and all that it starts from now on, for good.
    #[must_use]
    pub fn enter(self) -> Walls {
        limits::set(&self.limits);
        #[cfg(target_os = "linux")]
        return super::walls::close(&self);
        #[cfg(not(target_os = "linux"))]
        Walls::None
    }
}

fn add<P: AsRef<Path>>(list: &mut Vec<PathBuf>, paths: impl IntoIterator<Item = P>) {
    list.extend(paths.into_iter().map(|path| path.as_ref().to_owned()));
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::io::{self, ErrorKind};
    use std::net::{TcpListener, TcpStream};
    use std::process::Command;
    use std::thread;

    /// Runs `act` in a thread that is caged alone, as far as this kernel can.
    fn caged(cage: Cage, act: impl FnOnce() + Send + 'static) {
        let done = thread::spawn(move || match cage.enter() {
            Walls::Full => act(),
            walls => println!("skipped: this kernel's cage is {}", walls.code()),
        });
        done.join().unwrap();
    }

    fn is_refused<T>(done: io::Result<T>) -> bool {
        matches!(done, Err(why) if why.kind() == ErrorKind::PermissionDenied)
    }

    #[test]
    fn p09_in_the_cage_only_what_was_named_can_be_reached() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        for folder in ["own", "shelf", "other", "shelf/full"] {
            fs::create_dir(at(folder)).unwrap();
        }
        for file in ["named", "secret", "shelf/full/file"] {
            fs::write(at(file), file).unwrap();
        }
        let there = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = there.local_addr().unwrap();
        let cage = Cage::default().reading([at("named"), at("missing")]);
        let cage = cage.writing([at("own")]).shelving([at("shelf")]);
        let root = base.path().to_owned();
        caged(cage, move || {
            let at = |name: &str| root.join(name);
            // What was named.
            assert_eq!(fs::read(at("named")).unwrap(), b"named");
            fs::create_dir(at("own/deep")).unwrap();
            fs::write(at("own/deep/file"), "new").unwrap();
            fs::rename(at("own/deep/file"), at("own/file")).unwrap();
            fs::remove_file(at("own/file")).unwrap();
            tempfile::tempfile_in(at("own")).unwrap();
            fs::rename(at("own/deep"), at("shelf/done")).unwrap();
            File::open("/dev/urandom").unwrap();
            // And nothing else.
            assert!(is_refused(fs::read(at("secret"))));
            assert!(is_refused(fs::read("/etc/passwd")));
            assert!(is_refused(fs::read_dir(at(""))));
            assert!(is_refused(fs::write(at("named"), "x")));
            assert!(is_refused(fs::write(at("new"), "x")));
            assert!(is_refused(fs::write(at("shelf/new"), "x")));
            assert!(is_refused(fs::read(at("shelf/full/file"))));
            assert!(is_refused(fs::write(at("shelf/full/file"), "x")));
            assert!(is_refused(fs::remove_file(at("shelf/full/file"))));
            assert!(is_refused(fs::create_dir(at("other/new"))));
            assert!(is_refused(fs::remove_dir(at("other"))));
            assert!(is_refused(std::os::unix::fs::symlink("/", at("own/link"))));
            assert!(is_refused(TcpStream::connect(address)));
            assert!(is_refused(TcpListener::bind("127.0.0.1:0")));
            assert!(is_refused(Command::new("/bin/true").status()));
            // Threads that it starts are in it, too.
            let other = thread::spawn(move || fs::read("/etc/passwd"));
            assert!(is_refused(other.join().unwrap()));
        });
        // This thread is not.
        fs::read(at("secret")).unwrap();
    }

    /// The other column of the table in docs/threat-model.md, "The cage".
    #[test]
    fn what_the_cage_does_not_hold() {
        use std::os::unix::fs::PermissionsExt as _;
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        for folder in ["shelf/own", "shelf/deep", "shelf/full"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        for file in ["secret", "shelf/full/file"] {
            fs::write(at(file), file).unwrap();
        }
        let cage = Cage::default()
            .writing([at("shelf/own")])
            .shelving([at("shelf")]);
        let root = base.path().to_owned();
        caged(cage, move || {
            let at = |name: &str| root.join(name);
            fs::create_dir(at("shelf/own/new")).unwrap();
            fs::write(at("shelf/own/new/file"), "new").unwrap();
            fs::rename(at("shelf/own/new"), at("shelf/deep/new")).unwrap();
            assert_eq!(fs::metadata(at("secret")).unwrap().len(), 6);
            fs::set_permissions(at("secret"), fs::Permissions::from_mode(0o600)).unwrap();
            // But nothing gains rights by being moved.
            assert!(is_refused(fs::read(at("shelf/deep/new/file"))));
            assert!(fs::rename(at("shelf/full"), at("shelf/own/full")).is_err());
        });
    }

    #[test]
    fn a_server_listens_where_it_may_and_may_call_if_it_must() {
        let there = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = there.local_addr().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let cage = Cage::default().listening([port, 0]).calling();
        caged(cage.reading(["/"]), move || {
            TcpListener::bind(("127.0.0.1", port)).unwrap();
            TcpListener::bind("127.0.0.1:0").unwrap();
            assert!(is_refused(TcpListener::bind((
                "127.0.0.1",
                port.wrapping_add(1)
            ))));
            TcpStream::connect(address).unwrap();
            fs::read("/etc/passwd").unwrap();
            assert!(is_refused(fs::write("/tmp/sealpost-not-written", "x")));
        });
    }
}
