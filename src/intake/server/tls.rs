//! TLS with a certificate from PEM files, which can be read anew while connections go on.
//!
//! RFC 8446; RFC 7468 for the files. Only the implementation of aws-lc-rs is used.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::intake::refusal::Chain;

/// A certificate with its key, from files that may change.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("cannot read {}", .0.display())]
    Pem(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// The file of the certificate holds none.
    #[error("{} holds no certificate", .0.display())]
    Empty(PathBuf),
    /// The two do not belong together, or are of a kind that is not known.
    #[error("certificate and key do not fit")]
    Unfit(#[from] rustls::Error),
}

impl Tls {
    /// Reads both files: the certificate with those that lead to its root, and its key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let current = read(&certificate, &key)?;
        Ok(Self {
            certificate,
            key,
            current: RwLock::new(Arc::new(current)),
        })
    }

    /// The files: the certificate's, and the key's.
    #[must_use]
    pub fn files(&self) -> [&Path; 2] {
        [&self.certificate, &self.key]
    }

    /// Reads the files again, for connections from now on.
    ///
    /// # Errors
    /// [`TlsError`]: then all stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        let new = Arc::new(read(&self.certificate, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// Reads the files again, and tells the log how it went.
    pub fn reload_and_say(&self) {
        match self.reload() {
            Ok(()) => tracing::info!("the TLS certificate was read again"),
            Err(why) => tracing::error!(
                cause = %Chain(&why),
                "the TLS certificate cannot be read; the one from before stays"
            ),
        }
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |why| TlsError::Pem(path, why)
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(pem(certificate))?;
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.map_err(pem(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(certificate.to_owned()));
    }
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(pem(key))?;
    let provider = Arc::new(default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
