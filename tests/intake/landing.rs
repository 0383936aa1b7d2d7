//! The landing page, looked at in Chromium: it runs nothing, loads nothing from elsewhere, can be read
//! on a phone and by a screen reader, and by whoever wants to see the picture in `target/landing/`.

use std::{env, fs, path::Path, process::Command};

use serde_json::Value;

use crate::{
    bench::{
        backing::{Backing, named},
        http::Request,
        place::Place,
        sealed::sealed,
    },
    peers::{NODE, script, succeeds},
};

/// The program's own words on the page are a stranger's to the browser.
const PROGRAM: &str = r#"
[program]
name = "Example <script>document.title='ran'</script> & Söhne"
id = "example"
homepage = "https://www.example.org/"
policy = "https://www.example.org/security"
updated = 2026-11-01

[[contact]]
uri = "mailto:security@example.org"

[encryption]
wanted = "required"

[scope]
in = ["*.example.org", "example.com"]
out = ["status.example.org"]
subdomains = true

[[exclusion]]
id = "dos"
words = "Denial of service <img src=x onerror=\"document.title='ran'\">"

[disclosure]
embargo_days = 90
starts = "report"

[promises]
safe_harbor = "full"
"#;

#[test]
#[ignore = "needs Chromium and the Node.js packages playwright-core and axe-core"]
fn the_page_in_a_browser() {
    if !named(NODE) {
        return;
    }
    let place = Place::new(Backing::Local);
    fs::write(place.path("program.toml"), PROGRAM).unwrap();
    let program = place.path("program.toml").display().to_string();
    let place = place.set("--program", program);
    let serve = place.serve();
    serve.send(&Request::post(&sealed(3000, 1))).expect(201);
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("landing");
    fs::create_dir_all(&pictures).unwrap();
    let mut browser = Command::new("node");
    browser
        .arg(script("landing.mjs"))
        .arg(env::var_os(NODE).unwrap())
        .arg(format!("{}/", serve.url()))
        .arg(&pictures);
    let seen: Value = serde_json::from_str(&succeeds(browser)).unwrap();
    println!("pictures in {}", pictures.display());
    is_inert(&seen, &serve.url());
    can_be_read(&seen);
}

fn is_inert(seen: &Value, origin: &str) {
    for request in seen["requests"].as_array().unwrap() {
        let url = request.as_str().unwrap();
        assert!(url.starts_with(origin) || url.starts_with("data:"), "{url}");
    }
    assert_eq!(seen["scripts"], 0, "no script element");
    assert_eq!(seen["handlers"], 0, "no attribute that runs");
    assert_ne!(seen["title"], "ran");
    assert_eq!(
        seen["console"].as_array().unwrap().len(),
        0,
        "{}",
        seen["console"]
    );
    let policy = seen["csp"].as_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

fn can_be_read(seen: &Value) {
    for width in seen["widths"].as_array().unwrap() {
        assert_eq!(width["scrolls"], false, "{width}");
        assert_eq!(width["outside"].as_array().unwrap().len(), 0, "{width}");
        assert!(width["smallest"].as_f64().unwrap() >= 12.0, "{width}");
    }
    assert_eq!(seen["language"], "en");
    assert_eq!(seen["h1"], 1);
    assert_eq!(seen["main"], 1);
    assert_eq!(seen["skipped"], false, "headings go down one by one");
    assert_eq!(
        seen["nameless"].as_array().unwrap().len(),
        0,
        "{}",
        seen["nameless"]
    );
    assert_eq!(
        seen["violations"].as_array().unwrap().len(),
        0,
        "{:#}",
        seen["violations"]
    );
    let text = seen["text"].as_str().unwrap();
    for word in ["gpg", "curl", "sealpost send", "*.example.org", "<script>"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}
