//! Whom to seal to: certificates from files and profiles, judged, or refused with exit 3.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use crate::commands::{
    Context,
    context::{is_dash, passphrase, read_capped},
    memory::remembered,
    target::KEY_LIMIT,
    vendor::{self, Investigation, Vendor},
};
use crate::{
    cli::{ContainerProfile, FirstUse, NetworkOptions, Seal},
    discover::trust::Decision,
    openpgp::{
        Certificate, CertificateError, Container, Envelope, Fingerprint, Reason, Recipient,
        read_certificates,
    },
    program::{PassphraseProfile, Program, Wanted},
    terminal::{Exit, Failure, Hint, OrFail},
};

/// The envelope for what was typed; `vendor` is what `--to` names.
pub(in crate::commands) fn envelope(
    args: &Seal,
    vendor: Option<&Vendor>,
    context: &Context<'_>,
) -> Result<Envelope, Failure> {
    if args.passphrase {
        let secret = context
            .passphrases
            .ask_twice("passphrase for the vendor to open it with")?;
        let program = vendor.map(|vendor| &vendor.target.program);
        let container = passphrase_container(args.profile, program);
        return Ok(Envelope::with_passphrase(passphrase(&secret), container));
    }
    let mut recipients = match vendor {
        Some(vendor) if args.key.is_empty() => {
            let found = investigate(&args.fingerprint, &args.network, vendor, context)?;
            let first_use = first_use(&args.fingerprint, args.yes_trust_first_use);
            vec![published(vendor, &found, &first_use, context)?]
        }
        _ => given(args, vendor, context)?,
    };
    let copies = own_copies(&recipients, (&args.also_to, args.profile), context)?;
    recipients.extend(copies);
    Envelope::to(recipients, args.profile.map(container))
        .map_err(Failure::from)
        .hint(Hint::words(
            "leave --profile out: the container is then one that every recipient reads",
        ))
        .exit(Exit::Usage)
}

fn container(profile: ContainerProfile) -> Container {
    match profile {
        ContainerProfile::Rfc4880 => Container::Seipdv1,
        ContainerProfile::Rfc9580 => Container::Seipdv2,
    }
}

fn passphrase_container(wanted: Option<ContainerProfile>, program: Option<&Program>) -> Container {
    match (
        wanted,
        program.map(|program| program.encryption().passphrase_profile()),
    ) {
        (Some(wanted), _) => container(wanted),
        (None, Some(PassphraseProfile::Rfc9580)) => Container::Seipdv2,
        (None, _) => Container::Seipdv1,
    }
}

/// What the sources say of the vendor; `typed` is the fingerprint that the person compared, if one.
pub(in crate::commands) fn investigate(
    typed: &[Fingerprint],
    network: &NetworkOptions,
    vendor: &Vendor,
    context: &Context<'_>,
) -> Result<Investigation, Failure> {
    if typed.len() > 1 {
        let error = anyhow!("the vendor's key is one: name one --fingerprint");
        return Err(Failure::new(Exit::Usage, error));
    }
    vendor::investigate(vendor, network, typed.first(), context)
}

/// How a key that is not pinned becomes trusted.
pub(in crate::commands) fn first_use(typed: &[Fingerprint], yes: bool) -> FirstUse {
    FirstUse {
        fingerprint: typed.first().cloned(),
        yes_trust_first_use: yes,
    }
}

/// The vendor's key, as it was pinned or is found.
pub(in crate::commands) fn published(
    vendor: &Vendor,
    found: &Investigation,
    first_use: &FirstUse,
    context: &Context<'_>,
) -> Result<Recipient, Failure> {
    refuse_if_it_says_so(vendor, found)?;
    vendor::choose(vendor, found, first_use, context)
}

/// The person's own certificates, judged: a copy to them must not protect the report less than the vendor's
/// key does. `wanted` is the container that was typed.
pub(in crate::commands) fn own_copies(
    vendor: &[Recipient],
    (paths, wanted): (&[PathBuf], Option<ContainerProfile>),
    context: &Context<'_>,
) -> Result<Vec<Recipient>, Failure> {
    let copies = paths.iter().map(|path| own_copy(path, context));
    let copies = copies.collect::<Result<Vec<_>, _>>()?;
    let key = |copy: &Recipient| copy.certificate().fingerprint();
    if vendor.iter().all(Recipient::is_post_quantum)
        && let Some(weaker) = copies.iter().find(|copy| !copy.is_post_quantum())
    {
        let error = anyhow!(
            "the vendor's key is post-quantum and {} of --also-to is not: the copy would give up that protection",
            key(weaker)
        );
        return Err(Failure::new(Exit::Refused, error).with_hint(Hint::words(
            "leave --also-to out, or make yourself a key with sealpost keygen --profile pqc",
        )));
    }
    if vendor.iter().all(Recipient::reads_seipdv2)
        && wanted.is_none()
        && let Some(older) = copies.iter().find(|copy| !copy.reads_seipdv2())
    {
        context.output.warn(format!(
            "{} of --also-to reads the older container alone, so the vendor gets that, too (SEIPDv1 instead of SEIPDv2)",
            key(older)
        ));
    }
    Ok(copies)
}

/// A vendor that publishes that it takes no encrypted reports is believed, unless the person knows
/// better: who takes the site over must not talk anybody out of a pinned key. Its own words are not
/// repeated here, since they could lead people elsewhere.
pub(in crate::commands) fn refuse_if_it_says_so(
    vendor: &Vendor,
    found: &Investigation,
) -> Result<(), Failure> {
    let published = found.discovery.program.as_ref();
    let refused = published.is_some_and(|it| it.encryption().wanted() == Wanted::Refused);
    let Ok(Decision::Agreed(key) | Decision::OneSource(key)) = &found.decision else {
        return Ok(());
    };
    if !refused {
        return Ok(());
    }
    let (name, key) = (&vendor.typed, key.certificate().fingerprint().to_string());
    let error = anyhow!("{name}: its program.json says that it takes no encrypted reports");
    Err(Failure::new(Exit::Refused, error).with_hint(Hint::command(
        "to seal to its key all the same, compare the fingerprint and pin it",
        ["sealpost", "trust", name, "--fingerprint", &key],
    )))
}

/// The certificates of `--key`. Where the vendor has a pin, only that one is taken, unless another
/// fingerprint was typed.
fn given(
    args: &Seal,
    vendor: Option<&Vendor>,
    context: &Context<'_>,
) -> Result<Vec<Recipient>, Failure> {
    let pinned = match vendor {
        Some(vendor) => vendor.pinned(context)?,
        None => Vec::new(),
    };
    let mut recipients = Vec::new();
    for path in &args.key {
        let bytes = read(path)?;
        let recipient = choose(&name(path), &bytes, &args.fingerprint, context)?;
        let typed = args
            .fingerprint
            .contains(&recipient.certificate().fingerprint());
        if let (Some(vendor), false) = (vendor, typed) {
            refuse_if_not_pinned(&recipient, &pinned, vendor)?;
        }
        recipients.push(recipient);
    }
    for wanted in &args.fingerprint {
        if !recipients
            .iter()
            .any(|recipient| recipient.certificate().fingerprint() == *wanted)
        {
            return Err(Failure::new(
                Exit::Refused,
                anyhow!("no certificate {wanted} in what --key names"),
            ));
        }
    }
    Ok(recipients)
}

fn own_copy(path: &Path, context: &Context<'_>) -> Result<Recipient, Failure> {
    choose(&name(path), &read(path)?, &[], context)
}

fn name(path: &Path) -> String {
    if is_dash(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read_capped(path, KEY_LIMIT)
        .with_context(|| format!("cannot read the certificate {}", path.display()))?;
    Ok(bytes.to_vec())
}

/// The one certificate of a file that is meant: by its fingerprint, or because no other in the
/// file can be used.
fn choose(
    file: &str,
    bytes: &[u8],
    wanted: &[Fingerprint],
    context: &Context<'_>,
) -> Result<Recipient, Failure> {
    let certificates = read_certificates(file, bytes).map_err(|why| unreadable(file, why))?;
    let certificates = certificates.iter().map(|one| remembered(one, context));
    let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
    let named: Vec<&Certificate> = certificates
        .iter()
        .filter(|c| wanted.contains(&c.fingerprint()))
        .collect();
    let candidates = if named.is_empty() {
        certificates.iter().collect()
    } else {
        named.clone()
    };
    let (usable, refused): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .map(|certificate| (certificate, certificate.verdict(context.now).recipient()))
        .partition(|(_, verdict)| verdict.is_ok());
    let mut usable: Vec<Recipient> = usable.into_iter().filter_map(|(_, v)| v.ok()).collect();
    for (certificate, verdict) in &refused {
        if let (false, Err(reason)) = (usable.is_empty(), verdict) {
            context.output.say(format!(
                "{file}: {} is passed over: {reason}",
                certificate.fingerprint()
            ));
        }
    }
    let Some(recipient) = usable.pop() else {
        return Err(match refused.into_iter().next() {
            Some((certificate, Err(reason))) => cannot_be_used(file, certificate, &reason),
            _ => Failure::new(Exit::Refused, anyhow!("{file} holds no certificate")),
        });
    };
    if !usable.is_empty() {
        let all = usable
            .iter()
            .chain([&recipient])
            .map(|r| r.certificate().fingerprint().to_string());
        let all = all.collect::<Vec<_>>().join(", ");
        return Err(Failure::new(
            Exit::Refused,
            anyhow!("{file} holds several certificates: {all}"),
        )
        .with_hint(Hint::words(
            "compare with what the vendor says, and name one with --fingerprint HEX",
        )));
    }
    if named.is_empty() && recipient.certificate().user_ids().next().is_none() {
        let fingerprint = recipient.certificate().fingerprint();
        return Err(Failure::new(
            Exit::Refused,
            anyhow!("{file}: {fingerprint} names nobody (it has no User ID)"),
        )
        .with_hint(Hint::words(
            "compare it with what the vendor says, and confirm it with --fingerprint HEX",
        )));
    }
    Ok(recipient)
}

fn unreadable(file: &str, why: CertificateError) -> Failure {
    let secret = matches!(why, CertificateError::Secret { .. });
    let failure = Failure::new(Exit::Refused, why);
    if secret {
        failure.with_hint(Hint::words(format!(
            "name the certificate alone; if {file} came from the vendor's site, tell it that its secret key leaked"
        )))
    } else {
        failure.with_hint(Hint::words(
            "name the file with the vendor's certificate, such as key.asc",
        ))
    }
}

fn cannot_be_used(file: &str, certificate: &Certificate, reason: &Reason) -> Failure {
    let fingerprint = certificate.fingerprint();
    Failure::new(
        Exit::Refused,
        anyhow!("{file}: {fingerprint} cannot be used: {reason}"),
    )
    .with_hint(Hint::words(vendor::about(reason)))
}

fn refuse_if_not_pinned(
    recipient: &Recipient,
    pinned: &[Fingerprint],
    vendor: &Vendor,
) -> Result<(), Failure> {
    let fingerprint = recipient.certificate().fingerprint();
    if pinned.is_empty() || pinned.contains(&fingerprint) {
        return Ok(());
    }
    let pinned: Vec<_> = pinned.iter().map(ToString::to_string).collect();
    let (name, pinned) = (vendor.target.program.name(), pinned.join(", "));
    Err(Failure::new(
        Exit::Refused,
        anyhow!("{fingerprint} is not the key of {name}: {pinned} is pinned"),
    )
    .with_hint(Hint::words(
        "if the vendor changed its key, make sure over another channel, then add --fingerprint HEX",
    )))
}
