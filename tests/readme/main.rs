//! The paper does not rot: what README.md, the help and `docs/` show is run, parsed and compared.

mod documents;
#[path = "../members/mod.rs"]
mod members;
mod promises;
#[cfg(unix)]
mod session;

use std::{fs, path::Path};

use clap::{CommandFactory, Parser};
use sealpost::cli::Cli;

/// A text of the repository.
fn paper(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The fenced blocks of a page in this language, without their fences.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap())
        .collect()
}

/// The arguments of a command line, as a shell would split them; what follows a pipe, a
/// redirection or a comment is left out.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_with(String::new);
            }
            (None, '|' | '<' | '>' | '#') => break,
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.into_iter().chain(word).collect()
}

fn parse(line: &str) {
    if let Err(why) = Cli::try_parse_from(split(line)) {
        panic!("{line}\n{why}");
    }
}

#[test]
fn examples_in_the_help_parse() {
    let mut examples = 0;
    let mut program = Cli::command();
    program.build();
    for command in program.get_subcommands().filter(|c| !c.is_hide_set()) {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        let lines: Vec<_> = help.lines().map(str::trim).collect();
        let own = format!("sealpost {}", command.get_name());
        let shown = lines.iter().filter(|line| line.starts_with("sealpost "));
        for line in shown {
            assert!(line.starts_with(&own), "{line}");
            parse(line);
            examples += 1;
        }
        assert!(
            lines.len() > 1 || command.get_name() == "help",
            "{} has no example",
            command.get_name()
        );
    }
    assert!(examples > 10, "{examples}");
}

/// Also what is not run, such as the lines on installing.
#[test]
fn commands_in_the_papers_parse() {
    let pages = [
        "README.md",
        "CONTRIBUTING.md",
        "docs/report.md",
        "SECURITY.md",
    ];
    for page in pages.map(paper) {
        let lines = ["console", "sh"].map(|language| blocks(&page, language).join("\n"));
        for line in lines.iter().flat_map(|block| block.lines()) {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            if line.starts_with("sealpost ") {
                parse(line);
            }
        }
    }
}

#[test]
fn splits_as_a_shell_does() {
    assert_eq!(split("a  \"b c\" 'd\"' '' # x"), ["a", "b c", "d\"", ""]);
    assert_eq!(split("a - < b | c"), ["a", "-"]);
}
