//! What several modules test with.

use jiff::civil::date;

use super::{Bundle, BundleHeader};

/// A bundle without attachments.
pub(super) fn bundle() -> Bundle {
    Bundle::new(BundleHeader {
        report_md: b"# Report\n".to_vec(),
        report_json: b"{}\n".to_vec(),
        reporter: None,
        program: Some("example".to_owned()),
        created: date(2026, 11, 22),
    })
    .unwrap()
}

/// All of its stream, whose size and progress are told as they are.
pub(super) fn bytes(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0;
    bundle.write_to(&mut bytes, &mut |now| last = now).unwrap();
    assert_eq!((bytes.len() as u64, last), (bundle.size(), bundle.size()));
    bytes
}
