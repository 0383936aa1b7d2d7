//! `case sync --mbox`: the vendor's answers, out of a mailbox into their case.

use std::fs;

use crate::{
    keys,
    office::{CANARY, FROM, Office, SEND},
    scene::pgp_mime,
};

/// A case that went by mail, and the key that the vendor answers to.
fn sent(office: &Office) -> (String, Vec<u8>) {
    let line = [&SEND[..], &["--from", FROM, "--json"]].concat();
    let sent = office.run(&line).expect(0).json();
    let mail = fs::read(office.path("report.eml")).unwrap();
    office.open(&mail, "there");
    let key = fs::read(office.path("there/reporter.asc")).unwrap();
    let case = sent["deliveries"][0]["case"].as_str().unwrap();
    (case.to_owned(), key)
}

fn payload(text: &str) -> String {
    format!(
        "Content-Type: multipart/mixed; boundary=\"i\"; protected-headers=\"v1\"\r\nSubject: Re: {CANARY}\r\n\r\n\
         --i\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\
         --i\r\nContent-Disposition: attachment; filename=fix.patch\r\n\r\n-a\r\n--i--\r\n"
    )
}

fn sync(office: &Office, mailbox: &str) -> Vec<serde_json::Value> {
    let synced = office.local(&["case", "sync", "--mbox", mailbox, "--json"]);
    let synced = synced.expect(0).json();
    synced["cases"].as_array().unwrap().clone()
}

#[test]
fn p08_answers_are_found_once_and_told_apart_by_who_signed_them() {
    let office = Office::new();
    let (case, key) = sent(&office);
    let vendor = crate::bench::vendors::vendor();
    let signed = keys::sealed_by(&key, payload("from us").as_bytes(), &vendor.signing);
    let forged = keys::sealed_to(&key, payload("from nobody").as_bytes());
    let others = keys::sealed(b"Content-Type: text/plain\n\nnot for us\n", None);
    let inline = format!(
        "Subject: x\n\n{}\n",
        keys::sealed_to(&key, "naïve text".as_bytes())
    );
    let clear = "Subject: clear\n\nhello\n".to_owned();
    let [signed, others, forged] = [signed, others, forged].map(|armor| pgp_mime(&armor));
    let from = format!("From {FROM} Thu Nov 26 10:00:00 2026\n");
    let mails = [clear, signed, others, forged, inline].join(&format!("\n{from}"));
    let mbox = from + &mails;
    office.bench.write("mbox", &mbox);
    let cases = sync(&office, "mbox");
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0]["case"], case.as_str());
    let messages = cases[0]["messages"].as_array().unwrap();
    let by: Vec<_> = messages
        .iter()
        .map(|it| it["signed_by"].as_str().unwrap())
        .collect();
    assert_eq!(by, ["vendor", "unsigned", "unsigned"]);
    let text = messages[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with(&format!("Subject: Re: {CANARY}\n\nfrom us")),
        "{text}"
    );
    assert!(text.contains("files in this mail: 1"), "{text}");
    assert_eq!(messages[2]["text"], "naïve text");
    assert!(sync(&office, "mbox").is_empty(), "the same again");
    let shown = office.local(&["case", "show", &case]).expect(0);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(
        shown.matches("from the vendor (signed by").count(),
        1,
        "{shown}"
    );
    assert_eq!(shown.matches("NOT signed").count(), 2, "{shown}");
    // On disk they lie sealed.
    for name in office.names(&format!("home/cases/{case}")) {
        let bytes = fs::read(office.path(&format!("home/cases/{case}/{name}"))).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{name}");
    }
}

#[test]
fn a_maildir_is_looked_through_and_nothing_is_taken_twice() {
    let office = Office::new();
    let (_, key) = sent(&office);
    let vendor = crate::bench::vendors::vendor();
    let mail = |text| {
        let sealed = keys::sealed_by(&key, payload(text).as_bytes(), &vendor.signing);
        pgp_mime(&sealed)
    };
    for folder in ["box", "box/cur", "box/new", "box/tmp"] {
        fs::create_dir(office.path(folder)).unwrap();
    }
    let one = mail("one");
    office.bench.write("one.eml", &one);
    assert_eq!(
        sync(&office, "one.eml")[0]["messages"][0]["signed_by"],
        "vendor"
    );
    office.bench.write("box/new/1", &one);
    assert!(sync(&office, "box").is_empty());
    office.bench.write("box/cur/2", mail("two"));
    office.bench.write("box/tmp/3", mail("three"));
    let cases = sync(&office, "box");
    assert_eq!(cases[0]["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn p08_an_old_answer_in_another_wrapping_is_no_new_one() {
    let office = Office::new();
    let (_, key) = sent(&office);
    let vendor = crate::bench::vendors::vendor();
    let answer = keys::sealed_by(&key, payload("once").as_bytes(), &vendor.signing);
    office
        .bench
        .write("framed.eml", pgp_mime(&keys::reframed(&answer)));
    assert_eq!(sync(&office, "framed.eml").len(), 1);
    office.bench.write("plain.eml", pgp_mime(&answer));
    assert!(sync(&office, "plain.eml").is_empty(), "another frame");
    let commented = answer.replacen("\n\n", "\nComment: again\n\n", 1);
    assert_ne!(commented, answer);
    office.bench.write("commented.eml", pgp_mime(&commented));
    assert!(sync(&office, "commented.eml").is_empty(), "another armour");
    // Whoever knows what the vendor will say cannot say it first, unsigned, and so hide it.
    let early = keys::sealed_to(&key, payload("later").as_bytes());
    office.bench.write("early.eml", pgp_mime(&early));
    assert_eq!(sync(&office, "early.eml").len(), 1);
    let later = keys::sealed_by(&key, payload("later").as_bytes(), &vendor.signing);
    office.bench.write("later.eml", pgp_mime(&later));
    let cases = sync(&office, "later.eml");
    assert_eq!(cases[0]["messages"][0]["signed_by"], "vendor");
}

#[test]
fn p32_strangers_take_no_room_of_the_vendors() {
    let office = Office::new();
    let (case, key) = sent(&office);
    let vendor = crate::bench::vendors::vendor();
    let from = format!("From {FROM} Thu Nov 26 10:00:00 2026\n");
    let mut mbox = String::new();
    for n in 0..102 {
        let mail = pgp_mime(&keys::sealed_to(&key, payload(&n.to_string()).as_bytes()));
        mbox.extend([&*from, &*mail, "\n\n"]);
    }
    let answer = keys::sealed_by(&key, payload("from us").as_bytes(), &vendor.signing);
    mbox.extend([&*from, &*pgp_mime(&answer), "\n"]);
    office.bench.write("mbox", mbox);
    let line = ["case", "sync", "--mbox", "mbox"];
    let synced = office.local(&line).expect(1);
    synced.says(&[&format!("case {case} has no room for 2 more mails")]);
    let shown = office.local(&["case", "show", &case, "--json"]).expect(0);
    let shown = shown.json();
    let messages = shown["cases"][0]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 101);
    assert_eq!(messages[100]["signed_by"], "vendor");
    office
        .local(&line)
        .expect(1)
        .says(&["no new answer", "2 more mails"]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_is_kept_before_the_next_mail_is_read() {
    let office = Office::new();
    let (case, key) = sent(&office);
    fs::create_dir(office.path("box")).unwrap();
    let mail = pgp_mime(&keys::sealed_to(&key, payload("first").as_bytes()));
    office.bench.write("box/1", mail);
    // A file that cannot be read, not even by root.
    std::os::unix::fs::symlink("/proc/self/mem", office.path("box/2")).unwrap();
    let line = ["case", "sync", "--mbox", "box"];
    office
        .local(&line)
        .expect(1)
        .says(&["cannot read the mailbox"]);
    let shown = office.local(&["case", "show", &case]).expect(0);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("first"));
}

#[test]
fn a_case_that_went_by_mail_says_what_can_be_done() {
    let office = Office::new();
    let (case, _) = sent(&office);
    let alone = office.run(&["case", "sync", &case]).expect(1);
    alone.says(&["by mail to security@example.test", "--mbox"]);
    let all = office.run(&["case", "sync"]).expect(0);
    all.says(&["by mail to security@example.test"]);
    office.bench.write("m", "hello");
    let reply = office
        .run(&["case", "reply", &case, "--message", "m"])
        .expect(1);
    reply.says(&["write to security@example.test"]);
    let absent = office
        .local(&["case", "sync", "--mbox", "absent"])
        .expect(1);
    absent.says(&["cannot read the mailbox absent"]);
}

#[test]
fn p08_what_the_vendor_signed_for_others_is_not_called_an_answer() {
    let office = Office::new();
    let (_, key) = sent(&office);
    let vendor = crate::bench::vendors::vendor();
    let public = keys::passed_on(&key, payload("you may publish").as_bytes(), &vendor.signing);
    office.bench.write("one.eml", pgp_mime(&public));
    let message = &sync(&office, "one.eml")[0]["messages"][0];
    assert_eq!(message["signed_by"], "vendor-unaddressed");
}
