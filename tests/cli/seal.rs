//! `seal`: to whom, refusals, attachments, stdin and stdout.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, process::Stdio};

use clap::Parser as _;
use sequoia_openpgp::serialize::SerializeInto as _;

use crate::scene::{Ended, REPORT, Scene, key};

#[test]
fn says_what_it_did_as_json() {
    let scene = Scene::new();
    scene.write("poc.py", "print()");
    let mut command = scene.command();
    command.args(["--json", "seal", "report.md", "-a", "poc.py", "--key"]);
    let ended = Ended::from(
        command
            .arg(key("vendor", "certificate.asc"))
            .output()
            .unwrap(),
    )
    .expect(0);
    let json = ended.json();
    assert_eq!(json["sealed"], "report.pgp");
    assert_eq!(json["container"], "SEIPDv1");
    assert_eq!(json["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(json["attachments"][0]["name"], "poc.py");
    assert_eq!(json["case_words"].as_str().unwrap().split(' ').count(), 12);
    assert_eq!(
        json["size"],
        fs::metadata(scene.path("report.pgp")).unwrap().len()
    );
    assert_eq!(
        fs::metadata(scene.path("report.pgp"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert_eq!(ended.stderr, "");
}

#[test]
fn takes_the_report_from_stdin_and_writes_to_stdout() {
    let scene = Scene::new();
    let mut command = scene.command();
    command
        .args(["seal", "-", "--key"])
        .arg(key("vendor", "certificate.asc"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(REPORT.as_bytes())
        .unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap()).expect(0);
    let sealed = scene.write("piped.pgp", &ended.stdout);
    scene.open(&sealed, &["-o", "out"]).expect(0);
    assert_eq!(
        fs::read_to_string(scene.path("out/report.md")).unwrap(),
        REPORT
    );
}

#[test]
fn opens_in_the_modern_container_where_the_key_reads_it() {
    let scene = Scene::new();
    let mut command = scene.command();
    command
        .args(["--json", "seal", "report.md", "--key"])
        .arg(key("modern", "certificate.asc"));
    let ended = Ended::from(command.output().unwrap()).expect(0);
    assert_eq!(ended.json()["container"], "SEIPDv2");
    let mut command = scene.command();
    command
        .args(["open", "report.pgp", "--key"])
        .arg(key("modern", "secret.pgp"));
    Ended::from(command.output().unwrap()).expect(0);
    assert_eq!(
        fs::read_to_string(scene.path("report/report.md")).unwrap(),
        REPORT
    );
    let mut command = scene.command();
    command.args([
        "seal",
        "report.md",
        "--profile",
        "rfc9580",
        "-o",
        "x.pgp",
        "--key",
    ]);
    let ended = Ended::from(
        command
            .arg(key("vendor", "certificate.asc"))
            .output()
            .unwrap(),
    );
    ended.expect(2).says(&["SEIPDv2", "leave --profile out"]);
}

#[test]
fn two_attachments_of_one_name_are_told_apart() {
    let scene = Scene::new();
    fs::create_dir(scene.path("more")).unwrap();
    scene.write("log.txt", "one");
    scene.write("more/log.txt", "two");
    let mut command = scene.command();
    command.args([
        "seal",
        "report.md",
        "-a",
        "log.txt",
        "-a",
        "more/log.txt",
        "--key",
    ]);
    let ended = Ended::from(
        command
            .arg(key("vendor", "certificate.asc"))
            .output()
            .unwrap(),
    );
    ended
        .expect(0)
        .says(&["more/log.txt is called log-2.txt inside"]);
    scene
        .open(&scene.path("report.pgp"), &["-o", "out"])
        .expect(0);
    assert_eq!(
        fs::read(scene.path("out/attachments/log-2.txt")).unwrap(),
        b"two"
    );
}

#[test]
fn bad_input_is_named_and_leaves_nothing() {
    let scene = Scene::new();
    scene.write("bare.md", "# A report without fields\n");
    scene.write("typo.md", "---\ntitel: x\nassets: [example.org]\n---\n");
    fs::write(scene.path("latin1.md"), b"---\ntitle: caf\xe9\n---\n").unwrap();
    fs::create_dir(scene.path("folder")).unwrap();
    let certificate = key("vendor", "certificate.asc");
    let certificate = certificate.to_str().unwrap();
    let before = scene.names();
    for (args, code, words) in [
        (vec!["seal", "bare.md"], 1, vec!["bare.md", "sealpost new"]),
        (
            vec!["seal", "typo.md"],
            1,
            vec!["typo.md:2", "titel", "title"],
        ),
        (vec!["seal", "latin1.md"], 1, vec!["latin1.md:2", "UTF-8"]),
        (
            vec!["seal", "absent.md"],
            1,
            vec!["absent.md", "No such file"],
        ),
        (vec!["seal", "folder"], 1, vec!["folder is a directory"]),
        (
            vec!["seal", "report.md", "-a", "absent"],
            1,
            vec!["absent", "No such file"],
        ),
        (
            vec!["seal", "report.md", "-a", "folder"],
            1,
            vec!["folder", "directory"],
        ),
        (
            vec!["seal", "report.md", "-a", "/dev/zero"],
            1,
            vec!["/dev/zero", "device"],
        ),
        (
            vec!["seal", "report.md", "-o", "no/such/out.pgp"],
            1,
            vec!["no/such/out.pgp"],
        ),
        (vec!["seal", "report.md", "-o", "folder"], 1, vec!["folder"]),
    ] {
        let args = args.iter().copied().chain(["--key", certificate]);
        scene.run(args).expect(code).says(&words);
        assert_eq!(scene.names(), before);
    }
}

#[test]
fn never_replaces_unless_told() {
    let scene = Scene::new();
    scene.write("report.pgp", "mine");
    let certificate = key("vendor", "certificate.asc");
    let args = ["seal", "report.md", "--key", certificate.to_str().unwrap()];
    scene
        .run(args)
        .expect(1)
        .says(&["report.pgp exists already", "--force"]);
    assert_eq!(fs::read(scene.path("report.pgp")).unwrap(), b"mine");
    scene.run(args.into_iter().chain(["--force"])).expect(0);
    assert_ne!(fs::read(scene.path("report.pgp")).unwrap(), b"mine");
}

#[test]
fn never_without_a_key_of_the_vendor() {
    let scene = Scene::new();
    let before = scene.names();
    for (target, words) in [
        (
            "val.town",
            &[
                "no published key",
                "mailto:security@val.town",
                "--passphrase",
            ][..],
        ),
        (
            "apache",
            &["takes no encrypted reports", "security@apache.org"],
        ),
        (
            "linux-kernel",
            &["takes no encrypted reports", "security@kernel.org"],
        ),
        (
            "curl",
            &["takes no encrypted reports", "hackerone.com/curl"],
        ),
        ("exposurex", &["nothing is sent in the clear"]),
    ] {
        scene
            .run(["seal", "report.md", "--to", target])
            .expect(3)
            .says(words);
        assert_eq!(scene.names(), before);
    }
    // Naming a key does not talk a vendor into encryption that it refuses.
    let certificate = key("vendor", "certificate.asc");
    let refused = [
        "seal",
        "report.md",
        "--to",
        "apache",
        "--key",
        certificate.to_str().unwrap(),
    ];
    scene.run(refused).expect(3);
    scene
        .run(["open", "report.md", "--to", "apache"])
        .expect(3)
        .says(&["takes no encrypted reports"]);
    scene
        .run(["seal", "report.md", "--to", "nowhere.example"])
        .expect(3)
        .says(&["no published key", "--offline"]);
    scene
        .run(["seal", "report.md", "--to", "nowhere"])
        .expect(2)
        .says(&["val.town"]);
}

#[test]
fn a_profile_pins_its_key() {
    let scene = Scene::new();
    let fingerprint = fingerprint("vendor");
    fs::create_dir(scene.path("acme")).unwrap();
    let profile = format!(
        "[program]\nname = \"Acme\"\nid = \"acme\"\n\
         [[contact]]\nuri = \"mailto:security@example.org\"\n\
         [encryption]\nwanted = \"required\"\nfingerprints = [\"{fingerprint}\"]\n"
    );
    scene.write("acme/program.toml", profile);
    scene
        .run(["seal", "report.md", "--to", "acme/program.toml"])
        .expect(3)
        .says(&["no source has the certificate"]);
    fs::copy(key("other", "certificate.asc"), scene.path("acme/key.asc")).unwrap();
    scene
        .run(["seal", "report.md", "--to", "./acme"])
        .expect(3)
        .says(&["no source has the certificate"]);
    fs::copy(key("vendor", "certificate.asc"), scene.path("acme/key.asc")).unwrap();
    scene.run(["seal", "report.md", "--to", "./acme"]).expect(0);
    let other = key("other", "certificate.asc");
    let with_other = [
        "seal",
        "report.md",
        "--to",
        "./acme",
        "-o",
        "x.pgp",
        "--key",
        other.to_str().unwrap(),
    ];
    scene
        .run(with_other)
        .expect(3)
        .says(&["is not the key of Acme"]);
    // A report for somebody else is not opened by a vendor who says who it is.
    scene
        .open(
            &scene.path("report.pgp"),
            &["--to", "acme/program.toml", "-o", "out"],
        )
        .expect(0);
    let ended = scene.open(
        &scene.path("report.pgp"),
        &["--to", "exposurex", "-o", "out2"],
    );
    ended.expect(3).says(&["is a report for acme"]);
    assert!(!scene.path("out2").exists());
}

#[test]
fn the_right_certificate_of_several() {
    let scene = Scene::new();
    let read = |vendor| fs::read_to_string(key(vendor, "certificate.asc")).unwrap();
    scene.write(
        "both.html",
        format!("<pre>{}</pre><p>{}</p>", read("vendor"), read("other")),
    );
    let both = ["seal", "report.md", "--key", "both.html"];
    scene
        .run(both)
        .expect(3)
        .says(&["several certificates", "--fingerprint"]);
    let wanted = fingerprint("other");
    scene
        .run(both.into_iter().chain(["--fingerprint", &wanted]))
        .expect(0);
    let ended = scene.open(&scene.path("report.pgp"), &["-o", "out"]);
    ended.expect(1).says(&["none of the secret keys at hand"]);
    let absent = "0".repeat(40);
    let ended = scene.run(
        both.into_iter()
            .chain(["--fingerprint", &absent, "--force"]),
    );
    ended.expect(3).says(&["--fingerprint"]);
}

#[test]
fn a_certificate_without_a_user_id_is_named_by_fingerprint() {
    let (cert, _) = sequoia_openpgp::cert::CertBuilder::new()
        .add_transport_encryption_subkey()
        .generate()
        .unwrap();
    let scene = Scene::new();
    scene.write("nobody.asc", cert.armored().to_vec().unwrap());
    let args = ["seal", "report.md", "--key", "nobody.asc"];
    scene
        .run(args)
        .expect(3)
        .says(&["names nobody", "--fingerprint"]);
    let named = ["--fingerprint", &cert.fingerprint().to_hex()];
    scene.run(args.into_iter().chain(named)).expect(0);
}

/// Wherever in the file a revocation stands, and whatever copies of the certificate surround it.
#[test]
fn p04_a_revocation_counts_wherever_it_stands() {
    let scene = Scene::new();
    let read = |vendor, file| fs::read_to_string(key(vendor, file)).unwrap();
    let (cert, revocation) = (
        read("vendor", "certificate.asc"),
        read("vendor", "revocation.asc"),
    );
    let other = read("other", "certificate.asc");
    let vendor = fingerprint("vendor");
    for (name, parts) in [
        ("below.asc", [&cert, &revocation, ""]),
        ("between.asc", [&cert, &revocation, &cert]),
        ("above.asc", [&revocation, &cert, ""]),
        ("apart.asc", [&cert, &other, &revocation]),
        ("before.asc", [&revocation, &other, &cert]),
    ] {
        scene.write(name, parts.concat());
        let args = ["seal", "report.md", "--key", name, "--fingerprint", &vendor];
        scene.run(args).expect(3).says(&["revoked"]);
    }
    assert!(!scene.path("report.pgp").exists());
}

#[test]
fn a_folder_does_not_stand_in_for_a_program() {
    let scene = Scene::new();
    fs::create_dir(scene.path("val.town")).unwrap();
    let profile = "[program]\nname = \"Val Town\"\nid = \"val-town\"\n\
         [[contact]]\nuri = \"mailto:security@example.org\"\n[encryption]\nwanted = \"required\"\n";
    scene.write("val.town/program.toml", profile);
    fs::copy(
        key("other", "certificate.asc"),
        scene.path("val.town/key.asc"),
    )
    .unwrap();
    scene
        .run(["seal", "report.md", "--to", "val.town"])
        .expect(3)
        .says(&["no published key"]);
    scene
        .run(["seal", "report.md", "--to", "./val.town"])
        .expect(0);
}

#[test]
fn the_name_of_the_sealed_report_says_nothing_of_the_finding() {
    let scene = Scene::new();
    fs::rename(scene.path("report.md"), scene.path("rce-in-login.md")).unwrap();
    let certificate = key("vendor", "certificate.asc");
    scene
        .run([
            "seal",
            "rce-in-login.md",
            "--key",
            certificate.to_str().unwrap(),
        ])
        .expect(0);
    assert_eq!(scene.names(), ["rce-in-login.md", "report.pgp"]);
}

/// A hint that does not work is worse than none.
#[test]
fn suggested_commands_are_commands() {
    let scene = Scene::new();
    let mut suggested = 0;
    for target in ["val.town", "exposurex", "apache"] {
        let json = scene
            .run(["--json", "seal", "report.md", "--to", target])
            .expect(3)
            .json();
        for hint in json["error"]["hints"].as_array().unwrap() {
            let Some(command) = hint["command"].as_array() else {
                continue;
            };
            let arguments = command.iter().map(|argument| argument.as_str().unwrap());
            sealpost::cli::Cli::try_parse_from(arguments).unwrap();
            suggested += 1;
        }
    }
    assert!(suggested > 0);
}

fn fingerprint(vendor: &str) -> String {
    let path = key(vendor, "certificate.asc");
    let bytes = fs::read(&path).unwrap();
    let certificates = sealpost::openpgp::read_certificates("test", &bytes).unwrap();
    certificates[0].fingerprint().to_string()
}

/// A copy for oneself is as good a way to the report as the vendor's.
#[test]
fn an_own_copy_protects_as_much_as_the_vendors_key() {
    let scene = Scene::new();
    for profile in ["rfc4880", "rfc9580", "pqc"] {
        let whose = ["--name", "N", "--email", "n@example.org", "-q"];
        let how = ["-o", profile, "--profile", profile, "--no-passphrase"];
        scene
            .run([&["keygen"][..], &whose, &how].concat())
            .expect(0);
    }
    let seal = |to: &str, copy: &str| {
        let [to, copy] = [to, copy].map(|profile| format!("{profile}/certificate.asc"));
        scene.run([
            "seal",
            "report.md",
            "--key",
            &to,
            "--also-to",
            &copy,
            "--force",
        ])
    };
    for copy in ["rfc4880", "rfc9580"] {
        seal("pqc", copy)
            .expect(3)
            .says(&["the vendor's key is post-quantum", "keygen --profile pqc"]);
        assert!(!scene.names().contains(&"report.pgp".to_owned()));
    }
    let lowered = "SEIPDv1 instead of SEIPDv2";
    seal("rfc9580", "rfc4880").expect(0).says(&[lowered]);
    for (to, copy) in [
        ("pqc", "pqc"),
        ("rfc9580", "rfc9580"),
        ("rfc4880", "rfc9580"),
    ] {
        let sealed = seal(to, copy).expect(0);
        assert!(!sealed.stderr.contains(lowered), "{to} {copy}");
    }
}
