//! Attachments on their way into a bundle: without what they tell beside their content, unless that is wanted.
//!
//! Serves DESIGN.md, "Commands" (`seal`, `send`). The files themselves are never changed, and no copy of them gets onto a disk.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::mat2::{self, Cleaning};
use crate::{
    bundle::{Attachable, Attached, Bundle},
    cli::{Seal, Send},
    commands::Context,
    metadata::{Cleaned, Form, Survey, Trace},
    terminal::Failure,
};

/// What is to be attached, and how.
pub(in crate::commands) struct Attachments<'a> {
    files: &'a [PathBuf],
    metadata: Metadata,
    account: Account,
}

/// Where it is told with `--json`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Account {
    Document,
    Stderr,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Metadata {
    Strip,
    Keep,
}

/// A file that was attached.
#[derive(Serialize)]
pub(in crate::commands) struct Attachment {
    file: String,
    name: String,
    size: u64,
    /// What became of what it tells beside its content.
    metadata: Fate,
    /// What was taken out, in words.
    removed: Vec<String>,
    /// What stays of what was looked at, in words.
    kept: Vec<String>,
}

/// What became of the metadata of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Fate {
    /// There is none.
    None,
    /// It was taken out.
    Stripped,
    /// It stays, as was wanted.
    Kept,
    /// It stays: the picture could not be read.
    Unreadable,
    /// It stays: mat2 is not there, or could not do it.
    NotStripped,
    /// Nobody knows whether there is any in what stays.
    Unknown,
}

impl<'a> Attachments<'a> {
    /// Those that were typed.
    pub(in crate::commands) fn of_seal(args: &'a Seal) -> Self {
        Self::of((&args.attach, args.keep_metadata), Account::Document)
    }

    /// Those that were typed. The document says what was delivered, not what is in it.
    pub(in crate::commands) fn of_send(args: &'a Send) -> Self {
        Self::of((&args.attach, args.keep_metadata), Account::Stderr)
    }

    fn of((files, keep): (&'a [PathBuf], bool), account: Account) -> Self {
        let metadata = if keep {
            Metadata::Keep
        } else {
            Metadata::Strip
        };
        Self {
            files,
            metadata,
            account,
        }
    }

    fn say(&self, words: &str, context: &Context<'_>) {
        let output = context.output;
        if self.account == Account::Stderr && output.is_json() {
            output.notice(words);
        } else {
            output.say(words);
        }
    }

    /// Attaches them, and says what each becomes.
    pub(in crate::commands) fn attach(
        &self,
        bundle: &mut Bundle,
        context: &Context<'_>,
    ) -> Result<Vec<Attachment>, Failure> {
        let mut done = Vec::new();
        for path in self.files {
            let one = match self.metadata {
                Metadata::Keep => Attachment::new(&bundle.attach(path)?, Fate::Kept),
                Metadata::Strip => strip(path, bundle, context)?,
            };
            one.warn(path, context);
            if let Some(words) = one.words() {
                self.say(&words, context);
            }
            done.push(one);
        }
        if done.iter().any(|one| one.metadata == Fate::Stripped) {
            let words =
                "the files themselves are not changed; --keep-metadata attaches them as they are";
            self.say(words, context);
        }
        Ok(done)
    }
}

fn strip(path: &Path, bundle: &mut Bundle, context: &Context<'_>) -> Result<Attachment, Failure> {
    let file = Attachable::look(path)?;
    let survey = file.survey().clone();
    let fate = match survey.form {
        Form::Document(ending) => return by_mat2(path, (file, ending), bundle, context),
        Form::Text => Fate::None,
        _ if survey.is_unreadable() => Fate::Unreadable,
        _ => survey.picture.as_ref().map_or(Fate::Unknown, |picture| {
            match (picture.removed.is_empty(), picture.is_known()) {
                (false, _) => Fate::Stripped,
                (true, true) => Fate::None,
                (true, false) => Fate::Unknown,
            }
        }),
    };
    let attached = bundle.attach_stripped(file)?;
    Ok(Attachment::new(&attached, fate).of(&survey))
}

/// A document or a recording. What mat2 cannot do, or must not since there is no place for it, is told and left.
fn by_mat2(
    path: &Path,
    (file, ending): (Attachable, Cleaned),
    bundle: &mut Bundle,
    context: &Context<'_>,
) -> Result<Attachment, Failure> {
    let why = match mat2::clean(path, ending)? {
        Cleaning::Done(clean) => {
            let attached = bundle.attach_instead(file, clean)?;
            let mut done = Attachment::new(&attached, Fate::Stripped);
            done.removed
                .push("everything that mat2 knows of".to_owned());
            return Ok(done);
        }
        Cleaning::Missing => {
            "mat2, which could take it out, is not installed: install it, or pass --keep-metadata"
        }
        Cleaning::NoMemory => "there is no folder in memory where mat2 could work",
        Cleaning::Failed => "mat2 cannot clean it",
    };
    context.output.warn(format!(
        "{} may say who made it, when and with what, and goes as it is: {why}",
        path.display()
    ));
    let attached = bundle.attach_stripped(file)?;
    Ok(Attachment::new(&attached, Fate::NotStripped))
}

impl Attachment {
    fn new(attached: &Attached, metadata: Fate) -> Self {
        Self {
            file: attached.original().display().to_string(),
            name: attached.name().to_owned(),
            size: attached.size(),
            metadata,
            removed: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn of(mut self, survey: &Survey) -> Self {
        if let Some(picture) = &survey.picture {
            let words = |traces: &[Trace]| traces.iter().map(Trace::to_string).collect();
            self.removed = words(&picture.removed);
            self.kept = words(&picture.kept);
        }
        self
    }

    fn warn(&self, path: &Path, context: &Context<'_>) {
        let (output, file) = (context.output, &self.file);
        if path.file_name() != Some(self.name.as_ref()) {
            output.warn(format!("{file} is called {} inside", self.name));
        }
        if self.metadata == Fate::Unreadable {
            output.warn(format!(
                "{file} could not be read as a picture, and goes as it is: it may say where and when it was made"
            ));
        }
    }

    /// What is told of it.
    fn words(&self) -> Option<String> {
        let file = &self.file;
        match self.metadata {
            Fate::Stripped => {
                let removed = self.removed.join("; ");
                let kept = if self.kept.is_empty() {
                    String::new()
                } else {
                    format!(" (stays: {})", self.kept.join("; "))
                };
                Some(format!("{file}: taken out: {removed}{kept}"))
            }
            Fate::Unknown => Some(format!(
                "{file} goes as it is: what such a file says beside its content is not known"
            )),
            Fate::None | Fate::Kept | Fate::NotStripped | Fate::Unreadable => None,
        }
    }
}

impl std::fmt::Display for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes), as {}", self.file, self.size, self.name)
    }
}
