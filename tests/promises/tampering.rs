//! Promise 5: nothing unauthenticated is released, to a folder or to stdout, wherever a message was
//! changed, cut or added to, and however large it is.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;

use sequoia_openpgp::armor;

use crate::forge::{bytes, encrypted, literal};
use crate::random::Random;
use crate::readers::{Files, files_below};
use crate::scene::{Run, Scene};
use crate::vendor;

/// A sound message in `m.pgp`, and what attacks may make of it.
struct Target {
    scene: Scene,
    key: Vec<&'static str>,
    message: Vec<u8>,
    /// What it opens to, as files and on stdout.
    files: Files,
    stdout: Vec<u8>,
    refused: usize,
}

impl Target {
    fn sealed(seal: &[&str], key: &[&'static str]) -> Self {
        let scene = Scene::new();
        scene.write("new.asc", vendor::public(vendor::new_vendor()));
        scene.write("new.key", vendor::secret(vendor::new_vendor()));
        scene.seal("m.pgp", seal);
        Self::new(scene, key)
    }

    fn new(scene: Scene, key: &[&'static str]) -> Self {
        let mut target = Self {
            message: scene.read("m.pgp"),
            scene,
            key: key.to_vec(),
            files: Files::new(),
            stdout: Vec::new(),
            refused: 0,
        };
        let run = target.open("out");
        assert_eq!(run.code, 0, "{run:?}");
        target.files = files_below(&target.scene.path("out"));
        fs::remove_dir_all(target.scene.path("out")).unwrap();
        target.stdout = target.open("-").stdout;
        assert!(!target.stdout.is_empty());
        target
    }

    fn open(&self, output: &str) -> Run {
        let arguments = ["open", "m.pgp", "-o", output];
        self.scene.run(&[&arguments[..], &self.key].concat())
    }

    /// Opens `m.pgp` as it is now. Unless it still means the same, nothing of it may appear.
    fn attack(&mut self, output: &str, still_the_same: bool, what: &str) {
        let before = self.scene.names();
        let run = self.open(output);
        if run.code == 0 {
            assert!(still_the_same, "opened in spite of {what}");
            if output == "-" {
                assert!(run.stdout == self.stdout, "other content: {what}");
            } else {
                assert_eq!(files_below(&self.scene.path(output)), self.files, "{what}");
                fs::remove_dir_all(self.scene.path(output)).unwrap();
            }
        } else {
            assert!([1, 5].contains(&run.code), "{what}: {run:?}");
            assert!(run.stdout.is_empty(), "{what}: {run:?}");
            self.refused += 1;
        }
        assert_eq!(self.scene.names(), before, "{what}");
    }

    /// Attacks with a whole other message.
    fn replace(&mut self, message: &[u8], what: &str) {
        let same = meaning(message) == meaning(&self.message);
        self.replace_with(message, same, what);
    }

    fn replace_with(&mut self, message: &[u8], same: bool, what: &str) {
        self.scene.write("m.pgp", message);
        // The second way out costs as much as the first; a share of the attacks will do for it.
        self.attack("out", same, what);
        if self.refused.is_multiple_of(5) {
            self.attack("-", same, what);
        }
    }

    /// Turns one bit over in each of the first `head` octets, and in `spread` more behind them.
    fn flips(&mut self, head: usize, spread: usize) {
        let mut random = Random(0x5EA1);
        let rest = self.message.len() - head;
        let far = (0..spread).map(|number| head + number * rest / spread);
        for at in (0..head).chain(far).chain([self.message.len() - 1]) {
            let bit = random.below(8);
            let mut message = self.message.clone();
            message[at] ^= 1 << bit;
            self.replace(&message, &format!("bit {bit} of octet {at}"));
        }
    }

    fn cuts(&mut self, count: usize) {
        let size = self.message.len();
        let long = (1..count).map(|number| number * size / count);
        for length in long.chain([0, 1, 2, size - 22, size - 2, size - 1]) {
            let message = self.message[..length].to_vec();
            self.replace(&message, &format!("the end at {length} of {size}"));
        }
    }

    /// What follows a message is not part of it: it may be refused, or passed over.
    fn additions(&mut self) {
        let again = self.message.clone();
        for more in [
            &b"\n"[..],
            b"\0",
            b"more",
            &bytes(&[literal(b"more")]),
            &again,
        ] {
            let message = [&self.message, more].concat();
            self.replace_with(&message, true, &format!("{} octets more", more.len()));
        }
    }
}

/// What a message says without what carries no meaning:
///
/// - the armour around it, whose lines, headers and checksum protect nothing;
/// - the highest bit of a point on Curve25519, which is ignored (RFC 7748, section 5). It is at
///   octet 46: 2 of packet header, 1 of version, 8 of key ID, 1 of algorithm, 2 of length, and the
///   last of 33.
fn meaning(message: &[u8]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    if message.first().is_some_and(|octet| octet & 0x80 == 0) {
        bytes.clear();
        let mut reader = armor::Reader::from_bytes(message, None);
        if reader.read_to_end(&mut bytes).is_err() {
            return message.to_vec();
        }
    }
    if bytes.starts_with(&[0xc1, 94, 3])
        && let Some(octet) = bytes.get_mut(46)
    {
        *octet &= 0x7f;
    }
    bytes
}

#[test]
fn p05_a_kibibyte_of_another_program() {
    let scene = Scene::new();
    let text = "The search page prints the query as it is.\n".repeat(20);
    let message = encrypted(vendor::vendor(), &bytes(&[literal(text.as_bytes())]));
    scene.write("m.pgp", message);
    let mut target = Target::new(scene, &["--key", "vendor.key"]);
    target.flips(130, 180);
    target.cuts(40);
    target.additions();
    assert!(target.refused > 350, "{} refused", target.refused);
}

#[test]
fn p05_both_containers() {
    for (seal, key) in [
        (["--key", "vendor.asc"], ["--key", "vendor.key"]),
        (["--key", "new.asc"], ["--key", "new.key"]),
    ] {
        let mut target = Target::sealed(&seal, &key);
        target.flips(150, 170);
        target.cuts(40);
        target.additions();
        assert!(target.refused > 350, "{} refused", target.refused);
    }
}

#[test]
fn p05_armour() {
    let mut target = Target::sealed(
        &["--key", "vendor.asc", "--armor"],
        &["--key", "vendor.key"],
    );
    target.flips(220, 100);
    target.cuts(40);
    target.additions();
    // Some hit the armour alone, and change nothing.
    assert!(target.refused > 320, "{} refused", target.refused);
}

#[test]
fn p05_passphrases() {
    for profile in ["rfc4880", "rfc9580"] {
        let file = ["--passphrase-file", "passphrase"];
        let seal = [&["--passphrase", "--profile", profile][..], &file].concat();
        let mut target = Target::sealed(&seal, &file);
        target.flips(40, 10);
        target.cuts(5);
        assert!(target.refused > 60, "{} refused", target.refused);
    }
}

/// A cut this close behind the container's start leaves less than its own check is long.
#[test]
fn p05_a_message_that_ends_right_behind_its_header() {
    let mut target = Target::sealed(&["--key", "vendor.asc"], &["--key", "vendor.key"]);
    for length in 90..150 {
        let message = target.message[..length].to_vec();
        target.replace(&message, &format!("the end at {length}"));
    }
}

#[test]
fn p05_thirty_mebibytes() {
    for (recipient, key) in [("vendor.asc", "vendor.key"), ("new.asc", "new.key")] {
        let scene = Scene::new();
        scene.write("new.asc", vendor::public(vendor::new_vendor()));
        scene.write("new.key", vendor::secret(vendor::new_vendor()));
        scene.write("capture.bin", Random(1).bytes(30 << 20));
        scene.seal("m.pgp", &["--key", recipient, "-a", "capture.bin"]);
        let mut target = Target::new(scene, &["--key", key]);
        let file = File::options()
            .write(true)
            .open(target.scene.path("m.pgp"))
            .unwrap();
        let size = target.message.len();
        assert!(size > 30 << 20);
        let spots = (0..8).map(|number| 500 + number * (size - 500) / 8);
        for (number, at) in spots.chain([size - 1, size - 20, size - 60]).enumerate() {
            let sound = target.message[at];
            let place = u64::try_from(at).unwrap();
            file.write_all_at(&[sound ^ (1 << (number % 8))], place)
                .unwrap();
            let output = if number % 2 == 0 { "out" } else { "-" };
            target.attack(output, false, &format!("a bit of octet {at} of {size}"));
            file.write_all_at(&[sound], place).unwrap();
        }
        for length in [size - 1, size - 1000, size / 2] {
            file.set_len(u64::try_from(length).unwrap()).unwrap();
            target.attack("-", false, &format!("the end at {length} of {size}"));
            file.write_all_at(&target.message[length..], u64::try_from(length).unwrap())
                .unwrap();
        }
        file.write_all_at(b"\0", u64::try_from(size).unwrap())
            .unwrap();
        assert_eq!(target.refused, 14);
        target.attack("out", true, "an octet more");
    }
}
