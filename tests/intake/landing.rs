//! The landing page: no word of the vendor's becomes markup. Looked at in Chromium, it runs nothing, loads nothing from
//! elsewhere, can be read on a phone and by a screen reader, and by whoever wants to see the picture in
//! `target/landing/`; so does the page of the key that `publish` makes.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use sequoia_openpgp::{cert::CertBuilder, serialize::SerializeInto as _};
use serde_json::Value;

use crate::{
    bench::{
        backing::{Backing, named},
        http::Request,
        place::{PROGRAM as SEALPOST, Place},
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

/// An intake whose program means to do things in a browser.
fn hostile() -> Place {
    let place = Place::new(Backing::Local);
    fs::write(place.path("program.toml"), PROGRAM).unwrap();
    let program = place.path("program.toml").display().to_string();
    place.set("--program", program)
}

#[test]
fn p24_no_word_of_a_profile_becomes_markup() {
    let place = hostile();
    let answer = place.serve().get("/").expect(200);
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    let page = String::from_utf8(answer.body).unwrap();
    assert!(page.contains("&lt;script&gt;") || page.contains("&#60;script&#62;"));
    assert!(page.contains("onerror=") && page.contains("Denial of service"));
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap().to_lowercase();
        assert!(
            !tag.starts_with("script") && !tag.starts_with("img"),
            "{tag}"
        );
        assert!(
            !tag.contains("onerror") && !tag.contains("javascript:"),
            "{tag}"
        );
    }
}

#[test]
#[ignore = "needs Chromium and the Node.js packages playwright-core and axe-core"]
fn p24_a_browser_runs_and_loads_nothing() {
    if !named(NODE) {
        return;
    }
    let place = hostile();
    let serve = place.serve();
    serve.send(&Request::post(&sealed(3000, 1))).expect(201);
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("landing");
    fs::create_dir_all(&pictures).unwrap();
    let seen = look(&format!("{}/", serve.url()), &pictures);
    println!("pictures in {}", pictures.display());
    is_inert(&seen, &serve.url());
    let policy = seen["csp"].as_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    can_be_read(&seen);
    let folder = key_page(&place);
    let url = format!("file://{}", folder.display());
    let seen = look(&format!("{url}/key.html"), &place.path("."));
    is_inert(&seen, &url);
    assert!(seen["text"].as_str().unwrap().contains("<script>"));
}

/// What Chromium sees of a page.
fn look(url: &str, pictures: &Path) -> Value {
    let mut browser = Command::new("node");
    browser
        .arg(script("landing.mjs"))
        .arg(env::var_os(NODE).unwrap())
        .arg(url)
        .arg(pictures);
    serde_json::from_str(&succeeds(browser)).unwrap()
}

/// The folder that `publish` makes for a key whose User ID is markup.
fn key_page(place: &Place) -> PathBuf {
    let user_id = "</pre><script>document.title='ran'</script> <security@example.test>";
    let builder = CertBuilder::general_purpose(Some(user_id));
    let (cert, _) = builder.generate().unwrap();
    fs::write(place.path("hostile.asc"), cert.armored().to_vec().unwrap()).unwrap();
    let mut publish = Command::new(SEALPOST);
    publish
        .current_dir(place.path("."))
        .env("SEALPOST_HOME", place.path("home"))
        .args([
            "publish",
            "--domain",
            "example.test",
            "--key",
            "hostile.asc",
            "--unsigned",
        ])
        .args(["--contact", "tel:123", "-o", "site"]);
    succeeds(publish);
    place.path("site")
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
