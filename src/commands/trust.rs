//! `sealpost trust`: pins, shown, set and removed.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde::Serialize;

use super::{
    Context,
    context::read_capped,
    memory::remembered,
    target::KEY_LIMIT,
    vendor::{self, Vendor},
};
use crate::{
    cli::Trust,
    disk::Pin,
    openpgp::{Certificate, Fingerprint, read_certificates},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// Shows, removes, or sets.
pub(super) fn run(args: &Trust, context: &Context<'_>) -> Result<Exit, Failure> {
    if args.list {
        return list(context);
    }
    if let Some(target) = &args.remove {
        return remove(target, context);
    }
    let target = args.target.as_deref().unwrap_or_default();
    let vendor = vendor::resolve(target, context)?;
    if let Some(path) = &args.key {
        pin_file(&vendor, path, args.first_use.fingerprint.as_ref(), context)?;
    } else {
        pin_published(&vendor, args, context)?;
    }
    let pin = context.home.pins().find(&vendor.subject.name)?;
    let pin = pin.ok_or_else(|| anyhow!("the pin of {} is gone", vendor.subject.name))?;
    context.output.json(&Pins::of(&[pin]))?;
    Ok(Exit::Done)
}

/// What `--json` prints: the pin that was set or removed, or with `--list` all of them.
#[derive(Serialize)]
struct Pins {
    pins: Vec<Pinned>,
}

#[derive(Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "a member name that scripts rely on"
)]
struct Pinned {
    target: String,
    fingerprint: String,
    pinned: jiff::Timestamp,
    provenance: Vec<String>,
}

impl Pins {
    fn of(pins: &[Pin]) -> Self {
        Self {
            pins: pins.iter().map(Pinned::from).collect(),
        }
    }
}

impl From<&Pin> for Pinned {
    fn from(pin: &Pin) -> Self {
        Self {
            target: pin.subject.clone(),
            fingerprint: pin.fingerprint.to_string(),
            pinned: pin.pinned,
            provenance: pin.provenance.clone(),
        }
    }
}

fn list(context: &Context<'_>) -> Result<Exit, Failure> {
    let pins = context.home.pins().list()?;
    context.output.json(&Pins::of(&pins))?;
    for pin in &pins {
        let since = pin.pinned.strftime("%Y-%m-%d");
        context.output.print(format!(
            "{}  {}  since {since}",
            pin.fingerprint, pin.subject
        ))?;
        for source in &pin.provenance {
            context.output.print(format!("    {source}"))?;
        }
    }
    if pins.is_empty() {
        context.output.say("nothing is pinned yet");
    }
    Ok(Exit::Done)
}

fn remove(target: &str, context: &Context<'_>) -> Result<Exit, Failure> {
    let pins = context.home.pins();
    let name = match pins.find(target) {
        // One that cannot be read can be removed all the same.
        Ok(Some(_)) | Err(_) => target.to_owned(),
        Ok(None) => vendor::resolve(target, context)?.subject.name,
    };
    let pin = pins.find(&name).unwrap_or(None);
    if !pins.remove(&name)? {
        return Err(
            Failure::from(anyhow!("no key is pinned for {target}")).with_hint(Hint::command(
                "to see what is pinned",
                ["sealpost", "trust", "--list"],
            )),
        );
    }
    let pins: Vec<Pin> = pin.into_iter().collect();
    context.output.json(&Pins::of(&pins))?;
    context
        .output
        .say(format!("no key is pinned for {name} any more"));
    Ok(Exit::Done)
}

/// Pins the key that the sources name; one that only its profile names becomes the person's own pin.
fn pin_published(vendor: &Vendor, args: &Trust, context: &Context<'_>) -> Result<(), Failure> {
    let typed = args.first_use.fingerprint.as_ref();
    let found = vendor::investigate(vendor, &args.network, typed, context)?;
    let recipient = vendor::choose(vendor, &found, &args.first_use, context)?;
    if context.home.pins().find(&vendor.subject.name)?.is_none() {
        let provenance = vec!["its profile names it".to_owned()];
        vendor::pin(vendor, recipient.certificate(), provenance, context)?;
    }
    Ok(())
}

/// Pins the certificate of a file: the typed one, or the only one that can be used.
fn pin_file(
    vendor: &Vendor,
    path: &Path,
    typed: Option<&Fingerprint>,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let file = path.display().to_string();
    let bytes = read_capped(path, KEY_LIMIT).with_context(|| format!("cannot read {file}"))?;
    let certificates = read_certificates(&file, &bytes).exit(Exit::Refused)?;
    let meant = |certificate: &&Certificate| match typed {
        Some(typed) => certificate.fingerprint() == *typed,
        None => certificate.verdict(context.now).recipient().is_ok() || certificates.len() == 1,
    };
    let meant: Vec<&Certificate> = certificates.iter().filter(meant).collect();
    let certificate = match meant.as_slice() {
        [certificate] => *certificate,
        [] => {
            let none =
                anyhow!("{file} holds no certificate that can be used, or not the one meant");
            return Err(Failure::new(Exit::Refused, none));
        }
        several => {
            let all: Vec<_> = several
                .iter()
                .map(|c| c.fingerprint().to_string())
                .collect();
            let error = anyhow!("{file} holds several certificates: {}", all.join(", "));
            return Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
                "name the one that is meant with --fingerprint HEX",
            )));
        }
    };
    let merged = remembered(certificate, context)?;
    if let Err(reason) = merged.verdict(context.now).recipient() {
        let key = merged.fingerprint();
        return Err(Failure::new(
            Exit::Refused,
            anyhow!("{file}: {key} cannot be used: {reason}"),
        )
        .with_hint(Hint::words(vendor::about(&reason))));
    }
    if typed.is_none() {
        refuse_if_it_replaces(vendor, &merged, context)?;
    }
    let provenance = vec![format!("the file {file}")];
    vendor::pin(vendor, &merged, provenance, context)
}

/// A file may have been changed by whoever handed it over: only the fingerprint, typed, replaces a pin.
fn refuse_if_it_replaces(
    vendor: &Vendor,
    offered: &Certificate,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let offered = offered.fingerprint();
    let Some(pin) = vendor.pin(context)?.filter(|it| it.fingerprint != offered) else {
        return Ok(());
    };
    let (name, pinned) = (&pin.subject, &pin.fingerprint);
    let error =
        anyhow!("the key changed: {pinned} is pinned for {name}, and the file has {offered}");
    Err(
        Failure::new(Exit::Refused, error).with_hint(Hint::words(format!(
            "compare the fingerprint with what the vendor says elsewhere, then add --fingerprint {offered}"
        ))),
    )
}
