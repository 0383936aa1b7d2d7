//! `sealpost publish`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::NetworkOptions;
use crate::program::{Contact, HttpsUrl};

/// Publish your key, or check what you publish
///
/// Writes a folder to copy onto the web server of DOMAIN: a signed security.txt, the certificate for
/// those who follow its link (key.asc, key.html) and for those who look it up by address (Web Key
/// Directory), and program.json. Nothing is sent. A certificate that reporters could not use is
/// refused (exit code 3).
///
/// --check asks everything that `find` asks, without your pins and profiles, and tells what a
/// reporter will stumble over, each with a code for scripts. It ends with 0 if there is no error and
/// no warning, with 4 if there is one (advice does not count), and with 1 if it could not check: so
/// cron can run it.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("author").args(["sign_with", "unsigned"]),
    after_help = "Examples:\n  \
        sealpost publish --domain example.org --key vendor/certificate.asc --sign-with vendor/secret.pgp -o site\n  \
        sealpost publish --domain example.org --key vendor.asc --program program.toml --unsigned -o site\n  \
        sealpost publish --domain example.org --key vendor.asc --contact mailto:security@example.org --language en,de --expires 90d --sign-with 0123456789ABCDEF0123456789ABCDEF01234567 -o site\n  \
        sealpost publish --check example.org\n  \
        sealpost publish --check example.org --json"
)]
pub struct Publish {
    /// The domain whose web server will serve the folder
    #[arg(long, value_name = "DOMAIN", required_unless_present = "check")]
    pub domain: Option<String>,

    /// The file with your certificate
    #[arg(long, value_name = "CERT", required_unless_present = "check")]
    pub key: Option<PathBuf>,

    /// A new folder for the files
    #[arg(short, long, value_name = "DIR", required_unless_present = "check")]
    pub output: Option<PathBuf>,

    /// Your program profile (program.toml), or the folder that holds it: contacts, policy, scope and
    /// all else go into program.json
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,

    /// Sign security.txt with this secret key file (secret.pgp of `keygen` is one), or with the
    /// key of this fingerprint that gpg-agent holds
    #[arg(long, value_name = "KEY")]
    pub sign_with: Option<String>,

    /// Do not sign security.txt
    #[arg(long)]
    pub unsigned: bool,

    /// How long security.txt holds: days, weeks or months (90d, 12w, 6m), a year at most, and never
    /// longer than the certificate
    #[arg(long, value_name = "TIME", default_value = "1y")]
    pub expires: String,

    /// Take reports here, such as mailto:security@example.org; repeat it, the preferred way first
    /// [default: the profile's contacts, else the certificate's addresses at DOMAIN]
    #[arg(long, value_name = "URI")]
    pub contact: Vec<Contact>,

    /// Where your policy is [default: the profile's]
    #[arg(long, value_name = "URL")]
    pub policy: Option<HttpsUrl>,

    /// Where you thank reporters
    #[arg(long, value_name = "URL")]
    pub acknowledgments: Option<HttpsUrl>,

    /// Where your vacancies are
    #[arg(long, value_name = "URL")]
    pub hiring: Option<HttpsUrl>,

    /// Where your CSAF provider-metadata.json is
    #[arg(long, value_name = "URL")]
    pub csaf: Option<HttpsUrl>,

    /// The languages that you read, such as en,de
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub language: Vec<String>,

    /// Check what DOMAIN publishes, instead of writing a folder
    #[arg(
        long,
        value_name = "DOMAIN",
        conflicts_with_all = [
            "domain", "key", "output", "program", "author", "contact", "policy", "acknowledgments", "hiring",
            "csaf", "language",
        ]
    )]
    pub check: Option<String>,

    /// The network, for --check
    #[command(flatten)]
    pub network: NetworkOptions,
}
