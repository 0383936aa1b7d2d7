//! What a server may still do once it serves: change its data folder, listen on its ports, read its
//! TLS files anew.
//!
//! Promises 9 and 11: whoever takes the server over finds neither programs to run nor other files to
//! change. With rows or objects at a server, it may connect and read, since names, certificates and
//! passwords are looked up for that; docs/operations.md, "What it may do".

use std::path::{Path, PathBuf};

use super::plan::Plan;
use crate::commands::{Context, cage};
use crate::{confinement::Cage, terminal::Failure};

/// Closes the cage; threads come after it.
pub(super) fn confine(plan: &Plan, context: &Context<'_>) -> Result<(), Failure> {
    let ports = [Some(plan.listen), plan.admin];
    let mut cage = Cage::default()
        .writing(plan.store.prepare()?)
        .listening(ports.into_iter().flatten().map(|at| at.port()))
        .reading(context.passphrases.file())
        .asking();
    if plan.store.is_elsewhere() {
        cage = cage.calling().reading(["/"]);
    } else if let Some(tls) = &plan.tls {
        cage = cage.reading(tls.files().into_iter().flat_map(renewed));
    }
    let _told = cage::enter(cage, context)?;
    Ok(())
}

/// The folders in which a file may be exchanged for a newer one: its own, the one that a link leads
/// to, and those in which a link on the way may be turned to another folder.
fn renewed(file: &Path) -> Vec<PathBuf> {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let links = path.ancestors().filter(|part| part.is_symlink());
    let mut folders: Vec<_> = links.filter_map(Path::parent).map(Path::to_owned).collect();
    folders.extend(path.parent().map(Path::to_owned));
    let real = path.canonicalize().ok();
    folders.extend(real.as_deref().and_then(Path::parent).map(Path::to_owned));
    folders.retain(|folder| folder.parent().is_some());
    folders
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn whatever_is_turned_to_a_newer_certificate_can_be_read() {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().canonicalize().unwrap();
        let at = |name: &str| root.join(name);
        for folder in ["archive", "live", "2026", "plain"] {
            fs::create_dir(at(folder)).unwrap();
        }
        for file in ["archive/cert1.pem", "2026/cert.pem", "plain/cert.pem"] {
            fs::write(at(file), "").unwrap();
        }
        symlink("../archive/cert1.pem", at("live/cert.pem")).unwrap();
        symlink("2026", at("current")).unwrap();
        let found = |name| renewed(&at(name));
        assert_eq!(found("plain/cert.pem"), [at("plain"), at("plain")]);
        assert!(found("live/cert.pem").contains(&at("archive")));
        assert!(found("current/cert.pem").contains(&root));
        assert!(renewed(Path::new("/cert.pem")).is_empty());
    }
}
