//! A published site on the bench: written by the program, served by the bench's web server, altered
//! where a test wants it wrong, and checked.

use std::{collections::BTreeMap, fs, path::Path, sync::LazyLock};

use crate::bench::{
    Bench, Ended, TEXT, ended,
    vendors::{self, Vendor},
    web::Web,
};

/// The domain of the vendors' address.
pub(crate) const DOMAIN: &str = "example.test";

/// Path below the web root → content.
#[derive(Clone)]
pub(crate) struct Site(pub(crate) BTreeMap<String, Vec<u8>>);

impl Site {
    /// What the program makes of the vendor's key, without further options.
    pub(crate) fn sound() -> Self {
        static SITE: LazyLock<Site> = LazyLock::new(|| {
            let bench = Bench::new();
            publish(&bench, vendors::vendor(), &[]).expect(0);
            Site::read(&bench.path("site"))
        });
        SITE.clone()
    }

    /// All files of a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(folder).unwrap();
                    files.insert(name.to_str().unwrap().to_owned(), fs::read(&path).unwrap());
                }
            }
        }
        Self(files)
    }

    pub(crate) fn with(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.0.insert(path.to_owned(), content.as_ref().to_vec());
        self
    }

    /// Without the files whose paths hold this word.
    pub(crate) fn without(mut self, word: &str) -> Self {
        self.0.retain(|path, _| !path.contains(word));
        self
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.0[path].clone()).unwrap()
    }

    pub(crate) fn serve(&self, web: &Web, host: &str) {
        web.host(host);
        for (path, content) in &self.0 {
            let kind = match path.rsplit('.').next() {
                Some("txt" | "asc") => TEXT,
                Some("html") => "text/html; charset=utf-8",
                Some("json") => "application/json",
                _ => "application/octet-stream",
            };
            web.host(host).serve(&format!("/{path}"), kind, content);
        }
    }
}

/// A bench that serves a site as [`DOMAIN`].
pub(crate) fn serving(site: &Site) -> Bench {
    let bench = Bench::new();
    site.serve(&bench.web, DOMAIN);
    bench
}

/// `publish` into the bench's folder `site`, signed by the vendor unless `further` says otherwise.
pub(crate) fn publish(bench: &Bench, vendor: &Vendor, further: &[&str]) -> Ended {
    bench.write("vendor.asc", &vendor.certificate);
    bench.write("receipts.pgp", &vendor.signing);
    let mut command = bench.command();
    command.args(["publish", "--domain", DOMAIN, "-o", "site"]);
    if !further.contains(&"--key") {
        command.args(["--key", "vendor.asc"]);
    }
    if !further.contains(&"--sign-with") && !further.contains(&"--unsigned") {
        command.args(["--sign-with", "receipts.pgp"]);
    }
    command.args(further);
    ended(command)
}

/// Checks, expects a fault, and asserts that all of these are found.
#[track_caller]
pub(crate) fn finds(bench: &Bench, expected: &[&str]) -> Vec<String> {
    finds_with(bench, 4, expected)
}

#[track_caller]
pub(crate) fn finds_with(bench: &Bench, code: i32, expected: &[&str]) -> Vec<String> {
    let found = bench.run(["publish", "--check", DOMAIN, "--json"]);
    let found = listed(&found.expect(code).json());
    for one in expected {
        assert!(
            found.iter().any(|found| found == one),
            "{one} is not in {found:?}"
        );
    }
    found
}

/// `CODE SEVERITY` of each finding; each says what is wrong, and all members are there.
pub(crate) fn listed(document: &serde_json::Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap().iter();
    let one = |finding: &serde_json::Value| {
        assert!(finding["message"].as_str().unwrap().len() > 20, "{finding}");
        assert!(finding.get("at").is_some());
        let word = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{} {}", word("code"), word("severity"))
    };
    findings.map(one).collect()
}
