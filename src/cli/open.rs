//! `sealpost open`.

use std::path::PathBuf;

use clap::Args;

/// Open sealed reports: decrypt, verify, extract
///
/// Nothing appears in the output folder before the whole message was decrypted and
/// authenticated. Also opens what gpg, gpgtar, sq and OpenPGP.js encrypted: a tar, a text, a file.
///
/// The secret key is read from --key, or used through gpg-agent (smartcards, too).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sealpost open report.pgp --key keys/secret.pgp\n  \
    sealpost open reports/ -o opened --checksums\n  \
    sealpost open answer.asc --words\n  \
    sealpost open report.pgp -o - | tar tv")]
pub struct Open {
    /// The sealed reports, armoured or not, or folders of them (.pgp, .gpg, .asc, .eml); `-` is stdin
    #[arg(required = true, value_name = "SEALED")]
    pub sealed: Vec<PathBuf>,

    /// A new folder for what is inside; `-` writes the decrypted content to stdout [default: named
    /// after SEALED; with several, one folder each inside DIR]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Ask for the twelve words of a case: opens the vendor's answer to your report
    #[arg(long)]
    pub words: bool,

    /// With what, and what is believed
    #[command(flatten)]
    pub opening: OpeningOptions,
}

/// With what sealed reports are opened, and what is believed of them.
#[derive(Debug, Args)]
pub struct OpeningOptions {
    /// A file with the secret key; repeat it to try several [default: gpg-agent]
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,

    /// A certificate that may have signed it, so that the signature says who it was
    #[arg(long, value_name = "CERT")]
    pub signer: Vec<PathBuf>,

    /// The program that you open reports for: one meant for another is refused
    #[arg(long, value_name = "TARGET")]
    pub to: Option<String>,

    /// Print the SHA-256 of each file
    #[arg(long)]
    pub checksums: bool,

    /// The most that a compressed message may expand to, in MiB [default: 64 + 100 × its size]
    #[arg(long, value_name = "MIB")]
    pub max_size: Option<u64>,
}
