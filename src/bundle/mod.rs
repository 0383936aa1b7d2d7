//! The bundle: a report with its attachments as one tar stream, and back again.
//!
//! Serves DESIGN.md, "The sealed report" (what is inside), and promises 9, 10, 32, 33 and 37.
//! Nothing here knows of `OpenPGP`: the writing side hands plain bytes to whatever encrypts them,
//! the reading side takes what was decrypted and trusts none of it.

mod archive;
mod attach;
mod extract;
#[cfg(test)]
mod fixtures;
mod header;
mod input;
mod letter;
mod loose;
mod manifest;
mod name;
mod padding;
mod pax;
mod pieces;
mod refusal;
mod rename;
mod single;
mod sink;
mod source;
mod stream;
mod tree;
mod write;

pub use attach::{Attachable, Attached};
pub use extract::{Contents, ExtractOptions, ExtractedFile, Shape, extract};
pub use letter::{Letter, NotALetter};
pub use loose::{LooseFiles, Place};
pub use manifest::{Manifest, ManifestError, ManifestFile};
pub use padding::padme;
pub use refusal::{ExtractError, Limit, Limits, Refusal};
pub use sink::{Fill, Sink};
pub use source::{Change, FileKind, SourceError};
pub use write::{Bundle, BundleError, BundleHeader, Enclosed};

/// The unit of a tar archive, bytes.
const BLOCK: usize = 512;

/// Bytes moved at a time, in both directions.
const CHUNK: usize = 128 * 1024;

/// The first member of every bundle, with its slash.
const MANIFEST_FOLDER: &str = "sealpost/";

/// The first file of every bundle.
const MANIFEST: &str = "sealpost/manifest.json";

/// The report as its author wrote it.
const REPORT_MD: &str = "report.md";

/// The same report, parsed.
const REPORT_JSON: &str = "report.json";

/// The certificate to answer to.
const REPORTER: &str = "reporter.asc";

/// The folder of the attachments, with its slash.
const ATTACHMENTS: &str = "attachments/";

/// What the vendor's side keeps beside an opened report and believes: the advisory that belongs to it, what
/// happened, what triage adds. Nobody else may bring a file of these names.
const VENDORS_FILES: [&str; 3] = ["github.toml", "events.json", "advisory.toml"];

/// The largest manifest, bytes.
const MANIFEST_LIMIT: u64 = 1024 * 1024;

/// The largest `reporter.asc`, bytes.
const REPORTER_LIMIT: u64 = 1024 * 1024;

/// The longest name of a program, bytes.
const PROGRAM_LIMIT: u64 = 1024;
