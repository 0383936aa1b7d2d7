//! A source is the same both times, or an error.

use super::{Change, FileKind, Source, SourceError};
use std::fs;
use std::path::Path;

fn kind(path: &Path) -> FileKind {
    match Source::look(path).expect_err("no file") {
        SourceError::NotAFile { kind, .. } => kind,
        other => panic!("{other}"),
    }
}

/// Attaches a file, changes it, and says what was noticed.
fn noticed(change: impl FnOnce(&Path)) -> Option<Change> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "content").unwrap();
    let source = Source::look(&path).unwrap();
    change(&path);
    match source.reopen() {
        Ok(_) => None,
        Err(SourceError::Changed { change, .. }) => Some(change),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn only_regular_files_are_sources() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(kind(folder.path()), FileKind::Folder);
    let missing = Source::look(&folder.path().join("missing")).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
}

#[cfg(unix)]
#[test]
fn a_pipe_does_not_block() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    assert_eq!(kind(&pipe), FileKind::Fifo);
    assert_eq!(kind(Path::new("/dev/null")), FileKind::Device);
}

#[test]
fn changes_are_noticed() {
    assert_eq!(noticed(|_| {}), None);
    assert_eq!(
        noticed(|path| fs::write(path, "cont").unwrap()),
        Some(Change::Shrunk)
    );
    assert_eq!(
        noticed(|path| fs::write(path, "content, more").unwrap()),
        Some(Change::Grown)
    );
    let later = |path: &Path| {
        let file = fs::File::options().write(true).open(path).unwrap();
        let times = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
        file.set_times(times).unwrap();
    };
    assert_eq!(noticed(later), Some(Change::Modified));
}

#[cfg(unix)]
#[test]
fn another_file_of_the_same_name_is_noticed() {
    let replace = |path: &Path| {
        let other = path.with_extension("new");
        fs::write(&other, "content").unwrap();
        fs::rename(&other, path).unwrap();
    };
    assert_eq!(noticed(replace), Some(Change::Replaced));
}

#[test]
fn changes_while_reading_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for (now, change) in [("con", Change::Shrunk), ("content, more", Change::Grown)] {
        fs::write(&path, "content").unwrap();
        let source = Source::look(&path).unwrap();
        let mut reading = source.reopen().unwrap();
        assert_eq!(reading.read(&mut [0; 3]).unwrap(), 3);
        fs::write(&path, now).unwrap();
        let mut rest = || {
            while reading.left() > 0 {
                assert!(reading.read(&mut [0; 64])? > 0, "{now}");
            }
            reading.end()
        };
        let error = rest().unwrap_err();
        assert!(matches!(error, SourceError::Changed { change: is, .. } if is == change));
    }
}
