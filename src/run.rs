//! One run of the program: harden, parse, dispatch, report how it ended.

use std::{ffi::OsString, time::SystemTime};

use anyhow::Context as _;
use clap::{CommandFactory, FromArgMatches, error::ErrorKind, parser::ValueSource};

use url::Url;

use crate::{
    cli::{Cli, Color, Global, only_what_is_typed},
    commands::{self, Context, Memory},
    confinement,
    disk::{Home, interrupt},
    network::policy::NotAProxy,
    terminal::{Colour, Exit, Failure, Format, Output, Passphrases, Volume, escape::escape_lines},
};

/// Runs the command line `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let hardened = confinement::harden();
    let (cli, repeated) = match parsed(args) {
        Ok(parsed) => parsed,
        Err(error) => return not_parsed(&error),
    };
    let output = output(&cli.global).repeating(repeated);
    for (what, error) in hardened.failures() {
        output.detail(1, format!("{what}: {error}"));
    }
    let watched = interrupt::install().context("cannot watch for Ctrl-C");
    let done = watched.map_err(Failure::from).and_then(|()| {
        let context = context(&cli.global, &output)?;
        commands::dispatch(cli.command, &context)
    });
    done.unwrap_or_else(|failure| failure.report(&output))
}

/// The command line, and what of it every suggested command repeats: a case that was begun through a
/// proxy must not go on without it because somebody copied a hint.
fn parsed(args: impl IntoIterator<Item = OsString>) -> Result<(Cli, Vec<OsString>), clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut command = only_what_is_typed(Cli::command);
    let matches = match command.try_get_matches_from_mut(&args) {
        Err(why) if why.kind() != ErrorKind::DisplayVersion => {
            // Help is about every command, and so is what was meant instead.
            command = Cli::command();
            command.try_get_matches_from_mut(args)?
        }
        parsed => parsed?,
    };
    let cli = Cli::from_arg_matches(&matches).map_err(|why| why.format(&mut command))?;
    let typed = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    let mut repeated: Vec<OsString> = Vec::new();
    if let Some(home) = cli.global.home.as_ref().filter(|_| typed("home")) {
        repeated.extend(["--home".into(), home.into()]);
    }
    if let Some(proxy) = cli.global.proxy.as_ref().filter(|_| typed("proxy")) {
        repeated.extend(["--proxy".into(), without_password(proxy).into()]);
    }
    if typed("offline") {
        repeated.push("--offline".into());
    }
    Ok((cli, repeated))
}

/// A hint is shown, logged and copied.
fn without_password(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    if parsed.password().is_none() || parsed.set_password(None).is_err() {
        return url.to_owned();
    }
    parsed.into()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p15_what_was_typed_is_repeated_without_its_password() {
        let line = "sealpost case --home h sync --offline --proxy socks5h://u:secret@127.0.0.1:9";
        let (_, repeated) = parsed(line.split(' ').map(OsString::from)).unwrap();
        let expected = "--home h --proxy socks5h://u@127.0.0.1:9 --offline";
        assert_eq!(repeated.join(&OsString::from(" ")), *expected);
        let (_, repeated) = parsed(["sealpost", "find", "x"].map(OsString::from)).unwrap();
        assert_eq!(repeated, Vec::<OsString>::new());
    }
}
