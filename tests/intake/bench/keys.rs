//! The keys of two vendors, made once for all tests by the program's own `keygen`.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::LazyLock,
};

/// Whose intake it is.
pub(crate) const VENDOR: &str = "vendor";
/// Another vendor, whose reports have no business there.
pub(crate) const OTHER: &str = "other";

/// A file of `keygen`'s: `certificate.asc`, `secret.pgp`, `receipts.pgp`.
pub(crate) fn file(whose: &str, name: &str) -> PathBuf {
    KEYS.path().join(whose).join(name)
}

static KEYS: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for name in [VENDOR, OTHER] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
        command
            .args(["keygen", "-q", "--no-passphrase", "--name", name])
            .args(["--email", "security@example.org", "-o"])
            .arg(folder.path().join(name))
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
    folder
});
