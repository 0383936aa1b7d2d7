//! How large mails are, and how much of that anybody can tell before and afterwards.

use sealpost::{
    bundle::padme,
    mail::compose::{ReportMail, Sealer},
};

use crate::golden::{bundle, envelope, now, parties, payload, reporter, sealed, stamp};

#[test]
fn p37_payloads_have_padme_lengths() {
    let mut lengths = Vec::new();
    for size in (0..40_000).step_by(1717) {
        let content = vec![0x5a; size];
        let (bundle, _folder) = bundle(&[("a.bin", &content)]);
        let mail = ReportMail::new(&bundle, "x", &parties(), &stamp());
        let foreseen = mail.payload_size().unwrap();
        let payload = payload(&sealed(&mail)).len() as u64;
        assert_eq!(payload, foreseen, "{size}");
        assert_eq!(payload, padme(payload), "{size}");
        lengths.push(payload);
    }
    lengths.dedup();
    assert!(lengths.len() > 10);
}

#[test]
fn the_size_is_known_before_sealing() {
    for size in [0, 1, 1000, 150_000, 3_000_000] {
        let content = vec![0x5a; size];
        let (bundle, _folder) = bundle(&[("a.bin", &content)]);
        let mail = ReportMail::new(&bundle, "x", &parties(), &stamp());
        let envelope = envelope();
        let signer = reporter().signer(now(), &mut |_, _| Ok(None)).unwrap();
        let sealer = Sealer {
            envelope: &envelope,
            signer: Some(signer),
            now: now(),
        };
        let foreseen = mail.size(&sealer).unwrap();
        let actual = sealed(&mail).len() as u64;
        assert!(
            foreseen >= actual && foreseen - actual < 2048,
            "{foreseen} {actual}"
        );
    }
}
