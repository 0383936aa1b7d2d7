//! What this machine remembers of certificates: a revocation that was seen once counts for ever,
//! whatever is served or handed over later.
//!
//! A certificate is written down when its key is pinned, and when something of it is revoked;
//! looking alone leaves no trace.

use super::Context;
use crate::{
    openpgp::{Certificate, KeyCondition},
    terminal::Failure,
};

/// The certificate with everything that is remembered of it. That it cannot be written down is a
/// warning; that what is written down cannot be read is a failure.
pub(super) fn remembered(
    certificate: &Certificate,
    context: &Context<'_>,
) -> Result<Certificate, Failure> {
    let store = context.home.certificates();
    let known = store.find(&certificate.fingerprint())?;
    let keys = certificate.keys(context.now);
    let revoked = keys
        .iter()
        .any(|key| key.condition == KeyCondition::Revoked);
    if known.is_none() && !revoked {
        return Ok(certificate.clone());
    }
    if !context.may_remember() {
        return Ok(match known {
            Some(known) => known.merge(certificate.clone())?,
            None => certificate.clone(),
        });
    }
    match store.merge(certificate) {
        Ok(merged) => Ok(merged),
        Err(error) => {
            let error = anyhow::Error::new(error);
            let key = certificate.fingerprint();
            context.output.warn(format!(
                "what is new about {key} is not remembered: {error:#}"
            ));
            Ok(match known {
                Some(known) => known.merge(certificate.clone())?,
                None => certificate.clone(),
            })
        }
    }
}
