//! What the scenes have in common: a vendor's hosts on two machines, a report with a canary in it, and keys that nobody
//! should be sealing to.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{LazyLock, Mutex},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use sequoia_openpgp::{
    Cert, Packet, PacketPile, Profile,
    cert::{CertBuilder, CipherSuite},
    parse::Parse as _,
    serialize::SerializeInto as _,
};

use crate::bench::{
    Bench, Ended, TEXT, ended,
    host::Host,
    proxy::Proxy,
    vendors::{self, Vendor},
    web::Web,
};

/// A bench with a second machine, and a report to seal.
pub(crate) struct World {
    /// The machine of example.test, and the DNS.
    pub(crate) bench: Bench,
    /// Another machine, with another address: two names there and here are not one server.
    pub(crate) other: Web,
}

/// Something that is served, with its name.
pub(crate) type Served = (&'static str, fn(&World));

/// Where a key of security@example.test can be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `Encryption:` in security.txt, on the vendor's machine.
    Link,
    /// CSAF provider metadata, on the vendor's machine.
    Csaf,
    /// Web Key Directory, advanced method, on the other machine.
    Wkd,
    /// The key server that verifies addresses, on the other machine.
    Vks,
}

impl World {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        bench.write("report.md", report());
        bench.write(ATTACHMENT, CANARY);
        let other = Web::on("127.0.0.2".parse().unwrap());
        bench.web.host("example.test");
        Self { bench, other }
    }

    /// example.test.
    pub(crate) fn site(&self) -> Host<'_> {
        self.bench.web.host("example.test")
    }

    /// Serves a security.txt that holds, with a date far away and these fields.
    pub(crate) fn security_txt(&self, fields: &[&str]) -> Host<'_> {
        self.site().serve(WELL_KNOWN, TEXT, security_txt(fields))
    }

    /// Publishes a key, in whatever form; with nothing the place answers that it has none.
    pub(crate) fn publish(&self, place: Place, key: Option<&str>) {
        let (host, path) = match place {
            Place::Link => {
                if key.is_some() {
                    self.security_txt(&[CONTACT, LINK]);
                }
                (self.site(), "/key.asc")
            }
            Place::Csaf => {
                if key.is_some() {
                    let place = "/.well-known/csaf/provider-metadata.json";
                    self.site().serve(place, JSON, csaf(CSAF_KEY));
                }
                (self.site(), "/csaf.asc")
            }
            Place::Wkd => (self.other.host("openpgpkey.example.test"), WKD_ADVANCED),
            Place::Vks => (self.other.host("keys.openpgp.org"), VKS_ADDRESS),
        };
        match key {
            Some(key) => host.serve(path, KEYS, key),
            None => host.status(path, 404),
        };
    }

    /// The program with these arguments, led to both machines and without a terminal, about to run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command();
        command
            .args(args)
            .args(self.other.connections())
            .args(self.bench.connections());
        without_terminal(&command)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(self.command(args))
    }

    /// `find --json TARGET`, which ends with this code.
    #[track_caller]
    pub(crate) fn find(&self, code: i32, args: &[&str]) -> serde_json::Value {
        let all = [&["find", "--json"], args].concat();
        self.run(&all).expect(code).json()
    }

    /// Seals the report to example.test, as `out.pgp`.
    pub(crate) fn seal(&self, more: &[&str]) -> Ended {
        self.run(&[SEAL, more].concat())
    }

    /// Pins a key for example.test, asking nobody.
    pub(crate) fn pin(&self, certificate: &str) {
        let file = self.bench.write("pin.asc", certificate);
        let file = file.to_str().unwrap();
        self.run(&["trust", "example.test", "-q", "--key", file])
            .expect(0);
        fs::remove_file(file).unwrap();
    }

    /// Whom `out.pgp` can be read by; `None` if it is not there.
    pub(crate) fn sealed_to(&self, vendors: &[&'static Vendor]) -> Option<&'static str> {
        let sealed = fs::read(self.bench.path("out.pgp")).ok()?;
        let pile = PacketPile::from_bytes(&sealed).unwrap();
        let recipients = pile.children().filter_map(|packet| match packet {
            Packet::PKESK(pkesk) => pkesk.recipient(),
            _ => None,
        });
        let recipients: Vec<_> = recipients.collect();
        assert_eq!(recipients.len(), 1, "{recipients:?}");
        let owner = vendors.iter().find(|vendor| {
            let cert = Cert::from_bytes(&vendor.binary).unwrap();
            let mut keys = cert.keys();
            keys.any(|key| key.key().key_handle().aliases(&recipients[0]))
        });
        Some(&owner.expect("sealed to nobody that is known").fingerprint)
    }

    /// Every file in the folder where the program ran, the home folder's included.
    pub(crate) fn files(&self) -> BTreeSet<PathBuf> {
        files_below(&self.bench.path("."))
    }

    /// Every request to both machines, word for word.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        let requests = [self.bench.web.requests(), self.other.requests()].concat();
        requests.iter().map(|it| format!("{it:?}")).collect()
    }

    /// Every file in the home folder.
    pub(crate) fn home(&self) -> BTreeSet<PathBuf> {
        files_below(&self.bench.path("home"))
    }

    /// Asserts that nothing of the report came anywhere: no server, no query, no file but its own.
    #[track_caller]
    pub(crate) fn nothing_leaked(&self, proxy: Option<&Proxy>) {
        assert!(!self.bench.web.saw(CANARY) && !self.other.saw(CANARY));
        assert!(proxy.is_none_or(|proxy| !proxy.saw(CANARY)));
        let asked = self.bench.dns.asked();
        assert!(!asked.iter().any(|(name, _)| name.contains(CANARY)));
        let given = ["report.md", ATTACHMENT].map(|name| self.bench.path(".").join(name));
        for file in self.files() {
            if given.contains(&file) {
                continue;
            }
            let name = file.to_string_lossy();
            assert!(!name.contains(CANARY), "{name}");
            if file.is_file() {
                let bytes = fs::read(&file).unwrap();
                assert!(!contains(&bytes, CANARY), "{name}");
            }
        }
    }
}

/// The command without a terminal to ask on, whoever runs the tests.
pub(crate) fn without_terminal(direct: &Command) -> Command {
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(direct.get_program());
    with_surroundings(&mut command, direct);
    command.stdin(std::process::Stdio::null());
    command
}

/// Gives a command the arguments, the folder and the environment of another.
pub(crate) fn with_surroundings(command: &mut Command, direct: &Command) {
    command
        .args(direct.get_args())
        .current_dir(direct.get_current_dir().unwrap());
    for (name, value) in direct.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Ends a process in order, as Ctrl-C does, which whoever runs the tests may have told them to ignore.
pub(crate) fn end(process: Pid) {
    kill_process(process, Signal::TERM).unwrap();
}

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            let mut below = files_below(&path);
            below.insert(path);
            below
        })
        .collect()
}

/// Runs all cases, some at a time: those that wait for a time-out do not wait one after the other.
pub(crate) fn side_by_side<T: Sync>(cases: &[T], at_once: usize, run: impl Fn(&T) + Sync) {
    let next = Mutex::new(cases.iter());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let case = next.lock().unwrap().next();
                    let Some(case) = case else { break };
                    run(case);
                }
            });
        }
    });
}

pub(crate) fn contains(haystack: &[u8], needle: &str) -> bool {
    let mut windows = haystack.windows(needle.len());
    windows.any(|window| window == needle.as_bytes())
}

/// A security.txt with a date far away and these fields.
pub(crate) fn security_txt(fields: &[&str]) -> String {
    let lines = [fields, &["Expires: 2100-01-01T00:00:00Z"]].concat();
    lines.join("\n") + "\n"
}

/// CSAF provider metadata with a key behind this link.
pub(crate) fn csaf(url: &str) -> String {
    format!(r#"{{"public_openpgp_keys": [{{"url": "{url}"}}]}}"#)
}

/// A report that says where it came from, wherever it turns up.
pub(crate) fn report() -> String {
    let sections = ["Summary", "Steps to reproduce", "Impact", "Mitigation"];
    let sections = sections.map(|title| format!("\n## {title}\n\n{CANARY} {title}.\n"));
    format!(
        "---\ntitle: {CANARY}\nassets: [\"https://example.test/{CANARY}\"]\n---\n{}",
        sections.concat()
    )
}

/// A certificate of security@example.test that can sign and nothing else.
pub(crate) fn signing_only() -> &'static str {
    static CERTIFICATE: LazyLock<String> = LazyLock::new(fresh_signing_only);
    &CERTIFICATE
}

/// Another such certificate each time.
pub(crate) fn fresh_signing_only() -> String {
    made(&["Example <security@example.test>"], |it| {
        it.add_signing_subkey()
    })
}

/// A usable certificate with these User IDs, which may be hostile, armoured.
pub(crate) fn with_user_ids(user_ids: &[&str]) -> String {
    made(user_ids, CertBuilder::add_transport_encryption_subkey)
}

fn made(user_ids: &[&str], subkey: fn(CertBuilder<'static>) -> CertBuilder<'static>) -> String {
    let builder = CertBuilder::new()
        .set_profile(Profile::RFC4880)
        .unwrap()
        .set_cipher_suite(CipherSuite::Cv25519);
    let builder = user_ids.iter().fold(builder, |it, id| it.add_userid(*id));
    let (cert, _) = subkey(builder).generate().unwrap();
    String::from_utf8(cert.armored().to_vec().unwrap()).unwrap()
}

pub(crate) fn vendor() -> &'static Vendor {
    vendors::vendor()
}

pub(crate) fn impostor() -> &'static Vendor {
    vendors::other()
}

pub(crate) const CANARY: &str = "canary-of-the-report";
/// A file with the canary in its content and in its name.
pub(crate) const ATTACHMENT: &str = "canary-of-the-report.bin";
pub(crate) const SEAL: &[&str] = &["seal", "report.md", "--to", "example.test", "-o", "out.pgp"];
pub(crate) const YES: &str = "--yes-trust-first-use";
pub(crate) const WELL_KNOWN: &str = "/.well-known/security.txt";
pub(crate) const OLD_PLACE: &str = "/security.txt";
pub(crate) const CONTACT: &str = "Contact: mailto:security@example.test";
pub(crate) const LINK: &str = "Encryption: https://example.test/key.asc";
pub(crate) const KEYS: &str = "application/pgp-keys";
pub(crate) const JSON: &str = "application/json";
const CSAF_KEY: &str = "https://example.test/csaf.asc";

pub(crate) const WKD_ADVANCED: &str =
    "/.well-known/openpgpkey/example.test/hu/t5s8ztdbon8yzntexy6oz5y48etqsnbb";
pub(crate) const WKD_DIRECT: &str = "/.well-known/openpgpkey/hu/t5s8ztdbon8yzntexy6oz5y48etqsnbb";
pub(crate) const VKS_ADDRESS: &str = "/vks/v1/by-email/security%40example.test";
