//! Promises 22 and 23: what strangers wrote neither drives the terminal nor deceives the eye.

use std::fs;

use crate::pty::Terminal;
use crate::scene::{PASSPHRASE, Scene};
use crate::strangers::{HOSTILE, prepared};

/// Where nothing but text may be: how it came, and what was shown.
fn assert_inert(what: &str, shown: &[u8], coloured: bool) -> String {
    let text = std::str::from_utf8(shown).unwrap_or_else(|why| panic!("{what}: {why}: {shown:?}"));
    let mut rest = text.to_owned();
    // The progress bar's own: back to the start of its line, which it clears.
    rest = rest.replace("\r\u{1b}[2K", "");
    if coloured {
        for code in [0, 1, 2, 4, 22, 31, 32, 33, 36, 39] {
            rest = rest.replace(&format!("\u{1b}[{code}m"), "");
        }
    }
    let rest = rest.replace("\r\n", "\n");
    for c in rest.chars() {
        let is_hidden = (c.is_control() && c != '\n')
            || matches!(u32::from(c),
                0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
                | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe0fff);
        assert!(!is_hidden, "{what}: {c:?} in {text:?}");
    }
    rest
}

/// What is typed. EVIL stands for a hostile name, which is a part of what these show.
const SHOWN: [&str; 29] = [
    "seal unknown-field.md --key vendor.asc -o s",
    "seal vector.md --key vendor.asc -o s",
    "seal reference.md --key vendor.asc -o s",
    "seal weakness.md --key vendor.asc -o s",
    "seal date.md --key vendor.asc -o s",
    "seal toml.md --key vendor.asc -o s",
    "seal program.md --key vendor.asc --to val.town -o s",
    "seal EVIL.md --key vendor.asc -o s",
    "seal report.md -a EVIL --key vendor.asc -o s",
    "seal report.md -a EVIL.d --key vendor.asc -o s",
    "seal report.md -a EVIL.no --key vendor.asc -o s",
    "seal report.md --key vendor.asc -o EVIL.s",
    "seal report.md --key EVIL.no -o s",
    "seal report.md --key EVIL -o s",
    "seal report.md --key named.asc -o s",
    "seal report.md --key revoked.asc -o s",
    "seal report.md --key vendor.asc --sign-with EVIL.no -o s",
    "seal report.md --passphrase --passphrase-file EVIL.no -o s",
    "seal report.md --to EVIL -o s",
    "new EVIL.new",
    "open manifest.pgp --key vendor.key -o out",
    "open manifest.pgp --key vendor.key -o out --to val.town",
    "open entry.pgp --key vendor.key -o out",
    "open EVIL.pgp --key vendor.key -o out",
    "open EVIL.no --key vendor.key -o out",
    "open EVIL.pgp --key vendor.key -o EVIL.out",
    "open EVIL.pgp --key EVIL -o out",
    "open for-locked.pgp --key locked.key --passphrase-file wrong -o out",
    "keygen --name A --email a@example.org --no-passphrase -o EVIL.k",
];

/// The same for what need not be shown.
const HANDLED: [&str; 30] = [
    "seal raw.md --key vendor.asc -o s",
    "seal report.md --key not-openpgp -o s",
    "seal report.md --key comment-key.asc -o s",
    "seal report.md --to refused.toml -o s",
    "seal report.md --to none.toml -o s",
    "seal report.md --to plain-name.toml -o s",
    "seal report.md --to unknown.toml -o s",
    "seal report.md --to contact.toml -o s",
    "seal report.md --to raw.toml -o s",
    "new --to refused.toml new.md",
    "new --to none.toml new.md",
    "new --to plain-name.toml new.md",
    "new --to unknown.toml new.md",
    "new --to contact.toml new.md",
    "new --to raw.toml new.md",
    "new --to refused.toml -",
    "new --to none.toml -",
    "new --to plain-name.toml -",
    "new --to unknown.toml -",
    "new --to contact.toml -",
    "new --to raw.toml -",
    "open literal.pgp --key vendor.key -o out",
    "open wrong-manifest.pgp --key vendor.key -o out",
    "open comment.asc --key vendor.key -o out",
    "open text.pgp --key vendor.key -o out",
    "open not-openpgp --key vendor.key -o out",
    "keygen --name EVIL --email a@example.org --no-passphrase -o k",
    "keygen --name A --email EVIL --no-passphrase -o k",
    "keygen --name A --email a@example.org --no-passphrase -o k --expires EVIL",
    "open report.md --key vendor.key -o out --signer EVIL",
];

fn words(line: &str) -> Vec<String> {
    let evil = format!("a{HOSTILE}");
    let words = line.split(' ').map(|word| word.replace("EVIL", &evil));
    words.collect()
}

/// Removes what commands made.
fn tidy(scene: &Scene) {
    let evil = format!("a{HOSTILE}");
    for name in [
        "s",
        "out",
        "k",
        "new.md",
        &format!("{evil}.s"),
        &format!("{evil}.new"),
        &format!("{evil}.out"),
        &format!("{evil}.k"),
    ] {
        let path = scene.path(name);
        let _absent = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
}

/// Runs a command on a terminal, in both colours; what was shown without colour.
fn on_a_terminal(scene: &Scene, line: &str) -> String {
    let words = words(line);
    let shown = ["always", "never"].map(|colour| {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.extend(["-v", "--color", colour]);
        let (shown, _) = Terminal::start(scene.command(&arguments)).end();
        tidy(scene);
        assert_inert(line, &shown, colour == "always")
    });
    shown.into_iter().next_back().unwrap_or_default()
}

#[test]
fn p22_p23_nothing_hostile_reaches_the_terminal() {
    let scene = prepared();
    for line in SHOWN {
        let shown = on_a_terminal(&scene, line);
        let is_shown = shown.contains("\\u{202e}");
        assert!(is_shown, "{line}: not shown as such: {shown}");
    }
    for line in HANDLED {
        on_a_terminal(&scene, line);
    }
}

#[test]
fn p22_p23_json_is_inert_too() {
    let scene = prepared();
    for line in SHOWN
        .iter()
        .chain(&HANDLED)
        .filter(|line| !line.ends_with(" -"))
    {
        let words = words(line);
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--json");
        let run = scene.run(&arguments);
        tidy(&scene);
        assert_inert(line, &run.stdout, false);
        assert_inert(line, run.stderr.as_bytes(), false);
        assert!(run.json().is_object(), "{line}");
    }
}

#[test]
fn p22_a_prompt_names_a_hostile_key() {
    let scene = prepared();
    let open = ["open", "for-locked.pgp", "--key", "locked.key", "-o", "out"];
    let mut terminal = Terminal::start(scene.command(&open));
    terminal.wait_for("): ");
    terminal.type_line(PASSPHRASE);
    let (shown, _) = terminal.end();
    let shown = assert_inert("a prompt", &shown, true);
    assert!(shown.contains("Mallory\\u{1b}]0;own"), "{shown}");
    assert!(scene.path("out/message.txt").is_file());
}

/// What the command line's parser quotes: a file may be called like an option.
#[test]
fn p22_p23_usage_errors_are_inert() {
    let scene = Scene::new();
    let evil = HOSTILE.to_owned();
    for words in [
        vec![evil.clone()],
        vec!["open".to_owned(), format!("--{evil}.pgp")],
        vec!["open".to_owned(), format!("-{evil}.pgp")],
        vec!["new".to_owned(), "a".to_owned(), evil.clone()],
        vec!["completions".to_owned(), evil.clone()],
        vec!["keygen".to_owned(), "--profile".to_owned(), evil.clone()],
        vec![
            "seal".to_owned(),
            "r".to_owned(),
            "--fingerprint".to_owned(),
            evil,
        ],
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (shown, _) = Terminal::start(scene.command(&words)).end();
        assert_inert("usage", &shown, true);
        let run = scene.run(&[&["--color", "never"], &words[..]].concat());
        assert_inert("usage", run.stderr.as_bytes(), false);
        assert_eq!(run.code, 2);
    }
}

/// Content goes to stdout as it is, but never to a terminal.
#[test]
fn p22_content_is_not_typed_onto_a_terminal() {
    let scene = prepared();
    let open = ["open", "text.pgp", "--key", "vendor.key", "-o", "-"];
    let (shown, _) = Terminal::start(scene.command(&open)).end();
    assert_inert("content", &shown, true);
    let piped = scene.run(&open);
    assert_eq!(piped.stdout, format!("text{HOSTILE}").into_bytes());
}

/// The characters of "Trojan Source" (CVE-2021-42574), each as itself in a file's name.
#[test]
fn p23_each_trojan_character_is_shown_as_such() {
    let scene = Scene::new();
    for c in "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\
              \u{61c}\u{200b}\u{200c}\u{200d}\u{2060}\u{2061}\u{feff}\u{180e}\u{ad}\u{115f}\u{3164}\u{ffa0}\
              \u{e0001}\u{e0041}\u{fe0f}\u{2800}"
        .chars()
    {
        let name = format!("if{c}admin.py");
        let run = scene.run(&["open", &name, "--key", "vendor.key", "-o", "out"]);
        let shown = format!("if\\u{{{:x}}}admin.py", u32::from(c));
        // The empty pattern of Braille is a symbol that happens to have no dots.
        assert_eq!(run.stderr.contains(&shown), c != '\u{2800}', "{}", run.stderr);
        scene.write(&name, "x");
        let seal = ["seal", "report.md", "-a", &name, "--key", "vendor.asc", "-o", "s", "--force"];
        let run = scene.run(&seal);
        assert_eq!(run.stderr.contains(&shown), c != '\u{2800}', "{}", run.stderr);
    }
}
