//! Mails as they are, and as nobody should write them.

use proptest::prelude::*;

use super::*;

/// Media type, parent and body of each part.
fn parts(mail: &str) -> Vec<(String, Option<usize>, String)> {
    let structure = Structure::read(mail.as_bytes()).unwrap();
    let all = structure.parts().iter().map(|part| {
        let range = place(part.body.start)..place(part.body.end);
        let body = String::from_utf8_lossy(&mail.as_bytes()[range]).into_owned();
        (part.media.word.clone(), part.parent, body)
    });
    all.collect()
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

fn part(media: &str, parent: Option<usize>, body: &str) -> (String, Option<usize>, String) {
    (media.to_owned(), parent, body.to_owned())
}

#[test]
fn a_simple_mail() {
    let found = parts("From: a\r\nSubject: b\r\n\r\ntext\r\n");
    assert_eq!(found, [part("text/plain", None, "text\r\n")]);
    assert_eq!(parts(""), [part("text/plain", None, "")]);
    assert_eq!(parts("Subject: x"), [part("text/plain", None, "")]);
}

#[test]
fn parts_end_before_the_line_end_of_their_boundary() {
    for end in ["\r\n", "\n"] {
        let mail =
            "Content-Type: multipart/mixed; boundary=\"b\"\n\npreamble\n--b\n\none\n\n--b  \n\
                    Content-Type: text/html\n\ntwo\n--b\n--b--\nepilogue\n--b\n"
                .replace('\n', end);
        let found = parts(&mail);
        let bodies: Vec<_> = found
            .iter()
            .skip(1)
            .map(|(_, _, body)| body.as_str())
            .collect();
        let one = format!("one{end}");
        assert_eq!(bodies, [one.as_str(), "two", ""], "{end:?}");
        assert!(
            found
                .iter()
                .skip(1)
                .all(|(_, parent, _)| *parent == Some(0))
        );
    }
}

#[test]
fn a_part_without_its_end_ends_with_the_one_around_it() {
    let mail = "Content-Type: multipart/mixed; boundary=out\n\n--out\n\
                Content-Type: multipart/mixed; boundary=in\n\n--in\n\nfirst\n--out\n\nsecond\n";
    let found = parts(mail);
    assert_eq!(found[2], part("text/plain", Some(1), "first"));
    assert_eq!(found[3], part("text/plain", Some(0), "second\n"));
}

#[test]
fn boundaries_that_begin_alike_are_told_apart() {
    let mail = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
                Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\nx\n--bb--\n--b\n\ny\n--b--\n";
    let found = parts(mail);
    assert_eq!(found[2], part("text/plain", Some(1), "x"));
    assert_eq!(found[3], part("text/plain", Some(0), "y"));
}

#[test]
fn mails_within_mails() {
    let mail = "Content-Type: message/rfc822\n\nSubject: inner\n\nbody\n";
    let found = parts(mail);
    assert_eq!(found[1], part("text/plain", Some(0), "body\n"));
    let digest = "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nin\n--b--\n";
    assert_eq!(parts(digest)[2], part("text/plain", Some(1), "in"));
}

#[test]
fn p31_hostile_nesting_has_an_end() {
    let deep = "Content-Type: message/rfc822\n\n".repeat(100);
    let error = Structure::read(deep.as_bytes()).unwrap_err();
    assert!(matches!(error, MailError::TooDeep(_)));
    let many = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned() + &"--b\n".repeat(10_000);
    let error = Structure::read(many.as_bytes()).unwrap_err();
    assert!(matches!(error, MailError::TooManyParts(_)));
    let long = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}",
        format!("--b\nSubject: {}\n\n", "x".repeat(100_000)).repeat(100)
    );
    let error = Structure::read(long.as_bytes()).unwrap_err();
    assert!(matches!(error, MailError::HeaderTooLong(_)));
}

proptest! {
    #[test]
    fn every_range_lies_in_the_mail(
        mail in "(Content-Type: (multipart/mixed; boundary=b|message/rfc822|multipart/signed; boundary=c)\n|--b\n|--b--\n|--c\n|\n|x\r\n| y\n){0,40}",
    ) {
        if let Ok(structure) = Structure::read(mail.as_bytes()) {
            let length = mail.len() as u64;
            for (place, part) in structure.parts().iter().enumerate() {
                prop_assert!(part.whole.start <= part.body.start && part.body.start <= part.body.end);
                prop_assert!(part.body.end <= length && part.whole.end <= length);
                prop_assert!(part.parent.is_none_or(|parent| parent < place));
            }
        }
    }
}
