//! The bench itself: its web servers and proxies, tried with reqwest, and its vendors.

use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, ClientBuilder, Error, Response, redirect::Policy};

use crate::bench::{
    Bench, TEXT,
    ca::{self, Leaf},
    ended,
    proxy::Proxy,
    vendors,
    web::Web,
};

#[tokio::test]
async fn pages_are_served_and_requests_remembered() {
    let bench = Bench::new();
    let host = bench.web.host("example.test");
    host.serve("/key", TEXT, "words")
        .serve("/slow", TEXT, "late")
        .slow("/slow", Duration::from_millis(300))
        .redirect("/old", "https://example.test/key")
        .status("/broken", 503)
        .close("/cut");
    let client = towards(&bench.web).build().unwrap();
    let get = |url: &'static str| client.get(url).send();
    assert_eq!(
        said(get("https://example.test/key?l=a").await).await,
        "200 words"
    );
    assert_eq!(said(get("https://example.test/old").await).await, "302 ");
    assert_eq!(
        said(get("https://example.test/broken").await).await,
        "503 no\n"
    );
    assert_eq!(
        said(get("https://other.test/key").await).await,
        "404 not here\n"
    );
    assert!(get("https://example.test/cut").await.is_err());
    let began = Instant::now();
    assert_eq!(
        said(get("https://example.test/slow").await).await,
        "200 late"
    );
    assert!(began.elapsed() >= Duration::from_millis(300));
    let post = client.post("https://example.test/in").body("canary").send();
    assert_eq!(post.await.unwrap().status(), 404);
    assert!(bench.web.saw("canary") && !bench.web.saw("another"));
    assert_eq!(bench.web.asked()[0], "example.test/key?l=a");
    let requests = bench.web.requests();
    assert_eq!((requests.len(), requests[6].method.as_str()), (7, "POST"));
    assert_eq!(requests[0].header("ACCEPT"), Some("*/*"));
    assert_eq!(requests[0].header("referer"), None);
}

#[tokio::test]
async fn pages_without_end_are_cut_by_the_client() {
    let web = Web::start();
    web.host("example.test")
        .hang("/hang")
        .drip("/drip")
        .endless("/endless")
        .oversized("/short", Some(100), 10)
        .oversized("/open", None, 100_000);
    let patience = Duration::from_millis(300);
    let client = towards(&web).timeout(patience).build().unwrap();
    for (path, within) in [
        ("hang", false),
        ("drip", false),
        ("endless", false),
        ("short", false),
        ("open", true),
    ] {
        let answer = client
            .get(format!("https://example.test/{path}"))
            .send()
            .await;
        let body = match answer {
            Ok(answer) => answer.bytes().await,
            Err(why) => Err(why),
        };
        assert_eq!(
            body.is_ok_and(|bytes| bytes.len() == 100_000),
            within,
            "{path}"
        );
    }
}

#[tokio::test]
async fn unsound_certificates_are_refused_by_a_sound_client() {
    let web = Web::on("127.0.0.2".parse().unwrap());
    let client = towards(&web).build().unwrap();
    for leaf in [Leaf::Expired, Leaf::WrongHost, Leaf::SelfSigned] {
        web.host("example.test").certificate(leaf);
        let refused = client
            .get("https://example.test/")
            .send()
            .await
            .unwrap_err();
        assert!(
            format!("{refused:?}").contains("InvalidCertificate"),
            "{refused:?}"
        );
    }
    assert_eq!((web.accepted(), web.requests().len()), (3, 0));
    let address = format!("https://{}/", web.address());
    assert_eq!(
        said(client.get(address).send().await).await,
        "404 not here\n"
    );
}

#[tokio::test]
async fn plain_http_has_its_own_server() {
    let web = Web::plain();
    web.host("127.0.0.1").serve("/", TEXT, "plain");
    let url = format!("http://{}/", web.address());
    assert_eq!(said(reqwest::get(url).await).await, "200 plain");
}

#[tokio::test]
async fn proxies_see_names_and_bytes() {
    let web = Web::start();
    web.host("example.test").serve("/", TEXT, "through");
    for proxy in [Proxy::http(web.address()), Proxy::socks5(web.address())] {
        let through = reqwest::Proxy::all(proxy.url()).unwrap();
        let client = trusting().proxy(through).build().unwrap();
        assert_eq!(
            said(client.get("https://example.test/").send().await).await,
            "200 through"
        );
        let _ = client.get("http://plain.test/canary").send().await;
        assert_eq!(proxy.hosts()[0], "example.test:443");
        assert_eq!(proxy.accepted(), 2);
        assert!(proxy.carried().len() > 1000);
        // The name is in the first, unencrypted message of TLS.
        assert!(proxy.saw("example.test") && !proxy.saw("through"));
    }
}

#[test]
fn vendors_have_keys_and_the_program_runs() {
    let bench = Bench::new();
    let (vendor, other) = (vendors::vendor(), vendors::other());
    assert_ne!(vendor.fingerprint, other.fingerprint);
    assert!(vendor.secret.contains("PRIVATE KEY BLOCK"));
    let signed = vendor.sign("Contact: x\n");
    assert!(signed.contains("\nContact: x\n"), "{signed}");
    let report = "---\ntitle: A\nassets: [\"https://example.org/\"]\n---\n\n## Summary\n\nB.\n\n\
        ## Steps to reproduce\n\nC.\n\n## Impact\n\nD.\n\n## Mitigation\n\nE.\n";
    bench.write("report.md", report);
    let certificates = [
        ("sound", vendor.certificate.as_str(), 0, ""),
        ("expired", vendors::expired(), 3, "expired on"),
        ("revoked", &vendor.revoked(), 3, "revoked by its owner"),
    ];
    for (name, certificate, code, word) in certificates {
        let key = bench.write(name, certificate);
        let mut command = bench.command();
        command
            .args(["seal", "report.md", "-q", "--force", "--key"])
            .arg(key);
        ended(command).expect(code).says(&[word]);
    }
}

#[test]
fn the_program_reaches_the_bench_and_nothing_else() {
    let bench = Bench::new();
    let contact = "Contact: mailto:security@example.test\nExpires: 2100-01-01T00:00:00Z\n";
    let place = "/.well-known/security.txt";
    bench.web.host("example.test").serve(place, TEXT, contact);
    let found = bench.find(&["example.test"]);
    assert!(found.took < Duration::from_secs(10), "{}", found.stderr);
    assert!(found.json().is_object());
    let asked = bench.web.asked();
    assert!(asked.contains(&format!("example.test{place}")), "{asked:?}");
    // Names that were not declared are asked of the bench's DNS, which knows none of them.
    assert!(!bench.dns.asked().is_empty());
}

fn trusting() -> ClientBuilder {
    let authority = Certificate::from_pem(ca::pem().as_bytes()).unwrap();
    let builder = Client::builder().tls_certs_only([authority]);
    builder.redirect(Policy::none()).no_proxy()
}

fn towards(web: &Web) -> ClientBuilder {
    let names = ["example.test", "other.test"];
    let builder = trusting();
    names
        .iter()
        .fold(builder, |it, name| it.resolve(name, web.address()))
}

/// Status and content.
async fn said(answer: Result<Response, Error>) -> String {
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    format!("{status} {}", answer.text().await.unwrap())
}
