//! One run of the program: harden, parse, dispatch, report how it ended.

use std::{ffi::OsString, time::SystemTime};

use clap::{Parser, error::ErrorKind};

use crate::{
    cli::{Cli, Color, Global},
    commands::{self, Context, Memory},
    confinement,
    disk::{Home, interrupt},
    network::policy::NotAProxy,
    terminal::{Colour, Exit, Failure, Format, Output, Passphrases, Volume, escape::escape_lines},
};

/// Runs the command line `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let hardened = confinement::harden();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error),
    };
    let output = output(&cli.global);
    for (what, error) in hardened.failures() {
        output.detail(1, format!("{what}: {error}"));
    }
    let done = interrupt::install().map_err(Failure::from).and_then(|()| {
        let context = context(&cli.global, &output)?;
        commands::dispatch(cli.command, &context)
    });
    done.unwrap_or_else(|failure| failure.report(&output))
}

/// Shows help, or what is wrong with the command line. A wrong argument is shown escaped: it may be
/// a file name that somebody else chose.
fn not_parsed(error: &clap::Error) -> Exit {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let _unheard = error.print();
        return Exit::Done;
    }
    anstream::eprint!("{}", escape_lines(&error.render().to_string()));
    Exit::Usage
}

fn output(global: &Global) -> Output {
    let format = if global.json {
        Format::Json
    } else {
        Format::Text
    };
    let volume = match (global.quiet, global.verbose) {
        (true, _) => Volume::Quiet,
        (false, 0) => Volume::Normal,
        (false, level) => Volume::Verbose(level),
    };
    let colour = match global.color {
        Color::Auto => Colour::Auto,
        Color::Always => Colour::Always,
        Color::Never => Colour::Never,
    };
    Output::new(format, volume, colour)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the clock is read"
)]
fn context<'a>(global: &Global, output: &'a Output) -> Result<Context<'a>, Failure> {
    Ok(Context {
        output,
        passphrases: Passphrases::resolve(global.passphrase_file.clone())?,
        home: Home::resolve(global.home.clone(), |name| std::env::var_os(name))?,
        offline: global.offline,
        proxy: global
            .proxy
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|why: NotAProxy| Failure::new(Exit::Usage, why))?,
        now: SystemTime::now(),
        memory: Memory::default(),
        is_last: true,
    })
}
