//! The file of `--config`: options by their names, which count where nothing was typed and nothing
//! stands in the environment.

use std::{collections::BTreeMap, path::Path, str::FromStr};

use anyhow::{Context as _, anyhow};
use clap::{Args as _, ValueEnum};

use crate::{
    cli::Serve,
    commands::context::read_capped,
    terminal::{Exit, Failure, Hint},
};

/// What the file says, by option.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    name: String,
    values: BTreeMap<String, Vec<String>>,
}

impl ConfigFile {
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let name = path.display().to_string();
        let bytes = read_capped(path, LARGEST).with_context(|| format!("cannot read {name}"))?;
        let text = std::str::from_utf8(&bytes);
        let text = text.map_err(|_| wrong(anyhow!("{name} is not UTF-8 text")))?;
        Self::parse(&name, text)
    }

    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let table: toml::Table =
            toml::from_str(text).map_err(|why| wrong(anyhow!("{name}: {}", why.message())))?;
        let mut file = Self {
            name: name.to_owned(),
            values: BTreeMap::new(),
        };
        let known = options();
        for (key, value) in table {
            if !known.contains(&key) {
                return Err(unknown(name, &key, &known));
            }
            let values = texts(value).ok_or_else(|| {
                wrong(anyhow!(
                    "{name}: {key} is a text, a number, or a list of texts"
                ))
            })?;
            file.values.insert(key, values);
        }
        Ok(file)
    }

    /// `typed`, else the file's.
    pub(super) fn or<T: FromStr>(
        &self,
        typed: Option<T>,
        option: &str,
    ) -> Result<Option<T>, Failure>
    where
        T::Err: std::fmt::Display,
    {
        match typed {
            Some(typed) => Ok(Some(typed)),
            None => Ok(self.all(Vec::new(), option)?.pop()),
        }
    }

    /// `typed`, else the file's, where an option has several values.
    pub(super) fn all<T: FromStr>(&self, typed: Vec<T>, option: &str) -> Result<Vec<T>, Failure>
    where
        T::Err: std::fmt::Display,
    {
        let Some(values) = self.values.get(option).filter(|_| typed.is_empty()) else {
            return Ok(typed);
        };
        let parse = |value: &String| {
            let parsed = value.parse();
            parsed.map_err(|why: T::Err| wrong(anyhow!("{}: {option}: {why}", self.name)))
        };
        values.iter().map(parse).collect()
    }

    /// `typed`, else the file's, for an option with a few words.
    pub(super) fn word<T: ValueEnum>(
        &self,
        typed: Option<T>,
        option: &str,
    ) -> Result<Option<T>, Failure> {
        let Some(word) = self.or::<String>(None, option)?.filter(|_| typed.is_none()) else {
            return Ok(typed);
        };
        let parsed = T::from_str(&word, false);
        parsed
            .map(Some)
            .map_err(|_| wrong(anyhow!("{}: {option} cannot be {word}", self.name)))
    }
}

/// The names of all options that may stand in the file.
fn options() -> Vec<String> {
    let command = Serve::augment_args(clap::Command::new("serve"));
    let names = command.get_arguments().filter_map(clap::Arg::get_long);
    let names = names.filter(|name| *name != "config");
    names.map(str::to_owned).collect()
}

fn unknown(file: &str, key: &str, known: &[String]) -> Failure {
    let error = wrong(anyhow!("{file}: there is no option {key}"));
    let nearest = known.iter().max_by(|a, b| {
        let likeness = |name: &str| strsim::jaro_winkler(name, key);
        likeness(a).total_cmp(&likeness(b))
    });
    match nearest {
        Some(nearest) => error.with_hint(Hint::words(format!("the nearest is {nearest}"))),
        None => error,
    }
}

fn texts(value: toml::Value) -> Option<Vec<String>> {
    Some(match value {
        toml::Value::String(text) => vec![text],
        toml::Value::Integer(number) => vec![number.to_string()],
        toml::Value::Array(values) => {
            let texts: Option<Vec<_>> = values.into_iter().map(texts).collect();
            texts?.concat()
        }
        _ => return None,
    })
}

fn wrong(error: anyhow::Error) -> Failure {
    Failure::new(Exit::Usage, error)
}

/// Bytes of the file at most.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{LogForm, Size};

    #[test]
    fn what_is_typed_counts_before_the_file() {
        let text =
            "max-size = \"1GiB\"\nmax-uploads = 5\nlog = \"text\"\nlanguage = [\"en\", \"de\"]";
        let file = ConfigFile::parse("x.toml", text).unwrap();
        assert_eq!(file.or(None, "max-size").unwrap(), Some(Size(1 << 30)));
        assert_eq!(file.or(Some(Size(1)), "max-size").unwrap(), Some(Size(1)));
        assert_eq!(file.or::<u64>(None, "max-uploads").unwrap(), Some(5));
        assert_eq!(file.word(None, "log").unwrap(), Some(LogForm::Text));
        assert_eq!(
            file.word(Some(LogForm::Json), "log").unwrap(),
            Some(LogForm::Json)
        );
        assert_eq!(
            file.all::<String>(Vec::new(), "language").unwrap(),
            ["en", "de"]
        );
        assert_eq!(file.or::<u64>(None, "rate-limit").unwrap(), None);
    }

    #[test]
    fn an_unknown_option_is_an_error_with_the_nearest() {
        let failure = ConfigFile::parse("x.toml", "max-sizes = 1").unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert_eq!(failure.hints()[0].text(), "the nearest is max-size");
        for bad in [
            "max-size = ",
            "max-size = 1.5",
            "config = \"y\"",
            "[max-size]",
        ] {
            assert!(ConfigFile::parse("x.toml", bad).is_err(), "{bad}");
        }
        let file = ConfigFile::parse("x.toml", "max-size = \"big\"").unwrap();
        assert!(file.or::<Size>(None, "max-size").is_err());
    }
}
