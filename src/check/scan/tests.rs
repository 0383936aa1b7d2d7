//! What is a secret and what only looks like one, whatever the size of the pieces in which a file comes.

use std::{fs, path::PathBuf};

use proptest::prelude::*;

use super::{CHUNK, Code, Finding, LOOK, Scanner, scan};

fn found(bytes: &[u8]) -> Vec<Finding> {
    scan("f", &mut &*bytes, &mut |_| {}).unwrap()
}

/// Kinds and lines.
fn kinds(text: &str) -> Vec<(String, Option<u64>)> {
    let findings = found(text.as_bytes());
    findings
        .into_iter()
        .map(|one| (one.about.unwrap(), one.place.line))
        .collect()
}

/// Digits that look made by chance; put together here, so that no scanner takes this file for a leak.
fn chance(length: usize, letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    let mut state = 7_usize;
    let mut next = || {
        state = (state * 1103 + 12345) % 65536;
        letters[(state >> 4) % letters.len()]
    };
    (0..length).map(|_| next()).collect()
}

const ALPHANUMERIC: &str = "k3Zq9LmX2vB7nT5rW8yPdQ4sHfJ6gCtR1uEwA0oVbNiKxM";

fn digits(length: usize) -> String {
    chance(length, ALPHANUMERIC)
}

fn keys() -> Vec<(&'static str, String)> {
    let armour = digits(64);
    let age = chance(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L");
    let (rsa, pgp) = (
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
    );
    let putty = "PuTTY-User-Key-File-3: x\nPublic-Lines: 1";
    vec![
        ("private-key", format!("{rsa}\n{armour}\n")),
        ("private-key", format!("{pgp}\nComment: x\n\n{armour}\n")),
        (
            "private-key",
            format!("\"{}\\n{armour}\\n\"", rsa.replace("RSA ", "")),
        ),
        (
            "private-key",
            format!("{putty}\n{armour}\nPrivate-Lines: 1\n"),
        ),
        ("age-key", format!("AGE-SECRET-KEY-1{age}")),
        (
            "recovery-words",
            "legal winner thank year wave sausage worth useful legal winner thank yellow"
                .to_owned(),
        ),
    ]
}

fn credentials() -> Vec<(&'static str, String)> {
    let jwt = format!("eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYSJ9.{}", digits(43));
    let (forty, session) = (digits(40), digits(32));
    vec![
        (
            "url-password",
            "https://ada:Tr0ub4dor@db.val.town/x".to_owned(),
        ),
        (
            "url-password",
            "postgres://ada:p%40ss@10.0.0.7:5432/x".to_owned(),
        ),
        ("authorization", format!("Authorization: Bearer {forty}")),
        (
            "authorization",
            "authorization: Basic YWRhOlRyMHViNGRvcg==".to_owned(),
        ),
        (
            "authorization",
            format!("curl -H 'Authorization: token {forty}'"),
        ),
        (
            "cookie",
            format!("Cookie: _ga=GA1.2.1234567890.1234567890; sid={session}"),
        ),
        (
            "cookie",
            format!("set-cookie: sid={session}; Path=/; HttpOnly"),
        ),
        ("key-in-text", format!("\"client_secret\": \"{session}\"")),
        ("key-in-text", format!("MY_API_KEY={session}")),
        ("aws-secret-key", format!("aws_secret_access_key = {forty}")),
        ("jwt", jwt),
    ]
}

/// The forms in which reports hold them: captures, code, calls of curl.
fn as_reports_have_them() -> Vec<(&'static str, String)> {
    let (forty, session) = (digits(40), digits(32));
    let har = [
        format!(r#"{{"name":"Authorization","value":"Bearer {forty}"}}"#),
        format!(r#"{{"value":"Bearer {forty}","name":"Authorization"}}"#),
        format!(r#"{{"name": "x-api-key", "value": "{session}"}}"#),
        format!(r#"{{\"name\":\"Authorization\",\"value\":\"Bearer {forty}\"}}"#),
        format!(r#"{{\"value\":\"Bearer {forty}\",\"name\":\"Authorization\"}}"#),
        format!("'Authorization': 'Bearer {forty}',"),
        format!(r#""Authorization": "Bearer {forty}","#),
        format!(r#"headers["Authorization"] = "Bearer {forty}""#),
        format!("setRequestHeader('X-API-Key', '{forty}')"),
        format!(r#""proxy-authorization" => "Bearer {}""#, digits(900)),
    ];
    let cookies = [
        format!(r#"{{"name":"Cookie","value":"lang=en; session={session}"}}"#),
        format!(r#"{{"value":"session={session}; Path=/","name":"Set-Cookie"}}"#),
        format!("curl -b 'session={session}' https://val.town/"),
        format!("curl https://val.town/ \\\n  --cookie \"a=b; session={session}\"")
            .replace('\n', " "),
        format!("sqlmap -u https://val.town/ --cookie=session={session}"),
    ];
    let settings = [
        format!(r#""accessToken":"{session}""#),
        format!("userRefreshToken: '{session}'"),
        format!("client-secret: {session}"),
        format!("apiKey={session}"),
        format!("refreshToken = {}", digits(900)),
        format!(r#"<add key="ClientSecret" value="{session}" />"#),
        format!(r#"{{"name":"access_token","value":"{session}"}}"#),
        format!(r#"{{"value":"{session}","name":"access_token"}}"#),
    ];
    let urls = [
        format!("https://{session}@git.val.town/x"),
        "https://ada:Tr0ub$4dor@db.val.town/x".to_owned(),
        "https://ada:Tr0ub*4d*r@db.val.town/x".to_owned(),
        "https://ada:Tr0ub4dor@notexample.com/x".to_owned(),
    ];
    let logins = [
        "curl -u ada:Tr0ub4dor https://val.town/",
        "curl -s https://val.town/ --user 'ada:Tr0ub$4dor'",
        "curl -X POST -uada:Tr0ub4dor https://val.town/",
        "curl -sku \"ada:Tr0ub4dor\" https://val.town/",
    ];
    let each =
        |kind: &'static str, texts: Vec<String>| texts.into_iter().map(move |text| (kind, text));
    each("authorization", har.to_vec())
        .chain(each("cookie", cookies.to_vec()))
        .chain(each("key-in-text", settings.to_vec()))
        .chain(each("url-password", urls.to_vec()))
        .chain(each(
            "password-argument",
            logins.map(str::to_owned).to_vec(),
        ))
        .collect()
}

fn tokens() -> Vec<(&'static str, String)> {
    let base32 = chance(16, "QZ7XK2MR5VB3NTLWPY4HJ6GD");
    let hex = chance(64, "3f9a1c7e2b8d4065");
    vec![
        ("aws-access-key", format!("AKIA{base32}")),
        ("github-token", format!("ghp_{}", digits(36))),
        ("github-token", format!("github_pat_{}", digits(82))),
        ("gitlab-token", format!("glpat-{}", digits(20))),
        ("gitlab-token", format!("glrt-{}", digits(20))),
        ("stripe-test-key", format!("sk_test_{}", digits(24))),
        (
            "telegram-token",
            format!("bot123456789:AA{}/getMe", digits(33)),
        ),
        (
            "azure-signature",
            format!(
                "?sv=2024-11-04&se=2026-12-01&sr=b&sp=r&sig={}%3D",
                digits(43)
            ),
        ),
        ("slack-token", format!("xoxb-{}", digits(40))),
        ("google-api-key", format!("AIza{}", digits(35))),
        ("stripe-key", format!("sk_live_{}", digits(24))),
        ("npm-token", format!("npm_{}", digits(36))),
        ("digitalocean-token", format!("dop_v1_{hex}")),
    ]
}

fn secrets() -> Vec<(&'static str, String)> {
    [keys(), credentials(), as_reports_have_them(), tokens()].concat()
}

/// One that many tests can use: any.
fn secret() -> String {
    format!("ghp_{}", digits(36))
}

#[test]
fn every_kind_is_found_on_its_line() {
    for (kind, secret) in secrets() {
        let text = format!("A line.\nThis: {secret} it is.\n");
        assert_eq!(kinds(&text), [(kind.to_owned(), Some(2))], "{secret}");
        for (mark, bytes) in [
            ("\u{feff}", u16::to_le_bytes as fn(u16) -> [u8; 2]),
            ("", u16::to_le_bytes),
            ("", u16::to_be_bytes),
        ] {
            let wide = format!("{mark}{text}");
            let wide: Vec<u8> = wide.encode_utf16().flat_map(bytes).collect();
            let found = found(&wide);
            let place = found.first().map(|found| found.place.line);
            assert_eq!((found.len(), place), (1, Some(Some(2))), "UTF-16: {secret}");
        }
    }
}

#[test]
fn nothing_of_a_secret_is_in_a_finding() {
    for (_, secret) in secrets() {
        for finding in found(format!("x {secret} y").as_bytes()) {
            let shown = format!("{finding:?}");
            let mut parts = secret.split(|c: char| !c.is_alphanumeric());
            assert!(
                !parts.any(|part| part.len() > 14 && shown.contains(part)),
                "{shown}"
            );
        }
    }
}

#[test]
fn what_only_looks_like_a_secret_is_none() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE and AKIA1234 and XAKIAQZ7XK2MR5VB3NTLW",
        "the file begins with `-----BEGIN RSA PRIVATE KEY-----`, then come digits",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
        "eyJhbGciOiJub25lIn0.eyJ1c2VyIjoiYWRtaW4ifQ.",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2\
         MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
        "https://user:password@host/ https://user:pass@val.town https://a:b@c https://$USER:$PASS@val.town",
        "https://val.town:8443@evil.example/ http://google.com:80@evil.net https://ada:secret1@example.com",
        "see https://val.town/a:b@c and mailto:ada@val.town, or ssh://git@val.town:22/x",
        "Authorization: Bearer <token> / Authorization: Bearer $TOKEN / Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Authorization: the header that carries the credentials of a user",
        "Cookie: theme=dark; _ga=GA1.2.1234567890.1234567890; lang=en",
        "Cookie: the browser sends it back to the server where it came from",
        "api_key = os.environ['SERVICE_API_KEY_2024']; api_key: \"your_api_key_goes_here_1\"",
        "access_token=/etc/service/tokens/2024/access_token.json",
        "the quick brown foxes were never able over these lazy dogs again today",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk_live_ sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "docker run -u 1000:1000 x; curl -u user:password x; curl -u $USER:$PASS x; curl -b cookies.txt -u admin:admin x",
        "sqlmap -u https://val.town/?a=b and git push -u origin:main and curl -u https://val.town/",
        r#"{"name":"Authorization","value":"Bearer <token>"},{"name":"Cookie","value":"theme=dark"},{"name":"x"}"#,
        r#""accessToken": "", "refreshToken": null, "apiKey": "${API_KEY_2024_FOR_TESTS}""#,
        "https://trusted-host-2024.val.town@evil.example/ https://git@val.town/ https://0123456789abcdef@o1.ingest.sentry.io/2",
        "https://ada:pass***word@val.town/ https://ada:${PASS}@val.town/ https://ada:Tr0ub4dor@db.example.org/",
        "at 12:34:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa sig=x &sig=abc&sv=1",
        "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn files_of_keys_are_known_by_their_beginning() {
    for head in [
        &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2][..],
        &[0x30, 0x82, 1, 2, 2, 1, 3, 0x30, 0x82],
        &[0xc5, 0x58, 4, 0x60, 1, 2, 3],
        &[0x95, 3, 0x98, 4, 0x60, 1, 2],
    ] {
        let findings = found(head);
        assert_eq!(findings.len(), 1, "{head:x?}");
        assert_eq!(findings[0].about.as_deref(), Some("key-file"));
    }
    assert!(found(&[0x99, 3, 0x98, 4, 0x60]).is_empty(), "a certificate");
}

/// A photograph with these entries in its first directory.
fn exif(entries: &[[u8; 12]], behind: &[u8]) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe1\0\x80Exif\0\0II*\0\x08\0\0\0".to_vec();
    bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    bytes.extend(entries.concat());
    bytes.extend([0; 4]);
    bytes.extend(behind);
    bytes
}

fn telling_files() -> Vec<(&'static str, Vec<u8>)> {
    let make = [0x0f, 1, 2, 0, 6, 0, 0, 0, 0x1a, 0, 0, 0];
    let gps = [0x25, 0x88, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0];
    let latitude = [1, 0, 2, 0, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0];
    let version = [1, 0, 0, 0, 1, 0, 4, 0, 0, 0, 2, 3, 0, 0];
    let film = b"\0\0\0\x20ftypqt  \0\0\0\x1e\xa9xyz\0\x12\x15\xc7+52.5200+013.4050/";
    vec![
        ("exif", exif(&[make], &[])),
        ("gps", exif(&[gps], &latitude)),
        ("", exif(&[gps], &version)),
        ("", exif(&[], &[])),
        (
            "pdf-author",
            b"%PDF-1.7\n1 0 obj << /Author (Ada) >>".to_vec(),
        ),
        (
            "pdf-software",
            b"%PDF-1.7\n1 0 obj <</Author()/Producer <FEFF> >>".to_vec(),
        ),
        (
            "",
            b"%PDF-1.7\n1 0 obj <</Author()>> /Authority (x)".to_vec(),
        ),
        ("", b"no document: /Author (Ada)".to_vec()),
        (
            "office-properties",
            b"PK\x03\x04\x14\0\0\0docProps/core.xml".to_vec(),
        ),
        ("gps", film.to_vec()),
        (
            "xmp",
            b"\xff\xd8<x:xmpmeta xmlns:x='adobe:ns:meta/'>".to_vec(),
        ),
    ]
}

#[test]
fn metadata_is_named() {
    for (kind, file) in telling_files() {
        let findings = found(&file);
        let kinds = findings.iter().map(|one| one.about.as_deref().unwrap());
        let expected: Vec<&str> = Some(kind)
            .filter(|kind| !kind.is_empty())
            .into_iter()
            .collect();
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            expected,
            "{}",
            String::from_utf8_lossy(&file)
        );
        assert!(findings.iter().all(|one| one.code == Code::Metadata));
    }
}

#[test]
fn a_binary_file_has_places_instead_of_lines() {
    let secret = secret();
    let mut bytes = vec![0; 100_000];
    bytes.extend(secret.as_bytes());
    let findings = found(&bytes);
    assert_eq!(
        (findings[0].place.line, findings[0].place.offset),
        (None, Some(100_000))
    );
}

#[test]
fn many_secrets_are_counted() {
    let secret = secret();
    let findings = found(format!("{secret}\n").repeat(80).as_bytes());
    assert_eq!(findings.len(), 51);
    assert!(
        findings[50].message.starts_with("30 more"),
        "{}",
        findings[50].message
    );
}

/// Reports that others published, pictures, captures: what is found in them is known.
#[test]
fn real_files_raise_few_alarms() {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS").map(PathBuf::from) else {
        println!("SEALPOST_CORPUS is not set: skipped");
        return;
    };
    let (mut files, mut bytes, mut secrets, mut metadata) = (0, 0, 0, 0);
    let mut folders = vec![corpus.join("reports")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = fs::read(&path).unwrap();
            files += 1;
            bytes += content.len();
            for finding in found(&content) {
                println!("{}: {finding:?}", path.display());
                secrets += usize::from(finding.code == Code::Secret);
                metadata += usize::from(finding.code == Code::Metadata);
            }
        }
    }
    println!("{files} files, {bytes} bytes: {secrets} secrets, {metadata} with metadata");
    assert!(files > 80 && secrets == 0, "{secrets} false alarms");
}

#[test]
fn p31_hostile_content_stays_cheap() {
    for unit in [
        "eyJ",
        "eyJ.",
        "://",
        "-----BEGIN PRIVATE KEY-----",
        "a:b@",
        "Cookie: ",
        "legal ",
        "api_key=",
        "Exif\0\0II*\0\x08\0\0\0\x7f\x7f",
        "tEXt",
        "/Author",
        "PuTTY-User-Key-File-",
        "AKIA",
        "://a:",
        "curl ",
        "curl -u a:b\\\n",
        " --cookie ",
        "value\":\"",
        "\"name\":\"cookie\",\"value\":\"",
        "\\\\\"",
        "&sig=",
        "1:AA",
        "accessToken:'",
    ] {
        let begun = std::time::Instant::now();
        let content = unit.repeat(512 * 1024 / unit.len());
        let _ = found(content.as_bytes());
        let took = begun.elapsed();
        println!("{unit:?}: {took:?}");
        assert!(took.as_secs() < 20, "{unit:?}: {took:?}");
    }
}

fn pieces(bytes: &[u8], size: usize) -> Vec<Finding> {
    let mut scanner = Scanner::new("f");
    for piece in bytes.chunks(size.max(1)) {
        scanner.feed(piece);
    }
    scanner.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_make_no_difference(
        before in 0_usize..3 * CHUNK,
        which in 0_usize..secrets().len(),
        size in prop_oneof![1_usize..40, 4000..5000_usize, LOOK - 5..LOOK + 5, CHUNK - 5..CHUNK + 5],
    ) {
        let (kind, secret) = secrets().remove(which);
        let text = format!("{}{secret}\nend", "word of prose.\n".repeat(before / 15));
        let whole = found(text.as_bytes());
        prop_assert_eq!(whole.len(), 1);
        prop_assert_eq!(whole[0].about.as_deref(), Some(kind));
        prop_assert_eq!(whole[0].place.line, Some((before / 15) as u64 + 1));
        prop_assert_eq!(pieces(text.as_bytes(), size), whole);
    }

    #[test]
    fn p31_any_bytes(bytes: Vec<u8>, size in 1_usize..9) {
        let _ = pieces(&bytes, size);
    }
}
