//! `sealpost keygen`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Make a vendor's key: certificate, secrets, revocation certificate
///
/// DIR gets certificate.asc (publish it), secret.pgp (keep it offline: it opens the reports and signs
/// what you say), receipts.pgp (for the intake: it signs receipts and opens nothing; it has no
/// passphrase, since the intake starts unattended) and revocation.asc (keep it apart: it ends the
/// key).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost keygen --name \"Example Security\" --email security@example.org -o keys\n  \
    sealpost keygen --name Example --email security@example.org -o keys --profile pqc --expires 5y")]
pub struct Keygen {
    /// The name that reporters see
    #[arg(long, value_name = "NAME")]
    pub name: String,

    /// The address that reporters write to
    #[arg(long, value_name = "EMAIL")]
    pub email: String,

    /// A new folder for the files
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Which generation of OpenPGP
    #[arg(long, value_enum, default_value_t)]
    pub profile: KeyProfile,

    /// How long it is valid: days, weeks, months or years (90d, 12w, 6m, 3y), or `never`
    #[arg(long, value_name = "TIME", default_value = "3y")]
    pub expires: String,

    /// Write the secrets without a passphrase
    #[arg(long)]
    pub no_passphrase: bool,
}

/// Which generation of OpenPGP a key belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyProfile {
    /// Version 4, read by GnuPG and everything else
    #[default]
    Rfc4880,
    /// Version 6: reporters need a program of 2024 or later
    Rfc9580,
    /// Version 6, encryption with ML-KEM-768 and X25519 together (RFC 9980)
    Pqc,
}
