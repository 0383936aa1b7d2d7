//! Why the reading side stops: errors, refusals of single members, and the limits.
//!
//! Serves promises 9, 10 and 32.

use std::io;
use std::path::PathBuf;

use super::manifest::ManifestError;

/// Why nothing could be extracted. What was written up to then lies in the folder that the caller
/// gave, for the caller to remove.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The input failed; the cause is the reader's own error, untouched.
    #[error("cannot read the content")]
    Read(#[source] io::Error),
    /// A file or folder could not be made or filled: disk full, no permission.
    #[error("cannot write {path:?}")]
    Write {
        /// The file or folder on this machine.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder to extract into holds something already.
    #[error("{path:?} is not empty")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A member of the archive is not taken.
    #[error("{entry:?} in the archive is refused: {reason}")]
    Refused {
        /// The member's name as the archive has it, bytes that are no UTF-8 replaced. Hostile:
        /// escape it wherever it is shown (this error's own text does so).
        entry: String,
        /// What is wrong with it.
        reason: Refusal,
    },
    /// The archive as a whole is not taken.
    #[error("the archive is refused: {0}")]
    Damaged(Refusal),
    /// A limit was reached.
    #[error("more than {0}")]
    Limit(Limit),
    /// The manifest cannot be read.
    #[error("the bundle's manifest cannot be read")]
    Manifest(#[from] ManifestError),
}

/// What is wrong with an archive or with one of its members.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No name at all.
    #[error("its name is empty")]
    EmptyName,
    /// `a//b`, or a component that shows as nothing.
    #[error("a part of its name is empty")]
    EmptyComponent,
    /// `.` as a name or inside one.
    #[error("its name has a `.` part")]
    CurrentFolder,
    /// `..` as a name or inside one.
    #[error("its name has a `..` part")]
    ParentFolder,
    /// A leading slash.
    #[error("its name is absolute")]
    Absolute,
    /// Bytes that are no UTF-8.
    #[error("its name is not UTF-8")]
    NotUtf8,
    /// A control character or line separator.
    #[error("its name has a control character")]
    ControlCharacter,
    /// A character that reorders text.
    #[error("its name has a character that reorders text")]
    BidiCharacter,
    /// `\` or `:`, which separate folders, drives and streams on some systems.
    #[error("its name has a backslash or a colon")]
    ReservedCharacter,
    /// A device of Windows.
    #[error("its name is a device on Windows")]
    ReservedName,
    /// Windows drops such endings, so two names become one.
    #[error("its name, or a part of it, ends with a dot or a space")]
    TrailingDotOrSpace,
    /// A file which the vendor's side keeps beside an opened report, and believes; in any folder but that
    /// of a bundle's attachments.
    #[error("its name is that of a file which the vendor keeps beside the report")]
    TheVendors,
    /// A component over the limit (bytes).
    #[error("a part of its name is longer than {0} bytes")]
    NameTooLong(usize),
    /// A path over the limit (bytes).
    #[error("its name is longer than {0} bytes")]
    PathTooLong(usize),
    /// More components than the limit.
    #[error("it lies deeper than {0} folders")]
    TooDeep(usize),
    /// A name for the second time.
    #[error("its name occurs twice")]
    Duplicate,
    /// Two names that some file system takes for one, or a file where a folder is.
    #[error("its name collides with {0:?}")]
    Collision(String),
    /// A link, device, FIFO, sparse file or another kind that is neither file nor folder.
    #[error("it is {0}, and only files and folders are taken")]
    Kind(&'static str),
    /// A regular file whose name ends with a slash, or a folder with content.
    #[error("readers disagree whether it is a file or a folder")]
    FileOrFolder,
    /// A header that is neither ustar, pax nor GNU tar.
    #[error("its header is of no known format")]
    UnknownFormat,
    /// A checksum that does not hold, or is written oddly.
    #[error("the checksum of its header is wrong")]
    Checksum,
    /// A number that readers could take differently.
    #[error("the {0} in its header is not a plain number")]
    Number(&'static str),
    /// Bytes where the format has zeros.
    #[error("its header has bytes where zeros belong")]
    HeaderTail,
    /// Two extensions for one member.
    #[error("it has more than one extended header")]
    RepeatedExtension,
    /// A pax record that is malformed or occurs twice, or a long name that is.
    #[error("its extended header is malformed")]
    MalformedExtension,
    /// A pax record that changes what readers see.
    #[error("its extended header has the record {0:?}, on which readers disagree")]
    Record(String),
    /// An extension with nothing after it.
    #[error("an extended header has no member after it")]
    StrayExtension,
    /// Bytes in the gap behind a member's content.
    #[error("the gap after it is not zero")]
    Gap,
    /// The input ended inside a member or header.
    #[error("it is cut short")]
    Truncated,
    /// No end mark, or a single zero block.
    #[error("its end mark is missing or incomplete")]
    NoEnd,
    /// Something behind the end mark.
    #[error("there is data after its end")]
    AfterEnd,
    /// The manifest does not name this member here.
    #[error("the manifest does not name it at this place")]
    NotInManifest,
    /// The manifest gives another size.
    #[error("the manifest says {manifest} bytes, the archive {archive}")]
    Size {
        /// Bytes by the manifest.
        manifest: u64,
        /// Bytes by the archive.
        archive: u64,
    },
    /// The manifest, or a file that it names, never came.
    #[error("it is missing")]
    Missing,
}

/// The limits of one extraction (promise 32). Names have fixed ones beside these: 255 bytes a
/// component, 1,024 bytes a path, 16 components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files and folders, those between included; 100,000 by default.
    pub entries: u64,
    /// Bytes of content and of extended headers together; as many zeros again may follow the end.
    pub total: u64,
    /// Bytes of all names together; 16 MiB by default.
    pub names: u64,
    /// Bytes of the manifest; 1 MiB by default.
    pub manifest: u64,
    /// Bytes of `reporter.asc` in a bundle; 1 MiB by default.
    pub reporter: u64,
    /// Bytes of one extended header; 1 MiB by default.
    pub extended_header: u64,
}

impl Limits {
    /// The default limits, with at most `total` bytes of content.
    #[must_use]
    pub fn new(total: u64) -> Self {
        Self {
            entries: 100_000,
            total,
            names: 16 * 1024 * 1024,
            manifest: super::MANIFEST_LIMIT,
            reporter: super::REPORTER_LIMIT,
            extended_header: 1024 * 1024,
        }
    }
}

/// A limit that was reached, with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// See [`Limits::entries`].
    #[error("{0} files and folders")]
    Entries(u64),
    /// See [`Limits::total`].
    #[error("{0} bytes of content")]
    Total(u64),
    /// Zeros after the end; see [`Limits::total`].
    #[error("{0} bytes of padding")]
    Padding(u64),
    /// See [`Limits::names`].
    #[error("{0} bytes of names")]
    Names(u64),
    /// See [`Limits::manifest`].
    #[error("{0} bytes of manifest")]
    Manifest(u64),
    /// See [`Limits::reporter`].
    #[error("{0} bytes of reporter.asc")]
    Reporter(u64),
    /// See [`Limits::extended_header`].
    #[error("{0} bytes in one extended header")]
    ExtendedHeader(u64),
}
