//! What stands in a frame, what is smuggled into one, and how long that takes to see.

use super::*;
use proptest::prelude::*;

const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n";

fn framed(text: &str) -> String {
    format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{text}\n{SIGNATURE}")
}

fn refused(file: &str) -> CleartextError {
    match read(file.as_bytes()) {
        Ok(frame) => panic!("{file:?} was read as {:?}", frame.text),
        Err(why) => why,
    }
}

#[test]
fn the_text_is_what_was_escaped() {
    let file = framed("- -----BEGIN PGP SIGNED MESSAGE-----\n- - a\n-\n- From b\n\nc \t\r");
    let frame = read(file.as_bytes()).unwrap();
    assert_eq!(
        frame.text,
        "-----BEGIN PGP SIGNED MESSAGE-----\n- a\n\nFrom b\n\nc"
    );
    assert_eq!(frame.first_line, 4);
    assert_eq!(frame.surroundings, Surroundings::None);
    let dos = read(file.replace('\n', "\r\n").as_bytes()).unwrap();
    assert_eq!((dos.text, dos.armored), (frame.text, frame.armored));
    assert_eq!(read(framed("").as_bytes()).unwrap().text, "");
}

#[test]
fn what_stands_around_it_is_told() {
    for (before, behind, wanted, first) in [
        ("", "\n \n\n", Surroundings::None, 4),
        ("\u{feff}", "", Surroundings::BlankBefore, 4),
        ("\n \t\r\n", "", Surroundings::BlankBefore, 6),
        ("Contact: x\n", "", Surroundings::Text, 5),
        ("", "Contact: x", Surroundings::Text, 4),
        ("", "\u{a0}", Surroundings::Text, 4),
        (
            " -----BEGIN PGP SIGNED MESSAGE-----\n",
            "",
            Surroundings::Text,
            5,
        ),
    ] {
        let file = format!("{before}{}{behind}", framed("a"));
        assert!(is_cleartext_signed(file.as_bytes()));
        let frame = read(file.as_bytes()).unwrap();
        assert_eq!(frame.surroundings, wanted, "{file:?}");
        assert_eq!((frame.text.as_str(), frame.first_line), ("a", first));
    }
}

#[test]
fn nothing_is_smuggled_past_the_signature() {
    let two = format!("{}Contact: x\n{}", framed("a"), framed("b"));
    assert!(matches!(
        refused(&two),
        CleartextError::Several { line: 10 }
    ));
    let within = framed(&format!("a\n{}", framed("b")));
    assert!(matches!(
        refused(&within),
        CleartextError::Unescaped { line: 5 }
    ));
    let cut = framed("a").replace(SIGNATURE, &framed("b"));
    assert!(matches!(
        refused(&cut),
        CleartextError::Unescaped { line: 5 }
    ));
    let nested = framed("a").replace("abcd", "-----BEGIN PGP SIGNED MESSAGE-----");
    assert!(matches!(
        refused(&nested),
        CleartextError::Nested { line: 7 }
    ));
    for (line, text) in [(4, "-a"), (5, "a\n--"), (4, "-----BEGIN PGP"), (4, "-\ta")] {
        let why = refused(&framed(text));
        let found = matches!(why, CleartextError::Unescaped { line: l } if l == line);
        assert!(found, "{text:?}: {why}");
    }
    for text in ["a\0b", "a\rContact: b", "\0", "a\n\rb"] {
        let why = refused(&framed(text));
        assert!(
            matches!(why, CleartextError::Forbidden { .. }),
            "{text:?}: {why}"
        );
    }
    let latin1 = [framed("").as_bytes(), &framed("\u{e9}").into_bytes()].concat();
    assert!(read(&latin1).is_err());
}

#[test]
fn only_the_name_of_a_hash_stands_before_the_text() {
    let with = |headers: &str| framed("a").replace("Hash: SHA512\n", headers);
    for headers in [
        "",
        "Hash: SHA256,SHA512\n",
        "Hash: SHA3-256, MD5\nHash: X\n",
        "Hash:SHA1 \t\r\n",
    ] {
        assert_eq!(
            read(with(headers).as_bytes()).unwrap().text,
            "a",
            "{headers:?}"
        );
    }
    for headers in [
        "Comment: a\n",
        "NotDashEscaped: You need GnuPG to verify this message\n",
        "Charset: utf-8\n",
        "Contact: mailto:a@example.org\n",
        "Hash\n",
        "Hash:\n",
        "Hash: SHA256,\n",
        "Hash: SHA512\u{c}\n",
        "Hash: SHA512\0\n",
        "Hash: SHA512\rContact: x\n",
        "Hash: SHA512 Contact: x\n",
        " Hash: SHA512\n",
        "hash: SHA512\n",
        "\u{a0}\n",
    ] {
        let why = refused(&with(headers));
        assert!(
            matches!(why, CleartextError::Header { line: 2 }),
            "{headers:?}: {why}"
        );
    }
    let all = refused("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512");
    assert!(matches!(all, CleartextError::Unfinished { line: 1 }));
}

#[test]
fn what_has_no_end_or_no_beginning_is_refused() {
    let file = framed("a");
    for end in [49, 51, file.len() - 35, file.len() - 3] {
        let why = refused(&file[..end]);
        assert!(
            matches!(why, CleartextError::Unfinished { line: 1 }),
            "{why}"
        );
    }
    let indented = file.replace("-----BEGIN PGP SIGNED", " -----BEGIN PGP SIGNED");
    for none in [
        "",
        "Contact: x",
        &indented,
        SIGNATURE,
        &file.replace('\n', "\r"),
    ] {
        assert!(!is_cleartext_signed(none.as_bytes()));
        assert!(matches!(refused(none), CleartextError::None));
    }
    let large = framed(&"a\n".repeat(MAX_FILE / 2));
    assert!(matches!(refused(&large), CleartextError::TooLarge { .. }));
    let not_utf8 = file.replace("\na\n", "\n\u{1}\n").into_bytes();
    let not_utf8: Vec<_> = not_utf8
        .iter()
        .map(|b| if *b == 1 { 0xe9 } else { *b })
        .collect();
    assert!(matches!(
        read(&not_utf8),
        Err(CleartextError::NotUtf8 { line: 4 })
    ));
}

#[test]
fn large_frames_take_no_longer_than_their_size() {
    let lines = [
        "- -----BEGIN PGP SIGNED MESSAGE-----\n",
        "\n",
        " \t",
        "-----BEGIN PGP SIGNED MESSAGE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n",
        "Hash: SHA512\n",
    ];
    for line in lines {
        let many = line.repeat((MAX_FILE - 300) / line.len());
        let began = std::time::Instant::now();
        let _one_or_the_other = read(framed(&many).as_bytes());
        let _either = read(format!("-----BEGIN PGP SIGNED MESSAGE-----\n{many}").as_bytes());
        let took = began.elapsed();
        assert!(
            took < std::time::Duration::from_secs(2),
            "{line:?}: {took:?}"
        );
    }
}

proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "(-----BEGIN PGP SIGNED MESSAGE-----|-----BEGIN PGP SIGNATURE-----|-----END PGP SIGNATURE-----|Hash: A|- |-|a|\u{feff}|\r|\n|\n\n){0,20}") {
        let _either = read(&bytes);
        prop_assert_eq!(
            is_cleartext_signed(text.as_bytes()),
            !matches!(read(text.as_bytes()), Err(CleartextError::None))
        );
    }

    /// What is written is read again as what is covered.
    #[test]
    fn comes_back(text in "([-\u{20}\t\n]|From |a|\u{e9}|-----BEGIN PGP SIGNATURE-----\n){0,30}") {
        let covered = covered(&text).unwrap();
        for hash in [None, Some("SHA512")] {
            let file = write(&covered, hash) + SIGNATURE;
            let frame = read(file.as_bytes()).unwrap();
            prop_assert_eq!(&frame.text, &covered);
            let line = file.lines().nth(frame.first_line - 1).unwrap();
            let first = covered.split('\n').next().unwrap();
            prop_assert!(line == first || line.strip_prefix("- ") == Some(first));
        }
    }
}

#[test]
fn what_cannot_be_read_again_is_not_signed() {
    for text in ["a\0", "a\rb", &"a".repeat(MAX_FILE)] {
        assert!(covered(text).is_err());
    }
    assert_eq!(covered("a \r\nb\t\n").unwrap(), "a\nb");
    assert_eq!(covered("a\n\n").unwrap(), "a\n");
}

#[test]
fn lines_are_digested_with_the_line_ends_of_mail() {
    assert_eq!(canonical(b"a\nb\r\n\nc"), b"a\r\nb\r\n\r\nc");
    assert_eq!(canonical(b"\r"), b"\r");
}
