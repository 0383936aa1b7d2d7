//! What `fsck` finds: how much there is, and what of it does not fit.

use std::collections::BTreeSet;

use crate::wire::{MessageId, ReportId, UploadId};

/// What was compared, and what does not fit.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Reports.
    pub reports: u64,
    /// Messages.
    pub messages: u64,
    /// Uploads that are not finished.
    pub uploads: u64,
    /// Objects, and their bytes.
    pub objects: u64,
    /// Bytes of the objects.
    pub bytes: u64,
    /// What does not fit.
    pub drift: Vec<Drift>,
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// What it is.
    pub kind: DriftKind,
    /// What it is part of; absent for an object that is part of nothing, or the database itself.
    pub part_of: Option<PartOf>,
    /// The object, or what the database says.
    pub what: String,
    /// Whether it was mended.
    pub mended: bool,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DriftKind {
    /// A row names an object that is not there. Mended only for uploads, which are removed.
    Missing,
    /// An object has another size than its row says. As [`DriftKind::Missing`].
    WrongSize,
    /// The segments do not make up the whole. As [`DriftKind::Missing`].
    Incomplete,
    /// The bytes have another SHA-256 than the row says. Not mended.
    Altered,
    /// A report is marked as damaged, and all its bytes are there. Mended: the mark is removed.
    Healed,
    /// An object that no row names. Mended: it is removed.
    Orphan,
    /// An object whose rows were deleted. Mended: it is removed.
    Doomed,
    /// The database itself is damaged. Not mended.
    Database,
}

/// What an object is part of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartOf {
    /// A report.
    Report(ReportId),
    /// A message of a report.
    Message(ReportId, MessageId),
    /// An upload that is not finished.
    Upload(UploadId),
}

impl Checked {
    /// How much drift is left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.drift.iter().filter(|drift| !drift.mended).count()
    }

    pub(super) fn note(
        &mut self,
        kind: DriftKind,
        part_of: Option<PartOf>,
        what: impl Into<String>,
    ) {
        self.drift.push(Drift {
            kind,
            part_of,
            what: what.into(),
            mended: false,
        });
    }

    /// The reports that lack bytes, of their own or of a message.
    pub(super) fn damaged(&self) -> BTreeSet<ReportId> {
        let lacking = self.drift.iter().filter(|drift| {
            matches!(
                drift.kind,
                DriftKind::Missing
                    | DriftKind::WrongSize
                    | DriftKind::Incomplete
                    | DriftKind::Altered
            )
        });
        let report = |drift: &Drift| match &drift.part_of {
            Some(PartOf::Report(id) | PartOf::Message(id, _)) => Some(id.clone()),
            _ => None,
        };
        lacking.filter_map(report).collect()
    }
}

impl DriftKind {
    /// The word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::WrongSize => "wrong-size",
            Self::Incomplete => "incomplete",
            Self::Altered => "altered",
            Self::Healed => "healed",
            Self::Orphan => "orphan",
            Self::Doomed => "doomed",
            Self::Database => "database",
        }
    }
}
