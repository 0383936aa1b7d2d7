//! Other people's programs read our mails: mutt, and Python's email package with gpg. They run in
//! CI: `cargo test --test mail -- --ignored`, beside mutt, gpg, python3 and script.
#![cfg(unix)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    bench::vendors,
    office::{FROM, Office},
    server::{MailServer, Manner},
};

const TITLE: &str = "Größe überschritten";

/// A mail that went over the wire, at a vendor's desk with GnuPG.
struct Desk {
    office: Office,
    mail: Vec<u8>,
}

impl Desk {
    fn new() -> Self {
        let office = Office::new();
        let report = fs::read_to_string(office.path("report.md")).unwrap();
        let title = report.lines().nth(1).unwrap().to_owned();
        let report = report.replace(&title, &format!("title: {TITLE}"));
        office.bench.write("report.md", report);
        office.bench.write("a.bin", crate::office::noise(9000));
        let server = MailServer::start(Manner::Implicit);
        office.send("smtps", &server, &["-a", "a.bin"]).expect(0);
        let desk = Self {
            mail: server.mail(),
            office,
        };
        let home = desk.path("g");
        fs::create_dir(&home).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&home, private).unwrap();
        Self::run(desk.gpg().args(["--import", "vendor.key"]));
        desk.office.bench.write("mail.eml", &desk.mail);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.office.path(name)
    }

    fn gpg(&self) -> Command {
        let mut gpg = self.command("gpg");
        gpg.args(["--batch", "--quiet", "--trust-model", "always"]);
        gpg
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path("."))
            .env("HOME", self.path("."))
            .env("GNUPGHOME", self.path("g"))
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "vt100");
        command
    }

    fn run(command: &mut Command) -> String {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let mut ends = self.command("gpgconf");
        let _ended = ends.args(["--kill", "all"]).output();
    }
}

/// The email package finds no defect, outside or inside; gpg decrypts, and verifies with the key of
/// the Autocrypt header.
#[test]
#[ignore = "needs gpg and python3"]
fn gpg_and_the_email_package_of_python_read_it() {
    let desk = Desk::new();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail/peer.py");
    let read = Desk::run(desk.command("python3").arg(script).arg("mail.eml"));
    let read: serde_json::Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read["subject"], TITLE);
    assert_eq!(read["outer"], "[...]");
    assert_eq!(read["signed"], true);
    let sha256 = |name: &str| {
        use sha2::Digest;
        let content = fs::read(desk.path(name)).unwrap();
        data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(content))
    };
    assert_eq!(read["files"]["a.bin"], sha256("a.bin"));
    assert_eq!(
        read["text"],
        fs::read_to_string(desk.path("report.md")).unwrap()
    );
}

/// mutt shows the protected subject in its list, the report as text, and saves the attachment.
#[test]
#[ignore = "needs mutt, gpg and script"]
fn mutt_shows_subject_text_and_attachment() {
    let desk = Desk::new();
    let mail = String::from_utf8(desk.mail.clone())
        .unwrap()
        .replace('\r', "");
    let mbox = format!("From {FROM} Thu Nov 26 10:00:00 2026\n{mail}\n");
    desk.office.bench.write("mbox", mbox);
    desk.office.bench.write("muttrc", MUTTRC);
    let keys = "<display-message><pipe-message>cat > text<enter><exit><view-attachments>\
        <last-entry><save-entry><kill-line>saved.bin<enter><exit><exit>";
    let line = format!("mutt -n -F muttrc -f mbox -e 'push \"{keys}\"'");
    let mut script = desk.command("script");
    script.args(["-qec", &line, "/dev/null"]);
    // mutt leaves when its input ends.
    let mut running = script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = running.stdin.take().unwrap();
    for _ in 0..300 {
        if running.try_wait().unwrap().is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    drop(input);
    let screen = running.wait_with_output().unwrap().stdout;
    let screen = String::from_utf8_lossy(&screen);
    assert!(screen.contains(TITLE), "{screen}");
    let text = fs::read_to_string(desk.path("text")).unwrap();
    assert!(text.contains("## Steps to reproduce"), "{text}");
    let saved = fs::read(desk.path("saved.bin")).unwrap();
    assert!(saved == fs::read(desk.path("a.bin")).unwrap());
}

/// What gpg encrypts and a mail program wraps is opened, too.
#[test]
#[ignore = "needs gpg"]
fn what_gpg_encrypts_in_a_mail_is_opened() {
    let desk = Desk::new();
    let payload = "Content-Type: text/plain; charset=utf-8; protected-headers=\"v1\"\r\n\
        Subject: hello\r\n\r\nnaïve\r\n";
    desk.office.bench.write("payload", payload);
    let to = &vendors::vendor().fingerprint;
    let armor = Desk::run(
        desk.gpg()
            .args(["-e", "-a", "-o", "-", "-r", to, "payload"]),
    );
    let opened = desk
        .office
        .open(crate::scene::pgp_mime(&armor).as_bytes(), "gpg");
    assert_eq!(opened["mail"]["subject"], "hello");
    assert_eq!(
        fs::read_to_string(desk.path("gpg/message.txt")).unwrap(),
        "naïve\n"
    );
}

const MUTTRC: &str = "\
set crypt_use_gpgme=yes
set crypt_protected_headers_read=yes
set pipe_decode=yes
set wait_key=no
set move=no
set folder=.
ignore *
unignore subject
";
