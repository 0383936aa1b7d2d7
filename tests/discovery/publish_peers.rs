//! What `publish` writes, read by others: GnuPG and sq.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sequoia_openpgp::Cert;

use crate::{
    bench::{Bench, ca::Leaf, ended, proxy::Proxy, vendors},
    site::{DOMAIN, Site, publish, serving},
};

const ADDRESS: &str = "security@example.test";

#[test]
fn gnupg_verifies_security_txt() {
    let bench = Bench::new();
    publish(&bench, vendors::vendor(), &[]).expect(0);
    let Some(home) = gnupg_home(&bench, "gnupg") else {
        return;
    };
    ok(&gpg(&home)
        .arg("--import")
        .arg(bench.path("site/key.asc"))
        .output()
        .unwrap());
    let file = bench.path("site/.well-known/security.txt");
    let said = ok(&gpg(&home)
        .args(["--status-fd", "1", "--verify"])
        .arg(file)
        .output()
        .unwrap());
    assert!(
        said.contains("GOODSIG") && said.contains(&vendors::vendor().fingerprint),
        "{said}"
    );
}

/// The key that gpg-agent holds signs; another one does where its fingerprint was typed.
#[test]
fn gpg_agent_signs() {
    let (vendor, other) = (vendors::vendor(), vendors::other());
    let bench = Bench::new();
    let Some(home) = gnupg_home(&bench, "gnupg") else {
        return;
    };
    for (name, key) in [("one", vendor), ("other", other)] {
        let file = bench.write(name, &key.signing);
        ok(&gpg(&home).arg("--import").arg(file).output().unwrap());
        let folder = format!("by-{name}");
        let certificate = bench.write("vendor.asc", &vendor.certificate);
        let mut command = bench.command();
        command
            .args(["publish", "--domain", DOMAIN, "--json", "-o", &folder])
            .args(["--sign-with", &key.fingerprint, "--key"])
            .arg(certificate)
            .env("GNUPGHOME", &home);
        let done = ended(command).expect(0);
        assert_eq!(
            done.stderr.contains("warning: "),
            name == "other",
            "{}",
            done.stderr
        );
        assert_eq!(done.json()["signed_by"], key.fingerprint);
        let signed = bench.path(&folder).join(".well-known/security.txt");
        ok(&gpg(&home).arg("--verify").arg(signed).output().unwrap());
    }
    let mut end = Command::new("gpgconf");
    ok(&end
        .args(["--kill", "all"])
        .env("GNUPGHOME", &home)
        .output()
        .unwrap());
}

/// sq asks for both layouts over https, through a proxy that leads every name to the bench: for the
/// direct one where the host of the advanced one cannot be reached.
#[test]
#[ignore = "needs sq, named in SEALPOST_SQ"]
fn sq_looks_the_key_up_by_its_address() {
    let sq = std::env::var("SEALPOST_SQ").expect("SEALPOST_SQ is not set");
    let advanced = "openpgpkey.example.test";
    for (host, leaf) in [(advanced, Leaf::Sound), (DOMAIN, Leaf::WrongHost)] {
        let bench = Bench::new();
        Site::sound().serve(&bench.web, host);
        bench.web.host(advanced).certificate(leaf);
        let proxy = Proxy::http(bench.web.address());
        let output = Command::new(&sq)
            .args(["--batch", "network", "wkd", "search", ADDRESS])
            .args(["--output", "-"])
            .env("HOME", bench.path("."))
            .env("SEQUOIA_HOME", bench.path("sequoia"))
            .env("https_proxy", proxy.url())
            .env("SSL_CERT_FILE", bench.path("ca.pem"))
            .output()
            .unwrap();
        let cert: Cert = ok(&output).parse().unwrap();
        assert_eq!(cert.fingerprint().to_hex(), vendors::vendor().fingerprint);
        let directory = format!("{host}/.well-known/openpgpkey/");
        let mut asked = bench.web.asked().into_iter();
        assert!(asked.any(|asked| asked.starts_with(&directory)), "{host}");
    }
}

/// GnuPG asks in the same way. Its dirmngr believes the system's authorities alone, so it runs in a
/// namespace where the bench's stands in their place.
#[test]
#[ignore = "needs dirmngr, and unshare with user namespaces"]
fn gpg_locates_the_key() {
    let bench = serving(&Site::sound());
    let proxy = Proxy::http(bench.web.address());
    let home = gnupg_home(&bench, "gnupg").unwrap();
    let settings = format!("http-proxy {}\nstandard-resolver\n", proxy.url());
    fs::write(home.join("dirmngr.conf"), settings).unwrap();
    let script = "mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt && \
        gpg --batch --no-tty --auto-key-locate clear,nodefault,wkd --locate-external-keys --with-colons \"$1\"; \
        code=$?; gpgconf --kill all; exit $code";
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            ADDRESS,
        ])
        .current_dir(bench.path("."))
        .env("GNUPGHOME", &home)
        .output()
        .unwrap();
    let found = ok(&output);
    let fingerprint = format!("fpr:::::::::{}:", vendors::vendor().fingerprint);
    assert!(found.contains(&fingerprint), "{found}");
    assert_eq!(proxy.hosts(), [format!("{DOMAIN}:443")]);
}

/// A home; `None`, with a printed line, where gpg is not installed.
fn gnupg_home(bench: &Bench, name: &str) -> Option<PathBuf> {
    let home = bench.path(name);
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    if gpg(&home).arg("--check-trustdb").output().is_err() {
        println!("skipped: gpg is not installed");
        return None;
    }
    Some(home)
}

fn gpg(home: &Path) -> Command {
    let mut command = Command::new("gpg");
    command.args(["--batch", "--no-tty", "--homedir"]).arg(home);
    command
}

/// What it said on stdout.
#[track_caller]
fn ok(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
