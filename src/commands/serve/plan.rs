//! What was typed, resolved into what is served: keys that were judged, addresses, limits.

use std::{
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::anyhow;
use url::Url;

use super::{config::ConfigFile, files};
use crate::{
    cli::{LimitOptions, LogForm, Serve, StoreOptions},
    commands::{Context, open::SECRET_LIMIT, publish, store, target, vendor::is_soon},
    disk::SecretFile,
    intake::{
        Connections, Limits, LogLines, Pace, Tls,
        store::{Absent, Flushes, Settings},
    },
    openpgp::{
        Certificate, KeyError, PassphraseFor, Recipient, SecretKey, Signer, read_secret_keys,
    },
    program::Program,
    terminal::{Exit, Failure, Hint},
};

/// What is served.
pub(super) struct Plan {
    pub(super) recipient: Recipient,
    pub(super) signing: Option<SecretKey>,
    pub(super) program: Option<Program>,
    pub(super) store: Settings,
    pub(super) listen: SocketAddr,
    pub(super) admin: Option<SocketAddr>,
    pub(super) public_url: Option<Url>,
    pub(super) languages: Vec<String>,
    pub(super) limits: Limits,
    pub(super) connections: Connections,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) log: LogLines,
}

impl Plan {
    pub(super) fn resolve(args: Serve, context: &Context<'_>) -> Result<Self, Failure> {
        let file = ConfigFile::read(args.config.as_deref())?;
        let key = file.or(args.key, "key")?.ok_or_else(no_key)?;
        let recipient = publish::certificate(&key, context)?;
        warn_of_the_end(&recipient, context);
        let signing = file.or(args.signing, "signing")?;
        let signing = signing.map(|path| signing_key(&path, recipient.certificate(), context));
        let signing = signing.transpose()?;
        if signing.is_none() {
            let words = "receipts will not be signed: give --signing receipts.pgp, or reporters have no proof";
            context.output.warn(words);
        }
        let program = file.or(args.program, "program")?;
        let program = program.map(|path| target::from_path(&path)).transpose()?;
        let options = StoreOptions {
            data: file.or(args.store.data, "data")?,
            database: args.store.database,
            objects: file.or(args.store.objects, "objects")?,
        };
        let tls_cert = file.or(args.tls.tls_cert, "tls-cert")?;
        let tls_key = file.or(args.tls.tls_key, "tls-key")?;
        let log = file.word(args.log, "log")?.unwrap_or_default();
        let mut store = store::settings(&options, Absent::Create, context)?;
        if args.flushes_apart {
            store.flushes = Flushes::Apart;
        }
        let plan = Self {
            recipient,
            signing,
            program: program.map(|target| target.program),
            store,
            listen: file.or(args.listen, "listen")?.unwrap_or(LISTEN),
            admin: file.or(args.admin_listen, "admin-listen")?,
            public_url: public_url(file.or(args.public_url, "public-url")?)?,
            languages: file.all(args.language, "language")?,
            connections: connections(&args.limits, &file, context)?,
            limits: limits(args.limits, &file)?,
            tls: tls(tls_cert, tls_key)?,
            log: match log {
                LogForm::Json => LogLines::Json,
                LogForm::Text => LogLines::Text,
            },
        };
        plan.warn_of_the_clear(context);
        Ok(plan)
    }

    /// Others than this machine reach it, and nothing says that a proxy speaks TLS in front of it.
    fn warn_of_the_clear(&self, context: &Context<'_>) {
        let is_alone = self.tls.is_none() && self.limits.proxies.is_empty();
        if is_alone && !self.listen.ip().is_loopback() {
            context.output.warn(format!(
                "{} is served without TLS: tokens go over the network in the clear, and reporters refuse such an intake; give --tls-cert and --tls-key, or name the proxy that does it with --trusted-proxy",
                self.listen
            ));
        }
    }

    /// What signs at this time.
    pub(super) fn signer(&self, context: &Context<'_>) -> Result<Option<Signer>, Failure> {
        let certificate = self.recipient.certificate();
        let signing = self.signing.as_ref();
        signing
            .map(|key| signer(key, certificate, context))
            .transpose()
    }
}

fn no_key() -> Failure {
    Failure::new(
        Exit::Usage,
        anyhow!("nothing says for which key reports are"),
    )
    .with_hint(Hint::words(
        "give --key CERT, such as certificate.asc of `keygen`",
    ))
}

fn warn_of_the_end(recipient: &Recipient, context: &Context<'_>) {
    let Some(end) = recipient.encryption_key().expires else {
        return;
    };
    if is_soon(end, context) {
        let (key, day) = (
            recipient.certificate().fingerprint(),
            end.strftime("%Y-%m-%d"),
        );
        let words = format!("{key} expires on {day}: extend it soon, or reporters will refuse it");
        context.output.warn(words);
    }
}

/// A key of the certificate that signs and opens nothing.
fn signing_key(
    path: &Path,
    certificate: &Certificate,
    context: &Context<'_>,
) -> Result<SecretKey, Failure> {
    let name = path.display().to_string();
    let file = SecretFile::read(path, SECRET_LIMIT)?;
    if let Some(exposure) = file.exposure() {
        context.output.warn(exposure);
    }
    let refuse = |error| Failure::new(Exit::Refused, error);
    let keys = read_secret_keys(&name, file.expose()).map_err(refuse_key)?;
    if keys.iter().any(SecretKey::can_decrypt) {
        let error = anyhow!("{name} holds a secret that opens reports, and it must not be here");
        return Err(refuse(error).with_hint(Hint::words(
            "give receipts.pgp of `keygen`, which signs receipts and opens nothing; keep secret.pgp offline",
        )));
    }
    let own = certificate.fingerprint();
    let key = keys
        .into_iter()
        .find(|key| key.certificate().fingerprint() == own);
    let key = key.ok_or_else(|| {
        let error = anyhow!("{name} holds no secret of {own}");
        refuse(error).with_hint(Hint::words("give the receipts.pgp that was made with it"))
    })?;
    signer(&key, certificate, context)?;
    Ok(key)
}

fn signer(
    key: &SecretKey,
    certificate: &Certificate,
    context: &Context<'_>,
) -> Result<Signer, Failure> {
    let mut ask = |what: &PassphraseFor, attempt| context.ask(what, attempt);
    key.signer_for(certificate, context.now, &mut ask)
        .map_err(refuse_key)
}

fn refuse_key(why: KeyError) -> Failure {
    match why {
        KeyError::WrongPassphrase { .. } => Failure::new(Exit::NotAuthenticated, why),
        why => Failure::new(Exit::Refused, why).with_hint(Hint::words(
            "--signing takes receipts.pgp of `keygen`: the subkey of CERT that signs",
        )),
    }
}

/// With a slash at its end, so that paths can be joined to it.
fn public_url(url: Option<Url>) -> Result<Option<Url>, Failure> {
    let Some(mut url) = url else { return Ok(None) };
    let plain = matches!(url.scheme(), "https" | "http")
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !plain {
        let error = anyhow!("--public-url {url} is not the root of a site");
        let hint = Hint::words("such as https://reports.example.org/");
        return Err(Failure::new(Exit::Usage, error).with_hint(hint));
    }
    url.set_path("/");
    Ok(Some(url))
}

fn limits(typed: LimitOptions, file: &ConfigFile) -> Result<Limits, Failure> {
    let usual = Limits::default();
    let rate = file.or(typed.rate_limit, "rate-limit")?;
    let pace = file.or(typed.min_body_rate, "min-body-rate")?;
    let expires = file.or(typed.upload_expires, "upload-expires")?;
    let uploads = file.or(typed.max_uploads, "max-uploads")?;
    let uploads = uploads.unwrap_or(usual.max_uploads);
    let own = file.or(typed.uploads_per_client, "uploads-per-client")?;
    Ok(Limits {
        max_size: file
            .or(typed.max_size, "max-size")?
            .map_or(usual.max_size, |it| it.0),
        max_uploads: uploads,
        uploads_per_client: share(
            own,
            usize::try_from(uploads).unwrap_or(usize::MAX),
            UPLOADS_PER_CLIENT,
        ),
        min_free: file
            .or(typed.min_free, "min-free")?
            .map_or(usual.min_free, |it| it.0),
        upload_expires: expires.map_or(usual.upload_expires, |it| it.0),
        rate: rate.map_or(usual.rate, NonZeroU32::new),
        pace: Pace {
            bytes_a_second: pace.map_or(usual.pace.bytes_a_second, |it| it.0),
            ..usual.pace
        },
        proxies: file.all(typed.trusted_proxy, "trusted-proxy")?,
    })
}

fn connections(
    typed: &LimitOptions,
    file: &ConfigFile,
    context: &Context<'_>,
) -> Result<Connections, Failure> {
    let header = file.or(typed.header_timeout, "header-timeout")?;
    let grace = file.or(typed.shutdown_grace, "shutdown-grace")?;
    let most = file.or(typed.max_connections, "max-connections")?;
    let most = files::connections(most, context);
    let own = file.or(typed.connections_per_client, "connections-per-client")?;
    Ok(Connections {
        most,
        per_client: share(own, most, CONNECTIONS_PER_CLIENT),
        header_timeout: header.map_or(Duration::from_secs(10), |it| it.0),
        grace: grace.map_or(Duration::from_secs(30), |it| it.0),
    })
}

/// What one client gets of `all`: what was said, where 0 is no limit; else an eighth, but no more than
/// is enough.
fn share(said: Option<usize>, all: usize, enough: usize) -> Option<NonZeroUsize> {
    NonZeroUsize::new(said.unwrap_or((all / 8).clamp(1, enough)))
}

fn tls(
    certificate: Option<std::path::PathBuf>,
    key: Option<std::path::PathBuf>,
) -> Result<Option<Arc<Tls>>, Failure> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            let tls = Tls::read(certificate, key);
            let tls = tls.map_err(|why| Failure::new(Exit::Usage, why))?;
            Ok(Some(Arc::new(tls)))
        }
        _ => Err(Failure::new(
            Exit::Usage,
            anyhow!("--tls-cert and --tls-key belong together"),
        )),
    }
}

const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
/// Many people may share one address.
const CONNECTIONS_PER_CLIENT: usize = 128;
const UPLOADS_PER_CLIENT: usize = 20;
