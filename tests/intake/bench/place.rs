//! What outlives a running server: keys, settings, and whatever it stored.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{
    backing::{Backing, Stores},
    keys,
    serve::Serve,
};

/// An intake's place. It goes when this is dropped, so every server must have ended before.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    data: PathBuf,
    pub(crate) stores: Option<Stores>,
    settings: Vec<(String, String)>,
}

impl Place {
    /// An empty place, for an intake without limits on the number of requests.
    pub(crate) fn new(backing: Backing) -> Self {
        let folder = tempfile::Builder::new().prefix("intake-").tempdir();
        let folder = folder.unwrap();
        let stores = (backing == Backing::Scaled).then(Stores::new);
        let data = folder.path().join("data");
        let place = Self {
            folder,
            data,
            stores,
            settings: Vec::new(),
        };
        place
            .set("--rate-limit", "0")
            .set("--connections-per-client", "0")
            .set("--max-uploads", "100000")
            .set("--uploads-per-client", "0")
            .set("--min-free", "0")
    }

    pub(crate) fn local() -> Self {
        Self::new(Backing::Local)
    }

    /// The data folder lies elsewhere.
    pub(crate) fn keeps_data_in(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.data);
        self
    }

    /// An option of `serve`, instead of any earlier value.
    pub(crate) fn set(mut self, option: &str, value: impl ToString) -> Self {
        self.change(option, value);
        self
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is a number or a text reads well at the call"
    )]
    pub(crate) fn change(&mut self, option: &str, value: impl ToString) {
        self.settings.retain(|(other, _)| other != option);
        self.settings.push((option.to_owned(), value.to_string()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `--data` names.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// What all servers of this place wrote to stderr.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.path("serve.log")).unwrap_or_default();
        String::from_utf8(log).unwrap()
    }

    /// A server, once it is ready.
    pub(crate) fn serve(&self) -> Serve {
        Serve::start(self, self.serve_command())
    }

    /// `serve` with the place's settings, about to run.
    pub(crate) fn serve_command(&self) -> Command {
        let mut command = self.program();
        command
            .arg("serve")
            .args(self.whereabouts())
            .arg("--key")
            .arg(keys::file(keys::VENDOR, "certificate.asc"))
            .arg("--signing")
            .arg(keys::file(keys::VENDOR, "receipts.pgp"));
        for (option, value) in &self.settings {
            command.arg(option).arg(value);
        }
        if !self.settings.iter().any(|(option, _)| option == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command
    }

    /// Runs a command of the program that works beside the server: `token`, `fsck`, `sweep`.
    pub(crate) fn try_run(&self, arguments: &[&str]) -> Output {
        let mut command = self.program();
        command.args(arguments).args(self.whereabouts());
        command.output().unwrap()
    }

    /// The same; it must succeed. What it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let status = output.status;
        assert!(
            status.success(),
            "{arguments:?}: {status}\n{stdout}\n{said}"
        );
        stdout
    }

    /// A new token of this role: `read`, `triage` or `admin`.
    pub(crate) fn token(&self, name: &str, role: &str) -> String {
        let token = self.run(&["token", "add", name, "--role", role]);
        token.trim().to_owned()
    }

    /// Where things are, as options of every command.
    pub(crate) fn whereabouts(&self) -> Vec<String> {
        match &self.stores {
            None => vec!["--data".to_owned(), self.data.display().to_string()],
            Some(stores) => vec![
                "--database".to_owned(),
                stores.database.clone(),
                "--objects".to_owned(),
                stores.objects(),
            ],
        }
    }

    fn program(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        for kind in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(kind).env_remove(kind.to_uppercase());
        }
        command
            .current_dir(self.folder.path())
            .env("SEALPOST_HOME", self.path("home"))
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }
}

/// What went wrong at the server is worth reading when a test fails.
impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read(self.path("serve.log")).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let errors = log.lines().filter(|line| line.contains("ERROR")).take(5);
            errors.for_each(|line| println!("serve.log: {line}"));
        }
    }
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_sealpost");
