//! `open` on mails of all kinds.

use crate::{
    keys::{sealed, writer},
    scene::{Scene, files, pgp_mime, verdict},
};

const PAYLOAD: &str = "Content-Type: multipart/mixed; boundary=\"i\"; protected-headers=\"v1\"\r\n\
    Subject: the =?utf-8?q?=C3=A9?= thing\r\nFrom: Writer <writer@example.org>\r\n\r\n\
    --i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n\
    --i\r\nContent-Type: application/octet-stream\r\n\
    Content-Disposition: attachment; filename=\"../x/poc.py\"\r\n\
    Content-Transfer-Encoding: base64\r\n\r\ncHJpbnQoMSkK\r\n--i--\r\n";

#[test]
fn pgp_mime_shows_the_protected_subject_and_extracts_its_parts() {
    let scene = Scene::new();
    let armor = sealed(PAYLOAD.as_bytes(), Some(writer()));
    scene.write("a.eml", pgp_mime(&armor));
    let opened = scene.opened("a.eml", &["--signer", "writer.asc"]);
    assert_eq!(verdict(&opened), "verified");
    assert_eq!(opened["content"], "mail");
    assert_eq!(opened["mail"]["subject"], "the é thing");
    assert_eq!(opened["mail"]["text_outside"], false);
    assert_eq!(files(&opened), ["message.txt", "attachments/_._x_poc.py"]);
    assert_eq!(scene.read("a.eml-opened/message.txt"), "hello");
    assert_eq!(
        scene.read("a.eml-opened/attachments/_._x_poc.py"),
        "print(1)\n"
    );
    scene.write("b.eml", pgp_mime(&armor).replace('\n', "\r\n"));
    let said = scene.open("b.eml", &[]).expect(0).stdout;
    assert!(said.contains("subject:"), "{said}");
    assert!(said.contains("NOT verified"), "{said}");
}

#[test]
fn a_mail_on_stdin() {
    let scene = Scene::new();
    let mail = scene.write("a.eml", pgp_mime(&sealed(PAYLOAD.as_bytes(), None)));
    let mut command = scene.command();
    command
        .args(["open", "-", "--key", "vendor.key", "-o", "out", "--json"])
        .stdin(std::fs::File::open(mail).unwrap());
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(scene.read("out/message.txt"), "hello");
}

#[test]
fn what_exchange_and_lists_make_of_it() {
    let scene = Scene::new();
    let armor = sealed(PAYLOAD.as_bytes(), None);
    let base64 = data_encoding::BASE64.encode(armor.as_bytes());
    let mangled = format!(
        "From: a@b.example\nContent-Type: multipart/mixed; boundary=\"m\"\n\n--m\n\
         Content-Type: text/plain; charset=\"us-ascii\"\nContent-Transfer-Encoding: quoted-printable\n\n\n\
         --m\nContent-Type: application/pgp-encrypted; name=\"PGPMIME version identification\"\n\
         Content-Transfer-Encoding: base64\n\nVmVyc2lvbjogMQoK\n\
         --m\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\n\
         Content-Transfer-Encoding: base64\n\n{base64}\n--m--\n"
    );
    scene.write("exchange.eml", mangled);
    let opened = scene.opened("exchange.eml", &[]);
    assert_eq!(opened["mail"]["subject"], "the é thing");
    let inner = pgp_mime(&armor).replace("Subject: ...\n", "");
    let listed = format!(
        "Subject: [list]\nContent-Type: multipart/mixed; boundary=l\n\n--l\n{inner}\n--l\n\n\
         unsubscribe here\n--l--\n"
    );
    scene.write("list.eml", listed);
    let opened = scene.opened("list.eml", &[]);
    assert_eq!(opened["mail"]["text_outside"], true);
    // The attachment alone, as it is saved from a web mailer.
    scene.write("encrypted.asc", &armor);
    let opened = scene.opened("encrypted.asc", &[]);
    assert_eq!(files(&opened)[0], "message.txt");
}

#[test]
fn an_armour_in_the_text_is_text() {
    let scene = Scene::new();
    let armor = sealed(b"Content-Type: not a header\n", None);
    let mail = format!("Subject: x\n\nHello,\n{armor}\n-- \nme\n");
    scene.write("inline.eml", mail);
    let opened = scene.opened("inline.eml", &[]);
    assert_eq!(opened["content"], "text");
    assert_eq!(opened["mail"], serde_json::Value::Null);
    let said = scene.run(["open", "inline.eml", "--key", "vendor.key", "-o", "again"]);
    assert!(
        said.stderr.contains("text that was not encrypted"),
        "{}",
        said.stderr
    );
}

#[test]
fn an_attached_bundle_is_a_bundle() {
    let scene = Scene::new();
    scene
        .run([
            "seal",
            "report.md",
            "--key",
            "vendor.asc",
            "-o",
            "report.pgp",
        ])
        .expect(0);
    let sealed = std::fs::read(scene.path("report.pgp")).unwrap();
    let mail = format!(
        "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee the file\n\
         --b\nContent-Disposition: attachment; filename=report.pgp\nContent-Transfer-Encoding: base64\n\n\
         {}\n--b--\n",
        data_encoding::BASE64_MIME.encode(&sealed)
    );
    scene.write("a.eml", mail);
    let opened = scene.opened("a.eml", &[]);
    assert_eq!(opened["content"], "bundle");
    assert_eq!(verdict(&opened), "verified");
}

#[test]
fn mails_that_are_not_opened() {
    let scene = Scene::new();
    let armor = sealed(b"Content-Type: text/plain\n\nx", None);
    scene.write("plain.eml", "Subject: x\n\nnot encrypted\n");
    let said = scene.open("plain.eml", &[]).expect(5).stderr;
    assert!(said.contains("the mail is not encrypted"), "{said}");
    let two = format!("Subject: x\n\n{armor}\n{armor}");
    scene.write("two.eml", two);
    let said = scene.open("two.eml", &[]).expect(1).stderr;
    assert!(said.contains("2 encrypted messages"), "{said}");
    let damaged = pgp_mime(&armor.replacen("\n\n", "\n\nAAAA", 1));
    scene.write("damaged.eml", damaged);
    scene.open("damaged.eml", &[]).expect(5);
    let deep = "Content-Type: message/rfc822\n\n".repeat(1000);
    scene.write("deep.eml", &deep);
    scene.open("deep.eml", &[]).expect(5);
    scene.write("inside.eml", pgp_mime(&sealed(deep.as_bytes(), None)));
    scene.open("inside.eml", &[]).expect(5);
    for name in ["plain", "two", "damaged", "deep", "inside"] {
        assert!(
            !scene.path(&format!("{name}.eml-opened")).exists(),
            "{name}"
        );
    }
}

#[test]
fn p22_hostile_headers_reach_no_terminal() {
    let scene = Scene::new();
    let payload = "Content-Type: text/plain; hp=\"cipher\"\nSubject: =?utf-8?B?G1syShtdMDt4Bw==?=\u{202e}\n\
                   From: \u{1b}[31m\n\nx\n";
    scene.write("a.eml", pgp_mime(&sealed(payload.as_bytes(), None)));
    let ended = scene.open("a.eml", &[]).expect(0);
    for text in [ended.stdout, ended.stderr] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn a_report_for_another_program_is_refused() {
    let scene = Scene::new();
    let payload = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\
        Content-Disposition: attachment; filename=report.json\n\n{\"program\": \"other.example\"}\n--b--\n";
    scene.write("a.eml", pgp_mime(&sealed(payload.as_bytes(), None)));
    let said = scene.open("a.eml", &["--to", "val.town"]).expect(3).stderr;
    assert!(said.contains("a report for other.example"), "{said}");
    assert_eq!(scene.opened("a.eml", &[])["program"], "other.example");
}

#[test]
fn p32_a_large_mail_is_opened_in_little_memory() {
    let scene = Scene::new();
    let file = "A".repeat(76) + "\r\n";
    let payload = format!(
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=big\r\n\r\n{}",
        file.repeat(600_000)
    );
    scene.write("big.eml", pgp_mime(&sealed(payload.as_bytes(), None)));
    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_sealpost");
    // Address space is limited, not resident memory: threads and libraries count as well.
    command
        .current_dir(scene.path(""))
        .env("SEALPOST_HOME", scene.path("home"))
        .args(["-c", "ulimit -v 400000; exec \"$@\"", "sh", program])
        .args(["open", "big.eml", "--key", "vendor.key", "-o", "big"]);
    crate::scene::Ended::of(&mut command).expect(0);
    let size = std::fs::metadata(scene.path("big/attachments/big"))
        .unwrap()
        .len();
    assert_eq!(size, 600_000 * 57);
}
