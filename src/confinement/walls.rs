//! The walls of a cage, by Landlock (landlock(7), and the kernel's `userspace-api/landlock`).
//!
//! Asks for what kernels know up to Landlock's sixth version (Linux 6.12), and takes what this one
//! has: files from Linux 5.19 on, truncation from 6.2, TCP from 6.7, devices from 6.10, signals and
//! abstract sockets from 6.12. No new privileges come with it.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::{Cage, Walls};

/// Closes the walls around this thread. No new privileges, whatever else the kernel lacks.
pub(super) fn close(cage: &Cage) -> Walls {
    match restrict(cage).map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Walls::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Walls::Partial,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Walls::None,
    }
}

fn restrict(cage: &Cage) -> Result<RestrictionStatus, RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(KNOWN))?;
    if !cage.calls {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    let mut ruleset = ruleset.create()?;
    for device in ["/dev/urandom", "/dev/random", "/dev/sysgenid"] {
        allow(&mut ruleset, Path::new(device), AccessFs::ReadFile.into());
    }
    let both = AccessFs::ReadFile | AccessFs::WriteFile;
    allow(&mut ruleset, Path::new("/dev/null"), both);
    if cage.terminal {
        allow(
            &mut ruleset,
            Path::new("/dev/tty"),
            both | AccessFs::IoctlDev,
        );
    }
    for path in &cage.readable {
        allow(&mut ruleset, path, AccessFs::ReadFile | AccessFs::ReadDir);
    }
    for folder in &cage.shelves {
        allow(&mut ruleset, folder, shelf());
    }
    for folder in &cage.listed {
        allow(&mut ruleset, folder, AccessFs::ReadDir.into());
    }
    for folder in &cage.emptied {
        allow(&mut ruleset, folder, AccessFs::RemoveDir.into());
    }
    for folder in &cage.writable {
        allow(&mut ruleset, folder, inside());
    }
    for port in &cage.ports {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::BindTcp))?;
    }
    ruleset.restrict_self()
}

/// Allows something with a file or folder. Where there is none, or it is a pipe, for which Landlock
/// has no rules and needs none, nothing is added: what is used of it shows whether it can be.
fn allow(ruleset: &mut RulesetCreated, path: &Path, access: BitFlags<AccessFs>) {
    let Ok(found) = std::fs::metadata(path) else {
        return;
    };
    let access = if found.is_dir() {
        access
    } else {
        access & AccessFs::from_file(KNOWN)
    };
    if let Ok(opened) = PathFd::new(path) {
        let _left_out = ruleset.add_rule(PathBeneath::new(opened, access));
    }
}

/// What may be done with the folders of a shelf.
fn shelf() -> BitFlags<AccessFs> {
    AccessFs::ReadDir | AccessFs::MakeDir | AccessFs::RemoveDir | AccessFs::Refer
}

/// What may be done in a folder that is ours: all that makes, changes and removes files and folders.
fn inside() -> BitFlags<AccessFs> {
    shelf()
        | AccessFs::ReadFile
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile
}

/// Fixed, so that a newer library does not forbid more than was tried.
const KNOWN: ABI = ABI::V6;
