//! Where the message is in mails of many kinds.

use std::io::Cursor;

use super::*;

const ARMOR: &str = "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n";

/// The form, the content and whether there is text outside.
fn found(mail: &str) -> Result<(Form, String, bool), MailError> {
    let mut mail = Cursor::new(mail.as_bytes().to_vec());
    let found = find(&mut mail)?;
    let mut content = Vec::new();
    found.open(mail)?.read_to_end(&mut content)?;
    let content = String::from_utf8_lossy(&content).into_owned();
    Ok((found.form(), content, found.text_outside()))
}

fn mixed(kind: &str, parts: &[&str]) -> String {
    let mut mail = format!("Subject: x\nContent-Type: multipart/{kind}; boundary=b\n\n");
    for part in parts {
        mail += "--b\n";
        mail += part;
        mail += "\n";
    }
    mail + "--b--\n"
}

const CONTROL: &str = "Content-Type: application/pgp-encrypted\n\nVersion: 1\n";

fn octets(armor: &str) -> String {
    format!("Content-Type: application/octet-stream\n\n{armor}")
}

#[test]
fn pgp_mime() {
    let mail = mixed(
        "encrypted; protocol=\"application/pgp-encrypted\"",
        &[CONTROL, &octets(ARMOR)],
    );
    assert_eq!(found(&mail).unwrap(), (Form::Mime, ARMOR.to_owned(), false));
}

#[test]
fn what_exchange_makes_of_it() {
    let armor = data_encoding::BASE64.encode(ARMOR.as_bytes());
    let message = format!(
        "Content-Type: application/octet-stream; name=\"encrypted.asc\"\n\
         Content-Disposition: attachment; filename=\"encrypted.asc\"\n\
         Content-Transfer-Encoding: base64\n\n{armor}\n"
    );
    let blank = "Content-Type: text/plain\n\n\n";
    let mail = mixed("mixed", &[blank, CONTROL, &message]);
    assert_eq!(found(&mail).unwrap(), (Form::Mime, ARMOR.to_owned(), false));
    let without_control = mixed("mixed", &[blank, &message]);
    assert_eq!(found(&without_control).unwrap().0, Form::Attached);
}

#[test]
fn a_list_may_have_added_a_footer() {
    let inner = mixed("encrypted", &[CONTROL, &octets(ARMOR)])
        .replace("b\n", "c\n")
        .replace("--b--", "--c--");
    let mail = mixed("mixed", &[&inner, "\nfooter\n"]);
    assert_eq!(found(&mail).unwrap(), (Form::Mime, ARMOR.to_owned(), true));
}

#[test]
fn an_armour_in_the_text() {
    let mail = format!("Subject: x\n\nHello\n\n{ARMOR}\n");
    assert_eq!(
        found(&mail).unwrap(),
        (Form::Inline, ARMOR.to_owned(), true)
    );
    let quoted = format!(
        "Content-Transfer-Encoding: quoted-printable\n\n{}",
        ARMOR.replace('A', "=41")
    );
    assert_eq!(
        found(&quoted).unwrap(),
        (Form::Inline, ARMOR.to_owned(), false)
    );
    let html = format!("Content-Type: text/html\n\n<pre>{ARMOR}</pre>\n");
    let plain = format!("Content-Type: text/plain\n\n{ARMOR}");
    assert_eq!(
        found(&mixed("alternative", &[&plain, &html])).unwrap().0,
        Form::Inline
    );
}

#[test]
fn an_attached_file() {
    let armored = format!("Content-Disposition: attachment; filename=report.asc\n\n{ARMOR}");
    let mail = mixed("mixed", &["\nsee the file\n", &armored]);
    assert_eq!(
        found(&mail).unwrap(),
        (Form::Attached, ARMOR.to_owned(), true)
    );
    let binary = "Content-Type: application/octet-stream; name=\"Report.PGP\"\n\
                  Content-Transfer-Encoding: base64\n\nwSAAAA==\n";
    assert_eq!(found(&mixed("mixed", &[binary])).unwrap().0, Form::Attached);
    let picture = binary.replace("Report.PGP", "photo.jpg");
    assert!(matches!(
        found(&mixed("mixed", &[&picture])),
        Err(MailError::NotEncrypted)
    ));
}

#[test]
fn forwarded_mails_are_looked_into() {
    let inner = mixed("encrypted", &[CONTROL, &octets(ARMOR)]);
    let mail = format!("Content-Type: message/rfc822\n\n{inner}");
    assert_eq!(found(&mail).unwrap().0, Form::Mime);
}

#[test]
fn two_messages_are_one_too_many() {
    let one = octets(ARMOR);
    for mail in [
        mixed("mixed", &[CONTROL, &one, CONTROL, &one]),
        mixed("mixed", &[&one, &one]),
        format!("Subject: x\n\n{ARMOR}{ARMOR}"),
        mixed("mixed", &[&format!("\n{ARMOR}"), &one]),
    ] {
        assert!(matches!(found(&mail), Err(MailError::Several(2))), "{mail}");
    }
}

#[test]
fn what_is_not_encrypted_is_said_to_be() {
    for mail in [
        "Subject: x\n\ntext\n",
        "",
        "Subject: x\n\n-----BEGIN PGP MESSAGE-----\nno end\n",
    ] {
        assert!(
            matches!(found(mail), Err(MailError::NotEncrypted)),
            "{mail}"
        );
    }
    let smime = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMII\n";
    assert!(matches!(found(smime), Err(MailError::SMime)));
}
