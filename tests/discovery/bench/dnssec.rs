//! A signed part of the DNS, served by nsd: a root of our own and zones below it, sound and broken.
//! The key of one mail address stands in each of them (RFC 7929 §3).
//!
//! Needs the Debian packages nsd and ldnsutils, so its tests are `#[ignore = "needs nsd and ldnsutils"]`.

use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use data_encoding::{BASE64, HEXLOWER};
use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};

use super::dns;

/// The zones. Each has an address at its top, and the key.
const ZONES: [(&str, Kind); 5] = [
    ("signed.test", Kind::Signed),
    ("unsigned.test", Kind::Unsigned),
    ("island.test", Kind::Island),
    ("bogus.test", Kind::Bogus),
    ("stale.test", Kind::Stale),
];

/// A local part at unsigned.test whose name leads to the signed key at signed.test. Since anyone can
/// forge an unsigned alias, that key must not be believed either.
pub(crate) const ALIAS: &str = "alias";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A chain of trust from the root to the key.
    Signed,
    /// No signatures, and the root says so.
    Unsigned,
    /// Signed, but the root does not vouch for its key, so it counts as unsigned.
    Island,
    /// The signatures are over another key than the one that is served.
    Bogus,
    /// The signatures ended years ago.
    Stale,
}

/// A running server, which ends when this is dropped.
pub(crate) struct Dnssec {
    folder: tempfile::TempDir,
    address: SocketAddr,
    server: Child,
}

impl Dnssec {
    /// Signs the zones and serves them; `key` stands for `local_part` at each of them.
    pub(crate) fn start(local_part: &str, key: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = format!("{}._openpgpkey", hash(local_part));
        let mut root = top(".");
        for (name, kind) in ZONES {
            writeln!(root, "{name}. NS ns.test.").unwrap();
            if let Some(ds) = write_zone(folder.path(), name, kind, &owner, key) {
                root += &ds;
            }
        }
        let root_key = make_key(folder.path(), ".");
        write_signed(folder.path(), ".", &root, &root_key, &[]);
        write_anchor(folder.path(), &root_key);
        let (server, address) = start(folder.path());
        Self {
            folder,
            address,
            server,
        }
    }

    /// For `--dns-server`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// For `--trust-anchor`: the root's DNSKEY record.
    pub(crate) fn trust_anchor(&self) -> PathBuf {
        self.folder.path().join("anchor.key")
    }
}

impl Drop for Dnssec {
    fn drop(&mut self) {
        // Not SIGKILL: the server has children, and ends them when it is asked to end.
        let _ = kill_process(Pid::from_child(&self.server), Signal::TERM);
        let _ = self.server.wait();
    }
}

/// The label for a local part: RFC 7929 §3, item 1.
pub(crate) fn hash(local_part: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(local_part)[..28])
}

/// Writes a zone; its DS record for the root, if it has one there.
fn write_zone(folder: &Path, name: &str, kind: Kind, owner: &str, key: &[u8]) -> Option<String> {
    let zone = |key: &[u8]| {
        let address = format!("{name}. A 127.0.0.1\n");
        let key = BASE64.encode(key);
        top(&format!("{name}.")) + &address + &format!("{owner}.{name}. OPENPGPKEY {key}\n")
    };
    if kind == Kind::Unsigned {
        let alias = format!(
            "{}._openpgpkey.{name}. CNAME {owner}.signed.test.\n",
            hash(ALIAS)
        );
        fs::write(folder.join(name), zone(key) + &alias).unwrap();
        return None;
    }
    let own_key = make_key(folder, name);
    match kind {
        Kind::Bogus => {
            let other = b"another key".as_slice();
            write_signed(folder, name, &zone(other), &own_key, &[]);
            let signed = fs::read_to_string(folder.join(name)).unwrap();
            let broken = signed.replace(&BASE64.encode(other), &BASE64.encode(key));
            assert_ne!(signed, broken);
            fs::write(folder.join(name), broken).unwrap();
        }
        Kind::Stale => {
            let month = ["-i", "20200101000000", "-e", "20200201000000"];
            write_signed(folder, name, &zone(key), &own_key, &month);
        }
        _ => write_signed(folder, name, &zone(key), &own_key, &[]),
    }
    let ds = fs::read_to_string(folder.join(own_key + ".ds")).unwrap();
    (kind != Kind::Island).then_some(ds)
}

/// What every zone begins with.
fn top(origin: &str) -> String {
    format!(
        "$TTL 300\n\
         {origin} SOA ns.test. admin.test. 1 3600 600 86400 60\n\
         {origin} NS ns.test.\n"
    )
}

/// Makes a key pair for a zone: the base name of its files.
fn make_key(folder: &Path, name: &str) -> String {
    let mut command = tool("ldns-keygen", folder);
    command.args(["-a", "ECDSAP256SHA256", "-k", name]);
    let output = command.output().expect("ldnsutils is not installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn write_signed(folder: &Path, name: &str, zone: &str, key: &str, dates: &[&str]) {
    let plain = folder.join("plain");
    fs::write(&plain, zone).unwrap();
    let mut command = tool("ldns-signzone", folder);
    command.args(dates).args(["-o", name, "-f", &file(name)]);
    let output = command.arg(plain).arg(key).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn file(zone: &str) -> String {
    if zone == "." { "root" } else { zone }.to_owned()
}

/// The root's key without the comment that ldns puts behind it.
fn write_anchor(folder: &Path, key: &str) {
    let line = fs::read_to_string(folder.join(format!("{key}.key"))).unwrap();
    let (record, _) = line.split_once(';').unwrap();
    fs::write(folder.join("anchor.key"), format!("{}\n", record.trim())).unwrap();
}

fn start(folder: &Path) -> (Child, SocketAddr) {
    // Another program may take the port between looking and starting.
    for _ in 0..5 {
        let port = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = port.local_addr().unwrap();
        drop(port);
        let settings = folder.join("nsd.conf");
        fs::write(&settings, configuration(folder, address)).unwrap();
        let mut command = tool("nsd", folder);
        command.arg("-d").arg("-c").arg(settings);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = command.spawn().expect("nsd is not installed");
        for _ in 0..100 {
            if dns::answers(address) {
                return (server, address);
            }
            if server.try_wait().unwrap().is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = server.kill();
        let _ = server.wait();
    }
    let log = fs::read_to_string(folder.join("nsd.log"));
    panic!("nsd does not answer: {}", log.unwrap_or_default());
}

fn configuration(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    let mut text = format!(
        "server:\n ip-address: {}\n port: {}\n username: \"\"\n chroot: \"\"\n server-count: 1\n \
         zonesdir: \"{folder}\"\n xfrdir: \"{folder}\"\n pidfile: \"{folder}/nsd.pid\"\n \
         zonelistfile: \"{folder}/zone.list\"\n xfrdfile: \"{folder}/xfrd.state\"\n \
         logfile: \"{folder}/nsd.log\"\n database: \"\"\n rrl-ratelimit: 0\n\
         remote-control:\n control-enable: no\n\
         zone:\n name: \".\"\n zonefile: root\n",
        address.ip(),
        address.port()
    );
    for (name, _) in ZONES {
        writeln!(text, "zone:\n name: \"{name}\"\n zonefile: {name}").unwrap();
    }
    text
}

/// A program of the packages, also where the path of an ordinary user leaves /usr/sbin out.
fn tool(name: &str, folder: &Path) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(name);
    command
        .env("PATH", format!("{path}:/usr/sbin"))
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}
