//! The bench itself: its DNS servers, tried with a resolver that validates.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        dnssec::{Proof, TrustAnchors},
        rr::RData,
    },
};

use crate::bench::{
    dns::{Dns, RecordType},
    dnssec::{self, ALIAS, Dnssec},
    vendors,
};

#[tokio::test]
async fn names_resolve_as_they_were_told_to() {
    let dns = Dns::start();
    dns.addresses("mixed.test", &["192.0.2.1", "10.0.0.1", "::1"])
        .addresses("bare.test", &[])
        .rebinding("moving.test", &["192.0.2.1"], &["127.0.0.1"])
        .cname("alias.test", "mixed.test")
        .txt("text.test", "words")
        .openpgpkey("key.test", &[7; 3000])
        .servfail("failing.test")
        .silent("silent.test");
    let resolver = resolver(dns.address(), None);
    let ask = |name: &'static str, kind| records(&resolver, name, kind);
    assert_eq!(
        ask("mixed.test.", RecordType::A).await,
        "192.0.2.1 10.0.0.1"
    );
    assert_eq!(ask("mixed.test.", RecordType::AAAA).await, "::1");
    assert_eq!(
        ask("alias.test.", RecordType::AAAA).await,
        "mixed.test. ::1"
    );
    assert_eq!(ask("text.test.", RecordType::TXT).await, "words");
    assert_eq!(ask("moving.test.", RecordType::A).await, "192.0.2.1");
    assert_eq!(ask("moving.test.", RecordType::A).await, "127.0.0.1");
    assert_eq!(ask("bare.test.", RecordType::A).await, "NoError");
    assert_eq!(ask("missing.test.", RecordType::A).await, "NXDomain");
    assert_eq!(ask("failing.test.", RecordType::A).await, "ServFail");
    assert_eq!(
        ask("silent.test.", RecordType::A).await,
        "request timed out"
    );
    assert_eq!(ask("key.test.", RecordType::OPENPGPKEY).await, "3000 bytes");
    // Once over UDP, and again over TCP, because it was too long.
    assert_eq!(dns.queries("key.test", RecordType::OPENPGPKEY), 2);
    assert_eq!(dns.queries("moving.test", RecordType::A), 2);
    assert_eq!(dns.asked()[0], ("mixed.test".to_owned(), RecordType::A));
}

/// Whatever the server claims, a resolver that validates believes signatures only.
#[tokio::test]
#[ignore = "needs nsd and ldnsutils"]
async fn signed_zones_are_secure_and_no_others() {
    let key = &vendors::vendor().binary;
    let signed = Dnssec::start("security", key);
    let resolver = resolver(signed.address(), Some(&signed));
    for (zone, proof) in [
        ("signed.test", Some(Proof::Secure)),
        ("unsigned.test", Some(Proof::Insecure)),
        ("island.test", Some(Proof::Insecure)),
        ("bogus.test", None),
        ("stale.test", None),
    ] {
        let name = format!("{}._openpgpkey.{zone}.", dnssec::hash("security"));
        let found = match resolver.lookup(&*name, RecordType::OPENPGPKEY).await {
            Ok(answer) => {
                let record = &answer.answers()[0];
                assert!(matches!(&record.data, RData::OPENPGPKEY(it) if it.public_key == *key));
                Some(record.proof)
            }
            Err(NetError::Dns(DnsError::DnssecBogus)) => None,
            Err(why) => panic!("{zone}: {why}"),
        };
        assert_eq!(found, proof, "{zone}");
    }
    // A trap: of an unsigned alias, the key at its end is called secure.
    let name = format!("{}._openpgpkey.unsigned.test.", dnssec::hash(ALIAS));
    let answer = resolver.lookup(name, RecordType::OPENPGPKEY).await.unwrap();
    let proof_of = |kind| {
        let mut records = answer.answers().iter();
        records
            .find(|record| record.record_type() == kind)
            .unwrap()
            .proof
    };
    assert_eq!(proof_of(RecordType::CNAME), Proof::Insecure);
    assert_eq!(proof_of(RecordType::OPENPGPKEY), Proof::Secure);
    let liar = Dns::start();
    liar.openpgpkey("signed.test", key).claims_authentic();
    let resolver = self::resolver(liar.address(), Some(&signed));
    let answer = records(&resolver, "signed.test.", RecordType::OPENPGPKEY);
    assert_eq!(answer.await, "DNS error: DNSSEC validation failed");
}

fn resolver(server: SocketAddr, signed: Option<&Dnssec>) -> TokioResolver {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = server.port();
    }
    let server = NameServerConfig::new(server.ip(), true, connections);
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut options = ResolverOpts::default();
    (options.timeout, options.attempts) = (Duration::from_secs(1), 0);
    let provider = TokioRuntimeProvider::default();
    let mut builder = Resolver::builder_with_config(config, provider).with_options(options);
    if let Some(signed) = signed {
        let anchors = TrustAnchors::from_file(&signed.trust_anchor()).unwrap();
        builder = builder.with_trust_anchor(Arc::new(anchors));
    }
    builder.build().unwrap()
}

/// The data of the answer, or what went wrong.
async fn records(resolver: &TokioResolver, name: &str, kind: RecordType) -> String {
    match resolver.lookup(name, kind).await {
        Ok(answer) => {
            let answers = answer.answers().iter();
            let data = answers.map(|record| match &record.data {
                RData::OPENPGPKEY(key) => format!("{} bytes", key.public_key.len()),
                other => other.to_string(),
            });
            data.collect::<Vec<_>>().join(" ")
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => format!("{:?}", none.response_code),
        Err(NetError::Dns(DnsError::ResponseCode(code))) => format!("{code:?}"),
        Err(why) => why.to_string(),
    }
}
