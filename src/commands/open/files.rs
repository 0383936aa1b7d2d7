//! Where each of the opened reports goes.

use std::{
    fs::DirBuilder,
    io,
    path::{Path, PathBuf},
};

use crate::{cli::Open, commands::context::is_dash, terminal::Failure};

/// The folder that takes one folder for each of several files.
pub(super) struct Shelf<'a>(Option<&'a Path>);

impl<'a> Shelf<'a> {
    pub(super) fn make(args: &'a Open) -> Result<Self, Failure> {
        let Some(folder) = args.output.as_deref().filter(|_| args.sealed.len() > 1) else {
            return Ok(Self(None));
        };
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(folder) {
            Ok(()) => Ok(Self(Some(folder))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self(None)),
            Err(error) => {
                let context = format!("cannot create {}", folder.display());
                Err(anyhow::Error::new(error).context(context).into())
            }
        }
    }

    /// Nothing stays behind where nothing was opened.
    pub(super) fn remove_if_empty(&self) {
        if let Some(folder) = self.0 {
            let _in_use = std::fs::remove_dir(folder);
        }
    }
}

/// One output folder for each file: DIR itself for one, folders named after the files for several.
pub(super) fn folders(args: &Open) -> Vec<PathBuf> {
    let mut taken: Vec<PathBuf> = Vec::new();
    for sealed in &args.sealed {
        let stem = if is_dash(sealed) {
            None
        } else {
            sealed.file_stem()
        };
        let stem = stem.map_or_else(
            || "report".into(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        let stem = if sealed.extension().is_none() {
            format!("{stem}-opened")
        } else {
            stem
        };
        let folder = match &args.output {
            Some(output) if args.sealed.len() == 1 => output.clone(),
            Some(output) => output.join(&stem),
            None if is_dash(sealed) => PathBuf::from("report"),
            None => sealed.with_file_name(&stem),
        };
        let mut free = folder.clone();
        let mut number = 2;
        while taken.contains(&free) {
            free = folder.with_file_name(format!("{stem}-{number}"));
            number += 1;
        }
        taken.push(free);
    }
    taken
}
