//! The page for people: whom to report to, with which key, and how; without a script.
//!
//! Promise 24: everything on it is escaped, and its policy lets it load nothing. It is meant for a
//! phone and for a screen reader, too.

use askama::Template;
use data_encoding::BASE64;
use jiff::Timestamp;
use qrcode::{QrCode, render::svg};
use sha2::{Digest, Sha256};
use url::Url;

use super::site::File;
use crate::{
    openpgp::Certificate,
    program::{Bounty, Conduct, Contact, Exclusion, Program, SafeHarbor},
};

/// What stands on the page.
pub struct Landing<'a> {
    /// The certificate that reports are sealed to.
    pub certificate: &'a Certificate,
    /// Until when.
    pub expires: Option<Timestamp>,
    /// The vendor's program, where there is a profile.
    pub program: Option<&'a Program>,
    /// How the intake is reached; ends with a slash.
    pub url: &'a Url,
    /// The largest report, in bytes.
    pub max_size: u64,
    /// The languages that the vendor reads.
    pub languages: &'a [String],
    /// Whether there is a security.txt.
    pub has_security_txt: bool,
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Page<'a> {
    style: &'static str,
    name: String,
    policy: Option<String>,
    fingerprint: Vec<String>,
    user_ids: Vec<String>,
    expires: Option<String>,
    qr: String,
    target: String,
    url: &'a str,
    tool: &'static str,
    get: String,
    send: String,
    follow: String,
    max_size: String,
    inside: Vec<String>,
    outside: Vec<String>,
    subdomains: bool,
    exclusions: Vec<&'a str>,
    conduct: Vec<&'a str>,
    promises: Vec<String>,
    contacts: Vec<(String, String)>,
    languages: &'a [String],
    has_security_txt: bool,
    has_program: bool,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The template cannot be filled in.
    #[error("the page cannot be written")]
    Template(#[from] askama::Error),
    /// The fingerprint does not fit.
    #[error("the fingerprint makes no QR code")]
    Code(#[from] qrcode::types::QrError),
}

impl Landing<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// [`PageError`].
    pub fn file(&self) -> Result<File, PageError> {
        let html = self.page()?.render()?;
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        let file = File::new("text/html; charset=utf-8", html.into_bytes());
        Ok(file.with_style(&format!("sha256-{hash}")))
    }

    fn page(&self) -> Result<Page<'_>, PageError> {
        let fingerprint = self.certificate.fingerprint();
        let program = self.program;
        let host = self.url.host_str().unwrap_or_default();
        let commands = Commands {
            url: self.url.as_str(),
            gnupg_reads_it: fingerprint.as_hex().len() == VERSION_4,
        };
        Ok(Page {
            style: STYLE,
            name: program.map_or(host, Program::name).to_owned(),
            policy: program.and_then(Program::policy).map(ToString::to_string),
            qr: qr(fingerprint.as_hex())?,
            fingerprint: groups(fingerprint.as_hex()),
            user_ids: self.certificate.user_ids().collect(),
            expires: self.expires.map(|at| at.strftime("%Y-%m-%d").to_string()),
            target: self.target(),
            url: self.url.as_str(),
            tool: commands.tool(),
            get: commands.get(),
            send: commands.send(),
            follow: commands.follow(),
            max_size: size(self.max_size),
            inside: hosts(program.map(|it| it.scope().inside())),
            outside: hosts(program.map(|it| it.scope().outside())),
            subdomains: program.is_some_and(|it| it.scope().subdomains()),
            exclusions: program
                .map(|it| it.exclusions().iter().map(Exclusion::words).collect())
                .unwrap_or_default(),
            conduct: program
                .map(|it| it.conduct().iter().map(Conduct::words).collect())
                .unwrap_or_default(),
            promises: program.map(promises).unwrap_or_default(),
            contacts: contacts(program, self.url),
            languages: self.languages,
            has_security_txt: self.has_security_txt,
            has_program: program.is_some(),
        })
    }

    /// What `--to` takes: the host alone where that is enough.
    fn target(&self) -> String {
        let plain = self.url.scheme() == "https" && self.url.port().is_none();
        match self.url.host_str() {
            Some(host) if plain => host.to_owned(),
            _ => self.url.as_str().trim_end_matches('/').to_owned(),
        }
    }
}

/// Commands that work as they stand here.
struct Commands<'a> {
    url: &'a str,
    gnupg_reads_it: bool,
}

impl Commands<'_> {
    fn tool(&self) -> &'static str {
        if self.gnupg_reads_it { "gpg" } else { "sq" }
    }

    fn get(&self) -> String {
        let look = if self.gnupg_reads_it {
            "gpg --show-keys --with-fingerprint key.asc"
        } else {
            "sq inspect key.asc"
        };
        format!("curl -f -o key.asc {}key.asc\n{look}", self.url)
    }

    fn seal(&self) -> &'static str {
        if self.gnupg_reads_it {
            "gpg --output report.pgp --recipient-file key.asc --encrypt report.md"
        } else {
            "sq encrypt --without-signature --for-file key.asc --binary --output report.pgp report.md"
        }
    }

    fn send(&self) -> String {
        format!(
            "{}\n\
             TOKEN=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')\n\
             CASE=$(printf %s \"$TOKEN\" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=')\n\
             curl --fail-with-body -H 'Content-Type: application/pgp-encrypted' -H \"Sealpost-Case: $CASE\" \\\n  \
             -X POST -T report.pgp {}reports | tee receipt.txt",
            self.seal(),
            self.url
        )
    }

    fn follow(&self) -> String {
        format!(
            "curl --fail-with-body -H \"Authorization: Bearer $TOKEN\" {}reports",
            self.url
        )
    }
}

/// The fingerprint as phones read it, with a text for those who do not see it.
fn qr(fingerprint: &str) -> Result<String, PageError> {
    let code = QrCode::new(format!("OPENPGP4FPR:{fingerprint}"))?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(192, 192)
        .build();
    let svg = drawn.find("<svg").map_or("", |at| &drawn[at..]);
    let label = "<svg role=\"img\" aria-label=\"QR code of the key's fingerprint\"";
    Ok(svg.replacen("<svg", label, 1))
}

fn hosts(patterns: Option<&[crate::program::HostPattern]>) -> Vec<String> {
    let patterns = patterns.unwrap_or_default();
    patterns.iter().map(ToString::to_string).collect()
}

fn promises(program: &Program) -> Vec<String> {
    let (promises, disclosure) = (program.promises(), program.disclosure());
    let harbor = match promises.safe_harbor() {
        Some(SafeHarbor::Full) => {
            Some("Safe harbour: full, in the terms of disclose.io.".to_owned())
        }
        Some(SafeHarbor::Partial) => {
            Some("Safe harbour: partial, in the terms of disclose.io.".to_owned())
        }
        Some(SafeHarbor::None) | None => None,
    };
    let bounty = match promises.bounty() {
        Some(Bounty::Yes) => Some("Findings are paid for.".to_owned()),
        Some(Bounty::Partial) => Some("Some findings are paid for.".to_owned()),
        Some(Bounty::No) | None => None,
    };
    let days = disclosure.embargo_days();
    let days = days.map(|days| format!("The finding may be published after {days} days."));
    [
        harbor,
        promises.legal().map(str::to_owned),
        promises.confidentiality().map(str::to_owned),
        bounty,
        days,
        disclosure.credit().map(str::to_owned),
        disclosure.words().map(str::to_owned),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Ways other than this page, each with its link.
fn contacts(program: Option<&Program>, own: &Url) -> Vec<(String, String)> {
    let contacts = program.into_iter().flat_map(Program::contacts);
    let link = |contact: &Contact| match contact {
        Contact::GitHub(repository) => {
            let form = format!("https://github.com/{repository}/security/advisories/new");
            Some((form, format!("GitHub: {repository}")))
        }
        Contact::GitHubUnnamed => None,
        Contact::Mail(address) => Some((contact.to_string(), address.to_string())),
        Contact::Telephone(_) | Contact::Web(_) => {
            let uri = contact.to_string();
            (uri != own.as_str()).then(|| (uri.clone(), uri))
        }
    };
    contacts.filter_map(link).collect()
}

/// Hexadecimal digits in groups of four, which people compare more easily; as many groups together
/// as fit on a phone.
fn groups(digits: &str) -> Vec<String> {
    let digits: Vec<char> = digits.chars().collect();
    let groups: Vec<String> = digits
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    let together = if digits.len() == VERSION_4 { 5 } else { 4 };
    groups.chunks(together).map(|part| part.join(" ")).collect()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..0x40_0000 => format!("{} KiB", bytes >> 10),
        0x40_0000..0x1_0000_0000 if !bytes.is_multiple_of(1 << 30) => {
            format!("{} MiB", bytes >> 20)
        }
        _ => format!("{} GiB", bytes >> 30),
    }
}

const STYLE: &str = include_str!("../../templates/style.css");

/// Hexadecimal digits of a fingerprint of version 4.
const VERSION_4: usize = 40;
