//! `sealpost keygen`: a vendor's key, all of its files or none.

use std::{fs::OpenOptions, io::Write, path::Path, time::Duration};

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{Context, context::passphrase};
use crate::{
    cli::{self, Keygen},
    disk::PendingFolder,
    openpgp::{GeneratedKey, KeyProfile, Lifetime, generate},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// Makes the key.
pub(super) fn run(args: &Keygen, context: &Context<'_>) -> Result<Exit, Failure> {
    let mut wanted = GeneratedKey::new(&args.name, &args.email).map_err(|why| {
        Failure::new(
            Exit::Usage,
            why.context("--name and --email make no User ID"),
        )
    })?;
    wanted.profile = match args.profile {
        cli::KeyProfile::Rfc4880 => KeyProfile::Rfc4880,
        cli::KeyProfile::Rfc9580 => KeyProfile::Rfc9580,
        cli::KeyProfile::Pqc => KeyProfile::PostQuantum,
    };
    wanted.lifetime = lifetime(&args.expires)?;
    let folder =
        PendingFolder::create(&args.output).hint(Hint::words("name a new folder with -o DIR"))?;
    if !args.no_passphrase {
        let secret = context
            .passphrases
            .ask_twice("new passphrase for secret.pgp")
            .hint(Hint::words(
                "--no-passphrase writes the secrets unprotected",
            ))?;
        wanted.passphrase = Some(passphrase(&secret));
    }
    let key = generate(&wanted, context.now)?;
    let write = |name: &str, bytes: &[u8], mode| {
        write_new(&folder.path().join(name), bytes, mode)
            .with_context(|| format!("cannot write {name}"))
    };
    write("certificate.asc", &key.certificate, 0o644)?;
    write("secret.pgp", &key.secret, 0o600)?;
    write("receipts.pgp", &key.receipts, 0o600)?;
    write("revocation.asc", &key.revocation, 0o600)?;
    folder.finish()?;
    tell(args, key.fingerprint.as_hex(), context)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Made<'a> {
    fingerprint: &'a str,
    certificate: String,
    secret: String,
    receipts: String,
    revocation: String,
}

fn tell(args: &Keygen, fingerprint: &str, context: &Context<'_>) -> Result<Exit, Failure> {
    let path = |name| args.output.join(name).display().to_string();
    let made = Made {
        fingerprint,
        certificate: path("certificate.asc"),
        secret: path("secret.pgp"),
        receipts: path("receipts.pgp"),
        revocation: path("revocation.asc"),
    };
    context.output.json(&made)?;
    context.output.print_fields(&[
        ("fingerprint", made.fingerprint.to_owned()),
        ("publish", made.certificate),
        ("keep offline", made.secret),
        ("for the intake", made.receipts),
        ("keep apart", made.revocation),
    ])?;
    Ok(Exit::Done)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)?.write_all(bytes)
}

/// `90d`, `12w`, `6m`, `3y` or `never`; a month has 30 days and a year 365, as in GnuPG.
pub(super) fn lifetime(text: &str) -> Result<Lifetime, Failure> {
    if text == "never" {
        return Ok(None);
    }
    let days = |unit| match unit {
        'd' => Some(1),
        'w' => Some(7),
        'm' => Some(30),
        'y' => Some(365),
        _ => None,
    };
    let parsed = text.chars().last().and_then(days).and_then(|days| {
        let count: u64 = text[..text.len() - 1].parse().ok()?;
        (1..=36_500)
            .contains(&(count.checked_mul(days)?))
            .then_some(count * days)
    });
    let days = parsed.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            anyhow!("--expires {text} is not a time of up to 100 years"),
        )
        .with_hint(Hint::words("such as 90d, 12w, 6m, 3y, or never"))
    })?;
    Ok(Some(Duration::from_secs(days * 86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        let days = |text| lifetime(text).unwrap().map(|time| time.as_secs() / 86_400);
        assert_eq!(days("90d"), Some(90));
        assert_eq!(days("3y"), Some(1095));
        assert_eq!(days("never"), None);
        for wrong in [
            "",
            "y",
            "3",
            "0d",
            "-1y",
            "999999999999999999999y",
            "101y",
            "3ÿ",
        ] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
