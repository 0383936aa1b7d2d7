//! Walks a tar archive that somebody else made.
//!
//! Serves promises 10 and 32: gives out a member only when GNU tar and Python's tarfile would give
//! out the same name with the same bytes, and otherwise stops.

use super::BLOCK;
use super::header::{Kind, MemberHeader, is_zero, parse};
use super::input::Input;
use super::name::MemberPath;
use super::pax;
use super::refusal::{ExtractError, Limit, Limits, Refusal};

/// An archive at some place between two members.
pub(super) struct Archive<'a> {
    input: Input<'a>,
    limits: Limits,
    entries: u64,
    total: u64,
}

/// A file or folder of the archive.
pub(super) struct Member {
    /// The name as the archive has it, for errors only.
    pub(super) shown: String,
    /// Where it goes; nothing for the folder `.` itself.
    pub(super) path: Option<MemberPath>,
    /// Bytes of content for a file, nothing for a folder.
    pub(super) size: Option<u64>,
}

impl Member {
    /// The error that refuses this member.
    pub(super) fn refuse(&self, reason: Refusal) -> ExtractError {
        refuse(&self.shown, reason)
    }
}

impl<'a> Archive<'a> {
    /// An archive whose first block comes next from `input`.
    pub(super) fn new(input: Input<'a>, limits: Limits) -> Self {
        Self {
            input,
            limits,
            entries: 0,
            total: 0,
        }
    }

    /// The next member, whose content must be read by [`Self::content`] before the next call;
    /// nothing once the end mark and all zeros behind it were read.
    pub(super) fn next_member(&mut self) -> Result<Option<Member>, ExtractError> {
        let mut pending = Pending::default();
        loop {
            let Some(block) = self.input.block()? else {
                return Err(ExtractError::Damaged(Refusal::NoEnd));
            };
            if is_zero(&block) {
                if pending.any() {
                    return Err(ExtractError::Damaged(Refusal::StrayExtension));
                }
                return self.end().map(|()| None);
            }
            let header = parse(&block).map_err(|reason| refuse(&raw_name(&block), reason))?;
            self.count(&header)?;
            if matches!(header.kind, Kind::File | Kind::Folder) {
                return member(header, pending).map(Some);
            }
            let data = self.extension(&header)?;
            let shown = String::from_utf8_lossy(&header.name);
            pending
                .add(header.kind, &data)
                .map_err(|reason| refuse(&shown, reason))?;
        }
    }

    /// Hands the content of the member, `size` bytes, to `sink` by chunks.
    pub(super) fn content(
        &mut self,
        size: u64,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), ExtractError>,
    ) -> Result<(), ExtractError> {
        self.exactly(size, sink)?;
        let gap = size.next_multiple_of(BLOCK as u64) - size;
        self.exactly(gap, &mut |bytes| {
            is_zero(bytes)
                .then_some(())
                .ok_or(ExtractError::Damaged(Refusal::Gap))
        })
    }

    /// `size` bytes of the input.
    fn exactly(
        &mut self,
        size: u64,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), ExtractError>,
    ) -> Result<(), ExtractError> {
        let mut left = size;
        while left > 0 {
            let bytes = self.input.take(left)?;
            if bytes.is_empty() {
                return Err(ExtractError::Damaged(Refusal::Truncated));
            }
            sink(bytes)?;
            left = left.saturating_sub(bytes.len() as u64);
        }
        Ok(())
    }

    /// Counts a header and the content that it announces, before any of it is read.
    fn count(&mut self, header: &MemberHeader) -> Result<(), ExtractError> {
        self.entries += 1;
        if self.entries > self.limits.entries.saturating_mul(HEADERS_PER_ENTRY) {
            return Err(ExtractError::Limit(Limit::Entries(self.limits.entries)));
        }
        self.total = self.total.saturating_add(header.size);
        if self.total > self.limits.total {
            return Err(ExtractError::Limit(Limit::Total(self.limits.total)));
        }
        Ok(())
    }

    /// The whole content of an extended header.
    fn extension(&mut self, header: &MemberHeader) -> Result<Vec<u8>, ExtractError> {
        let limit = self.limits.extended_header;
        if header.size > limit {
            return Err(ExtractError::Limit(Limit::ExtendedHeader(limit)));
        }
        let mut data = Vec::new();
        self.content(header.size, &mut |bytes| {
            data.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(data)
    }

    /// The second zero block, then zeros up to the end of the input.
    fn end(&mut self) -> Result<(), ExtractError> {
        match self.input.block()? {
            Some(block) if is_zero(&block) => {}
            _ => return Err(ExtractError::Damaged(Refusal::NoEnd)),
        }
        let limit = self.limits.total.saturating_add(PADDING);
        let mut padding = 0_u64;
        loop {
            let bytes = self.input.take(u64::MAX)?;
            if bytes.is_empty() {
                return Ok(());
            }
            if !is_zero(bytes) {
                return Err(ExtractError::Damaged(Refusal::AfterEnd));
            }
            padding = padding.saturating_add(bytes.len() as u64);
            if padding > limit {
                return Err(ExtractError::Limit(Limit::Padding(limit)));
            }
        }
    }
}

/// Extended headers that wait for their member: a global one, then one of its own, at the most.
#[derive(Default)]
struct Pending {
    global: bool,
    own: bool,
    name: Option<Vec<u8>>,
}

impl Pending {
    fn any(&self) -> bool {
        self.global || self.own
    }

    fn add(&mut self, kind: Kind, data: &[u8]) -> Result<(), Refusal> {
        if self.own || (self.global && kind == Kind::Global) {
            return Err(Refusal::RepeatedExtension);
        }
        match kind {
            Kind::Global => {
                self.global = true;
                return pax::global(data);
            }
            Kind::Extended => self.name = pax::member_path(data)?,
            Kind::LongName => self.name = Some(pax::long_name(data)?),
            Kind::File | Kind::Folder => {}
        }
        self.own = true;
        Ok(())
    }
}

/// The member that a header and what came before it describe.
fn member(header: MemberHeader, pending: Pending) -> Result<Member, ExtractError> {
    let name = pending.name.unwrap_or(header.name);
    let mut member = Member {
        shown: String::from_utf8_lossy(&name).into_owned(),
        path: None,
        size: (header.kind == Kind::File).then_some(header.size),
    };
    if member.size.is_some() && name.ends_with(b"/") {
        return Err(member.refuse(Refusal::FileOrFolder));
    }
    if member.size.is_none() && matches!(name.as_slice(), b"." | b"./") {
        return Ok(member);
    }
    member.path = Some(MemberPath::parse(&name).map_err(|reason| member.refuse(reason))?);
    Ok(member)
}

/// What a header calls itself, for an error about the header.
fn raw_name(block: &[u8; BLOCK]) -> String {
    let name = tar::Header::from_byte_slice(block).path_bytes();
    String::from_utf8_lossy(&name).into_owned()
}

fn refuse(entry: &str, reason: Refusal) -> ExtractError {
    ExtractError::Refused {
        entry: entry.to_owned(),
        reason,
    }
}

/// A member has its header and at most two extended ones.
const HEADERS_PER_ENTRY: u64 = 3;

/// Zeros that may follow even the smallest archive: tar fills records of up to 1 MiB.
const PADDING: u64 = 1024 * 1024;
