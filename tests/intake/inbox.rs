//! `inbox`: the vendor's people at the intake, through the binary alone; what a hostile intake does
//! to them.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::SystemTime,
};

use sealpost::{
    bundle::Letter,
    openpgp::{Doorkeeper, Envelope, read_certificates},
    wire::Token,
};
use serde_json::Value;

use super::bench::{
    backing::Backing,
    http::Request,
    keys, over_both,
    place::{PROGRAM, Place},
    sealed::sealed,
    serve::Serve,
};
use super::bomb::silent_bombs;
use super::hostile::encrypted;
use super::members::known;

/// A vendor's person with a home, and a reporter's report at the intake.
struct Desk<'a> {
    serve: &'a Serve,
    folder: PathBuf,
    token: PathBuf,
}

impl<'a> Desk<'a> {
    fn new(place: &Place, serve: &'a Serve, name: &str, role: &str) -> Self {
        let folder = place.path(name);
        fs::create_dir(&folder).unwrap();
        let token = folder.join("token");
        fs::write(&token, place.token(name, role) + "\n").unwrap();
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(folder.join("report.md"), REPORT).unwrap();
        fs::write(folder.join("poc.py"), "print(1)\n").unwrap();
        Self {
            serve,
            folder,
            token,
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("SEALPOST_HOME", self.folder.join("home"))
            .env("GNUPGHOME", &self.folder)
            .env("SEALPOST_INTAKE", self.serve.url())
            .env("SEALPOST_TOKEN_FILE", &self.token)
            .env_remove("SEALPOST_OFFLINE")
            .stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn expect(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {said}{printed}"
        );
        assert!(!said.contains('\u{1b}') && !printed.contains('\u{1b}'));
        (printed, said)
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let all = [&["--json"], arguments].concat();
        serde_json::from_str(&self.expect(0, &all).0).unwrap()
    }

    /// Seals a report as a reporter would, and posts it; its id.
    fn report(&self) -> String {
        self.post(|request| request)
    }

    /// The same, with a change to the request.
    fn post(&self, change: impl FnOnce(Request) -> Request) -> String {
        let certificate = keys::file(keys::VENDOR, "certificate.asc");
        let sealed = self.folder.join("sealed.pgp");
        let certificate = certificate.to_str().unwrap();
        let seal = ["seal", "report.md", "-a", "poc.py", "-q", "--force"];
        let to = ["--key", certificate, "-o", "sealed.pgp"];
        self.expect(0, &[&seal[..], &to].concat());
        let request = change(Request::post(&fs::read(sealed).unwrap()));
        self.serve.send(&request).expect(201).report()
    }
}

fn secret() -> String {
    let path = keys::file(keys::VENDOR, "secret.pgp");
    path.to_str().unwrap().to_owned()
}

over_both!(a_report_is_listed_opened_answered_and_removed);

fn a_report_is_listed_opened_answered_and_removed(backing: Backing) {
    let place = Place::new(backing);
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "admin", "admin");
    let id = desk.report();
    let secret = secret();
    let key = ["--key", &secret];

    let listed = desk.json(&[&["inbox", "list"], &key[..]].concat());
    known("inbox list", &listed);
    let row = &listed["reports"][0];
    assert_eq!(
        (row["id"].as_str(), row["opens"].as_str()),
        (Some(&*id), Some("yes"))
    );
    let none = desk.json(&["inbox", "list", "--state", "closed"]);
    assert_eq!(none["reports"], serde_json::json!([]));

    let opened = desk.json(&[&["inbox", "open", &id, "-o", "opened"], &key[..]].concat());
    known("inbox open", &opened);
    assert_eq!(opened["receipt"], "verified");
    let report = fs::read(desk.folder.join("opened/report.md")).unwrap();
    assert_eq!(report, REPORT.as_bytes());

    let acknowledged = desk.json(&["inbox", "ack", &id]);
    known("inbox ack, inbox event", &acknowledged);
    desk.expect(2, &["inbox", "event", &id, "embargo-until"]);
    desk.expect(
        0,
        &[
            "inbox",
            "event",
            &id,
            "embargo-until",
            "--until",
            "2027-02-20",
        ],
    );

    fs::write(desk.folder.join("answer"), "Thank you: fixed in 2.1\n").unwrap();
    let reply = ["inbox", "reply", &id, "--message", "answer"];
    for (whose, file, exit, why) in [
        (keys::OTHER, "secret.pgp", 3, "the report was sealed to"),
        (keys::VENDOR, "receipts.pgp", 0, "whoever runs the intake"),
    ] {
        let key = keys::file(whose, file);
        let signed = ["--sign-with", key.to_str().unwrap()];
        let (_, said) = desk.expect(exit, &[&reply[..], &signed].concat());
        assert!(said.contains(why) && said.contains("secret.pgp"), "{said}");
    }
    let sent = desk.json(&[&reply[..], &["--sign-with", &secret]].concat());
    known("inbox reply", &sent);
    let messages = desk.json(&[&["inbox", "messages", &id], &key[..]].concat());
    known("inbox messages", &messages);
    assert_eq!(messages["messages"][0]["from"], "vendor");

    let (_, said) = desk.expect(1, &["inbox", "delete", &id]);
    assert!(said.contains("--yes"), "{said}");
    let deleted = desk.json(&["inbox", "delete", &id, "--yes"]);
    known("inbox delete", &deleted);
    desk.expect(1, &["inbox", "open", &id, "-o", "again"]);
    // Without the report there is no key to answer to any more.
    desk.expect(1, &[&reply[..], &["--unsigned"]].concat());
}

/// GnuPG holds the keys: under a passphrase that nobody is asked for until something is opened.
#[test]
fn keys_of_gpg_agent_are_told_without_asking_and_used() {
    if Command::new("gpg").arg("--version").output().is_err() {
        println!("skipped: gpg is not installed");
        return;
    }
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "triage", "triage");
    let id = desk.report();
    assert_eq!(desk.json(&["inbox", "list"])["reports"][0]["opens"], "no");
    let gnupg = desk.folder.join("gnupg");
    fs::create_dir(&gnupg).unwrap();
    fs::set_permissions(&gnupg, fs::Permissions::from_mode(0o700)).unwrap();
    let gpg = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env("GNUPGHOME", &gnupg);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // The same key as in the file, and a passphrase in the agent alone.
    gpg("gpg", &["--batch", "--import", &secret()]);
    let colons = gpg("gpg", &["--batch", "--with-colons", "--list-keys"]);
    let fingerprint = colons.lines().find_map(|line| line.strip_prefix("fpr:"));
    let fingerprint = fingerprint.unwrap().trim_matches(':').to_owned();
    let with_agent = |arguments: &[&str]| {
        let mut command = desk.command(&[&["--json"], arguments].concat());
        let output = command.env("GNUPGHOME", &gnupg).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let listed = with_agent(&["inbox", "list"]);
    assert_eq!(listed["reports"][0]["opens"], "yes");
    assert_eq!(
        listed["reports"][0]["opens_with"],
        listed["reports"][0]["recipients"]
    );
    let opened = with_agent(&["inbox", "open", &id, "-o", "opened"]);
    assert_eq!(
        (&opened["opened_by"], &opened["receipt"]),
        (&fingerprint.clone().into(), &"verified".into())
    );
    fs::write(desk.folder.join("answer"), "an answer\n").unwrap();
    let reply = ["inbox", "reply", &id, "--message", "answer"];
    let sent = with_agent(&[&reply[..], &["--sign-with", &fingerprint]].concat());
    assert_eq!(sent["signed_by"], fingerprint.as_str());
    gpg("gpgconf", &["--kill", "gpg-agent"]);
}

/// Two people with a key each: the report is for both, and says so to nobody.
#[test]
fn several_people_open_with_their_own_keys() {
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "reader", "read");
    let certificate = |whose| keys::file(whose, "certificate.asc");
    let (one, two) = (certificate(keys::VENDOR), certificate(keys::OTHER));
    let to = [
        "--key",
        one.to_str().unwrap(),
        "--also-to",
        two.to_str().unwrap(),
    ];
    desk.expect(
        0,
        &[&["seal", "report.md", "-q", "-o", "both.pgp"], &to[..]].concat(),
    );
    let sealed = fs::read(desk.folder.join("both.pgp")).unwrap();
    let id = serve.send(&Request::post(&sealed)).expect(201).report();
    let other = keys::file(keys::OTHER, "secret.pgp");
    for (number, key) in [secret(), other.to_str().unwrap().to_owned()]
        .iter()
        .enumerate()
    {
        let listed = desk.json(&["inbox", "list", "--key", key]);
        assert_eq!(listed["reports"][0]["opens"], "perhaps");
        let folder = format!("opened-{number}");
        let open = ["inbox", "open", &id, "-o", &folder, "--key", key];
        // The intake's own certificate is not the second person's, unless it is named; and the report does
        // not say whose certificate it should be.
        let (_, said) = desk.expect([0, 5][number], &open);
        assert_eq!(said.contains("--signer"), number == 1, "{said}");
        assert_eq!(desk.folder.join(&folder).exists(), number == 0);
        let folder = format!("again-{number}");
        let open = ["inbox", "open", &id, "-o", &folder, "--key", key];
        let signer = ["--signer", one.to_str().unwrap()];
        assert_eq!(
            desk.json(&[&open[..], &signer].concat())["receipt"],
            "verified"
        );
    }
}

/// The answer opens with the key that was enclosed, and says who wrote it.
#[test]
fn p36_the_answer_is_for_the_reporter_alone() {
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "triage", "triage");
    let id = desk.report();
    let secret = secret();
    desk.expect(0, &["inbox", "open", &id, "-o", "opened", "--key", &secret]);
    fs::write(desk.folder.join("answer"), "a canary\n").unwrap();
    let reply = [
        "inbox",
        "reply",
        &id,
        "--message",
        "answer",
        "--sign-with",
        &secret,
    ];
    let sent = desk.json(&reply);
    desk.expect(0, &["inbox", "messages", &id, "-o", "messages"]);
    let message = sent["message"]["id"].as_str().unwrap();
    let sealed = fs::read(desk.folder.join(format!("messages/{message}.pgp"))).unwrap();
    assert!(!sealed.windows(8).any(|bytes| bytes == b"a canary"));
    let enclosed = fs::read(desk.folder.join("opened/reporter.asc")).unwrap();
    let enclosed = read_certificates("reporter", &enclosed).unwrap();
    let fingerprint = enclosed[0].fingerprint().to_string();
    assert_eq!(sent["sealed_to"], fingerprint.as_str());
    let mut admission = Doorkeeper::of(&enclosed[0]).begin();
    admission.feed(&sealed).unwrap();
    let recipients = admission.finish().unwrap();
    assert_eq!(
        (
            recipients.keys.len(),
            recipients.hidden,
            recipients.passphrases
        ),
        (0, 1, 0),
        "nobody on the way sees for whom it is"
    );
}

/// What a reporter writes is shown with its signature, and cannot drive the terminal.
#[test]
fn p22_messages_of_the_reporter_are_read_and_stay_inert() {
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "triage", "triage");
    let token = Token::from_bytes(&[7; 32]);
    let case = ("sealpost-case", token.hash().to_header());
    let id = desk.post(|request| request.with(case.0, &case.1));
    let secret = secret();
    desk.expect(0, &["inbox", "open", &id, "-o", "opened", "--key", &secret]);

    #[expect(clippy::disallowed_methods, reason = "the keys were made just now")]
    let now = SystemTime::now();
    let vendor = fs::read(keys::file(keys::VENDOR, "certificate.asc")).unwrap();
    let vendor = read_certificates("vendor", &vendor).unwrap().remove(0);
    let envelope = || Envelope::to(vec![vendor.verdict(now).recipient().unwrap()], None).unwrap();
    let letter = Letter::from_bytes(b"one\n\x1b]0;two\x07\n\nmessage:  x\n").unwrap();
    let target = format!("/reports/{id}/messages");
    for content in [letter.padded(), vec![0xff; 300]] {
        let mut sealing = envelope().seal(Vec::new(), None, now).unwrap();
        sealing.write_all(&content).unwrap();
        let request = Request::new("POST", &target).sealed(&sealing.finish().unwrap());
        serve.send(&request.bearer(token.expose())).expect(201);
    }
    // What it says is compressed, and what nobody reads is.
    let (_, bomb) = silent_bombs(1 << 30, 1).remove(0);
    let request = Request::new("POST", &target).sealed(&encrypted(&bomb));
    serve.send(&request.bearer(token.expose())).expect(201);
    let messages = ["inbox", "messages", &id, "--key", &secret];
    let output = desk.run(&[&["--json"], &messages[..]].concat());
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    known("inbox messages", &shown);
    let (one, two) = (&shown["messages"][0], &shown["messages"][1]);
    assert_eq!(
        (&one["from"], &one["text"]),
        (&"reporter".into(), &letter.text().into())
    );
    assert_eq!(one["signature"]["verdict"], "unsigned");
    assert!(
        two["error"].as_str().unwrap().contains("not a text"),
        "{two}"
    );
    let (printed, said) = desk.expect(5, &messages);
    assert!(said.contains("a decompression bomb"), "{said}");
    // No line of it can be taken for one of ours.
    let from = printed.find("  | one\n").unwrap();
    let lines: Vec<_> = printed[from..].lines().take(4).collect();
    assert_eq!(lines[2..], ["  |", "  | message:  x"], "{printed}");
    let ours = printed.lines().filter(|line| line.starts_with("message:"));
    assert_eq!(ours.count(), 3, "{printed}");
}

/// Each refusal says what to do.
#[test]
fn tokens_that_are_wrong_or_too_small_say_so() {
    let place = Place::local();
    let serve = place.serve();
    let reader = Desk::new(&place, &serve, "reader", "read");
    let id = reader.report();
    let (_, said) = reader.expect(1, &["inbox", "ack", &id]);
    assert!(said.contains("role triage"), "{said}");
    let (_, said) = reader.expect(1, &["inbox", "delete", &id, "--yes"]);
    assert!(said.contains("role admin"), "{said}");
    let (_, said) = reader.expect(
        1,
        &["inbox", "open", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "-o", "x"],
    );
    assert!(said.contains("the id is wrong"), "{said}");
    fs::set_permissions(&reader.token, fs::Permissions::from_mode(0o644)).unwrap();
    let (_, said) = reader.expect(0, &["inbox", "list"]);
    assert!(said.contains("can be read by others"), "{said}");
    fs::write(&reader.token, "nonsense").unwrap();
    let (_, said) = reader.expect(1, &["inbox", "list"]);
    assert!(said.contains("token add"), "{said}");
    fs::write(&reader.token, "A".repeat(43)).unwrap();
    reader.expect(1, &["inbox", "list"]);
    let revoked = Desk::new(&place, &serve, "other", "read");
    place.run(&["token", "revoke", "other"]);
    let (_, said) = revoked.expect(1, &["inbox", "list"]);
    assert!(said.contains("revoked"), "{said}");
}

#[test]
fn p19_a_download_goes_on_where_it_was_cut() {
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "reader", "read");
    let id = desk.report();
    let fetched = desk.json(&["inbox", "fetch", &id, "-o", "one", "--key", &secret()]);
    known("inbox fetch", &fetched);
    assert_eq!(fetched["reports"][0]["receipt"], "verified");
    let whole = fs::read(desk.folder.join(format!("one/{id}.pgp"))).unwrap();
    for cut in [0, 1, 700, whole.len()] {
        let folder = format!("cut-{cut}");
        let path = desk.folder.join(&folder);
        fs::create_dir(&path).unwrap();
        fs::write(path.join(format!("{id}.pgp.part")), &whole[..cut]).unwrap();
        desk.expect(0, &["inbox", "fetch", &id, "-o", &folder]);
        assert_eq!(fs::read(path.join(format!("{id}.pgp"))).unwrap(), whole);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    }
    // What is there already is other bytes: noticed, and gone before the next attempt.
    let path = desk.folder.join("wrong");
    fs::create_dir(&path).unwrap();
    let part = path.join(format!("{id}.pgp.part"));
    fs::write(&part, vec![7; 500]).unwrap();
    desk.expect(5, &["inbox", "fetch", &id, "-o", "wrong"]);
    assert!(!part.exists());
    desk.expect(0, &["inbox", "fetch", &id, "-o", "wrong"]);
    desk.expect(1, &["inbox", "fetch", &id, "-o", "wrong"]);
}

/// Several are on their way at once, and told of in the order in which they were named.
#[test]
fn several_reports_are_fetched_in_their_order() {
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "reader", "read");
    let contents: Vec<_> = (0..9)
        .map(|number| sealed(3000 + 40_000 * (number % 3), 900 + number as u64))
        .collect();
    let post = |content: &Vec<u8>| serve.send(&Request::post(content)).expect(201).report();
    let mut ids: Vec<_> = contents.iter().map(post).collect();
    let fetch = |ids: &[String], folder: &str| {
        let ids = ids.iter().map(String::as_str);
        let all = ["--json", "inbox", "fetch", "-o", folder]
            .into_iter()
            .chain(ids);
        desk.run(&all.collect::<Vec<_>>())
    };
    let output = fetch(&ids, "all");
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told: Vec<_> = told["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(told, ids);
    for (id, content) in ids.iter().zip(&contents) {
        assert!(fs::read(desk.folder.join(format!("all/{id}.pgp"))).unwrap() == *content);
    }
    ids.insert(4, "a".repeat(26));
    assert_eq!(fetch(&ids, "some").status.code(), Some(1));
    let twice = [ids[0].clone(), ids[0].clone()];
    assert_eq!(fetch(&twice, "twice").status.code(), Some(1));
    assert!(desk.folder.join(format!("twice/{}.pgp", ids[0])).exists());
}

/// Whoever runs the intake exchanges one report for another one, in the file that holds it.
#[test]
fn p12_an_exchanged_report_is_noticed() {
    let place = Place::local();
    let serve = place.serve();
    let desk = Desk::new(&place, &serve, "reader", "read");
    // Too long for a row.
    let long = format!("{REPORT}{}", "More text. ".repeat(2000));
    fs::write(desk.folder.join("report.md"), &long).unwrap();
    let one = desk.report();
    fs::write(
        desk.folder.join("report.md"),
        long.replace("first", "other"),
    )
    .unwrap();
    let other = desk.report();
    let objects = files(&place.data().join("objects"));
    assert_eq!(objects.len(), 2);
    let contents: Vec<_> = objects.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, content) in objects.iter().zip(contents.iter().rev()) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(path, content).unwrap();
    }
    for id in [one, other] {
        let secret = secret();
        let open = ["inbox", "open", &id, "-o", "opened", "--key", &secret];
        let output = desk.run(&open);
        assert_ne!(output.status.code(), Some(0), "{output:?}");
        assert!(!desk.folder.join("opened").exists());
        let fetched = desk.run(&["inbox", "fetch", &id, "-o", "fetched"]);
        assert_ne!(fetched.status.code(), Some(0), "{fetched:?}");
        assert!(!desk.folder.join(format!("fetched/{id}.pgp")).exists());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

const REPORT: &str = "---\ntitle: The first\nassets: [example.org]\n---\n\n## Summary\n\nText\n";
