//! What GnuPG encrypts, `open` opens; what `open` refuses, and why.

use super::{
    desk::{Desk, Files},
    gnupg_keys::Kind,
};

/// The options of gpg, and the name that `open` gives the content.
const WAYS: [(&str, &str); 11] = [
    ("-e poc.py", "poc.py"),
    ("--compress-algo none -e poc.py", "poc.py"),
    ("--compress-algo zip -e poc.py", "poc.py"),
    ("--compress-algo zlib -e poc.py", "poc.py"),
    ("--compress-algo bzip2 -e poc.py", "poc.py"),
    ("--armor -e poc.py", "poc.py"),
    ("-e empty", "empty"),
    ("-se poc.py", "poc.py"),
    ("--throw-keyids -e poc.py", "poc.py"),
    ("--set-filename ../../.bashrc -e text.txt", "message.txt"),
    ("--for-your-eyes-only -e text.txt", "message.txt"),
];

#[test]
fn a_file_and_a_text_of_gpg() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.write("text.txt", "Gr\u{fc}\u{df}e\n".as_bytes());
    desk.gnupg_key("vendor", Kind::Curve25519);
    for (way, name) in WAYS {
        desk.gpg(&format!("-r vendor@example.org -o message.gpg {way}"))
            .ok();
        opens(&desk, "message.gpg --key vendor.sec", |files| {
            let source = way.split(' ').next_back().unwrap();
            assert_eq!(
                files,
                Files::from([(name.to_owned(), desk.read(source))]),
                "{way}"
            );
        });
    }
    // Of a text in gpg's text mode, gpg gives back the lines as this system ends them, and sealpost
    // the bytes that were encrypted, and perhaps signed: RFC 9580 section 5.9 ends them by CR LF.
    desk.gpg("-r vendor@example.org --textmode -o text.gpg -e text.txt")
        .ok();
    assert_eq!(desk.gpg("-d text.gpg").ok().stdout, desk.read("text.txt"));
    opens(&desk, "text.gpg --key vendor.sec", |files| {
        let crlf = "Gr\u{fc}\u{df}e\r\n".as_bytes().to_vec();
        assert_eq!(files, Files::from([("text.txt".to_owned(), crlf)]));
    });
    // From a pipe, so that it has no name.
    let piped =
        "gpg --batch --quiet --trust-model always -r vendor@example.org -e < noise.bin > piped.gpg";
    desk.run("sh", ["-c", piped]).ok();
    opens(&desk, "piped.gpg --key vendor.sec", |files| {
        assert_eq!(files.into_values().next(), Some(desk.read("noise.bin")));
    });
}

#[test]
fn who_signed_a_message_of_gpg() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.gnupg_key("vendor", Kind::Curve25519);
    let signer = desk.gnupg_key("reporter", Kind::P256);
    desk.gpg("-r vendor@example.org -u reporter@example.org -o message.gpg -se poc.py")
        .ok();
    let unknown = format!("signed by {}, whose certificate", signer.fingerprint);
    desk.sealpost("open message.gpg --key vendor.sec -o unknown")
        .says("NOT verified")
        .says(&unknown);
    desk.sealpost("open message.gpg --key vendor.sec --signer reporter.asc -o known")
        .says(&format!("signed by {}, verified", signer.fingerprint));
    // A certificate that did not sign does not make it verified.
    desk.sealpost("open message.gpg --key vendor.sec --signer vendor.asc -o other")
        .says("NOT verified");
}

#[test]
fn hidden_recipients_and_several() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    let names = ["one", "two", "three"];
    let kinds = [Kind::Curve25519, Kind::P256, Kind::Curve25519];
    for (name, kind) in names.into_iter().zip(kinds) {
        desk.gnupg_key(name, kind);
    }
    desk.gpg("-r one@example.org -r two@example.org -o both.gpg -e poc.py")
        .ok();
    desk.gpg("-R one@example.org -R two@example.org -o hidden.gpg -e poc.py")
        .ok();
    for message in ["both.gpg", "hidden.gpg"] {
        for key in ["one.sec", "two.sec", "three.sec --key one.sec"] {
            opens(&desk, &format!("{message} --key {key}"), |files| {
                assert_eq!(files["poc.py"], desk.read("poc.py"));
            });
        }
    }
    desk.sealpost("open hidden.gpg --key three.sec -o never")
        .fails(1, "encrypted to 2 hidden recipients");
}

#[test]
fn a_message_under_a_passphrase() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.gnupg_key("vendor", Kind::Curve25519);
    for (cipher, also) in [
        ("AES256", "-c"),
        ("AES128", "-c"),
        ("CAMELLIA256", "-c"),
        ("AES256", "-r vendor@example.org -e -c"),
    ] {
        desk.gpg(&format!(
            "--passphrase-file passphrase --cipher-algo {cipher} -o message.gpg {also} poc.py"
        ))
        .ok();
        opens_with(
            &desk,
            "--passphrase-file passphrase",
            "message.gpg --key vendor.sec",
            |files| assert_eq!(files["poc.py"], desk.read("poc.py")),
        );
    }
    desk.gpg("--passphrase-file passphrase -o message.gpg -c poc.py")
        .ok();
    desk.sealpost("--passphrase-file wrong open message.gpg -o never")
        .fails(5, "wrong passphrase");
    assert!(!desk.path("never").exists());
}

#[test]
fn a_folder_of_gpgtar_and_of_tar() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.gnupg_key("vendor", Kind::Curve25519);
    for folder in ["poc", "poc/deep", "poc/deep/er", "poc/empty"] {
        std::fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.write("poc/a", b"1");
    desk.write("poc/deep/b c", &vec![0; 20_000]);
    desk.write(&format!("poc/deep/er/{}", "n".repeat(90)), b"2");
    let whole = "--batch --quiet --trust-model always -r vendor@example.org";
    let inner = ["--gpg-args", "--batch --trust-model always"];
    let rest = ["-r", "vendor@example.org", "-o", "gpgtar.gpg", "-e", "poc"];
    desk.run("gpgtar", [inner.as_slice(), &rest].concat()).ok();
    let piped = format!("tar -c poc | gpg {whole} -e > tar.gpg");
    desk.run("sh", ["-c", &piped]).ok();
    for message in ["gpgtar.gpg", "tar.gpg"] {
        opens(&desk, &format!("{message} --key vendor.sec"), |files| {
            let expected: Files = desk
                .files("poc")
                .into_iter()
                .map(|(name, content)| (format!("poc/{name}"), content))
                .collect();
            assert_eq!(files, expected, "{message}");
        });
    }
    // GnuPG would make the link; here everything is refused, because a link can lead outside.
    std::os::unix::fs::symlink("/etc", desk.path("poc/link")).unwrap();
    desk.run("sh", ["-c", &piped]).ok();
    desk.sealpost("open tar.gpg --key vendor.sec -o never")
        .fails(5, "symbolic link");
    assert!(!desk.path("never").exists());
}

#[test]
fn what_is_refused_says_why() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    let key = desk.gnupg_key("vendor", Kind::Curve25519);
    desk.gnupg_key("other", Kind::Curve25519);
    let refused = |gpg: &str, open: &str, code: i32, words: &str| {
        desk.gpg(&format!("-o message.gpg {gpg}")).ok();
        desk.sealpost(&format!("open message.gpg {open} -o never"))
            .fails(code, words);
        assert!(!desk.path("never").exists(), "{gpg}");
    };
    let to = "-r vendor@example.org";
    refused("-s poc.py", "--key vendor.sec", 5, "not encrypted");
    refused(
        "--clear-sign poc.py",
        "--key vendor.sec",
        5,
        "not encrypted",
    );
    refused(
        "--export vendor@example.org",
        "--key vendor.sec",
        5,
        "it is a key",
    );
    let key_id = format!("encrypted to {}", key.encryption_key);
    refused(&format!("{to} -e poc.py"), "--key other.sec", 1, &key_id);
    refused(
        &format!("{to} -e poc.py"),
        "--key vendor.asc",
        1,
        "no OpenPGP secret key in it",
    );
    // Without a modification detection code, as GnuPG wrote before 2001 and still reads.
    refused(
        &format!("{to} --rfc2440 --disable-mdc -e poc.py"),
        "--key vendor.sec",
        5,
        "cannot notice manipulation",
    );
}

#[test]
fn ciphers_of_a_message() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.gnupg_key("vendor", Kind::Curve25519);
    let encrypt = |cipher: &str| {
        desk.gpg(&format!(
            "-r vendor@example.org --cipher-algo {cipher} -o message.gpg -e poc.py"
        ))
        .ok();
    };
    for cipher in ["AES128", "AES192", "TWOFISH", "CAMELLIA256"] {
        encrypt(cipher);
        opens(&desk, "message.gpg --key vendor.sec", |files| {
            assert_eq!(files["poc.py"], desk.read("poc.py"), "{cipher}");
        });
    }
    // Blocks of 64 bits, which gpg still takes.
    for cipher in ["3DES", "CAST5"] {
        encrypt(cipher);
        desk.gpg("-o theirs -d message.gpg").ok();
        desk.sealpost("open message.gpg --key vendor.sec -o never")
            .fails(5, "no longer protects");
        assert!(!desk.path("never").exists());
    }
}

#[test]
fn p05_what_gpg_notices_as_damaged_is_refused_here_too() {
    let Some(desk) = Desk::with_gnupg() else {
        return;
    };
    desk.gnupg_key("vendor", Kind::Curve25519);
    desk.gpg("-r vendor@example.org --compress-algo none -o whole.gpg -e noise.bin")
        .ok();
    let whole = desk.read("whole.gpg");
    let cuts = [whole.len() - 1, whole.len() - 23, whole.len() / 2];
    let flips = [200, whole.len() / 2, whole.len() - 2];
    let cut = cuts.into_iter().map(|at| whole[..at].to_vec());
    let flipped = flips.into_iter().map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    });
    for (number, bytes) in cut.chain(flipped).enumerate() {
        desk.write("damaged.gpg", &bytes);
        desk.gpg("-o theirs -d damaged.gpg").fails_somehow();
        desk.sealpost("open damaged.gpg --key vendor.sec -o never")
            .fails(5, "damaged");
        assert!(!desk.path("never").exists(), "damage {number}");
    }
}

/// Opens into a new folder, which is removed again.
fn opens(desk: &Desk, line: &str, check: impl FnOnce(Files)) {
    opens_with(desk, "", line, check);
}

fn opens_with(desk: &Desk, global: &str, line: &str, check: impl FnOnce(Files)) {
    desk.sealpost(&format!("{global} open {line} -o opened"))
        .ok();
    check(desk.files("opened"));
    std::fs::remove_dir_all(desk.path("opened")).unwrap();
}
