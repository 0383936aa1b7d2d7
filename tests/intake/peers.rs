//! Other people's clients at our door: tuspy, tus-js-client, gpg with curl, and schemathesis, which
//! reads the API's own description and tries what that allows and what it does not.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::bench::{
    backing::{Backing, named},
    http::Request,
    keys, over_both,
    place::Place,
    sealed::{sealed, sha256},
    serve::Serve,
};

/// A Python with tuspy and schemathesis.
const PYTHON: &str = "SEALPOST_INTAKE_PYTHON";
/// A `node_modules` with tus-js-client, playwright-core and axe-core.
pub(crate) const NODE: &str = "SEALPOST_INTAKE_NODE";

over_both!(gpg_and_curl_as_the_page_says);

#[test]
#[ignore = "needs the Python package tuspy"]
fn tuspy_uploads_whole_in_chunks_and_after_a_cut() {
    if named(PYTHON) {
        for backing in backings() {
            uploads(backing, |url, file| {
                let mut command = Command::new(env::var_os(PYTHON).unwrap());
                command.arg(script("tus.py")).arg(url).arg(file);
                command
            });
        }
    }
}

#[test]
#[ignore = "needs the Node.js package tus-js-client"]
fn tus_js_client_uploads_whole_in_chunks_and_after_a_cut() {
    if named(NODE) {
        for backing in backings() {
            uploads(backing, |url, file| {
                let mut command = Command::new("node");
                command
                    .arg(script("tus.mjs"))
                    .arg(env::var_os(NODE).unwrap());
                command.arg(url).arg(file);
                command
            });
        }
    }
}

/// SQLite, and PostgreSQL where that runs.
fn backings() -> Vec<Backing> {
    let mut backings = vec![Backing::Local];
    if Backing::Scaled.is_there() {
        backings.push(Backing::Scaled);
    }
    backings
}

/// A script that uploads a file in several ways and prints a line `WAY UPLOAD-URL` for each.
fn uploads(backing: Backing, client: impl Fn(&str, &Path) -> Command) {
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let serve = place.serve();
    // Larger than a segment of a bucket.
    for (seed, size) in [(1, 2500), (2, 10_000_000)] {
        let content = sealed(size, seed);
        let file = place.path("upload.pgp");
        fs::write(&file, &content).unwrap();
        let url = format!("{}/reports", serve.url());
        let printed = succeeds(client(&url, &file));
        let ways: Vec<_> = printed.lines().filter_map(|l| l.split_once(' ')).collect();
        assert!(ways.len() >= 4, "{printed}");
        for (way, upload) in ways {
            let begin = upload.find("/reports/uploads/").unwrap();
            let head = Request::new("HEAD", &upload[begin..]).with("Tus-Resumable", "1.0.0");
            let head = serve.send(&head).expect(200);
            let report = head.header("sealpost-report");
            let report = report.unwrap_or_else(|| panic!("{way}: {head}"));
            let target = format!("/reports/{report}/sealed");
            let kept = serve.send(&Request::get(&target).bearer(&token));
            assert_eq!(sha256(kept.expect(200).body), sha256(&content), "{way}");
        }
    }
    assert!(serve.stop().success());
}

/// No answer that the description does not have, and none of 5xx, with a vendor's token and with
/// none.
#[test]
#[ignore = "needs the Python package schemathesis"]
fn p46_the_api_is_its_description() {
    if !named(PYTHON) {
        return;
    }
    for backing in backings() {
        let place = Place::new(backing);
        let token = place.token("admin", "admin");
        let serve = place.serve();
        fs::write(place.path("sealed.pgp"), sealed(3000, 1)).unwrap();
        serve.send(&Request::post(&sealed(3000, 2))).expect(201);
        for token in [None, Some(token.as_str())] {
            let output = schemathesis(&place, &serve, token);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            println!("{}", tail(&said));
            assert!(output.status.success(), "{said}");
        }
        assert!(!place.log().contains("panicked"), "{}", place.log());
    }
}

fn schemathesis(place: &Place, serve: &Serve, token: Option<&str>) -> Output {
    let python = PathBuf::from(env::var_os(PYTHON).unwrap());
    let mut command = Command::new(python.with_file_name("schemathesis"));
    command
        .current_dir(place.path("."))
        .args(["run", &format!("{}/openapi.json", serve.url())])
        .args(["--checks", CHECKS, "--seed", "46", "--no-color"])
        .args([
            "--max-examples",
            "40",
            "--phases",
            "examples,coverage,fuzzing",
        ])
        .args([
            "--suppress-health-check",
            "all",
            "--generation-database",
            "none",
        ])
        .env("SCHEMATHESIS_HOOKS", script("schemathesis_hooks.py"))
        .env("SEALPOST_SEALED", place.path("sealed.pgp"))
        .stdin(Stdio::null());
    if let Some(token) = token {
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    command.output().unwrap()
}

/// The commands that the landing page shows, as they stand there: a file sealed by gpg, sent by curl.
fn gpg_and_curl_as_the_page_says(backing: Backing) {
    if !there("gpg") || !there("curl") {
        return;
    }
    let place = Place::new(backing);
    let token = place.token("reader", "read");
    let address = free_address();
    let place = place
        .set("--listen", address)
        .set("--public-url", format!("http://{address}/"));
    let serve = place.serve();
    let page = String::from_utf8(serve.get("/").expect(200).body).unwrap();
    let commands = commands(&page);
    assert!(
        commands.contains("gpg") && commands.contains("curl"),
        "{commands}"
    );
    let desk = tempfile::tempdir().unwrap();
    fs::write(desk.path().join("report.md"), "# Found\n\nIt breaks.\n").unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-e", "-c", &commands])
        .current_dir(desk.path())
        .env("GNUPGHOME", desk.path())
        .env("HOME", desk.path())
        .env("no_proxy", "*");
    println!("{commands}\n{}", succeeds(shell));
    let list = serve.send(&Request::get("/reports").bearer(&token));
    let list = list.expect(200).json();
    let id = list["reports"][0]["id"].as_str().unwrap().to_owned();
    let target = format!("/reports/{id}/sealed");
    let kept = serve
        .send(&Request::get(&target).bearer(&token))
        .expect(200);
    fs::write(desk.path().join("kept.pgp"), kept.body).unwrap();
    let mut open = Command::new(env!("CARGO_BIN_EXE_sealpost"));
    open.current_dir(desk.path())
        .env("SEALPOST_HOME", desk.path().join("home"))
        .args(["open", "kept.pgp", "-o", "opened", "--key"])
        .arg(keys::file(keys::VENDOR, "secret.pgp"));
    succeeds(open);
    let opened: Vec<_> = fs::read_dir(desk.path().join("opened")).unwrap().collect();
    assert!(!opened.is_empty());
}

/// The text of the page's block of commands that names gpg.
fn commands(page: &str) -> String {
    let blocks = page.split("<pre").skip(1);
    let texts = blocks.filter_map(|block| {
        let (_, inside) = block.split_once('>')?;
        let (text, _) = inside.split_once("</pre>")?;
        let mut plain = String::new();
        let mut in_tag = false;
        for c in text.chars() {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                _ if !in_tag => plain.push(c),
                _ => {}
            }
        }
        Some(html_escape::decode_html_entities(&plain).into_owned())
    });
    texts
        .filter(|text| text.contains("gpg") || text.contains("curl"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Runs to the end, which must be a good one: what it printed.
pub(crate) fn succeeds(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let status = output.status;
    assert!(
        status.success(),
        "{command:?}: {status}\n{stdout}\n{stderr}"
    );
    stdout
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/intake")
        .join(name)
}

fn there(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null());
    let there = command.status().is_ok_and(|status| status.success());
    if !there {
        println!("skipped: {program} is not installed");
    }
    there
}

fn tail(text: &str) -> &str {
    let begin = text.len().saturating_sub(1500);
    let begin = (begin..text.len()).find(|&at| text.is_char_boundary(at));
    &text[begin.unwrap_or(0)..]
}

pub(crate) fn free_address() -> std::net::SocketAddr {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";
