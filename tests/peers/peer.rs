//! Another program at a desk of its own: how sq, rsop and OpenPGP.js are told to make keys, encrypt
//! and decrypt.

use std::{fs::File, path::Path};

use super::desk::{Desk, Files, Ran};

/// A container that a message is to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Version {
    One,
    Two,
}

/// What opens a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Means<'a> {
    /// The key in NAME.sec, with the certificate in NAME.asc.
    Key(&'a str),
    Passphrase,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Sq,
    Rsop,
    OpenPgpJs,
}

/// Another program, at a desk of its own.
pub(crate) struct Peer {
    pub(crate) desk: Desk,
    pub(crate) kind: Kind,
    program: String,
}

impl Peer {
    /// `None`, with a printed line, where the peer is not here; in CI it must be.
    pub(crate) fn find(kind: Kind) -> Option<Self> {
        let variable = match kind {
            Kind::Sq => "SEALPOST_SQ",
            Kind::Rsop => "SEALPOST_RSOP",
            Kind::OpenPgpJs => "SEALPOST_OPENPGPJS",
        };
        let program = std::env::var(variable).unwrap_or_default();
        if program.is_empty() {
            let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!in_ci, "{variable} is not set");
            println!("skipped: {variable} is not set");
            return None;
        }
        let desk = Desk::new();
        // sq takes the whole file, its last newline included.
        desk.write("password", b"correct horse");
        Some(Self {
            desk,
            kind,
            program,
        })
    }

    /// A key of ours: PROFILE.sec and PROFILE.asc.
    pub(crate) fn vendor_key(&self, profile: &str) {
        self.keygen(profile, profile, "--no-passphrase");
    }

    /// A key of ours under the passphrase.
    pub(crate) fn locked_key(&self, profile: &str) -> String {
        let name = format!("{profile}{LOCKED}");
        self.keygen(&name, profile, "--passphrase-file passphrase");
        name
    }

    fn keygen(&self, name: &str, profile: &str, protection: &str) {
        let who = "--name Vendor --email v@example.org";
        self.desk
            .sealpost(&format!(
                "keygen {who} --profile {profile} {protection} -o {name}"
            ))
            .ok();
        let copy = |from: &str, ending: &str| {
            let content = self.desk.read(&format!("{name}/{from}"));
            self.desk.write(&format!("{name}.{ending}"), &content);
        };
        copy("secret.pgp", "sec");
        copy("certificate.asc", "asc");
    }

    /// A key of the peer's: NAME.sec and NAME.asc.
    pub(crate) fn own_key(&self, name: &str, version: Version) {
        match self.kind {
            Kind::Sq => {
                let profile = version.profile();
                self.run(&format!(
                    "--batch key generate --own-key --name Vendor --email v@example.org \
                     --without-password --profile {profile} --output {name}.sec --rev-cert {name}.rev"
                ))
                .ok();
                let line = format!("--batch key delete --cert-file {name}.sec --output {name}.asc");
                self.run(&line).ok();
            }
            Kind::OpenPgpJs => {
                let option = version.option();
                self.run(&format!("generate {option} {name}.sec {name}.asc"))
                    .ok();
            }
            Kind::Rsop => unreachable!("its keys are made by profile"),
        }
    }

    pub(crate) fn rsop_key(&self, name: &str, profile: &str) {
        let user_id = "Vendor <v@example.org>";
        let generate = ["generate-key", "--profile", profile, user_id];
        let (secret, public) = (format!("{name}.sec"), format!("{name}.asc"));
        self.between(generate, None, &secret).ok();
        self.between(["extract-cert"], Some(&secret), &public).ok();
    }

    /// The container that the certificate NAME.asc asks for.
    pub(crate) fn container(&self, name: &str) -> Version {
        let line = format!("--key {name}.asc --force -o asked.pgp");
        if self.desk.seal(&line).ok().stderr.contains("SEIPDv2") {
            Version::Two
        } else {
            Version::One
        }
    }

    pub(crate) fn seal(&self, means: Means<'_>, version: Version) {
        let (profile, container) = (version.profile(), version.container());
        let to = match means {
            Means::Key(name) => format!("--key {name}.asc"),
            Means::Passphrase => "--passphrase --passphrase-file passphrase".to_owned(),
        };
        self.desk
            .seal(&format!("{to} --profile {profile} --force -o sealed.pgp"))
            .says(container);
    }

    /// The peer decrypts what was sealed, and verifies it with the enclosed key of the case.
    pub(crate) fn reads(&self, means: Means<'_>, versions: &[Version]) {
        for &version in versions {
            self.seal(means, version);
            self.decrypt(means, "sealed.pgp", "sealed.tar", None).ok();
            self.desk.untar("sealed.tar", "content");
            self.desk.assert_is_bundle("content");
            let signer = Some("content/reporter.asc");
            self.decrypt(means, "sealed.pgp", "verified.tar", signer)
                .ok();
            assert!(self.desk.read("verified.tar") == self.desk.read("sealed.tar"));
            if self.kind == Kind::Rsop {
                let verifications = self.desk.read("verifications");
                assert!(!verifications.is_empty(), "{means:?}, {version:?}");
            }
            self.refuses_another_signer(means);
            std::fs::remove_dir_all(self.desk.path("content")).unwrap();
        }
    }

    /// Which shows that the verification above could fail.
    fn refuses_another_signer(&self, means: Means<'_>) {
        if !self.desk.path("stranger").exists() {
            self.desk
                .sealpost("keygen --name S --email s@example.org --no-passphrase -o stranger")
                .ok();
        }
        let stranger = Some("stranger/certificate.asc");
        let ran = self.decrypt(means, "sealed.pgp", "stranger.tar", stranger);
        if self.kind == Kind::Rsop {
            // It decrypts all the same, and says that nothing was verified.
            ran.ok();
            assert_eq!(self.desk.read("verifications"), b"");
        } else {
            ran.fails_somehow();
        }
    }

    /// What the peer encrypts is opened: a large file, and an empty one.
    pub(crate) fn is_read(&self, means: Means<'_>, version: Version) {
        for file in ["noise.bin", "empty"] {
            self.encrypt(means, version, file, "theirs.pgp").ok();
            let with = match means {
                Means::Key(name) => format!("--key {name}.sec"),
                Means::Passphrase => "--passphrase-file passphrase".to_owned(),
            };
            let line = format!("open theirs.pgp {with} -o opened");
            self.desk.sealpost(&line).says("not signed");
            let files: Files = self.desk.files("opened");
            let contents: Vec<_> = files.into_values().collect();
            assert!(
                contents == [self.desk.read(file)],
                "{means:?}, {version:?}: {file}"
            );
            std::fs::remove_dir_all(self.desk.path("opened")).unwrap();
        }
    }

    #[must_use]
    pub(crate) fn decrypt(
        &self,
        means: Means<'_>,
        sealed: &str,
        into: &str,
        signer: Option<&str>,
    ) -> Ran {
        match self.kind {
            Kind::Sq => {
                let with = match means {
                    Means::Key(name) => {
                        format!("--password-file password --recipient-file {name}.sec")
                    }
                    Means::Passphrase => "--password-file password".to_owned(),
                };
                let signer = signer.map_or_else(
                    || "--signatures 0".to_owned(),
                    |file| format!("--signatures 1 --signer-file {file}"),
                );
                self.run(&format!(
                    "--batch --overwrite decrypt {with} {signer} --output {into} {sealed}"
                ))
            }
            Kind::Rsop => {
                let with = match means {
                    Means::Key(name) => format!("--with-key-password passphrase {name}.sec"),
                    Means::Passphrase => "--with-password passphrase".to_owned(),
                };
                let _none = std::fs::remove_file(self.desk.path("verifications"));
                let signer = signer.map_or_else(String::new, |file| {
                    format!("--verify-with {file} --verifications-out verifications")
                });
                let line = format!("decrypt {signer} {with}");
                self.between(line.split_whitespace(), Some(sealed), into)
            }
            Kind::OpenPgpJs => {
                let with = match means {
                    Means::Key(name) if name.ends_with(LOCKED) => {
                        format!("--key {name}.sec --passphrase-file passphrase")
                    }
                    Means::Key(name) => format!("--key {name}.sec"),
                    Means::Passphrase => "--password-file passphrase".to_owned(),
                };
                let signer = signer.map_or_else(String::new, |file| format!("--signer {file}"));
                self.run(&format!("decrypt {with} {signer} {sealed} {into}"))
            }
        }
    }

    #[must_use]
    fn encrypt(&self, means: Means<'_>, version: Version, file: &str, into: &str) -> Ran {
        let profile = version.profile();
        match self.kind {
            Kind::Sq => {
                let to = match means {
                    Means::Key(name) => format!("--for-file {name}.asc"),
                    Means::Passphrase => "--with-password-file password".to_owned(),
                };
                self.run(&format!(
                    "--batch --overwrite encrypt {to} --without-signature --profile {profile} \
                     --output {into} {file}"
                ))
            }
            Kind::Rsop => {
                let to = match means {
                    Means::Key(name) => format!("{name}.asc"),
                    Means::Passphrase => "--with-password passphrase".to_owned(),
                };
                let line = format!("encrypt --profile {profile} {to}");
                self.between(line.split_whitespace(), Some(file), into)
            }
            Kind::OpenPgpJs => {
                let to = match means {
                    Means::Key(name) => format!("--cert {name}.asc"),
                    Means::Passphrase => "--password-file passphrase".to_owned(),
                };
                let option = version.option();
                self.run(&format!("encrypt {to} {option} {file} {into}"))
            }
        }
    }

    #[must_use]
    pub(crate) fn run(&self, line: &str) -> Ran {
        let words = line.split_whitespace();
        if self.kind != Kind::OpenPgpJs {
            return self.desk.run(&self.program, words);
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/openpgpjs.mjs");
        let script = script.to_str().unwrap();
        let first = [script, "--modules", self.program.as_str()];
        self.desk.run("node", first.into_iter().chain(words))
    }

    /// Runs the peer from a file to a file.
    #[must_use]
    fn between<'a>(
        &self,
        words: impl IntoIterator<Item = &'a str>,
        from: Option<&str>,
        to: &str,
    ) -> Ran {
        let mut command = self.desk.command(&self.program, words);
        if let Some(from) = from {
            command.stdin(File::open(self.desk.path(from)).unwrap());
        }
        command.stdout(File::create(self.desk.path(to)).unwrap());
        Ran::of(command)
    }
}

impl Version {
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Self::One => "rfc4880",
            Self::Two => "rfc9580",
        }
    }

    fn container(self) -> &'static str {
        match self {
            Self::One => "SEIPDv1",
            Self::Two => "SEIPDv2",
        }
    }

    fn option(self) -> &'static str {
        match self {
            Self::One => "",
            Self::Two => "--v2",
        }
    }
}

/// How the names of keys under the passphrase end.
const LOCKED: &str = "-locked";

pub(crate) const BOTH: [Version; 2] = [Version::One, Version::Two];
