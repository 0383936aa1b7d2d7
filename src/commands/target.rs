//! TARGET resolved to a program, without asking anybody: a profile with its key, or what was typed.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::{Context, context::read_capped};
use crate::{
    discover,
    program::{self, Contact, Program, Wanted},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// A program, with the file that holds its published certificate.
pub(super) struct Target {
    /// The profile's, or one made up of nothing but what was typed.
    pub(super) program: Program,
    /// The name of the key file for messages, and its content.
    pub(super) key: Option<(String, Vec<u8>)>,
    /// Whether there is a profile.
    pub(super) is_known: bool,
}

/// Looks `name` up: a path to a profile, the user's own profiles, the shipped ones, by name or by a
/// host that they claim; else a domain, a URL, an address or a repository. Nobody is asked.
pub(super) fn resolve(name: &str, context: &Context<'_>) -> Result<Target, Failure> {
    if is_path(name) {
        return from_path(Path::new(name));
    }
    match profile(name, context)? {
        Some(known) => Ok(known),
        None => typed(name, context),
    }
}

/// The profile of this name, or of this host, among the user's own and the shipped ones. A path is
/// none: the name may be a stranger's.
pub(super) fn profile(name: &str, context: &Context<'_>) -> Result<Option<Target>, Failure> {
    let mut known = own(context)?;
    for shipped in program::shipped() {
        let key = shipped.key();
        let key = key.map(|key| (format!("keys/{}/key.asc", shipped.id()), key.into()));
        known.push(Target {
            program: shipped.program()?,
            key,
            is_known: true,
        });
    }
    let by_name = known.iter().position(|target| target.program.goes_by(name));
    let place = by_name.or_else(|| {
        let claimed = discover::program_for(name, known.iter().map(|target| &target.program))?;
        known.iter().position(|target| target.program == *claimed)
    });
    Ok(place.map(|place| known.swap_remove(place)))
}

/// A vendor without a profile.
pub(super) fn typed(name: &str, context: &Context<'_>) -> Result<Target, Failure> {
    let typed = discover::Target::parse(name).map_err(|why| unknown(why, context))?;
    let contact = match &typed {
        discover::Target::Address(address) => Some(Contact::Mail(address.clone())),
        discover::Target::GitHub(repository) => Some(Contact::GitHub(repository.clone())),
        discover::Target::Domain(origin) => {
            let home = format!("https://{}/", origin.authority());
            home.parse().ok().map(Contact::Web)
        }
    };
    let contacts: Vec<Contact> = contact.into_iter().collect();
    let program = Program::announced(&typed.subject(), &contacts, None)
        .ok_or_else(|| anyhow!("{name} makes no name for a program"))?;
    Ok(Target {
        program,
        key: None,
        is_known: false,
    })
}

fn unknown(why: discover::TargetError, context: &Context<'_>) -> Failure {
    let shipped = program::shipped().iter().map(program::Shipped::id);
    let shipped: Vec<_> = shipped.collect();
    let folder = context.home.path().join("programs");
    Failure::new(Exit::Usage, why)
        .with_hint(Hint::words(format!(
            "shipped profiles: {}",
            shipped.join(", ")
        )))
        .with_hint(Hint::words(format!(
            "write your own as {}/NAME/program.toml, or name its path",
            folder.display()
        )))
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

/// The user's own profiles, in the order of their folders' names.
fn own(context: &Context<'_>) -> Result<Vec<Target>, Failure> {
    let folder = context.home.programs()?;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("program.toml").is_file())
        .collect();
    folders.sort();
    folders.iter().map(|folder| from_path(folder)).collect()
}

/// The profile in this file or folder, with the certificate beside it.
pub(super) fn from_path(path: &Path) -> Result<Target, Failure> {
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
    Ok(Target {
        program,
        key,
        is_known: true,
    })
}

/// The largest file of certificates, in bytes.
pub(super) const KEY_LIMIT: u64 = 64 << 20;
