//! `docs/promises.md` is made of the tests: their names, what `tests/promises/PROMISES.toml` says of each promise, and
//! the figures that a soak run left in `tests/promises/soak.txt`.
//!
//! `SEALPOST_BLESS=1 cargo test --test readme promises` writes it anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::paper;

const PAGE: &str = "docs/promises.md";

#[derive(Deserialize)]
struct Promises {
    promise: Vec<Promise>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Promise {
    number: u8,
    /// What is promised.
    words: String,
    attack: String,
    figure: String,
    /// The tests that assert the figure.
    #[serde(default)]
    by: Vec<String>,
    /// What shows it where no test of a running program can: a recipe of the justfile.
    recipe: Option<String>,
}

/// A test whose name says what it proves.
struct Test {
    name: String,
    promises: Vec<u8>,
    file: String,
    /// Whether the tests beside it run the program itself.
    at_the_door: bool,
}

#[test]
fn promises_are_those_of_the_tests() {
    let (promises, tests) = (promises(), tests());
    for promise in &promises {
        match &promise.recipe {
            Some(recipe) => is_there(recipe),
            None => is_attacked(promise, &tests),
        }
        figure_is_asserted(promise, &tests);
    }
    let numbers: Vec<_> = promises.iter().map(|promise| promise.number).collect();
    assert_eq!(numbers, (1..=47).collect::<Vec<_>>());
    let page = page(&promises, &tests);
    if std::env::var_os("SEALPOST_BLESS").is_some() {
        fs::write(root().join(PAGE), &page).unwrap();
    }
    let there = fs::read_to_string(root().join(PAGE)).unwrap_or_default();
    assert!(
        there == page,
        "{PAGE} is not what the tests say: SEALPOST_BLESS=1 cargo test --test readme promises"
    );
}

/// One test at least attacks the program itself, and not a function of it.
fn is_attacked(promise: &Promise, tests: &[Test]) {
    let number = promise.number;
    let attacks = |test: &&Test| test.at_the_door && test.promises.contains(&number);
    let short = |test: &&Test| !test.name.starts_with("soak_");
    assert!(
        tests.iter().filter(attacks).any(|test| short(&test)),
        "no test at the program's door is named p{number:02}_…"
    );
}

fn is_there(recipe: &str) {
    let justfile = paper("justfile");
    let mut lines = justfile.lines();
    assert!(
        lines.any(|line| line == format!("{recipe}:")),
        "just {recipe}"
    );
}

/// The numbers of an attack and of its figure stand where they are asserted.
fn figure_is_asserted(promise: &Promise, tests: &[Test]) {
    let number = promise.number;
    let shown = promise.recipe.is_some() || !promise.by.is_empty();
    assert!(shown, "promise {number}: by no test");
    let mut sources = String::new();
    for name in &promise.by {
        let test = tests.iter().find(|test| test.name == *name);
        let test = test.unwrap_or_else(|| panic!("promise {number}: {name} is no test"));
        assert!(test.promises.contains(&number), "promise {number}: {name}");
        sources += &paper(&test.file).replace('_', "");
    }
    let words: BTreeSet<_> = sources.split(|c: char| !c.is_ascii_digit()).collect();
    let said = format!("{} {}", promise.attack, promise.figure).replace(',', "");
    let mut numbers = said.split(|c: char| !c.is_ascii_digit());
    if let Some(other) = numbers.find(|word| !words.contains(word)) {
        panic!("promise {number}: {other} stands in none of its tests");
    }
}

fn page(promises: &[Promise], tests: &[Test]) -> String {
    let mut page = OPENING.to_owned();
    for Promise {
        number,
        words,
        attack,
        figure,
        recipe,
        ..
    } in promises
    {
        let attacks = |test: &&Test| test.at_the_door && test.promises.contains(number);
        let shown = match recipe {
            Some(recipe) => format!("`just {recipe}`"),
            None => format!(
                "[{}](#promise-{number})",
                tests.iter().filter(attacks).count()
            ),
        };
        writeln!(
            page,
            "| {number} | {words} | {attack} | {figure} | {shown} |"
        )
        .unwrap();
    }
    page += "\n## The long forms\n\n";
    page += SOAK;
    for (name, figure) in soak(tests) {
        writeln!(page, "| {name} | {figure} |").unwrap();
    }
    page += "\n## The tests\n\n";
    page += NAMES;
    for promise in promises {
        let found = by_file(promise.number, tests);
        if found.is_empty() {
            continue;
        }
        write!(page, "\n### Promise {}\n\n", promise.number).unwrap();
        for (file, names) in found {
            writeln!(page, "- `{file}`: {names}").unwrap();
        }
    }
    page
}

/// The tests of a promise at the program's door, by file.
fn by_file(number: u8, tests: &[Test]) -> BTreeMap<&str, String> {
    let mut files = BTreeMap::<_, Vec<_>>::new();
    let at_the_door = tests.iter().filter(|test| test.at_the_door);
    for test in at_the_door.filter(|test| test.promises.contains(&number)) {
        let names = files.entry(test.file.as_str()).or_default();
        names.push(format!("`{}`", test.name));
    }
    let files = files
        .into_iter()
        .map(|(file, names)| (file, names.join(", ")));
    files.collect()
}

/// What the last soak run printed, by test or fuzz target.
fn soak(tests: &[Test]) -> Vec<(String, String)> {
    let text = paper("tests/promises/soak.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line}")));
    let mut all = Vec::new();
    for (name, figure) in lines {
        let target = name
            .strip_prefix("fuzz ")
            .map(|target| root().join(format!("fuzz/targets/{target}.rs")));
        let there = tests.iter().any(|test| test.name == name)
            || target.is_some_and(|target| target.exists());
        assert!(
            there,
            "tests/promises/soak.txt: there is no {name} any more"
        );
        all.push((format!("`{name}`"), figure.to_owned()));
    }
    all
}

fn promises() -> Vec<Promise> {
    let text = paper("tests/promises/PROMISES.toml");
    toml::from_str::<Promises>(&text).unwrap().promise
}

/// All tests of the sources whose names carry promises, in the order of files and lines.
fn tests() -> Vec<Test> {
    let mut all = Vec::new();
    let mut paths = rust_files(&root().join("src"));
    paths.extend(rust_files(&root().join("tests")));
    let read = |path: PathBuf| {
        let source = fs::read_to_string(&path).unwrap();
        (path, source)
    };
    let sources: Vec<_> = paths.into_iter().map(read).collect();
    let doors = doors(&sources);
    for (path, source) in &sources {
        let file = below_root(path);
        for name in names(source) {
            all.push(Test {
                promises: numbers(name),
                name: name.to_owned(),
                file: file.clone(),
                at_the_door: doors.contains(path),
            });
        }
    }
    assert!(all.len() > 300, "{} tests", all.len());
    all
}

/// The names of a file's tests that carry promises, and of long forms: functions with the attribute, and those that run over both
/// backings.
fn names(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut attributed = false;
    for line in source.lines().map(str::trim_start) {
        let Some((_, after)) = line.split_once("fn ") else {
            attributed = attributed && !line.is_empty() || line == "#[test]";
            continue;
        };
        let name = after.split(['(', '<']).next().unwrap();
        let both = after.contains("(backing: Backing)");
        let long = name.starts_with("soak_");
        if (attributed || both) && (long || !numbers(name).is_empty()) {
            found.push(name);
        }
        attributed = false;
    }
    found
}

/// 6 and 21 of `p06_p21_no_report_is_lost` and of its long form.
fn numbers(name: &str) -> Vec<u8> {
    let mut rest = name.strip_prefix("soak_").unwrap_or(name);
    let mut numbers = Vec::new();
    while let Some((first, after)) = rest.split_once('_') {
        let number = first.strip_prefix('p').filter(|digits| digits.len() == 2);
        let Some(number) = number.and_then(|digits| digits.parse().ok()) else {
            break;
        };
        numbers.push(number);
        rest = after;
    }
    numbers
}

/// The files that run the program: by themselves, or through a module beside them that does.
fn doors(sources: &[(PathBuf, String)]) -> BTreeSet<PathBuf> {
    let runs =
        |(_, source): &&(PathBuf, String)| source.contains("env!(\"CARGO_BIN_EXE_sealpost\")");
    let files = sources.iter().filter(runs).map(|(path, _)| path.clone());
    let mut doors: BTreeSet<PathBuf> = files.collect();
    loop {
        let mut modules: BTreeSet<_> = doors.iter().filter_map(|path| module(path)).collect();
        modules.extend(
            sources
                .iter()
                .flat_map(|(path, source)| lent(path, source, &doors)),
        );
        let uses = |(path, source): &&(PathBuf, String)| {
            let beside = modules
                .iter()
                .filter(|(folder, _)| path.starts_with(folder));
            let mut names = beside.map(|(_, name)| format!("{name}::"));
            !doors.contains(path) && names.any(|name| source.contains(&name))
        };
        let more: Vec<_> = sources
            .iter()
            .filter(uses)
            .map(|(path, _)| path.clone())
            .collect();
        if more.is_empty() {
            return doors;
        }
        doors.extend(more);
    }
}

/// The folder of a test binary, and the name of the module in it that a file belongs to.
fn module(path: &Path) -> Option<(PathBuf, String)> {
    let tests = root().join("tests");
    let mut parts = path.strip_prefix(&tests).ok()?.iter();
    let (folder, name) = (parts.next()?, parts.next()?.to_str()?);
    Some((tests.join(folder), name.trim_end_matches(".rs").to_owned()))
}

/// The modules of other test binaries that this file takes in, if they run the program.
fn lent(path: &Path, source: &str, doors: &BTreeSet<PathBuf>) -> Vec<(PathBuf, String)> {
    let tests = root().join("tests");
    let folder = path.parent().unwrap();
    let paths = source.split("#[path = \"../").skip(1);
    let paths = paths.map(|rest| tests.join(rest.split('"').next().unwrap()));
    let lent = paths.filter(|path| doors.contains(path));
    lent.filter_map(|path| Some((folder.to_owned(), module(&path)?.1)))
        .collect()
}

fn below_root(path: &Path) -> String {
    let below = path.strip_prefix(root()).unwrap();
    below.to_str().unwrap().replace('\\', "/")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn names_carry_promises() {
    assert_eq!(numbers("soak_p06_p21_killed"), [6, 21]);
    assert!(numbers("p5_x").is_empty());
    let source = "#[test]\n_ p01_a() {}\n_ p02_b() {}\n_ p03_c(backing: Backing) {}\n"
        .replace("_ p", "fn p");
    assert_eq!(names(&source), ["p01_a", "p03_c"]);
}

const OPENING: &str = "\
# Promises

What sealpost promises, how the finished program is attacked, and what the attack showed. This page is made of the
tests (`tests/readme/promises.rs`), and a test fails when it says something else.

Each promise has a test at the program's door: what runs is `sealpost` itself, as users have it. Its name begins with the
promise's number. Most of these tests are in `tests/promises`; those that need a server, a network or a mailbox are with
the others of their kind. The last column says how many there are; behind it are their names. Tests of the parts carry the
numbers, too, and are not counted here.

| # | promise | how it is attacked | figure reached | tests |
| --- | --- | --- | --- | --- |
";

const SOAK: &str = "\
`just soak` runs what takes too long for every change, goes on after a miss, and ends with a failure if there was one.
What the last whole run printed, on two cores:

| form | figure |
| --- | --- |
";

const NAMES: &str = "`cargo test --test intake p06_` runs those of promise 6 in `tests/intake`.\n";
