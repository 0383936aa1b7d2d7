//! `open`: bad input of every kind, several files at once, stdout.

use std::{fs, process::Command};

use crate::scene::{Ended, REPORT, Scene, key};

#[test]
fn says_what_was_in_it_as_json() {
    let scene = Scene::new();
    scene.write("a.bin", [0, 159, 146, 150]);
    let sealed = scene.sealed(&["-a", "a.bin"]);
    let json = scene
        .open(&sealed, &["--json", "--checksums", "-o", "out"])
        .expect(0)
        .json();
    let report = &json["reports"][0];
    assert_eq!(report["content"], "bundle");
    assert_eq!(report["signature"]["verdict"], "verified");
    assert_eq!(report["signature"]["origin"], "enclosed");
    assert_eq!(
        report["files"].as_array().unwrap().last().unwrap()["path"],
        "attachments/a.bin"
    );
    let hash = report["files"].as_array().unwrap().last().unwrap()["sha256"]
        .as_str()
        .unwrap();
    assert_eq!(
        hash,
        "b02a591131217cb579165aeccf0d94569acffb9934c84d6c813d77e3abedd233"
    );
}

#[test]
fn bad_input_is_named_and_leaves_nothing() {
    let scene = Scene::new();
    let sealed = scene.sealed(&[]);
    let bytes = fs::read(&sealed).unwrap();
    scene.write("cut.pgp", &bytes[..bytes.len() - 1]);
    scene.write("half.pgp", &bytes[..bytes.len() / 2]);
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    scene.write("flipped.pgp", flipped);
    scene.write("empty.pgp", "");
    scene.write("text.pgp", "Hello, this is not OpenPGP.\n");
    scene.write("page.pgp", "<html><body>Not found</body></html>");
    fs::copy(key("vendor", "certificate.asc"), scene.path("key.pgp")).unwrap();
    fs::create_dir(scene.path("folder")).unwrap();
    let before = scene.names();
    for (file, code, words) in [
        ("cut.pgp", 5, &["cut.pgp", "changed or cut short"][..]),
        ("half.pgp", 5, &["half.pgp", "changed or cut short"]),
        ("flipped.pgp", 5, &["flipped.pgp", "changed or cut short"]),
        ("empty.pgp", 5, &["not an OpenPGP message"]),
        ("text.pgp", 5, &["not an OpenPGP message"]),
        ("page.pgp", 5, &["not an OpenPGP message", "web page"]),
        ("key.pgp", 5, &["it is a key"]),
        ("absent.pgp", 1, &["absent.pgp", "No such file"]),
        ("folder", 1, &["folder"]),
    ] {
        scene
            .open(&scene.path(file), &["-o", "out"])
            .expect(code)
            .says(words);
        assert_eq!(scene.names(), before, "{file}");
        let ended = scene.open(&scene.path(file), &["-o", "-"]).expect(code);
        assert_eq!(ended.stdout, b"", "{file}");
    }
}

#[test]
fn a_message_for_somebody_else_says_for_whom() {
    let scene = Scene::new();
    let sealed = scene.sealed(&[]);
    let mut command = scene.command();
    command
        .arg("open")
        .arg(&sealed)
        .arg("--key")
        .arg(key("other", "secret.pgp"));
    let ended = Ended::from(command.output().unwrap()).expect(1);
    let json = scene
        .open(&sealed, &["--json", "-o", "out"])
        .expect(0)
        .json();
    let name = json["reports"][0]["recipients"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(name.len(), 16);
    ended.says(&["encrypted to", &name]);
}

#[test]
fn one_bad_file_does_not_keep_the_others_closed() {
    let scene = Scene::new();
    let sealed = scene.sealed(&[]);
    fs::create_dir(scene.path("in")).unwrap();
    fs::copy(&sealed, scene.path("in/a.pgp")).unwrap();
    scene.write("in/b.pgp", "not OpenPGP");
    fs::copy(&sealed, scene.path("in/c.pgp")).unwrap();
    let mut command = scene.command();
    command.args([
        "open", "in/a.pgp", "in/b.pgp", "in/c.pgp", "-o", "out", "--json", "--key",
    ]);
    let ended = Ended::from(command.arg(key("vendor", "secret.pgp")).output().unwrap()).expect(5);
    let reports = ended.json()["reports"].clone();
    assert_eq!(reports[1]["exit"], 5);
    for name in ["a", "c"] {
        let report = scene.path(&format!("out/{name}/report.md"));
        assert_eq!(fs::read_to_string(report).unwrap(), REPORT);
    }
    assert!(!scene.path("out/b").exists());
}

#[test]
fn standard_input_is_one_report() {
    let scene = Scene::new();
    let ended = scene.open("-".as_ref(), &["-", "-o", "out"]);
    ended.expect(2).says(&["standard input is named twice"]);
    assert!(!scene.path("out").exists());
}

/// Several threads open them, and what is said comes in the order of the names.
#[test]
fn a_folder_of_reports_is_opened_in_its_order() {
    let scene = Scene::new();
    let sealed = scene.sealed(&[]);
    fs::create_dir(scene.path("in")).unwrap();
    for number in 0..40 {
        let name = format!("in/{number:02}.pgp");
        match number % 10 {
            3 => drop(scene.write(&name, "not OpenPGP")),
            _ => drop(fs::copy(&sealed, scene.path(&name)).unwrap()),
        }
    }
    scene.write("in/notes.txt", "not a report by its name");
    let open = |more: &[&str]| {
        let mut command = scene.command();
        command.args(["open", "in", "--key"]);
        command.arg(key("vendor", "secret.pgp")).args(more);
        Ended::from(command.output().unwrap()).expect(5)
    };
    let json = open(&["-o", "out", "--json"]).json();
    let reports = json["reports"].as_array().unwrap();
    let names: Vec<_> = reports
        .iter()
        .map(|one| one["sealed"].as_str().unwrap())
        .collect();
    let wanted: Vec<_> = (0..40)
        .map(|number| format!("in/{number:02}.pgp"))
        .collect();
    assert_eq!(names, wanted);
    for (number, report) in reports.iter().enumerate() {
        let opened = scene.path(&format!("out/{number:02}/report.md"));
        assert_eq!(opened.exists(), report["exit"].is_null(), "{report}");
        assert_eq!(report["exit"].is_null(), number % 10 != 3, "{report}");
    }
    let ended = open(&["-o", "again"]);
    let said = String::from_utf8(ended.stdout).unwrap();
    let places: Vec<_> = (0..40)
        .filter_map(|number| said.find(&format!("in/{number:02}.pgp into")))
        .collect();
    assert!(places.len() == 36 && places.is_sorted(), "{said}");
    let empty = scene.path("empty");
    fs::create_dir(&empty).unwrap();
    scene
        .open(&empty, &[])
        .expect(1)
        .says(&["no sealed report"]);
}

#[test]
fn to_stdout_comes_what_tar_reads() {
    let scene = Scene::new();
    let sealed = scene
        .sealed(&["--armor", "-o", "report.asc"])
        .with_extension("asc");
    let tar = scene.open(&sealed, &["-o", "-", "-q"]).expect(0).stdout;
    let tar_file = scene.write("out.tar", tar);
    let Ok(listing) = Command::new("tar").arg("tf").arg(tar_file).output() else {
        println!("skipped: no tar here");
        return;
    };
    assert!(
        String::from_utf8(listing.stdout)
            .unwrap()
            .contains("report.md")
    );
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let scene = Scene::new();
    let sealed = scene.sealed(&[]);
    fs::create_dir(scene.path("out")).unwrap();
    scene.write("out/mine.txt", "mine");
    scene
        .open(&sealed, &["-o", "out"])
        .expect(1)
        .says(&["out", "not empty"]);
    assert_eq!(fs::read(scene.path("out/mine.txt")).unwrap(), b"mine");
    fs::remove_file(scene.path("out/mine.txt")).unwrap();
    scene.open(&sealed, &["-o", "out"]).expect(0);
}

/// Needs root, to mount a small file system; skipped elsewhere.
#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let scene = Scene::new();
    scene.write("large.bin", vec![7; 3 << 20]);
    let sealed = scene.sealed(&["-a", "large.bin"]);
    let disk = scene.path("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "none"])
        .arg(&disk)
        .output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("skipped: cannot mount a small file system");
        return;
    }
    let opened = scene.open(&sealed, &["-o", "disk/out"]);
    let mut command = scene.command();
    command.args([
        "seal",
        "report.md",
        "-a",
        "large.bin",
        "-o",
        "disk/x.pgp",
        "--key",
    ]);
    let sealing = Ended::from(
        command
            .arg(key("vendor", "certificate.asc"))
            .output()
            .unwrap(),
    );
    let left = fs::read_dir(&disk).unwrap().count();
    assert!(
        Command::new("umount")
            .arg(&disk)
            .status()
            .unwrap()
            .success()
    );
    opened.expect(1).says(&["No space left on device"]);
    sealing.expect(1).says(&["disk/x.pgp", "o space"]);
    assert_eq!(left, 0);
}
