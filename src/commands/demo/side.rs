//! One of the two people of the demonstration: a home of their own, and the commands that they type.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::anyhow;
use clap::Parser;

use crate::commands::{Context, Memory, dispatch};
use crate::{
    cli::Cli,
    disk::Home,
    terminal::{Colour, Exit, Failure, Format, Output, Passphrases, Volume},
};

/// A person who types.
pub(super) struct Side<'a> {
    name: &'static str,
    home: Home,
    context: &'a Context<'a>,
}

impl<'a> Side<'a> {
    /// A person whose home is a folder of this name, which need not be there.
    pub(super) fn new(name: &'static str, context: &'a Context<'a>) -> Result<Self, Failure> {
        let home = Home::resolve(Some(Path::new("homes").join(name)), |_| None)?;
        Ok(Self {
            name,
            home,
            context,
        })
    }

    /// Shows a command as it is typed, and runs it.
    pub(super) fn types(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.shows(arguments, "")?;
        // One JSON document is all that --json prints, so the commands themselves are silent then.
        if self.context.output.is_json() {
            self.prints(arguments, Format::Text).map(drop)
        } else {
            self.runs(arguments, self.context.output)
        }
    }

    /// Shows a command with what the shell does to it, such as ` > FILE`, and runs it; what it
    /// printed.
    pub(super) fn types_into(&self, arguments: &[&str], shell: &str) -> Result<String, Failure> {
        self.shows(arguments, shell)?;
        self.prints(arguments, Format::Text)
    }

    /// Runs a command that is not shown; the JSON document that it printed.
    pub(super) fn asks(&self, arguments: &[&str]) -> Result<serde_json::Value, Failure> {
        let document = self.prints(arguments, Format::Json)?;
        Ok(serde_json::from_str(&document)?)
    }

    /// Shows a command that is run in another way.
    pub(super) fn shows(&self, arguments: &[&str], shell: &str) -> Result<(), Failure> {
        let quoted = arguments.iter().map(|argument| {
            if argument.contains(' ') {
                format!("\"{argument}\"")
            } else {
                (*argument).to_owned()
            }
        });
        let line = quoted.collect::<Vec<_>>().join(" ");
        let name = self.name;
        let output = self.context.output;
        Ok(output.print(format!("{name}$ sealpost {line}{shell}"))?)
    }

    fn prints(&self, arguments: &[&str], format: Format) -> Result<String, Failure> {
        let printed = Printed::default();
        let output = Output::new(format, Volume::Quiet, Colour::Never)
            .redirected(Box::new(printed.clone()), Box::new(io::sink()));
        self.runs(arguments, &output)?;
        let bytes = printed.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn runs(&self, arguments: &[&str], output: &Output) -> Result<(), Failure> {
        let cli = Cli::try_parse_from([&["sealpost"], arguments].concat())
            .map_err(|why| anyhow!("the demonstration is out of date: {why}"))?;
        let context = Context {
            output,
            passphrases: Passphrases::resolve(None)?,
            home: self.home.clone(),
            // Nobody but the intake on this machine is asked.
            offline: false,
            proxy: None,
            now: self.context.now,
            memory: Memory::default(),
            is_last: false,
        };
        match dispatch(cli.command, &context)? {
            Exit::Done => Ok(()),
            other => {
                let line = arguments.join(" ");
                let what = anyhow!("`sealpost {line}` did not work");
                Err(Failure::new(other, what))
            }
        }
    }
}

/// Keeps what a command prints.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut printed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        printed.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
