//! Promise 33: a report says nothing of the machine, the user and the time that it was sealed by.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::dump::{Dump, Opener};
use crate::scene::{Scene, contains, is_root, private};
use crate::vendor::{self, reporter, vendor};

/// One machine on which the same report is sealed.
struct Machine {
    scene: Scene,
    user: &'static str,
    home: &'static str,
    zone: &'static str,
    umask: &'static str,
    age: Duration,
    uid: u32,
}

impl Machine {
    /// The plaintext of the report that it seals.
    fn plaintext(&self) -> Vec<u8> {
        let scene = &self.scene;
        let nested = format!("{}/private-{}", self.home, self.user);
        fs::create_dir_all(scene.path(&nested)).unwrap();
        let attachment = format!("{nested}/photo.png");
        scene.write(&attachment, [7; 5000]);
        scene.write("reporter.key", vendor::secret(reporter()));
        private(&scene.path("reporter.key"));
        let age = SystemTime::UNIX_EPOCH + self.age;
        let file = File::options()
            .write(true)
            .open(scene.path(&attachment))
            .unwrap();
        file.set_modified(age).unwrap();
        let sealing = "umask $0; exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", sealing, self.umask]);
        command.arg(scene.give_to(self.uid));
        command.args([
            "seal",
            "report.md",
            "--key",
            "vendor.asc",
            "-o",
            "sealed.pgp",
        ]);
        command.args(["--sign-with", "reporter.key", "-a", &attachment]);
        scene.surround(&mut command);
        command
            .env("HOME", scene.path(self.home))
            .env("USER", self.user)
            .env("LOGNAME", self.user)
            .env("HOSTNAME", format!("host-of-{}", self.user))
            .env("TZ", self.zone)
            .env("LANG", "de_DE.UTF-8");
        if is_root() {
            command.uid(self.uid).gid(self.uid);
        }
        let done = command.output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        Dump::of(&scene.read("sealed.pgp"), &Opener::Key(vendor())).plaintext
    }
}

#[test]
fn p33_two_machines_make_the_same_bytes() {
    let machine = |user, home, zone, umask, days: u64, uid| Machine {
        scene: Scene::new(),
        user,
        home,
        zone,
        umask,
        age: Duration::from_hours(24 * days),
        uid,
    };
    let machines = || {
        [
            machine(
                "canary-alice",
                "users/canary-alice",
                "Pacific/Kiritimati",
                "000",
                20_000,
                12_345,
            ),
            machine("canary-bob", "home-of-bob", "Etc/GMT+12", "077", 1, 23_456),
        ]
    };
    let mut plaintexts = machines().map(|machine| machine.plaintext());
    if plaintexts[0] != plaintexts[1] {
        // Midnight in UTC may lie between the two, once.
        plaintexts = machines().map(|machine| machine.plaintext());
    }
    let [one, other] = plaintexts;
    assert!(one == other, "two machines, two archives");
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mut canaries = vec![
        "canary",
        "users",
        "home-of",
        "private-",
        "host-of",
        "Kiritimati",
        "GMT",
    ];
    canaries.extend(["/tmp", "12345", "30071", "23456", "55640", "de_DE"]);
    canaries.extend(Some(host.trim()).filter(|host| host.len() > 3));
    for canary in canaries {
        assert!(!contains(&one, canary.as_bytes()), "{canary} is inside");
    }
    assert!(contains(&one, b"attachments/photo.png"));
}
