//! The mail addresses that a certificate is for, in its owner's own words.
//!
//! RFC 9580 sections 5.11 (User IDs) and 5.2.1 (their certification and its revocation). Nobody
//! but the owner of a key can say that it is for an address; whether the address is the owner's is
//! for others to prove.

use sequoia_openpgp::{
    Cert, cert::amalgamation::UserIDAmalgamation, packet::Signature, types::HashAlgorithm,
};
use url::Host;

/// The addresses in the User IDs that the owner bound and did not revoke, each once.
pub(super) fn addresses(cert: &Cert) -> Vec<String> {
    let user_ids = cert.userids().filter(is_owned);
    let addresses = user_ids.filter_map(|ua| Some(ua.userid().email().ok()??.to_owned()));
    let mut addresses: Vec<_> = addresses.collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

/// Whether the owner bound an address of this name and did not revoke it.
pub(super) fn names(cert: &Cert, address: &str) -> bool {
    comparable(address).is_some_and(|wanted| {
        let mut addresses = addresses(cert).into_iter();
        addresses.any(|address| comparable(&address).as_ref() == Some(&wanted))
    })
}

/// An address in the form in which two are compared: both parts in lower case, the domain in its
/// ASCII form.
fn comparable(address: &str) -> Option<(String, String)> {
    let (local, domain) = address.rsplit_once('@')?;
    let domain = match Host::parse(domain) {
        Ok(host) => host.to_string(),
        Err(_) => domain.to_ascii_lowercase(),
    };
    (!local.is_empty()).then(|| (local.to_ascii_lowercase(), domain))
}

/// Whether the owner's last word on a User ID is that it is theirs. Expiry does not matter here: the
/// verdict on the certificate tells of it.
fn is_owned(ua: &UserIDAmalgamation<'_>) -> bool {
    let newest = |signature: &&Signature| signature.signature_creation_time();
    let sound = ua.self_signatures().filter(|signature| is_sound(signature));
    let bound = sound.max_by_key(newest);
    let revoked = ua.self_revocations().max_by_key(newest);
    match (bound, revoked) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(bound), Some(revoked)) => newest(&bound) > newest(&revoked),
    }
}

/// What was signed by a broken hash may have been signed for something else.
fn is_sound(signature: &Signature) -> bool {
    !matches!(
        signature.hash_algo(),
        HashAlgorithm::MD5 | HashAlgorithm::SHA1 | HashAlgorithm::RipeMD
    )
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use sequoia_openpgp::{
        Packet, cert::CertBuilder, crypto::Signer, packet::UserID,
        packet::signature::SignatureBuilder, types::SignatureType,
    };

    use super::*;
    use crate::openpgp::secret_key::signer;

    fn born() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(20_000 * 24)
    }

    const HOUR: Duration = Duration::from_hours(1);

    fn owner(user_ids: &[&str]) -> Cert {
        let builder = CertBuilder::new()
            .set_creation_time(born())
            .set_validity_period(HOUR);
        let add = |builder: CertBuilder<'static>, id: &&str| builder.add_userid(*id);
        user_ids.iter().fold(builder, add).generate().unwrap().0
    }

    fn primary(cert: &Cert) -> Box<dyn Signer + Send + Sync> {
        let key = cert.primary_key().key().clone().parts_into_secret();
        signer(key.unwrap().role_into_unspecified()).unwrap()
    }

    /// `cert` with a signature of `by` on a User ID.
    fn with(
        cert: Cert,
        user_id: &str,
        by: &Cert,
        change: impl FnOnce(SignatureBuilder) -> SignatureBuilder,
    ) -> Cert {
        let user_id = UserID::from(user_id);
        let builder = SignatureBuilder::new(SignatureType::PositiveCertification)
            .set_signature_creation_time(born() + HOUR)
            .unwrap();
        let signature = user_id
            .bind(&mut primary(by), &cert, change(builder))
            .unwrap();
        let packets: [Packet; 2] = [user_id.into(), signature.into()];
        cert.insert_packets(packets).unwrap().0
    }

    fn revoking(hours: u32) -> impl FnOnce(SignatureBuilder) -> SignatureBuilder {
        move |builder| {
            builder
                .set_type(SignatureType::CertificationRevocation)
                .set_signature_creation_time(born() + hours * HOUR)
                .unwrap()
        }
    }

    #[test]
    fn addresses_are_compared_whole_and_without_case() {
        let cert = owner(&[
            "Vendor <Security@Example.org>",
            "psirt@b\u{fc}cher.example",
            "No address",
            "Two <a@example.org> <b@example.org>",
        ]);
        for named in [
            "security@example.org",
            "SECURITY@EXAMPLE.ORG",
            "psirt@xn--bcher-kva.example",
            "psirt@B\u{dc}CHER.example",
        ] {
            assert!(names(&cert, named), "{named}");
        }
        for other in [
            "",
            "@",
            "@example.org",
            "example.org",
            "a@example.org",
            "b@example.org",
            "ecurity@example.org",
            "security@example.org.example.com",
            "security@example.or",
            "security@mail.example.org",
            "psirt@bucher.example",
            " security@example.org",
        ] {
            assert!(!names(&cert, other), "{other}");
        }
        let found = addresses(&cert);
        assert_eq!(found, ["Security@Example.org", "psirt@b\u{fc}cher.example"]);
    }

    #[test]
    fn the_owners_last_word_counts() {
        let (cert, stranger) = (owner(&["Vendor <a@example.org>"]), owner(&["S"]));
        let new = "Vendor <b@example.org>";
        let named = |cert: &Cert| names(cert, "b@example.org");
        let bound = with(cert.clone(), new, &cert, |builder| builder);
        assert!(named(&bound), "though the certificate expired since");
        let revoked = with(bound.clone(), new, &cert, revoking(2));
        assert!(!named(&revoked) && names(&revoked, "a@example.org"));
        assert!(
            !named(&with(bound.clone(), new, &cert, revoking(1))),
            "at the same time"
        );
        let again = with(revoked, new, &cert, |builder| {
            builder
                .set_signature_creation_time(born() + 3 * HOUR)
                .unwrap()
        });
        assert!(named(&again));
        assert!(
            named(&with(bound, new, &stranger, revoking(2))),
            "nobody else revokes"
        );
        assert!(
            !named(&with(cert.clone(), new, &stranger, |builder| builder)),
            "or binds"
        );
        let weak = with(cert.clone(), new, &cert, |b| {
            b.set_hash_algo(HashAlgorithm::SHA1)
        });
        assert!(!named(&weak));
        let alone = cert
            .insert_packets([Packet::from(UserID::from(new))])
            .unwrap()
            .0;
        assert!(!named(&alone));
    }
}
