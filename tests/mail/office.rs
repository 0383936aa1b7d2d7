//! A reporter with a mail server of their own, and a vendor that takes mail: example.test, whose key
//! is pinned.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use crate::{
    bench::{Bench, Ended, ended, vendors},
    server::{MailServer, NAME},
};

/// What must be seen by the vendor alone.
pub(crate) const CANARY: &str = "canary-3e9d";

/// Of the reporter's mail account.
pub(crate) const PASSWORD: &str = "password-51c7";

pub(crate) const FROM: &str = "reporter@example.org";

pub(crate) struct Office {
    pub(crate) bench: Bench,
}

impl Office {
    pub(crate) fn new() -> Self {
        let office = Self::without_key();
        let key = office
            .bench
            .write("vendor.asc", &vendors::vendor().certificate);
        let key = key.to_str().unwrap();
        office
            .run(&["trust", "example.test", "-q", "--key", key])
            .expect(0);
        office
    }

    /// Nobody knows a key of the vendor's.
    pub(crate) fn without_key() -> Self {
        let bench = Bench::new();
        let contact = "Contact: mailto:security@example.test\nExpires: 2100-01-01T00:00:00Z\n";
        let site = bench.web.host("example.test");
        site.serve("/.well-known/security.txt", crate::bench::TEXT, contact);
        bench.write("vendor.key", &vendors::vendor().secret);
        bench.write("password", PASSWORD);
        let report = format!(
            "---\ntitle: The {CANARY} of the search\nassets: [\"https://example.test/\"]\n---\n\n\
             ## Summary\n\n{CANARY}\n\n## Steps to reproduce\n\n1. {CANARY}\n\n\
             ## Impact\n\nx\n\n## Mitigation\n\nx\n"
        );
        bench.write("report.md", report);
        bench.write(&format!("{CANARY}.png"), noise(20_000));
        Self { bench }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command();
        command.args(args).args(self.bench.connections());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        ended(self.command(args))
    }

    /// A command that has nothing to do with the network.
    pub(crate) fn local(&self, args: &[&str]) -> Ended {
        let mut command = self.bench.command();
        command.args(args);
        ended(command)
    }

    /// Sends the report through this server.
    pub(crate) fn send(&self, scheme: &str, server: &MailServer, more: &[&str]) -> Ended {
        ended(self.sending(scheme, server, more))
    }

    /// What sends it.
    pub(crate) fn sending(&self, scheme: &str, server: &MailServer, more: &[&str]) -> Command {
        let to = format!("--connect-to={NAME}={}", server.address());
        let url = format!("--smtp={scheme}://reporter%40example.org@{NAME}");
        self.command(&[&SEND[..], &[&*to, &*url, PASSWORD_FILE], more].concat())
    }

    /// Opens a mail as the vendor, into a folder.
    #[track_caller]
    pub(crate) fn open(&self, mail: &[u8], into: &str) -> serde_json::Value {
        let file = format!("{into}.eml");
        self.bench.write(&file, mail);
        let opened = self.local(&["open", &file, "--key", "vendor.key", "-o", into, "--json"]);
        opened.expect(0).json()["reports"][0].clone()
    }

    pub(crate) fn cases(&self) -> Vec<serde_json::Value> {
        let list = self.local(&["case", "list", "--json"]).expect(0).json();
        list["cases"].as_array().unwrap().clone()
    }

    /// The names of what lies in a folder of the bench.
    pub(crate) fn names(&self, folder: &str) -> BTreeSet<String> {
        let Ok(entries) = fs::read_dir(self.bench.path(folder)) else {
            return BTreeSet::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        names.filter(|name| !name.starts_with('.')).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.bench.path(name)
    }
}

/// Bytes that do not compress.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

pub(crate) const SEND: [&str; 6] = ["send", "report.md", "--to", "example.test", "--via", "mail"];
pub(crate) const PASSWORD_FILE: &str = "--smtp-password-file=password";
