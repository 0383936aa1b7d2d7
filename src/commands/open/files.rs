//! Which files are opened, and where each of the reports goes.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, DirBuilder},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use crate::{
    cli::Open,
    commands::context::is_dash,
    terminal::{Exit, Failure, Hint},
};

/// The files that were named, and those in the folders that were named, each with the folder that it is opened into.
pub(super) struct Files {
    all: Vec<(PathBuf, PathBuf)>,
    is_one: bool,
}

impl Files {
    pub(super) fn of(args: &Open) -> Result<Self, Failure> {
        if args.sealed.iter().filter(|path| is_dash(path)).count() > 1 {
            let why = anyhow!("standard input is named twice, and can be read once");
            return Err(Failure::new(Exit::Usage, why));
        }
        let mut sealed = Vec::new();
        let mut is_one = args.sealed.len() == 1;
        for path in &args.sealed {
            if is_dash(path) || !path.is_dir() {
                sealed.push(path.clone());
            } else {
                is_one = false;
                sealed.extend(in_folder(path)?);
            }
        }
        let output = args.output.as_deref();
        let folders = folders(&sealed, output, is_one);
        Ok(Self {
            all: sealed.into_iter().zip(folders).collect(),
            is_one,
        })
    }

    /// The files.
    pub(super) fn sealed(&self) -> impl Iterator<Item = &Path> {
        self.all.iter().map(|(sealed, _)| &**sealed)
    }

    /// Their folders.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.all.iter().map(|(_, folder)| &**folder)
    }

    /// All of them, unless one file was named: that one's failure is the command's.
    pub(super) fn several(&self) -> Option<&[(PathBuf, PathBuf)]> {
        (!self.is_one).then_some(&*self.all)
    }

    /// The one that was named.
    pub(super) fn only(&self) -> Result<(&Path, &Path), Failure> {
        let only = self
            .all
            .first()
            .map(|(sealed, folder)| (&**sealed, &**folder));
        Ok(only.context("no sealed report was named")?)
    }
}

/// The sealed reports in a folder, by the ends of their names, in the order of these.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = || format!("cannot read {}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        let end = path.extension().and_then(|end| end.to_str());
        let is_sealed = end.is_some_and(|end| ENDS.iter().any(|one| end.eq_ignore_ascii_case(one)));
        if is_sealed && path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        let why = anyhow!("there is no sealed report in {}", folder.display());
        return Err(Failure::from(why).with_hint(Hint::words(
            "files of a folder are opened whose names end in .pgp, .gpg, .asc or .eml; name others one by one",
        )));
    }
    found.sort();
    Ok(found)
}

/// The folder that takes one folder for each of several files.
pub(super) struct Shelf<'a>(Option<&'a Path>);

impl<'a> Shelf<'a> {
    pub(super) fn make(args: &'a Open, files: &Files) -> Result<Self, Failure> {
        let Some(folder) = args.output.as_deref().filter(|_| !files.is_one) else {
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

    /// The folder that holds it, if it was made here.
    pub(super) fn holder(&self) -> Option<PathBuf> {
        let made = std::path::absolute(self.0?).ok()?;
        made.parent().map(Path::to_owned)
    }

    /// Nothing stays behind where nothing was opened.
    pub(super) fn remove_if_empty(&self) {
        if let Some(folder) = self.0 {
            let _in_use = std::fs::remove_dir(folder);
        }
    }
}

/// One output folder for each file: DIR itself for one, folders named after the files for several.
fn folders(sealed: &[PathBuf], output: Option<&Path>, is_one: bool) -> Vec<PathBuf> {
    let mut taken = HashSet::new();
    // Where to go on for a name: those before it are taken.
    let mut numbers: HashMap<PathBuf, u64> = HashMap::new();
    let mut free = |folder: PathBuf, stem: &str| {
        let mut free = folder.clone();
        let number = numbers.entry(folder.clone()).or_insert(2);
        while !taken.insert(free.clone()) {
            free = folder.with_file_name(format!("{stem}-{number}"));
            *number += 1;
        }
        free
    };
    let folder = |sealed: &PathBuf| {
        let stem = stem(sealed);
        let folder = match output {
            Some(output) if is_one => output.to_owned(),
            Some(output) => output.join(&stem),
            None if is_dash(sealed) => PathBuf::from("report"),
            None => sealed.with_file_name(&stem),
        };
        free(folder, &stem)
    };
    sealed.iter().map(folder).collect()
}

/// What the folder of a file is called.
fn stem(sealed: &Path) -> String {
    let stem = sealed.file_stem().filter(|_| !is_dash(sealed));
    // `..pgp` and `...pgp` have other folders for a stem.
    let stem = stem.filter(|stem| *stem != "." && *stem != "..");
    let stem = stem.map_or_else(|| "report".into(), |stem| stem.to_string_lossy());
    if sealed.extension().is_none() {
        format!("{stem}-opened")
    } else {
        stem.into_owned()
    }
}

/// Ends of the names of sealed reports.
const ENDS: [&str; 4] = ["pgp", "gpg", "asc", "eml"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p31_many_files_of_one_name_get_folders_of_their_own_at_once() {
        let named = (0..4000).map(|number| PathBuf::from(format!("{number}/a.pgp")));
        let named: Vec<_> = named.chain(["x/a-3.pgp".into()]).collect();
        let began = std::time::Instant::now();
        let all = folders(&named, Some(Path::new("out")), false);
        assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
        assert_eq!(all[..2], ["out/a", "out/a-2"].map(PathBuf::from));
        assert_eq!(all[4000], Path::new("out/a-3-2"));
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 4001);
    }

    #[test]
    fn each_file_has_a_folder_of_its_own() {
        let named = ["a.pgp", "b/a.pgp", "a.asc", "c", "-", "a-2.gpg"].map(PathBuf::from);
        let all = folders(&named, Some(Path::new("out")), false);
        let wanted = ["a", "a-2", "a-3", "c-opened", "report-opened", "a-2-2"];
        assert_eq!(all, wanted.map(|name| Path::new("out").join(name)));
        let beside = folders(&named, None, false);
        let wanted = ["a", "b/a", "a-2", "c-opened", "report", "a-2-2"];
        assert_eq!(beside, wanted.map(PathBuf::from));
        let odd = ["..pgp", "b/...pgp"].map(PathBuf::from);
        let wanted = ["out/report", "out/report-2"].map(PathBuf::from);
        assert_eq!(folders(&odd, Some(Path::new("out")), false), wanted);
        let one = folders(&named[..1], Some(Path::new("out")), true);
        assert_eq!(one, [PathBuf::from("out")]);
    }
}
