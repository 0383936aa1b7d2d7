//! What must be nowhere: who a reporter is, tokens, plaintext, secret keys. Each is sent along every
//! route, and then looked for in everything that the intake keeps, logs and counts.

use sequoia_openpgp::{Cert, parse::Parse as _, serialize::MarshalInto as _};

use crate::{
    actors::hash_of,
    bench::{
        backing::Backing,
        http::Request,
        keys, over_both,
        place::Place,
        sealed::{report, sealed, sha256, to},
        serve::Serve,
        strace::Strace,
        tus::Upload,
    },
    search::{contains, everything, holders},
};

over_both!(
    p41_address_agent_and_tokens_are_nowhere,
    p11_neither_plaintext_nor_secret_keys_are_there,
);

const ADDRESS: &str = "203.0.113.177";
const ADDRESS_6: &str = "2001:db8:ca1a:71::9";
const AGENT: &str = "CanaryAgent/7.31";
const FILE: &str = "canary-file-name.txt";
const REFERER: &str = "https://canary-referer.example/";
const COOKIE: &str = "canary-cookie=4711";
const QUERY: &str = "canaryquery";

fn p41_address_agent_and_tokens_are_nowhere(backing: Backing) {
    let admin = free_address();
    let place = Place::new(backing)
        .set("--trusted-proxy", "127.0.0.1/32")
        .set("--rate-limit", "20")
        .set("--admin-listen", admin);
    let vendor = place.token("admin", "admin");
    let case = data_encoding::BASE64URL_NOPAD.encode(&[0xc7; 32]);
    let wrong = data_encoding::BASE64URL_NOPAD.encode(&[0xd7; 32]);
    let mut serve = place.serve();
    let statuses = everywhere(&serve, &[&vendor, &case, &wrong], &case);
    println!("{statuses:?}");
    // And while the disk fails, so that errors are logged.
    let fault = Strace::attach(serve.process(), BROKEN, Some("error=EIO:when=1+"));
    if let Some(strace) = fault {
        let broken = everywhere(&serve, &[&vendor, &case], &case);
        strace.detach();
        let local = backing == Backing::Local;
        assert!(!local || broken.contains(&500), "{broken:?}");
    }
    let metrics = Request::get("/metrics").try_send(admin).unwrap();
    let metrics = metrics.expect(200).body;
    assert!(!metrics.is_empty());
    let mut left = everything(&place);
    left.insert("metrics".to_owned(), metrics);
    serve.signal(rustix::process::Signal::TERM);
    serve.wait();
    left.insert("log at the end".to_owned(), place.log().into_bytes());
    let canaries = [
        ADDRESS, ADDRESS_6, AGENT, FILE, REFERER, COOKIE, QUERY, &vendor, &case, &wrong,
    ];
    for canary in canaries {
        for form in forms(canary) {
            let held = holders(&left, &form);
            assert!(held.is_empty(), "{canary} is in {held:?}");
        }
    }
}

/// As text, in hexadecimal, in Base64, and its digest, which for an address is as good as itself.
fn forms(canary: &str) -> Vec<Vec<u8>> {
    use data_encoding::{BASE64_NOPAD, HEXLOWER};
    let mut forms = vec![
        canary.as_bytes().to_vec(),
        HEXLOWER.encode(canary.as_bytes()).into_bytes(),
        BASE64_NOPAD.encode(canary.as_bytes()).into_bytes(),
    ];
    // Of a token, the digest is what the intake must know.
    if canary.len() != 43 {
        let digest = sha256(canary);
        forms.push(HEXLOWER.decode(digest.as_bytes()).unwrap());
        forms.push(digest.into_bytes());
    }
    if let Ok(address) = canary.parse::<std::net::Ipv4Addr>() {
        forms.push(HEXLOWER.encode(&address.octets()).into_bytes());
    }
    forms
}

/// Every route with every token and all that a client might tell about itself.
fn everywhere(serve: &Serve, tokens: &[&str], case: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    let mut ask = |request: Request| {
        let answer = telling(request).try_send(serve.address());
        statuses.extend(answer.as_ref().map(|answer| answer.status));
        answer.ok()
    };
    let post = |seed| Request::post(&sealed(3000, seed)).with("Sealpost-Case", hash_of(case));
    let posted = ask(post(41));
    let id = match posted {
        Some(answer) if answer.status < 300 => answer.report(),
        _ => "aaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
    };
    ask(Request::post(b"-----BEGIN PGP MESSAGE-----"));
    ask(Request::post(&to(keys::OTHER, 3000, 1)));
    let creation = Upload::creation(5000).with("Sealpost-Case", hash_of(case));
    if let Some(created) = ask(creation.body(""))
        && created.status == 201
    {
        let upload = Upload::created(serve.address(), &created);
        let content = sealed(5000, 42);
        ask(upload.patch(0).body(&content[..2000]));
        ask(upload.patch(7).body("at a wrong offset"));
        ask(Request::new("HEAD", &upload.path).with("Tus-Resumable", "1.0.0"));
        ask(upload.patch(2000).body(&content[2000..]));
        ask(Request::get(&format!("{}/receipt", upload.path)));
        ask(Request::new("DELETE", &upload.path).with("Tus-Resumable", "1.0.0"));
    }
    for token in tokens {
        for rest in ["", "/receipt", "/sealed", "/messages", "/events"] {
            ask(Request::get(&format!("/reports/{id}{rest}")).bearer(token));
        }
        ask(Request::get("/reports").bearer(token));
        let messages = format!("/reports/{id}/messages");
        ask(Request::new("POST", &messages)
            .sealed(&sealed(2000, 43))
            .bearer(token));
        let event = r#"{"kind":"acknowledged"}"#;
        ask(Request::new("POST", &format!("/reports/{id}/events"))
            .json(event)
            .bearer(token));
    }
    for page in PAGES {
        ask(Request::get(page));
        ask(Request::new("OPTIONS", page));
        ask(Request::new("POST", page).body("x"));
    }
    statuses
}

fn telling(request: Request) -> Request {
    use data_encoding::BASE64;
    let metadata = format!("filename {},name {}", BASE64.encode(FILE.as_bytes()), FILE);
    request
        .with("X-Forwarded-For", ADDRESS)
        .with("Forwarded", format!("for=\"[{ADDRESS_6}]\""))
        .with("X-Real-IP", ADDRESS_6)
        .with("User-Agent", AGENT)
        .with("Upload-Metadata", metadata)
        .with(
            "Content-Disposition",
            format!("attachment; filename={FILE}"),
        )
        .with("Referer", REFERER)
        .with("Cookie", COOKIE)
}

fn p11_neither_plaintext_nor_secret_keys_are_there(backing: Backing) {
    let place = Place::new(backing);
    let vendor = place.token("admin", "admin");
    let serve = place.serve();
    let secret = "the-finding-that-nobody-else-may-read-0815";
    let message = report(secret);
    serve.send(&Request::post(&message)).expect(201);
    let upload = Upload::create(serve.address(), message.len() as u64);
    upload.finish(&message, 1000);
    // Plaintext that somebody sends by mistake is refused, and not kept.
    let naked = format!("# {secret}\n");
    serve.send(&Request::post(naked.as_bytes())).expect(422);
    let careless = Upload::create(serve.address(), naked.len() as u64);
    careless.append(0, naked.as_bytes()).expect(422);
    serve
        .send(&Request::get("/reports").bearer(&vendor))
        .expect(200);
    let left = everything(&place);
    // The search finds what is there.
    assert!(!holders(&left, &message[message.len() - 40..]).is_empty());
    assert_eq!(holders(&left, secret.as_bytes()), Vec::<String>::new());
    for (name, bytes) in secret_parts() {
        for (place, content) in &left {
            assert!(!contains(content, &bytes), "{name} is in {place}");
        }
    }
    assert!(serve.stop().success());
}

/// The numbers of the vendor's secret keys.
fn secret_parts() -> Vec<(String, Vec<u8>)> {
    let mut parts = Vec::new();
    for file in ["secret.pgp", "receipts.pgp"] {
        let key = Cert::from_file(keys::file(keys::VENDOR, file)).unwrap();
        for key in key.keys().unencrypted_secret() {
            let sequoia_openpgp::packet::key::SecretKeyMaterial::Unencrypted(secret) =
                key.key().secret()
            else {
                panic!("a key under a passphrase");
            };
            let bytes = secret.map(|numbers| numbers.to_vec().unwrap());
            // Without the length in front, which a store would leave out.
            parts.push((
                format!("{file}: {}", key.key().fingerprint()),
                bytes[2..].to_vec(),
            ));
        }
    }
    assert!(parts.len() >= 2);
    parts
}

fn free_address() -> std::net::SocketAddr {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

const BROKEN: &str = "fsync,fdatasync,pwrite64";
const PAGES: [&str; 12] = [
    "/?canaryquery=1",
    "/reports?state=canaryquery",
    "/reports?cursor=canaryquery",
    "/key.asc",
    "/program.json",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/canaryquery",
    "/.well-known/security.txt",
    "/.well-known/openpgpkey/hu/canaryquery",
];
