//! Arguments that the parser hears of only when their command was typed.
//!
//! All commands have some four hundred arguments, and describing them takes longer than sealing a
//! short report. Help, completions and manual pages need them all, so that is what everybody gets
//! but [`only_what_is_typed`].

use std::{cell::Cell, fmt, ops::Deref};

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// The arguments of a command, described when they are needed.
pub struct Late<T>(Box<T>);

/// Makes a parser in which only the command that is typed gets its arguments. Good for parsing,
/// not for help: the other commands have nothing to say of themselves.
pub(crate) fn only_what_is_typed(make: impl FnOnce() -> Command) -> Command {
    WAITING.set(true);
    let command = make();
    WAITING.set(false);
    command
}

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

impl<T> Late<T> {
    /// The arguments themselves.
    #[must_use]
    pub fn into_inner(self) -> T {
        *self.0
    }
}

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Late<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Args> Args for Late<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        if WAITING.get() {
            command.defer(T::augment_args)
        } else {
            T::augment_args(command)
        }
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

impl<T: Args> FromArgMatches for Late<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(|args| Self(Box::new(args)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(|args| Self(Box::new(args)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}
