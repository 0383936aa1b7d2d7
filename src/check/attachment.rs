//! A file that is to be attached: its secrets, and what it tells beside its content.
//!
//! Serves `check`. What a picture tells is what `seal` and `send` leave out: both ask the same walker.

use std::io::{self, Read, Seek};

use super::{
    finding::{Code, Finding, Place},
    scan::scan,
};
use crate::metadata::{Trace, survey};

/// Reads a file to its end. `file` is the name for the findings; `progress` is told how many bytes came.
///
/// # Errors
/// Those of the reader.
pub fn attachment<R: Read + Seek>(
    file: &str,
    reader: &mut R,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Vec<Finding>> {
    let mut findings = scan(file, reader, progress)?;
    if let Some(picture) = survey(file, reader)?.picture {
        findings.retain(|finding| finding.code != Code::Metadata);
        findings.extend(picture.removed.iter().map(|trace| told(file, trace)));
    }
    Ok(findings)
}

fn told(file: &str, trace: &Trace) -> Finding {
    let words = format!("the picture holds {trace}: it is left out when you seal");
    Finding::new(Code::Metadata, Place::file(file), words).about(trace.kind)
}
