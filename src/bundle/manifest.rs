//! `sealpost/manifest.json`: what a bundle says of itself.
//!
//! Serves DESIGN.md, "The sealed report": format version, names, sizes, created day, intended
//! program. It holds no hashes, since the encryption covers every byte already.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The manifest of a bundle, parsed; its names and program are the sender's words, to be escaped
/// when they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    sealpost: u64,
    created: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    files: Vec<ManifestFile>,
}

impl Manifest {
    /// A manifest of the current format.
    pub(super) fn new(created: Date, program: Option<String>, files: Vec<ManifestFile>) -> Self {
        Self {
            sealpost: FORMAT,
            created,
            program,
            files,
        }
    }

    /// Reads a manifest. Members that this version does not know are passed over.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Newer`] for a format that only a later version of the program can read,
    /// [`ManifestError::Json`] for anything that is not a manifest.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        let Version { sealpost } = serde_json::from_slice(bytes)?;
        match sealpost {
            FORMAT => {
                let manifest: Self = serde_json::from_slice(bytes)?;
                match &manifest.program {
                    Some(program) if program.len() as u64 > super::PROGRAM_LIMIT => {
                        Err(ManifestError::Unknown)
                    }
                    _ => Ok(manifest),
                }
            }
            0 => Err(ManifestError::Unknown),
            _ => Err(ManifestError::Newer { found: sealpost }),
        }
    }

    /// The bytes that go into the bundle, the same for the same manifest.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Json`], which no manifest that was constructed here meets.
    pub fn to_json(&self) -> Result<Vec<u8>, ManifestError> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The format version.
    #[must_use]
    pub fn format(&self) -> u64 {
        self.sealpost
    }

    /// The day, in UTC, on which the bundle was made.
    #[must_use]
    pub fn created(&self) -> Date {
        self.created
    }

    /// The program that the bundle was made for.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.program.as_deref()
    }

    /// All files of the bundle but the manifest itself, in the order of the archive.
    #[must_use]
    pub fn files(&self) -> &[ManifestFile] {
        &self.files
    }
}

/// One file that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    name: String,
    size: u64,
}

impl ManifestFile {
    /// A file of the archive.
    pub(super) fn new(name: String, size: u64) -> Self {
        Self { name, size }
    }

    /// The name inside the archive, with `/` between folder and file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The size, bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Why a manifest could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The format is newer than this program.
    #[error(
        "the bundle has format {found}, and this version reads format {FORMAT}: upgrade sealpost"
    )]
    Newer {
        /// The format that the manifest names.
        found: u64,
    },
    /// The format never existed.
    #[error("the bundle has format 0, which does not exist")]
    Unknown,
    /// Not JSON, or not of the shape of a manifest.
    #[error("{MANIFEST} is not a manifest", MANIFEST = super::MANIFEST)]
    Json(#[from] serde_json::Error),
}

/// The part of a manifest that every format has.
#[derive(Deserialize)]
struct Version {
    sealpost: u64,
}

/// The format that this version writes and reads.
const FORMAT: u64 = 1;

#[cfg(test)]
mod tests {
    use super::{Manifest, ManifestError, ManifestFile};
    use jiff::civil::date;

    #[test]
    fn reads_what_it_writes() {
        let files = vec![ManifestFile::new("report.md".into(), 7)];
        let manifest = Manifest::new(date(2026, 11, 22), Some("example".into()), files);
        let bytes = manifest.to_json().unwrap();
        assert_eq!(Manifest::from_json(&bytes).unwrap(), manifest);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("\"sealpost\": 1") && text.contains("\"2026-11-22\""));
    }

    #[test]
    fn later_members_are_passed_over() {
        let json = br#"{"sealpost":1,"new":[1],"created":"2026-11-22","files":[{"name":"a","size":1,"x":2}]}"#;
        let manifest = Manifest::from_json(json).unwrap();
        assert_eq!(manifest.files()[0].name(), "a");
        assert_eq!(manifest.program(), None);
    }

    #[test]
    fn a_later_format_asks_for_an_upgrade() {
        let error = Manifest::from_json(br#"{"sealpost":2,"files":7}"#).unwrap_err();
        assert!(matches!(error, ManifestError::Newer { found: 2 }));
        assert!(error.to_string().contains("upgrade"));
    }

    #[test]
    fn other_json_is_refused() {
        for json in [
            "",
            "[]",
            "{}",
            "{\"sealpost\":0}",
            "{\"sealpost\":-1}",
            "{\"sealpost\":1}",
        ] {
            assert!(Manifest::from_json(json.as_bytes()).is_err(), "{json}");
        }
    }
}
