//! `sealpost advisory` at the binary's door.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn case(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/advisory/cases")
        .join(name);
    for file in ["report.md", "advisory.toml"] {
        fs::copy(from.join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn sealpost(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
    command
        .current_dir(folder)
        .env("SEALPOST_HOME", folder.join("home"))
        .args(arguments);
    command.output().unwrap()
}

fn said(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[test]
fn an_advisory_goes_to_stdout_or_into_a_file() {
    let folder = case("library");
    let shown = sealpost(folder.path(), &["advisory", "osv", "."]);
    assert!(shown.status.success(), "{}", said(&shown.stderr));
    let record: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(record["id"], "x_EXAMPLE-SA-2026-001");
    let written = sealpost(
        folder.path(),
        &["--json", "advisory", "ghsa", ".", "-o", "a.json"],
    );
    let document: Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!(
        (&document["advisory"], &document["form"]),
        (&"a.json".into(), &"ghsa".into())
    );
    assert_eq!(document["left_out"].as_array().unwrap().len(), 2);
    let file: Value =
        serde_json::from_slice(&fs::read(folder.path().join("a.json")).unwrap()).unwrap();
    assert_eq!(file["cve_id"], "CVE-2026-12345");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("a.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = sealpost(folder.path(), &["advisory", "ghsa", ".", "-o", "a.json"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        said(&again.stderr).contains("--force"),
        "{}",
        said(&again.stderr)
    );
    let forced = sealpost(
        folder.path(),
        &["advisory", "ghsa", ".", "-o", "a.json", "--force"],
    );
    assert!(forced.status.success());
}

#[test]
fn what_was_typed_goes_before_the_file() {
    let folder = case("library");
    let typed = [
        "advisory",
        "csaf",
        ".",
        "--id",
        "X-1",
        "--tlp",
        "amber",
        "--status",
        "interim",
        "--published",
        "2027-01-01",
        "--publisher",
        "Somebody",
        "--publisher-category",
        "other",
        "--credit",
        "Jane",
        "--credit",
        "@jane",
    ];
    let shown = sealpost(folder.path(), &typed);
    assert!(shown.status.success(), "{}", said(&shown.stderr));
    let document: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let at = |pointer: &str| document.pointer(pointer).unwrap().clone();
    assert_eq!(at("/document/tracking/id"), "X-1");
    assert_eq!(at("/document/tracking/status"), "interim");
    assert_eq!(
        at("/document/tracking/initial_release_date"),
        "2027-01-01T00:00:00Z"
    );
    assert_eq!(at("/document/distribution/tlp/label"), "AMBER");
    assert_eq!(at("/document/publisher/name"), "Somebody");
    assert_eq!(at("/document/publisher/namespace"), "https://example.org");
    assert_eq!(at("/vulnerabilities/0/acknowledgments/0/names/0"), "Jane");
    assert_eq!(
        at("/vulnerabilities/0/acknowledgments/1/urls/0"),
        "https://github.com/jane"
    );
}

#[test]
fn a_missing_field_is_named_with_where_to_write_it() {
    let folder = case("bare");
    let failed = sealpost(folder.path(), &["advisory", "osv", ".", "--id", "X-1"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(failed.stdout.is_empty());
    let words = said(&failed.stderr);
    for said in [
        "OSV needs what nobody said: published (",
        "hint: add --published TIME",
        "write it into ./advisory.toml",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    let failed = sealpost(folder.path(), &["advisory", "csaf", "."]);
    let words = said(&failed.stderr);
    let all = [
        "--id ID",
        "--published TIME",
        "--publisher NAME",
        "--publisher-category CATEGORY",
        "--publisher-namespace URL",
    ];
    for option in all {
        assert!(words.contains(option), "{option}: {words}");
    }
    fs::write(folder.path().join("advisory.toml"), "id = 'a'\nidd = 'b'\n").unwrap();
    let failed = sealpost(folder.path(), &["advisory", "osv", "."]);
    assert!(
        said(&failed.stderr).contains("./advisory.toml:2: unknown field `idd`"),
        "{}",
        said(&failed.stderr)
    );
    let empty = tempfile::tempdir().unwrap();
    let failed = sealpost(empty.path(), &["advisory", "osv", "."]);
    assert!(
        said(&failed.stderr).contains("holds no report.md"),
        "{}",
        said(&failed.stderr)
    );
    for wrong in [
        ["--cve", "CVE-1"],
        ["--tlp", "blue"],
        ["--published", "soon"],
        ["--cna", "me"],
    ] {
        let failed = sealpost(
            empty.path(),
            &[&["advisory", "osv", "."], &wrong[..]].concat(),
        );
        assert_eq!(failed.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn p22_hostile_text_of_a_report_stays_inert() {
    let folder = case("bare");
    let report = "---\ntitle: \"a\\u202eb\"\nassets: example.org\naffected: {package: x, range: \"\\u009b31m\"}\n---\n\n# Summary\n\n\u{1b}]0;x\u{7}\n";
    let report = report
        .replace("{package", "[{package")
        .replace("m\"}", "m\"}]");
    fs::write(folder.path().join("report.md"), report).unwrap();
    for form in ["csaf", "osv", "cve", "ghsa"] {
        let ended = sealpost(folder.path(), &["advisory", form, ".", "--id", "X-1"]);
        for byte in ended.stderr.iter().chain(&ended.stdout) {
            assert!(*byte == b'\n' || !byte.is_ascii_control(), "{form}");
        }
        assert!(!said(&ended.stdout).contains('\u{202e}'), "{form}");
        assert!(!said(&ended.stderr).contains('\u{202e}'), "{form}");
    }
}

/// A link of a report or of triage that would run as a script stays out of every form.
#[test]
fn p24_links_lead_to_pages_alone() {
    let folder = case("library");
    let change = |file: &str, from: &str, to: &str| {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replace(from, to)).unwrap();
    };
    let evil = "javascript://example.org/%0aalert(1)";
    let listed = "\"https://example.org/widgets/templates\"";
    let more = format!("{listed}, \"{evil}\", \"vbscript://x/y\", \"ftp://example.org/a\"");
    change("report.md", listed, &more);
    let table = format!("[[reference]]\nurl = \"{evil}?2\"\n\n[[reference]]\n");
    let text = fs::read_to_string(folder.path().join("advisory.toml")).unwrap();
    let text = text.replacen("[[reference]]\n", &table, 1);
    fs::write(folder.path().join("advisory.toml"), text).unwrap();
    for form in ["csaf", "osv", "cve", "ghsa"] {
        let shown = sealpost(folder.path(), &["advisory", form, "."]);
        let (draft, said) = (said(&shown.stdout), said(&shown.stderr));
        assert!(shown.status.success(), "{form}: {said}");
        assert!(!draft.contains("script:"), "{form}: {draft}");
        assert!(draft.contains("ftp://example.org/a"), "{form}: {draft}");
        for left_out in [evil, "alert(1)?2", "vbscript://x/y"] {
            assert!(said.contains(left_out), "{form}: {said}");
        }
    }
}
