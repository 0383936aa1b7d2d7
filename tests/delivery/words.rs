//! A case after its report: messages in both directions, who signed them, locks and recovery.

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, contains, files};

struct Talk {
    desk: Desk,
    case: String,
    report: String,
}

impl Talk {
    fn new() -> Self {
        Self::at(Desk::new())
    }

    fn at(desk: Desk) -> Self {
        desk.send(desk.at, "").expect(0);
        let case = desk.cases()[0]["case"].as_str().unwrap().to_owned();
        let report = desk.reports()[0]["id"].as_str().unwrap().to_owned();
        let talk = Self { desk, case, report };
        let open = format!(
            "inbox open {} -o opened --key vendor/secret.pgp",
            talk.report
        );
        talk.vendor(&open);
        talk
    }

    fn vendor(&self, line: &str) {
        let at = format!("--intake http://{} --token-file token", self.desk.at);
        self.desk.run(&format!("{line} {at}")).expect(0);
    }

    fn answer(&self, text: &str, how: &str) {
        fs::write(self.desk.path("answer"), text).unwrap();
        self.vendor(&format!(
            "inbox reply {} --message answer {how}",
            self.report
        ));
    }

    fn sync(&self) -> Vec<Value> {
        let document = self.desk.json("case sync");
        document["cases"][0]["messages"].as_array().unwrap().clone()
    }
}

/// Whoever runs an intake decides whether its receipts are signed, so one that is not signed must not
/// make the key that the intake holds look like the vendor's own.
#[test]
fn p08_without_a_signed_receipt_no_answer_is_the_vendors_for_certain() {
    let mut desk = Desk::new();
    desk.kill_server();
    desk.serve_unsigned();
    let talk = Talk::at(desk);
    talk.answer("forged", "--sign-with vendor/receipts.pgp");
    let letters = talk.sync();
    assert_eq!(letters[0]["text"], "forged");
    assert_eq!(letters[0]["signed_by"], "vendor-or-intake");
}

#[test]
fn a_reply_of_the_vendor_is_told_from_one_of_the_intake() {
    let talk = Talk::new();
    talk.answer("from the vendor", "--sign-with vendor/secret.pgp");
    talk.answer("from the intake", "--sign-with vendor/receipts.pgp");
    talk.answer("from nobody\u{1b}[2J", "--unsigned");
    let shown: Vec<_> = talk
        .sync()
        .iter()
        .map(|letter| {
            let word = |name: &str| letter[name].as_str().unwrap().to_owned();
            (word("signed_by"), word("text"))
        })
        .collect();
    let told = |by: &str, text: &str| (by.to_owned(), text.to_owned());
    assert_eq!(shown[0], told("vendor", "from the vendor"));
    assert_eq!(shown[1], told("intake", "from the intake"));
    assert_eq!(shown[2], told("unsigned", "from nobody\u{1b}[2J"));
    assert!(talk.sync().is_empty(), "each is new once");
    let show = talk.desk.run(&format!("case show {}", talk.case)).expect(0);
    assert!(!show.stdout.contains('\u{1b}'), "{show:?}");
    show.says("whoever runs it could have written this");
    // On this disk they lie as they came: sealed.
    for (path, bytes) in files(&talk.desk.path("home")) {
        assert!(!contains(&bytes, "from the vendor"), "{}", path.display());
    }
}

#[test]
fn a_reply_reaches_the_vendor_once() {
    let mut talk = Talk::new();
    fs::write(talk.desk.path("question"), "when?\n").unwrap();
    let reply = format!(
        "case reply {} --message question --patience 0",
        &talk.case[..4]
    );
    talk.desk.run(&reply).expect(0);
    talk.desk.kill_server();
    talk.desk.run(&reply).expect(6).says("send --resume");
    assert_eq!(talk.desk.outbox().len(), 1);
    talk.desk.serve();
    talk.desk.run("send --resume").expect(0);
    talk.desk
        .run("send --resume")
        .expect(0)
        .says("the outbox is empty");
    assert_eq!(talk.desk.reports()[0]["messages_from_reporter"], 2);
    let own: Vec<_> = talk.sync();
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|letter| letter["from"] == "reporter"));
}

#[test]
fn events_and_the_proof_of_the_first_report_are_shown() {
    let talk = Talk::new();
    talk.vendor(&format!("inbox ack {}", talk.report));
    talk.desk.run("case sync").expect(0).says("acknowledged");
    let show = format!("case show {} --receipt receipt.txt", talk.case);
    talk.desk
        .run(&show)
        .expect(0)
        .says("signed that the intake had it on");
    let receipt = fs::read_to_string(talk.desk.path("receipt.txt")).unwrap();
    assert!(receipt.starts_with("-----BEGIN PGP SIGNED MESSAGE-----"));
    assert!(receipt.contains(&talk.report));
}

#[test]
fn an_altered_receipt_in_the_record_is_no_proof() {
    let talk = Talk::new();
    let record = talk.desk.path(&format!("home/cases/{}/record", talk.case));
    let text = fs::read_to_string(&record).unwrap();
    let altered = text.replace("\\\"size\\\": ", "\\\"size\\\": 1");
    assert_ne!(altered, text);
    fs::write(&record, altered).unwrap();
    talk.desk.run(&format!("case show {}", talk.case)).expect(5);
}

#[test]
fn locked_cases_need_the_passphrase_and_sending_does_not() {
    let desk = Desk::new();
    fs::write(desk.path("first"), "first\n").unwrap();
    fs::write(desk.path("second"), "second\n").unwrap();
    desk.send(desk.at, "").expect(0);
    desk.run("case lock --new-passphrase-file first").expect(0);
    let send = format!("send report.md --to http://{} --json", desk.at);
    desk.run(&send).expect(0);
    for (path, bytes) in files(&desk.path("home/cases")) {
        assert!(
            !contains(&bytes, &desk.at.to_string()),
            "{}",
            path.display()
        );
    }
    desk.run("case list").expect(1);
    desk.run("case list --passphrase-file second").expect(5);
    let list = desk
        .run("case list --passphrase-file first --json")
        .expect(0);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!(list["cases"].as_array().unwrap().len(), 2);
    desk.run("case sync --passphrase-file first").expect(0);
    desk.run("case lock --passphrase-file first --new-passphrase-file second")
        .expect(0);
    desk.run("case list --passphrase-file first").expect(5);
    desk.run("case unlock --passphrase-file second").expect(0);
    assert_eq!(desk.cases().len(), 2);
}

/// The key of a case may be one that the vendor has given up since: reading the case trusts it for nothing.
#[test]
fn p02_bringing_a_case_back_changes_no_pin() {
    let talk = Talk::new();
    let desk = &talk.desk;
    let show = desk.json(&format!("case show {} --words", talk.case));
    let words = show["cases"][0]["case_words"].as_str().unwrap();
    fs::write(desk.path("words"), words).unwrap();
    desk.run(&format!("case forget {} --yes", talk.case))
        .expect(0);
    desk.run("keygen --name O --email security@vendor.example -o other --no-passphrase")
        .expect(0);
    let old = desk.json("trust --list")["pins"][0]["fingerprint"].clone();
    let (old, to) = (old.as_str().unwrap(), format!("http://{}", desk.at));
    desk.run(&format!("trust --remove {to}")).expect(0);
    desk.run(&format!("trust {to} --key other/certificate.asc"))
        .expect(0);
    let pins = desk.json("trust --list");
    let recover = format!("case recover --to {to} --words-file words");
    desk.run(&recover).expect(3).says("the key changed");
    desk.run(&format!("{recover} --fingerprint {old}"))
        .expect(0);
    assert_eq!(desk.json("trust --list"), pins);
    assert_eq!(desk.cases()[0]["case"], talk.case.as_str());
}

#[test]
fn words_bring_a_case_back_and_forgetting_wipes_it() {
    let talk = Talk::new();
    talk.answer("hello again", "--sign-with vendor/secret.pgp");
    let show = talk.desk.json(&format!("case show {} --words", talk.case));
    let words = show["cases"][0]["case_words"].as_str().unwrap();
    fs::write(talk.desk.path("words"), words).unwrap();
    talk.desk
        .run(&format!("case forget {} --yes", talk.case))
        .expect(0);
    assert!(talk.desk.cases().is_empty());
    assert!(
        !talk
            .desk
            .path(&format!("home/cases/{}", talk.case))
            .exists()
    );
    let recover = format!(
        "case recover --to http://{} --words-file words",
        talk.desk.at
    );
    talk.desk.run(&recover).expect(0);
    assert_eq!(talk.desk.cases()[0]["case"], talk.case.as_str());
    assert_eq!(talk.sync()[0]["text"], "hello again");
    // Words of the list, whose checksum is wrong for certain.
    fs::write(talk.desk.path("words"), ["abandon"; 12].join(" ")).unwrap();
    talk.desk.run(&recover).expect(5);
}
