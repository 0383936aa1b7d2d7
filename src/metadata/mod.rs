//! What files tell beside their content, and which of their bytes to leave out so that they no longer do.
//!
//! Serves DESIGN.md, "The sealed report" and "Commands" (`check`). Pictures are walked as streams, in one pass with bounded
//! memory, and nothing is decoded: what is kept is kept byte for byte.

mod cut;
mod exif;
mod form;
mod gif;
mod input;
mod jpeg;
mod png;
mod tiff;
mod trace;
mod webp;

use std::io::{self, Read, Seek};

pub use self::{
    cut::{Cut, Part},
    exif::{Exif, TELLS_PLACE},
    form::{Cleaned, Form},
    trace::Trace,
};
use self::{
    input::{Fault, Input},
    trace::{Traces, UNNAMED},
};

/// What a file is, and what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What it is.
    pub form: Form,
    /// What a picture tells, and what is left of it without that.
    pub picture: Option<Picture>,
}

/// A picture that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What to write in its place.
    pub cut: Cut,
    /// What that leaves out.
    pub removed: Vec<Trace>,
    /// What stays of what is not content, since the picture looks wrong without.
    pub kept: Vec<Trace>,
}

impl Picture {
    /// Whether it is known of every byte what it is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.kept.iter().all(|one| one.kind != UNNAMED)
    }
}

impl Survey {
    /// Whether it is a picture that is damaged, or written in a way that is not known here.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        self.form.is_picture() && self.picture.is_none()
    }
}

/// Looks at a file of this name.
///
/// # Errors
/// Those of the reader.
pub fn survey<R: Read + Seek>(name: &str, reader: &mut R) -> io::Result<Survey> {
    let mut input = Input::new(reader)?;
    let form = Form::of(name, &input.head()?);
    let mut traces = Traces::default();
    let cut = match form {
        Form::Jpeg => jpeg::walk(&mut input, &mut traces),
        Form::Png => png::walk(&mut input, &mut traces),
        Form::Gif => gif::walk(&mut input, &mut traces),
        Form::WebP => webp::walk(&mut input, &mut traces),
        Form::Tiff => tiff::walk(&mut input, &mut traces),
        Form::Text | Form::Document(_) | Form::Unknown => Err(Fault::Broken),
    };
    let picture = match cut {
        Ok(cut) => Some(Picture {
            cut,
            removed: traces.removed(),
            kept: traces.kept(),
        }),
        Err(Fault::Broken) => None,
        Err(Fault::Read(error)) => return Err(error),
    };
    Ok(Survey { form, picture })
}

#[cfg(test)]
mod tests;
