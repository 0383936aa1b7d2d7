//! Files of strangers: whatever in them can be chosen is an attack on the terminal.

use std::fs;
use std::io::Write;

use sequoia_openpgp::Packet;
use sequoia_openpgp::armor::{Kind, Writer};
use sequoia_openpgp::types::ReasonForRevocation;

use crate::archives::{archive, file};
use crate::forge::{self, bytes, encrypted, encrypted_text, literal, named_literal};
use crate::scene::{PASSPHRASE, Scene, private};
use crate::vendor::{self, key, make, primary, vendor};

/// Escape sequences (a title, a cleared screen, colours), C1 controls, a carriage return and a
/// backspace, bidirectional controls, invisible characters, a tag character, a line separator.
pub(crate) const HOSTILE: &str = "\u{1b}]0;own\u{7}\u{1b}[2J\u{1b}[31m\u{9b}5n\u{90}x\u{9c}\r\u{8}\
    \u{202e}\u{2066}\u{200f}\u{200b}\u{2060}\u{feff}\u{ad}\u{e0041}\u{2028}z";

/// The same as YAML and TOML write it between double quotes.
fn quoted(text: &str) -> String {
    text.chars().fold(String::new(), |quoted, c| {
        quoted + &format!("\\U{:08x}", u32::from(c))
    })
}

/// Files whose names, texts and certificates are hostile.
pub(crate) fn prepared() -> Scene {
    let scene = Scene::new();
    let evil = format!("a{HOSTILE}");
    scene.write(&evil, "attached");
    fs::create_dir(scene.path(&format!("{evil}.d"))).unwrap();
    scene.write(&format!("{evil}.md"), "no front matter");
    scene.seal(&format!("{evil}.pgp"), &["--key", "vendor.asc"]);
    scene.write("wrong", format!("{HOSTILE}\n"));
    reports(&scene);
    keys(&scene);
    messages(&scene);
    profiles(&scene);
    scene
}

fn reports(scene: &Scene) {
    // Fields refuse control characters without a word on the rest; what only deceives gets further.
    let deceiving = quoted("\u{202e}\u{2066}\u{200b}\u{e0041}z");
    let quoted = quoted(HOSTILE);
    let fields = [
        ("unknown-field", format!("\"titel{quoted}\": x")),
        ("vector", format!("severity: [\"CVSS:3.1/{deceiving}\"]")),
        (
            "reference",
            format!("references: [\"https://{deceiving}/\"]"),
        ),
        ("weakness", format!("weakness: [\"{deceiving}\"]")),
        ("date", format!("discovered: \"{deceiving}\"")),
        ("raw", format!("method: {HOSTILE}")),
        ("program", format!("program: \"curl{deceiving}\"")),
    ];
    let text = format!("## Summary{HOSTILE}\n\n{HOSTILE}\n");
    for (name, field) in fields {
        let fields = format!("title: a\nassets: [\"https://example.org/\"]\n{field}");
        scene.write(
            &format!("{name}.md"),
            format!("---\n{fields}\n---\n\n{text}"),
        );
    }
    scene.write(
        "toml.md",
        format!("+++\n\"titel{quoted}\" = 1\n+++\n\n{text}"),
    );
}

fn keys(scene: &Scene) {
    let name = format!("Mallory{HOSTILE}\nhint: trust me <m@example.org>");
    let named = make(key(&name));
    scene.write("named.asc", vendor::public(&named));
    let code = ReasonForRevocation::KeyCompromised;
    let words = HOSTILE.as_bytes();
    let revocation = named.revoke(&mut primary(&named), code, words).unwrap();
    let revoked = forge::with(&named, vec![revocation.into()]);
    scene.write("revoked.asc", vendor::public(&revoked));
    let locked = key(&format!("Mallory{HOSTILE}")).set_password(Some(PASSPHRASE.into()));
    let locked = make(locked);
    scene.write("locked.key", vendor::secret(&locked));
    private(&scene.path("locked.key"));
    scene.write("for-locked.pgp", encrypted_text(&locked));
}

fn messages(scene: &Scene) {
    let to_vendor = |packet: Packet| encrypted(vendor(), &bytes(&[packet]));
    let short: String = HOSTILE.chars().take(40).collect();
    scene.write(
        "literal.pgp",
        to_vendor(named_literal(short.as_bytes(), b"a\0b")),
    );
    scene.write(
        "entry.pgp",
        to_vendor(literal(&archive(&[&file(&format!("a{short}"), b"x")]))),
    );
    let manifest = serde_json::json!({
        "sealpost": 1, "created": "2026-11-22", "program": format!("curl{HOSTILE}"),
        "files": [{"name": "report.md", "size": 3}],
    });
    let bundle = [
        file("sealpost/manifest.json", manifest.to_string().as_bytes()),
        file("report.md", b"abc"),
    ];
    scene.write(
        "manifest.pgp",
        to_vendor(literal(&archive(&[&bundle[0], &bundle[1]]))),
    );
    let manifest = format!("{{\"sealpost{}\": 1}}", HOSTILE.escape_default());
    let wrong = archive(&[&file("sealpost/manifest.json", manifest.as_bytes())]);
    scene.write("wrong-manifest.pgp", to_vendor(literal(&wrong)));
    scene.write(
        "text.pgp",
        to_vendor(literal(format!("text{HOSTILE}").as_bytes())),
    );
    let comment = [("Comment", HOSTILE.replace(['\r', '\u{2028}'], ""))];
    let mut writer = Writer::with_headers(Vec::new(), Kind::Message, comment.clone()).unwrap();
    writer.write_all(&to_vendor(literal(b"text"))).unwrap();
    scene.write("comment.asc", writer.finalize().unwrap());
    let mut writer = Writer::with_headers(Vec::new(), Kind::PublicKey, comment).unwrap();
    writer.write_all(&forge::binary(vendor())).unwrap();
    scene.write("comment-key.asc", writer.finalize().unwrap());
    scene.write("not-openpgp", HOSTILE);
}

fn profiles(scene: &Scene) {
    let quoted = quoted(HOSTILE);
    let words = format!("words{quoted}");
    let profile = |wanted: &str, name: &str| {
        format!(
            "[program]\nname = \"{name}\"\nid = \"hostile\"\n\n[[contact]]\n\
             uri = \"https://example.org/\"\n\n[encryption]\nwanted = \"{wanted}\"\nwhy = \"{words}\"\n\n\
             [[exclusion]]\nid = \"a\"\nwords = \"{words}\"\n\n[[conduct]]\nid = \"b\"\nwords = \"{words}\"\n\n\
             [promises]\nlegal = \"{words}\"\n"
        )
    };
    for (file, wanted, name) in [
        ("refused.toml", "refused", words.as_str()),
        ("none.toml", "none-published", &words),
        ("plain-name.toml", "refused", "Example"),
    ] {
        scene.write(file, profile(wanted, name));
    }
    scene.write(
        "unknown.toml",
        format!("[program]\nname = \"a\"\nid = \"a\"\n\"x{quoted}\" = 1\n"),
    );
    scene.write(
        "contact.toml",
        format!("[program]\nname = \"a\"\nid = \"a\"\n[[contact]]\nuri = \"{quoted}\"\n"),
    );
    scene.write("raw.toml", format!("[program]\nname = {HOSTILE}\n"));
}
