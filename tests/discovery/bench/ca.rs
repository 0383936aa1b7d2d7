//! The certificate authority that the program trusts in these tests, and what it signs for servers.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, LazyLock, Mutex},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// What kind of certificate a host shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Leaf {
    #[default]
    Sound,
    /// Ended in 2020.
    Expired,
    /// For another name.
    WrongHost,
    /// For the right name, by nobody but itself.
    SelfSigned,
}

/// The authority's certificate, for `SSL_CERT_FILE`.
pub(crate) fn pem() -> String {
    AUTHORITY.pem()
}

/// How a server speaks TLS: for each name that is asked for (`fallback` where the client names
/// none, as with an IP address) it shows a certificate of the kind that `kind` says.
pub(crate) fn server(
    fallback: String,
    kind: impl Fn(&str) -> Leaf + Send + Sync + 'static,
) -> Arc<ServerConfig> {
    let shows = Shows {
        fallback,
        kind: Box::new(kind),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shows));
    Arc::new(config)
}

struct Shows {
    fallback: String,
    kind: Box<dyn Fn(&str) -> Leaf + Send + Sync>,
}

impl ResolvesServerCert for Shows {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = client.server_name().unwrap_or(&self.fallback);
        Some(certified(name, (self.kind)(name)))
    }
}

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shows")
    }
}

/// The certificate of a name (or an IP address), made when it is first asked for.
fn certified(name: &str, kind: Leaf) -> Arc<CertifiedKey> {
    let mut made = MADE.lock().unwrap();
    let place = made.entry((name.to_owned(), kind));
    Arc::clone(place.or_insert_with(|| Arc::new(make(name, kind))))
}

fn make(name: &str, kind: Leaf) -> CertifiedKey {
    let name = if kind == Leaf::WrongHost {
        "elsewhere.test"
    } else {
        name
    };
    let mut wanted = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if kind == Leaf::Expired {
        wanted.not_before = date_time_ymd(2019, 1, 1);
        wanted.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = if kind == Leaf::SelfSigned {
        wanted.self_signed(&key)
    } else {
        wanted.signed_by(&key, &AUTHORITY)
    };
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    CertifiedKey::new(
        vec![certificate.unwrap().der().clone()],
        aws_lc_rs::sign::any_supported_type(&secret).unwrap(),
    )
}

type Authority = CertifiedIssuer<'static, KeyPair>;
static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut wanted = CertificateParams::default();
    // A name of its own: OpenSSL takes a server with the name of its issuer for self-signed.
    let name = &mut wanted.distinguished_name;
    name.push(DnType::CommonName, "The authority of these tests");
    wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(wanted, KeyPair::generate().unwrap()).unwrap()
});

type Made = HashMap<(String, Leaf), Arc<CertifiedKey>>;
static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
