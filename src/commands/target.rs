//! TARGET: a program's name, or the path of a profile, resolved to the profile and its key.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::{Context, context::read_capped};
use crate::{
    program::{self, Program, Wanted},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// A program, with the file that holds its published certificate.
pub(super) struct Target {
    pub(super) program: Program,
    /// The name of the key file for messages, and its content.
    pub(super) key: Option<(String, Vec<u8>)>,
}

/// Looks `name` up: a path to a profile, the user's own profiles, the shipped ones.
pub(super) fn resolve(name: &str, context: &Context<'_>) -> Result<Target, Failure> {
    let path = Path::new(name);
    if is_path(name) {
        return from_path(path);
    }
    if let Some(target) = own(name, context)? {
        return Ok(target);
    }
    let Some((shipped, program)) = program::find_shipped(name) else {
        let known: Vec<_> = program::shipped()
            .iter()
            .map(program::Shipped::id)
            .collect();
        let folder = context.home.path().join("programs");
        return Err(
            Failure::new(Exit::Usage, anyhow!("no profile is known for {name}"))
                .with_hint(Hint::words(format!(
                    "shipped profiles: {}",
                    known.join(", ")
                )))
                .with_hint(Hint::words(format!(
                    "write your own as {}/NAME/program.toml, or name its path",
                    folder.display()
                ))),
        );
    };
    let key = shipped
        .key()
        .map(|key| (format!("keys/{}/key.asc", shipped.id()), key.into()));
    Ok(Target { program, key })
}

/// Refuses a program that takes no encrypted reports, with the reason that its profile gives.
pub(super) fn refuse_if_unencrypted(program: &Program) -> Result<(), Failure> {
    if program.encryption().wanted() != Wanted::Refused {
        return Ok(());
    }
    let why = program
        .encryption()
        .why()
        .unwrap_or("its policy asks for plain reports");
    let mut failure = Failure::new(
        Exit::Refused,
        anyhow!("{} takes no encrypted reports: {why}", program.name()),
    );
    if let Some(policy) = program.policy() {
        failure = failure.with_hint(Hint::words(format!("its policy: {}", policy.as_str())));
    }
    for contact in program.contacts() {
        failure = failure.with_hint(Hint::words(format!("it takes reports at {contact}")));
    }
    Err(failure)
}

/// Whether a target is a path: it says so itself. A folder that happens to lie in the current one
/// must not stand in for a program of that name.
fn is_path(name: &str) -> bool {
    let path = Path::new(name);
    has_toml_ending(path) || path.is_absolute() || path.starts_with(".") || path.starts_with("..")
}

fn has_toml_ending(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

fn own(name: &str, context: &Context<'_>) -> Result<Option<Target>, Failure> {
    let folder = context.home.programs()?;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(None);
    };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("program.toml").is_file())
        .collect();
    folders.sort();
    for folder in folders {
        let target = from_path(&folder)?;
        if target.program.goes_by(name) {
            return Ok(Some(target));
        }
    }
    Ok(None)
}

fn from_path(path: &Path) -> Result<Target, Failure> {
    let profile = if path.is_dir() {
        path.join("program.toml")
    } else {
        path.to_owned()
    };
    let name = profile.display().to_string();
    let text = read_capped(&profile, program::MAX_BYTES as u64)
        .map_err(|error| {
            anyhow::Error::new(error).context(format!("cannot read the profile {name}"))
        })
        .exit(Exit::Failed)?;
    let text = std::str::from_utf8(&text).map_err(|_| anyhow!("{name} is not UTF-8 text"))?;
    let program = Program::parse(&name, text)?;
    let key_path = profile.with_file_name("key.asc");
    let key = match read_capped(&key_path, KEY_LIMIT) {
        Ok(key) => Some((key_path.display().to_string(), key.to_vec())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            let context = format!("cannot read {}", key_path.display());
            return Err(anyhow::Error::new(error).context(context).into());
        }
    };
    Ok(Target { program, key })
}

/// The largest file of certificates, in bytes.
pub(super) const KEY_LIMIT: u64 = 64 << 20;
