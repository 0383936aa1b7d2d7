//! Where the corpus of real-world data is, which is not part of the project.

use std::path::{Path, PathBuf};

/// A folder of the corpus, or `None`, with a printed line, where `SEALPOST_CORPUS` is not set.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
        println!("skipped: SEALPOST_CORPUS is not set");
        return None;
    };
    let folder = PathBuf::from(corpus).join(name);
    assert!(folder.is_dir(), "{} is not a folder", folder.display());
    Some(folder)
}

/// A text of the corpus, with whatever is not UTF-8 replaced.
pub(crate) fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}
